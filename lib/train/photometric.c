/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Intensities of a training patch, in the order of a microscope: the stain (cells brighter or dimmer, nuclei against their
 * cells, a texture), the optics (blur, gamma, uneven illumination, contrast), the camera (noise, saturation). Intensities are
 * normalised, so that amounts are fractions of an image's own range. Cost: about 1 ms per patch, several with gamma or texture.
 */
#include "train/photometric.h"

#include "filter/filter.h"

#include <math.h>

/* Nuclei and cells have soft edges: changes to them fade over about this distance. */
#define EDGE_PX 1.0

/* Approximately normal with mean 0 and standard deviation 1: the sum of four uniform numbers. */
static double random_normal(uint64_t *random) {
    const uint64_t bits = cseg_stream_next(random);
    const uint64_t sum = (bits & 0xffff) + (bits >> 16 & 0xffff) + (bits >> 32 & 0xffff) + (bits >> 48);
    return ((double)sum - 2 * 65535.0) * (1.7320508075688772 / 65536);
}

/* Every number is drawn even if unused, so that one option does not change the effect of another. */
void cseg_photometric_draw(cseg_photometric *c, const cellseg_augmentation *options, uint64_t *random) {
    c->gain = cseg_stream_factor(options->contrast, random);
    c->gamma = cseg_stream_factor(options->gamma, random);
    c->noise = cseg_stream_amount(options->noise, random);
    c->blur_px = cseg_stream_amount(options->blur_px, random);
    for (size_t i = 0; i < 4; i++)
        c->corner[i] = cseg_stream_factor(options->illumination, random);
    c->saturation = cseg_stream_amount(options->saturation, random);
    c->nucleus = cseg_stream_factor(options->nucleus_contrast, random);
    c->texture = cseg_stream_amount(options->texture, random);
    c->texture_px = 0.7 + 2.3 * cseg_stream_uniform(random);
    c->cell = options->cell_contrast;
    c->cells_seed = *random;
}

static double power_of(double value, double power) {
    return value > 0 ? cseg_math_exp(power * cseg_math_log(value)) : 0;
}

static cellseg_status blur(cellseg_context *context, float *image, size_t patch, double sigma_px) {
    const cseg_plane plane = {image, patch, patch, patch * sizeof *image, CELLSEG_FLOAT32};
    return cseg_gaussian_smooth(context, &plane, &plane, sigma_px);
}

/* Multiply the nuclei by a factor, with soft edges. */
static cellseg_status change_nuclei(cellseg_context *context, const cseg_patches *patch, float *mask, size_t edge,
                                    double factor) {
    for (size_t i = 0; i < edge * edge; i++)
        mask[i] = patch->classes[i] == CSEG_CLASS_NUCLEUS ? 1 : 0;
    CSEG_TRY(blur(context, mask, edge, EDGE_PX));
    for (size_t i = 0; i < edge * edge; i++)
        patch->image[i] *= (float)(1 + (factor - 1) * (double)mask[i]);
    return CELLSEG_OK;
}

/* Multiply each cell by its own factor. */
static cellseg_status change_cells(const cseg_photometric *c, cellseg_context *context, const cseg_patches *patch, float *mask,
                                   size_t edge) {
    float factors[UINT8_MAX + 1] = {1};
    for (size_t number = 1; number <= UINT8_MAX; number++) {
        uint64_t random = cseg_stream_new(c->cells_seed, number, 0);
        factors[number] = (float)cseg_stream_factor(c->cell, &random);
    }
    for (size_t i = 0; i < edge * edge; i++)
        mask[i] = factors[patch->cell[i]];
    CSEG_TRY(blur(context, mask, edge, EDGE_PX));
    for (size_t i = 0; i < edge * edge; i++)
        patch->image[i] *= mask[i];
    return CELLSEG_OK;
}

/* Multiply by e to the power of smoothed noise of this standard deviation, which keeps dark pixels dark. */
static cellseg_status add_texture(cellseg_context *context, const cseg_patches *patch, float *noise, size_t edge, double amount,
                                  double sigma_px, uint64_t *random) {
    const double smoothing =
        2 * 1.7724538509055160273 * sigma_px; /* factor by which a Gaussian reduces white noise: 2 sqrt(pi) sigma */
    for (size_t i = 0; i < edge * edge; i++)
        noise[i] = (float)random_normal(random);
    CSEG_TRY(blur(context, noise, edge, sigma_px));
    for (size_t i = 0; i < edge * edge; i++)
        patch->image[i] *= (float)cseg_math_exp(amount * smoothing * (double)noise[i]);
    return CELLSEG_OK;
}

