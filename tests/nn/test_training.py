# SPDX-License-Identifier: BSD-3-Clause
"""The network room against PyTorch: forward, loss, gradients of every layer and ten steps of Adam, from the same weights."""
import ctypes
import json
import pathlib
import sys

import numpy as np
import pytest
import torch

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from nets import Net, Oracle, batch, check, library, unsettle


def relative(a, b):
    return np.linalg.norm(a - b) / max(np.linalg.norm(b), 1e-12)


@pytest.mark.parametrize("width", [0.25, 0.3125, 0.03])
def test_inference(width):
    net = Net(width)
    unsettle(net)
    images, classes = batch(1)
    want = Oracle(net).forward(images).detach().numpy()
    assert want.std() > 0.01
    assert np.abs(net.forward(images) - want).max() < 1e-5
    assert np.array_equal(net.forward(images[2:3]), net.forward(images)[2:3])


def test_evaluation_loss():
    net = Net()
    unsettle(net)
    images, classes = batch(2)
    oracle = Oracle(net)
    want = oracle.loss(oracle.forward(images), classes).item()
    assert abs(net.evaluate(images, classes) - want) < 1e-6 * want
    want = oracle.loss(oracle.forward(images[:3]), classes[:3]).item()
    assert abs(net.evaluate(images[:3], classes[:3]) - want) < 1e-6 * want


def without_relu(net, path):
    """A model of the same layers and weights, all activations linear: where nothing is cut off, rounding cannot decide anything."""
    unsettle(net)
    net.view((len(net.layers) - 1, "weight"))[:] *= 0.1  # nothing was cut off: keep the sigmoid out of its ends
    check(library.cellseg_model_save(net.model(), net.context, str(path).encode(), ctypes.c_int32(1)))
    bytes_ = path.read_bytes()
    end = 8 + int.from_bytes(bytes_[:8], "little")
    header = json.loads(bytes_[8:end])
    metadata = header["__metadata__"]
    metadata["architecture"] = metadata["architecture"].replace('"relu"', '"linear"')
    data = bytearray(bytes_[end:])
    test = {name: slice(*header["test." + name]["data_offsets"]) for name in ("input", "output")}
    image = np.frombuffer(data[test["input"]], "<f4").reshape(1, *header["test.input"]["shape"])
    oracle = Oracle(net)
    oracle.layers = json.loads(metadata["architecture"])
    data[test["output"]] = oracle.forward(image).detach().numpy().astype("<f4").tobytes()
    text = json.dumps(header).encode()
    whole = len(text).to_bytes(8, "little") + text + bytes(data)
    model = ctypes.c_void_p()
    check(library.cellseg_model_load_memory(ctypes.byref(model), net.context, whole, ctypes.c_size_t(len(whole))))
    return model


def gradient_errors(net, batch_seed):
    """Relative error of each tensor's gradient, and of the loss and the running statistics."""
    images, classes = batch(batch_seed)
    net.state[net.total:] = 0  # Adam's moments: after one step, the first is a tenth of the gradient
    oracle = Oracle(net)
    want = oracle.loss(oracle.forward(images, dropout_seed=11), classes)
    want.backward()
    assert abs(net.step(images, classes, 11) - want.item()) < 1e-5 * want.item()
    errors = {}
    for key, value in oracle.values.items():
        if key[1] in ("mean", "var"):  # PyTorch has updated its own
            assert np.abs(net.view(key) - value.numpy()).max() < 1e-4 * max(1, np.abs(value.numpy()).max()), key
        else:
            errors[key] = relative(net.view(key, net.total) / 0.1, oracle.ours(key, value.grad))
    assert len(errors) == 3 * sum(1 for layer in net.layers if layer.get("norm")) + 2
    return errors


@pytest.mark.parametrize("width", [1, 0.25, 0.3125, 0.03])
def test_gradients_of_every_layer_without_relu(width, tmp_path):
    net = Net(width, learning_rate=0.0, start=without_relu(Net(width), tmp_path / "m.cellseg"))
    assert {layer["activation"] for layer in net.layers if "activation" in layer} == {"linear", "sigmoid"}
    for seed in range(2):
        errors = gradient_errors(net, seed)
        assert max(errors.values()) < 2e-5, max(errors, key=errors.get)


def test_gradients_of_every_layer():
    """A sum so near to 0 that rounding decides whether a ReLU passes it moves all gradients below it by up to a percent, as it does in
    PyTorch's own single precision: so each tensor must agree in the batches without one, and nearly in the others."""
    net = Net(learning_rate=0.0)
    unsettle(net)
    errors = [gradient_errors(net, seed) for seed in range(5)]
    for key in errors[0]:
        assert min(e[key] for e in errors) < 2e-5, key
        assert max(e[key] for e in errors) < 2e-2, key


def test_gradients_at_trained_weights():
    """The model that the library carries."""
    net, model = Net(), ctypes.c_void_p()
    check(library.cellseg_model_default(ctypes.byref(model), net.context))
    net = Net(learning_rate=0.0, start=model)
    for seed in range(4):
        errors = gradient_errors(net, seed)
        assert max(errors.values()) < 1e-3, max(errors, key=errors.get)


def adam_like_ours(net, oracle, steps):
    """PyTorch's optimiser with our moments after that many steps."""
    adam = torch.optim.Adam(oracle.parameters(), lr=1e-3, betas=(0.9, 0.999), eps=1e-8)
    moments = Oracle(net, net.total), Oracle(net, net.total + net.trained)
    for key, value in oracle.values.items():
        if value.requires_grad:
            first, second = (m.values[key].detach() for m in moments)
            adam.state[value] = {"step": torch.tensor(float(steps)), "exp_avg": first, "exp_avg_sq": second}
    return adam


def test_ten_steps_of_adam(tmp_path):
    """Each step from the same state, so that rounding does not add up; and without ReLU, for the reason above."""
    net = Net(start=without_relu(Net(), tmp_path / "m.cellseg"))
    images, classes = batch(5)
    losses = []
    for step in range(10):
        oracle = Oracle(net)
        adam = adam_like_ours(net, oracle, step)
        before = {key: oracle.ours(key, value).copy() for key, value in oracle.values.items()}
        want = oracle.loss(oracle.forward(images, dropout_seed=100 + step), classes)
        want.backward()
        adam.step()
        losses.append(net.step(images, classes, 100 + step))
        assert abs(losses[-1] - want.item()) < 1e-5 * want.item()
        errors = [(relative(net.view(key) - before[key], oracle.ours(key, value) - before[key]), key)
                  for key, value in oracle.values.items()]
        # The first step moves each number by the rate whatever its gradient's size, rounding error or not.
        # The first step moves every number by the rate, however small its gradient: there rounding weighs more.
        assert max(errors)[0] < (2e-3 if step == 0 else 3e-4), (step, max(errors))
    assert losses[9] < losses[0]
