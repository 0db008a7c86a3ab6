# SPDX-License-Identifier: BSD-3-Clause
"""The package as a user meets it: segment, measure, models, progress, errors."""

import gc
import os
import re
import signal
import subprocess
import sys
import threading

import cellseg
import numpy as np
import pytest
from cellseg import _lowlevel as c
from cellseg._options import struct_of

PIXEL_SIZE_UM = 0.65
PROGRAM = os.environ.get("CELLSEG_PROGRAM")


@pytest.fixture(scope="module")
def picture():
    """Six round cells, bright, with darker nuclei, on a noisy background; and a nuclear stain."""
    y, x = np.indices((220, 320)).astype(float)
    marker = np.random.default_rng(1).normal(200, 8, (220, 320))
    nuclear = np.random.default_rng(2).normal(100, 8, (220, 320))
    for cy in 60, 160:
        for cx in 60, 160, 260:
            distance = np.hypot(y - cy, x - cx) * PIXEL_SIZE_UM
            marker += np.where(distance < 16, np.where(distance < 7, 500, 2000), 0)
            nuclear += np.where(distance < 7, 2000, 0)
    return marker.astype(np.uint16), nuclear.astype(np.uint16)


@pytest.fixture(scope="module")
def model():
    return cellseg.Model.default()


def check(cells, nuclei, shape):
    assert cells.shape == nuclei.shape == shape and cells.dtype == nuclei.dtype == np.uint32
    assert ((nuclei == cells) | (nuclei == 0)).all()
    np.testing.assert_array_equal(np.unique(cells), np.arange(cells.max() + 1))


def test_segment(picture, model):
    cells, nuclei, maps = cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model, return_maps=True)
    check(cells, nuclei, picture[0].shape)
    assert maps.shape == (len(model.info["classes"]), *picture[0].shape) and maps.dtype == np.float32
    assert 0 <= maps.min() <= maps.max() <= 1
    stacked = cellseg.segment(np.stack(picture[::-1]), PIXEL_SIZE_UM, channel=1)
    np.testing.assert_array_equal(stacked[0], cells)
    np.testing.assert_array_equal(stacked[1], nuclei)


@pytest.mark.skipif(PROGRAM is None, reason="CELLSEG_PROGRAM names the command line")
def test_choices_are_those_of_the_command_line():
    """Each name stands for its number in C; that the program knows the same in the same order, its help says."""
    numbers = {
        "relief": [c.RELIEF_MARKER, c.RELIEF_GRADIENT, c.RELIEF_PROBABILITY, c.RELIEF_DISTANCE],
        "cell_probability": [c.CELL_CYTOPLASM, c.CELL_CYTOPLASM_AND_NUCLEUS],
        "background_rule": [c.BACKGROUND_EXPECTED_AREA, c.BACKGROUND_PROBABILITY],
        "marker_check": [c.MARKER_WARN, c.MARKER_REFUSE_STAINS, c.MARKER_REFUSE],
    }
    helped = subprocess.run([PROGRAM, "segment", "--help"], check=True, capture_output=True, text=True).stdout
    for option, values in numbers.items():
        names = re.search(f"--{option.replace('_', '-')} ([a-z|-]+)", helped)[1].split("|")
        group = "method" if option in c.method.rows else None
        structs = [struct_of(c.segment_options, {option: name}) for name in names]
        assert [getattr(s.method.contents if group else s, option) for s in structs] == values
        with pytest.raises(ValueError, match=f"{option} is 0; it must be one of {', '.join(names)}"):
            cellseg.segment(np.ones((40, 40)), PIXEL_SIZE_UM, **{option: 0})


def test_segment_two_channel_finds_the_cells_and_measure_measures_them(picture):
    cells, nuclei = cellseg.segment_two_channel(*picture, PIXEL_SIZE_UM)
    check(cells, nuclei, picture[0].shape)
    assert cells.max() == 6
    table = cellseg.measure(cells, nuclei, picture[0], PIXEL_SIZE_UM)
    np.testing.assert_allclose(table["area_um2"], np.pi * 16**2, rtol=0.25)
    assert (table["nucleus_area_um2"] < table["area_um2"]).all() and (table["touches_border"] == 0).all()
    small = cellseg.segment_two_channel(*picture, PIXEL_SIZE_UM, preset="paper", cell_area_max_um2=1)[0]
    assert small.max() == 0


