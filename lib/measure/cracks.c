/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Crack following (Rosenfeld and Kak 1982, section 11.2) on runs. The sides of run r are 2r, its left side, directed upwards, and
 * 2r + 1, its right side, directed downwards, so that the region lies to the right hand of each on a screen, where y points down.
 * On every line between two rows the ends of sides, sorted by column, belong together in pairs: a horizontal crack lies between
 * the two of a pair, or one side continues the other. One merge of two rows thus links each side with the next of its ring.
 *
 * Where two pixels of a region touch at a corner alone, links keep to one pixel, so that components are 4-connected. A ring
 * that meets such a corner twice is divided there: what it encloses between the two visits is a hole of its own. So no ring
 * touches itself; two rings may share corners. The first side of a ring in raster order tells its kind: a left side is that of
 * a component's first run; a right side lies to the left of a hole, and the run's left side is of the same component.
 *
 * Cost: linear in the number of runs, about 150 bytes for each.
 */
#include "measure/cracks.h"

#include <string.h>

enum { POLL = 4096 }; /* sides between two questions for cancel */

/* A vertical edge of a run. Corners between two diagonal pixels are known by the side that ends at them from above. */
typedef struct side {
    size_t next;    /* of its ring */
    size_t above;   /* 1 + the side above, if the upper end is a corner between two diagonal pixels; else 0 */
    size_t place;   /* in the stack of the corner at the lower end, where the latest ring that turned there put it */
    size_t polygon; /* number of its component, from 1; 0: not followed yet */
} side;

typedef struct tracer {
    cellseg_context *context;
    const cseg_region *region;
    cseg_cracks *out;
    side *sides;
    cseg_corner *stack; /* corners of the ring so far, those of divided rings removed */
    size_t depth, polygon;
    size_t steps; /* sides followed, of all rings */
} tracer;

static bool is_right(size_t s) {
    return s % 2 == 1;
}

static size_t column_of(const tracer *t, size_t s) {
    const cseg_run run = cseg_regions_run(t->region, s / 2);
    return is_right(s) ? run.end : run.begin;
}

static size_t row_of(const tracer *t, size_t run) {
    return cseg_regions_run(t->region, run).y;
}

/* ---- links ---- */

/* Link the sides whose ends meet the line between two rows: [upper, upper_end) above and [lower, lower_end) below. */
static void link_rows(tracer *t, size_t upper, size_t upper_end, size_t lower, size_t lower_end) {
    bool paired = true, arrived = false;
    size_t first = 0;
    while (upper < upper_end || lower < lower_end) {
        bool from_upper = lower == lower_end;
        if (upper < upper_end && lower < lower_end) {
            const size_t above = column_of(t, upper), below = column_of(t, lower);
            from_upper = above < below || (above == below && is_right(upper)); /* of diagonal pixels the left one is first */
            if (above == below && is_right(upper) != is_right(lower))
                t->sides[lower].above = upper + 1;
        }
        const size_t here = from_upper ? upper++ : lower++;
        paired = !paired;
        if (!paired) {
            first = here;
            arrived = from_upper == is_right(here); /* the side is directed towards the line */
        } else if (arrived)
            t->sides[first].next = here;
        else
            t->sides[here].next = first;
    }
}

static size_t row_end(const tracer *t, size_t run) {
    const size_t y = row_of(t, run);
    while (run < t->region->run_count && row_of(t, run) == y)
        run++;
    return run;
}

static cellseg_status link_sides(tracer *t) {
    const size_t count = t->region->run_count;
    size_t upper = 0, lower = 0; /* the runs above the line are [upper, lower) */
    while (upper < count) {
        const bool meet = lower < count && (upper == lower || row_of(t, upper) + 1 == row_of(t, lower));
        const size_t end = meet ? row_end(t, lower) : lower;
        link_rows(t, 2 * upper, 2 * lower, 2 * lower, 2 * end);
        if (lower / POLL != end / POLL)
            CSEG_TRY(cseg_parallel_poll(t->context));
        upper = lower;
        lower = end;
    }
    return CELLSEG_OK;
}

