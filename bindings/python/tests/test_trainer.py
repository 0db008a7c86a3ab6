# SPDX-License-Identifier: BSD-3-Clause
"""Training from Python, on two small simulated fields and a tiny network: what the C interface gives, and how it is stopped."""

import ctypes
import gc
import inspect
import json
import math
import os
import re
import signal
import subprocess
import sys
import threading
import weakref
from pathlib import Path

import cellseg
import numpy as np
import pytest
from cellseg import _arrays
from cellseg import _lowlevel as c

PIXEL_SIZE_UM = 0.65
QUICK = {"epochs": 2, "width": 0.0625, "batch": 2}
FIELDS = [cellseg.simulate(200, 200, "er", seed, vary=False, nuclei_channel=1) for seed in (1, 2)]
USES = "train", "validate"
PROGRAM = os.environ.get("CELLSEG_PROGRAM")
TEXT = (Path(__file__).resolve().parents[3] / "docs/training.md").read_text()


def make_trainer(start=None, context=None, **options):
    """A trainer of the first field, validated on the second."""
    trainer = cellseg.Trainer(start, context=context, **{**QUICK, **options})
    for field, use in zip(FIELDS, USES):
        trainer.add(*field, pixel_size_um=PIXEL_SIZE_UM, use=use)
    return trainer


@pytest.fixture(scope="module")
def bytes_of(tmp_path_factory):
    """A model as the bytes of its file."""
    path = tmp_path_factory.mktemp("models") / "model"

    def save(model):
        model.save(path)
        return path.read_bytes()

    return save


@pytest.fixture(scope="module")
def trained(bytes_of):
    return bytes_of(make_trainer().run())


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder of both fields: image, cells, nuclei."""
    folder = tmp_path_factory.mktemp("fields")
    for i, (image, cells, nuclei) in enumerate(FIELDS):
        c.image_write(_arrays.image_from(image, PIXEL_SIZE_UM), None, folder / f"{i}.ome.tif", None)
        for name, labels in ("cells", cells), ("nuclei", nuclei):
            c.labels_write(_arrays.labels_from(labels), None, folder / f"{i}.{name}.tif", None)
    return folder


def paths(folder, i):
    return [folder / f"{i}.{name}.tif" for name in ("ome", "cells", "nuclei")]


# ---- the same model as by other ways ----


def test_a_mean_of_two_models_lies_between_them(trained, bytes_of):
    start = cellseg.Model.load(trained)
    end = make_trainer(start).run()
    assert bytes_of(start.average(end, 1)) == bytes_of(end)
    assert len({bytes_of(start.average(end, part)) for part in (0, 0.5, 1)}) == 3


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_threads_give_the_same_bytes(threads, trained, bytes_of):
    assert bytes_of(make_trainer(context=cellseg.Context(threads=threads)).run()) == trained


def test_the_c_interface_gives_the_same_bytes(trained, bytes_of):
    options, trainer, model = c.train_options(), c.Trainer(), c.Model()
    c.train_options_init(options, ctypes.sizeof(options))
    options.epochs, options.width, options.batch = QUICK["epochs"], QUICK["width"], QUICK["batch"]
    c.trainer_new(trainer, None, None, options)
    for (image, cells, nuclei), use in zip(FIELDS, (c.USE_TRAIN, c.USE_VALIDATE)):
        image = _arrays.image_from(image, PIXEL_SIZE_UM)
        c.trainer_add(trainer, image, 0, _arrays.labels_from(cells), _arrays.labels_from(nuclei), use)
    c.trainer_run(model, trainer, c.epoch_fn(), None)
    assert bytes_of(cellseg.Model(model)) == trained


def test_files_give_the_same_bytes(files, trained, bytes_of):
    trainer = cellseg.Trainer(**QUICK, cache_bytes=1 << 20)
    for i, use in enumerate(USES):
        trainer.add_files(*paths(files, i), use=use, pixel_size_um=PIXEL_SIZE_UM)
    assert bytes_of(trainer.run()) == trained


@pytest.mark.skipif(PROGRAM is None, reason="CELLSEG_PROGRAM names the command line")
def test_the_command_line_gives_the_same_bytes(files, trained, tmp_path):
    options = [word for name, value in QUICK.items() for word in (f"--{name}", str(value))]
    command = [PROGRAM, "train", "--images", files, "--labels", files, "--pixel-size", str(PIXEL_SIZE_UM), *options]
    subprocess.run([*command, "-o", tmp_path / "model"], check=True, capture_output=True)
    assert (tmp_path / "model").read_bytes() == trained


def test_every_option_reaches_the_model(files):
    """The training record holds all but those that say where things are, and says which is which."""
    given = {
        "seed": 7, "epochs": 1, "batch": 3, "learning_rate": 0.002, "learning_rate_final": 0.0005, "weight_nucleus": 1.5,
        "weight_cytoplasm": 1.25, "weight_background": 0.75, "weight_sum": 0.5, "rotate": 0, "flip": 0, "gamma": 1.5,
        "contrast": 1.25, "scale": 1.125, "noise": 0.0625, "blur_px": 0.5, "empty": 0.25, "step_epochs": 3, "step_factor": 0.5,
        "warm_up_epochs": 0.5, "patience": 4, "frozen_layers": 1, "dropout": 0.25, "rotation_degrees": 5, "elastic_px": 2,
        "illumination": 1.75, "saturation": 0.125, "nucleus_contrast": 1.375, "texture": 0.375, "cell_contrast": 1.625,
        "weight_extra": 2, "weight_border": 3, "border_sigma_um": 2.5, "weight_dice": 0.875, "weight_cross_entropy": 0.625, "note": "zwei Felder: ü",
    }  # fmt: skip
    named = {"schedule": ("step", c.SCHEDULE_STEP), "extra_output": ("distance", c.EXTRA_DISTANCE)}
    elsewhere = {"width", "working_pixel_size_um", "top_hat_um", "checkpoint_path", "cache_bytes", "preset"}
    assert {option.name for option in cellseg.options("train")} == {*given, *named, *elsewhere}
    start = make_trainer(epochs=1, working_pixel_size_um=0.9, top_hat_um=80, width=0.125).run()
    assert start.parameters > make_trainer(epochs=1).run().parameters
    assert start.pixel_size_um == 0.9 and start.info["rule"]["top_hat_um"] == 80
    record = make_trainer(start, **given, **{name: text for name, (text, _) in named.items()}).run().info["record"]
    expected = {**given, **{name: number for name, (_, number) in named.items()}}
    assert {name: record[name] for name in expected} == expected


def test_preset():
    """The paper's whole width, without mirroring; single options win over it."""
    paper = cellseg.Trainer(preset="paper", epochs=1, batch=1, width=0.0625)
    paper.add(*FIELDS[0], pixel_size_um=PIXEL_SIZE_UM)
    model = paper.run()
    assert model.info["record"]["flip"] == 0 and model.parameters == make_trainer(epochs=1).run().parameters


