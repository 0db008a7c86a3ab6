/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * PNG in and out; the only file that includes libpng. libpng reports errors by longjmp. Data that libpng calls write lie in a
 * struct that outlives the jump, and only guarded() calls setjmp, so that no local variable is indeterminate. Memory comes from
 * the context's hooks, and nothing is printed. Reference: PNG Specification, Second Edition (ISO/IEC 15948).
 */
#include "io/io.h"

#include <png.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

/*
 * EXPANSION: inflate makes at most so many bytes of one. PLAUSIBLE: an image of more than so many times the file's bytes is
 * rare, so its pixel data are inflated once without being kept before memory is taken. MAX_REST: bytes of IDAT chunks that may
 * follow the last row, since each of them may take as long as a thousand of the image's.
 */
enum { EXPANSION = 1032, PLAUSIBLE = 32, MAX_REST = 1 << 16, PASSES = 7 };

#define CHUNK_IDAT 0x49444154U

/* ---- libpng on our files, memory and errors ---- */

typedef struct png_session {
    png_structp png;
    png_infop info;
    cseg_file *file;
    uint64_t position;
    cellseg_context *context;
    double done;           /* the fraction of the rows that are done */
    size_t row;            /* the row of the picture that is decoded, from 1; 0: before the first */
    uint64_t idat_left;    /* bytes of IDAT chunks that may still be read */
    cellseg_status status; /* set before the jump */
    jmp_buf jump;
} png_session;

/* libpng's messages begin with the name of the chunk, where they concern one. */
static cellseg_status fail_here(const png_session *session, const char *message) {
    if (session->row > 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "row %zu: %s", session->row - 1, message);
    return cseg_fail(CELLSEG_ERR_FORMAT, "%s", message);
}

static void on_error(png_structp png, png_const_charp message) {
    png_session *session = png_get_error_ptr(png);
    if (session->status == CELLSEG_OK)
        session->status = fail_here(session, message);
    longjmp(session->jump, 1);
}

/* libpng warns of damage that it can read past. Only bytes behind the compressed data, some writers' padding, lose nothing. */
static void on_warning(png_structp png, png_const_charp message) {
    const png_session *session = png_get_error_ptr(png);
    if (session->status == CELLSEG_OK && strstr(message, "Extra compressed data") == NULL)
        on_error(png, message); /* after a failed allocation libpng warns, and then releases what it has */
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

static cellseg_status fail_early_end(png_structp png, const png_session *session) {
    const png_uint_32 type = png_get_io_chunk_type(png);
    char message[40];
    const char name[] = {(char)(type >> 24), (char)(type >> 16), (char)(type >> 8), (char)type, '\0'};
    (void)snprintf(message, sizeof message, "%s%sthe file ends early", name, type != 0 ? ": " : "");
    return fail_here(session, message);
}

static cellseg_status read_bytes(png_structp png, png_session *session, png_bytep to, size_t count) {
    CSEG_TRY(cseg_progress_poll(session->context, session->done)); /* between two rows, or in a chunk that is skipped */
    if (png_get_io_chunk_type(png) == CHUNK_IDAT) {
        if (count > session->idat_left)
            return fail_here(session, "IDAT: more data than the image has pixels");
        session->idat_left -= count;
    }
    if (cseg_file_read_at(session->file, to, count, session->position) != count)
        return session->file->error != 0 ? cseg_file_fail("cannot be read", session->file->error) : fail_early_end(png, session);
    session->position += count;
    return CELLSEG_OK;
}

static void on_read(png_structp png, png_bytep to, size_t count) {
    png_session *session = png_get_io_ptr(png);
    session->status = read_bytes(png, session, to, count);
    if (session->status != CELLSEG_OK)
        png_error(png, "read");
}

static void on_write(png_structp png, png_bytep from, size_t count) {
    png_session *session = png_get_io_ptr(png);
    session->status = cseg_progress_poll(session->context, session->done);
    if (session->status == CELLSEG_OK && !cseg_file_write_at(session->file, from, count, session->position))
        session->status = cseg_file_fail("cannot be written", session->file->error);
    if (session->status != CELLSEG_OK)
        png_error(png, "write");
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
    int bits, channels; /* of a sample; of the image */
    int file_bits;      /* of a pixel in the file */
    bool palette_to_rgb, interlaced;
    double pixel_size_um;
    cellseg_image *image;
    png_bytep row; /* the samples of a pixel are adjacent */
    size_t row_bytes;
} png_reader;

/* The pixels of a pass: every `down`-th row from `top` on, every `across`-th column from `left` on. */
typedef struct png_pass {
    size_t top, down, height, left, across, width;
} png_pass;

/* Adam7 has seven passes; without it the first takes all. */
static png_pass pass_of(const png_reader *reader, int i) {
    if (!reader->interlaced)
        return (png_pass){0, 1, i == 0 ? reader->height : 0, 0, 1, reader->width};
    png_pass pass = {.top = PNG_PASS_START_ROW(i),
                     .down = (size_t)1 << PNG_PASS_ROW_SHIFT(i),
                     .left = PNG_PASS_START_COL(i),
                     .across = (size_t)1 << PNG_PASS_COL_SHIFT(i)};
    pass.height = (reader->height + pass.down - 1 - pass.top) / pass.down;
    pass.width = (reader->width + pass.across - 1 - pass.left) / pass.across;
    if (pass.width == 0)
        pass.height = 0;
    return pass;
}

/* The bytes of the pixel data, uncompressed: a byte for the filter before each row. */
static uint64_t raw_bytes(const png_reader *reader) {
    uint64_t bytes = 0;
    for (int i = 0; i < PASSES; i++) {
        const png_pass pass = pass_of(reader, i);
        bytes += (uint64_t)pass.height * (1 + ((uint64_t)pass.width * (uint64_t)reader->file_bits + 7) / 8);
    }
    return bytes;
}

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
    const cseg_io_statement tags = {"the resolution tags", cseg_pixelsize_by_tags(&calibration)};
    session->status = cseg_pixelsize_choose(&reader->pixel_size_um, session->context, &tags, 1, false, reader->request);
}

