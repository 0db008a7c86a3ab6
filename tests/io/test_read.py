# SPDX-License-Identifier: BSD-3-Clause
"""Images written by tifffile, Pillow, libtiff's tools and ImageMagick, read back pixel for pixel."""

import itertools
import struct
import subprocess
import zlib

import library
import numpy as np
import pytest
import tifffile
from PIL import Image

HEIGHT, WIDTH = 37, 53
INTEGERS = ["uint8", "uint16", "uint32", "int8", "int16", "int32"]
FLOATS = ["float32", "float64"]


def pixels(dtype, *shape):
    """Smooth in x, rough in y, over the whole range of an integer type."""
    rng = np.random.default_rng(7)
    dtype = np.dtype(dtype)
    wave = np.sin(np.arange(np.prod(shape)) / 9.0).reshape(shape) * 0.4 + 0.5 + rng.uniform(-0.1, 0.1, shape)
    if dtype.kind == "f":
        return (wave * 1e4 - 3e3).astype(dtype)
    info = np.iinfo(dtype)
    array = (info.min + wave * (float(info.max) - info.min)).astype(dtype)
    array.flat[0], array.flat[-1] = info.min, info.max
    return array


def expected(array):
    """What the library makes of a channels x height x width array: the same but for int8."""
    return array.astype(np.int16) if array.dtype == np.int8 else array


def assert_reads(path, array):
    """And removes the file: some file systems synchronise one that replaces its own content, which takes its time."""
    got, _ = library.read_image(path)
    path.unlink()
    assert got.dtype == expected(array).dtype
    np.testing.assert_array_equal(got, expected(array))


def run(*command):
    subprocess.run([str(c) for c in command], check=True, capture_output=True)


@pytest.mark.parametrize("dtype", INTEGERS + FLOATS)
@pytest.mark.parametrize("layout", ["grey", "contiguous", "planar", "pages"])
def test_tifffile(tmp_path, dtype, layout):
    image = pixels(dtype, 1 if layout == "grey" else 3, HEIGHT, WIDTH)
    options = {
        "grey": {"photometric": "minisblack"},
        "contiguous": {"photometric": "minisblack", "planarconfig": "contig"},
        "planar": {"photometric": "minisblack", "planarconfig": "separate"},
        "pages": {"photometric": "minisblack"},
    }[layout]
    data = np.moveaxis(image, 0, -1) if layout == "contiguous" else image[0] if layout == "grey" else image
    path = tmp_path / "image.tif"
    kinds = itertools.product("<>", [False, True], [None, (16, 32)], [None, "zlib"], [5, None])
    for byteorder, bigtiff, tile, compression, rowsperstrip in kinds:
        predictor = {"predictor": True} if compression and np.dtype(dtype).kind != "f" and rowsperstrip else {}
        tifffile.imwrite(
            path, data, byteorder=byteorder, bigtiff=bigtiff, tile=tile, compression=compression, rowsperstrip=rowsperstrip,
            metadata=None, **predictor, **options,
        )
        assert_reads(path, image)


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("codec", ["none", "lzw", "lzw:2", "zip", "zip:2", "packbits", "zstd", "zstd:2", "lzma"])
def test_libtiff_tools(tmp_path, dtype, codec):
    """tiffcp makes what tifffile cannot without its codecs."""
    if dtype == "float32" and codec.endswith(":2"):
        codec = codec[:-1] + "3"  # the predictor for floats
    image = pixels(dtype, 3, HEIGHT, WIDTH)
    blocks = ["-s", "-r", "4"], ["-s", "-r", "-1"], ["-t", "-w", "32", "-l", "16"]
    for planar in ("contig", "separate"):  # tiffcp converts between the two for 8 bits only, so they are made here
        data = np.moveaxis(image, 0, -1) if planar == "contig" else image
        tifffile.imwrite(tmp_path / "plain.tif", data, photometric="rgb", planarconfig=planar, metadata=None)
        for block, (order, size) in itertools.product(blocks, [("-B", []), ("-L", ["-8"])]):
            # tiffcp itself mixes up the tiles of planar images (tifffile reads the same wrong pixels), and swaps
            # what the predictor for floats defines independent of the byte order.
            if (planar == "separate" and block[0] == "-t") or (order == "-B" and codec.endswith(":3")):
                continue
            run("tiffcp", "-c", codec, *block, order, *size, tmp_path / "plain.tif", tmp_path / "image.tif")
            assert_reads(tmp_path / "image.tif", image)


