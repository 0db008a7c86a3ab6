/* SPDX-License-Identifier: BSD-3-Clause */
/* Model files: what is saved comes back, and no damaged or hostile file is taken or does harm. */
#include "nets.h"

#include "nn/float16.h"
#include "nn/safetensors.h"

#include <cellseg/model.h>

#include <math.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

static char folder[] = "/tmp/cellseg-model-XXXXXX";
static char path[64];
static cellseg_model *model;

static int set_up(void **state) {
    (void)state;
    if (mkdtemp(folder) == NULL)
        return -1;
    (void)snprintf(path, sizeof path, "%s/a.cellseg", folder);
    cellseg_context *context = test_context(2);
    const cellseg_status status = net_trained_model(&model, context);
    cellseg_context_free(context);
    return status;
}

static int tear_down(void **state) {
    (void)state;
    cellseg_model_free(model);
    (void)unlink(path);
    return rmdir(folder); /* fails if a temporary file was left */
}

/* ---- bytes of a file, its header and data apart, so that either can be damaged ---- */

typedef struct parts {
    char *header;
    uint8_t *data;
    size_t data_bytes;
} parts;

static uint8_t *read_file(size_t *size) {
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    *size = (size_t)about.st_size;
    uint8_t *bytes = malloc(*size);
    assert_non_null(bytes);
    assert_int_equal(fread(bytes, 1, *size, file), *size);
    (void)fclose(file);
    return bytes;
}

static parts take_apart(const uint8_t *bytes, size_t size) {
    uint64_t length = 0;
    for (int i = 7; i >= 0; i--)
        length = length << 8 | bytes[i];
    parts p = {.data_bytes = size - 8 - (size_t)length};
    p.header = calloc(1, (size_t)length + 1);
    p.data = malloc(p.data_bytes);
    assert_true(p.header != NULL && p.data != NULL);
    memcpy(p.header, bytes + 8, (size_t)length);
    memcpy(p.data, bytes + 8 + length, p.data_bytes);
    return p;
}

static cellseg_status load_bytes(cellseg_model **loaded, const void *bytes, size_t size) {
    const cellseg_reader reader = test_reader(bytes, size);
    return cellseg_model_load_from(loaded, NULL, &reader);
}

