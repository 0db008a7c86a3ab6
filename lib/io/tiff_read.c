/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading of TIFF files in two passes. The first visits every page and counts the channels, so that all sizes are checked before
 * any pixel is read. The second copies strips and tiles into the image. Reference: TIFF 6.0; MetaMorph's tags: "MetaMorph Stack
 * (STK) Image File Format", Molecular Devices.
 */
#include "io/libtiff.h"

#include <stdio.h>
#include <string.h>

enum { MAX_CHANNELS = 4096, STK_TAG_UIC1 = 33628, STK_TAG_UIC2 = 33629 };

/* ---- pages ---- */

/* Sample format in the file, and pixel type in memory. */
typedef struct sample_kind {
    uint16_t format, bits;
    int32_t type;
    const char *name;
} sample_kind;

static const sample_kind kinds[] = {
    {SAMPLEFORMAT_UINT, 8, CELLSEG_UINT8, "uint8"},        {SAMPLEFORMAT_UINT, 16, CELLSEG_UINT16, "uint16"},
    {SAMPLEFORMAT_UINT, 32, CELLSEG_UINT32, "uint32"},     {SAMPLEFORMAT_INT, 8, CELLSEG_FLOAT32, "int8"},
    {SAMPLEFORMAT_INT, 16, CELLSEG_FLOAT32, "int16"},      {SAMPLEFORMAT_INT, 32, CELLSEG_FLOAT32, "int32"},
    {SAMPLEFORMAT_IEEEFP, 32, CELLSEG_FLOAT32, "float32"}, {SAMPLEFORMAT_IEEEFP, 64, CELLSEG_FLOAT32, "float64"},
};

typedef struct tiff_page {
    uint32_t number; /* counted from 1 */
    uint32_t height, width;
    uint32_t block_height, block_width; /* of a tile or a strip */
    uint16_t samples, compression;
    bool tiled, separate; /* separate: each sample has its own strips */
    bool invert;          /* min-is-white */
    const sample_kind *kind;
} tiff_page;

static const sample_kind *find_kind(uint16_t format, uint16_t bits) {
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++)
        if (kinds[i].format == format && kinds[i].bits == bits)
            return &kinds[i];
    return NULL;
}

static cellseg_status read_kind(const sample_kind **kind, TIFF *tiff, uint32_t number) {
    uint16_t bits = 1, format = SAMPLEFORMAT_UINT;
    (void)TIFFGetFieldDefaulted(tiff, TIFFTAG_BITSPERSAMPLE, &bits);
    (void)TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLEFORMAT, &format);
    if (format == SAMPLEFORMAT_VOID)
        format = SAMPLEFORMAT_UINT;
    *kind = find_kind(format, bits);
    if (*kind != NULL)
        return CELLSEG_OK;
    const char *what = format == SAMPLEFORMAT_UINT     ? "unsigned"
                       : format == SAMPLEFORMAT_INT    ? "signed"
                       : format == SAMPLEFORMAT_IEEEFP ? "floating-point"
                                                       : "complex";
    return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: %u-bit %s samples are not supported", number, bits, what);
}

/* Intensities only: colour models that need a conversion are refused. The JPEG codec undoes its own. */
static cellseg_status check_photometric(tiff_page *page, TIFF *tiff) {
    uint16_t photometric = PHOTOMETRIC_MINISBLACK;
    (void)TIFFGetField(tiff, TIFFTAG_PHOTOMETRIC, &photometric);
    if (photometric == PHOTOMETRIC_YCBCR && page->compression == COMPRESSION_JPEG && !page->separate) {
        (void)TIFFSetField(tiff, TIFFTAG_JPEGCOLORMODE, JPEGCOLORMODE_RGB);
        return CELLSEG_OK;
    }
    page->invert = photometric == PHOTOMETRIC_MINISWHITE && page->kind->format == SAMPLEFORMAT_UINT;
    if (photometric <= PHOTOMETRIC_PALETTE) /* min-is-white, min-is-black, RGB; a palette is for display, its indices are data */
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: photometric interpretation %u is not supported", page->number, photometric);
}

/* If libtiff counts a block's bytes in another way, the page's layout is unsupported. */
static cellseg_status check_block(const tiff_page *page, TIFF *tiff) {
    const uint64_t samples = page->separate ? 1 : page->samples;
    const uint64_t bytes = page->block_width * samples * (page->kind->bits / 8U);
    const uint64_t row = page->tiled ? TIFFTileRowSize64(tiff) : TIFFScanlineSize64(tiff);
    if (page->block_height < 1 || page->block_width < 1 || row != bytes)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: its strips or tiles have an unsupported layout", page->number);
    return CELLSEG_OK;
}

