/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file morph.h  Morphology: rectangles and discs, reconstruction, minima, distance, components, watershed, label maps.
 *
 * Grammar, here and in filter.h: cellseg_image_<verb>() reads an image, cellseg_labels_<verb>() a label map. Arguments come in
 * one order: results, context, inputs, parameters. The index of the channel to read, from 0, follows every image.
 *
 * The following holds for every function of this header and is not repeated below.
 *
 * - Pixels: any channel of an image of any pixel type, with any row and pixel stride. Interleaved pixels are copied once, others
 *   are read in place. Float pixels must be finite; float64 pixels beyond the range of float32 are refused.
 * - Masks: images of any pixel type; 0 is background, any other value foreground. Masks of other types than uint8 are converted,
 *   which takes one byte per pixel.
 * - Results are new objects of the input's size and pixel size, to release with cellseg_image_free() and cellseg_labels_free();
 *   images have one channel. Inputs are never changed. *out is NULL after an error. Results are exact for every pixel type:
 *   values are compared as they are, and only sums and differences of floats are rounded, to the type of the result. They are the
 *   same bytes for any number of threads, processor level and compiler.
 * - Connectivity is 4 or 8: whether pixels that touch at a corner only are neighbours.
 * - CELLSEG_ERR_ARGUMENT   a pointer is NULL, a channel does not exist, inputs differ in size, or a pixel is not finite
 * - CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT   there is no memory, or the context's budget is spent
 * - CELLSEG_ERR_CANCELLED  the progress callback asked to stop
 * - Threads: any. Many calls may read one image at the same time; a context serves one call at a time.
 * - Memory, beyond the result: at most the stated bytes per pixel of the image.
 * - Since: 1.0
 */
#ifndef CELLSEG_MORPH_H
#define CELLSEG_MORPH_H

#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/options.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- erosion, dilation, and operations made of them ---- */

/**
 * Erode: every pixel becomes the smallest under a flat rectangle.
 *
 * The rectangle lies over rows y - height_px / 2 to y - height_px / 2 + height_px - 1, columns likewise; pixels outside the image
 * do not count. This is scipy.ndimage.grey_erosion().
 *
 * @param[out] out                 Of the image's pixel type. Release with cellseg_image_free().
 * @param      image               any pixel type
 * @param      channel             from 0
 * @param      height_px, width_px 1 to the image's own height and width
 * @return CELLSEG_ERR_ARGUMENT  the rectangle is larger than the image
 * Cost: the same for any rectangle, about two passes. Memory: small.
 * Source: van Herk 1992; Gil and Werman 1993.
 */
CELLSEG_API cellseg_status cellseg_image_erode(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                               int32_t channel, size_t height_px, size_t width_px);

/** Dilate: every pixel becomes the largest under the mirrored rectangle, as scipy.ndimage.grey_dilation(). Else as
 * cellseg_image_erode(). */
CELLSEG_API cellseg_status cellseg_image_dilate(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                int32_t channel, size_t height_px, size_t width_px);

/** Open: erode, then dilate. Removes bright structures that do not hold the rectangle; never above the image. Else as
 * cellseg_image_erode(). */
CELLSEG_API cellseg_status cellseg_image_opening(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                 int32_t channel, size_t height_px, size_t width_px);

/** Close: dilate, then erode. Removes dark structures that do not hold the rectangle; never below the image. Else as
 * cellseg_image_erode(). */
CELLSEG_API cellseg_status cellseg_image_closing(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                 int32_t channel, size_t height_px, size_t width_px);

/** White top-hat: the image minus its opening, which removes an uneven background. The result is uint16 for int16, uint32 for
 * int32, which hold every difference, and of the image's type for others. Memory: the image once. Else as cellseg_image_erode().
 */
CELLSEG_API cellseg_status cellseg_image_white_top_hat(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                       int32_t channel, size_t height_px, size_t width_px);

