# SPDX-License-Identifier: BSD-3-Clause
"""Arrays go in without a copy where their layout allows it, and come out as views that keep what they show alive."""

import gc
import weakref

import cellseg
import numpy as np
import pytest
from cellseg import _arrays
from cellseg import _lowlevel as c

DTYPES = ["uint8", "uint16", "uint32", "int16", "int32", "float32", "float64"]


def borrowed(image, array):
    return c.image_pixels(image, 0) == array.ctypes.data


@pytest.mark.parametrize("dtype", DTYPES)
def test_contiguous_rows_are_borrowed(dtype):
    wide = np.arange(3 * 20 * 30).reshape(3, 20, 30).astype(dtype)
    for array in wide, wide[1], wide[:, 2:9, 5:25], wide[::2], wide[:, ::4], wide[:1], wide[:, :1], wide[2, 4:5, 6:7]:
        image = _arrays.image_from(array)
        assert borrowed(image, array)
        channels = array[np.newaxis] if array.ndim == 2 else array
        for i, channel in enumerate(channels):
            one = _arrays.image_from(channel)
            assert c.image_pixels(image, i) == c.image_pixels(one, 0)
        assert (c.image_channels(image), c.image_height(image), c.image_width(image)) == channels.shape


@pytest.mark.parametrize("dtype", DTYPES)
def test_interleaved_channels_are_borrowed(dtype):
    pixels = np.arange(20 * 30 * 4).reshape(20, 30, 4).astype(dtype)
    rgba = np.moveaxis(pixels, -1, 0)
    planar = np.moveaxis(pixels, -1, 0).copy()
    for array in rgba, rgba[:3], rgba[1:3, 2:9, 5:25], rgba[:, ::4], rgba[:, :, ::3], rgba[2], rgba[:1], planar[:, :, ::2]:
        image = _arrays.image_from(array)
        assert borrowed(image, array)
        np.testing.assert_array_equal(_arrays.array_from_image(image), array if array.ndim == 3 else array[np.newaxis])


@pytest.mark.parametrize("dtype", DTYPES)
def test_other_layouts_are_copied(dtype):
    wide = np.arange(3 * 20 * 30).reshape(3, 20, 30).astype(dtype)
    backwards = wide[0, ::-1], wide[0, :, ::-1], wide[::-1]
    spread = wide[0].T, np.moveaxis(wide, 0, -1)[:2], np.broadcast_to(wide[0, 0], (5, 30))
    spread += (np.broadcast_to(wide[0, :, :1], (20, 7)), np.broadcast_to(wide[0], (2, 20, 30)))
    swapped = wide.astype(wide.dtype.newbyteorder())
    unaligned = np.frombuffer(b"x" + wide[0].tobytes(), np.uint8)[1:].view(wide.dtype).reshape(20, 30)
    for array in (*backwards, *spread, swapped, unaligned):
        image = _arrays.image_from(array)
        expected = array[np.newaxis] if array.ndim == 2 else array
        np.testing.assert_array_equal(_arrays.array_from_image(image), expected)


def test_conversions():
    assert _arrays.array_from_image(_arrays.image_from(np.eye(3, dtype=bool))).dtype == np.uint8
    assert _arrays.array_from_image(_arrays.image_from(np.eye(3, dtype=np.float16))).dtype == np.float32
    assert _arrays.array_from_image(_arrays.image_from(np.eye(3, dtype=np.longdouble))).dtype == np.float64
    assert _arrays.array_from_image(_arrays.image_from([[0.5, 1.5]])).tolist() == [[[0.5, 1.5]]]
    for array in np.zeros((2, 2), np.int64), np.zeros((2, 2), np.int8), np.zeros((2, 2), complex), np.array([["a"]]):
        with pytest.raises(TypeError, match="not supported"):
            _arrays.image_from(array)
    for array in np.zeros(3), np.zeros((1, 1, 1, 1)), np.zeros((0, 5)), np.float32(1):
        with pytest.raises(ValueError, match="an image is"):
            _arrays.image_from(array)


@pytest.mark.parametrize("channels", [1, 2, 3, 4, 5, 19])
def test_channels_come_first(channels):
    last = np.zeros((20, 30, channels), np.uint8)
    with pytest.raises(ValueError, match=r"\(20, 30, %d\) looks like .* here \(%d, 20, 30\)" % (channels, channels)):
        _arrays.image_from(last)
    assert c.image_channels(_arrays.image_from(np.moveaxis(last, -1, 0))) == channels
    assert c.image_channels(_arrays.image_from(np.zeros((channels, 20, channels), np.uint8))) == channels


def test_an_image_keeps_its_array_and_lets_it_go():
    array = np.zeros((4, 4), np.uint8)
    gone = weakref.ref(array)
    image = _arrays.image_from(array)
    del array
    gc.collect()
    assert gone() is not None
    del image
    gc.collect()
    assert gone() is None


def test_a_view_keeps_its_labels_and_lets_them_go():
    labels = _arrays.labels_from(np.arange(12).reshape(3, 4), 0.5)
    gone = weakref.ref(labels)
    view = _arrays.array_from_labels(labels)[1:, 1:]
    assert c.labels_pixel_size_um(labels) == 0.5
    del labels
    gc.collect()
    assert gone() is not None and view.tolist() == [[5, 6, 7], [9, 10, 11]]
    del view
    gc.collect()
    assert gone() is None


def test_labels_of_any_integer_type():
    for dtype in "bool", "int8", "uint16", "int64", "uint64", ">i4":
        labels = np.array([[0, 1], [1, 0]]).astype(dtype)
        assert _arrays.array_from_labels(_arrays.labels_from(labels)).tolist() == labels.astype(int).tolist()
    for wrong in np.array([[-1]]), np.array([[2**32]]):
        with pytest.raises(ValueError, match="32 bits"):
            _arrays.labels_from(wrong)
    with pytest.raises(TypeError, match="float64"):
        _arrays.labels_from(np.zeros((2, 2)))
    with pytest.raises(ValueError, match="a label map is"):
        _arrays.labels_from(np.zeros((2, 2, 2), int))


def test_a_pixel_size_out_of_range_is_an_argument_error():
    for size in -1, 1e9, float("nan"):
        with pytest.raises(cellseg.ArgumentError, match="pixel_size_um"):
            _arrays.image_from(np.zeros((2, 2)), size)
