/* SPDX-License-Identifier: BSD-3-Clause */
/* Model files: any bytes end in a model or an error, within the memory budget. Begin from a folder with a saved model in it. */
#include <cellseg/cellseg.h>

#include <stddef.h>
#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size) {
    cellseg_context_options options;
    cellseg_context *context;
    cellseg_model *model;
    (void)cellseg_context_options_init(&options, sizeof options);
    options.threads = 1;
    options.memory_budget_bytes = 64 << 20;
    if (cellseg_context_new(&context, &options) != CELLSEG_OK)
        return 0;
    cellseg_reader reader;
    (void)cellseg_reader_init_memory(&reader, sizeof reader, data, size);
    (void)cellseg_model_load_from(&model, context, &reader);
    cellseg_model_free(model);
    cellseg_context_free(context);
    return 0;
}
