# SPDX-License-Identifier: BSD-3-Clause
"""The method's steps written again with SciPy and scikit-image, and the library's own through ctypes."""
import ctypes
import heapq
import math

import numpy as np
import scipy.ndimage as ndi
from skimage.morphology import local_minima, reconstruction

import oracle
from cellseg import _lowlevel as c


class Settings(ctypes.Structure):
    """cseg_settings of lib/segment/segment.h; members of both structs by their names."""

    _fields_ = [("options", c.segment_options), ("method", c.method)]

    def _owner(self, name):
        return self.options if name in c.segment_options.rows else self.method

    def __getattr__(self, name):
        return getattr(self._owner(name), name)

    def __setattr__(self, name, value):
        assert name in c.segment_options.rows or name in c.method.rows
        setattr(self._owner(name), name, value)


class Rule(ctypes.Structure):
    """cseg_rule of lib/nn/nn.h."""

    _fields_ = [
        ("pixel_size_um", ctypes.c_double),
        ("top_hat_um", ctypes.c_double),
        ("percentile_low", ctypes.c_double),
        ("percentile_high", ctypes.c_double),
        ("noise_range", ctypes.c_double),
        ("clip", ctypes.c_double),
        ("power", ctypes.c_double),
        ("nucleus_diameter_um", ctypes.c_double),
        ("patch_px", ctypes.c_uint32),
        ("step_px", ctypes.c_uint32),
        ("classes", ctypes.c_uint32),
        ("joining", ctypes.c_double * 6),
    ]


class Extra(ctypes.Structure):
    """cseg_extra of lib/segment/segment.h."""

    _fields_ = [("kind", ctypes.c_int32), ("map", ctypes.c_void_p)]


BOUNDARY, DISTANCE = 1, 2  # kinds


class CellInputs(ctypes.Structure):
    """cseg_cell_inputs of lib/segment/segment.h."""

    _fields_ = [
        ("marker", ctypes.c_void_p),
        ("maps", ctypes.c_void_p),
        ("nuclei", ctypes.c_void_p),
        ("count", ctypes.c_uint32),
        ("pixel_size_um", ctypes.c_double),
        ("extra", Extra),
        ("has_boundary_class", ctypes.c_bool),
        ("joining", ctypes.c_void_p),
    ]


def options(**values):
    made = Settings()
    c.segment_options_init(made.options, ctypes.sizeof(c.segment_options))
    c.method_init(made.method, ctypes.sizeof(c.method), c.PRESET_DEFAULT)
    for name, value in values.items():
        setattr(made, name, value)
    return made


# ---- the library's steps ----


def library_preprocess(channel, pixel_size_um, rule):
    out = oracle.Plane()
    oracle.call("cseg_preprocess_run", ctypes.byref(out), channel, float(pixel_size_um), ctypes.byref(rule))
    samples = (ctypes.c_float * (out.height * out.width)).from_address(out.data)
    array = np.array(samples, np.float32).reshape(out.height, out.width)
    oracle.library.cseg_plane_free(ctypes.byref(out))
    return array


def library_seeds(map_, pixel_size_um, opts, kind=0, extra=None, report=None, tile_px=0):
    store = oracle.store(oracle.units(extra)) if kind else None
    known = ctypes.byref(Extra(kind, ctypes.addressof(store))) if kind else None
    nuclei = np.zeros(map_.shape, np.uint32)
    count = ctypes.c_uint32()
    tail = float(pixel_size_um), ctypes.byref(opts), ctypes.byref(report or c.segment_report())
    oracle.call_on_stores("cseg_seeds_find", nuclei, ctypes.byref(count), oracle.units(map_), known, *tail, tile_px=tile_px)
    assert count.value == nuclei.max()
    return nuclei


def cell_inputs(marker, maps, nuclei, pixel_size_um, kind, joining=None):
    """(cseg_cell_inputs, what it points to). `maps`: four of them where there is a kind of fourth."""
    owners = [oracle.units(marker), *(oracle.units(m) for m in (maps if maps is not None else []))]
    stores_of_maps = (oracle.Store * len(maps))(*map(oracle.store, owners[1:])) if maps is not None else None
    stores = [oracle.store(owners[0]), oracle.store(nuclei)]
    extra = Extra(kind, ctypes.addressof(stores_of_maps) + 3 * ctypes.sizeof(oracle.Store)) if kind else Extra()
    coefficients = oracle.doubles(joining) if joining is not None else None
    inputs = CellInputs(
        ctypes.addressof(stores[0]),
        ctypes.addressof(stores_of_maps) if maps is not None else None,
        ctypes.addressof(stores[1]),
        int(nuclei.max()),
        pixel_size_um,
        extra,
        kind == BOUNDARY,
        ctypes.addressof(coefficients) if coefficients is not None else None,
    )
    return inputs, (stores, stores_of_maps, owners, coefficients)


