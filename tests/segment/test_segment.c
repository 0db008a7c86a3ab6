/* SPDX-License-Identifier: BSD-3-Clause */
/* The public calls on painted fields whose cells are known: what they find, what they promise, what they refuse. */
#include "segment/calls.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* ---- what is found ---- */

/* Every painted cell is found once: most of it under one id, and little else under that id. */
static void assert_found(const painted *field, const cellseg_labels *cells) {
    const uint32_t *truth = cellseg_labels_data(field->truth), *found = cellseg_labels_data(cells);
    const size_t pixels = cellseg_labels_height(cells) * cellseg_labels_width(cells);
    const uint32_t n = cellseg_labels_max_id(cells);
    assert_int_equal(n, field->count);
    size_t *both = calloc((size_t)(field->count + 1) * (n + 1), sizeof *both);
    size_t *true_area = calloc(field->count + 1, sizeof *true_area), *area = calloc(n + 1, sizeof *area);
    for (size_t i = 0; i < pixels; i++) {
        both[truth[i] * (n + 1) + found[i]]++;
        true_area[truth[i]]++;
        area[found[i]]++;
    }
    for (uint32_t t = 1; t <= field->count; t++) {
        double best = 0;
        for (uint32_t f = 1; f <= n; f++) {
            const double common = (double)both[t * (n + 1) + f];
            const double overlap = common / ((double)(true_area[t] + area[f]) - common);
            best = overlap > best ? overlap : best; /* on fmax() in a loop, gcc 12.2 for ARM ends with an internal error */
        }
        assert_true(best > 0.7);
    }
    free(both);
    free(true_area);
    free(area);
}

static void check_field(method run, size_t rows, size_t columns, double zoom, const cellseg_segment_options *options) {
    painted field;
    cellseg_labels *cells, *nuclei;
    assert_ok(paint(&field, NULL, rows, columns, zoom, 21));
    assert_ok(run(&cells, &nuclei, NULL, field.image, options));
    assert_int_equal(cellseg_labels_height(cells), cellseg_image_height(field.image));
    assert_int_equal(cellseg_labels_width(nuclei), cellseg_image_width(field.image));
    assert_true(cellseg_labels_pixel_size_um(cells) == cellseg_image_pixel_size_um(field.image));
    (void)assert_invariants(cells, nuclei);
    assert_found(&field, cells);
    cellseg_labels_free(cells);
    cellseg_labels_free(nuclei);
    painted_free(&field);
}

static void painted_cells_are_found(void **state) {
    (void)state;
    const cellseg_segment_options options = defaults();
    for (size_t m = 0; m < METHODS; m++) {
        check_field(methods[m], 5, 7, 1, &options);
        check_field(methods[m], 2, 3, 1, &options);
    }
}

static void cells_are_found_at_other_pixel_sizes(void **state) {
    (void)state;
    const cellseg_segment_options options = defaults();
    for (size_t m = 0; m < METHODS; m++) {
        check_field(methods[m], 4, 4, 2.1, &options);
        check_field(methods[m], 4, 4, 1.04, &options);
        check_field(methods[m], 5, 5, 0.6, &options);
    }
}

static void every_relief_and_rule_finds_them(void **state) {
    (void)state;
    for (size_t m = 0; m < METHODS; m++)
        for (int32_t relief = CELLSEG_RELIEF_MARKER; relief <= CELLSEG_RELIEF_DISTANCE; relief++)
            for (int32_t rule = CELLSEG_BACKGROUND_EXPECTED_AREA; rule <= CELLSEG_BACKGROUND_PROBABILITY; rule++) {
                cellseg_segment_options options = defaults();
                cellseg_method inner = default_method();
                options.method = &inner;
                inner.relief = relief;
                inner.background_rule = rule;
                inner.cell_probability = (relief + rule) % 2;
                options.smooth_um = relief;
                check_field(methods[m], 4, 5, 1, &options);
            }
}

/* ---- sameness ---- */

