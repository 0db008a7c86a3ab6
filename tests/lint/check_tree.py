#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""The house rules a program can check: modules, sources, sizes, forbidden calls, the top level, links. Prints each fault; exit 1 if any."""

import pathlib
import re
import subprocess
import sys

import library

ROOT = pathlib.Path(__file__).resolve().parents[2]
TOP_LEVEL = {"CMakeLists.txt", "meson.build", "meson_options.txt", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md",
             "include", "lib", "examples", "bindings", "tests", "docs", "pkgconfig"}
FORBIDDEN = re.compile(r"(?<![.>\w])(printf|fprintf|puts|putchar|perror|exit|_exit|abort|getenv|setenv|strtok|atoi|atol|atof|gets|sprintf|"
                       r"vsprintf|strcpy|strcat|rand|srand|signal|system|malloc|calloc|realloc|free|expf?|logf?|powf?|sinf?|cosf?|tanhf?|"
                       r"strto[df]|v?sscanf|vsnprintf|setlocale|localeconv)\s*\(")  # these depend on the locale
# snprintf() of a double depends on the locale; cseg_format_print() does not.
LOCAL_POINT = re.compile(r"\bsnprintf\([^;]*?%[-+ #0-9.*]*[aefgAEFG]")
# Where a forbidden call is the point of the file.
ALLOWED = {("core/alloc.c", "malloc"), ("core/alloc.c", "free"), ("io/libtiff.c", "vsnprintf")}
MAX_FILE_LINES = 800
MAX_FILE_BYTES = 5 << 20


def tracked(*patterns):
    listed = subprocess.run(["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns], cwd=ROOT, check=True,
                            capture_output=True, text=True).stdout.split("\n")
    return [ROOT / name for name in listed if name and (ROOT / name).exists()]


def check_sources():
    listed = [line.split()[0] for line in (ROOT / "lib/sources.txt").read_text().splitlines() if line and not line.startswith("#")]
    present = sorted(str(p.relative_to(ROOT / "lib")) for p in tracked("lib/*.c"))
    if listed != sorted(listed):
        yield "lib/sources.txt is not sorted"
    for name in set(listed) ^ set(present):
        yield f"lib/sources.txt and lib/ disagree about {name}"


def check_calls():
    for path in tracked("lib/*.c", "lib/*.h"):
        name = str(path.relative_to(ROOT / "lib"))
        if LOCAL_POINT.search(re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)):
            yield f"lib/{name}: snprintf() of a double has the locale's decimal point; cseg_format_print() has a full stop"
        for number, line in enumerate(library.without_comments_and_strings(path.read_text()).split("\n"), 1):
            for call in FORBIDDEN.findall(line):
                if (name, call) not in ALLOWED:
                    yield f"lib/{name}:{number}: library code does not call {call}()"


def check_grammar():
    """docs/conventions.md, "The toolkit's grammar": cellseg_<object>_<verb>(results, context, inputs, parameters)."""
    for name in "filter.h", "morph.h":
        text = library.without_comments_and_strings((ROOT / "include/cellseg" / name).read_text())
        for function, inside in re.findall(r"CELLSEG_API\s+cellseg_status\s+(\w+)\(([^;]*)\);", text):
            arguments = [re.sub(r"\s+", " ", a).strip() for a in inside.split(",")]
            kinds = [re.sub(r" ?\w+$", "", a) for a in arguments]
            if function.endswith("_options_init"):
                continue
            first = kinds.index("cellseg_context *") + 1 if "cellseg_context *" in kinds else 0
            image, labels = kinds[first:] + [""], function.startswith("cellseg_labels_")
            if not labels and not function.startswith("cellseg_image_"):
                yield f"include/cellseg/{name}: {function} is no cellseg_image_<verb> or cellseg_labels_<verb>"
            if first == 0 or any(k.startswith("const") or ("*" not in k and k != "size_t") for k in kinds[: first - 1]):
                yield f"include/cellseg/{name}: {function} does not take results, then the context"
            if image[0] != ("const cellseg_labels *" if labels else "const cellseg_image *"):
                yield f"include/cellseg/{name}: {function} does not take its {'label map' if labels else 'image'} after the context"
            for at, kind in enumerate(kinds):
                if kind == "const cellseg_image *" and not re.fullmatch(r"int32_t (\w+_)?channel", (arguments + [""])[at + 1]):
                    yield f"include/cellseg/{name}: {function} takes {arguments[at]} without a channel after it"


