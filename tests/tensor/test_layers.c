/* SPDX-License-Identifier: BSD-3-Clause */
/* Pooling, batch normalisation, activation, dropout, Adam and the layout of tensors, against definitions and finite differences.
 */
#include "naive.h"
#include "tensor/tensor_kernels.h"

#include <float.h>

static void tensor_layout(void **state) {
    (void)state;
    assert_int_equal(cseg_tensor_floats(2, 3, 4, 17, 1), 2 * 5 * 6 * 32);
    assert_int_equal(cseg_tensor_floats(1, 1, 1, 16, 0), 16);
    assert_int_equal(cseg_tensor_floats(1, SIZE_MAX / 2, 4, 1, 1), 0);
    assert_int_equal(cseg_tensor_floats(SIZE_MAX / 4, 3, 3, 16, 1), 0);
    assert_int_equal(cseg_tensor_floats(1, SIZE_MAX, 1, 1, 0), 0);
    test_tensor a = test_tensor_new(2, 3, 4, 17, 1, 5), b = test_tensor_new(2, 3, 4, 20, 2, 6);
    const cseg_tensor view = cseg_tensor_channels(&b.t, 3, 17);
    cseg_tensor_copy(&view, &a.t);
    for (size_t i = 0; i < 2; i++) {
        const cseg_tensor image = cseg_tensor_image(&view, i);
        for (size_t p = 0; p < 12; p++)
            assert_memory_equal(test_at(&image, 0, p / 4, p % 4), test_at(&a.t, i, p / 4, p % 4), 17 * sizeof(float));
    }
    free(a.memory);
    free(b.memory);
}

static void pool_takes_the_maximum_and_the_first_gets_the_gradient(void **state) {
    (void)state;
    for (size_t level = 0; level < TEST_LEVELS; level++) {
        const cseg_kernels *k = test_kernels(level);
        if (k == NULL)
            continue;
        test_tensor in = test_tensor_new(2, 7, 9, 19, 1, 1), out = test_tensor_new(2, 3, 4, 19, 0, 2);
        test_tensor d_in = test_tensor_new(2, 7, 9, 19, 1, 3), kept = test_tensor_new(2, 7, 9, 19, 1, 3);
        test_tensor d_out = test_tensor_new(2, 3, 4, 19, 1, 4);
        for (size_t i = 0; i < in.floats; i++) /* few values, so that many are equal */
            in.memory[i] = floorf(in.memory[i] * 2);
        cseg_maxpool_forward(k, &out.t, &in.t);
        for (int accumulate = 1; accumulate >= 0; accumulate--) {
            cseg_maxpool_backward(k, &d_in.t, &d_out.t, &in.t, accumulate);
            for (size_t i = 0; i < 2; i++)
                for (size_t y = 0; y < 7; y++)
                    for (size_t x = 0; x < 9; x++)
                        for (size_t c = 0; c < 19; c++) {
                            size_t winner = 0;
                            float best = -INFINITY, truth = accumulate ? test_at(&kept.t, i, y, x)[c] : 0;
                            for (size_t n = 0; n < 4 && y < 6 && x < 8; n++) {
                                const float value = test_at(&in.t, i, y / 2 * 2 + n / 2, x / 2 * 2 + n % 2)[c];
                                if (value > best) {
                                    best = value;
                                    winner = n;
                                }
                            }
                            if (y < 6 && x < 8) {
                                assert_true(test_at(&out.t, i, y / 2, x / 2)[c] == best);
                                if (winner == y % 2 * 2 + x % 2)
                                    truth += test_at(&d_out.t, i, y / 2, x / 2)[c];
                            }
                            assert_true(test_at(&d_in.t, i, y, x)[c] == truth);
                        }
        }
        free(in.memory);
        free(out.memory);
        free(d_in.memory);
        free(kept.memory);
        free(d_out.memory);
    }
}

/* ---- batch normalisation as a function of doubles, for finite differences ---- */

enum { N_IMAGES = 2, N_HEIGHT = 3, N_WIDTH = 4, N_CHANNELS = 21, N_PIXELS = N_IMAGES * N_HEIGHT * N_WIDTH };
static const double norm_epsilon = 1e-3;

