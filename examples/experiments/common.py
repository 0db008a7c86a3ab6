# SPDX-License-Identifier: BSD-3-Clause
"""Shared code of the experiments: data sets, calls of the command line program, tables, and sections of the documents.

Each experiment is one command: `python3 examples/experiments/NAME.py --data FOLDER --work FOLDER`. The experiments use the public
interface only: the program `cellseg` (environment variable CELLSEG_PROGRAM) and the Python package, which reads files
(CELLSEG_LIBRARY names the library). The data folder contains the folders that docs/data.md lists. A stopped experiment resumes: a
step does not repeat work whose output files exist.
"""

import argparse
import csv
import os
import re
import shutil
import subprocess
import sys
from collections import namedtuple
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]

# The images of one data set: the files of `folder` whose names contain `marker`. `nuclear`: the text that replaces `marker` in the
# name of the nuclear stain's file; None: the same file. `pixel_size_um` 0: the file's pixel size. `weight`: how often an epoch
# draws a pixel, as in the first stage of the default model's recipe, examples/train_default.c.
Source = namedtuple("Source", "name folder marker nuclear channel nuclear_channel pixel_size_um weight", defaults=(0, 0, 0, 1))

HUMAN = {part: Source(f"n2a-{part}", f"ccdb6843/{part}", ".ome.tif", None, 0, 1) for part in ("train", "val", "test")}
SUITABLE_MARKERS = [
    Source("nf1-er", "nf1_cellpainting", "_2_2_GFP", "_1_2_DAPI", 0, 0, 0.325, 3),
    Source("nf1-er", "nf1_cellpainting", "_2_3_GFP", "_1_3_DAPI", 0, 0, 0.325, 3),
    Source("embl-cy5", "embl_md", "_w3", "_w1", 0, 0, 0.645, 2),
    Source("covertrack-yfp", "covertrack", "_YFP_", "_Far-red_", 0, 0, 0.65, 4),
    Source("bbbc014-a12", "bbbc014", "Channel_1-12-A-12", "Channel_2-12-A-12", 0, 0, 0.65, 2),
    Source("bbbc022-er", "bbbc022", "_Ch2", "_Ch1", 0, 0, 0.656),
    Source("bbbc022-mito", "bbbc022", "_Ch5", "_Ch1", 0, 0, 0.656),
    Source("scportrait-488", "scportrait", "_Alexa488_", "_DAPI_", 0, 0, 0.6, 2),
    Source("neubias-tubulin", "neubias", "dapi_tublin", None, 1, 0, 0.454, 4),
]
# Markers that are not in the default model's training data. Many show cells of a training folder in another channel; bbbc014-a01 is
# another well of a training folder.
OTHER_MARKERS = [
    Source("bbbc014-a01", "bbbc014", "Channel_1-01-A-01", "Channel_2-01-A-01", 0, 0, 0.65),
    Source("bbbc022-rna", "bbbc022", "_Ch3", "_Ch1", 0, 0, 0.656),
    Source("bbbc022-actin", "bbbc022", "_Ch4", "_Ch1", 0, 0, 0.656),
    Source("nf1-actin", "nf1_cellpainting", "_3_2_RFP", "_1_2_DAPI", 0, 0, 0.325),
    Source("nf1-actin", "nf1_cellpainting", "_3_3_RFP", "_1_3_DAPI", 0, 0, 0.325),
    Source("scportrait-mcherry", "scportrait", "_mCherry_", "_DAPI_", 0, 0, 0.6),
    Source("celltk-yfp", "celltk", "_YFP", "_DAPI", 0, 0, 0.65),
    Source("celltk-tritc", "celltk", "_TRITC", "_DAPI", 0, 0, 0.65),
    Source("jump-ch2", "jump", "-ch2", "-ch5", 0, 0, 0.6),
    Source("jump-ch3", "jump", "-ch3", "-ch5", 0, 0, 0.6),
    Source("ht29-actin", "ht29", "d2.tif", "d0.tif", 0, 0, 0.65),
]
UNSUITABLE_MARKERS = [
    Source("bbbc014-a01", "bbbc014", "Channel_1-01-A-01", None, 0, 0, 0.65),
    Source("bbbc022-rna", "bbbc022", "_Ch3", None, 0, 0, 0.656),
    Source("bbbc022-actin", "bbbc022", "_Ch4", None, 0, 0, 0.656),
    Source("celltk-yfp", "celltk", "_YFP", None, 0, 0, 0.65),
    Source("celltk-tritc", "celltk", "_TRITC", None, 0, 0, 0.65),
    Source("celltk-dapi", "celltk", "_DAPI", None, 0, 0, 0.65),
    Source("dsb2018", "dsb2018", "", None, 0, 0, 0.65),
    Source("bbbc039", "bbbc039", "", None, 0, 0, 0.65),
    Source("n2a-dapi", "ccdb6843/val", ".ome.tif", None, 1),
    Source("nf1-dapi", "nf1_cellpainting", "_DAPI_", None, 0, 0, 0.325),
    Source("embl-dapi", "embl_md", "_w1", None, 0, 0, 0.645),
    Source("covertrack-nuclei", "covertrack", "_Far-red_", None, 0, 0, 0.65),
    Source("bbbc014-dapi", "bbbc014", "Channel_2", None, 0, 0, 0.65),
    Source("bbbc022-dna", "bbbc022", "_Ch1", None, 0, 0, 0.656),
    Source("scportrait-dapi", "scportrait", "_DAPI_", None, 0, 0, 0.6),
    Source("neubias-dapi", "neubias", "dapi_tublin", None, 0, 0, 0.454),
    Source("jump-dna", "jump", "-ch5", None, 0, 0, 0.6),
    Source("ht29-dna", "ht29", "d0.tif", None, 0, 0, 0.65),
]