def test_big_endian_floats_with_predictor(tmp_path):
    """Adobe's Technical Note 3: rows are split into byte planes, highest first, and differenced, whatever the file's order."""
    image = pixels("float32", HEIGHT, WIDTH)
    planes = np.moveaxis(image.astype(">f4").view(np.uint8).reshape(HEIGHT, WIDTH, 4), -1, 1).reshape(HEIGHT, -1)
    rows = np.concatenate([planes[:, :1], np.diff(planes, axis=1)], axis=1)  # modulo 256
    strip = zlib.compress(rows.tobytes())
    tags = [(256, 4, WIDTH), (257, 4, HEIGHT), (258, 3, 32), (259, 3, 8), (262, 3, 1), (273, 4, 8), (277, 3, 1), (278, 4, HEIGHT),
            (279, 4, len(strip)), (317, 3, 3), (339, 3, 3)]
    for order in "<>":
        entries = b"".join(
            struct.pack(order + "HHI", tag, kind, 1) + struct.pack(order + ("I" if kind == 4 else "Hxx"), value)
            for tag, kind, value in tags
        )
        header = (b"II" if order == "<" else b"MM") + struct.pack(order + "HI", 42, 8 + len(strip))
        ifd = struct.pack(order + "H", len(tags)) + entries + bytes(4)
        (tmp_path / "image.tif").write_bytes(header + strip + ifd)
        assert_reads(tmp_path / "image.tif", image[None])


def test_pages_of_several_samples_become_channels_in_order(tmp_path):
    image = pixels("uint16", 6, HEIGHT, WIDTH)
    pages = np.moveaxis(image.reshape(2, 3, HEIGHT, WIDTH), 1, -1)
    tifffile.imwrite(tmp_path / "image.tif", pages, photometric="rgb", metadata=None)
    assert_reads(tmp_path / "image.tif", image)


def test_ome_and_imagej_stacks(tmp_path):
    image = pixels("uint16", 4, HEIGHT, WIDTH)
    tifffile.imwrite(tmp_path / "image.ome.tif", image, metadata={"axes": "CYX", "PhysicalSizeX": 0.5, "PhysicalSizeY": 0.5})
    assert_reads(tmp_path / "image.ome.tif", image)
    tifffile.imwrite(tmp_path / "image.tif", image, imagej=True, metadata={"axes": "CYX"})
    assert_reads(tmp_path / "image.tif", image)


@pytest.mark.parametrize("dtype", INTEGERS)
def test_min_is_white_is_inverted_for_images_and_not_for_labels(tmp_path, dtype):
    image = pixels(dtype, 1, HEIGHT, WIDTH)
    tifffile.imwrite(tmp_path / "image.tif", image[0], photometric="miniswhite", metadata=None)
    if image.dtype.kind == "u":
        np.testing.assert_array_equal(library.read_labels(tmp_path / "image.tif")[0], image[0])
    assert_reads(tmp_path / "image.tif", ~image)


@pytest.mark.parametrize("dtype", [*FLOATS, "float16", "uint64", "int64"])
def test_min_is_white_without_a_greatest_value_is_refused(tmp_path, dtype):
    tifffile.imwrite(tmp_path / "image.tif", np.ones((5, 6), dtype), photometric="miniswhite", metadata=None)
    fails(lambda: library.read_image(tmp_path / "image.tif"), "CELLSEG_ERR_FORMAT", "page 1", f"{dtype} samples whose least value is white")


def test_tiff_palette_is_for_display(tmp_path):
    image = pixels("uint8", 1, HEIGHT, WIDTH)
    colours = np.random.default_rng(1).integers(0, 65536, (3, 256), dtype=np.uint16)
    tifffile.imwrite(tmp_path / "image.tif", image[0], photometric="palette", colormap=colours, metadata=None)
    assert_reads(tmp_path / "image.tif", image)


@pytest.mark.parametrize("compression", [None, "tiff_lzw", "packbits", "tiff_deflate", "tiff_adobe_deflate"])
@pytest.mark.parametrize("mode", ["L", "RGB", "I;16", "F", "RGBA"])
def test_pillow_tiff(tmp_path, mode, compression):
    picture, image = pillow_image(mode)
    picture.save(tmp_path / "image.tif", compression=compression)
    assert_reads(tmp_path / "image.tif", image)


