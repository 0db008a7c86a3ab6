/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Order-preserving integer keys: one code for reconstruction of any sample type, upwards or downwards. Keys compare as the
 * samples do, or in the opposite order when `reversed`; -0 and 0 have one key. Inside the morphology room only.
 */
#ifndef CSEG_MORPH_KEYS_H
#define CSEG_MORPH_KEYS_H

#include "core/core.h"

/*
 * The types of key planes. Samples of 8 and 16 bits and float32 have keys of 32 bits; uint32, int32 and float64 have keys of 64,
 * which leave room for the wall and for the next larger key. (int64 has no sample type of its own; float64 is as large.)
 */
enum { CSEG_KEYS_32 = CELLSEG_INT32, CSEG_KEYS_64 = CELLSEG_FLOAT64 };

/* A pixel that does not exist. */
#define CSEG_KEYS_WALL_32 INT32_MAX
#define CSEG_KEYS_WALL_64 INT64_MAX

typedef struct cseg_key_rule {
    bool reversed;
    double raise;            /* added to each sample, or subtracted when `reversed`; integers stay within their type */
    const cseg_plane *floor; /* NULL, or keys that the result must not be below */
    const cseg_plane *mask;  /* NULL, or uint8: walls where it is 0 */
} cseg_key_rule;

static inline int32_t cseg_keys_type(int32_t sample_type) {
    const bool wide = sample_type == CELLSEG_UINT32 || sample_type == CELLSEG_INT32 || sample_type == CELLSEG_FLOAT64;
    return wide ? CSEG_KEYS_64 : CSEG_KEYS_32;
}

/* Where the keys of an image of to's type and size lie: in `to` where samples are as large as keys, else in `own`, a new plane.
 */
cellseg_status cseg_keys_place(cseg_plane *keys, cseg_plane *own, cellseg_context *context, const cseg_plane *to);

/* keys: of the image's key type; may be the image's own plane. */
cellseg_status cseg_keys_encode(cellseg_context *context, const cseg_plane *keys, const cseg_plane *image,
                                const cseg_key_rule *rule);
/* to: of any sample type; may be the keys' own plane. */
cellseg_status cseg_keys_decode(cellseg_context *context, const cseg_plane *to, const cseg_plane *keys, bool reversed);

#endif
