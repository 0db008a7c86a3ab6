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


# UnitsLength of the OME model 2016-06, in micrometres: SI prefixes, inch = 25.4 mm, and those that state no length.
PREFIXES = dict(zip("Y Z E P T G M k h da d c m n p f a z y".split(), [24, 21, 18, 15, 12, 9, 6, 3, 2, 1, -1, -2, -3, -9, -12, -15, -18, -21, -24]))
UNITS = {p + "m": 10.0 ** (e + 6) for p, e in PREFIXES.items()}
UNITS.update({"m": 1e6, "µm": 1.0, "Å": 1e-4, "thou": 25.4, "li": 25400 / 12, "in": 25400.0, "ft": 12 * 25400.0, "yd": 36 * 25400.0})
UNITS.update({"mi": 1760 * 36 * 25400.0, "ua": 149597870700e6, "ly": 9460730472580800e6, "pc": 648000 / np.pi * 149597870700e6, "pt": 25400 / 72})


@pytest.mark.parametrize("unit", [*UNITS, None])
def test_ome_of_tifffile(tmp_path, unit):
    size = 0.65 / UNITS.get(unit, 1)
    metadata = {"axes": "YX", "PhysicalSizeX": size, "PhysicalSizeY": size}
    if unit:
        metadata.update(PhysicalSizeXUnit=unit, PhysicalSizeYUnit=unit)
    tifffile.imwrite(tmp_path / "image.ome.tif", PIXELS, metadata=metadata)
    with library.Warnings() as warnings:
        assert size_of(tmp_path / "image.ome.tif", context=warnings.context) == pytest.approx(0.65, rel=1e-12)
    assert warnings == []


@pytest.mark.parametrize("unit", ["pixel", "reference frame", "Pixel", ""])
def test_units_that_are_no_lengths(tmp_path, unit):
    with library.Warnings() as warnings:
        text = ome(f'PhysicalSizeX="0.5" PhysicalSizeXUnit="{unit}" PhysicalSizeY="0.5" PhysicalSizeYUnit="{unit}"')
        assert size_of(write(tmp_path / "image.tif", text.encode()), context=warnings.context) == 0
    assert warnings == []


@pytest.mark.parametrize("unit, um", [("Micron", 1), ("MICROMETERS", 1), ("Inches", 25400), ("Angstrom", 1e-4), ("Nanometres", 1e-3), ("Âµm", 1)])
def test_words_in_any_letters(tmp_path, unit, um):
    text = ome(f'PhysicalSizeX="{0.5 / um}" PhysicalSizeXUnit="{unit}"')
    assert size_of(write(tmp_path / "image.tif", text.encode())) == pytest.approx(0.5, rel=1e-12)
    path = write(tmp_path / "image.tif", f"ImageJ=1.53f\nunit={unit}\n".encode(), (2 * um, 2 * um), "NONE")
    assert size_of(path) == pytest.approx(0.5, rel=1e-6)


@pytest.mark.parametrize("unit", ["furlong", "MM", "UNITS_MICRON", "µ", "mmm"])
def test_an_unknown_unit_is_named(tmp_path, unit):
    texts = {
        "OME-XML": (ome(f'PhysicalSizeX="0.5" PhysicalSizeXUnit="{unit}"'), None),
        "ImageJ": (f"ImageJ=1.53f\nunit={unit}\n", (2, 2)),
        "MetaMorph": (metamorph(0.5, 0.5, unit), None),
    }
    for source, (text, resolution) in texts.items():
        with library.Warnings() as warnings:
            path = write(tmp_path / "image.tif", text.encode(), resolution, "NONE")
            assert size_of(path, context=warnings.context) == 0
        assert len(warnings) == 1 and source in warnings[0] and f'unit "{unit}"' in warnings[0] and "unknown" in warnings[0]


