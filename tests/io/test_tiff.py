# SPDX-License-Identifier: BSD-3-Clause
"""Layouts of TIFF files that other writers make, and tables that contradict each other. NumPy packs the samples."""

import ctypes
import ctypes.util
import lzma
import struct
import subprocess
import sys
import time
import zlib

import library
import numpy as np
import pytest
import tifffile
from PIL import Image
from tiff_file import File, one_page, page_tags

HEIGHT, WIDTH = 19, 23
RNG = np.random.default_rng(5)


def packed(array, bits, order="<"):
    """Rows of an array of whole numbers (height x columns), each sample in `bits` bits, each row in whole bytes."""
    if bits % 8 == 0:
        wide = array.astype(order + "i8").view(np.uint8).reshape(*array.shape, 8)
        return (wide[..., : bits // 8] if order == "<" else wide[..., 8 - bits // 8 :]).tobytes()
    ones = array.astype(np.int64)[..., None] >> np.arange(bits - 1, -1, -1) & 1
    return np.packbits(ones.reshape(len(array), -1).astype(np.uint8), axis=1).tobytes()


def fails(call, status, *words):
    with pytest.raises(library.Failure) as caught:
        call()
    assert caught.value.status == status, str(caught.value)
    for word in words:
        assert word in str(caught.value)
    assert "\n" not in str(caught.value)


def assert_reads(path, array, **options):
    got, pixel_size = library.read_image(path, **options)
    assert got.dtype == array.dtype
    np.testing.assert_array_equal(got, array)
    return pixel_size


# ---- samples ----


@pytest.mark.parametrize("samples", [1, 3])
@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("signed", [False, True])
def test_integers_of_every_depth(tmp_path, signed, order, samples):
    for bits in range(2 if signed else 1, 33):
        low, high = (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1) if signed else (0, 2**bits - 1)
        image = RNG.integers(low, high, (HEIGHT, WIDTH, samples), endpoint=True)
        image.flat[:2] = low, high
        data = packed(image.reshape(HEIGHT, -1), bits, order)
        more = {"t277": (3, [samples]), "t339": (3, [2 if signed else 1] * samples), "t258": (3, [bits] * samples)}
        one_page(tmp_path / "image.tif", HEIGHT, WIDTH, bits, data, order, **more)
        sizes = (16, 32) if signed else (8, 16, 32)
        kind = np.dtype(f"{'i' if signed else 'u'}{next(s for s in sizes if s >= bits) // 8}")
        assert_reads(tmp_path / "image.tif", np.moveaxis(image, -1, 0).astype(kind))
        if signed or samples > 1:
            continue
        one_page(tmp_path / "white.tif", HEIGHT, WIDTH, bits, data, order, **more, t262=(3, [0]))
        assert_reads(tmp_path / "white.tif", (high - np.moveaxis(image, -1, 0)).astype(kind))
        np.testing.assert_array_equal(library.read_labels(tmp_path / "white.tif")[0], image[..., 0])


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("compression", [None, "zlib"])
def test_half_floats(tmp_path, order, compression):
    """Every pattern of 16 bits."""
    image = np.arange(65536, dtype=np.uint16).view(np.float16).reshape(1, 256, 256)
    tifffile.imwrite(tmp_path / "image.tif", image[0], byteorder=order, compression=compression, photometric="minisblack", metadata=None)
    assert_reads(tmp_path / "image.tif", image.astype(np.float32))


@pytest.mark.parametrize("order", "<>")
def test_floats_of_24_bits(tmp_path, order):
    """One sign bit, 7 of the exponent with a bias of 63, 16 of the fraction."""
    patterns = RNG.integers(0, 2**24, (HEIGHT, WIDTH))
    patterns.flat[:5] = 0, 1 << 23, 1, 127 << 16, 255 << 16
    sign, exponent, fraction = patterns >> 23, patterns >> 16 & 127, patterns & 65535
    value = np.where(exponent > 0, (1 + fraction / 65536) * 2.0 ** (exponent - 63), fraction / 65536 * 2.0**-62)
    value = np.where(exponent == 127, np.where(fraction > 0, np.nan, np.inf), value) * np.where(sign == 1, -1, 1)
    one_page(tmp_path / "image.tif", HEIGHT, WIDTH, 24, packed(patterns, 24, order), order, t339=(3, [3]))
    assert_reads(tmp_path / "image.tif", value[None].astype(np.float32))


@pytest.mark.parametrize("dtype", ["int64", "uint64"])
@pytest.mark.parametrize("order", "<>")
def test_integers_of_64_bits_that_fit(tmp_path, dtype, order):
    image = RNG.integers(0, 2**53, (HEIGHT, WIDTH), dtype=np.int64, endpoint=True)
    image *= -1 if dtype == "int64" else 1
    for compression in (None, "zlib"):
        tifffile.imwrite(tmp_path / "image.tif", image.astype(dtype), byteorder=order, compression=compression, metadata=None,
                         photometric="minisblack")
        assert_reads(tmp_path / "image.tif", image[None].astype(np.float64))
    image[7, 3] = 2**53 + 1
    tifffile.imwrite(tmp_path / "image.tif", image.astype(dtype), byteorder=order, metadata=None, photometric="minisblack")
    fails(lambda: library.read_image(tmp_path / "image.tif"), "CELLSEG_ERR_FORMAT", "page 1, strip 1", "9007199254740993 does not fit")


@pytest.mark.parametrize("codec", ["none", "lzw", "zip", "packbits", "g4"])
def test_bits_in_reverse_order(tmp_path, codec):
    bits = 1 if codec == "g4" else 16
    image = RNG.integers(0, 2**bits, (64, 70)).astype(np.uint8 if bits == 1 else np.uint16)
    one_page(tmp_path / "plain.tif", 64, 70, bits, packed(image, bits))
    subprocess.run(["tiffcp", "-c", codec, "-f", "lsb2msb", "-r", "16", tmp_path / "plain.tif", tmp_path / "image.tif"], check=True)
    assert tifffile.TiffFile(tmp_path / "image.tif").pages[0].tags["FillOrder"].value == 2
    assert_reads(tmp_path / "image.tif", image[None])


@pytest.mark.parametrize("predictor", [2, 3])
@pytest.mark.parametrize("compression", [1, 32773, 7, 34887])
def test_predictors_of_codecs_without_one_are_refused(tmp_path, compression, predictor):
    more = {"t259": (3, [compression]), "t317": (3, [predictor])}
    one_page(tmp_path / "image.tif", 4, 4, 8, bytes(16), **more)
    fails(lambda: library.read_image(tmp_path / "image.tif"), "CELLSEG_ERR_FORMAT", "page 1", f"predictor {predictor} has no meaning")


@pytest.mark.parametrize("bits, kind, predictor", [(12, 1, 2), (16, 1, 3), (32, 2, 3), (8, 1, 4)])
def test_predictors_of_samples_without_one_are_refused(tmp_path, bits, kind, predictor):
    more = {"t259": (3, [8]), "t317": (3, [predictor]), "t339": (3, [kind])}
    one_page(tmp_path / "image.tif", 4, 4, bits, zlib.compress(bytes(64)), **more)
    fails(lambda: library.read_image(tmp_path / "image.tif"), "CELLSEG_ERR_FORMAT", "page 1", f"predictor {predictor} has no meaning")


# ---- strips and tiles ----


@pytest.mark.parametrize("big", [False, True])
@pytest.mark.parametrize("compressed", [False, True])
def test_absent_blocks_are_zeros(tmp_path, compressed, big):
    image = RNG.integers(1, 65536, (48, 64)).astype(np.uint16)
    file, offsets, sizes = File(big=big), [], []
    for i in range(6):  # tiles of 16 x 32
        y, x = i // 2 * 16, i % 2 * 32
        if i in (1, 4):
            image[y : y + 16, x : x + 32] = 0
        data = image[y : y + 16, x : x + 32].astype("<u2").tobytes()
        data = zlib.compress(data) if compressed else data
        offsets.append(0 if i in (1, 4) else file.add(data))
        sizes.append(0 if i in (1, 4) else len(data))
    tags = page_tags(48, 64, 16, [0], t259=(3, [8 if compressed else 1]), t273=None, t278=None, t322=(3, [32]), t323=(3, [16]),
                     t324=(4, offsets), t325=(4, sizes))
    file.directory(tags)
    file.save(tmp_path / "image.tif")
    assert_reads(tmp_path / "image.tif", image[None])


def test_a_small_file_of_absent_blocks_is_no_large_image(tmp_path):
    file = File()
    file.directory(page_tags(30000, 30000, 16, [0], [0]))
    file.save(tmp_path / "image.tif")
    fails(lambda: library.read_image(tmp_path / "image.tif"), "CELLSEG_ERR_FORMAT", "cannot hold 30000 x 30000 pixels")


@pytest.mark.parametrize("compression", ["zlib", "lzw"])
@pytest.mark.parametrize("height, width", [(3000, 3001), (1, 300000), (9, 1500000)])
def test_large_strips_are_read_in_pieces(tmp_path, compression, height, width):
    """More bytes than one piece; without the library's own tools tifffile has no LZW."""
    image = (np.arange(height * width) * 7 % 1009).astype(np.uint16).reshape(height, width)
    tifffile.imwrite(tmp_path / "plain.tif", image, rowsperstrip=height, metadata=None, photometric="minisblack")
    codec = {"zlib": "zip:2", "lzw": "lzw:2"}[compression]
    subprocess.run(["tiffcp", "-c", codec, "-r", str(height), tmp_path / "plain.tif", tmp_path / "image.tif"], check=True)
    assert_reads(tmp_path / "plain.tif", image[None])
    assert_reads(tmp_path / "image.tif", image[None])


def strips(path, **changes):
    """10 x 8 bytes in strips of 5 rows, with changed tags."""
    file = File()
    first = file.add(bytes(range(80)))
    tags = page_tags(10, 8, 8, [first, first + 40], [40, 40], rows=5)
    tags.update({int(name[1:]): value for name, value in changes.items()})
    file.directory({tag: value for tag, value in tags.items() if value is not None})
    file.save(path)


CONTRADICTIONS = [
    ({"t278": (4, [10])}, "page 1 lists 2 strips", "make 1"),
    ({"t278": (4, [3])}, "page 1 lists 2 strips", "make 4"),
    ({"t257": (4, [20])}, "page 1 lists 2 strips", "make 4"),
    ({"t279": (4, [40])}, "page 1 lists 1 sizes of its 2 strips"),
    ({"t279": (4, [40, 39])}, "page 1, strip 2", "39 bytes in the file, and its rows have 40"),
    ({"t279": (4, [48, 40])}, "page 1, strip 1", "48 bytes in the file, and its rows have 40"),
    ({"t279": (4, [40, 99999])}, "page 1, strip 2", "99999 bytes at byte", "beyond the file's"),
    ({"t273": (4, [8, 99999])}, "page 1, strip 2", "40 bytes at byte 99999"),
    ({"t273": (4, [8, 0])}, "page 1, strip 2", "damaged"),
    ({"t279": (4, [0, 40])}, "page 1, strip 1", "damaged"),
    ({"t273": None}, "page 1 lists 0 strips"),
    ({"t273": (4, 2, 99999)}, "page 1: tag 273 is damaged", "beyond the file's"),
    ({"t273": (4, 2**31, 8)}, "page 1: tag 273 is damaged"),
    ({"t273": (11, 2, 8)}, "page 1: tag 273 is damaged", "no whole numbers"),
    ({"t273": (99, 2, 8)}, "page 1: tag 273 is damaged", "type 99 is unknown"),
    ({"t258": (3, 4, 99999)}, "page 1: tag 258 is damaged"),
    ({"t258": (3, [8, 8, 16]), "t277": (3, [3])}, "different depths"),
    ({"t270": (2, 4000, 8)}, "page 1: tag 270 is damaged"),
    ({"t282": (5, 1, 99999)}, "page 1: tag 282 is damaged"),
    ({"t282": (2, b"0.65\0\0\0\0")}, "page 1: tag 282 is damaged"),
    ({"t305": (2, 4000, 8)}, "page 1: tag 305 is damaged"),
    ({"t256": (4, [0])}, "page 1", "not an image"),
    ({"t277": (3, [0])}, "page 1", "not an image"),
    ({"t32997": (4, [2])}, "page 1", "depth 2"),
    ({"t278": (4, [0])}, "page 1", "empty"),
    ({"t259": (3, [6])}, "page 1: compression 6 is not supported"),
    ({"t259": (3, [34712])}, "page 1: compression 34712 is not supported"),
    ({"t262": (3, [8])}, "page 1: photometric interpretation 8 is not supported"),
]


@pytest.mark.parametrize("changes, words", [(c, w) for c, *w in CONTRADICTIONS])
def test_contradictions_are_refused(tmp_path, changes, words):
    strips(tmp_path / "image.tif", **changes)
    fails(lambda: library.read_image(tmp_path / "image.tif"), "CELLSEG_ERR_FORMAT", "image.tif", *words)


@pytest.mark.parametrize("changes", [
    {}, {"t279": None}, {"t50000": (2, 4000, 99999)}, {"t50000": (99, 2**31, 99999)}, {"t278": (4, [5]), "t279": (3, [40, 40])},
    {"t273": (4, [8, 48]), "t279": (4, [40, 44])}, {"t305": (2, b"")}, {"t258": (3, [8, 8, 8])},
])
def test_harmless_oddities_are_read(tmp_path, changes):
    strips(tmp_path / "image.tif", **changes)
    assert_reads(tmp_path / "image.tif", np.arange(80, dtype=np.uint8).reshape(1, 10, 8))


def test_one_strip_without_its_size(tmp_path):
    file = File()
    image = RNG.integers(0, 99, (1, 30, 30)).astype(np.uint8)
    file.directory(page_tags(30, 30, 8, [8 + 400], t259=(3, [8])))
    file.bytes = file.bytes.ljust(408, b"\0") + zlib.compress(image.tobytes())
    file.save(tmp_path / "image.tif")
    assert_reads(tmp_path / "image.tif", image)


# ---- checksums ----


@pytest.mark.parametrize("predictor", [False, True])
def test_a_flipped_bit_of_deflate_never_gives_other_pixels(tmp_path, predictor):
    image = RNG.normal(500, 20, (20, 25)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "image.tif", image, compression="zlib", predictor=predictor, metadata=None, photometric="minisblack")
    page = tifffile.TiffFile(tmp_path / "image.tif").pages[0]
    whole = bytearray((tmp_path / "image.tif").read_bytes())
    refused = 0
    for at in range(page.dataoffsets[0], page.dataoffsets[0] + page.databytecounts[0]):
        damaged = bytearray(whole)
        damaged[at] ^= 1 << at % 8
        (tmp_path / "damaged.tif").write_bytes(damaged)
        try:
            np.testing.assert_array_equal(library.read_image(tmp_path / "damaged.tif")[0][0], image)
        except library.Failure as failure:
            refused += 1
            assert failure.status == "CELLSEG_ERR_FORMAT" and "page 1, strip 1: damaged deflate data" in str(failure)
    assert refused >= page.databytecounts[0] - 8  # a few bits of headers have no meaning


def zstd(data):
    """A frame with a checksum."""
    library_of_zstd = ctypes.CDLL(ctypes.util.find_library("zstd"))
    library_of_zstd.ZSTD_createCCtx.restype = ctypes.c_void_p
    library_of_zstd.ZSTD_compress2.restype = ctypes.c_size_t
    context = ctypes.c_void_p(library_of_zstd.ZSTD_createCCtx())
    checksum_flag, out = 201, ctypes.create_string_buffer(2 * len(data) + 1000)
    library_of_zstd.ZSTD_CCtx_setParameter(context, checksum_flag, 1)
    size = library_of_zstd.ZSTD_compress2(context, out, ctypes.c_size_t(len(out)), data, ctypes.c_size_t(len(data)))
    library_of_zstd.ZSTD_freeCCtx(context)
    return out.raw[:size]


@pytest.mark.parametrize("compression, compress", [(50000, zstd), (34925, lzma.compress)])
def test_checksums_of_zstandard_and_xz(tmp_path, compression, compress):
    """Small numbers and noise, so that flipped bits change pixels and not the stream's structure."""
    image = RNG.integers(0, 256, (20, 30)).astype(np.uint8)
    data = compress(image.tobytes())
    one_page(tmp_path / "image.tif", 20, 30, 8, data, t259=(3, [compression]))
    assert_reads(tmp_path / "image.tif", image[None])
    refused = 0
    for at in range(len(data)):
        damaged = bytearray(data)
        damaged[at] ^= 1 << at % 8
        one_page(tmp_path / "damaged.tif", 20, 30, 8, bytes(damaged), t259=(3, [compression]))
        try:
            np.testing.assert_array_equal(library.read_image(tmp_path / "damaged.tif")[0][0], image)
        except library.Failure as failure:
            refused += 1
            assert failure.status == "CELLSEG_ERR_FORMAT" and "page 1, strip 1: " in str(failure)
    assert refused >= 600


def test_the_last_strip_may_hold_rows_beyond_the_image(tmp_path):
    image = RNG.integers(0, 99, (1, 15, 8)).astype(np.uint8)
    file, offsets, sizes = File(), [], []
    for part in (image[0, :10], np.vstack([image[0, 10:], np.zeros((5, 8), np.uint8)])):
        offsets.append(file.add(zlib.compress(part.tobytes())))
        sizes.append(len(zlib.compress(part.tobytes())))
    file.directory(page_tags(15, 8, 8, offsets, sizes, rows=10, t259=(3, [8])))
    file.save(tmp_path / "image.tif")
    assert_reads(tmp_path / "image.tif", image)


def test_the_decoder_s_own_reason(tmp_path):
    image = RNG.integers(0, 9999, (50, 60)).astype(np.uint16)
    tifffile.imwrite(tmp_path / "plain.tif", image, metadata=None, photometric="minisblack")
    for codec, words in (("lzw", ""), ("zstd", "ZSTD"), ("lzma", ""), ("packbits", ""), ("zip", "deflate")):
        subprocess.run(["tiffcp", "-c", codec, "-r", "50", tmp_path / "plain.tif", tmp_path / "image.tif"], check=True)
        page = tifffile.TiffFile(tmp_path / "image.tif").pages[0]
        data = bytearray((tmp_path / "image.tif").read_bytes())
        half = page.dataoffsets[0] + page.databytecounts[0] // 2
        data[half : page.dataoffsets[0] + page.databytecounts[0]] = bytes(page.databytecounts[0] - page.databytecounts[0] // 2)
        (tmp_path / "image.tif").write_bytes(data)
        fails(lambda: library.read_image(tmp_path / "image.tif"), "CELLSEG_ERR_FORMAT", "image.tif: page 1, strip 1: ", words)
        with pytest.raises(library.Failure) as caught:
            library.read_image(tmp_path / "image.tif")
        assert "unknown tag" not in str(caught.value)


def test_a_jpeg_that_ends_early_is_refused(tmp_path):
    Image.fromarray(RNG.integers(0, 255, (64, 64, 3)).astype(np.uint8)).save(tmp_path / "image.tif", compression="jpeg")
    page = tifffile.TiffFile(tmp_path / "image.tif").pages[0]
    data = bytearray((tmp_path / "image.tif").read_bytes())
    half = page.databytecounts[0] // 2
    begin = page.dataoffsets[0] + half
    data[begin : begin + half] = (b"\xff\xd9" * half)[:half]
    (tmp_path / "image.tif").write_bytes(data)
    fails(lambda: library.read_image(tmp_path / "image.tif"), "CELLSEG_ERR_FORMAT", "page 1, strip 1")


# ---- pyramids ----


def reduced(image, factor):
    return image[..., ::factor, ::factor]


@pytest.mark.parametrize("kind", ["plain", "marked", "subifds"])
@pytest.mark.parametrize("channels", [1, 3])
def test_levels_of_a_pyramid(tmp_path, kind, channels):
    image = RNG.integers(0, 65536, (channels, 96, 128)).astype(np.uint16)
    options = {"metadata": None, "photometric": "minisblack", "software": "libcellseg", "tile": (16, 16)}
    with tifffile.TiffWriter(tmp_path / "image.tif") as file:
        for plane in image:
            file.write(plane, subifds=2 if kind == "subifds" else 0, resolution=(1e4 / 0.25, 1e4 / 0.25, 3), **options)
            if kind == "subifds":
                file.write(reduced(plane, 2), subfiletype=1, **options)
                file.write(reduced(plane, 4), subfiletype=1, **options)
        if kind != "subifds":
            for factor in (2, 4):
                for plane in image:
                    file.write(reduced(plane, factor), subfiletype=1 if kind == "marked" else 0, **options)
    path = tmp_path / "image.tif"
    assert assert_reads(path, image) == pytest.approx(0.25)
    for level_um, factor in ((0.1, 1), (0.3, 1), (0.4, 2), (0.6, 2), (0.8, 4), (50, 4)):
        assert assert_reads(path, reduced(image, factor), level_um=level_um) == pytest.approx(0.25 * factor)
    assert assert_reads(path, reduced(image, 2), level_um=1.0, pixel_size_um=0.5) == 1.0


def test_a_level_needs_a_pixel_size(tmp_path):
    tifffile.imwrite(tmp_path / "image.tif", np.zeros((8, 8), np.uint8), metadata=None, photometric="minisblack")
    fails(lambda: library.read_image(tmp_path / "image.tif", level_um=0.5), "CELLSEG_ERR_FORMAT", "the pixel size is unknown")


# ---- time and memory before belief ----


def chain(path, count, last=0):
    """`count` directories of one tag."""
    ifds = np.zeros(count, np.dtype([("n", "<u2"), ("tag", "<u2"), ("kind", "<u2"), ("count", "<u4"), ("value", "<u4"), ("next", "<u4")]))
    ifds["n"], ifds["tag"], ifds["kind"], ifds["count"], ifds["value"] = 1, 256, 4, 1, 8
    ifds["next"] = 8 + 18 * np.arange(1, count + 1)
    ifds["next"][-1] = last
    path.write_bytes(b"II*\0" + struct.pack("<I", 8) + ifds.tobytes())


def test_a_million_directories_end_in_a_second(tmp_path):
    chain(tmp_path / "image.tif", 1000000)
    begin = time.process_time()
    fails(lambda: library.read_image(tmp_path / "image.tif"), "CELLSEG_ERR_FORMAT", "more than 262144 pages")
    assert time.process_time() - begin < 2  # a second, and as much for a busy machine


@pytest.mark.parametrize("back", [0, 1, 70])
def test_loops_of_directories_are_refused(tmp_path, back):
    chain(tmp_path / "image.tif", 100, 8 + 18 * (99 - back))
    fails(lambda: library.read_image(tmp_path / "image.tif"), "CELLSEG_ERR_FORMAT", "loop")


MEMORY = """
import resource, sys, library
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
try:
    library.read_image(sys.argv[1])
except library.Failure as failure:
    print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before, failure)
"""


@pytest.mark.parametrize("compression", [5, 8, 34925, 50000])
def test_a_claim_is_decoded_before_the_image_is_allocated(tmp_path, compression):
    """40 strips of the same 20 kB, none of which is what the compression makes."""
    file = File()
    at = file.add(RNG.integers(0, 256, 20000).astype(np.uint8).tobytes())
    file.directory(page_tags(40000, 400, 8, [at] * 40, [20000] * 40, rows=1000, t259=(3, [compression])))
    file.save(tmp_path / "image.tif")
    done = subprocess.run([sys.executable, "-c", MEMORY, tmp_path / "image.tif"], capture_output=True, text=True, check=True,
                          cwd=library.__file__.rsplit("/", 1)[0])
    kib, _, message = done.stdout.partition(" ")
    assert "page 1, strip 1: " in message
    assert int(kib) < 8000 + (1 << 14 if compression == 50000 else 0), done.stdout
