# SPDX-License-Identifier: BSD-3-Clause
"""The cases with which scikit-image 0.19 and SciPy 1.10 test their own morphology, run on ours through the Python binding.

Inputs and what is expected are theirs; where our documented definition differs the test says so and expects ours.
"""
import warnings

import cellseg
import numpy as np
import pytest
from cellseg import labels, morph
from scipy import ndimage
from skimage import morphology, segmentation

GREY = [np.uint8, np.uint16, np.float32]


def grid(text, dtype=np.uint8):
    """An array of the digits in each word, or of the words where there are spaces; a hash is the outside's id, 9."""
    rows = [row.split() if " " in row else list(row) for row in text.replace("#", "9").split("\n")]
    return np.array(rows).astype(float).astype(dtype)


def seeds(shape, *places):
    made = np.zeros(shape, np.uint32)
    for row, column, value in places:
        made[row, column] = value
    return made


# ---- watershed: segmentation/tests/test_watershed.py ----

RING = "0000000\n0000000\n0000000\n0111110\n0100010\n0100010\n0100010\n0111110\n0000000\n0000000"
TWO_ROOMS = "0000000\n0111110\n0101010\n0101010\n0101010\n0111110\n0000000\n0000000\n0000000\n0000000"
BAY = "0100010\n0100010\n0100010\n0111110\n0000000\n0000000\n0000000\n0000000\n0000000"

# Connectivity, relief, seeds, expected. In what is expected 0 stands where scikit-image's test does not look: ties.
SMALL = {
    "1": (8, RING, [(0, 0, 9), (5, 3, 1)],
          "#######\n#######\n#######\n#11111#\n#11111#\n#11111#\n#11111#\n#11111#\n#######\n#######"),
    "2": (4, "0000000\n" + RING, [(0, 0, 9), (6, 3, 1)],
          "#######\n#######\n#######\n#######\n##111##\n#11111#\n#11111#\n#11111#\n##111##\n#######\n#######"),
    "3": (4, TWO_ROOMS, [(3, 2, 2), (3, 4, 3), (9, 6, 9)],
          "#######\n#02030#\n#22033#\n#22033#\n#22033#\n#02030#\n#######\n#######\n#######\n#######"),
    "4": (8, TWO_ROOMS, [(3, 2, 2), (3, 4, 3), (9, 6, 9)],
          "#######\n#22033#\n#22033#\n#22033#\n#22033#\n#22033#\n#######\n#######\n#######\n#######"),
    "5": (8, TWO_ROOMS, [(3, 2, 3), (3, 4, 2), (9, 6, 9)],
          "#######\n#33022#\n#33022#\n#33022#\n#33022#\n#33022#\n#######\n#######\n#######\n#######"),
    "6": (8, BAY, [(1, 3, 1), (8, 0, 9)],
          "#11111#\n#11111#\n#11111#\n#11111#\n#######\n#######\n#######\n#######\n#######"),
    "10": (4, "1111\n1111\n1111\n1111", [(0, 0, 1), (0, 3, 2), (3, 0, 3), (3, 3, 4)], "1122\n1122\n3344\n3344"),
}  # fmt: skip


@pytest.mark.parametrize("dtype", [*GREY, np.uint32])
@pytest.mark.parametrize("name", SMALL)
def test_small_watersheds(name, dtype):
    connectivity, relief, places, expected = SMALL[name]
    relief, expected = grid(relief, dtype), grid(expected)
    ours = morph.watershed(relief, seeds(relief.shape, *places), connectivity=connectivity)
    np.testing.assert_array_equal(ours[expected != 0], expected[expected != 0])


HALF = """
255 255 255 255 255 255 255 255
255 255 255 255 255 255 255 255
255 255 255 255 255 204 204 204
255 255 255 204 204 183 153 153
255 255 204 183 153 141 111 103
255 255 204 153 111 94 72 52
255 255 204 153 111 72 39 1
255 255 204 183 141 111 72 39
255 255 255 204 183 141 111 72
255 255 255 255 204 183 141 94
255 255 255 255 255 204 153 103""".strip()


def blob():
    """Two pits of 21 x 16 pixels, symmetrical left to right and top to bottom."""
    quarter = grid(HALF)
    half = np.hstack([quarter, quarter[:, ::-1]])
    return np.vstack([half, half[-2::-1]])


