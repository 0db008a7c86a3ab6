# SPDX-License-Identifier: BSD-3-Clause
"""cellseg convert: label maps to files of outlines and back, names, sizes and refusals."""

import json

import cellseg
import numpy as np
import pytest
import tifffile
from program import PIXEL_SIZE_UM, run, write_image


@pytest.fixture(scope="module")
def field(tmp_path_factory):
    """An image of 200 x 180 pixels with the pixel size in its file, and its label maps as files of outlines."""
    folder = tmp_path_factory.mktemp("field")
    image, cells, nuclei = cellseg.simulate(200, 180, seed=4)
    write_image(folder / "drug_1.tif", image.astype(np.uint16))
    cellseg.write_rois(folder / "drug_1.zip", cells, nuclei)
    cellseg.write_geojson(folder / "drug_1.geojson", cells, nuclei)
    cellseg.write_coco(folder / "coco.json", "drug_1.tif", cells, nuclei)
    np.save(folder / "drug_1_seg.npy", {"masks": cells.astype(np.uint16), "flows": []})
    tifffile.imwrite(folder / "drug_1_cp_masks.tif", cells.astype(np.uint16))
    return folder, cells, nuclei


def maps_of(folder, stem):
    return [tifffile.imread(folder / f"{stem}.{kind}.tif") for kind in ("cells", "nuclei")]


def names(folder):
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize("name", ["drug_1.zip", "drug_1.geojson"])
def test_outlines_become_the_label_maps(tmp_path, field, name):
    folder, *wanted = field
    for images in folder / "drug_1.tif", folder:
        assert run("convert", "-o", tmp_path / "out", "--overwrite", "--images", images, folder / name).code == 0
        assert names(tmp_path / "out") == ["drug_1.cells.tif", "drug_1.nuclei.tif"]
        for own, labels in zip(maps_of(tmp_path / "out", "drug_1"), wanted):
            np.testing.assert_array_equal(own, labels)
    assert cellseg.read(tmp_path / "out/drug_1.cells.tif").pixel_size_um == pytest.approx(PIXEL_SIZE_UM, rel=1e-6)


def test_round_trips_through_every_format(tmp_path, field):
    """Label maps to four kinds of files; each of the three that hold labels back to the same label maps."""
    folder, *wanted = field
    extra = "--rois", "--geojson", "--coco", "--svg"
    assert run("convert", "-o", tmp_path / "a", *extra, "--images", folder, folder / "coco.json").code == 0
    written = ["cells.tif", "coco.json", "geojson", "nuclei.tif", "rois.zip", "svg"]
    assert names(tmp_path / "a") == [f"drug_1.{kind}" for kind in written]
    for kind in "rois.zip", "geojson", "coco.json":
        out = tmp_path / kind.split(".")[0]
        assert run("convert", "-o", out, "--images", folder / "drug_1.tif", tmp_path / f"a/drug_1.{kind}").code == 0
        for own, labels in zip(maps_of(out, "drug_1"), wanted):
            np.testing.assert_array_equal(own, labels)


def test_a_result_becomes_outlines_with_its_nuclei(tmp_path, field):
    _, cells, nuclei = field
    for kind, labels in ("cells", cells), ("nuclei", nuclei):
        write_image(tmp_path / f"a.{kind}.tif", labels.astype(np.uint16))
    assert run("convert", "-o", tmp_path / "out", "--rois", tmp_path / "a.cells.tif").code == 0
    own = cellseg.import_labels(tmp_path / "out/a.rois.zip", cells.shape)
    for labels, wanted in zip(own, (cells, nuclei)):
        np.testing.assert_array_equal(labels, wanted)
    (tmp_path / "a.nuclei.tif").write_bytes(b"II*\0")
    done = run("convert", "-o", tmp_path / "out", "--overwrite", tmp_path / "a.cells.tif")
    assert done.code == 1 and "a.nuclei.tif" in " ".join(done.errors)


