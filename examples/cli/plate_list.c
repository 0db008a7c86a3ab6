/* SPDX-License-Identifier: BSD-3-Clause */
#include "plate_list.h"

#include "cli.h"
#include "csv.h"
#include "names.h"
#include "naming.h"
#include "record.h"
#include "staging.h"
#include "system.h"
#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

const char *const place_names[PLACES] = {"plate", "well", "row", "column", "field", "z", "t"};

static const char record_suffix[] = ".json";

static char *copy(const char *text) {
    return check_memory(copy_text(text, strlen(text)));
}

/* ---- wells ---- */

bool parse_well(const char *name, unsigned *row, unsigned *column) {
    enum { ROWS_MOST = 999, COLUMNS_MOST = 999 };
    *row = *column = 0;
    for (; *name >= 'A' && *name <= 'Z' && *row <= ROWS_MOST; name++)
        *row = *row * 26 + (unsigned)(*name - 'A') + 1;
    for (; *name >= '0' && *name <= '9' && *column <= COLUMNS_MOST; name++)
        *column = *column * 10 + (unsigned)(*name - '0');
    if (*name == '\0' && *row > 0 && *row <= ROWS_MOST && *column > 0 && *column <= COLUMNS_MOST)
        return true;
    *row = *column = 0;
    return false;
}

size_t count_of_well(const plate_list *list, size_t first) {
    const plate_image *of = &list->images[first];
    size_t count = 1;
    while (of->places[PLACE_WELL][0] != '\0' && first + count < list->count &&
           strcmp(of->places[PLACE_WELL], of[count].places[PLACE_WELL]) == 0 &&
           strcmp(of->places[PLACE_PLATE], of[count].places[PLACE_PLATE]) == 0)
        count++;
    return count;
}

/* ---- order ---- */

static int by_place(const void *a, const void *b) {
    const plate_image *one = a, *other = b;
    int order = compare_names(one->places[PLACE_PLATE], other->places[PLACE_PLATE]);
    if (order == 0 && one->row != other->row)
        order = one->row < other->row ? -1 : 1;
    if (order == 0 && one->column != other->column)
        order = one->column < other->column ? -1 : 1;
    static const int rest[] = {PLACE_WELL, PLACE_FIELD, PLACE_T, PLACE_Z};
    for (size_t i = 0; order == 0 && i < sizeof rest / sizeof *rest; i++)
        order = compare_names(one->places[rest[i]], other->places[rest[i]]);
    if (order == 0)
        order = compare_names(one->name, other->name);
    return order != 0 ? order : strcmp(one->name, other->name);
}

static int by_name(const void *a, const void *b) {
    return strcmp(((const plate_image *)a)->name, ((const plate_image *)b)->name);
}

/* ---- images ---- */

static void free_image(plate_image *image) {
    for (size_t p = 0; p < PLACES; p++)
        free(image->places[p]);
    free(image->name);
    free(image->input);
    free(image->error);
    cJSON_Delete(image->report);
    cJSON_Delete(image->warnings);
}

void free_plate(plate_list *list) {
    for (size_t i = 0; i < list->count; i++)
        free_image(&list->images[i]);
    free(list->images);
    cJSON_Delete(list->method);
    *list = (plate_list){0};
}

/* A new image, of which only its name, that it takes over, is set. */
static plate_image *add_image(plate_list *list, char *name) {
    list->images = check_memory(realloc(list->images, (list->count + 1) * sizeof *list->images));
    list->images[list->count] = (plate_image){.name = name};
    return &list->images[list->count++];
}

/* A text or number of the record as text. */
static char *text_of(const cJSON *item) {
    char number[32] = "";
    if (cJSON_IsNumber(item))
        (void)snprintf(number, sizeof number, "%.15g", item->valuedouble);
    return copy(cJSON_IsString(item) ? item->valuestring : number);
}

/* ---- records ---- */

/* What of a record is the same for all images of a run. */
static cJSON *method_of(cJSON *record) {
    static const char *const keys[] = {"version", "model", "reading", "options"};
    cJSON *method = check_memory(cJSON_CreateObject());
    for (size_t i = 0; i < sizeof keys / sizeof *keys; i++) {
        cJSON *item = cJSON_DetachItemFromObjectCaseSensitive(record, keys[i]);
        if (item != NULL)
            (void)cJSON_AddItemToObject(method, keys[i], item);
    }
    return method;
}

static void take_method(plate_list *list, cJSON *method) {
    if (list->method == NULL) {
        list->method = method;
        return;
    }
    list->deviant += !cJSON_Compare(list->method, method, true);
    cJSON_Delete(method);
}

/* The record of a name without its ending; other files of such names are passed over. */
static void add_record(plate_list *list, const char *name) {
    char path[PATH_SIZE];
    cJSON *record = join_path(path, list->folder, name, record_suffix) ? load_record(path) : NULL;
    if (record == NULL)
        return;
    plate_image *image = add_image(list, copy(name));
    const cJSON *place = cJSON_GetObjectItemCaseSensitive(record, "location");
    for (size_t p = 0; p < PLACES; p++)
        image->places[p] = text_of(cJSON_GetObjectItemCaseSensitive(place, place_names[p]));
    image->input = text_of(cJSON_GetObjectItemCaseSensitive(cJSON_GetObjectItemCaseSensitive(record, "input"), "given"));
    if (cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(record, "report")))
        image->report = cJSON_DetachItemFromObjectCaseSensitive(record, "report");
    if (cJSON_IsArray(cJSON_GetObjectItemCaseSensitive(record, "warnings")))
        image->warnings = cJSON_DetachItemFromObjectCaseSensitive(record, "warnings");
    take_method(list, method_of(record));
    cJSON_Delete(record);
}

