# SPDX-License-Identifier: BSD-3-Clause
"""The network room against PyTorch: forward, loss, gradients of every layer and ten steps of Adam, from the same weights."""
import ctypes
import json
import pathlib
import sys

import numpy as np
import pytest
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent))
from nets import BATCH, PATCH, STEP, WEIGHT_SUM, WEIGHTS, Net, Oracle, batch, check, library, unsettle

pytestmark = pytest.mark.sanitizers


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
    reader = (ctypes.c_uint64 * 5)()  # a cellseg_reader
    size = ctypes.c_size_t(ctypes.sizeof(reader))
    check(library.cellseg_reader_init_memory(reader, size, whole, ctypes.c_size_t(len(whole))))
    check(library.cellseg_model_load_from(ctypes.byref(model), net.context, reader))
    return model


def gradients(net, batch_seed, loss=Oracle.loss):
    """Each tensor's gradient, ours and the oracle's; the loss and the running statistics are compared here."""
    images, classes = batch(batch_seed)
    net.state[net.total:] = 0  # Adam's moments: after one step, the first is a tenth of the gradient
    oracle = Oracle(net)
    want = loss(oracle.forward(images, dropout_seed=11), classes)
    want.backward()
    assert abs(net.step(images, classes, 11) - want.item()) < 1e-5 * want.item()
    pairs = {}
    for key, value in oracle.values.items():
        if key[1] in ("mean", "var"):  # PyTorch has updated its own
            assert np.abs(net.view(key) - value.numpy()).max() < 1e-4 * max(1, np.abs(value.numpy()).max()), key
        else:
            pairs[key] = np.array([net.view(key, net.total) / 0.1, oracle.ours(key, value.grad)], np.float64)
    assert len(pairs) == 3 * sum(1 for layer in net.layers if layer.get("norm")) + 2
    return pairs


def gradient_errors(net, batch_seed):
    """Relative error of each tensor's gradient."""
    return {key: relative(*pair) for key, pair in gradients(net, batch_seed).items()}


@pytest.mark.parametrize("width", [1, 0.25, 0.3125, 0.03])
def test_gradients_of_every_layer_without_relu(width, tmp_path):
    net = Net(width, learning_rate=0.0, start=without_relu(Net(width), tmp_path / "m.cellseg"))
    assert {layer["activation"] for layer in net.layers if "activation" in layer} == {"linear", "sigmoid"}
    for seed in range(2):
        errors = gradient_errors(net, seed)
        assert max(errors.values()) < 2e-5, max(errors, key=errors.get)


def assert_gradients_agree(net, loss=Oracle.loss):
    """A sum so near to 0 that rounding decides whether a ReLU passes it moves all gradients below it by up to a percent, as it does in
    PyTorch's own single precision: so each tensor must agree in the batches without one, and nearly in the others. Gives the
    errors of the gradients of all batches together."""
    batches = [gradients(net, seed, loss) for seed in range(5)]
    for key in batches[0]:
        errors = [relative(*pairs[key]) for pairs in batches]
        assert min(errors) < 2e-5 and max(errors) < 2e-2, key
    return {key: relative(*sum(pairs[key] for pairs in batches)) for key in batches[0]}


def test_gradients_of_every_layer():
    net = Net(learning_rate=0.0)
    unsettle(net)
    assert_gradients_agree(net)


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


# ---- the loss's other terms, and the fourth output ----

TERMS = [
    dict(),
    dict(weight_border=7.5),
    dict(weight_dice=0.8),
    dict(weight_cross_entropy=0.3),
    dict(weight_border=3.0, weight_dice=0.5, weight_cross_entropy=0.2),
]


def other_loss(p, classes, distance, border, is_distance, weight_border=0.0, weight_dice=0.0, weight_cross_entropy=0.0):
    """The same in PyTorch, from the definitions."""
    margin = (PATCH - STEP) // 2
    inner = np.s_[:, margin:-margin, margin:-margin]
    known = torch.tensor(classes[inner] != 255)
    count = p.shape[1]
    exclusive = count - is_distance
    p = p[:, :, margin:-margin, margin:-margin].permute(0, 2, 3, 1)[known]
    labels = torch.tensor(classes[inner].astype(np.int64))[known]
    counts = torch.ones(len(labels), count, dtype=torch.double)
    counts[labels == 254, :2] = 0  # nucleus or cytoplasm: the two outputs are left out
    target = F.one_hot(torch.where(labels == 254, 0, labels), exclusive).double()
    if is_distance:
        target = torch.cat([target, torch.tensor(distance[inner] / 255.0)[known][:, None]], 1)
    weight = 1 + weight_border * torch.tensor(border[inner] / 255.0)[known]
    of_class = weight[:, None] * counts
    of_class = of_class / of_class.sum(0)
    weight = weight / weight.sum()
    total = sum(WEIGHTS[c] * (of_class[:, c] * (p[:, c] - target[:, c]) ** 2).sum().sqrt() for c in range(count))
    q, t, counts = p[:, :exclusive], target[:, :exclusive], counts[:, :exclusive]
    total = total + WEIGHT_SUM * (weight * (q.sum(1) - 1) ** 2).sum().sqrt()
    w = weight[:, None] * counts
    dice = 2 * (w * q * t).sum(0) / ((w * q).sum(0) + (w * t).sum(0))
    total = total + weight_dice * (1 - dice).mean()
    cross = (counts * F.binary_cross_entropy(q, t, reduction="none")).mean(1)
    return total + weight_cross_entropy * (weight * cross).sum()


