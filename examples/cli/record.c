/* SPDX-License-Identifier: BSD-3-Clause */
#include "record.h"

#include "json.h"
#include "measured_channels.h"
#include "measuring.h"
#include "system.h"
#include "text.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { RECORD_MAX_BYTES = 1 << 20, OPTIONS_BYTES = 8192 };

static const char program[] = "cellseg";

/* ---- paths: UTF-8, or, where a name is not, made so ---- */

/* NULL without memory. */
static char *path_text(const char *path) {
    char *real = absolute_path(path);
    char *text = utf8_copy(real != NULL ? real : path);
    free(real);
    return text;
}

/* Takes over `text`. */
static bool add_text(cJSON *to, const char *name, char *text) {
    const bool fine = text != NULL && cJSON_AddStringToObject(to, name, text) != NULL;
    free(text);
    return fine;
}

/* ---- inputs ---- */

/* The hash of a file's bytes, FNV-1a; false with errno. Source: Fowler, Noll and Vo, RFC 9923. */
static bool hash_file(uint64_t *hash, uint64_t *bytes, const char *path) {
    unsigned char block[1 << 14];
    FILE *from = open_to_read(path);
    if (from == NULL)
        return false;
    *hash = 0xcbf29ce484222325u;
    *bytes = 0;
    for (size_t size; (size = fread(block, 1, sizeof block, from)) > 0; *bytes += size)
        for (size_t i = 0; i < size; i++)
            *hash = (*hash ^ block[i]) * 0x100000001b3u;
    const bool fine = ferror(from) == 0;
    (void)fclose(from);
    return fine;
}

/* Where a file lies and what its bytes are, from which a later run concludes that it is still the same. */
static bool describe_file(cJSON *to, const char *path) {
    uint64_t hash, bytes;
    char text[32];
    if (!add_text(to, "given", utf8_copy(path)) || !add_text(to, "absolute", path_text(path)))
        return false;
    if (!hash_file(&hash, &bytes, path))
        return cJSON_AddNullToObject(to, "hash") != NULL;
    (void)snprintf(text, sizeof text, "%016" PRIx64, hash);
    return cJSON_AddNumberToObject(to, "bytes", (double)bytes) != NULL && cJSON_AddStringToObject(to, "hash", text) != NULL;
}

static bool add_file(cJSON *to, const char *name, const char *path) {
    cJSON *object = cJSON_AddObjectToObject(to, name);
    return object != NULL && describe_file(object, path);
}

/* The files of the channels, where there are several. */
static bool add_channels(cJSON *to, const field *f) {
    if (f == NULL || f->count < 2)
        return true;
    cJSON *list = cJSON_AddArrayToObject(to, "channels");
    bool fine = list != NULL;
    for (size_t i = 0; fine && i < f->count; i++) {
        cJSON *channel = cJSON_CreateObject();
        fine = cJSON_AddItemToArray(list, channel) && add_text(channel, "name", utf8_copy(f->files[i].name)) &&
               describe_file(channel, f->files[i].path);
    }
    return fine;
}

/* Where the field lies on its plate, as far as names state it; whole numbers as numbers. */
static bool add_location(cJSON *to, const field *f) {
    cJSON *place = NULL;
    bool fine = true;
    for (int i = 0; fine && f != NULL && i < PARTS; i++) {
        const char *text = f->where.parts[i];
        if (text == NULL)
            continue;
        place = place != NULL ? place : cJSON_AddObjectToObject(to, "location");
        const bool is_number = i != PART_PLATE && text[strspn(text, "0123456789")] == '\0' && strlen(text) < 16;
        fine = place != NULL && (is_number ? cJSON_AddNumberToObject(place, part_names[i], strtod(text, NULL)) != NULL
                                           : add_text(place, part_names[i], utf8_copy(text)));
    }
    return fine;
}

/* ---- writing ---- */

static bool add_model(cJSON *to, const results *r) {
    char text[32];
    if (r->model != NULL)
        (void)snprintf(text, sizeof text, "%016" PRIx64, cellseg_model_hash(r->model));
    else
        (void)snprintf(text, sizeof text, "%s", r->maps_path[0] != '\0' ? "maps" : "two-channel");
    return cJSON_AddStringToObject(to, "model", text) != NULL;
}

