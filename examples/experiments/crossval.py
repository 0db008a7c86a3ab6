# SPDX-License-Identifier: BSD-3-Clause
"""Cross-validation over all data sets: the paper's Figure 5b and Table 4. Into docs/experiments.md.

Five folds. Images: the N2A training and validation folders (manual outlines) and every other data set (labels of the two-channel
method). All stains and time points of one field are in one fold. The choice of validation images within a fold ignores fields. Full
budget: five trainings of 30 epochs at half the paper's width.
"""

from common import HUMAN, arguments, by_set, cellseg, dice_per_cell, field_of, gather, mean, mean_of, put_pictures, put_section
from common import read_figures, stem_of, table

FIELD_ENDS = "@"


def name_by_field(source, image):
    """<field>@<source>_<image>: the program groups the images of one field by the text before the @."""
    return field_of(source, image) + FIELD_ENDS + stem_of(source, image)


def sets_table(figures):
    """Means over the images of each data set, and means over the data sets."""
    sets = {kind: by_set({image.split(FIELD_ENDS)[1]: row for image, row in rows.items()}) for kind, rows in figures.items()}
    rows = []
    for data_set, cells in sorted(sets["cells"].items()):
        nuclei = sets["nuclei"][data_set]
        rows.append([data_set, len(cells), mean_of(cells, "sm"), mean_of(cells, "ap"), dice_per_cell(cells), mean_of(cells, "auc"),
                     mean_of(cells, "accuracy"), *(mean_of(nuclei, column) for column in ("f1", "auc", "accuracy"))])
    means = [mean(row[i] for row in rows) for i in range(2, len(rows[0]))]
    titles = ["data set", "images", "SM", "AP at 0.5", "Dice per cell", "AUC, cells", "ACC, cells", "F1 of nuclei at IoU 0.5",
              "AUC, nuclei", "ACC, nuclei"]
    return table(titles, [*rows, ["**mean**", sum(row[1] for row in rows), *means]])


def main():
    given = arguments(__doc__)
    sources = [HUMAN["train"], HUMAN["val"], *given.suitable]
    folder = gather(given.work / "all", given.data, sources, given.limit, name=name_by_field)
    csv_path, report = given.work / "crossval.csv", given.work / "crossval.html"
    cellseg("crossval", images=folder, labels=folder, output=given.work / "crossval", folds=2 if given.quick else 5,
            group_until=FIELD_ENDS, csv=csv_path, report=report, **given.training)
    text = sets_table(read_figures(csv_path)) + "\n" + put_pictures(given.docs, "crossval", report)
    put_section(given.docs / "experiments.md", "crossval", f"\nBudget: {given.budget}.\n\n{text}\n")


if __name__ == "__main__":
    main()
