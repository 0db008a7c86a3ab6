# SPDX-License-Identifier: BSD-3-Clause
"""Help, manual page and completions: one description of a subcommand gives all three, in the words of the tools that read them."""

import os
import pathlib
import pty
import re
import subprocess

import pytest
from program import FIELD, run

SUBCOMMANDS = re.findall(r"^  (\w+) ", run("--help").output, re.M)


def options(subcommand):
    """Name, letter and form of the value of each option, as the help lists them."""
    found = re.findall(r"^  (?:-(\w), |    )--([\w-]+)(?: (\S+))?(?:  |\n)", run(subcommand, "--help").output, re.M)
    return {name: (letter, form) for letter, name, form in found}


@pytest.fixture(scope="module", params=["bash", "zsh", "fish"])
def shell(request, tmp_path_factory):
    """The name of a shell, and the file that `cellseg completion` writes for that shell."""
    path = tmp_path_factory.mktemp("shell") / f"cellseg.{request.param}"
    result = run("completion", request.param)
    assert result.code == 0 and result.errors == []
    path.write_text(result.output)
    return request.param, path


# ---- help ----


def test_help_has_groups_files_codes_and_examples():
    text = run("segment", "-h").output
    assert text == run("segment", "--help").output
    titles = re.findall(r"^(\w[\w ]*):$", text, re.M)
    assert titles == ["Output", "Reading", "Objects", "Measurements", "Method", "Common", "Files", "Exit codes", "Examples"]
    assert re.search(r"^  -o, --output FOLDER ", text, re.M) and re.search(r"^  cellseg segment -o results image.tif ", text, re.M)


@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
def test_examples_in_the_help_are_right(subcommand, tmp_path):
    """No example is wrong usage; most fail, because the files that they name are not there."""
    examples = re.findall(r"^  cellseg (.*?)(?:  |$)", run(subcommand, "--help").output.split("\nExamples:\n")[1], re.M)
    assert examples
    for example in examples:
        words = re.split(r" > |; ", example)[0].replace("100", "1").split()
        assert words[0] == subcommand and run(*words, cwd=tmp_path).code in (0, 1), example


# ---- manual page ----


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    path = tmp_path_factory.mktemp("man") / "cellseg.1"
    path.write_text(run("manual").output)
    return path


def output_of(*command, **more):
    return subprocess.run(list(map(str, command)), check=True, capture_output=True, text=True, **more)


@pytest.mark.skipif(not pathlib.Path("/usr/share/groff/current").exists(), reason="slim images of Debian leave out groff's macros")
def test_groff_and_man_find_no_fault(page):
    assert output_of("groff", "-ww", "-man", "-Tutf8", page).stderr == ""
    assert output_of("man", "--warnings", "-l", page, env={**os.environ, "LC_ALL": "C.UTF-8", "MANPAGER": "cat"}).stderr == ""


def test_other_readers_of_manuals_find_no_fault(page):
    assert output_of("lexgrog", page).stdout == f'{page}: "cellseg - find every cell in fluorescence images"\n'
    lint = subprocess.run(["mandoc", "-T", "lint", page], capture_output=True, text=True, check=False).stdout.splitlines()
    assert all("missing date" in line for line in lint), lint  # the page has a version instead


@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
def test_the_page_has_every_option(page, subcommand):
    text = output_of("mandoc", "-T", "ascii", "-O", "width=200", page).stdout
    text = re.sub(r".\x08", "", text)  # bold and underlined
    part = text.split(f"   cellseg {subcommand}\n")[1].split("\n   cellseg ")[0]
    for name, (letter, form) in options(subcommand).items():
        assert f"{'-' + letter + ', ' if letter else ''}--{name}{' ' + form if form else ''}" in part


# ---- completions ----

BASH = """
source "$1"
shift
COMP_WORDS=("$@")
COMP_CWORD=$(($# - 1))
_cellseg
printf '%s\\n' "${COMPREPLY[@]}"
"""


def bash_offers(path, words):
    """Bash takes = for a word of its own."""
    split = [part for word in words for part in (re.split("(=)", word) if word.startswith("--") else [word])]
    while len(split) > 1 and split[-1] == "" and split[-2] == "=":
        split.pop()
    return output_of("bash", "--norc", "-c", BASH, "bash", path, "cellseg", *split).stdout.split()


def fish_offers(path, words):
    text = output_of("fish", "--no-config", "-c", f"source {path}; complete -C 'cellseg {' '.join(words)}'").stdout
    return [line.split("\t")[0].split("=")[-1] for line in text.splitlines()]


def zsh_offers(path, words):
    """Only one: a key press completes what is unique, and the command prints its words."""
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "dumb", "PS1": "", "PROMPT": ""}
    with subprocess.Popen(["zsh", "-f", "-i"], stdin=theirs, stdout=theirs, stderr=theirs, env=environment, start_new_session=True) as process:
        os.close(theirs)
        os.write(ours, f"autoload -U compinit; compinit -u -D; source {path}; cellseg() {{ print -r -- \"[$*]\" }}; echo re''ady\n".encode())
        seen = b""
        while b"ready" not in seen:
            seen += os.read(ours, 4096)
        os.write(ours, f"cellseg {' '.join(words)}\t\n".encode())
        while not (found := re.search(rb"\r?\n\[(.*)\]", seen)):
            seen += os.read(ours, 4096)
        process.kill()
    os.close(ours)
    return [found[1].decode().split(" ")[-1].split("=")[-1]]


OFFERS = {"bash": bash_offers, "zsh": zsh_offers, "fish": fish_offers}


@pytest.mark.parametrize(
    "words, offered",
    [
        (["se"], "segment"),
        (["segment", "--pix"], "--pixel-size"),
        (["label", "--preset", "pa"], "paper"),
        (["label", "--preset=pa"], "paper"),
        (["segment", "--z", "m"], "max"),
        (["segment", "--quiet", "n2a.o"], "n2a.ome.tif"),
        (["train", "--start", "def"], "default"),
        (["train", "--start", "n2a.ome.c"], None),
        (["segment", "-o", "sub"], "subfolder/"),
        (["segment", "-o", "n2a"], None),
        (["synth", "--seed", "n2a"], None),
        (["completion", "z"], "zsh"),
        (["export", "n2a"], None),
    ],
)
def test_shells_offer(shell, words, offered, tmp_path, monkeypatch):
    name, path = shell
    (tmp_path / "subfolder").mkdir()
    (tmp_path / FIELD.name).touch()
    monkeypatch.chdir(tmp_path)
    found = OFFERS[name](path, words)
    if offered is None:
        assert found in ([], [words[-1]])
    else:
        assert [word.rstrip("/") for word in found] == [offered.rstrip("/")]


@pytest.mark.parametrize("subcommand", SUBCOMMANDS)
def test_shells_have_every_option(shell, subcommand):
    name, path = shell
    expected = options(subcommand)
    if name == "zsh":
        part = path.read_text().split(f"\n    {subcommand})\n")[1].split("\n        ;;")[0]
        assert set(re.findall(r"'\*?--([\w-]+)", part)) == set(expected)
        return
    found = OFFERS[name](path, [subcommand, "--"])
    assert {word.removeprefix("--") for word in found} >= set(expected)
    for option, (_, form) in expected.items():
        if form and form == form.lower():
            assert set(OFFERS[name](path, [subcommand, f"--{option}", ""])) == set(form.split("|")), option