/* Of the chunks that an image need not have, only the pixel size is read: the others are passed over, whatever their length, and
 * so need no limit. A wrong checksum anywhere is an error. */
static void set_limits(png_structp png) {
    static const png_byte pixel_size[] = "pHYs", transparency[] = "tRNS";
    png_set_user_limits(png, INT32_MAX, INT32_MAX); /* max_bytes is the limit */
    png_set_chunk_malloc_max(png, 0);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, NULL, -1); /* all but pixels, palette and transparency */
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_NEVER, transparency, 1);
    png_set_keep_unknown_chunks(png, PNG_HANDLE_CHUNK_AS_DEFAULT, pixel_size, 1);
    png_set_crc_action(png, PNG_CRC_ERROR_QUIT, PNG_CRC_ERROR_QUIT);
    png_set_benign_errors(png, 1); /* on_warning() decides */
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
    set_limits(session->png);
    session->info = png_create_info_struct(session->png);
    if (session->info == NULL)
        return;
    png_read_info(session->png, session->info);
    int colour, interlace;
    (void)png_get_IHDR(session->png, session->info, &reader->width, &reader->height, &reader->bits, &colour, &interlace, NULL,
                       NULL);
    reader->interlaced = interlace != PNG_INTERLACE_NONE;
    reader->file_bits = reader->bits * png_get_channels(session->png, session->info);
    reader->palette_to_rgb = colour == PNG_COLOR_TYPE_PALETTE && !reader->request->labels;
    reader->channels = reader->palette_to_rgb || (colour & ~PNG_COLOR_MASK_ALPHA) == PNG_COLOR_TYPE_RGB ? 3 : 1;
    read_pixel_size(reader);
}

static void copy_row(const png_reader *reader, size_t y, const png_pass *pass) {
    const size_t step = (size_t)reader->channels;
    for (int32_t c = 0; c < reader->channels; c++) {
        const cseg_plane to = cseg_image_plane(reader->image, c);
        void *out = cseg_row_at(&to, y);
        if (to.type == CELLSEG_UINT8)
            for (size_t x = 0; x < pass->width; x++)
                ((uint8_t *)out)[pass->left + x * pass->across] = reader->row[x * step + (size_t)c];
        else
            for (size_t x = 0; x < pass->width; x++)
                ((uint16_t *)out)[pass->left + x * pass->across] =
                    ((const uint16_t *)(const void *)reader->row)[x * step + (size_t)c];
    }
}

