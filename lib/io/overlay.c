/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A picture for judging a segmentation by eye: the marker in grey, outlines one pixel wide inside each object, ids, a scale bar.
 * The marker is stretched between its 0.1 and 99.9 percentiles and stays below full white, so that colours stand out. The colours
 * are from Okabe and Ito (2008), whom colour-blind readers can distinguish. A larger image is reduced first: the marker by
 * averages over areas, the label maps to the nearest pixel, so that outlines stay one pixel wide.
 *
 * An id is written in the middle of the cell's longest run of pixels in a row, at the largest scale that fits into the run. Cost:
 * one pass for the percentiles, two over each label map, a sort of the runs, one pass for the picture.
 */
#include "io/caption.h"
#include "io/io.h"

#include "filter/filter.h"
#include "morph/morph.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { BRIGHTEST_GREY = 200, NUMBER_BYTES = 16 };
static const uint8_t cell_rgb[3] = {240, 228, 66};
static const uint8_t nucleus_rgb[3] = {0, 190, 255};

/* A column of a table in each line: member, default, paper's value, minimum, maximum, unit, sentence. */
#define ROW(...) CSEG_OPTION(cellseg_overlay_options, __VA_ARGS__)

static const char *const no_yes[] = {"no", "yes", NULL};

static const cellseg_option rows[] = {
    ROW(ids, 1, 1, 0, 1, "", "write the id into each cell that has room for it", .choices = no_yes,
        .flags = CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
    ROW(max_px, 4096, 4096, 1, INT32_MAX, "px", "longest side of the picture; 0: the image's",
        .flags = CELLSEG_OPTION_FLAG_OR_ZERO | CELLSEG_OPTION_FLAG_KEPT_BY_PRESET),
};

static const cellseg_option_table table = CSEG_OPTION_TABLE(cellseg_overlay_options, rows, max_px);

const cellseg_option_table *cellseg_overlay_options_table(void) {
    return &table;
}

cellseg_status cellseg_overlay_options_init(cellseg_overlay_options *options, size_t struct_size) {
    return cseg_option_init(options, struct_size, &table, CELLSEG_PRESET_DEFAULT);
}

/* ---- a row of the picture ---- */

/* Every plane has the picture's size. */
typedef struct overlay {
    cellseg_overlay_options options;
    size_t height, width;
    double pixel_size_um;            /* of the picture; 0: unknown */
    cseg_plane marker;               /* float32 */
    cseg_plane cells, nuclei, marks; /* 1 on outlines; CSEG_CAPTION_...; data NULL: none */
    double lo, hi;
} overlay;

static void draw_outline(uint8_t *rgb, const cseg_plane *outline, size_t y, const uint8_t *colour) {
    if (outline->data == NULL)
        return;
    const uint8_t *row = cseg_row_u8(outline, y);
    for (size_t x = 0; x < outline->width; x++)
        if (row[x] != 0)
            memcpy(rgb + 3 * x, colour, 3);
}

static void draw_marks(uint8_t *rgb, const cseg_plane *marks, size_t y) {
    const uint8_t *row = cseg_row_u8(marks, y);
    for (size_t x = 0; x < marks->width; x++)
        if (row[x] != CSEG_CAPTION_NONE)
            memset(rgb + 3 * x, row[x] == CSEG_CAPTION_INK ? 255 : 0, 3);
}

/* The square root, like a camera's gamma, keeps faint cells visible beside bright ones. */
static uint8_t grey_of(double value, double lo, double hi) {
    const double share = hi > lo ? (value - lo) / (hi - lo) : 0;
    return (uint8_t)(BRIGHTEST_GREY * sqrt(share < 0 ? 0 : share > 1 ? 1 : share) + 0.5);
}

static void draw_row(void *data, size_t y, uint8_t *rgb) {
    const overlay *o = data;
    const float *marker = cseg_row_f32(&o->marker, y);
    for (size_t x = 0; x < o->marker.width; x++)
        memset(rgb + 3 * x, grey_of((double)marker[x], o->lo, o->hi), 3);
    draw_outline(rgb, &o->cells, y, cell_rgb);
    draw_outline(rgb, &o->nuclei, y, nucleus_rgb);
    draw_marks(rgb, &o->marks, y);
}

/* ---- marker and outlines ---- */

static cellseg_status prepare_marker(overlay *o, cellseg_context *context, const cellseg_image *image, int32_t channel) {
    static const double percents[] = {0.1, 99.9};
    double range[2];
    cseg_input from;
    cellseg_status status;
    CSEG_TRY(cseg_input_open(&from, context, image, channel));
    CSEG_TRY_GOTO(done, cseg_plane_check_finite(context, &from.plane, "the image"));
    CSEG_TRY_GOTO(done, cseg_percentiles_find(context, range, percents, 2, &from.plane));
    o->lo = range[0];
    o->hi = range[1];
    CSEG_TRY_GOTO(done, cseg_plane_new(&o->marker, context, CELLSEG_FLOAT32, o->height, o->width));
    status = cseg_resample_linear(context, &o->marker, &from.plane);
done:
    cseg_input_close(&from);
    return status;
}

/* Runs of pixels of one id within a row, in raster order: key is id and row, value is begin and end. With runs NULL only counts.
 */
static size_t find_runs(cseg_keyed *runs, const cseg_plane *labels) {
    size_t count = 0;
    for (size_t y = 0; y < labels->height; y++) {
        const uint32_t *row = cseg_row_u32(labels, y);
        for (size_t x = 0, end; x < labels->width; x = end) {
            for (end = x + 1; end < labels->width && row[end] == row[x]; end++) {
            }
            if (row[x] != 0 && runs != NULL)
                runs[count] = (cseg_keyed){(uint64_t)row[x] << 32 | y, (uint64_t)x << 32 | end};
            count += row[x] != 0;
        }
    }
    return count;
}

static size_t run_begin(const cseg_keyed *run) {
    return (size_t)(run->value >> 32);
}

static size_t run_length(const cseg_keyed *run) {
    return (size_t)(run->value & UINT32_MAX) - run_begin(run);
}

/* The longest run; of several the middle one. */
static const cseg_keyed *longest_run(const cseg_keyed *runs, size_t count) {
    size_t length = 0, longest = 0;
    for (size_t i = 0; i < count; i++)
        if (run_length(&runs[i]) >= length) {
            longest = run_length(&runs[i]) > length ? 1 : longest + 1;
            length = run_length(&runs[i]);
        }
    size_t skip = (longest - 1) / 2;
    while (run_length(runs) < length || skip-- > 0)
        runs++;
    return runs;
}

/* The scale of text in a picture of this size: about 1 % of its width at most. */
static size_t text_scale(const overlay *o) {
    return 1 + (o->width > o->height ? o->width : o->height) / 1024;
}

static void write_id(const overlay *o, const cseg_keyed *runs, size_t count) {
    char text[NUMBER_BYTES];
    const cseg_keyed *run = longest_run(runs, count);
    (void)snprintf(text, sizeof text, "%u", (unsigned)(run->key >> 32));
    size_t scale = text_scale(o);
    while (scale > 0 && (cseg_caption_width(text, scale) + 2 > run_length(run) || (CSEG_CAPTION_HEIGHT + 2) * scale > count))
        scale--;
    const size_t middle = run_begin(run) + run_length(run) / 2, width = cseg_caption_width(text, scale);
    const int64_t y = (int64_t)(run->key & UINT32_MAX) - (int64_t)(CSEG_CAPTION_HEIGHT * scale / 2);
    if (scale > 0)
        cseg_caption_draw(&o->marks, text, y, (int64_t)(middle - width / 2), scale);
}

static cellseg_status write_ids(const overlay *o, cellseg_context *context, const cseg_plane *cells) {
    const size_t count = find_runs(NULL, cells);
    cseg_keyed *runs = cseg_memory_alloc(context, count > 0 ? count : 1, sizeof *runs);
    if (runs == NULL)
        return cseg_error_last();
    (void)find_runs(runs, cells);
    const cellseg_status status = cseg_sort_keyed(context, runs, count);
    for (size_t begin = 0, end; status == CELLSEG_OK && begin < count; begin = end) {
        for (end = begin + 1; end < count && runs[end].key >> 32 == runs[begin].key >> 32; end++) {
        }
        write_id(o, runs + begin, end - begin);
    }
    cseg_memory_free(runs);
    return status;
}

/* Outlines at the picture's scale, and with ids their text. */
static cellseg_status prepare_labels(overlay *o, cseg_plane *outline, cellseg_context *context, const cellseg_labels *labels,
                                     bool ids) {
    if (labels == NULL)
        return CELLSEG_OK;
    cseg_plane scaled;
    const cseg_plane from = cseg_labels_plane(labels);
    CSEG_TRY(cseg_plane_new(&scaled, context, CELLSEG_UINT32, o->height, o->width));
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_resample_nearest(context, &scaled, &from));
    CSEG_TRY_GOTO(done, cseg_plane_new(outline, context, CELLSEG_UINT8, o->height, o->width));
    CSEG_TRY_GOTO(done, cseg_boundaries_mark(context, outline, &scaled));
    if (ids)
        status = write_ids(o, context, &scaled);
done:
    cseg_plane_free(&scaled);
    return status;
}

