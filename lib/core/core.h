/* SPDX-License-Identifier: BSD-3-Clause */
/* The core room's door: errors, memory, threads, progress, planes. Every other room includes this and only this of core. */
#ifndef CSEG_CORE_H
#define CSEG_CORE_H

#include <cellseg/context.h>
#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/types.h>
#include <cellseg/version.h>

#include <assert.h>
#include <fenv.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/order.h"

/* ---- errors (error.c) ---- */

#if defined(__GNUC__)
#define CSEG_PRINTF(f, a) __attribute__((format(printf, f, a)))
#else
#define CSEG_PRINTF(f, a)
#endif

/* Room for the line: a path of the system's longest, and the fault. */
enum { CSEG_ERROR_BYTES = 4096 + 512 };

/*
 * Record one line for cellseg_last_error() and give `status`, so that a fault is one statement: return cseg_fail(...). A macro,
 * so that compilers and analysers see which status it is.
 */
#define cseg_fail(status, ...) (cseg_error_record((status), __VA_ARGS__), (cellseg_status)(status))
void cseg_error_record(cellseg_status status, const char *format, ...) CSEG_PRINTF(2, 3);

/* The status of this thread's last recorded failure: what to return when an allocation gave NULL. */
cellseg_status cseg_error_recorded(void);
static inline cellseg_status cseg_error_last(void) {
    const cellseg_status status = cseg_error_recorded();
    return status != CELLSEG_OK ? status : CELLSEG_ERR_INTERNAL;
}

/*
 * Put "what: " before the recorded line, where a caller knows the file or layer that the finder of the fault did not. Where both
 * do not fit, `what` is shortened in its middle and the fault stays whole: so paths, which may be long, come to a line this way.
 */
cellseg_status cseg_error_fail_in(cellseg_status status, const char *what);

/* Forward a failure; for functions that own nothing yet. */
#define CSEG_TRY(call)                                                                                                           \
    do {                                                                                                                         \
        cellseg_status cseg_try_status_ = (call);                                                                                \
        if (cseg_try_status_ != CELLSEG_OK)                                                                                      \
            return cseg_try_status_;                                                                                             \
    } while (0)

/* Forward a failure to the function's one cleanup label; needs `cellseg_status status` in scope. */
#define CSEG_TRY_GOTO(label, call)                                                                                               \
    do {                                                                                                                         \
        status = (call);                                                                                                         \
        if (status != CELLSEG_OK)                                                                                                \
            goto label;                                                                                                          \
    } while (0)

/* ---- option structs (options.c) ---- */

/*
 * Copy the caller's size-first struct over the library's defaults already in `own`. A caller older than the library leaves the
 * later members at their defaults; a newer one may set nothing that this library does not know.
 */
cellseg_status cseg_options_copy(void *own, size_t own_size, size_t first_release_size, const void *theirs, const char *name);

/* The other half: write `defaults` (own_size bytes, struct_size first) into the caller's struct of their_size bytes. */
cellseg_status cseg_options_init(void *theirs, size_t their_size, const void *defaults, size_t own_size,
                                 size_t first_release_size, const char *name);

/* An argument error that names the option unless lo <= value <= hi (NaN fails). */
cellseg_status cseg_range_check(const char *name, double value, double lo, double hi);

/* ---- memory (alloc.c) ---- */

/* count * size bytes, aligned to 64, not cleared; on overflow, no memory or a spent budget NULL: return cseg_error_last(). */
void *cseg_memory_alloc(cellseg_context *context, size_t count, size_t size);
void *cseg_memory_calloc(cellseg_context *context, size_t count, size_t size);
void cseg_memory_free(void *block); /* knows where the block came from; NULL is legal */

/* *product = a * b, or false on overflow. */
bool cseg_memory_mul(size_t a, size_t b, size_t *product);

/* Fails with CELLSEG_ERR_LIMIT, naming `what`, when `bytes` more would not fit the budget. For plans, before anything is
 * allocated. */
cellseg_status cseg_budget_check(cellseg_context *context, uint64_t bytes, const char *what);

