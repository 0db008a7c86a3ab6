# SPDX-License-Identifier: BSD-3-Clause
"""The C interface as it is: every function with its prototype, every struct, every status code.

Most users want the package itself. Functions lie here under their C names without "cellseg_"; those that return a status
raise the matching exception instead. The library is the file that the environment variable CELLSEG_LIBRARY names, else what the
loader finds as libcellseg.so.1.
"""

from __future__ import annotations

import ctypes
import os
import sys
from collections.abc import Iterable
from ctypes import POINTER, c_char_p, c_double, c_float, c_int32, c_int64, c_size_t, c_uint32, c_uint64, c_void_p

from ._errors import *  # noqa: F403
from ._errors import ERRORS, InternalError
from ._numbers import *  # noqa: F403
from ._structs import *  # noqa: F403
from ._structs import _Sized

# ---- the struct that owns what the library put into it ----


class segment_report(_Sized):
    """Releases what the library put into it with its last reference."""

    _fields_ = [
        ("struct_size", c_size_t),
        ("cells", c_uint32),
        ("nuclei", c_uint32),
        ("cells_joined", c_uint32),
        ("nuclei_joined", c_uint32),
        ("dropped_small", c_uint32),
        ("dropped_improbable", c_uint32),
        ("dropped_weak", c_uint32),
        ("dropped_border", c_uint32),
        ("dropped_area", c_uint32),
        ("dropped_lost", c_uint32),
        ("dropped_no_cytoplasm", c_uint32),
        ("dropped_marker", c_uint32),
        ("marker_verdict", c_int32),
        ("marker_cells", c_uint32),
        ("marker_contrast", c_double),
        ("marker_share", c_double),
        ("nuclei_confidence", c_double),
        ("pixel_size_um", c_double),
        ("working_pixel_size_um", c_double),
        ("nucleus_diameter_um", c_double),
        ("nucleus_diameter_found_um", c_double),
        ("nucleus_diameter_suggested_um", c_double),
        ("seconds_preprocess", c_double),
        ("seconds_network", c_double),
        ("seconds_nuclei", c_double),
        ("seconds_cells", c_double),
        ("seconds_finalize", c_double),
        ("marker_range", c_double),
        ("peak_bytes", c_uint64),
        ("model_hash", c_uint64),
        ("library_version", c_char_p),
        ("confidence", POINTER(c_float)),
    ]

    def __init__(self) -> None:
        super().__init__()
        self._clear = segment_report_clear  # still there at interpreter shutdown

    def __del__(self) -> None:
        self._clear(self)


# ---- handles ----


class Handle:
    """Owns one object of the library, or none yet, and frees it with the last reference.

    A new handle is what a function's out parameter takes, so that an object is owned from the moment it is there, whatever is
    raised afterwards. `keep` lives as long as the handle: what the object borrows.
    """

    _free_name = ""

    def __init__(self, keep: object = None) -> None:
        self._as_parameter_ = c_void_p()
        self._keep = keep
        self._free = globals()[self._free_name]  # still there at interpreter shutdown

    def __del__(self) -> None:
        if getattr(self, "_as_parameter_", None):
            self._free(self)
            self._as_parameter_ = type(self._as_parameter_)()  # c_void_p, whose name may be gone at interpreter shutdown

    @property
    def address(self) -> int | None:
        """Where the object lies, for a member of a struct; the handle must outlive the struct's use."""
        return self._as_parameter_.value

    @classmethod
    def from_param(cls, value: object) -> c_void_p:
        if value.__class__ is not cls:
            raise TypeError(f"expected {cls.__name__}, got {type(value).__name__}")
        return value._as_parameter_

    @classmethod
    def optional(cls) -> type:
        """A parameter of this type that may be None."""
        return type(cls.__name__ + "OrNone", (), {"c_type": cls, "from_param": classmethod(cls._from_optional)})

    @staticmethod
    def _from_optional(param: type, value: object) -> c_void_p | None:
        return None if value is None else param.c_type.from_param(value)


