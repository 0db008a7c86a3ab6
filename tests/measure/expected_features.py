# SPDX-License-Identifier: BSD-3-Clause
"""Neighbours, radial distribution, granularity and Zernike moments as SciPy, scikit-image and plain search give them."""
import itertools
import math

import numpy as np
import scipy.ndimage as ndi
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import ConvexHull
from skimage.morphology import dilation, disk, erosion, reconstruction
from skimage.segmentation import find_boundaries

# ---- neighbours ----


def touching_percent(cells, id_):
    """Outlines and contacts by dilation with a square; the image's edge is outline."""
    own, square = cells == id_, np.ones((3, 3))
    outline = own & ndi.binary_dilation(~own, square, border_value=1)
    return 100 * (outline & ndi.binary_dilation((cells != 0) & ~own, square)).sum() / outline.sum()


def angle(a, b):
    return math.atan2(abs(a[0] * b[1] - a[1] * b[0]), a @ b + 0)


def neighbour_columns(cells, scale=1, unit="px"):
    ids = np.unique(cells[cells > 0])
    centres = np.array(ndi.center_of_mass(np.ones(cells.shape), cells, ids)).reshape(-1, 2)
    rows = []
    for centre, id_ in zip(centres, ids):
        away = np.hypot(*(centres - centre).T)
        order = [i for i in np.lexsort((ids, np.round(away, 9))) if ids[i] != id_][:2]
        steps = [centres[i] - centre for i in order]
        row = [value for i in order for value in (ids[i], away[i] * scale)] + [np.nan] * (4 - 2 * len(order))
        rows.append([touching_percent(cells, id_), *row, angle(*steps) if len(steps) == 2 else np.nan])
    names = ["touching_percent", "neighbour_first_id", f"neighbour_first_distance_{unit}", "neighbour_second_id",
             f"neighbour_second_distance_{unit}", "neighbours_angle_rad"]  # fmt: skip
    return dict(zip(names, np.array(rows).reshape(-1, 6).T))


# ---- details of intensity ----


def detail_columns(cells, image):
    names = ["quartile_lower", "quartile_upper", "mad", "displacement_px", "edge_mean", "edge_std", "edge_min", "edge_max",
             "edge_integrated"]  # fmt: skip
    edges = find_boundaries(cells, connectivity=1, mode="inner")
    columns = {}
    for c, channel in enumerate(image.astype(float)):
        rows = []
        for id_ in np.unique(cells[cells > 0]):
            own = cells == id_
            values, edge = channel[own], channel[own & edges]
            quartiles = np.percentile(values, [25, 75])
            weighted = np.average(np.argwhere(own), axis=0, weights=values) if values.sum() != 0 else np.nan
            away = np.linalg.norm(weighted - np.argwhere(own).mean(0))
            of_edge = [edge.mean(), edge.std(), edge.min(), edge.max(), edge.sum()] if len(edge) else [np.nan] * 5
            rows.append([*quartiles, np.median(abs(values - np.median(values))), away, *of_edge])
        columns.update({f"intensity_{name}_channel_{c}": column for name, column in zip(names, np.array(rows).reshape(-1, 9).T)})
    return columns


# ---- radial ----


def edge_distance(mask):
    """Distance to the nearest pixel outside the mask; infinite where the image has none."""
    return np.full(mask.shape, np.inf) if mask.all() else ndi.distance_transform_edt(mask)


def ways_from(mask, start):
    """Lengths of the shortest ways from a pixel within the mask, by Dijkstra's algorithm on the graph of its pixels."""
    number = np.cumsum(mask).reshape(mask.shape) - 1
    padded = np.pad(np.where(mask, number, -1), 1, constant_values=-1)
    height, width = mask.shape
    rows, columns, lengths = [], [], []
    for dy, dx in (0, 1), (1, 0), (1, 1), (1, -1):
        other = padded[1 + dy : 1 + dy + height, 1 + dx : 1 + dx + width]
        both = mask & (other >= 0)
        rows += number[both].tolist()
        columns += other[both].tolist()
        lengths += [math.hypot(dy, dx)] * int(both.sum())
    graph = coo_matrix((lengths, (rows, columns)), (mask.sum(), mask.sum()))
    found = np.full(mask.shape, np.inf)
    found[mask] = dijkstra(graph, directed=False, indices=number[start])
    return found


def zones_of(mask):
    """Ring and wedge of every pixel; -1 outside, and where no way leads to the middle."""
    edge = edge_distance(mask)
    middle = np.unravel_index(np.argmax(np.where(mask, edge, -1)), mask.shape)
    way = ways_from(mask, middle)
    y, x = np.indices(mask.shape)
    with np.errstate(invalid="ignore"):
        ring = np.where(mask & np.isfinite(way), (4 * (way / (way + edge + 0.001))), 0).astype(int)
    wedge = (y > middle[0]) + 2 * (x > middle[1]) + 4 * (abs(y - middle[0]) > abs(x - middle[1]))
    return np.where(mask & np.isfinite(way), 8 * ring + wedge, -1)


def variation(sums, counts):
    """Coefficient of variation of the means of the wedges that have pixels."""
    means = sums[counts > 0] / counts[counts > 0]
    with np.errstate(invalid="ignore"):
        return means.std() / means.mean() if len(means) else 0


def radial_of(zones, channel):
    within = zones >= 0
    sums = np.bincount(zones[within], channel[within], 32).reshape(4, 8)
    counts = np.bincount(zones[within], minlength=32).reshape(4, 8)
    fraction = sums.sum(1) / sums.sum()
    share = np.maximum(counts.sum(1), 1) / counts.sum()
    return [*fraction, *(fraction / share), *[variation(s, c) for s, c in zip(sums, counts)]]


