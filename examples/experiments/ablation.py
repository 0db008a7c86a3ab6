# SPDX-License-Identifier: BSD-3-Clause
"""Effect of each option of the method: one option is changed at a time. The model is the default model. Into docs/defaults.md.

Images: the validation fields (manual outlines) and one field of each other data set (labels of the two-channel method). No
training. The marker check only warns, because an option can change the figures of the marker check.
"""

from common import HUMAN, arguments, cellseg, evaluate_nuclei_and_cells, gather, markers, mean_of, put_section, table

CHANGES = [
    ("**defaults**", {}),
    ("paper preset", {"preset": "paper"}),
    ("1 orientation", {"orientations": 1}),
    ("4 orientations", {"orientations": 4}),
    ("8 orientations", {"orientations": 8}),
    ("background by expected area", {"background-rule": "expected-area"}),
    ("background by expected area, 300 um2", {"background-rule": "expected-area", "cell-area-expected-um2": 300}),
    ("background by expected area, 600 um2", {"background-rule": "expected-area", "cell-area-expected-um2": 600}),
    ("background by expected area, 1200 um2", {"background-rule": "expected-area", "cell-area-expected-um2": 1200}),
    ("relief: gradient", {"relief": "gradient"}),
    ("relief: probability", {"relief": "probability"}),
    ("relief: distance", {"relief": "distance"}),
    ("only the cytoplasm probability", {"cell-probability": "cytoplasm"}),
    ("h 1.5 um", {"h-um": 1.5}),
    ("h 3 um (the paper)", {"h-um": 3}),
    ("sensitivity 40", {"sensitivity": 40}),
    ("sensitivity 80", {"sensitivity": 80}),
    ("no minimum nucleus probability or strength", {"nucleus-probability-min": 0, "nucleus-strength-ratio": 0}),
    ("only minimum nucleus probability 0.3", {"nucleus-strength-ratio": 0}),
    ("only minimum nucleus probability 0.4", {"nucleus-probability-min": 0.4, "nucleus-strength-ratio": 0}),
    ("only minimum nucleus probability 0.5", {"nucleus-probability-min": 0.5, "nucleus-strength-ratio": 0}),
    ("minimum nucleus strength 0.4", {"nucleus-strength-ratio": 0.4}),
    ("minimum nucleus strength 0.6", {"nucleus-strength-ratio": 0.6}),
    ("no valley between nuclei", {"nucleus-valley": 0}),
    ("outlines at the sensitivity of the seeds (60)", {"outline-sensitivity": 60}),
    ("no compactness", {"cell-compactness": 0}),
    ("no ring around the nucleus", {"cell-ring-um": 0}),
    ("smoothing of outlines, 1 um", {"smooth-um": 1}),
    ("finer smoothing of the marker, 0.3 um", {"cell-sigma-um": 0.3}),
    ("coarser smoothing of the marker, 1.3 um", {"cell-sigma-um": 1.3}),
    ("nuclear radii 2 to 10 um", {"nucleus-radius-min-um": 2}),
    ("nuclear radii 3 to 15 um", {"nucleus-radius-max-um": 15}),
    ("9 scales of nuclear radii", {"nucleus-scales": 9}),
    ("minimum cytoplasm 0", {"cytoplasm-min": 0}),
    ("minimum cytoplasm 0.2", {"cytoplasm-min": 0.2}),
    ("no top-hat before the cells step", {"top-hat-um": 0}),
    ("cells not joined", {"join": 0}),
    ("cells joined above an evidence of 0.5", {"join": 0.5}),
    ("cells joined above an evidence of 2", {"join": 2}),
]


def figures(folder, options):
    """[F1 of nuclei at IoU 0.3, SM of cells, AP of cells at IoU 0.5], means over the images."""
    out = folder.with_name(f"{folder.name}-segmented")
    cellseg("segment", "-o", out, *markers(folder), marker_check="warn", **options)
    nuclei, cells = evaluate_nuclei_and_cells(folder, out)
    return [mean_of(nuclei, "f1"), mean_of(cells, "sm"), mean_of(cells, "ap")]


def main():
    given = arguments(__doc__)
    names = list({source.name: source for source in given.suitable}.values())
    others = gather(given.work / "others", given.data, names, limit=1)
    val = gather(given.work / "val", given.data, [HUMAN["val"]], given.limit)
    rows = []
    for name, options in CHANGES[:2] if given.quick else CHANGES:
        rows.append([name, *figures(others, options)[:2], *figures(val, options)[1:]])
        print(*rows[-1], flush=True)
    titles = ["option", "others: F1 of nuclei at IoU 0.3", "others: SM", "val: SM", "val: AP at 0.5"]
    put_section(given.docs / "defaults.md", "ablation", "\n" + table(titles, rows) + "\n")


if __name__ == "__main__":
    main()
