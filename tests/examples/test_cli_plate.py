# SPDX-License-Identifier: BSD-3-Clause
"""Plates: what names of files state, channels in files of their own, folders, sheets, resumed runs and failures."""

import csv
import json
import re
import signal

import numpy as np
import pytest
import tifffile
from program import run, run_on_a_terminal, run_until_it_survives, told, write_image

PARTS = ["plate", "well", "row", "column", "field", "channel", "z", "t"]

# Names as the instruments write them: the makers' manuals, and images that were published.
NAMES = {
    # Operetta, Opera Phenix
    "r02c03f04p01-ch2sk5fk1fl1.tiff": ("", "B03", "4", "1", "5", "ch2"),
    "r16c24f10p12-ch1t03.tiff": ("", "P24", "10", "12", "3", "ch1"),
    # Columbus
    "003011-2-001004002.tif": ("", "C11", "2", "4", "1", "002"),
    # Opera
    "001012003.flex": ("", "A12", "3", "", "", None),
    # IN Cell
    "A - 01(fld 1 wv Green - dsRed z 3).tif": ("", "A01", "1", "3", "", "Green - dsRed"),
    "20180328_TestAbs_G - 8(fld 4 wv Red - Cy5).tif": ("20180328_TestAbs", "G08", "4", "", "", "Red - Cy5"),
    "B - 2(fld 1 wv Cy3 - Cy3 wix 1).tif": ("", "B02", "1", "", "", "Cy3 - Cy3"),
    "A_01_f1_c2_x405_m10_z1_t7_i1_o1_s1.tiff": ("", "A01", "1", "1", "7", "c2"),
    "H_12_fld_3_wv_405_Blue.tif": ("", "H12", "3", "", "", "405_Blue"),
    # CellVoyager
    "AssayPlate_Greiner_#655090_B02_T0001F003L01A02Z04C01.tif": ("AssayPlate_Greiner_#655090", "B02", "3", "4", "1", "C01"),
    # ImageXpress
    "IXMtest_A02_s9_w1051DAA7C-7042-435F-99F0-1E847D9B42CB.tif": ("IXMtest", "A02", "9", "", "", "w1"),
    "TimePoint_2/ZStep_3/IM-Assays-EXP2_AB48_s1_w3.TIF": ("IM-Assays-EXP2", "AB48", "1", "3", "2", "w3"),
    "A07_w2.tif": ("", "A07", "", "", "", "w2"),
    "IXMtest_A02_s8.tif": ("IXMtest", "A02", "8", "", "", None),
    # Cellomics
    "AS_09125_050116030001_D03f00d1.tif": ("AS_09125_050116030001", "D03", "0", "", "", "d1"),
    # Cytation
    "B7_01_2_3_GFP_001.tif": ("", "B07", "3", "", "1", "GFP"),
    # Micro-Manager
    "img_channel001_position003_time000000000_z002.tif": ("", "", "3", "2", "0", "channel001"),
    "A1-Site_4/img_000000003_Far-red_000.png": ("", "A01", "4", "0", "3", "Far-red"),
    "Pos5/img_000000000_DAPI_001.tif": ("", "", "5", "1", "0", "DAPI"),
    "run_MMStack_C5-Site_2.ome.tif": ("run", "C05", "2", "", "", None),
    "run_1_MMStack_Pos3.ome.tif": ("run_1", "", "3", "", "", None),
    # by hand
    "plate1_A14_site1_Ch2.tif": ("plate1", "A14", "1", "", "", "Ch2"),
    "plate_A01_C2.tif": ("plate", "A01", "", "", "", "C2"),
    "screen_p2_B03.ome.tif": ("screen_p2", "B03", "", "", "", None),
    "no-plate-at-all.tif": ("", "", "", "", "", None),
}


def failures(out):
    """The rows of failures.csv by file; nobody computes an apostrophe."""
    with open(out / "failures.csv", newline="") as file:
        return {row["file"]: row for row in csv.DictReader(file)}


def make_empty(folder, names):
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"")
    return folder


def test_names_of_instruments(tmp_path):
    """Empty files fail, and the table of failures states where each field lies."""
    for name in NAMES:
        make_empty(tmp_path / name.replace("/", "_"), [name])
    folders = [name.replace("/", "_") for name in NAMES]
    assert run("segment", "-o", "out", *folders, cwd=tmp_path).code == 1
    rows = failures(tmp_path / "out")
    for name, (plate, well, field, z, t, channel) in NAMES.items():
        letters, digits = re.fullmatch("([A-P]*)([0-9]*)", well).groups()
        expected = [plate, well, letters, digits.lstrip("0"), field, channel or "", z, t]
        assert [rows[f"{name.replace('/', '_')}/{name}"][part] for part in PARTS] == expected, name


