/* SPDX-License-Identifier: BSD-3-Clause */
/* ZIP archives (PKWARE's APPNOTE.TXT 6.3): entries written as they are, for sets of outlines; for the io room only. */
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

/* CRC-32 of ISO 3309, as ZIP and PNG have it. */
uint32_t cseg_zip_checksum(const void *bytes, size_t count);

/* `value` in so many bytes, the lowest first. */
void cseg_zip_put(cseg_text *text, uint64_t value, size_t bytes);

#endif
