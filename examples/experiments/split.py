# SPDX-License-Identifier: BSD-3-Clause
"""Train, validate, test: the paper's Table 3 and Figure 5a, against manual outlines. Into docs/experiments.md.

Training set: the N2A training and validation fields; 15 % of them validate. Test set: the N2A test fields. The second method is
the paper's: its network, training and post-processing (the preset `paper` of both commands), on the same fields. Full budget: two
trainings of 30 epochs, at half the paper's width and at the paper's width.
"""

from common import HUMAN, SUMMARY, arguments, dice_per_cell, evaluate, gather, mean, put_overlays
from common import put_pictures, put_section, segment, summary, table, train


def per_image(figures):
    """Rows of the table per image; the last row has the means."""
    columns = ("true", "predicted", "sm", "ap", "best_dice", "auc", "accuracy")
    cells, nuclei = figures["cells"], figures["nuclei"]
    rows = []
    for image, row in cells.items():
        rows.append([image, *(f"{row[name]:.0f}" for name in columns[:2]), *(row[name] for name in columns[2:]),
                     nuclei[image]["auc"], nuclei[image]["accuracy"]])
    means = [mean(row[i] for row in rows) for i in range(3, len(rows[0]))]
    means[2] = dice_per_cell(cells)
    totals = (f"{sum(row[name] for row in cells.values()):.0f}" for name in columns[:2])
    return rows + [["**mean**", *totals, *means]]


TITLES = ["image", "true", "found", "SM", "AP at 0.5", "Dice per cell", "AUC, cells", "ACC, cells", "AUC, nuclei", "ACC, nuclei"]


def paper(given, fields, tests):
    """Figures of the paper's method, trained on the same fields."""
    training = {"preset": "paper", "epochs": given.training["epochs"]} | ({"width": 0.125} if given.quick else {})
    model = train(given.work / "paper.cellseg", fields, training)
    out = segment(given.work / "paper", tests, model=model, preset="paper")
    return evaluate(tests, out, given.work / "paper.csv", maps=True)


def main():
    given = arguments(__doc__)
    fields = gather(given.work / "fields", given.data, [HUMAN["train"], HUMAN["val"]], given.limit)
    tests = gather(given.work / "test", given.data, [HUMAN["test"]], given.limit)
    model = train(given.work / "split.cellseg", fields, given.training)
    out = segment(given.work / "split", tests, model=model)
    report = given.work / "split.html"
    figures = evaluate(tests, out, given.work / "split.csv", maps=True, report=report)
    charts = put_pictures(given.docs, "split", report) + "\n" + put_overlays(given.docs, "split", out, figures["cells"])
    rows = [["half the width", *summary(figures)], ["the paper", *summary(paper(given, fields, tests))]]
    text = table(["method", *SUMMARY], rows) + "\n" + table(TITLES, per_image(figures)) + "\n" + charts
    put_section(given.docs / "experiments.md", "split", f"\nBudget: {given.budget}.\n\n{text}\n")


if __name__ == "__main__":
    main()
