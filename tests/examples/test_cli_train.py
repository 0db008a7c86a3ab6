# SPDX-License-Identifier: BSD-3-Clause
"""cellseg train on a handful of patches: a model comes out that info describes and segment uses."""

import fcntl
import json
import re
import shutil
import signal
import struct
import subprocess
import sys
import xml.etree.ElementTree

import cellseg
import numpy as np
import pytest
import tifffile
from program import FIELD, PROGRAM, ROOT, TRUTH, run, run_on_a_terminal, run_until_it_survives, stopped_at, write_image
from scipy.ndimage import maximum_filter, minimum_filter

QUICK = ["--epochs", 2, "--width", 0.125, "--batch", 2, "--threads", 2]


@pytest.fixture(scope="module")
def data(field, tmp_path_factory):
    """Three crops: images of two channels, and labels of cells."""
    folder = tmp_path_factory.mktemp("data")
    truth = tifffile.imread(TRUTH)
    for i, (top, left) in enumerate([(0, 0), (100, 200), (250, 400)]):
        window = slice(top, top + 200), slice(left, left + 200)
        write_image(folder / f"crop{i}.ome.tif", field[(slice(None), *window)])
        write_image(folder / f"crop{i}.cells.tif", truth[window])
    return folder


def copy(data, to, *patterns):
    to.mkdir(parents=True, exist_ok=True)
    for pattern in patterns:
        for path in data.glob(pattern):
            shutil.copy(path, to)
    return to


@pytest.fixture(scope="module")
def trained(data, tmp_path_factory):
    model = tmp_path_factory.mktemp("model") / "mine.cellseg"
    result = run("train", "--images", data, "--labels", data, "--nuclei-channel", 1, "-o", model, "--note", "three crops", *QUICK)
    assert result.code == 0 and result.errors == []
    return model, result.output.splitlines()


def test_each_epoch_is_printed(trained):
    model, lines = trained
    assert lines[0] == "images: 2 to train, 1 to validate"
    for i in 1, 2:
        assert re.fullmatch(rf"epoch {i} of 2: loss [\d.]+, validation [\d.]+( \(best\))?, [\d.]+ s", lines[i])
    assert str(model) in lines[3] and model.exists()


def test_info_describes_the_model(trained, data):
    result = run("info", trained[0], data / "crop0.ome.tif")
    assert result.code == 0
    assert "parameters" in result.output and "three crops" in result.output
    assert "200 x 200 pixels (width x height), 2 channels, uint16, 0.6236 um per pixel, 124.7 x 124.7 um" in result.output
    assert re.search(r"^segmentation of channel 0 by the default model: about [\d.]+ s, \d+ MB$", result.output, re.M)


def test_info_numbers_layers_as_frozen_layers_counts_them(trained):
    """The list has the layers of the JSON in order, from 1: the encoder's last, which --frozen-layers 10 freezes, is 10."""
    layers = json.loads(run("info", "--json", trained[0]).output)["model"]["architecture"]
    lines = run("info", trained[0]).output.splitlines()
    at = lines.index("layers, numbered as --frozen-layers counts them:") + 1
    for number, (line, layer) in enumerate(zip(lines[at:], layers), 1):
        assert [word.rstrip(",") for word in line.split()[:2]] == [str(number), layer["op"]]
        if "filters" in layer:
            assert f"{layer['filters']} filters" in line and layer["activation"] in line
        if layer["op"] == "concat":
            assert line.endswith(f"layer {layer['with'] + 1}") and layers[layer["with"]]["op"] == "pool"
    assert lines[at + 9].split() == ["10", "pool"] and lines[at + len(layers)] == "rule of images:"


def test_info_tells_what_a_segmentation_takes(data):
    """The memory is that of the library's function; an image without a pixel size has no estimate."""
    line = json.loads(run("info", "--json", data / "crop0.ome.tif").output)
    assert line["segmentation"]["seconds"] > 0
    assert line["segmentation"]["memory_bytes"] == pytest.approx(cellseg.segment_memory(200, 200, 0.62360734), rel=0.01)


def test_segment_uses_the_model(trained, data, tmp_path):
    result = run("segment", "--model", trained[0], "-o", tmp_path, data / "crop0.ome.tif")
    assert result.code == 0 and (tmp_path / "crop0.cells.tif").exists()


