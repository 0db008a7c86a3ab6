# SPDX-License-Identifier: BSD-3-Clause
"""Every column of the table against scikit-image, NumPy and plain search."""

import re
from pathlib import Path

import cellseg
import expected
import numpy as np
import pytest
import tifffile
from scipy import ndimage
from skimage.measure import label, regionprops

DATA = Path(__file__).resolve().parents[2] / "examples/data"


# The minor axis of a line is the square root of a rounding error, in scikit-image; so is its orientation, which expected.py
# computes from whole numbers instead. Everything else agrees to the last digits.
TOLERANCES = {"axis_minor": 1e-6, "eccentricity": 1e-7, "texture": 1e-9, "intensity_std": 1e-9}


def check(cells, nuclei=None, image=None, pixel_size_um=0, **options):
    options = {"neighbours": True, "texture": True, **options}
    ours = cellseg.measure(cells, nuclei, image, pixel_size_um, **options)
    theirs = expected.table(cells, nuclei, image, pixel_size_um, options["neighbours"], options["texture"])
    assert list(ours) == list(theirs)
    for name, values in theirs.items():
        absolute = next((value for start, value in TOLERANCES.items() if name.startswith(start)), 0)
        np.testing.assert_allclose(ours[name], values, rtol=1e-11, atol=absolute, err_msg=name)


def random_image(random, shape, dtype):
    if np.dtype(dtype).kind == "f":
        return random.normal(1000, 300, shape).astype(dtype)
    return random.integers(np.iinfo(dtype).min, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "float32", "int16", "int32", "float64"])
@pytest.mark.parametrize("seed", range(5))
def test_random_maps(dtype, seed):
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 50, 2))
    cells = random.integers(0, 12, shape)
    nuclei = np.where(random.random(shape) < 0.5, cells, random.integers(0, 12, shape))
    image = random_image(random, (seed + 1, *shape), dtype)
    check(cells, nuclei, image, pixel_size_um=0.3118)
    check(cells, None, image)
    check(cells, nuclei)
    check(cells)


def test_round_cells_and_their_nuclei():
    y, x = np.indices((120, 200))
    cells, nuclei = np.zeros((2, 120, 200), int)
    for label, (cy, cx, radius) in enumerate([(20, 20, 12), (60, 100, 30), (110, 195, 14), (0, 0, 5)], 1):
        distance = np.hypot(y - cy, x - cx)
        cells[distance < radius] = label
        nuclei[distance < radius / 2] = label
    check(cells, nuclei, (x * y % 251).astype(np.uint8), 0.65)


def test_a_cell_in_parts_and_ids_of_any_size():
    cells = np.zeros((6, 9), np.int64)
    cells[0, 0] = cells[5, 8] = 3
    cells[2, 2:5] = 1
    cells[3, ::2] = 2
    image = np.arange(54, dtype=np.uint16).reshape(6, 9)
    check(cells, cells, image)
    ids = np.array([0, 70, 2**31, 2**32 - 1])  # more than scikit-image can count to: the same table but for the ids
    large, small = cellseg.measure(ids[cells], ids[cells], image), cellseg.measure(cells, cells, image)
    np.testing.assert_array_equal(large.pop("id"), ids[1:])
    for name, values in large.items():
        np.testing.assert_array_equal(values, small[name])


@pytest.mark.parametrize("shape", [(1, 1), (1, 17), (17, 1), (8, 8)])
def test_constant_maps_and_checkerboards(shape):
    image = np.arange(np.prod(shape), dtype=np.float32).reshape(shape)
    for cells in np.ones(shape, int), np.indices(shape).sum(0) % 2 + 1, np.arange(image.size).reshape(shape) + 1:
        check(cells, cells, image)


def blobs(random, shape, sigma=3):
    """Labels of round outlines, touching and not, with holes and on the border."""
    field = ndimage.gaussian_filter(random.normal(size=shape), sigma)
    return label(np.digitize(field, np.quantile(field, [0.45, 0.75])), connectivity=1, background=0)


