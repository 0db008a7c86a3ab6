/* SPDX-License-Identifier: BSD-3-Clause */
/* Architectures: the paper's numbers, the sizes that follow, and what is refused. */
#include "nets.h"

#include "nn/describe.h"
#include "nn/spans.h"

#include <stdio.h>

static void the_paper_has_its_parameters_and_operations(void **state) {
    (void)state;
    cseg_arch arch;
    cseg_layout layout;
    cseg_size size[CSEG_MAX_LAYERS];
    cseg_arch_paper(&arch, 1, 3);
    assert_ok(cseg_arch_check(&arch, 3));
    assert_ok(cseg_layout_make(&layout, &arch));
    assert_in_range(layout.trained, 2100000, 2130000); /* the paper: 2.1 million */
    assert_ok(cseg_arch_sizes(size, &arch, 176, 176));
    double operations = 0;
    for (size_t i = 0; i < arch.count; i++) {
        const cseg_layer *layer = &arch.layers[i];
        const size_t reads = layer->op == CSEG_OP_DECONV ? 1 : (size_t)layer->kernel * layer->kernel; /* per output element */
        if (cseg_layer_has_weights(layer))
            operations += (double)(size[i].height * size[i].width * layer->out * layer->in * reads);
    }
    assert_true(operations > 4.685e9 && operations < 4.695e9);
}

static void the_paper_has_the_specified_sizes(void **state) {
    (void)state;
    static const struct {
        int32_t op;
        size_t edge;
        uint32_t channels;
    } want[] = {
        {CSEG_OP_CONV, 176, 32},    {CSEG_OP_POOL, 88, 32},     {CSEG_OP_CONV, 88, 64},    {CSEG_OP_POOL, 44, 64},
        {CSEG_OP_CONV, 44, 128},    {CSEG_OP_POOL, 22, 128},    {CSEG_OP_CONV, 22, 128},   {CSEG_OP_POOL, 11, 128},
        {CSEG_OP_CONV, 11, 256},    {CSEG_OP_POOL, 5, 256},     {CSEG_OP_DECONV, 10, 128}, {CSEG_OP_CONV, 10, 128},
        {CSEG_OP_DECONV, 20, 128},  {CSEG_OP_CONV, 22, 128},    {CSEG_OP_CONCAT, 22, 256}, {CSEG_OP_DROPOUT, 22, 256},
        {CSEG_OP_CONV, 22, 128},    {CSEG_OP_DECONV, 44, 128},  {CSEG_OP_CONV, 44, 128},   {CSEG_OP_CONCAT, 44, 192},
        {CSEG_OP_DROPOUT, 44, 192}, {CSEG_OP_CONV, 44, 128},    {CSEG_OP_DECONV, 88, 128}, {CSEG_OP_CONV, 88, 128},
        {CSEG_OP_CONCAT, 88, 160},  {CSEG_OP_DROPOUT, 88, 160}, {CSEG_OP_CONV, 88, 64},    {CSEG_OP_DECONV, 176, 64},
        {CSEG_OP_CONV, 176, 64},    {CSEG_OP_CONV, 176, 3},
    };
    cseg_arch arch;
    cseg_size size[CSEG_MAX_LAYERS];
    cseg_arch_paper(&arch, 1, 3);
    assert_ok(cseg_arch_check(&arch, 3));
    assert_ok(cseg_arch_sizes(size, &arch, 176, 176));
    assert_int_equal(arch.count, sizeof want / sizeof *want);
    for (size_t i = 0; i < arch.count; i++) {
        assert_int_equal(arch.layers[i].op, want[i].op);
        assert_int_equal(arch.layers[i].out, want[i].channels);
        assert_int_equal(size[i].height, want[i].edge);
        assert_int_equal(size[i].width, want[i].edge);
    }
}

static void width_scales_filters_to_multiples_of_eight(void **state) {
    (void)state;
    cseg_arch arch;
    cseg_arch_paper(&arch, 0.3, 3);
    assert_int_equal(arch.layers[0].filters, 16); /* 9.6 */
    assert_int_equal(arch.layers[2].filters, 24); /* 19.2 */
    assert_int_equal(arch.layers[8].filters, 80); /* 76.8 */
    assert_ok(cseg_arch_check(&arch, 3));
}