/* ---- threads (threads.c) ---- */

/* One index of a parallel loop: writes only its own output. May fail; the failure of the lowest index is what the loop returns.
 */
typedef cellseg_status (*cseg_task_fn)(void *data, size_t index);

/*
 * Run task(data, i) for i in [0, count) on the context's threads, the caller's included. Stops early when a task fails or the
 * progress callback cancels. A loop inside a task runs on that task's thread alone. Keep one index under about 50 ms of
 * work, so that cancel is prompt; and never let the split of work into indices depend on the number of threads
 * where results could change with it.
 */
cellseg_status cseg_parallel_for(cellseg_context *context, size_t count, cseg_task_fn task, void *data);

/* ---- progress and log (progress.c) ---- */

/*
 * A public call names its steps and the part of the whole that each one covers. Parallel loops report their own 0..1 within the
 * step; long serial work calls cseg_progress_report() or _poll(). cseg_call_begin() starts the progress; within a call, starting
 * is ignored.
 */
void cseg_progress_start(cellseg_context *context);
void cseg_progress_step(cellseg_context *context, const char *name, double from, double to);
cellseg_status cseg_progress_report(cellseg_context *context, double fraction_of_step);

/* The same where 20 ms have passed since the last report: often enough to cancel promptly, rare enough to cost nothing. */
cellseg_status cseg_progress_poll(cellseg_context *context, double fraction_of_step);

/* Report, if this is the calling thread and it is time: between the parts of an index of a parallel loop that takes long. */
void cseg_parallel_poll(cellseg_context *context);

/* CELLSEG_ERR_CANCELLED (and its message) once the callback or cellseg_context_cancel() asked to stop. Cheap; callable on any
 * thread. */
cellseg_status cseg_progress_cancelled(const cellseg_context *context);

void cseg_log_write(cellseg_context *context, int32_t level, const char *format, ...) CSEG_PRINTF(3, 4);

/* A part of the progress, and its name. */
typedef struct cseg_progress_span {
    const char *name;
    double from, to;
} cseg_progress_span;

/* ---- public calls (call.c) ---- */

/* The frame of a public call that computes: what the call puts back at its end. */
typedef struct cseg_call {
    cellseg_context *context;
    fenv_t host; /* the caller's floating-point environment */
    cseg_progress_span outer_window, outer_step;
} cseg_call;

/*
 * Every public function that computes is { checks of pointers; cseg_call call; cseg_call_begin(&call, context);
 * return cseg_call_end(&call, compute(...)); }. Between the two holds the default floating-point environment. The outermost call
 * of a context starts the progress and, with status OK, reports 1.0 as the last; the callback's answer is then ignored. The
 * progress of a call within a call covers the outer call's step. Returns `status`.
 */
void cseg_call_begin(cseg_call *call, cellseg_context *context);
cellseg_status cseg_call_end(cseg_call *call, cellseg_status status);

/* ---- files (file.c) ---- */

/* An open file, read and written at offsets; the first system error is kept for the message. */
typedef struct cseg_file {
    int fd;
    int error; /* errno of the first failure, 0 for none */
    uint64_t size;
} cseg_file;

/* An IO failure that says what the system said. It names no path, and neither do opening and reading: cseg_error_fail_in(). */
cellseg_status cseg_file_fail(const char *what, int error);

/* Open a regular file to read. On failure nothing is open; file->error is ENOENT where there is no such file. */
cellseg_status cseg_file_open(cseg_file *file, const char *path);
void cseg_file_close(cseg_file *file);

/* Up to `count` bytes; fewer at the end of the file and on an error, which file->error tells apart. */
size_t cseg_file_read_at(cseg_file *file, void *to, size_t count, uint64_t offset);
bool cseg_file_write_at(cseg_file *file, const void *from, size_t count, uint64_t offset);

/* A file being written under a temporary name beside its own, so that nobody ever sees half of it. */
typedef struct cseg_target {
    cseg_file file;
    const char *path; /* borrowed */
    char *temporary;
} cseg_target;

