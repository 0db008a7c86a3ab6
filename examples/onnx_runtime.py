#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Segment an image with a network that runs in ONNX Runtime: on its GPU where it has one, else on the processor.

    cellseg export --onnx model.onnx
    onnx_runtime.py model.onnx image.tif cells.npy

The ONNX file's metadata state how the image is preprocessed, so that any network with such metadata can be used. Needs the
Python packages cellseg and onnxruntime, or onnxruntime-gpu.
"""

import argparse

import cellseg
import numpy as np
import onnxruntime


def model_of(path: str, batch: int) -> cellseg.Model:
    """The network of an ONNX file, for cellseg.segment()."""
    wanted = ["CUDAExecutionProvider", "CoreMLExecutionProvider", "CPUExecutionProvider"]
    providers = [name for name in wanted if name in onnxruntime.get_available_providers()]
    session = onnxruntime.InferenceSession(path, providers=providers)
    image = session.get_inputs()[0].name

    def predict(windows: np.ndarray) -> np.ndarray:
        return session.run(None, {image: windows})[0]

    return cellseg.Model.wrap(session.get_modelmeta().custom_metadata_map["cellseg"], predict, batch)


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("network", help="ONNX file of cellseg export")
    arguments.add_argument("image", help="TIFF or PNG file with a pixel size; the first channel is the marker")
    arguments.add_argument("cells", help="label map to write, .npy")
    arguments.add_argument("--batch", type=int, default=16, help="windows at once (default 16)")
    given = arguments.parse_args()
    picture = cellseg.read(given.image)
    cells, _ = cellseg.segment(picture.pixels, picture.pixel_size_um, model=model_of(given.network, given.batch))
    np.save(given.cells, cells)
    print(f"{cells.max()} cells")


if __name__ == "__main__":
    main()