@pytest.mark.parametrize("seed", range(6))
def test_blobs(seed):
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(60, 160, 2))
    cells = blobs(random, shape, 2 + seed)
    nuclei = np.where(ndimage.minimum_filter(cells, 5) == cells, cells, 0)
    check(cells, nuclei, random_image(random, (2, *shape), ["uint8", "uint16", "float32"][seed % 3]), 0.5)


def test_a_real_image():
    image = tifffile.imread(DATA / "n2a.ome.tif").squeeze()
    cells = tifffile.imread(DATA / "n2a.cells.tif").squeeze()
    assert cells.max() > 10
    check(cells, None, image, 0.3)


@pytest.mark.parametrize("points", [
    "#", "##", "#########", "#\n#\n#", "#..\n.#.\n..#", "..#\n.#.\n#..", "###\n#.#\n###", "#.#\n.#.\n#.#", "###\n###\n###",
    "#....\n.....\n....#", "##..\n.##.\n..##", ".#.\n###\n.#.", "#####\n#...#\n#.#.#\n#...#\n#####", "#...#\n#####", "#......#\n#",
])  # fmt: skip
def test_small_shapes(points):
    rows = points.split("\n")
    width = max(map(len, rows))
    mask = np.array([[c == "#" for c in row.ljust(width, ".")] for row in rows])
    image = np.arange(mask.size + 20 * mask.size, dtype=np.uint16).reshape(-1, mask.shape[1])[: mask.shape[0]] % 7
    for border in 0, 1, 3:
        check(np.pad(mask, border).astype(int), None, np.pad(image, border), 2)


def test_seventy_thousand_ids():
    random = np.random.default_rng(5)
    cells = random.permutation(300 * 300).reshape(300, 300)
    cells[cells > 70000] = 0
    ours = cellseg.measure(cells, cells, cells.astype(np.uint32), neighbours=True, texture=True)
    ids = np.arange(1, 70001)
    places = np.argsort(cells.ravel())[-70000:]
    np.testing.assert_array_equal(ours["id"], ids)
    np.testing.assert_array_equal(ours["intensity_median_channel_0"], ids)
    np.testing.assert_array_equal(ours["centroid_weighted_y_px_channel_0"], places // 300)
    np.testing.assert_array_equal(ours["area_convex_px2"], 1)
    around = ndimage.convolve((cells > 0).astype(int), np.ones((3, 3)), mode="constant") - 1
    np.testing.assert_array_equal(ours["neighbours_touching"], around.ravel()[places])
    assert np.isnan(ours["texture_contrast_channel_0"]).all()


@pytest.mark.parametrize("count, distance, limits", [(2, 1, None), (255, 1, None), (16, 3, None), (64, 2, (100, 180))])
def test_options_of_texture(count, distance, limits):
    random = np.random.default_rng(count)
    cells, image = blobs(random, (70, 80)), random.integers(0, 256, (70, 80), np.uint8)
    low, high = limits or (0, 0)
    ours = cellseg.measure(cells, None, image, texture=True, texture_levels=count, texture_distance_px=distance, texture_low=low,
                           texture_high=high)  # fmt: skip
    theirs = expected.texture_columns(regionprops(cells), cells, image, "channel_0", count, distance, limits)
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-11, atol=1e-9, err_msg=name)


def test_orientation_is_scikit_image_s():
    cells = blobs(np.random.default_rng(8), (200, 200))
    regions = regionprops(cells)
    theirs = np.array([r.orientation for r in regions])
    # Where both moments are the same scikit-image 0.19 takes the wrong one of the two diagonals; test_small_shapes has ours.
    differ = [abs(r.inertia_tensor[0, 0] - r.inertia_tensor[1, 1]) > 1e-9 for r in regions]
    assert sum(differ) > 100
    angle = cellseg.measure(cells)["orientation_rad"] - theirs
    np.testing.assert_allclose(np.sin(angle)[differ], 0, atol=1e-9)