/* ---- the scale bar ---- */

/* The longest of 1, 2, 5, 10 ... micrometres, and of their tenths, that is at most this long; 0: none. */
static double bar_length_um(double most_um) {
    double length = 0;
    for (double decade = 1e-3; decade <= most_um && decade < 1e6; decade *= 10) {
        length = decade;
        if (2 * decade <= most_um)
            length = 2 * decade;
        if (5 * decade <= most_um)
            length = 5 * decade;
    }
    return length;
}

/* At most a quarter of the width, at the lower right; none on a picture without room for its text. */
static void draw_bar(const overlay *o) {
    char text[CSEG_NUMBER_BYTES + 4];
    const size_t scale = text_scale(o), edge = 8 * scale, thickness = 3 * scale;
    const double length_um = bar_length_um((double)o->width / 4 * o->pixel_size_um);
    if (!(length_um > 0))
        return;
    cseg_number_print(text, length_um);
    memcpy(text + strlen(text), " um", sizeof " um");
    const size_t width = cseg_caption_width(text, scale), length = (size_t)(length_um / o->pixel_size_um + 0.5);
    const size_t wider = width > length ? width : length, below = edge + thickness;
    if (wider + 2 * edge > o->width / 2 || below + (CSEG_CAPTION_HEIGHT + 10) * scale > o->height / 2)
        return;
    const int64_t centre = (int64_t)(o->width - edge - wider / 2 - wider % 2), y = (int64_t)(o->height - below);
    cseg_caption_fill(&o->marks, y, centre - (int64_t)(length / 2), thickness, length);
    cseg_caption_draw(&o->marks, text, y - (int64_t)((CSEG_CAPTION_HEIGHT + 2) * scale), centre - (int64_t)(width / 2), scale);
}

