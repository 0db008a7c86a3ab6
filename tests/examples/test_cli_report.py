# SPDX-License-Identifier: BSD-3-Clause
"""cellseg evaluate beyond SM: tables of objects, nuclei and maps, the CSV file, and the report page."""

import base64
import csv
import io
import re
import resource
import shutil
import signal
import xml.etree.ElementTree
from html.parser import HTMLParser

import cellseg
import numpy as np
import pytest
import tifffile
from PIL import Image
from program import FIELD, TRUTH, run, write_image

OBJECTS = ["found", "missed", "false", "splits", "merges", "precision", "recall", "f1", "ap", "pq"]
OBJECTS += ["ap_50_95", "aji", "seg", "bf", "jaccard"]
PIXELS = ["auc", "accuracy", "sensitivity", "specificity"]


@pytest.fixture(scope="module")
def data(tmp_path_factory):
    """Truth and prediction of two crops, cells, nuclei and maps, and their images. Names hold what HTML and CSV must escape."""
    root = tmp_path_factory.mktemp("data")
    field, truth = tifffile.imread(FIELD), tifffile.imread(TRUTH)
    for folder in "truth", "predicted", "images":
        (root / folder).mkdir()
    random = np.random.default_rng(1)
    for stem, top, shift in ('a <b> & "c"', 0, 2), ("plain", 200, 4):
        cells, image = truth[top : top + 200, 100:400], field[:, top : top + 200, 100:400]
        nuclei = np.where(np.roll(cells, 6, 0) == np.roll(cells, -6, 0), cells, 0)
        moved = [np.roll(m, shift, 1) for m in (cells, nuclei)]
        maps = np.stack([moved[1] > 0, (moved[0] > 0) & (moved[1] == 0), moved[0] == 0]) * 0.6
        maps = np.clip(maps + random.normal(0.15, 0.1, maps.shape), 0, 1).astype(np.float32)
        write_image(root / "images" / f"{stem}.ome.tif", image)
        for folder, labels in ("truth", (cells, nuclei)), ("predicted", moved):
            for kind, label_map in zip(("cells", "nuclei"), labels):
                write_image(root / folder / f"{stem}.{kind}.tif", label_map)
        write_image(root / "predicted" / f"{stem}.maps.tif", maps)
    return root


def stems(data):
    return sorted(p.name.split(".")[0] for p in (data / "images").iterdir())


def read(data, folder, stem, kind):
    return tifffile.imread(data / folder / f"{stem}.{kind}.tif")


def expected(data, stem, kind, iou=0.5, tolerance=2):
    """The figures by the library, by their names in the CSV file."""
    pair = [read(data, folder, stem, kind) for folder in ("truth", "predicted")]
    maps = read(data, "predicted", stem, "maps")
    m, d = cellseg.matching(*pair, iou), cellseg.detection(*pair)
    s, b = cellseg.similarity(*pair), cellseg.boundary(*pair, tolerance)
    roc = cellseg.roc(maps[0] if kind == "nuclei" else 1 - maps[2], pair[0])
    values = [m.true_positives, m.false_negatives, m.false_positives, d.splits, d.merges, m.precision, m.recall, m.f1]
    values += [m.average_precision, m.panoptic_quality, d.average_precision, d.aggregated_jaccard, d.seg, b.f1, s.jaccard]
    return dict(zip(OBJECTS + PIXELS, values + [roc.auc, roc.accuracy, roc.sensitivity, roc.specificity], strict=True), sm=s.sm)


@pytest.fixture(scope="module")
def evaluated(data, tmp_path_factory):
    out = tmp_path_factory.mktemp("out")
    files = ["--csv", out / "figures.csv", "--report", out / "page.html", "--images", data / "images"]
    result = run("evaluate", "--maps", *files, data / "truth", data / "predicted")
    assert result.code == 0 and result.errors == []
    assert sorted(p.name for p in out.iterdir()) == ["figures.csv", "page.html"]
    return result, out / "figures.csv", (out / "page.html").read_text()


