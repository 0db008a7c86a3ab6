/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Label maps as COCO annotations (Lin et al. 2014, cocodataset.org "Data format"): compressed run lengths, which hold any shape.
 * Runs go down the columns. They begin and end where an outline has a horizontal edge, so that they follow from the pixel-edge
 * outlines: the places of these edges, sorted. Cost: that of outlines, and linear in their length.
 */
#include "io/document.h"

#include "measure/measure.h"

#include <math.h>
#include <string.h>

enum { CELL = 1, NUCLEUS = 2 }; /* categories */

typedef struct masks {
    const char *image_name;
    const cellseg_labels *cells, *nuclei;
} masks;

/* The runs of one label: places in the order of columns where its pixels begin and end, by turns. */
typedef struct runs {
    cseg_keyed *places;
    size_t count;
    uint64_t area, total; /* pixels of the label, and of the image */
} runs;

/* ---- runs ---- */

/* Horizontal edges of a ring; NULL: only count them. */
static size_t put_places(cseg_keyed *places, const double *corners, size_t count, size_t height) {
    size_t used = 0;
    for (size_t i = 0; i < count; i++) {
        const double *from = corners + 2 * i, *to = corners + 2 * (i + 1 < count ? i + 1 : 0);
        const uint64_t left = (uint64_t)fmin(from[0], to[0]), y = (uint64_t)from[1];
        const size_t edges = (size_t)fabs(to[0] - from[0]);
        for (size_t k = 0; k < edges && places != NULL; k++)
            places[used + k] = (cseg_keyed){(left + k) * height + y, 0};
        used += edges;
    }
    return used;
}

/* A run that goes on at the top of the next column is one run. The last one of the image is ended by the image, so that no empty
 * run follows, as in cocoapi's texts. */
static void join_runs(runs *r) {
    size_t kept = 0;
    for (size_t i = 0; i < r->count; i++)
        if (kept > 0 && r->places[kept - 1].key == r->places[i].key)
            kept--;
        else
            r->places[kept++] = r->places[i];
    r->area = 0;
    for (size_t i = 0; i + 1 < kept; i += 2)
        r->area += r->places[i + 1].key - r->places[i].key;
    r->count = kept - (kept > 0 && r->places[kept - 1].key == r->total);
}

static cellseg_status runs_new(runs *r, cellseg_context *context, const cellseg_outlines *outlines,
                               const cseg_document_label *label) {
    const size_t *offsets = cellseg_outlines_offsets(outlines), height = (size_t)cellseg_outlines_height(outlines);
    const double *points = cellseg_outlines_points(outlines);
    *r = (runs){.total = (uint64_t)height * (uint64_t)cellseg_outlines_width(outlines)};
    for (size_t i = label->first; i < label->end; i++)
        r->count += put_places(NULL, points + 2 * offsets[i], offsets[i + 1] - offsets[i], height);
    r->places = cseg_memory_alloc(context, r->count, sizeof *r->places);
    if (r->places == NULL)
        return cseg_error_last();
    size_t used = 0;
    for (size_t i = label->first; i < label->end; i++)
        used += put_places(r->places + used, points + 2 * offsets[i], offsets[i + 1] - offsets[i], height);
    const cellseg_status status = cseg_sort_keyed(context, r->places, r->count);
    if (status != CELLSEG_OK)
        cseg_memory_free(r->places);
    else
        join_runs(r);
    return status;
}

/* The length of run i: background and label by turns, from the first pixel of the image to the last. */
static int64_t length_of(const runs *r, size_t i) {
    const uint64_t begin = i > 0 ? r->places[i - 1].key : 0, end = i < r->count ? r->places[i].key : r->total;
    return (int64_t)(end - begin);
}

/* The counts as the text that cocoapi's rleToString() makes: from the fourth on as differences to the count two before, five bits
 * a character, the lowest first, with a sixth bit where more follow. */
static void add_counts(cseg_text *text, cseg_text *counts, const runs *r) {
    counts->length = 0;
    for (size_t i = 0; i <= r->count; i++) {
        int64_t rest = length_of(r, i) - (i > 2 ? length_of(r, i - 2) : 0);
        bool more = true;
        while (more) {
            const int64_t low = rest & 0x1f;
            rest = (rest - low) / 32;
            more = (low & 0x10) != 0 ? rest != -1 : rest != 0;
            const char character = (char)((more ? low | 0x20 : low) + 48);
            cseg_text_add_bytes(counts, &character, 1);
        }
    }
    cseg_text_add_bytes(counts, "", 1);
    if (counts->status == CELLSEG_OK)
        cseg_text_add_string(text, counts->bytes);
}

/* ---- annotations ---- */

static void add_box(cseg_text *text, const cellseg_outlines *outlines, const cseg_document_label *label) {
    const size_t *offsets = cellseg_outlines_offsets(outlines);
    const double *points = cellseg_outlines_points(outlines);
    double low[2] = {HUGE_VAL, HUGE_VAL}, high[2] = {0, 0};
    for (size_t i = 2 * offsets[label->first]; i < 2 * offsets[label->end]; i++) {
        low[i % 2] = fmin(low[i % 2], points[i]);
        high[i % 2] = fmax(high[i % 2], points[i]);
    }
    cseg_text_add(text, "[%.0f,%.0f,%.0f,%.0f]", low[0], low[1], high[0] - low[0], high[1] - low[1]);
}

