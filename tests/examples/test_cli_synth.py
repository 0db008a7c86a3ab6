# SPDX-License-Identifier: BSD-3-Clause
"""cellseg synth, run as a user would: its files, their scale, the same for a seed, what the command line overrides, bad input."""

import sys

import numpy as np
import pytest
import tifffile
from PIL import Image
from program import ROOT, run

STAINS = ["diffuse", "er", "mitochondria", "endosomes", "actin", "tubulin", "membrane"]


def names(folder):
    return sorted(p.name for p in folder.iterdir())


def test_files_fit_each_other(tmp_path):
    out = tmp_path / "not" / "yet"
    result = run("synth", "-o", out, "--count", 3, "--seed", 7, "--size", "160x120", "--pixel-size", 0.5)
    assert result.code == 0 and result.errors == []
    images = [n for n in names(out) if n.count(".") == 1]
    assert len(images) == 3 and sorted(n.split("-")[1] for n in images) == ["7.tif", "8.tif", "9.tif"]
    assert names(out) == sorted(images + [n.replace(".tif", kind) for n in images for kind in (".cells.tif", ".nuclei.tif")])
    for name, line in zip(sorted(images, key=lambda n: n.split("-")[1]), result.output.splitlines()):
        assert name.split("-")[0] in STAINS
        image, cells, nuclei = (tifffile.imread(out / name.replace(".tif", kind)) for kind in (".tif", ".cells.tif", ".nuclei.tif"))
        assert image.shape == cells.shape == nuclei.shape == (120, 160) and image.dtype == np.uint16
        assert ((nuclei == cells) | (nuclei == 0)).all()
        assert line == f"{out}/{name}: {cells.max()} cells"
        assert "0.5 um per pixel" in run("info", out / name).output


def test_the_same_seed_gives_the_same_files(tmp_path):
    for folder, threads in ("one", 1), ("three", 3):
        run("synth", "-o", tmp_path / folder, "--count", 2, "--size", "100x90", "--threads", threads)
    assert names(tmp_path / "one") == names(tmp_path / "three")
    for name in names(tmp_path / "one"):
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "three" / name).read_bytes()


@pytest.mark.parametrize("stain", STAINS)
def test_each_stain_by_name(tmp_path, stain):
    assert run("synth", "-o", tmp_path, "--stain", stain, "--size", "64x64", "--vary", "no").code == 0
    assert f"{stain}-1.tif" in names(tmp_path)


def test_given_values_hold_for_every_field(tmp_path):
    result = run("synth", "-o", tmp_path, "--count", 4, "--size", "90x80", "--confluence", 0, "--bits", 8, "--nuclei-channel", "yes")
    assert result.code == 0 and result.output.count(": 0 cells") == 4
    for path in tmp_path.glob("*[0-9].tif"):
        image = tifffile.imread(path)
        assert image.shape == (2, 80, 90) and image.dtype == np.uint8


def test_fields_train(tmp_path):
    assert run("synth", "-o", tmp_path / "fields", "--count", 2, "--size", "200x200", "--confluence", 0.6).code == 0
    fields, model = tmp_path / "fields", tmp_path / "small.cellseg"
    result = run("train", "--images", fields, "--labels", fields, "-o", model, "--epochs", 1, "--width", 0.125)
    assert result.code == 0 and result.errors == [] and model.exists()


@pytest.mark.parametrize(
    "arguments, says",
    [
        (["--size", "64x64"], "-o FOLDER is missing"),
        (["-o", "x", "file.tif"], "only options"),
        (["-o", "x", "--count", 0], "--count"),
        (["-o", "x", "--size", "64"], "--size"),
        (["-o", "x", "--size", "64x0"], "--size"),
        (["-o", "x", "--size", "64x64y"], "--size"),
        (["-o", "x", "--size", "20000x64"], "width is 20000"),
        (["-o", "x", "--haze", 1], "haze is 1"),
        (["-o", "x", "--stain", "golgi"], "golgi"),
    ],
)
def test_wrong_usage_is_one_clear_line(tmp_path, arguments, says):
    result = run("synth", *arguments, cwd=tmp_path)
    assert result.code == 2 and len(result.errors) == 1 and says in result.errors[0]
    assert list(tmp_path.rglob("*.tif")) == []


def test_a_folder_that_cannot_be_made(tmp_path):
    (tmp_path / "file").write_text("")
    result = run("synth", "-o", tmp_path / "file" / "fields", "--size", "64x64")
    assert result.code == 1 and len(result.errors) == 1 and "file" in result.errors[0]


def test_the_picture_of_the_documentation_is_what_the_library_draws(tmp_path):
    result = run(ROOT / "examples/synth_gallery.py", tmp_path / "synth.png", program=sys.executable)
    assert result.code == 0, result.errors
    drawn, shown = (np.asarray(Image.open(p)) for p in (tmp_path / "synth.png", ROOT / "docs/images/synth.png"))
    np.testing.assert_array_equal(drawn, shown)
