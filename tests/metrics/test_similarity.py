# SPDX-License-Identifier: BSD-3-Clause
"""SM and its parts against a derivation from the paper's formula by sets of pixels, which shares nothing with the library."""

import cellseg
import numpy as np
import pytest


def pixels_by_label(labels):
    sets = {}
    for position, label in enumerate(np.asarray(labels).ravel().tolist()):
        if label:
            sets.setdefault(label, set()).add(position)
    return sets


def dice(a, b):
    return 2 * len(a & b) / (len(a) + len(b))


def partner(label, pixels, others):
    """The other map's label of largest overlap; then of smaller area; then of lower id."""
    overlapping = [(-len(pixels & other), len(other), i) for i, other in others.items() if pixels & other]
    return min(overlapping)[2] if overlapping else None


def expected(reference, target, k):
    r, t = pixels_by_label(reference), pixels_by_label(target)
    if not r and not t:
        return dict(sm=1, mean_best_dice=1, pair_ratio=1, dice=1, jaccard=1, pairs=0, reference_count=0, target_count=0), []
    cell_dice = [max((dice(r[i], t[j]) for j in t), default=0) for i in sorted(r)]
    pairs = 0
    for i in r:
        j = partner(i, r[i], t)
        pairs += j is not None and partner(j, t[j], r) == i
    mean = sum(cell_dice) / len(cell_dice) if cell_dice else 0
    ratio = 2 * pairs / (len(r) + len(t))
    one, other = set().union(*r.values()), set().union(*t.values())
    parts = dict(sm=k * mean + (1 - k) * ratio, mean_best_dice=mean, pair_ratio=ratio, dice=dice(one, other))
    parts["jaccard"] = len(one & other) / len(one | other)
    return dict(parts, pairs=pairs, reference_count=len(r), target_count=len(t)), cell_dice


def check(reference, target, k=0.6):
    parts, cell_dice = expected(reference, target, k)
    ours = cellseg.similarity(reference, target, k)
    for name, value in parts.items():
        assert getattr(ours, name) == pytest.approx(value, abs=1e-13), name
    np.testing.assert_allclose(ours.cell_dice, cell_dice, rtol=0, atol=1e-15)


def blocks(shape, size):
    y, x = np.indices(shape)
    return (y // size) * (shape[1] // size + 1) + x // size + 1


@pytest.mark.parametrize("seed", range(40))
def test_random_maps(seed):
    random = np.random.default_rng(seed)
    shape = tuple(random.integers(1, 40, 2))
    labels = random.integers(2, 30)
    reference, target = (random.integers(0, labels, shape) for _ in range(2))
    check(reference, target, k=random.random())


@pytest.mark.parametrize("seed", range(20))
def test_blobs_moved_split_and_merged(seed):
    random = np.random.default_rng(seed)
    reference = blocks((48, 60), 6) * (random.random((48, 60)) > 0.1)
    target = np.roll(reference, random.integers(-3, 4, 2), (0, 1))
    target[np.isin(target, random.choice(target.max(), 10))] = 5
    target[:, ::7] += (target[:, ::7] > 0) * 1000
    check(reference, target)
    check(target, reference)


def test_ties_go_to_the_smaller_partner_then_to_the_lower_id():
    check([[1, 1, 1, 1]], [[7, 7, 3, 3]])
    check([[1, 1, 1, 1, 0]], [[3, 3, 7, 7, 3]])
    assert cellseg.similarity([[1, 1, 2, 2, 0]], [[3, 7, 3, 7, 7]]).pairs == 1
    check([[1, 1, 2, 2]], [[1, 2, 1, 2]])


@pytest.mark.parametrize("seed", range(20))
def test_ties_everywhere(seed):
    random = np.random.default_rng(seed)
    reference = np.repeat(random.permutation(12) + 1, 4)[None]
    check(reference, random.permutation(np.repeat(np.arange(1, 13), 4))[None])


def test_degenerate_maps():
    empty, full, checkers = np.zeros((9, 7), int), np.ones((9, 7), int), np.indices((9, 7)).sum(0) % 2
    for reference in empty, full, checkers, 1 - checkers, np.arange(63).reshape(9, 7):
        for target in empty, full, checkers, 1 - checkers, np.arange(63).reshape(9, 7):
            check(reference, target)
    for one in 0, 5:
        for other in 0, 9:
            check([[one]], [[other]])
    assert cellseg.similarity(empty, empty).sm == 1
    assert cellseg.similarity(empty, full).sm == cellseg.similarity(full, empty).sm == 0


def test_ids_of_any_size():
    random = np.random.default_rng(3)
    ids = np.concatenate([[0, 2**32 - 1, 2**31, 1], random.integers(1, 2**32, 20)])
    check(ids[random.integers(0, ids.size, (30, 30))], ids[random.integers(0, ids.size, (30, 30))])


def test_a_perfect_result_under_other_ids():
    reference = blocks((40, 40), 5)
    result = cellseg.similarity(reference, np.random.default_rng(0).permutation(10000)[reference] + 1)
    assert result.sm == result.dice == 1 and result.pairs == result.reference_count == 64


def test_bad_arguments():
    one = np.ones((2, 2), int)
    for k in -0.1, 1.1, float("nan"):
        with pytest.raises(cellseg.ArgumentError, match="k is"):
            cellseg.similarity(one, one, k)
    with pytest.raises(cellseg.ArgumentError, match="2 x 2 pixels, the target 2 x 3"):
        cellseg.similarity(one, np.ones((2, 3), int))
