/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * From light to grey levels. Out-of-focus haze and the blur in focus are Gaussian; illumination decreases to the corners and to
 * one side. The camera counts electrons with shot noise (normal, of variance equal to the mean) and read noise, adds its offset
 * and saturates. Noise is a hash of the pixel's position. After Lehmussola et al. 2007 (SIMCEP). Cost: the blurs, and 30 ns a
 * pixel.
 */
#include "filter/filter.h"
#include "synth/field.h"

#include <math.h>

enum { BAND = 16 }; /* rows of one task */

typedef struct camera {
    const cseg_field *field;
    const cseg_plane *to;
    cseg_plane haze;
    cseg_vector slope; /* direction in which the illumination decreases */
    uint64_t seed;
    double max_grey; /* the largest grey level */
} camera;

/* At most 1: less in the corners and to one side. */
static double illumination(const camera *c, size_t y, size_t x) {
    const cellseg_synth_optics *o = &c->field->groups.optics;
    const double v = 2 * ((double)y + 0.5) / (double)c->field->height - 1,
                 u = 2 * ((double)x + 0.5) / (double)c->field->width - 1;
    const double across = 0.5 + (v * c->slope.y + u * c->slope.x) / 2.83; /* 0 to 1 */
    return (1 - o->vignetting * (v * v + u * u) / 2) * (1 - o->uneven * across);
}

static double with_noise(const cellseg_synth_camera *o, double light, uint64_t bits) {
    if (o->photons <= 0)
        return light;
    const double electrons = light * o->photons;
    return (electrons + sqrt(electrons + o->read_noise * o->read_noise) * cseg_rng_normal_of(bits)) / o->photons;
}

static cellseg_status expose_band(void *data, size_t index) {
    const camera *c = data;
    const cseg_field *field = c->field;
    const cellseg_synth_optics *optics = &field->groups.optics;
    const cellseg_synth_camera *o = &field->groups.camera;
    for (size_t y = index * BAND; y < field->height && y < (index + 1) * BAND; y++) {
        const float *sharp = cseg_row_f32(&field->light, y), *haze = cseg_row_f32(&c->haze, y);
        for (size_t x = 0; x < field->width; x++) {
            const double blurred = optics->background + (double)sharp[x] * (1 - optics->haze) + (double)haze[x] * optics->haze;
            const double light = with_noise(o, blurred * illumination(c, y, x), cseg_random_bits(c->seed, y * field->width + x));
            const double grey = floor(fmin(fmax((light * o->exposure + o->offset) * c->max_grey, 0), c->max_grey) + 0.5);
            if (c->to->type == CELLSEG_UINT8)
                cseg_row_u8(c->to, y)[x] = (uint8_t)grey;
            else
                ((uint16_t *)cseg_row_at(c->to, y))[x] = (uint16_t)grey;
        }
    }
    return CELLSEG_OK;
}

static cellseg_status blur(cseg_field *field, const cseg_plane *to, double sigma_um) {
    return cseg_gaussian_smooth(field->context, to, &field->light, sigma_um / field->options.pixel_size_um);
}

cellseg_status cseg_camera_expose(cseg_field *field, const cseg_plane *to, uint64_t noise_seed) {
    cseg_rng rng = {cseg_random_bits(field->options.seed, 5), 0};
    camera c = {.field = field, .to = to, .seed = noise_seed, .slope = cseg_cell_direction(&rng)};
    c.max_grey = (double)((1 << field->options.bits) - 1);
    CSEG_TRY(cseg_plane_new(&c.haze, field->context, CELLSEG_FLOAT32, field->height, field->width));
    cellseg_status status;
    CSEG_TRY_GOTO(done, blur(field, &c.haze, field->groups.optics.haze_um));
    CSEG_TRY_GOTO(done, blur(field, &field->light, field->groups.optics.psf_um));
    status = cseg_parallel_for(field->context, (field->height + BAND - 1) / BAND, expose_band, &c);
done:
    cseg_plane_free(&c.haze);
    return status;
}