def library_cells(marker, maps, nuclei, pixel_size_um, opts, kind=0, tile_px=0):
    cells = np.full(marker.shape, 77, np.uint32)
    inputs, _kept = cell_inputs(marker, maps, nuclei, pixel_size_um, kind)
    oracle.call_on_stores("cseg_cells_find", cells, ctypes.byref(inputs), ctypes.byref(opts), tile_px=tile_px)
    return cells


def library_join(cells, marker, maps, nuclei, pixel_size_um, opts, joining, kind=DISTANCE, context=None, tile_px=0):
    """(joined cells, the cell of each nucleus by id)"""
    joined, cell_of = cells.copy(), np.full(nuclei.max() + 1, 77, np.uint32)
    inputs, _kept = cell_inputs(marker, maps, nuclei, pixel_size_um, kind, joining)
    written = ctypes.c_void_p(cell_of.ctypes.data)
    arguments = joined, written, ctypes.byref(inputs), ctypes.byref(opts)
    oracle.call_on_stores("cseg_join_cells", *arguments, tile_px=tile_px, context=context)
    return joined, cell_of


# ---- the same with SciPy and scikit-image ----

FOUR = ndi.generate_binary_structure(2, 1)


def otsu(values, count, bins=256):
    """The library's, which tests/filter compares with brute force: a pixel at a bin's edge may move a threshold by a whole bin."""
    thresholds = (ctypes.c_double * count)()
    oracle.call("cseg_otsu_find", thresholds, count, bins, np.ascontiguousarray(values, np.float32), None)
    return list(thresholds)


def log_response(map_, sigmas):
    """The library's too: tests/filter compares it with SciPy."""
    response = np.empty_like(map_)
    oracle.call("cseg_laplacian_compute", response, map_, oracle.doubles(sigmas), len(sigmas))
    return response


def threshold_at(thresholds, sensitivity):
    return float(np.interp((100 - sensitivity) / 20, range(5), thresholds))


def watershed(relief, seeds, mask):
    """Flood in the documented order, (relief, time of entry), seeds entering in raster order, neighbours up, left, right, down.

    scikit-image's watershed leaves the order of seeds of equal relief to its heap. All of a nucleus's pixels tie, and where cells
    touch all over, up to two pixels of a hundred hang on it; tests/morph compares with scikit-image where nothing ties.
    """
    labels = np.where(mask, seeds, 0)
    waiting = [(relief[place], age, *place) for age, place in enumerate(zip(*np.nonzero(labels)))]
    age = len(waiting)
    heapq.heapify(waiting)
    while waiting:
        _, _, y, x = heapq.heappop(waiting)
        for v, u in ((y - 1, x), (y, x - 1), (y, x + 1), (y + 1, x)):
            if 0 <= v < mask.shape[0] and 0 <= u < mask.shape[1] and mask[v, u] and labels[v, u] == 0:
                labels[v, u] = labels[y, x]
                heapq.heappush(waiting, (relief[v, u], age, v, u))
                age += 1
    return labels


def fill_small_holes(mask, limit):
    holes, _ = ndi.label(ndi.binary_fill_holes(mask, FOUR) & ~mask, FOUR)
    small = [0] + [all(s.stop - s.start <= limit for s in box) for box in ndi.find_objects(holes)]
    return mask | np.array(small, bool)[holes]


def seeds(map_, px, o, kind=0, extra=None):
    map_, extra = oracle.rounded(map_), oracle.rounded(extra) if extra is not None else None
    sigmas = np.linspace(o.nucleus_radius_min_um, o.nucleus_radius_max_um, o.nucleus_scales) / px / math.sqrt(2)
    response = log_response(map_, sigmas)
    thresholds = otsu(response.astype(np.float32), 5)
    found = max(threshold_at(thresholds, o.sensitivity), 0.08)
    outline = min(max(threshold_at(thresholds, max(o.sensitivity, o.outline_sensitivity)), 0), found)
    mask = response > outline
    if o.nucleus_valley > 0:
        mask &= log_response(map_, sigmas[:1]) >= -o.nucleus_valley * outline
    if kind == BOUNDARY:
        mask &= extra <= 0.5
    parts, n = ndi.label(mask, FOUR)
    good = np.zeros(n + 1, bool)
    good[np.unique(parts[mask & (response > found)])] = True
    mask = good[parts] & mask
    if o.fill_holes:
        mask = fill_small_holes(mask, math.ceil(4 * o.nucleus_radius_max_um / px))
    if not mask.any():
        return np.zeros(map_.shape, np.uint32)
    inverse = -ndi.distance_transform_edt(mask).astype(np.float32)
    if kind == DISTANCE:
        um = np.minimum(4 * extra.astype(np.float64) / np.maximum(1 - extra.astype(np.float64), 1e-6), 50)
        inverse = ((inverse - um / px) / 2).astype(np.float32)
    labels = watershed(inverse, extended_minima(inverse, o.h_um / px, mask), mask)
    return drop_weak(labels, map_, px, o)