static cellseg_status change_stain(const cseg_photometric *c, cellseg_context *context, const cseg_patches *patch, size_t edge,
                                   uint64_t *random) {
    if (c->cell == 1 && c->nucleus == 1 && c->texture == 0)
        return CELLSEG_OK;
    float *scratch = cseg_memory_alloc(context, edge * edge, sizeof *scratch);
    if (scratch == NULL)
        return cseg_error_last();
    cellseg_status status = CELLSEG_OK;
    if (c->cell != 1)
        status = change_cells(c, context, patch, scratch, edge);
    if (status == CELLSEG_OK && c->nucleus != 1)
        status = change_nuclei(context, patch, scratch, edge, c->nucleus);
    if (status == CELLSEG_OK && c->texture > 0)
        status = add_texture(context, patch, scratch, edge, c->texture, c->texture_px, random);
    cseg_memory_free(scratch);
    return status;
}

/* Bilinear interpolation of the corners' values at (y, x) of a patch. */
static double between(const double corner[4], size_t edge, size_t i, size_t j) {
    const double y = (double)i / (double)edge, x = (double)j / (double)edge;
    const double top = corner[0] + x * (corner[1] - corner[0]), bottom = corner[2] + x * (corner[3] - corner[2]);
    return top + y * (bottom - top);
}

static void change_pixels(const cseg_photometric *c, float *image, size_t edge, double top, uint64_t *random) {
    double max_value = 0;
    for (size_t i = 0; i < edge * edge; i++) {
        double value = image[i];
        if (c->gamma != 1)
            value = power_of(value, c->gamma);
        value *= c->gain * between(c->corner, edge, i / edge, i % edge);
        if (c->noise > 0)
            value += c->noise * random_normal(random);
        value = value > 0 ? value : 0;
        value = value < top ? value : top;
        max_value = value > max_value ? value : max_value;
        image[i] = (float)value;
    }
    const float level = (float)((1 - c->saturation) * max_value);
    for (size_t i = 0; c->saturation > 0 && i < edge * edge; i++)
        image[i] = image[i] < level ? image[i] : level;
}

cellseg_status cseg_photometric_apply(const cseg_photometric *changes, cellseg_context *context, const cseg_rule *rule,
                                      const cseg_patches *patch, uint64_t *random) {
    CSEG_TRY(change_stain(changes, context, patch, rule->patch_px, random));
    if (changes->blur_px > 0)
        CSEG_TRY(blur(context, patch->image, rule->patch_px, changes->blur_px));
    change_pixels(changes, patch->image, rule->patch_px, power_of(rule->clip, rule->power), random);
    return CELLSEG_OK;
}

/*
 * Noise within the rule's limits: its standard deviation is at most about 1 / noise_range of the range. In every second patch
 * the noise is smoothed, as by resampling. A plane between four corners stands for background that the top-hat left.
 */
cellseg_status cseg_photometric_empty(cellseg_context *context, const cseg_rule *rule, float *image, uint64_t *random) {
    const size_t edge = rule->patch_px;
    const double base = 0.2 * cseg_stream_uniform(random), max_noise = rule->noise_range > 5 ? 1.5 / rule->noise_range : 0.3;
    const double noise = max_noise * cseg_stream_uniform(random), sigma_px = cseg_stream_amount(1.5, random);
    double corner[4];
    for (size_t i = 0; i < 4; i++)
        corner[i] = base + 0.1 * cseg_stream_uniform(random);
    for (size_t i = 0; i < edge; i++)
        for (size_t j = 0; j < edge; j++)
            image[i * edge + j] = (float)(between(corner, edge, i, j) + noise * random_normal(random));
    if (sigma_px > 0)
        CSEG_TRY(blur(context, image, edge, sigma_px));
    for (size_t i = 0; i < edge * edge; i++)
        image[i] = (float)power_of(image[i] < rule->clip ? image[i] : rule->clip, rule->power);
    return CELLSEG_OK;
}
