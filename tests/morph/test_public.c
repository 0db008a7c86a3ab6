/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every public function of morph.h, over borrowed rows with gaps between them: the same bytes for any thread count, no leak when
 * any allocation fails, every cancellation obeyed, a spent budget named, inputs never changed and nothing handed over on failure.
 */
#include "testing.h"

#include "morph/morph.h"

#include <math.h>

enum { HEIGHT = 67, WIDTH = 90, GAP = 7, STRIDE = WIDTH + GAP };

/* What lies between the rows is nobody's: a value that would show in any result. */
typedef struct pixels {
    float grey[HEIGHT][STRIDE], marker[HEIGHT][STRIDE];
    uint16_t words[HEIGHT][STRIDE];
    uint8_t bytes[HEIGHT][STRIDE], mask[HEIGHT][STRIDE];
    uint32_t ids[HEIGHT][STRIDE], nuclei[HEIGHT][STRIDE], seeds[HEIGHT][STRIDE];
    double doubles[HEIGHT][STRIDE];
    int32_t pairs[HEIGHT][STRIDE][2]; /* two interleaved channels */
} pixels;

static pixels shared, before;

static void fill_shared(void) {
    uint64_t seed = 8;
    for (size_t y = 0; y < HEIGHT; y++)
        for (size_t x = 0; x < STRIDE; x++) {
            const bool inside = x < WIDTH;
            const uint32_t noise = (uint32_t)test_random(&seed) % 200, blocks = (uint32_t)(y / 9 * 11 + x / 8);
            shared.grey[y][x] = inside ? (float)(noise + blocks % 7 * 100) : NAN;
            shared.marker[y][x] = inside ? shared.grey[y][x] + (float)(noise % 60) - 30 : NAN;
            shared.words[y][x] = (uint16_t)(inside ? noise * 300 : UINT16_MAX);
            shared.bytes[y][x] = (uint8_t)(inside ? noise : UINT8_MAX);
            shared.mask[y][x] = (uint8_t)(inside ? (blocks % 3 != 0 && noise % 9 != 0) : UINT8_MAX);
            shared.ids[y][x] = inside ? (blocks % 4 != 1) * (blocks + 1) * 40000000U : 77;
            shared.nuclei[y][x] = inside && noise % 3 == 0 ? shared.ids[y][x] : 0;
            shared.seeds[y][x] = inside ? (noise == 0) * (blocks + 1) : 78;
            shared.doubles[y][x] = inside ? 1 + (double)(blocks % 5 * 300 + noise) * 1e-12 : (double)NAN;
            shared.pairs[y][x][0] = inside ? -1 : INT32_MIN;
            shared.pairs[y][x][1] = inside ? (int32_t)(blocks % 5 * 300 + noise) - 700 : INT32_MIN;
        }
    before = shared;
}

typedef struct inputs {
    cellseg_image *grey, *marker, *words, *bytes, *mask, *doubles, *pairs;
    cellseg_labels *ids, *nuclei, *seeds;
} inputs;

static cellseg_image_layout layout_of(const void *data, int32_t type, size_t sample) {
    cellseg_image_layout layout;
    assert_ok(cellseg_image_layout_init(&layout, sizeof layout));
    layout.pixels = data;
    layout.height = HEIGHT;
    layout.width = WIDTH;
    layout.pixel_type = type;
    layout.row_stride_bytes = STRIDE * sample;
    return layout;
}

static cellseg_image *image_of(const void *data, int32_t type, size_t sample) {
    const cellseg_image_layout layout = layout_of(data, type, sample);
    cellseg_image *image;
    assert_ok(cellseg_image_wrap(&image, NULL, &layout));
    return image;
}

static cellseg_image *image_of_pairs(void) {
    cellseg_image_layout layout = layout_of(shared.pairs, CELLSEG_INT32, sizeof shared.pairs[0][0]);
    layout.channels = 2;
    layout.pixel_stride_bytes = sizeof shared.pairs[0][0];
    cellseg_image *image;
    assert_ok(cellseg_image_wrap(&image, NULL, &layout));
    return image;
}

