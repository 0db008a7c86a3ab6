/* SPDX-License-Identifier: BSD-3-Clause */
/* The io room's door: files in and out of memory. Other rooms use the public <cellseg/io.h>; this is what the room's files share.
 */
#ifndef CSEG_IO_H
#define CSEG_IO_H

#include "core/core.h"

#include <cellseg/io.h>

/* ---- pixel sizes (pixel_size.c, ome.c) ---- */

/* The edges of a pixel in micrometres as one source states them; 0: it does not. */
typedef struct cseg_io_spacing {
    double x_um, y_um;
} cseg_io_spacing;

/* What a file says, as far as it has it. */
typedef struct cseg_io_calibration {
    const char *description;     /* the first page's text; NULL: none. OME-XML, MetaMorph XML or ImageJ */
    double x_density, y_density; /* resolution tags: pixels per unit; 0: none */
    double unit_um;              /* that unit; 0: it has none */
    bool own;                    /* written by this library, which means what it says */
    cseg_io_spacing metamorph;   /* of a MetaMorph file's binary tags */
} cseg_io_calibration;

/*
 * *pixel_size_um becomes what the sources agree on, or 0. Sources: OME-XML, ImageJ, MetaMorph, plain resolution tags. Fails with
 * CELLSEG_ERR_FORMAT when two of them, or the two edges of one, differ by more than 1 %.
 */
cellseg_status cseg_pixel_size_find(double *pixel_size_um, const cseg_io_calibration *calibration);

/* Micrometres in a unit named as microscopes' files spell it ("um", "micron", "&#181;m", "nm"), `length` bytes; 0 if unknown. */
double cseg_number_unit_um(const char *name, size_t length);

/* A positive decimal number of `length` bytes, within a few ulp, whatever the locale; 0 for anything else. */
double cseg_number_parse(const char *text, size_t length);

/* The first <Pixels> of OME-XML, or the <prop>s of MetaMorph's; zeros when the text is something else. */
cseg_io_spacing cseg_ome_spacing(const char *xml);
cseg_io_spacing cseg_ome_metamorph_spacing(const char *xml);

/* ---- stacks (pixel_size.c, ome.c) ---- */

/* How many slices and time points a file's text speaks of; 0: it does not. */
typedef struct cseg_io_stack {
    double slices, times;
} cseg_io_stack;

/* Of OME-XML's first <Pixels>, which may speak of planes in other files too. */
cseg_io_stack cseg_ome_stack(const char *xml);

/* CELLSEG_ERR_FORMAT where the planes of this file, `channels` of them, are not one picture's channels. description: the first
 * page's, or NULL. */
cellseg_status cseg_pixel_check_stack(const char *description, uint64_t channels);

/* ---- codecs (png.c, tiff.c) ---- */

/* What is asked of a reader. */
typedef struct cseg_io_request {
    double pixel_size_um; /* not 0: this, and the file is not asked */
    uint64_t max_bytes;
    bool labels; /* ids, not intensities: palettes stay indices, white stays as it is, signed integers become unsigned */
} cseg_io_request;

/* The pixels a file claims to hold, before any of them is read. */
typedef struct cseg_io_claim {
    uint64_t height, width, channels;
    int32_t type;             /* what they become */
    unsigned bits_per_sample; /* what they are in the file, */
    unsigned expansion;       /* of which one byte gives at most this many when decompressed */
} cseg_io_claim;

/* Room for what a file claims: CELLSEG_ERR_LIMIT beyond request->max_bytes or the budget, CELLSEG_ERR_FORMAT when a file of this
 * size cannot hold it. */
cellseg_status cseg_claim_image(cellseg_image **out, cellseg_context *context, const cseg_io_request *request,
                                const cseg_file *file, const cseg_io_claim *claim);

cellseg_status cseg_png_read(cellseg_image **out, cellseg_context *context, cseg_file *file, const cseg_io_request *request);
cellseg_status cseg_tiff_read(cellseg_image **out, cellseg_context *context, cseg_file *file, const cseg_io_request *request);

/* The CELLSEG_FEATURE_TIFF_ bits of the compressions that libtiff has. */
uint64_t cseg_tiff_compressions(void);

/* Every channel a page. */
cellseg_status cseg_tiff_write(cseg_file *file, cellseg_context *context, const cellseg_image *image);

/* row(data, y, rgb) fills one row of 8-bit red, green and blue. */
typedef void (*cseg_io_rgb_row_fn)(void *data, size_t y, uint8_t *rgb);
cellseg_status cseg_png_write(cseg_file *file, cellseg_context *context, size_t height, size_t width, cseg_io_rgb_row_fn row,
                              void *data);

#endif
