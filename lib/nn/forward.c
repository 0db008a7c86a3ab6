/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Inference: the layers in turn on one workspace. Value v is the input of layer v: value 0 the image, value i + 1 layer i's
 * output.
 *
 * A plan assigns memory to each value before anything runs. Dropout is the identity in inference, so its output is its input.
 * The inputs of a concat are written directly into the concat's channels, so that joining is free. A value is copied only if it
 * has another place already, or if its channels do not begin on vector boundaries. Values that are never in use at the same time
 * share memory. Patches go through all layers one after the other: the output of one layer is still in the cache when the next
 * reads it, and memory does not grow with their number. Sharing the deep layers' weights among two to four patches was measured
 * and gains nothing. Cost: that of the convolutions.
 */
#include "nn/fold.h"
#include "nn/internal.h"
#include "nn/spans.h"

enum { MAX_VALUES = CSEG_MAX_LAYERS + 1, VECTOR = 16 };

/* Multiply-adds between two polls: some 20 ms on the portable row. */
#define PART_WORK 0x1p25

typedef struct home {
    size_t value;   /* owner of the memory */
    size_t channel; /* first channel */
} home;

typedef struct plan {
    cseg_size size[MAX_VALUES];
    uint32_t channels[MAX_VALUES];
    home home[MAX_VALUES];
    size_t frame[MAX_VALUES];
    cseg_span span[MAX_VALUES];
    size_t values_floats, scratch_floats, fold_floats, fold_scratch_floats;
    size_t weights_at[CSEG_MAX_LAYERS], shift_at[CSEG_MAX_LAYERS];
    const cseg_kernels *kernels;
} plan;

/* Place value v directly in a concat's memory, if possible. */
static void move_in(plan *p, const cseg_arch *arch, size_t v, size_t concat, size_t channel) {
    const size_t root = p->home[v].value;
    const bool made_by_weights_or_pool = root > 0 && arch->layers[root - 1].op != CSEG_OP_CONCAT;
    const bool aligned = channel % VECTOR == 0 && p->channels[v] % VECTOR == 0;
    if (!made_by_weights_or_pool || !aligned || p->home[v].channel != 0)
        return;
    for (size_t u = 0; u < concat; u++)
        if (p->home[u].value == root)
            p->home[u] = (home){concat, channel};
}

static void find_homes(plan *p, const cseg_arch *arch) {
    p->home[0] = (home){0, 0};
    for (size_t i = 0; i < arch->count; i++) {
        const cseg_layer *layer = &arch->layers[i];
        const size_t v = i + 1;
        p->home[v] = layer->op == CSEG_OP_DROPOUT ? p->home[i] : (home){v, 0};
        if (layer->op != CSEG_OP_CONCAT)
            continue;
        move_in(p, arch, i, v, 0);
        move_in(p, arch, layer->with + 1, v, layer->in);
    }
}

static void touch(plan *p, size_t v, size_t step, size_t frame) {
    const size_t at = p->home[v].value;
    if (step < p->span[at].first)
        p->span[at].first = step;
    if (step > p->span[at].last)
        p->span[at].last = step;
    if (frame > p->frame[at])
        p->frame[at] = frame;
}

/* Steps: 0 loads the input, i + 1 runs layer i, the step after the last layer stores the output. */
static void find_lives(plan *p, const cseg_arch *arch) {
    for (size_t v = 0; v <= arch->count; v++)
        p->span[v] = (cseg_span){.first = SIZE_MAX};
    touch(p, 0, 0, 0);
    for (size_t i = 0; i < arch->count; i++) {
        const cseg_layer *layer = &arch->layers[i];
        touch(p, i, i + 1, cseg_layer_frame(layer));
        touch(p, i + 1, i + 1, 0);
        if (layer->op == CSEG_OP_CONCAT)
            touch(p, layer->with + 1, i + 1, 0);
    }
    touch(p, arch->count, arch->count + 1, 0);
}

static void find_scratch(plan *p, const cseg_arch *arch) {
    for (size_t i = 0; i < arch->count; i++) {
        if (!cseg_layer_has_weights(&arch->layers[i]))
            continue;
        const cseg_conv_shape shape = cseg_layer_shape(&arch->layers[i]);
        const size_t floats =
            cseg_conv_scratch_floats(p->kernels, &shape, CSEG_PACK_INFERENCE, p->size[i].height, p->size[i].width);
        if (floats > p->scratch_floats)
            p->scratch_floats = floats;
    }
    p->scratch_floats = (p->scratch_floats + VECTOR - 1) / VECTOR * VECTOR;
}

