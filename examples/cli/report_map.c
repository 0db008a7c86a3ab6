/* SPDX-License-Identifier: BSD-3-Clause */
/* The report's heat maps of plates, and the histograms of cells. */
#include "chart.h"
#include "page.h"
#include "report_plate.h"

#include <math.h>
#include <string.h>

/* ---- colours ---- */

enum { ANCHORS = 5, LEGEND_STEPS = 30 };

/* Of a share from 0 to 1: between five colours of viridis. */
static void put_colour(FILE *to, double share) {
    static const double anchors[ANCHORS][3] = {{68, 1, 84}, {59, 82, 139}, {33, 145, 140}, {94, 201, 98}, {253, 231, 37}};
    const double at = share * (ANCHORS - 1);
    const size_t i = at < ANCHORS - 1 ? (size_t)at : ANCHORS - 2;
    fputc('#', to);
    for (size_t c = 0; c < 3; c++)
        fprintf(to, "%02x", (unsigned)(anchors[i][c] + (at - (double)i) * (anchors[i + 1][c] - anchors[i][c]) + 0.5));
}

/* ---- a map ---- */

enum { MAP_LEFT = 22, MAP_TOP = 14, MAP_WIDTH = 360 };

/* The wells of a plate, and how large they are drawn. */
typedef struct plate_grid {
    const plate_list *list;
    const plate_sums *sums;
    size_t first, count; /* wells of the sums */
    unsigned rows, columns;
    double side_px;
} plate_grid;

static const plate_image *image_of(const plate_grid *g, size_t well) {
    return &g->list->images[g->sums->wells[well].first];
}

/* The number of cells, or the median of a shown column. */
static double value_of(const plate_grid *g, size_t well, size_t which) {
    const well_sum *w = &g->sums->wells[well];
    if (w->failed == w->count)
        return NAN;
    return which == 0 ? (double)w->cells : w->medians[which - 1];
}

/* The wells that follow on one plate; the least usual format that holds them. */
static plate_grid grid_from(const plate_list *list, const plate_sums *sums, size_t first) {
    static const unsigned formats[][2] = {{2, 3}, {3, 4}, {4, 6}, {6, 8}, {8, 12}, {16, 24}, {32, 48}};
    plate_grid g = {.list = list, .sums = sums, .first = first};
    while (first + g.count < sums->well_count &&
           strcmp(image_of(&g, first)->places[PLACE_PLATE], image_of(&g, first + g.count)->places[PLACE_PLATE]) == 0) {
        const plate_image *image = image_of(&g, first + g.count++);
        g.rows = image->row > g.rows ? image->row : g.rows;
        g.columns = image->column > g.columns ? image->column : g.columns;
    }
    for (size_t f = 0; f < sizeof formats / sizeof *formats; f++)
        if (g.rows > 0 && g.rows <= formats[f][0] && g.columns <= formats[f][1]) {
            g.rows = formats[f][0];
            g.columns = formats[f][1];
            break;
        }
    g.side_px = g.columns > 0 ? (double)MAP_WIDTH / g.columns : 0;
    g.side_px = g.side_px > 40 ? 40 : g.side_px;
    return g;
}

/* "A" to "Z", then "AA". */
static void put_row_name(FILE *to, unsigned row) {
    if (row > 26)
        fputc('A' + (int)((row - 1) / 26 - 1) % 26, to);
    fputc('A' + (int)((row - 1) % 26), to);
}

