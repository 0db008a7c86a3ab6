/* SPDX-License-Identifier: BSD-3-Clause */
#include "fields.h"

#include "cli.h"
#include "sheet.h"
#include "stem.h"
#include "system.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

enum { MAX_FOLDER_DEPTH = 32 };

/* A file that was found. */
typedef struct found {
    char *path, *folder; /* folder: as in a field */
    plate_place where;
    bool alone; /* a field of its own, whatever its name states */
    size_t order;
} found;

typedef struct finding {
    found *files;
    size_t count, skipped;     /* skipped: files that the user's pattern does not fit */
    char passed_by[PATH_SIZE]; /* the last of these, as the pattern saw the path */
    const field_source *from;
    const pattern *pattern;
    const char *root, *prefix; /* the folder that was given, and the name of its results' folder */
    int depth;
    bool failed; /* an error line was printed */
} finding;

static char *text_of(const char *text) {
    return check_memory(copy_text(text, strlen(text)));
}

/* Takes over the path and the location. */
static void add_found(finding *f, char *path, const char *folder, const plate_place *where, bool alone) {
    f->files = check_memory(realloc(f->files, (f->count + 1) * sizeof *f->files));
    f->files[f->count] = (found){path, text_of(folder), *where, alone || where->parts[PART_CHANNEL] == NULL, f->count};
    f->count++;
}

/* ---- folders ---- */

static bool is_image(const char *name) {
    static const char *const endings[] = {".tif", ".tiff", ".png", ".flex", NULL};
    const char *end = strrchr(name, '.');
    bool is_result, known = false;
    for (int i = 0; end != NULL && endings[i] != NULL; i++)
        known = known || strcasecmp(end, endings[i]) == 0;
    if (!known || name[0] == '.' || strstr(name, "_thumb") != NULL) /* ImageXpress has a small copy of each image */
        return false;
    (void)stem_length(name, NULL, &is_result);
    return !is_result;
}

static void search_folder(finding *f, const char *below);

/* Take an image, or look into a folder; a link to a folder may lead back, and is left alone. */
static void take_entry(finding *f, const char *below, const char *name) {
    char inside[PATH_SIZE], path[PATH_SIZE], folder[PATH_SIZE];
    entry there;
    plate_place where;
    const int length = snprintf(inside, sizeof inside, "%s%s%s", below, below[0] != '\0' ? "/" : "", name);
    if (length >= PATH_SIZE || !join_path(path, f->root, inside, "") || !find_link(&there, path))
        return;
    if (there.kind == ENTRY_FOLDER && name[0] != '.' && !is_same_file(path, f->from->output_folder))
        search_folder(f, inside);
    else if (there.kind != ENTRY_FOLDER && is_image(name)) {
        if (!locate(&where, f->pattern, inside) && f->pattern != NULL) {
            f->skipped++;
            memcpy(f->passed_by, inside, sizeof inside);
        } else if (snprintf(folder, sizeof folder, "%s%s%s", f->prefix, f->prefix[0] != '\0' && below[0] != '\0' ? "/" : "",
                            below) < PATH_SIZE)
            add_found(f, text_of(path), folder, &where, false);
    }
}

static void search_folder(finding *f, const char *below) {
    char path[PATH_SIZE];
    name_list names;
    if (!join_path(path, f->root, below, "") || f->depth == MAX_FOLDER_DEPTH)
        return;
    if (!list_names(&names, path, NULL)) {
        print_error("%s: the folder cannot be read: %s", path, strerror(errno));
        f->failed = true;
        return;
    }
    f->depth++;
    for (size_t i = 0; i < names.count; i++)
        take_entry(f, below, names.names[i]);
    f->depth--;
    free_names(&names);
}

/* A folder's path without separators at its end, as its results' paths begin. */
static char *trimmed(const char *path) {
    size_t length = strlen(path);
    while (length > 1 && is_separator(path[length - 1]))
        length--;
    return check_memory(copy_text(path, length));
}

static void take_operand(finding *f, const char *operand, bool only) {
    plate_place where;
    if (!is_folder(operand)) {
        (void)locate(&where, f->pattern, base_name(operand));
        add_found(f, text_of(operand), "", &where, f->pattern == NULL);
        return;
    }
    char *root = trimmed(operand);
    const size_t before = f->count, skipped = f->skipped;
    f->root = root;
    f->prefix = only ? "" : base_name(root);
    search_folder(f, "");
    if (!f->failed && f->count == before) {
        if (f->skipped > skipped)
            print_error("%s: --pattern %s fits none of %zu images, such as %s", operand, f->from->pattern, f->skipped - skipped,
                        f->passed_by);
        else
            print_error("%s: the folder and those below have no .tif, .tiff, .png or .flex file", operand);
        f->failed = true;
    }
    free(root);
}

/* ---- sheets ---- */

static bool is_absolute(const char *path) {
    return is_separator(path[0]) || (path[0] != '\0' && path[1] == ':' && is_separator(path[2]));
}

/* A file below the sheet's folder keeps the folders between. */
static void take_row(void *user, const char *name, plate_place *where) {
    finding *f = user;
    char path[PATH_SIZE], folder[PATH_SIZE] = "";
    if (!join_path(path, f->root, name, ""))
        f->failed = true;
    else {
        if (!is_absolute(name) && strstr(name, "..") == NULL && base_name(name) > name)
            (void)snprintf(folder, sizeof folder, "%.*s", (int)(base_name(name) - name - 1), name);
        add_found(f, text_of(is_absolute(name) ? name : path), folder, where, false);
        *where = (plate_place){0};
    }
}