/** Black top-hat: the closing minus the image. Else as cellseg_image_white_top_hat(). */
CELLSEG_API cellseg_status cellseg_image_black_top_hat(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                       int32_t channel, size_t height_px, size_t width_px);

/** Shapes of the functions with a disc. */
enum {
    CELLSEG_DISC_EXACT = 0, /**< the pixels (dy, dx) with dy^2 + dx^2 <= radius_px^2: skimage.morphology.disk */
    CELLSEG_DISC_FAST = 1   /**< up to 8 px the same; beyond a regular octagon, at a cost that does not grow with the radius: it
                                 holds every pixel within 0.96 radius_px - 1/2 of its centre and none beyond 1.04 radius_px + 1 */
};

/**
 * Erode by a flat disc: every pixel becomes the smallest under it.
 *
 * The octagon holds the pixels with |dy| and |dx| at most s + 2 d, and |dy| + |dx| at most 2 s + 2 d, where d is 0.281 radius_px
 * and s + 2 d is 0.96 radius_px, each rounded to the nearest whole number.
 *
 * @param[out] out        Of the image's pixel type. Release with cellseg_image_free().
 * @param      image      any pixel type; pixels outside do not count
 * @param      channel    from 0
 * @param      radius_px  0 to 1000, and 2 * radius_px + 1 no larger than the image's height and width
 * @param      method     CELLSEG_DISC_EXACT or CELLSEG_DISC_FAST
 * @return CELLSEG_ERR_ARGUMENT  the disc is larger than the image, or the method is unknown
 * Cost: exact 2 * radius_px + 1 comparisons per pixel, in vectors; fast about five passes. Memory: exact small; fast from the
 * image once to 2.7 times for a disc as large as the image.
 * Source: Urbach and Wilkinson 2008, one chord per row of the disc; Adams 1993, the octagon.
 */
CELLSEG_API cellseg_status cellseg_image_erode_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                    int32_t channel, size_t radius_px, int32_t method);

/** Dilate by a flat disc. Else as cellseg_image_erode_disc(). */
CELLSEG_API cellseg_status cellseg_image_dilate_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                     int32_t channel, size_t radius_px, int32_t method);

/** Open by a flat disc: erode, then dilate. Memory: exact the image once. Else as cellseg_image_erode_disc(). */
CELLSEG_API cellseg_status cellseg_image_opening_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                      int32_t channel, size_t radius_px, int32_t method);

/** Close by a flat disc: dilate, then erode. Else as cellseg_image_opening_disc(). */
CELLSEG_API cellseg_status cellseg_image_closing_disc(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                      int32_t channel, size_t radius_px, int32_t method);

/** White top-hat by a flat disc: the image minus its opening, of the type that cellseg_image_white_top_hat() has. Else as
 * cellseg_image_opening_disc(). */
CELLSEG_API cellseg_status cellseg_image_white_top_hat_disc(cellseg_image **out, cellseg_context *context,
                                                            const cellseg_image *image, int32_t channel, size_t radius_px,
                                                            int32_t method);

/** Black top-hat by a flat disc: the closing minus the image. Else as cellseg_image_white_top_hat_disc(). */
CELLSEG_API cellseg_status cellseg_image_black_top_hat_disc(cellseg_image **out, cellseg_context *context,
                                                            const cellseg_image *image, int32_t channel, size_t radius_px,
                                                            int32_t method);

/* ---- reconstruction and minima ---- */

/**
 * Reconstruct by dilation: dilate `marker` by one pixel, take the minimum with `limit`, and so on until nothing changes.
 *
 * @param[out] out             Of the inputs' pixel type. Release with cellseg_image_free().
 * @param      marker          any pixel type; where it is above `limit` it counts as `limit`
 * @param      marker_channel  from 0
 * @param      limit           of the same size and pixel type
 * @param      limit_channel   from 0
 * @param      connectivity    4 or 8
 * @return CELLSEG_ERR_ARGUMENT  marker and limit are of different pixel types
 * Cost: a few passes for images of objects; each pixel's descent to its final value for noise. Memory: 8 bytes, 4 for float32;
 * for uint32 and int32 16 bytes, 8 for float64. Source: Vincent 1993, the hybrid algorithm.
 */
