# SPDX-License-Identifier: BSD-3-Clause
"""The values that the documents give for the options of segmentation are the library's: of the defaults and of the paper's preset."""

import ctypes
import re
from pathlib import Path

import cellseg
from cellseg import _lowlevel as c

ROOT = Path(__file__).resolve().parents[2]
OPTIONS = [name for name, _ in c.segment_options._fields_ if name != "struct_size"]


def preset(number):
    """Every option's value, a choice by its name."""
    struct = c.segment_options()
    c.segment_options_init(struct, ctypes.sizeof(struct))
    if number != c.PRESET_DEFAULT:
        c.segment_options_preset(struct, number)
    values = {name: getattr(struct, name) for name in OPTIONS}
    for name, choices in cellseg._CHOICES.items():
        values[name] = {number: choice for choice, number in choices.items()}[values[name]]
    return values


def value(text):
    return float(text) if re.fullmatch(r"[\d.]+", text) else text


def test_the_table_of_defaults():
    section = (ROOT / "docs/defaults.md").read_text().split("\n## ")[0]
    rows = re.findall(r"^\| `(\w+)` \| (\S+) \|(?: (\S+))? \|$", section, re.M)
    assert sorted(name for name, _, _ in rows) == sorted(OPTIONS)
    default, paper = preset(c.PRESET_DEFAULT), preset(c.PRESET_PAPER)
    assert {name: value(text) for name, text, _ in rows} == default
    assert {name: value(text) for name, _, text in rows if text} == {n: v for n, v in paper.items() if v != default[n]}


def test_the_headers_comments():
    """Each says "Default 2" or "2, the default"; a choice by its constant."""
    struct = re.search(r"typedef struct cellseg_segment_options \{(.*?)\}", (ROOT / "include/cellseg/segment.h").read_text(), re.S)[1]
    comments = dict(re.findall(r"(\w+);\s*/\*\*<(.*?)\*/", struct, re.S))
    assert sorted(comments) == sorted(OPTIONS)
    for name, expected in preset(c.PRESET_DEFAULT).items():
        said = re.search(r"Default (CELLSEG_\w+|[\d.]*\d)|([\d.]*\d), the default", " ".join(comments[name].split()))
        assert said, name
        text = said[1] or said[2]
        if name in cellseg._CHOICES:
            text = next(choice for choice in cellseg._CHOICES[name] if text.endswith("_" + choice.replace("-", "_").upper()))
        assert value(text) == expected, name
