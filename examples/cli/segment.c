/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg segment and cellseg label: the same result files, by the network or by the two-channel method. */
#include "command.h"
#include "estimate.h"
#include "given_maps.h"
#include "library_options.h"
#include "merge.h"
#include "progress.h"
#include "reading.h"
#include "record.h"
#include "results.h"
#include "system.h"

#include <stdio.h>
#include <stdlib.h>

/* ---- the command line ---- */

static const char *output_folder, *model_path, *nuclei_path;
static channel_word channel, nuclei_channel;
static bool want_maps, overwrite, dry_run;

static const option output_options[] = {
    {"output", 'o', OPTION_TEXT, &output_folder, "FOLDER", "folder of the results; created if missing", NULL},
    {"overwrite", 0, OPTION_FLAG, &overwrite, NULL, "also replace results of another input, and files that no record names",
     NULL},
    {"overlay-ids", 0, OPTION_CHOICE, &overlay_options.ids, NULL, "write ids into the overlay's cells, where there is room",
     no_yes},
    {"overlay-px", 0, OPTION_WHOLE, &overlay_options.max_px, "PX", "longest side of the overlay; 0: the image's", NULL},
    {"dry-run", 0, OPTION_FLAG, &dry_run, NULL, "read and check all inputs, tell what a run takes and writes, and write nothing",
     NULL},
    {"rois", 0, OPTION_FLAG, &want_rois, NULL, "also write outlines for ImageJ's ROI Manager, <stem>.rois.zip", NULL},
    {"geojson", 0, OPTION_FLAG, &want_geojson, NULL, "also write outlines and measurements for QuPath, <stem>.geojson", NULL},
    {"coco", 0, OPTION_FLAG, &want_coco, NULL, "also write COCO annotations, <stem>.coco.json", NULL},
    {"svg", 0, OPTION_FLAG, &want_svg, NULL, "also write outlines as a drawing over the image, <stem>.svg", NULL},
    OPTIONS_END,
};
static const option map_options[] = {
    {"save-maps", 0, OPTION_FLAG, &want_maps, NULL, "also write the probability maps, <stem>.maps.tif", NULL},
    OPTIONS_END,
};
static const option marker_options[] = {
    {"channel", 0, OPTION_TEXT, &channel.word, "K|NAME", "channel of the marker, from 0, or its name; default: the first", NULL},
    OPTIONS_END,
};
static const option stain_options[] = {
    {"nuclei-channel", 0, OPTION_TEXT, &nuclei_channel.word, "K|NAME", "channel of the nuclear stain, from 0, or its name", NULL},
    {"nuclei", 0, OPTION_TEXT, &nuclei_path, "FILE", "file of the nuclear stain; default: the marker's file (one input only)",
     NULL},
    OPTIONS_END,
};
static const option model_options[] = {
    {"model", 0, OPTION_TEXT, &model_path, "FILE", "model file; default: the default model", NULL},
    OPTIONS_END,
};

/* Members that the tables above set, and members that only one of the two methods reads. */
static const char *const own_names[] = {"channel", "nuclei_channel", "pixel_size_um", NULL};
static const char *const scale_name[] = {"working_pixel_size_um", NULL};
static const char *const label_skips[] = {
    "channel", "nuclei_channel", "pixel_size_um", "marker_check", "orientations", "use_extra_output", NULL};
static const char *const map_names[] = {"nucleus_probability_min", "nucleus_strength_ratio", "cell_probability",
                                        "background_rule", NULL};
static library_options segment_objects, segment_inner, label_objects, label_inner;

static const note result_files[] = {
    {"<stem>.cells.tif", "label map of the cells"},
    {"<stem>.nuclei.tif", "label map of the nuclei; a nucleus has the id of its cell"},
    {"<stem>.csv", "table with a row per cell"},
    {"<stem>.overlay.png", "the image with outlines, ids and a scale bar"},
    {"<stem>.json", "record: input, model, options, figures, warnings"},
    {"<stem>.maps.tif", "probability maps, with --save-maps of cellseg segment"},
    {"<stem>.rois.zip", "outlines for the ROI Manager of ImageJ and Fiji, with --rois"},
    {"<stem>.geojson", "outlines and measurements for QuPath, with --geojson"},
    {"<stem>.coco.json", "COCO annotations, with --coco"},
    {"<stem>.svg", "outlines as a drawing over the image, with --svg"},
    {"cells.csv", "of several images: a row per cell; further files: see cellseg merge"},
    {NULL, NULL},
};

