# SPDX-License-Identifier: BSD-3-Clause
"""Streams give the label maps, maps and reports of whole images, byte for byte, whatever tiles, threads, budget and folder."""
import functools
import os
from pathlib import Path

import cellseg
import numpy as np
import pytest

DATA = Path(__file__).resolve().parents[3] / "examples" / "data"
NOT_COMPARED = {"peak_bytes", "confidence", *(name for name in cellseg.Report._fields if name.startswith("seconds"))}


@functools.cache
def field(name):
    """(marker and nuclear stain, pixel size in um); sizes divide nothing."""
    if name == "real":
        return _read()[:, :301, :347].copy(), 0.6236
    if name == "repeated":  # confluent where fields meet: objects cross every line
        return np.tile(_read()[:, 40:200, 30:200], (1, 2, 3))[:, :319, :431].copy(), 0.6236
    if name == "coarse":  # enlarged to the working scale
        return _read()[:, 1:260:2, 1:300:2].copy(), 1.25
    if name == "dense":
        return cellseg.simulate(260, 331, seed=3, nuclei_channel=True, confluence=1)[0], 0.65
    if name == "flat":
        return np.full((2, 211, 307), 900, np.uint16), 0.65
    return np.random.default_rng(4).integers(0, 4000, (2, 233, 301)).astype(np.uint16), 0.65


def _read():
    return np.asarray(cellseg.read(DATA / "n2a.ome.tif")[0])


def figures(report):
    return {name: getattr(report, name) for name in report._fields if name not in NOT_COMPARED}


def streamed(image, um, maps=None, **options):
    cells, nuclei = (np.full(image.shape[-2:], 9, np.uint32) for _ in range(2))
    report = cellseg.segment_stream(image, um, cells=cells, nuclei=nuclei, maps=maps, **options)
    return cells, nuclei, report


@pytest.mark.parametrize("name", ["real", "repeated", "coarse", "dense", "flat", "noise"])
def test_one_channel(name, tmp_path):
    image, um = field(name)
    marker = np.ascontiguousarray(image[0])
    cells, nuclei, maps, report = cellseg.segment(marker, um, return_maps=True, report=True)
    runs = [
        {"tile_px": 64},
        {"tile_px": 100, "scratch_folder": tmp_path, "context": cellseg.Context(threads=7)},
        {"tile_px": 200, "context": cellseg.Context(threads=1, cpu_level="portable")},
        {"tile_px": 1000, "scratch_folder": tmp_path},
        {"scratch_folder": tmp_path, "context": cellseg.Context(memory_budget_bytes=90_000_000)},
    ]
    for run in runs:
        own = np.zeros(maps.shape, np.float32)
        got = streamed(marker, um, own, **run)
        assert np.array_equal(got[0], cells) and np.array_equal(got[1], nuclei), run
        assert own.tobytes() == maps.tobytes(), run
        assert figures(got[2]) == figures(report), run
        assert np.array_equal(got[2].confidence, report.confidence), run
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("name", ["real", "repeated", "coarse", "dense", "flat", "noise"])
def test_two_channels(name, tmp_path):
    image, um = field(name)
    marker, nuclear = np.ascontiguousarray(image[0]), np.ascontiguousarray(image[1])
    cells, nuclei, report = cellseg.segment_two_channel(marker, nuclear, um, report=True)
    for run in ({"tile_px": 64}, {"tile_px": 90, "scratch_folder": tmp_path}, {"tile_px": 150, "smooth_um": 0}):
        got = streamed(marker, um, nuclear=nuclear, **run)
        assert np.array_equal(got[0], cells) and np.array_equal(got[1], nuclei), run
        assert figures(got[2]) == figures(report), run


@pytest.mark.parametrize(
    "options",
    [
        {"smooth_um": 2.5},
        {"preset": "paper"},
        {"relief": "gradient"},
        {"drop_border_cells": True, "cell_area_min_um2": 300},
        {"join": 0, "cell_sigma_um": 3},
        {"nucleus_diameter_um": 22},
    ],
)
def test_options(options):
    image, um = field("repeated")
    marker = np.ascontiguousarray(image[0])
    cells, nuclei, report = cellseg.segment(marker, um, report=True, **options)
    got = streamed(marker, um, tile_px=70, **options)
    assert np.array_equal(got[0], cells) and np.array_equal(got[1], nuclei)
    assert figures(got[2]) == figures(report)


class Slices:
    """An array that is read by slices only, and counts them."""

    def __init__(self, array):
        self.array, self.shape, self.dtype, self.read = array, array.shape, array.dtype, 0

    def __getitem__(self, place):
        part = self.array[place]
        self.read += part.size
        return part


def test_every_pixel_is_read_once():
    image, um = field("flat")
    slices = Slices(image)
    cells = np.zeros(image.shape[1:], np.uint32)
    cellseg.segment_stream(slices, um, cells=cells, channel=1, tile_px=64)
    assert slices.read == cells.size


def test_failures(tmp_path):
    image, um = field("flat")
    cells = np.zeros(image.shape[1:], np.uint32)

    class Broken(Slices):
        def __getitem__(self, place):
            raise OSError("the slide is gone")

    with pytest.raises(OSError, match="the slide is gone"):
        cellseg.segment_stream(Broken(image), um, cells=cells)
    with pytest.raises(cellseg.Error, match="no such|No such"):
        cellseg.segment_stream(image, um, cells=cells, scratch_folder=tmp_path / "missing")
    with pytest.raises(cellseg.LimitError, match="needs [0-9]+ bytes"):
        cellseg.segment_stream(image, um, cells=cells, context=cellseg.Context(memory_budget_bytes=1_000_000))
    with pytest.raises(ValueError, match="shape"):
        cellseg.segment_stream(image, um, cells=cells[:-1])
    with pytest.raises(cellseg.ArgumentError, match="no sink"):
        cellseg.segment_stream(image, um)
    with pytest.raises(cellseg.ArgumentError, match="tile_px"):
        cellseg.segment_stream(image, um, cells=cells, tile_px=5)
    with pytest.raises(cellseg.Cancelled):
        cellseg.segment_stream(image, um, cells=cells, context=cellseg.Context(progress=lambda *_: True))
