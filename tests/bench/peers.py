#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""The library against the fastest peers, ours and the peer's in turn in one run, medians.

    CELLSEG_INTERNAL_LIBRARY=build/tests/libcellseg_internal.so tests/bench/peers.py classical [--threads 1] [--only gaussian]
    CELLSEG_INTERNAL_LIBRARY=build/tests/libcellseg_internal.so tests/bench/peers.py network [--threads 1 2] [--width 1]
    CELLSEG_INTERNAL_LIBRARY=build/tests/libcellseg_internal.so tests/bench/peers.py training [--threads 1 2] [--width 1]

Writes one JSON line for each case to standard output, {"case", "threads", "ours_ms", "peer", "peer_ms", "ratio"}, and then a table
to standard error. To add a case, write a function under @case that prepares its inputs and returns two functions, ours and the
peer's; the peer's may be None. On one thread processor time is measured, which other work on the machine disturbs least.
"""
import argparse
import ctypes
import json
import os
import statistics
import sys
import time

import numpy as np
import peers_engines
import peers_network
import peers_training

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), ".."))
from oracle import call, context, doubles

SIZE = 2048
CASES = []
BATCH = {"network": 16, "training": 32}  # patches


def case(name, peer, group="classical", repeats=9):
    """Register a case: prepare(context, threads) -> (ours, peer's)."""

    def register(prepare):
        CASES.append((group, name, peer, repeats, prepare))
        return prepare

    return register


def field(dtype=np.float32, cells=600, seed=1):
    """A field of round cells that cover about a quarter of it, with shot noise and an uneven background; float32 in [0, 1]."""
    import cv2

    random = np.random.default_rng(seed)
    image = np.zeros((SIZE, SIZE), np.float32)
    for _ in range(cells):
        centre = tuple(int(v) for v in random.integers(0, SIZE, 2))
        axes = tuple(int(v) for v in random.integers(17, 30, 2))
        cv2.ellipse(image, centre, axes, float(random.uniform(0, 180)), 0, 360, float(random.uniform(0.3, 0.8)), -1)
    image = cv2.GaussianBlur(image, (0, 0), 2) + np.linspace(0.05, 0.15, SIZE, dtype=np.float32)
    image = np.clip(image + random.normal(0, 0.02, image.shape).astype(np.float32), 0, 1)
    if dtype == np.float32:
        return image
    return (image * np.iinfo(dtype).max).astype(dtype)


def set_peer_threads(threads):
    """Before any peer is loaded: as many threads as we use ourselves."""
    for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "ITK_GLOBAL_DEFAULT_NUMBER_OF_THREADS"):
        os.environ[variable] = str(threads)
    import cv2

    cv2.setNumThreads(threads)


# ---- filters ----


@case("gaussian sigma 2 float32", "OpenCV", repeats=21)
def gaussian(context, threads):
    import cv2

    image = field()
    out = np.empty_like(image)
    peer_out = np.empty_like(image)
    return (
        lambda: call("cseg_filter_gaussian", out, image, 2.0, context=context),
        lambda: cv2.GaussianBlur(image, (17, 17), 2, peer_out, 2, cv2.BORDER_REFLECT),
    )


@case("gaussian sigma 2 uint16", "OpenCV, to float32", repeats=21)
def gaussian_uint16(context, threads):
    import cv2

    image = field(np.uint16)
    out = np.empty(image.shape, np.float32)
    return (
        lambda: call("cseg_filter_gaussian", out, image, 2.0, context=context),
        lambda: cv2.GaussianBlur(image.astype(np.float32), (17, 17), 2, None, 2, cv2.BORDER_REFLECT),
    )


LOG_SIGMAS = [3.26, 5.17, 7.07, 8.98, 10.88]  # radii of 3 to 10 um at 0.65 um per pixel, over the square root of two


def opencv_log(image):
    import cv2

    best = None
    for sigma in LOG_SIGMAS:
        x = np.arange(-int(4 * sigma + 0.5), int(4 * sigma + 0.5) + 1)
        smooth = np.exp(-0.5 * x**2 / sigma**2)
        smooth /= smooth.sum()
        second = (1 - x**2 / sigma**2) * smooth
        response = cv2.sepFilter2D(image, cv2.CV_32F, second, smooth, borderType=cv2.BORDER_REFLECT)
        response += cv2.sepFilter2D(image, cv2.CV_32F, smooth, second, borderType=cv2.BORDER_REFLECT)
        best = response if best is None else np.maximum(best, response, out=best)
    return best


