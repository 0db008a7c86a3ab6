# SPDX-License-Identifier: BSD-3-Clause
"""Outlines against shapely, scikit-image and plain search, and the files that hold them against other readers.

Packages that PyPI has and Debian has not check files where they are installed: pip install pycocotools roifile.
"""

import json
import struct
import xml.etree.ElementTree as ElementTree
import zipfile

import cellseg
import geojson
import numpy as np
import pytest
from cellseg import _lowlevel as c
from scipy import ndimage
from shapely.geometry import LineString, MultiPolygon, Polygon, box, shape
from shapely.ops import polygonize, unary_union
from skimage.measure import find_contours


def noise(seed):
    """Holes, parts and diagonal contacts of every kind, with ids that are not in sequence."""
    random = np.random.default_rng(seed)
    return random.integers(0, 4, (17, 23)).astype(np.uint32) * [1, 7, 4294967295 // 3][seed % 3]


def mask(seed):
    random = np.random.default_rng(seed)
    return (random.random((20, 30)) < random.uniform(0.2, 0.8)).astype(np.uint32)


def blobs(seed, sigma=3, size=120):
    values = ndimage.gaussian_filter(np.random.default_rng(seed).random((size, size)), sigma)
    return np.digitize(values, np.quantile(values, [0.3, 0.6, 0.8])).astype(np.uint32)


MAPS = [make(seed) for make in (noise, mask, blobs) for seed in range(6)]
MAPS += [np.zeros((3, 4), np.uint32), np.ones((1, 1), np.uint32), np.ones((5, 1), np.uint32), np.eye(6, dtype=np.uint32)]


def shapely_of(polygons):
    return [Polygon(rings[0], rings[1:]) for rings in polygons]


def signed_area(ring):
    x, y = ring.T
    return np.sum(x * np.roll(y, -1) - np.roll(x, -1) * y) / 2


# ---- pixel edges ----


@pytest.mark.parametrize("labels", MAPS)
def test_pixel_edges_are_the_pixels(labels):
    """The union of the pixels as shapely computes it: the same points, for every id; valid, and divided as scipy divides."""
    found = cellseg.outlines(labels).polygons()
    assert list(found) == np.unique(labels[labels > 0]).tolist()
    for id_, polygons in found.items():
        shapes = shapely_of(polygons)
        pixels = [box(x, y, x + 1, y + 1) for y, x in np.argwhere(labels == id_)]
        together = MultiPolygon(shapes)
        assert together.is_valid and all(one.is_valid for one in shapes)
        assert together.area == len(pixels) and together.symmetric_difference(unary_union(pixels)).area == 0
        parts, count = ndimage.label(labels == id_)
        assert len(shapes) == count
        assert [one.area for one in shapes] == np.bincount(parts.ravel())[1:].tolist()  # both in raster order


@pytest.mark.parametrize("labels", MAPS)
def test_rings_have_an_orientation_and_only_corners(labels):
    outlines = cellseg.outlines(labels)
    for polygons in outlines.polygons().values():
        for rings in polygons:
            for number, ring in enumerate(rings):
                assert (signed_area(ring) < 0) == (number > 0)
                steps = np.roll(ring, -1, axis=0) - ring
                assert ((steps == 0).sum(axis=1) == 1).all()  # along one axis
                assert ((steps != 0) != (np.roll(steps, 1, axis=0) != 0)).all()  # and every point is a turn
                assert len({tuple(point) for point in ring}) == len(ring)
    assert outlines.holes.sum() == sum(len(rings) - 1 for many in outlines.polygons().values() for rings in many)


@pytest.mark.parametrize("seed", range(6))
def test_shapely_makes_the_same_faces_of_the_cracks(seed):
    """polygonize() builds faces from all unit edges between different ids, with no rings given."""
    labels = np.pad(mask(seed), 1)
    edges = [LineString([(x, y), (x, y + 1)]) for y, x in np.argwhere(labels[:, 1:] != labels[:, :-1]) + [0, 1]]
    edges += [LineString([(x, y), (x + 1, y)]) for y, x in np.argwhere(labels[1:] != labels[:-1]) + [1, 0]]
    faces = [f for f in polygonize(unary_union(edges)) if labels[tuple(int(v) for v in f.representative_point().coords[0][::-1])]]
    ours = shapely_of(cellseg.outlines(labels).polygons()[1])
    assert len(ours) == len(faces) == sum(any(one.equals(face) for face in faces) for one in ours)


def test_touching_corners():
    """Two pixels that touch diagonally are two polygons; a ring closed by a corner alone has a hole."""
    assert [len(rings) for rings in cellseg.outlines(np.eye(2, dtype=int)).polygons()[1]] == [1, 1]
    (rings,) = cellseg.outlines([[1, 1, 1], [1, 0, 1], [1, 1, 0]]).polygons()[1]
    assert len(rings) == 2 and signed_area(rings[0]) == 8 and signed_area(rings[1]) == -1
    (rings,) = cellseg.outlines([[1, 1, 1, 1], [1, 0, 1, 1], [1, 1, 0, 1], [1, 1, 1, 1]]).polygons()[1]
    assert [signed_area(ring) for ring in rings] == [16, -1, -1]


def test_an_island_in_a_hole_is_a_polygon_of_its_own():
    labels = np.zeros((9, 9), int)
    labels[1:8, 1:8], labels[2:7, 2:7], labels[4, 4] = 5, 0, 5
    assert [len(rings) for rings in cellseg.outlines(labels).polygons()[5]] == [2, 1]


# ---- smooth ----


@pytest.mark.parametrize("labels", MAPS)
def test_smooth_outlines_are_valid_and_keep_the_area(labels):
    for id_, polygons in cellseg.outlines(labels, smooth=True).polygons().items():
        shapes = shapely_of(polygons)
        assert all(one.is_valid for one in shapes)
        assert sum(one.area for one in shapes) == pytest.approx((labels == id_).sum(), rel=0.01)


@pytest.mark.parametrize("seed", range(6))
def test_smooth_outlines_are_filtered_contours_of_scikit_image(seed):
    """find_contours() at 1/2 gives the middles of the edges; NumPy filters and scales them. Each ring matches one of ours."""
    labels = np.pad((blobs(seed) > 1).astype(np.uint32), 2)
    diagonal = np.ones(1)
    while diagonal.size:  # where pixels touch at a corner alone, scikit-image and this library divide rings in another way
        a, b, c_, d = labels[:-1, :-1], labels[:-1, 1:], labels[1:, :-1], labels[1:, 1:]
        diagonal = np.argwhere((a == d) & (b == c_) & (a != b))
        labels[diagonal[:, 0], diagonal[:, 1]] = labels[diagonal[:, 0] + 1, diagonal[:, 1]] = 1
    contours = find_contours(labels, 0.5)
    exact, smooth = cellseg.outlines(labels), cellseg.outlines(labels, smooth=True)
    assert len(contours) == len(smooth.ids)
    areas = np.array([abs(signed_area(exact.points[a:b])) for a, b in zip(exact.offsets, exact.offsets[1:])])
    rings = [smooth.points[a:b] for a, b in zip(smooth.offsets, smooth.offsets[1:])]
    for contour in contours:
        ring = contour[:-1, ::-1] + 0.5
        for _ in range(4):
            ring = (np.roll(ring, 1, axis=0) + 2 * ring + np.roll(ring, -1, axis=0)) / 4
        centred, area = ring - ring.mean(axis=0), abs(signed_area(ring))
        same = [i for i, one in enumerate(rings) if len(one) == len(ring) and np.allclose(one.mean(axis=0), ring.mean(axis=0), atol=2e-3)]
        assert same
        distances = []
        for i in same:
            wanted = ring.mean(axis=0) + centred * np.sqrt(areas[i] / area)
            gaps = np.linalg.norm(rings[i][:, None] - wanted[None], axis=2)
            distances.append(max(gaps.min(axis=0).max(), gaps.min(axis=1).max()))
        assert min(distances) < 1e-3


def test_units():
    labels = blobs(1)
    px, um = cellseg.outlines(labels), cellseg.outlines(labels, 0.65, unit="um")
    np.testing.assert_array_equal(um.points, px.points * 0.65)
    with pytest.raises(cellseg.ArgumentError, match="pixel size"):
        cellseg.outlines(labels, unit="um")


# ---- files ----


@pytest.fixture(scope="module")
def field():
    image, cells, nuclei = cellseg.simulate(300, 320, seed=5)
    cells = np.where(cells > 0, cells * 3, 0)  # ids with gaps
    nuclei = np.where(nuclei > 0, nuclei * 3, 0)
    nuclei[nuclei == cells.max()] = 0  # a cell without a nucleus
    first = np.argwhere(nuclei == 3)
    middle = int(first[:, 1].mean())
    nuclei[:, middle][nuclei[:, middle] == 3] = 0  # and one of two parts
    return image, cells, nuclei


@pytest.mark.parametrize("smooth", [False, True])
def test_geojson(field, tmp_path, smooth):
    image, cells, nuclei = field
    cellseg.write_geojson(tmp_path / "a.geojson", cells, nuclei, image, 0.65, smooth=smooth)
    with open(tmp_path / "a.geojson", encoding="utf-8") as file:
        read = geojson.load(file)
    assert read.is_valid and read.type == "FeatureCollection"
    assert [feature.id for feature in read.features] == np.unique(cells[cells > 0]).tolist()
    table = cellseg.measure(cells, nuclei, image, 0.65)
    for row, feature in enumerate(read.features):
        for geometry, labels in ((feature.geometry, cells), (feature.get("nucleusGeometry"), nuclei)):
            area = (labels == feature.id).sum()
            assert (geometry is None) == (area == 0)
            if geometry is None:
                continue
            polygon = shape(geometry)
            assert polygon.is_valid and polygon.area == (pytest.approx(area, rel=0.01) if smooth else area)
            for part in getattr(polygon, "geoms", [polygon]):
                assert part.exterior.is_ccw and not any(hole.is_ccw for hole in part.interiors)
        assert feature.properties["objectType"] == "cell" and feature.properties["name"] == str(feature.id)
        finite = {name: values[row] for name, values in table.items() if name != "id" and np.isfinite(values[row])}
        assert feature.properties["measurements"] == finite
    assert read.features[0]["nucleusGeometry"]["type"] == "MultiPolygon"
    assert "nucleusGeometry" not in read.features[-1]


def test_geojson_has_the_points_of_the_outlines(field, tmp_path):
    """Every number reads back to the same double, in micrometres too."""
    _, cells, _ = field
    for options in ({}, {"smooth": True}, {"smooth": True, "unit": "um"}):
        cellseg.write_geojson(tmp_path / "a.geojson", cells, pixel_size_um=0.325, **options)
        features = json.loads((tmp_path / "a.geojson").read_text())["features"]
        polygons = cellseg.outlines(cells, 0.325, **options).polygons()
        for feature in features:
            coordinates = feature["geometry"]["coordinates"]
            parts = coordinates if feature["geometry"]["type"] == "MultiPolygon" else [coordinates]
            assert parts == [[[*ring.tolist(), ring[0].tolist()] for ring in rings] for rings in polygons[feature["id"]]]


def counts_of(text):
    """Run lengths of cocoapi's compressed text, after its documentation."""
    counts, position = [], 0
    while position < len(text):
        value, shift, more = 0, 0, True
        while more:
            bits = ord(text[position]) - 48
            value |= (bits & 0x1F) << shift
            more = bool(bits & 0x20)
            position, shift = position + 1, shift + 5
            if not more and bits & 0x10:
                value |= -1 << shift
        counts.append(value + (counts[-2] if len(counts) > 2 else 0))
    return counts


def decoded(segmentation):
    counts = counts_of(segmentation["counts"])
    assert all(counts[1:])  # as cocoapi: only the first run may be empty
    pixels = np.repeat(np.arange(len(counts)) % 2, counts)
    return pixels.reshape(segmentation["size"][::-1]).T.astype(bool)


def check_coco(path, cells, nuclei):
    read = json.loads(path.read_text())
    ids = [one["id"] for one in read["annotations"]]
    assert len(set(ids)) == len(ids) > 0
    seen = {1: set(), 2: set()}
    for one in read["annotations"]:
        wanted = {1: cells, 2: nuclei}[one["category_id"]] == one["cell_id"]
        seen[one["category_id"]].add(one["cell_id"])
        np.testing.assert_array_equal(decoded(one["segmentation"]), wanted)
        y, x = np.nonzero(wanted)
        assert one["bbox"] == [x.min(), y.min(), np.ptp(x) + 1, np.ptp(y) + 1] and one["area"] == wanted.sum()
        assert one["iscrowd"] == 0 and one["image_id"] == 1
        assert one["id"] == one["cell_id"] + (cells.max() if one["category_id"] == 2 else 0)
    assert [*seen.values()] == [set(np.unique(map_[map_ > 0]).tolist()) for map_ in (cells, nuclei)]
    return read


def test_coco(field, tmp_path):
    _, cells, nuclei = field
    cellseg.write_coco(tmp_path / "a.json", 'an "image" \\ é.tif', cells, nuclei)
    read = check_coco(tmp_path / "a.json", cells, nuclei)
    assert read["images"] == [{"id": 1, "file_name": 'an "image" \\ é.tif', "width": 320, "height": 300}]
    assert [(one["id"], one["name"]) for one in read["categories"]] == [(1, "cell"), (2, "nucleus")]


@pytest.mark.parametrize("labels", [map_ for map_ in MAPS if map_.any()])
def test_coco_holds_any_shape(labels, tmp_path):
    cellseg.write_coco(tmp_path / "a.json", "a.tif", labels, labels)
    check_coco(tmp_path / "a.json", labels.astype(np.int64), labels)


def test_pycocotools_reads_the_same_masks(field, tmp_path):
    coco = pytest.importorskip("pycocotools.coco")
    _, cells, nuclei = field
    cellseg.write_coco(tmp_path / "a.json", "a.tif", cells, nuclei)
    read = coco.COCO(str(tmp_path / "a.json"))
    assert len(read.anns) == len(np.unique(cells)) + len(np.unique(nuclei)) - 2
    for one in read.anns.values():
        wanted = {1: cells, 2: nuclei}[one["category_id"]] == one["cell_id"]
        np.testing.assert_array_equal(read.annToMask(one), wanted)


def imagej_rings(file):
    """Name and rings of one of ImageJ's regions, after its RoiDecoder."""
    assert file[:4] == b"Iout"
    type_, top, left, bottom, right, count = struct.unpack(">BxHHHHH", file[6:18])
    wide, numbers, options, second = *struct.unpack(">i14xi", file[18:40]), *struct.unpack(">H8xi", file[50:64])
    start, length = struct.unpack(">ii", file[second + 16 : second + 24])
    name = file[start : start + 2 * length].decode("utf-16-be")
    assert len(file) == start + 2 * length == second + 64 + 2 * length
    if numbers == 0:
        count = count or wide
        whole = np.frombuffer(file, ">u2", 2 * count, 64).reshape(2, -1).T + [left, top]
        exact = np.frombuffer(file, ">f4", 2 * count, 64 + 4 * count).reshape(2, -1).T
        assert type_ == 0 and options == 128 and np.abs(whole - exact).max() <= 0.5
        rings = [exact]
    else:
        path, rings, i = np.frombuffer(file, ">f4", numbers, 64), [], 0
        while i < numbers:
            if path[i] == 4:
                i += 1
                continue
            rings += [[]] if path[i] == 0 else []
            rings[-1].append(path[i + 1 : i + 3])
            i += 3
        assert type_ == 1 and count == options == 0 and path[-1] == 4
    points = np.concatenate(rings)
    assert [left, top] == np.floor(points.min(axis=0)).tolist() and [right, bottom] == np.ceil(points.max(axis=0)).tolist()
    return name, rings


@pytest.mark.parametrize("smooth", [False, True])
def test_rois(field, tmp_path, smooth):
    """Python's zipfile checks headers and checksums; every corner is that of the outlines, rounded to a float."""
    _, cells, nuclei = field
    cellseg.write_rois(tmp_path / "a.zip", cells, nuclei, smooth=smooth)
    wanted = {}
    for labels, ending in ((cells, ""), (nuclei, "-nucleus")):
        for id_, polygons in cellseg.outlines(labels, smooth=smooth).polygons().items():
            wanted[f"{id_}{ending}"] = [ring.astype(np.float32).tolist() for rings in polygons for ring in rings]
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.testzip() is None
        assert archive.namelist() == [f"{name}.roi" for name in wanted]
        for name, rings in wanted.items():
            found, own = imagej_rings(archive.read(f"{name}.roi"))
            assert found == name and [np.array(ring).tolist() for ring in own] == rings


def test_rois_reach_beyond_the_images_edge(tmp_path):
    """A smooth corner at the edge lies outside: the bounds are negative, which ImageJ takes from the highest numbers."""
    labels = blobs(1, size=60)
    found = {str(id_): np.concatenate([ring for rings in of for ring in rings]) for id_, of in cellseg.outlines(labels, smooth=True).polygons().items()}
    assert any(points.min() < 0 for points in found.values())
    cellseg.write_rois(tmp_path / "a.zip", labels, smooth=True)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        for name, points in found.items():
            top, left = struct.unpack(">HH", archive.read(f"{name}.roi")[8:12])
            assert [left, top] == (np.floor(points.min(axis=0)).astype(int) % 65536).tolist()


def test_rois_beyond_16_bits(tmp_path):
    """A label of 65536 corners and more; more entries than the old end of an archive counts."""
    comb = np.zeros((3, 40000), np.uint32)
    comb[1:] = comb[0, ::2] = 7
    cellseg.write_rois(tmp_path / "a.zip", comb)
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        name, (ring,) = imagej_rings(archive.read("7.roi"))
    np.testing.assert_array_equal(ring, cellseg.outlines(comb).points)
    assert name == "7" and len(ring) > 65535
    many = np.arange(1, 65537, dtype=np.uint32).reshape(256, 256)
    cellseg.write_rois(tmp_path / "b.zip", many)
    with zipfile.ZipFile(tmp_path / "b.zip") as archive:
        assert len(archive.namelist()) == 65536
        assert imagej_rings(archive.read("65536.roi"))[1][0].tolist() == [[255, 255], [256, 255], [256, 256], [255, 256]]


def test_roifile_reads_the_same_rings(field, tmp_path):
    roifile = pytest.importorskip("roifile")
    _, cells, nuclei = field
    cellseg.write_rois(tmp_path / "a.zip", cells, nuclei)
    polygons = {"": cellseg.outlines(cells).polygons(), "nucleus": cellseg.outlines(nuclei).polygons()}
    read = roifile.roiread(tmp_path / "a.zip")
    assert len(read) == sum(map(len, polygons.values()))
    for roi in read:
        id_, _, ending = roi.name.partition("-")
        own = roi.coordinates(multi=True)
        rings = [ring for many in polygons[ending][int(id_)] for ring in many]
        own = [one[:-1] if len(rings) > 1 else one for one in (own if isinstance(own, list) else [own])]
        assert [np.array(one).tolist() for one in own] == [ring.tolist() for ring in rings]


def rings_of(path):
    """Rings of a path whose commands are M, points, Z."""
    return [[[float(v) for v in point.split(",")] for point in ring.split()] for ring in path[1:-1].split("ZM")]


def test_svg(field, tmp_path):
    _, cells, nuclei = field
    cellseg.write_svg(tmp_path / "a.svg", cells, nuclei, smooth=True)
    root = ElementTree.parse(tmp_path / "a.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg" and root.get("viewBox") == "0 0 320 300"
    groups = {group.get("id"): group for group in root}
    for group, name, labels in (("cells", "cell", cells), ("nuclei", "nucleus", nuclei)):
        polygons = cellseg.outlines(labels, smooth=True).polygons()
        assert groups[group].get("fill-rule") == "evenodd"
        paths = {path.get("id"): path.get("d") for path in groups[group]}
        assert list(paths) == [f"{name}-{id_}" for id_ in polygons]
        for id_, many in polygons.items():
            assert rings_of(paths[f"{name}-{id_}"]) == [ring.tolist() for rings in many for ring in rings]


def test_the_handle_has_the_size_of_the_map():
    outlines = c.Outlines()
    c.labels_outlines(outlines, None, cellseg._arrays.labels_from(np.eye(3, 5, dtype=int)), None)
    assert (c.outlines_height(outlines), c.outlines_width(outlines)) == (3, 5)
