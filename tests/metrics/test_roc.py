# SPDX-License-Identifier: BSD-3-Clause
"""ROC curve, area and rates against scikit-learn's, ties and rounding included."""

import cellseg
import numpy as np
import pytest
from sklearn import metrics


def maps_and_truths():
    random = np.random.default_rng(1)
    for shape in (1, 1), (1, 17), (33, 20), (64, 80):
        truth = random.integers(0, 5, shape) * (random.random(shape) < 0.5)
        smooth = np.clip(random.normal(0.3 + 0.3 * (truth > 0), 0.2), 0, 1)
        for values in smooth, np.round(smooth, 1), np.round(smooth), np.full(shape, 0.5), random.random(shape), 1 - smooth:
            yield values.astype(np.float32), truth
    tiny = np.float32([[0, 1e-45, 1e-38, 1e-10, 0.5, np.nextafter(np.float32(1), np.float32(0)), 1, -0.0]])
    yield tiny, np.array([[0, 1, 0, 1, 1, 0, 1, 1]])
    yield random.random((9, 9)).astype(np.float32), np.zeros((9, 9), int)
    yield random.random((9, 9)).astype(np.float32), np.full((9, 9), 2**32 - 1)


CASES = list(maps_and_truths())


@pytest.mark.parametrize("i", range(len(CASES)))
def test_area_and_rates(i):
    values, truth = CASES[i]
    positive = truth.ravel() > 0
    for threshold in 0, 0.3, 0.5, float(values.flat[0]), 1:
        threshold = abs(threshold)
        ours = cellseg.roc(values, truth, threshold)
        if 0 < positive.sum() < positive.size:
            expected = metrics.roc_auc_score(positive, np.abs(values.ravel()))
            assert ours.auc == pytest.approx(expected, abs=1e-12)
        else:
            assert np.isnan(ours.auc)
        found = values.ravel().astype(np.float64) >= threshold
        tn, fp, fn, tp = metrics.confusion_matrix(positive, found, labels=[False, True]).ravel()
        counts = ours.true_negatives, ours.false_positives, ours.false_negatives, ours.true_positives
        assert counts == (tn, fp, fn, tp) and ours.threshold == threshold
        assert ours.accuracy == pytest.approx(metrics.accuracy_score(positive, found), abs=1e-15)
        assert ours.sensitivity == pytest.approx(tp / (tp + fn) if tp + fn else np.nan, nan_ok=True)
        assert ours.specificity == pytest.approx(tn / (tn + fp) if tn + fp else np.nan, nan_ok=True)


@pytest.mark.parametrize("i", range(len(CASES)))
def test_curve(i):
    values, truth = CASES[i]
    positive = truth.ravel() > 0
    for points in 2, 11, 101, 1001:
        ours = cellseg.roc(values, truth, points=points)
        thresholds = np.arange(points) / (points - 1)
        found = np.abs(values.ravel().astype(np.float64))[:, None] >= thresholds
        np.testing.assert_array_equal(ours.curve_true_positives, found[positive].sum(0))
        np.testing.assert_array_equal(ours.curve_false_positives, found[~positive].sum(0))


def test_curve_passes_through_scikit_learn_s_points():
    """Where the values are the thresholds, its curve is ours."""
    random = np.random.default_rng(5)
    truth = random.random((40, 50)) < 0.4
    values = (random.integers(0, 65, truth.shape) / 64).astype(np.float32)
    ours = cellseg.roc(values, truth, points=65)
    fpr, tpr, thresholds = metrics.roc_curve(truth.ravel(), values.ravel(), drop_intermediate=False)
    at = (thresholds[1:] * 64).round().astype(int)
    np.testing.assert_allclose(ours.curve_true_positives[at] / truth.sum(), tpr[1:], rtol=1e-13)
    np.testing.assert_allclose(ours.curve_false_positives[at] / (~truth).sum(), fpr[1:], rtol=1e-13)


def test_a_saturated_map():
    """What a confident network gives: most pixels at 0 or 1 to the last bits."""
    random = np.random.default_rng(2)
    truth = random.random((200, 200)) < 0.3
    values = (1 / (1 + np.exp(-random.normal(np.where(truth, 9, -9), 8)))).astype(np.float32)
    assert cellseg.roc(values, truth).auc == pytest.approx(metrics.roc_auc_score(truth.ravel(), values.ravel()), abs=1e-12)


def test_bad_arguments():
    one, map_ = np.ones((2, 2), int), np.zeros((2, 2), np.float32)
    for value in -0.1, 1.0000001, np.nan, np.inf:
        bad = map_.copy()
        bad[1, 0] = value
        with pytest.raises(cellseg.ArgumentError, match="row 1, column 0"):
            cellseg.roc(bad, one)
    for threshold in -1, 1.5, np.nan:
        with pytest.raises(cellseg.ArgumentError, match="threshold is"):
            cellseg.roc(map_, one, threshold)
    for points in 0, 1, 2**21:
        with pytest.raises(cellseg.ArgumentError, match="points is"):
            cellseg.roc(map_, one, points=points)
    with pytest.raises(cellseg.ArgumentError, match="2 x 2 pixels, the truth 2 x 3"):
        cellseg.roc(map_, np.ones((2, 3), int))
    with pytest.raises(cellseg.ArgumentError, match="float32"):
        cellseg.roc(one.astype(np.uint8), one)
