/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * safetensors (Hugging Face, 2022): 8 bytes of header length, little-endian; the header, JSON; the tensors. Each header entry is
 * "name": {"dtype": "F32", "shape": [...], "data_offsets": [begin, end]}, offsets counted from the header's end.
 *
 * A file is untrusted: numbers are read only after every entry is checked.
 */
#include "nn/safetensors.h"
#include "nn/float16.h"

#include <string.h>

enum { LENGTH_BYTES = 8 };

static const double max_bytes = 0x1p40; /* whole numbers up to here are exact, and so are their sums */

static uint64_t read_length(const uint8_t *bytes) {
    uint64_t length = 0;
    for (size_t i = LENGTH_BYTES; i-- > 0;)
        length = length << 8 | bytes[i];
    return length;
}

cellseg_status cseg_safetensors_check_start(const uint8_t *start, size_t available, uint64_t size) {
    if (available <= LENGTH_BYTES || start[LENGTH_BYTES] != '{')
        return cseg_fail(CELLSEG_ERR_FORMAT, "not a safetensors file");
    const uint64_t length = read_length(start);
    if (length > CSEG_SAFETENSORS_MAX_HEADER)
        return cseg_fail(CELLSEG_ERR_FORMAT, "a header of %llu bytes; at most %d are read", (unsigned long long)length,
                         CSEG_SAFETENSORS_MAX_HEADER);
    if (length > size - LENGTH_BYTES)
        return cseg_fail(CELLSEG_ERR_FORMAT, "truncated: a header of %llu bytes in a file of %llu", (unsigned long long)length,
                         (unsigned long long)size);
    return CELLSEG_OK;
}

/* ---- entries ---- */

static bool whole_number(const cseg_json *item, double *value) {
    if (!cseg_json_is(item, CSEG_JSON_NUMBER) || !(item->number >= 0 && item->number <= max_bytes))
        return false;
    *value = item->number;
    return *value == (double)(uint64_t)*value;
}

/* 2 or 4 bytes an element; 0: another type. */
static size_t element_bytes(const cseg_json *tensor) {
    const cseg_json *dtype = cseg_json_member(tensor, "dtype");
    if (!cseg_json_is(dtype, CSEG_JSON_STRING))
        return 0;
    if (strcmp(dtype->string, "F32") == 0)
        return 4;
    return strcmp(dtype->string, "F16") == 0 ? 2 : 0;
}

/* Elements, or -1 for a bad shape. */
static double shape_elements(const cseg_json *tensor) {
    const cseg_json *shape = cseg_json_member(tensor, "shape");
    if (!cseg_json_is(shape, CSEG_JSON_ARRAY) || shape->count < 1 || shape->count > CSEG_MAX_DIMENSIONS)
        return -1;
    double elements = 1, edge;
    for (const cseg_json *item = shape->child; item != NULL; item = item->next) {
        if (!whole_number(item, &edge) || edge < 1 || elements * edge > max_bytes)
            return -1;
        elements *= edge;
    }
    return elements;
}

static cellseg_status check_entry(const cseg_json *tensor, double *end) {
    static const char *const keys[] = {"dtype", "shape", "data_offsets", NULL};
    const char *name = tensor->key;
    if (!cseg_json_is(tensor, CSEG_JSON_OBJECT))
        return cseg_fail(CELLSEG_ERR_FORMAT, "tensor %s: not an object", name);
    CSEG_TRY(cseg_json_only(tensor, keys, name));
    const size_t bytes = element_bytes(tensor);
    if (bytes == 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "tensor %s: its type must be F32 or F16", name);
    const double elements = shape_elements(tensor);
    if (elements < 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "tensor %s: its shape must be 1 to %d whole numbers of a sensible size", name,
                         CSEG_MAX_DIMENSIONS);
    const cseg_json *offsets = cseg_json_member(tensor, "data_offsets");
    double from, to;
    if (!cseg_json_is(offsets, CSEG_JSON_ARRAY) || offsets->count != 2 || !whole_number(offsets->child, &from) ||
        !whole_number(offsets->child->next, &to))
        return cseg_fail(CELLSEG_ERR_FORMAT, "tensor %s: data_offsets must be two whole numbers", name);
    if (from != *end || to - from != elements * (double)bytes)
        return cseg_fail(CELLSEG_ERR_FORMAT, "tensor %s: bytes %.0f to %.0f, where its shape requires %.0f from %.0f on", name,
                         from, to, elements * (double)bytes, *end);
    *end = to;
    return CELLSEG_OK;
}

