# SPDX-License-Identifier: BSD-3-Clause
"""A crop is segmented by the rule of its image. The rule's statistics (percentiles, noise, Otsu thresholds, the quartile of the
nuclei's strengths) are those of the pixels that the call was given, so that cells are equal where these agree, away from the crop's
edges: in a mosaic of an image and its mirror images they do, to within the cells that the seams join."""

import cellseg
import numpy as np
import real_images

PIXEL_SIZE_UM = 0.65
MARGIN_PX = 8  # of a patch: what the network predicts nearer to an edge is not kept


def marker():
    """A real field, whole patches in both directions."""
    return real_images.channel(real_images.FIELDS["n2a"][0])[:480, :640]


def interior(labels, margin):
    """Ids whose cells lie farther than this from the mosaic's two seams."""
    height, width = labels.shape
    near = np.unique(np.concatenate([labels[height - margin:].ravel(), labels[:, width - margin:].ravel()]))
    return np.setdiff1d(np.unique(labels), np.append(near, 0))


def overlap(cell, other):
    """The largest intersection over union of a mask with a cell of the other label map."""
    ids = np.setdiff1d(np.unique(other[cell]), [0])
    return max((np.sum(cell & (other == i)) / np.sum(cell | (other == i)) for i in ids), default=0)


def test_a_tile_of_a_mosaic_has_the_cells_of_the_mosaic():
    tile = marker()
    mosaic = np.block([[tile, tile[:, ::-1]], [tile[::-1], tile[::-1, ::-1]]])
    alone, _ = cellseg.segment(np.ascontiguousarray(tile), PIXEL_SIZE_UM)
    within, _ = cellseg.segment(np.ascontiguousarray(mosaic), PIXEL_SIZE_UM)
    within = within[:tile.shape[0], :tile.shape[1]]
    ids = interior(alone, MARGIN_PX)
    overlaps = np.array([overlap(alone == i, within) for i in ids])
    assert len(ids) > 30 and np.mean(overlaps == 1) > 0.9 and np.median(overlaps) == 1, overlaps


def test_a_crop_of_its_own_statistics_has_nearly_the_cells_of_its_image():
    image = marker()
    crop, _ = cellseg.segment(np.ascontiguousarray(image[80:400, 80:560]), PIXEL_SIZE_UM)
    whole, _ = cellseg.segment(np.ascontiguousarray(image), PIXEL_SIZE_UM)
    ids = np.setdiff1d(np.unique(crop), np.unique(np.concatenate([crop[0], crop[-1], crop[:, 0], crop[:, -1], [0]])))
    overlaps = np.array([overlap(crop == i, whole[80:400, 80:560]) for i in ids])
    assert len(ids) > 10 and np.median(overlaps) > 0.9, overlaps