@pytest.mark.parametrize("um, believed", [(0.0099, 0), (0.01, 1), (20, 1), (20.1, 0), (99, 0), (25400, 0), (1e-5, 0)])
def test_implausible_sizes_are_not_believed(tmp_path, um, believed):
    texts = {
        "OME-XML": (ome(f'PhysicalSizeX="{um}" PhysicalSizeY="{um}"'), None),
        "ImageJ": ("ImageJ=1.53f\nunit=um\n", (1 / um, 1 / um)),
        "MetaMorph": (metamorph(um, um, "um"), None),
    }
    for source, (text, resolution) in texts.items():
        with library.Warnings() as warnings:
            path = write(tmp_path / "image.tif", text, resolution, "NONE")
            assert size_of(path, context=warnings.context) == pytest.approx(um * believed, rel=1e-6)
        assert len(warnings) == 1 - believed
        assert all(source in line and f"{um:g} um" in line and "not believed" in line for line in warnings)


def test_exactly_one_micrometre_is_doubted(tmp_path):
    one = ome('PhysicalSizeX="1.0" PhysicalSizeY="1.0"')
    for text, resolution, doubts in [(one, None, 1), (one, (10000, 10000), 0), (one.replace("1.0", "1.001"), None, 0)]:
        with library.Warnings() as warnings:
            path = write(tmp_path / "image.tif", text, resolution, "CENTIMETER")
            assert size_of(path, context=warnings.context) == pytest.approx(1, abs=0.002)
        assert len(warnings) == doubts and all("exactly 1 um" in line for line in warnings)
    assert size_of(write(tmp_path / "image.tif", one), pixel_size_um=0.3) == 0.3  # a doubted size needs no force
    library.write_image(tmp_path / "image.tif", PIXELS[None], 1.0)
    with library.Warnings() as warnings:
        assert size_of(tmp_path / "image.tif", context=warnings.context) == 1
    assert warnings == []


@pytest.mark.parametrize("given, warns, needs_force", [(0.5, 0, 0), (0.504, 0, 0), (0.51, 1, 0), (0.99, 1, 0), (0.26, 1, 0), (1.01, 1, 1), (0.24, 1, 1)])
def test_a_given_size_is_compared(tmp_path, given, warns, needs_force):
    path = write(tmp_path / "image.tif", ome('PhysicalSizeX="0.5" PhysicalSizeY="0.5"'))
    with library.Warnings() as warnings:
        if needs_force:
            with pytest.raises(library.Failure, match=f"{given:g} um, and by OME-XML 0.5 um; force") as caught:
                size_of(path, context=warnings.context, pixel_size_um=given)
            assert caught.value.status == "CELLSEG_ERR_ARGUMENT" and warnings == []
        assert size_of(path, context=warnings.context, pixel_size_um=given, force=1) == given
    assert len(warnings) == warns and all(f"{given:g} um" in line and "0.5 um" in line for line in warnings)
    Image.fromarray(PIXELS).save(tmp_path / "image.png", dpi=(50800, 50800))
    if needs_force:
        with pytest.raises(library.Failure, match="force"):
            size_of(tmp_path / "image.png", pixel_size_um=given)


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


@pytest.mark.parametrize("unit, um", [("micron", 0.4), ("um", 0.4), ("\\u00B5m", 0.4), ("cm", 0), ("pixel", 0), (" ", 0)])
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


@pytest.mark.parametrize("unit, um", [("um", 0.645), ("microns", 0.645), ("nm", 0), ("pixel", 0), ("", 0)])
def test_metamorph_description(tmp_path, unit, um):
    path = write(tmp_path / "image.tif", metamorph(0.645, 0.645, unit))
    assert size_of(path) == pytest.approx(um, rel=1e-12)
    assert size_of(write(path, metamorph(0.645, 0.645, unit, state="off"))) == 0


@pytest.mark.parametrize("byteorder", "<>")
@pytest.mark.parametrize("calibrated, unit, um", [(1, b"um", 0.3118), (1, b"nm", 0), (0, b"um", 0), (1, b"pixel", 0)])
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