/* Loss = sum of d_y * y; x is [pixel][channel]. */
static double norm_loss(const double *x, const double *gamma, const double *beta, const double *d_y, bool relu) {
    double loss = 0;
    for (size_t c = 0; c < N_CHANNELS; c++) {
        double mean = 0, variance = 0;
        for (size_t p = 0; p < N_PIXELS; p++)
            mean += x[p * N_CHANNELS + c] / N_PIXELS;
        for (size_t p = 0; p < N_PIXELS; p++)
            variance += pow(x[p * N_CHANNELS + c] - mean, 2) / N_PIXELS;
        for (size_t p = 0; p < N_PIXELS; p++) {
            const double y = (x[p * N_CHANNELS + c] - mean) / sqrt(variance + norm_epsilon) * gamma[c] + beta[c];
            loss += d_y[p * N_CHANNELS + c] * (relu ? fmax(y, 0) : y);
        }
    }
    return loss;
}

static void difference_quotient(double *d, double *at, size_t count, const double *x, const double *gamma, const double *beta,
                                const double *d_y, bool relu) {
    const double h = 1e-6;
    for (size_t i = 0; i < count; i++) {
        const double middle = at[i];
        at[i] = middle + h;
        const double above = norm_loss(x, gamma, beta, d_y, relu);
        at[i] = middle - h;
        d[i] = (above - norm_loss(x, gamma, beta, d_y, relu)) / (2 * h);
        at[i] = middle;
    }
}

static double *dense_batch(const cseg_tensor *t) {
    double *d = test_doubles(NULL, N_PIXELS * N_CHANNELS);
    for (size_t i = 0; i < N_IMAGES; i++) {
        double *image = test_dense(t, i);
        memcpy(d + i * N_HEIGHT * N_WIDTH * N_CHANNELS, image, N_HEIGHT * N_WIDTH * N_CHANNELS * sizeof *d);
        free(image);
    }
    return d;
}

static void assert_all_near(const double *got, const double *truth, size_t count, double tolerance) {
    for (size_t i = 0; i < count; i++)
        if (!(fabs(got[i] - truth[i]) <= tolerance))
            fail_msg("element %zu: %g, not %g", i, got[i], truth[i]);
}

static void check_norm(const cseg_kernels *k, bool relu) {
    const int32_t activation = relu ? CSEG_RELU : CSEG_LINEAR;
    test_tensor x = test_tensor_new(N_IMAGES, N_HEIGHT, N_WIDTH, N_CHANNELS, 1, 1),
                d_y = test_tensor_new(N_IMAGES, N_HEIGHT, N_WIDTH, N_CHANNELS, 2, 2);
    test_tensor y = test_tensor_new(N_IMAGES, N_HEIGHT, N_WIDTH, N_CHANNELS, 1, 3);
    float gamma[N_CHANNELS], beta[N_CHANNELS], mean[N_CHANNELS], inv_std[N_CHANNELS], mean_g[N_CHANNELS], mean_gx[N_CHANNELS];
    double sum[N_CHANNELS], square[N_CHANNELS], sum_g[N_CHANNELS], sum_gx[N_CHANNELS];
    test_fill(gamma, N_CHANNELS, 4);
    test_fill(beta, N_CHANNELS, 5);
    cseg_norm_sums(k, sum, square, &x.t);
    for (size_t c = 0; c < N_CHANNELS; c++) {
        const double middle = sum[c] / N_PIXELS;
        mean[c] = (float)middle;
        inv_std[c] = (float)(1 / sqrt(square[c] / N_PIXELS - middle * middle + norm_epsilon));
    }
    cseg_norm_forward(k, &y.t, &x.t, mean, inv_std, gamma, beta, activation);
    cseg_norm_backward_sums(k, sum_g, sum_gx, &d_y.t, &x.t, mean, inv_std, gamma, beta, activation);
    for (size_t c = 0; c < N_CHANNELS; c++) {
        mean_g[c] = (float)(sum_g[c] / N_PIXELS);
        mean_gx[c] = (float)(sum_gx[c] / N_PIXELS);
    }
    double *xs = dense_batch(&x.t), *ys = dense_batch(&y.t), *ds = dense_batch(&d_y.t), *g = test_doubles(gamma, N_CHANNELS),
           *b = test_doubles(beta, N_CHANNELS);
    double loss = 0;
    for (size_t i = 0; i < N_PIXELS * N_CHANNELS; i++)
        loss += ys[i] * ds[i];
    assert_true(fabs(loss - norm_loss(xs, g, b, ds, relu)) < 1e-4);

    cseg_norm_backward(k, &d_y.t, &d_y.t, &x.t, mean, inv_std, gamma, beta, activation, mean_g, mean_gx);
    double *d_x = dense_batch(&d_y.t), *truth = test_doubles(NULL, N_PIXELS * N_CHANNELS);
    difference_quotient(truth, xs, N_PIXELS * N_CHANNELS, xs, g, b, ds, relu);
    assert_all_near(d_x, truth, N_PIXELS * N_CHANNELS, 1e-5);
    difference_quotient(truth, g, N_CHANNELS, xs, g, b, ds, relu);
    assert_all_near(sum_gx, truth, N_CHANNELS, 1e-5);
    difference_quotient(truth, b, N_CHANNELS, xs, g, b, ds, relu);
    assert_all_near(sum_g, truth, N_CHANNELS, 1e-5);
    double *all[] = {xs, ys, ds, g, b, d_x, truth};
    for (size_t i = 0; i < sizeof all / sizeof *all; i++)
        free(all[i]);
    free(x.memory);
    free(y.memory);
    free(d_y.memory);
}

