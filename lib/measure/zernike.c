/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Zernike moments up to order 9, of the shape and of a channel, as CellProfiler's. The unit disc is the smallest circle round the
 * centres of the cell's pixels. With x and y measured in this disc, the moment of order n and repetition m is the sum over the
 * pixels of R(x^2 + y^2) (y + i x)^m times 1 or the pixel's value, where R is the radial polynomial without its factor r^m.
 *
 * Every moment is a sum of geometric moments, sums of x^p y^q with p + q <= 9, which a row adds with ten powers of x (Mukundan
 * and Ramakrishnan 1995). The circle grows from two pixels on: it becomes the smallest one round the pixels on it and the
 * farthest pixel, until none lies outside (Gaertner 1999). Cost: about ten multiplications and additions per pixel; the circle
 * some passes over the label's runs.
 */
#include "measure/columns.h"
#include "measure/doubles.h"

#include <math.h>

enum { ORDER = 9, POWERS = ORDER + 1, MOMENTS = 30, LANES = 4 };

/* ---- the smallest circle ---- */

typedef struct point {
    double y, x; /* from the region's first pixel */
} point;

typedef struct circle {
    point middle;
    double square; /* of the radius */
} circle;

static double square_distance(point a, point b) {
    return (a.y - b.y) * (a.y - b.y) + (a.x - b.x) * (a.x - b.x);
}

static circle circle_of_two(point a, point b) {
    const point middle = {(a.y + b.y) / 2, (a.x + b.x) / 2};
    return (circle){middle, square_distance(a, b) / 4};
}

/* Through three points; of an infinite radius where these lie on a line. */
static circle circle_of_three(point a, point b, point c) {
    const double by = b.y - a.y, bx = b.x - a.x, cy = c.y - a.y, cx = c.x - a.x, twice = 2 * (by * cx - bx * cy);
    if (twice == 0)
        return (circle){a, (double)INFINITY};
    const double b2 = by * by + bx * bx, c2 = cy * cy + cx * cx, y = (cx * b2 - bx * c2) / twice, x = (by * c2 - cy * b2) / twice;
    return (circle){{a.y + y, a.x + x}, y * y + x * x};
}

/* Distances to whole positions are rounded by far less than this. */
static bool holds(const circle *c, point p) {
    return square_distance(c->middle, p) <= c->square * (1 + 1e-12);
}

/* The pixels that a circle rests on: two or three. */
typedef struct support {
    point points[3];
    size_t count;
    circle circle;
} support;

/* Take `next` if its circle holds all points and is smaller. */
static void take_smaller(support *best, const support *next, const point *points, size_t count) {
    for (size_t i = 0; i < count; i++)
        if (!holds(&next->circle, points[i]))
            return;
    if (next->circle.square < best->circle.square)
        *best = *next;
}

/* The smallest circle round the points of `s` and one outside its circle, which then lies on the circle. */
static support extend(const support *s, point p) {
    point all[4] = {p};
    support best = {.circle.square = (double)INFINITY};
    for (size_t i = 0; i < s->count; i++)
        all[i + 1] = s->points[i];
    for (size_t i = 1; i <= s->count; i++) {
        const support two = {{p, all[i]}, 2, circle_of_two(p, all[i])};
        take_smaller(&best, &two, all, s->count + 1);
        for (size_t j = 1; j < i; j++) {
            const support three = {{p, all[i], all[j]}, 3, circle_of_three(p, all[i], all[j])};
            take_smaller(&best, &three, all, s->count + 1);
        }
    }
    return best;
}

static point find_farthest(const cseg_region *region, point from) {
    const cseg_run first = cseg_regions_run(region, 0);
    point farthest = from;
    double largest = 0;
    for (size_t i = 0; i < 2 * region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i / 2);
        const double x = (double)(i % 2 == 0 ? run.begin : run.end - 1) - (double)first.begin;
        const point p = {(double)(run.y - first.y), x};
        const double square = square_distance(from, p);
        if (square > largest) {
            largest = square;
            farthest = p;
        }
    }
    return farthest;
}

