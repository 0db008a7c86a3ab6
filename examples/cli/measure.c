/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg measure: a table of the cells of label maps that any program made, in the channels of any image files. */
#include "cli.h"
#include "command.h"
#include "files.h"
#include "json.h"
#include "measuring.h"
#include "progress.h"
#include "reading.h"
#include "stem.h"
#include "text.h"

#include <stdlib.h>
#include <string.h>

static const char *table_path, *nuclei_path;
static text_list label_words, image_paths;

static const option output_options[] = {
    {"output", 'o', OPTION_TEXT, &table_path, "FILE", "the table to write (CSV)", NULL},
    OPTIONS_END,
};
static const option input_options[] = {
    {"labels", 0, OPTION_TEXTS, &label_words, "FILE|NAME=FILE", "label map of the cells; then others of the same ids by name",
     NULL},
    {"nuclei", 0, OPTION_TEXT, &nuclei_path, "FILE", "label map of the nuclei, under the ids of their cells", NULL},
    {"image", 0, OPTION_TEXTS, &image_paths, "FILE", "image to measure all channels of, before those of the arguments", NULL},
    OPTIONS_END,
};

/* ---- what is measured ---- */

/* The images and label maps of one table. */
typedef struct field {
    cellseg_labels *cells, *nuclei, *maps[TEXTS_MOST];
    char *names[TEXTS_MOST]; /* of maps */
    cellseg_image **images;
    size_t map_count, image_count;
} field;

static void free_field(field *f) {
    cellseg_labels_free(f->cells);
    cellseg_labels_free(f->nuclei);
    for (size_t i = 0; i < f->map_count; i++) {
        cellseg_labels_free(f->maps[i]);
        free(f->names[i]);
    }
    for (size_t i = 0; i < f->image_count; i++)
        cellseg_image_free(f->images[i]);
    free(f->images);
}

/* The file has the size of the cells; else prints an error. */
static bool has_size(const field *f, const char *path, size_t height, size_t width) {
    const size_t own_height = cellseg_labels_height(f->cells), own_width = cellseg_labels_width(f->cells);
    if (height == own_height && width == own_width)
        return true;
    print_error("%s: the file has %zu x %zu pixels, and %s has %zu x %zu; both must show the same field", path, width, height,
                label_words.items[0], own_width, own_height);
    return false;
}

static bool read_map(cellseg_labels **out, cellseg_context *context, const char *path, const field *f) {
    set_progress_title(path);
    if (cellseg_labels_read(out, context, path) != CELLSEG_OK) {
        print_library_error(path);
        return false;
    }
    return f->cells == NULL || has_size(f, path, cellseg_labels_height(*out), cellseg_labels_width(*out));
}

/* A word NAME=FILE. */
static bool read_named_map(field *f, cellseg_context *context, const char *word) {
    const char *path = strchr(word, '=') + 1;
    f->names[f->map_count] = check_memory(copy_text(word, (size_t)(path - 1 - word)));
    f->maps[f->map_count] = NULL;
    return read_map(&f->maps[f->map_count++], context, path, f);
}

/* A channel without a name is called after the file; of several, the number follows. */
static void name_channels(cellseg_image *image, const char *path) {
    bool is_result;
    const int32_t channels = cellseg_image_channels(image);
    char *stem = check_memory(copy_text(base_name(path), stem_length(base_name(path), NULL, &is_result)));
    const size_t size = strlen(stem) + 16;
    char *name = check_memory(malloc(size));
    for (int32_t i = 0; i < channels; i++) {
        (void)snprintf(name, size, channels > 1 ? "%s_%d" : "%s", stem, (int)i);
        if (cellseg_image_channel_name(image, i) == NULL)
            (void)cellseg_image_set_channel_name(image, i, name); /* without memory the number stands in the table */
    }
    free(name);
    free(stem);
}

static bool read_image(field *f, cellseg_context *context, const char *path) {
    cellseg_image **image = &f->images[f->image_count];
    set_progress_title(path);
    if (!read_chosen(image, context, path))
        return false;
    f->image_count++;
    name_channels(*image, path);
    return has_size(f, path, cellseg_image_height(*image), cellseg_image_width(*image));
}

/* The pixel size is the option's, else that of the cells' file, else that of an image. */
static bool settle_pixel_size(field *f) {
    double size = chosen_reading()->pixel_size_um;
    if (size == 0)
        size = cellseg_labels_pixel_size_um(f->cells);
    for (size_t i = 0; i < f->image_count && size == 0; i++)
        size = cellseg_image_pixel_size_um(f->images[i]);
    if (cellseg_labels_set_pixel_size_um(f->cells, size) == CELLSEG_OK)
        return true;
    print_error("%s", cellseg_last_error());
    return false;
}

static bool read_field(field *f, cellseg_context *context, const words *line) {
    *f = (field){.images = check_memory(calloc((size_t)(image_paths.count + line->count) + 1, sizeof *f->images))};
    bool fine = read_map(&f->cells, context, label_words.items[0], f) &&
                (nuclei_path == NULL || read_map(&f->nuclei, context, nuclei_path, f));
    for (int i = 1; fine && i < label_words.count; i++)
        fine = read_named_map(f, context, label_words.items[i]);
    for (int i = 0; fine && i < image_paths.count + line->count; i++)
        fine = read_image(f, context, i < image_paths.count ? image_paths.items[i] : line->operands[i - image_paths.count]);
    return fine && settle_pixel_size(f);
}

/* ---- the table ---- */

