/* SPDX-License-Identifier: BSD-3-Clause */
/* A page of HTML in one file: no script, no font, no link. */
#ifndef CLI_PAGE_H
#define CLI_PAGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

/* The frame, with the title as heading. */
void begin_page(FILE *to, const char *title);
void end_page(FILE *to);

/* Text with escapes for HTML. */
void put_text(FILE *to, const char *text);

/* A figure and its name, in a row of such; nothing where the value is NaN. */
void put_tile(FILE *to, const char *name, double value, int digits);

/* A PNG file as a picture within the page. On failure prints an error: false. */
bool put_picture_file(FILE *to, const char *path, size_t width, size_t height);

#endif
