# SPDX-License-Identifier: BSD-3-Clause
"""The whole table as scikit-image, NumPy and plain search give it, column by column in the documented order."""
import math

import numpy as np
import scipy.ndimage as ndi
from expected_features import neighbour_columns
from skimage.feature import graycomatrix, graycoprops
from skimage.measure import regionprops


def feret_min(mask):
    """The narrowest strip round the mask's convex image: every direction between two of its pixels' edge middles."""
    from scipy.spatial import ConvexHull

    y, x = np.nonzero(mask)
    middles = np.concatenate([np.c_[y - 0.5, x], np.c_[y + 0.5, x], np.c_[y, x - 0.5], np.c_[y, x + 0.5]])
    corners = middles[ConvexHull(middles).vertices]
    along = np.roll(corners, -1, 0) - corners
    across = np.c_[along[:, 1], -along[:, 0]] / np.hypot(*along.T)[:, None]
    return np.ptp(corners @ across.T, axis=0).min()


def orientation(coordinates):
    """From exact whole numbers, since which way a square lies is a matter of rounding."""
    y, x = coordinates.astype(object).T
    n = len(y)
    across = n * (x * y).sum() - x.sum() * y.sum()
    difference = n * (y * y).sum() - y.sum() ** 2 - (n * (x * x).sum() - x.sum() ** 2)
    return math.atan2(2 * across, difference) / 2


def neighbours(cells, label):
    padded = np.pad(cells, 1)
    height, width = cells.shape
    own = cells == label
    near = np.concatenate([padded[dy : dy + height, dx : dx + width][own] for dy in range(3) for dx in range(3)])
    return len(set(near) - {0, label})


def shape_columns(regions, unit, scale):
    return {
        f"perimeter_crofton_{unit}": [r.perimeter_crofton * scale for r in regions],
        "form_factor": [4 * np.pi * r.area / r.perimeter_crofton**2 for r in regions],
        f"equivalent_diameter_area_{unit}": [r.equivalent_diameter_area * scale for r in regions],
        f"axis_major_length_{unit}": [r.axis_major_length * scale for r in regions],
        f"axis_minor_length_{unit}": [r.axis_minor_length * scale for r in regions],
        "eccentricity": [r.eccentricity for r in regions],
        "orientation_rad": [orientation(r.coords) for r in regions],
        "euler_number": [r.euler_number for r in regions],
        f"area_convex_{unit}2": [r.area_convex * scale**2 for r in regions],
        "solidity": [r.solidity for r in regions],
        f"feret_diameter_max_{unit}": [r.feret_diameter_max * scale for r in regions],
        f"feret_diameter_min_{unit}": [feret_min(r.image_convex) * scale for r in regions],
    }


def intensity_columns(regions, channel, unit, scale, name):
    values = [channel[tuple(r.coords.T)].astype(float) for r in regions]
    with np.errstate(invalid="ignore", divide="ignore"):
        weighted = np.array([(r.coords * v[:, None]).sum(0) / v.sum() for r, v in zip(regions, values)]).reshape(-1, 2)
    return {
        f"intensity_mean_{name}": [v.mean() for v in values],
        f"intensity_std_{name}": [v.std() for v in values],
        f"intensity_min_{name}": [v.min() for v in values],
        f"intensity_max_{name}": [v.max() for v in values],
        f"intensity_median_{name}": [np.median(v) for v in values],
        f"intensity_integrated_{name}": [v.sum() for v in values],
        f"centroid_weighted_y_{unit}_{name}": weighted[:, 0] * scale,
        f"centroid_weighted_x_{unit}_{name}": weighted[:, 1] * scale,
    }


# ---- texture ----

TEXTURE = ["angular_second_moment", "contrast", "correlation", "variance", "inverse_difference_moment", "sum_average",
           "sum_variance", "sum_entropy", "entropy", "difference_variance", "difference_entropy", "info_measure_1",
           "info_measure_2"]


def bits(p):
    p = p[p > 0]
    return -(p * np.log2(p)).sum()


def spread(p):
    k = np.arange(len(p))
    return (k**2 * p).sum() - (k * p).sum() ** 2