static void any_number_of_threads_gives_the_same(void **state) {
    (void)state;
    cellseg_segment_options options = defaults();
    options.smooth_um = 1;
    painted field;
    assert_ok(paint(&field, NULL, 5, 6, 1.3, 3));
    for (size_t m = 0; m < METHODS; m++) {
        cellseg_labels *cells[3], *nuclei[3];
        static const int32_t threads[3] = {1, 2, 7};
        for (size_t t = 0; t < 3; t++) {
            cellseg_context *context = test_context(threads[t]);
            assert_ok(methods[m](&cells[t], &nuclei[t], context, field.image, &options));
            cellseg_context_free(context);
        }
        for (size_t t = 0; t < 3; t++) {
            assert_same_labels(cells[0], cells[t]);
            assert_same_labels(nuclei[0], nuclei[t]);
        }
        for (size_t t = 0; t < 3; t++) {
            cellseg_labels_free(cells[t]);
            cellseg_labels_free(nuclei[t]);
        }
    }
    painted_free(&field);
}

/* The same content as float, with another offset and gain, in rows with gaps. */
static void gain_offset_type_and_stride_do_not_matter(void **state) {
    (void)state;
    const cellseg_segment_options options = defaults();
    painted field;
    assert_ok(paint(&field, NULL, 4, 5, 1, 3));
    const size_t height = cellseg_image_height(field.image), width = cellseg_image_width(field.image), stride = width + 5;
    float *pixels = calloc(2 * height * stride, sizeof *pixels);
    for (size_t c = 0; c < 2; c++) {
        const uint16_t *from = cellseg_image_pixels(field.image, (int32_t)c);
        for (size_t i = 0; i < height * width; i++)
            pixels[(c * height + i / width) * stride + i % width] =
                (float)from[i] * 4.0F - 64.0F; /* exact, and so undone exactly */
    }
    cellseg_image_layout layout;
    assert_ok(cellseg_image_layout_init(&layout, sizeof layout));
    layout.pixels = pixels;
    layout.height = height;
    layout.width = width;
    layout.channels = 2;
    layout.pixel_type = CELLSEG_FLOAT32;
    layout.row_stride_bytes = stride * sizeof *pixels;
    layout.channel_stride_bytes = height * stride * sizeof *pixels;
    layout.pixel_size_um = fixture_pixel_um;
    cellseg_image *other;
    assert_ok(cellseg_image_wrap(&other, NULL, &layout));
    for (size_t m = 0; m < METHODS; m++) {
        cellseg_labels *a, *b;
        assert_ok(methods[m](&a, NULL, NULL, field.image, &options));
        assert_ok(methods[m](&b, NULL, NULL, other, &options));
        assert_same_labels(a, b);
        cellseg_labels_free(a);
        cellseg_labels_free(b);
    }
    cellseg_image_free(other);
    free(pixels);
    painted_free(&field);
}

/* ---- images with nothing in them ---- */

static void fill(cellseg_image *image, int kind) {
    uint64_t seed = 5;
    const size_t pixels = cellseg_image_height(image) * cellseg_image_width(image);
    for (int32_t c = 0; c < 2; c++) {
        uint16_t *p = cellseg_image_pixels_mut(image, c);
        for (size_t i = 0; i < pixels; i++) {
            double sum = 0;
            for (int k = 0; k < 12; k++)
                sum += test_uniform(&seed);
            const double values[] = {0, 65535, 100 + 10 * (sum - 6), test_uniform(&seed) < 0.02, 3000 + 60 * (sum - 6)};
            p[i] = (uint16_t)values[kind];
        }
    }
}

static void nothing_gives_no_cells(void **state) {
    (void)state;
    const cellseg_segment_options options = defaults();
    static const size_t sizes[][2] = {{10, 10}, {10, 300}, {12, 11}, {200, 150}};
    for (size_t m = 0; m < METHODS; m++)
        for (size_t s = 0; s < 4; s++)
            for (int kind = 0; kind < 5; kind++) {
                cellseg_image *image;
                cellseg_labels *cells, *nuclei;
                assert_ok(cellseg_image_new(&image, NULL, CELLSEG_UINT16, 2, sizes[s][0], sizes[s][1]));
                assert_ok(cellseg_image_set_pixel_size_um(image, 0.65));
                fill(image, kind);
                assert_ok(methods[m](&cells, &nuclei, NULL, image, &options));
                assert_int_equal(cellseg_labels_max_id(cells), 0);
                assert_int_equal(cellseg_labels_max_id(nuclei), 0);
                cellseg_labels_free(cells);
                cellseg_labels_free(nuclei);
                cellseg_image_free(image);
            }
}

