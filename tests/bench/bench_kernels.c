/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The time of every kernel of every kernel table, on every processor level of this machine, on one thread and on data in the
 * second-level cache. The levels take turns, and each figure is the median of all turns, so that a change of the machine's speed
 * reaches all levels alike.
 */
#include "filter/filter_kernels.h"
#include "morph/morph_kernels.h"
#include "tensor/tensor_kernels.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] = "usage: bench_kernels [ROOM ...] [--json]\n"
                            "Time every kernel of the rooms tensor, filter and morph (all of them without a ROOM).\n"
                            "Prints picoseconds per sample for each row of the table, and how many times as fast as the C row.\n"
                            "  --json   JSON lines {\"room\", \"kernel\", \"cpu\", \"ps_per_sample\"} in place of the table\n";

enum { WIDTH = 2048, ROWS = 36, FLOATS = ROWS * WIDTH, CHANNELS = 64, EDGE = 16, TURNS = 21, MAX_LEVELS = 3 };

/* One processor level. */
typedef struct row {
    const char *cpu;
    const cseg_kernels *tensor;
    const cseg_filter_kernels *filter;
    const cseg_morph_kernels *morph; /* of the case's pixel type */
    int32_t type;
    size_t sample; /* bytes */
} row;

static struct memory {
    _Alignas(64) float in[FLOATS];
    _Alignas(64) float out[FLOATS];
    double sums[2][CHANNELS];
    float channels[6][CHANNELS];
    cseg_tensor x, y, d, small;
    cseg_fir_group group;
} m;

static void fill(float *values, size_t count) {
    for (size_t i = 0; i < count; i++)
        values[i] = (float)(cseg_random_bits(1, i) >> 40) * 0x1p-24F;
}

static void *allocated(size_t floats) {
    float *block = cseg_memory_calloc(NULL, floats, sizeof *block);
    if (block == NULL)
        exit(1);
    fill(block, floats);
    return block;
}

static cseg_tensor new_tensor(size_t edge) {
    return cseg_tensor_place(allocated(cseg_tensor_floats(1, edge, edge, CHANNELS, 2)), 1, edge, edge, CHANNELS, 2);
}

/* ---- tensor ---- */

enum { TILE_DEPTH = 256, PIXELS = EDGE * EDGE, TILES = PIXELS / 16 };

static void run_tile(const row *r) {
    const size_t rows = r->tensor->rows, columns = r->tensor->columns;
    const cseg_tile tile = {.rows = rows,
                            .columns = columns,
                            .a = m.in,
                            .b = m.in,
                            .a_row = TILE_DEPTH,
                            .count = {1, 1, TILE_DEPTH},
                            .a_step = {0, 0, 1},
                            .b_step = {0, 0, columns},
                            .c = m.out,
                            .c_row = columns};
    for (size_t done = 0; done < 14 * 32; done += rows * columns) /* the largest tile of any level, rounded up */
        r->tensor->tile(&tile);
}
static void run_winograd_in(const row *r) {
    for (size_t i = 0; i < TILES; i++)
        r->tensor->winograd_in(m.out, CHANNELS, m.x.data, m.x.row, m.x.pixel, CHANNELS, 6, 6);
}
static void run_winograd_out(const row *r) {
    const cseg_winograd_store store = {.row = m.y.row, .pixel = m.y.pixel, .channels = CHANNELS, .m_step = CHANNELS};
    for (size_t i = 0; i < TILES; i++)
        r->tensor->winograd_out(m.y.data, m.in, &store, 4, 4);
}
static void run_winograd_spread(const row *r) {
    for (size_t i = 0; i < TILES; i++)
        r->tensor->winograd_spread(m.out, CHANNELS, m.x.data, m.x.row, m.x.pixel, CHANNELS, 4, 4);
}
static void run_winograd_gather(const row *r) {
    for (size_t i = 0; i < TILES; i++)
        r->tensor->winograd_gather(m.out, CHANNELS, m.in, CHANNELS, CHANNELS);
}
static void run_taps_add(const row *r) {
    const float *const rows[3] = {m.in, m.in + 9 * 260, m.in + 18 * 260};
    r->tensor->taps_add(m.out, 16, 256, 3, rows, 27, NULL, 0, false);
}
static void run_sigmoid(const row *r) {
    fill(m.out, 64); /* sigmoids of sigmoids stay in (0, 1): no case is special */
    r->tensor->sigmoid(m.out, WIDTH);
}
static void run_pool_row_backward(const row *r) {
    for (size_t y = 0; y < EDGE / 2; y++)
        r->tensor->pool_row_backward(m.d.data + 2 * y * m.d.row, m.small.data + y * m.small.row, m.x.data + 2 * y * m.x.row, &m.d,
                                     &m.small, &m.x, false);
}
static void run_dropout_row(const row *r) {
    r->tensor->dropout_row(m.out, CHANNELS, m.in, CHANNELS, PIXELS, CHANNELS, 1, 2, 0x8000, 2);
}
static void run_norm_sums(const row *r) {
    r->tensor->norm_sums(m.sums[0], m.sums[1], &m.x);
}
static const cseg_norm norm = {m.channels[0], m.channels[1], m.channels[2], m.channels[3], true};
static void run_norm_forward(const row *r) {
    r->tensor->norm_forward(&m.y, &m.x, &norm);
}
static void run_norm_backward_sums(const row *r) {
    r->tensor->norm_backward_sums(m.sums[0], m.sums[1], &m.y, &m.x, &norm);
}
static void run_norm_backward(const row *r) {
    r->tensor->norm_backward(&m.d, &m.y, &m.x, &norm, m.channels[4], m.channels[5]);
}

