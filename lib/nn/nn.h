/* SPDX-License-Identifier: BSD-3-Clause */
/* The network room's door: a network as a table of layers, its parameters, forward, backward, optimiser, model file.
 * Independent of images. */
#ifndef CSEG_NN_H
#define CSEG_NN_H

#include "core/core.h"

#include <cellseg/model.h>

enum { CSEG_MAX_LAYERS = 128, CSEG_MAX_CLASSES = 8 };

/* The terms of the sum by which lib/segment/join.c decides whether two touching cells are one. */
enum {
    CSEG_JOIN_CONSTANT = 0,
    CSEG_JOIN_DISTANCE = 1,   /* the distance output on the border */
    CSEG_JOIN_MARKER = 2,     /* the marker on the border, relative to the dimmer cell */
    CSEG_JOIN_NUCLEUS = 3,    /* the nucleus probability on the border */
    CSEG_JOIN_CONFIDENCE = 4, /* the mean probability of the less probable nucleus */
    CSEG_JOIN_AREA_RATIO = 5, /* of the smaller nucleus to the larger one */
    CSEG_JOIN_TERMS = 6
};

/* Preprocessing that the network expects, and its outputs: stored in the model file, applied by the caller. */
typedef struct cseg_rule {
    double pixel_size_um;       /* working scale */
    double top_hat_um;          /* 0: none */
    double percentile_low;      /* mapped to 0 */
    double percentile_high;     /* mapped to 1 */
    double noise_range;         /* minimum of the range in standard deviations of the image's noise, so that noise stays small */
    double clip;                /* maximum after mapping; the minimum is 0 */
    double power;               /* exponent applied last */
    double nucleus_diameter_um; /* median of the training nuclei; 0: not stated */
    uint32_t patch_px, step_px; /* 176, 160 */
    uint32_t classes;           /* 3: nucleus, cytoplasm, background */
    double joining[CSEG_JOIN_TERMS]; /* coefficients; all 0: cells are not joined */
} cseg_rule;

const cseg_rule *cseg_model_rule(const cellseg_model *model);
const char *cseg_model_class_name(const cellseg_model *model, uint32_t index); /* of rule.classes */

/* cellseg_model_load_from() of bytes in memory, without a copy of them. */
cellseg_status cseg_modelfile_load(cellseg_model **out, cellseg_context *context, const void *bytes, size_t size);

/* Whether this build holds the model of cellseg_model_default(). */
bool cseg_default_is_inside(void);

/* ---- inference ---- */

/* Bytes of workspace (64-byte aligned) that a call needs on this context's processor level. The number does not grow with
 * `patches`, which run one after the other. 0 if the layers do not admit this size. */
size_t cseg_forward_workspace_bytes(const cellseg_model *model, const cellseg_context *context, size_t patches, size_t height,
                                    size_t width);

/* The layers' values alone, which do not depend on the processor level; 0 as above. */
uint64_t cseg_forward_values_bytes(const cellseg_model *model, const cellseg_context *context, size_t height, size_t width);

/*
 * Run the network on the calling thread: in is patches x height x width, out patches x classes x height x width. Patches are
 * independent of each other. CELLSEG_ERR_MODEL if the layers do not admit this size; CELLSEG_ERR_CANCELLED within layers. Within
 * a parallel loop, progress is reported too.
 */
cellseg_status cseg_forward_run(const cellseg_model *model, cellseg_context *context, float *out, const float *in, size_t patches,
                                size_t height, size_t width, void *workspace);

/* ---- a network that runs elsewhere (network.c) ---- */

/* The caller's network; NULL: the model has layers of its own. */
const cellseg_network *cseg_network_of(const cellseg_model *model);

/* Call the network, and check and clamp its maps. CELLSEG_ERR_MODEL where it fails, or a value is far outside [0, 1]. */
cellseg_status cseg_network_run(const cellseg_model *model, float *maps, const float *windows, size_t count);

/* ---- training ---- */

typedef struct cseg_net cseg_net; /* parameters, gradients, Adam's moments, activations of one batch */

typedef struct cseg_net_options {
    cseg_rule rule;
    double width;  /* factor on the filters of the paper's table, rounded up to multiples of 8 */
    uint64_t seed; /* of the initial weights */
    size_t batch;
    double learning_rate;
    double weight_class[CSEG_MAX_CLASSES]; /* of each RMSD term */
    double weight_sum;
    bool distance;        /* the last output is not a class but the distance to the cell's border, 0 to 1, named "distance" */
    double weight_border; /* a pixel counts 1 + this times its border value: cseg_net_set_targets() */
    double weight_dice, weight_cross_entropy; /* 0: none */
    double dropout;                           /* the rate of every dropout layer */
    size_t frozen; /* number of first layers that stay unchanged, running statistics included; fewer than all layers */
} cseg_net_options;

/*
 * start: NULL for random weights (He initialisation), else the model that provides layers and weights. If the rule has one class
 * more than the start has outputs, the last layer gets one more filter of random weights.
 */
cellseg_status cseg_net_new(cseg_net **out, cellseg_context *context, const cellseg_model *start,
                            const cseg_net_options *options);
void cseg_net_free(cseg_net *net);

/*
 * One step of Adam: in is batch x patch x patch, classes batch x patch x patch (index of the true class; 255: the pixel does not
 * count). Only the inner step_px x step_px counts. dropout_seed determines this step's dropout. Parallel inside, over images.
 */
cellseg_status cseg_net_step(cseg_net *net, double *loss, const float *in, const uint8_t *classes, uint64_t dropout_seed);

/*
 * Targets of the following steps and evaluations besides classes, of the same size; borrowed until set again. distance: 255
 * times the last output's target; required for a distance output. border: 255 where another cell is nearest; NULL: equal
 * weights.
 */
void cseg_net_set_targets(cseg_net *net, const uint8_t *distance, const uint8_t *border);

/* Loss of the current weights in inference (running statistics, no dropout), for up to `batch` patches. */
cellseg_status cseg_net_evaluate(cseg_net *net, double *loss, const float *in, const uint8_t *classes, size_t patches);

void cseg_net_set_learning_rate(cseg_net *net, double learning_rate);
void cseg_net_set_nucleus_diameter(cseg_net *net, double um); /* of the models that cseg_net_model() makes */

/* A model of the current weights, with a new test vector. record_json: NULL, or a JSON object for the training record. */
cellseg_status cseg_net_model(cellseg_model **out, cseg_net *net, const char *record_json);

/* The state for resuming (parameters, running statistics, moments, step), as one block of *count floats; borrowed. */
float *cseg_net_state(cseg_net *net, size_t *count);
uint64_t *cseg_net_step_counter(cseg_net *net);

#endif
