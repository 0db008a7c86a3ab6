# SPDX-License-Identifier: BSD-3-Clause
"""The package is tested where it lies."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
