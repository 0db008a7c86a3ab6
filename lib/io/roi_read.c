/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ImageJ's regions (RoiDecoder of ImageJ 1.53): polygons, freehand and traced outlines, rectangles, ellipses, and composites of
 * lines; alone or in the ZIP archive of the ROI Manager. Cost: linear in the file.
 */
#include "io/import.h"

#include "io/roi.h"
#include "io/zip.h"

#include <string.h>

enum { LOWEST_CORNER = -5000, TEXT = 1, ARROW = 2, IMAGE = 4, FLOATS_SINCE = 222, FLOAT_BOXES_SINCE = 223 };

/* A file of one region. */
typedef struct region {
    const unsigned char *bytes;
    size_t size;
    int kind;
    uint32_t stated;
    uint64_t ordinal;
} region;

/* ---- numbers, the highest byte first ---- */

static uint32_t word(const region *r, size_t at) {
    return (uint32_t)r->bytes[at] << 8 | r->bytes[at + 1];
}

/* A side of the bounds: 16 bits, of which ImageJ takes the highest values for negative numbers. */
static double side(const region *r, size_t at) {
    const double value = word(r, at);
    return value - 65536 >= LOWEST_CORNER ? value - 65536 : value;
}

static uint32_t wide(const region *r, size_t at) {
    return word(r, at) << 16 | word(r, at + 2);
}

static double real(const region *r, size_t at) {
    const uint32_t bits = wide(r, at);
    float value;
    memcpy(&value, &bits, sizeof value);
    return (double)value;
}

/* ---- regions ---- */

static cellseg_status check_room(const region *r, uint64_t numbers, uint64_t bytes_each) {
    if (numbers <= (r->size - CSEG_ROI_HEADER_BYTES) / bytes_each)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_FORMAT, "the file is too short for its %llu corners", (unsigned long long)numbers);
}

static cellseg_status add_path(cseg_shapes *shapes, const region *r, size_t numbers) {
    bool open = false;
    CSEG_TRY(check_room(r, numbers, 4));
    for (size_t i = 0; i < numbers;) {
        const double step = real(r, CSEG_ROI_HEADER_BYTES + 4 * i);
        const bool move = step == CSEG_ROI_MOVE;
        if (open && (move || step == CSEG_ROI_CLOSE))
            cseg_shapes_end_ring(shapes);
        open = move || step == CSEG_ROI_LINE;
        if (!open && step != CSEG_ROI_CLOSE)
            return cseg_fail(CELLSEG_ERR_FORMAT, "a composite region of curves; in ImageJ, convert the region to a polygon");
        if (open && numbers - i < 3)
            return cseg_fail(CELLSEG_ERR_FORMAT, "the path is cut off");
        if (open)
            cseg_shapes_add_point(shapes, real(r, CSEG_ROI_HEADER_BYTES + 4 * i + 4), real(r, CSEG_ROI_HEADER_BYTES + 4 * i + 8));
        i += open ? 3 : 1;
    }
    if (open)
        cseg_shapes_end_ring(shapes);
    return CELLSEG_OK;
}

static cellseg_status add_corners(cseg_shapes *shapes, const region *r) {
    const uint32_t few = word(r, CSEG_ROI_COUNT);
    const size_t count = few != 0 ? few : wide(r, CSEG_ROI_WIDE_COUNT);
    const bool floats = (word(r, CSEG_ROI_OPTIONS) & CSEG_ROI_SUBPIXEL) != 0 && word(r, 4) >= FLOATS_SINCE;
    const size_t start = CSEG_ROI_HEADER_BYTES + (floats ? 4 * count : 0);
    CSEG_TRY(check_room(r, count, floats ? 12 : 4));
    for (size_t i = 0; i < count; i++)
        if (floats)
            cseg_shapes_add_point(shapes, real(r, start + 4 * i), real(r, start + 4 * (count + i)));
        else
            cseg_shapes_add_point(shapes, side(r, CSEG_ROI_TOP + 2) + word(r, start + 2 * i),
                                  side(r, CSEG_ROI_TOP) + word(r, start + 2 * (count + i)));
    cseg_shapes_end_ring(shapes);
    return CELLSEG_OK;
}

