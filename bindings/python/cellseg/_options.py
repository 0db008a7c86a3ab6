# SPDX-License-Identifier: BSD-3-Clause
"""Options as keyword arguments: members of the library's structs by their names, and named choices in place of numbers."""

from __future__ import annotations

import ctypes
import difflib
import os
from typing import Iterator, NamedTuple

import numpy as np

from . import _lowlevel as c
from ._lowlevel import ArgumentError

PRESETS = {"default": c.PRESET_DEFAULT, "paper": c.PRESET_PAPER}
_NO_YES = ("no", "yes")
_DESCRIBED = {
    "segment": c.segment_options,
    "train": c.train_options,
    "train_files": c.train_files,
    "simulate": c.synth_options,
    "measure": c.measure_options,
    "outlines": c.outline_options,
    "overlay": c.overlay_options,
    "read": c.read_options,
}


def chosen(name: str, value: object, choices: dict[str, int]) -> int:
    """The number of a named choice."""
    if value not in choices:
        raise ValueError(f"{name} is {value!r}; it must be one of {', '.join(choices)}")
    return choices[value]


# ---- descriptors ----


class Option(NamedTuple):
    """A keyword argument of a function of this package.

    type: bool, int, float or str; a str is one of `choices` where there are any. default, paper: the values of the two presets.
    lowest, highest: the legal range of a number; or_zero: 0 is legal too; above_lowest: `lowest` itself is not; power_of_two: only
    powers of two are. group: the member of the C struct that points to the option's group; "" for none.
    """

    name: str
    type: type
    unit: str
    default: object
    paper: object
    lowest: float
    highest: float
    or_zero: bool
    above_lowest: bool
    power_of_two: bool
    choices: tuple[str, ...]
    sentence: str
    group: str


def _choices(row: c.option) -> tuple[str, ...]:
    names = []
    while row.choices and row.choices[len(names)] is not None:
        names.append(row.choices[len(names)].decode())
    return tuple(names)


def _type(row: c.option, choices: tuple[str, ...]) -> type:
    if choices == _NO_YES:
        return bool
    if choices or row.type == c.OPTION_TEXT:
        return str
    return float if row.type == c.OPTION_DOUBLE else int


def _described(row: c.option, group: str) -> Option:
    choices = _choices(row)
    kind = _type(row, choices)

    def value(number: float) -> object:
        return None if row.type == c.OPTION_TEXT else choices[int(number)] if kind is str else kind(number)

    return Option(
        row.name.decode(),
        kind,
        row.unit.decode(),
        value(row.standard),
        value(row.paper),
        row.lowest,
        row.highest,
        bool(row.flags & c.OPTION_FLAG_OR_ZERO),
        bool(row.flags & c.OPTION_FLAG_ABOVE_LOWEST),
        bool(row.flags & c.OPTION_FLAG_POWER_OF_TWO),
        choices,
        row.sentence.decode(),
        group,
    )


def _descriptors(struct: type, group: str = "") -> Iterator[Option]:
    for name, row in struct.rows.items():
        if row.type == c.OPTION_GROUP:
            yield from _descriptors(dict(struct._fields_)[name]._type_, name)
        else:
            yield _described(row, group)


def options(of: str = "segment") -> list[Option]:
    """Keyword options, as the library describes them.

    of: "segment" for segment() and the functions beside it, "train" for Trainer, "train_files" for Trainer.add_files(),
    "simulate", "measure", "outlines", or "read" for read().
    """
    if of not in _DESCRIBED:
        raise ValueError(f"of is {of!r}; it must be one of {', '.join(_DESCRIBED)}")
    return list(_descriptors(_DESCRIBED[of]))


# ---- values ----


def filled(kind: type, preset: int) -> ctypes.Structure:
    """A described struct with the values of a preset; texts and groups are NULL."""
    struct = kind()
    for name, row in kind.rows.items():
        if row.type not in (c.OPTION_TEXT, c.OPTION_GROUP):
            value = row.paper if preset == c.PRESET_PAPER else row.standard
            setattr(struct, name, value if row.type == c.OPTION_DOUBLE else int(value))
    return struct


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


def _members(struct: type) -> dict[str, str | None]:
    """The options of a struct by name, each with the member that points to its group; None for the struct's own."""
    kinds, members = dict(struct._fields_), {}
    for name, row in struct.rows.items():
        if row.type == c.OPTION_GROUP:
            members.update(dict.fromkeys(kinds[name]._type_.rows, name))
        else:
            members[name] = None
    return members


def _group(struct: ctypes.Structure, name: str) -> ctypes.Structure:
    """The group that a member points to; a new one of the struct's preset where the member is NULL."""
    if not getattr(struct, name):
        kind = dict(struct._fields_)[name]._type_
        setattr(struct, name, ctypes.pointer(filled(kind, getattr(struct, "preset", c.PRESET_DEFAULT))))
    return getattr(struct, name).contents


def _unknown(name: str, names: set[str]) -> TypeError:
    near = difflib.get_close_matches(name, names)
    hint = f"did you mean {' or '.join(near)}?" if near else f"options are {', '.join(sorted(names))}"
    return TypeError(f"there is no option {name!r}; {hint}")


def _named_choices(struct: ctypes.Structure, name: str, value: object) -> dict[str, int] | None:
    """The choices of a described member; None where the value is a number as it is."""
    names = _choices(struct.rows[name])
    if not names or (names == _NO_YES and not isinstance(value, str)):
        return None
    return {choice: number for number, choice in enumerate(names)}


def set_options(struct: ctypes.Structure, options: dict[str, object]) -> None:
    """Set members of a described struct by name, those of its groups too."""
    members = _members(type(struct))
    for name, value in options.items():
        if name not in members:
            raise _unknown(name, {*members})
        owner = struct if members[name] is None else _group(struct, members[name])
        named = _named_choices(owner, name, value)
        if named:
            value = chosen(name, value, named)
        elif isinstance(value, np.bool_):
            value = bool(value)
        _set(owner, name, dict(owner._fields_)[name], value)


def struct_of(kind: type, options: dict[str, object]) -> ctypes.Structure:
    """A described struct: the values of the preset, and over them the given options."""
    given = dict(options)
    preset = given.pop("preset", "default") if "preset" in kind.rows else "default"
    struct = filled(kind, chosen("preset", preset, PRESETS))
    set_options(struct, given)
    return struct
