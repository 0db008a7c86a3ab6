/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The neighbours of a cell, as CellProfiler's MeasureObjectNeighbors.
 *
 * Those that touch the cell, diagonals included: the ids around each run are collected in a hash set. Cost: linear in the label's
 * pixels and their surroundings; memory: 8 to 16 bytes per neighbour.
 *
 * The two whose centroids are closest: centroids are sorted along the axis in which they lie farthest apart. From each one the
 * search goes both ways until the distance along this axis alone is too large. Cost: of the order of n sqrt(n) for n cells evenly
 * spread, n^2 at worst; memory: 112 bytes per cell.
 */
#include "measure/columns.h"

#include <math.h>
#include <string.h>

/* ---- touching ---- */

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

/* Pixels next to another id or on the image's edge, and those among them that are next to another cell. */
typedef struct outline {
    size_t pixels, touching;
} outline;

static void add_outline(outline *found, const cseg_plane *cells, cseg_run run, uint32_t own) {
    const bool edge_row = run.y == 0 || run.y + 1 == cells->height;
    const uint32_t *rows[3] = {cseg_row_u32(cells, run.y > 0 ? run.y - 1 : 0), cseg_row_u32(cells, run.y),
                               cseg_row_u32(cells, run.y + 1 < cells->height ? run.y + 1 : run.y)};
    for (size_t x = run.begin; x < run.end; x++) {
        const size_t left = x > 0 ? x - 1 : x, right = x + 1 < cells->width ? x + 1 : x;
        bool other = edge_row || left == x || right == x, cell = false;
        for (size_t i = 0; i < 3; i++) {
            const uint32_t near[3] = {rows[i][left], rows[i][x], rows[i][right]};
            for (size_t k = 0; k < 3; k++) {
                other |= near[k] != own;
                cell |= near[k] != own && near[k] != 0;
            }
        }
        found->pixels += other;
        found->touching += cell;
    }
}

/* ---- closest ---- */

typedef struct centre {
    double along, across; /* the axis of the search, and the other */
    size_t row;           /* of the region */
} centre;

enum { FIRST_ID, FIRST_DISTANCE, SECOND_ID, SECOND_DISTANCE, ANGLE, CLOSEST_VALUES };

typedef struct closest_job {
    const cseg_measure_input *input;
    centre *centres; /* by region, then along the axis */
} closest_job;

static cellseg_status find_centre(void *data, size_t row) {
    const closest_job *job = data;
    const cseg_region *region = &job->input->regions->region[row];
    double y, x;
    cseg_regions_centre(&y, &x, region);
    job->centres[row] = (centre){y, x, row};
    return CELLSEG_OK;
}

/* The axis along which the centres lie farther apart becomes that of the search. */
static void choose_axis(centre *centres, size_t count) {
    centre low = centres[0], high = centres[0];
    for (size_t i = 1; i < count; i++) {
        low.along = fmin(low.along, centres[i].along);
        low.across = fmin(low.across, centres[i].across);
        high.along = fmax(high.along, centres[i].along);
        high.across = fmax(high.across, centres[i].across);
    }
    if (high.along - low.along >= high.across - low.across)
        return;
    for (size_t i = 0; i < count; i++)
        centres[i] = (centre){centres[i].across, centres[i].along, centres[i].row};
}

static cellseg_status sort_centres(closest_job *job, size_t count) {
    cellseg_context *context = job->input->context;
    centre *sorted = cseg_memory_alloc(context, count, sizeof *sorted);
    cseg_keyed *keys = sorted != NULL ? cseg_memory_alloc(context, count, sizeof *keys) : NULL;
    cellseg_status status = keys != NULL ? CELLSEG_OK : cseg_error_last();
    for (size_t i = 0; status == CELLSEG_OK && i < count; i++) {
        memcpy(&keys[i].key, &job->centres[i].along, sizeof keys[i].key); /* bits of doubles from 0 up have their order */
        keys[i].value = i;
    }
    if (status == CELLSEG_OK)
        status = cseg_sort_keyed(context, keys, count);
    for (size_t i = 0; status == CELLSEG_OK && i < count; i++)
        sorted[i] = job->centres[keys[i].value];
    cseg_memory_free(keys);
    cseg_memory_free(status == CELLSEG_OK ? job->centres : sorted);
    if (status == CELLSEG_OK)
        job->centres = sorted;
    return status;
}

typedef struct candidate {
    double square; /* of the distance; infinite: none */
    const centre *centre;
} candidate;

