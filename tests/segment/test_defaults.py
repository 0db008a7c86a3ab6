# SPDX-License-Identifier: BSD-3-Clause
"""The documents and the headers state the defaults, units and constants that the library's descriptor tables hold."""

import re
import sys
from pathlib import Path

import cellseg
import pytest

ROOT = Path(__file__).resolve().parents[2]
HEADERS = "".join((ROOT / f"include/cellseg/{name}.h").read_text() for name in ("segment", "train", "synth", "measure"))
STRUCTS = {  # what cellseg.options() calls it, and the member that points to it
    "cellseg_segment_options": ("segment", ""),
    "cellseg_method": ("segment", "method"),
    "cellseg_train_options": ("train", ""),
    "cellseg_rate_schedule": ("train", "rate_schedule"),
    "cellseg_loss": ("train", "loss"),
    "cellseg_augmentation": ("train", "augmentation"),
    "cellseg_train_files": ("train_files", ""),
    "cellseg_synth_options": ("simulate", ""),
    "cellseg_synth_cells": ("simulate", "cells"),
    "cellseg_synth_staining": ("simulate", "staining"),
    "cellseg_synth_optics": ("simulate", "optics"),
    "cellseg_synth_camera": ("simulate", "camera"),
    "cellseg_measure_options": ("measure", ""),
}
GROUPS = {group for _, group in STRUCTS.values() if group}


def options_of(struct):
    of, group = STRUCTS[struct]
    return {option.name: option for option in cellseg.options(of) if option.group == group}


def comments_of(struct):
    """{member: its comment in the header, on one line}"""
    body = re.search(rf"typedef struct {struct} \{{(.*?)\}} {struct};", HEADERS, re.S)[1]
    return {name: " ".join(text.split()) for name, text in re.findall(r"(\w+);\s*/\*\*<(.*?)\*/", body, re.S) if name != "struct_size"}


def test_the_tables_of_the_documents_are_up_to_date():
    sys.path.insert(0, str(ROOT / "examples/experiments"))
    import defaults

    for document, name, of in defaults.SECTIONS:
        section = (ROOT / document).read_text().split(f"<!-- {name} -->\n")[1].split(f"<!-- end of {name} -->")[0]
        assert section == defaults.section(of), "run examples/experiments/defaults.py"


def stated_value(option, text):
    """The value in a comment: a number, or a constant by the choice that it names."""
    if option.type is bool:
        return bool(int(text))
    if option.choices:
        return next(c for c in option.choices if text.endswith("_" + c.replace("-", "_").upper()))
    return option.type(text)


@pytest.mark.parametrize("struct", STRUCTS)
def test_the_header_states_each_default(struct):
    """As "Default 2" or "2, the default"; a choice by its constant."""
    options, comments = options_of(struct), comments_of(struct)
    assert list(options) == [name for name in comments if name not in GROUPS]
    for name, option in options.items():
        if option.type is str and not option.choices:
            assert option.default is None  # texts have none
            continue
        found = re.search(r"Default (CELLSEG_\w+|[\d.]*\d)|([\d.]*\d), the default", comments[name])
        assert found, name
        assert stated_value(option, found[1] or found[2]) == option.default, name
    for group in set(comments) - set(options):
        assert "NULL, the default" in comments[group]


@pytest.mark.parametrize("struct", STRUCTS)
def test_a_unit_in_a_name_is_the_unit_of_the_table(struct):
    for name, option in options_of(struct).items():
        assert option.unit == (re.search(r"_(um2|um|px)$", name) or ["", option.unit])[1], name
        assert option.sentence and not option.sentence.endswith(".") and len(option.sentence.split()) <= 25


def test_choices_are_the_header_s_constants():
    """In the order of their values: the n-th choice is the constant of value n."""
    text = HEADERS + "".join((ROOT / f"include/cellseg/{name}.h").read_text() for name in ("options", "model"))
    constants = re.findall(r"CELLSEG_(\w+) = (\d+)", text)
    prefixes = {"marker_check": "MARKER", "preset": "PRESET", "cell_probability": "CELL", "relief": "RELIEF",
                "background_rule": "BACKGROUND", "schedule": "SCHEDULE", "extra_output": "EXTRA", "stain": "STAIN"}  # fmt: skip
    every = [option for of in ("segment", "train", "simulate") for option in cellseg.options(of)]
    options = {o.name: o for o in every if o.choices and o.type is str}
    assert set(options) == set(prefixes)
    for name, option in options.items():
        expected = {f"{prefixes[name]}_{c.replace('-', '_').upper()}": str(i) for i, c in enumerate(option.choices)}
        verdicts = {"VERDICT_SUITABLE", "VERDICT_DOUBTFUL", "VERDICT_NUCLEAR_STAIN"}
        assert expected == {n: v for n, v in constants if n.startswith(prefixes[name] + "_") and n not in verdicts}
