/* SPDX-License-Identifier: BSD-3-Clause */
/* The report of a run over many images: its frame and its texts, warnings first. */
#include "report_plate.h"

#include "cli.h"
#include "output.h"
#include "page.h"
#include "staging.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { LISTED_MOST = 100, NAMED_MOST = 6 };

/* ---- sums ---- */

static void put_summary(FILE *to, const plate_list *list, const plate_sums *sums) {
    well_sum all = {0};
    size_t wells = 0;
    for (size_t w = 0; w < sums->well_count; w++) {
        const well_sum *one = &sums->wells[w];
        wells += list->images[one->first].places[PLACE_WELL][0] != '\0';
        all.failed += one->failed;
        all.warnings += one->warnings;
        all.cells += one->cells;
        for (size_t v = 0; v < 3; v++)
            all.verdicts[v] += one->verdicts[v];
    }
    fputs("<div class=\"tiles\">\n", to);
    put_tile(to, list->count == 1 ? "image" : "images", (double)list->count, 0);
    put_tile(to, "failed", (double)all.failed, 0);
    put_tile(to, "wells", wells > 0 ? (double)wells : NAN, 0);
    put_tile(to, "cells", (double)all.cells, 0);
    put_tile(to, "warnings", (double)all.warnings, 0);
    put_tile(to, "doubtful markers", all.verdicts[1] > 0 ? (double)all.verdicts[1] : NAN, 0);
    put_tile(to, "nuclear stains", all.verdicts[2] > 0 ? (double)all.verdicts[2] : NAN, 0);
    fputs("</div>\n", to);
}

/* ---- failures and warnings ---- */

static void put_failures(FILE *to, const plate_list *list) {
    size_t failed = 0;
    for (size_t i = 0; i < list->count; i++) {
        const plate_image *image = &list->images[i];
        if (image->error == NULL || failed++ >= LISTED_MOST)
            continue;
        fputs(failed == 1 ? "<h2>Failures</h2>\n<div class=\"scroll\"><table><tbody>\n<tr><td>" : "<tr><td>", to);
        put_text(to, image->name);
        fputs("</td><td class=\"text fault\">", to);
        put_text(to, image->error);
        fputs("</td></tr>\n", to);
    }
    if (failed > 0)
        fputs("</tbody></table></div>\n", to);
    if (failed > LISTED_MOST)
        fprintf(to, "<p class=\"quiet\">%d of %zu; images.csv has all.</p>\n", LISTED_MOST, failed);
}

/* A text of warnings, and the images that have it. */
typedef struct notice {
    const char *text;
    size_t count, images[NAMED_MOST];
} notice;

/* Without the image's path, which the text may begin with. */
static const char *text_of_warning(const plate_image *image, const cJSON *warning) {
    const char *text = cJSON_IsString(warning) ? warning->valuestring : "";
    const size_t length = strlen(image->input);
    return length > 0 && strncmp(text, image->input, length) == 0 && strncmp(text + length, ": ", 2) == 0 ? text + length + 2
                                                                                                          : text;
}

static void add_notice(notice *notices, size_t *count, const char *text, size_t image) {
    size_t i = 0;
    while (i < *count && strcmp(notices[i].text, text) != 0)
        i++;
    if (i == LISTED_MOST)
        return;
    if (i == *count)
        notices[(*count)++] = (notice){.text = text};
    notice *n = &notices[i];
    if (n->count < NAMED_MOST)
        n->images[n->count] = image;
    n->count++;
}

static void put_notice(FILE *to, const plate_list *list, const notice *n) {
    fprintf(to, "<tr><td>%zu</td><td class=\"text\">", n->count);
    put_text(to, n->text);
    fputs("</td><td class=\"text quiet\">", to);
    for (size_t i = 0; i < n->count && i < NAMED_MOST; i++) {
        fputs(i > 0 ? ", " : "", to);
        put_text(to, list->images[n->images[i]].name);
    }
    fputs(n->count > NAMED_MOST ? ", \xe2\x80\xa6</td></tr>\n" : "</td></tr>\n", to);
}

