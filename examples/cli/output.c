/* SPDX-License-Identifier: BSD-3-Clause */
/* Text files: written under a temporary name, then renamed. */
#include "output.h"

#include "cli.h"
#include "system.h"
#include "temporary.h"

#include <errno.h>
#include <string.h>

bool open_output(output *o, const char *path) {
    char folder[PATH_SIZE];
    *o = (output){.path = path};
    if (!can_be_written(path) || !folder_of(folder, path))
        return false;
    const int lock = make_temporary(o->temporary, folder, TEMPORARY_FILE);
    o->file = lock >= 0 ? open_locked(lock) : NULL;
    if (o->file == NULL)
        print_error("%s: cannot be written: %s", path, strerror(errno));
    if (o->file == NULL && lock >= 0) {
        (void)remove_locked(lock, o->temporary);
        unlock(lock);
    }
    return o->file != NULL;
}

bool close_output(output *o, bool fine) {
    keep_mode(o->temporary, o->path);
    errno = 0;
    const bool written = fflush(o->file) == 0 && ferror(o->file) == 0 && synchronise_file(o->file);
    const bool placed = fine && written && move_locked(fileno(o->file), o->temporary, o->path);
    if (fine && !placed)
        print_error("%s: cannot be written: %s", o->path, errno != 0 ? strerror(errno) : "a write failed");
    if (!placed)
        (void)remove_locked(fileno(o->file), o->temporary);
    (void)fclose(o->file);
    return placed;
}
