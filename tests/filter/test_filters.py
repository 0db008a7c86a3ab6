# SPDX-License-Identifier: BSD-3-Clause
"""Filters against SciPy, scikit-image, PyTorch, Pillow and NumPy, every pixel."""
import ctypes
import itertools
import os
import sys

import numpy as np
import pytest
import torch
from PIL import Image
from scipy import ndimage
from skimage.filters import threshold_multiotsu

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
from oracle import PORTABLE, call, context, doubles
from real_images import field  # noqa: F401

pytestmark = pytest.mark.sanitizers

TYPES = [np.uint8, np.uint16, np.uint32, np.float32]
SHAPES = [(1, 1), (1, 37), (41, 1), (2, 3), (31, 33), (64, 128), (130, 71), (530, 300)]


def cells(shape, dtype, seed=0):
    """Noise, blobs and a ramp, so that every sample differs from its neighbours."""
    random = np.random.default_rng(seed)
    image = ndimage.gaussian_filter(random.random(shape), 2, mode="reflect") + 0.1 * random.random(shape)
    image -= image.min()
    image /= max(image.max(), 1e-9)
    top = {np.uint8: 255, np.uint16: 65535, np.uint32: 2**24 - 1, np.float32: 1}[dtype]
    return (image * top).astype(dtype)


def special(dtype):
    """Images on which filters go wrong: constant, checkerboard, single bright pixel."""
    constant = np.full((50, 45), 7, dtype)
    checkerboard = (np.indices((50, 45)).sum(0) % 2 * 200).astype(dtype)
    single = np.zeros((50, 45), dtype)
    single[20, 30] = 200
    return [constant, checkerboard, single]


def strided(image):
    """The same pixels as a view with gaps between rows."""
    wide = np.zeros((image.shape[0], image.shape[1] + 5), image.dtype)
    wide[:, : image.shape[1]] = image
    return wide[:, : image.shape[1]]


def close(ours, truth, image, tolerance=2e-6):
    scale = max(float(np.abs(image.astype(np.float64)).max()), 1e-30)
    np.testing.assert_array_less(np.abs(ours - truth) / scale, tolerance)


def gaussian(image, sigma, **options):
    out = np.full(image.shape, np.nan, np.float32)
    call("cseg_gaussian_smooth", out, image, float(sigma), **options)
    return out


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("sigma", [0.1, 0.5, 1, 2, 3.7, 11])
def test_gaussian(dtype, sigma):
    for image in [cells(s, dtype) for s in SHAPES] + special(dtype):
        truth = ndimage.gaussian_filter(image.astype(np.float64), sigma, mode="reflect", truncate=4)
        close(gaussian(image, sigma), truth, image)
        np.testing.assert_array_equal(gaussian(strided(image), sigma), gaussian(image, sigma))


def test_gaussian_of_sigma_zero_copies_and_may_work_in_place():
    image = cells((60, 70), np.float32)
    np.testing.assert_array_equal(gaussian(image, 0), image)
    np.testing.assert_array_equal(gaussian(cells((60, 70), np.uint16), 0), cells((60, 70), np.uint16))
    truth = gaussian(image, 2)
    call("cseg_gaussian_smooth", image, image, 2.0)
    np.testing.assert_array_equal(image, truth)


