/* SPDX-License-Identifier: BSD-3-Clause */
/* Objects as polygons, gathered from a file of any format and painted into label maps; for the io room only. */
#ifndef CSEG_IO_SHAPES_H
#define CSEG_IO_SHAPES_H

#include "io/io.h"

enum { CSEG_SHAPES_CELL = 0, CSEG_SHAPES_NUCLEUS = 1, CSEG_SHAPES_KINDS = 2 };

/* {.context = ...} is empty. After a failure nothing is added, and cseg_shapes_paint() returns the failure. */
typedef struct cseg_shapes {
    cellseg_context *context;
    cseg_text points, rings, polygons; /* arrays of pairs of doubles, of ends in points, and of shapes.c's own */
    cellseg_status status;
    size_t ignored; /* objects without an area: points and lines */
} cseg_shapes;

/* The kind of a class by its name: a nucleus if the name begins with "nucle" in either case; NULL is a cell. */
int cseg_shapes_kind(const char *name);

/* The id that a text states: a whole number from 1 to 2^32 - 1 without a sign; 0 for any other text, and for NULL. */
uint32_t cseg_shapes_id(const char *text);

/*
 * Begin a polygon, whose inside follows from its rings by the even-odd rule. Polygons of one kind and id are one object.
 * stated: the id that the file gives, 0 for none. ordinal: the id where not every object has a stated one; never 0.
 */
void cseg_shapes_begin(cseg_shapes *shapes, int kind, uint32_t stated, uint64_t ordinal);
void cseg_shapes_add_point(cseg_shapes *shapes, double x, double y);
void cseg_shapes_end_ring(cseg_shapes *shapes);

/* A ring of corners: the two given ones and those beside them. */
void cseg_shapes_add_box(cseg_shapes *shapes, double left, double top, double right, double bottom);

/* A ring of many corners: the ellipse about (x, y). */
void cseg_shapes_add_ellipse(cseg_shapes *shapes, double x, double y, double radius_x, double radius_y);

/* A ring of JSON's [x, y] pairs; further numbers of a pair are ignored. */
void cseg_shapes_add_pairs(cseg_shapes *shapes, const cseg_json *pairs);

/*
 * Label maps of cells and of nuclei; *nuclei is NULL without nuclei. A pixel belongs to an object if the pixel's centre lies in
 * one of its polygons; of two objects, to the first in the file, with a warning. CELLSEG_ERR_FORMAT for an object that lies
 * outside the image, and without any object.
 */
cellseg_status cseg_shapes_paint(cellseg_labels **cells, cellseg_labels **nuclei, const cseg_shapes *shapes, size_t height,
                                 size_t width);
void cseg_shapes_free(cseg_shapes *shapes);

#endif
