/* SPDX-License-Identifier: BSD-3-Clause */
/* Groups of columns that are computed together; for the measure room only. */
#ifndef CSEG_MEASURE_COLUMNS_H
#define CSEG_MEASURE_COLUMNS_H

#include "measure/measure.h"
#include "measure/regions.h"

/* Inputs of a group's function. */
typedef struct cseg_measure_input {
    cellseg_context *context;
    const cellseg_measure_options *options;
    cseg_plane cells;
    cseg_plane nuclei;   /* data NULL: no nuclei */
    cseg_plane channel;  /* of the image; for groups that need an image */
    cseg_plane levels;   /* the channel in grey levels from 0, uint8; for texture */
    cseg_plane spectrum; /* the channel's openings below each other, float32; for granularity */
    cseg_plane zones;    /* ring and wedge of every pixel of a cell, uint8; for radial, the same for all channels */
    cseg_plane closest;  /* the two closest cells of every region, a row of five float64; for neighbours */
    const cseg_regions *regions;
} cseg_measure_input;

/* The unit suffix of a column's name. Groups compute in pixels; the table converts to micrometres if the pixel size is known. */
typedef enum cseg_column_unit {
    CSEG_UNIT_NONE = 0,
    CSEG_UNIT_LENGTH = 1, /* _um, or _px */
    CSEG_UNIT_AREA = 2,   /* _um2, or _px2 */
    CSEG_UNIT_INDEX = 3,  /* always _px: a position in the array */
    CSEG_UNIT_ANGLE = 4   /* _rad */
} cseg_column_unit;

typedef struct cseg_column {
    const char *name; /* without unit */
    cseg_column_unit unit;
} cseg_column;

/* The input that a group requires; without that input the table has no such columns. */
typedef enum cseg_needs {
    CSEG_NEEDS_CELLS = 0,
    CSEG_NEEDS_NUCLEI = 1,
    CSEG_NEEDS_CHANNEL = 2 /* the group appears once for each channel of the image */
} cseg_needs;

/* The option that selects a group. */
typedef enum cseg_choice {
    CSEG_CHOICE_ALWAYS = 0,
    CSEG_CHOICE_SHAPE = 1,
    CSEG_CHOICE_INTENSITY = 2,
    CSEG_CHOICE_NEIGHBOURS = 3,
    CSEG_CHOICE_TEXTURE = 4,
    CSEG_CHOICE_RADIAL = 5,
    CSEG_CHOICE_GRANULARITY = 6,
    CSEG_CHOICE_ZERNIKE = 7,
    CSEG_CHOICE_INTENSITY_DETAIL = 8
} cseg_choice;

enum { CSEG_GROUP_COLUMNS = 64 };

typedef struct cseg_column_group {
    cseg_needs needs;
    cseg_choice choice;
    size_t count; /* columns, at most CSEG_GROUP_COLUMNS */
    const cseg_column *columns;
    cellseg_status (*measure)(double *values, const cseg_region *region,
                              const cseg_measure_input *input); /* one value per column */
    cellseg_status (*prepare)(cseg_measure_input *input); /* NULL, or makes planes of the input before regions are measured */
} cseg_column_group;

#define CSEG_COLUMNS(list) sizeof(list) / sizeof *(list), list

extern const cseg_column_group cseg_position_measure;                   /* position.c */
extern const cseg_column_group cseg_shape_measure, cseg_convex_measure; /* shape.c, convex.c */
extern const cseg_column_group cseg_neighbours_measure;                 /* neighbours.c */
extern const cseg_column_group cseg_nuclei_measure;                     /* nuclei.c */
extern const cseg_column_group cseg_intensity_measure;                  /* intensity.c */
extern const cseg_column_group cseg_intensity_detail_measure;           /* the same */
extern const cseg_column_group cseg_texture_measure;                    /* texture.c */
extern const cseg_column_group cseg_radial_measure;                     /* radial.c */
extern const cseg_column_group cseg_granularity_measure;                /* granularity.c */
extern const cseg_column_group cseg_zernike_measure;                    /* zernike.c: of the shape */
extern const cseg_column_group cseg_zernike_intensity_measure;          /* of a channel */

/* All groups, in the order of the table's columns. */
enum { CSEG_COLUMN_GROUPS = 12 };
extern const cseg_column_group *const cseg_columns_groups[CSEG_COLUMN_GROUPS];

#endif
