# SPDX-License-Identifier: BSD-3-Clause
"""The experiments run from one command to tables and pictures; with --quick, on crops under the data sets' names."""

import csv
import json
import os
import re
import subprocess
import sys

import pytest
import tifffile
from program import PROGRAM, ROOT, TRUTH, run, write_image

EXPERIMENTS = ROOT / "examples/experiments"
sys.path.insert(0, str(EXPERIMENTS))
NAMES = {  # of each folder the files of one image: marker and nuclear stain
    "nf1_cellpainting": ["B7_01_2_3_GFP_001.tif", "B7_01_1_3_DAPI_001.tif"],
    "bbbc014": ["Channel_1-01-A-01-00.tif", "Channel_2-01-A-01-00.tif"],
    "bbbc022": ["plate1_Ch3.tif", "plate1_Ch1.tif"],
}


@pytest.fixture(scope="module")
def data(field, tmp_path_factory):
    """Crops of one field for every folder that --quick reads."""
    folder, truth = tmp_path_factory.mktemp("data"), tifffile.imread(TRUTH)
    for part, corners in {"train": [(0, 0), (250, 400)], "val": [(100, 200)], "test": [(300, 100), (0, 450)]}.items():
        (folder / "ccdb6843" / part).mkdir(parents=True)
        for i, (top, left) in enumerate(corners):
            window = slice(top, top + 200), slice(left, left + 200)
            write_image(folder / f"ccdb6843/{part}/{part}{i}.ome.tif", field[(slice(None), *window)])
            write_image(folder / f"ccdb6843/{part}/{part}{i}.cells.tif", truth[window])
    for name, (marker, nuclear) in NAMES.items():
        (folder / name).mkdir()
        write_image(folder / name / marker, field[0, :200, :200], None)
        write_image(folder / name / nuclear, field[1, :200, :200], None)
    second = folder / "nf1_cellpainting/D6_01_2_2_GFP_001.tif"
    write_image(second, field[0, 200:400, :200], None)
    write_image(str(second).replace("_2_2_GFP", "_1_2_DAPI"), field[1, 200:400, :200], None)
    return folder


