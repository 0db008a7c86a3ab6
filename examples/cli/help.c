/* SPDX-License-Identifier: BSD-3-Clause */
/* The help of the program and its subcommands. Its text is the program's own, and so printed as it is. */
#include "cli.h"
#include "command.h"

#include <string.h>

enum { LEFT_WIDTH = 38 };

const note exit_codes[] = {
    {"0", "everything was done"},
    {"1", "failure: of all files, of the tables of all, or of the computation"},
    {"2", "the command line is wrong"},
    {"3", "failure of some of several files"},
    {"130", "the interrupt key was pressed; files are complete or as before"},
    {NULL, NULL},
};

void put_usage(FILE *to, const command *of) {
    fprintf(to, "cellseg %s [option]...%s%s", of->name, of->arguments[0] != '\0' ? " " : "", of->arguments);
}

/* Two columns; a long left one has a line of its own. */
static void put_columns(FILE *to, int width, const char *left, const char *right) {
    fprintf(to, "%-*s", width, left);
    if ((int)strlen(left) >= width)
        fprintf(to, "\n%*s", width, "");
    fprintf(to, "%s", right);
}

static void print_option(const option *o) {
    char left[2 * FORM_SIZE], form[FORM_SIZE], letter[5] = "    ";
    if (o->letter != 0)
        (void)snprintf(letter, sizeof letter, "-%c, ", o->letter);
    write_form(form, o);
    (void)snprintf(left, sizeof left, "  %s--%s%s%s", letter, o->name, form[0] != '\0' ? " " : "", form);
    put_columns(stdout, LEFT_WIDTH, left, o->help);
    put_default(stdout, " [", o, "]");
    printf("\n");
}

static void print_notes(const char *title, const note *notes, const char *before, int width) {
    if (notes == NULL)
        return;
    printf("\n%s:\n", title);
    for (const note *n = notes; n->text != NULL; n++) {
        char left[2 * FORM_SIZE];
        (void)snprintf(left, sizeof left, "  %s%s", before, n->text);
        put_columns(stdout, width, left, n->meaning);
        printf("\n");
    }
}

void print_help(const command *of) {
    printf("usage: ");
    put_usage(stdout, of);
    printf("\n\n%s\n", of->summary);
    for (const option_group *g = of->groups; g->rows != NULL; g++) {
        if (g->title != NULL)
            printf("\n%s:\n", g->title);
        for (const option *o = g->rows; o->name != NULL; o++)
            print_option(o);
    }
    print_notes("Files", of->files, "", LEFT_WIDTH);
    print_notes("Exit codes", exit_codes, "", 8);
    print_notes("Examples", of->examples, "cellseg ", 76);
}

void print_overview(FILE *to) {
    fprintf(to, "usage: cellseg SUBCOMMAND [option]... [argument]...\n\n");
    for (const command *const *c = commands; *c != NULL; c++)
        fprintf(to, "  %-12s%s\n", (*c)->name, (*c)->headline);
    fprintf(to,
            "\ncellseg SUBCOMMAND --help lists options, files, exit codes and examples; cellseg --version prints the version.\n");
}
