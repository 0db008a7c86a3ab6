/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Objects of GeoJSON (RFC 7946): Polygon and MultiPolygon of features, alone, in a list or in a FeatureCollection, with QuPath's
 * "nucleusGeometry". Cost: linear in the text.
 */
#include "io/import.h"

#include <string.h>

static bool is_text(const cseg_json *object, const char *key, const char *text) {
    const cseg_json *value = cseg_json_member(object, key);
    return cseg_json_is(value, CSEG_JSON_STRING) && strcmp(value->string, text) == 0;
}

static const char *text_of(const cseg_json *object, const char *key) {
    const cseg_json *value = cseg_json_member(object, key);
    return cseg_json_is(value, CSEG_JSON_STRING) ? value->string : NULL;
}

/* The id as this library writes the member, or the name that QuPath keeps where its own "id" is a UUID. */
static uint32_t stated_id(const cseg_json *feature) {
    const cseg_json *id = cseg_json_member(feature, "id");
    if (cseg_json_is(id, CSEG_JSON_NUMBER) && id->number >= 1 && id->number <= UINT32_MAX &&
        id->number == (double)(uint32_t)id->number)
        return (uint32_t)id->number;
    const uint32_t own = cseg_shapes_id(text_of(feature, "id"));
    return own != 0 ? own : cseg_shapes_id(text_of(cseg_json_member(feature, "properties"), "name"));
}

static cellseg_status add_geometry(cseg_import *import, const cseg_json *geometry, int kind, uint32_t stated, uint64_t ordinal) {
    const cseg_json *coordinates = cseg_json_member(geometry, "coordinates");
    const bool several = is_text(geometry, "type", "MultiPolygon");
    if (!several && !is_text(geometry, "type", "Polygon")) {
        import->shapes.ignored++;
        return CELLSEG_OK;
    }
    if (!cseg_json_is(coordinates, CSEG_JSON_ARRAY))
        return cseg_fail(CELLSEG_ERR_FORMAT, "feature %llu: its geometry has no coordinates", (unsigned long long)ordinal);
    for (const cseg_json *polygon = several ? coordinates->child : coordinates; polygon != NULL;
         polygon = several ? polygon->next : NULL) {
        cseg_shapes_begin(&import->shapes, kind, stated, ordinal);
        for (const cseg_json *ring = polygon->child; ring != NULL; ring = ring->next)
            cseg_shapes_add_pairs(&import->shapes, ring);
    }
    return import->shapes.status;
}

static cellseg_status add_feature(cseg_import *import, const cseg_json *feature, uint64_t ordinal) {
    const cseg_json *geometry = cseg_json_member(feature, "geometry"), *nucleus = cseg_json_member(feature, "nucleusGeometry");
    const cseg_json *class = cseg_json_member(cseg_json_member(feature, "properties"), "classification");
    const uint32_t stated = stated_id(feature);
    if (!is_text(feature, "type", "Feature"))
        return cseg_fail(CELLSEG_ERR_FORMAT, "entry %llu is no GeoJSON feature", (unsigned long long)ordinal);
    CSEG_TRY(add_geometry(import, geometry, cseg_shapes_kind(text_of(class, "name")), stated, ordinal));
    return nucleus != NULL ? add_geometry(import, nucleus, CSEG_SHAPES_NUCLEUS, stated, ordinal) : CELLSEG_OK;
}

cellseg_status cseg_geojson_read(cseg_import *import, const cseg_json *root) {
    const cseg_json *features = cseg_json_is(root, CSEG_JSON_ARRAY) ? root : cseg_json_member(root, "features");
    uint64_t ordinal = 0;
    if (features == NULL)
        return add_feature(import, root, 1);
    for (const cseg_json *feature = features->child; feature != NULL; feature = feature->next) {
        CSEG_TRY(cseg_progress_poll(import->context, (double)ordinal / (double)features->count));
        CSEG_TRY(add_feature(import, feature, ++ordinal));
    }
    return CELLSEG_OK;
}
