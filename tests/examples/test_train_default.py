# SPDX-License-Identifier: BSD-3-Clause
"""The recipe of the default model: what it says without its data, and that the model inside and the documents are of this recipe."""

import json
import re

import cellseg
from cellseg import _lowlevel as c
from program import PROGRAM, ROOT, run

RECIPE = (ROOT / "examples/train_default.c").read_text()
SET = {name: float(value) for name, value in re.findall(r"^    r->\w+\.(\w+) = ([\d.e-]+);", RECIPE, re.M)}
ROWS = re.findall(r"\{(\d+), (\de-\d), (\d), [\d. /]+\}", RECIPE.split("stages[STAGES]")[1])
STAGES = [(int(epochs), float(rate), int(seed)) for epochs, rate, seed in ROWS]


def test_what_is_missing_is_named(tmp_path):
    program = PROGRAM.parent / "train_default"
    result = run(program=program)
    assert result.code == 2 and result.errors == ["usage: train_default DATA MODEL"]
    result = run(tmp_path, tmp_path / "m.cellseg", program=program)
    assert result.code == 1 and result.errors == [f"train_default: {tmp_path}/ccdb6843/train: no such folder"]
    assert list(tmp_path.iterdir()) == []


def test_the_model_inside_is_of_the_last_stage():
    record = json.loads(run("info", "--json").output)["model"]["record"]
    assert (record["epochs"], record["learning_rate"], record["seed"]) == STAGES[-1]
    recorded = {name: value for name, value in SET.items() if name != "width"}
    assert len(recorded) > 15 and {name: record[name] for name in recorded} == recorded
    assert record["extra_output"] == c.EXTRA_DISTANCE
    assert f'"{record["note"]}"' in re.sub(r'"\n +"', "", RECIPE)


def test_the_documents_tell_the_recipe():
    training = (ROOT / "docs/training.md").read_text()
    command = re.search(r"cellseg train \.\.\. (.*?)```", training.split("**The default model's recipe**")[1], re.S)[1]
    told = {name.replace("-", "_"): float(value) for name, value in re.findall(r"--(\S+) ([\d.]+)", command)}
    defaults = {option.name: option.default for option in cellseg.options("train")}
    first = {**SET, "epochs": STAGES[0][0], "learning_rate": STAGES[0][1]}
    assert told == {name: value for name, value in first.items() if value != defaults[name]}
    assert "--extra-output distance" in command and "r->options.extra_output = CELLSEG_EXTRA_DISTANCE;" in RECIPE
    further = training.split(command)[1].split("\n\n")[1]
    count = "zero one two three four five six seven eight nine".split()[len(STAGES)]
    epochs, rates = zip(*((epochs, rate) for epochs, rate, _ in STAGES[1:]))
    assert f"in the first of {count} stages" in training and f"for {min(epochs)} to {max(epochs)} epochs" in further
    assert {float(rate) for rate in re.findall(r"0\.\d+", further)} == set(rates)
    fields = int(re.search(r"SIMULATED_FIELDS = (\d+)", RECIPE)[1]) * len({seed for *_, seed in STAGES})
    assert f"- {fields} simulated fields" in (ROOT / "docs/model-card.md").read_text()
