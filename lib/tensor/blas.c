/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The row of CELLSEG_CPU_BLAS: each tile is some calls of sgemm of the BLAS, for processors that have no row of their own. The
 * order of summation is the library's. So bytes differ from the other rows by processor and by the library's version. Tiles are
 * large, since sgemm rearranges both factors at each call; their sizes were measured. A tile's place and size depend on shapes
 * alone, so for one library on one processor the bytes are the same for any number of threads. sgemm runs on the thread that
 * calls; the number of BLAS's own threads belongs to the process and is left as it is.
 */
#include "tensor/tensor_kernels.h"

#if defined(CSEG_BLAS)

#include "tensor/vector_body.h"

#include <cblas.h>
#include <pthread.h>

enum { TILE_ROWS = 56, TILE_VECTORS = 16 };

/* c = start for one row after the other. */
static void set_start(const cseg_tile *t) {
    for (size_t r = 0; r < t->rows; r++)
        memmove(t->c + r * t->c_row, t->start + r * t->start_row, t->columns * sizeof(float));
}

static void apply_relu(const cseg_tile *t) {
    for (size_t r = 0; r < t->rows; r++)
        for (size_t j = 0; j < t->columns; j++) {
            float *c = t->c + r * t->c_row + j;
            *c = *c > 0 ? *c : 0.0F;
        }
}

/* A serial OpenBLAS has one set of buffers for the process, and Debian's no lock for them: two calls at a time give wrong sums.
 * So this lock, like those buffers, belongs to the process. The flavours with threads have locks of their own. */
static pthread_mutex_t buffers = PTHREAD_MUTEX_INITIALIZER;

/* c = a b + keep * c, with the strides of t. BLAS takes a by rows or by columns; one row is a matrix of either kind. */
static void multiply(const cseg_tile *t, size_t rows, size_t depth, const float *a, const float *b, float *c, float keep) {
    const bool by_rows = t->a_step[2] == 1;
    const bool serial = openblas_get_parallel() == OPENBLAS_SEQUENTIAL;
    if (serial)
        (void)pthread_mutex_lock(&buffers);
    cblas_sgemm(CblasRowMajor, by_rows ? CblasNoTrans : CblasTrans, CblasNoTrans, (blasint)rows, (blasint)t->columns,
                (blasint)depth, 1.0F, a, (blasint)(by_rows ? t->a_row : t->a_step[2]), b, (blasint)t->b_step[2], keep, c,
                (blasint)t->c_row);
    if (serial)
        (void)pthread_mutex_unlock(&buffers);
}

static size_t smaller(size_t a, size_t b) {
    return a < b ? a : b;
}

/* The innermost loop of the chain. BLAS refuses rows that overlap, so these are summed in pieces. Rows and columns of `a` that
 * both have gaps are no matrix of BLAS, so these rows are multiplied one by one. */
static void add_loop(const cseg_tile *t, const float *a, const float *b, float keep) {
    const size_t depth = t->count[2], piece = t->a_step[2] == 1 ? smaller(depth, t->a_row) : depth;
    const size_t rows = t->a_step[2] == 1 || t->a_row == 1 ? t->rows : 1;
    for (size_t k = 0; k < depth; k += piece)
        for (size_t r = 0; r < t->rows; r += rows)
            multiply(t, rows, smaller(piece, depth - k), a + r * t->a_row + k * t->a_step[2], b + k * t->b_step[2],
                     t->c + r * t->c_row, k > 0 ? 1.0F : keep);
}

static void tile(const cseg_tile *t) {
    assert(t->count[2] >= 1 && t->a_row >= 1 && t->rows >= 1 && t->rows <= TILE_ROWS && t->columns >= 1 &&
           t->columns <= TILE_VECTORS * WIDTH);
    if (t->start != NULL && t->start != t->c)
        set_start(t);
    for (size_t y = 0; y < t->count[0]; y++)
        for (size_t x = 0; x < t->count[1]; x++)
            add_loop(t, t->a + y * t->a_step[0] + x * t->a_step[1], t->b + y * t->b_step[0] + x * t->b_step[1],
                     t->start != NULL || y + x > 0 ? 1.0F : 0.0F);
    if (t->relu)
        apply_relu(t);
}

#define ROW_NAME cseg_kernels_blas
#include "tensor/tensor_kernels_body.h"

#endif