def test_export_writes_onnx(trained, tmp_path):
    """What an ONNX file must hold is tested with the network room; here, that the program writes the model it is given."""
    onnx = tmp_path / "mine.onnx"
    result = run("export", "--onnx", onnx, "--model", trained[0])
    assert result.code == 0 and result.output == "" and result.errors == []
    assert b"probabilities" in onnx.read_bytes() and b"three crops" in onnx.read_bytes()
    assert "--onnx FILE" in run("export", "--help").output and "export" in run("--help").output


def test_export_faults(trained, tmp_path):
    onnx = tmp_path / "mine.onnx"
    for arguments, code, fault in [
        ([], 2, "--onnx FILE or --bioimageio FOLDER is missing"),
        (["--onnx", onnx, "more"], 2, "only options"),
        (["--onnx", onnx, "--model", tmp_path / "none"], 1, "none: cannot be opened"),
        (["--onnx", tmp_path, "--model", trained[0]], 1, "this is a directory"),
    ]:
        result = run("export", *arguments)
        assert result.code == code and len(result.errors) == 1 and fault in result.errors[0], result
    assert not onnx.exists()


def test_the_same_seed_gives_the_same_model(trained, data, tmp_path):
    again, other = tmp_path / "again.cellseg", tmp_path / "other.cellseg"
    arguments = ["train", "--images", data, "--labels", data, "--nuclei-channel", 1, "--note", "three crops", *QUICK]
    assert run(*arguments, "-o", again, "--threads", 1).code == run(*arguments, "-o", other, "--seed", 2).code == 0
    assert again.read_bytes() == trained[0].read_bytes() != other.read_bytes()


def test_nuclei_from_files_in_a_folder_of_their_own(data, tmp_path):
    images, labels = copy(data, tmp_path / "images", "*.ome.tif"), copy(data, tmp_path / "labels", "*.cells.tif")
    for path in list(labels.glob("*.cells.tif")):
        shutil.copy(path, str(path).replace(".cells.", ".nuclei."))
    model = tmp_path / "model"
    result = run("train", "--images", images, "--labels", labels, "-o", model, "--weights", "float16", "--validation-part", 0, *QUICK)
    assert result.code == 0 and "images: 3 to train, 0 to validate" in result.output and model.exists()


def test_a_dry_run_checks_and_does_not_train(data, tmp_path):
    base = ["train", "--dry-run", "--images", data, "--labels", data, *QUICK]
    model, checkpoint = tmp_path / "model", tmp_path / "checkpoint"
    result = run(*base, "--nuclei-channel", 1, "-o", model, "--checkpoint", checkpoint)
    assert result.code == 0 and result.output == "images: 2 to train, 1 to validate\n" and result.errors == []
    result = run(*base, "-o", model)
    assert result.code == 1 and len(result.errors) == 3 and "crop0.nuclei.tif" in result.errors[0]
    assert run(*base, "--nuclei-channel", 1, "-o", tmp_path / "none" / "model").code == 1
    assert list(tmp_path.iterdir()) == []


def masks_only(data, to, suffix):
    """The crops' markers, and their cells as masks of another program."""
    to.mkdir()
    for path in data.glob("*.ome.tif"):
        stem = path.name[:-8]
        shutil.copy(path, to / f"{stem}.ome.tif")
        cells = tifffile.imread(data / f"{stem}.cells.tif").astype(np.uint16)
        tifffile.imwrite(to / f"{stem}{suffix}", cells)
    return to


@pytest.mark.parametrize("suffix", ["_mask", ".mask", "_CP_masks"])
def test_labels_with_a_suffix_of_their_own(trained, data, tmp_path, suffix):
    """In one folder with the images; the model is the same as with the program's names."""
    masks = masks_only(data, tmp_path / "masks", suffix.lower() + ".tif")
    base = ["train", "--images", masks, "--nuclei-channel", 1, "--note", "three crops", *QUICK]
    model = tmp_path / "model"
    result = run(*base, "--labels", masks, "--label-suffix", suffix, "-o", model)
    assert result.code == 0 and result.errors == [] and model.read_bytes() == trained[0].read_bytes()
    (masks / f"crop1{suffix.lower()}.tif").unlink()
    result = run(*base, "--labels", masks, "--label-suffix", suffix, "-o", model)
    assert result.code == 1 and result.errors == [f"cellseg: {masks}/crop1.ome.tif: the label map crop1{suffix}.tif is missing"]
    assert run(*base, "--labels", masks, "--label-suffix", "", "-o", model).code == 2


