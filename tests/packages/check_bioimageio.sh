#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# Exported networks in engines of others: bioimageio.core validates and runs the package, and ONNX Runtime gives the cells that the
# library's own layers give. Usage: check_bioimageio.sh WORK; the environment variable CELLSEG_PROGRAM names the program cellseg
set -eu
cd "$(dirname "$0")/../.."
mkdir -p "$1"
work=$(cd "$1" && pwd)

# PyPI's packages alone, since Debian's older ones do not go with them.
[ -x "$work/python/bin/python" ] || /usr/bin/python3 -m venv "$work/python"
[ -x "$work/python/bin/bioimageio" ] || "$work/python/bin/pip" install --quiet bioimageio.core onnxruntime

rm -rf "$work/package"
"$CELLSEG_PROGRAM" export --bioimageio "$work/package" --onnx "$work/model.onnx"
"$work/python/bin/python" - "$work/package/rdf.yaml" <<'END'
import sys
from bioimageio.core import test_model
summary = test_model(sys.argv[1])
assert summary.status == "passed", summary.format()
END

CELLSEG_LIBRARY=$(dirname "$CELLSEG_PROGRAM")/../libcellseg.so.1
PYTHONPATH=$(pwd)/bindings/python
export CELLSEG_LIBRARY PYTHONPATH
"$work/python/bin/python" examples/onnx_runtime.py "$work/model.onnx" examples/data/n2a.ome.tif "$work/cells.npy"
"$work/python/bin/python" - "$work/cells.npy" <<'END'
import sys
import cellseg, numpy as np
picture = cellseg.read("examples/data/n2a.ome.tif")
own, found = cellseg.segment(picture.pixels, picture.pixel_size_um)[0], np.load(sys.argv[1])
assert own.max() == found.max() > 50 and (own != found).mean() < 1e-4, (own.max(), found.max(), (own != found).mean())
END
