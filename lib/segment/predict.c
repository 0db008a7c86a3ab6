/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network over a whole plane: patches on the absolute grid of lib/tile, each with a margin that is predicted and not kept,
 * extended by reflection at the plane's edges. One index of the loop is a group of patches, which lets the deep
 * layers' weights stay in cache; what a patch gives does not depend on its group, so the maps equal those of patch after patch.
 */
#include "segment/segment.h"
#include "tile/tile.h"

#include <pthread.h>

enum { GROUP = CSEG_NN_GROUP };

/* A thread's buffers. Groups take one that lies idle and put it back, so there are never more than groups run at one time. */
typedef struct bench {
    struct bench *next;
    float *in, *out; /* GROUP patches; GROUP x classes maps */
    void *workspace;
} bench;

typedef struct predict_job {
    cellseg_context *context;
    const cellseg_model *model;
    const cseg_plane *maps, *input;
    cellseg_tile_grid grid;
    size_t tiles, classes;
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
    b->in = cseg_alloc(job->context, GROUP * area, sizeof(float));
    b->out = b->in != NULL ? cseg_alloc(job->context, GROUP * job->classes * area, sizeof(float)) : NULL;
    if (b->out != NULL)
        b->workspace = cseg_alloc(job->context, cseg_nn_workspace_bytes(job->model, job->context, GROUP, patch, patch), 1);
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

static cellseg_status predict_group(void *data, size_t index) {
    predict_job *job = data;
    const size_t first = index * GROUP, left = job->tiles - first, patches = left < GROUP ? left : GROUP;
    const size_t patch = job->grid.patch_px, area = patch * patch;
    bench *b = take_bench(job);
    if (b == NULL)
        return cseg_last_status();
    for (size_t i = 0; i < patches; i++)
        cseg_tile_read(b->in + i * area, &job->grid, job->input, first + i);
    const cellseg_status status = cseg_nn_forward(job->model, job->context, b->out, b->in, patches, patch, patch, b->workspace);
    if (status == CELLSEG_OK)
        for (size_t i = 0; i < patches * job->classes; i++)
            cseg_tile_write(&job->maps[i % job->classes], &job->grid, first + i / job->classes, b->out + i * area);
    put_bench(job, b);
    return status;
}

cellseg_status cseg_segment_predict(cellseg_context *context, const cseg_plane *maps, const cellseg_model *model,
                                    const cseg_plane *input) {
    const cseg_rule *rule = cseg_model_rule(model);
    predict_job job = {.context = context, .model = model, .maps = maps, .input = input, .classes = rule->classes};
    job.grid = (cellseg_tile_grid){sizeof job.grid, input->height, input->width, rule->patch_px, rule->step_px};
    job.tiles = cseg_tile_grid_count(&job.grid);
    (void)pthread_mutex_init(&job.mutex, NULL);
    const cellseg_status status = cseg_parallel_for(context, (job.tiles + GROUP - 1) / GROUP, predict_group, &job);
    while (job.idle != NULL) {
        bench *b = job.idle;
        job.idle = b->next;
        bench_free(b);
    }
    (void)pthread_mutex_destroy(&job.mutex);
    return status;
}
