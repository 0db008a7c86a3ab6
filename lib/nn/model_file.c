/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Model files (docs/model-format.md): a model as named tensors, written and read. Loading validates the header, then
 * architecture and rule, then that the file holds exactly the architecture's tensors with their shapes. Only then is memory
 * allocated. At the end the test vector proves that the network computes the same values here as where it was saved. ONNX files
 * are told by their first bytes, and read by onnx_read.c.
 */
#include "nn/cost.h"
#include "nn/describe.h"
#include "nn/float16.h"
#include "nn/internal.h"
#include "nn/onnx_read.h"
#include "nn/safetensors.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

enum { TENSORS_PER_LAYER = 5, MAX_TENSORS = TENSORS_PER_LAYER * CSEG_MAX_LAYERS + 2, TENSOR_NAME_BYTES = 48 };

/* Probabilities of two correct builds differ by rounding, some 1e-6; a wrong kernel or a damaged weight changes them far more. */
static const double test_tolerance = 1e-4;

static const uint64_t max_file_bytes = (uint64_t)1 << 31;

/* Every tensor of a model: name in the file, shape, and position of its numbers. */
typedef struct inventory {
    size_t count;
    cseg_tensor_entry entries[MAX_TENSORS];
    char names[MAX_TENSORS][TENSOR_NAME_BYTES];
    size_t at[MAX_TENSORS]; /* in the parameters; the last two entries are the test vector */
} inventory;

static void list(inventory *all, size_t layer, const char *what, size_t at, const cseg_tensor_entry *entry) {
    const size_t i = all->count++;
    (void)snprintf(all->names[i], TENSOR_NAME_BYTES, "layer%zu.%s", layer, what);
    all->entries[i] = *entry;
    all->entries[i].name = all->names[i];
    all->at[i] = at;
}

static void list_layer(inventory *all, const cseg_layer *layer, const cseg_slot *slot, size_t i, bool half) {
    const cseg_tensor_entry weight = {
        .half = half, .dimensions = 4, .shape = {layer->kernel, layer->kernel, layer->in, layer->out}};
    const cseg_tensor_entry vector = {.dimensions = 1, .shape = {layer->out}};
    list(all, i, "weight", slot->weight, &weight);
    if (!layer->norm) {
        list(all, i, "bias", slot->shift, &vector);
        return;
    }
    list(all, i, "norm.gamma", slot->scale, &vector);
    list(all, i, "norm.beta", slot->shift, &vector);
    list(all, i, "norm.mean", slot->mean, &vector);
    list(all, i, "norm.var", slot->variance, &vector);
}

static void take_inventory(inventory *all, const cseg_arch *arch, const cseg_layout *layout, size_t test_height,
                           size_t test_width, bool half) {
    all->count = 0;
    for (size_t i = 0; i < arch->count; i++)
        if (cseg_layer_has_weights(&arch->layers[i]))
            list_layer(all, &arch->layers[i], &layout->slots[i], i, half);
    const size_t classes = arch->layers[arch->count - 1].out;
    all->entries[all->count++] = (cseg_tensor_entry){.name = "test.input", .dimensions = 2, .shape = {test_height, test_width}};
    all->entries[all->count++] =
        (cseg_tensor_entry){.name = "test.output", .dimensions = 3, .shape = {classes, test_height, test_width}};
}

/* ---- loading ---- */

typedef struct description {
    cseg_arch arch;
    cseg_layout layout;
    cseg_rule rule;
    char names[CSEG_MAX_CLASSES][CSEG_NAME_BYTES];
    const char *record; /* borrowed from the header */
    size_t test_shape[2];
} description;

static cellseg_status check_format(const cseg_json *metadata) {
    static const char *const keys[] = {"format", "version", "architecture", "rule", "classes", "record", NULL};
    const char *format, *version;
    CSEG_TRY(cseg_json_string(&format, metadata, "format"));
    if (strcmp(format, "cellseg-model") != 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "not a cellseg model: its format is \"%s\"", format);
    CSEG_TRY(cseg_json_string(&version, metadata, "version"));
    if (strcmp(version, "1") != 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "a model of version \"%s\"; this library reads version 1", version);
    return cseg_json_only(metadata, keys, "__metadata__");
}

static cellseg_status check_record(cellseg_context *context, const char *record) {
    cseg_json *json;
    CSEG_TRY(cseg_json_parse(&json, context, record, strlen(record), "record"));
    const bool object = cseg_json_is(json, CSEG_JSON_OBJECT);
    cseg_memory_free(json);
    return object ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_FORMAT, "record: it must be an object");
}

