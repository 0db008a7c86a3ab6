/* SPDX-License-Identifier: BSD-3-Clause */
/* Python's pickles, read without running any of their code; for the io room only. */
#ifndef CSEG_IO_PICKLE_H
#define CSEG_IO_PICKLE_H

#include "io/io.h"

enum {
    CSEG_PICKLE_OTHER = 0, /* a list, a dictionary, None, a name, a float */
    CSEG_PICKLE_NUMBER,
    CSEG_PICKLE_TEXT, /* or bytes */
    CSEG_PICKLE_TUPLE,
    CSEG_PICKLE_OBJECT, /* made by a call */
};

enum { CSEG_PICKLE_NONE = 0 }; /* the number of no value */

typedef struct cseg_pickle_value {
    int kind;
    uint64_t number;
    const char *text;        /* borrowed from the pickle */
    size_t size;             /* of a text in bytes; of a tuple */
    size_t first;            /* of a tuple: where the numbers of its items are */
    size_t arguments, state; /* of an object: numbers of values */
} cseg_pickle_value;

/* {.context = ..., .key = ...} is empty. */
typedef struct cseg_pickle {
    cellseg_context *context;
    const char *key;
    cseg_text values, items, stack, memo; /* arrays: values, and numbers of values */
    const cseg_pickle_value *found;       /* the last value that a dictionary was given under the key; NULL: none */
} cseg_pickle;

/* Run a pickle of so many bytes, which must live as long as the values. CELLSEG_ERR_FORMAT for what is no pickle. */
cellseg_status cseg_pickle_run(cseg_pickle *pickle, const char *bytes, size_t size);
void cseg_pickle_free(cseg_pickle *pickle);

/* NULL where there is none, and for NULL. */
const cseg_pickle_value *cseg_pickle_item(const cseg_pickle *pickle, const cseg_pickle_value *tuple, size_t index);
const cseg_pickle_value *cseg_pickle_arguments(const cseg_pickle *pickle, const cseg_pickle_value *object);
const cseg_pickle_value *cseg_pickle_state(const cseg_pickle *pickle, const cseg_pickle_value *object);

#endif