PATTERNS = [
    r"(?P<plate>\w+)_(?P<field>\d+)",
    r"^(?P<plate>[^_]*)_(?P<well>[A-P]\d\d)",
    r"(?P<plate>.*?)(?P<field>\d+)\.tif$",
    r"(?P<plate>a+?)(?P<field>a*)",
    r"(?P<plate>(?:ab|a)(?:c|bcd))(?P<field>d*)",
    r"(?P<plate>a|ab)(?P<field>c|bcd)(?P<z>d*)",
    r"(?<plate>[a-c]{2,3})(?<field>[^a-c.]{1,})",
    r"(?P<plate>x{0,2}y{2})(?P<field>.)",
    r"(?:(?P<plate>x)|(?P<field>y))+",
    r"(?P<plate>(?:a*)*)(?P<field>b)",
    r"(?P<plate>[\w.-]+)-(?P<field>[]x]|\d)",
    r"(?P<plate>\S+)\s(?P<field>\D)",
    r"(?P<plate>\(\w\))|(?P<field>\[\d\])",
    r"(?P<plate>a{3})(?P<field>a{0,2}?)",
    r"(?P<plate>^x?)(?P<field>[y-z]*)$|(?P<t>b)",
]
TEXTS = ["plate_12.tif", "AB_C03_7.tif", "aaaa.tif", "abcd.tif", "abcbcd.tif", "xxyy1.tif", "xyxyx.tif", "aab.tif", "a-b-3.tif", "q-].tif", "two words.tif", "(a)[1].tif",
         "yz.tif", "b", "xyz.png", "Straße_5.tif"]


@pytest.mark.parametrize("pattern", PATTERNS)
def test_patterns_find_what_pythons_do(tmp_path, pattern):
    names = [n for n in TEXTS if n.endswith((".tif", ".png"))]
    make_empty(tmp_path / "in", names)
    expected = {}
    for name in names:
        found = re.search(pattern.replace("(?<p", "(?P<p").replace("(?<f", "(?P<f"), name, re.IGNORECASE | re.ASCII)
        if found:
            expected[f"in/{name}"] = {k: v or "" for k, v in found.groupdict().items()}
    result = run("segment", "-o", "out", "--pattern", pattern, "in", cwd=tmp_path)
    if not expected:
        fault = f"cellseg: in: --pattern {pattern} fits none of {len(names)} images, such as "
        assert result.code == 2 and result.errors in [[fault + name] for name in names]
        return
    if len(expected) > 1:
        rows = failures(tmp_path / "out")
        found = {name: {k: row[k] for k in expected[name]} for name, row in rows.items()}
        plain = {name: {k: (v.lstrip("0") or "0") if k in ("field", "z", "t") and v.isdigit() else v for k, v in of.items()} for name, of in expected.items()}
        assert found == plain
    else:
        assert result.code == 1 and next(iter(expected)) in result.errors[-1]


@pytest.mark.parametrize(
    "pattern, fault",
    [
        ("(?P<well>[A-P]", "( has no )"),
        ("[A-P", "[ has no ]"),
        ("(?P<well>a))", ") has no ("),
        ("*(?P<well>a)", "nothing is before"),
        ("(?P<well>a{3,1})", "{ } must hold"),
        ("(?P<well>a{100})", "above 99"),
        ("(?=a)", "only (?: and (?P<name>"),
        (r"(?P<well>\b)", "\\ is known before"),
        ("(?P<well>[z-a])", "backwards"),
        ("(?P<well>a)\\", "\\ is known before"),
        ("(?P<well>[\\", "\\ is known before"),
        ("(?P<well>a){1", "{ } must hold"),
        ("no groups", "has no named group"),
        ("(?P<wel>a)", '"wel" is none of plate, well, row, column, field, channel, z, t (did you mean well?)'),
        ("(?P<well>" + "(" * 40, "too deeply"),
        ("(?P<well>(?:(?:a{99}){99}){99})", "too long"),
    ],
)
def test_bad_patterns(tmp_path, pattern, fault):
    make_empty(tmp_path / "in", ["a.tif"])
    result = run("segment", "-o", "out", "--pattern", pattern, "in", cwd=tmp_path)
    assert result.code == 2 and len(result.errors) == 1 and fault in result.errors[0], result.errors


