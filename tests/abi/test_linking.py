# SPDX-License-Identifier: BSD-3-Clause
"""What the linker takes from the static library: inference needs no training, and of other libraries none but the BLAS."""

import os
import pathlib
import re
import shutil
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ARCHIVE = pathlib.Path(os.environ["CELLSEG_LIBRARY"]).resolve().parent / "libcellseg.a"
ROOM_OF = {pathlib.Path(line.split()[0]).stem: line.split("/")[0] for line in (ROOT / "lib/sources.txt").read_text().splitlines() if line and line[0] != "#"}
ABOVE = {"train", "features"}  # features reports on every room
INFERENCE = {"core", "filter", "morph", "nn", "segment", "tensor", "tile"}
PACKAGE = ARCHIVE.with_name("cellseg.pc")
BLAS = ["-lopenblas"] if PACKAGE.exists() and "openblas" in PACKAGE.read_text() else []
SYSTEM = [*BLAS, "-lm", "-lpthread"]

pytestmark = pytest.mark.skipif(not ARCHIVE.exists(), reason="the static library is beside the shared one in a CMake build only")


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def members(archive):
    return {name: ROOM_OF[name.split(".")[0]] for name in run("ar", "t", archive).split()}


def link(program, archive):
    """Build inference.c with the archive; the rooms whose objects the linker took."""
    log = program.with_suffix(".map")
    run("cc", "-std=c11", f"-I{ROOT}/include", ROOT / "tests/abi/inference.c", archive, f"-Wl,-Map={log}", *SYSTEM, "-o", program)
    return {ROOM_OF[name] for name in re.findall(r"libcellseg\.a\((\w+)\.c\.o\)", log.read_text())}


@pytest.fixture
def without_training(tmp_path):
    archive = tmp_path / "libcellseg.a"
    shutil.copy(ARCHIVE, archive)
    run("ar", "d", archive, *[name for name, room in members(ARCHIVE).items() if room in ABOVE])
    assert set(members(archive).values()) == set(ROOM_OF.values()) - ABOVE
    return archive


def test_a_program_that_segments_holds_no_training(tmp_path):
    assert link(tmp_path / "whole", ARCHIVE) == INFERENCE


def test_a_library_without_training_segments_the_same(tmp_path, without_training):
    assert link(tmp_path / "whole", ARCHIVE) == link(tmp_path / "reduced", without_training)
    cells = run(tmp_path / "whole")
    assert re.fullmatch(r"[1-9]\d* cells\n", cells) and run(tmp_path / "reduced") == cells


def test_no_room_needs_training(tmp_path, without_training):
    """Every object of every other room at once, with no symbol left open."""
    run("cc", "-shared", "-Wl,--no-undefined", "-Wl,--whole-archive", without_training, "-Wl,--no-whole-archive",
        *run("pkg-config", "--libs", "libtiff-4", "libpng", "expat", "zlib").split(), *SYSTEM, "-o", tmp_path / "rest.so")
