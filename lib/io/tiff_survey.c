/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The directories of a TIFF file, each visited once, and which of them are images: thumbnails, masks and the smaller levels of a
 * pyramid are not. Levels lie in SubIFDs, in pages marked as reduced, or in plain pages of falling size.
 */
#include "io/ome.h"
#include "io/tiff.h"

#include <math.h>
#include <string.h>

enum { MAX_PAGES = 1 << 18, REDUCED = 1, MASK = 4, DESCRIPTION = 270, SUB_IFDS = 330, MAX_LEVELS = 64 };

static cellseg_status append(cseg_survey *survey, const cseg_page *page) {
    if (survey->count == MAX_PAGES)
        return cseg_fail(CELLSEG_ERR_FORMAT, "more than %d pages", (int)MAX_PAGES);
    if (survey->count == survey->capacity) {
        const size_t capacity = survey->capacity != 0 ? 2 * survey->capacity : 8;
        cseg_page *pages = cseg_memory_alloc(survey->context, capacity, sizeof *pages);
        if (pages == NULL)
            return cseg_error_last();
        if (survey->count > 0)
            memcpy(pages, survey->pages, survey->count * sizeof *pages);
        cseg_memory_free(survey->pages);
        survey->pages = pages;
        survey->capacity = capacity;
    }
    survey->pages[survey->count++] = *page;
    return CELLSEG_OK;
}

/* ---- levels ---- */

/* True if `page` may be `full` at a smaller scale: the same samples, and edges divided by one number, at least 1.5. */
static bool is_level(const cseg_page *page, const cseg_page *full) {
    const double h = page->height, w = page->width, whole_h = full->height, whole_w = full->width;
    return page->samples == full->samples && page->bits == full->bits && page->format == full->format && h >= 1 && w >= 1 &&
           3 * h <= 2 * whole_h && 3 * w <= 2 * whole_w &&
           fabs(h * whole_w - w * whole_h) <= (whole_h > whole_w ? whole_h : whole_w);
}

static bool is_marked(const cseg_page *page) {
    return (page->subtype & (REDUCED | MASK)) != 0;
}

static uint64_t area(const cseg_page *page) {
    return (uint64_t)page->height * page->width;
}

/* Nothing but the sizes tells that such pages are no channels. */
static void warn_of_levels(const cseg_survey *survey, size_t levels) {
    const cseg_page *full = &survey->pages[survey->full[0]];
    if (levels > 0)
        cseg_log_write(survey->context, CELLSEG_LOG_WARNING,
                       "%zu page%s of smaller size taken for levels of a pyramid and not read; page %u is %u x %u pixels", levels,
                       levels == 1 ? " is" : "s are", full->number, full->height, full->width);
}

/* Whether OME-XML, which the first page that is not marked holds, says what the pages are: a smaller one may be another image. */
static cellseg_status read_described(cseg_survey *survey, const cseg_ifd *ifd) {
    char *text;
    size_t size;
    CSEG_TRY(cseg_ifd_bytes(&text, &size, survey->context, ifd, DESCRIPTION));
    survey->described = cseg_ome_is(text);
    cseg_memory_free(text);
    return CELLSEG_OK;
}

/* Full pages are those that are neither marked nor, where only sizes tell, a smaller level of the largest. */
static cellseg_status find_full(cseg_survey *survey) {
    const cseg_page *largest = NULL;
    for (const cseg_page *page = survey->pages; page < survey->pages + survey->count; page++)
        if (!is_marked(page) && (largest == NULL || area(page) > area(largest)))
            largest = page;
    if (largest == NULL)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the file holds thumbnails or masks only");
    survey->full = cseg_memory_alloc(survey->context, survey->count, sizeof *survey->full);
    if (survey->full == NULL)
        return cseg_error_last();
    size_t levels = 0;
    for (size_t i = 0; i < survey->count; i++) {
        if (is_marked(&survey->pages[i]))
            continue;
        if (!survey->described && is_level(&survey->pages[i], largest)) {
            levels++;
            continue;
        }
        CSEG_TRY(cseg_page_check_size(&survey->pages[i]));
        survey->full[survey->full_count++] = i;
    }
    warn_of_levels(survey, levels);
    return CELLSEG_OK;
}

/* ---- the visit of all directories ---- */

