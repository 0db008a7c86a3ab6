/* SPDX-License-Identifier: BSD-3-Clause */
#include "estimate.h"

#include "cli.h"
#include "system.h"

#include <math.h>

/* The trial's edge at the model's scale: three patches of the default model, which take about half a second on two cores. */
enum { TRIAL_PX = 480 };

/* Per pixel of the model's scale; 0: no trial yet. */
static double seconds_per_pixel;

static double working_pixels(const cellseg_image *image, const cellseg_model *model) {
    const double by = cellseg_image_pixel_size_um(image) / cellseg_model_pixel_size_um(model);
    return (double)cellseg_image_height(image) * by * (double)cellseg_image_width(image) * by;
}

static size_t trial_length(size_t length, const cellseg_image *image, const cellseg_model *model) {
    const double most = TRIAL_PX * cellseg_model_pixel_size_um(model) / cellseg_image_pixel_size_um(image);
    return most >= 1 && most < (double)length ? (size_t)most : length;
}

/* The middle of an image, whose pixels are borrowed. */
static cellseg_status middle_of(cellseg_image **out, cellseg_context *context, const cellseg_image *image, int32_t channel,
                                const cellseg_model *model) {
    cellseg_image_layout layout;
    *out = NULL;
    const cellseg_status status = cellseg_image_layout_init(&layout, sizeof layout);
    if (status != CELLSEG_OK)
        return status;
    const size_t height = cellseg_image_height(image), width = cellseg_image_width(image);
    layout.height = trial_length(height, image, model);
    layout.width = trial_length(width, image, model);
    layout.pixel_type = cellseg_image_pixel_type(image);
    layout.pixel_size_um = cellseg_image_pixel_size_um(image);
    layout.row_stride_bytes = cellseg_image_row_stride_bytes(image);
    layout.pixel_stride_bytes = cellseg_image_pixel_stride_bytes(image);
    layout.pixels = (const char *)cellseg_image_pixels(image, channel) + (height - layout.height) / 2 * layout.row_stride_bytes +
                    (width - layout.width) / 2 * layout.pixel_stride_bytes;
    return cellseg_image_wrap(out, context, &layout);
}

static cellseg_status run_trial(cellseg_context *context, const cellseg_model *model, const cellseg_image *image,
                                const cellseg_segment_options *options) {
    cellseg_segment_options own = *options;
    cellseg_image *part;
    cellseg_labels *cells = NULL;
    cellseg_status status = middle_of(&part, context, image, options->channel, model);
    own.channel = 0;
    const double began = now_seconds();
    if (status == CELLSEG_OK)
        status = cellseg_segment(&cells, NULL, NULL, NULL, context, model, part, &own);
    if (status == CELLSEG_OK)
        seconds_per_pixel = (now_seconds() - began) / working_pixels(part, model);
    cellseg_labels_free(cells);
    cellseg_image_free(part);
    return status;
}

bool estimate_segmentation(estimate *e, cellseg_context *context, const cellseg_model *model, const cellseg_image *image,
                           const cellseg_segment_options *options) {
    *e = (estimate){0};
    cellseg_status status = cellseg_segment_memory(&e->bytes, context, model, cellseg_image_height(image),
                                                   cellseg_image_width(image), cellseg_image_pixel_size_um(image), options);
    if (status == CELLSEG_OK && model != NULL && seconds_per_pixel == 0)
        status = run_trial(context, model, image, options);
    if (status == CELLSEG_OK && model != NULL)
        e->seconds = seconds_per_pixel * working_pixels(image, model);
    return status == CELLSEG_OK;
}

bool add_estimate(cJSON *to, const estimate *e) {
    return add_figure(to, "seconds", e->seconds > 0 ? e->seconds : (double)NAN) &&
           add_figure(to, "memory_bytes", (double)e->bytes);
}

void print_estimate(const estimate *e) {
    if (e->seconds > 0)
        print_text(" about %.2g s,", e->seconds);
    print_text(" %.0f MB", (double)e->bytes / 1e6 + 0.5);
}
