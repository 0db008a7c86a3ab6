# SPDX-License-Identifier: BSD-3-Clause
"""What the result files of the command line say about themselves."""

import json
import re
from xml.etree import ElementTree

import tifffile
from program import FIELD, PIXEL_SIZE_UM, run, write_image

OME = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"


def told(path):
    """(name of the image, provenance, edge of a pixel)"""
    with tifffile.TiffFile(path) as file:
        assert file.is_ome
        root = ElementTree.fromstring(file.pages[0].description)
    image = root.find(OME + "Image")
    value = root.find(f"{OME}StructuredAnnotations/{OME}CommentAnnotation/{OME}Value").text
    return image.get("Name"), json.loads(value), float(image.find(OME + "Pixels").get("PhysicalSizeX"))


def version():
    return re.search(r"\d+\.\d+\.\d+", run("--version").output)[0]


def test_segment_states_version_model_and_options(tmp_path):
    image = write_image(tmp_path / "field.tif", tifffile.imread(FIELD)[0, :200, :220], PIXEL_SIZE_UM)
    assert run("segment", image, "-o", tmp_path / "out", "--save-maps", "--nucleus-radius-min-um", 2.5, "--z", "max").code == 0
    stated = [told(tmp_path / f"out/field.{kind}.tif") for kind in ("cells", "nuclei", "maps")]
    assert [name for name, _, _ in stated] == ["cells", "nuclei", "maps"]
    for _, provenance, edge in stated:
        assert provenance["version"] == version() and re.fullmatch("[0-9a-f]{16}", provenance["model"])
        assert provenance["options"]["method"]["nucleus_radius_min_um"] == 2.5
        assert provenance["reading"]["z"] == -2 and provenance["reading"]["t"] == -1
        assert abs(edge - PIXEL_SIZE_UM) < 1e-6


def test_other_commands_have_no_model(tmp_path):
    assert run("synth", "-o", tmp_path, "--size", "200x200").code == 0
    cells = next(tmp_path.glob("*.cells.tif"))
    stem = cells.name.removesuffix(".cells.tif")
    for path, name in (cells, "cells"), (tmp_path / f"{stem}.nuclei.tif", "nuclei"), (tmp_path / f"{stem}.tif", stem):
        assert told(path)[0] == name
        assert told(path)[1]["model"] is None and told(path)[1]["reading"] is None and "pixel_size_um" in told(path)[1]["options"]
