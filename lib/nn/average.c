/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The weighted mean of two models' weights. Models trained from each other, or both from a third, lie in one basin of the loss.
 * A point between them is as good on the data of either and better on other data (Izmailov et al. 2018, "Averaging weights leads
 * to wider optima and better generalization"; Wortsman et al. 2022, "Robust fine-tuning of zero-shot models"). Running means and
 * variances are averaged too, instead of measured again. Cost: one pass over the weights, and the test vector.
 */
#include "nn/internal.h"

#include <string.h>

/* Length of a model's info on layers, rule and classes: the text before the record. */
static size_t without_record(const cellseg_model *model) {
    return strlen(model->info) - strlen(model->record) - 1;
}

static bool alike(const cellseg_model *a, const cellseg_model *b) {
    const size_t length = without_record(a);
    return without_record(b) == length && memcmp(a->info, b->info, length) == 0;
}

static cellseg_status check(const cellseg_model *a, const cellseg_model *b, double part) {
    CSEG_TRY(cseg_model_check_layers(a));
    CSEG_TRY(cseg_model_check_layers(b));
    CSEG_TRY(cseg_range_check("part", part, 0, 1));
    return alike(a, b) ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_MODEL, "the models differ in layers, rule or classes");
}

static cellseg_status average(cellseg_model **out, cellseg_context *context, const cellseg_model *a, const cellseg_model *b,
                              double part) {
    CSEG_TRY(check(a, b, part));
    cellseg_model *model;
    CSEG_TRY(cseg_model_new(&model, context, &a->arch, &a->rule, b->record));
    memcpy(model->names, a->names, sizeof model->names);
    for (size_t i = 0; i < model->layout.total; i++)
        model->params[i] = (float)((1 - part) * (double)a->params[i] + part * (double)b->params[i]);
    const cellseg_status status = cseg_model_complete(model, context, b->test.height, b->test.width);
    if (status != CELLSEG_OK)
        cellseg_model_free(model);
    else
        *out = model;
    return status;
}

cellseg_status cellseg_model_average(cellseg_model **out, cellseg_context *context, const cellseg_model *a,
                                     const cellseg_model *b, double part) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, average(out, context, a, b, part));
}
