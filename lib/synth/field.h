/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inside the synth room only: a field from its options to its pixels. Positions and lengths are micrometres until a pixel asks;
 * arithmetic that reaches a pixel is plain, in one order, without the C library's transcendental functions, for the same bytes
 * everywhere. Angles are never needed: directions are unit vectors, and an outline is a table over the diamond angle.
 */
#ifndef CSEG_SYNTH_FIELD_H
#define CSEG_SYNTH_FIELD_H

#include "synth/synth.h"

/* ---- random numbers ---- */

/* A stream of its own for each cell, so that one cell's draws do not move another's. */
typedef struct cseg_rng {
    uint64_t seed, count;
} cseg_rng;

static inline uint64_t cseg_rng_bits(cseg_rng *dice) {
    return cseg_random_bits(dice->seed, dice->count++);
}
static inline double cseg_rng_uniform(cseg_rng *dice) {
    return (double)(cseg_rng_bits(dice) >> 11) * 0x1p-53;
}
static inline double cseg_rng_between(cseg_rng *dice, double lo, double hi) {
    return lo + (hi - lo) * cseg_rng_uniform(dice);
}

/* About normal, mean 0 and standard deviation 1, within 3.5: the sum of four uniform numbers out of one draw of bits. */
static inline double cseg_rng_normal_of(uint64_t bits) {
    const uint64_t sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
    return ((double)sum - 2 * 65535.0) * (1.7320508075688772 / 65536);
}
static inline double cseg_rng_normal(cseg_rng *dice) {
    return cseg_rng_normal_of(cseg_rng_bits(dice));
}

/* Log-normal with mean 1. */
static inline double cseg_rng_factor(cseg_rng *dice, double spread) {
    return cseg_math_exp(spread * cseg_rng_normal(dice) - spread * spread / 2);
}

typedef struct cseg_vector {
    double y, x;
} cseg_vector;

/* Any direction, none preferred. */
cseg_vector cseg_cell_direction(cseg_rng *dice);
cseg_vector cseg_cell_unit(cseg_vector v); /* (0, 1) for a vector without direction */

/* ---- noise (noise.c) ---- */

/* Smooth random landscape over the plane, mean 0, from -1 to 1, with one random height for each unit square. */
float cseg_noise_value(uint64_t seed, float y, float x);

/* 1 on the middle lines of a landscape, falling to 0 at `width` (in its heights) beside them: a net of threads. */
float cseg_noise_fibres(uint64_t seed, float y, float x, float width);

/* Round spots of random place, size and strength, about one in each unit square; 1 in the middle of an average one. */
float cseg_noise_spots(uint64_t seed, float y, float x);

/* ---- cells ---- */

enum { CSEG_OUTLINE = 128 }; /* entries of an outline, a quarter of them in each quadrant */

enum { CSEG_LIVING, CSEG_DEAD, CSEG_METAPHASE, CSEG_DAUGHTER };

/* A cell: a body about its nucleus, whose outline is a radius for each direction in a frame turned, bent and stretched. */
typedef struct cseg_cell {
    cseg_vector at;                /* centre of the nucleus */
    cseg_vector along;             /* unit vector of the long axis */
    double radius;                 /* of the disc of the body's area */
    double reach;                  /* no point of the body lies farther from `at` */
    float stretch, bend;           /* bend: how far the axis curves aside, per squared micrometre */
    float half_length, half_width; /* of the nucleus */
    float level;                   /* the upper of two cells has the higher one */
    float brightness, darkness, nuclear_brightness;
    cseg_vector centre; /* the side of the nucleus on which organelles gather, in the cell's frame */
    float centre_brightness;
    float low, high; /* rows, in micrometres, that body and limbs may touch */
    int32_t kind;
    uint32_t first_limb, limbs; /* pieces in the field's list */
    uint64_t seed;              /* of its texture */
    float outline[CSEG_OUTLINE + 1];
} cseg_cell;

/* A piece of a thin process: a line with a width at each end. */
typedef struct cseg_limb {
    float y, x, dy, dx, width, narrower;
} cseg_limb;

/* What a stain looks like, beyond the options. */
typedef struct cseg_style {
    float thin_um;                     /* from the edge to half of the full thickness */
    float perinuclear, perinuclear_um; /* added brightness about the nucleus, and how far it reaches */
    float centre;                      /* added brightness of the heap of organelles beside the nucleus */
    float gap;                         /* how fast a cell grows thick behind a contact, as a multiple of a free edge */
    float rim;                         /* of the nuclear envelope */
    float edge, edge_um;               /* added brightness along the outline */
    float even;                        /* part of the stain that has no texture */
    float scale_um;                    /* size of the texture's features */
} cseg_style;

typedef struct cseg_field {
    cellseg_context *context;
    cellseg_synth_options options;
    cseg_style look;
    size_t height, width;
    double height_um, width_um;
    cseg_cell *cells;
    size_t cell_count;
    cseg_limb *limbs;
    /* Planes of the field's size. Owners are cell numbers from 1, 0 for none. */
    cseg_plane owner, other;          /* the uppermost cell at each pixel, and the one below it */
    cseg_plane edge, below;           /* how far inside the owner's outline, and the other's, the pixel lies; micrometres */
    cseg_plane light;                 /* of the channel being made */
    cseg_plane cells_map, nuclei_map; /* of the label maps that are handed out */
} cseg_field;

/* Where a point lies in a cell's own frame. */
typedef struct cseg_place {
    float along, across;
    float inside;  /* 1 at the centre, 0 on the outline, negative outside */
    float edge_um; /* how far inside the outline */
    float nuclear; /* squared: 0 at the nucleus's centre, 1 on its outline */
} cseg_place;

/* options.c */
cellseg_status cseg_synth_options_read(cellseg_synth_options *own, const cellseg_synth_options *options);

/* shape.c */
void cseg_cell_draw(cseg_cell *cell, const cseg_field *field, cseg_rng *dice);
void cseg_cell_turn(cseg_cell *cell, cseg_vector along); /* and finds how far it reaches */
cseg_place cseg_cell_place(const cseg_cell *cell, float y, float x);
enum { CSEG_MOST_LIMBS = 6 * 24 };                                           /* pieces of one cell */
size_t cseg_limbs_draw(cseg_limb *limbs, cseg_cell *cell, double branching); /* how many; the same each time */

/* place.c: the field's cells and limbs, each cell with the centre of its nucleus in view. */
cellseg_status cseg_placement_populate(cseg_field *field);

/* cover.c: owners, edges and the label maps. */
cellseg_status cseg_cover_draw(cseg_field *field);

/* shade.c: light of the marker, and of the nuclear stain. 1 is a cell of mean brightness. */
cseg_style cseg_shade_style_of(int32_t stain, uint64_t seed);
cellseg_status cseg_shade_marker(cseg_field *field);
cellseg_status cseg_shade_nuclei(cseg_field *field);

/* camera.c: haze, blur, illumination, noise; the light becomes grey levels of one channel. */
cellseg_status cseg_camera_expose(cseg_field *field, const cseg_plane *to, uint64_t noise_seed);

#endif
