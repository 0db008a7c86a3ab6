# SPDX-License-Identifier: BSD-3-Clause
"""Comparisons of training sets and widths on the N2A test fields, against manual outlines. Into docs/experiments.md.

--what labels:    manual outlines against labels of the two-channel method, of the same fields (the paper has no such comparison)
--what width:     the paper's network against networks with fewer filters, with the time for a field
--what simulated: simulated fields, N2A training fields, and both
Full budget: two to four trainings of 30 epochs, at half the paper's width except in the comparison of widths.
"""

import time

from common import HUMAN, arguments, cellseg, evaluate, gather, markers, mean_of, put_section, segment, table, train


def labels(given, fields):
    """{row: (training fields, options of training, options of segmentation)}. The next two functions return the same."""
    two_channel = gather(given.work / "two-channel", given.data, [HUMAN["train"], HUMAN["val"]], given.limit, human_labels=False)
    return {"manual outlines": (fields, {}, {}), "two-channel method": (two_channel, {}, {})}


def width(_given, fields):
    return {f"width {part}": (fields, {"width": part}, {}) for part in (1, 0.5, 0.25, 0.125)}


def simulated(given, fields):
    """As many simulated fields as real fields. `both` contains links to both; the file names differ."""
    alone, both = given.work / "simulated", given.work / "both"
    count = len(list(fields.glob("*.cells.tif")))
    if not alone.exists():
        cellseg("synth", output=alone, count=count, size="696x520")
    both.mkdir(exist_ok=True)
    for path in [*fields.glob("*.tif"), *alone.glob("*.tif")]:
        if not (both / path.name).exists():
            (both / path.name).symlink_to(path.resolve())
    low_confidence = {"nucleus_probability_min": 0}  # the default drops nuclei with the low probabilities that this network gives
    return {"simulated fields": (alone, {}, {}), "simulated fields, no minimum nucleus probability": (alone, {}, low_confidence),
            "N2A fields": (fields, {}, {}), "both": (both, {}, {})}


def seconds_a_field(given, tests, model, segmenting):
    """Seconds of the whole command, with reading and writing, per field; the second of two runs."""
    fields = markers(tests)
    for _ in range(2):
        start = time.monotonic()
        cellseg("segment", "-o", given.work / "timed", *fields, model=model, **segmenting)
    return (time.monotonic() - start) / len(fields)


def judge(given, fields, tests, training, segmenting):
    """[SM, AP, mean Dice of the images, AUC of cells, AUC of nuclei, seconds per test field]"""
    stem = "-".join([fields.name, *map(str, training.values())])
    model = train(given.work / f"{stem}.cellseg", fields, given.training | training)
    stem = "-".join([stem, *segmenting])
    out = segment(given.work / f"{stem}-test", tests, model=model, **segmenting)
    figures = evaluate(tests, out, given.work / f"{stem}.csv", maps=True)
    cells = [mean_of(figures["cells"], column) for column in ("sm", "ap", "best_dice", "auc")]
    return [*cells, mean_of(figures["nuclei"], "auc"), seconds_a_field(given, tests, model, segmenting)]


def main():
    kinds = {"labels": labels, "width": width, "simulated": simulated}
    given = arguments(__doc__, kinds)
    fields = gather(given.work / "fields", given.data, [HUMAN["train"], HUMAN["val"]], given.limit)
    tests = gather(given.work / "test", given.data, [HUMAN["test"]], given.limit)
    rows = [[name, *judge(given, folder, tests, *options)]
            for name, (folder, *options) in kinds[given.what](given, fields).items()]
    titles = ["trained on", "SM", "AP at 0.5", "Dice, mean of images", "AUC, cells", "AUC, nuclei", "seconds a field"]
    put_section(given.docs / "experiments.md", given.what, f"\nBudget: {given.budget}.\n\n{table(titles, rows)}\n")


if __name__ == "__main__":
    main()