def addresses(handles: Iterable[Handle]) -> ctypes.Array:
    """An array of the addresses of handles, for a member of a struct."""
    found = [handle.address for handle in handles]
    return (c_void_p * len(found))(*found)


class Context(Handle):
    _free_name = "context_free"


class Image(Handle):
    _free_name = "image_free"


class Labels(Handle):
    _free_name = "labels_free"


class Model(Handle):
    _free_name = "model_free"


class Outlines(Handle):
    _free_name = "outlines_free"


class Sink(Handle):
    _free_name = "sink_free"


class Source(Handle):
    _free_name = "source_free"


class Table(Handle):
    _free_name = "table_free"


class Trainer(Handle):
    _free_name = "trainer_free"


class Out:
    """An out parameter: a handle that holds no object yet; None where none is wanted."""

    @classmethod
    def from_param(cls, value: object) -> object:
        if value is None:
            return None
        if not isinstance(value, Handle) or value._as_parameter_:
            raise TypeError(f"expected a new handle, got {value!r}")
        return ctypes.byref(value._as_parameter_)


def path_bytes(path: object) -> bytes:
    """A path as the file system has it, UTF-8 or not. C would cut it at a NUL."""
    encoded = os.fsencode(path)
    if b"\0" in encoded:
        raise ArgumentError(f"the path {path!r:.200} holds a NUL")
    return encoded


class Path:
    """A path: str, bytes, or what has one."""

    @classmethod
    def from_param(cls, value: object) -> c_char_p:
        return c_char_p(path_bytes(value))


# ---- functions ----


def _load() -> ctypes.CDLL:
    named = os.environ.get("CELLSEG_LIBRARY")
    default = "libcellseg.1.dylib" if sys.platform == "darwin" else "libcellseg.so.1"
    try:
        return ctypes.CDLL(named or default)
    except OSError as error:
        raise ImportError(f"libcellseg cannot be loaded ({error}); set CELLSEG_LIBRARY to the file's path") from error


_library = _load()


def _raise_on_failure(status: int, _function: object, _arguments: object) -> None:
    if status != 0:
        raise ERRORS.get(status, InternalError)(last_error())


def _text(value: bytes | None, _function: object, _arguments: object) -> str | None:
    return None if value is None else value.decode("utf-8", "replace")


class status(c_int32):
    """Marks a function whose result is a status: it raises instead of returning it."""


class _Missing:
    """Stands for a function that an older library lacks."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __call__(self, *_arguments: object) -> None:
        raise NotImplementedError(f"libcellseg {version()} has no {self._name}")


def _function(name: str, result: object, *arguments: object) -> object:
    try:
        function = getattr(_library, "cellseg_" + name)
    except AttributeError:
        return _Missing("cellseg_" + name)
    function.argtypes = arguments
    function.restype = c_int32 if result is status else result
    if result is status:
        function.errcheck = _raise_on_failure
    elif result is c_char_p:
        function.errcheck = _text
    function.c_result = result
    return function


def _in(struct: type) -> type:
    """A struct to read; None is NULL, which means the defaults."""
    return POINTER(struct)


def _writers(name: str, before: tuple, after: tuple) -> tuple[object, object]:
    """Both forms of a function that writes a file: to a path, and to a writer."""
    to_path = _function(name, status, *before, Context.optional(), Path, *after)
    return to_path, _function(name + "_to", status, *before, Context.optional(), _in(writer), *after)


version = _function("version", c_char_p)
version_number = _function("version_number", c_int32)
features = _function("features", c_uint64)
feature_name = _function("feature_name", c_char_p, c_uint64)
status_name = _function("status_name", c_char_p, c_int32)
last_error = _function("last_error", c_char_p)

# ---- structs that the library describes ----

option_table_name = _function("option_table_name", c_char_p, c_void_p)
option_table_count = _function("option_table_count", c_size_t, c_void_p)
option_table_get = _function("option_table_get", status, POINTER(option), c_size_t, c_void_p, c_size_t)
option_table_json = _function("option_table_json", status, c_void_p, c_size_t, c_void_p, c_void_p)


_OPTION_TYPES = {
    OPTION_INT32: c_int32,
    OPTION_UINT64: c_uint64,
    OPTION_DOUBLE: c_double,
    OPTION_TEXT: c_char_p,
}
_described_structs: dict[int, type] = {}


def _described(table: int) -> type:
    """The struct that a descriptor table of the library describes; `rows`: a descriptor for each member, by name."""
    if table in _described_structs:
        return _described_structs[table]
    rows, fields = {}, [("struct_size", c_size_t)]
    for index in range(option_table_count(table)):
        row = option()
        option_table_get(row, ctypes.sizeof(row), table, index)
        name = row.name.decode()
        rows[name] = row
        fields.append((name, POINTER(_described(row.group)) if row.group else _OPTION_TYPES[row.type]))
    name = option_table_name(table).removeprefix("cellseg_")
    struct = type(name, (_Sized,), {"_fields_": fields, "rows": rows, "table": table})
    if any(getattr(struct, member).offset != row.offset for member, row in rows.items()):
        raise ImportError(f"libcellseg {version()} describes cellseg_{name} with a gap")
    return _described_structs.setdefault(table, struct)


def _options(name: str) -> tuple[object, type]:
    """The function that returns a struct's descriptor table, and the struct."""
    table = _function(name + "_table", c_void_p)
    return table, _described(table())


