/* SPDX-License-Identifier: BSD-3-Clause */
/* Every row of the kernel table gives the same bytes as the portable one, on shapes that divide by nothing. */
#include "naive.h"
#include "rows.h"
#include "tensor/tensor_kernels.h"

#include <inttypes.h>

typedef struct test_case {
    cseg_conv_shape shape;
    size_t images, height, width;
} test_case;

static const test_case cases[] = {
    {{3, 1, 1, 33, false}, 1, 9, 31}, {{3, 1, 37, 3, false}, 2, 7, 19},   {{3, 1, 19, 37, false}, 2, 9, 14},
    {{3, 2, 33, 50, false}, 1, 6, 5}, {{3, 1, 64, 32, false}, 1, 21, 22}, {{3, 0, 16, 16, false}, 1, 23, 7},
    {{3, 1, 5, 11, false}, 1, 4, 17}, {{3, 1, 40, 8, false}, 1, 5, 9},    {{1, 0, 21, 45, false}, 1, 3, 27},
    {{2, 0, 33, 17, true}, 2, 5, 15}, {{2, 0, 9, 70, true}, 1, 3, 29},    {{3, 1, 2, 1, false}, 1, 1, 1},
};
enum { CASES = sizeof cases / sizeof *cases };

/* What an operation writes, gathered so that two rows can be compared. */
typedef struct record {
    unsigned char *bytes;
    size_t size, room;
} record;

static void add(record *r, const void *bytes, size_t size) {
    if (r->size + size > r->room) {
        r->room = 2 * (r->size + size);
        r->bytes = realloc(r->bytes, r->room);
    }
    assert_non_null(r->bytes);
    memcpy(r->bytes + r->size, bytes, size);
    r->size += size;
}

/* A double is two numbers of 4 bytes, the lower one first, so that the digest of all is the same on every processor. */
static void add_doubles(record *r, const double *values, size_t count) {
    for (size_t i = 0; i < count; i++) {
        uint64_t bits;
        memcpy(&bits, &values[i], sizeof bits);
        const uint32_t halves[2] = {(uint32_t)bits, (uint32_t)(bits >> 32)};
        add(r, halves, sizeof halves);
    }
}

static void add_tensor(record *r, const test_tensor *t) {
    add(r, t->memory, t->floats * sizeof(float));
}

/* Values whose products have many digits, some zero, one tiny and one huge, so that roundings and subnormals count. */
static void harden(test_tensor *t) {
    for (size_t i = 0; i < t->floats; i += 3)
        t->memory[i] *= t->memory[i] < 0 ? 0 : 1;
    const size_t middle = (t->t.height / 2) * t->t.row + t->t.width / 2 * t->t.pixel;
    t->t.data[middle] = 1e-42F;
    t->t.data[0] = -3e-23F;
}

static void run_convolution(record *r, const cseg_kernels *k, const test_case *c) {
    const cseg_conv_shape *s = &c->shape;
    const size_t count = test_taps(s) * test_taps(s) * s->in * s->out, oh = test_out_size(s, c->height),
                 ow = test_out_size(s, c->width);
    test_tensor in = test_tensor_new(c->images, c->height, c->width, s->in, 2, 1),
                out = test_tensor_new(c->images, oh, ow, s->out, 2, 2);
    harden(&in);
    float *weights = test_floats(count), *bias = test_floats(s->out);
    test_fill(weights, count, 3);
    weights[count / 2] = 2e-22F;
    test_fill(bias, s->out, 4);
    for (int32_t use = 0; use < 3; use++) {
        float *packed = test_floats(cseg_conv_packed_floats(k, s, use)),
              *scratch = test_floats(cseg_conv_scratch_floats(k, s, use, c->height, c->width));
        cseg_conv_pack(k, packed, weights, s, use);
        if (use == CSEG_PACK_BACKWARD_DATA) {
            cseg_conv_backward_data(k, &in.t, &out.t, packed, s, false, scratch);
            add_tensor(r, &in);
            cseg_conv_backward_data(k, &in.t, &out.t, packed, s, true, scratch);
            add_tensor(r, &in);
            cseg_conv_backward_weights(k, weights, bias, &in.t, &out.t, s, scratch);
            add(r, weights, count * sizeof(float));
            add(r, bias, s->out * sizeof(float));
        } else {
            cseg_conv_forward(k, &out.t, &in.t, packed, bias, s, CSEG_SIGMOID, use, scratch);
            add_tensor(r, &out);
            cseg_conv_forward(k, &out.t, &in.t, packed, NULL, s, CSEG_RELU, use, scratch);
            add_tensor(r, &out);
        }
        free(packed);
        free(scratch);
    }
    free(weights);
    free(bias);
    free(in.memory);
    free(out.memory);
}

