/* SPDX-License-Identifier: BSD-3-Clause */
/* Small text and bars on pictures. Inside the io room only. */
#ifndef CSEG_IO_CAPTION_H
#define CSEG_IO_CAPTION_H

#include "core/core.h"

/* Values of a plane of marks (uint8): ink is white, its shadow black, so that marks are readable on any ground. */
enum { CSEG_CAPTION_NONE = 0, CSEG_CAPTION_SHADOW = 1, CSEG_CAPTION_INK = 2 };

/* A character at scale 1: its pixels, and the distance to the next one. */
enum { CSEG_CAPTION_HEIGHT = 7, CSEG_CAPTION_STEP = 6 };

/* The width of a text at a scale. */
size_t cseg_caption_width(const char *text, size_t scale);

/* Draw a text of digits, ".", "u" (as the sign of micro), "m" and blanks; other characters are blanks. y, x: its first pixel;
 * pixels beyond the plane are left out. */
void cseg_caption_draw(const cseg_plane *marks, const char *text, int64_t y, int64_t x, size_t scale);

/* Draw a filled rectangle. */
void cseg_caption_fill(const cseg_plane *marks, int64_t y, int64_t x, size_t height, size_t width);

#endif
