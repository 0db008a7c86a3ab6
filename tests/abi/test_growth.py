# SPDX-License-Identifier: BSD-3-Clause
"""The library of a later release: a copy of the tree in which every public struct ends with one more member.

An option's member is written in two places, its header and its descriptor table, and then the library's functions, JSON, the command
line with its manual and completions, and the Python package have it. Programs built against the records of releases run with the copy's library, and programs
built against the copy's headers run with today's library.
"""

import json
import os
import pathlib
import re
import shutil
import subprocess
import sys

import interface
import pytest

ROOT = interface.ROOT
LIBRARY = pathlib.Path(os.environ["CELLSEG_LIBRARY"]).resolve()
PARTS = ("CMakeLists.txt", "include", "lib", "examples", "pkgconfig", "bindings/python/cellseg")

# What a caller of the library in the copy finds; the dictionary comes back as JSON.
PROGRAM = """
import ctypes, json, cellseg
from cellseg import _lowlevel as c
options, text = c.segment_options(), ctypes.create_string_buffer(8192)
c.segment_options_init(options, ctypes.sizeof(options))
found = {"default": options.added_segment_options_um}
c.segment_options_preset(options, 1)
found["paper"] = options.added_segment_options_um
c.option_table_json(text, 8192, c.segment_options_table(), None)
found["json"] = json.loads(text.value)["added_segment_options_um"]
found["described"] = [list(o)[:2] for o in map(lambda o: (o.name, o.unit), cellseg.options("segment")) if o[0] == "added_segment_options_um"]
image = [[0.0] * 32] * 32
for value in (9, 11):
    try:
        cellseg.segment(image, 0.65, added_segment_options_um=value)
        found[value] = "taken"
    except cellseg.ArgumentError as error:
        found[value] = str(error)
options.added_segment_options_um, options.struct_size = -7, c.segment_options.added_segment_options_um.offset  # a program of the release before has no such member
c.segment_options_check(options)
print(json.dumps(found))
"""


def add_members(tree):
    """One to every struct, and one row to every table of options."""
    for header in (tree / "include/cellseg").glob("*.h"):
        text = re.sub(r"^\} cellseg_(\w+);", r"    double added_\1_um; /**< added by a test */\n} cellseg_\1;", header.read_text(), flags=re.M)
        header.write_text(text)
    for source in (tree / "lib").glob("*/*.c"):
        text = source.read_text()
        for struct, rows in re.findall(r"= CSEG_OPTION_TABLE\(cellseg_(\w+), (\w+),", text):
            row = f'    CSEG_OPTION(cellseg_{struct}, added_{struct}_um, 3.5, 4.5, 1, 10, "um", "a member that a test added"),\n'
            text = re.sub(rf"(const cellseg_option {rows}\[\] = \{{\n.*?)(?=^\}};)", lambda match: match[1] + row, text, flags=re.S | re.M)
        source.write_text(text)


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    """The copy, built."""
    copy = tmp_path_factory.mktemp("tree")
    for part in PARTS:
        source = ROOT / part
        (copy / part).parent.mkdir(parents=True, exist_ok=True)
        shutil.copytree(source, copy / part) if source.is_dir() else shutil.copy(source, copy / part)
    add_members(copy)
    build = ["cmake", "-S", copy, "-B", copy / "build", "-G", "Ninja", "-DCELLSEG_TESTS=OFF", "-DCMAKE_BUILD_TYPE=Debug"]
    subprocess.run(build, check=True, stdout=subprocess.DEVNULL)
    subprocess.run(["cmake", "--build", copy / "build", "--target", "cellseg", "cellseg_command_line"], check=True, stdout=subprocess.DEVNULL)
    return copy


def test_functions_json_and_python(tree):
    environment = {**os.environ, "CELLSEG_LIBRARY": str(tree / "build/libcellseg.so"), "PYTHONPATH": str(tree / "bindings/python")}
    result = subprocess.run([sys.executable, "-c", PROGRAM], env=environment, check=True, capture_output=True, text=True)
    found = json.loads(result.stdout)
    assert (found["default"], found["paper"], found["json"], found["described"]) == (3.5, 4.5, 3.5, [["added_segment_options_um", "um"]])
    assert found["9"] == "taken" and found["11"] == "added_segment_options_um is 11; it must lie in [1, 10]"


def test_the_command_line(tree):
    program = tree / "build/examples/cellseg"
    text = subprocess.run([program, "segment", "--help"], check=True, capture_output=True, text=True).stdout
    assert "--added-segment-options-um UM" in text and "a member that a test added [3.5]" in text
    for words in (["manual"], ["completion", "bash"], ["completion", "zsh"], ["completion", "fish"]):
        text = subprocess.run([program, *words], check=True, capture_output=True, text=True).stdout
        assert "added-segment-options-um" in text.replace("\\", ""), words
    result = subprocess.run([program, "segment", "--added-segment-options-um", "11", "-o", tree, tree / "no.tif"], capture_output=True, text=True)
    assert result.returncode == 2 and "added_segment_options_um is 11; it must lie in [1, 10]" in result.stderr


# ---- programs of one release, the library of another ----

RESULTS = re.compile(r"\d+ cells, contrast .*\ntable: .*\nimage: .*\nread: 160 x 160\n.*\n")
DESCRIBED, OTHERS, WRITTEN = 17, 6, 7  # structs with a table, others with an initialising function, structs of results


def build(program, *options):
    interface.run("cc", "-std=c11", *options, ROOT / "tests/abi/probe.c", LIBRARY, "-o", program)
    return program


def run(program, library):
    """Two texts: the results, and what befell the last member of every struct."""
    environment = {**os.environ, "LD_LIBRARY_PATH": str(library.parent)}
    done = subprocess.run([program], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    lines = done.stdout.splitlines(keepends=True)
    return "".join(line for line in lines if line[0] != "+"), "".join(line for line in lines if line[0] == "+")


@pytest.fixture(scope="module")
def results(tmp_path_factory):
    """Of a program and a library of the same release."""
    record = interface.record_of(ROOT / "include")
    program = build(tmp_path_factory.mktemp("own") / "probe", f'-DRECORD="{record}"')
    text, added = run(program, LIBRARY)
    assert RESULTS.fullmatch(text) and added == ""
    return text


@pytest.mark.parametrize("record", interface.records(), ids=lambda path: path.stem)
def test_an_old_program_runs_with_every_later_library(tmp_path, tree, results, record):
    program = build(tmp_path / "probe", f'-DRECORD="{record}"')
    assert run(program, LIBRARY) == run(program, tree / "build/libcellseg.so") == (results, "")


def test_a_new_program_runs_with_its_library(tmp_path, tree, results):
    text, added = run(build(tmp_path / "probe", "-DLATER", f"-I{tree}/include"), tree / "build/libcellseg.so")
    assert text == results
    assert added.count("ends with 3.5\n") == DESCRIBED and added.count("ends with 0\n") == OTHERS + WRITTEN
    assert added.count("is taken\n") == DESCRIBED + 4 and added.count("is ") == DESCRIBED + 4


def test_a_new_program_runs_with_an_old_library(tmp_path, tree, results):
    """Members that the library lacks are 0 after it has written a struct; a set one is refused."""
    text, added = run(build(tmp_path / "probe", "-DLATER", f"-I{tree}/include"), LIBRARY)
    assert text == results
    assert added.count("ends with 0\n") == DESCRIBED + OTHERS + WRITTEN and added.count("ends with ") == added.count("ends with 0\n")
    assert added.count("is refused\n") == DESCRIBED + 4 and added.count("is ") == DESCRIBED + 4
