/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg segment and cellseg label: the same result files, by the network or by the two-channel method. */
#include "command.h"
#include "estimate.h"
#include "failures.h"
#include "fields.h"
#include "given_maps.h"
#include "jobs.h"
#include "library_options.h"
#include "measured_channels.h"
#include "measuring.h"
#include "merge.h"
#include "progress.h"
#include "reading.h"
#include "record.h"
#include "results.h"
#include "system.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the command line ---- */

static const char *output_folder, *model_path, *nuclei_path;
static channel_word channel, nuclei_channel;
static field_source source;
static bool overwrite, resume, dry_run;
static int32_t job_count;

static const option output_options[] = {
    {"output", 'o', OPTION_TEXT, &output_folder, "FOLDER", "folder of the results; created if missing", NULL},
    {"overwrite", 0, OPTION_FLAG, &overwrite, NULL, "also replace results of another input, and files that no record names",
     NULL},
    {"overlay-ids", 0, OPTION_CHOICE, &overlay_options.ids, NULL, "write ids into the overlay's cells, where there is room",
     no_yes},
    {"overlay-px", 0, OPTION_WHOLE, &overlay_options.max_px, "PX", "longest side of the overlay; 0: the image's", NULL},
    {"dry-run", 0, OPTION_FLAG, &dry_run, NULL, "read and check all inputs, tell what a run takes and writes, and write nothing",
     NULL},
    {"resume", 0, OPTION_FLAG, &resume, NULL, "keep results that the same options, files and model gave before", NULL},
    {"rois", 0, OPTION_FLAG, &want_rois, NULL, "also write outlines for ImageJ's ROI Manager, <stem>.rois.zip", NULL},
    {"geojson", 0, OPTION_FLAG, &want_geojson, NULL, "also write outlines and measurements for QuPath, <stem>.geojson", NULL},
    {"coco", 0, OPTION_FLAG, &want_coco, NULL, "also write COCO annotations, <stem>.coco.json", NULL},
    {"svg", 0, OPTION_FLAG, &want_svg, NULL, "also write outlines as a drawing over the image, <stem>.svg", NULL},
    OPTIONS_END,
};
static const option job_options[] = {
    {"jobs", 0, OPTION_WHOLE, &job_count, "N", "images side by side, which share threads and memory; 0: as many as pay", NULL},
    OPTIONS_END,
};
static const option map_options[] = {
    {"save-maps", 0, OPTION_FLAG, &want_maps, NULL, "also write the probability maps, <stem>.maps.tif", NULL},
    OPTIONS_END,
};
static const option marker_options[] = {
    {"channel", 0, OPTION_TEXT, &channel.word, "K|NAME", "channel of the marker, from 0, or its name; default: the first", NULL},
    {"marker", 0, OPTION_TEXT, &channel.word, "K|NAME", "the same as --channel", NULL},
    OPTIONS_END,
};
static const option plate_options[] = {
    {"pattern", 0, OPTION_TEXT, &source.pattern, "REGEX",
     "names of files, with groups (?P<well>...) and plate, row, column, field, channel, z, t", NULL},
    {"sheet", 0, OPTION_TEXT, &source.sheet, "FILE", "CSV table with a row per file: file, and well, field, channel ...", NULL},
    OPTIONS_END,
};
static const option stain_options[] = {
    {"nuclei-channel", 0, OPTION_TEXT, &nuclei_channel.word, "K|NAME", "channel of the nuclear stain, from 0, or its name", NULL},
    {"nuclei", 0, OPTION_TEXT, &nuclei_path, "FILE|NAME",
     "file of the nuclear stain (one input only), or its channel's name in names of files; default: the marker's file", NULL},
    OPTIONS_END,
};
static const option model_options[] = {
    {"model", 0, OPTION_TEXT, &model_path, "FILE|default", "model file; default: the default model", NULL},
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
    else if (inputs == 0 && source.sheet == NULL)
        fault = "an input file is missing";
    else if (inputs > 0 && source.sheet != NULL)
        fault = "--sheet names the input files; no other is expected";
    else if (job_count < 0)
        fault = "--jobs must not be negative";
    else if (of == &label_command && nuclei_channel.word == NULL && nuclei_path == NULL)
        fault = "--nuclei-channel K or --nuclei FILE is missing";
    else if (overlay_options.max_px < 0)
        fault = "--overlay-px must be 0 or more";
    else if (of == &label_command && segment_method.relief == CELLSEG_RELIEF_PROBABILITY)
        fault = "--relief probability needs the network";
    else if (want_maps && are_maps_given())
        fault = "--save-maps writes the maps of a network, which --maps replaces";
    else if ((fault = fault_of_given_maps(inputs, output_folder)) == NULL)
        fault = fault_of_values();
    if (fault == NULL)
        return settle_reading(of->name) && settle_measuring(of->name);
    (void)print_usage_fault(of, fault);
    return false;
}

