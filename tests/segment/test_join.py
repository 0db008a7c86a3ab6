# SPDX-License-Identifier: BSD-3-Clause
"""Joining of cells: the rule again, pixel by pixel; its limits; and what the public calls promise of joined cells."""

import json

import cellseg
import method
import numpy as np
import oracle
import pytest
import scipy.ndimage as ndi
from real_images import FIELDS, SHARED, channel

DEFAULT = (-3.6, 9, 1.5, 5, -4, -1.3)  # of the default model
FAST = {"orientations": 1}


def smooth_noise(random, shape, sigma):
    noise = ndi.gaussian_filter(random.standard_normal(shape), sigma)
    return ((noise - noise.min()) / np.ptp(noise)).astype(np.float32) if np.ptp(noise) > 0 else np.zeros(shape, np.float32)


def field(height, width, count, seed):
    """(cells, marker, four maps, nuclei): the parts of a plane nearest to random points, some of it background."""
    random = np.random.default_rng(seed)
    points = random.choice(height * width, min(count, height * width), replace=False)
    seeds = np.zeros((height, width), np.uint32)
    seeds.flat[points] = random.permutation(len(points)) + 1
    away, nearest = ndi.distance_transform_edt(seeds == 0, return_indices=True)
    cells = np.where(smooth_noise(random, seeds.shape, 4) > 0.15, seeds[tuple(nearest)], 0).astype(np.uint32)
    cells[seeds > 0] = seeds[seeds > 0]
    nuclei = np.where(away < 1.5 + cells % 4, cells, 0).astype(np.uint32)
    maps = [smooth_noise(random, seeds.shape, 2) for _ in range(4)]
    return cells, smooth_noise(random, seeds.shape, 3), maps, nuclei


