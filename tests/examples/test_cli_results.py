# SPDX-License-Identifier: BSD-3-Clause
"""The results of an image are one set: replaced together or not at all, by their own input only, whatever stops the program."""

import json
import os
import resource
import shutil
import signal
import subprocess

import cellseg
import numpy as np
import pytest
import tifffile
from kill_runs import STEM, Sets, files
from program import PIXEL_SIZE_UM, PROGRAM, run, stopped_at, write_image

KINDS = [".cells.tif", ".csv", ".json", ".nuclei.tif", ".overlay.png"]


def names(folder):
    return sorted(os.listdir(folder)) if folder.exists() else []


@pytest.fixture(scope="module")
def sets(tmp_path_factory):
    return Sets(tmp_path_factory.mktemp("sets"))


@pytest.fixture
def small(tmp_path, field):
    return write_image(tmp_path / "small.tif", field[0, 150:230, 200:280])


# ---- interrupted at every step ----


@pytest.mark.parametrize("before, after, step", [("old", "new", 1), ("new", "old", 2)])
def test_a_kill_at_any_step_leaves_the_old_set_or_the_new_one(sets, stop_call, before, after, step):
    outcomes = []
    for call in range(1, 200, step):
        out = sets.folder(before)
        done = sets.run(after, out, env=stopped_at(stop_call, call, signal.SIGKILL))
        outcomes.append(sets.check(out))
        if done.returncode == 0:
            break
        assert done.returncode == -signal.SIGKILL
    assert len(outcomes) > 20 and {"old", "new"} == set(outcomes)
    changes = sum(one != other for one, other in zip(outcomes, outcomes[1:]))
    assert changes == 1  # there is one moment from which on the new set counts


def test_a_failure_of_any_step_is_one_line_and_leaves_one_set(sets, stop_call):
    for call in range(1, 200):
        out = sets.folder()
        done = sets.run("new", out, env=stopped_at(stop_call, call, 0))
        errors = [line for line in done.stderr.splitlines() if "warning" not in line]
        committed = files(out) != sets.old
        if done.returncode == 1 and not committed:
            assert len(errors) == 1 and "No space left on device" in errors[0] and ".part" not in errors[0], errors
        elif done.returncode == 1:
            assert len(errors) == 1 and (".ready" in errors[0] or "standard output" in errors[0]), errors
        unfinished = (out / f".cellseg-{STEM}.ready").is_dir()
        sets.check(out)
        if done.returncode == 0 and not unfinished and call > 80:
            break


@pytest.mark.parametrize("limit", [0, 100, 700, 3000])
def test_a_write_that_fails_leaves_the_old_set_and_nothing_else(sets, limit):
    """Files may have no more bytes than `limit`."""
    def limit_files():
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (limit, limit))

    out = sets.folder()
    image = sets.work / f"{STEM}.tif"
    done = sets.run("neither", out, preexec_fn=limit_files)
    assert done.returncode == 1 and len(done.stderr.splitlines()) == 1, done.stderr
    assert f"{out}/{STEM}." in done.stderr and "File too large" in done.stderr and ".part" not in done.stderr
    assert files(out) == sets.old and names(out) == sorted(sets.old) and image.exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="mounts a small disk")
def test_a_full_disk_leaves_the_old_set(sets, tmp_path):
    disk = tmp_path / "disk"
    disk.mkdir()
    size = sum(len(content) for content in sets.old.values()) + 40000
    if subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", disk], check=False, capture_output=True).returncode:
        pytest.skip("cannot mount")
    try:
        shutil.copytree(sets.work / "old", disk / "out")
        done = sets.run("old", disk / "out", sets.image)
        assert done.returncode == 1 and "No space left on device" in done.stderr and len(done.stderr.splitlines()) == 1
        assert files(disk / "out") == sets.old and names(disk / "out") == sorted(sets.old)
    finally:
        subprocess.run(["umount", disk], check=True)


# ---- other processes ----