def worst_error(function, truth, size):
    """The largest error on any image of range one: half the absolute sum of the error of the answer to a single pixel."""
    pixel = np.zeros((size, size), np.float32)
    pixel[size // 2, size // 2] = 10000
    return np.abs(function(pixel) - truth(pixel.astype(np.float64))).sum() / 20000


@pytest.mark.parametrize("sigma", [16.1, 23, 40])
def test_wide_gaussian_keeps_its_stated_error(sigma):
    def truth(image):
        return ndimage.gaussian_filter(image.astype(np.float64), sigma, mode="reflect", truncate=7)

    assert worst_error(lambda image: gaussian(image, sigma), truth, int(10 * sigma)) < 2e-5
    for image in [cells((230, 170), np.uint8), cells((1, 90), np.float32), cells((40, 3), np.uint16)] + special(np.float32):
        assert np.abs(gaussian(image, sigma) - truth(image)).max() < 2e-5 * max(np.ptp(image), 0.1 * image.max())


@pytest.mark.parametrize("sigma", [100, 377, 1000])
def test_very_wide_gaussian_keeps_its_stated_error(sigma):
    """Along one row, where it errs half as much as in the plane; and on images that the filter is far wider than."""
    n = 14 * sigma
    pixel = np.zeros((1, n), np.float32)
    pixel[0, n // 2] = 10000
    truth = np.exp(-0.5 * ((np.arange(n) - n // 2) / sigma) ** 2)
    assert np.abs(gaussian(pixel, sigma)[0] / 10000 - truth / truth.sum()).sum() / 2 < 1e-5
    for image in [cells((1, 37), np.float32), cells((31, 1), np.uint8), cells((20, 33), np.uint16)]:
        assert np.abs(gaussian(image, sigma) - image.mean(dtype=float)).max() < 2e-5 * max(np.ptp(image), 0.1 * image.max())


def test_wide_gaussian_in_place():
    for sigma in [17, 30, 60]:  # an odd and an even number of steps
        image = cells((90, 80), np.float32)
        truth = gaussian(image, sigma)
        call("cseg_gaussian_smooth", image, image, float(sigma))
        np.testing.assert_array_equal(image, truth)


def laplacian(image, sigmas, name="cseg_laplacian_compute", **options):
    out = np.full(image.shape, np.nan, np.float32)
    call(name, out, image, doubles(sigmas), len(sigmas), **options)
    return out


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("sigmas", [[1], [2.5], [3.26, 5.2, 7.1, 9, 10.9], [6, 2]])
def test_laplacian_of_gaussian(dtype, sigmas):
    for image in [cells(s, dtype) for s in SHAPES] + special(dtype):
        wide = image.astype(np.float64)
        truth = np.max([-s * s * ndimage.gaussian_laplace(wide, s, mode="reflect") for s in sigmas], axis=0)
        close(laplacian(image, sigmas), truth, image, 4e-6)


def true_laplacian(image, sigmas):
    wide = image.astype(np.float64)
    return np.max([-s * s * ndimage.gaussian_laplace(wide, s, mode="reflect", truncate=8) for s in sigmas], axis=0)


@pytest.mark.parametrize("shift", [0, 1])  # to odd rows and columns, which half-size forms treat differently
@pytest.mark.parametrize("sigma", [2, 2.3, 3.26, 4.99, 5, 5.9, 10.88, 20])
def test_fast_laplacian_of_gaussian_keeps_its_stated_error(sigma, shift):
    def fast(image):
        return laplacian(image, [sigma], "cseg_laplacian_compute_fast")

    assert worst_error(fast, lambda image: true_laplacian(image, [sigma]), int(12 * sigma) // 4 * 4 + 2 * shift) < 6e-4


@pytest.mark.parametrize("sigmas", [[2.5, 2.4, 9], [3.26, 5.17, 7.07, 8.98, 10.88], [25, 5]])
def test_fast_laplacian_of_gaussian_of_several_scales(sigmas):
    for image in [cells((150, 120), np.uint16), cells((1, 60), np.float32), cells((5, 7), np.uint8)] + special(np.uint8):
        error = np.abs(laplacian(image, sigmas, "cseg_laplacian_compute_fast") - true_laplacian(image, sigmas)).max()
        assert error < 6e-4 * max(np.ptp(image), 1e-2 * image.max())


@pytest.mark.parametrize("shape", [(1, 1), (1, 2), (2, 1), (3, 3), (1, 301), (64, 65), (65, 64), (67, 131), (130, 515)])
def test_fast_laplacian_of_noise_of_odd_and_even_sizes(shape):
    for sigmas in [[5], [3, 6.1, 40], [5 + i / 8 for i in range(14)]]:
        image = np.random.default_rng(7).random(shape, np.float32)
        for seen in (image, (image * 60000).astype(np.uint16)):
            error = np.abs(laplacian(seen, sigmas, "cseg_laplacian_compute_fast") - true_laplacian(seen, sigmas)).max()
            assert error < 6e-4 * max(np.ptp(seen), 1e-2 * seen.max())


def test_fast_laplacian_of_a_real_image(field):
    image, sigmas = field[0][1:602, :501], [3.26, 5.17, 7.07, 10.88]
    error = np.abs(laplacian(np.ascontiguousarray(image), sigmas, "cseg_laplacian_compute_fast") - true_laplacian(image, sigmas))
    truth = [[f(-s * s * ndimage.gaussian_laplace(image / 1.0, s)) for f in (np.min, np.max)] for s in sigmas]
    assert error.max() < 6e-4 * np.ptp(image)
    assert error.max() < 2e-3 * np.ptp(truth)


def resample(image, shape, name="cseg_resample_linear", **options):
    out = np.full(shape, np.nan, np.float32)
    call(name, out, image, **options)
    return out


def area(n_to, n_from):
    """Brute force: the part of each input sample inside each output's area."""
    scale = n_from / n_to
    lo = np.arange(n_to)[:, None] * scale
    overlap = np.minimum(lo + scale, np.arange(1, n_from + 1)) - np.maximum(lo, np.arange(n_from))
    return np.maximum(overlap, 0) / scale


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("shape", [(100, 80), (61, 33), (99, 79), (1, 1), (50, 40), (7, 80)])
def test_shrinking_averages_areas(dtype, shape):
    image = cells((100, 80), dtype)
    truth = area(shape[0], 100) @ image.astype(np.float64) @ area(shape[1], 80).T
    close(resample(image, shape), truth, image)
    box = np.asarray(Image.fromarray(image.astype(np.float32)).resize(shape[::-1], Image.BOX))
    if 100 % shape[0] == 0 and 80 % shape[1] == 0:
        close(resample(image, shape), box, image)


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("start", [(100, 80), (1, 1), (1, 9), (30, 1)])
@pytest.mark.parametrize("factor", [1, 1.37, 2, 5])
def test_growing_is_bilinear(dtype, start, factor):
    image = cells(start, dtype)
    shape = (int(start[0] * factor), int(start[1] * factor))
    tensor = torch.from_numpy(image.astype(np.float64))[None, None]
    truth = torch.nn.functional.interpolate(tensor, size=shape, mode="bilinear", align_corners=False)[0, 0].numpy()
    close(resample(image, shape), truth, image)


def keys(n_to, n_from):
    """Brute force: the cubic of Keys with a = -1/2 between sample centres, the border's sample standing for those beyond."""
    weights = np.zeros((n_to, n_from))
    for i in range(n_to):
        place = (i + 0.5) * n_from / n_to - 0.5
        for j in range(int(np.floor(place)) - 1, int(np.floor(place)) + 3):
            d = abs(place - j)
            weight = 1.5 * d**3 - 2.5 * d**2 + 1 if d <= 1 else -0.5 * d**3 + 2.5 * d**2 - 4 * d + 2
            weights[i, min(max(j, 0), n_from - 1)] += weight
    return weights


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("start", [(60, 50), (1, 1), (2, 9), (30, 3)])
@pytest.mark.parametrize("factor", [1, 1.37, 2, 5])
def test_growing_cubically(dtype, start, factor):
    image = cells(start, dtype)
    shape = (int(start[0] * factor), int(start[1] * factor))
    ours = resample(image, shape, "cseg_resample_cubic")
    close(ours, keys(shape[0], start[0]) @ image.astype(np.float64) @ keys(shape[1], start[1]).T, image)
    pillow = np.asarray(Image.fromarray(image.astype(np.float32)).resize(shape[::-1], Image.BICUBIC))
    margin = int(np.ceil(2 * factor))
    inside = (slice(margin, -margin), slice(margin, -margin))
    if min(start) > 8:
        close(ours[inside], pillow[inside], image)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint32])
@pytest.mark.parametrize("shape", [(100, 80), (33, 17), (250, 81), (1, 1)])
def test_resample_nearest(dtype, shape):
    image = cells((100, 80), dtype)
    out = np.zeros(shape, dtype)
    call("cseg_resample_nearest", out, image)
    rows = (2 * np.arange(shape[0]) + 1) * 100 // (2 * shape[0])
    columns = (2 * np.arange(shape[1]) + 1) * 80 // (2 * shape[1])
    np.testing.assert_array_equal(out, image[rows][:, columns])


def percentiles(image, percents, **options):
    out = doubles([0] * len(percents))
    call("cseg_percentiles_find", out, doubles(percents), len(percents), image, **options)
    return np.array(out)


@pytest.mark.parametrize("dtype", TYPES)
def test_percentiles_are_numpys(dtype):
    percents = [0, 0.01, 0.1, 1, 5, 25, 33.3, 50, 66.7, 75, 99, 99.8, 99.99, 100]
    for image in [cells(s, dtype) for s in SHAPES] + special(dtype):
        truth = np.percentile(image.astype(np.float64), percents)
        np.testing.assert_allclose(percentiles(strided(image), percents), truth, rtol=1e-14, atol=0)


def test_percentiles_of_negative_numbers():
    image = (cells((90, 90), np.float32) - 0.5) * np.float32(1e6)
    image[0, :3] = [-0.0, 0.0, np.float32(1e-42)]
    percents = [0, 2, 49, 51, 98, 100]
    np.testing.assert_allclose(percentiles(image, percents), np.percentile(image.astype(np.float64), percents), rtol=1e-14)


def value_range(image):
    lo, hi = ctypes.c_double(), ctypes.c_double()
    call("cseg_histogram_range", ctypes.byref(lo), ctypes.byref(hi), image)
    return lo.value, hi.value


@pytest.mark.parametrize("dtype", TYPES)
def test_range(dtype):
    for image in [cells(s, dtype) for s in SHAPES] + special(dtype):
        assert value_range(strided(image)) == (float(image.min()), float(image.max()))
    assert value_range(np.full((3, 3), 2**32 - 1, np.uint32)) == (2**32 - 1, 2**32 - 1)


@pytest.mark.parametrize("dtype", TYPES)
def test_histogram(dtype):
    for image in [cells(s, dtype) for s in SHAPES] + special(dtype):
        lo, hi = float(np.quantile(image, 0.1)), float(np.quantile(image, 0.9)) + 1e-3
        counts = (ctypes.c_uint64 * 37)()
        call("cseg_histogram_count", counts, 37, lo, hi, strided(image))
        np.testing.assert_array_equal(np.array(counts), np.histogram(image.astype(np.float64), 37, (lo, hi))[0])


def otsu(image, count, bins=256, mask=None, **options):
    out = doubles([0] * count)
    call("cseg_otsu_find", out, count, bins, image, mask, **options)
    return np.array(out)


def bin_of(image, bins):
    """The library's binning in NumPy: equal bins from min to max, the last one closed; a bin for each integer where they suffice."""
    values = image.astype(np.float64)
    lo, hi = values.min(), values.max()
    if image.dtype != np.float32 and hi - lo < bins:
        return (values - lo).astype(int), int(hi - lo) + 1
    return np.minimum(((values - lo) * (bins / (hi - lo))).astype(int), bins - 1), bins


@pytest.mark.parametrize("count", [1, 2, 3])
def test_otsu_of_bytes_is_scikit_images(count):
    for seed in range(4):
        image = cells((120, 130), np.uint8, seed)
        np.testing.assert_array_equal(otsu(image, count), threshold_multiotsu(image, count + 1))


@pytest.mark.parametrize("dtype", [np.uint16, np.float32])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_otsu_classes_are_scikit_images(dtype, count):
    for seed in range(3):
        image = cells((120, 130), dtype, seed)
        index, bins = bin_of(image, 128)
        cuts = threshold_multiotsu(hist=np.bincount(index.ravel(), minlength=bins).astype(np.float32), classes=count + 1)
        for ours, cut in zip(otsu(image, count, 128), cuts):
            np.testing.assert_array_equal(image > np.asarray(ours, dtype), index > cut)


@pytest.mark.parametrize("count", [4, 5, 6, 7, 8])
def test_otsu_of_many_thresholds_is_the_best_of_all(count):
    bins = 16
    for seed in range(2):
        image = cells((40, 50), np.float32, seed)
        index, _ = bin_of(image, bins)
        counts = np.bincount(index.ravel(), minlength=bins).astype(float)
        number = np.concatenate([[0], np.cumsum(counts)])
        total = np.concatenate([[0], np.cumsum(counts * np.arange(bins))])

        def variance(cuts):
            edges = np.array([0, *[c + 1 for c in cuts], bins])
            return (np.diff(total[edges]) ** 2 / np.maximum(np.diff(number[edges]), 1e-300)).sum()

        best = max(itertools.combinations(range(bins - 1), count), key=variance)
        ours = [index[image <= np.float32(t)].max() for t in otsu(image, count, bins)]
        np.testing.assert_allclose(variance(ours), variance(best), rtol=1e-13)
        assert all(a < b for a, b in zip(ours, ours[1:]))


@pytest.mark.parametrize("values", [np.linspace(-1, 1, 4001), [-3e38] * 5 + [3e38] * 4, [-3e38, -1, 0, 1e-40, 2, 3e38], [-1e-44, 0, 1e-30]])
@pytest.mark.parametrize("count", [1, 2, 3])
def test_otsu_round_zero(values, count):
    """Where one bin's edge is near 0 a great many floats lie between what rounding makes of it and the edge itself."""
    image = np.array([values], np.float32)
    index, _ = bin_of(image, 256)
    for threshold in otsu(image, count):
        below = index[image <= threshold].max()
        np.testing.assert_array_equal(image > threshold, index > below)


def test_otsu_counts_only_the_mask():
    image = cells((80, 90), np.float32)
    mask = (np.random.default_rng(5).random(image.shape) < 0.3).astype(np.uint8) * 255
    alone = np.ascontiguousarray(image[mask != 0][None])
    np.testing.assert_array_equal(otsu(image, 4, mask=mask), otsu(alone, 4))


@pytest.mark.parametrize("dtype", TYPES)
def test_otsu_of_few_values(dtype):
    np.testing.assert_array_equal(otsu(np.full((9, 9), 3, dtype), 5), [3] * 5)
    two = np.array([[0, 0, 100, 100, 100]], dtype)
    for t in otsu(two, 3):
        np.testing.assert_array_equal(two > t, [[False, False, True, True, True]])
    three = np.array([[0, 50, 100, 100, 100]], dtype)
    low, high = otsu(three, 2)
    assert low >= 0 and low < 50 <= high < 100


RUNS = {
    "gaussian": lambda image, c: gaussian(image, 2.3, context=c),
    "log": lambda image, c: laplacian(image, [2, 3, 4.5], context=c),
    "fast log": lambda image, c: laplacian(image, [2, 3, 4.5], "cseg_laplacian_compute_fast", context=c),
    "wide gaussian": lambda image, c: gaussian(image, 33, context=c),
    "shrink": lambda image, c: resample(image, (211, 173), context=c),
    "grow": lambda image, c: resample(image, (801, 511), context=c),
    "grow cubically": lambda image, c: resample(image, (801, 511), "cseg_resample_cubic", context=c),
    "percentiles": lambda image, c: percentiles(image, [0.5, 33, 99.5], context=c),
    "otsu": lambda image, c: otsu(image, 5, context=c),
}


@pytest.mark.parametrize("name", RUNS)
@pytest.mark.parametrize("dtype", TYPES)
def test_same_bytes_for_any_threads_and_processor(name, dtype):
    image = cells((700, 411), dtype)
    truth = RUNS[name](image, context(threads=1)).tobytes()
    for options in [dict(threads=2), dict(threads=7), dict(cpu_level=PORTABLE)]:
        assert RUNS[name](image, context(**options)).tobytes() == truth
