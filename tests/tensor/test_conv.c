/* SPDX-License-Identifier: BSD-3-Clause */
/* Convolutions and deconvolutions, forward and backward, on every row of the table against their definitions in double. */
#include "naive.h"

typedef struct test_case {
    cseg_conv_shape shape;
    size_t images, height, width;
} test_case;

static const test_case cases[] = {
    {
        {3, 1, 1, 32, false},
        2,
        9,
        17,
    },
    {{3, 1, 32, 64, false}, 1, 8, 11},
    {{3, 1, 64, 64, false}, 1, 13, 30},
    {{3, 1, 64, 3, false}, 2, 7, 19},
    {{3, 2, 16, 48, false}, 1, 10, 10},
    {{3, 0, 24, 40, false}, 2, 6, 15},
    {{3, 1, 5, 7, false}, 3, 5, 5},
    {{3, 1, 1, 1, false}, 1, 1, 1},
    {{3, 1, 3, 33, false}, 1, 1, 20},
    {{3, 2, 17, 15, false}, 1, 3, 1},
    {{1, 0, 32, 32, false}, 1, 5, 29},
    {{1, 0, 3, 4, false}, 2, 4, 4},
    {{2, 0, 32, 64, true}, 2, 5, 13},
    {{2, 0, 7, 3, true}, 1, 4, 5},
    {{2, 0, 1, 1, true}, 1, 1, 1},
    {{3, 1, 130, 20, false}, 1, 6, 16},
    {{2, 0, 48, 33, true}, 1, 1, 15},
    {{3, 1, 20, 130, false}, 1, 22, 22},
    {{3, 1, 16, 16, false}, 1, 45, 47},
};
enum { CASES = sizeof cases / sizeof *cases };

static size_t weight_count(const cseg_conv_shape *s) {
    return test_taps(s) * test_taps(s) * s->in * s->out;
}

/* Winograd's transforms cost some digits. */
static double transforms_cost(const cseg_conv_shape *s) {
    return s->kernel == 3 && s->in >= 16 && s->out >= 16 ? 20 : 1;
}

/* Every element of one image of `t` near `truth`: as many roundings of half a unit as `terms`, of sums of some units at most. */
static void assert_near(const cseg_tensor *t, size_t image, const double *truth, double terms) {
    for (size_t y = 0; y < t->height; y++)
        for (size_t x = 0; x < t->width; x++)
            for (size_t c = 0; c < t->channels; c++) {
                const double difference = (double)test_at(t, image, y, x)[c] - truth[(y * t->width + x) * t->channels + c];
                if (!(fabs(difference) <= 1e-7 * (terms + 50)))
                    fail_msg("image %zu, (%zu, %zu), channel %zu: off by %g", image, y, x, c, difference);
            }
}

static void assert_frame_is_zero(const cseg_tensor *t) {
    const long f = (long)t->frame;
    for (size_t i = 0; i < t->images; i++)
        for (long y = -f; y < (long)t->height + f; y++)
            for (long x = -f; x < (long)t->width + f; x++)
                for (size_t c = 0; c < t->pixel && (y < 0 || x < 0 || y >= (long)t->height || x >= (long)t->width); c++)
                    assert_true(t->data[(long)(i * t->image) + y * (long)t->row + x * (long)t->pixel + (long)c] == 0);
}

/* Forward into the channels [offset, offset + out) of a wider tensor, whose other channels must stay as they are. */
static void check_forward(const cseg_kernels *k, const test_case *c, int32_t use, int32_t activation, bool biased) {
    const cseg_conv_shape *s = &c->shape;
    const size_t offset = c->images == 2 ? 5 : 0, oh = test_out_size(s, c->height), ow = test_out_size(s, c->width);
    test_tensor in = test_tensor_new(c->images, c->height, c->width, s->in, s->padding, 1);
    test_tensor wide = test_tensor_new(c->images, oh, ow, s->out + offset + 3, 1, 2);
    test_tensor before = test_tensor_new(c->images, oh, ow, s->out + offset + 3, 1, 2);
    const cseg_tensor out = cseg_tensor_channels(&wide.t, offset, s->out);
    float *weights = test_floats(weight_count(s)), *bias = test_floats(s->out);
    test_fill(weights, weight_count(s), 3);
    test_fill(bias, s->out, 4);
    float *packed = test_floats(cseg_conv_packed_floats(k, s, use));
    float *scratch = test_floats(cseg_conv_scratch_floats(k, s, use, c->height, c->width));
    cseg_conv_pack(k, packed, weights, s, use);
    cseg_conv_forward(k, &out, &in.t, packed, biased ? bias : NULL, s, activation, use, scratch);
    double *w = test_doubles(weights, weight_count(s));
    for (size_t i = 0; i < c->images; i++) {
        double *x = test_dense(&in.t, i), *truth = test_doubles(NULL, oh * ow * s->out);
        test_products(0, truth, x, w, s, c->height, c->width);
        for (size_t e = 0; e < oh * ow * s->out; e++) {
            truth[e] += biased ? (double)bias[e % s->out] : 0;
            truth[e] = activation == CSEG_RELU      ? fmax(truth[e], 0)
                       : activation == CSEG_SIGMOID ? 1 / (1 + exp(-truth[e]))
                                                    : truth[e];
        }
        assert_near(&out, i, truth, (double)(s->in * 9) * transforms_cost(s));
        free(x);
        free(truth);
        for (size_t p = 0; p < oh * ow; p++)
            for (size_t e = 0; e < wide.t.channels; e++)
                if (e < offset || e >= offset + s->out)
                    assert_true(test_at(&wide.t, i, p / ow, p % ow)[e] == test_at(&before.t, i, p / ow, p % ow)[e]);
    }
    assert_frame_is_zero(&wide.t);
    free(w);
    free(weights);
    free(bias);
    free(packed);
    free(scratch);
    free(in.memory);
    free(wide.memory);
    free(before.memory);
}

