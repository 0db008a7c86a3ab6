# SPDX-License-Identifier: BSD-3-Clause
"""The groups of columns that CellProfiler has too, against SciPy, scikit-image and plain search (expected_features.py)."""

import cellseg
import expected_features as expected
import numpy as np
import oracle
import pytest
from scipy import ndimage
from skimage.measure import label


def blobs(seed, shape=(90, 120), sigma=4):
    """Labels of round outlines, touching and not, with holes and on the border."""
    field = ndimage.gaussian_filter(np.random.default_rng(seed).normal(size=shape), sigma)
    return label(np.digitize(field, np.quantile(field, [0.45, 0.75])), connectivity=1, background=0)


def texture(seed, shape, channels=1):
    random = np.random.default_rng(seed)
    noise = [ndimage.gaussian_filter(random.random(shape), sigma) for sigma in (1.2, 4)[:channels]]
    return np.stack([(n - n.min()) / (n.max() - n.min()) * 50000 for n in noise]).astype(np.uint16)


def check(columns, cells, image, rtol=1e-11, atol=1e-11, **options):
    ours = cellseg.measure(cells, None, image, **options)
    for name, values in columns.items():
        np.testing.assert_allclose(ours[name], values, rtol=rtol, atol=atol, err_msg=name)


def check_zernike(cells, image):
    """Sums to a few times the rounding of their terms; a phase where its magnitude is not rounding alone."""
    ours = cellseg.measure(cells, None, image, zernike=True)
    for name, values in expected.zernike_columns(cells, image).items():
        values, difference = np.asarray(values), np.abs(ours[name] - values)
        if "phase" in name:
            scale = ours[name.replace("phase", "magnitude").replace("_rad", "")]
            known = scale > 1e-6 * image.max()
            turn = np.minimum(difference, 2 * np.pi - difference)[known]
            assert (turn < 1e-7).all(), name
        else:
            assert (difference[~np.isnan(values)] < 1e-11 * max(1, image.max())).all(), name
            np.testing.assert_array_equal(np.isnan(ours[name]), np.isnan(values))


SPIRAL = """
###########
..........#
#########.#
#.......#.#
#.#####.#.#
#.#...#.#.#
#.#.###.#.#
#.#.....#.#
#.#######.#
#.........#
###########"""
SHAPES = ["#", "##", "#########", "#\n#\n#", "#..\n.#.\n..#", "###\n#.#\n###", "#.#\n...\n#.#", "####\n####\n####\n####",
          "##...##\n##...##", ".#.\n###\n.#.", SPIRAL.strip()]  # fmt: skip


def shape_of(points):
    rows = points.split("\n")
    return np.array([[c == "#" for c in row] for row in rows])


# ---- distance to the edge of a label ----


@pytest.mark.parametrize("sigma", [0, 1, 4, 25])
def test_distance_within_labels(sigma):
    random = np.random.default_rng(sigma)
    cells = random.integers(0, 3, (70, 300)) if sigma == 0 else blobs(sigma, (50, 150) if sigma == 1 else (170, 600), sigma)
    ours = np.full(cells.shape, -1, np.float32)
    oracle.call("cseg_distance_within", ours, cells.astype(np.uint32))
    theirs = np.zeros(cells.shape)
    for id_ in np.unique(cells[cells > 0]):
        theirs[cells == id_] = expected.edge_distance(cells == id_)[cells == id_]
    np.testing.assert_array_equal(ours, theirs.astype(np.float32))


@pytest.mark.parametrize("shape", [(1, 1), (1, 500), (500, 1), (20, 30)])
def test_a_label_that_fills_the_image_is_far_from_every_edge(shape):
    ours = np.zeros(shape, np.float32)
    oracle.call("cseg_distance_within", ours, np.full(shape, 7, np.uint32))
    assert np.isposinf(ours).all()


# ---- radial ----


@pytest.mark.parametrize("seed", range(4))
def test_radial_distribution_of_blobs(seed):
    cells = blobs(seed, sigma=2 + 2 * seed)
    image = texture(seed, cells.shape, 2)
    check(expected.radial_columns(cells, image), cells, image, radial=True)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "float32", "int16", "int32", "float64"])
def test_radial_distribution_of_noise_in_every_pixel_type(dtype):
    random = np.random.default_rng(3)
    cells = random.integers(0, 5, (30, 40))
    image = random.integers(1, 100, (1, 30, 40)).astype(dtype)
    check(expected.radial_columns(cells, image), cells, image, radial=True)


@pytest.mark.parametrize("points", SHAPES)
def test_radial_distribution_of_small_shapes(points):
    for border in 0, 1, 3:
        cells = np.pad(shape_of(points), border).astype(int)
        image = 1 + np.arange(cells.size, dtype=np.uint16).reshape(1, *cells.shape) % 7
        check(expected.radial_columns(cells, image), cells, image, radial=True)


# ---- details of intensity ----


@pytest.mark.parametrize("type_", [np.uint8, np.uint16, np.uint32, np.int16, np.int32, np.float32, np.float64])
@pytest.mark.parametrize("seed", range(2))
def test_details_of_intensity(seed, type_):
    cells = blobs(seed, (50, 70), 3)
    image = (texture(seed, cells.shape, 2) >> 9).astype(type_) - type_(0 if np.dtype(type_).kind == "u" else 31)
    check(expected.detail_columns(cells, image), cells, image, 1e-9, 1e-9, intensity_detail=True)


