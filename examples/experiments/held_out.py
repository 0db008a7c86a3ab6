# SPDX-License-Identifier: BSD-3-Clause
"""Held-out stains: the paper's Table 5. Into docs/experiments.md.

Each folder of images, with all its stains, is held out of training in turn. The nuclei found from the marker alone are compared
with the nuclei of the two-channel method in the nuclear stain (F1 at IoU 0.3; for N2A cells, nuclei within the manual outlines).
The cells are compared likewise. The N2A folders are one folder here. The table also has the default model, whose training data
contain all folders.

The trainings share their first stage, which saves time. The first stage trains on simulated fields and, unless they are held out,
on the N2A fields. The second stage trains on every folder except the held-out one, for a third as many epochs. The fields of the
first stage count half there, and the augmentation is wider than in the default model's recipe. The range of the augmentation was
tested once, with three of the folders held out. No image validates: the weights are those after the last epoch. Full budget: two
trainings of 30 epochs and eight of ten.

All images are segmented with the default options. A second table has the default model on ten markers outside all training data,
and the mean of those whose folders are outside too.
"""

from common import HUMAN, OTHER_MARKERS, arguments, cellseg, evaluate_nuclei_and_cells, gather, markers, mean, mean_of
from common import put_section, segment, table, train

SIMULATED_FIELDS, SIMULATED_SIZE = 60, "400x400"  # as in examples/train_default.c
WIDER = {"gamma": 2, "contrast": 1.6, "scale": 1.8, "noise": 0.15, "blur-px": 2, "nucleus-contrast": 1.5, "cell-contrast": 2.5}
NOT_IN_MEAN = ("n2a", "neubias-tubulin")  # the project has a goal for the mean of the other seven
FOREIGN = ("celltk-yfp", "celltk-tritc", "jump-ch2", "jump-ch3", "ht29-actin")
FIGURES = ("F1 of nuclei at IoU 0.3", "SM of cells")


def all_sources(given):
    return [*(HUMAN[part]._replace(name="n2a") for part in ("train", "val")), *given.suitable]


def origin(source):
    """Name of the folder that is held out as a whole."""
    return source.folder.split("/")[0]


def gather_sets(given):
    """{data set: its folder of images with labels}"""
    return {source.name: gather(given.work / source.name, given.data, [source], given.limit) for source in all_sources(given)}


def simulate(given):
    folder, count = given.work / "simulated", given.limit or SIMULATED_FIELDS
    if len(markers(folder)) < count:
        cellseg("synth", output=folder, count=count, size=SIMULATED_SIZE)
    return folder


def last_epochs(given):
    return -(-given.training["epochs"] // 3)


def train_without(given, held_out, sets, simulated):
    """Train a model without the images of one origin."""
    sources = {source.name: source for source in all_sources(given)}

    def learn(path, folders, weights, **options):
        return train(path, folders, given.training | {"weight": weights} | options, validation_part=0)

    common = [simulated] if held_out == origin(sources["n2a"]) else [simulated, sets["n2a"]]
    start = learn(given.work / ("-".join(folder.name for folder in common) + ".cellseg"), common, [1] * len(common))
    others = [source for name, source in sources.items() if name != "n2a" and origin(source) != held_out]
    folders = common + [sets[source.name] for source in others]
    weights = [0.5] * len(common) + [source.weight for source in others]
    return learn(given.work / f"without-{held_out}.cellseg", folders, weights, start=start, epochs=last_epochs(given), **WIDER)


def judge(given, name, truth, model):
    """The values of FIGURES."""
    nuclei, cells = evaluate_nuclei_and_cells(truth, segment(given.work / name, truth, model=model))
    return [mean_of(nuclei, "f1"), mean_of(cells, "sm")]


def titles(*models):
    return ["data set", "images", *(f"{model}: {figure}" for model in models for figure in FIGURES)]


def mean_row(title, rows):
    columns = list(zip(*rows))
    return [f"**{title}**", sum(columns[1]), *map(mean, columns[2:])]


def evaluate_held_out(given):
    sets = gather_sets(given)
    simulated = simulate(given)
    rows = []
    for source in {source.name: source for source in all_sources(given)}.values():
        truth, model = sets[source.name], train_without(given, origin(source), sets, simulated)
        figures = [*judge(given, f"{source.name}-held-out", truth, model), *judge(given, f"{source.name}-default", truth, None)]
        rows.append([source.name, len(markers(truth)), *figures])
    rows.append(mean_row(f"mean without {' and '.join(NOT_IN_MEAN)}", [row for row in rows if row[0] not in NOT_IN_MEAN]))
    budget = given.budget if given.quick else f"{given.budget}, then {last_epochs(given)} without each folder"
    text = f"\nBudget: {budget}.\n\n{table(titles('held out', 'default model'), rows)}\n"
    put_section(given.docs / "experiments.md", "held out", text)


def judge_default_model(given):
    rows = []
    for name in list({source.name: None for source in OTHER_MARKERS})[: given.limit]:
        truth = gather(given.work / name, given.data, [source for source in OTHER_MARKERS if source.name == name], given.limit)
        rows.append([name, len(markers(truth)), *judge(given, f"{name}-default", truth, None)])
    foreign = [row for row in rows if row[0] in FOREIGN]
    rows.append(mean_row("mean", rows))
    if foreign:
        rows.append(mean_row(f"mean of the last {len(foreign)}", foreign))
    put_section(given.docs / "experiments.md", "other markers", f"\n{table(titles('default model'), rows)}\n")


def main():
    given = arguments(__doc__)
    given.work = given.work / "held-out"
    given.work.mkdir(exist_ok=True)
    evaluate_held_out(given)
    judge_default_model(given)


if __name__ == "__main__":
    main()
