/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Light of each pixel before the optics: the cell's brightness, times its thickness (thin at the edge, thick at the nucleus),
 * times the stain's texture, minus the darkness of the nucleus; plus light of a cell below. Specks of debris are added. Cost:
 * about 0.1 us per pixel of a cell.
 */
#include "synth/field.h"

#include <math.h>
#include <string.h>

enum { BAND = 16 }; /* rows of one task */

/* ---- styles ---- */

cseg_style cseg_shade_style_of(int32_t stain, uint64_t seed) {
    static const cseg_style styles[] = {
        [CELLSEG_STAIN_DIFFUSE] = {1.2F, 0.5F, 6, 0.2F, 3, 0, 0, 1, 0.7F, 1.5F},
        [CELLSEG_STAIN_ER] = {2.5F, 1.8F, 4, 0.8F, 1.5F, 0.5F, 0, 1, 0.45F, 1},
        [CELLSEG_STAIN_MITOCHONDRIA] = {1.8F, 1.6F, 4.5F, 0.8F, 2, 0, 0, 1, 0.35F, 2},
        [CELLSEG_STAIN_ENDOSOMES] = {1.5F, 0.8F, 5, 0.8F, 2, 0.1F, 0, 1, 0.4F, 1.9F},
        [CELLSEG_STAIN_ACTIN] = {1.8F, 1, 5, 0.8F, 2, 0.15F, 0.35F, 1, 0.55F, 1.1F},
        [CELLSEG_STAIN_TUBULIN] = {2, 1.1F, 6, 0.5F, 1.5F, 0.1F, 0, 1, 0.4F, 0.9F},
        [CELLSEG_STAIN_MEMBRANE] = {0.5F, 0.25F, 5, 0.3F, 1, 0.1F, 1.2F, 0.8F, 0.75F, 1.5F},
    };
    cseg_style style = styles[stain];
    cseg_rng rng = {cseg_random_bits(seed, 3), 0};
    style.thin_um *= (float)cseg_rng_factor(&rng, 0.3);
    style.perinuclear *= (float)cseg_rng_factor(&rng, 0.4);
    style.perinuclear_um *= (float)cseg_rng_factor(&rng, 0.25);
    style.gap *= (float)cseg_rng_factor(&rng, stain == CELLSEG_STAIN_MEMBRANE ? 0.1 : 0.5);
    style.rim *= (float)cseg_rng_factor(&rng, 0.4);
    style.edge *= (float)cseg_rng_factor(&rng, 0.3);
    style.scale_um *= (float)cseg_rng_factor(&rng, 0.2);
    return style;
}

/* ---- textures, of mean about 1 ---- */

/* Fibres: threads of a landscape stretched along one slowly varying direction. */
static float fibres(uint64_t seed, float along, float across) {
    const float waver = 0.8F * cseg_noise_value(seed, across * 0.12F, along * 0.05F);
    const float fine = cseg_noise_value(seed + 1, across + waver * 4, along * 0.08F);
    return 0.5F + 1.2F * cseg_noise_fibres(seed + 2, across * 0.6F + waver * 2, along * 0.05F, 0.35F) + 0.35F * fine;
}

/* Fibres from the nucleus outwards: the diamond angle replaces the distance across. */
static float rays(uint64_t seed, float along, float across) {
    const float away = sqrtf(along * along + across * across) + 1;
    const float around = across / (fabsf(along) + fabsf(across) + 0.1F);
    const float side = along < 0 ? 50 : 0;
    const float coarse = cseg_noise_fibres(seed, around * 9 + side, away * 0.09F, 0.3F);
    const float fine = cseg_noise_fibres(seed + 1, around * 17 + side + 0.4F * away, away * 0.15F, 0.35F);
    return 0.45F + 0.8F * coarse + 0.5F * fine + 0.5F * cseg_noise_fibres(seed + 2, across * 0.6F, along * 0.6F, 0.25F);
}