/* ---- images that no nucleus fits in ---- */

/* Every call that finds nuclei or cells in `image`, or in `maps`, which are of the same size. */
static void all_refuse(const cellseg_image *image, const cellseg_image *maps, const cellseg_labels *labels,
                       const cellseg_segment_options *options, const char *reason) {
    cellseg_labels *cells, *nuclei;
    cellseg_image *out;
    uint64_t bytes;
    const cellseg_status statuses[] = {
        cellseg_segment(&cells, &nuclei, NULL, NULL, NULL, model, image, options),
        cellseg_segment_two_channel(&cells, &nuclei, NULL, NULL, image, image, options),
        cellseg_segment_nuclei_within(&nuclei, NULL, NULL, labels, image, options),
        cellseg_segment_nuclei_within(&nuclei, NULL, model, labels, image, options),
        cellseg_segment_maps(&out, NULL, model, image, options),
        cellseg_segment_cells(&cells, &nuclei, NULL, NULL, image, maps, CELLSEG_EXTRA_NONE, labels, options),
        cellseg_segment_nuclei(&nuclei, NULL, maps, CELLSEG_EXTRA_NONE, options),
        cellseg_segment_memory(&bytes, NULL, model, cellseg_image_height(image), cellseg_image_width(image),
                               cellseg_image_pixel_size_um(image), options),
    };
    for (size_t i = 0; i < sizeof statuses / sizeof *statuses; i++)
        assert_status(statuses[i], CELLSEG_ERR_ARGUMENT);
    assert_non_null(strstr(cellseg_last_error(), reason));
}

/* Too few pixels, and as many as ever of a size that was written in another unit. */
static void an_image_that_no_nucleus_fits_in_is_refused(void **state) {
    (void)state;
    static const struct {
        size_t height, width;
        double pixel_size_um;
        const char *reason;
    } cases[] = {{1, 1, 0.65, "1 x 1 pixels of 0.65 um cannot hold a nucleus of 6 um across"},
                 {1, 300, 0.65, "cannot hold a nucleus"},
                 {300, 9, 0.65, "cannot hold a nucleus"},
                 {600, 500, 0.0003, "600 x 500 pixels of 0.0003 um cannot hold a nucleus"},
                 {600, 500, 0.01, "cannot hold a nucleus"}};
    const cellseg_segment_options options = defaults();
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        cellseg_image *image, *maps;
        cellseg_labels *labels;
        assert_ok(cellseg_image_new(&image, NULL, CELLSEG_UINT16, 2, cases[i].height, cases[i].width));
        assert_ok(cellseg_image_new(&maps, NULL, CELLSEG_FLOAT32, 3, cases[i].height, cases[i].width));
        assert_ok(cellseg_labels_new(&labels, NULL, cases[i].height, cases[i].width));
        assert_ok(cellseg_image_set_pixel_size_um(image, cases[i].pixel_size_um));
        assert_ok(cellseg_image_set_pixel_size_um(maps, cases[i].pixel_size_um));
        all_refuse(image, maps, labels, &options, cases[i].reason);
        cellseg_image_free(image);
        cellseg_image_free(maps);
        cellseg_labels_free(labels);
    }
}

