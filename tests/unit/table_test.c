/* SPDX-License-Identifier: MIT */
#include "core/table.h"
#include "tests/support/suite.h"

static void fill(struct table *table, size_t n, const char *const *cells)
{
    for (size_t i = 0; i < n; i++)
        table_cell(table, "%s", cells[i]);
}

static void columns_are_aligned(void)
{
    static const char *const cells[] = {"POOL", "WAITING", "NOTE",  "mail",  "7",
                                        "x",    "été",     "1000+", "longer"};
    struct table table;
    struct text out = {0};
    table_init(&table, 3);
    fill(&table, 9, cells);
    table_print(&table, false, &out);
    CHECK_TEXT(text_chars(&out), "POOL  WAITING  NOTE\n"
                                 "mail        7  x\n"
                                 "été     1000+  longer\n");
    text_fini(&out);
    table_fini(&table);
}

static void what_is_not_known_stands_with_the_figures(void)
{
    static const char *const cells[] = {"A", "OLDEST", "1", "?", "2", "40s", "3", "-"};
    struct table table;
    struct text out = {0};
    table_init(&table, 2);
    fill(&table, 8, cells);
    table_print(&table, false, &out);
    CHECK_TEXT(text_chars(&out), "A  OLDEST\n1       ?\n2     40s\n3       -\n");
    text_fini(&out);
    table_fini(&table);
}

static void sentences_are_no_figures(void)
{
    static const char *const cells[] = {"A", "WHY", "1", "127.0.0.1:6379/0 is empty", "2", "?"};
    struct table table;
    struct text out = {0};
    table_init(&table, 2);
    fill(&table, 6, cells);
    table_print(&table, false, &out);
    CHECK_TEXT(text_chars(&out), "A  WHY\n1  127.0.0.1:6379/0 is empty\n2  ?\n");
    text_fini(&out);
    table_fini(&table);
}

static void headings_are_bold_on_a_terminal(void)
{
    static const char *const cells[] = {"A", "B", "x", "y"};
    struct table table;
    struct text out = {0};
    table_init(&table, 2);
    fill(&table, 4, cells);
    table_print(&table, true, &out);
    CHECK_TEXT(text_chars(&out), "\033[1mA  B\033[0m\nx  y\n");
    text_fini(&out);
    table_fini(&table);
}

static const struct test tests[] = {
    {"columns are aligned", columns_are_aligned},
    {"what is not known stands with the figures", what_is_not_known_stands_with_the_figures},
    {"sentences are no figures", sentences_are_no_figures},
    {"headings are bold on a terminal", headings_are_bold_on_a_terminal},
};
SUITE_MAIN("table", tests)