static cellseg_status make_plan(plan *p, const cellseg_model *model, const cellseg_context *context, size_t height,
                                size_t width) {
    const cseg_arch *arch = &model->arch;
    *p = (plan){.kernels = cseg_kernels_select(cellseg_context_cpu_level(context))};
    p->size[0] = (cseg_size){height, width};
    p->channels[0] = 1;
    CSEG_TRY(cseg_arch_sizes(p->size + 1, arch, height, width));
    for (size_t i = 0; i < arch->count; i++)
        p->channels[i + 1] = arch->layers[i].out;
    find_homes(p, arch);
    find_lives(p, arch);
    for (size_t v = 0; v <= arch->count; v++) {
        if (p->span[v].first == SIZE_MAX)
            continue;
        p->span[v].floats = cseg_tensor_floats(1, p->size[v].height, p->size[v].width, p->channels[v], p->frame[v]);
        if (p->span[v].floats == 0 || p->span[v].floats > SIZE_MAX / sizeof(float) / MAX_VALUES / 2)
            return v > 0 ? cseg_layer_fail(arch, v - 1, "its output is more than this machine can address")
                         : cseg_fail(CELLSEG_ERR_MODEL, "the input is more than this machine can address");
    }
    p->values_floats = cseg_spans_place(p->span, arch->count + 1);
    find_scratch(p, arch);
    const size_t fold = cseg_fold_floats(p->kernels, arch, p->weights_at, p->shift_at);
    if (p->kernels != model->kernels) {
        p->fold_floats = fold;
        p->fold_scratch_floats = (model->layout.max_weights + VECTOR - 1) / VECTOR * VECTOR;
    }
    return CELLSEG_OK;
}

size_t cseg_forward_workspace_bytes(const cellseg_model *model, const cellseg_context *context, size_t patches, size_t height,
                                    size_t width) {
    plan p;
    if (patches == 0 || make_plan(&p, model, context, height, width) != CELLSEG_OK)
        return 0;
    return (p.values_floats + p.scratch_floats + p.fold_floats + p.fold_scratch_floats) * sizeof(float);
}

uint64_t cseg_forward_values_bytes(const cellseg_model *model, const cellseg_context *context, size_t height, size_t width) {
    plan p;
    return make_plan(&p, model, context, height, width) == CELLSEG_OK ? (uint64_t)p.values_floats * sizeof(float) : 0;
}

/* ---- running a plan ---- */

typedef struct run {
    const plan *plan;
    const cseg_arch *arch;
    const float *packed;
    float *values, *scratch;
} run;

static cseg_tensor whole(const run *r, size_t v) {
    const plan *p = r->plan;
    return cseg_tensor_place(r->values + p->span[v].offset, 1, p->size[v].height, p->size[v].width, p->channels[v], p->frame[v]);
}

static cseg_tensor value(const run *r, size_t v) {
    const home at = r->plan->home[v];
    const cseg_tensor tensor = whole(r, at.value);
    return at.value == v ? tensor : cseg_tensor_channels(&tensor, at.channel, r->plan->channels[v]);
}

/* A part of a layer's output and of the inputs that it needs, for a cancel within layers that take long. The result is the same
 * bytes: every output element is a chain of its own. */
typedef struct part {
    size_t y, x, height, width;
} part;

/* halves: how many halves of a pixel of this tensor a pixel of the part takes along an edge. */
static cseg_tensor part_of(const cseg_tensor *tensor, const part *p, size_t halves) {
    cseg_tensor view = *tensor;
    view.data += p->y * halves / 2 * tensor->row + p->x * halves / 2 * tensor->pixel;
    view.height = p->height * halves / 2;
    view.width = p->width * halves / 2;
    return view;
}

/* The pixels of the input that a layer reads for a pixel of its output, in halves. */
static size_t halves_of(const cseg_layer *layer) {
    return layer->op == CSEG_OP_DECONV ? 1 : layer->op == CSEG_OP_POOL ? 4 : 2;
}

static void copy_part(const cseg_tensor *to, const cseg_tensor *from, const part *piece) {
    const cseg_tensor out = part_of(to, piece, 2), in = part_of(from, piece, 2);
    cseg_tensor_copy(&out, &in);
}

static void copy_unless_home(const run *r, size_t v, size_t concat, size_t channel, const part *piece) {
    if (r->plan->home[v].value == concat && r->plan->home[v].channel == channel)
        return;
    const cseg_tensor joined = whole(r, concat), from = value(r, v);
    const cseg_tensor to = cseg_tensor_channels(&joined, channel, r->plan->channels[v]);
    copy_part(&to, &from, piece);
}