static cellseg_status describe_page(tiff_page *page, const cseg_libtiff *stream, uint32_t number) {
    TIFF *tiff = stream->tiff;
    uint16_t planar = PLANARCONFIG_CONTIG;
    uint32_t depth = 1;
    *page = (tiff_page){.number = number, .samples = 1, .tiled = TIFFIsTiled(tiff) != 0};
    (void)TIFFGetField(tiff, TIFFTAG_IMAGELENGTH, &page->height);
    (void)TIFFGetField(tiff, TIFFTAG_IMAGEWIDTH, &page->width);
    (void)TIFFGetFieldDefaulted(tiff, TIFFTAG_SAMPLESPERPIXEL, &page->samples);
    (void)TIFFGetFieldDefaulted(tiff, TIFFTAG_PLANARCONFIG, &planar);
    (void)TIFFGetFieldDefaulted(tiff, TIFFTAG_COMPRESSION, &page->compression);
    (void)TIFFGetFieldDefaulted(tiff, TIFFTAG_IMAGEDEPTH, &depth);
    page->separate = planar == PLANARCONFIG_SEPARATE && page->samples > 1;
    if (page->height < 1 || page->width < 1 || page->samples < 1 || depth != 1)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: %u x %u pixels of %u samples, depth %u, are not an image", number,
                         page->height, page->width, page->samples, depth);
    CSEG_TRY(read_kind(&page->kind, tiff, number));
    CSEG_TRY(check_photometric(page, tiff));
    if (!TIFFIsCODECConfigured(page->compression))
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: compression %u is not supported", number, page->compression);
    page->block_width = page->width;
    if (page->tiled) {
        (void)TIFFGetField(tiff, TIFFTAG_TILELENGTH, &page->block_height);
        (void)TIFFGetField(tiff, TIFFTAG_TILEWIDTH, &page->block_width);
    } else {
        (void)TIFFGetFieldDefaulted(tiff, TIFFTAG_ROWSPERSTRIP, &page->block_height);
        if (page->block_height > page->height)
            page->block_height = page->height;
    }
    return check_block(page, tiff);
}

/* Thumbnails, pyramid levels and masks, as their tags state, are skipped. */
static bool is_extra(TIFF *tiff) {
    uint32_t type = 0;
    (void)TIFFGetFieldDefaulted(tiff, TIFFTAG_SUBFILETYPE, &type);
    return (type & (FILETYPE_REDUCEDIMAGE | FILETYPE_MASK)) != 0;
}

/* Called for each page in order. */
typedef cellseg_status (*page_fn)(void *data, cseg_libtiff *stream, const tiff_page *page);

static cellseg_status for_each_page(cseg_libtiff *stream, page_fn visit, void *data) {
    if (!TIFFSetDirectory(stream->tiff, 0))
        return cseg_libtiff_fail(stream, "page 1");
    for (uint32_t number = 1;; number++) {
        if (!is_extra(stream->tiff)) {
            tiff_page page;
            CSEG_TRY(describe_page(&page, stream, number));
            CSEG_TRY(visit(data, stream, &page));
        }
        if (TIFFLastDirectory(stream->tiff))
            return CELLSEG_OK;
        if (!TIFFReadDirectory(stream->tiff)) {
            char what[32];
            (void)snprintf(what, sizeof what, "page %u", number + 1);
            return cseg_libtiff_fail(stream, what);
        }
    }
}

/* ---- first pass: sizes ---- */

typedef struct tiff_survey {
    const cseg_io_request *request;
    tiff_page first; /* .kind NULL: no page yet */
    uint64_t channels;
    uint64_t largest_block; /* bytes */
    unsigned expansion;
    double pixel_size_um;
} tiff_survey;

/* Upper bound on the bytes that decompression makes of one byte: limits the size that a small file may claim. */
static unsigned expansion_of(uint16_t compression) {
    switch (compression) {
    case COMPRESSION_NONE:
        return 1;
    case COMPRESSION_PACKBITS:
        return 64;
    case COMPRESSION_DEFLATE:
    case COMPRESSION_ADOBE_DEFLATE:
        return 1040;
    case COMPRESSION_LZW:
        return 4096;
    default:
        return 1 << 16; /* a bound for Zstandard and all other codecs */
    }
}

