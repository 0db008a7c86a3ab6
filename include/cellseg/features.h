/* SPDX-License-Identifier: BSD-3-Clause */
/** @file features.h  What this build of the library holds: a default model, files and their codecs, training, processor levels.
 */
#ifndef CELLSEG_FEATURES_H
#define CELLSEG_FEATURES_H

#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/** Bits of cellseg_features(). A later release adds bits at the end; a bit never changes meaning. */
enum {
    CELLSEG_FEATURE_MODEL = 1,           /**< a model is inside: cellseg_model_default() loads one */
    CELLSEG_FEATURE_TRAINING = 2,        /**< the trainer of train.h */
    CELLSEG_FEATURE_IO = 4,              /**< the functions of io.h read and write files */
    CELLSEG_FEATURE_PNG = 8,             /**< PNG files */
    CELLSEG_FEATURE_TIFF = 16,           /**< TIFF files, without compression at least */
    CELLSEG_FEATURE_TIFF_DEFLATE = 32,   /**< compressions of TIFF, as the libtiff at hand has them: zip */
    CELLSEG_FEATURE_TIFF_LZW = 64,       /**< LZW */
    CELLSEG_FEATURE_TIFF_PACKBITS = 128, /**< PackBits */
    CELLSEG_FEATURE_TIFF_JPEG = 256,     /**< JPEG */
    CELLSEG_FEATURE_TIFF_LZMA = 512,     /**< LZMA2 */
    CELLSEG_FEATURE_TIFF_ZSTD = 1024,    /**< Zstandard */
    CELLSEG_FEATURE_TIFF_WEBP = 2048,    /**< WebP */
    CELLSEG_FEATURE_TIFF_LERC = 4096,    /**< LERC */
    CELLSEG_FEATURE_CPU_AVX2 = 8192,     /**< kernels for CELLSEG_CPU_AVX2 */
    CELLSEG_FEATURE_CPU_AVX512 = 16384,  /**< kernels for CELLSEG_CPU_AVX512 */
    CELLSEG_FEATURE_CPU_NEON = 32768     /**< kernels for CELLSEG_CPU_NEON */
};

/**
 * The sum of the CELLSEG_FEATURE_ bits that this build has. Bits that a program does not know belong to a later release.
 *
 * The kernels that a call runs depend on the processor too: cellseg_context_cpu_level(). Threads: any. Cost: a few table
 * look-ups. Since: 1.0
 */
CELLSEG_API uint64_t cellseg_features(void);

/**
 * The name of one feature, for logs and bug reports: "model", "tiff-zstd", "avx2".
 *
 * @param feature  one CELLSEG_FEATURE_ bit
 * @return a fixed text; NULL for 0, a sum of bits, or a bit of a later release
 * Threads: any. Since: 1.0
 */
CELLSEG_API const char *cellseg_feature_name(uint64_t feature);

#ifdef __cplusplus
}
#endif
#endif