@pytest.mark.parametrize("edge", [103, 141])
def test_two_pits_share_the_blob_fairly(edge):
    data = blob()
    assert data.shape == (21, 16) and data[6, 7] == data[14, 8] == 1
    data[10, 7:9] = edge
    ours = morph.watershed(data, seeds(data.shape, (6, 7, 1), (14, 7, 2)), data != 255)
    assert abs(int((ours == 1).sum()) - int((ours == 2).sum())) <= 6
    np.testing.assert_array_equal(ours != 0, data != 255)


@pytest.mark.parametrize("c", [4, 8])
def test_a_large_image_with_many_seeds(c):
    """Theirs only has to end; here it must be theirs, where no two seeds tie."""
    random = np.random.default_rng(9)
    places = random.permutation(1000 * 1000)[:100]
    markers, image = np.zeros((2, 1000, 1000))
    markers.ravel()[places], image.ravel()[places] = np.arange(1, 101), 1
    relief = ndimage.gaussian_filter(image, 4).astype(np.float32)
    ours = morph.watershed(relief, markers.astype(np.uint32), connectivity=c)
    theirs = segmentation.watershed(relief, markers.astype(np.int32), ndimage.generate_binary_structure(2, 1 if c == 4 else 2))
    assert (ours == theirs).mean() > 0.999


def test_a_plateau_is_shared_by_nearness():
    """Issue 803: in a level image no pixel is farther from its seed, in steps, than from another."""
    places = [(5, 5), (5, 10), (10, 5), (10, 10)]
    level = np.zeros((21, 21), np.uint8)
    ours = morph.watershed(level, seeds(level.shape, *((y, x, i) for i, (y, x) in enumerate(places, 1))), connectivity=4)
    y, x = np.indices(level.shape)
    steps = np.stack([abs(y - v) + abs(x - u) for v, u in places])
    np.testing.assert_array_equal(np.take_along_axis(steps, ours[None].astype(int) - 1, 0)[0], steps.min(0))


LINES = """
203 255 203 153 153 153 153 153 153 153 153 153 153 153 153 153
203 255 203 153 153 153 102 102 102 102 102 102 153 153 153 153
203 255 203 203 153 153 102 102 77 0 102 102 153 153 203 203
203 255 255 203 153 153 153 102 102 102 102 153 153 203 203 255
203 203 255 203 203 203 153 153 153 153 153 153 203 203 255 255
153 203 255 255 255 203 203 203 203 203 203 203 203 255 255 203
153 203 203 203 255 255 255 255 255 255 255 255 255 255 203 203
153 153 153 203 203 203 203 203 255 203 203 203 203 203 203 153
102 102 153 153 153 153 203 203 255 203 203 255 203 153 153 153
102 102 102 102 102 153 203 255 255 203 203 203 203 153 102 153
102 51 51 102 102 153 203 255 203 203 153 153 153 153 102 153
77 51 51 102 153 153 203 255 203 203 203 153 102 102 102 153
77 0 51 102 153 203 203 255 203 255 203 153 102 51 102 153
77 0 51 102 153 203 255 255 203 203 203 153 102 0 102 153
102 0 51 102 153 203 255 203 203 153 153 153 102 102 102 153
102 102 102 102 153 203 255 203 153 153 153 153 153 153 153 153""".strip()


def test_watershed_lines():
    data = grid(LINES)
    ours = morph.watershed(data, morph.components(data == 0), lines=True)
    assert [(ours == i).sum() for i in range(4)] == [34, 74, 74, 74]


def test_a_seed_beside_a_step():
    """The second half of test_compact_watershed: without compactness, which we have not, the first seed floods round the second."""
    image = np.repeat([[0, 0, 0, 1, 1, 1]], 5, 0).astype(np.float32)
    expected = np.ones((5, 6), int)
    expected[2, 3:] = 2
    ours = morph.watershed(image, seeds(image.shape, (2, 0, 1), (2, 3, 2)), connectivity=4)
    np.testing.assert_array_equal(ours, expected)


def test_watershed_refuses_other_shapes_and_wants_seeds():
    """We take no number of seeds: which minima count is the caller's to say, with extended_minima() and components()."""
    image, wide = np.ones((5, 6), np.float32), np.ones((5, 7), np.uint8)
    with pytest.raises(cellseg.ArgumentError, match="size"):
        morph.watershed(image, wide)
    with pytest.raises(cellseg.ArgumentError, match="size"):
        morph.watershed(image, np.ones((5, 6), int), wide)
    with pytest.raises(ValueError):
        morph.watershed(image, 2)