/* ---- filter ---- */

enum { RADIUS = 12, MARGIN = 64, PANELS = 32, PANEL = CSEG_FIR_PANEL, COUNT = 1500 };

static const float weights[RADIUS + 1] = {1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13};

static void run_fir_along(const row *r) {
    for (size_t p = 0; p < PANELS; p++)
        r->filter->fir_along(m.out + p * PANEL, m.in + MARGIN + p * PANEL, weights, RADIUS, 1);
}
static void run_fir_along_group(const row *r) {
    for (size_t p = 0; p < PANELS; p++)
        r->filter->fir_along_group(m.out + p * PANEL, WIDTH, m.in + MARGIN + p * PANEL, &m.group);
}
static void run_fir_across(const row *r) {
    for (size_t p = 0; p < PANELS; p += 2)
        r->filter->fir_across(m.out + p * PANEL, PANEL, m.in + (RADIUS + p) * PANEL, weights, RADIUS, 1);
}
static void run_fir_across_spaced(const row *r) {
    for (size_t p = 0; p < PANELS; p += 2)
        r->filter->fir_across(m.out + p * PANEL, PANEL, m.in + (2 * RADIUS + p) * PANEL, weights, RADIUS, 2);
}
static void run_fir_across_sum(const row *r) {
    for (size_t p = 0; p < PANELS; p += 2) {
        const float *a = m.in + (RADIUS + p) * PANEL;
        r->filter->fir_across_sum(m.out + p * PANEL, PANEL, a, a + 60 * PANEL, weights, weights, RADIUS);
    }
}
static void run_fir_between(const row *r) {
    for (size_t p = 0; p < PANELS; p++)
        r->filter->fir_between(m.out + p * PANEL, false, m.in + MARGIN + p * PANEL, m.in + MARGIN + p * PANEL, weights, 9, 1);
}
static void run_laplacian(const row *r) {
    const float *const rows[3] = {m.in, m.in + WIDTH, m.in + 2 * WIDTH};
    r->filter->laplacian(m.out, rows, 5, -0.5F, COUNT);
}
static void run_expand_rows(const row *r) {
    const float *const rows[4] = {m.in, m.in + WIDTH, m.in + 2 * WIDTH, m.in + 3 * WIDTH};
    r->filter->expand_rows(m.out, rows, weights, COUNT);
}
static void run_expand_columns(const row *r) {
    r->filter->expand_columns(m.out, m.out + WIDTH, m.in, weights, true, COUNT);
}
static void run_bins(const row *r) {
    static const double largest[] = {
        [CELLSEG_UINT8] = 255,   [CELLSEG_UINT16] = 65535, [CELLSEG_UINT32] = 1e9, [CELLSEG_FLOAT32] = 1,
        [CELLSEG_INT16] = 32767, [CELLSEG_INT32] = 1e9,    [CELLSEG_FLOAT64] = 1};
    const cseg_binning binning = cseg_binning_of(0, largest[r->type], 256);
    r->filter->bins[r->type]((uint32_t *)(void *)m.out, m.in, COUNT, &binning);
}

/* ---- morph; strips of 64 rows, rows of 1024 bytes ---- */

enum { STRIP = CSEG_MORPH_STRIP_BYTES, HEIGHT = 64, BYTES = 1024, STRIDE = 1088, REACH = 15, LEVELS = 5 };

