# SPDX-License-Identifier: BSD-3-Clause
"""Simulated fields show what their options ask for, as SciPy and scikit-image measure it."""


import cellseg
import numpy as np
import pytest
from scipy import ndimage
from skimage import measure, morphology, segmentation

STAINS = ["diffuse", "er", "mitochondria", "endosomes", "actin", "tubulin", "membrane"]
NO_OPTICS = {"haze": 0, "psf_um": 0, "vignetting": 0, "uneven": 0, "photons": 0, "debris_per_mm2": 0, "bits": 16}
HEALTHY = {"dead": 0, "dividing": 0, "clustering": 0, "branching": 0}


def simulate(size=600, stain="diffuse", seed=1, **options):
    return cellseg.simulate(size, size, stain, seed, vary=False, **options)


def inner(labels):
    """Without the objects at the border."""
    return segmentation.clear_border(labels.astype(int), buffer_size=1)


def areas_um2(labels, pixel_size_um):
    return np.bincount(inner(labels).ravel())[1:].astype(float)[np.unique(inner(labels))[1:] - 1] * pixel_size_um**2


@pytest.mark.parametrize("radius_um", [4, 6.5, 9])
def test_nuclei_have_the_radius_asked_for(radius_um):
    nuclei = simulate(1000, nucleus_radius_um=radius_um, nucleus_radius_spread=0.15, cell_area_um2=1500, confluence=0.3, **HEALTHY)[2]
    radii = np.sqrt(areas_um2(nuclei, 0.65) / np.pi)
    assert radii.size > 50
    assert radii.mean() == pytest.approx(radius_um, rel=0.03)
    assert np.log(radii).std() == pytest.approx(0.15, abs=0.03)


@pytest.mark.parametrize("area_um2", [300, 800, 2500])
def test_cells_have_the_area_asked_for(area_um2):
    pixel = float(np.sqrt(area_um2 / 1500))
    cells = simulate(1200, nucleus_radius_um=3, cell_area_um2=area_um2, cell_area_spread=0.2, confluence=0.15, spikes=0.3,
                     elongation=0.5, pixel_size_um=pixel, **HEALTHY)[1]
    areas = areas_um2(cells, pixel)
    assert areas.size > 50 and areas.mean() == pytest.approx(area_um2, rel=0.05)


def test_outlines_are_as_long_as_asked_for():
    for elongation in 0, 1, 3:
        cells = simulate(1000, elongation=elongation, spikes=0, nucleus_radius_um=3, confluence=0.1, cell_area_um2=700, **HEALTHY)[1]
        found = measure.regionprops_table(inner(cells), properties=("major_axis_length", "minor_axis_length"))
        longer = (found["major_axis_length"] / found["minor_axis_length"] - 1).mean()
        assert longer == pytest.approx(elongation, rel=0.3, abs=0.3)


def test_spikes_hollow_the_outline_out():
    solidity = []
    for spikes in 0, 0.5, 1:
        cells = simulate(1000, spikes=spikes, nucleus_radius_um=3, confluence=0.1, **HEALTHY)[1]
        solidity.append(measure.regionprops_table(inner(cells), properties=("solidity",))["solidity"].mean())
    assert solidity[0] > 0.95 and solidity[0] > solidity[1] + 0.03 and solidity[1] > solidity[2] + 0.03


def test_cells_cover_the_part_asked_for():
    for confluence in 0.05, 0.2, 0.4:
        cells = simulate(1200, confluence=confluence, overlap=0, **HEALTHY)[1]
        assert (cells > 0).mean() == pytest.approx(confluence, rel=0.15)
    sheet = simulate(800, confluence=1, overlap=0, **HEALTHY)[1]
    assert (sheet > 0).mean() > 0.9


def test_clustering_brings_cells_together():
    nearest = []
    for clustering in 0, 1:
        options = HEALTHY | {"clustering": clustering}
        centres = np.array([p.centroid for p in measure.regionprops(simulate(1200, confluence=0.1, **options)[1].astype(int))])
        distance = np.linalg.norm(centres[:, None] - centres[None], axis=2) + np.diag(np.full(len(centres), np.inf))
        nearest.append(np.median(distance.min(axis=1)))
    assert nearest[1] < 0.7 * nearest[0]


def test_the_same_cells_at_another_pixel_size():
    coarse, fine = (simulate(size, pixel_size_um=pixel, seed=3, **HEALTHY)[1] for size, pixel in ((300, 1.0), (600, 0.5)))
    assert coarse.max() == fine.max()
    halves = [fine[y::2, x::2] for y in (0, 1) for x in (0, 1)]  # of each coarse pixel
    assert np.mean([cellseg.similarity(coarse, half).sm for half in halves]) > 0.95


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_offset_exposure_and_saturation(bits):
    most = 2**bits - 1
    options = NO_OPTICS | {"bits": bits, "offset": 0.1, "confluence": 0}
    assert (simulate(40, background=0, **options)[0] == np.floor(0.1 * most + 0.5)).all()
    assert (simulate(40, background=0.5, exposure=0.4, **options)[0] == np.floor(0.3 * most + 0.5)).all()
    assert (simulate(40, background=4, exposure=0.4, **options)[0] == most).all()