/* The annotations so far. */
typedef struct annotations {
    cseg_document *document;
    cseg_text counts; /* of one label */
    int category;
    uint64_t first_id; /* is added to a label's id, since no two annotations may share one */
    uint64_t last_id;  /* 0: there is none yet */
} annotations;

static cellseg_status add_annotation(annotations *a, const cellseg_outlines *outlines, const cseg_document_label *label) {
    cseg_text *text = &a->document->text;
    const size_t height = (size_t)cellseg_outlines_height(outlines), width = (size_t)cellseg_outlines_width(outlines);
    const unsigned long long id = a->first_id + label->id;
    runs r;
    CSEG_TRY(runs_new(&r, a->document->context, outlines, label));
    cseg_text_add(text, "%s\n{\"id\":%llu,\"image_id\":1,\"category_id\":%d,\"cell_id\":%u,\"iscrowd\":0,\"area\":%llu,\"bbox\":",
                  a->last_id > 0 ? "," : "", id, a->category, (unsigned)label->id, (unsigned long long)r.area);
    add_box(text, outlines, label);
    cseg_text_add(text, ",\"segmentation\":{\"size\":[%zu,%zu],\"counts\":", height, width);
    add_counts(text, &a->counts, &r);
    cseg_text_add(text, "}}");
    cseg_memory_free(r.places);
    a->last_id = id;
    return cseg_document_next(a->document, outlines, cellseg_outlines_offsets(outlines)[label->end]);
}

/* One annotation per label. */
static cellseg_status add_labels(annotations *a, const cellseg_labels *labels, int category) {
    cellseg_outlines *outlines;
    cellseg_status status = cellseg_labels_outlines(&outlines, a->document->context, labels, NULL);
    cseg_document_label label = {0};
    a->category = category;
    a->first_id = a->last_id;
    while (status == CELLSEG_OK && cseg_document_step(&label, outlines))
        status = add_annotation(a, outlines, &label);
    cellseg_outlines_free(outlines);
    return status;
}

static cellseg_status write_coco(cseg_document *document, const void *data) {
    const masks *m = data;
    cseg_text *text = &document->text;
    annotations a = {.document = document, .counts = {.context = document->context}};
    cseg_text_add(text, "{\"images\":[{\"id\":1,\"file_name\":");
    cseg_text_add_string(text, m->image_name);
    cseg_text_add(text, ",\"width\":%zu,\"height\":%zu}],\n", cellseg_labels_width(m->cells), cellseg_labels_height(m->cells));
    cseg_text_add(text, "\"categories\":[{\"id\":%d,\"name\":\"cell\"},{\"id\":%d,\"name\":\"nucleus\"}],\n", CELL, NUCLEUS);
    cseg_text_add(text, "\"annotations\":[");
    cseg_progress_step(document->context, "writing", 0, 0.5);
    cellseg_status status = add_labels(&a, m->cells, CELL);
    cseg_progress_step(document->context, "writing", 0.5, 1);
    if (status == CELLSEG_OK && m->nuclei != NULL)
        status = add_labels(&a, m->nuclei, NUCLEUS);
    cseg_text_add(text, "\n]}\n");
    cseg_memory_free(a.counts.bytes);
    return status != CELLSEG_OK ? status : a.counts.status;
}

/* ---- the public functions ---- */

static cellseg_status check(const masks *m) {
    if (m->image_name == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "image_name is NULL");
    if (!cseg_utf8_is_text(m->image_name, strlen(m->image_name)))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "image_name is not text in UTF-8, which JSON needs");
    if (m->cells == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells is NULL");
    const size_t height = cellseg_labels_height(m->cells), width = cellseg_labels_width(m->cells);
    if (m->nuclei != NULL && (cellseg_labels_height(m->nuclei) != height || cellseg_labels_width(m->nuclei) != width))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells have %zu x %zu pixels, nuclei %zu x %zu", height, width,
                         cellseg_labels_height(m->nuclei), cellseg_labels_width(m->nuclei));
    if ((uint64_t)height * width > UINT32_MAX)
        return cseg_fail(CELLSEG_ERR_LIMIT, "%zu x %zu pixels are too many for COCO, whose counts have 32 bits; write GeoJSON",
                         height, width);
    return CELLSEG_OK;
}

static cellseg_status write_checked(cellseg_context *context, cseg_target *target, const masks *m) {
    CSEG_TRY(check(m));
    return cseg_document_write(target, context, write_coco, m);
}

cellseg_status cellseg_coco_write(cellseg_context *context, const char *path, const char *image_name, const cellseg_labels *cells,
                                  const cellseg_labels *nuclei) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_path(&target, path));
    return write_checked(context, &target, &(masks){image_name, cells, nuclei});
}

cellseg_status cellseg_coco_write_to(cellseg_context *context, const cellseg_writer *writer, const char *image_name,
                                     const cellseg_labels *cells, const cellseg_labels *nuclei) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_writer(&target, writer));
    return write_checked(context, &target, &(masks){image_name, cells, nuclei});
}