static cellseg_status check_entries(cseg_safetensors *file, size_t data_bytes) {
    double end = 0;
    if (!cseg_json_is(file->header, CSEG_JSON_OBJECT))
        return cseg_fail(CELLSEG_ERR_FORMAT, "the header is not an object");
    for (const cseg_json *item = file->header->child; item != NULL; item = item->next) {
        if (strcmp(item->key, "__metadata__") == 0) {
            file->metadata = item;
            continue;
        }
        CSEG_TRY(check_entry(item, &end));
        file->tensors++;
    }
    if (!cseg_json_is(file->metadata, CSEG_JSON_OBJECT))
        return cseg_fail(CELLSEG_ERR_FORMAT, "the header has no __metadata__");
    if (end != (double)data_bytes)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s: the header describes %.0f bytes of tensors, the file has %zu",
                         end > (double)data_bytes ? "truncated" : "bytes too many", end, data_bytes);
    return CELLSEG_OK;
}

cellseg_status cseg_safetensors_open(cseg_safetensors *file, cellseg_context *context, const uint8_t *bytes, size_t size) {
    *file = (cseg_safetensors){0};
    CSEG_TRY(cseg_safetensors_check_start(bytes, size, size));
    const size_t length = (size_t)read_length(bytes);
    CSEG_TRY(cseg_json_parse(&file->header, context, (const char *)bytes + LENGTH_BYTES, length, "header"));
    file->data = bytes + LENGTH_BYTES + length;
    const cellseg_status status = check_entries(file, size - LENGTH_BYTES - length);
    if (status != CELLSEG_OK)
        cseg_safetensors_close(file);
    return status;
}

void cseg_safetensors_close(cseg_safetensors *file) {
    cseg_memory_free(file->header);
    *file = (cseg_safetensors){0};
}

/* ---- reading ---- */

size_t cseg_safetensors_entries(const cseg_tensor_entry *entry) {
    size_t count = 1;
    for (size_t d = 0; d < entry->dimensions; d++)
        count *= entry->shape[d];
    return count;
}

cellseg_status cseg_safetensors_shape(size_t *shape, const cseg_safetensors *file, const char *name, size_t dimensions) {
    const cseg_json *tensor = cseg_json_member(file->header, name);
    if (tensor == NULL)
        return cseg_fail(CELLSEG_ERR_MODEL, "the tensor %s is missing", name);
    const cseg_json *item = cseg_json_member(tensor, "shape")->child;
    for (size_t d = 0; d < dimensions; d++, item = item->next) {
        if (item == NULL)
            break;
        shape[d] = (size_t)item->number;
        if (d + 1 == dimensions && item->next == NULL)
            return CELLSEG_OK;
    }
    return cseg_fail(CELLSEG_ERR_MODEL, "the tensor %s must have %zu dimensions", name, dimensions);
}

cellseg_status cseg_safetensors_check(const cseg_safetensors *file, const cseg_tensor_entry *entry) {
    size_t shape[CSEG_MAX_DIMENSIONS] = {0};
    CSEG_TRY(cseg_safetensors_shape(shape, file, entry->name, entry->dimensions));
    for (size_t d = 0; d < entry->dimensions; d++)
        if (shape[d] != entry->shape[d])
            return cseg_fail(CELLSEG_ERR_MODEL, "the tensor %s has %zu for dimension %zu, the architecture requires %zu",
                             entry->name, shape[d], d, entry->shape[d]);
    if (!entry->half && element_bytes(cseg_json_member(file->header, entry->name)) != 4)
        return cseg_fail(CELLSEG_ERR_MODEL, "the tensor %s must be F32", entry->name);
    return CELLSEG_OK;
}

