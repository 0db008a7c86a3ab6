/* SPDX-License-Identifier: BSD-3-Clause */
/** @file morph.h  Morphology: top-hat, distance, reconstruction, components, watershed, label maps. */
#ifndef CELLSEG_MORPH_H
#define CELLSEG_MORPH_H

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
