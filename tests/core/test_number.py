# SPDX-License-Identifier: BSD-3-Clause
"""Numbers as text against Python's float(), repr() and %, which round correctly: every double is read and printed the same."""

import ctypes
import math
import random
import struct

import pytest

import oracle

NUMBER_BYTES = 32
library = oracle.library
library.cseg_number_parse.restype = ctypes.c_bool
library.cseg_number_parse.argtypes = [ctypes.POINTER(ctypes.c_double), ctypes.c_char_p, ctypes.c_size_t]
library.cseg_number_print.restype = None
library.cseg_number_print.argtypes = [ctypes.c_char_p, ctypes.c_double]
library.cseg_format_print.restype = ctypes.c_size_t
RANDOM = random.Random(7)


def parse(text):
    """None for a text that is no number."""
    value = ctypes.c_double(-7)
    data = text.encode()
    if library.cseg_number_parse(value, data, len(data)):
        return value.value
    assert value.value == -7
    return None


def bits(value):
    return struct.pack("<d", value)


def doubles(count):
    """Half of any bits, half of the sizes that measurements have."""
    for word in struct.unpack(f"<{count // 2}d", RANDOM.randbytes(8 * (count // 2))):
        if math.isfinite(word):
            yield word
    for _ in range(count // 2):
        yield RANDOM.uniform(-1, 1) * 10.0 ** RANDOM.randint(-8, 8)


def boundaries():
    """Numbers halfway between two doubles, exactly, and a digit far behind above and below that."""
    from fractions import Fraction
    for low in [0.0, 5e-324, 2.2250738585072009e-308, 2.2250738585072014e-308, 1.0, 2.0**53, 9007199254740993.0, 1.7976931348623155e308,
                *(abs(struct.unpack("<d", RANDOM.randbytes(8))[0]) for _ in range(300))]:
        high = math.nextafter(low, math.inf) if math.isfinite(low) else low
        if not math.isfinite(high):
            continue
        half = (Fraction(low) + Fraction(high)) / 2
        twos = half.denominator.bit_length() - 1
        digits = half.numerator * 5**twos  # half = digits / 10^twos
        yield from (f"{digits}e-{twos}", f"{digits}{'0' * 400}1e-{twos + 401}", f"{digits - 1}{'9' * 400}e-{twos + 400}")


def test_doubles_are_read():
    for value in doubles(200_000):
        assert bits(parse(repr(value))) == bits(value)


def test_doubles_are_printed():
    """The first of 15, 16 and 17 digits that reads back; the same text as Python's."""
    text = ctypes.create_string_buffer(NUMBER_BYTES)
    for value in doubles(200_000):
        library.cseg_number_print(text, value)
        expected = "%.15g" % value
        if float(expected) != value:
            expected = "%.16g" % value
            if float(expected) != value:
                expected = "%.17g" % value
        assert text.value.decode() == expected


def test_texts_of_any_length():
    for _ in range(50_000):
        digits = "".join(RANDOM.choices("0123456789", k=RANDOM.choice((1, 5, 16, 17, 18, 19, 20, 25, 60, 300, 900))))
        point = RANDOM.randint(0, len(digits))
        text = RANDOM.choice(("", "-", "+")) + digits[:point] + RANDOM.choice(("", ".")) + digits[point:]
        text += RANDOM.choice(("", f"e{RANDOM.randint(-340, 310)}", f"E+{RANDOM.randint(0, 30)}"))
        expected = float(text)
        read = parse(text)
        assert (read is None) if math.isinf(expected) else bits(read) == bits(expected), text


def test_numbers_between_two_doubles():
    count = 0
    for text in boundaries():
        assert bits(parse(text)) == bits(float(text)), text
        count += 1
    assert count > 600


@pytest.mark.parametrize("text", [
    "2.2250738585072011e-308", "2.2250738585072012e-308", "4.9406564584124654e-324", "2.4703282292062327e-324", "2.4703282292062328e-324",
    "1.7976931348623157e308", "1.7976931348623158e308", "9007199254740993", "9007199254740991e22", "1e22", "1e23", "1e-22", "8.5e-23",
    "6.631236846766476e-316", "3.2378839133029012895883524125015321748630094239893e-319", "0", "-0", "0e999999999999999999999", ".5", "5.",
    "0." + "0" * 5000 + "1e5001", "1" + "0" * 5000 + "e-5000", "1e-999999999999999999999"])
def test_hard_cases(text):
    assert bits(parse(text)) == bits(float(text))


@pytest.mark.parametrize("text", ["", ".", "e5", "1e", "1e+", "1,5", "1 ", " 1", "--1", "+-1", "1..2", "1.2.3", "0x1p3", "nan", "inf", "1e400",
                                  "1.7976931348623159e308", "1e999999999999999999999", "1f", "\u0661"])
def test_what_is_no_number(text):
    assert parse(text) is None


def test_what_has_no_digits_is_printed():
    text = ctypes.create_string_buffer(NUMBER_BYTES)
    for value in (math.inf, -math.inf, math.nan):
        library.cseg_number_print(text, value)
        assert text.value.decode() == "%g" % value
    library.cseg_number_print(text, math.copysign(math.nan, -1))  # what 0 / 0 is on some processors
    assert text.value == b"nan"


CONVERSIONS = [
    ("%d %i %u", (-5, 2**31 - 1, 7), (ctypes.c_int, ctypes.c_int, ctypes.c_uint)),
    ("%zu of %zu", (2**63 + 1, 0), (ctypes.c_size_t,) * 2),
    ("%zd %zi", (-(2**40), 2**62), (ctypes.c_ssize_t,) * 2),
    ("%ld %lu", (-(2**40), 2**64 - 1), (ctypes.c_long, ctypes.c_ulong)),
    ("%lld %llu %llx", (-(2**63), 2**64 - 1, 255), (ctypes.c_longlong, ctypes.c_ulonglong, ctypes.c_ulonglong)),
    ("%08x|%-6u|%+d|% d|%04X", (48879, 7, 7, 7, 255), (ctypes.c_uint, ctypes.c_uint, ctypes.c_int, ctypes.c_int, ctypes.c_uint)),
    ("%s|%10s|%-10s|%.3s", (b"text", b"right", b"left", b"cut off"), (ctypes.c_char_p,) * 4),
    ("%.*s|%*d|%-*d|", (2, b"cut", 5, 42, 5, 42), (ctypes.c_int, ctypes.c_char_p) + (ctypes.c_int,) * 4),
    ("%g %.3f %.0f %e %10.2f|%-8.1f|%+g", (0.1, 2.0005, 1e308, 12345.678, 3.14159, 2.5, 1.5), (ctypes.c_double,) * 7),
    ("%g %.17g %.*g %*.*f", (1e-7, 0.1, 3, 2.71828, 9, 2, 1.005),
     (ctypes.c_double, ctypes.c_double, ctypes.c_int, ctypes.c_double, ctypes.c_int, ctypes.c_int, ctypes.c_double)),
    ("%g %g %f", (math.inf, -math.inf, math.nan), (ctypes.c_double,) * 3),
    ("100%% of %c, and no more", (b"x",), (ctypes.c_char,)),
    ("", (), ()),
]


@pytest.mark.parametrize("form, values, types", CONVERSIONS)
def test_formats(form, values, types):
    """Every conversion as Python's, whole and cut off at every length."""
    arguments = [ctypes.c_int(v[0]) if t is ctypes.c_char else t(v) for v, t in zip(values, types)]
    expected = form.replace("z", "").replace("ll", "l") % tuple(v.decode() if isinstance(v, bytes) else v for v in values)
    for size in range(len(expected) + 3):
        text = ctypes.create_string_buffer(b"?" * 400, 401)
        length = library.cseg_format_print(text, ctypes.c_size_t(size), form.encode(), *arguments)
        assert length == len(expected)
        assert text.raw[:size].rstrip(b"?") == (expected.encode()[:size - 1] + b"\0" if size else b"") and text.raw[size:400].strip(b"?") == b""
