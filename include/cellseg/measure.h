/* SPDX-License-Identifier: BSD-3-Clause */
/** @file measure.h  A table of measurements, one row per cell; outlines of cells as polygons. */
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
    size_t struct_size;          /**< sizeof of this struct where the caller was compiled */
    int32_t shape;               /**< 1: columns of outline, ellipse, hull and Feret diameters. Default 1 */
    int32_t intensity;           /**< 1: statistics of each channel of `image`. Default 1 */
    int32_t neighbours;          /**< 1: touching and closest cells. Default 0 */
    int32_t texture;             /**< 1: Haralick features of each channel of `image`. Default 0 */
    int32_t texture_levels;      /**< number of grey levels, 2 to 255. Default 32 */
    int32_t texture_distance_px; /**< distance between the pixels of a pair, 1 to 1000. Default 1 */
    double texture_low;  /**< lower end of the range that is divided into grey levels of equal width; lower values count as level
                              0. Default 0 */
    double texture_high; /**< upper end; higher values count as the last level. Both 0: each channel's 0.1 and 99.9 percentiles
                            within cells. Default 0 */
    int32_t radial;      /**< 1: how each channel lies between the middle of a cell and its edge. Default 0 */
    int32_t granularity; /**< 1: spectrum of the sizes of bright structures in each channel. Default 0 */
    uint64_t granularity_step_px; /**< granularity reads every so many-th row and column, 1 to 64. Default 4 */
    int32_t zernike;              /**< 1: Zernike moments of the shape and of each channel. Default 0 */
    int32_t intensity_detail;     /**< 1: further statistics of each channel, also of the cell's edge. Default 0 */
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
 * with options->zernike
 *
 *     zernike_0_0 to zernike_9_9  magnitude of the Zernike moment of order n and repetition m, n from 0 to 9, m <= n of the same
 *                               parity, in the smallest circle round the pixels' centres; NaN for a single pixel
 *
 * with options->neighbours
 *
 *     neighbours_touching       number of other ids next to the cell, also diagonally
 *     touching_percent          of the pixels of the outline, which are next to another id or none or on the image's edge, those
 *                               next to another cell
 *     neighbour_first_id        id of the cell with the closest centroid, of equally close ones the smallest; NaN without one
 *     neighbour_first_distance_um  distance of the centroids
 *     neighbour_second_id       the same of the cell with the next closest centroid
 *     neighbour_second_distance_um
 *     neighbours_angle_rad      angle between the directions to these two, 0 to pi
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
 * with `image` and options->intensity_detail, for each channel from 0; all NaN if a value of the cell is NaN
 *
 *     intensity_quartile_lower_channel_0  linear between the values next to place (n - 1) / 4 of the n sorted ones
 *     intensity_quartile_upper_channel_0  the same of place 3 (n - 1) / 4
 *     intensity_mad_channel_0   median of the absolute differences from the median; NaN if the median is not finite
 *     intensity_displacement_um_channel_0  from the centroid to the centroid weighted by the values
 *     intensity_edge_mean_channel_0  statistics of the edge: the pixels with a pixel of another id or none next to them, not
 *     intensity_edge_std_channel_0   diagonally; NaN without such pixels
 *     intensity_edge_min_channel_0
 *     intensity_edge_max_channel_0
 *     intensity_edge_integrated_channel_0
 *
 * with `image` and options->texture, for each channel from 0: texture_angular_second_moment_channel_0, texture_contrast,
 * texture_correlation, texture_variance, texture_inverse_difference_moment, texture_sum_average, texture_sum_variance,
 * texture_sum_entropy, texture_entropy, texture_difference_variance, texture_difference_entropy, texture_info_measure_1 and
 * texture_info_measure_2. Each is a mean over four directions. A texture column is NaN if the cell has no pair of pixels at the
 * distance, or a value that is not finite.
 *
 * with `image` and options->radial, for each channel from 0, for four rings k from the cell's middle to its edge
 *
 *     radial_fraction_1_of_4_channel_0  the ring's part of the cell's sum of values; NaN if this is 0
 *     radial_mean_fraction_1_of_4_channel_0  the same over the ring's part of the cell's pixels; 0 for a ring without pixels
 *     radial_cv_1_of_4_channel_0  standard deviation over mean of the means of the ring's eight wedges; 0 without pixels
 *
 * with `image` and options->granularity, for each channel from 0
 *
 *     granularity_1_channel_0 to granularity_16_channel_0  loss of mean value, in percent of the cell's mean, as an opening by
 *                               reconstruction grows from size k - 1 to k, in steps of options->granularity_step_px; NaN if the
 *                               image has fewer than two such steps along a side, or the cell a value that is not finite
 *
 * with `image` and options->zernike, for each channel from 0
 *
 *     zernike_magnitude_0_0_channel_0  magnitude of the moment of the values over the number of pixels, orders as above
 *     zernike_phase_0_0_rad_channel_0  angle whose tangent is the real over the imaginary part of this moment
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
 * cells of each channel, about twice as much for each of radial, granularity and zernike. Memory: 32 bytes per run of pixels in a
 * row, 4 per pixel of the cells measured at one time (8 for float64), with texture 1 per pixel, with radial 13 per pixel, with
 * granularity 69 per pixel that is read. Source: Legland et al. 2007 (perimeter), Haralick et al. 1973 (texture), Ravkin and
 * Temov 1988 (granularity), Boland et al. 1998 (Zernike). Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_measure(cellseg_table **out, cellseg_context *context, const cellseg_labels *cells,
                                           const cellseg_labels *nuclei, const cellseg_image *image,
                                           const cellseg_measure_options *options);