/* MetaMorph's UIC1: pairs of an item's number and its value or the offset of its value. */
static void read_metamorph(cseg_io_spacing *spacing, cseg_libtiff *stream) {
    enum { CALIBRATED = 3, X_CALIBRATION = 4, Y_CALIBRATION = 5, UNITS = 6 };
    const TIFFField *field = TIFFFieldWithTag(stream->tiff, STK_TAG_UIC1);
    uint32_t count = 0;
    const uint32_t *pairs = NULL;
    if (field == NULL || TIFFFieldDataType(field) != TIFF_LONG || TIFFFieldReadCount(field) != TIFF_VARIABLE2 ||
        !TIFFGetField(stream->tiff, STK_TAG_UIC1, &count, &pairs))
        return;
    double edge[2] = {0, 0};
    double unit_um = 0;
    for (uint32_t i = 0; i + 1 < count; i += 2) {
        uint32_t value[4] = {0}; /* a rational, or a length and a name */
        if (pairs[i] == CALIBRATED && pairs[i + 1] == 0)
            return;
        if (pairs[i] < X_CALIBRATION || pairs[i] > UNITS)
            continue;
        (void)cseg_file_read_at(stream->file, value, sizeof value, pairs[i + 1]);
        if (TIFFIsByteSwapped(stream->tiff))
            TIFFSwabArrayOfLong(value, pairs[i] == UNITS ? 1 : 2);
        if (pairs[i] == UNITS)
            unit_um =
                cseg_number_unit_um((const char *)&value[1], strnlen((const char *)&value[1], value[0] < 12 ? value[0] : 12));
        else if (value[1] != 0)
            edge[pairs[i] - X_CALIBRATION] = (double)value[0] / value[1];
    }
    *spacing = (cseg_io_spacing){edge[0] * unit_um, edge[1] * unit_um};
}

static cellseg_status read_pixel_size(double *pixel_size_um, cseg_libtiff *stream) {
    static const double unit_um[] = {[RESUNIT_INCH] = 25400, [RESUNIT_CENTIMETER] = 10000};
    cseg_io_calibration calibration = {0};
    char *text = NULL;
    float x = 0, y = 0;
    uint16_t unit = RESUNIT_INCH;
    if (TIFFGetField(stream->tiff, TIFFTAG_IMAGEDESCRIPTION, &text))
        calibration.description = text;
    if (TIFFGetField(stream->tiff, TIFFTAG_XRESOLUTION, &x) && TIFFGetField(stream->tiff, TIFFTAG_YRESOLUTION, &y)) {
        calibration.x_density = (double)x;
        calibration.y_density = (double)y;
    }
    (void)TIFFGetFieldDefaulted(stream->tiff, TIFFTAG_RESOLUTIONUNIT, &unit);
    calibration.unit_um = unit < sizeof unit_um / sizeof *unit_um ? unit_um[unit] : 0;
    calibration.own = TIFFGetField(stream->tiff, TIFFTAG_SOFTWARE, &text) && strncmp(text, "libcellseg", 10) == 0;
    read_metamorph(&calibration.metamorph, stream);
    return cseg_pixel_size_find(pixel_size_um, &calibration);
}

/* MetaMorph stores the further planes of a stack behind the strips of the first page, which TIFF readers do not visit. */
static cellseg_status check_stack(cseg_libtiff *stream) {
    const TIFFField *field = TIFFFieldWithTag(stream->tiff, STK_TAG_UIC2);
    uint32_t planes = 0;
    const void *values = NULL;
    if (field != NULL && TIFFFieldReadCount(field) == TIFF_VARIABLE2 &&
        TIFFGetField(stream->tiff, STK_TAG_UIC2, &planes, &values) && planes > 1)
        return cseg_fail(CELLSEG_ERR_FORMAT, "a MetaMorph stack of %u planes is not supported; save it as plain TIFF", planes);
    return CELLSEG_OK;
}

static cellseg_status survey_page(void *data, cseg_libtiff *stream, const tiff_page *page) {
    tiff_survey *survey = data;
    if (survey->first.kind == NULL) {
        survey->first = *page;
        CSEG_TRY(check_stack(stream));
        if (survey->request->pixel_size_um == 0)
            CSEG_TRY(read_pixel_size(&survey->pixel_size_um, stream));
    }
    const tiff_page *first = &survey->first;
    if (page->height != first->height || page->width != first->width || page->kind != first->kind)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u is %u x %u %s, page %u is %u x %u %s; pages of one image must be alike",
                         page->number, page->height, page->width, page->kind->name, first->number, first->height, first->width,
                         first->kind->name);
    survey->channels += page->samples;
    if (survey->channels > MAX_CHANNELS)
        return cseg_fail(CELLSEG_ERR_FORMAT, "more than %d channels", (int)MAX_CHANNELS);
    const uint64_t block = page->tiled ? TIFFTileSize64(stream->tiff) : TIFFVStripSize64(stream->tiff, page->block_height);
    const unsigned expansion = expansion_of(page->compression);
    if (block / expansion > stream->file->size)
        return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: %llu bytes cannot hold a strip or tile of %llu", page->number,
                         (unsigned long long)stream->file->size, (unsigned long long)block);
    survey->largest_block = block > survey->largest_block ? block : survey->largest_block;
    survey->expansion = expansion > survey->expansion ? expansion : survey->expansion;
    return CELLSEG_OK;
}

