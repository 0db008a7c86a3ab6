# SPDX-License-Identifier: BSD-3-Clause
"""Which plane of a file becomes which channel: files by tifffile and by hand, every pixel compared with NumPy."""

import itertools
import re
import resource
import struct

import library
import numpy as np
import pytest
import tifffile
from PIL import Image
from tiff_file import File, page_tags

ORDERS = ["XYCZT", "XYCTZ", "XYZCT", "XYZTC", "XYTCZ", "XYTZC"]
C, Z, T = 3, 4, 2
SIZES = {"C": C, "Z": Z, "T": T}


def stack(*shape, dtype=np.uint16):
    """Planes that differ, and whose greatest values come from every plane."""
    return np.random.default_rng(5).integers(0, 60000, (*shape, 6, 8)).astype(dtype)


def refuses(path, *words, status="CELLSEG_ERR_FORMAT", **options):
    with pytest.raises(library.Failure) as caught:
        library.read_image(path, **options)
    assert caught.value.status == status
    for word in (path.name, *words):
        assert word in str(caught.value)


def ome(images, uuid=None):
    own = f' UUID="{uuid}"' if uuid else ""
    head = '<?xml version="1.0" encoding="UTF-8"?><OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"'
    return f"{head}{own}>{''.join(images)}</OME>"


def image(blocks, sizes=(1, 1, 1), order="XYCZT", channels="", name="", size="0.5"):
    c, z, t = sizes
    return (
        f'<Image ID="Image:0" Name="{name}"><Pixels ID="Pixels:0" DimensionOrder="{order}" Type="uint16" SizeX="8" SizeY="6" SizeC="{c}" '
        f'SizeZ="{z}" SizeT="{t}" PhysicalSizeX="{size}" PhysicalSizeY="{size}">{channels}{blocks}</Pixels></Image>'
    )


def write(path, planes, description, **options):
    tifffile.imwrite(path, planes, metadata=None, description=description.encode(), photometric="minisblack", **options)
    return path


# ---- OME ----


@pytest.mark.parametrize("kind, axes", [("imagej", "TZCYX"), *itertools.product(["ome", "shaped"], ["TZCYX", "TCZYX", "ZTCYX", "ZCTYX", "CTZYX", "CZTYX"])])
def test_stacks_of_tifffile(tmp_path, kind, axes):
    """One slice and time point of each, and the maximum over the slices."""
    data = stack(*(SIZES[a] for a in axes[:3]))
    path = tmp_path / {"ome": "stack.ome.tif", "imagej": "stack.tif", "shaped": "plain.tif"}[kind]
    tifffile.imwrite(path, data, imagej=kind == "imagej", photometric="minisblack", metadata={"axes": axes})
    ordered = np.moveaxis(data, [axes.index(a) for a in "TZC"], [0, 1, 2])
    for t in range(T):
        for z in range(Z):
            np.testing.assert_array_equal(library.read_image(path, z=z, t=t)[0], ordered[t, z])
        np.testing.assert_array_equal(library.read_image(path, z=-2, t=t)[0], ordered[t].max(axis=0))
    refuses(path, "4 slices (Z, 0 to 3)", "2 time points (T, 0 to 1)")
    refuses(path, "choose with t", z=1)
    refuses(path, "choose with z", t=1)
    refuses(path, "z is 4", "0 to 3", z=4, t=0, status="CELLSEG_ERR_ARGUMENT")
    refuses(path, "t is 2", "0 to 1", z=0, t=2, status="CELLSEG_ERR_ARGUMENT")
    refuses(path, "series is 1", series=1, z=0, t=0, status="CELLSEG_ERR_ARGUMENT")


@pytest.mark.parametrize("order", ORDERS)
def test_the_order_of_dimensions(tmp_path, order):
    """The pages in the order that the text states: the third letter changes with every page."""
    shape = [SIZES[a] for a in reversed(order[2:])]
    data = stack(*shape)
    ordered = np.moveaxis(data, [order[:1:-1].index(a) for a in "TZC"], [0, 1, 2])
    path = write(tmp_path / "image.ome.tif", data.reshape(-1, 6, 8), ome([image("<TiffData/>", (C, Z, T), order)]))
    np.testing.assert_array_equal(library.read_image(path, z=2, t=1)[0], ordered[1, 2])