@pytest.mark.parametrize("classes,is_distance", [(3, False), (4, False), (4, True)])
@pytest.mark.parametrize("terms", TERMS)
@pytest.mark.parametrize("undivided", [0, 0.3])
def test_gradients_of_other_terms(undivided, terms, classes, is_distance):
    """The last layer's weights see the loss directly, with no ReLU between."""
    net = Net(0.03, learning_rate=0.0, classes=classes, distance=is_distance, **terms)
    unsettle(net)
    net.view((len(net.layers) - 1, "weight"))[:] *= 0.2  # keep the sigmoid out of its ends
    random = np.random.default_rng(8)
    images, labels = batch(3)
    if classes == 4 and not is_distance:
        labels[(labels == 1) & (random.random(labels.shape) < 0.3)] = 3
    labels[(labels < 2) & (random.random(labels.shape) < undivided)] = 254
    distance, border = (random.integers(0, 256, labels.shape).astype(np.uint8) for _ in range(2))
    pointers = [a.ctypes.data_as(ctypes.c_void_p) for a in (distance, border)]
    library.cseg_net_set_targets(net.net, *pointers)
    oracle = Oracle(net)
    want = other_loss(oracle.forward(images, dropout_seed=11), labels, distance, border, is_distance, **terms)
    want.backward()
    assert abs(net.step(images, labels, 11) - want.item()) < 1e-6 * want.item()
    last = len(net.layers) - 1
    for name in ("weight", "bias"):
        error = relative(net.view((last, name), net.total) / 0.1, oracle.ours((last, name), oracle.values[last, name].grad))
        assert error < 2e-5, name
    want = other_loss(Oracle(net).forward(images), labels, distance, border, is_distance, **terms).item()
    assert abs(net.evaluate(images, labels) - want) < 1e-6 * want


def test_gradients_at_trained_weights():
    """The model that the library carries, whose fourth output is the distance."""
    net, model = Net(), ctypes.c_void_p()
    check(library.cellseg_model_default(ctypes.byref(model), net.context))
    net = Net(learning_rate=0.0, start=model, classes=4, distance=True)
    distance, border = np.random.default_rng(9).integers(0, 256, (2, BATCH, PATCH, PATCH)).astype(np.uint8)
    library.cseg_net_set_targets(net.net, *(a.ctypes.data_as(ctypes.c_void_p) for a in (distance, border)))
    errors = assert_gradients_agree(net, lambda p, classes: other_loss(p, classes, distance, border, is_distance=True))
    assert max(errors.values()) < 1e-3, max(errors, key=errors.get)


def test_terms_that_are_off_change_nothing():
    """Border values without a weight, and a distance that no output is trained on, are not read."""
    plain, other = Net(0.03), Net(0.03)
    images, classes = batch(4)
    noise = np.random.default_rng(1).integers(0, 256, classes.shape).astype(np.uint8)
    library.cseg_net_set_targets(other.net, None, noise.ctypes.data_as(ctypes.c_void_p))
    for step in range(3):
        assert plain.step(images, classes, step) == other.step(images, classes, step)
    assert np.array_equal(plain.state, other.state)


@pytest.mark.parametrize("is_distance", [False, True])
def test_a_start_gets_one_more_output(is_distance):
    """The three outputs it had are as they were, and the new one can be learnt."""
    start = Net(0.03)
    unsettle(start)
    wide = Net(0.03, start=start.model(), classes=4, distance=is_distance, learning_rate=0.0)
    names = json.loads(library.cellseg_model_info(wide.model()))["classes"]
    assert names == ["nucleus", "cytoplasm", "background", "distance" if is_distance else "boundary"]
    images, _ = batch(1)
    assert np.array_equal(wide.forward(images)[:, :3], start.forward(images))
    assert wide.forward(images)[:, 3].std() > 1e-3


def test_a_start_keeps_its_dropout():
    def rates(net):
        return [layer["rate"] for layer in net.layers if layer["op"] == "dropout"]

    start = Net(0.03, dropout=0.25)
    assert rates(start) == [0.25] * 3 and rates(Net(0.03, start=start.model(), dropout=0.5)) == [0.25] * 3


@pytest.mark.parametrize("frozen", [1, 2, 10, 17, 24, 28])
def test_frozen_layers(frozen, tmp_path):
    """They are normalised as inference does and do not change; the gradients of the others are PyTorch's."""
    net = Net(start=without_relu(Net(), tmp_path / "m.cellseg"), frozen=frozen)
    before = net.state.copy()
    images, classes = batch(2)
    oracle = Oracle(net)
    want = oracle.loss(oracle.forward(images, dropout_seed=11), classes)
    want.backward()
    assert abs(net.step(images, classes, 11) - want.item()) < 1e-5 * want.item()
    learnt = 0
    for (i, name), value in oracle.values.items():
        at, shape = net.slots[i, name]
        if i < frozen:
            assert np.array_equal(net.view((i, name)).ravel(), before[at:at + int(np.prod(shape))]), (i, name)
        elif name in ("mean", "var"):
            assert np.abs(net.view((i, name)) - value.numpy()).max() < 1e-4 * max(1, np.abs(value.numpy()).max())
        else:
            assert relative(net.view((i, name), net.total) / 0.1, oracle.ours((i, name), value.grad)) < 2e-5, (i, name)
            learnt += 1
    assert learnt >= 2


def test_the_last_layer_cannot_be_frozen():
    count = len(Net(0.03).layers)
    with pytest.raises(Exception, match="cannot be frozen"):
        Net(0.03, frozen=count)
