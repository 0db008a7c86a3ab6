/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg info: describes the library and its model, or image files and model files. */
#include "cli.h"
#include "command.h"
#include "estimate.h"
#include "json.h"
#include "model_text.h"
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* ---- images and models ---- */

static const char *type_name(const cellseg_image *image) {
    static const char *const names[] = {"?", "uint8", "uint16", "uint32", "float32", "int16", "int32", "float64"};
    const int32_t type = cellseg_image_pixel_type(image);
    return names[type >= CELLSEG_UINT8 && type <= CELLSEG_FLOAT64 ? type : 0];
}

static void print_image(const cellseg_image *image) {
    print_text("image: %zu x %zu pixels (width x height), %d channel%s, %s, ", cellseg_image_width(image),
               cellseg_image_height(image), (int)cellseg_image_channels(image), cellseg_image_channels(image) == 1 ? "" : "s",
               type_name(image));
    const double size_um = cellseg_image_pixel_size_um(image);
    if (size_um > 0)
        print_result("%g um per pixel, %.4g x %.4g um", size_um, size_um * (double)cellseg_image_width(image),
                     size_um * (double)cellseg_image_height(image));
    else
        print_result("pixel size unknown");
    for (int32_t c = 0; c < cellseg_image_channels(image); c++)
        if (cellseg_image_channel_name(image, c) != NULL)
            print_result("channel %d: %s", (int)c, cellseg_image_channel_name(image, c));
}

/* Of the default method; none where the pixel size is unknown, the build has no default model or the image cannot be segmented.
 */
static bool estimate_default(estimate *e, cellseg_context *context, const cellseg_image *image) {
    cellseg_segment_options options;
    cellseg_model *model = NULL;
    const bool known =
        cellseg_image_pixel_size_um(image) > 0 && cellseg_segment_options_init(&options, sizeof options) == CELLSEG_OK &&
        cellseg_model_default(&model, context) == CELLSEG_OK && estimate_segmentation(e, context, model, image, &options);
    cellseg_model_free(model);
    return known;
}

static void print_segmentation(cellseg_context *context, const cellseg_image *image) {
    estimate e;
    if (!estimate_default(&e, context, image))
        return;
    print_text("segmentation of channel 0 by the default model:");
    print_estimate(&e);
    end_line();
}

static bool add_segmentation(cJSON *to, cellseg_context *context, const cellseg_image *image) {
    estimate e;
    if (!estimate_default(&e, context, image))
        return true;
    cJSON *of = cJSON_AddObjectToObject(to, "segmentation");
    return of != NULL && add_estimate(of, &e);
}

static bool add_channels(cJSON *to, const cellseg_image *image) {
    cJSON *list = cJSON_AddArrayToObject(to, "channels");
    bool fine = list != NULL;
    for (int32_t c = 0; fine && c < cellseg_image_channels(image); c++) {
        const char *name = cellseg_image_channel_name(image, c);
        fine = cJSON_AddItemToArray(list, name != NULL ? cJSON_CreateString(name) : cJSON_CreateNull());
    }
    return fine;
}

static bool add_image(cJSON *to, const cellseg_image *image) {
    const double size_um = cellseg_image_pixel_size_um(image);
    cJSON *of = cJSON_AddObjectToObject(to, "image");
    return of != NULL && add_figure(of, "width", (double)cellseg_image_width(image)) &&
           add_figure(of, "height", (double)cellseg_image_height(image)) && add_name(of, "pixel_type", type_name(image)) &&
           add_figure(of, "pixel_size_um", size_um > 0 ? size_um : (double)NAN) && add_channels(of, image);
}

/* With an image, a model, or the library's figures in `line`. */
static void print_object(cJSON *line, bool fine, const cellseg_image *image, const cellseg_model *model) {
    if (fine && image != NULL)
        fine = add_image(line, image);
    if (fine && model != NULL)
        fine = cJSON_AddRawToObject(line, "model", cellseg_model_info(model)) != NULL;
    if (!fine) {
        cJSON_Delete(line);
        line = NULL;
    }
    print_json(line);
}

