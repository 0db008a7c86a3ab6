/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of groups. To add a column: a line in its group's list and its value in the group's function, in the same place. To
 * add a group: its file, with list, function and group, its name in columns.h, and a line here. docs/measurements.md and
 * cellseg/measure.h describe every column.
 */
#include "measure/columns.h"

const cseg_column_group *const cseg_measure_groups[CSEG_GROUPS] = {
    &cseg_measure_position, &cseg_measure_shape,     &cseg_measure_convex,  &cseg_measure_neighbours,
    &cseg_measure_nucleus,  &cseg_measure_intensity, &cseg_measure_texture,
};