static circle smallest_circle(const cseg_region *region) {
    const point first = {0}, second = find_farthest(region, first);
    support s = {{first, second}, 2, circle_of_two(first, second)};
    for (;;) {
        const point p = find_farthest(region, s.circle.middle);
        if (holds(&s.circle, p))
            return s.circle;
        const support larger = extend(&s, p);
        if (!(larger.circle.square > s.circle.square) || isinf(larger.circle.square))
            return s.circle; /* no larger circle is distinct from this one in rounding */
        s = larger;
    }
}

/* ---- geometric moments ---- */

typedef struct moments {
    double of[POWERS][POWERS]; /* by the power of y, then of x */
} moments;

static double lanes_total(const double lanes[LANES]) {
    return (lanes[0] + lanes[1]) + (lanes[2] + lanes[3]);
}

/* Add a block's sums of value * x^p to sums[p]; values become value * x^10. Blocks are filled up with zeros. */
static void add_powers(double sums[POWERS], double *restrict values, const double *restrict x) {
    for (size_t p = 0; p < POWERS; p++) {
        double lanes[LANES] = {0};
        for (size_t i = 0; i < CSEG_DOUBLES_BLOCK; i += LANES) {
            for (size_t k = 0; k < LANES; k++) {
                lanes[k] += values[i + k];
                values[i + k] *= x[i + k];
            }
        }
        sums[p] += lanes_total(lanes);
    }
}

static void add_run(moments *m, cseg_run run, const cseg_plane *channel, double y, double left, double radius) {
    double values[CSEG_DOUBLES_BLOCK], x[CSEG_DOUBLES_BLOCK], sums[POWERS] = {0};
    for (size_t begin = run.begin; begin < run.end; begin += CSEG_DOUBLES_BLOCK) {
        const size_t count = cseg_doubles_count(begin, run.end);
        if (channel != NULL)
            cseg_doubles_load(values, channel, run.y, begin, count);
        for (size_t i = 0; i < CSEG_DOUBLES_BLOCK; i++) {
            x[i] = (left + (double)(begin - run.begin + i)) / radius;
            values[i] = i >= count ? 0 : channel == NULL ? 1 : values[i];
        }
        add_powers(sums, values, x);
    }
    for (size_t q = 0; q < POWERS; q++)
        for (size_t p = 0; p + q < POWERS; p++) {
            m->of[q][p] += sums[p];
            sums[p] *= y;
        }
}

/* channel NULL: every pixel counts 1 */
static moments sum_moments(const cseg_region *region, const cseg_plane *channel, const circle *c) {
    const cseg_run first = cseg_regions_run(region, 0);
    const double radius = sqrt(c->square);
    moments m = {0};
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        const double left = (double)run.begin - (double)first.begin - c->middle.x;
        add_run(&m, run, channel, ((double)(run.y - first.y) - c->middle.y) / radius, left, radius);
    }
    return m;
}

/* ---- Zernike moments ---- */

static const uint8_t binomial[POWERS][POWERS] = {
    {1},
    {1, 1},
    {1, 2, 1},
    {1, 3, 3, 1},
    {1, 4, 6, 4, 1},
    {1, 5, 10, 10, 5, 1},
    {1, 6, 15, 20, 15, 6, 1},
    {1, 7, 21, 35, 35, 21, 7, 1},
    {1, 8, 28, 56, 70, 56, 28, 8, 1},
    {1, 9, 36, 84, 126, 126, 84, 36, 9, 1},
};

typedef struct complex_number {
    double re, im;
} complex_number;

/* The sum of (x^2 + y^2)^a (y + i x)^m, by the binomials of both powers. */
static complex_number sum_power(const moments *g, size_t a, size_t m) {
    double part[4] = {0}; /* by the power of i, modulo 4 */
    for (size_t b = 0; b <= a; b++)
        for (size_t j = 0; j <= m; j++)
            part[j % 4] += (double)(binomial[a][b] * binomial[m][j]) * g->of[2 * (a - b) + m - j][2 * b + j];
    return (complex_number){part[0] - part[2], part[1] - part[3]};
}

