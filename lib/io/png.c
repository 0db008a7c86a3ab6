/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PNG in and out; the only file that includes libpng. libpng reports errors by longjmp. Data that libpng calls write lie in a
 * struct that outlives the jump, and only guarded() calls setjmp, so that no local variable is indeterminate. Memory comes from
 * the context's hooks, and nothing is printed. Reference: PNG Specification, Second Edition (ISO/IEC 15948).
 */
#include "io/io.h"

#include <png.h>
#include <setjmp.h>

/* Upper bound: inflate makes 1032 bytes of one, and a palette index of one bit or more makes three samples. */
enum { EXPANSION = 3 * 1032 };

/* ---- libpng on our files, memory and errors ---- */

typedef struct png_session {
    png_structp png;
    png_infop info;
    cseg_file *file;
    uint64_t position;
    cellseg_context *context;
    cellseg_status status; /* set before the jump */
    jmp_buf jump;
} png_session;

static void on_error(png_structp png, png_const_charp message) {
    png_session *session = png_get_error_ptr(png);
    if (session->status == CELLSEG_OK)
        session->status = cseg_fail(CELLSEG_ERR_FORMAT, "%s", message);
    longjmp(session->jump, 1);
}

static void on_warning(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static png_voidp on_alloc(png_structp png, png_alloc_size_t size) {
    png_session *session = png_get_mem_ptr(png);
    void *block = cseg_memory_alloc(session->context, 1, size);
    if (block == NULL)
        session->status = cseg_error_last();
    return block;
}

static void on_free(png_structp png, png_voidp block) {
    (void)png;
    cseg_memory_free(block);
}

static void on_read(png_structp png, png_bytep to, size_t count) {
    png_session *session = png_get_io_ptr(png);
    if (cseg_file_read_at(session->file, to, count, session->position) != count) {
        session->status = session->file->error != 0 ? cseg_file_fail("cannot be read", session->file->error)
                                                    : cseg_fail(CELLSEG_ERR_FORMAT, "the file ends early");
        png_error(png, "read");
    }
    session->position += count;
}

static void on_write(png_structp png, png_bytep from, size_t count) {
    png_session *session = png_get_io_ptr(png);
    if (!cseg_file_write_at(session->file, from, count, session->position)) {
        session->status = cseg_file_fail("cannot be written", session->file->error);
        png_error(png, "write");
    }
    session->position += count;
}

static void on_flush(png_structp png) {
    (void)png;
}

/* Run a step; an error of libpng ends the step. */
static cellseg_status guarded(png_session *session, void (*step)(void *), void *data) {
    if (setjmp(session->jump) == 0)
        step(data);
    return session->status;
}

/* ---- reading ---- */

typedef struct png_reader {
    png_session session;
    const cseg_io_request *request;
    png_uint_32 height, width;
    int bits, channels, passes;
    bool palette_to_rgb;
    double pixel_size_um;
    cellseg_image *image;
    png_bytep rows; /* one row, or all rows when interlaced; the samples of a pixel are adjacent */
    size_t row_bytes;
} png_reader;

/* Convert every format to 8 or 16-bit samples without alpha, in this machine's byte order. */
static void set_transformations(void *data) {
    png_reader *reader = data;
    png_structp png = reader->session.png;
    const uint16_t one = 1;
    const bool little_endian = *(const uint8_t *)&one == 1;
    if (reader->palette_to_rgb)
        png_set_palette_to_rgb(png);
    png_set_packing(png);
    png_set_strip_alpha(png);
    if (reader->bits == 16 && little_endian)
        png_set_swap(png);
    reader->passes = png_set_interlace_handling(png);
    png_read_update_info(png, reader->session.info);
    reader->row_bytes = png_get_rowbytes(png, reader->session.info);
    if (reader->row_bytes != (size_t)reader->width * (size_t)reader->channels * (reader->bits == 16 ? 2 : 1))
        png_error(png, "its rows have an unsupported layout");
}

static void read_pixel_size(png_reader *reader) {
    png_session *session = &reader->session;
    png_uint_32 x = 0, y = 0;
    int unit = PNG_RESOLUTION_UNKNOWN;
    (void)png_get_pHYs(session->png, session->info, &x, &y, &unit);
    const cseg_io_calibration calibration = {.x_density = x, .y_density = y, .unit_um = unit == PNG_RESOLUTION_METER ? 1e6 : 0};
    session->status = cseg_pixelsize_choose(&reader->pixel_size_um, session->context, &calibration, NULL, reader->request);
}

static void read_header(void *data) {
    png_reader *reader = data;
    png_session *session = &reader->session;
    session->png = png_create_read_struct_2(PNG_LIBPNG_VER_STRING, session, on_error, on_warning, session, on_alloc, on_free);
    if (session->png == NULL) {
        session->status = cseg_error_last();
        return;
    }
    png_set_read_fn(session->png, session, on_read);
    png_set_user_limits(session->png, INT32_MAX, INT32_MAX); /* max_bytes is the limit */
    session->info = png_create_info_struct(session->png);
    if (session->info == NULL)
        return;
    png_read_info(session->png, session->info);
    int colour;
    (void)png_get_IHDR(session->png, session->info, &reader->width, &reader->height, &reader->bits, &colour, NULL, NULL, NULL);
    reader->palette_to_rgb = colour == PNG_COLOR_TYPE_PALETTE && !reader->request->labels;
    reader->channels = reader->palette_to_rgb || (colour & ~PNG_COLOR_MASK_ALPHA) == PNG_COLOR_TYPE_RGB ? 3 : 1;
    read_pixel_size(reader);
}

static void copy_row(const png_reader *reader, size_t y, const png_byte *row) {
    const size_t step = (size_t)reader->channels;
    for (int32_t c = 0; c < reader->channels; c++) {
        const cseg_plane to = cseg_image_plane(reader->image, c);
        void *out = cseg_row_at(&to, y);
        if (to.type == CELLSEG_UINT8)
            for (size_t x = 0; x < to.width; x++)
                ((uint8_t *)out)[x] = row[x * step + (size_t)c];
        else
            for (size_t x = 0; x < to.width; x++)
                ((uint16_t *)out)[x] = ((const uint16_t *)(const void *)row)[x * step + (size_t)c];
    }
}

static void read_rows(void *data) {
    png_reader *reader = data;
    png_session *session = &reader->session;
    for (int pass = 0; pass < reader->passes; pass++)
        for (size_t y = 0; y < reader->height; y++) {
            png_bytep row = reader->rows + (reader->passes > 1 ? y * reader->row_bytes : 0);
            png_read_row(session->png, row, NULL);
            if (pass == reader->passes - 1)
                copy_row(reader, y, row);
            const double done = (pass + (double)y / reader->height) / reader->passes;
            if ((session->status = cseg_progress_poll(session->context, done)) != CELLSEG_OK)
                return;
        }
    png_read_end(session->png, NULL);
}

static cellseg_status read_image(png_reader *reader) {
    png_session *session = &reader->session;
    CSEG_TRY(guarded(session, read_header, reader));
    const int32_t type = reader->bits == 16 ? CELLSEG_UINT16 : CELLSEG_UINT8;
    const cseg_io_claim claim = {.height = reader->height,
                                 .width = reader->width,
                                 .channels = (uint64_t)reader->channels,
                                 .type = type,
                                 .bits_per_sample = 1,
                                 .expansion = EXPANSION};
    CSEG_TRY(cseg_claim_allocate(&reader->image, session->context, reader->request, session->file, &claim));
    CSEG_TRY(cellseg_image_set_pixel_size_um(reader->image, reader->pixel_size_um));
    CSEG_TRY(guarded(session, set_transformations, reader)); /* allocates a row, so the size is checked first */
    reader->rows = cseg_memory_calloc(session->context, reader->passes > 1 ? reader->height : 1, reader->row_bytes);
    if (reader->rows == NULL)
        return cseg_error_last();
    return guarded(session, read_rows, reader);
}

cellseg_status cseg_png_read(cellseg_image **out, cellseg_context *context, cseg_file *file, const cseg_io_request *request) {
    png_reader reader = {.session = {.file = file, .context = context}, .request = request};
    const cellseg_status status = read_image(&reader);
    png_destroy_read_struct(&reader.session.png, &reader.session.info, NULL);
    cseg_memory_free(reader.rows);
    if (status == CELLSEG_OK)
        *out = reader.image;
    else
        cellseg_image_free(reader.image);
    return status;
}

/* ---- writing ---- */

typedef struct png_writer {
    png_session session;
    png_uint_32 height, width;
    png_bytep rgb; /* one row */
    cseg_io_rgb_row_fn row;
    void *row_data;
} png_writer;

static void write_image(void *data) {
    png_writer *writer = data;
    png_session *session = &writer->session;
    session->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, session, on_error, on_warning, session, on_alloc, on_free);
    if (session->png == NULL) {
        session->status = cseg_error_last();
        return;
    }
    png_set_write_fn(session->png, session, on_write, on_flush);
    png_set_user_limits(session->png, INT32_MAX, INT32_MAX);
    session->info = png_create_info_struct(session->png);
    if (session->info == NULL)
        return;
    png_set_IHDR(session->png, session->info, writer->width, writer->height, 8, PNG_COLOR_TYPE_RGB, PNG_INTERLACE_NONE,
                 PNG_COMPRESSION_TYPE_DEFAULT, PNG_FILTER_TYPE_DEFAULT);
    png_set_compression_level(session->png, 2); /* level 2 with this filter takes a quarter of the time and a tenth more bytes */
    png_set_filter(session->png, PNG_FILTER_TYPE_BASE, PNG_FILTER_SUB);
    png_write_info(session->png, session->info);
    for (size_t y = 0; y < writer->height; y++) {
        writer->row(writer->row_data, y, writer->rgb);
        png_write_row(session->png, writer->rgb);
        session->status = cseg_progress_poll(session->context, (double)y / writer->height);
        if (session->status != CELLSEG_OK)
            return;
    }
    png_write_end(session->png, NULL);
}

cellseg_status cseg_png_write(cseg_file *file, cellseg_context *context, size_t height, size_t width, cseg_io_rgb_row_fn row,
                              void *data) {
    png_writer writer = {.session = {.file = file, .context = context},
                         .height = (png_uint_32)height,
                         .width = (png_uint_32)width,
                         .rgb = cseg_memory_alloc(context, width, 3),
                         .row = row,
                         .row_data = data};
    if (writer.rgb == NULL)
        return cseg_error_last();
    const cellseg_status status = guarded(&writer.session, write_image, &writer);
    png_destroy_write_struct(&writer.session.png, &writer.session.info);
    cseg_memory_free(writer.rgb);
    return status;
}
