/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The network over a channel, tile by tile of whole patches: patches on the absolute grid of lib/tile, each with a margin that is
 * predicted and not kept, extended by reflection at the image's edges. The maps are stored as units. One index of the loop is one
 * patch, on one thread: threads then share nothing but the weights, and need not wait for one another. Test-time augmentation:
 * the network also reads a patch mirrored and turned, and its maps are averaged over the orientations. A network that runs
 * elsewhere gets its windows on the calling thread instead, as many at once as it takes. Cost: the network's, times the
 * orientations.
 */
#include "segment/segment.h"
#include "tile/tile.h"

#include <pthread.h>
#include <string.h>

cellseg_status cseg_predict_extra(int32_t *extra, const cellseg_model *model) {
    static const char *const names[] = {
        [CSEG_MAP_NUCLEUS] = "nucleus", [CSEG_MAP_CYTOPLASM] = "cytoplasm", [CSEG_MAP_BACKGROUND] = "background"};
    *extra = CELLSEG_EXTRA_NONE;
    if (model == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "model is NULL");
    const uint32_t classes = cseg_model_rule(model)->classes;
    if (classes <= CSEG_MAP_BACKGROUND || classes > CSEG_MAX_CLASSES)
        return cseg_fail(CELLSEG_ERR_MODEL, "the model has %u classes; segmentation needs nucleus, cytoplasm and background",
                         (unsigned)classes);
    for (uint32_t i = 0; i <= CSEG_MAP_BACKGROUND; i++)
        if (strcmp(cseg_model_class_name(model, i), names[i]) != 0)
            return cseg_fail(CELLSEG_ERR_MODEL, "class %u of the model is \"%s\"; segmentation needs \"%s\" there", (unsigned)i,
                             cseg_model_class_name(model, i), names[i]);
    if (classes != CSEG_MAP_EXTRA + 1)
        return CELLSEG_OK;
    if (strcmp(cseg_model_class_name(model, CSEG_MAP_EXTRA), "boundary") == 0)
        *extra = CELLSEG_EXTRA_BOUNDARY;
    else if (strcmp(cseg_model_class_name(model, CSEG_MAP_EXTRA), "distance") == 0)
        *extra = CELLSEG_EXTRA_DISTANCE;
    return CELLSEG_OK;
}

/* A thread's buffers. Patches take one that lies idle and put it back, so there are never more than patches run at one time. */
typedef struct workspace {
    struct workspace *next;
    float *in, *turned, *out, *sum; /* a patch; an orientation of it, and that one's maps; all orientations' maps, turned back */
    void *layers;                   /* of the network */
} workspace;

typedef struct predict_job {
    cellseg_context *context;
    const cellseg_model *model;
    const cseg_store *maps;
    const cseg_store *input_store; /* the channel, to be scaled */
    cseg_scaling scaling;
    cellseg_tile_grid grid; /* of the image */
    size_t classes, orientations;
    cseg_rect tile, window;             /* that are at work */
    cseg_plane input;                   /* the window's scaled pixels */
    cseg_plane units[CSEG_MAX_CLASSES]; /* the tile's maps */
    pthread_mutex_t mutex;              /* guards `idle` */
    workspace *idle;
} predict_job;

static void workspace_free(workspace *w) {
    if (w == NULL)
        return;
    cseg_memory_free(w->in);
    cseg_memory_free(w->turned);
    cseg_memory_free(w->out);
    cseg_memory_free(w->sum);
    cseg_memory_free(w->layers);
    cseg_memory_free(w);
}

static workspace *workspace_new(const predict_job *job) {
    const size_t patch = job->grid.patch_px, area = patch * patch;
    workspace *w = cseg_memory_calloc(job->context, 1, sizeof *w);
    if (w == NULL)
        return NULL;
    if ((w->in = cseg_memory_alloc(job->context, area, sizeof(float))) != NULL &&
        (w->turned = cseg_memory_alloc(job->context, area, sizeof(float))) != NULL &&
        (w->out = cseg_memory_alloc(job->context, job->classes * area, sizeof(float))) != NULL &&
        (w->sum = cseg_memory_alloc(job->context, job->classes * area, sizeof(float))) != NULL &&
        (w->layers =
             cseg_memory_alloc(job->context, cseg_forward_workspace_bytes(job->model, job->context, 1, patch, patch), 1)) != NULL)
        return w;
    workspace_free(w);
    return NULL;
}

static workspace *take_workspace(predict_job *job) {
    (void)pthread_mutex_lock(&job->mutex);
    workspace *w = job->idle;
    if (w != NULL)
        job->idle = w->next;
    (void)pthread_mutex_unlock(&job->mutex);
    return w != NULL ? w : workspace_new(job);
}

static void put_workspace(predict_job *job, workspace *w) {
    (void)pthread_mutex_lock(&job->mutex);
    w->next = job->idle;
    job->idle = w;
    (void)pthread_mutex_unlock(&job->mutex);
}

/* The steps from the first pixel of an orientation to its next row and its next pixel. */
typedef struct steps {
    ptrdiff_t first, row, pixel;
} steps;

