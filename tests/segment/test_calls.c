/* SPDX-License-Identifier: BSD-3-Clause */
/* What every public call of segmentation shares: failing memory, cancelling, progress, threads, outputs and reports after errors.
 */
#include "segment/calls.h"

#include <cellseg/morph.h>

#include <math.h>

/* ---- memory ---- */

typedef struct work {
    call run;
    const inputs *in;
} work;

static cellseg_status run_once(cellseg_context *context, void *data) {
    const work *w = data;
    cellseg_segment_options options = defaults();
    options.smooth_um = 1;
    outputs out = no_outputs();
    const cellseg_status status = w->run(&out, context, w->in, &options);
    if (status != CELLSEG_OK)
        assert_no_outputs(&out);
    outputs_free(&out);
    return status;
}

static void every_call_survives_failing_allocations(void **state) {
    (void)state;
    inputs in;
    inputs_new(&in, 4, 4, 1.2); /* enough cells for the marker check */
    for (size_t i = 0; i < CALLS; i++) {
        work w = {calls[i], &in};
        assert_survives_failing_allocations(run_once, &w);
    }
    inputs_free(&in);
}

/* ---- joining ---- */

static uint32_t cells_of(const cellseg_model *by, const inputs *in, double join) {
    cellseg_segment_options options = defaults();
    cellseg_image *four = with_distance(in->maps);
    cellseg_labels *cells, *nuclei;
    char violation[128];
    options.join = join;
    assert_ok(
        cellseg_segment_cells(&cells, &nuclei, NULL, by, in->field.image, four, CELLSEG_EXTRA_DISTANCE, in->seeds, &options));
    assert_ok(cellseg_labels_check(violation, sizeof violation, NULL, cells, nuclei));
    assert_string_equal(violation, "");
    const uint32_t count = cellseg_labels_max_id(cells);
    cellseg_labels_free(cells);
    cellseg_labels_free(nuclei);
    cellseg_image_free(four);
    return count;
}

/* With a model that has coefficients, and by an option that is not 0. The other tests here then join. */
static void cells_are_joined_where_the_model_has_coefficients(void **state) {
    (void)state;
    inputs in;
    inputs_new(&in, 4, 4, 1.2);
    const uint32_t all = cells_of(NULL, &in, 1), joined = cells_of(joiner, &in, 1);
    assert_true(all >= 15 && joined < all / 2);
    assert_int_equal(cells_of(model, &in, 1), all);
    assert_int_equal(cells_of(joiner, &in, 0), all);
    assert_int_equal(cells_of(joiner, &in, 1000), all);
    assert_true(cells_of(joiner, &in, 1e-9) <= joined);
    inputs_free(&in);
}

/* ---- progress ---- */

typedef struct progress {
    double stop_at, last;
    size_t reports;
    bool asked_to_stop, done;
} progress;

static int32_t note_progress(void *user, double fraction, const char *step) {
    progress *p = user;
    assert_non_null(step);
    assert_true(fraction >= p->last && fraction <= 1 && !p->done);
    p->last = fraction;
    p->reports++;
    p->done = strcmp(step, "done") == 0;
    assert_true(!p->done || fraction == 1);
    const bool stop = fraction >= p->stop_at;
    p->asked_to_stop |= stop && !p->done;
    return stop;
}

static cellseg_context *noting_context(progress *p, double stop_at) {
    cellseg_context_options options;
    cellseg_context *context;
    *p = (progress){.stop_at = stop_at};
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = 2;
    options.progress = note_progress;
    options.progress_user = p;
    assert_ok(cellseg_context_new(&context, &options));
    return context;
}

static void the_last_report_of_every_call_is_one(void **state) {
    (void)state;
    const cellseg_segment_options options = defaults();
    inputs in;
    inputs_new(&in, 4, 5, 1.3);
    for (size_t i = 0; i < CALLS; i++) {
        progress p;
        cellseg_context *context = noting_context(&p, 2);
        outputs out = no_outputs();
        assert_ok(calls[i](&out, context, &in, &options));
        assert_true(p.done && p.reports >= 2);
        outputs_free(&out);
        cellseg_context_free(context);
    }
    inputs_free(&in);
}

/* A call ends soon after the request, unless its work was done by then: it is cancelled, or it reports the end and succeeds. */
static void every_call_can_be_cancelled(void **state) {
    (void)state;
    const cellseg_segment_options options = defaults();
    inputs in;
    inputs_new(&in, 10, 10, 1.1);
    for (size_t i = 0; i < CALLS; i++)
        for (double at = 0; at < 1; at += 0.12) {
            progress p;
            cellseg_context *context = noting_context(&p, at);
            outputs out = no_outputs();
            const cellseg_status status = calls[i](&out, context, &in, &options);
            if (!p.done)
                assert_status(status, CELLSEG_ERR_CANCELLED);
            assert_true(p.asked_to_stop || p.done);
            assert_true(at > 0 || status == CELLSEG_ERR_CANCELLED);
            assert_true(p.done == (status == CELLSEG_OK));
            if (status != CELLSEG_OK)
                assert_no_outputs(&out);
            outputs_free(&out);
            cellseg_context_free(context);
        }
    inputs_free(&in);
}

