/* SPDX-License-Identifier: BSD-3-Clause */
/* The channels that segment and label measure, --measure-channels: numbers and names, which each image resolves for itself. */
#ifndef CLI_MEASURED_CHANNELS_H
#define CLI_MEASURED_CHANNELS_H

#include "fields.h"

#include <cellseg/cellseg.h>

extern const option measured_channel_options[];

/* The words as they were given, for records; NULL: all channels are measured. */
const char *measured_words(void);

/* Before the first image: find the names that files state. Prints an error: false. */
bool settle_measured_channels(const field_list *fields);

/* Set the channels to measure in an image; to release with free(). Prints an error: false. */
bool find_measured_channels(int32_t **channels, size_t *count, const cellseg_image *image, const char *path);

#endif
