# SPDX-License-Identifier: BSD-3-Clause
"""The steps as public calls, on real images: maps, nuclei of maps, cells of nuclei, one after another and with inputs of others."""

import cellseg
import method
import numpy as np
import pytest
import scipy.ndimage as ndi
from cellseg import _lowlevel as c
from cellseg._arrays import image_from, labels_from
from real_images import FIELDS, ROOT, SHARED, channel

DISTANCE = {"extra_output": "distance"}  # of the default model
FAST = {"orientations": 1}


@pytest.fixture(scope="module")
def image():
    return channel(FIELDS["n2a"][0])[:320, :400]


@pytest.fixture(scope="module")
def steps(image):
    """(maps, their pixel size, nuclei) at 0.65 um, the model's scale."""
    maps, px = cellseg.segment_maps(image, 0.65, **FAST)
    return maps, px, cellseg.segment_nuclei(maps, px, **DISTANCE)


def cells_of(image, steps, nuclei=None, px=0.65, **options):
    maps, maps_px, own = steps
    given = image, own if nuclei is None else nuclei, px
    return cellseg.segment_cells(*given, maps=maps, maps_pixel_size_um=maps_px, **DISTANCE, **options)


# ---- one after another ----

SIZES = [(0.65, 320, 400), (0.3, 500, 640), (1.1, 240, 300)]
OTHERS = [{"orientations": 2}, {"join": 0.2, "smooth_um": 1}, {"preset": "paper"}, {"use_extra_output": False}, {"nucleus_diameter_um": 12, "h_um": 3}]
OTHERS += [{"top_hat_um": 60, "relief": "distance", "smooth_um": 1, "cytoplasm_min": 0.3, "fill_holes": False, "sensitivity": 80}]


@pytest.mark.parametrize("px, height, width", SIZES)
@pytest.mark.parametrize("place", [FIELDS["n2a"][0], (SHARED / "ccdb6843/val/F01_1464.ome.tif", 0)], ids=["n2a", "ccdb6843"])
def test_the_steps_give_the_cells_of_the_whole(place, px, height, width, options=None):
    options = {"marker_check": "warn", **(options or FAST)}
    image = channel(place)[:height, :width]
    cells, nuclei = cellseg.segment(image, px, **options)
    maps, maps_px = cellseg.segment_maps(image, px, **options)
    seeds = cellseg.segment_nuclei(maps, maps_px, **DISTANCE, **options)
    assert seeds.max() >= cells.max() > 5 and seeds.shape == maps.shape[1:]
    found = cells_of(image, (maps, maps_px, seeds), px=px, model=cellseg.Model.default(), **options)
    np.testing.assert_array_equal(found[0], cells)
    np.testing.assert_array_equal(found[1], nuclei)
    apart = cells_of(image, (maps, maps_px, seeds), px=px, **options)
    whole = cellseg.segment(image, px, **{**options, "join": 0})
    np.testing.assert_array_equal(apart[0], whole[0])
    np.testing.assert_array_equal(apart[1], whole[1])


@pytest.mark.parametrize("options", OTHERS, ids=lambda o: ",".join(o))
def test_with_other_options_too(options):
    test_the_steps_give_the_cells_of_the_whole(FIELDS["n2a"][0], 0.5, 400, 400, options)


@pytest.mark.parametrize("px", [0.65, 0.4, 1.1])
def test_the_stained_nuclei_and_the_marker_alone_give_the_two_channel_method(px):
    marker, stain = (channel(place)[:300, :360] for place in FIELDS["n2a"])
    cells, nuclei = cellseg.segment_two_channel(marker, stain, px)
    map_ = method.library_preprocess(stain, px, method.Rule(0.65, 130, 1, 99.8, 30, 1, 0.5))
    seeds = cellseg.segment_nuclei(map_, 0.65, nucleus_probability_min=0, nucleus_strength_ratio=0)
    found = cellseg.segment_cells(marker, seeds, px)
    assert cells.max() >= 5
    np.testing.assert_array_equal(found[0], cells)
    np.testing.assert_array_equal(found[1], nuclei)


