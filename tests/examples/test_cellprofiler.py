# SPDX-License-Identifier: BSD-3-Clause
"""What the CellProfiler plugin states about the program. CellProfiler itself runs in tests/packages/check_cellprofiler.sh."""

import ast
import re

from program import ROOT, run

PLUGIN = ROOT / "examples/cellprofiler/segmentcells.py"
PIPELINE = ROOT / "examples/cellprofiler/segment_cells.cppipe"


def test_the_columns_are_those_of_the_table(crop, tmp_path):
    assert run("segment", "--channel", 0, "-o", tmp_path, crop).code == 0
    header = (tmp_path / "crop.csv").read_text().splitlines()[0].split(",")
    columns = ast.literal_eval(re.search(r'COLUMNS = (""".*?""")', PLUGIN.read_text(), re.S)[1]).split()
    others = re.compile(r"id$|centroid_|bbox_|intensity_")
    assert columns == [name for name in header if not others.match(name)]


def test_the_pipeline_sets_what_the_plugin_asks_for():
    settings = re.search(r"^SegmentCells:.*\n((?:    .*\n)+)", PIPELINE.read_text(), re.M)[1]
    texts = re.findall(r'(?:Float|LabelName|Text)\("(.*?)"|y_name\.text = "(.*?)"', PLUGIN.read_text())
    own = {name or other for name, other in texts}
    assert own and own == {line.split(":")[0].strip() for line in settings.splitlines()} - {"Select the input image"}