static cellseg_status load_model(cellseg_model **loaded, const char *header, const uint8_t *data, size_t data_bytes) {
    const uint64_t length = strlen(header);
    const size_t size = 8 + (size_t)length + data_bytes;
    uint8_t *bytes = malloc(size);
    assert_non_null(bytes);
    for (int i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(length >> (8 * i));
    memcpy(bytes + 8, header, (size_t)length);
    memcpy(bytes + 8 + length, data, data_bytes);
    const cellseg_status status = load_bytes(loaded, bytes, size);
    if (status != CELLSEG_OK)
        assert_null(*loaded);
    free(bytes);
    return status;
}

static cellseg_status load_parts(const char *header, const uint8_t *data, size_t data_bytes) {
    cellseg_model *loaded = (cellseg_model *)1;
    const cellseg_status status = load_model(&loaded, header, data, data_bytes);
    cellseg_model_free(loaded);
    return status;
}

/* `text` with the first `from` replaced by `to`. */
static char *replaced(const char *text, const char *from, const char *to) {
    const char *at = strstr(text, from);
    assert_non_null(at);
    char *result = malloc(strlen(text) + strlen(to) + 1);
    assert_non_null(result);
    (void)sprintf(result, "%.*s%s%s", (int)(at - text), text, to, at + strlen(from));
    return result;
}

static parts saved(void) {
    size_t size;
    assert_ok(cellseg_model_save(model, NULL, path, CELLSEG_WEIGHTS_FLOAT32));
    uint8_t *bytes = read_file(&size);
    const parts p = take_apart(bytes, size);
    free(bytes);
    return p;
}

static void free_parts(parts *p) {
    free(p->header);
    free(p->data);
}

/* ---- round trips ---- */

static void run(float *out, const cellseg_model *m, int32_t cpu_level) {
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.cpu_level = cpu_level;
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    static net_batch batch;
    net_fill(&batch, 8);
    void *workspace = aligned_alloc(64, cseg_forward_workspace_bytes(m, context, 2, NET_PATCH, NET_PATCH));
    assert_non_null(workspace);
    assert_ok(cseg_forward_run(m, context, out, batch.in, 2, NET_PATCH, NET_PATCH, workspace));
    free(workspace);
    cellseg_context_free(context);
}

static void float32_comes_back_exactly(void **state) {
    (void)state;
    static float want[2 * 3 * NET_PATCH * NET_PATCH], got[2 * 3 * NET_PATCH * NET_PATCH];
    cellseg_model *loaded;
    assert_ok(cellseg_model_save(model, NULL, path, CELLSEG_WEIGHTS_FLOAT32));
    assert_ok(cellseg_model_load(&loaded, NULL, path));
    assert_string_equal(cellseg_model_info(loaded), cellseg_model_info(model));
    assert_rules_equal(cseg_model_rule(loaded), cseg_model_rule(model));
    assert_memory_equal(loaded->params, model->params, model->layout.total * sizeof(float));
    assert_int_equal(cellseg_model_parameters(loaded), model->layout.trained);
    assert_true(cellseg_model_pixel_size_um(loaded) == 0.65);
    run(want, model, CELLSEG_CPU_BEST);
    run(got, loaded, CELLSEG_CPU_BEST);
    assert_memory_equal(got, want, sizeof want);
    cellseg_model_free(loaded);
}

static void float16_rounds_weights_and_is_half_the_size(void **state) {
    (void)state;
    cellseg_model *loaded, *again;
    assert_ok(cellseg_model_save(model, NULL, path, CELLSEG_WEIGHTS_FLOAT16));
    assert_ok(cellseg_model_load(&loaded, NULL, path));
    for (size_t i = 0; i < model->arch.count; i++) {
        const cseg_slot *slot = &model->layout.slots[i];
        for (size_t w = slot->weight; w < slot->weight + slot->weights; w++)
            assert_true(loaded->params[w] == cseg_float16_to_float(cseg_float16_from_float(model->params[w])));
    }
    struct stat about;
    assert_int_equal(stat(path, &about), 0);
    assert_true((uint64_t)about.st_size < 2 * model->layout.trained + 6 * 4 * NET_PATCH * NET_PATCH + 20000);
    /* Saved again, nothing is left to round. */
    assert_ok(cellseg_model_save(loaded, NULL, path, CELLSEG_WEIGHTS_FLOAT16));
    assert_ok(cellseg_model_load(&again, NULL, path));
    assert_memory_equal(again->params, loaded->params, model->layout.total * sizeof(float));
    cellseg_model_free(again);
    cellseg_model_free(loaded);
}

static void a_model_serves_contexts_of_other_processor_levels(void **state) {
    (void)state;
    static float want[2 * 3 * NET_PATCH * NET_PATCH], got[2 * 3 * NET_PATCH * NET_PATCH];
    run(want, model, CELLSEG_CPU_BEST);
    run(got, model, CELLSEG_CPU_PORTABLE);
    assert_memory_equal(got, want, sizeof want);
}

static void info_is_json_with_the_record(void **state) {
    (void)state;
    const char *info = cellseg_model_info(model);
    cseg_json *json;
    assert_ok(cseg_json_parse(&json, NULL, info, strlen(info), "info"));
    assert_int_equal(cseg_json_member(json, "architecture")->count, 30);
    const char *note;
    assert_ok(cseg_json_string(&note, cseg_json_member(json, "record"), "note"));
    assert_string_equal(note, "made by a \"test\"");
    assert_true(cseg_json_member(cseg_json_member(json, "rule"), "noise_range")->number == 8);
    assert_string_equal(cseg_json_member(json, "classes")->child->next->string, "cytoplasm");
    cseg_memory_free(json);
}

static void half_precision_follows_ieee(void **state) {
    (void)state;
    for (uint32_t h = 0; h < 0x10000; h++) {
        const float value = cseg_float16_to_float((uint16_t)h);
        if (isnan(value))
            assert_true((h & 0x7c00) == 0x7c00 && (h & 0x3ff) != 0);
        else
            assert_int_equal(cseg_float16_from_float(value), h);
    }
    assert_true(cseg_float16_to_float(0x3555) == 0.333251953125F && cseg_float16_to_float(0x0001) == 0x1p-24F);
    assert_true(cseg_float16_to_float(0x7bff) == 65504.0F && cseg_float16_to_float(0xc000) == -2.0F);
    /* Between neighbours: to the nearer, from the middle to the even one. */
    for (uint32_t h = 0; h < 0x7bff; h++) {
        const float a = cseg_float16_to_float((uint16_t)h), b = cseg_float16_to_float((uint16_t)(h + 1)),
                    middle = a + (b - a) / 2;
        assert_int_equal(cseg_float16_from_float(middle), h + (h & 1));
        assert_int_equal(cseg_float16_from_float(nextafterf(middle, a)), h);
        assert_int_equal(cseg_float16_from_float(nextafterf(middle, b)), h + 1);
    }
    assert_int_equal(cseg_float16_from_float(65519.9F), 0x7bff);
    assert_int_equal(cseg_float16_from_float(65520.0F), 0x7c00);
    assert_int_equal(cseg_float16_from_float(-1e30F), 0xfc00);
}

/* ---- damage ---- */

static const struct {
    const char *from, *to;
    cellseg_status status;
    const char *message;
} damage[] = {
    {"cellseg-model", "other-model", CELLSEG_ERR_FORMAT, "not a cellseg model"},
    {"\"version\":\"1\"", "\"version\":\"2\"", CELLSEG_ERR_FORMAT, "version \"2\""},
    {"\"version\":\"1\"", "\"version\":1", CELLSEG_ERR_FORMAT, "\"version\" must be a string"},
    {"\"version\":\"1\",", "", CELLSEG_ERR_FORMAT, "\"version\""},
    {"\"version\":\"1\"", "\"version\":\"1\",\"version\":\"1\"", CELLSEG_ERR_FORMAT, "twice"},
    {"\"version\":\"1\"", "\"version\":\"1\",\"more\":\"1\"", CELLSEG_ERR_FORMAT, "unknown key \"more\""},
    {"\"__metadata__\"", "\"__meta__\"", CELLSEG_ERR_FORMAT, "__meta"},
    {"{\"__metadata__\"", "[\"__metadata__\"", CELLSEG_ERR_FORMAT, ""},
    {"}}", "}", CELLSEG_ERR_FORMAT, ""},
    {"\"F32\"", "\"F64\"", CELLSEG_ERR_FORMAT, "layer0.weight: its type"},
    {"\"F32\"", "\"F16\"", CELLSEG_ERR_FORMAT, "layer0.weight: bytes"},
    {"\"F32\"", "32", CELLSEG_ERR_FORMAT, "layer0.weight: its type"},
    {"[3,3,1,8]", "[3,3,1,9]", CELLSEG_ERR_FORMAT, "layer0.weight: bytes"},
    {"[3,3,1,8]", "[3,3,8,1]", CELLSEG_ERR_MODEL, "layer0.weight has 8 for dimension 2"},
    {"[3,3,1,8]", "[9,8]", CELLSEG_ERR_MODEL, "must have 4 dimensions"},
    {"[3,3,1,8]", "[1,3,3,1,8]", CELLSEG_ERR_FORMAT, "its shape"},
    {"[3,3,1,8]", "[3,3,1,8e30]", CELLSEG_ERR_FORMAT, "its shape"},
    {"[3,3,1,8]", "[3,3,1,-8]", CELLSEG_ERR_FORMAT, "its shape"},
    {"[3,3,1,8]", "[3,3,1.5,8]", CELLSEG_ERR_FORMAT, "its shape"},
    {"[3,3,1,8]", "[1099511627776,1099511627776,1099511627776,8]", CELLSEG_ERR_FORMAT, "its shape"},
    {"[0,288]", "[4,292]", CELLSEG_ERR_FORMAT, "layer0.weight: bytes 4"},
    {"[0,288]", "[0,292]", CELLSEG_ERR_FORMAT, "layer0.weight: bytes"},
    {"[0,288]", "[288,0]", CELLSEG_ERR_FORMAT, "layer0.weight: bytes"},
    {"[0,288]", "[0]", CELLSEG_ERR_FORMAT, "data_offsets"},
    {"[0,288]", "[-288,0]", CELLSEG_ERR_FORMAT, "data_offsets"},
    {"[0,288]", "[1e300,1e301]", CELLSEG_ERR_FORMAT, "data_offsets"},
    {"[288,320]", "[0,32]", CELLSEG_ERR_FORMAT, "bytes 0"},
    {"layer0.weight", "layer0.heavy", CELLSEG_ERR_MODEL, "layer0.weight is missing"},
    {"layer0.weight", "layer2.weight", CELLSEG_ERR_FORMAT, "twice"},
    {"test.output", "test.result", CELLSEG_ERR_MODEL, "test.output is missing"},
    {"test.input", "test.in", CELLSEG_ERR_MODEL, "test.input is missing"},
    {"\\\"filters\\\":8", "\\\"filters\\\":16", CELLSEG_ERR_MODEL, "layer0.weight"},
    {"\\\"filters\\\":8", "\\\"filters\\\":1e9", CELLSEG_ERR_FORMAT, "layer 0: \"filters\""},
    {"\\\"filters\\\":8", "\\\"filters\\\":7.5", CELLSEG_ERR_FORMAT, "layer 0: \"filters\""},
    {"\\\"filters\\\":8", "\\\"colour\\\":8", CELLSEG_ERR_FORMAT, "unknown key \"colour\""},
    {"\\\"kernel\\\":3", "\\\"kernel\\\":2", CELLSEG_ERR_MODEL, "layer 0 (conv): the kernel"},
    {"\\\"norm\\\":true", "\\\"norm\\\":1", CELLSEG_ERR_FORMAT, "\"norm\""},
    {"\\\"norm\\\":true", "\\\"norm\\\":false", CELLSEG_ERR_MODEL, "layer0.bias is missing"},
    {"\\\"relu\\\"", "\\\"gelu\\\"", CELLSEG_ERR_FORMAT, "unknown activation \"gelu\""},
    {"\\\"op\\\":\\\"pool\\\"", "\\\"op\\\":\\\"fly\\\"", CELLSEG_ERR_FORMAT, "unknown op \"fly\""},
    {"\\\"with\\\":5", "\\\"with\\\":14", CELLSEG_ERR_MODEL, "layer 14 (concat)"},
    {"\\\"with\\\":5", "\\\"with\\\":3", CELLSEG_ERR_MODEL, "layer 14 (concat): 6 x 6"},
    {"\\\"rate\\\":0.5", "\\\"rate\\\":1.5", CELLSEG_ERR_MODEL, "layer 15 (dropout)"},
    {"\\\"pixel_size_um\\\":0.65", "\\\"pixel_size_um\\\":0", CELLSEG_ERR_MODEL, "rule: pixel_size_um"},
    {"\\\"pixel_size_um\\\":0.65", "\\\"pixel_size_um\\\":1e999", CELLSEG_ERR_MODEL, "rule: pixel_size_um"},
    {"\\\"percentile_low\\\":1", "\\\"percentile_low\\\":100", CELLSEG_ERR_MODEL, "rule: percentiles"},
    {"\\\"power\\\":0.5", "\\\"power\\\":-1", CELLSEG_ERR_MODEL, "rule: power"},
    {"\\\"nucleus_diameter_um\\\":0", "\\\"nucleus_diameter_um\\\":-1", CELLSEG_ERR_MODEL, "rule: nucleus_diameter_um"},
    {"\\\"nucleus_diameter_um\\\":0", "\\\"nucleus_diameter_um\\\":null", CELLSEG_ERR_FORMAT, "rule: \"nucleus_diameter_um\""},
    {"\\\"patch_px\\\":48", "\\\"patch_px\\\":64", CELLSEG_ERR_MODEL, "layer 14 (concat)"},
    {"\\\"patch_px\\\":48", "\\\"patch_px\\\":1e6", CELLSEG_ERR_FORMAT, "rule: \"patch_px\""},
    {"\\\"step_px\\\":40", "\\\"step_px\\\":41", CELLSEG_ERR_MODEL, "rule: patch_px"},
    {"\\\"clip\\\":4", "\\\"clip\\\":\\\"4\\\"", CELLSEG_ERR_FORMAT, "rule: \"clip\""},
    {"\\\"nucleus\\\",", "", CELLSEG_ERR_MODEL, "3 channels for 2 classes"},
    {"\\\"nucleus\\\"", "\\\"\\\"", CELLSEG_ERR_FORMAT, "classes: a name"},
    {"\\\"nucleus\\\"", "\\\"nuclei, and very many more than that\\\"", CELLSEG_ERR_FORMAT, "classes: a name"},
    {"\"record\":\"{", "\"record\":\"{{", CELLSEG_ERR_FORMAT, "record"},
    {"\"record\":\"{", "\"record\":\"[1]{", CELLSEG_ERR_FORMAT, "record"},
};

static void damaged_headers_are_refused(void **state) {
    (void)state;
    parts p = saved();
    assert_ok(load_parts(p.header, p.data, p.data_bytes));
    for (size_t i = 0; i < sizeof damage / sizeof *damage; i++) {
        char *header = replaced(p.header, damage[i].from, damage[i].to);
        const cellseg_status status = load_parts(header, p.data, p.data_bytes);
        if (status != damage[i].status || strstr(cellseg_last_error(), damage[i].message) == NULL)
            fail_msg("%s -> %s: %s: %s", damage[i].from, damage[i].to, cellseg_status_name(status), cellseg_last_error());
        free(header);
    }
    free_parts(&p);
}

static void the_nucleus_diameter_is_optional(void **state) {
    (void)state;
    const char *const key = "\\\"nucleus_diameter_um\\\":0,";
    const struct {
        const char *text;
        double um;
    } cases[] = {{"", 0}, {"\\\"nucleus_diameter_um\\\":11.27,", 11.27}, {key, 0}};
    parts p = saved();
    for (size_t i = 0; i < 3; i++) {
        char *header = replaced(p.header, key, cases[i].text);
        cellseg_model *loaded;
        assert_ok(load_model(&loaded, header, p.data, p.data_bytes));
        assert_true(cellseg_model_nucleus_diameter_um(loaded) == cases[i].um);
        cellseg_model_free(loaded);
        free(header);
    }
    free_parts(&p);
    assert_true(cellseg_model_nucleus_diameter_um(NULL) == 0);
}

/* The keys of joining, in any order; without them, a file of the model that was saved. */
static void the_coefficients_of_joining_are_optional(void **state) {
    (void)state;
    const char *const key = "\\\"patch_px\\\":48,";
    const char *const with = "\\\"joining\\\":{\\\"marker\\\":1.5,\\\"constant\\\":-3.6,\\\"distance\\\":9,\\\"nucleus\\\":0,"
                             "\\\"area_ratio\\\":-1.3,\\\"confidence\\\":-4},\\\"patch_px\\\":48,";
    static const double expected[CSEG_JOIN_TERMS] = {-3.6, 9, 1.5, 0, -4, -1.3};
    parts p = saved();
    for (int joins = 0; joins < 2; joins++) {
        char *header = replaced(p.header, key, joins ? with : key);
        cellseg_model *loaded;
        assert_ok(load_model(&loaded, header, p.data, p.data_bytes));
        for (size_t i = 0; i < CSEG_JOIN_TERMS; i++)
            assert_true(cseg_model_rule(loaded)->joining[i] == (joins ? expected[i] : 0));
        assert_true((strstr(cellseg_model_info(loaded), "\"joining\":{\"constant\":-3.6,\"distance\":9,") != NULL) == joins);
        cellseg_model_free(loaded);
        free(header);
    }
    free_parts(&p);
}

/* An incomplete or strange list of coefficients. */
static void damaged_coefficients_are_refused(void **state) {
    (void)state;
    const char *const key = "\\\"patch_px\\\":48,";
    const struct {
        const char *joining;
        cellseg_status status;
        const char *message;
    } cases[] = {
        {"[1,2,3,4,5,6]", CELLSEG_ERR_FORMAT, "rule: \"joining\" must be an object"},
        {"{}", CELLSEG_ERR_FORMAT, "rule: \"constant\""},
        {"{COMMON\\\"confidence\\\":1}", CELLSEG_ERR_FORMAT, "rule: \"area_ratio\""},
        {"{COMMON\\\"confidence\\\":1,\\\"area_ratio\\\":\\\"1\\\"}", CELLSEG_ERR_FORMAT, "rule: \"area_ratio\""},
        {"{COMMON\\\"confidence\\\":1,\\\"area_ratio\\\":1,\\\"more\\\":1}", CELLSEG_ERR_FORMAT, "unknown key \"more\""},
        {"{COMMON\\\"confidence\\\":1,\\\"area_ratio\\\":1e999}", CELLSEG_ERR_MODEL, "rule: joining"},
        {"{COMMON\\\"confidence\\\":-1000001,\\\"area_ratio\\\":1}", CELLSEG_ERR_MODEL, "rule: joining"},
    };
    parts p = saved();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        char *inserted = replaced("\\\"joining\\\":VALUE,\\\"patch_px\\\":48,", "VALUE", cases[i].joining);
        const char *const common = "\\\"constant\\\":1,\\\"distance\\\":1,\\\"marker\\\":1,\\\"nucleus\\\":1,";
        char *whole = strstr(inserted, "COMMON") != NULL ? replaced(inserted, "COMMON", common) : replaced(inserted, "px", "px");
        char *header = replaced(p.header, key, whole);
        assert_status(load_parts(header, p.data, p.data_bytes), cases[i].status);
        assert_non_null(strstr(cellseg_last_error(), cases[i].message));
        free(header);
        free(whole);
        free(inserted);
    }
    free_parts(&p);
}

