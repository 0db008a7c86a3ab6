/* SPDX-License-Identifier: BSD-3-Clause */
/* Every operation of the room: the same bytes for 1, 2 and 7 threads, no leak when any allocation fails, prompt cancel. */
#include "testing.h"

#include "morph/morph.h"

enum { HEIGHT = 333, WIDTH = 301 };

typedef struct images {
    cseg_plane noise, bytes, mask, seeds, labels;
} images;

/* Blocks of random size and value, so that there are plateaus, components and holes. */
static void fill(cseg_plane *plane, uint64_t seed, uint32_t levels, size_t block) {
    for (size_t y = 0; y < plane->height; y++)
        for (size_t x = 0; x < plane->width; x++) {
            uint64_t state = seed + (y / block) * 7919 + x / block;
            const uint32_t value = (uint32_t)(test_random(&state) % levels);
            if (plane->type == CELLSEG_UINT8)
                cseg_row_u8(plane, y)[x] = (uint8_t)value;
            else if (plane->type == CELLSEG_UINT32)
                cseg_row_u32(plane, y)[x] = value;
            else
                cseg_row_f32(plane, y)[x] = (float)value + (float)(y * x % 5) * 0.25F;
        }
}

static images images_new(void) {
    images made;
    assert_ok(cseg_plane_new(&made.noise, NULL, CELLSEG_FLOAT32, HEIGHT, WIDTH));
    assert_ok(cseg_plane_new(&made.bytes, NULL, CELLSEG_UINT8, HEIGHT, WIDTH));
    assert_ok(cseg_plane_new(&made.mask, NULL, CELLSEG_UINT8, HEIGHT, WIDTH));
    assert_ok(cseg_plane_new(&made.seeds, NULL, CELLSEG_UINT32, HEIGHT, WIDTH));
    assert_ok(cseg_plane_new(&made.labels, NULL, CELLSEG_UINT32, HEIGHT, WIDTH));
    fill(&made.noise, 1, 100, 3);
    fill(&made.bytes, 2, 256, 2);
    fill(&made.mask, 3, 3, 5);
    fill(&made.seeds, 4, 40, 1);
    fill(&made.labels, 5, 4, 7);
    for (size_t i = 0; i < (size_t)HEIGHT * WIDTH; i++)
        if (((uint32_t *)made.seeds.data)[i] > 2)
            ((uint32_t *)made.seeds.data)[i] = 0;
    return made;
}

static void images_free(images *all) {
    cseg_plane_free(&all->noise);
    cseg_plane_free(&all->bytes);
    cseg_plane_free(&all->mask);
    cseg_plane_free(&all->seeds);
    cseg_plane_free(&all->labels);
}

typedef cellseg_status (*operation)(cellseg_context *context, const images *in, const cseg_plane *to);

/* An operation in place works on a copy of what it changes. */
static void copy(const cseg_plane *to, const cseg_plane *from) {
    memcpy(to->data, from->data, from->height * from->stride);
}

