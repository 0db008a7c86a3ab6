# SPDX-License-Identifier: BSD-3-Clause
"""Small model files that claim large networks: refused for what they would cost, before they cost it; and loads that are heard."""

import ctypes
import json
import math
import struct
import subprocess
import sys
import time

import cellseg
import numpy as np
import pytest
from cellseg import _lowlevel as c

LIMIT_PATCH, LIMIT_TEST, LIMIT_BYTES = 5e11, 3.2e10, 2**29


def conv(filters, kernel=3, activation="relu", pad=None):
    return {"op": "conv", "filters": filters, "kernel": kernel, "pad": kernel // 2 if pad is None else pad, "norm": False,
            "activation": activation}


def deconv(filters):
    return {"op": "deconv", "filters": filters, "norm": False, "activation": "relu"}


POOL, OUTPUT = {"op": "pool"}, conv(3, 1, "sigmoid")


def model_file(path, layers, patch, test=(16, 16)):
    """All weights are zero, so that every output is one half."""
    rule = {"pixel_size_um": 0.65, "top_hat_um": 130, "percentile_low": 1, "percentile_high": 99.8, "noise_range": 0, "clip": 2,
            "power": 1, "patch_px": patch, "step_px": patch}
    metadata = {"format": "cellseg-model", "version": "1", "architecture": json.dumps(layers), "rule": json.dumps(rule),
                "classes": json.dumps(["nucleus", "cytoplasm", "background"]), "record": "{}"}
    header, data, position, channels = {"__metadata__": metadata}, [], 0, [1]
    for i, layer in enumerate(layers):
        if "filters" in layer:
            kernel = layer.get("kernel", 2)
            shapes = {"weight": ([kernel, kernel, channels[-1], layer["filters"]], "F16"), "bias": ([layer["filters"]], "F32")}
            for name, (shape, kind) in shapes.items():
                size = math.prod(shape) * (2 if kind == "F16" else 4)
                header[f"layer{i}.{name}"] = {"dtype": kind, "shape": shape, "data_offsets": [position, position + size]}
                data.append(bytes(size))
                position += size
        channels.append(layer.get("filters", channels[-1] + (channels[layer["with"] + 1] if "with" in layer else 0)))
    for name, values in (("test.input", np.zeros(test, np.float32)), ("test.output", np.full((3, *test), 0.5, np.float32))):
        header[name] = {"dtype": "F32", "shape": list(values.shape), "data_offsets": [position, position + values.nbytes]}
        data.append(values.tobytes())
        position += values.nbytes
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(data))
    return path


