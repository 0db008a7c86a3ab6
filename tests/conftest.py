# SPDX-License-Identifier: BSD-3-Clause
"""Python tests reach the public interface through the Python binding of the tree, and share helpers that lie in tests/."""

import sys
from pathlib import Path

TESTS = Path(__file__).resolve().parent
sys.path[:0] = [str(TESTS), str(TESTS.parent / "bindings" / "python")]


def pytest_configure(config):
    config.addinivalue_line("markers", "sanitizers: calls internal functions with arrays of its own; run with the address sanitizer too")
