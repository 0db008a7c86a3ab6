# SPDX-License-Identifier: BSD-3-Clause
"""The tables of many images against pandas, and the page as a browser reads it."""

import base64
import io
import json
import re
import resource
import shutil
import signal

import html5lib
import numpy as np
import pandas as pd
import pytest
import tifffile
from PIL import Image
from program import FIELD, run, write_image

KEYS = ["image", "plate", "well", "row", "column", "field", "z", "t"]
TABLES = ["cells.csv", "images.csv", "wells.csv"]
# Name, plate, well, field; in the order of the tables.
PLACES = [
    ("s1/a", "p2", "A02", 1),
    ("s1/b", "p2", "A02", 2),
    ("s2/c", "p2", "A02", 10),
    ("d", "p2", "A10", 1),
    ("e", "p2", "B01", 1),
    ("empty", "p2", "B02", 1),
    ("AA <1> & more", "p10", "AA3", 1),
]
EXTRA = 'texture_<x>, "y"'
SKIPPED = {"id", "bbox_top_px", "centroid_y_um", "orientation_rad"}


def make_table(rng, rows, extra):
    table = pd.DataFrame({"id": np.arange(1, rows + 1), "area_um2": rng.gamma(3, 100, rows), "bbox_top_px": rng.integers(0, 99, rows)})
    table["centroid_y_um"] = rng.random(rows)
    table["orientation_rad"] = rng.random(rows)
    table["intensity_mean_channel_0"] = np.where(rng.random(rows) < 0.1, np.nan, rng.normal(5, 9, rows))
    if extra:
        table[EXTRA] = rng.random(rows)
    return table


def make_record(place, cells, warnings=(), options=1):
    name, plate, well, field = place
    letters, number = re.fullmatch("([A-Z]+)([0-9]+)", well).groups()
    location = {"plate": plate, "well": well, "row": letters, "column": int(number), "field": field}
    report = {"marker_verdict": "doubtful" if warnings else "suitable", "cells": cells, "nuclei": 2 * cells, "marker_contrast": 0.1 * field}
    given = {"given": f"in/{name}.tif", "absolute": f"/in/{name}.tif"}
    method = {"version": "1.0.0", "model": "0123456789abcdef", "reading": {"z": -1}, "options": {"join": options}}
    return {"program": "cellseg", "input": given, "location": location, **method, "report": report, "warnings": list(warnings)}


