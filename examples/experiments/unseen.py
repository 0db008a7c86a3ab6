# SPDX-License-Identifier: BSD-3-Clause
"""A stain that training has not seen: the paper's Table 5. Into docs/experiments.md.

Every data set is left out of training in turn; then its nuclei, found from the marker alone, are compared with those that the
two-channel method finds in the nuclear stain (F1 at IoU 0.3), and its cells likewise. The N2A folders are one data set. Beside
it what the default model reaches, which has seen them all.

To save time the trainings share their beginning: one on what all of them see, simulated fields and (but where they are left out)
the N2A fields, then for each data set one on everything but it, a third as many epochs. Nothing validates: the weights are those
after the last epoch. Full budget: two trainings of 30 epochs and nine of ten.
"""

from common import HUMAN, arguments, cellseg, evaluate, gather, markers, mean, mean_of, put_section, segment, table, train

SIMULATED = {"count": 60, "size": "400x400"}
WEIGHTS = {"nf1-er": 3, "neubias-tubulin": 4, "bbbc014-a12": 2, "embl-cy5": 2, "covertrack-yfp": 4, "scportrait-488": 2}  # as train_default.c's copies


def gather_sets(given):
    """{data set: its folder}"""
    human = [source._replace(name="n2a") for source in (HUMAN["train"], HUMAN["val"])]
    return {source.name: gather(given.work / source.name, given.data, [source], given.limit)
            for source in [*human, *given.fitting]}


def simulate(given):
    folder, count = given.work / "simulated", given.limit or SIMULATED["count"]
    if len(markers(folder)) < count:
        cellseg("synth", output=folder, count=count, size=SIMULATED["size"])
    return folder


def weights(folders):
    return [WEIGHTS.get(folder.name, 1) for folder in folders]


def train_without(given, name, sets, simulated):
    """A model that has not seen the data set of this name."""
    def learn(path, folders, **options):
        return train(path, folders, given.training | {"weight": weights(folders)} | options, validation_part=0)

    common = [simulated] if name == "n2a" else [simulated, sets["n2a"]]
    start = learn(given.work / ("-".join(folder.name for folder in common) + ".cellseg"), common)
    others = [folder for other, folder in sets.items() if other not in (name, "n2a")]
    return learn(given.work / f"without-{name}.cellseg", common + others, start=start, epochs=-(-given.training["epochs"] // 3))


def judge(given, name, truth, model):
    """[F1 of nuclei at IoU 0.3, SM of cells]"""
    out = segment(given.work / name, truth, **({} if model is None else {"model": model}))
    nuclei = evaluate(truth, out, out.with_suffix(".nuclei.csv"), kind="nuclei", iou=0.3)["nuclei"]
    return [mean_of(nuclei, "f1"), mean_of(evaluate(truth, out, out.with_suffix(".cells.csv"))["cells"], "sm")]


def main():
    given = arguments(__doc__)
    sets, simulated = gather_sets(given), simulate(given)
    rows = []
    for name, folder in sets.items():
        unseen = judge(given, f"{name}-unseen", folder, train_without(given, name, sets, simulated))
        rows.append([name, len(markers(folder)), *unseen, *judge(given, f"{name}-default", folder, None)])
    others = [row for row in rows if row[0] != "n2a"]
    rows.append(["**mean but n2a**", sum(row[1] for row in others), *(mean(row[i] for row in others) for i in range(2, 6))])
    titles = ["data set", "images", "left out: F1 of nuclei", "SM of cells", "default model: F1 of nuclei", "SM of cells"]
    put_section(given.docs / "experiments.md", "unseen", f"\nBudget: {given.budget}.\n\n{table(titles, rows)}\n")


if __name__ == "__main__":
    main()
