/* SPDX-License-Identifier: BSD-3-Clause */
/* The radix sort against the definition: rising keys, equal ones in their old order, nothing lost. */
#include "testing.h"

static void sorts_and_keeps_the_order_of_equals(uint64_t key_mask, size_t count) {
    cseg_keyed *items = malloc((count + 1) * sizeof *items);
    uint64_t seed = count, sum = 0, sum_after = 0;
    for (size_t i = 0; i < count; i++) {
        items[i] = (cseg_keyed){test_random(&seed) & key_mask, i};
        sum += items[i].key * (2 * i + 1);
    }
    assert_ok(cseg_sort_keyed(NULL, items, count));
    for (size_t i = 0; i < count; i++) {
        sum_after += items[i].key * (2 * items[i].value + 1);
        if (i > 0) {
            assert_true(items[i].key >= items[i - 1].key);
            assert_true(items[i].key != items[i - 1].key || items[i].value > items[i - 1].value);
        }
    }
    assert_true(sum == sum_after);
    free(items);
}

static void all_kinds_of_keys(void **state) {
    (void)state;
    const uint64_t masks[] = {UINT64_MAX, 0, 0xff, 0xf0f, 0x7ULL << 61, 0xff00000000000000ULL, 0xffff0000ULL};
    for (size_t m = 0; m < sizeof masks / sizeof *masks; m++)
        for (size_t count = 0; count < 3000; count = 2 * count + 1)
            sorts_and_keeps_the_order_of_equals(masks[m], count);
}

static cellseg_status sort_in(cellseg_context *context, void *data) {
    (void)data;
    cseg_keyed items[] = {{3, 0}, {1, 1}, {2, 2}};
    return cseg_sort_keyed(context, items, 3);
}

static void failing_allocations_leak_nothing(void **state) {
    (void)state;
    assert_survives_failing_allocations(sort_in, NULL);
}

int main(void) {
    const struct CMUnitTest tests[] = {cmocka_unit_test(all_kinds_of_keys), cmocka_unit_test(failing_allocations_leak_nothing)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
