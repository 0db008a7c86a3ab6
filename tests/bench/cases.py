# SPDX-License-Identifier: BSD-3-Clause
"""What a group of benchmarks is made of: cases, and the images they share. peers.py runs them."""
import collections

import numpy as np

SIZE = 2048

Case = collections.namedtuple("Case", "group name repeats prepare")
CASES = []


def case(group, name, repeats=9):
    """Register a case: prepare(run) returns our function, which takes a context, and a dictionary of the peers' by their names.

    A peer's function may return the milliseconds it took; otherwise it is timed. `run` has `threads` and `itk`.
    """

    def register(prepare):
        CASES.append(Case(group, name, repeats, prepare))
        return prepare

    return register


def field(dtype=np.float32, cells=600, seed=1):
    """A field of round cells that cover about a quarter of it, with shot noise and an uneven background; float32 in [0, 1]."""
    import cv2

    random = np.random.default_rng(seed)
    image = np.zeros((SIZE, SIZE), np.float32)
    for _ in range(cells):
        centre = tuple(int(v) for v in random.integers(0, SIZE, 2))
        axes = tuple(int(v) for v in random.integers(17, 30, 2))
        cv2.ellipse(image, centre, axes, float(random.uniform(0, 180)), 0, 360, float(random.uniform(0.3, 0.8)), -1)
    image = cv2.GaussianBlur(image, (0, 0), 2) + np.linspace(0.05, 0.15, SIZE, dtype=np.float32)
    image = np.clip(image + random.normal(0, 0.02, image.shape).astype(np.float32), 0, 1)
    if dtype == np.float32:
        return image
    return (image * np.iinfo(dtype).max).astype(dtype)
