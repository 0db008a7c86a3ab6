/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Objects of one image of a COCO file (Lin et al. 2014, cocodataset.org "Data format"): polygons, and run lengths as numbers or
 * as cocoapi's text. A run becomes the boxes of its columns. Cost: linear in the text.
 */
#include "io/import.h"

#include <string.h>

enum { MAX_BITS = 40 /* of a count */ };

/* ---- the image ---- */

static const char *name_of(const cseg_json *image) {
    const cseg_json *name = cseg_json_member(image, "file_name");
    return cseg_json_is(name, CSEG_JSON_STRING) ? name->string : "";
}

/* File names may be paths. */
static bool is_named(const cseg_json *image, const char *wanted) {
    const char *name = name_of(image), *slash = strrchr(name, '/');
    return strcmp(name, wanted) == 0 || (slash != NULL && strcmp(slash + 1, wanted) == 0);
}

static cellseg_status find_image(const cseg_json **out, cseg_import *import, const cseg_json *images) {
    const cseg_json *image = images->child;
    if (import->image_name != NULL) {
        while (image != NULL && !is_named(image, import->image_name))
            image = image->next;
        if (image == NULL)
            return cseg_fail(CELLSEG_ERR_FORMAT, "the file has %zu images, none of them \"%s\"; the first is \"%s\"",
                             images->count, import->image_name, images->child != NULL ? name_of(images->child) : "");
    } else if (images->count != 1)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the file has %zu images, \"%s\" the first; name one", images->count,
                         image != NULL ? name_of(image) : "");
    CSEG_TRY(cseg_json_uint(&import->height, image, "height", 1, INT32_MAX));
    CSEG_TRY(cseg_json_uint(&import->width, image, "width", 1, INT32_MAX));
    *out = image;
    return CELLSEG_OK;
}

/* ---- categories ---- */

/* The kind of a category by its name. Categories are few. */
static int kind_of(const cseg_json *root, const cseg_json *annotation) {
    const cseg_json *wanted = cseg_json_member(annotation, "category_id"), *all = cseg_json_member(root, "categories");
    const cseg_json *category = cseg_json_is(all, CSEG_JSON_ARRAY) && cseg_json_is(wanted, CSEG_JSON_NUMBER) ? all->child : NULL;
    for (; category != NULL; category = category->next) {
        const cseg_json *id = cseg_json_member(category, "id"), *name = cseg_json_member(category, "name");
        if (cseg_json_is(id, CSEG_JSON_NUMBER) && id->number == wanted->number)
            return cseg_shapes_kind(cseg_json_is(name, CSEG_JSON_STRING) ? name->string : NULL);
    }
    return CSEG_SHAPES_CELL;
}

/* ---- masks ---- */

/* Pixels from place `start` to `end` in the order of columns. */
static void add_run(cseg_import *import, uint64_t start, uint64_t end) {
    const uint64_t height = import->height;
    uint64_t x = start / height;
    const uint64_t last = end / height, top = start % height, bottom = end % height;
    if (x == last) {
        cseg_shapes_add_box(&import->shapes, (double)x, (double)top, (double)x + 1, (double)bottom);
        return;
    }
    if (top > 0) {
        cseg_shapes_add_box(&import->shapes, (double)x, (double)top, (double)x + 1, (double)height);
        x++;
    }
    if (x < last)
        cseg_shapes_add_box(&import->shapes, (double)x, 0, (double)last, (double)height);
    if (bottom > 0)
        cseg_shapes_add_box(&import->shapes, (double)last, 0, (double)last + 1, (double)bottom);
}

/* Runs so far. */
typedef struct runs {
    uint64_t place;
    int64_t before[2]; /* the last two counts, the older first */
    size_t count;
} runs;

static cellseg_status take_run(cseg_import *import, runs *r, int64_t length) {
    const uint64_t total = (uint64_t)import->height * import->width;
    if (length < 0 || (uint64_t)length > total - r->place)
        return cseg_fail(CELLSEG_ERR_FORMAT, "its run %zu leaves the mask", r->count + 1);
    if (r->count % 2 == 1 && length > 0)
        add_run(import, r->place, r->place + (uint64_t)length);
    r->place += (uint64_t)length;
    r->before[0] = r->before[1];
    r->before[1] = length;
    r->count++;
    return import->shapes.status;
}

/* cocoapi's text: five bits a character, the lowest first, a sixth where more follow; from the fourth count on differences to the
 * count two before. */
static cellseg_status take_text(cseg_import *import, runs *r, const char *text) {
    while (*text != '\0') {
        int64_t value = 0;
        bool more = true;
        for (int shift = 0; more; shift += 5, text++) {
            const int64_t bits = *text - 48;
            if (bits < 0 || bits > 63 || shift > MAX_BITS)
                return cseg_fail(CELLSEG_ERR_FORMAT, "its counts are no run lengths of cocoapi");
            value += (bits & 0x1f) * (INT64_C(1) << shift);
            more = (bits & 0x20) != 0;
            if (!more && (bits & 0x10) != 0)
                value -= INT64_C(1) << (shift + 5);
        }
        CSEG_TRY(take_run(import, r, value + (r->count > 2 ? r->before[0] : 0)));
    }
    return CELLSEG_OK;
}