@pytest.mark.parametrize("call", [3, 9, 16, 23, 30, 36, 40, 44])
def test_a_process_that_stands_still_is_left_alone(sets, stop_call, call):
    out = sets.folder()
    with subprocess.Popen(sets.command("new", out), env=stopped_at(stop_call, call, signal.SIGSTOP),
                          stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as standing:
        os.waitid(os.P_PID, standing.pid, os.WSTOPPED | os.WEXITED | os.WNOWAIT)
        other = sets.run("old", out, sets.other)
        standing.send_signal(signal.SIGCONT)
        assert standing.wait() == 0 and other.returncode == 0, other.stderr
    assert {n: c for n, c in files(out).items() if not n.startswith("other.")} == sets.new
    assert not any(name.startswith(".") for name in names(out))


def test_two_processes_that_write_the_same_results(sets):
    """Again and again at the same time: in the end one of the two sets stands there."""
    for _ in range(8):
        out = sets.folder()
        both = [subprocess.Popen(sets.command(which, out), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                for which in ("old", "new", "old", "new")]
        assert [process.wait() for process in both] == [0] * 4
        assert files(out) in (sets.old, sets.new) and not any(name.startswith(".") for name in names(out))


def test_left_over_files_of_dead_processes_go_and_others_stay(small, tmp_path):
    out = tmp_path / "out"
    part = out / ".cellseg-99999-0.part"
    (part / "x.maps.tif").mkdir(parents=True)
    (part / "x.csv").write_text("cut sho")
    (out / ".cellseg-99999-1.tmp").write_text("cut sho")
    for name in (".cellseg-notes.tmp", ".cellseg-5.tmp", "cellseg-1-1.tmp", ".cellseg-1-1.tmp~"):
        (out / name).write_text("a user's")
    before = set(names(out))
    assert run("label", "--nuclei-channel", 0, "-o", out, small).code == 0
    assert before - set(names(out)) == {part.name, ".cellseg-99999-1.tmp"}


def test_a_reader_warns_of_an_unfinished_set(sets, tmp_path):
    out = sets.folder()
    (out / f".cellseg-{STEM}.ready").mkdir()
    result = run("evaluate", sets.work / "old", out)
    assert result.code == 0 and len(result.errors) == 1 and f"warning: {out}/.cellseg-{STEM}.ready" in result.errors[0]
    assert run("evaluate", "--csv", out / "a.csv", out, sets.work / "old").errors == result.errors  # reads, and writes one file


def test_an_unfinished_set_that_does_not_fit_is_refused(small, tmp_path):
    ready = tmp_path / "out/.cellseg-x.ready"
    ready.mkdir(parents=True)
    (ready / "victim.txt").write_text("of another stem")
    (tmp_path / "out/victim.txt").write_text("precious")
    result = run("segment", "-o", tmp_path / "out", small)
    assert result.code == 1 and len(result.errors) == 1 and "victim.txt" in result.errors[0]
    assert (tmp_path / "out/victim.txt").read_text() == "precious" and (ready / "victim.txt").exists()


# ---- whose results ----


def test_results_of_another_input_are_kept(small, tmp_path, field):
    (tmp_path / "b").mkdir()
    other = write_image(tmp_path / "b/small.tif", field[0, 100:160, 200:260])
    fresh = write_image(tmp_path / "fresh.tif", field[0, 100:160, 200:260])
    out = tmp_path / "out"
    assert run("segment", "-o", out, small).code == 0
    before = files(out)
    result = run("segment", "-o", out, fresh, other)
    assert result.code == 1 and result.output == "" and len(result.errors) == 1
    assert str(small) in result.errors[0] and str(other) in result.errors[0] and "--overwrite" in result.errors[0]
    assert files(out) == before and names(out) == sorted(before)
    assert run("segment", "--overwrite", "-o", out, other).code == 0
    assert json.loads((out / "small.json").read_text())["input"]["absolute"] == str(other)
    assert run("segment", "-o", out, other).code == 0


def test_results_of_another_slice_are_kept(tmp_path, field):
    stack = tmp_path / "stack.ome.tif"
    tifffile.imwrite(stack, field[:, 100:160, 200:260], metadata={"axes": "ZYX", "PhysicalSizeX": 0.6, "PhysicalSizeY": 0.6})
    out = tmp_path / "out"
    assert run("segment", "--z", 0, "-o", out, stack).code == 0
    before = files(out)
    for chosen in (["--z", 1], ["--z", "max"], ["--z", 1, "--t", 0]):
        result = run("segment", *chosen, "-o", out, stack)
        assert result.code == 1 and len(result.errors) == 1 and "another series, z or t" in result.errors[0], result.errors
        assert files(out) == before
    assert run("segment", "--z", 0, "-o", out, stack).code == 0
    assert run("segment", "--z", 1, "--overwrite", "-o", out, stack).code == 0


def test_the_same_input_by_another_path_is_the_same(small, tmp_path):
    out = tmp_path / "out"
    assert run("segment", "-o", out, small).code == 0
    (tmp_path / "link").symlink_to(tmp_path)
    assert run("segment", "-o", "out", "small.tif", cwd=tmp_path).code == 0
    assert run("segment", "-o", out, tmp_path / "link/small.tif").code == 0


@pytest.mark.parametrize("text, times", [("", 1), ("{}", 1), ("[1, 2", 1), ('{"program": "other", "input": {"absolute": "/x"}}', 1),
                                         ("x", 3000000), ("[", 100000)])
def test_a_users_own_json_file_is_kept(small, tmp_path, text, times):
    text = text * times
    out = tmp_path / "out"
    out.mkdir()
    (out / "small.json").write_text(text)
    result = run("segment", "-o", out, small)
    assert result.code == 1 and len(result.errors) == 1 and "cellseg did not write" in result.errors[0]
    assert (out / "small.json").read_text() == text and names(out) == ["small.json"]


@pytest.mark.parametrize("kind", [kind for kind in [*KINDS, ".maps.tif"] if kind != ".json"])
def test_a_file_that_no_record_names_is_kept(small, tmp_path, kind):
    truth = tmp_path / f"small{kind}"
    truth.write_text("drawn by hand")
    before = sorted(os.listdir(tmp_path))
    result = run("segment", "-o", tmp_path, small)
    assert result.code == 1 and len(result.errors) == 1 and f"{truth}: " in result.errors[0]
    assert "no record names" in result.errors[0] and "--overwrite" in result.errors[0]
    assert truth.read_text() == "drawn by hand" and sorted(os.listdir(tmp_path)) == before
    assert run("segment", "--overwrite", "-o", tmp_path, small).code == 0
    assert run("segment", "-o", tmp_path, small).code == 0


@pytest.mark.parametrize("name", [".", "plate/", "plate/.."])
def test_a_folder_without_images_is_no_input(tmp_path, name):
    (tmp_path / "plate").mkdir()
    result = run("segment", "-o", "out", name, cwd=tmp_path)
    assert result.code == 2 and not (tmp_path / "out").exists()
    assert result.errors == [f"cellseg: {name}: the folder and those below have no .tif, .tiff, .png or .flex file"]


def fnv1a(content):
    """Of 64 bits, as RFC 9923 defines it."""
    value = 0xCBF29CE484222325
    for byte in content:
        value = (value ^ byte) * 0x100000001B3 % 2**64
    return value


def test_the_record_says_what_gave_the_results(small, tmp_path, field):
    out = tmp_path / "out"
    two = write_image(tmp_path / "two.tif", field[:, 100:300, 200:400])
    assert run("segment", "-o", out, "--sensitivity", 42, "small.tif", "two.tif", cwd=tmp_path).code == 0
    record = json.loads((out / "small.json").read_text())
    assert record["program"] == "cellseg" and record["version"] == cellseg.__version__
    content = small.read_bytes()
    known = {"given": "small.tif", "absolute": str(small), "bytes": len(content), "hash": f"{fnv1a(content):016x}"}
    assert record["input"] == known
    assert record["model"] == f"{cellseg.Model.default().hash:016x}" and record["warnings"] == []
    assert record["options"]["sensitivity"] == 42 and record["options"]["method"]["top_hat_um"] == 130
    record = json.loads((out / "two.json").read_text())
    assert record["report"]["cells"] == tifffile.imread(out / "two.cells.tif").max() > 0
    assert record["report"]["pixel_size_um"] == pytest.approx(PIXEL_SIZE_UM, rel=1e-3)
    assert len(record["warnings"]) == 1 and "channel 0 of 2 is the marker" in record["warnings"][0]
    assert run("label", "--nuclei", two, "-o", tmp_path / "label", two).code == 0
    record = json.loads((tmp_path / "label/two.json").read_text())
    assert record["model"] == "two-channel" and record["nuclei_input"]["absolute"] == str(two)


def test_a_record_holds_any_name(field, tmp_path):
    name = os.fsdecode(b'q"\\\xff\x1b[31m\xc2\x9b.tif')
    image = write_image(tmp_path / name, field[0, :60, :60])
    assert run("segment", "-o", tmp_path / "out", image, errors="surrogateescape").code == 0
    (record,) = (tmp_path / "out").glob("*.json")
    assert json.loads(record.read_text())["input"]["given"] == f'{tmp_path}/q"\\\\xFF\x1b[31m\x9b.tif'
    assert run("segment", "-o", tmp_path / "out", image, errors="surrogateescape").code == 0  # the same input


# ---- names ----


@pytest.mark.parametrize(
    "name, stem",
    [
        ("drug_1.5uM_A01.tif", "drug_1.5uM_A01"),
        ("a.b.OME.TIFF", "a.b"),
        ("A01.CELLS.tif", "A01"),
        ("x.nuclei.ome.tif", "x"),
        ("x.maps.Tif", "x"),
        ("x.overlay.tiff", "x"),
        ("x.tif.tif", "x.tif"),
        ("x.2024.09.31", "x.2024.09.31"),
        ("tif", "tif"),
        ("cells.tif", "cells"),
        ("ome.tif", "ome"),
        ("well.mask.tif", "well.mask"),
        ("x..tif", "x."),
    ],
)
def test_the_stem_is_the_name_without_its_known_endings(tmp_path, field, name, stem):
    image = write_image(tmp_path / name, field[0, :60, :60])
    assert run("segment", "-o", tmp_path / "out", image).code == 0
    assert names(tmp_path / "out") == sorted(stem + kind for kind in KINDS)


@pytest.mark.parametrize("pair", [("a.tif", "a.ome.tif"), ("a.tif", "A.tif"), ("a.1.tif", "a.1.cells.tif")])
def test_two_inputs_of_one_stem_are_refused(tmp_path, field, pair):
    images = [write_image(tmp_path / name, field[0, :60, :60]) for name in pair]
    result = run("segment", "-o", tmp_path / "out", *images)
    assert result.code == 2 and len(result.errors) == 1 and all(str(image) in result.errors[0] for image in images)
    assert not (tmp_path / "out").exists()


def test_names_with_dots_are_paired(tmp_path, field):
    maps = np.zeros((60, 60), np.uint16)
    maps[10:30, 10:30] = 1
    for folder in "truth", "predicted":
        (tmp_path / folder).mkdir()
        for stem in "drug_1.5uM_A01", "drug_1.5uM_A02", "t.0":
            write_image(tmp_path / folder / f"{stem}.cells.tif", maps)
            write_image(tmp_path / folder / f"{stem}.masks.tif", maps)
    result = run("evaluate", "--kind", "masks", tmp_path / "truth", tmp_path / "predicted")
    assert [line.split()[0] for line in result.output.split("\n\n")[0].splitlines()[1:4]] == ["drug_1.5uM_A01", "drug_1.5uM_A02", "t.0"]


def test_the_longest_name_that_fits(tmp_path, field):
    longest = 255 - len(".cellseg-") - len(".ready")
    (tmp_path / "in").mkdir()
    good, bad = (write_image(tmp_path / "in" / ("n" * size + ".tif"), field[0, :60, :60]) for size in (longest, longest + 1))
    assert run("segment", "-o", tmp_path / "good", good).code == 0 and len(names(tmp_path / "good")) == 5
    result = run("segment", "-o", tmp_path / "bad", write_image(tmp_path / "first.tif", field[0, :60, :60]), bad)
    assert result.code == 1 and result.output == "" and len(result.errors) == 1 and "File name too long" in result.errors[0]
    assert names(tmp_path / "bad") == []


@pytest.mark.parametrize("subcommand", [["segment"], ["label", "--nuclei-channel", "0"], ["synth", "--size", "64x64"]])
def test_a_folder_that_cannot_be_written_is_noticed_first(tmp_path, field, subcommand):
    images = [write_image(tmp_path / f"{i}.tif", field[0, :60, :60]) for i in range(3)] if subcommand != ["synth", "--size", "64x64"] else []
    (tmp_path / "file").write_text("")
    for out in "/proc/cellseg", "/proc", tmp_path / "file", tmp_path / "file/below":
        result = run(*subcommand, "-o", out, *images)
        assert result.code == 1 and result.output == "" and len(result.errors) == 1 and str(out) in result.errors[0]


def test_no_result_replaces_a_file_that_is_read(tmp_path, field):
    out = tmp_path / "out"
    out.mkdir()
    first = write_image(tmp_path / "first.tif", field[0, :60, :60])
    nuclei = write_image(out / "first.nuclei.tif", field[1, :60, :60])
    other = write_image(out / "second.cells.tif", field[0, :60, :60])
    os.link(other, tmp_path / "third.tif")
    before = files(out)
    for arguments in (["label", "--nuclei", nuclei, first], ["segment", "--model", nuclei, first], ["segment", first, other],
                      ["segment", tmp_path / "third.tif", write_image(tmp_path / "second.tif", field[0, :60, :60])]):
        result = run(*arguments, "-o", out)
        assert result.code == 1 and result.output == "" and len(result.errors) == 1
        assert "would replace the input file" in result.errors[0] or "model" in str(arguments)
        assert files(out) == before


# ---- modes and links ----


def test_modes_are_kept(small, tmp_path):
    out = tmp_path / "out"
    assert run("segment", "-o", out, small).code == 0
    for mode, kind in zip((0o600, 0o640, 0o400, 0o664, 0o444), KINDS):
        (out / f"small{kind}").chmod(mode)
    assert run("segment", "--save-maps", "-o", out, small, preexec_fn=lambda: os.umask(0o027)).code == 0
    modes = [(out / f"small{kind}").stat().st_mode & 0o7777 for kind in [*KINDS, ".maps.tif"]]
    assert modes == [0o600, 0o640, 0o400, 0o664, 0o444, 0o640]


def test_links_are_replaced_and_what_they_name_stays(small, tmp_path):
    out, kept = tmp_path / "out", tmp_path / "kept"
    out.mkdir()
    kept.write_text("kept")
    (out / "small.cells.tif").symlink_to(kept)
    (out / "small.csv").symlink_to(tmp_path / "nowhere")
    (out / "small.nuclei.tif").symlink_to(small)
    (out / "small.overlay.png").symlink_to(tmp_path)
    os.link(kept, out / "small.maps.tif")
    before = small.read_bytes()
    assert run("segment", "--save-maps", "--overwrite", "-o", out, small).code == 0
    assert kept.read_text() == "kept" and not (tmp_path / "nowhere").exists() and small.read_bytes() == before
    assert all((out / name).is_file() and not (out / name).is_symlink() for name in names(out)) and len(names(out)) == 6
    assert kept.stat().st_nlink == 1


def test_a_single_file_keeps_its_mode(tmp_path):
    truth = write_image(tmp_path / "a.cells.tif", np.eye(40, dtype=np.uint16))
    for name in "a.csv", "a.html":
        (tmp_path / name).write_text("old")
        (tmp_path / name).chmod(0o600)
    (tmp_path / "b.csv").symlink_to("a.html")
    assert run("evaluate", "--csv", tmp_path / "b.csv", truth, truth).code == 0
    assert not (tmp_path / "b.csv").is_symlink() and (tmp_path / "a.html").read_text() == "old"
    (tmp_path / "b.csv").unlink()
    (tmp_path / ".cellseg-99999-0.tmp").write_text("left over")
    assert run("evaluate", "--csv", tmp_path / "a.csv", "--report", tmp_path / "a.html", truth, truth).code == 0
    assert all((tmp_path / name).stat().st_mode & 0o777 == 0o600 for name in ("a.csv", "a.html"))
    assert names(tmp_path) == ["a.cells.tif", "a.csv", "a.html"]


def test_synth_replaces_a_field_as_a_set(tmp_path, stop_call):
    def synth(out, seed, **options):
        return subprocess.run([PROGRAM, "synth", "--stain", "er", "--seed", "3", "--size", seed, "-o", out], capture_output=True,
                              check=False, **options).returncode

    assert synth(tmp_path / "old", "64x64") == synth(tmp_path / "new", "70x70") == 0
    old, new = files(tmp_path / "old"), files(tmp_path / "new")
    for call in range(1, 100):
        out = tmp_path / "out"
        shutil.rmtree(out, ignore_errors=True)
        shutil.copytree(tmp_path / "old", out)
        code = synth(out, "70x70", env=stopped_at(stop_call, call, signal.SIGKILL))
        assert run("synth", "--stain", "actin", "--size", "64x64", "-o", out).code == 0
        assert {n: c for n, c in files(out).items() if n.startswith("er-3.")} in (old, new)
        assert not any(name.startswith(".") for name in names(out))
        if code == 0:
            break


