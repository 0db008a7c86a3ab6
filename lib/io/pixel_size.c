/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The pixel size that a file states, from up to five sources, compared with each other and with the caller's. A source is
 * believed within the range of light microscopes: 0.01 um is finer than the sampling of any image of whole cells (scanned
 * super-resolution has 0.015 um and more), and 20 um is coarser than the largest pixels of cameras (16 um) under the weakest
 * objectives. Larger pixels hold a cell each. Resolution tags without a microscope's text are mostly a printer's (72 or 300 per
 * inch) or the bare camera's (6.45 um), so that those count only up to 5 um.
 */
#include "io/io.h"

#include <math.h>
#include <string.h>

#define MIN_PIXEL_UM 0.01
#define MAX_PIXEL_UM 20.0
#define MAX_TAG_PIXEL_UM 5.0
#define TOLERANCE 0.01
#define MAX_RATIO 2.0

/* Square pixels by one source, or edges that differ. */
typedef struct source {
    const char *name;
    double x_um, y_um;
} source;

typedef struct sources {
    cellseg_context *context;
    bool own; /* by a file of this library, which writes what the caller stated */
    source items[CSEG_PIXELSIZE_MAX_STATEMENTS];
    size_t count;
} sources;

/* ---- one source ---- */

static double edge(double density, double unit_um) {
    return density > 0 ? unit_um / density : 0;
}

/* Without a microscope's text, resolution tags beyond the limit are no statement, and no reason for a warning. */
cseg_io_scale cseg_pixelsize_by_tags(const cseg_io_calibration *c) {
    const cseg_io_scale scale = {.spacing = {edge(c->x_density, c->unit_um), edge(c->y_density, c->unit_um)}, .unknown_unit = ""};
    const bool plausible = scale.spacing.x_um <= MAX_TAG_PIXEL_UM && scale.spacing.y_um <= MAX_TAG_PIXEL_UM;
    return plausible || c->own ? scale : (cseg_io_scale){.unknown_unit = ""};
}

static bool is_plausible(double um) {
    return um >= MIN_PIXEL_UM && um <= MAX_PIXEL_UM;
}

/* A single stated edge counts for both. */
static void add(sources *s, const cseg_io_statement *statement) {
    const char *name = statement->name;
    const cseg_io_scale *scale = &statement->scale;
    const cseg_io_spacing *spacing = &scale->spacing;
    const double x = spacing->x_um > 0 ? spacing->x_um : spacing->y_um;
    const double y = spacing->y_um > 0 ? spacing->y_um : spacing->x_um;
    if (scale->unknown_unit[0] != '\0')
        cseg_log_write(s->context, CELLSEG_LOG_WARNING, "pixel size: the unit \"%s\" of %s is unknown", scale->unknown_unit,
                       name);
    if (!(x > 0))
        return;
    const bool possible = x >= 1e-4 && x <= 1e4 && y >= 1e-4 && y <= 1e4;
    if (possible && (s->own || (is_plausible(x) && is_plausible(y))))
        s->items[s->count++] = (source){name, x, y};
    else
        cseg_log_write(s->context, CELLSEG_LOG_WARNING,
                       "pixel size: %g um by %s is not believed: a light microscope's pixels have %g to %g um",
                       is_plausible(x) ? y : x, name, MIN_PIXEL_UM, MAX_PIXEL_UM);
}

/* ---- all sources ---- */

static bool differ(double a, double b) {
    return fabs(a - b) > TOLERANCE * fmax(a, b);
}

static cellseg_status agree(const sources *s) {
    const source *first = &s->items[0];
    for (size_t i = 0; i < s->count; i++) {
        const source *other = &s->items[i];
        if (differ(other->x_um, other->y_um))
            return cseg_fail(CELLSEG_ERR_FORMAT, "pixels are not square: %g x %g um by %s; state the pixel size", other->x_um,
                             other->y_um, other->name);
        if (differ(other->x_um, first->x_um))
            return cseg_fail(CELLSEG_ERR_FORMAT, "pixel sizes disagree: %g um by %s, %g um by %s; state the pixel size",
                             first->x_um, first->name, other->x_um, other->name);
    }
    return CELLSEG_OK;
}

/* Exactly 1 um is what software writes that does not know, unless a second source says so too. */
static bool is_doubtful(const sources *s) {
    return s->count == 1 && !s->own && s->items[0].x_um == 1 && s->items[0].y_um == 1;
}

static double ratio(double a, double b) {
    return a > b ? a / b : b / a;
}

/* The caller's size against the source that is nearest. */
static cellseg_status compare(const sources *s, double given_um, bool force) {
    const source *nearest = NULL;
    for (size_t i = 0; i < s->count; i++)
        if (nearest == NULL || ratio(s->items[i].x_um, given_um) < ratio(nearest->x_um, given_um))
            nearest = &s->items[i];
    if (nearest == NULL || !differ(nearest->x_um, given_um))
        return CELLSEG_OK;
    if (ratio(nearest->x_um, given_um) > MAX_RATIO && !force && !is_doubtful(s))
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "the given pixel size is %g um, and by %s %g um; force confirms the given one",
                         given_um, nearest->name, nearest->x_um);
    cseg_log_write(s->context, CELLSEG_LOG_WARNING, "pixel size: %g um is given, and by %s it is %g um", given_um, nearest->name,
                   nearest->x_um);
    return CELLSEG_OK;
}

cellseg_status cseg_pixelsize_choose(double *pixel_size_um, cellseg_context *context, const cseg_io_statement *statements,
                                     size_t count, bool own, const cseg_io_request *request) {
    sources s = {.context = context, .own = own};
    assert(count <= CSEG_PIXELSIZE_MAX_STATEMENTS);
    for (size_t i = 0; i < count; i++)
        add(&s, &statements[i]);
    if (request->pixel_size_um > 0) {
        *pixel_size_um = request->pixel_size_um;
        return compare(&s, request->pixel_size_um, request->force);
    }
    CSEG_TRY(agree(&s));
    *pixel_size_um = s.count > 0 ? s.items[0].x_um : 0;
    if (is_doubtful(&s))
        cseg_log_write(context, CELLSEG_LOG_WARNING,
                       "pixel size: exactly 1 um by %s is what software writes that does not know; state the pixel size",
                       s.items[0].name);
    return CELLSEG_OK;
}
