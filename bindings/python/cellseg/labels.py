# SPDX-License-Identifier: BSD-3-Clause
"""Work on label maps: arrays of (height, width) of integers from 0, the background, to 2^32 - 1.

uint32 arrays with contiguous rows are read where they lie. Ids need not be in sequence. Results are new arrays of uint32.
include/cellseg/morph.h defines them to the pixel.
"""

from __future__ import annotations

import ctypes

import numpy as np

from . import _lowlevel as c
from ._arrays import array_from_image, array_from_labels, labels_from
from ._context import Context, call
from ._lowlevel import ArgumentError
from ._options import chosen

__all__ = ["boundaries", "check", "clear_border", "compartment", "expand", "fill_holes", "relabel", "remove_small"]


def _labels(context: Context | None, function: object, labels: object, *arguments: object) -> np.ndarray:
    out = c.Labels()
    call(context, function, (out,), (labels_from(labels), *arguments))
    return array_from_labels(out)


def _not_negative(name: str, value: int) -> int:
    """C would take -1 for the largest number there is, which these functions allow."""
    if value < 0:
        raise ArgumentError(f"{name} is {value}; it must be 0 or more")
    return value


def relabel(labels: object, *, context: Context | None = None) -> np.ndarray:
    """Number ids 1 to n in raster order of each object's first pixel."""
    return _labels(context, c.labels_relabel, labels)


def remove_small(labels: object, area_min_px: int, *, context: Context | None = None) -> np.ndarray:
    """Remove objects of fewer than area_min_px pixels; the others keep their ids."""
    return _labels(context, c.labels_remove_small, labels, _not_negative("area_min_px", area_min_px))


def clear_border(labels: object, margin_px: int = 0, *, context: Context | None = None) -> np.ndarray:
    """Remove objects with a pixel at most margin_px pixels from the image's outermost ones; the others keep their ids."""
    return _labels(context, c.labels_clear_border, labels, _not_negative("margin_px", margin_px))


def fill_holes(labels: object, *, context: Context | None = None) -> np.ndarray:
    """Background enclosed by one object alone, and not touching the image's border, takes its id; holes are 4-connected."""
    return _labels(context, c.labels_fill_holes, labels)


def expand(labels: object, distance_px: float, *, context: Context | None = None) -> np.ndarray:
    """Background takes the id of the nearest object's pixel, if that is no farther than distance_px."""
    return _labels(context, c.labels_expand, labels, distance_px)


_COMPARTMENTS = {
    "nucleus": c.COMPARTMENT_NUCLEUS, "cytoplasm": c.COMPARTMENT_CYTOPLASM, "ring": c.COMPARTMENT_RING
}  # fmt: skip


def compartment(
    cells: object, nuclei: object, kind: str, ring_px: float = 5, *, context: Context | None = None
) -> np.ndarray:
    """A part of each cell, under the cell's id; nuclei have the ids of their cells.

    kind: "nucleus"; "cytoplasm", the rest of the cell; "ring", pixels of the cytoplasm at most ring_px from the nucleus, and not
    nearer to the nucleus of another cell.
    """
    number = chosen("kind", kind, _COMPARTMENTS)
    return _labels(context, c.labels_compartment, cells, labels_from(nuclei), number, ring_px)


_KINDS = {"inner": c.BOUNDARY_INNER, "outer": c.BOUNDARY_OUTER, "thick": c.BOUNDARY_THICK}


def boundaries(labels: object, kind: str = "inner", connectivity: int = 4, *, context: Context | None = None) -> np.ndarray:
    """Where boundaries are, bool.

    kind: "inner", pixels of objects with a neighbour of another id, background included; "outer", background with an object
    for a neighbour, and both sides where two objects meet; "thick", every pixel with a neighbour of another id.
    """
    if kind not in _KINDS:
        raise ValueError(f"kind is {kind!r}; it must be one of {', '.join(_KINDS)}")
    out = c.Image()
    call(context, c.labels_boundaries, (out,), (labels_from(labels), _KINDS[kind], connectivity))
    return array_from_image(out)[0].view(bool)


def check(cells: object, nuclei: object | None = None, *, context: Context | None = None) -> str:
    """The first violation, in words, of what holds for the label maps this library makes; "" when all holds.

    Every cell is one 8-connected part, ids are 1 to n without gaps, and with nuclei the ids of these too, every nucleus lies inside
    the cell of its id, and no cell is without one. A cell may have several nuclei.
    """
    line = ctypes.create_string_buffer(128)
    maps = labels_from(cells), None if nuclei is None else labels_from(nuclei)
    call(context, c.labels_check, (line, len(line)), maps)
    return line.value.decode()
