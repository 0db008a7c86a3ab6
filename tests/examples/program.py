# SPDX-License-Identifier: BSD-3-Clause
"""The programs that CELLSEG_PROGRAM's folder holds, and images to run them on."""

import fcntl
import os
import pty
import re
import struct
import subprocess
import termios
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


def told(result):
    """The lines on standard error without those that a slow machine adds: how far the work is."""
    return [line for line in result.errors if not re.match(r"cellseg: note: \d+%", line)]


def run_until_it_survives(*arguments, killed):
    """Run a program and kill it, later each time and letting it go on from where it died, until it ends by itself. Between,
    killed() is called."""
    wait = 0.02
    while True:
        with subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.DEVNULL) as running:
            try:
                assert running.wait(wait) == 0
                return
            except subprocess.TimeoutExpired:
                running.kill()
        killed()
        wait *= 1.5


def run_on_a_terminal(*arguments, sign=b"%", on_sign=lambda process: None, columns=80):
    """Exit code and what the terminal saw. on_sign(process) is called once, when the progress bar first shows `sign`."""
    ours, theirs = pty.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 24, columns, 0, 0))
    with subprocess.Popen([PROGRAM, *map(str, arguments)], stdout=subprocess.DEVNULL, stderr=theirs) as process:
        os.close(theirs)
        seen, told = b"", False
        try:
            while chunk := os.read(ours, 4096):
                seen += chunk
                if sign in seen and not told:
                    told = True
                    on_sign(process)
        except OSError:  # the other end was closed
            pass
    os.close(ours)
    return process.returncode, seen.decode()


def write_image(path, array, pixel_size_um=PIXEL_SIZE_UM):
    """A TIFF file; with None it says nothing about its pixel size."""
    scale = {} if pixel_size_um is None else {"resolution": (1e4 / pixel_size_um, 1e4 / pixel_size_um, "CENTIMETER")}
    tifffile.imwrite(path, array, photometric="minisblack", metadata=None, **scale)
    return path


def stopped_at(library, call, by, path=None):
    """The environment of a program that stops at a call: see stop_call.c, which `library` is made from."""
    only = {} if path is None else {"STOP_PATH": str(path)}
    return {**os.environ, "LD_PRELOAD": str(library), "STOP_AT": str(call), "STOP_BY": str(int(by)), **only}
