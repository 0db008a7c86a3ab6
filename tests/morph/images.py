# SPDX-License-Identifier: BSD-3-Clause
"""Images every morphology test runs over: odd sizes, constants, checkerboards, single pixels, blobs as in cell images."""
import ctypes
import os
import sys

import numpy as np
from scipy import ndimage

sys.path.insert(0, os.path.join(os.path.dirname(__file__), ".."))
import oracle

OFFSETS = [(-1, 0), (0, -1), (0, 1), (1, 0), (-1, -1), (-1, 1), (1, -1), (1, 1)]

CONTEXTS = [oracle.context(1), oracle.context(2), oracle.context(7, oracle.PORTABLE)]
STRUCTURE = {4: ndimage.generate_binary_structure(2, 1), 8: ndimage.generate_binary_structure(2, 2)}


def run(name, to, *arguments):
    """Call with 1, 2 and 7 threads, the last on the portable level, on copies of `to`; the results must be the same bytes."""
    results = []
    for context in CONTEXTS:
        out = to.copy()
        oracle.call(name, out, *arguments, context=context)
        results.append(out)
    assert results[0].tobytes() == results[1].tobytes() == results[2].tobytes()
    return results[0]


def connectivity(value):
    return ctypes.c_int32(value)


SIZES = [(1, 1), (1, 37), (41, 1), (2, 2), (3, 5), (33, 64), (64, 65), (97, 130), (150, 203)]


def rng(seed):
    return np.random.default_rng(seed)


def masks():
    """Name and uint8 mask (0, or anything else)."""
    for height, width in SIZES:
        name = f"{height}x{width}"
        yield f"empty {name}", np.zeros((height, width), np.uint8)
        yield f"full {name}", np.full((height, width), 255, np.uint8)
        for percent in (5, 40, 60, 95):
            yield f"{percent}% {name}", ((rng(percent).random((height, width)) * 100 < percent) * 3).astype(np.uint8)
        y, x = np.mgrid[:height, :width]
        yield f"checkerboard {name}", ((x + y) % 2).astype(np.uint8)
        single = np.zeros((height, width), np.uint8)
        single[height // 2, width // 2] = 1
        yield f"one pixel {name}", single
        yield f"one hole {name}", 1 - single
    for seed in range(4):
        yield f"blobs {seed}", blobs(seed, (160, 210)).astype(np.uint8)
    yield "spiral", spiral(129)


def blobs(seed, shape, sigma=4.0, level=0.1):
    noise = ndimage.gaussian_filter(rng(seed).standard_normal(shape), sigma)
    return noise > level * noise.std()


def spiral(size):
    """A one-pixel path that winds to the centre: the worst case for anything that scans."""
    out = np.zeros((size, size), np.uint8)
    y, x, dy, dx, length = 0, 0, 0, 1, size
    while length > 0:
        for _ in range(length):
            out[y, x] = 1
            y, x = y + dy, x + dx
        y, x = y - dy, x - dx
        dy, dx = dx, -dy
        y, x = y + dy, x + dx
        length -= 2 if dx == 0 or length < size else 0
        length = length if dy != 0 or length < size else length
        if out[min(max(y, 0), size - 1), min(max(x, 0), size - 1)]:
            break
    return out


def grey(dtype):
    """Name and image of a type."""
    for height, width in SIZES:
        name = f"{height}x{width}"
        yield f"constant {name}", np.full((height, width), 7, dtype)
        yield f"checkerboard {name}", (np.indices((height, width)).sum(0) % 2 * 200).astype(dtype)
        single = np.full((height, width), 3, dtype)
        single[height // 2, width // 2] = 90
        yield f"one pixel {name}", single
        for levels in (2, 5, 250):
            yield f"noise of {levels} {name}", rng(levels).integers(0, levels, (height, width)).astype(dtype)
        if dtype == np.float32:
            yield f"float noise {name}", rng(1).standard_normal((height, width)).astype(dtype)
    smooth = ndimage.gaussian_filter(rng(9).standard_normal((160, 210)), 3)
    smooth = (smooth - smooth.min()) / (smooth.max() - smooth.min())
    yield "smooth", smooth.astype(dtype) if dtype == np.float32 else (smooth * 250).astype(dtype)


def views(array):
    """The array itself, and the same pixels as a view with a longer row stride."""
    yield array
    wide = np.zeros((array.shape[0], array.shape[1] + 5), array.dtype)
    wide[:, 2 : 2 + array.shape[1]] = array
    yield wide[:, 2 : 2 + array.shape[1]]
