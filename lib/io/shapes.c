/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Polygons into label maps. Every edge turns over, in each row whose middle it crosses, the pixels whose centres lie to its
 * right: one mark per crossing. A running exclusive-or along the row gives the inside by the even-odd rule. Cost: the crossings,
 * and the area of each polygon's box.
 */
#include "io/shapes.h"

#include <math.h>

/* Beyond this, coordinates are no pixels, and doubles hold no fraction of them. */
static const double farthest = 1e9;

enum { CIRCLE_CORNERS = 64, ROWS_PER_POLL = 64 };

typedef struct polygon {
    uint64_t ordinal;
    size_t first_ring;
    uint32_t stated;
    int32_t kind;
} polygon;

/* ---- gathering ---- */

int cseg_shapes_kind(const char *name) {
    static const char start[] = "nucle";
    for (size_t i = 0; start[i] != '\0'; i++)
        if (name == NULL || (name[i] | 0x20) != start[i])
            return CSEG_SHAPES_CELL;
    return CSEG_SHAPES_NUCLEUS;
}

uint32_t cseg_shapes_id(const char *text) {
    uint64_t id = 0;
    for (size_t i = 0; text != NULL && text[i] != '\0'; i++) {
        if (text[i] < '0' || text[i] > '9' || id > UINT32_MAX)
            return 0;
        id = 10 * id + (uint64_t)(text[i] - '0');
    }
    return id <= UINT32_MAX ? (uint32_t)id : 0;
}

static size_t point_count(const cseg_shapes *shapes) {
    return shapes->points.length / (2 * sizeof(double));
}

static size_t ring_count(const cseg_shapes *shapes) {
    return shapes->rings.length / sizeof(size_t);
}

static void fail_shapes(cseg_shapes *shapes, cellseg_status status) {
    if (shapes->status == CELLSEG_OK)
        shapes->status = status;
}

void cseg_shapes_begin(cseg_shapes *shapes, int kind, uint32_t stated, uint64_t ordinal) {
    const polygon next = {.ordinal = ordinal, .first_ring = ring_count(shapes), .stated = stated, .kind = kind};
    if (shapes->status != CELLSEG_OK)
        return;
    cseg_text_add_bytes(&shapes->polygons, &next, sizeof next);
    shapes->status = shapes->polygons.status;
}

void cseg_shapes_add_point(cseg_shapes *shapes, double x, double y) {
    const double point[2] = {x, y};
    if (shapes->status != CELLSEG_OK)
        return;
    if (!(fabs(x) <= farthest && fabs(y) <= farthest))
        fail_shapes(shapes, cseg_fail(CELLSEG_ERR_FORMAT, "outline %zu has a corner at x %g, y %g, which are no pixels",
                                      ring_count(shapes) + 1, x, y));
    else
        cseg_text_add_bytes(&shapes->points, point, sizeof point);
    fail_shapes(shapes, shapes->points.status);
}

void cseg_shapes_end_ring(cseg_shapes *shapes) {
    const size_t end = point_count(shapes);
    if (shapes->status != CELLSEG_OK)
        return;
    cseg_text_add_bytes(&shapes->rings, &end, sizeof end);
    fail_shapes(shapes, shapes->rings.status);
}

void cseg_shapes_add_box(cseg_shapes *shapes, double left, double top, double right, double bottom) {
    cseg_shapes_add_point(shapes, left, top);
    cseg_shapes_add_point(shapes, right, top);
    cseg_shapes_add_point(shapes, right, bottom);
    cseg_shapes_add_point(shapes, left, bottom);
    cseg_shapes_end_ring(shapes);
}

/* Corners by turning a vector by one step at a time, since the C library's cosine differs between machines. */
void cseg_shapes_add_ellipse(cseg_shapes *shapes, double x, double y, double radius_x, double radius_y) {
    static const double cosine = 0.99518472667219688624, sine = 0.09801714032956060199; /* of a circle's 64th */
    double u = 1, v = 0;
    for (int i = 0; i < CIRCLE_CORNERS; i++) {
        cseg_shapes_add_point(shapes, x + radius_x * u, y + radius_y * v);
        const double turned = u * cosine - v * sine;
        v = u * sine + v * cosine;
        u = turned;
    }
    cseg_shapes_end_ring(shapes);
}

