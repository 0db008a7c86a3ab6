/* SPDX-License-Identifier: BSD-3-Clause */
/* Shared code of cellseg train and cellseg crossval: the options of training, and labelled images. */
#ifndef CLI_TRAINING_H
#define CLI_TRAINING_H

#include "cli.h"
#include "command.h"
#include "files.h"
#include "library_options.h"

/* ---- the command line ---- */

extern double training_pixel_size_um;
extern cellseg_train_options train_options;
extern int32_t training_channel, training_nuclei_channel; /* nuclei below 0: in files, or as --nuclei states */
extern const option labelled_image_options[], cache_options[];
extern library_options training_table, rate_table, loss_table, augmentation_table;

/* The groups of options that both commands have. */
#define TRAINING_GROUPS                                                                                                          \
    {"Images", labelled_image_options}, {NULL, cache_options}, {"Training", training_table.rows}, {NULL, rate_table.rows},       \
        {"Loss", loss_table.rows}, {                                                                                             \
        "Augmentation", augmentation_table.rows                                                                                  \
    }

/* command.begin of both. */
bool begin_training(int32_t preset);

/* After parsing: the first fault of the shared options; NULL: none, and `train_options` is complete. */
const char *settle_training(void);

/* The file that --start names. NULL where it names none: it is not given, or it is the model inside. */
const char *start_file(void);

/* The model that --start names; NULL where it is not given. On failure prints an error: false. */
bool load_start(cellseg_model **start, cellseg_context *context);

/* ---- images ---- */

typedef struct labelled_image {
    file image, cells;
    const char *images_folder, *labels_folder; /* borrowed */
    int folder;                                /* which of the command line's, from 0 */
    double weight;
    bool validates; /* of a folder that does nothing else */
} labelled_image;

typedef struct labelled_list {
    size_t count;
    labelled_image *items; /* folder by folder, in order of stem */
} labelled_list;

/* The images of all folders. Prints every folder's faults: false. The list is to be freed either way. */
bool find_labelled_images(labelled_list *list);
void free_labelled_images(labelled_list *list);

/* The label map of an image's nuclei. On a path that is too long prints an error: false. */
bool nuclei_file(char path[PATH_SIZE], const labelled_image *of);

/*
 * Add all images or, with left_out, the images whose left_out is false, and print the numbers. A fraction of the images of a
 * folder validates. Prints the faults of every image: false.
 */
bool add_images(cellseg_trainer *trainer, const labelled_list *list, const bool *left_out);

/* ---- epochs ---- */

/* Print an epoch's line on standard output, then set the progress bar's title to "training". */
void print_epoch(const cellseg_epoch *epoch);

#endif