/* Otherwise slices and time points would be read as channels. */
static cellseg_status check_planes(cseg_libtiff *stream, uint64_t channels) {
    char *text = NULL;
    if (!TIFFSetDirectory(stream->tiff, 0))
        return cseg_libtiff_fail(stream, "page 1");
    (void)TIFFGetField(stream->tiff, TIFFTAG_IMAGEDESCRIPTION, &text);
    return cseg_pixel_check_stack(text, channels);
}

/* ---- second pass: the pixels ---- */

typedef struct tiff_copy {
    cellseg_context *context;
    cellseg_image *image;
    int32_t channel, channels; /* first channel of the page; number of all */
    const sample_kind *kind;
    bool labels;
    void *block;
} tiff_copy;

#define COPY(from_type, to_type, value)                                                                                          \
    for (size_t x = 0; x < count; x++) {                                                                                         \
        const from_type v = ((const from_type *)from)[x * step];                                                                 \
        ((to_type *)to)[x] = (to_type)(value);                                                                                   \
    }                                                                                                                            \
    break

/* Copy one sample of `count` pixels, `step` samples apart, to a row of the image. */
static void copy_samples(void *to, const void *from, size_t count, size_t step, const sample_kind *kind) {
    switch (kind->format << 8 | kind->bits) {
    case SAMPLEFORMAT_UINT << 8 | 8:
        COPY(uint8_t, uint8_t, v);
    case SAMPLEFORMAT_UINT << 8 | 16:
        COPY(uint16_t, uint16_t, v);
    case SAMPLEFORMAT_UINT << 8 | 32:
        COPY(uint32_t, uint32_t, v);
    case SAMPLEFORMAT_INT << 8 | 8:
        COPY(int8_t, float, v);
    case SAMPLEFORMAT_INT << 8 | 16:
        COPY(int16_t, float, v);
    case SAMPLEFORMAT_INT << 8 | 32:
        COPY(int32_t, float, v);
    case SAMPLEFORMAT_IEEEFP << 8 | 32:
        COPY(float, float, v);
    default:
        COPY(double, float, v);
    }
}

static void invert_samples(void *row, size_t count, int32_t type) {
    switch (type) {
    case CELLSEG_UINT8:
        for (size_t x = 0; x < count; x++)
            ((uint8_t *)row)[x] ^= UINT8_MAX;
        break;
    case CELLSEG_UINT16:
        for (size_t x = 0; x < count; x++)
            ((uint16_t *)row)[x] ^= UINT16_MAX;
        break;
    default:
        for (size_t x = 0; x < count; x++)
            ((uint32_t *)row)[x] ^= UINT32_MAX;
    }
}

/* Signed integers of a label map were copied bit by bit: a negative id has its highest bit set. */
static cellseg_status check_ids(const void *row, size_t count, int32_t type) {
    bool negative = false;
    for (size_t x = 0; x < count; x++)
        negative |= type == CELLSEG_UINT8    ? ((const int8_t *)row)[x] < 0
                    : type == CELLSEG_UINT16 ? ((const int16_t *)row)[x] < 0
                                             : ((const int32_t *)row)[x] < 0;
    return negative ? cseg_fail(CELLSEG_ERR_FORMAT, "a label map must not hold negative numbers") : CELLSEG_OK;
}

/* Copy the decoded block whose first pixel is (y0, x0) and first sample `sample` into the image. Tiles may extend beyond the
 * image's edge. */
