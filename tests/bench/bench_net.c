/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * How long the network takes: layer by layer and each way of a layer, whole on every processor level, a whole image, loading a
 * model, a training step. Medians, in milliseconds. The weights are random, which costs the same as trained ones, but where whole
 * cells are found.
 */
#include <cellseg/synth.h>

#include "nn/internal.h"
#include "segment/segment.h"
#include "tensor/tile_loop.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char usage[] =
    "usage: bench_net [PART ...] [--json] [--width W] [--patches N] [--repeats R]\n"
    "Time the paper's network (176 x 176 pixels a patch) and print a table; PART is one of\n"
    "  layers    each layer on one thread, convolutions by every way they can go: ms a patch, GFLOP/s of the direct sum's\n"
    "            operations; * marks the way the library takes\n"
    "  network   N patches on one and two threads, on every processor level of this machine (portable: at most 4): ms a patch\n"
    "  image     2048 x 2048 pixels at the working scale, from the image to the stitched maps, on one and two threads; and the\n"
    "            most memory held beside the image; to cells by the default model\n"
    "  load      the default model, from its bytes to ready\n"
    "  training  one step on a batch of 32, on one and two threads\n"
    "All of them without a PART, in five minutes. After a run that does not count a case is measured five times, or as\n"
    "often as goes into three seconds, and the median told.\n"
    "  --json       JSON lines {\"part\", \"case\", \"cpu\", \"threads\", \"ms\", ...} in place of the table\n"
    "  --width W    W times the paper's filters (1)\n"
    "  --patches N  patches in a batch (16)\n"
    "  --repeats R  measure R times, however long it takes\n";

typedef struct bench {
    bool json;
    double width;
    size_t patches, repeats; /* repeats 0: as many as time allows */
} bench;

enum { PATCH = 176, STEP = 160, IMAGE = 2048, BATCH = 32, MAX_REPEATS = 99, CLASSES = 3, SLOW_PATCHES = 4 };

/* ---- measuring ---- */

static void require(cellseg_status status) {
    if (status == CELLSEG_OK)
        return;
    (void)fprintf(stderr, "bench_net: %s\n", cellseg_last_error());
    exit(1);
}

static void *allocated(cellseg_context *context, size_t count, size_t size) {
    void *block = cseg_memory_calloc(context, count, size);
    if (block == NULL)
        require(cseg_error_last());
    return block;
}

static double now_ms(void) {
    struct timespec t;
    (void)clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e3 + (double)t.tv_nsec * 1e-6;
}

