/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The nuclei of a cell: their area, and their number, which is that of the 4-connected components. Runs of nucleus pixels that
 * touch in neighbouring rows are united; each union of two components is one component less. Cost: two passes over the cell's
 * pixels, then near-linear in runs.
 */
#include "measure/columns.h"

static const cseg_column nuclei_columns[] = {
    {"nucleus_area", CSEG_UNIT_AREA}, {"nucleus_cell_area_ratio", CSEG_UNIT_NONE}, {"nuclei_count", CSEG_UNIT_NONE}};

/* The nucleus pixels of a cell, as runs in raster order. */
typedef struct nucleus_runs {
    size_t count, pixels;
    cseg_run *runs; /* NULL: only counted */
} nucleus_runs;

static void collect_runs(nucleus_runs *out, const cseg_region *region, const cseg_plane *nuclei) {
    out->count = out->pixels = 0;
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run cell = cseg_regions_run(region, i);
        const uint32_t *row = cseg_row_u32(nuclei, cell.y);
        for (size_t x = cell.begin, begin; x < cell.end; x++) {
            if (row[x] != region->id)
                continue;
            for (begin = x; x < cell.end && row[x] == region->id;)
                x++;
            if (out->runs != NULL)
                out->runs[out->count] = (cseg_run){cell.y, begin, x};
            out->count++;
            out->pixels += x - begin;
        }
    }
}

static size_t root_of(size_t *parent, size_t i) {
    while (parent[i] != i)
        i = parent[i] = parent[parent[i]];
    return i;
}

/* parent: room for one value of each run. */
static size_t count_components(const nucleus_runs *in, size_t *parent) {
    const cseg_run *runs = in->runs;
    size_t components = in->count, above = 0;
    for (size_t i = 0; i < in->count; i++) {
        parent[i] = i;
        while (runs[above].y + 1 < runs[i].y || (runs[above].y + 1 == runs[i].y && runs[above].end <= runs[i].begin))
            above++;
        for (size_t k = above; runs[k].y + 1 == runs[i].y && runs[k].begin < runs[i].end; k++) {
            const size_t one = root_of(parent, k), other = root_of(parent, i);
            components -= one != other;
            parent[one > other ? one : other] = one > other ? other : one;
        }
    }
    return components;
}

static cellseg_status measure_nuclei(double *values, const cseg_region *region, const cseg_measure_input *input) {
    nucleus_runs found = {0};
    size_t *parent = NULL, components = 0;
    collect_runs(&found, region, &input->nuclei);
    if (found.count > 0) {
        found.runs = cseg_memory_alloc(input->context, found.count, sizeof *found.runs);
        parent = found.runs != NULL ? cseg_memory_alloc(input->context, found.count, sizeof *parent) : NULL;
        if (parent == NULL) {
            cseg_memory_free(found.runs);
            return cseg_error_last();
        }
        collect_runs(&found, region, &input->nuclei);
        components = count_components(&found, parent);
    }
    values[0] = (double)found.pixels;
    values[1] = (double)found.pixels / (double)cseg_regions_area(region);
    values[2] = (double)components;
    cseg_memory_free(parent);
    cseg_memory_free(found.runs);
    return CELLSEG_OK;
}

const cseg_column_group cseg_nuclei_measure = {
    CSEG_NEEDS_NUCLEI, CSEG_CHOICE_ALWAYS, CSEG_COLUMNS(nuclei_columns), measure_nuclei, NULL,
};
