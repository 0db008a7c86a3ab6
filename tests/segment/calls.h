/* SPDX-License-Identifier: BSD-3-Clause */
/* The public calls of segmentation under common signatures, with the painted network. */
#ifndef CSEG_TESTS_SEGMENT_CALLS_H
#define CSEG_TESTS_SEGMENT_CALLS_H

#include "segment/fixture.h"

#include "nn/internal.h"

#include <string.h>

static cellseg_model *model, *joiner; /* of the same network, but that the second one has coefficients */

static inline int set_up(void **state) {
    static const double joining[CSEG_JOIN_TERMS] = {0, 9, 1.5, 5, -4, -1.3};
    (void)state;
    model = painted_model();
    joiner = painted_model();
    memcpy(joiner->rule.joining, joining, sizeof joining);
    return 0;
}

static inline int tear_down(void **state) {
    (void)state;
    cellseg_model_free(model);
    cellseg_model_free(joiner);
    return 0;
}

static inline cellseg_segment_options defaults(void) {
    cellseg_segment_options options;
    assert_ok(cellseg_segment_options_init(&options, sizeof options));
    options.nuclei_channel = 1;
    return options;
}

static inline cellseg_method default_method(void) {
    cellseg_method inner;
    assert_ok(cellseg_method_init(&inner, sizeof inner, CELLSEG_PRESET_DEFAULT));
    return inner;
}

static inline void assert_same_labels(const cellseg_labels *a, const cellseg_labels *b) {
    assert_int_equal(cellseg_labels_height(a), cellseg_labels_height(b));
    assert_int_equal(cellseg_labels_width(a), cellseg_labels_width(b));
    const size_t bytes = cellseg_labels_height(a) * cellseg_labels_width(a) * sizeof(uint32_t);
    assert_memory_equal(cellseg_labels_data(a), cellseg_labels_data(b), bytes);
}

/* ---- both methods ---- */

typedef cellseg_status (*method)(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                                 const cellseg_image *image, const cellseg_segment_options *options);

static inline cellseg_status with_network(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                                          const cellseg_image *image, const cellseg_segment_options *options) {
    return cellseg_segment(cells, nuclei, NULL, NULL, context, model, image, options);
}

static inline cellseg_status with_stain(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                                        const cellseg_image *image, const cellseg_segment_options *options) {
    return cellseg_segment_two_channel(cells, nuclei, NULL, context, image, image, options);
}

enum { METHODS = 2 };
static const method methods[METHODS] = {with_network, with_stain};

static inline void assert_refused(const cellseg_image *image, const cellseg_segment_options *options) {
    for (size_t m = 0; m < METHODS; m++) {
        cellseg_labels *cells = (cellseg_labels *)1, *nuclei = (cellseg_labels *)1;
        assert_status(methods[m](&cells, &nuclei, NULL, image, options), CELLSEG_ERR_ARGUMENT);
        assert_null(cells);
        assert_null(nuclei);
        assert_true(strlen(cellseg_last_error()) > 0);
    }
}

/* ---- every call ---- */

/* The inputs are made without a context, so that a context counts what the calls themselves take. */
typedef struct inputs {
    painted field;
    cellseg_image *maps; /* of the field, at the model's scale */
    cellseg_labels *seeds;
} inputs;

typedef struct outputs {
    cellseg_labels *cells, *nuclei;
    cellseg_image *maps;
    cellseg_segment_report report;
} outputs;

static inline void inputs_new(inputs *in, size_t rows, size_t columns, double zoom) {
    assert_ok(paint(&in->field, NULL, rows, columns, zoom, 3));
    assert_ok(cellseg_segment_maps(&in->maps, NULL, model, in->field.image, NULL));
    assert_ok(cellseg_segment_nuclei(&in->seeds, NULL, in->maps, CELLSEG_EXTRA_NONE, NULL));
}

static inline void inputs_free(inputs *in) {
    painted_free(&in->field);
    cellseg_image_free(in->maps);
    cellseg_labels_free(in->seeds);
}

static inline void outputs_free(outputs *out) {
    cellseg_labels_free(out->cells);
    cellseg_labels_free(out->nuclei);
    cellseg_image_free(out->maps);
    cellseg_segment_report_clear(&out->report);
}

/* The outputs that a call does not write stay NULL. */
static inline outputs no_outputs(void) {
    outputs out = {0};
    assert_ok(cellseg_segment_report_init(&out.report, sizeof out.report));
    return out;
}

typedef cellseg_status (*call)(outputs *out, cellseg_context *context, const inputs *in, const cellseg_segment_options *options);

static inline cellseg_status call_segment(outputs *out, cellseg_context *context, const inputs *in,
                                          const cellseg_segment_options *options) {
    return cellseg_segment(&out->cells, &out->nuclei, &out->maps, &out->report, context, model, in->field.image, options);
}

static inline cellseg_status call_two_channel(outputs *out, cellseg_context *context, const inputs *in,
                                              const cellseg_segment_options *options) {
    return cellseg_segment_two_channel(&out->cells, &out->nuclei, &out->report, context, in->field.image, in->field.image,
                                       options);
}

static inline cellseg_status call_nuclei_within(outputs *out, cellseg_context *context, const inputs *in,
                                                const cellseg_segment_options *options) {
    return cellseg_segment_nuclei_within(&out->nuclei, context, NULL, in->field.truth, in->field.image, options);
}

