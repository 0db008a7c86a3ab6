# SPDX-License-Identifier: BSD-3-Clause
"""What reaches standard output, a terminal and a spreadsheet: failures are told, names do no harm."""

import csv
import os
import re
import subprocess
import unicodedata

import numpy as np
import pytest
from program import PROGRAM, ROOT, TRUTH, run, run_on_a_terminal, write_image

SUBCOMMANDS = ["segment", "label", "train", "crossval", "evaluate", "synth", "export", "info", "completion", "manual"]
# Escape sequences, C0, DEL, C1 in UTF-8 and raw, a byte that is no UTF-8, overlong, a surrogate; line breakers and turned text.
BAD_NAMES = [b"\x1b[31mred", b"\x1b]0;title\x07", b"a\rb", b"a\nb", b"a\tb", b"\x7f", b"\xc2\x9b31m", b"\x9b31m", b"\xff\xfe",
             b"\xc0\x9b", b"\xed\xa0\x80", b"\xe2\x80\xae", b"\xe2\x80\xa8", b"\xf4\x90\x80\x80", b"\xe2\x82"]
GOOD_NAMES = ["Zelle-ä-µm", "細胞", "🔬", "naïve e\u0301"]


@pytest.fixture
def small(tmp_path, field):
    return write_image(tmp_path / "small.tif", field[0, 150:230, 200:280])


def commands(small, out):
    train = ["--images", small.parent / "data", "--labels", small.parent / "data", "--epochs", 1, "--width", 0.125, "--batch", 2]
    return {
        "version": ["--version"],
        "help": ["--help"],
        **{f"help of {name}": [name, "--help"] for name in SUBCOMMANDS},
        "info": ["info"],
        "manual": ["manual"],
        "completion": ["completion", "zsh"],
        "info of a file": ["info", small],
        "segment": ["segment", "-o", out, small],
        "label": ["label", "--nuclei-channel", 0, "-o", out, small],
        "synth": ["synth", "-o", out, "--size", "64x64"],
        "evaluate": ["evaluate", TRUTH, TRUTH, "--csv", out.with_suffix(".csv")],
        "train": ["train", *train, "-o", out.with_suffix(".cellseg")],
    }


def test_a_full_disk_behind_standard_output(small, tmp_path):
    assert run("synth", "-o", tmp_path / "data", "--count", 2, "--size", "180x180", "--confluence", 0.6).code == 0
    for name, command in commands(small, tmp_path / "full").items():
        with open("/dev/full", "w", encoding="ascii") as full:
            done = subprocess.run([PROGRAM, *map(str, command)], stdout=full, stderr=subprocess.PIPE, text=True, check=False)
        lines = [line for line in done.stderr.splitlines() if "warning" not in line]
        assert done.returncode == 1, name
        assert lines == ["cellseg: standard output: No space left on device"], name
    assert (tmp_path / "full.csv").exists() and (tmp_path / "full/small.csv").exists()


@pytest.mark.parametrize("which", ["version", "help of segment", "info", "segment", "evaluate"])
def test_a_closed_pipe(small, tmp_path, which):
    ours, theirs = os.pipe()
    os.close(ours)
    command = commands(small, tmp_path / "closed")[which]
    done = subprocess.run([PROGRAM, *map(str, command)], stdout=theirs, stderr=subprocess.PIPE, text=True, check=False)
    os.close(theirs)
    assert done.returncode == 1 and done.stderr == "cellseg: standard output: Broken pipe\n"


def test_no_standard_output_at_all(small, tmp_path):
    """No result file takes its number."""
    done = subprocess.run(f'"{PROGRAM}" segment -o "{tmp_path}/out" "{small}" >&-', shell=True, capture_output=True, text=True, check=False)
    assert done.returncode == 1 and done.stderr == "cellseg: standard output: Bad file descriptor\n"
    assert run("segment", "-o", tmp_path / "again", small).code == 0
    assert all((tmp_path / "out" / path.name).read_bytes() == path.read_bytes() for path in (tmp_path / "again").iterdir())


# ---- names on a terminal ----


def harmless(text):
    return not any(unicodedata.category(c) in ("Cc", "Zl", "Zp") or c in "\u202e\ufffd" for c in text)


@pytest.mark.parametrize("name", BAD_NAMES)
def test_no_name_reaches_a_terminal_as_it_is(tmp_path, field, name):
    folder = tmp_path / "in"
    folder.mkdir()
    path = os.fsencode(folder) + b"/x" + name + b"y.tif"
    os.rename(write_image(tmp_path / "a.tif", field[0, :60, :60]), path)
    out = tmp_path / "out"
    for command in (["info", path], ["segment", "-o", out, path], ["info", path + b"nowhere"], ["segment", "-o", out, path + b"none.tif"],
                    ["evaluate", path, path], ["evaluate", folder, folder], [b"sub" + name], ["info", b"--" + name]):
        done = subprocess.run([PROGRAM, *command], capture_output=True, check=False)
        lines = (done.stdout + done.stderr).decode().split("\n")  # UTF-8, strictly
        assert all(harmless(line) for line in lines), (command, lines)
        assert len(done.stderr.splitlines()) <= 1 and not (done.returncode == 0 and done.stderr)


def test_good_names_are_printed_as_they_are(tmp_path, field):
    for name in GOOD_NAMES:
        image = write_image(tmp_path / f"{name}.tif", field[0, :60, :60])
        assert name in run("info", image).output
        assert name in run("info", f"{image}.none").errors[0]


def test_the_progress_bar_has_a_clean_title(tmp_path, crop):
    name = tmp_path / "a\x1b[31m\x9b\rb.tif"
    name.write_bytes(crop.read_bytes())
    code, seen = run_on_a_terminal("segment", "--channel", 0, "-o", tmp_path / "out", name)
    assert code == 0 and "a?[31m? b.tif" in seen
    assert harmless(re.sub(r"\r|\n|\x1b\[K", "", seen))


# ---- names in a spreadsheet ----


def test_no_spreadsheet_computes_a_name(tmp_path):
    stems = ["=1+2", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "\n=1", "'quoted", '"=1', 'a"b', "a,b", "a\nb", "plain", "Ä", "1e5"]
    maps = np.zeros((30, 30), np.uint16)
    maps[5:15, 5:15] = 1
    (tmp_path / "maps").mkdir()
    for stem in stems:
        write_image(tmp_path / "maps" / f"{stem}.cells.tif", maps)
    assert run("evaluate", tmp_path / "maps", tmp_path / "maps", "--csv", tmp_path / "a.csv", errors="replace").code == 0
    with open(tmp_path / "a.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert all(row["image"][0] not in "=+-@\t\r\n" for row in rows)
    assert sorted(row["image"].removeprefix("'") for row in rows) == sorted(stems)  # as docs/results.md says
    assert all(row["sm"] == "1" and row["auc"] == "" and None not in row for row in rows)  # no value: an empty field


def test_every_line_is_cleaned():
    """Only the help, whose text is the program's own, is printed without cleaning."""
    for path in (ROOT / "examples/cli").glob("*.c"):
        plain = re.findall(r"(?<![a-z])(?:printf|puts|putchar)\(|\(stdout\b|, stdout\)", path.read_text())
        assert not plain or path.name in ("cli.c", "help.c", "manual.c", "completion.c"), (path.name, plain)