def test_the_maps_of_the_whole_are_those_of_the_step(image, steps):
    """At the model's scale the same bytes; at another scale, resampled to the image's."""
    np.testing.assert_array_equal(cellseg.segment(image, 0.65, return_maps=True, **FAST)[2], steps[0])
    fine, px = cellseg.segment_maps(image, 0.4, **FAST)
    assert px == 0.65 and fine.shape[1:] == tuple(int(n * 0.4 / 0.65 + 0.5) for n in image.shape)
    whole = cellseg.segment(image, 0.4, return_maps=True, **FAST)[2]
    resampled = np.stack([cellseg.filter.resample(map_, image.shape) for map_ in fine])
    np.testing.assert_array_equal(whole, resampled)


@pytest.mark.parametrize("threads", [1, 2, 7])
def test_any_number_of_threads_gives_the_same_bytes(image, steps, threads):
    context = {"context": cellseg.Context(threads=threads)}
    maps, px = cellseg.segment_maps(image, 0.65, **FAST, **context)
    np.testing.assert_array_equal(maps, steps[0])
    np.testing.assert_array_equal(cellseg.segment_nuclei(maps, px, **DISTANCE, **context), steps[2])
    for one, other in zip(cells_of(image, steps, **context), cells_of(image, steps), strict=True):
        np.testing.assert_array_equal(one, other)


# ---- nuclei of one's own ----


def check_promises(cells, nuclei):
    """Ids 1 to n in raster order of first pixels; every cell one component round its nucleus, which is one too."""
    assert ((nuclei == 0) | (nuclei == cells)).all()
    np.testing.assert_array_equal(np.unique(cells), np.arange(cells.max() + 1))
    np.testing.assert_array_equal(method.raster_order(cells), cells)
    for labels in (cells, nuclei):
        counts = [ndi.label(labels[box] == i)[1] for i, box in enumerate(ndi.find_objects(labels.astype(int)), 1)]
        assert counts == [1] * cells.max()


def test_ids_may_be_any(image, steps):
    expected = cells_of(image, steps)
    ids = np.random.default_rng(4).permutation(np.r_[7, 4_000_000_000 + np.arange(steps[2].max() - 1)]).astype(np.uint32)
    seeds = np.r_[np.uint32(0), ids][steps[2]]
    assert seeds.max() > 4_000_000_000 and 7 in seeds
    for one, other in zip(cells_of(image, steps, seeds), expected, strict=True):
        np.testing.assert_array_equal(one, other)


@pytest.mark.parametrize("px", [0.65, 0.4])
def test_the_largest_component_counts(image, px):
    """A nucleus in three components: the two small ones, in the background, change nothing."""
    maps, maps_px = cellseg.segment_maps(image, px, **FAST)
    seeds = cellseg.segment_nuclei(maps, maps_px, **DISTANCE)
    expected = cells_of(image, (maps, maps_px, seeds), px=px)
    free = ndi.distance_transform_edt(maps[2] > 0.9)
    seeds = seeds.copy()
    for i in (3, 1):
        y, x = np.unravel_index(free.argmax(), free.shape)
        seeds[y - 1 : y + 2, x - 1 : x + 2] = i
        free[max(y - 20, 0) : y + 21, max(x - 20, 0) : x + 21] = 0
    found = cells_of(image, (maps, maps_px, seeds), px=px)
    check_promises(*found)
    for one, other in zip(found, expected, strict=True):
        np.testing.assert_array_equal(one, other)


def test_nuclei_at_the_border_have_cells(image, steps):
    seeds = np.zeros(image.shape, np.uint32)
    for number, (y, x) in enumerate([(0, 0), (0, 180), (310, 390), (150, 392), (311, 100), (150, 200)], 1):
        seeds[y : y + 9, x : x + 8] = number
    cells, nuclei = cellseg.segment_cells(image, seeds, 0.65, cytoplasm_min=0)
    check_promises(cells, nuclei)
    assert cells.max() == 6 and ((seeds > 0) <= (nuclei > 0)).all()
    inner, _ = cellseg.segment_cells(image, seeds, 0.65, cytoplasm_min=0, drop_border_cells=True)
    assert inner.max() < 6 and not np.concatenate([inner[0], inner[-1], inner[:, 0], inner[:, -1]]).any()


@pytest.mark.parametrize("px", [0.4, 1.1])
def test_nuclei_of_the_image_s_size(image, px):
    """Nuclei drawn on the image itself lie in its cells as they were drawn, but for a pixel at their outlines."""
    maps, maps_px = cellseg.segment_maps(image, px, **FAST)
    drawn = cellseg.segment(image, px, join=0, **FAST)[1]
    cells, nuclei = cells_of(image, (maps, maps_px, drawn), px=px)
    check_promises(cells, nuclei)
    assert cells.max() >= 0.9 * drawn.max() > 4
    assert cellseg.matching(drawn, nuclei, 0.6).false_positives == 0