def test_a_channel_is_chosen(trained, bytes_of):
    trainer = cellseg.Trainer(**QUICK)
    for (image, cells, nuclei), use in zip(FIELDS, USES):
        trainer.add(image[::-1], cells, nuclei, pixel_size_um=PIXEL_SIZE_UM, channel=1, use=use)
    assert bytes_of(trainer.run()) == trained


@pytest.mark.parametrize("option", [{"channel": 1}, {"nuclei_channel": 1}, {"pixel_size_um": 0.8}, {"weight": 3}])
def test_every_option_of_files_reaches_the_c_interface(option, files, bytes_of):
    results = []
    for options in option, {}:
        trainer = cellseg.Trainer(**{**QUICK, "epochs": 1})
        trainer.add_files(*paths(files, 0)[:2], **options)
        results.append(bytes_of(trainer.run()))
    assert results[0] != results[1]
    struct, model, trainer = c.train_files(), c.Model(), cellseg.Trainer(**{**QUICK, "epochs": 1})
    c.train_files_init(struct, ctypes.sizeof(struct))
    struct.image_path, struct.cells_path = (os.fsencode(path) for path in paths(files, 0)[:2])
    for name, value in option.items():
        setattr(struct, name, value)
    c.trainer_add_files(trainer._handle, struct, c.USE_TRAIN)
    c.trainer_run(model, trainer._handle, c.epoch_fn(), None)
    assert bytes_of(cellseg.Model(model)) == results[0]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' names are text")
def test_files_may_have_names_that_are_not_utf8(files, tmp_path):
    names = [tmp_path / (path.name + os.fsdecode(b"\xff")) for path in paths(files, 0)]
    for path, name in zip(paths(files, 0), names):
        name.write_bytes(path.read_bytes())
    checkpoint = tmp_path / os.fsdecode(b"\xff")
    trainer = cellseg.Trainer(**{**QUICK, "epochs": 1}, checkpoint_path=checkpoint)
    trainer.add_files(*names)
    trainer.run()
    assert checkpoint.exists()
    with pytest.raises(UnicodeEncodeError):
        cellseg.Trainer(note=checkpoint.name)  # a text that the model file holds