/* A loop of directories is found by Brent's method: the offset kept at the last power of two comes again. */
cellseg_status cseg_survey_read(cseg_survey *survey, cellseg_context *context, cseg_ifd *ifd) {
    *survey = (cseg_survey){.context = context};
    uint64_t kept = 0, next = ifd->first;
    bool first = true; /* no page so far but marked ones */
    if (next == 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the file has no pages");
    for (uint32_t number = 1; next != 0; number++) {
        cseg_page page;
        if (next == kept)
            return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: the directories form a loop", number);
        if ((number & (number - 1)) == 0)
            kept = next;
        CSEG_TRY(cseg_ifd_load(ifd, next, number));
        CSEG_TRY(cseg_page_read(&page, ifd));
        CSEG_TRY(append(survey, &page));
        if (first && !is_marked(&page)) {
            CSEG_TRY(read_described(survey, ifd));
            first = false;
        }
        next = ifd->next;
        if (number % 1024 == 0)
            CSEG_TRY(cseg_progress_poll(context, 0));
    }
    return find_full(survey);
}

void cseg_survey_free(cseg_survey *survey) {
    cseg_memory_free(survey->pages);
    cseg_memory_free(survey->full);
    *survey = (cseg_survey){0};
}

/* ---- the level of a page that is nearest a pixel size ---- */

double cseg_survey_scale(const cseg_page *page, const cseg_page *full) {
    return full->width >= full->height ? (double)full->width / page->width : (double)full->height / page->height;
}

typedef struct choice {
    const cseg_page *full;
    cseg_page *best;
    double wanted; /* scale */
} choice;

/* Ratios above and below count alike; of two equally near levels the first, which is finer, stays. */
static double misfit(const choice *c, const cseg_page *page) {
    const double ratio = cseg_survey_scale(page, c->full) / c->wanted;
    return ratio > 1 ? ratio : 1 / ratio;
}

static void consider(const choice *c, const cseg_page *page) {
    if (is_level(page, c->full) && (page->subtype & MASK) == 0 && misfit(c, page) < misfit(c, c->best))
        *c->best = *page;
}

/* The level of full page `index` among the directories: of each size there are as many as full pages, in the same order. */
static void consider_pages(const choice *c, const cseg_survey *survey, size_t index) {
    struct {
        const cseg_page *first, *chosen;
        size_t count;
    } sizes[MAX_LEVELS] = {{NULL, NULL, 0}};
    for (const cseg_page *page = survey->pages; page < survey->pages + survey->count; page++) {
        size_t k = 0;
        if (!is_level(page, c->full))
            continue;
        while (k < MAX_LEVELS && sizes[k].first != NULL && !cseg_page_alike(page, sizes[k].first))
            k++;
        if (k == MAX_LEVELS)
            continue;
        sizes[k].first = sizes[k].first != NULL ? sizes[k].first : page;
        sizes[k].chosen = sizes[k].count == index ? page : sizes[k].chosen;
        sizes[k].count++;
    }
    for (size_t k = 0; k < MAX_LEVELS; k++)
        if (sizes[k].chosen != NULL && sizes[k].count == survey->full_count)
            consider(c, sizes[k].chosen);
}

static cellseg_status consider_sub_pages(const choice *c, cseg_ifd *ifd) {
    cseg_ifd_field field;
    uint64_t offsets[MAX_LEVELS];
    CSEG_TRY(cseg_page_load(ifd, c->full));
    CSEG_TRY(cseg_ifd_find(&field, ifd, SUB_IFDS));
    const size_t count = field.count < MAX_LEVELS ? (size_t)field.count : MAX_LEVELS;
    CSEG_TRY(count != 0 ? cseg_ifd_integers(offsets, ifd, &field, 0, count) : CELLSEG_OK);
    for (size_t i = 0; i < count; i++) {
        cseg_page page;
        CSEG_TRY(cseg_ifd_load(ifd, offsets[i], c->full->number));
        CSEG_TRY(cseg_page_read(&page, ifd));
        consider(c, &page);
    }
    return CELLSEG_OK;
}

cellseg_status cseg_survey_level(cseg_page *out, const cseg_survey *survey, cseg_ifd *ifd, size_t index, double pixel_size_um,
                                 double level_um) {
    const cseg_page *full = &survey->pages[survey->full[index]];
    *out = *full;
    const choice c = {full, out, level_um / pixel_size_um};
    consider_pages(&c, survey, index);
    return consider_sub_pages(&c, ifd);
}
