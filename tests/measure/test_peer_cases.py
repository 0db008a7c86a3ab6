# SPDX-License-Identifier: BSD-3-Clause
"""The cases with which scikit-image 0.19 tests regionprops() and what it is made of, run on cellseg.measure().

Inputs and what is expected are theirs, from MATLAB, OpenCV and by hand; where our definition (docs/measurements.md) differs the
test says so and expects ours.
"""
import math

import cellseg
import numpy as np
import pytest
from skimage.feature import graycoprops
from skimage.measure import euler_number, perimeter_crofton, regionprops

SAMPLE = np.array([[c == "1" for c in row] for row in """\
000000000101100000
000000001111000000
000000001110000000
000000001110000000
000000111111000000
000000111111111110
000000111111111110
101001101100111110
011111110110001111
011001110000000011""".split("\n")]).astype(int)  # fmt: skip
INTENSITY = SAMPLE.astype(np.uint8)
INTENSITY[1, 9:11] = 2


def measured(cells, image=None, name=None, **options):
    table = cellseg.measure(cells, None, image, **options)
    assert len(table["id"]) == 1
    return table[name][0] if name else table


def with_a_hole():
    holed = SAMPLE.copy()
    holed[7, -3] = 0
    return holed


@pytest.mark.parametrize("name, expected", [
    ("id", 1), ("area_px2", 72), ("centroid_y_px", 5.66666666666666), ("centroid_x_px", 9.444444444444444),
    ("eccentricity", 0.814629313427), ("equivalent_diameter_area_px", 9.57461472963), ("axis_major_length_px", 16.7924234999),
    ("axis_minor_length_px", 9.739302807263), ("orientation_rad", -1.4663278802756865), ("area_convex_px2", 125),
    ("solidity", 0.576), ("perimeter_crofton_px", 61.0800637973), ("euler_number", 0), ("intensity_max_channel_0", 2),
    ("intensity_min_channel_0", 1), ("intensity_mean_channel_0", 1.02777777777777), ("centroid_weighted_y_px_channel_0", 5.540540540540),
    ("centroid_weighted_x_px_channel_0", 9.445945945945), ("intensity_integrated_channel_0", 74), ("intensity_median_channel_0", 1),
])  # fmt: skip
def test_the_sample(name, expected):
    """Orientation is from the columns' direction, as theirs: the same number. Sum and median are those of its intensities."""
    np.testing.assert_allclose(measured(SAMPLE, INTENSITY, name), expected, rtol=1e-10)


def test_intensities_of_floats():
    """test_regionprops_table_equal_to_original's image."""
    tenths = (INTENSITY / 10).astype(np.float32)
    np.testing.assert_allclose(measured(SAMPLE, tenths, "intensity_mean_channel_0"), 0.102777777777777, rtol=1e-7)
    np.testing.assert_allclose(measured(SAMPLE, tenths, "centroid_weighted_y_px_channel_0"), 5.540540540540, rtol=1e-7)


def test_bounding_boxes():
    names = ["bbox_top_px", "bbox_left_px", "bbox_bottom_px", "bbox_right_px"]
    narrow = SAMPLE.copy()
    narrow[:, -1] = 0
    padded = np.pad(SAMPLE, ((2, 4), (5, 2)))
    for cells, expected in (SAMPLE, (0, 0, 10, 18)), (narrow, (0, 0, 10, 17)), (padded, (2, 5, 12, 23)):
        table = measured(cells)
        assert tuple(table[name][0] for name in names) == expected
    assert measured(padded)["touches_border"] == 0 and measured(SAMPLE)["touches_border"] == 1


def test_feret_diameters():
    """scikit-image's largest, by hand 18 within 1, is our own to the last digits; its square of 16 px has a diagonal of 16 sqrt 2."""
    assert abs(measured(SAMPLE, name="feret_diameter_max_px") - 18) < 1
    np.testing.assert_allclose(measured(SAMPLE, name="feret_diameter_max_px"), regionprops(SAMPLE)[0].feret_diameter_max)
    square = np.zeros((20, 20), int)
    square[2:-2, 2:-2] = 1
    assert abs(measured(square, name="feret_diameter_max_px") - 16 * math.sqrt(2)) < 1
    assert measured(square, name="feret_diameter_min_px") == 16


