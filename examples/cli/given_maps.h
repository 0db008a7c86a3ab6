/* SPDX-License-Identifier: BSD-3-Clause */
/* Maps that another network made, for cellseg segment --maps: a file of one input, or a folder with <stem>.maps.tif of each. */
#ifndef CLI_GIVEN_MAPS_H
#define CLI_GIVEN_MAPS_H

#include "cli.h"
#include "files.h"
#include "options.h"

extern const option given_maps_options[];

bool are_maps_given(void);

/* A fault of the command line; NULL: none. */
const char *fault_of_given_maps(int inputs, const char *output_folder);

/* The path of the file with the maps of an input. On failure prints an error: false. */
bool find_given_maps(char path[PATH_SIZE], const file *input);

/* Read maps, and the meaning of the fourth by its name. On failure prints an error: false. */
bool read_given_maps(cellseg_image **maps, int32_t *extra_output, const char *path, cellseg_context *context);

#endif
