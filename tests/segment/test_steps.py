# SPDX-License-Identifier: BSD-3-Clause
"""Preprocessing, seeds and cells against the same steps written with SciPy and scikit-image, pixel by pixel."""
import math

import numpy as np
import pytest
import scipy.ndimage as ndi

import cellseg
import method
import oracle

pytestmark = pytest.mark.sanitizers

SIZES = [(1, 1), (1, 40), (37, 1), (64, 64), (150, 117)]


def field(height, width, seed, touching=False):
    """A nuclear map, a marker and network-like maps of round cells."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:height, :width]
    nucleus, cell = np.zeros((2, height, width))
    spacing = 15 if touching else 28
    for top in range(spacing // 2, height, spacing):
        for left in range(spacing // 2, width, spacing):
            cy, cx = top + random.uniform(-2, 2), left + random.uniform(-2, 2)
            r = np.hypot(y - cy, (x - cx) * random.uniform(0.8, 1.2))
            nucleus = np.maximum(nucleus, random.uniform(0.6, 1) * (r < random.uniform(5, 7)))
            cell = np.maximum(cell, random.uniform(0.4, 1) * (r < random.uniform(9, 12)))
    nucleus = np.clip(ndi.gaussian_filter(nucleus, 1) + random.normal(0, 0.01, nucleus.shape), 0, 1).astype(np.float32)
    marker = np.clip(ndi.gaussian_filter(cell - 0.3 * nucleus, 1) + random.normal(0, 0.01, cell.shape), 0, 1)
    maps = np.stack([nucleus, np.clip(ndi.gaussian_filter((cell > 0) * 1.0, 1) - nucleus, 0, 1), 1 - (cell > 0)])
    return nucleus, marker.astype(np.float32), maps.astype(np.float32)


# ---- preprocessing ----


def area_average(image, height, width):
    def weights(n, to):
        edges = np.arange(to + 1) * n / to
        cover = np.minimum(edges[1:, None], np.arange(1, n + 1)) - np.maximum(edges[:-1, None], np.arange(n))
        return np.maximum(cover, 0) * to / n

    return weights(image.shape[0], height) @ image.astype(np.float64) @ weights(image.shape[1], width).T


def expected_preprocess(image, pixel, rule):
    size = [max(1, int(np.floor(n * pixel / rule.pixel_size_um + 0.5))) for n in image.shape]
    working = area_average(image, *size)
    mask = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]])
    noise = np.median(np.abs(ndi.convolve(working, mask, mode="nearest"))) / 0.6744897501960817 / 6
    if image.dtype.kind == "u":
        noise = max(noise, 1 / np.sqrt(12))
    edge = int(np.floor(rule.top_hat_um / rule.pixel_size_um + 0.5))
    flat = working - ndi.grey_opening(working, (edge, edge)) if edge > 1 else working
    low, high = np.percentile(flat, [rule.percentile_low, rule.percentile_high])
    span = max(high - low, rule.noise_range * noise)
    scaled = np.clip((flat - low) / span, 0, rule.clip) if span > 0 else np.zeros_like(flat)
    return scaled**rule.power


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
@pytest.mark.parametrize("pixel", [0.65, 0.3118, 0.5])
@pytest.mark.parametrize("power", [1, 0.5, 0.7])
def test_preprocessing_is_resampling_top_hat_and_scaling(dtype, pixel, power):
    _, marker, _ = field(150, 117, 5)
    slope = np.linspace(0, 40, 117)
    image = (marker * 200 + slope + 7).astype(dtype)
    rule = method.Rule(0.65, 20, 1, 99.5, 20, 2, power)
    got = method.library_preprocess(image, pixel, rule)
    expected = expected_preprocess(image, pixel, rule)
    np.testing.assert_allclose(got ** (1 / power), expected ** (1 / power), atol=2e-5)


def test_noise_is_not_stretched():
    random = np.random.default_rng(1)
    rule = method.Rule(0.65, 0, 1, 99.5, 60, 2, 1)
    for image in (random.normal(1000, 20, (200, 300)).astype(np.float32), random.poisson(50, (200, 300)).astype(np.uint16)):
        for pixel in (0.65, 0.3, 1.3):
            got = method.library_preprocess(image, pixel, rule)
            assert got.max() < 0.2
            assert got.std() < 0.025


def test_constant_images_are_zero():
    rule = method.Rule(0.65, 130, 1, 99.5, 20, 2, 0.5)
    for value in (0, 255):
        assert not method.library_preprocess(np.full((30, 40), value, np.uint8), 0.65, rule).any()
    assert not method.library_preprocess(np.full((30, 40), -3.25, np.float32), 0.5, rule).any()


# ---- seeds ----


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("touching", [False, True])
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"outline_sensitivity": 0, "nucleus_valley": 0, "h_um": 3},
        {"sensitivity": 85, "outline_sensitivity": 0},
        {"sensitivity": 33, "fill_holes": 0, "nucleus_area_min_um2": 0},
        {"nucleus_scales": 1, "nucleus_radius_min_um": 4, "nucleus_radius_max_um": 4, "nucleus_valley": 0},
        {"h_um": 0.4, "nucleus_radius_max_um": 6, "nucleus_probability_min": 0.75},
    ],
)
def test_seeds(size, touching, values):
    map_, _, _ = field(*size, 3, touching)
    options = method.options(**values)
    got, expected = method.library_seeds(map_, 0.65, options), method.seeds(map_, 0.65, options)
    assert got.max() == expected.max()
    if size == SIZES[-1] and not touching and values.get("nucleus_probability_min", 0) < 0.7:
        assert got.max() >= 15
    np.testing.assert_array_equal(got, expected)


@pytest.mark.parametrize("ratio", [0, 0.6, 0.97, 1])
def test_nuclei_weaker_than_the_others(ratio):
    """Those in the left third of the image are half as probable as they were."""
    map_, _, _ = field(*SIZES[-1], 3)
    map_[:, : map_.shape[1] // 3] /= 2
    options = method.options(nucleus_probability_min=0.1, nucleus_strength_ratio=ratio, nucleus_area_min_um2=0)
    got, expected = method.library_seeds(map_, 0.65, options), method.seeds(map_, 0.65, options)
    np.testing.assert_array_equal(got, expected)
    options.nucleus_strength_ratio = 0
    found = method.seeds(map_, 0.65, options).max()
    assert got.max() == found if ratio == 0 else 0 < got.max() < found


@pytest.mark.parametrize("seed", range(20))
def test_the_strongest_quarter_stays(seed):
    """At ratio 1 the nuclei below the upper quartile go, and the nucleus that is the quartile is as strong as itself."""
    map_, _, _ = field(150, 140, seed)
    options = method.options(nucleus_strength_ratio=0)
    found = int(method.library_seeds(map_, 0.65, options).max())
    options.nucleus_strength_ratio = 1
    assert method.library_seeds(map_, 0.65, options).max() == found - math.ceil(0.75 * (found - 1)) and found >= 15


def discs(count, small):
    """A map of discs, all as probable, in rows of five; those that are in `small` have a third of the others' radius."""
    y, x = np.mgrid[:240, :300]
    map_ = np.zeros(y.shape, np.float32)
    for i in range(count):
        map_[np.hypot(y - 30 - 60 * (i // 5), x - 30 - 60 * (i % 5)) < (5 if i in small else 15)] = 0.9
    return map_


def test_small_nuclei_are_weak():
    map_ = discs(20, small=(1, 7, 13, 19))
    found = method.library_seeds(map_, 0.65, method.options(nucleus_strength_ratio=0))
    area = np.bincount(found.ravel())[1:]
    strength = np.bincount(found.ravel(), map_.ravel())[1:] / area * area**0.25
    small = strength[area < area.mean() / 2].max() / np.percentile(strength, 75)
    counts = [method.library_seeds(map_, 0.65, method.options(nucleus_strength_ratio=small * f)).max() for f in (0.99, 1.01)]
    assert counts == [20, 16] and small < 0.8


@pytest.mark.parametrize("count, kept", [(14, 14), (15, 14)])
def test_fifteen_nuclei_are_compared(count, kept):
    assert method.library_seeds(discs(count, small=(0,)), 0.65, method.options(nucleus_strength_ratio=0.65)).max() == kept


def test_few_nuclei_are_not_compared():
    map_, _, _ = field(84, 112, 3)
    plain, compared = (method.library_seeds(map_, 0.65, method.options(nucleus_strength_ratio=r)) for r in (0, 1))
    assert 5 <= plain.max() < 15
    np.testing.assert_array_equal(plain, compared)


def test_the_two_channel_method_compares_no_nuclei():
    """A stain's intensities are no probabilities: one nucleus may be ten times as bright as another."""
    stain = discs(20, small=(1, 7, 13, 19))
    stain[:120] *= 0.3
    marker = ndi.grey_dilation(stain, 9)
    options = {"nucleus_probability_min": 1, "nucleus_strength_ratio": 1, "cytoplasm_min": 0}
    cells, nuclei = cellseg.segment_two_channel(marker, stain, 0.65, **options)
    assert cells.max() == nuclei.max() == 20


def fourth_map(kind, nuclei):
    """A boundary half way between nuclei, or the distance from there: what a network could say of cells round them."""
    distance, (y, x) = ndi.distance_transform_edt(nuclei == 0, return_indices=True)
    cells = np.where(distance < 9, nuclei[y, x], 0)
    inside = np.zeros(cells.shape)
    for i in range(1, cells.max() + 1):
        inside += ndi.distance_transform_edt(np.pad(cells == i, 1))[1:-1, 1:-1]
    um = 0.65 * inside
    noise = np.random.default_rng(5).normal(0, 0.02, cells.shape)
    map_ = um / (um + 4) if kind == method.DISTANCE else 0.9 * ((um > 0) & (um < 1.5))
    return np.clip(ndi.gaussian_filter(map_ + noise, 0.8), 0, 1).astype(np.float32)


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", [method.BOUNDARY, method.DISTANCE])
@pytest.mark.parametrize("values", [{}, {"h_um": 0.5}, {"fill_holes": 0, "sensitivity": 85}])
def test_seeds_with_a_fourth_map(size, kind, values):
    map_, _, _ = field(*size, 3, True)
    options = method.options(**values)
    extra = fourth_map(kind, ndi.label(map_ > 0.75)[0])
    got, expected = method.library_seeds(map_, 0.65, options, kind, extra), method.seeds(map_, 0.65, options, kind, extra)
    assert got.max() == expected.max()
    np.testing.assert_array_equal(got, expected)
    if size == SIZES[-1]:
        assert not np.array_equal(got, method.library_seeds(map_, 0.65, options))


@pytest.mark.parametrize("value", [0.0, 0.5, 1.0])
def test_a_constant_map_has_no_seeds(value):
    assert not method.library_seeds(np.full((50, 60), value, np.float32), 0.65, method.options()).any()


def test_faint_maps_have_no_seeds():
    map_, _, _ = field(150, 117, 3)
    assert not method.library_seeds(map_ * np.float32(0.05), 0.65, method.options()).any()


# ---- cells ----


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("with_maps", [False, True])
@pytest.mark.parametrize("relief", [0, 1, 2, 3])
@pytest.mark.parametrize(
    "values",
    [
        {},
        {"cell_compactness": 0, "cell_probability": 0},
        {"background_rule": 1, "cell_sigma_um": 1.5},
        {"cell_area_expected_um2": 90, "cell_compactness": 0.1},
    ],
)
def test_cells(size, with_maps, relief, values):
    nucleus, marker, maps = field(*size, 7)
    nuclei = np.ascontiguousarray(method.raster_order(ndi.label(nucleus > 0.4)[0]).astype(np.uint32))
    if nuclei.max() == 0:
        nuclei[0, 0] = 1
    options = method.options(relief=relief, **values)
    used = maps if with_maps else None
    got = method.library_cells(marker, used, nuclei, 0.65, options)
    expected = method.cells(marker, used, nuclei, 0.65, options)
    assert got.max() == nuclei.max()
    assert (got[nuclei > 0] == nuclei[nuclei > 0]).all()
    np.testing.assert_array_equal(got, expected)


def halved(nucleus):
    """Two nuclei for each, so that two cells compete for what lies round it."""
    labels = ndi.label(nucleus > 0.4)[0]
    for i, (_, x) in enumerate(ndi.center_of_mass(labels > 0, labels, range(1, labels.max() + 1)), 1):
        labels[:, round(x)][labels[:, round(x)] == i] = 0
    nuclei = np.ascontiguousarray(method.raster_order(ndi.label(labels > 0)[0]).astype(np.uint32))
    if nuclei.max() == 0:
        nuclei[0, 0] = 1
    return nuclei


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("kind", [method.BOUNDARY, method.DISTANCE])
@pytest.mark.parametrize("values", [{}, {"cell_compactness": 0, "background_rule": 0}])
def test_cells_with_a_fourth_map(size, kind, values):
    """Without the ring, in which half of the pixels are as near to one nucleus as to another."""
    nucleus, marker, maps = field(*size, 7)
    nuclei = halved(nucleus)
    options = method.options(cell_ring_um=0, **values)
    four = [*maps, fourth_map(kind, nuclei.astype(int))]
    got = method.library_cells(marker, four, nuclei, 0.65, options, kind)
    np.testing.assert_array_equal(got, method.cells(marker, four, nuclei, 0.65, options, kind))
    if size == SIZES[-1]:
        assert not np.array_equal(got, method.library_cells(marker, maps, nuclei, 0.65, options))


def test_no_nuclei_no_cells():
    _, marker, _ = field(64, 64, 7)
    assert not method.library_cells(marker, None, np.zeros((64, 64), np.uint32), 0.65, method.options()).any()


# ---- the marker check ----


def ringed(count, inside, ring, seed, radius=8):
    """`count` discs of nuclei in discs of cells, with a noisy marker of these means, and a map of random probabilities."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[: 40 * ((count + 4) // 5), :200]
    r = np.hypot(y % 40 - 20, x % 40 - 20)
    tile = y // 40 * 5 + x // 40 + 1
    tile = np.where(tile <= count, tile, 0)
    nuclei, cells = np.where(r < radius, tile, 0).astype(np.uint32), np.where(r < 17, tile, 0).astype(np.uint32)
    marker = np.where(nuclei > 0, inside, ring) * random.uniform(0.5, 1.5, y.shape)
    return marker.astype(np.float32), random.uniform(0.2, 0.8, y.shape).astype(np.float32), cells, nuclei


@pytest.mark.parametrize("px", [0.3, 0.65, 1.1])
@pytest.mark.parametrize("count", [5, 15, 16, 33])
@pytest.mark.parametrize("inside, ring", [(0.2, 0.6), (0.5, 0.4), (0.6, 0.1), (0, 0)])
def test_contrast_and_confidence(px, count, inside, ring):
    marker, nucleus_map, cells, nuclei = ringed(count, inside, ring, count)
    nucleus_map = oracle.rounded(np.where(nuclei % 3 == 0, 0.9, nucleus_map))
    found, confidence = method.library_check(marker, nucleus_map, cells, nuclei, px)
    assert found.marker_cells == count
    np.testing.assert_allclose(figures(found), method.check(marker, nucleus_map, cells, nuclei, px), atol=1e-7)
    means = ndi.mean(nucleus_map.astype(np.float64), nuclei, range(1, count + 1))
    np.testing.assert_allclose(confidence, [0, *means], atol=1e-7)


def figures(report):
    return report.marker_contrast, report.nuclei_confidence, report.marker_share


def test_fifteen_cells_with_rings_are_needed_to_judge_and_five_to_measure():
    marker, nucleus_map, cells, nuclei = ringed(15, 0.6, 0.1, 1, radius=12)
    assert method.library_check(marker, nucleus_map, cells, nuclei, 0.65)[0].marker_verdict == 2
    cells[nuclei == 0] = np.where(cells == 15, 0, cells)[nuclei == 0]  # the last cell is all nucleus
    found, _ = method.library_check(marker, nucleus_map, cells, nuclei, 0.65)
    assert (found.marker_verdict, found.marker_cells) == (0, 14)
    np.testing.assert_allclose(figures(found), method.check(marker, nucleus_map, cells, nuclei, 0.65), atol=1e-7)
    fifth = cells == 5
    cells[cells > 4], nuclei[nuclei > 4] = 0, 0
    found, _ = method.library_check(marker, nucleus_map, cells, nuclei, 0.65)
    assert method.check(marker, nucleus_map, cells, nuclei, 0.65) is None
    assert (found.marker_verdict, found.marker_cells, *figures(found)) == (0, 4, 0, 0, 0)
    cells[(cells == 4) & (nuclei == 0)] = 0
    cells[fifth], nuclei[fifth] = 5, 5
    found, confidence = method.library_check(marker, nucleus_map, cells, nuclei, 0.65)  # of five nuclei two have no ring
    assert (found.marker_verdict, found.marker_cells, *figures(found)) == (0, 3, 0, 0, 0)
    assert (confidence[1:] > 0.4).all() and len(confidence) == 6


KINDS = [(0.2, 8, 0.1, 0), (0.4, 12, 0.1, 0), (0.5, 8, 0.75, 0), (0.5, 8, 0.65, 1), (0.9, 8, 0.95, 0), (0.9, 8, 0.1, 1), (0.9, 12, 0.95, 2)]


@pytest.mark.parametrize("inside, radius, probability, verdict", KINDS)
def test_the_marker_s_verdict(inside, radius, probability, verdict):
    """Dark nuclei fit at any confidence; brighter ones at a high one; far brighter ones that fill their cells are a stain's."""
    _, _, cells, nuclei = ringed(20, 0, 0, 1, radius)
    marker = np.where(nuclei > 0, inside, 0.4).astype(np.float32)
    map_ = np.full(marker.shape, probability, np.float32)
    assert method.library_check(marker, map_, cells, nuclei, 0.65)[0].marker_verdict == verdict
