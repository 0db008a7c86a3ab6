# SPDX-License-Identifier: BSD-3-Clause
"""Real images for tests: the one in this tree, and those beside it in ../shared/data where that folder is there."""
from pathlib import Path

import numpy as np
import pytest
import tifffile

ROOT = Path(__file__).resolve().parents[1]
SHARED = ROOT.parent / "shared" / "data"

# Name, the marker's file and channel, the nuclei's. None of them is set aside for reporting results.
FIELDS = {
    "n2a": ((ROOT / "examples/data/n2a.ome.tif", 0), (ROOT / "examples/data/n2a.ome.tif", 1)),
    "bbbc014": ((SHARED / "bbbc014/Channel_1-12-A-12-00.tif", 0), (SHARED / "bbbc014/Channel_2-12-A-12-00.tif", 0)),
    "bbbc022": ((SHARED / "bbbc022/plate1_A14_site1_Ch2.tif", 0), (SHARED / "bbbc022/plate1_A14_site1_Ch1.tif", 0)),
    "embl_md": ((SHARED / "embl_md/IM-Assays-EXP2_A01_s1_w3.TIF", 0), (SHARED / "embl_md/IM-Assays-EXP2_A01_s1_w1.TIF", 0)),
}


def channel(place):
    path, number = place
    if not path.exists():
        pytest.skip(f"{path} is not there: this real image was NOT tested")
    image = tifffile.imread(path).squeeze()
    return np.ascontiguousarray(image[number] if image.ndim == 3 else image)


@pytest.fixture(scope="module", params=FIELDS)
def field(request):
    """(marker, nuclei), each uint8 or uint16 of (height, width)."""
    marker, nuclei = (channel(place) for place in FIELDS[request.param])
    assert marker.shape == nuclei.shape and marker.dtype in (np.uint8, np.uint16) and np.ptp(marker) > 50
    return marker, nuclei
