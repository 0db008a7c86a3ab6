/* SPDX-License-Identifier: BSD-3-Clause */
/* Directories of a TIFF file and the values of their tags, checked against the file's size. Reference: TIFF 6.0, section 2. */
#include "io/tiff.h"

#include <string.h>

enum {
    TYPE_BYTE = 1,
    TYPE_ASCII = 2,
    TYPE_SHORT = 3,
    TYPE_LONG = 4,
    TYPE_RATIONAL = 5,
    TYPE_SBYTE = 6,
    TYPE_UNDEFINED = 7,
    TYPE_SSHORT = 8,
    TYPE_SLONG = 9,
    TYPE_SRATIONAL = 10,
    TYPE_FLOAT = 11,
    TYPE_DOUBLE = 12,
    TYPE_IFD = 13,
    TYPE_LONG8 = 16,
    TYPE_SLONG8 = 17,
    TYPE_IFD8 = 18
};

static const uint8_t type_sizes[] = {
    [TYPE_BYTE] = 1,   [TYPE_ASCII] = 1,     [TYPE_SHORT] = 2,  [TYPE_LONG] = 4,      [TYPE_RATIONAL] = 8, [TYPE_SBYTE] = 1,
    [TYPE_SSHORT] = 2, [TYPE_UNDEFINED] = 1, [TYPE_SLONG] = 4,  [TYPE_SRATIONAL] = 8, [TYPE_FLOAT] = 4,    [TYPE_DOUBLE] = 8,
    [TYPE_IFD] = 4,    [TYPE_LONG8] = 8,     [TYPE_SLONG8] = 8, [TYPE_IFD8] = 8};

/* Bytes of a directory that the first read takes: enough for most. */
enum { FIRST_READ = 656, MAX_BYTES = 8 + 20 * CSEG_IFD_MAX_TAGS + 8 };

static size_t head_bytes(const cseg_ifd *ifd) {
    return ifd->big ? 8 : 2;
}

static size_t entry_bytes(const cseg_ifd *ifd) {
    return ifd->big ? 20 : 12;
}

static size_t offset_bytes(const cseg_ifd *ifd) {
    return ifd->big ? 8 : 4;
}

/* An unsigned number of `size` bytes in the file's byte order. */
static uint64_t number_at(const cseg_ifd *ifd, const unsigned char *bytes, size_t size) {
    const uint16_t one = 1;
    const bool little = (*(const unsigned char *)&one == 1) != ifd->swapped;
    uint64_t value = 0;
    for (size_t i = 0; i < size; i++)
        value = value << 8 | bytes[little ? size - 1 - i : i];
    return value;
}

uint64_t cseg_ifd_digest(uint64_t digest, const void *bytes, size_t count) {
    uint64_t sum = digest ^ 0xcbf29ce484222325U; /* FNV-1a */
    for (size_t i = 0; i < count; i++)
        sum = (sum ^ ((const unsigned char *)bytes)[i]) * 0x100000001b3U;
    return sum;
}

cellseg_status cseg_ifd_read_at(const cseg_ifd *ifd, void *to, size_t count, uint64_t offset) {
    if (cseg_file_read_at(ifd->file, to, count, offset) == count)
        return CELLSEG_OK;
    if (ifd->file->error != 0)
        return cseg_file_fail("cannot be read", ifd->file->error);
    return cseg_fail(CELLSEG_ERR_IO, "the file became shorter while it was read");
}

cellseg_status cseg_ifd_open(cseg_ifd *ifd, cellseg_context *context, cseg_file *file) {
    *ifd = (cseg_ifd){.file = file};
    unsigned char head[16] = {0};
    const size_t size = file->size < sizeof head ? (size_t)file->size : sizeof head;
    CSEG_TRY(cseg_ifd_read_at(ifd, head, size, 0));
    const uint16_t little = 'I' | 'I' << 8, order = (uint16_t)(head[0] | head[1] << 8);
    const uint16_t one = 1;
    ifd->swapped = (order == little) != (*(const unsigned char *)&one == 1);
    ifd->big = number_at(ifd, head + 2, 2) == 43;
    if (size < (ifd->big ? 16U : 8U))
        return cseg_fail(CELLSEG_ERR_FORMAT, "the file ends within its header");
    if (ifd->big && (number_at(ifd, head + 4, 2) != 8 || number_at(ifd, head + 6, 2) != 0))
        return cseg_fail(CELLSEG_ERR_FORMAT, "the header is damaged: BigTIFF has offsets of 8 bytes");
    ifd->first = ifd->big ? number_at(ifd, head + 8, 8) : number_at(ifd, head + 4, 4);
    ifd->bytes = cseg_memory_alloc(context, MAX_BYTES, 1);
    return ifd->bytes != NULL ? CELLSEG_OK : cseg_error_last();
}

