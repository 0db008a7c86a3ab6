/* SPDX-License-Identifier: BSD-3-Clause */
/* The portable row, the reference of all others. */
#include "morph/morph_kernels.h"

#define TARGET
#define ROW_NAME cseg_morph_kernels_c
#include "morph/morph_kernels_body.h"