void cseg_shapes_add_pairs(cseg_shapes *shapes, const cseg_json *pairs) {
    const cseg_json *pair = cseg_json_is(pairs, CSEG_JSON_ARRAY) ? pairs->child : NULL;
    if (pair == NULL)
        fail_shapes(shapes, cseg_fail(CELLSEG_ERR_FORMAT, "outline %zu is no list of points", ring_count(shapes) + 1));
    for (; pair != NULL && shapes->status == CELLSEG_OK; pair = pair->next) {
        const cseg_json *x = cseg_json_is(pair, CSEG_JSON_ARRAY) ? pair->child : NULL, *y = x != NULL ? x->next : NULL;
        if (!cseg_json_is(x, CSEG_JSON_NUMBER) || !cseg_json_is(y, CSEG_JSON_NUMBER))
            fail_shapes(shapes,
                        cseg_fail(CELLSEG_ERR_FORMAT, "outline %zu has a point that is no [x, y]", ring_count(shapes) + 1));
        else
            cseg_shapes_add_point(shapes, x->number, y->number);
    }
    cseg_shapes_end_ring(shapes);
}

void cseg_shapes_free(cseg_shapes *shapes) {
    cseg_memory_free(shapes->points.bytes);
    cseg_memory_free(shapes->rings.bytes);
    cseg_memory_free(shapes->polygons.bytes);
}

/* ---- painting ---- */

/* What the file's objects lost: how many, and an example. */
typedef struct losses {
    uint64_t pixels;       /* that lie in an earlier object too */
    size_t hidden, beyond; /* polygons without a pixel of their own; that reach beyond the image */
    uint32_t id, other;    /* of the first such pixel */
    size_t y, x;
    uint32_t hidden_id, beyond_id;
} losses;

typedef struct painter {
    const cseg_shapes *shapes;
    size_t height, width;
    uint8_t *marks; /* height rows of width + 1 */
    bool by_stated; /* ids */
    losses lost;
} painter;

/* Half-open ranges of pixels that a polygon may cover. */
typedef struct box {
    size_t top, bottom, left, right;
} box;

static const char *const kind_names[CSEG_SHAPES_KINDS] = {"cell", "nucleus"};

/* The first whole number at or above v - 1/2, which is the first pixel whose centre is at or right of v, from 0 to `most`. */
static size_t first_at(double v, size_t most) {
    const double first = ceil(v - 0.5);
    return first <= 0 ? 0 : first >= (double)most ? most : (size_t)first;
}

/* The box of the points; CELLSEG_ERR_FORMAT if all of it lies outside the image. */
static cellseg_status find_box(box *b, painter *p, const double *points, size_t count, uint32_t id, const char *kind) {
    double low[2] = {points[0], points[1]}, high[2] = {points[0], points[1]};
    for (size_t i = 0; i < 2 * count; i++) {
        low[i % 2] = fmin(low[i % 2], points[i]);
        high[i % 2] = fmax(high[i % 2], points[i]);
    }
    const double width = (double)p->width, height = (double)p->height;
    if (high[0] < 0 || high[1] < 0 || low[0] > width || low[1] > height)
        return cseg_fail(CELLSEG_ERR_FORMAT,
                         "%s %u lies at x %.0f to %.0f, y %.0f to %.0f, outside the image of %zu x %zu pixels (width x height)",
                         kind, (unsigned)id, low[0], high[0], low[1], high[1], p->width, p->height);
    if ((low[0] < -1 || low[1] < -1 || high[0] > width + 1 || high[1] > height + 1) && p->lost.beyond++ == 0)
        p->lost.beyond_id = id;
    *b =
        (box){first_at(low[1], p->height), first_at(high[1], p->height), first_at(low[0], p->width), first_at(high[0], p->width)};
    return CELLSEG_OK;
}

