/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 3x3 convolution by Winograd's minimal filtering F(4x4, 3x3) (Lavin and Gray, CVPR 2016): 4 x 4 output pixels from 6 x 6 input
 * pixels with 36 multiplications instead of 144. Input patches and filters are transformed; at each of the 36 positions a matrix
 * product sums over the channels; the products are transformed back. A block of patches goes through all three steps before the
 * next block, so that intermediate values stay in the second-level cache. Cost: a quarter of the direct multiply-adds, and the
 * transforms, about 250 operations per patch and channel of input and of output. Error: about 20 times that of the direct sum,
 * 2e-5 of the output's spread.
 */
#include "tensor/tile_loop.h"

enum { POSITIONS = 36, PATCH = 4, GROUP = 16, BLOCK = 28 };

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

static size_t whole_groups(size_t channels) {
    return (channels + GROUP - 1) / GROUP * GROUP;
}

/* Positions lie one cache line more than a block apart, so that they use different sets of the cache. */
static size_t position_step(size_t patches, size_t floats) {
    return patches * floats + GROUP;
}

/* The patches of a block: whole tiles, up to BLOCK patches. */
static size_t block_patches(const cseg_kernels *k) {
    return k->rows > BLOCK ? k->rows : BLOCK / k->rows * k->rows;
}

bool cseg_winograd_pays(size_t kernel, size_t depth, size_t channels) {
    return kernel == 3 && depth >= GROUP && channels >= GROUP;
}

size_t cseg_winograd_scratch_floats(const cseg_kernels *k, size_t depth) {
    return POSITIONS * (position_step(block_patches(k), whole_groups(depth)) + position_step(block_patches(k), k->columns));
}

/* G g: six values from three. */
static void transform_filter(double u[6], double g0, double g1, double g2) {
    const double even = g0 + g2, far_even = g0 + 4 * g2;
    u[0] = g0 / 4;
    u[1] = -(even + g1) / 6;
    u[2] = -(even - g1) / 6;
    u[3] = (far_even + 2 * g1) / 24;
    u[4] = (far_even - 2 * g1) / 24;
    u[5] = g2;
}

/* One filter's 36 values, `step` floats apart. */
static void pack_filter(float *packed, size_t step, const float *weights, ptrdiff_t tap_step) {
    double once[3][6]; /* transformed along columns */
    for (ptrdiff_t x = 0; x < 3; x++)
        transform_filter(once[x], (double)weights[x * tap_step], (double)weights[(3 + x) * tap_step],
                         (double)weights[(6 + x) * tap_step]);
    for (size_t y = 0; y < 6; y++) {
        double u[6];
        transform_filter(u, once[0][y], once[1][y], once[2][y]);
        for (size_t x = 0; x < 6; x++)
            packed[(y * 6 + x) * step] = (float)u[x];
    }
}

size_t cseg_winograd_panels_floats(const cseg_kernels *k, const cseg_panels *p) {
    cseg_panels position = *p;
    position.taps = POSITIONS;
    return cseg_panels_floats(k, &position);
}

/* [panel][position][depth][column] */
void cseg_winograd_panels_pack(const cseg_kernels *k, float *packed, const float *weights, const cseg_panels *p) {
    const size_t step = p->depth * k->columns;
    for (size_t first = 0; first < p->channels; first += k->columns, packed += (POSITIONS - 1) * step)
        for (size_t d = 0; d < p->depth; d++)
            for (size_t c = first; c < first + k->columns; c++, packed++)
                if (c < p->channels)
                    pack_filter(packed, step, weights + d * p->depth_step + c * p->channel_step, p->tap_step);
                else
                    for (size_t i = 0; i < POSITIONS; i++)
                        packed[i * step] = 0;
}

/* The place of a patch; patches are numbered in raster order, image after image. */
typedef struct place {
    size_t image, y, x; /* output pixel */
} place;