BLOCKS = [
    ("<TiffData/>", [0, 1, 2]),
    ('<TiffData IFD="0" PlaneCount="3"/>', [0, 1, 2]),
    ('<TiffData IFD="0" NumPlanes="3"/>', [0, 1, 2]),
    ('<TiffData PlaneCount="3"/>', [0, 1, 2]),
    ("", [0, 1, 2]),
    ('<TiffData IFD="2" FirstC="0"/><TiffData IFD="0" FirstC="1"/><TiffData IFD="1" FirstC="2"/>', [2, 0, 1]),
    ('<TiffData IFD="0" FirstC="1" PlaneCount="2"/><TiffData IFD="2"/>', [2, 0, 1]),
    ('<TiffData FirstC="2" IFD="0"/><TiffData IFD="1" PlaneCount="2"/>', [1, 2, 0]),
]


@pytest.mark.parametrize("blocks, pages", BLOCKS)
def test_tiff_data(tmp_path, blocks, pages):
    data = stack(3)
    path = write(tmp_path / "image.ome.tif", data, ome([image(blocks, (3, 1, 1))]))
    np.testing.assert_array_equal(library.read_image(path)[0], data[pages])


@pytest.mark.parametrize(
    "blocks, words",
    [
        ('<TiffData IFD="0" PlaneCount="4"/>', ["IFD 3", "none of the file's 3 pages"]),
        ('<TiffData IFD="3"/>', ["IFD 3", "none of the file's 3 pages"]),
        ('<TiffData IFD="0" FirstC="3"/>', ["3 channels", "number 3"]),
        ('<TiffData IFD="0" FirstZ="1"/>', ["1 slices", "number 1"]),
        ('<TiffData IFD="0" FirstC="2" PlaneCount="2"/>', ["2 planes", "IFD 0", "leave 1"]),
        ('<TiffData IFD="0"/><TiffData IFD="0" FirstC="1"/>', ["page 1 to two planes"]),
        ('<TiffData IFD="0" FirstC="1"/><TiffData IFD="1" FirstC="1"/>', ["two pages", "one plane"]),
        ('<TiffData IFD="-1"/>', ["broken", 'IFD is "-1"']),
        ('<TiffData IFD="99999999999999999999"/>', ["broken", "IFD is"]),
    ],
)
def test_tiff_data_that_contradicts_the_file(tmp_path, blocks, words):
    path = write(tmp_path / "image.ome.tif", stack(3), ome([image(blocks, (3, 1, 1))]))
    refuses(path, *words)


def test_ifds_count_thumbnails(tmp_path):
    data = stack(2)
    blocks = '<TiffData IFD="2"/><TiffData IFD="0" FirstC="1"/>'
    with tifffile.TiffWriter(tmp_path / "image.ome.tif") as file:
        options = {"metadata": None, "photometric": "minisblack"}
        file.write(data[0], description=ome([image(blocks, (2, 1, 1))]), **options)
        file.write(data[1, :3, :4], subfiletype=1, **options)
        file.write(data[1], **options)
    np.testing.assert_array_equal(library.read_image(tmp_path / "image.ome.tif")[0], data[::-1])


def test_pages_that_no_image_has_are_told(tmp_path):
    data = stack(4)
    path = write(tmp_path / "image.ome.tif", data, ome([image('<TiffData IFD="1" PlaneCount="2"/>', (2, 1, 1))]))
    with library.Warnings() as warnings:
        np.testing.assert_array_equal(library.read_image(path, context=warnings.context)[0], data[1:3])
    assert len(warnings) == 1 and "2 of the file's 4 pages" in warnings[0]


def test_samples_are_channels(tmp_path):
    """SizeC counts samples, FirstC channels."""
    data = np.moveaxis(stack(2, 3), 2, -1).transpose(0, 2, 1, 3).reshape(2, 8, 6, 3).transpose(0, 2, 1, 3)
    data = np.ascontiguousarray(data)
    expected = np.concatenate([np.moveaxis(page, -1, 0) for page in data])
    for channels in ("", '<Channel SamplesPerPixel="3" Name="a"/><Channel SamplesPerPixel="3" Name="b"/>', "<Channel/>" * 6):
        text = ome([image('<TiffData IFD="0" PlaneCount="2"/>', (6, 1, 1), channels=channels)])
        tifffile.imwrite(tmp_path / "rgb.ome.tif", data, photometric="rgb", metadata=None, description=text)
        np.testing.assert_array_equal(library.read_image(tmp_path / "rgb.ome.tif")[0], expected)
    for size in (1, 4, 5):
        text = ome([image('<TiffData IFD="0" PlaneCount="2"/>', (size, 1, 1))])
        tifffile.imwrite(tmp_path / "rgb.ome.tif", data, photometric="rgb", metadata=None, description=text)
        refuses(tmp_path / "rgb.ome.tif", "SizeC")
    tifffile.imwrite(tmp_path / "tifffile.ome.tif", data, photometric="rgb", metadata={"axes": "CYXS"})
    np.testing.assert_array_equal(library.read_image(tmp_path / "tifffile.ome.tif")[0], expected)