def test_read(tmp_path):
    tifffile = pytest.importorskip("tifffile")
    data = np.random.default_rng(3).integers(0, 60000, (2, 3, 2, 6, 8)).astype(np.uint16)
    metadata = {"axes": "TZCYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5, "Channel": {"Name": ["Actin", "µ-DNA"]}}
    tifffile.imwrite(tmp_path / "image.ome.tif", data, photometric="minisblack", metadata=metadata)
    picture = cellseg.read(tmp_path / "image.ome.tif", z=1, t=1)
    np.testing.assert_array_equal(picture.pixels, data[1, 1])
    assert picture.pixel_size_um == 0.5 and picture.channel_names == ["Actin", "µ-DNA"]
    assert picture.channel("actin") == 0 and picture.channel("µ-dna") == 1
    with pytest.raises(cellseg.ArgumentError, match='0 "Actin"'):
        picture.channel("Cy5")
    np.testing.assert_array_equal(cellseg.read(tmp_path / "image.ome.tif", z="max", t=0).pixels, data[0].max(axis=0))
    with pytest.raises(cellseg.FormatError, match="3 slices"):
        cellseg.read(tmp_path / "image.ome.tif")
    lines = []
    with pytest.raises(cellseg.ArgumentError, match="force"):
        cellseg.read(tmp_path / "image.ome.tif", z=0, t=0, pixel_size_um=2)
    context = cellseg.Context(log=lambda level, line: lines.append(line))
    assert cellseg.read(tmp_path / "image.ome.tif", z=0, t=0, pixel_size_um=2, force=True, context=context).pixel_size_um == 2
    assert len(lines) == 1 and "0.5 um" in lines[0]
    tifffile.imwrite(tmp_path / "image.tif", data[0, 0, 0], metadata=None)
    assert cellseg.read(tmp_path / "image.tif").pixel_size_um is None
    assert {o.name for o in cellseg.options("read")} >= {"series", "z", "t", "force", "pixel_size_um"}


def test_simulate():
    image, cells, nuclei = cellseg.simulate(120, 150, "er", 3, bits=8, nuclei_channel=1)
    assert image.shape == (2, 120, 150) and image.dtype == np.uint8
    check(cells, nuclei, (120, 150))
    usual = cellseg.simulate(120, 150, "er", 3, vary=False, confluence=0)
    assert usual[0].shape == (1, 120, 150) and usual[0].dtype == np.uint16 and usual[1].max() == 0
    again = cellseg.simulate(120, 150, "er", 3, bits=8, nuclei_channel=1, context=cellseg.Context(threads=1))
    for one, other in zip(again, (image, cells, nuclei)):
        np.testing.assert_array_equal(one, other)
    with pytest.raises(ValueError, match="stain"):
        cellseg.simulate(8, 8, "golgi")
    with pytest.raises(TypeError, match="no option 'darkness'"):
        cellseg.simulate(8, 8, darkness=1)
    with pytest.raises(cellseg.ArgumentError, match="haze"):
        cellseg.simulate(8, 8, haze=1)


def test_threads_give_the_same_bytes(picture, model):
    results = [
        cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model, context=cellseg.Context(threads=n)) for n in (1, 2, 7)
    ]
    for cells, nuclei in results[1:]:
        np.testing.assert_array_equal(cells, results[0][0])
        np.testing.assert_array_equal(nuclei, results[0][1])


def test_one_model_serves_many_threads(picture, model):
    expected = cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model)[0]
    found = []
    threads = [
        threading.Thread(target=lambda: found.append(cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model)[0]))
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 3 and all((f == expected).all() for f in found)


def test_a_model_is_saved_and_loaded(picture, model, tmp_path):
    path = tmp_path / "model"
    model.save(path)
    for source in path, str(path), path.read_bytes():
        again = cellseg.Model.load(source)
        assert again.info == model.info and again.parameters == model.parameters > 0
        assert again.pixel_size_um == model.pixel_size_um > 0
    np.testing.assert_array_equal(
        cellseg.segment(picture[0], PIXEL_SIZE_UM, model=again)[0], cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model)[0]
    )
    model.save(path, half=True)
    assert cellseg.Model.load(path).parameters == model.parameters


