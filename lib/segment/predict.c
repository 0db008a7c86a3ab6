/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network over a whole plane: patches on the absolute grid of lib/tile, each with a margin that is predicted and not kept,
 * extended by reflection at the plane's edges. One index of the loop is one patch, on one thread: threads then share nothing but
 * the weights, and need not wait for one another. A patch may be shown to the network mirrored and turned as well, and what it
 * says of each orientation averaged, which evens out what it says by chance. Cost: the network's, times the orientations.
 */
#include "segment/segment.h"
#include "tile/tile.h"

#include <pthread.h>
#include <string.h>

/* A thread's buffers. Patches take one that lies idle and put it back, so there are never more than patches run at one time. */
typedef struct bench {
    struct bench *next;
    float *in, *turned, *out, *sum; /* a patch; an orientation of it, and that one's maps; all orientations' maps, turned back */
    void *workspace;
} bench;

typedef struct predict_job {
    cellseg_context *context;
    const cellseg_model *model;
    const cseg_plane *maps, *input;
    cellseg_tile_grid grid;
    size_t classes, orientations;
    pthread_mutex_t mutex; /* guards `idle` */
    bench *idle;
} predict_job;

static void bench_free(bench *b) {
    if (b == NULL)
        return;
    cseg_memory_free(b->in);
    cseg_memory_free(b->turned);
    cseg_memory_free(b->out);
    cseg_memory_free(b->sum);
    cseg_memory_free(b->workspace);
    cseg_memory_free(b);
}

static bench *bench_new(const predict_job *job) {
    const size_t patch = job->grid.patch_px, area = patch * patch;
    bench *b = cseg_memory_calloc(job->context, 1, sizeof *b);
    if (b == NULL)
        return NULL;
    if ((b->in = cseg_memory_alloc(job->context, area, sizeof(float))) != NULL &&
        (b->turned = cseg_memory_alloc(job->context, area, sizeof(float))) != NULL &&
        (b->out = cseg_memory_alloc(job->context, job->classes * area, sizeof(float))) != NULL &&
        (b->sum = cseg_memory_alloc(job->context, job->classes * area, sizeof(float))) != NULL &&
        (b->workspace =
             cseg_memory_alloc(job->context, cseg_forward_workspace_bytes(job->model, job->context, 1, patch, patch), 1)) != NULL)
        return b;
    bench_free(b);
    return NULL;
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

/* How an orientation's rows and pixels walk through the patch: from the first pixel, by these steps. */
typedef struct walk {
    ptrdiff_t first, row, pixel;
} walk;

/*
 * The orientation's bits: turned by half, mirrored left for right, rows for columns. Half a turn comes first, since of two
 * orientations the opposite one evens out most.
 */
static walk walk_of(size_t orientation, size_t edge) {
    const bool up = orientation & 1, left = up != ((orientation & 2) != 0), transposed = orientation & 4;
    const ptrdiff_t e = (ptrdiff_t)edge, down = up ? -e : e, right = left ? -1 : 1;
    return (walk){(up ? (e - 1) * e : 0) + (left ? e - 1 : 0), transposed ? right : down, transposed ? down : right};
}

static void turn(float *to, const float *from, size_t edge, walk w) {
    for (size_t y = 0; y < edge; y++) {
        const float *pixel = from + w.first + (ptrdiff_t)y * w.row;
        for (size_t x = 0; x < edge; x++)
            *to++ = pixel[(ptrdiff_t)x * w.pixel];
    }
}

/* share: of the average. A power of two, so that the order of adding and multiplying makes no difference. */
static void add_turned_back(float *sum, const float *from, size_t edge, walk w, float share) {
    for (size_t y = 0; y < edge; y++) {
        float *pixel = sum + w.first + (ptrdiff_t)y * w.row;
        for (size_t x = 0; x < edge; x++)
            pixel[(ptrdiff_t)x * w.pixel] += share * *from++;
    }
}

static cellseg_status average_orientations(const predict_job *job, bench *b) {
    const size_t edge = job->grid.patch_px, area = edge * edge;
    const float share = 1 / (float)job->orientations;
    memset(b->sum, 0, job->classes * area * sizeof *b->sum);
    for (size_t orientation = 0; orientation < job->orientations; orientation++) {
        const walk w = walk_of(orientation, edge);
        cseg_parallel_poll(job->context);
        turn(b->turned, b->in, edge, w);
        CSEG_TRY(cseg_forward_run(job->model, job->context, b->out, b->turned, 1, edge, edge, b->workspace));
        for (size_t c = 0; c < job->classes; c++)
            add_turned_back(b->sum + c * area, b->out + c * area, edge, w, share);
    }
    return CELLSEG_OK;
}

static cellseg_status predict_patch(void *data, size_t index) {
    predict_job *job = data;
    const size_t patch = job->grid.patch_px, area = patch * patch;
    bench *b = take_bench(job);
    if (b == NULL)
        return cseg_error_last();
    cseg_tile_read(b->in, &job->grid, job->input, index);
    const cellseg_status status = average_orientations(job, b);
    if (status == CELLSEG_OK)
        for (size_t c = 0; c < job->classes; c++)
            cseg_tile_write(&job->maps[c], &job->grid, index, b->sum + c * area);
    put_bench(job, b);
    return status;
}

cellseg_status cseg_predict_maps(cellseg_context *context, const cseg_plane *maps, const cellseg_model *model,
                                 const cseg_plane *input, int32_t orientations) {
    const cseg_rule *rule = cseg_model_rule(model);
    predict_job job = {.context = context, .model = model, .maps = maps, .input = input, .classes = rule->classes};
    job.orientations = (size_t)orientations;
    job.grid = (cellseg_tile_grid){sizeof job.grid, input->height, input->width, rule->patch_px, rule->step_px};
    (void)pthread_mutex_init(&job.mutex, NULL);
    const cellseg_status status = cseg_parallel_for(context, cseg_grid_count(&job.grid), predict_patch, &job);
    while (job.idle != NULL) {
        bench *b = job.idle;
        job.idle = b->next;
        bench_free(b);
    }
    (void)pthread_mutex_destroy(&job.mutex);
    return status;
}

uint64_t cseg_predict_bytes(cellseg_context *context, const cellseg_model *model) {
    const cseg_rule *rule = cseg_model_rule(model);
    const uint64_t area = (uint64_t)rule->patch_px * rule->patch_px, planes = 2 + 2 * (uint64_t)rule->classes;
    const uint64_t workspace = cseg_forward_workspace_bytes(model, context, 1, rule->patch_px, rule->patch_px);
    const uint64_t slack = 4096; /* of alignment, and of the bench itself; the rest is what bench_new() allocates */
    return (uint64_t)cellseg_context_threads(context) * (planes * sizeof(float) * area + workspace + slack);
}
