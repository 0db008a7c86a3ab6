/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Where cells lie: one after another they are thrown at the field, some beside a cell that is there already, and stay where they
 * keep their distance from the others, of which they ask less with every failure; what finds no room is left out. Neighbours are
 * looked up in square buckets. After Matern's hard-core process, 1960. Cost: about 20 us per cell.
 */
#include "synth/field.h"

#include <math.h>
#include <string.h>

enum { MOST_CELLS = 1000000, TRIES = 40, NONE = -1 };

static const double bucket_um = 50;

typedef struct crowd {
    cseg_field *field;
    int32_t *first, *next; /* of each bucket; of each cell the next in its bucket */
    size_t rows, columns;
    double largest; /* radius so far */
} crowd;

static size_t bucket_at(double um, size_t count) {
    const double k = um / bucket_um;
    return k < 0 ? 0 : k >= (double)count ? count - 1 : (size_t)k;
}

/* How far two cells keep apart: their nuclei never touch, their bodies overlap a little. */
static bool is_apart(const cseg_cell *a, const cseg_cell *b, double packing) {
    const double dy = a->at.y - b->at.y, dx = a->at.x - b->at.x;
    const double nuclei = 1.05 * (double)(a->half_length + b->half_length) + 0.7, bodies = packing * (a->radius + b->radius);
    const double least = fmax(nuclei, bodies);
    return dy * dy + dx * dx >= least * least;
}

static bool has_room(const crowd *c, const cseg_cell *cell, double packing) {
    const double far = fmax(packing, 1.2) * (cell->radius + c->largest);
    const size_t bottom = bucket_at(cell->at.y + far, c->rows), right = bucket_at(cell->at.x + far, c->columns);
    for (size_t row = bucket_at(cell->at.y - far, c->rows); row <= bottom; row++)
        for (size_t column = bucket_at(cell->at.x - far, c->columns); column <= right; column++)
            for (int32_t i = c->first[row * c->columns + column]; i != NONE; i = c->next[i])
                if (!is_apart(cell, &c->field->cells[i], packing))
                    return false;
    return true;
}

static bool is_in_view(const cseg_field *field, cseg_vector at) {
    return at.y >= 0 && at.y < field->height_um && at.x >= 0 && at.x < field->width_um;
}

static cseg_vector throw_at(const crowd *c, const cseg_cell *cell, cseg_rng *dice) {
    const cseg_field *field = c->field;
    const double u = cseg_rng_uniform(dice);
    if (field->cell_count == 0 || u >= field->options.clustering)
        return (cseg_vector){cseg_rng_between(dice, 0, field->height_um), cseg_rng_between(dice, 0, field->width_um)};
    const cseg_cell *beside = &field->cells[cseg_rng_bits(dice) % field->cell_count];
    const double distance = (cell->radius + beside->radius) * cseg_rng_between(dice, 0.75, 1);
    const cseg_vector way = cseg_cell_direction(dice);
    return (cseg_vector){beside->at.y + way.y * distance, beside->at.x + way.x * distance};
}

static bool settle(const crowd *c, cseg_cell *cell, cseg_rng *dice) {
    const double packing = 0.9 - 0.3 * c->field->options.overlap;
    for (int i = 0; i < TRIES; i++) {
        cell->at = throw_at(c, cell, dice);
        if (is_in_view(c->field, cell->at) && has_room(c, cell, packing * (1 - 0.5 * i / TRIES)))
            return true;
    }
    return false;
}

/* Neighbours lie much the same way, the more the longer they are. */
static cseg_vector lie(const cseg_field *field, cseg_vector at, cseg_rng *dice) {
    const float y = (float)(at.y / 150), x = (float)(at.x / 150);
    const uint64_t seed = cseg_random_bits(field->options.seed, 1);
    const double together = 1.2 * fmin(field->options.elongation, 2);
    const cseg_vector own = cseg_cell_direction(dice);
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

/* The other daughter faces the first across the plane of division. */
static void enter_sister(crowd *c, const cseg_cell *cell, cseg_rng *dice) {
    cseg_cell sister = *cell;
    const cseg_vector across = {cell->along.x, -cell->along.y};
    sister.at = (cseg_vector){cell->at.y + 1.75 * cell->radius * across.y, cell->at.x + 1.75 * cell->radius * across.x};
    sister.seed = cseg_rng_bits(dice);
    if (is_in_view(c->field, sister.at) && has_room(c, &sister, 0.6))
        enter(c, &sister);
}

static cellseg_status throw_all(crowd *c, size_t wanted) {
    cseg_field *field = c->field;
    for (size_t i = 0; i < wanted && field->cell_count < wanted; i++) {
        cseg_rng dice = {cseg_random_bits(field->options.seed, 16 + i), 0};
        cseg_cell cell = {0};
        cseg_cell_draw(&cell, field, &dice);
        if (!settle(c, &cell, &dice))
            continue;
        cseg_cell_turn(&cell, lie(field, cell.at, &dice));
        enter(c, &cell);
        if (cell.kind == CSEG_DAUGHTER && field->cell_count < wanted)
            enter_sister(c, &cell, &dice);
        if (i % 256 == 0)
            CSEG_TRY(cseg_progress_report(field->context, (double)i / (double)wanted));
    }
    return CELLSEG_OK;
}

/* Twice: to count the pieces, then to keep them. */
static cellseg_status draw_limbs(cseg_field *field) {
    cseg_limb pieces[CSEG_MOST_LIMBS];
    size_t count = 0;
    for (size_t i = 0; i < field->cell_count; i++)
        count += cseg_limbs_draw(pieces, &field->cells[i], field->options.branching);
    field->limbs = cseg_memory_alloc(field->context, count > 0 ? count : 1, sizeof *field->limbs);
    if (field->limbs == NULL)
        return cseg_error_last();
    count = 0;
    for (size_t i = 0; i < field->cell_count; i++) {
        field->cells[i].first_limb = (uint32_t)count;
        field->cells[i].limbs = (uint32_t)cseg_limbs_draw(pieces, &field->cells[i], field->options.branching);
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
    const cellseg_synth_options *o = &field->options;
    cseg_rng dice = {cseg_random_bits(o->seed, 2), 0};
    const double expected = o->confluence * field->height_um * field->width_um / o->cell_area_um2;
    if (expected >= MOST_CELLS)
        return cseg_fail(CELLSEG_ERR_LIMIT, "the field would hold %.0f cells; %d are the most", expected, (int)MOST_CELLS);
    const size_t wanted = (size_t)(expected + cseg_rng_uniform(&dice));
    crowd c;
    cellseg_status status = make_crowd(&c, field, wanted);
    if (status == CELLSEG_OK)
        status = throw_all(&c, wanted);
    if (status == CELLSEG_OK)
        status = draw_limbs(field);
    cseg_memory_free(c.first);
    cseg_memory_free(c.next);
    return status;
}
