# SPDX-License-Identifier: BSD-3-Clause
"""Morphology of every pixel type, up to the type's ends, against SciPy, scikit-image and brute force; masks of every type."""
import os
import sys

import cellseg
import numpy as np
import pytest
from cellseg import morph
from scipy import ndimage
from skimage import morphology, segmentation

sys.path[:0] = [os.path.dirname(__file__)]
from images import STRUCTURE, rng, views

TYPES = [np.uint8, np.uint16, np.uint32, np.int16, np.int32, np.float32, np.float64]
SHAPES = [(1, 1), (1, 37), (41, 1), (33, 64), (64, 65), (71, 130)]
UNSIGNED = {np.int16: np.uint16, np.int32: np.uint32}


def ends(dtype):
    """The smallest and the largest pixel of a type that the library takes."""
    if np.issubdtype(dtype, np.integer):
        return np.iinfo(dtype).min, np.iinfo(dtype).max
    largest = float(np.finfo(np.float32).max)
    return -largest, largest


def noise(dtype, shape, seed=0):
    """Pixels of the whole range of a type, ends included; of float64 such as float32 does not tell apart."""
    low, high = ends(dtype)
    if np.issubdtype(dtype, np.integer):
        image = rng(seed).integers(low, high, shape, dtype=dtype, endpoint=True)
    else:
        image = (1 + rng(seed).random(shape) * (1e-9 if dtype == np.float64 else 1)).astype(dtype)
        image[rng(seed + 1).random(shape) < 0.3] *= -1
    image.flat[0], image.flat[-1] = high, low
    return image


def steps(dtype, shape, seed=0):
    """Plateaus of a few values, at both ends of the type and round 0."""
    low, high = ends(dtype)
    values = np.array([low, low, 0, 1, 2, 3, 5, high, high], np.float64 if dtype in (np.float32, np.float64) else np.int64)
    if not np.issubdtype(dtype, np.integer):
        values[[1, 7]] = [-1e-300, 1 + 1e-12] if dtype == np.float64 else [-1e-40, 1 + 1e-6]
    elif low < 0:
        values[[1, 2]] = [low + 1, -1]
    return values.astype(dtype)[rng(seed).integers(0, len(values), shape)]


def images_of(dtype):
    for shape in SHAPES:
        yield noise(dtype, shape)
        yield steps(dtype, shape)
        smooth = ndimage.gaussian_filter(rng(5).standard_normal(shape), 3)
        yield (smooth / max(abs(smooth).max(), 1e-9) * 120 + (120 if ends(dtype)[0] == 0 else 0)).astype(dtype)


def difference(minuend, subtrahend):
    """Exact for integers, in the type that the header states; rounded for floats."""
    dtype = minuend.dtype.type
    if not np.issubdtype(dtype, np.integer):
        with np.errstate(over="ignore"):
            return minuend - subtrahend
    return (minuend.astype(np.int64) - subtrahend.astype(np.int64)).astype(UNSIGNED.get(dtype, dtype))


def assert_equal(ours, right, message=""):
    assert ours.dtype == right.dtype, message
    np.testing.assert_array_equal(ours, right, message)


# ---- rectangles and discs ----


