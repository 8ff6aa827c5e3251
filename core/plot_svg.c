/* SPDX-License-Identifier: MIT */
#include "core/plot_svg.h"

#include "core/journal_line.h"

#include <math.h>
#include <string.h>

enum { LEFT = 64, WIDTH = 760, RIGHT = 24, TOP = 62, HEIGHT = 130, GAP = 40, BOTTOM = 44 };
enum { N_COLOURS = 4 };

/* No variables of CSS: not every program that shows SVGs knows them. */
static const char style[] =
    "<style>\n"
    ".back { fill: #ffffff }\n"
    "text { fill: #1f2328; font: 12px system-ui, sans-serif }\n"
    ".title { font-size: 15px; font-weight: 600 }\n"
    ".grid { stroke: #d8dee4; fill: none }\n"
    ".line { fill: none; stroke-width: 1.5; stroke-linejoin: round }\n"
    ".c0 { stroke: #0072b2 } .c1 { stroke: #d55e00 } .c2 { stroke: #009e73 } "
    ".c3 { stroke: #aa4499 }\n"
    "@media (prefers-color-scheme: dark) {\n"
    ".back { fill: #0d1117 } text { fill: #e6edf3 } .grid { stroke: #30363d }\n"
    ".c0 { stroke: #56b4e9 } .c1 { stroke: #ff9b4a } .c2 { stroke: #3fd0a0 } "
    ".c3 { stroke: #e08fd0 }\n"
    "}\n"
    "</style>\n"
    "<rect class=\"back\" width=\"100%\" height=\"100%\"/>\n";

static void add_escaped(const char *chars, struct text *out)
{
    for (; *chars != '\0'; chars++)
        if (*chars == '<')
            text_add(out, "&lt;");
        else if (*chars == '&')
            text_add(out, "&amp;");
        else
            text_add_n(out, chars, 1);
}

static void add_label(double x, double y, const char *attributes, const char *label,
                      struct text *out)
{
    text_add_format(out, "<text x=\"%.1f\" y=\"%.1f\" %s>", x, y, attributes);
    add_escaped(label, out);
    text_add(out, "</text>\n");
}

/* ---- Axes ---- */

/* A round number of which four hold the greatest value. Jobs and dynos are whole. */
static double tick_for(double greatest)
{
    static const double rounds[] = {1, 1.5, 2, 2.5, 3, 4, 5, 7.5, 10};
    double quarter = greatest > 4 ? greatest / 4 : 1;
    double power = pow(10, floor(log10(quarter)));
    size_t i = 0;
    while (rounds[i] * power < quarter * 0.999999 || fmod(rounds[i] * power, 1) > 0)
        i++;
    return rounds[i] * power;
}

static double greatest_of(const struct plot *plot, const struct plot_panel *panel)
{
    double greatest = 0;
    for (size_t k = 0; k < panel->n_lines; k++)
        for (size_t i = 0; i < plot->n; i++)
            greatest = fmax(greatest, panel->lines[k].values[i]); /* of a NAN the other */
    return greatest;
}

static void add_y_axis(double top, double tick, struct text *out)
{
    for (int i = 0; i <= 4; i++) {
        double y = top + HEIGHT - HEIGHT * i / 4.0;
        struct text label = {0};
        text_add_format(&label, "%.10g", tick * i);
        text_add_format(out, "<path class=\"grid\" d=\"M%d %.1fh%d\"/>\n", LEFT, y, WIDTH);
        add_label(LEFT - 8, y + 4, "text-anchor=\"end\"", text_chars(&label), out);
        text_fini(&label);
    }
}

struct span {
    int64_t from_ms;
    int64_t ms;
};

static struct span span_of(const struct plot *plot)
{
    int64_t from_ms = plot->n > 0 ? plot->times_ms[0] : 0;
    int64_t ms = plot->n > 0 ? plot->times_ms[plot->n - 1] - from_ms : 0;
    return (struct span){from_ms, ms > 0 ? ms : 1};
}

