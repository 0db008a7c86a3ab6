# SPDX-License-Identifier: BSD-3-Clause
"""The default model on the test fields, and on each data set with a crop of its worst field. Into docs/model-card.md.

The reference is manual outlines for N2A cells and the two-channel method for the others. Unsuitable markers have pictures only.
Needs Pillow for the pictures. No training.
"""

from common import HUMAN, SUMMARY, UNSUITABLE_MARKERS, arguments, by_set, copy_channel, dice_per_cell, evaluate
from common import evaluate_nuclei_and_cells, files_of, gather, mean_of, put_section, segment, summary, table
from PIL import Image, ImageStat

EDGE_PX = 420
# Unsuitable markers other than nuclear stains; with the default options, their images keep their cells.
SHOWN = ("bbbc014-a01", "bbbc022-rna", "bbbc022-actin", "celltk-yfp")


def busiest(image):
    """The crop of EDGE_PX x EDGE_PX with the most outline pixels. Only outlines have colour."""
    colour = image.convert("HSV").getchannel("S")
    lefts, tops = ({step * max(0, length - EDGE_PX) // 4 for step in range(5)} for length in image.size)
    boxes = [(left, top, left + EDGE_PX, top + EDGE_PX) for top in sorted(tops) for left in sorted(lefts)]
    return image.crop(max(boxes, key=lambda box: ImageStat.Stat(colour.crop(box)).sum[0]))


def put_crop(docs, name, overlay):
    """Write a crop of an overlay as a picture; return the table cell that shows it."""
    (docs / "images").mkdir(parents=True, exist_ok=True)
    path = docs / "images" / f"card-{name}.jpg"
    busiest(Image.open(overlay).convert("RGB")).save(path, quality=85)
    return f"![{name}](images/{path.name})"


def pictures(titles):
    """A table with three pictures per row."""
    rows = [titles[i : i + 3] + [""] * (3 - len(titles[i : i + 3])) for i in range(0, len(titles), 3)]
    return table(["", "", ""], rows)


VARIANTS = {
    "default": {},
    "1 orientation": {"orientations": 1},
    "4 orientations": {"orientations": 4},
    "paper preset": {"preset": "paper"},
}


def judge_test_fields(given):
    """Evaluate the model on the test fields, which are not in its training data, against manual outlines."""
    tests, rows = gather(given.work / "test", given.data, [HUMAN["test"]], given.limit), []
    for name, options in VARIANTS.items():
        out = segment(given.work / name.replace(" ", "-"), tests, **options)
        rows.append([name, *summary(evaluate(tests, out, out.with_suffix(".csv"), maps=True))])
    stained = gather(given.work / "two-channel", given.data, [HUMAN["test"]], given.limit, human_labels=False)
    cells = evaluate(tests, stained, given.work / "two-channel.csv")["cells"]
    figures = [mean_of(cells, "sm"), mean_of(cells, "ap"), dice_per_cell(cells)]
    rows.append(["two-channel method (uses the nuclear stain)", *figures, *["-"] * (len(SUMMARY) - len(figures))])
    put_section(given.docs / "model-card.md", "test", f"\n{table(['options', *SUMMARY], rows)}\n")


def show_unsuitable_markers(given):
    """Show the result of the default options for the first image of some unsuitable markers."""
    crops, shown = [], [source for source in UNSUITABLE_MARKERS if source.name in SHOWN]
    for source in shown[: given.limit]:
        folder = given.work / source.name
        folder.mkdir(exist_ok=True)
        image = folder / f"{source.name}.tif"
        if not image.exists():
            copy_channel(files_of(given.data, source)[0], source, image)
        out = segment(given.work / f"{source.name}-found", folder)
        crops.append(put_crop(given.docs, source.name, out / f"{source.name}.overlay.png") + f"<br>{source.name}")
    put_section(given.docs / "model-card.md", "unsuitable markers", f"\n{pictures(crops)}\n")


def main():
    given = arguments(__doc__)
    judge_test_fields(given)
    show_unsuitable_markers(given)
    folder = gather(given.work / "card", given.data, [*HUMAN.values(), *given.suitable], given.limit)
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
