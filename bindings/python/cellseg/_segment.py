# SPDX-License-Identifier: BSD-3-Clause
"""Segmentation: image to cells in one call, or step by step."""

from __future__ import annotations

import ctypes
from collections import namedtuple

import numpy as np

from . import _lowlevel as c
from ._arrays import array_from_image, array_from_labels, image_from, labels_from
from ._context import Context, call
from ._model import Model
from ._options import chosen, struct_of

EXTRA_OUTPUTS = {"none": c.EXTRA_NONE, "boundary": c.EXTRA_BOUNDARY, "distance": c.EXTRA_DISTANCE}
_VERDICTS = {c.VERDICT_SUITABLE: "suitable", c.VERDICT_DOUBTFUL: "doubtful", c.VERDICT_NUCLEAR_STAIN: "nuclear-stain"}


class Report(namedtuple("Report", [name for name, _ in c.segment_report._fields_ if name != "struct_size"])):
    """A segmentation in figures: the members of cellseg_segment_report (include/cellseg/segment.h).

    marker_verdict is "suitable", "doubtful" or "nuclear-stain". confidence[id] is the mean nucleus probability in the nuclei of cell
    `id`, a copy as float32; None without a network. peak_bytes is 0 for a call without a context on another thread than the main one.
    """

    __slots__ = ()


def _report_from(struct: c.segment_report) -> Report:
    values = {name: getattr(struct, name) for name in Report._fields}
    values["marker_verdict"] = _VERDICTS[struct.marker_verdict]
    values["library_version"] = struct.library_version.decode()
    values["confidence"] = None
    if struct.confidence:
        values["confidence"] = np.ctypeslib.as_array(struct.confidence, (struct.cells + 1,)).copy()
    return Report(**values)


def segment(
    image: object,
    pixel_size_um: float | None = None,
    *,
    model: Model | None = None,
    return_maps: bool = False,
    report: bool = False,
    context: Context | None = None,
    **options: object,
) -> tuple:
    """Label every cell, from the marker channel alone: cytoplasm bright, background dark, nucleus darker than cytoplasm.

    pixel_size_um is the edge of a pixel. It is required, because the method works with physical lengths. model: None for the
    default. options: those that cellseg.options("segment") lists, for instance channel=1, sensitivity=70, relief="distance",
    and preset="paper".

    Gives (cells, nuclei), both (height, width) of uint32. With return_maps a map of each of the model's classes follows,
    model.info["classes"], (classes, height, width) of float32 from 0 to 1: the probabilities of nucleus, cytoplasm and
    background, and the fourth output where the model has one; that of the default is the distance d to the cell's border, as
    d / (d + 4 um). With report a Report follows.
    """
    struct = struct_of(c.segment_options, options)
    source = image_from(image, pixel_size_um)
    handle = (model or Model.default())._handle
    cells, nuclei, maps = c.Labels(), c.Labels(), c.Image() if return_maps else None
    figures = c.segment_report() if report else None
    call(context, c.segment, (cells, nuclei, maps, figures), (handle, source, struct))
    both = array_from_labels(cells), array_from_labels(nuclei)
    return both + ((array_from_image(maps),) if return_maps else ()) + ((_report_from(figures),) if report else ())


def segment_two_channel(
    marker: object,
    nuclear: object,
    pixel_size_um: float | None = None,
    *,
    report: bool = False,
    context: Context | None = None,
    **options: object,
) -> tuple:
    """Label every cell, with nuclei from a nuclear stain and cells from the marker; no network.

    options: as for segment(), and nuclei_channel, the channel of `nuclear`. Gives (cells, nuclei), and with report a Report.
    """
    struct = struct_of(c.segment_options, options)
    images = image_from(marker, pixel_size_um), image_from(nuclear, pixel_size_um)
    cells, nuclei = c.Labels(), c.Labels()
    figures = c.segment_report() if report else None
    call(context, c.segment_two_channel, (cells, nuclei, figures), (*images, struct))
    both = array_from_labels(cells), array_from_labels(nuclei)
    return (*both, _report_from(figures)) if report else both


def segment_memory(
    height: int,
    width: int,
    pixel_size_um: float,
    *,
    model: Model | None = None,
    two_channel: bool = False,
    context: Context | None = None,
    **options: object,
) -> int:
    """Bytes that segment(), or with two_channel segment_two_channel(), needs with one thread.

    A memory budget of so many bytes is never too small for an image of height x width pixels.
    """
    struct = struct_of(c.segment_options, options)
    handle = None if two_channel else (model or Model.default())._handle
    result = ctypes.c_uint64()
    call(context, c.segment_memory, (result,), (handle, height, width, pixel_size_um, struct))
    return result.value


# ---- the steps one by one ----


