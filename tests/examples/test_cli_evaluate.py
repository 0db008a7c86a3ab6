# SPDX-License-Identifier: BSD-3-Clause
"""cellseg evaluate: the numbers it prints, and how it pairs files."""

import cellseg
import numpy as np
import pytest
import tifffile
from program import TRUTH, run, write_image


@pytest.fixture
def folders(tmp_path):
    """Two folders of three label maps each."""
    random = np.random.default_rng(7)
    truth = tifffile.imread(TRUTH)[:200, :300]
    maps = {}
    for stem in "a", "b-2", "b":
        predicted = np.roll(truth, random.integers(-5, 6, 2), (0, 1))
        maps[stem] = truth, predicted
        for folder, labels in zip(("truth", "predicted"), maps[stem]):
            (tmp_path / folder).mkdir(exist_ok=True)
            write_image(tmp_path / folder / f"{stem}.cells.tif", labels)
    return tmp_path / "truth", tmp_path / "predicted", maps


def numbers(line):
    return [float(word) for word in line.split()[-7:]]


def first_table(result):
    """The lines of SM and its parts; further tables follow an empty line."""
    return result.output.split("\n\n")[0].splitlines()


def row_of(s):
    return [s.reference_count, s.target_count, s.pairs, s.mean_best_dice, s.pair_ratio, s.dice, s.sm]


def test_two_folders(folders):
    truth, predicted, maps = folders
    result = run("evaluate", truth, predicted)
    assert result.code == 0 and result.errors == []
    header, *rows, mean, total = first_table(result)
    assert header.split()[0] == "image" and [r.split()[0] for r in rows] == sorted(maps)
    expected = [cellseg.similarity(*maps[stem]) for stem in sorted(maps)]
    for row, similarity in zip(rows, expected):
        assert numbers(row) == pytest.approx(row_of(similarity), abs=5.1e-5)
    means = np.mean([row_of(s)[3:] for s in expected], axis=0)
    assert [float(w) for w in mean.split()[-4:]] == pytest.approx(means, abs=5.1e-5)
    counts = np.sum([row_of(s)[:3] for s in expected], axis=0)
    best_dice = np.concatenate([s.cell_dice for s in expected]).mean()
    assert [float(w) for w in total.split()[-4:]] == pytest.approx([*counts, best_dice], abs=5.1e-5)


def test_two_files_and_the_weight(folders):
    truth, predicted, maps = folders
    result = run("evaluate", "--k", 0.25, truth / "a.cells.tif", predicted / "b.cells.tif")
    expected = cellseg.similarity(maps["a"][0], maps["b"][1], 0.25)
    assert numbers(result.output.splitlines()[1]) == pytest.approx(row_of(expected), abs=5.1e-5)


def test_cells_are_taken_where_there_are_several_kinds(folders):
    truth, predicted, maps = folders
    for stem in maps:
        for kind in "nuclei.tif", "overlay.png", "maps.tif":
            (predicted / f"{stem}.{kind}").write_bytes(b"not looked at")
        (predicted / f"{stem}.csv").write_text("id\n")
    assert run("evaluate", truth, predicted).code == 0
    for stem in maps:
        write_image(predicted / f"{stem}.nuclei.tif", maps[stem][0])
    result = run("evaluate", "--kind", "nuclei", truth, predicted)
    assert result.code == 0 and numbers(result.output.splitlines()[1])[-1] == 1


def test_stems_without_a_partner_are_named(folders):
    truth, predicted, _ = folders
    (truth / "a.cells.tif").unlink()
    (predicted / "b.cells.tif").unlink()
    result = run("evaluate", truth, predicted)
    assert result.code == 1 and result.output == "" and len(result.errors) == 1
    assert f"a (only in {predicted})" in result.errors[0] and f"b (only in {truth})" in result.errors[0]


def test_one_bad_pair_does_not_stop_the_others(folders):
    truth, predicted, maps = folders
    write_image(predicted / "a.cells.tif", maps["a"][1][:50])
    (predicted / "b.cells.tif").write_bytes(b"")
    result = run("evaluate", truth, predicted)
    assert result.code == 3 and len(result.errors) == 2
    assert "a.cells.tif" in result.errors[0] and "200 x 300" in result.errors[0] and "b.cells.tif" in result.errors[1]
    assert [line.split()[0] for line in first_table(result)] == ["image", "b-2", "mean", "all"]


def test_faults(folders, tmp_path):
    truth, predicted, maps = folders
    floats = write_image(tmp_path / "floats.tif", maps["a"][0] + np.float32(0.5))
    (tmp_path / "empty").mkdir()
    (predicted / "a.png").write_bytes(b"")
    (predicted / "a.cells.tif").rename(predicted / "a.tif")
    for arguments, fault in (
        ([truth, truth / "a.cells.tif"], "one is a folder, the other is not"),
        ([truth, truth / "nowhere"], "nowhere: there is no such file or folder"),
        ([truth / "a.cells.tif", floats], "0.5"),
        ([truth, tmp_path / "empty"], "the folder has no .tif, .tiff or .png file"),
        ([truth, predicted], "2 files are named a.*"),
        ([truth / "a.cells.tif", tmp_path / "nowhere.tif"], "nowhere.tif"),
    ):
        result = run("evaluate", *arguments)
        assert result.code == 1 and len(result.errors) == 1 and fault in result.errors[0], (arguments, result.errors)
        assert result.output == ""
