/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The planes of one image in C, Z and T. A file's text states an order of dimensions, and which pages follow one another in that
 * order: a run. A plane has a number in that order, so that runs need no list of planes, however many a text claims.
 */
#ifndef CSEG_AXES_H
#define CSEG_AXES_H

#include "io/io.h"

/* Dimensions of an image. */
enum { CSEG_AXIS_C, CSEG_AXIS_Z, CSEG_AXIS_T, CSEG_AXIS_COUNT };

/* Limits of what a text may claim: of channels, and of slices and time points. Numbers of planes fit 64 bits. */
enum { CSEG_AXES_MAX_CHANNELS = 4096, CSEG_AXES_MAX_SIZE = 1 << 24 };

/* Planes first .. first + count - 1 lie in the pages from `page` on, or in another file. */
typedef struct cseg_axes_run {
    uint64_t first, count;
    size_t page;
    const char *file; /* NULL: this file. Borrowed */
} cseg_axes_run;

typedef struct cseg_axes {
    uint32_t size[CSEG_AXIS_COUNT];
    uint64_t stride[CSEG_AXIS_COUNT]; /* from one channel, slice or time point to the next, in planes */
    cseg_axes_run *runs;              /* in this file: without overlap, by rising number */
    cseg_axes_run *others;            /* in other files */
    size_t run_count, other_count;
    const char **names;  /* of the channels, or of each sample of the channels; NULL for a channel without. Borrowed texts */
    size_t name_count;   /* 0: no names */
    uint32_t components; /* samples of all channels together, as the text states; 0: not stated */
} cseg_axes;

/* Set the strides; order: the axes' letters from the fastest to the slowest, "CZT". False for any other text. */
bool cseg_axes_order(cseg_axes *axes, const char *order);

uint64_t cseg_axes_planes(const cseg_axes *axes); /* in all files */

/* Allocate runs, to fill. */
cellseg_status cseg_axes_reserve(cseg_axes *axes, cellseg_context *context, size_t runs, size_t others, size_t names);
void cseg_axes_free(cseg_axes *axes);

/* One run of `planes` planes from the first page on. */
cellseg_status cseg_axes_single_run(cseg_axes *axes, cellseg_context *context, const char *order);

uint64_t cseg_axes_number(const cseg_axes *axes, const uint32_t at[CSEG_AXIS_COUNT]);

/* The page of a plane in this file; false if the plane is not here. *file is then the file's name, or NULL where no text places
 * the plane. */
bool cseg_axes_find(size_t *page, const char **file, const cseg_axes *axes, const uint32_t at[CSEG_AXIS_COUNT]);

/* The lowest and highest channel, slice and time point of the planes in this file; channels[c]: whether channel c has any. */
typedef struct cseg_axes_extent {
    uint32_t lowest[CSEG_AXIS_COUNT], highest[CSEG_AXIS_COUNT];
    bool channels[CSEG_AXES_MAX_CHANNELS];
} cseg_axes_extent;
void cseg_axes_measure(cseg_axes_extent *extent, const cseg_axes *axes);

#endif
