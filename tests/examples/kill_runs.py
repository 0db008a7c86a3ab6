#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Kill cellseg segment at random moments, and check that the results of an image are the old set or the new one, or become
so with the next run into the folder. Usage: CELLSEG_PROGRAM=... kill_runs.py COUNT [SEED]"""

import os
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import tifffile
from program import FIELD, PROGRAM, run, write_image

STEM = "field"
# Every file differs between the sets; only the first has maps.
OPTIONS = {"old": ["--save-maps"], "new": ["--cell-area-max-um2", "1"], "neither": ["--sensitivity", "50"]}


class Sets:
    """An image, its results with two sets of options, and another image, whose run finishes what was interrupted."""

    def __init__(self, work):
        self.work = Path(work)
        field = tifffile.imread(FIELD)
        self.image = write_image(self.work / f"{STEM}.tif", field[0, 150:230, 200:280])
        self.other = write_image(self.work / "other.tif", field[0, 100:160, 200:260])
        self.old, self.new = (self.made(which) for which in ("old", "new"))
        assert self.old.keys() - self.new.keys() == {f"{STEM}.maps.tif"}
        assert all(self.old[name] != self.new[name] for name in self.new)

    def command(self, which, out, image=None):
        return [str(a) for a in (PROGRAM, "segment", "--threads", 1, *OPTIONS[which], "-o", out, image or self.image)]

    def run(self, which, out, image=None, **options):
        return subprocess.run(self.command(which, out, image), capture_output=True, text=True, check=False, **options)

    def made(self, which):
        assert self.run(which, self.work / which).returncode == 0
        return files(self.work / which)

    def folder(self, which="old"):
        """A fresh folder that holds a set."""
        out = self.work / "out"
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(self.work / which, out)
        return out

    def check(self, out):
        """All old, all new, or marked as unfinished; after the next run one of the first two, and nothing is left over."""
        assert files(out) in (self.old, self.new) or (out / f".cellseg-{STEM}.ready").is_dir(), sorted(files(out))
        following = run("label", "--nuclei-channel", 0, "--threads", 1, "-o", out, self.other)
        assert following.code == 0, following.errors
        left = {name: content for name, content in files(out).items() if not name.startswith("other.")}
        assert left in (self.old, self.new), sorted(left)
        assert [name for name in os.listdir(out) if name.startswith(".")] == []
        return "new" if left == self.new else "old"


def files(folder):
    """Content by name, without the hidden entries."""
    return {path.name: path.read_bytes() for path in Path(folder).iterdir() if not path.name.startswith(".")}


def kill_randomly(count, seed=1):
    """Numbers of kills that left the old and the new set."""
    choose = random.Random(seed)
    outcomes = {"old": 0, "new": 0}
    with tempfile.TemporaryDirectory() as work:
        sets = Sets(work)
        begun = time.monotonic()
        sets.run("new", sets.folder())
        longest = 1.2 * (time.monotonic() - begun)
        for _ in range(count):
            out = sets.folder()
            with subprocess.Popen(sets.command("new", out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as running:
                time.sleep(choose.uniform(0, longest))
                running.kill()
            outcomes[sets.check(out)] += 1
    return outcomes


if __name__ == "__main__":
    print(kill_randomly(int(sys.argv[1]), *map(int, sys.argv[2:3])))
