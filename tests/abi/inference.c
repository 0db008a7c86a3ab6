/* SPDX-License-Identifier: BSD-3-Clause */
/* Segmentation with the default model and nothing else of the library; test_linking.py checks what the linker takes for it. */
#include <cellseg/segment.h>

#include <stdint.h>
#include <stdio.h>

enum { EDGE = 200, PERIOD = 50 };

/* Sixteen round cells with a bright nucleus each, and noise. */
static uint16_t pixel_at(int y, int x) {
    const int dy = y % PERIOD - PERIOD / 2, dx = x % PERIOD - PERIOD / 2, square = dy * dy + dx * dx;
    const unsigned noise = (unsigned)(y * EDGE + x) * 2654435761U >> 25;
    return (uint16_t)(noise + (square < 100 ? 2500U : square < 360 ? 1000U : 200U));
}

int main(void) {
    static uint16_t pixels[EDGE * EDGE];
    for (int i = 0; i < EDGE * EDGE; i++)
        pixels[i] = pixel_at(i / EDGE, i % EDGE);
    cellseg_image_layout layout;
    cellseg_model *model = NULL;
    cellseg_image *image = NULL;
    cellseg_labels *cells = NULL;
    cellseg_status status = cellseg_image_layout_init(&layout, sizeof layout);
    layout.pixels = pixels;
    layout.height = layout.width = EDGE;
    layout.pixel_type = CELLSEG_UINT16;
    layout.channels = 1;
    if (status == CELLSEG_OK)
        status = cellseg_image_wrap(&image, NULL, &layout);
    if (status == CELLSEG_OK)
        status = cellseg_image_set_pixel_size_um(image, 0.65);
    if (status == CELLSEG_OK)
        status = cellseg_model_default(&model, NULL);
    if (status == CELLSEG_OK)
        status = cellseg_segment(&cells, NULL, NULL, NULL, NULL, model, image, NULL);
    if (status == CELLSEG_OK)
        printf("%u cells\n", (unsigned)cellseg_labels_max_id(cells));
    else
        (void)fprintf(stderr, "%s\n", cellseg_last_error());
    cellseg_labels_free(cells);
    cellseg_model_free(model);
    cellseg_image_free(image);
    return status == CELLSEG_OK ? 0 : 1;
}
