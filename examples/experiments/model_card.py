# SPDX-License-Identifier: BSD-3-Clause
"""The default model on the test fields, and data set by data set with a piece of the worst field. Into docs/model-card.md.

N2A cells against a person's outlines, the others against the two-channel method's; of markers that do not fit, pictures alone.
Needs Pillow for the pictures. No training.
"""

from common import HUMAN, NOT_FITTING, ONE_LOOK, SUMMARY, arguments, by_set, copy_channel, dice_per_cell, evaluate
from common import evaluate_nuclei_and_cells, files_of, gather, mean_of, put_section, segment, summary, table
from PIL import Image, ImageStat

EDGE_PX = 420
# Markers that do not fit, are no nuclear stains, and keep their cells.
SHOWN = ("bbbc014-a01", "bbbc022-rna", "bbbc022-actin", "celltk-yfp")


def busiest(image):
    """The part of an overlay, of EDGE_PX x EDGE_PX, that holds most outlines: they alone have colour."""
    colour = image.convert("HSV").getchannel("S")
    lefts, tops = ({step * max(0, length - EDGE_PX) // 4 for step in range(5)} for length in image.size)
    boxes = [(left, top, left + EDGE_PX, top + EDGE_PX) for top in sorted(tops) for left in sorted(lefts)]
    return image.crop(max(boxes, key=lambda box: ImageStat.Stat(colour.crop(box)).sum[0]))


def put_crop(docs, name, overlay):
    """A part of an overlay as a picture of its own; gives the cell of the table that shows it."""
    (docs / "images").mkdir(parents=True, exist_ok=True)
    path = docs / "images" / f"card-{name}.jpg"
    busiest(Image.open(overlay).convert("RGB")).save(path, quality=85)
    return f"![{name}](images/{path.name})"


def pictures(titles):
    """Three to a row."""
    rows = [titles[i : i + 3] + [""] * (3 - len(titles[i : i + 3])) for i in range(0, len(titles), 3)]
    return table(["", "", ""], rows)


VARIANTS = {
    "default": {},
    "one look": ONE_LOOK,
    "one look, 1 orientation": {"orientations": 1} | ONE_LOOK,
    "one look, 4 orientations": {"orientations": 4} | ONE_LOOK,
    "zoom 0, 3 zooms": {"zoom": 0, "zooms": 3},
    "the paper preset": {"preset": "paper"},
}


def judge_test_fields(given):
    """How good the model is on fields that it has not seen, by a person's outlines."""
    tests, rows = gather(given.work / "test", given.data, [HUMAN["test"]], given.limit), []
    for name, options in VARIANTS.items():
        out = segment(given.work / name.replace(" ", "-").replace(",", ""), tests, **options)
        rows.append([name, *summary(evaluate(tests, out, out.with_suffix(".csv"), maps=True))])
    stained = gather(given.work / "two-channel", given.data, [HUMAN["test"]], given.limit, human_labels=False)
    cells = evaluate(tests, stained, given.work / "two-channel.csv")["cells"]
    figures = [mean_of(cells, "sm"), mean_of(cells, "ap"), dice_per_cell(cells)]
    rows.append(["two-channel method, which sees the nuclear stain", *figures, *["-"] * (len(SUMMARY) - len(figures))])
    put_section(given.docs / "model-card.md", "test", f"\n{table(['options', *SUMMARY], rows)}\n")


def show_not_fitting(given):
    """What the default options make of the first image of some markers that do not fit."""
    crops, shown = [], [source for source in NOT_FITTING if source.name in SHOWN]
    for source in shown[: given.limit]:
        folder = given.work / source.name
        folder.mkdir(exist_ok=True)
        image = folder / f"{source.name}.tif"
        if not image.exists():
            copy_channel(files_of(given.data, source)[0], source, image)
        out = segment(given.work / f"{source.name}-found", folder)
        crops.append(put_crop(given.docs, source.name, out / f"{source.name}.overlay.png") + f"<br>{source.name}")
    put_section(given.docs / "model-card.md", "not fitting", f"\n{pictures(crops)}\n")


def main():
    given = arguments(__doc__)
    judge_test_fields(given)
    show_not_fitting(given)
    folder = gather(given.work / "card", given.data, [*HUMAN.values(), *given.fitting], given.limit)
    out = segment(given.work / "card-found", folder)
    nuclei, cells = map(by_set, evaluate_nuclei_and_cells(folder, out))
    rows, crops = [], []
    for name, images in cells.items():
        count = sum(row["true"] for row in images.values())
        figures = (mean_of(nuclei[name], "f1"), *(mean_of(images, column) for column in ("sm", "ap", "best_dice")))
        rows.append([name, len(images), f"{count:.0f}", *figures])
        worst = min(images, key=lambda image: images[image]["sm"])
        picture = put_crop(given.docs, name, out / f"{worst}.overlay.png")
        crops.append(f"{picture}<br>{name}: SM {images[worst]['sm']:.3f}")
    titles = ["data set", "images", "cells", "F1 of nuclei at IoU 0.3", "SM of cells", "AP of cells at 0.5", "Dice, mean of images"]
    put_section(given.docs / "model-card.md", "card", f"\n{table(titles, rows)}\n{pictures(crops)}\n")


if __name__ == "__main__":
    main()