static cellseg_labels *labels_of(const void *data) {
    const cellseg_image_layout layout = layout_of(data, CELLSEG_UINT32, sizeof(uint32_t));
    cellseg_labels *labels;
    assert_ok(cellseg_labels_wrap(&labels, NULL, &layout));
    return labels;
}

static inputs inputs_new(void) {
    return (inputs){.grey = image_of(shared.grey, CELLSEG_FLOAT32, sizeof(float)),
                    .marker = image_of(shared.marker, CELLSEG_FLOAT32, sizeof(float)),
                    .words = image_of(shared.words, CELLSEG_UINT16, sizeof(uint16_t)),
                    .bytes = image_of(shared.bytes, CELLSEG_UINT8, 1),
                    .mask = image_of(shared.mask, CELLSEG_UINT8, 1),
                    .doubles = image_of(shared.doubles, CELLSEG_FLOAT64, sizeof(double)),
                    .pairs = image_of_pairs(),
                    .ids = labels_of(shared.ids),
                    .nuclei = labels_of(shared.nuclei),
                    .seeds = labels_of(shared.seeds)};
}

static void inputs_free(inputs *in) {
    cellseg_image_free(in->grey);
    cellseg_image_free(in->marker);
    cellseg_image_free(in->words);
    cellseg_image_free(in->bytes);
    cellseg_image_free(in->mask);
    cellseg_image_free(in->doubles);
    cellseg_image_free(in->pairs);
    cellseg_labels_free(in->ids);
    cellseg_labels_free(in->nuclei);
    cellseg_labels_free(in->seeds);
}

/* One of the three, by function. */
typedef struct result {
    cellseg_image *image;
    cellseg_labels *labels;
    char line[128];
} result;

typedef cellseg_status (*operation)(result *to, cellseg_context *context, const inputs *in);

#define MAKES_IMAGE(name, ...)                                                                                                   \
    static cellseg_status name(result *to, cellseg_context *context, const inputs *in) {                                         \
        return cellseg_image_##__VA_ARGS__;                                                                                      \
    }
#define TO_IMAGE &to->image, context
#define TO_LABELS &to->labels, context

