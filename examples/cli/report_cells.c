/* SPDX-License-Identifier: BSD-3-Clause */
/* The report's pictures: the objects of the lowest and the highest best Dice, cut from their images, with both outlines. */
#include "report.h"

#include "page.h"
#include "system.h"

#include <stdlib.h>
#include <string.h>

enum { SHOWN = 10, PICTURE_PX = 220, MARGIN_PX = 12 };

/* ---- which ---- */

typedef struct object {
    double dice;
    size_t image, row; /* of the list's scores; of its table */
} object;

static int by_dice(const void *a, const void *b) {
    const object *one = a, *other = b;
    if (one->dice != other->dice)
        return one->dice < other->dice ? -1 : 1;
    if (one->image != other->image)
        return one->image < other->image ? -1 : 1;
    return one->row < other->row ? -1 : one->row > other->row;
}

/* All objects, worst first; NULL without memory. */
static object *sorted_objects(size_t *count, const score_list *list) {
    *count = 0;
    for (size_t i = 0; i < list->count; i++)
        *count += (size_t)list->scores[i].similarity.reference_count;
    object *objects = malloc((*count + 1) * sizeof *objects), *next = objects;
    if (objects == NULL)
        return NULL;
    for (size_t i = 0; i < list->count; i++)
        for (size_t r = 0; r < list->scores[i].similarity.reference_count; r++)
            *next++ = (object){list->scores[i].best_dice[r], i, r};
    qsort(objects, *count, sizeof *objects, by_dice);
    return objects;
}

static double table_value(const cellseg_table *table, const char *name, size_t row) {
    for (size_t i = 0; i < cellseg_table_columns(table); i++)
        if (strcmp(cellseg_table_column_name(table, i), name) == 0)
            return cellseg_table_column(table, i)[row];
    return 0;
}

/* ---- a window of an image, enlarged ---- */

typedef struct window {
    size_t top, left, height, width;
    uint32_t id; /* of the object it is for */
} window;

/* Where a window of `side` pixels lies that has `middle` in its middle, or as near to it as the image allows. */
static size_t begin_of(double middle, size_t side, size_t length) {
    const double begin = middle - (double)side / 2;
    if (begin <= 0)
        return 0;
    return (size_t)begin + side > length ? length - side : (size_t)begin;
}

/* A square around the object's box, limited by the image's size. */
static window window_of(const cellseg_table *table, size_t row, size_t height, size_t width) {
    const double top = table_value(table, "bbox_top_px", row), bottom = table_value(table, "bbox_bottom_px", row);
    const double left = table_value(table, "bbox_left_px", row), right = table_value(table, "bbox_right_px", row);
    const double longer = bottom - top > right - left ? bottom - top : right - left;
    const size_t side = (size_t)(1.3 * longer) + 2 * MARGIN_PX;
    window w = {.height = side < height ? side : height, .width = side < width ? side : width};
    w.id = (uint32_t)table_value(table, "id", row);
    w.top = begin_of((top + bottom) / 2, w.height, height);
    w.left = begin_of((left + right) / 2, w.width, width);
    return w;
}

static size_t enlarged(size_t length, const window *w) {
    const size_t longer = w->height > w->width ? w->height : w->width, pixels = length * PICTURE_PX / longer;
    return pixels > 0 ? pixels : 1;
}

static cellseg_status cut_image(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                const window *w) {
    cellseg_image_layout layout;
    cellseg_image *part = NULL;
    *out = NULL;
    cellseg_status status = cellseg_image_layout_init(&layout, sizeof layout);
    if (status != CELLSEG_OK)
        return status;
    layout.row_stride_bytes = cellseg_image_row_stride_bytes(image);
    layout.pixels = (const char *)cellseg_image_pixels(image, channel) + w->top * layout.row_stride_bytes +
                    w->left * cellseg_image_pixel_stride_bytes(image);
    layout.height = w->height;
    layout.width = w->width;
    layout.pixel_type = cellseg_image_pixel_type(image);
    status = cellseg_image_wrap(&part, context, &layout);
    if (status == CELLSEG_OK)
        status =
            cellseg_image_resample(out, context, part, 0, enlarged(w->height, w), enlarged(w->width, w), CELLSEG_RESAMPLE_LINEAR);
    cellseg_image_free(part);
    return status;
}

/* With `only`, not 0: that object alone. */
static cellseg_status cut_labels(cellseg_labels **out, cellseg_context *context, const cellseg_labels *labels, const window *w,
                                 uint32_t only) {
    const size_t stride = cellseg_labels_row_stride_bytes(labels) / sizeof(uint32_t);
    cellseg_labels *part = NULL;
    *out = NULL;
    cellseg_status status = cellseg_labels_new(&part, context, w->height, w->width);
    for (size_t y = 0; status == CELLSEG_OK && y < w->height; y++) {
        const uint32_t *from = cellseg_labels_data(labels) + (w->top + y) * stride + w->left;
        uint32_t *to = cellseg_labels_data_mut(part) + y * w->width;
        for (size_t x = 0; x < w->width; x++)
            to[x] = only == 0 || from[x] == only ? from[x] : 0;
    }
    if (status == CELLSEG_OK)
        status = cellseg_labels_resample(out, context, part, enlarged(w->height, w), enlarged(w->width, w));
    cellseg_labels_free(part);
    return status;
}

