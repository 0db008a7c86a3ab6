/* SPDX-License-Identifier: BSD-3-Clause */
/* Text files: written under a temporary name, then renamed. */
#include "output.h"

#include "cli.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

bool open_output(output *o, const char *path) {
    *o = (output){.path = path};
    if (!can_be_written(path))
        return false;
    /* A killed process may have left its file, and a container gives its number again. */
    for (int n = 0; n < 1000 && o->file == NULL && (n == 0 || errno == EEXIST); n++) {
        if (snprintf(o->temporary, sizeof o->temporary, "%s.%ld-%d.tmp", path, (long)getpid(), n) >= (int)sizeof o->temporary) {
            print_error("%s: the path is too long", path);
            return false;
        }
        o->file = fopen(o->temporary, "wx");
    }
    if (o->file == NULL)
        print_error("%s: cannot be written: %s", path, strerror(errno));
    return o->file != NULL;
}

bool close_output(output *o, bool fine) {
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