static void put_names(FILE *to, const plate_grid *g) {
    const unsigned step = g->side_px < 12 ? 4 : g->side_px < 18 ? 2 : 1;
    for (unsigned c = 1; c <= g->columns; c += step)
        fprintf(to, "<text x=\"%.1f\" y=\"10\" text-anchor=\"middle\">%u</text>", MAP_LEFT + (c - 0.5) * g->side_px, c);
    for (unsigned r = 1; r <= g->rows; r += step) {
        fprintf(to, "<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">", MAP_LEFT - 4, MAP_TOP + (r - 0.5) * g->side_px + 3);
        put_row_name(to, r);
        fputs("</text>", to);
    }
    fputc('\n', to);
}

/* `inset_px`: the frame's, so that no neighbour covers the frame. */
static void put_square(FILE *to, const plate_grid *g, unsigned row, unsigned column, double inset_px) {
    const double side = g->side_px - 2 * inset_px;
    fprintf(to, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"", MAP_LEFT + (column - 1) * g->side_px + inset_px,
            MAP_TOP + (row - 1) * g->side_px + inset_px, side, side);
}

static void put_empty_wells(FILE *to, const plate_grid *g) {
    for (unsigned r = 1; g->columns <= 48 && r <= g->rows && r <= 32; r++)
        for (unsigned c = 1; c <= g->columns; c++) {
            put_square(to, g, r, c, 0);
            fputs(" class=\"empty\"/>", to);
        }
    fputc('\n', to);
}

static void put_well(FILE *to, const plate_grid *g, size_t well, double value, double share) {
    const plate_image *image = image_of(g, well);
    const well_sum *w = &g->sums->wells[well];
    const bool is_warned = w->failed + w->warnings > 0;
    put_square(to, g, image->row, image->column, is_warned ? 1 : 0);
    fputs(is_warned ? " class=\"warned\" fill=\"" : " fill=\"", to);
    if (isnan(value))
        fputs("#ccc", to);
    else
        put_colour(to, share);
    fputs("\"><title>", to);
    put_text(to, image->places[PLACE_WELL]);
    if (isnan(value))
        fputs(w->failed > 0 ? ": failed" : ": no value", to);
    else
        fprintf(to, ": %.6g", value);
    fputs("</title></rect>", to);
    if (w->failed > 0)
        fprintf(to, "<path class=\"cross\" d=\"M%.1f %.1fl%.1f %.1f\"/>", MAP_LEFT + (image->column - 1) * g->side_px,
                MAP_TOP + (image->row - 1) * g->side_px, g->side_px, g->side_px);
    fputc('\n', to);
}

static void put_legend(FILE *to, const plate_grid *g, double low, double high) {
    const double y = MAP_TOP + g->rows * g->side_px + 8, width = 4;
    for (size_t i = 0; i < LEGEND_STEPS; i++) {
        fprintf(to, "<rect x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"8\" style=\"stroke:none\" fill=\"",
                MAP_LEFT + 60 + width * (double)i, y, width + 0.5);
        put_colour(to, (double)i / (LEGEND_STEPS - 1));
        fputs("\"/>", to);
    }
    fprintf(to, "\n<text x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%.4g</text><text x=\"%.1f\" y=\"%.1f\">%.4g</text>\n",
            MAP_LEFT + 56, y + 8, low, MAP_LEFT + 64 + width * LEGEND_STEPS, y + 8, high);
}

/* Draw a map whose colours go from the plate's least value to its greatest. */
static void put_map(FILE *to, const plate_grid *g, size_t which, const char *title) {
    double low = INFINITY, high = -INFINITY;
    for (size_t w = g->first; w < g->first + g->count; w++) {
        low = fmin(low, value_of(g, w, which));
        high = fmax(high, value_of(g, w, which));
    }
    fprintf(to, "<figure><figcaption>%s", which > 0 ? "median " : "");
    put_text(to, title);
    const double height = MAP_TOP + g->rows * g->side_px + 20;
    fprintf(to, "</figcaption><svg class=\"map\" viewBox=\"0 0 %d %.0f\" width=\"%d\" height=\"%.0f\" role=\"img\">\n",
            MAP_LEFT + MAP_WIDTH + 2, height, MAP_LEFT + MAP_WIDTH + 2, height);
    put_names(to, g);
    put_empty_wells(to, g);
    for (size_t w = g->first; w < g->first + g->count; w++) {
        const double value = value_of(g, w, which);
        if (image_of(g, w)->row > 0)
            put_well(to, g, w, value, high > low ? (value - low) / (high - low) : 0.5);
    }
    if (low <= high)
        put_legend(to, g, low, high);
    fputs("</svg></figure>\n", to);
}

void put_plate_maps(FILE *to, const plate_list *list, const plate_sums *sums) {
    for (size_t first = 0, count; first < sums->well_count; first += count) {
        const plate_grid g = grid_from(list, sums, first);
        count = g.count;
        if (g.rows == 0)
            continue;
        fputs("<h2>Plate ", to);
        put_text(to, image_of(&g, first)->places[PLACE_PLATE]);
        fputs("</h2>\n<p class=\"quiet\">Medians are over the cells of a well. Orange frame: warnings; crossed: an image failed; "
              "light grey: no image.</p>\n<div class=\"charts\">\n",
              to);
        put_map(to, &g, 0, "cells");
        for (size_t s = 0; s < sums->shown_count; s++)
            put_map(to, &g, s + 1, sums->shown[s].name);
        fputs("</div>\n", to);
    }
}

/* ---- histogram ---- */

enum { BARS_MOST = 60, LABELS = 4 };

/* The classes that hold all but the 0.2 percent of cells at either end. */
static void find_range(const shown_column *column, size_t *first, size_t *last) {
    size_t all = 0, below = 0, above = 0;
    for (size_t i = 0; i < SIZE_CLASSES; i++)
        all += column->classes[i];
    for (*first = 0; *first < SIZE_CLASSES - 1 && (below += column->classes[*first]) <= all / 500; ++*first)
        ;
    for (*last = SIZE_CLASSES - 1; *last > *first && (above += column->classes[*last]) <= all / 500; --*last)
        ;
}

void put_size_histogram(FILE *to, const shown_column *column) {
    size_t counts[BARS_MOST] = {0}, first, last;
    find_range(column, &first, &last);
    const size_t each = (last - first) / BARS_MOST + 1, bars = (last - first) / each + 1;
    for (size_t i = first; i <= last; i++)
        counts[(i - first) / each] += column->classes[i];
    begin_chart(to, column->name, "value; every doubling takes the same width", "cells");
    put_bars(to, counts, bars);
    const size_t step = bars / LABELS + 1;
    for (size_t b = 0; b <= bars; b += step)
        fprintf(to, "<text x=\"%.1f\" y=\"%d\" text-anchor=\"middle\">%.4g</text>\n", chart_x((double)b / (double)bars),
                CHART_TOP + CHART_HEIGHT + 19, lower_bound_of_class(first + b * each));
    end_chart(to);
}