read_options_table, read_options = _options("read_options")
write_options_table, write_options = _options("write_options")
overlay_options_table, overlay_options = _options("overlay_options")
import_options_table, import_options = _options("import_options")
measure_options_table, measure_options = _options("measure_options")
outline_options_table, outline_options = _options("outline_options")
watershed_options_table, watershed_options = _options("watershed_options")
method_table, method = _options("method")
segment_options_table, segment_options = _options("segment_options")
stream_options_table, stream_options = _options("stream_options")
rate_schedule_table, rate_schedule = _options("rate_schedule")
loss_table, loss = _options("loss")
augmentation_table, augmentation = _options("augmentation")
train_options_table, train_options = _options("train_options")
train_files_table, train_files = _options("train_files")
synth_cells_table, synth_cells = _options("synth_cells")
synth_staining_table, synth_staining = _options("synth_staining")
synth_optics_table, synth_optics = _options("synth_optics")
synth_camera_table, synth_camera = _options("synth_camera")
synth_options_table, synth_options = _options("synth_options")

context_options_init = _function("context_options_init", status, POINTER(context_options), c_size_t)
context_new = _function("context_new", status, Out, _in(context_options))
context_cancel = _function("context_cancel", None, Context.optional())
context_cancel_clear = _function("context_cancel_clear", None, Context.optional())
context_free = _function("context_free", None, Context)
context_threads = _function("context_threads", c_int32, Context.optional())
context_cpu_level = _function("context_cpu_level", c_int32, Context.optional())

image_layout_init = _function("image_layout_init", status, POINTER(image_layout), c_size_t)
image_new = _function("image_new", status, Out, Context.optional(), c_int32, c_int32, c_size_t, c_size_t)
image_wrap = _function("image_wrap", status, Out, Context.optional(), _in(image_layout))
image_free = _function("image_free", None, Image)
image_height = _function("image_height", c_size_t, Image)
image_width = _function("image_width", c_size_t, Image)
image_channels = _function("image_channels", c_int32, Image)
image_pixel_type = _function("image_pixel_type", c_int32, Image)
image_pixel_stride_bytes = _function("image_pixel_stride_bytes", c_size_t, Image)
image_row_stride_bytes = _function("image_row_stride_bytes", c_size_t, Image)
image_pixels = _function("image_pixels", c_void_p, Image, c_int32)
image_pixels_mut = _function("image_pixels_mut", c_void_p, Image, c_int32)
image_pixel_size_um = _function("image_pixel_size_um", c_double, Image)
image_set_pixel_size_um = _function("image_set_pixel_size_um", status, Image, c_double)
image_channel_name = _function("image_channel_name", c_char_p, Image, c_int32)
image_set_channel_name = _function("image_set_channel_name", status, Image, c_int32, c_char_p)
image_find_channel = _function("image_find_channel", status, POINTER(c_int32), Image, c_char_p)

