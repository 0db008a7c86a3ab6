/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * 3x3 convolution to a few channels, too few to fill a vector. Each input pixel is multiplied by all nine taps at once, as a 1x1
 * convolution to 9 * channels columns. An output pixel is the sum of nine columns, one from each neighbour. Three rows of columns
 * are kept. Cost: the direct convolution's multiply-adds with nine times fuller vectors, and 9 additions per output element.
 */
#include "tensor/tile_loop.h"

enum { TAPS = 9, MAX_CHANNELS = 8 };

bool cseg_taps_pays(size_t kernel, size_t channels) {
    return kernel == 3 && channels <= MAX_CHANNELS;
}

static size_t column_stride(size_t channels) {
    return (TAPS * channels + 15) / 16 * 16;
}

size_t cseg_taps_scratch_floats(size_t width, size_t channels) {
    return 3 * (width + 2) * column_stride(channels);
}

static cseg_panels columns_of(const cseg_panels *p) {
    cseg_panels columns = *p;
    columns.taps = 1;
    columns.channels = column_stride(p->channels);
    return columns;
}

size_t cseg_taps_panels_floats(const cseg_kernels *k, const cseg_panels *p) {
    const cseg_panels columns = columns_of(p);
    return cseg_panels_floats(k, &columns);
}

/* [panel][depth][tap and channel] */
void cseg_taps_panels_pack(const cseg_kernels *k, float *packed, const float *weights, const cseg_panels *p) {
    const size_t channels = TAPS * p->channels;
    for (size_t first = 0; first < column_stride(p->channels); first += k->columns)
        for (size_t d = 0; d < p->depth; d++)
            for (size_t c = first; c < first + k->columns; c++) {
                const ptrdiff_t tap = (ptrdiff_t)(c / p->channels) * p->tap_step;
                const size_t at = d * p->depth_step + c % p->channels * p->channel_step;
                *packed++ = c < channels ? weights[tap + (ptrdiff_t)at] : 0.0F;
            }
}

void cseg_taps_run(const cseg_kernels *k, const cseg_loop *w, float *scratch) {
    const size_t stride = column_stride(w->channels), row_floats = (w->width + 2) * stride, depth = w->tile.count[2];
    cseg_loop row = {.images = 1, .height = 1, .width = w->width + 2, .packed = w->packed};
    row.channels = stride; /* whole vectors: the padding is zero */
    row.in.pixel = w->in.pixel;
    row.in.row = w->in.row;
    row.out.pixel = stride;
    row.panel_floats = depth * k->columns;
    row.tile = (cseg_tile){.count = {1, 1, depth}, .a_step = {0, 0, 1}, .b_step = {0, 0, k->columns}};
    for (size_t i = 0; i < w->images; i++)
        for (size_t y = 0; y < w->height + 2; y++) {
            row.in.data = w->in.data + i * w->in.image + y * w->in.row;
            row.out.data = scratch + y % 3 * row_floats;
            row.fetch = y + 1 < w->height + 2;
            cseg_loop_run(k, &row);
            if (y < 2)
                continue;
            const float *const rows[3] = {scratch + (y - 2) % 3 * row_floats, scratch + (y - 1) % 3 * row_floats, row.out.data};
            float *out = w->out.data + i * w->out.image + (y - 2) * w->out.row;
            k->taps_add(out, w->out.pixel, w->width, w->channels, rows, stride, w->accumulate ? out : w->tile.start,
                        w->accumulate ? w->out.pixel : 0, w->tile.relu);
        }
}
