/* SPDX-License-Identifier: BSD-3-Clause */
/* The diameters of the training nuclei. Inside the training room only. */
#ifndef CSEG_TRAIN_DIAMETERS_H
#define CSEG_TRAIN_DIAMETERS_H

#include "core/core.h"

/* The runs of nuclei in the image's rows, inside cells, sorted by id: the id is the key, the length the value. Release with
 * cseg_memory_free(). cells, nuclei: uint32 label maps of one size. */
cellseg_status cseg_diameters_runs(cseg_keyed **runs, size_t *count, cellseg_context *context, const cseg_plane *cells,
                                   const cseg_plane *nuclei);

/* The diameters of one image's nuclei, as numbers of bins. */
typedef struct cseg_diameters {
    cseg_keyed *items; /* the bin is the key */
    size_t count;
} cseg_diameters;

/* 2 sqrt(area / pi) of each nucleus, its area that of its pixels inside cells. cells, nuclei: uint32 label maps of one size. */
cellseg_status cseg_diameters_measure(cseg_diameters *diameters, cellseg_context *context, const cseg_plane *cells,
                                      const cseg_plane *nuclei, double pixel_size_um);
void cseg_diameters_free(cseg_diameters *diameters); /* twice is legal */

/* The diameters of all training images, in constant memory. */
typedef struct cseg_diameter_histogram {
    uint64_t *counts; /* of each bin */
    uint64_t total;
} cseg_diameter_histogram;

cellseg_status cseg_diameters_histogram_new(cseg_diameter_histogram *histogram, cellseg_context *context);
void cseg_diameters_histogram_free(cseg_diameter_histogram *histogram);
void cseg_diameters_histogram_add(cseg_diameter_histogram *histogram, const cseg_diameters *diameters);

/* In micrometres; the lower of the two middle diameters of an even number. 0 without nuclei. */
double cseg_diameters_median(const cseg_diameter_histogram *histogram);

#endif