/* ---- the picture ---- */

/* The image's size, or reduced to the longest side that the options state. */
static void choose_size(overlay *o, const cellseg_image *image) {
    const size_t height = cellseg_image_height(image), width = cellseg_image_width(image);
    const size_t longest = height > width ? height : width, most = (size_t)o->options.max_px;
    const double by = most > 0 && longest > most ? (double)longest / (double)most : 1;
    o->height = (size_t)((double)height / by + 0.5);
    o->width = (size_t)((double)width / by + 0.5);
    o->height += o->height == 0;
    o->width += o->width == 0;
    o->pixel_size_um = cellseg_image_pixel_size_um(image) * by;
}

static cellseg_status check_labels(const cellseg_labels *labels, const cellseg_image *image, const char *name) {
    if (labels == NULL || (cellseg_labels_height(labels) == cellseg_image_height(image) &&
                           cellseg_labels_width(labels) == cellseg_image_width(image)))
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s are %zu x %zu pixels, the image is %zu x %zu", name, cellseg_labels_height(labels),
                     cellseg_labels_width(labels), cellseg_image_height(image), cellseg_image_width(image));
}

static cellseg_status write_picture(overlay *o, cellseg_context *context, cseg_target *target) {
    CSEG_TRY(cseg_target_open(target, context));
    return cseg_target_close(target, cseg_png_write(&target->file, context, o->marker.height, o->marker.width, draw_row, o));
}

