# SPDX-License-Identifier: BSD-3-Clause
"""The ONNX file: read by its specification and run in PyTorch; and by onnx, ONNX Runtime and OpenCV where they are installed."""
import json
import pathlib
import sys

import cellseg
import numpy as np
import pytest
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from nets import Net, batch, check, fixed_size, library, unsettle
from real_images import FIELDS, channel

pytestmark = pytest.mark.sanitizers


def fields(message):
    """(number, value) of a Protocol Buffers message: whole numbers and bytes."""
    at, found = 0, []

    def varint():
        nonlocal at
        value, shift = 0, 0
        while True:
            byte = message[at]
            at += 1
            value |= (byte & 127) << shift
            shift += 7
            if byte < 128:
                return value

    while at < len(message):
        key = varint()
        if key & 7 == 0:
            found.append((key >> 3, varint()))
        else:
            assert key & 7 == 2
            length = varint()
            found.append((key >> 3, message[at:at + length]))
            at += length
    assert at == len(message)
    return found


def every(message, number):
    return [value for n, value in fields(message) if n == number]


def texts(message, number):
    return [value.decode() for value in every(message, number)]


def run(path, images, precision=torch.float32):
    """The graph by the definitions of its operators."""
    graph, = every(path.read_bytes(), 7)
    image, = texts(every(graph, 11)[0], 1)
    values = {image: torch.tensor(images, dtype=precision)[:, None]}
    for tensor in every(graph, 5):
        assert every(tensor, 2) == [1]  # float32
        shape = every(tensor, 1)
        values[texts(tensor, 8)[0]] = torch.tensor(np.frombuffer(every(tensor, 9)[0], "<f4").reshape(shape), dtype=precision)
    for node in every(graph, 1):
        inputs = [values[name] for name in texts(node, 1)]
        a = {texts(item, 1)[0]: every(item, 8) or every(item, 3) for item in every(node, 5)}
        op, = texts(node, 4)
        if op == "Conv":
            assert a["kernel_shape"] == list(inputs[1].shape[2:]) and len(set(a["pads"])) == 1 and len(a["pads"]) == 4
            result = F.conv2d(*inputs, padding=a["pads"][0])
        elif op == "ConvTranspose":
            assert a == {"kernel_shape": [2, 2], "strides": [2, 2]}
            result = F.conv_transpose2d(*inputs, stride=2)
        elif op == "MaxPool":
            assert a == {"kernel_shape": [2, 2], "strides": [2, 2]}
            result = F.max_pool2d(*inputs, 2)
        elif op == "Pow":
            result = inputs[0] ** inputs[1]
        elif op == "Concat":
            result = torch.cat(inputs, a["axis"][0])
        else:
            result = {"Relu": torch.relu, "Sigmoid": torch.sigmoid}[op](*inputs)
        name, = texts(node, 2)
        assert name not in values
        values[name] = result
    return values["probabilities"].numpy()


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    net = Net()
    unsettle(net)
    path = tmp_path_factory.mktemp("onnx") / "m.onnx"
    check(library.cellseg_model_export_onnx(net.model(), net.context, str(path).encode()))
    images = batch(1)[0]
    return path, images, net.forward(images), json.loads(library.cellseg_model_info(net.model()))


def test_the_file_by_its_specification(exported):
    path, images, want, info = exported
    assert np.abs(run(path, images) - want).max() < 2e-5
    model = path.read_bytes()
    assert every(every(model, 8)[0], 2) == [13]  # opset
    entry, = every(model, 14)
    assert texts(entry, 1) == ["cellseg"] and json.loads(texts(entry, 2)[0]) == info


def test_onnx_checker(exported):
    onnx = pytest.importorskip("onnx")
    onnx.checker.check_model(str(exported[0]), full_check=True)


def test_onnx_runtime(exported):
    runtime = pytest.importorskip("onnxruntime")
    path, images, want, _ = exported
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    for n in (1, len(images)):
        got, = session.run(None, {"image": images[:n, None]})
        assert np.abs(got - want[:n]).max() < 2e-5
    wide = np.random.default_rng(2).random((1, 80, 112), np.float32)
    got, = session.run(None, {"image": wide[:, None]})
    assert np.abs(got - run(path, wide)).max() < 2e-5


def test_batch_height_and_width_are_free(exported):
    graph, = every(exported[0].read_bytes(), 7)
    for field, channels in (11, 1), (12, 3):
        value, = every(graph, field)
        shape, = every(every(every(value, 2)[0], 1)[0], 2)
        dims = [texts(dim, 2) or every(dim, 1) for dim in every(shape, 1)]
        assert dims == [["batch"], [channels], ["height"], ["width"]]


def test_opencv(exported):
    """Which needs a fixed size, as other engines for small devices do: docs/model-format.md."""
    cv2 = pytest.importorskip("cv2")
    pytest.importorskip("onnx")
    path, images, want, _ = exported
    net = cv2.dnn.readNetFromONNX(np.frombuffer(fixed_size(path.read_bytes(), *want.shape[2:]), np.uint8))
    net.setInput(images[:1, None])
    assert np.abs(net.forward() - want[:1]).max() < 2e-5


def described(path):
    """The rule and the classes that the file states."""
    entry, = every(path.read_bytes(), 14)
    return texts(entry, 2)[0]


def in_pytorch(path):
    return lambda windows: run(path, windows[:, 0])


def in_onnx_runtime(path):
    runtime = pytest.importorskip("onnxruntime")
    session = runtime.InferenceSession(str(path), providers=["CPUExecutionProvider"])
    return lambda windows: session.run(None, {"image": windows})[0]


@pytest.mark.parametrize("engine", [in_pytorch, in_onnx_runtime])
def test_another_engine_gives_the_cells(engine, tmp_path):
    """Our file in another engine, called by the tiler: the maps differ by rounding, and the cells by hardly a pixel."""
    path = tmp_path / "default.onnx"
    cellseg.Model.default().export_onnx(path)
    model = cellseg.Model.wrap(described(path), engine(path), batch=4)
    image = channel(FIELDS["n2a"][0])[:350, :350]
    cells, nuclei, maps = cellseg.segment(image, 0.65, model=model, return_maps=True)
    own = cellseg.segment(image, 0.65, return_maps=True)
    assert np.abs(maps - own[2]).max() < 1e-4 and own[0].max() > 10
    assert cells.max() == own[0].max() and (cells != own[0]).mean() < 1e-4 and (nuclei != own[1]).mean() < 1e-4


def test_bad_arguments():
    net = Net()
    assert library.cellseg_model_export_onnx(None, None, b"x") == -1
    assert library.cellseg_model_export_onnx(net.model(), None, None) == -1
    assert library.cellseg_model_export_onnx(net.model(), None, b"/nowhere/at/all.onnx") == -3