def test_orientation_of_diagonals():
    """0.19 has the sign of diagonals wrong: where both variances are the same it answers the other one.

    A diagonal down to the right lies at +45 degrees from the downward direction, positive to the right: what we state.
    """
    diagonal = np.eye(10, dtype=int)
    for cells, expected in (diagonal, math.pi / 4), (diagonal[::-1], -math.pi / 4), (diagonal[::-1, ::-1], math.pi / 4):
        np.testing.assert_allclose(measured(cells, name="orientation_rad"), expected, rtol=1e-12)
    steep = np.eye(10, 9, dtype=int) | np.eye(10, 9, k=-1, dtype=int)  # not quite a diagonal, which theirs has as we do
    theirs = regionprops(steep)[0].orientation
    np.testing.assert_allclose(measured(steep, name="orientation_rad"), theirs, rtol=1e-9)
    assert 0 < theirs < math.pi / 4


def test_euler_numbers():
    """Ours is that of 8-connected objects, their default; 4-connected ones (2 and 1) we do not offer."""
    assert measured(SAMPLE, name="euler_number") == euler_number(SAMPLE, 2) == 0
    assert measured(with_a_hole(), name="euler_number") == euler_number(with_a_hole(), 2) == -1


def test_a_single_pixel_has_no_direction():
    """Theirs answers pi / 4 for its orientation, ours 0, as for every shape that is alike in all directions."""
    pixel = np.zeros((5, 5), int)
    pixel[2, 2] = 1
    table = measured(pixel)
    assert table["eccentricity"] == 0 and table["orientation_rad"] == 0 and table["axis_major_length_px"] == 0
    assert table["area_px2"] == table["area_convex_px2"] == table["solidity"] == table["euler_number"] == 1


def test_perimeters():
    """Crofton's with four directions is the only one; perimeter() and two directions we do not offer."""
    ours = measured(SAMPLE, name="perimeter_crofton_px")
    np.testing.assert_allclose(ours, perimeter_crofton(SAMPLE, directions=4), rtol=1e-12)
    np.testing.assert_allclose(measured(SAMPLE, name="form_factor"), 4 * math.pi * 72 / 61.0800637973**2, rtol=1e-10)


def test_the_second_moments_opencv_has():
    """mu20 = 436 and mu02 = 1259.78 and mu11 = -87.33 of OpenCV, through the axes they make."""
    spread = np.array([[436.0, -87.33333333333303], [-87.33333333333303, 1259.7777777777774]]) / 72
    minor, major = 4 * np.sqrt(np.linalg.eigvalsh(spread))
    table = measured(SAMPLE)
    np.testing.assert_allclose([table["axis_major_length_px"][0], table["axis_minor_length_px"][0]], [major, minor], rtol=1e-12)


def test_ids_need_not_begin_at_one():
    assert measured(np.full((2, 2), 2), name="id") == 2
    assert len(cellseg.measure(np.zeros((2, 2), int))["id"]) == 0


def test_two_regions_of_several_parts():
    """test_extra_properties_table: a diagonal under one id, two pixels under another."""
    cells = np.eye(10, dtype=np.int32)
    cells[3:5, 7:8] = 2
    table = cellseg.measure(cells, None, (cells * 2).astype(np.float32))
    assert table["intensity_median_channel_0"].tolist() == [2, 4] and table["area_px2"].tolist() == [10, 2]


def test_equal_regions_have_equal_rows():
    """test_equals: the same square elsewhere."""
    cells = np.zeros((100, 100), int)
    cells[10:35, 10:35], cells[50:75, 50:75], cells[80:90, 10:12] = 1, 2, 3
    table = cellseg.measure(cells)
    for name, values in table.items():
        if name not in ("id",) and not name.startswith(("centroid", "bbox")):
            assert values[0] == values[1], name
    assert table["area_px2"][2] != table["area_px2"][0]


def test_what_is_refused():
    """Label maps of another kind or shape; theirs refuses bool, we take it as the ids 0 and 1."""
    for wrong in np.zeros((10, 10)), np.zeros((10, 10), np.float32):
        with pytest.raises(TypeError):
            cellseg.measure(wrong)
    for wrong in np.zeros((10, 10, 1), int), np.zeros((10, 10, 10, 2), int), np.zeros(10, int):
        with pytest.raises(ValueError):
            cellseg.measure(wrong)
    with pytest.raises(cellseg.ArgumentError, match="pixels"):
        cellseg.measure(SAMPLE, None, np.array([[1], [1]], np.uint8))
    assert measured(SAMPLE.astype(bool), name="area_px2") == 72


def test_channels_are_measured_each_by_itself():
    """test_multichannel."""
    random = np.random.default_rng(2)
    image = random.integers(0, 255, (3, *SAMPLE.shape), np.uint8)
    together = measured(SAMPLE, image, texture=True)
    for i, channel in enumerate(image):
        alone = measured(SAMPLE, channel, texture=True)
        for name in alone:
            np.testing.assert_array_equal(together[name.replace("channel_0", f"channel_{i}")], alone[name], name)


