# SPDX-License-Identifier: BSD-3-Clause
"""Images to run the programs on."""

import subprocess

import pytest
import tifffile
from program import FIELD, ROOT, write_image


@pytest.fixture(scope="session")
def field():
    """A real field: channel 0 the marker, channel 1 the nuclei."""
    return tifffile.imread(FIELD)


@pytest.fixture(scope="session")
def crop(field, tmp_path_factory):
    """A small part of it, as a file."""
    return write_image(tmp_path_factory.mktemp("crop") / "crop.tif", field[:, 100:360, 200:460])


@pytest.fixture(scope="session")
def stop_call(tmp_path_factory):
    """A library to be loaded before a program's own, which stops the program at a call."""
    library = tmp_path_factory.mktemp("stop") / "stop_call.so"
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, ROOT / "tests/examples/stop_call.c", "-ldl"], check=True)
    return library
