# SPDX-License-Identifier: BSD-3-Clause
"""Every operation of the morphology room against SciPy, scikit-image or brute force: every pixel, 1, 2 and 7 threads."""
import ctypes
import heapq
import os
import sys

import numpy as np
import pytest
from scipy import ndimage
from skimage import morphology, segmentation

sys.path[:0] = [os.path.dirname(__file__), os.path.join(os.path.dirname(__file__), "..")]
import images
import oracle
from images import OFFSETS, STRUCTURE, connectivity, run

# ---- rectangles ----

WINDOWS = [(1, 1), (1, 4), (5, 1), (2, 2), (3, 3), (4, 7), (16, 9), (200, 200), (1, 1000)]


def window_extreme(image, window, most):
    """Brute force by SciPy over a frame that never wins; dilation mirrors the window."""
    low, high = (-np.inf, np.inf) if image.dtype == np.float32 else (0, np.iinfo(image.dtype).max)
    before = [n // 2 if not most else n - 1 - n // 2 for n in window]
    after = [n - 1 - b for n, b in zip(window, before)]
    framed = np.pad(image, list(zip(before, after)), constant_values=low if most else high)
    for axis, n in enumerate(window):
        view = np.lib.stride_tricks.sliding_window_view(framed, n, axis)
        framed = view.max(-1) if most else view.min(-1)
    return framed


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_rectangles(dtype):
    for name, image in images.grey(dtype):
        for window in WINDOWS:
            eroded, dilated = window_extreme(image, window, False), window_extreme(image, window, True)
            opened = window_extreme(eroded, window, True)
            closed = window_extreme(dilated, window, False)
            wanted = {
                "erode": eroded,
                "dilate": dilated,
                "open": opened,
                "close": closed,
                "top_hat": image - opened,
                "bottom_hat": closed - image,
            }
            for view in images.views(image):
                for operation, right in wanted.items():
                    ours = run(f"cseg_rect_{operation}", np.empty_like(image), view, *window)
                    assert np.array_equal(ours, right), (operation, name, window)
                    same = view.copy()
                    oracle.call(f"cseg_rect_{operation}", same, same, *window)
                    assert np.array_equal(same, right), (operation, name, window, "in place")


@pytest.mark.parametrize("size", [3, 4, 9, 30])
def test_rectangles_against_scipy(size):
    for name, image in images.grey(np.uint16):
        if min(image.shape) <= size:
            continue
        pairs = {
            "erode": ndimage.grey_erosion,
            "dilate": ndimage.grey_dilation,
            "open": ndimage.grey_opening,
            "close": ndimage.grey_closing,
            "top_hat": ndimage.white_tophat,
            "bottom_hat": ndimage.black_tophat,
        }
        for operation, peer in pairs.items():
            ours = run(f"cseg_rect_{operation}", np.empty_like(image), image, size, size)
            assert np.array_equal(ours, peer(image, size=(size, size))), (operation, name)


# ---- distance ----


def test_distance():
    for name, mask in images.masks():
        for view in images.views(mask):
            ours = run("cseg_distance_transform", np.full(mask.shape, -1, np.float32), view)
            if mask.all():
                assert np.isposinf(ours).all(), name
            else:
                assert np.array_equal(ours, ndimage.distance_transform_edt(mask).astype(np.float32)), name


def test_distance_of_large_blobs():
    """Spans on both sides of every limit that decides how a span is taken."""
    for sigma in (15, 40, 90):
        mask = images.blobs(1, (500, 700), sigma, -0.5).astype(np.uint8)
        ours = run("cseg_distance_transform", np.zeros(mask.shape, np.float32), mask)
        assert np.array_equal(ours, ndimage.distance_transform_edt(mask).astype(np.float32))


def test_distance_far():
    mask = np.ones((5000, 7), np.uint8)
    mask[0, 0] = 0
    for image in (mask, mask.T.copy()):
        ours = run("cseg_distance_transform", np.zeros(image.shape, np.float32), image)
        assert np.array_equal(ours, ndimage.distance_transform_edt(image).astype(np.float32))


# ---- components ----


@pytest.mark.parametrize("c", [4, 8])
def test_components(c):
    for name, mask in images.masks():
        right, number = ndimage.label(mask, STRUCTURE[c])
        for view in images.views(mask):
            count = ctypes.c_uint32(99)
            ours = run("cseg_components_label", np.full(mask.shape, 5, np.uint32), ctypes.byref(count), view, connectivity(c))
            assert count.value == number, name
            assert np.array_equal(ours, right), name


ANY_HOLE = ctypes.c_size_t(-1)


def test_fill_holes():
    for name, mask in images.masks():
        ours = run("cseg_holes_fill", mask, connectivity(4), ANY_HOLE)
        assert np.array_equal(ours != 0, ndimage.binary_fill_holes(mask)), name


@pytest.mark.parametrize("limit", [1, 2, 5, 20])
def test_fill_holes_within_limit(limit):
    for name, mask in images.masks():
        right = mask != 0
        holes, _ = ndimage.label(ndimage.binary_fill_holes(mask) & (mask == 0))
        for i, (rows, columns) in enumerate(ndimage.find_objects(holes), 1):
            if rows.stop - rows.start <= limit and columns.stop - columns.start <= limit:
                right |= holes == i
        assert np.array_equal(run("cseg_holes_fill", mask, connectivity(4), ctypes.c_size_t(limit)) != 0, right), name


def brute_label_holes(labels):
    out = labels.copy()
    holes, count = ndimage.label(labels == 0)
    for i in range(1, count + 1):
        inside = holes == i
        ring = ndimage.binary_dilation(inside) & ~inside
        frame = np.ones_like(inside)
        frame[1:-1, 1:-1] = False
        around = np.unique(labels[ring])
        if not (inside & frame).any() and len(around) == 1:
            out[inside] = around[0]
    return out


def test_fill_label_holes():
    for seed in range(6):
        labels = images.rng(seed).integers(0, 4, (40, 50)).astype(np.uint32) * 1000
        labels = ndimage.grey_dilation(labels, size=3) if seed % 2 else labels
        assert np.array_equal(run("cseg_holes_fill_labels", labels, ANY_HOLE), brute_label_holes(labels))
    for name, mask in images.masks():
        if mask.size < 3000:
            labels = ndimage.label(mask, STRUCTURE[8])[0].astype(np.uint32)
            assert np.array_equal(run("cseg_holes_fill_labels", labels, ANY_HOLE), brute_label_holes(labels)), name


# ---- label maps ----


def test_relabel():
    for seed in range(5):
        labels = images.rng(seed).integers(0, 30, (53, 71)).astype(np.uint32) * (seed + 1)
        keep = images.rng(seed + 9).integers(0, 2, int(labels.max()) + 1).astype(np.uint8)
        for kept in (None, keep):
            new = np.zeros(int(labels.max()) + 1, np.uint32)
            for value in labels.ravel():
                if value != 0 and new[value] == 0 and (kept is None or kept[value]):
                    new[value] = new.max() + 1
            renumbered = np.full_like(new, 77)
            count = ctypes.c_uint32()
            address = ctypes.c_void_p(kept.ctypes.data if kept is not None else None)
            ours = run(
                "cseg_relabel_apply", labels, address, ctypes.c_void_p(renumbered.ctypes.data), ctypes.byref(count)
            )
            assert np.array_equal(ours, new[labels]) and np.array_equal(renumbered, new) and count.value == new.max()
            ours = run("cseg_relabel_apply", labels, address, None, ctypes.byref(count))
            assert np.array_equal(ours, new[labels])


def test_boundaries():
    for name, mask in images.masks():
        labels = ndimage.label(mask)[0].astype(np.uint32) % 5
        ours = run("cseg_boundaries_mark", np.full(mask.shape, 9, np.uint8), labels)
        framed = np.pad(labels, 1, mode="edge")
        right = np.zeros(mask.shape, bool)
        for dy, dx in ((0, 1), (1, 0), (1, 2), (2, 1)):
            right |= framed[dy : dy + mask.shape[0], dx : dx + mask.shape[1]] != labels
        assert np.array_equal(ours, (right & (labels != 0)).astype(np.uint8)), name
        if min(mask.shape) > 2:
            inner = segmentation.find_boundaries(labels.astype(np.int64), connectivity=1, mode="inner")
            assert np.array_equal(ours, inner), name


# ---- reconstruction ----


@pytest.mark.parametrize("c", [4, 8])
def test_reconstruction(c):
    for name, image in images.grey(np.float32):
        noise = images.rng(3).random(image.shape).astype(np.float32) * 2
        hard = images.rng(4).random(image.shape) < 0.02
        for marker in (image + noise, image + np.float32(1), np.where(hard, image, np.float32(1e6))):
            right = morphology.reconstruction(marker, image, "erosion", STRUCTURE[c]).astype(np.float32)
            ours = run("cseg_reconstruction_erode", np.empty_like(image), marker, image, connectivity(c))
            assert np.array_equal(ours, right), name
            ours = run("cseg_reconstruction_dilate", -marker, -marker, -image, connectivity(c))
            assert np.array_equal(ours, -right), name
            same = marker.copy()
            oracle.call("cseg_reconstruction_erode", same, same, image, connectivity(c))
            assert np.array_equal(same, right), name


@pytest.mark.parametrize("c", [4, 8])
def test_reconstruction_along_a_spiral(c):
    limit = np.where(images.spiral(257) != 0, 0, 9).astype(np.float32)
    marker = np.full(limit.shape, 10, np.float32)
    marker[0, 0] = 1
    right = morphology.reconstruction(marker, limit, "erosion", STRUCTURE[c])
    ours = run("cseg_reconstruction_erode", np.empty_like(limit), marker, limit, connectivity(c))
    assert np.array_equal(ours, right)


def regional_minima(image, c, mask):
    """Brute force: plateaus of equal value without a lower neighbour, everything inside the mask."""
    out = np.zeros(image.shape, bool)
    for value in np.unique(image[mask]):
        plateaus, count = ndimage.label((image == value) & mask, STRUCTURE[c])
        touched = ndimage.binary_dilation((image < value) & mask, STRUCTURE[c])
        lower = np.unique(plateaus[touched & (plateaus > 0)])
        out |= (plateaus > 0) & ~np.isin(plateaus, lower)
    return out


def extended_minima(image, h, c, mask):
    wall = np.float32(1e30)
    limit = np.where(mask, image, wall)
    marker = np.where(mask, image + np.float32(h), wall)
    filled = morphology.reconstruction(marker, limit, "erosion", STRUCTURE[c]).astype(np.float32)
    return regional_minima(filled, c, mask)


@pytest.mark.parametrize("c", [4, 8])
def test_extended_minima(c):
    for name, image in images.grey(np.float32):
        if image.size > 3000 and name != "smooth":
            continue
        if len(np.unique(image)) > 60:
            image = np.round(image * 30) / 8 if image.max() < 20 else image % 50
        for h in (0.0, 1.0, 0.7):
            for mask in (None, images.rng(5).random(image.shape) < 0.8):
                everywhere = np.ones(image.shape, bool) if mask is None else mask
                mask_u8 = None if mask is None else mask.astype(np.uint8)
                ours = run(
                    "cseg_extrema_extended_minima", np.full(image.shape, 9, np.uint8), image, h, mask_u8, connectivity(c)
                )
                assert np.array_equal(ours, extended_minima(image, h, c, everywhere)), (name, h)


@pytest.mark.parametrize("c", [4, 8])
def test_extended_minima_against_skimage(c):
    """Whole numbers and half an h, so that no depth is h. Theirs marks only the bottoms of each of our minima."""
    smooth = np.round(list(images.grey(np.float32))[-1][1] * 60)
    for h in (1.5, 3.5, 12.5):
        ours = run("cseg_extrema_extended_minima", np.zeros(smooth.shape, np.uint8), smooth, h, None, connectivity(c))
        assert np.array_equal(ours, extended_minima(smooth, h, c, np.ones(smooth.shape, bool)))
        theirs = morphology.h_minima(smooth, h, STRUCTURE[c])
        plateaus, count = ndimage.label(ours, STRUCTURE[c])
        assert not (theirs & (ours == 0)).any()
        assert set(np.unique(plateaus[theirs != 0])) == set(range(1, count + 1))


# ---- watershed ----

def brute_watershed(seeds, relief, mask, c):
    """The documented order, with a plain heap: (relief, time of entry)."""
    labels = np.where(mask, seeds, 0)
    height, width = labels.shape
    heap, age = [], 0
    for y, x in zip(*np.nonzero(labels)):
        heapq.heappush(heap, (relief[y, x], age, y, x))
        age += 1
    while heap:
        _, _, y, x = heapq.heappop(heap)
        for dy, dx in OFFSETS[:c]:
            v, u = y + dy, x + dx
            if 0 <= v < height and 0 <= u < width and mask[v, u] and labels[v, u] == 0:
                labels[v, u] = labels[y, x]
                heapq.heappush(heap, (relief[v, u], age, v, u))
                age += 1
    return labels


def scattered_seeds(shape, share, seed):
    seeds = np.zeros(shape, np.uint32)
    where = images.rng(seed).random(shape) < share
    seeds[where] = images.rng(seed + 1).integers(1, 2**32 - 1, where.sum(), dtype=np.uint64)
    return seeds


@pytest.mark.parametrize("c", [4, 8])
def test_watershed_brute_force(c):
    for name, relief in images.grey(np.float32):
        for share in (0, 0.01, 0.2):
            if relief.size > 3000 and (share != 0.01 or name != "smooth"):
                continue
            seeds = scattered_seeds(relief.shape, share, 3)
            if share == 0:
                seeds[0, 0] = seeds[-1, -1] = 8
            for mask in (None, images.rng(6).random(relief.shape) < 0.7):
                everywhere = np.ones(relief.shape, bool) if mask is None else mask
                mask_u8 = None if mask is None else mask.astype(np.uint8)
                right = brute_watershed(seeds, relief, everywhere, c)
                for view in images.views(relief):
                    ours = run("cseg_watershed_flood", seeds, view, mask_u8, connectivity(c))
                    assert np.array_equal(ours, right), (name, share)


@pytest.mark.parametrize("c", [4, 8])
def test_watershed_of_distance(c):
    for seed in range(2):
        mask = images.blobs(seed, (190, 180), 6)
        distance = ndimage.distance_transform_edt(mask).astype(np.float32)
        minima = extended_minima(-distance, 1, 8, mask)
        seeds = ndimage.label(minima, STRUCTURE[8])[0].astype(np.uint32)
        ours = run("cseg_watershed_flood", seeds, -distance, mask.astype(np.uint8), connectivity(c))
        assert np.array_equal(ours, brute_watershed(seeds, -distance, mask, c))
        theirs = segmentation.watershed(-distance, seeds.astype(np.int32), mask=mask, connectivity=STRUCTURE[c])
        assert (ours == theirs).mean() >= 0.999
