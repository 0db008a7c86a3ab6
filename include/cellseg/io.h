/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file io.h  Reading of images; writing of images, label maps, tables, outlines and pictures.
 *
 * Every writer has two forms: one takes a path, the other (_to) a cellseg_writer (stream.h), which gets the same bytes.
 *
 * A path's file is first written as ".cellseg-<process>-<n>.tmp" in the target's folder, and renamed after all its bytes are on
 * the disk. After an error, the target is unchanged and no temporary file remains. A process that is killed leaves its
 * temporary file; the file is locked with flock() while its process lives. A file may be removed by who has locked it, if the
 * locked file still has the name.
 * A target that is not a regular file is never replaced. A file that is replaced keeps its permissions; a new one has those of
 * the process's mask. A symbolic link is replaced by the file, and what the link named stays. Other hard links of a replaced
 * file keep the old content.
 */
#ifndef CELLSEG_IO_H
#define CELLSEG_IO_H

#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/measure.h>
#include <cellseg/options.h>
#include <cellseg/stream.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Value of cellseg_read_options.z: the greatest value of each pixel over all slices. */
enum {
    CELLSEG_Z_MAX = -2 /**< maximum projection */
};

/** Options of reading. Initialise with cellseg_read_options_init(). */
typedef struct cellseg_read_options {
    size_t struct_size;   /**< sizeof of this struct where the caller was compiled */
    double pixel_size_um; /**< edge of a pixel; overrides the file's pixel size. 0: the file's pixel size, if any. Default 0 */
    uint64_t max_bytes;   /**< limit of the size of the pixels; 0: 16 GiB. Default 0 */
    int32_t series;       /**< which image of a file that holds several, from 0; -1: the only one. Default -1 */
    int32_t z;            /**< slice of a stack, from 0; CELLSEG_Z_MAX: the greatest value; -1: the only one. Default -1 */
    int32_t t;            /**< time point, from 0; -1: the only one. Default -1 */
    int32_t force;        /**< 1: pixel_size_um wins also over a file's that is more than twice or less than half. Default 0 */
    double level_um;      /**< level of a pyramid: pixels nearest this size; 0: the full level. Default 0 */
} cellseg_read_options;