static void slide_over(const row *r, const void *minuend) {
    const cseg_morph_strip strip = {.to = (char *)m.out,
                                    .from = (const char *)m.in,
                                    .to_stride = STRIDE,
                                    .from_stride = STRIDE,
                                    .height = HEIGHT,
                                    .columns = STRIP / r->sample,
                                    .before = REACH,
                                    .after = REACH,
                                    .scratch = m.out + FLOATS / 2,
                                    .minuend = minuend,
                                    .minuend_stride = STRIDE};
    r->morph->slide(&strip, true);
}
static void run_slide(const row *r) {
    slide_over(r, NULL);
}
static void run_slide_subtract(const row *r) {
    slide_over(r, m.in);
}
static void run_clear(const row *r) {
    r->morph->clear(m.out, BYTES / r->sample, true);
}
static void run_build(const row *r) {
    r->morph->build(m.out, m.in, BYTES / r->sample, REACH, LEVELS, true);
}
static void run_chord(const row *r) {
    r->morph->chord(m.out, m.in, BYTES / r->sample, REACH, 7, true);
}
static void run_merge(const row *r) {
    r->morph->merge(m.out, m.in, BYTES / r->sample, true);
}

static void run_bits(const row *r) {
    r->morph->bits((uint64_t *)(void *)m.out, (const uint8_t *)m.in, BYTES / 64);
}

/* ---- the table of kernels ---- */

typedef struct kernel_case {
    const char *room, *name;
    void (*run)(const row *r);
    size_t samples; /* of one run; with `type`, bytes */
    int32_t type;   /* 0 where the kernel has no pixel type */
} kernel_case;

#define CASE(room, name, run, bytes, type)                                                                                       \
    { room, name, run, bytes, type }
#define TYPES(room, name, run, bytes)                                                                                            \
    CASE(room, name " uint8", run, bytes, CELLSEG_UINT8), CASE(room, name " uint16", run, bytes, CELLSEG_UINT16),                \
        CASE(room, name " uint32", run, bytes, CELLSEG_UINT32), CASE(room, name " int16", run, bytes, CELLSEG_INT16),            \
        CASE(room, name " int32", run, bytes, CELLSEG_INT32), CASE(room, name " float32", run, bytes, CELLSEG_FLOAT32),          \
        CASE(room, name " float64", run, bytes, CELLSEG_FLOAT64)

static const kernel_case cases[] = {
    {"tensor", "tile", run_tile, (size_t)14 * 32 * TILE_DEPTH, 0},
    {"tensor", "winograd_in", run_winograd_in, PIXELS *CHANNELS, 0},
    {"tensor", "winograd_out", run_winograd_out, PIXELS *CHANNELS, 0},
    {"tensor", "winograd_spread", run_winograd_spread, PIXELS *CHANNELS, 0},
    {"tensor", "winograd_gather", run_winograd_gather, TILES *CHANNELS * 9, 0},
    {"tensor", "taps_add", run_taps_add, (size_t)256 * 3, 0},
    {"tensor", "sigmoid", run_sigmoid, WIDTH, 0},
    {"tensor", "pool_row_backward", run_pool_row_backward, PIXELS *CHANNELS, 0},
    {"tensor", "dropout_row", run_dropout_row, PIXELS *CHANNELS, 0},
    {"tensor", "norm_sums", run_norm_sums, PIXELS *CHANNELS, 0},
    {"tensor", "norm_forward", run_norm_forward, PIXELS *CHANNELS, 0},
    {"tensor", "norm_backward_sums", run_norm_backward_sums, PIXELS *CHANNELS, 0},
    {"tensor", "norm_backward", run_norm_backward, PIXELS *CHANNELS, 0},
    {"filter", "fir_along", run_fir_along, PANELS *PANEL, 0},
    {"filter", "fir_along_group", run_fir_along_group, PANELS *PANEL * 2 * CSEG_FIR_GROUP, 0},
    {"filter", "fir_across", run_fir_across, PANELS *PANEL, 0},
    {"filter", "fir_across spacing 2", run_fir_across_spaced, PANELS *PANEL, 0},
    {"filter", "fir_across_sum", run_fir_across_sum, PANELS *PANEL, 0},
    {"filter", "fir_between", run_fir_between, PANELS *PANEL, 0},
    {"filter", "laplacian", run_laplacian, COUNT, 0},
    {"filter", "expand_rows", run_expand_rows, COUNT, 0},
    {"filter", "expand_columns", run_expand_columns, (size_t)2 * COUNT, 0},
    {"filter", "bins uint8", run_bins, COUNT, CELLSEG_UINT8},
    {"filter", "bins uint16", run_bins, (size_t)2 * COUNT, CELLSEG_UINT16},
    {"filter", "bins uint32", run_bins, (size_t)4 * COUNT, CELLSEG_UINT32},
    {"filter", "bins int16", run_bins, (size_t)2 * COUNT, CELLSEG_INT16},
    {"filter", "bins int32", run_bins, (size_t)4 * COUNT, CELLSEG_INT32},
    {"filter", "bins float32", run_bins, (size_t)4 * COUNT, CELLSEG_FLOAT32},
    {"filter", "bins float64", run_bins, (size_t)8 * COUNT, CELLSEG_FLOAT64},
    TYPES("morph", "slide", run_slide, (size_t)STRIP *HEIGHT),
    TYPES("morph", "slide subtract", run_slide_subtract, (size_t)STRIP *HEIGHT),
    {"morph", "bits uint8", run_bits, BYTES, CELLSEG_UINT8},
    TYPES("morph", "clear", run_clear, BYTES),
    TYPES("morph", "build", run_build, (size_t)BYTES *LEVELS),
    TYPES("morph", "chord", run_chord, BYTES),
    TYPES("morph", "merge", run_merge, BYTES),
};
enum { CASES = sizeof cases / sizeof *cases };

