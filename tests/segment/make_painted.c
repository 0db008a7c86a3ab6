/* SPDX-License-Identifier: BSD-3-Clause */
/* Trains the small network of the segment tests on a painted field, and writes it: tests/segment/painted.cellseg, which a test
 * compares with a new one byte by byte. Usage: make_painted FILE */
#include "segment/fixture.h"

#include "tile/tile.h"

enum { STEPS = 150 };

static const cseg_net_options options = {.rule = {.pixel_size_um = 0.65,
                                                  .top_hat_um = 130,
                                                  .percentile_low = 1,
                                                  .percentile_high = 99.8,
                                                  .noise_range = 30,
                                                  .clip = 1,
                                                  .power = 1,
                                                  .patch_px = 48,
                                                  .step_px = 32,
                                                  .classes = 3},
                                         .width = 0.05,
                                         .seed = 7,
                                         .batch = 8,
                                         .learning_rate = 0.01,
                                         .dropout = 0.5,
                                         .weight_class = {1, 1, 1},
                                         .weight_sum = 1};

/* What the network learns from: the painted field and its marker, preprocessed, in patches. */
typedef struct lesson {
    painted field;
    cseg_plane input;
    cellseg_tile_grid grid;
} lesson;

static void lesson_new(lesson *l, cellseg_context *context) {
    assert_ok(paint(&l->field, context, 6, 6, 1, 11));
    const cseg_plane marker = cseg_image_plane(l->field.image, 0);
    assert_ok(cseg_preprocess_run(context, &l->input, &marker, fixture_pixel_um, &options.rule));
    l->grid = (cellseg_tile_grid){sizeof l->grid, l->input.height, l->input.width, options.rule.patch_px, options.rule.step_px};
}

/* The true class of every pixel of a patch, from the stain and the truth; beyond the image it does not count. */
static void patch_classes(uint8_t *classes, const cellseg_tile_grid *grid, const painted *p, size_t index) {
    const cellseg_tile tile = cseg_grid_at(grid, index);
    const uint16_t *stain = cellseg_image_pixels(p->image, 1);
    const uint32_t *truth = cellseg_labels_data(p->truth);
    for (size_t i = 0; i < grid->patch_px * grid->patch_px; i++) {
        const int64_t y = tile.window_top + (int64_t)(i / grid->patch_px), x = tile.window_left + (int64_t)(i % grid->patch_px);
        classes[i] = 255;
        if (y < 0 || x < 0 || y >= (int64_t)grid->height_px || x >= (int64_t)grid->width_px)
            continue;
        const size_t pixel = (size_t)y * grid->width_px + (size_t)x;
        classes[i] = truth[pixel] == 0 ? CSEG_MAP_BACKGROUND : stain[pixel] > 500 ? CSEG_MAP_NUCLEUS : CSEG_MAP_CYTOPLASM;
    }
}

static void train(cseg_net *net, const lesson *l) {
    const size_t batch = options.batch, area = l->grid.patch_px * l->grid.patch_px;
    float *in = malloc(batch * area * sizeof *in);
    uint8_t *classes = malloc(batch * area);
    for (size_t step = 0; step < STEPS; step++) {
        double loss;
        for (size_t i = 0; i < batch; i++) {
            const size_t index = (step * batch + i) % cseg_grid_count(&l->grid);
            cseg_tile_read(in + i * area, &l->grid, &l->input, 0, 0, index);
            patch_classes(classes + i * area, &l->grid, &l->field, index);
        }
        assert_ok(cseg_net_step(net, &loss, in, classes, step));
    }
    free(in);
    free(classes);
}

static void write_model(cseg_net *net, const char *path) {
    cellseg_model *model;
    assert_ok(cseg_net_model(&model, net, NULL));
    assert_ok(cellseg_model_save(model, NULL, path, CELLSEG_WEIGHTS_FLOAT32));
    cellseg_model_free(model);
}

int main(int argc, char **argv) {
    if (argc != 2)
        return 2;
    cellseg_context *context = test_context(2);
    lesson l;
    cseg_net *net;
    lesson_new(&l, context);
    assert_ok(cseg_net_new(&net, context, NULL, &options));
    train(net, &l);
    write_model(net, argv[1]);
    cseg_net_free(net);
    cseg_plane_free(&l.input);
    painted_free(&l.field);
    cellseg_context_free(context);
    return 0;
}
