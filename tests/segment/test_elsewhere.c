/* SPDX-License-Identifier: BSD-3-Clause */
/* Networks and maps of others: the same cells as from the model's own layers, and faults that have a name. */
#include "segment/calls.h"

#include <math.h>

/* ---- a network that runs elsewhere ---- */

/* The network gives the same maps in another engine: so every batch gives the bytes of the model's own layers. */
static void a_network_elsewhere_gives_the_same_bytes(void **state) {
    (void)state;
    static const size_t batches[] = {1, 3, 8, 1000};
    static const int32_t orientations[] = {1, 2, 8};
    inputs in;
    inputs_new(&in, 9, 11, 1.1); /* several patches */
    for (size_t o = 0; o < 3; o++) {
        cellseg_segment_options options = defaults();
        options.orientations = orientations[o];
        outputs own = no_outputs();
        assert_ok(call_segment(&own, NULL, &in, &options));
        assert_true(own.report.cells > 50);
        for (size_t b = 0; b < 4; b++) {
            cellseg_model *wrapped = wrapped_model(batches[b]);
            outputs out = no_outputs();
            assert_ok(cellseg_segment(&out.cells, &out.nuclei, &out.maps, &out.report, NULL, wrapped, in.field.image, &options));
            assert_same_outputs(&own, &out);
            assert_int_equal(cellseg_model_parameters(wrapped), 0);
            assert_true(cellseg_model_hash(wrapped) != 0 && cellseg_model_hash(wrapped) != cellseg_model_hash(model));
            outputs_free(&out);
            cellseg_model_free(wrapped);
        }
        outputs_free(&own);
    }
    inputs_free(&in);
}

static int32_t fail_with_seven(void *user, float *maps, const float *windows, size_t count, size_t edge_px) {
    (void)user, (void)maps, (void)windows, (void)count, (void)edge_px;
    return 7;
}

/* user: the value of every map. */
static int32_t give_value(void *user, float *maps, const float *windows, size_t count, size_t edge_px) {
    (void)windows;
    for (size_t i = 0; i < 3 * count * edge_px * edge_px; i++)
        maps[i] = *(const float *)user;
    return 0;
}

static cellseg_status segment_by(cellseg_network_fn predict, void *user, const cellseg_image *image, cellseg_image **maps) {
    cellseg_network network;
    cellseg_model *wrapped;
    assert_ok(cellseg_network_init(&network, sizeof network));
    network.user = user;
    network.predict = predict;
    assert_ok(cellseg_model_wrap(&wrapped, NULL, cellseg_model_info(model), &network));
    const cellseg_status status = cellseg_segment_maps(maps, NULL, wrapped, image, NULL);
    cellseg_model_free(wrapped);
    return status;
}

static void what_a_network_returns_is_checked(void **state) {
    (void)state;
    static float faults[] = {1.01F, -0.01F, NAN, INFINITY}, rounded[] = {1.0005F, -0.0005F};
    painted field;
    cellseg_image *maps;
    assert_ok(paint(&field, NULL, 3, 3, 1, 3));
    assert_status(segment_by(fail_with_seven, NULL, field.image, &maps), CELLSEG_ERR_MODEL);
    assert_non_null(strstr(cellseg_last_error(), "failed with 7"));
    assert_null(maps);
    for (size_t i = 0; i < 4; i++) {
        assert_status(segment_by(give_value, &faults[i], field.image, &maps), CELLSEG_ERR_MODEL);
        assert_non_null(strstr(cellseg_last_error(), "\"nucleus\""));
        assert_null(maps);
    }
    for (size_t i = 0; i < 2; i++) {
        assert_ok(segment_by(give_value, &rounded[i], field.image, &maps));
        assert_true(((const float *)cellseg_image_pixels(maps, 2))[0] == (i == 0 ? 1 : 0));
        cellseg_image_free(maps);
    }
    painted_free(&field);
}

static void assert_not_wrapped(const char *description, const cellseg_network *network, cellseg_status status, const char *part) {
    cellseg_model *wrapped = (cellseg_model *)1;
    assert_status(cellseg_model_wrap(&wrapped, NULL, description, network), status);
    assert_null(wrapped);
    assert_non_null(strstr(cellseg_last_error(), part));
}

