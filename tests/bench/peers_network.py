# SPDX-License-Identifier: BSD-3-Clause
"""Inference: the same network, weights and patches in every engine. PATCHES of 176 x 176 at a time; outputs are probabilities.

    pip install onnxruntime          ONNX Runtime; runs the file that cellseg_model_export_onnx() writes
    apt-get install python3-torch    PyTorch; as installed, and channels_last with normalisation folded and malloc tuned
    apt-get install python3-opencv   OpenCV dnn; the same file
"""
import ctypes
import os
import tempfile

import numpy as np

PATCH = 176

# Memory is kept and its pages are large: what PyTorch gives back to the system after each layer costs it a third of its time.
TUNED_MALLOC = {
    "MALLOC_MMAP_MAX_": "0",
    "MALLOC_TRIM_THRESHOLD_": str(1 << 40),
    "GLIBC_TUNABLES": "glibc.malloc.hugetlb=1",
}


def make_net(width, batch, threads):
    """The paper's layers, some of their width, with numbers as in the middle of training."""
    import nets

    nets.PATCH, nets.STEP, nets.BATCH = PATCH, 160, batch
    net = nets.Net(width, learning_rate=0.0, threads=threads)
    nets.unsettle(net)
    return net


def patches(batch):
    return np.random.default_rng(5).random((batch, PATCH, PATCH), np.float32)


class Ours:
    environment = {}

    @staticmethod
    def load():
        import nets  # noqa: F401

    def __init__(self, width, batch, threads):
        """Each thread takes a patch at a time, as the library's own prediction does."""
        from concurrent.futures import ThreadPoolExecutor
        from queue import SimpleQueue

        from oracle import library

        net = make_net(width, 1, threads)
        self.model, self.context, self.library = net.model(), net.context, library
        self.images, self.out = patches(batch), np.empty((batch, 3, PATCH, PATCH), np.float32)
        self.pool, self.idle = ThreadPoolExecutor(threads), SimpleQueue()
        self.one = [ctypes.c_size_t(size) for size in (1, PATCH, PATCH)]
        for _ in range(threads):
            size = library.cseg_forward_workspace_bytes(self.model, self.context, *self.one)
            self.idle.put(np.empty(size + 64, np.uint8))

    def patch(self, i):
        from oracle import check

        workspace = self.idle.get()
        address = workspace.ctypes.data
        check(self.library.cseg_forward_run(self.model, self.context, self.out[i].ctypes.data_as(ctypes.c_void_p),
                                           self.images[i].ctypes.data_as(ctypes.c_void_p), *self.one,
                                           ctypes.c_void_p(address + -address % 64)))
        self.idle.put(workspace)

    def run(self):
        list(self.pool.map(self.patch, range(len(self.images))))

    def result(self):
        return {"output": self.out}


def export(width):
    """The ONNX file's bytes."""
    from oracle import check, library

    net = make_net(width, 1, 1)
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "model.onnx")
        check(library.cellseg_model_export_onnx(net.model(), net.context, path.encode()))
        with open(path, "rb") as f:
            return f.read()


class OnnxRuntime:
    environment = {}

    @staticmethod
    def load():
        import nets  # noqa: F401
        import onnxruntime  # noqa: F401

    def __init__(self, width, batch, threads):
        import onnxruntime

        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        self.session = onnxruntime.InferenceSession(export(width), options, providers=["CPUExecutionProvider"])
        self.images = patches(batch)[:, None]

    def run(self):
        (self.out,) = self.session.run(None, {"image": self.images})

    def result(self):
        return {"output": self.out}


class OpenCV:
    environment = {}

    @staticmethod
    def load():
        import cv2  # noqa: F401
        import nets  # noqa: F401

    def __init__(self, width, batch, threads):
        import cv2
        from nets import fixed_size

        cv2.setNumThreads(threads)
        self.images = patches(batch)[:, None]
        self.net = cv2.dnn.readNetFromONNX(np.frombuffer(fixed_size(export(width), *self.images.shape[2:]), np.uint8))

    def run(self):
        self.net.setInput(self.images)
        self.out = self.net.forward()

    def result(self):
        return {"output": self.out}


class PyTorch:
    environment = {}
    tuned = False

    @staticmethod
    def load():
        import nets  # noqa: F401

    def __init__(self, width, batch, threads):
        import torch
        from nets import Oracle

        torch.set_num_threads(threads)
        net = make_net(width, 1, threads)
        self.layers = net.layers
        self.values = {key: value.detach().float() for key, value in Oracle(net).values.items()}
        self.images = torch.tensor(patches(batch))[:, None]
        if self.tuned:
            self.fold()
            to = {"memory_format": torch.channels_last}
            self.values = {key: value.contiguous(**to) if value.dim() == 4 else value for key, value in self.values.items()}
            self.images = self.images.contiguous(**to)

    def fold(self):
        """Normalisation into the weights."""
        for i, layer in enumerate(self.layers):
            if layer.get("norm"):
                value = {name: self.values.pop((i, name)) for name in ("gamma", "beta", "mean", "var")}
                scale = value["gamma"] / (value["var"] + 1e-5).sqrt()
                shape = (-1, 1, 1, 1) if layer["op"] == "conv" else (1, -1, 1, 1)
                self.values[i, "weight"] = self.values[i, "weight"] * scale.reshape(shape)
                self.values[i, "bias"] = value["beta"] - value["mean"] * scale

    def run(self):
        import torch
        import torch.nn.functional as F

        x, outs = self.images, []
        with torch.inference_mode():
            for i, layer in enumerate(self.layers):
                weight, bias = self.values.get((i, "weight")), self.values.get((i, "bias"))
                if layer["op"] == "pool":
                    x = F.max_pool2d(x, 2)
                elif layer["op"] == "concat":
                    x = torch.cat([x, outs[layer["with"]]], 1)
                elif layer["op"] == "conv":
                    x = F.conv2d(x, weight, bias, padding=layer["pad"])
                elif layer["op"] == "deconv":
                    x = F.conv_transpose2d(x, weight, bias, stride=2)
                if (i, "mean") in self.values:
                    x = F.batch_norm(x, *(self.values[i, name] for name in ("mean", "var", "gamma", "beta")), False, 0.1, 1e-5)
                if weight is not None:
                    x = torch.sigmoid(x) if layer["activation"] == "sigmoid" else F.relu_(x)
                outs.append(x)
        self.out = x

    def result(self):
        return {"output": self.out.contiguous().numpy()}


class TunedPyTorch(PyTorch):
    environment = TUNED_MALLOC
    tuned = True


ENGINES = {
    "ours": Ours,
    "ONNX Runtime": OnnxRuntime,
    "PyTorch": PyTorch,
    "PyTorch, channels_last, tuned malloc": TunedPyTorch,
    "OpenCV dnn": OpenCV,
}
