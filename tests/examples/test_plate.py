# SPDX-License-Identifier: BSD-3-Clause
"""The workflow of examples/plate under Debian's Snakemake: the results of one process, resumed after a kill, bad fields told apart."""

import csv
import os
import shutil
import signal
import subprocess
import time

import pytest
from program import PROGRAM, ROOT, run, write_image

WORKFLOW = ROOT / "examples/plate/Snakefile"
OPTIONS = "--channel 0 --geojson"
KINDS = ["cells.tif", "nuclei.tif", "csv", "overlay.png", "geojson"]


@pytest.fixture(scope="module")
def plate(field, tmp_path_factory):
    """Four fields in two folders: two good ones, one of them with a name that a shell splits, a truncated one and an empty one."""
    folder = tmp_path_factory.mktemp("plate") / "images"
    for well in "B02", "B03":
        (folder / well).mkdir(parents=True)
    write_image(folder / "B02/B02 site's 1.ome.tif", field[:, 100:300, 200:400])
    good = write_image(folder / "B03/B03_1.tif", field[:, 200:420, 300:500])
    (folder / "B02/cut.tif").write_bytes(good.read_bytes()[:1000])
    (folder / "B03/empty.tif").touch()
    return folder


def command(*options, images="images/*/*.tif", **config):
    settings = {"images": images, "program": PROGRAM, "options": OPTIONS, **config}
    return ["snakemake", "-s", WORKFLOW, "--cores", "2", *options, "--config", *(f"{name}={value}" for name, value in settings.items())]


def snakemake(folder, *options, **config):
    done = subprocess.run(command(*options, **config), cwd=folder, capture_output=True, text=True, timeout=300)
    return done.returncode, done.stdout + done.stderr


def contents(folder):
    return {path.name: path.read_bytes() for path in folder.rglob("*") if path.suffix in (".tif", ".png", ".csv", ".geojson")}


def rows(path):
    with open(path, newline="") as table:
        return list(csv.DictReader(table))


@pytest.fixture(scope="module")
def finished(plate):
    code, said = snakemake(plate.parent)
    assert code == 0, said
    return plate.parent / "results", said


def test_each_field_has_the_results_of_one_process_for_all(plate, finished, tmp_path):
    results, _ = finished
    images = [path for path in sorted(plate.rglob("*.tif")) if path.stat().st_size > 1000]
    assert run("segment", *OPTIONS.split(), "-o", tmp_path, *images).code == 0
    stems = ["B02 site's 1", "B03_1"]
    for stem in stems:
        for kind in KINDS:
            assert (results / "fields" / stem / f"{stem}.{kind}").read_bytes() == (tmp_path / f"{stem}.{kind}").read_bytes()
    cells = {(row["image"], row["id"]): row for row in rows(results / "cells.csv")}
    expected = {(f"fields/{stem}/{stem}", row["id"]): row for stem in stems for row in rows(tmp_path / f"{stem}.csv")}
    assert len(expected) > 10 and cells.keys() == expected.keys()
    for place, row in expected.items():
        assert row.items() <= cells[place].items()


def test_fields_that_cannot_be_read_are_listed_with_their_fault(finished):
    results, said = finished
    failures = {row["image"]: row["error"] for row in rows(results / "failures.csv")}
    assert failures.keys() == {"fields/cut/cut", "fields/empty/empty"}
    assert "the file is empty" in failures["fields/empty/empty"] and "beyond the end of the file" in failures["fields/cut/cut"]
    assert {row["image"]: row["error"] for row in rows(results / "images.csv") if row["error"]} == failures
    assert "the file is empty" in (results / "report.html").read_text()
    assert "2 of 4 fields have results" in said and "failed: cut" in said


def test_a_mended_field_alone_runs_again(plate, finished, tmp_path):
    shutil.copytree(plate.parent, tmp_path, dirs_exist_ok=True)
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "results/fields").glob("B0*/*")}
    shutil.copyfile(plate / "B03/B03_1.tif", tmp_path / "images/B02/cut.tif")
    code, said = snakemake(tmp_path)
    assert code == 0 and "3 of 4 fields have results" in said, said
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert [row["image"] for row in rows(tmp_path / "results/failures.csv")] == ["fields/empty/empty"]
    assert (tmp_path / "results/fields/cut/cut.cells.tif").read_bytes() == (tmp_path / "results/fields/B03_1/B03_1.cells.tif").read_bytes()


def test_a_killed_run_resumes_to_the_same_bytes(plate, finished, tmp_path):
    (tmp_path / "images").symlink_to(plate)
    with subprocess.Popen(command("--jobs", "1"), cwd=tmp_path, stderr=subprocess.DEVNULL, start_new_session=True) as running:
        while not list((tmp_path / "results").glob("fields/*/.snakemake_timestamp")):  # the first field is done, others are not
            assert running.poll() is None
            time.sleep(0.01)
        os.killpg(running.pid, signal.SIGKILL)
    assert snakemake(tmp_path, "--unlock")[0] == 0
    code, said = snakemake(tmp_path, "--rerun-incomplete")
    assert code == 0, said
    assert contents(tmp_path / "results") == contents(finished[0])


def test_a_process_keeps_below_the_memory_that_it_is_granted(plate, tmp_path):
    (tmp_path / "images").symlink_to(plate)
    code, said = snakemake(tmp_path, images="images/B03/B03*.tif", mem_mb=9)
    assert code == 0 and str(8 << 20) in said and "memory budget" in said, said


def test_a_wrong_option_stops_the_run_with_the_words_of_the_program(plate, tmp_path):
    (tmp_path / "images").symlink_to(plate)
    code, said = snakemake(tmp_path, options="--nonsense")
    assert code == 1 and "--nonsense is not an option" in said and not (tmp_path / "results/cells.csv").exists()


@pytest.mark.parametrize("images, fault", [("plate/*.tif", 'no TIFF or PNG file matches "plate/*.tif"'), ("*/*/*.tif", "have the same name")])
def test_a_pattern_without_fields_or_with_a_name_twice(plate, images, fault, tmp_path):
    (tmp_path / "images").symlink_to(plate)
    (tmp_path / "more").symlink_to(plate)
    code, said = snakemake(tmp_path, images=images)
    assert code == 1 and fault in said and not (tmp_path / "results").exists()