MAKES_IMAGE(erode, erode(TO_IMAGE, in->grey, 0, 9, 8))
MAKES_IMAGE(dilate, dilate(TO_IMAGE, in->bytes, 0, HEIGHT, WIDTH))
MAKES_IMAGE(opening, opening(TO_IMAGE, in->words, 0, 4, 5))
MAKES_IMAGE(closing, closing(TO_IMAGE, in->grey, 0, 1, 5))
MAKES_IMAGE(white, white_top_hat(TO_IMAGE, in->words, 0, 20, 20))
MAKES_IMAGE(black, black_top_hat(TO_IMAGE, in->bytes, 0, 3, 30))
MAKES_IMAGE(erode_disc, erode_disc(TO_IMAGE, in->bytes, 0, 5, CELLSEG_DISC_EXACT))
MAKES_IMAGE(erode_octagon, erode_disc(TO_IMAGE, in->grey, 0, 20, CELLSEG_DISC_FAST))
MAKES_IMAGE(dilate_disc, dilate_disc(TO_IMAGE, in->words, 0, 33, CELLSEG_DISC_EXACT))
MAKES_IMAGE(dilate_octagon, dilate_disc(TO_IMAGE, in->bytes, 0, 33, CELLSEG_DISC_FAST))
MAKES_IMAGE(opening_disc, opening_disc(TO_IMAGE, in->grey, 0, 3, CELLSEG_DISC_EXACT))
MAKES_IMAGE(close_octagon, closing_disc(TO_IMAGE, in->words, 0, 12, CELLSEG_DISC_FAST))
MAKES_IMAGE(white_octagon, white_top_hat_disc(TO_IMAGE, in->grey, 0, 12, CELLSEG_DISC_FAST))
MAKES_IMAGE(black_disc, black_top_hat_disc(TO_IMAGE, in->bytes, 0, 4, CELLSEG_DISC_EXACT))
MAKES_IMAGE(under, reconstruct_dilation(TO_IMAGE, in->marker, 0, in->grey, 0, 8))
MAKES_IMAGE(over, reconstruct_erosion(TO_IMAGE, in->bytes, 0, in->mask, 0, 4))
MAKES_IMAGE(h_minima, h_minima(TO_IMAGE, in->grey, 0, 60, 8))
MAKES_IMAGE(h_maxima, h_maxima(TO_IMAGE, in->words, 0, 6000, 4))
MAKES_IMAGE(minima, regional_minima(TO_IMAGE, in->bytes, 0, in->mask, 0, 8))
MAKES_IMAGE(maxima, regional_maxima(TO_IMAGE, in->grey, 0, NULL, 0, 4))
MAKES_IMAGE(deep, extended_minima(TO_IMAGE, in->words, 0, 9000, in->mask, 0, 4))
MAKES_IMAGE(high, extended_maxima(TO_IMAGE, in->grey, 0, 50, NULL, 0, 8))
MAKES_IMAGE(fill_holes, fill_holes(TO_IMAGE, in->mask, 0, 8))
MAKES_IMAGE(distance, distance(TO_IMAGE, in->mask, 0))
MAKES_IMAGE(nearest, nearest(TO_IMAGE, in->mask, 0))
MAKES_IMAGE(components, components(TO_LABELS, in->mask, 0, 4))
MAKES_IMAGE(erode_pairs, erode(TO_IMAGE, in->pairs, 1, 5, 4))
MAKES_IMAGE(black_pairs, black_top_hat(TO_IMAGE, in->pairs, 1, 9, 9))
MAKES_IMAGE(white_doubles, white_top_hat_disc(TO_IMAGE, in->doubles, 0, 12, CELLSEG_DISC_FAST))
MAKES_IMAGE(close_pairs, closing_disc(TO_IMAGE, in->pairs, 1, 4, CELLSEG_DISC_EXACT))
MAKES_IMAGE(under_pairs, reconstruct_dilation(TO_IMAGE, in->pairs, 0, in->pairs, 1, 8))
MAKES_IMAGE(over_doubles, reconstruct_erosion(TO_IMAGE, in->doubles, 0, in->doubles, 0, 4))
MAKES_IMAGE(h_minima_doubles, h_minima(TO_IMAGE, in->doubles, 0, 1e-10, 8))
MAKES_IMAGE(high_pairs, extended_maxima(TO_IMAGE, in->pairs, 1, 50, in->grey, 0, 8))
MAKES_IMAGE(fill_pairs, fill_holes(TO_IMAGE, in->pairs, 1, 4))
MAKES_IMAGE(components_grey, components(TO_LABELS, in->grey, 0, 8))

static cellseg_status watershed_of(result *to, cellseg_context *context, const inputs *in, const cellseg_image *relief,
                                   const cellseg_image *mask, int32_t connectivity, int32_t lines) {
    cellseg_watershed_options options;
    assert_ok(cellseg_watershed_options_init(&options, sizeof options));
    options.connectivity = connectivity;
    options.lines = lines;
    return cellseg_labels_watershed(&to->labels, context, in->seeds, relief, 0, mask, 0, &options);
}

static cellseg_status flood(result *to, cellseg_context *context, const inputs *in) {
    return watershed_of(to, context, in, in->grey, in->mask, 4, 0);
}
static cellseg_status flood_all(result *to, cellseg_context *context, const inputs *in) {
    return watershed_of(to, context, in, in->words, NULL, 8, 0);
}
static cellseg_status flood_lines(result *to, cellseg_context *context, const inputs *in) {
    return watershed_of(to, context, in, in->bytes, in->mask, 8, 1);
}
static cellseg_status flood_doubles(result *to, cellseg_context *context, const inputs *in) {
    return watershed_of(to, context, in, in->doubles, in->grey, 8, 1);
}
static cellseg_status flood_pairs(result *to, cellseg_context *context, const inputs *in) {
    return watershed_of(to, context, in, in->pairs, NULL, 4, 0);
}
static cellseg_status relabel(result *to, cellseg_context *context, const inputs *in) {
    return cellseg_labels_relabel(&to->labels, context, in->ids);
}
static cellseg_status remove_small(result *to, cellseg_context *context, const inputs *in) {
    return cellseg_labels_remove_small(&to->labels, context, in->ids, 60);
}
static cellseg_status clear_border(result *to, cellseg_context *context, const inputs *in) {
    return cellseg_labels_clear_border(&to->labels, context, in->ids, 2);
}
static cellseg_status fill_label_holes(result *to, cellseg_context *context, const inputs *in) {
    return cellseg_labels_fill_holes(&to->labels, context, in->nuclei);
}
static cellseg_status expand(result *to, cellseg_context *context, const inputs *in) {
    return cellseg_labels_expand(&to->labels, context, in->seeds, 5);
}
static cellseg_status ring(result *to, cellseg_context *context, const inputs *in) {
    return cellseg_labels_compartment(&to->labels, context, in->ids, in->nuclei, CELLSEG_COMPARTMENT_RING, 5);
}
static cellseg_status boundaries(result *to, cellseg_context *context, const inputs *in) {
    return cellseg_labels_boundaries(&to->image, context, in->ids, CELLSEG_BOUNDARY_OUTER, 8);
}
static cellseg_status check(result *to, cellseg_context *context, const inputs *in) {
    return cellseg_labels_check(to->line, sizeof to->line, context, in->ids, in->nuclei);
}

