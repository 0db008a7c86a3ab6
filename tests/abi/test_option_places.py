# SPDX-License-Identifier: BSD-3-Clause
"""A member of an option struct is written in two places, its header and its descriptor table: a copy of the tree gets one in these
two, and the library's functions, JSON, the command line with its manual and completions, and the Python package have it."""

import json
import os
import pathlib
import shutil
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
PARTS = ("CMakeLists.txt", "include", "lib", "examples", "pkgconfig", "bindings/python/cellseg")

# What a caller of the library in the copy finds; the dictionary comes back as JSON.
PROGRAM = """
import ctypes, json, cellseg
from cellseg import _lowlevel as c
options, text = c.segment_options(), ctypes.create_string_buffer(8192)
c.segment_options_init(options, ctypes.sizeof(options))
found = {"default": options.added_um}
c.segment_options_preset(options, 1)
found["paper"] = options.added_um
c.option_table_json(text, 8192, c.segment_options_table(), None)
found["json"] = json.loads(text.value)["added_um"]
found["described"] = [list(o)[:2] for o in map(lambda o: (o.name, o.unit), cellseg.options("segment")) if o[0] == "added_um"]
image = [[0.0] * 32] * 32
for value in (9, 11):
    try:
        cellseg.segment(image, 0.65, added_um=value)
        found[value] = "taken"
    except cellseg.ArgumentError as error:
        found[value] = str(error)
options.added_um, options.struct_size = -7, c.segment_options.added_um.offset  # a program of the release before has no such member
c.segment_options_check(options)
print(json.dumps(found))
"""


def replace(path, old, new):
    text = path.read_text()
    assert text.count(old) == 1, (path, old)
    path.write_text(text.replace(old, new))


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The copy, built."""
    copy = tmp_path_factory.mktemp("tree")
    for part in PARTS:
        source = ROOT / part
        (copy / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, copy / part) if source.is_dir() else shutil.copy(source, copy / part)
    replace(copy / "include/cellseg/segment.h", "} cellseg_segment_options;", "    double added_um; /**< added by a test */\n} cellseg_segment_options;")
    row = '    ROW(added_um, 3.5, 4.5, 1, 10, "um", "a member that a test added"),\n};\n\nstatic const cellseg_option_table method_table ='
    replace(copy / "lib/segment/segment_options.c", "};\n\nstatic const cellseg_option_table method_table =", row)
    build = ["cmake", "-S", copy, "-B", copy / "build", "-G", "Ninja", "-DCELLSEG_TESTS=OFF", "-DCMAKE_BUILD_TYPE=Debug"]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", copy / "build", "--target", "cellseg", "cellseg_command_line"], check=True, stdout=subprocess.DEVNULL)
    return copy


def test_functions_json_and_python(tree):
    environment = {**os.environ, "CELLSEG_LIBRARY": str(tree / "build/libcellseg.so"), "PYTHONPATH": str(tree / "bindings/python")}
    result = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True, capture_output=True, text=True)
    found = json.loads(result.stdout)
    assert (found["default"], found["paper"], found["json"], found["described"]) == (3.5, 4.5, 3.5, [["added_um", "um"]])
    assert found["9"] == "taken" and found["11"] == "added_um is 11; it must lie in [1, 10]"


def test_the_command_line(tree):
    program = tree / "build/examples/cellseg"
    text = subprocess.run([program, "segment", "--help"], check=True, capture_output=True, text=True).stdout
    assert "--added-um UM" in text and "a member that a test added [3.5]" in text
    for words in (["manual"], ["completion", "bash"], ["completion", "zsh"], ["completion", "fish"]):
        text = subprocess.run([program, *words], check=True, capture_output=True, text=True).stdout
        assert "added-um" in text.replace("\\", ""), words
    result = subprocess.run([program, "segment", "--added-um", "11", "-o", tree, tree / "no.tif"], capture_output=True, text=True)
    assert result.returncode == 2 and "added_um is 11; it must lie in [1, 10]" in result.stderr