def test_the_mean_of_a_model_with_itself_is_the_model(model, tmp_path):
    """Of two that differ: test_trainer.py."""
    for name, one in ("mean", model.average(model, 0.25)), ("model", model):
        one.save(tmp_path / name)
    assert (tmp_path / "mean").read_bytes() == (tmp_path / "model").read_bytes()
    with pytest.raises(cellseg.Error, match="part"):
        model.average(model, 2)


NOT_UTF8 = os.fsdecode(b"\xff\xfe-") + "ü"


@pytest.mark.skipif(sys.platform != "linux", reason="other systems' names are text")
def test_paths_need_not_be_utf8(model, tmp_path):
    path = tmp_path / NOT_UTF8
    model.save(path)
    assert os.listdir(os.fsencode(tmp_path)) == [os.fsencode(NOT_UTF8)]
    assert cellseg.Model.load(path).parameters == cellseg.Model.load(str(path)).parameters == model.parameters
    cellseg.measure(np.eye(9, dtype=int), csv=os.fsencode(path))
    assert path.read_text().startswith("id,")
    with pytest.raises(cellseg.FormatError, match="ü"):
        cellseg.Model.load(path)


@pytest.mark.parametrize("half", [False, True])
def test_a_model_as_bytes_is_its_file(model, tmp_path, half):
    model.save(tmp_path / "model", half=half)
    file = model.to_bytes(half=half)
    assert file == (tmp_path / "model").read_bytes()
    assert cellseg.Model.load(bytearray(file)).hash == cellseg.Model.load(tmp_path / "model").hash
    with pytest.raises(cellseg.FormatError, match="the input: "):
        cellseg.Model.load(file[:-1])


def test_a_path_is_not_cut_at_a_nul(model, tmp_path):
    path = str(tmp_path / "model\0.txt")
    for call in (
        lambda: model.save(path),
        lambda: cellseg.Model.load(path),
        lambda: cellseg.measure(np.eye(9, dtype=int), csv=path),
        lambda: cellseg.Trainer(checkpoint_path=path),
        lambda: cellseg.Trainer().add_files(path, path),
    ):
        with pytest.raises(cellseg.ArgumentError, match=r"the path '.*model\\x00.txt' holds a NUL"):
            call()
    with pytest.raises(c.ctypes.ArgumentError, match="holds a NUL"):
        c.model_export_onnx(model._handle, None, path)
    assert not list(tmp_path.iterdir())
    with pytest.raises(cellseg.ArgumentError) as caught:
        cellseg.read(b"II*\0" + bytes(100000))  # a file's content in place of its path
    assert len(str(caught.value)) < 300


def test_progress_rises_and_can_cancel(picture, model):
    calls = []
    context = cellseg.Context(threads=2, progress=lambda fraction, step: calls.append((fraction, step)))
    cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model, context=context)
    fractions = [fraction for fraction, _ in calls]
    assert fractions == sorted(fractions) and fractions[-1] == 1 and all(step for _, step in calls)
    with pytest.raises(cellseg.Cancelled):
        cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model, context=cellseg.Context(progress=lambda *_: True))


def test_another_thread_cancels_a_call():
    context = cellseg.Context(threads=2)
    options = {"pixel_size_um": 0.2, "context": context}  # seconds of work
    threading.Timer(0.1, context.cancel).start()
    with pytest.raises(cellseg.Cancelled, match="cellseg_context_cancel"):
        cellseg.simulate(3000, 3000, **options)
    cellseg.simulate(50, 50, **options)  # the request was answered
    context.cancel()
    with pytest.raises(cellseg.Cancelled):
        cellseg.simulate(50, 50, **options)
    context.cancel()
    context.cancel_clear()
    cellseg.simulate(50, 50, **options)


def test_features():
    names = cellseg.features()
    assert {"model", "training", "io", "png", "tiff", "tiff-deflate"} <= set(names) and len(names) == len(set(names))
    numbers = [getattr(c, name) for name in dir(c) if name.startswith("FEATURE_")]
    assert sorted(numbers) == [1 << bit for bit in range(17)]
    assert len({c.feature_name(number) for number in numbers} - {None}) == len(numbers)
    assert c.feature_name(0) is c.feature_name(3) is c.feature_name(1 << 63) is None
    major, minor, patch = map(int, cellseg.library_version().split("."))
    assert c.version_number() == 1000000 * major + 1000 * minor + patch


