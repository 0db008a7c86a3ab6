# SPDX-License-Identifier: BSD-3-Clause
"""The library's internal functions from Python, for tests that compare them with SciPy, scikit-image and PyTorch.

The environment variable CELLSEG_INTERNAL_LIBRARY names libcellseg_internal.so in the build's tests folder.
"""
import ctypes
import os

import numpy as np

UINT8, UINT16, UINT32, FLOAT32, INT16, INT32, FLOAT64 = 1, 2, 3, 4, 5, 6, 7
PORTABLE, AVX2, AVX512, NEON = 1, 2, 3, 4
TYPES = {
    np.dtype(np.uint8): UINT8, np.dtype(np.uint16): UINT16, np.dtype(np.uint32): UINT32, np.dtype(np.float32): FLOAT32,
    np.dtype(np.int16): INT16, np.dtype(np.int32): INT32, np.dtype(np.float64): FLOAT64,
}  # fmt: skip


class Plane(ctypes.Structure):
    """cseg_plane of lib/core/core.h."""

    _fields_ = [
        ("data", ctypes.c_void_p),
        ("height", ctypes.c_size_t),
        ("width", ctypes.c_size_t),
        ("stride", ctypes.c_size_t),
        ("type", ctypes.c_int32),
    ]


class ContextOptions(ctypes.Structure):
    """cellseg_context_options of include/cellseg/context.h."""

    _fields_ = [
        ("struct_size", ctypes.c_size_t),
        ("threads", ctypes.c_int32),
        ("cpu_level", ctypes.c_int32),
        ("memory_budget_bytes", ctypes.c_uint64),
        ("hooks", ctypes.c_void_p * 9),
    ]


def load():
    library = ctypes.CDLL(os.environ["CELLSEG_INTERNAL_LIBRARY"])
    library.cellseg_last_error.restype = ctypes.c_char_p
    library.cellseg_status_name.restype = ctypes.c_char_p
    library.cellseg_context_free.argtypes = [ctypes.c_void_p]
    library.cellseg_context_free.restype = None
    return library


library = load()


class CellsegError(Exception):
    pass


def check(status):
    if status != 0:
        name = library.cellseg_status_name(status).decode()
        raise CellsegError(f"{name}: {library.cellseg_last_error().decode()}")


def context(threads=0, cpu_level=0):
    """A context as ctypes passes it; lives as long as the process, which for tests is short."""
    options = ContextOptions()
    check(library.cellseg_context_options_init(ctypes.byref(options), ctypes.c_size_t(ctypes.sizeof(options))))
    options.threads = threads
    options.cpu_level = cpu_level
    made = ctypes.c_void_p()
    check(library.cellseg_context_new(ctypes.byref(made), ctypes.byref(options)))
    return made


def plane(array):
    """A view of a two-dimensional array: its samples next to each other in a row, its rows any positive stride apart."""
    assert array.ndim == 2 and array.strides[1] == array.itemsize and array.strides[0] > 0 or array.shape[0] == 1
    stride = array.strides[0] if array.shape[0] > 1 else array.nbytes
    made = Plane(array.ctypes.data, array.shape[0], array.shape[1], stride, TYPES[array.dtype])
    made.owner = array
    return made


def call(name, *arguments, context=None):
    """library.name(context, ...): arrays go as planes, floats as double, integers as size_t, ctypes objects as they are."""
    check(getattr(library, name)(context, *[_convert(a) for a in arguments]))


def _convert(argument):
    if isinstance(argument, np.ndarray):
        return ctypes.byref(plane(argument))
    if isinstance(argument, float):
        return ctypes.c_double(argument)
    if isinstance(argument, int):
        return ctypes.c_size_t(argument)
    return argument


def doubles(values):
    return (ctypes.c_double * len(values))(*values)


class Store(ctypes.Structure):
    """cseg_store of lib/core/store.h: a plane in memory, borrowed."""

    _fields_ = [
        ("context", ctypes.c_void_p),
        ("type", ctypes.c_int32),
        ("height", ctypes.c_size_t),
        ("width", ctypes.c_size_t),
        ("memory", Plane),
        ("borrowed", ctypes.c_bool),
        ("file", ctypes.c_ssize_t),
        ("path", ctypes.c_void_p),
    ]


class Scratch(ctypes.Structure):
    """cseg_scratch of lib/core/store.h."""

    _fields_ = [
        ("context", ctypes.c_void_p),
        ("folder", ctypes.c_char_p),
        ("window_bytes", ctypes.c_uint64),
        ("tile_px", ctypes.c_size_t),
    ]


def store(array):
    own = plane(array)
    made = Store(None, own.type, own.height, own.width, own, True, -1, None)
    made.owner = array
    return made


def units(array):
    """Values in [0, 1] as the library stores them: 65535 is 1."""
    return np.floor(np.asarray(array, np.float64) * 65535 + 0.5).astype(np.uint16)


def rounded(array):
    """Values in [0, 1] as they come back from the store."""
    return units(array).astype(np.float32) / np.float32(65535)


def scratch(tile_px=0, context=None):
    return Scratch(context, None, 1 << 40, tile_px)


def call_on_stores(name, *arguments, tile_px=0, context=None):
    """library.name(scratch, ...): arrays go as stores."""
    own = scratch(tile_px, context)
    stores = [store(a) if isinstance(a, np.ndarray) else a for a in arguments]
    check(getattr(library, name)(ctypes.byref(own), *[ctypes.byref(s) if isinstance(s, Store) else _convert(s) for s in stores]))
