/* SPDX-License-Identifier: BSD-3-Clause */
/* Label maps: one uint32 per pixel, rows next to each other. */
#include "core/image.h"

cellseg_status cellseg_labels_new(cellseg_labels **out, cellseg_context *context, size_t height, size_t width) {
    if (out == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "out is NULL");
    *out = NULL;
    CSEG_TRY(cseg_check_size(height, width));
    cellseg_labels *labels = cseg_alloc(context, 1, sizeof *labels);
    if (labels == NULL)
        return cseg_last_status();
    *labels = (cellseg_labels){height, width, 0, cseg_calloc(context, height * width, sizeof(uint32_t))};
    if (labels->data == NULL) {
        cseg_free(labels);
        return cseg_last_status();
    }
    *out = labels;
    return CELLSEG_OK;
}

void cellseg_labels_free(cellseg_labels *labels) {
    if (labels == NULL)
        return;
    cseg_free(labels->data);
    cseg_free(labels);
}

size_t cellseg_labels_height(const cellseg_labels *labels) {
    return labels != NULL ? labels->height : 0;
}

size_t cellseg_labels_width(const cellseg_labels *labels) {
    return labels != NULL ? labels->width : 0;
}

const uint32_t *cellseg_labels_data(const cellseg_labels *labels) {
    return labels != NULL ? labels->data : NULL;
}

uint32_t *cellseg_labels_data_mut(cellseg_labels *labels) {
    return labels != NULL ? labels->data : NULL;
}

uint32_t cellseg_labels_max_id(const cellseg_labels *labels) {
    uint32_t most = 0;
    if (labels != NULL)
        for (size_t i = 0; i < labels->height * labels->width; i++)
            if (labels->data[i] > most)
                most = labels->data[i];
    return most;
}

double cellseg_labels_pixel_size_um(const cellseg_labels *labels) {
    return labels != NULL ? labels->pixel_size_um : 0;
}

cellseg_status cellseg_labels_set_pixel_size_um(cellseg_labels *labels, double pixel_size_um) {
    if (labels == NULL)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "labels is NULL");
    CSEG_TRY(cseg_check_pixel_size(pixel_size_um));
    labels->pixel_size_um = pixel_size_um;
    return CELLSEG_OK;
}

cseg_plane cseg_labels_plane(const cellseg_labels *labels) {
    return (cseg_plane){labels->data, labels->height, labels->width, labels->width * sizeof(uint32_t), CELLSEG_UINT32};
}
