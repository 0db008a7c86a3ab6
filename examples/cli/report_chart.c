/* SPDX-License-Identifier: BSD-3-Clause */
/* The report's charts, drawn as SVG in the page. */
#include "report.h"

#include <math.h>

/* The plot's own square of pixels within the picture, and how values 0 to 1 lie in it. */
enum { LEFT = 52, TOP = 14, WIDTH = 360, HEIGHT = 280, ALL_WIDTH = 430, ALL_HEIGHT = 345, BINS = 20 };

enum { COLOURS = 2 };
static const char *const colours[COLOURS] = {"#0072b2", "#d55e00"}; /* Okabe and Ito's */

static double x_of(double share) {
    return LEFT + share * WIDTH;
}
static double y_of(double share) {
    return TOP + (1 - share) * HEIGHT;
}

static void begin(FILE *to, const char *title, const char *x_title, const char *y_title) {
    fprintf(to, "<figure><figcaption>");
    put_text(to, title);
    fprintf(to, "</figcaption><svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n", ALL_WIDTH, ALL_HEIGHT,
            ALL_WIDTH, ALL_HEIGHT);
    fprintf(to, "<text class=\"axis\" x=\"%.0f\" y=\"%d\" text-anchor=\"middle\">%s</text>\n", x_of(0.5), TOP + HEIGHT + 40,
            x_title);
    fprintf(to, "<text class=\"axis\" transform=\"translate(14 %.0f) rotate(-90)\" text-anchor=\"middle\">%s</text>\n", y_of(0.5),
            y_title);
}

static void put_x_axis(FILE *to) {
    for (int i = 0; i <= 5; i++) {
        const double x = x_of(i / 5.0);
        fprintf(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.1f</text>\n", x, TOP + HEIGHT + 19, i / 5.0);
    }
}

/* A line across the plot at a share of its height, and its label. */
static void put_y_mark(FILE *to, double share, const char *label) {
    fprintf(to, "<path class=\"grid\" d=\"M%d %.1fh%d\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", LEFT,
            y_of(share), WIDTH, LEFT - 8, y_of(share) + 4, label);
}

/* Marks of a height from 0 to 1. */
static void put_shares(FILE *to) {
    for (int i = 0; i <= 5; i++) {
        char label[8];
        (void)snprintf(label, sizeof label, "%.1f", i / 5.0);
        put_y_mark(to, i / 5.0, label);
    }
}

static void end(FILE *to) {
    fprintf(to, "<path class=\"frame\" d=\"M%d %dv%dh%d\"/></svg></figure>\n", LEFT, TOP, HEIGHT, WIDTH);
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
        fprintf(to, "%.2f,%.2f ", x_of(x), y_of(y));
        last_x = x;
        last_y = y;
    }
    fprintf(to, "\"/>\n");
}

void put_roc_chart(FILE *to, const score_list *const *lists, size_t count) {
    begin(to, "ROC curve of the pixel maps, all images", "1 \xe2\x88\x92 specificity", "sensitivity");
    put_shares(to);
    put_x_axis(to);
    fprintf(to, "<path class=\"grid\" stroke-dasharray=\"4 4\" d=\"M%.1f %.1fL%.1f %.1f\"/>\n", x_of(0), y_of(0), x_of(1),
            y_of(1));
    for (size_t i = 0; i < count; i++) {
        const score all = pooled_score(lists[i]);
        if (!lists[i]->has_maps || isnan(all.roc.auc))
            continue;
        put_curve(to, lists[i], colours[i % COLOURS]);
        fprintf(to, "<text x=\"%.0f\" y=\"%.0f\" style=\"fill:%s\" text-anchor=\"end\">", x_of(0.97),
                y_of(0.08 + 0.07 * (double)i), colours[i % COLOURS]);
        put_text(to, lists[i]->kind);
        fprintf(to, ": AUC %.4f</text>\n", all.roc.auc);
    }
    end(to);
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
            fprintf(to, "%.2f,%.2f ", x_of((double)(step + 1) / (IOU_STEPS + 1)), y_of(value));
        }
        fprintf(to, "\"/><text x=\"%.0f\" y=\"%.0f\" style=\"fill:%s\">%s</text>\n", x_of(0.04),
                y_of(0.15 - 0.07 * (double)which), colours[which], names[which]);
    }
}

void put_iou_chart(FILE *to, const score_list *list) {
    char title[64];
    (void)snprintf(title, sizeof title, "Objects found by IoU threshold: %s", list->kind);
    begin(to, title, "IoU threshold", "of all images together");
    put_shares(to);
    put_x_axis(to);
    put_f1_and_ap(to, list);
    end(to);
}

/* ---- histogram ---- */

static size_t count_bins(size_t bins[BINS], const score_list *list) {
    size_t most = 1;
    for (size_t i = 0; i < list->count; i++)
        for (uint64_t r = 0; r < list->scores[i].similarity.reference_count; r++) {
            const size_t bin = (size_t)(list->scores[i].best_dice[r] * BINS);
            size_t *here = &bins[bin < BINS ? bin : BINS - 1];
            if (++*here > most)
                most = *here;
        }
    return most;
}

/* 1, 2 or 5 times a power of ten, of which at most five reach `most`. */
static size_t step_for(size_t most) {
    static const size_t factors[] = {1, 2, 5};
    for (size_t power = 1;; power *= 10)
        for (size_t i = 0; i < 3; i++)
            if (power * factors[i] * 5 >= most)
                return power * factors[i];
}

void put_histogram(FILE *to, const score_list *list) {
    size_t bins[BINS] = {0};
    const size_t most = count_bins(bins, list), step = step_for(most), top = (most + step - 1) / step * step;
    const score all = pooled_score(list);
    char text[160];
    (void)snprintf(text, sizeof text, "Best Dice of each of the %llu true %s", (unsigned long long)all.similarity.reference_count,
                   list->kind);
    begin(to, text, "best Dice", "objects");
    for (size_t mark = 0; mark <= top; mark += step) {
        (void)snprintf(text, sizeof text, "%zu", mark);
        put_y_mark(to, (double)mark / (double)top, text);
    }
    put_x_axis(to);
    for (size_t b = 0; b < BINS; b++) {
        const double share = (double)bins[b] / (double)top;
        fprintf(to, "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>%zu</title></rect>\n",
                x_of((double)b / BINS) + 1, y_of(share), (double)WIDTH / BINS - 2, share * HEIGHT, bins[b]);
    }
    const double mean = all.similarity.mean_best_dice;
    if (!isnan(mean))
        fprintf(to, "<path class=\"mean\" d=\"M%.1f %dv%d\"/><text x=\"%.1f\" y=\"%d\" text-anchor=\"end\">mean %.3f</text>\n",
                x_of(mean), TOP, HEIGHT, x_of(mean) - 6, TOP + 12, mean);
    end(to);
}