/* The smallest nucleus is that of the options, whose lengths grow with the nuclei's diameter. */
static void the_smallest_nucleus_decides(void **state) {
    (void)state;
    cellseg_segment_options options = defaults();
    cellseg_method method_options = default_method();
    cellseg_image *image;
    cellseg_labels *cells;
    options.method = &method_options;
    assert_ok(cellseg_image_new(&image, NULL, CELLSEG_UINT16, 2, 20, 30));
    assert_ok(cellseg_image_set_pixel_size_um(image, 0.5));
    assert_ok(with_stain(&cells, NULL, NULL, image, &options));
    cellseg_labels_free(cells);
    options.nucleus_diameter_um = 30;
    assert_status(with_stain(&cells, NULL, NULL, image, &options), CELLSEG_ERR_ARGUMENT);
    method_options.nucleus_radius_min_um = 2;
    assert_ok(with_stain(&cells, NULL, NULL, image, &options));
    cellseg_labels_free(cells);
    cellseg_image_free(image);
}

static void pixels_of_a_wrong_unit_are_too_large(void **state) {
    (void)state;
    const cellseg_segment_options options = defaults();
    cellseg_image *image;
    cellseg_labels *cells;
    assert_ok(cellseg_image_new(&image, NULL, CELLSEG_UINT16, 2, 600, 500));
    assert_ok(cellseg_image_set_pixel_size_um(image, 300));
    for (size_t m = 0; m < METHODS; m++) {
        assert_status(methods[m](&cells, NULL, NULL, image, &options), CELLSEG_ERR_ARGUMENT);
        assert_non_null(strstr(cellseg_last_error(), "pixels of 300 um are more than 8 times as large"));
    }
    cellseg_image_free(image);
}

/* ---- warnings ---- */

enum { LINES = 8, LINE = 200 };

typedef struct log_lines {
    size_t count;
    char text[LINES][LINE];
} log_lines;

static void keep_line(void *user, int32_t level, const char *message) {
    log_lines *lines = user;
    if (level == CELLSEG_LOG_INFO)
        return;
    assert_int_equal(level, CELLSEG_LOG_WARNING);
    assert_true(lines->count < LINES);
    (void)snprintf(lines->text[lines->count++], LINE, "%s", message);
}

static void warned_of(method run, const cellseg_image *image, const cellseg_segment_options *options, log_lines *lines) {
    cellseg_context_options hooks;
    cellseg_context *context;
    cellseg_labels *cells;
    *lines = (log_lines){0};
    assert_ok(cellseg_context_options_init(&hooks, sizeof hooks));
    hooks.log = keep_line;
    hooks.log_user = lines;
    assert_ok(cellseg_context_new(&context, &hooks));
    assert_ok(run(&cells, NULL, context, image, options));
    cellseg_labels_free(cells);
    cellseg_context_free(context);
}

static void the_log_warns_where_a_result_may_disappoint(void **state) {
    (void)state;
    painted field;
    assert_ok(paint(&field, NULL, 3, 4, 1, 3));
    for (size_t m = 0; m < METHODS; m++) {
        cellseg_segment_options options = defaults();
        log_lines lines;
        warned_of(methods[m], field.image, &options, &lines);
        assert_int_equal(lines.count, 0);
        options.nucleus_area_min_um2 = 1000;
        warned_of(methods[m], field.image, &options, &lines);
        assert_int_equal(lines.count, 1);
        assert_string_equal(lines.text[0], "no cell was found");
        options.pixel_size_um = 1.5;
        warned_of(methods[m], field.image, &options, &lines);
        assert_int_equal(lines.count, 2);
        assert_non_null(strstr(lines.text[0], "1.5 um are enlarged"));
        cellseg_image *noise;
        assert_ok(cellseg_image_new(&noise, NULL, CELLSEG_UINT16, 2, 90, 120));
        for (int kind = 0; kind < 5; kind++) {
            fill(noise, kind);
            options = defaults();
            options.pixel_size_um = 0.65;
            warned_of(methods[m], noise, &options, &lines);
            assert_int_equal(lines.count, 1);
            assert_non_null(strstr(lines.text[0], "no cell was found"));
            if (kind < 2)
                assert_non_null(strstr(lines.text[0], "nearly constant, or noise"));
        }
        cellseg_image_free(noise);
    }
    painted_free(&field);
}

/* ---- options that drop cells ---- */

