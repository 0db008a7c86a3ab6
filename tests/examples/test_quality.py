# SPDX-License-Identifier: BSD-3-Clause
"""What a user gets on a real field: as good as promised, the same at another scale, and nothing where there is nothing."""

import numpy as np
import pytest
import tifffile
from program import FIELD, PIXEL_SIZE_UM, TRUTH, run, write_image

SIMILARITY = {"segment": 0.85, "label": 0.88}  # floors; docs/defaults.md has what is reached


def similarity(truth, predicted):
    lines = run("evaluate", truth, predicted).output.splitlines()
    return float(lines[1].split()[-1])


@pytest.mark.parametrize("method", SIMILARITY)
def test_cells_agree_with_a_person_s(method, tmp_path):
    stain = ["--nuclei-channel", 1] if method == "label" else []
    assert run(method, *stain, "-o", tmp_path, FIELD).code == 0
    assert similarity(TRUTH, tmp_path / "n2a.cells.tif") >= SIMILARITY[method]


def test_twice_the_resolution_gives_the_same_cells(tmp_path):
    marker = tifffile.imread(FIELD)[0]
    fine = marker.repeat(2, axis=0).repeat(2, axis=1)
    write_image(tmp_path / "coarse.tif", marker)
    write_image(tmp_path / "fine.tif", fine, PIXEL_SIZE_UM / 2)
    assert run("segment", "-o", tmp_path, tmp_path / "coarse.tif", tmp_path / "fine.tif").code == 0
    coarse = tifffile.imread(tmp_path / "coarse.cells.tif").repeat(2, axis=0).repeat(2, axis=1)
    write_image(tmp_path / "coarse2.tif", coarse)
    assert similarity(tmp_path / "coarse2.tif", tmp_path / "fine.cells.tif") >= 0.90


def empty_fields():
    random = np.random.default_rng(1)
    y, x = np.mgrid[:400, :600]
    vignette = 300 + 100 * np.exp(-((x - 350) ** 2 + (y - 200) ** 2) / 1e5)
    return {
        "blank": np.full((400, 600), 500, np.uint16),
        "shot_noise": random.poisson(vignette).astype(np.uint16),
        "read_noise": random.normal(1000, 100, (400, 600)).astype(np.uint16),
        "slope": random.normal(100 + 0.05 * x + 0.02 * y, 6).astype(np.uint16),
    }


@pytest.mark.parametrize("kind", empty_fields())
def test_nothing_gives_nothing(kind, tmp_path):
    write_image(tmp_path / "field.tif", empty_fields()[kind])
    assert run("segment", "-o", tmp_path, tmp_path / "field.tif").code == 0
    assert not tifffile.imread(tmp_path / "field.cells.tif").any()


def test_the_dark_half_of_a_field_gives_nothing(tmp_path):
    marker = tifffile.imread(FIELD)[0].copy()
    dark = np.percentile(marker, 2)
    marker[:, 348:] = np.random.default_rng(2).normal(dark, 5, marker[:, 348:].shape).clip(0)
    write_image(tmp_path / "half.tif", marker)
    assert run("segment", "-o", tmp_path, tmp_path / "half.tif").code == 0
    cells = tifffile.imread(tmp_path / "half.cells.tif")
    assert cells[:, :340].any() and not cells[:, 356:].any()


def test_a_nuclear_stain_gives_no_cells_and_a_warning(tmp_path):
    """The same field's DAPI; its phalloidin, which fits, gives no warning."""
    for channel, check, warned, cells in ((1, "refuse-stains", True, False), (1, "warn", True, True), (0, "refuse", False, True)):
        result = run("segment", "--channel", channel, "--marker-check", check, "-o", tmp_path, FIELD)
        assert result.code == 0 and sum("as in a nuclear stain" in line for line in result.errors) == warned
        assert tifffile.imread(tmp_path / "n2a.cells.tif").any() == tifffile.imread(tmp_path / "n2a.nuclei.tif").any() == cells


def test_a_doubtful_marker_is_refused_on_request(tmp_path):
    """Actin and DAPI in one channel: nuclei brighter than their surroundings, at a low confidence."""
    marker, stain = tifffile.imread(FIELD).astype(np.uint32)
    write_image(tmp_path / "both.tif", (marker + stain).astype(np.uint16))
    for check in ("warn", "refuse"):
        result = run("segment", "--verbose", "--marker-check", check, "-o", tmp_path, tmp_path / "both.tif")
        assert result.code == 0 and sum("the marker may not be suitable" in line for line in result.errors) == 1
        assert tifffile.imread(tmp_path / "both.cells.tif").any() == (check == "warn")
