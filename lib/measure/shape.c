/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Perimeter and ellipse of a cell, from its runs alone.
 *
 * Crofton's formula gives the length of an outline from the number of times that lines enter the shape. With rows, columns and
 * both diagonals it is pi/4 (rows + columns + (diagonals) / sqrt 2). A row enters the shape once per run. Along the other
 * directions every pixel whose neighbour is not in the shape is an entry: the area minus the overlap of each row with the row
 * above, shifted by -1, 0 and 1. The Euler number (8-connected) is the number of runs minus the number of pairs of runs that
 * touch. Both equal scikit-image's perimeter_crofton(directions=4) and euler_number; source: Legland, Kieu and Devaux 2007.
 *
 * Moments are sums of whole numbers, so that they are exact for shapes up to some 400 pixels across, and symmetric shapes have
 * symmetric results. Cost: two passes over the label's runs.
 */
#include "measure/columns.h"

#include <math.h>
#include <string.h>

static const double pi = 3.14159265358979323846, sqrt_2 = 1.41421356237309504880;

/* ---- outline ---- */

/* Contacts of a region's runs with the runs of the row above. */
typedef struct contacts {
    size_t pairs;      /* of runs that touch, diagonals included */
    size_t overlap[3]; /* pixels whose neighbour above, shifted by -1, 0 or 1, is in the region */
} contacts;

static size_t overlap(cseg_run run, cseg_run above, size_t shift) { /* shift 0, 1, 2 for -1, 0, 1 */
    const size_t begin = run.begin + shift > above.begin + 1 ? run.begin + shift : above.begin + 1;
    const size_t end = run.end + shift < above.end + 1 ? run.end + shift : above.end + 1;
    return end > begin ? end - begin : 0;
}

static contacts count_contacts(const cseg_region *region) {
    contacts found = {0};
    size_t first = 0; /* no earlier run touches this run or a later one */
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        for (; first < i; first++) {
            const cseg_run above = cseg_regions_run(region, first);
            if (above.y + 1 > run.y || (above.y + 1 == run.y && above.end >= run.begin))
                break;
        }
        for (size_t j = first; j < i; j++) {
            const cseg_run above = cseg_regions_run(region, j);
            if (above.y + 1 != run.y || above.begin > run.end)
                break;
            found.pairs++;
            for (size_t shift = 0; shift < 3; shift++)
                found.overlap[shift] += overlap(run, above, shift);
        }
    }
    return found;
}

/* ---- the ellipse with the region's second moments ---- */

typedef struct ellipse {
    double major, minor; /* variance along the axes */
    double orientation;
} ellipse;

static ellipse ellipse_of(const cseg_region *region) {
    const cseg_run first = cseg_regions_run(region, 0);
    double n = 0, y1 = 0, yy = 0, x2 = 0, xx4 = 0, xy2 = 0; /* x counts half-pixels: 2 x, 4 xx, 2 xy */
    for (size_t i = 0; i < region->run_count; i++) {
        const cseg_run run = cseg_regions_run(region, i);
        const double length = (double)(run.end - run.begin), y = (double)(run.y - first.y);
        const double middle = (double)(run.begin + run.end - 1) - 2 * (double)first.begin;
        n += length;
        y1 += length * y;
        yy += length * y * y;
        x2 += length * middle;
        xx4 += length * middle * middle + length * (length * length - 1) / 3;
        xy2 += length * middle * y;
    }
    const double var_y = (n * yy - y1 * y1) / (n * n), var_x = (n * xx4 - x2 * x2) / (4 * n * n);
    const double cov = (n * xy2 - x2 * y1) / (2 * n * n);
    const double mean = (var_y + var_x) / 2, half = (var_y - var_x) / 2, radius = sqrt(half * half + cov * cov);
    const double minor = mean - radius;
    return (ellipse){mean + radius, minor > 0 ? minor : 0, cseg_math_atan2(cov, half) / 2};
}

/* ---- the group ---- */

static const cseg_column shape_columns[] = {
    {"perimeter_crofton", CSEG_UNIT_LENGTH},
    {"form_factor", CSEG_UNIT_NONE},
    {"equivalent_diameter_area", CSEG_UNIT_LENGTH},
    {"axis_major_length", CSEG_UNIT_LENGTH},
    {"axis_minor_length", CSEG_UNIT_LENGTH},
    {"eccentricity", CSEG_UNIT_NONE},
    {"orientation", CSEG_UNIT_ANGLE},
    {"euler_number", CSEG_UNIT_NONE},
};

static cellseg_status measure_shape(double *values, const cseg_region *region, const cseg_measure_input *input) {
    (void)input;
    const size_t area = cseg_regions_area(region), runs = region->run_count;
    const contacts c = count_contacts(region);
    const double straight = (double)(runs + area - c.overlap[1]);
    const double diagonal = (double)(area - c.overlap[0] + area - c.overlap[2]);
    const double perimeter = pi / 4 * (straight + diagonal / sqrt_2);
    const ellipse e = ellipse_of(region);
    const double measured[] = {
        perimeter,
        4 * pi * (double)area / (perimeter * perimeter),
        sqrt(4 * (double)area / pi),
        4 * sqrt(e.major),
        4 * sqrt(e.minor),
        e.major > 0 ? sqrt(1 - e.minor / e.major) : 0,
        e.orientation,
        (double)runs - (double)c.pairs,
    };
    memcpy(values, measured, sizeof measured);
    return CELLSEG_OK;
}

const cseg_column_group cseg_shape_measure = {
    CSEG_NEEDS_CELLS, CSEG_CHOICE_SHAPE, CSEG_COLUMNS(shape_columns), measure_shape, NULL,
};
