# SPDX-License-Identifier: BSD-3-Clause
"""A stain that training has not seen: the paper's Table 5. Into docs/experiments.md.

Every data set is left out of training in turn; then its nuclei, found from the marker alone, are compared with those that the
two-channel method finds in the nuclear stain (F1 at IoU 0.3), and its cells likewise. The N2A folders are one data set. Beside
it what the default model reaches, which has seen them all. Full budget: nine trainings of half the paper's
width and 30 epochs.
"""

from common import HUMAN, arguments, by_set, cellseg, evaluate, gather, mean, mean_of, put_section, read_figures
from common import segment, table


def nuclei_f1(given, truth, predicted):
    """{data set: F1 of nuclei at IoU 0.3}."""
    rows = evaluate(truth, predicted, given.work / "nuclei.csv", kind="nuclei", iou=0.3)["nuclei"]
    return {name: mean_of(images, "f1") for name, images in by_set(rows).items()}


def collect(given, folds):
    """The results of all folds in one folder, as links."""
    out = given.work / "unseen-all"
    out.mkdir(exist_ok=True)
    for path in folds.glob("fold-*/*.nuclei.tif"):
        (out / path.name).unlink(missing_ok=True)
        (out / path.name).symlink_to(path.resolve())
    return out


def main():
    given = arguments(__doc__)
    human = [source._replace(name="n2a") for source in (HUMAN["train"], HUMAN["val"])]
    folder = gather(given.work / "all", given.data, [*human, *given.fitting], given.limit)
    csv_path = given.work / "unseen.csv"
    cellseg("crossval", images=folder, labels=folder, output=given.work / "unseen", folds=0, group_until="_", csv=csv_path,
            **given.training)
    unseen = nuclei_f1(given, folder, collect(given, given.work / "unseen"))
    seen = nuclei_f1(given, folder, segment(given.work / "default", folder))
    cells = by_set(read_figures(csv_path)["cells"])
    rows = [[name, len(images), unseen[name], seen[name], mean_of(images, "sm")] for name, images in cells.items()]
    others = [row for row in rows if row[0] != "n2a"]
    rows.append(["**mean but n2a**", sum(row[1] for row in others), *(mean(row[i] for row in others) for i in (2, 3, 4))])
    titles = ["data set", "images", "F1 of nuclei, left out", "F1 of nuclei, default model", "SM of cells, left out"]
    put_section(given.docs / "experiments.md", "unseen", f"\nBudget: {given.budget}.\n\n{table(titles, rows)}\n")


if __name__ == "__main__":
    main()
