# SPDX-License-Identifier: BSD-3-Clause
"""cellseg segment --maps: maps that another network made, from files."""

import json

import cellseg
import numpy as np
import pytest
import tifffile
from program import ROOT, run

FIELD = ROOT / "examples" / "data" / "n2a.ome.tif"


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """Two images at the model's scale, and the results and maps of the model."""
    folder = tmp_path_factory.mktemp("maps")
    marker = tifffile.imread(FIELD)[0]
    for name, rows in ("a", slice(0, 260)), ("b", slice(260, 520)):
        tifffile.imwrite(folder / f"{name}.tif", marker[rows])
    files = folder / "a.tif", folder / "b.tif"
    assert run("segment", "--pixel-size", 0.65, "--save-maps", "-o", folder / "own", *files).code == 0
    return folder, files


def labels(folder, stem):
    return [tifffile.imread(folder / f"{stem}.{kind}.tif") for kind in ("cells", "nuclei")]


def record(folder, stem):
    return json.loads((folder / f"{stem}.json").read_text())


def assert_same(folder, other, stem):
    for one, two in zip(labels(folder, stem), labels(other, stem)):
        np.testing.assert_array_equal(one, two)


@pytest.mark.parametrize("by_name", [False, True])
def test_the_maps_of_a_folder_give_the_cells_of_the_model(field, tmp_path, by_name):
    """With the model, which joins cells and names the scale; its name and the maps' stand in the record."""
    folder, files = field
    model = "default" if by_name else default(tmp_path)
    result = run("segment", "--pixel-size", 0.65, "--maps", folder / "own", "--model", model, "-o", tmp_path / "out", *files)
    assert result.code == 0 and result.errors == []
    for stem in "ab":
        assert labels(tmp_path / "out", stem)[0].max() > 3
        assert_same(tmp_path / "out", folder / "own", stem)
        own, found = record(folder / "own", stem), record(tmp_path / "out", stem)
        assert found["report"] == own["report"] and found["model"] == own["model"]
        assert found["maps_input"]["given"] == str(folder / "own" / f"{stem}.maps.tif")
    assert not list((tmp_path / "out").glob("*.maps.tif"))


def default(folder):
    """The default model as a file."""
    cellseg.Model.default().save(folder / "default.cellseg")
    return folder / "default.cellseg"


@pytest.mark.parametrize("stored", [{}, {"photometric": "minisblack", "metadata": None}, {"planarconfig": "contig"}])
def test_a_file_of_plain_pages_or_samples(field, tmp_path, stored):
    """Three maps without names, without a model: no cells are joined."""
    folder, files = field
    maps = tifffile.imread(folder / "own/a.maps.tif")[:3]
    if "planarconfig" in stored:
        maps, stored = np.moveaxis(maps, 0, -1), {**stored, "photometric": "rgb"}
    tifffile.imwrite(tmp_path / "maps.tif", maps, **stored)
    result = run("segment", "--pixel-size", 0.65, "--maps", tmp_path / "maps.tif", "-o", tmp_path / "out", files[0])
    assert result.code == 0 and result.errors == []
    found = record(tmp_path / "out", "a")
    assert found["model"] == "maps" and found["report"]["cells"] == labels(tmp_path / "out", "a")[0].max() > 3
    assert found["report"]["nuclei_joined"] == 0


def test_a_fourth_map_without_a_name_is_not_read(field, tmp_path):
    folder, files = field
    tifffile.imwrite(tmp_path / "maps.tif", tifffile.imread(folder / "own/a.maps.tif"))
    result = run("segment", "--pixel-size", 0.65, "--maps", tmp_path / "maps.tif", "-o", tmp_path / "out", files[0])
    assert result.code == 0 and "channel 3 is not read" in result.errors[0]


def test_faults_are_named(field, tmp_path):
    folder, files = field
    own, out = folder / "own", tmp_path / "out"
    faults = [
        ([own / "a.maps.tif", *files], 2, "--maps with several inputs needs a folder"),
        ([tmp_path / "no.tif", files[0]], 1, "no.tif"),
        ([tmp_path, files[0]], 1, "a.maps.tif"),
        ([files[0], files[0]], 1, "float32"),
    ]
    for (maps, *inputs), code, part in faults:
        result = run("segment", "--pixel-size", 0.65, "--maps", maps, "-o", out, *inputs)
        assert result.code == code and len(result.errors) == 1 and part in result.errors[0], result.errors
    result = run("segment", "--pixel-size", 0.65, "--maps", own, "-o", own, *files)
    assert result.code == 2 and "would replace them" in result.errors[0]
    result = run("segment", "--maps", own, "--save-maps", "-o", out, *files)
    assert result.code == 2 and "--save-maps" in result.errors[0]
    good = tifffile.imread(own / "a.maps.tif")
    for change, part in [(good[:2], "2 channels"), (good[:, :100], "proportions"), (good * 2, "a map lies in [0, 1]")]:
        tifffile.imwrite(tmp_path / "bad.tif", change, photometric="minisblack")
        result = run("segment", "--pixel-size", 0.65, "--maps", tmp_path / "bad.tif", "-o", out, files[0])
        assert result.code == 1 and any(part in line and "bad.tif" in line for line in result.errors), result.errors