static void take_sheet(finding *f) {
    char folder[PATH_SIZE];
    if (!folder_of(folder, f->from->sheet)) {
        print_error("%s: the path is too long", f->from->sheet);
        f->failed = true;
        return;
    }
    f->root = folder;
    if (!read_sheet(f->from->sheet, take_row, f))
        f->failed = true;
    else if (f->count == 0) {
        print_error("%s: the sheet has no row", f->from->sheet);
        f->failed = true;
    }
}

/* ---- grouping ---- */

static int compare_texts(const char *a, const char *b) {
    return strcmp(a != NULL ? a : "", b != NULL ? b : "");
}

/* Files of one field are equal; they differ in channel. */
static int compare_fields(const found *a, const found *b) {
    static const int parts[] = {PART_PLATE, PART_WELL, PART_FIELD, PART_Z, PART_T};
    if (a->alone || b->alone)
        return a->order < b->order ? -1 : a->order > b->order;
    int order = a->where.spans_folders != b->where.spans_folders ? (a->where.spans_folders ? 1 : -1)
                : a->where.spans_folders                         ? 0
                                                                 : strcmp(a->folder, b->folder);
    for (size_t i = 0; order == 0 && i < sizeof parts / sizeof *parts; i++)
        order = compare_texts(a->where.parts[parts[i]], b->where.parts[parts[i]]);
    return order;
}

static int by_field(const void *x, const void *y) {
    const found *a = x, *b = y;
    if (a->alone != b->alone)
        return a->alone ? -1 : 1;
    int order = compare_fields(a, b);
    if (order == 0 && a != b)
        order = compare_names(a->where.parts[PART_CHANNEL], b->where.parts[PART_CHANNEL]);
    return order != 0 ? order : a->order < b->order ? -1 : a->order > b->order;
}

static int by_order(const void *x, const void *y) {
    const field *a = x, *b = y;
    return a->order < b->order ? -1 : a->order > b->order;
}

/* Files that lie in folders of their channels have their results where the first one has. Takes over the files. */
static void add_field(field_list *list, found *files, size_t count) {
    list->fields = check_memory(realloc(list->fields, (list->count + 1) * sizeof *list->fields));
    field *f = &list->fields[list->count++];
    *f = (field){.folder = files[0].folder, .order = files[0].order, .count = count};
    f->files = check_memory(malloc(count * sizeof *f->files));
    for (size_t i = 0; i < count; i++) {
        const char *name = files[i].where.parts[PART_CHANNEL];
        f->files[i] = (channel_file){files[i].path, files[i].alone ? NULL : text_of(name)};
        f->order = files[i].order < f->order ? files[i].order : f->order;
        if (i > 0) {
            free(files[i].folder);
            free_place(&files[i].where);
        }
    }
    f->where = files[0].where;
}

/* Two files of one channel; false after an error line. */
static bool are_channels_apart(const found *files, size_t count) {
    for (size_t i = 1; i < count; i++) {
        const char *name = files[i].where.parts[PART_CHANNEL], *well = files[i].where.parts[PART_WELL];
        if (compare_names(files[i - 1].where.parts[PART_CHANNEL], name) != 0)
            continue;
        print_error("%s and %s are both channel %s of one field%s%s; name what tells them apart with --pattern or --sheet",
                    files[i - 1].path, files[i].path, name, well != NULL ? " of well " : "", well != NULL ? well : "");
        return false;
    }
    return true;
}

static void note_channel(name_list *list, char *name) {
    size_t i = 0;
    while (i < list->count && compare_names(list->names[i], name) < 0)
        i++;
    if (i < list->count && compare_names(list->names[i], name) == 0)
        return;
    list->names = check_memory(realloc(list->names, (list->count + 1) * sizeof *list->names));
    memmove(list->names + i + 1, list->names + i, (list->count - i) * sizeof *list->names);
    list->names[i] = name;
    list->count++;
}

static bool group_files(field_list *out, finding *f) {
    if (f->count > 0)
        qsort(f->files, f->count, sizeof *f->files, by_field);
    bool fine = true;
    for (size_t begin = 0, end; begin < f->count; begin = end) {
        for (end = begin + 1; end < f->count && compare_fields(&f->files[begin], &f->files[end]) == 0; end++) {
        }
        fine = fine && are_channels_apart(f->files + begin, end - begin);
        add_field(out, f->files + begin, end - begin);
    }
    if (out->count > 0)
        qsort(out->fields, out->count, sizeof *out->fields, by_order);
    for (size_t i = 0; i < out->count; i++)
        for (size_t k = 0; k < out->fields[i].count; k++)
            if (out->fields[i].files[k].name != NULL)
                note_channel(&out->channels, out->fields[i].files[k].name);
    return fine;
}

bool find_fields(field_list *out, const char *const *operands, int count, const field_source *from) {
    finding f = {.from = from, .prefix = ""};
    pattern *own = from->pattern != NULL ? pattern_of_user(from->pattern) : NULL;
    *out = (field_list){0};
    f.pattern = own;
    f.failed = from->pattern != NULL && own == NULL;
    begin_instruments();
    if (from->sheet != NULL && !f.failed)
        take_sheet(&f);
    for (int i = 0; i < count && !f.failed; i++)
        take_operand(&f, operands[i], count == 1);
    end_instruments();
    pattern_free(own);
    if (f.skipped > 0 && !f.failed)
        print_note("%zu images are left out: --pattern does not fit their names", f.skipped);
    const bool fine = group_files(out, &f) && !f.failed;
    free(f.files);
    if (!fine)
        free_fields(out);
    return fine;
}

void free_fields(field_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        field *f = &list->fields[i];
        for (size_t k = 0; k < f->count; k++) {
            free(f->files[k].path);
            free(f->files[k].name);
        }
        free(f->files);
        free(f->folder);
        free(f->marker.stem);
        free_place(&f->where);
    }
    free(list->fields);
    free(list->channels.names);
    *list = (field_list){0};
}
