/* SPDX-License-Identifier: BSD-3-Clause */
/* Files by stem, folders and paths. */
#include "files.h"

#include "cli.h"
#include "names.h"
#include "staging.h"
#include "stem.h"
#include "system.h"
#include "temporary.h"
#include "text.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

/* ---- paths ---- */

const char *base_name(const char *path) {
    const char *name = path + strlen(path);
    while (name > path && !is_separator(name[-1]))
        name--;
    return name;
}

bool is_folder(const char *path) {
    entry found;
    return find_entry(&found, path) && found.kind == ENTRY_FOLDER;
}

bool folder_of(char folder[PATH_SIZE], const char *path) {
    const size_t length = (size_t)(base_name(path) - path);
    (void)snprintf(folder, PATH_SIZE, "%.*s", length > 0 ? (int)length : 1, length > 0 ? path : ".");
    return length < PATH_SIZE;
}

bool can_be_written(const char *path) {
    char folder[PATH_SIZE];
    entry found;
    const char *fault = NULL;
    if (!folder_of(folder, path) || base_name(path)[0] == '\0')
        fault = "the path has no file name";
    else if (find_entry(&found, path) && found.kind != ENTRY_FILE)
        fault = found.kind == ENTRY_FOLDER ? "this is a directory" : "this is not a regular file";
    else if ((!find_link(&found, path) && errno != ENOENT) || !can_create_in(folder))
        fault = strerror(errno);
    if (fault != NULL)
        print_error("%s: cannot be written: %s", path, fault);
    return fault == NULL;
}

bool prepare_output(const char *path) {
    char folder[PATH_SIZE];
    if (!can_be_written(path))
        return false;
    (void)folder_of(folder, path);
    sweep_folder(folder);
    return true;
}

bool is_same_file(const char *a, const char *b) {
    entry of_a, of_b;
    return find_entry(&of_a, a) && find_entry(&of_b, b) && of_a.device == of_b.device && of_a.number == of_b.number;
}

bool exists(const char *path) {
    entry found;
    return find_entry(&found, path);
}

bool make_folder(const char *path) {
    char part[PATH_SIZE];
    const size_t length = strlen(path);
    for (size_t i = 1; i <= length && length < sizeof part; i++) {
        if (!is_separator(path[i]) && path[i] != '\0')
            continue;
        memcpy(part, path, i);
        part[i] = '\0';
        if (!is_folder(part) && !create_folder(part) && errno != EEXIST) {
            print_error("%s: the folder cannot be created: %s", path, strerror(errno));
            return false;
        }
    }
    if (is_folder(path))
        return true;
    print_error("%s: not a folder", path);
    return false;
}

bool join_path(char path[PATH_SIZE], const char *folder, const char *stem, const char *suffix) {
    const int length = snprintf(path, PATH_SIZE, "%s/%s%s", folder, stem, suffix);
    if (length > 0 && length < PATH_SIZE)
        return true;
    print_error("%s/%s%s: the path is too long", folder, stem, suffix);
    return false;
}

/* ---- lists ---- */

file name_file(char *path, const char *ending) {
    const char *name = base_name(path);
    file f = {.path = path};
    f.stem = check_memory(copy_text(name, stem_length(name, ending, &f.is_result)));
    return f;
}

/* Takes over `path`. */
static void append(file_list *list, char *path, const char *ending) {
    list->files = check_memory(realloc(list->files, (list->count + 1) * sizeof *list->files));
    list->files[list->count++] = name_file(path, ending);
}

void free_files(file_list *list) {
    for (size_t i = 0; i < list->count; i++) {
        free(list->files[i].path);
        free(list->files[i].stem);
    }
    free(list->files);
    *list = (file_list){0};
}

bool is_one_name(const char *stem, const char *other) {
    return strcasecmp(stem, other) == 0;
}

/* Names that differ in case alone are neighbours. */
static int compare_stems(const char *a, const char *b) {
    const int order = strcasecmp(a, b);
    return order != 0 ? order : strcmp(a, b);
}

static int by_stem(const void *a, const void *b) {
    const file *of_a = a, *of_b = b;
    const int order = compare_stems(of_a->stem, of_b->stem);
    return order != 0 ? order : strcmp(of_a->path, of_b->path);
}

/* Prints the first fault of a list in order of stem. */
static bool check_stems(const file_list *sorted) {
    for (size_t i = 0; i < sorted->count; i++) {
        const file *here = &sorted->files[i];
        if (here->stem[0] == '\0' || here->stem[0] == '.') {
            print_error("%s: %s", here->path,
                        is_folder(here->path)  ? "this is a directory"
                        : here->stem[0] == '.' ? "the file name begins with a dot"
                                               : "the file name is empty");
            return false;
        }
        if (i > 0 && is_one_name(here->stem, here[-1].stem)) {
            print_error("%s and %s have the same name without their endings, \"%s\": their results would replace each other",
                        here[-1].path, here->path, here->stem);
            return false;
        }
    }
    return true;
}