static cellseg_status measure_field(cellseg_table **table, cellseg_context *context, const field *f) {
    cellseg_measure_inputs inputs = {.struct_size = sizeof inputs, .cells = f->cells, .nuclei = f->nuclei, .channel_names = 1};
    inputs.images = (const cellseg_image *const *)f->images;
    inputs.image_count = f->image_count;
    inputs.compartments = (const cellseg_labels *const *)f->maps;
    inputs.compartment_names = (const char *const *)f->names;
    inputs.compartment_count = f->map_count;
    return measure_chosen(table, context, &inputs);
}

/* Maps of two programs most often number their objects in two ways. */
static void warn_of_other_ids(const cellseg_table *table) {
    for (size_t c = 0; c < cellseg_table_columns(table); c++) {
        if (strcmp(cellseg_table_column_name(table, c), "nuclei_count") != 0)
            continue;
        const double *count = cellseg_table_column(table, c);
        size_t row = 0;
        while (row < cellseg_table_rows(table) && count[row] == 0)
            row++;
        if (row == cellseg_table_rows(table) && row > 0)
            print_warning("%s: no nucleus has the id of the cell that it lies in, so that no cell has a nucleus", nuclei_path);
    }
}

static void print_summary(const cellseg_table *table) {
    const size_t rows = cellseg_table_rows(table), columns = cellseg_table_columns(table);
    if (!json_lines) {
        print_result("%s: %zu cells, %zu columns, in %s", label_words.items[0], rows, columns, table_path);
        return;
    }
    cJSON *line = cJSON_CreateObject();
    if (line != NULL && !(add_name(line, "labels", label_words.items[0]) && add_name(line, "table", table_path) &&
                          add_figure(line, "cells", (double)rows) && add_figure(line, "columns", (double)columns))) {
        cJSON_Delete(line);
        line = NULL;
    }
    print_json(line);
}

static int measure(const words *line) {
    cellseg_context *context = begin_context();
    if (context == NULL)
        return no_context_code();
    field f;
    cellseg_table *table = NULL;
    int code = CLI_FAILED;
    if (read_field(&f, context, line)) {
        set_progress_title(label_words.items[0]);
        if (measure_field(&table, context, &f) != CELLSEG_OK)
            print_library_error(label_words.items[0]);
        else if (cellseg_table_write_csv(table, context, table_path) != CELLSEG_OK)
            print_library_error(table_path);
        else
            code = CLI_FINE;
    }
    set_progress_title(NULL);
    if (code == CLI_FINE) {
        warn_of_other_ids(table);
        print_summary(table);
    }
    cellseg_table_free(table);
    free_field(&f);
    end_context(context);
    return code;
}

/* ---- the command line ---- */

static bool begin(int32_t preset) {
    (void)preset;
    return init_reading() && init_measuring();
}

static const char *fault_of_words(void) {
    if (table_path == NULL)
        return "-o FILE is missing";
    if (label_words.count == 0)
        return "--labels FILE is missing";
    for (int i = 1; i < label_words.count; i++) {
        const char *sign = strchr(label_words.items[i], '=');
        if (sign == NULL || sign == label_words.items[i] || sign[1] == '\0')
            return "the first --labels is the file of the cells; each further one needs a name, --labels NAME=FILE";
    }
    return wants_compartments() && nuclei_path == NULL ? "--compartments needs --nuclei FILE" : NULL;
}

/* The table replaces none of the files that are read; else prints an error. */
static bool keeps_inputs(const words *line) {
    bool fine = nuclei_path == NULL || !is_same_file(nuclei_path, table_path);
    for (int i = 0; i < label_words.count; i++)
        fine = fine && !is_same_file(i > 0 ? strchr(label_words.items[i], '=') + 1 : label_words.items[i], table_path);
    for (int i = 0; i < image_paths.count; i++)
        fine = fine && !is_same_file(image_paths.items[i], table_path);
    for (int i = 0; i < line->count; i++)
        fine = fine && !is_same_file(line->operands[i], table_path);
    if (!fine)
        print_error("%s: the table would replace a file that is read", table_path);
    return fine;
}

static int run(const words *line) {
    const char *fault = fault_of_words();
    if (fault != NULL)
        return print_usage_fault(&measure_command, fault);
    if (!settle_reading(measure_command.name) || !settle_measuring(measure_command.name))
        return CLI_USAGE;
    return keeps_inputs(line) && prepare_output(table_path) ? measure(line) : CLI_FAILED;
}

const command measure_command = {
    .name = "measure",
    .headline = "measure the cells of label maps in any images",
    .arguments = "--labels FILE -o FILE FILE...",
    .operand = "FILE",
    .summary =
        "Write a table with a row for each cell of a label map: of this program or any other, TIFF or PNG. Every channel of\n"
        "each FILE is measured; columns end with the channel's name, or with the file's name where the channel has none.\n"
        "--nuclei and --compartments add nucleus, cytoplasm and a ring around the nucleus, with columns of their own such\n"
        "as \"ring.intensity_mean_DAPI\". docs/measurements.md defines the columns.",
    .groups = (const option_group[]){{"Output", output_options},
                                     {NULL, json_options},
                                     {"Input", input_options},
                                     {NULL, reading_options},
                                     {"Measurements", measuring_options},
                                     {NULL, measuring_rows.rows},
                                     {"Common", thread_options},
                                     {NULL, verbose_options},
                                     {NULL, general_options},
                                     {NULL, NULL}},
    .examples =
        (const note[]){{"measure --labels a.cells.tif -o a.csv a_DAPI.tif a_GFP.tif", "a file for each channel"},
                       {"measure --labels a.cells.tif --nuclei a.nuclei.tif --compartments -o a.csv a.ome.tif", "compartments"},
                       {"measure --labels a.tif --labels spots=b.tif --measure all -o a.csv --image c.tif", "every group"},
                       {NULL, NULL}},
    .begin = begin,
    .run = run,
};