# ---- epochs ----


def test_epochs_are_told_in_order():
    epochs = []
    model = make_trainer(epochs=3, patience=100, learning_rate_final=1e-4).run(epochs.append)
    assert [epoch.epoch for epoch in epochs] == [1, 2, 3] and {epoch.epochs for epoch in epochs} == {3}
    assert cellseg.Epoch._fields == tuple(name for name, _ in c.epoch._fields_ if name != "struct_size")
    best = min(epochs, key=lambda epoch: epoch.validation_loss)
    record = model.info["record"]
    assert record["best_epoch"] == best.epoch
    for name in "train_loss", "validation_loss":
        assert record[name] == pytest.approx(getattr(best, name), rel=1e-14)  # as JSON writes it
    for epoch in epochs:
        bests = [e for e in epochs[: epoch.epoch] if e.best]
        assert epoch.best is (epoch.validation_loss == min(e.validation_loss for e in epochs[: epoch.epoch])) and bests
        assert epoch.stopping is False and epoch.seconds > 0
    assert epochs[0].learning_rate > epochs[1].learning_rate > epochs[2].learning_rate > 1e-4
    with pytest.raises(AttributeError):
        epochs[0].train_loss = 0


def test_patience_says_when_it_ends():
    epochs = []
    make_trainer(epochs=9, patience=1, learning_rate=1e-12).run(epochs.append)
    assert len(epochs) < 9 and [epoch.stopping for epoch in epochs] == [False] * (len(epochs) - 1) + [True]


def test_without_validation_the_loss_is_nan_and_every_epoch_the_best():
    trainer, epochs = cellseg.Trainer(**QUICK), []
    trainer.add(*FIELDS[0], pixel_size_um=PIXEL_SIZE_UM)
    trainer.run(epochs.append)
    assert all(math.isnan(epoch.validation_loss) and epoch.best for epoch in epochs) and len(epochs) == 2


def test_what_is_true_stops_early_and_run_goes_on(trained, bytes_of):
    trainer = make_trainer()
    first = trainer.run(lambda epoch: epoch.epoch == 1)
    assert first.info["record"]["epochs"] == 1
    told = []
    assert bytes_of(trainer.run(lambda epoch: told.append(epoch.epoch))) == trained and told == [2]
    with pytest.raises(cellseg.ArgumentError, match="training has begun"):
        trainer.add(*FIELDS[0], pixel_size_um=PIXEL_SIZE_UM)


# ---- exceptions ----


@pytest.mark.parametrize("kind", [KeyError, KeyboardInterrupt, SystemExit, cellseg.Cancelled])
def test_what_a_callback_raises_comes_out_of_run_as_it_is(kind, trained, bytes_of):
    error, calls = kind("mine"), []

    def on_epoch(epoch):
        calls.append(epoch.epoch)
        raise error

    trainer = make_trainer()
    with pytest.raises(kind) as caught:
        trainer.run(on_epoch)
    assert caught.value is error and error.__cause__ is None and error.__context__ is None and calls == [1]
    assert bytes_of(trainer.run()) == trained


def test_the_model_of_a_run_that_raises_is_freed(monkeypatch):
    freed = []
    monkeypatch.setattr(c, "model_free", lambda model, free=c.model_free: freed.append("model") or free(model))
    with pytest.raises(KeyError):
        make_trainer().run(lambda _epoch: {}[0])
    gc.collect()
    assert freed == ["model"]


def test_what_progress_raises_comes_out_of_every_call():
    armed = []

    def interrupt(_fraction, _step):
        if armed:
            raise KeyError("stop")

    context = cellseg.Context(threads=1, progress=interrupt)
    trainer = cellseg.Trainer(context=context, **QUICK)
    armed.append(True)
    with pytest.raises(KeyError, match="stop"):
        cellseg.Trainer(context=context, **QUICK)
    with pytest.raises(KeyError, match="stop"):
        trainer.add(*FIELDS[0], pixel_size_um=PIXEL_SIZE_UM)


def test_a_result_without_a_truth_value_is_an_error():
    with pytest.raises(ValueError, match="ambiguous"):
        make_trainer().run(lambda _epoch: np.zeros(2))


