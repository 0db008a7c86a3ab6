# SPDX-License-Identifier: BSD-3-Clause
"""The pixel size a file states, in every form we know, and what happens when it states two."""

import struct

import library
import numpy as np
import pytest
import tifffile
from PIL import Image

PIXELS = np.arange(48, dtype=np.uint8).reshape(6, 8)


def size_of(path, **options):
    return library.read_image(path, **options)[1]


def write(path, description=None, resolution=None, unit=None, extratags=(), byteorder="<"):
    options = {} if resolution is None else {"resolution": resolution, "resolutionunit": unit}
    text = [] if description is None else [(270, "s", 0, description, True)]
    tifffile.imwrite(
        path, PIXELS, metadata=None, description=None, photometric="minisblack", extratags=text + list(extratags),
        byteorder=byteorder, software=False, **options,
    )
    return path


def ome(attributes, before=""):
    return (
        '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06">'
        f'{before}<Image ID="Image:0"><Pixels ID="Pixels:0" SizeX="8" SizeY="6" {attributes}><Channel ID="C:0"/></Pixels></Image></OME>'
    )


def metamorph(x, y, unit, state="on"):
    return (
        f'<MetaData>\n<prop id="Description" type="string" value="spatial-calibration-x &gt; 7"/>\n<PlaneInfo>\n'
        f'<prop id="spatial-calibration-state" type="bool" value="{state}"/>\n<prop id="spatial-calibration-x" type="float" value="{x}"/>\n'
        f'<prop id="spatial-calibration-y" type="float" value="{y}"/>\n<prop id="spatial-calibration-units" type="string" value="{unit}"/>\n'
        "</PlaneInfo>\n</MetaData>\n"
    )


@pytest.mark.parametrize("unit, factor", [("µm", 1), ("nm", 1e-3), ("mm", 1e3), (None, 1)])
def test_ome_of_tifffile(tmp_path, unit, factor):
    metadata = {"axes": "YX", "PhysicalSizeX": 0.65, "PhysicalSizeY": 0.65}
    if unit:
        metadata.update(PhysicalSizeXUnit=unit, PhysicalSizeYUnit=unit)
    tifffile.imwrite(tmp_path / "image.ome.tif", PIXELS, metadata=metadata)
    assert size_of(tmp_path / "image.ome.tif") == pytest.approx(0.65 * factor, rel=1e-12)


@pytest.mark.parametrize(
    "attributes, um",
    [
        ('PhysicalSizeX="0.5" PhysicalSizeY="0.5"', 0.5),
        ("PhysicalSizeX='0.5'\n PhysicalSizeY\t=\n '0.5'", 0.5),
        ('PhysicalSizeX="5e-1" PhysicalSizeY="0.0000005E+6"', 0.5),
        ('PhysicalSizeX="500" PhysicalSizeXUnit="nm" PhysicalSizeY="0.5" PhysicalSizeYUnit="um"', 0.5),
        ('PhysicalSizeX="0.5" PhysicalSizeXUnit="&#181;m" PhysicalSizeY="0.5" PhysicalSizeYUnit="&#xB5;m"', 0.5),
        ('PhysicalSizeX="0.5" PhysicalSizeXUnit="\u03bcm"', 0.5),  # the Greek letter; one edge states both
        ('PhysicalSizeX="0.5" PhysicalSizeY="0.504"', 0.5),
        ('PhysicalSizeX="1.0" PhysicalSizeXUnit="pixel" PhysicalSizeY="1.0" PhysicalSizeYUnit="pixel"', 0),
        ('PhysicalSizeX="-1" PhysicalSizeY="-1"', 0),
        ('PhysicalSizeX="nan" PhysicalSizeY="1e999"', 0),
        ('PhysicalSizeX="" PhysicalSizeY', 0),
        ('PhysicalSizeX="0.5', 0),
        ('PhysicalSizeX="0.5.1" PhysicalSizeY="5e-1x"', 0),
        ('Name="PhysicalSizeX=&quot;3&quot; > PhysicalSizeX=\'3\'" PhysicalSizeX="0.5"', 0.5),
        ("", 0),
    ],
)
def test_ome_in_other_spellings(tmp_path, attributes, um):
    assert size_of(write(tmp_path / "image.tif", ome(attributes).encode())) == pytest.approx(um, rel=1e-12)