def radial_columns(cells, image):
    names = [f"radial_{what}_{k}_of_4" for what in ("fraction", "mean_fraction", "cv") for k in (1, 2, 3, 4)]
    zones = [zones_of(cells == id_) for id_ in np.unique(cells[cells > 0])]
    return {
        f"{name}_channel_{c}": column
        for c, channel in enumerate(image)
        for name, column in zip(names, np.array([radial_of(z, channel.astype(float)) for z in zones]).reshape(-1, 12).T)
    }


# ---- granularity ----


def between(small, shape, height, width):
    """Linear values at `shape` places; the first and last are those of an image of `height` x `width`."""
    y = np.clip(np.arange(shape[0]) * ((height - 1) / (shape[0] - 1)), 0, small.shape[0] - 1)
    x = np.clip(np.arange(shape[1]) * ((width - 1) / (shape[1] - 1)), 0, small.shape[1] - 1)
    return ndi.map_coordinates(small, np.meshgrid(y, x, indexing="ij"), order=1, mode="nearest")


def granularity_of(cells, channel, step):
    channel = channel.astype(float)
    ids = np.unique(cells[cells > 0])
    height, width = channel.shape[0] // step, channel.shape[1] // step
    if min(height, width) < 2:
        return np.full((16, len(ids)), np.nan)
    image = channel[::step, ::step][:height, :width]
    back = dilation(erosion(image[::4, ::4], disk(10)), disk(10))
    image = np.maximum(image - between(back, image.shape, height / 4, width / 4), 0)
    eroded, means = image, [ndi.mean(channel, cells, ids)]
    for _ in range(16):
        eroded = erosion(eroded, disk(1))
        opened = reconstruction(eroded, image, footprint=disk(1))
        means.append(ndi.mean(between(opened, channel.shape, height, width), cells, ids))
    return -np.diff(means, axis=0) * 100 / np.maximum(means[0], np.finfo(float).eps)


def granularity_columns(cells, image, step=4):
    return {
        f"granularity_{k}_channel_{c}": column
        for c, channel in enumerate(image)
        for k, column in enumerate(granularity_of(cells, channel, step), 1)
    }


# ---- Zernike moments ----

ORDERS = [(n, m) for n in range(10) for m in range(n % 2, n + 1, 2)]


def smallest_circle(points):
    """Of all circles through two or three of the outermost points the smallest that holds all points: middle and radius."""
    rows = [sorted(row) for _, row in itertools.groupby(sorted(map(tuple, points)), lambda point: point[0])]
    ends = np.unique([point for row in rows for point in (row[0], row[-1])], axis=0).astype(float)
    if len(ends) > 3 and np.linalg.matrix_rank(ends - ends[0]) == 2:
        ends = ends[ConvexHull(ends).vertices]
    if len(ends) == 1:
        return ends[0], 0
    best = (np.zeros(2), np.inf)
    circles = [((a + b) / 2, np.hypot(*(a - b)) / 2) for a, b in itertools.combinations(ends, 2)]
    for a, b, c in itertools.combinations(ends, 3):
        system = 2 * np.array([b - a, c - a])
        if abs(np.linalg.det(system)) > 1e-9:
            middle = np.linalg.solve(system, [b @ b - a @ a, c @ c - a @ a])
            circles.append((middle, np.hypot(*(middle - a))))
    for middle, radius in circles:
        if radius < best[1] and np.hypot(*(ends - middle).T).max() <= radius * (1 + 1e-9):
            best = (middle, radius)
    return best


def zernikes_of(mask, circle, channel):
    """Sums over the pixels of the complex polynomials in the unit disc."""
    points, (middle, radius) = np.argwhere(mask), circle
    if radius == 0:
        return np.full(len(ORDERS), np.nan)
    y, x = ((points - middle) / radius).T
    values = channel[mask]
    sums = []
    for n, m in ORDERS:
        radial = sum(
            (-1) ** k * math.factorial(n - k) * (y * y + x * x) ** ((n - m) // 2 - k)
            / (math.factorial(k) * math.factorial((n + m) // 2 - k) * math.factorial((n - m) // 2 - k))
            for k in range((n - m) // 2 + 1)
        )  # fmt: skip
        sums.append((values * radial * (y + 1j * x) ** m).sum())
    return np.array(sums)


def zernike_columns(cells, image):
    masks = [cells == id_ for id_ in np.unique(cells[cells > 0])]
    circles = [smallest_circle(np.argwhere(mask)) for mask in masks]
    sums = [zernikes_of(mask, circle, np.ones(cells.shape)) for mask, circle in zip(masks, circles)]
    areas = [np.pi * max(radius, 1e-300) ** 2 for _, radius in circles]
    columns = {f"zernike_{n}_{m}": [abs(s[i]) / a for s, a in zip(sums, areas)] for i, (n, m) in enumerate(ORDERS)}
    for c, channel in enumerate(image):
        sums = np.array([zernikes_of(mask, circle, channel.astype(float)) for mask, circle in zip(masks, circles)])
        for i, (n, m) in enumerate(ORDERS):
            columns[f"zernike_magnitude_{n}_{m}_channel_{c}"] = abs(sums[:, i]) / [mask.sum() for mask in masks]
            columns[f"zernike_phase_{n}_{m}_rad_channel_{c}"] = np.arctan2(sums[:, i].real, sums[:, i].imag)
    return columns
