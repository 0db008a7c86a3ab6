/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Reading of TIFF files: a survey of all directories, the choice of planes, and their pixels. Reference: TIFF 6.0; MetaMorph's
 * tags: "MetaMorph Stack (STK) Image File Format", Molecular Devices.
 */
#include "io/tiff.h"

#include <string.h>

enum {
    DESCRIPTION = 270,
    X_RESOLUTION = 282,
    Y_RESOLUTION = 283,
    RESOLUTION_UNIT = 296,
    SOFTWARE = 305,
    STK_UIC1 = 33628,
    STK_UIC2 = 33629,
    LONG = 4 /* a type */
};

/* `size` bytes of an item of MetaMorph's. */
static cellseg_status check_item(const cseg_ifd *ifd, uint64_t offset, uint64_t size) {
    if (offset <= ifd->file->size && size <= ifd->file->size - offset)
        return CELLSEG_OK;
    return cseg_fail(CELLSEG_ERR_FORMAT, "page %u: tag %d is damaged: an item at byte %llu lies beyond the file's %llu bytes",
                     ifd->number, (int)STK_UIC1, (unsigned long long)offset, (unsigned long long)ifd->file->size);
}

/* The unit's name, after its length. */
static cellseg_status read_unit(double *unit_um, const cseg_ifd *ifd, uint64_t offset) {
    const cseg_ifd_field item = {.tag = STK_UIC1, .type = LONG, .count = 1, .size = 4, .offset = offset};
    char name[12];
    uint64_t length;
    CSEG_TRY(check_item(ifd, offset, 4));
    CSEG_TRY(cseg_ifd_integers(&length, ifd, &item, 0, 1));
    const size_t size = length < sizeof name ? (size_t)length : sizeof name;
    CSEG_TRY(check_item(ifd, offset + 4, size));
    CSEG_TRY(cseg_ifd_read_at(ifd, name, size, offset + 4));
    *unit_um = cseg_quantity_unit_um(name, strnlen(name, size));
    return CELLSEG_OK;
}

static cellseg_status read_rational(double *value, const cseg_ifd *ifd, uint64_t offset) {
    const cseg_ifd_field item = {.tag = STK_UIC1, .type = LONG, .count = 2, .size = 4, .offset = offset};
    uint64_t pair[2];
    CSEG_TRY(check_item(ifd, offset, 8));
    CSEG_TRY(cseg_ifd_integers(pair, ifd, &item, 0, 2));
    *value = pair[1] != 0 ? (double)pair[0] / (double)pair[1] : 0;
    return CELLSEG_OK;
}

/* MetaMorph's UIC1: pairs of an item's number and its value or the offset of its value. */
static cellseg_status read_metamorph(cseg_io_spacing *spacing, const cseg_ifd *ifd) {
    enum { CALIBRATED = 3, X_CALIBRATION = 4, Y_CALIBRATION = 5, UNITS = 6, MAX_PAIRS = 4096 };
    cseg_ifd_field field;
    double edge[2] = {0, 0}, unit_um = 0;
    CSEG_TRY(cseg_ifd_find(&field, ifd, STK_UIC1));
    if (field.type != LONG)
        return CELLSEG_OK;
    for (uint64_t i = 0; i + 1 < field.count && i < 2 * MAX_PAIRS; i += 2) {
        uint64_t pair[2];
        CSEG_TRY(cseg_ifd_integers(pair, ifd, &field, i, 2));
        if (pair[0] == CALIBRATED && pair[1] == 0)
            return CELLSEG_OK;
        if (pair[0] == UNITS)
            CSEG_TRY(read_unit(&unit_um, ifd, pair[1]));
        if (pair[0] == X_CALIBRATION || pair[0] == Y_CALIBRATION)
            CSEG_TRY(read_rational(&edge[pair[0] - X_CALIBRATION], ifd, pair[1]));
    }
    *spacing = (cseg_io_spacing){edge[0] * unit_um, edge[1] * unit_um};
    return CELLSEG_OK;
}

/* MetaMorph's UIC2: for each plane six numbers, the first two of which are the distance in Z as a rational. Planes that are no
 * distance apart are time points. */
