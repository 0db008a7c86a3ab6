/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing of TIFF files: one page per channel, deflate, OME-XML in the first page. No predictor: label maps are smaller
 * without, and ImageJ before 1.53v1 ignores it. Large pages are tiled, so that viewers read the part that they show.
 */
#include "io/libtiff.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>

enum { STRIP_BYTES = 1 << 18 };

/* A file that is being written. Its blocks are tiles, or strips: blocks as wide as the page. */
typedef struct tiff_writer {
    cseg_libtiff stream;
    cellseg_context *context;
    const char *description; /* of the first page */
    double pixel_size_um;
    int32_t page, pages;
    int level; /* of deflate */
    bool tiled, cannot_close;
    size_t block_height, block_width;
    char *block;
} tiff_writer;

/* The pixels are sound, so that what does not come from the disk is libtiff's own memory. */
static cellseg_status fail(const tiff_writer *writer) {
    const cseg_libtiff *stream = &writer->stream;
    if (stream->file->error != 0)
        return cseg_file_fail("cannot be written", stream->file->error);
    return cseg_fail(CELLSEG_ERR_MEMORY, "page %d cannot be written: %s", (int)writer->page + 1,
                     stream->message[0] != '\0' ? stream->message : "no memory");
}

static int sample_format(int32_t type) {
    if (type == CELLSEG_FLOAT32 || type == CELLSEG_FLOAT64)
        return SAMPLEFORMAT_IEEEFP;
    return type == CELLSEG_INT16 || type == CELLSEG_INT32 ? SAMPLEFORMAT_INT : SAMPLEFORMAT_UINT;
}

static bool set_blocks(const tiff_writer *writer) {
    TIFF *tiff = writer->stream.tiff;
    if (!writer->tiled)
        return TIFFSetField(tiff, TIFFTAG_ROWSPERSTRIP, (uint32_t)writer->block_height);
    return TIFFSetField(tiff, TIFFTAG_TILELENGTH, (uint32_t)writer->block_height) &&
           TIFFSetField(tiff, TIFFTAG_TILEWIDTH, (uint32_t)writer->block_width);
}

/* libtiff 4.5 counts a text before it has memory for the text, and reads beyond its array when it closes. Such a stream is left
 * unclosed: a leak of libtiff's few kilobytes, where there is no memory anyway. */
static bool set_texts(tiff_writer *writer) {
    TIFF *tiff = writer->stream.tiff;
    char software[32];
    (void)snprintf(software, sizeof software, "libcellseg %s", cellseg_version());
    writer->cannot_close = !(TIFFSetField(tiff, TIFFTAG_SOFTWARE, software) &&
                             (writer->page > 0 || TIFFSetField(tiff, TIFFTAG_IMAGEDESCRIPTION, writer->description)));
    return !writer->cannot_close;
}

/* By zlib, also where libtiff has libdeflate, which would give other bytes. */
static bool set_compression(const tiff_writer *writer) {
    TIFF *tiff = writer->stream.tiff;
    bool ok = TIFFSetField(tiff, TIFFTAG_COMPRESSION, COMPRESSION_ADOBE_DEFLATE) &&
              TIFFSetField(tiff, TIFFTAG_ZIPQUALITY, writer->level);
#ifdef TIFFTAG_DEFLATE_SUBCODEC
    ok = ok && TIFFSetField(tiff, TIFFTAG_DEFLATE_SUBCODEC, DEFLATE_SUBCODEC_ZLIB);
#endif
    return ok;
}

static bool set_tags(tiff_writer *writer, const cseg_plane *plane) {
    TIFF *tiff = writer->stream.tiff;
    bool ok = TIFFSetField(tiff, TIFFTAG_IMAGELENGTH, (uint32_t)plane->height) &&
              TIFFSetField(tiff, TIFFTAG_IMAGEWIDTH, (uint32_t)plane->width) && TIFFSetField(tiff, TIFFTAG_SAMPLESPERPIXEL, 1) &&
              TIFFSetField(tiff, TIFFTAG_BITSPERSAMPLE, (int)(8 * cseg_plane_type_size(plane->type))) &&
              TIFFSetField(tiff, TIFFTAG_SAMPLEFORMAT, sample_format(plane->type)) &&
              TIFFSetField(tiff, TIFFTAG_PHOTOMETRIC, PHOTOMETRIC_MINISBLACK) &&
              TIFFSetField(tiff, TIFFTAG_PLANARCONFIG, PLANARCONFIG_CONTIG) && set_compression(writer) && set_blocks(writer) &&
              set_texts(writer);
    if (ok && writer->pages > 1)
        ok = TIFFSetField(tiff, TIFFTAG_SUBFILETYPE, FILETYPE_PAGE) &&
             TIFFSetField(tiff, TIFFTAG_PAGENUMBER, (int)writer->page, (int)writer->pages);
    if (ok && writer->pixel_size_um > 0)
        ok = TIFFSetField(tiff, TIFFTAG_RESOLUTIONUNIT, RESUNIT_CENTIMETER) &&
             TIFFSetField(tiff, TIFFTAG_XRESOLUTION, 1e4 / writer->pixel_size_um) &&
             TIFFSetField(tiff, TIFFTAG_YRESOLUTION, 1e4 / writer->pixel_size_um);
    return ok;
}