static void add_box(cseg_shapes *shapes, const region *r, bool oval) {
    double top = side(r, CSEG_ROI_TOP), left = side(r, CSEG_ROI_TOP + 2);
    double height = side(r, CSEG_ROI_TOP + 4) - top, width = side(r, CSEG_ROI_TOP + 6) - left;
    if ((word(r, CSEG_ROI_OPTIONS) & CSEG_ROI_SUBPIXEL) != 0 && word(r, 4) >= FLOAT_BOXES_SINCE) {
        left = real(r, CSEG_ROI_WIDE_COUNT);
        top = real(r, CSEG_ROI_WIDE_COUNT + 4);
        width = real(r, CSEG_ROI_WIDE_COUNT + 8);
        height = real(r, CSEG_ROI_WIDE_COUNT + 12);
    }
    if (oval)
        cseg_shapes_add_ellipse(shapes, left + width / 2, top + height / 2, width / 2, height / 2);
    else
        cseg_shapes_add_box(shapes, left, top, left + width, top + height);
}

static cellseg_status add_region(cseg_import *import, const region *r) {
    if (r->size < CSEG_ROI_HEADER_BYTES || memcmp(r->bytes, "Iout", 4) != 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "this is no region of ImageJ");
    const int type = r->bytes[CSEG_ROI_TYPE];
    const uint32_t subtype = word(r, CSEG_ROI_SUBTYPE);
    const size_t path = wide(r, CSEG_ROI_PATH_NUMBERS);
    const bool box = type == CSEG_ROI_RECTANGLE || type == CSEG_ROI_OVAL;
    const bool outline = type == CSEG_ROI_POLYGON || type == CSEG_ROI_FREEHAND || type == CSEG_ROI_TRACED;
    if ((!box && !outline) || subtype == TEXT || subtype == ARROW || subtype == IMAGE) {
        import->shapes.ignored++;
        return CELLSEG_OK;
    }
    cseg_shapes_begin(&import->shapes, r->kind, r->stated, r->ordinal);
    if (box && path > 0)
        return add_path(&import->shapes, r, path);
    if (outline)
        return add_corners(&import->shapes, r);
    add_box(&import->shapes, r, type == CSEG_ROI_OVAL);
    return CELLSEG_OK;
}

/* ---- archives ---- */

/* The kind and id of a region by the name of its entry, "12.roi" or "12-nucleus.roi", of `length` bytes. */
static void take_name(region *r, const char *name, size_t length) {
    static const char nucleus[] = CSEG_ROI_NUCLEUS;
    const size_t ending = sizeof nucleus - 1;
    char digits[16] = "";
    size_t folder = length;
    while (folder > 0 && name[folder - 1] != '/')
        folder--;
    name += folder;
    length -= folder + 4;
    r->kind = length > ending && memcmp(name + length - ending, nucleus, ending) == 0 ? CSEG_SHAPES_NUCLEUS : CSEG_SHAPES_CELL;
    length -= r->kind == CSEG_SHAPES_NUCLEUS ? ending : 0;
    if (length < sizeof digits)
        memcpy(digits, name, length);
    r->stated = cseg_shapes_id(digits);
}

static bool is_region(const cseg_zip_entry *entry) {
    return entry->name_length > 4 && memcmp(entry->name + entry->name_length - 4, ".roi", 4) == 0;
}

static cellseg_status add_entry(cseg_import *import, const cseg_zip_entry *entry, uint64_t ordinal) {
    unsigned char *bytes;
    region r = {.size = entry->size, .ordinal = ordinal};
    take_name(&r, entry->name, entry->name_length);
    CSEG_TRY(cseg_zip_extract(&bytes, import->context, entry));
    r.bytes = bytes;
    const cellseg_status status = add_region(import, &r);
    cseg_memory_free(bytes);
    return status;
}

static cellseg_status add_archive(cseg_import *import) {
    cseg_zip_reader reader;
    cseg_zip_entry entry;
    uint64_t ordinal = 0;
    CSEG_TRY(cseg_zip_open(&reader, import->bytes, import->size));
    for (;;) {
        CSEG_TRY(cseg_zip_next(&entry, &reader));
        if (entry.name == NULL)
            return import->shapes.status;
        if (!is_region(&entry))
            continue;
        const cellseg_status status = add_entry(import, &entry, ++ordinal);
        if (status != CELLSEG_OK) {
            char name[64] = "";
            memcpy(name, entry.name, entry.name_length < sizeof name ? entry.name_length : sizeof name - 1);
            return cseg_error_fail_in(status, name);
        }
        CSEG_TRY(cseg_progress_poll(import->context, (double)reader.at / (double)reader.size));
    }
}

cellseg_status cseg_roi_read(cseg_import *import) {
    if (memcmp(import->bytes, "PK", 2) == 0)
        return add_archive(import);
    const region r = {.bytes = (const unsigned char *)import->bytes, .size = import->size, .ordinal = 1};
    return add_region(import, &r);
}