CELLSEG_API cellseg_status cellseg_image_reconstruct_dilation(cellseg_image **out, cellseg_context *context,
                                                              const cellseg_image *marker, int32_t marker_channel,
                                                              const cellseg_image *limit, int32_t limit_channel,
                                                              int32_t connectivity);

/** Reconstruct by erosion: the same with erosion and maximum; where `marker` is below `limit` it counts as `limit`. Else as
 * cellseg_image_reconstruct_dilation(). */
CELLSEG_API cellseg_status cellseg_image_reconstruct_erosion(cellseg_image **out, cellseg_context *context,
                                                             const cellseg_image *marker, int32_t marker_channel,
                                                             const cellseg_image *limit, int32_t limit_channel,
                                                             int32_t connectivity);

/**
 * h-minima: fill every minimum of depth h or less up to its rim, and every deeper one by h.
 *
 * The result is the reconstruction by erosion of image + h over the image. Sums of floats are rounded to the image's type; for
 * integers h counts as the whole number below it, and sums end at the type's largest value.
 *
 * @param[out] out           Of the image's pixel type. Release with cellseg_image_free().
 * @param      image         any pixel type
 * @param      channel       from 0
 * @param      h             0 or more, finite, in the image's units
 * @param      connectivity  4 or 8
 * @return CELLSEG_ERR_ARGUMENT  h is negative, NaN, or beyond the range of float32
 * Cost, memory: as cellseg_image_reconstruct_dilation(). Source: Soille 2003, chapter 6.
 */
CELLSEG_API cellseg_status cellseg_image_h_minima(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                  int32_t channel, double h, int32_t connectivity);

/** h-maxima: cut every maximum of height h or less down to its foot, and every higher one by h. Else as cellseg_image_h_minima().
 */
CELLSEG_API cellseg_status cellseg_image_h_maxima(cellseg_image **out, cellseg_context *context, const cellseg_image *image,
                                                  int32_t channel, double h, int32_t connectivity);

/**
 * Regional minima: the plateaus of equal value that have no lower neighbour. An image of one value is one plateau.
 *
 * @param[out] out           uint8: 1 on the minima, else 0. Release with cellseg_image_free().
 * @param      image         any pixel type
 * @param      channel       from 0
 * @param      mask          NULL, or the only pixels that exist: others are neither minima nor neighbours
 * @param      mask_channel  from 0; without a mask ignored
 * @param      connectivity  4 or 8
 * Cost: as cellseg_image_reconstruct_dilation(). Memory: 8 bytes; 16 for uint32, int32 and float64.
 */
CELLSEG_API cellseg_status cellseg_image_regional_minima(cellseg_image **out, cellseg_context *context,
                                                         const cellseg_image *image, int32_t channel, const cellseg_image *mask,
                                                         int32_t mask_channel, int32_t connectivity);

/** Regional maxima: plateaus without a higher neighbour. Else as cellseg_image_regional_minima(). */
CELLSEG_API cellseg_status cellseg_image_regional_maxima(cellseg_image **out, cellseg_context *context,
                                                         const cellseg_image *image, int32_t channel, const cellseg_image *mask,
                                                         int32_t mask_channel, int32_t connectivity);

/** Extended minima: the regional minima of the h-minima, so the minima deeper than h, each with all pixels it holds below h. `h`
 * as in cellseg_image_h_minima(); else as cellseg_image_regional_minima(). */
CELLSEG_API cellseg_status cellseg_image_extended_minima(cellseg_image **out, cellseg_context *context,
                                                         const cellseg_image *image, int32_t channel, double h,
                                                         const cellseg_image *mask, int32_t mask_channel, int32_t connectivity);