def test_no_pattern_takes_long(tmp_path):
    """Python needs 2^40 steps for these."""
    make_empty(tmp_path / "in", ["a" * 40 + ".tif"])
    assert run("segment", "-o", "out", "--pattern", "(?P<plate>(a|a)*)b|(?P<field>(a*)*)c", "in", cwd=tmp_path).code == 2


# ---- channels in files of their own ----


@pytest.fixture(scope="module")
def plate(tmp_path_factory, field):
    """Two wells of two fields: w1 the nuclei, w2 the marker."""
    folder = tmp_path_factory.mktemp("plate") / "plate"
    (folder / "day 1").mkdir(parents=True)
    for i, name in enumerate(["A01_s1", "A01_s2", "B12_s1", "B12_s2"]):
        for channel, word in ((1, "w1"), (0, "w2")):
            crop = field[channel, 60 * i : 60 * i + 200, 100:300]
            write_image(folder / ("day 1" if i > 1 else "") / f"p_{name}_{word}.tif", crop)
    write_image(folder / "p_A01_s1_w1_thumb.tif", field[0, :20, :20])
    return folder


def files_below(folder):
    """Their bytes by name; the report without the time that the run took."""
    files = {str(p.relative_to(folder)): p.read_bytes() for p in sorted(folder.rglob("*")) if p.is_file()}
    return {name: re.sub(b"<dt>time</dt>.*</dd>", b"", bytes_) if name == "report.html" else bytes_ for name, bytes_ in files.items()}


STEMS = ["p_A01_s1_w2", "p_A01_s2_w2", "day 1/p_B12_s1_w2", "day 1/p_B12_s2_w2"]


@pytest.fixture(scope="module")
def segmented(plate, tmp_path_factory):
    out = tmp_path_factory.mktemp("plate-out") / "out"
    result = run("segment", "--marker", "W02", "-o", out, plate)
    assert result.code == 0 and told(result) == []
    return out


def test_a_plate_is_read_with_all_channels(plate, segmented, tmp_path):
    """The same cells as the same channels in one file give, and every channel is measured."""
    assert {p.rsplit(".cells", 1)[0] for p in files_below(segmented) if p.endswith(".cells.tif")} == set(STEMS)
    for stem in STEMS:
        record = json.loads((segmented / f"{stem}.json").read_text())
        assert record["input"]["absolute"] == str(plate / f"{stem}.tif")
        assert [c["name"] for c in record["channels"]] == ["w1", "w2"]
        well = stem.split("_")[1]
        assert record["location"] == {"plate": "p", "well": well, "row": well[0], "column": int(well[1:]), "field": int(stem[-4]), "channel": "w2"}
        both = np.stack([tifffile.imread(plate / f"{stem[:-2]}{w}.tif") for w in ("w1", "w2")])
        one = write_image(tmp_path / "one.tif", both)
        assert run("segment", "--channel", 1, "-o", tmp_path / "one", one).code == 0
        for kind in (".cells.tif", ".nuclei.tif"):
            cells, expected = (tifffile.imread(p) for p in (segmented / f"{stem}{kind}", tmp_path / f"one/one{kind}"))
            np.testing.assert_array_equal(cells, expected)
        assert (segmented / f"{stem}.csv").read_bytes() == (tmp_path / "one/one.csv").read_bytes()


@pytest.mark.parametrize("words", [["--channel", "1"], ["--pattern", r"(?P<well>[A-P]\d+)_s(?P<field>\d)_(?P<channel>w\d)\.tif", "--marker", "w2"]])
def test_the_marker_by_number_or_by_a_pattern(plate, segmented, tmp_path, words):
    result = run("segment", *words, "-o", tmp_path, plate)
    assert result.code == 0
    for stem in STEMS:
        assert (tmp_path / f"{stem}.cells.tif").read_bytes() == (segmented / f"{stem}.cells.tif").read_bytes()


def test_label_takes_both_channels_by_name(plate, tmp_path):
    assert run("label", "--marker", "w2", "--nuclei", "w1", "-o", tmp_path / "a", plate).code == 0
    assert run("label", "--channel", "w2", "--nuclei-channel", 0, "-o", tmp_path / "b", plate).code == 0
    assert files_below(tmp_path / "a") == files_below(tmp_path / "b")
    stem = STEMS[0]
    assert run("label", "--nuclei", plate / f"{stem[:-2]}w1.tif", "-o", tmp_path / "c", plate / f"{stem}.tif").code == 0
    one, two = (tifffile.imread(tmp_path / f"{folder}/{stem}.cells.tif") for folder in "ac")
    np.testing.assert_array_equal(one, two)


