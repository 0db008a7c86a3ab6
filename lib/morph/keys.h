/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Order-preserving int32 keys: one code for reconstruction of any sample type, upwards or downwards. Keys compare as the samples
 * do, or the other way round when `reversed`; -0 and 0 are one. Inside the morphology room only.
 */
#ifndef CSEG_MORPH_KEYS_H
#define CSEG_MORPH_KEYS_H

#include "core/core.h"

#define CSEG_KEY_WALL INT32_MAX /* a pixel that does not exist */

typedef struct cseg_key_rule {
    bool reversed;
    double raise;            /* added to each sample, or subtracted when `reversed`; integers stay within their type */
    const cseg_plane *floor; /* NULL, or keys that the result must not be below */
    const cseg_plane *mask;  /* NULL, or uint8: walls where it is 0 */
} cseg_key_rule;

/* keys: 4 bytes per sample; may be image's own plane when that is float32. image: uint8, uint16 or float32. */
cellseg_status cseg_keys_encode(cellseg_context *context, const cseg_plane *keys, const cseg_plane *image,
                                const cseg_key_rule *rule);
/* to: uint8, uint16 or float32; may be the keys' own plane when it is float32. */
cellseg_status cseg_keys_decode(cellseg_context *context, const cseg_plane *to, const cseg_plane *keys, bool reversed);

static inline int32_t *cseg_keys_row(const cseg_plane *keys, size_t y) {
    return (int32_t *)cseg_row_at(keys, y);
}

#endif
