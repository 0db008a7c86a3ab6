/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A cell's convex image and its Feret diameters, as scikit-image defines them. The first hull is that of the midpoints of all
 * pixels' edges. The convex image holds the pixels whose centres lie inside that hull or on it. Feret diameters are those of the
 * hull of the convex image's edge midpoints. Coordinates are whole half-pixels, so that nothing is rounded before the last
 * square root.
 *
 * Andrew's monotone chain, row by row; the right side is the left side of the mirror image. A chain has few vertices (Jarnik: of
 * the order of the cube root of the bounding box's area), so that all pairs can be compared. Cost: linear in the bounding box's
 * rows.
 */
#include "measure/columns.h"

#include <math.h>
#include <string.h>

typedef struct point {
    int64_t y, x; /* half-pixels */
} point;

/* The smallest x over y, as a convex polygonal line with ascending y. */
typedef struct chain {
    point *points;
    size_t count, capacity;
} chain;

typedef struct hull {
    chain left, right; /* right: of the mirror image, x negated */
} hull;

static void hull_free(hull *h) {
    cseg_memory_free(h->left.points);
    cseg_memory_free(h->right.points);
}

/* These return false without memory. */

static bool grow(chain *c, cellseg_context *context) {
    const size_t capacity = c->capacity > 0 ? 2 * c->capacity : 64;
    point *points = cseg_memory_alloc(context, capacity, sizeof *points);
    if (points == NULL)
        return false;
    if (c->count > 0)
        memcpy(points, c->points, c->count * sizeof *points);
    cseg_memory_free(c->points);
    c->points = points;
    c->capacity = capacity;
    return true;
}

static bool chain_add_point(chain *c, cellseg_context *context, point p) {
    if (c->count > 0 && c->points[c->count - 1].y == p.y) {
        if (c->points[c->count - 1].x <= p.x)
            return true;
        c->count--;
    }
    while (c->count >= 2) {
        const point a = c->points[c->count - 2], b = c->points[c->count - 1];
        if ((p.x - a.x) * (b.y - a.y) > (b.x - a.x) * (p.y - a.y))
            break;
        c->count--;
    }
    if (c->count == c->capacity && !grow(c, context))
        return false;
    c->points[c->count++] = p;
    return true;
}

/* Midpoints of the upper, left and lower edge of a row's first pixel. */
static bool chain_add_pixel(chain *c, cellseg_context *context, int64_t y, int64_t x) {
    for (int64_t d = -1; d <= 1; d++)
        if (!chain_add_point(c, context, (point){2 * y + d, 2 * x - (d == 0)}))
            return false;
    return true;
}

static bool hull_add_row(hull *h, cellseg_context *context, int64_t y, int64_t first, int64_t last) {
    return chain_add_pixel(&h->left, context, y, first) && chain_add_pixel(&h->right, context, y, -last);
}

static bool hull_of_region(hull *h, cellseg_context *context, const cseg_region *region) {
    size_t i = 0;
    do {
        const cseg_run first = cseg_regions_run(region, i);
        cseg_run last = first;
        while (++i < region->run_count && cseg_regions_run(region, i).y == first.y)
            last = cseg_regions_run(region, i);
        if (!hull_add_row(h, context, (int64_t)first.y, (int64_t)first.begin, (int64_t)last.end - 1))
            return false;
    } while (i < region->run_count);
    return true;
}

/* The first pixel of row y at or right of the chain. *edge: where the search begins; calls pass rows in ascending order. */
static int64_t first_pixel(const chain *c, size_t *edge, int64_t y) {
    while (c->points[*edge + 1].y < 2 * y)
        ++*edge;
    const point a = c->points[*edge], b = c->points[*edge + 1];
    const int64_t run = b.y - a.y, x = a.x * run + (b.x - a.x) * (2 * y - a.y), divisor = 2 * run;
    return x / divisor + (x % divisor > 0);
}

/* The hull of the pixels in a hull, and their number. */
static bool hull_of_hull(hull *out, uint64_t *area, cellseg_context *context, const hull *h) {
    size_t left_edge = 0, right_edge = 0;
    const int64_t top = (h->left.points[0].y + 1) / 2, bottom = (h->left.points[h->left.count - 1].y - 1) / 2;
    *area = 0;
    for (int64_t y = top; y <= bottom; y++) {
        const int64_t first = first_pixel(&h->left, &left_edge, y), last = -first_pixel(&h->right, &right_edge, y);
        assert(first <= last);
        *area += (uint64_t)(last - first + 1);
        if (!hull_add_row(out, context, y, first, last))
            return false;
    }
    return true;
}

/* ---- Feret diameters ---- */

static size_t vertex_count(const hull *h) {
    return h->left.count + h->right.count;
}

/* Down the left side, up the right side. */
static point vertex(const hull *h, size_t index) {
    if (index < h->left.count)
        return h->left.points[index];
    const point mirrored = h->right.points[vertex_count(h) - 1 - index];
    return (point){mirrored.y, -mirrored.x};
}

static int64_t square_distance(point a, point b) {
    return (a.y - b.y) * (a.y - b.y) + (a.x - b.x) * (a.x - b.x);
}

static double feret_max(const hull *h) {
    int64_t largest = 0;
    for (size_t i = 0; i < vertex_count(h); i++) {
        for (size_t j = 0; j < i; j++) {
            const int64_t square = square_distance(vertex(h, i), vertex(h, j));
            largest = square > largest ? square : largest;
        }
    }
    return sqrt((double)largest) / 2;
}

/* The strip of minimum width has an edge of the hull on one side (Freeman and Shapira 1975). */
static double feret_min(const hull *h) {
    double min_width = INFINITY;
    const size_t count = vertex_count(h);
    for (size_t i = 0; i < count; i++) {
        const point a = vertex(h, i), b = vertex(h, (i + 1) % count);
        const int64_t square = square_distance(a, b);
        if (square == 0)
            continue;
        int64_t widest = 0;
        for (size_t j = 0; j < count; j++) {
            const point p = vertex(h, j);
            const int64_t cross = (b.y - a.y) * (p.x - a.x) - (b.x - a.x) * (p.y - a.y);
            widest = cross > widest ? cross : widest;
        }
        const double width = (double)widest / sqrt((double)square) / 2;
        min_width = width < min_width ? width : min_width;
    }
    return min_width;
}

/* ---- the group ---- */

static const cseg_column convex_columns[] = {
    {"area_convex", CSEG_UNIT_AREA},
    {"solidity", CSEG_UNIT_NONE},
    {"feret_diameter_max", CSEG_UNIT_LENGTH},
    {"feret_diameter_min", CSEG_UNIT_LENGTH},
};

static cellseg_status measure_convex(double *values, const cseg_region *region, const cseg_measure_input *input) {
    hull own = {0}, convex = {0};
    uint64_t area;
    const bool found = hull_of_region(&own, input->context, region) && hull_of_hull(&convex, &area, input->context, &own);
    if (found) {
        values[0] = (double)area;
        values[1] = (double)cseg_regions_area(region) / (double)area;
        values[2] = feret_max(&convex);
        values[3] = feret_min(&convex);
    }
    hull_free(&own);
    hull_free(&convex);
    return found ? CELLSEG_OK : cseg_error_last();
}

const cseg_column_group cseg_convex_measure = {
    CSEG_NEEDS_CELLS, CSEG_CHOICE_SHAPE, CSEG_COLUMNS(convex_columns), measure_convex, NULL,
};
