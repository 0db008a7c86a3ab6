/* SPDX-License-Identifier: BSD-3-Clause */
/* A page of a TIFF file: the tags that lay out its pixels. */
#include "io/tiff.h"

#include <stdio.h>

enum { FORMAT_UINT = 1, FORMAT_INT = 2, FORMAT_FLOAT = 3, FORMAT_VOID = 4 };

/* Bits per sample, or sample formats: one value, or one for each sample. */
static cellseg_status read_samples(uint16_t *value, bool *mixed, const cseg_ifd *ifd, uint16_t tag, uint16_t samples) {
    cseg_ifd_field field;
    CSEG_TRY(cseg_ifd_find(&field, ifd, tag));
    uint64_t first = *value;
    for (uint64_t i = 0; i < field.count && i < samples; i++) {
        uint64_t one;
        CSEG_TRY(cseg_ifd_integers(&one, ifd, &field, i, 1));
        first = i == 0 ? one : first;
        *mixed |= one != first || one > UINT16_MAX;
    }
    *value = (uint16_t)first;
    return CELLSEG_OK;
}

typedef struct tag_row {
    uint16_t tag;
    uint64_t most;
    uint64_t *value;
} tag_row;

cellseg_status cseg_page_read(cseg_page *page, const cseg_ifd *ifd) {
    uint64_t height = 0, width = 0, compression = 1, photometric = 1, fill_order = 1, samples = 1, rows = UINT32_MAX, planar = 1,
             predictor = 1, subtype = 0, kind = 0, tile_width = 0, tile_height = 0, depth = 1, fax3 = 0, fax4 = 0;
    const tag_row rows_of_tags[] = {
        {254, UINT32_MAX, &subtype},    {255, UINT16_MAX, &kind},        {256, INT32_MAX, &width},
        {257, INT32_MAX, &height},      {259, UINT16_MAX, &compression}, {262, UINT16_MAX, &photometric},
        {266, UINT16_MAX, &fill_order}, {277, UINT16_MAX, &samples},     {278, UINT64_MAX, &rows},
        {284, UINT16_MAX, &planar},     {292, UINT32_MAX, &fax3},        {293, UINT32_MAX, &fax4},
        {317, UINT16_MAX, &predictor},  {322, INT32_MAX, &tile_width},   {323, INT32_MAX, &tile_height},
        {32997, UINT32_MAX, &depth}};
    for (size_t i = 0; i < sizeof rows_of_tags / sizeof *rows_of_tags; i++)
        CSEG_TRY(cseg_ifd_integer(rows_of_tags[i].value, ifd, rows_of_tags[i].tag, rows_of_tags[i].most));
    const bool tiled = tile_width != 0 || tile_height != 0;
    *page = (cseg_page){.offset = ifd->offset,
                        .digest = ifd->digest,
                        .number = ifd->number,
                        .height = (uint32_t)height,
                        .width = (uint32_t)width,
                        .block_height = (uint32_t)(tiled           ? tile_height
                                                   : rows < height ? rows
                                                                   : height),
                        .block_width = (uint32_t)(tiled ? tile_width : width),
                        .depth = (uint32_t)depth,
                        .subtype = (uint32_t)subtype | (kind == 2 ? 1 : 0), /* the old tag's value for a reduced image */
                        .fax = (uint32_t)(compression == 4 ? fax4 : fax3),
                        .samples = (uint16_t)samples,
                        .bits = 1,
                        .format = FORMAT_UINT,
                        .compression = (uint16_t)compression,
                        .photometric = (uint16_t)photometric,
                        .predictor = (uint16_t)predictor,
                        .fill_order = (uint16_t)fill_order,
                        .tiled = tiled,
                        .separate = planar == 2 && samples > 1};
    CSEG_TRY(read_samples(&page->bits, &page->mixed, ifd, 258, page->samples));
    CSEG_TRY(read_samples(&page->format, &page->mixed, ifd, 339, page->samples));
    if (page->format == FORMAT_VOID)
        page->format = FORMAT_UINT;
    if (samples > 1 && planar != 1 && planar != 2)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: tag 284 is damaged: %llu is no planar configuration", page->number,
                         (unsigned long long)planar);
    return CELLSEG_OK;
}

cellseg_status cseg_page_load(cseg_ifd *ifd, const cseg_page *page) {
    const cellseg_status status = cseg_ifd_load(ifd, page->offset, page->number);
    if (status == CELLSEG_ERR_FORMAT || (status == CELLSEG_OK && ifd->digest != page->digest))
        return cseg_fail(CELLSEG_ERR_IO, "page %u changed while it was read", page->number);
    return status;
}

/* ---- names and sizes ---- */

const char *cseg_page_kind(const cseg_page *page) {
    static const char *const names[][3] = {{"1-bit", NULL, NULL},          {"uint8", "int8", NULL},
                                           {"uint16", "int16", "float16"}, {"uint24", "int24", "float24"},
                                           {"uint32", "int32", "float32"}, {"uint64", "int64", "float64"}};
    static const uint16_t bits[] = {1, 8, 16, 24, 32, 64};
    if (page->format >= FORMAT_UINT && page->format <= FORMAT_FLOAT && !page->mixed)
        for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
            if (page->bits == bits[i] && names[i][page->format - 1] != NULL)
                return names[i][page->format - 1];
    return "packed";
}

bool cseg_page_alike(const cseg_page *a, const cseg_page *b) {
    return a->height == b->height && a->width == b->width && a->bits == b->bits && a->format == b->format;
}

uint64_t cseg_page_row_samples(const cseg_page *page) {
    return (uint64_t)page->block_width * (page->separate ? 1 : page->samples);
}

uint64_t cseg_page_row_bytes(const cseg_page *page) {
    return (cseg_page_row_samples(page) * page->bits + 7) / 8;
}

uint32_t cseg_page_block_rows(const cseg_page *page, uint32_t y) {
    return page->tiled || page->block_height < page->height - y ? page->block_height : page->height - y;
}

cellseg_status cseg_page_fail_in(cellseg_status status, const cseg_page *page, size_t block) {
    char what[64];
    (void)snprintf(what, sizeof what, "page %u, %s %zu", page->number, page->tiled ? "tile" : "strip", block + 1);
    return cseg_error_fail_in(status, what);
}

cellseg_status cseg_page_check_size(const cseg_page *page) {
    if (page->height < 1 || page->width < 1 || page->samples < 1 || page->depth != 1)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: %u x %u pixels of %u samples, depth %u, are not an image", page->number,
                         page->height, page->width, page->samples, page->depth);
    if (page->block_height < 1 || page->block_width < 1)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: its %s of %u x %u pixels are empty", page->number,
                         page->tiled ? "tiles" : "strips", page->block_height, page->block_width);
    if (cseg_page_row_bytes(page) > INT32_MAX)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: a row of %llu bytes is too long", page->number,
                         (unsigned long long)cseg_page_row_bytes(page));
    return CELLSEG_OK;
}
