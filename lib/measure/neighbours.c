/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Number of labels that touch a label, diagonals included: the ids around each run are collected in a hash set. Cost: linear in
 * the label's pixels and their surroundings; memory: 8 to 16 bytes per neighbour.
 */
#include "measure/columns.h"

typedef struct id_set {
    cellseg_context *context;
    uint32_t *slots; /* 0: free; open addressing */
    size_t count, capacity;
} id_set;

/* The slot that holds the id, or where the id would be added. */
static uint32_t *find(uint32_t *slots, size_t capacity, uint32_t id) {
    size_t i = id * UINT32_C(2654435761) & (capacity - 1);
    while (slots[i] != 0 && slots[i] != id)
        i = (i + 1) & (capacity - 1);
    return &slots[i];
}

static bool grow(id_set *set) {
    const size_t capacity = set->capacity > 0 ? 2 * set->capacity : 32;
    uint32_t *slots = cseg_memory_calloc(set->context, capacity, sizeof *slots);
    if (slots == NULL)
        return false;
    for (size_t i = 0; i < set->capacity; i++)
        if (set->slots[i] != 0)
            *find(slots, capacity, set->slots[i]) = set->slots[i];
    cseg_memory_free(set->slots);
    set->slots = slots;
    set->capacity = capacity;
    return true;
}

static cellseg_status add(id_set *set, uint32_t id) {
    if (2 * set->count >= set->capacity && !grow(set))
        return cseg_error_last();
    uint32_t *slot = find(set->slots, set->capacity, id);
    set->count += *slot == 0;
    *slot = id;
    return CELLSEG_OK;
}

static cellseg_status add_row(id_set *set, const uint32_t *row, size_t begin, size_t end, uint32_t own) {
    uint32_t last = own;
    for (size_t x = begin; x < end; x++) {
        if (row[x] != last && row[x] != own && row[x] != 0)
            CSEG_TRY(add(set, row[x]));
        last = row[x];
    }
    return CELLSEG_OK;
}

static cellseg_status add_around(id_set *set, const cseg_plane *cells, cseg_run run, uint32_t own) {
    const size_t begin = run.begin > 0 ? run.begin - 1 : 0, end = run.end < cells->width ? run.end + 1 : run.end;
    if (run.y > 0)
        CSEG_TRY(add_row(set, cseg_row_u32(cells, run.y - 1), begin, end, own));
    CSEG_TRY(add_row(set, cseg_row_u32(cells, run.y), begin, run.begin, own));
    CSEG_TRY(add_row(set, cseg_row_u32(cells, run.y), run.end, end, own));
    if (run.y + 1 < cells->height)
        CSEG_TRY(add_row(set, cseg_row_u32(cells, run.y + 1), begin, end, own));
    return CELLSEG_OK;
}

static const cseg_column neighbour_columns[] = {{"neighbours_touching", CSEG_UNIT_NONE}};

static cellseg_status measure_neighbours(double *values, const cseg_region *region, const cseg_measure_input *input) {
    id_set set = {.context = input->context};
    cellseg_status status = CELLSEG_OK;
    for (size_t i = 0; i < region->run_count && status == CELLSEG_OK; i++)
        status = add_around(&set, &input->cells, cseg_regions_run(region, i), region->id);
    values[0] = (double)set.count;
    cseg_memory_free(set.slots);
    return status;
}

const cseg_column_group cseg_neighbours_measure = {
    CSEG_NEEDS_CELLS, CSEG_CHOICE_NEIGHBOURS, CSEG_COLUMNS(neighbour_columns), measure_neighbours, NULL,
};
