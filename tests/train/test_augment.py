# SPDX-License-Identifier: BSD-3-Clause
"""Augmentation: every pixel of every patch from the numbers drawn, with SciPy's interpolation, splines and Gaussian."""

import ctypes
import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.interpolate
import scipy.ndimage as ndi
from PIL import Image

import cellseg
import oracle
from cellseg import _lowlevel as low

pytestmark = pytest.mark.sanitizers

ROOT = Path(__file__).resolve().parents[2]
PATCH, STEP, HEIGHT, WIDTH, KNOTS, SPANS = 176, 160, 230, 310, 7, 4
CLIP, POWER, NOISE_RANGE = 4.0, 0.5, 20.0
SEED = 1
NO_SAMPLE = -1  # a place without an image: an empty patch


class Rule(ctypes.Structure):
    _fields_ = [(n, ctypes.c_double) for n in "pixel top_hat low high noise_range clip power nucleus_diameter".split()] + [
        (n, ctypes.c_uint32) for n in ("patch", "step", "classes")
    ] + [("joining", ctypes.c_double * 6)]


class Sample(ctypes.Structure):
    _fields_ = [("height", ctypes.c_size_t), ("width", ctypes.c_size_t), ("unit", ctypes.c_float)] + [
        (n, ctypes.c_void_p) for n in ("values", "classes", "distance", "border", "cell")
    ]


class Warp(ctypes.Structure):
    _fields_ = [(n, ctypes.c_bool) for n in ("transpose", "reverse_y", "reverse_x", "elastic")] + [
        ("zoom", ctypes.c_double),
        ("sine", ctypes.c_double),
        ("cosine", ctypes.c_double),
        ("knots", ctypes.c_double * (2 * KNOTS * KNOTS)),
    ]


class Intensity(ctypes.Structure):
    _fields_ = [(n, ctypes.c_double) for n in ("gain", "gamma", "noise", "blur_px")] + [
        ("corner", ctypes.c_double * 4)
    ] + [(n, ctypes.c_double) for n in ("saturation", "nucleus", "texture", "texture_px", "cell")] + [
        ("cells_seed", ctypes.c_uint64)
    ]


def options(**values):
    made = low.augmentation()
    low.augmentation_init(made, ctypes.sizeof(made), low.PRESET_DEFAULT)
    made.rotate = made.flip = 0
    for name, value in values.items():
        assert hasattr(made, name)
        setattr(made, name, value)
    return made


class Random:
    """splitmix64 (Steele, Lea and Flood 2014)."""

    def __init__(self, state):
        self.state = ctypes.c_uint64(state)

    def next(self, count=None):
        n = 1 if count is None else count
        with np.errstate(over="ignore"):
            z = np.uint64(self.state.value) + np.arange(1, n + 1, dtype=np.uint64) * np.uint64(0x9E3779B97F4A7C15)
            self.state.value = int(z[-1])
            z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
            z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
            z = z ^ (z >> np.uint64(31))
        return int(z[0]) if count is None else z

    def factor(self, most):
        return most ** (2 * (self.next() >> 11) * 2.0**-53 - 1)

    def normal(self, count):
        bits = self.next(count)
        parts = sum(((bits >> np.uint64(16 * k)) & np.uint64(0xFFFF)).astype(np.float64) for k in range(4))
        return (parts - 2 * 65535) * (np.sqrt(3) / 65536)

    @staticmethod
    def stream(seed, epoch, index):
        r = Random(seed)
        r.state.value = r.next() ^ epoch
        r.state.value = r.next() ^ index
        return Random(r.next())


def draw(opts, random):
    """What the library draws for a patch."""
    warp, changes = Warp(), Intensity()
    oracle.library.cseg_warp_draw(ctypes.byref(warp), ctypes.byref(opts), ctypes.c_size_t(PATCH), ctypes.byref(random.state))
    oracle.library.cseg_photometric_draw(ctypes.byref(changes), ctypes.byref(opts), ctypes.byref(random.state))
    return warp, changes


