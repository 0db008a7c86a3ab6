/* SPDX-License-Identifier: BSD-3-Clause */
/* Planes by channel, slice and time point. */
#include "io/axes.h"

#include <string.h>

bool cseg_axes_order(cseg_axes *layout, const char *order) {
    static const char letters[CSEG_AXIS_COUNT + 1] = "CZT";
    uint64_t stride = 1;
    bool found[CSEG_AXIS_COUNT] = {false};
    if (strlen(order) != CSEG_AXIS_COUNT)
        return false;
    for (size_t i = 0; i < CSEG_AXIS_COUNT; i++) {
        const char *letter = strchr(letters, order[i]);
        if (letter == NULL || found[letter - letters])
            return false;
        found[letter - letters] = true;
        layout->stride[letter - letters] = stride;
        stride *= layout->size[letter - letters];
    }
    return true;
}

uint64_t cseg_axes_planes(const cseg_axes *layout) {
    return (uint64_t)layout->size[CSEG_AXIS_C] * layout->size[CSEG_AXIS_Z] * layout->size[CSEG_AXIS_T];
}

cellseg_status cseg_axes_reserve(cseg_axes *layout, cellseg_context *context, size_t runs, size_t others, size_t names) {
    layout->runs = cseg_memory_calloc(context, runs, sizeof *layout->runs);
    layout->others = layout->runs != NULL ? cseg_memory_calloc(context, others, sizeof *layout->others) : NULL;
    layout->names = layout->others != NULL ? cseg_memory_calloc(context, names, sizeof *layout->names) : NULL;
    return layout->names != NULL ? CELLSEG_OK : cseg_error_last();
}

void cseg_axes_free(cseg_axes *layout) {
    cseg_memory_free(layout->runs);
    cseg_memory_free(layout->others);
    cseg_memory_free(layout->names);
    *layout = (cseg_axes){0};
}

cellseg_status cseg_axes_single_run(cseg_axes *layout, cellseg_context *context, const char *order) {
    CSEG_TRY(cseg_axes_reserve(layout, context, 1, 0, 0));
    if (!cseg_axes_order(layout, order))
        return cseg_fail(CELLSEG_ERR_FORMAT, "the order of dimensions \"%.16s\" is unknown", order);
    layout->runs[0] = (cseg_axes_run){.count = cseg_axes_planes(layout)};
    layout->run_count = 1;
    return CELLSEG_OK;
}

uint64_t cseg_axes_number(const cseg_axes *layout, const uint32_t at[CSEG_AXIS_COUNT]) {
    uint64_t number = 0;
    for (size_t axis = 0; axis < CSEG_AXIS_COUNT; axis++)
        number += at[axis] * layout->stride[axis];
    return number;
}

static bool holds(const cseg_axes_run *run, uint64_t number) {
    return number >= run->first && number - run->first < run->count;
}

/* The last run that begins at or before a plane, by bisection. */
static const cseg_axes_run *last_before(const cseg_axes *layout, uint64_t number) {
    size_t low = 0, high = layout->run_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (layout->runs[middle].first <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &layout->runs[low - 1] : NULL;
}

bool cseg_axes_find(size_t *page, const char **file, const cseg_axes *layout, const uint32_t at[CSEG_AXIS_COUNT]) {
    const uint64_t number = cseg_axes_number(layout, at);
    const cseg_axes_run *run = last_before(layout, number);
    *file = NULL;
    if (run != NULL && holds(run, number)) {
        *page = run->page + (size_t)(number - run->first);
        return true;
    }
    for (size_t i = 0; i < layout->other_count && *file == NULL; i++)
        if (holds(&layout->others[i], number))
            *file = layout->others[i].file;
    return false;
}

/* ---- extent ---- */

static void include(cseg_axes_extent *extent, const cseg_axes *layout, uint64_t number) {
    for (size_t axis = 0; axis < CSEG_AXIS_COUNT; axis++) {
        const uint32_t at = (uint32_t)(number / layout->stride[axis] % layout->size[axis]);
        if (at < extent->lowest[axis])
            extent->lowest[axis] = at;
        if (at > extent->highest[axis])
            extent->highest[axis] = at;
        if (axis == CSEG_AXIS_C)
            extent->channels[at] = true;
    }
}

static void include_all(cseg_axes_extent *extent, const cseg_axes *layout) {
    for (size_t axis = 0; axis < CSEG_AXIS_COUNT; axis++) {
        extent->lowest[axis] = 0;
        extent->highest[axis] = layout->size[axis] - 1;
    }
    for (uint32_t c = 0; c < layout->size[CSEG_AXIS_C]; c++)
        extent->channels[c] = true;
}

/* A run that is not the whole is of pages that are there, so that the loop is as long as the file. */
void cseg_axes_measure(cseg_axes_extent *extent, const cseg_axes *layout) {
    *extent = (cseg_axes_extent){.lowest = {UINT32_MAX, UINT32_MAX, UINT32_MAX}};
    for (size_t i = 0; i < layout->run_count; i++) {
        const cseg_axes_run *run = &layout->runs[i];
        if (run->count == cseg_axes_planes(layout))
            include_all(extent, layout);
        else
            for (uint64_t n = 0; n < run->count; n++)
                include(extent, layout, run->first + n);
    }
}