@pytest.mark.parametrize("mode", ["L", "RGB"])
def test_jpeg_in_tiff_as_pillow_decodes_it(tmp_path, mode):
    picture, _ = pillow_image(mode)
    picture.save(tmp_path / "image.tif", compression="jpeg")
    decoded = np.atleast_3d(np.array(Image.open(tmp_path / "image.tif")))
    assert_reads(tmp_path / "image.tif", np.moveaxis(decoded, -1, 0))


def pillow_image(mode):
    """A picture, and its pixels channel by channel."""
    dtype = {"F": "float32", "I;16": "uint16"}.get(mode, "uint8")
    image = pixels(dtype, len(mode) if mode in ("RGB", "RGBA", "LA") else 1, HEIGHT, WIDTH)
    data = np.moveaxis(image, 0, -1) if len(image) > 1 else image[0]
    if mode == "I;16":
        return Image.fromarray(data), image
    return Image.fromarray(data, mode), image


@pytest.mark.parametrize("mode", ["L", "RGB", "I;16", "RGBA", "LA"])
def test_pillow_png(tmp_path, mode):
    picture, image = pillow_image(mode)
    picture.save(tmp_path / "image.png")
    assert_reads(tmp_path / "image.png", image[:-1] if mode.endswith("A") else image)  # alpha is dropped


@pytest.mark.parametrize("transparency", [None, 3])
@pytest.mark.parametrize("colours", [2, 4, 13, 256])
def test_palette_png(tmp_path, colours, transparency):
    """The image has the palette's colours, the label map its indices; 1, 2, 4 and 8 bits."""
    indices = (pixels("uint8", HEIGHT, WIDTH) % colours).astype(np.uint8)
    palette = np.random.default_rng(2).integers(0, 256, (colours, 3), dtype=np.uint8)
    picture = Image.fromarray(indices, "P")
    picture.putpalette(palette.tobytes())
    options = {} if transparency is None else {"transparency": transparency % colours}
    picture.save(tmp_path / "image.png", **options)
    np.testing.assert_array_equal(library.read_labels(tmp_path / "image.png")[0], indices)
    assert_reads(tmp_path / "image.png", np.moveaxis(palette[indices], -1, 0))


def test_few_bit_grey_png_keeps_its_values(tmp_path):
    mask = pixels("uint8", HEIGHT, WIDTH) > 127
    Image.fromarray(mask).save(tmp_path / "image.png")
    assert_reads(tmp_path / "image.png", mask[None].astype(np.uint8))


@pytest.mark.parametrize("interlace", ["none", "PNG"])
@pytest.mark.parametrize("depth", [8, 16])
@pytest.mark.parametrize("samples", [1, 3])
def test_imagemagick_png(tmp_path, samples, depth, interlace):
    image = pixels(f"uint{depth}", samples, HEIGHT, WIDTH)
    kind = b"P5" if samples == 1 else b"P6"
    raw = np.moveaxis(image, 0, -1).astype(f">u{depth // 8}").tobytes()
    (tmp_path / "image.pnm").write_bytes(b"%s %d %d %d\n" % (kind, WIDTH, HEIGHT, 2**depth - 1) + raw)
    run("convert", tmp_path / "image.pnm", "-interlace", interlace, "-depth", depth, tmp_path / "image.png")
    info = (tmp_path / "image.png").read_bytes()[24:29]
    assert info[0] == depth and info[4] == (interlace == "PNG")
    assert_reads(tmp_path / "image.png", image)


@pytest.mark.parametrize("compression", ["None", "LZW", "Zip", "RLE"])
@pytest.mark.parametrize("endian", ["LSB", "MSB"])
def test_imagemagick_tiff(tmp_path, compression, endian):
    image = pixels("uint16", 3, HEIGHT, WIDTH)
    raw = np.moveaxis(image, 0, -1).astype(">u2").tobytes()
    (tmp_path / "image.ppm").write_bytes(b"P6 %d %d 65535\n" % (WIDTH, HEIGHT) + raw)
    run("convert", tmp_path / "image.ppm", "-endian", endian, "-depth", 16, "-compress", compression, tmp_path / "image.tif")
    assert_reads(tmp_path / "image.tif", image)


