#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Writes tests/data/io: one small file of each kind, by tifffile, Pillow, libtiff's tools and ImageMagick. The C tests damage them,
the fuzzer starts from them. Run it again only to add a kind."""

import pathlib
import subprocess

import numpy as np
import tifffile
from PIL import Image

FOLDER = pathlib.Path(__file__).resolve().parents[1] / "data" / "io"


def wave(dtype, *shape):
    y, x = np.mgrid[: shape[-2], : shape[-1]]
    image = np.stack([np.sin(x / 5 + c) * np.cos(y / 4) * 0.5 + 0.5 for c in range(shape[0])])
    return (image * (1000 if np.dtype(dtype).kind == "f" else np.iinfo(dtype).max)).astype(dtype)


def tiffcp(source, name, *options):
    subprocess.run(["tiffcp", *options, str(source), str(FOLDER / name)], check=True)
    source.unlink()


def convert(image, name, *options):
    source = FOLDER / "source.pnm"
    kind, depth = (b"P5" if len(image) == 1 else b"P6"), image.dtype.itemsize * 8
    header = b"%s %d %d %d\n" % (kind, image.shape[2], image.shape[1], 2**depth - 1)
    source.write_bytes(header + np.moveaxis(image, 0, -1).astype(f">u{depth // 8}").tobytes())
    subprocess.run(["convert", str(source), "-strip", *options, str(FOLDER / name)], check=True)
    source.unlink()


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    plain = FOLDER / "plain.tif"

    def write(path, image, **options):
        tifffile.imwrite(path, image, software=False, photometric="minisblack", **options)

    write(plain, wave("uint16", 1, 20, 30)[0], metadata=None)
    tiffcp(plain, "strips_lzw_big_endian.tif", "-c", "lzw:2", "-s", "-r", "8", "-B")
    write(plain, wave("uint8", 1, 20, 30)[0], metadata=None)
    tiffcp(plain, "tiles_packbits.tif", "-c", "packbits", "-t", "-w", "16", "-l", "16")
    write(plain, wave("uint32", 1, 20, 30)[0], metadata=None)
    tiffcp(plain, "strips_zstd_bigtiff.tif", "-c", "zstd", "-s", "-r", "8", "-8")
    write(plain, wave("float32", 1, 20, 30)[0], metadata=None)
    tiffcp(plain, "float_deflate_predictor.tif", "-c", "zip:3", "-s", "-r", "8")
    write(plain, wave("uint8", 3, 20, 30).transpose(1, 2, 0), planarconfig="contig", metadata=None)
    tiffcp(plain, "samples_lzma.tif", "-c", "lzma", "-s", "-r", "20")
    ome = {"axes": "CYX", "PhysicalSizeX": 0.65, "PhysicalSizeY": 0.65}
    write(FOLDER / "pages_deflate.ome.tif", wave("uint16", 2, 20, 30), compression="zlib", metadata=ome)
    write(FOLDER / "planar_tiles.tif", wave("uint16", 2, 20, 30), planarconfig="separate", tile=(16, 16), metadata=None)
    tifffile.imwrite(FOLDER / "imagej.tif", wave("uint8", 1, 20, 30)[0], imagej=True, resolution=(2, 2), metadata={"unit": "um"})
    pairs = (3, 1, 4, 8, 5, 8, 6, 8)
    write(FOLDER / "metamorph.tif", wave("uint8", 1, 10, 30)[0], metadata=None, extratags=[(33628, "I", 8, pairs, True)])
    Image.fromarray(wave("uint8", 3, 20, 30).transpose(1, 2, 0)).save(FOLDER / "jpeg.tif", compression="jpeg")
    Image.fromarray(wave("uint8", 3, 20, 30).transpose(1, 2, 0)).save(FOLDER / "rgb.png", dpi=(50800, 50800))
    convert(wave("uint16", 1, 20, 30), "grey16_interlaced.png", "-interlace", "PNG", "-depth", "16")
    Image.fromarray(wave("uint8", 1, 1, 30)[0].repeat(2000, 0)).save(FOLDER / "flat.png")  # compresses far beyond other images
    palette = Image.fromarray((wave("uint8", 1, 20, 30)[0] // 64).astype(np.uint8), "P")
    palette.putpalette(range(12))
    palette.save(FOLDER / "palette2.png", transparency=1)


if __name__ == "__main__":
    main()
