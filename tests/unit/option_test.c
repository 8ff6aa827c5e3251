/* SPDX-License-Identifier: MIT */
#include "core/option.h"
#include "tests/support/suite.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

struct values {
    const char *name;
    const char *url;
    const char *token;
    struct dyn_list tables;
    int64_t count;
    int64_t age_ms;
    int32_t is_strict;
    int32_t mode;
};

enum { NAME, URL, TOKEN, TABLES, COUNT, AGE, STRICT, MODE, N_ROWS };

static const struct dyn_option rows[N_ROWS] = {
    [NAME] = {"name", NULL, NULL, NULL, "what it is called", DYN_TEXT, DYN_REQUIRED,
              offsetof(struct values, name), 0},
    [URL] = {"url", NULL, NULL, "OPTION_TEST_URL", "where it is", DYN_URL, 0,
             offsetof(struct values, url), 0},
    [TOKEN] = {"token", NULL, NULL, "OPTION_TEST_TOKEN OPTION_TEST_KEY", "lets in", DYN_TEXT,
               DYN_REQUIRED | DYN_SECRET, offsetof(struct values, token), 0},
    [TABLES] = {"tables", "jobs", NULL, NULL, "what is read", DYN_LIST, 0,
                offsetof(struct values, tables), 0},
    [COUNT] = {"count", "10", "1..100", "OPTION_TEST_COUNT", "how many", DYN_INTEGER, 0,
               offsetof(struct values, count), 0},
    [AGE] = {"age", NULL, "1s..", NULL, "how old", DYN_DURATION, 0, offsetof(struct values, age_ms),
             0},
    [STRICT] = {"strict", "no", NULL, NULL, "whether strangers are refused", DYN_BOOLEAN, 0,
                offsetof(struct values, is_strict), 0},
    [MODE] = {"mode", NULL, "slow|fast", NULL, "how it counts", DYN_CHOICE, 0,
              offsetof(struct values, mode), 0},
};

static const struct option_table table = {rows, N_ROWS};

/* ---- One option ---- */

static int set(int row, const char *text, struct values *values, struct error *error)
{
    error->text[0] = '\0';
    return option_set(&rows[row], &text, 1, values, error);
}

/* What a text becomes, as it is printed; or why it does not. */
static char *become(const struct dyn_option *row, const char *text)
{
    struct values values;
    struct error error = {""};
    struct text out = {0};
    option_init(table, &values);
    if (option_set(row, &text, 1, &values, &error) == 0)
        option_print_whole(row, &values, &out);
    else
        text_add(&out, error.text);
    option_fini(table, &values);
    return text_take(&out);
}

static void check_become(const struct dyn_option *row, const char *text, const char *expected)
{
    char *got = become(row, text);
    CHECK_TEXT(got, expected);
    free(got);
}

static void durations_have_units(void)
{
    static const struct {
        const char *text;
        int64_t ms;
    } cases[] = {{"500ms", 500},   {"10s", 10000},   {"5m", 300000},
                 {"4h", 14400000}, {"1d", 86400000}, {"0", 0},
                 {"0s", 0},        {"0001s", 1000},  {"106751991167d", 9223372036828800000}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        int64_t ms = -1;
        CHECK_INT(option_parse_duration(cases[i].text, &ms, NULL), 0);
        CHECK_INT(ms, cases[i].ms);
    }
}

static void what_is_no_duration_is_refused(void)
{
    static const char *const texts[] = {"",
                                        "5",
                                        "s",
                                        "-5s",
                                        "1.5s",
                                        "5 s",
                                        " 5s",
                                        "5sec",
                                        "5S",
                                        "0x5s",
                                        "1h5m",
                                        "5s ",
                                        "+5s",
                                        "106751991168d",
                                        "99999999999999999999ms"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        int64_t ms = 7;
        struct error error = {""};
        CHECK_INT(option_parse_duration(texts[i], &ms, &error), -1);
        CHECK_HAS(error.text, "must be a duration such as");
    }
}

