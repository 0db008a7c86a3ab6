/* SPDX-License-Identifier: BSD-3-Clause */
/* XML through expat. Only xml.c includes expat's header. */
#ifndef CSEG_XML_H
#define CSEG_XML_H

#include "io/io.h"

/* An element's start: its name without a namespace prefix, its depth from 1, and pairs of attribute and value, NULL at the end.
 */
typedef cellseg_status (*cseg_xml_start_fn)(void *data, unsigned depth, const char *name, const char *const *attributes);
typedef cellseg_status (*cseg_xml_end_fn)(void *data, unsigned depth);
/* A piece of an element's text; an element may have several. */
typedef cellseg_status (*cseg_xml_text_fn)(void *data, unsigned depth, const char *text, size_t length);

typedef struct cseg_xml_handlers {
    cseg_xml_start_fn start;
    cseg_xml_end_fn end;   /* or NULL */
    cseg_xml_text_fn text; /* or NULL */
    void *data;
} cseg_xml_handlers;

/* Where and why a text ends to be XML; empty for a whole document. */
typedef struct cseg_xml_fault {
    char text[120];
} cseg_xml_fault;

/*
 * Call the handlers in the order of the text, up to its end or its first fault, which is no failure of this function. Entities
 * that a document declares are a fault, so that a small text stays small. Failures: a handler's, CELLSEG_ERR_MEMORY and
 * CELLSEG_ERR_LIMIT through the context, CELLSEG_ERR_CANCELLED.
 */
cellseg_status cseg_xml_parse(cseg_xml_fault *fault, cellseg_context *context, const char *text,
                              const cseg_xml_handlers *handlers);

/* The value of an attribute; NULL where there is none. */
const char *cseg_xml_attribute(const char *const *attributes, const char *name);

#endif
