# SPDX-License-Identifier: BSD-3-Clause
"""The default model's maps against its exported graph run by PyTorch in double precision."""
import ctypes

import numpy as np
import pytest
import torch

from nets import check, context, library
from test_onnx import run

pytestmark = pytest.mark.sanitizers

EDGE = 176


def cells(seed):
    """A patch as preprocessing leaves it: bright cells with dark nuclei, noise, a dim background."""
    random = np.random.default_rng(seed)
    y, x = np.mgrid[:EDGE, :EDGE]
    image = 0.05 + 0.001 * x
    for _ in range(12):
        cy, cx = random.uniform(0, EDGE, 2)
        square = (y - cy) ** 2 + (x - cx) ** 2
        image += random.uniform(0.3, 1) * (np.exp(-square / 200) - 0.8 * np.exp(-square / 40))
    return np.clip(image + random.normal(0, 0.03, image.shape), 0, 4).astype(np.float32)


@pytest.fixture(scope="module")
def model():
    handle = ctypes.c_void_p()
    check(library.cellseg_model_default(ctypes.byref(handle), None))
    yield handle
    library.cellseg_model_free.argtypes = [ctypes.c_void_p]
    library.cellseg_model_free(handle)


def test_maps_are_those_of_double_precision(model, tmp_path):
    path = tmp_path / "default.onnx"
    check(library.cellseg_model_export_onnx(model, None, str(path).encode()))
    images = np.stack([cells(seed) for seed in range(3)])
    truth = run(path, images, torch.float64)
    ours = np.empty(truth.shape, np.float32)
    sizes = [ctypes.c_size_t(s) for s in (len(images), EDGE, EDGE)]
    single = context(1)
    workspace = np.empty(library.cseg_forward_workspace_bytes(model, single, *sizes) + 64, np.uint8)
    aligned = ctypes.c_void_p(workspace.ctypes.data + -workspace.ctypes.data % 64)
    check(library.cseg_forward_run(model, single, ours.ctypes.data_as(ctypes.c_void_p), images.ctypes.data_as(ctypes.c_void_p), *sizes,
                                  aligned))
    assert truth.dtype == np.float64
    assert truth.max() > 0.9 and truth.min() < 0.1  # it decides
    assert np.abs(ours - truth).max() < 1e-4
