# SPDX-License-Identifier: BSD-3-Clause
"""A stain that training has not seen: the paper's Table 5. Into docs/experiments.md.

Every folder of images is left out of training in turn, with all its stains; then its nuclei, found from the marker alone, are
compared with those that the two-channel method finds in the nuclear stain (F1 at IoU 0.3; of N2A cells, those within a person's
outlines), and its cells likewise. The N2A folders are one. Beside it what the default model reaches, which has seen them all.

To save time the trainings share their beginning: one on what all of them see, simulated fields and (but where they are left out)
the N2A fields, then for each folder one on everything but it, a third as many epochs, which take half of what was seen before
and augment more widely than the default model's recipe: what stands in for unseen stains and sizes of cells. (How widely was tried
once, with three of the folders left out.)
Nothing validates: the weights are those after the last epoch. Full budget: two trainings of 30 epochs and eight of ten.
"""

from common import HUMAN, arguments, cellseg, evaluate_nuclei_and_cells, gather, markers, mean, mean_of, put_section, segment
from common import table, train

SIMULATED_FIELDS, SIMULATED_SIZE = 60, "400x400"  # as in examples/train_default.c
WIDER = {"gamma": 2, "contrast": 1.6, "scale": 1.8, "noise": 0.15, "blur-px": 2, "nucleus-contrast": 1.5, "cell-contrast": 2.5}
NOT_IN_MEAN = ("n2a", "neubias-tubulin")  # the other seven are those that the project has set itself a goal for


def all_sources(given):
    return [*(HUMAN[part]._replace(name="n2a") for part in ("train", "val")), *given.fitting]


def origin(source):
    """What is left out together."""
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


def train_without(given, left_out, sets, simulated):
    """A model that has seen nothing of one origin."""
    sources = {source.name: source for source in all_sources(given)}

    def learn(path, folders, weights, **options):
        return train(path, folders, given.training | {"weight": weights} | options, validation_part=0)

    common = [simulated] if left_out == origin(sources["n2a"]) else [simulated, sets["n2a"]]
    start = learn(given.work / ("-".join(folder.name for folder in common) + ".cellseg"), common, [1] * len(common))
    others = [source for name, source in sources.items() if name != "n2a" and origin(source) != left_out]
    folders = common + [sets[source.name] for source in others]
    weights = [0.5] * len(common) + [source.weight for source in others]
    return learn(given.work / f"without-{left_out}.cellseg", folders, weights, start=start, epochs=last_epochs(given), **WIDER)


def judge(given, name, truth, model):
    """[F1 of nuclei at IoU 0.3, SM of cells]"""
    out = segment(given.work / name, truth, model=model)
    nuclei, cells = evaluate_nuclei_and_cells(truth, out)
    return [mean_of(nuclei, "f1"), mean_of(cells, "sm")]


def main():
    given = arguments(__doc__)
    given.work = given.work / "unseen"
    sets = gather_sets(given)
    simulated = simulate(given)
    rows = []
    for source in {source.name: source for source in all_sources(given)}.values():
        truth, model = sets[source.name], train_without(given, origin(source), sets, simulated)
        unseen, seen = judge(given, f"{source.name}-unseen", truth, model), judge(given, f"{source.name}-default", truth, None)
        rows.append([source.name, len(markers(truth)), *unseen, *seen])
    others = [row for row in rows if row[0] not in NOT_IN_MEAN]
    title = f"**mean but {' and '.join(NOT_IN_MEAN)}**"
    rows.append([title, sum(row[1] for row in others), *(mean(row[i] for row in others) for i in range(2, 6))])
    titles = ["data set", "images", "left out: F1 of nuclei at IoU 0.3", "SM of cells",
              "default model: F1 of nuclei at IoU 0.3", "SM of cells"]
    budget = given.budget if given.quick else f"{given.budget}, then {last_epochs(given)} without each folder"
    put_section(given.docs / "experiments.md", "unseen", f"\nBudget: {budget}.\n\n{table(titles, rows)}\n")


if __name__ == "__main__":
    main()
