/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg convert: labels of other programs as label maps, and label maps as files of outlines. */
#include "command.h"
#include "json.h"
#include "progress.h"
#include "reading.h"
#include "results.h"
#include "text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* ---- the command line ---- */

static const char *output_folder, *images_path;
static bool overwrite;

static const option output_options[] = {
    {"output", 'o', OPTION_TEXT, &output_folder, "FOLDER", "folder of the results; created if missing", NULL},
    {"overwrite", 0, OPTION_FLAG, &overwrite, NULL, "replace files that are there", NULL},
    {"rois", 0, OPTION_FLAG, &want_rois, NULL, "also write outlines for ImageJ's ROI Manager, <stem>.rois.zip", NULL},
    {"geojson", 0, OPTION_FLAG, &want_geojson, NULL, "also write outlines for QuPath, <stem>.geojson", NULL},
    {"coco", 0, OPTION_FLAG, &want_coco, NULL, "also write COCO annotations, <stem>.coco.json", NULL},
    {"svg", 0, OPTION_FLAG, &want_svg, NULL, "also write outlines as a drawing over the image, <stem>.svg", NULL},
    OPTIONS_END,
};
static const option image_options[] = {
    {"images", 0, OPTION_TEXT, &images_path, "FILE|FOLDER", "the image, or a folder of images: size, pixel size, names", NULL},
    OPTIONS_END,
};

static const note result_files[] = {
    {"<stem>.cells.tif", "label map of the cells"},
    {"<stem>.nuclei.tif", "label map of the nuclei, if there are any"},
    {"<stem>.rois.zip", "outlines for the ROI Manager of ImageJ and Fiji, with --rois"},
    {"<stem>.geojson", "outlines for QuPath, with --geojson"},
    {"<stem>.coco.json", "COCO annotations, with --coco"},
    {"<stem>.svg", "outlines as a drawing over the image, with --svg"},
    {NULL, NULL},
};

static bool begin(int32_t preset) {
    (void)preset;
    return init_reading();
}

/* ---- one file ---- */

/* Labels, the image that they belong to, and the name of the results. */
typedef struct conversion {
    const char *path, *stem;
    const char *image_path; /* NULL: none is given */
    bool is_named;          /* the image is one of several in the file */
    cellseg_labels *cells, *nuclei;
    cellseg_outlines *cell_outlines, *nucleus_outlines;
} conversion;

/* The label map of the nuclei beside this program's label map of the cells. */
static bool read_nuclei_beside(conversion *c, cellseg_context *context) {
    static const char ending[] = ".cells.tif";
    const size_t length = strlen(c->path), kept = length - (sizeof ending - 1);
    char path[PATH_SIZE];
    if (length < sizeof ending || strcmp(c->path + kept, ending) != 0 ||
        snprintf(path, sizeof path, "%.*s.nuclei.tif", (int)kept, c->path) >= (int)sizeof path || !exists(path))
        return true;
    if (cellseg_labels_read(&c->nuclei, context, path) == CELLSEG_OK)
        return true;
    print_library_error(path);
    return false;
}

static bool read_labels(conversion *c, cellseg_context *context) {
    cellseg_import_options options;
    cellseg_image *image = NULL;
    (void)cellseg_import_options_init(&options, sizeof options);
    if (c->image_path != NULL && !read_chosen(&image, context, c->image_path))
        return false;
    options.height_px = (int32_t)cellseg_image_height(image);
    options.width_px = (int32_t)cellseg_image_width(image);
    char *name = c->is_named ? utf8_copy(base_name(c->image_path)) : NULL;
    options.image_name = name;
    const double pixel_size_um = cellseg_image_pixel_size_um(image);
    cellseg_image_free(image);
    const bool fine = cellseg_labels_import(&c->cells, &c->nuclei, context, c->path, &options) == CELLSEG_OK;
    free(name);
    if (!fine)
        print_library_error(c->path);
    if (!fine || !read_nuclei_beside(c, context))
        return false;
    if (pixel_size_um > 0) {
        (void)cellseg_labels_set_pixel_size_um(c->cells, pixel_size_um);
        if (c->nuclei != NULL)
            (void)cellseg_labels_set_pixel_size_um(c->nuclei, pixel_size_um);
    }
    return true;
}

