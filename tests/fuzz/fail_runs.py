#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Run cellseg segment, info and train again and again, with the first, second, third ... read, write, malloc or rename failing: once, and
with all that follow. Each run succeeds with the same bytes, or exits with a status, one line on standard error and the old files.
Usage: CELLSEG_PROGRAM=... fail_runs.py WORK [DENSE]. Beyond the first DENSE (40) calls of a kind, ever fewer of them are tried."""

import os
import subprocess
import sys
from pathlib import Path

import tifffile

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS / "examples"))
from kill_runs import Sets, files  # noqa: E402
from program import FIELD, PROGRAM, TRUTH, write_image  # noqa: E402

KINDS = "read", "write", "malloc", "rename"


class Segment:
    """Replaces a set of results by another."""

    def __init__(self, work):
        self.sets = Sets(work)
        self.new = self.sets.new

    def prepare(self):
        self.out = self.sets.folder()
        return self.sets.command("new", self.out)

    def state(self):
        return files(self.out)

    def check_old(self):
        self.sets.check(self.out)  # the old set or the new one, at the latest after the next run


class Info:
    """Writes no file."""

    new = {}

    def __init__(self, work):
        self.image = write_image(work / "field.tif", tifffile.imread(FIELD)[:, :60, :60])

    def prepare(self):
        return [PROGRAM, "info", self.image]

    def state(self):
        return {}

    def check_old(self):
        pass


class Train:
    """Replaces a model."""

    def __init__(self, work):
        self.work = work
        window = slice(100, 220), slice(200, 320)
        write_image(work / "crop.ome.tif", tifffile.imread(FIELD)[(slice(None), *window)])
        write_image(work / "crop.cells.tif", tifffile.imread(TRUTH)[window])
        subprocess.run(self.prepare(), check=True, capture_output=True)
        self.new = self.state()

    def prepare(self):
        (self.work / "out").mkdir(exist_ok=True)
        (self.work / "out/model.cellseg").write_bytes(b"the old model")
        options = ["--epochs", 1, "--width", 0.125, "--batch", 2, "--threads", 1, "--nuclei-channel", 1]
        return [str(a) for a in (PROGRAM, "train", "--images", self.work, "--labels", self.work, *options, "-o", self.work / "out/model.cellseg")]

    def state(self):
        return {name: content for name, content in files(self.work / "out").items()}

    def check_old(self):
        assert self.state() == {"model.cellseg": b"the old model"}, sorted(self.state())
        assert sorted(os.listdir(self.work / "out")) == ["model.cellseg"]


def run(command, shim, kind, at, every=False):
    count = shim.parent / "count"
    environment = {**os.environ, "LD_PRELOAD": str(shim), "FAIL_CALL": kind, "FAIL_AT": str(at), "FAIL_COUNT": str(count),
                   **({"FAIL_ALL": "1"} if every else {})}
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=300, check=False)
    return done, int.from_bytes(count.read_bytes(), "little") if count.exists() else 0


def fault_of(command, done, sound, every):
    """What is wrong after a run, or None."""
    lines = [line for line in done.stderr.splitlines() if line not in sound.stderr.splitlines()]
    if len(lines) > 1 and every:
        lines = [line for line in lines if not line.startswith("cellseg: standard output: ")]  # a second fault
    if done.returncode < 0:
        return f"signal {-done.returncode}"
    if done.returncode == 0:
        same = command.state() == command.new and without_times(done.stdout) == without_times(sound.stdout)
        return None if same else "success with other results"
    if len(lines) != 1:
        return f"exit {done.returncode} with {len(lines)} lines: {done.stderr!r}"
    try:
        command.check_old()
    except AssertionError as fault:
        return f"exit {done.returncode} with other files: {fault}"
    return None


def without_times(text):
    """Standard output but for the seconds that a step took."""
    return [line for line in text.splitlines() if not line.rstrip().endswith(" s")]


def calls_to_fail(count, dense):
    at = 1
    while at <= count:
        yield at
        at += 1 if at < dense else at // 8 + 1


def main():
    work, dense = Path(sys.argv[1]), int((sys.argv[2:3] or ["40"])[0])
    shim = work / "fail_call.so"
    work.mkdir(parents=True, exist_ok=True)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", shim, TESTS / "fuzz/fail_call.c", "-ldl"], check=True)
    faults = 0
    for kind_of_command in Segment, Info, Train:
        folder = work / kind_of_command.__name__.lower()
        folder.mkdir(exist_ok=True)
        command = kind_of_command(folder)
        for kind in KINDS:
            sound, count = run(command.prepare(), shim, kind, 0)
            assert sound.returncode == 0, sound.stderr
            runs = survived = 0
            for at in calls_to_fail(count, dense):
                for every in False, True:
                    done, _ = run(command.prepare(), shim, kind, at, every)
                    fault = fault_of(command, done, sound, every)
                    runs += 1
                    survived += done.returncode == 0
                    faults += fault is not None
                    if fault:
                        print(f"FAULT: {kind_of_command.__name__.lower()}, {kind} {at}{' and on' if every else ''}: {fault}")
            print(f"{kind_of_command.__name__.lower()}: {runs} runs with failing {kind}, of {count} calls; {survived} succeeded", flush=True)
    print(f"{faults} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