@pytest.mark.parametrize("name", ["drug_1_seg.npy", "drug_1_cp_masks.tif"])
def test_cellpose(tmp_path, field, name):
    folder, cells, _ = field
    done = run("convert", "--json", "-o", tmp_path / "out", folder / name)
    assert done.code == 0 and json.loads(done.output)["stem"] == "drug_1"
    assert names(tmp_path / "out") == ["drug_1.cells.tif"]
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out/drug_1.cells.tif"), cells)


def test_a_coco_file_of_a_folder(tmp_path, field):
    """Each image gets its own labels; an image that the file lacks fails alone."""
    folder, cells, _ = field
    (tmp_path / "images").mkdir()
    one = json.loads((folder / "coco.json").read_text())
    both = {**one, "images": [one["images"][0], {**one["images"][0], "id": 2, "file_name": "b.tif"}]}
    both["annotations"] = one["annotations"] + [{**one["annotations"][0], "image_id": 2, "id": 999, "cell_id": 5}]
    (tmp_path / "all.json").write_text(json.dumps(both))
    for name in "b", "c", "drug_1":
        write_image(tmp_path / f"images/{name}.tif", np.ones((200, 180), np.uint16))
    done = run("convert", "-o", tmp_path / "out", "--images", tmp_path / "images", tmp_path / "all.json")
    assert done.code == 3 and 'none of them "c.tif"' in " ".join(done.errors)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "out/drug_1.cells.tif"), cells)
    own = tifffile.imread(tmp_path / "out/b.cells.tif")
    np.testing.assert_array_equal(own, np.where(cells == one["annotations"][0]["cell_id"], 5, 0))


def test_refusals(tmp_path, field):
    folder, *_ = field
    for arguments, code, message in (
        ((folder / "drug_1.zip",), 1, "drug_1.zip: files of this format do not state the image's size"),
        (("--images", folder / "none.tif", folder / "drug_1.zip"), 1, "none.tif: cannot be opened"),
        ((), 2, "an input file is missing"),
        ((folder / "drug_1.zip", folder / "drug_1.geojson"), 2, "the same name without their endings"),
        ((folder / "drug_1.zip", "--images", folder / "drug_1.tif", "--z", "x"), 2, "z must be"),
    ):
        done = run("convert", "-o", tmp_path / "out", *arguments)
        assert done.code == code and message in " ".join(done.errors) and not list(tmp_path.glob("out/*"))
    assert run("convert", folder / "drug_1.zip").code == 2
    done = run("convert", "-o", folder / "out", folder)
    assert done.code == 2 and done.errors == [f"cellseg: {folder}: this is a folder; name the files in it, for instance {folder}/*.zip"]
    done = run("convert", "-o", tmp_path / "out", "--images", folder / "drug_1.tif", folder / "drug_1.zip", folder / "coco.json")
    assert done.code == 2 and "several inputs need a folder" in " ".join(done.errors)
    write_image(tmp_path / "small.tif", np.ones((20, 30), np.uint16))
    done = run("convert", "-o", tmp_path / "out", "--images", tmp_path / "small.tif", folder / "drug_1.zip")
    assert done.code == 1 and "outside the image of 30 x 20 pixels" in " ".join(done.errors)
    done = run("convert", "-o", tmp_path / "out", "--images", tmp_path / "small.tif", folder / "coco.json")
    assert done.code == 1 and "the labels have 180 x 200 pixels (width x height), the image 30 x 20" in " ".join(done.errors)


def test_nothing_is_replaced_unasked(tmp_path, field):
    folder, cells, _ = field
    write_image(tmp_path / "a.cells.tif", cells.astype(np.uint16))
    before = (tmp_path / "a.cells.tif").read_bytes()
    for options, message in ((), "a result would replace the input"), (("--overwrite",), "a result would replace the input"):
        done = run("convert", "-o", tmp_path, *options, tmp_path / "a.cells.tif")
        assert done.code == 1 and message in " ".join(done.errors) and (tmp_path / "a.cells.tif").read_bytes() == before
    command = "convert", "-o", tmp_path / "out", tmp_path / "a.cells.tif"
    assert [run(*command).code, run(*command).code, run(*command, "--overwrite").code] == [0, 1, 0]