def read_columns(path):
    with open(path, newline="") as file:
        return {name: column for name, *column in zip(*csv.reader(file), strict=True)}


def test_the_channels_that_are_measured_are_chosen(plate, segmented, tmp_path):
    """By number or by name; the columns keep the channels' numbers and have the values that they have among all."""
    go = ["segment", "--marker", "w2", "--resume", "-o", tmp_path]
    for words in (["w1"], ["0"], ["W01,0"]):
        assert len(run(*go, "--measure-channels", *words, plate).output.splitlines()) == 5
        for stem in STEMS:
            all_columns, columns = (read_columns(folder / f"{stem}.csv") for folder in (segmented, tmp_path))
            assert columns == {name: column for name, column in all_columns.items() if not name.endswith("_channel_1")} != all_columns
    assert json.loads((tmp_path / f"{stem}.json").read_text())["measure_channels"] == "W01,0"
    assert told(run(*go, "--measure-channels", "W01,0", plate)) == ["cellseg: note: 4 of 4 were finished before, and are kept"]
    assert len(run(*go, "--measure-channels", "all", plate).output.splitlines()) == 5
    assert files_below(tmp_path) == files_below(segmented)


@pytest.mark.parametrize("words, fault", [("w1,w9", "--measure-channels w9: no file's name states this channel"), ("w1,,", "--measure-channels w1,,: expected all")])
def test_faults_of_measured_channels(plate, tmp_path, words, fault):
    result = run("segment", "--marker", "w2", "--measure-channels", words, "-o", tmp_path, plate)
    assert result.code == 2 and len(result.errors) == 1 and fault in result.errors[0]
    path = plate / f"{STEMS[0]}.tif"
    for word, line in (("3", "--measure-channels 3: the image has 1 channel, from 0"), ("dna", 'no channel is named "dna"; channels are 0')):
        result = run("segment", "--measure-channels", word, "-o", tmp_path, path)
        assert result.code == 1 and result.errors == [f"cellseg: {path}: {line}"]


def test_without_a_word_the_first_channel_is_taken_with_a_warning(plate, tmp_path):
    result = run("segment", "--marker-check", "warn", "-o", tmp_path, plate)
    assert result.errors[0] == "cellseg: warning: channel w1 of w1, w2 is the marker; select another with --channel"
    assert (tmp_path / "p_A01_s1_w1.cells.tif").exists()


def test_faults_of_channels(plate, tmp_path, field):
    result = run("segment", "--marker", "w7", "-o", tmp_path / "out", plate)
    assert result.code == 2 and result.errors == ["cellseg: --channel w7: no file's name states this channel; the names state w1, w2"]
    folder = tmp_path / "faults"
    folder.mkdir()
    for name, pixels in {
        "A01_w1": field[1, :90, :100],
        "A01_w2": field[0, :100, :100],
        "A02_w1": field[1, :100, :100],
        "A03_w1": field[1, :100, :100].astype(np.float32),
        "A03_w2": field[0, :100, :100],
        "A04_w1": field[1, :100, :100],
        "A04_w2": field[0, :100, :100],
    }.items():
        write_image(folder / f"{name}.tif", pixels)
    result = run("segment", "--marker", "w2", "-o", "out", "faults", cwd=tmp_path)
    assert result.code == 3
    errors = {name: row["error"] for name, row in failures(tmp_path / "out").items()}
    assert errors == {
        "faults/A01_w2.tif": "faults/A01_w2.tif: 100 x 100 pixels, but faults/A01_w1.tif, another channel of this field, has 100 x 90; the sizes must be the same",
        "faults/A02_w1.tif": 'faults/A02_w1.tif: no channel is named "w2"; channels are 0 "w1"',
        "faults/A03_w2.tif": "faults/A03_w2.tif: pixels of another type than those of faults/A03_w1.tif, another channel of this field; the types must be the same",
    }
    assert [row["well"] for row in failures(tmp_path / "out").values()] == ["A01", "A02", "A03"]
    with open(tmp_path / "out/images.csv", newline="") as file:
        listed = {row["image"]: (row["status"], row["well"], row["field"]) for row in csv.DictReader(file)}
    assert listed == {f"A0{i}_w{1 if i == 2 else 2}": ("done" if i == 4 else "failed", f"A0{i}", "") for i in range(1, 5)}
    make_empty(folder, ["A04_s0_w1.tif"])
    result = run("segment", "--pattern", r"(?P<well>A\d+).*_(?P<channel>w\d)", "-o", "out", "faults", cwd=tmp_path)
    assert result.code == 2 and "are both channel w1 of one field of well A04" in result.errors[0]


