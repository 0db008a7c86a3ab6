/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared by the public calls: from an image and options to planes at the working scale, and back to label maps. */
#ifndef CSEG_SEGMENT_CHANNEL_H
#define CSEG_SEGMENT_CHANNEL_H

#include "segment/segment.h"

/* Diameter of the nuclei for which the method's default lengths were chosen. */
#define CSEG_METHOD_DIAMETER_UM 15.0

/* Rows that are read from a source at a time: a multiple of the tiles of most files. */
enum { CSEG_SOURCE_ROWS = 1024 };

/* One channel of an image or of a source, its scale, and its size at the working scale. */
typedef struct cseg_channel {
    const cellseg_image *image; /* NULL: a source */
    cellseg_source *source;
    int32_t index;
    cseg_input input;
    size_t height, width;
    cseg_store pixels;            /* from cseg_channel_read() on */
    double pixel_size_um;         /* 0: unknown */
    double scale;                 /* the image's nuclei are so many times larger than those that working lengths are stated for */
    double working_pixel_size_um; /* divided by `scale` already: what the steps compute with */
    size_t working_height, working_width;
} cseg_channel;

/* what: the image's name in messages. pixel_size_um: the options', which wins over the image's own; 0: none. */
cellseg_status cseg_channel_open(cseg_channel *out, const cellseg_image *image, int32_t channel, double pixel_size_um,
                                 const char *what);

cellseg_status cseg_channel_open_source(cseg_channel *out, cellseg_source *source, int32_t channel, double pixel_size_um,
                                        const char *what);

/* Write the channel's scale, for nuclei of the options' diameter where the method's are of diameter_um (0: not stated). An
 * argument error where the pixel size is unknown. */
cellseg_status cseg_channel_set_scale(cseg_channel *channel, double diameter_um, const cseg_settings *settings);

/* Then the working scale: pixels of working_pixel_size_um, the image's size following from them. An argument error where the
 * image's pixels are far larger, CELLSEG_ERR_LIMIT where the image is too large there. */
cellseg_status cseg_channel_resample_to(cseg_channel *channel, double working_pixel_size_um, const cseg_settings *settings);

/* Or a working scale that others chose: height x width pixels of pixel_size_um, in the image's own micrometres. */
cellseg_status cseg_channel_adopt_size(cseg_channel *channel, size_t height, size_t width, double pixel_size_um,
                                       const cseg_settings *settings);

/* Make the pixels readable, until cseg_channel_close(), which is legal at any time. */
cellseg_status cseg_channel_read(cseg_channel *channel, const cseg_scratch *scratch);
void cseg_channel_close(cseg_channel *channel);

/* The pixel size of the working scale, in the image's own micrometres. */
double cseg_channel_working_um(const cseg_channel *channel);

/* Of a call whose image lies in memory: so do its stores. */
cseg_scratch cseg_channel_scratch(cellseg_context *context);

/* Begin the call's next step and report it at once: CELLSEG_ERR_CANCELLED where the caller stops there. */
cellseg_status cseg_channel_step(cellseg_context *context, const char *name, double from, double to);

/* How a marker is scaled for the cells step, and a nuclear stain for the seeds step. */
cseg_rule cseg_channel_marker_rule(double working_pixel_size_um, double top_hat_um);
cseg_rule cseg_channel_nuclear_rule(double working_pixel_size_um, double top_hat_um);

/* The channel, which is read for it, at its working size, illumination evened. On failure there is nothing to free. */
cellseg_status cseg_channel_flatten(const cseg_scratch *scratch, cseg_flat *flat, cseg_channel *channel, const char *what,
                                    const cseg_rule *rule);

/* The same scaled by the rule: a new store of units. highest: as cseg_preprocess_scale() has it. */
cellseg_status cseg_channel_scale(const cseg_scratch *scratch, cseg_store *out, double *highest, cseg_channel *channel,
                                  const char *what, const cseg_rule *rule);

/* A new label map at the channel's scale, resampled from one at the working scale. */
cellseg_status cseg_channel_labels_at(cellseg_labels **out, const cseg_scratch *scratch, const cseg_channel *channel,
                                      const cseg_store *labels);

/* A new store of the cells round the nuclei, joined, and smoothed by the options. cell_of: inputs->count + 1 values, the cell of
 * each nucleus. On failure there is nothing to free. */
cellseg_status cseg_channel_working_cells(const cseg_scratch *scratch, cseg_store *cells, uint32_t *cell_of,
                                          const cseg_cell_inputs *inputs, const cseg_channel *channel,
                                          const cseg_settings *settings);

