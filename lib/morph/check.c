/* SPDX-License-Identifier: BSD-3-Clause */
/* What holds for label maps: connected parts (runs.c), ids in sequence, nuclei inside their cells. Cost: a few passes. */
#include "morph/ids.h"
#include "morph/morph.h"
#include "morph/runs.h"

#include <stdio.h>
#include <string.h>

/* Where a finding goes: the caller's line, and what its objects are called. */
typedef struct report {
    char *line;
    size_t size;
    const char *object; /* "cell", "nucleus" */
    const char *objects;
} report;

typedef struct part {
    uint32_t component; /* 0: none yet; else component + 1 */
    uint32_t row, column;
} part;

/* Every id is one component: the first run of a second one is the violation. */
static void check_parts(const report *out, const cseg_plane *labels, const cseg_runs *runs, const cseg_ids *ids, part *parts) {
    for (size_t y = 0; y < runs->height; y++)
        for (size_t i = runs->row[y]; i < runs->row[y + 1]; i++) {
            const uint32_t x = runs->run[i].begin, id = cseg_row_u32(labels, y)[x];
            part *known = &parts[cseg_ids_number(ids, id)];
            if (known->component == 0)
                *known = (part){runs->component[i] + 1, (uint32_t)y, x};
            if (known->component == runs->component[i] + 1)
                continue;
            (void)snprintf(out->line, out->size, "%s %lu has two parts, at row %lu, column %lu and at row %zu, column %lu",
                           out->object, (unsigned long)id, (unsigned long)known->row, (unsigned long)known->column, y,
                           (unsigned long)x);
            return;
        }
}

static void check_sequence(const report *out, const cseg_ids *ids) {
    for (uint32_t id = 1; id <= ids->count; id++)
        if (cseg_ids_number(ids, id) == 0) {
            (void)snprintf(out->line, out->size, "there are %lu %s, but none has id %lu", (unsigned long)ids->count, out->objects,
                           (unsigned long)id);
            return;
        }
}

static cellseg_status check_map(const report *out, cellseg_context *context, const cseg_plane *labels, uint32_t *count) {
    cseg_runs runs = {0};
    cseg_ids ids = {0};
    part *parts = NULL;
    cellseg_status status;
    CSEG_TRY_GOTO(done, cseg_ids_new(&ids, context, labels));
    CSEG_TRY_GOTO(done, cseg_runs_new(&runs, context, labels, CSEG_RUNS_LABELS, 8));
    parts = cseg_calloc(context, (size_t)ids.count + 1, sizeof *parts);
    if (parts == NULL) {
        status = cseg_last_status();
        goto done;
    }
    *count = ids.count;
    check_parts(out, labels, &runs, &ids, parts);
    if (out->line[0] == '\0')
        check_sequence(out, &ids);
done:
    cseg_free(parts);
    cseg_runs_free(&runs);
    cseg_ids_free(&ids);
    return status;
}

static void check_inside(const report *out, const cseg_plane *cells, const cseg_plane *nuclei) {
    for (size_t y = 0; y < cells->height; y++)
        for (size_t x = 0; x < cells->width; x++) {
            const uint32_t nucleus = cseg_row_u32(nuclei, y)[x], cell = cseg_row_u32(cells, y)[x];
            if (nucleus == 0 || nucleus == cell)
                continue;
            (void)snprintf(out->line, out->size,
                           "nucleus %lu is not inside its cell at row %zu, column %zu: there the cell is %lu",
                           (unsigned long)nucleus, y, x, (unsigned long)cell);
            return;
        }
}

cellseg_status cseg_morph_check(char *violation, size_t size, cellseg_context *context, const cseg_plane *cells,
                                const cseg_plane *nuclei) {
    assert(cells->type == CELLSEG_UINT32 && size > 0);
    const report cell = {violation, size, "cell", "cells"}, nucleus = {violation, size, "nucleus", "nuclei"};
    uint32_t cell_count = 0, nucleus_count = 0;
    violation[0] = '\0';
    CSEG_TRY(check_map(&cell, context, cells, &cell_count));
    if (nuclei == NULL || violation[0] != '\0')
        return CELLSEG_OK;
    CSEG_TRY(check_map(&nucleus, context, nuclei, &nucleus_count));
    if (violation[0] == '\0')
        check_inside(&nucleus, cells, nuclei);
    if (violation[0] == '\0' && nucleus_count < cell_count)
        (void)snprintf(violation, size, "cell %lu has no nucleus", (unsigned long)nucleus_count + 1);
    return CELLSEG_OK;
}