bool are_names_apart(const file *files, size_t count) {
    file_list sorted = {count, check_memory(malloc((count + 1) * sizeof *sorted.files))};
    memcpy(sorted.files, files, count * sizeof *files);
    qsort(sorted.files, count, sizeof *files, by_stem);
    const bool fine = check_stems(&sorted);
    free(sorted.files);
    return fine;
}

bool files_from_operands(file_list *out, const char *const *operands, int count, const char *ending) {
    *out = (file_list){0};
    for (int i = 0; i < count; i++)
        append(out, check_memory(copy_text(operands[i], strlen(operands[i]))), ending);
    const bool fine = out->count == 0 || are_names_apart(out->files, out->count);
    if (!fine)
        free_files(out);
    return fine;
}

/* ---- folders ---- */

static bool is_image_name(const char *name) {
    const char *end = strrchr(name, '.');
    return end != NULL && name[0] != '.' &&
           (strcasecmp(end, ".tif") == 0 || strcasecmp(end, ".tiff") == 0 || strcasecmp(end, ".png") == 0);
}

static bool list_folder(file_list *out, const char *folder, const char *ending) {
    *out = (file_list){0};
    name_list names;
    if (!list_names(&names, folder, is_image_name)) {
        print_error("%s: the folder cannot be read: %s", folder, strerror(errno));
        return false;
    }
    for (size_t i = 0; i < names.count; i++) {
        char path[PATH_SIZE];
        if (join_path(path, folder, names.names[i], ""))
            append(out, check_memory(copy_text(path, strlen(path))), ending);
    }
    free_names(&names);
    if (out->count > 0)
        qsort(out->files, out->count, sizeof *out->files, by_stem);
    return true;
}

/* The name is the stem, the ending, and further endings. */
static bool has_ending(const file *f, const char *ending) {
    const char *rest = base_name(f->path) + strlen(f->stem);
    const size_t length = strlen(ending);
    return strncasecmp(rest, ending, length) == 0 && rest[length] == '.';
}

/* The index of the selected file among the files [0, count) of one stem; count if none matches, more if several match. */
static size_t choose(const file *files, size_t count, const char *ending, bool images) {
    if (!images && count == 1)
        return 0;
    size_t chosen = count;
    for (size_t i = 0; i < count; i++)
        if (images ? !files[i].is_result : has_ending(&files[i], ending)) {
            if (chosen != count)
                return count + 1;
            chosen = i;
        }
    return chosen;
}

/* Move the chosen file of each stem from `all`, which is in order of stem, to `out`. */
static bool choose_files(file_list *out, file_list *all, const char *folder, const char *ending, bool images) {
    for (size_t begin = 0, end; begin < all->count; begin = end) {
        const file *first = &all->files[begin];
        for (end = begin + 1; end < all->count && strcmp(all->files[end].stem, first->stem) == 0; end++) {
        }
        const size_t chosen = choose(first, end - begin, ending, images);
        if (chosen > end - begin || (chosen == end - begin && !images)) {
            print_error("%s: %zu files are named %s.*; the choice is ambiguous", folder, end - begin, first->stem);
            return false;
        }
        if (chosen < end - begin) {
            append(out, first[chosen].path, ending);
            all->files[begin + chosen].path = NULL;
        }
    }
    return true;
}

static bool list_files(file_list *out, const char *folder, const char *ending, bool images) {
    *out = (file_list){0};
    file_list all;
    warn_of_unfinished(folder);
    if (!list_folder(&all, folder, ending))
        return false;
    bool fine = choose_files(out, &all, folder, ending, images);
    free_files(&all);
    if (fine && out->count == 0) {
        print_error("%s: the folder has no .tif, .tiff or .png file", folder);
        fine = false;
    }
    if (!fine)
        free_files(out);
    return fine;
}

bool images_in_folder(file_list *out, const char *folder, const char *labels_ending) {
    return list_files(out, folder, labels_ending, true);
}

bool labels_in_folder(file_list *out, const char *folder, const char *ending) {
    return list_files(out, folder, ending, false);
}

/* ---- pairs ---- */

/* Add a stem to a list in words; text beyond the buffer is dropped. */
static void mention(char text[PATH_SIZE], const char *stem, const char *folder) {
    const size_t used = strlen(text);
    (void)snprintf(text + used, PATH_SIZE - used, "%s%s (only in %s)", used > 0 ? ", " : "", stem, folder);
}

bool same_stems(const file_list *a, const char *folder_a, const file_list *b, const char *folder_b) {
    char alone[PATH_SIZE] = "";
    for (size_t i = 0, j = 0; i < a->count || j < b->count;) {
        const int order = i == a->count ? 1 : j == b->count ? -1 : compare_stems(a->files[i].stem, b->files[j].stem);
        if (order < 0)
            mention(alone, a->files[i].stem, folder_a);
        if (order > 0)
            mention(alone, b->files[j].stem, folder_b);
        i += order <= 0;
        j += order >= 0;
    }
    if (alone[0] == '\0')
        return true;
    print_error("files without a partner: %s", alone);
    return false;
}
