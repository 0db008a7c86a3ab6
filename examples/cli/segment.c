/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg segment and cellseg label: the same result files, by the network or by the two-channel method. */
#include "library_options.h"
#include "reading.h"
#include "results.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the command line ---- */

static const char *output_folder, *model_path, *nuclei_path;
static channel_word channel, nuclei_channel;
static int32_t threads;
static bool want_maps, want_details, overwrite;

static const option common_options[] = {
    {"output", 'o', OPTION_TEXT, &output_folder, "OUTDIR", "folder of the results; created if missing", NULL},
    {"channel", 0, OPTION_TEXT, &channel.word, "K|NAME", "channel of the marker, from 0, or its name; default: the first", NULL},
    {"overwrite", 0, OPTION_FLAG, &overwrite, NULL, "also replace results of another input, and files that no record names",
     NULL},
    {"threads", 0, OPTION_WHOLE, &threads, "N", "number of threads; 0: one per core that the process may use", NULL},
    {"geojson", 0, OPTION_FLAG, &want_geojson, NULL, "also write outlines and measurements for QuPath, <stem>.geojson", NULL},
    {"coco", 0, OPTION_FLAG, &want_coco, NULL, "also write COCO annotations, <stem>.coco.json", NULL},
    {"svg", 0, OPTION_FLAG, &want_svg, NULL, "also write outlines as a drawing over the image, <stem>.svg", NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};
static const option network_options[] = {
    {"model", 0, OPTION_TEXT, &model_path, "FILE", "model file; default: the default model", NULL},
    {"maps", 0, OPTION_FLAG, &want_maps, NULL, "also write the probability maps, <stem>.maps.tif", NULL},
    {"verbose", 0, OPTION_FLAG, &want_details, NULL, "also log the figures of the marker check", NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};
static const option two_channel_options[] = {
    {"nuclei-channel", 0, OPTION_TEXT, &nuclei_channel.word, "K|NAME", "channel of the nuclear stain, from 0, or its name", NULL},
    {"nuclei", 0, OPTION_TEXT, &nuclei_path, "FILE", "file of the nuclear stain; default: the marker's file (one input only)",
     NULL},
    {NULL, 0, OPTION_FLAG, NULL, NULL, NULL, NULL},
};

/* Members that the tables above set, and members that only one of the two methods reads. */
static const char *const own_names[] = {"channel", "nuclei_channel", "pixel_size_um", NULL};
static const char *const scale_name[] = {"working_pixel_size_um", NULL};
static const char *const label_skips[] = {
    "channel", "nuclei_channel", "pixel_size_um", "marker_check", "orientations", "use_extra_output", NULL};
static const char *const map_names[] = {"nucleus_probability_min", "nucleus_strength_ratio", "cell_probability",
                                        "background_rule", NULL};
static library_options segment_table, label_table;

static const command segment_command = {
    "segment", "-o OUTDIR FILE...",
    "Find every cell in the marker channel. For each FILE (TIFF or PNG), write OUTDIR/<stem>.cells.tif and .nuclei.tif\n"
    "(label maps), .csv (one row per cell), .overlay.png and .json (input, model, options, figures). <stem> is the file\n"
    "name without .tif, .tiff, .png, .jpg, .jpeg, then .ome, then .cells, .nuclei, .maps, .overlay or .coco. The files of\n"
    "an image are replaced together; after an interruption the next run into OUTDIR finishes or removes what is left.",
    (const option *const[]){common_options, reading_options, network_options, segment_table.rows, NULL}};
static const command label_command = {
    "label", "--nuclei-channel K -o OUTDIR FILE...",
    "Find every cell with the two-channel method: nuclei from a nuclear stain, cells from the marker, no network.\n"
    "Write the same files as cellseg segment.",
    (const option *const[]){common_options, reading_options, two_channel_options, label_table.rows, NULL}};

static void make_tables(void) {
    add_library_options(&segment_table, cellseg_segment_options_table(), &segment_options, own_names);
    add_library_options(&segment_table, cellseg_method_table(), &segment_method, scale_name);
    add_library_options(&label_table, cellseg_segment_options_table(), &segment_options, label_skips);
    add_library_options(&label_table, cellseg_method_table(), &segment_method, map_names);
}

/* Twice, so that single options win over the preset wherever they stand. */
static parsed parse(const command *of, int argc, char **argv, const char **operands, int *count) {
    if (cellseg_segment_options_init(&segment_options, sizeof segment_options) != CELLSEG_OK) {
        print_error("%s", cellseg_last_error());
        return PARSED_WRONG;
    }
    if (!init_reading() || !set_segment_preset(CELLSEG_PRESET_DEFAULT))
        return PARSED_WRONG;
    const parsed first = parse_options(of, argc, argv, operands, count);
    if (first != PARSED_OK || segment_options.preset == CELLSEG_PRESET_DEFAULT)
        return first;
    return set_segment_preset(segment_options.preset) ? parse_options(of, argc, argv, operands, count) : PARSED_WRONG;
}

/* Names are found in each image; numbers are checked with the other options. */
static void settle_channels(void) {
    settle_channel(&channel);
    settle_channel(&nuclei_channel);
    segment_options.channel = channel.is_name ? 0 : channel.number;
    segment_options.nuclei_channel = nuclei_channel.is_name ? 0 : nuclei_channel.number;
}

/* A fault of the options in any image, reported once and without a file. NULL: none. */
static const char *fault_of_values(void) {
    cellseg_segment_options all = segment_options;
    all.pixel_size_um = chosen_reading()->pixel_size_um;
    return cellseg_segment_options_check(&all) == CELLSEG_OK ? NULL : cellseg_last_error();
}

static bool is_complete(const command *of, int inputs) {
    const char *fault = NULL;
    settle_channels();
    if (output_folder == NULL)
        fault = "-o OUTDIR is missing";
    else if (inputs == 0)
        fault = "an input file is missing";
    else if (of == &label_command && nuclei_channel.word == NULL && nuclei_path == NULL)
        fault = "--nuclei-channel K or --nuclei FILE is missing";
    else if (nuclei_path != NULL && inputs != 1)
        fault = "--nuclei FILE needs exactly one input file";
    else if (of == &label_command && segment_method.relief == CELLSEG_RELIEF_PROBABILITY)
        fault = "--relief probability needs the network";
    else
        fault = fault_of_values();
    if (fault == NULL)
        return settle_reading(of->name);
    print_error("%s: %s; see cellseg %s --help", of->name, fault, of->name);
    return false;
}

/* ---- one file ---- */

static bool read_image(cellseg_image **image, cellseg_context *context, const char *path) {
    if (!read_chosen(image, context, path))
        return false;
    if (cellseg_image_pixel_size_um(*image) > 0)
        return true;
    print_error("%s: the file has no pixel size; set --pixel-size", path);
    return false;
}

/* Of several channels the first is taken, unless a nuclear stain leaves no other choice. */
static void warn_of_channels(const cellseg_image *image, bool with_network, const char *path) {
    const int32_t channels = cellseg_image_channels(image);
    const char *name = cellseg_image_channel_name(image, 0);
    const bool has_stain = !with_network && nuclei_path == NULL && segment_options.nuclei_channel > 0;
    if (channel.word == NULL && channels > (has_stain ? 2 : 1))
        print_warning("%s: channel 0%s%s%s of %d is the marker; select another with --channel", path, name != NULL ? " (" : "",
                      name != NULL ? name : "", name != NULL ? ")" : "", (int)channels);
}

/* Read the file of the nuclear stain, if it is one of its own, and find the stain's channel. */
static bool find_stain(cellseg_image **nuclear, const cellseg_image *image, cellseg_context *context, const char *path) {
    if (nuclei_path == NULL)
        return find_channel(&segment_options.nuclei_channel, &nuclei_channel, image, path);
    if (!read_image(nuclear, context, nuclei_path))
        return false;
    if (find_channel(&segment_options.nuclei_channel, &nuclei_channel, *nuclear, nuclei_path))
        return true;
    cellseg_image_free(*nuclear);
    return false;
}

/* With a model the network's cells, without the two-channel method's. */
static bool find_cells(results *r, cellseg_context *context, const cellseg_model *model, const char *path) {
    if (!read_image(&r->image, context, path) || !find_channel(&segment_options.channel, &channel, r->image, path))
        return false;
    warn_of_channels(r->image, model != NULL, path);
    cellseg_status status;
    if (model != NULL)
        status = cellseg_segment(&r->cells, &r->nuclei, want_maps ? &r->maps : NULL, &r->report, context, model, r->image,
                                 &segment_options);
    else {
        cellseg_image *nuclear = NULL;
        if (!find_stain(&nuclear, r->image, context, path))
            return false;
        status = cellseg_segment_two_channel(&r->cells, &r->nuclei, &r->report, context, r->image,
                                             nuclear != NULL ? nuclear : r->image, &segment_options);
        cellseg_image_free(nuclear);
    }
    if (status != CELLSEG_OK)
        print_library_error(path);
    return status == CELLSEG_OK;
}

static bool process(const file *input, cellseg_context *context, const cellseg_model *model) {
    set_progress_title(input->path);
    results r;
    init_results(&r, input, chosen_reading());
    r.nuclei_path = nuclei_path;
    r.model = model;
    const bool fine = find_cells(&r, context, model, input->path) && write_results(&r, context, output_folder);
    set_progress_title(NULL);
    if (fine) {
        print_result("%s: %u cells, in %s/%s.*", input->path, (unsigned)cellseg_labels_max_id(r.cells), output_folder,
                     input->stem);
        flush_output();
    }
    free_results(&r);
    return fine;
}

/* ---- all files ---- */

static bool load_model(cellseg_model **model, cellseg_context *context) {
    const cellseg_status status =
        model_path != NULL ? cellseg_model_load(model, context, model_path) : cellseg_model_default(model, context);
    if (status != CELLSEG_OK)
        print_library_error(model_path != NULL ? model_path : "default model");
    return status == CELLSEG_OK;
}

static bool prepare(const file_list *inputs) {
    const char *others[3] = {NULL};
    int count = 0;
    if (nuclei_path != NULL)
        others[count++] = nuclei_path;
    if (model_path != NULL)
        others[count++] = model_path;
    return prepare_results(inputs, others, output_folder, chosen_reading(), overwrite);
}

static int process_all(const file_list *inputs, bool with_network) {
    set_verbose(want_details);
    cellseg_context *context = new_context(threads);
    if (context == NULL)
        return no_context_code();
    cellseg_model *model = NULL;
    int code = CLI_FINE;
    if ((with_network && !load_model(&model, context)) || !prepare(inputs))
        code = CLI_FAILED;
    else
        for (size_t i = 0; i < inputs->count && !was_interrupted(); i++)
            if (!process(&inputs->files[i], context, model))
                code = CLI_FAILED;
    cellseg_model_free(model);
    cellseg_context_free(context);
    return code;
}

static int run(const command *of, int argc, char **argv) {
    make_tables();
    const char **operands = check_memory(malloc((size_t)argc * sizeof *operands));
    int count = 0, code = CLI_USAGE;
    file_list inputs;
    const parsed result = parse(of, argc, argv, operands, &count);
    if (result == PARSED_HELP)
        code = CLI_FINE;
    else if (result == PARSED_OK && is_complete(of, count) && files_from_operands(&inputs, operands, count, NULL)) {
        code = process_all(&inputs, of == &segment_command);
        free_files(&inputs);
    }
    free(operands);
    return code;
}

int cmd_segment(int argc, char **argv) {
    return run(&segment_command, argc, argv);
}

int cmd_label(int argc, char **argv) {
    return run(&label_command, argc, argv);
}
