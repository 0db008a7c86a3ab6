/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Shapes of LabelMe (github.com/wkentaro/labelme): polygons, rectangles and circles. Shapes of one "group_id" are one object, as
 * LabelMe means the member. Cost: linear in the text.
 */
#include "io/import.h"

#include <math.h>
#include <string.h>

/* The first two points; false if they are not there. */
static bool take_corners(double corners[4], const cseg_json *points) {
    const cseg_json *pair = cseg_json_is(points, CSEG_JSON_ARRAY) && points->count == 2 ? points->child : NULL;
    for (size_t i = 0; i < 2; i++, pair = pair->next) {
        if (!cseg_json_is(pair, CSEG_JSON_ARRAY) || pair->count != 2 || !cseg_json_is(pair->child, CSEG_JSON_NUMBER) ||
            !cseg_json_is(pair->child->next, CSEG_JSON_NUMBER))
            return false;
        corners[2 * i] = pair->child->number;
        corners[2 * i + 1] = pair->child->next->number;
    }
    return true;
}

static cellseg_status add_shape(cseg_import *import, const cseg_json *shape, uint64_t index, uint64_t count) {
    const cseg_json *label = cseg_json_member(shape, "label"), *group = cseg_json_member(shape, "group_id");
    const cseg_json *type = cseg_json_member(shape, "shape_type"), *points = cseg_json_member(shape, "points");
    const char *name = cseg_json_is(type, CSEG_JSON_STRING) ? type->string : "polygon";
    const bool grouped = cseg_json_is(group, CSEG_JSON_NUMBER) && group->number >= 0 && group->number <= INT32_MAX;
    const uint32_t number = grouped ? (uint32_t)group->number : 0;
    double c[4] = {0};
    if (strcmp(name, "mask") == 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "shape %llu is a mask; convert masks to polygons in LabelMe first",
                         (unsigned long long)index);
    const bool is_box = strcmp(name, "rectangle") == 0, is_circle = strcmp(name, "circle") == 0;
    if (!is_box && !is_circle && strcmp(name, "polygon") != 0) {
        import->shapes.ignored++;
        return CELLSEG_OK;
    }
    if ((is_box || is_circle) && !take_corners(c, points))
        return cseg_fail(CELLSEG_ERR_FORMAT, "shape %llu is a %s without two points [x, y]", (unsigned long long)index, name);
    cseg_shapes_begin(&import->shapes, cseg_shapes_kind(cseg_json_is(label, CSEG_JSON_STRING) ? label->string : NULL), number,
                      grouped ? count + number + 1 : index);
    if (is_box)
        cseg_shapes_add_box(&import->shapes, c[0], c[1], c[2], c[3]);
    else if (is_circle) {
        const double radius = sqrt((c[2] - c[0]) * (c[2] - c[0]) + (c[3] - c[1]) * (c[3] - c[1]));
        cseg_shapes_add_ellipse(&import->shapes, c[0], c[1], radius, radius);
    } else
        cseg_shapes_add_pairs(&import->shapes, points);
    return import->shapes.status;
}

cellseg_status cseg_labelme_read(cseg_import *import, const cseg_json *root) {
    const cseg_json *shapes = cseg_json_member(root, "shapes");
    uint64_t index = 0;
    CSEG_TRY(cseg_json_uint(&import->height, root, "imageHeight", 1, INT32_MAX));
    CSEG_TRY(cseg_json_uint(&import->width, root, "imageWidth", 1, INT32_MAX));
    if (!cseg_json_is(shapes, CSEG_JSON_ARRAY))
        return cseg_fail(CELLSEG_ERR_FORMAT, "\"shapes\" must be a list");
    for (const cseg_json *shape = shapes->child; shape != NULL; shape = shape->next) {
        CSEG_TRY(cseg_progress_poll(import->context, (double)index / (double)shapes->count));
        CSEG_TRY(add_shape(import, shape, ++index, shapes->count));
    }
    return CELLSEG_OK;
}
