/* SPDX-License-Identifier: BSD-3-Clause */
/* What a TIFF file's description says, as OME-XML or ImageJ's lines: any text, in a sound file of one or several tiny pages, with
 * any choice of series, slice and time point. */
#include "files.h"

enum { WIDTH = 3, HEIGHT = 2, PAGE = WIDTH * HEIGHT, MAX_PAGES = 12, TAGS = 13, DIRECTORY = 2 + 12 * TAGS + 4, HEADER = 8 };
enum { SHORT = 3, LONG = 4, RATIONAL = 5, ASCII = 2 };

static void put(uint8_t *at, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++)
        at[i] = (uint8_t)(value >> (8 * i));
}

static uint8_t *put_tag(uint8_t *at, uint64_t tag, uint64_t type, size_t count, size_t value) {
    put(at, tag, 2);
    put(at + 2, type, 2);
    put(at + 4, count, 4);
    put(at + 8, value, 4);
    return at + 12;
}

/* Pixels of all planes, then the directories, then what they point to: a resolution and the description. */
typedef struct plan {
    size_t planes, directories, unit, resolution, text_bytes;
} plan;

static void put_directory(uint8_t *file, const plan *p, size_t index) {
    const size_t first = HEADER + p->planes * PAGE, end = first + p->directories * DIRECTORY;
    uint8_t *at = file + first + index * DIRECTORY;
    put(at, TAGS, 2);
    at = put_tag(at + 2, 256, SHORT, 1, WIDTH);
    at = put_tag(at, 257, SHORT, 1, HEIGHT);
    at = put_tag(at, 258, SHORT, 1, 8);
    at = put_tag(at, 259, SHORT, 1, 1);
    at = put_tag(at, 262, SHORT, 1, 1);
    at = put_tag(at, index == 0 ? 270 : 271, ASCII, p->text_bytes + 1, end + 8);
    at = put_tag(at, 273, LONG, 1, HEADER + index * PAGE);
    at = put_tag(at, 277, SHORT, 1, 1);
    at = put_tag(at, 278, SHORT, 1, HEIGHT);
    at = put_tag(at, 279, LONG, 1, PAGE);
    at = put_tag(at, 282, RATIONAL, 1, end);
    at = put_tag(at, 283, RATIONAL, 1, end);
    at = put_tag(at, 296, SHORT, 1, p->unit);
    put(at, index + 1 < p->directories ? first + (index + 1) * DIRECTORY : 0, 4);
}

static uint8_t *make_file(size_t *size, const plan *p, const uint8_t *text) {
    const size_t first = HEADER + p->planes * PAGE, end = first + p->directories * DIRECTORY;
    *size = end + 8 + p->text_bytes + 1;
    uint8_t *file = calloc(*size, 1);
    MUST(file != NULL);
    memcpy(file, "II*", 4);
    put(file + 4, first, 4);
    for (size_t i = 0; i < p->planes * PAGE; i++)
        file[HEADER + i] = (uint8_t)i;
    for (size_t i = 0; i < p->directories; i++)
        put_directory(file, p, i);
    put(file + end, p->resolution, 4);
    put(file + end + 4, 1, 4);
    memcpy(file + end + 8, text, p->text_bytes);
    return file;
}

static void fuzz_run(input *in, cellseg_context *context) {
    cellseg_read_options options;
    MUST(cellseg_read_options_init(&options, sizeof options) == CELLSEG_OK);
    take_options(in, cellseg_read_options_table(), &options);
    plan p = {.text_bytes = 0};
    p.planes = take_range(in, 1, MAX_PAGES);
    p.unit = take_range(in, 1, 3);
    p.resolution = (size_t)take(in, 2);
    p.directories = take(in, 1) % 4 == 0 ? 1 : p.planes; /* ImageJ writes several planes behind one directory */
    p.text_bytes = in->size;
    size_t size;
    uint8_t *bytes = make_file(&size, &p, in->bytes);
    source s = {.bytes = bytes, .size = size};
    const cellseg_reader reader = reader_of(&s);
    cellseg_image *image;
    const cellseg_status status = cellseg_image_read_from(&image, context, &reader, &options);
    take_image(in, image, status);
    free(bytes);
}
