# SPDX-License-Identifier: BSD-3-Clause
"""cellseg measure: any label maps, any channels of any files, one table."""

import csv
import json

import cellseg
import numpy as np
import pytest
import tifffile
from PIL import Image
from program import FIELD, TRUTH, run, write_image
from scipy import ndimage


@pytest.fixture(scope="module")
def maps():
    """Cells with ids in no sequence, and their nuclei; the first cell has none."""
    cells = tifffile.imread(TRUTH)[100:360, 200:460].astype(np.uint32) * 7
    inside = ndimage.minimum_filter(cells, 9) == ndimage.maximum_filter(cells, 9)
    nuclei = np.where(inside & (cells != cells[cells > 0].min()), cells, 0)
    assert 4 < len(np.unique(nuclei)) <= len(np.unique(cells)) - 1
    return cells, nuclei


@pytest.fixture
def files(maps, field, tmp_path):
    """The maps as files, and a file for each channel, of two types, that states no pixel size and no name."""
    write_image(tmp_path / "f.cells.tif", maps[0])
    write_image(tmp_path / "f.nuclei.tif", maps[1])
    marker, dna = field[:, 100:360, 200:460]
    write_image(tmp_path / "f_actin.tif", marker, None)
    write_image(tmp_path / "f_DNA.tif", dna.astype(np.float32) / 3, None)
    return tmp_path


def table_of(path):
    with open(path, newline="") as file:
        header, *rows = csv.reader(file)
    return {name: np.array([float(v or "nan") for v in column]) for name, column in zip(header, zip(*rows))}


def stated_size(path):
    """The edge of a pixel that the file states, which is a ratio of whole numbers near that of the field."""
    with tifffile.TiffFile(path) as tiff:
        pixels, centimetres = tiff.pages[0].tags["XResolution"].value
    return 1e4 * centimetres / pixels


def same(ours, theirs):
    assert list(ours) == list(theirs)
    for name, values in theirs.items():
        np.testing.assert_array_equal(ours[name], values, name)


def test_channels_of_several_files(files, maps):
    result = run("measure", "--labels", "f.cells.tif", "-o", "t.csv", "--image", "f_actin.tif", "f_DNA.tif", cwd=files)
    assert result.code == 0 and result.errors == []
    table = table_of(files / "t.csv")
    cells = len(np.unique(maps[0])) - 1
    assert result.output == f"f.cells.tif: {cells} cells, {len(table)} columns, in t.csv\n"
    for name in "f_actin", "f_DNA":
        theirs = ndimage.mean(tifffile.imread(files / f"{name}.tif").astype(float), maps[0], table["id"].astype(int))
        np.testing.assert_allclose(table[f"intensity_mean_{name}"], theirs, rtol=1e-12)
    areas = np.unique(maps[0], return_counts=True)[1][1:]
    np.testing.assert_allclose(table["area_um2"], areas * stated_size(files / "f.cells.tif") ** 2, rtol=1e-12)


def test_compartments_and_groups_are_the_library_s(files, maps):
    images = {name: tifffile.imread(files / f"{name}.tif") for name in ("f_DNA", "f_actin")}
    result = run("measure", "--labels", "f.cells.tif", "--nuclei", "f.nuclei.tif", "--compartments", "--ring-px", "3", "--measure",
                 "texture,neighbours", "--texture-levels", "16", "-o", "t.csv", "f_DNA.tif", "f_actin.tif", "--pixel-size", "0.5",
                 cwd=files)  # fmt: skip
    assert result.code == 0 and result.errors == []
    theirs = cellseg.measure(maps[0], maps[1], images, 0.5, compartments=cellseg.compartments(*maps, 3), texture=True,
                             texture_levels=16, neighbours=True, shape=False, intensity=False)  # fmt: skip
    same(table_of(files / "t.csv"), theirs)


def test_all_groups_and_a_label_map_by_name(files, maps):
    spots = np.where(np.random.default_rng(2).random(maps[0].shape) < 0.02, maps[0], 0)
    Image.fromarray(spots.astype(np.uint16)).save(files / "spots=1.png")  # only the first sign ends the name
    result = run("measure", "--labels", "f.cells.tif", "--labels", "spots=spots=1.png", "--measure", "all", "-o", "t.csv",
                 "f_DNA.tif", cwd=files)  # fmt: skip
    assert result.code == 0 and result.errors == []
    groups = {option.name: True for option in cellseg.options("measure") if option.type is bool}
    picture, size = {"f_DNA": tifffile.imread(files / "f_DNA.tif")}, stated_size(files / "f.cells.tif")
    theirs = cellseg.measure(maps[0], None, picture, size, compartments={"spots": spots}, **groups)
    ours = table_of(files / "t.csv")
    assert list(ours) == list(theirs)
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-9, atol=1e-9, err_msg=name)