static void extra_tensors_are_refused(void **state) {
    (void)state;
    parts p = saved();
    char extra[128], end[64];
    (void)snprintf(end, sizeof end, "%zu]}}", p.data_bytes);
    (void)snprintf(extra, sizeof extra, "%zu]},\"more\":{\"dtype\":\"F32\",\"shape\":[1],\"data_offsets\":[%zu,%zu]}}",
                   p.data_bytes, p.data_bytes, p.data_bytes + 4);
    char *header = replaced(p.header, end, extra);
    uint8_t *data = calloc(1, p.data_bytes + 4);
    assert_non_null(data);
    memcpy(data, p.data, p.data_bytes);
    assert_status(load_parts(header, data, p.data_bytes + 4), CELLSEG_ERR_MODEL);
    assert_non_null(strstr(cellseg_last_error(), "tensors, where the architecture requires"));
    free(header);
    free(data);
    free_parts(&p);
}

/* 4-byte number number `index` of the data set to `value`; a file has the lowest byte first. */
static cellseg_status load_with(const parts *p, size_t index, float value) {
    uint32_t bits;
    memcpy(&bits, &value, sizeof bits);
    uint8_t *data = malloc(p->data_bytes);
    assert_non_null(data);
    memcpy(data, p->data, p->data_bytes);
    for (size_t b = 0; b < sizeof bits; b++)
        data[4 * index + b] = (uint8_t)(bits >> 8 * b);
    const cellseg_status status = load_parts(p->header, data, p->data_bytes);
    free(data);
    return status;
}

