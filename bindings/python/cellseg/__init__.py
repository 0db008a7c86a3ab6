# SPDX-License-Identifier: BSD-3-Clause
"""Find every cell in a fluorescence microscopy image, and outline its body and its nucleus.

    import cellseg
    cells, nuclei = cellseg.segment(array, pixel_size_um=0.65)

cells is uint32 and of the array's size: 0 is background, cells are 1, 2, ...; nuclei holds each cell's nuclei, most often
one, under the cell's number.

cellseg.Trainer trains a network of your own. The toolkit it all is made of lies in cellseg.filter, cellseg.morph and
cellseg.labels.

Arrays are (height, width) or (channels, height, width), of uint8, uint16, uint32 or float. Lengths are micrometres. Calls of
the library do not hold the interpreter's lock; on the main thread Ctrl-C ends them within 100 ms.
"""

from __future__ import annotations

import ctypes
from typing import NamedTuple

import numpy as np

from . import _lowlevel as c
from . import filter, labels, morph
from ._arrays import array_from_image, array_from_labels, columns_from_table, image_from, labels_from
from ._context import Context, call
from ._errors import (
    ArgumentError,
    Cancelled,
    Error,
    FileError,
    FormatError,
    InternalError,
    LimitError,
    ModelError,
    OutOfMemoryError,
    UnavailableError,
)
from ._model import Model
from ._options import Option, options, set_options, struct_of
from ._outlines import Outlines, import_labels, outlines, write_coco, write_geojson, write_overlay, write_rois, write_svg
from ._segment import (
    Report,
    segment,
    segment_cells,
    segment_from_maps,
    segment_maps,
    segment_memory,
    segment_nuclei,
    segment_nuclei_within,
    segment_two_channel,
)
from ._stream import segment_stream
from .training import Epoch, Trainer

__all__ = [
    "ArgumentError",
    "Boundary",
    "Cancelled",
    "Context",
    "Detection",
    "Epoch",
    "Error",
    "FileError",
    "FormatError",
    "InternalError",
    "LimitError",
    "Matching",
    "Model",
    "ModelError",
    "Option",
    "OutOfMemoryError",
    "Outlines",
    "Picture",
    "Report",
    "Roc",
    "Similarity",
    "Trainer",
    "UnavailableError",
    "boundary",
    "compartments",
    "detection",
    "features",
    "filter",
    "labels",
    "import_labels",
    "library_version",
    "matching",
    "measure",
    "morph",
    "options",
    "outlines",
    "read",
    "roc",
    "segment",
    "segment_cells",
    "segment_from_maps",
    "segment_maps",
    "segment_memory",
    "segment_nuclei",
    "segment_nuclei_within",
    "segment_stream",
    "segment_two_channel",
    "similarity",
    "simulate",
    "write_coco",
    "write_geojson",
    "write_overlay",
    "write_rois",
    "write_svg",
]
__version__ = "1.0.0"


def library_version() -> str:
    """The version of the library that was loaded."""
    return c.version()


def features() -> list[str]:
    """The names of what the loaded library holds: "model", "training", "io", "png", "tiff", "tiff-zstd", "avx2", ..."""
    names = (c.feature_name(1 << bit) for bit in range(64) if c.features() >> bit & 1)
    return [name for name in names if name]


def _named_image(pixels: object, names: list[str | None], pixel_size_um: float | None = None) -> c.Image:
    image = image_from(pixels, pixel_size_um)
    for channel, name in enumerate(names):
        c.image_set_channel_name(image, channel, None if name is None else name.encode())
    return image


class Picture(NamedTuple):
    """An image read from a file: (channels, height, width); pixel_size_um is None where the file states none, and so is the name of a
    channel without one."""

    pixels: np.ndarray
    pixel_size_um: float | None
    channel_names: list[str | None]

    def channel(self, name: str) -> int:
        """The number of the channel with this name, or the only one whose name differs in the case of its letters alone."""
        image, number = _named_image(self.pixels, self.channel_names), ctypes.c_int32()
        c.image_find_channel(number, image, name.encode())
        return number.value


def read(path: object, *, context: Context | None = None, **options: object) -> Picture:
    """Read a TIFF or PNG file, without a copy of its pixels.

    options: those that cellseg.options("read") lists, for instance series=1, t=0, pixel_size_um=0.65. z: a slice's number, or "max"
    for the greatest value of each pixel. Warnings of the file's text go to the context's log.
    """
    if options.get("z") == "max":
        options["z"] = c.Z_MAX
    struct = struct_of(c.read_options, options)
    image = c.Image()
    call(context, c.image_read, (image,), (c.path_bytes(path), struct))
    names = [c.image_channel_name(image, channel) for channel in range(c.image_channels(image))]
    return Picture(array_from_image(image), c.image_pixel_size_um(image) or None, names)


