# SPDX-License-Identifier: BSD-3-Clause
"""Models out of ONNX files: of our own, and of U-Nets that PyTorch trained and wrote, whose maps are PyTorch's."""
import io
import json

import cellseg
import numpy as np
import pytest
import torch
from torch import nn

RULE = {
    "pixel_size_um": 0.65, "top_hat_um": 0, "percentile_low": 1, "percentile_high": 99, "noise_range": 0, "clip": 1, "power": 1,
    "nucleus_diameter_um": 15, "patch_px": 64, "step_px": 48,
}  # fmt: skip
ABOUT = {"rule": RULE, "classes": ["nucleus", "cytoplasm", "background"]}


def varint(value):
    return bytes([value]) if value < 128 else bytes([value & 127 | 128]) + varint(value >> 7)


def field(number, content):
    return varint(number << 3 | 2) + varint(len(content)) + content


def described(file, about=ABOUT):
    """The file with the metadata "cellseg": messages one behind the other are one message."""
    return file + field(14, field(1, b"cellseg") + field(2, json.dumps(about).encode()))


def block(inputs, outputs, norm, bias=True):
    layers = [nn.Conv2d(inputs, outputs, 3, padding=1, bias=bias)]
    return nn.Sequential(*layers, *[nn.BatchNorm2d(outputs, eps=1e-3)] * norm, nn.ReLU())


class UNet(nn.Module):
    """As tutorials have it: two levels, skips from in front of the pools, the skip first or last in each concat."""

    def __init__(self, skip_first=True, norm=True, bias=True, head=None):
        super().__init__()
        self.skip_first = skip_first
        self.down = nn.ModuleList([block(1, 6, norm, bias), block(6, 10, norm, bias)])
        self.bottom = block(10, 14, norm, bias)
        self.up = nn.ModuleList([nn.ConvTranspose2d(14, 9, 2, stride=2), nn.ConvTranspose2d(11, 5, 2, stride=2)])
        self.after = nn.ModuleList([block(19, 11, norm, bias), block(11, 7, norm, bias)])
        self.head = head or nn.Sequential(nn.Conv2d(7, 3, 1), nn.Sigmoid())

    def forward(self, x):
        skips = []
        for level in self.down:
            x = level(x)
            skips.append(x)
            x = nn.functional.max_pool2d(x, 2)
        x = self.bottom(x)
        for up, after, skip in zip(self.up, self.after, skips[::-1]):
            x = up(x)
            x = after(torch.cat([skip, x] if self.skip_first else [x, skip], 1))
        return self.head(x)


def trained(net, seed=1):
    """Every number as it may be behind a training."""
    torch.manual_seed(seed)
    for name, value in net.state_dict().items():
        if value.dtype == torch.float32:
            value.copy_(torch.rand_like(value) + 0.5 if "running_var" in name else torch.randn_like(value) * 0.3)
    return net.eval()


def written(net, fold=True, shape=(1, 1, 64, 64)):
    file = io.BytesIO()
    mode = torch.onnx.TrainingMode.EVAL if fold else torch.onnx.TrainingMode.PRESERVE
    torch.onnx.export(net, torch.zeros(shape), file, opset_version=13, training=mode, do_constant_folding=fold)
    return file.getvalue()


def tensors(model):
    """A model file's tensors, by their names."""
    data = model.to_bytes()
    header = json.loads(data[8:8 + int.from_bytes(data[:8], "little")])
    start = 8 + int.from_bytes(data[:8], "little")
    return {
        name: np.frombuffer(data[start + about["data_offsets"][0]:start + about["data_offsets"][1]], np.float32).reshape(about["shape"])
        for name, about in header.items() if name != "__metadata__"
    }


def assert_same_maps(model, net):
    """The network computes what PyTorch does: on the test vector's input, random numbers."""
    found = tensors(model)
    with torch.no_grad():
        want = net.double()(torch.tensor(found["test.input"], dtype=torch.float64)[None, None])[0].numpy()
    assert np.ptp(want) > 0.1
    np.testing.assert_allclose(found["test.output"], want, atol=2e-6)


@pytest.mark.parametrize("skip_first", [True, False])
@pytest.mark.parametrize("norm, bias, fold", [(True, True, True), (True, True, False), (True, False, False), (False, False, True)])
def test_a_unet_of_pytorch(skip_first, norm, bias, fold):
    net = trained(UNet(skip_first, norm, bias))
    file = written(net, fold)
    assert (b"BatchNormalization" in file) == (norm and not fold)
    model = cellseg.Model.load(described(file))
    assert model.info["rule"] == RULE and model.info["classes"] == ABOUT["classes"]
    assert [layer["op"] for layer in model.info["architecture"]] == (
        ["conv", "pool"] * 2 + ["conv"] + ["deconv", "concat", "conv"] * 2 + ["conv"])
    assert_same_maps(model, net)


def test_a_concat_of_four_and_a_pool_behind():
    """The order of channels is carried through layers without weights."""

    class Dense(nn.Module):
        def __init__(self):
            super().__init__()
            self.a, self.b = block(1, 3, False), block(3, 5, False)
            self.c, self.up, self.d = block(16, 6, False), nn.ConvTranspose2d(6, 4, 2, stride=2), nn.Conv2d(4, 3, 3, padding=1)

        def forward(self, x):
            a = self.a(x)
            b = self.b(a)
            x = torch.cat([a, torch.cat([b, torch.cat([a, b], 1)], 1)], 1)
            return torch.sigmoid(self.d(self.up(self.c(nn.functional.max_pool2d(x, 2)))))

    net = trained(Dense())
    assert_same_maps(cellseg.Model.load(described(written(net))), net)


