/* SPDX-License-Identifier: BSD-3-Clause */
/* The method's options, and the files that hold its results. */
#include "results.h"

#include "measuring.h"
#include "provenance.h"
#include "record.h"
#include "staging.h"
#include "system.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- options ---- */

cellseg_segment_options segment_options;
cellseg_method segment_method;
cellseg_overlay_options overlay_options;
bool want_maps, want_rois, want_geojson, want_coco, want_svg;

bool set_segment_preset(int32_t preset) {
    cellseg_segment_options *o = &segment_options;
    const bool fine = cellseg_segment_options_preset(o, preset) == CELLSEG_OK &&
                      cellseg_method_init(&segment_method, sizeof segment_method, preset) == CELLSEG_OK &&
                      cellseg_overlay_options_init(&overlay_options, sizeof overlay_options) == CELLSEG_OK;
    o->method = &segment_method;
    if (!fine)
        print_error("%s", cellseg_last_error());
    return fine && init_measuring();
}

/* ---- results ---- */

void init_results(results *r, const file *input, const cellseg_read_options *reading) {
    *r = (results){.input = input, .reading = reading, .options = segment_options};
    (void)cellseg_segment_report_init(&r->report, sizeof r->report);
    keep_warnings();
}

void free_results(results *r) {
    cellseg_image_free(r->image);
    free(r->measured);
    cellseg_image_free(r->maps);
    cellseg_labels_free(r->cells);
    cellseg_labels_free(r->nuclei);
    cellseg_segment_report_clear(&r->report);
    cellseg_table_free(r->table);
    cellseg_outlines_free(r->cell_outlines);
    cellseg_outlines_free(r->nucleus_outlines);
    *r = (results){0};
}

/* ---- kinds of files ---- */

/* What a TIFF file of these results states of itself. */
static cellseg_status describe(cellseg_write_options *options, const results *r, const char *name) {
    return state_provenance(options, name, r->model, r->reading, cellseg_segment_options_table(), &r->options);
}

static const char *write_labels(const results *r, cellseg_context *context, const char *path, const cellseg_labels *labels,
                                const char *name) {
    cellseg_write_options options;
    cellseg_status status = describe(&options, r, name);
    if (status == CELLSEG_OK)
        status = cellseg_labels_write(labels, context, path, &options);
    return fault_in(path, status);
}

static const char *write_cells(const results *r, cellseg_context *context, const char *path) {
    return write_labels(r, context, path, r->cells, "cells");
}

static const char *write_nuclei(const results *r, cellseg_context *context, const char *path) {
    return write_labels(r, context, path, r->nuclei, "nuclei");
}

static const char *write_maps(const results *r, cellseg_context *context, const char *path) {
    cellseg_write_options options;
    cellseg_status status = describe(&options, r, "maps");
    if (status == CELLSEG_OK)
        status = cellseg_image_write(r->maps, context, path, &options);
    return fault_in(path, status);
}

static const char *write_overlay(const results *r, cellseg_context *context, const char *path) {
    return fault_in(path,
                    cellseg_overlay_write(context, path, r->image, r->options.channel, r->cells, r->nuclei, &overlay_options));
}

static const char *write_table(const results *r, cellseg_context *context, const char *path) {
    return fault_in(path, cellseg_table_write_csv(r->table, context, path));
}

static const char *write_rois(const results *r, cellseg_context *context, const char *path) {
    return fault_in(path, cellseg_rois_write(context, path, r->cell_outlines, r->nucleus_outlines));
}

static const char *write_geojson(const results *r, cellseg_context *context, const char *path) {
    return fault_in(path, cellseg_geojson_write(context, path, r->cell_outlines, r->nucleus_outlines, r->table));
}

static const char *write_svg(const results *r, cellseg_context *context, const char *path) {
    return fault_in(path, cellseg_svg_write(context, path, r->cell_outlines, r->nucleus_outlines));
}

static const char *write_coco(const results *r, cellseg_context *context, const char *path) {
    char *name = utf8_copy(base_name(r->input->path));
    if (name == NULL)
        return strerror(ENOMEM);
    const cellseg_status status = cellseg_coco_write(context, path, name, r->cells, r->nuclei);
    free(name);
    return fault_in(path, status);
}

const result_kind result_kinds[] = {
    {".cells.tif", write_cells, NULL},
    {".nuclei.tif", write_nuclei, NULL},
    {".maps.tif", write_maps, &want_maps},
    {".overlay.png", write_overlay, NULL},
    {".csv", write_table, NULL},
    {".rois.zip", write_rois, &want_rois},
    {".geojson", write_geojson, &want_geojson},
    {".coco.json", write_coco, &want_coco},
    {".svg", write_svg, &want_svg},
    {".json", write_record, NULL},
    {NULL, NULL, NULL},
};

bool is_wanted(const result_kind *kind) {
    return kind->wanted == NULL || *kind->wanted;
}

/* ---- before the work ---- */

static const char *longest_suffix(void) {
    const char *longest = "";
    for (const result_kind *k = result_kinds; k->suffix != NULL; k++)
        if (strlen(k->suffix) > strlen(longest))
            longest = k->suffix;
    return longest;
}

/* A file that is read, by its place on the disk. */
typedef struct place {
    uint64_t device, number;
    const char *path;
} place;

static int by_place(const void *a, const void *b) {
    const place *one = a, *other = b;
    if (one->device != other->device)
        return one->device < other->device ? -1 : 1;
    return one->number < other->number ? -1 : one->number > other->number;
}

/* The file and, if that is a symbolic link, the link. */
static void add_places(place *places, size_t *count, const char *path) {
    entry of_file, of_link;
    if (find_entry(&of_file, path))
        places[(*count)++] = (place){of_file.device, of_file.number, path};
    if (find_link(&of_link, path))
        places[(*count)++] = (place){of_link.device, of_link.number, path};
}