def test_csv(data, evaluated):
    with open(evaluated[1], newline="") as file:
        rows = list(csv.DictReader(file))
    assert [(r["kind"], r["image"]) for r in rows] == [(k, s) for k in ("cells", "nuclei") for s in stems(data)]
    for row in rows:
        for name, value in expected(data, row["image"], row["kind"]).items():
            assert float(row[name]) == pytest.approx(value, rel=1e-13), name


def test_tables(data, evaluated):
    tables = [t.splitlines() for t in evaluated[0].output.split("\n\n")]
    assert [t[0].split()[0] for t in tables] == ["image", "cells", "nuclei", "nuclei", "cells", "nuclei"]
    for table, kind, names in (tables[1], "cells", OBJECTS), (tables[3], "nuclei", OBJECTS), (tables[5], "nuclei", PIXELS):
        for line, stem in zip(table[1:], stems(data)):
            figures = [expected(data, stem, kind)[name] for name in names]
            assert [float(w) for w in line.split()[-len(names) :]] == pytest.approx(figures, abs=5.1e-5)
        assert len(table) == 1 + len(stems(data)) + 2


def test_rows_over_all_images(data, evaluated):
    objects, pixels = (evaluated[0].output.split("\n\n")[i].splitlines() for i in (1, 4))
    each = [expected(data, stem, "cells") for stem in stems(data)]
    means = [np.mean([e[name] for e in each]) for name in OBJECTS[5:]]
    assert [float(w) for w in objects[-2].split()[-10:]] == pytest.approx(means, abs=5.1e-5)
    tp, fn, fp = (sum(e[name] for e in each) for name in ("found", "missed", "false"))
    words = objects[-1].split()
    assert words[:2] == ["all", "cells"] and [int(w) for w in words[2:5]] == [tp, fn, fp]
    rates = [tp / (tp + fp), tp / (tp + fn), 2 * tp / (2 * tp + fp + fn), tp / (tp + fp + fn)]
    assert [float(w) for w in words[7:11]] == pytest.approx(rates, abs=5.1e-5)
    maps = np.concatenate([1 - read(data, "predicted", s, "maps")[2] for s in stems(data)])
    pooled = cellseg.roc(maps, np.concatenate([read(data, "truth", s, "cells") for s in stems(data)]))
    assert [float(w) for w in pixels[-1].split()[-4:]] == pytest.approx(
        [pooled.auc, pooled.accuracy, pooled.sensitivity, pooled.specificity], abs=1.1e-4
    )


class Page(HTMLParser):
    """Tags in order, texts, and whether they are nested as they should be."""

    VOID = {"meta", "img", "path", "rect", "polyline"}

    def __init__(self, text):
        super().__init__()
        self.open, self.tags, self.cells, self.text = [], [], [], ""
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        if tag not in self.VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if tag not in self.VOID:
            assert self.open.pop() == tag

    def handle_data(self, data):
        self.text += data
        if self.open and self.open[-1] == "td":
            self.cells.append(data)


def test_page_stands_alone(evaluated):
    page = Page(evaluated[2])
    assert page.open == []
    assert not {t for t, _ in page.tags} & {"script", "link", "iframe", "object", "embed", "a"}
    for tag, attributes in page.tags:
        for name in attributes.keys() & {"src", "href", "srcset", "xlink:href"}:
            assert tag == "img" and name == "src" and attributes[name].startswith("data:image/png;base64,")
    assert "http" not in evaluated[2] and "url(" not in evaluated[2] and "@import" not in evaluated[2]


def test_page_shows_the_figures_and_the_names(data, evaluated):
    page = Page(evaluated[2])
    assert stems(data)[0] == 'a <b> & "c"' and "<b> &" not in evaluated[2]
    for stem in stems(data):
        assert page.cells.count(stem) == 6
        at = page.cells.index(stem)
        assert float(page.cells[at + 7]) == pytest.approx(expected(data, stem, "cells")["sm"], abs=5.1e-4)


def pictures(evaluated):
    for tag, attributes in Page(evaluated[2]).tags:
        if tag == "img":
            image = Image.open(io.BytesIO(base64.b64decode(attributes["src"].split(",")[1], validate=True)))
            assert image.size == (int(attributes["width"]), int(attributes["height"]))
            yield np.asarray(image)