/* Refuses a path that is a directory, a device or anything else that a file would not replace. Failures name the path. */
cellseg_status cseg_target_open(cseg_target *target, cellseg_context *context, const char *path);

/* Ends every write. With status OK, and no write failed: put the file in place; else, or when that fails, remove it. Returns
 * what holds then, naming the path. A process that is killed before this leaves the temporary file. */
cellseg_status cseg_target_close(cseg_target *target, cellseg_status status);

/* Whether a file could be written to `path` now, before long work is begun for it; leaves nothing behind. */
cellseg_status cseg_target_probe(cellseg_context *context, const char *path);

/* The file `path` becomes these bytes; on failure it is as it was. */
cellseg_status cseg_file_replace(const char *path, cellseg_context *context, const void *bytes, size_t size);

/* ---- planes (plane.c): how rooms hand pixels to each other ---- */

/* One channel: rows of `width` samples of `type`, `stride` bytes apart. A view: owns nothing. */
typedef struct cseg_plane {
    void *data;
    size_t height, width;
    size_t stride; /* bytes */
    int32_t type;  /* CELLSEG_UINT8 (also masks: 0 or not), ..., CELLSEG_FLOAT64; labels are CELLSEG_UINT32 */
} cseg_plane;

size_t cseg_plane_type_size(int32_t type); /* 0 for an unknown type */

static inline void *cseg_row_at(const cseg_plane *plane, size_t y) {
    return (char *)plane->data + y * plane->stride;
}
static inline float *cseg_row_f32(const cseg_plane *plane, size_t y) {
    return (float *)cseg_row_at(plane, y);
}
static inline uint32_t *cseg_row_u32(const cseg_plane *plane, size_t y) {
    return (uint32_t *)cseg_row_at(plane, y);
}
static inline uint8_t *cseg_row_u8(const cseg_plane *plane, size_t y) {
    return (uint8_t *)cseg_row_at(plane, y);
}

/* Allocate a plane with rows next to each other; release with cseg_plane_free(). On failure plane->data is NULL. */
cellseg_status cseg_plane_new(cseg_plane *plane, cellseg_context *context, int32_t type, size_t height, size_t width);
void cseg_plane_free(cseg_plane *plane); /* leaves data NULL, so twice is legal */

void cseg_plane_copy(const cseg_plane *to, const cseg_plane *from); /* pixels of one size and type */

/*
 * A view of one channel of an image that the library made, or of a label map: samples of a row lie next to each other. A caller's
 * image is read by cseg_input_open(). Read-only users must not write through a borrowed image's plane.
 */
cseg_plane cseg_image_plane(const cellseg_image *image, int32_t channel);
cseg_plane cseg_labels_plane(const cellseg_labels *labels);

/* to[0..count) = row y from column `left` on as float32: exact for integers of 8 and 16 bits, else rounded to nearest. */
void cseg_plane_load_f32(float *to, const cseg_plane *from, size_t y, size_t left, size_t count);

/* Copy with conversion to float32; `to` is of the same size. */
cellseg_status cseg_plane_to_f32(cellseg_context *context, const cseg_plane *to, const cseg_plane *from);

/* An argument error that names the first NaN or infinity of a float plane, or float64 beyond float32; OK for integers. `what`
 * names the image. */
cellseg_status cseg_plane_check_finite(cellseg_context *context, const cseg_plane *plane, const char *what);

/* Height and width in [1, 2^31 - 1]. */
cellseg_status cseg_plane_check_size(size_t height, size_t width);

/* ---- inputs (input.c): a caller's image, read ---- */

typedef struct cseg_input {
    cseg_plane plane; /* rows of samples next to each other */
    void *copy;       /* the channel's own samples where the image's pixels are interleaved; else NULL */
} cseg_input;

/*
 * One channel of a caller's image, to read until cseg_input_close(). A view where the samples of a row lie next to each other;
 * else a copy. CELLSEG_ERR_ARGUMENT for a channel that is not there. On failure there is nothing to close.
 */
