# SPDX-License-Identifier: BSD-3-Clause
"""Nuclei tile by tile: the same bytes as in one tile, ids and report included, for every tile, thread count and place of stores."""
import ctypes
import functools

import method
import numpy as np
import oracle
import pytest
import scipy.ndimage as ndi

from cellseg import _lowlevel as c
from PIL import Image
from real_images import SHARED, channel

PX = 0.65
RIBBON = 0.32  # its response is between the two thresholds, of outlines and of nuclei
TILES = [64, 100, 200, 1000]


def scaled(image):
    low, high = np.percentile(image, [1, 99.8])
    return np.clip((image.astype(np.float32) - low) / max(high - low, 1e-9), 0, 1).astype(np.float32)


def png(name):
    path = SHARED / name
    if not path.exists():
        pytest.skip(f"{path} is not there: this real image was NOT tested")
    return scaled(np.asarray(Image.open(path)))


def real(*names):
    """Fields below one another, as one map; neighbours meet along seams."""
    return np.concatenate([scaled(channel((SHARED / name, number))) for name, number in names])


def mosaic():
    folder = SHARED / "ccdb6843/train"
    paths = sorted(p for p in folder.glob("*.tif") if "cells" not in p.name)[:2] if folder.is_dir() else []
    if not paths:
        pytest.skip(f"{folder} is not there: the mosaic was NOT tested")
    return real(*[(p.relative_to(SHARED), 1) for p in paths])[:, :421]


def blobs():
    noise = ndi.gaussian_filter(np.random.default_rng(1).standard_normal((333, 277)), 4)
    return scaled(noise)


def discs():
    """A disc of 80 px round a hole, in it a small disc; small discs where tiles of 64 and 100 meet; faint ones besides."""
    y, x = np.mgrid[:311, :403]
    map_ = np.zeros(y.shape, np.float32)
    r = np.hypot(y - 150, x - 150)
    map_[(r < 80) & (r > 50)] = 0.9
    for cy, cx, value in ((150, 150, 0.9), (64, 64, 0.8), (200, 300, 0.9), (100, 256, 0.2), (64, 320, 0.3), (128, 384, 0.9)):
        map_[np.hypot(y - cy, x - cx) < 9] = value
    return map_


def ribbon():
    """A faint ribbon that is a nucleus for its bright end alone, 300 px away: beyond the first window of most of its tiles."""
    y, x = np.mgrid[:150, :500]
    value = np.interp(x, [0, 340, 430, 500], [RIBBON, RIBBON, 0.9, 0.9])
    map_ = np.where((np.abs(y - 75) < 6) & (x > 60) & (x < 440), value, 0).astype(np.float32)
    for i in range(9):
        map_[np.hypot(y - (20 + 110 * (i % 2)), x - (30 + 55 * i)) < 9] = 0.9
    return map_


def snake():
    """A ribbon that runs through the whole image and back: a component that only a window of the image knows."""
    map_ = np.zeros((260, 300), np.float32)
    for i, top in enumerate(range(10, 250, 40)):
        map_[top : top + 9, 10:290] = 0.9
        side = 281 if i % 2 == 0 else 10
        map_[top : top + 49, side : side + 9] = 0.9
    return ndi.gaussian_filter(map_, 1)


