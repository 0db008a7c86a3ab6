/* SPDX-License-Identifier: BSD-3-Clause */
#include "provenance.h"

#include <inttypes.h>
#include <stdio.h>

static char text[16384];

cellseg_status state_provenance(cellseg_write_options *write_options, const char *name, const cellseg_model *model,
                                const cellseg_option_table *table, const void *options) {
    char model_text[24] = "null", options_text[sizeof text - 128];
    if (model != NULL)
        (void)snprintf(model_text, sizeof model_text, "\"%016" PRIx64 "\"", cellseg_model_hash(model));
    cellseg_status status = cellseg_write_options_init(write_options, sizeof *write_options);
    if (status == CELLSEG_OK)
        status = cellseg_option_table_json(options_text, sizeof options_text, table, options);
    if (status != CELLSEG_OK)
        return status;
    (void)snprintf(text, sizeof text, "{\"version\": \"%s\", \"model\": %s, \"options\": %s}", cellseg_version(), model_text,
                   options_text);
    write_options->name = name;
    write_options->provenance = text;
    return CELLSEG_OK;
}
