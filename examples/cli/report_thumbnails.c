/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The report's pictures, made of result files alone, since the images may lie elsewhere: the overlay is made smaller, and the
 * outlines are drawn anew over it, from the label maps.
 */
#include "cli.h"
#include "page.h"
#include "progress.h"
#include "report_plate.h"
#include "system.h"

#include <stdlib.h>

/* The overlay's second colour: neither outline is dark in it. */
enum { PICTURES_MOST = 96, LONGER_SIDE_PX = 200, OVERLAY_CHANNEL = 1 };

/* Layers of a picture, at its size or at the result files'. */
typedef struct layers {
    cellseg_image *image;
    cellseg_labels *cells, *nuclei;
} layers;

static void free_layers(layers *l) {
    cellseg_image_free(l->image);
    cellseg_labels_free(l->cells);
    cellseg_labels_free(l->nuclei);
}

/* Prints no error: `path` is left as the file at fault. */
static cellseg_status read_layers(layers *l, cellseg_context *context, char path[PATH_SIZE], const char *folder,
                                  const char *name) {
    cellseg_read_options options;
    *l = (layers){0};
    cellseg_status status = cellseg_read_options_init(&options, sizeof options);
    options.pixel_size_um = 1; /* has no effect here; set, it prevents errors of a file without one */
    options.force = 1;
    if (status == CELLSEG_OK && join_path(path, folder, name, ".overlay.png"))
        status = cellseg_image_read(&l->image, NULL, path, &options);
    if (status == CELLSEG_OK && join_path(path, folder, name, ".cells.tif"))
        status = cellseg_labels_read(&l->cells, context, path);
    if (status == CELLSEG_OK && join_path(path, folder, name, ".nuclei.tif"))
        status = cellseg_labels_read(&l->nuclei, context, path);
    return status;
}

static size_t reduced(size_t length, size_t longer) {
    const size_t pixels = length * LONGER_SIDE_PX / longer;
    return pixels > 0 ? pixels : 1;
}

static cellseg_status reduce_layers(layers *out, cellseg_context *context, const layers *l) {
    const size_t all_height = cellseg_image_height(l->image), all_width = cellseg_image_width(l->image);
    const size_t longer = all_height > all_width ? all_height : all_width;
    const size_t height = reduced(all_height, longer), width = reduced(all_width, longer);
    *out = (layers){0};
    cellseg_status status = cellseg_image_resample(&out->image, context, l->image,
                                                   cellseg_image_channels(l->image) > OVERLAY_CHANNEL ? OVERLAY_CHANNEL : 0,
                                                   height, width, CELLSEG_RESAMPLE_LINEAR);
    if (status == CELLSEG_OK)
        status = cellseg_labels_resample(&out->cells, context, l->cells, height, width);
    if (status == CELLSEG_OK)
        status = cellseg_labels_resample(&out->nuclei, context, l->nuclei, height, width);
    return status;
}

static bool put_reduced(FILE *to, const char *scratch, cellseg_context *context, const layers *l, const char *name) {
    layers small;
    cellseg_overlay_options options;
    cellseg_status status = reduce_layers(&small, context, l);
    if (status == CELLSEG_OK)
        status = cellseg_image_set_pixel_size_um(small.image, 0); /* no scale bar */
    if (status == CELLSEG_OK)
        status = cellseg_overlay_options_init(&options, sizeof options);
    options.ids = 0;
    if (status == CELLSEG_OK)
        status = cellseg_overlay_write(context, scratch, small.image, 0, small.cells, small.nuclei, &options);
    if (status != CELLSEG_OK)
        print_library_error(name);
    const bool fine = status == CELLSEG_OK &&
                      put_picture_file(to, scratch, cellseg_labels_width(small.cells), cellseg_labels_height(small.cells));
    (void)remove_entry(scratch);
    free_layers(&small);
    return fine;
}

static bool put_thumbnail(FILE *to, const char *scratch, cellseg_context *context, const char *folder, const plate_image *image) {
    char path[PATH_SIZE] = "";
    layers l;
    const cellseg_status status = read_layers(&l, context, path, folder, image->name);
    if (status != CELLSEG_OK)
        print_library_error(path);
    bool fine = status == CELLSEG_OK;
    if (fine) {
        fputs("<figure class=\"cell\">", to);
        fine = put_reduced(to, scratch, context, &l, path);
        fputs("<figcaption>", to);
        put_text(to, image->name);
        fprintf(to, ", %u cells</figcaption></figure>\n", (unsigned)cellseg_labels_max_id(l.cells));
    }
    free_layers(&l);
    return fine;
}

/* The first image of a well that has results; NULL: none. */
static const plate_image *first_done(const plate_list *list, const well_sum *w) {
    for (size_t i = w->first; i < w->first + w->count; i++)
        if (list->images[i].error == NULL)
            return &list->images[i];
    return NULL;
}

bool put_thumbnails(FILE *to, const char *scratch, cellseg_context *context, const plate_list *list, const plate_sums *sums) {
    size_t warned = 0, others = 0, shown[2] = {0, 0};
    for (size_t w = 0; w < sums->well_count; w++)
        if (first_done(list, &sums->wells[w]) != NULL)
            *(sums->wells[w].warnings > 0 ? &warned : &others) += 1;
    const size_t most[2] = {PICTURES_MOST - (warned < PICTURES_MOST ? warned : PICTURES_MOST), PICTURES_MOST};
    fputs("<h2>Images</h2>\n", to);
    if (warned + others > PICTURES_MOST)
        fprintf(to, "<p class=\"quiet\">%d of %zu, those with warnings before others.</p>\n", PICTURES_MOST, warned + others);
    fputs("<div class=\"cells thumbnails\">\n", to);
    bool fine = true;
    for (size_t w = 0; fine && w < sums->well_count; w++) {
        const plate_image *image = first_done(list, &sums->wells[w]);
        const size_t kind = sums->wells[w].warnings > 0;
        if (image == NULL || shown[kind] == most[kind])
            continue;
        shown[kind]++;
        fine = !was_interrupted() && put_thumbnail(to, scratch, context, list->folder, image);
    }
    fputs("</div>\n", to);
    return fine;
}