def test_no_nuclei_give_no_cells(image, steps):
    cells, nuclei = cells_of(image, steps, np.zeros(image.shape, np.uint32))
    assert not cells.any() and not nuclei.any() and cells.shape == image.shape


def test_two_touching_halves_of_a_label_map_are_two_cells(image, steps):
    halves = np.ones(image.shape, np.uint32)
    halves[:, 200:] = 2
    cells, nuclei = cells_of(image, steps, halves, cytoplasm_min=0)
    np.testing.assert_array_equal(nuclei, halves)
    np.testing.assert_array_equal(cells, halves)


# ---- nuclei of another size ----


def test_twice_the_size_at_twice_the_diameter(image, steps):
    """The network then reads the same pixels: the same maps, and the same cells at twice the scale."""
    large = image.repeat(2, axis=0).repeat(2, axis=1)
    maps, px = cellseg.segment_maps(large, 0.65, nucleus_diameter_um=30, **FAST)
    np.testing.assert_array_equal(maps, steps[0])
    assert px == 1.3
    seeds = cellseg.segment_nuclei(maps, px, nucleus_diameter_um=30, **DISTANCE)
    np.testing.assert_array_equal(seeds, steps[2])
    cells, nuclei = cellseg.segment(large, 0.65, nucleus_diameter_um=30, **FAST)
    for found, expected in ((cells, 0), (nuclei, 1)):
        small = cells_of(image, steps)[expected].repeat(2, axis=0).repeat(2, axis=1)
        assert found.max() == small.max() and cellseg.matching(small, found, 0.9).true_positives == small.max() > 15


@pytest.mark.parametrize("factor", [2, 0.5])
def test_the_report_suggests_a_diameter(image, factor):
    small = image.reshape(160, 2, 200, 2).mean((1, 3)).astype(np.uint16)
    other = image.repeat(2, axis=0).repeat(2, axis=1) if factor > 1 else small
    reports = [cellseg.segment(image, 0.65, report=True, **FAST)[-1]]
    for diameter in (0, 15 * factor):
        reports.append(cellseg.segment(other, 0.65, report=True, nucleus_diameter_um=diameter, **FAST)[-1])
    usual, before, after = reports
    assert usual.nucleus_diameter_suggested_um == after.nucleus_diameter_suggested_um == 0
    found = before.nucleus_diameter_suggested_um
    assert found == before.nucleus_diameter_found_um and max(found / 15, 15 / found) > 1.5
    assert abs(np.log(found / (factor * usual.nucleus_diameter_found_um))) < np.log(1.5)
    assert after.nucleus_diameter_um == 15 * factor and abs(np.log(after.cells / usual.cells)) < 0.1
    lines = []
    context = cellseg.Context(log=lambda level, line: lines.append((level, line)))
    cellseg.segment(other, 0.65, context=context, **FAST)
    assert any(level == "warning" and f"nucleus_diameter_um {found:.1f}" in line for level, line in lines)


def test_a_model_that_states_no_diameter(image):
    model = cellseg.Model.load(ROOT / "tests/segment/painted.cellseg")
    assert model.nucleus_diameter_um == 0
    report = cellseg.segment(image, 0.65, model=model, report=True)[-1]
    assert report.nucleus_diameter_um == report.nucleus_diameter_suggested_um == 0
    for call in (cellseg.segment, cellseg.segment_maps):
        with pytest.raises(cellseg.ArgumentError, match="nucleus_diameter_um is 12, and the model does not state the diameter"):
            call(image, 0.65, model=model, nucleus_diameter_um=12)


# ---- what is refused ----


@pytest.mark.parametrize("value, text", [(np.nan, "-?nan"), (1.1, "1.1"), (-0.1, "-0.1"), (np.inf, "inf")])
@pytest.mark.parametrize("place", [(0, 7, 300), (2, 319, 399), (3, 0, 0)])
def test_a_map_s_bad_value_is_named(image, steps, value, text, place):
    maps = steps[0].copy()
    maps[place] = value
    line = f"channel {place[0]}, row {place[1]}, column {place[2]} is {text}; a map lies in \\[0, 1\\]"
    with pytest.raises(cellseg.ArgumentError, match=line):
        cells_of(image, (maps, *steps[1:]))
    if place[0] in (0, 3):  # all that this step reads
        with pytest.raises(cellseg.ArgumentError, match=line):
            cellseg.segment_nuclei(maps, steps[1], **DISTANCE)
        if place[0] == 3:
            np.testing.assert_array_equal(
                cellseg.segment_nuclei(maps, steps[1]), cellseg.segment_nuclei(steps[0], steps[1])
            )