def test_the_context_cancels_and_run_goes_on(trained, bytes_of):
    stop = []
    context = cellseg.Context(threads=2, progress=lambda _fraction, step: stop == ["now"] and step == "training")
    trainer = make_trainer(context=context)
    with pytest.raises(cellseg.Cancelled):
        trainer.run(lambda _epoch: stop.append("now"))
    del stop[:]
    assert bytes_of(trainer.run()) == trained


def test_ctrl_c_is_heard_within_an_epoch(files, tmp_path):
    """A long one, without a context; at its end there would be a checkpoint."""
    trainer = cellseg.Trainer(**QUICK, checkpoint_path=tmp_path / "checkpoint")
    trainer.add_files(*paths(files, 0), weight=200)
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))
    with pytest.raises(KeyboardInterrupt):
        timer.start()
        trainer.run()
        timer.join()
    assert not (tmp_path / "checkpoint").exists() and signal.getsignal(signal.SIGINT) is signal.default_int_handler


def test_ctrl_c_is_heard_within_on_epoch():
    returned = []
    timer = threading.Timer(0.3, os.kill, (os.getpid(), signal.SIGINT))

    def on_epoch(_epoch):
        timer.start()
        returned.append(threading.Event().wait(20))

    with pytest.raises(KeyboardInterrupt):
        make_trainer().run(on_epoch)
    assert returned == []


# ---- wrong use ----


def test_options_that_do_not_fit():
    for options, kind, words in [
        ({"epocs": 3}, TypeError, "no option 'epocs'; did you mean epochs"),
        ({"zzz": 3}, TypeError, "no option 'zzz'; options are batch, blur_px,.* preset,"),
        ({"struct_size": 3}, TypeError, "no option 'struct_size'"),
        ({"padding": 0}, TypeError, "no option 'padding'"),
        ({"preset": "pepper"}, ValueError, "preset is 'pepper'; it must be one of default, paper"),
        ({"schedule": 1}, ValueError, "schedule is 1; it must be one of smooth, step"),
        ({"extra_output": "border"}, ValueError, "extra_output is 'border'; it must be one of none, boundary, distance"),
        ({"epochs": 2.5}, TypeError, "epochs is 2.5"),
        ({"gamma": "high"}, TypeError, "gamma is 'high'"),
        ({"note": 3}, TypeError, "note is 3"),
        ({"epochs": 2**32 + 1}, cellseg.ArgumentError, "epochs is 4294967297"),
        ({"seed": -1}, cellseg.ArgumentError, "seed is -1"),
        ({"note": "a\0b"}, cellseg.ArgumentError, "note is .*, which does not fit"),
        ({"epochs": 0}, cellseg.ArgumentError, "epochs is 0"),
        ({"frozen_layers": 3}, cellseg.ArgumentError, "requires a start model"),
    ]:
        with pytest.raises(kind, match=words):
            cellseg.Trainer(**options)


def test_images_that_do_not_fit(trained, bytes_of):
    trainer = make_trainer()
    image, cells, nuclei = FIELDS[0]
    ones, zeros = np.ones_like(cells), np.zeros_like(cells)
    for arrays, options, kind, words in [
        ((image, cells[1:], nuclei), {}, cellseg.ArgumentError, "cells are 199 x 200 pixels, the image 200 x 200"),
        ((image, cells, nuclei[:, 1:]), {}, cellseg.ArgumentError, "nuclei are 200 x 199 pixels"),
        ((image, zeros, nuclei), {}, cellseg.ArgumentError, "cell"),
        ((image, cells, zeros), {}, cellseg.ArgumentError, "nucle"),
        ((image, ones, ones), {}, cellseg.ArgumentError, "a single class: every pixel is nucleus"),
        ((image, cells, nuclei), {"channel": 2}, cellseg.ArgumentError, "channel 2: the image has 2"),
        ((image, cells, nuclei), {"pixel_size_um": None}, cellseg.ArgumentError, "pixel size is unknown"),
        ((image * np.float32(np.nan), cells, nuclei), {}, cellseg.ArgumentError, "row 0, column 0"),
        ((image, ones), {}, cellseg.ArgumentError, "a single class: every pixel is cell"),
        ((image, cells * 0.5, nuclei), {}, TypeError, "labels of type float64"),
        ((image[np.newaxis], cells, nuclei), {}, ValueError, "an image is"),
        ((image, cells, nuclei), {"use": "test"}, ValueError, "use is 'test'; it must be one of train, validate"),
    ]:
        with pytest.raises(kind, match=words):
            trainer.add(*arrays, **{"pixel_size_um": PIXEL_SIZE_UM, **options})
    assert bytes_of(trainer.run()) == trained  # as if none of this had been


