/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The segment room's door: the method's steps, each on planes, as the public calls and the training chain them. Images come in
 * at their own scale and go to the working scale (the model's, or the options' in the two-channel method); every step between
 * works there; label maps go back to the image's own scale at the end.
 */
#ifndef CSEG_SEGMENT_H
#define CSEG_SEGMENT_H

#include "core/core.h"
#include "nn/nn.h"

#include <cellseg/segment.h>

enum { CSEG_MAX_SCALES = 32 };

/* Classes in the order of a model's outputs; the fourth, where there is one, is a boundary or a distance. */
enum { CSEG_MAP_NUCLEUS = 0, CSEG_MAP_CYTOPLASM = 1, CSEG_MAP_BACKGROUND = 2, CSEG_MAP_EXTRA = 3 };

/* A pixel this far inside its cell has one half in a map of distances: part of the model file's format. */
#define CSEG_DISTANCE_HALF_UM 4.0

/* What the steps know of cells' borders besides; kind CELLSEG_EXTRA_NONE: nothing. */
typedef struct cseg_extra {
    int32_t kind;
    const cseg_store *map; /* units */
} cseg_extra;

/* The same in a window. */
typedef struct cseg_extra_part {
    int32_t kind;
    const cseg_plane *map; /* float32, in [0, 1] */
} cseg_extra_part;

/* Which fourth output the model has, CELLSEG_EXTRA_... . Outputs are identified by their index, so CELLSEG_ERR_MODEL unless
 * nucleus, cytoplasm and background have theirs by name. */
cellseg_status cseg_predict_extra(int32_t *extra, const cellseg_model *model);

/* ---- segment_options.c ---- */

/* The options and the method they select, every value within its range. */
typedef struct cseg_settings {
    cellseg_segment_options options; /* its method pointer is not used */
    cellseg_method method;
} cseg_settings;

cellseg_status cseg_settings_read(cseg_settings *settings, const cellseg_segment_options *options);

/* Lengths that are sound in micrometres and absurd in pixels of the working scale are argument errors. */
cellseg_status cseg_settings_check_px(const cseg_settings *settings, double working_pixel_size_um);

/* ---- hot_pixels.c ---- */

/* Whether a pixel lies far beyond its neighbours, where the inner 98 % of the pixels have this range. No pixel does at range 0.
 */
cellseg_status cseg_hot_find(cellseg_context *context, bool *found, const cseg_plane *channel, double range);

/* Write into `to`, a float32 copy of the channel, what such pixels become. */
cellseg_status cseg_hot_replace(cellseg_context *context, const cseg_plane *to, const cseg_plane *channel, double range);

/* ---- preprocess.c: to the working scale, illumination and intensities evened ---- */

/* An image is enlarged at most this many times to the working scale, since beyond a cell is a few pixels of the image; and
 * without a folder for its stores is at most this large there. */
enum { CSEG_MAX_ENLARGED = 8, CSEG_MAX_WORKING_PX = 1 << 30 };

/* The size of an image of height x width at the working scale; each at least 1. An argument error where it would be enlarged too
 * much, CELLSEG_ERR_LIMIT where it is too large. */
cellseg_status cseg_preprocess_working_size(size_t *working_height, size_t *working_width, size_t height, size_t width,
                                            double pixel_size_um, double working_pixel_size_um);

/* A channel at the working scale, illumination evened, intensities as they were. */
typedef struct cseg_flat {
    cseg_store store; /* float32; release with cseg_store_free() */
    double noise;     /* standard deviation of its pixels' noise */
    double rounding;  /* differences up to this come from rounding to float */
} cseg_flat;

/* Resample to height x width, then top-hat. channel: any type; a pixel that is not finite is an argument error. `what` names it.
 * Uses the rule's pixel_size_um and top_hat_um. On failure there is nothing to free. */
cellseg_status cseg_flatten_run(const cseg_scratch *scratch, cseg_flat *out, const cseg_store *channel, const char *what,
                                size_t height, size_t width, const cseg_rule *rule);

/* Robust normalisation, clip and power: a value's place between two percentiles of the channel. */
typedef struct cseg_scaling {
    double zero, scale, clip, power;
} cseg_scaling;

cellseg_status cseg_preprocess_measure(const cseg_scratch *scratch, cseg_scaling *scaling, const cseg_flat *flat,
                                       const cseg_rule *rule);

/* Scale a window's pixels; to: float32, of the same size; may be the same plane. */
cellseg_status cseg_preprocess_normalise(cellseg_context *context, const cseg_plane *to, const cseg_plane *from,
                                         const cseg_scaling *scaling);

/* The scaled channel as a new store of units; *highest: its largest value; NULL: not wanted. For rules whose clip is 1. */
cellseg_status cseg_preprocess_scale(const cseg_scratch *scratch, cseg_store *out, double *highest, const cseg_flat *flat,
                                     const cseg_rule *rule);