/* A symbolic link may be replaced: what it names stays as it is. */
static bool check_output(const char *path, const place *places, size_t count) {
    entry there;
    if (!find_link(&there, path))
        return true;
    const place key = {there.device, there.number, path}, *input = bsearch(&key, places, count, sizeof key, by_place);
    if (input != NULL)
        print_error("%s: a result would replace the input file, as %s", input->path, path);
    else if (there.kind != ENTRY_FILE && there.kind != ENTRY_LINK)
        print_error("%s: cannot be written: this is %s", path, there.kind == ENTRY_FOLDER ? "a directory" : "not a regular file");
    else
        return true;
    return false;
}

bool results_folder(char path[PATH_SIZE], const char *folder, const field *f) {
    if (f->folder[0] != '\0')
        return join_path(path, folder, f->folder, "");
    const bool fine = strlen(folder) < PATH_SIZE;
    if (fine)
        memcpy(path, folder, strlen(folder) + 1);
    else
        print_error("%s: the path is too long", folder);
    return fine;
}

static bool check_outputs(const field_list *fields, const char *folder, const place *places, size_t count) {
    char below[PATH_SIZE], path[PATH_SIZE];
    for (size_t i = 0; i < fields->count; i++)
        for (const result_kind *k = result_kinds; k->suffix != NULL; k++)
            if (!results_folder(below, folder, &fields->fields[i]) ||
                !join_path(path, below, fields->fields[i].marker.stem, k->suffix) || !check_output(path, places, count))
                return false;
    return true;
}

static bool check_all_outputs(const field_list *fields, const char *const *others, const char *folder) {
    size_t most = 0, count = 0;
    for (size_t i = 0; i < fields->count; i++)
        most += fields->fields[i].count;
    for (size_t i = 0; others[i] != NULL; i++)
        most++;
    place *places = check_memory(malloc((2 * most + 1) * sizeof *places));
    for (size_t i = 0; i < fields->count; i++)
        for (size_t k = 0; k < fields->fields[i].count; k++)
            add_places(places, &count, fields->fields[i].files[k].path);
    for (size_t i = 0; others[i] != NULL; i++)
        add_places(places, &count, others[i]);
    qsort(places, count, sizeof *places, by_place);
    const bool fine = check_outputs(fields, folder, places, count);
    free(places);
    return fine;
}

/* Fields of one folder that follow each other are prepared together. */
static bool prepare_folders(const field_list *fields, const char *folder) {
    file *files = check_memory(malloc((fields->count + 1) * sizeof *files));
    bool fine = make_folder(folder);
    for (size_t begin = 0, end; fine && begin < fields->count; begin = end) {
        char path[PATH_SIZE];
        for (end = begin; end < fields->count && strcmp(fields->fields[end].folder, fields->fields[begin].folder) == 0; end++)
            files[end - begin] = fields->fields[end].marker;
        const file_list names = {end - begin, files};
        fine = results_folder(path, folder, &fields->fields[begin]) && prepare_folder(path, &names, longest_suffix());
    }
    free(files);
    return fine;
}

bool check_results(const field_list *fields, const char *const *others, const char *folder, const cellseg_read_options *reading,
                   bool overwrite) {
    bool fine = check_all_outputs(fields, others, folder);
    for (size_t i = 0; fine && !overwrite && i < fields->count; i++) {
        char below[PATH_SIZE];
        fine = results_folder(below, folder, &fields->fields[i]) && is_of_input(below, &fields->fields[i].marker, reading);
    }
    return fine;
}

bool prepare_results(const field_list *fields, const char *const *others, const char *folder, const cellseg_read_options *reading,
                     bool overwrite) {
    return prepare_folders(fields, folder) && check_results(fields, others, folder, reading, overwrite);
}

/* ---- writing ---- */

/* What several files hold. */
static bool describe_cells(results *r, cellseg_context *context) {
    const cellseg_image *const image = r->image;
    const cellseg_measure_inputs inputs = {.struct_size = sizeof inputs,
                                           .cells = r->cells,
                                           .nuclei = r->nuclei,
                                           .images = &image,
                                           .image_count = 1,
                                           .channels = r->measured,
                                           .channel_count = r->measured_count};
    cellseg_status status = measure_chosen(&r->table, context, &inputs);
    const bool outlined = want_rois || want_geojson || want_svg;
    if (status == CELLSEG_OK && outlined)
        status = cellseg_labels_outlines(&r->cell_outlines, context, r->cells, NULL);
    if (status == CELLSEG_OK && outlined)
        status = cellseg_labels_outlines(&r->nucleus_outlines, context, r->nuclei, NULL);
    if (status != CELLSEG_OK)
        print_library_error(r->input->path);
    return status == CELLSEG_OK;
}

bool write_results(results *r, cellseg_context *context, const char *folder) {
    staging set;
    if (!describe_cells(r, context) || !open_staging(&set, folder, r->input->stem))
        return false;
    bool fine = true;
    for (const result_kind *k = result_kinds; fine && k->suffix != NULL; k++) {
        char path[PATH_SIZE];
        fine = join_path(path, set.path, set.stem, k->suffix);
        const char *fault = NULL;
        if (fine && is_wanted(k))
            fault = k->write(r, context, path);
        else if (fine && !leave_out(&set, k->suffix))
            fault = strerror(errno);
        if (fault != NULL)
            print_error("%s/%s%s: %s", folder, set.stem, k->suffix, fault);
        fine = fine && fault == NULL;
    }
    return close_staging(&set, fine);
}
