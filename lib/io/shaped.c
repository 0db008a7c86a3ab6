/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * tifffile's description. Without axes the leading dimensions are channels; so is an axis that is neither C, Z nor T. The planes
 * of a truncated file lie behind its only page.
 */
#include "io/shaped.h"

#include <string.h>

enum { MAX_DIMENSIONS = 16 };

typedef struct shape {
    uint32_t sizes[MAX_DIMENSIONS]; /* the slowest first */
    size_t count;
    const char *axes; /* a letter for each; NULL: not stated */
    bool truncated;
} shape;

static bool read_sizes(shape *s, const char *text) {
    static const char head[] = "\"shape\": [";
    text = text != NULL && *text == '{' ? strstr(text, head) : NULL;
    if (text == NULL)
        return false;
    for (text += sizeof head - 1; s->count < MAX_DIMENSIONS; text++) {
        const size_t length = strcspn(text, ",]");
        if (!cseg_quantity_parse_whole(&s->sizes[s->count++], text, length, INT32_MAX))
            return false;
        text += length;
        if (*text != ',')
            return *text == ']';
    }
    return false;
}

static bool read_shape(shape *s, const char *description) {
    static const char axes[] = "\"axes\": \"";
    *s = (shape){.count = 0};
    if (!read_sizes(s, description))
        return false;
    s->truncated = strstr(description, "\"truncated\": true") != NULL;
    s->axes = strstr(description, axes);
    if (s->axes != NULL)
        s->axes += sizeof axes - 1;
    return s->axes == NULL || strcspn(s->axes, "\"") == s->count;
}

static size_t axis_of(char letter) {
    return letter == 'Z' ? CSEG_AXIS_Z : letter == 'T' ? CSEG_AXIS_T : CSEG_AXIS_C;
}

/* Whether a dimension is within a page. Without axes: the last two, and the last of all where pages have several samples. */
static bool is_within_page(const shape *s, size_t i, uint16_t samples) {
    if (s->axes != NULL)
        return s->axes[i] == 'Y' || s->axes[i] == 'X' || s->axes[i] == 'S';
    return i + 2 + (samples > 1) >= s->count;
}

bool cseg_shaped_is(const char *description) {
    shape s;
    if (!read_shape(&s, description))
        return false;
    for (size_t i = 0; s.axes != NULL && i < s.count; i++)
        if (axis_of(s.axes[i]) != CSEG_AXIS_C && s.sizes[i] > 1)
            return true;
    return s.truncated;
}

/* The sizes, and the axes from the fastest to the slowest; axes without planes come last. */
static bool order_axes(cseg_axes *axes, char order[CSEG_AXIS_COUNT + 1], const shape *s, uint16_t samples) {
    static const char letters[] = "CZT";
    size_t used = 0;
    for (size_t axis = 0; axis < CSEG_AXIS_COUNT; axis++)
        axes->size[axis] = 0;
    for (size_t i = s->count; i-- > 0;) {
        const size_t axis = s->axes != NULL ? axis_of(s->axes[i]) : CSEG_AXIS_C;
        if (is_within_page(s, i, samples) || s->sizes[i] == 1)
            continue;
        if (axes->size[axis] != 0 || s->sizes[i] == 0)
            return false;
        axes->size[axis] = s->sizes[i];
        order[used++] = letters[axis];
    }
    for (size_t axis = 0; axis < CSEG_AXIS_COUNT; axis++)
        if (axes->size[axis] == 0) {
            axes->size[axis] = 1;
            order[used++] = letters[axis];
        }
    order[CSEG_AXIS_COUNT] = '\0';
    return axes->size[CSEG_AXIS_C] <= CSEG_AXES_MAX_CHANNELS && axes->size[CSEG_AXIS_Z] <= CSEG_AXES_MAX_SIZE &&
           axes->size[CSEG_AXIS_T] <= CSEG_AXES_MAX_SIZE;
}

cellseg_status cseg_shaped_lay_out(cseg_axes *axes, cellseg_context *context, const cseg_io_contents *contents) {
    const char *description = contents->calibration.description;
    char order[CSEG_AXIS_COUNT + 1] = "";
    shape s;
    const bool fine = read_shape(&s, description) && order_axes(axes, order, &s, contents->samples[0]);
    const uint64_t planes = fine ? cseg_axes_planes(axes) : 0;
    if (planes != contents->pages && !(fine && contents->pages == 1 && s.truncated))
        return cseg_fail(CELLSEG_ERR_FORMAT, "the description %.80s contradicts the file's %zu pages", description,
                         contents->pages);
    return cseg_axes_single_run(axes, context, order);
}