@pytest.mark.parametrize("way", ["model", "unknown"])
def test_cells_without_nuclei_train(way, trained, data, tmp_path):
    """From a start model; an image whose nuclei have a label map keeps them, and gives another model."""
    masks = masks_only(data, tmp_path / "masks", ".cells.tif")
    base = ["train", "--images", masks, "--labels", masks, "--start", trained[0], *QUICK]
    result = run(*base, "-o", tmp_path / "none")
    assert result.code == 1 and len(result.errors) == 3 and not (tmp_path / "none").exists()
    for i, line in enumerate(result.errors):
        assert f"crop{i}.ome.tif: " in line and f"crop{i}.nuclei.tif of the nuclei is missing" in line
        assert "--nuclei-channel K" in line and "--nuclei model" in line and "--nuclei unknown" in line
    models = []
    for _ in range(2):
        result = run(*base, "--nuclei", way, "-o", tmp_path / "model")
        assert result.code == 0 and "images: 2 to train, 1 to validate" in result.output
        models.append((tmp_path / "model").read_bytes())
        shutil.copy(masks / "crop0.cells.tif", masks / "crop0.nuclei.tif")
    assert models[0] != models[1] != trained[0].read_bytes()
    assert run(*base, "--nuclei", way, "--nuclei-channel", 1, "-o", tmp_path / "model").code == 2


def test_a_new_network_needs_nuclei(data, tmp_path):
    result = run("train", "--images", data, "--labels", data, "--nuclei", "unknown", "-o", tmp_path / "model", *QUICK)
    assert result.code == 1 and len(result.errors) == 1 and "no training image has nuclei" in result.errors[0]
    result = run("train", "--images", data, "--labels", data, "--nuclei", "model", "-o", tmp_path / "model", *QUICK)
    assert result.code == 0 and (tmp_path / "model").exists()


def test_faults_stop_before_training(data, tmp_path):
    good = ["--nuclei-channel", 1, *QUICK]
    broken = copy(data, tmp_path / "broken", "*")
    (broken / "crop1.ome.tif").write_bytes(b"")
    (broken / "crop2.cells.tif").write_bytes(b"")
    partial = copy(data, tmp_path / "partial", "*.ome.tif", "crop0.cells.tif")
    lonely = copy(data, tmp_path / "lonely", "crop0.*")
    single = copy(data, tmp_path / "single", "crop0.ome.tif")
    for kind in "cells", "nuclei":
        tifffile.imwrite(single / f"crop0.{kind}.tif", np.ones((200, 200), np.uint16))
    cases = [
        (["--images", data, "--labels", lonely, *good], ["without a partner: crop1"]),
        (["--images", partial, "--labels", partial, *good], ["crop1.ome.tif: the label map crop1.cells.tif is missing", "crop2.ome.tif: the label map crop2.cells.tif is missing"]),
        (["--images", broken, "--labels", broken, *good], ["crop1.ome.tif", "crop2.cells.tif"]),
        (["--images", lonely, "--labels", lonely, *QUICK], ["crop0.nuclei.tif"]),
        (["--images", lonely, "--labels", lonely, *good, "--nuclei-channel", 7], ["crop0.ome.tif"]),
        (["--images", lonely, "--labels", lonely, *good, "--channel", 7], ["crop0.ome.tif"]),
        (["--images", single, "--labels", single, *QUICK], [f"{single / 'crop0.cells.tif'}: the labels hold a single class"]),
        (["--images", tmp_path / "nowhere", "--labels", lonely, *good], ["nowhere: the folder cannot be read"]),
    ]
    for arguments, faults in cases:
        result = run("train", "-o", tmp_path / "model", *arguments)
        assert result.code == 1 and result.output == "" and len(result.errors) == len(faults), (arguments, result.errors)
        for line, fault in zip(result.errors, faults):
            assert fault in line
    assert not (tmp_path / "model").exists()