def test_files_that_do_not_fit(files, tmp_path, trained, bytes_of):
    trainer = make_trainer()
    ones = tmp_path / "ones.tif"
    c.labels_write(_arrays.labels_from(np.ones((200, 200), np.uint32)), None, ones, None)
    small = tmp_path / "small.tif"
    c.labels_write(_arrays.labels_from(FIELDS[0][1][1:]), None, small, None)
    image, cells, nuclei = paths(files, 0)
    for arguments, options, kind, words in [
        ((tmp_path / "none.tif", cells, nuclei), {}, cellseg.FileError, "none.tif: "),
        ((image, cells, tmp_path / "none.tif"), {}, cellseg.FileError, "none.tif: "),
        ((image, small, nuclei), {}, cellseg.ArgumentError, "small.tif: cells are 199 x 200"),
        ((image, ones, ones), {}, cellseg.ArgumentError, "ones.tif: .*a single class"),
        ((image, cells), {"nuclei_channel": 5}, cellseg.ArgumentError, "0.ome.tif: "),
        ((image, cells), {"nuclei_channel": -3}, cellseg.ArgumentError, "nuclei_channel is -3"),
        ((image, cells, nuclei), {"weight": 0}, cellseg.ArgumentError, "weight is 0"),
        ((image, None), {}, cellseg.ArgumentError, "cells_path is NULL"),
        ((image, cells, nuclei), {"weigth": 2}, TypeError, "no option 'weigth'; did you mean weight?"),
        ((image, cells, nuclei), {"use": 1}, ValueError, "use is 1"),
    ]:
        with pytest.raises(kind, match=words):
            trainer.add_files(*arguments, **options)
    assert bytes_of(trainer.run()) == trained


def test_nuclei_need_not_be_known(files, bytes_of):
    """Unknown nuclei give the same model from arrays and from files; nuclei by the start model another one."""
    start = make_trainer().run()
    of_arrays, unknown, by_model = (cellseg.Trainer(start, **QUICK) for _ in range(3))
    for i, (image, cells, _) in enumerate(FIELDS):
        of_arrays.add(image, cells, pixel_size_um=PIXEL_SIZE_UM)
        unknown.add_files(*paths(files, i)[:2], nuclei_channel=c.NUCLEI_UNKNOWN, pixel_size_um=PIXEL_SIZE_UM)
        by_model.add_files(*paths(files, i)[:2], nuclei_channel=c.NUCLEI_BY_MODEL, pixel_size_um=PIXEL_SIZE_UM)
    model = bytes_of(unknown.run())
    assert bytes_of(of_arrays.run()) == model
    assert bytes_of(by_model.run()) != bytes_of(start)
    trainer = cellseg.Trainer(**QUICK)
    trainer.add(*FIELDS[0][:2], pixel_size_um=PIXEL_SIZE_UM)
    with pytest.raises(cellseg.ArgumentError, match="no training image has nuclei"):
        trainer.run()


def test_nuclei_of_the_stain_within_cells():
    """A simulated field's nuclear stain: every cell has its nucleus, most of whose pixels are true."""
    image, cells, truth = FIELDS[0]
    nuclei = cellseg.segment_nuclei_within(cells, image, PIXEL_SIZE_UM, nuclei_channel=1)
    assert ((nuclei == 0) | (nuclei == cells)).all()
    assert ((nuclei > 0) & (truth > 0)).sum() > 0.8 * (truth > 0).sum()


def test_a_trainer_does_one_thing_at_a_time(trained, bytes_of):
    trainer = make_trainer()
    for again in trainer.run, lambda: trainer.add(*FIELDS[0], pixel_size_um=PIXEL_SIZE_UM):
        refused = []

        def elsewhere(again=again, refused=refused):
            with pytest.raises(RuntimeError, match="one call at a time") as caught:
                again()
            refused.append(caught)

        def on_epoch(_epoch, elsewhere=elsewhere):
            thread = threading.Thread(target=elsewhere)
            thread.start()
            thread.join()
            elsewhere()
            return True

        trainer.run(on_epoch)
        assert len(refused) == 2
    assert bytes_of(trainer.run()) == trained