static void damaged_numbers_are_refused(void **state) {
    (void)state;
    parts p = saved();
    const size_t last = p.data_bytes / 4 - 1;
    static const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        assert_status(load_with(&p, 0, bad[i]), CELLSEG_ERR_MODEL);
        assert_non_null(strstr(cellseg_last_error(), "layer 0 (conv): a parameter is not finite"));
        assert_status(load_with(&p, last, bad[i]), CELLSEG_ERR_MODEL);
        assert_non_null(strstr(cellseg_last_error(), "test vector"));
    }
    assert_status(load_with(&p, 72 + 3 * 8, -1.0F), CELLSEG_ERR_MODEL); /* layer 0: 72 weights, gamma, beta, mean, variance */
    assert_non_null(strstr(cellseg_last_error(), "variance is negative"));
    assert_status(load_with(&p, 72, 3.0F), CELLSEG_ERR_MODEL); /* a gamma: plausible, but not what was tested */
    assert_non_null(strstr(cellseg_last_error(), "test vector: the network's output differs"));
    assert_status(load_with(&p, last - 100, 0.123F), CELLSEG_ERR_MODEL);
    free_parts(&p);
}

static void truncated_and_overlong_files_are_refused(void **state) {
    (void)state;
    size_t size;
    cellseg_model *loaded;
    assert_ok(cellseg_model_save(model, NULL, path, CELLSEG_WEIGHTS_FLOAT16));
    uint8_t *bytes = read_file(&size);
    for (size_t length = 0; length < size; length += length < 64 || length > size - 64 ? 1 : 997) {
        uint8_t *part = malloc(length > 0 ? length : 1); /* its own block, so that sanitizers see a byte too far */
        assert_non_null(part);
        memcpy(part, bytes, length);
        assert_status(load_bytes(&loaded, part, length), CELLSEG_ERR_FORMAT);
        assert_null(loaded);
        free(part);
    }
    uint8_t *longer = calloc(1, size + 1);
    assert_non_null(longer);
    memcpy(longer, bytes, size);
    assert_status(load_bytes(&loaded, longer, size + 1), CELLSEG_ERR_FORMAT);
    assert_non_null(strstr(cellseg_last_error(), "bytes too many"));
    free(longer);
    for (size_t i = 0; i < 8; i++) { /* header lengths beyond the file, beyond a megabyte, beyond all */
        bytes[i] = 255;
        assert_status(load_bytes(&loaded, bytes, size), CELLSEG_ERR_FORMAT);
    }
    free(bytes);
}

