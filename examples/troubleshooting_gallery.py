# SPDX-License-Identifier: BSD-3-Clause
"""The pictures of docs/troubleshooting.md: a fault on the left, its remedy on the right. Usage: troubleshooting_gallery.py DATA OUT

DATA has the folders that docs/data.md lists. Needs the Python binding (bindings/python), NumPy and Pillow.
"""

import sys
from pathlib import Path
from typing import NamedTuple

import cellseg
import numpy as np
from PIL import Image
from synth_gallery import grey, outlines

EDGE, ZOOM, GAP = 160, 2, 4
EXAMPLE = Path(__file__).parent / "data/n2a.ome.tif"


class Field(NamedTuple):
    """The marker of an image."""

    marker: np.ndarray
    pixel_size_um: float


def file(marker: Path, pixel_size_um: float = 0) -> Field:
    picture = cellseg.read(marker)
    return Field(picture.pixels[0], pixel_size_um or picture.pixel_size_um)


def simulated(**properties: object) -> Field:
    return Field(cellseg.simulate(400, 400, "er", seed=7, vary=False, **properties)[0][0], 0.65)


def enlarged(array: np.ndarray, row: int, column: int) -> np.ndarray:
    return array[row : row + EDGE, column : column + EDGE].repeat(ZOOM, axis=0).repeat(ZOOM, axis=1)


def tile(field: Field, row: int, column: int, **options: object) -> np.ndarray:
    cells, nuclei = cellseg.segment(field.marker, field.pixel_size_um, **options)
    picture = np.repeat(enlarged(grey(field.marker.astype(float)), row, column)[..., np.newaxis], 3, axis=2)
    picture[outlines(enlarged(cells, row, column))] = 255, 200, 0
    picture[outlines(enlarged(nuclei, row, column))] = 80, 160, 255
    return picture


def save(path: Path, left: np.ndarray, right: np.ndarray) -> None:
    between = np.full((len(left), GAP, 3), 255, np.uint8)
    Image.fromarray(np.concatenate([left, between, right], axis=1)).save(path, quality=80, optimize=True)


def main() -> None:
    data, out = map(Path, sys.argv[1:])
    example = file(EXAMPLE)
    n2a = file(data / "ccdb6843/train/F01_366.ome.tif")
    dense = file(data / "bbbc014/Channel_1-12-A-12-00.tif", pixel_size_um=0.65)
    uneven = file(data / "covertrack/img_000000000_YFP_000.png", pixel_size_um=0.65)
    er = file(data / "bbbc022/plate1_A14_site1_Ch2.tif", pixel_size_um=0.656)
    small = simulated(cell_area_um2=150, nucleus_radius_um=3.1)
    pairs = {
        "pixel-size": (tile(example._replace(pixel_size_um=0.3), 139, 353), tile(example, 139, 353)),
        "small-nuclei": (tile(small, 196, 159), tile(small, 196, 159, nucleus_diameter_um=6.2)),
        "cut": (tile(n2a, 260, 260, join=0), tile(n2a, 260, 260)),
        "merged": (tile(dense, 800, 540), tile(dense, 800, 540, join=0)),
        "faint": (tile(uneven, 509, 357), tile(uneven, 509, 357, nucleus_strength_ratio=0.2)),
        "wide": (tile(er, 100, 100), tile(er, 100, 100, background_rule="expected-area")),
        "border": (tile(example, 0, 0), tile(example, 0, 0, drop_border_cells=True)),
        "saturated": (tile(simulated(exposure=1), 100, 100), tile(simulated(), 100, 100)),
        "noise": (tile(simulated(photons=5), 100, 100), tile(simulated(), 100, 100)),
    }
    for name, (left, right) in pairs.items():
        save(out / f"fault-{name}.jpg", left, right)


if __name__ == "__main__":
    main()
