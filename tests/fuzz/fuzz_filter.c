/* SPDX-License-Identifier: BSD-3-Clause */
/* Filters, resampling and statistics of pixels: any call ends in a sound result or an error. */
#include "toolkit.h"

IMAGE_CALL(image_gaussian, a.image, a.c, a.x)
IMAGE_CALL(image_laplacian, a.image, a.c, a.list, a.count, a.method)
IMAGE_CALL(image_resample, a.image, a.c, a.n, a.m, a.method)
LABELS_CALL(labels_resample, a.labels, a.n, a.m)
NUMBERS_CALL(image_percentiles, double, 4, cellseg_image_percentiles, a.image, a.c, a.list, a.count)
NUMBERS_CALL(image_otsu, double, 4, cellseg_image_otsu, a.image, a.c, a.count, a.n)
NUMBERS_CALL(image_histogram, uint64_t, 64, cellseg_image_histogram, a.image, a.c, a.n % 65, a.x, a.y)
static void image_range(input *in, cellseg_context *context) {
    double ends[2] = {0};
    (void)check_status(in, cellseg_image_range(&ends[0], &ends[1], context, a.image, a.c));
    add_bytes(in, ends, sizeof ends);
}

static const call_fn calls[] = {image_gaussian,    image_laplacian, image_resample,  labels_resample,
                                image_percentiles, image_otsu,      image_histogram, image_range};

static void fuzz_run(input *in, cellseg_context *context) {
    run_call(in, context, calls, sizeof calls / sizeof *calls);
}
