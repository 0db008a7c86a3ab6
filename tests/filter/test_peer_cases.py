# SPDX-License-Identifier: BSD-3-Clause
"""The cases with which scikit-image 0.19 tests its own filters, run on ours through the Python binding.

Inputs and what is expected are theirs (filters/tests/test_gaussian.py and test_thresholding.py, feature/tests/test_blob.py); where
our documented definition differs the test says so and expects ours.
"""
import cellseg
import numpy as np
import pytest
from cellseg import filter
from skimage import data, util
from skimage.draw import disk
from skimage.filters import threshold_otsu

# ---- Gaussian ----


def test_gaussian_of_no_sigma_is_the_image_and_none_is_negative():
    image = np.zeros((3, 3), np.float32)
    image[1, 1] = 1
    np.testing.assert_array_equal(filter.gaussian(image, 0), image)
    with pytest.raises(cellseg.ArgumentError, match="sigma_px"):
        filter.gaussian(image, -1.0)


def test_gaussian_keeps_the_mean_and_lowers_the_spread():
    image = np.zeros((3, 5, 5), np.float32)
    image[:, 1, 1] = [1, 2, 3]
    for channel in range(3):
        ours = filter.gaussian(image, 1, channel=channel)
        np.testing.assert_allclose(ours.mean(), image[channel].mean(), rtol=1e-6)
        assert ours.std() < image[channel].std()


def test_gaussian_keeps_the_range():
    np.testing.assert_allclose(filter.gaussian(np.ones((2, 2), np.uint8), 1), 1, rtol=1e-6)
    signed = filter.gaussian(np.array([[10, -10], [-4, 3]], np.float32), 1)
    assert -10 < signed.min() and signed.max() < 10
    assert (filter.gaussian(np.arange(7, dtype=np.uint8)[None], 1) > 0.1).all()


# ---- Otsu ----


def test_otsu_of_three_discs():
    image = np.zeros((100, 100), np.uint8)
    for centre, value in ((25, 25), 64), ((50, 50), 128), ((75, 75), 192):
        image[disk(centre, 20)] = value
    np.testing.assert_array_equal(filter.otsu(image, 3), [0, 64, 128])


def test_otsu_of_the_astronaut():
    """Theirs takes the three channels as one image."""
    image = util.img_as_ubyte(data.astronaut())
    np.testing.assert_array_equal(filter.otsu(image.reshape(len(image), -1), 2), [58, 149])


@pytest.mark.parametrize("name", ["camera", "moon", "coins"])
def test_one_threshold_is_otsu_s(name):
    image = getattr(data, name)()
    np.testing.assert_array_equal(filter.otsu(image), [threshold_otsu(image)])


@pytest.mark.parametrize("count", [2, 3, 4])
def test_otsu_of_five_values(count):
    """Theirs only counts the thresholds; each must cut between two of the values."""
    image = np.tile(np.arange(5, dtype=np.float32) / 4, (4, 1))
    classes = np.digitize(image, filter.otsu(image, count), right=True)
    np.testing.assert_array_equal(np.unique(classes), np.arange(count + 1))
    assert (np.diff(classes, axis=1) >= 0).all()


@pytest.mark.parametrize("values", [1, 2, 3])
def test_otsu_of_more_classes_than_values(values):
    """Theirs refuses; ours repeats thresholds, and still tells every value from the next."""
    image = np.ones((10, 10), np.uint8)
    image[:, 3:] = min(values, 2)
    image[:, 6:] = values
    thresholds = filter.otsu(image, values)
    assert len(thresholds) == values and (np.diff(thresholds) >= 0).all()
    classes = (image[..., None] > thresholds).sum(-1)
    np.testing.assert_array_equal([len(np.unique(classes[image == v])) for v in np.unique(image)], [1] * values)
    assert len(np.unique(classes)) == values


# ---- blobs ----

DISCS = {(200, 65): 5, (80, 25): 15, (50, 150): 25, (100, 175): 30}


@pytest.mark.parametrize("dtype", [np.uint8, np.float32])
@pytest.mark.parametrize("fast", [False, True])
def test_discs_answer_at_their_centre_and_scale(dtype, fast):
    """Theirs searches for the peaks; ours is the response, looked at round each disc: where it peaks, and at which sigma.

    A disc of radius r answers most strongly at sigma r / sqrt(2). The last two discs overlap, so they are not asked for.
    """
    image = np.ones((256, 256), dtype)
    for centre, radius in DISCS.items():
        image[disk(centre, radius)] = 255
    sigmas = np.linspace(3, 22, 77)
    for (y, x), radius in list(DISCS.items())[:2]:
        around = np.s_[y - radius : y + radius + 1, x - radius : x + radius + 1]
        responses = np.stack([filter.laplacian_of_gaussian(image, s, fast=fast)[around] for s in sigmas])
        scale, row, column = np.unravel_index(responses.argmax(), responses.shape)
        assert abs(row - radius) <= 1 and abs(column - radius) <= 1
        assert abs(sigmas[scale] * np.sqrt(2) - radius) <= 1
        together = filter.laplacian_of_gaussian(image, sigmas[::3], fast=fast)[around]
        stated = 2 * 6e-4 * 254 if fast else 0  # scales taken together go other ways than one alone
        np.testing.assert_allclose(together, responses[::3].max(0), rtol=0, atol=stated)
