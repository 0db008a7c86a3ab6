/* SPDX-License-Identifier: BSD-3-Clause */
/* A model whose network runs elsewhere: rule and class names here, the maps through a callback. */
#include "nn/describe.h"
#include "nn/internal.h"

#include <string.h>

#define NETWORK_FIRST_SIZE (offsetof(cellseg_network, batch) + sizeof(size_t))

enum { MAX_BATCH = 1024 };

/* Sixteen-bit arithmetic and an engine's own exponential leave [0, 1] by less. */
static const float rounding = 1e-3F;

cellseg_status cellseg_network_init(cellseg_network *network, size_t struct_size) {
    static const cellseg_network defaults = {.struct_size = sizeof defaults, .batch = 8};
    return cseg_options_init(network, struct_size, &defaults, sizeof defaults, NETWORK_FIRST_SIZE, "cellseg_network");
}

static cellseg_status read_network(cellseg_network *own, const cellseg_network *network) {
    if (network == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "network is NULL");
    CSEG_TRY(cellseg_network_init(own, sizeof *own));
    CSEG_TRY(cseg_options_copy(own, sizeof *own, NETWORK_FIRST_SIZE, network, "cellseg_network"));
    if (own->predict == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the network has no function to predict");
    return cseg_range_check("batch", (double)own->batch, 1, MAX_BATCH);
}

static cellseg_status fill(cellseg_model *model, cellseg_context *context, const char *description,
                           const cellseg_network *network) {
    CSEG_TRY(read_network(&model->network, network));
    CSEG_TRY(cseg_parse_description(&model->rule, model->names, context, description));
    CSEG_TRY(cseg_rule_check(&model->rule));
    CSEG_TRY(cseg_string_copy(&model->record, context, "{}"));
    return cseg_model_describe(model, context);
}

static cellseg_status wrap(cellseg_model **out, cellseg_context *context, const char *description,
                           const cellseg_network *network) {
    cellseg_model *model = cseg_memory_calloc(context, 1, sizeof *model);
    if (model == NULL)
        return cseg_error_last();
    const cellseg_status status = fill(model, context, description, network);
    if (status != CELLSEG_OK)
        cellseg_model_free(model);
    else
        *out = model;
    return status;
}

cellseg_status cellseg_model_wrap(cellseg_model **out, cellseg_context *context, const char *description,
                                  const cellseg_network *network) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    if (description == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "description is NULL");
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, wrap(out, context, description, network));
}

const cellseg_network *cseg_network_of(const cellseg_model *model) {
    return model->network.predict != NULL ? &model->network : NULL;
}

/* Clamp; a value that no rounding explains fails. Class and pixel follow from its index. */
static cellseg_status check_maps(float *maps, const cellseg_model *model, size_t count) {
    const size_t edge = model->rule.patch_px, area = edge * edge, values = count * model->rule.classes * area;
    for (size_t i = 0; i < values; i++) {
        if (!(maps[i] >= -rounding && maps[i] <= 1 + rounding))
            return cseg_fail(CELLSEG_ERR_MODEL,
                             "the network's map \"%s\" is %g at row %zu, column %zu of a window; 0 to 1 is right",
                             model->names[i / area % model->rule.classes], (double)maps[i], i % area / edge, i % edge);
        maps[i] = maps[i] < 0 ? 0 : maps[i] > 1 ? 1 : maps[i];
    }
    return CELLSEG_OK;
}

cellseg_status cseg_network_run(const cellseg_model *model, float *maps, const float *windows, size_t count) {
    const cellseg_network *network = &model->network;
    assert(count >= 1 && count <= network->batch);
    const int32_t failure = network->predict(network->user, maps, windows, count, model->rule.patch_px);
    if (failure != 0)
        return cseg_fail(CELLSEG_ERR_MODEL, "the network failed with %d", (int)failure);
    return check_maps(maps, model, count);
}
