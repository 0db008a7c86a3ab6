# SPDX-License-Identifier: BSD-3-Clause
"""Options: what the library's descriptor tables tell is what C and Python take, and what JSON shows."""

import ctypes
import json

import cellseg
import numpy as np
import pytest
from cellseg import _lowlevel as c
from cellseg._options import filled, struct_of

STRUCTS = {struct.__name__: struct for struct in c._described_structs.values()}
INIT = {  # C functions that write the defaults, of structs with nothing but a size to give
    "segment_options": c.segment_options_init,
    "train_options": c.train_options_init,
    "train_files": c.train_files_init,
    "synth_options": c.synth_options_init,
    "measure_options": c.measure_options_init,
}


def values_of(struct):
    """Every member by name, a group's as a dictionary."""
    values = {}
    for name, row in struct.rows.items():
        value = getattr(struct, name)
        values[name] = (values_of(value.contents) if value else None) if row.type == c.OPTION_GROUP else value
    return values


# ---- what is described ----


@pytest.mark.parametrize("name", INIT)
def test_defaults_are_those_of_c(name):
    theirs = STRUCTS[name]()
    INIT[name](theirs, ctypes.sizeof(theirs))
    assert values_of(struct_of(STRUCTS[name], {})) == values_of(theirs)


@pytest.mark.parametrize("preset, number", [("default", c.PRESET_DEFAULT), ("paper", c.PRESET_PAPER)])
def test_presets_are_those_of_c(preset, number):
    theirs, inner = c.segment_options(), c.method()
    c.segment_options_init(theirs, ctypes.sizeof(theirs))
    c.segment_options_preset(theirs, number)
    c.method_init(inner, ctypes.sizeof(inner), number)
    ours = struct_of(c.segment_options, {"preset": preset})
    assert values_of(ours) == values_of(theirs) and not ours.method
    assert values_of(filled(c.method, number)) == values_of(inner)
    group = struct_of(c.segment_options, {"preset": preset, "cell_sigma_um": 3}).method.contents
    inner.cell_sigma_um = 3
    assert values_of(group) == values_of(inner)


def test_options_lists_the_members_of_both_structs():
    listed = {option.name: option for option in cellseg.options("segment")}
    assert list(listed) == [name for name in [*c.segment_options.rows, *c.method.rows] if name != "method"]
    assert len([o for o in listed.values() if o.group == ""]) <= 20
    h = listed["h_um"]
    assert (h.type, h.unit, h.default, h.paper, h.lowest, h.highest, h.choices, h.group) == (float, "um", 2, 3, 0, 1000, (), "")
    assert "waist" in h.sentence
    assert listed["sensitivity"].above_lowest and listed["pixel_size_um"].or_zero and listed["orientations"].power_of_two
    check = listed["marker_check"]
    assert (check.type, check.default, check.paper) == (str, "refuse-stains", "warn")
    assert check.choices == ("warn", "refuse-stains", "refuse")
    fill = listed["fill_holes"]
    assert (fill.type, fill.default, fill.choices) == (bool, True, ("no", "yes"))
    assert listed["relief"].group == listed["nucleus_scales"].group == "method" and listed["nucleus_scales"].type is int
    with pytest.raises(ValueError, match="of is 'segmentation'; it must be one of segment, "):
        cellseg.options("segmentation")


@pytest.mark.parametrize("of", ["segment", "train", "train_files", "simulate", "measure"])
def test_every_default_is_legal_and_of_its_type(of):
    options = cellseg.options(of)
    assert len({option.name for option in options}) == len(options)
    for option in options:
        for value in (option.default, option.paper):
            assert value is None and option.type is str or type(value) is option.type, option.name
            if option.choices and option.type is str:
                assert value in option.choices
            elif option.type in (int, float):
                low = value > option.lowest if option.above_lowest else value >= option.lowest
                assert low and value <= option.highest or option.or_zero and value == 0, option.name


# ---- keywords ----


