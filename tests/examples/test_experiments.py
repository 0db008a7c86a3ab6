# SPDX-License-Identifier: BSD-3-Clause
"""Each experiment writes its tables and pictures in one command. --quick reads crops under the names of the data sets."""

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
NAMES = {  # {folder: [marker file, nuclear stain file] of one image}
    "nf1_cellpainting": ["B7_01_2_3_GFP_001.tif", "B7_01_1_3_DAPI_001.tif"],
    "bbbc014": ["Channel_1-01-A-01-00.tif", "Channel_2-01-A-01-00.tif"],
    "bbbc022": ["plate1_Ch3.tif", "plate1_Ch1.tif"],
}


@pytest.fixture(scope="module")
def data(field, tmp_path_factory):
    """Crops of one field, for every folder that --quick reads."""
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
    """Run an experiment; return the document that it writes."""
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
    """(titles, rows) of a table."""
    lines = [line.strip("| ").split(" | ") for line in section.splitlines() if line.startswith("| ") and "---" not in line]
    assert len({len(line) for line in lines}) == 1
    return lines[0], lines[1:]


def test_split(data, tmp_path):
    section = experiment("split", data, tmp_path)
    assert "the figures mean nothing" in section
    _, methods, images, _ = re.split(r"\n\n(?=\|)|\n\n(?=!)", section, maxsplit=3)
    titles, rows = rows_of(methods)
    assert [row[0] for row in rows] == ["half the width", "the paper"]
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
    assert experiment("split", data, tmp_path) == once  # resumes from the existing files and replaces its own section


def test_weights_are_those_of_the_recipe():
    import common

    recipe = (ROOT / "examples/train_default.c").read_text()
    rows = re.findall(r'^    \{"(.*?)", "(.*?)", .*, ([\d.]+), CELLSEG_USE_TRAIN, \{(\d+),', recipe, re.M)
    copies = {(folder, marker): (float(pixel), int(count)) for folder, marker, pixel, count in rows}
    sources = [common.HUMAN["train"], *common.SUITABLE_MARKERS]
    assert copies == {(source.folder, source.marker): (source.pixel_size_um, source.weight) for source in sources}


def test_folds_do_not_split_a_field():
    """bbbc022 has two stains of each field, covertrack two time points; every other image is a field of its own."""
    import common
    import crossval

    def field(source, name):
        return common.field_of(sources[source], common.Path(name))

    sources = {source.name: source for source in [*common.SUITABLE_MARKERS, common.HUMAN["train"]]}
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


def test_held_out(data, tmp_path):
    """Each model has two columns: F1 of nuclei and SM of cells."""
    held_out, stains, _ = re.split("<!-- end of .* -->", experiment("held_out", data, tmp_path))
    titles, rows = rows_of(held_out)
    assert images_of_sets(rows) == {"n2a": 3, "nf1-er": 2} and len(titles) == 6
    titles, rows = rows_of(stains)
    assert images_of_sets(rows) == {"bbbc014-a01": 1, "bbbc022-rna": 1} and len(titles) == 4
    for row in rows[:2]:
        for kind, column, figure in zip(("nuclei", "cells"), ("f1", "sm"), row[2:4]):
            with open(tmp_path / f"held-out/{row[0]}-default.{kind}.csv") as file:
                assert float(figure) == pytest.approx(float(next(csv.DictReader(file))[column]), abs=6e-4)


@pytest.mark.parametrize("what, names", [("labels", ["manual outlines", "two-channel method"]),
                                         ("simulated", ["simulated fields", "simulated fields, no minimum nucleus probability", "N2A fields",
                                                        "both"]),
                                         ("width", ["width 1", "width 0.5", "width 0.25", "width 0.125"])])  # fmt: skip
def test_compare(what, names, data, tmp_path):
    _, rows = rows_of(experiment("compare", data, tmp_path, "--what", what))
    assert [row[0] for row in rows] == names