read_options_init = _function("read_options_init", status, POINTER(read_options), c_size_t)
overlay_options_init = _function("overlay_options_init", status, POINTER(overlay_options), c_size_t)
import_options_init = _function("import_options_init", status, POINTER(import_options), c_size_t)
write_options_init = _function("write_options_init", status, POINTER(write_options), c_size_t)
reader_init = _function("reader_init", status, POINTER(reader), c_size_t)
reader_init_memory = _function("reader_init_memory", status, POINTER(reader), c_size_t, c_void_p, c_size_t)
writer_init = _function("writer_init", status, POINTER(writer), c_size_t)
image_read = _function("image_read", status, Out, Context.optional(), Path, _in(read_options))
image_read_from = _function("image_read_from", status, Out, Context.optional(), _in(reader), _in(read_options))
image_write, image_write_to = _writers("image_write", (Image,), (_in(write_options),))
labels_read = _function("labels_read", status, Out, Context.optional(), Path)
labels_read_from = _function("labels_read_from", status, Out, Context.optional(), _in(reader))
labels_import = _function("labels_import", status, Out, Out, Context.optional(), Path, _in(import_options))
labels_import_from = _function("labels_import_from", status, Out, Out, Context.optional(), _in(reader), _in(import_options))
labels_write, labels_write_to = _writers("labels_write", (Labels,), (_in(write_options),))
overlay_write, overlay_write_to = _writers("overlay_write", (), (Image, c_int32, Labels.optional(), Labels.optional(), _in(overlay_options)))
table_write_csv, table_write_csv_to = _writers("table_write_csv", (Table,), ())
geojson_write, geojson_write_to = _writers("geojson_write", (), (Outlines, Outlines.optional(), Table.optional()))
rois_write, rois_write_to = _writers("rois_write", (), (Outlines, Outlines.optional()))
svg_write, svg_write_to = _writers("svg_write", (), (Outlines, Outlines.optional()))
coco_write, coco_write_to = _writers("coco_write", (), (c_char_p, Labels, Labels.optional()))
labels_new = _function("labels_new", status, Out, Context.optional(), c_size_t, c_size_t)
labels_wrap = _function("labels_wrap", status, Out, Context.optional(), _in(image_layout))
labels_free = _function("labels_free", None, Labels)
labels_height = _function("labels_height", c_size_t, Labels)
labels_width = _function("labels_width", c_size_t, Labels)
labels_row_stride_bytes = _function("labels_row_stride_bytes", c_size_t, Labels)
labels_data = _function("labels_data", c_void_p, Labels)
labels_data_mut = _function("labels_data_mut", c_void_p, Labels)
labels_max_id = _function("labels_max_id", c_uint32, Labels)
labels_pixel_size_um = _function("labels_pixel_size_um", c_double, Labels)
labels_set_pixel_size_um = _function("labels_set_pixel_size_um", status, Labels, c_double)

measure_options_init = _function("measure_options_init", status, POINTER(measure_options), c_size_t)
measure = _function(
    "measure", status, Out, Context.optional(), Labels, Labels.optional(), Image.optional(), _in(measure_options)
)
measure_inputs_init = _function("measure_inputs_init", status, POINTER(measure_inputs), c_size_t)
measure_all = _function("measure_all", status, Out, Context.optional(), _in(measure_inputs), _in(measure_options))
table_free = _function("table_free", None, Table)
table_rows = _function("table_rows", c_size_t, Table)
table_columns = _function("table_columns", c_size_t, Table)
table_column_name = _function("table_column_name", c_char_p, Table, c_size_t)
table_column = _function("table_column", c_void_p, Table, c_size_t)
outline_options_init = _function("outline_options_init", status, POINTER(outline_options), c_size_t)
labels_outlines = _function("labels_outlines", status, Out, Context.optional(), Labels, _in(outline_options))
outlines_free = _function("outlines_free", None, Outlines)
outlines_rings = _function("outlines_rings", c_size_t, Outlines)
outlines_ids = _function("outlines_ids", c_void_p, Outlines)
outlines_holes = _function("outlines_holes", c_void_p, Outlines)
outlines_offsets = _function("outlines_offsets", c_void_p, Outlines)
outlines_points = _function("outlines_points", c_void_p, Outlines)
outlines_height = _function("outlines_height", c_double, Outlines)
outlines_width = _function("outlines_width", c_double, Outlines)