static void descriptions_and_networks_are_checked(void **state) {
    (void)state;
    const char *info = cellseg_model_info(model);
    cellseg_network network = painted_network(model, 1);
    assert_status(cellseg_model_wrap(NULL, NULL, info, &network), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_network_init(NULL, sizeof network), CELLSEG_ERR_ARGUMENT);
    assert_status(cellseg_network_init(&network, 3), CELLSEG_ERR_ARGUMENT);
    assert_not_wrapped(NULL, &network, CELLSEG_ERR_ARGUMENT, "description");
    assert_not_wrapped(info, NULL, CELLSEG_ERR_ARGUMENT, "network");
    assert_not_wrapped("{", &network, CELLSEG_ERR_FORMAT, "description");
    assert_not_wrapped("[]", &network, CELLSEG_ERR_FORMAT, "\"rule\"");
    assert_not_wrapped("{\"rule\":{},\"classes\":[]}", &network, CELLSEG_ERR_FORMAT, "pixel_size_um");
    assert_not_wrapped("{\"rule\":{\"pixel_size_um\":0.65,\"top_hat_um\":0,\"percentile_low\":1,\"percentile_high\":99,"
                       "\"noise_range\":0,\"clip\":1,\"power\":1,\"patch_px\":64,\"step_px\":63},\"classes\":[\"a\"]}",
                       &network, CELLSEG_ERR_MODEL, "step_px");
    network.batch = 0;
    assert_not_wrapped(info, &network, CELLSEG_ERR_ARGUMENT, "batch");
    network.batch = 1025;
    assert_not_wrapped(info, &network, CELLSEG_ERR_ARGUMENT, "batch");
    network.batch = 1;
    network.predict = NULL;
    assert_not_wrapped(info, &network, CELLSEG_ERR_ARGUMENT, "function");
}

static cellseg_status wrap_once(cellseg_context *context, void *data) {
    const cellseg_network network = painted_network(model, 1);
    cellseg_model *wrapped = (cellseg_model *)1;
    (void)data;
    const cellseg_status status = cellseg_model_wrap(&wrapped, context, cellseg_model_info(model), &network);
    assert_true((status == CELLSEG_OK) == (wrapped != NULL));
    cellseg_model_free(wrapped);
    return status;
}

static void wrapping_survives_failing_allocations(void **state) {
    (void)state;
    assert_survives_failing_allocations(wrap_once, NULL);
}

static void a_network_elsewhere_has_no_layers_to_write(void **state) {
    (void)state;
    const cellseg_network network = painted_network(model, 1);
    test_sink sink = {0};
    const cellseg_writer writer = test_writer(&sink);
    cellseg_model *wrapped, *mean;
    assert_ok(cellseg_model_wrap(&wrapped, NULL, cellseg_model_info(model), &network));
    assert_status(cellseg_model_save_to(wrapped, NULL, &writer, CELLSEG_WEIGHTS_FLOAT32), CELLSEG_ERR_MODEL);
    assert_status(cellseg_model_export_onnx_to(wrapped, NULL, &writer), CELLSEG_ERR_MODEL);
    assert_status(cellseg_model_average(&mean, NULL, model, wrapped, 0.5), CELLSEG_ERR_MODEL);
    assert_status(cellseg_model_average(&mean, NULL, wrapped, wrapped, 0.5), CELLSEG_ERR_MODEL);
    assert_null(mean);
    assert_null(sink.bytes);
    assert_non_null(strstr(cellseg_model_info(wrapped), "\"architecture\":[],"));
    cellseg_model_free(wrapped);
}

/* ---- both steps from maps ---- */

/* The maps of the step give the cells of the whole, report and marker check included. */
static void maps_give_the_cells_of_the_whole(void **state) {
    (void)state;
    static const double zooms[] = {1, 0.8, 1.7};
    for (size_t i = 0; i < 3; i++)
        for (int32_t channel = 0; channel < 2; channel++) { /* the marker; the stain, which is refused */
            cellseg_segment_options options = defaults();
            inputs in;
            inputs_new(&in, 5, 6, zooms[i]);
            options.channel = channel;
            cellseg_image_free(in.maps);
            assert_ok(cellseg_segment_maps(&in.maps, NULL, model, in.field.image, &options));
            outputs whole = no_outputs(), out = no_outputs();
            assert_ok(call_segment(&whole, NULL, &in, &options));
            assert_ok(call_from_maps(&out, NULL, &in, &options));
            cellseg_image_free(whole.maps);
            whole.maps = NULL;
            assert_same_outputs(&whole, &out);
            const size_t figures = offsetof(cellseg_segment_report, nucleus_diameter_suggested_um);
            assert_memory_equal(&whole.report, &out.report, figures);
            assert_true(whole.report.marker_range == out.report.marker_range);
            assert_true(whole.report.model_hash == out.report.model_hash);
            outputs_free(&whole);
            outputs_free(&out);
            inputs_free(&in);
        }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_network_elsewhere_gives_the_same_bytes),   cmocka_unit_test(what_a_network_returns_is_checked),
        cmocka_unit_test(descriptions_and_networks_are_checked),      cmocka_unit_test(wrapping_survives_failing_allocations),
        cmocka_unit_test(a_network_elsewhere_has_no_layers_to_write), cmocka_unit_test(maps_give_the_cells_of_the_whole),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
