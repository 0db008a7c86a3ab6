/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A model as a package of the BioImage Model Zoo (bioimage.io, model description 0.5): the network as ONNX, an image and its maps
 * to test with, a card, and rdf.yaml, which states axes and preprocessing and is written last. JSON is YAML, so that the
 * description is JSON. The zoo's preprocessing scales between percentiles and clips; the rule's power is the graph's first node.
 * Top-hat and noise range have no counterpart there: the card states them. Cost: the export's, and the network on one small
 * image.
 */
#include "nn/onnx.h"

#include <string.h>

/* Edges that the layers admit: least, least + step, ... The test image has the least. */
typedef struct edges {
    size_t least, step;
} edges;

typedef struct package {
    cellseg_context *context;
    const cellseg_model *model;
    const char *folder;
    edges edges;
} package;

typedef cellseg_status (*write_fn)(cseg_text *text, const package *p);

/* ---- sizes ---- */

static bool admits(const cseg_arch *arch, size_t edge) {
    cseg_size sizes[CSEG_MAX_LAYERS];
    return cseg_arch_sizes(sizes, arch, edge, edge) == CELLSEG_OK;
}

static size_t next_edge(const cseg_arch *arch, size_t from) {
    for (size_t edge = from; edge < from + CSEG_MAX_TEST_EDGE; edge++)
        if (admits(arch, edge))
            return edge;
    return 0;
}

/* The patch alone, without a step, where the sizes have no common step. */
static edges find_edges(const cellseg_model *model) {
    const size_t least = next_edge(&model->arch, CSEG_MIN_TEST_EDGE);
    const size_t second = least > 0 ? next_edge(&model->arch, least + 1) : 0, step = second - least;
    if (second == 0 || !admits(&model->arch, least + 2 * step) || !admits(&model->arch, least + 3 * step))
        return (edges){model->rule.patch_px, 0};
    return (edges){least, step};
}

/* ---- the test ---- */

/* Random numbers whose percentiles of the rule are 0 and 1, so that scaling leaves them as they are. */
static void make_image(float *image, size_t pixels, const cseg_rule *rule) {
    const double low = rule->percentile_low / 100, high = rule->percentile_high / 100, inside = (high - low) / 8;
    for (size_t i = 0; i < pixels; i++) {
        const double value = (double)(cseg_random_bits(pixels, i) >> 11) * 0x1p-53;
        const double scaled = (value - low - inside) / (high - low - 2 * inside);
        image[i] = (float)(scaled < 0 ? 0 : scaled > 1 ? 1 : scaled);
    }
}

static cellseg_status make_maps(float *maps, const package *p, const float *image) {
    const size_t edge = p->edges.least, pixels = edge * edge;
    float *input = cseg_memory_alloc(p->context, pixels, sizeof *input);
    if (input == NULL)
        return cseg_error_last();
    for (size_t i = 0; i < pixels; i++)
        input[i] = image[i] > 0 ? (float)cseg_math_exp(p->model->rule.power * cseg_math_log(image[i])) : 0;
    const cellseg_status status = cseg_model_run(maps, p->model, p->context, input, edge, edge);
    cseg_memory_free(input);
    return status;
}