similarity_compute = _function(
    "similarity_compute", status, POINTER(similarity), c_void_p, c_size_t, Context.optional(), Labels, Labels,
    c_double
)

matching_compute = _function(
    "matching_compute", status, POINTER(matching), c_size_t, Context.optional(), Labels, Labels, c_void_p
)
detection_compute = _function("detection_compute", status, POINTER(detection), Context.optional(), Labels, Labels)
boundary_compute = _function("boundary_compute", status, POINTER(boundary), Context.optional(), Labels, Labels, c_double)
roc_compute = _function(
    "roc_compute", status, POINTER(roc), c_void_p, c_void_p, c_size_t, Context.optional(), Image, c_int32, Labels,
    c_double
)

def _maker(name: str, *arguments: object) -> object:
    """A function that makes one object of others."""
    return _function(name, status, Out, Context.optional(), *arguments)


image_gaussian = _maker("image_gaussian", Image, c_int32, c_double)
image_laplacian = _maker("image_laplacian", Image, c_int32, c_void_p, c_size_t, c_int32)
image_resample = _maker("image_resample", Image, c_int32, c_size_t, c_size_t, c_int32)
labels_resample = _maker("labels_resample", Labels, c_size_t, c_size_t)
image_range = _function(
    "image_range", status, POINTER(c_double), POINTER(c_double), Context.optional(), Image, c_int32
)
image_histogram = _function(
    "image_histogram", status, c_void_p, Context.optional(), Image, c_int32, c_size_t, c_double, c_double
)
image_percentiles = _function(
    "image_percentiles", status, c_void_p, Context.optional(), Image, c_int32, c_void_p, c_size_t
)
image_otsu = _function("image_otsu", status, c_void_p, Context.optional(), Image, c_int32, c_size_t, c_size_t)

image_erode = _maker("image_erode", Image, c_int32, c_size_t, c_size_t)
image_dilate = _maker("image_dilate", Image, c_int32, c_size_t, c_size_t)
image_opening = _maker("image_opening", Image, c_int32, c_size_t, c_size_t)
image_closing = _maker("image_closing", Image, c_int32, c_size_t, c_size_t)
image_white_top_hat = _maker("image_white_top_hat", Image, c_int32, c_size_t, c_size_t)
image_black_top_hat = _maker("image_black_top_hat", Image, c_int32, c_size_t, c_size_t)
image_erode_disc = _maker("image_erode_disc", Image, c_int32, c_size_t, c_int32)
image_dilate_disc = _maker("image_dilate_disc", Image, c_int32, c_size_t, c_int32)
image_opening_disc = _maker("image_opening_disc", Image, c_int32, c_size_t, c_int32)
image_closing_disc = _maker("image_closing_disc", Image, c_int32, c_size_t, c_int32)
image_white_top_hat_disc = _maker("image_white_top_hat_disc", Image, c_int32, c_size_t, c_int32)
image_black_top_hat_disc = _maker("image_black_top_hat_disc", Image, c_int32, c_size_t, c_int32)
image_reconstruct_dilation = _maker("image_reconstruct_dilation", Image, c_int32, Image, c_int32, c_int32)
image_reconstruct_erosion = _maker("image_reconstruct_erosion", Image, c_int32, Image, c_int32, c_int32)
image_h_minima = _maker("image_h_minima", Image, c_int32, c_double, c_int32)
image_h_maxima = _maker("image_h_maxima", Image, c_int32, c_double, c_int32)
image_regional_minima = _maker("image_regional_minima", Image, c_int32, Image.optional(), c_int32, c_int32)
image_regional_maxima = _maker("image_regional_maxima", Image, c_int32, Image.optional(), c_int32, c_int32)
image_extended_minima = _maker("image_extended_minima", Image, c_int32, c_double, Image.optional(), c_int32, c_int32)
image_extended_maxima = _maker("image_extended_maxima", Image, c_int32, c_double, Image.optional(), c_int32, c_int32)
image_fill_holes = _maker("image_fill_holes", Image, c_int32, c_int32)
image_distance = _maker("image_distance", Image, c_int32)
image_nearest = _maker("image_nearest", Image, c_int32)
image_components = _maker("image_components", Image, c_int32, c_int32)
watershed_options_init = _function("watershed_options_init", status, POINTER(watershed_options), c_size_t)
labels_watershed = _maker(
    "labels_watershed", Labels, Image, c_int32, Image.optional(), c_int32, _in(watershed_options)
)
labels_relabel = _maker("labels_relabel", Labels)
labels_remove_small = _maker("labels_remove_small", Labels, c_uint64)
labels_clear_border = _maker("labels_clear_border", Labels, c_size_t)
labels_fill_holes = _maker("labels_fill_holes", Labels)
labels_expand = _maker("labels_expand", Labels, c_double)
labels_compartment = _maker("labels_compartment", Labels, Labels, c_int32, c_double)
labels_boundaries = _maker("labels_boundaries", Labels, c_int32, c_int32)
labels_check = _function("labels_check", status, c_void_p, c_size_t, Context.optional(), Labels, Labels.optional())

