/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A trainer's images. Images from memory stay in memory. Images from files are read when they are added, so that faults appear
 * before training, and again whenever the cache has released them.
 */
#include "segment/segment.h"
#include "train/train.h"

#include <cellseg/io.h>

#include <stdio.h>
#include <string.h>

struct cseg_train_source {
    struct cseg_train_source *next;
    cellseg_train_files files; /* the texts are the copies below */
    char *image_path, *cells_path, *nuclei_path;
};

/* An image with its labels. */
typedef struct example {
    const cellseg_image *image;
    int32_t channel;
    const cellseg_labels *cells, *nuclei; /* nuclei NULL: unknown */
    bool complete;                        /* every nucleus is known */
} example;

/* What was read of files, and the file at fault after an error. */
typedef struct contents {
    cellseg_image *image;
    cellseg_labels *cells, *nuclei;
    const char *at_fault;
} contents;

static void contents_free(contents *s) {
    cellseg_image_free(s->image);
    cellseg_labels_free(s->cells);
    cellseg_labels_free(s->nuclei);
}

/* ---- an image and labels to a sample ---- */

static cellseg_status check_sizes(const cellseg_image *image, const cellseg_labels *labels, const char *name) {
    const size_t height = cellseg_image_height(image), width = cellseg_image_width(image);
    if (cellseg_labels_height(labels) == height && cellseg_labels_width(labels) == width)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "%s are %zu x %zu pixels, the image %zu x %zu", name, cellseg_labels_height(labels),
                     cellseg_labels_width(labels), height, width);
}

static cellseg_status check_image(const cellseg_image *image, int32_t channel) {
    if (channel < 0 || channel >= cellseg_image_channels(image))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "channel %d: the image has %d", (int)channel, (int)cellseg_image_channels(image));
    if (!(cellseg_image_pixel_size_um(image) > 0))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the image's pixel size is unknown");
    return CELLSEG_OK;
}

/* A single class cannot be learnt: a mask in which every pixel is nucleus, or cell, is of the wrong kind. */
static cellseg_status check_classes(const cseg_plane *classes) {
    const uint8_t first = cseg_row_u8(classes, 0)[0];
    for (size_t y = 0; y < classes->height; y++)
        for (size_t x = 0; x < classes->width; x++)
            if (cseg_row_u8(classes, y)[x] != first)
                return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_ARGUMENT, "the labels hold a single class: every pixel is %s",
                     first == CSEG_CLASS_CELL ? "cell" : "nucleus");
}

/* Of the size of `prepared`; the caller frees the targets, also after an error. */
static cellseg_status make_targets(cseg_targets *targets, const cellseg_trainer *trainer, const cseg_plane *prepared,
                                   const cseg_plane *cells, const cseg_plane *nuclei, bool complete) {
    const cseg_recipe *recipe = &trainer->recipe;
    const int32_t extra_output = recipe->options.extra_output;
    const cseg_outline_options outlines = {.boundary = extra_output == CELLSEG_EXTRA_BOUNDARY,
                                           .pixel_size_um = trainer->train.rule.pixel_size_um,
                                           .border_sigma_um = recipe->loss.border_sigma_um};
    CSEG_TRY(cseg_plane_new(&targets->classes, trainer->context, CELLSEG_UINT8, prepared->height, prepared->width));
    if (extra_output == CELLSEG_EXTRA_DISTANCE)
        CSEG_TRY(cseg_plane_new(&targets->distance, trainer->context, CELLSEG_UINT8, prepared->height, prepared->width));
    if (recipe->loss.weight_border > 0)
        CSEG_TRY(cseg_plane_new(&targets->border, trainer->context, CELLSEG_UINT8, prepared->height, prepared->width));
    if (recipe->augmentation.cell_contrast > 1)
        CSEG_TRY(cseg_plane_new(&targets->cell, trainer->context, CELLSEG_UINT8, prepared->height, prepared->width));
    CSEG_TRY(cseg_targets_classify(trainer->context, &targets->classes, cells, nuclei, complete));
    CSEG_TRY(check_classes(&targets->classes));
    return cseg_outlines_compute(trainer->context, targets, cells, &outlines);
}