def work(layers, edge):
    """docs/model-format.md, written again."""
    total, channels, edges = 0, [1], [edge]
    for layer in layers:
        before = channels[-1]
        edges.append({"deconv": lambda e: 2 * e, "pool": lambda e: e // 2}.get(layer["op"], lambda e: e)(edges[-1]))
        channels.append(layer.get("filters", before))
        taps = layer["kernel"] ** 2 if layer["op"] == "conv" else 1
        each = math.ceil(channels[-1] / 16) * 16 * (taps * before if "filters" in layer else 16)
        total += max(each, 256) * edges[-1] ** 2
    return total


def enlarged(times, inner, filters=1):
    return [deconv(filters)] * times + inner + [POOL] * times + [OUTPUT]


REFUSAL = """
import cellseg, resource, sys
resident = lambda: resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
before = resident()
try:
    cellseg.Model.load(sys.argv[1])
except cellseg.LimitError as error:
    print(error)
print(resident() - before)
"""


def refused(path, *words):
    """Within the processor time and memory of a small file."""
    done = subprocess.run([sys.executable, "-c", REFUSAL, path], check=True, capture_output=True, text=True)
    *message, kilobytes = done.stdout.splitlines()
    assert len(message) == 1 and all(word in message[0] for word in (path.name, *words)), message
    assert int(kilobytes) * 1024 < 50_000_000
    begin = time.thread_time()
    with pytest.raises(cellseg.LimitError):
        cellseg.Model.load(path)
    assert time.thread_time() - begin < 0.5


@pytest.mark.parametrize(
    "layers, patch",
    [
        (enlarged(1, [conv(1), conv(1)]), 2048),
        (enlarged(0, [conv(1), conv(1)]), 4096),
        (enlarged(7, [conv(1)] * 4), 16),
        (enlarged(5, [conv(64)], 64), 64),
        (enlarged(0, [conv(64)] + [{"op": "concat", "with": 0}] * 3), 1024),
    ],
)
def test_memory_of_a_patch(tmp_path, layers, patch):
    refused(model_file(tmp_path / "large.cellseg", layers, patch), "a patch, most at layer", "bytes", str(LIMIT_BYTES))


@pytest.mark.parametrize(
    "layers, patch",
    [(enlarged(0, [conv(16)] * 100), 1600), (enlarged(0, [conv(1024, 1)] * 3), 600), (enlarged(4, [conv(32)] * 118, 16), 60)],
)
def test_work_of_a_patch(tmp_path, layers, patch):
    assert work(layers, patch) > LIMIT_PATCH
    refused(model_file(tmp_path / "slow.cellseg", layers, patch), "a patch takes", f"{work(layers, patch):.3g}", "at most 5e+11")


@pytest.mark.parametrize(
    "layers, test", [(enlarged(0, [conv(128)] * 5), (256, 256)), (enlarged(6, [conv(1)] * 112), (18, 18)), (enlarged(6, [conv(32)] * 8), (12, 12))]
)
def test_work_of_the_test_vector(tmp_path, layers, test):
    assert work(layers, test[0]) > LIMIT_TEST
    refused(model_file(tmp_path / "slow.cellseg", layers, 12, test), "test vector", f"{work(layers, test[0]):.3g}", "at most 3.2e+10")


@pytest.mark.parametrize("layers, patch", [(enlarged(1, [conv(1), conv(1)]), 512), (enlarged(0, [conv(64)] * 20), 176)])
def test_networks_beyond_the_paper_s_load(tmp_path, layers, patch):
    assert work(layers, patch) < LIMIT_PATCH
    cellseg.Model.load(model_file(tmp_path / "sound.cellseg", layers, patch))


# ---- cancel and progress ----


class Listener:
    """The processor time of this thread between two reports; asks to stop at the report `stop_at`."""

    def __init__(self, stop_at=None):
        self.gaps, self.fractions, self.stop_at = [], [], stop_at
        options = c.context_options()
        c.context_options_init(options, ctypes.sizeof(options))
        options.threads, options.cpu_level = 1, 1
        options.progress = self.callback = c.progress_fn(self.report)
        self.context = c.Context()
        c.context_new(self.context, options)
        self.last = time.thread_time()

    def report(self, _user, fraction, _step):
        self.gaps.append(time.thread_time() - self.last)
        self.fractions.append(fraction)
        self.last = time.thread_time()
        if len(self.fractions) == self.stop_at:
            self.stopped = self.last
        return int(len(self.fractions) == self.stop_at)

    def load(self, path):
        model = c.Model()
        self.last = time.thread_time()
        c.model_load(model, self.context, c.path_bytes(path))


SLOW = [conv(128, 3), conv(128, 3), OUTPUT]  # a layer takes most of a second on the portable row


@pytest.fixture(scope="module")
def slow(tmp_path_factory):
    assert 4e9 < work(SLOW, 176) < LIMIT_TEST
    return model_file(tmp_path_factory.mktemp("models") / "slow.cellseg", SLOW, 176, (176, 176))


def test_a_load_is_heard_on_the_portable_row(slow):
    listener = Listener()
    listener.load(slow)
    assert max(listener.gaps) < 0.1 and len(listener.gaps) > 10
    assert listener.fractions == sorted(listener.fractions) and listener.fractions[-1] == 1


@pytest.mark.parametrize("stop_at", [1, 2, 4, 8])
def test_a_load_is_cancelled_anywhere(slow, stop_at):
    listener = Listener(stop_at)
    with pytest.raises(cellseg.Cancelled):
        listener.load(slow)
    assert time.thread_time() - listener.stopped < 0.1
