# SPDX-License-Identifier: BSD-3-Clause
"""Matching, average precision, panoptic quality, AJI, SEG, splits and merges, against dense tables of every label with every other
and SciPy's assignment, written down from the papers and from what StarDist and Cellpose document."""

import cellseg
import maps
import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

THRESHOLDS = [0, 0.05, 0.1, 0.2, 0.3, 1 / 3, 0.4, 0.5, 0.55, 0.7, 0.75, 0.9, 1]
PAIRS = list(maps.pairs())


def stardist_true_positives(iou, threshold):
    """StarDist's matching() and Cellpose's _true_positive(): the assignment of the most pairs that reach the threshold."""
    if iou.size == 0:
        return 0
    reaches = iou >= threshold if threshold > 0 else iou > 0
    rows, columns = linear_sum_assignment(-reaches.astype(float) - iou / (2 * min(iou.shape)))
    return int(reaches[rows, columns].sum())


def best_sum(iou, threshold):
    """The largest sum of IoU of a matching of the most pairs, none below the threshold."""
    reaches = (iou >= threshold) & (iou > 0)
    worth = np.where(reaches, min(iou.shape) + 1 + iou, 0)
    rows, columns = linear_sum_assignment(-worth)
    return (iou * reaches)[rows, columns].sum()


def check_matching(ours, iou, threshold):
    references, targets = iou.shape
    tp = stardist_true_positives(iou, threshold)
    assert (ours.true_positives, ours.false_positives, ours.false_negatives) == (tp, targets - tp, references - tp)
    if references + targets == 0:
        assert set(ours[4:]) == {1.0}
        return
    iou_sum = best_sum(iou, threshold) if iou.size else 0
    fp, fn = targets - tp, references - tp
    expected = {
        "threshold": threshold,
        "precision": tp / (tp + fp) if targets else 0,
        "recall": tp / (tp + fn) if references else 0,
        "f1": 2 * tp / (2 * tp + fp + fn),
        "average_precision": tp / (tp + fp + fn),
        "mean_iou": iou_sum / tp if tp else 0,
        "panoptic_quality": iou_sum / (tp + fp / 2 + fn / 2),
    }
    for name, value in expected.items():
        assert getattr(ours, name) == pytest.approx(value, abs=1e-8), (name, threshold)


@pytest.mark.parametrize("i", range(len(PAIRS)))
def test_matching(i):
    iou = maps.iou(*PAIRS[i])
    for ours, threshold in zip(cellseg.matching(*PAIRS[i], THRESHOLDS), THRESHOLDS, strict=True):
        check_matching(ours, iou, threshold)


@pytest.mark.parametrize("seed", range(200))
def test_matching_where_pairs_compete(seed):
    for make in maps.chain, maps.crowd, maps.noise:
        pair = make(1000 + seed)
        iou = maps.iou(*pair)
        for threshold in 0, 0.05, 0.1, 0.25, 0.45:
            check_matching(cellseg.matching(*pair, threshold), iou, threshold)


def test_exact_halves_compete_at_a_half():
    """A label cut into two equal parts has two partners of IoU 0.5, of which one counts."""
    ours = cellseg.matching([[1, 1, 1, 1]], [[1, 1, 2, 2]], [0.5, np.nextafter(0.5, 1)])
    assert [m.true_positives for m in ours] == [1, 0] and ours[0].false_positives == 1


def test_a_pair_is_given_up_where_two_are_gained():
    """Reference 1 prefers target 1, which is the only one that reference 2 can have."""
    reference, target = [[1] * 6 + [2] * 3 + [0]], [[2] * 2 + [1] * 7 + [0]]
    iou = maps.iou(reference, target)
    assert iou[0].argmax() == iou[1].argmax() == 0 and iou[1, 1] == 0
    ours = cellseg.matching(reference, target, 0.2)
    assert ours.true_positives == 2
    check_matching(ours, iou, 0.2)