static cellseg_status make_outlines(conversion *c, cellseg_context *context) {
    if (!want_rois && !want_geojson && !want_svg)
        return CELLSEG_OK;
    const cellseg_status status = cellseg_labels_outlines(&c->cell_outlines, context, c->cells, NULL);
    return status == CELLSEG_OK && c->nuclei != NULL ? cellseg_labels_outlines(&c->nucleus_outlines, context, c->nuclei, NULL)
                                                     : status;
}

static cellseg_status write_cells(const conversion *c, cellseg_context *context, const char *path) {
    return cellseg_labels_write(c->cells, context, path, NULL);
}

static cellseg_status write_nuclei(const conversion *c, cellseg_context *context, const char *path) {
    return cellseg_labels_write(c->nuclei, context, path, NULL);
}

static cellseg_status write_rois(const conversion *c, cellseg_context *context, const char *path) {
    return cellseg_rois_write(context, path, c->cell_outlines, c->nucleus_outlines);
}

static cellseg_status write_geojson(const conversion *c, cellseg_context *context, const char *path) {
    return cellseg_geojson_write(context, path, c->cell_outlines, c->nucleus_outlines, NULL);
}

static cellseg_status write_coco(const conversion *c, cellseg_context *context, const char *path) {
    char *name = check_memory(utf8_copy(base_name(c->image_path != NULL ? c->image_path : c->path)));
    const cellseg_status status = cellseg_coco_write(context, path, name, c->cells, c->nuclei);
    free(name);
    return status;
}

static cellseg_status write_svg(const conversion *c, cellseg_context *context, const char *path) {
    return cellseg_svg_write(context, path, c->cell_outlines, c->nucleus_outlines);
}

/* Write a file, unless that would replace the input or, without --overwrite, anything. */
static bool write_file(const conversion *c, cellseg_context *context, const char *suffix,
                       cellseg_status (*write)(const conversion *, cellseg_context *, const char *)) {
    char path[PATH_SIZE];
    if (!join_path(path, output_folder, c->stem, suffix))
        return false;
    const bool is_input = is_same_file(path, c->path) || (c->image_path != NULL && is_same_file(path, c->image_path));
    if (is_input || (exists(path) && !overwrite)) {
        print_error("%s: %s", path, is_input ? "a result would replace the input file" : "the file exists; --overwrite replaces");
        return false;
    }
    if (write(c, context, path) == CELLSEG_OK)
        return true;
    print_library_error(path);
    return false;
}

static bool write_files(conversion *c, cellseg_context *context) {
    if (make_outlines(c, context) != CELLSEG_OK) {
        print_library_error(c->path);
        return false;
    }
    return write_file(c, context, ".cells.tif", write_cells) &&
           (c->nuclei == NULL || write_file(c, context, ".nuclei.tif", write_nuclei)) &&
           (!want_rois || write_file(c, context, ".rois.zip", write_rois)) &&
           (!want_geojson || write_file(c, context, ".geojson", write_geojson)) &&
           (!want_coco || write_file(c, context, ".coco.json", write_coco)) &&
           (!want_svg || write_file(c, context, ".svg", write_svg));
}

static void print_done(const conversion *c) {
    if (!json_lines) {
        print_result("%s: in %s/%s.*", c->path, output_folder, c->stem);
        return;
    }
    cJSON *line = cJSON_CreateObject();
    (void)(line != NULL && add_name(line, "file", c->path) && add_name(line, "folder", output_folder) &&
           add_name(line, "stem", c->stem) && cJSON_AddBoolToObject(line, "nuclei", c->nuclei != NULL) != NULL);
    print_json(line);
}

static bool convert(conversion *c, cellseg_context *context) {
    set_progress_title(c->path);
    const bool fine = read_labels(c, context) && write_files(c, context);
    set_progress_title(NULL);
    if (fine)
        print_done(c);
    flush_output();
    cellseg_labels_free(c->cells);
    cellseg_labels_free(c->nuclei);
    cellseg_outlines_free(c->cell_outlines);
    cellseg_outlines_free(c->nucleus_outlines);
    return fine;
}

/* ---- all files ---- */

/* Where files are done, of those that are to be. */
typedef struct tally {
    size_t done, all;
} tally;