def test_paths_that_cannot_be_written_stop_before_training(data, tmp_path):
    for option in "-o", "--checkpoint":
        for path, fault in ((tmp_path / "no" / "m", "No such file"), ("/dev/null", "not a regular file")):
            good = {"-o": tmp_path / "model", "--checkpoint": tmp_path / "checkpoint", option: path}
            arguments = [word for pair in good.items() for word in pair]
            result = run("train", "--images", data, "--labels", data, "--nuclei-channel", 1, *arguments, *QUICK)
            assert result.code == 1 and result.output == "" and len(result.errors) == 1, result
            assert str(path) in result.errors[0] and fault in result.errors[0]
    result = run("train", "--images", data, "--labels", data, "-o", tmp_path / "model", "--checkpoint", tmp_path, *QUICK)
    assert result.code == 1 and len(result.errors) == 1 and "directory" in result.errors[0]
    assert list(tmp_path.iterdir()) == []


def test_preset(data, tmp_path):
    """The paper's, with the single options that are given, wherever they stand."""
    arguments = ["--images", data, "--labels", data, "--nuclei-channel", 1, "-o", tmp_path / "model", *QUICK]
    assert run("train", *arguments, "--preset", "paper", "--gamma", 1.25).code == 0
    record = run("info", "--json", tmp_path / "model").output
    assert '"flip":0' in record and '"gamma":1.25' in record and '"epochs":2' in record and '"learning_rate_final":0,' in record


def test_absurd_options_are_wrong_usage(data, tmp_path):
    for option, value in (("--epochs", 0), ("--learning-rate", -1), ("--validation-part", 1), ("--width", 1e6)):
        result = run("train", "--images", data, "--labels", data, "--nuclei-channel", 1, "-o", tmp_path / "m", *QUICK, option, value)
        assert result.code == 2 and len(result.errors) == 1 and not (tmp_path / "m").exists(), option
    result = run("train", "--images", data, "--labels", data, "-o", tmp_path)
    assert result.code == 2 and "names a folder" in result.errors[0]


def test_log_and_curve(data, tmp_path):
    """One line for each epoch, also when the training was stopped between; and a picture that is XML."""
    log, curve, model = tmp_path / "log.jsonl", tmp_path / "curve.svg", tmp_path / "m.cellseg"
    base = ["train", "--images", data, "--labels", data, "--nuclei-channel", 1, "-o", model, *QUICK, "--log", log, "--curve", curve,
            "--checkpoint", tmp_path / "checkpoint"]
    others = [tmp_path / f"{path.name}.tmp" for path in (log, curve)]
    for path in others:
        path.write_text("somebody's")
    assert run(*base, "--epochs", 2).code == 0
    assert run(*base, "--epochs", 4).code == 0
    lines = [json.loads(line) for line in log.read_text().splitlines()]
    assert [line["epoch"] for line in lines] == [1, 2, 3, 4]
    assert all(line["train_loss"] > 0 and line["validation_loss"] > 0 and line["learning_rate"] == 0.001 for line in lines)
    best = min(lines, key=lambda line: line["validation_loss"])
    assert [line["epoch"] for line in lines if line["best"]][-1] == best["epoch"]
    picture = xml.etree.ElementTree.parse(curve).getroot()
    points = [p.get("points").split() for p in picture.iter("{http://www.w3.org/2000/svg}polyline")]
    assert [len(p) for p in points] == [4, 4]
    assert [path.read_text() for path in others] == ["somebody's"] * 2