static cellseg_status erode(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_rect_erode(context, to, &in->bytes, 9, 8);
}
static cellseg_status dilate(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_rect_dilate(context, to, &in->bytes, 9, 8);
}
static cellseg_status open_bytes(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_rect_open(context, to, &in->bytes, 9, 8);
}
static cellseg_status close_bytes(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_rect_close(context, to, &in->bytes, 9, 8);
}
static cellseg_status top_hat(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_rect_top_hat(context, to, &in->noise, 50, 51);
}
static cellseg_status bottom_hat(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_rect_bottom_hat(context, to, &in->noise, 50, 51);
}
static cellseg_status distance(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_distance_transform(context, to, &in->mask);
}
static cellseg_status reconstruct_erosion(cellseg_context *context, const images *in, const cseg_plane *to) {
    cseg_plane limit = in->noise;
    limit.data = in->labels.data; /* small whole numbers: as floats, next to 0 */
    return cseg_reconstruction_erode(context, to, &in->noise, &limit, 8);
}
static cellseg_status reconstruct_dilation(cellseg_context *context, const images *in, const cseg_plane *to) {
    cseg_plane marker = in->noise;
    marker.data = in->labels.data;
    return cseg_reconstruction_dilate(context, to, &marker, &in->noise, 4);
}
static cellseg_status extended_minima(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_extrema_extended_minima(context, to, &in->noise, 20, &in->mask, 8);
}
static cellseg_status components(cellseg_context *context, const images *in, const cseg_plane *to) {
    uint32_t count = 0;
    return cseg_components_label(context, to, &count, &in->mask, 8);
}
static cellseg_status watershed_in_mask(cellseg_context *context, const images *in, const cseg_plane *to) {
    copy(to, &in->seeds);
    return cseg_watershed_flood(context, to, &in->noise, &in->mask, 8);
}
static cellseg_status watershed_whole(cellseg_context *context, const images *in, const cseg_plane *to) {
    copy(to, &in->seeds);
    return cseg_watershed_flood(context, to, &in->noise, NULL, 4);
}
static cellseg_status watershed_lines(cellseg_context *context, const images *in, const cseg_plane *to) {
    copy(to, &in->seeds);
    return cseg_watershed_flood_lines(context, to, &in->noise, NULL, 8);
}
static cellseg_status fill_holes(cellseg_context *context, const images *in, const cseg_plane *to) {
    copy(to, &in->mask);
    return cseg_holes_fill(context, to, 4, CSEG_ANY_HOLE);
}
static cellseg_status fill_label_holes(cellseg_context *context, const images *in, const cseg_plane *to) {
    copy(to, &in->labels);
    return cseg_holes_fill_labels(context, to, CSEG_ANY_HOLE);
}
static cellseg_status relabel(cellseg_context *context, const images *in, const cseg_plane *to) {
    static const uint8_t keep[4] = {0, 1, 0, 1};
    uint32_t count = 0;
    copy(to, &in->labels);
    return cseg_relabel_apply(context, to, keep, NULL, &count);
}
static cellseg_status boundaries(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_boundaries_mark(context, to, &in->labels);
}

static cellseg_status nearest(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_nearest_find(context, to, &in->mask);
}

static cellseg_status expand(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_expansion_compute(context, to, &in->seeds, 9);
}

static cellseg_status erode_disc(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_disc_erode(context, to, &in->bytes, 7);
}

/* As large as the image: its frame is the most memory any disc takes. */
static cellseg_status dilate_octagon(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_octagon_dilate(context, to, &in->noise, (WIDTH - 1) / 2);
}

static cellseg_status h_minima(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_extrema_h_minima(context, to, &in->noise, 20, 8);
}

static cellseg_status h_maxima_bytes(cellseg_context *context, const images *in, const cseg_plane *to) {
    return cseg_extrema_h_maxima(context, to, &in->bytes, 20, 4);
}

static const struct {
    const char *name;
    operation run;
    int32_t type;
} operations[] = {
    {"erode", erode, CELLSEG_UINT8},
    {"dilate", dilate, CELLSEG_UINT8},
    {"open", open_bytes, CELLSEG_UINT8},
    {"close", close_bytes, CELLSEG_UINT8},
    {"top_hat", top_hat, CELLSEG_FLOAT32},
    {"bottom_hat", bottom_hat, CELLSEG_FLOAT32},
    {"distance", distance, CELLSEG_FLOAT32},
    {"reconstruct_erosion", reconstruct_erosion, CELLSEG_FLOAT32},
    {"reconstruct_dilation", reconstruct_dilation, CELLSEG_FLOAT32},
    {"extended_minima", extended_minima, CELLSEG_UINT8},
    {"components", components, CELLSEG_UINT32},
    {"watershed_in_mask", watershed_in_mask, CELLSEG_UINT32},
    {"watershed_whole", watershed_whole, CELLSEG_UINT32},
    {"watershed_lines", watershed_lines, CELLSEG_UINT32},
    {"fill_holes", fill_holes, CELLSEG_UINT8},
    {"fill_label_holes", fill_label_holes, CELLSEG_UINT32},
    {"relabel", relabel, CELLSEG_UINT32},
    {"boundaries", boundaries, CELLSEG_UINT8},
    {"nearest", nearest, CELLSEG_UINT32},
    {"expand", expand, CELLSEG_UINT32},
    {"erode_disc", erode_disc, CELLSEG_UINT8},
    {"dilate_octagon", dilate_octagon, CELLSEG_FLOAT32},
    {"h_minima", h_minima, CELLSEG_FLOAT32},
    {"h_maxima_bytes", h_maxima_bytes, CELLSEG_UINT8},
};
enum { OPERATIONS = sizeof operations / sizeof operations[0] };