/* Of two as close as each other the one with the smaller id is closer. */
static bool is_closer(candidate a, candidate b) {
    return a.square < b.square || (a.square == b.square && b.centre != NULL && a.centre->row < b.centre->row);
}

/* Take a centre among the two closest; false if it is too far along the axis, and so are all beyond. */
static bool take_centre(candidate closest[2], const centre *own, const centre *other) {
    const double along = other->along - own->along, across = other->across - own->across;
    const candidate next = {along * along + across * across, other};
    if (along * along > closest[1].square)
        return false;
    if (is_closer(next, closest[0])) {
        closest[1] = closest[0];
        closest[0] = next;
    } else if (is_closer(next, closest[1])) {
        closest[1] = next;
    }
    return true;
}

static double angle_between(const centre *own, const centre *a, const centre *b) {
    const double y1 = a->along - own->along, x1 = a->across - own->across;
    const double y2 = b->along - own->along, x2 = b->across - own->across;
    return cseg_math_atan2(fabs(y1 * x2 - x1 * y2), y1 * y2 + x1 * x2);
}

static cellseg_status find_closest(void *data, size_t index) {
    const closest_job *job = data;
    const cseg_regions *regions = job->input->regions;
    const centre *own = &job->centres[index];
    candidate closest[2] = {{(double)INFINITY, NULL}, {(double)INFINITY, NULL}};
    for (size_t i = index + 1; i < regions->count && take_centre(closest, own, &job->centres[i]);)
        i++;
    for (size_t i = index; i > 0 && take_centre(closest, own, &job->centres[i - 1]);)
        i--;
    double *values = cseg_row_at(&job->input->closest, own->row);
    for (size_t i = 0; i < 2; i++) {
        const bool found = closest[i].centre != NULL;
        values[2 * i + FIRST_ID] = found ? (double)regions->region[closest[i].centre->row].id : (double)NAN;
        values[2 * i + FIRST_DISTANCE] = found ? sqrt(closest[i].square) : (double)NAN;
    }
    values[ANGLE] = closest[1].centre != NULL ? angle_between(own, closest[0].centre, closest[1].centre) : (double)NAN;
    return CELLSEG_OK;
}

static cellseg_status neighbours_closest_new(cseg_measure_input *input) {
    const size_t count = input->regions->count;
    closest_job job = {.input = input};
    cellseg_status status;
    if (count == 0)
        return CELLSEG_OK;
    CSEG_TRY(cseg_plane_new(&input->closest, input->context, CELLSEG_FLOAT64, count, CLOSEST_VALUES));
    job.centres = cseg_memory_alloc(input->context, count, sizeof *job.centres);
    if (job.centres == NULL)
        return cseg_error_last();
    CSEG_TRY_GOTO(done, cseg_parallel_for(input->context, count, find_centre, &job));
    choose_axis(job.centres, count);
    CSEG_TRY_GOTO(done, sort_centres(&job, count));
    status = cseg_parallel_for(input->context, count, find_closest, &job);
done:
    cseg_memory_free(job.centres);
    return status;
}

/* ---- the group ---- */

static const cseg_column neighbour_columns[] = {
    {"neighbours_touching", CSEG_UNIT_NONE}, {"touching_percent", CSEG_UNIT_NONE},
    {"neighbour_first_id", CSEG_UNIT_NONE},  {"neighbour_first_distance", CSEG_UNIT_LENGTH},
    {"neighbour_second_id", CSEG_UNIT_NONE}, {"neighbour_second_distance", CSEG_UNIT_LENGTH},
    {"neighbours_angle", CSEG_UNIT_ANGLE},
};

static cellseg_status measure_neighbours(double *values, const cseg_region *region, const cseg_measure_input *input) {
    id_set set = {.context = input->context};
    outline found = {0};
    cellseg_status status = CELLSEG_OK;
    for (size_t i = 0; i < region->run_count && status == CELLSEG_OK; i++) {
        status = add_around(&set, &input->cells, cseg_regions_run(region, i), region->id);
        add_outline(&found, &input->cells, cseg_regions_run(region, i), region->id);
    }
    values[0] = (double)set.count;
    values[1] = 100 * (double)found.touching / (double)found.pixels;
    memcpy(values + 2, cseg_row_at(&input->closest, (size_t)(region - input->regions->region)), CLOSEST_VALUES * sizeof *values);
    cseg_memory_free(set.slots);
    return status;
}

const cseg_column_group cseg_neighbours_measure = {
    CSEG_NEEDS_CELLS, CSEG_CHOICE_NEIGHBOURS, CSEG_COLUMNS(neighbour_columns), measure_neighbours, neighbours_closest_new,
};
