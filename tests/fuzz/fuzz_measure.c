/* SPDX-License-Identifier: BSD-3-Clause */
/* Measurements, outlines and metrics: any call ends in a sound result or an error. */
#include "toolkit.h"

static void measure(input *in, cellseg_context *context) {
    cellseg_measure_options options;
    MUST(cellseg_measure_options_init(&options, sizeof options) == CELLSEG_OK);
    take_options(in, cellseg_measure_options_table(), &options);
    const cellseg_image *const images[] = {a.image, a.image};
    const cellseg_labels *const compartment = a.target;
    const char *const name = "compartment";
    const cellseg_measure_inputs inputs = {.struct_size = sizeof inputs,
                                           .cells = a.labels,
                                           .nuclei = a.method == 1 ? a.target : NULL,
                                           .images = images,
                                           .image_count = a.image != NULL ? 1 + (a.n & 1) : 0,
                                           .compartments = &compartment,
                                           .compartment_names = &name,
                                           .compartment_count = a.target != NULL,
                                           .channel_names = 1};
    cellseg_table *table;
    const cellseg_status status = cellseg_measure_all(&table, context, &inputs, &options);
    MUST((check_status(in, status) == CELLSEG_OK) == (table != NULL));
    for (size_t i = 0; i < cellseg_table_columns(table); i++)
        add_bytes(in, cellseg_table_column(table, i), cellseg_table_rows(table) * sizeof(double));
    cellseg_table_free(table);
}

/* Twice the area of a ring, negative for a hole. */
static double doubled_area(const double *points, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; i++) {
        const double *from = points + 2 * i, *to = points + 2 * (i + 1 < count ? i + 1 : 0);
        sum += from[0] * to[1] - to[0] * from[1];
    }
    return sum;
}

static uint64_t count_pixels(const cellseg_labels *labels) {
    uint64_t count = 0;
    for (size_t y = 0; y < cellseg_labels_height(labels); y++) {
        const char *row = (const char *)cellseg_labels_data(labels) + y * cellseg_labels_row_stride_bytes(labels);
        for (size_t x = 0; x < cellseg_labels_width(labels); x++)
            count += ((const uint32_t *)(const void *)row)[x] != 0;
    }
    return count;
}

static int32_t take_file(void *user, const void *bytes, size_t count) {
    add_bytes(user, bytes, count);
    return 0;
}

static void write_files(input *in, cellseg_context *context, const cellseg_outlines *cells, const cellseg_outlines *nuclei) {
    cellseg_writer writer;
    MUST(cellseg_writer_init(&writer, sizeof writer) == CELLSEG_OK);
    writer.user = in;
    writer.write = take_file;
    (void)check_status(in, cellseg_geojson_write_to(context, &writer, cells, nuclei, NULL));
    (void)check_status(in, cellseg_svg_write_to(context, &writer, cells, nuclei));
    (void)check_status(in, cellseg_coco_write_to(context, &writer, "a.tif", a.labels, a.target));
}

/* Outlines: outer rings are positive, holes negative, and along pixel edges all of them have as much area as the labels. */
static void outlines(input *in, cellseg_context *context) {
    cellseg_outline_options options;
    MUST(cellseg_outline_options_init(&options, sizeof options) == CELLSEG_OK);
    take_options(in, cellseg_outline_options_table(), &options);
    cellseg_outlines *out, *others;
    const cellseg_status status = cellseg_labels_outlines(&out, context, a.labels, &options);
    MUST((check_status(in, status) == CELLSEG_OK) == (out != NULL));
    double sum = 0;
    for (size_t i = 0; i < cellseg_outlines_rings(out); i++) {
        const size_t *offsets = cellseg_outlines_offsets(out);
        const double area = doubled_area(cellseg_outlines_points(out) + 2 * offsets[i], offsets[i + 1] - offsets[i]);
        MUST(cellseg_outlines_holes(out)[i] == 1 ? area < 0 : area > 0);
        sum += area / 2;
    }
    MUST(out == NULL || options.smooth != 0 || options.unit != CELLSEG_OUTLINE_PX || sum == (double)count_pixels(a.labels));
    MUST(check_status(in, cellseg_labels_outlines(&others, context, a.target, &options)) == CELLSEG_OK || others == NULL);
    write_files(in, context, out, others);
    cellseg_outlines_free(out);
    cellseg_outlines_free(others);
}

/* Metrics: each fraction lies between 0 and 1, or is NaN where its header says so. */
static double fraction(double value) {
    MUST(!(value < 0) && !(value > 1 + 1e-12));
    return value;
}

static void similarity(input *in, cellseg_context *context) {
    cellseg_similarity out = {.struct_size = sizeof out};
    double dice[8];
    (void)check_status(in, cellseg_similarity_compute(&out, dice, 8, context, a.labels, a.target, a.x));
    const double all[] = {fraction(out.sm), fraction(out.mean_best_dice), fraction(out.pair_ratio), fraction(out.jaccard)};
    add_bytes(in, all, sizeof all);
}

static void matching(input *in, cellseg_context *context) {
    cellseg_matching out[4] = {{0}};
    for (size_t i = 0; i < 4; i++)
        out[i].struct_size = sizeof *out;
    (void)check_status(in, cellseg_matching_compute(out, a.count, context, a.labels, a.target, a.list));
    for (size_t i = 0; i < 4; i++)
        (void)(fraction(out[i].f1) + fraction(out[i].mean_iou) + fraction(out[i].panoptic_quality));
    add_bytes(in, out, sizeof out);
}

static void detection(input *in, cellseg_context *context) {
    cellseg_detection out = {.struct_size = sizeof out};
    (void)check_status(in, cellseg_detection_compute(&out, context, a.labels, a.target));
    const double all[] = {fraction(out.average_precision), fraction(out.aggregated_jaccard), fraction(out.seg)};
    add_bytes(in, all, sizeof all);
}

static void boundary(input *in, cellseg_context *context) {
    cellseg_boundary out = {.struct_size = sizeof out};
    (void)check_status(in, cellseg_boundary_compute(&out, context, a.labels, a.target, a.x));
    const double all[] = {fraction(out.precision), fraction(out.recall), fraction(out.f1)};
    add_bytes(in, all, sizeof all);
}

static void roc(input *in, cellseg_context *context) {
    cellseg_roc out = {.struct_size = sizeof out};
    uint64_t counts[2][64] = {{0}};
    (void)check_status(in, cellseg_roc_compute(&out, counts[0], counts[1], a.n % 65, context, a.image, a.c, a.labels, a.x));
    const double all[] = {fraction(out.auc), fraction(out.accuracy)};
    add_bytes(in, all, sizeof all);
    add_bytes(in, counts, sizeof counts);
}

static const call_fn calls[] = {measure, similarity, matching, detection, boundary, roc, outlines};

static void fuzz_run(input *in, cellseg_context *context) {
    run_call(in, context, calls, sizeof calls / sizeof *calls);
}
