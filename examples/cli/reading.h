/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of reading images: which image, slice and time point of a file, its pixel size, and channels by number or name. */
#ifndef CLI_READING_H
#define CLI_READING_H

#include "options.h"

#include <cellseg/cellseg.h>

/* --pixel-size, --force, --series, --z, --t, --level. */
extern const option reading_options[];

/* Before parsing; and after, which prints a fault of the command's words. */
bool init_reading(void);
bool settle_reading(const char *command_name);

/* The options as they stand. */
const cellseg_read_options *chosen_reading(void);

/* Read an image as the options say; prints the library's line on failure. */
bool read_chosen(cellseg_image **image, cellseg_context *context, const char *path);

/* A channel as a word: a number from 0, or a name. NULL: not given. */
typedef struct channel_word {
    const char *word;
    int32_t number;
    bool is_name;
} channel_word;

/* Set the number, or that the word is a name. */
void settle_channel(channel_word *channel);

/* The channel's number in an image; prints the library's line if the image has no such name. */
bool find_channel(int32_t *number, const channel_word *channel, const cellseg_image *image, const char *path);

#endif
