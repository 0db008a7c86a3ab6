# SPDX-License-Identifier: BSD-3-Clause
"""Discs, h-minima of every type, nearest features, watershed lines and integer reliefs, and work on label maps, every pixel."""
import ctypes
import heapq
import os
import sys

import numpy as np
import pytest
from scipy import ndimage
from skimage import morphology, segmentation

sys.path[:0] = [os.path.dirname(__file__)]
import images
from images import OFFSETS, STRUCTURE, connectivity, run

GREY = [np.uint8, np.uint16, np.float32]


@pytest.mark.parametrize("dtype", GREY)
@pytest.mark.parametrize("radius", [0, 1, 2, 5, 16])
def test_discs(dtype, radius):
    for name, image in images.grey(dtype):
        if image.size > 3000 and name != "smooth":
            continue
        disc = morphology.disk(radius)
        low, high = (-np.inf, np.inf) if dtype == np.float32 else (0, np.iinfo(dtype).max)
        eroded = ndimage.grey_erosion(image, footprint=disc, mode="constant", cval=high)
        dilated = ndimage.grey_dilation(image, footprint=disc, mode="constant", cval=low)
        for view in images.views(image) if radius == 2 else [image]:
            assert np.array_equal(run("cseg_disc_erode", np.empty_like(image), view, radius), eroded), name
            assert np.array_equal(run("cseg_disc_dilate", np.empty_like(image), view, radius), dilated), name


@pytest.mark.parametrize("c", [4, 8])
@pytest.mark.parametrize("dtype", GREY)
def test_h_minima_and_maxima(dtype, c):
    for name, image in images.grey(dtype):
        for h in (0.0, 1.0, 2.5, 40.0):
            if dtype == np.float32:
                up, down = image + np.float32(h), image - np.float32(h)
            else:
                top = np.iinfo(dtype).max
                up = np.minimum(image.astype(np.int64) + int(h), top).astype(dtype)
                down = np.maximum(image.astype(np.int64) - int(h), 0).astype(dtype)
            right = morphology.reconstruction(up, image, "erosion", STRUCTURE[c]).astype(dtype)
            assert np.array_equal(run("cseg_extrema_h_minima", np.empty_like(image), image, h, connectivity(c)), right), name
            right = morphology.reconstruction(down, image, "dilation", STRUCTURE[c]).astype(dtype)
            assert np.array_equal(run("cseg_extrema_h_maxima", np.empty_like(image), image, h, connectivity(c)), right), name


@pytest.mark.parametrize("c", [4, 8])
@pytest.mark.parametrize("dtype", GREY)
def test_regional_minima_and_maxima(dtype, c):
    """scikit-image finds none where a plateau is the whole image; we find one."""
    for name, image in images.grey(dtype):
        lows = run("cseg_extrema_extended_minima", np.zeros(image.shape, np.uint8), image, 0.0, None, connectivity(c))
        highs = run("cseg_extrema_extended_maxima", np.zeros(image.shape, np.uint8), image, 0.0, None, connectivity(c))
        if np.ptp(image) == 0:
            assert lows.all() and highs.all(), name
        elif min(image.shape) > 2:
            assert np.array_equal(lows, morphology.local_minima(image, connectivity=1 if c == 4 else 2)), name
            assert np.array_equal(highs, morphology.local_maxima(image, connectivity=1 if c == 4 else 2)), name


@pytest.mark.parametrize("dtype", GREY)
def test_extended_maxima_mirror_the_minima(dtype):
    for name, image in images.grey(dtype):
        top = dtype(250)
        mask = (images.rng(7).random(image.shape) < 0.8).astype(np.uint8)
        for h in (1.0, 30.0):
            minima = run("cseg_extrema_extended_minima", np.zeros(image.shape, np.uint8), image, h, mask, connectivity(8))
            maxima = run("cseg_extrema_extended_maxima", np.zeros(image.shape, np.uint8), top - image, h, mask, connectivity(8))
            if dtype != np.float32 or np.array_equal(image, np.round(image)):
                assert np.array_equal(minima, maxima), (name, h)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