static bool add_options(cJSON *to, const char *name, const cellseg_option_table *table, const void *options) {
    char text[OPTIONS_BYTES];
    return cellseg_option_table_json(text, sizeof text, table, options) == CELLSEG_OK &&
           cJSON_AddRawToObject(to, name, text) != NULL;
}

/* How cells were measured: the options of the groups, the width of the ring if there are compartments, the channels if not all.
 */
static bool add_measuring(cJSON *to) {
    return add_options(to, "measuring", cellseg_measure_options_table(), chosen_measuring()) &&
           (!wants_compartments() || cJSON_AddNumberToObject(to, "ring_px", chosen_ring_px()) != NULL) &&
           (measured_words() == NULL || add_text(to, "measure_channels", utf8_copy(measured_words())));
}

/* What the library found. Times and memory are left out: they differ from run to run. */
static bool add_figures(cJSON *to, const cellseg_segment_report *r) {
    static const char *const verdicts[] = {"suitable", "doubtful", "nuclear stain"};
    const struct {
        const char *name;
        double value;
    } figures[] = {
        {"cells", r->cells},
        {"nuclei", r->nuclei},
        {"dropped_small", r->dropped_small},
        {"dropped_improbable", r->dropped_improbable},
        {"dropped_weak", r->dropped_weak},
        {"dropped_border", r->dropped_border},
        {"dropped_area", r->dropped_area},
        {"dropped_lost", r->dropped_lost},
        {"dropped_no_cytoplasm", r->dropped_no_cytoplasm},
        {"dropped_marker", r->dropped_marker},
        {"cells_joined", r->cells_joined},
        {"nuclei_joined", r->nuclei_joined},
        {"marker_cells", r->marker_cells},
        {"marker_contrast", r->marker_contrast},
        {"marker_share", r->marker_share},
        {"marker_range", r->marker_range},
        {"nuclei_confidence", r->nuclei_confidence},
        {"pixel_size_um", r->pixel_size_um},
        {"working_pixel_size_um", r->working_pixel_size_um},
        {"nucleus_diameter_um", r->nucleus_diameter_um},
        {"nucleus_diameter_found_um", r->nucleus_diameter_found_um},
        {"nucleus_diameter_suggested_um", r->nucleus_diameter_suggested_um},
    };
    cJSON *report = cJSON_AddObjectToObject(to, "report");
    bool fine = report != NULL && cJSON_AddStringToObject(report, "marker_verdict", verdicts[r->marker_verdict]) != NULL;
    for (size_t i = 0; fine && i < sizeof figures / sizeof *figures; i++)
        fine = cJSON_AddNumberToObject(report, figures[i].name, figures[i].value) != NULL;
    return fine;
}

static bool add_warnings(cJSON *to) {
    cJSON *list = cJSON_AddArrayToObject(to, "warnings");
    for (const char *line = kept_warnings(); list != NULL && *line != '\0'; line += strcspn(line, "\n") + 1) {
        char *text = copy_text(line, strcspn(line, "\n"));
        cJSON *item = text != NULL ? cJSON_CreateString(text) : NULL;
        free(text);
        if (!cJSON_AddItemToArray(list, item))
            return false;
    }
    return list != NULL;
}

/* What decides the results: the same of all this gives the same results. */
static bool describe_work(cJSON *to, const results *r) {
    return cJSON_AddStringToObject(to, "program", program) != NULL &&
           cJSON_AddStringToObject(to, "version", cellseg_version()) != NULL && add_file(to, "input", r->input->path) &&
           (r->nuclei_path == NULL || add_file(to, "nuclei_input", r->nuclei_path)) &&
           (r->maps_path[0] == '\0' || add_file(to, "maps_input", r->maps_path)) && add_channels(to, r->field) &&
           add_location(to, r->field) && add_model(to, r) &&
           add_options(to, "reading", cellseg_read_options_table(), r->reading) && add_measuring(to) &&
           add_options(to, "options", cellseg_segment_options_table(), &r->options);
}

static bool describe(cJSON *to, const results *r) {
    return describe_work(to, r) && add_figures(to, &r->report) && add_warnings(to);
}