def test_a_log_that_cannot_be_written_ends_training_and_no_unfinished_model_replaces_one(data, tmp_path, stop_call):
    model, checkpoint, log = tmp_path / "m.cellseg", tmp_path / "checkpoint", tmp_path / "log"
    base = ["train", "--images", data, "--labels", data, "--nuclei-channel", 1, "-o", model, *QUICK]
    full = stopped_at(stop_call, 1, 0, log)  # the log's first rename fails
    stopped = run(*base, "--log", log, env=full)
    assert stopped.code == 1 and len(stopped.errors) == 2 and stopped.errors[0] == f"cellseg: {log}: cannot be written: No space left on device"
    assert stopped.errors[1] == f"cellseg: {model}: unfinished: training stopped after epoch 1 of 2"
    assert '"epochs":1' in run("info", "--json", model).output
    model.write_text("precious")
    stopped = run(*base, "--log", log, "--checkpoint", checkpoint, env=full)
    assert stopped.code == 1 and len(stopped.errors) == 2 and model.read_text() == "precious"
    assert stopped.errors[1] == (f"cellseg: {model}: not written: training stopped after epoch 1 of 2; run the command again to resume from "
                                 f"{checkpoint}")  # fmt: skip
    assert run(*base, "--checkpoint", checkpoint).code == 0 and '"epochs":2' in run("info", "--json", model).output
    last = run(*base, "--epochs", 1, "--log", log, env=full)  # finished all the same
    assert last.code == 1 and len(last.errors) == 1 and '"epochs":1' in run("info", "--json", model).output
    assert not log.exists() and not any(path.name.startswith(".") for path in tmp_path.iterdir())


def test_a_name_that_is_too_long_is_noticed_first(data, tmp_path):
    result = run("train", "--images", data, "--labels", data, "--nuclei-channel", 1, "-o", tmp_path / ("m" * 256), *QUICK)
    assert result.code == 1 and result.output == "" and len(result.errors) == 1 and "File name too long" in result.errors[0]


def test_a_temporary_file_of_the_same_name_is_no_hindrance(data, tmp_path):
    """Left over by a dead process of the same number, it goes; of a living one in another container, it stays."""
    log = tmp_path / "log"
    base = ["train", "--images", data, "--labels", data, "--nuclei-channel", 1, "-o", tmp_path / "m", *QUICK, "--epochs", 1, "--log", log]
    with subprocess.Popen(["sh", "-c", 'read go; exec "$@"', "sh", PROGRAM, *map(str, base)], stdin=subprocess.PIPE,
                          stdout=subprocess.DEVNULL) as process:
        left, used = (tmp_path / f".cellseg-{process.pid}-{n}.tmp" for n in range(2))
        left.write_text("left")
        with open(used, "w", encoding="ascii") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            process.communicate(b"go\n")
            assert process.returncode == 0 and len(log.read_text().splitlines()) == 1
            assert [path.name for path in tmp_path.glob(".*")] == [used.name]


def test_killed_at_any_moment_the_log_tells_no_epoch_twice(data, tmp_path):
    """And what it tells is what an undisturbed training has; the line of an epoch at whose end it died may be missing."""
    base = ["train", "--images", data, "--labels", data, "--nuclei-channel", 1, *QUICK, "--epochs", 8]
    assert run(*base, "-o", tmp_path / "whole", "--log", tmp_path / "whole.jsonl").code == 0
    log, checkpoint, found = tmp_path / "log.jsonl", tmp_path / "checkpoint", []
    run_until_it_survives(*base, "-o", tmp_path / "m", "--log", log, "--checkpoint", checkpoint,
                          killed=lambda: found.append(checkpoint.exists()))  # fmt: skip
    assert any(found) and (tmp_path / "m").read_bytes() == (tmp_path / "whole").read_bytes()
    ours, whole = ([json.loads(line) for line in path.read_text().splitlines()] for path in (log, tmp_path / "whole.jsonl"))
    for line in ours + whole:
        del line["seconds"]
    assert ours == [line for line in whole if line in ours]


def test_a_loss_that_is_not_finite_names_the_last_good_checkpoint(data, tmp_path):
    """Here one whose weights are no numbers."""
    checkpoint, model = tmp_path / "checkpoint", tmp_path / "m.cellseg"
    base = ["train", "--images", data, "--labels", data, "--nuclei-channel", 1, "-o", model, "--checkpoint", checkpoint, *QUICK]
    assert run(*base, "--epochs", 1).code == 0
    model.unlink()
    state = bytearray(checkpoint.read_bytes()[:-8])
    struct.pack_into("=f", state, 88, float("nan"))
    fnv1a = 0xCBF29CE484222325
    for byte in state:
        fnv1a = (fnv1a ^ byte) * 0x100000001B3 % 2**64
    checkpoint.write_bytes(state + struct.pack("=Q", fnv1a))
    result = run(*base)
    assert result.code == 1 and len(result.errors) == 1 and not model.exists()
    assert re.fullmatch(r"cellseg: training: epoch 2: the loss or its gradient is not finite at step \d+; "
                        rf"{re.escape(str(checkpoint))} holds epoch 1", result.errors[0])  # fmt: skip


