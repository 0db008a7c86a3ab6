/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file context.h  Where memory, threads, messages and progress come from.
 *
 * Every function that takes a context accepts NULL, which means: malloc, the default number of threads, silent, no memory
 * budget. A context serves one call at a time; make one per thread to work in parallel. Two contexts share nothing.
 *
 * Default number of threads: the processors of the calling thread's affinity (sched_getaffinity()), or fewer where the CPU quota
 * of a control group (cgroup v1 or v2) allows fewer, rounded up; at most 1024. Other systems: the processors that are online.
 *
 * fork(). The child of a fork() may use and free every object of its parent: a context starts threads anew in the process that
 * runs a call. Exceptions: a context that ran a call on another thread at the time of the fork() may only be freed in the child.
 * Where a callback forks and returns in both processes, the call goes on in the parent; in the child a loop of several threads
 * fails with CELLSEG_ERR_INTERNAL, and what these threads had allocated is lost. A child of vfork() may use nothing.
 *
 * Callbacks. No callback of this library may leave other than by its return: no C++ exception, no longjmp. The library's frames
 * would be cut short with memory and locks held. A callback that fails keeps its failure in `user` and returns the value that
 * stops the call.
 *
 * Floating point. A call that computes sets the default environment (rounding to nearest, subnormal numbers kept, no traps) in
 * every thread that works for it, and puts the caller's environment back before it returns. Callbacks run in the default one.
 */
#ifndef CELLSEG_CONTEXT_H
#define CELLSEG_CONTEXT_H

#include <cellseg/types.h>

