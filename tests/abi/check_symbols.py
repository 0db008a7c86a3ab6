#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Headers, version script and library name the same functions. Usage: check_symbols.py LIBRARY"""

import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]


def declared():
    text = "\n".join(p.read_text() for p in (ROOT / "include/cellseg").glob("*.h"))
    return set(re.findall(r"CELLSEG_API[^;(]*?\b(cellseg_\w+)\(", text))


def mapped():
    text = re.sub(r"#.*", "", (ROOT / "lib/cellseg.map").read_text())
    exported = re.findall(r"global:(.*?)(?:local:|\})", text, flags=re.S)
    return {name for part in exported for name in re.findall(r"[\w*]+(?=;)", part)}


def exported(library):
    lines = subprocess.run(["nm", "-D", "--defined-only", library], check=True, capture_output=True, text=True).stdout.splitlines()
    names = {line.split()[-1].split("@")[0] for line in lines}
    return {name for name in names if not name.startswith("CELLSEG_")}


def main():
    sets = {"headers": declared(), "lib/cellseg.map": mapped(), "library": exported(sys.argv[1])}
    every = set.union(*sets.values())
    faults = [f"{name} is missing from {where}" for name in sorted(every) for where, names in sets.items() if name not in names]
    faults += [f"{name} is exported, and is no cellseg_ name" for name in sorted(sets["library"]) if not name.startswith("cellseg_")]
    print("\n".join(faults) if faults else f"{len(every)} functions in headers, map and library")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