static double clamped(double value, double end, double other_end) {
    return fmin(fmax(value, fmin(end, other_end)), fmax(end, other_end));
}

/* One mark where an edge crosses the middle of a row. Rounding must not carry the mark beyond the edge, out of the box, where
 * nothing clears it. */
static void mark_edge(const painter *p, const double *from, const double *to) {
    const double *low = from[1] < to[1] ? from : to, *high = from[1] < to[1] ? to : from;
    const size_t end = first_at(high[1], p->height);
    const double slope = (high[0] - low[0]) / (high[1] - low[1]); /* unused for a level edge, which crosses no row */
    for (size_t y = first_at(low[1], p->height); y < end; y++) {
        const double x = clamped(low[0] + ((double)y + 0.5 - low[1]) * slope, low[0], high[0]);
        p->marks[y * (p->width + 1) + first_at(x, p->width)] ^= 1;
    }
}

static cellseg_status mark_rings(const painter *p, size_t first_ring, size_t end_ring) {
    const size_t *ends = (const size_t *)(const void *)p->shapes->rings.bytes;
    const double *points = (const double *)(const void *)p->shapes->points.bytes;
    for (size_t ring = first_ring; ring < end_ring; ring++) {
        const size_t start = ring > 0 ? ends[ring - 1] : 0, end = ends[ring];
        for (size_t i = start; i < end; i++) {
            mark_edge(p, points + 2 * i, points + 2 * (i + 1 < end ? i + 1 : start));
            if (i % ROWS_PER_POLL == 0)
                CSEG_TRY(cseg_progress_poll(p->shapes->context, (double)ring / (double)ring_count(p->shapes)));
        }
    }
    return CELLSEG_OK;
}

/* Paint a row of the box, and clear its marks; gives how many pixels became the object's. */
static size_t paint_row(painter *p, uint32_t *labels, size_t y, const box *b, uint32_t id) {
    uint8_t *marks = p->marks + y * (p->width + 1), inside = 0;
    size_t own = 0;
    for (size_t x = b->left; x < b->right; x++) {
        inside ^= marks[x];
        marks[x] = 0;
        if (inside == 0)
            continue;
        if (labels[x] == 0)
            labels[x] = id;
        own += labels[x] == id;
        if (labels[x] != id && p->lost.pixels++ == 0) {
            p->lost.id = id;
            p->lost.other = labels[x];
            p->lost.y = y;
            p->lost.x = x;
        }
    }
    marks[b->right] = 0;
    return own;
}

static cellseg_status paint_polygon(painter *p, const cseg_plane *labels, const polygon *of, size_t end_ring, uint32_t id) {
    const size_t *ends = (const size_t *)(const void *)p->shapes->rings.bytes;
    const size_t start = of->first_ring > 0 ? ends[of->first_ring - 1] : 0;
    const size_t count = end_ring > of->first_ring ? ends[end_ring - 1] - start : 0;
    size_t own = 0;
    if (count > 0) {
        box b;
        const double *points = (const double *)(const void *)p->shapes->points.bytes;
        CSEG_TRY(find_box(&b, p, points + 2 * start, count, id, kind_names[of->kind]));
        CSEG_TRY(mark_rings(p, of->first_ring, end_ring));
        for (size_t y = b.top; y < b.bottom; y++)
            own += paint_row(p, cseg_row_u32(labels, y), y, &b, id);
    }
    if (own == 0 && p->lost.hidden++ == 0)
        p->lost.hidden_id = id;
    return cseg_progress_poll(p->shapes->context, (double)end_ring / (double)ring_count(p->shapes));
}

