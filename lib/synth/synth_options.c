/* SPDX-License-Identifier: BSD-3-Clause */
/* The options of a simulated field: one table holds each number's limits, what is usual for each stain, and how far it varies. */
#include "synth/field.h"

#include <math.h>
#include <string.h>

#define FIRST_RELEASE_SIZE (offsetof(cellseg_synth_options, exposure) + sizeof(double))

enum { STAINS = CELLSEG_STAIN_MEMBRANE };

/* How cellseg_synth_options_draw() varies a number: by a factor from 1 / amount to amount, or by up to amount either way. */
enum { TIMES, PLUS };

typedef struct member {
    const char *name;
    size_t offset;
    double lo, hi;
    double usual[STAINS]; /* diffuse, ER, mitochondria, endosomes, actin, tubulin, membrane */
    int32_t how;
    double amount;
} member;

#define MEMBER(name) #name, offsetof(cellseg_synth_options, name)

static const member members[] = {
    {MEMBER(confluence), 0, 1, {0.6, 0.55, 0.55, 0.55, 0.5, 0.65, 0.55}, PLUS, 0.45},
    {MEMBER(clustering), 0, 1, {0.5, 0.4, 0.3, 0.4, 0.3, 0.4, 0.8}, PLUS, 0.4},
    {MEMBER(overlap), 0, 1, {0.15, 0.2, 0.3, 0.3, 0.4, 0.3, 0.05}, PLUS, 0.3},
    {MEMBER(cell_area_um2), 20, 20000, {600, 800, 850, 700, 650, 700, 700}, TIMES, 2},
    {MEMBER(cell_area_spread), 0, 1, {0.35, 0.4, 0.4, 0.4, 0.5, 0.35, 0.4}, PLUS, 0.2},
    {MEMBER(nucleus_radius_um), 1, 30, {6.2, 7, 7, 6.8, 6.2, 6.8, 6.5}, TIMES, 1.35},
    {MEMBER(nucleus_radius_spread), 0, 0.5, {0.12, 0.12, 0.12, 0.12, 0.14, 0.1, 0.12}, PLUS, 0.08},
    {MEMBER(elongation), 0, 8, {0.5, 0.7, 0.8, 0.5, 0.9, 0.6, 0.4}, TIMES, 2.2},
    {MEMBER(spikes), 0, 1, {0.2, 0.4, 0.4, 0.3, 0.75, 0.4, 0.3}, PLUS, 0.4},
    {MEMBER(branching), 0, 4, {0.1, 0.2, 0.3, 0.1, 0.5, 0.2, 0}, PLUS, 0.4},
    {MEMBER(dead), 0, 1, {0.02, 0.02, 0.02, 0.02, 0.03, 0.02, 0.01}, TIMES, 3},
    {MEMBER(dividing), 0, 1, {0.03, 0.03, 0.03, 0.03, 0.03, 0.03, 0.02}, TIMES, 2},
    {MEMBER(debris_per_mm2), 0, 10000, {30, 30, 30, 30, 40, 30, 30}, TIMES, 5},
    {MEMBER(brightness_spread), 0, 2, {0.5, 0.4, 0.45, 0.4, 0.45, 0.3, 0.25}, TIMES, 1.8},
    {MEMBER(nucleus_darkness), 0, 1, {0.45, 0.6, 0.6, 0.6, 0.45, 0.45, 0.35}, PLUS, 0.25},
    {MEMBER(nucleus_darkness_spread), 0, 1, {0.15, 0.12, 0.15, 0.12, 0.15, 0.15, 0.12}, PLUS, 0.08},
    {MEMBER(texture), 0, 2, {1.2, 1.1, 1, 1, 1.1, 1.2, 1.1}, PLUS, 0.5},
    {MEMBER(background), 0, 10, {0.1, 0.08, 0.1, 0.06, 0.05, 0.06, 0.1}, TIMES, 3},
    {MEMBER(haze), 0, 0.9, {0.25, 0.22, 0.2, 0.2, 0.2, 0.2, 0.15}, PLUS, 0.15},
    {MEMBER(haze_um), 0, 100, {8, 8, 8, 8, 8, 8, 8}, TIMES, 1.8},
    {MEMBER(psf_um), 0, 10, {0.48, 0.42, 0.42, 0.42, 0.42, 0.4, 0.42}, TIMES, 1.8},
    {MEMBER(vignetting), 0, 0.95, {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, PLUS, 0.15},
    {MEMBER(uneven), 0, 0.95, {0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1}, PLUS, 0.15},
    {MEMBER(photons), 0, 1e7, {1200, 1200, 1000, 1000, 2000, 1600, 1500}, TIMES, 4},
    {MEMBER(read_noise), 0, 1e4, {6, 6, 6, 6, 6, 6, 6}, TIMES, 2},
    {MEMBER(offset), 0, 0.5, {0.03, 0.02, 0.03, 0.02, 0.03, 0.02, 0.03}, TIMES, 1.5},
    {MEMBER(exposure), 0.001, 10, {0.2, 0.15, 0.15, 0.15, 0.15, 0.2, 0.2}, TIMES, 1.8},
};
enum { MEMBERS = sizeof members / sizeof *members };

static double *value_of(cellseg_synth_options *options, const member *m) {
    return (double *)(void *)((char *)options + m->offset);
}

static void set_usual(cellseg_synth_options *own, int32_t stain) {
    own->stain = stain;
    for (size_t i = 0; i < MEMBERS; i++)
        *value_of(own, &members[i]) = members[i].usual[stain - 1];
}

static cellseg_synth_options defaults(void) {
    cellseg_synth_options own = {.struct_size = sizeof(cellseg_synth_options), .seed = 1, .bits = 12, .pixel_size_um = 0.65};
    set_usual(&own, CELLSEG_STAIN_DIFFUSE);
    return own;
}

cellseg_status cellseg_synth_options_init(cellseg_synth_options *options, size_t struct_size) {
    const cellseg_synth_options own = defaults();
    return cseg_options_init(options, struct_size, &own, sizeof own, FIRST_RELEASE_SIZE, "cellseg_synth_options");
}

/* The caller's struct as a whole one of ours, unchecked. */
static cellseg_status copy(cellseg_synth_options *own, const cellseg_synth_options *options) {
    *own = defaults();
    return cseg_options_copy(own, sizeof *own, FIRST_RELEASE_SIZE, options, "cellseg_synth_options");
}

/* And back, as much as the caller's struct holds. */
static void give_back(cellseg_synth_options *options, cellseg_synth_options *own) {
    const size_t size = options->struct_size;
    own->struct_size = size;
    memcpy(options, own, size < sizeof *own ? size : sizeof *own);
}

cellseg_status cellseg_synth_options_preset(cellseg_synth_options *options, int32_t stain) {
    cellseg_synth_options own;
    if (options == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cellseg_synth_options is NULL");
    CSEG_TRY(copy(&own, options));
    CSEG_TRY(cseg_range_check("stain", stain, CELLSEG_STAIN_DIFFUSE, STAINS));
    set_usual(&own, stain);
    give_back(options, &own);
    return CELLSEG_OK;
}

static double draw(const member *m, double usual, cseg_rng *dice) {
    const double u = cseg_rng_between(dice, -1, 1);
    const double value = m->how == TIMES ? usual * cseg_math_exp(u * cseg_math_log(m->amount)) : usual + u * m->amount;
    return value < m->lo ? m->lo : value > m->hi ? m->hi : value;
}

static cellseg_status draw_all(cellseg_synth_options *options, int32_t stain, uint64_t seed) {
    cellseg_synth_options own;
    CSEG_TRY(copy(&own, options));
    CSEG_TRY(cseg_range_check("stain", stain, CELLSEG_STAIN_MIXED, STAINS));
    cseg_rng dice = {cseg_random_bits(seed, 0), 0};
    const int32_t any = 1 + (int32_t)(cseg_rng_bits(&dice) % STAINS);
    set_usual(&own, stain == CELLSEG_STAIN_MIXED ? any : stain);
    for (size_t i = 0; i < MEMBERS; i++) {
        double *value = value_of(&own, &members[i]);
        *value = draw(&members[i], *value, &dice);
    }
    /* Nuclei keep to a third of their cell: small cells have small nuclei. */
    const double most_radius = 0.62 * sqrt(own.cell_area_um2 / 3.14159265358979);
    own.nucleus_radius_um = own.nucleus_radius_um < most_radius ? own.nucleus_radius_um : most_radius;
    own.seed = seed;
    give_back(options, &own);
    return CELLSEG_OK;
}

cellseg_status cellseg_synth_options_draw(cellseg_synth_options *options, int32_t stain, uint64_t seed) {
    if (options == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cellseg_synth_options is NULL");
    cseg_call call;
    cseg_call_begin(&call, NULL);
    return cseg_call_end(&call, draw_all(options, stain, seed));
}

cellseg_status cseg_synth_options_read(cellseg_synth_options *own, const cellseg_synth_options *options) {
    CSEG_TRY(copy(own, options));
    CSEG_TRY(cseg_range_check("stain", own->stain, CELLSEG_STAIN_DIFFUSE, STAINS));
    CSEG_TRY(cseg_range_check("nuclei_channel", own->nuclei_channel, 0, 1));
    CSEG_TRY(cseg_range_check("bits", own->bits, 8, 16));
    CSEG_TRY(cseg_range_check("pixel_size_um", own->pixel_size_um, 0.05, 5));
    for (size_t i = 0; i < MEMBERS; i++)
        CSEG_TRY(cseg_range_check(members[i].name, *value_of(own, &members[i]), members[i].lo, members[i].hi));
    return CELLSEG_OK;
}
