/* SPDX-License-Identifier: BSD-3-Clause */
/* A library without zlib: the entry of inflate.c that others than codecs call, which fails. */
#include "io/import.h"

cellseg_status cseg_deflated_read(cellseg_context *context, void *to, size_t count, const void *from, size_t size) {
    (void)context, (void)to, (void)count, (void)from, (void)size;
    return cseg_fail(CELLSEG_ERR_UNAVAILABLE, "this build of libcellseg decompresses no ZIP archives");
}
