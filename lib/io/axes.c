/* SPDX-License-Identifier: BSD-3-Clause */
/* Planes by channel, slice and time point. */
#include "io/axes.h"

#include <string.h>

bool cseg_axes_order(cseg_axes *axes, const char *order) {
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
        axes->stride[letter - letters] = stride;
        stride *= axes->size[letter - letters];
    }
    return true;
}

uint64_t cseg_axes_planes(const cseg_axes *axes) {
    return (uint64_t)axes->size[CSEG_AXIS_C] * axes->size[CSEG_AXIS_Z] * axes->size[CSEG_AXIS_T];
}

cellseg_status cseg_axes_reserve(cseg_axes *axes, cellseg_context *context, size_t runs, size_t others, size_t names) {
    axes->runs = cseg_memory_calloc(context, runs, sizeof *axes->runs);
    axes->others = axes->runs != NULL ? cseg_memory_calloc(context, others, sizeof *axes->others) : NULL;
    axes->names = axes->others != NULL ? cseg_memory_calloc(context, names, sizeof *axes->names) : NULL;
    return axes->names != NULL ? CELLSEG_OK : cseg_error_last();
}

void cseg_axes_free(cseg_axes *axes) {
    cseg_memory_free(axes->runs);
    cseg_memory_free(axes->others);
    cseg_memory_free(axes->names);
    *axes = (cseg_axes){0};
}

cellseg_status cseg_axes_single_run(cseg_axes *axes, cellseg_context *context, const char *order) {
    CSEG_TRY(cseg_axes_reserve(axes, context, 1, 0, 0));
    if (!cseg_axes_order(axes, order))
        return cseg_fail(CELLSEG_ERR_FORMAT, "the order of dimensions \"%.16s\" is unknown", order);
    axes->runs[0] = (cseg_axes_run){.count = cseg_axes_planes(axes)};
    axes->run_count = 1;
    return CELLSEG_OK;
}

uint64_t cseg_axes_number(const cseg_axes *axes, const uint32_t at[CSEG_AXIS_COUNT]) {
    uint64_t number = 0;
    for (size_t axis = 0; axis < CSEG_AXIS_COUNT; axis++)
        number += at[axis] * axes->stride[axis];
    return number;
}

static bool holds(const cseg_axes_run *run, uint64_t number) {
    return number >= run->first && number - run->first < run->count;
}

/* The last run that begins at or before a plane, by bisection. */
static const cseg_axes_run *last_before(const cseg_axes *axes, uint64_t number) {
    size_t low = 0, high = axes->run_count;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (axes->runs[middle].first <= number)
            low = middle + 1;
        else
            high = middle;
    }
    return low > 0 ? &axes->runs[low - 1] : NULL;
}

bool cseg_axes_find(size_t *page, const char **file, const cseg_axes *axes, const uint32_t at[CSEG_AXIS_COUNT]) {
    const uint64_t number = cseg_axes_number(axes, at);
    const cseg_axes_run *run = last_before(axes, number);
    *file = NULL;
    if (run != NULL && holds(run, number)) {
        *page = run->page + (size_t)(number - run->first);
        return true;
    }
    for (size_t i = 0; i < axes->other_count && *file == NULL; i++)
        if (holds(&axes->others[i], number))
            *file = axes->others[i].file;
    return false;
}

/* ---- extent ---- */

static void include(cseg_axes_extent *extent, const cseg_axes *axes, uint64_t number) {
    for (size_t axis = 0; axis < CSEG_AXIS_COUNT; axis++) {
        const uint32_t at = (uint32_t)(number / axes->stride[axis] % axes->size[axis]);
        if (at < extent->lowest[axis])
            extent->lowest[axis] = at;
        if (at > extent->highest[axis])
            extent->highest[axis] = at;
        if (axis == CSEG_AXIS_C)
            extent->channels[at] = true;
    }
}

static void include_all(cseg_axes_extent *extent, const cseg_axes *axes) {
    for (size_t axis = 0; axis < CSEG_AXIS_COUNT; axis++) {
        extent->lowest[axis] = 0;
        extent->highest[axis] = axes->size[axis] - 1;
    }
    for (uint32_t c = 0; c < axes->size[CSEG_AXIS_C]; c++)
        extent->channels[c] = true;
}

/* A run that is not the whole is of pages that are there, so that the loop is as long as the file. */
void cseg_axes_measure(cseg_axes_extent *extent, const cseg_axes *axes) {
    *extent = (cseg_axes_extent){.lowest = {UINT32_MAX, UINT32_MAX, UINT32_MAX}};
    for (size_t i = 0; i < axes->run_count; i++) {
        const cseg_axes_run *run = &axes->runs[i];
        if (run->count == cseg_axes_planes(axes))
            include_all(extent, axes);
        else
            for (uint64_t n = 0; n < run->count; n++)
                include(extent, axes, run->first + n);
    }
}
