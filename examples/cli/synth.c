/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg synth: simulated fields and their label maps, as cellseg train reads them. */
#include "cli.h"
#include "files.h"
#include "options.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the command line ---- */

static const char *output_folder, *size_text = "1024x1024";
static cellseg_synth_options synth_options;
static uint64_t first_seed = 1;
static int32_t count = 1, stain, threads, vary = 1;
static size_t width, height;

static const char *const stains[] = {"mixed", "diffuse", "er", "mitochondria", "endosomes", "actin", "tubulin", "membrane", NULL};

#define O synth_options
static const option common_options[] = {
    {"output", 'o', OPTION_TEXT, &output_folder, "FOLDER", "folder of the fields; created if missing", NULL},
    {"count", 0, OPTION_WHOLE, &count, "N", "number of fields", NULL},
    {"seed", 0, OPTION_COUNT, &first_seed, "S", "seed of the first field; the next field has S + 1", NULL},
    {"stain", 0, OPTION_CHOICE, &stain, NULL, "stained structure", stains},
    {"size", 0, OPTION_TEXT, &size_text, "WxH", "width and height in pixels", NULL},
    {"pixel-size", 0, OPTION_NUMBER, &O.pixel_size_um, "UM", "edge of a pixel", NULL},
    {"bits", 0, OPTION_WHOLE, &O.bits, "N", "bits of the camera, 8 to 16", NULL},
    {"nuclei-channel", 0, OPTION_CHOICE, &O.nuclei_channel, NULL, "add a channel with the nuclear stain", no_yes},
    {"vary", 0, OPTION_CHOICE, &vary, NULL, "draw the options below for each field, unless set; no: usual values", no_yes},
    {"threads", 0, OPTION_WHOLE, &threads, "N", "number of threads; 0: one per core", NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};
static const option field_options[] = {
    {"confluence", 0, OPTION_NUMBER, &O.confluence, "PART", "fraction of the field covered by cells", NULL},
    {"clustering", 0, OPTION_NUMBER, &O.clustering, "PART", "fraction of the cells that lie next to another cell", NULL},
    {"overlap", 0, OPTION_NUMBER, &O.overlap, "PART", "0: touching cells share borders; 1: cells lie on each other", NULL},
    {"cell-area-um2", 0, OPTION_NUMBER, &O.cell_area_um2, "UM2", "mean area of a cell", NULL},
    {"cell-area-spread", 0, OPTION_NUMBER, &O.cell_area_spread, "S", "deviation of the logarithm of the area", NULL},
    {"nucleus-radius-um", 0, OPTION_NUMBER, &O.nucleus_radius_um, "UM", "mean radius of a nucleus", NULL},
    {"nucleus-radius-spread", 0, OPTION_NUMBER, &O.nucleus_radius_spread, "S", "deviation of the logarithm of the radius", NULL},
    {"elongation", 0, OPTION_NUMBER, &O.elongation, "E", "mean of length / width - 1", NULL},
    {"spikes", 0, OPTION_NUMBER, &O.spikes, "PART", "0: rounded outlines; 1: tips with concave arcs", NULL},
    {"branching", 0, OPTION_NUMBER, &O.branching, "N", "mean number of thin processes per cell", NULL},
    {"dead", 0, OPTION_NUMBER, &O.dead, "PART", "fraction of dead cells: small, bright, round", NULL},
    {"dividing", 0, OPTION_NUMBER, &O.dividing, "PART", "fraction of the cells in metaphase or just divided", NULL},
    {"debris-per-mm2", 0, OPTION_NUMBER, &O.debris_per_mm2, "N", "number of unlabelled specks", NULL},
    {"brightness-spread", 0, OPTION_NUMBER, &O.brightness_spread, "S", "deviation of the logarithm of a cell's brightness", NULL},
    {"nucleus-darkness", 0, OPTION_NUMBER, &O.nucleus_darkness, "PART", "mean fraction of the stain that the nucleus lacks",
     NULL},
    {"nucleus-darkness-spread", 0, OPTION_NUMBER, &O.nucleus_darkness_spread, "S", "standard deviation of --nucleus-darkness",
     NULL},
    {"texture", 0, OPTION_NUMBER, &O.texture, "T", "strength of the texture; 0: none, 1: usual", NULL},
    {"background", 0, OPTION_NUMBER, &O.background, "B", "light without cells, relative to a mean cell", NULL},
    {"haze", 0, OPTION_NUMBER, &O.haze, "PART", "fraction of the light that is out of focus", NULL},
    {"haze-um", 0, OPTION_NUMBER, &O.haze_um, "UM", "sigma of the out-of-focus blur", NULL},
    {"psf-um", 0, OPTION_NUMBER, &O.psf_um, "UM", "sigma of the in-focus blur", NULL},
    {"vignetting", 0, OPTION_NUMBER, &O.vignetting, "PART", "fraction of the light lost in the corners", NULL},
    {"uneven", 0, OPTION_NUMBER, &O.uneven, "PART", "relative decrease of the illumination to one side", NULL},
    {"photons", 0, OPTION_NUMBER, &O.photons, "N", "electrons per pixel of a mean cell; 0: no noise", NULL},
    {"read-noise", 0, OPTION_NUMBER, &O.read_noise, "N", "noise of the camera, in electrons", NULL},
    {"offset", 0, OPTION_NUMBER, &O.offset, "PART", "grey level of darkness, relative to the largest level", NULL},
    {"exposure", 0, OPTION_NUMBER, &O.exposure, "PART", "grey levels of a mean cell, relative to the largest level", NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};
#undef O

static const command synth_command = {
    "synth", "-o FOLDER",
    "Simulate fields of cells: FOLDER/<stain>-<seed>.tif, with its pixel size, .cells.tif and .nuclei.tif (the truth).\n"
    "An option that is set holds for every field. The same seeds and options give the same files everywhere.",
    (const option *const[]){common_options, field_options, NULL}};

static bool read_size(void) {
    char end;
    int w, h;
    if (sscanf(size_text, "%5dx%5d%c", &w, &h, &end) != 2 || w < 1 || h < 1)
        return false;
    width = (size_t)w;
    height = (size_t)h;
    return true;
}

static bool is_complete(int operands) {
    const char *fault = NULL;
    if (output_folder == NULL)
        fault = "-o FOLDER is missing";
    else if (operands > 0)
        fault = "only options are expected";
    else if (count < 1)
        fault = "--count must be at least 1";
    else if (!read_size())
        fault = "--size must be WIDTHxHEIGHT, for example 1024x768";
    if (fault != NULL)
        print_error("synth: %s; see cellseg synth --help", fault);
    return fault == NULL;
}

/* ---- fields ---- */

/* The drawn or usual values of one field, and over them what the command line gives. */
static cellseg_status settle_options(uint64_t seed, int argc, char **argv, const char **operands) {
    int operand_count;
    cellseg_status status = cellseg_synth_options_draw(&synth_options, stain, seed);
    if (status == CELLSEG_OK && vary == 0)
        status = cellseg_synth_options_preset(&synth_options, synth_options.stain);
    if (status == CELLSEG_OK)
        (void)parse_options(&synth_command, argc, argv, operands, &operand_count);
    return status;
}

static cellseg_status write_field(cellseg_context *context, const char *stem, const cellseg_image *image,
                                  const cellseg_labels *cells, const cellseg_labels *nuclei) {
    char image_path[PATH_SIZE], cells_path[PATH_SIZE], nuclei_path[PATH_SIZE];
    if (!join_path(image_path, output_folder, stem, ".tif") || !join_path(cells_path, output_folder, stem, ".cells.tif") ||
        !join_path(nuclei_path, output_folder, stem, ".nuclei.tif"))
        return CELLSEG_ERR_ARGUMENT;
    cellseg_status status = cellseg_labels_write(cells, context, cells_path, 0);
    if (status == CELLSEG_OK)
        status = cellseg_labels_write(nuclei, context, nuclei_path, 0);
    if (status == CELLSEG_OK)
        status = cellseg_image_write(image, context, image_path); /* last: what has an image is complete */
    if (status != CELLSEG_OK)
        print_error("%s", cellseg_last_error());
    return status;
}

static int make_one(cellseg_context *context, uint64_t seed) {
    cellseg_image *image;
    cellseg_labels *cells, *nuclei;
    char stem[64];
    (void)snprintf(stem, sizeof stem, "%s-%llu", stains[synth_options.stain], (unsigned long long)seed);
    set_progress_title(stem);
    cellseg_status status = cellseg_synth_field(&image, &cells, &nuclei, context, height, width, &synth_options);
    set_progress_title(NULL);
    if (status != CELLSEG_OK) {
        print_error("synth: %s", cellseg_last_error());
        return status == CELLSEG_ERR_ARGUMENT ? CLI_USAGE : CLI_FAILED;
    }
    status = write_field(context, stem, image, cells, nuclei);
    if (status == CELLSEG_OK)
        printf("%s/%s.tif: %u cells\n", output_folder, stem, (unsigned)cellseg_labels_max_id(cells));
    cellseg_image_free(image);
    cellseg_labels_free(cells);
    cellseg_labels_free(nuclei);
    return status == CELLSEG_OK ? CLI_FINE : CLI_FAILED;
}

static int make_all(int argc, char **argv, const char **operands) {
    if (!make_folder(output_folder))
        return CLI_FAILED;
    cellseg_context *context = new_context(threads);
    if (context == NULL)
        return no_context_code();
    int code = CLI_FINE;
    for (uint64_t i = 0; i < (uint64_t)count && code == CLI_FINE && !was_interrupted(); i++) {
        if (settle_options(first_seed + i, argc, argv, operands) == CELLSEG_OK)
            code = make_one(context, first_seed + i);
        else {
            print_error("synth: %s", cellseg_last_error());
            code = CLI_FAILED;
        }
    }
    cellseg_context_free(context);
    return was_interrupted() ? CLI_FAILED : code;
}

int cmd_synth(int argc, char **argv) {
    if (cellseg_synth_options_init(&synth_options, sizeof synth_options) != CELLSEG_OK) {
        print_error("synth: %s", cellseg_last_error());
        return CLI_FAILED;
    }
    const char **operands = malloc((size_t)argc * sizeof *operands);
    if (operands == NULL)
        return CLI_FAILED;
    int operand_count = 0, code = CLI_USAGE;
    const parsed result = parse_options(&synth_command, argc, argv, operands, &operand_count);
    if (result == PARSED_HELP)
        code = CLI_FINE;
    else if (result == PARSED_OK && is_complete(operand_count))
        code = make_all(argc, argv, operands);
    free(operands);
    return code;
}
