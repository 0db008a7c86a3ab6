# SPDX-License-Identifier: BSD-3-Clause
"""NumPy arrays and the library's images, label maps and tables: borrowed where the layouts agree, copied where not."""

from __future__ import annotations

import ctypes

import numpy as np

from . import _lowlevel as c

_TYPES = {
    "u1": c.UINT8, "u2": c.UINT16, "u4": c.UINT32, "f4": c.FLOAT32, "i2": c.INT16, "i4": c.INT32, "f8": c.FLOAT64
}  # fmt: skip
_DTYPES = {number: np.dtype(name) for name, number in _TYPES.items()}


def _supported(array: np.ndarray) -> np.ndarray:
    """The array in one of the library's sample types, native byte order and aligned; itself if it is so already."""
    if array.dtype == bool:
        array = array.view(np.uint8)
    elif array.dtype == np.float16:
        array = array.astype(np.float32)
    elif array.dtype.kind == "f" and array.dtype.itemsize > 8:
        array = array.astype(np.float64)
    elif array.dtype.str[1:] not in _TYPES:
        raise TypeError(f"pixels of type {array.dtype} are not supported; use one of {', '.join(map(str, _DTYPES.values()))}")
    return np.require(array, array.dtype.newbyteorder("="), "A")


def _borrowable(array: np.ndarray) -> bool:
    """Rows that follow one another, and channels one after the other or next to each other in each pixel."""
    channel, row, pixel = array.strides
    channels, height, width = array.shape
    size = array.itemsize
    if any(stride % size for stride in array.strides):
        return False
    pixel_ok = width == 1 or size <= pixel <= 1 << 20
    row_ok = height == 1 or row >= (width - 1) * pixel + size
    interleaved = width > 1 and size <= channel and (channels - 1) * channel + size <= pixel
    return pixel_ok and row_ok and (channels == 1 or interleaved or channel >= height * row)


def _layout(array: np.ndarray, pixel_size_um: float | None) -> tuple[c.image_layout, np.ndarray]:
    """How (channels, height, width) lie in memory, and the array that lies so: a copy where the library cannot read it."""
    if not _borrowable(array):
        array = np.ascontiguousarray(array)
    layout = c.image_layout()
    c.image_layout_init(layout, ctypes.sizeof(layout))
    layout.pixels = array.ctypes.data
    layout.channels, layout.height, layout.width = array.shape
    layout.pixel_type = _TYPES[array.dtype.str[1:]]
    layout.channel_stride_bytes = array.strides[0] if array.shape[0] > 1 else 0
    layout.pixel_stride_bytes = array.strides[2] if array.shape[2] > 1 else 0
    layout.row_stride_bytes = array.strides[1] if array.shape[1] > 1 else 0
    layout.pixel_size_um = pixel_size_um or 0
    return layout, array


def image_from(array: object, pixel_size_um: float | None = None) -> c.Image:
    """An image of (height, width) or (channels, height, width); no copy when the rows follow one another: also of interleaved
    pixels, np.moveaxis(rgb, -1, 0).

    The image keeps the array alive. Whoever writes to the array while the library reads it gets what he asked for.
    """
    array = _supported(np.asarray(array))
    if array.ndim == 2:
        array = array[np.newaxis]
    if array.ndim != 3 or 0 in array.shape:
        raise ValueError(f"an image is (height, width) or (channels, height, width), not {array.shape}")
    if array.shape[0] > array.shape[2]:  # more channels than columns
        raise ValueError(
            f"{array.shape} looks like (height, width, channels); an image is (channels, height, width), "
            f"here {array.shape[2:] + array.shape[:2]}: np.moveaxis(array, -1, 0)"
        )
    layout, array = _layout(array, pixel_size_um)
    image = c.Image(keep=array)
    c.image_wrap(image, None, layout)
    return image


def mask_from(array: object) -> c.Image:
    """A mask of (height, width): bool and uint8 arrays as they are, of others what is not 0."""
    array = np.asarray(array)
    return image_from(array if array.dtype in (np.bool_, np.uint8) else array != 0)


def _view(address: int, shape: tuple, dtype: np.dtype, owner: object) -> np.ndarray:
    """An array over the library's memory that keeps its owner alive."""
    count = int(np.prod(shape))
    if count == 0:
        return np.empty(shape, dtype)
    buffer = (ctypes.c_char * (count * dtype.itemsize)).from_address(address)
    buffer.owner = owner
    return np.frombuffer(buffer, dtype).reshape(shape)


def array_from_image(image: c.Image) -> np.ndarray:
    """(channels, height, width), without a copy."""
    shape = c.image_channels(image), c.image_height(image), c.image_width(image)
    dtype = _DTYPES[c.image_pixel_type(image)]
    between = c.image_pixels(image, 1) - c.image_pixels(image, 0) if shape[0] > 1 else 0
    strides = between, c.image_row_stride_bytes(image), c.image_pixel_stride_bytes(image)
    samples = (sum((n - 1) * stride for n, stride in zip(shape, strides)) // dtype.itemsize + 1,)
    flat = _view(c.image_pixels(image, 0), samples, dtype, image)
    return np.lib.stride_tricks.as_strided(flat, shape, strides)


def labels_from(array: object, pixel_size_um: float | None = None) -> c.Labels:
    """A label map of an array of non-negative integers; no copy when they are uint32 and the rows contiguous."""
    array = np.asarray(array)
    if array.ndim != 2 or 0 in array.shape:
        raise ValueError(f"a label map is (height, width), not {array.shape}")
    if array.dtype.kind not in "bui":
        raise TypeError(f"labels of type {array.dtype} are not supported; use integers")
    if (array.dtype.kind == "i" or array.dtype.itemsize > 4) and (array.min() < 0 or array.max() > 0xFFFFFFFF):
        raise ValueError("a label id does not fit 32 bits")
    array = np.require(array.astype(np.uint32, copy=False), requirements="A")
    if array.strides[1] != array.itemsize:
        array = np.ascontiguousarray(array)
    layout, array = _layout(array[np.newaxis], pixel_size_um)
    labels = c.Labels(keep=array)
    c.labels_wrap(labels, None, layout)
    return labels


def array_from_labels(labels: c.Labels) -> np.ndarray:
    """(height, width) of uint32, without a copy: as array_from_image()."""
    shape = c.labels_height(labels), c.labels_width(labels)
    return _view(c.labels_data(labels), shape, np.dtype(np.uint32), labels)


def columns_from_table(table: c.Table) -> dict[str, np.ndarray]:
    """Each column under its name, without a copy."""
    rows = c.table_rows(table)
    return {
        c.table_column_name(table, i): _view(c.table_column(table, i), (rows,), np.dtype(np.float64), table)
        for i in range(c.table_columns(table))
    }


def arrays_from_outlines(outlines: c.Outlines) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Ids, holes, offsets and points, (points, 2), without a copy."""
    rings = c.outlines_rings(outlines)
    offsets = _view(c.outlines_offsets(outlines), (rings + 1,), np.dtype(np.uintp), outlines)
    return (
        _view(c.outlines_ids(outlines), (rings,), np.dtype(np.uint32), outlines),
        _view(c.outlines_holes(outlines), (rings,), np.dtype(np.int32), outlines),
        offsets,
        _view(c.outlines_points(outlines), (int(offsets[-1]), 2), np.dtype(np.float64), outlines),
    )