static cellseg_status paint_all(painter *p, cellseg_labels *const *maps) {
    const polygon *polygons = (const polygon *)(const void *)p->shapes->polygons.bytes;
    const size_t count = p->shapes->polygons.length / sizeof *polygons;
    for (size_t i = 0; i < count; i++) {
        const uint64_t id = p->by_stated ? polygons[i].stated : polygons[i].ordinal;
        const cseg_plane labels = cseg_labels_plane(maps[polygons[i].kind]);
        if (id == 0 || id > UINT32_MAX)
            return cseg_fail(CELLSEG_ERR_FORMAT, "an object has the number %llu; ids are from 1 to 4294967295",
                             (unsigned long long)id);
        CSEG_TRY(paint_polygon(p, &labels, &polygons[i], i + 1 < count ? polygons[i + 1].first_ring : ring_count(p->shapes),
                               (uint32_t)id));
    }
    return CELLSEG_OK;
}

static void warn(const painter *p) {
    const losses *l = &p->lost;
    cellseg_context *context = p->shapes->context;
    if (l->pixels > 0)
        cseg_log_write(
            context, CELLSEG_LOG_WARNING,
            "objects overlap in %llu pixels, which belong to the first object in the file: row %zu, column %zu to %u, not "
            "to %u",
            (unsigned long long)l->pixels, l->y, l->x, (unsigned)l->other, (unsigned)l->id);
    if (l->hidden > 0)
        cseg_log_write(context, CELLSEG_LOG_WARNING,
                       "%zu of the outlines hold no pixel's centre, or none that is free; object %u has one", l->hidden,
                       (unsigned)l->hidden_id);
    if (l->beyond > 0)
        cseg_log_write(context, CELLSEG_LOG_WARNING,
                       "%zu of the outlines reach beyond the image of %zu x %zu pixels; object %u has one", l->beyond, p->width,
                       p->height, (unsigned)l->beyond_id);
    if (p->shapes->ignored > 0)
        cseg_log_write(context, CELLSEG_LOG_WARNING, "objects without an area, such as points and lines, are left out: %zu",
                       p->shapes->ignored);
}

/* Which kinds there are, and whether every object has a stated id. */
static void survey(bool *present, bool *by_stated, const cseg_shapes *shapes) {
    const polygon *polygons = (const polygon *)(const void *)shapes->polygons.bytes;
    *by_stated = true;
    for (size_t i = 0; i < shapes->polygons.length / sizeof *polygons; i++) {
        present[polygons[i].kind] = true;
        *by_stated = *by_stated && polygons[i].stated != 0;
    }
}

cellseg_status cseg_shapes_paint(cellseg_labels **cells, cellseg_labels **nuclei, const cseg_shapes *shapes, size_t height,
                                 size_t width) {
    cellseg_labels *maps[CSEG_SHAPES_KINDS] = {NULL};
    painter p = {.shapes = shapes, .height = height, .width = width};
    bool present[CSEG_SHAPES_KINDS] = {false};
    cellseg_status status;
    CSEG_TRY(shapes->status);
    survey(present, &p.by_stated, shapes);
    if (shapes->polygons.length == 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the file has no outlines%s", shapes->ignored > 0 ? ", only points or lines" : "");
    CSEG_TRY(cellseg_labels_new(&maps[CSEG_SHAPES_CELL], shapes->context, height, width));
    if (present[CSEG_SHAPES_NUCLEUS])
        CSEG_TRY_GOTO(done, cellseg_labels_new(&maps[CSEG_SHAPES_NUCLEUS], shapes->context, height, width));
    p.marks = cseg_memory_calloc(shapes->context, height, width + 1);
    CSEG_TRY_GOTO(done, p.marks != NULL ? CELLSEG_OK : cseg_error_last());
    status = paint_all(&p, maps);
done:
    cseg_memory_free(p.marks);
    if (status == CELLSEG_OK) {
        warn(&p);
        *cells = maps[CSEG_SHAPES_CELL];
        *nuclei = maps[CSEG_SHAPES_NUCLEUS];
        return CELLSEG_OK;
    }
    cellseg_labels_free(maps[CSEG_SHAPES_CELL]);
    cellseg_labels_free(maps[CSEG_SHAPES_NUCLEUS]);
    return status;
}
