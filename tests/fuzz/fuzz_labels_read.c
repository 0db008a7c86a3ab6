/* SPDX-License-Identifier: BSD-3-Clause */
/* Label files: any bytes end in a label map that other calls take, or in an error, also where a read fails and where the file
 * changes meanwhile. */
#include "files.h"

/* A map numbered anew has the ids 1 to n; only its objects may be of several components. */
static void check_numbered(input *in, cellseg_context *context, const cellseg_labels *labels) {
    cellseg_labels *numbered;
    char violation[128];
    const cellseg_status status = cellseg_labels_relabel(&numbered, context, labels);
    if (status == CELLSEG_OK) {
        MUST(cellseg_labels_check(violation, sizeof violation, context, numbered, NULL) == CELLSEG_OK);
        MUST(violation[0] == '\0' || strstr(violation, "components") != NULL);
        add_bytes(in, violation, strlen(violation));
    }
    take_labels(in, numbered, status);
}

static void fuzz_run(input *in, cellseg_context *context) {
    source s = take_source(in);
    const cellseg_reader reader = reader_of(&s);
    cellseg_labels *labels;
    const cellseg_status status = cellseg_labels_read_from(&labels, context, &reader);
    check_source(&s, status);
    if (status == CELLSEG_OK)
        check_numbered(in, context, labels);
    take_labels(in, labels, status);
}