def test_a_terminal_is_told_the_time_left(data, tmp_path):
    """After the first seconds; there are epochs enough for that on any machine."""
    _, seen = run_on_a_terminal("train", "--images", data, "--labels", data, "--nuclei-channel", 1, "-o", tmp_path / "m", *QUICK,
                                "--epochs", 100000, sign=b" left ", on_sign=lambda process: process.kill())  # fmt: skip
    assert re.search(r"\] +\d+% \d+:[0-5]\d:[0-5]\d left training: ", seen)


@pytest.mark.parametrize("keeps", [True, False])
def test_the_interrupt_key_leads_to_the_checkpoint(keeps, data, tmp_path):
    """It falls within an epoch or, seldom, at its end; on a slow machine before the first checkpoint."""
    checkpoint, model = tmp_path / "checkpoint", tmp_path / "m"
    code, seen = run_on_a_terminal("train", "--images", data, "--labels", data, "--nuclei-channel", 1, "-o", model, *QUICK, "--epochs", 100000,
                                   *(["--checkpoint", checkpoint] if keeps else []), sign=b" left ",
                                   on_sign=lambda process: process.send_signal(signal.SIGINT))  # fmt: skip
    said = seen.splitlines()[-1].split("\033[K")[-1]
    assert code == 130 and "cancelled" not in seen and (keeps or not checkpoint.exists())
    if checkpoint.exists():
        assert re.fullmatch(rf"cellseg: {re.escape(str(model))}: not written: training (was interrupted|stopped after epoch \d+ of 100000); "
                            rf"run the command again to resume from {re.escape(str(checkpoint))}", said) and not model.exists(), said  # fmt: skip
    else:
        assert re.fullmatch(rf"cellseg: {re.escape(str(model))}: (not written: training was interrupted|unfinished: .*)", said), said


def test_folders_with_weights(data, tmp_path):
    first, second = copy(data, tmp_path / "a", "crop0*", "crop1*"), copy(data, tmp_path / "b", "crop2*")
    base = ["train", "--nuclei-channel", 1, *QUICK, "-o", tmp_path / "m.cellseg"]
    both = ["--images", first, "--labels", first, "--images", second, "--labels", second]
    result = run(*base, *both, "--weight", 2, "--weight", 0.5, "--validation-part", 0, "--cache-mb", 1)
    assert result.code == 0 and result.output.startswith("images: 3 to train, 0 to validate\n")
    split = ["--images", first, "--labels", first, "--validation-images", second, "--validation-labels", second]
    result = run(*base, *split)
    assert result.code == 0 and result.output.startswith("images: 2 to train, 1 to validate\n")
    alone = run(*base, "--images", second, "--labels", second)
    assert alone.code == 0 and len(alone.errors) == 1 and f"{second}: a single image, used for training" in alone.errors[0]
    for arguments, fault in [
        ([*both, "--weight", 2], "each --images needs one --weight"),
        ([*both, "--weight", 2, "--weight", "x"], "--weight must be a number"),
        ([*both, "--labels", second], "each --images needs one --labels"),
        ([*both, "--validation-images", second], "one --validation-labels"),
        ([*both, "--cache-mb", 0], "--cache-mb must be"),
        ([*both, "--frozen-layers", 10], "requires a start model"),
    ]:
        result = run(*base, *arguments)
        assert result.code == 2 and len(result.errors) == 1 and fault in result.errors[0]


PEAK = """
import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024)
"""


