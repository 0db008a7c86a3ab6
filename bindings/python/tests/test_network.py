# SPDX-License-Identifier: BSD-3-Clause
"""Networks and maps of others in Python: a network is a function of arrays, and what it raises comes out of the call."""

import gc
import json
import threading

import cellseg
import numpy as np
import pytest

RULE = {
    "pixel_size_um": 0.65, "top_hat_um": 0, "percentile_low": 1, "percentile_high": 99, "noise_range": 0, "clip": 1, "power": 1,
    "nucleus_diameter_um": 15, "patch_px": 64, "step_px": 48,
}  # fmt: skip
CLASSES = ["nucleus", "cytoplasm", "background"]
ABOUT = {"rule": RULE, "classes": CLASSES}
PX = 0.65


@pytest.fixture(scope="module")
def field():
    """(marker, maps): four by five round cells whose nuclei, cytoplasm and background differ in brightness."""
    y, x = np.indices((200, 240))
    distance = np.hypot((y % 50) - 25, (x % 48) - 24)
    nucleus, cell = distance < 9, distance < 17
    maps = np.stack([nucleus, cell & ~nucleus, ~cell]).astype(np.float32)
    marker = np.where(nucleus, 900, np.where(cell, 2000, 100)) + np.random.default_rng(1).integers(0, 20, y.shape)
    return marker.astype(np.uint16), maps


def by_brightness(windows):
    """A network of thresholds."""
    return np.concatenate([(0.2 < windows) & (windows < 0.7), windows >= 0.7, windows <= 0.2], 1)


@pytest.mark.parametrize("batch", [1, 5, 100])
@pytest.mark.parametrize("orientations", [1, 4])
def test_a_network_is_a_function_of_windows(field, batch, orientations):
    sizes = []

    def predict(windows):
        assert windows.dtype == np.float32 and windows.shape[1:] == (1, 64, 64) and 0 <= windows.min() <= windows.max() <= 1
        sizes.append(len(windows))
        return by_brightness(windows)

    model = cellseg.Model.wrap(ABOUT, predict, batch)
    cells, nuclei, maps, report = cellseg.segment(
        field[0], PX, model=model, return_maps=True, report=True, orientations=orientations
    )
    patches = -(-200 // 48) * -(-240 // 48)
    assert sum(sizes) == patches * orientations and max(sizes) <= batch and all(n == batch for n in sizes[:-1])
    np.testing.assert_array_equal(maps, field[1])
    assert cells.max() == nuclei.max() == report.cells == 20 and report.model_hash == model.hash
    assert model.parameters == 0 and model.info["rule"] == RULE and model.info["classes"] == CLASSES


def test_maps_are_as_good_as_a_network(field):
    marker, maps = field
    model = cellseg.Model.wrap(json.dumps(ABOUT), by_brightness)
    whole = cellseg.segment(marker, PX, model=model, report=True)
    found = cellseg.segment_from_maps(marker, maps, PX, model=model, report=True)
    np.testing.assert_array_equal(found[0], whole[0])
    np.testing.assert_array_equal(found[1], whole[1])
    assert (found[2].cells, found[2].marker_contrast) == (whole[2].cells, whole[2].marker_contrast)
    half = cellseg.segment_from_maps(marker, maps[:, ::2, ::2].astype(np.float64), PX)
    assert half[0].shape == marker.shape and half[0].max() == 20


def test_the_model_keeps_its_network(field):
    model = cellseg.Model.wrap(ABOUT, lambda windows: by_brightness(windows))
    gc.collect()
    assert cellseg.segment(field[0], PX, model=model)[0].max() == 20


class Broken(Exception):
    pass


@pytest.mark.parametrize("raised", [Broken, KeyboardInterrupt, cellseg.ModelError])
def test_what_a_network_raises_comes_out_of_the_call(field, raised):
    def predict(_windows):
        raise raised("here")

    model = cellseg.Model.wrap(ABOUT, predict)
    with pytest.raises(raised, match="here"):
        cellseg.segment(field[0], PX, model=model)
    with pytest.raises(raised, match="here"), cellseg.Context() as context:
        cellseg.segment_maps(field[0], PX, model=model, context=context)
    with pytest.raises(cellseg.ModelError, match="no layers"):  # and what was raised is not raised again
        model.to_bytes()


def test_on_another_thread_too(field):
    def predict(_windows):
        raise Broken

    caught = []

    def work():
        with pytest.raises(Broken):
            cellseg.segment(field[0], PX, model=cellseg.Model.wrap(ABOUT, predict))
        caught.append(True)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert caught


def test_faults_have_names(field):
    with pytest.raises(ValueError, match=r"\(8, 3, 64, 64\) is right"):
        cellseg.segment(field[0], PX, model=cellseg.Model.wrap(ABOUT, lambda windows: windows))
    with pytest.raises(cellseg.ModelError, match='"nucleus" is nan'):
        cellseg.segment(field[0], PX, model=cellseg.Model.wrap(ABOUT, lambda windows: np.repeat(windows, 3, 1) * np.nan))
    with pytest.raises(cellseg.FormatError, match='"rule"'):
        cellseg.Model.wrap({"classes": CLASSES}, by_brightness)
    with pytest.raises(cellseg.ArgumentError, match="batch"):
        cellseg.Model.wrap(ABOUT, by_brightness, 0)
    with pytest.raises(cellseg.ModelError, match="background"):
        cellseg.segment(field[0], PX, model=cellseg.Model.wrap({**ABOUT, "classes": CLASSES[:2]}, by_brightness))