def simulate(
    height: int,
    width: int,
    stain: str = "mixed",
    seed: int = 1,
    *,
    vary: bool = True,
    context: Context | None = None,
    **options: object,
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """A simulated field of cells with its truth: (image, cells, nuclei).

    image is (channels, height, width) of uint8 or uint16: the marker and, with nuclei_channel=True, the nuclear stain. vary: draw
    the field's properties with the seed; False: those usual for the stain. options: those that cellseg.options("simulate")
    lists, for instance pixel_size_um=0.325, confluence=1.
    """
    struct = struct_of(c.synth_options, {"stain": stain, "seed": seed, "vary": vary})
    groups = [kind() for kind in (c.synth_cells, c.synth_staining, c.synth_optics, c.synth_camera)]
    c.synth_options_draw(struct, *groups)
    set_options(struct, options)
    image, cells, nuclei = c.Image(), c.Labels(), c.Labels()
    call(context, c.synth_field, (image, cells, nuclei), (height, width, struct))
    return array_from_image(image), array_from_labels(cells), array_from_labels(nuclei)


def compartments(
    cells: object, nuclei: object, ring_px: float = 5, *, context: Context | None = None
) -> dict[str, np.ndarray]:
    """The label maps "nucleus", "cytoplasm" and "ring", as cellseg.labels.compartment() makes them, for measure()."""
    kinds = "nucleus", "cytoplasm", "ring"
    return {kind: labels.compartment(cells, nuclei, kind, ring_px, context=context) for kind in kinds}


def _images(image: object, pixel_size_um: float | None) -> list[c.Image]:
    if image is None:
        return []
    if isinstance(image, Picture):
        return [_named_image(image.pixels, image.channel_names, pixel_size_um)]
    if isinstance(image, dict):
        return [_named_image(pixels, [name], pixel_size_um) for name, pixels in image.items()]
    return [image_from(image, pixel_size_um)]


def measure(
    cells: object,
    nuclei: object | None = None,
    image: object | None = None,
    pixel_size_um: float | None = None,
    *,
    compartments: dict[str, object] | None = None,
    csv: object | None = None,
    context: Context | None = None,
    **options: object,
) -> dict[str, np.ndarray]:
    """Measure every cell: columns by name, one value per cell. The names, with units, are listed in cellseg/measure.h.

    image: an array, whose channels have numbers in the names of columns; or, with names, what read() returns or a dict such as
    {"DAPI": array, "Tubulin": array}, whose arrays may have different types. compartments: further label maps under the ids of the
    cells, by name, for instance cellseg.compartments(cells, nuclei): their columns are called "ring.area_um2".
    csv: a path to write the table to as well. options: those that cellseg.options("measure") lists, for instance texture=True,
    texture_levels=64, neighbours=True.
    """
    struct = struct_of(c.measure_options, options)
    maps = {name: labels_from(labels, pixel_size_um) for name, labels in (compartments or {}).items()}
    images = _images(image, pixel_size_um)
    own, inner = labels_from(cells, pixel_size_um), None if nuclei is None else labels_from(nuclei, pixel_size_um)
    inputs = c.measure_inputs()
    inputs.cells, inputs.nuclei = own.address, None if inner is None else inner.address
    inputs.images, inputs.image_count = c.addresses(images), len(images)
    inputs.compartments, inputs.compartment_count = c.addresses(maps.values()), len(maps)
    inputs.compartment_names = (ctypes.c_char_p * len(maps))(*(name.encode() for name in maps))
    inputs.channel_names = isinstance(image, (Picture, dict))
    table = c.Table()
    call(context, c.measure_all, (table,), (inputs, struct))
    if csv is not None:
        call(context, c.table_write_csv, (table,), (c.path_bytes(csv),))
    return columns_from_table(table)


# ---- agreement with the truth: include/cellseg/metrics.h defines every figure, docs/metrics.md what others call it ----


class Similarity(NamedTuple):
    """How well a segmentation agrees with the truth; cell_dice: the best Dice of each reference label, in rising order of id."""

    sm: float
    mean_best_dice: float
    pair_ratio: float
    dice: float
    pairs: int
    reference_count: int
    target_count: int
    jaccard: float
    cell_dice: np.ndarray


class Matching(NamedTuple):
    """Objects found where a pair of IoU >= threshold counts; average_precision: TP / (TP + FP + FN); mean_iou: of the pairs."""

    threshold: float
    true_positives: int
    false_positives: int
    false_negatives: int
    precision: float
    recall: float
    f1: float
    average_precision: float
    mean_iou: float
    panoptic_quality: float


class Detection(NamedTuple):
    """Agreement object by object; average_precision: mean over IoU thresholds 0.50, 0.55 ... 0.95."""

    average_precision: float
    aggregated_jaccard: float
    seg: float
    splits: int
    merges: int
    reference_count: int
    target_count: int


class Boundary(NamedTuple):
    """How well outlines agree; f1: the boundary F-score."""

    precision: float
    recall: float
    f1: float
    reference_pixels: int
    target_pixels: int


class Roc(NamedTuple):
    """How well a map tells foreground from background: its area under the ROC curve, and rates and counts at one threshold.

    curve_true_positives, curve_false_positives: the pixels at least as probable as i / (points - 1), for i from 0.
    """

    auc: float
    threshold: float
    accuracy: float
    sensitivity: float
    specificity: float
    true_positives: int
    false_positives: int
    true_negatives: int
    false_negatives: int
    curve_true_positives: np.ndarray
    curve_false_positives: np.ndarray


def _members(result: type, struct: ctypes.Structure) -> dict:
    """The members of a C struct that a result has under the same name."""
    return {name: getattr(struct, name) for name in result._fields if hasattr(struct, name)}


def similarity(reference: object, target: object, k: float = 0.6, *, context: Context | None = None) -> Similarity:
    """The similarity measure SM of Al-Kofahi et al. 2018, with its parts."""
    result = c.similarity()
    maps = labels_from(reference), labels_from(target)
    room = np.zeros(max(1, min(c.labels_max_id(maps[0]), np.size(reference))))  # no map has more labels
    call(context, c.similarity_compute, (result, room.ctypes.data, room.size), (*maps, k))
    return Similarity(**_members(Similarity, result), cell_dice=room[: result.reference_count])


def matching(
    reference: object, target: object, thresholds: object = 0.5, *, context: Context | None = None
) -> Matching | list[Matching]:
    """Match objects one to one by IoU. One threshold gives a Matching, several give a list of them."""
    values = np.atleast_1d(np.asarray(thresholds, np.float64))
    if values.ndim != 1:
        raise ValueError(f"thresholds are a number or a sequence of numbers, not of shape {values.shape}")
    values = np.ascontiguousarray(values)
    results = (c.matching * values.size)()
    for one in results:
        one.struct_size = ctypes.sizeof(one)
    maps = labels_from(reference), labels_from(target)
    first = ctypes.cast(results, ctypes.POINTER(c.matching))
    call(context, c.matching_compute, (first, values.size), (*maps, values.ctypes.data))
    found = [Matching(**_members(Matching, one)) for one in results]
    return found[0] if np.ndim(thresholds) == 0 else found


def detection(reference: object, target: object, *, context: Context | None = None) -> Detection:
    """Average precision over IoU thresholds, aggregated Jaccard index, SEG, splits and merges."""
    result = c.detection()
    call(context, c.detection_compute, (result,), (labels_from(reference), labels_from(target)))
    return Detection(**_members(Detection, result))


def boundary(
    reference: object, target: object, tolerance_px: float = 2, *, context: Context | None = None
) -> Boundary:
    """The boundary F-score of Csurka et al. 2013."""
    result = c.boundary()
    call(context, c.boundary_compute, (result,), (labels_from(reference), labels_from(target), tolerance_px))
    return Boundary(**_members(Boundary, result))


def roc(
    probability: object, truth: object, threshold: float = 0.5, points: int = 101, *, context: Context | None = None
) -> Roc:
    """ROC analysis of one map of probabilities, (height, width) of float; truth: a mask or a label map."""
    result = c.roc()
    curve = np.zeros((2, max(points, 1)), np.uint64)
    probability = np.asarray(probability)
    if probability.dtype == np.float64:
        probability = probability.astype(np.float32)
    map_, labels = image_from(probability), labels_from(truth)
    before = result, curve[0].ctypes.data, curve[1].ctypes.data, points
    call(context, c.roc_compute, before, (map_, 0, labels, threshold))
    return Roc(**_members(Roc, result), curve_true_positives=curve[0], curve_false_positives=curve[1])
