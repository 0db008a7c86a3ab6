# SPDX-License-Identifier: BSD-3-Clause
"""Pairs of label maps that measures of agreement are tried on: random ones, cells that moved, and the awkward."""

import numpy as np


def blocks(shape, size):
    y, x = np.indices(shape)
    return (y // size) * (shape[1] // size + 1) + x // size + 1


def moved(seed):
    """Square cells with gaps, moved by a few pixels, some fused, some cut, some ids large."""
    random = np.random.default_rng(seed)
    reference = blocks((48, 60), 6) * (random.random((48, 60)) > 0.1)
    target = np.roll(reference, random.integers(-3, 4, 2), (0, 1))
    target[np.isin(target, random.choice(target.max(), 10))] = 5
    target[:, ::7] += (target[:, ::7] > 0) * 1000
    return reference, target


def noise(seed):
    random = np.random.default_rng(seed)
    shape, labels = tuple(random.integers(1, 40, 2)), random.integers(2, 30)
    return tuple(random.integers(0, labels, shape) for _ in range(2))


def chain(seed):
    """Stripes whose overlaps with shifted ones form one long chain, so that pairs compete."""
    random = np.random.default_rng(seed)
    x = np.arange(120)
    widths = random.integers(3, 8)
    reference, target = x // widths + 1, (x + random.integers(1, widths)) // widths + 1
    return reference[None], target[None]


def crowd(seed):
    """Small labels many of which share pixels: components of many labels at low thresholds."""
    random = np.random.default_rng(seed)
    cut = [np.sort(random.choice(np.arange(1, 80), 25, replace=False)) for _ in range(2)]
    lines = [np.searchsorted(c, np.arange(80), side="right") for c in cut]
    return tuple(random.permutation(40)[line][None].repeat(2, 0) for line in lines)


def adversarial():
    empty, full = np.zeros((9, 8), np.int64), np.ones((9, 8), np.int64)
    checkers = np.indices((9, 8)).sum(0) % 2
    each = np.arange(72).reshape(9, 8)
    halves = np.repeat([[1, 1, 1, 1, 2, 2, 2, 2]], 9, 0)
    quarters = np.repeat([[1, 1, 2, 2, 3, 3, 4, 4]], 9, 0)
    huge = np.where(each % 7 < 3, 2**32 - 1, np.where(each % 7 < 5, 2**31, 0))
    maps = [empty, full, checkers, 1 - checkers, each, each[::-1], halves, 3 - halves, quarters, huge, 2**32 - 1 - huge]
    pairs = [(a, b) for a in maps for b in maps]
    return pairs + [(np.array([[a]]), np.array([[b]])) for a in (0, 5) for b in (0, 9)]


def pairs():
    for seed in range(12):
        yield from (moved(seed), noise(seed), chain(seed), crowd(seed))
    yield from adversarial()


def table(reference, target):
    """Dense overlaps of the labels, background left out, with the labels' areas: rows are reference labels."""
    (r, ri), (t, ti) = (np.unique(np.asarray(m).ravel(), return_inverse=True) for m in (reference, target))
    counts = np.zeros((r.size, t.size), np.int64)
    np.add.at(counts, (ri, ti), 1)
    areas = counts.sum(1)[r > 0], counts.sum(0)[t > 0]
    return counts[np.ix_(r > 0, t > 0)], *areas


def iou(reference, target):
    overlap, of_reference, of_target = table(reference, target)
    return overlap / (of_reference[:, None] + of_target[None] - overlap)