def test_what_progress_raises_comes_out_of_the_call(picture, model):
    def interrupt(_fraction, _step):
        raise KeyboardInterrupt("stop")

    with pytest.raises(KeyboardInterrupt, match="stop"):
        cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model, context=cellseg.Context(progress=interrupt))


def test_the_log_says_what_may_disappoint(model):
    lines = []
    context = cellseg.Context(log=lambda level, message: lines.append((level, message)))
    cellseg.segment(np.full((90, 120), 7, np.uint8), PIXEL_SIZE_UM, model=model, context=context)
    assert lines == [("warning", "no cell was found: the image is nearly constant, or noise")]
    lines.clear()
    cellseg.segment(cellseg.simulate(300, 300)[0][0], PIXEL_SIZE_UM, model=model, context=context)
    assert [level for level, _ in lines] == ["info"] and re.match(r"marker check: \d+ cells, contrast ", lines[0][1])


def test_what_log_raises_comes_out_of_the_call(picture, model):
    def fail(_level, message):
        raise ValueError(message)

    with pytest.raises(ValueError, match="no cell was found"):
        cellseg.segment(np.zeros((90, 120)), PIXEL_SIZE_UM, model=model, context=cellseg.Context(log=fail))


def test_ctrl_c_is_heard_between_callbacks(model):
    noise = np.random.default_rng(3).integers(0, 4000, (1500, 1500)).astype(np.uint16)
    timer = threading.Timer(0.1, os.kill, (os.getpid(), signal.SIGINT))
    fractions = []

    def progress(fraction, _step):
        fractions.append(fraction)
        if len(fractions) == 1:
            timer.start()

    with pytest.raises(KeyboardInterrupt):
        cellseg.segment(noise, PIXEL_SIZE_UM, model=model, context=cellseg.Context(threads=1, progress=progress))
        timer.join()
    assert fractions[-1] < 0.9 and signal.getsignal(signal.SIGINT) is signal.default_int_handler


MAKERS = {  # of C functions: the call that uses it, and what it makes
    "segment": (lambda **o: cellseg.segment(np.ones((40, 40)), 0.65, return_maps=True, **o), ["image", "labels", "labels"]),
    "segment_two_channel": (lambda **o: cellseg.segment_two_channel(*np.ones((2, 40, 40)), 0.65, **o), ["labels", "labels"]),
    "synth_field": (lambda **o: cellseg.simulate(40, 40, **o), ["image", "labels", "labels"]),
    "measure_all": (lambda **o: cellseg.measure(np.eye(9, dtype=int), **o), ["table"]),
    "image_gaussian": (lambda **o: cellseg.filter.gaussian(np.ones((9, 9)), 1, **o), ["image"]),
    "image_components": (lambda **o: cellseg.morph.components(np.eye(9), **o), ["labels"]),
    "labels_relabel": (lambda **o: cellseg.labels.relabel(np.eye(9, dtype=int), **o), ["labels"]),
    "trainer_new": (lambda **o: cellseg.Trainer(epochs=1, **o), ["trainer"]),
}


@pytest.mark.parametrize("context", [None, cellseg.Context(threads=1)], ids=["alone", "context"])
@pytest.mark.parametrize("name", MAKERS)
def test_what_a_call_made_is_freed_when_ctrl_c_comes_as_it_ends(name, context, monkeypatch):
    """Every object is counted when it is freed; those that the call only read are freed with or without the interrupt."""
    call, made = MAKERS[name]
    freed, interrupts = [], []

    def count(kind, free):
        return lambda handle: freed.append(kind) or free(handle)

    def end(*arguments, function=getattr(c, name)):
        function(*arguments)
        del freed[:]
        if interrupts:
            signal.raise_signal(signal.SIGINT)

    for kind in "labels", "image", "table", "trainer":
        monkeypatch.setattr(c, f"{kind}_free", count(kind, getattr(c, f"{kind}_free")))
    monkeypatch.setattr(c, name, end)
    kept = call(context=context)
    gc.collect()
    read = sorted(freed)
    interrupts.append(True)
    with pytest.raises(KeyboardInterrupt):
        call(context=context)
    gc.collect()
    assert sorted(freed) == sorted(read + made)
    del kept