static uint32_t count_with(const painted *field, const cellseg_segment_options *options) {
    cellseg_labels *cells, *nuclei;
    assert_ok(with_stain(&cells, &nuclei, NULL, field->image, options));
    const uint32_t n = assert_invariants(cells, nuclei);
    cellseg_labels_free(cells);
    cellseg_labels_free(nuclei);
    return n;
}

static void options_drop_cells(void **state) {
    (void)state;
    painted field;
    assert_ok(paint(&field, NULL, 4, 4, 1, 3));
    paint_cell(&field, 1, 4, 2 * SPACING_PX, 17); /* cut by the edge */
    cellseg_segment_options options = defaults();
    assert_int_equal(count_with(&field, &options), 17);
    options.drop_border_cells = 1;
    assert_int_equal(count_with(&field, &options), 16);
    options = defaults();
    options.cell_area_min_um2 = 115;
    assert_int_equal(count_with(&field, &options), 16);
    options.cell_area_min_um2 = 0;
    options.cell_area_max_um2 = 115;
    assert_int_equal(count_with(&field, &options), 1);
    options = defaults();
    cellseg_method inner = default_method();
    inner.cytoplasm_min = 0.9;
    options.method = &inner;
    assert_int_equal(count_with(&field, &options), 0);
    options = defaults();
    options.nucleus_area_min_um2 = 400;
    assert_int_equal(count_with(&field, &options), 0);
    painted_free(&field);
}

/* ---- nuclei of known cells ---- */

/* by: NULL, by the nuclear stain; else by the model, from the marker alone. */
static void assert_nuclei_within(const cellseg_model *by) {
    const cellseg_segment_options options = defaults();
    painted field;
    cellseg_labels *nuclei;
    assert_ok(paint(&field, NULL, 4, 4, 1.5, 3));
    assert_ok(cellseg_segment_nuclei_within(&nuclei, NULL, by, field.truth, field.image, &options));
    const uint32_t *n = cellseg_labels_data(nuclei), *truth = cellseg_labels_data(field.truth);
    size_t area[17] = {0};
    for (size_t i = 0; i < cellseg_labels_height(nuclei) * cellseg_labels_width(nuclei); i++) {
        assert_true(n[i] == 0 || n[i] == truth[i]);
        area[n[i]]++;
    }
    const double expected = 3.14159 * nucleus_radius_px * nucleus_radius_px * 1.5 * 1.5;
    for (size_t id = 1; id <= 16; id++)
        assert_true((double)area[id] > 0.6 * expected && (double)area[id] < 1.6 * expected);
    cellseg_labels_free(nuclei);
    painted_free(&field);
}

static void nuclei_within_known_cells(void **state) {
    (void)state;
    assert_nuclei_within(NULL);
    assert_nuclei_within(model);
}

/* The model finds what cellseg_segment() finds: where the cells are that call's, so are the nuclei. */
static void nuclei_of_the_model_within_its_own_cells(void **state) {
    (void)state;
    painted field;
    cellseg_labels *cells, *nuclei, *again;
    assert_ok(paint(&field, NULL, 4, 4, 1, 3));
    assert_ok(cellseg_segment(&cells, &nuclei, NULL, NULL, NULL, model, field.image, NULL));
    assert_ok(cellseg_segment_nuclei_within(&again, NULL, model, cells, field.image, NULL));
    assert_same_labels(nuclei, again);
    cellseg_labels_free(cells);
    cellseg_labels_free(nuclei);
    cellseg_labels_free(again);
    painted_free(&field);
}

/* ---- maps ---- */

