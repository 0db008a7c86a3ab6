/* SPDX-License-Identifier: BSD-3-Clause */
#include "provenance.h"

#include <inttypes.h>
#include <stdio.h>

static _Thread_local char text[16384];

/* As JSON; null for no options. */
static cellseg_status write_options(char *to, size_t size, const cellseg_option_table *table, const void *options) {
    (void)snprintf(to, size, "null");
    return options != NULL ? cellseg_option_table_json(to, size, table, options) : CELLSEG_OK;
}

cellseg_status state_provenance(cellseg_write_options *write, const char *name, const cellseg_model *model,
                                const cellseg_read_options *reading, const cellseg_option_table *table, const void *options) {
    char model_text[24] = "null", reading_text[1024], options_text[sizeof text - sizeof reading_text - 128];
    if (model != NULL)
        (void)snprintf(model_text, sizeof model_text, "\"%016" PRIx64 "\"", cellseg_model_hash(model));
    cellseg_status status = cellseg_write_options_init(write, sizeof *write);
    if (status == CELLSEG_OK)
        status = write_options(reading_text, sizeof reading_text, cellseg_read_options_table(), reading);
    if (status == CELLSEG_OK)
        status = write_options(options_text, sizeof options_text, table, options);
    if (status != CELLSEG_OK)
        return status;
    (void)snprintf(text, sizeof text, "{\"version\": \"%s\", \"model\": %s, \"reading\": %s, \"options\": %s}", cellseg_version(),
                   model_text, reading_text, options_text);
    write->name = name;
    write->provenance = text;
    return CELLSEG_OK;
}
