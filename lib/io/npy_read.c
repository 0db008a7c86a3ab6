/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Label maps in NumPy's array files (numpy.lib.format), and in Cellpose's "_seg.npy", which is a pickled dictionary
 * (pickle.py, protocols 2 to 5) with the array "masks". The pickle's program runs on values that hold no code: calls make an
 * object of their arguments, names are ignored, bytes stay in the file. Cost: linear in the file.
 */
#include "io/import.h"

#include "io/pickle.h"

#include <string.h>

/* An array's pixels as the file states them. */
typedef struct array {
    const unsigned char *bytes;
    size_t size;
    char order, kind; /* '<', '>' or '|'; 'u', 'i' or 'b' */
    size_t item;      /* bytes */
    size_t shape[3], dimensions;
    bool columns; /* Fortran's order */
} array;

/* ---- pixels ---- */

/* The id of an item; false for a number that is no id. */
static bool take_id(uint32_t *id, const array *a, const unsigned char *from) {
    uint64_t value = 0;
    for (size_t i = 0; i < a->item; i++)
        value = value << 8 | from[a->order == '>' ? i : a->item - 1 - i];
    *id = (uint32_t)value;
    const bool negative = a->kind == 'i' && (value >> (8 * a->item - 1) & 1) != 0;
    return value <= UINT32_MAX && !negative;
}

static cellseg_status fill(cellseg_labels *labels, cellseg_context *context, const array *a, size_t height, size_t width) {
    uint32_t *to = cellseg_labels_data_mut(labels);
    for (size_t y = 0; y < height; y++) {
        for (size_t x = 0; x < width; x++)
            if (!take_id(&to[y * width + x], a, a->bytes + a->item * (a->columns ? x * height + y : y * width + x)))
                return cseg_fail(CELLSEG_ERR_FORMAT, "the array is no label map: row %zu, column %zu is no id", y, x);
        CSEG_TRY(cseg_progress_poll(context, (double)y / (double)height));
    }
    return CELLSEG_OK;
}

static cellseg_status make_labels(cseg_import *import, const array *a) {
    size_t first = 0, bytes = a->item;
    while (first + 2 < a->dimensions && a->shape[first] == 1)
        first++;
    if (a->dimensions != first + 2)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the array has %zu dimensions; a label map has 2", a->dimensions);
    if ((a->kind != 'u' && a->kind != 'i' && a->kind != 'b') || (a->item != 1 && a->item != 2 && a->item != 4 && a->item != 8))
        return cseg_fail(CELLSEG_ERR_FORMAT, "the array's items are of type '%c%zu'; ids are whole numbers", a->kind, a->item);
    const size_t height = a->shape[first], width = a->shape[first + 1];
    if (!cseg_memory_mul(bytes, height, &bytes) || !cseg_memory_mul(bytes, width, &bytes) || bytes != a->size)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the array has %zu bytes, which %zu x %zu items of %zu do not take", a->size, height,
                         width, a->item);
    cellseg_labels *labels;
    CSEG_TRY(cellseg_labels_new(&labels, import->context, height, width));
    const cellseg_status status = fill(labels, import->context, a, height, width);
    if (status == CELLSEG_OK)
        import->labels = labels;
    else
        cellseg_labels_free(labels);
    return status;
}

/* A type as "<u2" or "u2"; false for any other text. */
static bool take_type(array *a, const char *text, size_t length) {
    if (length > 0 && strchr("<>|=", text[0]) != NULL) {
        a->order = text[0];
        text++;
        length--;
    }
    if (length != 2 || text[1] < '1' || text[1] > '9')
        return false;
    a->kind = text[0];
    a->item = (size_t)(text[1] - '0');
    return true;
}

/* ---- pickles ---- */

/* The arguments of a dtype are its name, its state the order of bytes as second; those of an array are shape, dtype, order and
 * bytes behind a number. */
