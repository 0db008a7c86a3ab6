# SPDX-License-Identifier: BSD-3-Clause
"""cellseg segment and cellseg label, run as a user would, on good and on bad input."""

import csv
import json
import os
import re
import resource
import shutil
import signal
import subprocess
import zipfile

import cellseg
import numpy as np
import pytest
import tifffile
from program import FIELD, PIXEL_SIZE_UM, PROGRAM, ROOT, run, run_on_a_terminal, told, write_image
from PIL import Image

OUTPUTS = [".cells.tif", ".csv", ".json", ".nuclei.tif", ".overlay.png"]


def names(folder):
    return sorted(p.name for p in folder.iterdir()) if folder.exists() else []


def check_results(folder, stem, shape):
    """The files fit each other; gives the number of cells."""
    cells, nuclei = (tifffile.imread(folder / f"{stem}.{kind}.tif") for kind in ("cells", "nuclei"))
    assert cells.dtype == nuclei.dtype == np.uint16 and cells.shape == nuclei.shape == shape
    ids = np.unique(cells)[1:]
    np.testing.assert_array_equal(ids, np.arange(1, ids.size + 1))
    assert ((nuclei == cells) | (nuclei == 0)).all()
    with open(folder / f"{stem}.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(r["id"]) for r in rows] == ids.tolist()
    areas = np.bincount(cells.ravel())[1:] * PIXEL_SIZE_UM**2
    np.testing.assert_allclose([float(r["area_um2"]) for r in rows], areas, rtol=1e-3)
    with Image.open(folder / f"{stem}.overlay.png") as overlay:
        assert overlay.mode == "RGB" and overlay.size == shape[::-1]
    return ids.size


@pytest.fixture(scope="module")
def segmented(tmp_path_factory):
    out = tmp_path_factory.mktemp("out") / "not" / "there" / "yet"
    result = run("segment", "--channel", 0, "--save-maps", "-o", out, FIELD)
    assert result.code == 0 and result.errors == []
    return out, result



def test_a_dry_run_tells_and_writes_nothing(segmented, tmp_path):
    """The memory is that of the library's function; faults of inputs are those of a run."""
    out = tmp_path / "out"
    (tmp_path / "empty.tif").write_bytes(b"")
    shutil.copy(FIELD, tmp_path / "second.ome.tif")
    result = run("segment", "--dry-run", "--channel", "phalloidin", "-o", out, FIELD, tmp_path / "second.ome.tif", tmp_path / "empty.tif")
    assert result.code == 3 and len(result.errors) == 1 and "empty.tif" in result.errors[0] and not out.exists()
    lines = result.output.splitlines()
    need = r"about [\d.e+]+ s, (\d+) MB"
    match = re.fullmatch(rf"{FIELD}: 696 x 520 pixels of 0\.6236\d* um, channel 0 \(phalloidin\): {need}, to {out}/n2a\.\*", lines[0])
    bytes_ = cellseg.segment_memory(520, 696, PIXEL_SIZE_UM)
    assert match and int(match[1]) == pytest.approx(bytes_ / 1e6, abs=1)
    assert lines[1].endswith(f"to {out}/second.*") and re.fullmatch(f"2 images: {need}", lines[2])
    (line,) = run("segment", "--dry-run", "--json", "--channel", 1, "-o", out, FIELD).output.splitlines()
    line = json.loads(line)
    assert (line["file"], line["folder"], line["stem"], line["channel"]) == (str(FIELD), str(out), "n2a", 1)
    assert line["memory_bytes"] == pytest.approx(bytes_, rel=0.01) and line["seconds"] > 0
    result = run("label", "--dry-run", "--nuclei-channel", 1, "-o", out, FIELD)
    assert result.code == 0 and re.search(r"channel 0 \(phalloidin\): \d+ MB, to", result.output) and not out.exists()
    shutil.copy(FIELD, tmp_path / "n2a.ome.tif")
    before = names(segmented[0])
    result = run("segment", "--dry-run", "--channel", 0, "-o", segmented[0], tmp_path / "n2a.ome.tif")
    assert result.code == 1 and "overwrite" in result.errors[0] and names(segmented[0]) == before


def test_the_overlay_has_the_size_and_ids_that_options_ask_for(segmented, tmp_path):
    """As the library's function writes it."""
    out, _ = segmented
    image = tifffile.imread(FIELD)
    cells, nuclei = (tifffile.imread(out / f"n2a.{kind}.tif").astype(np.uint32) for kind in ("cells", "nuclei"))
    for options, keywords in ([], {}), (["--overlay-px", 300], {"max_px": 300}), (["--overlay-ids", "no"], {"ids": False}):
        assert run("segment", "--channel", 0, "-o", tmp_path, "--overwrite", FIELD, *options).code == 0
        cellseg.write_overlay(tmp_path / "own.png", image, cells, nuclei, PIXEL_SIZE_UM, **keywords)
        assert (tmp_path / "n2a.overlay.png").read_bytes() == (tmp_path / "own.png").read_bytes()
    result = run("segment", "-o", tmp_path, "--overlay-px", -1, FIELD)
    assert result.code == 2 and "--overlay-px must be 0 or more" in result.errors[0]


def test_segment_writes_what_it_says(segmented):
    out, result = segmented
    assert names(out) == sorted(f"n2a{kind}" for kind in [*OUTPUTS, ".maps.tif"])
    count = check_results(out, "n2a", (520, 696))
    assert count > 10 and re.search(rf"\b{count} cells", result.output) and str(out) in result.output
    maps = tifffile.imread(out / "n2a.maps.tif")
    assert maps.shape == (4, 520, 696) and maps.dtype == np.float32 and 0 <= maps.min() <= maps.max() <= 1


def test_label_writes_the_same_kinds_of_files(tmp_path):
    result = run("label", "--nuclei-channel", 1, "-o", tmp_path, FIELD)
    assert result.code == 0 and result.errors == []
    assert names(tmp_path) == sorted(f"n2a{kind}" for kind in OUTPUTS)
    assert check_results(tmp_path, "n2a", (520, 696)) > 10


@pytest.mark.parametrize("command", [["segment", "--channel", 0], ["label", "--nuclei-channel", 1]])
def test_outlines_are_written_on_demand(tmp_path, crop, command):
    """They hold the cells and nuclei of the label maps and the numbers of the table; the next set without them has none."""
    wanted = [".coco.json", ".geojson", ".rois.zip", ".svg"]
    assert run(*command, "-o", tmp_path / "out", "--geojson", "--coco", "--svg", "--rois", crop).code == 0
    assert names(tmp_path / "out") == sorted(f"crop{kind}" for kind in OUTPUTS + wanted)
    cells, nuclei = (tifffile.imread(tmp_path / f"out/crop.{kind}.tif") for kind in ("cells", "nuclei"))
    with open(tmp_path / "out/crop.csv", newline="") as file:
        rows = list(csv.DictReader(file))
    features = json.loads((tmp_path / "out/crop.geojson").read_text())["features"]
    assert [one["id"] for one in features] == [int(row["id"]) for row in rows] == np.unique(cells)[1:].tolist()
    for feature, row in zip(features, rows):
        assert feature["properties"]["measurements"] == {k: float(v) for k, v in row.items() if k != "id" and v != ""}
    coco = json.loads((tmp_path / "out/crop.coco.json").read_text())
    assert coco["images"][0]["file_name"] == crop.name
    for category, labels in ((1, cells), (2, nuclei)):
        areas = {one["cell_id"]: one["area"] for one in coco["annotations"] if one["category_id"] == category}
        assert areas == {i: n for i, n in enumerate(np.bincount(labels.ravel()).tolist()) if i > 0 and n > 0}
    with zipfile.ZipFile(tmp_path / "out/crop.rois.zip") as archive:
        assert archive.testzip() is None
        regions = [f"{id_}.roi" for id_ in np.unique(cells)[1:]] + [f"{id_}-nucleus.roi" for id_ in np.unique(nuclei)[1:]]
        assert archive.namelist() == regions
    svg = (tmp_path / "out/crop.svg").read_text()
    assert svg.count('"cell-') == len(rows) and svg.count('"nucleus-') == len(np.unique(nuclei)) - 1
    assert run(*command, "-o", tmp_path / "out", crop).code == 0
    assert names(tmp_path / "out") == sorted(f"crop{kind}" for kind in OUTPUTS)


def test_label_takes_the_nuclear_stain_from_a_file(tmp_path, field):
    marker, nuclear = (write_image(tmp_path / f"{n}.tif", field[i]) for i, n in enumerate(["marker", "nuclear"]))
    assert run("label", "--nuclei-channel", 1, "-o", tmp_path / "one", FIELD).code == 0
    assert run("label", "--nuclei", nuclear, "-o", tmp_path / "two", marker).code == 0
    one, two = (tifffile.imread(p) for p in (tmp_path / "one/n2a.cells.tif", tmp_path / "two/marker.cells.tif"))
    assert (one != two).mean() < 0.01  # the pixel sizes are written with different precision


def test_options_reach_the_method(tmp_path, crop):
    def cells(*options):
        result = run("label", "--nuclei-channel", 1, "-o", tmp_path, crop, *options)
        assert result.code == 0, result.errors
        return tifffile.imread(tmp_path / "crop.cells.tif")

    default, paper = cells(), cells("--preset", "paper")
    assert (default != paper).any()
    assert cells("--cell-area-max-um2=1").max() == 0
    np.testing.assert_array_equal(cells("--preset=default"), default)
    no_cells_either_way = cells("--cell-area-max-um2", 1, "--preset", "paper"), cells("--preset", "paper", "--cell-area-max-um2", 1)
    assert all(c.max() == 0 for c in no_cells_either_way)


def test_one_bad_file_does_not_stop_the_others(tmp_path, crop, field):
    bad = tmp_path / "bad.tif"
    bad.write_bytes(b"II*\0 not really")
    other = write_image(tmp_path / "other.tif", field[0, :200, :200])
    result = run("segment", "--channel=0", "-o", tmp_path / "out", crop, bad, tmp_path / "nowhere.tif", other)
    errors = told(result)
    assert result.code == 3 and len(errors) == 5
    assert "bad.tif" in errors[0] and "nowhere.tif" in errors[1]
    assert errors[2] == f"cellseg: note: 2 of 4 failed, listed in {tmp_path / 'out/failures.csv'}:"
    assert [e.replace("note: ", "") for e in errors[3:]] == errors[:2]
    tables = ["cells.csv", "failures.csv", "images.csv", "report.html", "wells.csv"]
    assert names(tmp_path / "out") == sorted([f"{stem}{kind}" for stem in ("crop", "other") for kind in OUTPUTS] + tables)
    assert len(result.output.splitlines()) == 3


# ---- bad input ----


def not_finite(folder, _field, value=np.nan):
    pixels = np.zeros((64, 64), np.float32)
    pixels[3, 4] = value
    return [write_image(folder / "in.tif", pixels)]


def written(content):
    def make(folder, _field):
        (folder / "in.tif").write_bytes(content)
        return [folder / "in.tif"]

    return make


def cut(folder, _field):
    (folder / "in.tif").write_bytes(FIELD.read_bytes()[:5000])
    return [folder / "in.tif"]


def stack(folder, field):
    tifffile.imwrite(folder / "in.tif", field[[0, 1, 0]], imagej=True, metadata={"axes": "ZYX"})
    return [folder / "in.tif"]


BAD = {
    "no pixel size": (lambda f, a: [write_image(f / "in.tif", a[0], None)], "pixel size"),
    "a pixel size far too large": (lambda f, a: ["--pixel-size", "5000", write_image(f / "in.tif", a[0], None)], "more than 8 times"),
    "a channel that is not there": (lambda f, a: ["--channel", "2", write_image(f / "in.tif", a)], "channel"),
    "an empty file": (written(b""), "empty"),
    "one pixel": (lambda f, a: [write_image(f / "in.tif", a[0, :1, :1])], "cannot hold a nucleus"),
    "a single row": (lambda f, a: [write_image(f / "in.tif", a[0, :1])], "cannot hold a nucleus"),
    "not a number": (not_finite, "finite"),
    "infinity": (lambda f, a: not_finite(f, a, np.inf), "finite"),
    "an unknown format": (written(b"GIF89a" + bytes(100)), "neither"),
    "a file cut short": (cut, ""),
    "no such file": (lambda f, a: [f / "in.tif"], "No such file"),
    "a stack": (stack, "stack of 3 slices"),
}


@pytest.mark.parametrize("subcommand", [["segment"], ["label", "--nuclei-channel", "0"]], ids=["segment", "label"])
@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_one_line_and_no_output(subcommand, case, tmp_path, field):
    make, fault = BAD[case]
    result = run(*subcommand, "-o", tmp_path / "out", *make(tmp_path, field[:, :128, :128]))
    assert result.code == 1 and result.output == ""
    assert len(result.errors) == 1, result.errors
    assert str(tmp_path / "in.tif") in result.errors[0] and fault in result.errors[0]
    assert names(tmp_path / "out") == []


def test_a_name_with_a_line_break_gives_one_line_all_the_same(tmp_path):
    result = run("segment", "-o", tmp_path, tmp_path / "two\nlines.tif")
    assert result.code == 1 and len(result.errors) == 1


def test_bad_outputs(tmp_path, crop):
    (tmp_path / "file").write_text("in the way")
    result = run("segment", "--channel", 0, "-o", tmp_path / "file", crop)
    assert result.code == 1 and len(result.errors) == 1 and "not a folder" in result.errors[0]
    assert (tmp_path / "file").read_text() == "in the way"
    (tmp_path / "out/crop.cells.tif").mkdir(parents=True)
    result = run("segment", "--channel", 0, "-o", tmp_path / "out", crop)
    assert result.code == 1 and len(result.errors) == 1 and "crop.cells.tif" in result.errors[0]
    assert names(tmp_path / "out") == ["crop.cells.tif"]


def test_results_never_replace_an_input(tmp_path, field):
    image = write_image(tmp_path / "x.cells.tif", field[0, :64, :64])
    before = image.read_bytes()
    result = run("segment", "-o", tmp_path, image)
    assert result.code == 1 and "would replace the input file" in result.errors[0]
    assert names(tmp_path) == ["x.cells.tif"] and image.read_bytes() == before


# ---- usage ----


@pytest.mark.parametrize(
    "arguments, fault",
    [
        ([], "usage"),
        (["dissect"], '"dissect" is not a subcommand'),
        (["segment"], "-o FOLDER is missing"),
        (["segment", "-o", "x"], "an input file is missing"),
        (["segment", "-o"], "-o needs a value"),
        (["segment", "-o", "x", "--sharpen", "1", "a.tif"], "--sharpen is not an option"),
        (["segment", "-o", "x", "--sensitivity", "high", "a.tif"], 'sensitivity must be a number, not "high"'),
        (["segment", "-o", "x", "--sensitivity=nan", "a.tif"], "sensitivity must be a number"),
        (["segment", "-o", "x", "--t=1.5", "a.tif"], "t must be a whole number"),
        (["segment", "-o", "x", "--series=99999999999", "a.tif"], "series must be a whole number"),
        (["segment", "-o", "x", "--relief", "alps", "a.tif"], "relief must be one of"),
        (["segment", "-o", "x", "--save-maps=yes", "a.tif"], "takes no value"),
        (["segment", "-o", "x", "--threads", "-3", "a.tif"], "threads"),
        (["segment", "-o", "x", "--max-memory", "2G", "a.tif"], "max-memory must be a whole number"),
        (["segment", "-o", "x", "a.tif", "b/a.ome.tif"], "a.tif and b/a.ome.tif have the same name"),
        (["segment", "-o", "x", ".hidden.tif"], "the file name begins with a dot"),
        (["label", "-o", "x", "a.tif"], "--nuclei-channel K or --nuclei FILE is missing"),
        (["label", "-o", "x", "--nuclei", "n.tif", "a.tif", "b.tif"], "one input file"),
        (["label", "--nuclei-channel=1", "-o", "x", "--relief=probability", "a.tif"], "--relief probability needs the network"),
        (["label", "--nuclei-channel=1", "-o", "x", "--background-rule=probability", "a.tif"], "is not an option"),
        (["label", "--nuclei-channel=-1", "-o", "x", "a.tif"], "nuclei_channel is -1"),
        (["segment", "-o", "x", "--pixel-size", "-1", "a.tif"], "pixel_size_um is -1"),
        (["segment", "-o", "x", "--channel", "-1", "a.tif"], "channel is -1"),
        (["segment", "-o", "x", "--sensitivity", "0", "a.tif"], "sensitivity is 0; it must lie in (0, 100]"),
        (["segment", "-o", "x", "--sensitivity", "1e9", "a.tif"], "sensitivity is 1e+09"),
        (["segment", "-o", "x", "--top-hat-um", "-5", "a.tif"], "top_hat_um is -5"),
        (["segment", "-o", "x", "--nucleus-radius-min-um", "20", "a.tif"], "nucleus_radius_min_um is 20, more than"),
        (["evaluate", "one"], "TRUTH and PREDICTED"),
        (["evaluate", "--k", "2", "one", "two"], "--k must lie in [0, 1]"),
        (["train", "--images", "x"], "--labels FOLDER is missing"),
        (["train", "--images", "x", "--labels", "x"], "-o FILE is missing"),
    ],
)
def test_wrong_usage(arguments, fault, tmp_path):
    result = run(*arguments, cwd=tmp_path)
    assert result.code == 2 and result.output == "" and fault in result.errors[0]
    assert names(tmp_path) == []


def test_too_little_memory_for_the_threads_is_no_wrong_usage(crop, tmp_path):
    def little_memory():
        resource.setrlimit(resource.RLIMIT_AS, (1 << 28, 1 << 28))

    result = run("segment", "--threads", 1024, "--channel", 0, "-o", tmp_path, crop, preexec_fn=little_memory)
    assert result.code == 1 and len(result.errors) == 1, result.errors


def test_max_memory_refuses_before_the_work_and_changes_no_result(crop, segmented, tmp_path):
    result = run("segment", "--channel", 0, "--max-memory", 8, "-o", tmp_path, crop)
    assert result.code == 1 and len(result.errors) == 1 and str(8 << 20) in result.errors[0] and names(tmp_path) == []
    assert run("segment", "--channel", 0, "--save-maps", "--max-memory", 64, "-o", tmp_path, FIELD).code == 0
    for name in names(tmp_path):
        assert (tmp_path / name).read_bytes() == (segmented[0] / name).read_bytes(), name


def simulated_field(folder, *options):
    """The image; its labels lie beside it."""
    assert run("synth", "-o", folder, "--count", 1, *options).code == 0
    (image,) = (path for path in folder.iterdir() if path.name.count(".") == 1)
    return image


def test_a_warning_says_which_of_several_channels_is_taken(crop, tmp_path, field):
    result = run("segment", "-o", tmp_path, crop)
    assert result.code == 0
    assert result.errors == [f"cellseg: warning: {crop}: channel 0 of 2 is the marker; select another with --channel"]
    assert run("label", "--nuclei-channel", 1, "-o", tmp_path, crop).errors == []
    three = write_image(tmp_path / "three.tif", field[[0, 1, 0], :128, :128])
    assert "channel 0 of 3 is the marker" in run("label", "--nuclei-channel", 1, "-o", tmp_path, three).errors[0]


def test_a_warning_says_that_nothing_was_found(tmp_path):
    empty = write_image(tmp_path / "empty.tif", np.full((100, 100), 7, np.uint8))
    result = run("segment", "-o", tmp_path, empty)
    assert result.code == 0 and "0 cells" in result.output
    assert result.errors == [f"cellseg: warning: {empty}: no cell was found: the image is nearly constant, or noise"]


def test_label_help_offers_what_has_an_effect():
    text = run("label", "--help").output
    assert "--nuclei-channel K" in text.splitlines()[0] and "[-" not in text
    assert not any(o in text for o in ("--nucleus-probability-min", "--nucleus-strength-ratio", "--cell-probability", "--background-rule"))
    for subcommand in ("train", "segment"):  # behind the usage line, brackets hold defaults: none is negative
        assert "[-" not in run(subcommand, "--help").output.split("\n", 1)[1]


def test_info_says_what_was_tried(tmp_path):
    (tmp_path / "text.tif").write_text("only words")
    result = run("info", tmp_path / "text.tif")
    assert result.code == 1 and len(result.errors) == 1
    assert result.errors[0].startswith(f"cellseg: {tmp_path / 'text.tif'}: not an image: this is neither a PNG nor a TIFF file; not a model: ")
    missing = run("info", tmp_path / "nowhere.tif")
    assert missing.code == 1 and missing.errors == [f"cellseg: {tmp_path / 'nowhere.tif'}: cannot be opened: No such file or directory"]


def test_help():
    """Of every subcommand, and no other."""
    subcommands = re.findall(r"^  (\w+) ", run("--help").output, re.M)
    assert set(subcommands) == {
        "segment", "label", "measure", "train", "crossval", "evaluate", "synth", "convert", "merge", "export", "info", "completion", "manual",
    }
    for subcommand in subcommands:
        result = run(subcommand, "--help")
        assert result.code == 0 and result.errors == [] and result.output.startswith(f"usage: cellseg {subcommand} ")


def members(header, struct):
    text = re.sub(r"/\*.*?\*/", " ", (ROOT / "include/cellseg" / header).read_text(), flags=re.S)
    body = re.search(rf"typedef struct {struct} \{{(.*?)\}}", text, flags=re.S)[1]
    groups = re.findall(r"const cellseg_\w+ \*(\w+);", body)
    return set(re.findall(r"(\w+)\s*[;,]", body)) - {"struct_size", *groups}


def test_every_option_of_the_method_is_an_option_of_the_command_line():
    named_otherwise = {"pixel_size_um": "pixel-size", "checkpoint_path": "checkpoint", "cache_bytes": "cache-mb"}
    structs = {"segment": ["segment_options", "method"], "train": ["train_options", "rate_schedule", "loss", "augmentation"]}
    for header, names in structs.items():
        text = "".join(run(s, "--help").output for s in (["segment", "label"] if header == "segment" else ["train"]))
        for member in {m for name in names for m in members(f"{header}.h", f"cellseg_{name}")}:
            assert f"--{named_otherwise.get(member, member.replace('_', '-'))} " in text, member


# ---- terminals and signals ----


def test_a_terminal_gets_a_progress_bar(tmp_path, crop):
    code, seen = run_on_a_terminal("segment", "-o", tmp_path, crop)
    percents = [int(p) for p in re.findall(r"(\d+)% \S*crop\.tif: ", seen)]
    assert code == 0 and len(percents) >= 1 and seen.endswith("\r\x1b[K")


def test_the_interrupt_key_leaves_no_file(tmp_path, field):
    large = write_image(tmp_path / "large.tif", np.tile(field[0], (4, 4)))
    code, seen = run_on_a_terminal(
        "segment", "-o", tmp_path / "out", large, on_sign=lambda process: process.send_signal(signal.SIGINT)
    )
    assert code == 130 and "large.tif: cancelled" in seen.splitlines()[-1]
    assert names(tmp_path / "out") == []
