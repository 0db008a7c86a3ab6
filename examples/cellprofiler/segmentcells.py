# SPDX-License-Identifier: BSD-3-Clause
"""A CellProfiler plugin: the module SegmentCells finds cells and nuclei with the program cellseg. docs/programs.md says how to install."""

import csv
import shlex
import subprocess
import tempfile
from pathlib import Path

import numpy
import tifffile
from cellprofiler_core.constants.measurement import COLTYPE_FLOAT, IMAGE
from cellprofiler_core.module.image_segmentation import ImageSegmentation
from cellprofiler_core.object import Objects
from cellprofiler_core.setting import ValidationError
from cellprofiler_core.setting.text import Float, LabelName, Text

__doc__ = """\
SegmentCells
============

**SegmentCells** runs the program cellseg on an image of the cytoplasm's stain and makes two kinds of objects, cells and nuclei. A nucleus
has the number of its cell. Measurements of the cells have the category *Cellseg*; their definitions are in cellseg's documentation.

============ ============ ===============
Supports 2D? Supports 3D? Respects masks?
============ ============ ===============
YES          NO           NO
============ ============ ===============
"""

CATEGORY = "Cellseg"
# Columns of the program's table, without those that CellProfiler has in pixels as the objects' places.
COLUMNS = """area_um2 touches_border perimeter_crofton_um form_factor equivalent_diameter_area_um axis_major_length_um axis_minor_length_um
eccentricity orientation_rad euler_number area_convex_um2 solidity feret_diameter_max_um feret_diameter_min_um nucleus_area_um2
nucleus_cell_area_ratio nuclei_count""".split()


class SegmentCells(ImageSegmentation):
    category = "Object Processing"
    module_name = "SegmentCells"
    variable_revision_number = 1

    def create_settings(self):
        super().create_settings()
        self.y_name.text = "Name the cells"
        self.y_name.value = "Cells"
        self.nuclei_name = LabelName("Name the nuclei", "Nuclei", doc="Enter the name of the nuclei.")
        self.pixel_size = Float("Pixel size (um)", 0.65, minval=0.01, maxval=100, doc="Edge of a pixel in micrometres.")
        self.options = Text("Options", "", doc="Options of `cellseg segment`, for instance `--sensitivity 70`.")
        self.program = Text("Program", "cellseg", doc="The program, with its path if it lies in no folder of PATH.")

    def settings(self):
        return [self.x_name, self.y_name, self.nuclei_name, self.pixel_size, self.options, self.program]

    def visible_settings(self):
        return self.settings()

    def validate_module(self, pipeline):
        try:
            shlex.split(self.options.value)
        except ValueError as fault:
            raise ValidationError(f"The options cannot be split: {fault}", self.options)

    def volumetric(self):
        return False

    def run(self, workspace):
        image = workspace.image_set.get_image(self.x_name.value, must_be_grayscale=True)
        with tempfile.TemporaryDirectory(prefix="cellseg-") as folder:
            cells, nuclei, rows = self.segment(image, Path(folder))
        for name, labels in (self.y_name.value, cells), (self.nuclei_name.value, nuclei):
            objects = Objects()
            objects.segmented = labels
            objects.parent_image = image
            workspace.object_set.add_objects(objects, name)
            self.add_measurements(workspace, name)
        for column in COLUMNS:
            values = numpy.array([float(row[column] or "nan") for row in rows])
            workspace.measurements.add_measurement(self.y_name.value, f"{CATEGORY}_{column}", values)
        if self.show_window:
            workspace.display_data.x_data = image.pixel_data
            workspace.display_data.y_data = cells
            workspace.display_data.dimensions = image.dimensions

    def segment(self, image, folder):
        """Label maps of the cells and nuclei, and the rows of the table. The program gets the pixels as they were in the file."""
        tifffile.imwrite(folder / "image.tif", numpy.float32(image.pixel_data * (image.scale or 1)))
        options = ["--quiet", "--pixel-size", self.pixel_size.value_text, *shlex.split(self.options.value)]
        command = [self.program.value, "segment", *options, "-o", folder, folder / "image.tif"]
        done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stderr.strip() or f"{self.program.value} ended with code {done.returncode}")
        with open(folder / "image.csv", newline="") as table:
            rows = list(csv.DictReader(table))
        cells, nuclei = (tifffile.imread(folder / f"image.{kind}.tif") for kind in ("cells", "nuclei"))
        return cells, nuclei, rows

    def get_categories(self, pipeline, object_name):
        own = [CATEGORY] if object_name == self.y_name.value else []
        return super().get_categories(pipeline, self.y_name.value if self.is_nuclei(object_name) else object_name) + own

    def get_measurements(self, pipeline, object_name, category):
        if object_name == IMAGE and category == "Count":
            return [self.y_name.value, self.nuclei_name.value]
        if object_name == self.y_name.value and category == CATEGORY:
            return COLUMNS
        return super().get_measurements(pipeline, self.y_name.value if self.is_nuclei(object_name) else object_name, category)

    def get_measurement_columns(self, pipeline):
        names = self.y_name.value, self.nuclei_name.value
        both = [column for name in names for column in super(SegmentCells, self).get_measurement_columns(pipeline, name)]
        return both + [(self.y_name.value, f"{CATEGORY}_{column}", COLTYPE_FLOAT) for column in COLUMNS]

    def is_nuclei(self, object_name):
        return object_name == self.nuclei_name.value
