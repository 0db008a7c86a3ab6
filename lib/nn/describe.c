/* SPDX-License-Identifier: BSD-3-Clause */
/* Architecture, rule and class names: written as JSON text, parsed. */
#include "nn/describe.h"
#include "core/core.h"

#include <stdio.h>
#include <string.h>

static const char *const activations[] = {"linear", "relu", "sigmoid"};

/* ---- architecture ---- */

static void write_layer(cseg_text *text, const cseg_layer *layer) {
    cseg_text_add(text, "{\"op\":\"%s\"", cseg_arch_op_name(layer->op));
    if (cseg_layer_has_weights(layer))
        cseg_text_add(text, ",\"filters\":%u", layer->filters);
    if (layer->op == CSEG_OP_CONV)
        cseg_text_add(text, ",\"kernel\":%u,\"pad\":%u", layer->kernel, layer->pad);
    if (cseg_layer_has_weights(layer))
        cseg_text_add(text, ",\"norm\":%s,\"activation\":\"%s\"", layer->norm ? "true" : "false", activations[layer->activation]);
    if (layer->op == CSEG_OP_CONCAT)
        cseg_text_add(text, ",\"with\":%u", layer->with);
    if (layer->op == CSEG_OP_DROPOUT) {
        cseg_text_add(text, ",\"rate\":");
        cseg_text_add_number(text, layer->rate);
    }
    cseg_text_add(text, "}");
}

static void write_arch(cseg_text *text, const cseg_arch *arch) {
    cseg_text_add(text, "[");
    for (size_t i = 0; i < arch->count; i++) {
        cseg_text_add(text, i == 0 ? "" : ",");
        write_layer(text, &arch->layers[i]);
    }
    cseg_text_add(text, "]");
}

static cellseg_status parse_filter(cseg_layer *layer, const cseg_json *json) {
    static const char *const conv_keys[] = {"op", "filters", "kernel", "pad", "norm", "activation", NULL};
    static const char *const deconv_keys[] = {"op", "filters", "norm", "activation", NULL};
    CSEG_TRY(cseg_json_only(json, layer->op == CSEG_OP_CONV ? conv_keys : deconv_keys, cseg_arch_op_name(layer->op)));
    CSEG_TRY(cseg_json_uint(&layer->filters, json, "filters", 1, 4096));
    layer->kernel = 2;
    if (layer->op == CSEG_OP_CONV) {
        CSEG_TRY(cseg_json_uint(&layer->kernel, json, "kernel", 1, 3));
        CSEG_TRY(cseg_json_uint(&layer->pad, json, "pad", 0, 2));
    }
    const cseg_json *norm = cseg_json_member(json, "norm");
    layer->norm = cseg_json_is(norm, CSEG_JSON_TRUE);
    if (!layer->norm && !cseg_json_is(norm, CSEG_JSON_FALSE))
        return cseg_fail(CELLSEG_ERR_FORMAT, "\"norm\" must be true or false");
    const char *activation;
    CSEG_TRY(cseg_json_string(&activation, json, "activation"));
    for (int32_t a = CSEG_LINEAR; a <= CSEG_SIGMOID; a++) {
        layer->activation = a;
        if (strcmp(activation, activations[a]) == 0)
            return CELLSEG_OK;
    }
    return cseg_fail(CELLSEG_ERR_FORMAT, "unknown activation \"%s\"", activation);
}

static cellseg_status parse_layer(cseg_layer *layer, const cseg_json *json) {
    static const char *const pool_keys[] = {"op", NULL}, *const concat_keys[] = {"op", "with", NULL},
                             *const dropout_keys[] = {"op", "rate", NULL};
    const char *op;
    if (!cseg_json_is(json, CSEG_JSON_OBJECT))
        return cseg_fail(CELLSEG_ERR_FORMAT, "a layer must be an object");
    CSEG_TRY(cseg_json_string(&op, json, "op"));
    layer->op = CSEG_OP_CONV;
    while (layer->op <= CSEG_OP_DROPOUT && strcmp(op, cseg_arch_op_name(layer->op)) != 0)
        if (++layer->op > CSEG_OP_DROPOUT)
            return cseg_fail(CELLSEG_ERR_FORMAT, "unknown op \"%s\"", op);
    switch (layer->op) {
    case CSEG_OP_POOL:
        return cseg_json_only(json, pool_keys, op);
    case CSEG_OP_CONCAT:
        CSEG_TRY(cseg_json_only(json, concat_keys, op));
        return cseg_json_uint(&layer->with, json, "with", 0, CSEG_MAX_LAYERS - 1);
    case CSEG_OP_DROPOUT:
        CSEG_TRY(cseg_json_only(json, dropout_keys, op));
        return cseg_json_double(&layer->rate, json, "rate");
    default:
        return parse_filter(layer, json);
    }
}

