/* SPDX-License-Identifier: BSD-3-Clause */
/* Options of measuring: groups of columns by name, and the library's options of the groups. */
#ifndef CLI_MEASURING_H
#define CLI_MEASURING_H

#include "library_options.h"
#include "options.h"

#include <cellseg/cellseg.h>

/* --measure; and the options of the groups, once init_measuring() has made them. */
extern const option measuring_options[];
extern library_options measuring_rows;

/* Before parsing; and after, which prints a fault of the command's words. */
bool init_measuring(void);
bool settle_measuring(const char *command_name);

/* The options as they stand. */
const cellseg_measure_options *chosen_measuring(void);

#endif