static bool begin(int32_t preset) {
    if (cellseg_segment_options_init(&segment_options, sizeof segment_options) != CELLSEG_OK) {
        print_error("%s", cellseg_last_error());
        return false;
    }
    if (!init_reading() || !set_segment_preset(preset))
        return false;
    make_library_options(&segment_objects, cellseg_segment_options_table(), &segment_options, own_names);
    make_library_options(&segment_inner, cellseg_method_table(), &segment_method, scale_name);
    make_library_options(&label_objects, cellseg_segment_options_table(), &segment_options, label_skips);
    make_library_options(&label_inner, cellseg_method_table(), &segment_method, map_names);
    return true;
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
        fault = "-o FOLDER is missing";
    else if (inputs == 0)
        fault = "an input file is missing";
    else if (of == &label_command && nuclei_channel.word == NULL && nuclei_path == NULL)
        fault = "--nuclei-channel K or --nuclei FILE is missing";
    else if (overlay_options.max_px < 0)
        fault = "--overlay-px must be 0 or more";
    else if (nuclei_path != NULL && inputs != 1)
        fault = "--nuclei FILE needs exactly one input file";
    else if (of == &label_command && segment_method.relief == CELLSEG_RELIEF_PROBABILITY)
        fault = "--relief probability needs the network";
    else if (want_maps && are_maps_given())
        fault = "--save-maps writes the maps of a network, which --maps replaces";
    else if ((fault = fault_of_given_maps(inputs, output_folder)) == NULL)
        fault = fault_of_values();
    if (fault == NULL)
        return settle_reading(of->name);
    (void)print_usage_fault(of, fault);
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

static bool find_from_maps(results *r, cellseg_context *context, const cellseg_model *model) {
    cellseg_image *maps;
    int32_t extra_output;
    if (!read_given_maps(&maps, &extra_output, r->maps_path, context, r->input))
        return false;
    const cellseg_status status = cellseg_segment_from_maps(&r->cells, &r->nuclei, &r->report, context, model, r->image, maps,
                                                            extra_output, &segment_options);
    cellseg_image_free(maps);
    if (status != CELLSEG_OK)
        print_library_error(r->input->path);
    return status == CELLSEG_OK;
}

/* The cells of given maps; else with a model the network's, without the two-channel method's. */
static bool find_cells(results *r, cellseg_context *context, const cellseg_model *model, const char *path) {
    if (!read_image(&r->image, context, path) || !find_channel(&segment_options.channel, &channel, r->image, path))
        return false;
    warn_of_channels(r->image, model != NULL || are_maps_given(), path);
    if (are_maps_given())
        return find_from_maps(r, context, model);
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

/* ---- instead of the work: what it takes ---- */

static estimate in_all; /* seconds of all images, bytes of the largest */

static bool measure_need(estimate *e, results *r, cellseg_context *context, const char *path) {
    cellseg_image *nuclear = NULL;
    if (!read_image(&r->image, context, path) || !find_channel(&segment_options.channel, &channel, r->image, path) ||
        (r->model == NULL && !are_maps_given() && !find_stain(&nuclear, r->image, context, path)))
        return false;
    cellseg_image_free(nuclear);
    warn_of_channels(r->image, r->model != NULL || are_maps_given(), path);
    if (estimate_segmentation(e, context, r->model, r->image, &segment_options))
        return true;
    print_library_error(path);
    return false;
}

static void print_need(const estimate *e, const results *r, const char *path) {
    const char *name = cellseg_image_channel_name(r->image, segment_options.channel);
    print_text("%s: %zu x %zu pixels of %g um, channel %d%s%s%s:", path, cellseg_image_width(r->image),
               cellseg_image_height(r->image), cellseg_image_pixel_size_um(r->image), (int)segment_options.channel,
               name != NULL ? " (" : "", name != NULL ? name : "", name != NULL ? ")" : "");
    print_estimate(e);
    print_result(", to %s/%s.*", output_folder, r->input->stem);
}

static void print_json_need(const estimate *e, const results *r, const char *path) {
    cJSON *line = cJSON_CreateObject();
    if (line == NULL || !add_name(line, "file", path) || !add_name(line, "folder", output_folder) ||
        !add_name(line, "stem", r->input->stem) || !add_figure(line, "channel", segment_options.channel) ||
        !add_estimate(line, e)) {
        cJSON_Delete(line);
        line = NULL;
    }
    print_json(line);
}

static bool foresee(results *r, cellseg_context *context, const char *path) {
    estimate e;
    if (!measure_need(&e, r, context, path))
        return false;
    in_all.seconds += e.seconds;
    in_all.bytes = e.bytes > in_all.bytes ? e.bytes : in_all.bytes;
    if (json_lines)
        print_json_need(&e, r, path);
    else
        print_need(&e, r, path);
    return true;
}

static void print_all_needs(size_t images) {
    if (images < 2 || json_lines)
        return;
    print_text("%zu images:", images);
    print_estimate(&in_all);
    end_line();
}

/* ---- the work ---- */

static void print_done(const results *r) {
    if (json_lines)
        print_record(r, output_folder);
    else
        print_result("%s: %u cells, in %s/%s.*", r->input->path, (unsigned)cellseg_labels_max_id(r->cells), output_folder,
                     r->input->stem);
}

static bool process(const file *input, cellseg_context *context, const cellseg_model *model) {
    set_progress_title(input->path);
    results r;
    init_results(&r, input, chosen_reading());
    r.nuclei_path = nuclei_path;
    r.model = model;
    const bool fine = dry_run ? foresee(&r, context, input->path)
                              : find_cells(&r, context, model, input->path) && write_results(&r, context, output_folder);
    set_progress_title(NULL);
    if (fine && !dry_run)
        print_done(&r);
    flush_output();
    free_results(&r);
    return fine;
}

/* ---- all files ---- */

/* The tables of several images; false: they, or some image, failed. */
static bool merge_all(size_t done, size_t count, double begin_seconds, cellseg_context *context) {
    const run_times times = {now_seconds() - begin_seconds, done, 0};
    if (count == 1 || done == 0 || was_interrupted())
        return done == count;
    const bool fine = merge_results(output_folder, context, &times);
    if (fine && !json_lines)
        print_result("%s: cells.csv, images.csv, wells.csv, report.html", output_folder);
    return fine && done == count;
}

static bool load_model(cellseg_model **model, cellseg_context *context) {
    if (are_maps_given() && model_path == NULL)
        return true;
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
    for (size_t i = 0; inputs->count > 1 && i < inputs->count; i++)
        if (is_table_name(inputs->files[i].stem, inputs->files[i].path))
            return false;
    return (dry_run ? check_results : prepare_results)(inputs, others, output_folder, chosen_reading(), overwrite);
}

static int process_all(const file_list *inputs, bool with_network) {
    cellseg_context *context = begin_context();
    if (context == NULL)
        return no_context_code();
    cellseg_model *model = NULL;
    size_t done = 0;
    bool fine = false;
    const double begin_seconds = now_seconds();
    if ((!with_network || load_model(&model, context)) && prepare(inputs)) {
        for (size_t i = 0; i < inputs->count && !was_interrupted(); i++) {
            set_progress_file(i, inputs->count);
            done += process(&inputs->files[i], context, model);
        }
        if (dry_run)
            print_all_needs(done);
        fine = dry_run || merge_all(done, inputs->count, begin_seconds, context);
    }
    cellseg_model_free(model);
    end_context(context);
    const size_t failed = inputs->count - done;
    return code_of_failures(failed == 0 && !fine ? 1 : failed, inputs->count);
}

static int run(const command *of, const words *line) {
    file_list inputs;
    if (!is_complete(of, line->count) || !files_from_operands(&inputs, line->operands, line->count, NULL))
        return CLI_USAGE;
    const int code = process_all(&inputs, of == &segment_command);
    free_files(&inputs);
    return code;
}

static int run_segment(const words *line) {
    return run(&segment_command, line);
}

static int run_label(const words *line) {
    return run(&label_command, line);
}

/* ---- descriptions ---- */

const command segment_command = {
    .name = "segment",
    .headline = "find every cell in images, from the marker channel alone",
    .arguments = "-o FOLDER FILE...",
    .operand = "FILE",
    .summary =
        "Find every cell in the marker channel. For each FILE (TIFF or PNG), write the files below into FOLDER. <stem> is the\n"
        "file name without .tif, .tiff, .png, .jpg, .jpeg, then .ome, then .cells, .nuclei, .maps, .overlay or .coco. The files\n"
        "of an image are replaced together; after an interruption the next run into FOLDER finishes or removes what is left.",
    .groups = (const option_group[]){{"Output", output_options},
                                     {NULL, map_options},
                                     {NULL, json_options},
                                     {"Reading", marker_options},
                                     {NULL, reading_options},
                                     {"Objects", segment_objects.rows},
                                     {"Method", model_options},
                                     {NULL, given_maps_options},
                                     {NULL, segment_inner.rows},
                                     {"Common", thread_options},
                                     {NULL, verbose_options},
                                     {NULL, general_options},
                                     {NULL, NULL}},
    .files = result_files,
    .examples = (const note[]){{"segment -o results image.tif", "one image, the first channel"},
                               {"segment --channel Phalloidin --z max -o results stack.ome.tif", "the maximum of a stack"},
                               {"segment --pixel-size 0.65 --json -o results plate/*.tif", "many images, for a program"},
                               {"segment --maps maps.tif -o results image.tif", "cells of another network's maps"},
                               {NULL, NULL}},
    .begin = begin,
    .preset = &segment_options.preset,
    .run = run_segment,
};

const command label_command = {
    .name = "label",
    .headline = "find every cell from a marker and a nuclear stain (two-channel method)",
    .arguments = "--nuclei-channel K -o FOLDER FILE...",
    .operand = "FILE",
    .summary = "Find every cell with the two-channel method: nuclei from a nuclear stain, cells from the marker, no network.\n"
               "Write the same files as cellseg segment.",
    .groups = (const option_group[]){{"Output", output_options},
                                     {NULL, json_options},
                                     {"Reading", marker_options},
                                     {NULL, stain_options},
                                     {NULL, reading_options},
                                     {"Objects", label_objects.rows},
                                     {"Method", label_inner.rows},
                                     {"Common", thread_options},
                                     {NULL, verbose_options},
                                     {NULL, general_options},
                                     {NULL, NULL}},
    .files = result_files,
    .examples = (const note[]){{"label --nuclei-channel 1 -o labels image.ome.tif", "both channels in one file"},
                               {"label --nuclei dapi.tif -o labels actin.tif", "a file for each channel"},
                               {NULL, NULL}},
    .begin = begin,
    .preset = &segment_options.preset,
    .run = run_label,
};