/* diameters: of the nuclei, or NULL when not wanted; the caller frees them, also after an error. */
static cellseg_status make_sample(cseg_sample *sample, cseg_diameters *diameters, const cellseg_trainer *trainer,
                                  const example *of) {
    cellseg_context *context = trainer->context;
    const double pixel_size_um = cellseg_image_pixel_size_um(of->image);
    const cseg_plane cells = cseg_labels_plane(of->cells);
    const cseg_plane nuclei = of->nuclei != NULL ? cseg_labels_plane(of->nuclei) : (cseg_plane){0};
    cseg_input marker;
    cseg_plane prepared;
    cseg_targets targets = {.classes = {0}};
    if (diameters != NULL && of->nuclei != NULL)
        CSEG_TRY(cseg_diameters_measure(diameters, context, &cells, &nuclei, pixel_size_um));
    CSEG_TRY(cseg_input_open(&marker, context, of->image, of->channel));
    cellseg_status status = cseg_preprocess_run(context, &prepared, &marker.plane, pixel_size_um, &trainer->train.rule);
    cseg_input_close(&marker);
    if (status != CELLSEG_OK)
        return status;
    status = make_targets(&targets, trainer, &prepared, &cells, of->nuclei != NULL ? &nuclei : NULL, of->complete);
    if (status == CELLSEG_OK)
        status = cseg_sample_make(sample, context, &prepared, &targets);
    cseg_plane_free(&prepared);
    cseg_outlines_free(&targets);
    return status;
}

/* ---- images in memory ---- */

static cellseg_status check_use(const cellseg_trainer *trainer, int32_t use) {
    if (use != CELLSEG_USE_TRAIN && use != CELLSEG_USE_VALIDATE)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "use is %d; it must be CELLSEG_USE_TRAIN or CELLSEG_USE_VALIDATE", (int)use);
    if (trainer->begun)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "training has begun; images must be added before");
    return CELLSEG_OK;
}

/* Take sample and diameters over; also on failure, when both are released and the trainer is as before. */
static cellseg_status take_sample(cellseg_trainer *trainer, cseg_sample *sample, cseg_diameters *diameters, int32_t use) {
    const cellseg_status status = cseg_dataset_add(use == CELLSEG_USE_TRAIN ? &trainer->train : &trainer->validate, sample);
    if (status == CELLSEG_OK)
        cseg_diameters_histogram_add(&trainer->diameters, diameters);
    cseg_diameters_free(diameters);
    return status;
}

static cellseg_status add_image(cellseg_trainer *trainer, const example *of, int32_t use) {
    cseg_sample sample;
    cseg_diameters diameters = {.count = 0};
    const cellseg_status status = make_sample(&sample, use == CELLSEG_USE_TRAIN ? &diameters : NULL, trainer, of);
    if (status == CELLSEG_OK)
        return take_sample(trainer, &sample, &diameters, use);
    cseg_diameters_free(&diameters);
    return status;
}

cellseg_status cellseg_trainer_add(cellseg_trainer *trainer, const cellseg_image *image, int32_t channel,
                                   const cellseg_labels *cells, const cellseg_labels *nuclei, int32_t use) {
    if (trainer == NULL || image == NULL || cells == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "trainer, image or cells is NULL");
    CSEG_TRY(check_use(trainer, use));
    CSEG_TRY(check_image(image, channel));
    CSEG_TRY(check_sizes(image, cells, "cells"));
    if (nuclei != NULL)
        CSEG_TRY(check_sizes(image, nuclei, "nuclei"));
    const example of = {image, channel, cells, nuclei, nuclei != NULL};
    cseg_call call;
    cseg_call_begin(&call, trainer->context);
    return cseg_call_end(&call, add_image(trainer, &of, use));
}

/* ---- images in files ---- */

