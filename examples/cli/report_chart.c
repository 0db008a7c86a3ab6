/* SPDX-License-Identifier: BSD-3-Clause */
/* The charts of the report. */
#include "chart.h"
#include "page.h"
#include "report.h"

#include <math.h>

enum { BINS = 20, COLOURS = 2 };
static const char *const colours[COLOURS] = {"#0072b2", "#d55e00"}; /* Okabe and Ito's */

static void put_x_axis(FILE *to) {
    for (int i = 0; i <= 5; i++) {
        const double x = chart_x(i / 5.0);
        fprintf(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.1f</text>\n", x, CHART_TOP + CHART_HEIGHT + 19, i / 5.0);
    }
}

/* Marks of a height from 0 to 1. */
static void put_shares(FILE *to) {
    for (int i = 0; i <= 5; i++) {
        char label[8];
        (void)snprintf(label, sizeof label, "%.1f", i / 5.0);
        put_y_mark(to, i / 5.0, label);
    }
}

/* ---- ROC ---- */

static void put_curve(FILE *to, const score_list *list, const char *colour) {
    const double positives = (double)list->true_positives[0], negatives = (double)list->false_positives[0];
    double last_x = 2, last_y = 2; /* outside */
    fprintf(to, "<polyline class=\"curve\" style=\"stroke:%s\" points=\"", colour);
    for (size_t i = 0; i <= ROC_POINTS; i++) {
        const double x = i < ROC_POINTS ? (double)list->false_positives[i] / negatives : 0;
        const double y = i < ROC_POINTS ? (double)list->true_positives[i] / positives : 0;
        if (fabs(x - last_x) + fabs(y - last_y) < 1e-3 && i < ROC_POINTS)
            continue;
        fprintf(to, "%.2f,%.2f ", chart_x(x), chart_y(y));
        last_x = x;
        last_y = y;
    }
    fprintf(to, "\"/>\n");
}

void put_roc_chart(FILE *to, const score_list *const *lists, size_t count) {
    begin_chart(to, "ROC curve of the pixel maps, all images", "1 \xe2\x88\x92 specificity", "sensitivity");
    put_shares(to);
    put_x_axis(to);
    fprintf(to, "<path class=\"grid\" stroke-dasharray=\"4 4\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", chart_x(0), chart_y(0),
            chart_x(1), chart_y(1));
    for (size_t i = 0; i < count; i++) {
        const score all = pooled_score(lists[i]);
        if (!lists[i]->has_maps || isnan(all.roc.auc))
            continue;
        put_curve(to, lists[i], colours[i % COLOURS]);
        fprintf(to, "<text x=\"%.0f\" y=\"%.0f\" style=\"fill:%s\" text-anchor=\"end\">", chart_x(0.97),
                chart_y(0.08 + 0.07 * (double)i), colours[i % COLOURS]);
        put_text(to, lists[i]->kind);
        fprintf(to, ": AUC %.4f</text>\n", all.roc.auc);
    }
    end_chart(to);
}

/* ---- by IoU ---- */

/* F1 and average precision over all images at each threshold. */
static void put_f1_and_ap(FILE *to, const score_list *list) {
    static const char *const names[] = {"F1", "AP"};
    for (size_t which = 0; which < 2; which++) {
        double value = 0;
        fprintf(to, "<polyline class=\"curve\" style=\"stroke:%s\" points=\"", colours[which]);
        for (size_t step = 0; step < IOU_STEPS; step++) {
            double tp = 0, wrong = 0;
            for (size_t i = 0; i < list->count; i++) {
                const cellseg_matching *m = &list->scores[i].by_iou[step];
                tp += (double)m->true_positives;
                wrong += (double)(m->false_positives + m->false_negatives);
            }
            const double weight = which == 0 ? 0.5 : 1;
            value = tp > 0 ? tp / (tp + weight * wrong) : 0;
            fprintf(to, "%.2f,%.2f ", chart_x((double)(step + 1) / (IOU_STEPS + 1)), chart_y(value));
        }
        fprintf(to, "\"/><text x=\"%.0f\" y=\"%.0f\" style=\"fill:%s\">%s</text>\n", chart_x(0.04),
                chart_y(0.15 - 0.07 * (double)which), colours[which], names[which]);
    }
}

void put_iou_chart(FILE *to, const score_list *list) {
    char title[64];
    (void)snprintf(title, sizeof title, "Objects found by IoU threshold: %s", list->kind);
    begin_chart(to, title, "IoU threshold", "of all images together");
    put_shares(to);
    put_x_axis(to);
    put_f1_and_ap(to, list);
    end_chart(to);
}

/* ---- histogram ---- */

static void count_bins(size_t bins[BINS], const score_list *list) {
    for (size_t i = 0; i < list->count; i++)
        for (uint64_t r = 0; r < list->scores[i].similarity.reference_count; r++) {
            const size_t bin = (size_t)(list->scores[i].best_dice[r] * BINS);
            bins[bin < BINS ? bin : BINS - 1]++;
        }
}

void put_histogram(FILE *to, const score_list *list) {
    size_t bins[BINS] = {0};
    count_bins(bins, list);
    const score all = pooled_score(list);
    char text[160];
    (void)snprintf(text, sizeof text, "Best Dice of each of the %llu true %s", (unsigned long long)all.similarity.reference_count,
                   list->kind);
    begin_chart(to, text, "best Dice", "objects");
    put_bars(to, bins, BINS);
    put_x_axis(to);
    const double mean = all.similarity.mean_best_dice;
    if (!isnan(mean))
        fprintf(to, "<path class=\"mean\" d=\"M%.1f %dv%d\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"end\">mean %.3f</text>\n",
                chart_x(mean), CHART_TOP, CHART_HEIGHT, chart_x(mean) - 6, CHART_TOP + 12, mean);
    end_chart(to);
}