static double x_of(struct span span, int64_t time_ms)
{
    return LEFT + WIDTH * (double)(time_ms - span.from_ms) / (double)span.ms;
}

/* Between two times on the axis of which there are eight at most. */
static int64_t time_tick(int64_t span_ms)
{
    static const int32_t ticks_s[] = {1,    2,    5,    10,    30,    60,    120,   300,    600,
                                      1800, 3600, 7200, 10800, 21600, 43200, 86400, 172800, 604800};
    size_t i = 0;
    while (i + 1 < sizeof ticks_s / sizeof ticks_s[0] && span_ms > 8000LL * ticks_s[i])
        i++;
    int64_t tick_ms = 1000LL * ticks_s[i];
    while (span_ms > 8 * tick_ms)
        tick_ms *= 2;
    return tick_ms;
}

/* As much of the time as differs from one to the next: 11-24, 15:30 or 15:30:05. */
static void add_time(int64_t time_ms, int64_t tick_ms, struct text *out)
{
    struct text whole = {0};
    bool is_day = tick_ms >= 86400000 || time_ms % 86400000 == 0;
    journal_time(time_ms, &whole);
    if (is_day)
        text_add_format(out, "%.5s", text_chars(&whole) + 5);
    else
        text_add_format(out, "%.*s", tick_ms < 60000 ? 8 : 5, text_chars(&whole) + 11);
    text_fini(&whole);
}

static void add_x_axis(struct span span, double top, double bottom, struct text *out)
{
    int64_t tick_ms = time_tick(span.ms);
    int64_t first_ms = (span.from_ms + tick_ms - 1) / tick_ms * tick_ms;
    for (int64_t at_ms = first_ms; at_ms <= span.from_ms + span.ms; at_ms += tick_ms) {
        struct text label = {0};
        add_time(at_ms, tick_ms, &label);
        text_add_format(out, "<path class=\"grid\" d=\"M%.1f %.1fV%.1f\"/>\n", x_of(span, at_ms),
                        top, bottom);
        add_label(x_of(span, at_ms), bottom + 18, "text-anchor=\"middle\"", text_chars(&label),
                  out);
        text_fini(&label);
    }
    add_label(LEFT + WIDTH, bottom + 36, "text-anchor=\"end\"", "time (UTC)", out);
}

/* ---- Lines ---- */

/* What is on one column of pixels becomes four points at most: the first, the least, the greatest
 * and the last, so that no peak is lost however long the time is. */
struct column {
    double x;
    double first;
    double least;
    double greatest;
    double last;
};

struct pen {
    struct text *out;
    double top;
    double scale; /* pixels of one */
    bool is_step;
    bool is_down;
    double x; /* up to where it has drawn, or has to draw a level line */
    double drawn_x;
    double value; /* where it is */
};

static void level(struct pen *pen, double x)
{
    if (x > pen->drawn_x)
        text_add_format(pen->out, "H%.5g", x);
    pen->x = pen->drawn_x = x;
}

static void draw_to(struct pen *pen, double x, double value)
{
    double y = pen->top + HEIGHT - value * pen->scale;
    if (pen->is_down && fabs(x - pen->x) <= 0)
        text_add_format(pen->out, "V%.4g", y);
    else
        text_add_format(pen->out, "%c%.5g %.4g", pen->is_down ? 'L' : 'M', x, y);
    pen->is_down = true;
    pen->x = pen->drawn_x = x;
    pen->value = value;
}

static void draw_column(struct pen *pen, const struct column *column)
{
    bool is_flat = fabs(column->greatest - column->least) <= 0;
    if (pen->is_down && is_flat && fabs(column->last - pen->value) <= 0) {
        pen->x = column->x; /* a level line is drawn when it ends */
        return;
    }
    if (pen->is_down)
        level(pen, pen->is_step ? column->x : pen->x);
    draw_to(pen, column->x, column->first);
    if (column->least < fmin(column->first, column->last))
        draw_to(pen, column->x, column->least);
    if (column->greatest > fmax(column->first, column->last))
        draw_to(pen, column->x, column->greatest);
    if (column->last < column->first || column->last > column->first)
        draw_to(pen, column->x, column->last);
}

