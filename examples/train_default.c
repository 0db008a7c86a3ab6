/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The recipe of the default model. Usage: train_default DATA MODEL
 *
 * DATA holds the folders named below (docs/data.md says where they come from). Where a person outlined whole cells, nuclei come
 * from the nuclear stain inside them; everywhere else the two-channel method makes the labels, as in the paper. The network sees
 * the marker alone. In the later stages a person's outlines, which are the most exact, count more; in the last three so do the
 * stains that are learned worst, and in the last two the one learned best counts less. MODEL.checkpoint-1 and so on let a stopped
 * training go on: run the same command again.
 */
#include <cellseg/cellseg.h>

#include <dirent.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { PATH_SIZE = 4096, STAGES = 6 };

/* Images of one kind: the files of a folder whose names hold `marker`. */
typedef struct source {
    const char *folder, *marker;
    const char *nuclear;  /* what takes marker's place in the name of the nuclear stain's file; NULL: the marker's file has it */
    const char *outlines; /* the same for the file of cells outlined by hand; NULL: two-channel method */
    int32_t marker_channel, nuclear_channel;
    double pixel_size_um; /* 0: the file says */
    int32_t use;
    int32_t copies[STAGES]; /* how often it is added in each stage, so that small folders are not drowned by large ones */
} source;

/*
 * nf1_cellpainting says only that it is 20x: its nuclei are 50 pixels across, which is the 16 um of a Schwann cell's nucleus at
 * 0.325 um per pixel (a 6.5 um camera pixel at 20x); nuclei are then 25 working pixels across, as in embl_md and bbbc022.
 */
static const source sources[] = {
    {"ccdb6843/train", ".ome.tif", NULL, ".cells.tif", 0, 1, 0, CELLSEG_USE_TRAIN, {1, 2, 2, 2, 3, 3}},
    {"ccdb6843/val", ".ome.tif", NULL, ".cells.tif", 0, 1, 0, CELLSEG_USE_VALIDATE, {1, 1, 1, 0, 0, 0}},
    {"nf1_cellpainting", "_2_2_GFP", "_1_2_DAPI", NULL, 0, 0, 0.325, CELLSEG_USE_TRAIN, {3, 3, 3, 3, 3, 3}},
    {"nf1_cellpainting", "_2_3_GFP", "_1_3_DAPI", NULL, 0, 0, 0.325, CELLSEG_USE_TRAIN, {3, 3, 3, 3, 3, 3}},
    {"neubias", "dapi_tublin", NULL, NULL, 1, 0, 0.454, CELLSEG_USE_TRAIN, {4, 4, 4, 4, 2, 2}},
    {"bbbc014", "Channel_1-12-A-12", "Channel_2-12-A-12", NULL, 0, 0, 0.65, CELLSEG_USE_TRAIN, {2, 2, 2, 5, 4, 4}},
    {"embl_md", "_w3", "_w1", NULL, 0, 0, 0.645, CELLSEG_USE_TRAIN, {2, 2, 2, 2, 2, 2}},
    {"covertrack", "_YFP_", "_Far-red_", NULL, 0, 0, 0.65, CELLSEG_USE_TRAIN, {4, 4, 4, 8, 8, 8}},
    {"bbbc022", "_Ch2", "_Ch1", NULL, 0, 0, 0.656, CELLSEG_USE_TRAIN, {1, 1, 1, 1, 1, 1}},
    {"bbbc022", "_Ch5", "_Ch1", NULL, 0, 0, 0.656, CELLSEG_USE_TRAIN, {1, 1, 1, 1, 1, 1}},
    {"scportrait", "_Alexa488_", "_DAPI_", NULL, 0, 0, 0.6, CELLSEG_USE_TRAIN, {2, 2, 2, 5, 4, 4}},
};

/* Simulated fields stand in for stains and shapes that no folder shows. */
enum { SIMULATED_FIELDS = 60, SIMULATED_EDGE_PX = 400 };

typedef struct stage {
    int32_t epochs;
    double learning_rate;
    uint64_t seed; /* another one draws other augmentations and simulates other fields */
    double part;   /* weight of the stage's end in its mean with the stage's start; 1: the end alone */
} stage;

/* Where validation fields are added (copies), a stage comes to its best epoch's weights; else to its last one's. */
static const stage stages[STAGES] = {
    {28, 1e-3, 1, 1}, {6, 3e-4, 1, 1}, {6, 3e-4, 1, 1}, {8, 5e-4, 2, 2.0 / 3}, {6, 5e-4, 3, 1}, {5, 5e-4, 4, 2.0 / 3},
};

/*
 * Batches smaller than the paper's take more steps in the same time, and half the paper's filters learn more with less dropout:
 * both lower the loss on the validation fields. Augmentation stands in for other stains, days and microscopes.
 */
typedef struct recipe {
    cellseg_train_options options;
    cellseg_rate_schedule schedule;
    cellseg_augmentation augmentation;
} recipe;

