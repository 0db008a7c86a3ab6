# SPDX-License-Identifier: BSD-3-Clause
"""Labels of other programs: what other packages write, or documents of the formats describe, becomes the right label map; damaged
files give one line.

Packages that PyPI has and Debian has not check files where they are installed: pip install pycocotools roifile.
"""

import io
import json
import pickle
import random
import struct
import zipfile

import cellseg
import numpy as np
import pytest
import tifffile
from scipy import ndimage
from shapely import vectorized
from shapely.geometry import Polygon, mapping
from skimage.draw import disk

SHAPE = 90, 110


def field(seed, gap=1):
    values = ndimage.gaussian_filter(np.random.default_rng(seed).random(SHAPE), 4)
    return ndimage.label(values > np.quantile(values, 0.6))[0].astype(np.uint32) * gap


def noise(seed):
    """Holes, parts and diagonal contacts of every kind."""
    return np.random.default_rng(seed).integers(0, 4, SHAPE).astype(np.uint32) * 7


def warnings_of(function, *arguments):
    """The result, and the warnings that the library logged."""
    lines = []
    with cellseg.Context(log=lambda level, text: lines.append(text)) as context:
        return function(*arguments, context=context), lines


def inside(polygon):
    """Pixels whose centres lie in a polygon of shapely's."""
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    return vectorized.contains(polygon, x, y)


def star(seed, x, y):
    """A polygon of corners that are no round numbers, with dents."""
    rng = np.random.default_rng(seed)
    angles = np.sort(rng.random(30)) * 2 * np.pi
    radii = rng.uniform(4, 14, 30)
    return Polygon(np.stack([x + radii * np.cos(angles), y + radii * np.sin(angles)], axis=1))


STARS = [(star(seed, x, y), seed + 1) for seed, (x, y) in enumerate([(20, 20), (60, 25), (90, 60), (30, 65), (104, 14)])]


def painted(polygons=STARS):
    labels = np.zeros(SHAPE, np.uint32)
    for polygon, id_ in polygons:
        labels[inside(polygon) & (labels == 0)] = id_
    return labels


# ---- what this library writes comes back ----


@pytest.mark.parametrize("make", [field, noise])
@pytest.mark.parametrize("kind", ["rois.zip", "geojson", "coco.json"])
def test_round_trips_lose_nothing(tmp_path, make, kind):
    cells = make(1)
    nuclei = np.where(make(2) % 2 == 1, cells, 0)
    path = tmp_path / f"a.{kind}"
    if kind == "coco.json":
        cellseg.write_coco(path, "a.tif", cells, nuclei)
    else:
        {"rois.zip": cellseg.write_rois, "geojson": cellseg.write_geojson}[kind](path, cells, nuclei)
    (own, own_nuclei), lines = warnings_of(cellseg.import_labels, path, None if kind == "coco.json" else SHAPE)
    np.testing.assert_array_equal(own, cells)
    np.testing.assert_array_equal(own_nuclei, nuclei)
    assert lines == []


def test_smooth_outlines_come_back_within_one_percent(tmp_path):
    cells = field(3)
    cellseg.write_rois(tmp_path / "a.zip", cells, smooth=True)
    (own, _), _ = warnings_of(cellseg.import_labels, tmp_path / "a.zip", SHAPE)
    assert (own == cells).mean() > 0.99 and set(np.unique(own)) == set(np.unique(cells))


# ---- polygons against shapely ----


def write_geojson(path, features):
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    return path


def feature(polygon, **members):
    return {"type": "Feature", "geometry": mapping(polygon), "properties": {}, **members}


def test_geojson_of_shapely(tmp_path):
    features = [feature(polygon, id=str(id_)) for polygon, id_ in STARS]
    own, nuclei = cellseg.import_labels(write_geojson(tmp_path / "a.geojson", features), SHAPE)
    np.testing.assert_array_equal(own, painted())
    assert nuclei is None
    (tmp_path / "b.json").write_text("\ufeff" + json.dumps(features))
    np.testing.assert_array_equal(cellseg.import_labels(tmp_path / "b.json", SHAPE)[0], own)
    (tmp_path / "c.json").write_text(json.dumps(features[0]))
    np.testing.assert_array_equal(cellseg.import_labels(tmp_path / "c.json", SHAPE)[0], painted(STARS[:1]))