/** Extended maxima: the regional maxima of the h-maxima. Else as cellseg_image_extended_minima(). */
CELLSEG_API cellseg_status cellseg_image_extended_maxima(cellseg_image **out, cellseg_context *context,
                                                         const cellseg_image *image, int32_t channel, double h,
                                                         const cellseg_image *mask, int32_t mask_channel, int32_t connectivity);

/* ---- masks ---- */

/**
 * Fill holes: background that is not connected to the image's border becomes foreground.
 *
 * @param[out] out           uint8: 1 where a hole was; elsewhere the values of a uint8 mask, and 0 and 1 for a mask of another
 * type. Release with cellseg_image_free().
 * @param      mask          any pixel type
 * @param      channel       from 0
 * @param      connectivity  of the background: 4 closes holes behind foreground that touches at corners only; 8 does not
 * Cost: two passes. Memory: at most 6 bytes, for a checkerboard; small for objects.
 */
CELLSEG_API cellseg_status cellseg_image_fill_holes(cellseg_image **out, cellseg_context *context, const cellseg_image *mask,
                                                    int32_t channel, int32_t connectivity);

/**
 * Exact Euclidean distance, in pixels, of every foreground pixel to the nearest background pixel; 0 on the background.
 *
 * Pixels outside the image are not background; a mask without background has infinity everywhere. Squared distances are exact,
 * the root is correctly rounded: scipy.ndimage.distance_transform_edt() rounded to float32.
 *
 * @param[out] out      float32. Release with cellseg_image_free().
 * @param      mask     any pixel type
 * @param      channel  from 0
 * Cost: two passes, and a few operations per foreground pixel. Memory: small.
 * Source: Meijster, Roerdink and Hesselink 2000; Felzenszwalb and Huttenlocher 2012.
 */
CELLSEG_API cellseg_status cellseg_image_distance(cellseg_image **out, cellseg_context *context, const cellseg_image *mask,
                                                  int32_t channel);

/**
 * Nearest-feature transform: which background pixel is nearest to each pixel.
 *
 * @param[out] out      uint32: row * width + column of the nearest background pixel. Of several equally near the one of the
 * smallest column is chosen, and in it that of the smallest row. A background pixel has its own place. Release with
 * cellseg_image_free().
 * @param      mask     any pixel type
 * @param      channel  from 0
 * @return CELLSEG_ERR_ARGUMENT  the mask has no background
 * @return CELLSEG_ERR_LIMIT     the image has more pixels than a uint32 counts
 * Cost, source: as cellseg_image_distance(). Memory: small.
 */
CELLSEG_API cellseg_status cellseg_image_nearest(cellseg_image **out, cellseg_context *context, const cellseg_image *mask,
                                                 int32_t channel);

/**
 * Connected components of a mask.
 *
 * @param[out] out           Ids 1 to n in raster order of each component's first pixel. Release with cellseg_labels_free().
 * @param      mask          any pixel type
 * @param      channel       from 0
 * @param      connectivity  4 or 8
 * @return CELLSEG_ERR_LIMIT  more components than a label id can count
 * Cost: two passes. Memory: at most 6 bytes, for a checkerboard; small for objects. Source: He, Chao and Suzuki 2008.
 */
CELLSEG_API cellseg_status cellseg_image_components(cellseg_labels **out, cellseg_context *context, const cellseg_image *mask,
                                                    int32_t channel, int32_t connectivity);

/* ---- watershed ---- */

/** Fill with cellseg_watershed_options_init(). */
typedef struct cellseg_watershed_options {
    size_t struct_size;   /**< sizeof of this struct where the caller was compiled */
    int32_t connectivity; /**< 4 or 8; default 8 */
    int32_t lines;        /**< 1: leave a line of 0 between basins; default 0 */
} cellseg_watershed_options;

/** Write the defaults. @return CELLSEG_ERR_ARGUMENT  options is NULL or struct_size too small. */
CELLSEG_API cellseg_status cellseg_watershed_options_init(cellseg_watershed_options *options, size_t struct_size);

