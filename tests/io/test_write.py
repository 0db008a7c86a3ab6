# SPDX-License-Identifier: BSD-3-Clause
"""What the library writes, as tifffile, Pillow and pandas-like readers see it; and what is left when writing fails."""

import csv
import ctypes
import os
import resource
import signal
import subprocess
import tempfile

import library
import numpy as np
import pytest
import tifffile
from library import lib
from PIL import Image
from scipy import ndimage

RNG = np.random.default_rng(11)


def blobs(height, width):
    return ndimage.label(ndimage.gaussian_filter(RNG.random((height, width)), 4) > 0.5)[0].astype(np.uint32)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "uint32", "float32"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (1, 200, 333), (3, 61, 5), (2, 3, 70000)])
def test_images_as_others_read_them(tmp_path, dtype, shape):
    image = (RNG.random(shape) * (1 if dtype == "float32" else np.iinfo(dtype).max)).astype(dtype)
    path = tmp_path / "image.tif"
    library.write_image(path, image, 0.65)
    assert sorted(os.listdir(tmp_path)) == ["image.tif"]
    with tifffile.TiffFile(path) as file:
        assert len(file.pages) == shape[0]
        for page, plane in zip(file.pages, image):
            assert page.compression == 8 and page.dtype == image.dtype
            np.testing.assert_array_equal(page.asarray().reshape(plane.shape), plane)
            across, per = page.tags["XResolution"].value
            assert page.tags["ResolutionUnit"].value == 3 and 1e4 * per / across == pytest.approx(0.65, rel=1e-6)
    with Image.open(path) as file:
        for index, plane in enumerate(image):
            file.seek(index)
            np.testing.assert_array_equal(np.array(file).astype(dtype).reshape(plane.shape), plane)
    np.testing.assert_array_equal(library.read_image(path)[0], image)


@pytest.mark.parametrize("dtype", ["int16", "int32", "float64"])
@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 61, 5), (1, 3, 70000)])
def test_signed_and_double_images_as_tifffile_reads_them(tmp_path, dtype, shape):
    numbers = RNG.random(shape) - 0.5
    image = (numbers * 1e200 if dtype == "float64" else numbers * 2 * np.iinfo(dtype).max).astype(dtype)
    image.flat[0] = -1e-300 if dtype == "float64" else np.iinfo(dtype).min
    path = tmp_path / "image.tif"
    library.write_image(path, image, 0.65)
    with tifffile.TiffFile(path) as file:
        assert len(file.pages) == shape[0]
        for page, plane in zip(file.pages, image):
            assert page.compression == 8 and page.dtype == image.dtype
            np.testing.assert_array_equal(page.asarray().reshape(plane.shape), plane)
    np.testing.assert_array_equal(library.read_image(path)[0], image)


@pytest.mark.parametrize("most, bits, dtype", [(9, 0, "uint16"), (65535, 0, "uint16"), (65536, 0, "uint32"), (2**32 - 1, 0, "uint32"),
                                               (65535, 16, "uint16"), (9, 32, "uint32")])
def test_labels_take_the_bits_they_need(tmp_path, most, bits, dtype):
    ids = blobs(90, 120)
    ids[ids == 1] = most
    library.write_labels(tmp_path / "labels.tif", ids, bits, 0.5)
    written = tifffile.imread(tmp_path / "labels.tif")
    assert written.dtype == dtype
    np.testing.assert_array_equal(written, ids)
    np.testing.assert_array_equal(np.array(Image.open(tmp_path / "labels.tif")).astype(np.uint32), ids)


def test_same_bytes_twice(tmp_path):
    ids = blobs(300, 300)
    for name in "ab":
        library.write_labels(tmp_path / name, ids, 0, 0.5)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()


class Layout(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("pixels", ctypes.c_void_p), ("height", ctypes.c_size_t), ("width", ctypes.c_size_t),
                ("channels", ctypes.c_int32), ("pixel_type", ctypes.c_int32), ("pixel_stride", ctypes.c_size_t),
                ("row_stride", ctypes.c_size_t), ("channel_stride", ctypes.c_size_t), ("pixel_size_um", ctypes.c_double),
                ("release", ctypes.c_void_p), ("user", ctypes.c_void_p)]


def padded():
    """Every second column block of a larger array."""
    return RNG.integers(0, 65536, (2, 50, 90), dtype=np.uint16)[:, :, 10:47]


def interleaved():
    """Three of four samples in each pixel."""
    return np.moveaxis(RNG.integers(0, 65536, (50, 41, 4), dtype=np.uint16), -1, 0)[:3, :, 2:39]


