/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every kernel of the morphology room, for each pixel type. A file that includes this header is one row of the kernel table and
 * has defined:
 *   TARGET             the attribute that lets the compiler use the row's instructions
 *   bits_of(bytes)     bit i: bytes[i] is not 0, for 64 bytes
 *   ROLLED             optional: loops over samples are not unrolled
 *   ROW_NAME           the table's name
 * All other loops are plain C that the compiler vectorises.
 */
#include <math.h>
#include <string.h>

#if defined(ROLLED)
#define EACH(i, count) _Pragma("GCC unroll 1") for (size_t i = 0; i < (count); i++)
#else
#define EACH(i, count) for (size_t i = 0; i < (count); i++)
#endif
#define INLINE_BODY TARGET static inline __attribute__((always_inline))

enum { PREFETCH_ROWS = 8 };

/* A strip reads one short piece of each row, a pattern that hardware does not prefetch. */
INLINE_BODY void prefetch(const char *row, size_t bytes) {
    for (size_t i = 0; i < bytes; i += 64)
        __builtin_prefetch(row + i);
}

/* ---- the bits of a mask; see runs.c ---- */

TARGET static void bits_of_mask(uint64_t *bits, const uint8_t *mask, size_t words) {
    for (size_t i = 0; i < words; i++)
        bits[i] = bits_of(mask + 64 * i);
}

/* ---- extremes ---- */

#define SAMPLE uint8_t
#define DIFFERENCE uint8_t
#define LOWEST 0
#define HIGHEST UINT8_MAX
#define NAME(x) x##_u8
#include "morph/morph_kernels_type.h"

#define SAMPLE uint16_t
#define DIFFERENCE uint16_t
#define LOWEST 0
#define HIGHEST UINT16_MAX
#define NAME(x) x##_u16
#include "morph/morph_kernels_type.h"

#define SAMPLE uint32_t
#define DIFFERENCE uint32_t
#define LOWEST 0
#define HIGHEST UINT32_MAX
#define NAME(x) x##_u32
#include "morph/morph_kernels_type.h"

#define SAMPLE int16_t
#define DIFFERENCE uint16_t
#define LOWEST INT16_MIN
#define HIGHEST INT16_MAX
#define NAME(x) x##_i16
#include "morph/morph_kernels_type.h"

#define SAMPLE int32_t
#define DIFFERENCE uint32_t
#define LOWEST INT32_MIN
#define HIGHEST INT32_MAX
#define NAME(x) x##_i32
#include "morph/morph_kernels_type.h"

#define SAMPLE float
#define DIFFERENCE float
#define LOWEST (-INFINITY)
#define HIGHEST INFINITY
#define NAME(x) x##_f32
#include "morph/morph_kernels_type.h"

#define SAMPLE double
#define DIFFERENCE double
#define LOWEST ((double)-INFINITY)
#define HIGHEST ((double)INFINITY)
#define NAME(x) x##_f64
#include "morph/morph_kernels_type.h"

const cseg_morph_row ROW_NAME = {
    [CELLSEG_UINT8] = {slide_u8, around_u8, clear_u8, build_u8, chord_u8, merge_u8, bits_of_mask},
    [CELLSEG_UINT16] = {slide_u16, around_u16, clear_u16, build_u16, chord_u16, merge_u16, NULL},
    [CELLSEG_UINT32] = {slide_u32, around_u32, clear_u32, build_u32, chord_u32, merge_u32, NULL},
    [CELLSEG_INT16] = {slide_i16, around_i16, clear_i16, build_i16, chord_i16, merge_i16, NULL},
    [CELLSEG_INT32] = {slide_i32, around_i32, clear_i32, build_i32, chord_i32, merge_i32, NULL},
    [CELLSEG_FLOAT32] = {slide_f32, around_f32, clear_f32, build_f32, chord_f32, merge_f32, NULL},
    [CELLSEG_FLOAT64] = {slide_f64, around_f64, clear_f64, build_f64, chord_f64, merge_f64, NULL},
};
