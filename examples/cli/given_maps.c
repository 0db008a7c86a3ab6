/* SPDX-License-Identifier: BSD-3-Clause */
#include "given_maps.h"

#include <stdio.h>
#include <string.h>

static const char *given;

const option given_maps_options[] = {
    {"maps", 0, OPTION_TEXT, &given, "PATH",
     "maps in place of a network's: a file, or a folder with <stem>.maps.tif; touching cells are joined as --model says, if "
     "given",
     NULL},
    OPTIONS_END,
};

bool are_maps_given(void) {
    return given != NULL;
}

/* The results of an image are replaced as a set: its maps must not lie among them. */
static bool is_among_results(const char *output_folder) {
    char folder[PATH_SIZE];
    const bool fine = is_folder(given) ? snprintf(folder, sizeof folder, "%s", given) < PATH_SIZE : folder_of(folder, given);
    return !fine || is_same_file(folder, output_folder);
}

const char *fault_of_given_maps(int inputs, const char *output_folder) {
    if (given == NULL)
        return NULL;
    if (inputs != 1 && !is_folder(given))
        return "--maps with several inputs needs a folder that holds <stem>.maps.tif of each";
    return is_among_results(output_folder) ? "--maps: the maps lie in the folder of the results, which would replace them" : NULL;
}

/* CELLSEG_EXTRA_... by the name of channel 3. */
static int32_t extra_of(const cellseg_image *maps, const char *path) {
    const char *name = cellseg_image_channels(maps) > 3 ? cellseg_image_channel_name(maps, 3) : NULL;
    if (name != NULL && strcmp(name, "distance") == 0)
        return CELLSEG_EXTRA_DISTANCE;
    if (name != NULL && strcmp(name, "boundary") == 0)
        return CELLSEG_EXTRA_BOUNDARY;
    if (cellseg_image_channels(maps) > 3)
        print_warning("%s: channel 3 is not read: its name is neither distance nor boundary", path);
    return CELLSEG_EXTRA_NONE;
}

bool find_given_maps(char path[PATH_SIZE], const file *input) {
    return is_folder(given) ? join_path(path, given, input->stem, ".maps.tif")
                            : snprintf(path, PATH_SIZE, "%s", given) < PATH_SIZE;
}

bool read_given_maps(cellseg_image **maps, int32_t *extra_output, const char *path, cellseg_context *context) {
    if (cellseg_image_read(maps, context, path, NULL) != CELLSEG_OK) {
        print_library_error(path);
        return false;
    }
    *extra_output = extra_of(*maps, path);
    return true;
}