static void run_filter(const run *r, size_t i, const cseg_tensor *out, cseg_tensor *in) {
    const cseg_layer *layer = &r->arch->layers[i];
    const plan *p = r->plan;
    const cseg_conv_shape shape = cseg_layer_shape(layer);
    const int32_t activation = layer->activation == CSEG_SIGMOID ? CSEG_LINEAR : layer->activation; /* see store() */
    if (layer->op == CSEG_OP_CONV) { /* the rest of what it reads lies around */
        in->height = out->height + shape.kernel - 1 - 2 * shape.padding;
        in->width = out->width + shape.kernel - 1 - 2 * shape.padding;
    }
    cseg_conv_forward(p->kernels, out, in, r->packed + p->weights_at[i], r->packed + p->shift_at[i], &shape, activation,
                      CSEG_PACK_INFERENCE, r->scratch);
}

static void run_part(const run *r, size_t i, const part *piece) {
    const cseg_layer *layer = &r->arch->layers[i];
    const cseg_tensor whole_in = value(r, i), whole_out = value(r, i + 1);
    const cseg_tensor out = part_of(&whole_out, piece, 2);
    cseg_tensor in = part_of(&whole_in, piece, halves_of(layer));
    switch (layer->op) {
    case CSEG_OP_POOL:
        cseg_maxpool_forward(r->plan->kernels, &out, &in);
        break;
    case CSEG_OP_CONCAT:
        copy_unless_home(r, i, i + 1, 0, piece);
        copy_unless_home(r, layer->with + 1, i + 1, layer->in, piece);
        break;
    case CSEG_OP_DROPOUT:
        break;
    default:
        run_filter(r, i, &out, &in);
    }
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* Whole rows, four or more; fewer columns where four rows are too much. Winograd's patches begin at multiples of four. */
static cellseg_status run_layer(const run *r, cellseg_context *context, size_t i) {
    const cseg_size size = r->plan->size[i + 1];
    const double pixels = PART_WORK / cseg_layer_work(&r->arch->layers[i]);
    const size_t columns = smaller(size.width, (size_t)(pixels / 16) * 4 + 4);
    const size_t rows = columns < size.width ? 4 : smaller(size.height, (size_t)(pixels / (double)size.width / 4) * 4 + 4);
    for (size_t y = 0; y < size.height; y += rows)
        for (size_t x = 0; x < size.width; x += columns) {
            const part piece = {y, x, smaller(rows, size.height - y), smaller(columns, size.width - x)};
            CSEG_TRY(cseg_parallel_poll(context));
            run_part(r, i, &piece);
        }
    return CELLSEG_OK;
}

static void clear_values_first_used(const run *r, size_t step) {
    for (size_t v = 0; v <= r->arch->count; v++) {
        if (r->plan->span[v].floats == 0 || r->plan->span[v].first != step)
            continue;
        const cseg_tensor tensor = whole(r, v);
        cseg_spans_clear_frame(&tensor);
    }
}

static void load(const cseg_tensor *to, const float *in) {
    for (size_t y = 0; y < to->height; y++)
        for (size_t x = 0; x < to->width; x++)
            to->data[y * to->row + x * to->pixel] = *in++;
}

/* The last layer's sigmoid is computed here, where the values of a class are contiguous. */
static void store(const cseg_kernels *kernels, float *out, const cseg_tensor *from) {
    for (size_t c = 0; c < from->channels; c++)
        for (size_t y = 0; y < from->height; y++, out += from->width) {
            for (size_t x = 0; x < from->width; x++)
                out[x] = from->data[y * from->row + x * from->pixel + c];
            cseg_sigmoid_forward(kernels, out, from->width);
        }
}

static cellseg_status run_patch(const run *r, cellseg_context *context, float *out, const float *in) {
    clear_values_first_used(r, 0);
    const cseg_tensor input = whole(r, 0);
    load(&input, in);
    for (size_t i = 0; i < r->arch->count; i++) {
        clear_values_first_used(r, i + 1);
        CSEG_TRY(run_layer(r, context, i));
    }
    const cseg_tensor output = value(r, r->arch->count);
    store(r->plan->kernels, out, &output);
    return CELLSEG_OK;
}

cellseg_status cseg_forward_run(const cellseg_model *model, cellseg_context *context, float *out, const float *in, size_t patches,
                                size_t height, size_t width, void *workspace) {
    plan p;
    CSEG_TRY(make_plan(&p, model, context, height, width));
    float *memory = workspace;
    run r = {.plan = &p, .arch = &model->arch, .packed = model->packed};
    r.values = memory;
    r.scratch = memory + p.values_floats;
    if (p.fold_floats > 0) { /* loaded for another processor level: rare, so the weights are not kept */
        float *packed = r.scratch + p.scratch_floats;
        (void)cseg_fold_weights(NULL, packed, p.kernels, &model->arch, &model->layout, model->params, packed + p.fold_floats);
        r.packed = packed;
    }
    for (size_t i = 0; i < patches; i++)
        CSEG_TRY(run_patch(&r, context, out + i * model->rule.classes * height * width, in + i * height * width));
    return CELLSEG_OK;
}