cellseg_status cseg_input_open(cseg_input *input, cellseg_context *context, const cellseg_image *image, int32_t index);
void cseg_input_close(cseg_input *input); /* twice is legal */

/* ---- the frame of the toolkit's functions (toolkit.c) ---- */

enum { CSEG_TOOLKIT_MAX_INPUTS = 2 };

/* One call of a public function that reads images or label maps: its progress, its inputs, and where its result goes. */
typedef struct cseg_toolkit {
    cellseg_context *context;
    cseg_call call;
    const char *step; /* of the progress, once an input is checked */
    const char *name; /* of the first input, which sets size and pixel size; NULL before */
    size_t height, width;
    double pixel_size_um; /* of the result */
    cseg_input inputs[CSEG_TOOLKIT_MAX_INPUTS];
    size_t input_count;
    cseg_plane mask;         /* a mask that was not uint8, as uint8; or nothing */
    cellseg_image **image;   /* where the result goes, or NULL */
    cellseg_labels **labels; /* likewise */
} cseg_toolkit;

/*
 * { cseg_toolkit t; begin, with CSEG_TRY; read the inputs, check the other arguments, make the result, compute, each with
 * CSEG_TRY_GOTO(done, ...); done: return cseg_toolkit_end(&t, status); }. `out` NULL is refused at the beginning, where nothing
 * needs an end.
 */
void cseg_toolkit_begin(cseg_toolkit *t, cellseg_context *context, const char *step); /* the result is numbers */
cellseg_status cseg_toolkit_begin_image(cseg_toolkit *t, cellseg_context *context, const char *step, cellseg_image **out);
cellseg_status cseg_toolkit_begin_labels(cseg_toolkit *t, cellseg_context *context, const char *step, cellseg_labels **out);

/* An input, valid until the end. CELLSEG_ERR_ARGUMENT names it: NULL, a channel that is not there, a pixel that is not finite,
 * or a size that is not the first input's. A mask comes as uint8, its other types as 0 and 1. */
cellseg_status cseg_toolkit_read(cseg_toolkit *t, cseg_plane *plane, const cellseg_image *image, int32_t channel,
                                 const char *name);
cellseg_status cseg_toolkit_read_mask(cseg_toolkit *t, cseg_plane *plane, const cellseg_image *mask, int32_t channel,
                                      const char *name);
cellseg_status cseg_toolkit_read_labels(cseg_toolkit *t, cseg_plane *plane, const cellseg_labels *labels, const char *name);

/* The result, zeros of the first input's pixel size. type: ignored for a label map. */
cellseg_status cseg_toolkit_make(cseg_toolkit *t, cseg_plane *plane, int32_t type, size_t height, size_t width);

/* Releases what the call held. With `status` OK the result is the caller's, else the result is released and NULL. */
cellseg_status cseg_toolkit_end(cseg_toolkit *t, cellseg_status status);

/* ---- sorting (sort.c) ---- */

typedef struct cseg_keyed {
    uint64_t key, value;
} cseg_keyed;

/* Stable, rising by key. Linear in count; allocates as much again as the items. */
cellseg_status cseg_sort_keyed(cellseg_context *context, cseg_keyed *items, size_t count);

/* ---- deterministic mathematics (fmath.c): the same bytes on every processor and compiler ---- */

double cseg_math_exp(double x); /* within 1 ulp or so; 0 below -745, infinity above 709.78 */
double cseg_math_log(double x); /* natural logarithm; x > 0 and finite */

/* The angle of (x, y) in [-pi, pi], within 2 ulp; finite arguments. The sign of a zero does not count: 0 for (0, 0), pi on the
 * negative x axis. */
double cseg_math_atan2(double y, double x);

/* ---- random numbers (random.c) ---- */

/* Uniform bits for a place in a stream: the same for the same (seed, counter), whatever the order of the calls (splitmix64). */
uint64_t cseg_random_bits(uint64_t seed, uint64_t counter);

/* ---- processor (cpu.c) ---- */

int32_t cseg_cpu_best(void); /* the highest CELLSEG_CPU_ level this machine runs */

#endif
