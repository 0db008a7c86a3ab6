# SPDX-License-Identifier: BSD-3-Clause
"""The headers keep all that the records of releases declare, and the newest record is that of the headers."""

import re
import shutil

import interface
import pytest

INCLUDE = interface.ROOT / "include"


def test_the_record_of_this_version_is_that_of_the_headers():
    assert interface.record_of(INCLUDE).read_text() == interface.text_of(INCLUDE), "remake the record: tests/abi/interface.py --record"


@pytest.mark.parametrize("record", interface.records(), ids=lambda path: path.stem)
def test_headers_keep_a_record(record):
    assert interface.faults_of(INCLUDE, record.read_text()) == []


def test_a_record_is_complete_c():
    for record in interface.records():
        interface.run("cc", "-std=c11", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-fsyntax-only", "-x", "c", record)


def test_no_struct_has_a_gap():
    """Members and ends lie next to each other: a gap would hold bytes that no one sets."""
    for struct, rows, size in re.findall(r"typedef struct (\w+) \{\n(.*?)\} \w+; /\* (\d+) bytes", interface.text_of(INCLUDE), re.S):
        places = [int(n) for n in re.findall(r"/\* (\d+) \*/", rows)] + [int(size)]
        kinds = [4 if re.match(r"\s*u?int32_t ", row) else 8 for row in rows.strip("\n").split("\n")]
        assert [b - a for a, b in zip(places, places[1:])] == kinds, struct


def test_nodes_of_the_version_script():
    """A function lies in the node of the release whose record has it first."""
    nodes = {}
    for node, names in re.findall(r"^CELLSEG_([\d.]+) \{\s*global:(.*?)(?:local:|\})", (interface.ROOT / "lib/cellseg.map").read_text(), re.S | re.M):
        nodes |= dict.fromkeys(re.findall(r"(\w+);", names), node)
    first = {}
    for record in interface.records():
        for name in filter(None, map(interface.function_name, interface.statements(record.read_text()))):
            first.setdefault(name, record.stem.split("-")[1])
    assert nodes == first


# A change of the headers, and a part of the fault that is found.
CHANGES = {
    "a member is inserted": ("io.h", "    double pixel_size_um;", "    double new_um;\n    double pixel_size_um;", "cellseg_read_options.pixel_size_um has moved"),
    "a member is taken away": ("io.h", "    int32_t bits;", "    int32_t depth;", "no member named"),
    "a member has another type": ("segment.h", "    double pixel_size_um;", "    int64_t pixel_size_um;", "pixel_size_um has another type"),
    "members change places": (
        "tile.h", "    size_t height_px;   /**< height of the image */\n    size_t width_px; ", "    size_t width_px;\n    size_t height_px; ", "cellseg_tile_grid.height_px has moved",
    ),
    "a number changes": ("types.h", "CELLSEG_FLOAT32 = 4", "CELLSEG_FLOAT32 = 8", "CELLSEG_FLOAT32 has another number"),
    "a callback changes": ("context.h", "int32_t level, const char *message", "int64_t level, const char *message", "conflicting types for"),
    "a function changes": ("version.h", "int32_t cellseg_version_number", "int64_t cellseg_version_number", "conflicting types for"),
    "a function is renamed": ("version.h", "cellseg_feature_name(uint64_t", "cellseg_feature_text(uint64_t", "cellseg_feature_name() is gone"),
}
ADDITIONS = {
    "a member at the end": ("tile.h", "} cellseg_tile_grid;", "    double new_um;\n} cellseg_tile_grid;"),
    "a function": ("version.h", "CELLSEG_API const char *cellseg_version(void);", "CELLSEG_API const char *cellseg_version(void);\nCELLSEG_API int cellseg_new(int);"),
    "a number": ("types.h", "    CELLSEG_UINT8 = 1,", "    CELLSEG_INT8 = 8,\n    CELLSEG_UINT8 = 1,"),
}


def changed(folder, name, old, new):
    """A copy of the headers with the first `old` replaced."""
    shutil.copytree(INCLUDE, folder / "include")
    header = folder / "include/cellseg" / name
    text = header.read_text()
    assert old in text
    header.write_text(text.replace(old, new, 1))
    return folder / "include"


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_is_found(tmp_path, change):
    *edit, fault = CHANGES[change]
    assert fault in "\n".join(interface.faults_of(changed(tmp_path, *edit), interface.text_of(INCLUDE)))


@pytest.mark.parametrize("addition", ADDITIONS)
def test_an_addition_is_none(tmp_path, addition):
    include = changed(tmp_path, *ADDITIONS[addition])
    assert interface.faults_of(include, interface.text_of(INCLUDE)) == []
    assert interface.text_of(include) != interface.text_of(INCLUDE)
