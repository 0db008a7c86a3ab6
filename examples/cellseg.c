/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The command line. Each subcommand is a file of cli/, over the public interface only. Results go to standard output, errors and
 * the progress bar to standard error. The exit codes are listed in cli/help.c.
 */
#include "cli/cli.h"
#include "cli/command.h"
#include "cli/progress.h"
#include "cli/system.h"

#include <stdio.h>
#include <string.h>

const command *const commands[] = {
    &segment_command, &label_command, &measure_command, &train_command, &crossval_command,   &evaluate_command, &synth_command,
    &convert_command, &merge_command, &export_command,  &info_command,  &completion_command, &manual_command,   NULL};

static int run(int argc, char **argv) {
    if (argc < 2) {
        print_overview(stderr);
        return CLI_USAGE;
    }
    if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0) {
        print_overview(stdout);
        return CLI_FINE;
    }
    if (strcmp(argv[1], "--version") == 0) {
        print_result("cellseg %s", cellseg_version());
        return CLI_FINE;
    }
    const command *const chosen = find_command(argv[1]);
    return chosen != NULL ? run_command(chosen, argc - 1, argv + 1) : CLI_USAGE;
}

int main(int argc, char **argv) {
    argv = begin_process(&argc, argv);
    begin_output();
    const int code = run(argc, argv);
    const bool printed = end_output();
    return was_interrupted() ? CLI_INTERRUPTED : printed || code != CLI_FINE ? code : CLI_FAILED;
}