def test_finetune(data, tmp_path):
    """All four models give different figures; the seconds are the sum over the epochs."""
    section = experiment("finetune", data, tmp_path)
    _, rows = rows_of(section)
    assert [row[0] for row in rows] == ["default model", "fine-tuned on the five fields", "fine-tuned on the five and N2A fields",
                                        "mean of that model and the default model"]
    assert len({tuple(row[2:]) for row in rows}) == 4
    for name, row in zip(("alone", "mixed"), rows[1:3], strict=True):
        epochs = [json.loads(line) for line in (tmp_path / f"{name}.jsonl").read_text().splitlines()]
        assert len(epochs) == 1 and row[1] == f"{epochs[0]['seconds']:.0f}"
    pictures = re.findall(r"\]\((images/.*?)\)", section)
    assert len(pictures) == 4 and all((tmp_path / "docs" / name).stat().st_size > 0 for name in pictures)


def test_ablation(data, tmp_path):
    """The first row equals the result of `cellseg segment` and `cellseg evaluate`."""
    titles, rows = rows_of(experiment("ablation", data, tmp_path))
    assert [row[0] for row in rows] == ["**defaults**", "paper preset"]
    crop = data / "ccdb6843/val/val0.ome.tif"
    assert run("segment", "--channel", 0, "-o", tmp_path / "one", crop).code == 0
    lines = run("evaluate", crop.with_name("val0.cells.tif"), tmp_path / "one/val0.cells.tif").output.splitlines()
    assert float(rows[0][titles.index("val: SM")]) == pytest.approx(float(lines[1].split()[-1]), abs=6e-4)
    assert rows[0][titles.index("val: SM")] != rows[1][titles.index("val: SM")]


def test_marker_check(data, tmp_path):
    suitable, unsuitable = experiment("marker_check", data, tmp_path).split("Unsuitable markers")
    assert all(row[5] == "0" for row in rows_of(suitable)[1]) and len(rows_of(unsuitable)[1]) == 2


def test_model_card(data, tmp_path):
    test, others, section = re.split("<!-- end of (?:test|unsuitable markers) -->", experiment("model_card", data, tmp_path))
    assert re.findall(r"!\[(.*?)\]", others) == ["bbbc014-a01", "bbbc022-rna"]
    assert [row[0] for row in rows_of(test)[1]] == ["default", "1 orientation", "4 orientations", "paper preset",
                                              "two-channel method (uses the nuclear stain)"]
    figures, pictures = section.split("| card", 1)[0], re.findall(r"\]\((images/.*?)\)", section)
    _, rows = rows_of(figures.split("|  |")[0])
    assert {row[0]: int(row[1]) for row in rows} == {"n2a-train": 2, "n2a-val": 1, "n2a-test": 2, "nf1-er": 2}
    assert len(pictures) == 4 and all((tmp_path / "docs" / name).stat().st_size > 1000 for name in pictures)


def test_join(data, tmp_path):
    """The fitted model differs in its coefficients alone; given ones go into the file as they are."""
    import cellseg

    section = experiment("join", data, tmp_path)
    terms, sets = (rows_of(part) for part in re.split(r"\n\n(?=\| data set)", section))
    names = ["constant", "distance", "marker", "nucleus", "confidence", "area_ratio"]
    assert [row[0] for row in terms[1]] == names and {row[0] for row in sets[1]} == {"n2a-train", "n2a-val", "nf1-er"}
    fitted, default = cellseg.Model.load(tmp_path / "joined.cellseg"), cellseg.Model.default()
    joining = fitted.info["rule"].pop("joining")
    assert [f"{joining[name]:.3f}" for name in names] == [row[2] for row in terms[1]]
    assert [f"{default.info['rule']['joining'][name]:.3f}" for name in names] == [row[1] for row in terms[1]]
    without = [{**model.info, "rule": {**model.info["rule"], "joining": None}} for model in (fitted, default)]
    assert without[0] == without[1]
    given = ["-3.6", "9", "1.5", "5", "-4", "-1.3"]
    experiment("join", data, tmp_path, "--coefficients", *given)
    assert (tmp_path / "joined.cellseg").read_bytes() == (ROOT / "lib/nn/default.cellseg").read_bytes()
    experiment("join", data, tmp_path, "--coefficients", *"000000", "--model", ROOT / "lib/nn/default.cellseg")
    apart = cellseg.Model.load(tmp_path / "joined.cellseg")
    assert "joining" not in apart.info["rule"] and apart.hash != default.hash
