/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers and units of length in the texts of microscopes' files. */
#include "io/io.h"

#include <string.h>

typedef struct unit_name {
    const char *name;
    double um;
} unit_name;

/*
 * The symbols of UnitsLength in the OME model of 2016-06, as they are: Mm is not mm. The micro sign is U+00B5 or the Greek
 * U+03BC, in UTF-8, in Latin-1, in UTF-8 that was taken for Latin-1, or as ImageJ's escape; so are the others of their kind.
 */
static const unit_name symbols[] = {
    {"Ym", 1e30},
    {"Zm", 1e27},
    {"Em", 1e24},
    {"Pm", 1e21},
    {"Tm", 1e18},
    {"Gm", 1e15},
    {"Mm", 1e12},
    {"km", 1e9},
    {"hm", 1e8},
    {"dam", 1e7},
    {"m", 1e6},
    {"dm", 1e5},
    {"cm", 1e4},
    {"mm", 1e3},
    {"\xC2\xB5m", 1},
    {"\xCE\xBCm", 1},
    {"\xB5m", 1},
    {"\xC3\x82\xC2\xB5m", 1},
    {"\\u00B5m", 1},
    {"\\u00b5m", 1},
    {"\\u03BCm", 1},
    {"\\u03bcm", 1},
    {"nm", 1e-3},
    {"pm", 1e-6},
    {"fm", 1e-9},
    {"am", 1e-12},
    {"zm", 1e-15},
    {"ym", 1e-18},
    {"\xC3\x85", 1e-4},
    {"\xE2\x84\xAB", 1e-4},
    {"\xC5", 1e-4},
    {"\\u00C5", 1e-4},
    {"\\u00c5", 1e-4},
    {"\\u212B", 1e-4},
    {"\\u212b", 1e-4},
    {"thou", 25.4},
    {"li", 25400 / 12.0},
    {"in", 25400},
    {"ft", 304800},
    {"yd", 914400},
    {"mi", 1609344e3},
    {"ua", 149597870700e6},
    {"ly", 9460730472580800e6},
    {"pc", 30856775814913673e6},
    {"pt", 25400 / 72.0},
    {"\"", 25400},
};

/* Words in small letters, which are understood in any. */
static const unit_name words[] = {
    {"um", 1},
    {"micron", 1},
    {"microns", 1},
    {"micrometer", 1},
    {"micrometers", 1},
    {"micrometre", 1},
    {"micrometres", 1},
    {"nanometer", 1e-3},
    {"nanometers", 1e-3},
    {"nanometre", 1e-3},
    {"nanometres", 1e-3},
    {"millimeter", 1e3},
    {"millimeters", 1e3},
    {"millimetre", 1e3},
    {"millimetres", 1e3},
    {"centimeter", 1e4},
    {"centimeters", 1e4},
    {"centimetre", 1e4},
    {"centimetres", 1e4},
    {"meter", 1e6},
    {"meters", 1e6},
    {"metre", 1e6},
    {"metres", 1e6},
    {"angstrom", 1e-4},
    {"angstroms", 1e-4},
    {"inch", 25400},
    {"inches", 25400},
    {"foot", 304800},
    {"feet", 304800},
    {"yard", 914400},
    {"yards", 914400},
    {"mil", 25.4},
    {"mils", 25.4},
    {"nm", 1e-3},
    {"cm", 1e4},
};

/* Names that state that there is no length. */
static const unit_name others[] = {
    {"", 0},     {"pixel", 0}, {"pixels", 0},    {"px", 0},      {"reference frame", 0},
    {"none", 0}, {"null", 0},  {"undefined", 0}, {"unknown", 0},
};

static char small(char c) {
    return (char)(c >= 'A' && c <= 'Z' ? c - 'A' + 'a' : c);
}

/* Whether `name` is one word of a list; in any letters, or in these. */
static const unit_name *find(const unit_name *list, size_t count, const char *name, size_t length, bool any_case) {
    for (size_t i = 0; i < count; i++) {
        size_t same = 0;
        while (same < length && list[i].name[same] != '\0' && (any_case ? small(name[same]) : name[same]) == list[i].name[same])
            same++;
        if (same == length && list[i].name[same] == '\0')
            return &list[i];
    }
    return NULL;
}

static void trim(const char **name, size_t *length) {
    while (*length > 0 && ((*name)[0] == ' ' || (*name)[0] == '\t')) {
        (*name)++;
        (*length)--;
    }
    while (*length > 0 && strchr(" \t\r\n", (*name)[*length - 1]) != NULL)
        (*length)--;
}

double cseg_quantity_unit_um(const char *name, size_t length) {
    trim(&name, &length);
    const unit_name *unit = find(symbols, sizeof symbols / sizeof *symbols, name, length, false);
    if (unit == NULL)
        unit = find(words, sizeof words / sizeof *words, name, length, true);
    return unit != NULL ? unit->um : 0;
}

bool cseg_quantity_unit_is_known(const char *name, size_t length) {
    if (cseg_quantity_unit_um(name, length) > 0)
        return true;
    trim(&name, &length);
    return find(others, sizeof others / sizeof *others, name, length, true) != NULL;
}

double cseg_quantity_parse(const char *text, size_t length) {
    double number = 0;
    trim(&text, &length);
    return cseg_number_parse(&number, text, length) && number > 0 ? number : 0;
}

bool cseg_quantity_parse_whole(uint32_t *value, const char *text, size_t length, uint32_t highest) {
    trim(&text, &length);
    uint64_t number = 0;
    size_t i = 0;
    for (; i < length && text[i] >= '0' && text[i] <= '9' && number <= highest; i++)
        number = number * 10 + (uint64_t)(text[i] - '0');
    if (length == 0 || i < length || number > highest)
        return false;
    *value = (uint32_t)number;
    return true;
}
