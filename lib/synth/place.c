/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Positions of cells: random tries, some beside an existing cell. A try succeeds at a minimum distance to all others, which
 * decreases with every failure; a cell without a place is omitted. Neighbours are found in square buckets. After Matern's
 * hard-core process, 1960. Cost: about 20 us per cell.
 */
#include "synth/field.h"

#include <math.h>
#include <string.h>

enum { MAX_CELLS = 1000000, TRIES = 40, NONE = -1 };

static const double bucket_um = 50;

typedef struct crowd {
    cseg_field *field;
    int32_t *first, *next; /* first of each bucket; next of each cell in its bucket */
    size_t rows, columns;
    double largest; /* radius so far */
} crowd;

static size_t bucket_at(double um, size_t count) {
    const double k = um / bucket_um;
    return k < 0 ? 0 : k >= (double)count ? count - 1 : (size_t)k;
}

/* The minimum distance of two cells: nuclei never touch, bodies may overlap a little. */
static bool is_apart(const cseg_cell *a, const cseg_cell *b, double packing) {
    const double dy = a->at.y - b->at.y, dx = a->at.x - b->at.x;
    const double nuclei = 1.05 * (double)(a->half_length + b->half_length) + 0.7, bodies = packing * (a->radius + b->radius);
    const double distance = fmax(nuclei, bodies);
    return dy * dy + dx * dx >= distance * distance;
}

static bool is_free(const crowd *c, const cseg_cell *cell, double packing) {
    const double far = fmax(packing, 1.2) * (cell->radius + c->largest);
    const size_t bottom = bucket_at(cell->at.y + far, c->rows), right = bucket_at(cell->at.x + far, c->columns);
    for (size_t row = bucket_at(cell->at.y - far, c->rows); row <= bottom; row++)
        for (size_t column = bucket_at(cell->at.x - far, c->columns); column <= right; column++)
            for (int32_t i = c->first[row * c->columns + column]; i != NONE; i = c->next[i])
                if (!is_apart(cell, &c->field->cells[i], packing))
                    return false;
    return true;
}

static bool is_inside(const cseg_field *field, cseg_vector at) {
    return at.y >= 0 && at.y < field->height_um && at.x >= 0 && at.x < field->width_um;
}

static cseg_vector draw_position(const crowd *c, const cseg_cell *cell, cseg_rng *rng) {
    const cseg_field *field = c->field;
    const double u = cseg_rng_uniform(rng);
    if (field->cell_count == 0 || u >= field->groups.cells.clustering)
        return (cseg_vector){cseg_rng_between(rng, 0, field->height_um), cseg_rng_between(rng, 0, field->width_um)};
    const cseg_cell *beside = &field->cells[cseg_rng_bits(rng) % field->cell_count];
    const double distance = (cell->radius + beside->radius) * cseg_rng_between(rng, 0.75, 1);
    const cseg_vector way = cseg_cell_direction(rng);
    return (cseg_vector){beside->at.y + way.y * distance, beside->at.x + way.x * distance};
}

static bool place(const crowd *c, cseg_cell *cell, cseg_rng *rng) {
    const double packing = 0.9 - 0.3 * c->field->groups.cells.overlap;
    for (int i = 0; i < TRIES; i++) {
        cell->at = draw_position(c, cell, rng);
        if (is_inside(c->field, cell->at) && is_free(c, cell, packing * (1 - 0.5 * i / TRIES)))
            return true;
    }
    return false;
}

/* Neighbours have similar directions, elongated ones the more so. */
static cseg_vector draw_direction(const cseg_field *field, cseg_vector at, cseg_rng *rng) {
    const float y = (float)(at.y / 150), x = (float)(at.x / 150);
    const uint64_t seed = cseg_random_bits(field->options.seed, 1);
    const double together = 1.2 * fmin(field->groups.cells.elongation, 2);
    const cseg_vector own = cseg_cell_direction(rng);
    return cseg_cell_unit((cseg_vector){own.y + together * (double)cseg_noise_value(seed, y, x),
                                        own.x + together * (double)cseg_noise_value(seed + 1, y, x)});
}

static void enter(crowd *c, const cseg_cell *cell) {
    cseg_field *field = c->field;
    int32_t *bucket = &c->first[bucket_at(cell->at.y, c->rows) * c->columns + bucket_at(cell->at.x, c->columns)];
    c->next[field->cell_count] = *bucket;
    *bucket = (int32_t)field->cell_count;
    c->largest = fmax(c->largest, cell->radius);
    field->cells[field->cell_count++] = *cell;
}