/* NumPy's format 1.0: a header of a multiple of 64 bytes, then the numbers. */
static void put_array(cseg_text *text, const float *numbers, size_t channels, size_t edge) {
    enum { ALIGNMENT = 64, PREAMBLE = 10 };
    char header[2 * ALIGNMENT + 1];
    const size_t length = cseg_format_print(
        header, sizeof header, "{'descr': '<f4', 'fortran_order': False, 'shape': (1, %zu, %zu, %zu), }", channels, edge, edge);
    const size_t padded = (PREAMBLE + length + 1 + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT - PREAMBLE;
    const char size[2] = {(char)(padded & 0xff), (char)(padded >> 8)};
    cseg_text_add_bytes(text, "\x93NUMPY\1\0", 8);
    cseg_text_add_bytes(text, size, 2);
    cseg_text_add_bytes(text, header, length);
    for (size_t i = length; i + 1 < padded; i++)
        cseg_text_add_bytes(text, " ", 1);
    cseg_text_add_bytes(text, "\n", 1);
    cseg_onnx_put_floats(text, numbers, channels * edge * edge);
}

/* image and maps: one block. */
static cellseg_status write_test(cseg_text *text, const package *p, bool maps) {
    const size_t edge = p->edges.least, pixels = edge * edge, classes = p->model->rule.classes;
    float *image = cseg_memory_alloc(p->context, (1 + classes) * pixels, sizeof *image);
    if (image == NULL)
        return cseg_error_last();
    make_image(image, pixels, &p->model->rule);
    const cellseg_status status = maps ? make_maps(image + pixels, p, image) : CELLSEG_OK;
    if (status == CELLSEG_OK)
        put_array(text, maps ? image + pixels : image, maps ? classes : 1, edge);
    cseg_memory_free(image);
    return status;
}

static cellseg_status write_image(cseg_text *text, const package *p) {
    return write_test(text, p, false);
}

static cellseg_status write_maps(cseg_text *text, const package *p) {
    return write_test(text, p, true);
}

/* ---- texts ---- */

static cellseg_status write_network(cseg_text *text, const package *p) {
    return cseg_onnx_write(text, p->model, true);
}

static cellseg_status write_card(cseg_text *text, const package *p) {
    const cseg_rule *rule = &p->model->rule;
    cseg_text_add(text,
                  "# Maps of cells in fluorescence images\n\nFrom one channel that stains the cytoplasm, the network computes");
    for (uint32_t i = 0; i < rule->classes; i++)
        cseg_text_add(text, "%s %s", i > 0 ? "," : "", p->model->names[i]);
    cseg_text_add(text, ". Exported by libcellseg %s.\n\n## Input\n\nPixels of %g um: resample images to this size first. ",
                  cellseg_version(), rule->pixel_size_um);
    cseg_text_add(
        text, "The package scales the percentiles %g and %g to 0 and 1, clips to [0, %g], and the graph applies the power %g. ",
        rule->percentile_low, rule->percentile_high, rule->clip, rule->power);
    cseg_text_add(
        text,
        "libcellseg itself also evens the illumination by a white top-hat of %g um before, and the range of intensities "
        "is at least %g times the noise.\n\n",
        rule->top_hat_um, rule->noise_range);
    cseg_text_add(
        text,
        "## Cells\n\n`cellseg segment --maps` makes cells and nuclei of the maps.\n\n## Validation\n\nCompare the cells "
        "with outlines of your own images: `cellseg evaluate`.\n\n## Training record\n\n```json\n%s\n```\n",
        p->model->record);
    return CELLSEG_OK;
}

static void put_axis(cseg_text *text, const package *p, const char *name, bool output) {
    /* Whole nanometres where micrometres are not: readers divide one tensor's scale by the other's. */
    cseg_text_add(text, ",{\"type\":\"space\",\"id\":\"%s\",\"unit\":\"nanometer\",\"scale\":", name);
    cseg_text_add_number(text, p->model->rule.pixel_size_um * 1000);
    if (output)
        cseg_text_add(text, ",\"size\":{\"tensor_id\":\"raw\",\"axis_id\":\"%s\"},\"halo\":%u}", name,
                      (p->model->rule.patch_px - p->model->rule.step_px) / 2);
    else if (p->edges.step > 0)
        cseg_text_add(text, ",\"size\":{\"min\":%zu,\"step\":%zu}}", p->edges.least, p->edges.step);
    else
        cseg_text_add(text, ",\"size\":%zu}", p->edges.least);
}

static void put_axes(cseg_text *text, const package *p, bool output) {
    cseg_text_add(text, "\"axes\":[{\"type\":\"batch\"},{\"type\":\"channel\",\"channel_names\":[");
    for (uint32_t i = 0; i < (output ? p->model->rule.classes : 1); i++) {
        cseg_text_add(text, i > 0 ? "," : "");
        cseg_text_add_string(text, output ? p->model->names[i] : "marker");
    }
    cseg_text_add(text, "]}");
    put_axis(text, p, "y", output);
    put_axis(text, p, "x", output);
    cseg_text_add(text, "]");
}

static cellseg_status write_description(cseg_text *text, const package *p) {
    const cseg_rule *rule = &p->model->rule;
    cseg_text_add(text,
                  "{\"format_version\":\"0.5.3\",\"type\":\"model\",\"name\":\"cellseg maps of cells\",\"description\":"
                  "\"Maps of nucleus, cytoplasm and background from one fluorescence channel that stains the cytoplasm\",\n");
    cseg_text_add(
        text,
        "\"documentation\":\"README.md\",\"tags\":[\"segmentation\",\"cells\",\"nuclei\",\"fluorescence-light-microscopy\"],\n"
        "\"cite\":[{\"text\":\"Al-Kofahi et al. 2018, A deep learning-based algorithm for 2-D cell segmentation in microscopy "
        "images\",\"doi\":\"10.1186/s12859-018-2375-z\"}],\n\"inputs\":[{\"id\":\"raw\",");
    put_axes(text, p, false);
    cseg_text_add(text,
                  ",\"test_tensor\":{\"source\":\"test_input.npy\"},\"data\":{\"type\":\"float32\"},\n\"preprocessing\":[{\"id\":"
                  "\"scale_range\",\"kwargs\":{\"axes\":[\"channel\",\"y\",\"x\"],\"min_percentile\":");
    cseg_text_add_number(text, rule->percentile_low);
    cseg_text_add(text, ",\"max_percentile\":");
    cseg_text_add_number(text, rule->percentile_high);
    cseg_text_add(text, "}},{\"id\":\"clip\",\"kwargs\":{\"min\":0.0,\"max\":");
    cseg_text_add_number(text, rule->clip);
    cseg_text_add(text, "}}]}],\n\"outputs\":[{\"id\":\"probabilities\",");
    put_axes(text, p, true);
    cseg_text_add(text,
                  ",\"test_tensor\":{\"source\":\"test_output.npy\"},\"data\":{\"type\":\"float32\",\"range\":[0.0,1.0]}}],\n");
    cseg_text_add(text,
                  "\"weights\":{\"onnx\":{\"source\":\"weights.onnx\",\"opset_version\":%d}},\n\"config\":{\"cellseg\":%s}}\n",
                  CSEG_ONNX_OPSET, p->model->info);
    return CELLSEG_OK;
}

/* ---- files ---- */

static cellseg_status put_file(const package *p, const char *name, const cseg_text *content) {
    cseg_text text = {.context = p->context};
    cseg_target target;
    char *path;
    cseg_text_add(&text, "%s/%s", p->folder, name);
    CSEG_TRY(cseg_text_take(&path, &text));
    cellseg_status status = cseg_target_set_path(&target, path);
    if (status == CELLSEG_OK)
        status = cseg_target_put(&target, p->context, content->bytes, content->length);
    cseg_memory_free(path);
    return status;
}

static cellseg_status export(const package *p) {
    static const struct {
        const char *name;
        write_fn write;
    } files[] = {{"weights.onnx", write_network},
                 {"test_input.npy", write_image},
                 {"test_output.npy", write_maps},
                 {"README.md", write_card},
                 {"rdf.yaml", write_description}};
    const size_t count = sizeof files / sizeof *files;
    cellseg_status status = CELLSEG_OK;
    for (size_t i = 0; status == CELLSEG_OK && i < count; i++) {
        cseg_text text = {.context = p->context};
        cseg_progress_step(p->context, files[i].name, (double)i / (double)count, (double)(i + 1) / (double)count);
        status = files[i].write(&text, p);
        if (status == CELLSEG_OK)
            status = text.status;
        if (status == CELLSEG_OK)
            status = put_file(p, files[i].name, &text);
        cseg_memory_free(text.bytes);
    }
    return status;
}

cellseg_status cellseg_model_export_bioimageio(const cellseg_model *model, cellseg_context *context, const char *folder) {
    CSEG_TRY(cseg_model_check_layers(model));
    if (folder == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "folder is NULL");
    const package p = {context, model, folder, find_edges(model)};
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, export(&p));
}