static cellseg_status parse_layers(cseg_arch *arch, const cseg_json *json) {
    *arch = (cseg_arch){0};
    if (!cseg_json_is(json, CSEG_JSON_ARRAY))
        return cseg_fail(CELLSEG_ERR_FORMAT, "architecture: it must be a list of layers");
    for (const cseg_json *item = json->child; item != NULL; item = item->next) {
        if (arch->count == CSEG_MAX_LAYERS)
            return cseg_fail(CELLSEG_ERR_MODEL, "architecture: more than %d layers", CSEG_MAX_LAYERS);
        const cellseg_status status = parse_layer(&arch->layers[arch->count], item);
        if (status != CELLSEG_OK) {
            char where[32];
            (void)snprintf(where, sizeof where, "layer %zu", arch->count);
            return cseg_error_fail_in(status, where);
        }
        arch->count++;
    }
    return CELLSEG_OK;
}

cellseg_status cseg_parse_arch(cseg_arch *arch, cellseg_context *context, const char *text) {
    cseg_json *json;
    CSEG_TRY(cseg_json_parse(&json, context, text, strlen(text), "architecture"));
    const cellseg_status status = parse_layers(arch, json);
    cseg_memory_free(json);
    return status;
}

/* ---- rule ---- */

static const char *const joining_keys[] = {
    [CSEG_JOIN_CONSTANT] = "constant", [CSEG_JOIN_DISTANCE] = "distance",     [CSEG_JOIN_MARKER] = "marker",
    [CSEG_JOIN_NUCLEUS] = "nucleus",   [CSEG_JOIN_CONFIDENCE] = "confidence", [CSEG_JOIN_AREA_RATIO] = "area_ratio",
    [CSEG_JOIN_TERMS] = NULL};

/* Nothing for a model that joins no cells. */
static void write_joining(cseg_text *text, const double joining[CSEG_JOIN_TERMS]) {
    bool none = true;
    for (size_t i = 0; i < CSEG_JOIN_TERMS; i++)
        none = none && joining[i] == 0;
    for (size_t i = 0; !none && i < CSEG_JOIN_TERMS; i++) {
        cseg_text_add(text, "%s\"%s\":", i == 0 ? ",\"joining\":{" : ",", joining_keys[i]);
        cseg_text_add_number(text, joining[i]);
    }
    cseg_text_add(text, none ? "" : "}");
}

static cellseg_status read_joining(double joining[CSEG_JOIN_TERMS], const cseg_json *json) {
    if (!cseg_json_is(json, CSEG_JSON_OBJECT))
        return cseg_fail(CELLSEG_ERR_FORMAT, "\"joining\" must be an object");
    CSEG_TRY(cseg_json_only(json, joining_keys, "joining"));
    for (size_t i = 0; i < CSEG_JOIN_TERMS; i++)
        CSEG_TRY(cseg_json_double(&joining[i], json, joining_keys[i]));
    return CELLSEG_OK;
}

static void write_rule(cseg_text *text, const cseg_rule *rule) {
    const struct {
        const char *key;
        double value;
    } numbers[] = {
        {"pixel_size_um", rule->pixel_size_um},
        {"top_hat_um", rule->top_hat_um},
        {"percentile_low", rule->percentile_low},
        {"percentile_high", rule->percentile_high},
        {"noise_range", rule->noise_range},
        {"clip", rule->clip},
        {"power", rule->power},
        {"nucleus_diameter_um", rule->nucleus_diameter_um},
        {"patch_px", rule->patch_px},
        {"step_px", rule->step_px},
    };
    for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++) {
        cseg_text_add(text, "%s\"%s\":", i == 0 ? "{" : ",", numbers[i].key);
        cseg_text_add_number(text, numbers[i].value);
    }
    write_joining(text, rule->joining);
    cseg_text_add(text, "}");
}

static cellseg_status read_rule(cseg_rule *rule, const cseg_json *json) {
    static const char *const keys[] = {"pixel_size_um", "top_hat_um", "percentile_low", "percentile_high",
                                       "noise_range",   "clip",       "power",          "nucleus_diameter_um",
                                       "patch_px",      "step_px",    "joining",        NULL};
    CSEG_TRY(cseg_json_only(json, keys, "rule"));
    CSEG_TRY(cseg_json_double(&rule->pixel_size_um, json, "pixel_size_um"));
    CSEG_TRY(cseg_json_double(&rule->top_hat_um, json, "top_hat_um"));
    CSEG_TRY(cseg_json_double(&rule->percentile_low, json, "percentile_low"));
    CSEG_TRY(cseg_json_double(&rule->percentile_high, json, "percentile_high"));
    CSEG_TRY(cseg_json_double(&rule->noise_range, json, "noise_range"));
    CSEG_TRY(cseg_json_double(&rule->clip, json, "clip"));
    CSEG_TRY(cseg_json_double(&rule->power, json, "power"));
    if (cseg_json_member(json, "nucleus_diameter_um") != NULL) /* else the model states none */
        CSEG_TRY(cseg_json_double(&rule->nucleus_diameter_um, json, "nucleus_diameter_um"));
    if (cseg_json_member(json, "joining") != NULL) /* else no cells are joined */
        CSEG_TRY(read_joining(rule->joining, cseg_json_member(json, "joining")));
    CSEG_TRY(cseg_json_uint(&rule->patch_px, json, "patch_px", 1, 4096));
    return cseg_json_uint(&rule->step_px, json, "step_px", 1, 4096);
}