def test_no_label_outside_the_mask():
    data = blob()
    mask = data != 255
    everywhere = np.arange(1, data.size + 1).reshape(data.shape)
    np.testing.assert_array_equal(morph.watershed(data, everywhere, mask), np.where(mask, everywhere, 0))


def test_the_minima_of_a_masked_blob_as_seeds():
    """test_no_markers: two pits, two basins."""
    data = blob()
    mask = data != 255
    minima = morph.components(morph.regional_minima(data, mask, 4), 4)
    assert morph.watershed(data, minima, mask, connectivity=4).max() == 2


def test_components_of_discs_by_connectivity():
    """Issue 5084. Theirs uses compactness, so its areas do not hold here; numbers of basins and the mask's areas do."""
    x, y = np.indices((406, 270))
    discs = [(200, 208, 100), (300, 120, 50), (100, 100, 40), (340, 208, 80)]
    image = np.logical_or.reduce([(x - u) ** 2 + (y - v) ** 2 < r**2 for u, v, r in discs])
    steps = (np.round(morph.distance(image) / 12) * 12).astype(np.float32)
    mask, relief = steps != 0, 200 - steps
    for c, count in (4, 5), (8, 4):
        found = morph.components(morph.regional_minima(relief, mask, c), c)
        ours = morph.watershed(relief, found, mask, connectivity=c)
        assert ours.max() == count and (ours == 0).sum() == 61824 and (ours == 1).sum() == 3653
        structure = ndimage.generate_binary_structure(2, 1 if c == 4 else 2)
        theirs = segmentation.watershed(relief, found.astype(np.int32), structure, mask=mask)
        assert (ours == theirs).mean() > 0.99


# ---- h-maxima, h-minima, local maxima: morphology/tests/test_extrema.py ----

HILLS = """
10 11 13 14 14 15 14 14 13 11
11 13 15 16 16 16 16 16 15 13
13 15 40 40 18 18 18 60 60 15
14 16 40 40 19 19 19 60 60 16
14 16 18 19 19 19 19 19 18 16
15 16 18 19 19 20 19 19 18 16
14 16 18 19 19 19 19 19 18 16
14 16 80 80 19 19 19 100 100 16
13 15 80 80 18 18 18 100 100 15
11 13 15 16 16 16 16 16 15 13""".strip()


def squares(*places):
    expected = np.zeros((10, 10), bool)
    for row, column in places:
        expected[row : row + 2, column : column + 2] = True
    return expected


@pytest.mark.parametrize("dtype", GREY)
def test_h_maxima_and_minima_of_hills(dtype):
    """scikit-image marks maxima of height h or more, we those higher than h: 40 of theirs is 39 of ours in whole numbers.

    Hills 60, 80 and 100 rise 41 or more over the plain of 19, the one of 40 only 21.
    """
    hills, expected = grid(HILLS, dtype), squares((2, 7), (7, 2), (7, 7))
    for h in 39, 40:
        np.testing.assert_array_equal(morph.extended_maxima(hills, h) & (hills >= 60), expected)
        np.testing.assert_array_equal(morph.extended_minima(100 - hills, h) & (hills >= 60), expected)
        assert not morph.extended_maxima(hills, h)[2:4, 2:4].any()
    theirs = morphology.h_maxima(hills, 40)
    np.testing.assert_array_equal(theirs, expected)


def float_hills():
    image = grid(HILLS, np.float32) / 100
    image[5, 1], image[5, 4] = 0.182, 0.204
    return image.astype(np.float32)


def test_h_maxima_of_floats():
    """Theirs marks the bottoms of the maxima only, ours with each all it holds above h: they agree on which maxima there are."""
    hills = float_hills()
    expected = squares((2, 2), (2, 7), (7, 2), (7, 7))
    expected[5, 4] = True
    for ours in morph.extended_maxima(hills, 0.003), morph.extended_minima(np.float32(1) - hills, 0.003):
        parts = morph.components(ours)
        assert set(np.unique(parts[expected])) == set(range(1, parts.max() + 1))


def paraboloid():
    y, x = np.mgrid[0:10, 0:10]
    return 0.2 * ((y - 5) ** 2 + (x - 5) ** 2)