static void maps_have_the_images_size(void **state) {
    (void)state;
    painted field;
    cellseg_labels *cells;
    cellseg_image *maps;
    assert_ok(paint(&field, NULL, 3, 4, 1.5, 3));
    assert_ok(cellseg_segment(&cells, NULL, &maps, NULL, NULL, model, field.image, NULL));
    assert_int_equal(cellseg_image_channels(maps), 3);
    assert_int_equal(cellseg_image_height(maps), cellseg_image_height(field.image));
    assert_int_equal(cellseg_image_width(maps), cellseg_image_width(field.image));
    assert_true(cellseg_image_pixel_size_um(maps) == cellseg_image_pixel_size_um(field.image));
    for (int32_t c = 0; c < 3; c++) {
        const float *map = cellseg_image_pixels(maps, c);
        for (size_t i = 0; i < cellseg_image_height(maps) * cellseg_image_width(maps); i++)
            assert_true(map[i] >= 0 && map[i] <= 1);
    }
    cellseg_labels_free(cells);
    cellseg_image_free(maps);
    painted_free(&field);
}

/* The default is two, the paper's one; what their mean is, test_predict.c says. */
static void orientations_reach_the_network(void **state) {
    (void)state;
    painted field;
    assert_ok(paint(&field, NULL, 3, 4, 1.5, 3));
    const size_t bytes = cellseg_image_height(field.image) * cellseg_image_width(field.image) * sizeof(float);
    static const int32_t orientations[] = {0, 2, 1, 4, 8}; /* 0: the default */
    cellseg_image *maps[5];
    for (size_t k = 0; k < 5; k++) {
        cellseg_labels *cells;
        cellseg_segment_options options = defaults();
        if (orientations[k] != 0)
            options.orientations = orientations[k];
        assert_ok(cellseg_segment(&cells, NULL, &maps[k], NULL, NULL, model, field.image, &options));
        cellseg_labels_free(cells);
        for (size_t before = 0; before < k; before++)
            assert_int_equal(memcmp(cellseg_image_pixels(maps[before], 0), cellseg_image_pixels(maps[k], 0), bytes) == 0,
                             before == 0 && k == 1);
    }
    cellseg_segment_options paper = defaults();
    assert_ok(cellseg_segment_options_preset(&paper, CELLSEG_PRESET_PAPER));
    assert_int_equal(paper.orientations, 1);
    for (size_t k = 0; k < 5; k++)
        cellseg_image_free(maps[k]);
    painted_free(&field);
}

/* ---- models of something else ---- */

static void models_with_other_classes_are_refused(void **state) {
    (void)state;
    char path[] = "/tmp/cellseg-test-XXXXXX";
    const int fd = mkstemp(path);
    assert_true(fd >= 0);
    assert_ok(cellseg_model_save(model, NULL, path, CELLSEG_WEIGHTS_FLOAT32));
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    assert_int_equal(fseek(file, 0, SEEK_END), 0);
    const size_t size = (size_t)ftell(file);
    rewind(file);
    char *bytes = malloc(size);
    assert_int_equal(fread(bytes, 1, size, file), size);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(close(fd), 0);
    assert_int_equal(unlink(path), 0);
    char *name = NULL;
    for (size_t i = 0; i + 8 < size && name == NULL; i++)
        name = memcmp(bytes + i, "nucleus\\", 8) == 0 ? bytes + i : NULL; /* in JSON within JSON */
    assert_non_null(name);
    memcpy(name, "mitosis", 7);
    cellseg_model *other;
    painted field;
    cellseg_labels *cells;
    const cellseg_reader reader = test_reader(bytes, size);
    assert_ok(cellseg_model_load_from(&other, NULL, &reader));
    assert_ok(paint(&field, NULL, 2, 2, 1, 3));
    assert_status(cellseg_segment(&cells, NULL, NULL, NULL, NULL, other, field.image, NULL), CELLSEG_ERR_MODEL);
    assert_string_equal(cellseg_last_error(), "class 0 of the model is \"mitosis\"; segmentation needs \"nucleus\" there");
    assert_null(cells);
    painted_free(&field);
    cellseg_model_free(other);
    free(bytes);
}

static void bad_pixels_are_refused(void **state) {
    (void)state;
    const cellseg_segment_options options = defaults();
    static const float bad[] = {NAN, INFINITY, -INFINITY, 3e38F};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cellseg_image *image;
        assert_ok(cellseg_image_new(&image, NULL, CELLSEG_FLOAT32, 2, 20, 30));
        assert_ok(cellseg_image_set_pixel_size_um(image, 0.65));
        for (int32_t c = 0; c < 2; c++)
            ((float *)cellseg_image_pixels_mut(image, c))[333] = bad[i];
        assert_refused(image, &options);
        cellseg_image_free(image);
    }
}