def experiment(name, data, work, *more):
    """The section that it writes."""
    library = os.environ["CELLSEG_LIBRARY"]
    environment = {**os.environ, "CELLSEG_PROGRAM": str(PROGRAM), "CELLSEG_LIBRARY": os.path.abspath(library)}
    environment |= {"PYTHONPATH": str(ROOT / "bindings/python"), "PYTHONDONTWRITEBYTECODE": "1"}
    command = [sys.executable, EXPERIMENTS / f"{name}.py", *more, "--data", data, "--work", work, "--quick"]
    done = subprocess.run(list(map(str, command)), env=environment, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    documents = list((work / "docs").glob("*.md"))
    assert len(documents) == 1
    return documents[0].read_text()


def rows_of(section):
    """Cells of every line of a table."""
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ") and "---" not in line]
    assert len({len(line) for line in lines}) == 1
    return lines[0], lines[1:]


def test_split(data, tmp_path):
    section = experiment("split", data, tmp_path)
    assert "the figures mean nothing" in section
    _, methods, images, _ = re.split(r"\n\n(?=\|)|\n\n(?=!)", section, maxsplit=3)
    titles, rows = rows_of(methods)
    assert [row[0] for row in rows] == ["half the width, one look", "the paper"]
    for row, name in zip(rows, ("split", "paper"), strict=True):
        with open(tmp_path / f"{name}.csv") as file:
            aucs = [float(line["auc"]) for line in csv.DictReader(file) if line["kind"] == "nuclei"]
        assert float(row[titles.index("AUC, nuclei")]) == pytest.approx(sum(aucs) / 2, abs=6e-4)
    titles, rows = rows_of(images)
    with open(tmp_path / "split.csv") as file:
        figures = {(row["kind"], row["image"]): row for row in csv.DictReader(file)}
    assert [row[0] for row in rows] == ["n2a-test_test0", "n2a-test_test1", "**mean**"]
    for row in rows[:2]:
        assert float(row[titles.index("AUC, cells")]) == pytest.approx(float(figures["cells", row[0]]["auc"]), abs=5e-4)
        assert float(row[titles.index("ACC, nuclei")]) == pytest.approx(float(figures["nuclei", row[0]]["accuracy"]), abs=5e-4)
    pictures = re.findall(r"\]\((images/.*?)\)", section)
    assert {"images/split-worst.png", "images/split-best.png", "images/split-1.svg"} <= set(pictures)
    assert all((tmp_path / "docs" / name).stat().st_size > 0 for name in pictures)
    once = section
    assert experiment("split", data, tmp_path) == once  # goes on from what is there, and replaces its own section


def test_weights_are_those_of_the_recipe():
    import common

    recipe = (ROOT / "examples/train_default.c").read_text()
    rows = re.findall(r'^    \{"(.*?)", "(.*?)", .*, ([\d.]+), CELLSEG_USE_TRAIN, \{(\d+),', recipe, re.M)
    copies = {(folder, marker): (float(pixel), int(count)) for folder, marker, pixel, count in rows}
    sources = [common.HUMAN["train"], *common.FITTING]
    assert copies == {(source.folder, source.marker): (source.pixel_size_um, source.weight) for source in sources}


def test_folds_do_not_part_a_field():
    """Of bbbc022 two stains show each field, of covertrack two times; all other images are of fields of their own."""
    import common
    import crossval

    def field(source, name):
        return common.field_of(sources[source], common.Path(name))

    sources = {source.name: source for source in [*common.FITTING, common.HUMAN["train"]]}
    er, mito = (field(f"bbbc022-{stain}", f"plate1_A14_site1_Ch{channel}.tif") for stain, channel in (("er", 2), ("mito", 5)))
    assert er == mito != field("bbbc022-er", "plate1_A14_site2_Ch2.tif")
    assert field("covertrack-yfp", "img_000000000_YFP_000.png") == field("covertrack-yfp", "img_000000003_YFP_000.png")
    assert field("n2a-train", "F01_1489.ome.tif") != field("n2a-train", "F01_1508.ome.tif")
    stem = crossval.name_by_field(sources["neubias-tubulin"], common.Path("xyc_8bit__dapi_tublin.tif"))
    assert stem.split(crossval.FIELD_ENDS) == ["neubias-xyc_8bit__", "neubias-tubulin_xyc_8bit__dapi_tublin"]
    assert field("scportrait-488", "Row02_Alexa488_r000_c000.tif") != field("scportrait-488", "Row02_Alexa488_r001_c001.tif")


def images_of_sets(rows):
    return {row[0]: int(row[1]) for row in rows if not row[0].startswith("**")}


def test_crossval(data, tmp_path):
    _, rows = rows_of(experiment("crossval", data, tmp_path))
    assert images_of_sets(rows) == {"n2a-train": 2, "n2a-val": 1, "nf1-er": 2}


def test_unseen(data, tmp_path):
    """Four columns of every model: two figures as by default, and two with one look."""
    left_out, stains, _ = re.split("<!-- end of .* -->", experiment("unseen", data, tmp_path))
    titles, rows = rows_of(left_out)
    assert images_of_sets(rows) == {"n2a": 3, "nf1-er": 2} and len(titles) == 10
    titles, rows = rows_of(stains)
    assert images_of_sets(rows) == {"bbbc014-a01": 1, "bbbc022-rna": 1} and len(titles) == 6
    for row in rows[:2]:
        for suffix, columns in (("", row[2:4]), ("-one-look", row[4:6])):
            for kind, column, figure in zip(("nuclei", "cells"), ("f1", "sm"), columns):
                with open(tmp_path / f"unseen/{row[0]}-default{suffix}.{kind}.csv") as file:
                    assert float(figure) == pytest.approx(float(next(csv.DictReader(file))[column]), abs=6e-4)


@pytest.mark.parametrize("what, names", [("labels", ["a person's outlines", "two-channel method"]),
                                         ("simulated", ["simulated fields", "the same, no least nucleus probability", "N2A fields", "both"]),
                                         ("width", ["width 1", "width 0.5", "width 0.25", "width 0.125"])])  # fmt: skip
def test_compare(what, names, data, tmp_path):
    _, rows = rows_of(experiment("compare", data, tmp_path, "--what", what))
    assert [row[0] for row in rows] == names


def test_finetune(data, tmp_path):
    """Both trainings moved the network, and apart from each other; so did the mean; the seconds are those of the epochs."""
    section = experiment("finetune", data, tmp_path)
    _, rows = rows_of(section)
    assert [row[0] for row in rows] == ["the default model", "tuned on the five", "tuned on the five and N2A fields",
                                        "the mean of that and the default model"]
    assert len({tuple(row[2:]) for row in rows}) == 4
    for name, row in zip(("alone", "mixed"), rows[1:3], strict=True):
        epochs = [json.loads(line) for line in (tmp_path / f"{name}.jsonl").read_text().splitlines()]
        assert len(epochs) == 1 and row[1] == f"{epochs[0]['seconds']:.0f}"
    pictures = re.findall(r"\]\((images/.*?)\)", section)
    assert len(pictures) == 4 and all((tmp_path / "docs" / name).stat().st_size > 0 for name in pictures)


def test_ablation(data, tmp_path):
    """The first row is what `cellseg segment` and `evaluate` give."""
    titles, rows = rows_of(experiment("ablation", data, tmp_path))
    assert [row[0] for row in rows] == ["**defaults**", "**one look**", "the paper preset"]
    crop = data / "ccdb6843/val/val0.ome.tif"
    assert run("segment", "--channel", 0, "-o", tmp_path / "one", crop).code == 0
    lines = run("evaluate", crop.with_name("val0.cells.tif"), tmp_path / "one/val0.cells.tif").output.splitlines()
    assert float(rows[0][titles.index("val: SM")]) == pytest.approx(float(lines[1].split()[-1]), abs=6e-4)
    assert rows[0][titles.index("val: SM")] != rows[2][titles.index("val: SM")]


def test_marker_fit(data, tmp_path):
    section = experiment("marker_fit", data, tmp_path)
    fits, others = section.split("does not fit")
    assert all(row[5] == "0" for row in rows_of(fits)[1]) and len(rows_of(others)[1]) == 2


def test_model_card(data, tmp_path):
    test, others, section = re.split("<!-- end of (?:test|not fitting) -->", experiment("model_card", data, tmp_path))
    assert re.findall(r"!\[(.*?)\]", others) == ["bbbc014-a01", "bbbc022-rna"]
    assert [row[0] for row in rows_of(test)[1]] == ["default", "one look", "one look, 1 orientation", "one look, 4 orientations",
                                              "zoom 0, 3 zooms", "the paper preset",
                                              "two-channel method, which sees the nuclear stain"]
    figures, pictures = section.split("| card", 1)[0], re.findall(r"\]\((images/.*?)\)", section)
    _, rows = rows_of(figures.split("|  |")[0])
    assert {row[0]: int(row[1]) for row in rows} == {"n2a-train": 2, "n2a-val": 1, "n2a-test": 2, "nf1-er": 2}
    assert len(pictures) == 4 and all((tmp_path / "docs" / name).stat().st_size > 1000 for name in pictures)
