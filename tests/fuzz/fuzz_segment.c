/* SPDX-License-Identifier: BSD-3-Clause */
/* Segmentation of small images with any options: by a network of two layers, by two channels, and step by step. What comes out
 * keeps the properties of label maps. Runs in the root of the tree, where the network's file is. */
#include "objects.h"

/* The properties of the result of a whole segmentation. */
static void check_result(input *in, cellseg_context *context, cellseg_labels *cells, cellseg_labels *nuclei,
                         cellseg_status status) {
    char violation[128];
    if (status == CELLSEG_OK) {
        MUST(cellseg_labels_check(violation, sizeof violation, context, cells, nuclei) == CELLSEG_OK);
        MUST(violation[0] == '\0');
    }
    take_labels(in, cells, status);
    take_labels(in, nuclei, status);
}

typedef struct job {
    cellseg_image *image, *maps;
    cellseg_labels *labels;
    const cellseg_segment_options *options;
} job;

static void check_report(input *in, cellseg_segment_report *report, const cellseg_labels *cells) {
    MUST(report->cells == cellseg_labels_max_id(cells));
    MUST(report->marker_range >= 0 && report->marker_range <= 1);
    for (uint32_t i = 1; report->confidence != NULL && i <= report->cells; i++)
        MUST(report->confidence[i] >= 0 && report->confidence[i] <= 1);
    add_bytes(in, &report->nuclei, sizeof report->nuclei);
    cellseg_segment_report_clear(report);
}

static void whole(input *in, cellseg_context *context, const job *j) {
    static cellseg_model *model;
    if (model == NULL)
        MUST(cellseg_model_load(&model, NULL, "tests/data/fuzz/pointwise.cellseg") == CELLSEG_OK);
    cellseg_labels *cells, *nuclei;
    cellseg_image *maps;
    cellseg_segment_report report;
    MUST(cellseg_segment_report_init(&report, sizeof report) == CELLSEG_OK);
    const cellseg_status status = cellseg_segment(&cells, &nuclei, &maps, &report, context, model, j->image, j->options);
    check_report(in, &report, cells);
    check_result(in, context, cells, nuclei, status);
    take_image(in, maps, status);
}

static void two_channel(input *in, cellseg_context *context, const job *j) {
    cellseg_labels *cells, *nuclei;
    cellseg_segment_report report;
    MUST(cellseg_segment_report_init(&report, sizeof report) == CELLSEG_OK);
    const cellseg_status status = cellseg_segment_two_channel(&cells, &nuclei, &report, context, j->image, j->image, j->options);
    check_report(in, &report, cells);
    check_result(in, context, cells, nuclei, status);
}

static void nuclei_within(input *in, cellseg_context *context, const job *j) {
    cellseg_labels *nuclei;
    const cellseg_status status = cellseg_segment_nuclei_within(&nuclei, context, NULL, j->labels, j->image, j->options);
    take_labels(in, nuclei, status);
}

/* A map of probabilities from a few bytes; some are none. */
static cellseg_image *new_maps(input *in, cellseg_context *context) {
    const size_t height = take_range(in, 1, 32), width = take_range(in, 1, 32);
    cellseg_image *maps;
    MUST(cellseg_image_new(&maps, context, CELLSEG_FLOAT32, (int32_t)take_range(in, 1, 4), height, width) == CELLSEG_OK);
    for (int32_t c = 0; c < cellseg_image_channels(maps); c++) {
        float *pixels = cellseg_image_pixels_mut(maps, c);
        for (size_t i = 0; i < height * width; i++)
            pixels[i] = (float)(take(in, 1) % 17) / 16;
        if (take(in, 1) == 0xff)
            pixels[0] = (float)take_double(in);
    }
    MUST(cellseg_image_set_pixel_size_um(maps, take(in, 1) == 0xff ? 0 : 0.65) == CELLSEG_OK);
    return maps;
}

/* With the coefficients that join cells of the default model. */
static void steps(input *in, cellseg_context *context, const job *j) {
    static cellseg_model *model;
    if (model == NULL)
        MUST(cellseg_model_default(&model, NULL) == CELLSEG_OK);
    const int32_t extra_output = (int32_t)take_range(in, 0, 4) - 1;
    const bool from_labels = take(in, 1) % 2 == 1;
    cellseg_image *maps = new_maps(in, context);
    cellseg_labels *seeds, *cells, *nuclei;
    const cellseg_status status = cellseg_segment_nuclei(&seeds, context, maps, extra_output, j->options);
    const cellseg_labels *given = from_labels || seeds == NULL ? j->labels : seeds;
    const cellseg_status found = cellseg_segment_cells(&cells, &nuclei, context, from_labels ? NULL : model, j->image,
                                                       from_labels ? NULL : maps, extra_output, given, j->options);
    check_result(in, context, cells, nuclei, found);
    take_labels(in, seeds, status);
    cellseg_image_free(maps);
}

static void fuzz_run(input *in, cellseg_context *context) {
    static void (*const calls[])(input *, cellseg_context *, const job *) = {whole, two_channel, nuclei_within, steps};
    cellseg_segment_options options;
    cellseg_method method;
    MUST(cellseg_segment_options_init(&options, sizeof options) == CELLSEG_OK);
    MUST(cellseg_method_init(&method, sizeof method, (int32_t)take_range(in, 0, 1)) == CELLSEG_OK);
    const size_t call = take_range(in, 0, 3), height = take_range(in, 1, 32), width = take_range(in, 1, 48);
    const double pixel_size_um = take(in, 1) < 0xf0 ? 0.2 + (double)take(in, 1) / 100 : 0;
    if (take(in, 1) % 2 == 1)
        take_options(in, cellseg_segment_options_table(), &options);
    if (take(in, 1) % 2 == 1) {
        take_options(in, cellseg_method_table(), &method);
        options.method = &method;
    }
    job j = {.options = &options};
    j.image = new_image(in, context, height, width, pixel_size_um);
    j.labels = new_labels(in, context, height, width, pixel_size_um);
    calls[call](in, context, &j);
    cellseg_image_free(j.image);
    cellseg_labels_free(j.labels);
}
