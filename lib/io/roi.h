/* SPDX-License-Identifier: BSD-3-Clause */
/* ImageJ's file of a region of interest (RoiDecoder of ImageJ 1.53), as the writer and the reader know it; for the io room only.
 */
#ifndef CSEG_IO_ROI_H
#define CSEG_IO_ROI_H

#include "io/io.h"

/* The end of a nucleus's name; the name of a cell is its id alone. */
#define CSEG_ROI_NUCLEUS "-nucleus"

enum {
    CSEG_ROI_VERSION = 227,
    CSEG_ROI_HEADER_BYTES = 64,
    /* offsets in the header */
    CSEG_ROI_TYPE = 6,
    CSEG_ROI_TOP = 8,         /* then left, bottom, right, 16 bits each */
    CSEG_ROI_COUNT = 16,      /* of the corners; 16 bits, 0: in 32 bits behind */
    CSEG_ROI_WIDE_COUNT = 18, /* or four floats: the bounds, or the axis of an ellipse */
    CSEG_ROI_PATH_NUMBERS = 36,
    CSEG_ROI_COLOUR = 40,
    CSEG_ROI_SUBTYPE = 48,
    CSEG_ROI_OPTIONS = 50,
    CSEG_ROI_ASPECT = 52,
    CSEG_ROI_SECOND_HEADER = 60,
    /* offsets in the second header, which is as long as the first */
    CSEG_ROI_NAME_OFFSET = 16, /* then the length of the name in characters of 16 bits */
};

/* Types; those from _POLYGON on have corners. */
enum { CSEG_ROI_POLYGON = 0, CSEG_ROI_RECTANGLE = 1, CSEG_ROI_OVAL = 2, CSEG_ROI_FREEHAND = 7, CSEG_ROI_TRACED = 8 };

/* Options: corners are followed by the same as floats. */
enum { CSEG_ROI_SUBPIXEL = 128 };

/* Steps of a path. */
enum { CSEG_ROI_MOVE = 0, CSEG_ROI_LINE = 1, CSEG_ROI_CLOSE = 4 };

#endif