def test_keywords_of_both_structs():
    struct = struct_of(c.segment_options, {"sensitivity": 70, "relief": "distance", "marker_check": "warn", "nucleus_scales": 7})
    assert (struct.sensitivity, struct.marker_check) == (70, c.MARKER_WARN)
    assert (struct.method.contents.relief, struct.method.contents.nucleus_scales) == (c.RELIEF_DISTANCE, 7)
    assert struct.method.contents.struct_size == ctypes.sizeof(c.method)
    assert not struct_of(c.segment_options, {"sensitivity": 70}).method
    c.segment_options_check(struct)


@pytest.mark.parametrize("value, number", [(True, 1), (False, 0), (1, 1), (0, 0), ("yes", 1), ("no", 0), (np.True_, 1)])
def test_yes_or_no(value, number):
    assert struct_of(c.segment_options, {"fill_holes": value}).fill_holes == number


@pytest.mark.parametrize("name, near", [
    ("sensitivty", "sensitivity"),
    ("reliefs", "relief"),
    ("marker_test", "marker_check"),
    ("nucleus_radius_um", "nucleus_radius_min_um or nucleus_radius_max_um"),
    ("orientation", "orientations"),
])  # fmt: skip
def test_an_unknown_keyword_names_near_ones(name, near):
    for call in (cellseg.segment, cellseg.segment_maps):
        with pytest.raises(TypeError, match=f"there is no option '{name}'; did you mean {near}"):
            call(np.ones((9, 9)), 0.65, **{name: 1})


@pytest.mark.parametrize("name", ["zooms", "method", "struct_size", "padding", "x"])
def test_what_is_no_keyword(name):
    with pytest.raises(TypeError, match=f"there is no option '{name}'"):
        struct_of(c.segment_options, {name: 1})
    with pytest.raises(TypeError, match="there is no option 'qqq'; options are background_rule, .*, working_pixel_size_um"):
        struct_of(c.segment_options, {"qqq": 1})


@pytest.mark.parametrize("options, kind, words", [
    ({"relief": 0}, ValueError, "relief is 0; it must be one of marker, gradient, probability, distance"),
    ({"fill_holes": "maybe"}, ValueError, "fill_holes is 'maybe'; it must be one of no, yes"),
    ({"preset": "pepper"}, ValueError, "preset is 'pepper'; it must be one of default, paper"),
    ({"orientations": 2**32}, cellseg.ArgumentError, "orientations is 4294967296, which does not fit"),
    ({"nucleus_scales": 2.5}, TypeError, "nucleus_scales is 2.5: "),
    ({"h_um": "deep"}, TypeError, "h_um is 'deep': "),
    ({"h_um": None}, TypeError, "h_um is None: "),
])  # fmt: skip
def test_values_that_do_not_fit(options, kind, words):
    with pytest.raises(kind, match=words):
        struct_of(c.segment_options, options)


@pytest.mark.parametrize("options, words", [
    ({"orientations": 3}, "orientations is 3; it must be a power of two from 1 to 8"),
    ({"nucleus_scales": 99}, "nucleus_scales is 99; it must lie in \\[1, 32\\]"),
    ({"nucleus_diameter_um": 0.01}, "nucleus_diameter_um is 0.01; it must be 0 or lie in \\[0.1, 1000\\]"),
    ({"nucleus_radius_min_um": 20}, "nucleus_radius_min_um is 20, more than nucleus_radius_max_um, 10"),
    ({"fill_holes": 2}, "fill_holes is 2"),
])  # fmt: skip
def test_values_out_of_range_are_refused_by_the_library(options, words):
    with pytest.raises(cellseg.ArgumentError, match=words):
        cellseg.segment(np.ones((9, 9)), 0.65, **options)


# ---- JSON ----


def json_of(kind, struct):
    text = ctypes.create_string_buffer(8192)
    c.option_table_json(text, len(text), kind.table, None if struct is None else ctypes.addressof(struct))
    return json.loads(text.value)


