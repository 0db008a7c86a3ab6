/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A library that has the parts which the arguments name: the features that it states, what it computes without the other parts,
 * and how the functions of the other parts fail. Prints the label map of a drawn image as bytes. Usage: parts [png] [tiff]
 * [training]
 */
#include <cellseg/cellseg.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EDGE = 200, PERIOD = 50 };

static int faults;

static void expect(int good, const char *what) {
    if (good)
        return;
    fprintf(stderr, "%s: the last error is: %s\n", what, cellseg_last_error());
    faults++;
}

/* A function of a part succeeds or, with what is not its part's fault, fails otherwise; without the part it fails with one line.
 */
static void expect_part(int present, cellseg_status status, cellseg_status with, const char *line) {
    if (present)
        expect(status == with, line);
    else
        expect(status == CELLSEG_ERR_UNAVAILABLE && strcmp(strstr(cellseg_last_error(), "this build"), line) == 0, line);
}

static size_t written;

static int32_t count_bytes(void *user, const void *bytes, size_t count) {
    (void)user, (void)bytes;
    written += count;
    return 0;
}

static cellseg_writer writer(void) {
    cellseg_writer w;
    expect(cellseg_writer_init(&w, sizeof w) == CELLSEG_OK, "cellseg_writer_init");
    w.write = count_bytes;
    return w;
}

/* ---- what every build computes ---- */

/* Sixteen round cells with a bright nucleus each, and noise. */
static uint16_t pixel_at(int y, int x) {
    const int dy = y % PERIOD - PERIOD / 2, dx = x % PERIOD - PERIOD / 2, square = dy * dy + dx * dx;
    const unsigned noise = (unsigned)(y * EDGE + x) * 2654435761U >> 25;
    return (uint16_t)(noise + (square < 100 ? 2500U : square < 360 ? 1000U : 200U));
}

static cellseg_image *drawn(void) {
    cellseg_image *image = NULL;
    expect(cellseg_image_new(&image, NULL, CELLSEG_UINT16, 1, EDGE, EDGE) == CELLSEG_OK, "cellseg_image_new");
    uint16_t *pixels = cellseg_image_pixels_mut(image, 0);
    for (int i = 0; i < EDGE * EDGE; i++)
        pixels[i] = pixel_at(i / EDGE, i % EDGE);
    expect(cellseg_image_set_pixel_size_um(image, 0.65) == CELLSEG_OK, "cellseg_image_set_pixel_size_um");
    return image;
}

static cellseg_labels *segmented(const cellseg_image *image) {
    cellseg_model *model = NULL;
    cellseg_labels *cells = NULL;
    expect(cellseg_model_default(&model, NULL) == CELLSEG_OK, "cellseg_model_default");
    expect(cellseg_segment(&cells, NULL, NULL, NULL, NULL, model, image, NULL) == CELLSEG_OK, "cellseg_segment");
    expect(cells != NULL && cellseg_labels_max_id(cells) == 16, "sixteen cells");
    cellseg_model_free(model);
    return cells;
}

static void print(const cellseg_labels *cells) {
    for (size_t y = 0; y < EDGE; y++)
        (void)fwrite((const char *)cellseg_labels_data(cells) + y * cellseg_labels_row_stride_bytes(cells), sizeof(uint32_t),
                     EDGE, stdout);
}

static void write_table(const cellseg_image *image, const cellseg_labels *cells) {
    const cellseg_writer w = writer();
    cellseg_table *table = NULL;
    expect(cellseg_measure(&table, NULL, cells, NULL, image, NULL) == CELLSEG_OK, "cellseg_measure");
    written = 0;
    expect(cellseg_table_write_csv_to(table, NULL, &w) == CELLSEG_OK && written > 1000, "cellseg_table_write_csv_to");
    cellseg_table_free(table);
}

/* ---- parts ---- */

static void check_features(int png, int tiff, int training) {
    const uint64_t features = cellseg_features();
    const uint64_t compressions = CELLSEG_FEATURE_TIFF_DEFLATE | CELLSEG_FEATURE_TIFF_LZW | CELLSEG_FEATURE_TIFF_PACKBITS;
    expect(((features & CELLSEG_FEATURE_IO) != 0) == (png || tiff), "CELLSEG_FEATURE_IO");
    expect(((features & CELLSEG_FEATURE_PNG) != 0) == png, "CELLSEG_FEATURE_PNG");
    expect(((features & CELLSEG_FEATURE_TIFF) != 0) == tiff, "CELLSEG_FEATURE_TIFF");
    expect((features & compressions) == (tiff ? compressions : 0), "CELLSEG_FEATURE_TIFF_...");
    expect(((features & CELLSEG_FEATURE_TRAINING) != 0) == training, "CELLSEG_FEATURE_TRAINING");
    expect((features & CELLSEG_FEATURE_MODEL) != 0, "CELLSEG_FEATURE_MODEL");
}

