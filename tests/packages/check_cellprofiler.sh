#!/bin/sh
# SPDX-License-Identifier: BSD-3-Clause
# The pipeline of examples/cellprofiler in CellProfiler itself, from PyPI, without its window: cells, nuclei and measurements are those of
# the program. Usage: CELLSEG_PROGRAM=PROGRAM check_cellprofiler.sh WORK
# CellProfiler 4.2.8 pins packages that newer Pythons cannot build; the newer ones that it runs with are named here.
set -eu
cd "$(dirname "$0")/../.."
program=$(cd "$(dirname "$CELLSEG_PROGRAM")" && pwd)
export JAVA_HOME="${JAVA_HOME:-/usr/lib/jvm/default-java}"
mkdir -p "$1/images"
work=$(cd "$1" && pwd)

[ -x "$work/python/bin/python" ] || /usr/bin/python3 -m venv "$work/python"
pip="$work/python/bin/pip install --quiet"
$pip "numpy<1.25" "cython<3" "setuptools<70" wheel boto3 deprecation future h5py mahotas matplotlib psutil pyzmq "scikit-image<0.22" \
    "scipy<1.11" tifffile
$pip --no-build-isolation --no-deps centrosome==1.2.3 docutils prokaryote==2.4.4 python-bioformats==4.1.0 python-javabridge==4.0.5
$pip --no-deps cellprofiler==4.2.8.1 cellprofiler-core==4.2.8.1

"$work/python/bin/python" - "$work/images/n2a.tif" <<'END'
import sys, tifffile
tifffile.imwrite(sys.argv[1], tifffile.imread("examples/data/n2a.ome.tif")[0], photometric="minisblack")
END
"$program/cellseg" segment --quiet --pixel-size 0.65 -o "$work/own" "$work/images/n2a.tif"
PATH="$program:$PATH" "$work/python/bin/python" -m cellprofiler --run-headless --run --pipeline examples/cellprofiler/segment_cells.cppipe \
    --plugins-directory examples/cellprofiler --image-directory "$work/images" --output-directory "$work/results"

"$work/python/bin/python" - "$work" <<'END'
import csv, math, pathlib, sys
import numpy, tifffile
work = pathlib.Path(sys.argv[1])
cells, nuclei, own = (list(csv.DictReader(open(work / name))) for name in ("results/Cells.csv", "results/Nuclei.csv", "own/n2a.csv"))
assert len(own) > 50 and len(cells) == len(own)
for theirs, kind in (cells, "cells"), (nuclei, "nuclei"):
    counts = numpy.bincount(tifffile.imread(work / f"own/n2a.{kind}.tif").ravel())[1:]
    assert [int(float(row["AreaShape_Area"])) for row in theirs] == counts.tolist(), kind
for theirs, ours in zip(cells, own):
    columns = [name for name in theirs if name.startswith("Cellseg_")]
    assert len(columns) == 17
    for name in columns:
        assert math.isclose(float(theirs[name]), float(ours[name.removeprefix("Cellseg_")]), rel_tol=1e-6, abs_tol=1e-9), name
    assert math.isclose(float(theirs["Intensity_MeanIntensity_Marker"]) * 65535, float(ours["intensity_mean_channel_0"]), rel_tol=1e-5)
print(f"CellProfiler: {len(cells)} cells as the program's")
END
