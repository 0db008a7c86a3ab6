/* SPDX-License-Identifier: BSD-3-Clause */
/* The morphology room's door. Outputs are planes that the caller allocated. Masks are uint8, 0 or not; label maps uint32. */
#ifndef CSEG_MORPH_H
#define CSEG_MORPH_H

#include "core/core.h"

#include <cellseg/morph.h>

/* ---- shared by the public functions ---- */

static inline cellseg_status cseg_connectivity_check(int32_t connectivity) {
    if (connectivity == 4 || connectivity == 8)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "connectivity is %d; it must be 4 or 8", (int)connectivity);
}

/* The type that holds every difference of two samples of a type, none of them negative: unsigned for signed integers. */
static inline int32_t cseg_difference_type(int32_t type) {
    return type == CELLSEG_INT16 ? CELLSEG_UINT16 : type == CELLSEG_INT32 ? CELLSEG_UINT32 : type;
}

/* ---- grey images ---- */

/* Flat rectangle height x width px, any size, anchored at (height / 2, width / 2) as in SciPy; windows end at the border. to:
 * from's type, any; may be the same plane. Top-hats of signed integers are the bits of unsigned ones (cseg_difference_type()). */
cellseg_status cseg_rect_erode(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                               size_t width);
cellseg_status cseg_rect_dilate(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                size_t width);
cellseg_status cseg_rect_open(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                              size_t width);
cellseg_status cseg_rect_close(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                               size_t width);
cellseg_status cseg_rect_top_hat(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                 size_t width);
cellseg_status cseg_rect_bottom_hat(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t height,
                                    size_t width); /* black top-hat */

/* Flat disc, dy^2 + dx^2 <= radius^2; any radius. to: another plane of from's type, any. */
cellseg_status cseg_disc_erode(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius);
cellseg_status cseg_disc_dilate(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius);

/* The octagon that approximates a disc of a radius of 3 px or more; see cellseg_image_erode_disc(). to: from's type; may be the
 * same plane. */
cellseg_status cseg_octagon_erode(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius);
cellseg_status cseg_octagon_dilate(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, size_t radius);

/* Exact Euclidean distance (px) of every foreground pixel to the nearest background pixel; 0 on the background. The image's
 * outside is not background; a mask without background gives infinity everywhere. to: float32. Equal to SciPy's
 * distance_transform_edt. */
cellseg_status cseg_distance_transform(cellseg_context *context, const cseg_plane *to, const cseg_plane *mask);

/* The same of every pixel of a label to the nearest pixel of another label or of none. to: float32. */
cellseg_status cseg_distance_within(cellseg_context *context, const cseg_plane *to, const cseg_plane *labels);

/* Nearest background pixel of every pixel: row * width + column; of equally near ones the smallest column, then row. A mask
 * without background gives 2^32 - 1 or the pixel itself. to: uint32. At most 2^32 - 1 pixels, else CELLSEG_ERR_LIMIT of the
 * check. */
cellseg_status cseg_nearest_check_size(const cseg_plane *mask);
cellseg_status cseg_nearest_find(cellseg_context *context, const cseg_plane *to, const cseg_plane *mask);

/* Grey reconstruction by erosion / dilation of `marker` over / under `limit`; all of one type, any; to may be marker's
 * plane. */
cellseg_status cseg_reconstruction_erode(cellseg_context *context, const cseg_plane *to, const cseg_plane *marker,
                                         const cseg_plane *limit, int32_t connectivity);
cellseg_status cseg_reconstruction_dilate(cellseg_context *context, const cseg_plane *to, const cseg_plane *marker,
                                          const cseg_plane *limit, int32_t connectivity);

/* Reconstruction by erosion of from + h over from; by dilation of from - h under from. from: any type; to: from's type. */
cellseg_status cseg_extrema_h_minima(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double h,
                                     int32_t connectivity);
cellseg_status cseg_extrema_h_maxima(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double h,
                                     int32_t connectivity);

/* Extended h-minima, within `mask` (NULL: everywhere): suppress minima of depth h or less, then 1 on the regional minima of the
 * result, else 0. h 0: regional minima. from: any type; to: uint8. Connectivity 4 or 8. */
cellseg_status cseg_extrema_extended_minima(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double h,
                                            const cseg_plane *mask, int32_t connectivity);

cellseg_status cseg_extrema_extended_maxima(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double h,
                                            const cseg_plane *mask, int32_t connectivity);

/* Connected components of a mask, ids in raster order of their first pixel. to: uint32. *count: the number of components. */
cellseg_status cseg_components_label(cellseg_context *context, const cseg_plane *to, uint32_t *count, const cseg_plane *mask,
                                     int32_t connectivity);

