/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every row of the filter room's kernel table gives the same bytes as the C row, at every length from 1 to 100, and touches no
 * sample beyond. The C row's convolutions are the C standard's fmaf() one product after the other. The whole filters give the
 * same bytes on every level.
 */
#include "rows.h"

#include "filter/filter.h"
#include "filter/filter_kernels.h"

#include <inttypes.h>
#include <math.h>

enum {
    MAX_COUNT = 100,
    RADIUS = 20,
    SPACING = 3,
    PANEL = CSEG_FIR_PANEL,
    MARGIN = RADIUS * SPACING * PANEL,
    FLOATS = 2 * MARGIN + 512
};

static float in[FLOATS], other[FLOATS], weights[2 * CSEG_FIR_GROUP * (RADIUS + 1)];
static int32_t levels[TEST_MAX_ROWS];
static size_t rows;

/* Of several magnitudes and both signs, so that sums round; some are zero. */
static void fill(float *values, size_t count, uint64_t seed) {
    for (size_t i = 0; i < count; i++) {
        const double unit = 2 * test_uniform(&seed) - 1, scale = (double)(1 << test_random(&seed) % 12);
        values[i] = test_random(&seed) % 16 == 0 ? 0.0F : (float)(unit * scale);
    }
}

static int set_up(void **state) {
    (void)state;
    fill(in, FLOATS, 1);
    fill(other, FLOATS, 2);
    fill(weights, sizeof weights / sizeof *weights, 3);
    rows = test_rows(levels);
    return 0;
}

/* What a kernel wrote, between margins that it must leave alone. */
typedef struct output {
    float values[FLOATS];
} output;

static output fresh(void) {
    output out;
    fill(out.values, FLOATS, 4);
    return out;
}

/* ---- convolution ---- */

static float chain(const float *left, const float *right, const float *w, float sum, size_t first, size_t end, size_t spacing) {
    for (size_t k = first; k < end; k++)
        sum = fmaf(w[k], *(left - k * spacing) + right[k * spacing], sum);
    return sum;
}

static void panels_of(output *out, const cseg_filter_kernels *k, size_t radius) {
    for (size_t spacing = 1; spacing <= SPACING; spacing++) {
        float *to = out->values + (spacing - 1) * 5 * PANEL;
        k->fir_along(to, in + MARGIN, weights, radius, spacing);
        k->fir_across(to + PANEL, 2 * PANEL, in + MARGIN, weights, radius, spacing);
        k->fir_between(to + 2 * PANEL, spacing == 2, in + MARGIN, other + MARGIN, weights, radius, spacing);
        k->fir_between(to + 4 * PANEL, false, in + MARGIN, other + MARGIN, weights, radius, spacing);
    }
    k->fir_across_sum(out->values + 15 * PANEL, PANEL, in + MARGIN, other + MARGIN, weights, weights + 1, radius);
}

static void convolutions_are_chains_of_fmaf(void **state) {
    (void)state;
    for (size_t radius = 0; radius <= RADIUS; radius++)
        for (size_t spacing = 1; spacing <= SPACING; spacing++) {
            float along[PANEL], across[2 * PANEL], between[PANEL];
            cseg_filter_kernels_c.fir_along(along, in + MARGIN, weights, radius, spacing);
            cseg_filter_kernels_c.fir_across(across, PANEL, in + MARGIN, weights, radius, spacing);
            cseg_filter_kernels_c.fir_between(between, false, in + MARGIN, other + MARGIN, weights, radius, spacing);
            for (size_t x = 0; x < PANEL; x++) {
                const float *at = in + MARGIN + x;
                assert_true(along[x] == chain(at, at, weights, *at * weights[0], 1, radius + 1, spacing));
                assert_true(between[x] == chain(at, other + MARGIN + x, weights, 0, 0, radius, spacing));
            }
            for (size_t x = 0; x < 2 * PANEL; x++) {
                const float *at = in + MARGIN + x;
                assert_true(across[x] == chain(at, at, weights, *at * weights[0], 1, radius + 1, spacing * PANEL));
            }
        }
}

