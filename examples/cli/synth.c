/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg synth: simulated fields and their label maps, as cellseg train reads them. */
#include "cli.h"
#include "command.h"
#include "files.h"
#include "library_options.h"
#include "progress.h"
#include "provenance.h"
#include "staging.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the command line ---- */

static const char *output_folder, *size_text = "1024x1024";
static cellseg_synth_options synth_options;
static cellseg_synth_cells cells_group;
static cellseg_synth_staining staining_group;
static cellseg_synth_optics optics_group;
static cellseg_synth_camera camera_group;
static uint64_t first_seed = 1;
static int32_t count = 1, wanted_stain;
static size_t width, height;

static const option field_options[] = {
    {"output", 'o', OPTION_TEXT, &output_folder, "FOLDER", "folder of the fields; created if missing", NULL},
    {"count", 0, OPTION_WHOLE, &count, "N", "number of fields", NULL},
    {"seed", 0, OPTION_COUNT, &first_seed, "S", "seed of the first field; the next field has S + 1", NULL},
    {"size", 0, OPTION_TEXT, &size_text, "WxH", "width and height in pixels", NULL},
    {"pixel-size", 0, OPTION_NUMBER, &synth_options.pixel_size_um, "UM", "edge of a pixel", NULL},
    OPTIONS_END,
};

/* Members that have options of their own. */
static const char *const own_names[] = {"seed", "pixel_size_um", NULL};
static library_options synth_table, cells_table, staining_table, optics_table, camera_table;

/* Without options the fields of a training set: every stain, every value drawn. */
static bool init_options(void) {
    const int32_t stain = CELLSEG_STAIN_DIFFUSE;
    const bool fine = cellseg_synth_options_init(&synth_options, sizeof synth_options) == CELLSEG_OK &&
                      cellseg_synth_cells_init(&cells_group, sizeof cells_group, stain) == CELLSEG_OK &&
                      cellseg_synth_staining_init(&staining_group, sizeof staining_group, stain) == CELLSEG_OK &&
                      cellseg_synth_optics_init(&optics_group, sizeof optics_group, stain) == CELLSEG_OK &&
                      cellseg_synth_camera_init(&camera_group, sizeof camera_group, stain) == CELLSEG_OK;
    synth_options.stain = CELLSEG_STAIN_MIXED;
    synth_options.vary = 1;
    if (!fine)
        print_error("synth: %s", cellseg_last_error());
    return fine;
}

static bool begin(int32_t preset) {
    (void)preset;
    make_library_options(&synth_table, cellseg_synth_options_table(), &synth_options, own_names);
    make_library_options(&cells_table, cellseg_synth_cells_table(), &cells_group, NULL);
    make_library_options(&staining_table, cellseg_synth_staining_table(), &staining_group, NULL);
    make_library_options(&optics_table, cellseg_synth_optics_table(), &optics_group, NULL);
    make_library_options(&camera_table, cellseg_synth_camera_table(), &camera_group, NULL);
    return init_options();
}

static const char *stain_name(void) {
    const option *o = synth_table.rows;
    while (strcmp(o->name, "stain") != 0)
        o++;
    return o->choices[synth_options.stain];
}

static bool read_size(void) {
    char end;
    int w, h;
    if (sscanf(size_text, "%5dx%5d%c", &w, &h, &end) != 2 || w < 1 || h < 1)
        return false;
    width = (size_t)w;
    height = (size_t)h;
    return true;
}

static bool is_complete(void) {
    const char *fault = NULL;
    if (output_folder == NULL)
        fault = "-o FOLDER is missing";
    else if (count < 1)
        fault = "--count must be at least 1";
    else if (!read_size())
        fault = "--size must be WIDTHxHEIGHT, for example 1024x768";
    if (fault != NULL)
        (void)print_usage_fault(&synth_command, fault);
    return fault == NULL;
}

/* ---- fields ---- */

/* The drawn or usual values of one field, and over them the values of the command line. */
static cellseg_status settle_options(uint64_t seed, const words *line) {
    words again = *line;
    synth_options.seed = seed;
    synth_options.stain = wanted_stain;
    synth_options.cells = NULL;
    synth_options.staining = NULL;
    synth_options.optics = NULL;
    synth_options.camera = NULL;
    const cellseg_status status =
        cellseg_synth_options_draw(&synth_options, &cells_group, &staining_group, &optics_group, &camera_group);
    const int32_t stain = synth_options.stain;
    if (status == CELLSEG_OK)
        (void)parse_words(&synth_command, &again);
    synth_options.stain = stain;
    return status;
}

/* One file of a field; its fault is printed with the name that it is to have. */
static bool is_written(cellseg_status status, const staging *set, const char *path, const char *suffix) {
    const char *fault = fault_in(path, status);
    if (fault != NULL)
        print_error("%s/%s%s: %s", set->folder, set->stem, suffix, fault);
    return fault == NULL;
}