def extended_minima(relief, h, mask):
    """Regional minima, within the mask, of the reconstruction by erosion of relief + h over relief."""
    outside = float(relief.max()) + h + 1
    limit = np.where(mask, relief, outside).astype(np.float64)
    filled = reconstruction(np.where(mask, limit + np.float32(h), outside), limit, method="erosion", footprint=FOUR)
    return ndi.label(local_minima(filled, connectivity=1) & mask, FOUR)[0]


def drop_weak(labels, map_, px, o):
    n = labels.max()
    area = np.bincount(labels.ravel(), minlength=n + 1)
    total = np.bincount(labels.ravel(), map_.ravel().astype(np.float64), minlength=n + 1)
    keep = (area * px * px >= o.nucleus_area_min_um2) & (total >= o.nucleus_probability_min * area)
    keep[0] = False
    if o.nucleus_strength_ratio and np.count_nonzero(keep) >= 15:
        strength = (total / np.maximum(area, 1) * np.sqrt(np.sqrt(area))).astype(np.float32).astype(np.float64)
        keep &= strength >= o.nucleus_strength_ratio * np.percentile(strength[keep], 75)
    return raster_order(np.where(keep[labels], labels, 0))


def raster_order(labels):
    ids, first = np.unique(labels, return_index=True)
    order = [i for _, i in sorted(zip(first, ids)) if i != 0]
    table = np.zeros(labels.max() + 1, np.uint32)
    table[order] = np.arange(1, len(order) + 1)
    return table[labels]


def probability(maps, with_nucleus, kind=0):
    if maps is None:
        return 1.0
    used = [maps[1]] + ([maps[0]] if with_nucleus else []) + ([maps[3]] if kind == BOUNDARY else [])
    return np.minimum(sum(m.astype(np.float64) for m in used), 1)


def cells(marker, maps, nuclei, px, o, kind=0):
    marker, maps = oracle.rounded(marker), [oracle.rounded(m) for m in maps] if maps is not None else None
    smooth = ndi.gaussian_filter(marker, o.cell_sigma_um / px, mode="reflect", truncate=6)
    enhanced = np.log(1 + smooth.astype(np.float64) / 0.01) / math.log(101) * probability(maps, o.cell_probability == 1, kind)
    enhanced = enhanced.astype(np.float32)
    if o.background_rule == 1 and maps is not None:
        mask = probability(maps, True, kind) > 0.5
    else:
        mask = enhanced > background_level(enhanced, int(nuclei.max()), px, o)
    distance = ndi.distance_transform_edt(nuclei == 0).astype(np.float32).astype(np.float64) * px
    deep = None if not kind else maps[3] if kind == DISTANCE else 1 - maps[3].astype(np.float64)
    relief = {
        0: lambda: -enhanced if not kind else -(enhanced + deep.astype(np.float64)) / 2,
        1: lambda: gradient(smooth),
        2: lambda: -probability(maps, True, kind) if maps is not None else -enhanced,
        3: lambda: 0,
    }[o.relief]()
    relief = relief + (1.0 if o.relief == 3 else o.cell_compactness) * distance
    if o.cell_ring_um > 0:
        relief = np.where(distance <= o.cell_ring_um, distance / o.cell_ring_um - 2, relief)
    relief = np.broadcast_to(relief, enhanced.shape).astype(np.float32)
    return watershed(relief, nuclei.astype(np.int32), mask | (nuclei > 0))


def gradient(image):
    padded = np.pad(image.astype(np.float64), 1, mode="edge")
    dy, dx = padded[2:, 1:-1] - padded[:-2, 1:-1], padded[1:-1, 2:] - padded[1:-1, :-2]
    return np.sqrt(dx * dx + dy * dy) / 2


