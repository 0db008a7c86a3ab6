/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Segment pixels that lie in memory, on the caller's own threads. Usage: segment_memory
 *
 * What an application does that holds its images and its thread pool itself: the library borrows the pixels, says when it is done
 * with them, and runs its parallel loops through the application.
 */
#include <cellseg/cellseg.h>

#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

enum { HEIGHT = 512, WIDTH = 512, ROW_SAMPLES = 640, THREADS = 4 }; /* rows are padded, as in many frame buffers */

/* ---- the application's threads ---- */

typedef struct loop {
    atomic_size_t next;
    size_t count;
    cellseg_task_fn task;
    void *task_data;
} loop;

static void *work(void *data) {
    loop *l = data;
    for (size_t i = atomic_fetch_add(&l->next, 1); i < l->count; i = atomic_fetch_add(&l->next, 1))
        l->task(l->task_data, i);
    return NULL;
}

/* A real application hands the indices to a pool that is there already. */
static int32_t parallel_for(void *user, size_t count, cellseg_task_fn task, void *task_data) {
    (void)user;
    loop l = {.count = count, .task = task, .task_data = task_data};
    pthread_t threads[THREADS - 1];
    int started = 0;
    while (started < THREADS - 1 && pthread_create(&threads[started], NULL, work, &l) == 0)
        started++;
    work(&l); /* progress is reported on the calling thread, so it works too */
    for (int i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

/* ---- the application's pixels ---- */

static void release(void *user, const void *pixels) {
    (void)pixels;
    free(user);
}

/* Nine round cells of 16 um, bright, with darker nuclei of 7 um, at 0.65 um per pixel. */
static uint16_t *draw(void) {
    uint16_t *pixels = calloc((size_t)HEIGHT * ROW_SAMPLES, sizeof *pixels);
    for (int y = 0; pixels != NULL && y < HEIGHT; y++)
        for (int x = 0; x < WIDTH; x++) {
            const double from_centre = hypot((y % 170) - 85, (x % 170) - 85) * 0.65;
            const int noise = (x * 7919 + y * 104729) % 41;
            pixels[y * ROW_SAMPLES + x] = (uint16_t)(200 + noise + (from_centre < 16 ? from_centre < 7 ? 700 : 2500 : 0));
        }
    return pixels;
}

static cellseg_status borrow(cellseg_image **image, cellseg_context *context, uint16_t *pixels) {
    cellseg_image_layout layout;
    cellseg_status status = cellseg_image_layout_init(&layout, sizeof layout);
    layout.pixels = pixels;
    layout.height = HEIGHT;
    layout.width = WIDTH;
    layout.pixel_type = CELLSEG_UINT16;
    layout.row_stride_bytes = ROW_SAMPLES * sizeof *pixels;
    layout.pixel_size_um = 0.65;
    layout.release = release;
    layout.release_user = pixels;
    if (status == CELLSEG_OK)
        status = cellseg_image_wrap(image, context, &layout);
    if (status != CELLSEG_OK)
        free(pixels); /* release is called only for an image that was made */
    return status;
}

int main(void) {
    cellseg_context_options options;
    cellseg_context *context = NULL;
    cellseg_model *model = NULL;
    cellseg_image *image = NULL;
    cellseg_labels *cells = NULL;

    cellseg_status status = cellseg_context_options_init(&options, sizeof options);
    options.parallel_for = parallel_for;
    if (status == CELLSEG_OK)
        status = cellseg_context_new(&context, &options);
    if (status == CELLSEG_OK)
        status = cellseg_model_default(&model, context); /* once; it may serve many images and threads */
    if (status == CELLSEG_OK)
        status = borrow(&image, context, draw());
    if (status == CELLSEG_OK)
        status = cellseg_segment(&cells, NULL, NULL, NULL, context, model, image, NULL);
    cellseg_image_free(image); /* calls release(); the result does not need the pixels */
    if (status == CELLSEG_OK)
        printf("%u cells\n", (unsigned)cellseg_labels_max_id(cells));
    else
        fprintf(stderr, "segment_memory: %s\n", cellseg_last_error());

    cellseg_labels_free(cells);
    cellseg_model_free(model);
    cellseg_context_free(context);
    return status == CELLSEG_OK ? 0 : 1;
}
