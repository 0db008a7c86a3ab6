# SPDX-License-Identifier: BSD-3-Clause
"""Morphology: rectangles and discs, reconstruction, minima and maxima, holes, distance, components, watershed.

Every function reads one channel of an array of (height, width) or (channels, height, width): grey images of uint8, uint16,
uint32, int16, int32, float32 or float64 without NaN or infinity, masks of any type, where 0 is background. Arrays whose rows
follow one another are read without a copy (masks if bool or uint8). Results are new arrays of (height, width) and exact for
every type; grey images have the type of the input, top-hats of int16 and int32 the unsigned one. Connectivity is 4 or 8:
whether pixels that touch at a corner only are neighbours. include/cellseg/morph.h defines every result to the pixel. Results
are the same bytes for any number of threads.
"""

from __future__ import annotations

from typing import Callable

import numpy as np

from . import _lowlevel as c
from ._arrays import array_from_image, array_from_labels, image_from, labels_from, mask_from
from ._context import Context, call
from ._options import struct_of

__all__ = [
    "black_top_hat",
    "black_top_hat_disc",
    "closing",
    "closing_disc",
    "components",
    "dilate",
    "dilate_disc",
    "distance",
    "erode",
    "erode_disc",
    "extended_maxima",
    "extended_minima",
    "fill_holes",
    "h_maxima",
    "h_minima",
    "nearest",
    "opening",
    "opening_disc",
    "reconstruct_dilation",
    "reconstruct_erosion",
    "regional_maxima",
    "regional_minima",
    "watershed",
    "white_top_hat",
    "white_top_hat_disc",
]


def _image(context: Context | None, function: object, *arguments: object) -> np.ndarray:
    out = c.Image()
    call(context, function, (out,), arguments)
    return array_from_image(out)[0]


def _mask(context: Context | None, function: object, *arguments: object) -> np.ndarray:
    """A result of zeros and ones as bool, without a copy."""
    return _image(context, function, *arguments).view(bool)


def _optional(mask: object | None) -> c.Image | None:
    return None if mask is None else mask_from(mask)


# ---- rectangles and discs ----


def _rectangle(name: str, text: str) -> Callable[..., np.ndarray]:
    function = getattr(c, "image_" + name)

    def operation(
        image: object, size: int | tuple[int, int], *, channel: int = 0, context: Context | None = None
    ) -> np.ndarray:
        height, width = (size, size) if np.isscalar(size) else size
        return _image(context, function, image_from(image), channel, height, width)

    operation.__name__ = operation.__qualname__ = name
    operation.__doc__ = f"""{text}

    size: of the flat rectangle, (height, width) or one number for a square, at least 1 and no larger than the image; its
    centre is at (height // 2, width // 2), and what lies outside the image does not count.
    """
    return operation


erode = _rectangle("erode", "Every pixel becomes the smallest under a rectangle.")
dilate = _rectangle("dilate", "Every pixel becomes the largest under the mirrored rectangle.")
opening = _rectangle("opening", "Erode, then dilate: remove what is bright and does not hold the rectangle.")
closing = _rectangle("closing", "Dilate, then erode: remove what is dark and does not hold the rectangle.")
white_top_hat = _rectangle("white_top_hat", "The image minus its opening, which removes an uneven background.")
black_top_hat = _rectangle("black_top_hat", "The closing minus the image.")


def _disc(name: str, text: str) -> Callable[..., np.ndarray]:
    function = getattr(c, f"image_{name}_disc")

    def operation(
        image: object, radius_px: int, *, fast: bool = False, channel: int = 0, context: Context | None = None
    ) -> np.ndarray:
        return _image(context, function, image_from(image), channel, radius_px, c.DISC_FAST if fast else c.DISC_EXACT)

    operation.__name__ = operation.__qualname__ = name + "_disc"
    operation.__doc__ = f"""{text}

    The disc is that of the pixels (dy, dx) with dy^2 + dx^2 <= radius_px^2, and may be no larger than the image. fast: beyond
    8 px an octagon in its place, at a cost that does not grow with the radius; it holds every pixel within 0.96 radius_px - 1/2
    and none beyond 1.04 radius_px + 1.
    """
    return operation


erode_disc = _disc("erode", "Every pixel becomes the smallest under a disc.")
dilate_disc = _disc("dilate", "Every pixel becomes the largest under a disc.")
opening_disc = _disc("opening", "Erode, then dilate by a disc: remove what is bright and does not hold it.")
closing_disc = _disc("closing", "Dilate, then erode by a disc: remove what is dark and does not hold it.")
white_top_hat_disc = _disc("white_top_hat", "The image minus its opening by a disc.")
black_top_hat_disc = _disc("black_top_hat", "The closing by a disc minus the image.")


# ---- reconstruction, minima and maxima ----


def reconstruct_dilation(
    marker: object,
    limit: object,
    connectivity: int = 8,
    *,
    channel: int = 0,
    limit_channel: int = 0,
    context: Context | None = None,
) -> np.ndarray:
    """Dilate marker by a pixel, take the minimum with limit, and so on until nothing changes; both of one type."""
    images = image_from(marker), channel, image_from(limit), limit_channel
    return _image(context, c.image_reconstruct_dilation, *images, connectivity)