static void hostile_json_is_refused(void **state) {
    (void)state;
    enum { DEEP = 100000 };
    char *text = calloc(1, (2U << 20) + 16);
    assert_non_null(text);
    memset(text, '[', DEEP);
    text[0] = '{';
    assert_status(load_parts(text, (const uint8_t *)"", 0), CELLSEG_ERR_FORMAT);
    text[0] = '{';
    (void)strcpy(text + 1, "\"a\":[1");
    for (size_t i = 7; i < DEEP; i += 2)
        memcpy(text + i, ",1", 2);
    assert_status(load_parts(text, (const uint8_t *)"", 0), CELLSEG_ERR_FORMAT);
    assert_non_null(strstr(cellseg_last_error(), "more than 8192 values"));
    memset(text, ' ', (1U << 20) + 1);
    text[0] = '{';
    text[(1U << 20) + 1] = '\0';
    assert_status(load_parts(text, (const uint8_t *)"", 0), CELLSEG_ERR_FORMAT);
    assert_non_null(strstr(cellseg_last_error(), "at most 1048576"));
    free(text);
    static const char *const texts[] = {
        "{}",
        "{\"__metadata__\":{}}",
        "{\"__metadata__\":[]}",
        "{\"__metadata__\":{\"format\":\"\\u0000\"}}",
        "{\"a\":1}",
        "{\"a\"",
        "{,}",
        "{\"a\":{\"dtype\":\"F32\"},\"__metadata__\":{}}",
        "{\"__metadata__\":{\"format\":null}}",
        "{}}",
        "{} x",
        "{\"\":{}}",
    };
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
        assert_status(load_parts(texts[i], (const uint8_t *)"", 0), CELLSEG_ERR_FORMAT);
}