@pytest.mark.parametrize("h", [1e-12, 1e-6, 1e-3, 1e-2, 1e-1])
def test_h_of_float_images(h):
    """For an h below the step of float32 their marks are those of the regional maxima; so are ours."""
    up, down = 20 - paraboloid(), 180 + paraboloid()
    for row, column, high, low in (2, 2, 40, 160), (2, 7, 60, 140), (7, 2, 80, 120), (7, 7, 100, 100):
        up[row : row + 2, column : column + 2], down[row : row + 2, column : column + 2] = high, low
    up, down = up.astype(np.float32), down.astype(np.float32)
    np.testing.assert_array_equal(morph.extended_maxima(up, h), up > 19.9)
    np.testing.assert_array_equal(morph.extended_minima(down, h), down < 180.1)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_h_between_whole_numbers(dtype):
    """Theirs keeps the tip, of height 1 over its plateau, for every h in [1, 2]; ours lets it go: its height is not above h.

    What stays is the plateau with the tip in it, of height 4 in all; and for integers h counts as the whole number below it.
    """
    tip = grid("00000\n03330\n03430\n03330\n00000", dtype)
    for h in np.linspace(1.0, 1.99, 30):
        np.testing.assert_array_equal(morph.extended_maxima(tip, h), tip >= 3)
        np.testing.assert_array_equal(morph.h_maxima(tip, h), np.minimum(tip, 3))
        np.testing.assert_array_equal(morph.extended_minima(4 - tip, h), tip >= 3)
    np.testing.assert_array_equal(morph.extended_maxima(tip, 0.5), tip == 4)


@pytest.mark.parametrize("dtype", GREY)
def test_an_h_above_every_hill(dtype):
    """Theirs is empty; ours, cut flat, is one plateau: an image of one value is a regional maximum, as morph.h states."""
    image = grid("10 10 10 10 10\n10 13 13 13 10\n10 13 14 13 10\n10 13 13 13 10\n10 10 10 10 10", dtype)
    np.testing.assert_array_equal(morph.h_maxima(image, 5), np.full((5, 5), 14 - 5))
    np.testing.assert_array_equal(morph.h_minima(24 - image, 5), np.full((5, 5), 10 + 5))
    assert morph.extended_maxima(image, 5).all() and morph.extended_minima(24 - image, 5).all()


@pytest.mark.parametrize("h", [4, 5.9])
def test_saturated_arithmetic(h):
    """Beyond the type's ends sums stay at them. By brute force of the definition, with wider numbers."""
    data = np.array([[250, 251, 5, 5], [100, 200, 253, 252], [4, 10, 1, 3]], np.uint8)
    wide = data.astype(int)
    up, down = np.minimum(wide + int(h), 255), np.maximum(wide - int(h), 0)
    np.testing.assert_array_equal(up[0], [254, 255, 9, 9] if h == 4 else [255, 255, 10, 10])
    np.testing.assert_array_equal(morph.h_minima(data, h), morphology.reconstruction(up, wide, "erosion"))
    np.testing.assert_array_equal(morph.h_maxima(data, h), morphology.reconstruction(down, wide, "dilation"))


LOCAL = grid("110101001000000\n110101001001000\n000200330040200\n010000004403000\n020102100003000\n002020002100000")
CORNERS = grid("110000000000000\n110000000000000\n000100000010000\n000000001100000\n010001000000000\n001010001000000")
CROSS = grid("110001001000000\n110001001001000\n000100110010100\n000000001101000\n010101000001000\n001010001000000")


@pytest.mark.parametrize("dtype", GREY)
def test_local_maxima(dtype):
    image, top = LOCAL.astype(dtype), dtype(9)
    for c, expected in (8, CORNERS), (4, CROSS):
        np.testing.assert_array_equal(morph.regional_maxima(image, connectivity=c), expected)
        np.testing.assert_array_equal(morph.regional_minima(top - image, connectivity=c), expected)


@pytest.mark.parametrize("dtype", GREY)
def test_local_maxima_of_hills(dtype):
    expected = squares((2, 2), (2, 7), (7, 2), (7, 7))
    expected[5, 5] = True
    np.testing.assert_array_equal(morph.regional_maxima(grid(HILLS, dtype)), expected)
    expected[5, 5], expected[5, 1], expected[5, 4] = False, True, True
    np.testing.assert_array_equal(morph.regional_maxima(float_hills()), expected)
    np.testing.assert_array_equal(morph.regional_minima(np.float32(1) - float_hills()), expected)


