/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * No operation of filter, morph and measure holds more than three times the largest image it reads or writes, for cells and for
 * noise; with pixels of int32 and float64 no more than include/cellseg/morph.h states, and the result.
 */
#include "testing.h"

#include "filter/filter.h"
#include "measure/measure.h"
#include "morph/morph.h"

enum { EDGE = 1024, CELL = 48, HEADER = 64 };

/* ---- an allocator that counts ---- */

typedef struct meter {
    atomic_size_t held, most;
} meter;

static void *meter_alloc(void *user, size_t size) {
    meter *m = user;
    char *block = malloc(size + HEADER);
    if (block == NULL)
        return NULL;
    memcpy(block, &size, sizeof size);
    const size_t held = atomic_fetch_add(&m->held, size) + size;
    size_t most = atomic_load(&m->most);
    while (held > most && !atomic_compare_exchange_weak(&m->most, &most, held))
        ;
    return block + HEADER;
}

static void meter_free(void *user, void *block) {
    meter *m = user;
    size_t size;
    memcpy(&size, (char *)block - HEADER, sizeof size);
    atomic_fetch_sub(&m->held, size);
    free((char *)block - HEADER);
}

/* ---- images ---- */

typedef struct images {
    cseg_plane grey, grey_out;     /* float32 */
    cseg_plane deep, deep_out;     /* uint16 */
    cseg_plane mask, mask_out;     /* uint8 */
    cseg_plane labels, labels_out; /* uint32 */
    cellseg_labels *cells;         /* the same labels */
    cellseg_image *wide, *doubles; /* the same grey, as int32 and float64 */
} images;

static double inside(size_t y, size_t x) {
    const double dy = (double)(y % CELL) - CELL / 2.0, dx = (double)(x % CELL) - CELL / 2.0;
    return 300 - dy * dy - dx * dx;
}

static void draw(images *i, bool noise) {
    uint64_t state = 1;
    for (size_t y = 0; y < EDGE; y++)
        for (size_t x = 0; x < EDGE; x++) {
            const double random = test_uniform(&state), height = noise ? random - 0.5 : inside(y, x) / 300;
            const uint32_t id = (uint32_t)(y / CELL * (EDGE / CELL + 1) + x / CELL + 1);
            cseg_row_f32(&i->grey, y)[x] = (float)height;
            ((uint16_t *)cseg_row_at(&i->deep, y))[x] = (uint16_t)((height + 3) * 1000);
            cseg_row_u8(&i->mask, y)[x] = height > 0;
            cseg_row_u32(&i->labels, y)[x] = height > 0 ? id : 0;
        }
    const cseg_plane grey = i->grey;
    for (size_t p = 0; p < (size_t)EDGE * EDGE; p++) {
        const float value = ((const float *)grey.data)[p];
        ((int32_t *)cellseg_image_pixels_mut(i->wide, 0))[p] = (int32_t)(value * 5e8F);
        ((double *)cellseg_image_pixels_mut(i->doubles, 0))[p] = (double)value;
    }
    const cseg_plane cells = cseg_labels_plane(i->cells);
    memcpy(cells.data, i->labels.data, (size_t)EDGE * EDGE * sizeof(uint32_t));
}

static void images_new(images *i) {
    cseg_plane *planes[] = {&i->grey, &i->grey_out, &i->deep, &i->deep_out, &i->mask, &i->mask_out, &i->labels, &i->labels_out};
    const int32_t types[] = {CELLSEG_FLOAT32, CELLSEG_UINT16, CELLSEG_UINT8, CELLSEG_UINT32};
    for (size_t p = 0; p < 8; p++)
        assert_ok(cseg_plane_new(planes[p], NULL, types[p / 2], EDGE, EDGE));
    assert_ok(cellseg_labels_new(&i->cells, NULL, EDGE, EDGE));
    assert_ok(cellseg_image_new(&i->wide, NULL, CELLSEG_INT32, 1, EDGE, EDGE));
    assert_ok(cellseg_image_new(&i->doubles, NULL, CELLSEG_FLOAT64, 1, EDGE, EDGE));
}

static void images_free(images *i) {
    cseg_plane *planes[] = {&i->grey, &i->grey_out, &i->deep, &i->deep_out, &i->mask, &i->mask_out, &i->labels, &i->labels_out};
    for (size_t p = 0; p < 8; p++)
        cseg_plane_free(planes[p]);
    cellseg_labels_free(i->cells);
    cellseg_image_free(i->wide);
    cellseg_image_free(i->doubles);
}

/* ---- operations ---- */

typedef cellseg_status (*operation_fn)(cellseg_context *c, images *i);

#define OPERATION(name, call)                                                                                                    \
    static cellseg_status name(cellseg_context *c, images *i) {                                                                  \
        return call;                                                                                                             \
    }

static const double sigmas[] = {3, 5, 7, 9, 11}, percents[] = {1, 99};
static double numbers[8];
static uint32_t count;

