/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gaussian smoothing to any sigma in steps. A smooth image needs no dense kernel: each step samples its Gaussian only every
 * `spacing` pixels (the "algorithme a trous" of Holschneider et al. 1989; Burt and Adelson 1983). The spacing grows with the
 * smoothness reached, so that a step takes about a dozen taps a side whatever its sigma.
 * Cost: about 10 ns per pixel and doubling of sigma. Error: below 2e-5 of the image's range for any image.
 */
#include "filter/cascade.h"

#include "filter/fir.h"

#include <math.h>

/* Up to this sigma one dense step from the image is fastest; beyond, FIRST_SIGMA is that of the first step. */
#define LARGEST_DENSE_SIGMA 8
#define FIRST_SIGMA 3

static double largest_spacing(double variance) {
    const double spacing = floor(sqrt(variance) / 1.5);
    return spacing < 1 ? 1 : spacing;
}

/* The variance after the next step from `reached` to `wanted`. The last two steps are equal, since a tiny last step could not be
 * sampled. */
static double next_variance(double reached, double wanted) {
    const double missing = wanted - reached;
    if (reached == 0)
        return missing <= LARGEST_DENSE_SIGMA * LARGEST_DENSE_SIGMA ? wanted : FIRST_SIGMA * FIRST_SIGMA;
    const double sigma = 2.67 * largest_spacing(reached), largest = sigma * sigma;
    return missing <= largest ? wanted : reached + (missing < 2 * largest ? missing / 2 : largest);
}

size_t cseg_cascade_steps(double variance) {
    size_t steps = 0;
    for (double reached = 0; reached < variance; steps++)
        reached = next_variance(reached, variance);
    return steps;
}

static cellseg_status smooth_step(cseg_cascade *c, double variance) {
    const double sigma = sqrt(variance - c->variance), sampled = floor(sigma / 1.2);
    double spacing = largest_spacing(c->variance);
    spacing = sampled >= 1 && sampled < spacing ? sampled : spacing;
    cseg_fir filter;
    CSEG_TRY(cseg_fir_gaussian(&filter, c->context, sigma, 4.5, (size_t)spacing));
    const cseg_plane *from = c->variance > 0 ? &c->planes[c->current] : c->image;
    const cellseg_status status = cseg_fir_apply(c->context, &c->planes[!c->current], from, c->periods, &filter, 1);
    cseg_fir_free(&filter);
    c->current = !c->current;
    c->variance = variance;
    return status;
}

cellseg_status cseg_cascade_apply(cseg_cascade *cascade, double variance) {
    while (cascade->variance < variance)
        CSEG_TRY(smooth_step(cascade, next_variance(cascade->variance, variance)));
    return CELLSEG_OK;
}
