/* SPDX-License-Identifier: BSD-3-Clause */
/* The method's options, and the files that hold its results. */
#include "results.h"

#include "provenance.h"

#include <stdio.h>

/* ---- options ---- */

cellseg_segment_options segment_options;
cellseg_method segment_method;

bool set_segment_preset(int32_t preset) {
    cellseg_segment_options *o = &segment_options;
    const bool fine = cellseg_segment_options_preset(o, preset) == CELLSEG_OK &&
                      cellseg_method_init(&segment_method, sizeof segment_method, preset) == CELLSEG_OK;
    o->method = &segment_method;
    if (!fine)
        print_error("%s", cellseg_last_error());
    return fine;
}

/* ---- files ---- */

/* The most telling file last: where it is, the others are. */
enum { OVERLAY, TABLE, MAPS, NUCLEI, CELLS, OUTPUTS };

static const char *const suffixes[OUTPUTS] = {".overlay.png", ".csv", ".maps.tif", ".nuclei.tif", ".cells.tif"};

void free_results(results *r) {
    cellseg_image_free(r->image);
    cellseg_image_free(r->maps);
    cellseg_labels_free(r->cells);
    cellseg_labels_free(r->nuclei);
    *r = (results){0};
}

bool check_outputs(const file *input, const char *folder) {
    char path[PATH_SIZE];
    for (int i = 0; i < OUTPUTS; i++) {
        if (!join_path(path, folder, input->stem, suffixes[i]))
            return false;
        if (is_same_file(path, input->path)) {
            print_error("%s: a result would replace the input file", input->path);
            return false;
        }
    }
    return true;
}

static cellseg_status write_table(const results *r, cellseg_context *context, const char *path) {
    cellseg_table *table;
    cellseg_status status = cellseg_measure(&table, context, r->cells, r->nuclei, r->image, NULL);
    if (status == CELLSEG_OK)
        status = cellseg_table_write_csv(table, context, path);
    cellseg_table_free(table);
    return status;
}

/* Write the TIFF file of an output, with its name and where it comes from. */
static cellseg_status write_tiff(const results *r, cellseg_context *context, int output, const char *path) {
    const char *name = output == MAPS ? "maps" : output == NUCLEI ? "nuclei" : "cells";
    cellseg_write_options options;
    const cellseg_status status = state_provenance(&options, name, r->model, cellseg_segment_options_table(), &segment_options);
    if (status != CELLSEG_OK)
        return status;
    if (output == MAPS)
        return cellseg_image_write(r->maps, context, path, &options);
    return cellseg_labels_write(output == NUCLEI ? r->nuclei : r->cells, context, path, &options);
}

static cellseg_status write_one(const results *r, cellseg_context *context, int output, const char *path) {
    switch (output) {
    case OVERLAY:
        return cellseg_overlay_write(context, path, r->image, segment_options.channel, r->cells, r->nuclei);
    case TABLE:
        return write_table(r, context, path);
    default:
        return output == MAPS && r->maps == NULL ? CELLSEG_OK : write_tiff(r, context, output, path);
    }
}

bool write_results(const results *r, cellseg_context *context, const char *folder, const char *stem) {
    char path[PATH_SIZE];
    for (int i = 0; i < OUTPUTS; i++) {
        if (!join_path(path, folder, stem, suffixes[i]))
            return false;
        if (write_one(r, context, i, path) == CELLSEG_OK)
            continue;
        print_library_error(path);
        for (int written = 0; written < i; written++)
            if ((written != MAPS || r->maps != NULL) && join_path(path, folder, stem, suffixes[written]))
                (void)remove(path);
        return false;
    }
    return true;
}