/* ---- rings ---- */

/* Hand out the corners from `place` of the stack on as a ring. */
static void finish_ring(tracer *t, size_t place, bool hole) {
    cseg_cracks *out = t->out;
    const size_t start = out->starts[out->ring_count], count = t->depth - place;
    memcpy(out->corners + start, t->stack + place, count * sizeof *t->stack);
    out->order[out->ring_count] = (cseg_keyed){2 * (uint64_t)t->polygon + hole, out->ring_count};
    out->starts[++out->ring_count] = start + count;
    t->depth = place;
}

/* A corner at the lower or upper end of a side. */
static void add_corner(tracer *t, size_t s, bool lower) {
    const size_t y = row_of(t, s / 2) + lower;
    const cseg_corner corner = {(int32_t)column_of(t, s), (int32_t)y};
    const size_t meeting = lower ? s + 1 : t->sides[s].above;
    if (meeting > 0) {
        size_t *place = &t->sides[meeting - 1].place;
        if (*place < t->depth && memcmp(&t->stack[*place], &corner, sizeof corner) == 0)
            finish_ring(t, *place, true);
        *place = t->depth;
    }
    t->stack[t->depth++] = corner;
}

static cellseg_status follow_ring(tracer *t, size_t first) {
    size_t s = first;
    t->depth = 0;
    do {
        const size_t next = t->sides[s].next;
        t->sides[s].polygon = t->polygon;
        if (column_of(t, s) != column_of(t, next)) {
            add_corner(t, s, is_right(s));
            add_corner(t, next, !is_right(next));
        }
        s = next;
        if (++t->steps % POLL == 0)
            CSEG_TRY(cseg_parallel_poll(t->context));
    } while (s != first);
    finish_ring(t, 0, is_right(first));
    return CELLSEG_OK;
}

static cellseg_status follow_rings(tracer *t) {
    size_t polygons = 0;
    for (size_t s = 0; s < 2 * t->region->run_count; s++)
        if (t->sides[s].polygon == 0) {
            t->polygon = is_right(s) ? t->sides[s - 1].polygon : ++polygons;
            CSEG_TRY(follow_ring(t, s));
        }
    return cseg_sort_keyed(t->context, t->out->order, t->out->ring_count);
}

/* ---- memory ---- */

/* A side adds at most two corners, and a ring has at least two sides. */
static cellseg_status allocate(tracer *t, cseg_cracks *out) {
    const size_t runs = t->region->run_count;
    t->sides = cseg_memory_calloc(t->context, 2 * runs, sizeof *t->sides);
    t->stack = t->sides != NULL ? cseg_memory_alloc(t->context, 4 * runs, sizeof *t->stack) : NULL;
    out->corners = t->stack != NULL ? cseg_memory_alloc(t->context, 4 * runs, sizeof *out->corners) : NULL;
    out->starts = out->corners != NULL ? cseg_memory_alloc(t->context, runs + 1, sizeof *out->starts) : NULL;
    out->order = out->starts != NULL ? cseg_memory_alloc(t->context, runs, sizeof *out->order) : NULL;
    if (out->order == NULL)
        return cseg_error_last();
    out->starts[0] = 0;
    return CELLSEG_OK;
}

cellseg_status cseg_cracks_follow(cseg_cracks *out, cellseg_context *context, const cseg_region *region) {
    *out = (cseg_cracks){0};
    tracer t = {.context = context, .region = region, .out = out};
    cellseg_status status;
    CSEG_TRY_GOTO(done, allocate(&t, out));
    CSEG_TRY_GOTO(done, link_sides(&t));
    CSEG_TRY_GOTO(done, follow_rings(&t));
done:
    cseg_memory_free(t.sides);
    cseg_memory_free(t.stack);
    if (status != CELLSEG_OK)
        cseg_cracks_free(out);
    return status;
}

void cseg_cracks_free(cseg_cracks *cracks) {
    cseg_memory_free(cracks->corners);
    cseg_memory_free(cracks->starts);
    cseg_memory_free(cracks->order);
    *cracks = (cseg_cracks){0};
}
