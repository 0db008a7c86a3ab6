/* SPDX-License-Identifier: BSD-3-Clause */
/* Vectors of four floats by the compiler's extension, for the rows that run on every processor; see tensor_kernels_body.h. */
#include "tensor/tensor_kernels.h"

#include <string.h>

#define TARGET

typedef float vec __attribute__((vector_size(16)));

enum { WIDTH = 4 };

static inline vec vec_zero(void) {
    return (vec){0, 0, 0, 0};
}
static inline vec vec_load(const float *p, size_t n) {
    vec v = vec_zero();
    if (n == WIDTH)
        memcpy(&v, p, sizeof v);
    else
        for (size_t i = 0; i < n; i++)
            v[i] = p[i];
    return v;
}
static inline void vec_store(float *p, vec v, size_t n) {
    if (n == WIDTH)
        memcpy(p, &v, sizeof v);
    else
        for (size_t i = 0; i < n; i++)
            p[i] = v[i];
}

static inline vec vec_scaled_add(float s, vec b, vec c) {
    return s * b + c;
}
static inline vec vec_relu(vec v) {
    for (size_t i = 0; i < WIDTH; i++)
        v[i] = v[i] > 0 ? v[i] : 0.0F;
    return v;
}