def test_nothing_to_train_on():
    trainer = cellseg.Trainer(**QUICK)
    trainer.add(*FIELDS[1], pixel_size_um=PIXEL_SIZE_UM, use="validate")
    with pytest.raises(cellseg.ArgumentError, match="no image was added to train on"):
        trainer.run()


# ---- checkpoints, fine-tuning, lifetime ----


def test_another_trainer_goes_on_from_the_checkpoint(tmp_path, trained, bytes_of):
    path = tmp_path / "checkpoint-ü"

    def stop(_epoch):
        raise KeyError

    with pytest.raises(KeyError):
        make_trainer(checkpoint_path=path).run(stop)
    told = []
    assert bytes_of(make_trainer(checkpoint_path=str(path)).run(lambda epoch: told.append(epoch.epoch))) == trained
    assert told == [2]
    with pytest.raises(cellseg.ArgumentError, match="checkpoint"):
        make_trainer(checkpoint_path=path, seed=2).run()
    with pytest.raises(cellseg.FileError, match="nowhere"):
        make_trainer(checkpoint_path=tmp_path / "nowhere" / "checkpoint").run()


def tensors(file):
    """By name: a model file is a safetensors file, docs/model-format.md."""
    start = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:start])
    del header["__metadata__"]
    return {name: file[start + place["data_offsets"][0] : start + place["data_offsets"][1]] for name, place in header.items()}


def test_frozen_layers_stay_as_they_are(bytes_of):
    frozen = 10
    default = cellseg.Model.default()
    before, after = tensors(bytes_of(default)), tensors(bytes_of(make_trainer(default, epochs=1, frozen_layers=frozen).run()))
    layers = {int(name): name for name in map(str, range(128)) if f"layer{name}.weight" in before}
    assert before.keys() == after.keys() and min(layers) < frozen <= max(layers)
    for name, values in before.items():
        layer = re.match(r"layer(\d+)\.", name)
        if layer and int(layer[1]) < frozen:
            assert after[name] == values, name
        elif name.endswith(".weight"):
            assert after[name] != values, name


def test_a_trainer_is_released_with_its_last_reference():
    context = cellseg.Context(threads=1)
    trainer = make_trainer(context=context)
    with pytest.raises(KeyError):
        trainer.run(lambda _epoch: {}[0])
    gone, kept = weakref.ref(trainer._handle), weakref.ref(context._handle)
    del context
    gc.disable()  # no cycle keeps it
    try:
        assert kept() is not None
        del trainer
        assert gone() is None and kept() is None
    finally:
        gc.enable()


def test_an_array_is_let_go(trained, bytes_of):
    trainer = cellseg.Trainer(**QUICK)
    for field, use in zip(FIELDS, USES):
        arrays = [array.copy() for array in field]
        gone = [weakref.ref(array) for array in arrays]
        trainer.add(*arrays, pixel_size_um=PIXEL_SIZE_UM, use=use)
        for array in arrays:
            array[:] = 0
        del arrays, array
        gc.collect()
        assert [one() for one in gone] == [None] * 3
    assert bytes_of(trainer.run()) == trained


def test_a_start_model_need_not_outlive_the_call(trained):
    start = cellseg.Model.load(trained)
    gone = weakref.ref(start._handle)
    trainer = make_trainer(start, epochs=1)
    del start
    assert gone() is None and trainer.run().parameters == cellseg.Model.load(trained).parameters


# ---- what the documentation says ----


def test_the_example_of_the_documentation_runs(files, tmp_path, monkeypatch, capsys):
    """As it stands, but for a single epoch, in a folder that holds what it names."""
    example = re.search(r"## 7\. In Python.*?```python\n(.*?)```", TEXT, re.S)[1]
    folder = tmp_path / "five"
    folder.mkdir()
    for path in files.iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(cellseg, "Trainer", lambda *a, real=cellseg.Trainer, **k: real(*a, **{**k, "epochs": 1, "batch": 2}))
    exec(compile(example, "docs/training.md", "exec"), {})
    assert cellseg.Model.load("tuned.cellseg").info["record"]["images"] == 1
    assert capsys.readouterr().out.startswith("1 of 1: ")


def test_everything_says_what_it_does():
    for thing in cellseg.Trainer, cellseg.Trainer.add, cellseg.Trainer.add_files, cellseg.Trainer.run, cellseg.Epoch:
        assert len(inspect.getdoc(thing)) > 100