static complex_number zernike_of(const moments *g, size_t n, size_t m) {
    const size_t half = (n - m) / 2;
    complex_number sum = {0};
    for (size_t k = 0; k <= half; k++) {
        const double factor = (k % 2 == 0 ? 1 : -1) * (double)(binomial[n - k][k] * binomial[n - 2 * k][half - k]);
        const complex_number power = sum_power(g, half - k, m);
        sum.re += factor * power.re;
        sum.im += factor * power.im;
    }
    return sum;
}

/* All moments, in the order of the columns; false for a circle without extent, a single pixel's. */
static bool find_zernikes(complex_number out[MOMENTS], const cseg_region *region, const cseg_plane *channel, circle *c) {
    *c = smallest_circle(region);
    if (!(c->square > 0))
        return false;
    const moments g = sum_moments(region, channel, c);
    size_t i = 0;
    for (size_t n = 0; n <= ORDER; n++)
        for (size_t m = n % 2; m <= n; m += 2)
            out[i++] = zernike_of(&g, n, m);
    return true;
}

/* ---- the groups ---- */

/* Orders and repetitions of all moments. */
#define ALL_MOMENTS(COLUMN)                                                                                                      \
    COLUMN(0, 0), COLUMN(1, 1), COLUMN(2, 0), COLUMN(2, 2), COLUMN(3, 1), COLUMN(3, 3), COLUMN(4, 0), COLUMN(4, 2),              \
        COLUMN(4, 4), COLUMN(5, 1), COLUMN(5, 3), COLUMN(5, 5), COLUMN(6, 0), COLUMN(6, 2), COLUMN(6, 4), COLUMN(6, 6),          \
        COLUMN(7, 1), COLUMN(7, 3), COLUMN(7, 5), COLUMN(7, 7), COLUMN(8, 0), COLUMN(8, 2), COLUMN(8, 4), COLUMN(8, 6),          \
        COLUMN(8, 8), COLUMN(9, 1), COLUMN(9, 3), COLUMN(9, 5), COLUMN(9, 7), COLUMN(9, 9)
#define OF_SHAPE(n, m)                                                                                                           \
    { "zernike_" #n "_" #m, CSEG_UNIT_NONE }
#define MAGNITUDE(n, m)                                                                                                          \
    { "zernike_magnitude_" #n "_" #m, CSEG_UNIT_NONE }
#define PHASE(n, m)                                                                                                              \
    { "zernike_phase_" #n "_" #m, CSEG_UNIT_ANGLE }

static const cseg_column shape_columns[MOMENTS] = {ALL_MOMENTS(OF_SHAPE)};
static const cseg_column intensity_columns[2 * MOMENTS] = {ALL_MOMENTS(MAGNITUDE), ALL_MOMENTS(PHASE)};

static cellseg_status measure_shape(double *values, const cseg_region *region, const cseg_measure_input *input) {
    (void)input;
    complex_number z[MOMENTS];
    circle c;
    const bool found = find_zernikes(z, region, NULL, &c);
    for (size_t i = 0; i < MOMENTS; i++)
        values[i] = found ? sqrt(z[i].re * z[i].re + z[i].im * z[i].im) / (3.14159265358979323846 * c.square) : (double)NAN;
    return CELLSEG_OK;
}

static cellseg_status measure_intensity(double *values, const cseg_region *region, const cseg_measure_input *input) {
    complex_number z[MOMENTS];
    circle c;
    const bool found = find_zernikes(z, region, &input->channel, &c);
    const double area = (double)cseg_regions_area(region);
    for (size_t i = 0; i < MOMENTS; i++) {
        values[i] = found ? sqrt(z[i].re * z[i].re + z[i].im * z[i].im) / area : (double)NAN;
        values[MOMENTS + i] = found ? cseg_math_atan2(z[i].re, z[i].im) : (double)NAN; /* CellProfiler's order */
    }
    return CELLSEG_OK;
}

const cseg_column_group cseg_zernike_measure = {
    CSEG_NEEDS_CELLS, CSEG_CHOICE_ZERNIKE, CSEG_COLUMNS(shape_columns), measure_shape, NULL,
};

const cseg_column_group cseg_zernike_intensity_measure = {
    CSEG_NEEDS_CHANNEL, CSEG_CHOICE_ZERNIKE, CSEG_COLUMNS(intensity_columns), measure_intensity, NULL,
};