# ---- names ----


def test_names_of_channels(tmp_path):
    names = ["Phalloidin", "DAPI (405)", "αβ"]
    tifffile.imwrite(tmp_path / "image.ome.tif", stack(3), photometric="minisblack", metadata={"axes": "CYX", "Channel": {"Name": names}})
    assert library.read_named(tmp_path / "image.ome.tif")[2] == names
    channels = '<Channel Name="a &amp; b"/><Channel/><Channel Name="" Fluor="Cy5"/>'
    path = write(tmp_path / "image.ome.tif", stack(3), ome([image("<TiffData/>", (3, 1, 1), channels=channels)]))
    assert library.read_named(path)[2] == ["a & b", None, None]
    channels = '<Channel Name="b"/><Channel Fluor="Cy5"/>'
    blocks = '<TiffData IFD="1"/><TiffData IFD="0" FirstC="1"/>'
    path = write(tmp_path / "image.ome.tif", stack(2), ome([image(blocks, (2, 1, 1), channels=channels)]))
    assert library.read_named(path)[2] == ["b", "Cy5"]


def test_names_in_latin_1(tmp_path):
    """Some writers state UTF-8 and write Latin-1."""
    text = ome([image("<TiffData/>", channels='<Channel Name="Zürich µ"/>')])
    tifffile.imwrite(tmp_path / "image.tif", stack(1)[0], metadata=None, description=None, extratags=[(270, "s", 0, text.encode("latin-1"), True)])
    assert library.read_named(tmp_path / "image.tif")[2] == ["Zürich µ"]


# ---- several images ----


def test_several_images(tmp_path):
    data = stack(4)
    images = [
        image('<TiffData IFD="0" PlaneCount="2"/>', (2, 1, 1), name="well A1", size="0.5"),
        image('<TiffData IFD="2"/>', name="well A2", size="0.25"),
        image('<TiffData IFD="3"/>', size="0.75"),
    ]
    path = write(tmp_path / "plate.ome.tif", data, ome(images))
    refuses(path, "3 images (series)", '0 "well A1"', '1 "well A2"', ", 2;")
    for series, pages, um in [(0, [0, 1], 0.5), (1, [2], 0.25), (2, [3], 0.75)]:
        pixels, size = library.read_image(path, series=series)
        assert size == um
        np.testing.assert_array_equal(pixels, data[pages])
    refuses(path, "series is 3", "3 images", series=3, status="CELLSEG_ERR_ARGUMENT")


@pytest.mark.parametrize("first", [0, 1])
def test_an_image_of_half_the_size_is_no_level_of_another(tmp_path, first):
    rng = np.random.default_rng(6)
    images = [rng.integers(0, 60000, (2, 12 * k, 16 * k)).astype(np.uint16) for k in ((1, 2), (2, 1))[first]]
    path = tmp_path / "sizes.ome.tif"
    with tifffile.TiffWriter(path, ome=True) as file:
        for pixels in images:
            file.write(pixels, photometric="minisblack", metadata={"axes": "CYX"})
    refuses(path, "2 images (series)")
    for series, pixels in enumerate(images):
        np.testing.assert_array_equal(library.read_image(path, series=series)[0], pixels)


def test_a_hundred_images(tmp_path):
    images = [image(f'<TiffData IFD="{i}"/>', name=f"position {i}") for i in range(100)]
    data = stack(100)
    path = write(tmp_path / "plate.ome.tif", data, ome(images))
    refuses(path, "100 images", "position 3", "...")
    np.testing.assert_array_equal(library.read_image(path, series=57)[0], data[57:58])


def test_images_of_one_page_each_by_default_contradict_each_other(tmp_path):
    path = write(tmp_path / "image.ome.tif", stack(2), ome([image("<TiffData/>"), image("<TiffData/>")]))
    refuses(path, "page 1 to two planes", "images 0 and 1", series=0)