static void missing_arguments_are_refused(void **state) {
    (void)state;
    painted field, other;
    assert_ok(paint(&field, NULL, 1, 1, 1, 3));
    assert_ok(paint(&other, NULL, 1, 2, 1, 3));
    cellseg_labels *cells = NULL;
    const cellseg_segment_options options = defaults();
    assert_refused(NULL, &options);
    assert_status(cellseg_segment(NULL, NULL, NULL, NULL, NULL, model, field.image, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_segment(&cells, NULL, NULL, NULL, NULL, NULL, field.image, NULL), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_segment_two_channel(NULL, NULL, NULL, NULL, field.image, field.image, &options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_segment_two_channel(&cells, NULL, NULL, NULL, field.image, other.image, &options),
                  CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_segment_nuclei_within(NULL, NULL, NULL, field.truth, field.image, &options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_segment_nuclei_within(&cells, NULL, NULL, NULL, field.image, &options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_segment_nuclei_within(&cells, NULL, NULL, field.truth, NULL, &options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_segment_nuclei_within(&cells, NULL, model, field.truth, NULL, &options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_segment_nuclei_within(&cells, NULL, model, other.truth, field.image, &options), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_segment_nuclei_within(&cells, NULL, NULL, other.truth, field.image, &options), CELLSEG_ERR_ARGUMENT);
    assert_null(cells);
    painted_free(&field);
    painted_free(&other);
}

static void pixel_sizes_that_disagree_are_refused(void **state) {
    (void)state;
    painted a, b;
    cellseg_labels *cells;
    const cellseg_segment_options options = defaults();
    assert_ok(paint(&a, NULL, 2, 2, 1, 3));
    assert_ok(paint(&b, NULL, 2, 2, 1, 3));
    assert_ok(cellseg_image_set_pixel_size_um(b.image, 0.6));
    assert_status(cellseg_segment_two_channel(&cells, NULL, NULL, NULL, a.image, b.image, &options), CELLSEG_ERR_ARGUMENT);
    assert_null(cells);
    assert_ok(cellseg_image_set_pixel_size_um(b.image, 0)); /* unknown: the other's is taken */
    assert_ok(cellseg_segment_two_channel(&cells, NULL, NULL, NULL, b.image, a.image, &options));
    assert_int_equal(cellseg_labels_max_id(cells), 4);
    assert_true(cellseg_labels_pixel_size_um(cells) == fixture_pixel_um);
    cellseg_labels_free(cells);
    painted_free(&a);
    painted_free(&b);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(painted_cells_are_found),
        cmocka_unit_test(cells_are_found_at_other_pixel_sizes),
        cmocka_unit_test(every_relief_and_rule_finds_them),
        cmocka_unit_test(any_number_of_threads_gives_the_same),
        cmocka_unit_test(gain_offset_type_and_stride_do_not_matter),
        cmocka_unit_test(nothing_gives_no_cells),
        cmocka_unit_test(an_image_that_no_nucleus_fits_in_is_refused),
        cmocka_unit_test(the_smallest_nucleus_decides),
        cmocka_unit_test(pixels_of_a_wrong_unit_are_too_large),
        cmocka_unit_test(the_log_warns_where_a_result_may_disappoint),
        cmocka_unit_test(options_drop_cells),
        cmocka_unit_test(nuclei_within_known_cells),
        cmocka_unit_test(nuclei_of_the_model_within_its_own_cells),
        cmocka_unit_test(maps_have_the_images_size),
        cmocka_unit_test(orientations_reach_the_network),
        cmocka_unit_test(models_with_other_classes_are_refused),
        cmocka_unit_test(bad_pixels_are_refused),
        cmocka_unit_test(missing_arguments_are_refused),
        cmocka_unit_test(pixel_sizes_that_disagree_are_refused),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
