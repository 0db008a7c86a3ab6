/* SPDX-License-Identifier: BSD-3-Clause */
/* Charts as SVG in a page. */
#ifndef CLI_CHART_H
#define CLI_CHART_H

#include <stddef.h>
#include <stdio.h>

/* The plot's own rectangle of pixels within the picture; where values from 0 to 1 lie in it. */
enum { CHART_LEFT = 52, CHART_TOP = 14, CHART_WIDTH = 360, CHART_HEIGHT = 280 };
double chart_x(double share);
double chart_y(double share);

/* A figure with its title and the titles of its axes. */
void begin_chart(FILE *to, const char *title, const char *x_title, const char *y_title);
void end_chart(FILE *to);

/* A line across the plot at a share of its height, and its label. */
void put_y_mark(FILE *to, double share, const char *label);

/* Bars side by side over the whole width, and marks of their counts. */
void put_bars(FILE *to, const size_t *counts, size_t bars);

#endif