/* Cells and nuclei at the working scale; nuclei have the ids 1..count. */
typedef struct cseg_found {
    cseg_store *cells, *nuclei; /* released as soon as they are not needed */
    uint32_t count;
    const uint32_t *cell_of; /* by nucleus */
    const float *confidence; /* by cell; NULL: none */
} cseg_found;

/* Packed labels at the channel's own scale, as cseg_finalize_labels() has them, and the report's figures, confidences included.
 * Releases `found`'s stores. */
cellseg_status cseg_channel_finalize(const cseg_scratch *scratch, const cseg_store *labels, const cseg_channel *channel,
                                     const cseg_found *found, const cseg_settings *settings, cellseg_segment_report *report);

/* From packed labels to the ids of cells and of nuclei. cells may be packed's plane; nuclei may be NULL: not wanted. */
cellseg_status cseg_channel_unpack(cellseg_context *context, const cseg_plane *cells, const cseg_plane *nuclei,
                                   const cseg_plane *packed);

/* Label maps at the channel's own scale, and the report's figures of them, confidences included. cells or nuclei may be NULL: not
 * wanted; NULL after an error. */
cellseg_status cseg_channel_label(cellseg_labels **cells, cellseg_labels **nuclei, const cseg_scratch *scratch,
                                  const cseg_channel *channel, const cseg_found *found, const cseg_settings *settings,
                                  cellseg_segment_report *report);

/* ---- the methods ---- */

/* A call between its channels and its label maps; every store at the working scale. */
typedef struct cseg_segmentation {
    cseg_scratch scratch;
    const cellseg_model *model; /* NULL: the two-channel method */
    cseg_settings settings;
    const cseg_rule *rule; /* the model's */
    cseg_channel marker, nuclear;
    int32_t extra_kind; /* of the model's fourth output */
    cseg_store marker_scaled;
    cseg_store maps[CSEG_MAX_CLASSES];
    cseg_store nuclei, cells;
    uint32_t count;
    uint32_t *cell_of; /* count + 1 values, by nucleus */
    float *confidence; /* count + 1 values, by cell; NULL without a network */
    cellseg_segment_report report;
    double clock;
} cseg_segmentation;

/* Legal at any time, as is the release of the maps alone. */
void cseg_segmentation_release(cseg_segmentation *s);
void cseg_segmentation_free_maps(cseg_segmentation *s);

/* For a channel that is open: everything that can be wrong is checked, before any work. Then from the channel to nuclei and
 * cells. */
cellseg_status cseg_singlechannel_prepare(cseg_segmentation *s);
cellseg_status cseg_singlechannel_run(cseg_segmentation *s);
cellseg_status cseg_twochannel_prepare(cseg_segmentation *s);
cellseg_status cseg_twochannel_run(cseg_segmentation *s);

/* ---- single_channel.c ---- */

/* The nuclei that cellseg_segment() finds, ids 1..count: a new store at the model's scale. On failure there is nothing to free.
 */
cellseg_status cseg_singlechannel_nuclei(const cseg_scratch *scratch, cseg_store *nuclei, uint32_t *count,
                                         const cellseg_model *model, const cellseg_image *image,
                                         const cellseg_segment_options *options);

/* ---- report.c ---- */

/* Begin the report of a call: the memory's peak and the clock start here. own: zeroed. theirs: NULL, or the caller's, which is
 * cleared; an argument error where it is not initialised. */
cellseg_status cseg_report_begin(cellseg_segment_report *own, cellseg_segment_report *theirs, cellseg_context *context);

/* The channel's scales and the diameters: assumed, found and suggested. */
cellseg_status cseg_report_scale(cellseg_segment_report *report, const cseg_scratch *scratch, const cseg_channel *channel,
                                 double diameter_um, const cseg_store *nuclei, uint32_t count, const cseg_settings *settings);

/* End it: log it where the call succeeded, and hand it over to `theirs`, or release it. Returns status. */
cellseg_status cseg_report_end(cellseg_segment_report *own, cellseg_segment_report *theirs, cellseg_context *context,
                               cellseg_status status);

/* Seconds since *clock, which moves to now. */
double cseg_report_lap(double *clock);

/* ---- segment_memory.c ---- */

/* Before any work: CELLSEG_ERR_LIMIT where the budget is below the least that the call needs. Else the windows, and the threads
 * that work, become as many as the budget allows. model: NULL without a network. nuclei: how many are given; 0: none, since those
 * that are found are few beside the pixels. */
cellseg_status cseg_needs_check(cseg_scratch *scratch, const cseg_channel *channel, const cellseg_model *model,
                                const cseg_settings *settings, uint64_t nuclei);

#endif
