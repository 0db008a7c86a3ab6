# SPDX-License-Identifier: BSD-3-Clause
"""Every column of the table against scikit-image's regionprops."""

import cellseg
import numpy as np
import pytest
from skimage.measure import regionprops


def expected(cells, nuclei, image, pixel_size_um):
    """The whole table, column by column, in the documented order."""
    unit, scale = ("um", pixel_size_um) if pixel_size_um else ("px", 1)
    regions = regionprops(cells.astype(np.int64))
    height, width = cells.shape
    boxes = np.array([r.bbox for r in regions]).reshape(-1, 4)
    columns = {
        "id": [r.label for r in regions],
        f"area_{unit}2": [r.area * scale**2 for r in regions],
        f"centroid_y_{unit}": [r.centroid[0] * scale for r in regions],
        f"centroid_x_{unit}": [r.centroid[1] * scale for r in regions],
        "bbox_top_px": boxes[:, 0],
        "bbox_left_px": boxes[:, 1],
        "bbox_bottom_px": boxes[:, 2],
        "bbox_right_px": boxes[:, 3],
        "touches_border": [b[0] == 0 or b[1] == 0 or b[2] == height or b[3] == width for b in boxes],
    }
    if nuclei is not None:
        columns[f"nucleus_area_{unit}2"] = [((nuclei == r.label) & (cells == r.label)).sum() * scale**2 for r in regions]
    for i, channel in enumerate([] if image is None else np.atleast_3d(image.T).T):
        columns[f"intensity_mean_channel_{i}"] = [channel[cells == r.label].astype(float).mean() for r in regions]
    return columns


def check(cells, nuclei=None, image=None, pixel_size_um=0):
    ours, theirs = cellseg.measure(cells, nuclei, image, pixel_size_um), expected(cells, nuclei, image, pixel_size_um)
    assert list(ours) == list(theirs)
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-13, err_msg=name)


def random_image(random, shape, dtype):
    if np.dtype(dtype).kind == "f":
        return random.normal(1000, 300, shape).astype(dtype)
    return random.integers(0, np.iinfo(dtype).max, shape, dtype, endpoint=True)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "float32"])
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


def test_no_cells_give_no_rows():
    table = cellseg.measure(np.zeros((5, 5), int), None, np.zeros((2, 5, 5), np.uint8))
    assert list(table)[-1] == "intensity_mean_channel_1" and all(len(column) == 0 for column in table.values())


def test_a_row_stride_is_honoured():
    random = np.random.default_rng(1)
    wide, cells = random.integers(0, 255, (20, 50), "uint8"), random.integers(0, 4, (20, 30))
    check(cells, None, wide[:, 5:35])


def test_not_a_number_stays_in_its_cell():
    image = np.ones((1, 4), np.float32)
    image[0, 0] = np.nan
    means = cellseg.measure(np.array([[1, 1, 2, 2]]), None, image)["intensity_mean_channel_0"]
    assert np.isnan(means[0]) and means[1] == 1


def test_sizes_that_differ_are_named():
    one, other = np.ones((2, 2), int), np.ones((2, 3), int)
    with pytest.raises(cellseg.ArgumentError, match="cells have 2 x 2 pixels, nuclei 2 x 3"):
        cellseg.measure(one, other)
    with pytest.raises(cellseg.ArgumentError, match="cells have 2 x 2 pixels, the image 2 x 3"):
        cellseg.measure(one, None, other.astype(np.uint8))