@pytest.mark.parametrize("angle", [0.0, 0.4, 1.1, 2.5])
def test_axes_of_a_turned_ellipse(angle):
    """test_3d_ellipsoid_axis_lengths in two dimensions: half axes 50 and 20, within 1 %."""
    y, x = np.mgrid[-60:61, -60:61]
    along, across = x * math.sin(angle) + y * math.cos(angle), x * math.cos(angle) - y * math.sin(angle)
    table = measured(((along / 50) ** 2 + (across / 20) ** 2 <= 1).astype(int))
    assert abs(table["axis_major_length_px"][0] - 100) < 1 and abs(table["axis_minor_length_px"][0] - 40) < 0.4
    assert abs(math.sin(table["orientation_rad"][0] - angle)) < 0.01
    assert abs(table["feret_diameter_max_px"][0] - 101) < 1.5 and abs(table["feret_diameter_min_px"][0] - 41) < 1.5


# ---- the convex image: morphology/tests/test_convex_hull.py ----


@pytest.mark.parametrize("rows, pixels", [
    ("....#...\n...#.#..\n..#...#.\n.#.....#", 1 + 3 + 5 + 7),
    ("....#..\n..#####\n###....", 3 + 6 + 5),
])  # fmt: skip
def test_convex_area(rows, pixels):
    mask = np.array([[c == "#" for c in row] for row in rows.split("\n")]).astype(int)
    assert measured(mask, name="area_convex_px2") == pixels
    np.testing.assert_allclose(measured(mask, name="solidity"), mask.sum() / pixels)


def test_a_convex_shape_far_from_the_origin():
    """test_qhull_offset_example: its hull is itself."""
    runs = {1367: (151, 151), 1368: (150, 152), 1369: (149, 153), 1370: (148, 154), 1371: (147, 155), 1372: (146, 155),
            1373: (146, 154), 1374: (147, 153), 1375: (148, 152), 1376: (149, 151), 1377: (150, 150)}  # fmt: skip
    mask = np.zeros((1392, 1040), int)
    for row, (first, last) in runs.items():
        mask[row, first : last + 1] = 1
    assert mask.sum() == 60 and measured(mask, name="solidity") == 1


# ---- co-occurrence: feature/tests/test_texture.py; its four matrices, and Haralick's features of them ----

LEVELS = np.array([[0, 0, 1, 1], [0, 0, 1, 1], [0, 2, 2, 2], [2, 2, 3, 3]], np.uint8)
COUNTS = [
    [[2, 2, 1, 0], [0, 2, 0, 0], [0, 0, 3, 1], [0, 0, 0, 1]],
    [[1, 1, 3, 0], [0, 1, 1, 0], [0, 0, 0, 2], [0, 0, 0, 0]],
    [[3, 0, 2, 0], [0, 2, 2, 0], [0, 0, 1, 2], [0, 0, 0, 0]],
    [[2, 0, 0, 0], [1, 1, 2, 0], [0, 0, 2, 1], [0, 0, 0, 0]],
]


@pytest.mark.parametrize("name, of", [("contrast", "contrast"), ("correlation", "correlation"),
                                      ("angular_second_moment", "ASM"), ("inverse_difference_moment", "homogeneity")])  # fmt: skip
def test_textures_of_known_counts(name, of):
    ours = measured(np.ones((4, 4), int), LEVELS, f"texture_{name}_channel_0", texture=True, texture_levels=4, texture_high=4)
    counts = np.array(COUNTS) + np.transpose(COUNTS, (0, 2, 1))
    each = counts / counts.sum((1, 2), keepdims=True)
    np.testing.assert_allclose(ours, graycoprops(np.moveaxis(each, 0, -1)[:, :, None], of).mean())


def test_textures_of_one_direction():
    """test_homogeneity, test_energy and test_correlation, whose numbers are for pairs side by side: rows with gaps between."""
    image, cells = np.repeat(LEVELS, 2, 0), np.repeat(np.arange(8)[:, None] % 2 == 0, 4, 1).astype(int)
    options = dict(texture=True, texture_levels=4, texture_high=4)
    for name, right in ("inverse_difference_moment", 0.80833333), ("correlation", 0.71953255):
        np.testing.assert_allclose(measured(cells, image, f"texture_{name}_channel_0", **options), right, rtol=1e-7)
    energy = measured(cells, image, "texture_angular_second_moment_channel_0", **options)
    np.testing.assert_allclose(math.sqrt(energy), 0.38188131, rtol=1e-7)


def test_textures_beyond_the_cell():
    """test_output_empty: no pair is ten pixels apart."""
    values = measured(np.ones((4, 4), int), LEVELS, texture=True, texture_distance_px=10)
    assert all(np.isnan(values[name]).all() for name in values if name.startswith("texture_"))