# ---- several files ----


def block(uuid, name, ifd=0, **first):
    at = "".join(f' First{axis}="{number}"' for axis, number in first.items())
    return f'<TiffData IFD="{ifd}"{at} PlaneCount="1"><UUID FileName="{name}">\n {uuid} </UUID></TiffData>'


def test_files_that_hold_a_part(tmp_path):
    """Each file describes all; what it holds is read, and what it lacks is named."""
    data = stack(2)
    channels = '<Channel Name="actin"/><Channel Name="DNA"/>'
    blocks = block("urn:uuid:a", "a.ome.tif") + block("urn:uuid:b", "b.ome.tif", C=1)
    for c, own in enumerate("ab"):
        path = write(tmp_path / f"{own}.ome.tif", data[c], ome([image(blocks, (2, 1, 1), channels=channels)], f"urn:uuid:{own}"))
        with library.Warnings() as warnings:
            pixels, _, names = library.read_named(path, context=warnings.context)
        np.testing.assert_array_equal(pixels, data[c : c + 1])
        assert names == [["actin", "DNA"][c]] and len(warnings) == 1 and "1 of the 2 channels" in warnings[0]


def test_slices_in_other_files(tmp_path):
    data = stack(3)
    here = "".join(block("urn:uuid:a", "a.ome.tif", z, Z=z) for z in range(2))
    text = ome([image(here + block("urn:uuid:b", "b.ome.tif", Z=2), (1, 3, 1))], "urn:uuid:a")
    path = write(tmp_path / "a.ome.tif", data[:2], text)
    np.testing.assert_array_equal(library.read_image(path, z=1)[0], data[1:2])
    refuses(path, "3 slices (Z, 0 to 1)")
    refuses(path, "z is 2", z=2, status="CELLSEG_ERR_ARGUMENT")
    refuses(path, "slice 2", "b.ome.tif", z=-2)


def test_positions_in_other_files(tmp_path):
    data = stack(1)
    images = [image(block("urn:uuid:a", "a.ome.tif"), name="first"), image(block("urn:uuid:b", "b.ome.tif"), name="second", size="0.25")]
    path = write(tmp_path / "b.ome.tif", data[0], ome(images, "urn:uuid:b"))
    pixels, size = library.read_image(path)
    np.testing.assert_array_equal(pixels, data)
    assert size == 0.25
    refuses(path, "image (series) 0", "a.ome.tif", series=0)
    path = write(tmp_path / "c.ome.tif", data[0], ome(images, "urn:uuid:c"))
    refuses(path, "other files", "a.ome.tif")


def test_images_in_other_files_may_have_other_samples(tmp_path):
    data = np.moveaxis(stack(1, dtype=np.uint8).repeat(3, axis=0), 0, -1).copy()
    images = [image(block("urn:uuid:a", "a.ome.tif"), (3, 1, 1)), image(block("urn:uuid:b", "b.ome.tif"), (2, 1, 1))]
    tifffile.imwrite(tmp_path / "a.ome.tif", data, photometric="rgb", metadata=None, description=ome(images, "urn:uuid:a"))
    np.testing.assert_array_equal(library.read_image(tmp_path / "a.ome.tif")[0], np.moveaxis(data, -1, 0))


def test_files_without_a_uuid_of_their_own(tmp_path):
    data = stack(2)
    one = block("urn:uuid:a", "a.ome.tif") + block("urn:uuid:a", "a.ome.tif", 1, C=1)
    path = write(tmp_path / "image.ome.tif", data, ome([image(one, (2, 1, 1))]))
    np.testing.assert_array_equal(library.read_image(path)[0], data)
    two = block("urn:uuid:a", "a.ome.tif") + block("urn:uuid:b", "b.ome.tif", 1, C=1)
    refuses(write(path, data, ome([image(two, (2, 1, 1))])), "several files")


def test_metadata_in_another_file(tmp_path):
    text = '<OME xmlns="http://www.openmicroscopy.org/Schemas/OME/2016-06"><BinaryOnly MetadataFile="all.companion.ome" UUID="urn:uuid:m"/></OME>'
    with library.Warnings() as warnings:
        assert library.read_image(write(tmp_path / "one.ome.tif", stack(1)[0], text), context=warnings.context)[0].shape == (1, 6, 8)
    assert "all.companion.ome" in " ".join(warnings)
    refuses(write(tmp_path / "two.ome.tif", stack(2), text), "2 pages", "all.companion.ome")


