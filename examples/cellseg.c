/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line. Each subcommand is a file of cli/, over the public interface only. Results go to standard output, errors and
 * the progress bar to standard error. Exit code: 0 fine, 1 a file or a computation failed, 2 wrong usage.
 */
#include "cli/cli.h"

#include <stdio.h>
#include <string.h>

typedef struct subcommand {
    const char *name;
    int (*run)(int argc, char **argv);
    const char *help;
} subcommand;

static const subcommand subcommands[] = {
    {"segment", cmd_segment, "find every cell in images, from the marker channel alone"},
    {"label", cmd_label, "find every cell from a marker and a nuclear stain (two-channel method)"},
    {"train", cmd_train, "train a network on labelled images"},
    {"crossval", cmd_crossval, "train on some labelled images, evaluate on the others"},
    {"evaluate", cmd_evaluate, "compare label maps with the truth"},
    {"synth", cmd_synth, "simulate fields of cells with their truth"},
    {"export", cmd_export, "write a network for other engines"},
    {"info", cmd_info, "describe images, model files, and the library"},
};
enum { SUBCOMMANDS = sizeof subcommands / sizeof *subcommands };

static void print_usage(FILE *to) {
    fprintf(to, "usage: cellseg SUBCOMMAND [option]... [argument]...\n\n");
    for (int i = 0; i < SUBCOMMANDS; i++)
        fprintf(to, "  %-10s%s\n", subcommands[i].name, subcommands[i].help);
    fprintf(to, "\ncellseg SUBCOMMAND --help lists the options; cellseg --version prints the version.\n");
}

static int run(int argc, char **argv) {
    if (argc < 2) {
        print_usage(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0) {
        print_usage(stdout);
        return CLI_FINE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        printf("cellseg %s\n", cellseg_version());
        return CLI_FINE;
    }
    for (int i = 0; i < SUBCOMMANDS; i++)
        if (strcmp(argv[1], subcommands[i].name) == 0)
            return subcommands[i].run(argc - 1, argv + 1);
    print_error("\"%s\" is not a subcommand; see cellseg --help", argv[1]);
    return CLI_USAGE;
}

int main(int argc, char **argv) {
    begin_output();
    const int code = run(argc, argv);
    return end_output() || code != CLI_FINE ? code : CLI_FAILED;
}