static void a_request_from_another_thread_cancels_too(void **state) {
    (void)state;
    const cellseg_segment_options options = defaults();
    inputs in;
    inputs_new(&in, 2, 2, 1);
    for (size_t i = 0; i < CALLS; i++) {
        cellseg_context *context = test_context(2);
        outputs out = no_outputs();
        cellseg_context_cancel(context);
        assert_status(calls[i](&out, context, &in, &options), CELLSEG_ERR_CANCELLED);
        assert_no_outputs(&out);
        assert_ok(calls[i](&out, context, &in, &options)); /* the request was for one call */
        outputs_free(&out);
        cellseg_context_free(context);
    }
    inputs_free(&in);
}

/* ---- threads ---- */

static int32_t run_backward(void *user, size_t count, cellseg_task_fn task, void *task_data) {
    (void)user;
    while (count-- > 0)
        task(task_data, count);
    return 0;
}

static cellseg_context *backward_context(void) {
    cellseg_context_options options;
    cellseg_context *context;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.parallel_for = run_backward;
    assert_ok(cellseg_context_new(&context, &options));
    return context;
}

static void any_number_of_threads_gives_the_same_bytes(void **state) {
    (void)state;
    cellseg_segment_options options = defaults();
    options.smooth_um = 1;
    inputs in;
    inputs_new(&in, 5, 6, 1.3);
    for (size_t i = 0; i < CALLS; i++) {
        cellseg_context *contexts[] = {test_context(1), test_context(2), test_context(7), backward_context(), NULL};
        outputs first = no_outputs();
        for (size_t t = 0; t < sizeof contexts / sizeof *contexts; t++) {
            outputs out = no_outputs();
            assert_ok(calls[i](&out, contexts[t], &in, &options));
            if (t == 0)
                first = out;
            else
                assert_same_outputs(&out, &first);
            if (t > 0)
                outputs_free(&out);
            cellseg_context_free(contexts[t]);
        }
        outputs_free(&first);
    }
    inputs_free(&in);
}

/* ---- arguments ---- */

static void options_are_checked_by_every_call(void **state) {
    (void)state;
    inputs in;
    inputs_new(&in, 2, 2, 1);
    cellseg_method inner = default_method();
    inner.nucleus_scales = 0;
    cellseg_segment_options bad[] = {defaults(), defaults(), defaults(), defaults()};
    bad[0].sensitivity = 0;
    bad[1].method = &inner;
    bad[2].struct_size = 8;
    bad[3].preset = -1;
    static const char *const words[] = {"sensitivity is 0", "nucleus_scales is 0", "struct_size is 8", "preset is -1"};
    for (size_t i = 0; i < CALLS; i++)
        for (size_t b = 0; b < sizeof bad / sizeof *bad; b++) {
            outputs out = no_outputs();
            assert_status(calls[i](&out, NULL, &in, &bad[b]), CELLSEG_ERR_ARGUMENT);
            assert_non_null(strstr(cellseg_last_error(), words[b]));
            assert_no_outputs(&out);
        }
    inputs_free(&in);
}

#define REFUSES(statement)                                                                                                       \
    do {                                                                                                                         \
        cells = nuclei = (cellseg_labels *)1;                                                                                    \
        maps = (cellseg_image *)1;                                                                                               \
        assert_status(statement, CELLSEG_ERR_ARGUMENT);                                                                          \
        assert_true(strlen(cellseg_last_error()) > 0);                                                                           \
    } while (0)

static void missing_arguments_of_the_steps_are_refused(void **state) {
    (void)state;
    inputs in;
    cellseg_labels *cells, *nuclei;
    cellseg_image *maps;
    const cellseg_image *image;
    uint64_t bytes = 1;
    inputs_new(&in, 2, 2, 1);
    image = in.field.image;
    REFUSES(cellseg_segment_maps(NULL, NULL, model, image, NULL));
    REFUSES(cellseg_segment_maps(&maps, NULL, NULL, image, NULL));
    assert_null(maps);
    REFUSES(cellseg_segment_maps(&maps, NULL, model, NULL, NULL));
    assert_null(maps);
    REFUSES(cellseg_segment_nuclei(NULL, NULL, in.maps, 0, NULL));
    REFUSES(cellseg_segment_nuclei(&nuclei, NULL, NULL, 0, NULL));
    assert_null(nuclei);
    REFUSES(cellseg_segment_nuclei(&nuclei, NULL, in.maps, CELLSEG_EXTRA_DISTANCE, NULL)); /* the model has three classes */
    assert_null(nuclei);
    REFUSES(cellseg_segment_cells(NULL, &nuclei, NULL, NULL, image, in.maps, 0, in.seeds, NULL));
    assert_null(nuclei);
    REFUSES(cellseg_segment_cells(&cells, &nuclei, NULL, NULL, NULL, in.maps, 0, in.seeds, NULL));
    assert_true(cells == NULL && nuclei == NULL);
    REFUSES(cellseg_segment_cells(&cells, &nuclei, NULL, NULL, image, in.maps, 0, NULL, NULL));
    REFUSES(cellseg_segment_from_maps(NULL, &nuclei, NULL, NULL, NULL, image, in.maps, 0, NULL));
    REFUSES(cellseg_segment_from_maps(&cells, &nuclei, NULL, NULL, NULL, NULL, in.maps, 0, NULL));
    REFUSES(cellseg_segment_from_maps(&cells, &nuclei, NULL, NULL, NULL, image, NULL, 0, NULL));
    REFUSES(cellseg_segment_from_maps(&cells, &nuclei, NULL, NULL, NULL, image, in.maps, 3, NULL));
    assert_true(cells == NULL && nuclei == NULL);
    REFUSES(cellseg_segment_memory(NULL, NULL, model, 10, 10, 0.65, NULL));
    static const double sizes[][3] = {{0, 10, 0.65}, {10, 0, 0.65},         {10, 10, 0},
                                      {10, 10, -1},  {10, 10, (double)NAN}, {10, 10, 6}};
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        REFUSES(cellseg_segment_memory(&bytes, NULL, model, (size_t)sizes[i][0], (size_t)sizes[i][1], sizes[i][2], NULL));
        assert_true(bytes == 0);
    }
    assert_status(cellseg_segment_memory(&bytes, NULL, model, (size_t)1 << 20, (size_t)1 << 20, 0.65, NULL), CELLSEG_ERR_LIMIT);
    inputs_free(&in);
}

