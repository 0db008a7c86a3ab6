# SPDX-License-Identifier: BSD-3-Clause
"""The picture of docs/synth.md: the usual image of each stain, and a field with its truth. Usage: synth_gallery.py OUT.png

Needs the Python binding (bindings/python), NumPy and Pillow.
"""

import sys

import cellseg
import numpy as np
from PIL import Image

EDGE, GAP = 180, 4
STAINS = ["diffuse", "er", "mitochondria", "endosomes", "actin", "tubulin", "membrane"]


def grey(image: np.ndarray) -> np.ndarray:
    """As a viewer shows it: stretched between two percentiles, its square root taken."""
    low, high = np.percentile(image, [0.5, 99.7])
    return (np.sqrt(np.clip((image - low) / (high - low), 0, 1)) * 255).astype(np.uint8)


def outlines(labels: np.ndarray) -> np.ndarray:
    """Pixels of a label that have a neighbour of another."""
    padded = np.pad(labels, 1, mode="edge")
    around = padded[:-2, 1:-1], padded[2:, 1:-1], padded[1:-1, :-2], padded[1:-1, 2:]
    return (labels > 0) & np.any([other != labels for other in around], axis=0)


def tile(stain: str, with_truth: bool = False) -> np.ndarray:
    image, cells, nuclei = cellseg.simulate(EDGE, EDGE, stain, seed=13, vary=False)
    picture = np.repeat(grey(image[0].astype(float))[..., np.newaxis], 3, axis=2)
    if with_truth:
        picture[outlines(cells)] = 255, 200, 0
        picture[outlines(nuclei)] = 80, 160, 255
    return np.pad(picture, ((0, GAP), (0, GAP), (0, 0)), constant_values=255)


def main() -> None:
    tiles = [tile(stain) for stain in STAINS] + [tile("er", with_truth=True)]
    rows = [np.concatenate(tiles[i : i + 4], axis=1) for i in (0, 4)]
    Image.fromarray(np.concatenate(rows)[:-GAP, :-GAP]).save(sys.argv[1], optimize=True)


if __name__ == "__main__":
    main()
