# SPDX-License-Identifier: BSD-3-Clause
"""cellseg crossval: folds are what `cellseg train`, `segment` and `evaluate` give, whenever the work was stopped."""

import csv
import json
import shutil

import pytest
import tifffile
from program import TRUTH, run, run_until_it_survives, write_image

QUICK = ["--epochs", 2, "--width", 0.125, "--batch", 2, "--threads", 2, "--nuclei-channel", 1]
GROUPS = {"a": ["a_1", "a_2"], "b": ["b_1", "b_2"], "c": ["c"]}


@pytest.fixture(scope="module")
def data(field, tmp_path_factory):
    """Five crops of three groups."""
    folder = tmp_path_factory.mktemp("data")
    truth = tifffile.imread(TRUTH)
    corners = [(0, 0), (100, 200), (250, 400), (300, 100), (0, 450)]
    for name, (top, left) in zip([name for names in GROUPS.values() for name in names], corners):
        window = slice(top, top + 180), slice(left, left + 180)
        write_image(folder / f"{name}.ome.tif", field[(slice(None), *window)])
        write_image(folder / f"{name}.cells.tif", truth[window])
    return folder


def command(data, out):
    return ["crossval", "--images", data, "--labels", data, "-o", out, "--folds", 3, "--group-until", "_", *QUICK]


def crossval(data, out, *more):
    return run(*command(data, out), *more)


@pytest.fixture(scope="module")
def done(data, tmp_path_factory):
    folder = tmp_path_factory.mktemp("done")
    result = crossval(data, folder / "out", "--csv", folder / "figures.csv", "--report", folder / "report.html")
    assert result.code == 0, result.errors
    return folder, result.output.splitlines()


def bytes_of(folder):
    return {path.relative_to(folder): path.read_bytes() for path in sorted(folder.rglob("*")) if path.is_file()}


def test_every_image_is_judged_once_by_the_fold_that_left_its_group_out(done):
    out = done[0] / "out"
    for fold, names in enumerate(GROUPS.values(), 1):
        assert sorted(path.name[:-10] for path in out.glob(f"fold-{fold}/*.cells.tif")) == names
        assert not (out / f"fold-{fold}/checkpoint").exists()


def test_the_record_says_how_an_image_was_read(done):
    record = json.loads((done[0] / "out/fold-1/a_1.json").read_text())
    assert record["reading"] == {"pixel_size_um": 0, "max_bytes": 0, "series": -1, "z": -1, "t": -1, "force": "no", "level_um": 0}


def test_a_fold_is_what_the_other_subcommands_give(done, data, tmp_path):
    """Trained on the other groups' images alone, and judged as always."""
    folder = tmp_path / "data"
    folder.mkdir()
    for name in GROUPS["a"] + GROUPS["c"]:
        for path in data.glob(f"{name}.*"):
            shutil.copy(path, folder)
    out = done[0] / "out"
    assert run("train", "--images", folder, "--labels", folder, "-o", tmp_path / "model", *QUICK).code == 0
    assert (tmp_path / "model").read_bytes() == (out / "fold-2/model.cellseg").read_bytes()
    marker = data / "b_1.ome.tif"
    assert run("segment", "--model", tmp_path / "model", "--channel", 0, "-o", tmp_path, marker).code == 0
    for kind in "cells", "nuclei":
        assert (tmp_path / f"b_1.{kind}.tif").read_bytes() == (out / f"fold-2/b_1.{kind}.tif").read_bytes()
    assert run("evaluate", "--maps", data / "b_1.cells.tif", out / "fold-2/b_1.cells.tif", "--csv", tmp_path / "one.csv").code == 0
    with open(tmp_path / "one.csv") as one, open(done[0] / "figures.csv") as all_images:
        alone = next(csv.DictReader(one))
        of_fold = [row for row in csv.DictReader(all_images) if row["image"] == "b_1" and row["kind"] == "cells"]
    assert of_fold == [alone]


def test_cells_alone_are_evaluated_where_no_one_knows_the_nuclei(done, data, tmp_path):
    base = ["crossval", "--images", data, "--labels", data, "--folds", 2, "--epochs", 1, "--batch", 2, "--threads", 2]
    start = ["--start", done[0] / "out/fold-1/model.cellseg", "--nuclei", "unknown"]
    result = run(*base, *start, "-o", tmp_path / "out", "--csv", tmp_path / "figures.csv")
    assert result.code == 0, result.errors
    with open(tmp_path / "figures.csv") as rows:
        assert [row["kind"] for row in csv.DictReader(rows)] == ["cells"] * 5
    assert not any(line.split()[:1] == ["nuclei"] for line in result.output.splitlines())


