/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ImageJ's description, which SCIFIO writes too: the numbers of channels, slices and time points, and the unit of the resolution
 * tags. Planes follow each other channel by channel, then slice by slice. ImageJ writes one page for all of them where a file is
 * large; the further planes then lie behind the first in the file.
 */
#include "io/imagej.h"

#include <string.h>

/* The value of a line "key=value"; NULL if there is none. */
static const char *value_of(const char *description, const char *key, size_t *length) {
    const size_t key_length = strlen(key);
    for (const char *line = description; line != NULL; line = strchr(line, '\n')) {
        line += *line == '\n';
        if (strncmp(line, key, key_length) == 0 && line[key_length] == '=') {
            *length = strcspn(line + key_length + 1, "\r\n");
            return line + key_length + 1;
        }
    }
    return NULL;
}

bool cseg_imagej_is(const char *description) {
    return description != NULL && (strncmp(description, "ImageJ=", 7) == 0 || strncmp(description, "SCIFIO=", 7) == 0);
}

/* ---- pixel size ---- */

bool cseg_imagej_has_unit(const char *description) {
    size_t length;
    return cseg_imagej_is(description) && value_of(description, "unit", &length) != NULL;
}

static double edge(cseg_io_scale *scale, double density, const char *unit, size_t length) {
    if (density > 0 && !cseg_quantity_unit_is_known(unit, length)) {
        const size_t kept = length < sizeof scale->unknown_unit ? length : sizeof scale->unknown_unit - 1;
        memcpy(scale->unknown_unit, unit, kept);
        scale->unknown_unit[kept] = '\0';
    }
    return density > 0 ? cseg_quantity_unit_um(unit, length) / density : 0;
}

cseg_io_scale cseg_imagej_scale(const cseg_io_calibration *calibration) {
    cseg_io_scale scale = {.unknown_unit = ""};
    size_t x_length = 0, y_length = 0;
    if (!cseg_imagej_has_unit(calibration->description))
        return scale;
    const char *x_unit = value_of(calibration->description, "unit", &x_length);
    const char *y_unit = value_of(calibration->description, "yunit", &y_length);
    scale.spacing.x_um = edge(&scale, calibration->x_density, x_unit, x_length);
    scale.spacing.y_um =
        edge(&scale, calibration->y_density, y_unit != NULL ? y_unit : x_unit, y_unit != NULL ? y_length : x_length);
    return scale;
}

/* ---- planes ---- */

/* *number is unchanged where there is no such line. */
static cellseg_status read_number(uint32_t *number, const char *description, const char *key, uint32_t highest) {
    size_t length = 0;
    const char *text = value_of(description, key, &length);
    if (text == NULL || (cseg_quantity_parse_whole(number, text, length, highest) && *number > 0))
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_FORMAT, "ImageJ's description has %s=%.*s; it must be a number from 1 to %u", key,
                     (int)(length < 40 ? length : 40), text, (unsigned)highest);
}

/* Without sizes, the images of a stack are its slices, unless their number is not stated either. The channels of a picture in
 * colour may be the samples of its pages. */
static void complete(cseg_axes *axes, uint32_t images, const cseg_io_contents *contents) {
    const uint16_t samples = contents->samples[0];
    uint32_t *size = axes->size;
    if (cseg_axes_planes(axes) == 1 && images > 1)
        size[CSEG_AXIS_Z] = images;
    else if (cseg_axes_planes(axes) == 1 && images == 0 && contents->pages <= CSEG_AXES_MAX_CHANNELS)
        size[CSEG_AXIS_C] = (uint32_t)contents->pages;
    else if (samples > 1 && size[CSEG_AXIS_C] == samples && contents->pages == size[CSEG_AXIS_Z] * (uint64_t)size[CSEG_AXIS_T])
        size[CSEG_AXIS_C] = 1;
}

static cellseg_status check_numbers(const cseg_axes *axes, uint32_t images, uint32_t channels, const cseg_io_contents *contents) {
    const uint32_t *size = axes->size;
    const uint64_t planes = cseg_axes_planes(axes);
    if (images != 0 && images != planes && images != planes * channels)
        return cseg_fail(
            CELLSEG_ERR_FORMAT, "ImageJ's description states %u images, and %u channels, %u slices (Z) and %u time points (T)",
            (unsigned)images, (unsigned)(channels * size[CSEG_AXIS_C]), (unsigned)size[CSEG_AXIS_Z], (unsigned)size[CSEG_AXIS_T]);
    if (contents->pages != planes && contents->pages != 1)
        return cseg_fail(CELLSEG_ERR_FORMAT, "ImageJ's description states %llu images, and the file has %zu pages",
                         (unsigned long long)planes, contents->pages);
    return CELLSEG_OK;
}

/* The axes from the fastest to the slowest; the usual order is not stated. */
static void read_order(char order[CSEG_AXIS_COUNT + 1], const char *description) {
    size_t length = 0;
    const char *text = value_of(description, "order", &length);
    if (text == NULL || (length == 7 && strncmp(text, "default", 7) == 0)) {
        text = "CZT";
        length = CSEG_AXIS_COUNT;
    }
    for (size_t i = 0; i < CSEG_AXIS_COUNT; i++)
        order[i] = (char)(length == CSEG_AXIS_COUNT && text[i] >= 'a' && text[i] <= 'z' ? text[i] - 'a' + 'A'
                          : length == CSEG_AXIS_COUNT                                   ? text[i]
                                                                                        : '?');
    order[CSEG_AXIS_COUNT] = '\0';
}

cellseg_status cseg_imagej_lay_out(cseg_axes *axes, cellseg_context *context, const cseg_io_contents *contents) {
    const char *description = contents->calibration.description;
    uint32_t images = 0, size[CSEG_AXIS_COUNT] = {1, 1, 1};
    char order[CSEG_AXIS_COUNT + 1];
    CSEG_TRY(read_number(&images, description, "images", INT32_MAX));
    CSEG_TRY(read_number(&size[CSEG_AXIS_C], description, "channels", CSEG_AXES_MAX_CHANNELS));
    CSEG_TRY(read_number(&size[CSEG_AXIS_Z], description, "slices", CSEG_AXES_MAX_SIZE));
    CSEG_TRY(read_number(&size[CSEG_AXIS_T], description, "frames", CSEG_AXES_MAX_SIZE));
    memcpy(axes->size, size, sizeof size);
    complete(axes, images, contents);
    const uint32_t in_samples = size[CSEG_AXIS_C] / axes->size[CSEG_AXIS_C];
    CSEG_TRY(check_numbers(axes, images, in_samples > 1 ? in_samples : 1, contents));
    read_order(order, description);
    return cseg_axes_single_run(axes, context, order);
}
