# SPDX-License-Identifier: BSD-3-Clause
"""The library's parser of JSON against Python's: what is JSON, and every value, on texts that were changed at random and on texts
that parsers often take wrongly."""

import ctypes
import json
import random

import oracle
import pytest

pytestmark = pytest.mark.sanitizers

STATUS_OK, STATUS_FORMAT, STATUS_MEMORY = 0, -4, -2
NULL, FALSE, TRUE, NUMBER, STRING, ARRAY, OBJECT = range(7)

TEXT = json.dumps(
    {"a": [1, -2.5e-3, 0, -0.0, 1e9, 0.1, 123456789012345678, [], {}, [[["deep"]]]], "b": {"c": True, "d": False, "e": None},
     "text": 'quote " slash \\ / tab \t \u00e9 \u20ac \U0001f600', "\u00e9": {"": {"": ""}}},
    indent=1,
) + " \r\n"  # fmt: skip
PLAIN = json.dumps(json.loads(TEXT), ensure_ascii=False)


class Value(ctypes.Structure):
    """cseg_json of lib/core/json.h."""


Value._fields_ = [
    ("type", ctypes.c_int32), ("count", ctypes.c_size_t), ("number", ctypes.c_double), ("string", ctypes.c_char_p),
    ("key", ctypes.c_char_p), ("child", ctypes.POINTER(Value)), ("next", ctypes.POINTER(Value)),
]  # fmt: skip

oracle.library.cseg_memory_free.argtypes = [ctypes.c_void_p]
oracle.library.cseg_memory_free.restype = None


def members(value):
    item, all_of_them = value.child, []
    while item:
        all_of_them.append(item.contents)
        item = item.contents.next
    assert len(all_of_them) == value.count
    return all_of_them


def python_value(value):
    if value.type == OBJECT:
        return {item.key.decode(): python_value(item) for item in members(value)}
    if value.type == ARRAY:
        assert all(item.key is None for item in members(value))
        return [python_value(item) for item in members(value)]
    return {NULL: None, FALSE: False, TRUE: True, NUMBER: value.number, STRING: (value.string or b"").decode()}[value.type]


def parse(text):
    """The status and the value of bytes."""
    out = ctypes.POINTER(Value)()
    block = ctypes.create_string_buffer(text, max(len(text), 1))  # no zero behind the text
    status = oracle.library.cseg_json_parse(ctypes.byref(out), None, block, ctypes.c_size_t(len(text)), b"text")
    if status != STATUS_OK:
        assert not out
        return status, None
    value = python_value(out.contents)
    oracle.library.cseg_memory_free(out)
    return status, value


def refuse(name):
    raise ValueError(name)


def unique(pairs):
    if len({key for key, _ in pairs}) < len(pairs):
        refuse("a key comes twice")
    return dict(pairs)


def number(text):
    return float(text) if len(text) <= 60 else refuse(text)


def expected(text):
    """The value that Python's parser and the library's limits give; ValueError for no JSON."""
    value = json.loads(text.decode(), parse_constant=refuse, object_pairs_hook=unique, parse_int=number, parse_float=number)
    written = json.dumps(value, ensure_ascii=False)
    written.encode()  # no surrogate by itself
    return refuse("a zero in a string") if "\\u0000" in written.replace("\\\\", "") else value


def compare(text):
    """Whether the text is JSON, in which case the values are the same to the last bit."""
    try:
        want = expected(text)
    except (ValueError, RecursionError):
        assert parse(text) == (STATUS_FORMAT, None), text
        return False
    status, value = parse(text)
    assert status == STATUS_OK and repr(value) == repr(want), text
    return True


def test_the_status_s_number():
    assert oracle.library.cellseg_status_name(STATUS_FORMAT) == b"CELLSEG_ERR_FORMAT"
    assert oracle.library.cellseg_status_name(STATUS_MEMORY) == b"CELLSEG_ERR_MEMORY"


@pytest.mark.parametrize("text", [TEXT, PLAIN])
def test_sound_text(text):
    assert compare(text.encode())


@pytest.mark.parametrize("seed", range(8))
def test_changed_text(seed):
    rng = random.Random(seed)
    source = (TEXT if seed % 2 else PLAIN).encode()
    pieces = [bytes([c]) for c in b'[]{},:"\\/0123456789eE+-.truefalsn \n\tud8c\0\x1f\x7f'] + [
        b"\xc3", b"\xa9", b"\xe2\x82\xac", b"\xed\xa0\x80", b"\xf0\x9f\x98\x80", b"\xf4\x90\x80\x80", b"\xc0\x80", b"\xff", b"\\u0000", b"\\ud83d\\ude00", b"1e400", b"null",
    ]  # fmt: skip
    sound = 0
    for _ in range(10000):
        text = bytearray(source)
        for _ in range(rng.randint(1, 2)):
            place = rng.randrange(len(text) + 1)
            text[place : place + rng.randrange(2)] = b"".join(rng.choices(pieces, k=rng.randrange(3)))
        sound += compare(bytes(text))
    assert 500 < sound < 9000


def random_value(rng, depth):
    kind = rng.randrange(9 if depth < 12 else 6)
    if kind < 3:
        return rng.choice([None, True, False, rng.randrange(-(10**9), 10**18), rng.gauss(0, 1), rng.random() * 10.0 ** rng.randrange(-320, 300)])
    if kind < 6:
        return "".join(chr(rng.choice([rng.randrange(1, 0x80), rng.randrange(0x80, 0xD800), rng.randrange(0xE000, 0x110000), 0x22, 0x5C])) for _ in range(rng.randrange(6)))
    if kind < 8:
        return [random_value(rng, depth + 1) for _ in range(rng.randrange(5))]
    return {random_value_key(rng): random_value(rng, depth + 1) for _ in range(rng.randrange(5))}