# Training budgets: options of `cellseg train`. QUICK only tests that a command runs.
FULL = {"epochs": 30, "batch": 8, "width": 0.5, "dropout": 0.1, "extra-output": "distance", "warm-up-epochs": 0.5}
FULL |= {"gamma": 1.6, "contrast": 1.4, "scale": 1.3, "noise": 0.1, "blur-px": 1.5, "rotation-degrees": 45, "elastic-px": 3}
FULL |= {"illumination": 1.4, "saturation": 0.2, "nucleus-contrast": 1.2, "cell-contrast": 1.6, "empty": 0.03}
FULL |= {"learning-rate-final": 1e-5}
QUICK = {"epochs": 1, "width": 0.125, "batch": 2}


def arguments(description, what=(), more=None):
    """Parse the command line of an experiment. `what`: the choices of --what, if the experiment has several. `more`: {option: keywords
    of add_argument()}, for options of its own.

    Adds `training` (options), `limit` (images per folder, or None), `suitable` (data sets), `docs` and `budget` (text).
    """
    parser = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    if what:
        parser.add_argument("--what", required=True, choices=what)
    for option, keywords in (more or {}).items():
        parser.add_argument(option, **keywords)
    parser.add_argument("--data", type=Path, required=True, help="folder that contains the folders of docs/data.md")
    parser.add_argument("--work", type=Path, required=True, help="models and label maps; a stopped experiment resumes from here")
    parser.add_argument("--docs", type=Path, help="folder for tables and pictures (default: docs/; with --quick WORK/docs)")
    parser.add_argument("--quick", action="store_true", help="test run of seconds: two images, one epoch; the figures mean nothing")
    parser.add_argument("--epochs", type=int, default=FULL["epochs"], help="epochs of each training (default: 30, the full budget)")
    given = parser.parse_args()
    given.training = QUICK if given.quick else FULL | {"epochs": given.epochs}
    given.limit = 2 if given.quick else None
    given.suitable = SUITABLE_MARKERS[:2] if given.quick else SUITABLE_MARKERS
    given.docs = given.docs or (given.work if given.quick else ROOT) / "docs"
    given.budget = "quick: the figures mean nothing" if given.quick else f"{given.epochs} epochs"
    given.work.mkdir(parents=True, exist_ok=True)
    return given


# ---- the program ----


def words(options):
    """Words of the command line. True: an option without a value; a list: one option for each value; None: no option."""
    pairs = ((name, one) for name, value in options.items() for one in (value if isinstance(value, list) else [value])
             if one is not None)
    return [word for name, value in pairs for word in ([f"--{name}"] if value is True else [f"--{name}", str(value)])]


def cellseg(subcommand, *operands, **options):
    """Run the program and return its output. Underscores in option names become hyphens. A failure ends the experiment."""
    options = {name.replace("_", "-"): value for name, value in options.items()}
    program = os.environ.get("CELLSEG_PROGRAM", "cellseg")
    command = [program, subcommand, *words(options), *map(str, operands)]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)}: failed")
    return done.stdout