/** What is measured. Initialise with cellseg_measure_inputs_init(). Everything is borrowed for the length of the call. */
typedef struct cellseg_measure_inputs {
    size_t struct_size;                        /**< sizeof of this struct where the caller was compiled */
    const cellseg_labels *cells;               /**< label map with any ids, which are the rows */
    const cellseg_labels *nuclei;              /**< NULL, or a label map of the nuclei under the ids of their cells */
    const cellseg_image *const *images;        /**< images of the size of `cells`, each of any pixel type. Their channels have one
                                                  numbering: those of the first image, then those of the second, and so on */
    size_t image_count;                        /**< number of images. Default 0 */
    const cellseg_labels *const *compartments; /**< further label maps of the size of `cells`, for instance compartments */
    const char *const *compartment_names;      /**< a name for each: 1 to 31 letters, digits and underscores */
    size_t compartment_count;                  /**< number of compartments. Default 0 */
    size_t channel_names;    /**< 1: in names of columns a channel's own name stands for "channel_<number>". Default 0 */
    const int32_t *channels; /**< numbers of the channels to measure, in the order of their columns. Default NULL: all */
    size_t channel_count;    /**< number of channels; not read if `channels` is NULL. Default 0 */
} cellseg_measure_inputs;

/** Set the defaults. @return CELLSEG_ERR_ARGUMENT  inputs is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_measure_inputs_init(cellseg_measure_inputs *inputs, size_t struct_size);

/**
 * Measure every cell in the channels of several images, and compartments of every cell: one table for all.
 *
 * The first columns are those of cellseg_measure(), for all channels of all images. The columns of each compartment follow: its
 * name, a dot and the name of the column, "nucleus.area_um2". They are the same but for those of nuclei and neighbours. Rows are
 * joined by id: a cell without pixels in the compartment has NaN there, and ids that no cell has are left out. A compartment is
 * any label map under the ids of the cells; cellseg_labels_compartment() makes nucleus, cytoplasm and ring. The range of
 * texture, where the options do not set one, is that of the compartment's pixels.
 *
 * With inputs->channel_names a channel's column ends with its name, "intensity_mean_DAPI", with underscores for ASCII characters
 * that are no letter or digit. The number stands there for a channel without a name, with one of more than 40 bytes, with one
 * that begins with "channel_", or with the name of an earlier channel.
 *
 * @param[out] out      as cellseg_measure()
 * @param      context  NULL for defaults; need not outlive the table
 * @param      inputs   at most 65536 images and as many compartments
 * @param      options  NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT  inputs, its cells, an image or a compartment is NULL, sizes differ, a compartment's name is no
 * word or taken, a channel is absent or chosen twice, or an option is out of range
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Threads: any. Result: the same bytes for any number of threads. Cost and memory: as cellseg_measure() for the cells and then
 * for each compartment. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_measure_all(cellseg_table **out, cellseg_context *context,
                                               const cellseg_measure_inputs *inputs, const cellseg_measure_options *options);

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

/** Unit of the points of outlines. */
enum {
    CELLSEG_OUTLINE_PX = 0, /**< pixels */
    CELLSEG_OUTLINE_UM = 1  /**< micrometres */
};

