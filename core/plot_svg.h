/* SPDX-License-Identifier: MIT
 * Lines over time as one SVG that needs nothing else: panels below each other with one axis of
 * time, a legend, units, and colours for light and dark backgrounds. */
#ifndef CORE_PLOT_SVG_H
#define CORE_PLOT_SVG_H

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct plot_line {
    const char *name; /* lines of one name have one entry in the legend; */
    int colour;       /* and one of these: 0 to 3 */
    bool is_step;     /* a value holds until the next */
    double *values;   /* plot.n of them, NAN: not known */
};

struct plot_panel {
    const char *title; /* what, and in what unit */
    struct plot_line lines[3];
    size_t n_lines;
};

struct plot {
    const char *title;
    const int64_t *times_ms; /* UTC, rising */
    size_t n;
    const struct plot_panel *panels;
    size_t n_panels;
};

void plot_svg(const struct plot *plot, struct text *out);

#endif
