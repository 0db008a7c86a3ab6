/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Writing of ZIP archives: a header and the bytes of each entry, then the directory with the same headers. Entries are stored,
 * not compressed, and have the earliest date of the format, so that the same entries give the same archive.
 */
#include "io/zip.h"

#include <string.h>

enum { VERSION = 20, VERSION_64 = 45, EARLIEST_DATE = 0x21 /* 1980-01-01 */, MAX_COUNT = 0xffff };

/* Four bits at a time: archives of outlines are small, and so is the table. */
uint32_t cseg_zip_checksum(const void *bytes, size_t count) {
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

void cseg_zip_put(cseg_text *text, uint64_t value, size_t bytes) {
    for (size_t i = 0; i < bytes; i++, value >>= 8) {
        const char byte = (char)(value & 0xff);
        cseg_text_add_bytes(text, &byte, 1);
    }
}

/* What an entry's header and its line of the directory have in common. */
static void put_entry(cseg_text *text, const char *name, const cseg_text *entry, uint32_t checksum) {
    cseg_zip_put(text, VERSION, 2);
    cseg_zip_put(text, 0, 4); /* flags; stored */
    cseg_zip_put(text, 0, 2); /* time */
    cseg_zip_put(text, EARLIEST_DATE, 2);
    cseg_zip_put(text, checksum, 4);
    cseg_zip_put(text, entry->length, 4);
    cseg_zip_put(text, entry->length, 4);
    cseg_zip_put(text, strlen(name), 2);
    cseg_zip_put(text, 0, 2); /* further fields */
}

cellseg_status cseg_zip_add(cseg_zip *zip, const char *name, const cseg_text *entry) {
    cseg_text *text = &zip->document->text;
    const uint64_t offset = zip->document->written + text->length;
    CSEG_TRY(entry->status);
    if (offset + entry->length > UINT32_MAX / 2)
        return cseg_fail(CELLSEG_ERR_LIMIT, "the outlines take more than 2 GiB as a ZIP archive; write GeoJSON");
    const uint32_t checksum = cseg_zip_checksum(entry->bytes, entry->length);
    cseg_text_add_bytes(text, "PK\3\4", 4);
    put_entry(text, name, entry, checksum);
    cseg_text_add(text, "%s", name);
    cseg_text_add_bytes(text, entry->bytes, entry->length);
    cseg_text *directory = &zip->directory;
    cseg_text_add_bytes(directory, "PK\1\2", 4);
    cseg_zip_put(directory, VERSION, 2);
    put_entry(directory, name, entry, checksum);
    cseg_zip_put(directory, 0, 10); /* comment, disk, attributes */
    cseg_zip_put(directory, offset, 4);
    cseg_text_add(directory, "%s", name);
    zip->count++;
    return CELLSEG_OK;
}

/* The end of an archive whose entries 16 bits do not count, before the usual end. */
static void put_wide_end(cseg_text *text, const cseg_zip *zip, uint64_t start) {
    const uint64_t end = start + zip->directory.length;
    cseg_text_add_bytes(text, "PK\6\6", 4);
    cseg_zip_put(text, 44, 8); /* bytes that follow */
    cseg_zip_put(text, VERSION_64, 2);
    cseg_zip_put(text, VERSION_64, 2);
    cseg_zip_put(text, 0, 8); /* disks */
    cseg_zip_put(text, zip->count, 8);
    cseg_zip_put(text, zip->count, 8);
    cseg_zip_put(text, zip->directory.length, 8);
    cseg_zip_put(text, start, 8);
    cseg_text_add_bytes(text, "PK\6\7", 4);
    cseg_zip_put(text, 0, 4); /* disk */
    cseg_zip_put(text, end, 8);
    cseg_zip_put(text, 1, 4); /* disks */
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
        cseg_zip_put(text, 0, 4); /* disks */
        cseg_zip_put(text, count, 2);
        cseg_zip_put(text, count, 2);
        cseg_zip_put(text, zip->directory.length, 4);
        cseg_zip_put(text, start, 4);
        cseg_zip_put(text, 0, 2); /* comment */
    }
    cseg_memory_free(zip->directory.bytes);
    return status;
}