/* ---- one file ---- */

static bool has_pixel_size(const cellseg_image *image, const char *path) {
    if (cellseg_image_pixel_size_um(image) > 0)
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
static bool find_stain(cellseg_image **nuclear, results *r, cellseg_context *context) {
    if (nuclei_path == NULL)
        return find_channel(&r->options.nuclei_channel, &nuclei_channel, r->image, r->input->path);
    if (!read_chosen(nuclear, context, nuclei_path))
        return false;
    if (has_pixel_size(*nuclear, nuclei_path) && find_channel(&r->options.nuclei_channel, &nuclei_channel, *nuclear, nuclei_path))
        return true;
    cellseg_image_free(*nuclear);
    return false;
}

static bool find_from_maps(results *r, cellseg_context *context) {
    cellseg_image *maps;
    int32_t extra_output;
    if (!read_given_maps(&maps, &extra_output, r->maps_path, context))
        return false;
    const cellseg_status status = cellseg_segment_from_maps(&r->cells, &r->nuclei, &r->report, context, r->model, r->image, maps,
                                                            extra_output, &r->options);
    cellseg_image_free(maps);
    if (status != CELLSEG_OK) {
        char files[2 * PATH_SIZE + 8];
        (void)snprintf(files, sizeof files, "%s, maps %s", r->input->path, r->maps_path);
        print_library_error(files);
    }
    return status == CELLSEG_OK;
}

/* Read a field, and find its channels. */
static bool read_input(results *r, cellseg_context *context) {
    const char *path = r->input->path;
    return read_field(&r->image, context, r->field) && has_pixel_size(r->image, path) &&
           find_channel(&r->options.channel, &channel, r->image, path) &&
           find_measured_channels(&r->measured, &r->measured_count, r->image, path);
}

/* The cells of given maps; else with a model the network's, without the two-channel method's. */
static bool find_cells(results *r, cellseg_context *context) {
    const char *path = r->input->path;
    if (!read_input(r, context))
        return false;
    warn_of_channels(r->image, r->model != NULL || are_maps_given(), path);
    if (are_maps_given())
        return find_from_maps(r, context);
    cellseg_status status;
    if (r->model != NULL)
        status = cellseg_segment(&r->cells, &r->nuclei, want_maps ? &r->maps : NULL, &r->report, context, r->model, r->image,
                                 &r->options);
    else {
        cellseg_image *nuclear = NULL;
        if (!find_stain(&nuclear, r, context))
            return false;
        status = cellseg_segment_two_channel(&r->cells, &r->nuclei, &r->report, context, r->image,
                                             nuclear != NULL ? nuclear : r->image, &r->options);
        cellseg_image_free(nuclear);
    }
    if (status != CELLSEG_OK)
        print_library_error(path);
    return status == CELLSEG_OK;
}

/* ---- instead of the work: what it takes ---- */

static estimate in_all; /* seconds of all images, bytes of the largest */

static bool measure_need(estimate *e, results *r, cellseg_context *context) {
    const char *path = r->input->path;
    cellseg_image *nuclear = NULL;
    if (!read_input(r, context) || (r->model == NULL && !are_maps_given() && !find_stain(&nuclear, r, context)))
        return false;
    cellseg_image_free(nuclear);
    warn_of_channels(r->image, r->model != NULL || are_maps_given(), path);
    if (estimate_segmentation(e, context, r->model, r->image, &r->options))
        return true;
    print_library_error(path);
    return false;
}

static void print_need(const estimate *e, const results *r, const char *folder) {
    const char *name = cellseg_image_channel_name(r->image, r->options.channel);
    print_text("%s: %zu x %zu pixels of %g um, channel %d%s%s%s:", r->input->path, cellseg_image_width(r->image),
               cellseg_image_height(r->image), cellseg_image_pixel_size_um(r->image), (int)r->options.channel,
               name != NULL ? " (" : "", name != NULL ? name : "", name != NULL ? ")" : "");
    print_estimate(e);
    print_result(", to %s/%s.*", folder, r->input->stem);
}

static void print_json_need(const estimate *e, const results *r, const char *folder) {
    cJSON *line = cJSON_CreateObject();
    if (line == NULL || !add_name(line, "file", r->input->path) || !add_name(line, "folder", folder) ||
        !add_name(line, "stem", r->input->stem) || !add_figure(line, "channel", r->options.channel) || !add_estimate(line, e)) {
        cJSON_Delete(line);
        line = NULL;
    }
    print_json(line);
}

static bool foresee(results *r, cellseg_context *context, const char *folder) {
    estimate e;
    if (!measure_need(&e, r, context))
        return false;
    in_all.seconds += e.seconds;
    in_all.bytes = e.bytes > in_all.bytes ? e.bytes : in_all.bytes;
    if (json_lines)
        print_json_need(&e, r, folder);
    else
        print_need(&e, r, folder);
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

static void print_done(const results *r, const char *folder) {
    if (json_lines)
        print_record(r, folder);
    else
        print_result("%s: %u cells, in %s/%s.*", r->input->path, (unsigned)cellseg_labels_max_id(r->cells), folder,
                     r->input->stem);
}

typedef enum outcome { OUTCOME_MISSED, OUTCOME_FAILED, OUTCOME_DONE, OUTCOME_KEPT, OUTCOMES } outcome;

static outcome process(const field *f, cellseg_context *context, const cellseg_model *model) {
    results r;
    char folder[PATH_SIZE];
    if (!results_folder(folder, output_folder, f))
        return OUTCOME_FAILED;
    init_results(&r, &f->marker, chosen_reading());
    r.field = f;
    r.nuclei_path = nuclei_path;
    r.model = model;
    if (are_maps_given() && !find_given_maps(r.maps_path, r.input))
        return OUTCOME_FAILED;
    if (resume && !dry_run && is_finished(&r, folder, channel.is_name || nuclei_channel.is_name))
        return OUTCOME_KEPT;
    set_progress_title(f->marker.path);
    const bool fine = dry_run ? foresee(&r, context, folder) : find_cells(&r, context) && write_results(&r, context, folder);
    set_progress_title(NULL);
    if (fine && !dry_run)
        print_done(&r, folder);
    flush_output();
    free_results(&r);
    return fine ? OUTCOME_DONE : OUTCOME_FAILED;
}

/* ---- all fields ---- */

/* Given maps need no model, unless one is named. */
static bool load_model(cellseg_model **model, cellseg_context *context) {
    const bool is_default = model_path == NULL || strcmp(model_path, "default") == 0;
    if (are_maps_given() && model_path == NULL)
        return true;
    const cellseg_status status =
        is_default ? cellseg_model_default(model, context) : cellseg_model_load(model, context, model_path);
    if (status != CELLSEG_OK)
        print_library_error(is_default ? "default model" : model_path);
    return status == CELLSEG_OK;
}

static bool prepare(const field_list *fields) {
    const char *others[4] = {NULL};
    int count = 0;
    if (nuclei_path != NULL)
        others[count++] = nuclei_path;
    if (model_path != NULL)
        others[count++] = model_path;
    if (source.sheet != NULL)
        others[count++] = source.sheet;
    for (size_t i = 0; fields->count > 1 && i < fields->count; i++)
        if (fields->fields[i].folder[0] == '\0' && is_table_name(fields->fields[i].marker.stem, fields->fields[i].marker.path))
            return false;
    return (dry_run ? check_results : prepare_results)(fields, others, output_folder, chosen_reading(), overwrite);
}

typedef struct plate_run {
    const field_list *fields;
    const cellseg_model *model;
    outcome *outcomes; /* of each field */
    char **errors;     /* of those that failed */
} plate_run;

static void process_field(void *user, size_t i, cellseg_context *context) {
    const plate_run *run = user;
    const outcome of = process(&run->fields->fields[i], context, run->model);
    if (of == OUTCOME_FAILED && was_interrupted())
        return;
    run->outcomes[i] = of;
    if (of == OUTCOME_FAILED)
        run->errors[i] = check_memory(copy_text(last_error(), strlen(last_error())));
}

/* What a field of the run needs with its images, which are read and then joined, as far as the first one tells; 0: it cannot be
 * read. */
static uint64_t memory_of_field(const field_list *fields, cellseg_context *context, const cellseg_model *model) {
    cellseg_image *image = NULL;
    uint64_t bytes = 0;
    if (cellseg_image_read(&image, context, fields->fields[0].marker.path, chosen_reading()) == CELLSEG_OK &&
        cellseg_segment_memory(&bytes, context, model, cellseg_image_height(image), cellseg_image_width(image),
                               cellseg_image_pixel_size_um(image), &segment_options) != CELLSEG_OK)
        bytes = 0;
    const uint64_t channels = (uint64_t)cellseg_image_channels(image) * fields->fields[0].count;
    const uint64_t pixels = 2 * channels * cellseg_image_height(image) * cellseg_image_row_stride_bytes(image);
    cellseg_image_free(image);
    return bytes > 0 ? bytes + pixels : 0;
}

/* The tables of several images. On failure prints an error: false. */
static bool merge_all(const run_times *times, cellseg_context *context) {
    if (times->computed + times->skipped == 0 || was_interrupted())
        return true;
    const bool fine = merge_results(output_folder, context, times);
    if (fine && !json_lines)
        print_result("%s: cells.csv, images.csv, wells.csv, report.html", output_folder);
    return fine;
}

/* Gives the number of fields that failed, or were not reached. */
static size_t sum_up(const plate_run *run, run_times *times) {
    size_t counts[OUTCOMES] = {0};
    failure_list failures = {0};
    const size_t count = run->fields->count;
    for (size_t i = 0; i < count; i++) {
        counts[run->outcomes[i]]++;
        if (run->errors[i] != NULL)
            add_failure(&failures, &run->fields->fields[i], run->errors[i]);
        free(run->errors[i]);
    }
    if (counts[OUTCOME_KEPT] > 0)
        print_note("%zu of %zu were finished before, and are kept", counts[OUTCOME_KEPT], count);
    if (count > 1 && !dry_run)
        report_failures(&failures, output_folder, count);
    free_failures(&failures);
    times->computed = counts[OUTCOME_DONE];
    times->skipped = counts[OUTCOME_KEPT];
    return counts[OUTCOME_MISSED] + counts[OUTCOME_FAILED];
}

/* Gives the exit code. */
static int process_fields(const field_list *fields, cellseg_context *context, const cellseg_model *model) {
    plate_run all = {.fields = fields,
                     .model = model,
                     .outcomes = check_memory(calloc(fields->count, sizeof(outcome))),
                     .errors = check_memory(calloc(fields->count, sizeof(char *)))};
    const double begin = now_seconds();
    run_times times = {0};
    int32_t jobs = dry_run ? 1 : count_jobs(job_count, fields->count, context);
    if (jobs > 1)
        jobs = fit_jobs(jobs, job_count, memory_of_field(fields, context, model));
    run_jobs(jobs, fields->count, context, process_field, &all);
    const size_t failed = sum_up(&all, &times);
    free(all.outcomes);
    free(all.errors);
    times.seconds = now_seconds() - begin;
    if (dry_run)
        print_all_needs(fields->count - failed);
    const bool merged = dry_run || fields->count == 1 || merge_all(&times, context);
    return merged || failed > 0 ? code_of_failures(failed, fields->count) : CLI_FAILED;
}

static int process_all(const field_list *fields, bool with_network) {
    cellseg_context *context = begin_context();
    if (context == NULL)
        return no_context_code();
    cellseg_model *model = NULL;
    int code = CLI_FAILED;
    if ((!with_network || load_model(&model, context)) && prepare(fields))
        code = process_fields(fields, context, model);
    cellseg_model_free(model);
    end_context(context);
    return code;
}

/* Channels that names of files state; then each field gets its name. */
static bool settle_fields(field_list *fields) {
    if (nuclei_path != NULL && !exists(nuclei_path) && find_channel_name(fields, nuclei_path) != NULL) {
        nuclei_channel.word = nuclei_path;
        nuclei_path = NULL;
    }
    if (nuclei_path != NULL && fields->count != 1) {
        print_error("--nuclei %s: one file of the nuclear stain needs exactly one input file", nuclei_path);
        return false;
    }
    if (fault_of_given_maps((int)fields->count, output_folder) != NULL) {
        print_error("%s", fault_of_given_maps((int)fields->count, output_folder));
        return false;
    }
    if (!choose_marker(&channel, fields) || (nuclei_path == NULL && !choose_channel(&nuclei_channel, fields, "--nuclei-channel")))
        return false;
    settle_channels();
    return settle_measured_channels(fields) && name_fields(fields, channel.word);
}

static int run(const command *of, const words *line) {
    field_list fields;
    source.output_folder = output_folder;
    if (!is_complete(of, line->count) || !find_fields(&fields, line->operands, line->count, &source))
        return CLI_USAGE;
    const int code = settle_fields(&fields) ? process_all(&fields, of == &segment_command) : CLI_USAGE;
    free_fields(&fields);
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
    .arguments = "-o FOLDER FILE|FOLDER...",
    .operand = "FILE|FOLDER",
    .summary =
        "Find every cell in the marker channel. For each FILE (TIFF or PNG), write the files below into FOLDER. <stem> is the\n"
        "file name without .tif, .tiff, .png, .jpg, .jpeg, then .ome, then .cells, .nuclei, .maps, .overlay or .coco. The files\n"
        "of an image are replaced together; after an interruption the next run into FOLDER finishes or removes what is left.",
    .groups = (const option_group[]){{"Output", output_options},
                                     {NULL, map_options},
                                     {NULL, json_options},
                                     {"Reading", marker_options},
                                     {NULL, plate_options},
                                     {NULL, reading_options},
                                     {"Objects", segment_objects.rows},
                                     {"Measurements", measuring_options},
                                     {NULL, measured_channel_options},
                                     {NULL, measuring_rows.rows},
                                     {"Method", model_options},
                                     {NULL, given_maps_options},
                                     {NULL, segment_inner.rows},
                                     {"Common", thread_options},
                                     {NULL, job_options},
                                     {NULL, verbose_options},
                                     {NULL, general_options},
                                     {NULL, NULL}},
    .files = result_files,
    .examples = (const note[]){{"segment -o results image.tif", "one image, the first channel"},
                               {"segment --channel Phalloidin --z max -o results stack.ome.tif", "the maximum of a stack"},
                               {"segment --pixel-size 0.65 --json -o results plate/*.tif", "many images, for a program"},
                               {"segment --marker w2 --resume -o results plate", "a plate, channels in separate files"},
                               {"segment --maps maps.tif -o results image.tif", "cells of another network's maps"},
                               {NULL, NULL}},
    .begin = begin,
    .preset = &segment_options.preset,
    .run = run_segment,
};

const command label_command = {
    .name = "label",
    .headline = "find every cell from a marker and a nuclear stain (two-channel method)",
    .arguments = "--nuclei-channel K -o FOLDER FILE|FOLDER...",
    .operand = "FILE|FOLDER",
    .summary = "Find every cell with the two-channel method: nuclei from a nuclear stain, cells from the marker, no network.\n"
               "Write the same files as cellseg segment.",
    .groups = (const option_group[]){{"Output", output_options},
                                     {NULL, json_options},
                                     {"Reading", marker_options},
                                     {NULL, plate_options},
                                     {NULL, stain_options},
                                     {NULL, reading_options},
                                     {"Objects", label_objects.rows},
                                     {"Measurements", measuring_options},
                                     {NULL, measured_channel_options},
                                     {NULL, measuring_rows.rows},
                                     {"Method", label_inner.rows},
                                     {"Common", thread_options},
                                     {NULL, job_options},
                                     {NULL, verbose_options},
                                     {NULL, general_options},
                                     {NULL, NULL}},
    .files = result_files,
    .examples = (const note[]){{"label --nuclei-channel 1 -o labels image.ome.tif", "both channels in one file"},
                               {"label --nuclei dapi.tif -o labels actin.tif", "a file for each channel"},
                               {"label --marker C2 --nuclei C1 -o labels plate", "a plate with a file for each channel"},
                               {NULL, NULL}},
    .begin = begin,
    .preset = &segment_options.preset,
    .run = run_label,
};