@pytest.mark.parametrize("dtype", GREY)
def test_local_maxima_along_a_row(dtype):
    row, expected = np.array([[1, 1, 0, 1, 2, 3, 0, 2, 1, 2, 0]], dtype), [[1, 1, 0, 0, 0, 1, 0, 1, 0, 1, 0]]
    np.testing.assert_array_equal(morph.regional_maxima(row), expected)
    np.testing.assert_array_equal(morph.regional_maxima(row.T.copy()), np.transpose(expected))


@pytest.mark.parametrize("dtype", GREY)
def test_a_flat_image_is_one_maximum(dtype):
    """scikit-image says there is none; we say one, so that a constant relief has a basin."""
    flat = np.full((7, 6), 42, dtype)
    assert morph.regional_maxima(flat).all() and morph.regional_minima(flat).all()
    assert not morphology.local_maxima(flat).any()


# ---- reconstruction: morphology/tests/test_reconstruction.py ----


@pytest.mark.parametrize("dtype", GREY)
@pytest.mark.parametrize("marker, limit, shape", [(0, 0, (5, 7)), (1, 1, (7, 5)), (1, 2, (5, 5)), (0, 1, (10, 10))])
def test_reconstruction_of_flat_images(dtype, marker, limit, shape):
    ours = morph.reconstruct_dilation(np.full(shape, marker, dtype), np.full(shape, limit, dtype))
    np.testing.assert_array_equal(ours, np.full(shape, marker))


@pytest.mark.parametrize("dtype", GREY)
def test_reconstruction_of_peaks(dtype):
    one = np.ones((5, 5), dtype)
    one[2, 2] = 2
    np.testing.assert_array_equal(morph.reconstruct_dilation(one, np.full((5, 5), 3, dtype)), np.full((5, 5), 2))
    two = np.ones((6, 8), dtype)
    two[1, 1], two[4, 6] = 2, 3
    limit, expected = np.ones((2, 6, 8), dtype)
    limit[:3, :3] = limit[3:, 5:] = 4
    expected[:3, :3], expected[3:, 5:] = 2, 3
    np.testing.assert_array_equal(morph.reconstruct_dilation(two, limit), expected)


@pytest.mark.parametrize("dtype", GREY)
def test_reconstruction_along_a_row(dtype):
    seed, limit = np.array([[0, 8, 8, 8, 8, 8, 8, 8, 8, 0]], dtype), np.array([[0, 3, 6, 2, 1, 1, 1, 4, 2, 0]], dtype)
    np.testing.assert_array_equal(morph.reconstruct_erosion(seed, limit), [[0, 3, 6, 4, 4, 4, 4, 4, 2, 0]])
    seed, limit = np.array([[0, 3, 6, 2, 1, 1, 1, 4, 2, 0]], dtype), np.array([[0, 8, 6, 8, 8, 8, 8, 4, 4, 0]], dtype)
    # Theirs dilates to the right only (an offset of 0) and leaves the 3; both ways the 6 reaches it.
    np.testing.assert_array_equal(morph.reconstruct_dilation(seed, limit), [[0, 6, 6, 6, 6, 6, 6, 4, 4, 0]])
    np.testing.assert_array_equal(morph.reconstruct_dilation(seed, limit), morphology.reconstruction(seed, limit))


def test_a_marker_beyond_its_limit_counts_as_the_limit():
    """scikit-image refuses it; we state what it means."""
    limit = np.random.default_rng(3).random((9, 11)).astype(np.float32)
    np.testing.assert_array_equal(morph.reconstruct_dilation(limit + 1, limit), limit)
    np.testing.assert_array_equal(morph.reconstruct_erosion(limit - 1, limit), limit)
    for c in 0, 6, -8:
        with pytest.raises(cellseg.ArgumentError, match="connectivity"):
            morph.reconstruct_dilation(limit, limit, c)


# ---- components: measure/tests/test_ccomp.py and test_label.py; values of one image as masks ----

VALUES = np.array([[0, 0, 3, 2, 1, 9], [0, 1, 1, 9, 2, 9], [0, 0, 1, 9, 9, 9], [3, 1, 1, 5, 3, 0]])
PARTS = np.array([[0, 0, 1, 2, 3, 4], [0, 5, 5, 4, 2, 4], [0, 0, 5, 4, 4, 4], [6, 5, 5, 7, 8, 0]])