def background_level(enhanced, count, px, o):
    if o.cell_area_expected_um2 > 0:
        area = count * o.cell_area_expected_um2 / px**2
    else:
        found = np.count_nonzero(enhanced > otsu(enhanced, 1)[0])
        area = np.clip(found, count * 50 / px**2, count * 5000 / px**2)
    level = np.percentile(enhanced, np.clip(100 * (1 - area / enhanced.size), 0, 100))
    thresholds = otsu(enhanced, 3)
    return np.clip(level, thresholds[0], thresholds[2])


# ---- joining ----


def borders(cells, marker, maps, nuclei, px, o):
    """{(smaller id, larger id): (pairs of adjacent pixels, terms)}, pair by pair of pixels."""
    marker, maps = oracle.rounded(marker), [oracle.rounded(m) for m in maps]
    smooth = ndi.gaussian_filter(marker, o.cell_sigma_um / px, mode="reflect", truncate=6).astype(np.float64)
    found = {}
    for dy, dx in ((0, 1), (1, 0)):
        for y, x in np.argwhere(cells[: cells.shape[0] - dy, : cells.shape[1] - dx] != cells[dy:, dx:]):
            one, other = (y, x), (y + dy, x + dx)
            if cells[one] and cells[other]:
                key = tuple(sorted((int(cells[one]), int(cells[other]))))
                values = [(m[one] + m[other]) / 2 for m in (maps[3].astype(np.float64), smooth)]
                found.setdefault(key, []).append((*values, min(maps[0][one], maps[0][other])))
    known = {i: about(i, cells, smooth, maps[0], nuclei) for key in found for i in key}
    return {key: (len(rows), terms_of(np.mean(rows, axis=0), *map(known.get, key))) for key, rows in found.items()}


def about(i, cells, smooth, probability, nuclei):
    """(median of the marker, mean probability of the nucleus, its area)"""
    inside = probability[nuclei == i].astype(np.float64)
    return np.percentile(smooth[cells == i], 50, method="lower"), inside.mean(), len(inside)


def terms_of(means, one, other):
    dimmer, less_sure, smaller = map(min, one, other)
    distance, bright, nucleus = means
    return 1, distance, bright / dimmer if dimmer > 0 else 0, nucleus, less_sure, smaller / max(one[2], other[2])


def join(cells, marker, maps, nuclei, px, o, joining):
    """The cell of each nucleus: the smallest id of all that are joined, however far."""
    near = np.eye(nuclei.max() + 1, dtype=bool)
    for (a, b), (pairs, terms) in borders(cells, marker, maps, nuclei, px, o).items():
        near[a, b] = near[b, a] = pairs >= 6 and np.dot(joining, terms) > o.join
    for _ in range(len(near).bit_length()):
        near = near @ near
    return near.argmax(axis=1).astype(np.uint32)


# ---- the marker check ----


def library_check(marker, nucleus_map, cells, nuclei, px):
    """The report's figures of the marker, and the confidence of each id; every nucleus is a cell's."""
    assert cells.max() <= nuclei.max()
    made, owners = c.segment_report(), (oracle.units(marker), oracle.units(nucleus_map), nuclei)
    marker_store, map_store, nuclei_store = map(oracle.store, owners)
    stores = marker_store, (oracle.Store * 2)(map_store, map_store), nuclei_store  # of nucleus and, not read, cytoplasm
    confidence = np.full(nuclei.max() + 1, 7, np.float32)
    inputs = CellInputs(*map(ctypes.addressof, stores), int(nuclei.max()), px)
    written, own = ctypes.c_void_p(confidence.ctypes.data), np.arange(nuclei.max() + 1, dtype=np.uint32)
    arguments = ctypes.byref(made), written, cells, ctypes.c_void_p(own.ctypes.data), ctypes.byref(inputs)
    oracle.call_on_stores("cseg_marker_check", *arguments)
    return made, confidence


def check(marker, nucleus_map, cells, nuclei, px):
    """(contrast, confidence, share) with SciPy; None where the cells are too few."""
    marker, nucleus_map = oracle.rounded(marker), oracle.rounded(nucleus_map)
    ids = range(1, nuclei.max() + 1)
    near = ndi.distance_transform_edt(nuclei == 0).astype(np.float32) <= 4 / px
    rings = np.where((nuclei == 0) & near, cells, 0)
    pairs = []
    for i in ids:
        inside, ring = nuclei == i, rings == i
        if inside.any() and ring.any():
            n, r = (marker[where].astype(np.float64).mean() for where in (inside, ring))
            contrast, share = (r - n) / (r + n) if r + n > 0 else 0, inside.sum() / (cells == i).sum()
            pairs.append((contrast, nucleus_map[inside].astype(np.float64).mean(), share))
    return None if len(pairs) < 5 else tuple(np.median(pairs, axis=0))
