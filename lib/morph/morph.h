/* SPDX-License-Identifier: BSD-3-Clause */
/* The morphology room's door. Outputs are planes the caller allocated. Masks are uint8, 0 or not; label maps uint32. */
#ifndef CSEG_MORPH_H
#define CSEG_MORPH_H

#include "core/core.h"

#include <cellseg/morph.h>

/* Flat rectangle height x width px, any size, anchored at (height / 2, width / 2) as SciPy does; borders do not count. to: from's
 * type, uint8, uint16 or float32; may be the same plane. */
cellseg_status cseg_morph_erode(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                size_t width);
cellseg_status cseg_morph_dilate(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                 size_t width);
cellseg_status cseg_morph_open(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                               size_t width);
cellseg_status cseg_morph_close(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                size_t width);
cellseg_status cseg_morph_top_hat(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                  size_t width);
cellseg_status cseg_morph_bottom_hat(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                     size_t width); /* black top-hat */

/* Exact Euclidean distance (px) of every foreground pixel to the nearest background pixel; 0 on the background. The image's
 * outside is not background; a mask without background gives infinity everywhere. to: float32. Equal to SciPy's
 * distance_transform_edt. */
cellseg_status cseg_morph_distance(cellseg_context *context, const cseg_plane *to, const cseg_plane *mask);

/* Grey reconstruction by erosion / dilation of `marker` over / under `limit`, float32; to may be marker's plane. */
cellseg_status cseg_morph_reconstruct_erosion(cellseg_context *context, const cseg_plane *to, const cseg_plane *marker,
                                              const cseg_plane *limit, int32_t connectivity);
cellseg_status cseg_morph_reconstruct_dilation(cellseg_context *context, const cseg_plane *to, const cseg_plane *marker,
                                               const cseg_plane *limit, int32_t connectivity);

/* Extended h-minima, within `mask` (NULL: everywhere): suppress minima shallower than h, then 1 on the regional minima of the
 * result, else 0. from: float32; to: uint8. Connectivity 4 or 8. */
cellseg_status cseg_morph_extended_minima(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double h,
                                          const cseg_plane *mask, int32_t connectivity);

/* Connected components of a mask, ids in raster order of their first pixel. to: uint32. *count: how many. */
cellseg_status cseg_morph_components(cellseg_context *context, const cseg_plane *to, uint32_t *count, const cseg_plane *mask,
                                     int32_t connectivity);

/*
 * Seeded watershed. labels: uint32, seeds in, basins out. relief: float32, finite; low first. mask: NULL, or where basins may
 * grow. Pixels are flooded in order of (relief, time of entry), each taking the label of the neighbour that entered it: skimage's
 * order.
 */
cellseg_status cseg_morph_watershed(cellseg_context *context, const cseg_plane *labels, const cseg_plane *relief,
                                    const cseg_plane *mask, int32_t connectivity);

/* Background pixels of a mask, in place, that are not 4-connected to the image's border become foreground. */
cellseg_status cseg_morph_fill_holes(cellseg_context *context, const cseg_plane *mask);

/* Background pixels, in place, enclosed by exactly one label take that label. Holes that touch the border, or two labels, stay.
 */
cellseg_status cseg_morph_fill_label_holes(cellseg_context *context, const cseg_plane *labels);

/* keep[id] != 0 decides which ids stay, in place; those are renumbered 1..n in raster order of their first pixel, the others
 * become 0. keep has max id + 1 entries; NULL keeps all. renumbered: NULL, or max id + 1 entries: the new id of each old one. */
cellseg_status cseg_morph_relabel(cellseg_context *context, const cseg_plane *labels, const uint8_t *keep, uint32_t *renumbered,
                                  uint32_t *count);

/* The largest id. */
cellseg_status cseg_morph_max_id(cellseg_context *context, uint32_t *most, const cseg_plane *labels);

/* 1 on pixels of a label that have a 4-neighbour of another id inside the image (inner boundary), else 0. to: uint8. */
cellseg_status cseg_morph_boundaries(cellseg_context *context, const cseg_plane *to, const cseg_plane *labels);

#endif