def test_a_hot_pixel_changes_the_texture_of_its_cell_alone():
    cells = np.repeat(np.arange(1, 9).reshape(2, 4), 30, 0).repeat(30, 1)
    image = np.random.default_rng(4).integers(100, 900, cells.shape).astype(np.uint32)
    before = cellseg.measure(cells, None, image, texture=True)
    image[10, 10] = 2**31
    after = cellseg.measure(cells, None, image, texture=True)
    for name in before:
        if name.startswith("texture"):
            np.testing.assert_allclose(after[name][1:], before[name][1:], rtol=0.02, atol=1e-3)


def test_not_a_number_and_infinity_in_textures():
    image = np.tile(np.arange(8, dtype=np.float32), (4, 1))
    image[0, 0], image[0, 3] = np.nan, np.inf
    cells = np.repeat([[1, 1, 2, 2, 3, 3, 4, 4]], 4, 0)
    contrast = cellseg.measure(cells, None, image, texture=True)["texture_contrast_channel_0"]
    np.testing.assert_array_equal(np.isnan(contrast), [True, True, False, False])


@pytest.mark.parametrize("values", [[0.0], [-1.5, 2, 2], [3, -3], [1e30, -1e-30, 5, 7], [-2, -2, -2, -1]])
def test_medians_of_signed_values(values):
    image = np.array([values], np.float32)
    table = cellseg.measure(np.ones_like(image, int), None, image)
    assert table["intensity_median_channel_0"][0] == np.median(image.astype(float))
    assert table["intensity_min_channel_0"][0] == image.min() and table["intensity_max_channel_0"][0] == image.max()


def test_an_option_that_is_not_there_is_named():
    with pytest.raises(TypeError, match="haralick"):
        cellseg.measure(np.ones((2, 2), int), haralick=True)


def test_no_cells_give_no_rows():
    table = cellseg.measure(np.zeros((5, 5), int), None, np.zeros((2, 5, 5), np.uint8))
    assert list(table)[-1] == "centroid_weighted_x_px_channel_1" and all(len(column) == 0 for column in table.values())


def test_a_row_stride_is_honoured():
    random = np.random.default_rng(1)
    wide, cells = random.integers(0, 255, (20, 50), "uint8"), random.integers(0, 4, (20, 30))
    check(cells, None, wide[:, 5:35])


def test_not_a_number_stays_in_its_cell():
    image = np.ones((1, 4), np.float32)
    image[0, 0] = np.nan
    table = cellseg.measure(np.array([[1, 1, 2, 2]]), None, image)
    for name in "mean", "std", "min", "max", "median", "integrated":
        values = table[f"intensity_{name}_channel_0"]
        assert np.isnan(values[0]) and np.isfinite(values[1])


def test_the_page_names_every_column_and_no_other():
    one = np.ones((2, 2), int)
    table = cellseg.measure(one, one, one.astype(np.uint8), 1, neighbours=True, texture=True, radial=True, granularity=True,
                            zernike=True, intensity_detail=True)  # fmt: skip
    written = (DATA.parents[1] / "docs/measurements.md").read_text()
    rows = [row.split("|")[1] for row in written.splitlines() if row.startswith("| `")]
    named = [name for row in rows for name in re.findall("`([\\w<>]+)`", row)]
    ours = [re.sub("^texture_(.*)_channel_0$", r"\1", name).replace("channel_0", "channel_<c>") for name in table]
    ours = [re.sub("^(radial\\D*|granularity_)\\d+", r"\1<k>", name) for name in ours]
    ours = [re.sub("^(zernike\\D*)\\d_\\d", r"\1<n>_<m>", name) for name in ours]
    assert len(named) == len(set(named)) and set(named) == set(ours)


def test_sizes_that_differ_are_named():
    one, other = np.ones((2, 2), int), np.ones((2, 3), int)
    with pytest.raises(cellseg.ArgumentError, match="cells have 2 x 2 pixels, nuclei 2 x 3"):
        cellseg.measure(one, other)
    with pytest.raises(cellseg.ArgumentError, match="cells have 2 x 2 pixels, image 0 2 x 3"):
        cellseg.measure(one, None, other.astype(np.uint8))