@pytest.mark.parametrize("make", [padded, interleaved])
def test_borrowed_images_are_written_row_by_row(tmp_path, make):
    view = make()
    channel, row, pixel = view.strides
    layout = Layout(ctypes.sizeof(Layout), view.ctypes.data, 50, 37, len(view), 2, pixel, row, channel)
    image = ctypes.c_void_p()
    library.check(lib.cellseg_image_wrap(ctypes.byref(image), None, ctypes.byref(layout)))
    library.check(lib.cellseg_image_write(image, None, library.path_bytes(tmp_path / "image.tif"), None))
    lib.cellseg_image_free(image)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "image.tif"), view)


class OverlayOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("ids", ctypes.c_int32), ("max_px", ctypes.c_int32)]


def overlay(path, image, cells, nuclei, channel=0, ids=0, max_px=4096, pixel_size_um=None):
    handles = library.new_image(image), *(None if x is None else library.new_labels(x) for x in (cells, nuclei))
    options = OverlayOptions(ctypes.sizeof(OverlayOptions), ids, max_px)
    try:
        if pixel_size_um is not None:
            library.check(lib.cellseg_image_set_pixel_size_um(handles[0], ctypes.c_double(pixel_size_um)))
        library.check(lib.cellseg_overlay_write(None, library.path_bytes(path), handles[0], channel, handles[1], handles[2],
                                                ctypes.byref(options)))
    finally:
        lib.cellseg_image_free(handles[0])
        for labels in handles[1:]:
            lib.cellseg_labels_free(labels)


def inner_boundary(ids):
    """Pixels of a label with a 4-neighbour of another id, in NumPy."""
    padded = np.pad(ids, 1, mode="edge")
    around = padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]
    return (ids > 0) & np.any([ids != n for n in around], axis=0)


@pytest.mark.parametrize("dtype, scale", [("uint8", 255), ("uint16", 4095), ("uint32", 1e9), ("float32", 1e-3)])
def test_overlay_pixel_for_pixel(tmp_path, dtype, scale):
    image = (ndimage.gaussian_filter(RNG.random((2, 120, 150)), (0, 3, 3)) * scale).astype(dtype)
    cells, nuclei = blobs(120, 150), blobs(120, 150)
    overlay(tmp_path / "overlay.png", image, cells, nuclei, channel=1)
    picture = np.array(Image.open(tmp_path / "overlay.png")).astype(int)
    assert picture.shape == (120, 150, 3)
    on_cells, on_nuclei = inner_boundary(cells), inner_boundary(nuclei)
    assert (picture[on_nuclei] == (0, 190, 255)).all()
    assert (picture[on_cells & ~on_nuclei] == (240, 228, 66)).all()
    low, high = np.percentile(image[1].astype(float), [0.1, 99.9])
    grey = 200 * np.sqrt(np.clip((image[1].astype(float) - low) / (high - low), 0, 1))
    rest = ~on_cells & ~on_nuclei
    assert (np.abs(picture[rest] - grey[rest][:, None]) <= 0.51).all()
    assert (picture[rest] == picture[rest][:, :1]).all()


def test_overlay_of_nothing(tmp_path):
    """No labels, a constant image: grey only, no division by zero."""
    overlay(tmp_path / "overlay.png", np.full((1, 1, 7), 9, np.uint16), None, None)
    assert (np.array(Image.open(tmp_path / "overlay.png")) == 0).all()