static place place_of(const cseg_loop *w, size_t patch) {
    const size_t across = (w->width + PATCH - 1) / PATCH, down = (w->height + PATCH - 1) / PATCH;
    return (place){.image = patch / (across * down), .y = patch / across % down * PATCH, .x = patch % across * PATCH};
}

/* A block of patches: v, its transform, and m, the 36 products with one panel of weights. */
typedef struct block {
    const cseg_kernels *kernels;
    const cseg_loop *loop;
    size_t first, patches;
    float *v, *m;
    size_t v_row, v_step, m_step;
} block;

static void transform(const block *b) {
    const cseg_loop *w = b->loop;
    for (size_t i = 0; i < b->patches; i++) {
        const place at = place_of(w, b->first + i);
        const float *in = w->in.data + at.image * w->in.image + at.y * w->in.row + at.x * w->in.pixel;
        b->kernels->winograd_in(b->v + i * b->v_row, b->v_step, in, w->in.row, w->in.pixel, w->tile.count[2],
                                w->height + 2 - at.y, w->width + 2 - at.x);
    }
}

static void multiply(const block *b, const float *panel, size_t columns) {
    const cseg_kernels *k = b->kernels;
    const size_t depth = b->loop->tile.count[2], tiles = (b->patches + k->rows - 1) / k->rows;
    cseg_tile tile = {.columns = columns, .a_row = b->v_row, .c_row = k->columns, .count = {1, 1, depth}};
    tile.a_step[2] = 1;
    tile.b_step[2] = k->columns;
    tile.b = panel;
    for (size_t position = 0; position < POSITIONS; position++, tile.b += depth * k->columns)
        for (size_t i = 0; i < tiles; i++) {
            const size_t patch = i * b->patches / tiles;
            tile.rows = (i + 1) * b->patches / tiles - patch;
            tile.a = b->v + position * b->v_step + patch * b->v_row;
            tile.c = b->m + position * b->m_step + patch * k->columns;
            k->tile(&tile);
        }
}

static void transform_back(const block *b, size_t channel, size_t channels) {
    const cseg_loop *w = b->loop;
    const cseg_winograd_store store = {.row = w->out.row,
                                       .pixel = w->out.pixel,
                                       .channels = channels,
                                       .m_step = b->m_step,
                                       .bias = w->tile.start == NULL ? NULL : w->tile.start + channel,
                                       .accumulate = w->accumulate,
                                       .relu = w->tile.relu};
    for (size_t i = 0; i < b->patches; i++) {
        const place at = place_of(w, b->first + i);
        float *out = w->out.data + at.image * w->out.image + at.y * w->out.row + at.x * w->out.pixel + channel;
        b->kernels->winograd_out(out, b->m + i * b->kernels->columns, &store, smaller(PATCH, w->height - at.y),
                                 smaller(PATCH, w->width - at.x));
    }
}

static void run_block(const block *b) {
    const size_t columns = b->kernels->columns, depth = b->loop->tile.count[2], channels = b->loop->channels;
    transform(b);
    for (size_t channel = 0; channel < channels; channel += columns) {
        multiply(b, b->loop->packed + channel / columns * POSITIONS * depth * columns,
                 smaller(columns, whole_groups(channels - channel)));
        transform_back(b, channel, smaller(columns, channels - channel));
    }
}

void cseg_winograd_run(const cseg_kernels *k, const cseg_loop *w, float *scratch) {
    const size_t across = (w->width + PATCH - 1) / PATCH, down = (w->height + PATCH - 1) / PATCH;
    const size_t patches = w->images * across * down, block_size = block_patches(k);
    const size_t blocks = (patches + block_size - 1) / block_size;
    block b = {.kernels = k, .loop = w, .v_row = whole_groups(w->tile.count[2])};
    for (size_t i = 0; i < blocks; i++) {
        b.first = i * patches / blocks;
        b.patches = (i + 1) * patches / blocks - b.first;
        b.v_step = position_step(b.patches, b.v_row);
        b.m_step = position_step(b.patches, k->columns);
        b.v = scratch;
        b.m = scratch + POSITIONS * b.v_step;
        run_block(&b);
    }
}