/* Whatever single bytes are changed, loading ends in a model or an error, never in a crash (run under sanitizers). */
static void random_damage_does_no_harm(void **state) {
    (void)state;
    size_t size;
    assert_ok(cellseg_model_save(model, NULL, path, CELLSEG_WEIGHTS_FLOAT16));
    uint8_t *bytes = read_file(&size);
    const parts p = take_apart(bytes, size);
    const size_t header_end = size - p.data_bytes;
    uint64_t random = 77;
    size_t refused = 0;
    for (size_t round = 0; round < 600; round++) {
        const size_t at = (size_t)(test_random(&random) % (round % 8 == 0 ? size : header_end));
        const uint8_t before = bytes[at];
        bytes[at] = (uint8_t)test_random(&random);
        cellseg_model *loaded;
        refused += load_bytes(&loaded, bytes, size) != CELLSEG_OK;
        cellseg_model_free(loaded);
        bytes[at] = before;
    }
    assert_true(refused > 300);
    parts q = p;
    free_parts(&q);
    free(bytes);
}

/* ---- files ---- */

static void unreadable_paths_are_io_errors(void **state) {
    (void)state;
    static const char *const paths[] = {"/nowhere/at/all", "/tmp", "/dev/null", ""};
    cellseg_model *loaded;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        assert_status(cellseg_model_load(&loaded, NULL, paths[i]), CELLSEG_ERR_IO);
        assert_null(loaded);
        assert_non_null(strstr(cellseg_last_error(), paths[i]));
    }
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    (void)fputs("II*\0 this is no model", file);
    (void)fclose(file);
    assert_status(cellseg_model_load(&loaded, NULL, path), CELLSEG_ERR_FORMAT);
    assert_non_null(strstr(cellseg_last_error(), path));
    assert_status(cellseg_model_save(model, NULL, "/nowhere/at/all", CELLSEG_WEIGHTS_FLOAT32), CELLSEG_ERR_IO);
    assert_status(cellseg_model_save(model, NULL, "/tmp", CELLSEG_WEIGHTS_FLOAT32), CELLSEG_ERR_IO);
    assert_status(cellseg_model_save(model, NULL, "/dev/null/a", CELLSEG_WEIGHTS_FLOAT32), CELLSEG_ERR_IO);
}

/* A pipe or device in the model's place, here behind a link, is no file to replace. */
static void devices_are_not_replaced(void **state) {
    (void)state;
    (void)unlink(path);
    if (symlink("/dev/null", path) != 0)
        skip();
    assert_status(cellseg_model_save(model, NULL, path, CELLSEG_WEIGHTS_FLOAT32), CELLSEG_ERR_IO);
    assert_status(cellseg_model_export_onnx(model, NULL, path), CELLSEG_ERR_IO);
    assert_non_null(strstr(cellseg_last_error(), "not a regular file"));
    struct stat status;
    assert_true(stat(path, &status) == 0 && S_ISCHR(status.st_mode));
    assert_int_equal(unlink(path), 0);
}

