# SPDX-License-Identifier: BSD-3-Clause
"""Training a network on labelled images. docs/training.md says how to go about it."""

from __future__ import annotations

from typing import Callable, NamedTuple

from . import _lowlevel as c
from ._arrays import image_from, labels_from
from ._context import Context
from ._model import Model
from ._options import chosen, struct_of

__all__ = ["Epoch", "Trainer"]

_USES = {"train": c.USE_TRAIN, "validate": c.USE_VALIDATE}


class Epoch(NamedTuple):
    """What one epoch came to.

    epoch: from 1. validation_loss: NaN without validation images. best: the best so far, whose weights are kept. stopping: the
    last, since none of the last `patience` epochs was better. learning_rate: at its end.
    """

    epoch: int
    epochs: int
    train_loss: float
    validation_loss: float
    seconds: float
    best: bool
    stopping: bool
    learning_rate: float


def _epoch_from(struct: c.epoch) -> Epoch:
    values = {name: getattr(struct, name) for name in Epoch._fields}
    return Epoch(**{**values, "best": bool(struct.best), "stopping": bool(struct.stopping)})


class Trainer:
    """Trains a network on labelled images: add() or add_files() for each, then run().

        trainer = cellseg.Trainer(cellseg.Model.default(), frozen_layers=10, epochs=10)
        trainer.add(image, cells, nuclei, pixel_size_um=0.65)
        model = trainer.run(print)

    start: None to begin with random weights; else the model whose architecture, weights, working scale and normalisation to
    begin with. options: those that cellseg.options("train") lists, for instance epochs=30, seed=1, gamma=1.6,
    checkpoint_path="mine.checkpoint", extra_output="distance", preset="paper".

    The same images in the same order, options and seed give the same model, byte for byte, for any number of threads. A trainer
    belongs to one thread at a time, as its context does; it is released with its last reference.
    """

    def __init__(
        self,
        start: Model | None = None,
        *,
        context: Context | None = None,
        **options: object,
    ) -> None:
        struct = struct_of(c.train_options, options)
        self._context = context or Context()
        kept, begin = self._context._handle, None if start is None else start._handle
        self._handle = c.Trainer(keep=kept)
        self._context._run(c.trainer_new, self._handle, kept, begin, struct)

    def add(
        self,
        image: object,
        cells: object,
        nuclei: object | None = None,
        *,
        pixel_size_um: float,
        channel: int = 0,
        use: str = "train",
    ) -> None:
        """Add one labelled image, as segment() takes it; preprocessed and kept, the arrays may change afterwards.

        cells, nuclei: label maps of whole cells and of nuclei; a nucleus need not have its cell's id, and what lies outside
        cells is ignored. nuclei None: they are unknown, and the loss leaves out what is nucleus and what cytoplasm; a trainer
        without a start model needs images with nuclei too. segment_nuclei_within() finds nuclei by a stain or a model. use: "train" or "validate". Labels of another size or without a single cell or nucleus, and images
        added after run(), raise ArgumentError; the trainer is then as before.
        """
        arrays = image_from(image, pixel_size_um), channel, labels_from(cells), None if nuclei is None else labels_from(nuclei)
        self._context._run(c.trainer_add, self._handle, *arrays, chosen("use", use, _USES))

    def add_files(
        self,
        image_path: object,
        cells_path: object,
        nuclei_path: object | None = None,
        *,
        use: str = "train",
        **options: object,
    ) -> None:
        """Add one labelled image as files, any number of which fit: what cache_bytes has no room for is read again if needed.

        nuclei_path: None to find the nuclei in the nuclear stain, channel nuclei_channel of the image; nuclei_channel=-1: the
        start model, or else the default model, finds them in the marker; -2: they are unknown, as in add(). use: "train" or
        "validate". options: those that cellseg.options("train_files") lists: channel, nuclei_channel, pixel_size_um, which
        overrides the file's, and weight, how often each pixel is drawn in an epoch. The files are checked at once, and must
        stay as they are; an error names the file.
        """
        paths = {"image_path": image_path, "cells_path": cells_path, "nuclei_path": nuclei_path}
        struct = struct_of(c.train_files, {**paths, **options})
        self._context._run(c.trainer_add_files, self._handle, struct, chosen("use", use, _USES))

    def run(self, on_epoch: Callable[[Epoch], object] | None = None) -> Model:
        """Train to the end; gives the model of the epoch that did best on the validation images, without any of the last.

        on_epoch is called after each epoch, on this thread: what is true of its result ends the training with that epoch, and
        the best model so far is given; what it raises comes out of run(). After either, or after KeyboardInterrupt or Cancelled,
        run() again goes on after the last epoch that was finished; another trainer with the same images, options and
        checkpoint_path does too.
        """
        callback = c.epoch_fn()
        if on_epoch is not None:
            callback = c.epoch_fn(self._context._guard(lambda _user, epoch: on_epoch(_epoch_from(epoch.contents))))
        model = c.Model()
        self._context._run(c.trainer_run, model, self._handle, callback, None)
        return Model(model)
