/* SPDX-License-Identifier: BSD-3-Clause */
/* Small networks and batches for the network room's tests. */
#ifndef CSEG_TEST_NETS_H
#define CSEG_TEST_NETS_H

#include "testing.h"

#include "nn/internal.h"

enum { NET_PATCH = 48, NET_BATCH = 5 };

static inline cseg_net_options net_options(void) {
    const cseg_net_options options = {.rule = {.pixel_size_um = 0.65,
                                               .top_hat_um = 130,
                                               .percentile_low = 1,
                                               .percentile_high = 99.5,
                                               .noise_range = 8,
                                               .clip = 4,
                                               .power = 0.5,
                                               .patch_px = NET_PATCH,
                                               .step_px = 40,
                                               .classes = 3},
                                      .width = 0.02,
                                      .seed = 5,
                                      .batch = NET_BATCH,
                                      .learning_rate = 0.002,
                                      .dropout = 0.5,
                                      .weight_class = {1, 0.8, 1.2},
                                      .weight_sum = 0.9};
    return options;
}

/* Without the padding at the struct's end. */
#define assert_rules_equal(a, b) assert_memory_equal(a, b, offsetof(cseg_rule, classes) + sizeof(uint32_t))

typedef struct net_batch {
    float in[NET_BATCH * NET_PATCH * NET_PATCH];
    uint8_t classes[NET_BATCH * NET_PATCH * NET_PATCH];
} net_batch;

/* Bright discs with dark centres, roughly: something a network can learn. */
static inline void net_fill(net_batch *batch, uint64_t seed) {
    uint64_t state = seed;
    for (size_t i = 0; i < sizeof batch->in / sizeof *batch->in; i++) {
        const size_t y = i / NET_PATCH % NET_PATCH, x = i % NET_PATCH;
        const double dy = (double)(y % 16) - 8, dx = (double)(x % 16) - 8, square = dy * dy + dx * dx;
        batch->classes[i] = square < 9 ? 0 : square < 36 ? 1 : 2;
        const double mean = batch->classes[i] == 1 ? 0.8 : batch->classes[i] == 0 ? 0.4 : 0.1;
        batch->in[i] = (float)(mean + 0.2 * test_uniform(&state));
        if (test_uniform(&state) < 0.05)
            batch->classes[i] = 255;
    }
}

/* A model of a few steps' training. */
static inline cellseg_status net_trained_model(cellseg_model **out, cellseg_context *context) {
    const cseg_net_options options = net_options();
    cseg_net *net;
    *out = NULL;
    CSEG_TRY(cseg_net_new(&net, context, NULL, &options));
    static net_batch batch;
    net_fill(&batch, 3);
    double loss;
    cellseg_status status = CELLSEG_OK;
    for (uint64_t step = 0; step < 3 && status == CELLSEG_OK; step++)
        status = cseg_net_step(net, &loss, batch.in, batch.classes, step);
    if (status == CELLSEG_OK)
        status = cseg_net_model(out, net, "{\"note\": \"made by a \\\"test\\\"\", \"epochs\": [1, 2, 3]}");
    cseg_net_free(net);
    return status;
}

#endif