def extreme(image, footprint, dilate):
    """Brute force: the extreme under a footprint with an odd size, over a frame that never wins."""
    low, high = (-np.inf, np.inf) if image.dtype.kind == "f" else ends(image.dtype.type)
    reach = [n // 2 for n in footprint.shape]
    framed = np.pad(image, [(n, n) for n in reach], constant_values=low if dilate else high)
    windows = np.lib.stride_tricks.sliding_window_view(framed, footprint.shape)[:, :, footprint]
    return windows.max(-1) if dilate else windows.min(-1)


def operations(image, footprint):
    eroded, dilated = extreme(image, footprint, False), extreme(image, footprint, True)
    opened, closed = extreme(eroded, footprint, True), extreme(dilated, footprint, False)
    return {
        "erode": eroded, "dilate": dilated, "opening": opened, "closing": closed,
        "white_top_hat": difference(image, opened), "black_top_hat": difference(closed, image),
    }  # fmt: skip


@pytest.mark.parametrize("dtype", TYPES)
def test_rectangles(dtype):
    for image in images_of(dtype):
        for size in (1, 1), (3, 1), (1, 5), (7, 9), (33, 31):
            if size[0] > image.shape[0] or size[1] > image.shape[1]:
                continue
            for name, right in operations(image, np.ones(size, bool)).items():
                for view in views(image):
                    assert_equal(getattr(morph, name)(view, size), right, f"{name} {size} {image.shape}")


@pytest.mark.parametrize("dtype", TYPES)
@pytest.mark.parametrize("radius, fast", [(0, False), (3, False), (12, False), (12, True)])
def test_discs(dtype, radius, fast):
    footprint = morphology.disk(radius).astype(bool)
    if fast:
        most, both = 12, 18  # of the header: 0.96 radius, and 2 of that less 2 of 0.281 radius, rounded
        y, x = np.mgrid[-most : most + 1, -most : most + 1]
        footprint = abs(y) + abs(x) <= both
    for image in images_of(dtype):
        if min(image.shape) < 2 * radius + 1 or (radius > 3 and image.shape != (33, 64)):
            continue
        for name, right in operations(image, footprint).items():
            assert_equal(getattr(morph, name + "_disc")(image, radius, fast=fast), right, f"{name} {image.shape}")


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float64])
def test_rectangles_are_scipy_s(dtype):
    """SciPy computes these types itself; top-hats where no difference leaves the type."""
    image = (noise(dtype, (90, 70)) // 2) if np.issubdtype(dtype, np.integer) else noise(dtype, (90, 70))
    assert_equal(morph.erode(image, (4, 7)), ndimage.grey_erosion(image, (4, 7)))
    assert_equal(morph.dilate(image, (4, 7)), ndimage.grey_dilation(image, (4, 7)))
    assert_equal(morph.opening(image, 5), ndimage.grey_opening(image, 5))
    assert_equal(morph.closing(image, 5), ndimage.grey_closing(image, 5))
    np.testing.assert_array_equal(morph.white_top_hat(image, 5), ndimage.white_tophat(image, 5))
    np.testing.assert_array_equal(morph.black_top_hat(image, 5), ndimage.black_tophat(image, 5))


# ---- reconstruction and minima ----


def as_ranks(*arrays):
    """The same order in small whole numbers, which scikit-image's float64 holds whatever the type."""
    values, ranks = np.unique(np.concatenate([a.ravel() for a in arrays]), return_inverse=True)
    cuts = np.cumsum([a.size for a in arrays])[:-1]
    return values, [r.reshape(a.shape).astype(np.float64) for r, a in zip(np.split(ranks.ravel(), cuts), arrays)]


def reconstruction(marker, limit, method, connectivity):
    values, (marker, limit) = as_ranks(marker, limit)
    marker = np.maximum(marker, limit) if method == "erosion" else np.minimum(marker, limit)
    return values[morphology.reconstruction(marker, limit, method, STRUCTURE[connectivity]).astype(int)]


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("dtype", TYPES)
def test_reconstruction(dtype, connectivity):
    for limit in images_of(dtype):
        for marker in noise(dtype, limit.shape, 3), steps(dtype, limit.shape, 4):
            ours = morph.reconstruct_erosion(marker, limit, connectivity)
            assert_equal(ours, reconstruction(marker, limit, "erosion", connectivity))
            ours = morph.reconstruct_dilation(marker, limit, connectivity)
            assert_equal(ours, reconstruction(marker, limit, "dilation", connectivity))


def raised(image, h):
    """image + h as the header has it: whole and within the type for integers, rounded for floats."""
    if not np.issubdtype(image.dtype, np.integer):
        return image + image.dtype.type(h)
    low, high = ends(image.dtype.type)
    whole = int(np.floor(abs(h))) * (1 if h > 0 else -1)
    return np.array([min(max(int(v) + whole, low), high) for v in image.ravel()], image.dtype).reshape(image.shape)


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("dtype", TYPES)
def test_h_minima_and_maxima(dtype, connectivity):
    for image in images_of(dtype):
        for h in 0.0, 1.0, 2.7, 1e-10, 40.0, 5e9, 3e38:
            with np.errstate(over="ignore"):
                up, down = raised(image, h), raised(image, -h)
            right = reconstruction(up, image, "erosion", connectivity)
            assert_equal(morph.h_minima(image, h, connectivity), right, f"{h} {image.shape}")
            right = reconstruction(down, image, "dilation", connectivity)
            assert_equal(morph.h_maxima(image, h, connectivity), right, f"{h} {image.shape}")


def regional(image, mask, connectivity, minima):
    """Brute force: plateaus inside the mask without a lower (higher) neighbour inside it."""
    out = np.zeros(image.shape, bool)
    for value in np.unique(image[mask]):
        plateaus, count = ndimage.label((image == value) & mask, STRUCTURE[connectivity])
        beyond = ((image < value) if minima else (image > value)) & mask
        touched = np.unique(plateaus[ndimage.binary_dilation(beyond, STRUCTURE[connectivity])])
        out |= np.isin(plateaus, np.setdiff1d(np.arange(1, count + 1), touched))
    return out


@pytest.mark.parametrize("connectivity", [4, 8])
@pytest.mark.parametrize("dtype", TYPES)
def test_regional_and_extended_minima_and_maxima(dtype, connectivity):
    for shape in SHAPES:
        image = steps(dtype, shape)
        mask = rng(7).random(shape) < 0.8
        for inside in None, mask:
            everywhere = np.ones(shape, bool) if inside is None else inside
            ours = morph.regional_minima(image, inside, connectivity)
            assert_equal(ours, regional(image, everywhere, connectivity, True))
            ours = morph.regional_maxima(image, inside, connectivity)
            assert_equal(ours, regional(image, everywhere, connectivity, False))
        for h in 1.0, 4.0:
            ours = morph.extended_minima(image, h, connectivity=connectivity)
            assert_equal(ours, regional(morph.h_minima(image, h, connectivity), everywhere | True, connectivity, True))
            ours = morph.extended_maxima(image, h, connectivity=connectivity)
            assert_equal(ours, regional(morph.h_maxima(image, h, connectivity), everywhere | True, connectivity, False))


# ---- watershed ----


@pytest.mark.parametrize("lines", [False, True])
@pytest.mark.parametrize("dtype", TYPES)
def test_a_relief_floods_as_its_ranks_do(dtype, lines):
    for relief in images_of(dtype):
        _, (ranks,) = as_ranks(relief)
        seeds = np.zeros(relief.shape, np.uint32)
        where = rng(12).random(relief.shape) < 0.05
        where.flat[0] = True
        seeds[where] = np.arange(1, where.sum() + 1)
        mask = rng(13).random(relief.shape) < 0.9
        for inside in None, mask:
            ours = morph.watershed(relief, seeds, inside, lines=lines)
            assert_equal(ours, morph.watershed(ranks.astype(np.float32), seeds, inside, lines=lines))


@pytest.mark.parametrize("dtype", [np.int16, np.int32, np.float64])
def test_watershed_is_scikit_image_s(dtype):
    relief = noise(dtype, (60, 50))
    seeds = np.zeros(relief.shape, np.int32)
    seeds[::15, ::14] = np.arange(1, 17).reshape(4, 4)
    _, (ranks,) = as_ranks(relief)  # theirs computes in float64, which is exact for ranks
    np.testing.assert_array_equal(morph.watershed(relief, seeds), segmentation.watershed(ranks, seeds, STRUCTURE[8]))


def test_zeros_of_both_signs_are_one():
    for dtype in np.float32, np.float64:
        image = np.zeros((30, 40), dtype)
        image[rng(1).random(image.shape) < 0.5] = -0.0
        assert morph.regional_minima(image).all() and morph.regional_maxima(image).all()
        seeds = np.zeros(image.shape, int)
        seeds[3, 4], seeds[20, 30] = 1, 2
        np.testing.assert_array_equal(morph.watershed(image, seeds), morph.watershed(abs(image), seeds))


# ---- masks ----


def raw_mask(function, array, channel=0, *arguments):
    """A function of the C interface on the array itself; the Python one converts masks."""
    from cellseg import _arrays
    from cellseg import _lowlevel as c

    out = c.Labels() if function == "components" else c.Image()
    getattr(c, f"image_{function}")(out, None, _arrays.image_from(array), channel, *arguments)
    return _arrays.array_from_labels(out) if function == "components" else _arrays.array_from_image(out)[0]


@pytest.mark.parametrize("dtype", TYPES)
def test_masks_of_every_type(dtype):
    """Foreground is anything but 0: the type's ends, the smallest float, a multiple of 256."""
    low, high = ends(dtype)
    values = [0, high, low if low < 0 else 1, 256 if high > 255 else 2]
    if not np.issubdtype(dtype, np.integer):
        values += [float(np.finfo(dtype).tiny) / 2, -0.0]
    for shape in (1, 1), (1, 40), (45, 61):
        mask = np.array(values, dtype)[rng(3).integers(0, len(values), shape)]
        mask[:1, :1] = 0
        right = (mask != 0).astype(np.uint8)
        for view in views(mask):
            for name, arguments in ("distance", ()), ("nearest", ()), ("components", (4,)), ("components", (8,)):
                assert_equal(raw_mask(name, view, 0, *arguments), raw_mask(name, right, 0, *arguments), name)
            for connectivity in 4, 8:
                filled = raw_mask("fill_holes", view, 0, connectivity)
                if dtype != np.uint8:
                    assert_equal(filled, raw_mask("fill_holes", right, 0, connectivity))
                else:
                    assert_equal(filled, np.where(mask == 0, raw_mask("fill_holes", right, 0, connectivity), mask))
    np.testing.assert_array_equal(raw_mask("distance", mask), ndimage.distance_transform_edt(mask != 0).astype(np.float32))


# ---- what is refused ----


def test_pixels_that_are_no_numbers_are_refused():
    for dtype in np.float32, np.float64:
        for value in np.nan, np.inf, -np.inf, *([1e39, -1e308] if dtype == np.float64 else []):
            image = np.zeros((50, 60), dtype)
            image[40, 3] = value
            for call in (
                lambda: morph.erode(image, 3), lambda: morph.white_top_hat_disc(image, 3), lambda: morph.h_maxima(image, 1),
                lambda: morph.reconstruct_erosion(np.zeros_like(image), image), lambda: morph.watershed(image, np.eye(50, 60, dtype=int)),
                lambda: raw_mask("distance", image),
            ):  # fmt: skip
                with pytest.raises(cellseg.ArgumentError, match="row 40, column 3") as caught:
                    call()
                assert "\n" not in str(caught.value)


def test_marker_and_limit_are_of_one_type():
    for marker in TYPES:
        for limit in TYPES:
            if marker != limit:
                with pytest.raises(cellseg.ArgumentError, match="^marker and limit are of different pixel types$"):
                    morph.reconstruct_dilation(np.zeros((3, 3), marker), np.zeros((3, 3), limit))


@pytest.mark.parametrize("dtype", [np.int8, np.int64, np.uint64, complex])
def test_types_that_are_no_pixels_are_refused(dtype):
    with pytest.raises(TypeError, match="not supported; use one of uint8"):
        morph.erode(np.zeros((5, 5), dtype), 3)


# ---- threads and levels ----


@pytest.mark.parametrize("dtype", [np.uint32, np.int16, np.int32, np.float64])
def test_threads_give_the_same_bytes(dtype):
    image, marker = noise(dtype, (211, 190)), noise(dtype, (211, 190), 5)
    seeds = np.where(rng(2).random(image.shape) < 0.01, np.arange(image.size).reshape(image.shape), 0)
    for call in (
        lambda c: morph.black_top_hat(image, (9, 14), context=c), lambda c: morph.opening_disc(image, 20, fast=True, context=c),
        lambda c: morph.reconstruct_dilation(marker, image, context=c), lambda c: morph.watershed(image, seeds, context=c),
        lambda c: morph.extended_minima(image, 30, context=c),
    ):  # fmt: skip
        results = [call(cellseg.Context(threads=n)).tobytes() for n in (1, 2, 7)]
        assert results[0] == results[1] == results[2]