def for_a_fifth(joining, *given):
    """The coefficients with the constant by which a fifth of all borders is joined."""
    evidence = [np.dot(joining, terms) for pairs, terms in method.borders(*given[:4], 0.65, given[4]).values() if pairs >= 6]
    between = np.sort([*evidence, min(evidence, default=0) - 1])[-max(len(evidence) // 5, 1) - 1 :][:2].mean()
    return (joining[0] + given[4].join - between, *joining[1:])


@pytest.mark.sanitizers
@pytest.mark.parametrize("size", [(90, 120, 60), (64, 77, 200), (1, 300, 12), (300, 1, 12), (40, 40, 2), (33, 31, 1)])
@pytest.mark.parametrize("joining", [DEFAULT, (0, 3, 1, 2, -1, -1), (0, -2, 0.3, -1, 1, 0.5)])
@pytest.mark.parametrize("options", [{}, {"join": 0.3}, {"join": 1e-6, "cell_sigma_um": 2}])
def test_the_rule(size, joining, options):
    cells, marker, maps, nuclei = field(*size, 5)
    options = method.options(**options)
    joining = for_a_fifth(joining, cells, marker, maps, nuclei, options)
    expected = method.join(cells, marker, maps, nuclei, 0.65, options, joining)
    got, cell_of = method.library_join(cells, marker, maps, nuclei, 0.65, options, joining)
    np.testing.assert_array_equal(cell_of, expected)
    np.testing.assert_array_equal(got, expected[cells])
    if size[2] == 60:
        assert 3 < len(np.unique(cell_of)) < cells.max() - 3


@pytest.mark.sanitizers
def test_the_terms_one_by_one():
    """Each coefficient alone decides as its own term does: all borders below a threshold between two values of it stay."""
    cells, marker, maps, nuclei = field(80, 90, 40, 8)
    found = method.borders(cells, marker, maps, nuclei, 0.65, method.options())
    for term in range(6):
        values = sorted(terms[term] for pairs, terms in found.values() if pairs >= 6)
        middle = (values[len(values) // 2] + values[len(values) // 2 - 1]) / 2 if term else 0.5
        joining = np.eye(6)[term]
        options = method.options(join=middle)
        expected = method.join(cells, marker, maps, nuclei, 0.65, options, joining)
        got = method.library_join(cells, marker, maps, nuclei, 0.65, options, joining)[1]
        np.testing.assert_array_equal(got, expected)
        assert len(np.unique(got)) < len(np.unique(cells))


ALWAYS = (1e3, 0, 0, 0, 0, 0)


def blocks(*widths, height=6):
    """Cells side by side, of these widths, each with a nucleus of a pixel's width."""
    cells = np.repeat(np.arange(1, len(widths) + 1, dtype=np.uint32), widths)[None].repeat(height, 0)
    nuclei = np.where(np.diff(cells, axis=1, prepend=0) != 0, cells, 0).astype(np.uint32)
    maps = [np.full(cells.shape, 0.5, np.float32)] * 4
    return np.ascontiguousarray(cells), maps[0], maps, np.ascontiguousarray(nuclei)


@pytest.mark.sanitizers
@pytest.mark.parametrize("height", range(1, 9))
def test_six_pairs_of_pixels_are_a_border(height):
    cells, marker, maps, nuclei = blocks(4, 4, height=height)
    _, cell_of = method.library_join(cells, marker, maps, nuclei, 0.65, method.options(), ALWAYS)
    assert cell_of.tolist() == [0, 1, 1 if height >= 6 else 2]


@pytest.mark.sanitizers
def test_a_chain_is_one_cell_of_the_smallest_id():
    cells, marker, maps, nuclei = blocks(3, 3, 3, 3, 3)
    renamed = np.array([0, 4, 2, 5, 3, 1], np.uint32)
    cells, nuclei = renamed[cells], renamed[nuclei]
    got, cell_of = method.library_join(cells, marker, maps, nuclei, 0.65, method.options(), ALWAYS)
    assert (got == 1).all() and cell_of.tolist() == [0, 1, 1, 1, 1, 1]
    apart = np.where(cells == 5, 0, cells).astype(np.uint32)  # the middle one
    got, cell_of = method.library_join(apart, marker, maps, nuclei, 0.65, method.options(), ALWAYS)
    assert cell_of.tolist() == [0, 1, 2, 1, 2, 5] and set(np.unique(got)) == {0, 1, 2}


@pytest.mark.sanitizers
def test_a_cell_without_any_marker_is_as_bright_as_none():
    """Its median is 0: no border is bright beside it."""
    cells, _, maps, nuclei = blocks(20, 20)
    marker = np.where(cells == 1, 0, 0.5).astype(np.float32)
    joining = (0, 0, 100, 0, 0, 0)
    assert method.library_join(cells, marker, maps, nuclei, 0.65, method.options(), joining)[1].tolist() == [0, 1, 2]
    marker[cells == 1] = 0.001
    assert method.library_join(cells, marker, maps, nuclei, 0.65, method.options(), joining)[1].tolist() == [0, 1, 1]


@pytest.mark.sanitizers
@pytest.mark.parametrize("options, joining, kind", [
    ({"join": 0}, ALWAYS, method.DISTANCE),
    ({"join": 1000}, (1000, 0, 0, 0, 0, 0), method.DISTANCE),
    ({}, (0, 0, 0, 0, 0, 0), method.DISTANCE),
    ({}, None, method.DISTANCE),
    ({}, ALWAYS, method.BOUNDARY),
    ({}, ALWAYS, 0),
])  # fmt: skip
def test_nothing_is_joined(options, joining, kind):
    cells, marker, maps, nuclei = blocks(5, 5)
    got, cell_of = method.library_join(cells, marker, maps, nuclei, 0.65, method.options(**options), joining, kind)
    assert cell_of.tolist() == [0, 1, 2]
    np.testing.assert_array_equal(got, cells)


@pytest.mark.sanitizers
def test_no_other_cell_and_no_size_changes_a_decision():
    """A part of a field that no cell leaves decides as the whole does."""
    cells, marker, maps, nuclei = field(200, 220, 150, 3)
    options = method.options(cell_sigma_um=0)
    joining = for_a_fifth((0, 3, 1, 2, -1, -1), cells, marker, maps, nuclei, options)
    _, whole = method.library_join(cells, marker, maps, nuclei, 0.65, options, joining)
    kept = [i for i in range(1, cells.max() + 1) if (box := ndi.find_objects((cells == i).astype(np.uint8))[0])[0].stop < 140 and box[1].stop < 150]
    within = np.isin(cells, kept)
    part = [np.ascontiguousarray(np.where(within, a, 0)[:150, :160].astype(np.uint32)) for a in (cells, nuclei)]
    views = [np.ascontiguousarray(m[:150, :160]) for m in maps]
    _, cell_of = method.library_join(part[0], np.ascontiguousarray(marker[:150, :160]), views, part[1], 0.65, options, joining)
    pairs = method.borders(part[0], marker[:150, :160], views, part[1], 0.65, options)
    alone = {(a, b) for (a, b), (n, terms) in pairs.items() if n >= 6 and np.dot(joining, terms) > options.join}
    assert len(alone) > 5 and all(whole[a] == whole[b] and cell_of[a] == cell_of[b] for a, b in alone)


@pytest.mark.sanitizers
def test_any_number_of_threads_gives_the_same_bytes():
    cells, marker, maps, nuclei = field(300, 310, 300, 4)
    options = method.options(join=0.2)
    given = cells, marker, maps, nuclei, 0.65, options, for_a_fifth((0, 3, 1, 2, -1, -1), cells, marker, maps, nuclei, options)
    expected = method.library_join(*given)
    assert 100 < len(np.unique(expected[1])) < 290
    for threads in (1, 2, 7):
        for one, other in zip(method.library_join(*given, context=oracle.context(threads)), expected, strict=True):
            np.testing.assert_array_equal(one, other)


# ---- the public calls ----


def without_coefficients(joining=None):
    """The default model with other coefficients, or none."""
    import tempfile
    from pathlib import Path

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "default.cellseg"
        cellseg.Model.default().save(path)
        data = path.read_bytes()
    size = int.from_bytes(data[:8], "little")
    header = json.loads(data[8 : 8 + size])
    rule = json.loads(header["__metadata__"]["rule"])
    assert tuple(rule.pop("joining").values()) == DEFAULT
    if joining is not None:
        rule["joining"] = joining
    header["__metadata__"]["rule"] = json.dumps(rule)
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return cellseg.Model.load(len(text).to_bytes(8, "little") + text + data[8 + size :])


PLACES = {"n2a": FIELDS["n2a"][0], "ccdb6843": (SHARED / "ccdb6843/val/F03_1107.ome.tif", 0)}


@pytest.fixture(scope="module", params=PLACES)
def image(request):
    return channel(PLACES[request.param])


def same(one, other):
    for a, b in zip(one, other, strict=True):
        np.testing.assert_array_equal(a, b)


def test_a_model_without_coefficients_joins_nothing(image):
    apart = cellseg.segment(image, 0.65, join=0, **FAST)
    old = without_coefficients()
    assert "joining" not in old.info["rule"] and old.hash != cellseg.Model.default().hash
    same(cellseg.segment(image, 0.65, model=old, **FAST), apart)
    same(cellseg.segment(image, 0.65, use_extra_output=False, **FAST), cellseg.segment(image, 0.65, use_extra_output=False, join=0, **FAST))
    assert cellseg.segment(image, 0.65, **FAST)[0].max() < apart[0].max()


def test_the_paper_preset_joins_nothing(image):
    same(cellseg.segment(image, 0.65, preset="paper"), cellseg.segment(image, 0.65, preset="paper", model=without_coefficients()))


def components(mask):
    return ndi.label(mask)[1]


@pytest.mark.parametrize("px", [0.4, 0.65, 1.1])
@pytest.mark.parametrize("options", [{}, {"smooth_um": 1.5}, {"join": 0.1, "drop_border_cells": True, "cell_area_max_um2": 1500}])
def test_joined_cells(image, px, options):
    """Each cell one component, its nuclei inside; the report counts; a seed without room of its own may touch the next."""
    cells, nuclei, report = cellseg.segment(image, px, report=True, **options, **FAST)
    assert cellseg.labels.check(cells, nuclei) == ""
    assert all(components(cells[box] == i) == 1 for i, box in enumerate(ndi.find_objects(cells.astype(int)), 1))
    reasons = ("border", "area", "lost", "no_cytoplasm", "marker")
    dropped = sum(getattr(report, f"dropped_{reason}") for reason in reasons)
    assert report.nuclei == report.cells + report.nuclei_joined + dropped and report.cells == cells.max()
    counts = cellseg.measure(cells, nuclei)["nuclei_count"]
    parts = [components(nuclei[box] == i) for i, box in enumerate(ndi.find_objects(cells.astype(int)), 1)]
    np.testing.assert_array_equal(counts, parts)
    assert np.count_nonzero(counts > 1) <= report.cells_joined <= report.nuclei_joined
    if px == 0.65:  # nearly the images' own
        assert report.nuclei_joined > 0 and (counts.max() >= 2 or options.get("cell_area_max_um2"))


def test_the_evidence_is_monotone(image):
    """A lower threshold joins what a higher one does, and more."""
    found = [cellseg.segment(image, 0.65, join=join, report=True, **FAST)[2] for join in (1e-9, 0.5, 1, 4, 1000)]
    joined = [report.nuclei_joined for report in found]
    assert joined == sorted(joined, reverse=True) and joined[0] > joined[-1] == 0
    assert len({report.nuclei for report in found}) == 1


@pytest.mark.parametrize("join", [-1e-9, 1000.1, float("nan"), float("inf")])
def test_thresholds_out_of_range(join):
    with pytest.raises(cellseg.ArgumentError, match="join"):
        cellseg.segment(np.zeros((64, 64), np.uint8), 0.65, join=join)
