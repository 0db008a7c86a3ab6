# SPDX-License-Identifier: BSD-3-Clause
"""Tables of the options, from the library's descriptor tables. Into docs/defaults.md, docs/training.md and docs/synth.md.

    CELLSEG_LIBRARY=build/libcellseg.so PYTHONPATH=bindings/python python3 examples/experiments/defaults.py
"""

from common import ROOT, put_section, table

SECTIONS = [  # document, name of the section, what cellseg.options() calls the options
    ("docs/defaults.md", "options of segmentation", "segment"),
    ("docs/training.md", "options of training", "train"),
    ("docs/synth.md", "options of simulation", "simulate"),
]
TITLES = ["option", "default", "paper", "range", "unit", "meaning"]


def shown(value):
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:g}" if isinstance(value, float) else str(value)


def range_of(option):
    if option.choices:
        return ", ".join(option.choices)
    if option.type is str:
        return ""
    largest = 2**64 - 1 if option.type is int else option.highest
    low, high = (shown(option.type(bound)) for bound in (option.lowest, min(option.highest, largest)))
    return f"{'0, or ' * option.or_zero}{'above ' * option.above_lowest}{low} to {high}"


def row(option):
    paper = shown(option.paper) if option.paper != option.default else ""
    return [f"`{option.name}`", shown(option.default), paper, range_of(option), option.unit, option.sentence]


def section(of):
    """A table of the struct's own members, and one of each group's."""
    import cellseg

    options = cellseg.options(of)
    parts = []
    for group in dict.fromkeys(option.group for option in options):
        heading = f"The members of `{group}`:\n\n" if group else ""
        parts.append(heading + table(TITLES, [row(option) for option in options if option.group == group]))
    return "\n" + "\n".join(parts) + "\n"


def main():
    for document, name, of in SECTIONS:
        put_section(ROOT / document, name, section(of))


if __name__ == "__main__":
    main()
