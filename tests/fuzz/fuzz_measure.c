/* SPDX-License-Identifier: BSD-3-Clause */
/* Measurements and metrics: any call ends in a sound result or an error. */
#include "toolkit.h"

static void measure(input *in, cellseg_context *context) {
    cellseg_measure_options options;
    MUST(cellseg_measure_options_init(&options, sizeof options) == CELLSEG_OK);
    take_options(in, cellseg_measure_options_table(), &options);
    cellseg_table *table;
    const cellseg_status status = cellseg_measure(&table, context, a.labels, a.method == 1 ? a.target : NULL, a.image, &options);
    MUST((check_status(in, status) == CELLSEG_OK) == (table != NULL));
    for (size_t i = 0; i < cellseg_table_columns(table); i++)
        add_bytes(in, cellseg_table_column(table, i), cellseg_table_rows(table) * sizeof(double));
    cellseg_table_free(table);
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

static const call_fn calls[] = {measure, similarity, matching, detection, boundary, roc};

static void fuzz_run(input *in, cellseg_context *context) {
    run_call(in, context, calls, sizeof calls / sizeof *calls);
}
