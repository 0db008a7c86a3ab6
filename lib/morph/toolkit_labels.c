/* SPDX-License-Identifier: BSD-3-Clause */
/* The public functions on label maps. */
#include "morph/ids.h"
#include "morph/morph.h"

#include <float.h>

/* ---- from a label map to another ---- */

typedef cellseg_status (*labels_fn)(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, const void *how);

static cellseg_status make_labels(cellseg_labels **out, cellseg_context *context, const cellseg_labels *labels, labels_fn run,
                                  const void *how) {
    cseg_toolkit t;
    cseg_plane from, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_labels(&t, context, "labels", out));
    CSEG_TRY_GOTO(done, cseg_toolkit_read_labels(&t, &from, labels, "labels"));
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, CELLSEG_UINT32, from.height, from.width));
    status = run(context, &to, &from, how);
done:
    return cseg_toolkit_end(&t, status);
}

/* ---- choosing objects ---- */

/* What a choice may ask of an object: filled in for each id's number. */
typedef struct object {
    uint64_t area;
    bool near_border;
} object;

/* The value each number gets; 0 removes the object. */
typedef uint32_t (*choice_fn)(const object *own, uint32_t id, uint32_t number, uint64_t limit);

static uint32_t choose_number(const object *own, uint32_t id, uint32_t number, uint64_t limit) {
    (void)own;
    (void)id;
    (void)limit;
    return number;
}

static uint32_t choose_large(const object *own, uint32_t id, uint32_t number, uint64_t limit) {
    (void)number;
    return own->area >= limit ? id : 0;
}

static uint32_t choose_inner(const object *own, uint32_t id, uint32_t number, uint64_t limit) {
    (void)number;
    (void)limit;
    return own->near_border ? 0 : id;
}

typedef struct selection {
    choice_fn choice;
    uint64_t limit;
    size_t margin;
} selection;

static void survey(const cseg_plane *labels, const cseg_ids *ids, object *objects, size_t margin) {
    for (size_t y = 0; y < labels->height; y++) {
        const uint32_t *row = cseg_row_u32(labels, y);
        const bool edge_row = y <= margin || labels->height - 1 - y <= margin;
        for (size_t x = 0; x < labels->width;) {
            const size_t begin = x;
            while (x < labels->width && row[x] == row[begin])
                x++;
            if (row[begin] == 0)
                continue;
            object *own = &objects[cseg_ids_number(ids, row[begin])];
            own->area += x - begin;
            own->near_border = own->near_border || edge_row || begin <= margin || labels->width - x <= margin;
        }
    }
}

static cellseg_status choose(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, const void *how) {
    const selection *selected = how;
    cseg_ids ids;
    CSEG_TRY(cseg_ids_new(&ids, context, from));
    cellseg_status status = CELLSEG_OK;
    object *objects = cseg_memory_calloc(context, (size_t)ids.count + 1, sizeof *objects);
    uint32_t *value = cseg_memory_calloc(context, (size_t)ids.count + 1, sizeof *value);
    if (objects == NULL || value == NULL) {
        status = cseg_error_last();
        goto done;
    }
    survey(from, &ids, objects, selected->margin);
    for (uint32_t number = 1; number <= ids.count; number++)
        value[number] = selected->choice(&objects[number], ids.id[number], number, selected->limit);
    status = cseg_ids_map(context, &ids, to, from, value);
done:
    cseg_memory_free(objects);
    cseg_memory_free(value);
    cseg_ids_free(&ids);
    return status;
}

cellseg_status cellseg_labels_relabel(cellseg_labels **out, cellseg_context *context, const cellseg_labels *labels) {
    return make_labels(out, context, labels, choose, &(selection){.choice = choose_number});
}

cellseg_status cellseg_labels_remove_small(cellseg_labels **out, cellseg_context *context, const cellseg_labels *labels,
                                           uint64_t area_min_px) {
    return make_labels(out, context, labels, choose, &(selection){.choice = choose_large, .limit = area_min_px});
}

cellseg_status cellseg_labels_clear_border(cellseg_labels **out, cellseg_context *context, const cellseg_labels *labels,
                                           size_t margin_px) {
    return make_labels(out, context, labels, choose, &(selection){.choice = choose_inner, .margin = margin_px});
}

/* ---- filling, expanding, compartments, boundaries ---- */

