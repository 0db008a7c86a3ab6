# SPDX-License-Identifier: BSD-3-Clause
"""What is JSON: the library's scan against Python's parser, on texts that were changed at random."""

import ctypes
import json

import numpy as np
import oracle
import pytest

ctypes.CDLL("libcjson.so.1").cJSON_Delete.argtypes = [ctypes.c_void_p]
STATUS_OK, STATUS_FORMAT = 0, -4

TEXT = json.dumps(
    {"a": [1, -2.5e-3, 0, 1e9, [], {}, [[["deep"]]]], "b": {"c": True, "d": False, "e": None}, "text": 'quote " slash \\ tab \t \u00e9 \U0001f600', "": {"": ""}},
    indent=1,
)


def parse(text):
    out = ctypes.c_void_p()
    status = oracle.library.cseg_json_parse(ctypes.byref(out), text, ctypes.c_size_t(len(text)), b"text")
    ctypes.CDLL("libcjson.so.1").cJSON_Delete(out)
    return status


def unique(pairs):
    if len({key for key, _ in pairs}) < len(pairs):
        raise ValueError("a key comes twice")
    return dict(pairs)


def refuse(name):
    raise ValueError(name)


def is_json(text):
    try:
        value = json.loads(text.decode("latin-1"), parse_constant=refuse, object_pairs_hook=unique, strict=False)
        json.dumps(value, ensure_ascii=False).encode("utf-16")  # no surrogate by itself
    except (ValueError, RecursionError):
        return False
    return isinstance(value, (dict, list))


def test_the_status_s_number():
    assert oracle.library.cellseg_status_name(STATUS_FORMAT) == b"CELLSEG_ERR_FORMAT"


def test_sound_text():
    assert is_json(TEXT.encode()) and parse(TEXT.encode()) == STATUS_OK


@pytest.mark.parametrize("seed", range(4))
def test_changed_text(seed):
    random = np.random.default_rng(seed)
    sound = 0
    for _ in range(5000):
        text = bytearray(TEXT.encode())
        for _ in range(random.integers(1, 3)):
            place = int(random.integers(len(text)))
            text[place : place + int(random.integers(2))] = bytes(random.choice(list(b'[]{},:"\\0123456789eE+-.truefalsn \n\tud8c'), random.integers(3)).astype(np.uint8))
        want = STATUS_OK if is_json(bytes(text)) else STATUS_FORMAT
        assert parse(bytes(text)) == want, bytes(text)
        sound += want == STATUS_OK
    assert 200 < sound < 4000


@pytest.mark.parametrize(
    "text",
    ["1", '"a"', "", " ", "[1,]", "{,}", "[01]", "[1.]", "[.5]", "[+1]", "[1e]", "[NaN]", "[Infinity]", "[tru]", "[1 2]", "{1:2}", '{"a" 1}',
     '["\\x"]', '["\\u12g4"]', '["\\ud800"]', '["\\udc00"]', '["\\ud800\\u0041"]', '["a]', "[1]]", "[[1]", "[-]", "[" + "1" * 61 + "]", "[1]\0"],
)
def test_no_json(text):
    assert parse(text.encode()) == STATUS_FORMAT


@pytest.mark.parametrize("text, reason", [
    ("[" * 17 + "]" * 17, "deeper than 16"), ("[" + "1," * 8192 + "1]", "more than 8192 values"),
    (json.dumps({str(i): 1 for i in range(1025)}), "more than 1024 keys"), ('{"a":1,"a":2}', "comes twice")])
def test_limits(text, reason):
    assert parse(text.encode()) == STATUS_FORMAT
    assert reason in oracle.library.cellseg_last_error().decode()


@pytest.mark.parametrize("text", ["[" * 16 + "]" * 16, "[" + "1," * 8190 + "1]", json.dumps({str(i): 1 for i in range(1024)}), "[" + "1" * 60 + "]", " [ ] "])
def test_within_the_limits(text):
    assert parse(text.encode()) == STATUS_OK
