/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Formatted text with a full stop as the decimal point, whatever locale the process has chosen. The C library prints each
 * conversion by itself, and the locale's point, one or more bytes, is replaced in the text of numbers alone.
 */
#include "core/core.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* The longest conversion, "%-+ #0" with two numbers of ten digits, and the longest number that messages have. */
enum { MAX_CONVERSION = 40, MAX_NUMBER = 400 };

typedef struct printer {
    char *to;
    size_t size, length; /* length: of the whole text, also where `to` has no room */
    va_list arguments;
} printer;

static char *end_of(const printer *p) {
    return p->length < p->size ? p->to + p->length : NULL;
}

static size_t room_of(const printer *p) {
    return p->length < p->size ? p->size - p->length : 0;
}

#define PRINT(p, ...) (p)->length += (size_t)snprintf(end_of(p), room_of(p), __VA_ARGS__)

static void use_full_stop(char *number) {
    char *to = number;
    bool point = false;
    for (const char *from = number; *from != '\0'; from++) {
        const bool plain = strchr("0123456789+-e ", *from) != NULL;
        if (plain)
            *to++ = *from;
        else if (!point)
            *to++ = '.';
        point = !plain;
    }
    *to = '\0';
}

static void print_double(printer *p, const char *conversion) {
    const double value = va_arg(p->arguments, double);
    char number[MAX_NUMBER];
    (void)snprintf(number, sizeof number, conversion, isnan(value) ? (double)NAN : value); /* no "-nan", a processor's own */
    if (isfinite(value))
        use_full_stop(number);
    PRINT(p, "%s", number);
}

/* The argument of an integer conversion, by its length: none, 'l', 'L' for "ll", or 'z'. */
static long long signed_argument(printer *p, char length) {
    return length == 'L'   ? va_arg(p->arguments, long long)
           : length == 'l' ? va_arg(p->arguments, long)
           : length == 'z' ? va_arg(p->arguments, ptrdiff_t)
                           : va_arg(p->arguments, int);
}

static unsigned long long unsigned_argument(printer *p, char length) {
    return length == 'L'   ? va_arg(p->arguments, unsigned long long)
           : length == 'l' ? va_arg(p->arguments, unsigned long)
           : length == 'z' ? va_arg(p->arguments, size_t)
                           : va_arg(p->arguments, unsigned);
}

/* Append flags, width and precision to the conversion, '*' as the number that the arguments give; the first byte behind them. */
static const char *read_fields(printer *p, char conversion[MAX_CONVERSION], const char *from) {
    size_t used = 1;
    for (; strchr("-+ #0123456789.*", *from) != NULL && *from != '\0'; from++) {
        if (*from == '*')
            used += (size_t)snprintf(conversion + used, MAX_CONVERSION - used, "%d", va_arg(p->arguments, int));
        else
            conversion[used++] = *from;
        assert(used < MAX_CONVERSION / 2);
    }
    conversion[used] = '\0';
    return from;
}

/* Print the conversion behind a '%'; the first byte behind the conversion. */
static const char *print_conversion(printer *p, const char *from) {
    char conversion[MAX_CONVERSION] = "%";
    from = read_fields(p, conversion, from);
    char length = '\0';
    for (; *from == 'l' || *from == 'z'; from++)
        length = length == 'l' ? 'L' : *from;
    const bool whole = strchr("diuxX", *from) != NULL;
    const char kind[] = {whole ? 'l' : *from, whole ? 'l' : '\0', *from, '\0'};
    memcpy(conversion + strlen(conversion), kind, sizeof kind);
    if (*from == 'd' || *from == 'i')
        PRINT(p, conversion, signed_argument(p, length));
    else if (whole)
        PRINT(p, conversion, unsigned_argument(p, length));
    else if (strchr("eEfgG", *from) != NULL)
        print_double(p, conversion);
    else if (*from == 's')
        PRINT(p, conversion, va_arg(p->arguments, const char *));
    else if (*from == 'c')
        PRINT(p, "%c", va_arg(p->arguments, int)); /* of no width */
    else {
        assert(*from == '%');
        PRINT(p, "%%");
    }
    return from + 1;
}

size_t cseg_format_list(char *to, size_t size, const char *format, va_list arguments) {
    printer p = {.to = to, .size = size};
    va_copy(p.arguments, arguments);
    if (size > 0)
        to[0] = '\0';
    while (*format != '\0') {
        const size_t plain = strcspn(format, "%");
        PRINT(&p, "%.*s", (int)plain, format);
        format += plain;
        if (*format == '%')
            format = print_conversion(&p, format + 1);
    }
    va_end(p.arguments);
    return p.length;
}

size_t cseg_format_print(char *to, size_t size, const char *format, ...) {
    va_list arguments;
    va_start(arguments, format);
    const size_t length = cseg_format_list(to, size, format, arguments);
    va_end(arguments);
    return length;
}
