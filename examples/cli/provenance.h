/* SPDX-License-Identifier: BSD-3-Clause */
/* Where a file of results comes from, as text within the file. */
#ifndef CLI_PROVENANCE_H
#define CLI_PROVENANCE_H

#include <cellseg/cellseg.h>

/*
 * Options to write a file with: `name` of its image; and, as JSON, the library's version, the model's hash, how the input was
 * read (both null for NULL), and the options that `table` describes. The text is valid until the next call.
 */
cellseg_status state_provenance(cellseg_write_options *write, const char *name, const cellseg_model *model,
                                const cellseg_read_options *reading, const cellseg_option_table *table, const void *options);

#endif
