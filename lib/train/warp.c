/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Geometry of a training patch: quarter turns, mirroring, scaling, rotation by any angle, and an elastic deformation: a cubic
 * B-spline over a coarse grid of random displacements (Ronneberger et al. 2015), limited so that the patch does not fold. Sine
 * and cosine are plain arithmetic, the same everywhere. Cost: some 60 operations per pixel.
 */
#include "train/warp.h"

#include <math.h>

/* As a fraction of the knots' distance: two neighbours that differ by twice this in both directions still do not fold. */
#define MAX_OF_SPAN 0.25

cseg_warp cseg_warp_none(void) {
    return (cseg_warp){.zoom = 1, .cosine = 1};
}

/* ---- drawing ---- */

/* Taylor series of an eighth of the angle, which is at most pi, then doubled three times. */
static void sine_cosine(double angle, double *sine, double *cosine) {
    const double x = angle / 8, square = x * x;
    double s = 1, c = 1;
    for (int n = 12; n > 0; n -= 2) {
        s = 1 - s * square / (n * (n + 1));
        c = 1 - c * square / (n * (n - 1));
    }
    s *= x;
    for (int i = 0; i < 3; i++) {
        const double doubled = 2 * s * c;
        c = c * c - s * s;
        s = doubled;
    }
    *sine = s;
    *cosine = c;
}

void cseg_warp_draw(cseg_warp *warp, const cellseg_augmentation *options, size_t patch, uint64_t *random) {
    const uint64_t bits = cseg_stream_next(random);
    const unsigned turns = options->rotate ? (unsigned)(bits & 3) : 0;
    const bool mirrored = options->flip && (bits & 4) != 0;
    warp->transpose = (turns & 1) != 0;
    warp->reverse_y = turns >= 2;
    warp->reverse_x = (turns == 1 || turns == 2) != mirrored;
    warp->zoom = cseg_stream_factor(options->scale, random);
    const double angle = (2 * cseg_stream_uniform(random) - 1) * options->rotation_degrees * 3.14159265358979323846 / 180;
    sine_cosine(angle, &warp->sine, &warp->cosine);
    const double max_px = MAX_OF_SPAN * (double)patch / CSEG_WARP_SPANS;
    const double amount = fmin(cseg_stream_amount(options->elastic_px, random), max_px);
    warp->elastic = amount > 0;
    for (size_t i = 0; i < sizeof warp->knots / sizeof(double); i++)
        (&warp->knots[0][0][0])[i] = amount * (2 * cseg_stream_uniform(random) - 1);
}

/* ---- places ---- */

/* The first of the four knots that affect a position along an edge, and their weights. */
static size_t spline(double weights[4], size_t i, size_t patch) {
    const double at = (double)i * CSEG_WARP_SPANS / (double)patch, below = floor(at), t = at - below;
    weights[0] = (1 - t) * (1 - t) * (1 - t) / 6;
    weights[1] = (3 * t * t * t - 6 * t * t + 4) / 6;
    weights[2] = (-3 * t * t * t + 3 * t * t + 3 * t + 1) / 6;
    weights[3] = t * t * t / 6;
    return (size_t)below;
}

static void displace(const cseg_warp *warp, size_t patch, size_t i, size_t j, double *y, double *x) {
    double across[4], along[4];
    const size_t row = spline(across, i, patch), column = spline(along, j, patch);
    for (size_t a = 0; a < 4; a++)
        for (size_t b = 0; b < 4; b++) {
            const double weight = across[a] * along[b];
            *y += weight * warp->knots[0][row + a][column + b];
            *x += weight * warp->knots[1][row + a][column + b];
        }
}

void cseg_warp_at(const cseg_warp *warp, size_t patch, size_t i, size_t j, double *y, double *x) {
    const size_t row = warp->transpose ? j : i, column = warp->transpose ? i : j;
    const double centre = ((double)patch - 1) / 2;
    double v = ((double)row - centre) / warp->zoom, u = ((double)column - centre) / warp->zoom;
    v = warp->reverse_y ? -v : v;
    u = warp->reverse_x ? -u : u;
    *y = v * warp->cosine - u * warp->sine;
    *x = v * warp->sine + u * warp->cosine;
    if (warp->elastic)
        displace(warp, patch, i, j, y, x);
}
