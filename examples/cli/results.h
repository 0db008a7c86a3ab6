/* SPDX-License-Identifier: BSD-3-Clause */
/* What segment and label have in common: the method's options, and writing what was found. */
#ifndef CLI_RESULTS_H
#define CLI_RESULTS_H

#include "cli.h"
#include "fields.h"
#include "options.h"

/* The options of segmenting; the first one's `method` points to the second. Initialise with cellseg_segment_options_init(), then
 * set_segment_preset(). */
extern cellseg_segment_options segment_options;
extern cellseg_method segment_method;

/* Files that are written on demand. */
extern cellseg_overlay_options overlay_options;
extern bool want_maps, want_rois, want_geojson, want_coco, want_svg;

/* Both take the preset's values; else prints an error. */
bool set_segment_preset(int32_t preset);

/* The results of one image. */
typedef struct results {
    const file *input;                   /* borrowed */
    const field *field;                  /* of the input, borrowed; NULL: a file that nobody located */
    const cellseg_read_options *reading; /* of the input, borrowed */
    const char *nuclei_path;             /* file of the nuclear stain; NULL: the input, or none */
    char maps_path[PATH_SIZE];           /* file of given maps; "": none */
    const cellseg_model *model;          /* that found them, borrowed; NULL: none */
    cellseg_segment_options options;     /* with the channels of this image */
    cellseg_image *image;                /* as read */
    int32_t *measured;                   /* its channels to measure; NULL: all */
    size_t measured_count;
    cellseg_labels *cells, *nuclei;
    cellseg_image *maps; /* NULL without --save-maps */
    cellseg_segment_report report;
    cellseg_table *table; /* this and the outlines: write_results() makes them */
    cellseg_outlines *cell_outlines, *nucleus_outlines;
} results;

/* Empty results of an input; the warnings from now on are theirs. */
void init_results(results *r, const file *input, const cellseg_read_options *reading); /* options: `segment_options` */
void free_results(results *r);

/* ---- files ---- */

/* A kind of file; all those of an image are one set. */
typedef struct result_kind {
    const char *suffix;
    /* Write the file. NULL, or the fault. */
    const char *(*write)(const results *r, cellseg_context *context, const char *path);
    const bool *wanted; /* NULL: the file belongs to every set */
} result_kind;

extern const result_kind result_kinds[]; /* an entry without a suffix ends them */
bool is_wanted(const result_kind *kind);

/* The folder of a field's results. When its path is too long, prints an error: false. */
bool results_folder(char path[PATH_SIZE], const char *folder, const field *f);

/*
 * Before the first image is read: the folders are made, finished and proved writable, no result replaces an input or one of
 * `others` (files that are read too; NULL at the end) or, without `overwrite`, a result of another input, or of another image,
 * slice or time point of the same. Else prints an error.
 */
bool prepare_results(const field_list *fields, const char *const *others, const char *folder, const cellseg_read_options *reading,
                     bool overwrite);

/* The same checks where nothing is to be written: of a folder that need not exist. */
bool check_results(const field_list *fields, const char *const *others, const char *folder, const cellseg_read_options *reading,
                   bool overwrite);

/* Write folder/<stem>.* of all kinds and put them in place together; or, after printing an error, none. */
bool write_results(results *r, cellseg_context *context, const char *folder);

#endif
