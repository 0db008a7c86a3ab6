/* SPDX-License-Identifier: BSD-3-Clause */
/* Writing of TIFF files, one page per channel. */
#include "io/libtiff.h"

#include <stdio.h>
#include <string.h>

enum { STRIP_BYTES = 1 << 18, ZIP_LEVEL = 3 }; /* twice as fast as level 6; label maps stay small */

static int sample_format(int32_t type) {
    if (type == CELLSEG_FLOAT32 || type == CELLSEG_FLOAT64)
        return SAMPLEFORMAT_IEEEFP;
    return type == CELLSEG_INT16 || type == CELLSEG_INT32 ? SAMPLEFORMAT_INT : SAMPLEFORMAT_UINT;
}

static bool set_tags(TIFF *tiff, const cseg_plane *plane, int32_t page, int32_t pages, uint32_t strip_rows,
                     double pixel_size_um) {
    const int format = sample_format(plane->type);
    const int predictor = format == SAMPLEFORMAT_IEEEFP ? PREDICTOR_NONE : PREDICTOR_HORIZONTAL;
    char software[32];
    (void)snprintf(software, sizeof software, "libcellseg %s", cellseg_version());
    bool ok = TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, (uint32_t)plane->height) &&
              TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, (uint32_t)plane->width) && TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1) &&
              TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, (int)(8 * cseg_plane_type_size(plane->type))) &&
              TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, format) &&
              TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK) &&
              TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) &&
              TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE) &&
              TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, ZIP_LEVEL) && TIFFSetField(tiff, TIFFTAG_PREDICTOR, predictor) &&
              TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, strip_rows) && TIFFSetField(tiff, TIFFTAG_SOFTWARE, software);
    if (ok && pages > 1)
        ok = TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_PAGE) &&
             TIFFSetField(tiff, TIFFTAG_PAGENUMBER, (int)page, (int)pages);
    if (ok && pixel_size_um > 0)
        ok = TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER) &&
             TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 1e4 / pixel_size_um) &&
             TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 1e4 / pixel_size_um);
    return ok;
}

/* A page that is being written. */
typedef struct tiff_writer {
    cseg_libtiff stream;
    cellseg_context *context;
    int32_t page, pages;
    size_t strip_rows;
    char *strip;
} tiff_writer;

/* Strips are copied to writer->strip, because libtiff's predictor modifies its input. */
static cellseg_status write_strips(tiff_writer *writer, const cseg_plane *plane) {
    assert(writer->strip_rows > 0);
    const size_t row = plane->width * cseg_plane_type_size(plane->type);
    for (size_t y = 0; y < plane->height; y += writer->strip_rows) {
        const size_t rows = writer->strip_rows < plane->height - y ? writer->strip_rows : plane->height - y;
        for (size_t i = 0; i < rows; i++)
            memcpy(writer->strip + i * row, cseg_row_at(plane, y + i), row);
        const uint32_t number = (uint32_t)(y / writer->strip_rows);
        if (TIFFWriteEncodedStrip(writer->stream.tiff, number, writer->strip, (tmsize_t)(rows * row)) < 0)
            return cseg_libtiff_fail(&writer->stream, "cannot be written");
        CSEG_TRY(cseg_progress_poll(writer->context, (writer->page + (double)y / (double)plane->height) / writer->pages));
    }
    return CELLSEG_OK;
}

static cellseg_status write_page(tiff_writer *writer, const cellseg_image *image) {
    const double pixel_size_um = cellseg_image_pixel_size_um(image);
    TIFF *tiff = writer->stream.tiff;
    cseg_input input;
    CSEG_TRY(cseg_input_open(&input, writer->context, image, writer->page));
    cellseg_status status = CELLSEG_OK;
    if (!set_tags(tiff, &input.plane, writer->page, writer->pages, (uint32_t)writer->strip_rows, pixel_size_um))
        status = cseg_libtiff_fail(&writer->stream, "cannot be written");
    if (status == CELLSEG_OK)
        status = write_strips(writer, &input.plane);
    if (status == CELLSEG_OK && !TIFFWriteDirectory(tiff))
        status = cseg_libtiff_fail(&writer->stream, "cannot be written");
    cseg_input_close(&input);
    return status;
}

cellseg_status cseg_tiffwriter_write(cseg_file *file, cellseg_context *context, const cellseg_image *image) {
    tiff_writer writer = {.context = context, .pages = cellseg_image_channels(image)};
    const size_t row = cellseg_image_width(image) * cseg_plane_type_size(cellseg_image_pixel_type(image));
    const double bytes = (double)row * (double)cellseg_image_height(image) * writer.pages;
    writer.strip_rows = row < STRIP_BYTES ? STRIP_BYTES / row : 1;
    writer.strip = cseg_memory_alloc(context, writer.strip_rows, row);
    if (writer.strip == NULL)
        return cseg_error_last();
    cellseg_status status = cseg_libtiff_open(&writer.stream, file, bytes < 3.5e9 ? "wl" : "wl8");
    for (; status == CELLSEG_OK && writer.page < writer.pages; writer.page++)
        status = write_page(&writer, image);
    if (writer.stream.tiff != NULL)
        TIFFClose(writer.stream.tiff);
    cseg_memory_free(writer.strip);
    return status;
}