def test_our_own_files_come_back(tmp_path):
    """Rule, classes and maps; the normalisation is in the weights, and dropout is gone. From a path and from bytes."""
    model = cellseg.Model.default()
    model.export_onnx(tmp_path / "m.onnx")
    back = cellseg.Model.load(tmp_path / "m.onnx")
    assert back.hash == cellseg.Model.load((tmp_path / "m.onnx").read_bytes()).hash
    assert {k: back.info[k] for k in ("rule", "classes")} == {k: model.info[k] for k in ("rule", "classes")}
    assert [a["op"] for a in back.info["architecture"]] == [a["op"] for a in model.info["architecture"] if a["op"] != "dropout"]
    np.testing.assert_allclose(tensors(back)["test.output"], tensors(model)["test.output"], atol=2e-6)
    again = tmp_path / "again.onnx"
    back.export_onnx(again)
    assert cellseg.Model.load(again).hash == back.hash
    back.save(tmp_path / "m.cellseg")
    assert cellseg.Model.load(tmp_path / "m.cellseg").hash == back.hash


class Head(nn.Module):
    def __init__(self, function):
        super().__init__()
        self.conv, self.function = nn.Conv2d(7, 3, 1), function

    def forward(self, x):
        return self.function(self.conv(x))


class Unused(nn.Module):
    """The skip leaves in front of the activation."""

    def __init__(self):
        super().__init__()
        self.a, self.b = nn.Conv2d(1, 3, 3, padding=1), nn.Conv2d(6, 3, 3, padding=1)

    def forward(self, x):
        x = self.a(x)
        return torch.sigmoid(self.b(torch.cat([torch.relu(x), x], 1)))


FAULTS = {
    "Softmax": (lambda: UNet(head=Head(lambda x: torch.softmax(x, 1))), "(Softmax): there is no layer for it; known are Conv"),
    "upsampling": (lambda: nn.Sequential(nn.Upsample(scale_factor=2), nn.Conv2d(1, 3, 3, padding=1)), "there is no layer"),
    "LeakyRelu": (lambda: nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.LeakyReLU()), "(LeakyRelu)"),
    "no sigmoid": (lambda: UNet(head=Head(lambda x: x)), "must be a convolution with sigmoid"),
    "kernel": (lambda: nn.Sequential(nn.Conv2d(1, 3, 5, padding=2), nn.Sigmoid()), "node 1 (Conv): the kernel"),
    "stride": (lambda: nn.Sequential(nn.Conv2d(1, 3, 3, stride=2), nn.Sigmoid()), "strides must be 1"),
    "dilation": (lambda: nn.Sequential(nn.Conv2d(1, 3, 3, dilation=2), nn.Sigmoid()), "dilation"),
    "pool": (lambda: nn.Sequential(nn.Conv2d(1, 3, 3), nn.MaxPool2d(3)), "node 2 (MaxPool): the maximum"),
    "skip": (Unused, "(Concat): it joins a value that no layer gives"),
    "order": (lambda: nn.Sequential(nn.Conv2d(1, 3, 3, padding=1), nn.ReLU(), nn.BatchNorm2d(3)), "before the activation"),
    "classes": (lambda: nn.Sequential(nn.Conv2d(1, 4, 1), nn.Sigmoid()), "4 channels for 3 classes"),
    "size": (lambda: nn.Sequential(nn.Conv2d(1, 3, 3), nn.Sigmoid()), "gives an output of"),
    "double": (lambda: nn.Sequential(nn.Conv2d(1, 3, 1), nn.Sigmoid()).double(), "float32"),
}


@pytest.mark.parametrize("make, part", FAULTS.values(), ids=FAULTS)
def test_a_layer_that_is_not_ours_is_named(make, part):
    net = trained(make())
    file = io.BytesIO()
    like = next(net.parameters())
    torch.onnx.export(net, torch.zeros(1, 1, 64, 64, dtype=like.dtype), file, opset_version=13,
                      training=torch.onnx.TrainingMode.PRESERVE, do_constant_folding=False)
    with pytest.raises(cellseg.ModelError) as raised:
        cellseg.Model.load(described(file.getvalue()))
    assert part in str(raised.value)


def test_two_channels_are_not_one():
    net = trained(nn.Sequential(nn.Conv2d(2, 3, 1), nn.Sigmoid()))
    with pytest.raises(cellseg.ModelError, match="the image has one"):
        cellseg.Model.load(described(written(net, shape=(1, 2, 64, 64))))


def test_without_metadata_the_rule_is_not_known():
    file = written(trained(UNet()))
    with pytest.raises(cellseg.FormatError, match='no metadata "cellseg"'):
        cellseg.Model.load(file)
    with pytest.raises(cellseg.FormatError, match="description"):
        cellseg.Model.load(described(file, {"rule": {}, "classes": []}))


def test_damaged_files_are_refused():
    """Cut anywhere, or with any byte changed, a file is refused or gives a model; it never stops the program."""
    file = described(written(trained(UNet(norm=False))))
    random = np.random.default_rng(1)
    for length in random.integers(9, len(file) - 1, 60):
        with pytest.raises((cellseg.FormatError, cellseg.ModelError)):
            cellseg.Model.load(file[:length])
    for at in random.integers(9, len(file), 300):
        changed = bytearray(file)
        changed[at] ^= 1 << random.integers(8)
        try:
            cellseg.Model.load(changed)
        except (cellseg.FormatError, cellseg.ModelError, cellseg.LimitError) as error:
            assert str(error)