/* Gives errno; 0 for success. */
static int put_in_file(const char *path, const char *text) {
    FILE *to = create_file(path);
    if (to == NULL)
        return errno;
    const bool fine = fprintf(to, "%s\n", text) >= 0 && fflush(to) == 0 && synchronise_file(to);
    const int error = fine ? 0 : errno;
    return fclose(to) == 0 || error != 0 ? error : errno;
}

const char *write_record(const results *r, cellseg_context *context, const char *path) {
    (void)context;
    cJSON *record = cJSON_CreateObject();
    char *text = record != NULL && describe(record, r) ? cJSON_Print(record) : NULL;
    const int error = text != NULL ? put_in_file(path, text) : ENOMEM;
    cJSON_free(text);
    cJSON_Delete(record);
    return error == 0 ? NULL : strerror(error);
}

static bool add_files(cJSON *to, const results *r, const char *folder) {
    cJSON *list = cJSON_AddArrayToObject(to, "files");
    bool fine = list != NULL;
    for (const result_kind *k = result_kinds; fine && k->suffix != NULL; k++) {
        char path[PATH_SIZE];
        fine = join_path(path, folder, r->input->stem, k->suffix);
        if (!fine || !exists(path))
            continue;
        char *text = utf8_copy(path);
        cJSON *item = text != NULL ? cJSON_CreateString(text) : NULL;
        fine = cJSON_AddItemToArray(list, item);
        free(text);
    }
    return fine;
}

void print_record(const results *r, const char *folder) {
    cJSON *record = cJSON_CreateObject();
    if (record != NULL && !(describe(record, r) && add_files(record, r, folder))) {
        cJSON_Delete(record);
        record = NULL;
    }
    print_json(record);
}

/* ---- reading ---- */

/* NULL: the file is no JSON. */
static cJSON *read_record(FILE *from) {
    char *bytes = malloc(RECORD_MAX_BYTES);
    cJSON *record = bytes != NULL ? cJSON_ParseWithLength(bytes, fread(bytes, 1, RECORD_MAX_BYTES, from)) : NULL;
    free(bytes);
    return record;
}

/* The absolute path of the input; NULL: this is no record of this program. */
static const char *recorded_input(const cJSON *record) {
    const char *by = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(record, "program"));
    const cJSON *input = cJSON_GetObjectItemCaseSensitive(record, "input");
    return by != NULL && strcmp(by, program) == 0 ? cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(input, "absolute"))
                                                  : NULL;
}

cJSON *load_record(const char *path) {
    FILE *from = open_to_read(path);
    if (from == NULL)
        return NULL;
    cJSON *record = read_record(from);
    (void)fclose(from);
    if (recorded_input(record) != NULL)
        return record;
    cJSON_Delete(record);
    return NULL;
}

/* The image, slice and time point of a file that holds several. */
static bool are_same_planes(const cJSON *record, const cellseg_read_options *reading) {
    const cJSON *recorded = cJSON_GetObjectItemCaseSensitive(record, "reading");
    const struct {
        const char *name;
        int32_t value;
    } planes[] = {{"series", reading->series}, {"z", reading->z}, {"t", reading->t}};
    for (size_t i = 0; i < sizeof planes / sizeof *planes; i++) {
        const cJSON *number = cJSON_GetObjectItemCaseSensitive(recorded, planes[i].name);
        if (cJSON_IsNumber(number) && number->valuedouble != (double)planes[i].value)
            return false;
    }
    return true;
}

static void refuse(const char *path, const char *why, const file *input) {
    print_error("%s: a result of %s would replace this file, which %s; --overwrite replaces it", path, input->path, why);
}

static bool compare(const cJSON *record, const char *path, const char *folder, const file *input,
                    const cellseg_read_options *reading) {
    const char *recorded = recorded_input(record);
    char *own = path_text(input->path);
    const bool fine = own != NULL && recorded != NULL && strcmp(recorded, own) == 0;
    if (own == NULL)
        print_error("%s: no memory", path);
    else if (recorded == NULL)
        refuse(path, "cellseg did not write", input);
    else if (!fine)
        print_error("%s: %s/%s.* are results of another input, %s; --overwrite replaces them", input->path, folder, input->stem,
                    recorded);
    free(own);
    if (!fine || are_same_planes(record, reading))
        return fine;
    print_error("%s: %s/%s.* are results of another series, z or t of this file; --overwrite replaces them", input->path, folder,
                input->stem);
    return false;
}

