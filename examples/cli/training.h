/* SPDX-License-Identifier: BSD-3-Clause */
/* What cellseg train and cellseg crossval share: the options of training, and labelled images. */
#ifndef CLI_TRAINING_H
#define CLI_TRAINING_H

#include "cli.h"
#include "files.h"
#include "options.h"

/* ---- the command line ---- */

extern const char *images_folder, *labels_folder, *start_path;
extern cellseg_read_options training_read_options;
extern cellseg_train_options train_options;
extern int32_t training_channel, training_nuclei_channel, training_preset;
extern const option labelled_image_options[], training_options[];

/* As parse_options(), over the defaults or the preset that is named; single options win over it wherever they stand. */
parsed parse_training(const command *of, int argc, char **argv, const char **operands, int *count);

/* What is wrong with the shared options; NULL: nothing. */
const char *fault_of_training(void);

/* ---- images ---- */

/* The images and the label maps of their cells, pair by pair. Prints an error on failure: false; both are to be freed either
 * way. */
bool labelled_images(file_list *images, file_list *labels);

/* Image i of n validates when it is the last of its share: evenly spaced, and at least one where a part is asked for and there
 * are two images. */
int32_t use_of(size_t i, size_t n);

/* Read one image with its labels and add it. Prints an error on failure: false. */
bool add_image(cellseg_trainer *trainer, cellseg_context *context, const file *image, const file *cells, int32_t use);

/* The cells' nuclei, from the channel that the options name. */
cellseg_status find_nuclei(cellseg_labels **nuclei, cellseg_context *context, const cellseg_labels *cells,
                           const cellseg_image *image);

/* An epoch's line on standard output. The progress bar says "training" afterwards. */
void print_epoch(const cellseg_epoch *epoch);

#endif
