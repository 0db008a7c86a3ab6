/* SPDX-License-Identifier: BSD-3-Clause */
/* ZIP archives (PKWARE's APPNOTE.TXT 6.3), of which sets of outlines are made; for the io room only. */
#ifndef CSEG_IO_ZIP_H
#define CSEG_IO_ZIP_H

#include "io/document.h"

/* An archive that is written; {.document = ..., .directory = {.context = ...}} is empty. */
typedef struct cseg_zip {
    cseg_document *document;
    cseg_text directory; /* of the entries so far; cseg_zip_end() releases the text */
    uint64_t count;
} cseg_zip;

/* Append an entry to the document's text. CELLSEG_ERR_LIMIT beyond 2 GiB, since offsets have 32 bits. */
cellseg_status cseg_zip_add(cseg_zip *zip, const char *name, const cseg_text *entry);

/* Append the directory, if `status` is OK; returns the status, or the first failure. */
cellseg_status cseg_zip_end(cseg_zip *zip, cellseg_status status);

/* An archive in memory that is read. */
typedef struct cseg_zip_reader {
    const unsigned char *bytes;
    size_t size;
    size_t at;   /* of the next line of the directory */
    size_t left; /* bytes that entries may still take: they share none */
} cseg_zip_reader;

/* An entry as the archive holds the entry. */
typedef struct cseg_zip_entry {
    const char *name; /* without a closing zero */
    size_t name_length;
    const unsigned char *bytes;
    size_t stored, size; /* bytes in the archive, and decompressed */
    uint32_t method, checksum;
} cseg_zip_entry;

/* Find the directory. CELLSEG_ERR_FORMAT without one. */
cellseg_status cseg_zip_open(cseg_zip_reader *reader, const void *bytes, size_t size);

/* The next entry; entry->name NULL: the directory has ended. CELLSEG_ERR_FORMAT for a damaged directory, and for entries beyond
 * the file, over each other or encrypted. */
cellseg_status cseg_zip_next(cseg_zip_entry *entry, cseg_zip_reader *reader);

/* Allocate and decompress the content, entry->size bytes, and check the checksum. Release with cseg_memory_free(). */
cellseg_status cseg_zip_extract(unsigned char **out, cellseg_context *context, const cseg_zip_entry *entry);

#endif