# ---- sheets ----


def write_sheet(path, rows):
    with open(path, "w", newline="") as file:
        csv.writer(file).writerows(rows)
    return path


def test_a_sheet_names_files_wells_and_channels(plate, segmented, tmp_path):
    rows = [["dose", "file", "Well", "field", "channel"]]
    rows += [[i, plate / f"{stem[:-2]}w{w}.tif", ["C3", "d04"][i % 2], i, ["dna, blue", "ER"][w - 1]] for i, stem in enumerate(STEMS) for w in (1, 2)]
    result = run("segment", "--sheet", write_sheet(tmp_path / "sheet.csv", rows), "--marker", "er", "-o", tmp_path / "out")
    assert result.code == 0, result.errors
    for i, stem in enumerate(STEMS):
        name = stem.split("/")[-1]
        assert (tmp_path / f"out/{name}.cells.tif").read_bytes()[:4] == b"II*\0"
        np.testing.assert_array_equal(tifffile.imread(tmp_path / f"out/{name}.cells.tif"), tifffile.imread(segmented / f"{stem}.cells.tif"))
        record = json.loads((tmp_path / f"out/{name}.json").read_text())
        assert record["location"] == {"well": ["C03", "D04"][i % 2], "row": "CD"[i % 2], "column": 3 + i % 2, "field": i, "channel": "ER"}
        assert [c["name"] for c in record["channels"]] == ["dna, blue", "ER"]


@pytest.mark.parametrize(
    "text, fault",
    [
        ("well,site\nA01,1\n", "line 1: no column is called file, of well, site; a sheet has"),
        ("file;well\na.tif;A01\n", "no column is called file, of file;well"),
        ("file,well\na.tif,A01\nb.tif\n", "line 3: the line has more or fewer values"),
        ("file,well\na.tif,first\n", "line 2: the well is none"),
        ("file,well\n,A01\n", "line 2: no file is named"),
        ('file\n"a.tif\n', "a quotation mark is not closed"),
        ("file\n", "the sheet has no row"),
        ("", "no column is called file"),
    ],
)
def test_bad_sheets(tmp_path, text, fault):
    (tmp_path / "sheet.csv").write_text(text)
    result = run("segment", "--sheet", "sheet.csv", "-o", "out", cwd=tmp_path)
    assert result.code == 2 and len(result.errors) == 1 and result.errors[0].startswith("cellseg: sheet.csv: ") and fault in result.errors[0]
    assert not (tmp_path / "out").exists()


# ---- resuming ----


def test_what_is_finished_is_kept(plate, segmented, tmp_path):
    """And what differs in a byte of the input or in an option is done again."""
    out, copy = tmp_path / "out", tmp_path / "plate"
    for name, content in files_below(plate).items():
        (copy / name).parent.mkdir(parents=True, exist_ok=True)
        (copy / name).write_bytes(content)
    go = ["segment", "--marker", "w2", "--resume", "-o", out]
    assert run(*go, copy).code == 0
    first = files_below(out)
    result = run(*go, "plate", cwd=tmp_path)
    assert len(result.output.splitlines()) == 1 and told(result) == ["cellseg: note: 4 of 4 were finished before, and are kept"]
    assert files_below(out) == first
    (out / "p_A01_s1_w2.csv").unlink()
    (copy / "day 1/p_B12_s1_w1.tif").write_bytes((copy / "day 1/p_B12_s2_w1.tif").read_bytes())
    result = run(*go, copy)
    assert told(result) == ["cellseg: note: 2 of 4 were finished before, and are kept"]
    assert re.findall(r"p_\w+\.tif", result.output) == ["p_B12_s1_w2.tif", "p_A01_s1_w2.tif"]
    assert len(run(*go, "--sensitivity", 50, copy).output.splitlines()) == 5
    assert len(run(*go, "--sensitivity", 50, "--svg", copy).output.splitlines()) == 5
    assert len(run(*go, "--sensitivity", 50, "--svg", copy).output.splitlines()) == 1


