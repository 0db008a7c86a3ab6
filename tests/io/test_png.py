# SPDX-License-Identifier: BSD-3-Clause
"""PNG files that claim, hide or lose something: what they cost, and what the reader says of them."""

import ctypes
import os
import struct
import subprocess
import sys
import time
import zlib

import library
import numpy as np
import pytest
from cellseg import _lowlevel as c
from PIL import Image

GREY, RGB, PALETTE, GREY_ALPHA, RGBA = 0, 2, 3, 4, 6
SAMPLES = {GREY: 1, RGB: 3, PALETTE: 1, GREY_ALPHA: 2, RGBA: 4}


def chunk(name, data):
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def header(height, width, depth=8, colour=GREY, interlaced=0):
    return chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced))


def png(*chunks):
    return b"\x89PNG\r\n\x1a\n" + b"".join(chunks) + chunk(b"IEND", b"")


def write(tmp_path, *chunks):
    path = tmp_path / "image.png"
    path.write_bytes(png(*chunks))
    return path


def rows(array):
    """The pixel data of a grey image, without a filter."""
    return b"".join(b"\0" + row.astype(array.dtype.newbyteorder(">")).tobytes() for row in array)


def fails(path, status, *words):
    with pytest.raises(library.Failure) as caught:
        library.read_image(path)
    assert caught.value.status == status
    for word in (path.name, *words):
        assert word in str(caught.value)


MEASURE = """
import ctypes, os, resource, sys
class Options(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("threads", ctypes.c_int32), ("cpu_level", ctypes.c_int32),
                ("budget", ctypes.c_uint64), ("alloc", ctypes.c_void_p), ("free", ctypes.c_void_p)] + [
                (name, ctypes.c_void_p) for name in ("memory", "loop", "loop_user", "log", "log_user", "progress", "progress_user")]
lib = ctypes.CDLL(os.environ["CELLSEG_LIBRARY"])
libc = ctypes.CDLL(None)
libc.malloc.restype, libc.malloc.argtypes, libc.free.argtypes = ctypes.c_void_p, [ctypes.c_size_t], [ctypes.c_void_p]
sizes, use = {}, [0, 0]
def alloc(user, size):
    block = libc.malloc(size)
    sizes[block] = size
    use[0] += size
    use[1] = max(use)
    return block
def free(user, block):
    use[0] -= sizes.pop(block)
    libc.free(block)
hooks = (ctypes.CFUNCTYPE(ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t)(alloc),
         ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_void_p)(free))
options, context, image = Options(), ctypes.c_void_p(), ctypes.c_void_p()
assert lib.cellseg_context_options_init(ctypes.byref(options), ctypes.sizeof(options)) == 0
options.alloc, options.free = (ctypes.cast(hook, ctypes.c_void_p) for hook in hooks)
assert lib.cellseg_context_new(ctypes.byref(context), ctypes.byref(options)) == 0
resident = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
lib.cellseg_image_read(ctypes.byref(image), context, sys.argv[1].encode(), None)
print(use[1], (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - resident) * 1024)
"""


def peaks(path):
    """The most bytes that the context's hooks had handed out, and the growth of the process, while the file was read."""
    done = subprocess.run([sys.executable, "-c", MEASURE, path], check=True, capture_output=True, text=True)
    return tuple(int(word) for word in done.stdout.split())


# ---- what is passed over ----

FLOOD = zlib.compress(bytes(8_000_000), 9)
HIDDEN = [
    b"zTXt" + b"key\0\0" + FLOOD,
    b"iTXt" + b"key\0\1\0en\0key\0" + FLOOD,
    b"iCCP" + b"profile\0\0" + FLOOD,
    b"tEXt" + b"key\0" + bytes([65]) * 9_000_000,
    b"eXIf" + b"II*\0" + bytes(9_000_000),
    b"sPLT" + b"name\0\x08" + bytes(9_000_000),
    b"xxXx" + bytes(9_000_000),
]


