/* SPDX-License-Identifier: BSD-3-Clause */
/* OME-XML read into lists of images, channels and blocks of planes. Elements count only where the model has them, so that XML
 * within annotations is ignored. */
#include "io/ome.h"

#include <stdio.h>
#include <string.h>

enum { DEPTH_OME = 1, DEPTH_IMAGE, DEPTH_PIXELS, DEPTH_PLANES, DEPTH_UUID };

typedef struct uuid {
    char text[96];
    size_t length;
} uuid;

typedef struct reader {
    cellseg_context *context;
    cseg_ome *ome;
    size_t image_capacity, channel_capacity, block_capacity;
    unsigned inside;   /* depth of the innermost open element that the model has at its place */
    size_t image_name; /* of the open <Image> */
    uuid own, named;   /* of this file, of the open <UUID> */
    bool own_guessed;  /* no UUID of this file: the first of a block counts */
} reader;

/* ---- lists and texts ---- */

/* Space for one more item of a list, zeroed; NULL without memory. */
static void *append(void *list, size_t *count, size_t *capacity, size_t size, cellseg_context *context) {
    void *items;
    memcpy(&items, list, sizeof items);
    if (*count == *capacity) {
        const size_t larger = 2 * *capacity + 8;
        void *moved = cseg_memory_alloc(context, larger, size);
        if (moved == NULL)
            return NULL;
        if (*count > 0)
            memcpy(moved, items, *count * size);
        cseg_memory_free(items);
        memcpy(list, &moved, sizeof moved);
        items = moved;
        *capacity = larger;
    }
    return memset((char *)items + (*count)++ * size, 0, size);
}

static size_t keep(cseg_ome *ome, const char *text) {
    if (text == NULL || *text == '\0')
        return 0;
    const size_t at = ome->texts.length;
    cseg_text_add_bytes(&ome->texts, text, strlen(text) + 1);
    return at;
}

const char *cseg_ome_text(const cseg_ome *ome, size_t text) {
    return text > 0 ? ome->texts.bytes + text : NULL;
}

/* ---- attributes ---- */

/* The first fault is kept. */
static void whole(uint32_t *value, cseg_ome *ome, const char *const *attributes, const char *name, uint32_t highest) {
    const char *text = cseg_xml_attribute(attributes, name);
    if (text != NULL && !cseg_quantity_parse_whole(value, text, strlen(text), highest) && ome->fault.text[0] == '\0')
        (void)snprintf(ome->fault.text, sizeof ome->fault.text, "%s is \"%.40s\"", name, text);
}

/* A length in micrometres; the model's default unit is the micrometre. */
static double physical_size(cseg_io_scale *scale, const char *const *attributes, const char *size, const char *unit) {
    const char *value = cseg_xml_attribute(attributes, size), *name = cseg_xml_attribute(attributes, unit);
    const double number = value != NULL ? cseg_quantity_parse(value, strlen(value)) : 0;
    if (name == NULL)
        return number;
    if (number > 0 && !cseg_quantity_unit_is_known(name, strlen(name)))
        (void)snprintf(scale->unknown_unit, sizeof scale->unknown_unit, "%s", name);
    return number * cseg_quantity_unit_um(name, strlen(name));
}

/* ---- elements ---- */

static void set_own_uuid(reader *r, const char *text) {
    r->own_guessed = text == NULL;
    if (text != NULL)
        r->own.length = (size_t)snprintf(r->own.text, sizeof r->own.text, "%s", text);
}

