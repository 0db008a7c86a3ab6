#!/usr/bin/env python3
# SPDX-License-Identifier: BSD-3-Clause
"""Print the software bill of materials of this checkout as SPDX 2.3 JSON: every file with its licence and checksums, the libraries
that the build links to, with the versions that pkg-config finds, and the images that trained the default model.

Libraries, images and their licences come from docs/third-party.md. The same commit and libraries give the same bytes.
"""

import datetime
import hashlib
import json
import pathlib
import re
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[1]
HOME = "https://github.com/libcellseg/libcellseg"
MODEL = "lib/nn/default.cellseg"
OWN, CREATOR = "BSD-3-Clause", "Organization: the libcellseg authors"
# What docs/third-party.md calls a licence, as SPDX does; CC BY without a version is none of SPDX's.
LICENCES = {"CC BY 3.0": "CC-BY-3.0", "CC BY 4.0": "CC-BY-4.0", "CC BY": None, "CC0": "CC0-1.0", "BSD 3-Clause": "BSD-3-Clause",
            "BSD 2-Clause": "BSD-2-Clause", "MIT": "MIT", "Apache 2.0": "Apache-2.0", "zlib": "Zlib", "libpng 2": "libpng-2.0", "libtiff": "libtiff"}
MODULES = {"libtiff": "libtiff-4", "cJSON": "libcjson"}  # the names of pkg-config, where they differ
# Files whose licence is another than that of the tree.
DATA = {"examples/data/": "CC-BY-3.0", "docs/images/n2a": "CC-BY-3.0"}


def output(*command):
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode != 0:
        sys.exit(f"{' '.join(command)} failed: {done.stderr.strip()}")
    return done.stdout.strip()


def identifier(kind, name):
    return f"SPDXRef-{kind}-" + re.sub(r"[^A-Za-z0-9.]+", "-", name)


def plain(text):
    """Without links."""
    return re.sub(r"\[(.*?)\]\(.*?\)", r"\1", text)


def expression(text):
    """An SPDX expression for "CC BY 4.0, BSD 3-Clause"."""
    names = [name.strip() for name in plain(re.sub(r", below.*|;.*", "", text)).replace("then ", "").split(",")]
    unknown = [name for name in names if name not in LICENCES]
    if unknown:
        sys.exit(f"docs/third-party.md names the licence {unknown[0]!r}; add its SPDX identifier to LICENCES in pkgconfig/sbom.py")
    found = [LICENCES[name] for name in names]
    return "NOASSERTION" if None in found else " AND ".join(found)


def table(heading):
    """Rows of the table below a heading of docs/third-party.md."""
    text = (ROOT / "docs/third-party.md").read_text().split(f"## {heading}")[1].split("\n## ")[0]
    rows = [[cell.strip() for cell in line.strip("|").split("|")] for line in text.splitlines() if line.startswith("|")]
    return rows[2:]


def package(kind, name, licence, **more):
    return {"SPDXID": identifier(kind, name), "name": name, "downloadLocation": "NOASSERTION", "filesAnalyzed": False,
            "licenseConcluded": licence, "licenseDeclared": licence, "copyrightText": "NOASSERTION", **more}


def libraries():
    """Those that pkg-config finds: builds leave out an optional one that is not there."""
    for name, copyright_text, licence in table("Libraries"):
        module = MODULES.get(name, name.lower())
        if subprocess.run(["pkg-config", "--exists", module]).returncode != 0:
            continue
        version = output("pkg-config", "--modversion", module)
        yield package("Library", name, expression(licence), versionInfo=version, copyrightText=copyright_text, primaryPackagePurpose="LIBRARY")


def images():
    for content, source, licence in table("Training images of the default model"):
        yield package("Images", source.split(";")[0], expression(licence), description=content, sourceInfo=source,
                      licenseComments=plain(licence), primaryPackagePurpose="OTHER")


def file_of(name):
    data = (ROOT / name).read_bytes()
    stated = re.search(rb"SPDX-License-Identifier: ([\w.-]+)", data[:300])
    licence = next((other for start, other in DATA.items() if name.startswith(start)), stated[1].decode() if stated else OWN)
    return {"SPDXID": identifier("File", name), "fileName": "./" + name, "licenseConcluded": licence, "copyrightText": "NOASSERTION",
            "licenseInfoInFiles": [licence if stated else "NONE"],
            "checksums": [{"algorithm": kind.upper(), "checksumValue": hashlib.new(kind, data).hexdigest()} for kind in ("sha1", "sha256")]}


def relationship(one, kind, other):
    return {"spdxElementId": one, "relationshipType": kind, "relatedSpdxElement": other}


def document():
    commit, seconds = output("git", "log", "-1", "--format=%H %ct").split()
    version = ".".join(re.findall(r"#define CELLSEG_VERSION_[A-Z]+ (\d+)\n", (ROOT / "include/cellseg/version.h").read_text()))
    files = [file_of(name) for name in sorted(output("git", "ls-files").split("\n"))]
    sums = "".join(sorted(file["checksums"][0]["checksumValue"] for file in files))
    needed, trained = list(libraries()), list(images())
    own = package("Package", "libcellseg", OWN, versionInfo=version, downloadLocation=f"git+{HOME}@{commit}", homepage=HOME, supplier=CREATOR,
                  filesAnalyzed=True, packageVerificationCode={"packageVerificationCodeValue": hashlib.sha1(sums.encode()).hexdigest()},
                  licenseInfoFromFiles=sorted({name for file in files for name in file["licenseInfoInFiles"]}), hasFiles=[file["SPDXID"] for file in files],
                  copyrightText=re.search(r"Copyright.*", (ROOT / "LICENSE").read_text())[0], primaryPackagePurpose="LIBRARY")
    return {
        "spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": f"libcellseg-{version}",
        "documentNamespace": f"{HOME}/spdx/{version}-{commit}",
        "creationInfo": {"created": datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ"),
                         "creators": [CREATOR, "Tool: pkgconfig/sbom.py"]},
        "packages": [own, *needed, *trained], "files": files,
        "relationships": [relationship("SPDXRef-DOCUMENT", "DESCRIBES", own["SPDXID"]),
                          *(relationship(own["SPDXID"], "DYNAMIC_LINK", library["SPDXID"]) for library in needed),
                          *(relationship(identifier("File", MODEL), "GENERATED_FROM", data["SPDXID"]) for data in trained)],
    }


if __name__ == "__main__":
    print(json.dumps(document(), indent=1))