def test_pictures_show_worst_and_best_cells(data, evaluated):
    dice = [cellseg.similarity(*(read(data, f, s, "cells") for f in ("truth", "predicted"))).cell_dice for s in stems(data)]
    ordered = np.sort(np.concatenate(dice))
    shown = min(10, ordered.size // 2)
    printed = [float(d) for d in re.findall(r"<figcaption><b>([\d.]+)</b>", evaluated[2])]
    assert printed == pytest.approx([*ordered[:shown], *ordered[::-1][:shown]], abs=5.1e-4)
    images = list(pictures(evaluated))
    assert len(images) == 2 * shown
    for image in images:
        assert image.ndim == 3 and max(image.shape[:2]) == 220
        has = {tuple(colour) for colour in image.reshape(-1, 3).tolist()}
        assert (0, 190, 255) in has and len(has) > 20
    assert sum((240, 228, 66) in {tuple(c) for c in i.reshape(-1, 3).tolist()} for i in images) >= 1.5 * shown


def test_a_picture_is_of_the_cell_it_names(data, evaluated):
    """The yellow outline of the worst: its extent, at the picture's scale, is the cell's."""
    stem, cell = re.search(r"<figcaption><b>[\d.]+</b> (.+?), id (\d+)</figcaption>", evaluated[2]).groups()
    cell_map = read(data, "truth", "plain" if stem == "plain" else stems(data)[0], "cells") == int(cell)
    rows, columns = np.nonzero(cell_map)
    height, width = np.ptp(rows) + 1, np.ptp(columns) + 1
    side = int(1.3 * max(height, width)) + 24
    yellow = (next(pictures(evaluated)) == (240, 228, 66)).all(2)
    seen = [np.ptp(np.nonzero(yellow)[axis]) + 1 for axis in (0, 1)]
    scale = 220 / min(side, 300)
    assert seen[0] <= height * scale + 2 and seen[1] <= width * scale + 2
    assert max(seen[0] / height, seen[1] / width) / scale > 0.5


def test_charts(data, evaluated):
    svgs = [xml.etree.ElementTree.fromstring(s) for s in re.findall(r"<svg.*?</svg>", evaluated[2], flags=re.S)]
    histogram, by_iou, roc = svgs[0], svgs[1], svgs[-1]
    assert len(svgs) == 5
    counts = [int(t.text) for t in histogram.iter("title")]
    dice = np.concatenate(
        [cellseg.similarity(*(read(data, f, s, "cells") for f in ("truth", "predicted"))).cell_dice for s in stems(data)]
    )
    np.testing.assert_array_equal(counts, np.histogram(dice, 20, (0, 1))[0])
    bars = [float(r.get("height")) for r in histogram.iter("rect")]
    np.testing.assert_allclose(np.divide(bars, max(bars)), np.divide(counts, max(counts)), atol=1e-3)
    assert [len(p.get("points").split()) for p in by_iou.iter("polyline")] == [19, 19]
    for curve in roc.iter("polyline"):
        points = np.array([[float(v) for v in p.split(",")] for p in curve.get("points").split()])
        assert points[0].tolist() == [412, 14] and points[-1].tolist() == [52, 294]
        assert (np.diff(points[:, 0]) <= 0).all() and (np.diff(points[:, 1]) >= 0).all() and len(points) > 50


def test_same_page_every_time(data, evaluated, tmp_path):
    for threads in 1, 3:
        files = ["--report", tmp_path / "page.html", "--images", data / "images", "--threads", threads]
        assert run("evaluate", "--maps", *files, data / "truth", data / "predicted").code == 0
        assert (tmp_path / "page.html").read_text() == evaluated[2]


def test_two_files_without_images_or_maps(data, tmp_path):
    truth = data / "truth" / "plain.cells.tif"
    predicted = shutil.copy(data / "predicted" / "plain.cells.tif", tmp_path / "x.tif")
    result = run("evaluate", "--iou", 0.7, "--tolerance-px", 1, "--report", tmp_path / "page.html", truth, predicted)
    assert result.code == 0 and [t.split()[0] for t in result.output.split("\n\n")] == ["image", "cells"]
    line = result.output.split("\n\n")[1].splitlines()[1]
    values = expected(data, "plain", "cells", 0.7, 1)
    assert [float(w) for w in line.split()[-15:]] == pytest.approx([values[n] for n in OBJECTS], abs=5.1e-5)
    page = Page((tmp_path / "page.html").read_text())
    assert "img" not in {t for t, _ in page.tags} and "Worst" not in page.text


def test_pictures_for_two_files(data, tmp_path):
    files = data / "truth" / "plain.cells.tif", data / "predicted" / "plain.cells.tif"
    image = data / "images" / "plain.ome.tif"
    for channel in 0, 1:
        result = run("evaluate", "--report", tmp_path / f"{channel}.html", "--images", image, "--channel", channel, *files)
        assert result.code == 0 and "<img " in (tmp_path / f"{channel}.html").read_text()
    assert (tmp_path / "0.html").read_bytes() != (tmp_path / "1.html").read_bytes()


@pytest.mark.parametrize("option", ["--csv", "--report"])
def test_a_full_disk_leaves_what_was_there(data, option, tmp_path):
    """A limit on the size of files stands in for the disk."""
    path = tmp_path / "file"
    path.write_text("precious")
    for most in 0, 100:

        def little_room(most=most):
            signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))

        result = run("evaluate", data / "truth", data / "predicted", option, path, preexec_fn=little_room)
        assert result.code == 1 and result.errors == [f"cellseg: {path}: cannot be written: File too large"]
    assert [p.name for p in tmp_path.iterdir()] == ["file"] and path.read_text() == "precious"