/* Of `all` rows in all passes, *done of them before this pass. */
static cellseg_status read_pass(png_reader *reader, const png_pass *pass, size_t *done, size_t all) {
    png_session *session = &reader->session;
    for (size_t y = pass->top; y < reader->height; y += pass->down) {
        session->row = y + 1;
        if (*done + 1 == all)
            session->idat_left = 2 * (uint64_t)reader->row_bytes + MAX_REST;
        png_read_row(session->png, reader->row, NULL);
        copy_row(reader, y, pass);
        session->done = (double)++*done / (double)all;
        CSEG_TRY(cseg_progress_poll(session->context, session->done));
    }
    return CELLSEG_OK;
}

static void read_rows(void *data) {
    png_reader *reader = data;
    png_session *session = &reader->session;
    png_pass passes[PASSES];
    size_t done = 0, all = 0;
    for (int i = 0; i < PASSES; i++) {
        passes[i] = pass_of(reader, i);
        all += passes[i].height;
    }
    for (int i = 0; i < PASSES && done < all; i++)
        if (passes[i].height > 0 && (session->status = read_pass(reader, &passes[i], &done, all)) != CELLSEG_OK)
            return;
    session->row = 0;
    png_read_end(session->png, NULL);
}

/* Allocate the image that the header claims, where the file is of a size to hold it, or shown to hold it. */
static cellseg_status take_image(png_reader *reader) {
    png_session *session = &reader->session;
    const int32_t type = reader->bits == 16 ? CELLSEG_UINT16 : CELLSEG_UINT8;
    const double samples = (double)reader->height * reader->width * reader->channels;
    const cseg_io_claim claim = {.height = reader->height,
                                 .width = reader->width,
                                 .channels = (uint64_t)reader->channels,
                                 .type = type,
                                 .bits_per_sample = (unsigned)reader->file_bits, /* of all samples that the file has of a pixel */
                                 .expansion = EXPANSION * (unsigned)reader->channels};
    CSEG_TRY(cseg_claim_check(session->context, reader->request, session->file, &claim));
    if (samples * (double)cseg_plane_type_size(type) > (double)PLAUSIBLE * (double)session->file->size)
        CSEG_TRY(cseg_idat_check(session->context, session->file, raw_bytes(reader)));
    CSEG_TRY(cseg_claim_allocate(&reader->image, session->context, reader->request, session->file, &claim));
    return cellseg_image_set_pixel_size_um(reader->image, reader->pixel_size_um);
}

static cellseg_status read_image(png_reader *reader) {
    png_session *session = &reader->session;
    session->idat_left = UINT64_MAX;
    CSEG_TRY(guarded(session, read_header, reader));
    CSEG_TRY(take_image(reader));
    CSEG_TRY(guarded(session, set_transformations, reader)); /* allocates rows, so the size is checked first */
    reader->row = cseg_memory_calloc(session->context, 1, reader->row_bytes);
    if (reader->row == NULL)
        return cseg_error_last();
    return guarded(session, read_rows, reader);
}

cellseg_status cseg_png_read(cellseg_image **out, cellseg_context *context, cseg_file *file, const cseg_io_request *request) {
    png_reader reader = {.session = {.file = file, .context = context}, .request = request};
    CSEG_TRY(cseg_claim_check_single(request));
    const cellseg_status status = read_image(&reader);
    png_destroy_read_struct(&reader.session.png, &reader.session.info, NULL);
    cseg_memory_free(reader.row);
    if (status == CELLSEG_OK)
        *out = reader.image;
    else
        cellseg_image_free(reader.image);
    return status;
}

uint64_t cseg_png_features(void) {
    return CELLSEG_FEATURE_PNG;
}

/* ---- writing ---- */

typedef struct png_writer {
    png_session session;
    png_uint_32 height, width;
    png_bytep rgb; /* one row */
    cseg_io_rgb_row_fn row;
    void *row_data;
} png_writer;

/* Warnings of writing are of memory that libpng does without; a jump would lose what it has taken so far. */
static void pass_over(png_structp png, png_const_charp message) {
    (void)png;
    (void)message;
}

static void write_image(void *data) {
    png_writer *writer = data;
    png_session *session = &writer->session;
    session->png = png_create_write_struct_2(PNG_LIBPNG_VER_STRING, session, on_error, pass_over, session, on_alloc, on_free);
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
        session->done = (double)(y + 1) / writer->height;
        session->status = cseg_progress_poll(session->context, session->done);
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