def test_ome_with_prefix_and_comment(tmp_path):
    text = ome('PhysicalSizeX="0.5" PhysicalSizeY="0.5"', before='<!-- <Pixels PhysicalSizeX="3"/> -->')
    assert size_of(write(tmp_path / "image.tif", text)) == 0.5
    prefixed = text.replace("<OME ", "<ome:OME ").replace("<Pixels ID", "<ome:Pixels ID")
    assert size_of(write(tmp_path / "image.tif", prefixed)) == 0.5


@pytest.mark.parametrize("unit, um", [("micron", 0.4), ("um", 0.4), ("\\u00B5m", 0.4), ("nm", 4e-4), ("mm", 400), ("pixel", 0), (" ", 0)])
def test_imagej(tmp_path, unit, um):
    tifffile.imwrite(tmp_path / "image.tif", PIXELS, imagej=True, resolution=(2.5, 2.5), metadata={"unit": unit})
    assert size_of(tmp_path / "image.tif") == pytest.approx(um, rel=1e-6)


@pytest.mark.parametrize("unit", [b"\xb5m", "µm".encode()])
def test_imagej_with_a_micro_sign(tmp_path, unit):
    """The unit counts, whatever the tag for the unit says."""
    path = write(tmp_path / "image.tif", b"ImageJ=1.53f\nunit=" + unit + b"\nmin=0.0\n", (2.5, 2.5), "CENTIMETER")
    assert size_of(path) == pytest.approx(0.4, rel=1e-6)


@pytest.mark.parametrize(
    "resolution, unit, um",
    [
        ((20000, 20000), "CENTIMETER", 0.5),
        ((50800, 50800), "INCH", 0.5),
        ((20000, 20000), "NONE", 0),
        ((72, 72), "INCH", 0),  # a printer's
        ((96, 72), "INCH", 0),
        ((300, 300), "INCH", 0),
        ((1550.39, 1550.39), "CENTIMETER", 0),  # the camera's, without the objective
        ((0, 0), "CENTIMETER", 0),
    ],
)
def test_resolution_tags(tmp_path, resolution, unit, um):
    assert size_of(write(tmp_path / "image.tif", None, resolution, unit)) == pytest.approx(um, rel=1e-6)


@pytest.mark.parametrize("per_metre, um", [(2000000, 0.5), (2835, 0)])
def test_png(tmp_path, per_metre, um):
    Image.fromarray(PIXELS).save(tmp_path / "image.png", dpi=(per_metre * 0.0254, per_metre * 0.0254))
    assert size_of(tmp_path / "image.png") == pytest.approx(um, rel=1e-6)


@pytest.mark.parametrize("unit, um", [("um", 0.645), ("microns", 0.645), ("nm", 0.645e-3), ("pixel", 0), ("", 0)])
def test_metamorph_description(tmp_path, unit, um):
    path = write(tmp_path / "image.tif", metamorph(0.645, 0.645, unit))
    assert size_of(path) == pytest.approx(um, rel=1e-12)
    assert size_of(write(path, metamorph(0.645, 0.645, unit, state="off"))) == 0


