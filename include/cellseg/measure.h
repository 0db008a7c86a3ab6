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
 * @param[out] out     Release with cellseg_table_free(). NULL after an error. One row per id present in `cells`, rising.
 * @param      cells   label map; with a known pixel size areas are in um^2 and positions in um, else in px^2 and px: column names
 * say which
 * @param      nuclei  NULL, or the nuclei under the same ids: adds their columns
 * @param      image   NULL, or an image of the same size: adds intensity columns for each channel
 * @return CELLSEG_ERR_ARGUMENT  sizes differ; CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT, CELLSEG_ERR_CANCELLED
 * Threads: any. Result: the same bytes for any thread count. Since: 1.0
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