static bool write_labels(cellseg_context *context, const staging *set, const cellseg_labels *labels, const char *name) {
    char path[PATH_SIZE], suffix[32];
    (void)snprintf(suffix, sizeof suffix, ".%s.tif", name);
    if (!join_path(path, set->path, set->stem, suffix))
        return false;
    cellseg_write_options options;
    cellseg_status status = state_provenance(&options, name, NULL, NULL, cellseg_synth_options_table(), &synth_options);
    if (status == CELLSEG_OK)
        status = cellseg_labels_write(labels, context, path, &options);
    return is_written(status, set, path, suffix);
}

static bool write_image(cellseg_context *context, const staging *set, const cellseg_image *image) {
    char path[PATH_SIZE];
    if (!join_path(path, set->path, set->stem, ".tif"))
        return false;
    cellseg_write_options options;
    cellseg_status status = state_provenance(&options, set->stem, NULL, NULL, cellseg_synth_options_table(), &synth_options);
    if (status == CELLSEG_OK)
        status = cellseg_image_write(image, context, path, &options);
    return is_written(status, set, path, ".tif");
}

static bool write_field(cellseg_context *context, const char *stem, const cellseg_image *image, const cellseg_labels *cells,
                        const cellseg_labels *nuclei) {
    staging set;
    if (!open_staging(&set, output_folder, stem))
        return false;
    const bool fine = write_image(context, &set, image) && write_labels(context, &set, cells, "cells") &&
                      write_labels(context, &set, nuclei, "nuclei");
    return close_staging(&set, fine);
}

static int make_one(cellseg_context *context, uint64_t seed) {
    cellseg_image *image;
    cellseg_labels *cells, *nuclei;
    char stem[64];
    (void)snprintf(stem, sizeof stem, "%s-%llu", stain_name(), (unsigned long long)seed);
    set_progress_title(stem);
    cellseg_status status = cellseg_synth_field(&image, &cells, &nuclei, context, height, width, &synth_options);
    set_progress_title(NULL);
    if (status != CELLSEG_OK) {
        print_error("synth: %s", cellseg_last_error());
        return status == CELLSEG_ERR_ARGUMENT ? CLI_USAGE : CLI_FAILED;
    }
    const bool written = write_field(context, stem, image, cells, nuclei);
    if (written)
        print_result("%s/%s.tif: %u cells", output_folder, stem, (unsigned)cellseg_labels_max_id(cells));
    cellseg_image_free(image);
    cellseg_labels_free(cells);
    cellseg_labels_free(nuclei);
    return written ? CLI_FINE : CLI_FAILED;
}

static int make_fields(cellseg_context *context, const words *line) {
    size_t done = 0;
    for (; done < (size_t)count && !was_interrupted(); done++) {
        set_progress_file(done, (size_t)count);
        if (settle_options(first_seed + done, line) != CELLSEG_OK) {
            print_error("synth: %s", cellseg_last_error());
            return CLI_USAGE;
        }
        const int code = make_one(context, first_seed + done);
        if (code != CLI_FINE)
            return code == CLI_FAILED ? code_of_failures((size_t)count - done, (size_t)count) : code;
    }
    return CLI_FINE;
}

static int run(const words *line) {
    wanted_stain = synth_options.stain;
    if (!is_complete())
        return CLI_USAGE;
    cellseg_context *context = begin_context();
    if (context == NULL)
        return no_context_code();
    const int code = prepare_folder(output_folder, NULL, NULL) ? make_fields(context, line) : CLI_FAILED;
    end_context(context);
    return code;
}

const command synth_command = {
    .name = "synth",
    .headline = "simulate fields of cells with their truth",
    .arguments = "-o FOLDER",
    .summary =
        "Simulate fields of cells and write the files below into FOLDER. An option that is set holds for every field. The same\n"
        "seeds and options give the same files everywhere.",
    .groups = (const option_group[]){{"Fields", field_options},
                                     {NULL, synth_table.rows},
                                     {"Cells", cells_table.rows},
                                     {"Staining", staining_table.rows},
                                     {"Optics", optics_table.rows},
                                     {"Camera", camera_table.rows},
                                     {"Common", thread_options},
                                     {NULL, general_options},
                                     {NULL, NULL}},
    .files = (const note[]){{"<stain>-<seed>.tif", "the image, with its pixel size"},
                            {"<stain>-<seed>.cells.tif", "label map of the cells (the truth)"},
                            {"<stain>-<seed>.nuclei.tif", "label map of the nuclei (the truth)"},
                            {NULL, NULL}},
    .examples = (const note[]){{"synth -o fields --count 100", "a hundred fields for training"},
                               {"synth -o fields --stain actin --size 512x512 --seed 7", "one field of one stain"},
                               {NULL, NULL}},
    .begin = begin,
    .run = run,
};
