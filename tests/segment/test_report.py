# SPDX-License-Identifier: BSD-3-Clause
"""The report of a segmentation: every figure computed again with NumPy from maps and label maps of real images."""

import time

import cellseg
import method
import numpy as np
import pytest
import scipy.ndimage as ndi
from real_images import FIELDS, SHARED, channel

# Place, pixel size, edges of the crop: each holds more than fifteen cells.
CROPS = {
    "n2a": (FIELDS["n2a"][0], 0.65, 320, 400),
    "n2a, other scale": (FIELDS["n2a"][0], 1.1, 320, 400),
    "ccdb6843": ((SHARED / "ccdb6843/val/F01_1464.ome.tif", 0), 0.65, 320, 400),
    "embl_md": (FIELDS["embl_md"][0], 0.645, 320, 400),
}
NO_LIMITS = {"nucleus_area_min_um2": 0, "nucleus_probability_min": 0, "nucleus_strength_ratio": 0}
FAST = {"orientations": 1}
EXTRA = {"extra_output": "distance"}  # of the default model


class Run:
    """A segmentation with its report, and the same step by step."""

    def __init__(self, place, pixel_size_um, height, width):
        self.image, self.px = channel(place)[:height, :width], pixel_size_um
        self.seconds = -time.monotonic()
        self.cells, self.nuclei, self.report = self.segment()
        self.seconds += time.monotonic()
        self.maps, self.maps_px = cellseg.segment_maps(self.image, self.px, **FAST)
        self.seeds = cellseg.segment_nuclei(self.maps, self.maps_px, **EXTRA)
        self.joined_cells, self.cell_of = self.working_cells()

    def segment(self, **options):
        return cellseg.segment(self.image, self.px, report=True, **FAST, **options)

    def marker(self):
        """The marker at the working scale, as the cells step reads it."""
        rule = method.Rule(self.maps_px, 130, 1, 99.8, 30, 1, 1)
        return method.library_preprocess(self.image, self.px, rule)

    def working_cells(self):
        """(cells, the cell of each seed) at the working scale, joined as tests/segment/test_join.py proves."""
        maps, options = list(np.ascontiguousarray(self.maps)), method.options()
        cells = method.library_cells(self.marker(), maps, self.seeds, self.maps_px, options, method.DISTANCE)
        joining = list(cellseg.Model.default().info["rule"]["joining"].values())
        return method.library_join(cells, self.marker(), maps, self.seeds, self.maps_px, options, joining)

    def cells_of(self, **options):
        """Cells of the same seeds with other options."""
        given = self.image, self.seeds, self.px
        known = {"maps": self.maps, "maps_pixel_size_um": self.maps_px, "model": cellseg.Model.default()}
        return cellseg.segment_cells(*given, **known, **EXTRA, **options)


@pytest.fixture(scope="module", params=CROPS)
def run(request):
    made = Run(*CROPS[request.param])
    assert made.cells.max() >= 15
    return made


def confidences(run, nuclei):
    """The mean probability in the seeds of the joined cell that most pixels of each cell's nuclei lie on."""
    y, x = np.nonzero(nuclei)
    down, across = run.maps.shape[1] / nuclei.shape[0], run.maps.shape[2] / nuclei.shape[1]
    seeds = run.cell_of[run.seeds]
    votes = np.zeros((nuclei.max() + 1, seeds.max() + 1), int)
    np.add.at(votes, (nuclei[y, x], seeds[((y + 0.5) * down).astype(int), ((x + 0.5) * across).astype(int)]), 1)
    votes[:, 0] = 0
    return ndi.mean(run.maps[0].astype(np.float64), seeds, votes[1:].argmax(axis=1))


def test_cells_and_confidence(run):
    report = run.report
    assert report.cells == run.cells.max() == run.nuclei.max()
    assert report.confidence.shape == (report.cells + 1,) and report.confidence[0] == 0
    np.testing.assert_allclose(report.confidence[1:], confidences(run, run.nuclei), atol=1e-6)