@pytest.mark.parametrize("points", SHAPES)
def test_details_of_intensity_of_small_shapes(points):
    for border in 0, 1:
        cells = np.pad(shape_of(points), border).astype(int)
        image = 1 + np.arange(cells.size, dtype=np.uint16).reshape(1, *cells.shape) % 7
        check(expected.detail_columns(cells, image), cells, image, intensity_detail=True)


def test_details_of_values_that_are_not_finite():
    image = np.ones((1, 2, 8))
    image[0, 0] = [np.nan, 1, np.inf, 1, 3, 1, np.inf, np.inf]
    ours = cellseg.measure(np.array([[1, 1, 2, 2, 3, 3, 4, 4]] * 2), None, image, intensity_detail=True)
    np.testing.assert_array_equal(ours["intensity_mad_channel_0"], [np.nan, 0, 0, np.nan])
    np.testing.assert_array_equal(ours["intensity_quartile_upper_channel_0"], [np.nan, np.inf, 1.5, np.inf])
    np.testing.assert_array_equal(ours["intensity_edge_max_channel_0"], [np.nan, np.inf, 3, np.inf])


# ---- granularity: the openings are computed in float32, to 6e-8 of the image's range ----


@pytest.mark.parametrize("shape, step", [((90, 120), 4), ((101, 79), 4), ((40, 60), 1), ((64, 131), 3), ((33, 30), 16)])
def test_granularity(shape, step):
    cells, image = blobs(1, shape, 5), texture(1, shape, 2)
    check(expected.granularity_columns(cells, image, step), cells, image, atol=2e-5, granularity=True, granularity_step_px=step)


def test_granularity_of_a_small_or_black_image():
    cells = np.ones((7, 40), int)
    narrow = cellseg.measure(cells, None, np.ones((7, 40), np.uint8), granularity=True)
    black = cellseg.measure(np.ones((40, 40), int), None, np.zeros((40, 40), np.uint8), granularity=True)
    for k in range(1, 17):
        assert np.isnan(narrow[f"granularity_{k}_channel_0"]).all()
        assert (black[f"granularity_{k}_channel_0"] == 0).all()


# ---- Zernike moments ----


@pytest.mark.parametrize("seed", range(3))
def test_zernike_moments_of_blobs(seed):
    cells = blobs(seed, (60, 80), 3 + seed)
    check_zernike(cells, texture(seed, cells.shape, 2))


@pytest.mark.parametrize("points", SHAPES)
def test_zernike_moments_of_small_shapes(points):
    cells = np.pad(shape_of(points), 1).astype(int)
    check_zernike(cells, 1 + np.arange(cells.size, dtype=np.uint16).reshape(1, *cells.shape) % 7)


def test_zernike_moments_do_not_change_as_a_cell_is_turned():
    cells = blobs(5, (80, 80))
    one, other = (cellseg.measure(np.rot90(cells, k), zernike=True) for k in (0, 1))
    for n, m in expected.ORDERS:
        np.testing.assert_allclose(one[f"zernike_{n}_{m}"], other[f"zernike_{n}_{m}"], atol=1e-12)


# ---- values that are not finite, and channels of zeros ----


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e300])
def test_a_value_that_is_not_finite_stays_in_its_cell(value):
    cells = np.kron([[1, 2], [3, 4]], np.ones((20, 20), int))
    image = np.random.default_rng(6).random((1, 40, 40)) + 1
    groups = {"radial": True, "zernike": True, "granularity": True}
    before = cellseg.measure(cells, None, image, **groups)
    image[0, 2, 3] = value
    after = cellseg.measure(cells, None, image, **groups)
    for name in before:
        if name.startswith(("radial", "zernike_m", "zernike_p")):
            np.testing.assert_array_equal(after[name][1:], before[name][1:], err_msg=name)
        if name.startswith("granularity"):
            assert np.isnan(after[name][0]) != np.isfinite(value) and np.isfinite(after[name][1:]).all()
    if np.isnan(value):
        assert np.isnan(after["radial_fraction_1_of_4_channel_0"][0]) and np.isnan(after["zernike_magnitude_2_0_channel_0"][0])


def test_fractions_of_a_channel_of_zeros_have_no_value():
    cells = np.ones((9, 9), int)
    ours = cellseg.measure(cells, None, np.zeros((9, 9), np.uint16), radial=True)
    for what in "fraction", "mean_fraction":
        assert all(np.isnan(ours[f"radial_{what}_{k}_of_4_channel_0"]).all() for k in (1, 2, 3, 4))


def test_zones_and_moments_of_a_compartment_are_its_own():
    cells = blobs(2)
    nuclei = np.where(ndimage.minimum_filter(cells, 5) == cells, cells, 0)
    image, compartments = texture(2, cells.shape), cellseg.compartments(cells, nuclei, 3)
    ours = cellseg.measure(cells, None, image, compartments=compartments, radial=True, zernike=True)
    for name, labels in compartments.items():
        alone = cellseg.measure(labels, None, image, radial=True, zernike=True)
        rows = np.isin(ours["id"], alone["id"])
        assert rows.any()
        for column in alone:
            if column.startswith(("radial", "zernike")):
                np.testing.assert_array_equal(ours[f"{name}.{column}"][rows], alone[column], err_msg=column)
