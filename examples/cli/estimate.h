/* SPDX-License-Identifier: BSD-3-Clause */
/* The memory and the time of a segmentation before its work. */
#ifndef CLI_ESTIMATE_H
#define CLI_ESTIMATE_H

#include "json.h"

#include <cellseg/cellseg.h>

#include <stdbool.h>

typedef struct estimate {
    uint64_t bytes; /* with one thread, beside the image; more threads take more where there is no budget */
    double seconds; /* reading and writing files excluded; 0: unknown */
} estimate;

/*
 * Estimate the segmentation of an image whose pixel size is known, by a model or, with NULL, by the two-channel method, whose
 * time is unknown. The time comes from a trial on a part of the first image of the program's run. On failure false, and
 * cellseg_last_error() states the reason.
 */
bool estimate_segmentation(estimate *e, cellseg_context *context, const cellseg_model *model, const cellseg_image *image,
                           const cellseg_segment_options *options);

/* " about 8 s, 120 MB": the figures in words. And as members of an object; false without memory. */
void print_estimate(const estimate *e);
bool add_estimate(cJSON *to, const estimate *e);

#endif