static void durations_are_printed_as_they_are_typed(void)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{0, "0s"},       {1, "1ms"},        {1500, "1500ms"},    {90000, "90s"},
                 {3600000, "1h"}, {172800000, "2d"}, {90061000, "90061s"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text out = {0};
        int64_t ms = -1;
        option_print_duration(cases[i].ms, &out);
        CHECK_TEXT(text_chars(&out), cases[i].text);
        CHECK_INT(option_parse_duration(text_chars(&out), &ms, NULL), 0);
        CHECK_INT(ms, cases[i].ms);
        text_fini(&out);
    }
}

static void integers_are_whole_numbers_in_their_limits(void)
{
    check_become(&rows[COUNT], "1", "=1");
    check_become(&rows[COUNT], "100", "=100");
    check_become(&rows[COUNT], "007", "=7");
    check_become(&rows[COUNT], "0", "count must be from 1 to 100");
    check_become(&rows[COUNT], "101", "count must be from 1 to 100");
    check_become(&rows[COUNT], "-1", "count must be from 1 to 100");
    check_become(&rows[COUNT], "1.0", "count must be a whole number");
    check_become(&rows[COUNT], "ten", "count must be a whole number");
    check_become(&rows[COUNT], "", "count must be a whole number");
    check_become(&rows[COUNT], "5s", "count must be a whole number");
    check_become(&rows[COUNT], "9223372036854775808", "count must be a whole number");
    check_become(&rows[COUNT], "-9223372036854775808", "count must be a whole number");
    check_become(&rows[AGE], "999ms", "age must be at least 1s");
    struct dyn_option open = rows[COUNT];
    open.limits = "..5";
    check_become(&open, "-9223372036854775807", "=-9223372036854775807");
    check_become(&open, "6", "count must be at most 5");
    open.limits = NULL;
    check_become(&open, "9223372036854775807", "=9223372036854775807");
}

static void booleans_are_words(void)
{
    static const char *const yes[] = {"yes", "true", "on", "Yes", "TRUE"};
    static const char *const no[] = {"no", "false", "off", "No", "OFF"};
    for (size_t i = 0; i < 5; i++) {
        check_become(&rows[STRICT], yes[i], "=yes");
        check_become(&rows[STRICT], no[i], "=no");
    }
    check_become(&rows[STRICT], "1", "strict must be yes or no");
    check_become(&rows[STRICT], "", "strict must be yes or no");
    check_become(&rows[STRICT], "y", "strict must be yes or no");
}

static void choices_are_of_their_words(void)
{
    check_become(&rows[MODE], "slow", "=slow");
    check_become(&rows[MODE], "fast", "=fast");
    check_become(&rows[MODE], "fsat", "mode must be one of slow, fast; did you mean \"fast\"?");
    check_become(&rows[MODE], "unlikely", "mode must be one of slow, fast");
    check_become(&rows[MODE], "slow|fast", "mode must be one of slow, fast");
    check_become(&rows[MODE], "", "mode must be one of slow, fast");
}

static void texts_are_one_line_of_utf8(void)
{
    check_become(&rows[NAME], "", "=");
    check_become(&rows[NAME], "\xC3\xA9t\xC3\xA9 # { : }", "=\xC3\xA9t\xC3\xA9 # { : }");
    check_become(&rows[NAME], "a\nb", "name must be one line, without tabs");
    check_become(&rows[NAME], "a\tb", "name must be one line, without tabs");
    check_become(&rows[NAME], "a\x1B[31mb", "name must be UTF-8 text without control characters");
    check_become(&rows[NAME], "caf\xE9", "name must be UTF-8 text without control characters");
}

static void messages_do_not_repeat_values(void)
{
    struct values values;
    struct error error;
    option_init(table, &values);
    for (int row = 0; row < N_ROWS; row++) {
        if (set(row, "s3cret\n", &values, &error) == 0)
            continue;
        CHECK(strstr(error.text, "s3cret") == NULL);
        CHECK_HAS(error.text, rows[row].name);
    }
    option_fini(table, &values);
}

