# SPDX-License-Identifier: BSD-3-Clause
"""The pages say what the program does: each option that they name exists, and the commands of the first pages run as they stand."""

import functools
import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import cellseg
import pytest
import tifffile

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ["CELLSEG_PROGRAM"])
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]*[a-z]")
# Options of compilers and build tools, of this project's scripts, and of workflow engines.
OF_OTHERS = set(
    "--build --buildtype --cflags --libs --overlay-ports --static --target --undefined-only --docs --quick --record --what "
    "--configfile --container-image --default-storage-prefix --default-storage-provider --executor --forcerun --group-components "
    "--queue --rerun-incomplete --slurm --unlock".split()
)


@functools.cache
def options(subcommand):
    """Those in the help of the subcommand; of a word that is none, a failure."""
    done = subprocess.run([PROGRAM, subcommand, "--help"], capture_output=True, text=True)
    assert done.returncode == 0, f"cellseg {subcommand}: {done.stderr}"
    return set(re.findall(r"^  (?:-\w, |    )(--[a-z-]+)", done.stdout, re.MULTILINE))


@functools.cache
def all_options():
    listed = subprocess.run([PROGRAM, "--help"], capture_output=True, text=True, check=True).stdout
    subcommands = set(re.findall(r"^  ([a-z]+)  ", listed, re.MULTILINE)) - {"help", "version"}
    assert {"segment", "label", "train", "convert"} <= subcommands
    return set().union(*map(options, subcommands))


def blocks(page, language):
    return re.findall(rf"^```{language}\n(.*?)^```", page.read_text(), re.MULTILINE | re.DOTALL)


def commands(page):
    """Subcommand and words of each line that runs the program."""
    for block in blocks(page, "(?:sh)?"):
        for line in block.replace("\\\n", " ").splitlines():
            found = re.match(r"\s*cellseg ([a-z]+)(.*)", line)
            if found:
                yield found[1], re.split(r"\s[|<>&#]|;", found[2])[0]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_commands_have_the_options_of_their_subcommand(page):
    for subcommand, rest in commands(page):
        assert set(OPTION.findall(rest)) <= options(subcommand), f"cellseg {subcommand}{rest}"


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_options_in_the_text_exist(page):
    code = re.findall(r"`([^`\n]+)`", re.sub(r"^```.*?^```", "", page.read_text(), flags=re.MULTILINE | re.DOTALL))
    named = {option for text in code for option in OPTION.findall(text)}
    assert named <= all_options() | OF_OTHERS | {"--help", "--version"}


@pytest.mark.parametrize("page", [*PAGES, ROOT / "bindings/python/README.md"], ids=lambda page: page.parent.name + "/" + page.stem)
def test_names_of_the_package_exist(page):
    """In code of Python, and in the text."""
    code = "".join(blocks(page, "python")) + " ".join(re.findall(r"`(cellseg\.[\w.]+\()", page.read_text()))
    for name in re.findall(r"(?<![\w./])cellseg((?:\.\w+)+)", code):
        found = cellseg
        for part in name[1:].split("."):
            assert hasattr(found, part), f"cellseg{name}"
            found = getattr(found, part)


def run_blocks(page, folder):
    script = f"cellseg() {{ {shlex.quote(str(PROGRAM))} \"$@\"; }}\n" + "".join(blocks(page, "sh"))
    return subprocess.run(["sh", "-ec", script], cwd=folder, capture_output=True, text=True)


@pytest.mark.parametrize("name", ["first-image", "large-images"])
def test_pages_run(name, tmp_path):
    """In a folder with the examples, as the pages state."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    page = ROOT / f"docs/{name}.md"
    done = run_blocks(page, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert (tmp_path / "results/n2a.cells.tif").is_file()
    for code in blocks(page, "python"):
        printed = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=True).stdout
        assert re.fullmatch(r"\d+ cells\n", printed)


def test_two_channels_run(tmp_path):
    """With the channels of the example in files of their own too, and as a plate of one field."""
    (tmp_path / "examples").symlink_to(ROOT / "examples")
    (tmp_path / "plate").mkdir()
    for pixels, name, channel in zip(tifffile.imread(ROOT / "examples/data/n2a.ome.tif"), ("actin", "dapi"), (2, 1), strict=True):
        for path in tmp_path / f"{name}.tif", tmp_path / f"plate/p_B02_T0001F001L01A01Z01C0{channel}.tif":
            tifffile.imwrite(path, pixels[:300, :300], resolution=(1e4 / 0.65, 1e4 / 0.65), resolutionunit="CENTIMETER")
    done = run_blocks(ROOT / "docs/two-channels.md", tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert "intensity_mean_dapi" in (tmp_path / "actin.csv").read_text().splitlines()[0]