static cellseg_status fill_recipe(recipe *r, const stage *at, const char *checkpoint_path) {
    cellseg_status status = cellseg_train_options_init(&r->options, sizeof r->options);
    if (status == CELLSEG_OK)
        status = cellseg_rate_schedule_init(&r->schedule, sizeof r->schedule, CELLSEG_PRESET_DEFAULT);
    if (status == CELLSEG_OK)
        status = cellseg_augmentation_init(&r->augmentation, sizeof r->augmentation, CELLSEG_PRESET_DEFAULT);
    r->options.epochs = at->epochs;
    r->options.learning_rate = at->learning_rate;
    r->options.seed = at->seed;
    r->options.batch = 8;
    r->options.width = 0.5;
    r->options.dropout = 0.1;
    r->options.extra_output = CELLSEG_EXTRA_DISTANCE;
    r->options.learning_rate_final = 1e-5;
    r->schedule.warm_up_epochs = 0.5;
    r->augmentation.gamma = 1.6;
    r->augmentation.contrast = 1.4;
    r->augmentation.scale = 1.3;
    r->augmentation.noise = 0.1;
    r->augmentation.blur_px = 1.5;
    r->augmentation.rotation_degrees = 45;
    r->augmentation.elastic_px = 3;
    r->augmentation.illumination = 1.4;
    r->augmentation.saturation = 0.2;
    r->augmentation.nucleus_contrast = 1.2;
    r->augmentation.cell_contrast = 1.6;
    r->augmentation.empty = 0.03;
    r->options.rate_schedule = &r->schedule;
    r->options.augmentation = &r->augmentation;
    r->options.note =
        "N2A (human outlines); Schwann, HeLa, MCF7, U2OS and others (two-channel labels); simulated cells; the last of several "
        "stages; docs/data.md";
    r->options.checkpoint_path = checkpoint_path;
    return status;
}

static void fail(const char *what) {
    fprintf(stderr, "train_default: %s: %s\n", what, cellseg_last_error());
    exit(1);
}

/* FOLDER/NAME, where `from` in the name has become `to`. */
static void make_path(char path[PATH_SIZE], const char *folder, const char *name, const char *from, const char *to) {
    const char *at = strstr(name, from);
    if (snprintf(path, PATH_SIZE, "%s/%.*s%s%s", folder, (int)(at - name), name, to, at + strlen(from)) >= PATH_SIZE) {
        fprintf(stderr, "train_default: %s/%s: the path is too long\n", folder, name);
        exit(1);
    }
}

static cellseg_status read_image(cellseg_image **image, const char *path, double pixel_size_um) {
    cellseg_read_options options;
    *image = NULL;
    cellseg_status status = cellseg_read_options_init(&options, sizeof options);
    options.pixel_size_um = pixel_size_um;
    if (status == CELLSEG_OK)
        status = cellseg_image_read(image, NULL, path, &options);
    return status;
}

static cellseg_status make_labels(cellseg_labels **cells, cellseg_labels **nuclei, const source *from, const char *outlines_path,
                                  const cellseg_image *marker, const cellseg_image *nuclear) {
    cellseg_segment_options options;
    cellseg_method method;
    cellseg_status status = cellseg_segment_options_init(&options, sizeof options);
    if (status == CELLSEG_OK)
        status = cellseg_method_init(&method, sizeof method, CELLSEG_PRESET_DEFAULT);
    options.channel = from->marker_channel;
    options.nuclei_channel = from->nuclear_channel;
    if (status != CELLSEG_OK)
        return status;
    /* Not every cell shows the marker (in covertrack two in five): one that is all nucleus would teach the network to guess. */
    method.cytoplasm_min = 0.15;
    options.method = &method;
    if (from->outlines == NULL)
        return cellseg_segment_two_channel(cells, nuclei, NULL, NULL, marker, nuclear, &options);
    status = cellseg_labels_read(cells, NULL, outlines_path);
    return status != CELLSEG_OK ? status : cellseg_segment_nuclei_within(nuclei, NULL, NULL, *cells, nuclear, &options);
}

static void add_file(cellseg_trainer *trainer, const source *from, int32_t copies, const char *folder, const char *name) {
    char path[PATH_SIZE], nuclear_path[PATH_SIZE], outlines_path[PATH_SIZE];
    make_path(path, folder, name, from->marker, from->marker);
    make_path(nuclear_path, folder, name, from->marker, from->nuclear != NULL ? from->nuclear : from->marker);
    make_path(outlines_path, folder, name, from->marker, from->outlines != NULL ? from->outlines : from->marker);
    cellseg_image *marker = NULL, *nuclear = NULL;
    cellseg_labels *cells = NULL, *nuclei = NULL;
    if (read_image(&marker, path, from->pixel_size_um) != CELLSEG_OK ||
        read_image(&nuclear, nuclear_path, from->pixel_size_um) != CELLSEG_OK ||
        make_labels(&cells, &nuclei, from, outlines_path, marker, nuclear) != CELLSEG_OK)
        fail(path);
    for (int32_t i = 0; i < copies; i++)
        if (cellseg_trainer_add(trainer, marker, from->marker_channel, cells, nuclei, from->use) != CELLSEG_OK)
            fail(path);
    printf("%s: %u cells\n", path, (unsigned)cellseg_labels_max_id(cells));
    cellseg_labels_free(nuclei);
    cellseg_labels_free(cells);
    cellseg_image_free(nuclear);
    cellseg_image_free(marker);
}

