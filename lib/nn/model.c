/* SPDX-License-Identifier: BSD-3-Clause */
/* A model in memory: parameters as trained, and folded and packed for inference. */
#include "nn/describe.h"
#include "nn/fold.h"
#include "nn/internal.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

const cseg_rule *cseg_model_rule(const cellseg_model *model) {
    return &model->rule;
}

const char *cseg_model_class_name(const cellseg_model *model, uint32_t index) {
    assert(index < model->rule.classes);
    return model->names[index];
}

void cseg_model_default_names(char names[CSEG_MAX_CLASSES][CSEG_NAME_BYTES]) {
    static const char *const known[] = {"nucleus", "cytoplasm", "background", "boundary"};
    for (size_t c = 0; c < CSEG_MAX_CLASSES; c++) {
        if (c < sizeof known / sizeof *known)
            (void)snprintf(names[c], CSEG_NAME_BYTES, "%s", known[c]);
        else
            (void)snprintf(names[c], CSEG_NAME_BYTES, "class %zu", c + 1);
    }
}

static bool within(double value, double lo, double hi) {
    return value >= lo && value <= hi; /* false for NaN */
}

static bool is_joining_within(const double joining[CSEG_JOIN_TERMS]) {
    const double max = 1e6;
    for (size_t i = 0; i < CSEG_JOIN_TERMS; i++)
        if (!within(joining[i], -max, max))
            return false;
    return true;
}

cellseg_status cseg_rule_check(const cseg_rule *rule) {
    const char *fault = NULL;
    if (!within(rule->pixel_size_um, 0.001, 1000))
        fault = "pixel_size_um must lie in [0.001, 1000]";
    else if (!within(rule->top_hat_um, 0, 1e6))
        fault = "top_hat_um must lie in [0, 1e6]";
    else if (!within(rule->percentile_low, 0, 100) || !within(rule->percentile_high, 0, 100) ||
             rule->percentile_low >= rule->percentile_high)
        fault = "percentiles must rise within [0, 100]";
    else if (!within(rule->noise_range, 0, 1e6))
        fault = "noise_range must lie in [0, 1e6]";
    else if (!within(rule->clip, 0.01, 1e6))
        fault = "clip must lie in [0.01, 1e6]";
    else if (!within(rule->power, 0.01, 100))
        fault = "power must lie in [0.01, 100]";
    else if (!within(rule->nucleus_diameter_um, 0, 1000))
        fault = "nucleus_diameter_um must lie in [0, 1000]";
    else if (rule->patch_px < 1 || rule->patch_px > 4096 || rule->step_px < 1 || rule->step_px > rule->patch_px ||
             (rule->patch_px - rule->step_px) % 2 != 0)
        fault = "patch_px must lie in [1, 4096], step_px in [1, patch_px], and their difference be even";
    else if (rule->classes < 1 || rule->classes > CSEG_MAX_CLASSES)
        fault = "classes must lie in [1, 8]";
    else if (!is_joining_within(rule->joining))
        fault = "joining: a coefficient must lie in [-1e6, 1e6]";
    return fault == NULL ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_MODEL, "rule: %s", fault);
}

cellseg_status cseg_model_check_layers(const cellseg_model *model) {
    if (model == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "model is NULL");
    if (model->arch.count == 0)
        return cseg_fail(CELLSEG_ERR_MODEL, "the model has no layers: its network runs elsewhere");
    return CELLSEG_OK;
}