static cellseg_status take_numbers(cseg_import *import, runs *r, const cseg_json *counts) {
    for (const cseg_json *count = counts->child; count != NULL; count = count->next) {
        const bool fine = cseg_json_is(count, CSEG_JSON_NUMBER) && count->number >= 0 && count->number <= 0x1p53;
        CSEG_TRY(take_run(import, r, fine ? (int64_t)count->number : -1));
    }
    return CELLSEG_OK;
}

static cellseg_status add_mask(cseg_import *import, const cseg_json *mask) {
    const cseg_json *size = cseg_json_member(mask, "size"), *counts = cseg_json_member(mask, "counts");
    const cseg_json *height = size != NULL ? size->child : NULL, *width = height != NULL ? height->next : NULL;
    runs r = {0};
    if (!cseg_json_is(height, CSEG_JSON_NUMBER) || !cseg_json_is(width, CSEG_JSON_NUMBER))
        return cseg_fail(CELLSEG_ERR_FORMAT, "its mask has no size");
    if (height->number != import->height || width->number != import->width)
        return cseg_fail(CELLSEG_ERR_FORMAT, "its mask has %g x %g pixels (width x height), the image %u x %u", width->number,
                         height->number, (unsigned)import->width, (unsigned)import->height);
    if (cseg_json_is(counts, CSEG_JSON_STRING))
        return take_text(import, &r, counts->string);
    if (cseg_json_is(counts, CSEG_JSON_ARRAY))
        return take_numbers(import, &r, counts);
    return cseg_fail(CELLSEG_ERR_FORMAT, "its mask has no counts");
}

/* ---- annotations ---- */

/* x and y by turns. */
static cellseg_status add_ring(cseg_import *import, const cseg_json *numbers) {
    if (!cseg_json_is(numbers, CSEG_JSON_ARRAY) || numbers->count % 2 != 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "its segmentation is no list of x and y");
    for (const cseg_json *x = numbers->child; x != NULL; x = x->next->next) {
        if (!cseg_json_is(x, CSEG_JSON_NUMBER) || !cseg_json_is(x->next, CSEG_JSON_NUMBER))
            return cseg_fail(CELLSEG_ERR_FORMAT, "its segmentation has a coordinate that is no number");
        cseg_shapes_add_point(&import->shapes, x->number, x->next->number);
    }
    cseg_shapes_end_ring(&import->shapes);
    return import->shapes.status;
}

/* The polygons of an annotation are joined: each is one of its own. */
static cellseg_status add_segmentation(cseg_import *import, const cseg_json *segmentation, int kind, uint32_t id,
                                       uint64_t ordinal) {
    if (cseg_json_is(segmentation, CSEG_JSON_OBJECT)) {
        cseg_shapes_begin(&import->shapes, kind, id, ordinal);
        return add_mask(import, segmentation);
    }
    if (!cseg_json_is(segmentation, CSEG_JSON_ARRAY) || segmentation->count == 0) {
        import->shapes.ignored++;
        return CELLSEG_OK;
    }
    for (const cseg_json *ring = segmentation->child; ring != NULL; ring = ring->next) {
        cseg_shapes_begin(&import->shapes, kind, id, ordinal);
        CSEG_TRY(add_ring(import, ring));
    }
    return CELLSEG_OK;
}

static cellseg_status add_annotation(cseg_import *import, const cseg_json *root, const cseg_json *annotation, uint64_t ordinal) {
    uint32_t id; /* COCO allows 0, which is background here */
    const char *key = cseg_json_member(annotation, "cell_id") != NULL ? "cell_id" : "id";
    CSEG_TRY(cseg_json_uint(&id, annotation, key, 0, UINT32_MAX));
    return add_segmentation(import, cseg_json_member(annotation, "segmentation"), kind_of(root, annotation), id, ordinal);
}

cellseg_status cseg_coco_read(cseg_import *import, const cseg_json *root) {
    const cseg_json *images = cseg_json_member(root, "images"), *all = cseg_json_member(root, "annotations"), *image;
    if (!cseg_json_is(images, CSEG_JSON_ARRAY) || !cseg_json_is(all, CSEG_JSON_ARRAY))
        return cseg_fail(CELLSEG_ERR_FORMAT, "COCO needs the lists \"images\" and \"annotations\"");
    CSEG_TRY(find_image(&image, import, images));
    const cseg_json *wanted = cseg_json_member(image, "id");
    uint64_t ordinal = 0;
    for (const cseg_json *one = all->child; one != NULL; one = one->next) {
        const cseg_json *of = cseg_json_member(one, "image_id");
        CSEG_TRY(cseg_progress_poll(import->context, (double)ordinal / (double)all->count));
        if (!cseg_json_is(of, CSEG_JSON_NUMBER) || !cseg_json_is(wanted, CSEG_JSON_NUMBER) || of->number != wanted->number)
            continue;
        const cellseg_status status = add_annotation(import, root, one, ++ordinal);
        if (status != CELLSEG_OK) {
            const cseg_json *id = cseg_json_member(one, "id");
            char name[64];
            (void)cseg_format_print(name, sizeof name, "annotation %.0f", cseg_json_is(id, CSEG_JSON_NUMBER) ? id->number : 0.0);
            return cseg_error_fail_in(status, name);
        }
    }
    return CELLSEG_OK;
}
