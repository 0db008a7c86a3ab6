# SPDX-License-Identifier: BSD-3-Clause
"""Small networks of the library, and the same in PyTorch."""
import ctypes
import json
import pathlib
import sys

import numpy as np
import torch
import torch.nn.functional as F

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent))
from oracle import check, context, library

PATCH, STEP, BATCH, CLASSES = 48, 40, 4, 3
WEIGHTS = (1.0, 0.7, 1.3, 0.6)
WEIGHT_SUM = 0.9


class Rule(ctypes.Structure):
    _fields_ = [(name, ctypes.c_double) for name in (
        "pixel_size_um", "top_hat_um", "percentile_low", "percentile_high", "noise_range", "clip", "power",
        "nucleus_diameter_um")] + [
        ("patch_px", ctypes.c_uint32), ("step_px", ctypes.c_uint32), ("classes", ctypes.c_uint32),
        ("joining", ctypes.c_double * 6)]


class NetOptions(ctypes.Structure):
    _fields_ = [("rule", Rule), ("width", ctypes.c_double), ("seed", ctypes.c_uint64), ("batch", ctypes.c_size_t),
                ("learning_rate", ctypes.c_double), ("weight_class", ctypes.c_double * 8), ("weight_sum", ctypes.c_double),
                ("distance", ctypes.c_bool), ("weight_border", ctypes.c_double), ("weight_dice", ctypes.c_double),
                ("weight_cross_entropy", ctypes.c_double), ("dropout", ctypes.c_double),
                ("frozen", ctypes.c_size_t)]


class Tensor(ctypes.Structure):
    _fields_ = [("data", ctypes.c_void_p)] + [(name, ctypes.c_size_t) for name in (
        "images", "height", "width", "channels", "pixel", "row", "image", "frame")]


library.cseg_net_state.restype = ctypes.POINTER(ctypes.c_float)
library.cellseg_model_info.restype = ctypes.c_char_p
library.cseg_random_bits.restype = ctypes.c_uint64
library.cseg_forward_workspace_bytes.restype = ctypes.c_size_t
library.cseg_net_free.restype = None


class Net:
    """A network of the paper's layers, some of its width, in our library."""

    def __init__(self, width=0.25, seed=7, learning_rate=1e-3, start=None, threads=2, classes=CLASSES, **terms):
        self.context = context(threads)
        self.classes = classes
        self.frozen = terms.get("frozen", 0)
        options = NetOptions(Rule(0.65, 130, 1, 99, 0, 4, 1, 0, PATCH, STEP, classes), width, seed, BATCH, learning_rate,
                             (ctypes.c_double * 8)(*WEIGHTS), WEIGHT_SUM, **{"dropout": 0.5, **terms})
        self.net = ctypes.c_void_p()
        check(library.cseg_net_new(ctypes.byref(self.net), self.context, start, ctypes.byref(options)))
        count = ctypes.c_size_t()
        pointer = library.cseg_net_state(self.net, ctypes.byref(count))
        self.state = np.ctypeslib.as_array(pointer, (count.value,))
        self.layers = json.loads(library.cellseg_model_info(self.model()))["architecture"]
        self.find_slots()

    def model(self):
        model = ctypes.c_void_p()
        check(library.cseg_net_model(ctypes.byref(model), self.net, None))
        return model

    def find_slots(self):
        channels, outs, at, self.slots = 1, [], 0, {}
        for i, layer in enumerate(self.layers):
            if layer["op"] == "concat":
                channels += outs[layer["with"]]
            if layer["op"] in ("conv", "deconv"):
                kernel = layer.get("kernel", 2)
                shape = (kernel, kernel, channels, layer["filters"])
                channels = layer["filters"]
                names = [("weight", shape)] + ([("gamma", (channels,)), ("beta", (channels,))] if layer["norm"] else
                                               [("bias", (channels,))])
                for name, shape in names:
                    self.slots[i, name] = (at, shape)
                    at += int(np.prod(shape))
            outs.append(channels)
        self.trained = at
        for i, layer in enumerate(self.layers):
            if layer.get("norm"):
                for name in ("mean", "var"):
                    self.slots[i, name] = (at, (outs[i],))
                    at += outs[i]
        self.total = at
        self.channels = outs

    def view(self, key, base=0):
        at, shape = self.slots[key]
        return self.state[base + at:base + at + int(np.prod(shape))].reshape(shape)

    def step(self, images, classes, dropout_seed):
        loss = ctypes.c_double()
        check(library.cseg_net_step(self.net, ctypes.byref(loss), images.ctypes.data_as(ctypes.c_void_p),
                                    classes.ctypes.data_as(ctypes.c_void_p), ctypes.c_uint64(dropout_seed)))
        return loss.value

    def evaluate(self, images, classes):
        loss = ctypes.c_double()
        check(library.cseg_net_evaluate(self.net, ctypes.byref(loss), images.ctypes.data_as(ctypes.c_void_p),
                                        classes.ctypes.data_as(ctypes.c_void_p), ctypes.c_size_t(len(images))))
        return loss.value

    def forward(self, images):
        model = self.model()
        n = len(images)
        out = np.empty((n, self.classes, PATCH, PATCH), np.float32)
        sizes = [ctypes.c_size_t(s) for s in (n, PATCH, PATCH)]
        workspace = np.empty(library.cseg_forward_workspace_bytes(model, self.context, *sizes) + 64, np.uint8)
        aligned = workspace.ctypes.data + -workspace.ctypes.data % 64
        workspace[:] = 255  # NaN wherever the library does not write
        check(library.cseg_forward_run(model, self.context, out.ctypes.data_as(ctypes.c_void_p),
                                      images.ctypes.data_as(ctypes.c_void_p), *sizes, ctypes.c_void_p(aligned)))
        return out

    def dropout_mask(self, layer, image, edge, dropout_seed):
        """What the layer multiplies by, from the library's own generator."""
        rate, channels = self.layers[layer]["rate"], self.channels[layer]
        library.cseg_random_bits.argtypes = [ctypes.c_uint64, ctypes.c_uint64]
        seed = library.cseg_random_bits(library.cseg_random_bits(dropout_seed, layer), image)
        mask = np.ones((edge, edge, channels), np.float32)
        t = Tensor(mask.ctypes.data, 1, edge, edge, channels, channels, edge * channels, mask.size, 0)
        library.cseg_kernels_select.restype = ctypes.c_void_p
        kernels = ctypes.c_void_p(library.cseg_kernels_select(ctypes.c_int32(1)))
        library.cseg_dropout_apply(kernels, ctypes.byref(t), ctypes.byref(t), ctypes.c_double(rate), ctypes.c_uint64(seed))
        return mask.transpose(2, 0, 1)

    def __del__(self):
        library.cseg_net_free(self.net)