/* ---- the library ---- */

static const char *processor_name(const cellseg_context *context) {
    static const char *const levels[] = {"?", "portable", "AVX2", "AVX-512", "NEON"};
    const int32_t level = cellseg_context_cpu_level(context);
    return levels[level >= CELLSEG_CPU_PORTABLE && level <= CELLSEG_CPU_NEON ? level : 0];
}

static const char *feature_name(int bit) {
    return cellseg_feature_name(cellseg_features() & UINT64_C(1) << bit);
}

static void print_library(const cellseg_context *context, const cellseg_model *model) {
    print_result("libcellseg %s, %d threads, %s", cellseg_version(), (int)cellseg_context_threads(context),
                 processor_name(context));
    print_text("features:");
    for (int bit = 0; bit < 64; bit++)
        if (feature_name(bit) != NULL)
            print_text(" %s", feature_name(bit));
    end_line();
    print_model(model);
}

static bool add_features(cJSON *to) {
    cJSON *list = cJSON_AddArrayToObject(to, "features");
    bool fine = list != NULL;
    for (int bit = 0; fine && bit < 64; bit++)
        if (feature_name(bit) != NULL)
            fine = cJSON_AddItemToArray(list, cJSON_CreateString(feature_name(bit)));
    return fine;
}

static void print_json_library(const cellseg_context *context, const cellseg_model *model) {
    cJSON *line = cJSON_CreateObject(), *of = line != NULL ? cJSON_AddObjectToObject(line, "library") : NULL;
    const bool fine = of != NULL && add_name(of, "version", cellseg_version()) &&
                      add_figure(of, "threads", cellseg_context_threads(context)) &&
                      add_name(of, "processor", processor_name(context)) && add_features(of);
    print_object(line, fine, NULL, model);
}

static int describe_library(cellseg_context *context) {
    cellseg_model *model;
    if (cellseg_model_default(&model, context) != CELLSEG_OK) {
        print_library_error("default model");
        return CLI_FAILED;
    }
    if (json_lines)
        print_json_library(context, model);
    else
        print_library(context, model);
    cellseg_model_free(model);
    return CLI_FINE;
}

/* ---- files ---- */

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
        if (!json_lines && (i == 0 || strcmp(refusals[i], refusals[0]) != 0))
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

static bool describe_file(cellseg_context *context, const char *path) {
    cellseg_image *image = NULL;
    cellseg_model *model = NULL;
    if (read_either(&image, &model, context, path) != CELLSEG_OK)
        return false;
    if (json_lines) {
        cJSON *line = cJSON_CreateObject();
        const bool fine =
            line != NULL && add_name(line, "file", path) && (image == NULL || add_segmentation(line, context, image));
        print_object(line, fine, image, model);
    } else {
        print_text("%s: ", path);
        if (image != NULL) {
            print_image(image);
            print_segmentation(context, image);
        } else
            print_model(model);
    }
    cellseg_image_free(image);
    cellseg_model_free(model);
    return true;
}

static int run(const words *line) {
    cellseg_context *context = begin_context();
    if (context == NULL)
        return no_context_code();
    size_t failed = 0;
    for (int i = 0; i < line->count && !was_interrupted(); i++)
        failed += !describe_file(context, line->operands[i]);
    const int code = line->count == 0 ? describe_library(context) : code_of_failures(failed, (size_t)line->count);
    end_context(context);
    return code;
}

const command info_command = {
    .name = "info",
    .headline = "describe images, model files, and the library",
    .arguments = "[FILE]...",
    .operand = "FILE",
    .summary = "Describe each FILE: an image (size, channels, pixel size; memory and time of a segmentation, from a trial on a\n"
               "part of the first image) or a model file (layers as --frozen-layers counts them, scale, training record).\n"
               "Without FILE, describe the library and the default model.",
    .groups = (const option_group[]){{"Common", json_options}, {NULL, general_options}, {NULL, NULL}},
    .examples = (const note[]){{"info", "the library and the default model"},
                               {"info --json image.tif", "an image, for a program"},
                               {NULL, NULL}},
    .run = run,
};
