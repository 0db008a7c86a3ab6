#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""An option is written in two places: its struct in the header, and its row in the descriptor table.

Adds an option to a copy of the tree there and nowhere else, builds the copy, and finds the option in C (default, check, preset,
structs of the release before), in JSON, in the command line's help and parser, in Python's keywords and in the generated table of
docs/defaults.md. Usage: check_option_places.py [WORK], the folder to build in.
"""
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
MEMBER, OPTION, SENTENCE = "halo_um", "--halo-um", "width of the halo round each cell; 0: none"
HEADER = "include/cellseg/segment.h", "} cellseg_segment_options;", f"    double {MEMBER}; /**< Default 1.5 */\n"
TABLE = "lib/segment/segment_options.c", "    ROW(method, ", f'    ROW({MEMBER}, 1.5, 0.5, 0, 20, "um", "{SENTENCE}"),\n'


def copy_tree(to):
    ignored = shutil.ignore_patterns(".git", "build*", "__pycache__", "images")
    shutil.copytree(ROOT, to, ignore=ignored)


def insert(tree, place, after=False):
    """Write a line before the line that begins so, or after it."""
    name, mark, line = place
    text = (tree / name).read_text()
    assert text.count("\n" + mark) == 1, name
    start = text.index("\n" + mark) + 1
    start = text.index("\n", start) + 1 if after else start
    (tree / name).write_text(text[:start] + line + text[start:])


def run(*command, **options):
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False, **options)
    return done.returncode, done.stdout, done.stderr


def must(*command, **options):
    code, output, errors = run(*command, **options)
    if code != 0:
        sys.exit(f"{' '.join(map(str, command))}:\n{output[-3000:]}{errors[-3000:]}")
    return output


def build(tree):
    must("cmake", "-S", tree, "-B", tree / "build", "-G", "Ninja", "-DCMAKE_BUILD_TYPE=Debug", "-DCMAKE_C_FLAGS=-O0")
    must("cmake", "--build", tree / "build", "--target", "cellseg", "examples/cellseg")
    return {**os.environ, "CELLSEG_LIBRARY": str(tree / "build/libcellseg.so"), "PYTHONDONTWRITEBYTECODE": "1",
            "PYTHONPATH": f"{tree / 'bindings/python'}:{tree / 'examples/experiments'}"}  # fmt: skip


IN_PYTHON = f"""
import ctypes, json
import cellseg, defaults
import numpy as np
from cellseg import _lowlevel as c

def status_of(function, *arguments):
    try:
        function(*arguments)
    except cellseg.Error as error:
        return str(error)

found = {{}}
struct, size = c.segment_options(), ctypes.sizeof(c.segment_options)
c.segment_options_init(struct, size)
found["default"] = struct.{MEMBER}
struct.{MEMBER} = 21
found["check"] = status_of(c.segment_options_check, struct)
c.segment_options_preset(struct, c.PRESET_PAPER)
found["paper"] = struct.{MEMBER}
text = ctypes.create_string_buffer(8192)
c.option_table_json(text, len(text), c.segment_options.table, ctypes.addressof(struct))
found["json"] = json.loads(text.value)["{MEMBER}"]
struct.struct_size = c.segment_options.{MEMBER}.offset  # as a program of the release before has it
struct.{MEMBER} = -7
found["older"] = status_of(c.segment_options_check, struct)
option = next(o for o in cellseg.options("segment") if o.name == "{MEMBER}")
found["option"] = [option.type.__name__, option.unit, option.default, option.paper, option.lowest, option.highest, option.sentence]
image = np.zeros((30, 40), np.uint8)
found["keyword"] = status_of(lambda: cellseg.segment(image, 0.65, {MEMBER}=3))
found["keyword out of range"] = status_of(lambda: cellseg.segment(image, 0.65, {MEMBER}=-3))
found["document"] = [line for line in defaults.section("segment").splitlines() if "{MEMBER}" in line]
print(json.dumps(found))
"""

EXPECTED = {
    "default": 1.5,
    "check": f"{MEMBER} is 21; it must lie in [0, 20]",
    "paper": 0.5,
    "json": 0.5,
    "older": None,
    "option": ["float", "um", 1.5, 0.5, 0, 20, SENTENCE],
    "keyword": None,
    "keyword out of range": f"{MEMBER} is -3; it must lie in [0, 20]",
    "document": [f"| `{MEMBER}` | 1.5 | 0.5 | 0 to 20 | um | {SENTENCE} |"],
}


def faults_of_program(program):
    """The help of both subcommands lists the option, and its values are checked."""
    for subcommand in ("segment", "label"):
        help_text = must(program, subcommand, "--help")
        if not re.search(rf"^ +{OPTION} UM +{re.escape(SENTENCE.split(';')[0])}", help_text, re.M):
            yield f"{subcommand} --help does not list {OPTION}"
    code, _, errors = run(program, "segment", "-o", "x", OPTION, "99", "a.tif")
    if code != 2 or f"{MEMBER} is 99; it must lie in [0, 20]" not in errors:
        yield f"segment {OPTION} 99: {code}, {errors}"


def check(tree):
    copy_tree(tree)
    insert(tree, HEADER)
    insert(tree, TABLE, after=True)
    environment = build(tree)
    found = json.loads(must("/usr/bin/python3", "-c", IN_PYTHON, env=environment))
    faults = [f"{name}: {found.get(name)!r}, expected {value!r}" for name, value in EXPECTED.items() if found.get(name) != value]
    return faults + list(faults_of_program(tree / "build/examples/cellseg"))


def main():
    with tempfile.TemporaryDirectory() as folder:
        faults = check(Path(sys.argv[1] if len(sys.argv) > 1 else folder) / "tree")
    print("\n".join(faults))
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
