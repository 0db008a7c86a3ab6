/* SPDX-License-Identifier: BSD-3-Clause */
/* What this build holds: a room above the others, because each of them knows its own part. */
#include "core/core.h"
#include "io/io.h"
#include "nn/nn.h"
#include "train/train.h"

static uint64_t cpu_features(void) {
#if defined(__x86_64__)
    return CELLSEG_FEATURE_CPU_AVX2 | CELLSEG_FEATURE_CPU_AVX512;
#elif defined(__aarch64__)
    return CELLSEG_FEATURE_CPU_NEON;
#else
    return 0;
#endif
}

uint64_t cellseg_features(void) {
    const uint64_t files = cseg_png_features() | cseg_libtiff_features();
    const uint64_t io = files != 0 ? CELLSEG_FEATURE_IO : 0;
    const uint64_t model = cseg_default_is_inside() ? CELLSEG_FEATURE_MODEL : 0;
    const uint64_t blas = cseg_cpu_has_blas() ? CELLSEG_FEATURE_CPU_BLAS : 0;
    return model | cseg_trainer_features() | io | files | cpu_features() | blas;
}

const char *cellseg_feature_name(uint64_t feature) {
    static const char *const names[] = {
        "model",     "training",  "io",        "png",       "tiff", "tiff-deflate", "tiff-lzw", "tiff-packbits", "tiff-jpeg",
        "tiff-lzma", "tiff-zstd", "tiff-webp", "tiff-lerc", "avx2", "avx512",       "neon",     "blas",
    };
    for (size_t i = 0; i < sizeof names / sizeof *names; i++)
        if (feature == UINT64_C(1) << i)
            return names[i];
    return NULL;
}
