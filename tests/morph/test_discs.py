# SPDX-License-Identifier: BSD-3-Clause
"""Discs and the octagon that stands for them: SciPy with the footprint written out, and the error the header states."""
import os
import sys

import numpy as np
import pytest
from cellseg import Context, morph
from scipy import ndimage
from skimage.morphology import disk

sys.path[:0] = [os.path.dirname(__file__)]
import images

GREY = [np.uint8, np.uint16, np.float32]


def octagon_limits(radius):
    """As the header has it: the largest |dy| or |dx|, and the largest |dy| + |dx|."""
    diagonal = int(0.281 * radius + 0.5)
    most = int(0.96 * radius + 0.5)
    return most, 2 * most - 2 * diagonal


def octagon(radius):
    most, both = octagon_limits(radius)
    y, x = np.mgrid[-most : most + 1, -most : most + 1]
    return abs(y) + abs(x) <= both


def footprint(radius, fast):
    return octagon(radius) if fast and radius > 8 else disk(radius).astype(bool)


def outside(dtype):
    return (-np.inf, np.inf) if dtype == np.float32 else (0, np.iinfo(dtype).max)


def expected(image, shape):
    low, high = outside(image.dtype.type)

    def erode(a):
        return ndimage.grey_erosion(a, footprint=shape, mode="constant", cval=high)

    def dilate(a):
        return ndimage.grey_dilation(a, footprint=shape, mode="constant", cval=low)

    opened, closed = dilate(erode(image)), erode(dilate(image))
    return {
        "erode_disc": erode(image),
        "dilate_disc": dilate(image),
        "opening_disc": opened,
        "closing_disc": closed,
        "white_top_hat_disc": image - opened,
        "black_top_hat_disc": closed - image,
    }


@pytest.mark.parametrize("dtype", GREY)
@pytest.mark.parametrize("radius, fast", [(0, False), (3, False), (8, True), (9, True), (16, False), (16, True)])
def test_every_operation_is_scipy_s(dtype, radius, fast):
    for name, image in images.grey(dtype):
        if min(image.shape) < 2 * radius + 1 or image.size > 4200:
            continue
        for operation, right in expected(image, footprint(radius, fast)).items():
            for view in images.views(image):
                ours = getattr(morph, operation)(view, radius, fast=fast)
                np.testing.assert_array_equal(ours, right, f"{operation} {name}")


@pytest.mark.parametrize("radius", [40, 57])
def test_an_octagon_as_large_as_the_image(radius):
    """The frame around the image is widest here, and every window is cut by the border."""
    for shape in [(2 * radius + 1, 2 * radius + 1), (2 * radius + 1, 200), (190, 2 * radius + 2)]:
        image = images.rng(radius).integers(0, 65535, shape).astype(np.uint16)
        low, high = outside(np.uint16)
        right = ndimage.grey_erosion(image, footprint=octagon(radius), mode="constant", cval=high)
        np.testing.assert_array_equal(morph.erode_disc(image, radius, fast=True), right)
        right = ndimage.grey_dilation(image, footprint=octagon(radius), mode="constant", cval=low)
        np.testing.assert_array_equal(morph.dilate_disc(image, radius, fast=True), right)


@pytest.mark.parametrize("radius", [9, 10, 14, 33, 100, 333, 1000])
def test_the_octagon_of_a_single_pixel(radius):
    size = 2 * radius + 1
    image = np.zeros((size, size), np.uint8)
    image[radius, radius] = 200
    ours = morph.dilate_disc(image, radius, fast=True) == 200
    right = np.zeros_like(ours)
    most, _ = octagon_limits(radius)
    right[radius - most : radius + most + 1, radius - most : radius + most + 1] = octagon(radius)
    np.testing.assert_array_equal(ours, right)


def test_the_octagon_keeps_its_stated_error():
    for radius in range(9, 1001):
        most, both = octagon_limits(radius)
        farthest = np.hypot(most, both - most)
        nearest_out = min(most + 1, np.hypot((both + 1) // 2, (both + 2) // 2))
        assert farthest <= 1.04 * radius + 1 and nearest_out > 0.96 * radius - 0.5, radius


@pytest.mark.parametrize("fast", [False, True])
def test_threads_give_the_same_bytes(fast):
    image = images.rng(1).standard_normal((211, 190)).astype(np.float32)
    results = [morph.white_top_hat_disc(image, 30, fast=fast, context=Context(threads=n)).tobytes() for n in (1, 2, 7)]
    assert results[0] == results[1] == results[2]