static float texture_of(int32_t stain, uint64_t seed, float along, float across) {
    const float patches = cseg_noise_value(seed + 8, across * 0.22F, along * 0.22F);
    switch (stain) {
    case CELLSEG_STAIN_ER:
        return 0.45F + 0.25F * patches + 0.8F * cseg_noise_fibres(seed, across, along, 0.45F) +
               0.6F * cseg_noise_fibres(seed + 1, across * 0.5F, along * 0.5F, 0.35F);
    case CELLSEG_STAIN_MITOCHONDRIA:
        return (2.2F + 2 * patches) * cseg_noise_fibres(seed, across, along, 0.24F) + 0.25F;
    case CELLSEG_STAIN_ENDOSOMES:
        return (1.1F + 0.9F * patches) * cseg_noise_spots(seed, across, along) + 0.3F;
    case CELLSEG_STAIN_ACTIN:
        return fibres(seed, along, across);
    case CELLSEG_STAIN_TUBULIN:
        return 0.6F * rays(seed, along, across) + 0.4F * fibres(seed + 4, along, across);
    case CELLSEG_STAIN_MEMBRANE:
        return 0.95F + 0.15F * patches + 1.2F * cseg_noise_fibres(seed, across * 0.15F, along * 0.15F, 0.05F);
    default:
        return 1 + 0.2F * patches + 0.15F * cseg_noise_value(seed, across, along);
    }
}

/* Inside the nucleus: faint mottling, and nucleoli. */
static float chromatin(uint64_t seed, float along, float across, float nucleoli) {
    return 1 + 0.12F * cseg_noise_value(seed + 16, across * 0.8F, along * 0.8F) +
           nucleoli * fminf(cseg_noise_spots(seed + 17, across * 0.22F, along * 0.22F), 1.5F);
}

/* ---- a cell's light ---- */

/* 1 inside the nucleus, 0 outside, 0.5 on its outline. */
static float nuclear_fraction(float outward_um) {
    const float t = fminf(fmaxf(0.5F - outward_um / 1.2F, 0), 1);
    return t * t * (3 - 2 * t);
}

static float marker_light(const cseg_field *field, const cseg_cell *cell, float y, float x, float edge) {
    const cseg_style *style = &field->style;
    const cseg_place p = cseg_cell_place(cell, y, x);
    const float outward = (sqrtf(p.nuclear) - 1) * 0.5F * (cell->half_length + cell->half_width);
    const float away = fmaxf(outward, 0) / style->perinuclear_um, rim = outward / 0.7F;
    const float side = (edge - 0.5F) / style->edge_um;
    const float cy = p.across - (float)cell->centre.y * (cell->half_width + 1.5F);
    const float cx = p.along - (float)cell->centre.x * (cell->half_length + 1.5F);
    const float heap = cell->centre_brightness / (1 + (cy * cy + cx * cx) * 0.08F);
    const float thick = edge / (edge + style->thin_um) * (1 + style->perinuclear / (1 + away * away) + heap);
    const float lines = style->edge / (1 + side * side * side * side) + style->rim / (1 + rim * rim * rim * rim);
    const float scale = 1 / style->scale_um, nuclear = nuclear_fraction(outward);
    const float stained = texture_of(field->options.stain, cell->seed, p.along * scale, p.across * scale);
    const float grain = style->even + (1 - style->even) * stained;
    const float outside = 1 + (float)field->groups.staining.texture * (grain - 1);
    const float nucleoli = (float)(cell->seed >> 40 & 0xff) / 256 - 0.3F;
    const float inside = (1 - cell->darkness) * chromatin(cell->seed, p.along, p.across, nucleoli);
    return cell->brightness * (thick * (fmaxf(outside, 0) * (1 - nuclear) + inside * nuclear) + lines);
}