/** The descriptors of cellseg_watershed_options. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_watershed_options_table(void);

/**
 * Seeded watershed: grow labels over a relief, lowest pixels first, until they meet.
 *
 * The result is defined to the pixel. There is one queue, ordered by (relief, time of entry). At first the seeds' pixels enter
 * the queue in raster order. Then, again and again, the first pixel leaves the queue. Those of its neighbours that lie in the
 * mask and have not yet entered enter the queue, in the order up, left, right, down, and with connectivity 8 then up left, up
 * right, down left, down right.
 *
 * Without lines a pixel takes, as it enters, the label of the pixel that let it in. With lines it takes its label as it leaves
 * the queue: that of its labelled neighbours if they all have the same; otherwise it stays 0, and lets no pixel in. Seeds keep
 * their labels, so that no line lies between seeds that touch. The order is that of skimage.segmentation.watershed(), which
 * leaves ties between seeds open.
 *
 * @param[out] out           Ids of `seeds`; 0 where no basin arrived, outside the mask and on lines. Release with
 * cellseg_labels_free().
 * @param      seeds         ids where basins begin, 0 elsewhere; one id may have several components; seeds outside the mask do
 * not count
 * @param      relief        any pixel type; low first
 * @param      channel       of relief, from 0
 * @param      mask          NULL, or where basins may grow
 * @param      mask_channel  from 0; without a mask ignored
 * @param      options       NULL for defaults
 * @return CELLSEG_ERR_LIMIT  the image has 2^31 pixels or more
 * Cost: linear in the mask's pixels. The mask's connected components flood side by side, and a component with a single id takes
 * that id without a flood; without a mask, or in one large component, the flood is serial. Memory: 12 bytes; for float64 32
 * bytes. Source: Beucher and Meyer 1993.
 */
CELLSEG_API cellseg_status cellseg_labels_watershed(cellseg_labels **out, cellseg_context *context, const cellseg_labels *seeds,
                                                    const cellseg_image *relief, int32_t channel, const cellseg_image *mask,
                                                    int32_t mask_channel, const cellseg_watershed_options *options);

/* ---- label maps: ids need not be in sequence, and may be of any size ---- */

/** Number ids 1 to n in raster order of each object's first pixel. Cost: two passes. Memory: small. */
CELLSEG_API cellseg_status cellseg_labels_relabel(cellseg_labels **out, cellseg_context *context, const cellseg_labels *labels);

/** Remove objects of fewer than `area_min_px` pixels; the others keep their ids. Cost: two passes. Memory: small. */
CELLSEG_API cellseg_status cellseg_labels_remove_small(cellseg_labels **out, cellseg_context *context,
                                                       const cellseg_labels *labels, uint64_t area_min_px);

/** Remove objects with a pixel at most `margin_px` pixels from the image's outermost ones (0: on them); the others keep their
 * ids. Cost: two passes. Memory: small. */
CELLSEG_API cellseg_status cellseg_labels_clear_border(cellseg_labels **out, cellseg_context *context,
                                                       const cellseg_labels *labels, size_t margin_px);

/** Fill holes: background enclosed by one object alone, and not touching the image's border, takes that object's id. Holes are
 * 4-connected. Cost: two passes. Memory: at most 6 bytes. */
CELLSEG_API cellseg_status cellseg_labels_fill_holes(cellseg_labels **out, cellseg_context *context,
                                                     const cellseg_labels *labels);

/**
 * Expand: background takes the id of the nearest object's pixel, if that pixel is no farther than `distance_px`.
 *
 * @param distance_px  0 or more. Of several equally near pixels the one that cellseg_image_nearest() chooses counts.
 * @return CELLSEG_ERR_ARGUMENT  distance_px is negative or not finite
 * @return CELLSEG_ERR_LIMIT     the map has more pixels than a uint32 counts
 * Cost: as cellseg_image_distance(). Memory: 5 bytes.
 */
