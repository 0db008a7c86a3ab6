/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The list of groups. To add a column: a line in its group's list, and its value at the same position in the group's function.
 * To add a group: a file with list, function and group, its name in columns.h, and a line here. docs/measurements.md and
 * cellseg/measure.h describe every column.
 */
#include "measure/columns.h"

const cseg_column_group *const cseg_columns_groups[CSEG_COLUMN_GROUPS] = {
    &cseg_position_measure,   &cseg_shape_measure,  &cseg_convex_measure,      &cseg_zernike_measure,
    &cseg_neighbours_measure, &cseg_nuclei_measure, &cseg_intensity_measure,   &cseg_intensity_detail_measure,
    &cseg_texture_measure,    &cseg_radial_measure, &cseg_granularity_measure, &cseg_zernike_intensity_measure,
};