static const operation operations[] = {
    erode,
    dilate,
    opening,
    closing,
    white,
    black,
    erode_disc,
    erode_octagon,
    dilate_disc,
    dilate_octagon,
    opening_disc,
    close_octagon,
    white_octagon,
    black_disc,
    under,
    over,
    h_minima,
    h_maxima,
    minima,
    maxima,
    deep,
    high,
    fill_holes,
    distance,
    nearest,
    components,
    flood,
    flood_all,
    flood_lines,
    relabel,
    remove_small,
    clear_border,
    fill_label_holes,
    expand,
    ring,
    boundaries,
    check,
    erode_pairs,
    black_pairs,
    white_doubles,
    close_pairs,
    under_pairs,
    over_doubles,
    h_minima_doubles,
    high_pairs,
    fill_pairs,
    components_grey,
    flood_doubles,
    flood_pairs,
};
enum { OPERATIONS = sizeof operations / sizeof operations[0] };

/* Run one; what it must leave as it found, and what it must not hand over, is checked here. */
static cellseg_status run(result *to, cellseg_context *context, const inputs *in, operation work) {
    *to = (result){.image = (cellseg_image *)to, .labels = (cellseg_labels *)to, .line = "?"};
    const cellseg_status status = work(to, context, in);
    assert_memory_equal(&shared, &before, sizeof shared);
    cellseg_image *const no_image = (cellseg_image *)to;
    cellseg_labels *const no_labels = (cellseg_labels *)to;
    to->image = to->image == no_image ? NULL : to->image;
    to->labels = to->labels == no_labels ? NULL : to->labels;
    if (status != CELLSEG_OK) {
        assert_null(to->image);
        assert_null(to->labels);
        assert_true(strcmp(to->line, "?") == 0 || strcmp(to->line, "") == 0);
    }
    return status;
}

static void result_free(result *to) {
    cellseg_image_free(to->image);
    cellseg_labels_free(to->labels);
}

static void assert_same(const result *a, const result *b) {
    assert_int_equal(a->image == NULL, b->image == NULL);
    assert_int_equal(a->labels == NULL, b->labels == NULL);
    assert_true(a->image != NULL || a->labels != NULL || strcmp(a->line, "?") != 0);
    assert_string_equal(a->line, b->line);
    if (a->image != NULL)
        assert_memory_equal(cellseg_image_pixels(a->image, 0), cellseg_image_pixels(b->image, 0),
                            HEIGHT * cellseg_image_row_stride_bytes(a->image));
    if (a->labels != NULL)
        assert_memory_equal(cellseg_labels_data(a->labels), cellseg_labels_data(b->labels), sizeof(uint32_t[HEIGHT][WIDTH]));
}

static void threads_and_strides_do_not_change_a_byte(void **state) {
    (void)state;
    static const int32_t threads[] = {1, 2, 7};
    inputs in = inputs_new();
    for (size_t i = 0; i < OPERATIONS; i++) {
        result first;
        assert_ok(run(&first, NULL, &in, operations[i]));
        for (size_t t = 0; t < 3; t++) {
            cellseg_context *context = test_context(threads[t]);
            result again;
            assert_ok(run(&again, context, &in, operations[i]));
            assert_same(&first, &again);
            result_free(&again);
            cellseg_context_free(context);
        }
        result_free(&first);
    }
    inputs_free(&in);
}