static cellseg_status read_description(description *about, cellseg_context *context, const cseg_json *metadata) {
    const char *arch, *rule, *classes;
    CSEG_TRY(check_format(metadata));
    CSEG_TRY(cseg_json_string(&arch, metadata, "architecture"));
    CSEG_TRY(cseg_json_string(&rule, metadata, "rule"));
    CSEG_TRY(cseg_json_string(&classes, metadata, "classes"));
    CSEG_TRY(cseg_json_string(&about->record, metadata, "record"));
    CSEG_TRY(cseg_parse_arch(&about->arch, context, arch));
    CSEG_TRY(cseg_parse_rule(&about->rule, context, rule));
    CSEG_TRY(cseg_parse_classes(about->names, &about->rule.classes, context, classes));
    CSEG_TRY(check_record(context, about->record));
    CSEG_TRY(cseg_rule_check(&about->rule));
    CSEG_TRY(cseg_arch_check(&about->arch, about->rule.classes));
    return cseg_layout_make(&about->layout, &about->arch);
}

static cellseg_status check_tensors(description *about, inventory *all, const cseg_safetensors *file) {
    size_t *shape = about->test_shape;
    CSEG_TRY(cseg_safetensors_shape(shape, file, "test.input", 2));
    if (shape[0] > CSEG_MAX_TEST_EDGE || shape[1] > CSEG_MAX_TEST_EDGE)
        return cseg_fail(CELLSEG_ERR_MODEL, "test vector: %zu x %zu pixels; at most %d x %d are read", shape[0], shape[1],
                         CSEG_MAX_TEST_EDGE, CSEG_MAX_TEST_EDGE);
    take_inventory(all, &about->arch, &about->layout, shape[0], shape[1], true);
    for (size_t i = 0; i < all->count; i++)
        CSEG_TRY(cseg_safetensors_check(file, &all->entries[i]));
    if (file->tensors != all->count)
        return cseg_fail(CELLSEG_ERR_MODEL, "%zu tensors, where the architecture requires %zu", file->tensors, all->count);
    return CELLSEG_OK;
}

static cellseg_status check_test_vector(const cellseg_model *model, cellseg_context *context) {
    const size_t count = model->rule.classes * model->test.height * model->test.width;
    CSEG_TRY(cseg_cost_check_test(model, context));
    float *output = cseg_memory_alloc(context, count, sizeof *output);
    if (output == NULL)
        return cseg_error_last();
    cellseg_status status = cseg_model_test_run(output, model, context);
    double worst = 0;
    for (size_t i = 0; status == CELLSEG_OK && i < count; i++) {
        const double difference = fabs((double)output[i] - model->test.output[i]);
        if (!(difference <= worst)) /* NaN fails too */
            worst = difference;
    }
    cseg_memory_free(output);
    if (status == CELLSEG_OK && !(worst <= test_tolerance))
        status = cseg_fail(CELLSEG_ERR_MODEL, "test vector: the network's output differs by %g; at most %g is right", worst,
                           test_tolerance);
    return status;
}

static cellseg_status build(cellseg_model **out, cellseg_context *context, const description *about, const inventory *all,
                            const cseg_safetensors *file) {
    cellseg_model *model;
    cellseg_status status;
    CSEG_TRY(cseg_model_new(&model, context, &about->arch, &about->rule, about->record));
    memcpy(model->names, about->names, sizeof model->names);
    cseg_progress_step(context, "weights", 0.2, 0.4);
    for (size_t i = 0; i + 2 < all->count; i++) {
        CSEG_TRY_GOTO(failed, cseg_progress_poll(context, (double)i / (double)all->count));
        cseg_safetensors_read(model->params + all->at[i], file, all->entries[i].name);
    }
    cseg_progress_step(context, "packing", 0.4, 0.6);
    CSEG_TRY_GOTO(failed, cseg_model_finish(model, context));
    CSEG_TRY_GOTO(failed, cseg_cost_check_patch(model, context));
    CSEG_TRY_GOTO(failed, cseg_model_test_new(model, context, about->test_shape[0], about->test_shape[1]));
    cseg_safetensors_read(model->test.input, file, "test.input");
    cseg_safetensors_read(model->test.output, file, "test.output");
    cseg_progress_step(context, "test vector", 0.6, 1);
    CSEG_TRY_GOTO(failed, check_test_vector(model, context));
    *out = model;
    return CELLSEG_OK;
failed:
    cellseg_model_free(model);
    return status;
}

