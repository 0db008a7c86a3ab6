/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file source.h  Images that need not fit into memory: sources of pixels, read by rectangles, and sinks, written row by row.
 *
 * A source is an image in memory, or behind a callback; a sink is a callback. cellseg_segment_stream() reads the one and writes
 * the others.
 */
#ifndef CELLSEG_SOURCE_H
#define CELLSEG_SOURCE_H

#include <cellseg/image.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Pixels that are read by rectangles. */
typedef struct cellseg_source cellseg_source;

/**
 * Copy a rectangle of one channel: `height` rows of `width` samples, row y to the bytes from y * stride_bytes of `to` on. The
 * library asks for rectangles inside the image only, of any size, in any order, and the same ones again.
 * @return 0 after all samples are copied; else an errno value, which the message explains.
 */
typedef int32_t (*cellseg_read_pixels_fn)(void *user, void *to, size_t stride_bytes, int32_t channel, size_t top, size_t left,
                                          size_t height, size_t width);

/** Release what `user` names; the library calls it once, and nothing else of `user` afterwards. */
typedef void (*cellseg_done_fn)(void *user);

/** An image behind a callback. Initialise with cellseg_source_callbacks_init(). */
typedef struct cellseg_source_callbacks {
    size_t struct_size;          /**< sizeof of this struct where the caller was compiled */
    const char *name;            /**< of the image, in messages, UTF-8; NULL, the default: "the image" */
    void *user;                  /**< first argument of the callbacks */
    size_t height;               /**< rows of the image, 1 to 2^31 - 1 */
    size_t width;                /**< columns of the image, 1 to 2^31 - 1 */
    int32_t channels;            /**< 1 to 65535 */
    int32_t pixel_type;          /**< CELLSEG_UINT8 ... */
    double pixel_size_um;        /**< 0, the default: unknown */
    cellseg_read_pixels_fn read; /**< required; called on the thread of the call that reads */
    cellseg_done_fn release;     /**< called once by cellseg_source_free(); NULL: nothing to release */
} cellseg_source_callbacks;

/** Write the defaults. @return CELLSEG_ERR_ARGUMENT  callbacks is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_source_callbacks_init(cellseg_source_callbacks *callbacks, size_t struct_size);

/**
 * Make a source of callbacks.
 * @param[out] out  Release with cellseg_source_free(). NULL after an error; `release` is then not called.
 * @return CELLSEG_ERR_ARGUMENT  a NULL, a size or type out of range
 * @return CELLSEG_ERR_MEMORY
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_source_new(cellseg_source **out, cellseg_context *context,
                                              const cellseg_source_callbacks *callbacks);

/** Make a source of an image, which is borrowed: it stays valid and unchanged while the source is used. Errors, threads: as
 * cellseg_source_new(). Cost: none. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_source_from_image(cellseg_source **out, cellseg_context *context, const cellseg_image *image);

/** Release a source; NULL is legal. Threads: the source's owner. Since: 1.0 */
CELLSEG_API void cellseg_source_free(cellseg_source *source);

/** Rows of the image; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API size_t cellseg_source_height(const cellseg_source *source);
/** Columns of the image; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API size_t cellseg_source_width(const cellseg_source *source);
/** Channels of the image; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API int32_t cellseg_source_channels(const cellseg_source *source);
/** CELLSEG_UINT8 ... ; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API int32_t cellseg_source_pixel_type(const cellseg_source *source);
/** Size of a pixel in um; 0: unknown, or NULL. Threads: any. Since: 1.0 */
CELLSEG_API double cellseg_source_pixel_size_um(const cellseg_source *source);

/**
 * Read a rectangle of one channel.
 * @param      source        not const: its callback may keep what it read
 * @param[out] to            height x width samples of the source's type, rows stride_bytes apart
 * @return CELLSEG_ERR_ARGUMENT  a NULL, a channel or rectangle that the image does not have, a stride below a row
 * @return CELLSEG_ERR_IO  the callback failed; the line names the place. `to` is undefined
 * @return CELLSEG_ERR_CANCELLED
 * Threads: one call of a source at a time. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_source_read(cellseg_source *source, cellseg_context *context, void *to, size_t stride_bytes,
                                               int32_t channel, size_t top, size_t left, size_t height, size_t width);

/** An image that is being written, from the first row to the last, one channel after another. */
typedef struct cellseg_sink cellseg_sink;

