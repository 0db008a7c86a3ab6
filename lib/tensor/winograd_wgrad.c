/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The derivative of a 3x3 convolution by its weights by Winograd's minimal filtering. F(4x4, 3x3) of winograd.c is bilinear in
 * input and filter. So its transpose gives the 3 x 3 sums of 6 x 6 input pixels times 4 x 4 pixels of d_out with 36
 * multiplications instead of 144. Patches of the input are transformed by B as in the forward convolution, patches of d_out by A.
 * At each of the 36 positions the products of all pairs of channels are summed over the patches. G transforms the sums to 3 x 3
 * once for all images. Cost: a quarter of the direct multiply-adds, and the transforms, about 250 operations per patch and
 * channel of input and of d_out, and as many for every 16 weights. Error: a few times that of the direct sum, 1e-6 of a tensor's
 * norm.
 */
#include "tensor/tile_loop.h"

enum { POSITIONS = 36, PATCH = 4, GROUP = 16 };

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t whole_groups(size_t channels) {
    return (channels + GROUP - 1) / GROUP * GROUP;
}

/* Patches lie an odd number of cache lines apart for most numbers of channels, so that a column uses all sets of the cache. */
static size_t patch_step(size_t channels) {
    return whole_groups(channels) + GROUP;
}

/* The patches of a block: enough that the sums, read and written once per block, cost little, and no more than the cache
 * holds. */
static size_t block_patches(size_t rows, size_t columns) {
    enum { FLOATS = 131072, MIN_PATCHES = 64 };
    const size_t patches = FLOATS / (POSITIONS * (patch_step(rows) + patch_step(columns)));
    return patches > MIN_PATCHES ? patches : MIN_PATCHES;
}

static size_t sums_step(size_t rows, size_t columns) {
    return rows * whole_groups(columns);
}

size_t cseg_wgrad_scratch_floats(size_t rows, size_t columns) {
    return POSITIONS * (sums_step(rows, columns) + block_patches(rows, columns) * (patch_step(rows) + patch_step(columns)));
}

/* Patches `first` and on of both factors, transformed; patches are numbered in raster order, image after image. */
static void transform(const cseg_kernels *k, const cseg_outer *o, float *v, float *m, size_t first, size_t patches) {
    const size_t across = (o->width + PATCH - 1) / PATCH, down = (o->height + PATCH - 1) / PATCH;
    const size_t v_patch = patch_step(o->rows), m_patch = patch_step(o->columns);
    for (size_t i = 0; i < patches; i++) {
        const size_t image = (first + i) / (across * down);
        const size_t y = (first + i) / across % down * PATCH, x = (first + i) % across * PATCH;
        const float *a = o->a.data + image * o->a.image + y * o->a.row + x * o->a.pixel;
        const float *b = o->b.data + image * o->b.image + y * o->b.row + x * o->b.pixel;
        k->winograd_in(v + i * v_patch, patches * v_patch, a, o->a.row, o->a.pixel, o->rows, o->height + 2 - y, o->width + 2 - x);
        k->winograd_spread(m + i * m_patch, patches * m_patch, b, o->b.row, o->b.pixel, o->columns, o->height - y, o->width - x);
    }
}

/* One position's products of a block of patches, added to the sums. */
static void multiply(const cseg_kernels *k, const cseg_outer *o, float *sums, const float *v, const float *m, size_t patches,
                     bool first) {
    const size_t columns = whole_groups(o->columns), tiles = (o->rows + k->rows - 1) / k->rows;
    cseg_tile tile = {.a_row = 1, .c_row = columns, .start_row = columns, .count = {1, 1, patches}};
    tile.a_step[2] = patch_step(o->rows);
    tile.b_step[2] = patch_step(o->columns);
    for (size_t i = 0; i < tiles; i++) {
        const size_t row = i * o->rows / tiles;
        tile.rows = (i + 1) * o->rows / tiles - row;
        tile.a = v + row;
        for (size_t column = 0; column < columns; column += k->columns) {
            tile.columns = smaller(k->columns, columns - column);
            tile.b = m + column;
            tile.c = sums + row * columns + column;
            tile.start = first ? NULL : tile.c;
            k->tile(&tile);
        }
    }
}

void cseg_wgrad_run(const cseg_kernels *k, const cseg_outer *o, float *scratch) {
    const size_t across = (o->width + PATCH - 1) / PATCH, down = (o->height + PATCH - 1) / PATCH;
    const size_t patches = o->images * across * down, block_size = block_patches(o->rows, o->columns);
    const size_t blocks = (patches + block_size - 1) / block_size, step = sums_step(o->rows, o->columns);
    for (size_t i = 0; i < blocks; i++) {
        const size_t first = i * patches / blocks, count = (i + 1) * patches / blocks - first;
        float *v = scratch + POSITIONS * step, *m = v + POSITIONS * count * patch_step(o->rows);
        transform(k, o, v, m, first, count);
        for (size_t p = 0; p < POSITIONS; p++)
            multiply(k, o, scratch + p * step, v + p * count * patch_step(o->rows), m + p * count * patch_step(o->columns), count,
                     i == 0);
    }
    for (size_t row = 0; row < o->rows; row++)
        k->winograd_gather(o->c + row * o->columns, o->rows * o->columns, scratch + row * whole_groups(o->columns), step,
                           o->columns);
}
