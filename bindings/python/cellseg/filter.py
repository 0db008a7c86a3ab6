# SPDX-License-Identifier: BSD-3-Clause
"""Filters: Gaussian, Laplacian of Gaussian, resampling, histograms, percentiles, Otsu.

Every function reads one channel of an array of (height, width) or (channels, height, width), of uint8, uint16, uint32, int16,
int32, float32 or float64, without a copy where its rows follow one another. Pixels are not rescaled. Images are returned as
float32 of (height, width); range, histogram, percentiles and thresholds are exact for every type. Lengths are in pixels.
include/cellseg/filter.h defines each result and its error. Results are the same bytes for any number of threads. A pixel that
is NaN or infinite, or beyond the range of float32, raises ArgumentError, which names its place.
"""

from __future__ import annotations

import ctypes

import numpy as np

from . import _lowlevel as c
from ._arrays import array_from_image, array_from_labels, image_from, labels_from
from ._context import Context, call

__all__ = [
    "gaussian",
    "histogram",
    "laplacian_of_gaussian",
    "otsu",
    "percentiles",
    "resample",
    "resample_labels",
    "value_range",
]


def _image(context: Context | None, function: object, image: object, channel: int, *arguments: object) -> np.ndarray:
    """What a function makes of one channel."""
    out = c.Image()
    call(context, function, (out,), (image_from(image), channel, *arguments))
    return array_from_image(out)[0]


def gaussian(image: object, sigma_px: float, *, channel: int = 0, context: Context | None = None) -> np.ndarray:
    """Smooth with a Gaussian, the image reflected beyond its border (d c b a | a b c d).

    sigma_px: 0 to 1000. Up to 16 within 2e-6 of the image's largest magnitude of scipy.ndimage.gaussian_filter(), beyond
    within 2e-5 of the image's range of the Gaussian that is not cut.
    """
    return _image(context, c.image_gaussian, image, channel, sigma_px)


def laplacian_of_gaussian(
    image: object, sigmas_px: object, *, fast: bool = False, channel: int = 0, context: Context | None = None
) -> np.ndarray:
    """For every pixel the largest over sigmas_px, one number or up to 32, of -sigma^2 (Lxx + Lyy): bright blobs are positive.

    Exact, each in [0.001, 64], it is scipy.ndimage.gaussian_laplace() within 4e-6 of the largest magnitude; fast, each in
    [2, 1000], within 6e-4 of the image's range of the Gaussian that is not cut.
    """
    sigmas = np.ascontiguousarray(np.atleast_1d(sigmas_px), np.float64)
    method = c.LAPLACIAN_FAST if fast else c.LAPLACIAN_EXACT
    return _image(context, c.image_laplacian, image, channel, sigmas.ctypes.data, sigmas.size, method)


def resample(
    image: object, shape: tuple[int, int], *, cubic: bool = False, channel: int = 0, context: Context | None = None
) -> np.ndarray:
    """Resample to another (height, width).

    Where an axis shrinks each new pixel is the mean over its exact area; where it grows pixels are interpolated linearly, or
    cubically (Keys, a = -1/2).
    """
    method = c.RESAMPLE_CUBIC if cubic else c.RESAMPLE_LINEAR
    return _image(context, c.image_resample, image, channel, *shape, method)


def resample_labels(labels: object, shape: tuple[int, int], *, context: Context | None = None) -> np.ndarray:
    """Resample a label map to another (height, width): each new pixel takes the id of the pixel that holds its centre."""
    out = c.Labels()
    call(context, c.labels_resample, (out,), (labels_from(labels), *shape))
    return array_from_labels(out)


def value_range(image: object, *, channel: int = 0, context: Context | None = None) -> tuple[float, float]:
    """The smallest and the largest pixel."""
    lo, hi = ctypes.c_double(), ctypes.c_double()
    call(context, c.image_range, (lo, hi), (image_from(image), channel))
    return lo.value, hi.value


def histogram(
    image: object, bins: int, lo: float, hi: float, *, channel: int = 0, context: Context | None = None
) -> np.ndarray:
    """Counts of pixels, uint64, in 1 to 65536 bins of equal width from lo to hi; what lies outside is not counted."""
    counts = np.zeros(max(bins, 0), np.uint64)
    call(context, c.image_histogram, (counts.ctypes.data,), (image_from(image), channel, bins, lo, hi))
    return counts


def percentiles(image: object, percents: object, *, channel: int = 0, context: Context | None = None) -> np.ndarray:
    """What numpy.percentile() gives for the pixels as float64; percents: one number or up to 1024, from 0 to 100."""
    wanted = np.ascontiguousarray(np.atleast_1d(percents), np.float64)
    values = np.zeros(wanted.size)
    arguments = image_from(image), channel, wanted.ctypes.data, wanted.size
    call(context, c.image_percentiles, (values.ctypes.data,), arguments)
    return values


def otsu(image: object, count: int = 1, *, bins: int = 256, channel: int = 0, context: Context | None = None) -> np.ndarray:
    """The 1 to 8 thresholds, rising, that cut the histogram into classes with the largest variance between them, exactly.

    A pixel is above a threshold when its value is larger. bins: 2 to 4096 of equal width; integer images get a bin for each
    value where these suffice.
    """
    thresholds = np.zeros(max(count, 0))
    call(context, c.image_otsu, (thresholds.ctypes.data,), (image_from(image), channel, count, bins))
    return thresholds