#ifdef __cplusplus
extern "C" {
#endif

/**
 * Processor levels: which row of kernels runs. Results are the same bytes on every level from CELLSEG_CPU_PORTABLE to
 * CELLSEG_CPU_NEON, of which CELLSEG_CPU_BEST takes the best that the processor has.
 *
 * CELLSEG_CPU_BLAS: the network's matrix products are those of OpenBLAS, in inference and training; all else is that of
 * CELLSEG_CPU_PORTABLE. Several times as fast as that on a processor without fused multiply-add. Results differ from the other
 * levels by rounding (maps by less than 1e-4), between processors and between releases of OpenBLAS; for one library on one
 * processor they are the same bytes for any number of threads. OpenBLAS allocates memory by itself, prints and may wait:
 * docs/threading.md. For builds with CELLSEG_FEATURE_CPU_BLAS.
 *
 * CELLSEG_CPU_FASTEST: the fastest here, whatever its bytes: CELLSEG_CPU_BLAS where the build has this level and the processor
 * only CELLSEG_CPU_PORTABLE, compiled without a fused multiply-add instruction; else CELLSEG_CPU_BEST.
 */
enum {
    CELLSEG_CPU_BEST = 0,     /**< the best exact level here */
    CELLSEG_CPU_PORTABLE = 1, /**< C alone */
    CELLSEG_CPU_AVX2 = 2,     /**< x86 with AVX2 and FMA */
    CELLSEG_CPU_AVX512 = 3,   /**< x86 with AVX-512 */
    CELLSEG_CPU_NEON = 4,     /**< 64-bit ARM */
    CELLSEG_CPU_BLAS = 5,     /**< OpenBLAS: results are not exact */
    CELLSEG_CPU_FASTEST = 6   /**< the fastest here, exact or not */
};

/** Severity of a log line. */
enum {
    CELLSEG_LOG_INFO = 1,   /**< a note */
    CELLSEG_LOG_WARNING = 2 /**< a doubt about the result */
};

/** Allocate `size` bytes (never 0), aligned as malloc does; NULL when there is no memory. Called from any thread. Must not throw
 * or longjmp. */
typedef void *(*cellseg_alloc_fn)(void *user, size_t size);

/** Release what the matching cellseg_alloc_fn returned. Called from any thread. Must not throw or longjmp. */
typedef void (*cellseg_free_fn)(void *user, void *block);

/** One index of a parallel loop: a function of the library, which a cellseg_parallel_for_fn calls. Never throws, never blocks on
 * another index, and leaves the floating-point environment of its thread as it was. */
typedef void (*cellseg_task_fn)(void *task_data, size_t index);

/**
 * Run task(task_data, i) for every i in [0, count), in any order, on any threads, and return when all are done.
 * Return 0, or non-zero if not every index was run, which fails the call with CELLSEG_ERR_INTERNAL.
 * Let the calling thread take its share: within a loop, progress is reported only between the calling thread's indices.
 * Must not throw or longjmp.
 */
typedef int32_t (*cellseg_parallel_for_fn)(void *user, size_t count, cellseg_task_fn task, void *task_data);

/** A line for the embedder's log, without newline. Only on the thread that called the library. Must not throw or longjmp. */
typedef void (*cellseg_log_fn)(void *user, int32_t level, const char *message);

/**
 * How far the call is: `fraction` from 0 to 1, never falling within one call, and the step's name ("network", "seeds").
 * Only on the thread that called the library. Non-zero asks to stop: the call returns CELLSEG_ERR_CANCELLED within 100 ms,
 * or succeeds if its work was done by then.
 * The last report of every call that succeeds is 1.0, "done"; its answer is ignored, because the result stands. A call that fails
 * makes no such report. Must not throw or longjmp.
 */
typedef int32_t (*cellseg_progress_fn)(void *user, double fraction, const char *step);

/** Everything a context can be told. Fill with cellseg_context_options_init(), then change what matters. */
typedef struct cellseg_context_options {
    size_t struct_size;           /**< sizeof of this struct where the caller was compiled */
    int32_t threads;              /**< 1 to 1024; 0: the default number, as stated above */
    int32_t cpu_level;            /**< CELLSEG_CPU_BEST by default; a level this machine or build lacks is an argument error */
    uint64_t memory_budget_bytes; /**< what may be in use at one time through this context, beside the context itself; 0, the
                                       default: no limit */
    cellseg_alloc_fn alloc;       /**< NULL with `free`: malloc. Either both or neither */
    cellseg_free_fn free;         /**< releases what `alloc` gave */
    void *memory_user;            /**< first argument of `alloc` and `free` */
    cellseg_parallel_for_fn parallel_for; /**< NULL: the context's own pool of `threads` threads */
    void *parallel_user;                  /**< first argument of `parallel_for` */
    cellseg_log_fn log;                   /**< NULL: silent */
    void *log_user;                       /**< first argument of `log` */
    cellseg_progress_fn progress;         /**< NULL: none */
    void *progress_user;                  /**< first argument of `progress` */
} cellseg_context_options;

/**
 * Write the defaults into `options`.
 *
 * @param[out] options      at least `struct_size` bytes
 * @param      struct_size  sizeof(cellseg_context_options) as the caller's compiler sees it
 * @return CELLSEG_ERR_ARGUMENT   options is NULL or struct_size is smaller than the first release's struct
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_context_options_init(cellseg_context_options *options, size_t struct_size);

/**
 * Make a context. Its threads start with the first call that needs them, and sleep between calls. Where the system allows fewer
 * threads, fewer work.
 *
 * @param[out] out      Release with cellseg_context_free(). NULL after an error.
 * @param      options  NULL for defaults
 * @return CELLSEG_ERR_ARGUMENT   a number is out of range, half a pair of hooks is given, or the processor or the build
 *                                lacks cpu_level
 * @return CELLSEG_ERR_MEMORY     the allocator returned no memory
 * Threads: any. Since: 1.0
 */
CELLSEG_API cellseg_status cellseg_context_new(cellseg_context **out, const cellseg_context_options *options);

/** Stop the context's threads and release it. Objects made through it stay valid. In the child of a fork() the parent's threads
 * and locks are not touched. NULL is legal. Since: 1.0 */
CELLSEG_API void cellseg_context_free(cellseg_context *context);

/**
 * Ask the context's running call to stop: it returns CELLSEG_ERR_CANCELLED within 100 ms, or succeeds if its
 * work was done by then, with a progress callback or without.
 *
 * The request stands until a call of this context returns CELLSEG_ERR_CANCELLED, or until cellseg_context_cancel_clear(). So none
 * is lost: where no call runs, or the running one completes first, the context's next call is cancelled. A program with a cancel
 * button calls cellseg_context_cancel_clear() when a job starts, before the button can be pressed, and
 * cellseg_context_cancel() at the press: then every call of that job is covered, the gaps between calls too, and a late press
 * does not reach the next job.
 *
 * NULL is ignored: calls without a context cannot be cancelled. Threads: any, while the context exists. Async-signal-safe: a
 * signal handler may call it. Cost: one atomic store. Since: 1.0
 */
CELLSEG_API void cellseg_context_cancel(cellseg_context *context);

/** Drop a request of cellseg_context_cancel() that no call has answered. NULL is ignored. Threads: any, and async-signal-safe, as
 * cellseg_context_cancel(). Since: 1.0 */
CELLSEG_API void cellseg_context_cancel_clear(cellseg_context *context);

/** The number of threads a call through this context uses; for NULL the default number. Threads: any. Since: 1.0 */
CELLSEG_API int32_t cellseg_context_threads(const cellseg_context *context);

/** The processor level in use, one of CELLSEG_CPU_PORTABLE to CELLSEG_CPU_BLAS. Threads: any. Since: 1.0 */
CELLSEG_API int32_t cellseg_context_cpu_level(const cellseg_context *context);

#ifdef __cplusplus
}
#endif
#endif
