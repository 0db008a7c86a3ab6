# SPDX-License-Identifier: BSD-3-Clause
"""Fine-tuning on five annotated fields of a stain that is absent from the default model's training data. Into docs/experiments.md.

The stain is simulated: endoplasmic reticulum in very little light, out of focus, over a fluorescent medium. The default model's
simulated training fields (examples/train_default.c) contain no such field. There, cellseg_synth_options_draw() gives at least 250
electrons per pixel of a mean cell, a blur in focus of at most 0.86 um, and a background of at most 0.3 of a mean cell. Here, the
values are 15, 1.2 and 0.5; all other values are the stain's preset. Five fields train, ten other fields test. No field validates:
the weights are those after the last epoch. Full budget: two trainings of 30 epochs from the default model. The first uses the five
fields. The second adds the N2A training fields (manual outlines), with half of the patches from each. The last row averages the
second model (weight 2/3) and the default model (weight 1/3), as in the default model's recipe.
"""

import json

from common import HUMAN, arguments, cellseg, evaluate, gather, markers, mean_of, put_overlays
from common import put_section, read_figures, segment, table, train

STAIN = {"stain": "er", "vary": "no", "photons": 15, "psf-um": 1.2, "background": 0.5}
TUNING = {"batch": 8, "learning-rate": 3e-4, "learning-rate-final": 1e-5}  # of 1e-3 and 3e-4, this rate loses less on N2A val
OLD_WEIGHT = 0.1  # the N2A fields have ten times as many pixels as the five fields
PART = 2 / 3


def fields(folder, count, first_seed, size):
    if len(markers(folder)) < count:
        cellseg("synth", output=folder, count=count, seed=first_seed, size=size, **STAIN)
    return folder


def tune(model, folders, options):
    """Fine-tune; return the model file and the seconds of all epochs."""
    log = model.with_suffix(".jsonl")
    train(model, folders, {"start": "default", "log": log} | options, validation_part=0)
    return model, sum(json.loads(line)["seconds"] for line in log.read_text().splitlines())


def average(path, end, part):
    """Write the weighted mean of the default model (1 - part) and the model `end` (part)."""
    from cellseg import Model

    Model.default().average(Model.load(end), part).save(path)
    return path


def judge(given, name, model, tests):
    """[SM of cells, F1 of nuclei at IoU 0.5] of each folder of test fields, in one list."""
    figures = []
    for folder in tests:
        out = segment(given.work / f"{name}-{folder.name}", folder, model=model)
        rows = evaluate(folder, out, out.with_suffix(".csv"))
        figures += [mean_of(rows["cells"], "sm"), mean_of(rows["nuclei"], "f1")]
    return figures


def pictures(given, title, name, stain):
    """Markdown with the worst and the best field of the new stain."""
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
        ["default model", "", *judge(given, "default", None, [stain, n2a])],
        ["fine-tuned on the five fields", f"{alone_seconds:.0f}", *judge(given, "alone", alone, [stain, n2a])],
        ["fine-tuned on the five and N2A fields", f"{mixed_seconds:.0f}", *judge(given, "mixed", mixed, [stain, n2a])],
        ["mean of that model and the default model", "", *judge(given, "mean", mean, [stain, n2a])],
    ]
    titles = ["model", "seconds of training", "new stain: SM", "F1 of nuclei at IoU 0.5", "N2A test: SM",
              "F1 of nuclei at IoU 0.5"]
    before = pictures(given, "Default model", "default", stain)
    after = pictures(given, "Fine-tuned on the five and N2A fields", "mixed", stain)
    text = f"\nBudget: {given.budget}.\n\n{table(titles, rows)}{before}{after}\n"
    put_section(given.docs / "experiments.md", "finetune", text)


if __name__ == "__main__":
    main()
