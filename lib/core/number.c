/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Decimal text to the nearest double and back, the same in every locale and C library. Where digits and power of ten are exact
 * doubles, one multiplication or division rounds correctly (Clinger 1990), in the rounding mode that public calls set. Otherwise
 * the number is the quotient of two whole numbers of any length, of which a long division takes 54 bits and the remainder. Cost:
 * the square of the digits.
 */
#include "core/core.h"

#include <math.h>
#include <string.h>

/* No more than 767 digits decide how a double is rounded: of further ones it matters only that one is not 0. */
enum { MAX_DIGITS = 800, MAX_LIMBS = 128, QUOTIENT_BITS = 55, MANTISSA_BITS = 53, LOWEST_EXPONENT = -1074 };

/* ---- whole numbers of any length ---- */

typedef struct natural {
    uint32_t limbs[MAX_LIMBS]; /* the lowest first */
    size_t count;              /* the highest is not 0 */
} natural;

static void multiply_add(natural *n, uint32_t factor, uint32_t added) {
    uint64_t carry = added;
    for (size_t i = 0; i < n->count; i++) {
        carry += (uint64_t)n->limbs[i] * factor;
        n->limbs[i] = (uint32_t)carry;
        carry >>= 32;
    }
    if (carry > 0) {
        assert(n->count < MAX_LIMBS);
        n->limbs[n->count++] = (uint32_t)carry;
    }
}

static void multiply_power(natural *n, uint32_t base, int64_t exponent) {
    for (int64_t i = 0; i < exponent; i++)
        multiply_add(n, base, 0);
}

static int64_t bits_of(const natural *n) {
    int64_t bits = 32 * (int64_t)n->count;
    for (uint32_t top = n->limbs[n->count - 1]; (top & UINT32_C(0x80000000)) == 0; top <<= 1)
        bits--;
    return bits;
}

static bool is_less(const natural *a, const natural *b) {
    if (a->count != b->count)
        return a->count < b->count;
    size_t i = a->count;
    while (i > 0 && a->limbs[i - 1] == b->limbs[i - 1])
        i--;
    return i > 0 && a->limbs[i - 1] < b->limbs[i - 1];
}

/* a -= b, which is not larger. */
static void subtract(natural *a, const natural *b) {
    uint32_t borrow = 0;
    for (size_t i = 0; i < a->count; i++) {
        const uint64_t taken = (uint64_t)(i < b->count ? b->limbs[i] : 0) + borrow;
        borrow = a->limbs[i] < taken;
        a->limbs[i] = (uint32_t)(a->limbs[i] - taken);
    }
    while (a->count > 0 && a->limbs[a->count - 1] == 0)
        a->count--;
}

/* ---- decimal numbers ---- */

/* digits * 10^exponent */
typedef struct decimal {
    natural digits;
    size_t kept; /* digits, without zeros before the first other one */
    int64_t exponent;
} decimal;

static void add_digit(decimal *d, char digit) {
    if (d->kept < MAX_DIGITS) {
        multiply_add(&d->digits, 10, (uint32_t)(digit - '0'));
        d->kept += d->digits.count > 0;
    } else {
        d->digits.limbs[0] |= digit != '0'; /* the last digit is made odd, which is as good as the rest of the text */
        d->exponent++;
    }
}

static bool is_digit(const char *text, size_t length, size_t at) {
    return at < length && text[at] >= '0' && text[at] <= '9';
}

/* Both return the first byte behind what they read, `from` itself where there is no digit. */
static size_t read_digits(decimal *d, const char *text, size_t from, size_t length) {
    bool digits = false, fraction = false;
    size_t i = from;
    for (; is_digit(text, length, i) || (i < length && text[i] == '.' && !fraction); i++) {
        if (text[i] == '.') {
            fraction = true;
            continue;
        }
        add_digit(d, text[i]);
        d->exponent -= fraction;
        digits = true;
    }
    return digits ? i : from;
}

