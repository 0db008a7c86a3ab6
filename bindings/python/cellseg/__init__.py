# SPDX-License-Identifier: BSD-3-Clause
"""Find every cell in a fluorescence microscopy image, and outline its body and its nucleus.

    import cellseg
    cells, nuclei = cellseg.segment(array, pixel_size_um=0.65)

cells is uint32 and of the array's size: 0 is background, cells are 1, 2, ...; nuclei holds each cell's nucleus under the cell's
number.

Arrays are (height, width) or (channels, height, width), of uint8, uint16, uint32 or float. Lengths are micrometres. Calls of
the library do not hold the interpreter's lock.
"""

from __future__ import annotations

import ctypes
import json
from typing import Callable, NamedTuple

import numpy as np

from . import _lowlevel as c
from ._arrays import array_from_image, array_from_labels, columns_from_table, image_from, labels_from
from ._lowlevel import (
    ArgumentError,
    Cancelled,
    Error,
    FileError,
    FormatError,
    InternalError,
    LimitError,
    ModelError,
    OutOfMemoryError,
)

__all__ = [
    "ArgumentError",
    "Cancelled",
    "Context",
    "Error",
    "FileError",
    "FormatError",
    "InternalError",
    "LimitError",
    "Model",
    "ModelError",
    "OutOfMemoryError",
    "Similarity",
    "library_version",
    "measure",
    "segment",
    "segment_two_channel",
    "similarity",
    "simulate",
]
__version__ = "1.0.0"


def library_version() -> str:
    """The version of the library that was loaded."""
    return c.version()


class Context:
    """Where threads and progress come from. Serves one call at a time; make one per thread.

    progress(fraction, step) is called on the thread that called the library; what is true of its result cancels the
    call, and what it raises comes out of the call.
    """

    def __init__(
        self,
        threads: int = 0,
        memory_budget_bytes: int = 0,
        progress: Callable[[float, str], object] | None = None,
    ) -> None:
        options = c.context_options()
        c.context_options_init(options, ctypes.sizeof(options))
        options.threads = threads
        options.memory_budget_bytes = memory_budget_bytes
        self._raised: BaseException | None = None
        if progress is not None:
            options.progress = self._callback = c.progress_fn(self._guard(progress))
        out = c.Out()
        c.context_new(out, options)
        self._handle = out.take(c.Context)

    def _guard(self, progress: Callable[[float, str], object]) -> Callable[..., int]:
        def call(_user: object, fraction: float, step: bytes) -> int:
            try:
                return int(bool(progress(fraction, step.decode())))
            except BaseException as error:  # it cannot cross C; the call raises it again
                self._raised = error
                return 1

        return call

    @property
    def threads(self) -> int:
        return c.context_threads(self._handle)

    def _call(self, function: Callable, before: tuple, after: tuple) -> None:
        self._raised = None
        try:
            function(*before, self._handle, *after)
        except Cancelled:
            if self._raised is not None:
                raise self._raised from None
            raise


def _call(context: Context | None, function: Callable, before: tuple, after: tuple) -> None:
    """function(*before, context, *after), where the context may be None."""
    if context is None:
        function(*before, None, *after)
    else:
        context._call(function, before, after)


class Model:
    """A trained network. Immutable: one may serve many threads at once."""

    def __init__(self, handle: c.Model) -> None:
        self._handle = handle

    @classmethod
    def default(cls) -> Model:
        """The model that is part of the library."""
        out = c.Out()
        c.model_default(out, None)
        return cls(out.take(c.Model))

    @classmethod
    def load(cls, source: object) -> Model:
        """A model file: a path, or its bytes."""
        out = c.Out()
        if isinstance(source, (bytes, bytearray)):
            c.model_load_memory(out, None, (ctypes.c_char * len(source)).from_buffer_copy(source), len(source))
        else:
            c.model_load(out, None, source)
        return cls(out.take(c.Model))

    def save(self, path: object, half: bool = False) -> None:
        """Write a model file; `half`: weights in 16 bits, rounded, half the size."""
        c.model_save(self._handle, None, path, c.WEIGHTS_FLOAT16 if half else c.WEIGHTS_FLOAT32)

    @property
    def info(self) -> dict:
        """Architecture, classes, working scale, normalisation rule, training record."""
        return json.loads(c.model_info(self._handle))

    @property
    def pixel_size_um(self) -> float:
        """Edge of a pixel at which the network works."""
        return c.model_pixel_size_um(self._handle)

    @property
    def parameters(self) -> int:
        return c.model_parameters(self._handle)


def _segment_options(options: dict) -> c.segment_options:
    """Members of the C struct cellseg_segment_options by name, and preset="paper"."""
    struct = c.segment_options()
    c.segment_options_init(struct, ctypes.sizeof(struct))
    presets = {"default": c.PRESET_DEFAULT, "paper": c.PRESET_PAPER}
    preset = options.pop("preset", "default")
    if preset not in presets:
        raise ValueError(f"preset is {preset!r}; it must be one of {', '.join(presets)}")
    c.segment_options_preset(struct, presets[preset])
    _set_options(struct, options, {"preset"})
    return struct


def _set_options(struct: ctypes.Structure, options: dict, further: set[str]) -> None:
    """Set members by name; `further`: names of options that are no members, for the error."""
    known = {name for name, _ in struct._fields_} - {"struct_size"}
    for name, value in options.items():
        if name not in known:
            raise TypeError(f"there is no option {name!r}; options are {', '.join(sorted(known | further))}")
        setattr(struct, name, value)


