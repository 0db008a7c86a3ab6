/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network over a whole plane: patches on the absolute grid of lib/tile, each with a margin that is predicted and not kept,
 * extended by reflection at the plane's edges. One index of the loop is one patch, on one thread: threads then share nothing but
 * the weights, and need not wait for one another.
 */
#include "segment/segment.h"
#include "tile/tile.h"

#include <pthread.h>

/* A thread's buffers. Patches take one that lies idle and put it back, so there are never more than patches run at one time. */
typedef struct bench {
    struct bench *next;
    float *in, *out; /* a patch; its maps */
    void *workspace;
} bench;

typedef struct predict_job {
    cellseg_context *context;
    const cellseg_model *model;
    const cseg_plane *maps, *input;
    cellseg_tile_grid grid;
    size_t classes;
    pthread_mutex_t mutex; /* guards `idle` */
    bench *idle;
} predict_job;

static void bench_free(bench *b) {
    if (b == NULL)
        return;
    cseg_free(b->in);
    cseg_free(b->out);
    cseg_free(b->workspace);
    cseg_free(b);
}

static bench *bench_new(const predict_job *job) {
    const size_t patch = job->grid.patch_px, area = patch * patch;
    bench *b = cseg_calloc(job->context, 1, sizeof *b);
    if (b == NULL)
        return NULL;
    b->in = cseg_alloc(job->context, area, sizeof(float));
    b->out = b->in != NULL ? cseg_alloc(job->context, job->classes * area, sizeof(float)) : NULL;
    if (b->out != NULL)
        b->workspace = cseg_alloc(job->context, cseg_nn_workspace_bytes(job->model, job->context, 1, patch, patch), 1);
    if (b->workspace == NULL) {
        bench_free(b);
        return NULL;
    }
    return b;
}

static bench *take_bench(predict_job *job) {
    (void)pthread_mutex_lock(&job->mutex);
    bench *b = job->idle;
    if (b != NULL)
        job->idle = b->next;
    (void)pthread_mutex_unlock(&job->mutex);
    return b != NULL ? b : bench_new(job);
}

static void put_bench(predict_job *job, bench *b) {
    (void)pthread_mutex_lock(&job->mutex);
    b->next = job->idle;
    job->idle = b;
    (void)pthread_mutex_unlock(&job->mutex);
}

static cellseg_status predict_patch(void *data, size_t index) {
    predict_job *job = data;
    const size_t patch = job->grid.patch_px, area = patch * patch;
    bench *b = take_bench(job);
    if (b == NULL)
        return cseg_last_status();
    cseg_tile_read(b->in, &job->grid, job->input, index);
    const cellseg_status status = cseg_nn_forward(job->model, job->context, b->out, b->in, 1, patch, patch, b->workspace);
    if (status == CELLSEG_OK)
        for (size_t c = 0; c < job->classes; c++)
            cseg_tile_write(&job->maps[c], &job->grid, index, b->out + c * area);
    put_bench(job, b);
    return status;
}

cellseg_status cseg_segment_predict(cellseg_context *context, const cseg_plane *maps, const cellseg_model *model,
                                    const cseg_plane *input) {
    const cseg_rule *rule = cseg_model_rule(model);
    predict_job job = {.context = context, .model = model, .maps = maps, .input = input, .classes = rule->classes};
    job.grid = (cellseg_tile_grid){sizeof job.grid, input->height, input->width, rule->patch_px, rule->step_px};
    (void)pthread_mutex_init(&job.mutex, NULL);
    const cellseg_status status = cseg_parallel_for(context, cseg_tile_grid_count(&job.grid), predict_patch, &job);
    while (job.idle != NULL) {
        bench *b = job.idle;
        job.idle = b->next;
        bench_free(b);
    }
    (void)pthread_mutex_destroy(&job.mutex);
    return status;
}
