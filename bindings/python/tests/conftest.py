# SPDX-License-Identifier: BSD-3-Clause
"""The package is tested where it lies."""

import signal
import sys
from pathlib import Path

import pytest

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))


@pytest.fixture(autouse=True)
def keyboard_interrupt():
    """Ctrl-C raises, also where the tests are started in the background, for which shells have it ignored."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)