static int by_value(const void *a, const void *b) {
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

static double median_ms(const bench *b, void (*work)(void *), void *data) {
    enum { USUAL = 5, USUAL_MS = 3000 };
    double times[MAX_REPEATS];
    size_t count = 0;
    work(data);
    const double begin = now_ms();
    do {
        const double start = now_ms();
        work(data);
        times[count++] = now_ms() - start;
    } while (b->repeats > 0 ? count < b->repeats : count < USUAL && now_ms() - begin < USUAL_MS);
    qsort(times, count, sizeof *times, by_value);
    return times[count / 2];
}

static const char *cpu_name(int32_t level) {
    switch (level) {
    case CELLSEG_CPU_AVX2:
        return "avx2";
    case CELLSEG_CPU_AVX512:
        return "avx512";
    case CELLSEG_CPU_NEON:
        return "neon";
    case CELLSEG_CPU_BLAS:
        return "blas";
    default:
        return "portable";
    }
}

/* One result. `note`, of the table, and `more`, of the JSON object, say the same. */
static void tell(const bench *b, const char *part, const char *name, int32_t cpu, int threads, double ms, const char *note,
                 const char *more) {
    if (b->json)
        (void)printf("{\"part\": \"%s\", \"case\": \"%s\", \"cpu\": \"%s\", \"threads\": %d, \"ms\": %.3f%s}\n", part, name,
                     cpu_name(cpu), threads, ms, more);
    else
        (void)printf("%-9s %-40s %-9s T=%d %10.3f ms %s\n", part, name, cpu_name(cpu), threads, ms, note);
    (void)fflush(stdout);
}

static cellseg_context *context_of(int32_t threads, int32_t level) {
    cellseg_context_options options;
    cellseg_context *context;
    require(cellseg_context_options_init(&options, sizeof options));
    options.threads = threads;
    options.cpu_level = level;
    require(cellseg_context_new(&context, &options));
    return context;
}

static void fill(float *values, size_t count, float scale) {
    for (size_t i = 0; i < count; i++)
        values[i] = scale * ((float)(cseg_random_bits(1, i) >> 40) * 0x1p-24F - 0.5F);
}

/* ---- layers ---- */

typedef struct layer_case {
    const cseg_kernels *kernels;
    cseg_conv_shape shape;
    cseg_tensor in, out;
    float *bias, *packed, *scratch;
    cseg_loop loop;
    const struct way *way;
} layer_case;

/* A way of a convolution. */
typedef struct way {
    const char *name;
    size_t (*packed_floats)(const cseg_kernels *k, const cseg_panels *p);
    void (*pack)(const cseg_kernels *k, float *packed, const float *weights, const cseg_panels *p);
    void (*run)(const cseg_kernels *k, const cseg_loop *w, float *scratch);
    bool (*taken)(const cseg_conv_shape *s);
} way;

static void run_direct(const cseg_kernels *k, const cseg_loop *w, float *scratch) {
    (void)scratch;
    cseg_loop_run(k, w);
}
static bool taps_is_taken(const cseg_conv_shape *s) {
    return cseg_taps_pays(s->kernel, s->out);
}
static bool winograd_is_taken(const cseg_conv_shape *s) {
    return !taps_is_taken(s) && cseg_winograd_pays(s->kernel, s->in, s->out);
}
static bool direct_is_taken(const cseg_conv_shape *s) {
    return !taps_is_taken(s) && !winograd_is_taken(s);
}

static const way ways[] = {
    {"direct", cseg_panels_floats, cseg_panels_pack, run_direct, direct_is_taken},
    {"Winograd", cseg_winograd_panels_floats, cseg_winograd_panels_pack, cseg_winograd_run, winograd_is_taken},
    {"taps", cseg_taps_panels_floats, cseg_taps_panels_pack, cseg_taps_run, taps_is_taken},
};
enum { WAYS = sizeof ways / sizeof *ways, MAX_TAPS_CHANNELS = 8 };

static cseg_loop loop_of(const layer_case *c) {
    const cseg_conv_shape *s = &c->shape;
    const size_t column = s->in * c->kernels->columns;
    cseg_loop w = {
        .out = cseg_loop_grid_of(&c->out), .in = cseg_loop_grid_of(&c->in), .images = c->in.images, .height = c->out.height};
    w.in.data -= s->padding * (c->in.row + c->in.pixel);
    w.width = c->out.width;
    w.channels = s->out;
    w.packed = c->packed;
    w.panel_floats = s->kernel * s->kernel * column;
    w.tile = (cseg_tile){.count = {s->kernel, s->kernel, s->in},
                         .a_step = {c->in.row, c->in.pixel, 1},
                         .b_step = {s->kernel * column, column, c->kernels->columns},
                         .start = c->bias,
                         .relu = true};
    return w;
}

static void run_way(void *data) {
    const layer_case *c = data;
    c->way->run(c->kernels, &c->loop, c->scratch);
}

static void run_deconvolution(void *data) {
    const layer_case *c = data;
    cseg_deconv_forward(c->kernels, &c->out, &c->in, c->packed, c->bias, &c->shape, CSEG_RELU);
}

static void run_pool(void *data) {
    const layer_case *c = data;
    cseg_maxpool_forward(c->kernels, &c->out, &c->in);
}

/* The time that counts in the whole: none where the library goes another way. */
static double tell_layer(const bench *b, layer_case *c, void (*work)(void *), const char *name, double flops, bool taken) {
    char note[80], more[80];
    const double ms = median_ms(b, work, c) / (double)b->patches, rate = flops / ms * 1e-6;
    (void)snprintf(note, sizeof note, "%7.1f GFLOP/s %s", rate, taken ? "*" : "");
    (void)snprintf(more, sizeof more, ", \"gflops\": %.1f, \"taken\": %s", rate, taken ? "true" : "false");
    tell(b, "layers", name, cseg_cpu_best(), 1, ms, note, more);
    return taken ? ms : 0;
}

static double time_ways(const bench *b, layer_case *c, const char *name, const float *weights) {
    const cseg_conv_shape *s = &c->shape;
    const size_t taps = s->kernel * s->kernel;
    const cseg_panels panels = {taps, s->in, s->out, (ptrdiff_t)(s->in * s->out), s->out, 1};
    double ms = 0;
    for (size_t i = 0; i < WAYS; i++) {
        c->way = &ways[i];
        const bool possible = i == 0 || (s->kernel == 3 && (i == 1 || s->out <= MAX_TAPS_CHANNELS));
        if (!possible)
            continue;
        char full[64];
        (void)snprintf(full, sizeof full, "%s %s", name, c->way->name);
        c->packed = allocated(NULL, c->way->packed_floats(c->kernels, &panels), sizeof(float));
        c->way->pack(c->kernels, c->packed, weights, &panels);
        c->loop = loop_of(c);
        ms += tell_layer(b, c, run_way, full, 2.0 * (double)(c->out.height * c->out.width * taps * s->in * s->out),
                         c->way->taken(s));
        cseg_memory_free(c->packed);
    }
    return ms;
}

static double time_deconvolution(const bench *b, layer_case *c, const char *name, const float *weights) {
    const cseg_conv_shape *s = &c->shape;
    c->packed = allocated(NULL, cseg_conv_packed_floats(c->kernels, s, CSEG_PACK_INFERENCE), sizeof(float));
    cseg_conv_pack(c->kernels, c->packed, weights, s, CSEG_PACK_INFERENCE);
    const double ms =
        tell_layer(b, c, run_deconvolution, name, 2.0 * (double)(c->out.height * c->out.width * s->in * s->out), true);
    cseg_memory_free(c->packed);
    return ms;
}

static float *new_tensor(cseg_tensor *t, size_t images, size_t edge, size_t channels) {
    float *memory = allocated(NULL, cseg_tensor_floats(images, edge, edge, channels, 2), sizeof(float));
    *t = cseg_tensor_place(memory, images, edge, edge, channels, 2);
    for (size_t i = 0; i < images; i++)
        for (size_t y = 0; y < edge; y++)
            fill(t->data + i * t->image + y * t->row, edge * t->pixel, 1);
    return memory;
}

/* Scratch enough for every way. */
static float *new_scratch(const layer_case *c) {
    const size_t winograd = cseg_winograd_scratch_floats(c->kernels, c->shape.in);
    return allocated(NULL, winograd + cseg_taps_scratch_floats(c->in.width + 4, c->shape.out), sizeof(float));
}

static double time_layer(const bench *b, const cseg_layer *layer, size_t index, size_t edge_in, size_t edge_out) {
    char name[48];
    layer_case c = {.kernels = cseg_kernels_select(cseg_cpu_best())};
    if (layer->op == CSEG_OP_CONCAT || layer->op == CSEG_OP_DROPOUT)
        return 0;
    (void)snprintf(name, sizeof name, "%zu %s %u to %u at %zu", index, cseg_arch_op_name(layer->op), layer->in, layer->out,
                   edge_out);
    float *in = new_tensor(&c.in, b->patches, edge_in, layer->in), *out = new_tensor(&c.out, b->patches, edge_out, layer->out);
    double ms;
    if (layer->op == CSEG_OP_POOL) {
        ms = tell_layer(b, &c, run_pool, name, 3.0 * (double)(edge_out * edge_out * layer->out), true);
    } else {
        c.shape = cseg_layer_shape(layer);
        const size_t count = (size_t)9 * layer->in * layer->out;
        float *weights = allocated(NULL, count, sizeof(float));
        fill(weights, count, 0.1F);
        c.bias = allocated(NULL, layer->out + 64, sizeof(float));
        c.scratch = new_scratch(&c);
        ms = (c.shape.deconvolution ? time_deconvolution : time_ways)(b, &c, name, weights);
        cseg_memory_free(weights);
        cseg_memory_free(c.bias);
        cseg_memory_free(c.scratch);
    }
    cseg_memory_free(in);
    cseg_memory_free(out);
    return ms;
}

static void time_layers(const bench *b) {
    cseg_arch arch;
    cseg_size size[CSEG_MAX_LAYERS];
    cseg_arch_paper(&arch, b->width, CLASSES);
    require(cseg_arch_check(&arch, CLASSES));
    require(cseg_arch_sizes(size, &arch, PATCH, PATCH));
    double ms = 0;
    for (size_t i = 0; i < arch.count; i++)
        ms += time_layer(b, &arch.layers[i], i, i > 0 ? size[i - 1].height : PATCH, size[i].height);
    tell(b, "layers", "sum of the ways taken", cseg_cpu_best(), 1, ms, "", "");
}

/* ---- a network with random weights ---- */

static cseg_net *new_net(const bench *b, cellseg_context *context, size_t batch) {
    const cseg_net_options options = {.rule = {.pixel_size_um = 0.65,
                                               .top_hat_um = 130,
                                               .percentile_low = 1,
                                               .percentile_high = 99.5,
                                               .noise_range = 8,
                                               .clip = 4,
                                               .power = 0.5,
                                               .patch_px = PATCH,
                                               .step_px = STEP,
                                               .classes = CLASSES},
                                      .width = b->width,
                                      .seed = 5,
                                      .batch = batch,
                                      .learning_rate = 1e-3,
                                      .dropout = 0.5,
                                      .weight_class = {1, 1, 1},
                                      .weight_sum = 1};
    cseg_net *net;
    require(cseg_net_new(&net, context, NULL, &options));
    return net;
}

static cellseg_model *new_model(const bench *b, cellseg_context *context) {
    cseg_net *net = new_net(b, context, 1);
    cellseg_model *model;
    require(cseg_net_model(&model, net, NULL));
    cseg_net_free(net);
    return model;
}

/* ---- the whole network ---- */

typedef struct network_case {
    cellseg_context *context;
    cellseg_model *model;
    cseg_plane in, maps[CLASSES];
} network_case;

/* The maps of an input that is scaled already, where the planes lie. */
static void predict(cellseg_context *context, const cseg_plane *maps, const cellseg_model *model, const cseg_plane *in) {
    const cseg_scratch scratch = {.context = context, .window_bytes = UINT64_MAX};
    const cseg_scaling as_it_is = {.scale = 1, .clip = 1e30, .power = 1};
    const cseg_store input = cseg_store_of(context, in);
    cseg_store stores[CLASSES];
    for (size_t c = 0; c < CLASSES; c++)
        stores[c] = cseg_store_of(context, &maps[c]);
    require(cseg_predict_maps(&scratch, stores, model, &input, &as_it_is, 1));
}

static void run_network(void *data) {
    const network_case *c = data;
    predict(c->context, c->maps, c->model, &c->in);
}

/* A row of patches, so that there are as many as were asked for. */
static void time_network_on(const bench *b, int32_t level, int32_t threads) {
    network_case c = {.context = context_of(threads, level)};
    const size_t patches = level == CELLSEG_CPU_PORTABLE && b->patches > SLOW_PATCHES ? SLOW_PATCHES : b->patches;
    char name[64];
    c.model = new_model(b, c.context);
    require(cseg_plane_new(&c.in, c.context, CELLSEG_FLOAT32, STEP, patches * STEP));
    fill(c.in.data, STEP * patches * STEP, 2);
    for (size_t i = 0; i < CLASSES; i++)
        require(cseg_plane_new(&c.maps[i], c.context, CELLSEG_FLOAT32, STEP, patches * STEP));
    (void)snprintf(name, sizeof name, "%zu patches, width %g, ms a patch", patches, b->width);
    tell(b, "network", name, level, threads, median_ms(b, run_network, &c) / (double)patches, "", "");
    cseg_plane_free(&c.in);
    for (size_t i = 0; i < CLASSES; i++)
        cseg_plane_free(&c.maps[i]);
    cellseg_model_free(c.model);
    cellseg_context_free(c.context);
}

static void time_network(const bench *b) {
    static const int32_t levels[] = {CELLSEG_CPU_AVX512, CELLSEG_CPU_AVX2, CELLSEG_CPU_NEON, CELLSEG_CPU_BLAS,
                                     CELLSEG_CPU_PORTABLE};
    const int32_t best = cseg_cpu_best();
    for (size_t i = 0; i < sizeof levels / sizeof *levels; i++) {
        const bool here = levels[i] == best || levels[i] == CELLSEG_CPU_PORTABLE ||
                          (levels[i] == CELLSEG_CPU_BLAS && cseg_cpu_has_blas()) ||
                          (levels[i] == CELLSEG_CPU_AVX2 && best == CELLSEG_CPU_AVX512);
        for (int32_t threads = 1; here && threads <= 2; threads++)
            time_network_on(b, levels[i], threads);
    }
}

/* ---- a whole image ---- */

/* Counts what is held; a block's size stands before it. */
typedef struct counter {
    atomic_size_t held, most;
} counter;

enum { BEFORE = 64 };

static void *counting_alloc(void *user, size_t size) {
    counter *count = user;
    unsigned char *block = malloc(size + BEFORE);
    if (block == NULL)
        return NULL;
    memcpy(block, &size, sizeof size);
    const size_t held = atomic_fetch_add(&count->held, size) + size;
    size_t most = atomic_load(&count->most);
    while (held > most && !atomic_compare_exchange_weak(&count->most, &most, held))
        ;
    return block + BEFORE;
}

static void counting_free(void *user, void *block) {
    counter *count = user;
    size_t size;
    if (block == NULL)
        return;
    memcpy(&size, (unsigned char *)block - BEFORE, sizeof size);
    (void)atomic_fetch_sub(&count->held, size);
    free((unsigned char *)block - BEFORE);
}

typedef struct image_case {
    cellseg_context *context;
    cellseg_model *model;
    cellseg_image *image;
    cseg_plane maps[CLASSES];
} image_case;

static void run_image(void *data) {
    const image_case *c = data;
    const cseg_plane channel = cseg_image_plane(c->image, 0);
    cseg_plane scaled;
    require(cseg_preprocess_run(c->context, &scaled, &channel, 0.65, cseg_model_rule(c->model)));
    predict(c->context, c->maps, c->model, &scaled);
    cseg_plane_free(&scaled);
}

/* Memory counts from before the model is loaded; the image and the maps, which are the caller's, lie outside. */
static void time_image_on(const bench *b, int32_t threads) {
    counter count;
    atomic_init(&count.held, 0);
    atomic_init(&count.most, 0);
    cellseg_context_options options;
    image_case c;
    require(cellseg_context_options_init(&options, sizeof options));
    options.threads = threads;
    options.alloc = counting_alloc;
    options.free = counting_free;
    options.memory_user = &count;
    require(cellseg_context_new(&c.context, &options));
    c.model = new_model(b, c.context);
    require(cellseg_image_new(&c.image, NULL, CELLSEG_UINT16, 1, IMAGE, IMAGE));
    uint16_t *pixels = cellseg_image_pixels_mut(c.image, 0);
    for (size_t i = 0; i < (size_t)IMAGE * IMAGE; i++)
        pixels[i] = (uint16_t)(cseg_random_bits(2, i) >> 52);
    for (size_t i = 0; i < CLASSES; i++)
        require(cseg_plane_new(&c.maps[i], NULL, CELLSEG_FLOAT32, IMAGE, IMAGE));
    atomic_store(&count.most, atomic_load(&count.held));
    const double ms = median_ms(b, run_image, &c), mb = (double)atomic_load(&count.most) * 1e-6;
    char note[64], more[64];
    (void)snprintf(note, sizeof note, "%7.1f MB", mb);
    (void)snprintf(more, sizeof more, ", \"mb\": %.1f", mb);
    tell(b, "image", "2048 x 2048, image to maps", cseg_cpu_best(), threads, ms, note, more);
    for (size_t i = 0; i < CLASSES; i++)
        cseg_plane_free(&c.maps[i]);
    cellseg_image_free(c.image);
    cellseg_model_free(c.model);
    cellseg_context_free(c.context);
}

typedef struct cells_case {
    cellseg_context *context;
    cellseg_model *model;
    cellseg_image *image;
    cellseg_segment_options options;
} cells_case;

/* All that a user waits for: the default model and options, on a simulated field. */
static void new_cells_case(cells_case *c, size_t side, int32_t stain) {
    cellseg_context_options options;
    cellseg_synth_options field;
    cellseg_labels *cells, *nuclei;
    *c = (cells_case){.context = NULL};
    require(cellseg_context_options_init(&options, sizeof options));
    options.threads = 2;
    require(cellseg_context_new(&c->context, &options));
    require(cellseg_synth_options_init(&field, sizeof field));
    field.stain = stain;
    require(cellseg_synth_field(&c->image, &cells, &nuclei, c->context, side, side, &field));
    cellseg_labels_free(cells);
    cellseg_labels_free(nuclei);
    require(cellseg_model_default(&c->model, c->context));
    require(cellseg_segment_options_init(&c->options, sizeof c->options));
}

static void free_cells_case(cells_case *c) {
    cellseg_image_free(c->image);
    cellseg_model_free(c->model);
    cellseg_context_free(c->context);
}

static void run_cells(void *data) {
    const cells_case *c = data;
    cellseg_labels *cells;
    require(cellseg_segment(&cells, NULL, NULL, NULL, c->context, c->model, c->image, &c->options));
    cellseg_labels_free(cells);
}

static void tell_cells(const bench *b, const char *name, cells_case *c) {
    tell(b, "image", name, cseg_cpu_best(), 2, median_ms(b, run_cells, c), "", "");
}

static void time_cells(const bench *b) {
    cells_case c;
    new_cells_case(&c, IMAGE, CELLSEG_STAIN_DIFFUSE);
    for (c.options.orientations = 1; c.options.orientations <= 4; c.options.orientations *= 2) {
        char name[64];
        (void)snprintf(name, sizeof name, "to cells, by default, orientations %d", (int)c.options.orientations);
        tell_cells(b, name, &c);
    }
    free_cells_case(&c);
}

static void time_image(const bench *b) {
    for (int32_t threads = 1; threads <= 2; threads++)
        time_image_on(b, threads);
    time_cells(b);
}

/* ---- loading ---- */

static void run_load(void *data) {
    cellseg_model *model;
    require(cellseg_model_default(&model, data));
    cellseg_model_free(model);
}

static void time_load(const bench *b) {
    cellseg_context *context = context_of(1, CELLSEG_CPU_BEST);
    tell(b, "load", "the default model", cseg_cpu_best(), 1, median_ms(b, run_load, context), "", "");
    cellseg_context_free(context);
}

/* ---- training ---- */

typedef struct training_case {
    cseg_net *net;
    float *in;
    uint8_t *classes;
} training_case;

static void run_step(void *data) {
    const training_case *c = data;
    double loss;
    require(cseg_net_step(c->net, &loss, c->in, c->classes, 1));
}

static void time_training(const bench *b) {
    const size_t pixels = (size_t)BATCH * PATCH * PATCH;
    for (int32_t threads = 1; threads <= 2; threads++) {
        cellseg_context *context = context_of(threads, CELLSEG_CPU_BEST);
        training_case c = {.net = new_net(b, context, BATCH)};
        c.in = allocated(context, pixels, sizeof(float));
        c.classes = allocated(context, pixels, 1);
        fill(c.in, pixels, 2);
        for (size_t i = 0; i < pixels; i++)
            c.classes[i] = (uint8_t)(cseg_random_bits(3, i) % CLASSES);
        tell(b, "training", "a step on a batch of 32", cseg_cpu_best(), threads, median_ms(b, run_step, &c), "", "");
        cseg_memory_free(c.in);
        cseg_memory_free(c.classes);
        cseg_net_free(c.net);
        cellseg_context_free(context);
    }
}

/* ---- the command line ---- */

static const struct {
    const char *name;
    void (*run)(const bench *b);
} parts[] = {
    {"layers", time_layers}, {"network", time_network}, {"image", time_image}, {"load", time_load}, {"training", time_training}};
enum { PARTS = sizeof parts / sizeof *parts };

static void fail_usage(void) {
    (void)fputs(usage, stderr);
    exit(2);
}

/* The value after an option, in [lo, hi]. */
static double number(char **argument, double lo, double hi) {
    char *end = NULL;
    const double value = argument[1] != NULL ? strtod(argument[1], &end) : 0;
    if (end == NULL || *end != '\0' || !(value >= lo && value <= hi))
        fail_usage();
    return value;
}

static bool is_part(const char *name) {
    for (size_t i = 0; i < PARTS; i++)
        if (strcmp(name, parts[i].name) == 0)
            return true;
    return false;
}

/* The parts that are named move to the front of the arguments. Their number. */
static size_t read_arguments(bench *b, char **argument) {
    char **const wanted = argument, **named = argument;
    for (; *argument != NULL; argument++) {
        if (is_part(*argument)) {
            *named++ = *argument;
        } else if (strcmp(*argument, "--help") == 0) {
            (void)fputs(usage, stdout);
            exit(0);
        } else if (strcmp(*argument, "--json") == 0) {
            b->json = true;
        } else if (strcmp(*argument, "--width") == 0) {
            b->width = number(argument++, 0.01, 16);
        } else if (strcmp(*argument, "--patches") == 0) {
            b->patches = (size_t)number(argument++, 1, 1024);
        } else if (strcmp(*argument, "--repeats") == 0) {
            b->repeats = (size_t)number(argument++, 1, MAX_REPEATS);
        } else {
            fail_usage();
        }
    }
    return (size_t)(named - wanted);
}

int main(int argc, char **argv) {
    bench b = {.width = 1, .patches = 16};
    (void)argc;
    const size_t wanted = read_arguments(&b, argv + 1);
    for (size_t i = 0; i < PARTS; i++) {
        bool run = wanted == 0;
        for (size_t w = 0; w < wanted; w++)
            run = run || strcmp(argv[1 + w], parts[i].name) == 0;
        if (run)
            parts[i].run(&b);
    }
    return 0;
}