@pytest.mark.parametrize("hidden", HIDDEN, ids=lambda h: h[:4].decode())
@pytest.mark.parametrize("before", [True, False])
def test_what_is_not_the_image_costs_nothing(tmp_path, hidden, before):
    """20 texts of 8 MB each took 162 MB; a chunk of 9 MB is longer than libpng's own limit."""
    pixels = np.arange(64 * 64, dtype=np.uint16).reshape(64, 64)
    extra = [chunk(hidden[:4], hidden[4:])] * (1 if hidden[:4] == b"iCCP" else 5)
    data = chunk(b"IDAT", zlib.compress(rows(pixels)))
    path = write(tmp_path, header(64, 64, 16), *((*extra, data) if before else (data, *extra)))
    np.testing.assert_array_equal(library.read_image(path)[0][0], pixels)
    assert max(peaks(path)) < 3_000_000


def test_the_pixel_size_is_not_passed_over(tmp_path):
    data = chunk(b"IDAT", zlib.compress(rows(np.zeros((4, 4), np.uint8))))
    path = write(tmp_path, header(4, 4), chunk(b"pHYs", struct.pack(">IIB", 2_000_000, 2_000_000, 1)), data)
    assert library.read_image(path)[1] == pytest.approx(0.5)


# ---- claims ----


@pytest.mark.parametrize("interlaced", [0, 1])
@pytest.mark.parametrize("colour, depth", [(GREY, 1), (GREY, 8), (GREY, 16), (RGB, 8), (PALETTE, 2), (GREY_ALPHA, 16), (RGBA, 8)])
def test_a_claim_is_checked_by_the_bits_of_a_pixel(tmp_path, colour, depth, interlaced):
    """Beyond 1032 times its bytes, which is deflate's most, a file cannot hold its pixels: that costs no inflation."""
    palette = [chunk(b"PLTE", bytes(range(12)))] if colour == PALETTE else []
    data = chunk(b"IDAT", bytes(1000))
    size = len(png(header(1, 1), *palette, data))
    width = 1032 * size * 8 // (depth * SAMPLES[colour]) // 1000
    fails(write(tmp_path, header(1000, width + 1, depth, colour, interlaced), *palette, data), "CELLSEG_ERR_FORMAT", "cannot hold")
    fails(write(tmp_path, header(1000, width - 1, depth, colour, interlaced), *palette, data), "CELLSEG_ERR_FORMAT", "IDAT")


LIES = {
    "nothing": b"",
    "one row": zlib.compress(bytes(10_001)),
    "half": zlib.compress(bytes(50_000_000)),
    "cut": zlib.compress(bytes(100_010_000))[:-100],
    "noise": b"\x78\x9c" + bytes(range(256)),
}


@pytest.mark.parametrize("lie", LIES)
@pytest.mark.parametrize("height, width", [(10_000, 10_000), (1, 100_000_000), (100_000_000, 1)])
@pytest.mark.parametrize("interlaced", [0, 1])
def test_a_lie_takes_memory_about_the_file_s_size(tmp_path, lie, height, width, interlaced):
    """The file is padded until deflate could make its 100 million pixels of it."""
    path = write(tmp_path, header(height, width, 8, GREY, interlaced), chunk(b"IDAT", LIES[lie]), chunk(b"xxXx", bytes(400_000)))
    fails(path, "CELLSEG_ERR_FORMAT", "IDAT")
    assert max(peaks(path)) < 16 * os.path.getsize(path)


