/* SPDX-License-Identifier: BSD-3-Clause */
/* The core room's door: errors, memory, threads, progress, planes. Every other room includes this and only this of core. */
#ifndef CSEG_CORE_H
#define CSEG_CORE_H

#if !defined(__STDC_VERSION__) || __STDC_VERSION__ < 201112L
#error "libcellseg needs a C11 compiler: add -std=c11 to its flags, or use a newer compiler"
#endif
#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__)
#error "-ffast-math, -Ofast, -ffinite-math-only change results: compile libcellseg without them, or add -fno-fast-math"
#endif

#include "core/error.h"
#include "core/json.h"
#include "core/order.h"

#include <cellseg/context.h>
#include <cellseg/image.h>
#include <cellseg/labels.h>
#include <cellseg/options.h>
#include <cellseg/stream.h>
#include <cellseg/types.h>
#include <cellseg/version.h>

#include <assert.h>
#include <fenv.h>
#include <float.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if FLT_EVAL_METHOD != 0
#error                                                                                                                           \
    "libcellseg needs FLT_EVAL_METHOD 0: compile with -msse2 -mfpmath=sse for 32-bit x86, with -fexcess-precision=fast for s390x."
#endif

/* ---- option structs (options.c) ---- */

/*
 * Copy the caller's size-first struct over the library's defaults already in `own`. A caller older than the library leaves the
 * later members at their defaults; a newer one may set nothing that this library does not know.
 */
cellseg_status cseg_options_copy(void *own, size_t own_size, size_t first_release_size, const void *theirs, const char *name);

/* The other half: write `defaults` (own_size bytes, struct_size first) into the caller's struct of their_size bytes. */
cellseg_status cseg_options_init(void *theirs, size_t their_size, const void *defaults, size_t own_size,
                                 size_t first_release_size, const char *name);

/* ---- time (system_*.c) ---- */

double cseg_clock_seconds(void); /* since some fixed moment; never falls */

/* ---- descriptor tables (option_table.c) ---- */

struct cellseg_option_table {
    const char *name; /* of the struct */
    const cellseg_option *rows;
    size_t count, struct_size, first_release_size;
};

/* A row: the member's type follows from its declaration. Further fields, such as .choices, may follow the sentence. */
#define CSEG_OPTION(options, member, default_value, paper_value, lo, hi, unit_name, ...)                                         \
    {                                                                                                                            \
        .name = #member, .unit = (unit_name), .offset = offsetof(options, member), .type = CSEG_OPTION_TYPE(options, member),    \
        .standard = (default_value), .paper = (paper_value), .lowest = (lo), .highest = (hi), .sentence = __VA_ARGS__            \
    }
#define CSEG_OPTION_TYPE(options, member)                                                                                        \
    _Generic(((options *)0)->member,                                                                                             \
        int32_t: CELLSEG_OPTION_INT32,                                                                                           \
        uint64_t: CELLSEG_OPTION_UINT64,                                                                                         \
        double: CELLSEG_OPTION_DOUBLE,                                                                                           \
        const char *: CELLSEG_OPTION_TEXT,                                                                                       \
        default: CELLSEG_OPTION_GROUP)

/* The table of `options`, whose last member in release 1.0 is `last`. */
#define CSEG_OPTION_TABLE(options, row_array, last)                                                                              \
    {                                                                                                                            \
        .name = #options, .rows = (row_array), .count = sizeof(row_array) / sizeof *(row_array), .struct_size = sizeof(options), \
        .first_release_size = offsetof(options, last) + sizeof(((options *)0)->last) /* NOLINT(bugprone-sizeof-expression) */    \
    }

/* Room for any option struct of this library. */
typedef struct cseg_option_storage {
    _Alignas(max_align_t) unsigned char bytes[512];
} cseg_option_storage;

/* Write the preset's values into this library's struct; texts and groups become NULL. */
void cseg_option_fill(void *own, const cellseg_option_table *table, int32_t preset);

/* Write the preset's values into the caller's struct, whatever release it is of. */
cellseg_status cseg_option_init(void *options, size_t struct_size, const cellseg_option_table *table, int32_t preset);

/* The same for an initialised struct, whose members marked CELLSEG_OPTION_FLAG_KEPT_BY_PRESET stay. */
cellseg_status cseg_option_preset(void *options, const cellseg_option_table *table, int32_t preset);

/* The caller's options (NULL: the preset's) as this library's struct, every value within its range. */
cellseg_status cseg_option_read(void *own, const cellseg_option_table *table, const void *options, int32_t preset);

/* The same over the values that `own` holds already. */
cellseg_status cseg_option_overlay(void *own, const cellseg_option_table *table, const void *options);