def haralick(glcm):
    """Haralick's formulas, one by one, of one symmetric matrix of probabilities; what scikit-image has too is its own."""
    i, j = np.indices(glcm.shape)
    own = glcm.sum(1)
    total = np.bincount((i + j).ravel(), glcm.ravel())
    apart = np.bincount(abs(i - j).ravel(), glcm.ravel())
    product = np.outer(own, own)
    hxy1 = -(glcm[product > 0] * np.log2(product[product > 0])).sum()
    entropy, h = bits(glcm), bits(own)
    given = glcm[:, :, None, None]
    return [
        graycoprops(given, "ASM")[0, 0],
        graycoprops(given, "contrast")[0, 0],
        graycoprops(given, "correlation")[0, 0],
        spread(own),
        graycoprops(given, "homogeneity")[0, 0],
        (np.arange(len(total)) * total).sum(),
        spread(total),
        bits(total),
        entropy,
        spread(apart),
        bits(apart),
        (entropy - hxy1) / h if h > 1e-12 else 0,
        math.sqrt(max(0, 1 - math.exp(-2 * (bits(product) - entropy)))),
    ]


def texture_of(levels, mask, count, distance):
    """Mean over the directions; what is outside the mask is a level of its own, which is dropped."""
    outside = np.where(mask, levels, count)
    features = []
    for down, aside in (0, distance), (distance, distance), (distance, 0), (distance, -distance):
        counts = np.zeros((count + 1, count + 1))
        height, width = mask.shape
        a = outside[: max(height - down, 0), max(-aside, 0) : max(width - max(aside, 0), 0)]
        b = outside[down:, max(aside, 0) : width + min(aside, 0)]
        if a.size and a.shape == b.shape:
            np.add.at(counts, (a.ravel(), b.ravel()), 1)
        if distance == 1 and min(mask.shape) > 1:  # scikit-image counts along circles, which for a step of 1 meet our pixels
            angle = {(0, 1): 0, (1, 1): np.pi / 4, (1, 0): np.pi / 2, (1, -1): 3 * np.pi / 4}[down, aside]
            theirs = graycomatrix(outside.astype(np.uint16), [1], [angle], count + 1)[:, :, 0, 0]
            np.testing.assert_array_equal(counts, theirs)
        counts = (counts + counts.T)[:count, :count]
        if counts.sum() > 0:
            features.append(haralick(counts / counts.sum()))
    return np.mean(features, 0) if features else np.full(len(TEXTURE), np.nan)


def texture_columns(regions, cells, channel, name, count=32, distance=1, limits=None):
    channel = channel.astype(float)
    low, high = limits or np.percentile(channel[cells > 0], [0.1, 99.9])
    levels = (channel - low) / (high - low) * count if high > low else 0 * channel
    levels = np.clip(levels, 0, count - 1).astype(int)
    rows = [texture_of(levels[r.slice], r.image, count, distance) for r in regions]
    columns = np.array(rows).reshape(-1, len(TEXTURE)).T
    return {f"texture_{feature}_{name}": column for feature, column in zip(TEXTURE, columns)}


# ---- all ----


def table(cells, nuclei, image, pixel_size_um, with_neighbours=True, with_texture=True):
    unit, scale = ("um", pixel_size_um) if pixel_size_um else ("px", 1)
    regions = regionprops(cells.astype(np.int64))
    height, width = cells.shape
    boxes = np.array([r.bbox for r in regions]).reshape(-1, 4)
    columns = {
        "id": [r.label for r in regions],
        f"area_{unit}2": [r.area * scale**2 for r in regions],
        f"centroid_y_{unit}": [r.centroid[0] * scale for r in regions],
        f"centroid_x_{unit}": [r.centroid[1] * scale for r in regions],
        "bbox_top_px": boxes[:, 0],
        "bbox_left_px": boxes[:, 1],
        "bbox_bottom_px": boxes[:, 2],
        "bbox_right_px": boxes[:, 3],
        "touches_border": [b[0] == 0 or b[1] == 0 or b[2] == height or b[3] == width for b in boxes],
        **shape_columns(regions, unit, scale),
    }
    if with_neighbours:
        columns["neighbours_touching"] = [neighbours(cells, r.label) for r in regions]
        columns.update(neighbour_columns(cells, scale, unit))
    if nuclei is not None:
        inside = np.array([(nuclei[tuple(r.coords.T)] == r.label).sum() for r in regions], float)
        columns[f"nucleus_area_{unit}2"] = inside * scale**2
        columns["nucleus_cell_area_ratio"] = inside / [r.area for r in regions]
        columns["nuclei_count"] = [ndi.label((cells == r.label) & (nuclei == r.label))[1] for r in regions]
    channels = [] if image is None else np.atleast_3d(image.T).T
    for i, channel in enumerate(channels):
        columns.update(intensity_columns(regions, channel, unit, scale, f"channel_{i}"))
    for i, channel in enumerate(channels if with_texture else []):
        columns.update(texture_columns(regions, cells, channel, f"channel_{i}"))
    return columns
