/* SPDX-License-Identifier: BSD-3-Clause */
/* A model's architecture, rule and classes as JSON, written and parsed. docs/model-format.md lists the keys. */
#ifndef CSEG_NN_DESCRIBE_H
#define CSEG_NN_DESCRIBE_H

#include "nn/internal.h"

/* Texts, allocated from the context. */
cellseg_status cseg_describe_arch(char **out, cellseg_context *context, const cseg_arch *arch);
cellseg_status cseg_describe_rule(char **out, cellseg_context *context, const cseg_rule *rule);
cellseg_status cseg_describe_classes(char **out, cellseg_context *context, const cellseg_model *model);
cellseg_status cseg_describe_info(char **out, cellseg_context *context, const cellseg_model *model);

/* The reverse. CELLSEG_ERR_FORMAT: the text is malformed; CELLSEG_ERR_MODEL: a value is not allowed. */
cellseg_status cseg_parse_arch(cseg_arch *arch, cellseg_context *context,
                               const char *text); /* unchecked: call cseg_arch_check() */
cellseg_status cseg_parse_rule(cseg_rule *rule, cellseg_context *context,
                               const char *text); /* unchecked: call cseg_rule_check() */
cellseg_status cseg_parse_classes(char names[CSEG_MAX_CLASSES][CSEG_NAME_BYTES], uint32_t *count, cellseg_context *context,
                                  const char *text);
/* "rule" and "classes" of a text like cellseg_model_info(); unchecked: call cseg_rule_check(). */
cellseg_status cseg_parse_description(cseg_rule *rule, char names[CSEG_MAX_CLASSES][CSEG_NAME_BYTES], cellseg_context *context,
                                      const char *text);

#endif