/* The same rows next to each other give the same result: nothing read the gaps. */
static void gaps_between_rows_are_nobodys(void **state) {
    (void)state;
    inputs in = inputs_new();
    for (size_t i = 0; i < OPERATIONS; i++) {
        result first, again;
        assert_ok(run(&first, NULL, &in, operations[i]));
        for (size_t y = 0; y < HEIGHT; y++)
            for (size_t x = WIDTH; x < STRIDE; x++) {
                shared.grey[y][x] = shared.marker[y][x] = -5;
                shared.words[y][x] = 0;
                shared.bytes[y][x] = shared.mask[y][x] = 0;
                shared.ids[y][x] = shared.nuclei[y][x] = shared.seeds[y][x] = 0;
                shared.doubles[y][x] = shared.pairs[y][x][0] = shared.pairs[y][x][1] = 0;
            }
        before = shared;
        assert_ok(run(&again, NULL, &in, operations[i]));
        assert_same(&first, &again);
        result_free(&first);
        result_free(&again);
        fill_shared();
    }
    inputs_free(&in);
}

typedef struct one_operation {
    const inputs *in;
    operation work;
} one_operation;

static cellseg_status run_one(cellseg_context *context, void *data) {
    const one_operation *one = data;
    result made;
    const cellseg_status status = run(&made, context, one->in, one->work);
    result_free(&made);
    return status;
}

static void failing_allocations_leak_nothing(void **state) {
    (void)state;
    inputs in = inputs_new();
    for (size_t i = 0; i < OPERATIONS; i++) {
        one_operation one = {&in, operations[i]};
        assert_survives_failing_allocations(run_one, &one);
    }
    inputs_free(&in);
}

static void a_spent_budget_is_a_limit(void **state) {
    (void)state;
    cellseg_context_options options;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.memory_budget_bytes = 4000; /* enough for the context, for no result */
    cellseg_context *context;
    assert_ok(cellseg_context_new(&context, &options));
    inputs in = inputs_new();
    for (size_t i = 0; i < OPERATIONS; i++) {
        one_operation one = {&in, operations[i]};
        assert_status(run_one(context, &one), CELLSEG_ERR_LIMIT);
    }
    inputs_free(&in);
    cellseg_context_free(context);
}

typedef struct stopwatch {
    int calls_left;
    double fraction;
} stopwatch;

static int32_t stop(void *user, double fraction, const char *step) {
    stopwatch *watch = user;
    assert_true(fraction >= watch->fraction && fraction <= 1 && step != NULL);
    watch->fraction = fraction;
    return --watch->calls_left < 0;
}

/* Let one more callback pass in each round, so that every one of them cancels once. */
static void every_cancellation_is_obeyed(void **state) {
    (void)state;
    inputs in = inputs_new();
    for (size_t i = 0; i < OPERATIONS; i++) {
        cellseg_status status = CELLSEG_ERR_CANCELLED;
        int rounds = 0;
        for (; status != CELLSEG_OK; rounds += 1 + rounds / 8) {
            stopwatch watch = {rounds, 0};
            cellseg_context_options options;
            assert_ok(cellseg_context_options_init(&options, sizeof options));
            options.threads = 2;
            options.progress = stop;
            options.progress_user = &watch;
            cellseg_context *context;
            assert_ok(cellseg_context_new(&context, &options));
            one_operation one = {&in, operations[i]};
            status = run_one(context, &one);
            assert_true(status == CELLSEG_OK || status == CELLSEG_ERR_CANCELLED);
            cellseg_context_free(context);
        }
        assert_true(rounds > 0);
    }
    inputs_free(&in);
}

int main(void) {
    fill_shared();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_and_strides_do_not_change_a_byte),
        cmocka_unit_test(gaps_between_rows_are_nobodys),
        cmocka_unit_test(failing_allocations_leak_nothing),
        cmocka_unit_test(a_spent_budget_is_a_limit),
        cmocka_unit_test(every_cancellation_is_obeyed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