static cellseg_status load_open(cellseg_model **out, cellseg_context *context, const cseg_safetensors *file) {
    /* Both are too large for some embedders' stacks, and small beside any model's own memory. */
    struct {
        description about;
        inventory all;
    } *work = cseg_memory_calloc(context, 1, sizeof *work);
    if (work == NULL)
        return cseg_error_last();
    cellseg_status status = read_description(&work->about, context, file->metadata);
    if (status == CELLSEG_OK)
        status = cseg_cost_check_layers(&work->about.arch, &work->about.layout, &work->about.rule, context);
    if (status == CELLSEG_OK)
        status = check_tensors(&work->about, &work->all, file);
    if (status == CELLSEG_OK)
        status = build(out, context, &work->about, &work->all, file);
    cseg_memory_free(work);
    return status;
}

static cellseg_status load_memory(cellseg_model **out, cellseg_context *context, const void *bytes, size_t size) {
    if (cseg_onnxfile_is(bytes, size))
        return cseg_onnxfile_load(out, context, bytes, size);
    cseg_safetensors file;
    CSEG_TRY(cseg_safetensors_open(&file, context, bytes, size));
    const cellseg_status status = load_open(out, context, &file);
    cseg_safetensors_close(&file);
    return status;
}

static cellseg_status clear(cellseg_model **out) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    return CELLSEG_OK;
}

cellseg_status cseg_modelfile_load(cellseg_model **out, cellseg_context *context, const void *bytes, size_t size) {
    CSEG_TRY(clear(out));
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, load_memory(out, context, bytes, size));
}

static cellseg_status read_all(uint8_t *bytes, cellseg_context *context, cseg_file *file, size_t size) {
    const size_t piece = (size_t)4 << 20;
    cseg_progress_step(context, "reading", 0, 0.2);
    for (size_t done = 0; done < size; done += piece) {
        const size_t count = size - done < piece ? size - done : piece;
        CSEG_TRY(cseg_progress_poll(context, (double)done / (double)size));
        if (cseg_file_read_at(file, bytes + done, count, done) != count)
            return file->error != 0 ? cseg_file_fail("cannot be read", file->error)
                                    : cseg_fail(CELLSEG_ERR_IO, "it changed while it was read");
    }
    return CELLSEG_OK;
}

/* Validate the first bytes before memory is allocated for the rest. */
static cellseg_status read_open(uint8_t **bytes, cellseg_context *context, cseg_file *file) {
    uint8_t start[64];
    const size_t available = cseg_file_read_at(file, start, sizeof start, 0);
    if (file->error != 0)
        return cseg_file_fail("cannot be read", file->error);
    if (!cseg_onnxfile_is(start, available))
        CSEG_TRY(cseg_safetensors_check_start(start, available, file->size));
    if (file->size > max_file_bytes)
        return cseg_fail(CELLSEG_ERR_FORMAT, "a file of more than 2 GB");
    const size_t size = (size_t)file->size;
    CSEG_TRY(cseg_budget_check(context, size, "the file"));
    *bytes = cseg_memory_alloc(context, size, 1);
    if (*bytes == NULL)
        return cseg_error_last();
    const cellseg_status status = read_all(*bytes, context, file, size);
    if (status != CELLSEG_OK) {
        cseg_memory_free(*bytes);
        *bytes = NULL;
    }
    return status;
}

static cellseg_status load_file(cellseg_model **out, cellseg_context *context, cseg_file *file) {
    cellseg_status status = cseg_file_open(file);
    uint8_t *bytes = NULL;
    if (status == CELLSEG_OK) {
        status = read_open(&bytes, context, file);
        cseg_file_close(file);
    }
    if (status == CELLSEG_OK)
        status = load_memory(out, context, bytes, (size_t)file->size);
    cseg_memory_free(bytes);
    return status == CELLSEG_OK ? status : cseg_error_fail_in(status, file->reader.name);
}

static cellseg_status load_in_call(cellseg_model **out, cellseg_context *context, cseg_file *file) {
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, load_file(out, context, file));
}

cellseg_status cellseg_model_load(cellseg_model **out, cellseg_context *context, const char *path) {
    cseg_file file;
    CSEG_TRY(clear(out));
    CSEG_TRY(cseg_file_set_path(&file, path));
    return load_in_call(out, context, &file);
}

cellseg_status cellseg_model_load_from(cellseg_model **out, cellseg_context *context, const cellseg_reader *reader) {
    cseg_file file;
    CSEG_TRY(clear(out));
    CSEG_TRY(cseg_file_set_reader(&file, reader));
    return load_in_call(out, context, &file);
}

/* ---- saving ---- */

