# SPDX-License-Identifier: BSD-3-Clause
"""The programs that CELLSEG_PROGRAM's folder holds, and images to run them on."""

import os
import subprocess
from pathlib import Path
from types import SimpleNamespace

import tifffile

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ["CELLSEG_PROGRAM"]).resolve()
FIELD = ROOT / "examples/data/n2a.ome.tif"
TRUTH = ROOT / "examples/data/n2a.cells.tif"
PIXEL_SIZE_UM = 0.6236


def run(*arguments, program=PROGRAM, **options):
    """Run a program as a user would. errors: the lines on standard error."""
    done = subprocess.run([program, *map(str, arguments)], capture_output=True, text=True, timeout=300, **options)
    return SimpleNamespace(code=done.returncode, output=done.stdout, errors=done.stderr.splitlines())


def write_image(path, array, pixel_size_um=PIXEL_SIZE_UM):
    """A TIFF file; with None it says nothing about its pixel size."""
    scale = {} if pixel_size_um is None else {"resolution": (1e4 / pixel_size_um, 1e4 / pixel_size_um, "CENTIMETER")}
    tifffile.imwrite(path, array, photometric="minisblack", metadata=None, **scale)
    return path
