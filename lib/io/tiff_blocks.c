/* SPDX-License-Identifier: BSD-3-Clause */
/* Tables of strips and tiles: that they agree with the page's size, with each other and with the file. */
#include "io/tiff.h"

enum { STRIP_OFFSETS = 273, STRIP_SIZES = 279, TILE_OFFSETS = 324, TILE_SIZES = 325, UNCOMPRESSED = 1 };

static const char *noun(const cseg_page *page) {
    return page->tiled ? "tiles" : "strips";
}

static cellseg_status read_fields(cseg_ifd_field *offsets, cseg_ifd_field *sizes, const cseg_ifd *ifd, const cseg_page *page,
                                  size_t count) {
    CSEG_TRY(cseg_ifd_find(offsets, ifd, page->tiled ? TILE_OFFSETS : STRIP_OFFSETS));
    CSEG_TRY(cseg_ifd_find(sizes, ifd, page->tiled ? TILE_SIZES : STRIP_SIZES));
    if (page->tiled && offsets->count == 0) { /* some writers list tiles under the tags of strips */
        CSEG_TRY(cseg_ifd_find(offsets, ifd, STRIP_OFFSETS));
        CSEG_TRY(cseg_ifd_find(sizes, ifd, STRIP_SIZES));
    }
    if (offsets->count != count)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u lists %llu %s; %u x %u pixels in %s of %u x %u make %zu", page->number,
                         (unsigned long long)offsets->count, noun(page), page->height, page->width, noun(page),
                         page->block_height, page->block_width, count);
    if (sizes->count == count || (sizes->count == 0 && (page->compression == UNCOMPRESSED || count == 1)))
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_FORMAT, "page %u lists %llu sizes of its %zu %s", page->number, (unsigned long long)sizes->count,
                     count, noun(page));
}

/* A size that the file does not state: the rows, or all up to the file's end. */
static uint64_t implied_size(const cseg_ifd *ifd, const cseg_page *page, uint64_t offset, uint64_t bytes) {
    if (page->compression == UNCOMPRESSED)
        return bytes;
    return offset < ifd->file->size ? ifd->file->size - offset : 0;
}

/* bytes: of the block's rows; whole: of those of a full block, which some writers give the last strip too. */
static cellseg_status check_block(cseg_block *block, const cseg_ifd *ifd, const cseg_page *page, uint64_t bytes, uint64_t whole) {
    if (block->offset == 0 && block->size == 0)
        return CELLSEG_OK; /* absent */
    if (block->size == 0 || block->offset == 0)
        return cseg_fail(CELLSEG_ERR_FORMAT, "damaged: %llu bytes at byte %llu", (unsigned long long)block->size,
                         (unsigned long long)block->offset);
    if (block->offset <= ifd->file->size)
        block->offset += page->behind; /* at most the file's size */
    if (block->offset > ifd->file->size || block->size > ifd->file->size - block->offset)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%llu bytes at byte %llu end beyond the file's %llu bytes",
                         (unsigned long long)block->size, (unsigned long long)block->offset, (unsigned long long)ifd->file->size);
    /* Of an uncompressed block less than a row may be padding. */
    const uint64_t row = cseg_page_row_bytes(page), padding = row > 4 ? row - 1 : 3;
    if (page->compression == UNCOMPRESSED ? block->size < bytes || block->size > whole + padding
                                          : bytes / cseg_codec_expansion(page->compression) > block->size)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%llu bytes in the file, and its rows have %llu", (unsigned long long)block->size,
                         (unsigned long long)bytes);
    return CELLSEG_OK;
}

static cellseg_status fill(cseg_blocks *out, const cseg_ifd *ifd, const cseg_page *page, const cseg_ifd_field *offsets,
                           const cseg_ifd_field *sizes) {
    enum { CHUNK = 256 };
    const uint64_t row = cseg_page_row_bytes(page), whole = row * page->block_height;
    uint64_t offset[CHUNK], size[CHUNK];
    for (size_t i = 0; i < out->count; i++) {
        const size_t at = i % CHUNK, some = out->count - i < CHUNK ? out->count - i : CHUNK;
        if (at == 0) {
            CSEG_TRY(cseg_ifd_integers(offset, ifd, offsets, i, some));
            if (sizes->count != 0)
                CSEG_TRY(cseg_ifd_integers(size, ifd, sizes, i, some));
        }
        const uint32_t y = (uint32_t)(i / out->across % out->down) * page->block_height;
        const uint64_t bytes = row * cseg_page_block_rows(page, y);
        out->blocks[i] = (cseg_block){offset[at], sizes->count != 0 ? size[at] : implied_size(ifd, page, offset[at], bytes)};
        const cellseg_status status = check_block(&out->blocks[i], ifd, page, bytes, whole);
        if (status != CELLSEG_OK)
            return cseg_page_fail_in(status, page, i);
        out->sparse |= out->blocks[i].size == 0;
    }
    return CELLSEG_OK;
}

/* The planes behind a page are found only where its strips lie next to each other. */
static cellseg_status check_contiguous(const cseg_blocks *blocks, const cseg_page *page) {
    for (size_t i = 1; i < blocks->count; i++)
        if (blocks->blocks[i].offset != blocks->blocks[i - 1].offset + blocks->blocks[i - 1].size)
            return cseg_page_fail_in(cseg_fail(CELLSEG_ERR_FORMAT, "planes without a directory follow a page whose strips are "
                                                                   "apart"),
                                     page, i);
    return CELLSEG_OK;
}

cellseg_status cseg_blocks_load(cseg_blocks *out, cellseg_context *context, const cseg_ifd *ifd, const cseg_page *page) {
    const uint64_t down = ((uint64_t)page->height + page->block_height - 1) / page->block_height;
    const uint64_t across = ((uint64_t)page->width + page->block_width - 1) / page->block_width;
    const uint64_t count = down * across * (page->separate ? page->samples : 1);
    *out = (cseg_blocks){.count = (size_t)count, .down = (size_t)down, .across = (size_t)across};
    cseg_ifd_field offsets, sizes;
    CSEG_TRY(read_fields(&offsets, &sizes, ifd, page, (size_t)count)); /* so many are in the file */
    out->blocks = cseg_memory_alloc(context, (size_t)count, sizeof *out->blocks);
    if (out->blocks == NULL)
        return cseg_error_last();
    cellseg_status status = fill(out, ifd, page, &offsets, &sizes);
    if (status == CELLSEG_OK && page->behind != 0)
        status = check_contiguous(out, page);
    if (status != CELLSEG_OK)
        cseg_blocks_free(out);
    else
        out->digest = cseg_ifd_digest(0, out->blocks, out->count * sizeof *out->blocks);
    return status;
}

void cseg_blocks_free(cseg_blocks *blocks) {
    cseg_memory_free(blocks->blocks);
    blocks->blocks = NULL;
}