/* The folders above one that is read, the nearest first. */
typedef struct level {
    const struct level *above;
    entry folder;
    int depth;
} level;
enum { DEEPEST = 32 };

static bool is_within_itself(const level *l) {
    for (const level *above = l->above; above != NULL; above = above->above)
        if (above->folder.device == l->folder.device && above->folder.number == l->folder.number)
            return true;
    return false;
}

static bool add_folder(plate_list *list, const char *below, const level *above);

/* A folder, a record, or another file, which is passed over. */
static bool add_entry(plate_list *list, const char *below, const char *name, const level *here) {
    char path[PATH_SIZE], inner[PATH_SIZE];
    const size_t length = strlen(name), end = sizeof record_suffix - 1;
    entry there;
    if (name[0] == '.' || !join_path(path, list->folder, below, name) || !find_entry(&there, path))
        return true;
    const bool is_record = there.kind != ENTRY_FOLDER && length > end && strcmp(name + length - end, record_suffix) == 0;
    const size_t kept = is_record ? length - end : length;
    const bool fits =
        snprintf(inner, sizeof inner, "%s%.*s%s", below, (int)kept, name, there.kind == ENTRY_FOLDER ? "/" : "") < PATH_SIZE;
    if (there.kind == ENTRY_FOLDER)
        return fits && add_folder(list, inner, here);
    if (is_record && fits)
        add_record(list, inner);
    return true;
}

/* `below`: a folder below the list's with a separator behind, or empty. A link to a folder above leads nowhere. */
static bool add_folder(plate_list *list, const char *below, const level *above) {
    char folder[PATH_SIZE];
    level here = {.above = above, .depth = above != NULL ? above->depth + 1 : 0};
    name_list names;
    if (!join_path(folder, list->folder, below, ""))
        return false;
    if (!find_entry(&here.folder, folder) || !list_names(&names, folder, NULL)) {
        print_error("%s: cannot be read: %s", folder, strerror(errno));
        return false;
    }
    bool fine = here.depth <= DEEPEST;
    if (!fine)
        print_error("%s: more than %d folders lie within each other", folder, DEEPEST);
    warn_of_unfinished(folder);
    for (size_t i = 0; fine && !is_within_itself(&here) && i < names.count; i++)
        fine = add_entry(list, below, names.names[i], &here);
    free_names(&names);
    return fine;
}

/* ---- failures ---- */

/* Columns of a table of failures. */
typedef struct failure_columns {
    size_t name, file, error, places[PLACES];
} failure_columns;

static char *field_of(const csv_reader *r, size_t column) {
    return copy(column < r->count ? plain_csv_text(r->fields[column]) : "");
}

/* An image of the first `known`, which are sorted by name, has no results any more; another is added. */
static void add_failure(plate_list *list, size_t known, const csv_reader *r, const failure_columns *at) {
    const plate_image key = {.name = field_of(r, at->name)};
    plate_image *image = known > 0 ? bsearch(&key, list->images, known, sizeof key, by_name) : NULL;
    if (image != NULL)
        free_image(image);
    else
        image = add_image(list, NULL);
    *image = (plate_image){.name = key.name, .input = field_of(r, at->file), .error = field_of(r, at->error)};
    for (size_t p = 0; p < PLACES; p++)
        image->places[p] = field_of(r, at->places[p]);
}

/* Another program's table is passed over. */
static bool read_failures(plate_list *list, csv_reader *r, const char *path) {
    const size_t known = list->count;
    failure_columns at;
    if (known > 0)
        qsort(list->images, known, sizeof *list->images, by_name);
    if (read_csv_row(r)) {
        at.name = find_csv_column(r, "image");
        at.file = find_csv_column(r, "file");
        at.error = find_csv_column(r, "error");
        for (size_t p = 0; p < PLACES; p++)
            at.places[p] = find_csv_column(r, place_names[p]);
        if (at.name == r->count || at.error == r->count) {
            print_warning("%s: passed over: the column \"%s\" is missing", path, at.name == r->count ? "image" : "error");
            return true;
        }
        while (read_csv_row(r))
            add_failure(list, known, r, &at);
    }
    if (r->fault != NULL)
        print_error("%s: line %zu: %s", path, r->line, r->fault);
    return r->fault == NULL;
}

static bool add_failures(plate_list *list) {
    char path[PATH_SIZE];
    csv_reader reader;
    if (!join_path(path, list->folder, "failures", ".csv"))
        return false;
    FILE *from = open_to_read(path);
    if (from == NULL && errno == ENOENT)
        return true;
    if (from == NULL) {
        print_error("%s: cannot be read: %s", path, strerror(errno));
        return false;
    }
    begin_csv(&reader, from);
    const bool fine = read_failures(list, &reader, path);
    free_csv(&reader);
    (void)fclose(from);
    return fine;
}

/* ---- all ---- */

bool list_plate(plate_list *out, const char *folder) {
    *out = (plate_list){.folder = folder};
    bool fine = add_folder(out, "", NULL) && add_failures(out);
    if (fine && out->count == 0) {
        print_error("%s: no results of cellseg segment or label are here: a record, <stem>.json, is expected", folder);
        fine = false;
    }
    for (size_t i = 0; fine && i < out->count; i++)
        (void)parse_well(out->images[i].places[PLACE_WELL], &out->images[i].row, &out->images[i].column);
    if (fine)
        qsort(out->images, out->count, sizeof *out->images, by_place);
    else
        free_plate(out);
    return fine;
}