/*
 * The network's input, from a channel: resampled to the rule's scale, top-hat, robust normalisation, clip, power.
 * out: a new float32 plane at the working scale, in [0, clip^power]; release with cseg_plane_free(); data NULL after an error.
 * channel: any type, finite (an argument error otherwise). rule: its pixel_size_um, top_hat_um, percentiles, noise_range, clip
 * and power.
 */
cellseg_status cseg_preprocess_run(cellseg_context *context, cseg_plane *out, const cseg_plane *channel, double pixel_size_um,
                                   const cseg_rule *rule);

/* ---- predict.c: Al-Kofahi et al. 2018, step 1 ---- */

/* The model's probability maps of a channel, scaled as the network reads it: `classes` stores of units of its size, made by the
 * caller. input: float32. Averages over the first 1, 2, 4 or 8 orientations of each patch. */
cellseg_status cseg_predict_maps(const cseg_scratch *scratch, const cseg_store *maps, const cellseg_model *model,
                                 const cseg_store *input, const cseg_scaling *scaling, int32_t orientations);

/* The memory of one thread of the prediction, beside the planes. */
uint64_t cseg_predict_worker_bytes(cellseg_context *context, const cellseg_model *model);

/* Holes in nuclei and cells are filled up to so many radii of the largest nucleus. */
enum { CSEG_HOLE_RADII = 4 };

/* ---- boxes.c: objects of a window ---- */

/* Boxes of the ids of a label map, within the map; boxes: max id + 1, zeros. An id without pixels keeps height 0. */
void cseg_box_find_all(cseg_rect *boxes, const cseg_plane *labels);

bool cseg_box_meets(const cseg_rect *a, const cseg_rect *b);

/* The objects of a window, whose ids are the image's: each gets a number, from 1, in the order of the ids. */
typedef struct cseg_objects {
    cellseg_context *context;
    uint32_t *numbers; /* by id; 0: not in the window */
    uint32_t *ids;     /* by number */
    uint32_t count;
    size_t room;
} cseg_objects;

cellseg_status cseg_objects_new(cseg_objects *objects, cellseg_context *context, uint32_t max_id);
void cseg_objects_free(cseg_objects *objects); /* legal for a zeroed struct */

/* Forget all objects; note those of a label map, or one; then number them. */
void cseg_objects_clear(cseg_objects *objects);
cellseg_status cseg_objects_note(cseg_objects *objects, const cseg_plane *labels);
cellseg_status cseg_objects_add(cseg_objects *objects, uint32_t id);
cellseg_status cseg_objects_number(cseg_objects *objects);

/* The sides of a window that are not the image's: what touches one may go on outside. */
typedef struct cseg_sides {
    bool top, left, bottom, right;
} cseg_sides;

cseg_sides cseg_sides_of(const cseg_rect *window, size_t height, size_t width);

/* box: within the window. */
bool cseg_sides_touched(const cseg_sides *sides, const cseg_rect *box, const cseg_rect *window);

/* ---- response.c ---- */

enum { CSEG_RESPONSE_THRESHOLDS = 5 };

/* The response of a map's blobs, a new float32 store, and its Otsu thresholds, rising. map: units. */
cellseg_status cseg_response_find(const cseg_scratch *scratch, cseg_store *response, double thresholds[CSEG_RESPONSE_THRESHOLDS],
                                  const cseg_store *map, const double *sigmas_px, size_t count);

/* The response of one sigma in a window: a new float32 plane. */
cellseg_status cseg_response_open(cseg_plane *response, const cseg_store *map, const cseg_rect *window, const double *sigmas_px,
                                  size_t count);

/* ---- seeds.c: Al-Kofahi et al. 2018, step 2 ---- */

/* Nuclei of a probability map, or of a nuclear stain scaled to [0, 1] (units): nuclei (uint32, of the map's size) gets ids
 * 1..count in raster order, each 4-connected. extra: NULL, or of the map's size. pixel_size_um: the map's. None is no error. */
cellseg_status cseg_seeds_find(const cseg_scratch *scratch, const cseg_store *nuclei, uint32_t *count, const cseg_store *map,
                               const cseg_extra *extra, double pixel_size_um, const cseg_settings *settings,
                               cellseg_segment_report *report);

/* ---- nuclei_choose.c ---- */

/* Drop the small, improbable and weak. nuclei: holds numbers up to `numbers`, and then ids 1..*count in raster order. ids: of
 * each number, 1..*count in raster order; overwritten. map: units. */
cellseg_status cseg_nucleus_choose(const cseg_scratch *scratch, const cseg_store *nuclei, uint32_t *ids, size_t numbers,
                                   uint32_t *count, const cseg_store *map, double pixel_size_um, const cseg_settings *settings,
                                   cellseg_segment_report *report);

/* Every id of a store of uint32, in place, becomes ids[id]. */
cellseg_status cseg_idmap_apply(const cseg_scratch *scratch, const cseg_store *labels, const uint32_t *ids);

/* ---- cells.c: Al-Kofahi et al. 2018, step 3 ---- */