static void sizes_that_do_not_fit_are_refused_with_the_layer(void **state) {
    (void)state;
    cseg_arch arch;
    cseg_size size[CSEG_MAX_LAYERS];
    cseg_arch_paper(&arch, 0.1, 3);
    assert_ok(cseg_arch_check(&arch, 3));
    assert_ok(cseg_arch_sizes(size, &arch, 48, 80));
    static const struct {
        size_t height, width;
        const char *message;
    } refused[] = {
        {64, 64, "layer 14 (concat)"}, {176, 177, "gives an output of"},    {15, 176, "nothing is left"},
        {0, 48, "edges must lie in"},  {48, SIZE_MAX, "edges must lie in"},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        assert_status(cseg_arch_sizes(size, &arch, refused[i].height, refused[i].width), CELLSEG_ERR_MODEL);
        assert_non_null(strstr(cellseg_last_error(), refused[i].message));
    }
}

static void layers_that_do_not_fit_are_refused_with_their_index(void **state) {
    (void)state;
    cseg_arch good;
    cseg_arch_paper(&good, 0.1, 3);
    const size_t last = good.count - 1;
    struct {
        size_t layer;
        cseg_layer now;
    } refused[] = {
        {0, {.op = CSEG_OP_CONV, .filters = 0, .kernel = 3, .pad = 1}},
        {0, {.op = CSEG_OP_CONV, .filters = 4097, .kernel = 3, .pad = 1}},
        {2, {.op = CSEG_OP_CONV, .filters = 8, .kernel = 2, .pad = 1}},
        {2, {.op = CSEG_OP_CONV, .filters = 8, .kernel = 5, .pad = 2}},
        {2, {.op = CSEG_OP_CONV, .filters = 8, .kernel = 3, .pad = 3}},
        {2, {.op = CSEG_OP_CONV, .filters = 8, .kernel = 1, .pad = 1}},
        {4, {.op = CSEG_OP_CONV, .filters = 8, .kernel = 3, .pad = 1, .activation = CSEG_SIGMOID}},
        {4, {.op = CSEG_OP_CONV, .filters = 8, .kernel = 3, .pad = 1, .activation = 3}},
        {0, {.op = CSEG_OP_CONCAT, .with = 0}},
        {14, {.op = CSEG_OP_CONCAT, .with = 14}},
        {15, {.op = CSEG_OP_DROPOUT, .rate = 1}},
        {15, {.op = CSEG_OP_DROPOUT, .rate = -0.1}},
        {last, {.op = CSEG_OP_POOL}},
        {last, {.op = CSEG_OP_CONV, .filters = 3, .kernel = 3, .pad = 1, .activation = CSEG_RELU}},
        {last, {.op = CSEG_OP_CONV, .filters = 4, .kernel = 3, .pad = 1, .activation = CSEG_SIGMOID}},
        {last, {.op = CSEG_OP_CONV, .filters = 3, .kernel = 3, .pad = 1, .norm = true, .activation = CSEG_SIGMOID}},
    };
    for (size_t i = 0; i < sizeof refused / sizeof *refused; i++) {
        cseg_arch arch = good;
        arch.layers[refused[i].layer] = refused[i].now;
        assert_status(cseg_arch_check(&arch, 3), CELLSEG_ERR_MODEL);
        char name[32];
        (void)snprintf(name, sizeof name, "layer %zu", refused[i].layer);
        assert_non_null(strstr(cellseg_last_error(), name));
    }
}

static void too_large_networks_are_refused(void **state) {
    (void)state;
    cseg_arch arch = {.count = CSEG_MAX_LAYERS};
    cseg_size size[CSEG_MAX_LAYERS];
    cseg_layout layout;
    const cseg_layer last = {.op = CSEG_OP_CONV, .filters = 3, .kernel = 1, .activation = CSEG_SIGMOID};
    for (size_t i = 0; i < arch.count; i++)
        arch.layers[i] = (cseg_layer){.op = CSEG_OP_DECONV, .filters = 1, .kernel = 2};
    arch.layers[arch.count - 1] = last;
    assert_ok(cseg_arch_check(&arch, 3));
    assert_status(cseg_arch_sizes(size, &arch, 16, 16), CELLSEG_ERR_MODEL);
    assert_non_null(strstr(cellseg_last_error(), "layer 12 (deconv)"));
    for (size_t i = 0; i + 1 < arch.count; i++)
        arch.layers[i] = (cseg_layer){.op = CSEG_OP_CONV, .filters = 4096, .kernel = 3, .pad = 1};
    assert_ok(cseg_arch_check(&arch, 3));
    assert_status(cseg_layout_make(&layout, &arch), CELLSEG_ERR_MODEL);
    for (size_t i = 1; i + 1 < arch.count; i++)
        arch.layers[i] = (cseg_layer){.op = CSEG_OP_CONCAT, .with = (uint32_t)(i - 1)};
    assert_status(cseg_arch_check(&arch, 3), CELLSEG_ERR_MODEL);
    assert_non_null(strstr(cellseg_last_error(), "layer 1 (concat): more than 4096 channels"));
    arch.count = 0;
    assert_status(cseg_arch_check(&arch, 3), CELLSEG_ERR_MODEL);
}

