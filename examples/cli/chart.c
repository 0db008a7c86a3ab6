/* SPDX-License-Identifier: BSD-3-Clause */
#include "chart.h"

#include "page.h"

enum { ALL_WIDTH = 430, ALL_HEIGHT = 345 }; /* with titles and labels */

double chart_x(double share) {
    return CHART_LEFT + share * CHART_WIDTH;
}
double chart_y(double share) {
    return CHART_TOP + (1 - share) * CHART_HEIGHT;
}

void begin_chart(FILE *to, const char *title, const char *x_title, const char *y_title) {
    fprintf(to, "<figure><figcaption>");
    put_text(to, title);
    fprintf(to, "</figcaption><svg viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\" role=\"img\">\n", ALL_WIDTH, ALL_HEIGHT,
            ALL_WIDTH, ALL_HEIGHT);
    fprintf(to, "<text class=\"axis\" x=\"%.0f\" y=\"%d\" text-anchor=\"middle\">", chart_x(0.5), CHART_TOP + CHART_HEIGHT + 40);
    put_text(to, x_title);
    fprintf(to, "</text>\n<text class=\"axis\" transform=\"translate(14 %.0f) rotate(-90)\" text-anchor=\"middle\">",
            chart_y(0.5));
    put_text(to, y_title);
    fputs("</text>\n", to);
}

void put_y_mark(FILE *to, double share, const char *label) {
    fprintf(to, "<path class=\"grid\" d=\"M%d %.1fh%d\"/><text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%s</text>\n", CHART_LEFT,
            chart_y(share), CHART_WIDTH, CHART_LEFT - 8, chart_y(share) + 4, label);
}

void end_chart(FILE *to) {
    fprintf(to, "<path class=\"frame\" d=\"M%d %dv%dh%d\"/></svg></figure>\n", CHART_LEFT, CHART_TOP, CHART_HEIGHT, CHART_WIDTH);
}

/* 1, 2 or 5 times a power of ten, of which at most five reach `most`. */
static size_t step_for(size_t most) {
    static const size_t factors[] = {1, 2, 5};
    for (size_t power = 1;; power *= 10)
        for (size_t i = 0; i < 3; i++)
            if (power * factors[i] * 5 >= most)
                return power * factors[i];
}

void put_bars(FILE *to, const size_t *counts, size_t bars) {
    size_t most = 1;
    for (size_t b = 0; b < bars; b++)
        most = counts[b] > most ? counts[b] : most;
    const size_t step = step_for(most), top = (most + step - 1) / step * step;
    for (size_t mark = 0; mark <= top; mark += step) {
        char text[32];
        (void)snprintf(text, sizeof text, top >= 100000 ? "%zuk" : "%zu", top >= 100000 ? mark / 1000 : mark);
        put_y_mark(to, (double)mark / (double)top, text);
    }
    const double width = (double)CHART_WIDTH / (double)bars, gap = width > 6 ? 1 : width / 6;
    for (size_t b = 0; b < bars; b++) {
        const double share = (double)counts[b] / (double)top;
        fprintf(to, "<rect class=\"bar\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"><title>%zu</title></rect>\n",
                chart_x((double)b / (double)bars) + gap, chart_y(share), width - 2 * gap, share * CHART_HEIGHT, counts[b]);
    }
}