static cellseg_status copy_block(const tiff_copy *copy, const tiff_page *page, uint32_t y0, uint32_t x0, uint16_t sample) {
    const size_t samples = page->separate ? 1 : page->samples;
    const size_t size = page->kind->bits / 8U;
    const size_t rows = page->block_height < page->height - y0 ? page->block_height : page->height - y0;
    const size_t columns = page->block_width < page->width - x0 ? page->block_width : page->width - x0;
    for (size_t s = 0; s < samples; s++) {
        const cseg_plane to = cseg_image_plane(copy->image, copy->channel + (int32_t)(sample + s));
        for (size_t y = 0; y < rows; y++) {
            char *row = (char *)cseg_row_at(&to, y0 + y) + x0 * cseg_plane_type_size(to.type);
            copy_samples(row, (const char *)copy->block + (y * page->block_width * samples + s) * size, columns, samples,
                         copy->kind);
            if (page->invert && !copy->labels)
                invert_samples(row, columns, to.type);
            if (page->kind != copy->kind)
                CSEG_TRY(check_ids(row, columns, to.type));
        }
    }
    return CELLSEG_OK;
}

/* Decode one whole strip or tile; a short one is damaged. */
static bool read_block(const tiff_copy *copy, TIFF *tiff, const tiff_page *page, uint32_t y, uint32_t x, uint16_t sample) {
    if (page->tiled)
        return TIFFReadTile(tiff, copy->block, x, y, 0, sample) == TIFFTileSize(tiff);
    const uint32_t rows = page->block_height < page->height - y ? page->block_height : page->height - y;
    const tmsize_t size = TIFFVStripSize(tiff, rows);
    return TIFFReadEncodedStrip(tiff, TIFFComputeStrip(tiff, y, sample), copy->block, size) == size;
}

static cellseg_status copy_page(void *data, cseg_libtiff *stream, const tiff_page *page) {
    tiff_copy *copy = data;
    const uint16_t passes = page->separate ? page->samples : 1;
    for (uint16_t sample = 0; sample < passes; sample++)
        for (uint64_t y = 0; y < page->height; y += page->block_height)
            for (uint64_t x = 0; x < page->width; x += page->block_width) {
                if (!read_block(copy, stream->tiff, page, (uint32_t)y, (uint32_t)x, sample)) {
                    char what[64];
                    (void)snprintf(what, sizeof what, "page %u, row %llu", page->number, (unsigned long long)y);
                    return cseg_libtiff_fail(stream, what);
                }
                CSEG_TRY(copy_block(copy, page, (uint32_t)y, (uint32_t)x, sample));
                const double done = (double)y / page->height;
                CSEG_TRY(cseg_progress_poll(copy->context, (copy->channel + sample + done * passes) / copy->channels));
            }
    copy->channel += page->samples;
    return CELLSEG_OK;
}

static cellseg_status read_image(cellseg_image **out, cellseg_context *context, cseg_libtiff *stream,
                                 const cseg_io_request *request) {
    tiff_survey survey = {.request = request, .pixel_size_um = request->pixel_size_um};
    CSEG_TRY(for_each_page(stream, survey_page, &survey));
    if (survey.first.kind == NULL)
        return cseg_fail(CELLSEG_ERR_FORMAT, "the file holds thumbnails or masks only");
    CSEG_TRY(check_planes(stream, survey.channels));
    tiff_copy copy = {
        .context = context, .channels = (int32_t)survey.channels, .kind = survey.first.kind, .labels = request->labels};
    if (request->labels && copy.kind->format == SAMPLEFORMAT_INT)
        copy.kind = find_kind(SAMPLEFORMAT_UINT, copy.kind->bits);
    const cseg_io_claim claim = {.height = survey.first.height,
                                 .width = survey.first.width,
                                 .channels = survey.channels,
                                 .type = copy.kind->type,
                                 .bits_per_sample = copy.kind->bits,
                                 .expansion = survey.expansion};
    cellseg_status status = cseg_claim_allocate(&copy.image, context, request, stream->file, &claim);
    if (status != CELLSEG_OK)
        return status;
    copy.block = cseg_memory_alloc(context, (size_t)survey.largest_block, 1);
    status = copy.block != NULL ? for_each_page(stream, copy_page, &copy) : cseg_error_last();
    if (status == CELLSEG_OK)
        status = cellseg_image_set_pixel_size_um(copy.image, survey.pixel_size_um);
    cseg_memory_free(copy.block);
    if (status == CELLSEG_OK)
        *out = copy.image;
    else
        cellseg_image_free(copy.image);
    return status;
}

cellseg_status cseg_tiff_read(cellseg_image **out, cellseg_context *context, cseg_file *file, const cseg_io_request *request) {
    cseg_libtiff stream;
    CSEG_TRY(cseg_libtiff_open(&stream, file, "rmC")); /* no memory mapping; a large uncompressed strip is read in pieces */
    const cellseg_status status = read_image(out, context, &stream, request);
    TIFFClose(stream.tiff);
    return status;
}