@case("LoG 5 scales float32, exact", "OpenCV separable", repeats=5)
def log_exact(context, threads):
    image = field()
    out = np.empty_like(image)
    return (
        lambda: call("cseg_filter_log", out, image, doubles(LOG_SIGMAS), len(LOG_SIGMAS), context=context),
        lambda: opencv_log(image),
    )


@case("LoG 5 scales float32, fast", "OpenCV separable", repeats=5)
def log_fast(context, threads):
    image = field()
    out = np.empty_like(image)
    return (
        lambda: call("cseg_filter_log_fast", out, image, doubles(LOG_SIGMAS), len(LOG_SIGMAS), context=context),
        lambda: opencv_log(image),
    )


@case("multi-Otsu 3 thresholds float32, 256 bins", "scikit-image", repeats=7)
def otsu_3(context, threads):
    from skimage.filters import threshold_multiotsu

    image = field()
    out = doubles([0] * 3)
    return (
        lambda: call("cseg_filter_otsu", out, 3, 256, image, None, context=context),
        lambda: threshold_multiotsu(image, 4),
    )


@case("multi-Otsu 5 thresholds float32, 256 bins", "none: minutes")
def otsu_5(context, threads):
    image = field()
    out = doubles([0] * 5)
    return lambda: call("cseg_filter_otsu", out, 5, 256, image, None, context=context), None


@case("two percentiles float32", "NumPy", repeats=5)
def percentiles(context, threads):
    image = field()
    out = doubles([0] * 2)
    return (
        lambda: call("cseg_filter_percentiles", out, doubles([1, 99.8]), 2, image, context=context),
        lambda: np.percentile(image, [1, 99.8]),
    )


@case("area average to half size float32", "OpenCV", repeats=21)
def shrink(context, threads):
    import cv2

    image = field()
    out = np.empty((SIZE // 2, SIZE // 2), np.float32)
    return (
        lambda: call("cseg_filter_resample", out, image, context=context),
        lambda: cv2.resize(image, out.shape[::-1], interpolation=cv2.INTER_AREA),
    )


# ---- morphology ----


def cell_mask():
    """Round cells over about a quarter of the field, many of them touching; uint8, 0 or 1."""
    return (field() > 0.25).astype(np.uint8)


def square(size):
    return np.ones((size, size), np.uint8)


@case("white top-hat 200 x 200 uint16", "OpenCV")
def top_hat_uint16(context, threads):
    import cv2

    image = field(np.uint16)
    out = np.empty_like(image)
    return (
        lambda: call("cseg_morph_top_hat", out, image, 200, 200, context=context),
        lambda: cv2.morphologyEx(image, cv2.MORPH_TOPHAT, square(200)),
    )


@case("white top-hat 200 x 200 float32", "OpenCV")
def top_hat_float32(context, threads):
    import cv2

    image = field()
    out = np.empty_like(image)
    return (
        lambda: call("cseg_morph_top_hat", out, image, 200, 200, context=context),
        lambda: cv2.morphologyEx(image, cv2.MORPH_TOPHAT, square(200)),
    )


@case("erosion by a disc of radius 20 uint16", "OpenCV, to its own ellipse", repeats=5)
def erode_disc(context, threads):
    import cv2

    image = field(np.uint16)
    out = np.empty_like(image)
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (41, 41))
    return (
        lambda: call("cseg_morph_erode_disc", out, image, 20, context=context),
        lambda: cv2.erode(image, ellipse),
    )


@case("exact Euclidean distance", "OpenCV precise")
def distance(context, threads):
    import cv2

    mask = cell_mask()
    out = np.empty(mask.shape, np.float32)
    return (
        lambda: call("cseg_morph_distance", out, mask, context=context),
        lambda: cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE),
    )


@case("connected components, 8", "OpenCV", repeats=21)
def components(context, threads):
    import cv2

    mask = cell_mask()
    out = np.empty(mask.shape, np.uint32)
    count = ctypes.c_uint32()
    return (
        lambda: call("cseg_morph_components", out, ctypes.byref(count), mask, ctypes.c_int32(8), context=context),
        lambda: cv2.connectedComponents(mask, connectivity=8),
    )


def inverse_distance(mask):
    import cv2

    return -cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


@case("h-minima of the inverse distance", "scikit-image", repeats=3)
def h_minima(context, threads):
    from skimage.morphology import reconstruction

    relief = inverse_distance(cell_mask())
    out = np.empty_like(relief)
    return (
        lambda: call("cseg_morph_h_minima", out, relief, 3.0, ctypes.c_int32(8), context=context),
        lambda: reconstruction(relief + np.float32(3), relief, "erosion", np.ones((3, 3))),
    )


