/* SPDX-License-Identifier: MIT
 * Cells in aligned columns, for people: struct table t; table_init(&t, 3); three table_cell() calls
 * a row, the first row being the headings; table_print(&t, out); table_fini(&t). */
#ifndef CORE_TABLE_H
#define CORE_TABLE_H

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>

struct table {
    char **cells;
    size_t n_cells;
    size_t n_columns;
};

void table_init(struct table *table, size_t n_columns);
void table_cell(struct table *table, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* Columns with nothing but numbers, durations and unknowns stand right-aligned. With `is_bold` the
 * headings are set apart as a terminal can. */
void table_print(const struct table *table, bool is_bold, struct text *out);
void table_fini(struct table *table);

#endif
