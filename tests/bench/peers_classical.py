# SPDX-License-Identifier: BSD-3-Clause
"""Filters, morphology, measurement and the classical part of segmentation, 2048 x 2048. A peer that is missing is left out.

    apt-get install python3-opencv                OpenCV; needed for the images too
    apt-get install python3-skimage               scikit-image, with SciPy
    apt-get install libinsighttoolkit5-dev g++    ITK: itk_peer.cpp is compiled and runs beside

Each line tells the fastest peer, "peers_ms" all of them, and "extra_mb" the most memory that ours held at one time. On one thread
processor time is measured, which other work on the machine disturbs least.
"""
import ctypes

import numpy as np

from peers_cases import SIZE, case, field
from oracle import FLOAT32, UINT16, Plane, call, check, doubles, library

EIGHT = ctypes.c_int32(8)


# ---- filters ----


@case("gaussian sigma 2 float32", repeats=21)
def gaussian(run):
    import cv2
    import scipy.ndimage

    image = field()
    out, peer_out = np.empty_like(image), np.empty_like(image)
    return lambda context: call("cseg_gaussian_smooth", out, image, 2.0, context=context), {
        "OpenCV": lambda: cv2.GaussianBlur(image, (17, 17), 2, peer_out, 2, cv2.BORDER_REFLECT),
        "SciPy": lambda: scipy.ndimage.gaussian_filter(image, 2),
        **run.itk.peers({"image": image}, gaussian_recursive="gaussian_recursive image 2", gaussian="gaussian image 2"),
    }


@case("gaussian sigma 2 uint16", repeats=21)
def gaussian_uint16(run):
    import cv2

    image = field(np.uint16)
    out = np.empty(image.shape, np.float32)
    return lambda context: call("cseg_gaussian_smooth", out, image, 2.0, context=context), {
        "OpenCV, to float32": lambda: cv2.GaussianBlur(image.astype(np.float32), (17, 17), 2, None, 2, cv2.BORDER_REFLECT),
    }


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


def log_case(run, name):
    image = field()
    out = np.empty_like(image)
    recursive = "laplacian image " + " ".join(map(str, LOG_SIGMAS))
    return lambda context: call(name, out, image, doubles(LOG_SIGMAS), len(LOG_SIGMAS), context=context), {
        "OpenCV separable": lambda: opencv_log(image),
        **run.itk.peers({"image": image}, recursive=recursive),
    }


@case("LoG 5 scales float32, exact", repeats=5)
def log_exact(run):
    return log_case(run, "cseg_laplacian_compute")


@case("LoG 5 scales float32, fast", repeats=5)
def log_fast(run):
    return log_case(run, "cseg_laplacian_compute_fast")


def otsu_case(count):
    image = field()
    out = doubles([0] * count)
    return image, lambda context: call("cseg_otsu_find", out, count, 256, image, None, context=context)


@case("multi-Otsu 3 thresholds float32, 256 bins", repeats=7)
def otsu_3(run):
    from skimage.filters import threshold_multiotsu

    image, ours = otsu_case(3)
    itk = run.itk.peers({"image": image}, otsu="otsu image 3")
    return ours, {"scikit-image": lambda: threshold_multiotsu(image, 4), **itk}


@case("multi-Otsu 5 thresholds float32, 256 bins")
def otsu_5(run):
    """No peer: theirs take minutes."""
    return otsu_case(5)[1], {}


@case("two percentiles float32", repeats=5)
def percentiles(run):
    image = field()
    out = doubles([0] * 2)
    return lambda context: call("cseg_percentiles_find", out, doubles([1, 99.8]), 2, image, context=context), {
        "NumPy": lambda: np.percentile(image, [1, 99.8]),
    }


