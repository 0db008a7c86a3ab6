# SPDX-License-Identifier: BSD-3-Clause
"""The site: Doxygen builds it without a warning, each public symbol is described, and each link leads to something."""

import re
import subprocess
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote
from xml.etree import ElementTree

import pytest

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    done = subprocess.run(["sh", ROOT / "docs/site.sh", folder], capture_output=True, text=True)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    return folder


def text(element):
    return "".join(element.itertext()).strip()


def test_each_public_symbol_is_described(tmp_path):
    """Doxygen warns of members; here also the values of enums, and each name that the library exports."""
    settings = (ROOT / "docs/Doxyfile").read_text() + f'GENERATE_XML = YES\nGENERATE_HTML = NO\nOUTPUT_DIRECTORY = "{tmp_path}"\n'
    subprocess.run(["doxygen", "-"], input=settings, text=True, cwd=ROOT, check=True)
    described = set()
    for path in tmp_path.glob("xml/*.xml"):
        for member in ElementTree.parse(path).iter():
            if member.tag in ("memberdef", "enumvalue") and text(member.find("briefdescription")) + text(member.find("detaileddescription")):
                described.add(member.findtext("name"))
    headers = "".join(path.read_text() for path in sorted((ROOT / "include/cellseg").glob("*.h")))
    constants = set(re.findall(r"^\s*(CELLSEG_\w+) = -?\d", headers, re.MULTILINE))
    exported = set(re.findall(r"\bcellseg_\w+(?=;)", (ROOT / "lib/cellseg.map").read_text()))
    assert len(constants) > 50 and len(exported) > 100
    assert (constants | exported) - described == set()


class Page(HTMLParser):
    def __init__(self, path):
        super().__init__()
        self.anchors, self.links = set(), set()
        self.feed(path.read_text())

    def handle_starttag(self, tag, attributes):
        attributes = dict(attributes)
        self.anchors |= {attributes.get("id"), attributes.get("name")}
        self.links |= {attributes.get("href"), attributes.get("src")}


def test_each_link_leads_to_something(site):
    pages = {path.name: Page(path) for path in site.glob("*.html")}
    assert len(pages) > 50
    for name, page in pages.items():
        for link in page.links - {None}:
            if re.match(r"[a-z]+:", link):
                continue
            file, _, anchor = link.partition("#")
            file = unquote(file) or name
            assert (site / file).is_file(), (name, link)
            assert not anchor or file not in pages or anchor in pages[file].anchors, (name, link)


def test_each_page_is_in_the_table_of_contents():
    listed = set(re.findall(r"^- \[[^]]+\]\(([a-z-]+)\.md(?:#[a-z-]+)?\)[:,]", (ROOT / "docs/README.md").read_text(), re.MULTILINE))
    assert listed == {path.stem for path in (ROOT / "docs").glob("*.md")} - {"README"}
