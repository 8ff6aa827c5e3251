/* SPDX-License-Identifier: MIT */
#include "core/journal_read.h"
#include "core/json_scan.h"
#include "tests/support/suite.h"

#include <string.h>

static struct json_scan scan_of(const char *text)
{
    return json_scan(text, strlen(text));
}

/* The sum of an array's numbers, -1 if it is not good. */
static int64_t sum_of(const char *text)
{
    struct json_scan scan = scan_of(text);
    int64_t sum = 0;
    for (json_enter(&scan, '['); json_next(&scan, ']');)
        sum += json_whole(&scan);
    return json_is_over(&scan) ? sum : -1;
}

static void numbers_are_read(void)
{
    CHECK_INT(sum_of("[1,2,-5,10]"), 8);
    CHECK_INT(sum_of(" [ 1 , 2.75 , true , false , null ] \n"), 4);
    CHECK_INT(sum_of("[9223372036854775807]"), INT64_MAX);
    CHECK_INT(sum_of("[99999999999999999999]"), INT64_MAX);
    CHECK_INT(sum_of("[]"), 0);
}

static void what_is_broken_is_bad(void)
{
    static const char *const broken[] = {"",     "[",   "[1",   "[1,",     "[1,]",
                                         "[,1]", "[-]", "[1]]", "[\"a\"]", "[tru]",
                                         "{}",   "[1}", "1",    "[1] x"};
    for (size_t i = 0; i < sizeof broken / sizeof broken[0]; i++)
        CHECK_INT(sum_of(broken[i]), -1);
}

static void strings_are_unescaped_and_cut(void)
{
    struct json_scan scan = scan_of("[\"a\\\"b\\\\\\n\\u0041\\u00e9\",\"long\"]");
    char text[32];
    char small[3];
    json_enter(&scan, '[');
    CHECK(json_next(&scan, ']'));
    json_string(&scan, text, sizeof text);
    CHECK_TEXT(text, "a\"b\\\nA?");
    CHECK(json_next(&scan, ']'));
    json_string(&scan, small, sizeof small);
    CHECK_TEXT(small, "lo");
    CHECK(!json_next(&scan, ']') && json_is_over(&scan));
}

static void anything_is_skipped(void)
{
    struct json_scan scan = scan_of("{\"a\":{\"b\":[1,{\"c\":\"]}\\\"\"}],\"d\":null},\"z\":7}");
    int64_t z = 0;
    for (json_enter(&scan, '{'); json_next(&scan, '}');)
        if (json_key_is(json_key(&scan), "z"))
            z = json_whole(&scan);
        else
            json_skip(&scan);
    CHECK_INT(z, 7);
    CHECK(json_is_over(&scan));
}

/* ---- Lines of the journal ---- */

static void any_part_of_a_line_is_bad(void)
{
    static struct journal_decision line = {.utc_ms = 1790000000123,
                                           .kind = JOURNAL_DECISION,
                                           .pool = "mail \"x\"",
                                           .policy = "0123456789abcdef",
                                           .inputs = {.now_ms = 5, .room_of = "database"},
                                           .history.up = {{{7, 3}, {9, 4}}, 2},
                                           .decision = {.size = 4, .n_steps = 1}};
    static struct journal_decision read;
    struct text text = {0};
    journal_line_decision(&line, "why {not", &text);
    CHECK_INT(journal_read(text.chars, text.length, &read), JOURNAL_DECISION);
    CHECK_INT(read.utc_ms, line.utc_ms);
    CHECK_TEXT(read.pool, line.pool);
    CHECK_TEXT(read.inputs.room_of, "database");
    CHECK_INT(read.history.up.n, 2);
    CHECK_INT(read.history.up.wanted[1].until_ms, 9);
    CHECK_INT(read.decision.size, 4);
    for (size_t n = 0; n + 1 < text.length; n++)
        CHECK_INT(journal_read(text.chars, n, &read), JOURNAL_BAD);
    text_fini(&text);
}

static const struct test tests[] = {
    {"numbers are read", numbers_are_read},
    {"what is broken is bad", what_is_broken_is_bad},
    {"strings are unescaped and cut", strings_are_unescaped_and_cut},
    {"anything is skipped", anything_is_skipped},
    {"a line comes back, and any part of it is bad", any_part_of_a_line_is_bad},
};

SUITE_MAIN("json_scan", tests)