/* One member of this library's struct: its row (NULL for an unknown name), its bytes, its value; 0 for a text or a group. */
const cellseg_option *cseg_option_find(const cellseg_option_table *table, const char *name);
size_t cseg_option_size(const cellseg_option *option);
double cseg_option_value(const void *own, const cellseg_option *option);
void cseg_option_set(void *own, const cellseg_option *option, double value);

/* An argument error that names the option unless lo <= value <= hi (NaN fails). */
cellseg_status cseg_range_check(const char *name, double value, double lo, double hi);

/* ---- memory (alloc.c) ---- */

/* count * size bytes, aligned to 64, not cleared. NULL on overflow, without memory or beyond the budget: return
 * cseg_error_last(). */
void *cseg_memory_alloc(cellseg_context *context, size_t count, size_t size);
/* The same, cleared. NULL also where the call was cancelled. */
void *cseg_memory_calloc(cellseg_context *context, size_t count, size_t size);
/* The same from the heap of another block, whose context may be gone. */
void *cseg_memory_alloc_beside(const void *block, size_t count, size_t size);
void cseg_memory_free(void *block); /* by the block's own heap; NULL is legal */

/* *product = a * b, or false on overflow. */
bool cseg_memory_mul(size_t a, size_t b, size_t *product);

/* The largest number of bytes in use through the context since cseg_memory_peak_start(); 0 for NULL. */
void cseg_memory_peak_start(cellseg_context *context);
uint64_t cseg_memory_peak(const cellseg_context *context);

/* Bytes that the budget still allows; UINT64_MAX without one. */
uint64_t cseg_budget_left(const cellseg_context *context);

/* CELLSEG_ERR_LIMIT, naming `what`, if `bytes` more exceed the budget. For plans, before anything is allocated. */
cellseg_status cseg_budget_check(cellseg_context *context, uint64_t bytes, const char *what);

/* ---- texts (string.c) ---- */

/* A copy of a text; *out is NULL where `from` is NULL. Release with cseg_memory_free(). */
cellseg_status cseg_string_copy(char **out, cellseg_context *context, const char *from);

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
 * step; long serial work calls cseg_progress_report() or _poll(). cseg_call_begin() starts the progress.
 */
void cseg_progress_step(cellseg_context *context, const char *name, double from, double to);
cellseg_status cseg_progress_report(cellseg_context *context, double fraction_of_step);

/* The same where 20 ms have passed since the last report: often enough to cancel promptly, rare enough to cost nothing. */
cellseg_status cseg_progress_poll(cellseg_context *context, double fraction_of_step);

/* Report, if this is the calling thread and it is time: within an index of a parallel loop that takes long. Returns
 * CELLSEG_ERR_CANCELLED once the call is to stop. */
cellseg_status cseg_parallel_poll(cellseg_context *context);

/* At most so many threads work on each loop until the public call ends; for a memory budget. */
void cseg_parallel_limit(cellseg_context *context, uint64_t workers);

/* CELLSEG_ERR_CANCELLED (and its message) once the callback or cellseg_context_cancel() asked to stop. Cheap; callable on any
 * thread. */
cellseg_status cseg_progress_cancelled(const cellseg_context *context);

void cseg_log_write(cellseg_context *context, int32_t level, const char *format, ...) CSEG_PRINTF(3, 4);

/* A part of the progress, and its name. */
typedef struct cseg_progress_span {
    const char *name;
    double from, to;
} cseg_progress_span;

/* ---- the floating-point environment (system_*.c) ---- */

typedef struct cseg_environment {
    fenv_t standard;
    uint32_t vectors; /* Windows: the control of the vector registers, which fenv.h leaves out */
} cseg_environment;

/* Save the thread's environment and set the default of C; put the saved one back, with its flags. */
void cseg_environment_begin(cseg_environment *host);
void cseg_environment_end(const cseg_environment *host);

/* ---- public calls (call.c) ---- */