static void json_round_trip(void **state) {
    (void)state;
    cseg_arch arch, back;
    cseg_arch_paper(&arch, 0.37, 3);
    arch.layers[15].rate = 0.1; /* no short binary fraction */
    char *text;
    assert_ok(cseg_describe_arch(&text, NULL, &arch));
    assert_ok(cseg_parse_arch(&back, NULL, text));
    assert_ok(cseg_arch_check(&arch, 3));
    assert_ok(cseg_arch_check(&back, 3));
    assert_int_equal(back.count, arch.count);
    for (size_t i = 0; i < arch.count; i++) {
        const cseg_layer *a = &arch.layers[i], *b = &back.layers[i];
        assert_true(a->op == b->op && a->activation == b->activation && a->norm == b->norm && a->filters == b->filters);
        assert_true(a->kernel == b->kernel && a->pad == b->pad && a->with == b->with && a->rate == b->rate);
    }
    cseg_memory_free(text);
    const cseg_rule rule = {0.1, 1.0 / 3, 0.5, 99.9, 1e-3, 4, 0.7, 14.5, 176, 160, 3, {-3.6, 9, 1.0 / 3, 5, -4, -1.3}};
    cseg_rule read;
    assert_ok(cseg_describe_rule(&text, NULL, &rule));
    assert_ok(cseg_parse_rule(&read, NULL, text));
    read.classes = 3; /* kept with the class names */
    assert_rules_equal(&read, &rule);
    cseg_memory_free(text);
}

static void values_of_another_kind_are_refused(void **state) {
    (void)state;
    cseg_arch arch;
    cseg_rule rule;
    static const char *const texts[] = {"[1]", "[[]]", "[[1]]", "1", "null", "\"text\"", "true", "{\"a\":1}"};
    for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
        assert_status(cseg_parse_arch(&arch, NULL, texts[i]), CELLSEG_ERR_FORMAT);
        assert_status(cseg_parse_rule(&rule, NULL, texts[i]), CELLSEG_ERR_FORMAT);
    }
}

/* Spans that live at the same time never overlap, and little is wasted. */
static void plans_keep_living_spans_apart(void **state) {
    (void)state;
    uint64_t random = 9;
    for (size_t round = 0; round < 50; round++) {
        cseg_span spans[40];
        size_t alive[21] = {0}, most = 0;
        for (size_t i = 0; i < 40; i++) {
            const size_t first = (size_t)(test_random(&random) % 20), length = (size_t)(test_random(&random) % 6);
            spans[i] = (cseg_span){.floats = 16 * (size_t)(test_random(&random) % 100), .first = first, .last = first + length};
            if (spans[i].last > 20)
                spans[i].last = 20;
            for (size_t t = first; t <= spans[i].last; t++)
                alive[t] += spans[i].floats;
        }
        for (size_t t = 0; t <= 20; t++)
            most = alive[t] > most ? alive[t] : most;
        const size_t total = cseg_spans_place(spans, 40);
        assert_true(total >= most && total <= most + most / 2);
        for (size_t i = 0; i < 40; i++)
            for (size_t j = 0; j < i; j++) {
                const cseg_span *a = &spans[i], *b = &spans[j];
                const bool together = a->first <= b->last && b->first <= a->last && a->floats > 0 && b->floats > 0;
                assert_false(together && a->offset < b->offset + b->floats && b->offset < a->offset + a->floats);
                assert_true(a->offset + a->floats <= total && a->offset % 16 == 0);
            }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_paper_has_its_parameters_and_operations),
        cmocka_unit_test(the_paper_has_the_specified_sizes),
        cmocka_unit_test(width_scales_filters_to_multiples_of_eight),
        cmocka_unit_test(sizes_that_do_not_fit_are_refused_with_the_layer),
        cmocka_unit_test(layers_that_do_not_fit_are_refused_with_their_index),
        cmocka_unit_test(too_large_networks_are_refused),
        cmocka_unit_test(json_round_trip),
        cmocka_unit_test(values_of_another_kind_are_refused),
        cmocka_unit_test(plans_keep_living_spans_apart),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
