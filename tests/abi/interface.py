#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The binary interface as text: what the public headers declare, with the offset of each member on 64-bit machines. The records
tests/abi/interface-*.txt, one per release, are that text, and are C as well. docs/abi.md describes their use.

interface.py --record writes the record of the headers' version, which is possible until that version is released.
"""

import pathlib
import re
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parents[1]
HEAD = "/* SPDX-License-Identifier: BSD-3-Clause */\n/* The interface of libcellseg {}, by tests/abi/interface.py --record; see docs/abi.md. Behind a member: its offset. */\n"
SYSTEM = "#include <stddef.h>\n#include <stdint.h>\n"


def run(*command):
    done = subprocess.run([str(word) for word in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(done.stdout + done.stderr)
    return done.stdout


def statements(text):
    """Declarations of C text without comments or directives, each on one line."""
    text = re.sub(r"/\*.*?\*/|^#[^\n]*|__attribute__\(\((?:[^()]|\([^()]*\))*\)\)", " ", text, flags=re.S | re.M)
    found = re.findall(r"(?:[^;{]|\{[^}]*\})+;", text)
    return [re.sub(r"\s+", " ", statement).strip() for statement in found]


def members(statement):
    """(type and name, name) of each member of a struct's one-line declaration; None for another declaration."""
    match = re.fullmatch(r"typedef struct (\w+) \{ (.*) \} \w+;", statement)
    if match is None:
        return None
    found = []
    for member in filter(None, map(str.strip, match.group(2).split(";"))):
        first, *more = member.split(", ")
        found += [first, *(first.rsplit(" ", 1)[0] + " " + name for name in more)]
    return [(member, re.search(r"(\w+)$", member).group(1)) for member in found]


def struct_name(statement):
    return statement.split()[2]


def constants(statement):
    """(name, value) of each constant of an enumeration; [] for another declaration."""
    return re.findall(r"(\w+) = (-?\w+)", statement) if statement.startswith("enum") else []


def function_name(statement):
    """None for another declaration."""
    match = re.match(r"(?!typedef|enum)[\w\s*]*?\b(cellseg_\w+)\(", statement)
    return match and match.group(1)


def declared(include):
    """Statements of the headers in a folder; the system's headers are left out."""
    with tempfile.TemporaryDirectory() as folder:
        for name in "stddef.h", "stdint.h":
            (pathlib.Path(folder) / name).touch()
        return statements(run("cc", "-std=c11", "-E", "-P", "-nostdinc", f"-I{folder}", f"-I{include}", f"{include}/cellseg/cellseg.h"))


def layouts(include, found):
    """{struct: [offset of each member, ..., size]}, as the compiler places them."""
    lines = []
    for statement in found:
        if members(statement) is not None:
            name = struct_name(statement)
            values = [f"offsetof({name}, {member})" for _, member in members(statement)] + [f"sizeof({name})"]
            lines.append(f'printf("{name}" "{" %zu" * len(values)}\\n", {", ".join(values)});')
    with tempfile.TemporaryDirectory() as folder:
        source = pathlib.Path(folder) / "layouts.c"
        source.write_text("#include <cellseg/cellseg.h>\n#include <stdio.h>\nint main(void) {\n" + "\n".join(lines) + "\n}\n")
        run("cc", "-std=c11", f"-I{include}", source, "-o", f"{folder}/layouts")
        return {line.split()[0]: list(map(int, line.split()[1:])) for line in run(f"{folder}/layouts").splitlines()}


def version(include):
    return ".".join(re.findall(r"#define CELLSEG_VERSION_(?:MAJOR|MINOR) (\d+)", (include / "cellseg/version.h").read_text()))


def text_of(include):
    """The record of the headers in a folder."""
    found = declared(include)
    places = layouts(include, found)
    lines = []
    for statement in found:
        if members(statement) is not None:
            offsets = places[struct_name(statement)]
            rows = [f"    {member}; /* {offset} */" for (member, _), offset in zip(members(statement), offsets)]
            lines += [statement.split("{")[0] + "{", *rows, statement.split("} ")[-1].join(("} ", f" /* {offsets[-1]} bytes */"))]
        elif constants(statement):
            lines += ["enum {", *(f"    {name} = {value}," for name, value in constants(statement)), "};"]
        else:
            lines.append(statement)
    return HEAD.format(version(include)) + SYSTEM + "\n".join(lines) + "\n"


def faults_of(include, record):
    """What the headers in a folder do not keep of a record: the compiler compares types, numbers and offsets."""
    lost = set(map(function_name, statements(record))) - set(map(function_name, declared(include)))
    found = [f"{name}() is gone" for name in sorted(filter(None, lost))]
    done = subprocess.run(["cc", "-std=c11", "-Werror", "-fsyntax-only", f"-I{include}", "-x", "c", "-"], input=check_against(record),
                          capture_output=True, text=True)
    return found + re.findall(r"error: (.*)", done.stderr)


def records():
    """The paths of all records, the oldest first."""
    return sorted(HERE.glob("interface-*.txt"), key=lambda path: [int(n) for n in re.findall(r"\d+", path.stem)])


def record_of(include):
    """The path of the record of the headers' version."""
    return HERE / f"interface-{version(include)}.txt"


def check_against(record):
    """C text that compiles with today's headers if these keep what a record declares: its types, numbers and offsets."""
    lines = ["#include <cellseg/cellseg.h>"]
    for statement in statements(record):
        if members(statement) is not None:
            struct = struct_name(statement)
            rows = re.search(rf"typedef struct {struct} \{{(.*?)\}}", record, re.S).group(1).strip().split("\n")
            offsets = [re.search(r"/\* (\d+) \*/", row).group(1) for row in rows]
            for (member, own), offset in zip(members(statement), offsets):
                kind = re.sub(rf"\b{own}$", "", member)
                lines.append(f'_Static_assert(offsetof({struct}, {own}) == {offset}, "{struct}.{own} has moved");')
                lines.append(f'_Static_assert(_Generic(&(({struct} *)0)->{own}, {kind} *: 1, default: 0), "{struct}.{own} has another type");')
        elif constants(statement):
            lines += [f'_Static_assert({constant} == {value}, "{constant} has another number");' for constant, value in constants(statement)]
        else:
            lines.append(statement)
    return "\n".join(lines) + "\n"


def main():
    include = ROOT / "include"
    if sys.argv[1:] != ["--record"]:
        raise SystemExit("usage: tests/abi/interface.py --record")
    released = re.search(r"^## (\d+\.\d+)\.\d+(.*)$", (ROOT / "CHANGELOG.md").read_text(), re.M)
    if released.group(1) == version(include) and "not yet released" not in released.group(2):
        raise SystemExit(f"release {version(include)} is out, and its interface is fixed: raise the minor version in include/cellseg/version.h")
    record_of(include).write_text(text_of(include))


if __name__ == "__main__":
    main()
