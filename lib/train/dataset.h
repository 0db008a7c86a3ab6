/* SPDX-License-Identifier: BSD-3-Clause */
/* Training data inside the training room: targets, images kept for training, patches drawn from them, random numbers. */
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
    CSEG_CLASS_UNKNOWN = 255
};

/*
 * Class of every pixel at the scale of `classes` (uint8, the caller's): nucleus where cell and nucleus, cytoplasm in the rest of
 * the cells, background elsewhere. cells, nuclei: uint32 label maps of one size. An argument error where no cell or no nucleus is
 * left.
 */
cellseg_status cseg_targets_classify(cellseg_context *context, const cseg_plane *classes, const cseg_plane *cells,
                                     const cseg_plane *nuclei);

/* ---- outlines.c ---- */

/* What a pixel should be, one byte each: its class; 255 d / (d + CSEG_DISTANCE_HALF_UM); how near it lies to two cells; and which
 * cell it belongs to: 0 for none, else a number that neighbours rarely share. data NULL in the latter three: not wanted. */
typedef struct cseg_targets {
    cseg_plane classes, distance, border, cell;
} cseg_targets;
void cseg_outlines_free(cseg_targets *targets);

typedef struct cseg_outline_options {
    bool boundary; /* classes get the class boundary */
    double pixel_size_um, border_sigma_um;
} cseg_outline_options;

/* Fill in distance, border and cell, and the boundary's pixels of classes, which cseg_targets_classify() has filled, from the
 * cells' label map (uint32, of any scale). */
cellseg_status cseg_outlines_compute(cellseg_context *context, const cseg_targets *targets, const cseg_plane *cells,
                                     const cseg_outline_options *options);

/* ---- dataset.c ---- */

/* One image as the network sees it, with its targets: 3 to 6 bytes per pixel. */
typedef struct cseg_sample {
    size_t height, width;
    float unit;                                  /* values * unit is the normalised intensity */
    uint16_t *values;                            /* NULL: not in memory now */
    uint8_t *classes, *distance, *border, *cell; /* the latter three may be NULL */
    size_t bytes;                                /* of all of these, also while they are not in memory */
    uint64_t hash;                               /* of all of these */
    double weight;                               /* how often each of its pixels is drawn in an epoch */
    void *source;                                /* from where it can be had again; NULL: it stays in memory */
    uint64_t used;                               /* the cache's clock when it was needed last */
    uint32_t group;                              /* of this epoch: images of a group fit into the cache together */
} cseg_sample;

/* As many patches as asked for, patch x patch each. distance, border: NULL where the data set has none. cell: of one patch that
 * is being made, or NULL. */
typedef struct cseg_patches {
    float *image;
    uint8_t *classes, *distance, *border, *cell;
} cseg_patches;

/* Where a patch's inner window (the part that counts) begins, or a patch without any cell. */
typedef struct cseg_place {
    uint32_t sample; /* CSEG_NO_SAMPLE: no image, only noise */
    int32_t y, x;
} cseg_place;
#define CSEG_NO_SAMPLE UINT32_MAX

struct cseg_dataset;

/* Images in memory that could be had again, of all data sets that share the bound. */
typedef struct cseg_cache {
    size_t limit, held; /* bytes; a batch's own images may be more */
    uint64_t clock;
    struct cseg_dataset *sets[2];
    /* Make a sample anew from its source. Fails where it is no longer what it was. */
    cellseg_status (*load)(void *owner, cseg_sample *sample);
    void *owner;
} cseg_cache;

typedef struct cseg_dataset {
    cellseg_context *context;
    cseg_rule rule; /* how its images were preprocessed; patch and step */
    cseg_sample *samples;
    uint32_t *order; /* room for the samples' numbers */
    size_t count, capacity;
    uint64_t hash;     /* of every image and class map, in order, and their weights */
    cseg_cache *cache; /* NULL where no sample has a source */
} cseg_dataset;

/* A copy of a preprocessed image (float32) and its targets (uint8) of the same size, in no data set yet. */
cellseg_status cseg_sample_make(cseg_sample *sample, cellseg_context *context, const cseg_plane *image,
                                const cseg_targets *targets);
void cseg_sample_free(cseg_sample *sample);

/* Take a sample over; also on failure, when it is released and the data set is as before. Its source stays the caller's. */
cellseg_status cseg_dataset_add(cseg_dataset *dataset, cseg_sample *sample);
void cseg_dataset_free(cseg_dataset *dataset);

/* Have the images of these patches in memory, and others as long as there is room. */
cellseg_status cseg_dataset_hold(cseg_dataset *dataset, const cseg_place *places, size_t place_count, size_t first, size_t count);

/* The fixed grid: windows step_px apart from (0, 0), each pixel in exactly one. With places NULL only counts. */
size_t cseg_dataset_grid(const cseg_dataset *dataset, cseg_place *places);

/*
 * One epoch: as many windows as the grid has, times each image's weight, drawn at random within equal strata, so that all parts
 * are used, and so many without cells that they are the part `empty` (0 to 0.9) of the whole; shuffled, but where the images do
 * not fit into the cache, group after group of images that do. With places NULL only counts.
 */
size_t cseg_dataset_epoch(cseg_dataset *dataset, cseg_place *places, double empty, uint64_t seed, uint64_t epoch);

/* ---- augment.c ---- */

/*
 * Draw patches [first, first + count) of the list, which goes round, into `patches`, which has room for `count`. Each patch's
 * augmentation depends on options->seed, epoch and its index alone. options NULL: none. Pixels outside the image
 * are reflected, and do not count.
 */
cellseg_status cseg_augment_draw(cseg_dataset *dataset, const cseg_patches *patches, const cseg_place *places, size_t place_count,
                                 size_t first, size_t count, const cellseg_train_options *options, uint64_t epoch);

#endif
