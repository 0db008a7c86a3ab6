# SPDX-License-Identifier: BSD-3-Clause
"""Draw docs/images/augmentation.png: a field as each augmentation shows it. Usage: as the tests, then the file to write."""

import itertools
import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageDraw, ImageFont
from skimage import io
from skimage.filters import threshold_otsu

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "segment"))
import method  # noqa: E402
import test_augment as augment  # noqa: E402

DATA = Path(__file__).resolve().parents[2] / "examples/data"
ROWS = [
    ("rotate, flip", dict(rotate=1, flip=1)),
    ("rotation_degrees 45", dict(rotation_degrees=45.0)),
    ("scale 1.6", dict(scale=1.6)),
    ("elastic_px 20, on a grid", dict(elastic_px=20.0)),
    ("gamma 1.8", dict(gamma=1.8)),
    ("contrast 1.8", dict(contrast=1.8)),
    ("blur_px 2.5", dict(blur_px=2.5)),
    ("noise 0.15", dict(noise=0.15)),
    ("illumination 2.5", dict(illumination=2.5)),
    ("saturation 0.6", dict(saturation=0.6)),
    ("nucleus_contrast 3", dict(nucleus_contrast=3.0)),
    ("cell_contrast 2", dict(cell_contrast=2.0)),
    ("texture 0.5", dict(texture=0.5)),
    ("empty", dict()),
]
COLUMNS, EDGE, GAP, CAPTION = 4, 120, 4, 18
PLACE = 35, 115
GRID_PX = 16
BRIGHTEST, GREYS = 1.3, 48  # few greys make a small file


def load_scene():
    image = io.imread(DATA / "n2a.ome.tif")
    image = image if image.shape[0] < 4 else np.moveaxis(image, -1, 0)
    rule = method.Rule(0.65, 130, 1, 99.5, 20, augment.CLIP, augment.POWER, 0, 176, 160, 3)
    seen = method.library_preprocess(np.ascontiguousarray(image[0]), 0.65, rule)
    scene = augment.SCENE
    scene.unit = np.float32(seen.max() / 65535)
    top, left = (seen.shape[0] - augment.HEIGHT) // 2, (seen.shape[1] - augment.WIDTH) // 2
    window = np.s_[top : top + augment.HEIGHT, left : left + augment.WIDTH]
    scene.values = np.ascontiguousarray((seen[window] / scene.unit + 0.5).astype(np.uint16))
    scene.classes = np.ascontiguousarray(np.where(image[1][window] > threshold_otsu(image[1]), 0, 2).astype(np.uint8))
    scene.cell = np.ascontiguousarray((io.imread(DATA / "n2a.cells.tif")[window] % 256).astype(np.uint8))


def draw_grid():
    """Lines that bend where a deformation by a few pixels could not be seen."""
    bright = np.uint16(0.7 / augment.SCENE.unit)
    for lines in augment.SCENE.values[::GRID_PX], augment.SCENE.values[:, ::GRID_PX]:
        np.maximum(lines, bright, out=lines)


def draws(name, values):
    """The patch unchanged, then the first ones that this augmentation changes."""
    load_scene()
    if name.endswith("on a grid"):
        draw_grid()
    plain, _ = augment.library_patch(augment.options(), 0, *PLACE)
    opts, sample = augment.options(**values), augment.NO_SAMPLE if name == "empty" else 0
    patches = (augment.library_patch(opts, i, *PLACE, sample=sample)[0] for i in itertools.count())
    changed = (patch for patch in patches if np.abs(patch - plain).max() > 0.02)
    return [plain, *itertools.islice(changed, COLUMNS)]


def tile(patch):
    middle = (len(patch) - EDGE) // 2
    seen = np.clip(patch[middle : middle + EDGE, middle : middle + EDGE] / BRIGHTEST, 0, 1)
    grey = np.round(seen * (GREYS - 1)) * (255 / (GREYS - 1))
    return np.pad(grey.astype(np.uint8), ((CAPTION, GAP), (0, GAP)), constant_values=255)


def main(path):
    rows = [np.concatenate([tile(patch) for patch in draws(*row)], axis=1) for row in ROWS]
    picture = Image.fromarray(np.concatenate(rows)[:-GAP, :-GAP])
    for i, (name, _) in enumerate(ROWS):
        ImageDraw.Draw(picture).text((1, i * len(rows[0]) + 4), name, fill=0, font=ImageFont.load_default())
    picture.save(path, optimize=True)


if __name__ == "__main__":
    main(sys.argv[1])