void cseg_safetensors_read(float *out, const cseg_safetensors *file, const char *name) {
    const cseg_json *tensor = cseg_json_member(file->header, name);
    const size_t bytes = element_bytes(tensor), count = (size_t)shape_elements(tensor);
    const cseg_json *offsets = cseg_json_member(tensor, "data_offsets");
    const uint8_t *from = file->data + (size_t)offsets->child->number;
    for (size_t i = 0; i < count; i++, from += bytes) {
        const uint16_t low = (uint16_t)(from[0] | from[1] << 8);
        if (bytes == 2) {
            out[i] = cseg_float16_to_float(low);
            continue;
        }
        const uint32_t bits = low | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
        memcpy(&out[i], &bits, sizeof bits);
    }
}

/* ---- writing ---- */

static size_t entry_bytes(const cseg_tensor_entry *entry) {
    return cseg_safetensors_entries(entry) * (entry->half ? 2 : 4);
}

static void write_entry(cseg_text *text, const cseg_tensor_entry *entry, size_t offset) {
    cseg_text_add(text, ",\"%s\":{\"dtype\":\"%s\",\"shape\":", entry->name, entry->half ? "F16" : "F32");
    for (size_t d = 0; d < entry->dimensions; d++)
        cseg_text_add(text, "%s%zu", d == 0 ? "[" : ",", entry->shape[d]);
    cseg_text_add(text, "],\"data_offsets\":[%zu,%zu]}", offset, offset + entry_bytes(entry));
}

/* Padded with spaces, so that the tensors begin at a multiple of 8 bytes. */
static cellseg_status write_header(char **out, size_t *length, cellseg_context *context, const cseg_metadata *texts,
                                   const cseg_tensor_entry *entries, size_t count) {
    cseg_text text = {.context = context};
    size_t offset = 0;
    cseg_text_add(&text, "{\"__metadata__\":");
    for (size_t i = 0; texts[i].key != NULL; i++) {
        cseg_text_add(&text, "%s\"%s\":", i == 0 ? "{" : ",", texts[i].key);
        cseg_text_add_string(&text, texts[i].value);
    }
    cseg_text_add(&text, "}");
    for (size_t i = 0; i < count; i++) {
        write_entry(&text, &entries[i], offset);
        offset += entry_bytes(&entries[i]);
    }
    cseg_text_add(&text, "}");
    cseg_text_add(&text, "%*s", (int)(7 - (text.length + 7) % 8), "");
    *length = text.length;
    return cseg_text_take(out, &text);
}

static uint8_t *write_numbers(uint8_t *to, const float *numbers, size_t count, bool half) {
    for (size_t i = 0; i < count; i++) {
        uint32_t bits;
        memcpy(&bits, &numbers[i], sizeof bits);
        if (half)
            bits = cseg_float16_from_float(numbers[i]);
        for (size_t b = 0; b < (half ? 2U : 4U); b++, bits >>= 8)
            *to++ = (uint8_t)(bits & 0xffU);
    }
    return to;
}

cellseg_status cseg_safetensors_write(uint8_t **out, size_t *size, cellseg_context *context, const cseg_metadata *texts,
                                      const cseg_tensor_entry *entries, const float *const *numbers, size_t count) {
    char *header;
    size_t length;
    *out = NULL;
    CSEG_TRY(write_header(&header, &length, context, texts, entries, count));
    *size = LENGTH_BYTES + length;
    for (size_t i = 0; i < count; i++)
        *size += entry_bytes(&entries[i]);
    uint8_t *to = *out = cseg_memory_alloc(context, *size, 1);
    if (to != NULL) {
        for (size_t i = 0; i < LENGTH_BYTES; i++)
            *to++ = (uint8_t)((uint64_t)length >> 8 * i & 0xffU);
        memcpy(to, header, length);
        to += length;
        for (size_t i = 0; i < count; i++)
            to = write_numbers(to, numbers[i], cseg_safetensors_entries(&entries[i]), entries[i].half);
    }
    cseg_memory_free(header);
    return *out != NULL ? CELLSEG_OK : cseg_error_last();
}
