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

/* ---- what the caller asks for (read.c) ---- */

/* Parameters of a reader: the members of cellseg_read_options, with their defaults resolved. */
typedef struct cseg_io_request {
    double pixel_size_um; /* 0: read the file's */
    uint64_t max_bytes;
    int32_t series, z, t; /* -1: the only one; z also CELLSEG_Z_MAX */
    double level_um;      /* 0: the full level of a pyramid; else the level whose pixels are nearest this size */
    bool force;           /* pixel_size_um wins over any size that the file states */
    bool labels; /* label ids, not intensities: palettes stay indices, white is not inverted, signed integers become unsigned */
} cseg_io_request;

/* CELLSEG_ERR_FORMAT unless the file's `channels` planes are the channels of one image. description: the first page's, or
 * NULL. */
cellseg_status cseg_pixel_check_stack(const char *description, uint64_t channels);

/* ---- which planes of a file are read (planes.c) ---- */

/* Numbers of slices and time points in a file's text; 0: not stated. */
typedef struct cseg_io_stack {
    double slices, times;
} cseg_io_stack;

/* The first <Pixels> of OME-XML; the planes may lie in other files. */
cseg_io_stack cseg_ome_stack(const char *xml);

/* What a codec found in a file before any pixel is read. */
typedef struct cseg_io_contents {
    const uint16_t *samples; /* of each page: thumbnails, masks and levels of a pyramid are no pages */
    size_t pages;
    uint32_t metamorph_planes; /* planes behind the first page's strips, itself included, as MetaMorph's tags say; 0: no tags */
    cseg_io_calibration calibration;
} cseg_io_contents;

/* Where the pixels of a plane lie. A page at or beyond contents.pages lies behind the first page: page k is k planes after. */
typedef struct cseg_io_plane {
    size_t page;
    uint16_t sample;
} cseg_io_plane;

/* A channel of the image: the greatest value of each pixel over planes[first .. first + count). */
typedef struct cseg_io_channel {
    char *name; /* NULL: the file names none */
    size_t first, count;
} cseg_io_channel;

/* What is read of a file. Owns all of it; release with cseg_planes_free(). */
typedef struct cseg_io_selection {
    cseg_io_channel *channels;
    size_t channel_count;
    cseg_io_plane *planes;
    size_t plane_count;
    double pixel_size_um; /* 0: not stated */
} cseg_io_selection;

/*
 * Choose the planes of the series, slice and time point that the request names, as the file's text orders them.
 * CELLSEG_ERR_FORMAT where the text contradicts the pages, where several series, slices or time points are there and none is
 * chosen, and where pixel sizes disagree. Doubts are logged as warnings of the context. On failure nothing is to be freed.
 */
cellseg_status cseg_planes_choose(cseg_io_selection *out, cellseg_context *context, const cseg_io_contents *contents,
                                  const cseg_io_request *request);
void cseg_planes_free(cseg_io_selection *selection);

/* ---- codecs (claim.c, idat.c, png.c, tiff_read.c, libtiff.c, tiff_write.c) ---- */

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
uint64_t cseg_libtiff_compressions(void);

/* One page for each channel. */
cellseg_status cseg_tiffwriter_write(cseg_file *file, cellseg_context *context, const cellseg_image *image,
                                     const cellseg_write_options *options);

/* The file's OME-XML (ome_write.c), plain ASCII. Release with cseg_memory_free(). */
cellseg_status cseg_omewriter_describe(char **out, cellseg_context *context, const cellseg_image *image,
                                       const cellseg_write_options *options);

/* row(data, y, rgb) fills one row of 8-bit red, green and blue. */
typedef void (*cseg_io_rgb_row_fn)(void *data, size_t y, uint8_t *rgb);
cellseg_status cseg_png_write(cseg_file *file, cellseg_context *context, size_t height, size_t width, cseg_io_rgb_row_fn row,
                              void *data);

#endif
