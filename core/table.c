/* SPDX-License-Identifier: MIT */
#include "core/table.h"

#include "core/memory.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void table_init(struct table *table, size_t n_columns)
{
    *table = (struct table){.n_columns = n_columns};
}

void table_cell(struct table *table, const char *format, ...)
{
    char *cell = NULL;
    va_list args;
    va_start(args, format);
    if (vasprintf(&cell, format, args) < 0)
        cell = memory_copy("");
    va_end(args);
    table->cells = memory_resize(table->cells, table->n_cells + 1, sizeof *table->cells);
    table->cells[table->n_cells++] = cell;
}

enum { FIGURE_MOST = 24 }; /* bytes */

static size_t width_of(const struct table *table, size_t column)
{
    size_t width = 0;
    for (size_t i = column; i < table->n_cells; i += table->n_columns)
        if (text_columns(table->cells[i]) > width)
            width = text_columns(table->cells[i]);
    return width;
}

/* Below its heading a column of figures has only what starts like one, and is as short. */
static bool is_of_figures(const struct table *table, size_t column)
{
    bool has_figure = false;
    for (size_t i = column + table->n_columns; i < table->n_cells; i += table->n_columns) {
        const char *cell = table->cells[i];
        if (strchr("0123456789-?", cell[0]) == NULL || strlen(cell) > FIGURE_MOST)
            return false;
        has_figure = has_figure || (cell[0] >= '0' && cell[0] <= '9');
    }
    return has_figure;
}

static void add_cell(const char *cell, size_t width, bool is_right, bool is_last, struct text *out)
{
    size_t blank = width - text_columns(cell);
    if (is_right)
        text_add_format(out, "%*s", (int)blank, "");
    text_add(out, cell);
    if (!is_right && !is_last)
        text_add_format(out, "%*s", (int)blank, "");
}

void table_print(const struct table *table, bool is_bold, struct text *out)
{
    for (size_t i = 0; i < table->n_cells; i++) {
        size_t column = i % table->n_columns;
        bool is_last = column + 1 == table->n_columns;
        if (i == 0 && is_bold)
            text_add(out, "\033[1m");
        add_cell(table->cells[i], width_of(table, column), is_of_figures(table, column), is_last,
                 out);
        if (i + 1 == table->n_columns && is_bold)
            text_add(out, "\033[0m");
        text_add(out, is_last ? "\n" : "  ");
    }
}

void table_fini(struct table *table)
{
    for (size_t i = 0; i < table->n_cells; i++)
        free(table->cells[i]);
    free(table->cells);
    *table = (struct table){0};
}
