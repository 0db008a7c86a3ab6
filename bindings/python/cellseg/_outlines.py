# SPDX-License-Identifier: BSD-3-Clause
"""Outlines of label maps as polygons, and the files that hold them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from . import _lowlevel as c
from ._arrays import array_from_labels, arrays_from_outlines, image_from, labels_from
from ._context import Context, call
from ._options import struct_of


class Outlines(NamedTuple):
    """Rings of points: ring i belongs to the label ids[i] and is points[offsets[i]:offsets[i + 1]], rows of x and y.

    holes[i] is 1 for a hole of the last outer ring before it. The last point of a ring is joined to the first. The origin is the
    outer corner of the first pixel: the centre of pixel (y, x) is (x + 0.5, y + 0.5).
    """

    ids: np.ndarray
    holes: np.ndarray
    offsets: np.ndarray
    points: np.ndarray

    def polygons(self) -> dict[int, list[list[np.ndarray]]]:
        """The polygons of each id; a polygon is a list of rings, the outer one first."""
        found: dict[int, list[list[np.ndarray]]] = {}
        for i, (id_, hole) in enumerate(zip(self.ids.tolist(), self.holes)):
            ring = self.points[self.offsets[i] : self.offsets[i + 1]]
            if hole:
                found[id_][-1].append(ring)
            else:
                found.setdefault(id_, []).append([ring])
        return found


def _outlines(labels: c.Labels, context: Context | None, options: dict[str, object]) -> c.Outlines:
    handle = c.Outlines()
    call(context, c.labels_outlines, (handle,), (labels, struct_of(c.outline_options, options)))
    return handle


def outlines(
    labels: object, pixel_size_um: float | None = None, *, context: Context | None = None, **options: object
) -> Outlines:
    """The outlines of every label: pixel edges, exactly, or with smooth=True smooth lines of the same area.

    options: those that cellseg.options("outlines") lists, for instance smooth=True, unit="um".
    """
    return Outlines(*arrays_from_outlines(_outlines(labels_from(labels, pixel_size_um), context, options)))


def write_geojson(
    path: object,
    cells: object,
    nuclei: object | None = None,
    image: object | None = None,
    pixel_size_um: float | None = None,
    *,
    context: Context | None = None,
    **options: object,
) -> None:
    """Write cells as GeoJSON, which QuPath opens as cells with their nuclei and the columns of cellseg.measure().

    options: as in outlines(); QuPath asks for pixels.
    """
    maps = labels_from(cells, pixel_size_um), None if nuclei is None else labels_from(nuclei, pixel_size_um)
    table = c.Table()
    call(context, c.measure, (table,), (*maps, None if image is None else image_from(image, pixel_size_um), None))
    both = [None if map_ is None else _outlines(map_, context, options) for map_ in maps]
    call(context, c.geojson_write, (), (c.path_bytes(path), *both, table))


def write_rois(
    path: object, cells: object, nuclei: object | None = None, *, context: Context | None = None, **options: object
) -> None:
    """Write outlines as a ZIP archive of regions for ImageJ's ROI Manager. options: as in outlines(); ImageJ asks for pixels."""
    both = [None if array is None else _outlines(labels_from(array), context, options) for array in (cells, nuclei)]
    call(context, c.rois_write, (), (c.path_bytes(path), *both))


def write_svg(
    path: object, cells: object, nuclei: object | None = None, *, context: Context | None = None, **options: object
) -> None:
    """Write outlines as SVG, to lie over the image. options: as in outlines()."""
    both = [None if array is None else _outlines(labels_from(array), context, options) for array in (cells, nuclei)]
    call(context, c.svg_write, (), (c.path_bytes(path), *both))


def write_overlay(
    path: object,
    image: object,
    cells: object | None = None,
    nuclei: object | None = None,
    pixel_size_um: float | None = None,
    *,
    channel: int = 0,
    context: Context | None = None,
    **options: object,
) -> None:
    """Write a picture (PNG): the image in grey, outlines, ids and, with pixel_size_um, a scale bar.

    options: those that cellseg.options("overlay") lists: ids=False, max_px.
    """
    struct = struct_of(c.overlay_options, options)
    both = [None if array is None else labels_from(array) for array in (cells, nuclei)]
    call(context, c.overlay_write, (), (c.path_bytes(path), image_from(image, pixel_size_um), channel, *both, struct))


def write_coco(
    path: object, image_name: str, cells: object, nuclei: object | None = None, *, context: Context | None = None
) -> None:
    """Write cells and nuclei as COCO annotations with run-length encoded masks. image_name: file name of the image."""
    both = [None if array is None else labels_from(array) for array in (cells, nuclei)]
    call(context, c.coco_write, (), (c.path_bytes(path), image_name.encode(), *both))


def import_labels(
    path: object, shape: tuple[int, int] | None = None, image_name: str | None = None, *, context: Context | None = None
) -> tuple[np.ndarray, np.ndarray | None]:
    """Read labels of another program: the label maps of cells and, where the file has any, of nuclei.

    Formats: TIFF, PNG, NumPy and Cellpose's "_seg.npy", ImageJ's regions, GeoJSON, COCO, LabelMe. shape: (height, width) of the
    image, which regions and GeoJSON do not state. image_name: which image of a COCO file of several.
    """
    cells, nuclei = c.Labels(), c.Labels()
    height, width = shape or (0, 0)
    given = {"height_px": height, "width_px": width, "image_name": image_name}
    struct = struct_of(c.import_options, {name: value for name, value in given.items() if value is not None})
    call(context, c.labels_import, (cells, nuclei), (c.path_bytes(path), struct))
    return array_from_labels(cells), array_from_labels(nuclei) if c.labels_height(nuclei) else None