/* What the cells step works from; every store of one size, at the working scale. */
typedef struct cseg_cell_inputs {
    const cseg_store *marker; /* units */
    const cseg_store *maps;   /* the model's maps, units; NULL: none, the two-channel method */
    const cseg_store *nuclei; /* uint32, ids 1..count */
    uint32_t count;
    double pixel_size_um;
    cseg_extra extra;
    bool has_boundary_class; /* the fourth map is a class of the cells */
    const double *joining;   /* the model's CSEG_JOIN_TERMS coefficients; NULL: no model */
} cseg_cell_inputs;

/* A window of these inputs. */
typedef struct cseg_cell_window {
    const cseg_plane *marker; /* float32, in [0, 1] */
    const cseg_plane *maps;   /* float32; NULL as in the inputs */
    const cseg_plane *nuclei;
    double pixel_size_um;
    cseg_extra_part extra;
    bool has_boundary_class;
    cseg_plane own_maps[CSEG_MAX_CLASSES];
    cseg_part views[CSEG_MAX_CLASSES + 2];
} cseg_cell_window;

/* On failure there is nothing to close. The window stays where it is in memory while it is open. */
cellseg_status cseg_cellwindow_open(cseg_cell_window *window, const cseg_cell_inputs *inputs, const cseg_rect *rect);
void cseg_cellwindow_close(cseg_cell_window *window);

/* One cell for every nucleus, under its id. cells: uint32, of the same size. */
cellseg_status cseg_cells_find(const cseg_scratch *scratch, const cseg_store *cells, const cseg_cell_inputs *inputs,
                               const cseg_settings *settings);

/* ---- join.c ---- */

/* Join cells, in place, where the model's coefficients and the options say so: a joined cell has the smallest id of its nuclei.
 * cell_of: inputs->count + 1 values, the cell of each nucleus. */
cellseg_status cseg_join_cells(const cseg_scratch *scratch, const cseg_store *cells, uint32_t *cell_of,
                               const cseg_cell_inputs *inputs, const cseg_settings *settings);

/* Fewer nuclei or cells give no quartile, and no verdict. */
enum { CSEG_MIN_FOR_QUANTILE = 15 };

/* ---- marker_check.c ---- */

/* Measure the marker by the cells that were found with maps: writes the report's marker_* and nuclei_confidence. cell_of: of each
 * nucleus. confidence: inputs->count + 1 values, by cell: the mean nucleus probability in its nuclei. */
cellseg_status cseg_marker_check(const cseg_scratch *scratch, cellseg_segment_report *report, float *confidence,
                                 const cseg_store *cells, const uint32_t *cell_of, const cseg_cell_inputs *inputs);

/* Drop all cells of ids 1..count where the options refuse a marker of the report's verdict: writes dropped_marker. */
cellseg_status cseg_marker_refuse(const cseg_scratch *scratch, cellseg_segment_report *report, const cseg_store *cells,
                                  const uint32_t *cell_of, uint32_t count, const cseg_settings *settings);

/* ---- report.c ---- */

/* ---- smooth.c ---- */

/* Open every cell of ids 1..count with a disc, in place. cell_of: of each nucleus. */
cellseg_status cseg_smooth_cells(const cseg_scratch *scratch, cseg_store *cells, const cseg_store *nuclei,
                                 const uint32_t *cell_of, uint32_t count, double radius_px);

/* ---- rescale.c, finalize.c: label maps at the image's own scale ---- */

/* Resample a label map with smooth outlines: each pixel takes the id with the largest bilinear weight. */
cellseg_status cseg_rescale_labels(cellseg_context *context, const cseg_plane *to, const cseg_plane *from);

/* The same of a piece, from a piece that holds cseg_resample_needs() of the rectangle. */
cellseg_status cseg_rescale_piece(cellseg_context *context, const cseg_piece *to, const cseg_piece *from);

/* A rectangle of a store's labels resampled to height x width: a new plane. On failure there is nothing to free. */
cellseg_status cseg_rescale_open(cseg_plane *out, const cseg_store *from, const cseg_rect *rect, size_t height, size_t width);

/*
 * Label maps at the image's own scale, made to hold what the interface promises: every cell is one 4-connected component round
 * its nuclei, which lie inside it, get its id, and are one component each; holes up to hole_px filled; cells that the options
 * exclude, and cells without nucleus, dropped; ids 1..n in raster order of the cells' first pixels. labels: uint32, of the
 * image's size: twice the id of the cell, plus 1 in its nuclei. cells, nuclei: at the working scale, ids at most max_id, which is
 * below 2^31. cell_of: of each nucleus. renumbered: room for max_id + 1 ids: the new id of each cell, 0 for none. Adds to the
 * report's dropped_* and writes its `cells`, `nuclei`, `cells_joined` and `nuclei_joined`.
 */
cellseg_status cseg_finalize_labels(const cseg_scratch *scratch, const cseg_store *labels, const cseg_store *cells,
                                    const cseg_store *nuclei, const uint32_t *cell_of, uint32_t max_id, uint32_t *renumbered,
                                    double hole_px, double pixel_size_um, const cseg_settings *settings,
                                    cellseg_segment_report *report);

#endif
