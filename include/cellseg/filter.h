/* SPDX-License-Identifier: BSD-3-Clause */
/** @file filter.h  Filters: Gaussian, Laplacian of Gaussian, resampling, histograms, percentiles, Otsu. */
#ifndef CELLSEG_FILTER_H
#define CELLSEG_FILTER_H

#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

#ifdef __cplusplus
}
#endif
#endif