void cseg_ifd_close(cseg_ifd *ifd) {
    cseg_memory_free(ifd->bytes);
    ifd->bytes = NULL;
}

cellseg_status cseg_ifd_load(cseg_ifd *ifd, uint64_t offset, uint32_t number) {
    const size_t head = head_bytes(ifd), link = offset_bytes(ifd);
    ifd->number = number;
    ifd->offset = 0;
    if (offset > ifd->file->size || ifd->file->size - offset < head)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: its directory, at byte %llu, lies beyond the end of the file", number,
                         (unsigned long long)offset);
    const uint64_t left = ifd->file->size - offset;
    const size_t first = left < FIRST_READ ? (size_t)left : FIRST_READ;
    CSEG_TRY(cseg_ifd_read_at(ifd, ifd->bytes, first, offset));
    const uint64_t count = number_at(ifd, ifd->bytes, head);
    if (count < 1 || count > CSEG_IFD_MAX_TAGS)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: its directory is damaged: %llu tags", number, (unsigned long long)count);
    const size_t size = head + (size_t)count * entry_bytes(ifd) + link;
    if (size > left)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: its directory of %llu tags ends beyond the file", number,
                         (unsigned long long)count);
    if (size > first)
        CSEG_TRY(cseg_ifd_read_at(ifd, ifd->bytes + first, size - first, offset + first));
    ifd->offset = offset;
    ifd->count = (size_t)count;
    ifd->next = number_at(ifd, ifd->bytes + size - link, link);
    ifd->digest = cseg_ifd_digest(0, ifd->bytes, size);
    return CELLSEG_OK;
}

/* Where a tag is listed twice, the first counts, as in libtiff. */
static const unsigned char *find_entry(const cseg_ifd *ifd, uint16_t tag) {
    assert(ifd->offset != 0);
    for (size_t i = 0; i < ifd->count; i++) {
        const unsigned char *entry = ifd->bytes + head_bytes(ifd) + i * entry_bytes(ifd);
        if (number_at(ifd, entry, 2) == tag)
            return entry;
    }
    return NULL;
}

cellseg_status cseg_ifd_find(cseg_ifd_field *field, const cseg_ifd *ifd, uint16_t tag) {
    *field = (cseg_ifd_field){.tag = tag};
    const unsigned char *entry = find_entry(ifd, tag);
    if (entry == NULL)
        return CELLSEG_OK;
    const size_t room = offset_bytes(ifd);
    field->type = (uint16_t)number_at(ifd, entry + 2, 2);
    field->count = number_at(ifd, entry + 4, room);
    field->size = field->type < sizeof type_sizes ? type_sizes[field->type] : 0;
    if (field->size == 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: tag %u is damaged: its type %u is unknown", ifd->number, tag, field->type);
    if (field->count <= room / field->size) {
        field->inside = entry + 4 + room;
        return CELLSEG_OK;
    }
    field->offset = number_at(ifd, entry + 4 + room, room);
    if (field->offset > ifd->file->size || field->count > (ifd->file->size - field->offset) / field->size)
        return cseg_fail(CELLSEG_ERR_FORMAT,
                         "page %u: tag %u is damaged: %llu values of %zu bytes at byte %llu end beyond the file's %llu bytes",
                         ifd->number, tag, (unsigned long long)field->count, field->size, (unsigned long long)field->offset,
                         (unsigned long long)ifd->file->size);
    return CELLSEG_OK;
}

/* ---- values ---- */

static cellseg_status read_raw(void *to, const cseg_ifd *ifd, const cseg_ifd_field *field, uint64_t first, size_t n) {
    assert(first <= field->count && n <= field->count - first);
    if (field->inside == NULL)
        return cseg_ifd_read_at(ifd, to, n * field->size, field->offset + first * field->size);
    memcpy(to, field->inside + first * field->size, n * field->size);
    return CELLSEG_OK;
}

static bool is_whole(uint16_t type) {
    return type == TYPE_BYTE || type == TYPE_SHORT || type == TYPE_LONG || type == TYPE_SBYTE || type == TYPE_SSHORT ||
           type == TYPE_SLONG || type == TYPE_IFD || type == TYPE_LONG8 || type == TYPE_SLONG8 || type == TYPE_IFD8;
}

static bool is_signed(uint16_t type) {
    return type == TYPE_SBYTE || type == TYPE_SSHORT || type == TYPE_SLONG || type == TYPE_SLONG8;
}

cellseg_status cseg_ifd_integers(uint64_t *values, const cseg_ifd *ifd, const cseg_ifd_field *field, uint64_t first, size_t n) {
    unsigned char raw[4096];
    if (!is_whole(field->type))
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: tag %u is damaged: its type %u holds no whole numbers", ifd->number,
                         field->tag, field->type);
    for (size_t done = 0; done < n;) {
        const size_t most = sizeof raw / field->size, some = n - done < most ? n - done : most;
        CSEG_TRY(read_raw(raw, ifd, field, first + done, some));
        for (size_t i = 0; i < some; i++, done++) {
            values[done] = number_at(ifd, raw + i * field->size, field->size);
            if (is_signed(field->type) && values[done] >> (8 * field->size - 1) != 0)
                return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: tag %u is damaged: it is negative", ifd->number, field->tag);
        }
    }
    return CELLSEG_OK;
}

