/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * ZIP archives: a header and the bytes of each entry, then the directory with the same headers. Entries are written as they are,
 * not compressed, with the earliest date of the format, so that the same entries give the same archive. The reader goes by the
 * directory, and takes stored and deflated entries.
 */
#include "io/zip.h"

#include "io/import.h"

#include <string.h>

enum { STORED = 0, DEFLATED = 8, ENCRYPTED = 1 };
enum { HEADER_BYTES = 30, LINE_BYTES = 46, END_BYTES = 22, MAX_COMMENT = 65535, MAX_EXPANSION = 1032 };
enum { VERSION = 20, VERSION_64 = 45, EARLIEST_DATE = 0x21 /* 1980-01-01 */, MAX_COUNT = 0xffff };

/* CRC-32 of ISO 3309, four bits at a time: archives of outlines are small, and so is the table. */
static uint32_t checksum_of(const void *bytes, size_t count) {
    static const uint32_t table[16] = {0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4,
                                       0x4db26158, 0x5005713c, 0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c,
                                       0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c};
    const uint8_t *at = bytes;
    uint32_t rest = UINT32_MAX;
    for (size_t i = 0; i < count; i++) {
        rest = (rest >> 4) ^ table[(rest ^ at[i]) & 15];
        rest = (rest >> 4) ^ table[(rest ^ (uint32_t)(at[i] >> 4)) & 15];
    }
    return ~rest;
}

/* `value` in so many bytes, the lowest first. */
static void put(cseg_text *text, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++, value >>= 8) {
        const char byte = (char)(value & 0xff);
        cseg_text_add_bytes(text, &byte, 1);
    }
}

/* What an entry's header and its line of the directory have in common. */
static void put_entry(cseg_text *text, const char *name, const cseg_text *entry, uint32_t checksum) {
    put(text, VERSION, 2);
    put(text, 0, 4); /* flags; stored */
    put(text, 0, 2); /* time */
    put(text, EARLIEST_DATE, 2);
    put(text, checksum, 4);
    put(text, entry->length, 4);
    put(text, entry->length, 4);
    put(text, strlen(name), 2);
    put(text, 0, 2); /* further fields */
}

cellseg_status cseg_zip_add(cseg_zip *zip, const char *name, const cseg_text *entry) {
    cseg_text *text = &zip->document->text;
    const uint64_t offset = zip->document->written + text->length;
    CSEG_TRY(entry->status);
    if (offset + entry->length > UINT32_MAX / 2)
        return cseg_fail(CELLSEG_ERR_LIMIT, "the outlines take more than 2 GiB as a ZIP archive; write GeoJSON");
    const uint32_t checksum = checksum_of(entry->bytes, entry->length);
    cseg_text_add_bytes(text, "PK\3\4", 4);
    put_entry(text, name, entry, checksum);
    cseg_text_add(text, "%s", name);
    cseg_text_add_bytes(text, entry->bytes, entry->length);
    cseg_text *directory = &zip->directory;
    cseg_text_add_bytes(directory, "PK\1\2", 4);
    put(directory, VERSION, 2);
    put_entry(directory, name, entry, checksum);
    put(directory, 0, 10); /* comment, disk, attributes */
    put(directory, offset, 4);
    cseg_text_add(directory, "%s", name);
    zip->count++;
    return CELLSEG_OK;
}

/* The end of an archive whose entries 16 bits do not count, before the usual end. */
static void put_wide_end(cseg_text *text, const cseg_zip *zip, uint64_t start) {
    const uint64_t end = start + zip->directory.length;
    cseg_text_add_bytes(text, "PK\6\6", 4);
    put(text, 44, 8); /* bytes that follow */
    put(text, VERSION_64, 2);
    put(text, VERSION_64, 2);
    put(text, 0, 8); /* disks */
    put(text, zip->count, 8);
    put(text, zip->count, 8);
    put(text, zip->directory.length, 8);
    put(text, start, 8);
    cseg_text_add_bytes(text, "PK\6\7", 4);
    put(text, 0, 4); /* disk */
    put(text, end, 8);
    put(text, 1, 4); /* disks */
}

cellseg_status cseg_zip_end(cseg_zip *zip, cellseg_status status) {
    cseg_text *text = &zip->document->text;
    const uint64_t start = zip->document->written + text->length;
    const uint64_t count = zip->count < MAX_COUNT ? zip->count : MAX_COUNT;
    if (status == CELLSEG_OK)
        status = zip->directory.status;
    if (status == CELLSEG_OK) {
        cseg_text_add_bytes(text, zip->directory.bytes, zip->directory.length);
        if (zip->count >= MAX_COUNT)
            put_wide_end(text, zip, start);
        cseg_text_add_bytes(text, "PK\5\6", 4);
        put(text, 0, 4); /* disks */
        put(text, count, 2);
        put(text, count, 2);
        put(text, zip->directory.length, 4);
        put(text, start, 4);
        put(text, 0, 2); /* comment */
    }
    cseg_memory_free(zip->directory.bytes);
    return status;
}

