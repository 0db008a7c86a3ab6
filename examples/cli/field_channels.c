/* SPDX-License-Identifier: BSD-3-Clause */
/* Fields whose channels lie in files of their own: which is the marker, and one image of all. */
#include "fields.h"

#include "cli.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- channels ---- */

static void list_channels(char text[PATH_SIZE], const name_list *channels) {
    text[0] = '\0';
    for (size_t i = 0; i < channels->count; i++) {
        const size_t used = strlen(text);
        (void)snprintf(text + used, PATH_SIZE - used, "%s%s", i > 0 ? ", " : "", channels->names[i]);
    }
}

const char *find_channel_name(const field_list *list, const char *word) {
    for (size_t i = 0; i < list->channels.count; i++)
        if (is_channel(list->channels.names[i], word))
            return list->channels.names[i];
    return NULL;
}

bool choose_channel(channel_word *channel, const field_list *list, const char *from) {
    const size_t count = list->channels.count;
    const char *name = NULL;
    char names[PATH_SIZE];
    if (count == 0 || channel->word == NULL)
        return true;
    settle_channel(channel);
    name = find_channel_name(list, channel->word);
    if (name == NULL && !channel->is_name && (size_t)channel->number < count)
        name = list->channels.names[channel->number];
    if (name == NULL && count == 1) /* a channel within the files */
        return true;
    list_channels(names, &list->channels);
    if (name == NULL)
        print_error("%s %s: no file's name states this channel; the names state %s", from, channel->word, names);
    channel->word = name;
    return name != NULL;
}

bool choose_marker(channel_word *channel, const field_list *list) {
    char names[PATH_SIZE];
    if (channel->word != NULL || list->channels.count < 2)
        return choose_channel(channel, list, "--channel");
    list_channels(names, &list->channels);
    channel->word = list->channels.names[0];
    print_warning("channel %s of %s is the marker; select another with --channel", channel->word, names);
    return true;
}

/* ---- names ---- */

/* The fields of one folder must have names of their own. */
static int by_folder(const void *x, const void *y) {
    const field *a = x, *b = y;
    const int order = strcmp(a->folder, b->folder);
    return order != 0 ? order : a->order < b->order ? -1 : a->order > b->order;
}

static bool check_names(const field_list *list) {
    field *sorted = check_memory(malloc((list->count + 1) * sizeof *sorted));
    file *files = check_memory(malloc((list->count + 1) * sizeof *files));
    bool fine = true;
    memcpy(sorted, list->fields, list->count * sizeof *sorted);
    qsort(sorted, list->count, sizeof *sorted, by_folder);
    for (size_t begin = 0, end; fine && begin < list->count; begin = end) {
        for (end = begin; end < list->count && strcmp(sorted[begin].folder, sorted[end].folder) == 0; end++)
            files[end - begin] = sorted[end].marker;
        fine = are_names_apart(files, end - begin);
    }
    free(files);
    free(sorted);
    return fine;
}

/* The index of the file of a channel; 0 if there is none. */
static size_t find_file(const field *f, const char *channel) {
    size_t k = 0;
    while (channel != NULL && k < f->count && (f->files[k].name == NULL || compare_names(f->files[k].name, channel) != 0))
        k++;
    return k < f->count ? k : 0;
}

bool name_fields(field_list *list, const char *marker) {
    for (size_t i = 0; i < list->count; i++) {
        field *f = &list->fields[i];
        const channel_file *of = &f->files[find_file(f, marker)];
        f->marker = name_file(of->path, NULL);
        if (of->name != NULL)
            replace_part(&f->where, PART_CHANNEL, of->name);
    }
    return list->count == 0 || check_names(list);
}

/* ---- reading ---- */

