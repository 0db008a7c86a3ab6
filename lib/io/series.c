/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The planes of an OME-TIFF file by the rules of the OME model: <TiffData> without IFD and PlaneCount places all pages, with IFD
 * alone one; planes follow each other in DimensionOrder; FirstC counts channels, of which each may have several samples.
 */
#include "io/ome.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

/* A run of one image of the document. */
typedef struct placed {
    cseg_axes_run run;
    size_t image;
} placed;

typedef struct document {
    const cseg_ome *ome;
    const cseg_io_contents *contents;
    cellseg_context *context;
    placed *runs; /* of all images, by rising page: here, then elsewhere */
    size_t here, count;
} document;

/* ---- pages ---- */

/* The page of a directory (IFD), by bisection; false for thumbnails, smaller levels of a pyramid, and beyond the file. */
static bool find_page(size_t *page, const cseg_io_contents *contents, size_t directory) {
    size_t low = 0, high = contents->pages;
    if (contents->directories == NULL) {
        *page = directory;
        return directory < contents->pages;
    }
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (contents->directories[middle] < directory)
            low = middle + 1;
        else
            high = middle;
    }
    *page = low;
    return low < contents->pages && contents->directories[low] == directory;
}

/* Whether `count` directories from that of a page on are pages. */
static bool are_pages(const cseg_io_contents *contents, size_t page, uint64_t count) {
    return count <= contents->pages - page &&
           (contents->directories == NULL || contents->directories[page + count - 1] - contents->directories[page] == count - 1);
}

/* ---- one image ---- */

static const cseg_ome_block *first_here(const cseg_ome *ome, const cseg_ome_image *image) {
    for (size_t i = 0; i < image->blocks; i++)
        if (!ome->blocks[image->block + i].elsewhere)
            return &ome->blocks[image->block + i];
    return NULL;
}

static uint32_t declared_samples(const cseg_ome *ome, const cseg_ome_image *image, size_t channel) {
    const uint32_t samples = ome->channels[image->channel + channel].samples;
    return samples > 0 ? samples : 1;
}

/* The number of channels: those that are described, where their samples are SizeC and the first page's; else SizeC in samples
 * of the first page. 0: they contradict each other. */
static uint32_t channels_of(const document *d, const cseg_ome_image *image) {
    const cseg_ome_block *block = first_here(d->ome, image);
    size_t page = 0;
    if (block != NULL && !find_page(&page, d->contents, block->ifd))
        page = 0;
    const bool elsewhere = block == NULL && image->blocks > 0; /* the pages of other files are not known */
    const uint32_t samples = elsewhere ? 1 : d->contents->samples[page], size = image->size[CSEG_AXIS_C];
    uint64_t declared = 0;
    for (size_t i = 0; i < image->channels; i++)
        declared += declared_samples(d->ome, image, i);
    if (image->channels > 0 && declared == size && declared_samples(d->ome, image, 0) == samples)
        return (uint32_t)image->channels;
    return size % samples == 0 ? size / samples : 0;
}

static cellseg_status set_sizes(cseg_axes *axes, const document *d, size_t index) {
    const cseg_ome_image *image = &d->ome->images[index];
    memcpy(axes->size, image->size, sizeof axes->size);
    axes->components = image->size[CSEG_AXIS_C];
    axes->size[CSEG_AXIS_C] = channels_of(d, image);
    if (axes->size[CSEG_AXIS_C] == 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "image %zu of OME-XML has SizeC %" PRIu32 ", and its pages other samples", index,
                         image->size[CSEG_AXIS_C]);
    size_t longer = 0;
    for (size_t axis = 0; axis < CSEG_AXIS_COUNT; axis++)
        longer += axes->size[axis] > 1;
    if (!cseg_axes_order(axes, longer < 2 && image->order[0] == '\0' ? "CZT" : image->order))
        return cseg_fail(CELLSEG_ERR_FORMAT, "image %zu of OME-XML has no DimensionOrder", index);
    return CELLSEG_OK;
}

/* ---- blocks ---- */

/* How many planes a block places. The model's default is all pages of the file, or one where the block names an IFD. */
static uint64_t stated_count(const cseg_ome_block *block, uint64_t most) {
    return block->count > 0 ? block->count : block->has_ifd ? 1 : most;
}

/* A thumbnail or a smaller level of a pyramid is no page: as if it were in another file. */
static void place_elsewhere(placed *p, const cseg_ome_block *block, const char *file) {
    p->run.file = file != NULL ? file : "a file without a name";
    p->run.count = stated_count(block, 1);
}

