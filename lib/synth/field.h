/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The inside of the synth room: a field from its options to its pixels. Positions and lengths are micrometres up to the pixel.
 * For the same bytes everywhere, arithmetic that reaches a pixel has one fixed order and calls no transcendental function of the
 * C library. Angles are not needed: directions are unit vectors, and an outline is a table over the diamond angle.
 */
#ifndef CSEG_SYNTH_FIELD_H
#define CSEG_SYNTH_FIELD_H

#include "synth/synth.h"

/* ---- random numbers ---- */

/* A separate stream for each cell, so that the draws of one cell do not change another's. */
typedef struct cseg_rng {
    uint64_t seed, count;
} cseg_rng;

static inline uint64_t cseg_rng_bits(cseg_rng *rng) {
    return cseg_random_bits(rng->seed, rng->count++);
}
static inline double cseg_rng_uniform(cseg_rng *rng) {
    return (double)(cseg_rng_bits(rng) >> 11) * 0x1p-53;
}
static inline double cseg_rng_between(cseg_rng *rng, double lo, double hi) {
    return lo + (hi - lo) * cseg_rng_uniform(rng);
}

/* Approximately normal, mean 0 and standard deviation 1, within 3.5: the sum of four uniform numbers from one draw of bits. */
static inline double cseg_rng_normal_of(uint64_t bits) {
    const uint64_t sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
    return ((double)sum - 2 * 65535.0) * (1.7320508075688772 / 65536);
}
static inline double cseg_rng_normal(cseg_rng *rng) {
    return cseg_rng_normal_of(cseg_rng_bits(rng));
}

/* Log-normal with mean 1. */
static inline double cseg_rng_factor(cseg_rng *rng, double spread) {
    return cseg_math_exp(spread * cseg_rng_normal(rng) - spread * spread / 2);
}

typedef struct cseg_vector {
    double y, x;
} cseg_vector;

/* A uniformly distributed direction. */
cseg_vector cseg_cell_direction(cseg_rng *rng);
cseg_vector cseg_cell_unit(cseg_vector v); /* (0, 1) for a vector without direction */

/* ---- noise (noise.c) ---- */

/* Smooth random landscape over the plane, mean 0, from -1 to 1, with a random height on each corner of a unit grid. */
float cseg_noise_value(uint64_t seed, float y, float x);

/* 1 on the zero lines of a landscape, decreasing to 0 at the height `width` beside them: a net of threads. */
float cseg_noise_fibres(uint64_t seed, float y, float x, float width);

/* Round spots of random position, size and strength, about one in each unit square; 1 in the centre of an average spot. */
float cseg_noise_spots(uint64_t seed, float y, float x);

/* ---- cells ---- */

enum { CSEG_OUTLINE = 128 }; /* entries of an outline, a quarter in each quadrant */

enum { CSEG_LIVING, CSEG_DEAD, CSEG_METAPHASE, CSEG_DAUGHTER };

/* A cell: a body about its nucleus. The outline is a radius for each direction in a rotated, bent and stretched frame. */
typedef struct cseg_cell {
    cseg_vector at;                /* centre of the nucleus */
    cseg_vector along;             /* unit vector of the long axis */
    double radius;                 /* of the disc with the body's area */
    double reach;                  /* maximum distance of a point of the body from `at` */
    float stretch, bend;           /* bend: deviation of the axis, per squared micrometre */
    float half_length, half_width; /* of the nucleus */
    float level;                   /* of two cells the one with the higher level is the upper */
    float brightness, darkness, nuclear_brightness;
    cseg_vector centre; /* side of the nucleus with the organelles, in the cell's frame */
    float centre_brightness;
    float low, high; /* rows, in micrometres, that body and limbs may reach */
    int32_t kind;
    uint32_t first_limb, limbs; /* segments in the field's list */
    uint64_t seed;              /* of its texture */
    float outline[CSEG_OUTLINE + 1];
} cseg_cell;

/* A segment of a thin process: a line with a width at each end. */
typedef struct cseg_limb {
    float y, x, dy, dx, width, end_width;
} cseg_limb;

/* Properties of a stain beyond the options. */
typedef struct cseg_style {
    float thin_um;                     /* distance from the edge at which the thickness is half the maximum */
    float perinuclear, perinuclear_um; /* additional brightness around the nucleus, and its range */
    float centre;                      /* additional brightness of the organelles beside the nucleus */
    float gap;                         /* growth of the thickness behind a contact, as a multiple of that at a free edge */
    float rim;                         /* of the nuclear envelope */
    float edge, edge_um;               /* additional brightness along the outline */
    float even;                        /* fraction of the stain without texture */
    float scale_um;                    /* size of the texture's features */
} cseg_style;

/* The groups of a field's options. */
typedef struct cseg_synth_groups {
    cellseg_synth_cells cells;
    cellseg_synth_staining staining;
    cellseg_synth_optics optics;
    cellseg_synth_camera camera;
} cseg_synth_groups;

typedef struct cseg_field {
    cellseg_context *context;
    cellseg_synth_options options;
    cseg_synth_groups groups;
    cseg_style style;
    size_t height, width;
    double height_um, width_um;
    cseg_cell *cells;
    size_t cell_count;
    cseg_limb *limbs;
    /* Planes of the field's size. Owners are cell numbers from 1, 0 for none. */
    cseg_plane owner, other;          /* the uppermost cell at each pixel, and the cell below */
    cseg_plane edge, below;           /* depth of the pixel inside the owner's outline, and inside the other's; micrometres */
    cseg_plane light;                 /* of the current channel */
    cseg_plane cells_map, nuclei_map; /* of the label maps that are returned */
} cseg_field;

/* A point in a cell's own frame. */
typedef struct cseg_place {
    float along, across;
    float inside;  /* 1 at the centre, 0 on the outline, negative outside */
    float edge_um; /* depth inside the outline */
    float nuclear; /* squared: 0 at the nucleus's centre, 1 on its outline */
} cseg_place;

/* synth_options.c: the options of a field with all their groups, given, usual or drawn; the stain is never mixed. */
cellseg_status cseg_synth_options_read(cellseg_synth_options *own, cseg_synth_groups *all, const cellseg_synth_options *options);

/* cell_shape.c */
void cseg_cell_draw(cseg_cell *cell, const cseg_field *field, cseg_rng *rng);
void cseg_cell_turn(cseg_cell *cell, cseg_vector along); /* also updates the reach */
cseg_place cseg_cell_place(const cseg_cell *cell, float y, float x);
enum { CSEG_MAX_LIMBS = 6 * 24 };                                            /* segments of one cell */
size_t cseg_limbs_draw(cseg_limb *limbs, cseg_cell *cell, double branching); /* returns their number; the same for every call */

/* place.c: the field's cells and limbs, each cell with the centre of its nucleus inside the field. */
cellseg_status cseg_placement_populate(cseg_field *field);

/* cover.c: owners, edges and the label maps. */
cellseg_status cseg_cover_draw(cseg_field *field);

/* shade.c: light of the marker, and of the nuclear stain. 1 is a cell of mean brightness. */
cseg_style cseg_shade_style_of(int32_t stain, uint64_t seed);
cellseg_status cseg_shade_marker(cseg_field *field);
cellseg_status cseg_shade_nuclei(cseg_field *field);

/* camera.c: haze, blur, illumination, noise; converts light to grey levels of one channel. */
cellseg_status cseg_camera_expose(cseg_field *field, const cseg_plane *to, uint64_t noise_seed);

#endif