def files_of(data, source, limit=None):
    """The marker images of a source, sorted by name."""
    names = sorted(path.name for path in (data / source.folder).iterdir() if source.marker in path.name)
    images = [data / source.folder / name for name in names if ".nuclei." not in name and ".cells." not in name]
    if not images:
        sys.exit(f"{data / source.folder}: no image name contains {source.marker!r}")
    return images[:limit]


# ---- input folders of `cellseg train` ----


def copy_channel(image, source, path):
    """Write the marker channel alone, with its pixel size."""
    import cellseg._lowlevel as c

    options, whole, single = c.read_options(), c.Image(), c.Image()
    c.read_options_init(options, c.ctypes.sizeof(options))
    options.pixel_size_um = source.pixel_size_um
    c.image_read(whole, None, image, options)
    height, width, kind = c.image_height(whole), c.image_width(whole), c.image_pixel_type(whole)
    c.image_new(single, None, kind, 1, height, width)
    c.image_set_pixel_size_um(single, c.image_pixel_size_um(whole))
    size = {c.UINT8: 1, c.UINT16: 2, c.UINT32: 4, c.FLOAT32: 4}[kind] * height * width
    c.ctypes.memmove(c.image_pixels_mut(single, 0), c.image_pixels(whole, source.channel), size)
    c.image_write(single, None, path, None)


def stem_of(source, image):
    return f"{source.name}_{image.name.split('.')[0]}"


def field_of(source, image):
    """Name of the field: equal for all stains, and for all time points (covertrack), of one field."""
    folder, name = source.folder.split("/")[0], image.name.split(".")[0]
    return folder if folder == "covertrack" else f"{folder}-{name.replace(source.marker, '')}"


def gather(folder, data, sources, limit=None, human_labels=True, name=stem_of):
    """Write markers, cells and nuclei of several sources to one folder, with the stems name(source, image). With human_labels, the
    manual outlines are the cells of an image that has them; otherwise the two-channel method finds the cells."""
    folder.mkdir(parents=True, exist_ok=True)
    for source in sources:
        for image in files_of(data, source, limit):
            stem = name(source, image)
            if (folder / f"{stem}.nuclei.tif").exists():
                continue
            copy_channel(image, source, folder / f"{stem}.tif")
            label(folder, stem, image, source, human_labels)
    return folder


def label(folder, stem, image, source, human_labels):
    """Write <stem>.cells.tif, then <stem>.nuclei.tif."""
    import cellseg._lowlevel as c
    from cellseg._options import struct_of

    outlines = image.with_name(image.name.split(".")[0] + ".cells.tif")
    nuclear = image.with_name(image.name.replace(source.marker, source.nuclear or source.marker))
    channels = {"channel": source.channel, "nuclei_channel": source.nuclear_channel}
    options = struct_of(c.segment_options, {**channels, "cytoplasm_min": 0.15})
    marker_image, nuclear_image = (read(path, source.pixel_size_um) for path in (image, nuclear))
    cells, nuclei = c.Labels(), c.Labels()
    if human_labels and outlines.exists():
        c.labels_read(cells, None, outlines)
        c.segment_nuclei_within(nuclei, None, None, cells, nuclear_image, options)
    else:
        c.segment_two_channel(cells, nuclei, None, None, marker_image, nuclear_image, options)
    c.labels_write(cells, None, folder / f"{stem}.cells.tif", None)
    c.labels_write(nuclei, None, folder / f"{stem}.nuclei.tif", None)


def read(path, pixel_size_um):
    import cellseg._lowlevel as c

    options, image = c.read_options(), c.Image()
    c.read_options_init(options, c.ctypes.sizeof(options))
    options.pixel_size_um = pixel_size_um
    c.image_read(image, None, path, options)
    return image


# ---- training and evaluation ----


def train(model, folder, options, validation_part=0.15):
    """Train on a gathered folder or a list of gathered folders, unless the model file exists."""
    if not model.exists():
        cellseg("train", images=folder, labels=folder, output=model, checkpoint=f"{model}.checkpoint",
                validation_part=validation_part, **options)
    return model


def markers(folder):
    return sorted(path for path in folder.glob("*.tif") if re.fullmatch(r"[^.]+\.tif", path.name))


def segment(out, folder, **options):
    """Segment the markers of a gathered folder; images with existing results are skipped."""
    todo = [path for path in markers(folder) if not (out / f"{path.stem}.cells.tif").exists()]
    if todo:
        cellseg("segment", "--save-maps", "-o", out, *todo, **options)
    return out


