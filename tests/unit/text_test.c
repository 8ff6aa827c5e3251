/* SPDX-License-Identifier: MIT */
#include "core/text.h"
#include "tests/support/suite.h"

#include <stdlib.h>
#include <string.h>

static void empty_text_is_empty(void)
{
    struct text text = {0};
    CHECK_TEXT(text_chars(&text), "");
    text_clear(&text);
    CHECK_TEXT(text_chars(&text), "");
    char *taken = text_take(&text);
    CHECK_TEXT(taken, "");
    free(taken);
    text_fini(&text);
    text_fini(&text);
}

static void text_grows(void)
{
    struct text text = {0};
    for (int i = 0; i < 1000; i++)
        text_add(&text, "abc");
    text_add_n(&text, "defg", 1);
    CHECK_INT(text.length, 3001);
    CHECK_INT(strlen(text_chars(&text)), 3001);
    CHECK_TEXT(text_chars(&text) + 2994, "abcabcd");
    text_fini(&text);
    CHECK_INT(text.length, 0);
}

static void formats_of_any_length_fit(void)
{
    struct text text = {0};
    text_add_format(&text, "%s-%d", "x", 5);
    text_add_format(&text, "%*s|", 5000, "");
    text_add_format(&text, "%s", "");
    CHECK_INT(text.length, 3 + 5001);
    CHECK_TEXT(text_chars(&text) + 5002, " |");
    text_fini(&text);
}

static void taken_text_is_the_callers(void)
{
    struct text text = {0};
    text_add(&text, "mine");
    char *taken = text_take(&text);
    text_add(&text, "next");
    CHECK_TEXT(taken, "mine");
    CHECK_TEXT(text_chars(&text), "next");
    free(taken);
    text_fini(&text);
}

static void durations_are_for_people(void)
{
    static const struct {
        int64_t ms;
        const char *text;
    } cases[] = {{0, "0 ms"},
                 {850, "850 ms"},
                 {1000, "1 s"},
                 {9500, "9 s 500 ms"},
                 {10999, "10 s"},
                 {60000, "1 min"},
                 {125999, "2 min 5 s"},
                 {3600000, "1 h"},
                 {12059999, "3 h 20 min"},
                 {86399999, "23 h 59 min"},
                 {90000000, "1 d 1 h"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text text = {0};
        text_add_ms(&text, cases[i].ms);
        CHECK_TEXT(text_chars(&text), cases[i].text);
        text_fini(&text);
    }
}

static void columns_are_characters(void)
{
    CHECK_INT(text_columns(""), 0);
    CHECK_INT(text_columns("abc"), 3);
    CHECK_INT(text_columns("\xC3\xA9t\xC3\xA9"), 3);            /* two bytes each */
    CHECK_INT(text_columns("\xE2\x82\xAC\xF0\x9F\x90\x8E"), 2); /* three, and four */
}

static void characters_of_utf8_are_told_from_others(void)
{
    static const struct {
        const char *chars;
        size_t length;
    } cases[] = {
        {"a", 1},
        {"\t", 1},
        {"\n", 1},
        {"\xC3\xA9", 2},
        {"\xC2\xA0", 2},
        {"\xE2\x82\xAC", 3},
        {"\xEF\xBF\xBD", 3},
        {"\xF0\x9F\x90\x8E", 4},
        {"\xF4\x8F\xBF\xBF", 4},
        {"\x1B", 0},             /* a control character */
        {"\x7F", 0},             /* likewise */
        {"\xC2\x9B", 0},         /* likewise, of the second set */
        {"\x80", 0},             /* the rest of none */
        {"\xC0\xAF", 0},         /* longer than need be */
        {"\xE0\x80\xAF", 0},     /* likewise */
        {"\xF0\x80\x80\xAF", 0}, /* likewise */
        {"\xED\xA0\x80", 0},     /* half of a pair */
        {"\xF4\x90\x80\x80", 0}, /* past the last one */
        {"\xF5\x80\x80\x80", 0}, /* likewise */
        {"\xC3", 0},             /* cut short */
        {"\xE2\x82", 0},         /* likewise */
        {"\xE2\x82\x41", 0},     /* broken off */
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
        CHECK_INT(text_character(cases[i].chars, strlen(cases[i].chars)), cases[i].length);
    CHECK_INT(text_character("", 0), 0);
    CHECK_INT(text_character("\xE2\x82\xAC", 2), 0);
}

static const char *const words[] = {"timeout", "token", "url", "app", "max_run_time"};

static const char *nearest(const char *word)
{
    return text_nearest(word, words, sizeof words / sizeof words[0]);
}

static void nearest_word_is_found(void)
{
    CHECK_TEXT(nearest("timeuot"), "timeout"); /* swapped */
    CHECK_TEXT(nearest("tken"), "token");      /* left out */
    CHECK_TEXT(nearest("urll"), "url");        /* put in */
    CHECK_TEXT(nearest("apb"), "app");         /* changed */
    CHECK_TEXT(nearest("maxruntime"), "max_run_time");
    CHECK_TEXT(nearest("url"), "url");
    CHECK_TEXT(nearest("URL"), "url"); /* in other letters */
}

static void what_is_far_from_all_words_has_no_nearest(void)
{
    CHECK_TEXT(nearest("journal"), NULL);
    CHECK_TEXT(nearest("x"), NULL);
    CHECK_TEXT(nearest(""), NULL);
    CHECK_TEXT(text_nearest("url", words, 0), NULL);
    char longer[200];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    CHECK_TEXT(nearest(longer), NULL);
}

static void words_of_which_it_is_a_part_may_be_meant(void)
{
    static const char *const names[] = {"heroku-formation", "heroku-hobby", "heroku-single",
                                        "sidekiq"};
    static const char *const cases[][2] = {
        {"heroku", "\"heroku-formation\", \"heroku-hobby\" or \"heroku-single\""},
        {"Hobby", "\"heroku-hobby\""},
        {"sidekiq-of-another-company", "\"sidekiq\""},
        {"sidekik", "\"sidekiq\""},
        {"nomad", ""},
        {"si", ""},
        {"", ""},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct text text = {0};
        size_t n = text_add_meant(&text, cases[i][0], names, 4);
        CHECK_TEXT(text_chars(&text), cases[i][1]);
        CU_ASSERT_EQUAL(n > 0, cases[i][1][0] != '\0');
        text_fini(&text);
    }
}

static const struct test tests[] = {
    {"an empty text is empty", empty_text_is_empty},
    {"a text grows", text_grows},
    {"formats of any length fit", formats_of_any_length_fit},
    {"a text that was taken is the caller's", taken_text_is_the_callers},
    {"durations are for people", durations_are_for_people},
    {"columns are characters, not bytes", columns_are_characters},
    {"characters of UTF-8 are told from other bytes", characters_of_utf8_are_told_from_others},
    {"the nearest word is found", nearest_word_is_found},
    {"words of which it is a part may be meant", words_of_which_it_is_a_part_may_be_meant},
    {"what is far from all words has no nearest", what_is_far_from_all_words_has_no_nearest},
};

SUITE_MAIN("text", tests)
