/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inside of a network in training, for the network room only.
 *
 * Value v is what layer v reads: value 0 the images, value i + 1 layer i's output. Kept from forward to backward is only what
 * cannot be had cheaply: sums before normalisation (of layers with weights) and pooled outputs. All else is made again where it
 * is read.
 */
#ifndef CSEG_NN_NET_H
#define CSEG_NN_NET_H

#include "nn/internal.h"
#include "nn/spans.h"

#include <pthread.h>

enum {
    CSEG_MAX_VALUES = CSEG_MAX_LAYERS + 1,
    CSEG_GROUPS =
        16, /* of images, each one index of a loop with a gradient of its own: fixed, so that no sum depends on threads */
    CSEG_LOSS_SUMS = 4 * CSEG_MAX_CLASSES + 3, /* doubles that one image adds to the loss's sums */
    CSEG_FRAME = 2                             /* zeros around whatever a convolution reads, forward or backward */
};

/* What batch normalisation does to a layer's sums, per channel; the identity plus nothing for layers without. */
typedef struct cseg_norm {
    const float *mean, *inv_std, *gamma, *beta;
} cseg_norm;

/* What a thread works with while it has a group in hand. */
typedef struct cseg_worker {
    struct cseg_worker *next;
    float *value;   /* one image of any value */
    float *scratch; /* the tensor room's */
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

    /* Sizes of values, and where they and their gradients lie in `values`. */
    cseg_size size[CSEG_MAX_VALUES];
    uint32_t channels[CSEG_MAX_VALUES];
    uint32_t readers[CSEG_MAX_VALUES];
    size_t gradient_home[CSEG_MAX_VALUES]; /* the value whose gradient's memory, first channels, this one's shares */
    bool over_kept[CSEG_MAX_VALUES];       /* the gradient takes, image by image, the place of what its reader kept */
    size_t kept_frame[CSEG_MAX_VALUES];
    cseg_span kept[CSEG_MAX_VALUES], gradients[CSEG_MAX_VALUES];
    float *values;

    float *packed; /* weights, for forward and for backward */
    size_t forward_at[CSEG_MAX_LAYERS], backward_at[CSEG_MAX_LAYERS];

    cseg_worker *idle;                   /* workers that nobody has borrowed */
    size_t value_floats, scratch_floats; /* of one worker */
    pthread_mutex_t mutex;               /* guards `idle` */

    float *group_gradients; /* each of one layer's weights, then of its shifts */
    size_t gradient_floats; /* of one group */

    double *sums; /* per image two per channel, or the loss's */
    float *zeros, *ones;
    float *mean, *inv_std; /* of each layer with normalisation, in this batch or running */
    double *variance;      /* of this batch */
    size_t channel_at[CSEG_MAX_LAYERS], norm_channels;
    float *mean_g, *mean_gx; /* of the layer at hand */

    /* The step under way. */
    const float *in;
    const uint8_t *classes;
    const uint8_t *distance, *border; /* cseg_net_set_targets() */
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
/* NULL, and cseg_error_last(), where there is no memory. */
cseg_worker *cseg_worker_new(cseg_net *net);
void cseg_worker_put(cseg_net *net, cseg_worker *worker); /* now idle */
/* For each image: groups in parallel, a group's images in order and with one worker. Cancelled between images. */
typedef void (*cseg_image_fn)(const cseg_net *net, size_t layer, const cseg_worker *worker, size_t group, size_t image);
cellseg_status cseg_value_each_image(cseg_net *net, cseg_image_fn task, size_t layer);
/* One image of a value, kept or made again in worker->value. */
cseg_tensor cseg_value_read(const cseg_net *net, const cseg_worker *worker, size_t value, size_t image);

/* net_forward.c, net_backward.c, loss.c: of the step under way */
cellseg_status cseg_activations_compute(cseg_net *net);
cellseg_status cseg_loss_compute(cseg_net *net, double *loss, bool gradient);
cellseg_status cseg_backward_run(cseg_net *net);

#endif
