/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pixel size that a file states, from up to four sources, compared with each other. Resolution tags without a microscope's
 * text are mostly a printer's (72 or 300 per inch) or the bare camera's (6.45 um). They count only up to 5 um; larger pixels
 * cannot resolve cells. The stack sizes in the same texts are checked here too.
 */
#include "io/io.h"

#include <math.h>
#include <string.h>

#define MAX_TAG_PIXEL_UM 5.0
#define TOLERANCE 0.01

/* The value of a line "key=value" in ImageJ's description; NULL if there is none. */
static const char *imagej_value(const char *description, const char *key, size_t *length) {
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

static double edge(double density, double unit_um) {
    return density > 0 ? unit_um / density : 0;
}

static bool by_imagej(const char *description) {
    return description != NULL && strncmp(description, "ImageJ=", 7) == 0;
}

/* ImageJ states the unit in its description. Its resolution tags are pixels per that unit, and their own unit is ignored. */
static bool is_imagej(const cseg_io_calibration *c) {
    size_t length;
    return by_imagej(c->description) && imagej_value(c->description, "unit", &length) != NULL;
}

static cseg_io_spacing imagej_spacing(const cseg_io_calibration *c) {
    size_t x_length = 0, y_length = 0;
    const char *x_unit = imagej_value(c->description, "unit", &x_length);
    const char *y_unit = imagej_value(c->description, "yunit", &y_length);
    const double x_um = cseg_number_unit_um(x_unit, x_length);
    return (cseg_io_spacing){edge(c->x_density, x_um),
                             edge(c->y_density, y_unit != NULL ? cseg_number_unit_um(y_unit, y_length) : x_um)};
}

static cseg_io_spacing tag_spacing(const cseg_io_calibration *c) {
    const cseg_io_spacing spacing = {edge(c->x_density, c->unit_um), edge(c->y_density, c->unit_um)};
    const bool plausible = spacing.x_um <= MAX_TAG_PIXEL_UM && spacing.y_um <= MAX_TAG_PIXEL_UM;
    return plausible || c->own ? spacing : (cseg_io_spacing){0, 0};
}

static bool differ(double a, double b) {
    return fabs(a - b) > TOLERANCE * fmax(a, b);
}

/* The edge of one source's square pixels, or 0 if an image may not have that size. A single stated edge counts for both. */
static cellseg_status square(double *um, cseg_io_spacing spacing, const char *source) {
    const double x = spacing.x_um > 0 ? spacing.x_um : spacing.y_um;
    const double y = spacing.y_um > 0 ? spacing.y_um : spacing.x_um;
    *um = x >= 1e-4 && x <= 1e4 && y >= 1e-4 && y <= 1e4 ? x : 0;
    if (*um != 0 && differ(x, y))
        return cseg_fail(CELLSEG_ERR_FORMAT, "pixels are not square: %s gives %g x %g um; state the pixel size", source, x, y);
    return CELLSEG_OK;
}

cellseg_status cseg_pixel_size_find(double *pixel_size_um, const cseg_io_calibration *calibration) {
    const char *text = calibration->description != NULL ? calibration->description : "";
    const cseg_io_spacing none = {0, 0};
    const struct {
        const char *name;
        cseg_io_spacing spacing;
    } sources[] = {
        {"OME-XML", cseg_ome_spacing(text)},
        {"ImageJ", is_imagej(calibration) ? imagej_spacing(calibration) : none},
        {"MetaMorph's description", cseg_ome_metamorph_spacing(text)},
        {"MetaMorph's tags", calibration->metamorph},
        {"the resolution tags", is_imagej(calibration) ? none : tag_spacing(calibration)},
    };
    const char *by = NULL;
    *pixel_size_um = 0;
    for (size_t i = 0; i < sizeof sources / sizeof *sources; i++) {
        double um;
        CSEG_TRY(square(&um, sources[i].spacing, sources[i].name));
        if (um == 0)
            continue;
        if (by != NULL && differ(um, *pixel_size_um))
            return cseg_fail(CELLSEG_ERR_FORMAT, "pixel sizes disagree: %s gives %g um, %s %g um; state the pixel size", by,
                             *pixel_size_um, sources[i].name, um);
        if (by == NULL) {
            by = sources[i].name;
            *pixel_size_um = um;
        }
    }
    return CELLSEG_OK;
}

/* ---- stacks ---- */

static double imagej_number(const char *description, const char *key) {
    size_t length = 0;
    const char *text = imagej_value(description, key, &length);
    return text != NULL ? cseg_number_parse(text, length) : 0;
}

/* ImageJ stores the further planes of a large stack behind its only page. OME-XML in a file of one plane may describe many
 * files. */
cellseg_status cseg_pixel_check_stack(const char *description, uint64_t channels) {
    cseg_io_stack stack = {0, 0};
    if (by_imagej(description))
        stack = (cseg_io_stack){imagej_number(description, "slices"), imagej_number(description, "frames")};
    else if (description != NULL && channels > 1)
        stack = cseg_ome_stack(description);
    if (stack.slices <= 1 && stack.times <= 1)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_FORMAT,
                     "a stack of %.0f slices (Z) and %.0f time points (T) is not supported; save one plane of it",
                     fmax(stack.slices, 1), fmax(stack.times, 1));
}
