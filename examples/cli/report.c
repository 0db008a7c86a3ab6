/* SPDX-License-Identifier: BSD-3-Clause */
/* The report as a page: its text and its tables. */
#include "report.h"

#include "output.h"
#include "page.h"
#include "staging.h"

#include <math.h>
#include <string.h>

static const char definitions[] =
    "<h2>Definitions</h2>\n<dl class=\"quiet\">\n"
    "<dt>best Dice</dt><dd>mean over true objects of the best Dice with a predicted object; 0 without overlap</dd>\n"
    "<dt>pair ratio</dt><dd>2 pairs / (true + predicted); a pair is each other's largest overlap</dd>\n"
    "<dt>SM</dt><dd>k best Dice + (1 \xe2\x88\x92 k) pair ratio (Al-Kofahi et al. 2018)</dd>\n"
    "<dt>Dice, Jaccard</dt><dd>of the two foregrounds</dd>\n"
    "<dt>found</dt><dd>one-to-one pairs of objects with IoU of at least the threshold; missed and false objects have no "
    "partner</dd>\n"
    "<dt>AP</dt><dd>found / (found + missed + false); AP 50-95: its mean over IoU 0.50, 0.55 to 0.95</dd>\n"
    "<dt>PQ</dt><dd>panoptic quality: F1 times the mean IoU of the pairs</dd>\n"
    "<dt>AJI</dt><dd>aggregated Jaccard index (Kumar et al. 2017)</dd>\n"
    "<dt>SEG</dt><dd>Cell Tracking Challenge: mean IoU with the object that contains more than half of the true object</dd>\n"
    "<dt>splits, merges</dt><dd>true objects with IoU above 0.1 to several predicted objects, and the reverse</dd>\n"
    "<dt>BF</dt><dd>boundary F-score: F1 of outline pixels within the tolerance of the other outline</dd>\n"
    "<dt>AUC, accuracy</dt><dd>of the pixels of the probability maps; accuracy, sensitivity and specificity at 0.5</dd>\n"
    "</dl>\n";

/* ---- tables ---- */

static void put_value(FILE *to, const column *c, const score *s) {
    const double value = column_value(c, s);
    if (isnan(value))
        fprintf(to, "<td></td>");
    else
        fprintf(to, "<td>%.*f</td>", c->kind == COLUMN_RATE ? 3 : 0, value);
}

static void put_row_of(FILE *to, const char *name, const column *columns, const score *s, bool with_counts) {
    fprintf(to, "<tr><td>");
    put_text(to, name);
    fprintf(to, "</td>");
    for (const column *c = columns; c->name != NULL; c++) {
        if (with_counts || c->kind == COLUMN_RATE)
            put_value(to, c, s);
        else
            fprintf(to, "<td></td>");
    }
    fprintf(to, "</tr>\n");
}

static void put_table(FILE *to, const score_list *list, const column *columns) {
    fprintf(to, "<div class=\"scroll\"><table><thead><tr><th>image</th>");
    for (const column *c = columns; c->name != NULL; c++)
        fprintf(to, "<th>%s</th>", c->title);
    fprintf(to, "</tr></thead><tbody>\n");
    for (size_t i = 0; i < list->count; i++)
        put_row_of(to, list->scores[i].files.stem, columns, &list->scores[i], true);
    const score mean = mean_score(list), all = pooled_score(list);
    fprintf(to, "</tbody><tfoot>\n");
    put_row_of(to, "mean of images", columns, &mean, false);
    put_row_of(to, "all together", columns, &all, true);
    fprintf(to, "</tfoot></table></div>\n");
}

/* ---- sections ---- */

static void put_summary(FILE *to, const score_list *list) {
    const score mean = mean_score(list), all = pooled_score(list);
    fprintf(to, "<div class=\"tiles\">\n");
    put_tile(to, list->count == 1 ? "image" : "images", (double)list->count, 0);
    put_tile(to, "true objects", (double)all.similarity.reference_count, 0);
    put_tile(to, "predicted", (double)all.similarity.target_count, 0);
    put_tile(to, "SM", mean.similarity.sm, 3);
    put_tile(to, "best Dice", all.similarity.mean_best_dice, 3);
    put_tile(to, "AP", all.matching.average_precision, 3);
    put_tile(to, "F1", all.matching.f1, 3);
    put_tile(to, "AUC", all.roc.auc, 3);
    fprintf(to, "</div>\n");
}

static void put_list(FILE *to, const score_list *list, const measures *how) {
    fprintf(to, "<h2>");
    put_text(to, list->kind);
    fprintf(to, "</h2>\n");
    put_summary(to, list);
    put_table(to, list, similarity_columns);
    fprintf(to, "<h3>Objects found at IoU %g; outlines within %g px</h3>\n", how->iou_threshold, how->tolerance_px);
    put_table(to, list, object_columns);
    if (list->has_maps) {
        fprintf(to, "<h3>Pixels of the probability map, accuracy at 0.5</h3>\n");
        put_table(to, list, pixel_columns);
    }
}

static void put_charts(FILE *to, const score_list *const *lists, size_t count) {
    bool has_maps = false;
    fprintf(to, "<h2>Charts</h2>\n<div class=\"charts\">\n");
    for (size_t i = 0; i < count; i++) {
        put_histogram(to, lists[i]);
        put_iou_chart(to, lists[i]);
        has_maps = has_maps || lists[i]->has_maps;
    }
    if (has_maps)
        put_roc_chart(to, lists, count);
    fprintf(to, "</div>\n");
}

static bool put_page(FILE *to, const char *scratch, cellseg_context *context, const score_list *const *lists, size_t count,
                     const measures *how, int32_t channel) {
    begin_page(to, "Agreement with the truth");
    fprintf(to, "<p class=\"quiet\">cellseg %s, k %g</p>\n", cellseg_version(), how->weight);
    for (size_t i = 0; i < count; i++)
        put_list(to, lists[i], how);
    put_charts(to, lists, count);
    bool fine = true;
    if (lists[0]->scores[0].files.image != NULL) {
        fprintf(to, "<h2>Worst and best</h2>\n<p class=\"quiet\">Number: best Dice of one true object, outlined in "
                    "<span class=\"truth\">yellow</span>. All predicted objects are outlined in <span "
                    "class=\"found\">blue</span>.</p>\n");
        fine = put_pictures(to, scratch, context, lists[0], channel);
    }
    fputs(definitions, to);
    end_page(to);
    return fine;
}

bool write_report(const char *path, cellseg_context *context, const score_list *const *lists, size_t count, const measures *how,
                  int32_t channel) {
    char folder[PATH_SIZE], picture[PATH_SIZE];
    staging scratch;
    output page;
    if (!folder_of(folder, path) || !open_staging(&scratch, folder, "picture"))
        return false;
    bool fine = join_path(picture, scratch.path, scratch.stem, ".png") && open_output(&page, path);
    if (fine)
        fine = close_output(&page, put_page(page.file, picture, context, lists, count, how, channel));
    (void)close_staging(&scratch, false);
    return fine;
}