def test_the_marker_check_s_figures(run):
    report, cells = run.report, run.joined_cells
    expected = method.check(run.marker(), run.maps[0], cells, run.cell_of[run.seeds], run.maps_px)
    figures = report.marker_contrast, report.nuclei_confidence, report.marker_share
    np.testing.assert_allclose(figures, expected, atol=1e-6)
    assert report.marker_verdict == "suitable" and report.dropped_marker == 0
    with_ring = set(np.unique(cells[(run.seeds == 0) & (ndi.distance_transform_edt(run.seeds == 0) <= 4 / run.maps_px)])) - {0}
    assert report.marker_cells == len(with_ring)
    assert report.marker_range == pytest.approx(run.marker().max(), abs=1e-6)


def test_scales_and_diameters(run):
    report = run.report
    areas = np.bincount(run.seeds.ravel())[1:]
    assert (report.pixel_size_um, report.working_pixel_size_um) == (run.px, run.maps_px)
    assert report.nucleus_diameter_um == cellseg.Model.default().nucleus_diameter_um == 15
    found = 2 * np.sqrt(np.median(areas) / np.pi) * run.maps_px
    assert report.nucleus_diameter_found_um == pytest.approx(found, rel=1e-6)
    ratio = max(found / 15, 15 / found)
    assert report.nucleus_diameter_suggested_um == (0 if ratio <= 1.5 else report.nucleus_diameter_found_um)


def test_seconds_memory_and_versions(run):
    report = run.report
    seconds = [getattr(report, name) for name in report._fields if name.startswith("seconds_")]
    assert len(seconds) == 5 and min(seconds) > 0 and 0.5 * run.seconds < sum(seconds) <= run.seconds
    assert report.seconds_network == max(seconds)
    assert report.peak_bytes > 0  # through the package's own context
    assert report.library_version == cellseg.library_version() and report.model_hash == cellseg.Model.default().hash


def nuclei_dropped(run):
    """(small, improbable, weak) of all candidates, as the options' comments define them."""
    labels = cellseg.segment_nuclei(run.maps, run.maps_px, **EXTRA, **NO_LIMITS)
    area = np.bincount(labels.ravel())[1:]
    total = np.bincount(labels.ravel(), run.maps[0].ravel().astype(np.float64))[1:]
    small = area * run.maps_px**2 < 25
    improbable = ~small & (total / area < 0.3)
    strength = (total / area * area**0.25)[~small & ~improbable].astype(np.float32)
    weak = strength < 0.5 * np.percentile(strength, 75) if len(strength) >= 15 else np.zeros(0)
    assert run.seeds.max() == len(strength) - np.count_nonzero(weak)
    return [int(np.count_nonzero(reason)) for reason in (small, improbable, weak)]


def test_nuclei_dropped_by_reason(run):
    report = run.report
    assert nuclei_dropped(run) == [report.dropped_small, report.dropped_improbable, report.dropped_weak]
    assert sum(nuclei_dropped(run)) > 0


def areas_of(labels):
    return np.bincount(labels.ravel(), minlength=labels.max() + 1)[1:]


def on_border(cells):
    return {int(i) for edge in (cells[0], cells[-1], cells[:, 0], cells[:, -1]) for i in edge if i}


@pytest.mark.parametrize("options", [
    {"drop_border_cells": True},
    {"cell_area_min_um2": 500},
    {"cell_area_max_um2": 500},
    {"cytoplasm_min": 0.75},
    {"cell_area_min_um2": 400, "cell_area_max_um2": 1500, "drop_border_cells": 1, "cytoplasm_min": 0.7},
])  # fmt: skip
def test_cells_dropped_by_reason(run, options):
    """A cell counts for the first reason that applies: area, border, cytoplasm."""
    cells, nuclei, report = run.segment(**options)
    all_cells, all_nuclei = run.cells_of(cytoplasm_min=0)
    area = areas_of(all_cells) * run.px**2
    cytoplasm = 1 - np.bincount(all_nuclei.ravel(), minlength=all_cells.max() + 1)[1:] / areas_of(all_cells)
    outside = (area < options.get("cell_area_min_um2", 0)) | (area > options.get("cell_area_max_um2", np.inf))
    border = np.isin(np.arange(1, len(area) + 1), list(on_border(all_cells))) & bool(options.get("drop_border_cells", 0)) & ~outside
    thin = (cytoplasm < options.get("cytoplasm_min", 0.1)) & ~outside & ~border
    joined = np.count_nonzero(run.cell_of != np.arange(len(run.cell_of)))
    assert run.seeds.max() == all_cells.max() + joined  # none lost its nucleus at the image's own scale
    counts = report.dropped_area, report.dropped_border, report.dropped_no_cytoplasm
    assert counts == tuple(int(np.count_nonzero(reason)) for reason in (outside, border, thin))
    assert report.cells == cells.max() == nuclei.max() == len(area) - sum(counts) and sum(counts) > 0
    assert report.nuclei == report.cells + report.nuclei_joined + sum(counts) and report.dropped_lost == 0
    assert report.nuclei_joined == joined >= report.cells_joined
    kept = ~(outside | border | thin)
    np.testing.assert_array_equal(cells > 0, np.concatenate([[False], kept])[all_cells])
    np.testing.assert_allclose(report.confidence[1:], confidences(run, all_nuclei)[kept], atol=1e-6)


