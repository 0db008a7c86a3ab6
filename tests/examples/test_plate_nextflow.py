# SPDX-License-Identifier: BSD-3-Clause
"""The command of the Nextflow module, filled in as Nextflow would: Nextflow itself is no package of Debian or PyPI. Its own test expects
these results."""

import json
import os
import re
import subprocess

import pytest
from program import PROGRAM, ROOT

PLATE = ROOT / "examples/plate/nextflow"
MODULE = PLATE / "modules/nf-core/cellseg/segment"
VALUES = {"args": "", "memory": "--max-memory 1843", "prefix": "test", "image": "image/n2a.tif", "image.extension": "tif", "task.cpus": "1"}


def script(path, process):
    """The text of a process's script: block, as bash gets it."""
    block = re.search(rf'process {process} {{.*?\n    script:.*?"""(.*?)"""', path.read_text(), re.S)[1]
    return re.sub(r"\$\{(.*?)\}", lambda name: str(VALUES[name[1]]), block.replace("\\\\", "\\"))


def bash(text, folder):
    path = f"{PROGRAM.parent}:{os.environ['PATH']}"
    options = {"cwd": folder, "env": {**os.environ, "PATH": path}, "check": True, "capture_output": True, "text": True}
    return subprocess.run(["bash", "-euo", "pipefail", "-c", text], **options).stdout


@pytest.fixture(scope="module")
def task(tmp_path_factory):
    """A task's folder after the run."""
    folder = tmp_path_factory.mktemp("task")
    (folder / "image").mkdir()
    (folder / "image/n2a.tif").symlink_to(MODULE / "tests/n2a.tif")
    bash(script(MODULE / "main.nf", "CELLSEG_SEGMENT"), folder)
    return folder


def test_the_outputs_that_the_module_declares_are_there(task):
    declared = re.findall(r'path\("(\$\{prefix\}[^"]*)"\)', (MODULE / "main.nf").read_text())
    assert len(declared) == 5 and all((task / name.replace("${prefix}", "test")).exists() for name in declared)


def test_the_results_are_those_that_its_test_expects(task):
    expected = (MODULE / "tests/main.nf.test").read_text()
    cells = int(re.search(r"json\.report\.cells == (\d+)", expected)[1])
    assert json.loads((task / "test/test.json").read_text())["report"]["cells"] == cells > 3
    assert len((task / "test/test.csv").read_text().splitlines()) == 1 + cells and f"size() == 1 + {cells}" in expected


def test_the_version_is_that_of_the_program(task):
    command = re.search(r'eval\("(.*?)"\), topic', (MODULE / "main.nf").read_text())[1]
    version = re.search(r'versions_cellseg\[0\]\[2\] == "(.*?)"', (MODULE / "tests/main.nf.test").read_text())[1]
    assert bash(command, task).strip() == version and bash("cellseg --version", task).strip() == f"cellseg {version}"


def test_the_tables_are_made_from_the_folders_of_fields(task, tmp_path):
    (tmp_path / "fields").mkdir()
    (tmp_path / "fields/test").symlink_to(task / "test")
    bash(script(PLATE / "main.nf", "TABLES"), tmp_path)
    cells = (tmp_path / "cells.csv").read_text().splitlines()
    assert len(cells) == len((task / "test/test.csv").read_text().splitlines()) > 3
    for name in re.findall(r'path\("([\w.]+)"\)', (PLATE / "main.nf").read_text()):
        assert (tmp_path / name).stat().st_size > 0