/* ---- reports ---- */

static void a_report_is_cleared_and_overwritten(void **state) {
    (void)state;
    inputs in;
    inputs_new(&in, 3, 4, 1);
    outputs out = no_outputs();
    const outputs none = no_outputs();
    for (int i = 0; i < 2; i++) { /* what the second overwrites is released */
        assert_ok(cellseg_segment(&out.cells, NULL, NULL, &out.report, NULL, model, in.field.image, NULL));
        assert_int_equal(out.report.cells, 12);
        assert_true(out.report.confidence[12] > 0.3F);
        cellseg_labels_free(out.cells);
    }
    cellseg_segment_options bad = defaults();
    bad.channel = 5;
    assert_status(cellseg_segment(&out.cells, NULL, NULL, &out.report, NULL, model, in.field.image, &bad), CELLSEG_ERR_ARGUMENT);
    assert_no_outputs(&out);
    assert_ok(cellseg_segment(&out.cells, NULL, NULL, &out.report, NULL, model, in.field.image, NULL));
    cellseg_segment_report_clear(&out.report);
    assert_memory_equal(&out.report, &none.report, sizeof out.report);
    cellseg_segment_report_clear(&out.report);
    cellseg_segment_report_clear(NULL);
    outputs_free(&out);
    inputs_free(&in);
}

/* A later release's report has more members: they are zero. A smaller struct than the first release's is refused. */
static void reports_of_other_releases(void **state) {
    (void)state;
    struct {
        cellseg_segment_report known;
        double later[5];
    } newer;
    const size_t small[] = {0, 8, offsetof(cellseg_segment_report, confidence), SIZE_MAX};
    cellseg_labels *cells;
    inputs in;
    inputs_new(&in, 2, 2, 1);
    memset(&newer, 255, sizeof newer);
    assert_ok(cellseg_segment_report_init(&newer.known, sizeof newer));
    assert_true(newer.later[0] == 0 && newer.later[4] == 0 && newer.known.struct_size == sizeof newer);
    newer.later[4] = 1;
    assert_ok(cellseg_segment(&cells, NULL, NULL, &newer.known, NULL, model, in.field.image, NULL));
    assert_true(newer.known.cells == 4 && newer.later[4] == 0 && newer.known.struct_size == sizeof newer);
    cellseg_labels_free(cells);
    cellseg_segment_report_clear(&newer.known);
    for (size_t i = 0; i < 4; i++) {
        assert_status(cellseg_segment_report_init(&newer.known, small[i]), CELLSEG_ERR_ARGUMENT);
        newer.known.struct_size = small[i];
        assert_status(cellseg_segment(&cells, NULL, NULL, &newer.known, NULL, model, in.field.image, NULL), CELLSEG_ERR_ARGUMENT);
        assert_non_null(strstr(cellseg_last_error(), "report: struct_size is"));
        assert_null(cells);
    }
    assert_status(cellseg_segment_report_init(NULL, sizeof newer), CELLSEG_ERR_ARGUMENT);
    inputs_free(&in);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_call_survives_failing_allocations),
        cmocka_unit_test(cells_are_joined_where_the_model_has_coefficients),
        cmocka_unit_test(the_last_report_of_every_call_is_one),
        cmocka_unit_test(every_call_can_be_cancelled),
        cmocka_unit_test(a_request_from_another_thread_cancels_too),
        cmocka_unit_test(any_number_of_threads_gives_the_same_bytes),
        cmocka_unit_test(options_are_checked_by_every_call),
        cmocka_unit_test(missing_arguments_of_the_steps_are_refused),
        cmocka_unit_test(a_report_is_cleared_and_overwritten),
        cmocka_unit_test(reports_of_other_releases),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
