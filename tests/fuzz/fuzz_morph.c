/* SPDX-License-Identifier: BSD-3-Clause */
/* Morphology of images and label maps: any call ends in a sound result or an error. */
#include "toolkit.h"

IMAGE_CALL(image_erode, a.image, a.c, a.n, a.m)
IMAGE_CALL(image_dilate, a.image, a.c, a.n, a.m)
IMAGE_CALL(image_opening, a.image, a.c, a.n, a.m)
IMAGE_CALL(image_closing, a.image, a.c, a.n, a.m)
IMAGE_CALL(image_white_top_hat, a.image, a.c, a.n, a.m)
IMAGE_CALL(image_black_top_hat, a.image, a.c, a.n, a.m)
IMAGE_CALL(image_erode_disc, a.image, a.c, a.n, a.method)
IMAGE_CALL(image_dilate_disc, a.image, a.c, a.n, a.method)
IMAGE_CALL(image_opening_disc, a.image, a.c, a.n, a.method)
IMAGE_CALL(image_closing_disc, a.image, a.c, a.n, a.method)
IMAGE_CALL(image_white_top_hat_disc, a.image, a.c, a.n, a.method)
IMAGE_CALL(image_black_top_hat_disc, a.image, a.c, a.n, a.method)
IMAGE_CALL(image_reconstruct_dilation, a.image, a.c, a.image, a.d, a.connectivity)
IMAGE_CALL(image_reconstruct_erosion, a.image, a.c, a.other, a.d, a.connectivity)
IMAGE_CALL(image_h_minima, a.image, a.c, a.x, a.connectivity)
IMAGE_CALL(image_h_maxima, a.image, a.c, a.x, a.connectivity)
IMAGE_CALL(image_regional_minima, a.image, a.c, a.other, a.d, a.connectivity)
IMAGE_CALL(image_regional_maxima, a.image, a.c, NULL, 0, a.connectivity)
IMAGE_CALL(image_extended_minima, a.image, a.c, a.x, a.other, a.d, a.connectivity)
IMAGE_CALL(image_extended_maxima, a.image, a.c, a.x, NULL, 0, a.connectivity)
IMAGE_CALL(image_fill_holes, a.image, a.c, a.connectivity)
IMAGE_CALL(image_distance, a.image, a.c)
IMAGE_CALL(image_nearest, a.image, a.c)
LABELS_CALL(image_components, a.image, a.c, a.connectivity)
LABELS_CALL(labels_relabel, a.labels)
LABELS_CALL(labels_remove_small, a.labels, a.n)
LABELS_CALL(labels_clear_border, a.labels, a.n)
LABELS_CALL(labels_fill_holes, a.labels)
LABELS_CALL(labels_expand, a.labels, a.x)
LABELS_CALL(labels_compartment, a.labels, a.target, a.method, a.x)
IMAGE_CALL(labels_boundaries, a.labels, a.method, a.connectivity)

static void labels_watershed(input *in, cellseg_context *context) {
    cellseg_watershed_options options;
    MUST(cellseg_watershed_options_init(&options, sizeof options) == CELLSEG_OK);
    take_options(in, cellseg_watershed_options_table(), &options);
    cellseg_labels *out;
    const cellseg_status status = cellseg_labels_watershed(&out, context, a.labels, a.image, a.c, a.other, a.d, &options);
    take_labels(in, out, status);
}

static void labels_check(input *in, cellseg_context *context) {
    char line[40];
    (void)check_status(in, cellseg_labels_check(line, 1 + a.n % sizeof line, context, a.labels, a.target));
    add_bytes(in, line, strlen(line));
}

static const call_fn calls[] = {image_erode,
                                image_dilate,
                                image_opening,
                                image_closing,
                                image_white_top_hat,
                                image_black_top_hat,
                                image_erode_disc,
                                image_dilate_disc,
                                image_opening_disc,
                                image_closing_disc,
                                image_white_top_hat_disc,
                                image_black_top_hat_disc,
                                image_reconstruct_dilation,
                                image_reconstruct_erosion,
                                image_h_minima,
                                image_h_maxima,
                                image_regional_minima,
                                image_regional_maxima,
                                image_extended_minima,
                                image_extended_maxima,
                                image_fill_holes,
                                image_distance,
                                image_nearest,
                                image_components,
                                labels_relabel,
                                labels_remove_small,
                                labels_clear_border,
                                labels_fill_holes,
                                labels_expand,
                                labels_compartment,
                                labels_boundaries,
                                labels_watershed,
                                labels_check};

static void fuzz_run(input *in, cellseg_context *context) {
    run_call(in, context, calls, sizeof calls / sizeof *calls);
}