/**
 * Take the next `count` rows of a channel, each of the sink's width. Channels come one after another, rows from top to bottom.
 * @return 0 after all rows are taken; else an errno value, which the message explains. No call but `release` follows a failure.
 */
typedef int32_t (*cellseg_write_rows_fn)(void *user, const void *rows, size_t stride_bytes, int32_t channel, size_t top,
                                         size_t count);

/** Complete the image, whose last row was taken. @return 0, or an errno value where the image cannot be kept. */
typedef int32_t (*cellseg_finish_fn)(void *user);

/** Where an image's rows go. Initialise with cellseg_sink_callbacks_init(). */
typedef struct cellseg_sink_callbacks {
    size_t struct_size;          /**< sizeof of this struct where the caller was compiled */
    const char *name;            /**< of the image, in messages, UTF-8; NULL, the default: "the output" */
    void *user;                  /**< first argument of the callbacks */
    size_t height;               /**< rows, 1 to 2^31 - 1 */
    size_t width;                /**< columns, 1 to 2^31 - 1 */
    int32_t channels;            /**< 1 to 65535; default 1 */
    int32_t pixel_type;          /**< CELLSEG_UINT32, the default, for label maps; ... */
    cellseg_write_rows_fn write; /**< required; called on the thread of the call that writes */
    cellseg_finish_fn finish;    /**< called once after the last row; an errno value where the image cannot be kept. NULL: none */
    cellseg_done_fn release;     /**< called once by cellseg_sink_free(), finished or not; NULL: nothing to release */
} cellseg_sink_callbacks;

/** Write the defaults. @return CELLSEG_ERR_ARGUMENT  callbacks is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_sink_callbacks_init(cellseg_sink_callbacks *callbacks, size_t struct_size);

/** Make a sink of callbacks. @param[out] out  Release with cellseg_sink_free(). NULL after an error; `release` is then not
 * called.
 * @return CELLSEG_ERR_ARGUMENT, CELLSEG_ERR_MEMORY. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_sink_new(cellseg_sink **out, cellseg_context *context,
                                            const cellseg_sink_callbacks *callbacks);

/** Rows of the image; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API size_t cellseg_sink_height(const cellseg_sink *sink);
/** Columns of the image; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API size_t cellseg_sink_width(const cellseg_sink *sink);
/** Channels of the image; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API int32_t cellseg_sink_channels(const cellseg_sink *sink);
/** CELLSEG_UINT8 ... ; 0 for NULL. Threads: any. Since: 1.0 */
CELLSEG_API int32_t cellseg_sink_pixel_type(const cellseg_sink *sink);

/**
 * Write the next `count` rows of the current channel; a channel's last row makes the next channel the current one.
 * @return CELLSEG_ERR_ARGUMENT  a NULL, more rows than the channel or the image has left, a stride below a row
 * @return CELLSEG_ERR_IO  the sink is of no further use but for cellseg_sink_free()
 * @return CELLSEG_ERR_CANCELLED  before any row was taken
 * Threads: the sink's owner. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_sink_write(cellseg_sink *sink, cellseg_context *context, const void *rows, size_t stride_bytes,
                                              size_t count);

/** Complete the image after its last row. @return CELLSEG_ERR_ARGUMENT rows are missing;
 * CELLSEG_ERR_IO. Threads: the sink's owner. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_sink_finish(cellseg_sink *sink, cellseg_context *context);

/** Release a sink, finished or not. NULL is legal. Threads: the sink's owner. Since: 1.0 */
CELLSEG_API void cellseg_sink_free(cellseg_sink *sink);

#ifdef __cplusplus
}
#endif
#endif