static void only_lists_take_several_texts(void)
{
    static const char *const texts[] = {"a", "b"};
    struct values values;
    struct error error = {""};
    option_init(table, &values);
    CHECK_INT(option_set(&rows[TABLES], texts, 2, &values, &error), 0);
    CHECK_INT(values.tables.n, 2);
    CHECK_TEXT(values.tables.items[1], "b");
    CHECK_INT(option_set(&rows[NAME], texts, 2, &values, &error), -1);
    CHECK_TEXT(error.text, "name must be a single value");
    CHECK_INT(option_set(&rows[TABLES], texts, 0, &values, &error), 0);
    CHECK_INT(values.tables.n, 0);
    CHECK(values.tables.items == NULL);
    option_fini(table, &values);
}

static void a_refused_value_leaves_the_old_one(void)
{
    struct values values;
    struct error error;
    option_init(table, &values);
    CHECK_INT(set(NAME, "old", &values, &error), 0);
    CHECK_INT(set(NAME, "a\nb", &values, &error), -1);
    CHECK_TEXT(values.name, "old");
    CHECK_INT(set(COUNT, "5", &values, &error), 0);
    CHECK_INT(set(COUNT, "500", &values, &error), -1);
    CHECK_INT(values.count, 5);
    option_fini(table, &values);
}

/* ---- A table ---- */

static void options_begin_absent_and_end_so(void)
{
    struct values values;
    memset(&values, 0x5A, sizeof values); /* whatever was there */
    option_init(table, &values);
    CHECK(values.name == NULL && values.url == NULL && values.token == NULL);
    CHECK(values.tables.items == NULL && values.tables.n == 0);
    CHECK(values.count == DYN_ABSENT && values.age_ms == DYN_ABSENT);
    CHECK_INT(values.is_strict, -1);
    CHECK_INT(values.mode, -1);
    struct error error;
    CHECK_INT(set(NAME, "x", &values, &error), 0);
    option_fini(table, &values);
    CHECK(values.name == NULL);
    option_fini(table, NULL);
}

/* Fills from a map of YAML and completes; returns the mistakes. */
static char *fill(const char *yaml, struct values *values)
{
    static const char *const others[] = {"adapter"};
    struct text mistakes = {0};
    struct config *config = config_parse("test.yml", yaml, strlen(yaml));
    option_init(table, values);
    option_fill(table, config, config_root(config), others, 1, values);
    option_complete(table, config, config_root(config), values);
    config_print_mistakes(config, &mistakes);
    config_free(config);
    return text_take(&mistakes);
}

static void check_fill(const char *yaml, const char *mistake)
{
    struct values values;
    char *mistakes = fill(yaml, &values);
    if (mistake == NULL)
        CHECK_TEXT(mistakes, "");
    else
        CHECK_HAS(mistakes, mistake);
    free(mistakes);
    option_fini(table, &values);
}

static void a_map_fills_all_types(void)
{
    struct values values;
    char *mistakes =
        fill("{adapter: x, name: n, url: u, token: t, tables: [a, b], count: 5, age: 2s, "
             "strict: yes, mode: fast}",
             &values);
    CHECK_TEXT(mistakes, "");
    CHECK_TEXT(values.name, "n");
    CHECK_TEXT(values.url, "u");
    CHECK_TEXT(values.token, "t");
    CHECK_INT(values.tables.n, 2);
    CHECK_INT(values.count, 5);
    CHECK_INT(values.age_ms, 2000);
    CHECK_INT(values.is_strict, 1);
    CHECK_INT(values.mode, 1);
    free(mistakes);
    option_fini(table, &values);
}

static void defaults_fill_what_is_absent(void)
{
    struct values values;
    char *mistakes = fill("{name: n, token: t, count: ~}", &values);
    CHECK_TEXT(mistakes, "");
    CHECK_INT(values.count, 10);
    CHECK_INT(values.tables.n, 1);
    CHECK_TEXT(values.tables.items[0], "jobs");
    CHECK_INT(values.is_strict, 0);
    CHECK(values.url == NULL);
    CHECK(values.age_ms == DYN_ABSENT);
    CHECK_INT(values.mode, -1);
    free(mistakes);
    option_fini(table, &values);
}