static cellseg_status shade_band(void *data, size_t index) {
    const cseg_field *field = data;
    const float pixel = (float)field->options.pixel_size_um, through = (float)field->groups.cells.overlap;
    for (size_t y = index * BAND; y < field->height && y < (index + 1) * BAND; y++) {
        const uint32_t *owner = cseg_row_u32(&field->owner, y), *other = cseg_row_u32(&field->other, y);
        const float *edge = cseg_row_f32(&field->edge, y), *below = cseg_row_f32(&field->below, y);
        float *light = cseg_row_f32(&field->light, y);
        for (size_t x = 0; x < field->width; x++) {
            const float py = ((float)y + 0.5F) * pixel, px = ((float)x + 0.5F) * pixel;
            light[x] = owner[x] == 0 ? 0 : marker_light(field, &field->cells[owner[x] - 1], py, px, edge[x]);
            if (other[x] != 0 && through > 0)
                light[x] += through * marker_light(field, &field->cells[other[x] - 1], py, px, fminf(below[x], edge[x]));
        }
    }
    return CELLSEG_OK;
}

/* ---- debris ---- */

/* A round speck whose light decreases to 0 at its radius. */
static void add_speck(const cseg_field *field, double y, double x, double radius, double light) {
    const double pixel = field->options.pixel_size_um;
    const size_t top = y > radius ? (size_t)((y - radius) / pixel) : 0, left = x > radius ? (size_t)((x - radius) / pixel) : 0;
    for (size_t row = top; row < field->height && (double)row * pixel < y + radius; row++)
        for (size_t column = left; column < field->width && (double)column * pixel < x + radius; column++) {
            const double dy = ((double)row + 0.5) * pixel - y, dx = ((double)column + 0.5) * pixel - x;
            const double outward = (dy * dy + dx * dx) / (radius * radius);
            if (outward < 1)
                cseg_row_f32(&field->light, row)[column] += (float)(light * (1 - outward));
        }
}

static void add_debris(const cseg_field *field) {
    cseg_rng rng = {cseg_random_bits(field->options.seed, 4), 0};
    const double mean = field->groups.cells.debris_per_mm2 * 1e-6 * field->height_um * field->width_um;
    const size_t count = (size_t)(mean + cseg_rng_uniform(&rng));
    for (size_t i = 0; i < count; i++) {
        const double y = cseg_rng_uniform(&rng) * field->height_um, x = cseg_rng_uniform(&rng) * field->width_um;
        const double radius = 0.6 * cseg_math_exp(1.5 * cseg_rng_uniform(&rng)), light = cseg_rng_between(&rng, 0.1, 1.2);
        add_speck(field, y, x, radius, light * cseg_rng_uniform(&rng));
    }
}

cellseg_status cseg_shade_marker(cseg_field *field) {
    CSEG_TRY(cseg_parallel_for(field->context, (field->height + BAND - 1) / BAND, shade_band, field));
    add_debris(field);
    return CELLSEG_OK;
}

/* ---- the nuclear stain ---- */

static float nuclear_light(const cseg_cell *cell, float y, float x) {
    const cseg_place p = cseg_cell_place(cell, y, x);
    const float outward = (sqrtf(p.nuclear) - 1) * 0.5F * (cell->half_length + cell->half_width);
    const float dome = 0.75F + 0.25F * fminf(-outward / 2, 1);
    return cell->nuclear_brightness * dome * chromatin(cell->seed + 1, p.along, p.across, 0.2F) *
           nuclear_fraction(outward - 0.3F);
}

static cellseg_status shade_nuclei_band(void *data, size_t index) {
    const cseg_field *field = data;
    const float pixel = (float)field->options.pixel_size_um;
    for (size_t y = index * BAND; y < field->height && y < (index + 1) * BAND; y++) {
        const uint32_t *owner = cseg_row_u32(&field->owner, y), *nucleus = cseg_row_u32(&field->nuclei_map, y);
        float *light = cseg_row_f32(&field->light, y);
        for (size_t x = 0; x < field->width; x++) {
            const float py = ((float)y + 0.5F) * pixel, px = ((float)x + 0.5F) * pixel;
            light[x] = owner[x] == 0 ? 0 : 0.02F;
            if (nucleus[x] != 0)
                light[x] += nuclear_light(&field->cells[owner[x] - 1], py, px);
        }
    }
    return CELLSEG_OK;
}

cellseg_status cseg_shade_nuclei(cseg_field *field) {
    return cseg_parallel_for(field->context, (field->height + BAND - 1) / BAND, shade_nuclei_band, field);
}
