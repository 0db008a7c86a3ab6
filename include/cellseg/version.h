/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file version.h  The version, and what this build holds.
 *
 * The one place that both builds, the package files and the library read the version from.
 */
#ifndef CELLSEG_VERSION_H
#define CELLSEG_VERSION_H

#include <cellseg/types.h>

/** Rises when a program must be changed. */
#define CELLSEG_VERSION_MAJOR 1
/** Rises with additions. */
#define CELLSEG_VERSION_MINOR 0
/** Rises with repairs. */
#define CELLSEG_VERSION_PATCH 0

/** The version as one number that rises with every release: 1.2.3 is 1002003. */
#define CELLSEG_VERSION_NUMBER (CELLSEG_VERSION_MAJOR * 1000000 + CELLSEG_VERSION_MINOR * 1000 + CELLSEG_VERSION_PATCH)

/** Whether these headers are of this release or a later one: `CELLSEG_VERSION_AT_LEAST(1, 2, 0)`. */
#define CELLSEG_VERSION_AT_LEAST(major, minor, patch) (CELLSEG_VERSION_NUMBER >= (major)*1000000 + (minor)*1000 + (patch))

#ifdef __cplusplus
extern "C" {
#endif

/** The library's version as text, "1.0.0". Threads: any. Never NULL. Since: 1.0 */
CELLSEG_API const char *cellseg_version(void);

/** The library's version as a number, 1000000 for 1.0.0. Differs from CELLSEG_VERSION_NUMBER where the program was built with the
 * headers of another release. Threads: any. Since: 1.0 */
CELLSEG_API int32_t cellseg_version_number(void);

/** Bits of cellseg_features(). A later release adds bits at the end; a bit never changes meaning. */
enum {
    CELLSEG_FEATURE_MODEL = 1,           /**< a model is inside: cellseg_model_default() loads one */
    CELLSEG_FEATURE_TRAINING = 2,        /**< the trainer of train.h */
    CELLSEG_FEATURE_IO = 4,              /**< image files of one kind at least: the bits below */
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
    CELLSEG_FEATURE_CPU_NEON = 32768,    /**< kernels for CELLSEG_CPU_NEON */
    CELLSEG_FEATURE_CPU_BLAS = 65536     /**< OpenBLAS for CELLSEG_CPU_BLAS */
};

/**
 * The sum of the CELLSEG_FEATURE_ bits that this build has. Bits that a program does not know belong to a later release.
 *
 * The kernels that a call runs depend on the processor too: cellseg_context_cpu_level(). Threads: any. Cost: a few
 * table reads. Since: 1.0
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