@pytest.mark.parametrize("value", [1, 2, 3, 5, 9])
def test_components_of_each_value(value):
    """Their labels of a picture of several values; ours take one value at a time, with the same parts."""
    ours = morph.components(VALUES == value)
    theirs = np.where(VALUES == value, PARTS, 0)
    pairs = set(zip(ours.ravel(), theirs.ravel()))
    assert len(pairs) == len(np.unique(ours)) == len(np.unique(theirs))


def test_components_that_touch_at_a_corner():
    diagonal = np.eye(3, dtype=np.uint8)[::-1]
    np.testing.assert_array_equal(morph.components(diagonal, 8), diagonal)
    np.testing.assert_array_equal(morph.components([[False, True], [True, False]], 4), [[0, 1], [2, 0]])
    np.testing.assert_array_equal(morph.components([[False, True], [True, False]], 8), [[0, 1], [1, 0]])


@pytest.mark.parametrize("mask, expected", [
    ("001\n001\n111", "001\n001\n111"), ("000\n010\n000", "000\n010\n000"), ("101\n001\n111", "102\n002\n222"),
    ("01111000", "01111000"), ("0\n1\n1\n0\n1", "0\n1\n1\n0\n2"),
])  # fmt: skip
def test_small_components(mask, expected):
    for c in 4, 8:
        np.testing.assert_array_equal(morph.components(grid(mask), c), grid(expected))


@pytest.mark.parametrize("c", [0, 1, 2, 5])
def test_components_refuse_another_connectivity(c):
    with pytest.raises(cellseg.ArgumentError, match="connectivity"):
        morph.components(np.ones((2, 2), bool), c)


def test_components_of_nothing():
    with pytest.raises(ValueError):
        morph.components(np.ones((300, 0), bool))


# ---- distance: scipy/ndimage/tests/test_morphology.py ----

OCTAGON = grid("000000000\n000000000\n000111000\n001111100\n001111100\n001111100\n000111000\n000000000\n000000000")


@pytest.mark.parametrize("dtype", [bool, np.int8, np.uint8, np.int16, np.uint16, np.int32, np.uint32, np.int64, np.float32, np.float64])
def test_distance_and_nearest_feature(dtype):
    mask = OCTAGON.astype(dtype)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = ndimage.distance_transform_bf(OCTAGON, "euclidean")
    np.testing.assert_array_equal(morph.distance(mask), expected.astype(np.float32))
    rows, columns = np.unravel_index(morph.nearest(mask), mask.shape)
    y, x = np.indices(mask.shape)
    np.testing.assert_array_equal(np.sqrt((rows - y) ** 2 + (columns - x) ** 2), expected)
    assert (OCTAGON[rows, columns] == 0).all()


def test_distance_of_one_pixel():
    """Ticket 954."""
    np.testing.assert_array_equal(morph.distance([[False]]), [[0]])
    assert np.isposinf(morph.distance([[True]])).all()
    with pytest.raises(cellseg.ArgumentError, match="background"):
        morph.nearest([[True]])


# ---- label maps: segmentation/tests/test_clear_border.py, test_expand_labels.py, test_boundaries.py, test_join.py ----


def test_clear_border():
    image = grid("000000010\n110010010\n110101000\n000111100\n011111110\n000000000")
    parts = morph.components(image)
    expected = image.copy()
    expected[1:3, 0:2] = expected[0:2, -2] = 0
    np.testing.assert_array_equal(labels.clear_border(parts) != 0, expected)
    assert not labels.clear_border(parts, 1).any()
    several = grid("12312\n33542\n34542\n33212")
    np.testing.assert_array_equal(labels.clear_border(several), grid("00000\n00540\n04540\n00000"))