def write_results(folder, place, table, **details):
    stem = folder / place[0]
    stem.parent.mkdir(parents=True, exist_ok=True)
    table.to_csv(f"{stem}.csv", index=False)
    (stem.parent / f"{stem.name}.json").write_text(json.dumps(make_record(place, len(table), **details)))
    labels = np.zeros((60, 80), np.uint16)
    for i in range(len(table)):
        labels[10 * (i % 5) + 2 : 10 * (i % 5) + 9, 10 * (i // 5 % 8) + 2 : 10 * (i // 5 % 8) + 9] = i + 1
    for kind in "cells", "nuclei":
        tifffile.imwrite(f"{stem}.{kind}.tif", labels)
    Image.fromarray(np.full((60, 80, 3), 90, np.uint8)).save(f"{stem}.overlay.png")


@pytest.fixture(scope="session")
def results(tmp_path_factory):
    """A folder of results, and the tables in it by image."""
    folder, rng = tmp_path_factory.mktemp("merge") / "results", np.random.default_rng(3)
    tables = {p[0]: make_table(rng, 0 if p[0] == "empty" else 7 + 5 * i, p[0] == "d") for i, p in enumerate(PLACES)}
    for place in PLACES:
        warned = {"warnings": [f"in/{place[0]}.tif: dim & <b>"], "options": 2} if place[0] in ("e", "s1/a") else {}
        write_results(folder, place, tables[place[0]], **warned)
    (folder / "other.json").write_text('{"program": "another"}')
    (folder / ".hidden").mkdir()
    shutil.copy(folder / "d.json", folder / ".hidden")
    return folder, tables


@pytest.fixture
def merged(results, tmp_path):
    """A copy with one failure, of an image that older results are there of."""
    folder = tmp_path / "results"
    shutil.copytree(results[0], folder)
    failure = {"image": "d", "plate": "p2", "well": "A10", "error": "d.tif: is \"truncated\", <really>"}
    pd.DataFrame([failure]).to_csv(folder / "failures.csv", index=False)
    done = run("merge", folder)
    assert done.code == 0 and done.errors == [] and len(done.output.splitlines()) == 1
    return folder


def expected_cells(tables, without):
    rows = []
    for name, plate, well, field in PLACES:
        place = {"image": name, "plate": plate, "well": well, "field": field}
        if name not in without:
            rows.append(tables[name].assign(**place))
    return pd.concat(rows, ignore_index=True)


def measured(cells):
    return [c for c in cells.columns if c not in SKIPPED and c not in [*KEYS, "name"]]


def read(path):
    return pd.read_csv(path, float_precision="round_trip")


def compare_means(table, cells, key):
    for column in measured(cells):
        groups = cells.groupby(key, sort=False)[column]
        for name, expected in ("mean", groups.mean()), ("median", groups.median()):
            found = table.set_index(key)[f"{name}_{column}"].dropna()
            expected = expected.dropna()
            assert set(found.index) == set(expected.index)
            np.testing.assert_allclose(found.loc[expected.index], expected, rtol=1e-12)


def test_cells_are_the_rows_of_all_images(results, merged):
    cells = read(merged / "cells.csv")
    expected = expected_cells(results[1], {"d"})
    assert list(cells.columns) == [*KEYS, *make_table(np.random.default_rng(0), 1, False).columns]
    for column in cells.columns.drop(["row", "column", "z", "t"]):
        pd.testing.assert_series_equal(cells[column], expected[column], check_dtype=False, rtol=0, atol=0)
    assert list(dict.fromkeys(cells["row"] + cells["column"].astype(str))) == ["A2", "B1", "AA3"]


def test_means_and_medians_of_images_and_wells(results, merged):
    cells = expected_cells(results[1], {"d"})
    images, wells = (read(merged / name) for name in ("images.csv", "wells.csv"))
    compare_means(images, cells, "image")
    assert list(images["image"]) == [p[0] for p in PLACES]
    assert not {f"mean_{name}" for name in SKIPPED} & set(images.columns)
    compare_means(*(table.assign(name=table["plate"] + table["well"]) for table in (wells, cells)), "name")
    assert list(wells["well"]) == ["A02", "A10", "B01", "B02", "AA3"]


def test_a_column_that_some_images_have(results, tmp_path):
    folder = tmp_path / "results"
    shutil.copytree(results[0], folder)
    assert run("merge", folder).code == 0
    cells, images = (read(folder / name) for name in ("cells.csv", "images.csv"))
    assert list(cells.columns)[-1] == EXTRA and set(cells.loc[cells[EXTRA].notna(), "image"]) == {"d"}
    np.testing.assert_array_equal(cells.loc[cells["image"] == "d", EXTRA], results[1]["d"][EXTRA])
    compare_means(images, expected_cells(results[1], set()), "image")


def test_states_counts_and_warnings(results, merged):
    images = pd.read_csv(merged / "images.csv", keep_default_na=False).set_index("image")
    assert images.loc["d", "status"] == "failed" and images.loc["d", "error"] == 'd.tif: is "truncated", <really>'
    assert (images.drop("d")["status"] == "done").all() and images.loc["e", "warnings"] == "in/e.tif: dim & <b>"
    assert images.loc["d", "cells"] == "" and images.loc["s2/c", "marker_contrast"] == "1"
    wells = pd.read_csv(merged / "wells.csv").set_index("well")
    counts = [len(results[1][name]) for name in ("s1/a", "s1/b", "s2/c")]
    of_a02 = {"images": 3, "failed": 0, "cells": sum(counts), "nuclei": 2 * sum(counts), "warnings": 1, "suitable": 2, "doubtful": 1}
    assert {name: wells.loc["A02", name] for name in of_a02} == of_a02
    assert wells.loc["A10", "failed"] == 1 and wells.loc["B02", "cells"] == 0 and wells["nuclear_stain"].sum() == 0


def test_a_spreadsheet_computes_no_name(tmp_path):
    table = make_table(np.random.default_rng(1), 3, False)
    write_results(tmp_path, ("=1+1", "@p", "A01", 1), table)
    assert run("merge", tmp_path).code == 0
    assert set(pd.read_csv(tmp_path / "cells.csv")["image"]) == {"'=1+1"} and set(pd.read_csv(tmp_path / "wells.csv")["plate"]) == {"'@p"}


# ---- the page ----


def read_page(folder):
    """Strict: a fault of the HTML fails."""
    text = (folder / "report.html").read_text()
    return text, html5lib.HTMLParser(strict=True, namespaceHTMLElements=False).parse(text)


def words(element):
    return "".join(element.itertext())


def test_page_stands_alone(merged):
    text, page = read_page(merged)
    tags = {e.tag.split("}")[-1] for e in page.iter() if isinstance(e.tag, str)}
    assert not tags & {"script", "link", "iframe", "object", "embed", "a"} and {"svg", "img", "table"} <= tags
    for element in page.iter():
        for name in {"src", "href", "srcset", "{http://www.w3.org/1999/xlink}href"} & set(element.attrib):
            assert element.tag == "img" and element.get(name).startswith("data:image/png;base64,")
    assert "http" not in text and "url(" not in text and "@import" not in text


def test_failures_and_warnings_come_first(merged):
    _, page = read_page(merged)
    assert [words(h) for h in page.iter("h2")][:3] == ["Failures", "Warnings", "Plate p2"]
    rows = [[words(cell) for cell in row.iter("td")] for row in page.iter("tr")]
    assert ["d", 'd.tif: is "truncated", <really>'] in rows and ["2", "dim & <b>", "s1/a, e"] in rows
    assert any("another version, model or other options" in words(p) for p in page.iter("p"))
    tiles = dict(reversed(re.fullmatch(r"(\d+)(\D+)", words(d)).groups()) for d in page.iter("div") if d.get("class") == "tile")
    assert tiles["images"] == "7" and tiles["failed"] == "1" and tiles["wells"] == "5" and tiles["warnings"] == "2"


def test_the_method_is_stated(merged):
    _, page = read_page(merged)
    stated = dict(zip((words(e) for e in page.iter("dt")), (words(e) for e in page.iter("dd"))))
    assert stated["model"] == "0123456789abcdef" and stated["version"] == "1.0.0"
    assert stated["reading"] == "z -1" and stated["options"] == "join 1" and "time" not in stated


def test_maps_show_each_well_and_its_median(results, merged):
    _, page = read_page(merged)
    maps = [f for f in page.iter("figure") if any(e.get("class") == "map" for e in f)]
    titles = [words(f.find("figcaption")) for f in maps]
    assert titles == 2 * ["cells", "median area_um2", "median intensity_mean_channel_0"]
    cells = expected_cells(results[1], {"d"})
    medians = cells[cells["plate"] == "p2"].groupby("well")["area_um2"].median()
    wells = dict(words(t).split(": ") for t in maps[1].iter("{http://www.w3.org/2000/svg}title"))
    assert wells.pop("A10") == "failed" and wells.pop("B02") == "no value"
    assert {well: float(value) for well, value in wells.items()} == pytest.approx(medians.to_dict(), rel=1e-5)
    assert len([p for p in maps[1].iter("{http://www.w3.org/2000/svg}path") if p.get("class") == "cross"]) == 1


def test_histograms_count_all_but_outliers(results, merged):
    _, page = read_page(merged)
    charts = {words(f.find("figcaption")): f for f in page.iter("figure") if f.find("figcaption") is not None}
    counts = [int(words(t)) for t in charts["area_um2"].iter("{http://www.w3.org/2000/svg}title")]
    assert sum(counts) == len(expected_cells(results[1], {"d"})) and max(counts) > 1


def test_pictures_are_of_wells_and_have_outlines(merged):
    _, page = read_page(merged)
    figures = [f for f in page.iter("figure") if f.get("class") == "cell"]
    assert [words(f).split(",")[0] for f in figures] == ["s1/a", "e", "empty", "AA <1> & more"]
    for figure in figures:
        picture = np.asarray(Image.open(io.BytesIO(base64.b64decode(figure.find("img").get("src").split(",")[1]))))
        assert picture.shape[:2] == (150, 200) == (int(figure.find("img").get("height")), int(figure.find("img").get("width")))
        has_outline = (picture.reshape(-1, picture.shape[-1]) == [0, 190, 255]).all(1).any() if picture.ndim == 3 else False
        assert has_outline == (not words(figure).startswith("empty"))


# ---- runs ----


def test_merging_again_changes_nothing(merged):
    before = {name: (merged / name).read_bytes() for name in [*TABLES, "report.html"]}
    assert run("merge", merged, "--threads", 3).code == 0
    assert {name: (merged / name).read_bytes() for name in before} == before


def test_a_run_over_several_images_ends_with_the_same(tmp_path, field):
    images = [write_image(tmp_path / f"{name}.tif", field[0, y : y + 160, 200:400]) for name, y in (("b", 100), ("a", 260))]
    done = run("segment", "-o", tmp_path / "out", *images)
    assert done.code == 0 and done.output.splitlines()[-1].endswith("report.html")
    before = {name: (tmp_path / "out" / name).read_bytes() for name in TABLES}
    page = (tmp_path / "out/report.html").read_text()
    assert run("merge", tmp_path / "out").code == 0
    assert {name: (tmp_path / "out" / name).read_bytes() for name in before} == before
    assert re.sub("<dt>time</dt>.*</dd>", "", page).split() == (tmp_path / "out/report.html").read_text().split()
    assert "for 2 images" in page
    cells = read(tmp_path / "out/cells.csv")
    each = [read(tmp_path / f"out/{name}.csv").assign(image=name) for name in "ab"]
    pd.testing.assert_frame_equal(cells[each[0].columns], pd.concat(each, ignore_index=True), check_dtype=False, rtol=0, atol=0)
    one = run("segment", "-o", tmp_path / "one", images[0])
    assert one.code == 0 and not {p.name for p in (tmp_path / "one").iterdir()} & {*TABLES, "report.html"}


def test_a_plate_with_a_bad_field(tmp_path, field):
    plate = tmp_path / "plate"
    plate.mkdir()
    for name, y in ("p7_B02_s1", 100), ("p7_B02_s2", 260), ("p7_C11_s1", 260):
        write_image(plate / f"{name}.tif", field[0, y : y + 160, 200:400])
    assert run("segment", "-o", tmp_path / "out", plate).code == 0
    (plate / "p7_B02_s2.tif").write_bytes((plate / "p7_B02_s1.tif").read_bytes()[:3000])
    assert run("segment", "-o", tmp_path / "out", plate).code == 3
    images, wells, cells = (read(tmp_path / "out" / name) for name in ("images.csv", "wells.csv", "cells.csv"))
    assert images[["plate", "well", "row", "column", "field"]].values.tolist() == [
        ["p7", "B02", "B", 2, 1],
        ["p7", "B02", "B", 2, 2],
        ["p7", "C11", "C", 11, 1],
    ]
    assert images["status"].tolist() == ["done", "failed", "done"] and "p7_B02_s2.tif" in images["error"][1]
    assert wells[["well", "images", "failed"]].values.tolist() == [["B02", 2, 1], ["C11", 1, 0]]
    assert set(cells["image"]) == {"p7_B02_s1", "p7_C11_s1"}
    _, page = read_page(tmp_path / "out")
    assert [words(h) for h in page.iter("h2")][:2] == ["Failures", "Plate p7"]


def test_links_are_followed_and_loops_end(results, tmp_path):
    plate = tmp_path / "plate"
    (plate / "fields").mkdir(parents=True)
    (plate / "fields/1").symlink_to(results[0] / "s1")
    (plate / "fields/2").symlink_to(results[0] / "s2")
    (plate / "fields/loop").symlink_to(plate)
    assert run("merge", plate).code == 0
    assert set(read(plate / "images.csv")["image"]) == {"fields/1/a", "fields/1/b", "fields/2/c"}
    deep = tmp_path / "deep"
    (deep / "/".join(40 * "d")).mkdir(parents=True)
    done = run("merge", deep)
    assert done.code == 1 and len(done.errors) == 1 and "more than 32 folders lie within each other" in done.errors[0]


# ---- bad input ----


def spoil_rows(folder):
    (folder / "d.csv").write_text("id,area_um2\n1,2\n3\n")
    return f"{folder}/d.csv: line 3 has 1 fields, the first line 2; segment the image again"


def lose_table(folder):
    (folder / "s1/b.csv").unlink()
    return f"{folder}/s1/b.csv: cannot be read: No such file or directory; the record beside it says that the image was segmented"


def empty_table(folder):
    (folder / "d.csv").write_text("")
    return f"{folder}/d.csv: the table is empty; segment the image again"


def open_quote(folder):
    (folder / "d.csv").write_text('id,"area\n1,2\n')
    return f"{folder}/d.csv: a quotation mark is not closed; segment the image again"


def take_a_name(folder):
    for path in list(folder.glob("d.*")):
        path.rename(folder / path.name.replace("d.", "Cells.", 1))
    return "Cells: cells.csv is the name of a table of all images; rename the image"


def lose_picture(folder):
    (folder / "e.overlay.png").unlink()
    return f"{folder}/e.overlay.png: cannot be opened: No such file or directory"


@pytest.mark.parametrize("spoil", [spoil_rows, lose_table, empty_table, open_quote, take_a_name, lose_picture])
def test_one_line_for_a_fault(results, tmp_path, spoil):
    folder = tmp_path / "results"
    shutil.copytree(results[0], folder)
    fault = spoil(folder)
    before = sorted(folder.iterdir())
    done = run("merge", folder)
    assert done.code == 1 and done.errors == [f"cellseg: {fault}"]
    if spoil is not lose_picture:
        assert sorted(folder.iterdir()) == before
    assert not (folder / "report.html").exists()


def test_the_failures_of_another_program(results, tmp_path):
    folder = tmp_path / "results"
    shutil.copytree(results[0], folder)
    (folder / "failures.csv").write_text("image,why\nd,no\n")
    done = run("merge", folder)
    assert done.code == 0 and done.errors == [f'cellseg: warning: {folder}/failures.csv: passed over: the column "error" is missing']
    assert (read(folder / "images.csv")["status"] == "done").all()


def test_folders_without_results(tmp_path):
    for arguments, code, fault in [
        ([tmp_path], 1, f"{tmp_path}: no results of cellseg segment or label are here"),
        ([tmp_path / "nowhere"], 1, f"{tmp_path / 'nowhere'}: no such folder"),
        ([FIELD], 1, f"{FIELD}: no such folder"),
        ([], 2, "a folder is missing"),
        ([tmp_path, tmp_path], 2, "more than one folder is given"),
    ]:
        done = run("merge", *arguments)
        assert done.code == code and fault in done.errors[0], done.errors
    assert list(tmp_path.iterdir()) == []


def test_names_of_tables_are_refused_before_the_work(tmp_path, crop):
    image = shutil.copy(crop, tmp_path / "images.tif")
    done = run("segment", "-o", tmp_path / "out", image, crop)
    assert done.code == 1 and done.errors == [f"cellseg: {image}: images.csv is the name of a table of all images; rename the image"]
    assert run("segment", "-o", tmp_path / "out", image).code == 0


def test_a_full_disk_leaves_what_was_there(merged):
    before = {p.name: p.read_bytes() for p in merged.iterdir() if p.is_file()}

    def little_room():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (400, 400))

    done = run("merge", merged, preexec_fn=little_room)
    assert done.code == 1 and "File too large" in done.errors[0]
    assert {p.name: p.read_bytes() for p in merged.iterdir() if p.is_file()} == before


def test_damaged_records_are_passed_over(results, tmp_path):
    """A file that is no record, and records with values of other types, which hold what they can."""
    folder = tmp_path / "results"
    shutil.copytree(results[0], folder)
    for text in "", "[1", "[]", '{"program": "cellseg"}', '{"program": "cellseg", "input": {"absolute": 3}}':
        (folder / "x.json").write_text(text)
        assert run("merge", folder).code == 0
        assert len(pd.read_csv(folder / "images.csv")) == len(PLACES)
    record = json.loads((folder / "d.json").read_text())
    for report in "none", [1, [2]], None:
        record.update(location=[1, {"well": 2}], report=report, warnings={"a": 1}, options=None)
        (folder / "d.json").write_text(json.dumps(record))
        assert run("merge", folder).code == 0
        images = pd.read_csv(folder / "images.csv").set_index("image")
        assert pd.isna(images.loc["d", "well"]) and pd.isna(images.loc["d", "cells"])
