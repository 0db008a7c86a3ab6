/* SPDX-License-Identifier: BSD-3-Clause */
/* The XML that MetaMorph writes into a description: <prop id="spatial-calibration-x" value="..."/> and the like. */
#include "io/imagej.h"
#include "io/xml.h"

#include <stdio.h>
#include <string.h>

typedef struct metamorph {
    cseg_io_spacing edges; /* in `unit` */
    char unit[32];
    bool off; /* the calibration is not in use */
} metamorph;

static cellseg_status on_start(void *data, unsigned depth, const char *name, const char *const *attributes) {
    metamorph *m = data;
    const char *id = cseg_xml_attribute(attributes, "id"), *value = cseg_xml_attribute(attributes, "value");
    (void)depth;
    if (strcmp(name, "prop") != 0 || id == NULL || value == NULL)
        return CELLSEG_OK;
    if (strcmp(id, "spatial-calibration-state") == 0)
        m->off |= strcmp(value, "on") != 0;
    else if (strcmp(id, "spatial-calibration-x") == 0)
        m->edges.x_um = cseg_quantity_parse(value, strlen(value));
    else if (strcmp(id, "spatial-calibration-y") == 0)
        m->edges.y_um = cseg_quantity_parse(value, strlen(value));
    else if (strcmp(id, "spatial-calibration-units") == 0)
        (void)snprintf(m->unit, sizeof m->unit, "%s", value);
    return CELLSEG_OK;
}

cellseg_status cseg_metamorph_read(cseg_io_scale *scale, cellseg_context *context, const char *description) {
    metamorph m = {.unit = ""};
    const cseg_xml_handlers handlers = {.start = on_start, .data = &m};
    cseg_xml_fault fault; /* what precedes a fault counts */
    *scale = (cseg_io_scale){.unknown_unit = ""};
    if (description == NULL || strstr(description, "spatial-calibration") == NULL)
        return CELLSEG_OK;
    CSEG_TRY(cseg_xml_parse(&fault, context, description, &handlers));
    if (m.off)
        return CELLSEG_OK;
    const size_t length = strlen(m.unit);
    const double unit_um = cseg_quantity_unit_um(m.unit, length);
    scale->spacing = (cseg_io_spacing){m.edges.x_um * unit_um, m.edges.y_um * unit_um};
    if ((m.edges.x_um > 0 || m.edges.y_um > 0) && !cseg_quantity_unit_is_known(m.unit, length))
        memcpy(scale->unknown_unit, m.unit, sizeof m.unit);
    return CELLSEG_OK;
}
