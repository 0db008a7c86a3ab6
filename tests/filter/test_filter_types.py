# SPDX-License-Identifier: BSD-3-Clause
"""Filters of every pixel type, up to the type's ends, against SciPy, NumPy and brute force."""
import itertools

import cellseg
import numpy as np
import pytest
from cellseg import filter
from scipy import ndimage

INTEGERS = [np.uint8, np.uint16, np.uint32, np.int16, np.int32]
TYPES = [*INTEGERS, np.float32, np.float64]
SHAPES = [(1, 1), (1, 37), (41, 1), (31, 33), (130, 71)]


def random(seed):
    return np.random.default_rng(seed)


def cells(dtype, shape, seed=0):
    """Smooth structures and noise that fill the type's range."""
    image = ndimage.gaussian_filter(random(seed).random(shape), 2) + 0.1 * random(seed).random(shape)
    image = (image - image.min()) / max(np.ptp(image), 1e-9)
    if np.issubdtype(dtype, np.integer):
        limits = np.iinfo(dtype)
        return np.floor(image * (float(limits.max) - limits.min) + limits.min).astype(dtype)
    return (image * 2e5 - 1e5).astype(dtype)


def images_of(dtype):
    for shape in SHAPES:
        yield cells(dtype, shape)
    yield np.full((20, 30), 7, dtype)


def close(ours, truth, image, tolerance):
    scale = max(float(np.abs(image.astype(np.float64)).max()), 1e-30)
    assert ours.dtype == np.float32
    np.testing.assert_array_less(np.abs(ours - truth) / scale, tolerance)


# ---- images ----


@pytest.mark.parametrize("dtype", TYPES)
def test_gaussian_and_laplacian(dtype):
    for image in images_of(dtype):
        wide = image.astype(np.float64)
        close(filter.gaussian(image, 2.5), ndimage.gaussian_filter(wide, 2.5), image, 2e-6)
        close(filter.gaussian(image, 20), ndimage.gaussian_filter(wide, 20, truncate=7), image, 4e-5)
        truth = np.max([-s * s * ndimage.gaussian_laplace(wide, s) for s in (2, 3)], 0)
        close(filter.laplacian_of_gaussian(image, [2, 3]), truth, image, 4e-6)
        truth = np.max([-s * s * ndimage.gaussian_laplace(wide, s, truncate=8) for s in (3, 6)], 0)
        close(filter.laplacian_of_gaussian(image, [3, 6], fast=True), truth, image, 1.2e-3)


@pytest.mark.parametrize("dtype", TYPES)
def test_float32_images_are_those_of_the_rounded_pixels(dtype):
    """The header: pixels are rounded to float32 first. So the bytes are those of the rounded image."""
    for image in images_of(dtype):
        rounded = image.astype(np.float32)
        for call in (
            lambda i: filter.gaussian(i, 0), lambda i: filter.gaussian(i, 3), lambda i: filter.gaussian(i, 30),
            lambda i: filter.laplacian_of_gaussian(i, [2, 4]), lambda i: filter.laplacian_of_gaussian(i, [3, 9], fast=True),
            lambda i: filter.resample(i, (13, 17)), lambda i: filter.resample(i, (140, 150), cubic=True),
            lambda i: filter.resample(i, i.shape),
        ):  # fmt: skip
            assert call(image).tobytes() == call(rounded).tobytes()
    np.testing.assert_array_equal(filter.gaussian(image, 0), rounded)


@pytest.mark.parametrize("dtype", TYPES)
def test_resampling(dtype):
    image = cells(dtype, (60, 50))
    blocks = image.astype(np.float64).reshape(30, 2, 25, 2).mean((1, 3))
    close(filter.resample(image, (30, 25)), blocks, image, 1e-6)
    linear = ndimage.map_coordinates(image.astype(np.float64), np.mgrid[:59, :49] + 0.25, order=1)
    close(filter.resample(image, (120, 100))[1:-1:2, 1:-1:2], linear, image, 1e-6)


# ---- numbers ----


@pytest.mark.parametrize("dtype", TYPES)
def test_range_and_histogram(dtype):
    for image in images_of(dtype):
        assert filter.value_range(image) == (float(image.min()), float(image.max()))
        wide = image.astype(np.float64)
        lo, hi = float(np.quantile(wide, 0.1)), float(np.quantile(wide, 0.9)) + 1e-3
        np.testing.assert_array_equal(filter.histogram(image, 37, lo, hi), np.histogram(wide, 37, (lo, hi))[0])


@pytest.mark.parametrize("dtype", INTEGERS)
def test_the_type_s_ends_are_counted(dtype):
    limits = np.iinfo(dtype)
    image = np.array([[limits.min, limits.min + 1, limits.max, limits.max, limits.max - 1]], dtype)
    assert filter.value_range(image) == (limits.min, limits.max)
    np.testing.assert_array_equal(filter.percentiles(image, [0, 25, 50, 75, 100]), np.sort(image[0]).astype(float))
    counts = filter.histogram(image, 2, float(limits.min), float(limits.max))
    np.testing.assert_array_equal(counts, [2, 3])


