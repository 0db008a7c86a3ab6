# SPDX-License-Identifier: BSD-3-Clause
"""The rules of lib/ that a program can check: rooms, circles, names, lengths of functions. check_tree.py runs them."""

import pathlib
import re
import statistics

ROOT = pathlib.Path(__file__).resolve().parents[2]
LIB = ROOT / "lib"
# Public headers that are not called like the room that implements them.
ROOM_OF_HEADER = {"model": "nn", **dict.fromkeys(("types", "context", "image", "labels", "options", "source", "stream", "version"), "core")}
MAX_FUNCTION_LINES = 60
MAX_MEDIAN_LINES = 10
# Words for which the field has a term (docs/conventions.md). Not refused are those with a second, proper meaning: fit, half, dice.
REFUSED = re.compile(r"\b(?:look(?:s|ed|ing)?|sight|seen|scenes?|sureness|unsure|tid(?:y|ied)|bench|ladders?|rungs?|narrow\w*|"
                     r"walk(?:s|ed|ing)?|parts|MOST|(?<!AT )LEAST)\b")
IDENTIFIER = re.compile(r"\bc(?:ell)?seg_\w+")


def without_comments_and_strings(text):
    pattern = r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\''
    return re.sub(pattern, lambda m: re.sub(r"[^\n]", " ", m.group()), text, flags=re.S)


def functions_of(code):
    """(head, text) of each function: from the last statement in the first column to a closing brace there."""
    lines, start = code.split("\n"), 0
    for end, line in enumerate(lines):
        continued = re.match(r"[A-Za-z_][^;{}]*$", lines[end - 1]) if end else None
        if re.match(r"[A-Za-z_].*[^:]$", line) and not continued:
            start = end
        elif line == "}":
            text = "\n".join(lines[start:end + 1])
            yield text.split("{")[0], text


class Source:
    """One file of lib/. A header and its .c are one unit, and so are the files of a kernel family, and
    those of the systems."""

    def __init__(self, path):
        self.path = path
        self.name = str(path.relative_to(ROOT))
        self.room = path.parent.name
        self.text = path.read_text()
        self.code = without_comments_and_strings(self.text)
        self.is_header = path.suffix == ".h"
        self.unit = self.room + "/" + re.sub(r"_(?:body|c|avx2|avx512|neon|posix|windows)$", "", path.stem)
        self.functions = list(functions_of(self.code))

    def symbols(self):
        """Names of the functions and data that other files may use. A body header is text for its family, not a header."""
        if self.path.stem.endswith("_body"):
            return
        for head, _ in self.functions:
            name = re.search(r"([a-z]\w*)\(", head)  # a macro before or around a name is in capitals
            shared = head.startswith("static inline") if self.is_header else not re.match(r"static|[A-Z]+ ", head)
            if name and shared:
                yield name.group(1)
        for static, name in re.findall(r"^(static )?(?:const )?\w+ \*?(?:const )?(\w+)(?:\[[^\]]*\])* =", self.code, re.M):
            if self.is_header or not static:
                yield name

    def used(self):
        """Names used: a header uses what its inline functions and macros do; a declaration uses nothing."""
        if not self.is_header:
            return set(IDENTIFIER.findall(self.code))
        macros = re.findall(r"^#define (?:.*\\\n)*.*", self.code, re.M)
        return set(IDENTIFIER.findall("\n".join([text for _, text in self.functions] + macros)))

    def rooms_included(self):
        for header in re.findall(r'#include "(\w+)/', self.text):
            yield header
        for header in re.findall(r"#include <cellseg/(\w+)\.h>", self.text):
            yield ROOM_OF_HEADER.get(header, header)


# without_png.c and the like stand in for what a build leaves out: their functions are those of other files.
SOURCES = [Source(path) for path in sorted(LIB.glob("*/*.[ch]")) if not path.name.startswith("without_")]
UNIT_OF = {name: source.unit for source in SOURCES for name in source.symbols()}