class Oracle:
    """The same network in PyTorch, in double precision."""

    def __init__(self, net, base=0):
        self.net = net
        self.layers = net.layers
        self.values = {}
        for key in net.slots:
            if base > 0 and key[1] in ("mean", "var"):
                continue  # a copy of Adam's moments, which only trained numbers have
            value = torch.tensor(net.view(key, base).astype(np.float64))
            if key[1] == "weight":
                # ours: ky kx in out; conv wants out in ky kx, transposed conv in out ky kx
                value = value.permute(3, 2, 0, 1) if net.layers[key[0]]["op"] == "conv" else value.permute(2, 3, 0, 1)
            self.values[key] = value.contiguous().requires_grad_(key[1] not in ("mean", "var"))

    def parameters(self):
        return [v for (_, name), v in self.values.items() if name not in ("mean", "var")]

    def ours(self, key, tensor):
        if key[1] != "weight":
            return tensor.detach().numpy()
        order = (2, 3, 1, 0) if self.net.layers[key[0]]["op"] == "conv" else (2, 3, 0, 1)
        return tensor.detach().numpy().transpose(order)

    def forward(self, images, dropout_seed=None):
        training = dropout_seed is not None
        x, outs = torch.tensor(images.astype(np.float64))[:, None], []
        for i, layer in enumerate(self.layers):
            op = layer["op"]
            if op == "pool":
                x = F.max_pool2d(x, 2)
            elif op == "concat":
                x = torch.cat([x, outs[layer["with"]]], 1)
            elif op == "dropout":
                if training:
                    mask = [self.net.dropout_mask(i, n, x.shape[2], dropout_seed) for n in range(len(images))]
                    x = x * torch.tensor(np.array(mask, np.float64))
            else:
                weight, bias = self.values[i, "weight"], self.values.get((i, "bias"))
                x = F.conv2d(x, weight, bias, padding=layer["pad"]) if op == "conv" else \
                    F.conv_transpose2d(x, weight, bias, stride=2)
                if layer["norm"]:
                    x = F.batch_norm(x, self.values[i, "mean"], self.values[i, "var"], self.values[i, "gamma"],
                                     self.values[i, "beta"], training and i >= self.net.frozen, 0.1, 1e-5)
                x = {"relu": torch.relu, "sigmoid": torch.sigmoid, "linear": lambda v: v}[layer["activation"]](x)
            outs.append(x)
        return x

    @staticmethod
    def loss(p, classes):
        margin = (PATCH - STEP) // 2
        p = p[:, :, margin:-margin, margin:-margin].permute(0, 2, 3, 1)
        labels = torch.tensor(classes[:, margin:-margin, margin:-margin].astype(np.int64))
        p, labels = p[labels != 255], labels[labels != 255]
        target = F.one_hot(labels, CLASSES).double()
        total = sum(WEIGHTS[c] * ((p[:, c] - target[:, c]) ** 2).mean().sqrt() for c in range(CLASSES))
        return total + WEIGHT_SUM * ((p.sum(1) - 1) ** 2).mean().sqrt()


def batch(seed):
    random = np.random.default_rng(seed)
    images = random.random((BATCH, PATCH, PATCH), np.float32)
    classes = random.integers(0, CLASSES, (BATCH, PATCH, PATCH)).astype(np.uint8)
    classes[random.random(classes.shape) < 0.1] = 255
    return images, classes


def unsettle(net):
    """Running statistics and affine parameters as they are in the middle of training."""
    random = np.random.default_rng(3)
    for (i, name) in net.slots:
        value = net.view((i, name))
        if name == "gamma":
            value[:] = random.uniform(0.5, 1.5, value.shape)
        elif name in ("beta", "bias", "mean"):
            value[:] = random.normal(0, 0.2, value.shape)
        elif name == "var":
            value[:] = random.uniform(0.5, 2, value.shape)


def fixed_size(file, height, width):
    """The bytes of an exported ONNX file for engines that need a fixed size, such as OpenCV."""
    import onnx
    from onnx.tools.update_model_dims import update_inputs_outputs_dims

    sizes = {"image": ["batch", 1, height, width]}, {"probabilities": ["batch", CLASSES, height, width]}
    return update_inputs_outputs_dims(onnx.load_from_string(file), *sizes).SerializeToString()