def test_geojson_of_qupath(tmp_path):
    """UUIDs are no ids: objects are numbered; holes, several polygons, nuclei by class and as nucleusGeometry; no points."""
    ring = Polygon(STARS[0][0].buffer(6).exterior, [STARS[0][0].exterior])
    two = STARS[1][0].union(STARS[2][0])
    features = [
        feature(ring, id="f81d4fae-7dec-11d0-a765-00a0c91e6bf6", nucleusGeometry=mapping(STARS[0][0].buffer(-2))),
        feature(two, id="f81d4fae-7dec-11d0-a765-00a0c91e6bf7"),
        feature(STARS[3][0], properties={"objectType": "annotation", "classification": {"name": "Nuclei", "color": [1, 2, 3]}}),
        {"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}, "properties": {}},
    ]
    path = write_geojson(tmp_path / "a.geojson", features)
    (own, nuclei), lines = warnings_of(cellseg.import_labels, path, SHAPE)
    np.testing.assert_array_equal(own, painted([(ring, 1), (two, 2)]))
    np.testing.assert_array_equal(nuclei, painted([(STARS[0][0].buffer(-2), 1), (STARS[3][0], 3)]))
    assert any("objects without an area, such as points and lines, are left out: 1" in line for line in lines)


def test_labelme(tmp_path):
    """Shapes of one group are one object."""
    disc = np.zeros(SHAPE, bool)
    disc[disk((70.0, 80.0), 8.5, shape=SHAPE)] = True  # centres of pixels are whole numbers there
    shapes = [
        {"label": "cell", "points": [list(p) for p in STARS[0][0].exterior.coords], "shape_type": "polygon", "group_id": None},
        {"label": "cell", "points": [[50, 10], [58, 20]], "shape_type": "rectangle", "group_id": 7},
        {"label": "cell", "points": [[60, 10], [68, 20]], "shape_type": "rectangle", "group_id": 7},
        {"label": "Nucleus", "points": [[62, 12], [66, 16]], "shape_type": "rectangle", "group_id": 7},
        {"label": "cell", "points": [[80.5, 70.5], [89, 70.5]], "shape_type": "circle"},
        {"label": "cell", "points": [[1, 1], [2, 2]], "shape_type": "line"},
    ]
    document = {"version": "5.0", "shapes": shapes, "imageData": "QUJD", "imageHeight": SHAPE[0], "imageWidth": SHAPE[1]}
    (tmp_path / "a.json").write_text(json.dumps(document))
    (own, nuclei), lines = warnings_of(cellseg.import_labels, tmp_path / "a.json")
    assert len(lines) == 1
    np.testing.assert_array_equal(own == 1, inside(STARS[0][0]))
    group = own[15, 55]
    wanted = np.zeros(SHAPE, bool)
    wanted[10:20, 50:58] = wanted[10:20, 60:68] = True
    np.testing.assert_array_equal(own == group, wanted)
    assert np.argwhere(nuclei).tolist() == [[y, x] for y in range(12, 16) for x in range(62, 66)] and nuclei.max() == group
    assert ((own == 5) ^ disc).sum() <= 4  # a polygon of 64 corners


# ---- COCO ----


def uncompressed(mask):
    """Run lengths down the columns, as COCO's format describes."""
    flat = mask.T.ravel()
    edges = np.flatnonzero(np.diff(np.concatenate([[0], flat.astype(int), [0]])))
    bounds = np.concatenate([[0], edges, [flat.size] if edges.size == 0 or edges[-1] != flat.size else []]).astype(int)
    return {"size": list(mask.shape), "counts": np.diff(bounds).tolist()}


def coco(images, annotations):
    categories = [{"id": 3, "name": "cell"}, {"id": 9, "name": "nucleus"}]
    return json.dumps({"images": images, "categories": categories, "annotations": annotations})


def image_named(id_, name):
    return {"id": id_, "file_name": name, "height": SHAPE[0], "width": SHAPE[1]}


def test_coco_polygons_masks_and_images(tmp_path):
    cells, whole = noise(4), np.ones(SHAPE, bool)
    annotations = [
        {"id": 40 + i, "image_id": 5, "category_id": 3, "segmentation": uncompressed(cells == i), "iscrowd": 1}
        for i in np.unique(cells)[1:].tolist()
    ]
    corners = [[v for p in STARS[i][0].exterior.coords for v in p] for i in range(2)]
    annotations += [
        {"id": 3, "image_id": 8, "category_id": 3, "segmentation": corners, "iscrowd": 0},
        {"id": 6, "image_id": 8, "category_id": 9, "segmentation": uncompressed(whole)},
    ]
    (tmp_path / "a.json").write_text(coco([image_named(5, "a.tif"), image_named(8, "folder/b.tif")], annotations))
    own, nuclei = cellseg.import_labels(tmp_path / "a.json", image_name="a.tif")
    np.testing.assert_array_equal(own, np.where(cells > 0, cells + 40, 0))
    assert nuclei is None
    own, nuclei = cellseg.import_labels(tmp_path / "a.json", image_name="b.tif")
    np.testing.assert_array_equal(own, painted([(STARS[0][0], 3), (STARS[1][0], 3)]))
    assert (nuclei == 6).all()
    for name in None, "c.tif":
        with pytest.raises(cellseg.FormatError, match='2 images.*"a.tif"'):
            cellseg.import_labels(tmp_path / "a.json", image_name=name)


def test_coco_of_pycocotools(tmp_path):
    mask = pytest.importorskip("pycocotools.mask")
    cells = noise(5)
    annotations = []
    for i in np.unique(cells)[1:].tolist():
        encoded = mask.encode(np.asfortranarray((cells == i).astype(np.uint8)))
        segmentation = {"size": encoded["size"], "counts": encoded["counts"].decode()}
        annotations.append({"id": i, "image_id": 1, "category_id": 3, "segmentation": segmentation})
    (tmp_path / "a.json").write_text(coco([image_named(1, "a.tif")], annotations))
    np.testing.assert_array_equal(cellseg.import_labels(tmp_path / "a.json")[0], cells)


# ---- ImageJ ----


def region(type_, box=(0, 0, 0, 0), corners=(), options=0, floats=(), subtype=0, path=()):
    """One of ImageJ's files, as its RoiEncoder writes them. box: top, left, bottom, right."""
    body = b"".join(struct.pack(">H", int(v) & 65535) for axis in zip(*corners) for v in axis)
    body += b"".join(struct.pack(">f", v) for axis in zip(*floats) for v in axis) + b"".join(struct.pack(">f", v) for v in path)
    header = b"Iout" + struct.pack(">hBx", 227, type_) + struct.pack(">4H", *(v & 65535 for v in box))
    header += struct.pack(">H16xhiiihh", len(corners), 0, len(path), 0, 0, subtype, options) + struct.pack(">BBhii", 0, 0, 0, 0, 0)
    return header + body


def archive_of(path, entries, method=zipfile.ZIP_DEFLATED):
    with zipfile.ZipFile(path, "w", method) as archive:
        for name, content in entries.items():
            archive.writestr(name, content)
    return path


SQUARE = [(0, 0), (10, 0), (10, 10), (0, 10)]


def test_regions_of_every_type(tmp_path):
    triangle = Polygon([(70, 5), (90, 5), (70, 25)])
    entries = {
        "RoiSet/3.roi": region(8, (4, 5, 14, 15), SQUARE),
        "4.roi": region(1, (30, 5, 38, 25)),
        "5.roi": region(2, (30, 40, 50, 60)),
        "6.roi": region(0, (5, 70, 25, 90), [(0, 0)] * 3, 128, list(triangle.exterior.coords)[:3]),
        "9.roi": region(1, (60, 10, 80, 40), path=[0, 10, 60, 1, 40, 60, 1, 40, 80, 1, 10, 80, 4, 0, 20, 65, 1, 20, 75, 1, 30, 75, 1, 30, 65, 4]),
        "5-nucleus.roi": region(7, (35, 45, 45, 55), SQUARE),
        "7.roi": region(10, (1, 1, 1, 1), [(0, 0)]),
        "8.roi": region(1, (1, 1, 9, 9), subtype=1),
        "read.me": b"not a region",
    }
    wanted = np.zeros(SHAPE, np.uint32)
    wanted[4:14, 5:15], wanted[30:38, 5:25], wanted[60:80, 10:40], wanted[65:75, 20:30] = 3, 4, 9, 0
    wanted[inside(triangle)] = 6
    y, x = np.mgrid[: SHAPE[0], : SHAPE[1]] + 0.5
    wanted[(y - 40) ** 2 + (x - 50) ** 2 < 100] = 5
    for method in zipfile.ZIP_DEFLATED, zipfile.ZIP_STORED:
        path = archive_of(tmp_path / "a.zip", entries, method)
        (own, nuclei), lines = warnings_of(cellseg.import_labels, path, SHAPE)
        assert ((own != wanted) & (own != 5) & (wanted != 5)).sum() == 0 and (own != wanted).sum() <= 8  # 64 corners
        assert np.argwhere(nuclei).tolist() == [[y, x] for y in range(35, 45) for x in range(45, 55)] and nuclei.max() == 5
        assert len(lines) == 1 and "objects without an area, such as points and lines, are left out: 2" in lines[0]
    (tmp_path / "one.roi").write_bytes(entries["4.roi"])
    own, _ = cellseg.import_labels(tmp_path / "one.roi", SHAPE)
    np.testing.assert_array_equal(own, wanted == 4)


def test_regions_without_ids_are_numbered(tmp_path):
    entries = {f"00{i}-0012.roi": region(1, (10 * i, 5, 10 * i + 5, 9)) for i in range(4)}
    own, _ = cellseg.import_labels(archive_of(tmp_path / "a.zip", entries), SHAPE)
    assert own[[1, 11, 21, 31], 6].tolist() == [1, 2, 3, 4]


def test_regions_of_roifile(tmp_path):
    roifile = pytest.importorskip("roifile")
    for polygon, id_ in STARS:
        corners = np.array(polygon.exterior.coords)[:-1]
        roifile.ImagejRoi.frompoints(corners, name=str(id_)).tofile(tmp_path / "a.zip")
    own, _ = cellseg.import_labels(tmp_path / "a.zip", SHAPE)
    rounded = [(Polygon(np.array(p.exterior.coords).astype(np.float32)), id_) for p, id_ in STARS]
    np.testing.assert_array_equal(own, painted(rounded))


# ---- arrays ----


@pytest.mark.parametrize("dtype", ["u1", "<u2", ">u2", "<u4", "<i4", ">i8", "<u8", "?"])
def test_numpy_arrays(tmp_path, dtype):
    cells = field(6).astype(dtype)
    for name, array in {"c": cells, "f": np.asfortranarray(cells), "three": cells[None]}.items():
        np.save(tmp_path / f"{name}.npy", array)
        np.testing.assert_array_equal(cellseg.import_labels(tmp_path / f"{name}.npy")[0], cells)


def seg_npy(path, content, protocol):
    """As numpy.save() writes an object, in each of pickle's protocols."""
    array = np.empty((), object)
    array[()] = content
    with open(path, "wb") as file:
        np.lib.format.write_array_header_1_0(file, np.lib.format.header_data_from_array_1_0(array))
        pickle.dump(array, file, protocol=protocol)
    return path


@pytest.mark.parametrize("protocol", [3, 4])
@pytest.mark.parametrize("dtype", ["<u2", "<u4", ">i4"])
def test_cellpose_seg_npy(tmp_path, dtype, protocol):
    """The members that Cellpose writes; two arrays share one dtype, which the pickle states once."""
    masks = field(7).astype(dtype)
    content = {
        "outlines": masks * 0,
        "colors": np.zeros((5, 3), np.uint8),
        "masks": masks,
        "chan_choose": [0, 0],
        "ismanual": np.zeros(5, bool),
        "filename": "ü/image.tif",
        "flows": [np.zeros((1, 8, 8, 3), np.uint8), [np.float32(1.5)], []],
        "est_diam": np.float64(30.1),
        "model_path": 0,
        "many": list(range(3000)),
        "text": "masks",
        "no": (None, True, 2**40, -3, 1.5, b"bytes", {"a": {1, 2}}),
    }
    own, nuclei = cellseg.import_labels(seg_npy(tmp_path / "a_seg.npy", content, protocol))
    np.testing.assert_array_equal(own, masks)
    assert nuclei is None
    np.save(tmp_path / "b_seg.npy", content)
    np.testing.assert_array_equal(cellseg.import_labels(tmp_path / "b_seg.npy")[0], masks)


def test_a_pickle_runs_no_code(tmp_path):
    class Bad:
        def __reduce__(self):
            return (open, (str(tmp_path / "made"), "w"))

    own, _ = cellseg.import_labels(seg_npy(tmp_path / "a.npy", {"x": Bad(), "masks": field(8)}, 4))
    assert own.any() and not (tmp_path / "made").exists()


@pytest.mark.parametrize("ending", ["tif", "png"])
def test_label_maps(tmp_path, ending):
    cells = field(9).astype(np.uint16)
    path = tmp_path / f"a_cp_masks.{ending}"
    if ending == "tif":
        tifffile.imwrite(path, cells, compression="zlib")
    else:
        from PIL import Image

        Image.fromarray(cells).save(path)
    np.testing.assert_array_equal(cellseg.import_labels(path, SHAPE)[0], cells)
    with pytest.raises(cellseg.FormatError, match="110 x 90 pixels .*the image 9 x 5"):
        cellseg.import_labels(path, (5, 9))


# ---- bad input ----


def test_overlaps_and_outlines_beyond_the_image_are_told(tmp_path):
    squares = [Polygon([(x, 5), (x + 10, 5), (x + 10, 15), (x, 15)]) for x in (5, 12, 5, 105)]
    path = write_geojson(tmp_path / "a.geojson", [feature(square, id=i + 1) for i, square in enumerate(squares)])
    (own, _), lines = warnings_of(cellseg.import_labels, path, SHAPE)
    np.testing.assert_array_equal(own, painted([(square, i + 1) for i, square in enumerate(squares)]))
    told = "\n".join(lines)
    assert "overlap in 130 pixels" in told and "row 5, column 12 to 1, not to 2" in told
    assert "1 of the outlines hold no pixel" in told and "object 3" in told
    assert "1 of the outlines reach beyond" in told and "object 4" in told


def test_rounding_carries_no_edge_into_other_objects(tmp_path):
    """An edge that ends just below the middle of a row: plain arithmetic places the crossing right of the edge's end."""
    (left, top), (right, bottom) = (2.22, 0.379), (27.5, 5.500000000000001)
    assert left + (round(bottom + 0.5) - 0.5 - top) * ((right - left) / (bottom - top)) > right
    corner, square = Polygon([(left, top), (right, bottom), (left, bottom)]), Polygon([(62, 0), (80, 0), (80, 60), (62, 60)])
    around = Polygon([(0, 0), (100, 0), (100, 80), (0, 80)])
    shapes = [(corner, 1), (square, 2), (around, 3)]
    path = write_geojson(tmp_path / "a.geojson", [feature(shape, id=id_) for shape, id_ in shapes])
    np.testing.assert_array_equal(warnings_of(cellseg.import_labels, path, SHAPE)[0][0], painted(shapes))


def test_a_damaged_directory_hides_no_region(tmp_path):
    path = archive_of(tmp_path / "a.zip", {f"{i}.roi": region(1, (10 * i, 5, 10 * i + 5, 9)) for i in range(1, 5)})
    whole = path.read_bytes()
    for mark in [i for i in range(len(whole)) if whole[i : i + 4] == b"PK\1\2"]:
        path.write_bytes(whole[:mark] + b"pk" + whole[mark + 2 :])
        with pytest.raises(cellseg.FormatError, match="a.zip: the directory of the ZIP archive is damaged"):
            cellseg.import_labels(path, SHAPE)


BAD = {
    "an object outside": ([feature(Polygon([(500, 5), (510, 5), (510, 9)]), id=12)], r"cell 12 lies at x 500 to 510, y 5 to 9"),
    "no outlines": ([], "no outlines"),
    "only points": ([{"type": "Feature", "geometry": {"type": "Point", "coordinates": [1, 2]}}], "only points"),
    "no feature": ([{"type": "Polygon"}], "entry 1 is no GeoJSON feature"),
    "a broken ring": ([{"type": "Feature", "geometry": {"type": "Polygon", "coordinates": [[[1, 2], [3]]]}}], r"no \[x, y\]"),
    "no coordinates": ([{"type": "Feature", "geometry": {"type": "Polygon"}}], "feature 1: its geometry has no coordinates"),
    "a far corner": ([feature(Polygon([(1e300, 5), (1, 5), (1, 9)]))], "corner at x 1e"),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_geojson(tmp_path, name):
    features, message = BAD[name]
    path = write_geojson(tmp_path / "a.geojson", features)
    with pytest.raises(cellseg.FormatError, match=f"a.geojson.*{message}"):
        cellseg.import_labels(path, SHAPE)


def test_a_missing_size_is_told(tmp_path):
    path = write_geojson(tmp_path / "a.geojson", [feature(STARS[0][0])])
    with pytest.raises(cellseg.ArgumentError, match="do not state the image's size"):
        cellseg.import_labels(path)


@pytest.mark.parametrize(
    "segmentation, message",
    [
        ({"size": [9, 9], "counts": [1]}, "annotation 4: its mask has 9 x 9 pixels .*, the image 110 x 90"),
        ({"size": list(SHAPE), "counts": [1, 10**9]}, "annotation 4: its run 2 leaves the mask"),
        ({"size": list(SHAPE), "counts": "oooooooooooooooooo"}, "annotation 4: its counts"),
        ({"size": list(SHAPE)}, "no counts"),
        ({}, "no size"),
        ([[1, 2, 3]], "no list of x and y"),
        ([[1, "a"]], "no number"),
    ],
)
def test_bad_coco(tmp_path, segmentation, message):
    annotations = [{"id": 4, "image_id": 1, "category_id": 3, "segmentation": segmentation}]
    (tmp_path / "a.json").write_text(coco([image_named(1, "a.tif")], annotations))
    with pytest.raises(cellseg.FormatError, match=message):
        cellseg.import_labels(tmp_path / "a.json")


def test_bad_arrays(tmp_path):
    for array, message in (
        (np.ones(SHAPE) * 0.5, "no array of whole numbers|ids are whole numbers"),
        (-np.ones(SHAPE, int), "row 0, column 0 is no id"),
        (np.zeros((2, *SHAPE), int), "3 dimensions"),
        (np.zeros((1, 1, 1, 1), int), "more than 3 dimensions"),
        (np.zeros((0, 5), int), "size|height"),
    ):
        np.save(tmp_path / "a.npy", array)
        with pytest.raises((cellseg.FormatError, cellseg.ArgumentError), match=message):
            cellseg.import_labels(tmp_path / "a.npy")
    np.save(tmp_path / "a.npy", {"flows": 1})
    with pytest.raises(cellseg.FormatError, match='no array "masks"'):
        cellseg.import_labels(tmp_path / "a.npy")


def test_other_files(tmp_path):
    for content, message in (
        (b"", "empty"),
        (b"hello", "no file of labels"),
        (b"{}", "neither GeoJSON"),
        (b"{", "not valid JSON"),
        (b"PK\3\4" + bytes(60), "no directory"),
        (b"Iout" + bytes(10), "no region of ImageJ"),
        (b"\x93NUMPY\1\0", "cut off"),
    ):
        (tmp_path / "a").write_bytes(content)
        with pytest.raises(cellseg.FormatError, match=message):
            cellseg.import_labels(tmp_path / "a", SHAPE)
    with pytest.raises(cellseg.FileError):
        cellseg.import_labels(tmp_path / "missing")


def test_damaged_files_give_one_line(tmp_path):
    """Bytes changed at random: a result or a line with the path, and no crash."""
    cells, rng = field(10), random.Random(1)
    cellseg.write_geojson(tmp_path / "geojson", cells, cells)
    cellseg.write_coco(tmp_path / "coco", "a.tif", cells, cells)
    archive_of(tmp_path / "zip", {f"{i}.roi": region(8, (4, 5 * i, 14, 5 * i + 9), SQUARE) for i in range(1, 9)})
    seg_npy(tmp_path / "npy", {"masks": cells.astype(np.uint16), "flows": [1, (2, "a")]}, 4)
    failed = 0
    for name in "geojson", "coco", "zip", "npy":
        good = (tmp_path / name).read_bytes()
        for _ in range(150):
            bad = bytearray(good)
            for _ in range(rng.randint(1, 3)):
                bad[rng.randrange(min(len(bad), 600) if rng.random() < 0.5 else len(bad))] = rng.choice(b'\0\1\xff[]{},"0e9.')
            if rng.random() < 0.2:
                del bad[rng.randrange(len(bad)) :]
            (tmp_path / "bad").write_bytes(bad)
            try:
                cellseg.import_labels(tmp_path / "bad", SHAPE)
            except cellseg.Error as error:
                assert str(tmp_path / "bad") in str(error) and "\n" not in str(error)
                failed += 1
    assert failed > 100


def test_versions_of_the_header(tmp_path):
    """NumPy writes three, of two lengths."""
    cells = field(11)
    for version in (1, 0), (2, 0), (3, 0):
        file = io.BytesIO()
        np.lib.format.write_array(file, cells, version)
        (tmp_path / "a.npy").write_bytes(file.getvalue())
        np.testing.assert_array_equal(cellseg.import_labels(tmp_path / "a.npy")[0], cells)