def checkerboard():
    y, x = np.mgrid[:150, :190]
    return ((y // 8 + x // 8) % 2).astype(np.float32)


MAPS = {
    "mosaic": mosaic,
    "covertrack": lambda: png("covertrack/img_000000000_Far-red_000.png")[:401, :353],
    "bbbc014": lambda: real(("bbbc014/Channel_2-12-A-12-00.tif", 0))[300:640, 500:901],
    "blobs": blobs,
    "discs": discs,
    "ribbon": ribbon,
    "snake": snake,
    "checkerboard": checkerboard,
    "empty": lambda: np.zeros((150, 131), np.float32),
    "full": lambda: np.ones((150, 131), np.float32),
    "row": lambda: blobs()[150:151],
    "column": lambda: np.ascontiguousarray(blobs()[:, 150:151]),
}
OPTIONS = {
    "default": {},
    "high": {"sensitivity": 20, "outline_sensitivity": 90, "nucleus_area_min_um2": 0, "nucleus_probability_min": 0},
    "weak": {"nucleus_strength_ratio": 0.9, "fill_holes": 0},
    "one scale": {"nucleus_scales": 1, "nucleus_radius_min_um": 3, "nucleus_radius_max_um": 3, "nucleus_valley": 0},
}


@functools.cache
def map_of(name):
    return np.ascontiguousarray(MAPS[name]())


def extra_of(map_, kind):
    blurred = ndi.gaussian_filter(map_, 2)
    return (1 - blurred if kind == method.BOUNDARY else blurred).astype(np.float32) if kind else None


class Rect(ctypes.Structure):
    """cseg_rect of lib/core/store.h."""

    _fields_ = [(name, ctypes.c_size_t) for name in ("top", "left", "height", "width")]


class Part(ctypes.Structure):
    """cseg_part of lib/core/store.h."""

    _fields_ = [("plane", oracle.Plane), ("copy", ctypes.c_void_p)]


def scratch(tile_px=0, folder=None, context=None, window_bytes=1 << 40):
    return oracle.Scratch(context, str(folder).encode() if folder else None, window_bytes, tile_px)


def call(name, *arguments):
    """library.name(...): structs by reference."""
    given = [ctypes.byref(a) if isinstance(a, ctypes.Structure) else a for a in arguments]
    oracle.check(getattr(oracle.library, name)(*given))


def store_in(where, array):
    """A store of the scratch's, in its folder if it has one, with the array's pixels; to free."""
    made, (height, width) = oracle.Store(), map(ctypes.c_size_t, array.shape)
    call("cseg_store_new", made, where, ctypes.c_int32(oracle.TYPES[array.dtype]), height, width)
    call("cseg_store_put", made, ctypes.c_size_t(0), ctypes.c_size_t(0), oracle.plane(array))
    return made


def array_of(plane, dtype):
    """A copy of a plane's pixels."""
    size = plane.width * np.dtype(dtype).itemsize
    rows = [ctypes.string_at(plane.data + y * plane.stride, size) for y in range(plane.height)]
    return np.frombuffer(b"".join(rows), dtype).reshape(plane.height, plane.width)


def pixels_of(store, dtype):
    part = Part()
    call("cseg_part_open", part, store, Rect(0, 0, store.height, store.width))
    pixels = array_of(part.plane, dtype)
    oracle.library.cseg_part_close(ctypes.byref(part))
    return pixels


def find_in(where, map_, options, kind=0):
    """The nuclei, and the report's bytes."""
    extra, report, count = extra_of(map_, kind), c.segment_report(), ctypes.c_uint32()
    arrays = np.full(map_.shape, 77, np.uint32), oracle.units(map_), oracle.units(extra if kind else map_)
    nuclei, stored, more = stores = [store_in(where, a) for a in arrays]
    known = ctypes.byref(method.Extra(kind, ctypes.addressof(more))) if kind else None
    try:
        call("cseg_seeds_find", where, nuclei, ctypes.byref(count), stored, known, ctypes.c_double(PX), options, report)
        found = pixels_of(nuclei, np.uint32)
    finally:
        for store in stores:
            oracle.library.cseg_store_free(ctypes.byref(store))
    assert count.value == found.max()
    return found, bytes(report)


def find(name, options, kind=0, **where):
    return find_in(scratch(**where), map_of(name), options, kind)


def assert_same(got, expected):
    np.testing.assert_array_equal(got[0], expected[0])
    assert got[1] == expected[1]


@functools.cache
def whole(name, values="default", kind=0):
    found = find(name, method.options(**OPTIONS[values]), kind)
    if name in ("mosaic", "covertrack", "bbbc014"):
        assert found[0].max() >= 20
    return found


@pytest.mark.parametrize("tile_px", TILES)
@pytest.mark.parametrize("name", MAPS)
def test_tiles_change_nothing(name, tile_px):
    assert_same(find(name, method.options(), tile_px=tile_px), whole(name))


def test_a_ribbon_is_a_nucleus_for_its_end_alone():
    options = method.options(nucleus_probability_min=0)
    expected = find("ribbon", options)
    assert expected[0][75, 70:330].all()
    without = np.where(np.arange(500) < 335, map_of("ribbon"), 0).astype(np.float32)
    without[:55], without[95:] = map_of("ribbon")[:55], map_of("ribbon")[95:]
    assert not find_in(scratch(), without, options)[0][75, 70:330].any()
    for tile_px in TILES:
        assert_same(find("ribbon", options, tile_px=tile_px), expected)


@pytest.mark.parametrize("tile_px", [64, 100])
@pytest.mark.parametrize("values", OPTIONS)
@pytest.mark.parametrize("name", ["blobs", "discs", "bbbc014"])
def test_whatever_the_options(name, values, tile_px):
    assert_same(find(name, method.options(**OPTIONS[values]), tile_px=tile_px), whole(name, values))


@pytest.mark.parametrize("kind", [method.BOUNDARY, method.DISTANCE])
@pytest.mark.parametrize("name", ["blobs", "bbbc014"])
def test_with_a_fourth_map(name, kind):
    assert_same(find(name, method.options(), kind, tile_px=100), whole(name, kind=kind))


@pytest.mark.parametrize("name", ["mosaic", "discs", "snake", "empty", "row"])
def test_stores_in_files(name, tmp_path):
    for tile_px in (0, 100):
        assert_same(find(name, method.options(), tile_px=tile_px, folder=tmp_path), whole(name))
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_threads_change_nothing(threads):
    assert_same(find("mosaic", method.options(), tile_px=100, context=oracle.context(threads)), whole("mosaic"))


@pytest.mark.parametrize("window_bytes", [1, 1 << 20, 4 << 20])
def test_windows_of_few_bytes(window_bytes):
    assert_same(find("mosaic", method.options(), window_bytes=window_bytes), whole("mosaic"))


# ---- the response ----

SIGMAS = [3.1, 7.4, 11.7]


def response_of(stored, where):
    """(the response, its thresholds)"""
    made, thresholds = oracle.Store(), (ctypes.c_double * 5)()
    call("cseg_response_find", where, made, thresholds, stored, oracle.doubles(SIGMAS), ctypes.c_size_t(len(SIGMAS)))
    response = pixels_of(made, np.float32)
    oracle.library.cseg_store_free(ctypes.byref(made))
    return response, list(thresholds)


@pytest.mark.parametrize("tile_px", TILES)
def test_responses_of_tiles_are_those_of_the_map(tile_px, tmp_path):
    stored = oracle.store(oracle.units(map_of("blobs")))
    response, thresholds = response_of(stored, scratch())
    expected = method.log_response(oracle.rounded(map_of("blobs")), SIGMAS)
    np.testing.assert_array_equal(response, expected)
    assert thresholds == method.otsu(expected, 5)
    for folder in (None, tmp_path):
        got, found = response_of(stored, scratch(tile_px, folder))
        np.testing.assert_array_equal(got.view(np.uint32), response.view(np.uint32))
        assert found == thresholds


@pytest.mark.parametrize("rect", [(0, 0, 90, 80), (100, 77, 61, 130), (213, 197, 120, 80), (0, 100, 333, 1)])
def test_the_response_of_a_window(rect):
    stored, plane = oracle.store(oracle.units(map_of("blobs"))), oracle.Plane()
    expected = method.log_response(oracle.rounded(map_of("blobs")), SIGMAS[:1])
    call("cseg_response_open", plane, stored, Rect(*rect), oracle.doubles(SIGMAS), ctypes.c_size_t(1))
    got = array_of(plane, np.float32)
    oracle.library.cseg_plane_free(ctypes.byref(plane))
    top, left, height, width = rect
    np.testing.assert_array_equal(got, expected[top : top + height, left : left + width])
