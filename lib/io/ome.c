/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Pixel sizes and stacks in XML: OME-XML's <Pixels PhysicalSizeX=... PhysicalSizeXUnit=...> and MetaMorph's <prop
 * id="spatial-calibration-x" value=...>. A scanner of start tags and attributes replaces an XML library. The scanner only moves
 * forward, up to the closing NUL, for any bytes. Reference: OME Data Model 2016-06.
 */
#include "io/io.h"

#include <string.h>

/* A substring; not NUL-terminated. */
typedef struct span {
    const char *text;
    size_t length;
} span;

typedef struct element {
    span name;       /* without a namespace prefix */
    span attributes; /* from the name to the end of the tag */
} element;

static bool span_is(span s, const char *word) {
    return s.length == strlen(word) && memcmp(s.text, word, s.length) == 0;
}

/* The '>' that ends the tag at `at`, or the end of the text; a '>' within quotes does not count. */
static const char *tag_end(const char *at) {
    char quote = '\0';
    for (; *at != '\0' && (quote != '\0' || *at != '>'); at++)
        if (quote != '\0')
            quote = *at == quote ? '\0' : quote;
        else if (*at == '"' || *at == '\'')
            quote = *at;
    return at;
}

/* Find the next start tag at or after *at, and move *at to its end. Comments are skipped. */
static bool next_element(element *out, const char **at) {
    for (const char *tag = strchr(*at, '<'); tag != NULL; tag = strchr(tag, '<')) {
        if (strncmp(tag, "<!--", 4) == 0) {
            tag = strstr(tag + 4, "-->");
            if (tag == NULL)
                return false;
            continue;
        }
        tag++;
        size_t length = strcspn(tag, " \t\r\n/>");
        if (length == 0) /* an end tag */
            continue;
        const char *end = tag_end(tag);
        *at = end;
        *out = (element){.attributes = {tag + length, (size_t)(end - tag) > length ? (size_t)(end - tag) - length : 0}};
        const char *colon = memchr(tag, ':', length);
        if (colon != NULL) {
            length -= (size_t)(colon + 1 - tag);
            tag = colon + 1;
        }
        out->name = (span){tag, length};
        return true;
    }
    return false;
}

static bool is_space(char c) {
    return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* The value of an attribute; length 0 if the attribute is missing. */
static span attribute(const element *in, const char *name) {
    const char *at = in->attributes.text;
    const char *end = at + in->attributes.length;
    while (at < end) {
        while (at < end && (is_space(*at) || *at == '/'))
            at++;
        const char *start = at;
        while (at < end && *at != '=' && !is_space(*at))
            at++;
        const span found = {start, (size_t)(at - start)};
        while (at < end && *at != '"' && *at != '\'')
            at++;
        if (at == end)
            break;
        const char *value = at + 1;
        const char *close = memchr(value, *at, (size_t)(end - value));
        if (close == NULL)
            break;
        if (span_is(found, name))
            return (span){value, (size_t)(close - value)};
        at = close + 1;
    }
    return (span){at, 0};
}

/* A length in micrometres; the model's default unit is the micrometre. */
static double physical_size(const element *pixels, const char *size, const char *unit) {
    const span value = attribute(pixels, size);
    const span name = attribute(pixels, unit);
    return cseg_number_parse(value.text, value.length) * (name.length > 0 ? cseg_number_unit_um(name.text, name.length) : 1);
}

/* The first <Pixels> of OME-XML. */
static bool find_pixels(element *pixels, const char *xml) {
    bool ome = false;
    while (next_element(pixels, &xml)) {
        ome |= span_is(pixels->name, "OME");
        if (ome && span_is(pixels->name, "Pixels"))
            return true;
    }
    return false;
}

cseg_io_spacing cseg_ome_spacing(const char *xml) {
    element e;
    if (!find_pixels(&e, xml))
        return (cseg_io_spacing){0, 0};
    return (cseg_io_spacing){physical_size(&e, "PhysicalSizeX", "PhysicalSizeXUnit"),
                             physical_size(&e, "PhysicalSizeY", "PhysicalSizeYUnit")};
}

cseg_io_stack cseg_ome_stack(const char *xml) {
    element e;
    if (!find_pixels(&e, xml))
        return (cseg_io_stack){0, 0};
    const span z = attribute(&e, "SizeZ"), t = attribute(&e, "SizeT");
    return (cseg_io_stack){cseg_number_parse(z.text, z.length), cseg_number_parse(t.text, t.length)};
}

cseg_io_spacing cseg_ome_metamorph_spacing(const char *xml) {
    cseg_io_spacing spacing = {0, 0};
    double unit_um = 0;
    element e;
    while (next_element(&e, &xml)) {
        const span id = attribute(&e, "id");
        const span value = attribute(&e, "value");
        if (!span_is(e.name, "prop"))
            continue;
        if (span_is(id, "spatial-calibration-state") && !span_is(value, "on"))
            return (cseg_io_spacing){0, 0};
        if (span_is(id, "spatial-calibration-x"))
            spacing.x_um = cseg_number_parse(value.text, value.length);
        else if (span_is(id, "spatial-calibration-y"))
            spacing.y_um = cseg_number_parse(value.text, value.length);
        else if (span_is(id, "spatial-calibration-units"))
            unit_um = cseg_number_unit_um(value.text, value.length);
    }
    return (cseg_io_spacing){spacing.x_um * unit_um, spacing.y_um * unit_um};
}