def check_sizes():
    for path in tracked():
        if path.stat().st_size > MAX_FILE_BYTES:
            yield f"{path.relative_to(ROOT)} is larger than {MAX_FILE_BYTES} bytes"
    for path in tracked("*.c", "*.h", "*.py", "*.sh"):
        lines = path.read_text().count("\n")
        if lines > MAX_FILE_LINES:
            yield f"{path.relative_to(ROOT)} has {lines} lines; {MAX_FILE_LINES} are the most"


def check_top_level():
    for name in {p.relative_to(ROOT).parts[0] for p in tracked()}:
        if name not in TOP_LEVEL and not name.startswith("."):
            yield f"{name} does not belong at the top level"


def check_licences():
    for path in tracked("*.c", "*.h", "*.py", "*.sh"):
        if "SPDX-License-Identifier: BSD-3-Clause" not in path.read_text()[:300]:
            yield f"{path.relative_to(ROOT)} names no licence"


def headings(path):
    """As links name them."""
    lines = re.findall(r"^#+ (.*)$", re.sub(r"^```.*?^```", "", path.read_text(), flags=re.S | re.M), re.M)
    return {re.sub(r"[^\w -]", "", line).lower().replace(" ", "-") for line in lines}


def check_documents():
    """Links, pictures and paths lead somewhere, and to every document and picture leads a link."""
    linked = {ROOT / "README.md", ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"}
    for path in tracked("*.md"):
        text = path.read_text()
        for target in re.findall(r"\]\(([^)\s]+)\)", text):
            name, _, heading = target.partition("#")
            other = (path.parent / name).resolve() if name else path
            linked |= {other} - {path}
            if "://" not in target and (not other.exists() or (heading and heading not in headings(other))):
                yield f"{path.relative_to(ROOT)}: {target} leads nowhere"
        for name in re.findall(r"`((?:include|lib|examples|bindings|tests|docs)/[\w./-]+)", text):
            linked |= {ROOT / name}
            if not (ROOT / name).exists():
                yield f"{path.relative_to(ROOT)}: there is no {name}"
    for path in {*tracked("*.md", "docs/images")} - linked:
        yield f"nothing leads to {path.relative_to(ROOT)}"


def check_tested_calls():
    """tests/core/test_every_call.c calls every public function that computes."""
    no_computation = re.compile(r"cellseg_(context_\w+|(image|labels)_(new|wrap)|trainer_free)$")
    tested = set(re.findall(r"\bcellseg_\w+", (ROOT / "tests/core/test_every_call.c").read_text()))
    tested |= {"cellseg_" + name for name in re.findall(r"_CALL\((\w+)", (ROOT / "tests/core/test_every_call.c").read_text())}
    for path in tracked("include/cellseg/*.h"):
        code = library.without_comments_and_strings(path.read_text())
        for name, parameters in re.findall(r"CELLSEG_API[^;(]*?\b(cellseg_\w+)\(([^;]*)\);", code):
            computes = re.search(r"cellseg_(context|trainer) \*", parameters) and not no_computation.match(name)
            if computes and name not in tested:
                yield f"tests/core/test_every_call.c does not call {name}()"


def main():
    checks = [check_sources, check_calls, check_tested_calls, check_grammar, check_sizes, check_top_level, check_licences, check_documents, *library.CHECKS]
    faults = [fault for check in checks for fault in check()]
    for fault in faults:
        print(fault)
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
