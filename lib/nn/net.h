/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inside of a network in training, for the network room only.
 *
 * Value v is the input of layer v: value 0 the images, value i + 1 layer i's output. Forward keeps for backward only values that
 * are expensive to compute: sums before normalisation (of layers with weights) and pooled outputs. All other values are computed
 * again where they are read.
 */
#ifndef CSEG_NN_NET_H
#define CSEG_NN_NET_H

#include "nn/internal.h"
#include "nn/spans.h"

#include <pthread.h>

enum {
    CSEG_MAX_VALUES = CSEG_MAX_LAYERS + 1,
    CSEG_GROUPS =
        16, /* of images, each one index of a loop with its own gradient: a constant, so that no sum depends on threads */
    CSEG_LOSS_SUMS = 5 * CSEG_MAX_CLASSES + 3, /* doubles per image in the sums of the loss */
    CSEG_FRAME = 2                             /* zeros around each input of a convolution, forward or backward */
};

/* Batch normalisation of a layer's sums, per channel; the identity for layers without. */
typedef struct cseg_norm {
    const float *mean, *inv_std, *gamma, *beta;
} cseg_norm;

/* Memory of a thread that computes a group. */
typedef struct cseg_worker {
    struct cseg_worker *next;
    float *value;   /* one image of any value */
    float *scratch; /* for the tensor room */
} cseg_worker;

struct cseg_net {
    cellseg_context *context;
    cseg_net_options options;
    cseg_arch arch;
    cseg_layout layout;
    char names[CSEG_MAX_CLASSES][CSEG_NAME_BYTES];
    const cseg_kernels *kernels;
    uint64_t step;

    float *state; /* parameters with running statistics, then Adam's m, then v */
    float *gradient;

    /* Sizes of values, and the offsets of values and gradients in `values`. */
    cseg_size size[CSEG_MAX_VALUES];
    uint32_t channels[CSEG_MAX_VALUES];
    uint32_t readers[CSEG_MAX_VALUES];
    size_t gradient_home[CSEG_MAX_VALUES]; /* the value whose gradient's first channels are this value's gradient */
    bool over_kept[CSEG_MAX_VALUES];       /* the gradient replaces, image by image, the sums that its reader kept */
    size_t kept_frame[CSEG_MAX_VALUES];
    cseg_span kept[CSEG_MAX_VALUES], gradients[CSEG_MAX_VALUES];
    float *values;

    float *packed; /* weights, for forward and for backward */
    size_t forward_at[CSEG_MAX_LAYERS], backward_at[CSEG_MAX_LAYERS];

    cseg_worker *idle;                   /* workers that no thread has taken */
    size_t value_floats, scratch_floats; /* of one worker */
    pthread_mutex_t mutex;               /* guards `idle` */

    float *group_gradients; /* for each group one layer's weights, then its shifts */
    size_t gradient_floats; /* of one group */

    double *sums; /* two per channel and image, or those of the loss */
    float *zeros, *ones;
    float *mean, *inv_std; /* of each layer with normalisation, in this batch or running */
    double *variance;      /* of this batch */
    size_t channel_at[CSEG_MAX_LAYERS], norm_channels;
    float *mean_g, *mean_gx; /* of the current layer */

    /* The current step. */
    const float *in;
    const uint8_t *classes;
    const uint8_t *distance, *border; /* set by cseg_net_set_targets() */
    size_t images;
    bool training;
    uint64_t dropout_seed;
    bool gradient_written[CSEG_MAX_VALUES];
};

/* net_plan.c */
cellseg_status cseg_buffers_plan(cseg_net *net);

/* net_values.c */
cseg_tensor cseg_value_kept(const cseg_net *net, size_t value, size_t image);
cseg_tensor cseg_value_gradient(const cseg_net *net, size_t value, size_t image);
cseg_norm cseg_value_norm(const cseg_net *net, size_t layer);
uint64_t cseg_value_dropout_seed(const cseg_net *net, size_t layer, size_t image);
float *cseg_value_group_gradient(const cseg_net *net, size_t index);
/* NULL, and cseg_error_last(), without memory. */
cseg_worker *cseg_worker_new(cseg_net *net);
void cseg_worker_put(cseg_net *net, cseg_worker *worker); /* returns the worker to the idle list */
/* Run the task for each image: groups in parallel, the images of a group in order on one worker. Cancel is checked between
 * images. */
typedef void (*cseg_image_fn)(const cseg_net *net, size_t layer, const cseg_worker *worker, size_t group, size_t image);
cellseg_status cseg_value_each_image(cseg_net *net, cseg_image_fn task, size_t layer);
/* One image of a value, kept or computed again in worker->value. */
cseg_tensor cseg_value_read(const cseg_net *net, const cseg_worker *worker, size_t value, size_t image);

/* net_forward.c, net_backward.c, loss.c: the current step */
cellseg_status cseg_activations_compute(cseg_net *net);
cellseg_status cseg_loss_compute(cseg_net *net, double *loss, bool gradient);
cellseg_status cseg_backward_run(cseg_net *net);

#endif