def test_noise_follows_the_law_of_shot_noise():
    for background in 0.2, 1, 3:
        for read_noise in 0, 20:
            options = NO_OPTICS | {"photons": 500, "confluence": 0, "exposure": 0.1, "offset": 0.1}
            image = simulate(700, background=background, read_noise=read_noise, **options)[0][0].astype(float)
            grey_per_electron = 0.1 * 65535 / 500
            assert image.mean() == pytest.approx(0.1 * 65535 + grey_per_electron * background * 500, rel=1e-3)
            assert image.var() == pytest.approx(grey_per_electron**2 * (background * 500 + read_noise**2) + 1 / 12, rel=0.01)
            spectrum = np.abs(np.fft.fft2(image - image.mean())) ** 2
            low = spectrum[:100, :100].mean()
            assert low == pytest.approx(spectrum.mean(), rel=0.05)  # white


def test_two_channels_have_noise_of_their_own():
    image = simulate(300, **(NO_OPTICS | {"photons": 500, "confluence": 0, "background": 1, "nuclei_channel": 1}))[0].astype(float)
    assert abs(np.corrcoef(image[0].ravel(), image[1].ravel())[0, 1]) < 0.02


@pytest.mark.parametrize("sigma_um", [0.5, 1.3])
def test_the_blur_is_gaussian(sigma_um):
    sharp, blurred = (simulate(300, "er", **(NO_OPTICS | {"psf_um": s, "exposure": 0.1}))[0][0].astype(float) for s in (0, sigma_um))
    expected = ndimage.gaussian_filter(sharp, sigma_um / 0.65, mode="reflect", truncate=4)
    assert sharp.max() < 65535
    np.testing.assert_allclose(blurred, expected, atol=1.1)


def test_haze_is_a_wide_blur_of_a_part_of_the_light():
    options = NO_OPTICS | {"exposure": 0.1, "offset": 0, "background": 0}
    clear, hazy = (simulate(300, **(options | {"haze": h, "haze_um": 5}))[0][0].astype(float) for h in (0, 0.4))
    expected = 0.6 * clear + 0.4 * ndimage.gaussian_filter(clear, 5 / 0.65, mode="reflect", truncate=4)
    np.testing.assert_allclose(hazy, expected, atol=1.6)


def test_illumination_falls_off():
    options = NO_OPTICS | {"confluence": 0, "background": 1, "offset": 0, "exposure": 0.5}
    image = simulate(401, **(options | {"vignetting": 0.4}))[0][0].astype(float)
    assert image[0, 0] / image[200, 200] == pytest.approx(0.6, abs=0.005)
    assert image[0, 200] / image[200, 200] == pytest.approx(0.8, abs=0.005)
    slope = simulate(401, **(options | {"uneven": 0.5}))[0][0].astype(float)
    rows, columns = np.gradient(slope)
    np.testing.assert_allclose([rows.std(), columns.std()], 0, atol=1)  # a plane
    assert 0.5 < slope.min() / slope.max() < 0.7


def means(image, labels):
    return ndimage.mean(image, labels, np.arange(1, labels.max() + 1))


def test_neighbours_differ_in_brightness():
    for spread in 0, 0.8:
        options = NO_OPTICS | HEALTHY | {"brightness_spread": spread, "exposure": 0.05, "offset": 0, "background": 0}
        image, cells, _ = simulate(1000, texture=0, overlap=0, confluence=0.3, cell_area_spread=0, **options)
        assert np.log(means(image[0], cells)).std() == pytest.approx(spread, abs=0.12)


@pytest.mark.parametrize("stain", STAINS)
def test_nuclei_lack_the_part_asked_for(stain):
    inside = []
    for darkness in 0, 0.6:
        options = NO_OPTICS | HEALTHY | {"nucleus_darkness": darkness, "nucleus_darkness_spread": 0, "background": 0, "offset": 0}
        image, _, nuclei = simulate(500, stain, overlap=0, exposure=0.05, cell_area_um2=1500, **options)
        core = nuclei * morphology.binary_erosion(nuclei > 0, morphology.disk(5))
        inside.append(image[0][core > 0].mean())
    assert inside[1] / inside[0] == pytest.approx(0.4, abs=0.02)


@pytest.mark.parametrize("stain", STAINS)
def test_the_nuclear_stain_shows_the_nuclei(stain):
    image, cells, nuclei = simulate(400, stain, nuclei_channel=1)
    stained = image[1].astype(float)
    assert stained[nuclei > 0].mean() > 3 * stained[(cells > 0) & (nuclei == 0)].mean()


def test_debris_is_as_frequent_as_asked_for_and_not_labelled():
    image, cells, _ = simulate(1500, confluence=0, **(NO_OPTICS | {"debris_per_mm2": 200, "exposure": 0.5, "offset": 0}))
    level = np.median(image[0])
    count = measure.label(image[0] > level).max()
    assert cells.max() == 0
    assert count == pytest.approx(200 * (1500 * 0.65e-3) ** 2, rel=0.1)


def test_the_dead_are_small_and_bright():
    options = NO_OPTICS | {"dividing": 0, "branching": 0, "brightness_spread": 0, "offset": 0, "background": 0, "exposure": 0.05}
    (living, some, _), (dying, others, _) = (simulate(800, dead=d, **options) for d in (0, 1))
    assert np.median(areas_um2(others, 0.65)) < 0.5 * np.median(areas_um2(some, 0.65))
    assert np.median(means(dying[0], others)) > 1.3 * np.median(means(living[0], some))


def test_draws_reach_from_sparse_to_confluent():
    covered = [(cellseg.simulate(300, 300, "mixed", seed)[1] > 0).mean() for seed in range(40)]
    assert min(covered) < 0.2 and max(covered) > 0.8