/* model: of CELLSEG_NUCLEI_BY_MODEL. */
static cellseg_status read_nuclei(contents *s, cellseg_context *context, const cellseg_model *model,
                                  const cellseg_train_files *files) {
    const bool by_model = files->nuclei_channel == CELLSEG_NUCLEI_BY_MODEL;
    cseg_progress_step(context, "nuclei", 0.4, 0.6);
    if (files->nuclei_path != NULL) {
        s->at_fault = files->nuclei_path;
        CSEG_TRY(cellseg_labels_read(&s->nuclei, context, files->nuclei_path));
        return check_sizes(s->image, s->nuclei, "nuclei");
    }
    if (files->nuclei_channel == CELLSEG_NUCLEI_UNKNOWN)
        return CELLSEG_OK;
    cellseg_segment_options options;
    CSEG_TRY(cellseg_segment_options_init(&options, sizeof options));
    options.channel = files->channel;
    options.nuclei_channel = by_model ? 0 : files->nuclei_channel;
    s->at_fault = files->image_path;
    return cellseg_segment_nuclei_within(&s->nuclei, context, by_model ? model : NULL, s->cells, s->image, &options);
}

static cellseg_status read_contents(contents *s, const cellseg_trainer *trainer, const cellseg_train_files *files) {
    cellseg_context *context = trainer->context;
    cellseg_read_options options;
    CSEG_TRY(cellseg_read_options_init(&options, sizeof options));
    options.pixel_size_um = files->pixel_size_um;
    options.force = 1; /* a warning is enough where the size of a whole set is given */
    s->at_fault = files->image_path;
    cseg_progress_step(context, "image", 0, 0.2);
    CSEG_TRY(cellseg_image_read(&s->image, context, files->image_path, &options));
    CSEG_TRY(check_image(s->image, files->channel));
    s->at_fault = files->cells_path;
    cseg_progress_step(context, "cells", 0.2, 0.4);
    CSEG_TRY(cellseg_labels_read(&s->cells, context, files->cells_path));
    CSEG_TRY(check_sizes(s->image, s->cells, "cells"));
    return read_nuclei(s, context, trainer->nuclei_model, files);
}

/* Put the file's name before the message, unless the message has it. */
static cellseg_status fail_in_file(cellseg_status status, const char *path) {
    const size_t length = strlen(path);
    const char *message = cellseg_last_error();
    if (strncmp(message, path, length) == 0 && message[length] == ':')
        return status;
    return cseg_error_fail_in(status, path);
}

static cellseg_status read_sample(cseg_sample *sample, cseg_diameters *diameters, const cellseg_trainer *trainer,
                                  const cellseg_train_files *files) {
    contents s = {NULL, NULL, NULL, NULL};
    cellseg_status status = read_contents(&s, trainer, files);
    if (status == CELLSEG_OK) {
        const bool complete = files->nuclei_path != NULL || files->nuclei_channel >= 0;
        const example of = {s.image, files->channel, s.cells, s.nuclei, complete};
        s.at_fault = files->cells_path;
        cseg_progress_step(trainer->context, "targets", 0.6, 1);
        status = make_sample(sample, diameters, trainer, &of);
    }
    if (status == CELLSEG_ERR_ARGUMENT || status == CELLSEG_ERR_FORMAT || status == CELLSEG_ERR_IO || status == CELLSEG_ERR_LIMIT)
        status = fail_in_file(status, s.at_fault != NULL ? s.at_fault : files->image_path);
    contents_free(&s);
    return status;
}

cellseg_status cseg_filed_load(void *owner, cseg_sample *sample) {
    const cellseg_trainer *trainer = owner;
    const struct cseg_train_source *source = sample->source;
    cseg_sample again = {.hash = 0};
    cseg_call call; /* reading is a part of the batch's step */
    cseg_call_begin(&call, trainer->context);
    CSEG_TRY(cseg_call_end(&call, read_sample(&again, NULL, trainer, &source->files)));
    if (again.hash != sample->hash) {
        cseg_sample_free(&again);
        return cseg_fail(CELLSEG_ERR_IO, "%s: the image or its labels changed during training", source->image_path);
    }
    sample->values = again.values;
    sample->classes = again.classes;
    sample->distance = again.distance;
    sample->border = again.border;
    sample->cell = again.cell;
    return CELLSEG_OK;
}