static void the_environment_goes_before_defaults_and_after_the_file(void)
{
    struct values values;
    setenv("OPTION_TEST_COUNT", "20", 1);
    setenv("OPTION_TEST_TOKEN", "", 1);
    setenv("OPTION_TEST_KEY", "second", 1);
    setenv("OPTION_TEST_URL", "u", 1);
    char *mistakes = fill("{name: n, url: written}", &values);
    CHECK_TEXT(mistakes, "");
    CHECK_INT(values.count, 20);
    CHECK_TEXT(values.token, "second");
    CHECK_TEXT(values.url, "written");
    free(mistakes);
    option_fini(table, &values);
    setenv("OPTION_TEST_COUNT", "2000", 1);
    check_fill("{name: n}", "count must be from 1 to 100, as the environment variable "
                            "OPTION_TEST_COUNT has it");
    unsetenv("OPTION_TEST_COUNT");
    unsetenv("OPTION_TEST_TOKEN");
    unsetenv("OPTION_TEST_KEY");
    unsetenv("OPTION_TEST_URL");
}

static void mistakes_of_a_map_are_told(void)
{
    check_fill("{name: n, token: t}", NULL);
    check_fill("{token: t}", "test.yml:1:1: name is missing (what it is called)\n");
    check_fill("{name: n}",
               "token is missing (lets in); give it here or in the environment variable "
               "OPTION_TEST_TOKEN or OPTION_TEST_KEY\n");
    check_fill("{name: '', token: t}", "1:8: name must not be empty\n");
    check_fill("{name: n, token: t, cuont: 5}",
               "1:21: unknown key \"cuont\"; did you mean \"count\"?");
    check_fill("{name: n, token: t, adaptr: x}", "did you mean \"adapter\"?");
    check_fill("{name: n, token: t, zzzz: 5}",
               "unknown key \"zzzz\"; known here: adapter, name, url, token, tables, count, age, "
               "strict, mode\n");
    check_fill("{name: [n], token: t}", "1:8: name must be a single value\n");
    check_fill("{name: n, token: t, tables: {a: b}}",
               "tables must be a single value, or a list of them\n");
}

static void a_misspelt_key_is_not_also_missing(void)
{
    struct values values;
    char *mistakes = fill("{nmae: n, tokne: t}", &values);
    CHECK(strstr(mistakes, "is missing") == NULL);
    CHECK_HAS(mistakes, "did you mean \"name\"?");
    CHECK_HAS(mistakes, "did you mean \"token\"?");
    free(mistakes);
    option_fini(table, &values);
}

static void later_maps_go_before_earlier_ones(void)
{
    struct values values;
    const char *yaml = "[{name: first, count: 5, tables: [a]}, {name: second, count: ~}]";
    struct config *config = config_parse("test.yml", yaml, strlen(yaml));
    const struct config_node *maps = config_root(config);
    option_init(table, &values);
    option_fill(table, config, config_item(maps, 0), NULL, 0, &values);
    option_fill(table, config, config_item(maps, 1), NULL, 0, &values);
    CHECK_TEXT(values.name, "second");
    CHECK_INT(values.tables.n, 1);
    CHECK(values.count == DYN_ABSENT); /* a null takes back what was said before */
    CHECK_INT(config_mistakes(config), 0);
    option_fini(table, &values);
    config_free(config);
}

/* ---- For people ---- */

static void check_print(int row, const char *text, const char *expected)
{
    struct values values;
    struct error error;
    struct text out = {0};
    option_init(table, &values);
    CHECK_INT(set(row, text, &values, &error), 0);
    option_print(&rows[row], &values, &out);
    CHECK_TEXT(text_chars(&out), expected);
    text_fini(&out);
    option_fini(table, &values);
}