OPERATION(gaussian, cseg_gaussian_smooth(c, &i->grey_out, &i->grey, 2))
OPERATION(gaussian_large, cseg_gaussian_smooth(c, &i->grey_out, &i->grey, 40))
OPERATION(laplacian, cseg_laplacian_compute(c, &i->grey_out, &i->grey, sigmas, 5))
OPERATION(laplacian_fast, cseg_laplacian_compute_fast(c, &i->grey_out, &i->grey, sigmas, 5))
OPERATION(otsu, cseg_otsu_find(c, numbers, 5, 256, &i->grey, NULL))
OPERATION(percentiles, cseg_percentiles_find(c, numbers, percents, 2, &i->grey))
OPERATION(top_hat, cseg_rect_top_hat(c, &i->grey_out, &i->grey, 200, 200))
OPERATION(top_hat_deep, cseg_rect_top_hat(c, &i->deep_out, &i->deep, 200, 200))
OPERATION(top_hat_in_place, cseg_rect_top_hat(c, &i->deep, &i->deep, 200, 200))
OPERATION(erode_disc, cseg_disc_erode(c, &i->deep_out, &i->deep, 20))
OPERATION(distance, cseg_distance_transform(c, &i->grey_out, &i->mask))
OPERATION(nearest, cseg_nearest_find(c, &i->labels_out, &i->mask))
OPERATION(components, cseg_components_label(c, &i->labels_out, &count, &i->mask, 8))
OPERATION(h_minima, cseg_extrema_h_minima(c, &i->grey_out, &i->grey, 0.1, 8))
OPERATION(extended_minima, cseg_extrema_extended_minima(c, &i->mask_out, &i->grey, 0.1, &i->mask, 4))
OPERATION(reconstruct, cseg_reconstruction_dilate(c, &i->grey_out, &i->grey, &i->grey, 8))
OPERATION(fill_holes, cseg_holes_fill(c, &i->mask, 4, 50))
OPERATION(fill_label_holes, cseg_holes_fill_labels(c, &i->labels, 50))
OPERATION(relabel, cseg_relabel_apply(c, &i->labels, NULL, NULL, &count))
OPERATION(expand, cseg_expansion_compute(c, &i->labels_out, &i->labels, 5))
OPERATION(boundaries, cseg_boundaries_mark(c, &i->mask_out, &i->labels))
OPERATION(watershed, cseg_watershed_flood(c, &i->labels, &i->grey, NULL, 8))
OPERATION(watershed_in_mask, cseg_watershed_flood(c, &i->labels, &i->grey, &i->mask, 8))

static cellseg_status check_labels(cellseg_context *c, images *i) {
    char line[200];
    return cseg_check_labels(line, sizeof line, c, &i->labels, NULL);
}

static cellseg_status measure(cellseg_context *c, images *i) {
    cellseg_table *table;
    const cellseg_status status = cellseg_measure(&table, c, i->cells, NULL, NULL, NULL);
    cellseg_table_free(table);
    return status;
}

/* Noise at its worst: as many ids as pixels, and a mask whose every pixel is a component. */
static cellseg_status check_pixels(cellseg_context *c, images *i) {
    for (size_t y = 0; y < EDGE; y++)
        for (size_t x = 0; x < EDGE; x++)
            cseg_row_u32(&i->labels, y)[x] = (uint32_t)((y * EDGE + x) * 3371 % (EDGE * EDGE) + 1);
    char line[200];
    const cellseg_status status = cseg_check_labels(line, sizeof line, c, &i->labels, NULL);
    assert_string_equal(line, "");
    return status;
}

static cellseg_status watershed_of_pixels(cellseg_context *c, images *i) {
    for (size_t y = 0; y < EDGE; y++)
        for (size_t x = 0; x < EDGE; x++)
            cseg_row_u8(&i->mask, y)[x] = (y + x) % 2;
    return cseg_watershed_flood(c, &i->labels, &i->grey, &i->mask, 4);
}

static cellseg_status watershed_of_pairs(cellseg_context *c, images *i) {
    for (size_t y = 0; y < EDGE; y++)
        for (size_t x = 0; x < EDGE; x++) {
            cseg_row_u8(&i->mask, y)[x] = (y / 2 + x) % 2;
            cseg_row_u32(&i->labels, y)[x] = (uint32_t)(y * EDGE + x + 1);
        }
    return cseg_watershed_flood(c, &i->labels, &i->grey, &i->mask, 4);
}

/* ---- wide pixels ---- */

#define MAKES(name, object, call)                                                                                                \
    static cellseg_status name(cellseg_context *c, images *i) {                                                                  \
        cellseg_##object *out;                                                                                                   \
        const cellseg_status status = cellseg_##call;                                                                            \
        cellseg_##object##_free(out);                                                                                            \
        return status;                                                                                                           \
    }

