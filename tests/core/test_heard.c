/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Every call of test_every_call.c on images of 2500 x 2500 pixels, on one thread and the portable row of kernels: between two
 * reports of progress, of which each may cancel, the calling thread works less than 100 ms. Its processor time counts, since a
 * busy machine stretches the time of day.
 */
#define main every_call_main
#include "core/test_every_call.c" // NOLINT(bugprone-suspicious-include): one list of calls
#undef main

#include <time.h>

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
#define SANITIZED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer)
#define SANITIZED 1
#endif
#endif

/* A sanitizer takes its own time: the calls run, on one field, and are not measured. */
#ifdef SANITIZED
enum { ACROSS = 1, DOWN = 1, LONGEST_MS = 1000000 };
#else
enum { ACROSS = 18, DOWN = 22, LONGEST_MS = 100 };
#endif

/* ---- the field of test_every_call.c, many times side by side ---- */

static cellseg_image *tiled_image(cellseg_image *image) {
    const size_t height = cellseg_image_height(image), width = cellseg_image_width(image);
    const size_t sample = cseg_plane_type_size(cellseg_image_pixel_type(image));
    cellseg_image *made;
    assert_ok(cellseg_image_new(&made, NULL, cellseg_image_pixel_type(image), cellseg_image_channels(image), DOWN * height,
                                ACROSS * width));
    assert_ok(cellseg_image_set_pixel_size_um(made, cellseg_image_pixel_size_um(image)));
    for (int32_t c = 0; c < cellseg_image_channels(image); c++) {
        const char *from = cellseg_image_pixels(image, c);
        char *to = cellseg_image_pixels_mut(made, c);
        for (size_t y = 0; y < DOWN * height; y++)
            for (size_t x = 0; x < ACROSS; x++)
                memcpy(to + (y * ACROSS + x) * width * sample, from + y % height * width * sample, width * sample);
    }
    cellseg_image_free(image);
    return made;
}

static cellseg_labels *tiled_labels(cellseg_labels *labels) {
    const size_t height = cellseg_labels_height(labels), width = cellseg_labels_width(labels);
    const uint32_t *from = cellseg_labels_data(labels), count = cellseg_labels_max_id(labels);
    cellseg_labels *made;
    assert_ok(cellseg_labels_new(&made, NULL, DOWN * height, ACROSS * width));
    assert_ok(cellseg_labels_set_pixel_size_um(made, cellseg_labels_pixel_size_um(labels)));
    uint32_t *to = cellseg_labels_data_mut(made);
    for (size_t y = 0; y < DOWN * height; y++)
        for (size_t x = 0; x < ACROSS * width; x++) {
            const uint32_t id = from[y % height * width + x % width];
            *to++ = id != 0 ? id + count * (uint32_t)(y / height * ACROSS + x / width) : 0;
        }
    cellseg_labels_free(labels);
    return made;
}

static int make_large_inputs(void **state) {
    (void)snprintf(folder, sizeof folder, "/tmp/cellseg-test-XXXXXX");
    (void)make_inputs(state);
    in.image = tiled_image(in.image);
    in.maps = tiled_image(in.maps);
    in.mask = tiled_image(in.mask);
    in.cells = tiled_labels(in.cells);
    in.nuclei = tiled_labels(in.nuclei);
    cellseg_table_free(in.table);
    assert_ok(cellseg_measure(&in.table, NULL, in.cells, in.nuclei, in.image, NULL));
    assert_ok(cellseg_image_write(in.image, NULL, in.image_path, NULL));
    return cellseg_labels_write(in.cells, NULL, in.cells_path, NULL);
}

/* ---- what takes longer otherwise ---- */