static void values_are_printed_without_secrets(void)
{
    check_print(NAME, "n", "n");
    check_print(TOKEN, "s3cret", "***");
    check_print(TABLES, "a", "[a]");
    check_print(AGE, "90000ms", "90s");
    check_print(URL, "postgres://user:s3cret@host:5432/db", "postgres://user:***@host:5432/db");
    check_print(URL, "redis://:s3cret@host", "redis://:***@host");
    check_print(URL, "postgres://user:s3/c?r#e@t@host/db", "postgres://user:***@host/db");
    check_print(URL, "postgres://user@host/db", "postgres://user@host/db");
    check_print(URL, "postgres://host/db?sslmode=require&password=s3cret&x=1",
                "postgres://host/db?sslmode=require&password=***&x=1");
    check_print(URL, "sqlite3:/var/lib/app.sqlite3", "sqlite3:/var/lib/app.sqlite3");
    check_print(URL, "host=db password=s3cret user=me", "host=db password=*** user=me");
    check_print(URL, "http://host:80/path", "http://host:80/path");
    check_print(URL, "", "");
}

static void whole_values_tell_apart(void)
{
    struct values values;
    struct text out = {0};
    static const char *const one[] = {"a, b"};
    static const char *const two[] = {"a", "b"};
    option_init(table, &values);
    option_print_whole(&rows[NAME], &values, &out);
    CHECK_TEXT(text_chars(&out), ""); /* absent */
    option_set(&rows[TABLES], one, 1, &values, NULL);
    option_print_whole(&rows[TABLES], &values, &out);
    char *first = text_take(&out);
    option_set(&rows[TABLES], two, 2, &values, NULL);
    option_print_whole(&rows[TABLES], &values, &out);
    CHECK(strcmp(first, text_chars(&out)) != 0);
    free(first);
    text_fini(&out);
    option_fini(table, &values);
    check_become(&rows[NAME], "", "="); /* empty */
    check_become(&rows[TOKEN], "s3cret", "=s3cret");
}

static void help_tells_all_of_a_row(void)
{
    struct text out = {0};
    option_help(table, &out);
    CHECK_HAS(text_chars(&out), "  name    text, required\n          what it is called\n");
    CHECK_HAS(text_chars(&out), "  token   text, secret, required, or from $OPTION_TEST_TOKEN, "
                                "$OPTION_TEST_KEY\n");
    CHECK_HAS(text_chars(&out),
              "  count   whole number 1..100, default 10, or from $OPTION_TEST_COUNT\n");
    CHECK_HAS(text_chars(&out), "  age     duration 1s..\n");
    CHECK_HAS(text_chars(&out), "  strict  yes/no, default no\n");
    CHECK_HAS(text_chars(&out), "  mode    slow|fast\n");
    CHECK_HAS(text_chars(&out), "  tables  list, default jobs\n");
    text_fini(&out);
}

/* The sample as it is, and with every comment sign before a key taken away. */
static char *sample(bool is_whole)
{
    struct text out = {0};
    struct text result = {0};
    option_sample(table, &out);
    for (const char *at = text_chars(&out); *at != '\0'; at++)
        if (!is_whole || at[0] != '#' || at[1] == ' ')
            text_add_n(&result, at, 1);
    text_fini(&out);
    return text_take(&result);
}

static void sample_is_a_map_of_the_file(void)
{
    setenv("OPTION_TEST_TOKEN", "t", 1);
    setenv("OPTION_TEST_URL", "u", 1);
    setenv("OPTION_TEST_COUNT", "5", 1);
    char *plain = sample(false);
    CHECK_HAS(plain, "  # what it is called (text, required)\n  name:\n");
    CHECK_HAS(plain, "\n  token: \"${OPTION_TEST_TOKEN}\"\n");
    CHECK_HAS(plain, "\n  #tables: [jobs]\n");
    check_fill(plain, "test.yml:2:3: name is missing"); /* which is for people to fill in */
    char *whole = sample(true);
    char *name = strstr(whole, "name:");
    CHECK(name != NULL);
    struct text filled = {0};
    text_add_n(&filled, whole, (size_t)(name - whole));
    text_add(&filled, "name: x");
    text_add(&filled, name + 5);
    check_fill(text_chars(&filled), NULL);
    text_fini(&filled);
    free(whole);
    free(plain);
    unsetenv("OPTION_TEST_TOKEN");
    unsetenv("OPTION_TEST_URL");
    unsetenv("OPTION_TEST_COUNT");
}

