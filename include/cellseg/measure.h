/* SPDX-License-Identifier: BSD-3-Clause */
/** @file measure.h  A table of measurements, one row per cell. */
#ifndef CELLSEG_MEASURE_H
#define CELLSEG_MEASURE_H

#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/options.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Measurements besides size and position. Fill with cellseg_measure_options_init(). */
typedef struct cellseg_measure_options {
    size_t struct_size;
    int32_t shape;               /**< 1: outline, ellipse, hull and Feret diameters; default 1 */
    int32_t intensity;           /**< 1: statistics of each channel of `image`; default 1 */
    int32_t neighbours;          /**< 1: the number of cells that each cell touches; default 0 */
    int32_t texture;             /**< 1: Haralick's features of each channel of `image`; default 0 */
    int32_t texture_levels;      /**< grey levels, 2 to 255; default 32 */
    int32_t texture_distance_px; /**< between the pixels of a pair, 1 to 1000; default 1 */
    double texture_low;          /**< texture_low to texture_high is divided into grey levels of equal width; values outside */
    double texture_high;         /**< count as the first or last level; both 0, the default: each channel's range within cells */
} cellseg_measure_options;

/** Write the defaults. @return CELLSEG_ERR_ARGUMENT  options is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_measure_options_init(cellseg_measure_options *options, size_t struct_size);

/** The descriptors of cellseg_measure_options. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_measure_options_table(void);

/**
 * Measure every cell.
 *
 * Columns, in this order; docs/measurements.md defines each and gives its name in scikit-image and CellProfiler. `um` and `um2`
 * read `px` and `px2` when the pixel size of `cells` is unknown.
 *
 *     id                        the cell's id in `cells`
 *     area_um2                  number of pixels times the pixel's area
 *     centroid_y_um             mean position of the pixels, down and to the right from the centre of the first pixel
 *     centroid_x_um
 *     bbox_top_px               rows bbox_top_px <= y < bbox_bottom_px, columns bbox_left_px <= x < bbox_right_px hold the
 *     bbox_left_px              cell; always in pixels, for cropping
 *     bbox_bottom_px
 *     bbox_right_px
 *     touches_border            1: a pixel is on the image's edge, so that the cell may extend beyond; else 0
 *
 * with options->shape
 *
 *     perimeter_crofton_um      length of the outline and of the holes' outlines, from their crossings with lines
 *     form_factor               4 pi area / perimeter^2: 1 for a disc; may exceed 1 for a few pixels
 *     equivalent_diameter_area_um  diameter of the disc of the same area
 *     axis_major_length_um      axes of the ellipse with the same second moments
 *     axis_minor_length_um
 *     eccentricity              of that ellipse: 0 for a disc, 1 for a line
 *     orientation_rad           angle from the image's columns' direction (down) to its major axis, positive towards the right,
 *                               in (-pi/2, pi/2]; 0 without a major axis
 *     euler_number              8-connected components minus holes
 *     area_convex_um2           pixels whose centres lie in the hull of the cell's edges
 *     solidity                  area / area_convex
 *     feret_diameter_max_um     largest and smallest distance between parallel lines that touch the convex image
 *     feret_diameter_min_um
 *
 * with options->neighbours
 *
 *     neighbours_touching       number of other ids next to the cell, diagonals included
 *
 * with `nuclei`
 *
 *     nucleus_area_um2          the nucleus's pixels inside the cell times the pixel's area; 0 without one
 *     nucleus_cell_area_ratio   nucleus_area / area
 *
 * with `image` and options->intensity, for each channel from 0, in the image's own unit; all NaN if a value is NaN
 *
 *     intensity_mean_channel_0
 *     intensity_std_channel_0   population standard deviation
 *     intensity_min_channel_0
 *     intensity_max_channel_0
 *     intensity_median_channel_0  of an even number: mean of the middle two
 *     intensity_integrated_channel_0  sum
 *     centroid_weighted_y_um_channel_0  mean position weighted by the values; NaN if their sum is 0
 *     centroid_weighted_x_um_channel_0
 *
 * with `image` and options->texture, for each channel from 0: texture_angular_second_moment_channel_0, texture_contrast,
 * texture_correlation, texture_variance, texture_inverse_difference_moment, texture_sum_average, texture_sum_variance,
 * texture_sum_entropy, texture_entropy, texture_difference_variance, texture_difference_entropy, texture_info_measure_1 and
 * texture_info_measure_2: means over four directions; NaN without a pair of pixels at that distance, or if a value is
 * not finite.
 *
 * Columns keep their names; later releases may add columns at any position, so find columns by name.
 *
 * @param[out] out      Release with cellseg_table_free(). NULL after an error. One row per id present in `cells`, ascending.
 * @param      context  NULL for defaults; need not outlive the table
 * @param      cells    label map of any ids; an id may have several components
 * @param      nuclei   NULL, or the nuclei under the same ids: adds their columns
 * @param      image    NULL, or an image of the same size: adds columns for each channel
 * @param      options  NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT  cells is NULL, sizes differ, or an option is out of range
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Threads: any. Result: the same bytes for any thread count. Cost: three passes over the map, some six over each channel's cells.
 * Memory: 32 bytes per run of pixels in a row, 4 per pixel of the cells measured at one time, 1 per pixel with texture.
 * Source: Legland et al. 2007 (perimeter), Haralick et al. 1973 (texture). Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_measure(cellseg_table **out, cellseg_context *context, const cellseg_labels *cells,
                                           const cellseg_labels *nuclei, const cellseg_image *image,
                                           const cellseg_measure_options *options);

/** Release a table. NULL is legal. Threads: any, when no call uses the table. Since: 1.0 */
CELLSEG_API void cellseg_table_free(cellseg_table *table);
/** Number of rows, one per cell; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API size_t cellseg_table_rows(const cellseg_table *table);
/** Number of columns; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API size_t cellseg_table_columns(const cellseg_table *table);
/** The name of a column, "area_um2"; NULL beyond the last. Valid until the table is freed. Threads: any. Since: 1.0 */
CELLSEG_API const char *cellseg_table_column_name(const cellseg_table *table, size_t column);
/** The values of a column, one per row; NULL beyond the last. Valid until the table is freed. Threads: any. Since: 1.0 */
CELLSEG_API const double *cellseg_table_column(const cellseg_table *table, size_t column);

#ifdef __cplusplus
}
#endif
#endif