def test_empty_maps(tmp_path):
    empty = write_image(tmp_path / "empty.tif", np.zeros((40, 50), np.uint16))
    image = write_image(tmp_path / "image.tif", np.arange(2000, dtype=np.uint16).reshape(40, 50))
    result = run("evaluate", "--report", tmp_path / "page.html", "--images", image, empty, empty)
    assert result.code == 0 and "nan" not in result.output + (tmp_path / "page.html").read_text()
    assert "1.0000" in result.output.splitlines()[1] and Page((tmp_path / "page.html").read_text()).open == []


def test_faults_leave_no_file(data, tmp_path):
    folders = data / "truth", data / "predicted"
    page = tmp_path / "page.html"
    no_maps = tmp_path / "bare"
    shutil.copytree(data / "predicted", no_maps, ignore=shutil.ignore_patterns("*.maps.tif"))
    wrong = tmp_path / "wrong"
    shutil.copytree(data / "predicted", wrong)
    (wrong / "plain.maps.tif").write_bytes((data / "images" / "plain.ome.tif").read_bytes())
    few = tmp_path / "few"
    few.mkdir()
    shutil.copy(data / "images" / "plain.ome.tif", few)
    before = sorted(p.name for p in tmp_path.iterdir())
    for arguments, code, fault in [
        (["--csv", tmp_path, *folders], 1, "this is a directory"),
        (["--report", tmp_path / "no" / "page.html", *folders], 1, "No such file"),
        (["--report", page, "--images", few, *folders], 3, "the folder has no image of a <b>"),
        (["--report", page, "--images", data / "images" / "plain.ome.tif", *folders], 1, "one is a folder"),
        (["--report", page, "--images", data / "images", "--channel", 5, *folders], 1, "channel 5 is missing"),
        (["--maps", data / "truth", no_maps], 1, "plain.maps.tif is missing in the same folder"),
        (["--maps", data / "truth", wrong], 3, "plain.maps.tif: not a file of maps"),
        (["--images", data / "images", *folders], 2, "--images needs --report"),
        (["--iou", 1.5, *folders], 2, "--iou must lie"),
        (["--tolerance-px", -1, *folders], 2, "--tolerance-px must not"),
        (["--channel", -1, *folders], 2, "--channel must not"),
    ]:
        result = run("evaluate", *arguments)
        assert result.code == code and any(fault in line for line in result.errors), (arguments, result.errors)
        if few in arguments:
            assert page.exists()  # of the image that could be judged
            page.unlink()
        assert sorted(p.name for p in tmp_path.iterdir()) == before
