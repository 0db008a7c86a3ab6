/* SPDX-License-Identifier: BSD-3-Clause */
/** @file io.h  Image files in, label maps, tables and pictures out. */
#ifndef CELLSEG_IO_H
#define CELLSEG_IO_H

#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/measure.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Fill with cellseg_read_options_init(). */
typedef struct cellseg_read_options {
    size_t struct_size;
    double pixel_size_um; /**< 0, the default: what the file says, if anything; else this, whatever the file says */
    uint64_t max_bytes;   /**< refuse images whose pixels would take more; 0, the default: 16 GiB */
} cellseg_read_options;

/** Write the defaults. @return CELLSEG_ERR_ARGUMENT. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_read_options_init(cellseg_read_options *options, size_t struct_size);

/**
 * Read a PNG or TIFF file, told apart by content.
 *
 * PNG: 8 or 16 bits, grey, RGB, palette; alpha is dropped. TIFF: 8, 16, 32-bit integers and 32- or 64-bit floats, strips or
 * tiles, every compression libtiff has, BigTIFF, both byte orders; samples (interleaved or planar) and then pages of the same
 * size and type become channels. Signed integers and 64-bit floats become float32. Pixel size from OME-XML, ImageJ description or
 * resolution tags.
 *
 * @param[out] out      Release with cellseg_image_free(). NULL after an error.
 * @param      path     UTF-8
 * @param      options  NULL for defaults
 * @return CELLSEG_ERR_IO      the file cannot be opened or read
 * @return CELLSEG_ERR_FORMAT  unknown, damaged or unsupported content; pixel sizes in the file that disagree by more than 1 %;
 * pages that differ
 * @return CELLSEG_ERR_LIMIT   larger than max_bytes or the memory budget; CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_MEMORY
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_read(cellseg_image **out, cellseg_context *context, const char *path,
                                              const cellseg_read_options *options);

/** Write every channel of an image as a TIFF page (deflate), pixel size kept. Written under a temporary name, then renamed.
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_image_write(const cellseg_image *image, cellseg_context *context, const char *path);

/** Read a label map: channel 0 of a PNG or TIFF file of unsigned integers. Errors as cellseg_image_read(); CELLSEG_ERR_FORMAT for
 * floats. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_labels_read(cellseg_labels **out, cellseg_context *context, const char *path);

/**
 * Write a label map as TIFF (deflate), pixel size kept. Written under a temporary name, then renamed.
 *
 * @param bits  16, 32, or 0: 16 when every id fits, else 32
 * @return CELLSEG_ERR_ARGUMENT  16 bits do not hold an id; CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY
 * Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_labels_write(const cellseg_labels *labels, cellseg_context *context, const char *path,
                                                int32_t bits);

/**
 * Write a picture (RGB PNG): the marker, contrast-stretched, with the cells' outlines in one colour and the nuclei's in another.
 *
 * @param channel  of `image`
 * @param cells, nuclei  of the image's size; either may be NULL
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_overlay_write(cellseg_context *context, const char *path, const cellseg_image *image,
                                                 int32_t channel, const cellseg_labels *cells, const cellseg_labels *nuclei);

/** Write a table as CSV: a header line, then a line per row; numbers in the C locale's form, shortest that reads back the same.
 * Written under a temporary name, then renamed.
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_IO, CELLSEG_ERR_MEMORY. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_table_write_csv(const cellseg_table *table, cellseg_context *context, const char *path);

#ifdef __cplusplus
}
#endif
#endif
