# SPDX-License-Identifier: BSD-3-Clause
"""The io functions of the library under test, as Python calls: arrays out, arrays in, RuntimeError with the library's line."""

import ctypes
import os

import numpy as np

lib = ctypes.CDLL(os.environ["CELLSEG_LIBRARY"])
lib.cellseg_last_error.restype = ctypes.c_char_p
lib.cellseg_status_name.restype = ctypes.c_char_p
lib.cellseg_context_free.argtypes = [ctypes.c_void_p]
lib.cellseg_context_free.restype = None
TYPES = {1: np.uint8, 2: np.uint16, 3: np.uint32, 4: np.float32, 5: np.int16, 6: np.int32, 7: np.float64}
for name in ("height", "width", "row_stride_bytes"):
    getattr(lib, "cellseg_image_" + name).restype = ctypes.c_size_t
for name in ("pixels", "pixels_mut"):
    getattr(lib, "cellseg_image_" + name).restype = ctypes.c_void_p
lib.cellseg_image_channel_name.restype = ctypes.c_char_p
for kind in ("image", "labels"):
    getattr(lib, f"cellseg_{kind}_pixel_size_um").restype = ctypes.c_double
    getattr(lib, f"cellseg_{kind}_free").restype = None
    getattr(lib, f"cellseg_{kind}_free").argtypes = [ctypes.c_void_p]
    getattr(lib, f"cellseg_{kind}_set_pixel_size_um").argtypes = [ctypes.c_void_p, ctypes.c_double]
for name in ("height", "width"):
    getattr(lib, "cellseg_labels_" + name).restype = ctypes.c_size_t
for name in ("data", "data_mut"):
    getattr(lib, "cellseg_labels_" + name).restype = ctypes.c_void_p


class Failure(RuntimeError):
    def __init__(self, status):
        super().__init__(lib.cellseg_last_error().decode("utf-8", "replace"))
        self.status = lib.cellseg_status_name(ctypes.c_int32(status)).decode()


class WriteOptions(ctypes.Structure):
    _fields_ = [("struct_size", ctypes.c_size_t), ("bits", ctypes.c_int32), ("tile_px", ctypes.c_int32), ("name", ctypes.c_char_p),
                ("provenance", ctypes.c_char_p)]


def write_options(**members):
    """The defaults, with these members set; texts are bytes."""
    options = WriteOptions()
    check(lib.cellseg_write_options_init(ctypes.byref(options), ctypes.c_size_t(ctypes.sizeof(options))))
    for name, value in members.items():
        setattr(options, name, value)
    return ctypes.byref(options)


class ReadOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t), ("pixel_size_um", ctypes.c_double), ("max_bytes", ctypes.c_uint64), ("series", ctypes.c_int32),
        ("z", ctypes.c_int32), ("t", ctypes.c_int32), ("force", ctypes.c_int32), ("level_um", ctypes.c_double),
    ]  # fmt: skip


Log = ctypes.CFUNCTYPE(None, ctypes.c_void_p, ctypes.c_int32, ctypes.c_char_p)


class ContextOptions(ctypes.Structure):
    _fields_ = [
        ("struct_size", ctypes.c_size_t), ("threads", ctypes.c_int32), ("cpu_level", ctypes.c_int32), ("budget", ctypes.c_uint64),
        ("memory", ctypes.c_void_p * 3), ("parallel", ctypes.c_void_p * 2), ("log", Log), ("log_user", ctypes.c_void_p),
        ("progress", ctypes.c_void_p * 2),
    ]  # fmt: skip


class Warnings(list):
    """The warnings of the library in the calls that take `context`, which lives within a with statement."""

    def __enter__(self):
        options = ContextOptions()
        check(lib.cellseg_context_options_init(ctypes.byref(options), ctypes.c_size_t(ctypes.sizeof(options))))
        options.threads = 1
        self.log = options.log = Log(lambda user, level, line: self.append(line.decode("utf-8", "replace")))
        self.context = ctypes.c_void_p()
        check(lib.cellseg_context_new(ctypes.byref(self.context), ctypes.byref(options)))
        return self

    def __exit__(self, *error):
        lib.cellseg_context_free(self.context)


