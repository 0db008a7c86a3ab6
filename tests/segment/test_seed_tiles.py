# SPDX-License-Identifier: BSD-3-Clause
"""Nuclei tile by tile: the same bytes as in one tile, ids and report included, for every tile, thread count and place of stores."""
import functools

import method
import numpy as np
import oracle
import pytest
import scipy.ndimage as ndi

from cellseg import _lowlevel as c
from PIL import Image
from real_images import SHARED, channel
from stores import Scratch

PX = 0.65
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


def find(name, options, kind=0, **scratch):
    """The nuclei, and the report's bytes."""
    report, map_ = c.segment_report(), map_of(name)
    found = method.library_seeds(map_, PX, options, kind, extra_of(map_, kind), report, Scratch(**scratch))
    return found, bytes(report)


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
