/* SPDX-License-Identifier: BSD-3-Clause */
#include "staging.h"

#include "cli.h"
#include "progress.h"
#include "temporary.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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
    struct stat entry;
    if (!join_path(from, ready, name, "") || !join_path(to, folder, name, ""))
        return false;
    bool fine = lstat(from, &entry) == 0;
    if (fine && S_ISDIR(entry.st_mode))
        fine = (unlink(to) == 0 || errno == ENOENT) && rmdir(from) == 0;
    else if (fine)
        fine = rename(from, to) == 0;
    fine = fine || errno == ENOENT;
    if (!fine)
        print_error("%s: cannot be replaced: %s; its set stays in %s", to, strerror(errno), ready);
    return fine;
}

static int is_not_dots(const struct dirent *entry) {
    return strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0;
}

/* Move what is left in a ready folder, whose stem has `length` letters. */
static bool place_set(const char *ready, const char *folder, const char *stem, size_t length) {
    struct dirent **entries;
    const int count = scandir(ready, &entries, is_not_dots, alphasort);
    bool fine = count >= 0 || errno == ENOENT, placed = true;
    if (!fine)
        print_error("%s: this set of results cannot be put in place: %s", ready, strerror(errno));
    for (int i = 0; i < count; i++) {
        const char *name = entries[i]->d_name;
        if (strncmp(name, stem, length) == 0 && name[length] == '.')
            placed = placed && place_entry(ready, folder, name); /* the next run places what stays */
        else {
            print_error("%s: \"%s\" does not belong to this set of results", ready, name);
            fine = false;
        }
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    if (fine && placed)
        (void)rmdir(ready); /* an emptied folder may have become the next set of its stem already */
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
    const bool fine = place_set(ready, folder, name + begin, strlen(name) - begin - strlen(READY_END));
    if (lock >= 0)
        (void)close(lock);
    return fine;
}

static int is_ready(const struct dirent *entry) {
    const char *name = entry->d_name;
    const size_t length = strlen(name), begin = strlen(READY_BEGIN), end = strlen(READY_END);
    return length > begin + end && strncmp(name, READY_BEGIN, begin) == 0 && strcmp(name + length - end, READY_END) == 0;
}

static bool finish_sets(const char *folder) {
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_ready, alphasort);
    bool fine = true;
    for (int i = 0; i < count; i++) {
        fine = finish_set(folder, entries[i]->d_name, false) && fine;
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    return fine;
}

void warn_of_unfinished(const char *folder) {
    struct dirent **entries;
    const int count = scandir(folder, &entries, is_ready, alphasort);
    for (int i = 0; i < count; i++) {
        print_warning(
            "%s/%s: these results are being replaced, or that was interrupted and the next run into the folder finishes it",
            folder, entries[i]->d_name);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
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
    return join_path(path, s->path, s->stem, suffix) && mkdir(path, 0777) == 0;
}

static void keep_modes(const staging *s) {
    struct dirent **entries;
    const int count = scandir(s->path, &entries, is_not_dots, NULL);
    for (int i = 0; i < count; i++) {
        char fresh[PATH_SIZE], place[PATH_SIZE];
        if (join_path(fresh, s->path, entries[i]->d_name, "") && join_path(place, s->folder, entries[i]->d_name, ""))
            keep_mode(fresh, place);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
}

/* The order of changes in a folder outlasts a power cut, where the file system can do so. */
static bool synchronise(int descriptor) {
    return fsync(descriptor) == 0 || (errno != EIO && errno != ENOSPC && errno != EDQUOT);
}

static void synchronise_folder(const char *folder) {
    const int descriptor = open(folder, O_RDONLY | O_CLOEXEC);
    if (descriptor < 0)
        return;
    (void)synchronise(descriptor);
    (void)close(descriptor);
}

/* The rename from which on the new set counts. An unfinished set of the stem is put in place first. */
static bool commit(const staging *s, const char *ready, const char *name) {
    bool fine = synchronise(s->lock);
    while (fine && rename(s->path, ready) != 0) {
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
        fine = place_set(ready, s->folder, s->stem, strlen(s->stem));
    else {
        remove_folder(s->path);
        fine = false;
    }
    (void)close(s->lock);
    return fine;
}

/* ---- before the work ---- */

/* The file system may have rules of its own for names, so one of each kind is made. */
static bool can_be_named(const staging *s, const char *stem, const char *suffix) {
    char name[PATH_SIZE], path[PATH_SIZE], ready[PATH_SIZE];
    if (!name_ready(name, stem) || !join_path(path, s->path, stem, suffix) || !join_path(ready, s->path, name, ""))
        return false;
    const int descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    const bool fine = descriptor >= 0 && mkdir(ready, 0777) == 0;
    if (!fine)
        print_error("%s/%s%s: results cannot be written: %s", s->folder, stem, suffix, strerror(errno));
    if (descriptor >= 0)
        (void)close(descriptor);
    (void)unlink(path);
    (void)rmdir(ready);
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
    const int descriptor = make_temporary(path, s.path, TEMPORARY_FILE); /* as the library makes */
    bool fine = descriptor >= 0;
    if (fine)
        (void)close(descriptor);
    else
        print_error("%s: results cannot be written: %s", folder, strerror(errno));
    for (size_t i = 0; fine && inputs != NULL && i < inputs->count; i++)
        fine = can_be_named(&s, inputs->files[i].stem, suffix);
    (void)close_staging(&s, false);
    return fine;
}