@pytest.mark.parametrize("interlaced", ["none", "PNG"])
def test_an_image_that_compresses_well_is_read(tmp_path, interlaced):
    """Within the plausible, beyond it, and close to deflate's bound; an interlaced image takes no more memory than another."""
    pixels = np.zeros((1500, 1100), np.uint8)
    for step in (50, 500, 5000):
        pixels[:] = 0
        pixels[step % 1500 :: max(step // 50, 1), ::7] = 9
        pixels[-1] = 200
        source, path = tmp_path / "source.png", tmp_path / "image.png"
        Image.fromarray(pixels).save(source)
        subprocess.run(["convert", source, "-interlace", interlaced, "-define", "png:color-type=0", "-depth", "8", path], check=True)
        np.testing.assert_array_equal(library.read_image(path)[0][0], pixels)
        assert peaks(path)[0] < pixels.size + 400_000


@pytest.mark.parametrize("height, width", [(1, 1), (1, 2), (2, 1), (3, 5), (5, 3), (4, 4), (8, 8), (9, 17), (1, 40), (40, 1)])
@pytest.mark.parametrize("mode, depth", [("L", "8"), ("1", "1"), ("I;16", "16"), ("RGB", "8")])
def test_every_pass_of_an_interlaced_image(tmp_path, height, width, mode, depth):
    """Small images lack some of the seven passes."""
    random = np.random.default_rng(height * 100 + width)
    image = random.integers(0, {"1": 2, "I;16": 65536}.get(mode, 256), (height, width, 3 if mode == "RGB" else 1))
    sample = 2 if mode == "I;16" else 1
    with open(tmp_path / "source.pnm", "wb") as file:
        file.write(b"P%d %d %d %d\n" % (6 if mode == "RGB" else 5, width, height, {"1": 1, "I;16": 65535}.get(mode, 255)))
        file.write(image.astype(f">u{sample}").tobytes())
    colour = "png:color-type=2" if mode == "RGB" else "png:color-type=0"
    subprocess.run(["convert", tmp_path / "source.pnm", "-interlace", "PNG", "-define", colour, "-depth", depth,
                    "-define", "png:bit-depth=" + depth, tmp_path / "image.png"], check=True)
    assert (tmp_path / "image.png").read_bytes()[28] == 1
    np.testing.assert_array_equal(np.moveaxis(library.read_image(tmp_path / "image.png")[0], 0, -1), image)


# ---- damage ----


@pytest.mark.parametrize("interlaced", ["none", "PNG"])
def test_no_flipped_bit_passes(tmp_path, interlaced):
    """Every byte lies under a checksum or is one."""
    pixels = np.random.default_rng(1).integers(0, 4000, (13, 11)).astype(np.uint16)
    with open(tmp_path / "source.pnm", "wb") as file:
        file.write(b"P5 11 13 65535\n" + pixels.astype(">u2").tobytes())
    subprocess.run(["convert", tmp_path / "source.pnm", "-interlace", interlaced, "-density", "300", tmp_path / "good.png"], check=True)
    good, path = (tmp_path / "good.png").read_bytes(), tmp_path / "image.png"
    assert b"pHYs" in good and b"tEXt" in good
    for position in range(len(good)):
        for bit in (1, 128):
            damaged = bytearray(good)
            damaged[position] ^= bit
            path.write_bytes(damaged)
            with pytest.raises(library.Failure) as caught:
                library.read_image(path)
            assert caught.value.status == "CELLSEG_ERR_FORMAT"


def test_no_cut_passes(tmp_path):
    pixels = np.arange(13 * 11, dtype=np.uint8).reshape(13, 11)
    good, path = png(header(13, 11), chunk(b"IDAT", zlib.compress(rows(pixels)))), tmp_path / "image.png"
    for length in range(8, len(good)):
        path.write_bytes(good[:length])
        fails(path, "CELLSEG_ERR_FORMAT", "ends early")
    path.write_bytes(good)
    np.testing.assert_array_equal(library.read_image(path)[0][0], pixels)


NOISE = np.random.default_rng(2).integers(0, 65536, (40, 60)).astype(np.uint16)
RAW = rows(NOISE)


@pytest.mark.parametrize(
    "data, words",
    [
        (zlib.compress(RAW)[:-1] + bytes([zlib.compress(RAW)[-1] ^ 1]), ["IDAT", "incorrect data check"]),
        (zlib.compress(RAW)[:-4], ["row 39", "Not enough"]),
        (zlib.compress(RAW)[:2000], ["row 16", "Not enough"]),
        (zlib.compress(RAW + b"more"), ["IDAT", "Too much"]),
        (zlib.compress(RAW + bytes(200_000_000), 9), ["IDAT", "more data"]),
        (zlib.compress(RAW[:-1]), ["row 39"]),
        (zlib.compress(b"\7" + RAW[1:]), ["row 0", "filter"]),
    ],
    ids=["checksum", "no checksum", "cut", "more", "much more", "less", "filter"],
)
def test_damage_that_the_chunk_s_checksum_does_not_tell(tmp_path, data, words):
    """After the last row libpng only warns, unless told otherwise."""
    fails(write(tmp_path, header(40, 60, 16), chunk(b"IDAT", data)), "CELLSEG_ERR_FORMAT", *words)


def test_padding_behind_the_compressed_data_is_no_damage(tmp_path):
    """As some writers leave it: the data are complete and their checksum is right."""
    path = write(tmp_path, header(40, 60, 16), chunk(b"IDAT", zlib.compress(RAW) + bytes(100)), chunk(b"IDAT", bytes(100)))
    np.testing.assert_array_equal(library.read_image(path)[0][0], NOISE)


def test_damage_is_placed(tmp_path):
    noise = np.random.default_rng(2).integers(0, 256, (400, 600)).astype(np.uint8)
    data = bytearray(zlib.compress(rows(noise), 0))
    data[601 * 200] ^= 255
    parts = [chunk(b"IDAT", bytes(data[i : i + 5000])) for i in range(0, len(data), 5000)]
    broken = bytearray(parts[20])
    broken[-1] ^= 1
    fails(write(tmp_path, header(400, 600), *parts[:20], bytes(broken), *parts[21:]), "CELLSEG_ERR_FORMAT", "row 174", "IDAT", "CRC")
    fails(write(tmp_path, header(400, 600), *parts[:20]), "CELLSEG_ERR_FORMAT", "row 166")
    size = bytearray(chunk(b"pHYs", struct.pack(">IIB", 2_000_000, 2_000_000, 1)))
    size[10] ^= 1
    fails(write(tmp_path, header(400, 600), bytes(size), *parts), "CELLSEG_ERR_FORMAT", "pHYs", "CRC")


# ---- cancel ----


@pytest.mark.parametrize("interlaced", [0, 1])
def test_a_read_is_cancelled_anywhere(tmp_path, interlaced):
    """Before the rows, in a chunk of 60 MB that is passed over; while a claim is inflated; and between rows."""
    text = chunk(b"tEXt", b"key\0" + bytes([65]) * 60_000_000)
    lie = zlib.compress(bytes(100_000_000), 1)
    noise = np.random.default_rng(1).integers(0, 256, (3000, 3000), np.uint8)
    files = {
        "text": png(header(64, 64), text, chunk(b"IDAT", zlib.compress(bytes(64 * 65)))),
        "claim": png(header(10_000, 9999, 8, GREY, interlaced), chunk(b"IDAT", lie)),
        "rows": png(header(3000, 3000), chunk(b"IDAT", zlib.compress(rows(noise), 1))),
    }
    for name, content in files.items():
        path = tmp_path / (name + ".png")
        path.write_bytes(content)
        for stop_at in (1, 2):
            calls = []

            def hear(_user, fraction, _step, calls=calls, stop_at=stop_at):
                calls.append(fraction)
                time.sleep(0.03)  # longer than the period of calls: the next is due, however fast the read is
                return len(calls) == stop_at

            stop = c.progress_fn(hear)
            options, context, image = c.context_options(), c.Context(), c.Image()
            c.context_options_init(options, ctypes.sizeof(options))
            options.progress = stop
            c.context_new(context, options)
            with pytest.raises(c.Cancelled):
                c.image_read(image, context, c.path_bytes(path), None)
            assert len(calls) == stop_at
