/* SPDX-License-Identifier: BSD-3-Clause */
/* The io room's door: files in and out of memory. Other rooms use the public <cellseg/io.h>; this header is for the room's
 * files. */
#ifndef CSEG_IO_H
#define CSEG_IO_H

#include "core/core.h"

#include <cellseg/io.h>

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

/* ---- numbers and units (quantity.c) ---- */

/* Micrometres in a unit as microscopes' files spell the name ("um", "Micron", "in"), `length` bytes; 0 if the name is
 * no unit of length, or unknown. */
double cseg_quantity_unit_um(const char *name, size_t length);

/* Whether the name is a unit, or states that there is none ("pixel"). */
bool cseg_quantity_unit_is_known(const char *name, size_t length);

/* A positive decimal number of `length` bytes, blanks round it or not; 0 for any other text. */
double cseg_quantity_parse(const char *text, size_t length);

/* A whole number from 0 to `highest`; false, and *value unchanged, for any other text. */
bool cseg_quantity_parse_whole(uint32_t *value, const char *text, size_t length, uint32_t highest);

/* ---- pixel sizes (pixel_size.c) ---- */

/* The edges of a pixel in micrometres as one source states them; 0: not stated. */
typedef struct cseg_io_spacing {
    double x_um, y_um;
} cseg_io_spacing;

/* The same with the name of a unit that is unknown; "": none. */
typedef struct cseg_io_scale {
    cseg_io_spacing spacing;
    char unknown_unit[32];
} cseg_io_scale;

/* What a file states about the size of its pixels. */
typedef struct cseg_io_calibration {
    const char *description;     /* of the first page; NULL: none. OME-XML, MetaMorph XML or ImageJ */
    double x_density, y_density; /* resolution tags: pixels per unit; 0: none */
    double unit_um;              /* of the resolution tags; 0: unknown */
    bool own;                    /* written by this library, so that the resolution tags are a pixel size */
    cseg_io_spacing metamorph;   /* from the binary tags of a MetaMorph file */
} cseg_io_calibration;

/* The pixel size by the resolution tags. */
cseg_io_scale cseg_pixelsize_by_tags(const cseg_io_calibration *calibration);

/* A pixel size, and by whom. */
typedef struct cseg_io_statement {
    const char *name; /* in messages */
    cseg_io_scale scale;
} cseg_io_statement;

enum { CSEG_PIXELSIZE_MAX_STATEMENTS = 5 };

/*
 * Compute the pixel size from what the file's texts and tags state; *pixel_size_um is 0 if none states one. own: this library
 * wrote the file. The request's pixel size wins. CELLSEG_ERR_FORMAT if two statements, or the two edges of one, differ by more
 * than 1 %. CELLSEG_ERR_ARGUMENT if the request's pixel size is more than twice or less than half of every stated one. Sizes
 * that are not believed, and units that are unknown, are logged as warnings of the context.
 */
cellseg_status cseg_pixelsize_choose(double *pixel_size_um, cellseg_context *context, const cseg_io_statement *statements,
                                     size_t count, bool own, const cseg_io_request *request);

/* ---- which planes of a file are read (planes.c) ---- */

/* What a codec found in a file before any pixel is read. */
typedef struct cseg_io_contents {
    const uint16_t *samples; /* of each page: thumbnails, masks and levels of a pyramid are no pages */
    size_t pages;
    const size_t *directories; /* of each page: its place in the file's chain of directories, from 0; NULL: all are pages */
    size_t directory_count;    /* in the chain */
    uint32_t metamorph_planes; /* planes behind the first page's strips, itself included, as MetaMorph's tags say; 0: no tags */
    bool metamorph_times;      /* those planes are time points: MetaMorph's tags state no distances in Z */
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

/* ---- codecs (claim.c, idat.c, png.c, tiff_read.c, libtiff.c, tiff_write.c; io/tiff.h) ---- */

/* The image that a file's header declares, before any pixel is read. */
typedef struct cseg_io_claim {
    uint64_t height, width, channels;
    int32_t type;             /* pixel type in memory */
    unsigned bits_per_sample; /* in the file */
    unsigned expansion;       /* upper bound on the bytes that decompression makes of one byte */
} cseg_io_claim;

/* Check a claim, or allocate its image too. CELLSEG_ERR_LIMIT beyond request->max_bytes or the budget; CELLSEG_ERR_FORMAT if a
 * file of this size cannot hold the pixels. */
cellseg_status cseg_claim_check(cellseg_context *context, const cseg_io_request *request, const cseg_file *file,
                                const cseg_io_claim *claim);
cellseg_status cseg_claim_allocate(cellseg_image **out, cellseg_context *context, const cseg_io_request *request,
                                   const cseg_file *file, const cseg_io_claim *claim);

/* For files that hold one image without slices and time points. CELLSEG_ERR_ARGUMENT if the request names another. */
cellseg_status cseg_claim_check_series(const cseg_io_request *request);
cellseg_status cseg_claim_check_single(const cseg_io_request *request);

typedef struct cseg_inflate cseg_inflate;

/* The next compressed bytes, at most `room` of them; *count 0: there are no more. */
typedef cellseg_status (*cseg_inflate_feed_fn)(void *source, unsigned char *to, size_t room, size_t *count);

/* Decompress zlib's format (inflate.c). what: the data's name in messages. */
cellseg_status cseg_inflate_open(cseg_inflate **out, cellseg_context *context, const char *what, cseg_inflate_feed_fn feed,
                                 void *source);
cellseg_status cseg_inflate_read(cseg_inflate *inflate, void *to, size_t count);
/* Decompress and ignore the rest, whose length is *total, and check the checksum. Stops soon after `most` bytes. */
cellseg_status cseg_inflate_skip(cseg_inflate *inflate, uint64_t most, uint64_t *total);
void cseg_inflate_close(cseg_inflate *inflate);

/* CELLSEG_ERR_FORMAT unless the IDAT chunks of a PNG inflate to so many bytes. Takes little memory, whatever the file claims. */
cellseg_status cseg_idat_check(cellseg_context *context, cseg_file *file, uint64_t bytes);

cellseg_status cseg_png_read(cellseg_image **out, cellseg_context *context, cseg_file *file, const cseg_io_request *request);
cellseg_status cseg_tiff_read(cellseg_image **out, cellseg_context *context, cseg_file *file, const cseg_io_request *request);

/* CELLSEG_FEATURE_PNG; CELLSEG_FEATURE_TIFF with the bits of the compressions that libtiff has. 0: the build leaves out the part,
 * whose functions fail with CELLSEG_ERR_UNAVAILABLE (without_png.c, without_tiff.c). */
uint64_t cseg_png_features(void);
uint64_t cseg_libtiff_features(void);

/* One page for each channel. `level` of deflate: 1 to 9. */
cellseg_status cseg_tiffwriter_write(cseg_file *file, cellseg_context *context, const cellseg_image *image,
                                     const cellseg_write_options *options, int level);

/* The file's OME-XML (ome_write.c), plain ASCII. Release with cseg_memory_free(). */
cellseg_status cseg_omewriter_describe(char **out, cellseg_context *context, const cellseg_image *image,
                                       const cellseg_write_options *options);

/* row(data, y, rgb) fills one row of 8-bit red, green and blue. */
typedef void (*cseg_io_rgb_row_fn)(void *data, size_t y, uint8_t *rgb);
cellseg_status cseg_png_write(cseg_file *file, cellseg_context *context, size_t height, size_t width, cseg_io_rgb_row_fn row,
                              void *data);

#endif
