#!/usr/bin/python3
# SPDX-License-Identifier: BSD-3-Clause
"""Write a mosaic of real fields as a tiled BigTIFF of any size, for the figures of large images.

    tests/bench/make_mosaic.py OUT.tif HEIGHT WIDTH FIELD.tif ... [--compression deflate]

Fields are mirrored and turned at random (of a fixed seed) and lie side by side, so that neighbours differ. All channels of the
fields are written; the pixel size is the first field's. A row of tiles is in memory at a time.
"""
import argparse

import numpy as np
import tifffile

TILE = 512


def read_field(path):
    """(channels, height, width), cut to the largest square."""
    pixels = tifffile.imread(path)
    pixels = pixels[np.newaxis] if pixels.ndim == 2 else pixels
    edge = min(pixels.shape[1:])
    return pixels[:, :edge, :edge]


def turned(field, turn):
    field = field[:, :, ::-1] if turn & 1 else field
    return np.rot90(field, turn >> 1, axes=(1, 2))


def tiles_of(fields, channel, height, width):
    """The channel's tiles in raster order."""
    edge = min(f.shape[1] for f in fields)
    across = -(-width // edge)
    rows = {}
    for top in range(0, height, TILE):
        band = np.zeros((TILE, across * edge), fields[0].dtype)
        for row in range(top // edge, min(top + TILE - 1, height - 1) // edge + 1):
            if row not in rows:
                rng = np.random.default_rng(row)
                picks, turns = rng.integers(len(fields), size=across), rng.integers(8, size=across)
                rows = {row - 1: rows[row - 1]} if row - 1 in rows else {}
                rows[row] = np.concatenate([turned(fields[p], t)[channel][:edge, :edge] for p, t in zip(picks, turns)], axis=1)
            first, end = max(top, row * edge), min(top + TILE, (row + 1) * edge)
            band[first - top : end - top] = rows[row][first - row * edge : end - row * edge]
        for left in range(0, width, TILE):
            tile = np.zeros((TILE, TILE), band.dtype)
            part = band[: height - top, left : min(left + TILE, width)]
            tile[: part.shape[0], : part.shape[1]] = part
            yield tile


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out")
    parser.add_argument("height", type=int)
    parser.add_argument("width", type=int)
    parser.add_argument("fields", nargs="+")
    parser.add_argument("--pixel-size", type=float, default=0.6236, help="um; default 0.6236")
    parser.add_argument("--compression", choices=["none", "deflate"], default="none")
    arguments = parser.parse_args()
    fields = [read_field(path) for path in arguments.fields]
    per_cm = 1e4 / arguments.pixel_size
    with tifffile.TiffWriter(arguments.out, bigtiff=True) as writer:
        for channel in range(fields[0].shape[0]):
            writer.write(
                tiles_of(fields, channel, arguments.height, arguments.width),
                shape=(arguments.height, arguments.width),
                dtype=fields[0].dtype,
                tile=(TILE, TILE),
                compression=None if arguments.compression == "none" else "deflate",
                photometric="minisblack",
                resolution=(per_cm, per_cm),
                resolutionunit="CENTIMETER",
                metadata=None,
            )


if __name__ == "__main__":
    main()