# ---- XML ----


def test_elements_count_only_at_their_place(tmp_path):
    data = stack(2)
    inside = "<Image><Pixels SizeC='9' SizeZ='9' DimensionOrder='XYCZT'><TiffData IFD='7'/></Pixels></Image>"
    annotation = f"<StructuredAnnotations><XMLAnnotation><Value><OME>{inside}</OME>{inside}</Value></XMLAnnotation></StructuredAnnotations>"
    blocks = '<TiffData IFD="1"/><TiffData IFD="0" FirstC="1"/>'
    text = ome([image(blocks, (2, 1, 1)), annotation])
    np.testing.assert_array_equal(library.read_image(write(tmp_path / "image.ome.tif", data, text))[0], data[::-1])
    prefixed = re.sub(r"<(/?)(\w)", r"<\1ome:\2", text)
    np.testing.assert_array_equal(library.read_image(write(tmp_path / "image.ome.tif", data, prefixed))[0], data[::-1])
    for before, after in (("\ufeff", "\n\n"), (" \n", "  "), ("", "junk <")):
        np.testing.assert_array_equal(library.read_image(write(tmp_path / "image.ome.tif", data, before + text + after))[0], data[::-1])


def test_broken_xml_is_refused_where_it_is_needed(tmp_path):
    text = ome([image("<TiffData/>", (2, 1, 1))])
    for broken in (text[:-9], text.replace("</Pixels>", ""), text.replace('SizeC="2"', 'SizeC="2'), text.replace("<?xml", "<?xml x")):
        refuses(write(tmp_path / "two.ome.tif", stack(2), broken), "OME-XML is broken", "line 1", "2 pages")
        with library.Warnings() as warnings:
            path = write(tmp_path / "one.ome.tif", stack(1)[0], broken)
            assert library.read_image(path, context=warnings.context)[0].shape == (1, 6, 8)
        assert len(warnings) == 1 and "broken" in warnings[0]


def test_entities_are_refused(tmp_path):
    """A billion laughs, a file of the machine, and a parameter entity."""
    levels = "".join(f'<!ENTITY l{i} "{f"&l{i - 1};" * 10}">' for i in range(1, 10))
    for entities in (f'<!ENTITY l0 "ha">{levels}', '<!ENTITY l9 SYSTEM "file:///etc/passwd">', '<!ENTITY % l9 SYSTEM "file:///etc/passwd"> %l9;'):
        text = ome([image("<TiffData/>", (2, 1, 1), name="&l9;")]).replace("?>", f"?><!DOCTYPE OME [{entities}]>")
        refuses(write(tmp_path / "two.ome.tif", stack(2), text), "broken", "entities")


def test_large_text_is_read_in_linear_time(tmp_path):
    blocks = "".join(f'<TiffData IFD="{i}" FirstT="{i}" PlaneCount="1"/>' for i in range(20000))
    text = ome([image(blocks, (1, 1, 20000))])
    refuses(write(tmp_path / "image.ome.tif", stack(3), text), "IFD 3", "3 pages")
    planes = "<Plane TheC='0' TheT='0' TheZ='0'/>" * 100000
    data = stack(2)
    for more in (planes, f"<Channel Name='{'x' * 5000000}'/>", ("<a>" * 200 + "</a>" * 200) * 1000, "<!--" + "-x" * 3000000 + "-->"):
        path = write(tmp_path / "image.ome.tif", data, ome([image(f"<TiffData/>{more}", (2, 1, 1))]))
        np.testing.assert_array_equal(library.read_image(path)[0], data)


def test_deep_xml_takes_no_memory(tmp_path):
    """Without a bound 60 MB of open elements take 9 GB."""
    text = ome([image("<TiffData/>", (2, 1, 1)), "<a>" * 20_000_000])
    refuses(write(tmp_path / "deep.ome.tif", stack(2), text), "OME-XML is broken", "nested too deeply")
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss < 2 << 20


# ---- ImageJ ----


