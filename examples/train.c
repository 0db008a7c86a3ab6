/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Train a model on a folder of labelled images. Usage: train FOLDER MODEL [EPOCHS]
 *
 * FOLDER holds, for each image X, the label map X.cells.tif and the image itself: X.ome.tif, X.tif or X.png, marker in channel 0,
 * pixel size in the file. Nuclei come from X.nuclei.tif or, without it, from the nuclear stain in channel 1. Every fifth
 * image validates. MODEL.checkpoint lets a stopped training go on: run the same command again.
 */
#include <cellseg/cellseg.h>

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PATH_SIZE = 4096 };

static const char cells_suffix[] = ".cells.tif";

static void fail(const char *what) {
    fprintf(stderr, "train: %s: %s\n", what, cellseg_last_error());
    exit(1);
}

static int is_cells_file(const struct dirent *entry) {
    const size_t length = strlen(entry->d_name), suffix = sizeof cells_suffix - 1;
    return length > suffix && strcmp(entry->d_name + length - suffix, cells_suffix) == 0;
}

/* The file FOLDER/STEM + one of the suffixes (NULL at the end) that is there; "" when none is. */
static void find_file(char path[PATH_SIZE], const char *folder, const char *stem, const char *const *suffixes) {
    for (; *suffixes != NULL; suffixes++) {
        snprintf(path, PATH_SIZE, "%s/%s%s", folder, stem, *suffixes);
        if (access(path, R_OK) == 0)
            return;
    }
    path[0] = '\0';
}

static cellseg_status read_nuclei(cellseg_labels **nuclei, const char *path, const cellseg_labels *cells,
                                  const cellseg_image *image) {
    if (path[0] != '\0')
        return cellseg_labels_read(nuclei, NULL, path);
    cellseg_segment_options options;
    cellseg_status status = cellseg_segment_options_init(&options, sizeof options);
    options.nuclei_channel = 1;
    if (status == CELLSEG_OK)
        status = cellseg_segment_nuclei_within(nuclei, NULL, NULL, cells, image, &options);
    return status;
}

static void add(cellseg_trainer *trainer, const char *folder, const char *stem, int32_t use) {
    static const char *const image_suffixes[] = {".ome.tif", ".tif", ".png", NULL};
    static const char *const nuclei_suffixes[] = {".nuclei.tif", NULL};
    static const char *const cells_suffixes[] = {cells_suffix, NULL};
    char image_path[PATH_SIZE], cells_path[PATH_SIZE], nuclei_path[PATH_SIZE];
    find_file(image_path, folder, stem, image_suffixes);
    find_file(cells_path, folder, stem, cells_suffixes);
    find_file(nuclei_path, folder, stem, nuclei_suffixes);
    cellseg_image *image = NULL;
    cellseg_labels *cells = NULL, *nuclei = NULL;
    if (cellseg_image_read(&image, NULL, image_path, NULL) != CELLSEG_OK ||
        cellseg_labels_read(&cells, NULL, cells_path) != CELLSEG_OK ||
        read_nuclei(&nuclei, nuclei_path, cells, image) != CELLSEG_OK ||
        cellseg_trainer_add(trainer, image, 0, cells, nuclei, use) != CELLSEG_OK)
        fail(stem);
    cellseg_labels_free(nuclei);
    cellseg_labels_free(cells);
    cellseg_image_free(image);
}

static int32_t on_epoch(void *user, const cellseg_epoch *epoch) {
    (void)user;
    printf("epoch %d of %d: loss %.4f, validation %.4f%s, %.0f s\n", (int)epoch->epoch, (int)epoch->epochs, epoch->train_loss,
           epoch->validation_loss, epoch->best ? " (best)" : "", epoch->seconds);
    return 0;
}

int main(int argc, char **argv) {
    if (argc < 3 || argc > 4) {
        fprintf(stderr, "usage: train FOLDER MODEL [EPOCHS]\n");
        return 2;
    }
    (void)setvbuf(stdout, NULL, _IOLBF, 0); /* a log shows each epoch as it ends */
    char checkpoint[PATH_SIZE];
    snprintf(checkpoint, sizeof checkpoint, "%s.checkpoint", argv[2]);
    cellseg_train_options options;
    cellseg_trainer *trainer;
    if (cellseg_train_options_init(&options, sizeof options) != CELLSEG_OK)
        fail("options");
    options.checkpoint_path = checkpoint;
    if (argc == 4)
        options.epochs = (int32_t)strtol(argv[3], NULL, 10);
    if (cellseg_trainer_new(&trainer, NULL, NULL, &options) != CELLSEG_OK)
        fail("trainer");

    struct dirent **entries;
    const int count = scandir(argv[1], &entries, is_cells_file, alphasort);
    for (int i = 0; i < count; i++) {
        char *stem = entries[i]->d_name;
        stem[strlen(stem) - strlen(cells_suffix)] = '\0';
        add(trainer, argv[1], stem, i % 5 == 4 ? CELLSEG_USE_VALIDATE : CELLSEG_USE_TRAIN);
        free(entries[i]);
    }
    if (count >= 0)
        free(entries);
    cellseg_model *model;
    if (cellseg_trainer_run(&model, trainer, on_epoch, NULL) != CELLSEG_OK)
        fail(argv[1]);
    if (cellseg_model_save(model, NULL, argv[2], CELLSEG_WEIGHTS_FLOAT32) != CELLSEG_OK)
        fail(argv[2]);
    cellseg_model_free(model);
    cellseg_trainer_free(trainer);
    return 0;
}