/* ---- finished work ---- */

/* The words by which files were named do not matter. */
static void drop_given(cJSON *record) {
    cJSON *channel;
    cJSON_DeleteItemFromObject(cJSON_GetObjectItem(record, "input"), "given");
    cJSON_DeleteItemFromObject(cJSON_GetObjectItem(record, "nuclei_input"), "given");
    cJSON_DeleteItemFromObject(cJSON_GetObjectItem(record, "maps_input"), "given");
    cJSON_ArrayForEach(channel, cJSON_GetObjectItem(record, "channels")) cJSON_DeleteItemFromObject(channel, "given");
}

/* A channel that was chosen by name has the number that it had in this image. */
static void take_number(int32_t *number, const cJSON *record, const char *name) {
    const cJSON *of = cJSON_GetObjectItem(cJSON_GetObjectItem(record, "options"), name);
    if (cJSON_IsNumber(of))
        *number = of->valueint;
}

/* Every key of the work has the same value in the record, and what only the one has is missing in the other. */
static bool is_same_work(const cJSON *record, const cJSON *work) {
    static const char *const optional[] = {"nuclei_input", "maps_input", "channels", "location", "ring_px", "measure_channels"};
    const cJSON *item;
    cJSON_ArrayForEach(item,
                       work) if (!cJSON_Compare(item, cJSON_GetObjectItemCaseSensitive(record, item->string), true)) return false;
    for (size_t i = 0; i < sizeof optional / sizeof *optional; i++)
        if (cJSON_HasObjectItem(record, optional[i]) != cJSON_HasObjectItem(work, optional[i]))
            return false;
    return true;
}

/* The set has the files that are wanted now, and no others. */
static bool has_its_files(const results *r, const char *folder) {
    char path[PATH_SIZE];
    for (const result_kind *k = result_kinds; k->suffix != NULL; k++)
        if (!join_path(path, folder, r->input->stem, k->suffix) || exists(path) != is_wanted(k))
            return false;
    return true;
}

bool is_finished(const results *r, const char *folder, bool by_name) {
    char path[PATH_SIZE];
    if (!has_its_files(r, folder) || !join_path(path, folder, r->input->stem, ".json"))
        return false;
    FILE *from = open_to_read(path);
    cJSON *record = from != NULL ? read_record(from) : NULL, *work = cJSON_CreateObject(), *read = NULL;
    if (from != NULL)
        (void)fclose(from);
    results now = *r;
    if (by_name) {
        take_number(&now.options.channel, record, "channel");
        take_number(&now.options.nuclei_channel, record, "nuclei_channel");
    }
    if (record != NULL && work != NULL && describe_work(work, &now)) {
        char *text = cJSON_PrintUnformatted(work); /* the options are raw text, which is compared as it is read */
        read = cJSON_Parse(text);
        cJSON_free(text);
        drop_given(record);
        drop_given(read);
    }
    const bool fine = read != NULL && is_same_work(record, read);
    cJSON_Delete(read);
    cJSON_Delete(work);
    cJSON_Delete(record);
    return fine;
}

/* ---- names that are taken ---- */

/* Without a record, files of these names are no results: a person's outlines, or the truth that cellseg synth wrote. */
static bool are_names_free(const char *folder, const file *input) {
    for (const result_kind *k = result_kinds; k->suffix != NULL; k++) {
        char path[PATH_SIZE];
        entry there;
        if (!join_path(path, folder, input->stem, k->suffix))
            return false;
        if (find_link(&there, path)) {
            refuse(path, "no record names as a result", input);
            return false;
        }
    }
    return true;
}

bool is_of_input(const char *folder, const file *input, const cellseg_read_options *reading) {
    char path[PATH_SIZE];
    if (!join_path(path, folder, input->stem, ".json"))
        return false;
    FILE *from = open_to_read(path);
    if (from == NULL && errno == ENOENT)
        return are_names_free(folder, input);
    if (from == NULL) {
        print_error("%s: cannot be read: %s; --overwrite replaces it", path, strerror(errno));
        return false;
    }
    cJSON *record = read_record(from);
    (void)fclose(from);
    const bool fine = compare(record, path, folder, input, reading);
    cJSON_Delete(record);
    return fine;
}
