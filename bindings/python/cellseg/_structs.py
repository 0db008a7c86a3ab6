# SPDX-License-Identifier: BSD-3-Clause
"""The callbacks and structs of the C interface, members in the header's order; _lowlevel.py has them all."""

from __future__ import annotations

import ctypes
from ctypes import POINTER, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p

# ---- callbacks ----

alloc_fn = ctypes.CFUNCTYPE(c_void_p, c_void_p, c_size_t)
free_fn = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)
task_fn = ctypes.CFUNCTYPE(None, c_void_p, c_size_t)
parallel_for_fn = ctypes.CFUNCTYPE(c_int32, c_void_p, c_size_t, task_fn, c_void_p)
log_fn = ctypes.CFUNCTYPE(None, c_void_p, c_int32, c_char_p)
progress_fn = ctypes.CFUNCTYPE(c_int32, c_void_p, c_double, c_char_p)
release_fn = ctypes.CFUNCTYPE(None, c_void_p, c_void_p)
read_fn = ctypes.CFUNCTYPE(c_int32, c_void_p, c_void_p, c_size_t, c_uint64)
write_fn = ctypes.CFUNCTYPE(c_int32, c_void_p, c_void_p, c_size_t)
read_pixels_fn = ctypes.CFUNCTYPE(
    c_int32, c_void_p, c_void_p, c_size_t, c_int32, c_size_t, c_size_t, c_size_t, c_size_t
)
write_rows_fn = ctypes.CFUNCTYPE(c_int32, c_void_p, c_void_p, c_size_t, c_int32, c_size_t, c_size_t)
finish_fn = ctypes.CFUNCTYPE(c_int32, c_void_p)
done_fn = ctypes.CFUNCTYPE(None, c_void_p)
network_fn = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(c_float), POINTER(c_float), c_size_t, c_size_t)

# ---- structs: members in the header's order ----


class _Sized(ctypes.Structure):
    """A struct whose first member is its own size."""

    def __init__(self) -> None:
        super().__init__()
        self.struct_size = ctypes.sizeof(self)


class context_options(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("threads", c_int32),
        ("cpu_level", c_int32),
        ("memory_budget_bytes", c_uint64),
        ("alloc", alloc_fn),
        ("free", free_fn),
        ("memory_user", c_void_p),
        ("parallel_for", parallel_for_fn),
        ("parallel_user", c_void_p),
        ("log", log_fn),
        ("log_user", c_void_p),
        ("progress", progress_fn),
        ("progress_user", c_void_p),
    ]


class image_layout(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("pixels", c_void_p),
        ("height", c_size_t),
        ("width", c_size_t),
        ("channels", c_int32),
        ("pixel_type", c_int32),
        ("pixel_stride_bytes", c_size_t),
        ("row_stride_bytes", c_size_t),
        ("channel_stride_bytes", c_size_t),
        ("pixel_size_um", c_double),
        ("release", release_fn),
        ("release_user", c_void_p),
    ]


class measure_inputs(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("cells", c_void_p),
        ("nuclei", c_void_p),
        ("images", POINTER(c_void_p)),
        ("image_count", c_size_t),
        ("compartments", POINTER(c_void_p)),
        ("compartment_names", POINTER(c_char_p)),
        ("compartment_count", c_size_t),
        ("channel_names", c_size_t),
        ("channels", POINTER(c_int32)),
        ("channel_count", c_size_t),
    ]


class reader(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("name", c_char_p),
        ("user", c_void_p),
        ("size_bytes", c_uint64),
        ("read", read_fn),
    ]


class writer(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("name", c_char_p),
        ("user", c_void_p),
        ("write", write_fn),
    ]


class source_callbacks(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("name", c_char_p),
        ("user", c_void_p),
        ("height", c_size_t),
        ("width", c_size_t),
        ("channels", c_int32),
        ("pixel_type", c_int32),
        ("pixel_size_um", c_double),
        ("read", read_pixels_fn),
        ("release", done_fn),
    ]


class sink_callbacks(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("name", c_char_p),
        ("user", c_void_p),
        ("height", c_size_t),
        ("width", c_size_t),
        ("channels", c_int32),
        ("pixel_type", c_int32),
        ("write", write_rows_fn),
        ("finish", finish_fn),
        ("release", done_fn),
    ]


class stream_outputs(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("cells", c_void_p),
        ("nuclei", c_void_p),
        ("maps", c_void_p),
    ]


class network(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("user", c_void_p),
        ("predict", network_fn),
        ("batch", c_size_t),
    ]


class option(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("name", c_char_p),
        ("unit", c_char_p),
        ("sentence", c_char_p),
        ("choices", POINTER(c_char_p)),
        ("group", c_void_p),
        ("offset", c_size_t),
        ("type", c_int32),
        ("flags", c_int32),
        ("standard", c_double),
        ("paper", c_double),
        ("lowest", c_double),
        ("highest", c_double),
    ]


class similarity(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("sm", c_double),
        ("mean_best_dice", c_double),
        ("pair_ratio", c_double),
        ("dice", c_double),
        ("pairs", c_uint64),
        ("reference_count", c_uint64),
        ("target_count", c_uint64),
        ("jaccard", c_double),
    ]

class matching(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("threshold", c_double),
        ("true_positives", c_uint64),
        ("false_positives", c_uint64),
        ("false_negatives", c_uint64),
        ("precision", c_double),
        ("recall", c_double),
        ("f1", c_double),
        ("average_precision", c_double),
        ("mean_iou", c_double),
        ("panoptic_quality", c_double),
    ]

class detection(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("average_precision", c_double),
        ("aggregated_jaccard", c_double),
        ("seg", c_double),
        ("splits", c_uint64),
        ("merges", c_uint64),
        ("reference_count", c_uint64),
        ("target_count", c_uint64),
    ]

class boundary(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("precision", c_double),
        ("recall", c_double),
        ("f1", c_double),
        ("reference_pixels", c_uint64),
        ("target_pixels", c_uint64),
    ]

class roc(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("auc", c_double),
        ("threshold", c_double),
        ("accuracy", c_double),
        ("sensitivity", c_double),
        ("specificity", c_double),
        ("true_positives", c_uint64),
        ("false_positives", c_uint64),
        ("true_negatives", c_uint64),
        ("false_negatives", c_uint64),
    ]


class tile_grid(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("height_px", c_size_t),
        ("width_px", c_size_t),
        ("patch_px", c_size_t),
        ("step_px", c_size_t),
    ]


class tile(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("window_top", c_int64),
        ("window_left", c_int64),
        ("top", c_size_t),
        ("left", c_size_t),
        ("height", c_size_t),
        ("width", c_size_t),
    ]


class epoch(_Sized):
    _fields_ = [
        ("struct_size", c_size_t),
        ("epoch", c_int32),
        ("epochs", c_int32),
        ("train_loss", c_double),
        ("validation_loss", c_double),
        ("seconds", c_double),
        ("best", c_int32),
        ("stopping", c_int32),
        ("learning_rate", c_double),
    ]


epoch_fn = ctypes.CFUNCTYPE(c_int32, c_void_p, POINTER(epoch))