CELLSEG_API cellseg_status cellseg_labels_expand(cellseg_labels **out, cellseg_context *context, const cellseg_labels *labels,
                                                 double distance_px);

/** A part of each cell. */
enum {
    CELLSEG_COMPARTMENT_NUCLEUS = 1,   /**< pixels of the cell that the map of nuclei has under the same id */
    CELLSEG_COMPARTMENT_CYTOPLASM = 2, /**< pixels of the cell outside its nucleus; all of a cell without one */
    CELLSEG_COMPARTMENT_RING = 3       /**< pixels of the cytoplasm near the nucleus */
};

/**
 * Select a part of each cell, under the cell's id: a label map to measure, for instance.
 *
 * A pixel of the cytoplasm belongs to the ring if the nearest pixel of all nuclei belongs to the same cell, at a distance of at
 * most `ring_px`: as cellseg_labels_expand() of the nuclei, within their cells.
 *
 * @param cells        any ids
 * @param nuclei       the nuclei under the ids of their cells; other pixels do not count
 * @param compartment  CELLSEG_COMPARTMENT_NUCLEUS, _CYTOPLASM or _RING
 * @param ring_px      width of the ring, 0 or more; ignored for the others
 * @return CELLSEG_ERR_ARGUMENT  an unknown compartment, or ring_px is negative or not finite
 * @return CELLSEG_ERR_LIMIT     for the ring, the map has more pixels than a uint32 counts
 * Cost: one pass; for the ring, as cellseg_image_distance(). Memory: small; for the ring 9 bytes.
 */
CELLSEG_API cellseg_status cellseg_labels_compartment(cellseg_labels **out, cellseg_context *context, const cellseg_labels *cells,
                                                      const cellseg_labels *nuclei, int32_t compartment, double ring_px);

/** Which pixels are boundaries; as scikit-image's find_boundaries() has it. */
enum {
    CELLSEG_BOUNDARY_INNER = 1, /**< pixels of objects with a neighbour of another id, background included */
    CELLSEG_BOUNDARY_OUTER = 2, /**< background with an object for a neighbour, and where two objects meet both sides */
    CELLSEG_BOUNDARY_THICK = 3  /**< every pixel with a neighbour of another id */
};

/**
 * Find boundaries.
 *
 * @param[out] out           uint8: 1 on boundaries, else 0. Release with cellseg_image_free().
 * @param      kind          CELLSEG_BOUNDARY_INNER, _OUTER or _THICK
 * @param      connectivity  of the neighbours; for OUTER, objects meet at corners too
 * @return CELLSEG_ERR_ARGUMENT  an unknown kind
 * Cost: one pass. Memory: small.
 */
CELLSEG_API cellseg_status cellseg_labels_boundaries(cellseg_image **out, cellseg_context *context, const cellseg_labels *labels,
                                                     int32_t kind, int32_t connectivity);

/**
 * Check the properties of every pair of label maps that this library makes, and find the first violation, in this order: every
 * cell is one 8-connected component; the cells' ids are 1 to n without gaps; and, where `nuclei` is given, the ids of nuclei are
 * too, each of one or more components; every nucleus lies inside the cell of the same id; no cell is without a nucleus.
 *
 * @param[out] violation  One line that names the object and the place, "cell 7 has two components, at row 3, column 5 and at row
 * 9, column 0"; "" without a violation. Cut to fit; "" after an error.
 * @param      size       bytes at `violation`, at least 1; 128 hold every line
 * @param      nuclei     NULL, or of the same size
 * @return CELLSEG_OK  with and without a violation
 * @return CELLSEG_ERR_LIMIT  the map has 2^32 pixels or more
 * Cost: a few passes. Memory: 4 bytes per pixel.
 */
CELLSEG_API cellseg_status cellseg_labels_check(char *violation, size_t size, cellseg_context *context,
                                                const cellseg_labels *cells, const cellseg_labels *nuclei);

#ifdef __cplusplus
}
#endif
#endif