/*
 * The orientation's bits: turned by half, mirrored left for right, rows for columns. Half a turn comes first, since of two
 * orientations the opposite one evens out most.
 */
static steps steps_of(size_t orientation, size_t edge) {
    const bool up = orientation & 1, left = up != ((orientation & 2) != 0), transposed = orientation & 4;
    const ptrdiff_t e = (ptrdiff_t)edge, down = up ? -e : e, right = left ? -1 : 1;
    return (steps){(up ? (e - 1) * e : 0) + (left ? e - 1 : 0), transposed ? right : down, transposed ? down : right};
}

static void turn(float *to, const float *from, size_t edge, steps s) {
    for (size_t y = 0; y < edge; y++) {
        const float *pixel = from + s.first + (ptrdiff_t)y * s.row;
        for (size_t x = 0; x < edge; x++)
            *to++ = pixel[(ptrdiff_t)x * s.pixel];
    }
}

/* share: of the average. A power of two, so that the order of adding and multiplying makes no difference. */
static void add_turned_back(float *sum, const float *from, size_t edge, steps s, float share) {
    for (size_t y = 0; y < edge; y++) {
        float *pixel = sum + s.first + (ptrdiff_t)y * s.row;
        for (size_t x = 0; x < edge; x++)
            pixel[(ptrdiff_t)x * s.pixel] += share * *from++;
    }
}

static cellseg_status average_orientations(const predict_job *job, workspace *w) {
    const size_t edge = job->grid.patch_px, area = edge * edge;
    const float share = 1 / (float)job->orientations;
    memset(w->sum, 0, job->classes * area * sizeof *w->sum);
    for (size_t orientation = 0; orientation < job->orientations; orientation++) {
        const steps s = steps_of(orientation, edge);
        CSEG_TRY(cseg_parallel_poll(job->context));
        turn(w->turned, w->in, edge, s);
        CSEG_TRY(cseg_forward_run(job->model, job->context, w->out, w->turned, 1, edge, edge, w->layers));
        for (size_t c = 0; c < job->classes; c++)
            add_turned_back(w->sum + c * area, w->out + c * area, edge, s, share);
    }
    return CELLSEG_OK;
}

/* ---- the patches of a tile ---- */

static size_t patches_of(const predict_job *job) {
    const size_t step = job->grid.step_px;
    return ((job->tile.height + step - 1) / step) * ((job->tile.width + step - 1) / step);
}

/* The place in the image's grid of a tile's patch. */
static size_t patch_of(const predict_job *job, size_t index) {
    const size_t step = job->grid.step_px, across = (job->tile.width + step - 1) / step;
    const size_t row = job->tile.top / step + index / across, column = job->tile.left / step + index % across;
    return row * ((job->grid.width_px + step - 1) / step) + column;
}

static void read_patch(const predict_job *job, float *patch, size_t index) {
    cseg_tile_read(patch, &job->grid, &job->input, job->window.top, job->window.left, patch_of(job, index));
}

static void write_patch(const predict_job *job, const float *maps, size_t index) {
    const size_t area = job->grid.patch_px * job->grid.patch_px;
    for (size_t c = 0; c < job->classes; c++)
        cseg_tile_write(&job->units[c], job->tile.top, job->tile.left, &job->grid, patch_of(job, index), maps + c * area);
}

static cellseg_status predict_patch(void *data, size_t index) {
    predict_job *job = data;
    workspace *w = take_workspace(job);
    if (w == NULL)
        return cseg_error_last();
    read_patch(job, w->in, index);
    const cellseg_status status = average_orientations(job, w);
    if (status == CELLSEG_OK)
        write_patch(job, w->sum, index);
    put_workspace(job, w);
    return status;
}

/* ---- a network that runs elsewhere ---- */

/* A patch, its maps over all orientations, and a batch of windows with their maps. Window w is orientation w % orientations of
 * patch w / orientations. */
typedef struct batch {
    float *patch, *sum, *windows, *maps;
} batch;

static void fetch_window(const predict_job *job, const batch *b, float *window, size_t index) {
    const size_t edge = job->grid.patch_px;
    read_patch(job, b->patch, index / job->orientations);
    turn(window, b->patch, edge, steps_of(index % job->orientations, edge));
}

static void keep_maps(const predict_job *job, const batch *b, const float *maps, size_t index) {
    const size_t edge = job->grid.patch_px, area = edge * edge, orientation = index % job->orientations;
    if (orientation == 0)
        memset(b->sum, 0, job->classes * area * sizeof *b->sum);
    for (size_t c = 0; c < job->classes; c++)
        add_turned_back(b->sum + c * area, maps + c * area, edge, steps_of(orientation, edge), 1 / (float)job->orientations);
    if (orientation + 1 == job->orientations)
        write_patch(job, b->sum, index / job->orientations);
}