static cellseg_status write_file(uint8_t **bytes, size_t *size, cellseg_context *context, const cellseg_model *model,
                                 const inventory *all, const float *const *numbers) {
    char *arch = NULL, *rule = NULL, *classes = NULL;
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_describe_arch(&arch, context, &model->arch));
    CSEG_TRY_GOTO(done, cseg_describe_rule(&rule, context, &model->rule));
    CSEG_TRY_GOTO(done, cseg_describe_classes(&classes, context, model));
    const cseg_metadata texts[] = {
        {"format", "cellseg-model"}, {"version", "1"}, {"architecture", arch}, {"rule", rule}, {"classes", classes},
        {"record", model->record},   {NULL, NULL}};
    status = cseg_safetensors_write(bytes, size, context, texts, all->entries, numbers, all->count);
done:
    cseg_memory_free(arch);
    cseg_memory_free(rule);
    cseg_memory_free(classes);
    return status;
}

static cellseg_status pack_file(uint8_t **bytes, size_t *size, cellseg_context *context, const cellseg_model *model, bool half) {
    struct {
        inventory all;
        const float *numbers[MAX_TENSORS];
    } *work = cseg_memory_alloc(context, 1, sizeof *work);
    if (work == NULL)
        return cseg_error_last();
    take_inventory(&work->all, &model->arch, &model->layout, model->test.height, model->test.width, half);
    const size_t count = work->all.count;
    for (size_t i = 0; i + 2 < count; i++)
        work->numbers[i] = model->params + work->all.at[i];
    work->numbers[count - 2] = model->test.input;
    work->numbers[count - 1] = model->test.output;
    const cellseg_status status = write_file(bytes, size, context, model, &work->all, work->numbers);
    cseg_memory_free(work);
    return status;
}

/* The model that a reader of the float16 file gets: the test output must be of the rounded weights. */
static cellseg_status rounded_copy(cellseg_model **out, cellseg_context *context, const cellseg_model *model) {
    cellseg_model *copy;
    cellseg_status status;
    CSEG_TRY(cseg_model_new(&copy, context, &model->arch, &model->rule, model->record));
    memcpy(copy->names, model->names, sizeof copy->names);
    memcpy(copy->params, model->params, model->layout.total * sizeof *copy->params);
    for (size_t i = 0; i < model->arch.count; i++) {
        const cseg_slot *slot = &model->layout.slots[i];
        for (size_t w = slot->weight; w < slot->weight + slot->weights; w++)
            copy->params[w] = cseg_float16_to_float(cseg_float16_from_float(copy->params[w]));
    }
    CSEG_TRY_GOTO(failed, cseg_model_finish(copy, context));
    CSEG_TRY_GOTO(failed, cseg_model_test_new(copy, context, model->test.height, model->test.width));
    memcpy(copy->test.input, model->test.input, model->test.height * model->test.width * sizeof(float));
    CSEG_TRY_GOTO(failed, cseg_model_test_run(copy->test.output, copy, context));
    *out = copy;
    return CELLSEG_OK;
failed:
    cellseg_model_free(copy);
    return status;
}

static cellseg_status save(const cellseg_model *model, cellseg_context *context, cseg_target *target, bool half) {
    cellseg_model *rounded = NULL;
    if (half)
        CSEG_TRY(rounded_copy(&rounded, context, model));
    uint8_t *bytes = NULL;
    size_t size = 0;
    cellseg_status status = pack_file(&bytes, &size, context, half ? rounded : model, half);
    if (status == CELLSEG_OK)
        status = cseg_target_put(target, context, bytes, size);
    cseg_memory_free(bytes);
    cellseg_model_free(rounded);
    return status;
}

static cellseg_status save_in_call(const cellseg_model *model, cellseg_context *context, cseg_target *target, int32_t weights) {
    CSEG_TRY(cseg_model_check_layers(model));
    if (weights != CELLSEG_WEIGHTS_FLOAT32 && weights != CELLSEG_WEIGHTS_FLOAT16)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "weights is %d; it must be CELLSEG_WEIGHTS_FLOAT32 or _FLOAT16", (int)weights);
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, save(model, context, target, weights == CELLSEG_WEIGHTS_FLOAT16));
}

cellseg_status cellseg_model_save(const cellseg_model *model, cellseg_context *context, const char *path, int32_t weights) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_path(&target, path));
    return save_in_call(model, context, &target, weights);
}

cellseg_status cellseg_model_save_to(const cellseg_model *model, cellseg_context *context, const cellseg_writer *writer,
                                     int32_t weights) {
    cseg_target target;
    CSEG_TRY(cseg_target_set_writer(&target, writer));
    return save_in_call(model, context, &target, weights);
}
