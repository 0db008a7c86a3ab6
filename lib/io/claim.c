/* SPDX-License-Identifier: BSD-3-Clause */
/* Check the size that a file claims against the file, max_bytes and the budget; allocate the image that a codec fills; and
 * what a request may name of a file that holds one image. */
#include "io/io.h"

#include <stdio.h>

cellseg_status cseg_claim_check(cellseg_context *context, const cseg_io_request *request, const cseg_file *file,
                                const cseg_io_claim *claim) {
    char what[80];
    (void)snprintf(what, sizeof what, "%llu x %llu pixels of %llu channel%s", (unsigned long long)claim->height,
                   (unsigned long long)claim->width, (unsigned long long)claim->channels, claim->channels == 1 ? "" : "s");
    if (claim->height < 1 || claim->height > INT32_MAX || claim->width < 1 || claim->width > INT32_MAX || claim->channels < 1 ||
        claim->channels > 4096)
        return cseg_fail(CELLSEG_ERR_FORMAT, "%s are out of range", what);
    /* Floating point, because the product may exceed 2^64. */
    const double samples = (double)claim->height * (double)claim->width * (double)claim->channels;
    if (samples * claim->bits_per_sample / 8 / claim->expansion > (double)file->size)
        return cseg_fail(CELLSEG_ERR_FORMAT, "a file of %llu bytes cannot hold %s", (unsigned long long)file->size, what);
    const double bytes = samples * (double)cseg_plane_type_size(claim->type);
    if (bytes > (double)request->max_bytes)
        return cseg_fail(CELLSEG_ERR_LIMIT, "%s take more than max_bytes, %llu", what, (unsigned long long)request->max_bytes);
    return cseg_budget_check(context, (uint64_t)bytes, what);
}

cellseg_status cseg_claim_allocate(cellseg_image **out, cellseg_context *context, const cseg_io_request *request,
                                   const cseg_file *file, const cseg_io_claim *claim) {
    *out = NULL;
    CSEG_TRY(cseg_claim_check(context, request, file, claim));
    return cellseg_image_new(out, context, claim->type, (int32_t)claim->channels, (size_t)claim->height, (size_t)claim->width);
}

cellseg_status cseg_claim_check_series(const cseg_io_request *request) {
    return request->series <= 0
               ? CELLSEG_OK
               : cseg_fail(CELLSEG_ERR_ARGUMENT, "series is %d; the file holds one image (0)", (int)request->series);
}

cellseg_status cseg_claim_check_single(const cseg_io_request *request) {
    CSEG_TRY(cseg_claim_check_series(request));
    if (request->z > 0 || request->t > 0)
        return cseg_fail(CELLSEG_ERR_ARGUMENT, "z is %d and t is %d; the file holds one slice and one time point (0)",
                         (int)request->z, (int)request->t);
    return CELLSEG_OK;
}