static cellseg_status predict_windows(const predict_job *job, const batch *b, size_t most) {
    const size_t area = job->grid.patch_px * job->grid.patch_px, total = patches_of(job) * job->orientations;
    for (size_t first = 0; first < total; first += most) {
        const size_t count = total - first < most ? total - first : most;
        CSEG_TRY(cseg_progress_report(job->context, (double)first / (double)total));
        for (size_t i = 0; i < count; i++)
            fetch_window(job, b, b->windows + i * area, first + i);
        CSEG_TRY(cseg_network_run(job->model, b->maps, b->windows, count));
        for (size_t i = 0; i < count; i++)
            keep_maps(job, b, b->maps + i * job->classes * area, first + i);
    }
    return CELLSEG_OK;
}

/* Planes of a patch's size, in one block. */
static uint64_t batch_planes(const cellseg_network *network, uint64_t classes) {
    return (1 + classes) * (1 + network->batch);
}

static cellseg_status predict_elsewhere(const predict_job *job, const cellseg_network *network) {
    const size_t area = job->grid.patch_px * job->grid.patch_px;
    float *block = cseg_memory_alloc(job->context, (size_t)batch_planes(network, job->classes), area * sizeof *block);
    if (block == NULL)
        return cseg_error_last();
    const batch b = {block, block + area, block + (1 + job->classes) * area, block + (1 + job->classes + network->batch) * area};
    const cellseg_status status = predict_windows(job, &b, network->batch);
    cseg_memory_free(block);
    return status;
}

/* ---- tiles ---- */

static cellseg_status predict_patches(predict_job *job) {
    const cellseg_network *network = cseg_network_of(job->model);
    return network != NULL ? predict_elsewhere(job, network)
                           : cseg_parallel_for(job->context, patches_of(job), predict_patch, job);
}

static cellseg_status open_planes(predict_job *job) {
    cseg_part from;
    CSEG_TRY(cseg_plane_new(&job->input, job->context, CELLSEG_FLOAT32, job->window.height, job->window.width));
    for (size_t c = 0; c < job->classes; c++)
        CSEG_TRY(cseg_plane_new(&job->units[c], job->context, CELLSEG_UINT16, job->tile.height, job->tile.width));
    CSEG_TRY(cseg_part_open(&from, job->input_store, &job->window));
    const cellseg_status status = cseg_preprocess_normalise(job->context, &job->input, &from.plane, &job->scaling);
    cseg_part_close(&from);
    return status;
}

static void close_planes(predict_job *job) {
    cseg_plane_free(&job->input);
    for (size_t c = 0; c < job->classes; c++)
        cseg_plane_free(&job->units[c]);
}

static cellseg_status predict_tile(void *data, const cseg_rect *tile, const cseg_rect *window, bool *sure) {
    predict_job *job = data;
    (void)sure;
    job->tile = *tile;
    job->window = *window;
    cellseg_status status = open_planes(job);
    if (status == CELLSEG_OK)
        status = predict_patches(job);
    for (size_t c = 0; status == CELLSEG_OK && c < job->classes; c++)
        status = cseg_store_put(&job->maps[c], tile->top, tile->left, &job->units[c]);
    close_planes(job);
    return status;
}

static cellseg_status predict_tiles(predict_job *job, const cseg_tiles *tiles) {
    (void)pthread_mutex_init(&job->mutex, NULL);
    const cellseg_status status = cseg_tiles_run(tiles, predict_tile, job);
    while (job->idle != NULL) {
        workspace *w = job->idle;
        job->idle = w->next;
        workspace_free(w);
    }
    (void)pthread_mutex_destroy(&job->mutex);
    return status;
}

/* ---- the door ---- */

cellseg_status cseg_predict_maps(const cseg_scratch *scratch, const cseg_store *maps, const cellseg_model *model,
                                 const cseg_store *input, const cseg_scaling *scaling, int32_t orientations) {
    const cseg_rule *rule = cseg_model_rule(model);
    predict_job job = {.context = scratch->context,
                       .model = model,
                       .maps = maps,
                       .input_store = input,
                       .scaling = *scaling,
                       .classes = rule->classes,
                       .orientations = (size_t)orientations};
    job.grid = (cellseg_tile_grid){sizeof job.grid, input->height, input->width, rule->patch_px, rule->step_px};
    const cseg_tiles tiles = {.scratch = scratch,
                              .height = input->height,
                              .width = input->width,
                              .pixel_bytes = sizeof(float) + rule->classes * sizeof(uint16_t),
                              .halo = rule->patch_px, /* the last patch reflects as much */
                              .multiple = rule->step_px};
    return predict_tiles(&job, &tiles);
}

uint64_t cseg_predict_worker_bytes(cellseg_context *context, const cellseg_model *model) {
    const cseg_rule *rule = cseg_model_rule(model);
    const cellseg_network *network = cseg_network_of(model);
    const uint64_t area = (uint64_t)rule->patch_px * rule->patch_px;
    const uint64_t planes = network != NULL ? batch_planes(network, rule->classes) : 2 + 2 * (uint64_t)rule->classes;
    const uint64_t layers = network != NULL ? 0 : cseg_forward_workspace_bytes(model, context, 1, rule->patch_px, rule->patch_px);
    const uint64_t slack = 4096; /* of alignment, and of the workspace's own struct */
    return planes * sizeof(float) * area + layers + slack;
}
