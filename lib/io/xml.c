/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * XML through expat: no external entities, no entities of the document's own, a bounded depth, memory of the context, cancel
 * between elements. Time and memory are linear in the text. expat's memory hooks carry no pointer of the caller, so that the
 * context of the parse that runs on a thread is kept for that thread.
 */
#include "io/xml.h"

#include <expat.h>
#include <stdio.h>
#include <string.h>

/* expat takes 150 bytes for an open element, whose tag may have three. */
enum { MAX_BYTES = 1 << 26, MAX_DEPTH = 256 };

/* ---- memory ---- */

/* The parse that runs on this thread: where its memory comes from, and the first failure to get it. */
typedef struct heap {
    cellseg_context *context;
    cellseg_status status;
} heap;

static _Thread_local heap parsing;

/* Before each block: its size, which a reallocation needs. */
typedef union block_size {
    size_t bytes;
    max_align_t alignment;
} block_size;

static void *allocate(size_t bytes) {
    if (bytes > SIZE_MAX - sizeof(block_size))
        return NULL;
    block_size *block = cseg_memory_alloc(parsing.context, bytes + sizeof *block, 1);
    if (block == NULL) {
        parsing.status = cseg_error_last();
        return NULL;
    }
    block->bytes = bytes;
    return block + 1;
}

static void release(void *block) {
    if (block != NULL)
        cseg_memory_free((block_size *)block - 1);
}

static void *reallocate(void *block, size_t bytes) {
    void *larger = allocate(bytes);
    if (larger == NULL || block == NULL)
        return larger;
    const size_t before = ((const block_size *)block - 1)->bytes;
    memcpy(larger, block, before < bytes ? before : bytes);
    release(block);
    return larger;
}

/* ---- handlers ---- */

typedef struct session {
    XML_Parser parser;
    cellseg_context *context;
    const cseg_xml_handlers *handlers;
    unsigned depth;
    bool complete;       /* the outermost element has ended: what follows is padding */
    const char *refused; /* why this library ended the parse; NULL: it did not */
    cellseg_status status;
} session;

/* End the parse unless the handler succeeded and nobody cancelled. */
static void settle(session *s, cellseg_status status) {
    if (s->status == CELLSEG_OK)
        s->status = status != CELLSEG_OK ? status : cseg_progress_poll(s->context, 0);
    if (s->status != CELLSEG_OK)
        (void)XML_StopParser(s->parser, XML_FALSE);
}

static void refuse(session *s, const char *why) {
    s->refused = why;
    (void)XML_StopParser(s->parser, XML_FALSE);
}

static void XMLCALL on_start(void *data, const XML_Char *name, const XML_Char **attributes) {
    session *s = data;
    const char *colon = strchr(name, ':');
    if (++s->depth > MAX_DEPTH)
        refuse(s, "its elements are nested too deeply");
    else
        settle(s, s->handlers->start(s->handlers->data, s->depth, colon != NULL ? colon + 1 : name, attributes));
}

/* expat ends an empty element also where its start stopped the parse. */
static void XMLCALL on_end(void *data, const XML_Char *name) {
    session *s = data;
    (void)name;
    if (s->status == CELLSEG_OK && s->refused == NULL)
        settle(s, s->handlers->end != NULL ? s->handlers->end(s->handlers->data, s->depth) : CELLSEG_OK);
    s->depth--;
    s->complete = s->depth == 0;
}

static void XMLCALL on_text(void *data, const XML_Char *text, int length) {
    session *s = data;
    settle(s, s->handlers->text != NULL ? s->handlers->text(s->handlers->data, s->depth, text, (size_t)length) : CELLSEG_OK);
}

static void XMLCALL on_entity(void *data, const XML_Char *name, int is_parameter, const XML_Char *value, int length,
                              const XML_Char *base, const XML_Char *system, const XML_Char *public_id, const XML_Char *notation) {
    session *s = data;
    (void)name, (void)is_parameter, (void)value, (void)length, (void)base, (void)system, (void)public_id, (void)notation;
    refuse(s, "it declares entities");
}

/* ---- the parse ---- */

static cellseg_status run(session *s, cseg_xml_fault *fault, const char *text, size_t length) {
    XML_SetUserData(s->parser, s);
    XML_SetElementHandler(s->parser, on_start, on_end);
    XML_SetCharacterDataHandler(s->parser, on_text);
    XML_SetEntityDeclHandler(s->parser, on_entity);
    if (XML_Parse(s->parser, text, (int)length, XML_TRUE) == XML_STATUS_OK || s->complete || s->status != CELLSEG_OK)
        return s->status;
    const enum XML_Error error = XML_GetErrorCode(s->parser);
    (void)snprintf(fault->text, sizeof fault->text, "line %llu: %s", (unsigned long long)XML_GetCurrentLineNumber(s->parser),
                   s->refused != NULL ? s->refused : XML_ErrorString(error));
    return CELLSEG_OK;
}

cellseg_status cseg_xml_parse(cseg_xml_fault *fault, cellseg_context *context, const char *text,
                              const cseg_xml_handlers *handlers) {
    static const XML_Memory_Handling_Suite memory = {allocate, reallocate, release};
    session s = {.context = context, .handlers = handlers, .status = CELLSEG_OK};
    *fault = (cseg_xml_fault){""};
    text += strspn(text, " \t\r\n"); /* an XML declaration must be the first */
    const size_t length = strlen(text);
    if (length > MAX_BYTES) {
        (void)snprintf(fault->text, sizeof fault->text, "it has %zu bytes; %d are the most", length, (int)MAX_BYTES);
        return CELLSEG_OK;
    }
    const heap outer = parsing; /* a callback of the context may read another file */
    parsing = (heap){context, CELLSEG_OK};
    /* Writers are wrong about the encoding: it is UTF-8 where the bytes are, else Latin-1. */
    s.parser = XML_ParserCreate_MM(cseg_utf8_is_text(text, length) ? "UTF-8" : "ISO-8859-1", &memory, NULL);
    cellseg_status status = s.parser != NULL ? run(&s, fault, text, length) : cseg_error_last();
    if (s.parser != NULL)
        XML_ParserFree(s.parser);
    if (parsing.status != CELLSEG_OK) /* expat has other names for some failures to get memory */
        status = parsing.status;
    parsing = outer;
    return status;
}

const char *cseg_xml_attribute(const char *const *attributes, const char *name) {
    for (; attributes[0] != NULL; attributes += 2)
        if (strcmp(attributes[0], name) == 0)
            return attributes[1];
    return NULL;
}