cellseg_status cseg_ifd_integer(uint64_t *value, const cseg_ifd *ifd, uint16_t tag, uint64_t most) {
    cseg_ifd_field field;
    CSEG_TRY(cseg_ifd_find(&field, ifd, tag));
    if (field.count == 0)
        return CELLSEG_OK;
    CSEG_TRY(cseg_ifd_integers(value, ifd, &field, 0, 1));
    if (*value > most)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: tag %u is damaged: %llu is more than %llu", ifd->number, tag,
                         (unsigned long long)*value, (unsigned long long)most);
    return CELLSEG_OK;
}

cellseg_status cseg_ifd_real(double *value, const cseg_ifd *ifd, uint16_t tag) {
    cseg_ifd_field field;
    unsigned char raw[8];
    CSEG_TRY(cseg_ifd_find(&field, ifd, tag));
    if (field.count == 0)
        return CELLSEG_OK;
    CSEG_TRY(read_raw(raw, ifd, &field, 0, 1));
    const uint64_t bits = number_at(ifd, raw, field.size);
    if (field.type == TYPE_RATIONAL) {
        const uint64_t below = number_at(ifd, raw + 4, 4);
        *value = below != 0 ? (double)number_at(ifd, raw, 4) / (double)below : 0;
    } else if (field.type == TYPE_FLOAT) {
        const uint32_t half = (uint32_t)bits;
        float single;
        memcpy(&single, &half, sizeof single);
        *value = (double)single;
    } else if (field.type == TYPE_DOUBLE) {
        memcpy(value, &bits, sizeof *value);
    } else if (is_whole(field.type) && !is_signed(field.type)) {
        *value = (double)bits;
    } else {
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: tag %u is damaged: its type %u holds no number", ifd->number, tag,
                         field.type);
    }
    return CELLSEG_OK;
}

cellseg_status cseg_ifd_bytes(char **out, size_t *size, cellseg_context *context, const cseg_ifd *ifd, uint16_t tag) {
    cseg_ifd_field field;
    *out = NULL;
    CSEG_TRY(cseg_ifd_find(&field, ifd, tag));
    if (field.count == 0)
        return CELLSEG_OK;
    if (field.size != 1)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: tag %u is damaged: its type %u is no text", ifd->number, tag, field.type);
    char *bytes = cseg_memory_alloc(context, (size_t)field.count + 1, 1);
    if (bytes == NULL)
        return cseg_error_last();
    const cellseg_status status = read_raw(bytes, ifd, &field, 0, (size_t)field.count);
    bytes[field.count] = '\0';
    if (status == CELLSEG_OK) {
        *out = bytes;
        *size = (size_t)field.count;
    } else {
        cseg_memory_free(bytes);
    }
    return status;
}
