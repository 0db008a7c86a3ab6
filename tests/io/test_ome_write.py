# SPDX-License-Identifier: BSD-3-Clause
"""Label maps and images as OME-TIFF: what tifffile, Pillow, scikit-image, OpenCV and an XML parser find in them."""

import io
from pathlib import Path
from xml.etree import ElementTree

import cv2
import library
import numpy as np
import pytest
import skimage.io
import tifffile
from PIL import Image
from scipy import ndimage

RNG = np.random.default_rng(29)
CELLS = Path(__file__).parents[2] / "examples/data/n2a.cells.tif"
OME = "{http://www.openmicroscopy.org/Schemas/OME/2016-06}"
HOSTILE = "<a b=\"c\" d='e'>&amp; µm, 細胞, 🔬]]> \t\n\r-- \u007f\u0085"


def blobs(height, width):
    return ndimage.label(ndimage.gaussian_filter(RNG.random((height, width)), 4) > 0.5)[0].astype(np.uint32)


def description(path):
    with tifffile.TiffFile(path) as file:
        assert file.is_ome and all("ImageDescription" not in page.tags for page in file.pages[1:])
        text = file.pages[0].tags["ImageDescription"].value
    assert text.isascii()
    return ElementTree.fromstring(text)


@pytest.mark.parametrize("shape", [(1, 1), (256, 300), (257, 257), (3, 5000), (5000, 3), (600, 555)])
@pytest.mark.parametrize("bits", [16, 32])
def test_labels_as_others_read_them(tmp_path, shape, bits):
    ids = blobs(*shape)
    path = tmp_path / "labels.tif"
    library.write_labels(path, ids, bits, 0.325, name=b"cells")
    with tifffile.TiffFile(path) as file:
        page = file.pages[0]
        assert page.is_tiled == (min(shape) > 256) and page.predictor == 1 and page.compression == 8
        assert not page.is_tiled or page.tile == (256, 256)
        assert file.series[0].axes == "YX" and file.series[0].shape == shape
    np.testing.assert_array_equal(tifffile.imread(path), ids)
    np.testing.assert_array_equal(np.array(Image.open(path)).astype(np.uint32), ids)
    np.testing.assert_array_equal(skimage.io.imread(path).reshape(shape), ids)
    if bits == 16:  # OpenCV 4.6 has no uint32
        np.testing.assert_array_equal(cv2.imread(str(path), cv2.IMREAD_UNCHANGED), ids)
    array, pixel_size_um = library.read_labels(path)
    np.testing.assert_array_equal(array, ids)
    assert pixel_size_um == 0.325


@pytest.mark.parametrize("tile_px, tile", [(0, None), (16, (16, 16)), (128, (128, 128)), (256, None), (4096, None)])
def test_the_caller_chooses_tiles(tmp_path, tile_px, tile):
    image = RNG.integers(0, 60000, (2, 200, 300), dtype=np.uint16)
    library.write_image(tmp_path / "a.tif", image, tile_px=tile_px)
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert all(page.tile == tile if tile else not page.is_tiled for page in file.pages)
    np.testing.assert_array_equal(tifffile.imread(tmp_path / "a.tif"), image)
    np.testing.assert_array_equal(library.read_image(tmp_path / "a.tif")[0], image)


@pytest.mark.parametrize("dtype, name", [("uint8", "uint8"), ("uint16", "uint16"), ("uint32", "uint32"), ("int16", "int16"),
                                         ("int32", "int32"), ("float32", "float"), ("float64", "double")])
