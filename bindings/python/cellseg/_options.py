# SPDX-License-Identifier: BSD-3-Clause
"""Options as keyword arguments: members of the library's structs by their names, and named choices in place of numbers."""

from __future__ import annotations

import ctypes
import os

from . import _lowlevel as c
from ._lowlevel import ArgumentError

PRESETS = {"default": c.PRESET_DEFAULT, "paper": c.PRESET_PAPER}


def chosen(name: str, value: object, choices: dict[str, int]) -> int:
    """The number of a named choice."""
    if value not in choices:
        raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(choices)}")
    return choices[value]


def _text(value: object) -> bytes:
    """A text in UTF-8; bytes are taken to be."""
    return value if isinstance(value, bytes) else os.fspath(value).encode()


def _set(struct: ctypes.Structure, name: str, kind: type, value: object) -> None:
    try:
        if kind is ctypes.c_char_p and value is not None:
            value = c.path_bytes(value) if name.endswith("_path") else _text(value)
        setattr(struct, name, value)
    except TypeError as error:
        raise TypeError(f"{name} is {value!r}: {error}") from None
    if kind is not ctypes.c_double and getattr(struct, name) != value:  # the lowest bits of a number, a text up to a NUL
        raise ArgumentError(f"{name} is {value!r}, which does not fit")


def set_options(
    struct: ctypes.Structure,
    options: dict[str, object],
    choices: dict[str, dict[str, int]] | None = None,
    further: tuple[str, ...] = (),
) -> None:
    """Set members by name. choices: those of a named choice; further: options that are no members, for the error."""
    kinds = {name: kind for name, kind in struct._fields_ if name not in ("struct_size", "padding")}
    for name, value in options.items():
        if name not in kinds:
            raise TypeError(f"there is no option {name!r}; options are {', '.join(sorted({*kinds, *further}))}")
        if choices and name in choices:
            value = chosen(name, value, choices[name])
        _set(struct, name, kinds[name], value)
