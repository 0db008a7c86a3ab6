# SPDX-License-Identifier: BSD-3-Clause
"""The toolkit on real images, every pixel against SciPy, scikit-image and OpenCV; the watershed against brute force too."""
import os
import sys

import cv2
import numpy as np
import pytest
from cellseg import filter, labels, morph
from scipy import ndimage
from skimage import filters, morphology, segmentation

sys.path[:0] = [os.path.dirname(__file__), os.path.join(os.path.dirname(__file__), "..")]
from images import STRUCTURE
from real_images import field  # noqa: F401 (a fixture)
from test_more_oracles import brute_watershed_lines
from test_oracles import brute_watershed

AGREE = 0.999


def nuclei_mask(nuclei):
    smooth = filter.gaussian(nuclei, 2)
    return smooth > filter.otsu(smooth, 1)[0]


def distance_and_seeds(mask, h=1.0):
    """The method's own steps: the inverse distance, and the components of its extended minima."""
    relief = -morph.distance(mask)
    return relief, morph.components(morph.extended_minima(relief, h, mask))


def test_the_steps_before_the_watershed(field):
    """Each is its oracle's, so that what follows floods the same relief from the same seeds."""
    _, nuclei = field
    mask = nuclei_mask(nuclei)
    relief, seeds = distance_and_seeds(mask)
    np.testing.assert_array_equal(-relief, ndimage.distance_transform_edt(mask).astype(np.float32))
    precise = cv2.distanceTransform(mask.astype(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    np.testing.assert_allclose(-relief, precise, rtol=1e-4, atol=1e-4)
    filled = morphology.reconstruction(relief + np.float32(1), relief, "erosion", STRUCTURE[8]).astype(np.float32)
    np.testing.assert_array_equal(morph.h_minima(relief, 1), filled)
    # Outside the mask nothing exists: to their functions, a wall.
    wall = np.where(mask, relief, np.float32(1e30))
    filled = morphology.reconstruction(np.where(mask, relief + np.float32(1), wall), wall, "erosion", STRUCTURE[8])
    minima = morphology.local_minima(filled.astype(np.float32), connectivity=2) & mask
    np.testing.assert_array_equal(seeds, ndimage.label(minima, STRUCTURE[8])[0])
    assert seeds.max() > 10


@pytest.mark.parametrize("c", [4, 8])
def test_watershed_of_the_distance(field, c):
    _, nuclei = field
    mask = nuclei_mask(nuclei)
    relief, seeds = distance_and_seeds(mask)
    ours = morph.watershed(relief, seeds, mask, connectivity=c)
    theirs = segmentation.watershed(relief, seeds.astype(np.int32), STRUCTURE[c], mask=mask)
    report("the inverse distance in a mask", c, ours, theirs, mask)


@pytest.mark.parametrize("c", [4, 8])
@pytest.mark.parametrize("sigma", [0, 2])
def test_watershed_of_the_marker(field, c, sigma):
    """Bright cells on a dark ground: from the nuclei and the background, as cells are found. 0: the integers as they are."""
    marker, nuclei = field
    relief = filter.gaussian(marker, sigma) if sigma else marker
    relief = relief.max() - relief
    seeds = morph.components(morph.erode(nuclei_mask(nuclei).astype(np.uint8), 5))
    seeds[relief > np.percentile(relief, 98)] = seeds.max() + 1
    ours = morph.watershed(relief, seeds, connectivity=c)
    theirs = segmentation.watershed(relief, seeds.astype(np.int32), STRUCTURE[c])
    report(f"the marker, sigma {sigma}", c, ours, theirs, np.ones_like(ours, bool))


def report(what, c, ours, theirs, inside):
    """Over the pixels that are flooded: those outside a mask agree in any case."""
    share = (ours == theirs)[inside].mean()
    print(f"watershed of {what}, connectivity {c}: {100 * share:.4f} % of {inside.sum()} pixels as scikit-image has them")
    assert share >= AGREE


@pytest.mark.parametrize("c", [4, 8])
def test_watershed_is_the_documented_flood(field, c):
    marker, nuclei = (channel[100:320, 150:400] for channel in field)
    mask = nuclei_mask(nuclei)
    relief, seeds = distance_and_seeds(mask)
    np.testing.assert_array_equal(morph.watershed(relief, seeds, mask, connectivity=c), brute_watershed(seeds, relief, mask, c))
    everywhere = np.ones(mask.shape, bool)
    np.testing.assert_array_equal(morph.watershed(marker, seeds, connectivity=c), brute_watershed(seeds, marker, everywhere, c))
    ours = morph.watershed(marker, seeds, connectivity=c, lines=True)
    np.testing.assert_array_equal(ours, brute_watershed_lines(seeds, marker, everywhere, c))


@pytest.mark.parametrize("dtype", [None, np.float32])
def test_grey_morphology(field, dtype):
    image = field[0] if dtype is None else field[0].astype(dtype) / 7
    for size in (3, 3), (20, 31), (200, 200):
        np.testing.assert_array_equal(morph.erode(image, size), ndimage.grey_erosion(image, size))
        np.testing.assert_array_equal(morph.dilate(image, size), ndimage.grey_dilation(image, size))
        np.testing.assert_array_equal(morph.opening(image, size), ndimage.grey_opening(image, size))
        np.testing.assert_array_equal(morph.closing(image, size), ndimage.grey_closing(image, size))
        np.testing.assert_array_equal(morph.white_top_hat(image, size), ndimage.white_tophat(image, size))
        np.testing.assert_array_equal(morph.black_top_hat(image, size), ndimage.black_tophat(image, size))
    for radius in 1, 7, 20:
        disc = cv2.morphologyEx(image, cv2.MORPH_ERODE, morphology.disk(radius), borderType=cv2.BORDER_CONSTANT)
        np.testing.assert_array_equal(morph.erode_disc(image, radius), disc)
        disc = cv2.morphologyEx(image, cv2.MORPH_DILATE, morphology.disk(radius), borderType=cv2.BORDER_CONSTANT)
        np.testing.assert_array_equal(morph.dilate_disc(image, radius), disc)


@pytest.mark.parametrize("c", [4, 8])
def test_reconstruction_and_minima(field, c):
    for image in field[0], filter.gaussian(field[0], 1.5):
        h = 0.05 * float(np.ptp(image))
        h = int(h) if image.dtype.kind == "u" else np.float32(h)
        down = np.maximum(image.astype(int) - h, 0).astype(image.dtype) if image.dtype.kind == "u" else image - h
        right = morphology.reconstruction(down, image, footprint=STRUCTURE[c])
        np.testing.assert_array_equal(morph.reconstruct_dilation(down, image, c), right)
        np.testing.assert_array_equal(morph.h_maxima(image, h, c), right)
        n = 1 if c == 4 else 2
        np.testing.assert_array_equal(morph.regional_minima(image, connectivity=c), morphology.local_minima(image, connectivity=n))
        np.testing.assert_array_equal(morph.extended_maxima(image, h, connectivity=c), morphology.local_maxima(right, connectivity=n))


def test_masks_and_label_maps(field):
    mask = nuclei_mask(field[1])
    for c in 4, 8:
        parts = morph.components(mask, c)
        np.testing.assert_array_equal(parts, ndimage.label(mask, STRUCTURE[c])[0])
        assert cv2.connectedComponents(mask.astype(np.uint8), connectivity=c)[0] == parts.max() + 1
        np.testing.assert_array_equal(morph.fill_holes(mask, c), ndimage.binary_fill_holes(mask, STRUCTURE[c]))
    assert labels.check(parts) == "" and parts.max() > 10
    np.testing.assert_array_equal(labels.clear_border(parts), segmentation.clear_border(parts.astype(np.int32)))
    theirs = morphology.remove_small_objects(parts.astype(np.int64), 100)
    np.testing.assert_array_equal(labels.remove_small(parts, 100), theirs)
    np.testing.assert_array_equal(labels.boundaries(parts, "thick", 8), segmentation.find_boundaries(parts.astype(int), connectivity=2))
    away, (rows, columns) = ndimage.distance_transform_edt(parts == 0, return_indices=True)
    grown = labels.expand(parts, 6)
    np.testing.assert_array_equal(grown != 0, away <= 6)
    assert (grown == np.where(away <= 6, parts[rows, columns], 0)).mean() > 0.999  # ties are theirs to choose
    nearest = np.unravel_index(morph.nearest(mask), mask.shape)
    y, x = np.indices(mask.shape)
    np.testing.assert_array_equal(np.sqrt((nearest[0] - y) ** 2 + (nearest[1] - x) ** 2), ndimage.distance_transform_edt(mask))


def test_filters(field):
    marker = field[0]
    wide, scale = marker.astype(float), float(marker.max())
    for sigma in 0.7, 2, 9:
        assert abs(filter.gaussian(marker, sigma) - ndimage.gaussian_filter(wide, sigma)).max() < 2e-6 * scale
    right = np.max([-s * s * ndimage.gaussian_laplace(wide, s) for s in (3.26, 5.2, 7.1)], 0)
    assert abs(filter.laplacian_of_gaussian(marker, [3.26, 5.2, 7.1]) - right).max() < 4e-6 * scale
    true = np.max([-s * s * ndimage.gaussian_laplace(wide, s, truncate=8) for s in (3.26, 5.2, 7.1)], 0)
    assert abs(filter.laplacian_of_gaussian(marker, [3.26, 5.2, 7.1], fast=True) - true).max() < 6e-4 * np.ptp(wide)
    true = ndimage.gaussian_filter(wide, 30, truncate=8)
    assert abs(filter.gaussian(marker, 30) - true).max() < 2e-5 * np.ptp(wide)
    percents = [0.1, 1, 50, 99, 99.9]
    np.testing.assert_allclose(filter.percentiles(marker, percents), np.percentile(wide, percents), rtol=1e-14)
    assert filter.value_range(marker) == (marker.min(), marker.max())
    counts, _ = np.histogram(wide, 64, (wide.min(), wide.max()))
    np.testing.assert_array_equal(filter.histogram(marker, 64, wide.min(), wide.max()), counts)
    half = cv2.resize(wide[: wide.shape[0] // 2 * 2, : wide.shape[1] // 2 * 2], None, fx=0.5, fy=0.5, interpolation=cv2.INTER_AREA)
    even = marker[: marker.shape[0] // 2 * 2, : marker.shape[1] // 2 * 2]
    assert abs(filter.resample(even, half.shape) - half).max() < 2e-6 * scale
    bytes_ = (wide * 255 / scale).astype(np.uint8)
    np.testing.assert_array_equal(filter.otsu(bytes_, 3), filters.threshold_multiotsu(bytes_, 4))