def test_expand_labels():
    row = [[0, 0, 4, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(labels.expand(row, 3), [[4, 4, 4, 4, 4, 4, 1, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]])
    tie = [[0, 0, 4, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]]
    np.testing.assert_array_equal(labels.expand(tie, 3), [[4, 4, 4, 4, 4, 4, 1, 1, 1, 1, 1, 1, 1, 0, 0, 0]])
    sample = np.zeros((10, 11), int)
    sample[2, 2:4] = sample[3, 1:4] = sample[4, 1:3] = sample[5, 2] = 1
    sample[5:7, 9] = 2
    three = grid("11111100000\n11111100000\n11111110020\n11111112222\n11111102222\n11111122222\n11111022222\n11111002222\n"
                 "00100002222\n00000000020")  # fmt: skip
    np.testing.assert_array_equal(labels.expand(sample, 3), three)
    half = grid("00000000000\n01111000000\n11111000000\n11111000000\n11111000222\n11110000222\n01110000222\n00000000222\n"
                "00000000000\n00000000000")  # fmt: skip
    np.testing.assert_array_equal(labels.expand(sample, 1.5), half)


def test_expand_labels_that_tie():
    """Where two labels are equally near theirs leaves the choice open; ours is the smallest column, then the smallest row."""
    sample = grid("00000000000\n00000220000\n00110220000\n01110200000\n00100000000")
    theirs = grid("11112222220\n11112222222\n11111222222\n11111222220\n11111222220")
    ours = labels.expand(sample, 4)
    y, x = np.indices(sample.shape)
    distance = np.stack([np.where(sample == i, 0, 1) for i in (1, 2)])
    distance = np.stack([ndimage.distance_transform_edt(d) for d in distance])
    tie = distance[0] == distance[1]
    np.testing.assert_array_equal(ours[~tie], theirs[~tie])
    assert (ours[tie] == 1).all() and tie.any()


@pytest.mark.parametrize("ring_px", [0, 1, 2.5, 7, 1e300])
def test_compartments(ring_px):
    """The ring against distances to each nucleus by itself; where two are equally near, either answer will do."""
    random = np.random.default_rng(3)
    cells = ndimage.label(ndimage.gaussian_filter(random.normal(size=(90, 130)), 4) > 0)[0]
    cells[60:, :60] = np.arange(60) // 6 + 101  # cells that touch, whose nuclei are near each other
    nuclei = np.where(random.random(cells.shape) < 0.03, cells, np.roll(cells, 50, 1))
    nucleus = np.where(cells == nuclei, cells, 0)
    np.testing.assert_array_equal(labels.compartment(cells, nuclei, "nucleus"), nucleus)
    np.testing.assert_array_equal(labels.compartment(cells, nuclei, "cytoplasm"), cells - nucleus)
    ids = np.unique(nucleus[nucleus > 0])
    far = np.stack([ndimage.distance_transform_edt(nucleus != i) for i in ids])
    own = np.min(np.where(ids[:, None, None] == cells, far, np.inf), 0)
    other = np.min(np.where(ids[:, None, None] == cells, np.inf, far), 0)
    ring = (own <= ring_px) & (own < other) & (nucleus == 0) & (cells > 0)
    ours = labels.compartment(cells, nuclei, "ring", ring_px)
    np.testing.assert_array_equal(ours[own != other], np.where(ring, cells, 0)[own != other])
    assert (ours[ours > 0] == cells[ours > 0]).all() and (own == other).sum() < 200 and ring.any() == (ring_px > 0)


def test_compartments_of_maps_that_do_not_fit():
    one = np.ones((3, 4), int)
    assert not labels.compartment(one, one + 1, "ring").any() and labels.compartment(one, 0 * one, "cytoplasm").all()
    with pytest.raises(ValueError, match="kind is 'membrane'; it must be one of nucleus, cytoplasm, ring"):
        labels.compartment(one, one, "membrane")


def test_find_boundaries():
    image = np.zeros((10, 10), int)
    image[2:7, 2:7] = 1
    thick, inner = np.zeros((2, 10, 10), bool)
    thick[1:8, 2:7] = thick[2:7, 1:8] = True
    thick[3:6, 3:6] = False
    inner[2:7, 2:7] = True
    inner[3:6, 3:6] = False
    np.testing.assert_array_equal(labels.boundaries(image, "thick"), thick)
    np.testing.assert_array_equal(labels.boundaries(image, "inner"), inner)
    np.testing.assert_array_equal(labels.boundaries(image, "outer"), thick & ~inner)
    with pytest.raises(ValueError, match="kind"):
        labels.boundaries(image, "subpixel")


def test_relabel_in_sequence():
    """test_relabel_sequential: theirs numbers by rising id, ours in raster order, which for this row is the same."""
    row = [[1, 1, 5, 5, 8, 99, 42]]
    np.testing.assert_array_equal(labels.relabel(row), [[1, 1, 2, 2, 3, 4, 5]])
    np.testing.assert_array_equal(labels.relabel([[1, 1, 5, 5, 8, 0, 99, 42]]), [[1, 1, 2, 2, 3, 0, 4, 5]])
    large = np.array([[1, 4294967295, 0, 4294967295, 2147483648]])
    np.testing.assert_array_equal(labels.relabel(large), [[1, 2, 0, 2, 3]])
    with pytest.raises(ValueError):
        labels.relabel([[-5, 2]])


# ---- erosion, dilation, opening, closing: morphology/tests/test_gray.py; their default footprint is the disc of radius 1 ----

FLOAT = """
0.55 0.72 0.6 0.54 0.42
0.65 0.44 0.89 0.96 0.38
0.79 0.53 0.57 0.93 0.07
0.09 0.02 0.83 0.78 0.87
0.98 0.8 0.46 0.78 0.12""".strip()
BY_THE_CROSS = {
    "erode_disc": """
0.55 0.44 0.54 0.42 0.38
0.44 0.44 0.44 0.38 0.07
0.09 0.02 0.53 0.07 0.07
0.02 0.02 0.02 0.78 0.07
0.09 0.02 0.46 0.12 0.12""",
    "dilate_disc": """
0.72 0.72 0.89 0.96 0.54
0.79 0.89 0.96 0.96 0.96
0.79 0.79 0.93 0.96 0.93
0.98 0.83 0.83 0.93 0.87
0.98 0.98 0.83 0.78 0.87""",
    "opening_disc": """
0.55 0.55 0.54 0.54 0.42
0.55 0.44 0.54 0.44 0.38
0.44 0.53 0.53 0.78 0.07
0.09 0.02 0.78 0.78 0.78
0.09 0.46 0.46 0.78 0.12""",
    "closing_disc": """
0.72 0.72 0.72 0.54 0.54
0.72 0.72 0.89 0.96 0.54
0.79 0.79 0.79 0.93 0.87
0.79 0.79 0.83 0.78 0.87
0.98 0.83 0.78 0.78 0.78""",
}


@pytest.mark.parametrize("name", BY_THE_CROSS)
def test_grey_morphology_by_the_cross(name):
    image, expected = grid(FLOAT, np.float32), grid(BY_THE_CROSS[name].strip(), np.float32)
    np.testing.assert_array_equal(getattr(morph, name)(image, 1), expected)
    for dtype, top in (np.uint8, 255), (np.uint16, 65535):
        scaled = np.round(image * top).astype(dtype)
        np.testing.assert_array_equal(getattr(morph, name)(scaled, 1), np.round(expected * top).astype(dtype))


def test_grey_morphology_of_views_with_gaps():
    """Theirs writes into every second pixel; ours reads them."""
    wide = np.zeros((5, 5), np.uint8)
    wide[::2, ::2] = grid("562\n722\n351")
    np.testing.assert_array_equal(morph.dilate_disc(wide[::2, ::2], 1), grid("766\n772\n755"))
    np.testing.assert_array_equal(morph.erode_disc(wide[::2, ::2], 1), grid("522\n221\n311"))


def test_top_hats_of_one_pixel():
    """TestEccentricStructuringElements: a lone pixel is lost or kept whole, with the window's centre off its middle."""
    black = np.full((6, 6), 255, np.uint8)
    black[2, 2] = 0
    for size in (2, 2), (2, 1), (1, 2):
        assert (morph.opening(255 - black, size) == 0).all() and (morph.closing(black, size) == 255).all()
        np.testing.assert_array_equal(morph.white_top_hat(255 - black, size), 255 - black)
        np.testing.assert_array_equal(morph.black_top_hat(black, size), 255 - black)
        assert not morph.white_top_hat(black, size)[:2].any() and not morph.black_top_hat(255 - black, size).any()


# ---- small objects: morphology/tests/test_misc.py ----


def test_remove_small():
    numbered = grid("22201\n22201\n20000\n00333")
    np.testing.assert_array_equal(labels.remove_small(numbered, 3), grid("22200\n22200\n20000\n00333"))
    mask = grid("00010\n11100\n11101")
    np.testing.assert_array_equal(labels.remove_small(morph.components(mask, 4), 6) != 0, grid("00000\n11100\n11100"))
    np.testing.assert_array_equal(labels.remove_small(morph.components(mask, 8), 7) != 0, grid("00010\n11100\n11100"))
