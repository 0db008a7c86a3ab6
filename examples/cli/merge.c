/* SPDX-License-Identifier: BSD-3-Clause */
/* cellseg merge: the tables and the report of results that are there. A run over many images ends with the same. */
#include "merge.h"

#include "cli.h"
#include "command.h"
#include "progress.h"
#include "staging.h"
#include "tables.h"

bool merge_results(const char *folder, cellseg_context *context, const run_times *times) {
    char path[PATH_SIZE];
    plate_list list;
    plate_sums sums;
    if (!list_plate(&list, folder))
        return false;
    bool fine = join_path(path, folder, "report", ".html") && write_tables(&sums, &list);
    if (fine) {
        fine = write_plate_report(path, context, &list, &sums, times);
        free_sums(&sums);
    }
    free_plate(&list);
    return fine;
}

static int run(const words *line) {
    if (line->count != 1)
        return print_usage_fault(&merge_command, line->count == 0 ? "a folder is missing" : "more than one folder is given");
    const char *folder = line->operands[0];
    cellseg_context *context = begin_context();
    if (context == NULL)
        return no_context_code();
    bool fine = is_folder(folder);
    if (!fine)
        print_error("%s: no such folder", folder);
    fine = fine && prepare_folder(folder, NULL, ".csv") && merge_results(folder, context, NULL);
    end_context(context);
    if (fine)
        print_result("%s: cells.csv, images.csv, wells.csv, report.html", folder);
    return fine ? CLI_FINE : CLI_FAILED;
}

const command merge_command = {
    .name = "merge",
    .headline = "make tables and a report of the results of many images",
    .arguments = "FOLDER",
    .operand = "FOLDER",
    .summary = "Read the records and tables that cellseg segment and cellseg label wrote into FOLDER and the folders below, and\n"
               "write the files below into FOLDER. A run over several images ends with the same; run merge where a workflow\n"
               "engine ran a process for each image. The rows are in the order of plate, well, field and name.",
    .groups = (const option_group[]){{"Common", thread_options}, {NULL, verbose_options}, {NULL, general_options}, {NULL, NULL}},
    .files = (const note[]){{"cells.csv", "a row per cell: image, well, id and all measurements"},
                            {"images.csv", "a row per image: state, marker check, figures, warnings, means and medians"},
                            {"wells.csv", "a row per well: counts, marker check, means and medians over its cells"},
                            {"report.html", "a page with maps of the plates, pictures, histograms and warnings"},
                            {NULL, NULL}},
    .examples = (const note[]){{"merge results", "the tables of all results in the folder"}, {NULL, NULL}},
    .run = run,
};