def watershed_case(context, with_mask):
    from skimage.segmentation import watershed

    mask = cell_mask()
    relief = inverse_distance(mask)
    minima = np.zeros_like(mask)
    seeds = np.zeros(mask.shape, np.uint32)
    labels = np.empty_like(seeds)
    count = ctypes.c_uint32()
    eight = ctypes.c_int32(8)
    call("cseg_morph_extended_minima", minima, relief, 2.0, mask, eight)
    call("cseg_morph_components", seeds, ctypes.byref(count), minima, eight)
    inside = mask if with_mask else None

    def ours():
        np.copyto(labels, seeds)
        call("cseg_morph_watershed", labels, relief, inside, eight, context=context)

    return ours, lambda: watershed(relief, seeds.astype(np.int32), mask=inside, connectivity=np.ones((3, 3)))


@case("seeded watershed inside a mask", "scikit-image", repeats=5)
def watershed_in_mask(context, threads):
    return watershed_case(context, True)


@case("seeded watershed, whole image", "scikit-image", repeats=3)
def watershed_whole(context, threads):
    return watershed_case(context, False)


# ---- measurement ----


@case("region table: area, centroid, mean, perimeter", "scikit-image", repeats=9)
def region_table(context, threads):
    """Ours measures all of shape and intensity, hull, median and weighted centroid included."""
    import cellseg
    from cellseg import _arrays, _lowlevel
    from skimage.measure import regionprops, label

    image = field(np.uint16)
    cells = label(image > 16000).astype(np.uint32)
    sizes = np.bincount(cells.ravel())
    cells[sizes[cells] < 200] = 0
    handles = _arrays.labels_from(cells), None, _arrays.image_from(image), None
    cells = cells.astype(np.int64)
    own = cellseg.Context(threads=threads)

    def ours():
        out = _lowlevel.Out()
        _lowlevel.measure(out, own._handle, *handles)
        return out.take(_lowlevel.Table)

    return ours, lambda: [(r.area, r.centroid, r.intensity_mean, r.perimeter_crofton) for r in regionprops(cells, image)]


# ---- running ----


def milliseconds(function, clock):
    start = clock()
    function()
    return (clock() - start) * 1e3


def measure(prepare, repeats, threads):
    ours, theirs = prepare(context(threads=threads), threads)
    functions = [f for f in (ours, theirs) if f is not None]
    for function in functions:
        function()
    clock = time.process_time if threads == 1 else time.perf_counter
    times = [[milliseconds(f, clock) for f in functions] for _ in range(repeats)]
    medians = [statistics.median(column) for column in zip(*times)]
    return medians[0], medians[1] if theirs is not None else None


def main():
    networks = f"network: {peers_network.__doc__}\ntraining: {peers_training.__doc__}"
    parser = argparse.ArgumentParser(description=__doc__, epilog=networks, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("group", choices=sorted({c[0] for c in CASES} | set(BATCH)))
    parser.add_argument("--threads", type=int, nargs="+", help="classical: 1 unless given; network, training: 1 and 2")
    parser.add_argument("--only", default="", help="run the cases, or against the engines, whose name contains this")
    parser.add_argument("--width", type=float, default=1, help="network, training: of the paper's filters; the default model: 0.5")
    parser.add_argument("--batch", type=int, help="network, training: patches; 16, 32 unless given")
    parser.add_argument("--rounds", type=int, help="network, training: 7, 3 unless given")
    arguments = parser.parse_args()
    if arguments.group in BATCH:
        batch = arguments.batch or BATCH[arguments.group]
        threads = arguments.threads or [1, 2]
        peers_engines.main(arguments.group, arguments.width, batch, threads, arguments.only, arguments.rounds)
    else:
        for threads in arguments.threads or [1]:
            run_cases(arguments.group, arguments.only, threads)


def run_cases(wanted, only, threads):
    set_peer_threads(threads)
    table = []
    for group, name, peer, repeats, prepare in CASES:
        if group != wanted or only not in name:
            continue
        ours, theirs = measure(prepare, repeats, threads)
        ratio = None if theirs is None else round(ours / theirs, 3)
        line = {"case": name, "threads": threads, "ours_ms": round(ours, 2), "peer": peer}
        line.update(peer_ms=None if theirs is None else round(theirs, 2), ratio=ratio)
        print(json.dumps(line), flush=True)
        table.append(f"{name:<44} {ours:9.2f} {'' if theirs is None else f'{theirs:.2f}':>9} {ratio or '':>7}  {peer}")
    print(f"{'case':<44} {'ours ms':>9} {'peer ms':>9} {'ratio':>7}  peer", *table, sep="\n", file=sys.stderr)


if __name__ == "__main__":
    main()