static void groups_of(output *out, const cseg_filter_kernels *k, size_t count, size_t radius) {
    cseg_fir_group group = {.count = count, .weights = weights};
    for (size_t f = 0; f < count; f++)
        group.radius[f] = radius * (f + 1) / count;
    k->fir_along_group(out->values, PANEL, in + MARGIN, &group);
}

/* ---- loops over `count` samples ---- */

static void laplacian_of(output *out, const cseg_filter_kernels *k, size_t count, size_t step) {
    const float *const three[3] = {in + 1, in + 200, other + 3};
    k->laplacian(out->values, three, step, -0.37F, count);
}

static void expanded(output *out, const cseg_filter_kernels *k, size_t count, size_t accumulate) {
    const float *const four[CSEG_PYRAMID_TAPS] = {in, in + 131, other + 1, other + 300};
    k->expand_rows(out->values, four, weights, count);
    k->expand_columns(out->values + MARGIN, out->values + 2 * MARGIN, in + 1, weights, accumulate != 0, count);
}

static void put(void *values, size_t type, size_t i, uint32_t bits) {
    static const float special[] = {-5.5F, 7, 7.0000005F, -5.5000005F, INFINITY, -INFINITY, NAN, -0.0F};
    if (type == CELLSEG_FLOAT32)
        ((float *)values)[i] = i % 11 < 8 ? in[i] : special[bits % 8];
    else if (type == CELLSEG_FLOAT64)
        ((double *)values)[i] = i % 11 < 8 ? (double)in[i] * (1 + 0x1p-40) : (double)special[bits % 8];
    else /* two or four smaller numbers, the lowest first on every processor */
        for (size_t size = cseg_plane_type_size((int32_t)type), b = 0; b < sizeof bits; b += size) {
            const uint32_t number = bits >> 8 * b;
            void *to = (char *)values + i * sizeof bits + b;
            if (size == 1)
                *(uint8_t *)to = (uint8_t)number;
            else if (size == 2)
                *(uint16_t *)to = (uint16_t)number;
            else
                *(uint32_t *)to = number;
        }
}

static void bins_of(output *out, const cseg_filter_kernels *k, size_t count, size_t type) {
    static const double range[][2] = {
        [CELLSEG_UINT8] = {3, 200},    [CELLSEG_UINT16] = {1000, 50000}, [CELLSEG_UINT32] = {1e8, 4e9},
        [CELLSEG_FLOAT32] = {-5.5, 7}, [CELLSEG_INT16] = {-20000, 99},   [CELLSEG_INT32] = {-2e9, 1e9},
        [CELLSEG_FLOAT64] = {-5.5, 7}};
    double values[MAX_COUNT];
    uint64_t seed = count;
    for (size_t i = 0; i < MAX_COUNT; i++)
        put(values, type, i, (uint32_t)test_random(&seed));
    const cseg_binning binning = cseg_binning_of(range[type][0], range[type][1], 2 * count + 1);
    k->bins[type]((uint32_t *)(void *)out->values, values, count, &binning);
}

/* ---- every row ---- */

typedef struct kernel_test {
    const char *name;
    void (*run)(output *out, const cseg_filter_kernels *k, size_t count, size_t variant);
    size_t first, last, variants; /* of count, and of 0 ... variants - 1 */
    size_t written;               /* samples beyond written * count of the first margin stay; 0: not tested */
} kernel_test;

static void panels_of_radius(output *out, const cseg_filter_kernels *k, size_t count, size_t variant) {
    (void)variant;
    panels_of(out, k, count - 1);
}
static void laplacian_of_step(output *out, const cseg_filter_kernels *k, size_t count, size_t variant) {
    laplacian_of(out, k, count, variant + 1);
}
static void bins_of_type(output *out, const cseg_filter_kernels *k, size_t count, size_t variant) {
    bins_of(out, k, count, variant + 1);
}

static const kernel_test kernel_tests[] = {
    {"fir", panels_of_radius, 1, RADIUS + 1, 1, 0},
    {"fir_along_group", groups_of, 1, CSEG_FIR_GROUP, RADIUS + 1, 2 * PANEL},
    {"laplacian", laplacian_of_step, 1, MAX_COUNT, 7, 1},
    {"expand", expanded, 1, MAX_COUNT, 2, 1},
    {"bins", bins_of_type, 1, MAX_COUNT, 7, 1},
};

