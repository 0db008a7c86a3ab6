#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Make the tables of a run from fields/<stem>/: cells.csv (all cells), images.csv (a row per image) and failures.csv (image, error).
Usage: merge_tables.py FOLDER"""

import csv
import json
import sys
from pathlib import Path


def read_cells(folder):
    with open(folder / f"{folder.name}.csv", newline="") as table:
        return [{"image": folder.name, **row} for row in csv.DictReader(table)]


def read_record(folder):
    record = json.loads((folder / f"{folder.name}.json").read_text())
    return {"image": folder.name, "input": record["input"]["given"], **record["report"], "warnings": "; ".join(record["warnings"])}


def read_error(folder):
    lines = [json.loads(line) for line in (folder / "errors.jsonl").read_text().splitlines()]
    return {"image": folder.name, "error": "; ".join(line["error"] for line in lines)}


def write_table(path, rows, columns=()):
    columns = list(dict.fromkeys([*columns, *(name for row in rows for name in row)]))
    with open(path, "w", newline="") as table:
        writer = csv.DictWriter(table, columns)
        writer.writeheader()
        writer.writerows(rows)


def main(output):
    folders = sorted(path for path in (output / "fields").iterdir() if path.is_dir())
    done = [folder for folder in folders if (folder / f"{folder.name}.json").exists()]
    write_table(output / "cells.csv", [row for folder in done for row in read_cells(folder)], ["image", "id"])
    write_table(output / "images.csv", [read_record(folder) for folder in done], ["image"])
    write_table(output / "failures.csv", [read_error(folder) for folder in folders if folder not in done], ["image", "error"])


if __name__ == "__main__":
    main(Path(sys.argv[1]))