@pytest.mark.parametrize("by", [2, 3])
def test_a_large_image_is_reduced(tmp_path, by):
    """The mean of each square of the marker, the middle pixel of the label maps."""
    image = ndimage.gaussian_filter(RNG.random((1, 120, 150)), (0, 3, 3)).astype(np.float32)
    cells = blobs(120, 150)
    overlay(tmp_path / "overlay.png", image, cells, None, max_px=150 // by)
    picture = np.array(Image.open(tmp_path / "overlay.png")).astype(int)
    assert picture.shape == (120 // by, 150 // by, 3)
    on_cells = inner_boundary(cells[by // 2 :: by, by // 2 :: by])
    assert (picture[on_cells] == (240, 228, 66)).all()
    low, high = np.percentile(image[0].astype(float), [0.1, 99.9])
    means = image[0].astype(float).reshape(120 // by, by, 150 // by, by).mean((1, 3))
    grey = 200 * np.sqrt(np.clip((means - low) / (high - low), 0, 1))
    assert (np.abs(picture[~on_cells] - grey[~on_cells][:, None]) <= 0.51).all()
    overlay(tmp_path / "overlay.png", image, cells, None, max_px=0)
    assert Image.open(tmp_path / "overlay.png").size == (150, 120)


def read_text(picture):
    """The characters of white ink in a part of a picture, as OCRAD reads them."""
    ink = (picture == 255).all(2)
    page = Image.fromarray(np.pad(~ink, 4, constant_values=True)).resize((8 * (ink.shape[1] + 8), 8 * (ink.shape[0] + 8)))
    with tempfile.NamedTemporaryFile(suffix=".pbm") as file:
        page.convert("1").save(file.name)
        return subprocess.run(["ocrad", "--filter=numbers_only", file.name], capture_output=True, text=True, check=True).stdout.strip()


IDS = [7, 8, 19, 26, 35, 40, 1234567890, 60718293, 4294967295]


def test_ids_are_readable_within_their_cells(tmp_path):
    """Nine cells with room for their ids, and one without."""
    cells = np.zeros((150, 340), np.uint32)
    for i, id_ in enumerate(IDS):
        top, left = 5 + i // 3 * 48, 5 + i % 3 * 110
        rows, columns = np.ogrid[:150, :340]
        cells[(rows - top - 20) ** 2 / 400 + (columns - left - 45) ** 2 / 2025 < 1] = id_
    cells[40:50, 110:116] = 99
    image = RNG.random((1, 150, 340)).astype(np.float32)
    overlay(tmp_path / "plain.png", image, cells, None)
    overlay(tmp_path / "ids.png", image, cells, None, ids=1)
    plain, with_ids = (np.array(Image.open(tmp_path / f"{name}.png")) for name in ("plain", "ids"))
    changed = (plain != with_ids).any(2)
    assert set(np.unique(with_ids[changed])) <= {0, 255} and set(np.unique(cells[changed])) == set(IDS)
    for id_ in IDS:
        box = ndimage.find_objects((cells == id_).astype(int))[0]
        assert read_text(np.where((cells == id_)[..., None], with_ids, 0)[box]) == str(id_)


@pytest.mark.parametrize("pixel_size_um, shape, length_um, text", [
    (0.65, (300, 400), 50, "50"), (0.1, (300, 400), 10, "10"), (3, (300, 400), 200, "200"), (0.65, (6000, 5000), 500, "500")])
def test_a_scale_bar_of_the_stated_length(tmp_path, pixel_size_um, shape, length_um, text):
    overlay(tmp_path / "overlay.png", np.zeros((1, *shape), np.uint8), None, None, pixel_size_um=pixel_size_um)
    picture = np.array(Image.open(tmp_path / "overlay.png"))
    ink = (picture == 255).all(2)
    bar, count = ndimage.label(ink)
    sizes = [(box[1].stop - box[1].start, box[0]) for box in ndimage.find_objects(bar)]
    length, rows = max(sizes, key=lambda size: size[0])
    reduced = max(shape) / max(picture.shape)
    assert abs(length - length_um / (pixel_size_um * reduced)) <= 0.5
    above = picture[: rows.start]
    assert read_text(above[ink[: rows.start].any(1).argmax() :])[: len(text)] == text
    overlay(tmp_path / "small.png", np.zeros((1, 40, 40), np.uint8), None, None, pixel_size_um=pixel_size_um)
    assert not np.array(Image.open(tmp_path / "small.png")).any()


def test_overlay_refuses(tmp_path):
    image, labels = np.zeros((1, 5, 6), np.float32), np.zeros((5, 6), np.uint32)
    for words, arguments in {
        "channel": (image, labels, labels, 1),
        "cells": (image, labels.T, labels),
        "nuclei": (image, labels, labels.T),
        "finite": (np.full((1, 5, 6), np.nan, np.float32), labels, labels),
    }.items():
        with pytest.raises(library.Failure, match=words) as caught:
            overlay(tmp_path / "overlay.png", *arguments)
        assert caught.value.status == "CELLSEG_ERR_ARGUMENT"
    assert os.listdir(tmp_path) == []


def measured_table():
    """The last cell is one pixel, which has no texture."""
    ids = blobs(200, 300)
    ids[0, 0] = ids.max() + 1
    cells = library.new_labels(ids, 0.65)
    options = (ctypes.c_int32 * 64)()
    library.check(lib.cellseg_measure_options_init(options, ctypes.c_size_t(ctypes.sizeof(options))))
    options[5] = 1  # texture
    image = library.new_image(RNG.random((2, 200, 300)).astype(np.float32), 0.65)
    table = ctypes.c_void_p()
    library.check(lib.cellseg_measure(ctypes.byref(table), None, cells, None, image, options))
    lib.cellseg_image_free(image)
    lib.cellseg_labels_free(cells)
    return table


def write_csv(path):
    """The table's columns; also writes them."""
    lib.cellseg_table_rows.restype = lib.cellseg_table_columns.restype = ctypes.c_size_t
    lib.cellseg_table_column_name.restype = ctypes.c_char_p
    lib.cellseg_table_column.restype = ctypes.c_void_p
    lib.cellseg_table_free.argtypes = [ctypes.c_void_p]
    table = measured_table()
    rows, columns = lib.cellseg_table_rows(table), lib.cellseg_table_columns(table)
    result = {}
    for column in map(ctypes.c_size_t, range(columns)):
        name = lib.cellseg_table_column_name(table, column).decode()
        result[name] = library.array_at(lib.cellseg_table_column(table, column), np.float64, (rows,))
    try:
        library.check(lib.cellseg_table_write_csv(table, None, library.path_bytes(path)))
    finally:
        lib.cellseg_table_free(table)
    return result


def test_csv_reads_back_the_same_numbers(tmp_path):
    columns = write_csv(tmp_path / "cells.csv")
    with open(tmp_path / "cells.csv", newline="") as file:
        rows = list(csv.reader(file))
    assert rows[0] == list(columns) and len(rows) - 1 == len(columns["id"]) > 10
    numbers = np.array([[text or "nan" for text in row] for row in rows[1:]], float).T
    np.testing.assert_array_equal(numbers, np.array(list(columns.values())))
    assert np.isnan(numbers).any() and not any("nan" in text for row in rows[1:] for text in row)
    for row, number in zip(rows[1:], columns["id"]):
        assert row[0] == str(int(number))
    for text in (cell for row in rows[1:] for cell in row if cell):
        assert len(text) <= max(len(repr(float(text))), len("%.15g" % float(text)))  # repr is the shortest that reads back


def write_model(write):
    """write(handle) of the default model."""
    lib.cellseg_model_free.argtypes = [ctypes.c_void_p]
    model = ctypes.c_void_p()
    library.check(lib.cellseg_model_default(ctypes.byref(model), None))
    try:
        library.check(write(model))
    finally:
        lib.cellseg_model_free(model)


WRITERS = {
    "image": lambda path: library.write_image(path, RNG.random((1, 300, 300)).astype(np.float32)),
    "labels": lambda path: library.write_labels(path, RNG.integers(0, 60000, (300, 300))),
    "overlay": lambda path: overlay(path, RNG.random((1, 300, 300)).astype(np.float32), None, None),
    "csv": write_csv,
    "model": lambda path: write_model(lambda model: lib.cellseg_model_save(model, None, library.path_bytes(path), 2)),
    "onnx": lambda path: write_model(lambda model: lib.cellseg_model_export_onnx(model, None, library.path_bytes(path))),
}


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS.keys())
def test_targets_that_cannot_be(tmp_path, write):
    for path, words in {tmp_path: "directory", "/dev/full": "not a regular file", tmp_path / "none" / "x": "No such file"}.items():
        with pytest.raises(library.Failure, match=words) as caught:
            write(path)
        assert caught.value.status == "CELLSEG_ERR_IO" and str(path) in str(caught.value)
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize("write", WRITERS.values(), ids=WRITERS.keys())
def test_a_full_disk_leaves_what_was_there(tmp_path, write):
    """A limit on the size of files stands in for the disk."""
    path = tmp_path / "file"
    path.write_text("precious")
    previous = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    try:
        for most in (0, 100, 2000):
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, limits[1]))
            with pytest.raises(library.Failure, match="File too large") as caught:
                write(path)
            assert caught.value.status == "CELLSEG_ERR_IO"
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, previous)
    assert os.listdir(tmp_path) == ["file"] and path.read_text() == "precious"
    write(path)
    assert os.listdir(tmp_path) == ["file"] and path.read_bytes() != b"precious"


def test_files_have_the_permissions_of_any_new_file(tmp_path):
    (tmp_path / "other").touch()
    library.write_image(tmp_path / "image.tif", np.zeros((1, 2, 2), np.uint8))
    assert (tmp_path / "image.tif").stat().st_mode == (tmp_path / "other").stat().st_mode


def test_a_path_without_a_folder(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    library.write_image("grün.tif", np.zeros((1, 2, 2), np.uint8))
    assert os.listdir() == ["grün.tif"]