def test_a_run_that_is_killed_and_resumed_gives_the_same_bytes(plate, segmented, tmp_path):
    run_until_it_survives("segment", "--marker", "w2", "--resume", "-o", tmp_path / "out", plate, killed=lambda: None)
    assert files_below(tmp_path / "out") == files_below(segmented)


def test_the_table_of_failures_goes_when_nothing_fails(plate, tmp_path):
    bad = make_empty(tmp_path / "in", ["p_C01_s1_w2.tif", "p_C01_s2_w2.tif"])
    assert run("segment", "-o", tmp_path / "out", bad).code == 1
    assert len(failures(tmp_path / "out")) == 2
    for i in (1, 2):
        (bad / f"p_C01_s{i}_w2.tif").write_bytes((plate / f"p_A01_s{i}_w2.tif").read_bytes())
    assert run("segment", "-o", tmp_path / "out", bad).code == 0
    assert not (tmp_path / "out/failures.csv").exists()
    (tmp_path / "out/failures.csv").write_text("my,own\n")
    result = run("segment", "-o", tmp_path / "out", bad)
    assert result.code == 0 and 'failures.csv: passed over: the column "image" is missing' in result.errors[-1]
    assert (tmp_path / "out/failures.csv").read_text() == "my,own\n"


# ---- side by side ----


@pytest.mark.parametrize("words", [["--jobs", 2], ["--jobs", 3, "--threads", 7], ["--jobs", 40, "--max-memory", 60], ["--jobs", 4, "--max-memory", 33]])
def test_fields_side_by_side_give_the_same_bytes(plate, segmented, tmp_path, words):
    """Where the memory does not hold as many, fewer run."""
    result = run("segment", "--marker", "w2", *words, "-o", tmp_path, plate)
    assert result.code == 0 and told(result) == []
    assert files_below(tmp_path) == files_below(segmented)
    assert len(result.output.splitlines()) == 5


def test_warnings_and_failures_stay_with_their_fields(tmp_path, field):
    """With JSON, each line is whole."""
    folder = tmp_path / "in"
    folder.mkdir()
    for i in range(12):
        crop = np.full((64, 64), 7, np.uint16) if i % 3 == 1 else field[0, :90, 10 * i : 10 * i + 90]
        write_image(folder / f"{i:02}.tif", crop)
        if i % 3 == 2:
            (folder / f"{i:02}.tif").write_bytes(b"II*\0")
    outs = []
    for jobs in (1, 5):
        out = tmp_path / f"out{jobs}"
        result = run("segment", "--json", "--jobs", jobs, "-o", out.name, "in", cwd=tmp_path)
        assert result.code == 3
        records = {json.loads(line)["input"]["given"]: json.loads(line) for line in result.output.splitlines()}
        assert sorted(records) == [f"in/{i:02}.tif" for i in range(12) if i % 3 != 2]
        for i in (1, 4, 7, 10):
            assert len(records[f"in/{i:02}.tif"]["warnings"]) == 1 and f"in/{i:02}.tif: " in records[f"in/{i:02}.tif"]["warnings"][0]
        assert all(f"in/{i:02}.tif" in row["error"] for i, row in zip((2, 5, 8, 11), failures(out).values(), strict=True))
        assert all(len(json.loads(line)) == 1 for line in result.errors)
        outs.append(files_below(out))
    assert outs[0] == outs[1]


def test_the_interrupt_key_stops_all(plate, tmp_path):
    folder = tmp_path / "in"
    for i in range(30):
        (folder / str(i)).mkdir(parents=True)
        (folder / str(i) / "a.tif").write_bytes((plate / "p_A01_s1_w2.tif").read_bytes())
    code, _ = run_on_a_terminal(
        "segment", "--jobs", 3, "-o", tmp_path / "out", folder, on_sign=lambda process: process.send_signal(signal.SIGINT)
    )
    assert code == 130
    done = [p for p in (tmp_path / "out").rglob("*") if p.is_file() and p.parent != tmp_path / "out"]
    assert len(done) % 5 == 0 and not any(p.name.startswith(".") for p in done)
    assert run("segment", "--jobs", 3, "--resume", "-o", tmp_path / "out", folder).code == 0
    assert len({p.read_bytes() for p in (tmp_path / "out").rglob("a.cells.tif")}) == 1


def test_jobs_are_a_number(plate, tmp_path):
    result = run("segment", "--jobs", -1, "-o", tmp_path / "out", plate)
    assert result.code == 2 and "--jobs must not be negative" in result.errors[0]