static size_t read_exponent(decimal *d, const char *text, size_t from, size_t length) {
    const int64_t most = INT64_C(1) << 50; /* more than a text has digits */
    const size_t first = from + (from < length && (text[from] == '-' || text[from] == '+'));
    int64_t power = 0;
    size_t i = first;
    for (; is_digit(text, length, i); i++)
        power = power < most ? power * 10 + (text[i] - '0') : power;
    d->exponent += first > from && text[from] == '-' ? -power : power;
    return i > first ? i : from;
}

static bool read_decimal(decimal *d, const char *text, size_t from, size_t length) {
    size_t end = read_digits(d, text, from, length);
    if (end == from)
        return false;
    if (end < length && (text[end] == 'e' || text[end] == 'E')) {
        from = end + 1;
        end = read_exponent(d, text, from, length);
        if (end == from)
            return false;
    }
    return end == length;
}

/* ---- to the nearest double ---- */

/* quotient * 2^exponent, and a little more where `rest` is set; ties go to the even mantissa. */
static double round_quotient(uint64_t quotient, int64_t exponent, bool rest) {
    int64_t dropped = (quotient >> (QUOTIENT_BITS - 1)) != 0 ? QUOTIENT_BITS - MANTISSA_BITS : QUOTIENT_BITS - 1 - MANTISSA_BITS;
    if (exponent + dropped < LOWEST_EXPONENT)
        dropped = LOWEST_EXPONENT - exponent;
    if (dropped > QUOTIENT_BITS)
        return 0;
    const uint64_t half = UINT64_C(1) << (dropped - 1), tail = quotient & (2 * half - 1);
    uint64_t mantissa = quotient >> dropped;
    mantissa += tail > half || (tail == half && (rest || (mantissa & 1) != 0));
    return ldexp((double)mantissa, (int)(exponent + dropped));
}

/* above / below: both are scaled to the same number of bits, so that their quotient lies between 1/2 and 2. */
static double divide(natural *above, natural *below) {
    const int64_t exponent = bits_of(above) - bits_of(below);
    multiply_power(above, 2, -exponent);
    multiply_power(below, 2, exponent);
    uint64_t quotient = 0;
    for (int bit = 0; bit < QUOTIENT_BITS; bit++) {
        const bool one = !is_less(above, below);
        quotient = 2 * quotient + one;
        if (one)
            subtract(above, below);
        multiply_add(above, 2, 0);
    }
    return round_quotient(quotient, exponent - (QUOTIENT_BITS - 1), above->count > 0);
}

static double magnitude(decimal *d) {
    static const double powers[] = {1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,  1e8,  1e9,  1e10, 1e11,
                                    1e12, 1e13, 1e14, 1e15, 1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
    const int64_t exact = sizeof powers / sizeof *powers, size = (int64_t)d->kept + d->exponent; /* below 10^size */
    if (d->kept == 0 || size < -330)
        return 0;
    if (size > 310)
        return HUGE_VAL;
    if (bits_of(&d->digits) <= MANTISSA_BITS && d->exponent > -exact && d->exponent < exact) {
        const uint64_t high = d->digits.count > 1 ? d->digits.limbs[1] : 0;
        const double digits = (double)((high << 32) + d->digits.limbs[0]);
        return d->exponent < 0 ? digits / powers[-d->exponent] : digits * powers[d->exponent];
    }
    natural below = {{1}, 1};
    multiply_power(&d->digits, 10, d->exponent);
    multiply_power(&below, 10, -d->exponent);
    return divide(&d->digits, &below);
}

bool cseg_number_parse(double *value, const char *text, size_t length) {
    decimal d;
    d.digits.count = d.kept = 0;
    d.exponent = 0;
    const bool negative = length > 0 && text[0] == '-';
    if (!read_decimal(&d, text, negative || (length > 0 && text[0] == '+'), length))
        return false;
    const double number = magnitude(&d);
    if (!isfinite(number))
        return false;
    *value = negative ? -number : number;
    return true;
}

void cseg_number_print(char text[CSEG_NUMBER_BYTES], double value) {
    double same;
    for (int digits = 15; digits <= 17; digits++) {
        const size_t length = cseg_format_print(text, CSEG_NUMBER_BYTES, "%.*g", digits, value);
        if (cseg_number_parse(&same, text, length) && same == value)
            break;
    }
}