/** Set the defaults. @return CELLSEG_ERR_ARGUMENT  options is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_read_options_init(cellseg_read_options *options, size_t struct_size);

/** The descriptors of cellseg_read_options. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_read_options_table(void);

/**
 * Read a PNG or TIFF file; the content determines the format.
 *
 * PNG: grey of 1 to 16 bits (depths below 8 keep their values), RGB, palette (as RGB); interlaced or not. Alpha is dropped.
 *
 * TIFF: strips or tiles, BigTIFF, both byte orders, every compression of libtiff except old JPEG (6). Samples (interleaved or
 * planar), then pages of the same size and type, become channels. Absent strips and tiles (offset and size 0) are zeros. Samples
 * keep their values; the pixel type follows from them:
 * - unsigned integers of 1 to 8 bits are uint8, of 9 to 16 bits uint16, of 17 to 32 bits uint32;
 * - signed integers of 2 to 16 bits are int16, of 17 to 32 bits int32;
 * - floats of 16, 24 and 32 bits are float32, of 64 bits float64;
 * - integers of 64 bits are float64, which holds them up to 2^53; a larger one is an error that names the number.
 * Min-is-white is inverted: the least value of the samples' depth becomes the greatest (-1 - v for signed ones); it is an error
 * for floats and 64-bit integers. A TIFF palette is for display only; its indices are the pixels.
 *
 * Pages marked as thumbnails or masks are skipped. So are smaller levels of a pyramid: pages marked as reduced, SubIFDs, and,
 * in files without OME-XML, plain pages whose edges are those of the largest page divided by one number, at least 1.5 (with a
 * warning). With options->level_um the level whose pixels are nearest that size is read in place of the full page; the image has
 * the level's pixel size. Then options->pixel_size_um, if given, is that of the full page.
 *
 * A directory, a tag that is used, or a table of strips or tiles that contradicts itself, the page or the file's size is an
 * error. So is a wrong checksum where the compression has one (deflate; Zstandard and LZMA if written), and a predictor with a
 * compression that has none. A file that changes while it is read is CELLSEG_ERR_IO.
 *
 * Rejected: other colour models, and complex samples.
 *
 * Planes: the file's text orders them. OME-XML places pages by TiffData, with the defaults of the OME model 2016-06; ImageJ's
 * description states channels, slices and time points, also of planes behind the only page; so do MetaMorph's tags and tifffile's
 * description. Without such a text all pages are channels. Of several images (series), slices (Z) or time points (T) one is read:
 * the one that the options choose, or the only one. A file that describes planes of other files gives the channels that it holds,
 * with a warning. Channels have the names that OME-XML states (cellseg_image_channel_name()). OME-XML that is broken, or that
 * declares entities, is an error where it orders several pages, and a warning where there is one.
 *
 * Pixel size: from OME-XML (PhysicalSizeX, PhysicalSizeY), ImageJ's unit and resolution, MetaMorph's spatial calibration, and the
 * resolution tags (pHYs in PNG). Sizes of 0.01 to 20 um are believed, the range of light microscopes; other sizes, and units that
 * are unknown, are not stated and give a warning. A single source of exactly 1 um gives a warning. Resolution tags count only up
 * to 5 um: larger values belong to a printer (72 per inch) or to the camera without the microscope. What this library wrote is
 * believed. Two sources that differ by more than 1 % are an error that names the sources. So are pixels whose edges differ by
 * more than 1 %. options->pixel_size_um overrides all sources and prevents both errors. A warning tells that it differs from the
 * nearest source by more than 1 %; beyond twice or half of it options->force must be 1.
 *
 * Warnings go to the context's log, with CELLSEG_LOG_WARNING.
 *
 * @param[out] out      the image; release with cellseg_image_free(). NULL after an error
 * @param      context  NULL for defaults. libtiff's codecs use their own allocator: at most the size of a strip or tile and 256
 * MB at a time
 * @param      path     path of a regular file, UTF-8
 * @param      options  NULL for defaults
 * @return CELLSEG_ERR_IO      the file cannot be opened or read, or is a directory or a device
 * @return CELLSEG_ERR_FORMAT  the content is unknown, damaged or unsupported, pixel sizes disagree, pages differ, text and pages
 *                             contradict each other, several images, slices or time points are there and none is chosen, a
 *                             chosen plane lies in another file, or the file is smaller than the pixels that its header declares
 * @return CELLSEG_ERR_ARGUMENT  an option is out of range, or of what the file holds; a pixel size needs force
 * @return CELLSEG_ERR_LIMIT   the image exceeds max_bytes or the memory budget; CELLSEG_ERR_MEMORY, CELLSEG_ERR_CANCELLED
 * Every message contains the path. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_read(cellseg_image **out, cellseg_context *context, const char *path,
                                              const cellseg_read_options *options);

/** Read an image as cellseg_image_read(), through a reader (stream.h). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_image_read_from(cellseg_image **out, cellseg_context *context, const cellseg_reader *reader,
                                                   const cellseg_read_options *options);

/** Options of writing images and label maps. Initialise with cellseg_write_options_init(). */
typedef struct cellseg_write_options {
    size_t struct_size;     /**< sizeof of this struct where the caller was compiled */
    int32_t bits;           /**< of a label map's ids: 16, 32, or 0: 16 if every id fits, else 32. Default 0 */
    int32_t tile_px;        /**< edge of tiles: a power of two, 16 to 4096; 0: strips. Default 256 */
    const char *name;       /**< of the image, and of the channel if there is one only, UTF-8; NULL, the default: none */
    const char *provenance; /**< origin of the pixels, for example JSON, UTF-8; NULL, the default: none */
} cellseg_write_options;

