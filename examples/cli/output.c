/* SPDX-License-Identifier: BSD-3-Clause */
/* Text files: written under a temporary name, then renamed. */
#include "output.h"

#include "cli.h"
#include "temporary.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool open_output(output *o, const char *path) {
    char folder[PATH_SIZE];
    *o = (output){.path = path};
    if (!can_be_written(path) || !folder_of(folder, path))
        return false;
    const int descriptor = make_temporary(o->temporary, folder, TEMPORARY_FILE);
    o->file = descriptor >= 0 ? fdopen(descriptor, "w") : NULL;
    if (o->file == NULL)
        print_error("%s: cannot be written: %s", path, strerror(errno));
    if (o->file == NULL && descriptor >= 0) {
        (void)remove(o->temporary);
        (void)close(descriptor);
    }
    return o->file != NULL;
}

bool close_output(output *o, bool fine) {
    keep_mode(o->temporary, o->path);
    errno = 0;
    const bool written = fflush(o->file) == 0 && ferror(o->file) == 0 && fsync(fileno(o->file)) == 0;
    const bool placed = fine && written && rename(o->temporary, o->path) == 0;
    if (fine && !placed)
        print_error("%s: cannot be written: %s", o->path, errno != 0 ? strerror(errno) : "a write failed");
    (void)fclose(o->file);
    if (!placed)
        (void)remove(o->temporary);
    return placed;
}
