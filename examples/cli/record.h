/* SPDX-License-Identifier: BSD-3-Clause */
/* <stem>.json, the record of a set of results: which input, program, model and options gave it, and what was found. */
#ifndef CLI_RECORD_H
#define CLI_RECORD_H

#include "results.h"

#include <cjson/cJSON.h>

/* Write the record. NULL, or the fault. The same bytes for the same input, options and model, however the work went. */
const char *write_record(const results *r, cellseg_context *context, const char *path);

/* Print the record on one line, with the key "files": the paths of the results in `folder`. */
void print_record(const results *r, const char *folder);

/* The record in a file, to be deleted; NULL: none can be read, or another program wrote the file. */
cJSON *load_record(const char *path);

/* True if `folder` has the results of this input, which are what these options and this model give: the same files with the same
 * bytes, named in whatever way. by_name: its channels are chosen by name. */
bool is_finished(const results *r, const char *folder, bool by_name);

/* True if folder/<stem>.json is of the input, read so, or there is none; else prints an error. */
bool is_of_input(const char *folder, const file *input, const cellseg_read_options *reading);

#endif
