/* SPDX-License-Identifier: BSD-3-Clause */
#include "staging.h"

#include "cli.h"
#include "names.h"
#include "progress.h"
#include "system.h"
#include "temporary.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#define READY_BEGIN ".cellseg-"
#define READY_END ".ready"

static bool name_ready(char name[PATH_SIZE], const char *stem) {
    const bool fine = snprintf(name, PATH_SIZE, READY_BEGIN "%s" READY_END, stem) < PATH_SIZE;
    if (!fine)
        print_error("%s: the name is too long", stem);
    return fine;
}

/* ---- from the ready folder to its place ---- */

/* Move one entry. An empty folder stands for a file that the set has not. What is gone was moved by another process. */
static bool place_entry(const char *ready, const char *folder, const char *name) {
    char from[PATH_SIZE], to[PATH_SIZE];
    entry what;
    if (!join_path(from, ready, name, "") || !join_path(to, folder, name, ""))
        return false;
    bool fine = find_link(&what, from);
    if (fine && what.kind == ENTRY_FOLDER)
        fine = (remove_entry(to) || errno == ENOENT) && remove_entry(from);
    else if (fine)
        fine = move_entry(from, to);
    fine = fine || errno == ENOENT;
    if (!fine)
        print_error("%s: cannot be replaced: %s; its set stays in %s", to, strerror(errno), ready);
    return fine;
}

/* Move what is left in a ready folder, whose stem has `length` letters. */
static bool place_set(const char *ready, int lock, const char *folder, const char *stem, size_t length) {
    name_list names;
    bool fine = list_names(&names, ready, NULL) || errno == ENOENT, placed = true;
    if (!fine)
        print_error("%s: this set of results cannot be put in place: %s", ready, strerror(errno));
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.names[i];
        if (strncmp(name, stem, length) == 0 && name[length] == '.')
            placed = placed && place_entry(ready, folder, name); /* the next run places what stays */
        else {
            print_error("%s: \"%s\" does not belong to this set of results", ready, name);
            fine = false;
        }
    }
    free_names(&names);
    if (fine && placed)
        (void)remove_locked(lock, ready); /* an emptied folder may have become the next set of its stem already */
    return fine && placed;
}

/* Put a set in place whose process died; with `wait`, also one whose process is at it. */
static bool finish_set(const char *folder, const char *name, bool wait) {
    char ready[PATH_SIZE];
    if (!join_path(ready, folder, name, ""))
        return false;
    const int lock = lock_left_over(ready, wait);
    if (lock < 0 && (errno == ENOENT || errno == EWOULDBLOCK || errno == EINTR))
        return true;
    if (lock < 0 && errno != ENOTSUP) {
        print_error("%s: this unfinished set of results cannot be put in place: %s", ready,
                    errno == EPERM ? "it belongs to another user" : strerror(errno));
        return false;
    }
    const size_t begin = strlen(READY_BEGIN);
    const bool fine = place_set(ready, lock, folder, name + begin, strlen(name) - begin - strlen(READY_END));
    if (lock >= 0)
        unlock(lock);
    return fine;
}

static bool is_ready(const char *name) {
    const size_t length = strlen(name), begin = strlen(READY_BEGIN), end = strlen(READY_END);
    return length > begin + end && strncmp(name, READY_BEGIN, begin) == 0 && strcmp(name + length - end, READY_END) == 0;
}

static bool finish_sets(const char *folder) {
    name_list names;
    bool fine = true;
    (void)list_names(&names, folder, is_ready);
    for (size_t i = 0; i < names.count; i++)
        fine = finish_set(folder, names.names[i], false) && fine;
    free_names(&names);
    return fine;
}

void warn_of_unfinished(const char *folder) {
    name_list names;
    (void)list_names(&names, folder, is_ready);
    for (size_t i = 0; i < names.count; i++)
        print_warning(
            "%s/%s: these results are being replaced, or that was interrupted and the next run into the folder finishes it",
            folder, names.names[i]);
    free_names(&names);
}

/* ---- a new set ---- */

bool open_staging(staging *s, const char *folder, const char *stem) {
    *s = (staging){.folder = folder, .stem = stem};
    s->lock = make_temporary(s->path, folder, TEMPORARY_FOLDER);
    if (s->lock < 0)
        print_error("%s: results cannot be written: %s", folder, strerror(errno));
    return s->lock >= 0;
}

bool leave_out(const staging *s, const char *suffix) {
    char path[PATH_SIZE];
    return join_path(path, s->path, s->stem, suffix) && create_folder(path);
}

static void keep_modes(const staging *s) {
    name_list names;
    (void)list_names(&names, s->path, NULL);
    for (size_t i = 0; i < names.count; i++) {
        char fresh[PATH_SIZE], place[PATH_SIZE];
        if (join_path(fresh, s->path, names.names[i], "") && join_path(place, s->folder, names.names[i], ""))
            keep_mode(fresh, place);
    }
    free_names(&names);
}

/* The rename from which on the new set counts. An unfinished set of the stem is put in place first. */
static bool commit(const staging *s, const char *ready, const char *name) {
    bool fine = synchronise_locked(s->lock);
    while (fine && !move_locked(s->lock, s->path, ready)) {
        fine = (errno == ENOTEMPTY || errno == EEXIST) && !was_interrupted();
        if (fine && !finish_set(s->folder, name, true))
            return false;
    }
    if (fine)
        synchronise_folder(s->folder);
    else
        print_error("%s/%s.*: results cannot be written: %s", s->folder, s->stem,
                    was_interrupted() ? "cancelled" : strerror(errno));
    return fine;
}

bool close_staging(staging *s, bool fine) {
    char name[PATH_SIZE], ready[PATH_SIZE];
    fine = fine && name_ready(name, s->stem) && join_path(ready, s->folder, name, "");
    if (fine)
        keep_modes(s);
    if (fine && commit(s, ready, name))
        fine = place_set(ready, s->lock, s->folder, s->stem, strlen(s->stem));
    else {
        remove_folder(s->path, s->lock);
        fine = false;
    }
    unlock(s->lock);
    return fine;
}

/* ---- before the work ---- */

/* The file system may have rules of its own for names, so one of each kind is made. */
static bool can_be_named(const staging *s, const char *stem, const char *suffix) {
    char name[PATH_SIZE], path[PATH_SIZE], ready[PATH_SIZE];
    if (!name_ready(name, stem) || !join_path(path, s->path, stem, suffix) || !join_path(ready, s->path, name, ""))
        return false;
    FILE *made = create_file(path);
    const bool fine = made != NULL && create_folder(ready);
    if (!fine)
        print_error("%s/%s%s: results cannot be written: %s", s->folder, stem, suffix, strerror(errno));
    if (made != NULL)
        (void)fclose(made);
    (void)remove_entry(path);
    (void)remove_entry(ready);
    return fine;
}

bool prepare_folder(const char *folder, const file_list *inputs, const char *suffix) {
    staging s;
    char path[PATH_SIZE];
    if (!make_folder(folder) || !finish_sets(folder))
        return false;
    sweep_folder(folder);
    if (!open_staging(&s, folder, ""))
        return false;
    const int lock = make_temporary(path, s.path, TEMPORARY_FILE); /* as the library makes */
    bool fine = lock >= 0;
    if (fine)
        unlock(lock);
    else
        print_error("%s: results cannot be written: %s", folder, strerror(errno));
    for (size_t i = 0; fine && inputs != NULL && i < inputs->count; i++)
        fine = can_be_named(&s, inputs->files[i].stem, suffix);
    (void)close_staging(&s, false);
    return fine;
}
