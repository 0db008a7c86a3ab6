/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The table of measurements: for every label map and every group of columns (columns.h) each label by itself, in parallel. A
 * label's pixels are summed in raster order, so that the numbers do not depend on threads. Rows are the labels of the cells; the
 * labels of other maps find their row by id. Cost: regions.c for every map, then that of each group.
 */
#include "measure/measure.h"

#include "measure/columns.h"
#include "measure/sources.h"
#include "measure/table.h"

#include <math.h>
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
    case CSEG_CHOICE_INTENSITY_DETAIL:
        return options->intensity_detail != 0;
    default:
        return true;
    }
}

/* Number of times a group appears in the columns of the cells, or of a compartment. */
static size_t repeats(const cseg_column_group *group, const cseg_sources *from, bool of_cells) {
    if (!chosen(group, &from->options) || (!of_cells && group->choice == CSEG_CHOICE_NEIGHBOURS))
        return 0;
    switch (group->needs) {
    case CSEG_NEEDS_NUCLEI:
        return of_cells && from->in.nuclei != NULL;
    case CSEG_NEEDS_CHANNEL:
        return from->channels;
    default:
        return 1;
    }
}

static size_t count_columns(const cseg_sources *from) {
    size_t count = 1; /* the column "id" */
    for (size_t g = 0; g < CSEG_COLUMN_GROUPS; g++)
        count += (repeats(cseg_columns_groups[g], from, true) +
                  from->in.compartment_count * repeats(cseg_columns_groups[g], from, false)) *
                 cseg_columns_groups[g]->count;
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

#define NO_ROW UINT32_MAX

/* One group of a label map at its columns of the table. */
typedef struct group_job {
    cellseg_table *table;
    size_t first_column;
    const cseg_column_group *group;
    const char *compartment; /* NULL: of the cells */
    const cseg_regions *regions;
    const uint32_t *rows; /* of the regions; NO_ROW without a cell of the id */
    double pixel_size_um;
    cseg_measure_input input;
} group_job;

/* Name the group's columns; until values arrive there are none. */
static void begin_columns(const group_job *job, const char *channel) {
    for (size_t i = 0; i < job->group->count; i++) {
        const cseg_column *column = &job->group->columns[i];
        const bool of_channel = job->group->needs == CSEG_NEEDS_CHANNEL;
        (void)snprintf(job->table->names[job->first_column + i], CSEG_COLUMN_NAME_SIZE, "%s%s%s%s%s%s",
                       job->compartment != NULL ? job->compartment : "", job->compartment != NULL ? "." : "", column->name,
                       suffix(column->unit, job->pixel_size_um > 0), of_channel ? "_" : "", of_channel ? channel : "");
    }
    double *values = job->table->values + job->first_column * job->table->rows;
    for (size_t i = 0; i < job->group->count * job->table->rows; i++)
        values[i] = (double)NAN;
}

static cellseg_status measure_region(void *data, size_t index) {
    const group_job *job = data;
    const size_t row = job->rows[index];
    double values[CSEG_GROUP_COLUMNS];
    if (row == NO_ROW)
        return CELLSEG_OK;
    CSEG_TRY(job->group->measure(values, &job->regions->region[index], &job->input));
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
static cellseg_status fill_group(group_job *job, const cseg_sources *from, size_t channel) {
    cellseg_context *context = job->input.context;
    const double columns = (double)job->table->columns;
    assert(job->group->count <= CSEG_GROUP_COLUMNS);
    begin_columns(job, from->labels[channel]);
    cseg_progress_step(context, "measurements", (double)job->first_column / columns,
                       (double)(job->first_column + job->group->count) / columns);
    cseg_input input = {0};
    cellseg_status status = CELLSEG_OK;
    if (job->group->needs == CSEG_NEEDS_CHANNEL) {
        int32_t own;
        const cellseg_image *image = cseg_sources_channel(&own, from, channel);
        CSEG_TRY(cseg_input_open(&input, context, image, own));
    }
    job->input.channel = input.plane;
    if (job->group->prepare != NULL)
        CSEG_TRY_GOTO(done, job->group->prepare(&job->input));
    status = cseg_parallel_for(context, job->regions->count, measure_region, job);
done:
    cseg_plane_free(&job->input.levels);
    cseg_plane_free(&job->input.closest);
    cseg_input_close(&input);
    return status;
}

static cellseg_status fill_groups(group_job *job, const cseg_sources *from) {
    cellseg_status status = CELLSEG_OK;
    for (size_t g = 0; g < CSEG_COLUMN_GROUPS; g++) {
        job->group = cseg_columns_groups[g];
        const size_t times = repeats(job->group, from, job->compartment == NULL);
        for (size_t i = 0; i < times && status == CELLSEG_OK; i++, job->first_column += job->group->count)
            status = fill_group(job, from, i);
    }
    cseg_plane_free(&job->input.spectrum);
    cseg_plane_free(&job->input.zones);
    return status;
}

/* The row of each region: both lists are in order of id. */
static void find_rows(uint32_t *rows, const cseg_regions *regions, const cseg_regions *cells) {
    for (size_t i = 0, row = 0; i < regions->count; i++) {
        while (row < cells->count && cells->region[row].id < regions->region[i].id)
            row++;
        const bool found = row < cells->count && cells->region[row].id == regions->region[i].id;
        rows[i] = found ? (uint32_t)row : NO_ROW;
    }
}

/* The columns of one label map, whose name and regions the job has. */
static cellseg_status fill_map(group_job *job, const cseg_sources *from, const cellseg_labels *labels,
                               const cseg_regions *cells) {
    cellseg_context *context = job->input.context;
    uint32_t *rows = cseg_memory_alloc(context, job->regions->count + 1, sizeof *rows);
    if (rows == NULL)
        return cseg_error_last();
    find_rows(rows, job->regions, cells);
    job->rows = rows;
    job->input.cells = cseg_labels_plane(labels);
    job->input.regions = job->regions;
    const cellseg_status status = fill_groups(job, from);
    cseg_memory_free(rows);
    return status;
}

static cellseg_status fill_compartment(group_job *job, const cseg_sources *from, size_t compartment, const cseg_regions *cells) {
    const cellseg_labels *labels = from->in.compartments[compartment];
    const cseg_plane plane = cseg_labels_plane(labels);
    const double here = (double)job->first_column / (double)job->table->columns;
    cseg_regions regions;
    cseg_progress_step(job->input.context, "regions", here, here);
    CSEG_TRY(cseg_regions_new(&regions, job->input.context, &plane));
    job->compartment = from->in.compartment_names[compartment];
    job->regions = &regions;
    const cellseg_status status = fill_map(job, from, labels, cells);
    job->regions = cells;
    cseg_regions_free(&regions);
    job->regions = job->input.regions = NULL; /* gone with this call */
    return status;
}

static cellseg_status fill(cellseg_table *table, cellseg_context *context, const cseg_regions *cells, const cseg_sources *from) {
    write_ids(table, cells);
    group_job job = {.table = table, .first_column = 1, .regions = cells};
    job.pixel_size_um = cellseg_labels_pixel_size_um(from->in.cells);
    job.input = (cseg_measure_input){.context = context, .options = &from->options};
    if (from->in.nuclei != NULL)
        job.input.nuclei = cseg_labels_plane(from->in.nuclei);
    CSEG_TRY(fill_map(&job, from, from->in.cells, cells));
    for (size_t compartment = 0; compartment < from->in.compartment_count; compartment++)
        CSEG_TRY(fill_compartment(&job, from, compartment, cells));
    return CELLSEG_OK;
}

static cellseg_status measure(cellseg_table **out, cellseg_context *context, cseg_sources *from) {
    const cseg_plane plane = cseg_labels_plane(from->in.cells);
    cseg_regions regions = {0};
    cellseg_table *table = NULL;
    cellseg_status status;
    cseg_progress_step(context, "regions", 0, 0);
    CSEG_TRY_GOTO(done, cseg_sources_label(from, context));
    CSEG_TRY_GOTO(done, cseg_regions_new(&regions, context, &plane));
    CSEG_TRY_GOTO(done, cseg_table_new(&table, context, regions.count, count_columns(from)));
    CSEG_TRY_GOTO(done, fill(table, context, &regions, from));
    *out = table;
    table = NULL;
done:
    cellseg_table_free(table);
    cseg_regions_free(&regions);
    cseg_sources_clear(from);
    return status;
}

cellseg_status cellseg_measure_all(cellseg_table **out, cellseg_context *context, const cellseg_measure_inputs *inputs,
                                   const cellseg_measure_options *options) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    cseg_sources from;
    CSEG_TRY(cseg_sources_read(&from, inputs, options));
    cseg_call call;
    cseg_call_begin(&call, context);
    return cseg_call_end(&call, measure(out, context, &from));
}

cellseg_status cellseg_measure(cellseg_table **out, cellseg_context *context, const cellseg_labels *cells,
                               const cellseg_labels *nuclei, const cellseg_image *image, const cellseg_measure_options *options) {
    const cellseg_measure_inputs inputs = {
        .struct_size = sizeof inputs, .cells = cells, .nuclei = nuclei, .images = &image, .image_count = image != NULL};
    return cellseg_measure_all(out, context, &inputs, options);
}