def test_tables_name_groups_and_end_in_the_mean_of_folds(done):
    lines = done[1]
    for kind in "cells", "nuclei":
        at = next(i for i, line in enumerate(lines) if line.split()[:1] == [kind])
        assert lines[at].split()[1:] == ["true", "predicted", "SM", "AP", "best", "Dice", "AUC", "accuracy"]
        rows = [line.split() for line in lines[at + 1 : at + 4]]
        assert [row[:2] for row in rows] == [["1", "a"], ["2", "b"], ["3", "c"]]
        mean = lines[at + 4].split()
        assert mean[:3] == ["mean", "of", "folds"] and len(mean) == 8
        for column in -1, -2, -5:
            assert float(mean[column]) == pytest.approx(sum(float(row[column]) for row in rows) / 3, abs=1e-4)
    report = (done[0] / "report.html").read_text()
    assert "ROC curve" in report and "c</td>" in report


def test_killed_at_any_moment_it_goes_on_to_the_same_files(done, data, tmp_path):
    out, whole = tmp_path / "out", bytes_of(done[0] / "out")
    found = set()
    run_until_it_survives(*command(data, out), killed=lambda: found.update(path.name for path in out.glob("fold-*/*")))
    assert found & {"checkpoint", "model.cellseg"}  # it did not always die before it had done anything
    left = bytes_of(out)
    assert {name: left[name] for name in whole} == whole
    assert all("tmp" in name.name or "temp" in name.name for name in left.keys() - whole.keys())  # of a write that was killed
    models = [(out / f"fold-{i}/model.cellseg").stat().st_mtime_ns for i in (1, 2, 3)]
    again = crossval(data, out)  # nothing is trained again
    assert again.code == 0 and again.output.splitlines()[-11:] == done[1][-11:]
    assert models == [(out / f"fold-{i}/model.cellseg").stat().st_mtime_ns for i in (1, 2, 3)]


def test_results_of_other_options_or_images_are_not_mixed(done, data):
    for more in ("--seed", 2), ("--cache-mb", 50):
        result = crossval(data, done[0] / "out", *more)
        assert result.code == 1 and result.output == "" and "choose another folder" in result.errors[0]


def test_every_group_is_a_fold_with_0(data, tmp_path):
    result = crossval(data, tmp_path / "out", "--folds", 0, "--epochs", 1)
    assert result.code == 0 and len(list((tmp_path / "out").glob("fold-*"))) == 3


def test_folds_start_from_the_model_inside(data, tmp_path):
    """Which no file of its name in the working folder is taken for."""
    pair = tmp_path / "pair"
    pair.mkdir()
    for name in "a_1", "c":
        for path in data.glob(f"{name}.*"):
            shutil.copy(path, pair)
    arguments = ["crossval", "--images", pair, "--labels", pair, "-o", tmp_path / "out", "--folds", 2, *QUICK, "--epochs", 1]
    for text in None, "no model":
        if text is not None:
            (tmp_path / "default").write_text(text)
        result = run(*arguments, "--start", "default", cwd=tmp_path)
        assert result.code == 0 and "distance" in run("info", tmp_path / "out/fold-2/model.cellseg").output, result.errors


def test_a_folder_is_a_group(data, tmp_path):
    """Two folders, left out in turn; the rest of a fold's training is as `cellseg train` has it, weights too."""
    for group in "a", "b":
        (tmp_path / group).mkdir()
        for name in GROUPS[group]:
            for path in data.glob(f"{name}.*"):
                shutil.copy(path, tmp_path / group)
    a, b = tmp_path / "a", tmp_path / "b"
    folders = ["--images", a, "--labels", a, "--weight", 2, "--images", b, "--labels", b, "--weight", 0.5]
    out = tmp_path / "out"
    result = run("crossval", *folders, "-o", out, "--group-by", "folder", "--folds", 0, *QUICK)
    assert result.code == 0, result.errors
    assert [line.split()[:2] for line in result.output.splitlines() if line[:2] in ("1 ", "2 ")] == [["1", "a"], ["2", "b"]] * 2
    few = run("crossval", *folders, "-o", out, "--group-by", "folder", "--folds", 3, *QUICK)
    assert few.errors == [f"cellseg: {a} and other folders: the images form 2 groups, too few for 3 folds"]
    assert run("train", "--images", b, "--labels", b, "--weight", 0.5, "-o", tmp_path / "model", *QUICK).code == 0
    assert (tmp_path / "model").read_bytes() == (out / "fold-1/model.cellseg").read_bytes()


def test_faults(data, tmp_path):
    for more, code, fault in [
        (["--folds", 4], 1, f"{data}: the images form 3 groups, too few for 4 folds"),
        (["--folds", 1], 2, "--folds must be 2 or more"),
        (["--group-until", ""], 2, "--group-until is empty"),
        (["--validation-part", 1], 2, "--validation-part"),
        (["--epochs", 0], 2, "epochs"),
        (["--images", data], 2, "each --images needs one --labels"),
        (["--images", tmp_path, "--labels", data], 1, "no .tif"),
        (["--images", data, "--labels", data], 1, "have the same name without their endings"),
        (["--csv", tmp_path], 1, "directory"),
        (["one"], 2, "only options are expected"),
    ]:
        result = crossval(data, tmp_path / "out", *more)
        assert result.code == code and len(result.errors) == 1 and fault in result.errors[0], (more, result)
    assert not (tmp_path / "out").exists()  # which a wrong option would have claimed
