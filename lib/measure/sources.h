/* SPDX-License-Identifier: BSD-3-Clause */
/* What a table is measured from: label maps, and the channels of all images under one numbering; for the measure room only. */
#ifndef CSEG_MEASURE_SOURCES_H
#define CSEG_MEASURE_SOURCES_H

#include "measure/measure.h"

enum { CSEG_CHANNEL_LABEL_SIZE = 56 };

typedef struct cseg_sources {
    cellseg_measure_inputs in;
    cellseg_measure_options options;
    size_t channels;                         /* measured, of all images */
    char (*labels)[CSEG_CHANNEL_LABEL_SIZE]; /* of each channel, for names of columns; made by cseg_sources_label() */
} cseg_sources;

/* The caller's arguments, checked. */
cellseg_status cseg_sources_read(cseg_sources *out, const cellseg_measure_inputs *inputs, const cellseg_measure_options *options);

/* Label the channels; to release with cseg_sources_clear(), also after a failure. */
cellseg_status cseg_sources_label(cseg_sources *sources, cellseg_context *context);
void cseg_sources_clear(cseg_sources *sources);

/* The image that holds a measured channel, and the channel's number there. */
const cellseg_image *cseg_sources_channel(int32_t *channel, const cseg_sources *sources, size_t index);

#endif
