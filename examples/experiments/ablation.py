# SPDX-License-Identifier: BSD-3-Clause
"""What each option of the method is worth: one option changed at a time, with the default model or another. All but the defaults
look once at each image.

Over the validation fields (a person's cells) and one field of each other data set (labels of the two-channel method). Into
docs/defaults.md. No training. The marker's test refuses nothing here: an option may move its figures.
"""

from common import HUMAN, ONE_LOOK, arguments, cellseg, evaluate_nuclei_and_cells, gather, markers, mean_of, put_section, table

CHANGES = [
    ("**defaults**", {"zooms": 0}),
    ("**one look**", {}),
    ("the paper preset", {"preset": "paper"}),
    ("1 orientation", {"orientations": 1}),
    ("4 orientations", {"orientations": 4}),
    ("8 orientations", {"orientations": 8}),
    ("3 zooms", {"zooms": 3}),
    ("the zoom that the nuclei ask for", {"zoom": 0}),
    ("the same, 3 zooms", {"zoom": 0, "zooms": 3}),
    ("background by expected area", {"background-rule": "expected-area"}),
    ("the same, 300 um2 given", {"background-rule": "expected-area", "cell-area-expected-um2": 300}),
    ("the same, 600 um2 given", {"background-rule": "expected-area", "cell-area-expected-um2": 600}),
    ("the same, 1200 um2 given", {"background-rule": "expected-area", "cell-area-expected-um2": 1200}),
    ("relief: gradient", {"relief": "gradient"}),
    ("relief: probability", {"relief": "probability"}),
    ("relief: distance", {"relief": "distance"}),
    ("cytoplasm probability alone", {"cell-probability": "cytoplasm"}),
    ("h 1.5 um", {"h-um": 1.5}),
    ("h 3 um (the paper)", {"h-um": 3}),
    ("sensitivity 40", {"sensitivity": 40}),
    ("sensitivity 80", {"sensitivity": 80}),
    ("no least nucleus probability or strength", {"nucleus-probability-min": 0, "nucleus-strength-ratio": 0}),
    ("least nucleus probability 0.3 alone", {"nucleus-strength-ratio": 0}),
    ("least nucleus probability 0.4 alone", {"nucleus-probability-min": 0.4, "nucleus-strength-ratio": 0}),
    ("least nucleus probability 0.5 alone", {"nucleus-probability-min": 0.5, "nucleus-strength-ratio": 0}),
    ("least nucleus strength 0.4", {"nucleus-strength-ratio": 0.4}),
    ("least nucleus strength 0.6", {"nucleus-strength-ratio": 0.6}),
    ("no valley between nuclei", {"nucleus-valley": 0}),
    ("outlines at the seeds' sensitivity (60)", {"outline-sensitivity": 60}),
    ("no compactness", {"cell-compactness": 0}),
    ("no ring round the nucleus", {"cell-ring-um": 0}),
    ("smoothing of outlines, 1 um", {"smooth-um": 1}),
    ("finer smoothing of the marker, 0.3 um", {"cell-sigma-um": 0.3}),
    ("coarser smoothing of the marker, 1.3 um", {"cell-sigma-um": 1.3}),
    ("nuclear radii 2 to 10 um", {"nucleus-radius-min-um": 2}),
    ("nuclear radii 3 to 15 um", {"nucleus-radius-max-um": 15}),
    ("9 scales of nuclear radii", {"nucleus-scales": 9}),
    ("least cytoplasm 0", {"cytoplasm-min": 0}),
    ("least cytoplasm 0.2", {"cytoplasm-min": 0.2}),
    ("no top-hat before the cells", {"top-hat-um": 0}),
]


def figures(folder, options):
    """(F1 of nuclei at IoU 0.3, SM of cells, AP of cells at 0.5), means over the images."""
    out = folder.with_name(f"{folder.name}-segmented")
    cellseg("segment", "-o", out, *markers(folder), marker_test="warn", **(ONE_LOOK | options))
    nuclei, cells = evaluate_nuclei_and_cells(folder, out)
    return [mean_of(nuclei, "f1"), mean_of(cells, "sm"), mean_of(cells, "ap")]


def main():
    given = arguments(__doc__)
    names = list({source.name: source for source in given.fitting}.values())
    others = gather(given.work / "others", given.data, names, limit=1)
    val = gather(given.work / "val", given.data, [HUMAN["val"]], given.limit)
    rows = []
    for name, options in CHANGES[:3] if given.quick else CHANGES:
        rows.append([name, *figures(others, options)[:2], *figures(val, options)[1:]])
        print(*rows[-1], flush=True)
    titles = ["option", "others: F1 of nuclei at IoU 0.3", "others: SM", "val: SM", "val: AP at 0.5"]
    put_section(given.docs / "defaults.md", "ablation", "\n" + table(titles, rows) + "\n")


if __name__ == "__main__":
    main()