/* ---- a picture ---- */

/* The sources of the pictures of one image. */
typedef struct source {
    cellseg_image *image;
    cellseg_labels *truth, *predicted;
} source;

static void free_source(source *s) {
    cellseg_image_free(s->image);
    cellseg_labels_free(s->truth);
    cellseg_labels_free(s->predicted);
}

static bool read_source(source *s, cellseg_context *context, const inputs *files, int32_t channel) {
    const char *at_fault = files->image;
    *s = (source){0};
    /* The pixel size has no effect here; set, it prevents errors of files without one or with two. No context: no warnings. */
    cellseg_read_options options;
    cellseg_status status = cellseg_read_options_init(&options, sizeof options);
    options.pixel_size_um = 1;
    options.force = 1;
    if (status == CELLSEG_OK)
        status = cellseg_image_read(&s->image, NULL, files->image, &options);
    if (status == CELLSEG_OK) {
        at_fault = files->truth;
        status = cellseg_labels_read(&s->truth, context, files->truth);
    }
    if (status == CELLSEG_OK) {
        at_fault = files->predicted;
        status = cellseg_labels_read(&s->predicted, context, files->predicted);
    }
    if (status != CELLSEG_OK) {
        print_library_error(at_fault);
        return false;
    }
    const bool fits = cellseg_image_height(s->image) == cellseg_labels_height(s->truth) &&
                      cellseg_image_width(s->image) == cellseg_labels_width(s->truth) &&
                      channel < cellseg_image_channels(s->image);
    if (!fits)
        print_error("%s: the size differs from %s, or channel %d is missing", files->image, files->truth, (int)channel);
    return fits;
}

static cellseg_status draw(const char *path, cellseg_context *context, const source *s, int32_t channel, const window *w) {
    cellseg_image *image = NULL;
    cellseg_labels *truth = NULL, *predicted = NULL;
    cellseg_overlay_options options;
    cellseg_status status = cellseg_overlay_options_init(&options, sizeof options);
    options.ids = 0;
    if (status == CELLSEG_OK)
        status = cut_image(&image, context, s->image, channel, w);
    if (status == CELLSEG_OK)
        status = cut_labels(&truth, context, s->truth, w, w->id);
    if (status == CELLSEG_OK)
        status = cut_labels(&predicted, context, s->predicted, w, 0);
    if (status == CELLSEG_OK)
        status = cellseg_overlay_write(context, path, image, 0, truth, predicted, &options);
    cellseg_image_free(image);
    cellseg_labels_free(truth);
    cellseg_labels_free(predicted);
    return status;
}

/* Shared context of the pictures of a page. */
typedef struct album {
    FILE *to;
    const char *scratch;
    cellseg_context *context;
    const score_list *list;
    int32_t channel;
} album;

/* The picture as a data URI. `name`: of its image. */
static bool put_picture(const album *a, const source *s, const window *w, const char *name) {
    const bool drawn = draw(a->scratch, a->context, s, a->channel, w) == CELLSEG_OK;
    if (!drawn)
        print_library_error(name);
    const bool fine = drawn && put_picture_file(a->to, a->scratch, enlarged(w->width, w), enlarged(w->height, w));
    (void)remove_entry(a->scratch);
    return fine;
}

static bool put_object(const album *a, const object *o) {
    const score *of = &a->list->scores[o->image];
    source s;
    bool fine = read_source(&s, a->context, &of->files, a->channel);
    if (fine) {
        const window w = window_of(of->table, o->row, cellseg_labels_height(s.truth), cellseg_labels_width(s.truth));
        fprintf(a->to, "<figure class=\"cell\">");
        fine = put_picture(a, &s, &w, of->files.image);
        fprintf(a->to, "<figcaption><b>%.3f</b> ", o->dice);
        put_text(a->to, of->files.stem);
        fprintf(a->to, ", id %u</figcaption></figure>\n", (unsigned)w.id);
    }
    free_source(&s);
    return fine;
}

static bool put_row(const album *a, const char *title, const object *first, ptrdiff_t step, size_t count) {
    bool fine = true;
    fprintf(a->to, "<h3>%s</h3>\n<div class=\"cells\">\n", title);
    for (size_t i = 0; fine && i < count; i++)
        fine = put_object(a, first + (ptrdiff_t)i * step);
    fprintf(a->to, "</div>\n");
    return fine;
}

bool put_pictures(FILE *to, const char *scratch, cellseg_context *context, const score_list *list, int32_t channel) {
    const album a = {to, scratch, context, list, channel};
    size_t count;
    object *objects = sorted_objects(&count, list);
    if (objects == NULL) {
        print_error("no memory for a list of objects");
        return false;
    }
    const size_t shown = count / 2 < SHOWN ? count / 2 : SHOWN;
    const bool fine =
        shown == 0 || (put_row(&a, "Worst", objects, 1, shown) && put_row(&a, "Best", objects + count - 1, -1, shown));
    free(objects);
    return fine;
}
