/* SPDX-License-Identifier: BSD-3-Clause */
/** @file labels.h  Label maps: one uint32 per pixel, 0 is background. */
#ifndef CELLSEG_LABELS_H
#define CELLSEG_LABELS_H

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

/** Release a label map. NULL is legal. Since: 1.0 */
CELLSEG_API void cellseg_labels_free(cellseg_labels *labels);

/** Rows. 0 for NULL. Threads: any, as for all that only reads a map. Since: 1.0 */
CELLSEG_API size_t cellseg_labels_height(const cellseg_labels *labels);
/** Columns. 0 for NULL. Since: 1.0 */
CELLSEG_API size_t cellseg_labels_width(const cellseg_labels *labels);
/** height x width ids, rows next to each other, to read. Valid until the map is freed. NULL for NULL. Since: 1.0 */
CELLSEG_API const uint32_t *cellseg_labels_data(const cellseg_labels *labels);
/** The same, to write. Threads: the map's owner. Since: 1.0 */
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