def reconstruct_erosion(
    marker: object,
    limit: object,
    connectivity: int = 8,
    *,
    channel: int = 0,
    limit_channel: int = 0,
    context: Context | None = None,
) -> np.ndarray:
    """Erode marker by a pixel, take the maximum with limit, and so on until nothing changes; both of one type."""
    images = image_from(marker), channel, image_from(limit), limit_channel
    return _image(context, c.image_reconstruct_erosion, *images, connectivity)


def h_minima(
    image: object, h: float, connectivity: int = 8, *, channel: int = 0, context: Context | None = None
) -> np.ndarray:
    """Fill every minimum of depth h or less up to its rim, and every deeper one by h. A grey image, not a mask."""
    return _image(context, c.image_h_minima, image_from(image), channel, h, connectivity)


def h_maxima(
    image: object, h: float, connectivity: int = 8, *, channel: int = 0, context: Context | None = None
) -> np.ndarray:
    """Cut every maximum of height h or less down to its foot, and every higher one by h. A grey image, not a mask."""
    return _image(context, c.image_h_maxima, image_from(image), channel, h, connectivity)


def regional_minima(
    image: object,
    mask: object | None = None,
    connectivity: int = 8,
    *,
    channel: int = 0,
    mask_channel: int = 0,
    context: Context | None = None,
) -> np.ndarray:
    """Where the plateaus without a lower neighbour are, bool; mask: the only pixels that exist."""
    arguments = image_from(image), channel, _optional(mask), mask_channel, connectivity
    return _mask(context, c.image_regional_minima, *arguments)


def regional_maxima(
    image: object,
    mask: object | None = None,
    connectivity: int = 8,
    *,
    channel: int = 0,
    mask_channel: int = 0,
    context: Context | None = None,
) -> np.ndarray:
    """Where the plateaus without a higher neighbour are, bool; mask: the only pixels that exist."""
    arguments = image_from(image), channel, _optional(mask), mask_channel, connectivity
    return _mask(context, c.image_regional_maxima, *arguments)


def extended_minima(
    image: object,
    h: float,
    mask: object | None = None,
    connectivity: int = 8,
    *,
    channel: int = 0,
    mask_channel: int = 0,
    context: Context | None = None,
) -> np.ndarray:
    """The regional minima of the h-minima, bool: the minima deeper than h, each with all it holds below h."""
    arguments = image_from(image), channel, h, _optional(mask), mask_channel, connectivity
    return _mask(context, c.image_extended_minima, *arguments)


def extended_maxima(
    image: object,
    h: float,
    mask: object | None = None,
    connectivity: int = 8,
    *,
    channel: int = 0,
    mask_channel: int = 0,
    context: Context | None = None,
) -> np.ndarray:
    """The regional maxima of the h-maxima, bool: the maxima higher than h, each with all it holds above h."""
    arguments = image_from(image), channel, h, _optional(mask), mask_channel, connectivity
    return _mask(context, c.image_extended_maxima, *arguments)


# ---- masks ----


def fill_holes(
    mask: object, connectivity: int = 4, *, channel: int = 0, context: Context | None = None
) -> np.ndarray:
    """The mask, bool, with the background that is not connected to the image's border; connectivity: the background's."""
    return _image(context, c.image_fill_holes, mask_from(mask), channel, connectivity) != 0


def distance(mask: object, *, channel: int = 0, context: Context | None = None) -> np.ndarray:
    """The exact Euclidean distance of every foreground pixel to the nearest background pixel, float32; infinity without any."""
    return _image(context, c.image_distance, mask_from(mask), channel)


def nearest(mask: object, *, channel: int = 0, context: Context | None = None) -> np.ndarray:
    """The nearest background pixel of every pixel, uint32: row * width + column, as numpy.unravel_index() takes it.

    Of several equally near that of the smallest column and in it the smallest row. A mask without background raises
    ArgumentError.
    """
    return _image(context, c.image_nearest, mask_from(mask), channel)


def components(
    mask: object, connectivity: int = 8, *, channel: int = 0, context: Context | None = None
) -> np.ndarray:
    """Connected components, uint32: ids 1 to n in raster order of each component's first pixel."""
    out = c.Labels()
    call(context, c.image_components, (out,), (mask_from(mask), channel, connectivity))
    return array_from_labels(out)


def watershed(
    relief: object,
    seeds: object,
    mask: object | None = None,
    *,
    connectivity: int = 8,
    lines: bool = False,
    channel: int = 0,
    mask_channel: int = 0,
    context: Context | None = None,
) -> np.ndarray:
    """Grow the ids of seeds over a relief, lowest pixels first, until they meet: uint32 of the seeds' ids.

    mask: where basins may grow. lines: leave a line of 0 between basins. include/cellseg/morph.h states the order of flooding
    and of ties.
    """
    options = struct_of(c.watershed_options, {"connectivity": connectivity, "lines": lines})
    out = c.Labels()
    inputs = labels_from(seeds), image_from(relief), channel, _optional(mask), mask_channel
    call(context, c.labels_watershed, (out,), (*inputs, options))
    return array_from_labels(out)
