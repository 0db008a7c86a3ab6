# SPDX-License-Identifier: BSD-3-Clause
"""Planes that need not lie in memory, from Python: cseg_store and cseg_scratch of lib/core/store.h."""
import ctypes

import numpy as np

import oracle

ONE = 65535  # CSEG_UNIT_ONE
AMPLE = 1 << 40  # bytes of a window: any test's plane is one tile


class Scratch(ctypes.Structure):
    """cseg_scratch; folder: None for stores in memory."""

    _fields_ = [
        ("context", ctypes.c_void_p),
        ("folder", ctypes.c_char_p),
        ("window_bytes", ctypes.c_uint64),
        ("tile_px", ctypes.c_size_t),
    ]

    def __init__(self, tile_px=0, folder=None, context=None, window_bytes=AMPLE):
        super().__init__(context, None if folder is None else str(folder).encode(), window_bytes, tile_px)


class Rect(ctypes.Structure):
    """cseg_rect"""

    _fields_ = [(name, ctypes.c_size_t) for name in ("top", "left", "height", "width")]


class Part(ctypes.Structure):
    """cseg_part"""

    _fields_ = [("plane", oracle.Plane), ("copy", ctypes.c_void_p)]


class Store(ctypes.Structure):
    """cseg_store: a view of an array, or with Store.new() what the scratch asks for."""

    _fields_ = [
        ("context", ctypes.c_void_p),
        ("type", ctypes.c_int32),
        ("height", ctypes.c_size_t),
        ("width", ctypes.c_size_t),
        ("memory", oracle.Plane),
        ("borrowed", ctypes.c_bool),
        ("file", ctypes.c_ssize_t),
        ("path", ctypes.c_char_p),
    ]

    def __init__(self, array=None):
        super().__init__()
        if array is not None:
            view = oracle.plane(array)
            self.type, self.height, self.width, self.memory, self.borrowed, self.file = view.type, *array.shape, view, True, -1
            self.owner = array

    @classmethod
    def new(cls, scratch, array):
        """A store of the scratch's, with the array's pixels; lives until free()."""
        made = cls()
        height, width = map(ctypes.c_size_t, array.shape)
        made_at, kind = ctypes.byref(made), ctypes.c_int32(oracle.TYPES[array.dtype])
        oracle.check(oracle.library.cseg_store_new(made_at, ctypes.byref(scratch), kind, height, width))
        none = ctypes.c_size_t(0)
        oracle.check(oracle.library.cseg_store_put(made_at, none, none, ctypes.byref(oracle.plane(array))))
        return made

    def array(self):
        """A copy of the pixels."""
        part, whole = Part(), Rect(0, 0, self.height, self.width)
        oracle.check(oracle.library.cseg_part_open(ctypes.byref(part), ctypes.byref(self), ctypes.byref(whole)))
        dtype = {kind: of for of, kind in oracle.TYPES.items()}[self.type]
        plane = part.plane
        rows = [ctypes.string_at(plane.data + y * plane.stride, plane.width * dtype.itemsize) for y in range(plane.height)]
        oracle.library.cseg_part_close(ctypes.byref(part))
        return np.frombuffer(b"".join(rows), dtype).reshape(self.height, self.width).copy()

    def free(self):
        oracle.library.cseg_store_free(ctypes.byref(self))


def units(values):
    """Values in [0, 1] as the library stores them."""
    return (np.asarray(values).astype(np.float64) * ONE + 0.5).astype(np.uint16)


def values_of(stored):
    return stored.astype(np.float32) / np.float32(ONE)


def rounded(values):
    """Values in [0, 1] as the library reads them again."""
    return values_of(units(values))