/* The second daughter is the mirror image of the first at the plane of division. */
static void enter_sister(crowd *c, const cseg_cell *cell, cseg_rng *rng) {
    cseg_cell sister = *cell;
    const cseg_vector across = {cell->along.x, -cell->along.y};
    sister.at = (cseg_vector){cell->at.y + 1.75 * cell->radius * across.y, cell->at.x + 1.75 * cell->radius * across.x};
    sister.seed = cseg_rng_bits(rng);
    if (is_inside(c->field, sister.at) && is_free(c, &sister, 0.6))
        enter(c, &sister);
}

static cellseg_status place_all(crowd *c, size_t wanted) {
    cseg_field *field = c->field;
    for (size_t i = 0; i < wanted && field->cell_count < wanted; i++) {
        cseg_rng rng = {cseg_random_bits(field->options.seed, 16 + i), 0};
        cseg_cell cell = {0};
        cseg_cell_draw(&cell, field, &rng);
        if (!place(c, &cell, &rng))
            continue;
        cseg_cell_turn(&cell, draw_direction(field, cell.at, &rng));
        enter(c, &cell);
        if (cell.kind == CSEG_DAUGHTER && field->cell_count < wanted)
            enter_sister(c, &cell, &rng);
        if (i % 256 == 0)
            CSEG_TRY(cseg_progress_report(field->context, (double)i / (double)wanted));
    }
    return CELLSEG_OK;
}

/* Twice: first to count the segments, then to store them. */
static cellseg_status draw_limbs(cseg_field *field) {
    cseg_limb pieces[CSEG_MAX_LIMBS];
    size_t count = 0;
    for (size_t i = 0; i < field->cell_count; i++)
        count += cseg_limbs_draw(pieces, &field->cells[i], field->groups.cells.branching);
    field->limbs = cseg_memory_alloc(field->context, count > 0 ? count : 1, sizeof *field->limbs);
    if (field->limbs == NULL)
        return cseg_error_last();
    count = 0;
    for (size_t i = 0; i < field->cell_count; i++) {
        field->cells[i].first_limb = (uint32_t)count;
        field->cells[i].limbs = (uint32_t)cseg_limbs_draw(pieces, &field->cells[i], field->groups.cells.branching);
        memcpy(field->limbs + count, pieces, field->cells[i].limbs * sizeof *pieces);
        count += field->cells[i].limbs;
    }
    return CELLSEG_OK;
}

static cellseg_status make_crowd(crowd *c, cseg_field *field, size_t wanted) {
    *c = (crowd){
        .field = field, .rows = (size_t)(field->height_um / bucket_um) + 1, .columns = (size_t)(field->width_um / bucket_um) + 1};
    c->first = cseg_memory_alloc(field->context, c->rows * c->columns, sizeof *c->first);
    c->next = c->first != NULL ? cseg_memory_alloc(field->context, wanted + 1, sizeof *c->next) : NULL;
    field->cells = c->next != NULL ? cseg_memory_alloc(field->context, wanted + 1, sizeof *field->cells) : NULL;
    if (field->cells == NULL)
        return cseg_error_last();
    for (size_t i = 0; i < c->rows * c->columns; i++)
        c->first[i] = NONE;
    return CELLSEG_OK;
}

cellseg_status cseg_placement_populate(cseg_field *field) {
    const cellseg_synth_cells *o = &field->groups.cells;
    cseg_rng rng = {cseg_random_bits(field->options.seed, 2), 0};
    const double expected = o->confluence * field->height_um * field->width_um / o->cell_area_um2;
    if (expected >= MAX_CELLS)
        return cseg_fail(CELLSEG_ERR_LIMIT, "the field would hold %.0f cells; the maximum is %d", expected, (int)MAX_CELLS);
    const size_t wanted = (size_t)(expected + cseg_rng_uniform(&rng));
    crowd c;
    cellseg_status status = make_crowd(&c, field, wanted);
    if (status == CELLSEG_OK)
        status = place_all(&c, wanted);
    if (status == CELLSEG_OK)
        status = draw_limbs(field);
    cseg_memory_free(c.first);
    cseg_memory_free(c.next);
    return status;
}
