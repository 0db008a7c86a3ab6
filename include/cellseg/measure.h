/* SPDX-License-Identifier: BSD-3-Clause */
/** @file measure.h  A table of measurements, one row per cell. */
#ifndef CELLSEG_MEASURE_H
#define CELLSEG_MEASURE_H

#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Measure every cell.
 *
 * Columns, in this order. `um` and `um2` read `px` and `px2` when the pixel size of `cells` is unknown.
 *
 *     id                        the cell's id in `cells`
 *     area_um2                  its pixels times the pixel's area
 *     centroid_y_um             mean position of its pixels, down and to the right from the centre of the image's first pixel
 *     centroid_x_um
 *     bbox_top_px               rows bbox_top_px <= y < bbox_bottom_px, columns bbox_left_px <= x < bbox_right_px hold the
 *     bbox_left_px              cell; always pixels, to cut it out of the image
 *     bbox_bottom_px
 *     bbox_right_px
 *     touches_border            1: it has a pixel on the image's edge and may reach beyond; else 0
 *     nucleus_area_um2          with `nuclei`: the nucleus's pixels inside the cell times the pixel's area; 0 without one
 *     intensity_mean_channel_0  with `image`, for each channel from 0: mean of its values over the cell, in the image's own
 *                               unit; NaN where one of them is
 *
 * Columns keep their names; later releases add further ones at any place, so look columns up by name.
 *
 * @param[out] out      Release with cellseg_table_free(). NULL after an error. One row per id present in `cells`, rising.
 * @param      context  NULL for defaults; need not outlive the table
 * @param      cells    label map, of any ids, in any number of parts
 * @param      nuclei   NULL, or the nuclei under the same ids: adds their columns
 * @param      image    NULL, or an image of the same size: adds intensity columns for each channel
 * @return CELLSEG_ERR_ARGUMENT  cells is NULL, or sizes differ
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Threads: any. Result: the same bytes for any thread count. Cost: three passes over the map, one over each channel. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_measure(cellseg_table **out, cellseg_context *context, const cellseg_labels *cells,
                                           const cellseg_labels *nuclei, const cellseg_image *image);

/** Release a table. NULL is legal. Since: 1.0 */
CELLSEG_API void cellseg_table_free(cellseg_table *table);
/** Rows: cells. 0 for NULL. Since: 1.0 */
CELLSEG_API size_t cellseg_table_rows(const cellseg_table *table);
/** Columns. 0 for NULL. Since: 1.0 */
CELLSEG_API size_t cellseg_table_columns(const cellseg_table *table);
/** A column's name, "area_um2"; NULL for a column that is not there. Valid until the table is freed. Since: 1.0 */
CELLSEG_API const char *cellseg_table_column_name(const cellseg_table *table, size_t column);
/** A column's values, one per row; NULL for a column that is not there. Valid until the table is freed. Since: 1.0 */
CELLSEG_API const double *cellseg_table_column(const cellseg_table *table, size_t column);

#ifdef __cplusplus
}
#endif
#endif