static void add_source(cellseg_trainer *trainer, const source *from, int32_t copies, const char *data) {
    char folder[PATH_SIZE];
    snprintf(folder, sizeof folder, "%s/%s", data, from->folder);
    struct dirent **entries;
    const int count = scandir(folder, &entries, NULL, alphasort); /* sorted: the order of images decides the weights */
    if (count < 0) {
        fprintf(stderr, "train_default: %s: no such folder\n", folder);
        exit(1);
    }
    for (int i = 0; i < count; i++) {
        if (strstr(entries[i]->d_name, from->marker) != NULL)
            add_file(trainer, from, copies, folder, entries[i]->d_name);
        free(entries[i]);
    }
    free(entries);
}

static void add_simulated(cellseg_trainer *trainer, const stage *at) {
    const uint64_t first = (at->seed - 1) * SIMULATED_FIELDS + 1;
    for (uint64_t seed = first; seed < first + SIMULATED_FIELDS; seed++) {
        cellseg_synth_options options;
        cellseg_image *image = NULL;
        cellseg_labels *cells = NULL, *nuclei = NULL;
        if (cellseg_synth_options_init(&options, sizeof options) != CELLSEG_OK)
            fail("options");
        options.seed = seed;
        options.stain = CELLSEG_STAIN_MIXED;
        options.vary = 1;
        if (cellseg_synth_field(&image, &cells, &nuclei, NULL, SIMULATED_EDGE_PX, SIMULATED_EDGE_PX, &options) != CELLSEG_OK ||
            cellseg_trainer_add(trainer, image, 0, cells, nuclei, CELLSEG_USE_TRAIN) != CELLSEG_OK)
            fail("a simulated field");
        cellseg_labels_free(nuclei);
        cellseg_labels_free(cells);
        cellseg_image_free(image);
    }
}

static int32_t on_epoch(void *user, const cellseg_epoch *epoch) {
    (void)user;
    printf("epoch %d of %d: loss %.4f", (int)epoch->epoch, (int)epoch->epochs, epoch->train_loss);
    if (!isnan(epoch->validation_loss))
        printf(", validation %.4f%s", epoch->validation_loss, epoch->best ? " (best)" : "");
    printf(", %.0f s\n", epoch->seconds);
    return 0;
}

/* Resumes where an earlier call was stopped. */
static cellseg_model *learn(const char *data, int at, const cellseg_model *start, const char *checkpoint_path) {
    recipe r;
    cellseg_trainer *trainer;
    cellseg_model *model;
    if (fill_recipe(&r, &stages[at], checkpoint_path) != CELLSEG_OK)
        fail("options");
    if (cellseg_trainer_new(&trainer, NULL, start, &r.options) != CELLSEG_OK)
        fail("trainer");
    for (size_t i = 0; i < sizeof sources / sizeof sources[0]; i++)
        if (sources[i].copies[at] > 0)
            add_source(trainer, &sources[i], sources[i].copies[at], data);
    add_simulated(trainer, &stages[at]);
    if (cellseg_trainer_run(&model, trainer, on_epoch, NULL) != CELLSEG_OK)
        fail("training");
    cellseg_trainer_free(trainer);
    return model;
}

/* Of the model that a stage started from and what came of it. Takes both, gives the mean. */
static cellseg_model *average(cellseg_model *start, cellseg_model *end, double part) {
    cellseg_model *mean = end;
    if (start != NULL && part < 1) {
        if (cellseg_model_average(&mean, NULL, start, end, part) != CELLSEG_OK)
            fail("mean of two models");
        cellseg_model_free(end);
    }
    cellseg_model_free(start);
    return mean;
}

static void train(const char *data, const char *path) {
    cellseg_model *model = NULL;
    for (int i = 0; i < STAGES; i++) {
        char checkpoint_path[PATH_SIZE];
        snprintf(checkpoint_path, sizeof checkpoint_path, "%s.checkpoint-%d", path, i + 1);
        model = average(model, learn(data, i, model, checkpoint_path), stages[i].part);
    }
    if (cellseg_model_save(model, NULL, path, CELLSEG_WEIGHTS_FLOAT16) != CELLSEG_OK)
        fail(path);
    cellseg_model_free(model);
}

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: train_default DATA MODEL\n");
        return 2;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* a log shows each epoch as it ends */
    train(argv[1], argv[2]);
    return 0;
}