static void norm_backward_is_the_finite_difference(void **state) {
    (void)state;
    for (size_t level = 0; level < TEST_LEVELS; level++)
        if (test_kernels(level) != NULL) {
            check_norm(test_kernels(level), false);
            check_norm(test_kernels(level), true);
        }
}

static float sigmoid(float x) {
    cseg_kernels_c.sigmoid(&x, 1);
    return x;
}

static void sigmoid_is_within_two_ulps(void **state) {
    (void)state;
    uint64_t seed = 1;
    for (int i = 0; i < 400000; i++) {
        const float x = (float)((test_uniform(&seed) - 0.5) * (i % 2 ? 20 : 210));
        const double truth = (double)(1 / (1 + expl(-(long double)x)));
        const double ulp = fmax((double)nextafterf((float)truth, 2.0F) - (double)(float)truth, FLT_TRUE_MIN);
        assert_true(fabs((double)sigmoid(x) - truth) < 2 * ulp);
    }
    assert_true(sigmoid(0) == 0.5F && sigmoid(INFINITY) == 1 && sigmoid(-INFINITY) == 0 && isnan(sigmoid(NAN)));
    assert_true(sigmoid(FLT_MAX) == 1 && sigmoid(-FLT_MAX) == 0);
}

static void sigmoid_backward_is_the_definition(void **state) {
    (void)state;
    test_tensor y = test_tensor_new(2, 3, 5, 3, 1, 1), d = test_tensor_new(2, 3, 5, 3, 2, 2),
                kept = test_tensor_new(2, 3, 5, 3, 2, 2);
    for (size_t level = 0; level < TEST_LEVELS; level++) {
        if (test_kernels(level) == NULL)
            continue;
        memcpy(d.memory, kept.memory, d.floats * sizeof(float));
        cseg_sigmoid_backward(test_kernels(level), &d.t, &d.t, &y.t);
        for (size_t i = 0; i < 2 * 15 * 3; i++) {
            const double value = (double)test_at(&y.t, i / 45, i / 15 % 3, i / 3 % 5)[i % 3];
            const double truth = (double)test_at(&kept.t, i / 45, i / 15 % 3, i / 3 % 5)[i % 3] * value * (1 - value);
            assert_true(fabs((double)test_at(&d.t, i / 45, i / 15 % 3, i / 3 % 5)[i % 3] - truth) < 1e-6);
        }
    }
    free(y.memory);
    free(d.memory);
    free(kept.memory);
}

/* Elements that differ, of all channels of all pixels, between two calls of which each may be in place. */
static size_t dropped_otherwise(const cseg_kernels *k, size_t channels, double rate, uint64_t seed, uint64_t other_seed) {
    test_tensor in = test_tensor_new(2, 40, 50, channels, 1, 1), out = test_tensor_new(2, 40, 50, channels, 0, 2);
    size_t differing = 0;
    cseg_dropout_apply(k, &out.t, &in.t, rate, seed);
    cseg_dropout_apply(k, &in.t, &in.t, rate, other_seed);
    for (size_t i = 0; i < 2 * 40 * 50; i++)
        for (size_t c = 0; c < channels; c++)
            differing += test_at(&in.t, i / 2000, i / 50 % 40, i % 50)[c] != test_at(&out.t, i / 2000, i / 50 % 40, i % 50)[c];
    free(in.memory);
    free(out.memory);
    return differing;
}