def test_a_refused_marker_drops_every_nucleus():
    image = channel(FIELDS["n2a"][1])[:400]  # the nuclear stain
    cells, nuclei, report = cellseg.segment(image, 0.65, report=True, **FAST)
    kept = cellseg.segment(image, 0.65, report=True, marker_check="warn", **FAST)
    assert report.cells == cells.max() == nuclei.max() == 0 and report.marker_verdict == "nuclear-stain"
    assert report.confidence.tolist() == [0]
    assert report.dropped_marker == kept[2].cells + kept[2].dropped_no_cytoplasm + kept[2].dropped_lost > 15 and kept[2].dropped_marker == 0
    assert report.nuclei == report.dropped_marker + report.nuclei_joined and report.dropped_lost == report.cells_joined == 0
    same = [name for name in report._fields if name.startswith(("marker_", "nucle", "working", "dropped_weak"))]
    assert [getattr(report, name) for name in same] == [getattr(kept[2], name) for name in same]
    assert report.marker_contrast < -0.2 and report.marker_share > 0.4


def test_a_doubtful_marker():
    """Actin and DAPI in one channel: the verdict is the rule of the header, and "refuse" drops all cells."""
    image = sum(channel(place).astype(np.uint32) for place in FIELDS["n2a"])
    for check, dropped in (("refuse-stains", False), ("refuse", True)):
        report = cellseg.segment(image, 0.65, report=True, marker_check=check, **FAST)[-1]
        assert report.marker_verdict == "doubtful" and report.marker_contrast < -0.05 and report.nuclei_confidence < 0.7
        assert (report.dropped_marker > 0) == dropped == (report.cells == 0)


def test_an_empty_image():
    for image in (np.full((90, 120), 7, np.uint8), np.random.default_rng(1).normal(1000, 20, (90, 120))):
        _, _, report = cellseg.segment(image, 0.65, report=True)
        assert report.cells == report.marker_cells == report.nucleus_diameter_found_um == report.marker_contrast == 0
        assert report.marker_range < 0.5 and report.marker_verdict == "suitable" and report.confidence.tolist() == [0]


def test_the_two_channel_method_has_no_network():
    marker, nuclear = (channel(place) for place in FIELDS["n2a"])
    cells, _, report = cellseg.segment_two_channel(marker, nuclear, 0.65, report=True)
    assert report.cells == cells.max() > 15 and report.confidence is None
    assert report.model_hash == report.marker_cells == report.seconds_network == report.nuclei_confidence == 0
    assert report.nucleus_diameter_um == 15 and report.working_pixel_size_um == 0.65 and report.marker_range == 1
    assert report.nucleus_diameter_found_um > 5 and report.dropped_improbable == report.dropped_weak == 0


def test_the_peak_of_memory():
    image = channel(FIELDS["n2a"][0])[:300]
    context = cellseg.Context(threads=1)
    for _ in range(2):  # the peak of each call, not of the context
        report = cellseg.segment(image, 0.65, report=True, context=context)[-1]
        assert 10 * image.size < report.peak_bytes <= cellseg.segment_memory(*image.shape, 0.65, context=context)
    context = cellseg.Context(memory_budget_bytes=report.peak_bytes + 2**30)
    assert cellseg.segment(image, 0.65, report=True, context=context)[-1].peak_bytes >= report.peak_bytes


def test_no_report_is_the_same_result(run):
    np.testing.assert_array_equal(cellseg.segment(run.image, run.px, **FAST)[0], run.cells)