def allowed_rooms():
    lines = [line for line in (LIB / "modules.txt").read_text().splitlines() if line and not line.startswith("#")]
    return {room: set(rooms.split()) for room, rooms in (line.split(":") for line in lines)}


def check_rooms():
    """Each edge between rooms is in modules.txt, by include or by name used, and each edge in modules.txt exists."""
    allowed, found = allowed_rooms(), {}
    for source in SOURCES:
        used = {UNIT_OF[name].split("/")[0] for name in source.used() if name in UNIT_OF}
        for room in ({*source.rooms_included()} | used) - {source.room}:
            found.setdefault(source.room, set()).add(room)
            if room not in allowed.get(source.room, ()):
                yield f"{source.name}: {source.room} may not use {room}"
        for header in re.findall(r'#include "(\w+/\w+\.h)"', source.text):
            room = header.split("/")[0]
            if room != source.room and header != f"{room}/{room}.h":
                yield f"{source.name}: {header} is not a door; include {room}/{room}.h"
    for room, rooms in allowed.items():
        for other in sorted(rooms - found.get(room, set())):
            yield f"lib/modules.txt: {room} does not use {other}"


def reached_from(graph, start):
    reached, waiting = set(), set(graph.get(start, ()))
    while waiting:
        reached |= waiting
        waiting = {other for node in waiting for other in graph.get(node, ())} - reached
    return reached


def check_circles():
    """No unit uses another that uses it, directly or through others; no header includes one that includes it."""
    units, headers = {}, {}
    for source in SOURCES:
        used = {UNIT_OF[name] for name in source.used() if name in UNIT_OF}
        units.setdefault(source.unit, set()).update(used - {source.unit})
        if source.is_header:
            headers["/".join(source.path.parts[-2:])] = set(re.findall(r'#include "([^"]+)"', source.text))
    for graph in (units, headers):
        for start in graph:
            circle = sorted(other for other in graph[start] if start in reached_from(graph, other))
            if circle:
                yield f"lib/{start} uses {', '.join(circle)}, and that uses lib/{start}"


def check_names():
    """cseg_<noun>_<verb>; a noun belongs to one unit; a file's name is in one room."""
    homes, rooms = {}, {}
    for source in SOURCES:
        rooms.setdefault(source.path.stem, set()).add(source.room)
        for name in source.symbols():
            noun = re.fullmatch(r"cseg_([a-z0-9]+)_[a-z0-9_]+", name)
            if noun:
                homes.setdefault(noun.group(1), set()).add(source.unit)
            elif not name.startswith("cellseg_"):
                yield f"{source.name}: {name} is not cseg_<noun>_<verb>"
    for what, where in (("the noun", homes), ("the file name", rooms)):
        for name, places in where.items():
            if len(places) > 1:
                yield f"lib: {what} {name} is in {', '.join(sorted(places))}"


def check_lengths():
    lengths = [(text.count("\n") + 1, source, head) for source in SOURCES for head, text in source.functions]
    for lines, source, head in lengths:
        if lines > MAX_FUNCTION_LINES:
            yield f"{source.name}: {lines} lines of {' '.join(head.split())}; {MAX_FUNCTION_LINES} are the most"
    median = statistics.median(lines for lines, _, _ in lengths)
    print(f"{len(lengths)} functions in lib/, median {median:g} lines, longest {max(lines for lines, _, _ in lengths)}")
    if median > MAX_MEDIAN_LINES:
        yield f"lib: the median function has {median:g} lines; {MAX_MEDIAN_LINES} are the most"


def check_words():
    for path in sorted([*LIB.glob("*/*.[ch]"), *ROOT.glob("include/cellseg/*.h")]):
        for number, line in enumerate(path.read_text().split("\n"), 1):
            for word in REFUSED.findall(line.replace("_", " ")):
                yield f"{path.relative_to(ROOT)}:{number}: the field has a better word than {word}"


CHECKS = [check_rooms, check_circles, check_names, check_lengths, check_words]