static cellseg_status read_planes(cseg_io_contents *contents, const cseg_ifd *ifd) {
    enum { NUMBERS = 6, MAX_PLANES = 1 << 16 };
    cseg_ifd_field field;
    CSEG_TRY(cseg_ifd_find(&field, ifd, STK_UIC2));
    if (field.count == 0)
        return CELLSEG_OK;
    if (field.count > MAX_PLANES)
        return cseg_fail(CELLSEG_ERR_FORMAT, "MetaMorph's tag 33629 states %llu planes", (unsigned long long)field.count);
    contents->metamorph_planes = (uint32_t)field.count;
    contents->metamorph_times = true;
    const cseg_ifd_field numbers = {
        .tag = STK_UIC2, .type = LONG, .count = NUMBERS * field.count, .size = 4, .offset = field.offset};
    CSEG_TRY(check_item(ifd, field.offset, numbers.count * numbers.size));
    for (uint64_t i = 0; i < field.count && contents->metamorph_times; i++) {
        uint64_t distance;
        CSEG_TRY(cseg_ifd_integers(&distance, ifd, &numbers, NUMBERS * i, 1));
        contents->metamorph_times = distance == 0;
    }
    return CELLSEG_OK;
}

static cellseg_status read_own(bool *own, cellseg_context *context, const cseg_ifd *ifd) {
    static const char name[] = "libcellseg";
    cseg_ifd_field field;
    char *text;
    size_t size;
    CSEG_TRY(cseg_ifd_find(&field, ifd, SOFTWARE));
    if (field.size != 1) /* absent, or no text: not by this library */
        return CELLSEG_OK;
    CSEG_TRY(cseg_ifd_bytes(&text, &size, context, ifd, SOFTWARE));
    *own = text != NULL && strncmp(text, name, sizeof name - 1) == 0;
    cseg_memory_free(text);
    return CELLSEG_OK;
}

/* What the first page states about all. The caller releases *text, the description, also after a failure. */
static cellseg_status read_texts(cseg_io_contents *contents, char **text, cellseg_context *context, const cseg_ifd *ifd) {
    static const double unit_um[] = {0, 0, 25400, 10000}; /* inch, centimetre */
    cseg_io_calibration *calibration = &contents->calibration;
    size_t size;
    uint64_t unit = 2;
    CSEG_TRY(cseg_ifd_bytes(text, &size, context, ifd, DESCRIPTION));
    calibration->description = *text;
    CSEG_TRY(cseg_ifd_real(&calibration->x_density, ifd, X_RESOLUTION));
    CSEG_TRY(cseg_ifd_real(&calibration->y_density, ifd, Y_RESOLUTION));
    CSEG_TRY(cseg_ifd_integer(&unit, ifd, RESOLUTION_UNIT, UINT64_MAX));
    if (calibration->x_density == 0 || calibration->y_density == 0)
        calibration->x_density = calibration->y_density = 0;
    calibration->unit_um = unit < sizeof unit_um / sizeof *unit_um ? unit_um[unit] : 0;
    CSEG_TRY(read_own(&calibration->own, context, ifd));
    CSEG_TRY(read_metamorph(&calibration->metamorph, ifd));
    return read_planes(contents, ifd);
}

static cellseg_status choose(cseg_io_selection *selection, cellseg_context *context, cseg_ifd *ifd, const cseg_survey *survey,
                             const cseg_io_request *request) {
    const cseg_page *first = &survey->pages[survey->full[0]];
    uint16_t *samples = cseg_memory_alloc(context, survey->full_count, sizeof *samples);
    if (samples == NULL)
        return cseg_error_last();
    for (size_t i = 0; i < survey->full_count; i++)
        samples[i] = survey->pages[survey->full[i]].samples;
    char *text = NULL;
    cseg_io_contents contents = {
        .samples = samples, .pages = survey->full_count, .directories = survey->full, .directory_count = survey->count};
    cellseg_status status = cseg_page_load(ifd, first);
    if (status == CELLSEG_OK)
        status = read_texts(&contents, &text, context, ifd);
    if (status == CELLSEG_OK)
        status = cseg_planes_choose(selection, context, &contents, request);
    cseg_memory_free(text);
    cseg_memory_free(samples);
    return status;
}

static cellseg_status read_image(cellseg_image **out, cellseg_context *context, cseg_ifd *ifd, cseg_survey *survey,
                                 const cseg_io_request *request) {
    cseg_io_selection selection;
    CSEG_TRY(cseg_survey_read(survey, context, ifd));
    CSEG_TRY(choose(&selection, context, ifd, survey, request));
    const cellseg_status status = cseg_pixels_read(out, context, ifd, survey, &selection, request);
    cseg_planes_free(&selection);
    return status;
}

cellseg_status cseg_tiff_read(cellseg_image **out, cellseg_context *context, cseg_file *file, const cseg_io_request *request) {
    cseg_ifd ifd;
    cseg_survey survey = {0};
    *out = NULL;
    cellseg_status status = cseg_ifd_open(&ifd, context, file);
    if (status == CELLSEG_OK)
        status = read_image(out, context, &ifd, &survey, request);
    cseg_survey_free(&survey);
    cseg_ifd_close(&ifd);
    return status;
}
