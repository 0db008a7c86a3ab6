/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A program that hands every struct of the interface to the library, from inside guarded memory. test_growth.py builds the
 * program with the record of a release and, as LATER, with headers in which every struct ends with one more double; both run with
 * today's library and with that of the later headers. Lines that begin with '+' tell of the last double, the others are the
 * results.
 */
#ifdef LATER
#include <cellseg/cellseg.h>
#else
#include RECORD
#endif

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { EDGE = 160, GUARD = 64, FILLED = 0xa5, TEXT = 8192 };

static int faults;

static int check(int good, const char *what) {
    if (!good) {
        printf("%s: %s\n", what, cellseg_last_error());
        faults++;
    }
    return good;
}

/* A struct in guarded memory, `name`, whose struct_size is its size, and a pointer to the double at its end. */
#define GUARDED(type, name)                                                                                                      \
    struct {                                                                                                                     \
        type own;                                                                                                                \
        unsigned char behind[GUARD];                                                                                             \
    } name;                                                                                                                      \
    memset(&name, FILLED, sizeof name);                                                                                          \
    name.own.struct_size = sizeof name.own

static void check_guard(const unsigned char *behind, const char *type) {
    int whole = 1;
    for (int i = 0; i < GUARD; i++)
        whole = whole && behind[i] == FILLED;
    check(whole, type);
}

/* The double at the end of a struct. */
static double last_of(const void *own, size_t size) {
    double last;
    memcpy(&last, (const char *)own + size - sizeof last, sizeof last);
    return last;
}

static void set_last(void *own, size_t size) {
    const double value = 5;
    memcpy((char *)own + size - sizeof value, &value, sizeof value);
}

/* After a call that wrote a struct. */
static void check_written(const void *own, size_t size, const char *type) {
    check_guard((const unsigned char *)own + size, type);
#ifdef LATER
    printf("+ %s ends with %g\n", type, last_of(own, size));
#else
    (void)last_of;
#endif
}

/* After a call with a struct whose last double was set. */
static void print_answer(cellseg_status status, const char *type) {
    const int explained =
        strstr(cellseg_last_error(), "newer") != NULL && strstr(cellseg_last_error(), "set the member to 0") != NULL;
    printf("+ %s is %s\n", type,
           status == CELLSEG_OK                          ? "taken"
           : status == CELLSEG_ERR_ARGUMENT && explained ? "refused"
                                                         : "lost");
}

/* ---- structs that the library describes ---- */