static void lift(struct pen *pen)
{
    if (pen->is_down)
        level(pen, pen->x);
    pen->is_down = false;
}

static void draw_line(const struct plot *plot, const struct plot_line *line, struct pen pen)
{
    struct span span = span_of(plot);
    struct column column = {.x = -1};
    text_add_format(pen.out, "<path class=\"line c%d\" d=\"", line->colour % N_COLOURS);
    for (size_t i = 0; i < plot->n; i++) {
        double value = line->values[i];
        double x = floor(x_of(span, plot->times_ms[i]));
        bool is_known = !isnan(value);
        bool is_same = x <= column.x && is_known;
        if (!is_same && column.x >= 0)
            draw_column(&pen, &column);
        if (!is_known) {
            lift(&pen);
            column.x = -1;
        } else if (is_same) {
            column.least = fmin(column.least, value);
            column.greatest = fmax(column.greatest, value);
            column.last = value;
        } else {
            column = (struct column){x, value, value, value, value};
        }
    }
    if (column.x >= 0)
        draw_column(&pen, &column);
    lift(&pen);
    text_add(pen.out, "\"/>\n");
}

static void add_panel(const struct plot *plot, const struct plot_panel *panel, double top,
                      struct text *out)
{
    double tick = tick_for(greatest_of(plot, panel));
    add_label(LEFT, top - 9, "", panel->title, out);
    add_y_axis(top, tick, out);
    for (size_t k = 0; k < panel->n_lines; k++) {
        struct pen pen = {.out = out,
                          .top = top,
                          .scale = HEIGHT / (4 * tick),
                          .is_step = panel->lines[k].is_step};
        draw_line(plot, &panel->lines[k], pen);
    }
}

/* ---- The whole ---- */

static bool is_in_legend(const struct plot *plot, size_t panel, size_t line)
{
    for (size_t p = 0; p <= panel; p++)
        for (size_t k = 0; k < (p < panel ? plot->panels[p].n_lines : line); k++)
            if (strcmp(plot->panels[p].lines[k].name, plot->panels[panel].lines[line].name) == 0)
                return true;
    return false;
}

static void add_legend(const struct plot *plot, struct text *out)
{
    double x = LEFT;
    for (size_t p = 0; p < plot->n_panels; p++)
        for (size_t k = 0; k < plot->panels[p].n_lines; k++) {
            const struct plot_line *line = &plot->panels[p].lines[k];
            if (is_in_legend(plot, p, k))
                continue;
            text_add_format(out, "<path class=\"line c%d\" d=\"M%.1f 38h22\"/>\n",
                            line->colour % N_COLOURS, x);
            add_label(x + 28, 42, "", line->name, out);
            x += 60 + 7 * (double)text_columns(line->name);
        }
}

void plot_svg(const struct plot *plot, struct text *out)
{
    int rows = (int)plot->n_panels;
    double bottom = TOP + 20 + rows * HEIGHT + (rows - 1) * GAP;
    text_add_format(out,
                    "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %.0f\" "
                    "width=\"%d\" height=\"%.0f\" role=\"img\">\n<title>",
                    LEFT + WIDTH + RIGHT, bottom + BOTTOM, LEFT + WIDTH + RIGHT, bottom + BOTTOM);
    add_escaped(plot->title, out);
    text_add(out, "</title>\n");
    text_add(out, style);
    add_label(LEFT, 22, "class=\"title\"", plot->title, out);
    add_legend(plot, out);
    add_x_axis(span_of(plot), TOP + 20, bottom, out);
    for (int i = 0; i < rows; i++)
        add_panel(plot, &plot->panels[i], TOP + 20 + i * (HEIGHT + GAP), out);
    text_add(out, "</svg>\n");
}
