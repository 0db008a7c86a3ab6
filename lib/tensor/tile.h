/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The tile kernel, written once for all vector widths. A file that includes this has defined:
 *   vec                          a vector of WIDTH floats
 *   TILE_ROWS, TILE_VECTORS      the largest tile, in rows and vectors
 *   TARGET                       the attribute that lets the compiler use the instructions
 *   vec_load(p, n), vec_store(p, v, n)   the first n lanes, n <= WIDTH; other lanes are zero, or left alone
 *   vec_zero(), vec_fma(a, b, c) a * b + c, rounded once; a is one float, for all lanes
 *   vec_relu(v)
 *
 * The idea (Goto and van de Geijn 2008): a tile of the output stays in registers while k runs, so that each value loaded is used
 * as often as the tile is wide or high. Rows are addressed in groups of three from one pointer, which is what x86 and ARM
 * addresses can do without an instruction.
 */
#define TILE_GROUPS ((TILE_ROWS + 2) / 3)

/* rows, vectors and whole are constants where this is inlined, so that every array below is a set of registers. */
TARGET static inline __attribute__((always_inline)) void tile_of(const cseg_tile *t, const size_t rows, const size_t vectors,
                                                                 const bool whole) {
    const size_t last = whole ? WIDTH : t->columns - (vectors - 1) * WIDTH;
    vec sum[TILE_ROWS][TILE_VECTORS];
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < vectors; v++)
            sum[r][v] =
                t->start == NULL ? vec_zero() : vec_load(t->start + r * t->start_row + v * WIDTH, v + 1 < vectors ? WIDTH : last);
    const size_t a_row = t->a_row, a_step = t->a_step[2], b_step = t->b_step[2];
    for (size_t y = 0; y < t->count[0]; y++)
        for (size_t x = 0; x < t->count[1]; x++) {
            const float *b = t->b + y * t->b_step[0] + x * t->b_step[1];
            const float *a[TILE_GROUPS];
            for (size_t g = 0; g < TILE_GROUPS; g++)
                a[g] = t->a + y * t->a_step[0] + x * t->a_step[1] + 3 * g * a_row;
            for (size_t k = t->count[2]; k > 0; k--) {
                vec bs[TILE_VECTORS];
                for (size_t v = 0; v < vectors; v++)
                    bs[v] = vec_load(b + v * WIDTH, v + 1 < vectors ? WIDTH : last);
                for (size_t r = 0; r < rows; r++) {
                    const float left = a[r / 3][r % 3 * a_row];
                    for (size_t v = 0; v < vectors; v++)
                        sum[r][v] = vec_fma(left, bs[v], sum[r][v]);
                }
                b += b_step;
                for (size_t g = 0; g < (rows + 2) / 3; g++)
                    a[g] += a_step;
            }
        }
    for (size_t r = 0; r < rows; r++)
        for (size_t v = 0; v < vectors; v++)
            vec_store(t->c + r * t->c_row + v * WIDTH, t->relu ? vec_relu(sum[r][v]) : sum[r][v], v + 1 < vectors ? WIDTH : last);
}
