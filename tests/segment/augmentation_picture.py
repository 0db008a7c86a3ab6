# SPDX-License-Identifier: BSD-3-Clause
"""Draw docs/images/augmentation.png: a field as each augmentation shows it. Usage: as the tests, then the file to write."""

import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt
import numpy as np
from skimage import io
from skimage.filters import threshold_otsu

import method
import test_augment as augment

ROWS = [
    ("rotate, flip", dict(rotate=1, flip=1)),
    ("rotation_degrees 45", dict(rotation_degrees=45.0)),
    ("scale 1.6", dict(scale=1.6)),
    ("elastic_px 8", dict(elastic_px=8.0)),
    ("gamma 1.8", dict(gamma=1.8)),
    ("contrast 1.8", dict(contrast=1.8)),
    ("blur_px 2.5", dict(blur_px=2.5)),
    ("noise 0.15", dict(noise=0.15)),
    ("illumination 2.5", dict(illumination=2.5)),
    ("saturation 0.6", dict(saturation=0.6)),
    ("nucleus_contrast 3", dict(nucleus_contrast=3.0)),
    ("cell_contrast 2", dict(cell_contrast=2.0)),
    ("texture 0.5", dict(texture=0.5)),
]
COLUMNS = 4


def load_scene():
    image = io.imread("examples/data/n2a.ome.tif")
    image = image if image.shape[0] < 4 else np.moveaxis(image, -1, 0)
    rule = method.Rule(0.65, 130, 1, 99.5, 20, augment.CLIP, augment.POWER, 176, 160, 3)
    seen = method.library_preprocess(np.ascontiguousarray(image[0]), 0.65, rule)
    scene = augment.SCENE
    scene.unit = np.float32(seen.max() / 65535)
    top, left = (seen.shape[0] - augment.HEIGHT) // 2, (seen.shape[1] - augment.WIDTH) // 2
    window = np.s_[top : top + augment.HEIGHT, left : left + augment.WIDTH]
    scene.values = np.ascontiguousarray((seen[window] / scene.unit + 0.5).astype(np.uint16))
    scene.classes = np.ascontiguousarray(np.where(image[1][window] > threshold_otsu(image[1]), 0, 2).astype(np.uint8))
    scene.cell = np.ascontiguousarray((io.imread("examples/data/n2a.cells.tif")[window] % 256).astype(np.uint8))


def main(path):
    load_scene()
    figure, axes = plt.subplots(len(ROWS), COLUMNS + 1, figsize=(5 * 1.15, len(ROWS) * 1.2))
    plain, _ = augment.library_patch(augment.options(), 0, 35, 75)
    for (name, values), row in zip(ROWS, axes):
        opts = augment.options(**values)
        patches = [augment.library_patch(opts, i, 35, 75)[0] for i in range(40)]
        changed = [p for p in patches if np.abs(p - plain).max() > 0.02][:COLUMNS]
        for axis, patch in zip(row, [plain, *changed]):
            axis.imshow(patch, cmap="gray", vmin=0, vmax=1.3)
            axis.set_axis_off()
        row[0].set_title(name, fontsize=6, loc="left", pad=2)
    figure.subplots_adjust(0.01, 0.005, 0.99, 0.985, 0.03, 0.12)
    figure.savefig(path, dpi=72)


if __name__ == "__main__":
    main(sys.argv[1])