static void a_long_path_leaves_the_fault_whole(void **state) {
    (void)state;
    char deep[4000];
    memset(deep, 'd', sizeof deep);
    deep[sizeof deep - 1] = '\0';
    for (size_t i = 0; i < sizeof deep - 1; i += 200)
        deep[i] = '/';
    cellseg_model *loaded;
    assert_status(cellseg_model_load(&loaded, NULL, deep), CELLSEG_ERR_IO);
    assert_non_null(strstr(cellseg_last_error(), "No such file or directory"));
}

static void saving_replaces_the_old_file(void **state) {
    (void)state;
    cellseg_model *loaded;
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    (void)fclose(file);
    assert_ok(cellseg_model_save(model, NULL, path, CELLSEG_WEIGHTS_FLOAT16));
    assert_ok(cellseg_model_load(&loaded, NULL, path));
    cellseg_model_free(loaded);
}

/* The writer gets the path's bytes, and a reader of them loads the same model. */
static void memory_is_a_file_like_any_other(void **state) {
    (void)state;
    test_sink saved = {0}, graph = {0};
    const cellseg_writer to_saved = test_writer(&saved), to_graph = test_writer(&graph);
    size_t size;
    assert_ok(cellseg_model_save(model, NULL, path, CELLSEG_WEIGHTS_FLOAT16));
    uint8_t *bytes = read_file(&size);
    assert_ok(cellseg_model_save_to(model, NULL, &to_saved, CELLSEG_WEIGHTS_FLOAT16));
    assert_int_equal(saved.size, size);
    assert_memory_equal(saved.bytes, bytes, size);
    free(bytes);
    assert_ok(cellseg_model_export_onnx(model, NULL, path));
    bytes = read_file(&size);
    assert_ok(cellseg_model_export_onnx_to(model, NULL, &to_graph));
    assert_int_equal(graph.size, size);
    assert_memory_equal(graph.bytes, bytes, size);
    free(bytes);
    cellseg_model *loaded, *again;
    assert_ok(load_bytes(&loaded, saved.bytes, saved.size));
    assert_ok(cellseg_model_save(model, NULL, path, CELLSEG_WEIGHTS_FLOAT16));
    assert_ok(cellseg_model_load(&again, NULL, path));
    assert_true(cellseg_model_hash(loaded) == cellseg_model_hash(again));
    cellseg_model_free(loaded);
    cellseg_model_free(again);
    free(saved.bytes);
    free(graph.bytes);
}