/* The frame of a public call that computes: what the call puts back at its end. */
typedef struct cseg_call {
    cellseg_context *context;
    cseg_environment host;
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

/* ---- numbers and formatted text, with a full stop in every locale (number.c, format.c) ---- */

enum { CSEG_NUMBER_BYTES = 32 };

/* The nearest double of a decimal number of `length` bytes, such as "-1.5e3". False, and *value unchanged, for any other text,
 * for blanks round it, and for a number beyond the largest double. */
bool cseg_number_parse(double *value, const char *text, size_t length);

/* The fewest digits, of 15 to 17, that read back as the same; "inf" and "nan" for what is no number. */
void cseg_number_print(char text[CSEG_NUMBER_BYTES], double value);

/* As snprintf() and vsnprintf(), for %d %i %u %x %X, also of l, ll and z, %e %f %g %s %c and %%; the length of the whole text. */
size_t cseg_format_print(char *to, size_t size, const char *format, ...) CSEG_PRINTF(3, 4);
size_t cseg_format_list(char *to, size_t size, const char *format, va_list arguments) CSEG_PRINTF(3, 0);

/* ---- text that grows (text.c), for JSON and binary formats ---- */

/* After a failed allocation every call does nothing, and cseg_text_take() returns the error: one check. */
typedef struct cseg_text {
    cellseg_context *context;
    char *bytes; /* NULL: empty */
    size_t length, capacity;
    cellseg_status status;
} cseg_text;

void cseg_text_add(cseg_text *text, const char *format, ...) CSEG_PRINTF(2, 3);
void cseg_text_add_number(cseg_text *text, double value);                   /* as cseg_number_print() */
void cseg_text_add_string(cseg_text *text, const char *value);              /* in quotes, escaped as JSON asks */
void cseg_text_add_bytes(cseg_text *text, const void *bytes, size_t count); /* zeros and all: for binary formats */

/* Hand the text over: cseg_memory_free() it. On failure it is released and *out NULL. */
cellseg_status cseg_text_take(char **out, cseg_text *text);

/* ---- readers and writers (endpoint.c) ---- */

/* A caller's reader or writer as this library's struct, its name never NULL. CELLSEG_ERR_ARGUMENT for one that cannot be used. */
cellseg_status cseg_endpoint_check_reader(cellseg_reader *own, const cellseg_reader *reader);
cellseg_status cseg_endpoint_check_writer(cellseg_writer *own, const cellseg_writer *writer);

/* ---- files (file.c) ---- */

/* Bytes at offsets: of a path, of a caller's reader, or of a target. The first error is kept for the message. */
typedef struct cseg_file {
    cellseg_reader reader; /* reads all of them; its name is that of messages */
    const char *path;      /* borrowed; NULL: none */
    intptr_t handle;       /* of the system; CSEG_NO_HANDLE: none is open */
    int error;             /* 0; the errno of the first failure; or a negative status, whose line is the thread's last */
    uint64_t size;
    cseg_text *memory; /* NULL: the bytes are not in this library's memory */
} cseg_file;

/* CELLSEG_ERR_IO with the system's message, or the status of file->error. Neither this line nor those of opening and reading
 * name the file: cseg_error_fail_in(status, file->reader.name). */
cellseg_status cseg_file_fail(const char *what, int error);

/* Name what is to be read; nothing is opened. CELLSEG_ERR_ARGUMENT for NULL and for a reader that cannot be used. */
cellseg_status cseg_file_set_path(cseg_file *file, const char *path);
cellseg_status cseg_file_set_reader(cseg_file *file, const cellseg_reader *reader);

/* Open a path's regular file to read. On failure nothing is open; file->error is ENOENT if there is no such file. */
cellseg_status cseg_file_open(cseg_file *file);
void cseg_file_close(cseg_file *file);

/* Up to `count` bytes. Fewer at the end of the file; none where a read fails, which sets file->error, and afterwards. */
size_t cseg_file_read_at(cseg_file *file, void *to, size_t count, uint64_t offset);
bool cseg_file_write_at(cseg_file *file, const void *from, size_t count, uint64_t offset);

/* For targets: the bytes are those of an open handle or of memory. CELLSEG_ERR_IO unless the entry is a regular file. */
struct cseg_system_entry;
void cseg_file_use(cseg_file *file, intptr_t handle, cseg_text *memory);
cellseg_status cseg_file_check_entry(const struct cseg_system_entry *entry);

/* ---- targets (target.c) ---- */

/*
 * A file that appears complete or not at all. A path's is written under a temporary name beside its own, so that no reader opens
 * an incomplete file; a writer's is collected in memory. cseg_target_set_path() or _set_writer(), open, write, close.
 */
typedef struct cseg_target {
    cseg_file file;
    const char *path; /* borrowed; NULL: a writer's */
    const char *name; /* of messages: the path, or the writer's name */
    char *temporary;
    cellseg_writer writer;
    cseg_text memory;
} cseg_target;

/* Name what is to be written; nothing is opened. CELLSEG_ERR_ARGUMENT for NULL and for a writer that cannot be used. */
cellseg_status cseg_target_set_path(cseg_target *target, const char *path);
cellseg_status cseg_target_set_writer(cseg_target *target, const cellseg_writer *writer);

/* CELLSEG_ERR_IO if the path is a directory, a device or anything else but a regular file. Failures name the target. On failure
 * there is nothing to close. The target stays where it is in memory until it is closed. */
cellseg_status cseg_target_open(cseg_target *target, cellseg_context *context);

/* End every write. With status OK and no failed write the file replaces the path's, or is handed over; otherwise it is removed.
 * Returns `status` or the failure, naming the target. A process killed before this call leaves the temporary file. */
cellseg_status cseg_target_close(cseg_target *target, cellseg_status status);

/* Open, write these bytes, close. */
cellseg_status cseg_target_put(cseg_target *target, cellseg_context *context, const void *bytes, size_t size);

/* Test whether a file can be written to `path`, before long work; leaves nothing behind. */
cellseg_status cseg_target_probe(cellseg_context *context, const char *path);

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

/* The same of a part of an image, whose first pixel is (top, left). */
cellseg_status cseg_plane_check_finite_at(cellseg_context *context, const cseg_plane *plane, size_t top, size_t left,
                                          const char *what);

bool cseg_plane_same_size(const cseg_plane *a, const cseg_plane *b);

/* Height and width in [1, 2^31 - 1]. */
cellseg_status cseg_plane_check_size(size_t height, size_t width);

#include "core/store.h"

#include "core/source.h"

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

/* Stable, ascending by key. Linear in count; allocates a second array of items. */
cellseg_status cseg_sort_keyed(cellseg_context *context, cseg_keyed *items, size_t count);

/* ---- deterministic mathematics (fmath.c): the same bytes on every processor and compiler ---- */

double cseg_math_exp(double x); /* within 1 ulp or so; 0 below -745, infinity above 709.78 */
double cseg_math_log(double x); /* natural logarithm; x > 0 and finite */

/* The angle of (x, y) in [-pi, pi], within 2 ulp; finite arguments. Signs of zeros are ignored: 0 for (0, 0), pi on the
 * negative x axis. */
double cseg_math_atan2(double y, double x);

/* ---- UTF-8 (utf8.c) ---- */

/* Decode the first character of at most `available` bytes, and return how many it has; 0: no character begins there. */
size_t cseg_utf8_decode(uint32_t *character, const char *text, size_t available);

/* Write a character of 1 to 4 bytes, and return how many. */
size_t cseg_utf8_encode(char *to, uint32_t character);

bool cseg_utf8_is_text(const char *text, size_t length);

/* ---- a fused multiply-add: the same bytes everywhere ---- */

/* Every processor that this is compiled for has a fused multiply-add of floats. Not all compilers define the first macro. */
#if defined(__FP_FAST_FMAF) || defined(__FMA__) || defined(__ARM_FEATURE_FMA) || defined(__riscv_flen) || defined(__s390x__) ||  \
    defined(__powerpc64__)
#define CSEG_FAST_FMA 1
#endif

/*
 * a * b + c rounded once, as fmaf() of the C standard; an instruction where every processor has one. Else in double, inline,
 * because fmaf() of a C library is slow there, and of some wrong. The product of two floats is exact in double. The sum with a
 * third is rounded to odd; rounding that to float equals rounding the exact value once (Boldo and Melquiond 2008).
 */
static inline float cseg_fused_add(float a, float b, float c) {
#if defined(CSEG_FAST_FMA)
    return __builtin_fmaf(a, b, c);
#else
    const double product = (double)a * (double)b, addend = (double)c;
    double sum = product + addend;
    const double part = sum - product;
    const double error = (product - (sum - part)) + (addend - part);
    int64_t bits;
    memcpy(&bits, &sum, sizeof bits);
    /* A comparison with NaN is false, so infinities pass. Adding one to the bits moves away from zero, subtracting towards it. */
    const int64_t away = (error > 0) == (sum > 0) ? 1 : -1;
    const int64_t inexact = (error > 0) | (error < 0);
    bits += away * (inexact & ~bits & 1);
    memcpy(&sum, &bits, sizeof sum);
    return (float)sum;
#endif
}

/* ---- random numbers (random.c) ---- */

/* Uniform bits, a pure function of seed and counter (splitmix64). */
uint64_t cseg_random_bits(uint64_t seed, uint64_t counter);

/* ---- processor (cpu.c) ---- */

int32_t cseg_cpu_best(void);                  /* the highest level of CELLSEG_CPU_PORTABLE to _NEON that this machine runs */
bool cseg_cpu_has_blas(void);                 /* CELLSEG_CPU_BLAS is built in */
int32_t cseg_cpu_level(int32_t option_value); /* CELLSEG_CPU_BEST and _FASTEST as what they stand for here */

#endif