def random_value_key(rng):
    return "".join(chr(rng.choice([rng.randrange(1, 0x80), rng.randrange(0x80, 0x800)])) for _ in range(rng.randrange(4)))


def test_random_values():
    rng = random.Random(1)
    for i in range(20000):
        text = json.dumps(random_value(rng, 1), ensure_ascii=bool(i % 2), indent=rng.choice([None, 0, 3]))
        assert compare(text.encode()), text


def test_digits():
    rng = random.Random(2)
    for _ in range(20000):
        digits = "".join(rng.choices("0123456789", k=rng.randint(1, 25)))
        text = rng.choice(["", "-"]) + (digits.lstrip("0") or "0")
        text += rng.choice(["", "." + "".join(rng.choices("0123456789", k=rng.randint(1, 25)))])
        text += rng.choice(["", rng.choice("eE") + rng.choice(["", "+", "-"]) + str(rng.randrange(330))])
        compare(text.encode())


# After the cases of JSONTestSuite (Seriot 2016): what parsers accept or refuse wrongly.
SOUND = [
    "1", '"a"', "null", " true ", "-0", "-0.0", "0e1", "0E+1", "1E22", "1e-7", "123.456e78", "[]", "[[]   ]", "{}", '{"":0}', '["\\""]', '["\\u0012"]',
    '["\\uD801\\udc37"]', '["\\ud83d\\ude39\\ud83d\\udc8d"]', '["\\u2028"]', '["\u2028\u007f"]', '["\\uDBFF\\uDFFF"]', '["\\uFFFF"]', '["\uffff\U0010ffff"]', '{"a":[],"b":{}}', "[2e-324]",
    "[5e-324]", "[1.7976931348623157e308]", "[1e-400]", "[1e400]", "[-1e400]", "[2.2250738585072011e-308]", "[9007199254740993]", "[0.30000000000000004]", '["/\\/"]', "\t[\r\n1 , 2\t]\n",
]  # fmt: skip
FAULTY = [
    "", " ", "[1,]", "[,1]", "[1,,2]", "{,}", '{"a":1,}', "[01]", "[-01]", "[1.]", "[.5]", "[-.5]", "[+1]", "[1e]", "[1e+]", "[1e1.5]", "[0x1]", "[1_000]", "[NaN]", "[-Infinity]", "[Infinity]", "[nan]",
    "[tru]", "[True]", "[nul]", "[1 2]", "[1 000]", "{1:2}", '{"a" 1}', '{"a"}', '{"a":}', "{'a':1}", "{a:1}", '{"a":1 "b":2}', '["\\x"]', '["\\"]', '["\\u12g4"]', '["\\u12"]', '["\\u 123"]', '["\\u+123"]', '["\\U0041"]',
    '["\\ud800"]', '["\\udc00"]', '["\\ud800\\u0041"]', '["\\ud800\\ud800"]', '["\\ud800n"]', '["\\u0000"]', '["a]', '["\t"]', '["\n"]', '["\x1f"]', "[1]]", "[[1]", "[1", "{", '{"a"', "]", "}", "[}", "{]", "[-]", "[--1]", "[1]\0", "\0", "[1]x", "[1] []",
    "// comment\n[1]", "[1/**/]", "[1]#", "\ufeff[1]", "[\u00a01]", "[\f1]", "[\v1]", "\u2060[]", "[" + "1" * 61 + "]", "[\uff11]", '{"a":1,"a":2}', '{"\\u0061":1,"a":2}',
]  # fmt: skip
NOT_UTF8 = [b'["\xff"]', b'["\x80"]', b'["\xc3"]', b'["\xc3', b'["\xe2\x82"]', b'["\xc0\xaf"]', b'["\xe0\x80\xaf"]', b'["\xf0\x80\x80\xaf"]', b'["\xed\xa0\x80"]', b'["\xf4\x90\x80\x80"]', b'["\xf8\x88\x80\x80\x80"]', b'{"\xe9":1}', "[1]".encode("utf-16"), "[1]".encode("utf-16-le"), b"\xff[1]"]  # fmt: skip


@pytest.mark.parametrize("text", [text.encode() for text in SOUND])
def test_json(text):
    assert compare(text)


@pytest.mark.parametrize("text", [text.encode() for text in FAULTY] + NOT_UTF8)
def test_no_json(text):
    assert not compare(text)


@pytest.mark.parametrize("text, reason", [
    ("[" * 17 + "]" * 17, "deeper than 16"), ("[" * 100000, "deeper than 16"), ("[" + "1," * 8192 + "1]", "more than 8192 values"),
    (json.dumps({str(i): 1 for i in range(1025)}), "more than 1024 keys"), ('{"a":1,"a":2}', 'the key "a" comes twice'),
    ("[" + "1" * 61 + "]", "more than 60 characters"), ('"\\u0000"', "U+0000"),
    ("[" + " " * 2**20 + "]", "at most 1048576"), ('{"a":tru}', "near byte 5")])  # fmt: skip
def test_limits(text, reason):
    assert parse(text.encode()) == (STATUS_FORMAT, None)
    assert reason in oracle.library.cellseg_last_error().decode()


@pytest.mark.parametrize("text", ["[" * 16 + "]" * 16, "[" + "1," * 8190 + "1]", json.dumps({str(i): 1 for i in range(1024)}), "[" + "1" * 60 + "]", " [ ] ", "[" + " " * (2**20 - 2) + "]", '"' + "\\u20ac" * 100000 + '"'])
def test_within_the_limits(text):
    assert compare(text.encode())
