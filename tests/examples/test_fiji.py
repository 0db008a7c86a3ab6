# SPDX-License-Identifier: BSD-3-Clause
"""The macro of examples/fiji in Debian's ImageJ, on a display of Xvfb: outlines, table and label maps are those of the program."""

import csv
import os
import signal
import subprocess
import time

import numpy as np
import pytest
import tifffile
from program import PIXEL_SIZE_UM, PROGRAM, ROOT, run

MACRO = ROOT / "examples/fiji/Segment_Cells.ijm"
REPORT = """
list = getList("image.titles");
text = String.join(list, ";") + "\\n" + nImages + "\\n" + is("changes") + "\\n";
text = text + getTitle() + ";" + Table.title + ";" + Table.size + "\\n" + Table.headings + "\\n";
for (i = 0; i < roiManager("count"); i++) {
    roiManager("select", i);
    text = text + Roi.getName + " " + getValue("Area") / (PIXEL * PIXEL) + "\\n";
}
File.saveString(text, "FOLDER/report.txt");
"""


def imagej(folder, mode, macro):
    """Start ImageJ with a macro and ours among the plugins: with windows (-macro) it stays, without (-batch) it ends."""
    (folder / "plugins").mkdir()
    (folder / "plugins/Segment_Cells.ijm").write_bytes(MACRO.read_bytes())
    (folder / "temporary").mkdir()
    (folder / "test.ijm").write_text(macro.replace("FOLDER", str(folder)).replace("PIXEL", str(PIXEL_SIZE_UM)))
    java = ["java", *(f"-D{name}={folder}/{value}" for name, value in (("plugins.dir", ""), ("user.home", ""), ("java.io.tmpdir", "temporary")))]
    command = ["xvfb-run", "-a", *java, "-cp", "/usr/share/java/ij.jar", "ij.ImageJ", mode, folder / "test.ijm"]
    return subprocess.Popen(command, stdout=subprocess.PIPE, text=True, start_new_session=True)


def report_of(folder, macro):
    """The lines of the report that a macro ends with."""
    with imagej(folder, "-macro", macro + 'File.saveString("", "FOLDER/done");') as running:
        try:
            hanging = time.monotonic() + 300  # a message that waits for a person
            while not (folder / "done").exists():
                assert running.poll() is None and time.monotonic() < hanging
                time.sleep(0.05)
        finally:
            os.killpg(running.pid, signal.SIGTERM)
    return (folder / "report.txt").read_text().splitlines()


@pytest.fixture(scope="module")
def image(field, tmp_path_factory):
    """A stack of two slices and two channels, of which the second slice of the first channel shows cells. The name has a blank."""
    planes = np.zeros((2, 2, 240, 240), np.uint16)
    planes[1] = field[:, 100:340, 200:440]
    path = tmp_path_factory.mktemp("image") / "two slices.tif"
    scale = {"resolution": (1 / PIXEL_SIZE_UM, 1 / PIXEL_SIZE_UM), "metadata": {"axes": "ZCYX", "unit": "um"}}
    tifffile.imwrite(path, planes, imagej=True, **scale)
    return path


@pytest.fixture(scope="module")
def results(image, tmp_path_factory):
    """The folder of ImageJ's results, its report in lines, and the folder of the program's own results."""
    folder, own = tmp_path_factory.mktemp("imagej"), tmp_path_factory.mktemp("own")
    show = f'open("{image}"); Stack.setPosition(1, 2, 1); run("Segment Cells", "program={PROGRAM} options=[--sensitivity 70] labels");'
    keep = "".join(f'selectImage("{image.name} {kind}"); save("FOLDER/{kind}.tif"); close();' for kind in ("cells", "nuclei"))
    report = report_of(folder, show + keep + REPORT)
    assert run("segment", "--channel", 0, "--z", 1, "--sensitivity", 70, "-o", own, image).code == 0
    return folder, report, own


def test_the_label_maps_are_those_of_the_program(image, results):
    folder, _, own = results
    for kind in "cells", "nuclei":
        np.testing.assert_array_equal(tifffile.imread(folder / f"{kind}.tif"), tifffile.imread(own / f"{image.stem}.{kind}.tif"))


def test_the_table_has_all_measurements(image, results):
    _, report, own = results
    with open(own / f"{image.stem}.csv", newline="") as table:
        rows = list(csv.DictReader(table))
    assert report[3] == f"{image.name};{image.name} cells;{len(rows)}"
    assert report[4].split() == list(rows[0])


def test_the_roi_manager_has_each_cell_and_its_nucleus_under_their_ids(image, results):
    _, report, own = results
    expected = {}
    for kind, ending in ("cells", ""), ("nuclei", "-nucleus"):
        counts = np.bincount(tifffile.imread(own / f"{image.stem}.{kind}.tif").ravel())
        expected.update({f"{label}{ending}": count for label, count in enumerate(counts) if label and count})
    areas = {name: float(area) for name, area in (line.split() for line in report[5:])}
    assert len(expected) > 10 and areas.keys() == expected.keys()
    for name, count in expected.items():
        assert areas[name] == pytest.approx(count, rel=1e-3), name


def test_the_image_stays_as_it_is_and_nothing_is_left(image, results):
    folder, report, _ = results
    assert report[0].split(";")[0] == image.name and report[1] == "1" and report[2] == "0"
    assert list((folder / "temporary").glob("cellseg-*")) == []


def test_a_fault_is_shown_in_the_words_of_the_program(image, tmp_path):
    macro = f'open("{image}"); run("Segment Cells", "program={PROGRAM} options=[--nonsense]"); print(roiManager("count"));'
    said, _ = imagej(tmp_path, "-batch", macro).communicate(timeout=120)
    assert "--nonsense is not an option" in said and said.split()[-1] == "0"
