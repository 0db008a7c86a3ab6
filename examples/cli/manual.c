/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg manual: the manual page, as roff text (man(7)), from the descriptions of the subcommands. */
#include "cli.h"
#include "command.h"

#include <string.h>

enum { LINE_MOST = 66 };

/* ---- roff ---- */

static void put_escaped(const char *text, size_t length) {
    if (length > 0 && (text[0] == '.' || text[0] == '\''))
        printf("\\&"); /* else the line would be a request */
    for (size_t i = 0; i < length; i++)
        if (text[i] == '\\')
            printf("\\e");
        else if (text[i] == '~')
            printf("\\(ti"); /* else an accent */
        else
            printf(text[i] == '-' ? "\\%c" : "%c", text[i]);
}

/* Words in lines of the source; roff fills the page's lines itself. */
static void put_words(const char *text) {
    size_t column = 0;
    for (text += strspn(text, " \n"); *text != '\0'; text += strspn(text, " \n")) {
        const size_t length = strcspn(text, " \n");
        const bool begins_line = column == 0 || column + 1 + length > LINE_MOST;
        if (column > 0)
            printf(begins_line ? "\n" : " ");
        column = begins_line ? length : column + 1 + length;
        put_escaped(text, length);
        text += length;
    }
    printf("\n");
}

static void put_bold(const char *text) {
    printf("\\fB");
    put_escaped(text, strlen(text));
    printf("\\fR");
}

static void put_notes(const note *notes, const char *before) {
    for (const note *n = notes; n != NULL && n->text != NULL; n++) {
        printf(".TP\n");
        put_bold(before);
        put_bold(n->text);
        printf("\n");
        put_words(n->meaning);
    }
}

/* ---- the page ---- */

static void put_option(const option *o) {
    char form[FORM_SIZE];
    printf(".TP\n");
    if (o->letter != 0)
        printf("\\fB\\-%c\\fR, ", o->letter);
    printf("\\fB\\-\\-");
    put_escaped(o->name, strlen(o->name));
    printf("\\fR");
    write_form(form, o);
    if (form[0] != '\0') {
        printf(" \\fI");
        put_escaped(form, strlen(form));
        printf("\\fR");
    }
    printf("\n");
    put_words(o->help);
    put_default(stdout, "[", o, "]\n");
}

static void put_command(const command *of) {
    printf(".SS cellseg %s\n", of->name);
    put_bold("cellseg ");
    put_bold(of->name);
    printf(" [option]...\\&\n");
    put_words(of->arguments);
    printf(".PP\n");
    put_words(of->summary);
    for (const option_group *g = of->groups; g->rows != NULL; g++) {
        if (g->title != NULL)
            printf(".PP\n\\fI%s\\fR\n", g->title);
        for (const option *o = g->rows; o->name != NULL; o++)
            put_option(o);
    }
}

static void put_header(void) {
    printf(".\\\" SPDX-License-Identifier: BSD-3-Clause\n");
    printf(".TH CELLSEG 1 \"\" \"cellseg %s\" \"User Commands\"\n", cellseg_version());
    printf(".SH NAME\ncellseg \\- find every cell in fluorescence images\n");
    printf(".SH SYNOPSIS\n.B cellseg\n.I SUBCOMMAND\n[option]... [argument]...\n.PP\n.B cellseg\n.I SUBCOMMAND\n.B \\-\\-help\n");
    printf(".SH DESCRIPTION\n");
    put_words("cellseg outlines every cell and its nucleus in images of one fluorescent marker of the cytoplasm, measures the "
              "cells, and "
              "trains networks for other images. Results go to standard output, errors and progress to standard error.");
    printf(".PP\n");
    put_words(
        "A long option may be abbreviated where no other begins so. An option's value follows as the next word or behind an "
        "equals sign. \"--\" ends the options. Defaults are in brackets.");
}

static int run(const words *line) {
    (void)line;
    put_header();
    printf(".SH SUBCOMMANDS\n");
    for (const command *const *c = commands; *c != NULL; c++) {
        if (!begin_command(*c, CELLSEG_PRESET_DEFAULT))
            return CLI_FAILED;
        put_command(*c);
    }
    printf(".SH FILES\n");
    for (const command *const *c = commands; *c != NULL; c++)
        if ((*c)->files != NULL) {
            printf(".SS cellseg %s\n", (*c)->name);
            put_notes((*c)->files, "");
        }
    printf(".SH EXIT STATUS\n");
    put_notes(exit_codes, "");
    printf(".SH EXAMPLES\n");
    for (const command *const *c = commands; *c != NULL; c++)
        put_notes((*c)->examples, "cellseg ");
    return CLI_FINE;
}

const command manual_command = {
    .name = "manual",
    .headline = "print the manual page, for man",
    .arguments = "",
    .summary = "Print the manual page of cellseg as roff text.",
    .groups = (const option_group[]){{"Common", general_options}, {NULL, NULL}},
    .examples = (const note[]){{"manual > cellseg.1; man -l cellseg.1", "read the page"}, {NULL, NULL}},
    .run = run,
};