class Scene:
    """An image of blobs with its targets."""

    def __init__(self):
        r = np.random.default_rng(4)
        smooth = ndi.gaussian_filter(r.normal(0, 1, (HEIGHT, WIDTH)), 6)
        self.values = (40000 * np.clip(smooth / smooth.std() / 3 + 0.4, 0, 1) + r.integers(0, 2000, smooth.shape)).astype(np.uint16)
        self.classes = np.digitize(smooth, np.quantile(smooth, [0.4, 0.8])).astype(np.uint8)
        self.distance, self.border = (r.integers(0, 256, smooth.shape).astype(np.uint8) for _ in range(2))
        self.cell = (np.arange(HEIGHT)[:, None] // 40 * 50 + np.arange(WIDTH) // 35 * 5).astype(np.uint8)
        self.cell[self.classes == 2] = 0
        self.unit = np.float32(1.7 / 65535)


SCENE = Scene()


def library_patch(opts, index, y, x, epoch=3, sample=0):
    rule = Rule(0.65, 130, 1, 99.5, NOISE_RANGE, CLIP, POWER, 0, PATCH, STEP, 4)
    pointers = [a.ctypes.data for a in (SCENE.values, SCENE.classes, SCENE.distance, SCENE.border, SCENE.cell)]
    scene = Sample(HEIGHT, WIDTH, SCENE.unit, *pointers)
    image = np.full((PATCH, PATCH), np.nan, np.float32)
    targets = [np.full((PATCH, PATCH), 99, np.uint8) for _ in range(3)]
    patches = (ctypes.c_void_p * 5)(image.ctypes.data, *[t.ctypes.data for t in targets], None)
    dataset = DATASET(None, rule, ctypes.addressof(scene), None, 1, 1, 0, None)
    place = (ctypes.c_int32 * 3)(sample, y, x)
    oracle.check(
        oracle.library.cseg_augment_draw(
            ctypes.byref(dataset), ctypes.byref(patches), ctypes.byref(place), ctypes.c_size_t(1), ctypes.c_size_t(index),
            ctypes.c_size_t(1), ctypes.byref(opts), ctypes.c_uint64(SEED), ctypes.c_uint64(epoch)
        )
    )
    return image, targets


class DATASET(ctypes.Structure):
    _fields_ = [
        ("context", ctypes.c_void_p),
        ("rule", Rule),
        ("samples", ctypes.c_void_p),
        ("order", ctypes.c_void_p),
        ("count", ctypes.c_size_t),
        ("capacity", ctypes.c_size_t),
        ("hash", ctypes.c_uint64),
        ("cache", ctypes.c_void_p),
    ]


def displacement(warp):
    """The spline of the knots, by SciPy."""
    knots = np.array(warp.knots).reshape(2, KNOTS, KNOTS)
    at = np.arange(PATCH) * SPANS / PATCH
    basis = scipy.interpolate.BSpline(np.arange(-3, KNOTS + 1), np.eye(KNOTS), 3)(at)
    return np.stack([basis @ k @ basis.T for k in knots])


def places(warp, y, x):
    centre = (PATCH - 1) / 2
    i, j = np.mgrid[:PATCH, :PATCH] - centre
    if warp.transpose:
        i, j = j, i
    v, u = i / warp.zoom * (-1 if warp.reverse_y else 1), j / warp.zoom * (-1 if warp.reverse_x else 1)
    turned = np.stack([v * warp.cosine - u * warp.sine, v * warp.sine + u * warp.cosine])
    half = (STEP - 1) / 2
    return turned + displacement(warp) * warp.elastic + np.array([y + half, x + half])[:, None, None]


def cut(warp, y, x):
    at = places(warp, y, x)
    image = ndi.map_coordinates(SCENE.values.astype(np.float64), at, order=1, mode="reflect") * float(SCENE.unit)
    nearest = np.floor(at + 0.5).astype(int)
    inside = (nearest[0] >= 0) & (nearest[1] >= 0) & (nearest[0] < HEIGHT) & (nearest[1] < WIDTH)
    nearest = np.where(inside, nearest, 0)
    classes, distance, border = (t[nearest[0], nearest[1]] for t in (SCENE.classes, SCENE.distance, SCENE.border))
    v = distance / 255.0
    zoomed = np.floor(255 * warp.zoom * v / (1 + (warp.zoom - 1) * v) + 0.5)
    # A place half way between two pixels may be rounded to either.
    sure = (np.abs((at + 0.5) - np.round(at + 0.5)) > 1e-9).all(0)
    return image, np.where(inside, classes, 255), zoomed, border, sure


GEOMETRY = [
    dict(),
    dict(rotate=1, flip=1),
    dict(scale=1.8),
    dict(rotation_degrees=180),
    dict(elastic_px=8),
    dict(rotate=1, flip=1, scale=1.4, rotation_degrees=30, elastic_px=20),
]


@pytest.mark.parametrize("values", GEOMETRY)
def test_geometry(values):
    opts = options(**values)
    moved = 0
    for index, (y, x) in enumerate([(0, 0), (20, 70), (60, 140), (-9, 3), (35, 88), (70, 150)]):
        warp, _ = draw(opts, Random.stream(SEED, 3, index))
        image, targets = library_patch(opts, index, y, x)
        want, *want_targets, sure = cut(warp, y, x)
        np.testing.assert_allclose(image, np.minimum(want, CLIP**POWER), atol=2e-6)
        assert sure.mean() > 0.95 or not (values.get("rotation_degrees") or values.get("elastic_px"))
        for got, expected in zip(targets, want_targets):
            np.testing.assert_array_equal(got[sure], expected[sure])
        moved += not np.array_equal(places(warp, 0, 0), places(Warp(zoom=1, cosine=1), 0, 0))
    assert moved >= (2 if values else 0)


def test_angles_and_knots_fill_their_range():
    opts = options(rotation_degrees=40, elastic_px=5)
    drawn = [draw(opts, Random.stream(1, 1, i))[0] for i in range(300)]
    for warp in drawn:
        assert abs(warp.sine**2 + warp.cosine**2 - 1) < 1e-14
    angles = np.degrees([np.arctan2(w.sine, w.cosine) for w in drawn])
    assert np.abs(angles).max() <= 40 and angles.min() < -36 and angles.max() > 36 and abs(angles.mean()) < 5
    most = np.array([np.abs(displacement(w)).max() for w in drawn])
    assert 100 < (most > 0).sum() < 200 and 2 < most.max() <= 5


def test_the_deformation_never_folds():
    opts = options(elastic_px=100)
    for i in range(100):
        warp, _ = draw(opts, Random.stream(1, 1, i))
        y, x = places(warp, 0, 0)
        dy, dx = np.gradient(y), np.gradient(x)
        assert (dy[0] * dx[1] - dy[1] * dx[0]).min() > 0


def intensity(changes, warp, random, y, x):
    image, classes, *_ = cut(warp, y, x)
    if changes.cell > 1:
        factors = np.array([1] + [Random.stream(changes.cells_seed, number, 0).factor(changes.cell) for number in range(1, 256)])
        cell = ndi.map_coordinates(SCENE.cell, np.floor(places(warp, y, x) + 0.5), order=0, mode="reflect")
        image = image * ndi.gaussian_filter(factors[cell], 1, mode="reflect")
    if changes.nucleus != 1:
        mask = ndi.gaussian_filter((classes == 0) * 1.0, 1, mode="reflect")
        image = image * (1 + (changes.nucleus - 1) * mask)
    if changes.texture > 0:
        noise = random.normal(PATCH * PATCH).reshape(PATCH, PATCH)
        smooth = ndi.gaussian_filter(noise, changes.texture_px, mode="reflect")
        image = image * np.exp(changes.texture * 2 * np.sqrt(np.pi) * changes.texture_px * smooth)
    if changes.blur_px > 0:
        image = ndi.gaussian_filter(image, changes.blur_px, mode="reflect")
    image = image**changes.gamma
    top, bottom = np.array(changes.corner).reshape(2, 2)
    i, j = np.mgrid[:PATCH, :PATCH] / PATCH
    shading = (1 - i) * (top[0] * (1 - j) + top[1] * j) + i * (bottom[0] * (1 - j) + bottom[1] * j)
    image = image * changes.gain * shading
    if changes.noise > 0:
        image = image + changes.noise * random.normal(PATCH * PATCH).reshape(PATCH, PATCH)
    image = np.clip(image, 0, CLIP**POWER)
    return np.minimum(image, (1 - changes.saturation) * image.max()) if changes.saturation > 0 else image


INTENSITIES = [
    dict(gamma=2.0),
    dict(contrast=1.5),
    dict(blur_px=3.0),
    dict(noise=0.2),
    dict(illumination=2.5),
    dict(saturation=0.6),
    dict(nucleus_contrast=3.0),
    dict(texture=0.5),
    dict(cell_contrast=2.5),
    dict(cell_contrast=1.5, rotation_degrees=30, nucleus_contrast=1.5),
    dict(gamma=1.5, contrast=1.3, blur_px=1.0, noise=0.05, illumination=1.5, saturation=0.3, nucleus_contrast=2.0, texture=0.3),
]


@pytest.mark.parametrize("values", INTENSITIES)
def test_intensity(values):
    opts = options(**values)
    plain = options()
    changed = 0
    for index in range(12):  # each change that has an amount is made in about every second patch
        random = Random.stream(SEED, 3, index)
        warp, changes = draw(opts, random)
        got, _ = library_patch(opts, index, 30, 80)
        # Blurs are of single precision, and gamma is steep near 0.
        tolerance = 2e-5
        np.testing.assert_allclose(got, intensity(changes, warp, random, 30, 80), atol=tolerance, rtol=tolerance)
        changed += not np.array_equal(got, library_patch(plain, index, 30, 80)[0])
    assert changed >= 2


def test_one_option_does_not_change_what_another_does():
    """The same angle, whatever else is asked for."""
    alone = draw(options(rotation_degrees=90), Random.stream(1, 1, 5))[0]
    crowd = draw(options(rotation_degrees=90, elastic_px=3, scale=2.0, rotate=1, flip=1), Random.stream(1, 1, 5))[0]
    assert (alone.sine, alone.cosine) == (crowd.sine, crowd.cosine)


def test_cells_fill_the_range():
    opts = options(cell_contrast=3.0)
    plain, ratios = library_patch(options(), 0, 30, 80)[0], []
    for index in range(20):
        got = library_patch(opts, index, 30, 80)[0]
        used = (plain > 0.3) & (got < CLIP**POWER)
        ratios.append((got[used] / plain[used]).tolist())
    values = np.concatenate(ratios)
    assert 1 / 3 <= values.min() < 0.4 and 2.5 < values.max() <= 3.0001


def test_textures_have_the_deviation_asked_for():
    opts = options(texture=0.4)
    deviations, plain = [], library_patch(options(), 0, 30, 80)[0]
    for index in range(40):
        got = library_patch(opts, index, 30, 80)[0]
        used = (plain > 0.1) & (got < CLIP**POWER)
        deviations.append(np.log(got[used] / plain[used]).std())
    assert 10 <= np.count_nonzero(deviations) <= 30 and 0.3 < max(deviations) < 0.48


# ---- what the document says ----


def test_which_are_nothing_for_half_of_the_patches():
    """Those that docs/augmentation.md names, and no others."""
    amounts = dict(blur_px=3, noise=0.2, saturation=0.5, texture=0.5)
    factors = dict(scale=2, gamma=2, contrast=2, illumination=2, nucleus_contrast=2)
    opts = options(rotation_degrees=40, elastic_px=5, **amounts, **factors)
    drawn = [draw(opts, Random.stream(1, 1, i)) for i in range(300)]
    for name in amounts:
        assert 100 < sum(getattr(changes, name) == 0 for _, changes in drawn) < 200
    assert 100 < sum(not warp.elastic for warp, _ in drawn) < 200
    assert all(warp.sine != 0 and warp.zoom != 1 for warp, _ in drawn)
    assert all(1 not in (changes.gamma, changes.gain, changes.nucleus, *changes.corner) for _, changes in drawn)


def test_the_ranges_of_the_table():
    ranges = {}
    for names, said in re.findall(r"^\| (`.*?) \| (.*?) \|", (ROOT / "docs/augmentation.md").read_text(), re.M):
        said = said.replace("no, yes (default)", "0 to 1").split(", ")
        ranges |= dict(zip(re.findall(r"\w+", names), [one.split(" to ") for one in said], strict=True))
    assert len(ranges) == 15
    for name, (least, most) in ranges.items():
        with pytest.raises(cellseg.ArgumentError, match=re.escape(f"{name} is -1; it must lie in [{least}, {most}]")):
            cellseg.Trainer(**{name: -1})


def test_the_picture_is_what_the_library_draws(tmp_path):
    drawn = tmp_path / "augmentation.png"
    subprocess.run([sys.executable, Path(__file__).with_name("augmentation_picture.py"), drawn], check=True)
    shown = np.asarray(Image.open(ROOT / "docs/images/augmentation.png"))
    np.testing.assert_array_equal(np.asarray(Image.open(drawn)), shown)
