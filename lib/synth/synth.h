/* SPDX-License-Identifier: BSD-3-Clause */
/* The synth room's door: simulated fields have no use inside the library beyond the public calls. */
#ifndef CSEG_SYNTH_H
#define CSEG_SYNTH_H

#include "core/core.h"

#include <cellseg/synth.h>

#endif