/* The label maps and the marker of a picture. */
typedef struct layers {
    const cellseg_image *image;
    int32_t channel;
    const cellseg_labels *cells, *nuclei; /* either may be NULL */
} layers;

static cellseg_status write_overlay(overlay *o, cellseg_context *context, cseg_target *target, const layers *of) {
    choose_size(o, of->image);
    cseg_progress_step(context, "marker", 0, 0.3);
    CSEG_TRY(prepare_marker(o, context, of->image, of->channel));
    cseg_progress_step(context, "outlines", 0.3, 0.5);
    CSEG_TRY(cseg_plane_new(&o->marks, context, CELLSEG_UINT8, o->height, o->width));
    for (size_t y = 0; y < o->height; y++)
        memset(cseg_row_u8(&o->marks, y), CSEG_CAPTION_NONE, o->width);
    CSEG_TRY(prepare_labels(o, &o->cells, context, of->cells, o->options.ids != 0));
    CSEG_TRY(prepare_labels(o, &o->nuclei, context, of->nuclei, false));
    draw_bar(o);
    cseg_progress_step(context, "writing", 0.5, 1);
    return write_picture(o, context, target);
}

static cellseg_status write_in_call(cellseg_context *context, cseg_target *target, const layers *of,
                                    const cellseg_overlay_options *options) {
    overlay o = {.height = 0};
    if (of->image == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "image is NULL");
    CSEG_TRY(cseg_option_read(&o.options, &table, options, CELLSEG_PRESET_DEFAULT));
    CSEG_TRY(cseg_range_check("channel", of->channel, 0, cellseg_image_channels(of->image) - 1));
    CSEG_TRY(check_labels(of->cells, of->image, "cells"));
    CSEG_TRY(check_labels(of->nuclei, of->image, "nuclei"));
    cseg_call call;
    cseg_call_begin(&call, context);
    const cellseg_status status = write_overlay(&o, context, target, of);
    cseg_plane_free(&o.marker);
    cseg_plane_free(&o.cells);
    cseg_plane_free(&o.nuclei);
    cseg_plane_free(&o.marks);
    return cseg_call_end(&call, status);
}

cellseg_status cellseg_overlay_write(cellseg_context *context, const char *path, const cellseg_image *image, int32_t channel,
                                     const cellseg_labels *cells, const cellseg_labels *nuclei,
                                     const cellseg_overlay_options *options) {
    const layers of = {image, channel, cells, nuclei};
    cseg_target target;
    CSEG_TRY(cseg_target_set_path(&target, path));
    return write_in_call(context, &target, &of, options);
}

cellseg_status cellseg_overlay_write_to(cellseg_context *context, const cellseg_writer *writer, const cellseg_image *image,
                                        int32_t channel, const cellseg_labels *cells, const cellseg_labels *nuclei,
                                        const cellseg_overlay_options *options) {
    const layers of = {image, channel, cells, nuclei};
    cseg_target target;
    CSEG_TRY(cseg_target_set_writer(&target, writer));
    return write_in_call(context, &target, &of, options);
}
