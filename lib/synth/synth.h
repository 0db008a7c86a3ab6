/* SPDX-License-Identifier: BSD-3-Clause */
/* The synth room's door: the whole interface is public. */
#ifndef CSEG_SYNTH_H
#define CSEG_SYNTH_H

#include "core/core.h"

#include <cellseg/synth.h>

#endif