static void run_layers(record *r, const cseg_kernels *k) {
    enum { CHANNELS = 77 };
    test_tensor x = test_tensor_new(2, 9, 11, CHANNELS, 1, 1), y = test_tensor_new(2, 9, 11, CHANNELS, 1, 2);
    test_tensor d = test_tensor_new(2, 9, 11, CHANNELS, 1, 3), small = test_tensor_new(2, 4, 5, CHANNELS, 1, 4);
    float table[6][CHANNELS];
    double sum[2][CHANNELS];
    test_fill(table[0], sizeof table / sizeof(float), 5);
    cseg_norm_sums(k, sum[0], sum[1], &x.t);
    add_doubles(r, sum[0], sizeof sum / sizeof(double));
    for (int32_t activation = CSEG_LINEAR; activation <= CSEG_RELU; activation++) {
        cseg_norm_forward(k, &y.t, &x.t, table[0], table[1], table[2], table[3], activation);
        add_tensor(r, &y);
        cseg_norm_backward_sums(k, sum[0], sum[1], &d.t, &x.t, table[0], table[1], table[2], table[3], activation);
        add_doubles(r, sum[0], sizeof sum / sizeof(double));
        cseg_norm_backward(k, &d.t, &d.t, &x.t, table[0], table[1], table[2], table[3], activation, table[4], table[5]);
        add_tensor(r, &d);
    }
    cseg_dropout_apply(k, &y.t, &d.t, 0.3, 7);
    add_tensor(r, &y);
    cseg_maxpool_forward(k, &small.t, &x.t);
    add_tensor(r, &small);
    cseg_maxpool_backward(k, &d.t, &small.t, &x.t, true);
    add_tensor(r, &d);
    cseg_sigmoid_backward(k, &d.t, &y.t, &x.t);
    add_tensor(r, &d);
    const cseg_adam adam = {.learning_rate = 1e-3, .beta1 = 0.9, .beta2 = 0.999, .epsilon = 1e-8, .step = 3};
    for (size_t i = 0; i < d.floats; i++)
        d.memory[i] = fabsf(d.memory[i]);
    cseg_adam_update(k, x.memory, y.memory, d.memory, x.memory, x.floats, &adam);
    add_tensor(r, &x);
    add_tensor(r, &y);
    add_tensor(r, &d);
    free(x.memory);
    free(y.memory);
    free(d.memory);
    free(small.memory);
}

static void assert_same(const record *portable, const record *other, size_t level, size_t index) {
    assert_int_equal(portable->size, other->size);
    for (size_t i = 0; i < portable->size; i++)
        if (portable->bytes[i] != other->bytes[i])
            fail_msg("level %d, case %zu: byte %zu of %zu differs", test_levels[level], index, i, portable->size);
}

static void all_rows_give_the_same_bytes(void **state) {
    (void)state;
    uint64_t bytes_of_all = TEST_DIGEST;
    for (size_t i = 0; i <= CASES; i++) {
        record portable = {0};
        for (size_t level = 0; level < TEST_SAME_BYTES; level++) {
            const cseg_kernels *k = test_kernels(level);
            record mine = {0};
            if (k == NULL)
                continue;
            if (i < CASES)
                run_convolution(&mine, k, &cases[i]);
            else
                run_layers(&mine, k);
            if (portable.bytes == NULL) {
                portable = mine;
                continue;
            }
            assert_same(&portable, &mine, level, i);
            free(mine.bytes);
        }
        bytes_of_all = test_digest_numbers(bytes_of_all, portable.bytes, portable.size / sizeof(float), sizeof(float));
        free(portable.bytes);
    }
    /* Other machines and compilers, too: where an operation changes on purpose, so does this number. */
    if (bytes_of_all != 0x662f5e89ad4ea6b5ULL)
        fail_msg("the bytes of all operations have the digest 0x%016" PRIx64, bytes_of_all);
}

/* A float of any bits, or of kinds that rounding goes wrong on. */
static float hard_float(uint64_t *seed, int kind, uint32_t index) {
    uint32_t bits = (uint32_t)test_random(seed);
    if (kind == 0) /* few digits: many ties */
        bits &= 0xfff00000U;
    if (kind == 1) /* small exponents: subnormal results */
        bits = (bits & 0x80ffffffU) | (0x20000000U + index % 3 * 0x00400000U);
    if (kind == 2) /* near one another */
        bits = (bits & 0x81ffffffU) | 0x3f000000U;
    if (kind == 3) /* near the square root of the largest: overflow, and back */
        bits = (bits & 0x81ffffffU) | 0x5e000000U;
    if (kind == 4) { /* halves, zeros, the largest, infinities, NaN */
        static const uint32_t special[] = {0x3f000000, 0, 0x80000000, 0x7f7fffff, 0x7f800000, 0xff800000, 0x7fc00000, 1};
        bits = special[bits >> 29];
    }
    float value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

/* A chain on every row is the C standard's fmaf again and again, digit for digit. */
static void chains_are_fmaf(void **state) {
    (void)state;
    enum { CHAIN = 4, ROUNDS = 300000, KINDS = 6 };
    uint64_t seed = 9;
    for (int i = 0; i < ROUNDS; i++) {
        float a[CHAIN], b[CHAIN], start = hard_float(&seed, i % KINDS, 2);
        for (uint32_t j = 0; j < CHAIN; j++) {
            a[j] = hard_float(&seed, i % KINDS, j);
            b[j] = hard_float(&seed, i % KINDS, j + 1);
        }
        const size_t length = i % 2 == 0 ? 1 : CHAIN;
        float truth = start;
        for (size_t j = 0; j < length; j++)
            truth = fmaf(a[j], b[j], truth);
        for (size_t level = 0; level < TEST_SAME_BYTES; level++) {
            const cseg_kernels *k = test_kernels(level);
            float c;
            const cseg_tile tile = {.rows = 1,
                                    .columns = 1,
                                    .a = a,
                                    .b = b,
                                    .count = {1, 1, length},
                                    .a_step = {0, 0, 1},
                                    .b_step = {0, 0, 1},
                                    .c = &c,
                                    .start = &start};
            if (k == NULL)
                continue;
            k->tile(&tile);
            if (memcmp(&c, &truth, sizeof c) != 0 && !(isnan(c) && isnan(truth)))
                fail_msg("level %d, kind %d, from %a: %a, not %a", test_levels[level], i % KINDS, (double)start, (double)c,
                         (double)truth);
        }
    }
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(chains_are_fmaf), cmocka_unit_test(all_rows_give_the_same_bytes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
