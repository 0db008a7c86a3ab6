/* SPDX-License-Identifier: BSD-3-Clause */
/* Which kinds of TIFF pages are read: samples, compressions, colour models and predictors. */
#include "io/tiff.h"

enum {
    FORMAT_UINT = 1,
    FORMAT_INT = 2,
    FORMAT_FLOAT = 3,
    WHITE_IS_ZERO = 0,
    PALETTE = 3,
    YCBCR = 6,
    LZW = 5,
    JPEG = 7,
    DEFLATE = 8,
    OLD_DEFLATE = 32946,
    LZMA = 34925,
    ZSTD = 50000
};

static cellseg_status check_samples(const cseg_page *page) {
    if (page->mixed)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: samples of different depths or formats are not supported", page->number);
    if (cseg_samples_type(page->format, page->bits) != 0)
        return CELLSEG_OK;
    const char *what = page->format == FORMAT_UINT              ? "unsigned"
                       : page->format == FORMAT_INT             ? "signed"
                       : page->format == FORMAT_FLOAT           ? "floating-point"
                       : page->format == 5 || page->format == 6 ? "complex"
                                                                : "unknown";
    return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: %u-bit %s samples are not supported", page->number, page->bits, what);
}

/* Intensities only: colour models that need a conversion are refused. The JPEG codec undoes its own. */
static cellseg_status check_photometric(const cseg_page *page, bool labels) {
    if (page->photometric == WHITE_IS_ZERO && !labels && (page->format == FORMAT_FLOAT || page->bits > 32))
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: %s samples whose least value is white are not supported", page->number,
                         cseg_page_kind(page));
    if (page->photometric == YCBCR && page->compression == JPEG && !page->separate)
        return CELLSEG_OK;
    if (page->photometric > PALETTE) /* a palette is for display, its indices are data */
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: photometric interpretation %u is not supported", page->number,
                         page->photometric);
    return CELLSEG_OK;
}

static cellseg_status check_predictor(const cseg_page *page) {
    const uint16_t c = page->compression;
    if (page->predictor == 1)
        return CELLSEG_OK;
    if (c != LZW && c != DEFLATE && c != OLD_DEFLATE && c != LZMA && c != ZSTD)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: predictor %u has no meaning with compression %u", page->number,
                         page->predictor, c);
    const bool whole = page->bits == 8 || page->bits == 16 || page->bits == 32 || page->bits == 64;
    if (page->predictor == 2 ? whole : page->predictor == 3 && page->format == FORMAT_FLOAT)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: predictor %u has no meaning for %u-bit samples of format %u", page->number,
                     page->predictor, page->bits, page->format);
}

cellseg_status cseg_support_check(const cseg_page *page, bool labels) {
    CSEG_TRY(check_samples(page));
    CSEG_TRY(cseg_page_check_size(page));
    if (!cseg_codec_known(page->compression))
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: compression %u is not supported", page->number, page->compression);
    CSEG_TRY(check_photometric(page, labels));
    return check_predictor(page);
}
