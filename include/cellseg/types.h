/* SPDX-License-Identifier: BSD-3-Clause */
/**
 * @file types.h  Status codes, handles and enumerations every other header uses.
 *
 * Conventions of the whole interface: out parameters come first and are NULL (or zero) after an error; a free function
 * accepts NULL; strings are UTF-8 and owned by the library unless a line says otherwise; lengths are micrometres unless a
 * name ends in _px; arrays are row-major, height before width; enumeration values never change meaning.
 */
#ifndef CELLSEG_TYPES_H
#define CELLSEG_TYPES_H

#include <stddef.h>
#include <stdint.h>

/** Windows: functions come from the DLL, unless CELLSEG_STATIC states that the static library is linked. */
#if defined(_WIN32) && !defined(CELLSEG_STATIC)
#define CELLSEG_API __declspec(dllimport)
#elif defined(__GNUC__) && !defined(_WIN32)
#define CELLSEG_API __attribute__((visibility("default")))
#else
#define CELLSEG_API
#endif

#ifdef __cplusplus
extern "C" {
#endif

/** What a call returns: 0, or one of the negative codes below. */
typedef int32_t cellseg_status;

enum {
    CELLSEG_OK = 0,              /**< the call did its work */
    CELLSEG_ERR_ARGUMENT = -1,   /**< a parameter is out of range, or parameters do not fit together */
    CELLSEG_ERR_MEMORY = -2,     /**< the allocator returned no memory */
    CELLSEG_ERR_IO = -3,         /**< a file cannot be opened, read, written or renamed */
    CELLSEG_ERR_FORMAT = -4,     /**< a file's content is damaged or of a kind that is not supported */
    CELLSEG_ERR_MODEL = -5,      /**< a model's layers, tensors or test vector do not fit */
    CELLSEG_ERR_CANCELLED = -6,  /**< the progress callback or cellseg_context_cancel() asked to stop */
    CELLSEG_ERR_LIMIT = -7,      /**< the work needs more than the context's memory budget, or than a stated limit */
    CELLSEG_ERR_INTERNAL = -8,   /**< a fault of the library or of a hook; please report it */
    CELLSEG_ERR_UNAVAILABLE = -9 /**< this build of the library leaves out the part: cellseg_features() */
};

/** Sample types of an image. Computation is in float32 or exact in the type itself; each function documents which. */
enum {
    CELLSEG_UINT8 = 1,   /**< uint8_t */
    CELLSEG_UINT16 = 2,  /**< uint16_t */
    CELLSEG_UINT32 = 3,  /**< uint32_t */
    CELLSEG_FLOAT32 = 4, /**< float */
    CELLSEG_INT16 = 5,   /**< int16_t */
    CELLSEG_INT32 = 6,   /**< int32_t */
    CELLSEG_FLOAT64 = 7  /**< double */
};

typedef struct cellseg_context cellseg_context;   /**< hooks, threads and budget of calls */
typedef struct cellseg_image cellseg_image;       /**< pixels of one or more channels */
typedef struct cellseg_labels cellseg_labels;     /**< an id per pixel */
typedef struct cellseg_model cellseg_model;       /**< a trained network and its rules */
typedef struct cellseg_trainer cellseg_trainer;   /**< a training in progress */
typedef struct cellseg_table cellseg_table;       /**< columns of measurements */
typedef struct cellseg_outlines cellseg_outlines; /**< polygons of a label map */

/** The name of a status code, "CELLSEG_ERR_IO"; "unknown status" for any other number. Threads: any. Since: 1.0 */
CELLSEG_API const char *cellseg_status_name(cellseg_status status);

/**
 * One line that says what went wrong in the last call that failed on this thread; "" when none has.
 *
 * The text lies in a fixed buffer of the calling thread: it is valid until that thread's next failing call, and needs no
 * release. A path too long for it is shortened in its middle. A call that succeeds leaves it as it was. Threads: any, each sees
 * its own. Since: 1.0
 */
CELLSEG_API const char *cellseg_last_error(void);

#ifdef __cplusplus
}
#endif
#endif
