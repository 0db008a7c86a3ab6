/* SPDX-License-Identifier: BSD-3-Clause */
/* The JSON object that describes a model (docs/model-format.md), for people. */
#include "model_text.h"

#include "cli.h"

#include <cjson/cJSON.h>
#include <stdio.h>
#include <string.h>

enum { LINE_COLUMNS = 100, ENTRY_BYTES = 4096 };

static double number_of(const cJSON *of, const char *name) {
    return cJSON_GetNumberValue(cJSON_GetObjectItemCaseSensitive(of, name));
}

static const char *text_of(const cJSON *of, const char *name) {
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(of, name));
    return text != NULL ? text : "";
}

/* ---- layers ---- */

static void print_weights(const cJSON *layer) {
    if (number_of(layer, "kernel") > 0)
        print_text(" %g x %g", number_of(layer, "kernel"), number_of(layer, "kernel"));
    print_text(", %g filters", number_of(layer, "filters"));
    if (cJSON_IsTrue(cJSON_GetObjectItemCaseSensitive(layer, "norm")))
        print_text(", normalised");
    print_text(", %s", text_of(layer, "activation"));
}

static void print_layer(int number, const cJSON *layer) {
    print_text("  %3d  %s", number, text_of(layer, "op"));
    if (cJSON_HasObjectItem(layer, "filters"))
        print_weights(layer);
    else if (cJSON_HasObjectItem(layer, "with"))
        print_text(" with the output of layer %g", number_of(layer, "with") + 1);
    else if (cJSON_HasObjectItem(layer, "rate"))
        print_text(" %g", number_of(layer, "rate"));
    end_line();
}

static void print_layers(const cJSON *layers) {
    int number = 0;
    const cJSON *layer;
    print_result("layers, numbered as --frozen-layers counts them:");
    cJSON_ArrayForEach(layer, layers) print_layer(++number, layer);
}

/* ---- members of an object ---- */

/* Print an entry, behind a comma or on a new line; *column is that behind the line's text, 0 before the first entry. */
static void print_entry(size_t *column, const char *entry) {
    const size_t length = strlen(entry);
    if (*column > 0 && *column + length + 2 > LINE_COLUMNS) {
        print_text(",");
        end_line();
        *column = 0;
    } else if (*column > 0)
        print_text(", ");
    print_text("%s%s", *column == 0 ? "  " : "", entry);
    *column += length + 2;
}

static void print_members(size_t *column, const cJSON *of, const char *prefix) {
    char entry[ENTRY_BYTES];
    const cJSON *member;
    cJSON_ArrayForEach(member, of) {
        if (cJSON_IsObject(member))
            print_members(column, member, member->string);
        else if (cJSON_IsString(member))
            (void)snprintf(entry, sizeof entry, "%s%s%s: %s", prefix, *prefix != '\0' ? " " : "", member->string,
                           member->valuestring);
        else if (cJSON_IsNumber(member))
            (void)snprintf(entry, sizeof entry, "%s%s%s %.10g", prefix, *prefix != '\0' ? " " : "", member->string,
                           member->valuedouble);
        if (cJSON_IsString(member) || cJSON_IsNumber(member))
            print_entry(column, entry);
    }
}

static void print_group(const char *title, const cJSON *members) {
    size_t column = 0;
    if (!cJSON_IsObject(members))
        return;
    print_result("%s:", title);
    print_members(&column, members, "");
    if (column > 0)
        end_line();
}

/* ---- all ---- */

static void print_outputs(const cJSON *classes) {
    const cJSON *name;
    const char *between = "outputs: ";
    cJSON_ArrayForEach(name, classes) {
        print_text("%s%s", between, cJSON_GetStringValue(name));
        between = ", ";
    }
    end_line();
}

void print_model(const cellseg_model *model) {
    cJSON *info = cJSON_Parse(cellseg_model_info(model));
    print_text("model: %llu parameters, works at %g um per pixel", (unsigned long long)cellseg_model_parameters(model),
               cellseg_model_pixel_size_um(model));
    if (cellseg_model_nucleus_diameter_um(model) > 0)
        print_text(", nuclei of %g um", cellseg_model_nucleus_diameter_um(model));
    end_line();
    print_outputs(cJSON_GetObjectItemCaseSensitive(info, "classes"));
    print_layers(cJSON_GetObjectItemCaseSensitive(info, "architecture"));
    print_group("rule of images", cJSON_GetObjectItemCaseSensitive(info, "rule"));
    print_group("training record", cJSON_GetObjectItemCaseSensitive(info, "record"));
    cJSON_Delete(info);
}
