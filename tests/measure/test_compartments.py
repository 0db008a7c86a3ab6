# SPDX-License-Identifier: BSD-3-Clause
"""Channels of several images and compartments of cells in one table: each column against scikit-image, by expected.py."""

import cellseg
import expected
import numpy as np
import pytest
from scipy import ndimage
from skimage.measure import label

SHAPE = 90, 120


@pytest.fixture(scope="module")
def field():
    """Cells with ids in no sequence, of which some have no nucleus; three channels of three types."""
    random = np.random.default_rng(6)
    noise = ndimage.gaussian_filter(random.normal(size=SHAPE), 3)
    cells = label(noise > np.quantile(noise, 0.7)) * 3
    nuclei = np.where(noise > np.quantile(noise, 0.9), cells, 0)
    channels = {
        "DAPI": random.integers(0, 60000, SHAPE, np.uint16),
        "WGA (lectin)": random.normal(5, 2, SHAPE).astype(np.float32),
        "β-Tubulin": random.integers(0, 255, SHAPE, np.uint8),
    }
    assert 4 < len(np.unique(nuclei)) < len(np.unique(cells))
    return cells, nuclei, channels


def rows_of(table, ids):
    """The rows of a table at the given ids; NaN for those that are not there."""
    place = {id_: row for row, id_ in enumerate(table["id"])}
    return {
        name: np.array([float(values[place[i]]) if i in place else np.nan for i in ids]) for name, values in table.items()
    }


def test_parts_are_measured_as_label_maps_of_their_own(field):
    cells, nuclei, channels = field
    stack = np.stack([channel.astype(np.float64) for channel in channels.values()])
    compartments = cellseg.compartments(cells, nuclei, 4)
    compartments["spots"] = np.where(np.random.default_rng(1).random(SHAPE) < 0.01, cells + (cells == 3) * 2**20, 0)
    ours = cellseg.measure(cells, nuclei, stack, 0.5, compartments=compartments, texture=True, neighbours=True)
    theirs = expected.table(cells, nuclei, stack, 0.5)
    for name, labels in compartments.items():
        own = rows_of(expected.table(np.where(labels == cells, labels, 0), None, stack, 0.5, False, False), theirs["id"])
        own.pop("id")
        theirs.update({f"{name}.{column}": values for column, values in own.items()})
    texture = {name for name in ours if ".texture" in name}
    assert [name for name in ours if name not in texture] == list(theirs)
    assert len(texture) == len(compartments) * len(stack) * 13
    for name, values in theirs.items():
        np.testing.assert_allclose(ours[name], values, rtol=1e-11, atol=1e-6, err_msg=name)
    assert np.isnan(ours["nucleus.area_um2"]).any() and np.isnan(ours["spots.area_um2"][ours["id"] == 3]).all()
    np.testing.assert_array_equal(np.nan_to_num(ours["nucleus.area_um2"]), ours["nucleus_area_um2"])


def test_texture_of_a_part_is_that_of_the_part_alone(field):
    cells, nuclei, channels = field
    ring = cellseg.labels.compartment(cells, nuclei, "ring", 3)
    ours = cellseg.measure(cells, None, channels["DAPI"], compartments={"ring": ring}, texture=True)
    alone = rows_of(cellseg.measure(ring, None, channels["DAPI"], texture=True), ours["id"])
    assert sum(map(np.isfinite, alone["texture_entropy_channel_0"])) > 3
    for name, values in alone.items():
        if name.startswith("texture"):
            np.testing.assert_array_equal(ours["ring." + name], values)


def test_channels_of_any_types_by_name(field):
    cells, nuclei, channels = field
    ours = cellseg.measure(cells, nuclei, channels)
    assert list(ours)[-1] == "centroid_weighted_x_px_β_Tubulin" and "intensity_mean_WGA__lectin_" in ours
    for name, channel in channels.items():
        alone = cellseg.measure(cells, None, channel)
        word = "".join(letter if letter.isalnum() else "_" for letter in name)
        for column, values in alone.items():
            np.testing.assert_array_equal(ours[column.replace("channel_0", word)], values)


def test_names_that_are_none_give_way_to_numbers(field):
    cells, _, channels = field
    names = ["A b", "A-b", "", "channel_7", "x" * 40, "y" * 41]
    ours = cellseg.measure(cells, None, dict.fromkeys(names, channels["DAPI"]), shape=False)
    ends = [name.removeprefix("intensity_mean_") for name in ours if name.startswith("intensity_mean")]
    assert ends == ["A_b", "channel_1", "channel_2", "channel_3", "x" * 40, "channel_5"]


def test_a_picture_names_its_channels(field):
    cells, _, channels = field
    picture = cellseg.Picture(np.stack([channels["DAPI"]] * 2), None, ["DAPI", None])
    ours = cellseg.measure(cells, None, picture)
    np.testing.assert_array_equal(ours["intensity_mean_DAPI"], ours["intensity_mean_channel_1"])


@pytest.mark.parametrize("name", ["", "a b", "a.b", "x" * 32, "é", "a,b"])
def test_names_of_parts_are_words(field, name):
    with pytest.raises(cellseg.ArgumentError, match="the name of compartment 0 must be 1 to 31 letters, digits and underscores"):
        cellseg.measure(field[0], compartments={name: field[1]})


def test_a_part_of_another_size_is_named(field):
    with pytest.raises(cellseg.ArgumentError, match="cells have 90 x 120 pixels, ring 90 x 119"):
        cellseg.measure(field[0], compartments={"ring": field[1][:, 1:]})
    with pytest.raises(cellseg.ArgumentError, match="cells have 90 x 120 pixels, image 1 90 x 119"):
        channels = {"a": field[2]["DAPI"], "b": field[2]["DAPI"][:, 1:]}
        cellseg.measure(field[0], image=channels)
