/* SPDX-License-Identifier: BSD-3-Clause */
/** @file cellseg.h  Everything: find every cell in a fluorescence image and outline its body and its nucleus. */
#ifndef CELLSEG_CELLSEG_H
#define CELLSEG_CELLSEG_H

#include <cellseg/context.h>
#include <cellseg/filter.h>
#include <cellseg/image.h>
#include <cellseg/io.h>
#include <cellseg/labels.h>
#include <cellseg/measure.h>
#include <cellseg/metrics.h>
#include <cellseg/model.h>
#include <cellseg/morph.h>
#include <cellseg/options.h>
#include <cellseg/segment.h>
#include <cellseg/source.h>
#include <cellseg/stream.h>
#include <cellseg/synth.h>
#include <cellseg/tile.h>
#include <cellseg/train.h>
#include <cellseg/types.h>
#include <cellseg/version.h>

#endif