static void bad_arguments(void **state) {
    (void)state;
    cellseg_model *loaded = (cellseg_model *)1;
    const cellseg_reader reader = test_reader(path, 1);
    assert_status(cellseg_model_load(NULL, NULL, path), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_model_load(&loaded, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_null(loaded);
    assert_status(cellseg_model_load_from(NULL, NULL, &reader), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_model_load_from(&loaded, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_model_default(NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_model_save(NULL, NULL, path, CELLSEG_WEIGHTS_FLOAT32), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_model_save(model, NULL, NULL, CELLSEG_WEIGHTS_FLOAT32), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_model_save(model, NULL, path, 0), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_model_save(model, NULL, path, 3), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_model_save_to(model, NULL, NULL, CELLSEG_WEIGHTS_FLOAT32), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_model_export_onnx_to(model, NULL, NULL), CELLSEG_ERR_ARGUMENT);
    assert_string_equal(cellseg_model_info(NULL), "");
    cellseg_model_free(NULL);
}

static void the_default_model_loads_or_says_it_is_not_there(void **state) {
    (void)state;
    cellseg_model *loaded;
    if (access("lib/nn/default.cellseg", R_OK) == 0) {
        assert_ok(cellseg_model_default(&loaded, NULL));
        assert_true(cellseg_model_parameters(loaded) > 100000);
    } else {
        assert_status(cellseg_model_default(&loaded, NULL), CELLSEG_ERR_UNAVAILABLE);
        assert_string_equal(cellseg_last_error(), "this build of libcellseg has no default model");
        assert_null(loaded);
    }
    cellseg_model_free(loaded);
}

static cellseg_status save_and_load(cellseg_context *context, void *data) {
    const int32_t *weights = data;
    cellseg_model *loaded;
    CSEG_TRY(cellseg_model_save(model, context, path, *weights));
    CSEG_TRY(cellseg_model_load(&loaded, context, path));
    cellseg_model_free(loaded);
    return CELLSEG_OK;
}

static cellseg_status export_graph(cellseg_context *context, void *data) {
    (void)data;
    return cellseg_model_export_onnx(model, context, path);
}

static cellseg_status load_graph(cellseg_context *context, void *data) {
    cellseg_model *loaded;
    const cellseg_status status = cellseg_model_load(&loaded, context, path);
    (void)data;
    assert_true((status == CELLSEG_OK) == (loaded != NULL));
    cellseg_model_free(loaded);
    return status;
}

static void remove_package(const char *from) {
    static const char *const names[] = {"weights.onnx", "test_input.npy", "test_output.npy", "README.md", "rdf.yaml"};
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        char name[80];
        (void)snprintf(name, sizeof name, "%s/%s", from, names[i]);
        assert_int_equal(unlink(name), 0);
    }
    assert_int_equal(rmdir(from), 0);
}

static cellseg_status export_package(cellseg_context *context, void *data) {
    return cellseg_model_export_bioimageio(model, context, data);
}

static void failing_allocations(void **state) {
    (void)state;
    char package[] = "/tmp/cellseg-test-XXXXXX";
    assert_non_null(mkdtemp(package));
    assert_survives_failing_allocations(export_package, package);
    remove_package(package);
    assert_survives_failing_allocations(export_graph, NULL);
    assert_ok(export_graph(NULL, NULL));
    assert_survives_failing_allocations(load_graph, NULL);
    int32_t weights = CELLSEG_WEIGHTS_FLOAT32;
    assert_survives_failing_allocations(save_and_load, &weights);
    weights = CELLSEG_WEIGHTS_FLOAT16;
    assert_survives_failing_allocations(save_and_load, &weights);
}

/* Counts bytes: each block knows its size, sixteen bytes before it. */
typedef struct meter {
    atomic_size_t live, peak;
} meter;

static void *metered_alloc(void *user, size_t size) {
    meter *m = user;
    char *block = malloc(size + 16);
    if (block == NULL)
        return NULL;
    memcpy(block, &size, sizeof size);
    const size_t live = atomic_fetch_add(&m->live, size) + size;
    if (live > atomic_load(&m->peak))
        atomic_store(&m->peak, live);
    return block + 16;
}

static void metered_free(void *user, void *block) {
    meter *m = user;
    size_t size;
    if (block == NULL)
        return;
    memcpy(&size, (char *)block - 16, sizeof size);
    atomic_fetch_sub(&m->live, size);
    free((char *)block - 16);
}

static void a_memory_budget_is_kept(void **state) {
    (void)state;
    assert_ok(cellseg_model_save(model, NULL, path, CELLSEG_WEIGHTS_FLOAT32));
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    meter used;
    options.threads = 1;
    options.alloc = metered_alloc;
    options.free = metered_free;
    options.memory_user = &used;
    size_t named = 0, patch = 0, loads = 0;
    for (uint64_t budget = 10000; budget < 3000000; budget += budget / 20) {
        cellseg_context *context;
        cellseg_model *loaded;
        options.memory_budget_bytes = budget;
        atomic_init(&used.live, 0);
        atomic_init(&used.peak, 0);
        assert_ok(cellseg_context_new(&context, &options));
        const size_t own = atomic_load(&used.live); /* of the context itself */
        const cellseg_status status = cellseg_model_load(&loaded, context, path);
        assert_true(status == CELLSEG_OK || status == CELLSEG_ERR_LIMIT);
        named += status != CELLSEG_OK && strstr(cellseg_last_error(), "layer 0 (conv) needs") != NULL;
        patch += status != CELLSEG_OK && strstr(cellseg_last_error(), "a patch, most at layer 28 (conv), needs") != NULL;
        assert_true(atomic_load(&used.peak) <= budget + own);
        if (status == CELLSEG_OK) { /* what loads can be used */
            void *workspace =
                cseg_memory_alloc(context, cseg_forward_workspace_bytes(loaded, context, 1, NET_PATCH, NET_PATCH), 1);
            assert_non_null(workspace);
            cseg_memory_free(workspace);
            loads++;
        }
        cellseg_model_free(loaded);
        cellseg_context_free(context);
    }
    assert_true(named > 0 && patch > 0 && loads > 0);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(float32_comes_back_exactly),
        cmocka_unit_test(float16_rounds_weights_and_is_half_the_size),
        cmocka_unit_test(a_model_serves_contexts_of_other_processor_levels),
        cmocka_unit_test(info_is_json_with_the_record),
        cmocka_unit_test(half_precision_follows_ieee),
        cmocka_unit_test(damaged_headers_are_refused),
        cmocka_unit_test(the_nucleus_diameter_is_optional),
        cmocka_unit_test(the_coefficients_of_joining_are_optional),
        cmocka_unit_test(damaged_coefficients_are_refused),
        cmocka_unit_test(extra_tensors_are_refused),
        cmocka_unit_test(damaged_numbers_are_refused),
        cmocka_unit_test(truncated_and_overlong_files_are_refused),
        cmocka_unit_test(hostile_json_is_refused),
        cmocka_unit_test(random_damage_does_no_harm),
        cmocka_unit_test(unreadable_paths_are_io_errors),
        cmocka_unit_test(devices_are_not_replaced),
        cmocka_unit_test(a_long_path_leaves_the_fault_whole),
        cmocka_unit_test(saving_replaces_the_old_file),
        cmocka_unit_test(memory_is_a_file_like_any_other),
        cmocka_unit_test(bad_arguments),
        cmocka_unit_test(the_default_model_loads_or_says_it_is_not_there),
        cmocka_unit_test(failing_allocations),
        cmocka_unit_test(a_memory_budget_is_kept),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
