/* SPDX-License-Identifier: BSD-3-Clause */
/** @file io.h  Image files in, label maps, tables and pictures out. */
#ifndef CELLSEG_IO_H
#define CELLSEG_IO_H

#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/measure.h>
#include <cellseg/options.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Fill with cellseg_read_options_init(). */
typedef struct cellseg_read_options {
    size_t struct_size;
    double pixel_size_um; /**< 0, the default: the file's own; else this, and the file's is ignored */
    uint64_t max_bytes;   /**< limit for an image's pixels; 0, the default: 16 GiB */
} cellseg_read_options;

/** Write the defaults. @return CELLSEG_ERR_ARGUMENT. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_read_options_init(cellseg_read_options *options, size_t struct_size);

/** The descriptors of cellseg_read_options. Threads: any. Since: 1.0 */
CELLSEG_API const cellseg_option_table *cellseg_read_options_table(void);

/**
 * Read a PNG or TIFF file; the content determines the format.
 *
 * PNG: grey of 1 to 16 bits (fewer than 8 keep their values), RGB, palette (as RGB); interlaced or not; alpha is dropped. TIFF:
 * 8, 16 and 32-bit integers and 32 and 64-bit floats, strips or tiles, every compression that libtiff supports, BigTIFF, both
 * byte orders; samples (interleaved or planar) and then pages of the same size and type become channels; pages marked as
 * thumbnails or masks are skipped. Signed integers and 64-bit floats become float32. Min-is-white is inverted; a TIFF palette is
 * for display, and its indices are the pixels. Other bit depths and colour models are refused, and so are stacks: several slices
 * (Z) or time points (T) by OME-XML or ImageJ's description, several planes by MetaMorph's tags.
 *
 * Pixel size: from OME-XML (PhysicalSizeX, PhysicalSizeY), ImageJ's unit and resolution, MetaMorph's spatial calibration, and the
 * resolution tags (pHYs in PNG). The last count only up to 5 um, unless this library wrote them: larger ones are a printer's
 * (72 per inch) or the bare camera's, not the microscope's. Sources that differ by more than 1 %, and pixels that are not square
 * within 1 %, are an error, unless options->pixel_size_um is set.
 *
 * @param[out] out      Release with cellseg_image_free(). NULL after an error.
 * @param      context  NULL for defaults. libtiff and its codecs allocate with malloc, at one time at most the file's size and
 * 256 MB
 * @param      path     UTF-8; a regular file
 * @param      options  NULL for defaults
 * @return CELLSEG_ERR_IO      the file cannot be opened or read, or is a directory or a device
 * @return CELLSEG_ERR_FORMAT  unknown, damaged or unsupported content; pixel sizes that disagree; pages that differ; a file too
 * small for the size in its header
 * @return CELLSEG_ERR_LIMIT   larger than max_bytes or the memory budget; CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_MEMORY
 * Every message names the path. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_read(cellseg_image **out, cellseg_context *context, const char *path,
                                              const cellseg_read_options *options);

/**
 * Write every channel of an image as a TIFF page (deflate), pixel size in the resolution tags, to seven digits.
 *
 * Every writer here writes ".cellseg-<process>-<n>.tmp" beside the target and renames that file once it is complete and on the
 * disk. After an error the target is unchanged, and no other file is left. Only a regular file is replaced.
 *
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY. Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_write(const cellseg_image *image, cellseg_context *context, const char *path);

/** Read a label map: channel 0 of a PNG or TIFF file of integers, signed or not; of a PNG palette the indices. Errors as
 * cellseg_image_read(); CELLSEG_ERR_FORMAT for floats and negative numbers. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_labels_read(cellseg_labels **out, cellseg_context *context, const char *path);

/**
 * Write a label map as TIFF (deflate), as cellseg_image_write().
 *
 * @param bits  16, 32, or 0: 16 when every id fits, else 32
 * @return CELLSEG_ERR_ARGUMENT  16 bits do not hold an id; CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY
 * Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_labels_write(const cellseg_labels *labels, cellseg_context *context, const char *path,
                                                int32_t bits);

/**
 * Write a picture (RGB PNG) as cellseg_image_write(): the marker in grey, stretched between its 0.1 and 99.9 percentiles, its
 * square root taken; the cells' inner outlines in yellow, over them the nuclei's in blue.
 *
 * @param channel  of `image`
 * @param cells, nuclei  of the image's size; either may be NULL
 * @return CELLSEG_ERR_ARGUMENT  sizes differ, no such channel, a pixel that is not finite; CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY.
 * Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_overlay_write(cellseg_context *context, const char *path, const cellseg_image *image,
                                                 int32_t channel, const cellseg_labels *cells, const cellseg_labels *nuclei);

/** Write a table as CSV, as cellseg_image_write(): a header line, then a line per row. Numbers have a full stop in every locale
 * and the shortest form that parses to the same value; "nan" for no value.
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_table_write_csv(const cellseg_table *table, cellseg_context *context, const char *path);

#ifdef __cplusplus
}
#endif
#endif