static void threads_do_not_change_a_byte(void **state) {
    (void)state;
    static const int32_t threads[] = {1, 2, 7};
    images in = images_new();
    for (size_t i = 0; i < OPERATIONS; i++) {
        cseg_plane out[3];
        for (size_t t = 0; t < 3; t++) {
            cellseg_context *context = test_context(threads[t]);
            assert_ok(cseg_plane_new(&out[t], NULL, operations[i].type, HEIGHT, WIDTH));
            assert_ok(operations[i].run(context, &in, &out[t]));
            cellseg_context_free(context);
        }
        for (size_t t = 0; t < 3; t++)
            assert_memory_equal(out[0].data, out[t].data, HEIGHT * out[0].stride);
        for (size_t t = 0; t < 3; t++)
            cseg_plane_free(&out[t]);
    }
    images_free(&in);
}

typedef struct one_operation {
    const images *in;
    size_t index;
} one_operation;

static cellseg_status run_one(cellseg_context *context, void *data) {
    const one_operation *one = data;
    cseg_plane out;
    CSEG_TRY(cseg_plane_new(&out, context, operations[one->index].type, HEIGHT, WIDTH));
    const cellseg_status status = operations[one->index].run(context, one->in, &out);
    cseg_plane_free(&out);
    return status;
}

static void failing_allocations_leak_nothing(void **state) {
    (void)state;
    images in = images_new();
    for (size_t i = 0; i < OPERATIONS; i++) {
        one_operation one = {&in, i};
        assert_survives_failing_allocations(run_one, &one);
    }
    images_free(&in);
}

static int32_t stop_at_once(void *user, double fraction, const char *step) {
    (void)fraction;
    (void)step;
    (*(int *)user)++;
    return 1;
}

static void cancel_stops_every_operation(void **state) {
    (void)state;
    images in = images_new();
    for (size_t i = 0; i < OPERATIONS; i++) {
        int calls = 0;
        cellseg_context_options options;
        assert_ok(cellseg_context_options_init(&options, sizeof options));
        options.threads = 1;
        options.progress = stop_at_once;
        options.progress_user = &calls;
        cellseg_context *context;
        assert_ok(cellseg_context_new(&context, &options));
        one_operation one = {&in, i};
        assert_status(run_one(context, &one), CELLSEG_ERR_CANCELLED);
        assert_true(calls > 0);
        cellseg_context_free(context);
    }
    images_free(&in);
}

/* An allocator that knows the most bytes it had handed out; for one thread. */
typedef struct counting_allocator {
    size_t used, peak;
} counting_allocator;

static void *counting_alloc(void *user, size_t size) {
    counting_allocator *a = user;
    max_align_t *block = malloc(size + sizeof *block);
    assert_non_null(block);
    memcpy(block, &size, sizeof size);
    a->used += size;
    a->peak = a->used > a->peak ? a->used : a->peak;
    return block + 1;
}

static void counting_free(void *user, void *block) {
    counting_allocator *a = user;
    size_t size;
    memcpy(&size, (max_align_t *)block - 1, sizeof size);
    a->used -= size;
    free((max_align_t *)block - 1);
}

/* Beyond the result, at most three times a float32 image, which is 12 bytes per pixel; and what does not grow with the image. */
static void memory_stays_within_three_images(void **state) {
    (void)state;
    images in = images_new();
    for (size_t i = 0; i < OPERATIONS; i++) {
        counting_allocator counter = {0};
        cellseg_context_options options;
        assert_ok(cellseg_context_options_init(&options, sizeof options));
        options.threads = 1;
        options.alloc = counting_alloc;
        options.free = counting_free;
        options.memory_user = &counter;
        cellseg_context *context;
        assert_ok(cellseg_context_new(&context, &options));
        one_operation one = {&in, i};
        assert_ok(run_one(context, &one));
        const size_t pixels = (size_t)HEIGHT * WIDTH, result = pixels * cseg_plane_type_size(operations[i].type), fixed = 65536;
        assert_true(counter.peak > result && counter.peak <= result + 12 * pixels + fixed);
        cellseg_context_free(context);
        assert_int_equal(counter.used, 0);
    }
    images_free(&in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(threads_do_not_change_a_byte),
        cmocka_unit_test(failing_allocations_leak_nothing),
        cmocka_unit_test(cancel_stops_every_operation),
        cmocka_unit_test(memory_stays_within_three_images),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
