/* SPDX-License-Identifier: BSD-3-Clause */
/* What the epochs of a training came to: a log of JSON lines, and a picture of the losses. */
#ifndef CLI_HISTORY_H
#define CLI_HISTORY_H

#include <cellseg/cellseg.h>

#include <stdbool.h>

typedef struct history {
    int count, capacity;
    cellseg_epoch *epochs;
} history;

/* The epochs of an earlier run that goes on now, up to the first line that is none of this program's. No file: none. False
 * without memory, after printing an error. */
bool read_history(history *h, const char *path);

/* Add an epoch, in the place of those of its number and after. False without memory, after printing an error. */
bool add_to_history(history *h, const cellseg_epoch *epoch);

/* One JSON object per epoch. Files are replaced as wholes; on failure prints an error: false. */
bool write_log(const history *h, const char *path);

/* Both losses over the epochs as SVG. */
bool write_curve(const history *h, const char *path);

void free_history(history *h);

#endif