static cellseg_status place_here(placed *p, const document *d, const cseg_axes *axes, const cseg_ome_block *block) {
    const cseg_io_contents *contents = d->contents;
    const uint64_t left = cseg_axes_planes(axes) - p->run.first;
    size_t page = 0;
    const bool found = !block->has_ifd || find_page(&page, contents, block->ifd);
    if (!found && block->ifd < contents->directory_count) {
        place_elsewhere(p, block, "a thumbnail or a smaller level of a pyramid");
        return CELLSEG_OK;
    }
    const uint64_t pages = found ? contents->pages - page : 0;
    p->run.count = stated_count(block, left < pages ? left : pages);
    p->run.page = page;
    if (!found || (block->count > 0 && !are_pages(contents, page, p->run.count)))
        return cseg_fail(CELLSEG_ERR_FORMAT,
                         "image %zu of OME-XML has planes in IFD %" PRIu64 ", which is none of the file's %zu pages", p->image,
                         block->ifd + (p->run.count > 0 ? p->run.count - 1 : 0), contents->pages);
    if (p->run.count > left)
        return cseg_fail(CELLSEG_ERR_FORMAT,
                         "image %zu of OME-XML places %" PRIu64 " planes from IFD %" PRIu32 " on, where its sizes leave %" PRIu64,
                         p->image, p->run.count, block->ifd, left);
    return CELLSEG_OK;
}

static cellseg_status place(document *d, size_t image, const cseg_axes *axes, const cseg_ome_block *block) {
    placed p = {.image = image};
    for (size_t axis = 0; axis < CSEG_AXIS_COUNT; axis++)
        if (block->at[axis] >= axes->size[axis])
            return cseg_fail(CELLSEG_ERR_FORMAT, "image %zu of OME-XML has %" PRIu32 " %s, and TiffData names number %" PRIu32,
                             image, axes->size[axis],
                             axis == CSEG_AXIS_C   ? "channels"
                             : axis == CSEG_AXIS_Z ? "slices"
                                                   : "times",
                             block->at[axis]);
    p.run.first = cseg_axes_number(axes, block->at);
    if (block->elsewhere)
        place_elsewhere(&p, block, cseg_ome_text(d->ome, block->file));
    else
        CSEG_TRY(place_here(&p, d, axes, block));
    d->here += p.run.file == NULL;
    d->runs[d->count++] = p;
    return CELLSEG_OK;
}

static cellseg_status place_image(document *d, size_t index) {
    const cseg_ome_image *image = &d->ome->images[index];
    cseg_axes axes = {0};
    if (image->metadata_only && image->blocks == 0)
        return CELLSEG_OK;
    CSEG_TRY(set_sizes(&axes, d, index));
    if (image->blocks == 0) /* as <TiffData/> */
        return place(d, index, &axes, &(cseg_ome_block){.count = 0});
    for (size_t i = 0; i < image->blocks; i++)
        CSEG_TRY(place(d, index, &axes, &d->ome->blocks[image->block + i]));
    return CELLSEG_OK;
}

/* ---- all images ---- */

enum order { BY_PAGE, BY_NUMBER };

/* Runs of this file first, by page or number. */
static cellseg_status sort(document *d, enum order order) {
    cellseg_status status;
    placed *sorted = NULL;
    cseg_keyed *keys = cseg_memory_alloc(d->context, d->count, sizeof *keys);
    if (keys == NULL)
        return cseg_error_last();
    for (size_t i = 0; i < d->count; i++) {
        const cseg_axes_run *run = &d->runs[i].run;
        keys[i] = (cseg_keyed){run->file != NULL ? UINT64_MAX : order == BY_PAGE ? run->page : run->first, i};
    }
    CSEG_TRY_GOTO(done, cseg_sort_keyed(d->context, keys, d->count));
    sorted = cseg_memory_alloc(d->context, d->count, sizeof *sorted);
    if (sorted == NULL) {
        status = cseg_error_last();
        goto done;
    }
    for (size_t i = 0; i < d->count; i++)
        sorted[i] = d->runs[keys[i].value];
    placed *swap = d->runs;
    d->runs = sorted;
    sorted = swap;
done:
    cseg_memory_free(sorted);
    cseg_memory_free(keys);
    return status;
}

/* No page may belong to two planes; pages of none are not read. */
static cellseg_status check_pages(document *d) {
    uint64_t end = 0, used = 0;
    CSEG_TRY(sort(d, BY_PAGE));
    for (size_t i = 0; i < d->here; i++) {
        const cseg_axes_run *run = &d->runs[i].run;
        if (run->page < end)
            return cseg_fail(CELLSEG_ERR_FORMAT, "OME-XML gives page %zu to two planes, of images %zu and %zu", run->page + 1,
                             d->runs[i - 1].image, d->runs[i].image);
        end = run->page + run->count;
        used += run->count;
    }
    if (d->here > 0 && used < d->contents->pages)
        cseg_log_write(d->context, CELLSEG_LOG_WARNING,
                       "OME-XML places %" PRIu64 " of the file's %zu pages; the others are not read", used, d->contents->pages);
    return CELLSEG_OK;
}