def test_range_of_float64_is_exact():
    image = np.full((40, 40), 1.0)
    image[3, 4], image[30, 2] = 1 + 2**-52, 1 - 2**-53
    assert filter.value_range(image) == (1 - 2**-53, 1 + 2**-52)


@pytest.mark.parametrize("dtype", TYPES)
def test_percentiles_are_numpy_s(dtype):
    percents = [0, 0.01, 1, 25, 33.3, 50, 66.7, 75, 99, 99.99, 100, 5]
    for image in images_of(dtype):
        truth = np.percentile(image.astype(np.float64), percents)
        np.testing.assert_allclose(filter.percentiles(image, percents), truth, rtol=1e-14, atol=0)


def test_percentiles_of_float64_tell_neighbours_apart():
    """Values that share the upper 16, 32 and 48 bits, of both signs, and none that float32 tells apart."""
    for scale in 1.0, -1.0, 1e-300:
        image = scale * (1 + random(3).integers(0, 200, (90, 70)) * 2.0**-52)
        ordered = np.sort(image.ravel())
        places = np.arange(0, ordered.size, 61)
        ours = filter.percentiles(image, places * (100 / (ordered.size - 1)))
        np.testing.assert_array_equal(ours, np.percentile(image, places * (100 / (ordered.size - 1))))
    mixed = np.concatenate([random(4).standard_normal(4000), [0.0, -0.0, 1e-310, -1e-310]]).reshape(2, -1)
    np.testing.assert_array_equal(filter.percentiles(mixed, [0, 30, 50, 100]), np.percentile(mixed, [0, 30, 50, 100]))


def best_cuts(index, bins, count):
    """Brute force over all partitions of a histogram; of equally good ones the first."""
    counts = np.bincount(index.ravel(), minlength=bins).astype(float)
    number = np.concatenate([[0], np.cumsum(counts)])
    total = np.concatenate([[0], np.cumsum(counts * np.arange(bins))])

    def variance(cuts):
        edges = np.array([0, *[c + 1 for c in cuts], bins])
        return (np.diff(total[edges]) ** 2 / np.maximum(np.diff(number[edges]), 1e-300)).sum()

    return max(itertools.combinations(range(bins - 1), count), key=variance)


@pytest.mark.parametrize("count", [1, 2, 3])
@pytest.mark.parametrize("dtype", TYPES)
def test_otsu_is_the_best_of_all(dtype, count):
    bins = 16
    for seed in range(2):
        image = cells(dtype, (40, 50), seed)
        wide = image.astype(np.float64)
        lo, hi = wide.min(), wide.max()
        index = np.minimum(((wide - lo) * (bins / (hi - lo))).astype(int), bins - 1)
        ours = filter.otsu(image, count, bins=bins)
        for threshold, cut in zip(ours, best_cuts(index, bins, count)):
            np.testing.assert_array_equal(wide > threshold, index > cut)


def test_otsu_of_few_integers_has_a_bin_for_each():
    for dtype, low in (np.int16, -5), (np.int32, -(2**31)), (np.int32, 2**31 - 9), (np.uint32, 2**32 - 9):
        image = (low + np.repeat([0, 1, 6, 7], [30, 40, 50, 60])).astype(dtype).reshape(12, 15)
        np.testing.assert_array_equal(filter.otsu(image, 1), [low + 1])
        np.testing.assert_array_equal(filter.otsu(image, 3), [low, low + 1, low + 6])


def test_otsu_of_float64_beyond_float32():
    image = np.where(random(1).random((50, 60)) < 0.4, 1.0, 1 + 2e-12) + 1e-13 * random(2).random((50, 60))
    (threshold,) = filter.otsu(image)
    np.testing.assert_array_equal(image > threshold, image > 1 + 1e-12)
    with pytest.raises(cellseg.ArgumentError, match="too close together"):
        filter.otsu(np.array([[0.0, 5e-324]]))


# ---- what is refused, and threads ----


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 1e39, -1e308])
def test_float64_that_float32_does_not_hold_is_refused(value):
    image = np.zeros((50, 60))
    image[40, 3] = value
    for call in (
        lambda: filter.gaussian(image, 1), lambda: filter.resample(image, (9, 9)), lambda: filter.value_range(image),
        lambda: filter.histogram(image, 4, 0, 1), lambda: filter.percentiles(image, 50), lambda: filter.otsu(image),
        lambda: filter.laplacian_of_gaussian(image, 2),
    ):  # fmt: skip
        with pytest.raises(cellseg.ArgumentError, match="row 40, column 3 is not a finite number") as caught:
            call()
        assert "\n" not in str(caught.value)


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float64])
def test_threads_give_the_same_bytes(dtype):
    image = cells(dtype, (1100, 1000))
    for call in (
        lambda c: filter.gaussian(image, 3, context=c), lambda c: filter.resample(image, (300, 333), context=c),
        lambda c: filter.percentiles(image, [1, 50, 99], context=c), lambda c: filter.otsu(image, 2, context=c),
        lambda c: filter.histogram(image, 99, -1e4, 1e4, context=c),
    ):  # fmt: skip
        results = [call(cellseg.Context(threads=n)).tobytes() for n in (1, 2, 7)]
        assert results[0] == results[1] == results[2]