@case("area average to half size float32", repeats=21)
def shrink(run):
    import cv2

    image = field()
    out = np.empty((SIZE // 2, SIZE // 2), np.float32)
    return lambda context: call("cseg_resample_linear", out, image, context=context), {
        "OpenCV": lambda: cv2.resize(image, out.shape[::-1], interpolation=cv2.INTER_AREA),
    }


# ---- morphology ----


def cell_mask():
    """Round cells over about a quarter of the field, many of them touching; uint8, 0 or 1."""
    return (field() > 0.25).astype(np.uint8)


def top_hat_case(run, dtype):
    """201 x 201, since ITK's windows have odd sizes."""
    import cv2
    import scipy.ndimage

    image = field(dtype)
    out = np.empty_like(image)
    return lambda context: call("cseg_rect_top_hat", out, image, 201, 201, context=context), {
        "OpenCV": lambda: cv2.morphologyEx(image, cv2.MORPH_TOPHAT, np.ones((201, 201), np.uint8)),
        "SciPy": lambda: scipy.ndimage.white_tophat(image, (201, 201)),
        **run.itk.peers({"image": image}, anchor=f"top_hat_{image.dtype} image 201"),
    }


@case("white top-hat 201 x 201 uint16")
def top_hat_uint16(run):
    return top_hat_case(run, np.uint16)


@case("white top-hat 201 x 201 float32")
def top_hat_float32(run):
    return top_hat_case(run, np.float32)


@case("erosion by a disc of radius 20 uint16", repeats=5)
def erode_disc(run):
    import cv2

    image = field(np.uint16)
    out = np.empty_like(image)
    ellipse = cv2.getStructuringElement(cv2.MORPH_ELLIPSE, (41, 41))
    return lambda context: call("cseg_disc_erode", out, image, 20, context=context), {
        "OpenCV, its own ellipse": lambda: cv2.erode(image, ellipse),
    }


@case("exact Euclidean distance")
def distance(run):
    import cv2
    import scipy.ndimage

    mask = cell_mask()
    out = np.empty(mask.shape, np.float32)
    return lambda context: call("cseg_distance_transform", out, mask, context=context), {
        "OpenCV precise": lambda: cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE),
        "SciPy": lambda: scipy.ndimage.distance_transform_edt(mask),
        **run.itk.peers({"mask": mask}, Maurer="distance_maurer mask", Danielsson="distance_danielsson mask"),
    }


@case("connected components, 8", repeats=21)
def components(run):
    import cv2
    import scipy.ndimage

    mask = cell_mask()
    out = np.empty(mask.shape, np.uint32)
    count = ctypes.c_uint32()
    return lambda context: call("cseg_components_label", out, ctypes.byref(count), mask, EIGHT, context=context), {
        "OpenCV": lambda: cv2.connectedComponents(mask, connectivity=8),
        "SciPy": lambda: scipy.ndimage.label(mask, np.ones((3, 3))),
        **run.itk.peers({"mask": mask}, components="components mask"),
    }


def inverse_distance(mask):
    import cv2

    return -cv2.distanceTransform(mask, cv2.DIST_L2, cv2.DIST_MASK_PRECISE)


@case("h-minima of the inverse distance", repeats=5)
def h_minima(run):
    """scikit-image takes ten times as long as ITK; it is measured where there is no ITK."""
    from skimage.morphology import reconstruction

    relief = inverse_distance(cell_mask())
    out = np.empty_like(relief)
    peers = run.itk.peers({"relief": relief}, h_minima="h_minima relief 3")
    return lambda context: call("cseg_extrema_h_minima", out, relief, 3.0, EIGHT, context=context), peers or {
        "scikit-image": lambda: reconstruction(relief + np.float32(3), relief, "erosion", np.ones((3, 3))),
    }


@case("h-minima of a noisy image", repeats=3)
def h_minima_noisy(run):
    relief = field()
    out = np.empty_like(relief)
    peers = run.itk.peers({"relief": relief}, h_minima="h_minima relief 0.1")
    return lambda context: call("cseg_extrema_h_minima", out, relief, 0.1, EIGHT, context=context), peers


def flooding():
    """A mask, its inverse distance, and seeds: the extended minima."""
    mask = cell_mask()
    relief = inverse_distance(mask)
    minima = np.zeros_like(mask)
    seeds = np.zeros(mask.shape, np.uint32)
    count = ctypes.c_uint32()
    call("cseg_extrema_extended_minima", minima, relief, 2.0, mask, EIGHT)
    call("cseg_components_label", seeds, ctypes.byref(count), minima, EIGHT)
    return mask, relief, seeds


def watershed_case(relief, seeds, inside):
    from skimage.segmentation import watershed

    labels, signed = np.empty_like(seeds), seeds.astype(np.int32)

    def ours(context):
        np.copyto(labels, seeds)
        call("cseg_watershed_flood", labels, relief, inside, EIGHT, context=context)

    return ours, {"scikit-image": lambda: watershed(relief, signed, mask=inside, connectivity=np.ones((3, 3)))}


@case("seeded watershed inside a mask", repeats=5)
def watershed_in_mask(run):
    mask, relief, seeds = flooding()
    return watershed_case(relief, seeds, mask)


@case("seeded watershed, whole image", repeats=3)
def watershed_whole(run):
    _, relief, seeds = flooding()
    ours, peers = watershed_case(relief, seeds, None)
    peers.update(run.itk.peers({"relief": relief, "seeds": seeds}, watershed="watershed relief seeds"))
    return ours, peers


# ---- measurement ----


class MeasureOptions(ctypes.Structure):
    """cellseg_measure_options of include/cellseg/measure.h."""

    _fields_ = [("struct_size", ctypes.c_size_t)]
    _fields_ += [(name, ctypes.c_int32) for name in ("shape", "intensity", "neighbours", "texture", "levels", "distance")]
    _fields_ += [("low", ctypes.c_double), ("high", ctypes.c_double)]


def handle(kind, like, *arguments):
    """A new image or label map with the samples of an array, (height, width) or of an image (channels, height, width)."""
    made = ctypes.c_void_p()
    plane_of = getattr(library, f"cseg_{kind}_plane")
    plane_of.restype = Plane
    check(getattr(library, f"cellseg_{kind}_new")(ctypes.byref(made), None, *arguments, *map(ctypes.c_size_t, like.shape[-2:])))
    for channel, samples in enumerate(like.reshape(-1, *like.shape[-2:])):
        plane = plane_of(made, channel)
        assert plane.stride == samples.strides[0]
        ctypes.memmove(plane.data, samples.ctypes.data, samples.nbytes)
    return made


@case("region table: area, centroid, mean, perimeter")
def region_table(run):
    """Ours measures all of shape and intensity, hull, median and weighted centroid included."""
    from skimage.measure import label, regionprops

    image = field(np.uint16)
    cells = label(image > 16000).astype(np.uint32)
    sizes = np.bincount(cells.ravel())
    cells[sizes[cells] < 200] = 0
    labels = handle("labels", cells)
    intensities = handle("image", image, ctypes.c_int32(UINT16), ctypes.c_int32(1))
    signed = cells.astype(np.int64)

    def ours(context):
        table = ctypes.c_void_p()
        check(library.cellseg_measure(ctypes.byref(table), context, labels, None, intensities, None))
        library.cellseg_table_free(table)

    return ours, {
        "scikit-image": lambda: [(r.area, r.centroid, r.intensity_mean, r.perimeter_crofton) for r in regionprops(signed, image)],
        **run.itk.peers({"cells": cells, "image": image}, label_map="region_table cells image", apart="region_table_apart cells image"),
    }


# ---- the whole ----


def scene():
    """A marker image, uint16, of cells with dark nuclei, and maps as a network would give: nucleus, cytoplasm, background."""
    import cv2

    random = np.random.default_rng(1)
    marker, cells, nuclei = (np.zeros((SIZE, SIZE), np.float32) for _ in range(3))
    for _ in range(600):
        centre = tuple(int(v) for v in random.integers(0, SIZE, 2))
        axes = random.integers(17, 30, 2)
        angle, bright = float(random.uniform(0, 180)), float(random.uniform(0.3, 0.8))
        whole, inner = tuple(int(a) for a in axes), tuple(int(a * 0.5) for a in axes)
        for canvas, axis, value in ((marker, whole, bright), (marker, inner, bright / 3), (cells, whole, 1), (nuclei, inner, 1)):
            cv2.ellipse(canvas, centre, axis, angle, 0, 360, value, -1)
    marker, cells, nuclei = (cv2.GaussianBlur(a, (0, 0), 2) for a in (marker, cells, nuclei))
    marker += np.linspace(0.05, 0.15, SIZE, dtype=np.float32) + random.normal(0, 0.02, marker.shape).astype(np.float32)
    image = (np.clip(marker, 0, 1) * 65535).astype(np.uint16)
    return image, np.stack([nuclei, np.clip(cells - nuclei, 0, 1), 1 - cells])


@case("segmentation without the network, 600 cells", repeats=5)
def segmentation(run):
    """Nuclei from given maps, then cells from the maps, the nuclei and the marker. No peer has them."""
    image, maps = scene()
    marker = handle("image", image, ctypes.c_int32(UINT16), ctypes.c_int32(1))
    probabilities = handle("image", maps, ctypes.c_int32(FLOAT32), ctypes.c_int32(len(maps)))
    for made in (marker, probabilities):
        check(library.cellseg_image_set_pixel_size_um(made, ctypes.c_double(0.65)))

    def ours(context):
        nuclei, cells, inner = (ctypes.c_void_p() for _ in range(3))
        check(library.cellseg_segment_nuclei(ctypes.byref(nuclei), context, probabilities, 0, None))
        given = context, None, marker, probabilities, 0, nuclei, None
        check(library.cellseg_segment_cells(ctypes.byref(cells), ctypes.byref(inner), *given))
        for labels in (nuclei, cells, inner):
            library.cellseg_labels_free(labels)

    return ours, {}