def imagej(path, planes, text, pages=None):
    """The planes one after the other in the file, and a page for the first alone or for `pages` of them."""
    planes = np.ascontiguousarray(planes)
    if pages is not None:
        return write(path, planes[:pages], text)
    height, width = planes.shape[-2:]
    text = text.encode() + b"\0"
    tags = [(256, 4, 1, width), (257, 4, 1, height), (258, 3, 1, planes.itemsize * 8), (259, 3, 1, 1), (262, 3, 1, 1), (270, 2, len(text), 146),
            (273, 4, 1, 146 + len(text)), (277, 3, 1, 1), (278, 4, 1, height), (279, 4, 1, height * width * planes.itemsize)]  # fmt: skip
    ifd = struct.pack("<H", len(tags)) + b"".join(struct.pack("<HHII", *tag) for tag in tags) + bytes(4)
    path.write_bytes((b"II*\0" + struct.pack("<I", 8) + ifd).ljust(146, b"\0") + text + planes.tobytes())
    return path


@pytest.mark.parametrize("pages", [None, C * Z * T])
def test_imagej_hyperstacks(tmp_path, pages):
    data = stack(T, Z, C)
    text = f"ImageJ=1.53t\nimages={C * Z * T}\nchannels={C}\nslices={Z}\nframes={T}\nhyperstack=true\nmode=composite\n"
    path = imagej(tmp_path / "image.tif", data.reshape(-1, 6, 8), text, pages)
    for t in range(T):
        for z in range(Z):
            np.testing.assert_array_equal(library.read_image(path, z=z, t=t)[0], data[t, z])
    np.testing.assert_array_equal(library.read_image(path, z=-2, t=0)[0], data[0].max(axis=0))
    refuses(path, "4 slices (Z, 0 to 3)", "2 time points (T, 0 to 1)")
    for order in ("czt", "ctz", "zct", "ztc", "tcz", "tzc"):
        axes = order[::-1].upper()
        ordered = np.moveaxis(data.reshape([SIZES[a] for a in axes] + [6, 8]), [axes.index(a) for a in "TZC"], [0, 1, 2])
        path = imagej(tmp_path / "image.tif", data.reshape(-1, 6, 8), text + f"order={order}\n", pages)
        np.testing.assert_array_equal(library.read_image(path, z=1, t=1)[0], ordered[1, 1])


def test_imagej_channels_behind_one_page(tmp_path):
    for dtype in (np.uint8, np.uint16, np.uint32):
        data = stack(3, dtype=dtype)
        path = imagej(tmp_path / "image.tif", data, "ImageJ=1.53t\nimages=3\nchannels=3\nmode=composite\n")
        np.testing.assert_array_equal(library.read_image(path)[0], data)
    data = stack(3)
    path = imagej(tmp_path / "image.tif", data, "SCIFIO=0.37\naxes=X,Y,Channel\nimages=3\nchannels=3\nslices=1\nframes=1\n")
    np.testing.assert_array_equal(library.read_image(path)[0], data)
    path = imagej(tmp_path / "image.tif", stack(3), "ImageJ=1.38x\nimages=3\n")  # a stack by an old version
    refuses(path, "3 slices (Z, 0 to 2)")


@pytest.mark.parametrize(
    "numbers, words",
    [
        ("images=4\nchannels=3", ["4 images", "3 channels"]),
        ("images=3\nchannels=3\nslices=2", ["3 images", "2 slices"]),
        ("channels=4", ["4 images", "3 pages"]),
        ("images=2\nframes=2", ["2 images", "3 pages"]),
        ("images=0", ["images=0"]),
        ("images=3\nchannels=three", ["channels=three"]),
        ("images=3\nslices=-3", ["slices=-3"]),
        ("images=4000000000\nslices=4000000000", ["4000000000"]),
        ("images=3\nchannels=3\norder=zzz", ["order", "ZZZ"]),
    ],
)
def test_imagej_numbers_that_contradict_the_file(tmp_path, numbers, words):
    refuses(imagej(tmp_path / "image.tif", stack(3), f"ImageJ=1.53t\n{numbers}\n", 3), *words)


def test_planes_behind_a_page_are_not_its_directory(tmp_path):
    file = File()
    pixels = file.add(bytes(100))
    file.directory({**page_tags(10, 10, 8, [pixels], [100]), 270: (2, b"ImageJ=1.53\nimages=2\nchannels=2\n\0")})
    file.add(bytes(100))
    file.save(tmp_path / "image.tif")
    refuses(tmp_path / "image.tif", "page 1, strip 1", "its directory")