static cellseg_status start_pixels(reader *r, const char *const *attributes) {
    cseg_ome *ome = r->ome;
    cseg_ome_image *image = append(&ome->images, &ome->image_count, &r->image_capacity, sizeof *image, r->context);
    if (image == NULL)
        return cseg_error_last();
    *image = (cseg_ome_image){.name = r->image_name, .size = {1, 1, 1}, .channel = ome->channel_count, .block = ome->block_count};
    whole(&image->size[CSEG_AXIS_C], ome, attributes, "SizeC", CSEG_AXES_MAX_CHANNELS);
    whole(&image->size[CSEG_AXIS_Z], ome, attributes, "SizeZ", CSEG_AXES_MAX_SIZE);
    whole(&image->size[CSEG_AXIS_T], ome, attributes, "SizeT", CSEG_AXES_MAX_SIZE);
    for (size_t axis = 0; axis < CSEG_AXIS_COUNT; axis++)
        image->size[axis] += image->size[axis] == 0;
    const char *order = cseg_xml_attribute(attributes, "DimensionOrder");
    if (order != NULL && strncmp(order, "XY", 2) == 0)
        (void)snprintf(image->order, sizeof image->order, "%s", order + 2);
    image->scale.spacing.x_um = physical_size(&image->scale, attributes, "PhysicalSizeX", "PhysicalSizeXUnit");
    image->scale.spacing.y_um = physical_size(&image->scale, attributes, "PhysicalSizeY", "PhysicalSizeYUnit");
    return CELLSEG_OK;
}

static cellseg_status start_channel(reader *r, const char *const *attributes) {
    cseg_ome *ome = r->ome;
    cseg_ome_channel *channel = append(&ome->channels, &ome->channel_count, &r->channel_capacity, sizeof *channel, r->context);
    if (channel == NULL)
        return cseg_error_last();
    const char *name = cseg_xml_attribute(attributes, "Name");
    channel->name = keep(ome, name != NULL ? name : cseg_xml_attribute(attributes, "Fluor"));
    whole(&channel->samples, ome, attributes, "SamplesPerPixel", CSEG_AXES_MAX_CHANNELS);
    ome->images[ome->image_count - 1].channels++;
    return CELLSEG_OK;
}

static cellseg_status start_block(reader *r, const char *const *attributes) {
    cseg_ome *ome = r->ome;
    cseg_ome_block *block = append(&ome->blocks, &ome->block_count, &r->block_capacity, sizeof *block, r->context);
    if (block == NULL)
        return cseg_error_last();
    block->has_ifd = cseg_xml_attribute(attributes, "IFD") != NULL;
    whole(&block->ifd, ome, attributes, "IFD", INT32_MAX);
    whole(&block->at[CSEG_AXIS_C], ome, attributes, "FirstC", INT32_MAX);
    whole(&block->at[CSEG_AXIS_Z], ome, attributes, "FirstZ", INT32_MAX);
    whole(&block->at[CSEG_AXIS_T], ome, attributes, "FirstT", INT32_MAX);
    whole(&block->count, ome, attributes, "NumPlanes", INT32_MAX); /* the name before 2008 */
    whole(&block->count, ome, attributes, "PlaneCount", INT32_MAX);
    ome->images[ome->image_count - 1].blocks++;
    return CELLSEG_OK;
}

static cellseg_status start_planes(reader *r, const char *name, const char *const *attributes) {
    if (strcmp(name, "Channel") == 0)
        return start_channel(r, attributes);
    if (strcmp(name, "MetadataOnly") == 0)
        r->ome->images[r->ome->image_count - 1].metadata_only = true;
    return strcmp(name, "TiffData") == 0 ? start_block(r, attributes) : CELLSEG_OK;
}

static void start_uuid(reader *r, const char *const *attributes) {
    r->named = (uuid){.length = 0};
    r->ome->blocks[r->ome->block_count - 1].file = keep(r->ome, cseg_xml_attribute(attributes, "FileName"));
}

/* The element of the model at a depth; only within it do deeper ones count. */
static bool is_expected(const reader *r, unsigned depth, const char *name) {
    static const char *const names[] = {[DEPTH_OME] = "OME", [DEPTH_IMAGE] = "Image", [DEPTH_PIXELS] = "Pixels"};
    if (depth != r->inside + 1 || depth > DEPTH_UUID)
        return false;
    if (depth == DEPTH_UUID)
        return strcmp(name, "UUID") == 0;
    if (depth == DEPTH_PLANES)
        return strcmp(name, "TiffData") == 0 || strcmp(name, "Channel") == 0 || strcmp(name, "MetadataOnly") == 0;
    return strcmp(name, names[depth]) == 0;
}

