/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The OME-XML of the files that this library writes: sizes, pixel size, channels, the page of each channel, and where the file
 * comes from. The text is plain ASCII, as TIFF's descriptions are: other characters become references (&#181;). Reference: OME
 * Data Model 2016-06.
 */
#include "io/io.h"

#include <string.h>

#define SCHEMA "http://www.openmicroscopy.org/Schemas/OME/2016-06"

enum { REPLACEMENT = 0xfffd };

/* XML has no control characters but these, and not the last two numbers of the basic plane. */
static bool is_legal(uint32_t c) {
    return (c >= 0x20 || c == '\t' || c == '\n' || c == '\r') && c != 0xfffe && c != 0xffff;
}

/* A value as text of an element or an attribute. */
static void add_escaped(cseg_text *xml, const char *value) {
    const char *end = value + strlen(value);
    while (value < end) {
        uint32_t character;
        const size_t bytes = cseg_utf8_decode(&character, value, (size_t)(end - value));
        value += bytes > 0 ? bytes : 1;
        if (bytes == 0 || !is_legal(character))
            character = REPLACEMENT;
        const bool plain = character >= 0x20 && character < 0x7f && strchr("<>&\"'", (int)character) == NULL;
        cseg_text_add(xml, plain ? "%c" : "&#%u;", (unsigned)character);
    }
}

static void add_attribute(cseg_text *xml, const char *name, const char *value) {
    if (value == NULL)
        return;
    cseg_text_add(xml, " %s=\"", name);
    add_escaped(xml, value);
    cseg_text_add(xml, "\"");
}

static void add_edge(cseg_text *xml, char axis, double pixel_size_um) {
    cseg_text_add(xml, " PhysicalSize%c=\"", axis);
    cseg_text_add_number(xml, pixel_size_um);
    cseg_text_add(xml, "\" PhysicalSize%cUnit=\"&#181;m\"", axis);
}

static const char *type_name(int32_t type) {
    static const char *const names[] = {
        [CELLSEG_UINT8] = "uint8", [CELLSEG_UINT16] = "uint16", [CELLSEG_UINT32] = "uint32",  [CELLSEG_FLOAT32] = "float",
        [CELLSEG_INT16] = "int16", [CELLSEG_INT32] = "int32",   [CELLSEG_FLOAT64] = "double",
    };
    return names[type];
}

/* The channel's own name; else a file of one channel names the channel. */
static const char *channel_name(const cellseg_image *image, int32_t channel, const cellseg_write_options *options) {
    const char *name = cellseg_image_channel_name(image, channel);
    return name == NULL && cellseg_image_channels(image) == 1 ? options->name : name;
}

static void add_pixels(cseg_text *xml, const cellseg_image *image, const cellseg_write_options *options) {
    const int32_t channels = cellseg_image_channels(image);
    cseg_text_add(xml,
                  "<Pixels ID=\"Pixels:0\" DimensionOrder=\"XYCZT\" Type=\"%s\" BigEndian=\"false\" SizeX=\"%zu\" SizeY=\"%zu\" "
                  "SizeC=\"%d\" SizeZ=\"1\" SizeT=\"1\"",
                  type_name(cellseg_image_pixel_type(image)), cellseg_image_width(image), cellseg_image_height(image),
                  (int)channels);
    const double pixel_size_um = cellseg_image_pixel_size_um(image);
    if (pixel_size_um > 0) {
        add_edge(xml, 'X', pixel_size_um);
        add_edge(xml, 'Y', pixel_size_um);
    }
    cseg_text_add(xml, ">\n");
    for (int32_t c = 0; c < channels; c++) {
        cseg_text_add(xml, "<Channel ID=\"Channel:0:%d\" SamplesPerPixel=\"1\"", (int)c);
        add_attribute(xml, "Name", channel_name(image, c, options));
        cseg_text_add(xml, "/>\n");
    }
    for (int32_t c = 0; c < channels; c++)
        cseg_text_add(xml, "<TiffData FirstC=\"%d\" FirstZ=\"0\" FirstT=\"0\" IFD=\"%d\" PlaneCount=\"1\"/>\n", (int)c, (int)c);
    cseg_text_add(xml, "</Pixels>\n");
}

static void add_provenance(cseg_text *xml, const char *provenance) {
    cseg_text_add(
        xml, "<StructuredAnnotations>\n<CommentAnnotation ID=\"Annotation:0\" Namespace=\"libcellseg/provenance\">\n<Value>");
    add_escaped(xml, provenance);
    cseg_text_add(xml, "</Value>\n</CommentAnnotation>\n</StructuredAnnotations>\n");
}

cellseg_status cseg_omewriter_describe(char **out, cellseg_context *context, const cellseg_image *image,
                                       const cellseg_write_options *options) {
    cseg_text xml = {.context = context};
    cseg_text_add(&xml,
                  "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<OME xmlns=\"" SCHEMA
                  "\" xmlns:xsi=\"http://www.w3.org/2001/XMLSchema-instance\" xsi:schemaLocation=\"" SCHEMA " " SCHEMA
                  "/ome.xsd\" Creator=\"libcellseg %s\">\n<Image ID=\"Image:0\"",
                  cellseg_version());
    add_attribute(&xml, "Name", options->name);
    cseg_text_add(&xml, ">\n");
    add_pixels(&xml, image, options);
    if (options->provenance != NULL)
        cseg_text_add(&xml, "<AnnotationRef ID=\"Annotation:0\"/>\n");
    cseg_text_add(&xml, "</Image>\n");
    if (options->provenance != NULL)
        add_provenance(&xml, options->provenance);
    cseg_text_add(&xml, "</OME>");
    return cseg_text_take(out, &xml);
}
