/* SPDX-License-Identifier: BSD-3-Clause */
/* A program outside the tree: what an embedder's first build looks like. */
#include <cellseg/cellseg.h>

#if defined(__has_include)
#if __has_include(<core/core.h>)
#error "the library's internal headers are visible"
#endif
#endif

#include <stdio.h>
#include <string.h>

int main(void) {
    cellseg_context *context = NULL;
    cellseg_image *image = NULL;
    int failed = strcmp(cellseg_version(), "") == 0;
    failed |= cellseg_context_new(&context, NULL) != CELLSEG_OK;
    failed |= cellseg_image_new(&image, context, CELLSEG_UINT16, 1, 64, 64) != CELLSEG_OK;
    failed |= cellseg_image_height(image) != 64;
    cellseg_image_free(image);
    cellseg_context_free(context);
    printf("libcellseg %s: %s\n", cellseg_version(), failed ? "broken" : "works");
    return failed;
}
