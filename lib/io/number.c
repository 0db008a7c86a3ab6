/* SPDX-License-Identifier: BSD-3-Clause */
/* Numbers and units of length in the texts of microscopes' files, parsed the same in every locale. */
#include "io/io.h"

#include <string.h>

typedef struct unit_name {
    const char *name;
    double um;
} unit_name;

/* The micro sign is U+00B5 or the Greek U+03BC, in UTF-8, Latin-1, as an XML entity or as ImageJ's escape. */
static const unit_name units[] = {
    {"um", 1},         {"\xC2\xB5m", 1}, {"\xCE\xBCm", 1}, {"\xB5m", 1},    {"&#181;m", 1},    {"&#xB5;m", 1},
    {"&#xb5;m", 1},    {"&#956;m", 1},   {"&#x3BC;m", 1},  {"&#x3bc;m", 1}, {"&micro;m", 1},   {"\\u00B5m", 1},
    {"\\u00b5m", 1},   {"\\u03BCm", 1},  {"micron", 1},    {"microns", 1},  {"micrometer", 1}, {"micrometers", 1},
    {"micrometre", 1}, {"nm", 1e-3},     {"mm", 1e3},      {"cm", 1e4},     {"m", 1e6},        {"inch", 25400},
};

double cseg_number_unit_um(const char *name, size_t length) {
    for (size_t i = 0; i < sizeof units / sizeof *units; i++)
        if (strlen(units[i].name) == length && memcmp(units[i].name, name, length) == 0)
            return units[i].um;
    return 0;
}

static double power_of_ten(int exponent) {
    double power = 1;
    for (int i = 0; i < exponent; i++)
        power *= 10;
    return power;
}

double cseg_number_parse(const char *text, size_t length) {
    double value = 0;
    int exponent = 0;
    bool digits = false, fraction = false;
    size_t i = 0;
    for (; i < length && ((text[i] >= '0' && text[i] <= '9') || (text[i] == '.' && !fraction)); i++) {
        if (text[i] == '.') {
            fraction = true;
            continue;
        }
        value = value * 10 + (text[i] - '0');
        exponent -= fraction;
        digits = true;
    }
    if (i < length && (text[i] == 'e' || text[i] == 'E')) {
        const bool negative = ++i < length && text[i] == '-';
        i += i < length && (text[i] == '-' || text[i] == '+');
        int power = 0;
        for (; i < length && text[i] >= '0' && text[i] <= '9' && power < 1000; i++)
            power = power * 10 + (text[i] - '0');
        exponent += negative ? -power : power;
    }
    if (!digits || i < length || exponent < -400 || exponent > 400)
        return 0;
    return exponent < 0 ? value / power_of_ten(-exponent) : value * power_of_ten(exponent);
}