def test_segment_measures_as_measure_does(crop, tmp_path):
    options = "--measure", "neighbours,texture", "--texture-levels", "8", "--compartments", "--ring-px", "2"
    assert run("segment", "-o", tmp_path, *options, crop).code == 0
    result = run("measure", "--labels", tmp_path / "crop.cells.tif", "--nuclei", tmp_path / "crop.nuclei.tif", *options, "-o",
                 tmp_path / "again.csv", crop)  # fmt: skip
    assert result.code == 0
    ours, again = table_of(tmp_path / "crop.csv"), table_of(tmp_path / "again.csv")
    assert len(ours["id"]) > 3 and "ring.texture_entropy_channel_1" in ours and "ring.texture_entropy_crop_1" in again
    for one, other in zip(ours.values(), again.values()):
        np.testing.assert_allclose(one, other, rtol=1e-5)  # the label map's file states the pixel size as a ratio
    record = json.loads((tmp_path / "crop.json").read_text())
    assert record["ring_px"] == 2 and record["measuring"]["texture"] == "yes" and record["measuring"]["shape"] == "no"


def test_names_of_channels_come_from_the_file(tmp_path):
    result = run("measure", "--labels", TRUTH, "--measure", "intensity", "--json", "-o", tmp_path / "t.csv", FIELD)
    names = list(table_of(tmp_path / "t.csv"))
    assert {"intensity_mean_phalloidin", "intensity_mean_DAPI"} < {*names}
    line = json.loads(result.output)
    assert (line["cells"], line["columns"]) == (len(table_of(tmp_path / "t.csv")["id"]), len(names))
    assert line["labels"] == str(TRUTH) and line["table"] == str(tmp_path / "t.csv")


def test_channels_without_names_are_called_after_the_file(files, maps, field):
    write_image(files / "two.tif", field[:, 100:360, 200:460])
    assert run("measure", "--labels", "f.cells.tif", "-o", "t.csv", "two.tif", cwd=files).code == 0
    assert {"intensity_mean_two_0", "intensity_mean_two_1"} < {*table_of(files / "t.csv")}


def test_without_a_pixel_size_lengths_are_pixels(files, maps):
    write_image(files / "plain.tif", maps[0], None)
    assert run("measure", "--labels", "plain.tif", "-o", "t.csv", "f_DNA.tif", cwd=files).code == 0
    assert "area_px2" in table_of(files / "t.csv")


def test_ids_that_differ_are_told(files, maps):
    write_image(files / "other.tif", np.where(maps[1] > 0, maps[1] + 1, 0))
    result = run("measure", "--labels", "f.cells.tif", "--nuclei", "other.tif", "-o", "t.csv", cwd=files)
    assert result.code == 0
    assert result.errors == [
        "cellseg: warning: other.tif: no nucleus has the id of the cell that it lies in, so that no cell has a nucleus"
    ]


@pytest.mark.parametrize("words, line", [
    (["--labels", "f.cells.tif"], "-o FILE is missing"),
    (["-o", "t.csv", "f_DNA.tif"], "--labels FILE is missing"),
    (["--labels", "f.cells.tif", "--labels", "f.nuclei.tif", "-o", "t.csv"],
     "the first --labels is the file of the cells; each further one needs a name, --labels NAME=FILE"),
    (["--labels", "f.cells.tif", "--compartments", "-o", "t.csv"], "--compartments needs --nuclei FILE"),
    (["--labels", "f.cells.tif", "--ring-px", "-1", "-o", "t.csv"], "--ring-px must not be negative"),
    (["--labels", "f.cells.tif", "--measure", "shape,txture", "-o", "t.csv"],
     '--measure has no group "txture" (did you mean texture?); groups are shape,intensity,neighbours,texture'),
])  # fmt: skip
def test_wrong_words(words, line, files):
    result = run("measure", *words, cwd=files)
    assert result.code == 2 and len(result.errors) == 1 and line in result.errors[0], result.errors
    assert not (files / "t.csv").exists()


def test_a_file_of_another_size_is_named(files, field):
    write_image(files / "small.tif", field[0, :100, :90])
    for words in ["small.tif"], ["--labels", "x=small.tif"], ["--nuclei", "small.tif"]:
        result = run("measure", "--labels", "f.cells.tif", "-o", "t.csv", *words, cwd=files)
        assert result.code == 1
        assert result.errors == [
            "cellseg: small.tif: the file has 90 x 100 pixels, and f.cells.tif has 260 x 260; both must show the same field"
        ]
    assert not (files / "t.csv").exists()


@pytest.mark.parametrize("table", ["f.cells.tif", "f.nuclei.tif", "f_DNA.tif", "f_actin.tif"])
def test_no_input_is_replaced(table, files):
    before = (files / table).read_bytes()
    result = run("measure", "--labels", "f.cells.tif", "--nuclei", "f.nuclei.tif", "-o", table, "--image", "f_DNA.tif",
                 "f_actin.tif", cwd=files)  # fmt: skip
    assert result.code == 1 and result.errors == [f"cellseg: {table}: the table would replace a file that is read"]
    assert (files / table).read_bytes() == before


@pytest.mark.parametrize("name", ["a b", "x" * 32, "."])
def test_a_name_that_is_no_word(name, files):
    result = run("measure", "--labels", "f.cells.tif", "--labels", f"{name}=f.nuclei.tif", "-o", "t.csv", cwd=files)
    assert result.code == 1 and "1 to 31 letters, digits and underscores" in result.errors[0]


def test_a_file_that_is_not_there(files):
    result = run("measure", "--labels", "f.cells.tif", "-o", "t.csv", "none.tif", cwd=files)
    assert result.code == 1 and result.errors == ["cellseg: none.tif: cannot be opened: No such file or directory"]
