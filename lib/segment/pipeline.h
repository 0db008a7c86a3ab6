/* SPDX-License-Identifier: BSD-3-Clause */
/* What the public calls share: from an image and options to planes at the working scale, and back to label maps. */
#ifndef CSEG_SEGMENT_PIPELINE_H
#define CSEG_SEGMENT_PIPELINE_H

#include "segment/segment.h"

/* One channel of an image and its scale, checked. */
typedef struct cseg_channel {
    cseg_plane plane;
    double pixel_size_um;
    size_t working_height, working_width; /* unset before cseg_channel_check_scale() */
} cseg_channel;

/* what: the image's name in messages. pixel_size_um: the options', which wins over the image's own; 0: none. */
cellseg_status cseg_channel_open(cseg_channel *out, const cellseg_image *image, int32_t channel, double pixel_size_um,
                                 const char *what);

/* Writes the channel's working_height and working_width. Before anything is allocated: an argument error when the channel's pixel
 * size is unknown, or far larger than the working scale's; CELLSEG_ERR_LIMIT when the channel is too large there, `planes` of
 * which the method holds at one time. Logs a warning where it is enlarged noticeably. */
cellseg_status cseg_channel_check_scale(cellseg_context *context, cseg_channel *channel, double working_pixel_size_um,
                                        uint64_t planes);

/* Lengths that are sound in micrometres and absurd in pixels of the working scale. */
cellseg_status cseg_channel_check_px(const cellseg_segment_options *options, double working_pixel_size_um);

/* The call's next step, told to the caller at once: CELLSEG_ERR_CANCELLED when that stops it. */
cellseg_status cseg_channel_step(cellseg_context *context, const char *name, double from, double to);

/* How a marker is scaled for the cells step, and a nuclear stain for the seeds step. */
cseg_rule cseg_channel_marker_rule(double working_pixel_size_um, double top_hat_um);
cseg_rule cseg_channel_nuclear_rule(double working_pixel_size_um, double top_hat_um);

/* A new plane of the cells round the nuclei, smoothed if the options say so; data NULL after an error. */
cellseg_status cseg_channel_working_cells(cellseg_context *context, cseg_plane *cells, const cseg_cell_inputs *inputs,
                                          const cellseg_segment_options *options);

/* What was found at the working scale. */
typedef struct cseg_found {
    cseg_plane *cells; /* released as soon as it is not needed */
    const cseg_plane *nuclei, *marker;
    bool refused; /* the cells are not wanted: cleared, by whoever found why */
} cseg_found;

/* Label maps at the channel's own scale; a warning where there is no cell and none was refused. cells or nuclei may be NULL: not
 * wanted; NULL after an error. */
cellseg_status cseg_channel_label(cellseg_labels **cells, cellseg_labels **nuclei, cellseg_context *context,
                                  const cseg_channel *channel, const cseg_found *found, const cellseg_segment_options *options);

/* A new label map at the channel's scale, resampled from one at the working scale. */
cellseg_status cseg_channel_labels_at(cellseg_labels **out, cellseg_context *context, const cseg_channel *channel,
                                      const cseg_plane *labels);

#endif