static cellseg_status take_pickled(array *a, const cseg_pickle *pickle) {
    const cseg_pickle_value *masks = pickle->found;
    if (masks == NULL)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the pickle has no array \"masks\", as Cellpose's _seg.npy has");
    const cseg_pickle_value *state = cseg_pickle_state(pickle, masks), *shape = cseg_pickle_item(pickle, state, 1);
    const cseg_pickle_value *type = cseg_pickle_item(pickle, state, 2), *bytes = cseg_pickle_item(pickle, state, 4);
    const cseg_pickle_value *name = cseg_pickle_item(pickle, cseg_pickle_arguments(pickle, type), 0);
    const cseg_pickle_value *order = cseg_pickle_item(pickle, cseg_pickle_state(pickle, type), 1);
    const cseg_pickle_value *columns = cseg_pickle_item(pickle, state, 3);
    if (shape == NULL || bytes == NULL || bytes->kind != CSEG_PICKLE_TEXT || name == NULL || name->kind != CSEG_PICKLE_TEXT ||
        !take_type(a, name->text, name->size))
        return cseg_fail(CELLSEG_ERR_FORMAT, "the pickle's \"masks\" is no array of whole numbers");
    if (order != NULL && order->kind == CSEG_PICKLE_TEXT && order->size == 1)
        a->order = order->text[0];
    for (const cseg_pickle_value *edge; (edge = cseg_pickle_item(pickle, shape, a->dimensions)) != NULL; a->dimensions++) {
        if (a->dimensions == 3 || edge->kind != CSEG_PICKLE_NUMBER)
            return cseg_fail(CELLSEG_ERR_FORMAT, "the pickle's \"masks\" has no shape of an image");
        a->shape[a->dimensions] = (size_t)edge->number;
    }
    a->columns = columns != NULL && columns->number != 0;
    a->bytes = (const unsigned char *)bytes->text;
    a->size = bytes->size;
    return CELLSEG_OK;
}

static cellseg_status read_pickle(cseg_import *import, const char *from, size_t size) {
    cseg_pickle pickle = {.context = import->context, .key = "masks"};
    array a = {.order = '<'};
    cellseg_status status = cseg_pickle_run(&pickle, from, size);
    if (status == CELLSEG_OK)
        status = take_pickled(&a, &pickle);
    cseg_pickle_free(&pickle);
    return status == CELLSEG_OK ? make_labels(import, &a) : status;
}

/* ---- the header ---- */

/* What follows a key of the header, which is a Python dictionary; NULL without the key. The header ends with a zero. */
static const char *find_value(const char *header, const char *key) {
    const char *at = strstr(header, key);
    return at != NULL ? at + strlen(key) : NULL;
}

static cellseg_status read_plain(cseg_import *import, const char *header, const char *from, size_t size) {
    array a = {.order = '<', .bytes = (const unsigned char *)from, .size = size};
    const char *type = find_value(header, "'descr': '"), *order = find_value(header, "'fortran_order': ");
    const char *shape = find_value(header, "'shape': (");
    if (type == NULL || order == NULL || shape == NULL || !take_type(&a, type, strcspn(type, "'")))
        return cseg_fail(CELLSEG_ERR_FORMAT, "the header describes no array of whole numbers");
    a.columns = *order == 'T';
    while (*shape >= '0' && *shape <= '9' && a.dimensions < 3) {
        size_t edge = 0;
        for (; *shape >= '0' && *shape <= '9' && edge <= UINT32_MAX; shape++)
            edge = 10 * edge + (size_t)(*shape - '0');
        a.shape[a.dimensions++] = edge;
        shape += strspn(shape, ", ");
    }
    return *shape == ')' ? make_labels(import, &a)
                         : cseg_fail(CELLSEG_ERR_FORMAT, "the array has more than 3 dimensions; a label map has 2");
}

cellseg_status cseg_npy_read(cseg_import *import) {
    enum { MAX_HEADER = 1 << 16 };
    const unsigned char *bytes = (const unsigned char *)import->bytes;
    const size_t start = import->size > 10 && bytes[6] == 1 ? 10 : 12;
    if (import->size < start)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the file is cut off");
    const size_t length = bytes[8] + 256U * bytes[9] + (start == 12 ? 65536U * bytes[10] + 16777216U * bytes[11] : 0);
    if (length > import->size - start || length > MAX_HEADER)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the header is cut off or longer than %d bytes", MAX_HEADER);
    char *header = cseg_memory_calloc(import->context, length + 1, 1);
    if (header == NULL)
        return cseg_error_last();
    memcpy(header, import->bytes + start, length);
    const char *from = import->bytes + start + length;
    const size_t size = import->size - start - length;
    const bool pickled = strstr(header, "'descr': '|O'") != NULL;
    const cellseg_status status = pickled ? read_pickle(import, from, size) : read_plain(import, header, from, size);
    cseg_memory_free(header);
    return status;
}
