# SPDX-License-Identifier: BSD-3-Clause
"""Which image, slice, time point and channel of a file the command line reads, and what cellseg info says of a file."""

import numpy as np
import pytest
import tifffile
from program import FIELD, PIXEL_SIZE_UM, run

NAMES = ["Phalloidin", "DAPI"]


@pytest.fixture(scope="module")
def field():
    return tifffile.imread(FIELD)[:, :250, :300]


def write_ome(path, array, axes, um=PIXEL_SIZE_UM, **metadata):
    sizes = {"PhysicalSizeX": um, "PhysicalSizeY": um}
    tifffile.imwrite(path, array, photometric="minisblack", metadata={"axes": axes, **sizes, **metadata})
    return path


def cells_of(tmp_path, path, *options, command="segment"):
    result = run(command, "--overwrite", *options, "-o", tmp_path / "out", path)
    assert result.code == 0, result.errors
    return tifffile.imread(tmp_path / "out" / (path.name.split(".")[0] + ".cells.tif")), result.errors


def refused(tmp_path, path, *options, code=1, command="segment"):
    result = run(command, "--overwrite", *options, "-o", tmp_path / "out", path)
    assert result.code == code and len(result.errors) == 1
    return result.errors[0]


def test_channels_by_name(tmp_path, field):
    image = write_ome(tmp_path / "image.ome.tif", field, "CYX", Channel={"Name": NAMES})
    swapped = write_ome(tmp_path / "swapped.ome.tif", field[::-1], "CYX", Channel={"Name": NAMES[::-1]})
    expected, errors = cells_of(tmp_path, image, "--channel", 0)
    assert expected.max() > 5 and errors == []
    for path, word in [(image, "Phalloidin"), (image, "phalloidin"), (swapped, "PHALLOIDIN"), (swapped, 1)]:
        np.testing.assert_array_equal(cells_of(tmp_path, path, "--channel", word)[0], expected)
    line = refused(tmp_path, image, "--channel", "Actin")
    assert '"Actin"' in line and '0 "Phalloidin", 1 "DAPI"' in line and image.name in line
    expected = cells_of(tmp_path, image, "--channel", 0, "--nuclei-channel", 1, command="label")[0]
    words = ["--channel", "Phalloidin", "--nuclei-channel", "DAPI"]
    assert expected.max() > 5
    np.testing.assert_array_equal(cells_of(tmp_path, swapped, *words, command="label")[0], expected)
    stain = write_ome(tmp_path / "stain.ome.tif", field[::-1], "CYX", Channel={"Name": NAMES[::-1]})
    np.testing.assert_array_equal(cells_of(tmp_path, image, *words, "--nuclei", stain, command="label")[0], expected)
    twice = write_ome(tmp_path / "twice.ome.tif", field, "CYX", Channel={"Name": ["DAPI", "DAPI"]})
    assert '2 channels are named "DAPI"' in refused(tmp_path, twice, "--channel", "DAPI")
    assert "Phalloidin" in run("segment", "-o", tmp_path / "out", image).errors[0]  # which channel is taken


def test_slices_and_times(tmp_path, field):
    marker = field[0]
    plane = write_ome(tmp_path / "plane.ome.tif", marker, "YX")
    expected = cells_of(tmp_path, plane)[0]
    masks = np.indices(marker.shape).sum(axis=0) % 2 == 0
    stack = np.stack([np.where(masks, marker, 0), np.where(masks, 0, marker), marker])
    path = write_ome(tmp_path / "stack.ome.tif", np.stack([np.zeros_like(stack), stack]), "TZYX")
    np.testing.assert_array_equal(cells_of(tmp_path, path, "--z", 2, "--t", 1)[0], expected)
    np.testing.assert_array_equal(cells_of(tmp_path, path, "--z", "max", "--t", 1)[0], expected)
    line = refused(tmp_path, path)
    assert "3 slices (Z, 0 to 2)" in line and "2 time points (T, 0 to 1)" in line
    assert "z is 3" in refused(tmp_path, path, "--z", 3, "--t", 1)
    for word in ("-1", "all", "1.5"):
        assert "z must be" in refused(tmp_path, path, "--z", word, code=2)


def test_series(tmp_path, field):
    path = tmp_path / "positions.ome.tif"
    with tifffile.TiffWriter(path) as file:
        for name, um in (("A1", PIXEL_SIZE_UM), ("A2", 2 * PIXEL_SIZE_UM)):
            sizes = {"PhysicalSizeX": um, "PhysicalSizeY": um}
            file.write(field[0], photometric="minisblack", metadata={"axes": "YX", "Name": name, **sizes})
    assert '0 "A1", 1 "A2"' in refused(tmp_path, path)
    plane = write_ome(tmp_path / "plane.ome.tif", field[0], "YX")
    np.testing.assert_array_equal(cells_of(tmp_path, path, "--series", 0)[0], cells_of(tmp_path, plane)[0])
    assert "series is 2" in refused(tmp_path, path, "--series", 2)


def test_a_pixel_size_is_compared_with_the_file(tmp_path, field):
    path = write_ome(tmp_path / "image.ome.tif", field[0], "YX")
    line = refused(tmp_path, path, "--pixel-size", 3 * PIXEL_SIZE_UM)
    assert "force" in line and f"{PIXEL_SIZE_UM:g} um" in line
    assert "warning" in cells_of(tmp_path, path, "--pixel-size", 3 * PIXEL_SIZE_UM, "--force")[1][0]
    assert "warning" in cells_of(tmp_path, path, "--pixel-size", 1.1 * PIXEL_SIZE_UM)[1][0]
    assert cells_of(tmp_path, path, "--pixel-size", PIXEL_SIZE_UM)[1] == []


def test_info_lists_what_a_file_holds(tmp_path, field):
    image = write_ome(tmp_path / "image.ome.tif", field, "CYX", Channel={"Name": NAMES})
    done = run("info", image)
    assert done.code == 0 and "channel 0: Phalloidin" in done.output and "channel 1: DAPI" in done.output
    stack = write_ome(tmp_path / "stack.ome.tif", np.stack([field] * 3), "ZCYX")
    done = run("info", stack)
    assert done.code == 0 and "3 slices (Z, 0 to 2)" in done.output and "300 x 250 pixels" in done.output
    path = tmp_path / "positions.ome.tif"
    with tifffile.TiffWriter(path) as file:
        for name in ("A1", "A2"):
            file.write(np.stack([field[0]] * 2), photometric="minisblack", metadata={"axes": "ZYX", "Name": name})
    done = run("info", path)
    assert done.code == 0 and '0 "A1", 1 "A2"' in done.output and "2 slices (Z, 0 to 1)" in done.output
