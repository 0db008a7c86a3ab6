/* SPDX-License-Identifier: BSD-3-Clause */
#include "stem.h"

#include "results.h"

#include <string.h>
#include <strings.h>

/* `length` without an ending of `size` letters, if the name ends so. */
static size_t cut(const char *name, size_t length, const char *ending, size_t size) {
    return length > size && strncasecmp(name + length - size, ending, size) == 0 ? length - size : length;
}

static size_t cut_one_of(const char *name, size_t length, const char *const *endings) {
    size_t left = length;
    for (; left == length && *endings != NULL; endings++)
        left = cut(name, length, *endings, strlen(*endings));
    return left;
}

/* ".cells.tif" is of the kind ".cells", ".csv" of none. Cellpose's masks are of a kind too. */
static size_t cut_result_kind(const char *name, size_t length) {
    static const char *const others[] = {"_cp_masks", NULL};
    size_t left = cut_one_of(name, length, others);
    for (const result_kind *k = result_kinds; left == length && k->suffix != NULL; k++)
        left = cut(name, length, k->suffix, (size_t)(strrchr(k->suffix, '.') - k->suffix));
    return left;
}

size_t stem_length(const char *name, const char *ending, bool *is_result) {
    static const char *const images[] = {".tif", ".tiff",    ".png",  ".jpg",     ".jpeg", ".zip",
                                         ".roi", ".geojson", ".json", "_seg.npy", ".npy",  NULL};
    static const char *const ome[] = {".ome", NULL};
    const size_t plain = cut_one_of(name, cut_one_of(name, strlen(name), images), ome);
    size_t stem = cut_result_kind(name, plain);
    if (stem == plain && ending != NULL)
        stem = cut(name, plain, ending, strlen(ending));
    *is_result = stem < plain;
    return stem;
}
