/* SPDX-License-Identifier: BSD-3-Clause */
/* The trained network's maps: the same bytes on every processor level, for every order of patches, on every machine. */
#include "testing.h"

#include "nn/nn.h"

#include <inttypes.h>

enum { PATCHES = 3, EDGE = 48, AREA = EDGE * EDGE, CLASSES = 4, LEVELS = 4 };

static float input[PATCHES * AREA];

/* Discs of different brightness on a rising background: what the network was made for, roughly. */
static void paint(void) {
    uint64_t seed = 11;
    for (size_t i = 0; i < PATCHES * AREA; i++) {
        const size_t y = i / EDGE % EDGE, x = i % EDGE;
        const int64_t dy = (int64_t)(y % 24) - 12, dx = (int64_t)(x % 24) - 12, square = dy * dy + dx * dx;
        const double cell = square < 16 ? 0.3 : square < 81 ? 0.9 : 0.05;
        input[i] = (float)(cell * (double)(i / AREA + 1) / PATCHES + 0.002 * (double)x + 0.1 * test_uniform(&seed));
    }
}

static cellseg_context *context_at(int32_t level) {
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.cpu_level = level;
    cellseg_context *context;
    return cellseg_context_new(&context, &options) == CELLSEG_OK ? context : NULL;
}

/* `count` patches from `first` on, on this level's row of the kernel table. */
static void run(float *out, const cellseg_model *model, cellseg_context *context, size_t first, size_t count) {
    void *workspace = cseg_memory_alloc(NULL, cseg_forward_workspace_bytes(model, context, count, EDGE, EDGE), 1);
    assert_non_null(workspace);
    assert_ok(cseg_forward_run(model, context, out + first * CLASSES * AREA, input + first * AREA, count, EDGE, EDGE, workspace));
    cseg_memory_free(workspace);
}

/* FNV-1a, of values rather than memory, so that it is the same for either byte order. */
static uint64_t digest(const float *values, size_t count) {
    uint64_t h = 0xcbf29ce484222325ULL;
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        h = (h ^ bits) * 0x100000001b3ULL;
    }
    return h;
}

static void maps_are_the_same_bytes(void **state) {
    (void)state;
    static const int32_t levels[LEVELS] = {CELLSEG_CPU_PORTABLE, CELLSEG_CPU_NEON, CELLSEG_CPU_AVX2, CELLSEG_CPU_AVX512};
    static float want[PATCHES * CLASSES * AREA], got[PATCHES * CLASSES * AREA];
    cellseg_model *model;
    if (cellseg_model_default(&model, NULL) != CELLSEG_OK)
        skip();
    assert_int_equal(cseg_model_rule(model)->classes, CLASSES);
    paint();
    size_t rows = 0;
    for (size_t l = 0; l < LEVELS; l++) {
        cellseg_context *context = context_at(levels[l]);
        if (context == NULL)
            continue;
        rows++;
        run(l == 0 ? want : got, model, context, 0, PATCHES);
        if (l > 0)
            assert_memory_equal(got, want, sizeof want);
        memset(got, 0, sizeof got);
        for (size_t i = PATCHES; i-- > 0;) /* alone, the last first */
            run(got, model, context, i, 1);
        assert_memory_equal(got, want, sizeof want);
        cellseg_context_free(context);
    }
    assert_true(rows >= (cseg_cpu_best() == CELLSEG_CPU_PORTABLE ? 1 : 2));
    cellseg_model_free(model);
    /* Other machines and compilers, too: with another default model, or another order of operations, this number changes. */
    const uint64_t bytes = digest(want, PATCHES * CLASSES * AREA);
    if (bytes != 0x9ec19fa12df69f76ULL)
        fail_msg("the maps have the digest 0x%016" PRIx64, bytes);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(maps_are_the_same_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