/** Options of outlines. Initialise with cellseg_outline_options_init(). */
typedef struct cellseg_outline_options {
    size_t struct_size; /**< sizeof of this struct where the caller was compiled */
    int32_t smooth;     /**< 0: along the edges of pixels, exactly; 1: smooth lines that enclose the same area. Default 0 */
    int32_t unit;       /**< CELLSEG_OUTLINE_PX or CELLSEG_OUTLINE_UM. Default CELLSEG_OUTLINE_PX */
} cellseg_outline_options;

/** Set the defaults. @return CELLSEG_ERR_ARGUMENT  options is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_outline_options_init(cellseg_outline_options *options, size_t struct_size);

/** The descriptors of cellseg_outline_options. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_outline_options_table(void);

/**
 * Find the outlines of every label.
 *
 * The origin is the outer corner of the image's first pixel; x points to the right and y down. Pixel (y, x) covers the square
 * from (x, y) to (x + 1, y + 1), and its centre is (x + 0.5, y + 0.5).
 *
 * An outline is a ring of points; the last is joined to the first, which is not repeated. A polygon is one outer ring and the
 * rings of its holes, which follow it. Every 4-connected component of a label is a polygon, so that a label may have several.
 * Outer rings have a positive area in the sum of x1 y2 - x2 y1 over their edges, holes a negative one: this is the orientation of
 * RFC 7946, counter-clockwise where y points up. Labels come in increasing order, polygons of a label in raster order of their
 * first pixels.
 *
 * Pixel edges (options->smooth 0): points are the corners of the outline, whole numbers of pixels. The area is exactly that of
 * the label. No ring touches itself; two rings of a label may share single corners, where pixels touch diagonally.
 *
 * Smooth (options->smooth 1): one point per pixel edge. The middles of the edges are filtered along the outline by (1, 2, 1) / 4
 * four times, which is close to a Gaussian of sqrt(2) px; each ring is then scaled about the mean of its points to its exact
 * area. Points are rounded to 0.001 px. Outlines of touching cells may overlap by a fraction of a pixel.
 *
 * @param[out] out      release with cellseg_outlines_free(). NULL after an error
 * @param      context  NULL for defaults; need not outlive the outlines
 * @param      labels   label map with any ids
 * @param      options  NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT  labels is NULL, an option is out of range, or the unit is um and the pixel size unknown
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Threads: any. Result: the same bytes for any number of threads. Cost: two passes over the map, then linear in the length of the
 * outlines. Memory: 32 bytes per run of pixels in a row, about 150 more per run of the labels in work, 32 per point.
 * Source: Rosenfeld and Kak 1982 (crack following), Lorensen and Cline 1987 (smooth). Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_labels_outlines(cellseg_outlines **out, cellseg_context *context, const cellseg_labels *labels,
                                                   const cellseg_outline_options *options);

/** Release outlines; NULL is allowed. Threads: any, for outlines that no other call uses. Since: 1.0 */
CELLSEG_API void cellseg_outlines_free(cellseg_outlines *outlines);
/** Number of rings; 0 for NULL. Threads: any, as for all that only reads outlines. Since: 1.0 */
CELLSEG_API size_t cellseg_outlines_rings(const cellseg_outlines *outlines);
/** Id of each ring's label; NULL for NULL. Valid until the outlines are freed, as are all arrays of outlines. Since: 1.0 */
CELLSEG_API const uint32_t *cellseg_outlines_ids(const cellseg_outlines *outlines);
/** For each ring 1 if the ring is a hole of the last outer ring before it, else 0. NULL for NULL. Since: 1.0 */
CELLSEG_API const int32_t *cellseg_outlines_holes(const cellseg_outlines *outlines);
/** Ring i has the points offsets[i] to offsets[i + 1] - 1, at least four; one more than there are rings. NULL for NULL.
 * Since: 1.0 */
CELLSEG_API const size_t *cellseg_outlines_offsets(const cellseg_outlines *outlines);
/** x and y of every point: x0, y0, x1, y1, ... NULL for NULL. Since: 1.0 */
CELLSEG_API const double *cellseg_outlines_points(const cellseg_outlines *outlines);
/** Height of the label map in the unit of the points; 0 for NULL. Since: 1.0 */
CELLSEG_API double cellseg_outlines_height(const cellseg_outlines *outlines);
/** Width of the label map in the unit of the points; 0 for NULL. Since: 1.0 */
CELLSEG_API double cellseg_outlines_width(const cellseg_outlines *outlines);

#ifdef __cplusplus
}
#endif
#endif
