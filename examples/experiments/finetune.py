# SPDX-License-Identifier: BSD-3-Clause
"""Five annotated fields of a stain that the default model has not seen. Into docs/experiments.md.

The stain is simulated: endoplasmic reticulum in very little light, out of focus, over a medium that glows. The default model's
own simulated fields (examples/train_default.c) show nothing like it: cellseg_synth_options_draw() gives a pixel of a mean cell at
least 250 electrons, a blur in focus of at most 0.86 um, and a background of at most 0.3 of a mean cell; here they are 15, 1.2 and
0.5. Everything else is the stain's usual value. Five fields train, ten others test; none validates, as nothing is chosen: the
weights are those after the last epoch. Full budget: two trainings of 30 epochs that start from the default model, one on the
five fields alone, one with the N2A training fields (a person's outlines) mixed in, half of the patches from each. The mean of the
second's weights, two thirds, and the default model's, one third, as in that model's recipe, forgets less still.
"""

import json

from common import HUMAN, arguments, cellseg, evaluate, gather, markers, mean_of, put_overlays
from common import put_section, read_figures, segment, table, train

STAIN = {"stain": "er", "vary": "no", "photons": 15, "psf-um": 1.2, "background": 0.5}
TUNING = {"batch": 8, "learning-rate": 3e-4, "learning-rate-final": 1e-5}  # of 1e-3 and 3e-4 what forgets less, on N2A val
OLD_WEIGHT = 0.1  # the old fields hold ten times as many pixels as the five
PART = 2 / 3


def fields(folder, count, first_seed, size):
    if len(markers(folder)) < count:
        cellseg("synth", output=folder, count=count, seed=first_seed, size=size, **STAIN)
    return folder


def tune(model, folders, options):
    """The model, and how many seconds its epochs took."""
    log = model.with_suffix(".jsonl")
    train(model, folders, {"start": "default", "log": log} | options, validation_part=0)
    return model, sum(json.loads(line)["seconds"] for line in log.read_text().splitlines())


def average(path, end, part):
    """The mean of the default model's weights and another's, `part` of the other's."""
    from cellseg import Model

    Model.default().average(Model.load(end), part).save(path)
    return path


def judge(given, name, model, tests):
    """[SM of cells, F1 of nuclei at IoU 0.5] for each folder of test fields."""
    figures = []
    for folder in tests:
        out = segment(given.work / f"{name}-{folder.name}", folder, model=model)
        rows = evaluate(folder, out, out.with_suffix(".csv"))
        figures += [mean_of(rows["cells"], "sm"), mean_of(rows["nuclei"], "f1")]
    return figures


def pictures(given, title, name, stain):
    """The worst and the best field of the new stain."""
    out = given.work / f"{name}-{stain.name}"
    return f"\n{title}:\n\n" + put_overlays(given.docs, f"finetune-{name}", out, read_figures(out.with_suffix(".csv"))["cells"])


def main():
    given = arguments(__doc__)
    size, tuning = "200x200" if given.quick else "512x512", TUNING | {"epochs": given.training["epochs"]}
    five = fields(given.work / "five", given.limit or 5, 1, size)
    stain = fields(given.work / "stain", given.limit or 10, 101, size)
    old, n2a = (gather(given.work / part, given.data, [HUMAN[part]], given.limit) for part in ("train", "test"))
    alone, alone_seconds = tune(given.work / "alone.cellseg", [five], tuning)
    mixed, mixed_seconds = tune(given.work / "mixed.cellseg", [five, old], tuning | {"weight": [1, OLD_WEIGHT]})
    mean = average(given.work / "mean.cellseg", mixed, PART)
    rows = [
        ["the default model", "", *judge(given, "default", None, [stain, n2a])],
        ["tuned on the five", f"{alone_seconds:.0f}", *judge(given, "alone", alone, [stain, n2a])],
        ["tuned on the five and N2A fields", f"{mixed_seconds:.0f}", *judge(given, "mixed", mixed, [stain, n2a])],
        ["the mean of that and the default model", "", *judge(given, "mean", mean, [stain, n2a])],
    ]
    titles = ["model", "seconds of training", "new stain: SM", "F1 of nuclei at IoU 0.5", "N2A test: SM",
              "F1 of nuclei at IoU 0.5"]
    before = pictures(given, "The default model", "default", stain)
    after = pictures(given, "Tuned on the five and N2A fields", "mixed", stain)
    text = f"\nBudget: {given.budget}.\n\n{table(titles, rows)}{before}{after}\n"
    put_section(given.docs / "experiments.md", "finetune", text)


if __name__ == "__main__":
    main()