@pytest.mark.parametrize("shape", [(1, 1), (1, 300), (300, 1), (16, 32), (17, 33)])
def test_edges_of_tiles_and_strips(tmp_path, shape):
    image = pixels("uint16", 1, *shape)
    for options in ({}, {"tile": (16, 32)}, {"rowsperstrip": 1}):
        tifffile.imwrite(tmp_path / "image.tif", image[0], metadata=None, photometric="minisblack", **options)
        assert_reads(tmp_path / "image.tif", image)


def test_thumbnails_are_passed_over(tmp_path):
    image = pixels("uint16", 2, HEIGHT, WIDTH)
    with tifffile.TiffWriter(tmp_path / "image.tif") as file:
        for plane in image:
            file.write(plane, metadata=None, photometric="minisblack")
            file.write(plane[::4, ::4], metadata=None, photometric="minisblack", subfiletype=1)
    assert_reads(tmp_path / "image.tif", image)


@pytest.mark.parametrize("dtype", [*INTEGERS, "int64", "uint64", "float16", *FLOATS])
def test_labels_of_every_type(tmp_path, dtype):
    most = {"float16": 2048, "float32": 2**24}.get(dtype, 2**32 - 1)
    if np.dtype(dtype).kind != "f":
        most = min(np.iinfo(dtype).max, most)
    ids = np.random.default_rng(3).integers(0, most, (HEIGHT, WIDTH), endpoint=True)
    ids[0, 0] = most
    tifffile.imwrite(tmp_path / "labels.tif", ids.astype(dtype), metadata=None, photometric="minisblack")
    got, _ = library.read_labels(tmp_path / "labels.tif")
    np.testing.assert_array_equal(got, ids)


def fails(call, status, *words):
    with pytest.raises(library.Failure) as caught:
        call()
    assert caught.value.status == status
    for word in words:
        assert word in str(caught.value)


@pytest.mark.parametrize("dtype, value", [("int8", -1), ("int16", -7), ("int32", -1), ("int64", -1), ("int64", 2**32), ("uint64", 2**40),
                                          ("float16", 0.5), ("float32", -1), ("float32", 2.0**32), ("float64", 1e300), ("float64", np.nan)])
def test_labels_refuse_all_but_whole_numbers_of_32_bits(tmp_path, dtype, value):
    ids = np.ones((5, 6), dtype)
    ids[3, 2] = value
    tifffile.imwrite(tmp_path / "labels.tif", ids, metadata=None, photometric="minisblack")
    fails(lambda: library.read_labels(tmp_path / "labels.tif"), "CELLSEG_ERR_FORMAT", "labels.tif", "row 3, column 2")


def test_labels_of_several_channels_are_refused(tmp_path):
    Image.fromarray(pixels("uint8", 8, 8, 3)).save(tmp_path / "labels.png")
    fails(lambda: library.read_labels(tmp_path / "labels.png"), "CELLSEG_ERR_FORMAT", "has 3 channels; a label map has one")
    tifffile.imwrite(tmp_path / "labels.tif", np.ones((2, 8, 8), np.uint16), metadata=None, photometric="minisblack")
    fails(lambda: library.read_labels(tmp_path / "labels.tif"), "CELLSEG_ERR_FORMAT", "has 2 channels; a label map has one")


def test_complex_samples_are_refused(tmp_path):
    tifffile.imwrite(tmp_path / "image.tif", np.zeros((8, 8), np.complex64), metadata=None, photometric="minisblack")
    fails(lambda: library.read_image(tmp_path / "image.tif"), "CELLSEG_ERR_FORMAT", "image.tif", "page 1", "64-bit complex")


@pytest.mark.parametrize("second", [np.zeros((9, 8), np.uint8), np.zeros((8, 8), np.uint16), np.zeros((8, 8), np.int8)])
def test_pages_that_differ_are_named(tmp_path, second):
    with tifffile.TiffWriter(tmp_path / "image.tif") as file:
        for page in (np.zeros((8, 8), np.uint8), np.zeros((8, 8), np.uint8), second):
            file.write(page, metadata=None, photometric="minisblack")
    fails(lambda: library.read_image(tmp_path / "image.tif"), "CELLSEG_ERR_FORMAT", "page 3", "page 1", "8 x 8 uint8")