static void forward_is_the_definition(void **state) {
    (void)state;
    for (size_t level = 0; level < TEST_LEVELS; level++)
        for (size_t i = 0; i < CASES && test_kernels(level) != NULL; i++) {
            check_forward(test_kernels(level), &cases[i], CSEG_PACK_FORWARD, CSEG_LINEAR, false);
            check_forward(test_kernels(level), &cases[i], CSEG_PACK_FORWARD, CSEG_RELU, true);
            check_forward(test_kernels(level), &cases[i], CSEG_PACK_INFERENCE, CSEG_LINEAR, true);
            check_forward(test_kernels(level), &cases[i], CSEG_PACK_INFERENCE, CSEG_SIGMOID, true);
        }
}

static void check_backward_data(const cseg_kernels *k, const test_case *c, bool accumulate) {
    const cseg_conv_shape *s = &c->shape;
    const size_t oh = test_out_size(s, c->height), ow = test_out_size(s, c->width);
    test_tensor d_in = test_tensor_new(c->images, c->height, c->width, s->in, 2, 1);
    test_tensor d_out = test_tensor_new(c->images, oh, ow, s->out, 2, 2);
    double *truth[4] = {NULL};
    float *weights = test_floats(weight_count(s));
    test_fill(weights, weight_count(s), 3);
    double *w = test_doubles(weights, weight_count(s));
    for (size_t i = 0; i < c->images; i++) {
        truth[i] = accumulate ? test_dense(&d_in.t, i) : test_doubles(NULL, c->height * c->width * s->in);
        double *d = test_dense(&d_out.t, i);
        test_products(1, d, truth[i], w, s, c->height, c->width);
        free(d);
    }
    float *packed = test_floats(cseg_conv_packed_floats(k, s, CSEG_PACK_BACKWARD_DATA));
    float *scratch = test_floats(cseg_conv_scratch_floats(k, s, CSEG_PACK_BACKWARD_DATA, c->height, c->width));
    cseg_conv_pack(k, packed, weights, s, CSEG_PACK_BACKWARD_DATA);
    cseg_conv_backward_data(k, &d_in.t, &d_out.t, packed, s, accumulate, scratch);
    for (size_t i = 0; i < c->images; i++) {
        assert_near(&d_in.t, i, truth[i], (double)(s->out * 9) * transforms_cost(s));
        free(truth[i]);
    }
    assert_frame_is_zero(&d_in.t);
    free(w);
    free(weights);
    free(packed);
    free(scratch);
    free(d_in.memory);
    free(d_out.memory);
}

static void backward_data_is_the_transpose(void **state) {
    (void)state;
    for (size_t level = 0; level < TEST_LEVELS; level++)
        for (size_t i = 0; i < CASES && test_kernels(level) != NULL; i++) {
            check_backward_data(test_kernels(level), &cases[i], false);
            check_backward_data(test_kernels(level), &cases[i], true);
        }
}

static void check_backward_weights(const cseg_kernels *k, const test_case *c) {
    const cseg_conv_shape *s = &c->shape;
    const size_t oh = test_out_size(s, c->height), ow = test_out_size(s, c->width), count = weight_count(s);
    test_tensor in = test_tensor_new(c->images, c->height, c->width, s->in, 2, 1);
    test_tensor d_out = test_tensor_new(c->images, oh, ow, s->out, 2, 2);
    float *d_weights = test_floats(count), *d_bias = test_floats(s->out);
    test_fill(d_weights, count, 3);
    test_fill(d_bias, s->out, 4);
    double *w = test_doubles(d_weights, count), *b = test_doubles(d_bias, s->out);
    for (size_t i = 0; i < c->images; i++) {
        double *x = test_dense(&in.t, i), *d = test_dense(&d_out.t, i);
        test_products(2, d, x, w, s, c->height, c->width);
        for (size_t e = 0; e < oh * ow * s->out; e++)
            b[e % s->out] += d[e];
        free(x);
        free(d);
    }
    float *scratch = test_floats(cseg_conv_scratch_floats(k, s, CSEG_PACK_BACKWARD_DATA, c->height, c->width));
    cseg_conv_backward_weights(k, d_weights, d_bias, &in.t, &d_out.t, s, scratch);
    const double tolerance = 1e-7 * ((double)(c->images * oh * ow) * transforms_cost(s) + 50);
    for (size_t e = 0; e < count; e++)
        if (!(fabs((double)d_weights[e] - w[e]) <= tolerance))
            fail_msg("weight %zu of %zux%zu: %g, not %g", e, s->in, s->out, (double)d_weights[e], w[e]);
    for (size_t e = 0; e < s->out; e++)
        assert_true(fabs((double)d_bias[e] - b[e]) <= tolerance);
    free(w);
    free(b);
    free(d_weights);
    free(d_bias);
    free(scratch);
    free(in.memory);
    free(d_out.memory);
}

static void backward_weights_is_the_sum_of_products(void **state) {
    (void)state;
    for (size_t level = 0; level < TEST_LEVELS; level++)
        for (size_t i = 0; i < CASES && test_kernels(level) != NULL; i++)
            check_backward_weights(test_kernels(level), &cases[i]);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(forward_is_the_definition),
                                       cmocka_unit_test(backward_data_is_the_transpose),
                                       cmocka_unit_test(backward_weights_is_the_sum_of_products)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
