/* SPDX-License-Identifier: BSD-3-Clause */
/* Measuring as the command line says: groups of columns by name, the library's options of the groups, compartments. */
#ifndef CLI_MEASURING_H
#define CLI_MEASURING_H

#include "library_options.h"
#include "options.h"

#include <cellseg/cellseg.h>

/* --measure, --compartments, --ring-px; and the options of the groups, once init_measuring() has made them. */
extern const option measuring_options[];
extern library_options measuring_rows;

/* Before parsing; and after, which prints a fault of the command's words. */
bool init_measuring(void);
bool settle_measuring(const char *command_name);

/* The options as they stand; whether --compartments was given, and the width of the ring. */
const cellseg_measure_options *chosen_measuring(void);
bool wants_compartments(void);
double chosen_ring_px(void);

/* Make a table of the inputs as the options say; the compartments that the options ask for follow those of the inputs. */
cellseg_status measure_chosen(cellseg_table **out, cellseg_context *context, const cellseg_measure_inputs *inputs);

#endif