static cellseg_status open_document(document *d) {
    const cseg_ome *ome = d->ome;
    d->runs = cseg_memory_alloc(d->context, ome->block_count + ome->image_count, sizeof *d->runs);
    if (d->runs == NULL)
        return cseg_error_last();
    for (size_t i = 0; i < ome->image_count; i++)
        CSEG_TRY(place_image(d, i));
    return check_pages(d);
}

/* ---- the choice ---- */

/* The images that have planes here: how many, the last of them, and the first few by number and name. */
static size_t list_images(char *text, size_t size, size_t *last, const document *d) {
    enum { MAX_LISTED = 12 };
    size_t images = 0, used = 0;
    bool *here = cseg_memory_calloc(d->context, d->ome->image_count, sizeof *here);
    if (here == NULL)
        return 0;
    for (size_t i = 0; i < d->here; i++)
        here[d->runs[i].image] = true;
    for (size_t i = 0; i < d->ome->image_count; i++) {
        if (!here[i])
            continue;
        const char *name = cseg_ome_text(d->ome, d->ome->images[i].name);
        *last = i;
        if (images++ < MAX_LISTED && used < size)
            used += (size_t)snprintf(text + used, size - used, "%s%zu%s%.40s%s", images > 1 ? ", " : "", i,
                                     name != NULL ? " \"" : "", name != NULL ? name : "", name != NULL ? "\"" : "");
    }
    if (images > MAX_LISTED && used < size)
        (void)snprintf(text + used, size - used, " ...");
    cseg_memory_free(here);
    return images;
}

static const char *file_of(const document *d, size_t image) {
    for (size_t i = d->here; i < d->count; i++)
        if (d->runs[i].image == image)
            return d->runs[i].run.file;
    return "no file";
}

static cellseg_status choose(size_t *index, const document *d, int32_t series) {
    char list[400] = "";
    const size_t images = list_images(list, sizeof list, index, d);
    if (images == 0)
        return d->here > 0 ? cseg_error_last()
                           : cseg_fail(CELLSEG_ERR_FORMAT, "by OME-XML all planes lie in other files: %s", file_of(d, 0));
    if (series < 0)
        return images == 1 ? CELLSEG_OK
                           : cseg_fail(CELLSEG_ERR_FORMAT, "the file holds %zu images (series): %s; choose one with series",
                                       images, list);
    if ((size_t)series >= d->ome->image_count)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "series is %d; the file holds %zu images: %s", (int)series, images, list);
    *index = (size_t)series;
    for (size_t i = 0; i < d->here; i++)
        if (d->runs[i].image == *index)
            return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_FORMAT, "the planes of image (series) %d lie in %s", (int)series, file_of(d, *index));
}

/* ---- the axes of one image ---- */

static cellseg_status copy_runs(cseg_axes *axes, const document *d, size_t index) {
    for (size_t i = 0; i < d->count; i++) {
        if (d->runs[i].image != index)
            continue;
        const cseg_axes_run *run = &d->runs[i].run, *before = axes->runs + axes->run_count;
        if (run->file != NULL)
            axes->others[axes->other_count++] = *run;
        else if (axes->run_count > 0 && run->first < before[-1].first + before[-1].count)
            return cseg_fail(CELLSEG_ERR_FORMAT, "image %zu of OME-XML gives two pages, %zu and %zu, to one plane", index,
                             before[-1].page + 1, run->page + 1);
        else
            axes->runs[axes->run_count++] = *run;
    }
    return CELLSEG_OK;
}

static cellseg_status fill(cseg_axes *axes, document *d, size_t index) {
    const cseg_ome_image *image = &d->ome->images[index];
    CSEG_TRY(set_sizes(axes, d, index));
    CSEG_TRY(cseg_axes_reserve(axes, d->context, d->here, d->count - d->here, image->channels));
    axes->name_count = image->channels;
    for (size_t i = 0; i < image->channels; i++)
        axes->names[i] = cseg_ome_text(d->ome, d->ome->channels[image->channel + i].name);
    CSEG_TRY(sort(d, BY_NUMBER));
    return copy_runs(axes, d, index);
}

cellseg_status cseg_series_lay_out(cseg_axes *axes, const cseg_ome_image **image, cellseg_context *context, const cseg_ome *ome,
                                   const cseg_io_contents *contents, const cseg_io_request *request) {
    document d = {.ome = ome, .contents = contents, .context = context};
    size_t index = 0;
    cellseg_status status = open_document(&d);
    if (status == CELLSEG_OK)
        status = choose(&index, &d, request->series);
    if (status == CELLSEG_OK)
        status = fill(axes, &d, index);
    *image = &ome->images[index];
    cseg_memory_free(d.runs);
    return status;
}
