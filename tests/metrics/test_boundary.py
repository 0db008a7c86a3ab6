# SPDX-License-Identifier: BSD-3-Clause
"""The boundary F-score against its definition: scikit-image's boundaries, SciPy's distances."""

import cellseg
import maps
import numpy as np
import pytest
from scipy.ndimage import distance_transform_edt
from skimage.segmentation import find_boundaries

PAIRS = list(maps.pairs())


def outline(labels):
    """Pixels of a label with a 4-neighbour of another id inside the image."""
    return find_boundaries(labels, connectivity=1, mode="inner")


def near(boundary, other, tolerance):
    """The part of a boundary within the tolerance of another."""
    if not boundary.any():
        return 0
    if not other.any():
        return 0
    return (distance_transform_edt(~other)[boundary] <= tolerance).mean()


@pytest.mark.parametrize("i", range(len(PAIRS)))
def test_definition(i):
    outlines = [outline(m) for m in PAIRS[i]]
    for tolerance in 0, 1, 1.5, 2, 3.25, 1e6:
        ours = cellseg.boundary(*PAIRS[i], tolerance)
        assert (ours.reference_pixels, ours.target_pixels) == tuple(o.sum() for o in outlines)
        if not any(o.any() for o in outlines):
            assert ours[:3] == (1, 1, 1)
            continue
        recall, precision = near(*outlines, tolerance), near(*outlines[::-1], tolerance)
        f1 = 2 * precision * recall / (precision + recall) if precision + recall else 0
        assert ours[:3] == pytest.approx((precision, recall, f1), abs=1e-14)


def test_a_shift_within_the_tolerance_is_perfect():
    y, x = np.indices((60, 60))
    disc = ((y - 30) ** 2 + (x - 30) ** 2 < 300).astype(int)
    scores = [cellseg.boundary(disc, np.roll(disc, 3, 1), tolerance).f1 for tolerance in (0, 1, 2, 3)]
    assert scores == sorted(scores) and scores[0] < 0.5 and scores[-1] == 1


def test_tolerances_that_are_distances_include_them():
    reference, target = np.zeros((2, 9, 9), int)
    reference[4, 4] = target[6, 5] = 1
    assert cellseg.boundary(reference, target, np.sqrt(5)).f1 == 1
    assert cellseg.boundary(reference, target, 2.236).f1 == 0


def test_bad_arguments():
    one = np.ones((2, 2), int)
    for tolerance in -0.5, np.nan, np.inf:
        with pytest.raises(cellseg.ArgumentError, match="tolerance_px is"):
            cellseg.boundary(one, one, tolerance)
    with pytest.raises(cellseg.ArgumentError, match="2 x 2 pixels, the target 2 x 3"):
        cellseg.boundary(one, np.ones((2, 3), int))