static cellseg_status fill_holes(cellseg_context *context, const cseg_plane *to, const cseg_plane *from, const void *how) {
    (void)how;
    cseg_plane_copy(to, from);
    return cseg_holes_fill_labels(context, to, CSEG_ANY_HOLE);
}

cellseg_status cellseg_labels_fill_holes(cellseg_labels **out, cellseg_context *context, const cellseg_labels *labels) {
    return make_labels(out, context, labels, fill_holes, NULL);
}

cellseg_status cellseg_labels_expand(cellseg_labels **out, cellseg_context *context, const cellseg_labels *labels,
                                     double distance_px) {
    cseg_toolkit t;
    cseg_plane from, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_labels(&t, context, "expand", out));
    CSEG_TRY_GOTO(done, cseg_toolkit_read_labels(&t, &from, labels, "labels"));
    CSEG_TRY_GOTO(done, cseg_range_check("distance_px", distance_px, 0, DBL_MAX));
    CSEG_TRY_GOTO(done, cseg_nearest_check_size(&from));
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, CELLSEG_UINT32, from.height, from.width));
    status = cseg_expansion_compute(context, &to, &from, distance_px);
done:
    return cseg_toolkit_end(&t, status);
}

cellseg_status cellseg_labels_compartment(cellseg_labels **out, cellseg_context *context, const cellseg_labels *cells,
                                          const cellseg_labels *nuclei, int32_t compartment, double ring_px) {
    cseg_toolkit t;
    cseg_plane own, inner, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_labels(&t, context, "compartment", out));
    CSEG_TRY_GOTO(done, cseg_toolkit_read_labels(&t, &own, cells, "cells"));
    CSEG_TRY_GOTO(done, cseg_toolkit_read_labels(&t, &inner, nuclei, "nuclei"));
    CSEG_TRY_GOTO(done, cseg_range_check("compartment", compartment, CELLSEG_COMPARTMENT_NUCLEUS, CELLSEG_COMPARTMENT_RING));
    if (compartment == CELLSEG_COMPARTMENT_RING) {
        CSEG_TRY_GOTO(done, cseg_range_check("ring_px", ring_px, 0, DBL_MAX));
        CSEG_TRY_GOTO(done, cseg_nearest_check_size(&own));
    }
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, CELLSEG_UINT32, own.height, own.width));
    status = cseg_compartment_select(context, &to, &own, &inner, compartment, ring_px);
done:
    return cseg_toolkit_end(&t, status);
}

cellseg_status cellseg_labels_boundaries(cellseg_image **out, cellseg_context *context, const cellseg_labels *labels,
                                         int32_t kind, int32_t connectivity) {
    cseg_toolkit t;
    cseg_plane from, to;
    cellseg_status status;
    CSEG_TRY(cseg_toolkit_begin_image(&t, context, "boundaries", out));
    CSEG_TRY_GOTO(done, cseg_connectivity_check(connectivity));
    CSEG_TRY_GOTO(done, cseg_toolkit_read_labels(&t, &from, labels, "labels"));
    CSEG_TRY_GOTO(done, cseg_range_check("kind", kind, CELLSEG_BOUNDARY_INNER, CELLSEG_BOUNDARY_THICK));
    CSEG_TRY_GOTO(done, cseg_toolkit_make(&t, &to, CELLSEG_UINT8, from.height, from.width));
    status = cseg_boundaries_find(context, &to, &from, kind, connectivity);
done:
    return cseg_toolkit_end(&t, status);
}

cellseg_status cellseg_labels_check(char *violation, size_t size, cellseg_context *context, const cellseg_labels *cells,
                                    const cellseg_labels *nuclei) {
    if (violation == NULL || size == 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "violation is NULL or has no room");
    violation[0] = '\0';
    cseg_toolkit t;
    cseg_plane own, inner;
    cellseg_status status;
    cseg_toolkit_begin(&t, context, "check");
    CSEG_TRY_GOTO(done, cseg_toolkit_read_labels(&t, &own, cells, "cells"));
    if (nuclei != NULL)
        CSEG_TRY_GOTO(done, cseg_toolkit_read_labels(&t, &inner, nuclei, "nuclei"));
    status = cseg_check_labels(violation, size, context, &own, nuclei != NULL ? &inner : NULL);
    if (status != CELLSEG_OK)
        violation[0] = '\0';
done:
    return cseg_toolkit_end(&t, status);
}
