/* SPDX-License-Identifier: BSD-3-Clause */
/* The io room's door: files in and out of memory. Other rooms use the public <cellseg/io.h>; this header is for the room's
 * files. */
#ifndef CSEG_IO_H
#define CSEG_IO_H

#include "core/core.h"

#include <cellseg/io.h>

/* ---- numbers and units (number.c) ---- */

/* Micrometres in a unit as microscopes' files spell the name ("um", "micron", "&#181;m", "nm"), `length` bytes; 0 if unknown. */
double cseg_number_unit_um(const char *name, size_t length);

/* A positive decimal number of `length` bytes, within a few ulp, in any locale; 0 for any other text. */
double cseg_number_parse(const char *text, size_t length);

/* ---- pixel sizes (pixel_size.c, ome.c) ---- */

/* The edges of a pixel in micrometres as one source states them; 0: not stated. */
typedef struct cseg_io_spacing {
    double x_um, y_um;
} cseg_io_spacing;

/* What a file states about the size of its pixels. */
typedef struct cseg_io_calibration {
    const char *description;     /* of the first page; NULL: none. OME-XML, MetaMorph XML or ImageJ */
    double x_density, y_density; /* resolution tags: pixels per unit; 0: none */
    double unit_um;              /* of the resolution tags; 0: unknown */
    bool own;                    /* written by this library, so that the resolution tags are a pixel size */
    cseg_io_spacing metamorph;   /* from the binary tags of a MetaMorph file */
} cseg_io_calibration;

/*
 * Compute the pixel size from OME-XML, ImageJ, MetaMorph and plain resolution tags; *pixel_size_um is 0 if none states one.
 * CELLSEG_ERR_FORMAT if two sources, or the two edges of one source, differ by more than 1 %.
 */
cellseg_status cseg_pixel_size_find(double *pixel_size_um, const cseg_io_calibration *calibration);

/* The first <Pixels> of OME-XML, or the <prop>s of MetaMorph XML; zeros for any other text. */
cseg_io_spacing cseg_ome_spacing(const char *xml);
cseg_io_spacing cseg_ome_metamorph_spacing(const char *xml);

/* ---- stacks (pixel_size.c, ome.c) ---- */

/* Numbers of slices and time points in a file's text; 0: not stated. */
typedef struct cseg_io_stack {
    double slices, times;
} cseg_io_stack;

/* The first <Pixels> of OME-XML; the planes may lie in other files. */
cseg_io_stack cseg_ome_stack(const char *xml);

/* CELLSEG_ERR_FORMAT unless the file's `channels` planes are the channels of one image. description: the first page's, or
 * NULL. */
cellseg_status cseg_pixel_check_stack(const char *description, uint64_t channels);

/* ---- codecs (claim.c, idat.c, png.c, tiff.c) ---- */

/* Parameters of a reader. */
typedef struct cseg_io_request {
    double pixel_size_um; /* 0: read the file's */
    uint64_t max_bytes;
    bool labels; /* label ids, not intensities: palettes stay indices, white is not inverted, signed integers become unsigned */
} cseg_io_request;

/* The image that a file's header declares, before any pixel is read. */
typedef struct cseg_io_claim {
    uint64_t height, width, channels;
    int32_t type;             /* pixel type in memory */
    unsigned bits_per_sample; /* in the file */
    unsigned expansion;       /* upper bound on the bytes that decompression makes of one byte */
} cseg_io_claim;

/* CELLSEG_ERR_LIMIT beyond request->max_bytes or the budget; CELLSEG_ERR_FORMAT if a file of this size cannot hold the pixels.
 */
cellseg_status cseg_claim_check(cellseg_context *context, const cseg_io_request *request, const cseg_file *file,
                                const cseg_io_claim *claim);

/* The same check, then the image of the claim. */
cellseg_status cseg_claim_allocate(cellseg_image **out, cellseg_context *context, const cseg_io_request *request,
                                   const cseg_file *file, const cseg_io_claim *claim);

/* CELLSEG_ERR_FORMAT unless the IDAT chunks of a PNG inflate to so many bytes. Takes little memory, whatever the file claims. */
cellseg_status cseg_idat_check(cellseg_context *context, cseg_file *file, uint64_t bytes);

cellseg_status cseg_png_read(cellseg_image **out, cellseg_context *context, cseg_file *file, const cseg_io_request *request);
cellseg_status cseg_tiff_read(cellseg_image **out, cellseg_context *context, cseg_file *file, const cseg_io_request *request);

/* The CELLSEG_FEATURE_TIFF_ bits of the compressions that libtiff has. */
uint64_t cseg_tiff_compressions(void);

/* One page for each channel. */
cellseg_status cseg_tiff_write(cseg_file *file, cellseg_context *context, const cellseg_image *image);

/* row(data, y, rgb) fills one row of 8-bit red, green and blue. */
typedef void (*cseg_io_rgb_row_fn)(void *data, size_t y, uint8_t *rgb);
cellseg_status cseg_png_write(cseg_file *file, cellseg_context *context, size_t height, size_t width, cseg_io_rgb_row_fn row,
                              void *data);

#endif