static cellseg_status on_start(void *data, unsigned depth, const char *name, const char *const *attributes) {
    reader *r = data;
    if (depth == DEPTH_IMAGE && r->inside == DEPTH_OME && strcmp(name, "BinaryOnly") == 0)
        r->ome->metadata_file = keep(r->ome, cseg_xml_attribute(attributes, "MetadataFile"));
    if (!is_expected(r, depth, name))
        return CELLSEG_OK;
    if (depth != DEPTH_PLANES || strcmp(name, "TiffData") == 0)
        r->inside = depth;
    switch (depth) {
    case DEPTH_OME:
        r->ome->present = true;
        set_own_uuid(r, cseg_xml_attribute(attributes, "UUID"));
        return CELLSEG_OK;
    case DEPTH_IMAGE:
        r->image_name = keep(r->ome, cseg_xml_attribute(attributes, "Name"));
        return CELLSEG_OK;
    case DEPTH_PIXELS:
        return start_pixels(r, attributes);
    case DEPTH_PLANES:
        return start_planes(r, name, attributes);
    default:
        start_uuid(r, attributes);
        return CELLSEG_OK;
    }
}

static cellseg_status on_text(void *data, unsigned depth, const char *text, size_t length) {
    reader *r = data;
    if (depth != DEPTH_UUID || r->inside != DEPTH_UUID)
        return CELLSEG_OK;
    for (size_t i = 0; i < length && r->named.length + 1 < sizeof r->named.text; i++)
        if (strchr(" \t\r\n", text[i]) == NULL)
            r->named.text[r->named.length++] = text[i];
    return CELLSEG_OK;
}

/* A block is here if its UUID is this file's. Where the file has none, all blocks must name one and the same. */
static void end_uuid(reader *r) {
    cseg_ome *ome = r->ome;
    if (r->own_guessed && r->own.length == 0)
        r->own = r->named;
    const bool here = r->named.length == 0 || strcmp(r->named.text, r->own.text) == 0;
    ome->blocks[ome->block_count - 1].elsewhere = !here;
    if (!here && r->own_guessed && ome->fault.text[0] == '\0')
        (void)snprintf(ome->fault.text, sizeof ome->fault.text,
                       "planes lie in several files, and which is this one is not stated");
}

static cellseg_status on_end(void *data, unsigned depth) {
    reader *r = data;
    if (depth != r->inside)
        return CELLSEG_OK;
    if (depth == DEPTH_UUID)
        end_uuid(r);
    r->inside = depth - 1;
    return CELLSEG_OK;
}

/* ---- the document ---- */

static bool is_xml(const char *text) {
    if (strncmp(text, "\xEF\xBB\xBF", 3) == 0)
        text += 3;
    return text[strspn(text, " \t\r\n")] == '<';
}

bool cseg_ome_is(const char *description) {
    return description != NULL && is_xml(description) && strstr(description, "openmicroscopy.org/") != NULL;
}

cellseg_status cseg_ome_parse(cseg_ome *ome, cellseg_context *context, const char *description) {
    *ome = (cseg_ome){.texts = {.context = context}};
    if (description == NULL || !is_xml(description))
        return CELLSEG_OK;
    reader r = {.context = context, .ome = ome};
    const cseg_xml_handlers handlers = {.start = on_start, .end = on_end, .text = on_text, .data = &r};
    cseg_xml_fault fault;
    cseg_text_add_bytes(&ome->texts, "", 1);
    CSEG_TRY(cseg_xml_parse(&fault, context, description, &handlers));
    if (fault.text[0] != '\0')
        ome->fault = fault;
    if (ome->fault.text[0] != '\0')
        ome->present |= cseg_ome_is(description);
    return ome->texts.status;
}

void cseg_ome_free(cseg_ome *ome) {
    cseg_memory_free(ome->images);
    cseg_memory_free(ome->channels);
    cseg_memory_free(ome->blocks);
    cseg_memory_free(ome->texts.bytes);
    *ome = (cseg_ome){0};
}