def segment(
    image: object,
    pixel_size_um: float | None = None,
    *,
    model: Model | None = None,
    return_maps: bool = False,
    context: Context | None = None,
    **options: object,
) -> tuple[np.ndarray, ...]:
    """Label every cell, from the marker channel alone: cytoplasm bright, background dark, nucleus darker than cytoplasm.

    pixel_size_um is the edge of a pixel and needed: cells are looked for at their physical size. model: None for the
    default. options: the members of cellseg_segment_options (include/cellseg/segment.h) by name, for instance channel=1,
    sensitivity=70, and preset="paper". Gives (cells, nuclei), both (height, width) of uint32, and with return_maps also the
    probabilities of nucleus, cytoplasm and background, (3, height, width) of float32.
    """
    struct = _segment_options(options)
    source = image_from(image, pixel_size_um)
    handle = (model or Model.default())._handle
    cells, nuclei, maps = c.Out(), c.Out(), c.Out() if return_maps else None
    _call(context, c.segment, (cells, nuclei, maps), (handle, source, struct))
    labels = array_from_labels(cells.take(c.Labels)), array_from_labels(nuclei.take(c.Labels))
    return (*labels, array_from_image(maps.take(c.Image))) if return_maps else labels


def segment_two_channel(
    marker: object,
    nuclear: object,
    pixel_size_um: float | None = None,
    *,
    context: Context | None = None,
    **options: object,
) -> tuple[np.ndarray, np.ndarray]:
    """Label every cell, with nuclei from a nuclear stain and cells from the marker; no network. Gives (cells, nuclei)."""
    struct = _segment_options(options)
    images = image_from(marker, pixel_size_um), image_from(nuclear, pixel_size_um)
    cells, nuclei = c.Out(), c.Out()
    _call(context, c.segment_two_channel, (cells, nuclei), (*images, struct))
    return array_from_labels(cells.take(c.Labels)), array_from_labels(nuclei.take(c.Labels))


_STAINS = {
    "mixed": c.STAIN_MIXED,
    "diffuse": c.STAIN_DIFFUSE,
    "er": c.STAIN_ER,
    "mitochondria": c.STAIN_MITOCHONDRIA,
    "endosomes": c.STAIN_ENDOSOMES,
    "actin": c.STAIN_ACTIN,
    "tubulin": c.STAIN_TUBULIN,
    "membrane": c.STAIN_MEMBRANE,
}


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

    image is (channels, height, width) of uint8 or uint16: the marker and, with nuclei_channel=1, the nuclear stain. vary: draw
    the field's properties with the seed; False: those usual for the stain. options: the members of cellseg_synth_options
    (include/cellseg/synth.h) by name, for instance pixel_size_um=0.325, confluence=1.
    """
    if stain not in _STAINS:
        raise ValueError(f"stain is {stain!r}; it must be one of {', '.join(_STAINS)}")
    struct = c.synth_options()
    c.synth_options_init(struct, ctypes.sizeof(struct))
    c.synth_options_draw(struct, _STAINS[stain], seed)
    if not vary:
        c.synth_options_preset(struct, struct.stain)
    _set_options(struct, options, set())
    image, cells, nuclei = c.Out(), c.Out(), c.Out()
    _call(context, c.synth_field, (image, cells, nuclei), (height, width, struct))
    return (
        array_from_image(image.take(c.Image)),
        array_from_labels(cells.take(c.Labels)),
        array_from_labels(nuclei.take(c.Labels)),
    )


def measure(
    cells: object,
    nuclei: object | None = None,
    image: object | None = None,
    pixel_size_um: float | None = None,
    *,
    context: Context | None = None,
    **options: object,
) -> dict[str, np.ndarray]:
    """Measure every cell: columns by name, one value per cell. The names, with units, are listed in cellseg/measure.h.

    options: the members of cellseg_measure_options by name, for instance texture=True, texture_levels=64, neighbours=True.
    """
    struct = c.measure_options()
    c.measure_options_init(struct, ctypes.sizeof(struct))
    _set_options(struct, options, set())
    out = c.Out()
    handles = (
        labels_from(cells, pixel_size_um),
        None if nuclei is None else labels_from(nuclei, pixel_size_um),
        None if image is None else image_from(image, pixel_size_um),
    )
    _call(context, c.measure, (out,), (*handles, struct))
    return columns_from_table(out.take(c.Table))


class Similarity(NamedTuple):
    """How well a segmentation agrees with the truth; cell_dice: the best Dice of each reference label, in rising order of id."""

    sm: float
    mean_best_dice: float
    pair_ratio: float
    dice: float
    pairs: int
    reference_count: int
    target_count: int
    cell_dice: np.ndarray


def similarity(reference: object, target: object, k: float = 0.6, *, context: Context | None = None) -> Similarity:
    """The similarity measure SM of Al-Kofahi et al. 2018, with its parts."""
    result = c.similarity()
    room = np.zeros(max(1, np.unique(np.asarray(reference)).size))
    maps = labels_from(reference), labels_from(target)
    _call(context, c.similarity_compute, (result, room.ctypes.data, room.size), (*maps, k))
    parts = {name: getattr(result, name) for name in Similarity._fields[:-1]}
    return Similarity(**parts, cell_dice=room[: result.reference_count])
