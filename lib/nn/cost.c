/* SPDX-License-Identifier: BSD-3-Clause */
/* What a model of a file may cost, known before its work and most of its memory. Cost: that of the layers' list. */
#include "nn/cost.h"

#include <stdio.h>

enum { FRAME = 2 };

/*
 * What a model may cost, whatever the file claims. The paper's network at its patch of 176 pixels takes 5.0e9 multiply-adds
 * (cseg_arch_work()) and 17 MB, and 3.7e8 for a test vector of 48 pixels; the default model a quarter of the work and half of the
 * bytes. A network of eight times the paper's width is within the limits.
 */
static const double max_patch_work = 5e11, max_test_work = 3.2e10;
static const uint64_t max_patch_bytes = (uint64_t)1 << 29;

static cellseg_status check_work(const cseg_arch *arch, const cseg_size *sizes, double most, const char *what) {
    const double work = cseg_arch_work(arch, sizes);
    if (work <= most)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_LIMIT, "%s takes %.3g multiply-adds; at most %.3g are allowed", what, work, most);
}

cellseg_status cseg_cost_check_layers(const cseg_arch *arch, const cseg_layout *layout, const cseg_rule *rule,
                                      cellseg_context *context) {
    const size_t edge = rule->patch_px;
    cseg_size sizes[CSEG_MAX_LAYERS];
    CSEG_TRY(cseg_arch_sizes(sizes, arch, edge, edge));
    CSEG_TRY(check_work(arch, sizes, max_patch_work, "a patch"));
    for (size_t i = 0; i < arch->count; i++) {
        const cseg_layer *layer = &arch->layers[i];
        const size_t floats = cseg_tensor_floats(1, sizes[i].height, sizes[i].width, layer->out, FRAME);
        char name[48];
        (void)snprintf(name, sizeof name, "layer %zu (%s)", i, cseg_arch_op_name(layer->op));
        const uint64_t bytes = ((uint64_t)floats + layout->slots[i].weights) * sizeof(float);
        CSEG_TRY(cseg_budget_check(context, bytes, name));
    }
    return CELLSEG_OK;
}

/* The layer that moves most on an input of edge x edge. */
static size_t largest_layer(const cellseg_model *model, const cseg_size *sizes, size_t edge) {
    size_t max_moved = 0, blamed = 0, before = edge * edge;
    for (size_t i = 0; i < model->arch.count; i++) {
        const size_t after = sizes[i].height * sizes[i].width * model->arch.layers[i].out;
        if (before + after > max_moved) {
            max_moved = before + after;
            blamed = i;
        }
        before = after;
    }
    return blamed;
}

cellseg_status cseg_cost_check_patch(const cellseg_model *model, cellseg_context *context) {
    const size_t edge = model->rule.patch_px;
    cseg_size sizes[CSEG_MAX_LAYERS];
    char name[64];
    CSEG_TRY(cseg_arch_sizes(sizes, &model->arch, edge, edge));
    const size_t blamed = largest_layer(model, sizes, edge);
    (void)snprintf(name, sizeof name, "a patch, most at layer %zu (%s),", blamed,
                   cseg_arch_op_name(model->arch.layers[blamed].op));
    const uint64_t values = cseg_forward_values_bytes(model, context, edge, edge);
    const uint64_t workspace = cseg_forward_workspace_bytes(model, context, 1, edge, edge);
    if (values == 0 || workspace == 0)
        return cseg_error_last();
    const uint64_t bytes = values + (1 + (uint64_t)model->rule.classes) * edge * edge * sizeof(float);
    if (bytes > max_patch_bytes)
        return cseg_fail(CELLSEG_ERR_LIMIT, "%s needs %llu bytes; at most %llu are allowed", name, (unsigned long long)bytes,
                         (unsigned long long)max_patch_bytes);
    return cseg_budget_check(context, workspace, name);
}

cellseg_status cseg_cost_check_test(const cellseg_model *model, cellseg_context *context) {
    cseg_size sizes[CSEG_MAX_LAYERS];
    CSEG_TRY(cseg_arch_sizes(sizes, &model->arch, model->test.height, model->test.width));
    CSEG_TRY(check_work(&model->arch, sizes, max_test_work, "test vector: it"));
    const uint64_t bytes = cseg_forward_values_bytes(model, context, model->test.height, model->test.width);
    if (bytes == 0 || bytes > max_patch_bytes)
        return cseg_fail(CELLSEG_ERR_LIMIT, "test vector: it needs %llu bytes; at most %llu are allowed",
                         (unsigned long long)bytes, (unsigned long long)max_patch_bytes);
    return CELLSEG_OK;
}
