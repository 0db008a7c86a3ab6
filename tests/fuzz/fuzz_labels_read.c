/* SPDX-License-Identifier: BSD-3-Clause */
/* Label files: any bytes end in a label map that other calls take, or in an error. */
#include "fuzz.h"

/* A map numbered anew has the ids 1 to n, each of one component if the parts were told apart before. */
static void check_relabelled(input *in, cellseg_context *context, const cellseg_labels *labels) {
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
    char path[64];
    const int file = open_file(path, in->bytes, in->size);
    cellseg_labels *labels;
    const cellseg_status status = cellseg_labels_read(&labels, context, path);
    if (status == CELLSEG_OK)
        check_relabelled(in, context, labels);
    take_labels(in, labels, status);
    (void)close(file);
}