static void read_start(int present, const char *start, const char *line) {
    char file[64] = "";
    cellseg_reader reader;
    cellseg_image *image = NULL;
    cellseg_labels *labels = NULL;
    memcpy(file, start, 8);
    expect(cellseg_reader_init_memory(&reader, sizeof reader, file, sizeof file) == CELLSEG_OK, "cellseg_reader_init_memory");
    expect_part(present, cellseg_image_read_from(&image, NULL, &reader, NULL), CELLSEG_ERR_FORMAT, line);
    expect_part(present, cellseg_labels_read_from(&labels, NULL, &reader), CELLSEG_ERR_FORMAT, line);
    expect(image == NULL && labels == NULL, "results of a failed read");
}

static void check_files(int png, int tiff, const cellseg_image *image, const cellseg_labels *cells) {
    const cellseg_writer w = writer();
    const char *const no_tiff = "this build of libcellseg writes no TIFF files";
    read_start(png, "\x89PNG\r\n\x1a\n", "this build of libcellseg reads no PNG files");
    read_start(tiff, "II*\0\xff\xff\xff\xff", "this build of libcellseg reads no TIFF files");
    written = 0;
    expect_part(tiff, cellseg_image_write_to(image, NULL, &w, NULL), CELLSEG_OK, no_tiff);
    expect_part(tiff, cellseg_labels_write_to(cells, NULL, &w, NULL), CELLSEG_OK, no_tiff);
    expect((written > 0) == tiff, "bytes of TIFF files");
    written = 0;
    expect_part(png, cellseg_overlay_write_to(NULL, &w, image, 0, cells, NULL, NULL), CELLSEG_OK,
                "this build of libcellseg writes no PNG files");
    expect((written > 0) == png, "bytes of a picture");
    expect_part(tiff, cellseg_labels_write(cells, NULL, "parts.tif", NULL), CELLSEG_OK, no_tiff);
    expect((remove("parts.tif") == 0) == tiff, "the file of a label map");
}

static void check_training(int training) {
    const char *const line = "this build of libcellseg trains no models";
    cellseg_train_options options;
    cellseg_train_files files;
    cellseg_trainer *trainer = NULL;
    cellseg_model *model = NULL;
    expect(cellseg_train_options_init(&options, sizeof options) == CELLSEG_OK && options.epochs == 30, "defaults of training");
    expect(cellseg_train_files_init(&files, sizeof files) == CELLSEG_OK && cellseg_train_files_table() != NULL, "files' options");
    expect_part(training, cellseg_trainer_new(&trainer, NULL, NULL, &options), CELLSEG_OK, line);
    expect((trainer != NULL) == training, "the trainer");
    expect_part(training, cellseg_trainer_add(trainer, NULL, 0, NULL, NULL, CELLSEG_USE_TRAIN), CELLSEG_ERR_ARGUMENT, line);
    expect_part(training, cellseg_trainer_add_files(trainer, NULL, CELLSEG_USE_TRAIN), CELLSEG_ERR_ARGUMENT, line);
    expect_part(training, cellseg_trainer_run(&model, trainer, NULL, NULL), CELLSEG_ERR_ARGUMENT, line);
    expect(cellseg_trainer_new(NULL, NULL, NULL, NULL) == CELLSEG_ERR_ARGUMENT, "out is NULL");
    expect(model == NULL, "the model");
    cellseg_trainer_free(trainer);
}

static int has(int argc, char **argv, const char *part) {
    for (int i = 1; i < argc; i++)
        if (strcmp(argv[i], part) == 0)
            return 1;
    return 0;
}

int main(int argc, char **argv) {
    const int png = has(argc, argv, "png"), tiff = has(argc, argv, "tiff"), training = has(argc, argv, "training");
    cellseg_image *image = drawn();
    cellseg_labels *cells = segmented(image);
    check_features(png, tiff, training);
    write_table(image, cells);
    check_files(png, tiff, image, cells);
    check_training(training);
    print(cells);
    cellseg_labels_free(cells);
    cellseg_image_free(image);
    return faults == 0 ? 0 : 1;
}
