# SPDX-License-Identifier: BSD-3-Clause
"""The example programs that segment."""

import io
import re
import subprocess

import numpy as np
import tifffile
from program import FIELD, PROGRAM, run, write_image


def test_segment_file(tmp_path):
    result = run(FIELD, tmp_path / "cells.tif", program=PROGRAM.parent / "segment_file")
    cells = tifffile.imread(tmp_path / "cells.tif")
    assert result.code == 0 and cells.shape == (520, 696)
    count, *lines = result.output.splitlines()
    assert count == f"{cells.max()} cells" and len(lines) == cells.max()
    assert all(re.fullmatch(r"cell \d+: \d+ um2, of which the nucleus is \d+", line) for line in lines)


def test_segment_file_says_what_is_wrong(tmp_path, field):
    image = write_image(tmp_path / "image.tif", field[0, :128, :128], None)
    program = PROGRAM.parent / "segment_file"
    assert run(program=program).code == 2
    result = run(image, tmp_path / "cells.tif", program=program)
    assert result.code == 1 and "pixel size" in result.errors[0] and not (tmp_path / "cells.tif").exists()
    assert run(image, tmp_path / "cells.tif", 0.65, program=program).code == 0 and (tmp_path / "cells.tif").exists()


def test_segment_memory_finds_the_cells_it_draws():
    result = run(program=PROGRAM.parent / "segment_memory")
    assert result.code == 0 and result.errors == []
    assert abs(int(re.fullmatch(r"(\d+) cells\n", result.output)[1]) - 9) <= 1


def test_segment_stream_reads_and_writes_memory(tmp_path):
    stream, file = PROGRAM.parent / "segment_stream", PROGRAM.parent / "segment_file"
    with open(FIELD, "rb") as image:
        done = subprocess.run([stream], stdin=image, capture_output=True, timeout=300)
    assert done.returncode == 0 and done.stderr == b""
    assert run(FIELD, tmp_path / "cells.tif", program=file).code == 0
    np.testing.assert_array_equal(tifffile.imread(io.BytesIO(done.stdout)), tifffile.imread(tmp_path / "cells.tif"))
    done = subprocess.run([stream], input=b"GIF89a", capture_output=True, timeout=300)
    assert done.returncode == 1 and done.stderr == b"segment_stream: standard input: this is neither a PNG nor a TIFF file\n"
    assert subprocess.run([stream], stdin=subprocess.DEVNULL, capture_output=True, timeout=300).returncode == 2
