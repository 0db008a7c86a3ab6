/* SPDX-License-Identifier: BSD-3-Clause */
/** @file labels.h  Label maps: one uint32 per pixel, 0 is background. */
#ifndef CELLSEG_LABELS_H
#define CELLSEG_LABELS_H

#include <cellseg/image.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Make a label map of zeros.
 *
 * @param[out] out  Release with cellseg_labels_free(). NULL after an error.
 * @param      context  NULL for defaults; need not outlive the map
 * @return CELLSEG_ERR_ARGUMENT  a size is zero or above 2^31 - 1
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_labels_new(cellseg_labels **out, cellseg_context *context, size_t height, size_t width);

/**
 * Borrow the caller's ids without a copy.
 *
 * @param[out] out     Release with cellseg_labels_free(), which calls layout->release. NULL after an error, and then release is
 * not called.
 * @param      layout  one channel of CELLSEG_UINT32, ids next to each other in each row; copied; the ids it points to are read,
 * never written
 * @return CELLSEG_ERR_ARGUMENT  another type, number of channels or pixel stride; and all that cellseg_image_wrap() refuses
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_labels_wrap(cellseg_labels **out, cellseg_context *context,
                                               const cellseg_image_layout *layout);

/** Release a label map. NULL is legal. Threads: any, once no other thread uses it. Since: 1.0 */
CELLSEG_API void cellseg_labels_free(cellseg_labels *labels);

/** Rows. 0 for NULL. Threads: any, as for all that only reads a map. Since: 1.0 */
CELLSEG_API size_t cellseg_labels_height(const cellseg_labels *labels);
/** Columns. 0 for NULL. Since: 1.0 */
CELLSEG_API size_t cellseg_labels_width(const cellseg_labels *labels);
/** Bytes from one row to the next: 4 width, but for borrowed ids. 0 for NULL. Since: 1.0 */
CELLSEG_API size_t cellseg_labels_row_stride_bytes(const cellseg_labels *labels);
/** height x width ids, to read; in maps this library makes rows lie next to each other. Valid until the map is freed. NULL for
 * NULL. Since: 1.0 */
CELLSEG_API const uint32_t *cellseg_labels_data(const cellseg_labels *labels);
/** The same, to write; NULL for borrowed ids. Threads: the map's owner. Since: 1.0 */
CELLSEG_API uint32_t *cellseg_labels_data_mut(cellseg_labels *labels);
/** The largest id; for maps this library makes, the number of objects. Cost: one pass over the map. Since: 1.0 */
CELLSEG_API uint32_t cellseg_labels_max_id(const cellseg_labels *labels);
/** Edge of a pixel in micrometres; 0 when unknown. Since: 1.0 */
CELLSEG_API double cellseg_labels_pixel_size_um(const cellseg_labels *labels);
/** As cellseg_image_set_pixel_size_um(). Since: 1.0 */
CELLSEG_API cellseg_status cellseg_labels_set_pixel_size_um(cellseg_labels *labels, double pixel_size_um);

#ifdef __cplusplus
}
#endif
#endif