/* ---- Tables from outside ---- */

static void check_table(struct dyn_option row, const char *expected)
{
    struct dyn_option both[2] = {rows[NAME], row};
    struct error error = {""};
    int result = option_check((struct option_table){both, 2}, sizeof(struct values), &error);
    CHECK_INT(result, expected == NULL ? 0 : -1);
    CHECK_HAS(error.text, expected != NULL ? expected : "");
}

static void good_tables_are_accepted(void)
{
    struct error error = {""};
    CHECK_INT(option_check(table, sizeof(struct values), &error), 0);
    CHECK_TEXT(error.text, "");
    CHECK_INT(option_check((struct option_table){NULL, 0}, 0, &error), 0);
    check_table(rows[COUNT], NULL);
}

static void tables_that_cannot_be_used_are_refused(void)
{
    struct dyn_option row = rows[COUNT];
    row.name = "Count";
    check_table(row, "option 2: a name is lower case letters");
    row.name = NULL;
    check_table(row, "option 2: a name is lower case letters");
    row.name = "name";
    check_table(row, "option name: there are two of this name");
    row = rows[COUNT];
    row.type = 99;
    check_table(row, "option count: type 99 is not known");
    row = rows[COUNT];
    row.offset = sizeof(struct values) - 4;
    check_table(row, "option count: its member lies outside the struct");
    row.offset = UINT32_MAX - 7;
    check_table(row, "option count: its member lies outside the struct");
    row.offset = 4;
    check_table(row, "option count: its member is not aligned");
    row = rows[COUNT];
    row.limits = "100";
    check_table(row, "option count: its limits \"100\" cannot be read");
    row.limits = "9..1";
    check_table(row, "option count: its limits \"9..1\" cannot be read");
    row.limits = "1s..";
    check_table(row, "option count: its limits \"1s..\" cannot be read");
    row = rows[COUNT];
    row.standard = "1000";
    check_table(row,
                "option count: its default \"1000\" does not fit: count must be from 1 to 100");
    row = rows[COUNT];
    row.help = NULL;
    check_table(row, "option count: it has no help");
    row = rows[MODE];
    row.limits = NULL;
    check_table(row, "option mode: it is a choice without words");
}

static const struct test tests[] = {
    {"durations have units", durations_have_units},
    {"what is no duration is refused", what_is_no_duration_is_refused},
    {"durations are printed as they are typed", durations_are_printed_as_they_are_typed},
    {"integers are whole numbers in their limits", integers_are_whole_numbers_in_their_limits},
    {"booleans are words", booleans_are_words},
    {"choices are of their words", choices_are_of_their_words},
    {"texts are one line of UTF-8", texts_are_one_line_of_utf8},
    {"messages do not repeat values", messages_do_not_repeat_values},
    {"only lists take several texts", only_lists_take_several_texts},
    {"a refused value leaves the old one", a_refused_value_leaves_the_old_one},
    {"options begin absent and end so", options_begin_absent_and_end_so},
    {"a map fills all types", a_map_fills_all_types},
    {"defaults fill what is absent", defaults_fill_what_is_absent},
    {"the environment goes before defaults and after the file",
     the_environment_goes_before_defaults_and_after_the_file},
    {"mistakes of a map are told", mistakes_of_a_map_are_told},
    {"a misspelt key is not also missing", a_misspelt_key_is_not_also_missing},
    {"later maps go before earlier ones", later_maps_go_before_earlier_ones},
    {"values are printed without secrets", values_are_printed_without_secrets},
    {"whole values tell apart", whole_values_tell_apart},
    {"help tells all of a row", help_tells_all_of_a_row},
    {"a sample is a map of the file", sample_is_a_map_of_the_file},
    {"good tables are accepted", good_tables_are_accepted},
    {"tables that cannot be used are refused", tables_that_cannot_be_used_are_refused},
};

SUITE_MAIN("option", tests)