static void source_free(struct cseg_train_source *source) {
    cseg_memory_free(source->image_path);
    cseg_memory_free(source->cells_path);
    cseg_memory_free(source->nuclei_path);
    cseg_memory_free(source);
}

void cseg_filed_free_all(cellseg_trainer *trainer) {
    while (trainer->sources != NULL) {
        struct cseg_train_source *source = trainer->sources;
        trainer->sources = source->next;
        source_free(source);
    }
}

static cellseg_status source_new(struct cseg_train_source **out, cellseg_context *context, const cellseg_train_files *files) {
    struct cseg_train_source *source = cseg_memory_calloc(context, 1, sizeof *source);
    if (source == NULL)
        return cseg_error_last();
    source->files = *files;
    cellseg_status status;
    CSEG_TRY_GOTO(failed, cseg_string_copy(&source->image_path, context, files->image_path));
    CSEG_TRY_GOTO(failed, cseg_string_copy(&source->cells_path, context, files->cells_path));
    CSEG_TRY_GOTO(failed, cseg_string_copy(&source->nuclei_path, context, files->nuclei_path));
    source->files.image_path = source->image_path;
    source->files.cells_path = source->cells_path;
    source->files.nuclei_path = source->nuclei_path;
    *out = source;
    return CELLSEG_OK;
failed:
    source_free(source);
    return status;
}

static cellseg_status check_files(cellseg_train_files *own, const cellseg_trainer *trainer, const cellseg_train_files *files,
                                  int32_t use) {
    CSEG_TRY(cseg_option_read(own, cellseg_train_files_table(), files, CELLSEG_PRESET_DEFAULT));
    if (own->image_path == NULL || own->cells_path == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "image_path or cells_path is NULL");
    return check_use(trainer, use);
}

/* The model that finds nuclei: the start model, whose weights the network has until training begins, or the default model. */
static cellseg_status find_nuclei_model(cellseg_trainer *trainer, const cellseg_train_files *files) {
    if (files->nuclei_path != NULL || files->nuclei_channel != CELLSEG_NUCLEI_BY_MODEL || trainer->nuclei_model != NULL)
        return CELLSEG_OK;
    if (trainer->from_start)
        return cseg_net_model(&trainer->nuclei_model, trainer->net, NULL);
    return cellseg_model_default(&trainer->nuclei_model, trainer->context);
}

static cellseg_status add_source(cellseg_trainer *trainer, struct cseg_train_source *source, int32_t use) {
    cseg_sample sample;
    cseg_diameters diameters = {.count = 0};
    const cellseg_status status = read_sample(&sample, use == CELLSEG_USE_TRAIN ? &diameters : NULL, trainer, &source->files);
    if (status != CELLSEG_OK) {
        cseg_diameters_free(&diameters);
        return status;
    }
    sample.source = source;
    sample.weight = source->files.weight;
    return take_sample(trainer, &sample, &diameters, use);
}

static cellseg_status add_files(cellseg_trainer *trainer, const cellseg_train_files *files, int32_t use) {
    cellseg_train_files own;
    CSEG_TRY(check_files(&own, trainer, files, use));
    CSEG_TRY(find_nuclei_model(trainer, &own));
    struct cseg_train_source *source;
    CSEG_TRY(source_new(&source, trainer->context, &own));
    const cellseg_status status = add_source(trainer, source, use);
    if (status != CELLSEG_OK) {
        source_free(source);
        return status;
    }
    source->next = trainer->sources;
    trainer->sources = source;
    return CELLSEG_OK;
}

cellseg_status cellseg_trainer_add_files(cellseg_trainer *trainer, const cellseg_train_files *files, int32_t use) {
    if (trainer == NULL || files == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "trainer or files is NULL");
    cseg_call call;
    cseg_call_begin(&call, trainer->context);
    return cseg_call_end(&call, add_files(trainer, files, use));
}
