/* SPDX-License-Identifier: BSD-3-Clause */
/* Files of objects as other programs write them, one reader per format; for the io room only. */
#ifndef CSEG_IO_IMPORT_H
#define CSEG_IO_IMPORT_H

#include "io/shapes.h"

/* What a reader gets and what the reader finds. */
typedef struct cseg_import {
    cellseg_context *context;
    const char *bytes; /* all of the file; a zero follows */
    size_t size;
    const char *image_name; /* which image of a file of several; NULL: the only one */
    cseg_shapes shapes;
    uint32_t height, width; /* that the file states; 0: none */
    cellseg_labels *labels; /* of a format that holds pixels, in place of shapes; else NULL */
} cseg_import;

/* JSON: the formats of QuPath and GIS, of COCO, of LabelMe. CELLSEG_ERR_FORMAT names the object and the fault. */
cellseg_status cseg_geojson_read(cseg_import *import, const cseg_json *root);
cellseg_status cseg_coco_read(cseg_import *import, const cseg_json *root);
cellseg_status cseg_labelme_read(cseg_import *import, const cseg_json *root);

/* A region of ImageJ, or a ZIP archive of regions. */
cellseg_status cseg_roi_read(cseg_import *import);

/* NumPy's array file; or Cellpose's, whose array is the entry "masks" of a pickled dictionary. */
cellseg_status cseg_npy_read(cseg_import *import);

/* Decompress raw deflate (RFC 1951) of a known size. CELLSEG_ERR_UNAVAILABLE in a build without zlib. */
cellseg_status cseg_deflated_read(cellseg_context *context, void *to, size_t count, const void *from, size_t size);

#endif