#define INIT(type, initialise)                                                                                                   \
    do {                                                                                                                         \
        GUARDED(type, guarded);                                                                                                  \
        type *const p = &guarded.own;                                                                                            \
        check((initialise) == CELLSEG_OK, #type);                                                                                \
        check_written(p, sizeof *p, #type);                                                                                      \
    } while (0)

#define DESCRIBED(type, initialise)                                                                                              \
    do {                                                                                                                         \
        INIT(type, initialise);                                                                                                  \
        type own, *const p = &own;                                                                                               \
        char text[TEXT];                                                                                                         \
        if (!check((initialise) == CELLSEG_OK && cellseg_option_table_json(text, sizeof text, type##_table(), p) == CELLSEG_OK,  \
                   #type))                                                                                                       \
            break;                                                                                                               \
        set_last(p, sizeof *p);                                                                                                  \
        if (LATER_THAN_RECORD)                                                                                                   \
            print_answer(cellseg_option_table_json(text, sizeof text, type##_table(), p), #type);                                \
    } while (0)

#ifdef LATER
enum { LATER_THAN_RECORD = 1 };
#else
enum { LATER_THAN_RECORD = 0 };
#endif

static void described(void) {
    DESCRIBED(cellseg_read_options, cellseg_read_options_init(p, sizeof *p));
    DESCRIBED(cellseg_write_options, cellseg_write_options_init(p, sizeof *p));
    DESCRIBED(cellseg_measure_options, cellseg_measure_options_init(p, sizeof *p));
    DESCRIBED(cellseg_outline_options, cellseg_outline_options_init(p, sizeof *p));
    DESCRIBED(cellseg_watershed_options, cellseg_watershed_options_init(p, sizeof *p));
    DESCRIBED(cellseg_method, cellseg_method_init(p, sizeof *p, CELLSEG_PRESET_DEFAULT));
    DESCRIBED(cellseg_segment_options, cellseg_segment_options_init(p, sizeof *p));
    DESCRIBED(cellseg_synth_cells, cellseg_synth_cells_init(p, sizeof *p, CELLSEG_STAIN_ACTIN));
    DESCRIBED(cellseg_synth_staining, cellseg_synth_staining_init(p, sizeof *p, CELLSEG_STAIN_ACTIN));
    DESCRIBED(cellseg_synth_optics, cellseg_synth_optics_init(p, sizeof *p, CELLSEG_STAIN_ACTIN));
    DESCRIBED(cellseg_synth_camera, cellseg_synth_camera_init(p, sizeof *p, CELLSEG_STAIN_ACTIN));
    DESCRIBED(cellseg_synth_options, cellseg_synth_options_init(p, sizeof *p));
    DESCRIBED(cellseg_rate_schedule, cellseg_rate_schedule_init(p, sizeof *p, CELLSEG_PRESET_DEFAULT));
    DESCRIBED(cellseg_loss, cellseg_loss_init(p, sizeof *p, CELLSEG_PRESET_DEFAULT));
    DESCRIBED(cellseg_augmentation, cellseg_augmentation_init(p, sizeof *p, CELLSEG_PRESET_DEFAULT));
    DESCRIBED(cellseg_train_options, cellseg_train_options_init(p, sizeof *p));
    DESCRIBED(cellseg_train_files, cellseg_train_files_init(p, sizeof *p));
    INIT(cellseg_option, cellseg_option_table_get(p, sizeof *p, cellseg_method_table(), 0));
    INIT(cellseg_context_options, cellseg_context_options_init(p, sizeof *p));
    INIT(cellseg_image_layout, cellseg_image_layout_init(p, sizeof *p));
    INIT(cellseg_reader, cellseg_reader_init(p, sizeof *p));
    INIT(cellseg_writer, cellseg_writer_init(p, sizeof *p));
    INIT(cellseg_segment_report, cellseg_segment_report_init(p, sizeof *p));
}

/* ---- results ---- */

/* A file in memory: what the library wrote. */
typedef struct memory {
    unsigned char *bytes;
    size_t count;
} memory;

static int32_t keep(void *user, const void *bytes, size_t count) {
    memory *to = user;
    unsigned char *more = realloc(to->bytes, to->count + count);
    if (more == NULL)
        return 12; /* ENOMEM */
    memcpy(more + to->count, bytes, count);
    *to = (memory){more, to->count + count};
    return 0;
}

static void print_file(const char *name, const memory *file) {
    uint64_t hash = 14695981039346656037U; /* FNV-1a */
    for (size_t i = 0; i < file->count; i++)
        hash = (hash ^ file->bytes[i]) * 1099511628211U;
    printf("%s: %zu bytes, %016llx\n", name, file->count, (unsigned long long)hash);
}

typedef struct field {
    cellseg_context *context;
    cellseg_image *image, *maps;
    cellseg_labels *truth, *nuclei, *cells;
} field;

static void make_field(field *f) {
    cellseg_context_options how;
    cellseg_synth_options options;
    cellseg_synth_cells cells;
    cellseg_segment_options segment;
    cellseg_model *model = NULL;
    GUARDED(cellseg_segment_report, report);
    check(cellseg_context_options_init(&how, sizeof how) == CELLSEG_OK && cellseg_context_new(&f->context, &how) == CELLSEG_OK,
          "context");
    check(cellseg_synth_options_init(&options, sizeof options) == CELLSEG_OK, "synth options");
    check(cellseg_synth_cells_init(&cells, sizeof cells, CELLSEG_STAIN_ACTIN) == CELLSEG_OK, "synth cells");
    options.cells = &cells;
    check(cellseg_synth_field(&f->image, &f->truth, &f->nuclei, f->context, EDGE, EDGE, &options) == CELLSEG_OK, "synth field");
    check(cellseg_segment_options_init(&segment, sizeof segment) == CELLSEG_OK, "segment options");
    segment.h_um = 1.5;
    check(cellseg_model_default(&model, f->context) == CELLSEG_OK, "model");
    check(cellseg_segment_report_init(&report.own, sizeof report.own) == CELLSEG_OK, "report");
    check(cellseg_segment(&f->cells, NULL, &f->maps, &report.own, f->context, model, f->image, &segment) == CELLSEG_OK,
          "segment");
    check_written(&report.own, sizeof report.own, "report of a call");
    printf("%u cells, contrast %.17g\n", (unsigned)report.own.cells, report.own.marker_contrast);
    cellseg_segment_report_clear(&report.own);
    cellseg_model_free(model);
}

static void files(const field *f) {
    memory table = {NULL, 0}, tiff = {NULL, 0};
    cellseg_writer writer;
    cellseg_reader reader;
    cellseg_write_options write;
    cellseg_read_options read;
    cellseg_measure_options measure;
    cellseg_table *cells = NULL;
    cellseg_image *again = NULL;
    check(cellseg_writer_init(&writer, sizeof writer) == CELLSEG_OK, "writer");
    writer.write = keep;
    writer.user = &table;
    check(cellseg_measure_options_init(&measure, sizeof measure) == CELLSEG_OK, "measure options");
    check(cellseg_measure(&cells, f->context, f->cells, NULL, f->image, &measure) == CELLSEG_OK, "measure");
    check(cellseg_table_write_csv_to(cells, f->context, &writer) == CELLSEG_OK, "table");
    print_file("table", &table);
    writer.user = &tiff;
    check(cellseg_write_options_init(&write, sizeof write) == CELLSEG_OK, "write options");
    check(cellseg_image_write_to(f->image, f->context, &writer, &write) == CELLSEG_OK, "image");
    print_file("image", &tiff);
    check(cellseg_reader_init_memory(&reader, sizeof reader, tiff.bytes, tiff.count) == CELLSEG_OK, "reader");
    check(cellseg_read_options_init(&read, sizeof read) == CELLSEG_OK, "read options");
    check(cellseg_image_read_from(&again, f->context, &reader, &read) == CELLSEG_OK, "read");
    printf("read: %zu x %zu\n", cellseg_image_height(again), cellseg_image_width(again));
    cellseg_image_free(again);
    cellseg_table_free(cells);
    free(table.bytes);
    free(tiff.bytes);
}

static void agreement(const field *f) {
    GUARDED(cellseg_similarity, similarity);
    GUARDED(cellseg_detection, detection);
    GUARDED(cellseg_boundary, boundary);
    GUARDED(cellseg_roc, roc);
    GUARDED(cellseg_tile, tile);
    struct {
        cellseg_matching own[2];
        unsigned char behind[GUARD];
    } matching;
    const double thresholds[] = {0.5, 0.75};
    const cellseg_tile_grid grid = {
        .struct_size = sizeof grid, .height_px = 500, .width_px = 300, .patch_px = 176, .step_px = 160};
    memset(&matching, FILLED, sizeof matching);
    matching.own[0].struct_size = matching.own[1].struct_size = sizeof matching.own[0];
    check(cellseg_similarity_compute(&similarity.own, NULL, 0, f->context, f->truth, f->cells, 0.6) == CELLSEG_OK, "similarity");
    check(cellseg_matching_compute(matching.own, 2, f->context, f->truth, f->cells, thresholds) == CELLSEG_OK, "matching");
    check(cellseg_detection_compute(&detection.own, f->context, f->truth, f->cells) == CELLSEG_OK, "detection");
    check(cellseg_boundary_compute(&boundary.own, f->context, f->truth, f->cells, 2) == CELLSEG_OK, "boundary");
    check(cellseg_roc_compute(&roc.own, NULL, NULL, 0, f->context, f->maps, 0, f->truth, 0.5) == CELLSEG_OK, "roc");
    check(cellseg_tile_at(&tile.own, &grid, 3) == CELLSEG_OK, "tile");
    check_written(&similarity.own, sizeof similarity.own, "similarity");
    check_written(&matching.own[1], sizeof matching.own[1], "matching");
    check_written(&detection.own, sizeof detection.own, "detection");
    check_written(&boundary.own, sizeof boundary.own, "boundary");
    check_written(&roc.own, sizeof roc.own, "roc");
    check_written(&tile.own, sizeof tile.own, "tile");
    printf("%.17g %.17g %.17g %.17g %.17g %.17g, %zu %zu\n", similarity.own.sm, matching.own[0].f1,
           matching.own[1].panoptic_quality, detection.own.aggregated_jaccard, boundary.own.f1, roc.own.auc, tile.own.top,
           tile.own.left);
}

/* ---- structs without a table, whose last double is set ---- */

static void refusals(const field *f) {
    static const uint8_t pixels[EDGE * EDGE];
    memory file = {NULL, 0};
    size_t tiles;
    cellseg_context *context = NULL;
    cellseg_image *image = NULL;
    cellseg_context_options options;
    cellseg_image_layout layout;
    cellseg_writer writer;
    cellseg_tile_grid grid = {.struct_size = sizeof grid, .height_px = 500, .width_px = 300, .patch_px = 176, .step_px = 160};
    check(cellseg_context_options_init(&options, sizeof options) == CELLSEG_OK, "context options");
    check(cellseg_image_layout_init(&layout, sizeof layout) == CELLSEG_OK, "layout");
    check(cellseg_writer_init(&writer, sizeof writer) == CELLSEG_OK, "writer");
    layout.pixels = pixels;
    layout.height = layout.width = EDGE;
    layout.pixel_type = CELLSEG_UINT8;
    layout.channels = 1;
    writer.write = keep;
    writer.user = &file;
    set_last(&options, sizeof options);
    set_last(&layout, sizeof layout);
    set_last(&writer, sizeof writer);
    set_last(&grid, sizeof grid);
    print_answer(cellseg_context_new(&context, &options), "context_options");
    print_answer(cellseg_image_wrap(&image, NULL, &layout), "image_layout");
    print_answer(cellseg_labels_write_to(f->cells, NULL, &writer, NULL), "writer");
    print_answer(cellseg_tile_count(&tiles, &grid), "tile_grid");
    cellseg_context_free(context);
    cellseg_image_free(image);
    free(file.bytes);
}

int main(void) {
    field f = {NULL, NULL, NULL, NULL, NULL, NULL};
    described();
    make_field(&f);
    if (faults == 0) {
        files(&f);
        agreement(&f);
        if (LATER_THAN_RECORD)
            refusals(&f);
    }
    cellseg_labels_free(f.truth);
    cellseg_labels_free(f.nuclei);
    cellseg_labels_free(f.cells);
    cellseg_image_free(f.image);
    cellseg_image_free(f.maps);
    cellseg_context_free(f.context);
    return faults != 0;
}
