/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg info: describes the library and its model, or image files and model files. */
#include "cli.h"
#include "options.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const option options[] = {{NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL}};
static const command info_command = {
    "info", "[FILE]...",
    "Describe each FILE: an image (size, channels, pixel size) or a model file (layers, scale, training record).\n"
    "Without FILE, describe the library and the default model.",
    (const option *const[]){options, NULL}};

static void print_model(const cellseg_model *model) {
    print_result("model: %llu parameters, works at %g um per pixel", (unsigned long long)cellseg_model_parameters(model),
                 cellseg_model_pixel_size_um(model));
    print_result("%s", cellseg_model_info(model));
}

static void print_image(const cellseg_image *image) {
    static const char *const types[] = {"?", "uint8", "uint16", "uint32", "float32", "int16", "int32", "float64"};
    const int32_t type = cellseg_image_pixel_type(image);
    print_text("image: %zu x %zu pixels (width x height), %d channel%s, %s, ", cellseg_image_width(image),
               cellseg_image_height(image), (int)cellseg_image_channels(image), cellseg_image_channels(image) == 1 ? "" : "s",
               types[type >= CELLSEG_UINT8 && type <= CELLSEG_FLOAT64 ? type : 0]);
    if (cellseg_image_pixel_size_um(image) > 0)
        print_result("%g um per pixel", cellseg_image_pixel_size_um(image));
    else
        print_result("pixel size unknown");
    for (int32_t c = 0; c < cellseg_image_channels(image); c++)
        if (cellseg_image_channel_name(image, c) != NULL)
            print_result("channel %d: %s", (int)c, cellseg_image_channel_name(image, c));
}

static int describe_library(cellseg_context *context) {
    static const char *const levels[] = {"?", "portable", "AVX2", "AVX-512", "NEON"};
    const int32_t level = cellseg_context_cpu_level(context);
    print_result("libcellseg %s, %d threads, %s", cellseg_version(), (int)cellseg_context_threads(context),
                 levels[level >= CELLSEG_CPU_PORTABLE && level <= CELLSEG_CPU_NEON ? level : 0]);
    print_text("features:");
    for (int bit = 0; bit < 64; bit++) {
        const char *name = cellseg_feature_name(cellseg_features() & UINT64_C(1) << bit);
        if (name != NULL)
            print_text(" %s", name);
    }
    end_line();
    cellseg_model *model;
    if (cellseg_model_default(&model, context) != CELLSEG_OK) {
        print_library_error("default model");
        return CLI_FAILED;
    }
    print_model(model);
    cellseg_model_free(model);
    return CLI_FINE;
}

/* Read an image. Of a file that holds several images or a stack, the first is read, and the library's refusals, which list all,
 * are printed: one of the images, then one of the stack. */
static cellseg_status read_first(cellseg_image **image, cellseg_context *context, const char *path) {
    cellseg_read_options chosen;
    cellseg_status status = cellseg_read_options_init(&chosen, sizeof chosen);
    if (status == CELLSEG_OK)
        status = cellseg_image_read(image, context, path, &chosen);
    if (status != CELLSEG_ERR_FORMAT)
        return status;
    char refusals[2][512];
    int count = 0;
    for (; status == CELLSEG_ERR_FORMAT && count < 2; count++) {
        (void)snprintf(refusals[count], sizeof refusals[count], "%s", cellseg_last_error());
        chosen.series = 0;
        chosen.z = chosen.t = count - 1;
        status = cellseg_image_read(image, context, path, &chosen);
    }
    for (int i = 0; status == CELLSEG_OK && i < count; i++)
        if (i == 0 || strcmp(refusals[i], refusals[0]) != 0)
            print_result("%s", refusals[i]);
    return status;
}

/* Read a file as an image, else as a model. */
static cellseg_status read_either(cellseg_image **image, cellseg_model **model, cellseg_context *context, const char *path) {
    char as_image[512];
    cellseg_status status = read_first(image, context, path);
    (void)snprintf(as_image, sizeof as_image, "%s", fault_in(path, CELLSEG_ERR_FORMAT));
    if (status == CELLSEG_ERR_FORMAT) {
        status = cellseg_model_load(model, context, path);
        if (status != CELLSEG_OK)
            print_error("%s: not an image: %s; not a model: %s", path, as_image, fault_in(path, status));
    } else if (status != CELLSEG_OK)
        print_error("%s: %s", path, as_image);
    return status;
}

static int describe_file(cellseg_context *context, const char *path) {
    cellseg_image *image = NULL;
    cellseg_model *model = NULL;
    if (read_either(&image, &model, context, path) != CELLSEG_OK)
        return CLI_FAILED;
    print_text("%s: ", path);
    if (image != NULL)
        print_image(image);
    else
        print_model(model);
    cellseg_image_free(image);
    cellseg_model_free(model);
    return CLI_FINE;
}

int cmd_info(int argc, char **argv) {
    const char **operands = check_memory(malloc((size_t)argc * sizeof *operands));
    int count = 0, code = CLI_FINE;
    const parsed result = parse_options(&info_command, argc, argv, operands, &count);
    cellseg_context *context = result == PARSED_OK ? new_context(0) : NULL;
    if (result == PARSED_WRONG)
        code = CLI_USAGE;
    else if (result == PARSED_OK && context == NULL)
        code = CLI_FAILED;
    else if (result == PARSED_OK && count == 0)
        code = describe_library(context);
    for (int i = 0; context != NULL && i < count; i++)
        if (describe_file(context, operands[i]) != CLI_FINE)
            code = CLI_FAILED;
    cellseg_context_free(context);
    free(operands);
    return code;
}
