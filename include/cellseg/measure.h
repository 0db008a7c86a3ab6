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

/** Groups of columns in addition to size and position. Initialise with cellseg_measure_options_init(). */
typedef struct cellseg_measure_options {
    size_t struct_size;
    int32_t shape;               /**< 1: columns of outline, ellipse, hull and Feret diameters. Default 1 */
    int32_t intensity;           /**< 1: statistics of each channel of `image`. Default 1 */
    int32_t neighbours;          /**< 1: number of touching cells. Default 0 */
    int32_t texture;             /**< 1: Haralick features of each channel of `image`. Default 0 */
    int32_t texture_levels;      /**< number of grey levels, 2 to 255. Default 32 */
    int32_t texture_distance_px; /**< distance between the pixels of a pair, 1 to 1000. Default 1 */
    double texture_low;  /**< lower end of the range that is divided into grey levels of equal width; lower values count as level
                              0. Default 0 */
    double texture_high; /**< upper end; higher values count as the last level. Both 0: each channel's 0.1 and 99.9 percentiles
                            within cells. Default 0 */
} cellseg_measure_options;

/** Set the defaults. @return CELLSEG_ERR_ARGUMENT  options is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_measure_options_init(cellseg_measure_options *options, size_t struct_size);

/** The descriptors of cellseg_measure_options. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_measure_options_table(void);

/**
 * Measure every cell.
 *
 * The columns follow in order. docs/measurements.md defines each column and gives its name in scikit-image and CellProfiler. The
 * suffixes `um` and `um2` become `px` and `px2` if the pixel size of `cells` is unknown.
 *
 *     id                        id of the cell in `cells`
 *     area_um2                  number of pixels times the area of a pixel
 *     centroid_y_um             mean position of the pixels, down and to the right from the centre of the image's first pixel
 *     centroid_x_um
 *     bbox_top_px               rows bbox_top_px <= y < bbox_bottom_px and columns bbox_left_px <= x < bbox_right_px contain
 *     bbox_left_px              the cell; always in pixels, for a crop of the image
 *     bbox_bottom_px
 *     bbox_right_px
 *     touches_border            1: a pixel lies on the image's edge, and the cell may extend beyond; else 0
 *
 * with options->shape
 *
 *     perimeter_crofton_um      length of the outline and of the outlines of holes, from counts of crossing lines
 *     form_factor               4 pi area / perimeter^2: 1 for a disc; can exceed 1 for cells of a few pixels
 *     equivalent_diameter_area_um  diameter of the disc of the same area
 *     axis_major_length_um      axes of the ellipse with the same second moments
 *     axis_minor_length_um
 *     eccentricity              eccentricity of this ellipse: 0 for a disc, 1 for a line
 *     orientation_rad           angle from the downward direction to the major axis, positive to the right, in (-pi/2, pi/2];
 *                               0 without a major axis
 *     euler_number              number of 8-connected components minus number of holes
 *     area_convex_um2           area of the pixels whose centres lie in the convex hull of the cell's edges
 *     solidity                  area / area_convex
 *     feret_diameter_max_um     largest and smallest distance between parallel lines that touch the convex image
 *     feret_diameter_min_um
 *
 * with options->neighbours
 *
 *     neighbours_touching       number of other ids next to the cell, also diagonally
 *
 * with `nuclei`
 *
 *     nucleus_area_um2          number of nucleus pixels inside the cell times the area of a pixel; 0 without a nucleus
 *     nucleus_cell_area_ratio   nucleus_area / area
 *     nuclei_count              number of nuclei: 4-connected components of the nucleus pixels inside the cell
 *
 * with `image` and options->intensity, for each channel from 0, in the unit of the image; all NaN if a value of the cell is NaN
 *
 *     intensity_mean_channel_0
 *     intensity_std_channel_0   population standard deviation
 *     intensity_min_channel_0
 *     intensity_max_channel_0
 *     intensity_median_channel_0  mean of the two middle values for an even number of pixels
 *     intensity_integrated_channel_0  sum
 *     centroid_weighted_y_um_channel_0  mean position weighted by the values; NaN if the sum of the values is 0
 *     centroid_weighted_x_um_channel_0
 *
 * with `image` and options->texture, for each channel from 0: texture_angular_second_moment_channel_0, texture_contrast,
 * texture_correlation, texture_variance, texture_inverse_difference_moment, texture_sum_average, texture_sum_variance,
 * texture_sum_entropy, texture_entropy, texture_difference_variance, texture_difference_entropy, texture_info_measure_1 and
 * texture_info_measure_2. Each is a mean over four directions. A texture column is NaN if the cell has no pair of pixels at the
 * distance, or a value that is not finite.
 *
 * The names of columns are stable. Later releases add columns at any position, so find columns by name.
 *
 * @param[out] out      one row per id present in `cells`, in increasing order; release with cellseg_table_free(). NULL after
 *                      an error
 * @param      context  NULL for defaults; need not outlive the table
 * @param      cells    label map with any ids; a cell may have several components
 * @param      nuclei   NULL, or a label map of the nuclei under the ids of their cells: adds the columns of nuclei
 * @param      image    NULL, or an image of the same size and any pixel type: adds columns for each channel, computed in double
 * @param      options  NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT  cells is NULL, sizes differ, or an option is out of range
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Threads: any. Result: the same bytes for any number of threads. Cost: three passes over the map, about six passes over the
 * cells of each channel. Memory: 32 bytes per run of pixels in a row, 4 per pixel of the cells measured at one time (8 for
 * float64), and with texture 1 per pixel. Source: Legland et al. 2007 (perimeter), Haralick et al. 1973 (texture). Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_measure(cellseg_table **out, cellseg_context *context, const cellseg_labels *cells,
                                           const cellseg_labels *nuclei, const cellseg_image *image,
                                           const cellseg_measure_options *options);

/** Release a table; NULL is allowed. Threads: any, for a table that no other call uses. Since: 1.0 */
CELLSEG_API void cellseg_table_free(cellseg_table *table);
/** Number of rows (cells); 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API size_t cellseg_table_rows(const cellseg_table *table);
/** Number of columns; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API size_t cellseg_table_columns(const cellseg_table *table);
/** Name of a column, for example "area_um2"; NULL for a missing column. Valid until the table is freed. Threads: any. Since: 1.0
 */
CELLSEG_API const char *cellseg_table_column_name(const cellseg_table *table, size_t column);
/** Values of a column, one per row; NULL for a missing column. Valid until the table is freed. Threads: any. Since: 1.0 */
CELLSEG_API const double *cellseg_table_column(const cellseg_table *table, size_t column);

#ifdef __cplusplus
}
#endif
#endif
