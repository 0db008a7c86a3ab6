/* SPDX-License-Identifier: BSD-3-Clause */
/* The NEON row. Every 64-bit ARM compiler uses NEON without an attribute. */
#include "morph/morph_kernels.h"

#if defined(__aarch64__)

#define TARGET
#define ROW_NAME cseg_morph_kernels_neon
#include "morph/morph_kernels_body.h"

#endif