def segment_maps(
    image: object,
    pixel_size_um: float | None = None,
    *,
    model: Model | None = None,
    context: Context | None = None,
    **options: object,
) -> tuple[np.ndarray, float]:
    """Step 1 of segment(): the model's maps at the model's scale, (classes, height, width) of float32, and their pixel size."""
    struct = struct_of(c.segment_options, options)
    source = image_from(image, pixel_size_um)
    maps = c.Image()
    call(context, c.segment_maps, (maps,), ((model or Model.default())._handle, source, struct))
    return array_from_image(maps), c.image_pixel_size_um(maps)


def _maps_from(maps: object, pixel_size_um: float | None) -> c.Image:
    """An image of maps: float32, to which other floats are rounded."""
    array = np.asarray(maps)
    return image_from(array.astype(np.float32, copy=False) if array.dtype.kind == "f" else array, pixel_size_um)


def segment_nuclei(
    maps: object,
    pixel_size_um: float,
    *,
    extra_output: str = "none",
    context: Context | None = None,
    **options: object,
) -> np.ndarray:
    """Step 2 of segment(): nuclei of a map of nucleus probability, (height, width) of uint32.

    maps: (channels, height, width) of float32 from 0 to 1, channel 0 is nucleus; pixel_size_um: the maps'. extra_output: the
    meaning of channel 3, "boundary" or "distance"; "none": it is not read.
    """
    struct = struct_of(c.segment_options, options)
    source = _maps_from(maps, pixel_size_um)
    nuclei = c.Labels()
    call(context, c.segment_nuclei, (nuclei,), (source, chosen("extra_output", extra_output, EXTRA_OUTPUTS), struct))
    return array_from_labels(nuclei)


def segment_nuclei_within(
    cells: object,
    image: object,
    pixel_size_um: float | None = None,
    *,
    model: Model | None = None,
    context: Context | None = None,
    **options: object,
) -> np.ndarray:
    """Nuclei of cells that are known already, (height, width) of uint32, each under its cell's id.

    model: None to find them in the nuclear stain, channel nuclei_channel of the image; else they are those of the model's maps,
    and the marker is channel `channel`. options: as for segment().
    """
    struct = struct_of(c.segment_options, options)
    nuclei, handle = c.Labels(), None if model is None else model._handle
    call(context, c.segment_nuclei_within, (nuclei,), (handle, labels_from(cells), image_from(image, pixel_size_um), struct))
    return array_from_labels(nuclei)


def segment_cells(
    image: object,
    nuclei: object,
    pixel_size_um: float | None = None,
    *,
    maps: object | None = None,
    maps_pixel_size_um: float | None = None,
    extra_output: str = "none",
    model: Model | None = None,
    context: Context | None = None,
    **options: object,
) -> tuple[np.ndarray, np.ndarray]:
    """Step 3 of segment(): cells round given nuclei, with the maps of any network or with the marker alone.

    nuclei: a label map of the image's or the maps' size, with any ids. maps: None, or (channels, height, width) of float32 from
    0 to 1 of the same field: nucleus, cytoplasm, background and, by extra_output, a fourth. model: None, or the model that made
    the maps, whose coefficients join cells as in segment(). Gives (cells, nuclei), as segment().
    """
    struct = struct_of(c.segment_options, options)
    source = image_from(image, pixel_size_um)
    known = None if maps is None else _maps_from(maps, maps_pixel_size_um)
    seeds = labels_from(nuclei)
    cells, found = c.Labels(), c.Labels()
    extra = chosen("extra_output", extra_output, EXTRA_OUTPUTS)
    handle = model._handle if model is not None else None
    call(context, c.segment_cells, (cells, found), (handle, source, known, extra, seeds, struct))
    return array_from_labels(cells), array_from_labels(found)


def segment_from_maps(
    image: object,
    maps: object,
    pixel_size_um: float | None = None,
    *,
    extra_output: str = "none",
    model: Model | None = None,
    report: bool = False,
    context: Context | None = None,
    **options: object,
) -> tuple:
    """Steps 2 and 3 of segment() in one, from the maps of any network: with the marker check, and with report a Report.

    maps: (channels, height, width) of float32 from 0 to 1 of the same field, at any scale: nucleus, cytoplasm, background and, by
    extra_output, a fourth. model: None, or the model that made the maps, as in segment_cells(). Gives (cells, nuclei), and with
    report a Report. For a network that segment() can call itself, see Model.wrap().
    """
    struct = struct_of(c.segment_options, options)
    source, known = image_from(image, pixel_size_um), _maps_from(maps, None)
    cells, nuclei = c.Labels(), c.Labels()
    figures = c.segment_report() if report else None
    extra = chosen("extra_output", extra_output, EXTRA_OUTPUTS)
    handle = model._handle if model is not None else None
    call(context, c.segment_from_maps, (cells, nuclei, figures), (handle, source, known, extra, struct))
    both = array_from_labels(cells), array_from_labels(nuclei)
    return (*both, _report_from(figures)) if report else both
