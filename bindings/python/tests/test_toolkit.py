# SPDX-License-Identifier: BSD-3-Clause
"""The toolkit from Python: every function reaches the C function of its name, with its arguments in their places.

What the functions compute is tested in tests/filter, tests/morph and tests/measure.
"""

import csv
import inspect

import cellseg
import numpy as np
import pytest
from cellseg import _arrays
from cellseg import _lowlevel as c
from cellseg import filter, labels, morph
from scipy import ndimage
from skimage import filters, morphology, segmentation

RANDOM = np.random.default_rng(4)
NOISE = RANDOM.integers(0, 4000, (60, 50)).astype(np.uint16)
FLOATS = ndimage.gaussian_filter(RANDOM.random((60, 50)), 2).astype(np.float32)
MASK = FLOATS > np.median(FLOATS)
LABELS = ndimage.label(MASK)[0]
EIGHT = np.ones((3, 3))


def same(ours, theirs, tolerance=0):
    np.testing.assert_allclose(ours, theirs, rtol=tolerance, atol=tolerance)


def test_filters():
    wide = NOISE.astype(float)
    same(filter.gaussian(NOISE, 2.5), ndimage.gaussian_filter(wide, 2.5), 1e-2)
    answer = np.max([-s * s * ndimage.gaussian_laplace(wide, s) for s in (3, 2)], 0)
    same(filter.laplacian_of_gaussian(NOISE, [3, 2]), answer, 2e-2)
    same(filter.laplacian_of_gaussian(NOISE, 3), -9 * ndimage.gaussian_laplace(wide, 3), 2e-2)
    assert 0 < abs(filter.laplacian_of_gaussian(FLOATS, [3.0], fast=True) - filter.laplacian_of_gaussian(FLOATS, 3)).max() < 2e-3
    same(filter.resample(NOISE, (30, 25)), wide.reshape(30, 2, 25, 2).mean((1, 3)), 1e-6)
    linear, cubic = filter.resample(FLOATS, (120, 100)), filter.resample(FLOATS, (120, 100), cubic=True)
    same(linear[1:-1:2, 1:-1:2], ndimage.map_coordinates(FLOATS, np.mgrid[:59, :49] + 0.25, order=1), 1e-5)
    assert linear.shape == cubic.shape == (120, 100) and 0 < abs(linear - cubic).max() < 0.01
    same(filter.resample_labels(LABELS, (120, 100)), np.kron(LABELS, np.ones((2, 2))))
    assert filter.value_range(NOISE) == (NOISE.min(), NOISE.max())
    same(filter.histogram(NOISE, 37, 100, 3000), np.histogram(NOISE, 37, (100, 3000))[0])
    same(filter.percentiles(NOISE, [99, 0, 50.5]), np.percentile(NOISE, [99, 0, 50.5]))
    same(filter.percentiles(NOISE, 50), [np.median(NOISE)])
    same(filter.otsu(NOISE // 16, 2), filters.threshold_multiotsu((NOISE // 16).astype(np.uint8), 3))
    assert filter.otsu(NOISE).shape == (1,) and filter.otsu(NOISE, 8, bins=64).shape == (8,)


THREE = np.stack([NOISE[::-1], NOISE, NOISE[:, ::-1]])
MASKS = np.stack([~MASK, MASK, np.zeros_like(MASK)])
CHANNELS = {  # functions of images, and how each is called; the channel of the first image is chosen
    "gaussian": lambda i, **k: filter.gaussian(i, 2, **k), "laplacian": lambda i, **k: filter.laplacian_of_gaussian(i, 2, **k),
    "fast laplacian": lambda i, **k: filter.laplacian_of_gaussian(i, [3, 9], fast=True, **k),
    "shrink": lambda i, **k: filter.resample(i, (9, 9), **k), "grow": lambda i, **k: filter.resample(i, (70, 99), cubic=True, **k),
    "range": lambda i, **k: filter.value_range(i, **k), "histogram": lambda i, **k: filter.histogram(i, 9, 0, 4000, **k),
    "percentiles": lambda i, **k: filter.percentiles(i, [5, 95], **k), "otsu": lambda i, **k: filter.otsu(i, 3, **k),
    **{n: lambda i, n=n, **k: getattr(morph, n)(i, (4, 7), **k)
       for n in ("erode", "dilate", "opening", "closing", "white_top_hat", "black_top_hat")},
    **{f"{n} {fast}": lambda i, n=n, fast=fast, **k: getattr(morph, n + "_disc")(i, 9, fast=fast, **k)
       for n in ("erode", "dilate", "opening", "closing", "white_top_hat", "black_top_hat") for fast in (False, True)},
    "under": lambda i, **k: morph.reconstruct_dilation(i, NOISE + np.uint16(500), **k),
    "over": lambda i, **k: morph.reconstruct_erosion(i, NOISE // 2, 4, **k),
    "h_minima": lambda i, **k: morph.h_minima(i, 300, **k), "h_maxima": lambda i, **k: morph.h_maxima(i, 300, **k),
    "minima": lambda i, **k: morph.regional_minima(i, **k), "maxima": lambda i, **k: morph.regional_maxima(i, MASK, **k),
    "deep": lambda i, **k: morph.extended_minima(i, 300, MASK, **k), "high": lambda i, **k: morph.extended_maxima(i, 300, **k),
    "watershed": lambda i, **k: morph.watershed(i, LABELS, **k),
}  # fmt: skip
OF_MASKS = {
    "fill_holes": morph.fill_holes, "distance": morph.distance, "nearest": morph.nearest, "components": morph.components,
    "minima": lambda m, channel=0: morph.regional_minima(NOISE, m, mask_channel=channel),
    "maxima": lambda m, channel=0: morph.regional_maxima(NOISE, m, mask_channel=channel),
    "deep": lambda m, channel=0: morph.extended_minima(NOISE, 300, m, mask_channel=channel),
    "high": lambda m, channel=0: morph.extended_maxima(NOISE, 300, m, mask_channel=channel),
    "watershed": lambda m, channel=0: morph.watershed(NOISE, LABELS, m, mask_channel=channel),
}  # fmt: skip


def interleaved(stack):
    """The same channels, next to each other in each pixel."""
    return np.moveaxis(np.ascontiguousarray(np.moveaxis(stack, 0, -1)), -1, 0)


@pytest.mark.parametrize("name, call, one, three", [
    *[(name, call, NOISE, THREE) for name, call in CHANNELS.items()],
    *[(name, call, MASK, MASKS) for name, call in OF_MASKS.items()],
    ("limit", lambda i, channel=0: morph.reconstruct_dilation(NOISE // 2, i, limit_channel=channel), NOISE, THREE),
    ("limit", lambda i, channel=0: morph.reconstruct_erosion(NOISE, i, limit_channel=channel), NOISE, THREE),
])  # fmt: skip
def test_a_channel_is_chosen(name, call, one, three):
    """Channel 1 of three gives the bytes of the channel alone, planar, interleaved, and of a view."""
    alone = np.asarray(call(one))
    for stack in three, interleaved(three), three[::-1][::-1], np.repeat(three, 2, 2)[:, :, ::2]:
        ours = np.asarray(call(stack, channel=1))
        assert ours.dtype == alone.dtype and ours.tobytes() == alone.tobytes(), name
    assert np.asarray(call(three)).tobytes() == np.asarray(call(three[0].copy())).tobytes()
    for channel in -1, 3:
        with pytest.raises(cellseg.ArgumentError, match=f": channel {channel} of an image of 3$"):
            call(three, channel=channel)


@pytest.mark.parametrize("image", [NOISE, FLOATS, (NOISE // 16).astype(np.uint8)])
def test_grey_morphology(image):
    size = (4, 7)
    same(morph.erode(image, size), ndimage.grey_erosion(image, size))
    same(morph.dilate(image, size), ndimage.grey_dilation(image, size))
    same(morph.opening(image, 5), ndimage.grey_opening(image, 5))
    same(morph.closing(image, 5), ndimage.grey_closing(image, 5))
    same(morph.white_top_hat(image, 5), ndimage.white_tophat(image, 5))
    same(morph.black_top_hat(image, 5), ndimage.black_tophat(image, 5))
    same(morph.erode_disc(image, 3), ndimage.grey_erosion(image, footprint=morphology.disk(3)))
    same(morph.dilate_disc(image, 3), ndimage.grey_dilation(image, footprint=morphology.disk(3)))
    same(morph.opening_disc(image, 3), morph.dilate_disc(morph.erode_disc(image, 3), 3))
    same(morph.closing_disc(image, 3), morph.erode_disc(morph.dilate_disc(image, 3), 3))
    same(morph.white_top_hat_disc(image, 12, fast=True), image - morph.opening_disc(image, 12, fast=True))
    same(morph.black_top_hat_disc(image, 12), morph.closing_disc(image, 12) - image)
    assert morph.erode(image, 3).dtype == image.dtype


def test_reconstruction_and_minima():
    lower = np.maximum(NOISE, 700) - 700
    for connectivity, structure in (4, None), (8, EIGHT):
        cross = ndimage.generate_binary_structure(2, 1) if structure is None else structure
        same(morph.reconstruct_dilation(lower, NOISE, connectivity), morphology.reconstruction(lower, NOISE, footprint=cross))
        same(morph.h_maxima(NOISE, 700, connectivity), morphology.reconstruction(lower, NOISE, footprint=cross))
        right = morphology.reconstruction(NOISE + 700, NOISE, "erosion", cross)
        same(morph.reconstruct_erosion(NOISE + np.uint16(700), NOISE, connectivity), right)
        same(morph.h_minima(NOISE, 700, connectivity), right)
        n = 1 if connectivity == 4 else 2
        same(morph.regional_minima(NOISE, connectivity=connectivity), morphology.local_minima(NOISE, connectivity=n))
        same(morph.regional_maxima(NOISE, connectivity=connectivity), morphology.local_maxima(NOISE, connectivity=n))
        same(morph.extended_minima(NOISE, 700, connectivity=connectivity), morphology.local_minima(right, connectivity=n))
        cut = morph.h_maxima(NOISE, 700, connectivity)
        same(morph.extended_maxima(NOISE, 700, connectivity=connectivity), morphology.local_maxima(cut, connectivity=n))
    inside = morph.regional_minima(NOISE, MASK)
    assert inside.dtype == bool and not inside[~MASK].any() and inside.sum() > 5
    for name in "regional_minima", "regional_maxima", "extended_minima", "extended_maxima":
        more = (5,) if name.startswith("extended") else ()
        assert not getattr(morph, name)(NOISE, *more, MASK)[~MASK].any()


def test_masks():
    same(morph.fill_holes(MASK), ndimage.binary_fill_holes(MASK))
    same(morph.fill_holes(MASK, 8), ndimage.binary_fill_holes(MASK, EIGHT))
    same(morph.distance(MASK), ndimage.distance_transform_edt(MASK).astype(np.float32))
    rows, columns = np.unravel_index(morph.nearest(MASK), MASK.shape)
    y, x = np.indices(MASK.shape)
    same(np.hypot(rows - y, columns - x), ndimage.distance_transform_edt(MASK), 1e-12)
    same(morph.components(MASK, 4), LABELS)
    same(morph.components(MASK), ndimage.label(MASK, EIGHT)[0])
    for mask in MASK.astype(float), MASK.astype(int) * -3, MASK.tolist(), MASK[::-1][::-1]:
        same(morph.components(mask, 4), LABELS)


def test_watershed_of_every_option():
    seeds = np.zeros(NOISE.shape, int)
    seeds[::15, ::14] = np.arange(1, 17).reshape(4, 4)
    for connectivity in 4, 8:
        structure = EIGHT if connectivity == 8 else ndimage.generate_binary_structure(2, 1)
        ours = morph.watershed(FLOATS, seeds, connectivity=connectivity)
        same(ours, segmentation.watershed(FLOATS, seeds, structure))
    assert not morph.watershed(FLOATS, seeds, MASK)[~MASK].any()
    lined = morph.watershed(FLOATS, seeds, lines=True)
    assert (lined == 0).any() and ours.dtype == np.uint32 and (ours != 0).all()


def test_label_maps():
    thinned = np.where(LABELS == 2, 0, LABELS)
    same(labels.relabel(thinned * 7), segmentation.relabel_sequential(thinned)[0])
    areas = np.bincount(LABELS.ravel())
    same(labels.remove_small(LABELS, 30), np.where(areas[LABELS] < 30, 0, LABELS))
    same(labels.clear_border(LABELS), segmentation.clear_border(LABELS))
    same(labels.clear_border(LABELS, 2), segmentation.clear_border(LABELS, 2))
    same(labels.expand(LABELS, 1.5) != 0, ndimage.distance_transform_edt(LABELS == 0) <= 1.5)
    ring = np.zeros((9, 9), int)
    ring[2:7, 2:7], ring[4, 4] = 3, 0
    same(labels.fill_holes(ring), ring + 3 * ((ring == 0) & (np.indices((9, 9)) == 4).all(0)))
    for kind in "inner", "outer", "thick":
        for connectivity in 4, 8:
            right = segmentation.find_boundaries(LABELS, connectivity=1 if connectivity == 4 else 2, mode=kind)
            same(labels.boundaries(LABELS, kind, connectivity), right)
    assert labels.check(morph.components(MASK)) == "" and "two components" in labels.check(NOISE % 2)
    assert labels.check(ring) == "there are 1 cells, but none has id 1"
    assert labels.check(ring // 3, ring // 3) == "" and labels.check(ring // 3, ring * 0) == "cell 1 has no nucleus"


def test_measurements_as_a_file(tmp_path):
    path = tmp_path / "cells.csv"
    table = cellseg.measure(LABELS, None, NOISE, 0.5, csv=path)
    with open(path, newline="") as file:
        rows = list(csv.DictReader(file))
    assert list(rows[0]) == list(table) and "area_um2" in table
    for name, values in table.items():
        same([float(row[name]) for row in rows], values)
    with pytest.raises(cellseg.FileError, match="nowhere"):
        cellseg.measure(LABELS, csv=tmp_path / "nowhere" / "cells.csv")


# ---- no copies ----


@pytest.mark.parametrize("view", [np.s_[:], np.s_[3:40, 5:45], np.s_[::3], np.s_[7:8, 4:5]])
def test_masks_and_labels_are_borrowed(view):
    for array in MASK[view], MASK.astype(np.uint8)[view]:
        assert c.image_pixels(_arrays.mask_from(array), 0) == array.ctypes.data
    ids = LABELS.astype(np.uint32)[view]
    assert c.labels_data(_arrays.labels_from(ids)) == ids.ctypes.data
    same(labels.relabel(ids), labels.relabel(ids.copy()))
    same(morph.watershed(FLOATS[view], ids), morph.watershed(FLOATS[view].copy(), ids.copy()))
    same(filter.resample_labels(ids, (20, 30)), filter.resample_labels(ids.copy(), (20, 30)))
    for ours, right in zip(cellseg.measure(ids, ids).values(), cellseg.measure(ids.copy(), ids.copy()).values()):
        same(ours, right)


def test_arrays_that_may_not_be_written_are_read():
    image, mask, ids = FLOATS.copy(), MASK.copy(), LABELS.astype(np.uint32)
    for array in image, mask, ids:
        array.flags.writeable = False
    same(morph.watershed(image, ids, mask), morph.watershed(FLOATS, LABELS, MASK))


# ---- every function alike ----

EVERY = [(module, name) for module in (filter, morph, labels) for name in module.__all__]


@pytest.mark.parametrize("module, name", EVERY)
def test_every_function_says_what_it_does(module, name):
    function = getattr(module, name)
    assert function.__name__ == name and len(inspect.getdoc(function)) > 30
    assert inspect.signature(function).parameters["context"].kind == inspect.Parameter.KEYWORD_ONLY


CALLS = {
    "gaussian": (FLOATS, 2), "histogram": (FLOATS, 9, 0, 1), "laplacian_of_gaussian": (FLOATS, 2), "otsu": (FLOATS, 2),
    "percentiles": (FLOATS, 50), "resample": (FLOATS, (99, 98)), "resample_labels": (LABELS, (99, 98)), "value_range": (FLOATS,),
    "reconstruct_dilation": (FLOATS - 1, FLOATS), "reconstruct_erosion": (FLOATS + 1, FLOATS), "h_minima": (FLOATS, 0.1),
    "h_maxima": (FLOATS, 0.1), "regional_minima": (FLOATS,), "regional_maxima": (FLOATS,), "extended_minima": (FLOATS, 0.1),
    "extended_maxima": (FLOATS, 0.1), "distance": (MASK,), "nearest": (MASK,), "components": (MASK,), "watershed": (FLOATS, LABELS),
    "boundaries": (LABELS,), "check": (LABELS,), "clear_border": (LABELS,), "compartment": (LABELS, LABELS, "nucleus"), "expand": (LABELS, 2), "relabel": (LABELS,),
    "remove_small": (LABELS, 9), (morph, "fill_holes"): (MASK,), (labels, "fill_holes"): (LABELS,),
}  # fmt: skip


def arguments(module, name):
    return CALLS.get((module, name)) or CALLS.get(name) or (FLOATS, 9)


@pytest.mark.parametrize("module, name", EVERY)
def test_every_function_takes_a_context(module, name):
    function, given = getattr(module, name), arguments(module, name)
    results = [np.asarray(function(*given, context=cellseg.Context(threads=n))).tobytes() for n in (1, 2, 7)]
    assert results[0] == results[1] == results[2] == np.asarray(function(*given)).tobytes()
    # One thread: others may finish so small an image before the caller, who alone reports, has had a turn.
    with pytest.raises(cellseg.Cancelled):
        function(*given, context=cellseg.Context(threads=1, progress=lambda *_: True))


@pytest.mark.parametrize("module, name", [(m, n) for m, n in EVERY if arguments(m, n)[0] is FLOATS or n.startswith("reconstruct")])
@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_every_function_of_floats_names_a_pixel_that_is_no_number(module, name, value):
    broken = FLOATS.copy()
    broken[40, 3] = value
    given = tuple(broken if a is FLOATS else a for a in arguments(module, name))
    with pytest.raises(cellseg.ArgumentError, match="row 40, column 3"):
        getattr(module, name)(*given)


def test_bad_arguments_are_named():
    for call, words in [
        (lambda: morph.erode(NOISE, 61), "height_px"), (lambda: morph.opening(NOISE, (1, 51)), "width_px"),
        (lambda: morph.erode(NOISE, 0), "height_px"), (lambda: morph.erode(NOISE, -1), "height_px"),
        (lambda: morph.erode_disc(NOISE, 25), "radius_px"), (lambda: morph.opening_disc(NOISE, -1, fast=True), "radius_px"),
        (lambda: morph.h_minima(NOISE, -1), "h"), (lambda: morph.erode(THREE, 3, channel=3), "image: channel 3 of an image of 3"),
        (lambda: morph.watershed(NOISE, LABELS[1:]), "size"), (lambda: morph.watershed(NOISE, LABELS, MASK[:, 1:]), "size"),
        (lambda: morph.reconstruct_dilation(NOISE, FLOATS), "types"), (lambda: labels.expand(LABELS, -1), "distance_px"),
        (lambda: filter.otsu(NOISE, 9), "count"), (lambda: filter.otsu(NOISE, 1, bins=1), "bins"),
        (lambda: filter.gaussian(NOISE, -1), "sigma_px"), (lambda: filter.resample(NOISE, (0, 5)), "size"),
        (lambda: filter.resample(NOISE, (2**31, 2**31)), "size"), (lambda: filter.percentiles(NOISE, 101), "percents"),
        (lambda: filter.histogram(NOISE, 3, 5, 5), "lo"), (lambda: morph.components(MASK, 5), "connectivity"),
        (lambda: labels.remove_small(LABELS, -1), "area_min_px"), (lambda: labels.clear_border(LABELS, -1), "margin_px"),
    ]:  # fmt: skip
        with pytest.raises(cellseg.ArgumentError, match=words):
            call()
    with pytest.raises(cellseg.ArgumentError, match="too large"):
        filter.resample(NOISE, (2**31 - 1, 2**31 - 1))
    with pytest.raises(cellseg.ArgumentError, match="too large"):
        filter.resample_labels(LABELS, (2**31 - 1, 2**31 - 1))
