/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of measurements: for every group of columns (columns.h) each label by itself, in parallel. A label's pixels are
 * summed in raster order, so that the numbers do not depend on threads. Cost: regions.c, then that of each group.
 */
#include "measure/measure.h"

#include "measure/columns.h"
#include "measure/measure_options.h"
#include "measure/table.h"

#include <stdio.h>

static bool chosen(const cseg_column_group *group, const cellseg_measure_options *options) {
    switch (group->choice) {
    case CSEG_CHOICE_SHAPE:
        return options->shape != 0;
    case CSEG_CHOICE_INTENSITY:
        return options->intensity != 0;
    case CSEG_CHOICE_NEIGHBOURS:
        return options->neighbours != 0;
    case CSEG_CHOICE_TEXTURE:
        return options->texture != 0;
    case CSEG_CHOICE_RADIAL:
        return options->radial != 0;
    case CSEG_CHOICE_GRANULARITY:
        return options->granularity != 0;
    case CSEG_CHOICE_ZERNIKE:
        return options->zernike != 0;
    default:
        return true;
    }
}

/* The arguments of a table. */
typedef struct sources {
    const cellseg_labels *cells, *nuclei;
    const cellseg_image *image;
    cellseg_measure_options options;
} sources;

/* Number of times a group appears in the table. */
static size_t repeats(const cseg_column_group *group, const sources *from) {
    if (!chosen(group, &from->options))
        return 0;
    switch (group->needs) {
    case CSEG_NEEDS_NUCLEI:
        return from->nuclei != NULL;
    case CSEG_NEEDS_CHANNEL:
        return (size_t)cellseg_image_channels(from->image);
    default:
        return 1;
    }
}

static size_t count_columns(const sources *from) {
    size_t count = 1; /* the column "id" */
    for (size_t g = 0; g < CSEG_COLUMN_GROUPS; g++)
        count += repeats(cseg_columns_groups[g], from) * cseg_columns_groups[g]->count;
    return count;
}

static const char *suffix(cseg_column_unit unit, bool micrometres) {
    switch (unit) {
    case CSEG_UNIT_LENGTH:
        return micrometres ? "_um" : "_px";
    case CSEG_UNIT_AREA:
        return micrometres ? "_um2" : "_px2";
    case CSEG_UNIT_INDEX:
        return "_px";
    case CSEG_UNIT_ANGLE:
        return "_rad";
    default:
        return "";
    }
}

static double scale(cseg_column_unit unit, double pixel_size_um) {
    if (pixel_size_um == 0)
        return 1;
    return unit == CSEG_UNIT_LENGTH ? pixel_size_um : unit == CSEG_UNIT_AREA ? pixel_size_um * pixel_size_um : 1;
}

/* One group at its columns of the table. */
typedef struct group_job {
    cellseg_table *table;
    size_t first_column;
    const cseg_column_group *group;
    const cseg_regions *regions;
    double pixel_size_um;
    cseg_measure_input input;
} group_job;

static void name_columns(const group_job *job, size_t channel) {
    for (size_t i = 0; i < job->group->count; i++) {
        char *name = job->table->names[job->first_column + i];
        const cseg_column *column = &job->group->columns[i];
        const char *unit = suffix(column->unit, job->pixel_size_um > 0);
        if (job->group->needs == CSEG_NEEDS_CHANNEL)
            (void)snprintf(name, CSEG_COLUMN_NAME_SIZE, "%s%s_channel_%zu", column->name, unit, channel);
        else
            (void)snprintf(name, CSEG_COLUMN_NAME_SIZE, "%s%s", column->name, unit);
    }
}

static cellseg_status measure_region(void *data, size_t row) {
    const group_job *job = data;
    double values[CSEG_GROUP_COLUMNS];
    CSEG_TRY(job->group->measure(values, &job->regions->region[row], &job->input));
    for (size_t i = 0; i < job->group->count; i++)
        job->table->values[(job->first_column + i) * job->table->rows + row] =
            values[i] * scale(job->group->columns[i].unit, job->pixel_size_um);
    return CELLSEG_OK;
}

static void write_ids(cellseg_table *table, const cseg_regions *regions) {
    (void)snprintf(table->names[0], CSEG_COLUMN_NAME_SIZE, "id");
    for (size_t row = 0; row < regions->count; row++)
        table->values[row] = regions->region[row].id;
}

