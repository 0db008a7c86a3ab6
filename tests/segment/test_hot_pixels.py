# SPDX-License-Identifier: BSD-3-Clause
"""Pixels that a camera got wrong set no scale: with some of any value, an image has the cells that it has without them."""

import ctypes

import cellseg
import numpy as np
import oracle
import pytest
import real_images
import scipy.ndimage as ndi

PIXEL_UM = 0.65
FIELD = real_images.channel(real_images.FIELDS["n2a"][0])[100:330, 200:440]
FEW = [(40, 171), (97, 53), (120, 200), (181, 14), (200, 120)]


def with_values(dtype, places, values):
    image = FIELD.astype(dtype)
    for i, place in enumerate(places):
        image[place] = values[i % len(values)]
    return image


def changed(a, b, places):
    """Pixels of another cell than before, beyond a pixel's distance from the places."""
    near = np.zeros(a.shape, bool)
    near[tuple(np.transpose(places))] = True
    return ((a != b) & ~ndi.binary_dilation(near, np.ones((3, 3)))).sum()


OUTLIERS = [
    ("uint16", [65535]), ("uint16", [4095]), ("uint16", [4095, 65535]), ("uint32", [2**31]), ("uint32", [2**32 - 1]), ("int32", [2**31 - 1]),
    ("int32", [-(2**31)]), ("float32", [1e10]), ("float32", [-1e10]), ("float32", [1e10, -1e10]), ("float32", [1e29]), ("float64", [-1e20]),
]


@pytest.fixture(scope="module")
def reference():
    return cellseg.segment(FIELD, pixel_size_um=PIXEL_UM), cellseg.segment_two_channel(FIELD, FIELD, pixel_size_um=PIXEL_UM)


@pytest.mark.parametrize("dtype, values", OUTLIERS)
@pytest.mark.parametrize("places", [FEW[:1], FEW, FEW + [(y, x + 1) for y, x in FEW[:2]]], ids=["one", "five", "pairs"])
def test_the_cells_stay(reference, dtype, values, places):
    image = with_values(dtype, places, values)
    network, stain = reference
    assert network[0].max() >= 10 and stain[0].max() >= 10
    for got, want in zip(cellseg.segment(image, pixel_size_um=PIXEL_UM)[:2], network[:2]):
        assert got.max() == want.max() and changed(got, want, places) <= 4
    for marker, nuclear in ((image, FIELD), (FIELD, image), (image, image)):
        found = cellseg.segment_two_channel(marker, nuclear.astype(image.dtype), pixel_size_um=PIXEL_UM)
        for got, want in zip(found[:2], stain[:2]):
            assert got.max() == want.max() and changed(got, want, places) <= 4


@pytest.mark.parametrize("pixel_um", [0.2, 1.3])
def test_at_other_scales(pixel_um):
    image = with_values("float32", FEW, [1e10, -1e10])
    got, want = (cellseg.segment(pixels, pixel_size_um=pixel_um)[0] for pixels in (image, FIELD))
    assert got.max() == want.max() > 0 and changed(got, want, FEW) <= 20


def test_an_empty_image_stays_empty():
    noise = np.random.default_rng(1).normal(100, 5, FIELD.shape).astype(np.uint16)
    for value in (4095, 65535):
        noise[tuple(np.transpose(FEW))] = value
        cells, _, report = cellseg.segment(noise, pixel_size_um=PIXEL_UM, report=True)
        assert cells.max() == 0 and report.marker_range < 0.5


# ---- which pixels ----


def expected(image, spread):
    """Written again: a pixel beyond all its neighbours but one is their median."""
    image = image.astype(np.float32)
    padded = np.pad(image.astype(float), 1, constant_values=np.nan)
    height, width = image.shape
    shifts = [(y, x) for y in range(3) for x in range(3) if (y, x) != (1, 1)]
    around = np.sort([padded[y : y + height, x : x + width] for y, x in shifts], axis=0)  # NaN comes last
    count = np.isfinite(around).sum(0)
    pick = lambda i: np.take_along_axis(around, np.maximum(i, 0)[None], 0)[0]
    stuck = (image - pick(count - 2) > 2 * spread) | (around[1] - image > 2 * spread)
    return np.where(stuck & (count >= 3), pick(count // 2), image).astype(np.float32)


@pytest.mark.sanitizers
@pytest.mark.parametrize("dtype", ["uint8", "uint16", "int16", "uint32", "int32", "float32", "float64"])
@pytest.mark.parametrize("size", [(1, 1), (1, 7), (7, 1), (2, 2), (2, 9), (3, 3), (30, 514), (5, 1030), (300, 40)])
def test_stuck_pixels(dtype, size):
    """On noise of which many pixels are far off, also in pairs and clusters, at edges, and across the pieces of a row."""
    random = np.random.default_rng(size[0] * size[1])
    image = random.integers(40, 60, size)
    off = random.uniform(size=size)
    image[off < 0.1] = 120
    image[off > 0.9] = 0
    image = image.astype(dtype)
    from_plane, to = oracle.plane(image), np.array(image, np.float32)
    found = ctypes.c_bool()
    spread = 15.0
    want = expected(image, spread)
    assert oracle.library.cseg_hot_find(None, ctypes.byref(found), ctypes.byref(from_plane), ctypes.c_double(spread)) == 0
    assert found.value == bool((want != image).any())
    assert oracle.library.cseg_hot_replace(None, ctypes.byref(oracle.plane(to)), ctypes.byref(from_plane), ctypes.c_double(spread)) == 0
    np.testing.assert_array_equal(to, want)


@pytest.mark.sanitizers
def test_an_image_of_one_value_has_no_stuck_pixels():
    image = np.full((20, 30), 7, np.uint16)
    image[10, 10] = 60000
    found = ctypes.c_bool(True)
    assert oracle.library.cseg_hot_find(None, ctypes.byref(found), ctypes.byref(oracle.plane(image)), ctypes.c_double(0)) == 0
    assert not found.value
