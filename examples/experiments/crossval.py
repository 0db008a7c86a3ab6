# SPDX-License-Identifier: BSD-3-Clause
"""Cross-validation over all data sets: the paper's Figure 5b and Table 4. Into docs/experiments.md.

Five folds of fields of the N2A training and validation folders (a person's outlines) and of every other data set (labels of the
two-channel method). Full budget: five trainings of half the paper's width and 30 epochs.
"""

from common import HUMAN, arguments, by_set, cellseg, gather, mean_of, put_pictures, put_section, read_figures, table


def sets_table(figures):
    """Means over the images of each data set, and over the data sets."""
    columns = (("cells", "sm"), ("cells", "ap"), ("cells", "best_dice"), ("cells", "auc"), ("cells", "accuracy"),
               ("nuclei", "f1"), ("nuclei", "auc"), ("nuclei", "accuracy"))
    sets = {kind: by_set(rows) for kind, rows in figures.items()}
    rows = [[name, len(images), *(mean_of(sets[kind][name], column) for kind, column in columns)]
            for name, images in sets["cells"].items()]
    means = [sum(row[i] for row in rows) / len(rows) for i in range(2, len(rows[0]))]
    titles = ["data set", "images", "SM", "AP at 0.5", "Dice per cell", "AUC, cells", "ACC, cells", "F1, nuclei",
              "AUC, nuclei", "ACC, nuclei"]
    return table(titles, [*rows, ["**mean**", sum(row[1] for row in rows), *means]])


def main():
    given = arguments(__doc__)
    folder = gather(given.work / "all", given.data, [HUMAN["train"], HUMAN["val"], *given.fitting], given.limit)
    csv_path, report = given.work / "crossval.csv", given.work / "crossval.html"
    cellseg("crossval", images=folder, labels=folder, output=given.work / "crossval", folds=2 if given.quick else 5,
            csv=csv_path, report=report, **given.training)
    text = sets_table(read_figures(csv_path)) + "\n" + put_pictures(given.docs, "crossval", report)
    put_section(given.docs / "experiments.md", "crossval", f"\nBudget: {given.budget}.\n\n{text}\n")


if __name__ == "__main__":
    main()
