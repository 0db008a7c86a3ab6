/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Equivalent diameters of nuclei. The area of a nucleus is the sum of its runs in the image's rows: the runs, sorted by id, take
 * memory in proportion to the nuclei, whatever their ids. The median of all images comes from a histogram, so that it does not
 * depend on the order of the images. Cost: two passes over the label map.
 */
#include "train/diameters.h"

#include <math.h>

#define BINS_PER_UM 100
#define BINS (1000 * BINS_PER_UM + 1) /* 0 to 1000 um; larger diameters count as 1000 um */

/* Runs of one nucleus within a row: the id is the key, the length the value. With runs NULL only counts. */
static cellseg_status find_runs(cellseg_context *context, cseg_keyed *runs, size_t *found, const cseg_plane *cells,
                                const cseg_plane *nuclei) {
    size_t count = 0;
    for (size_t y = 0; y < nuclei->height; y++) {
        CSEG_TRY(cseg_progress_cancelled(context));
        const uint32_t *cell = cseg_row_u32(cells, y), *nucleus = cseg_row_u32(nuclei, y);
        uint32_t last = 0;
        for (size_t x = 0; x < nuclei->width; x++) {
            const uint32_t id = cell[x] != 0 ? nucleus[x] : 0;
            if (id != 0 && id != last)
                count++;
            if (id != 0 && runs != NULL)
                runs[count - 1] = (cseg_keyed){id, id != last ? 1 : runs[count - 1].value + 1};
            last = id;
        }
    }
    *found = count;
    return CELLSEG_OK;
}

static uint64_t bin_of(uint64_t area_px, double pixel_size_um) {
    const double diameter_um = 2 * sqrt((double)area_px / 3.14159265358979323846) * pixel_size_um;
    return (uint64_t)(fmin(diameter_um * BINS_PER_UM, BINS - 1) + 0.5);
}

/* Sorted runs to bins, in place. Returns the number of nuclei. */
static size_t runs_to_bins(cseg_keyed *runs, size_t count, double pixel_size_um) {
    size_t nuclei = 0;
    for (size_t i = 0; i < count;) {
        const uint64_t id = runs[i].key;
        uint64_t area = 0;
        for (; i < count && runs[i].key == id; i++)
            area += runs[i].value;
        runs[nuclei++] = (cseg_keyed){bin_of(area, pixel_size_um), area};
    }
    return nuclei;
}

cellseg_status cseg_diameters_runs(cseg_keyed **runs, size_t *count, cellseg_context *context, const cseg_plane *cells,
                                   const cseg_plane *nuclei) {
    *runs = NULL;
    CSEG_TRY(find_runs(context, NULL, count, cells, nuclei));
    *runs = cseg_memory_alloc(context, *count > 0 ? *count : 1, sizeof **runs);
    if (*runs == NULL)
        return cseg_error_last();
    cellseg_status status = find_runs(context, *runs, count, cells, nuclei);
    if (status == CELLSEG_OK)
        status = cseg_sort_keyed(context, *runs, *count);
    if (status != CELLSEG_OK) {
        cseg_memory_free(*runs);
        *runs = NULL;
    }
    return status;
}

cellseg_status cseg_diameters_measure(cseg_diameters *diameters, cellseg_context *context, const cseg_plane *cells,
                                      const cseg_plane *nuclei, double pixel_size_um) {
    size_t count;
    *diameters = (cseg_diameters){.items = NULL};
    CSEG_TRY(cseg_diameters_runs(&diameters->items, &count, context, cells, nuclei));
    diameters->count = runs_to_bins(diameters->items, count, pixel_size_um);
    return CELLSEG_OK;
}

void cseg_diameters_free(cseg_diameters *diameters) {
    cseg_memory_free(diameters->items);
    *diameters = (cseg_diameters){.items = NULL};
}

/* ---- all images ---- */

cellseg_status cseg_diameters_histogram_new(cseg_diameter_histogram *histogram, cellseg_context *context) {
    *histogram = (cseg_diameter_histogram){.counts = cseg_memory_calloc(context, BINS, sizeof *histogram->counts)};
    return histogram->counts != NULL ? CELLSEG_OK : cseg_error_last();
}

void cseg_diameters_histogram_free(cseg_diameter_histogram *histogram) {
    cseg_memory_free(histogram->counts);
    *histogram = (cseg_diameter_histogram){.counts = NULL};
}

void cseg_diameters_histogram_add(cseg_diameter_histogram *histogram, const cseg_diameters *diameters) {
    for (size_t i = 0; i < diameters->count; i++)
        histogram->counts[diameters->items[i].key]++;
    histogram->total += diameters->count;
}

double cseg_diameters_median(const cseg_diameter_histogram *histogram) {
    uint64_t below = 0;
    for (size_t bin = 0; bin < BINS && histogram->total > 0; bin++) {
        below += histogram->counts[bin];
        if (2 * below >= histogram->total)
            return (double)bin / BINS_PER_UM;
    }
    return 0;
}
