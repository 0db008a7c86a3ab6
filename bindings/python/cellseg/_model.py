# SPDX-License-Identifier: BSD-3-Clause
"""Trained networks."""

from __future__ import annotations

import ctypes
import json
from typing import Callable

import numpy as np

from . import _lowlevel as c
from ._context import Context, call, network_raised


def _callback(predict: Callable[[np.ndarray], object], classes: int) -> Callable[..., int]:
    """The network as C calls it."""

    def run(_user: int, maps: object, windows: object, count: int, edge: int) -> int:
        try:
            shape = count, classes, edge, edge
            found = np.asarray(predict(np.ctypeslib.as_array(windows, (count, 1, edge, edge)).copy()))
            if found.shape != shape:
                raise ValueError(f"the network's maps have the shape {found.shape}; {shape} is right")
            np.ctypeslib.as_array(maps, shape)[:] = found
        except BaseException as error:  # it cannot cross C
            network_raised(error)
            return 1
        return 0

    return run


class Model:
    """A trained network. Immutable: one may serve many threads at once."""

    def __init__(self, handle: c.Model) -> None:
        self._handle = handle

    @classmethod
    def default(cls) -> Model:
        """The model that is part of the library."""
        model = c.Model()
        call(None, c.model_default, (model,), ())
        return cls(model)

    @classmethod
    def load(cls, source: object, *, context: Context | None = None) -> Model:
        """A model file, or an ONNX file with the metadata "cellseg": a path, or its bytes."""
        model = c.Model()
        if isinstance(source, (bytes, bytearray)):
            data, reader = bytes(source), c.reader()
            c.reader_init_memory(reader, ctypes.sizeof(reader), data, len(data))
            call(context, c.model_load_from, (model,), (reader,))
        else:
            call(context, c.model_load, (model,), (c.path_bytes(source),))
        return cls(model)

    @classmethod
    def wrap(
        cls,
        description: dict | str,
        predict: Callable[[np.ndarray], object],
        batch: int = 8,
        *,
        context: Context | None = None,
    ) -> Model:
        """A model whose network runs elsewhere, for instance in ONNX Runtime or PyTorch.

        description: a dict, or its JSON, with "rule" and "classes" as Model.info has them: an ONNX file that cellseg exported holds
        it as the metadata "cellseg". predict(windows) gets at most `batch` windows, (n, 1, edge, edge) of float32, preprocessed by
        the rule, and gives their maps, (n, classes, edge, edge) from 0 to 1. It runs on the thread that calls the library; what
        it raises comes out of the call.
        """
        text = description if isinstance(description, str) else json.dumps(description)
        network = c.network()
        c.network_init(network, ctypes.sizeof(network))
        network.predict = callback = c.network_fn(_callback(predict, len(json.loads(text).get("classes", ()))))
        network.batch = batch
        model = c.Model(keep=callback)
        call(context, c.model_wrap, (model,), (text.encode(), network))
        return cls(model)

    def average(self, other: Model, part: float = 0.5, *, context: Context | None = None) -> Model:
        """The model whose weights are 1 - `part` of this one's and `part` of the other's, one of them trained from the other."""
        model = c.Model()
        call(context, c.model_average, (model,), (self._handle, other._handle, part))
        return Model(model)

    def save(self, path: object, half: bool = False, *, context: Context | None = None) -> None:
        """Write a model file; `half`: weights in 16 bits, rounded, half the size."""
        weights = c.WEIGHTS_FLOAT16 if half else c.WEIGHTS_FLOAT32
        call(context, c.model_save, (self._handle,), (c.path_bytes(path), weights))

    def to_bytes(self, half: bool = False) -> bytes:
        """The model file that save() writes, as bytes; load() takes them."""
        file = bytearray()

        def take(_user: int, data: int, count: int) -> int:
            file.extend(ctypes.string_at(data, count))
            return 0

        writer = c.writer()
        writer.write = c.write_fn(take)
        weights = c.WEIGHTS_FLOAT16 if half else c.WEIGHTS_FLOAT32
        call(None, c.model_save_to, (self._handle,), (writer, weights))
        return bytes(file)

    def export_onnx(self, path: object, *, context: Context | None = None) -> None:
        """Write the network as an ONNX file for other engines; its metadata "cellseg" is a description for wrap()."""
        call(context, c.model_export_onnx, (self._handle,), (c.path_bytes(path),))

    def export_bioimageio(self, folder: object, *, context: Context | None = None) -> None:
        """Write the model as a package of the BioImage Model Zoo into a folder that is there; rdf.yaml describes the package."""
        call(context, c.model_export_bioimageio, (self._handle,), (c.path_bytes(folder),))

    @property
    def info(self) -> dict:
        """Architecture, classes, working scale, normalisation rule, training record."""
        return json.loads(c.model_info(self._handle))

    @property
    def pixel_size_um(self) -> float:
        """Edge of a pixel at which the network works."""
        return c.model_pixel_size_um(self._handle)

    @property
    def nucleus_diameter_um(self) -> float:
        """Median diameter of the nuclei that the network was trained with; 0 where the model states none."""
        return c.model_nucleus_diameter_um(self._handle)

    @property
    def hash(self) -> int:
        """A number that differs between models whose layers, weights, rule or classes differ."""
        return c.model_hash(self._handle)

    @property
    def parameters(self) -> int:
        return c.model_parameters(self._handle)
