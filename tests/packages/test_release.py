# SPDX-License-Identifier: BSD-3-Clause
"""pkgconfig/release.sh in a repository of its own with this checkout's files: refusals, contents and reproducible bytes."""

import hashlib
import pathlib
import re
import subprocess
import tarfile

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
NAME = "libcellseg-1.0.0"

pytestmark = pytest.mark.skipif(not (ROOT / ".git").exists(), reason="git lists the files, and a tarball has no git")


def git(tree, *words):
    done = subprocess.run(["git", "-C", tree, "-c", "user.name=a", "-c", "user.email=a@b", *words], check=True, capture_output=True, text=True)
    return done.stdout


def commit_all(tree):
    git(tree, "add", "-A")
    git(tree, "commit", "-q", "--allow-empty", "-m", "a release")


@pytest.fixture
def tree(tmp_path):
    """A repository whose changes are dated."""
    copy = tmp_path / "tree"
    subprocess.run(f'mkdir "{copy}" && git ls-files -z | xargs -0 cp --parents -t "{copy}"', shell=True, cwd=ROOT, check=True)
    changes = copy / "CHANGELOG.md"
    changes.write_text(changes.read_text().replace("## 1.0.0, not yet released", "## 1.0.0, 2026-12-01"))
    git(copy, "init", "-q")
    commit_all(copy)
    return copy


def release(tree, folder):
    return subprocess.run(["sh", tree / "pkgconfig/release.sh", folder], capture_output=True, text=True)


def test_files_of_a_release(tmp_path, tree):
    for folder in "one", "two":
        done = release(tree, tmp_path / folder)
        assert done.returncode == 0, done.stderr
    names = {f"{NAME}.{end}" for end in ("tar.gz", "spdx.json", "sha256")}
    assert {path.name for path in (tmp_path / "one").iterdir()} == names
    for name in names:
        assert (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes()
    for line in (tmp_path / f"one/{NAME}.sha256").read_text().splitlines():
        digest, name = line.split()
        assert hashlib.sha256((tmp_path / "one" / name).read_bytes()).hexdigest() == digest
    with tarfile.open(tmp_path / f"one/{NAME}.tar.gz") as archive:
        inside = {member.name for member in archive if member.isfile()}
    assert inside == {f"{NAME}/{name}" for name in git(tree, "ls-files").split("\n") if name}


REFUSALS = {
    "a change": ("README.md", r"\A", "# ", False, "the checkout has changes"),
    "no date": ("CHANGELOG.md", "## 1.0.0, 2026-12-01", "## 1.0.0, not yet released", True, 'write "## 1.0.0, "'),
    "another version": ("pkgconfig/vcpkg/cellseg/vcpkg.json", r"1\.0\.0", "0.9.0", True, "has another version than 1.0.0"),
    "a version without changes": ("include/cellseg/version.h", "MINOR 0", "MINOR 1", True, "the first heading of CHANGELOG.md"),
}


@pytest.mark.parametrize("refusal", REFUSALS)
def test_refusals(tmp_path, tree, refusal):
    name, old, new, committed, fault = REFUSALS[refusal]
    path = tree / name
    path.write_text(re.sub(old, new, path.read_text(), count=1))
    if committed:
        commit_all(tree)
    done = release(tree, tmp_path / "out")
    assert done.returncode == 1 and fault in done.stderr, done.stderr


def test_a_tag_elsewhere(tmp_path, tree):
    git(tree, "tag", "v1.0.0")
    assert release(tree, tmp_path / "out").returncode == 0
    commit_all(tree)
    done = release(tree, tmp_path / "out")
    assert done.returncode == 1 and "the tag v1.0.0 is at another commit" in done.stderr