MAKES(reconstruct_wide, image, image_reconstruct_dilation(&out, c, i->wide, 0, i->wide, 0, 8))
MAKES(reconstruct_doubles, image, image_reconstruct_erosion(&out, c, i->doubles, 0, i->doubles, 0, 4))
MAKES(h_minima_wide, image, image_h_minima(&out, c, i->wide, 0, 1e7, 8))
MAKES(h_maxima_doubles, image, image_h_maxima(&out, c, i->doubles, 0, 0.1, 8))
MAKES(regional_wide, image, image_regional_maxima(&out, c, i->wide, 0, NULL, 0, 4))
MAKES(extended_doubles, image, image_extended_minima(&out, c, i->doubles, 0, 0.1, NULL, 0, 8))
MAKES(top_hat_doubles, image, image_white_top_hat(&out, c, i->doubles, 0, 200, 200))
MAKES(watershed_wide, labels, labels_watershed(&out, c, i->cells, i->wide, 0, NULL, 0, NULL))
MAKES(watershed_doubles, labels, labels_watershed(&out, c, i->cells, i->doubles, 0, NULL, 0, NULL))
MAKES(components_doubles, labels, image_components(&out, c, i->doubles, 0, 8))

enum { THREE_IMAGES = 3 * sizeof(float), RESULT_8 = 1, RESULT_32 = 4, RESULT_64 = 8, SMALL = 1 };

static const struct {
    const char *name;
    operation_fn run;
    size_t pixel_bytes; /* three times the image; or what the header states, the result, and what is small */
} operations[] = {
    {"gaussian", gaussian, THREE_IMAGES},
    {"gaussian_large", gaussian_large, THREE_IMAGES},
    {"laplacian", laplacian, THREE_IMAGES},
    {"laplacian_fast", laplacian_fast, THREE_IMAGES},
    {"otsu", otsu, THREE_IMAGES},
    {"percentiles", percentiles, THREE_IMAGES},
    {"top_hat", top_hat, THREE_IMAGES},
    {"top_hat_deep", top_hat_deep, THREE_IMAGES},
    {"top_hat_in_place", top_hat_in_place, THREE_IMAGES},
    {"erode_disc", erode_disc, THREE_IMAGES},
    {"distance", distance, THREE_IMAGES},
    {"nearest", nearest, THREE_IMAGES},
    {"components", components, THREE_IMAGES},
    {"h_minima", h_minima, THREE_IMAGES},
    {"extended_minima", extended_minima, THREE_IMAGES},
    {"reconstruct", reconstruct, THREE_IMAGES},
    {"fill_holes", fill_holes, THREE_IMAGES},
    {"fill_label_holes", fill_label_holes, THREE_IMAGES},
    {"relabel", relabel, THREE_IMAGES},
    {"expand", expand, THREE_IMAGES},
    {"boundaries", boundaries, THREE_IMAGES},
    {"watershed", watershed, THREE_IMAGES},
    {"watershed_in_mask", watershed_in_mask, THREE_IMAGES},
    {"watershed_of_pixels", watershed_of_pixels, THREE_IMAGES},
    {"watershed_of_pairs", watershed_of_pairs, THREE_IMAGES},
    {"check_labels", check_labels, THREE_IMAGES},
    {"check_pixels", check_pixels, THREE_IMAGES},
    {"measure", measure, THREE_IMAGES},
    {"reconstruct_wide", reconstruct_wide, 16 + RESULT_32 + SMALL},
    {"reconstruct_doubles", reconstruct_doubles, 8 + RESULT_64 + SMALL},
    {"h_minima_wide", h_minima_wide, 16 + RESULT_32 + SMALL},
    {"h_maxima_doubles", h_maxima_doubles, 8 + RESULT_64 + SMALL},
    {"regional_wide", regional_wide, 16 + RESULT_8 + SMALL},
    {"extended_doubles", extended_doubles, 16 + RESULT_8 + SMALL},
    {"top_hat_doubles", top_hat_doubles, 8 + RESULT_64 + SMALL},
    {"watershed_wide", watershed_wide, 12 + RESULT_32 + SMALL},
    {"watershed_doubles", watershed_doubles, 32 + RESULT_32 + SMALL},
    {"components_doubles", components_doubles, 6 + 1 + RESULT_32 + SMALL},
};

static void assert_little_memory(bool noise) {
    const double pixels = (double)EDGE * EDGE;
    images i;
    images_new(&i);
    for (size_t o = 0; o < sizeof operations / sizeof *operations; o++) {
        meter m;
        atomic_init(&m.held, 0);
        atomic_init(&m.most, 0);
        cellseg_context_options options;
        assert_ok(cellseg_context_options_init(&options, sizeof options));
        options.threads = 2;
        options.alloc = meter_alloc;
        options.free = meter_free;
        options.memory_user = &m;
        cellseg_context *context;
        assert_ok(cellseg_context_new(&context, &options));
        draw(&i, noise);
        assert_ok(operations[o].run(context, &i));
        const double held = (double)atomic_load(&m.most) / pixels;
        if (held > (double)operations[o].pixel_bytes)
            fail_msg("%s holds %.2f bytes per pixel, not %zu", operations[o].name, held, operations[o].pixel_bytes);
        cellseg_context_free(context);
        assert_int_equal(atomic_load(&m.held), 0);
    }
    images_free(&i);
}

static void cells_take_little_memory(void **state) {
    (void)state;
    assert_little_memory(false);
}

static void noise_takes_little_memory(void **state) {
    (void)state;
    assert_little_memory(true);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cells_take_little_memory),
        cmocka_unit_test(noise_takes_little_memory),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