@pytest.mark.parametrize("c", [4, 8])
def test_reconstruction_of_integers(dtype, c):
    for name, image in images.grey(dtype):
        marker = images.rng(3).integers(0, np.iinfo(dtype).max, image.shape, dtype=dtype, endpoint=True)
        right = morphology.reconstruction(np.maximum(marker, image), image, "erosion", STRUCTURE[c])
        ours = run("cseg_reconstruction_erode", np.empty_like(image), marker, image, connectivity(c))
        assert np.array_equal(ours, right), name
        right = morphology.reconstruction(np.minimum(marker, image), image, "dilation", STRUCTURE[c])
        ours = run("cseg_reconstruction_dilate", np.empty_like(image), marker, image, connectivity(c))
        assert np.array_equal(ours, right), name


@pytest.mark.parametrize("c", [4, 8])
def test_fill_holes(c):
    for name, mask in images.masks():
        ours = run("cseg_holes_fill", mask, connectivity(c), ctypes.c_size_t(-1))
        assert np.array_equal(ours != 0, ndimage.binary_fill_holes(mask, STRUCTURE[c])), name


def brute_nearest(mask):
    """Of all background pixels the nearest; then the smallest column, then the smallest row."""
    rows, columns = np.nonzero(mask == 0)
    order = np.lexsort((rows, columns))
    rows, columns = rows[order], columns[order]
    y, x = np.mgrid[: mask.shape[0], : mask.shape[1]]
    squares = (y[..., None] - rows) ** 2 + (x[..., None] - columns) ** 2
    best = squares.argmin(-1)
    return (rows[best] * mask.shape[1] + columns[best]).astype(np.uint32)