static void put_warnings(FILE *to, const plate_list *list) {
    notice *notices = check_memory(calloc(LISTED_MOST, sizeof *notices));
    size_t count = 0;
    for (size_t i = 0; i < list->count; i++) {
        const cJSON *warning;
        cJSON_ArrayForEach(warning, list->images[i].warnings)
            add_notice(notices, &count, text_of_warning(&list->images[i], warning), i);
    }
    if (count > 0 || list->deviant > 0)
        fputs("<h2>Warnings</h2>\n", to);
    if (list->deviant > 0)
        fprintf(to, "<p class=\"fault\">%zu of the images were segmented with another version, model or other options.</p>\n",
                list->deviant);
    if (count > 0)
        fputs("<div class=\"scroll\"><table><thead><tr><th>images</th><th></th><th></th></tr></thead><tbody>\n", to);
    for (size_t i = 0; i < count; i++)
        put_notice(to, list, &notices[i]);
    if (count > 0)
        fputs("</tbody></table></div>\n", to);
    if (count == LISTED_MOST)
        fprintf(to, "<p class=\"quiet\">The first %d texts; images.csv has all.</p>\n", LISTED_MOST);
    free(notices);
}

/* ---- how ---- */

/* Names and values, those of objects within in a row with the others. */
static void put_values(FILE *to, const cJSON *object) {
    const cJSON *item;
    cJSON_ArrayForEach(item, object) {
        if (cJSON_IsObject(item)) {
            put_values(to, item);
            continue;
        }
        char *text = cJSON_IsString(item) ? NULL : cJSON_PrintUnformatted(item);
        fputs("<span>", to);
        put_text(to, item->string != NULL ? item->string : "");
        fputc(' ', to);
        put_text(to, text != NULL ? text : cJSON_IsString(item) ? item->valuestring : "");
        fputs(item->next != NULL ? ",</span> " : "</span>", to);
        cJSON_free(text);
    }
}

static void put_item(FILE *to, const cJSON *item) {
    fprintf(to, "<dt>%s</dt><dd>", item->string);
    if (cJSON_IsString(item))
        put_text(to, item->valuestring);
    else
        put_values(to, item);
    fputs("</dd>\n", to);
}

static void put_method(FILE *to, const plate_list *list, const run_times *times) {
    const cJSON *item;
    fputs("<h2>How the results were made</h2>\n<dl>\n", to);
    cJSON_ArrayForEach(item, list->method) put_item(to, item);
    if (times != NULL) {
        fprintf(to, "<dt>time</dt><dd>%.1f s for %zu images", times->seconds, times->computed);
        if (times->computed > 0)
            fprintf(to, ", %.2f s each", times->seconds / (double)times->computed);
        if (times->skipped > 0)
            fprintf(to, "; %zu had results already", times->skipped);
        fputs("</dd>\n", to);
    }
    fprintf(to, "<dt>tables</dt><dd>cells.csv, images.csv and wells.csv, by cellseg %s</dd>\n</dl>\n", cellseg_version());
}

/* ---- the page ---- */

static bool put_page(FILE *to, const char *scratch, cellseg_context *context, const plate_list *list, const plate_sums *sums,
                     const run_times *times) {
    begin_page(to, "Cells of a plate");
    put_summary(to, list, sums);
    put_failures(to, list);
    put_warnings(to, list);
    put_plate_maps(to, list, sums);
    if (sums->shown_count > 0)
        fputs("<h2>Cells</h2>\n<div class=\"charts\">\n", to);
    for (size_t s = 0; s < sums->shown_count; s++)
        put_size_histogram(to, &sums->shown[s]);
    if (sums->shown_count > 0)
        fputs("</div>\n", to);
    const bool fine = put_thumbnails(to, scratch, context, list, sums);
    put_method(to, list, times);
    end_page(to);
    return fine;
}

bool write_plate_report(const char *path, cellseg_context *context, const plate_list *list, const plate_sums *sums,
                        const run_times *times) {
    char picture[PATH_SIZE];
    staging scratch;
    output page;
    if (!open_staging(&scratch, list->folder, "picture"))
        return false;
    bool fine = join_path(picture, scratch.path, scratch.stem, ".png") && open_output(&page, path);
    if (fine)
        fine = close_output(&page, put_page(page.file, picture, context, list, sums, times));
    (void)close_staging(&scratch, false);
    return fine;
}