/* Copy the channels of an image that was read, whose pixels lie next to each other, behind the first `at` ones. */
static void copy_channels(cellseg_image *to, int32_t at, const cellseg_image *from) {
    const size_t row = cellseg_image_width(from) * cellseg_image_pixel_stride_bytes(from);
    for (int32_t k = 0; k < cellseg_image_channels(from); k++) {
        const char *source = cellseg_image_pixels(from, k);
        char *target = cellseg_image_pixels_mut(to, at + k);
        for (size_t y = 0; y < cellseg_image_height(from); y++)
            memcpy(target + y * cellseg_image_row_stride_bytes(to), source + y * cellseg_image_row_stride_bytes(from), row);
    }
}

/* Name the channels of a file after it: "w1"; "w1 0", "w1 1" where there are several. */
static bool name_channels(cellseg_image *image, const char *name) {
    const int32_t count = name != NULL ? cellseg_image_channels(image) : 0;
    cellseg_status status = CELLSEG_OK;
    for (int32_t k = 0; k < count && status == CELLSEG_OK; k++) {
        char text[PATH_SIZE];
        (void)snprintf(text, sizeof text, count > 1 ? "%s %d" : "%s", name, (int)k);
        status = cellseg_image_set_channel_name(image, k, text);
    }
    return status == CELLSEG_OK;
}

static bool are_alike(const cellseg_image *a, const char *path_a, const cellseg_image *b, const char *path_b) {
    const bool of_one_size =
        cellseg_image_height(a) == cellseg_image_height(b) && cellseg_image_width(a) == cellseg_image_width(b);
    if (!of_one_size)
        print_error("%s: %zu x %zu pixels, but %s, another channel of this field, has %zu x %zu; the sizes must be the same",
                    path_b, cellseg_image_width(b), cellseg_image_height(b), path_a, cellseg_image_width(a),
                    cellseg_image_height(a));
    else if (cellseg_image_pixel_type(a) != cellseg_image_pixel_type(b))
        print_error("%s: pixels of another type than those of %s, another channel of this field; the types must be the same",
                    path_b, path_a);
    else
        return true;
    return false;
}

/* One image of several; NULL after an error line. */
static cellseg_image *join(cellseg_context *context, cellseg_image *const *images, const field *f) {
    cellseg_image *all = NULL;
    int32_t channels = 0;
    for (size_t i = 0; i < f->count; i++) {
        if (!are_alike(images[0], f->files[0].path, images[i], f->files[i].path))
            return NULL;
        channels += cellseg_image_channels(images[i]);
    }
    cellseg_status status = cellseg_image_new(&all, context, cellseg_image_pixel_type(images[0]), channels,
                                              cellseg_image_height(images[0]), cellseg_image_width(images[0]));
    if (status == CELLSEG_OK)
        status = cellseg_image_set_pixel_size_um(all, cellseg_image_pixel_size_um(images[0]));
    int32_t at = 0;
    for (size_t i = 0; status == CELLSEG_OK && i < f->count; i++) {
        copy_channels(all, at, images[i]);
        for (int32_t k = 0; status == CELLSEG_OK && k < cellseg_image_channels(images[i]); k++)
            status = cellseg_image_set_channel_name(all, at++, cellseg_image_channel_name(images[i], k));
    }
    if (status == CELLSEG_OK)
        return all;
    print_library_error(f->marker.path);
    cellseg_image_free(all);
    return NULL;
}

bool read_field(cellseg_image **image, cellseg_context *context, const field *f) {
    cellseg_image **images = check_memory(calloc(f->count, sizeof(cellseg_image *)));
    bool fine = true;
    for (size_t i = 0; fine && i < f->count; i++)
        fine = read_chosen(&images[i], context, f->files[i].path) && name_channels(images[i], f->files[i].name);
    *image = !fine ? NULL : f->count > 1 ? join(context, images, f) : images[0];
    for (size_t i = 0; i < f->count; i++)
        if (images[i] != *image)
            cellseg_image_free(images[i]);
    free(images);
    return *image != NULL;
}
