/* SPDX-License-Identifier: BSD-3-Clause */
/* The image files of tests/data/io, as far as the libtiff at hand has their compression. */
#ifndef CSEG_SAMPLES_H
#define CSEG_SAMPLES_H

#include "testing.h"

#include <dirent.h>
#include <stdio.h>

typedef void (*sample_fn)(const char *path);

/* A file is named after its compression. */
static inline bool sample_is_readable(const char *name) {
    static const struct {
        const char *word;
        uint64_t feature;
    } codecs[] = {{"jpeg", CELLSEG_FEATURE_TIFF_JPEG}, {"lzma", CELLSEG_FEATURE_TIFF_LZMA}, {"zstd", CELLSEG_FEATURE_TIFF_ZSTD}};
    for (size_t i = 0; i < sizeof codecs / sizeof codecs[0]; i++)
        if (strstr(name, codecs[i].word) != NULL && (cellseg_features() & codecs[i].feature) == 0)
            return false;
    return true;
}

/* Visit the samples whose names contain `part`, ".tif" for instance. */
static inline void for_each_sample(const char *part, sample_fn visit) {
    int count = 0;
    DIR *dir = opendir("tests/data/io");
    assert_non_null(dir);
    for (struct dirent *entry = readdir(dir); entry != NULL; entry = readdir(dir)) {
        char path[600];
        (void)snprintf(path, sizeof path, "tests/data/io/%s", entry->d_name);
        if (entry->d_name[0] == '.' || strstr(entry->d_name, part) == NULL)
            continue;
        count++;
        if (sample_is_readable(entry->d_name))
            visit(path);
    }
    closedir(dir);
    assert_true(count >= 10);
}

#endif