def test_imagej_claims_more_than_the_file_holds(tmp_path):
    for claim in (4, 1000, 4000):
        path = imagej(tmp_path / "image.tif", stack(3), f"ImageJ=1.53t\nimages={claim}\nchannels={claim}\n")
        refuses(path)
    path = imagej(tmp_path / "image.tif", stack(3), "ImageJ=1.53t\nimages=16000000\nslices=16000000\n")
    refuses(path, z=15999999)
    refuses(path, z=-2)


def test_imagej_stack_beyond_4_gb(tmp_path):
    """ImageJ leaves the only page in front; a sparse file has the size without the bytes."""
    side, planes = 2048, 600
    path = imagej(tmp_path / "image.tif", np.zeros((1, side, side), np.uint16), f"ImageJ=1.53t\nimages={planes}\nslices={planes}\n")
    start = path.stat().st_size - side * side * 2
    last = np.arange(side, dtype=np.uint16)
    with open(path, "r+b") as file:
        file.seek(start + (planes - 1) * side * side * 2 + 5 * side * 2)
        file.write(last.tobytes())
        file.truncate(start + planes * side * side * 2)
    pixels = library.read_image(path, z=planes - 1)[0]
    np.testing.assert_array_equal(pixels[0, 5], last)
    assert pixels.sum() == last.sum()
    assert library.read_image(path, z=0)[0].max() == 0


def test_imagej_pictures_in_colour(tmp_path):
    data = np.random.default_rng(1).integers(0, 255, (6, 8, 3)).astype(np.uint8)
    tifffile.imwrite(tmp_path / "rgb.tif", data, imagej=True)
    np.testing.assert_array_equal(library.read_image(tmp_path / "rgb.tif")[0], np.moveaxis(data, -1, 0))
    tifffile.imwrite(tmp_path / "rgb.tif", data, photometric="rgb", metadata=None, description="ImageJ=1.53t\nimages=3\nchannels=3\n")
    np.testing.assert_array_equal(library.read_image(tmp_path / "rgb.tif")[0], np.moveaxis(data, -1, 0))


# ---- others ----


def test_metamorph_stacks(tmp_path):
    """UIC2 (33629): for each plane the distance in Z and dates. The planes lie behind the first page."""
    data = stack(3)
    values = [v for z in range(3) for v in (z, 1, 0, 0, 0, 0)]
    path = tmp_path / "image.stk"
    options = {"metadata": None, "description": "Exposure", "photometric": "minisblack"}
    tifffile.imwrite(path, data[0], extratags=[(33629, 5, 9, tuple(values), True)], **options)
    with open(path, "rb") as file:
        content = bytearray(file.read())
    with tifffile.TiffFile(path) as file:
        tag = file.pages[0].tags[33629]
        assert file.pages[0].dataoffsets[0] + data[0].nbytes == len(content)  # the pixels come last
    content[tag.offset + 4 : tag.offset + 8] = struct.pack("<I", 3)  # 3 planes of 6 numbers, not 9 rationals
    path.write_bytes(bytes(content) + data[1:].tobytes())
    for z in range(3):
        np.testing.assert_array_equal(library.read_image(path, z=z)[0], data[z : z + 1])
    np.testing.assert_array_equal(library.read_image(path, z=-2)[0][0], data.max(axis=0))
    refuses(path, "3 slices (Z, 0 to 2)")


def test_tifffile_keeps_several_planes_behind_one_page(tmp_path):
    data = stack(3)
    tifffile.imwrite(tmp_path / "image.tif", data, photometric="minisblack", truncate=True)
    np.testing.assert_array_equal(library.read_image(tmp_path / "image.tif")[0], data)
    tifffile.imwrite(tmp_path / "image.tif", data, photometric="minisblack", metadata={"axes": "CYX"})
    np.testing.assert_array_equal(library.read_image(tmp_path / "image.tif")[0], data)


def test_files_of_one_image(tmp_path):
    tifffile.imwrite(tmp_path / "image.tif", stack(2), metadata=None, photometric="minisblack")
    Image.fromarray(np.zeros((6, 8), np.uint8)).save(tmp_path / "image.png")
    for name in ("image.tif", "image.png"):
        library.read_image(tmp_path / name, series=0, z=0, t=0)
        library.read_image(tmp_path / name, z=-2)
        for option in ("series", "z", "t"):
            refuses(tmp_path / name, f"{option} is 1", status="CELLSEG_ERR_ARGUMENT", **{option: 1})
