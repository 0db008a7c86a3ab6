# SPDX-License-Identifier: BSD-3-Clause
"""Words of the command line, exit codes, lines of JSON and progress: what a person types, and what a script reads."""

import csv
import json
import os
import re
import signal
import subprocess

import numpy as np
import pytest
import tifffile
from program import FIELD, PROGRAM, ROOT, TRUTH, run, run_on_a_terminal, write_image

import cellseg


def lines(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def several(tmp_path, field):
    """Three small images."""
    return [write_image(tmp_path / f"{name}.tif", field[0, y : y + 90, 200:290]) for name, y in (("a", 0), ("b", 150), ("c", 300))]


# ---- words ----


@pytest.mark.parametrize(
    "words, fault",
    [
        (["segmet"], '"segmet" is not a subcommand (did you mean segment?)'),
        (["lable"], "(did you mean label?)"),
        (["frobnicate"], '"frobnicate" is not a subcommand; see'),
        (["segment", "--pxiel-size", "1"], "--pxiel-size is not an option (did you mean --pixel-size?)"),
        (["segment", "--sensitivty=1"], "(did you mean --sensitivity?)"),
        (["segment", "--zzzzzzzzzz"], "--zzzzzzzzzz is not an option; see"),
        (["segment", "--=1"], "--=1 is not an option; see"),
        (["segment", "--marker-check", "refuze"], 'marker-check must be one of warn, refuse-stains, refuse, not "refuze" (did you mean refuse?)'),
        (["segment", "--cell-area-m", "1"], "several options: --cell-area-min-um2, --cell-area-max-um2"),
        (["segment", "-qx"], "-qx is not an option"),
        (["segment", "-qo"], "-qo needs a value"),
        (["train", "one"], "only options are expected"),
        (["completion"], "bash, zsh or fish"),
        (["completion", "csh"], "bash, zsh or fish"),
    ],
)
def test_faults_have_a_hint(words, fault):
    result = run(*words)
    assert result.code == 2 and result.output == "" and len(result.errors) == 1 and fault in result.errors[0], result.errors
    assert re.search(r"; see cellseg( \w+)? --help$", result.errors[0])


def test_options_may_be_written_in_many_ways(several, tmp_path):
    expected = None
    for i, words in enumerate((["--sensitivity", "30", "--output", "OUT"], ["--sens=30", "--outp=OUT"], ["-qo", "OUT", "--sensi", "30"],
                               ["-oOUT", "--sensitivity=30", "--"])):  # fmt: skip
        folder = tmp_path / f"out{i}"
        result = run("segment", *(word.replace("OUT", str(folder)) for word in words), several[1])
        assert result.code == 0 and result.errors == []
        cells = (folder / "b.csv").read_bytes()
        assert expected in (None, cells)
        expected = cells


def test_the_whole_name_wins_over_longer_ones(several, tmp_path):
    """--join is an option, and --z and --t are beginnings of others."""
    assert run("segment", "--join", 2, "--level", 0, "-o", tmp_path / "out", several[1]).code == 0
    record = json.loads((tmp_path / "out/b.json").read_text())
    assert record["options"]["join"] == 2


def test_names_behind_two_dashes(several, tmp_path):
    name = tmp_path / "--quiet.tif"
    name.write_bytes(several[1].read_bytes())
    result = run("segment", "-o", "out", "--", name.name, cwd=tmp_path)
    assert result.code == 0 and (tmp_path / "out/--quiet.cells.tif").exists()


# ---- exit codes ----


def test_exit_codes_tell_some_from_all(several, tmp_path):
    bad = tmp_path / "bad.tif"
    bad.write_bytes(b"")
    for command in ["segment", "-o", tmp_path / "out"], ["info"]:
        assert run(*command, *several).code == 0
        assert run(*command, bad, *several).code == 3
        assert run(*command, bad).code == 1
    truth, other = tmp_path / "truth", tmp_path / "other"
    for folder in truth, other:
        folder.mkdir()
        for stem in "ab":
            (folder / f"{stem}.cells.tif").write_bytes(TRUTH.read_bytes())
    assert run("evaluate", truth, other).code == 0
    (other / "a.cells.tif").write_bytes(b"")
    assert run("evaluate", truth, other).code == 3
    (other / "b.cells.tif").write_bytes(b"")
    assert run("evaluate", truth, other).code == 1


def test_the_interrupt_key_keeps_older_results_and_gives_130(several, tmp_path, field):
    out = tmp_path / "out"
    large = write_image(tmp_path / "large.tif", np.tile(field[0], (4, 4)))
    old = run("segment", "-o", out, several[0])
    before = {path.name: path.read_bytes() for path in out.iterdir()}
    assert old.code == 0
    with subprocess.Popen([PROGRAM, "segment", "-o", out, several[1], large, several[2]], stdout=subprocess.PIPE, text=True) as process:
        assert "b.tif" in process.stdout.readline()
        process.send_signal(signal.SIGINT)
        assert process.wait(20) == 130
    after = {path.name: path.read_bytes() for path in out.iterdir()}
    assert {name: after.pop(name) for name in before} == before
    assert set(after) == {name.replace("a.", "b.", 1) for name in before}


# ---- --quiet and --json ----


def test_quiet_leaves_errors_alone(crop, tmp_path):
    result = run("segment", "--quiet", "-o", tmp_path, crop)
    assert result.code == 0 and result.errors == [] and "crop.tif" in result.output
    assert len(json.loads((tmp_path / "crop.json").read_text())["warnings"]) == 1  # of the channel
    assert len(run("segment", "-q", "-o", tmp_path, tmp_path / "none.tif").errors) == 1
    assert run_on_a_terminal("segment", "-q", "-o", tmp_path, crop) == (0, "")


def test_segment_prints_the_record_and_the_files(crop, several, tmp_path):
    bad = tmp_path / "bad.tif"
    bad.write_bytes(b"")
    for command in ["segment"], ["label", "--nuclei-channel", 0]:
        out = tmp_path / command[0]
        result = run(*command, "--json", "-o", out, crop, bad, several[1])
        assert result.code == 3
        records = lines(result.output)
        for record, stem in zip(records, ["crop", "b"], strict=True):
            files = record.pop("files")
            assert record == json.loads((out / f"{stem}.json").read_text())
            assert sorted(files) == sorted(str(path) for path in out.iterdir() if path.name.startswith(f"{stem}."))
            assert record["report"]["cells"] == tifffile.imread(out / f"{stem}.cells.tif").max()
        messages = [m for m in lines("\n".join(result.errors)) if "% " not in m.get("note", "")]
        assert [list(message) for message in messages][-3:] == [["error"], ["note"], ["note"]]
        assert "bad.tif" in messages[-3]["error"] and messages[-1]["note"] == messages[-3]["error"]
        assert all(list(message) == ["warning"] for message in messages[:-3])


def test_evaluate_prints_the_columns_of_its_table(tmp_path):
    truth, other = tmp_path / "truth", tmp_path / "other"
    labels = tifffile.imread(TRUTH)
    for folder, shift in (truth, 0), (other, 3):
        folder.mkdir()
        for i, stem in enumerate("ab"):
            write_image(folder / f"{stem}.cells.tif", np.roll(labels, shift * (i + 1), 0))
    result = run("evaluate", "--json", "--csv", tmp_path / "table.csv", truth, other)
    assert result.code == 0 and result.errors == []
    found = lines(result.output)
    with open(tmp_path / "table.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for line, row in zip(found[:2], rows, strict=True):
        assert {key: "" if value is None else value for key, value in line.items()} == {
            key: value if key in ("kind", "image") or value == "" else pytest.approx(float(value), rel=1e-12) for key, value in row.items()
        }
    similarity = [cellseg.similarity(labels, np.roll(labels, 3 * (i + 1), 0)) for i in range(2)]
    mean, pooled = found[2:]
    assert (mean["kind"], mean["summary"], pooled["summary"]) == ("cells", "mean", "all")
    assert mean["sm"] == pytest.approx(np.mean([s.sm for s in similarity])) and "pairs" not in mean
    assert pooled["pairs"] == sum(s.pairs for s in similarity) and pooled["sm"] is None


def test_info_prints_images_models_and_the_library(tmp_path, several):
    (library,) = lines(run("info", "--json").output)
    assert library["library"]["version"] in run("--version").output and "png" in library["library"]["features"]
    assert library["model"]["parameters"] > 1000 and library["model"]["classes"][0] == "nucleus"
    images = lines(run("info", "--json", FIELD, several[0]).output)
    assert [line["file"] for line in images] == [str(FIELD), str(several[0])]
    first = images[0]["image"]
    assert (first["width"], first["height"], first["pixel_type"], first["channels"]) == (696, 520, "uint16", ["phalloidin", "DAPI"])
    assert first["pixel_size_um"] == pytest.approx(0.6236, rel=1e-3)
    assert lines("\n".join(run("info", "--json", tmp_path / "none.tif").errors))[0]["error"].startswith(str(tmp_path))


def test_json_is_harmless_and_keeps_names(tmp_path, several):
    """Escape sequences and turned text stay what they are in JSON, and reach no terminal."""
    name = tmp_path / "x\x1b[31m\u202e\u2028\x9b\x7fy.tif"
    name.write_bytes(several[1].read_bytes())
    result = run("info", "--json", name)
    assert lines(result.output)[0]["file"] == str(name)
    assert not set("\x1b\u202e\u2028\x9b\x7f") & set(result.output)


# ---- progress ----


@pytest.mark.parametrize("columns", [12, 30, 80, 200])
def test_the_bar_never_wraps(columns, tmp_path, crop):
    long = tmp_path / ("細胞" * 20 + "long" * 10 + ".tif")
    long.write_bytes(crop.read_bytes())
    code, seen = run_on_a_terminal("segment", "--channel", 0, "-o", tmp_path / "out", long, columns=columns)
    bars = [part for part in re.split(r"\r\x1b\[K", seen) if part]
    assert code == 0 and bars and "\n" not in seen
    assert all(sum(1 if c.isascii() else 2 for c in bar) < columns for bar in bars), max(bars, key=len)
    if columns > 30:
        assert any(re.search(r"\w\.tif: \w", bar) for bar in bars)


def test_the_bar_counts_files(several, tmp_path):
    code, seen = run_on_a_terminal("segment", "-o", tmp_path / "out", *several)
    found = re.findall(r"(\d+)% (\d) of (\d) files", seen)
    assert code == 0 and {count for _, _, count in found} == {"3"} and [int(i) for _, i, _ in found] == sorted(int(i) for _, i, _ in found)
    for percent, i, _ in found:
        assert 100 * (int(i) - 1) // 3 <= int(percent) <= 100 * int(i) / 3


def test_a_file_gets_a_line_every_ten_seconds_for_several_images(several, tmp_path):
    clock = tmp_path / "fast_clock.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", clock, ROOT / "tests/examples/fast_clock.c"], check=True)
    fast = {**os.environ, "LD_PRELOAD": str(clock)}
    assert run("segment", "-o", tmp_path / "out", *several).errors == []
    assert run("segment", "-o", tmp_path / "out", several[0], env=fast).errors == []
    assert run("segment", "-q", "-o", tmp_path / "out", *several, env=fast).errors == []
    told = run("segment", "-o", tmp_path / "out", *several, env=fast).errors
    assert told and all(re.fullmatch(r"cellseg: note: \d+% [123] of 3 files( \d+:\d\d:\d\d left)?", line) for line in told), told
    assert list(lines("\n".join(run("segment", "--json", "-o", tmp_path / "out", *several, env=fast).errors))[0]) == ["note"]
