#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Which lines of lib/ a build with gcov's counters has run. Usage: coverage.py BUILD. Exit 1 where the part is below the floor."""

import json
import pathlib
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
FLOOR = 97.8  # percent
LISTED = 10


def counts(build):
    """{file: {line: whether it ran}}; of a header, whether it ran in any file that includes it."""
    files = {}
    notes = sorted((build / "CMakeFiles/cellseg_objects.dir/lib").rglob("*.gcno"))
    done = subprocess.run(["gcov", "--json-format", "--stdout", *notes], cwd=ROOT, check=True, capture_output=True, text=True)
    for text in done.stdout.splitlines():
        for file in json.loads(text)["files"]:
            path = (ROOT / file["file"]).resolve()
            if path.is_relative_to(ROOT / "lib"):
                lines = files.setdefault(str(path.relative_to(ROOT)), {})
                for line in file["lines"]:
                    lines[line["line_number"]] = lines.get(line["line_number"], False) or line["count"] > 0
    return files


def never_run(lines):
    """Ranges of lines, as text; lines without code between do not part them."""
    ranges, last = [], True
    for number, ran in sorted(lines.items()):
        if not ran and last:
            ranges.append([number, number])
        elif not ran:
            ranges[-1][1] = number
        last = ran
    return ", ".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


def main():
    files = counts(pathlib.Path(sys.argv[1]).resolve())
    missed = sorted(((list(lines.values()).count(False), name) for name, lines in files.items()), reverse=True)
    for number, name in missed[:LISTED]:
        print(f"{name}: {number} of {len(files[name])} lines never run: {never_run(files[name])}")
    total = sum(map(len, files.values()))
    percent = 100 * (1 - sum(number for number, _ in missed) / total)
    print(f"{percent:.2f} % of {total} lines of lib/ ran; {FLOOR} % are the least")
    return percent < FLOOR


if __name__ == "__main__":
    sys.exit(main())
