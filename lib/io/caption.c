/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Text in a font of 5 x 7 pixels, which has the few characters that a picture of cells needs. Every pixel of ink has a shadow of
 * one pixel. Cost: the pixels of the text.
 */
#include "io/caption.h"

#include <string.h>

enum { COLUMNS = 5 };

/* A byte for each row; the highest of five bits is the left pixel. */
typedef struct glyph {
    char character;
    uint8_t rows[CSEG_CAPTION_HEIGHT];
} glyph;

static const glyph glyphs[] = {
    {'0', {0x0e, 0x11, 0x11, 0x11, 0x11, 0x11, 0x0e}}, {'1', {0x04, 0x0c, 0x04, 0x04, 0x04, 0x04, 0x0e}},
    {'2', {0x0e, 0x11, 0x01, 0x02, 0x04, 0x08, 0x1f}}, {'3', {0x0e, 0x11, 0x01, 0x06, 0x01, 0x11, 0x0e}},
    {'4', {0x02, 0x06, 0x0a, 0x12, 0x1f, 0x02, 0x02}}, {'5', {0x1f, 0x10, 0x1e, 0x01, 0x01, 0x11, 0x0e}},
    {'6', {0x06, 0x08, 0x10, 0x1e, 0x11, 0x11, 0x0e}}, {'7', {0x1f, 0x01, 0x02, 0x04, 0x04, 0x08, 0x08}},
    {'8', {0x0e, 0x11, 0x11, 0x0e, 0x11, 0x11, 0x0e}}, {'9', {0x0e, 0x11, 0x11, 0x0f, 0x01, 0x02, 0x0c}},
    {'.', {0x00, 0x00, 0x00, 0x00, 0x00, 0x0c, 0x0c}}, {'u', {0x00, 0x12, 0x12, 0x12, 0x1d, 0x10, 0x10}},
    {'m', {0x00, 0x00, 0x1a, 0x15, 0x15, 0x15, 0x15}},
};

static const uint8_t *rows_of(char character) {
    for (size_t i = 0; i < sizeof glyphs / sizeof *glyphs; i++)
        if (glyphs[i].character == character)
            return glyphs[i].rows;
    return NULL;
}

size_t cseg_caption_width(const char *text, size_t scale) {
    const size_t characters = strlen(text);
    return characters > 0 ? (characters * CSEG_CAPTION_STEP - (CSEG_CAPTION_STEP - COLUMNS)) * scale : 0;
}

static void put(const cseg_plane *marks, int64_t y, int64_t x, uint8_t mark) {
    if (y < 0 || x < 0 || (uint64_t)y >= marks->height || (uint64_t)x >= marks->width)
        return;
    uint8_t *to = cseg_row_u8(marks, (size_t)y) + x;
    *to = *to > mark ? *to : mark; /* ink over shadows */
}

void cseg_caption_fill(const cseg_plane *marks, int64_t y, int64_t x, size_t height, size_t width) {
    for (int64_t i = -1; i <= (int64_t)height; i++)
        for (int64_t j = -1; j <= (int64_t)width; j++) {
            const bool inside = i >= 0 && j >= 0 && i < (int64_t)height && j < (int64_t)width;
            put(marks, y + i, x + j, inside ? CSEG_CAPTION_INK : CSEG_CAPTION_SHADOW);
        }
}

void cseg_caption_draw(const cseg_plane *marks, const char *text, int64_t y, int64_t x, size_t scale) {
    for (; *text != '\0'; text++, x += (int64_t)(CSEG_CAPTION_STEP * scale)) {
        const uint8_t *rows = rows_of(*text);
        for (size_t i = 0; rows != NULL && i < CSEG_CAPTION_HEIGHT; i++)
            for (size_t j = 0; j < COLUMNS; j++)
                if ((rows[i] >> (COLUMNS - 1 - j) & 1) != 0)
                    cseg_caption_fill(marks, y + (int64_t)(i * scale), x + (int64_t)(j * scale), scale, scale);
    }
}