cellseg_status cseg_model_new(cellseg_model **out, cellseg_context *context, const cseg_arch *arch, const cseg_rule *rule,
                              const char *record) {
    *out = NULL;
    CSEG_TRY(cseg_rule_check(rule));
    cellseg_model *model = cseg_memory_calloc(context, 1, sizeof *model);
    if (model == NULL)
        return cseg_error_last();
    model->arch = *arch;
    model->rule = *rule;
    cseg_model_default_names(model->names);
    cellseg_status status;
    CSEG_TRY_GOTO(failed, cseg_arch_check(&model->arch, rule->classes));
    CSEG_TRY_GOTO(failed, cseg_layout_make(&model->layout, &model->arch));
    CSEG_TRY_GOTO(failed, cseg_string_copy(&model->record, context, record != NULL ? record : "{}"));
    model->params = cseg_memory_alloc(context, model->layout.total, sizeof *model->params);
    if (model->params == NULL) {
        status = cseg_error_last();
        goto failed;
    }
    *out = model;
    return CELLSEG_OK;
failed:
    cellseg_model_free(model);
    return status;
}

void cellseg_model_free(cellseg_model *model) {
    if (model == NULL)
        return;
    cseg_memory_free(model->params);
    cseg_memory_free(model->record);
    cseg_memory_free(model->info);
    cseg_memory_free(model->test.input);
    cseg_memory_free(model->test.output);
    cseg_memory_free(model->packed);
    cseg_memory_free(model);
}

/* ---- completing ---- */

static bool all_finite(const float *values, size_t count) {
    bool good = true;
    for (size_t i = 0; i < count; i++)
        good = good && isfinite(values[i]);
    return good;
}

/* A running variance must be finite and not negative, every other parameter finite. */
static cellseg_status check_params(const cellseg_model *model, cellseg_context *context) {
    for (size_t i = 0; i < model->arch.count; i++) {
        const cseg_layer *layer = &model->arch.layers[i];
        const cseg_slot *slot = &model->layout.slots[i];
        if (!cseg_layer_has_weights(layer))
            continue;
        CSEG_TRY(cseg_progress_poll(context, 0));
        bool good = all_finite(model->params + slot->weight, slot->weights);
        for (size_t c = 0; c < layer->out; c++) {
            good = good && isfinite(model->params[slot->shift + c]);
            if (layer->norm)
                good = good && isfinite(model->params[slot->scale + c]) && isfinite(model->params[slot->mean + c]) &&
                       isfinite(model->params[slot->variance + c]) && model->params[slot->variance + c] >= 0;
        }
        if (!good)
            return cseg_layer_fail(&model->arch, i, "a parameter is not finite, or a variance is negative");
    }
    return CELLSEG_OK;
}

/* FNV-1a over the description without the record, then over the parameters' bits: a word at a time, the same on every machine. */
static cellseg_status compute_hash(cellseg_model *model, cellseg_context *context) {
    const uint64_t start = 0xcbf29ce484222325U, prime = 0x100000001b3U;
    const size_t described = strlen(model->info) - strlen(model->record), piece = (size_t)1 << 22;
    uint64_t hash = start;
    for (size_t i = 0; i < described; i++)
        hash = (hash ^ (unsigned char)model->info[i]) * prime;
    for (size_t i = 0; i < model->layout.total; i++) {
        uint32_t bits;
        memcpy(&bits, &model->params[i], sizeof bits);
        hash = (hash ^ bits) * prime;
        if (i % piece == 0)
            CSEG_TRY(cseg_progress_poll(context, 1));
    }
    model->hash = hash;
    return CELLSEG_OK;
}

cellseg_status cseg_model_describe(cellseg_model *model, cellseg_context *context) {
    CSEG_TRY(cseg_describe_info(&model->info, context, model));
    return compute_hash(model, context);
}

cellseg_status cseg_model_finish(cellseg_model *model, cellseg_context *context) {
    CSEG_TRY(check_params(model, context));
    size_t weights_at[CSEG_MAX_LAYERS], shift_at[CSEG_MAX_LAYERS];
    model->kernels = cseg_kernels_select(cellseg_context_cpu_level(context));
    const size_t floats = cseg_fold_floats(model->kernels, &model->arch, weights_at, shift_at);
    float *scratch = cseg_memory_alloc(context, model->layout.max_weights, sizeof *scratch);
    if (scratch == NULL)
        return cseg_error_last();
    model->packed = cseg_memory_alloc(context, floats, sizeof *model->packed);
    if (model->packed == NULL) {
        cseg_memory_free(scratch);
        return cseg_error_last();
    }
    const cellseg_status status =
        cseg_fold_weights(context, model->packed, model->kernels, &model->arch, &model->layout, model->params, scratch);
    cseg_memory_free(scratch);
    CSEG_TRY(status);
    return cseg_model_describe(model, context);
}