def refused(call, match):
    with pytest.raises(cellseg.ArgumentError, match=match):
        call()


def test_maps_lie_in_memory_as_they_may(image, steps):
    """Channels next to each other in each pixel, rows with gaps, numbers of 64 bits."""
    maps, px, nuclei = steps
    interleaved = np.moveaxis(np.ascontiguousarray(np.moveaxis(maps, 0, -1)), -1, 0)
    gaps = np.pad(maps, ((0, 0), (0, 0), (3, 9)))[:, :, 3:-9]
    for other in (interleaved, gaps, maps.astype(np.float64)):
        np.testing.assert_array_equal(cellseg.segment_nuclei(other, px, **DISTANCE), nuclei)
        np.testing.assert_array_equal(cells_of(image, (other, px, nuclei))[0], cells_of(image, steps)[0])


def test_maps_of_another_kind(image, steps):
    maps, px, nuclei = steps
    bytes_ = (255 * maps).astype(np.uint8)
    refused(lambda: cellseg.segment_nuclei(bytes_, px), "maps: .*float32")
    refused(lambda: cells_of(image, (bytes_, px, nuclei)), "maps: .*float32")
    refused(lambda: cellseg.segment_nuclei(maps, None), "maps: the pixel size is unknown")
    refused(lambda: cellseg.segment_nuclei(maps[:3], px, **DISTANCE), "there are 3 channels; this step needs 4")
    refused(lambda: cellseg.segment_cells(image, nuclei, 0.65, maps=maps[:2]), "there are 2 channels; this step needs 3")
    assert cellseg.segment_nuclei(maps[:1], px).max() > 0
    for crop in (maps[:, :300], maps[:, :, :200], maps[:, 160:, 200:300]):
        refused(lambda crop=crop: cells_of(image, (crop, px, nuclei)), "do not have the proportions of the image's 320 x 400")


def test_nuclei_of_another_size_or_kind(image, steps):
    for seeds in (steps[2][1:], steps[2][:, :-1], steps[2].repeat(2, axis=0), steps[2].T):
        refused(lambda seeds=seeds: cells_of(image, steps, seeds), "seeds have .* the image has 320 x 400")
    with pytest.raises(TypeError, match="labels of type float"):
        cells_of(image, steps, steps[2] / 2)
    with pytest.raises(ValueError, match="does not fit 32 bits"):
        cells_of(image, steps, -steps[2].astype(int))


def test_images_without_a_pixel_size(image, steps):
    refused(lambda: cellseg.segment_maps(image), "the pixel size is unknown")
    refused(lambda: cells_of(image, steps, px=None), "the pixel size is unknown")
    maps, px, nuclei = steps
    unknown = cellseg.segment_cells(image, nuclei, 0.65, maps=maps, **DISTANCE)  # of the maps, which the image's tells
    np.testing.assert_array_equal(unknown[0], cells_of(image, steps)[0])


@pytest.mark.parametrize("what", ["extra", "options", "channel"])
def test_numbers_out_of_range(image, steps, what):
    maps, px, nuclei = steps
    handles = image_from(image, 0.65), image_from(maps, px), labels_from(nuclei)
    options = c.segment_options()
    c.segment_options_init(options, c.ctypes.sizeof(options))
    extra = 3 if what == "extra" else c.EXTRA_NONE
    if what == "options":
        options.sensitivity = 0
    options.channel = 1 if what == "channel" else 0
    named = {"extra": "extra_output", "options": "sensitivity", "channel": "no channel 1"}[what]
    refused(lambda: c.segment_cells(c.Labels(), None, None, None, *handles[:2], extra, handles[2], options), named)
    if what == "channel":  # of the image, which this step has none of
        c.segment_nuclei(c.Labels(), None, handles[1], extra, options)
    else:
        refused(lambda: c.segment_nuclei(c.Labels(), None, handles[1], extra, options), named)