def test_max_bytes(tmp_path):
    tifffile.imwrite(tmp_path / "image.tif", np.zeros((3, 100, 100), np.uint16), metadata=None, photometric="minisblack")
    Image.fromarray(np.zeros((100, 100), np.uint8)).save(tmp_path / "image.png")
    library.read_image(tmp_path / "image.tif", max_bytes=60000)
    library.read_image(tmp_path / "image.png", max_bytes=10000)
    fails(lambda: library.read_image(tmp_path / "image.tif", max_bytes=59999), "CELLSEG_ERR_LIMIT", "image.tif", "max_bytes")
    fails(lambda: library.read_image(tmp_path / "image.png", max_bytes=9999), "CELLSEG_ERR_LIMIT", "image.png", "max_bytes")


def test_paths_that_are_no_image(tmp_path):
    fails(lambda: library.read_image(tmp_path), "CELLSEG_ERR_IO", str(tmp_path), "directory")
    fails(lambda: library.read_image(tmp_path / "none.tif"), "CELLSEG_ERR_IO", "none.tif", "No such file")
    fails(lambda: library.read_image("/dev/zero"), "CELLSEG_ERR_IO", "not a regular file")
    (tmp_path / "empty.tif").touch()
    fails(lambda: library.read_image(tmp_path / "empty.tif"), "CELLSEG_ERR_FORMAT", "empty.tif", "empty")
    (tmp_path / "text.tif").write_text("II, said the emperor")
    fails(lambda: library.read_image(tmp_path / "text.tif"), "CELLSEG_ERR_FORMAT", "neither a PNG nor a TIFF")


# ---- stacks ----


@pytest.mark.parametrize("axes, sizes", [("ZYX", "5 slices (Z, 0 to 4)"), ("TYX", "5 time points (T, 0 to 4)"), ("TZCYX", "2 slices (Z, 0 to 1) and 5 time points (T, 0 to 4)")])
@pytest.mark.parametrize("imagej", [False, True])
def test_stacks_are_refused(tmp_path, axes, sizes, imagej):
    """Their planes would pass for channels."""
    path = tmp_path / ("stack.tif" if imagej else "stack.ome.tif")
    shape = {"ZYX": (5, 6, 8), "TYX": (5, 6, 8), "TZCYX": (5, 2, 3, 6, 8)}[axes]
    tifffile.imwrite(path, np.zeros(shape, np.uint8), imagej=imagej, photometric="minisblack", metadata={"axes": axes})
    with pytest.raises(library.Failure, match="stack of ") as caught:
        library.read_image(path, pixel_size_um=0.5)
    assert sizes in str(caught.value) and str(path) in str(caught.value) and caught.value.status == "CELLSEG_ERR_FORMAT"


@pytest.mark.parametrize("imagej", [False, True])
def test_channels_are_no_stack(tmp_path, imagej):
    path = tmp_path / ("image.tif" if imagej else "image.ome.tif")
    tifffile.imwrite(path, np.zeros((3, 6, 8), np.uint8), imagej=imagej, photometric="minisblack", metadata={"axes": "CYX"})
    assert library.read_image(path)[0].shape[0] == 3


def test_one_plane_of_a_stack_kept_in_many_files_is_read(tmp_path):
    """Each such file describes the whole stack."""
    text = '<?xml version="1.0"?><OME><Image><Pixels SizeX="8" SizeY="6" SizeZ="5" SizeT="1" SizeC="1"/></Image></OME>'
    tifffile.imwrite(tmp_path / "plane.ome.tif", np.ones((6, 8), np.uint8), metadata=None, description=text)
    assert library.read_image(tmp_path / "plane.ome.tif")[0].shape == (1, 6, 8)
    tifffile.imwrite(tmp_path / "two.ome.tif", np.ones((2, 6, 8), np.uint8), metadata=None, description=text, photometric="minisblack")
    with pytest.raises(library.Failure, match="5 slices"):
        library.read_image(tmp_path / "two.ome.tif")


def test_a_limit_speaks_of_one_channel(tmp_path):
    tifffile.imwrite(tmp_path / "image.tif", np.ones((6, 8), np.uint8))
    with pytest.raises(library.Failure, match="6 x 8 pixels of 1 channel take"):
        library.read_image(tmp_path / "image.tif", max_bytes=10)
