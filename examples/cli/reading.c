/* SPDX-License-Identifier: BSD-3-Clause */
/* Reading of images as the command line says. */
#include "reading.h"

#include "cli.h"

#include <string.h>

static cellseg_read_options values;
static const char *z_word;
static bool force;

const option reading_options[] = {
    {"pixel-size", 0, OPTION_NUMBER, &values.pixel_size_um, "UM", "edge of a pixel; 0: the file's pixel size", NULL},
    {"force", 0, OPTION_FLAG, &force, NULL, "take --pixel-size also where the file's is twice or half as large", NULL},
    {"series", 0, OPTION_WHOLE, &values.series, "K", "image of a file that holds several, from 0", NULL},
    {"z", 0, OPTION_TEXT, &z_word, "K|max", "slice of a stack, from 0; max: the greatest value of each pixel", NULL},
    {"t", 0, OPTION_WHOLE, &values.t, "K", "time point, from 0", NULL},
    {"level", 0, OPTION_NUMBER, &values.level_um, "UM", "level of a pyramid, of pixels nearest this size; 0: the full one", NULL},
    OPTIONS_END,
};

bool init_reading(void) {
    if (cellseg_read_options_init(&values, sizeof values) == CELLSEG_OK)
        return true;
    print_error("%s", cellseg_last_error());
    return false;
}

bool settle_reading(const char *command_name) {
    values.force = force;
    if (z_word == NULL)
        return true;
    if (strcmp(z_word, "max") == 0)
        values.z = CELLSEG_Z_MAX;
    else if (!parse_whole(z_word, &values.z) || values.z < 0) {
        print_error("%s: z must be a whole number from 0, or max, not \"%.60s\"; see cellseg %s --help", command_name, z_word,
                    command_name);
        return false;
    }
    return true;
}

const cellseg_read_options *chosen_reading(void) {
    return &values;
}

bool read_chosen(cellseg_image **image, cellseg_context *context, const char *path) {
    if (cellseg_image_read(image, context, path, &values) == CELLSEG_OK)
        return true;
    print_library_error(path);
    return false;
}

void settle_channel(channel_word *channel) {
    channel->number = 0;
    channel->is_name = channel->word != NULL && !parse_whole(channel->word, &channel->number);
}

bool find_channel(int32_t *number, const channel_word *channel, const cellseg_image *image, const char *path) {
    *number = channel->number;
    if (!channel->is_name || cellseg_image_find_channel(number, image, channel->word) == CELLSEG_OK)
        return true;
    print_library_error(path);
    return false;
}
