/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The kernel table: what each processor level does in its own way. Every row computes the same chains of operations in the same
 * order, so every row gives the same bytes; they differ only in how many elements they work on at once.
 */
#ifndef CSEG_KERNELS_H
#define CSEG_KERNELS_H

#include "tensor/tensor.h"

/*
 * One tile of a sum of products, `rows` x `columns` elements of c:
 *   c[i][j] = activation(start[i][j] + sum over k of a[i][k] * b[k][j])
 * k runs through three nested loops, the outermost first, and each element is one chain of fused multiply-adds in that order.
 * Strides are in floats; columns of b and c lie next to each other.
 */
typedef struct cseg_tile {
    size_t rows, columns; /* at most those of the kernel table */
    const float *a, *b;
    size_t a_row; /* from a row of a to the next */
    size_t count[3], a_step[3], b_step[3];
    float *c;
    size_t c_row;
    const float *start; /* NULL: zeros */
    size_t start_row;   /* 0 where all rows start from the same values, as from a bias */
    bool relu;
} cseg_tile;

struct cseg_kernels {
    size_t rows, columns; /* of the largest tile */
    void (*tile)(const cseg_tile *tile);
};

extern const cseg_kernels cseg_kernels_c, cseg_kernels_avx2, cseg_kernels_avx512, cseg_kernels_neon;

#endif
