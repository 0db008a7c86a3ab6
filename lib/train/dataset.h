/* SPDX-License-Identifier: BSD-3-Clause */
/* The training room's data: targets, samples, the patches of an epoch. Inside the training room only. */
#ifndef CSEG_TRAIN_DATASET_H
#define CSEG_TRAIN_DATASET_H

#include "core/core.h"
#include "nn/nn.h"
#include "train/stream.h"

#include <cellseg/train.h>

/* ---- targets.c ---- */

enum {
    CSEG_CLASS_NUCLEUS = 0,
    CSEG_CLASS_CYTOPLASM = 1,
    CSEG_CLASS_BACKGROUND = 2,
    CSEG_CLASS_BOUNDARY = 3,
    CSEG_CLASS_CELL = 254, /* nucleus or cytoplasm */
    CSEG_CLASS_UNKNOWN = 255
};

/*
 * Class of every pixel at the scale of `classes` (uint8, allocated by the caller): nucleus where cell and nucleus overlap,
 * cytoplasm in the rest of the cells, background elsewhere. cells, nuclei: uint32 label maps of one size. complete: every
 * nucleus is known, and CELLSEG_ERR_ARGUMENT if none is left. Else a cell without a nucleus of its own id is of the class cell;
 * nuclei may be NULL. CELLSEG_ERR_ARGUMENT if no cell is left.
 */
cellseg_status cseg_targets_classify(cellseg_context *context, const cseg_plane *classes, const cseg_plane *cells,
                                     const cseg_plane *nuclei, bool complete);

/* ---- outlines.c ---- */

/* Targets of each pixel, one byte each: its class; its distance d as 255 d / (d + CSEG_DISTANCE_HALF_UM); its proximity to two
 * cells; its cell: 0 for none, else a number that neighbours rarely share. data NULL in the last three: not computed. */
typedef struct cseg_targets {
    cseg_plane classes, distance, border, cell;
} cseg_targets;
void cseg_outlines_free(cseg_targets *targets);

typedef struct cseg_outline_options {
    bool boundary; /* write the class boundary */
    double pixel_size_um, border_sigma_um;
} cseg_outline_options;

/* Compute distance, border and cell, and the boundary pixels of classes, from the cells' label map (uint32, of any scale).
 * cseg_targets_classify() must have computed classes. */
cellseg_status cseg_outlines_compute(cellseg_context *context, const cseg_targets *targets, const cseg_plane *cells,
                                     const cseg_outline_options *options);

/* ---- dataset.c ---- */

/* One preprocessed image with its targets: 3 to 6 bytes per pixel. */
typedef struct cseg_sample {
    size_t height, width;
    float unit;                                  /* values * unit is the normalised intensity */
    uint16_t *values;                            /* NULL: not in memory */
    uint8_t *classes, *distance, *border, *cell; /* the last three may be NULL */
    size_t bytes;                                /* of all arrays, in memory or not */
    uint64_t hash;                               /* of all arrays */
    double weight;                               /* number of times that an epoch draws each of its pixels */
    void *source;                                /* from which the sample can be loaded again; NULL: the sample stays in memory */
    uint64_t used;                               /* the cache's clock at the last use */
    uint32_t group;                              /* in this epoch: the images of a group together stay within the cache's bound */
} cseg_sample;

/* Patches of patch x patch pixels. distance, border: NULL if the data set has none. cell: of the patch in progress, or NULL. */
typedef struct cseg_patches {
    float *image;
    uint8_t *classes, *distance, *border, *cell;
} cseg_patches;

/* First pixel of a patch's inner window (the pixels that count), or a patch without any cell. */
typedef struct cseg_place {
    uint32_t sample; /* CSEG_NO_SAMPLE: no image, only noise */
    int32_t y, x;
} cseg_place;
#define CSEG_NO_SAMPLE UINT32_MAX

struct cseg_dataset;

/* Loaded samples that can be loaded again, of all data sets that share the bound. */
typedef struct cseg_cache {
    size_t limit, held; /* bytes; a batch's own images may exceed the limit */
    uint64_t clock;
    struct cseg_dataset *sets[2];
    /* Load a sample again from its source. Fails if the source has changed. */
    cellseg_status (*load)(void *owner, cseg_sample *sample);
    void *owner;
} cseg_cache;

typedef struct cseg_dataset {
    cellseg_context *context;
    cseg_rule rule; /* preprocessing of its images; patch and step */
    cseg_sample *samples;
    uint32_t *order; /* scratch: one index per sample */
    size_t count, capacity;
    uint64_t hash;     /* of every image and class map, in order, and their weights */
    cseg_cache *cache; /* NULL if no sample has a source */
} cseg_dataset;

/* A copy of a preprocessed image (float32) and its targets (uint8) of the same size, not yet in a data set. */
cellseg_status cseg_sample_make(cseg_sample *sample, cellseg_context *context, const cseg_plane *image,
                                const cseg_targets *targets);
void cseg_sample_free(cseg_sample *sample);

/* Take over a sample; on failure the sample is released and the data set unchanged. The caller keeps the sample's source. */
cellseg_status cseg_dataset_add(cseg_dataset *dataset, cseg_sample *sample);
void cseg_dataset_free(cseg_dataset *dataset);

/* Load the images of these patches, and keep others within the bound. */
cellseg_status cseg_dataset_hold(cseg_dataset *dataset, const cseg_place *places, size_t place_count, size_t first, size_t count);

/* The fixed grid: windows step_px apart from (0, 0); each pixel is in exactly one. With places NULL only counts. */
size_t cseg_dataset_grid(const cseg_dataset *dataset, cseg_place *places);

/*
 * The places of one epoch: for each image its grid's number of windows times its weight, drawn at random within equal strata, so
 * that the whole image is used. A fraction `empty` (0 to 0.9) of all places has no cells. Shuffled; if the images exceed the
 * cache's bound, in groups of images that do not. With places NULL only counts.
 */
size_t cseg_dataset_epoch(cseg_dataset *dataset, cseg_place *places, double empty, uint64_t seed, uint64_t epoch);

/* ---- augment.c ---- */

/*
 * Draw patches [first, first + count) of the list, modulo its length, into `patches`, which has room for `count`. Each patch's
 * augmentation depends on seed, epoch and its index alone. options NULL: none. Pixels outside the image are reflected and do not
 * count.
 */
cellseg_status cseg_augment_draw(cseg_dataset *dataset, const cseg_patches *patches, const cseg_place *places, size_t place_count,
                                 size_t first, size_t count, const cellseg_augmentation *options, uint64_t seed, uint64_t epoch);

#endif