/** Set the defaults. @return CELLSEG_ERR_ARGUMENT  options is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_write_options_init(cellseg_write_options *options, size_t struct_size);

/** The descriptors of cellseg_write_options. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_write_options_table(void);

/**
 * Write an image as OME-TIFF (deflate, no predictor; floating-point numbers at level 0, as they are), one page per channel.
 * BigTIFF from 3.5 GB on.
 *
 * A page that is larger than a tile in both directions is tiled; others have strips. ImageJ opens tiles through Bio-Formats
 * only; strips, and so tile_px 0, without. The pixel size is in OME-XML and, to seven digits, in the resolution tags. OME-XML
 * holds the provenance as a CommentAnnotation of the namespace "libcellseg/provenance". In both texts, bytes that are not UTF-8,
 * and characters that XML does not have, become U+FFFD.
 *
 * @param options  NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED. Threads: any.
 * Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_write(const cellseg_image *image, cellseg_context *context, const char *path,
                                               const cellseg_write_options *options);

/** Write an image as cellseg_image_write(), through a writer (stream.h). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_image_write_to(const cellseg_image *image, cellseg_context *context,
                                                  const cellseg_writer *writer, const cellseg_write_options *options);

/** Read a label map: a PNG or TIFF file of one channel whose pixels, of any type, are whole numbers from 0 to 2^32 - 1, or the
 * indices of a palette. Min-is-white is not inverted.
 * @param[out] out  the label map; release with cellseg_labels_free(). NULL after an error
 * @return the errors of cellseg_image_read(); CELLSEG_ERR_FORMAT also for several channels and for any other number, with its
 * position. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_labels_read(cellseg_labels **out, cellseg_context *context, const char *path);

/** Read a label map as cellseg_labels_read(), through a reader (stream.h). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_labels_read_from(cellseg_labels **out, cellseg_context *context, const cellseg_reader *reader);

/** Options of importing labels. Initialise with cellseg_import_options_init(). */
typedef struct cellseg_import_options {
    size_t struct_size;     /**< sizeof of this struct where the caller was compiled */
    int32_t height_px;      /**< of the image; 0: the file's. Default 0 */
    int32_t width_px;       /**< of the image; 0: the file's. Default 0 */
    const char *image_name; /**< image of a file that holds several, by its file name, UTF-8; NULL, the default: the only one */
} cellseg_import_options;

/** Set the defaults. @return CELLSEG_ERR_ARGUMENT  options is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_import_options_init(cellseg_import_options *options, size_t struct_size);

/** The descriptors of cellseg_import_options. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_import_options_table(void);

/**
 * Read labels of another program as label maps. The content determines the format:
 * - label maps as cellseg_labels_read() reads them: TIFF and PNG of StarDist, napari, Cellpose ("_cp_masks");
 * - NumPy arrays of whole numbers ("npy"), and Cellpose's "_seg.npy", of which no code is run;
 * - regions of ImageJ, alone ("roi") or in the ROI Manager's ZIP archive: polygons, freehand and traced outlines, rectangles,
 *   ellipses, composites of lines. The size of the image is needed;
 * - GeoJSON: Polygon and MultiPolygon of features, QuPath's nucleusGeometry. The size of the image is needed;
 * - COCO: polygons and run-length encoded masks of one image;
 * - LabelMe JSON: polygons, rectangles, circles.
 *
 * A pixel belongs to an object whose outline encloses the pixel's centre; (0, 0) is the outer corner of the first pixel. Rings of
 * a polygon count by the even-odd rule. What this library wrote along pixel edges comes back as the same label map. Where objects
 * overlap, the pixel is the first one's in the file. A warning in the context's log names how many pixels, and an example. So do
 * warnings for outlines without a pixel, outlines that reach beyond the image, and objects without an area.
 *
 * Nuclei are QuPath's nucleusGeometry, regions whose names end in "-nucleus", and objects of a class whose name begins with
 * "nucle"; all others are cells. Ids are those that the file states: names of regions, "id" or "name" of features, "cell_id" or
 * "id" of annotations, "group_id" of shapes. If one object states none, all are numbered in the file's order.
 *
 * @param[out] cells    label map; release with cellseg_labels_free(). NULL after an error
 * @param[out] nuclei   the same for nuclei; NULL also where the file has none
 * @param      options  NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT  also where the file states no size and the options give none
 * @return CELLSEG_ERR_FORMAT    content that is damaged, of no such format or without outlines; an object outside the image;
 *                               another size than the options'; several images and no image_name, or none of that name
 * @return CELLSEG_ERR_LIMIT     beyond 16 GiB of pixels, or the budget; CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY, CELLSEG_ERR_CANCELLED
 * Every message contains the path. Threads: any. Memory: the file, 64 bytes for each value of JSON, 16 for each corner, 5 for
 * each pixel. Cost: linear in the file, and in the boxes of the outlines. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_labels_import(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                                                 const char *path, const cellseg_import_options *options);

/** Read labels as cellseg_labels_import(), through a reader (stream.h). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_labels_import_from(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                                                      const cellseg_reader *reader, const cellseg_import_options *options);

/**
 * Write a label map as cellseg_image_write().
 *
 * @param options  NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT  options->bits is 16, and an id exceeds 16 bits; the errors of cellseg_image_write()
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_labels_write(const cellseg_labels *labels, cellseg_context *context, const char *path,
                                                const cellseg_write_options *options);

/** Write a label map as cellseg_labels_write(), through a writer (stream.h). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_labels_write_to(const cellseg_labels *labels, cellseg_context *context,
                                                   const cellseg_writer *writer, const cellseg_write_options *options);

/** Options of pictures. Initialise with cellseg_overlay_options_init(). */
typedef struct cellseg_overlay_options {
    size_t struct_size; /**< sizeof of this struct where the caller was compiled */
    int32_t ids;        /**< 1: the id is written into each cell that has room for it. Default 1 */
    int32_t max_px;     /**< longest side of the picture; larger images are reduced. 0: the image's own. Default 4096 */
} cellseg_overlay_options;