CALL(otsu_of_many_levels) {
    double thresholds[8];
    const cellseg_status status = cellseg_image_otsu(thresholds, context, in.maps, 0, 8, 4096);
    add_bytes(hash, thresholds, sizeof thresholds);
    return status;
}
CALL(png_read) {
    cellseg_image *image;
    assert_ok(cellseg_overlay_write(context, in.out_path, in.image, 0, in.cells, NULL, NULL));
    const cellseg_status status = cellseg_image_read(&image, context, in.out_path, NULL);
    (void)unlink(in.out_path);
    return take_image(hash, image, status);
}
CALL(wide_rows) {
    enum { WIDTH = 5000000 };
    cellseg_image *wide, *image;
    assert_ok(cellseg_image_new(&wide, NULL, CELLSEG_FLOAT32, 1, 2, WIDTH));
    cellseg_status status = cellseg_image_write(wide, context, in.out_path, NULL);
    cellseg_image_free(wide);
    assert_ok(status);
    status = cellseg_image_read(&image, context, in.out_path, NULL);
    (void)unlink(in.out_path);
    return take_image(hash, image, status);
}
CALL(default_maps) {
    cellseg_model *model;
    cellseg_image *maps;
    assert_ok(cellseg_model_default(&model, NULL));
    const cellseg_status status = cellseg_segment_maps(&maps, context, model, in.image, NULL);
    cellseg_model_free(model);
    return take_image(hash, maps, status);
}
static const call further[] = {ROW(otsu_of_many_levels), ROW(png_read), ROW(wide_rows)};

/* ---- the measurement ---- */

typedef struct listener {
    double last, longest;     /* seconds of this thread */
    char step[24], worst[64]; /* before and in the longest gap */
    bool running;
} listener;

static double thread_seconds(void) {
    struct timespec now;
    assert_int_equal(clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now), 0);
    return (double)now.tv_sec + 1e-9 * (double)now.tv_nsec;
}

static int32_t listen_to(void *user, double fraction, const char *step) {
    listener *l = user;
    const double now = thread_seconds();
    (void)fraction;
    if (l->running && now - l->last > l->longest) {
        l->longest = now - l->last;
        (void)snprintf(l->worst, sizeof l->worst, "%s to %.23s", l->step, step);
    }
    l->running = strcmp(step, "done") != 0;
    (void)snprintf(l->step, sizeof l->step, "%s", step);
    l->last = thread_seconds();
    return 0;
}

static cellseg_context *listening_context(listener *l) {
    cellseg_context_options options;
    cellseg_context *context;
    assert_ok(cellseg_context_options_init(&options, sizeof options));
    options.threads = 1;
    options.cpu_level = CELLSEG_CPU_PORTABLE;
    options.progress = listen_to;
    options.progress_user = l;
    assert_ok(cellseg_context_new(&context, &options));
    return context;
}

/* One call, and its longest gap. */
static listener hear(const call *c) {
    listener l = {.step = "begin", .running = true};
    uint64_t hash = 0;
    cellseg_context *context = listening_context(&l);
    const double begin = l.last = thread_seconds();
    assert_ok(c->run(&hash, context));
    if (getenv("CSEG_SHOW_HEARD") != NULL)
        print_message("%s: %.0f ms from %s, of %.0f ms\n", c->name, 1e3 * l.longest, l.worst, 1e3 * (thread_seconds() - begin));
    cellseg_context_free(context);
    return l;
}

/* A call's own gap comes again. On a busy machine another may not, although a thread's own time is measured. */
static void assert_heard(const call *c) {
    listener l = hear(c);
    for (int again = 0; again < 2 && l.longest > 1e-3 * LONGEST_MS; again++)
        l = hear(c);
    if (l.longest > 1e-3 * LONGEST_MS)
        fail_msg("%s: %.0f ms from %s", c->name, 1e3 * l.longest, l.worst);
}

/* The network's patches, and a training's, take the same time in an image of any size. */
static bool has_patches(const call *c) {
    return c->run == segment || c->run == segment_maps || c->run == train;
}

static void patches_are_heard(void **state) {
    (void)state;
    for (size_t i = 0; i < CALLS; i++)
        if (has_patches(&calls[i]))
            assert_heard(&calls[i]);
    assert_heard(&(call)ROW(default_maps));
}

/* cellseg_segment_nuclei_within() takes the same steps as cellseg_segment_two_channel(), which takes seconds. */
static void every_other_call_is_heard(void **state) {
    (void)state;
    for (size_t i = 0; i < CALLS; i++)
        if (!has_patches(&calls[i]) && calls[i].run != segment_nuclei_within)
            assert_heard(&calls[i]);
    for (size_t i = 0; i < sizeof further / sizeof *further; i++)
        assert_heard(&further[i]);
}

int main(void) {
    const struct CMUnitTest small[] = {cmocka_unit_test(patches_are_heard)};
    const struct CMUnitTest large[] = {cmocka_unit_test(every_other_call_is_heard)};
    const int failed = cmocka_run_group_tests(small, make_inputs, free_inputs);
    return failed + cmocka_run_group_tests(large, make_large_inputs, free_inputs);
}
