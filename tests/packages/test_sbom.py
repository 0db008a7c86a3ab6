# SPDX-License-Identifier: BSD-3-Clause
"""The bill of materials against the checkout, the linked libraries and its own references; tests/packages/check_recipes.sh has
spdx-tools validate the document."""

import json
import os
import pathlib
import re
import subprocess
import sys

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
SCRIPT = ROOT / "pkgconfig/sbom.py"
# Shared libraries that belong to the system, and the names of the others.
SYSTEM = {"c", "m", "pthread", "cellseg", "gcc_s"}
NAMES = {"z": "zlib", "png16": "libpng", "tiff": "libtiff", "expat": "expat", "cjson": "cJSON", "openblas": "OpenBLAS"}

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git lists the files, and a tarball has no git")


def run(*command):
    return subprocess.run([str(word) for word in command], cwd=ROOT, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def document():
    return json.loads(run(sys.executable, SCRIPT))


def test_every_file_with_its_sum(document):
    lines = run("sh", "-c", "git ls-files -z | xargs -0 sha256sum").splitlines()
    expected = {"./" + line.split("  ", 1)[1]: line.split("  ", 1)[0] for line in lines}
    assert {file["fileName"]: file["checksums"][1]["checksumValue"] for file in document["files"]} == expected
    sums = run("sh", "-c", "git ls-files -z | xargs -0 sha1sum | cut -d ' ' -f 1 | sort | tr -d '\\n' | sha1sum").split()[0]
    assert document["packages"][0]["packageVerificationCode"]["packageVerificationCodeValue"] == sums


def test_every_linked_library(document):
    linked = "".join(run("objdump", "-p", os.environ[name]) for name in ("CELLSEG_LIBRARY", "CELLSEG_PROGRAM"))
    names = set(re.findall(r"NEEDED +lib(\w+)[.-]", linked)) - SYSTEM
    assert {NAMES[name] for name in names} <= {p["name"] for p in document["packages"] if p["SPDXID"].startswith("SPDXRef-Library")}
    for package in document["packages"][1:]:
        assert package["licenseDeclared"] and (package["SPDXID"].startswith("SPDXRef-Images") or re.match(r"\d+\.", package["versionInfo"]))


def test_references(document):
    elements = [document, *document["packages"], *document["files"]]
    names = [element["SPDXID"] for element in elements]
    assert len(set(names)) == len(names) and all(re.fullmatch(r"SPDXRef-[\w.-]+", name, re.A) and "_" not in name for name in names)
    for relation in document["relationships"]:
        assert {relation["spdxElementId"], relation["relatedSpdxElement"]} <= set(names)
    model = [r for r in document["relationships"] if r["relationshipType"] == "GENERATED_FROM"]
    assert len(model) == len(re.findall(r"^\| `", (ROOT / "docs/data.md").read_text().split("## Training")[1].split("\n## ")[0], re.M))


def test_the_same_bytes_twice():
    assert run(sys.executable, SCRIPT) == run(sys.executable, SCRIPT)


def test_a_licence_without_an_identifier(tmp_path):
    for name in "docs", "pkgconfig", "include":
        run("cp", "-r", ROOT / name, tmp_path)
    notices = tmp_path / "docs/third-party.md"
    notices.write_text(notices.read_text().replace("| MIT |", "| MIT of a kind |"))
    run("git", "-C", tmp_path, "init", "-q")
    run("git", "-C", tmp_path, "add", "docs")
    run("git", "-C", tmp_path, "-c", "user.name=a", "-c", "user.email=a", "commit", "-q", "--allow-empty", "-m", "a")
    done = subprocess.run([sys.executable, tmp_path / "pkgconfig/sbom.py"], capture_output=True, text=True)
    assert done.returncode == 1 and "'MIT of a kind'" in done.stderr and done.stderr.count("\n") == 1