/** Set the defaults. @return CELLSEG_ERR_ARGUMENT  options is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_overlay_options_init(cellseg_overlay_options *options, size_t struct_size);

/** The descriptors of cellseg_overlay_options. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_overlay_options_table(void);

/**
 * Write a picture (RGB PNG). The marker is grey: the square root of the intensity, scaled between the
 * 0.1 and 99.9 percentiles. The inner outlines of cells are yellow; those of nuclei are blue and lie on top. Ids are white, in
 * the middle of the cell's longest row; a cell that is too small for its id at the picture's scale has none. If the image's pixel
 * size is known and the picture has room, a scale bar of 1, 2, 5, 10 ... um lies at the lower right.
 *
 * @param context        NULL for defaults
 * @param path           file to write
 * @param image          any type and number of channels
 * @param channel        channel of `image`
 * @param cells, nuclei  label maps of the image's size; either may be NULL
 * @param options        NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT  sizes differ, the channel is missing, an option is out of range, or a pixel is not finite;
 * CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_overlay_write(cellseg_context *context, const char *path, const cellseg_image *image,
                                                 int32_t channel, const cellseg_labels *cells, const cellseg_labels *nuclei,
                                                 const cellseg_overlay_options *options);

/** Write a picture as cellseg_overlay_write(), through a writer (stream.h). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_overlay_write_to(cellseg_context *context, const cellseg_writer *writer,
                                                    const cellseg_image *image, int32_t channel, const cellseg_labels *cells,
                                                    const cellseg_labels *nuclei, const cellseg_overlay_options *options);

/** Write a table as CSV: a header line, then one line per row. Numbers use a decimal point in every locale, and the fewest digits
 * that read back to the same value. Where there is no value (NaN), the field is empty; infinity is "inf" or "-inf".
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_table_write_csv(const cellseg_table *table, cellseg_context *context, const char *path);

/** Write a table as cellseg_table_write_csv(), through a writer (stream.h). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_table_write_csv_to(const cellseg_table *table, cellseg_context *context,
                                                      const cellseg_writer *writer);

/**
 * Write cells as GeoJSON (RFC 7946) that QuPath opens as cells: a FeatureCollection with one feature per label of `cells`.
 *
 * The feature's "id" is the label's. Its geometry is a Polygon, or a MultiPolygon where the label has several outer rings; with
 * `nuclei`, "nucleusGeometry" is that of the same id. Its properties are "objectType" ("cell"), "name" (the id) and, with
 * `table`, "measurements": every column under its name but the id, without values that are not finite. Coordinates are those of
 * the outlines; QuPath asks for pixels. Numbers have the fewest digits that read back to the same value.
 *
 * @param cells   outlines of the cells
 * @param nuclei  NULL, or outlines of the nuclei under the ids of their cells; other ids are left out
 * @param table   NULL, or the measurements of the same cells
 * @return CELLSEG_ERR_ARGUMENT  cells is NULL, or sizes differ; CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT,
 * CELLSEG_ERR_CANCELLED
 * Threads: any. Memory: about 200 KB. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_geojson_write(cellseg_context *context, const char *path, const cellseg_outlines *cells,
                                                 const cellseg_outlines *nuclei, const cellseg_table *table);

/** Write GeoJSON as cellseg_geojson_write(), through a writer (stream.h). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_geojson_write_to(cellseg_context *context, const cellseg_writer *writer,
                                                    const cellseg_outlines *cells, const cellseg_outlines *nuclei,
                                                    const cellseg_table *table);

/**
 * Write outlines as a set of ImageJ's regions of interest, a ZIP archive that the ROI Manager of ImageJ and Fiji opens.
 *
 * A cell is a region with the id as its name ("12"), yellow; the nucleus of the same id is "12-nucleus", blue.
 * A label of one ring is a polygon with subpixel corners, any other a composite region. Coordinates are floats, exact for
 * corners of pixels; ImageJ asks for pixels.
 *
 * @param cells   outlines of the cells
 * @param nuclei  NULL, or outlines of the nuclei
 * @return the errors of cellseg_geojson_write(); CELLSEG_ERR_LIMIT also beyond 2 GiB. Threads: any. Memory: 100 bytes a label,
 * and the largest label's file. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_rois_write(cellseg_context *context, const char *path, const cellseg_outlines *cells,
                                              const cellseg_outlines *nuclei);

/** Write a set of regions as cellseg_rois_write(), through a writer (stream.h). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_rois_write_to(cellseg_context *context, const cellseg_writer *writer,
                                                 const cellseg_outlines *cells, const cellseg_outlines *nuclei);

/**
 * Write outlines as SVG, to lie over the image: its view box is the image, in the unit of the outlines. A group "cells" has one
 * path "cell-<id>" per label, yellow lines without filling; with `nuclei` a group "nuclei" has the paths "nucleus-<id>", blue.
 *
 * @param cells   outlines of the cells
 * @param nuclei  NULL, or outlines of the nuclei
 * @return the errors of cellseg_geojson_write(). Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_svg_write(cellseg_context *context, const char *path, const cellseg_outlines *cells,
                                             const cellseg_outlines *nuclei);

/** Write SVG as cellseg_svg_write(), through a writer (stream.h). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_svg_write_to(cellseg_context *context, const cellseg_writer *writer,
                                                const cellseg_outlines *cells, const cellseg_outlines *nuclei);

/**
 * Write label maps as COCO annotations of one image, with compressed run-length encoded masks, exact to the pixel.
 *
 * Categories are "cell" (1) and "nucleus" (2). An annotation has the members that COCO asks for ("iscrowd" is 0) and "cell_id",
 * the label's id. The "id" of a cell's annotation is the label's, that of a nucleus the label's plus the largest id of `cells`.
 *
 * @param image_name  file name of the image, UTF-8
 * @param cells       label map
 * @param nuclei      NULL, or a label map of the same size
 * @return CELLSEG_ERR_ARGUMENT  image_name or cells is NULL, image_name is not UTF-8, or sizes differ
 * @return CELLSEG_ERR_LIMIT     also for 2^32 pixels and more, whose runs COCO cannot count
 * @return CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY, CELLSEG_ERR_CANCELLED
 * Threads: any. Memory: that of cellseg_labels_outlines(). Source: Lin et al. 2014. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_coco_write(cellseg_context *context, const char *path, const char *image_name,
                                              const cellseg_labels *cells, const cellseg_labels *nuclei);

/** Write COCO annotations as cellseg_coco_write(), through a writer (stream.h). Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_coco_write_to(cellseg_context *context, const cellseg_writer *writer, const char *image_name,
                                                 const cellseg_labels *cells, const cellseg_labels *nuclei);

#ifdef __cplusplus
}
#endif
#endif
