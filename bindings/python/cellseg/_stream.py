# SPDX-License-Identifier: BSD-3-Clause
"""Segmentation of images that need not fit into memory: arrays that are read and written by slices."""

from __future__ import annotations

import ctypes
import errno
import os
from typing import Callable

import numpy as np

from . import _lowlevel as c
from ._arrays import _DTYPES, _TYPES
from ._context import Context, call
from ._model import Model
from ._options import struct_of
from ._segment import Report, _report_from


class _Guard:
    """Callbacks of one call, and the first exception that one of them raised, which cannot cross C."""

    def __init__(self) -> None:
        self.raised: BaseException | None = None

    def __call__(self, function: Callable[..., None]) -> Callable[..., int]:
        def callback(*arguments: object) -> int:
            try:
                function(*arguments)
                return 0
            except BaseException as error:
                self.raised = self.raised or error
                return errno.EIO

        return callback


def _rows_at(address: int, stride: int, count: int, width: int, dtype: np.dtype) -> np.ndarray:
    """The array of (count, width) samples that C has at an address."""
    buffer = (ctypes.c_char * ((count - 1) * stride + width * dtype.itemsize)).from_address(address)
    return np.ndarray((count, width), dtype, buffer, strides=(stride, dtype.itemsize))


def _source_from(array: object, pixel_size_um: float | None, guard: _Guard) -> c.Source:
    """A source of what has shape, dtype and slices: (height, width) or (channels, height, width). Nothing is loaded."""
    shape, dtype = tuple(array.shape), np.dtype(array.dtype)
    if dtype.str[1:] not in _TYPES:
        raise TypeError(f"pixels of type {dtype} are not supported; use one of {', '.join(map(str, _DTYPES.values()))}")
    if len(shape) not in (2, 3) or 0 in shape:
        raise ValueError(f"an image is (height, width) or (channels, height, width), not {shape}")
    native = dtype.newbyteorder("=")

    def read(_user, to, stride, channel, top, left, height, width):
        place = (slice(top, top + height), slice(left, left + width))
        part = array[(channel, *place) if len(shape) == 3 else place]
        _rows_at(to, stride, height, width, native)[...] = np.asarray(part)

    callbacks = c.source_callbacks()
    c.source_callbacks_init(callbacks, ctypes.sizeof(callbacks))
    callbacks.height, callbacks.width = shape[-2:]
    callbacks.channels = shape[0] if len(shape) == 3 else 1
    callbacks.pixel_type = _TYPES[dtype.str[1:]]
    callbacks.pixel_size_um = pixel_size_um or 0
    callbacks.read = c.read_pixels_fn(guard(read))
    source = c.Source(keep=callbacks)
    c.source_new(source, None, callbacks)
    return source


def _sink_from(array: object, shape: tuple, dtype: type, guard: _Guard) -> c.Sink | None:
    """A sink that assigns rows to slices of an array of (height, width), or (channels, height, width)."""
    if array is None:
        return None
    if tuple(array.shape) != shape:
        raise ValueError(f"an output must have the shape {shape}, not {tuple(array.shape)}")

    def write(_user, rows, stride, channel, top, count):
        values = _rows_at(rows, stride, count, shape[-1], np.dtype(dtype))
        array[(channel, slice(top, top + count)) if len(shape) == 3 else slice(top, top + count)] = values

    callbacks = c.sink_callbacks()
    c.sink_callbacks_init(callbacks, ctypes.sizeof(callbacks))
    callbacks.height, callbacks.width = shape[-2:]
    callbacks.channels = shape[0] if len(shape) == 3 else 1
    callbacks.pixel_type = _TYPES[np.dtype(dtype).str[1:]]
    callbacks.write = c.write_rows_fn(guard(write))
    sink = c.Sink(keep=callbacks)
    c.sink_new(sink, None, callbacks)
    return sink


def _finish(sinks: list) -> None:
    for sink in sinks:
        if sink is not None:
            c.sink_finish(sink, None)


def segment_stream(
    image: object,
    pixel_size_um: float | None = None,
    *,
    cells: object = None,
    nuclei: object = None,
    maps: object = None,
    model: Model | None = None,
    nuclear: object = None,
    scratch_folder: str | os.PathLike | None = None,
    tile_px: int = 0,
    context: Context | None = None,
    **options: object,
) -> Report:
    """Label every cell in an image of any size, within the context's memory budget. The labels are segment()'s, ids included.

    image: what has shape, dtype and slices, (height, width) or (channels, height, width): an array of NumPy, a memmap, an array of
    zarr or dask. Slices are read when they are needed, each once. cells, nuclei, maps: what the results are assigned to by slices,
    of uint32, uint32 and float32, (height, width) or for maps (classes, height, width); None: not wanted. nuclear: an image of the
    nuclear stain, for the two-channel method. scratch_folder: where temporary files hold the planes between the steps; None: memory
    holds them. tile_px: edge of the tiles that are worked on, which no result depends on; 0: by the budget.
    options: as for segment().
    """
    guard = _Guard()
    struct = struct_of(c.segment_options, options)
    folder = None if scratch_folder is None else c.path_bytes(scratch_folder)
    stream = struct_of(c.stream_options, {"scratch_folder": folder, "tile_px": tile_px})
    source = _source_from(image, pixel_size_um, guard)
    stain = None if nuclear is None else _source_from(nuclear, pixel_size_um, guard)
    own_model = None if stain is not None else model or Model.default()
    shape = tuple(image.shape[-2:])
    classes = len(own_model.info["classes"]) if own_model is not None and maps is not None else 0
    sinks = [
        _sink_from(cells, shape, np.uint32, guard),
        _sink_from(nuclei, shape, np.uint32, guard),
        _sink_from(maps, (classes, *shape), np.float32, guard),
    ]
    outputs = c.stream_outputs()
    c.stream_outputs_init(outputs, ctypes.sizeof(outputs))
    outputs.cells, outputs.nuclei, outputs.maps = (None if sink is None else sink.address for sink in sinks)
    figures = c.segment_report()
    handle = None if own_model is None else own_model._handle
    try:
        call(context, c.segment_stream, (outputs, figures), (handle, source, stain, struct, stream))
        _finish(sinks)
    except c.Error:
        if guard.raised is None:
            raise
        raise guard.raised from None
    return _report_from(figures)