/*
 * Seeded watershed. labels: uint32, seeds in, basins out. relief: any type but float64, finite; low first. mask: NULL, or where
 * basins may grow. Pixels are flooded in order of (relief, time of entry), each with the label of the neighbour that entered
 * the pixel: skimage's order.
 */
cellseg_status cseg_watershed_flood(cellseg_context *context, const cseg_plane *labels, const cseg_plane *relief,
                                    const cseg_plane *mask, int32_t connectivity);

/* The same with lines of 0 between basins: see cellseg_labels_watershed(). */
cellseg_status cseg_watershed_flood_lines(cellseg_context *context, const cseg_plane *labels, const cseg_plane *relief,
                                          const cseg_plane *mask, int32_t connectivity);

/* The rank of every pixel's value among the distinct values of a float64 image: a relief with the same basins. ranks: a new
 * uint32 plane, to release with cseg_plane_free(). */
cellseg_status cseg_ranks_new(cseg_plane *ranks, cellseg_context *context, const cseg_plane *from);

/* Background pixels of a mask, in place, that are not connected to the image's border become foreground. connectivity: the
 * background's, 4 or 8. limit: higher or wider holes, in pixels, stay; CSEG_ANY_HOLE: none does. */
#define CSEG_ANY_HOLE SIZE_MAX
cellseg_status cseg_holes_fill(cellseg_context *context, const cseg_plane *mask, int32_t connectivity, size_t limit);

/* Background pixels, in place, enclosed by exactly one label take that label. Holes at the border or between two labels
 * stay; so do those beyond the limit. */
cellseg_status cseg_holes_fill_labels(cellseg_context *context, const cseg_plane *labels, size_t limit);

/* The ids with keep[id] != 0 stay, in place, and are renumbered 1..n in raster order of their first pixel, the others
 * become 0. keep has max id + 1 entries; NULL keeps all. renumbered: NULL, or max id + 1 entries: the new id of each old one. */
cellseg_status cseg_relabel_apply(cellseg_context *context, const cseg_plane *labels, const uint8_t *keep, uint32_t *renumbered,
                                  uint32_t *count);

#define CSEG_NO_COMPONENT SIZE_MAX

/* For every id up to max_id, the first pixel (y * width + x) of its largest 4-connected component, of equal ones the first in
 * raster order, or CSEG_NO_COMPONENT. starts has max_id + 1 entries. */
cellseg_status cseg_largest_find(cellseg_context *context, size_t *starts, uint32_t max_id, const cseg_plane *labels);

/* Clear, in place, every pixel that is not in the component of its id that holds the pixel starts[id]. A start of another id
 * is ignored. */
cellseg_status cseg_largest_keep(cellseg_context *context, const cseg_plane *labels, const size_t *starts, uint32_t max_id);

/* The largest id. */
cellseg_status cseg_relabel_max_id(cellseg_context *context, uint32_t *max_id, const cseg_plane *labels);

/* 1 on pixels of a label that have a 4-neighbour of another id inside the image (inner boundary), else 0. to: uint8. */
cellseg_status cseg_boundaries_mark(cellseg_context *context, const cseg_plane *to, const cseg_plane *labels);

/* kind: CELLSEG_BOUNDARY_INNER ... ; see cellseg_labels_boundaries(). */
cellseg_status cseg_boundaries_find(cellseg_context *context, const cseg_plane *to, const cseg_plane *labels, int32_t kind,
                                    int32_t connectivity);

/* Every 0 becomes the label of the nearest labelled pixel within `distance` px (cseg_nearest_find()). to: not from's plane. */
cellseg_status cseg_expansion_compute(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, double distance);

/* compartment: CELLSEG_COMPARTMENT_NUCLEUS ... ; see cellseg_labels_compartment(). All uint32; to: a plane of its own. For the
 * ring, the size is one of cseg_nearest_check_size(). */
cellseg_status cseg_compartment_select(cellseg_context *context, const cseg_plane *to, const cseg_plane *cells,
                                       const cseg_plane *nuclei, int32_t compartment, double ring_px);

/* See cellseg_labels_check(). nuclei: NULL, or of the same size. */
cellseg_status cseg_check_labels(char *violation, size_t size, cellseg_context *context, const cseg_plane *cells,
                                 const cseg_plane *nuclei);

/* ids.c: any ids become 1..count in raster order of their first pixels, in place. */
cellseg_status cseg_ids_compact(cellseg_context *context, const cseg_plane *labels, uint32_t *count);

#endif