def test_nearest():
    for name, mask in images.masks():
        if mask.all():
            continue
        ours = run("cseg_nearest_find", np.zeros(mask.shape, np.uint32), mask)
        y, x = np.mgrid[: mask.shape[0], : mask.shape[1]]
        distance = np.hypot(y - ours // mask.shape[1], x - ours % mask.shape[1])
        assert (mask.ravel()[ours] == 0).all(), name
        assert np.allclose(distance, ndimage.distance_transform_edt(mask), rtol=1e-14, atol=0), name
        if mask.size * (mask == 0).sum() < 4e6:
            assert np.array_equal(ours, brute_nearest(mask)), name


# ---- label maps ----


def label_maps():
    for name, mask in images.masks():
        labels = ndimage.label(mask)[0].astype(np.uint32)
        yield name, labels
        yield f"{name}, large ids", labels * np.uint32(4_000_000_007 % 2**32)


def test_expand():
    for name, labels in label_maps():
        for distance in (0.0, 1.0, 1.5, 6.0, 1e300):
            ours = run("cseg_expansion_compute", np.full_like(labels, 3), labels, distance)
            if labels.any():
                away = ndimage.distance_transform_edt(labels == 0)
                inside = away <= distance
            else:
                inside = np.zeros(labels.shape, bool)
            assert np.array_equal(ours[labels != 0], labels[labels != 0]), name
            assert np.array_equal(ours != 0, inside), name
            if labels.any() and labels.size * (labels != 0).sum() < 4e6:
                right = np.where(inside, labels.ravel()[brute_nearest(labels == 0)], 0)
                assert np.array_equal(ours, right), name


@pytest.mark.parametrize("c", [4, 8])
def test_boundaries(c):
    for name, labels in label_maps():
        if min(labels.shape) < 2 or labels.max() > 2**31:
            continue
        for kind, mode in enumerate(("inner", "outer", "thick"), 1):
            ours = run(
                "cseg_boundaries_find", np.full(labels.shape, 7, np.uint8), labels, connectivity(kind), connectivity(c)
            )
            right = segmentation.find_boundaries(labels.astype(np.int32), connectivity=1 if c == 4 else 2, mode=mode)
            assert np.array_equal(ours, right), (name, mode)


def check(cells, nuclei=None):
    line = ctypes.create_string_buffer(b"x" * 127, 128)
    import oracle

    planes = [ctypes.byref(oracle.plane(a)) if a is not None else None for a in (cells, nuclei)]
    oracle.check(oracle.library.cseg_check_labels(line, ctypes.c_size_t(128), None, *planes))
    return line.value.decode()


def test_check_names_the_first_violation():
    for name, mask in images.masks():
        cells = ndimage.label(mask, STRUCTURE[8])[0].astype(np.uint32)
        assert check(cells) == "" and check(cells, cells) == "", name
        assert check(ndimage.label(mask)[0].astype(np.uint32)) == "", name
    cells = np.zeros((10, 12), np.uint32)
    cells[1:4, 1:4], cells[6:9, 5:9] = 1, 2
    nuclei = np.zeros_like(cells)
    nuclei[2, 2], nuclei[7, 6:8] = 1, 2
    assert check(cells, nuclei) == ""
    broken = cells.copy()
    broken[9, 0] = 1
    assert check(broken, nuclei) == "cell 1 has two components, at row 1, column 1 and at row 9, column 0"
    broken = cells * 3
    assert check(broken) == "there are 2 cells, but none has id 1"
    assert check(np.where(cells == 2, np.uint32(2**32 - 1), cells)) == "there are 2 cells, but none has id 2"
    broken = nuclei.copy()
    broken[7:9, 8], broken[8, 9] = 2, 2
    assert check(cells, broken) == "nucleus 2 is not inside its cell at row 8, column 9: there the cell is 0"
    broken = nuclei.copy()
    broken[7, 6] = 0
    broken[7, 10] = 2
    assert check(cells, broken) == "nucleus 2 is not inside its cell at row 7, column 10: there the cell is 0"
    several = nuclei.copy()
    several[6, 5], several[7, 6:8], several[8, 8], several[3, 1:3] = 2, (0, 2), 2, 1
    assert check(cells, several) == ""
    several[several == 1] = 0
    assert check(cells, several) == "there are 1 nuclei, but none has id 1"
    several[several == 2] = 1
    assert check(cells, several).startswith("nucleus 1 is not inside its cell at row 6, column 5")
    broken = nuclei.copy()
    broken[broken == 2] = 0
    assert check(cells, broken) == "cell 2 has no nucleus"
    broken[broken == 1] = 2
    assert check(cells, broken) == "there are 1 nuclei, but none has id 1"


# ---- watershed ----


def brute_watershed_lines(seeds, relief, mask, c):
    """The documented order with lines: a label is taken when a pixel leaves the queue."""
    labels = np.where(mask, seeds, 0)
    height, width = labels.shape
    entered = labels != 0
    heap, age = [], 0

    def around(y, x):
        for dy, dx in OFFSETS[:c]:
            v, u = y + dy, x + dx
            if 0 <= v < height and 0 <= u < width and mask[v, u]:
                yield v, u

    for y, x in zip(*np.nonzero(labels)):
        heapq.heappush(heap, (relief[y, x], age, y, x))
        age += 1
    while heap:
        _, _, y, x = heapq.heappop(heap)
        if labels[y, x] == 0:
            near = {labels[p] for p in around(y, x)} - {0}
            if len(near) > 1:
                continue
            labels[y, x] = near.pop()
        for p in around(y, x):
            if not entered[p]:
                entered[p] = True
                heapq.heappush(heap, (relief[p], age, *p))
                age += 1
    return labels


@pytest.mark.parametrize("c", [4, 8])
def test_watershed_lines(c):
    for name, relief in images.grey(np.float32):
        if relief.size > 3000 and name != "smooth":
            continue
        seeds = np.zeros(relief.shape, np.uint32)
        where = images.rng(11).random(relief.shape) < 0.01
        where[0, 0] = where[-1, -1] = True
        seeds[where] = np.arange(1, where.sum() + 1)
        for mask in (None, images.rng(6).random(relief.shape) < 0.8):
            everywhere = np.ones(relief.shape, bool) if mask is None else mask
            mask_u8 = None if mask is None else mask.astype(np.uint8)
            ours = run("cseg_watershed_flood_lines", seeds, relief, mask_u8, connectivity(c))
            assert np.array_equal(ours, brute_watershed_lines(seeds, relief, everywhere, c)), name
            if name == "smooth":
                theirs = segmentation.watershed(
                    relief, seeds.astype(np.int32), mask=mask, connectivity=STRUCTURE[c], watershed_line=True
                )
                assert (ours == theirs).mean() > 0.99, name


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.uint32])
def test_watershed_of_integers(dtype):
    """Integer reliefs flood as their values do: 16 bits as float32 does, and 32 bits exactly, beyond what float32 holds."""
    for name, image in images.grey(np.uint8):
        seeds = np.zeros(image.shape, np.uint32)
        where = images.rng(12).random(image.shape) < 0.02
        seeds[where] = np.arange(1, where.sum() + 1)
        right = run("cseg_watershed_flood", seeds, image.astype(np.float32), None, connectivity(8))
        relief = image.astype(dtype)
        if dtype == np.uint32:
            relief += np.uint32(2**32 - 300)
        assert np.array_equal(run("cseg_watershed_flood", seeds, relief, None, connectivity(8)), right), name