static inline cellseg_status call_nuclei_within_by_model(outputs *out, cellseg_context *context, const inputs *in,
                                                         const cellseg_segment_options *options) {
    return cellseg_segment_nuclei_within(&out->nuclei, context, model, in->field.truth, in->field.image, options);
}

static inline cellseg_status call_maps(outputs *out, cellseg_context *context, const inputs *in,
                                       const cellseg_segment_options *options) {
    return cellseg_segment_maps(&out->maps, context, model, in->field.image, options);
}

static inline cellseg_status call_nuclei(outputs *out, cellseg_context *context, const inputs *in,
                                         const cellseg_segment_options *options) {
    return cellseg_segment_nuclei(&out->nuclei, context, in->maps, CELLSEG_EXTRA_NONE, options);
}

static inline cellseg_status call_cells(outputs *out, cellseg_context *context, const inputs *in,
                                        const cellseg_segment_options *options) {
    return cellseg_segment_cells(&out->cells, &out->nuclei, context, NULL, in->field.image, in->maps, CELLSEG_EXTRA_NONE,
                                 in->seeds, options);
}

static inline cellseg_status call_cells_alone(outputs *out, cellseg_context *context, const inputs *in,
                                              const cellseg_segment_options *options) {
    return cellseg_segment_cells(&out->cells, &out->nuclei, context, NULL, in->field.image, NULL, CELLSEG_EXTRA_NONE, in->seeds,
                                 options);
}

/* The maps, with cells everywhere, and a fourth one by which no border is near: cells touch, and most are joined. */
static inline cellseg_image *with_distance(const cellseg_image *maps) {
    const size_t height = cellseg_image_height(maps), width = cellseg_image_width(maps);
    cellseg_image *four;
    assert_ok(cellseg_image_new(&four, NULL, CELLSEG_FLOAT32, 4, height, width));
    assert_ok(cellseg_image_set_pixel_size_um(four, cellseg_image_pixel_size_um(maps)));
    for (int32_t c = 0; c < 3; c++)
        memcpy(cellseg_image_pixels_mut(four, c), cellseg_image_pixels(maps, c), height * width * sizeof(float));
    for (size_t i = 0; i < height * width; i++) {
        ((float *)cellseg_image_pixels_mut(four, 1))[i] = 1;
        ((float *)cellseg_image_pixels_mut(four, 3))[i] = 0.97F;
    }
    return four;
}

static inline cellseg_status call_cells_joined(outputs *out, cellseg_context *context, const inputs *in,
                                               const cellseg_segment_options *options) {
    cellseg_image *four = with_distance(in->maps);
    const cellseg_status status = cellseg_segment_cells(&out->cells, &out->nuclei, context, joiner, in->field.image, four,
                                                        CELLSEG_EXTRA_DISTANCE, in->seeds, options);
    cellseg_image_free(four);
    return status;
}

static inline cellseg_status call_from_maps(outputs *out, cellseg_context *context, const inputs *in,
                                            const cellseg_segment_options *options) {
    return cellseg_segment_from_maps(&out->cells, &out->nuclei, &out->report, context, model, in->field.image, in->maps,
                                     CELLSEG_EXTRA_NONE, options);
}

static inline cellseg_model *wrapped_model(size_t batch) {
    const cellseg_network network = painted_network(model, batch);
    cellseg_model *wrapped;
    assert_ok(cellseg_model_wrap(&wrapped, NULL, cellseg_model_info(model), &network));
    return wrapped;
}

static inline cellseg_status call_elsewhere(outputs *out, cellseg_context *context, const inputs *in,
                                            const cellseg_segment_options *options) {
    cellseg_model *wrapped = wrapped_model(3);
    const cellseg_status status =
        cellseg_segment(&out->cells, &out->nuclei, &out->maps, &out->report, context, wrapped, in->field.image, options);
    cellseg_model_free(wrapped);
    return status;
}

enum { CALLS = 11 };
static const call calls[CALLS] = {call_segment,      call_two_channel, call_nuclei_within, call_nuclei_within_by_model,
                                  call_maps,         call_nuclei,      call_cells,         call_cells_alone,
                                  call_cells_joined, call_from_maps,   call_elsewhere};

static inline void assert_same_outputs(const outputs *a, const outputs *b) {
    assert_true((a->cells == NULL) == (b->cells == NULL) && (a->nuclei == NULL) == (b->nuclei == NULL));
    if (a->cells != NULL)
        assert_same_labels(a->cells, b->cells);
    if (a->nuclei != NULL)
        assert_same_labels(a->nuclei, b->nuclei);
    for (int32_t c = 0; a->maps != NULL && c < cellseg_image_channels(a->maps); c++)
        assert_memory_equal(cellseg_image_pixels(a->maps, c), cellseg_image_pixels(b->maps, c),
                            cellseg_image_height(a->maps) * cellseg_image_width(a->maps) * sizeof(float));
    assert_int_equal(a->report.cells, b->report.cells);
    if (a->report.confidence != NULL)
        assert_memory_equal(a->report.confidence, b->report.confidence, (a->report.cells + 1) * sizeof(float));
}

/* Every output of a call that failed: NULL, and a report of zeros. */
static inline void assert_no_outputs(const outputs *out) {
    const outputs none = no_outputs();
    assert_null(out->cells);
    assert_null(out->nuclei);
    assert_null(out->maps);
    assert_memory_equal(&out->report, &none.report, sizeof none.report);
}

#endif