@pytest.mark.parametrize("byteorder", "<>")
@pytest.mark.parametrize("calibrated, unit, um", [(1, b"um", 0.3118), (1, b"nm", 0.3118e-3), (0, b"um", 0), (1, b"pixel", 0)])
def test_metamorph_tags(tmp_path, byteorder, calibrated, unit, um):
    """UIC1 (33628): pairs of an item and its value or where its value lies."""
    path = tmp_path / "image.tif"

    def tag(x, y, units):
        return [(33628, "I", 14, (0, 1, 1, 2, 2, 9, 3, calibrated, 4, x, 5, y, 6, units), True)]

    write(path, "Exposure: 50 ms", (72, 72), "INCH", tag(0, 0, 0), byteorder)
    end = path.stat().st_size
    write(path, "Exposure: 50 ms", (72, 72), "INCH", tag(end, end, end + 8), byteorder)
    with open(path, "ab") as file:
        file.write(struct.pack(byteorder + "III", 31180000, 100000000, len(unit) + 1) + unit + b"\0junk")
    assert size_of(path) == pytest.approx(um, rel=1e-12)


def refuses(path, *words):
    with pytest.raises(library.Failure) as caught:
        size_of(path)
    assert caught.value.status == "CELLSEG_ERR_FORMAT"
    for word in words:
        assert word in str(caught.value)
    assert size_of(path, pixel_size_um=0.7) == 0.7


def test_sources_that_disagree_are_named(tmp_path):
    path = tmp_path / "image.tif"
    half = ome('PhysicalSizeX="0.5" PhysicalSizeY="0.5"')
    assert size_of(write(path, half, (19900, 19900), "CENTIMETER")) == 0.5  # 0.5 %
    assert size_of(write(path, half, (72, 72), "INCH")) == 0.5
    refuses(write(path, half, (19000, 19000), "CENTIMETER"), "OME-XML", "resolution tags", "0.5 um", "0.526", "image.tif")
    refuses(write(path, metamorph(0.645, 0.645, "um"), (20000, 20000), "CENTIMETER"), "MetaMorph", "resolution tags")


def test_pixels_that_are_not_square_are_an_error(tmp_path):
    path = tmp_path / "image.tif"
    refuses(write(path, ome('PhysicalSizeX="0.5" PhysicalSizeY="0.51"')), "not square", "OME-XML", "0.5 x 0.51")
    refuses(write(path, None, (20000, 10000), "CENTIMETER"), "not square", "resolution tags")
    refuses(write(path, metamorph(0.5, 0.6, "um")), "not square", "MetaMorph")
    tifffile.imwrite(path, PIXELS, imagej=True, resolution=(2.5, 2.6), metadata={"unit": "um"})
    refuses(path, "not square", "ImageJ")


@pytest.mark.parametrize("um", [1e-4, 0.0123, 0.325, 0.65, 1, 6.45, 84.7, 1e4])
def test_what_the_library_writes_it_reads(tmp_path, um):
    library.write_image(tmp_path / "image.tif", PIXELS[None], um)
    assert size_of(tmp_path / "image.tif") == pytest.approx(um, rel=1e-6)
    library.write_labels(tmp_path / "labels.tif", PIXELS, 0, um)
    assert library.read_labels(tmp_path / "labels.tif")[1] == pytest.approx(um, rel=1e-6)


@pytest.mark.parametrize("um", [-1, 1e-5, 1e5, float("nan"), float("inf")])
def test_an_absurd_size_from_the_caller(tmp_path, um):
    with pytest.raises(library.Failure, match="pixel_size_um") as caught:
        size_of(write(tmp_path / "image.tif"), pixel_size_um=um)
    assert caught.value.status == "CELLSEG_ERR_ARGUMENT"


@pytest.mark.parametrize("text", ["<", "</", "<a ", "<!--", "<a b='", "<OME><Pixels x='' ", "<prop id='spatial-calibration-x", "x='' "])
def test_hostile_descriptions_are_quick(tmp_path, text):
    """A quadratic scanner would take minutes."""
    assert size_of(write(tmp_path / "image.tif", text * 100000)) == 0
    assert size_of(write(tmp_path / "image.tif", "<OME><Pixels " + text * 100000)) == 0