static void all_rows_give_the_same_bytes(void **state) {
    (void)state;
    uint64_t digest = TEST_DIGEST;
    const output before = fresh();
    for (size_t t = 0; t < sizeof kernel_tests / sizeof *kernel_tests; t++)
        for (size_t count = kernel_tests[t].first; count <= kernel_tests[t].last; count++)
            for (size_t variant = 0; variant < kernel_tests[t].variants; variant++) {
                output want = before;
                kernel_tests[t].run(&want, &cseg_filter_kernels_c, count, variant);
                digest = test_digest_numbers(digest, want.values, FLOATS, sizeof(float));
                const size_t end = kernel_tests[t].written * count;
                if (end > 0)
                    assert_memory_equal(want.values + end, before.values + end, (MARGIN - end) * sizeof(float));
                for (size_t r = 1; r < rows; r++) {
                    output have = before;
                    kernel_tests[t].run(&have, cseg_filter_kernels_select(levels[r]), count, variant);
                    assert_same_bytes(&want, &have, sizeof want, kernel_tests[t].name, levels[r], count);
                }
            }
    /* Other machines and compilers, too: where a kernel changes on purpose, so does this number. */
    if (digest != 0x3696451876d24f37ULL)
        fail_msg("the bytes of all kernels have the digest 0x%016" PRIx64, digest);
}

/* ---- whole filters ---- */

enum { HEIGHT = 9 };

static void filter_image(uint64_t *digest, float *out, int32_t level, int32_t type, size_t width) {
    cellseg_context_options options;
    cellseg_context *context;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.cpu_level = level;
    assert_ok(cellseg_context_new(&context, &options));
    double pixels[HEIGHT * MAX_COUNT];
    const size_t sample = cseg_plane_type_size(type), size = HEIGHT * width;
    for (size_t i = 0; i < HEIGHT * MAX_COUNT; i++)
        pixels[i] = (double)in[i] * (1 + 0x1p-40);
    if (type != CELLSEG_FLOAT64)
        memcpy(pixels, in, HEIGHT * MAX_COUNT * sizeof *in); /* any bits are an integer */
    const cseg_plane from = {pixels, HEIGHT, width, width * sample, type};
    const double sigmas[] = {2.2, 3.1, 5.5};
    uint64_t counts[40];
    for (size_t i = 0; i < 4; i++) {
        const cseg_plane to = {out + i * size, HEIGHT, width, width * sizeof *out, CELLSEG_FLOAT32};
        if (i < 2)
            assert_ok(cseg_gaussian_smooth(context, &to, &from, i == 0 ? 1.4 : 17));
        else if (i == 2)
            assert_ok(cseg_laplacian_compute(context, &to, &from, sigmas, 3));
        else
            assert_ok(cseg_laplacian_compute_fast(context, &to, &from, sigmas, 3));
    }
    assert_ok(cseg_histogram_count(context, counts, 40, 1, 100, &from));
    *digest = test_digest(*digest, out, 4 * size * sizeof *out);
    *digest = test_digest(*digest, counts, sizeof counts);
    cellseg_context_free(context);
}

static void all_levels_filter_to_the_same_bytes(void **state) {
    (void)state;
    static float out[TEST_MAX_ROWS][4 * HEIGHT * MAX_COUNT];
    for (int32_t type = CELLSEG_UINT8; type <= CELLSEG_FLOAT64; type++)
        for (size_t width = 1; width <= MAX_COUNT; width += 1 + width / 8) {
            uint64_t digest[TEST_MAX_ROWS] = {0};
            for (size_t r = 0; r < rows; r++) {
                filter_image(&digest[r], out[r], levels[r], type, width);
                assert_same_bytes(out[0], out[r], 4 * HEIGHT * width * sizeof(float), "filters", levels[r], width);
                assert_true(digest[r] == digest[0]);
            }
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(convolutions_are_chains_of_fmaf),
                                       cmocka_unit_test(all_rows_give_the_same_bytes),
                                       cmocka_unit_test(all_levels_filter_to_the_same_bytes)};
    return cmocka_run_group_tests(tests, set_up, NULL);
}