def test_the_model_describes_the_pages(tmp_path, dtype, name):
    image = RNG.integers(0, 100, (3, 20, 30)).astype(dtype)
    library.write_image(tmp_path / "a.tif", image, 1 / 3, name=b"field")
    root = description(tmp_path / "a.tif")
    assert root.tag == OME + "OME" and root.get("Creator").startswith("libcellseg ")
    pixels = root.find(f"{OME}Image/{OME}Pixels")
    wanted = {"DimensionOrder": "XYCZT", "Type": name, "SizeX": "30", "SizeY": "20", "SizeC": "3", "SizeZ": "1", "SizeT": "1"}
    assert wanted.items() <= pixels.attrib.items()
    for axis in "XY":
        assert float(pixels.get("PhysicalSize" + axis)) == 1 / 3 and pixels.get(f"PhysicalSize{axis}Unit") == "µm"
    assert len(pixels.findall(OME + "Channel")) == 3
    planes = [(int(data.get("FirstC")), int(data.get("IFD"))) for data in pixels.findall(OME + "TiffData")]
    assert planes == [(0, 0), (1, 1), (2, 2)]
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert file.series[0].axes == "CYX"
        np.testing.assert_array_equal(file.asarray(), image)
    assert library.read_image(tmp_path / "a.tif")[1] == 1 / 3


def test_what_is_not_known_is_not_written(tmp_path):
    library.write_labels(tmp_path / "a.tif", blobs(40, 50))
    root = description(tmp_path / "a.tif")
    image = root.find(OME + "Image")
    assert image.get("Name") is None and root.find(OME + "StructuredAnnotations") is None
    pixels = image.find(OME + "Pixels")
    assert not any(key.startswith("Physical") for key in pixels.attrib)
    assert pixels.find(OME + "Channel").get("Name") is None
    assert library.read_labels(tmp_path / "a.tif")[1] == 0
    with tifffile.TiffFile(tmp_path / "a.tif") as file:
        assert "XResolution" not in file.pages[0].tags


@pytest.mark.parametrize("text", [HOSTILE, "", "x" * 200000])
def test_texts_come_back(tmp_path, text):
    library.write_labels(tmp_path / "a.tif", blobs(40, 50), 0, 0.5, name=text.encode(), provenance=text.encode())
    root = description(tmp_path / "a.tif")
    image = root.find(OME + "Image")
    assert image.get("Name") == text and image.find(f"{OME}Pixels/{OME}Channel").get("Name") == text
    reference = image.find(OME + "AnnotationRef").get("ID")
    annotation = root.find(f"{OME}StructuredAnnotations/{OME}CommentAnnotation")
    assert annotation.get("ID") == reference and annotation.get("Namespace") == "libcellseg/provenance"
    assert (annotation.find(OME + "Value").text or "") == text


@pytest.mark.parametrize("raw", [b"a\xffb", b"\xc3", b"\xe7\xb4", b"\xf0\x9f\x94", b"\x80\x80", b"\xc0\xaf", b"\xe0\x80\xaf", b"\xed\xa0\x80",
                                 b"\xf4\x90\x80\x80", b"\xf8\x88\x80\x80\x80", b"ok\xc3(", b"\x01\x1f\x0b", b"\xef\xbf\xbe\xef\xbf\xbf"])
def test_what_xml_cannot_hold_is_replaced(tmp_path, raw):
    library.write_labels(tmp_path / "a.tif", blobs(40, 50), name=raw, provenance=raw)
    name = description(tmp_path / "a.tif").find(OME + "Image").get("Name")
    valid = "".join(c for c in raw.decode("utf-8", "replace") if c != "\ufffd" and c.isprintable())
    assert "\ufffd" in name and name.replace("\ufffd", "") == valid


def test_labels_are_smaller_than_with_a_predictor(tmp_path):
    """tifffile writes the same cells with deflate, at zlib's own level, and the horizontal predictor."""
    ids = tifffile.imread(CELLS)
    library.write_labels(tmp_path / "ours.tif", ids.astype(np.uint32))
    other = io.BytesIO()
    tifffile.imwrite(other, ids.astype(np.uint16), compression="zlib", compressionargs={"level": 6}, predictor=True, rowsperstrip=256)
    assert (tmp_path / "ours.tif").stat().st_size < 0.9 * len(other.getvalue())
