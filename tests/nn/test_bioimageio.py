# SPDX-License-Identifier: BSD-3-Clause
"""The package of the BioImage Model Zoo, read by its specification; tests/packages/check_bioimageio.sh has bioimageio.core run it."""
import json

import cellseg
import numpy as np
import pytest
import torch

from nets import Net, check, library, unsettle
from test_onnx import run

NAMES = ["README.md", "rdf.yaml", "test_input.npy", "test_output.npy", "weights.onnx"]


@pytest.fixture(scope="module", params=["default", "small"])
def package(request, tmp_path_factory):
    """The default model's, and that of a network with a power of 1 and three classes."""
    folder = tmp_path_factory.mktemp(request.param)
    if request.param == "default":
        cellseg.Model.default().export_bioimageio(folder)
    else:
        net = Net()
        unsettle(net)
        check(library.cellseg_model_export_bioimageio(net.model(), net.context, str(folder).encode()))
    return folder, json.loads((folder / "rdf.yaml").read_text())


def preprocessed(image, about):
    """As the specification has it."""
    scale, clip = about["inputs"][0]["preprocessing"]
    assert scale["id"] == "scale_range" and clip["id"] == "clip" and scale["kwargs"]["axes"] == ["channel", "y", "x"]
    low, high = (np.percentile(image, scale["kwargs"][f"{end}_percentile"]) for end in ("min", "max"))
    return np.clip((image - low) / (high - low + 1e-6), clip["kwargs"]["min"], clip["kwargs"]["max"])


def network(folder, image):
    """The package's graph, by the definitions of its operators: the power, then what export_onnx() writes."""
    return run(folder / "weights.onnx", image, torch.float64)


def test_the_files(package):
    folder, about = package
    assert sorted(path.name for path in folder.iterdir()) == NAMES
    info = about["config"]["cellseg"]
    image, maps = np.load(folder / "test_input.npy"), np.load(folder / "test_output.npy")
    assert image.dtype == maps.dtype == np.float32 and image.shape == (1, 1, *maps.shape[2:])
    assert about["outputs"][0]["axes"][1]["channel_names"] == info["classes"] and maps.shape[:2] == (1, len(info["classes"]))
    for tensor in about["inputs"] + about["outputs"]:
        assert (folder / tensor["test_tensor"]["source"]).is_file()
        assert [axis["type"] for axis in tensor["axes"]] == ["batch", "channel", "space", "space"]
        assert all(axis["scale"] == info["rule"]["pixel_size_um"] * 1000 and axis["unit"] == "nanometer" for axis in tensor["axes"][2:])
    card = (folder / "README.md").read_text()
    assert all(name in card for name in info["classes"]) and f"{info['rule']['pixel_size_um']:g} um" in card


def test_the_test_tensors(package):
    folder, about = package
    image = preprocessed(np.load(folder / "test_input.npy").astype(np.float64), about)
    maps = np.load(folder / "test_output.npy")
    assert np.ptp(maps) > 0.1
    np.testing.assert_allclose(network(folder, image[:, 0]), maps, atol=1e-4)


def test_every_size_that_is_stated_fits(package):
    """The least edge, and some steps on; height and width need not agree. No size between fits."""
    folder, about = package
    size = about["inputs"][0]["axes"][2]["size"]
    for rows, columns in (0, 0), (1, 0), (2, 3):
        shape = 1, size["min"] + rows * size["step"], size["min"] + columns * size["step"]
        assert network(folder, np.random.default_rng(1).random(shape)).shape[2:] == shape[1:]
    for more in 1, size["step"] // 2:
        try:
            found = network(folder, np.zeros((1, size["min"] + more, size["min"]))).shape[2]
        except RuntimeError:  # a concat of two sizes
            continue
        assert found != size["min"] + more


def test_bad_arguments(tmp_path):
    net = Net()
    assert library.cellseg_model_export_bioimageio(None, None, b"x") == -1
    assert library.cellseg_model_export_bioimageio(net.model(), None, None) == -1
    assert library.cellseg_model_export_bioimageio(net.model(), None, str(tmp_path / "none").encode()) == -3
