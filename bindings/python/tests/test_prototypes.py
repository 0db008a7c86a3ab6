# SPDX-License-Identifier: BSD-3-Clause
"""Every function, struct and number of the C headers is in _lowlevel.py, with the same types."""

import ctypes
import re
import subprocess
from pathlib import Path

import cellseg
import pytest
from cellseg import _lowlevel as c

INCLUDE = Path(__file__).resolve().parents[3] / "include"
HEADERS = sorted((INCLUDE / "cellseg").glob("*.h"))
TEXT = re.sub(r"/\*.*?\*/", " ", "\n".join(h.read_text() for h in HEADERS), flags=re.S)

FUNCTIONS = {
    name: (result, arguments)
    for result, name, arguments in re.findall(r"CELLSEG_API\s+([\w\s*]+?)\s*\bcellseg_(\w+)\(([^;]*)\);", TEXT)
}
STRUCTS = dict(re.findall(r"typedef struct cellseg_(\w+) \{(.*?)\} cellseg_\1;", TEXT, flags=re.S))

SCALARS = {
    "size_t": ctypes.c_size_t,
    "int32_t": ctypes.c_int32,
    "uint32_t": ctypes.c_uint32,
    "int64_t": ctypes.c_int64,
    "uint64_t": ctypes.c_uint64,
    "double": ctypes.c_double,
    "const char *": ctypes.c_char_p,
    "cellseg_status": c.status,
    "void": None,
}
TABLE = "cellseg_option_table *"  # owned by the library: an address
HANDLES = {h.__name__.lower(): h for h in c.Handle.__subclasses__()}


def normal(declaration):
    """"const cellseg_image *image" without the name: "cellseg_image *"; const kept for text only."""
    declaration = " ".join(declaration.replace("*", " * ").split())
    if declaration.startswith("const char"):
        return "const char " + "*" * declaration.count("*")
    words = [w for w in declaration.split() if w != "const"]
    stars = words.count("*")
    words = [w for w in words if w != "*"]
    return words[0] + (" " + "*" * stars if stars else "")


def matches(c_type, argument):
    """Whether a ctypes argument type can stand for a C parameter type."""
    if c_type == TABLE:
        return argument is ctypes.c_void_p
    if c_type in SCALARS:
        other = {"const char *": c.Path, "cellseg_status": ctypes.c_int32}.get(c_type)
        return argument is SCALARS[c_type] or (other is not None and argument is other)
    name, _, stars = c_type.removeprefix("cellseg_").partition(" ")
    if name in HANDLES:
        handle = HANDLES[name]
        return argument is c.Out if stars == "**" else argument is handle or getattr(argument, "c_type", None) is handle
    if name in STRUCTS:
        return argument is ctypes.POINTER(getattr(c, name))
    if name.endswith("_fn"):
        return argument is getattr(c, name)
    pointed = SCALARS.get(name, ctypes.c_char if name == "char" else None)
    return stars == "*" and (argument is c.c_void_p or argument is ctypes.POINTER(pointed))


def test_the_headers_were_understood():
    assert len(FUNCTIONS) == len(re.findall(r"^CELLSEG_API ", TEXT, flags=re.M)) > 50 and len(STRUCTS) >= 9


@pytest.mark.parametrize("name", FUNCTIONS)
def test_function(name):
    function = getattr(c, name)
    result, arguments = FUNCTIONS[name]
    assert not isinstance(function, c._Missing), "not in the library"
    assert matches(normal(result), function.c_result)
    declared = [] if arguments.strip() == "void" else [normal(a) for a in arguments.split(",")]
    assert len(declared) == len(function.argtypes), declared
    for c_type, argument in zip(declared, function.argtypes):
        assert matches(c_type, argument), (c_type, argument)


@pytest.mark.parametrize("name", STRUCTS)
def test_struct_lies_as_in_c(name, tmp_path):
    fields = [field for field, _ in getattr(c, name)._fields_]
    source = tmp_path / "probe.c"
    prints = "".join(f'printf("%zu\\n", offsetof(cellseg_{name}, {field}));' for field in fields)
    source.write_text(
        "#include <cellseg/cellseg.h>\n#include <stdio.h>\n"
        f'int main(void) {{ {prints} printf("%zu\\n", sizeof(cellseg_{name})); return 0; }}'
    )
    subprocess.run(["cc", "-I", INCLUDE, "-o", tmp_path / "probe", source], check=True)
    offsets = subprocess.run([tmp_path / "probe"], check=True, capture_output=True, text=True).stdout.split()
    struct = getattr(c, name)
    assert [int(o) for o in offsets] == [getattr(struct, f).offset for f in fields] + [ctypes.sizeof(struct)]
    for declaration in STRUCTS[name].split(";")[:-1]:
        for member in declaration.split(","):
            assert re.findall(r"\w+", member)[-1] in fields
            c_type = normal(declaration)
            if c_type in SCALARS:
                assert dict(struct._fields_)[re.findall(r"\w+", member)[-1]] is SCALARS[c_type]


def test_numbers():
    numbers = dict(re.findall(r"CELLSEG_(\w+) = (-?\d+)", TEXT))
    assert len(numbers) > 20
    for name, value in numbers.items():
        if name == "OK":
            continue
        ours = c.ERRORS[int(value)].status if name.startswith("ERR_") else getattr(c, name)
        assert ours == int(value)
    assert len(c.ERRORS) == sum(name.startswith("ERR_") for name in numbers)


def test_the_version_is_the_header_s():
    assert cellseg.__version__ == ".".join(re.findall(r"CELLSEG_VERSION_\w+ (\d+)", TEXT)) == cellseg.library_version()
