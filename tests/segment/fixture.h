/* SPDX-License-Identifier: BSD-3-Clause */
/* Painted fields of round cells whose number and places are known, and a small network that was trained on one. */
#ifndef CSEG_TESTS_SEGMENT_FIXTURE_H
#define CSEG_TESTS_SEGMENT_FIXTURE_H

#include "testing.h"

#include "segment/segment.h"

#include <math.h>

/* At 0.65 um per pixel: cells of 6.5 um radius, nuclei of 3.6 um, one in each square of 18 um. */
enum { SPACING_PX = 28 };
static const double cell_radius_px = 10, nucleus_radius_px = 5.5, fixture_pixel_um = 0.65;

typedef struct painted {
    cellseg_image *image;  /* uint16; 0: marker, 1: nuclear stain */
    cellseg_labels *truth; /* whole cells */
    uint32_t count;
} painted;

static inline void painted_free(painted *p) {
    cellseg_image_free(p->image);
    cellseg_labels_free(p->truth);
}

static inline void paint_cell(const painted *p, double zoom, double cy, double cx, uint32_t id) {
    uint16_t *marker = cellseg_image_pixels_mut(p->image, 0), *stain = cellseg_image_pixels_mut(p->image, 1);
    uint32_t *truth = cellseg_labels_data_mut(p->truth);
    const size_t height = cellseg_image_height(p->image), width = cellseg_image_width(p->image);
    for (size_t y = 0; y < height; y++)
        for (size_t x = 0; x < width; x++) {
            const double dy = ((double)y + 0.5) / zoom - cy, dx = ((double)x + 0.5) / zoom - cx, r = sqrt(dy * dy + dx * dx);
            if (r > cell_radius_px)
                continue;
            truth[y * width + x] = id;
            marker[y * width + x] = (uint16_t)(marker[y * width + x] + (r < nucleus_radius_px ? 300 : 1000));
            stain[y * width + x] = (uint16_t)(stain[y * width + x] + (r < nucleus_radius_px ? 800 : 0));
        }
}

/* rows x columns cells; `zoom` pixels for each of 0.65 um. */
static inline cellseg_status paint(painted *p, cellseg_context *context, size_t rows, size_t columns, double zoom,
                                   uint64_t seed) {
    const size_t height = (size_t)((double)(rows * SPACING_PX) * zoom), width = (size_t)((double)(columns * SPACING_PX) * zoom);
    *p = (painted){NULL, NULL, (uint32_t)(rows * columns)};
    CSEG_TRY(cellseg_image_new(&p->image, context, CELLSEG_UINT16, 2, height, width));
    const cellseg_status status = cellseg_labels_new(&p->truth, context, height, width);
    if (status != CELLSEG_OK) {
        painted_free(p);
        return status;
    }
    assert_ok(cellseg_image_set_pixel_size_um(p->image, fixture_pixel_um / zoom));
    for (int32_t c = 0; c < 2; c++) {
        uint16_t *pixels = cellseg_image_pixels_mut(p->image, c);
        for (size_t i = 0; i < height * width; i++)
            pixels[i] = (uint16_t)(100 + 8 * test_uniform(&seed));
    }
    for (size_t i = 0; i < rows * columns; i++) {
        const double cy = SPACING_PX * ((double)(i / columns) + 0.5) + 4 * test_uniform(&seed) - 2;
        const double cx = SPACING_PX * ((double)(i % columns) + 0.5) + 4 * test_uniform(&seed) - 2;
        paint_cell(p, zoom, cy, cx, (uint32_t)i + 1);
    }
    return CELLSEG_OK;
}

/* The network that make_painted.c trained; tests run in the root of the tree. */
static inline cellseg_model *painted_model(void) {
    cellseg_model *model;
    assert_ok(cellseg_model_load(&model, NULL, "tests/segment/painted.cellseg"));
    return model;
}

/* ---- what is promised of every result ---- */

/* The number of 4-connected parts that pixels of one id form, by relabelling until nothing changes. */
static inline void assert_one_part(const uint32_t *labels, size_t height, size_t width, uint32_t id) {
    uint8_t *reached = calloc(height * width, 1);
    size_t total = 0, found = 0;
    for (size_t i = 0; i < height * width; i++) {
        if (labels[i] == id && total++ == 0) {
            reached[i] = 1;
            found = 1;
        }
    }
    for (bool grew = true; grew;) {
        grew = false;
        for (size_t i = 0; i < height * width; i++) {
            if (labels[i] != id || reached[i] != 0)
                continue;
            const size_t y = i / width, x = i % width;
            if ((y > 0 && reached[i - width]) || (x > 0 && reached[i - 1]) || (x + 1 < width && reached[i + 1]) ||
                (y + 1 < height && reached[i + width])) {
                reached[i] = 1;
                found++;
                grew = true;
            }
        }
    }
    free(reached);
    assert_true(total > 0);
    assert_int_equal(found, total);
}

/* ids 1..n in raster order of first pixels; each cell one part; each nucleus one part inside its cell; none without. */
static inline uint32_t assert_invariants(const cellseg_labels *cells, const cellseg_labels *nuclei) {
    const size_t height = cellseg_labels_height(cells), width = cellseg_labels_width(cells);
    const uint32_t *c = cellseg_labels_data(cells), *n = cellseg_labels_data(nuclei);
    uint32_t last = 0;
    for (size_t i = 0; i < height * width; i++) {
        assert_true(c[i] <= last + 1);
        last = c[i] > last ? c[i] : last;
        assert_true(n[i] == 0 || n[i] == c[i]);
    }
    for (uint32_t id = 1; id <= last; id++) {
        assert_one_part(c, height, width, id);
        assert_one_part(n, height, width, id);
    }
    return last;
}

/* ---- the painted network as one that runs elsewhere ---- */

static inline int32_t predict_painted(void *user, float *maps, const float *windows, size_t count, size_t edge_px) {
    const cellseg_model *own = user;
    void *workspace = aligned_alloc(64, (cseg_forward_workspace_bytes(own, NULL, count, edge_px, edge_px) + 63) / 64 * 64);
    assert_non_null(workspace);
    const cellseg_status status = cseg_forward_run(own, NULL, maps, windows, count, edge_px, edge_px, workspace);
    free(workspace);
    return status;
}

static inline cellseg_network painted_network(cellseg_model *own, size_t batch) {
    cellseg_network network;
    assert_ok(cellseg_network_init(&network, sizeof network));
    network.user = own;
    network.predict = predict_painted;
    network.batch = batch;
    return network;
}

#endif