def check(status):
    if status != 0:
        raise Failure(status)


def path_bytes(path):
    return ctypes.c_char_p(os.fsencode(path))


def array_at(address, dtype, shape):
    size = int(np.prod(shape)) * np.dtype(dtype).itemsize
    return np.frombuffer(ctypes.string_at(address, size), dtype).reshape(shape)


def read_named(path, context=None, **options):
    """(channels x height x width array, pixel size, names of the channels); options: members of cellseg_read_options."""
    values = ReadOptions()
    check(lib.cellseg_read_options_init(ctypes.byref(values), ctypes.c_size_t(ctypes.sizeof(values))))
    for name, value in options.items():
        setattr(values, name, value)
    image = ctypes.c_void_p()
    check(lib.cellseg_image_read(ctypes.byref(image), context, path_bytes(path), ctypes.byref(values)))
    shape = lib.cellseg_image_height(image), lib.cellseg_image_width(image)
    dtype = TYPES[lib.cellseg_image_pixel_type(image)]
    channels = range(lib.cellseg_image_channels(image))
    planes = [array_at(lib.cellseg_image_pixels(image, c), dtype, shape) for c in channels]
    names = [lib.cellseg_image_channel_name(image, c) for c in channels]
    pixel_size = lib.cellseg_image_pixel_size_um(image)
    lib.cellseg_image_free(image)
    return np.stack(planes), pixel_size, [name and name.decode() for name in names]


def read_image(path, **options):
    """(channels x height x width array, pixel size)"""
    return read_named(path, **options)[:2]


def new_image(array, pixel_size_um=0.0):
    """An image handle that holds a channels x height x width array; release it with lib.cellseg_image_free."""
    kind = next(k for k, t in TYPES.items() if t == array.dtype)
    channels, height, width = array.shape
    image = ctypes.c_void_p()
    check(
        lib.cellseg_image_new(
            ctypes.byref(image), None, kind, channels, ctypes.c_size_t(height), ctypes.c_size_t(width)
        )
    )
    for c in range(channels):
        plane = np.ascontiguousarray(array[c])
        ctypes.memmove(lib.cellseg_image_pixels_mut(image, c), plane.ctypes.data, plane.nbytes)
    check(lib.cellseg_image_set_pixel_size_um(image, pixel_size_um))
    return image


def write_image(path, array, pixel_size_um=0.0, **options):
    image = new_image(array, pixel_size_um)
    try:
        check(lib.cellseg_image_write(image, None, path_bytes(path), write_options(**options)))
    finally:
        lib.cellseg_image_free(image)


def read_labels(path):
    """(height x width array, pixel size)"""
    labels = ctypes.c_void_p()
    check(lib.cellseg_labels_read(ctypes.byref(labels), None, path_bytes(path)))
    shape = lib.cellseg_labels_height(labels), lib.cellseg_labels_width(labels)
    array = array_at(lib.cellseg_labels_data(labels), np.uint32, shape)
    pixel_size = lib.cellseg_labels_pixel_size_um(labels)
    lib.cellseg_labels_free(labels)
    return array, pixel_size


def new_labels(array, pixel_size_um=0.0):
    """A label map handle; release it with lib.cellseg_labels_free."""
    labels = ctypes.c_void_p()
    height, width = array.shape
    check(lib.cellseg_labels_new(ctypes.byref(labels), None, ctypes.c_size_t(height), ctypes.c_size_t(width)))
    ids = np.ascontiguousarray(array, np.uint32)
    ctypes.memmove(lib.cellseg_labels_data_mut(labels), ids.ctypes.data, ids.nbytes)
    check(lib.cellseg_labels_set_pixel_size_um(labels, pixel_size_um))
    return labels


def write_labels(path, array, bits=0, pixel_size_um=0.0, **options):
    labels = new_labels(array, pixel_size_um)
    try:
        check(lib.cellseg_labels_write(labels, None, path_bytes(path), write_options(bits=bits, **options)))
    finally:
        lib.cellseg_labels_free(labels)