/* ---- measuring ---- */

static double now_ns(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e9 + (double)t.tv_nsec;
}

static double ns_per_run(const kernel_case *c, const row *r, size_t repeats) {
    const double start = now_ns();
    for (size_t i = 0; i < repeats; i++)
        c->run(r);
    return (now_ns() - start) / (double)repeats;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* The levels of this machine, the C row first. */
static size_t levels_here(int32_t levels[MAX_LEVELS]) {
    const int32_t best = cseg_cpu_best();
    size_t count = 0;
    levels[count++] = CELLSEG_CPU_PORTABLE;
    if (best == CELLSEG_CPU_AVX512)
        levels[count++] = CELLSEG_CPU_AVX2;
    if (best != CELLSEG_CPU_PORTABLE)
        levels[count++] = best;
    return count;
}

static row row_of(const kernel_case *c, int32_t level) {
    static const char *const names[] = {"", "c", "avx2", "avx512", "neon"};
    row r = {.cpu = names[level], .type = c->type, .sample = cseg_plane_type_size(c->type)};
    r.tensor = cseg_kernels_select(level);
    r.filter = cseg_filter_kernels_select(level);
    r.morph = strcmp(c->room, "morph") == 0 ? cseg_morph_kernels_select(level, c->type) : NULL;
    return r;
}

static void time_case(const kernel_case *c, bool json) {
    enum { TURN_NS = 500000 };
    int32_t levels[MAX_LEVELS];
    double times[MAX_LEVELS][TURNS];
    const size_t count = levels_here(levels);
    for (size_t turn = 0; turn < TURNS; turn++)
        for (size_t i = 0; i < count; i++) {
            const row r = row_of(c, levels[i]);
            const double once = ns_per_run(c, &r, 1);
            times[i][turn] = ns_per_run(c, &r, once < TURN_NS ? (size_t)(TURN_NS / once) + 1 : 1);
        }
    const double samples = (double)c->samples / (c->type != 0 ? (double)cseg_plane_type_size(c->type) : 1);
    for (size_t i = 0; i < count; i++) {
        qsort(times[i], TURNS, sizeof times[i][0], by_value);
        const double ps = times[i][TURNS / 2] / samples * 1e3;
        if (json)
            (void)printf("{\"room\": \"%s\", \"kernel\": \"%s\", \"cpu\": \"%s\", \"ps_per_sample\": %.1f}\n", c->room, c->name,
                         row_of(c, levels[i]).cpu, ps);
        else
            (void)printf("%-7s %-22s %-7s %9.1f ps %6.2f\n", c->room, c->name, row_of(c, levels[i]).cpu, ps,
                         times[0][TURNS / 2] / times[i][TURNS / 2]);
    }
    (void)fflush(stdout);
}

static void set_memory(void) {
    fill(m.in, FLOATS);
    fill(m.out, FLOATS);
    fill(m.channels[0], 6 * CHANNELS);
    m.x = new_tensor(EDGE);
    m.y = new_tensor(EDGE);
    m.d = new_tensor(EDGE);
    m.small = new_tensor(EDGE / 2);
    static float group_weights[(RADIUS + 1) * CSEG_FIR_GROUP * 2];
    fill(group_weights, sizeof group_weights / sizeof *group_weights);
    m.group = (cseg_fir_group){CSEG_FIR_GROUP, {4, 6, 8, 10, RADIUS}, group_weights};
}

int main(int argc, char **argv) {
    bool json = false;
    int rooms = 0;
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "--help") == 0) {
            (void)fputs(usage, stdout);
            return 0;
        }
        json = json || strcmp(argv[i], "--json") == 0;
        rooms += argv[i][0] != '-';
    }
    set_memory();
    for (size_t i = 0; i < CASES; i++) {
        bool wanted = rooms == 0;
        for (int a = 1; a < argc; a++)
            wanted = wanted || strcmp(argv[a], cases[i].room) == 0;
        if (wanted)
            time_case(&cases[i], json);
    }
    return 0;
}
