/* SPDX-License-Identifier: BSD-3-Clause */
/** @file image.h  Pixels of one or more channels, owned or borrowed, with their physical size. */
#ifndef CELLSEG_IMAGE_H
#define CELLSEG_IMAGE_H

#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Called once, when the image that borrowed `pixels` is freed; from the thread that frees it. Must not throw
 * or longjmp. */
typedef void (*cellseg_release_fn)(void *user, const void *pixels);

/** The caller's pixels as they lie in memory. Fill with cellseg_image_layout_init(). */
typedef struct cellseg_image_layout {
    size_t struct_size;          /**< sizeof of this struct where the caller was compiled */
    const void *pixels;          /**< first pixel of the first channel; aligned for its type */
    size_t height;               /**< 1 to 2^31 - 1 */
    size_t width;                /**< 1 to 2^31 - 1 */
    int32_t channels;            /**< 1 to 4096; default 1 */
    int32_t pixel_type;          /**< CELLSEG_UINT8 ... CELLSEG_FLOAT64 */
    size_t pixel_stride_bytes;   /**< bytes from a pixel of a channel to the next of its row, up to 2^20; 0, the default: one
                                    sample. Interleaved RGB of uint8: 3 */
    size_t row_stride_bytes;     /**< 0, the default: rows lie next to each other */
    size_t channel_stride_bytes; /**< 0, the default: channels lie one after the other; with a pixel stride of more than one
                                    sample, next to each other in each pixel */
    double pixel_size_um;        /**< 0, the default: unknown */
    cellseg_release_fn release;  /**< NULL: the caller keeps the pixels alive until the image is freed */
    void *release_user;          /**< first argument of `release` */
} cellseg_image_layout;

/** Write the defaults. @return CELLSEG_ERR_ARGUMENT  layout is NULL or struct_size too small. Threads: any. Since: 1.0 */
CELLSEG_API cellseg_status cellseg_image_layout_init(cellseg_image_layout *layout, size_t struct_size);

/**
 * Make an image of zeros.
 *
 * @param[out] out         Release with cellseg_image_free(). NULL after an error.
 * @param      context     NULL for defaults; need not outlive the image
 * @param      pixel_type  CELLSEG_UINT8 ... CELLSEG_FLOAT64
 * @param      channels    1 to 4096, each height x width
 * @return CELLSEG_ERR_ARGUMENT  a size is zero or too large, or the type unknown
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_new(cellseg_image **out, cellseg_context *context, int32_t pixel_type, int32_t channels,
                                             size_t height, size_t width);

/**
 * Borrow the caller's pixels without a copy.
 *
 * Interleaved pixels (a camera's RGB or RGBA) are described by pixel_stride_bytes and need no copy here. A function that reads a
 * channel of such an image copies that channel for the length of its call: one pass, and one sample per pixel of memory.
 *
 * @param[out] out     Release with cellseg_image_free(), which calls layout->release. NULL after an error, and then release is
 * not called.
 * @param      layout  copied; the pixels it points to are read, never written
 * @return CELLSEG_ERR_ARGUMENT  NULL or misaligned pixels, a size out of range, a stride shorter than a row, one that is no
 * multiple of a sample, or channels that overlap
 * @return CELLSEG_ERR_MEMORY
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_wrap(cellseg_image **out, cellseg_context *context, const cellseg_image_layout *layout);

/** Release an image. NULL is legal. Threads: any, once no other thread uses it. Since: 1.0 */
CELLSEG_API void cellseg_image_free(cellseg_image *image);

/** Rows. 0 for NULL. Threads: any, as for all that only reads an image. Since: 1.0 */
CELLSEG_API size_t cellseg_image_height(const cellseg_image *image);
/** Columns. 0 for NULL. Since: 1.0 */
CELLSEG_API size_t cellseg_image_width(const cellseg_image *image);
/** Channels. 0 for NULL. Since: 1.0 */
CELLSEG_API int32_t cellseg_image_channels(const cellseg_image *image);
/** CELLSEG_UINT8 ... CELLSEG_FLOAT64. 0 for NULL. Since: 1.0 */
CELLSEG_API int32_t cellseg_image_pixel_type(const cellseg_image *image);
/** Bytes from a pixel of a channel to the next of its row; one sample unless the image borrows interleaved pixels. 0 for NULL.
 * Since: 1.0 */
CELLSEG_API size_t cellseg_image_pixel_stride_bytes(const cellseg_image *image);
/** Bytes from one row to the next. 0 for NULL. Since: 1.0 */
CELLSEG_API size_t cellseg_image_row_stride_bytes(const cellseg_image *image);
/** First pixel of a channel, to read; NULL for a channel that is not there. Valid until the image is freed. Since: 1.0 */
CELLSEG_API const void *cellseg_image_pixels(const cellseg_image *image, int32_t channel);
/** First pixel of a channel, to write; NULL for a channel that is not there and for borrowed pixels. Since: 1.0 */
CELLSEG_API void *cellseg_image_pixels_mut(cellseg_image *image, int32_t channel);
/** Edge of a pixel in micrometres; 0 when unknown. Since: 1.0 */
CELLSEG_API double cellseg_image_pixel_size_um(const cellseg_image *image);

/**
 * State the edge of a (square) pixel, 1e-4 to 1e4 micrometres; 0 makes it unknown.
 * @return CELLSEG_ERR_ARGUMENT  NULL image, NaN or a size outside the range. Threads: the image's owner. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_set_pixel_size_um(cellseg_image *image, double pixel_size_um);

/** Name of a channel, UTF-8: what a file's text calls it, or what cellseg_image_set_channel_name() stated. NULL for a channel
 * without a name, and for one that is not there. Valid until the name is set again or the image is freed. Since: 1.0 */
CELLSEG_API const char *cellseg_image_channel_name(const cellseg_image *image, int32_t channel);

/**
 * Name a channel.
 *
 * @param name  copied; NULL or "" removes the name
 * @return CELLSEG_ERR_ARGUMENT  NULL image, or a channel that is not there
 * @return CELLSEG_ERR_MEMORY, CELLSEG_ERR_LIMIT  the copy is taken where the image's own memory comes from
 * After an error the name is unchanged. Threads: the image's owner. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_set_channel_name(cellseg_image *image, int32_t channel, const char *name);

/**
 * Find a channel by its name: the one with exactly this name, else the one whose name differs only in the case of ASCII letters.
 *
 * @param[out] channel  from 0; -1 after an error
 * @return CELLSEG_ERR_ARGUMENT  a NULL, no such channel, or several; the message lists the channels
 * @return CELLSEG_ERR_MEMORY
 * Threads: any. Cost: one comparison for each channel. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_image_find_channel(int32_t *channel, const cellseg_image *image, const char *name);

#ifdef __cplusplus
}
#endif
#endif