static void convert_one(tally *t, cellseg_context *context, const file *labels, const file *image, bool is_named) {
    conversion c = {.path = labels->path,
                    .stem = image != NULL ? image->stem : labels->stem, /* as training and evaluation pair files */
                    .image_path = image != NULL ? image->path : NULL,
                    .is_named = is_named};
    t->all++;
    t->done += convert(&c, context);
}

/* The image of the same stem in the folder; without one, the file holds several images, and those of the folder are meant. */
static void convert_with_folder(tally *t, cellseg_context *context, const file *labels, const file_list *images) {
    for (size_t i = 0; i < images->count; i++)
        if (strcmp(images->files[i].stem, labels->stem) == 0) {
            convert_one(t, context, labels, &images->files[i], false);
            return;
        }
    for (size_t i = 0; i < images->count && !was_interrupted(); i++)
        convert_one(t, context, labels, &images->files[i], true);
}

static int convert_all(cellseg_context *context, const file_list *inputs, const file_list *images) {
    tally t = {0};
    for (size_t i = 0; i < inputs->count && !was_interrupted(); i++) {
        set_progress_file(i, inputs->count);
        if (images_path != NULL && is_folder(images_path))
            convert_with_folder(&t, context, &inputs->files[i], images);
        else
            convert_one(&t, context, &inputs->files[i], images->count > 0 ? images->files : NULL, false);
    }
    return code_of_failures(t.all - t.done, t.all);
}

static bool find_images(file_list *images) {
    *images = (file_list){0};
    if (images_path == NULL)
        return true;
    return is_folder(images_path) ? images_in_folder(images, images_path, NULL)
                                  : files_from_operands(images, &images_path, 1, NULL);
}

static bool are_files(const words *line) {
    for (int i = 0; i < line->count; i++)
        if (is_folder(line->operands[i])) {
            print_error("%s: this is a folder; name the files in it, for instance %s/*.zip", line->operands[i],
                        line->operands[i]);
            return false;
        }
    return true;
}

static int run(const words *line) {
    const char *fault = output_folder == NULL ? "-o FOLDER is missing" : line->count == 0 ? "an input file is missing" : NULL;
    if (fault == NULL && line->count > 1 && images_path != NULL && !is_folder(images_path))
        fault = "several inputs need a folder of images";
    file_list inputs, images;
    if (fault != NULL)
        return print_usage_fault(&convert_command, fault);
    if (!settle_reading(convert_command.name) || !are_files(line) ||
        !files_from_operands(&inputs, line->operands, line->count, NULL))
        return CLI_USAGE;
    int code = CLI_FAILED;
    if (find_images(&images)) {
        cellseg_context *context = make_folder(output_folder) ? begin_context() : NULL;
        if (context != NULL)
            code = convert_all(context, &inputs, &images);
        end_context(context);
        free_files(&images);
    }
    free_files(&inputs);
    return code;
}

const command convert_command = {
    .name = "convert",
    .headline = "turn labels of other programs into label maps, and back",
    .arguments = "-o FOLDER FILE...",
    .operand = "FILE",
    .summary =
        "Read labels that another program or a person made, and write label maps for training and evaluation. A FILE is a set "
        "of\n"
        "ImageJ's regions (.zip, .roi), GeoJSON of QuPath, COCO, Cellpose's _seg.npy or _cp_masks.tif, a NumPy array, LabelMe's\n"
        "JSON, or a label map of any program (TIFF, PNG); with <stem>.cells.tif, <stem>.nuclei.tif beside it is read too. "
        "Regions\n"
        "and GeoJSON need --images, since they state no size. Of a folder the image of the same stem is taken; for a COCO file "
        "of\n"
        "several images, all images. <stem> is that of the image, or else of FILE without its known endings. docs/outlines.md "
        "has\n"
        "the rules.",
    .groups = (const option_group[]){{"Output", output_options},
                                     {NULL, json_options},
                                     {"Reading", image_options},
                                     {NULL, reading_options},
                                     {"Common", thread_options},
                                     {NULL, general_options},
                                     {NULL, NULL}},
    .files = result_files,
    .examples = (const note[]){{"convert -o labels --images drug_1.tif RoiSet.zip", "regions drawn in Fiji"},
                               {"convert -o labels --images plate coco.json", "a COCO file of a folder of images"},
                               {"convert -o out --rois --geojson masks/*_cp_masks.tif", "Cellpose's masks for Fiji and QuPath"},
                               {NULL, NULL}},
    .begin = begin,
    .run = run,
};