def test_a_handle_takes_one_object_only():
    image = c.Image()
    c.image_new(image, None, c.UINT8, 1, 2, 2)
    for wrong in image, 3:
        with pytest.raises(c.ctypes.ArgumentError, match="expected a new handle"):
            c.image_new(wrong, None, c.UINT8, 1, 2, 2)


def test_a_handler_of_ctrl_c_that_does_not_raise_stops_nothing(picture, model):
    caught, sent = [], []

    def handler(*_arguments):
        caught.append(True)

    def progress(_fraction, _step):
        if not sent:
            sent.append(True)
            signal.raise_signal(signal.SIGINT)

    before = signal.signal(signal.SIGINT, handler)
    try:
        cells = cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model, context=cellseg.Context(progress=progress))[0]
        assert signal.getsignal(signal.SIGINT) is handler
    finally:
        signal.signal(signal.SIGINT, before)
    assert caught == [True]
    np.testing.assert_array_equal(cells, cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model)[0])


def test_a_handler_of_ctrl_c_that_a_callback_installs_stays(picture):
    before = signal.getsignal(signal.SIGINT)
    context = cellseg.Context(progress=lambda *_: signal.signal(signal.SIGINT, signal.SIG_IGN) is None)
    try:
        cellseg.segment_two_channel(*picture, PIXEL_SIZE_UM, context=context)
        assert signal.getsignal(signal.SIGINT) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGINT, before)


def test_a_context_serves_one_call_at_a_time(picture):
    def segment_again(_fraction, _step):
        cellseg.segment_two_channel(*picture, PIXEL_SIZE_UM, context=context)

    context = cellseg.Context(progress=segment_again)
    for _ in range(2):  # it serves again after it has refused
        with pytest.raises(RuntimeError, match="one call at a time"):
            cellseg.segment_two_channel(*picture, PIXEL_SIZE_UM, context=context)


def test_errors(picture, model, tmp_path):
    with pytest.raises(cellseg.ArgumentError, match="pixel size") as caught:
        cellseg.segment(picture[0], model=model)
    assert isinstance(caught.value, ValueError) and caught.value.status == -1
    with pytest.raises(cellseg.ArgumentError, match="channel"):
        cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model, channel=5)
    with pytest.raises(cellseg.ArgumentError, match="sensitivity"):
        cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model, sensitivity=1e9)
    with pytest.raises(TypeError, match="no option 'sensitivty'"):
        cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model, sensitivty=60)
    with pytest.raises(ValueError, match="preset"):
        cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model, preset="pepper")
    with pytest.raises(cellseg.FileError, match="nowhere"):
        cellseg.Model.load(tmp_path / "nowhere")
    with pytest.raises(cellseg.ArgumentError, match="channel is 4294967296, which does not fit"):
        cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model, channel=2**32)
    with pytest.raises(TypeError, match="channel is 0.5: "):
        cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model, channel=0.5)
    with pytest.raises(TypeError, match="no option 'padding'"):
        cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model, padding=0)
    with pytest.raises(cellseg.FormatError):
        cellseg.Model.load(b"not a model")
    with pytest.raises(cellseg.LimitError):
        cellseg.segment(picture[0], PIXEL_SIZE_UM, model=model, context=cellseg.Context(memory_budget_bytes=1000000))
    with pytest.raises(cellseg.ArgumentError, match="threads"):
        cellseg.Context(threads=-1)


def test_an_exception_of_each_status_says_so():
    assert {e.status for e in cellseg.Error.__subclasses__()} == set(range(-9, 0))
    assert cellseg.library_version().split(".")[0] == cellseg.__version__.split(".")[0]


SHUTDOWN = """
import sys, cellseg
owner = cellseg.Model.default()
names = vars(sys.modules["cellseg._lowlevel"])
names.update(dict.fromkeys(names))
del owner
"""


def test_objects_may_outlive_the_names_of_the_module():
    """The interpreter sets a module's names to None when it ends, before it releases what others still hold."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    ended = subprocess.run([sys.executable, "-c", SHUTDOWN], env=environment, capture_output=True, text=True)
    assert (ended.returncode, ended.stderr) == (0, "")