/* ---- reading ---- */

static uint32_t get(const unsigned char *from, size_t bytes) {
    uint32_t value = 0;
    for (size_t i = bytes; i > 0; i--)
        value = value << 8 | from[i - 1];
    return value;
}

cellseg_status cseg_zip_open(cseg_zip_reader *reader, const void *bytes, size_t size) {
    const unsigned char *at = bytes;
    const size_t lowest = size > END_BYTES + MAX_COMMENT ? size - END_BYTES - MAX_COMMENT : 0;
    *reader = (cseg_zip_reader){.bytes = at, .size = size, .left = size};
    for (size_t end = size < END_BYTES ? 0 : size - END_BYTES + 1; end > lowest; end--)
        if (memcmp(at + end - 1, "PK\5\6", 4) == 0) {
            reader->at = get(at + end - 1 + 16, 4);
            return CELLSEG_OK;
        }
    return cseg_fail(CELLSEG_ERR_FORMAT, "the ZIP archive has no directory; the file is cut off");
}

static bool fits(const cseg_zip_reader *reader, size_t at, size_t count) {
    return at <= reader->size && count <= reader->size - at;
}

/* Where the bytes of an entry lie, by the entry's own header. */
static cellseg_status find_bytes(cseg_zip_entry *entry, cseg_zip_reader *reader, size_t header) {
    if (!fits(reader, header, HEADER_BYTES) || memcmp(reader->bytes + header, "PK\3\4", 4) != 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "an entry of the ZIP archive lies beyond the file");
    const size_t skipped = HEADER_BYTES + get(reader->bytes + header + 26, 2) + get(reader->bytes + header + 28, 2);
    if (!fits(reader, header, skipped + entry->stored))
        return cseg_fail(CELLSEG_ERR_FORMAT, "an entry of the ZIP archive lies beyond the file");
    if (entry->stored > reader->left)
        return cseg_fail(CELLSEG_ERR_FORMAT, "entries of the ZIP archive lie over each other");
    reader->left -= entry->stored;
    entry->bytes = reader->bytes + header + skipped;
    return CELLSEG_OK;
}

static bool is_mark(const cseg_zip_reader *reader, const char *mark) {
    return fits(reader, reader->at, 4) && memcmp(reader->bytes + reader->at, mark, 4) == 0;
}

cellseg_status cseg_zip_next(cseg_zip_entry *entry, cseg_zip_reader *reader) {
    *entry = (cseg_zip_entry){.name = NULL};
    if (is_mark(reader, "PK\5\6") || is_mark(reader, "PK\6\6"))
        return CELLSEG_OK;
    if (!is_mark(reader, "PK\1\2") || !fits(reader, reader->at, LINE_BYTES))
        return cseg_fail(CELLSEG_ERR_FORMAT, "the directory of the ZIP archive is damaged");
    const unsigned char *line = reader->bytes + reader->at;
    const size_t name_length = get(line + 28, 2), length = LINE_BYTES + name_length + get(line + 30, 2) + get(line + 32, 2);
    if (!fits(reader, reader->at, length))
        return cseg_fail(CELLSEG_ERR_FORMAT, "the directory of the ZIP archive is cut off");
    if ((get(line + 8, 2) & ENCRYPTED) != 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the ZIP archive is encrypted");
    *entry = (cseg_zip_entry){.name = (const char *)line + LINE_BYTES,
                              .name_length = name_length,
                              .stored = get(line + 20, 4),
                              .size = get(line + 24, 4),
                              .method = get(line + 10, 2),
                              .checksum = get(line + 16, 4)};
    reader->at += length;
    return find_bytes(entry, reader, get(line + 42, 4));
}

static cellseg_status extract(unsigned char *to, cellseg_context *context, const cseg_zip_entry *entry) {
    if (entry->method == STORED)
        memcpy(to, entry->bytes, entry->size);
    else
        CSEG_TRY(cseg_deflated_read(context, to, entry->size, entry->bytes, entry->stored));
    return checksum_of(to, entry->size) == entry->checksum ? CELLSEG_OK : cseg_fail(CELLSEG_ERR_FORMAT, "its checksum is wrong");
}

cellseg_status cseg_zip_extract(unsigned char **out, cellseg_context *context, const cseg_zip_entry *entry) {
    const bool possible = entry->method == STORED ? entry->size == entry->stored
                                                  : entry->method == DEFLATED && entry->size / MAX_EXPANSION <= entry->stored;
    *out = NULL;
    if (!possible)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%zu bytes of method %u cannot become %zu", entry->stored, (unsigned)entry->method,
                         entry->size);
    unsigned char *made = cseg_memory_alloc(context, entry->size > 0 ? entry->size : 1, 1);
    if (made == NULL)
        return cseg_error_last();
    const cellseg_status status = extract(made, context, entry);
    if (status == CELLSEG_OK)
        *out = made;
    else
        cseg_memory_free(made);
    return status;
}