def peak_mb(*arguments):
    """The most memory that the program held. Asked of a small process: a child's peak counts what its parent held at the start."""
    done = subprocess.run([sys.executable, "-S", "-c", PEAK, PROGRAM, *map(str, arguments)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr
    return float(done.stdout)


def links(folder, count, **targets):
    folder.mkdir()
    for i in range(count):
        for kind, target in targets.items():
            (folder / f"{i}.{kind}.tif").symlink_to(target)
    return folder


def test_the_peak_does_not_grow_with_the_number_of_images(tmp_path):
    """Of 1.7 MB each in the cache, which holds two of them; where it takes them all it does."""
    truth = tifffile.imread(TRUTH)
    nuclei = np.where(minimum_filter(truth, 9) == maximum_filter(truth, 9), truth, 0)
    targets = {"ome": FIELD, "cells": TRUTH, "nuclei": write_image(tmp_path / "nuclei.tif", nuclei)}
    few, many = links(tmp_path / "few", 3, **targets), links(tmp_path / "many", 30, **targets)
    peaks = [peak_mb("train", "--images", folder, "--labels", folder, "--weight", 0.06, "--validation-part", 0, "-o",
                     tmp_path / "m.cellseg", *QUICK, "--epochs", 1, "--cache-mb", cache_mb)
             for folder, cache_mb in ((few, 4), (many, 4), (many, 512))]  # fmt: skip
    assert peaks[1] < peaks[0] + 4
    assert peaks[2] > peaks[1] + 15


def test_the_peak_of_a_step(field, tmp_path):
    """As docs/training.md has it. The paper's batch takes long: memory is in proportion to the batch, as two small ones show it."""
    write_image(tmp_path / "one.ome.tif", field[:, :160, :160])
    write_image(tmp_path / "one.cells.tif", tifffile.imread(TRUTH)[:160, :160])
    step = ["train", "--images", tmp_path, "--labels", tmp_path, "--nuclei-channel", 1, "-o", tmp_path / "m.cellseg", "--epochs", 1,
            "--threads", 2, "--extra-output", "distance", "--weight-border", 5]  # fmt: skip
    assert 100 < peak_mb(*step) < 400
    two, six = (peak_mb(*step, "--width", 1, "--batch", batch) for batch in (2, 6))
    assert 1.5e9 < (six + (32 - 6) * (six - two) / 4) * 2**20 < 2e9


def test_labels_of_another_size(data, tmp_path):
    bad = copy(data, tmp_path / "bad", "*")
    tifffile.imwrite(bad / "crop1.cells.tif", tifffile.imread(bad / "crop1.cells.tif")[:-1])
    result = run("train", "--images", bad, "--labels", bad, "--nuclei-channel", 1, "-o", tmp_path / "m.cellseg", *QUICK)
    assert result.code == 1 and len(result.errors) == 1
    assert f"{bad / 'crop1.cells.tif'}: cells are 199 x 200 pixels, the image 200 x 200" in result.errors[0]
    assert not (tmp_path / "m.cellseg").exists()


def test_fine_tuning_with_a_fourth_output(trained, data, tmp_path):
    """From a model of three outputs, its encoder frozen; the new model segments with its distance map and without."""
    model = tmp_path / "m.cellseg"
    result = run("train", "--images", data, "--labels", data, "--nuclei-channel", 1, "-o", model, *QUICK, "--start", trained[0],
                 "--frozen-layers", 10, "--extra-output", "distance", "--warm-up-epochs", 1, "--patience", 1)
    assert result.code == 0 and result.errors == []
    assert "distance" in run("info", model).output
    for use in "yes", "no":
        result = run("segment", "--model", model, "--use-extra-output", use, "-o", tmp_path / use, data / "crop0.ome.tif")
        assert result.code == 0


def test_fine_tuning_the_model_inside(data, tmp_path):
    """By its name as by its file; no file of that name is taken for it."""
    base = ["train", "--images", data, "--labels", data, "--nuclei-channel", 1, *QUICK, "--epochs", 1, "--frozen-layers", 10]
    (tmp_path / "default").write_text("no model")
    by_name = run(*base, "-o", "by-name", "--start", "default", cwd=tmp_path)
    by_file = run(*base, "-o", "by-file", "--start", ROOT / "lib/nn/default.cellseg", cwd=tmp_path)
    assert by_name.code == by_file.code == 0, by_name.errors + by_file.errors
    assert (tmp_path / "by-name").read_bytes() == (tmp_path / "by-file").read_bytes()