/* Write the block whose first pixel is (y, x). Blocks are copied, because libtiff may swap bytes in its input. A tile that
 * reaches beyond the page is filled with zeros; the last strip is shorter. */
static bool write_block(tiff_writer *writer, const cseg_plane *plane, uint32_t number, size_t y, size_t x) {
    const size_t sample = cseg_plane_type_size(plane->type), row = writer->block_width * sample;
    const size_t rows = writer->block_height < plane->height - y ? writer->block_height : plane->height - y;
    const size_t columns = writer->block_width < plane->width - x ? writer->block_width : plane->width - x;
    if (rows < writer->block_height || columns < writer->block_width)
        memset(writer->block, 0, writer->block_height * row);
    for (size_t i = 0; i < rows; i++)
        memcpy(writer->block + i * row, (const char *)cseg_row_at(plane, y + i) + x * sample, columns * sample);
    TIFF *tiff = writer->stream.tiff;
    return (writer->tiled ? TIFFWriteEncodedTile(tiff, number, writer->block, (tmsize_t)(writer->block_height * row))
                          : TIFFWriteEncodedStrip(tiff, number, writer->block, (tmsize_t)(rows * row))) >= 0;
}

static cellseg_status write_blocks(tiff_writer *writer, const cseg_plane *plane) {
    uint32_t number = 0;
    for (size_t y = 0; y < plane->height; y += writer->block_height)
        for (size_t x = 0; x < plane->width; x += writer->block_width, number++) {
            if (!write_block(writer, plane, number, y, x))
                return fail(writer);
            CSEG_TRY(cseg_progress_poll(writer->context, (writer->page + (double)y / (double)plane->height) / writer->pages));
        }
    return CELLSEG_OK;
}

static cellseg_status write_page(tiff_writer *writer, const cellseg_image *image) {
    cseg_input input;
    CSEG_TRY(cseg_input_open(&input, writer->context, image, writer->page));
    cellseg_status status = set_tags(writer, &input.plane) ? CELLSEG_OK : fail(writer);
    if (status == CELLSEG_OK)
        status = write_blocks(writer, &input.plane);
    if (status == CELLSEG_OK && !TIFFWriteDirectory(writer->stream.tiff))
        status = fail(writer);
    cseg_input_close(&input);
    return status;
}

/* Tiles where the page is larger than one in both directions; else strips. */
static void choose_blocks(tiff_writer *writer, const cellseg_image *image, size_t tile_px) {
    const size_t height = cellseg_image_height(image), width = cellseg_image_width(image);
    const size_t row = width * cseg_plane_type_size(cellseg_image_pixel_type(image));
    const size_t strip_rows = row < STRIP_BYTES ? STRIP_BYTES / row : 1;
    writer->tiled = tile_px > 0 && height > tile_px && width > tile_px;
    writer->block_height = writer->tiled ? tile_px : strip_rows < height ? strip_rows : height;
    writer->block_width = writer->tiled ? tile_px : width;
}

/* Bytes of all blocks before compression, the tiles' margins included. */
static double bytes_of(const tiff_writer *writer, const cellseg_image *image) {
    const size_t down = (cellseg_image_height(image) + writer->block_height - 1) / writer->block_height;
    const size_t across = (cellseg_image_width(image) + writer->block_width - 1) / writer->block_width;
    return (double)down * (double)across * (double)writer->block_height * (double)writer->block_width *
           (double)cseg_plane_type_size(cellseg_image_pixel_type(image)) * writer->pages;
}

static cellseg_status write_pages(tiff_writer *writer, cseg_file *file, const cellseg_image *image) {
    const bool classic = bytes_of(writer, image) + (double)strlen(writer->description) < 3.5e9;
    if (cseg_libtiff_open(&writer->stream, file, classic ? "wl" : "wl8") != CELLSEG_OK)
        return fail(writer);
    cellseg_status status = CELLSEG_OK;
    for (; status == CELLSEG_OK && writer->page < writer->pages; writer->page++)
        status = write_page(writer, image);
    if (status != CELLSEG_OK) /* closing would write what is left, and crash where libtiff had no memory for that */
        (void)TIFFSetMode(writer->stream.tiff, O_RDONLY);
    if (!writer->cannot_close)
        TIFFClose(writer->stream.tiff);
    return status;
}

cellseg_status cseg_tiffwriter_write(cseg_file *file, cellseg_context *context, const cellseg_image *image,
                                     const cellseg_write_options *options, int level) {
    tiff_writer writer = {.context = context,
                          .pages = cellseg_image_channels(image),
                          .level = level,
                          .pixel_size_um = cellseg_image_pixel_size_um(image)};
    choose_blocks(&writer, image, (size_t)options->tile_px);
    char *description;
    CSEG_TRY(cseg_omewriter_describe(&description, context, image, options));
    writer.description = description;
    writer.block = cseg_memory_alloc(context, writer.block_height * writer.block_width,
                                     cseg_plane_type_size(cellseg_image_pixel_type(image)));
    const cellseg_status status = writer.block != NULL ? write_pages(&writer, file, image) : cseg_error_last();
    cseg_memory_free(writer.block);
    cseg_memory_free(description);
    return status;
}