model_average = _function("model_average", status, Out, Context.optional(), Model, Model, c_double)
model_default = _function("model_default", status, Out, Context.optional())
model_load = _function("model_load", status, Out, Context.optional(), Path)
model_load_from = _function("model_load_from", status, Out, Context.optional(), _in(reader))
model_wrap = _function("model_wrap", status, Out, Context.optional(), c_char_p, _in(network))
network_init = _function("network_init", status, POINTER(network), c_size_t)
model_save, model_save_to = _writers("model_save", (Model,), (c_int32,))
model_export_onnx, model_export_onnx_to = _writers("model_export_onnx", (Model,), ())
model_export_bioimageio = _function("model_export_bioimageio", status, Model, Context.optional(), Path)
model_free = _function("model_free", None, Model)
model_info = _function("model_info", c_char_p, Model)
model_pixel_size_um = _function("model_pixel_size_um", c_double, Model)
model_nucleus_diameter_um = _function("model_nucleus_diameter_um", c_double, Model)
model_hash = _function("model_hash", c_uint64, Model)
model_parameters = _function("model_parameters", c_uint64, Model)

method_init = _function("method_init", status, POINTER(method), c_size_t, c_int32)
stream_options_init = _function("stream_options_init", status, POINTER(stream_options), c_size_t)
segment_options_init = _function("segment_options_init", status, POINTER(segment_options), c_size_t)
segment_options_check = _function("segment_options_check", status, _in(segment_options))
segment_options_preset = _function("segment_options_preset", status, POINTER(segment_options), c_int32)
segment_report_init = _function("segment_report_init", status, POINTER(segment_report), c_size_t)
segment_report_clear = _function("segment_report_clear", None, POINTER(segment_report))
segment = _function(
    "segment", status, Out, Out, Out, POINTER(segment_report), Context.optional(), Model, Image,
    _in(segment_options)
)
segment_memory = _function(
    "segment_memory", status, POINTER(c_uint64), Context.optional(), Model.optional(), c_size_t, c_size_t, c_double,
    _in(segment_options)
)
segment_two_channel = _function(
    "segment_two_channel", status, Out, Out, POINTER(segment_report), Context.optional(), Image, Image,
    _in(segment_options)
)
segment_stream = _function(
    "segment_stream", status, POINTER(stream_outputs), POINTER(segment_report), Context.optional(), Model.optional(), Source,
    Source.optional(), _in(segment_options), _in(stream_options)
)
source_callbacks_init = _function("source_callbacks_init", status, POINTER(source_callbacks), c_size_t)
source_new = _function("source_new", status, Out, Context.optional(), _in(source_callbacks))
source_from_image = _function("source_from_image", status, Out, Context.optional(), Image)
source_free = _function("source_free", None, Source)
source_height, source_width = (_function(f"source_{name}", c_size_t, Source) for name in ("height", "width"))
source_channels, source_pixel_type = (_function(f"source_{name}", c_int32, Source) for name in ("channels", "pixel_type"))
source_pixel_size_um = _function("source_pixel_size_um", c_double, Source)
source_read = _function(
    "source_read", status, Source, Context.optional(), c_void_p, c_size_t, c_int32, c_size_t, c_size_t, c_size_t, c_size_t
)
sink_callbacks_init = _function("sink_callbacks_init", status, POINTER(sink_callbacks), c_size_t)
sink_new = _function("sink_new", status, Out, Context.optional(), _in(sink_callbacks))
sink_free = _function("sink_free", None, Sink)
sink_height, sink_width = (_function(f"sink_{name}", c_size_t, Sink) for name in ("height", "width"))
sink_channels, sink_pixel_type = (_function(f"sink_{name}", c_int32, Sink) for name in ("channels", "pixel_type"))
sink_write = _function("sink_write", status, Sink, Context.optional(), c_void_p, c_size_t, c_size_t)
sink_finish = _function("sink_finish", status, Sink, Context.optional())
stream_outputs_init = _function("stream_outputs_init", status, POINTER(stream_outputs), c_size_t)
segment_nuclei_within = _function(
    "segment_nuclei_within", status, Out, Context.optional(), Model.optional(), Labels, Image, _in(segment_options)
)
segment_maps = _function("segment_maps", status, Out, Context.optional(), Model, Image, _in(segment_options))
segment_nuclei = _function("segment_nuclei", status, Out, Context.optional(), Image, c_int32, _in(segment_options))
segment_cells = _function(
    "segment_cells", status, Out, Out, Context.optional(), Model.optional(), Image, Image.optional(), c_int32,
    Labels, _in(segment_options)
)
segment_from_maps = _function(
    "segment_from_maps", status, Out, Out, POINTER(segment_report), Context.optional(), Model.optional(), Image, Image, c_int32,
    _in(segment_options)
)