def evaluate(truth, predicted, csv_path, **options):
    """The table of `cellseg evaluate --csv` as {kind: {image: {column: float}}}."""
    cellseg("evaluate", truth, predicted, csv=csv_path, **options)
    return read_figures(csv_path)


def evaluate_nuclei_and_cells(truth, predicted):
    """{image: {column: value}} of nuclei at IoU 0.3 and of cells at IoU 0.5. Writes both tables next to the folder `predicted`."""
    nuclei = evaluate(truth, predicted, predicted.with_suffix(".nuclei.csv"), kind="nuclei", iou=0.3)["nuclei"]
    return nuclei, evaluate(truth, predicted, predicted.with_suffix(".cells.csv"))["cells"]


def read_figures(csv_path):
    figures = {}
    with open(csv_path, newline="") as file:
        for row in csv.DictReader(file):
            values = {name: float(value) for name, value in row.items() if name not in ("kind", "image") and value}
            figures.setdefault(row["kind"], {})[row["image"].removeprefix("'")] = values
    return figures


def mean(values):
    values = list(values)
    return sum(values) / len(values) if values else float("nan")


def mean_of(rows, column):
    return mean(row[column] for row in rows.values() if column in row)


def dice_per_cell(rows):
    """Mean best Dice over all true cells of all images."""
    return sum(row["true"] * row["best_dice"] for row in rows.values()) / sum(row["true"] for row in rows.values())


SUMMARY = ["SM", "AP at 0.5", "Dice per cell", "AUC, cells", "AUC, nuclei", "ACC, cells", "ACC, nuclei"]


def summary(figures):
    """The values of SUMMARY from the figures of evaluate(..., maps=True): means over images, and Dice over all true cells."""
    cells, nuclei = figures["cells"], figures["nuclei"]
    maps = [mean_of(rows, column) for column in ("auc", "accuracy") for rows in (cells, nuclei)]
    return [mean_of(cells, "sm"), mean_of(cells, "ap"), dice_per_cell(cells), *maps]


def by_set(rows):
    """{data set: its rows}. The data set is the text before the first underscore of the image's name."""
    sets = {}
    for image, row in rows.items():
        sets.setdefault(image.split("_")[0], {})[image] = row
    return sets


# ---- documents ----


def table(titles, rows):
    """A Markdown table. Floats have three decimals."""
    def text(value):
        return f"{value:.3f}" if isinstance(value, float) else str(value)

    lines = [titles, ["---"] * len(titles), *rows]
    return "\n".join("| " + " | ".join(map(text, line)) + " |" for line in lines) + "\n"


def put_section(path, name, text):
    """Replace the text between `<!-- NAME -->` and `<!-- end of NAME -->`. Missing marks are appended."""
    path.parent.mkdir(parents=True, exist_ok=True)
    old = path.read_text() if path.exists() else ""
    begin, end = f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
    if begin not in old:
        old += f"\n{begin}{end}"
    before, rest = old.split(begin, 1)
    after = rest.split(end, 1)[1]
    temporary = path.with_suffix(".tmp")
    temporary.write_text(before + begin + text + end + after)
    temporary.replace(path)


def put_overlays(docs, name, folder, rows):
    """Copy the overlays of the images with the lowest and the highest SM; return Markdown that shows them."""
    lines = []
    for which, image in (("worst", min(rows, key=lambda i: rows[i]["sm"])), ("best", max(rows, key=lambda i: rows[i]["sm"]))):
        (docs / "images").mkdir(parents=True, exist_ok=True)
        shutil.copy(folder / f"{image}.overlay.png", docs / "images" / f"{name}-{which}.png")
        lines.append(f"![{image}](images/{name}-{which}.png)\n\n{image}, SM {rows[image]['sm']:.3f}: the {which}.\n")
    return "\n".join(lines)


def put_pictures(docs, name, report):
    """Write the charts of a report of `cellseg evaluate` as files; return Markdown that shows them."""
    page = report.read_text()
    style = re.search(r"<style>.*?</style>", page, re.S).group()
    lines = []
    (docs / "images").mkdir(parents=True, exist_ok=True)
    for i, (caption, chart) in enumerate(re.findall(r"<figcaption>(.*?)</figcaption>(<svg.*?</svg>)", page, re.S)):
        whole = chart.replace("<svg", '<svg xmlns="http://www.w3.org/2000/svg"', 1).replace(">", ">" + style, 1)
        path = docs / "images" / f"{name}-{i + 1}.svg"
        path.write_text(whole)
        lines.append(f"![{caption}](images/{path.name})\n")
    return "\n".join(lines)