/* Fill the group's columns, for one channel if the group reads one. */
static cellseg_status fill_group(group_job *job, const sources *from, size_t channel) {
    cellseg_context *context = job->input.context;
    const double columns = (double)job->table->columns;
    assert(job->group->count <= CSEG_GROUP_COLUMNS);
    name_columns(job, channel);
    cseg_progress_step(context, "measurements", (double)job->first_column / columns,
                       (double)(job->first_column + job->group->count) / columns);
    cseg_input input = {0};
    cellseg_status status = CELLSEG_OK;
    if (job->group->needs == CSEG_NEEDS_CHANNEL)
        CSEG_TRY(cseg_input_open(&input, context, from->image, (int32_t)channel));
    job->input.channel = input.plane;
    if (job->group->prepare != NULL)
        CSEG_TRY_GOTO(done, job->group->prepare(&job->input));
    status = cseg_parallel_for(context, job->regions->count, measure_region, job);
done:
    cseg_plane_free(&job->input.levels);
    cseg_plane_free(&job->input.spectrum);
    cseg_input_close(&input);
    return status;
}

static cellseg_status fill(cellseg_table *table, cellseg_context *context, const cseg_regions *regions, const sources *from) {
    write_ids(table, regions);
    group_job job = {.table = table, .first_column = 1, .regions = regions};
    job.pixel_size_um = cellseg_labels_pixel_size_um(from->cells);
    job.input = (cseg_measure_input){.context = context, .options = &from->options, .regions = regions};
    job.input.cells = cseg_labels_plane(from->cells);
    if (from->nuclei != NULL)
        job.input.nuclei = cseg_labels_plane(from->nuclei);
    cellseg_status status = CELLSEG_OK;
    for (size_t g = 0; g < CSEG_COLUMN_GROUPS; g++) {
        job.group = cseg_columns_groups[g];
        const size_t times = repeats(job.group, from);
        for (size_t i = 0; i < times && status == CELLSEG_OK; i++, job.first_column += job.group->count)
            status = fill_group(&job, from, i);
    }
    cseg_plane_free(&job.input.zones);
    return status;
}

static cellseg_status check(const cellseg_labels *cells, const cellseg_labels *nuclei, const cellseg_image *image) {
    if (cells == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells is NULL");
    const size_t height = cellseg_labels_height(cells), width = cellseg_labels_width(cells);
    if (nuclei != NULL && (cellseg_labels_height(nuclei) != height || cellseg_labels_width(nuclei) != width))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells have %zu x %zu pixels, nuclei %zu x %zu", height, width,
                         cellseg_labels_height(nuclei), cellseg_labels_width(nuclei));
    if (image != NULL && (cellseg_image_height(image) != height || cellseg_image_width(image) != width))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "cells have %zu x %zu pixels, the image %zu x %zu", height, width,
                         cellseg_image_height(image), cellseg_image_width(image));
    return CELLSEG_OK;
}

static cellseg_status measure(cellseg_table **out, cellseg_context *context, const sources *from) {
    const cseg_plane plane = cseg_labels_plane(from->cells);
    cseg_regions regions;
    cseg_progress_step(context, "regions", 0, 0);
    CSEG_TRY(cseg_regions_new(&regions, context, &plane));
    cellseg_table *table = NULL;
    cellseg_status status = cseg_table_new(&table, context, regions.count, count_columns(from));
    if (status == CELLSEG_OK)
        status = fill(table, context, &regions, from);
    cseg_regions_free(&regions);
    if (status != CELLSEG_OK) {
        cellseg_table_free(table);
        return status;
    }
    *out = table;
    return CELLSEG_OK;
}

cellseg_status cellseg_measure(cellseg_table **out, cellseg_context *context, const cellseg_labels *cells,
                               const cellseg_labels *nuclei, const cellseg_image *image, const cellseg_measure_options *options) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    sources from = {.cells = cells, .nuclei = nuclei, .image = image};
    CSEG_TRY(check(cells, nuclei, image));
    CSEG_TRY(cseg_measure_options_read(&from.options, options));
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, measure(out, context, &from));
}