synth_options_init = _function("synth_options_init", status, POINTER(synth_options), c_size_t)
synth_cells_init = _function("synth_cells_init", status, POINTER(synth_cells), c_size_t, c_int32)
synth_staining_init = _function("synth_staining_init", status, POINTER(synth_staining), c_size_t, c_int32)
synth_optics_init = _function("synth_optics_init", status, POINTER(synth_optics), c_size_t, c_int32)
synth_camera_init = _function("synth_camera_init", status, POINTER(synth_camera), c_size_t, c_int32)
synth_options_draw = _function(
    "synth_options_draw", status, POINTER(synth_options), POINTER(synth_cells), POINTER(synth_staining),
    POINTER(synth_optics), POINTER(synth_camera)
)
synth_field = _function(
    "synth_field", status, Out, Out, Out, Context.optional(), c_size_t, c_size_t, _in(synth_options)
)

tile_count = _function("tile_count", status, POINTER(c_size_t), _in(tile_grid))
tile_at = _function("tile_at", status, POINTER(tile), _in(tile_grid), c_size_t)

rate_schedule_init = _function("rate_schedule_init", status, POINTER(rate_schedule), c_size_t, c_int32)
loss_init = _function("loss_init", status, POINTER(loss), c_size_t, c_int32)
augmentation_init = _function("augmentation_init", status, POINTER(augmentation), c_size_t, c_int32)
train_options_init = _function("train_options_init", status, POINTER(train_options), c_size_t)
train_options_preset = _function("train_options_preset", status, POINTER(train_options), c_int32)
trainer_new = _function("trainer_new", status, Out, Context.optional(), Model.optional(), _in(train_options))
trainer_add = _function("trainer_add", status, Trainer, Image, c_int32, Labels, Labels.optional(), c_int32)
train_files_init = _function("train_files_init", status, POINTER(train_files), c_size_t)
trainer_add_files = _function("trainer_add_files", status, Trainer, _in(train_files), c_int32)
trainer_run = _function("trainer_run", status, Out, Trainer, epoch_fn, c_void_p)
trainer_free = _function("trainer_free", None, Trainer)
