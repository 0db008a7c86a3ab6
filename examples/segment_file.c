/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segment a file. Usage: segment_file IMAGE CELLS [PIXEL_SIZE_UM]
 *
 * Writes the label map CELLS (TIFF) and prints a line per cell. The third argument is for files that do not say their pixel size.
 */
#include <cellseg/cellseg.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const double *column(const cellseg_table *table, const char *name) {
    for (size_t i = 0; i < cellseg_table_columns(table); i++)
        if (strcmp(cellseg_table_column_name(table, i), name) == 0)
            return cellseg_table_column(table, i);
    return NULL;
}

static void print_cells(const cellseg_table *table) {
    const double *id = column(table, "id"), *area = column(table, "area_um2"), *nucleus = column(table, "nucleus_area_um2");
    printf("%zu cells\n", cellseg_table_rows(table));
    for (size_t i = 0; i < cellseg_table_rows(table); i++)
        printf("cell %.0f: %.0f um2, of which the nucleus is %.0f\n", id[i], area[i], nucleus[i]);
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: segment_file IMAGE CELLS [PIXEL_SIZE_UM]\n");
        return 2;
    }
    cellseg_read_options options;
    cellseg_model *model = NULL;
    cellseg_image *image = NULL;
    cellseg_labels *cells = NULL, *nuclei = NULL;
    cellseg_table *table = NULL;

    cellseg_status status = cellseg_read_options_init(&options, sizeof options);
    if (argc == 4)
        options.pixel_size_um = strtod(argv[3], NULL);
    if (status == CELLSEG_OK)
        status = cellseg_image_read(&image, NULL, argv[1], &options);
    if (status == CELLSEG_OK)
        status = cellseg_model_default(&model, NULL);
    if (status == CELLSEG_OK)
        status = cellseg_segment(&cells, &nuclei, NULL, NULL, NULL, model, image, NULL);
    if (status == CELLSEG_OK)
        status = cellseg_measure(&table, NULL, cells, nuclei, image, NULL);
    if (status == CELLSEG_OK)
        status = cellseg_labels_write(cells, NULL, argv[2], NULL);
    if (status == CELLSEG_OK)
        print_cells(table);
    else
        fprintf(stderr, "segment_file: %s\n", cellseg_last_error());

    cellseg_table_free(table);
    cellseg_labels_free(nuclei);
    cellseg_labels_free(cells);
    cellseg_model_free(model);
    cellseg_image_free(image);
    return status == CELLSEG_OK ? 0 : 1;
}