/* ---- the test vector ---- */

cellseg_status cseg_model_test_edge(size_t *edge, const cseg_arch *arch) {
    cseg_size sizes[CSEG_MAX_LAYERS];
    cellseg_status status = CELLSEG_ERR_MODEL;
    for (*edge = CSEG_MIN_TEST_EDGE; *edge <= CSEG_MAX_TEST_EDGE; (*edge)++) {
        status = cseg_arch_sizes(sizes, arch, *edge, *edge);
        if (status == CELLSEG_OK)
            return CELLSEG_OK;
    }
    return status;
}

cellseg_status cseg_model_test_new(cellseg_model *model, cellseg_context *context, size_t height, size_t width) {
    cseg_test_vector *test = &model->test;
    test->height = height;
    test->width = width;
    test->input = cseg_memory_alloc(context, height * width, sizeof *test->input);
    test->output =
        test->input != NULL ? cseg_memory_alloc(context, model->rule.classes * height * width, sizeof *test->output) : NULL;
    if (test->output == NULL)
        return cseg_error_last();
    for (size_t i = 0; i < height * width; i++)
        test->input[i] = (float)(cseg_random_bits(height, i) >> 40) * 0x1p-24F;
    return CELLSEG_OK;
}

/* The network within a loop of one index, so that it reports progress. */
typedef struct run_job {
    float *output;
    const float *input;
    size_t height, width;
    const cellseg_model *model;
    cellseg_context *context;
    void *workspace;
} run_job;

static cellseg_status run_network(void *data, size_t index) {
    const run_job *job = data;
    (void)index;
    return cseg_forward_run(job->model, job->context, job->output, job->input, 1, job->height, job->width, job->workspace);
}

cellseg_status cseg_model_run(float *output, const cellseg_model *model, cellseg_context *context, const float *input,
                              size_t height, size_t width) {
    const size_t bytes = cseg_forward_workspace_bytes(model, context, 1, height, width);
    if (bytes > 0)
        CSEG_TRY(cseg_budget_check(context, bytes, "the network"));
    void *workspace = cseg_memory_alloc(context, bytes > 0 ? bytes : 1, 1);
    if (workspace == NULL)
        return cseg_error_last();
    run_job job = {output, input, height, width, model, context, workspace};
    const cellseg_status status = cseg_parallel_for(context, 1, run_network, &job);
    cseg_memory_free(workspace);
    return status;
}

cellseg_status cseg_model_test_run(float *output, const cellseg_model *model, cellseg_context *context) {
    return cseg_model_run(output, model, context, model->test.input, model->test.height, model->test.width);
}

cellseg_status cseg_model_complete(cellseg_model *model, cellseg_context *context, size_t height, size_t width) {
    CSEG_TRY(cseg_model_finish(model, context));
    CSEG_TRY(cseg_model_test_new(model, context, height, width));
    return cseg_model_test_run(model->test.output, model, context);
}

/* ---- public accessors ---- */

const char *cellseg_model_info(const cellseg_model *model) {
    return model != NULL ? model->info : "";
}

double cellseg_model_pixel_size_um(const cellseg_model *model) {
    return model != NULL ? model->rule.pixel_size_um : 0;
}

double cellseg_model_nucleus_diameter_um(const cellseg_model *model) {
    return model != NULL ? model->rule.nucleus_diameter_um : 0;
}

uint64_t cellseg_model_hash(const cellseg_model *model) {
    return model != NULL ? model->hash : 0;
}

uint64_t cellseg_model_parameters(const cellseg_model *model) {
    return model != NULL ? model->layout.trained : 0;
}
