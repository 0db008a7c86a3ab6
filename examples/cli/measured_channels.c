/* SPDX-License-Identifier: BSD-3-Clause */
/* Which channels are measured; without the option all of them, which the library takes as NULL. */
#include "measured_channels.h"

#include "cli.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

enum { CHANNELS_MOST = 64 };

static const char *given;
static channel_word chosen[CHANNELS_MOST];
static size_t chosen_count;

const option measured_channel_options[] = {
    {"measure-channels", 0, OPTION_TEXT, &given, "all|K,NAME,...", "channels to measure, by number from 0 or by name [all]",
     NULL},
    OPTIONS_END,
};

const char *measured_words(void) {
    return given != NULL && strcmp(given, "all") != 0 ? given : NULL;
}

/* The words live as long as the program. */
static bool add_word(const char *text, size_t length, const field_list *fields) {
    channel_word *channel = &chosen[chosen_count];
    if (length == 0 || chosen_count == CHANNELS_MOST) {
        print_error("--measure-channels %s: expected all, or up to %d numbers and names with commas between", given,
                    CHANNELS_MOST);
        return false;
    }
    channel->word = check_memory(copy_text(text, length));
    chosen_count++;
    if (!choose_channel(channel, fields, "--measure-channels"))
        return false;
    settle_channel(channel);
    return true;
}

bool settle_measured_channels(const field_list *fields) {
    const char *word = measured_words();
    bool fine = true;
    while (fine && word != NULL) {
        const size_t length = strcspn(word, ",");
        fine = add_word(word, length, fields);
        word = word[length] == ',' ? word + length + 1 : NULL;
    }
    return fine;
}

/* One number for a channel that two words mean. */
static void add_number(int32_t *numbers, size_t *count, int32_t number) {
    size_t k = 0;
    while (k < *count && numbers[k] != number)
        k++;
    numbers[k] = number;
    *count += k == *count;
}

bool find_measured_channels(int32_t **channels, size_t *count, const cellseg_image *image, const char *path) {
    const int32_t there = cellseg_image_channels(image);
    *channels = chosen_count > 0 ? check_memory(malloc(chosen_count * sizeof **channels)) : NULL;
    *count = 0;
    for (size_t i = 0; i < chosen_count; i++) {
        int32_t number;
        if (!find_channel(&number, &chosen[i], image, path))
            return false;
        if (number < 0 || number >= there) {
            print_error("%s: --measure-channels %d: the image has %d channel%s, from 0", path, (int)number, (int)there,
                        there == 1 ? "" : "s");
            return false;
        }
        add_number(*channels, count, number);
    }
    return true;
}