cellseg_status cseg_parse_rule(cseg_rule *rule, cellseg_context *context, const char *text) {
    *rule = (cseg_rule){0};
    cseg_json *json;
    CSEG_TRY(cseg_json_parse(&json, context, text, strlen(text), "rule"));
    const cellseg_status status = read_rule(rule, json);
    cseg_memory_free(json);
    return status != CELLSEG_OK ? cseg_error_fail_in(status, "rule") : CELLSEG_OK;
}

/* ---- classes ---- */

static void write_classes(cseg_text *text, const cellseg_model *model) {
    for (uint32_t c = 0; c < model->rule.classes; c++) {
        cseg_text_add(text, c == 0 ? "[" : ",");
        cseg_text_add_string(text, model->names[c]);
    }
    cseg_text_add(text, "]");
}

static cellseg_status read_classes(char names[CSEG_MAX_CLASSES][CSEG_NAME_BYTES], uint32_t *count, const cseg_json *json) {
    *count = 0;
    for (const cseg_json *item = json->child; item != NULL; item = item->next) {
        if (!cseg_json_is(item, CSEG_JSON_STRING) || item->string[0] == '\0' || strlen(item->string) >= CSEG_NAME_BYTES)
            return cseg_fail(CELLSEG_ERR_FORMAT, "classes: a name must be a string of 1 to %d bytes", CSEG_NAME_BYTES - 1);
        if (*count == CSEG_MAX_CLASSES)
            return cseg_fail(CELLSEG_ERR_MODEL, "classes: more than %d", CSEG_MAX_CLASSES);
        (void)snprintf(names[(*count)++], CSEG_NAME_BYTES, "%s", item->string);
    }
    return CELLSEG_OK;
}

cellseg_status cseg_parse_classes(char names[CSEG_MAX_CLASSES][CSEG_NAME_BYTES], uint32_t *count, cellseg_context *context,
                                  const char *text) {
    cseg_json *json;
    CSEG_TRY(cseg_json_parse(&json, context, text, strlen(text), "classes"));
    const cellseg_status status = cseg_json_is(json, CSEG_JSON_ARRAY)
                                      ? read_classes(names, count, json)
                                      : cseg_fail(CELLSEG_ERR_FORMAT, "classes: it must be a list of names");
    cseg_memory_free(json);
    return status;
}

/* ---- rule and classes in one text ---- */

static cellseg_status read_members(cseg_rule *rule, char names[CSEG_MAX_CLASSES][CSEG_NAME_BYTES], const cseg_json *json) {
    const cseg_json *of_rule = cseg_json_member(json, "rule"), *of_classes = cseg_json_member(json, "classes");
    if (!cseg_json_is(of_rule, CSEG_JSON_OBJECT) || !cseg_json_is(of_classes, CSEG_JSON_ARRAY))
        return cseg_fail(CELLSEG_ERR_FORMAT, "an object \"rule\" and a list \"classes\" must be there");
    CSEG_TRY(read_rule(rule, of_rule));
    return read_classes(names, &rule->classes, of_classes);
}

cellseg_status cseg_parse_description(cseg_rule *rule, char names[CSEG_MAX_CLASSES][CSEG_NAME_BYTES], cellseg_context *context,
                                      const char *text) {
    static const char what[] = "description";
    *rule = (cseg_rule){0};
    cseg_json *json;
    CSEG_TRY(cseg_json_parse(&json, context, text, strlen(text), what));
    const cellseg_status status = read_members(rule, names, json);
    cseg_memory_free(json);
    return status != CELLSEG_OK ? cseg_error_fail_in(status, what) : CELLSEG_OK;
}

/* ---- texts ---- */

cellseg_status cseg_describe_arch(char **out, cellseg_context *context, const cseg_arch *arch) {
    cseg_text text = {.context = context};
    write_arch(&text, arch);
    return cseg_text_take(out, &text);
}

cellseg_status cseg_describe_rule(char **out, cellseg_context *context, const cseg_rule *rule) {
    cseg_text text = {.context = context};
    write_rule(&text, rule);
    return cseg_text_take(out, &text);
}

cellseg_status cseg_describe_classes(char **out, cellseg_context *context, const cellseg_model *model) {
    cseg_text text = {.context = context};
    write_classes(&text, model);
    return cseg_text_take(out, &text);
}

cellseg_status cseg_describe_info(char **out, cellseg_context *context, const cellseg_model *model) {
    cseg_text text = {.context = context};
    cseg_text_add(&text, "{\"parameters\":%zu,\"classes\":", model->layout.trained);
    write_classes(&text, model);
    cseg_text_add(&text, ",\"rule\":");
    write_rule(&text, &model->rule);
    cseg_text_add(&text, ",\"architecture\":");
    write_arch(&text, &model->arch);
    /* The record is last: average.c compares the text before it. */
    cseg_text_add(&text, ",\"record\":%s}", model->record);
    return cseg_text_take(out, &text);
}