static void dropout_in_place_is_the_same_for_any_number_of_channels(void **state) {
    (void)state;
    static const size_t channels[] = {1, 5, 20, 300};
    for (size_t level = 0; level < TEST_LEVELS; level++)
        for (size_t i = 0; i < 4 && test_kernels(level) != NULL; i++) {
            assert_int_equal(dropped_otherwise(test_kernels(level), channels[i], 0.5, 3, 3), 0);
            const double share =
                (double)dropped_otherwise(test_kernels(level), channels[i], 0.5, 3, 4) / 4000 / (double)channels[i];
            assert_true(fabs(share - 0.5) < 0.05);
        }
}

static void dropout_drops_its_share_and_repeats(void **state) {
    (void)state;
    const cseg_kernels *k = cseg_kernels_select(cseg_cpu_best());
    test_tensor in = test_tensor_new(2, 40, 50, 20, 1, 1), a = test_tensor_new(2, 40, 50, 20, 0, 2),
                b = test_tensor_new(2, 40, 50, 20, 1, 3);
    for (size_t i = 0; i < in.floats; i++)
        in.memory[i] = in.memory[i] == 0 ? 0 : 1;
    const double rates[] = {0, 0.25, 0.5, 0.9};
    for (size_t r = 0; r < 4; r++) {
        cseg_dropout_apply(k, &a.t, &in.t, rates[r], 7);
        cseg_dropout_apply(k, &b.t, &in.t, rates[r], 7);
        size_t kept = 0, agreeing = 0;
        for (size_t i = 0; i < 2 * 40 * 50; i++) {
            const float *p = test_at(&a.t, i / 2000, i / 50 % 40, i % 50);
            assert_memory_equal(p, test_at(&b.t, i / 2000, i / 50 % 40, i % 50), 20 * sizeof(float));
            for (size_t c = 0; c < 20; c++) {
                assert_true(p[c] == 0 || fabs((double)p[c] * (1 - rates[r]) - 1) < 1e-6);
                kept += p[c] != 0;
            }
        }
        assert_true(fabs((double)kept / 80000 - (1 - rates[r])) < 0.01);
        cseg_dropout_apply(k, &b.t, &in.t, rates[r], 8);
        for (size_t i = 0; i < 2 * 40 * 50; i++)
            for (size_t c = 0; c < 20; c++)
                agreeing += (test_at(&a.t, i / 2000, i / 50 % 40, i % 50)[c] != 0) ==
                            (test_at(&b.t, i / 2000, i / 50 % 40, i % 50)[c] != 0);
        assert_true(fabs((double)agreeing / 80000 - (pow(rates[r], 2) + pow(1 - rates[r], 2))) < 0.01);
    }
    free(in.memory);
    free(a.memory);
    free(b.memory);
}

static void adam_follows_the_paper(void **state) {
    (void)state;
    enum { COUNT = 37 };
    for (size_t level = 0; level < TEST_LEVELS; level++) {
        if (test_kernels(level) == NULL)
            continue;
        float p[COUNT], m[COUNT] = {0}, v[COUNT] = {0}, g[COUNT];
        double truth[COUNT], first[COUNT] = {0}, second[COUNT] = {0};
        test_fill(p, COUNT, 1);
        for (size_t i = 0; i < COUNT; i++)
            truth[i] = (double)p[i];
        cseg_adam adam = {.learning_rate = 1e-2, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8};
        for (adam.step = 1; adam.step <= 10; adam.step++) {
            test_fill(g, COUNT, 100 + adam.step);
            cseg_adam_update(test_kernels(level), p, m, v, g, COUNT, &adam);
            for (size_t i = 0; i < COUNT; i++) {
                first[i] = adam.beta1 * first[i] + (1 - adam.beta1) * (double)g[i];
                second[i] = adam.beta2 * second[i] + (1 - adam.beta2) * (double)g[i] * (double)g[i];
                const double mean = first[i] / (1 - pow(adam.beta1, (double)adam.step));
                const double square = second[i] / (1 - pow(adam.beta2, (double)adam.step));
                truth[i] -= adam.learning_rate * mean / (sqrt(square) + adam.epsilon);
                assert_true(fabs(truth[i] - (double)p[i]) < 1e-6);
            }
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(tensor_layout),
                                       cmocka_unit_test(pool_takes_the_maximum_and_the_first_gets_the_gradient),
                                       cmocka_unit_test(norm_backward_is_the_finite_difference),
                                       cmocka_unit_test(sigmoid_is_within_two_ulps),
                                       cmocka_unit_test(sigmoid_backward_is_the_definition),
                                       cmocka_unit_test(dropout_drops_its_share_and_repeats),
                                       cmocka_unit_test(dropout_in_place_is_the_same_for_any_number_of_channels),
                                       cmocka_unit_test(adam_follows_the_paper)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
