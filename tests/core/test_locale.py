# SPDX-License-Identifier: BSD-3-Clause
"""A process that has chosen a locale whose decimal point is a comma (de_DE) or has two bytes (ps_AF): the library reads, writes and
reports the same as in the C locale. The program leaves the locale of its environment alone."""

import os
import subprocess
import sys

import pytest

LOCALES = {"de_DE.UTF-8": "1,5", "ps_AF.UTF-8": "1\u066b5"}

# Numbers in files, texts, JSON and messages: all of them are printed. The arguments: a locale, what it makes of 1.5, and a folder.
CALLS = """
import ctypes, locale, os, sys
import numpy as np
name, expected, folder = sys.argv[1:]
import cellseg
from cellseg import _lowlevel as c
locale.setlocale(locale.LC_ALL, name)
text = ctypes.create_string_buffer(1 << 15)
ctypes.CDLL(None).snprintf(text, len(text), b"%.1f", ctypes.c_double(1.5))
assert text.value.decode() == expected, text.value

def failure(function, *arguments, **options):
    try:
        function(*arguments, **options)
    except cellseg.Error as error:
        return str(error)

c.option_table_json(text, len(text), c.segment_options_table(), None)
print(text.value)
image, cells, nuclei = cellseg.simulate(200, 200, pixel_size_um=0.325)
print(len(cellseg.measure(cells, nuclei, image, 0.325, csv=folder + "/cells.csv")["id"]))
handle = c.Image(keep=image)
c.image_wrap(handle, None, cellseg._arrays._layout(image, 0.325)[0])
c.image_write(handle, None, folder + "/image.ome.tif", None)
print(cellseg.read(folder + "/image.ome.tif").pixel_size_um)
print(failure(cellseg.read, folder + "/image.ome.tif", pixel_size_um=0.75))
print(failure(cellseg.segment, image[0], 0.65, cell_area_min_um2=2.5, cell_area_max_um2=1.5))
print(failure(cellseg.segment, image[0], 0.65, h_um=1e9))
print(failure(cellseg.segment, image[0], 1000.5))
model = cellseg.Model.default()
print(model.info, model.hash)
model.save(folder + "/again.cellseg")
print(cellseg.Model.load(folder + "/again.cellseg").pixel_size_um)
c.model_export_onnx(model._handle, None, folder + "/model.onnx")
log = []
with cellseg.Context(log=lambda level, line: log.append(line)) as context:
    cellseg.segment(image[0], 0.325, context=context)
print(log)
"""


@pytest.fixture(scope="module")
def locales(tmp_path_factory):
    folder = tmp_path_factory.mktemp("locales")
    for name in LOCALES:
        language, charset = name.split(".")
        subprocess.run(["localedef", "-i", language, "-f", charset, folder / name], check=False, capture_output=True)
        assert (folder / name / "LC_NUMERIC").exists(), "Debian's package locales has the sources of the locales"
    return {**os.environ, "LOCPATH": str(folder), "PYTHONUTF8": "1"}


def results(environment, folder, name, point):
    """What the calls print, and their files."""
    folder.mkdir()
    done = subprocess.run([sys.executable, "-c", CALLS, name, point, "."], env=environment, cwd=folder, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    return done.stdout, {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("name", LOCALES)
def test_the_library_in_a_locale(tmp_path, locales, name):
    printed, files = results(locales, tmp_path / "plain", "C", "1.5")
    assert "0.75" in printed and "0.325" in printed and len(files) == 4 and b"." in files["cells.csv"]
    assert results(locales, tmp_path / "local", name, LOCALES[name]) == (printed, files)


@pytest.mark.parametrize("name", LOCALES)
def test_the_program_in_a_locale(tmp_path, locales, name):
    def run(folder, locale):
        folder.mkdir()
        synth = ["synth", "--size", "160x160", "--stain", "actin", "--pixel-size", "0.325", "-o", "."]
        segment = ["segment", "--overwrite", "--nucleus-diameter-um", "11.5", "--h-um", "1.25", "-o", ".", "actin-1.tif"]
        for command in synth, segment:
            done = subprocess.run([os.environ["CELLSEG_PROGRAM"], *command], env={**locales, "LC_ALL": locale}, cwd=folder,
                                  capture_output=True, text=True)
            assert done.returncode == 0, done.stderr
        record = [line for line in (folder / "actin-1.json").read_text().split("\n") if str(folder) not in line]
        return record, {path.name: path.read_bytes() for path in folder.glob("*.[cnt]*")}

    plain = run(tmp_path / "plain", "C")
    assert "11.5" in "".join(plain[0]) and b"." in plain[1]["actin-1.csv"] and len(plain[1]) == 4
    assert run(tmp_path / "local", name) == plain