def legal_values(row):
    """Both ends of the range, and values that are no short decimals."""
    if row.type == c.OPTION_TEXT:
        return [None, 'a "name"\\ of\n two lines', "Zürich 漢"]
    integer = row.type != c.OPTION_DOUBLE
    if row.flags & c.OPTION_FLAG_POWER_OF_TWO:
        return [v for v in (1, 2, 4, 8, 16, 64) if row.lowest <= v <= row.highest]
    inside = [row.highest / 3, row.lowest + (row.highest / 7 - row.lowest / 7), 1 / 7, 0.1]
    values = [row.highest, *(v for v in inside if row.lowest < v < row.highest)]
    values += [] if row.flags & c.OPTION_FLAG_ABOVE_LOWEST else [row.lowest]
    values += [0.0] if row.flags & c.OPTION_FLAG_OR_ZERO else []
    return [min(int(v), 2**53) for v in values] if integer else values


def set_values(struct, turn):
    """The turn-th legal value of every member; groups are given and missing in turn."""
    for name, row in struct.rows.items():
        if row.type == c.OPTION_GROUP:
            if turn % 2 == 0:
                inner = dict(struct._fields_)[name]._type_()
                set_values(inner, turn)
                setattr(struct, name, ctypes.pointer(inner))
            continue
        values = legal_values(row)
        value = values[turn % len(values)]
        setattr(struct, name, value.encode() if isinstance(value, str) else value)


def shown(struct):
    """What the JSON of a struct must hold."""
    values = {}
    for name, row in struct.rows.items():
        value = getattr(struct, name)
        if row.type == c.OPTION_GROUP:
            value = shown(value.contents) if value else None
        elif row.type == c.OPTION_TEXT:
            value = None if value is None else value.decode()
        elif row.choices:
            value = row.choices[value].decode()
        values[name] = value
    return values


@pytest.mark.parametrize("name", STRUCTS)
@pytest.mark.parametrize("turn", range(5))
def test_json_is_the_struct(name, turn):
    struct = STRUCTS[name]()
    set_values(struct, turn)
    assert json_of(STRUCTS[name], struct) == shown(struct)


@pytest.mark.parametrize("name", STRUCTS)
def test_json_of_nothing_is_the_defaults(name):
    assert json_of(STRUCTS[name], None) == shown(filled(STRUCTS[name], c.PRESET_DEFAULT))


# ---- reports and memory ----


def test_a_report_is_an_object_of_its_own():
    image = cellseg.simulate(200, 200, seed=2)[0]
    cells, nuclei, report = cellseg.segment(image, 0.65, report=True)
    assert report._fields == tuple(name for name, _ in c.segment_report._fields_[1:])
    assert report.cells == cells.max() == nuclei.max() > 0 and report.marker_verdict == "suitable"
    assert report.confidence.dtype == np.float32 and report.confidence.flags.owndata and report.confidence.flags.writeable
    assert len(cellseg.segment(image, 0.65, report=True, return_maps=True)) == 4
    assert cellseg.segment_two_channel(image, image, 0.65, report=True)[-1].confidence is None


def test_memory_that_is_never_too_small():
    image = cellseg.simulate(150, 220, nuclei_channel=True)[0]
    for size, run in (
        (cellseg.segment_memory(150, 220, 0.65), cellseg.segment),
        (cellseg.segment_memory(150, 220, 0.65, two_channel=True), lambda i, *a, **o: cellseg.segment_two_channel(i, i, *a, **o)),
    ):
        run(image, 0.65, context=cellseg.Context(memory_budget_bytes=size))
        with pytest.raises(cellseg.LimitError, match=f"the segmentation needs {size} bytes; the memory budget leaves {size - 1}"):
            run(image, 0.65, context=cellseg.Context(memory_budget_bytes=size - 1))
    with pytest.raises(cellseg.ArgumentError, match="pixel_size_um is 0"):
        cellseg.segment_memory(150, 220, 0)