def aggregated_jaccard(reference, target):
    """Kumar et al. 2017, algorithm 1: each reference label takes the target of the highest IoU, which others may take too."""
    overlap, of_reference, of_target = maps.table(reference, target)
    ratios = maps.iou(reference, target)
    shared = united = 0
    used = set()
    for r in range(of_reference.size):
        j = int(ratios[r].argmax()) if of_target.size else None
        if j is None or overlap[r, j] == 0:
            united += of_reference[r]
            continue
        shared += overlap[r, j]
        united += of_reference[r] + of_target[j] - overlap[r, j]
        used.add(j)
    united += sum(area for j, area in enumerate(of_target) if j not in used)
    return shared / united


def seg(reference, target):
    """The Cell Tracking Challenge's: by masks, one reference label after the other."""
    reference, target = np.asarray(reference), np.asarray(target)
    scores = []
    for r in np.unique(reference[reference > 0]):
        mask, score = reference == r, 0
        for t in np.unique(target[mask]):
            both = (mask & (target == t)).sum()
            if t > 0 and both > 0.5 * mask.sum():
                score = both / (mask | (target == t)).sum()
        scores.append(score)
    return np.mean(scores) if scores else 0


@pytest.mark.parametrize("i", range(len(PAIRS)))
def test_detection(i):
    reference, target = PAIRS[i]
    ours = cellseg.detection(reference, target)
    iou = maps.iou(reference, target)
    assert (ours.reference_count, ours.target_count) == iou.shape
    if sum(iou.shape) == 0:
        assert ours[:5] == (1, 1, 1, 0, 0)
        return
    true_positives = [stardist_true_positives(iou, percent / 100) for percent in range(50, 100, 5)]
    mean = np.mean([tp / (sum(iou.shape) - tp) for tp in true_positives])
    assert ours.average_precision == pytest.approx(mean, abs=1e-13)
    assert ours.aggregated_jaccard == pytest.approx(aggregated_jaccard(reference, target), abs=1e-13)
    assert ours.seg == pytest.approx(seg(reference, target), abs=1e-13)
    assert ours.splits == ((iou > 0.1).sum(1) > 1).sum() and ours.merges == ((iou > 0.1).sum(0) > 1).sum()


def test_swapped_maps_swap_splits_and_merges():
    reference, target = maps.moved(3)
    one, other = cellseg.detection(reference, target), cellseg.detection(target, reference)
    assert (one.splits, one.merges) == (other.merges, other.splits) and one.merges > 0
    assert one.average_precision == other.average_precision


def test_ids_do_not_matter():
    """But for AJI, where equal IoUs go to the lower id."""
    reference, target = maps.moved(4)
    ids = np.random.default_rng(0).choice(2**32 - 1, 5000, replace=False) + 1
    ids[0] = 0
    renamed = ids[reference], ids[target]
    for one, other in zip(cellseg.matching(*renamed, THRESHOLDS), cellseg.matching(reference, target, THRESHOLDS)):
        assert one == pytest.approx(other, abs=1e-13)
    one, other = (cellseg.detection(*pair)._asdict() for pair in (renamed, (reference, target)))
    assert all(one[name] == pytest.approx(other[name], abs=1e-13) for name in one if name != "aggregated_jaccard")


def test_a_large_chain_takes_moderate_time():
    """A hundred thousand labels in one component; a dense table would take 80 GB."""
    x = np.arange(300000)
    reference, target = (x // 3 + 1)[None], ((x + 1) // 3 + 1)[None]
    half = cellseg.matching(reference, target, [0.2, 0.5])
    assert half[0].true_positives == 100000 and half[1].true_positives == 100000


def test_bad_arguments():
    one = np.ones((2, 2), int)
    for threshold in -0.1, 1.1, float("nan"):
        with pytest.raises(cellseg.ArgumentError, match="threshold is"):
            cellseg.matching(one, one, [0.5, threshold])
    with pytest.raises(cellseg.ArgumentError, match="count is 0"):
        cellseg.matching(one, one, [])
    with pytest.raises(ValueError, match="sequence"):
        cellseg.matching(one, one, [[0.5]])
    for function in cellseg.matching, cellseg.detection:
        with pytest.raises(cellseg.ArgumentError, match="2 x 2 pixels, the target 2 x 3"):
            function(one, np.ones((2, 3), int))
