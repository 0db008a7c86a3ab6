/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Gaussian smoothing to any sigma in steps. What is smooth already needs no dense kernel: each step samples its Gaussian only
 * every `spacing` pixels (the "algorithme a trous" of Holschneider et al. 1989; Burt and Adelson 1983), a spacing that grows with
 * the smoothness reached, so that a step takes about a dozen taps a side whatever its sigma.
 * Cost: 10 ns or so per pixel and doubling of sigma. Error: below 2e-5 of the image's range for any image.
 */
#include "filter/cascade.h"

#include "filter/fir.h"

#include <math.h>

/* Up to this sigma one dense step from the image is fastest; beyond, the first step is this one. */
#define LARGEST_DENSE_SIGMA 8
#define FIRST_SIGMA 3

static double largest_spacing(double reached) {
    const double spacing = floor(sqrt(reached) / 1.5);
    return spacing < 1 ? 1 : spacing;
}

/* The variance after the next step on the way from `reached` to `wanted`. The last two steps are equal rather than one of them
 * tiny, since a tiny one could not be sampled. */
static double next_rung(double reached, double wanted) {
    const double missing = wanted - reached;
    if (reached == 0)
        return missing <= LARGEST_DENSE_SIGMA * LARGEST_DENSE_SIGMA ? wanted : FIRST_SIGMA * FIRST_SIGMA;
    const double sigma = 2.67 * largest_spacing(reached), most = sigma * sigma;
    return missing <= most ? wanted : reached + (missing < 2 * most ? missing / 2 : most);
}

size_t cseg_cascade_steps(double variance) {
    size_t rungs = 0;
    for (double reached = 0; reached < variance; rungs++)
        reached = next_rung(reached, variance);
    return rungs;
}

static cellseg_status climb_to(cseg_ladder *l, double variance) {
    const double sigma = sqrt(variance - l->reached), sampled = floor(sigma / 1.2);
    double spacing = largest_spacing(l->reached);
    spacing = sampled >= 1 && sampled < spacing ? sampled : spacing;
    cseg_fir filter;
    CSEG_TRY(cseg_fir_gaussian(&filter, l->context, sigma, 4.5, (size_t)spacing));
    const cseg_plane *from = l->reached > 0 ? &l->planes[l->current] : l->image;
    const cellseg_status status = cseg_fir_apply(l->context, &l->planes[!l->current], from, l->periods, &filter, 1);
    cseg_fir_free(&filter);
    l->current = !l->current;
    l->reached = variance;
    return status;
}

cellseg_status cseg_cascade_apply(cseg_ladder *ladder, double variance) {
    while (ladder->reached < variance)
        CSEG_TRY(climb_to(ladder, next_rung(ladder->reached, variance)));
    return CELLSEG_OK;
}
