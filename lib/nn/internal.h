/* SPDX-License-Identifier: BSD-3-Clause */
/* The inside of a model, for the network room only. */
#ifndef CSEG_NN_INTERNAL_H
#define CSEG_NN_INTERNAL_H

#include "nn/arch.h"
#include "nn/params.h"

enum { CSEG_NAME_BYTES = 32, CSEG_MIN_TEST_EDGE = 48, CSEG_MAX_TEST_EDGE = 256 };

/* An input and the network's output for it, checked on load: detects a machine on which the network computes wrong values. */
typedef struct cseg_test_vector {
    size_t height, width;
    float *input;  /* height x width */
    float *output; /* classes x height x width */
} cseg_test_vector;

/* Immutable once complete, so that threads may share it. */
struct cellseg_model {
    cseg_arch arch;          /* without layers where the network is the caller's */
    cellseg_network network; /* predict NULL: the layers are the network */
    cseg_layout layout;
    cseg_rule rule;
    char names[CSEG_MAX_CLASSES][CSEG_NAME_BYTES];
    float *params; /* layout.total, as trained */
    char *record;  /* JSON object, the training record */
    char *info;    /* JSON object, the whole model without its numbers */
    uint64_t hash; /* of all but the record and the test vector */
    cseg_test_vector test;

    /* Normalisation folded into weights, packed for the processor level of the context that loaded the model. */
    const cseg_kernels *kernels;
    float *packed;
};

/* The paper's names for the first three classes, then "boundary", then "class 5" and on. */
void cseg_model_default_names(char names[CSEG_MAX_CLASSES][CSEG_NAME_BYTES]);

/* CELLSEG_ERR_MODEL unless preprocessing and tiling support every value. */
cellseg_status cseg_rule_check(const cseg_rule *rule);

/* CELLSEG_ERR_MODEL where the network is the caller's, CELLSEG_ERR_ARGUMENT for NULL. */
cellseg_status cseg_model_check_layers(const cellseg_model *model);
/* With rule and names set: the JSON of cellseg_model_info(), and the hash. */
cellseg_status cseg_model_describe(cellseg_model *model, cellseg_context *context);

/* A model without numbers: architecture checked, parameters allocated but not set. record: NULL or JSON text, copied. */
cellseg_status cseg_model_new(cellseg_model **out, cellseg_context *context, const cseg_arch *arch, const cseg_rule *rule,
                              const char *record);
/* With all parameters set: check that they are finite, fold, pack, describe. */
cellseg_status cseg_model_finish(cellseg_model *model, cellseg_context *context);
/* Allocate a test vector of this size and fill its input with random values in [0, 1]. */
cellseg_status cseg_model_test_new(cellseg_model *model, cellseg_context *context, size_t height, size_t width);
/* The smallest square patch of at least CSEG_MIN_TEST_EDGE pixels that the layers admit; CELLSEG_ERR_MODEL if there is none. */
cellseg_status cseg_model_test_edge(size_t *edge, const cseg_arch *arch);
/* Run the network on one image: output classes x height x width, input height x width. */
cellseg_status cseg_model_run(float *output, const cellseg_model *model, cellseg_context *context, const float *input,
                              size_t height, size_t width);
/* Run the network on the test vector's input. */
cellseg_status cseg_model_test_run(float *output, const cellseg_model *model, cellseg_context *context);
/* With all parameters set: finish the model and compute a test vector of this size. */
cellseg_status cseg_model_complete(cellseg_model *model, cellseg_context *context, size_t height, size_t width);

#endif
