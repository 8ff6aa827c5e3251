/* SPDX-License-Identifier: MIT
 * What a server said, made fit for a text of ours. */
#include "plugins/shared/quote.h"
#include "tests/support/suite.h"

#include <string.h>

/* What is said -> what is quoted, in a room of so many bytes, with the secret "s3cret". */
struct row {
    const char *said;
    const char *quoted;
    size_t room; /* 0: enough */
};

static const struct row rows[] = {
    {"", "", 0},
    {"No.", "No.", 0},
    {"two\nlines\r\n\tand  more \n", "two lines and more", 0},
    {"\n\x01 \x7f", "", 0},
    {"\x1b[31mred\x1b[0m", "[31mred [0m", 0},
    {"\xc2\x9b"
     "31m",
     "31m", 0},
    {"5 \xe2\x82\xac, \xc3\xa9, \xf0\x9f\x98\x80", "5 \xe2\x82\xac, \xc3\xa9, \xf0\x9f\x98\x80", 0},
    {"caf\xe9", "caf?", 0},
    {"\xe2\x82", "??", 0},
    {"\xc0\xaf \xe0\x80\xaf \xed\xa0\x80 \xf5\x80\x80\x80 \xf4\x90\x80\x80", "?? ??? ??? ???? ????",
     0},
    {"s3cret", "***", 0},
    {"Bearer s3crets3cret is wrong, s3cre is not", "Bearer ****** is wrong, s3cre is not", 0},
    {"1234567", "1234567", 8},
    {"12345678", "1234...", 8},
    {"\xe2\x82\xac\xe2\x82\xac\xe2\x82\xac", "\xe2\x82\xac...", 8},
    {"1s3cret5678", "1***...", 8},
    {"123s3cret", "123***", 8},
    {"1234s3cret", "1234***", 8},
    {"12345s3cret", "1234...", 8},
};

static void servers_are_quoted(void)
{
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        char out[256];
        size_t room = rows[i].room != 0 ? rows[i].room : sizeof out;
        memset(out, 'x', sizeof out);
        CHECK_TEXT(quote(rows[i].said, strlen(rows[i].said), "s3cret", out, room), rows[i].quoted);
        if (room < sizeof out)
            CHECK_INT(out[room], 'x');
    }
}

static void zero_bytes_do_not_end_it(void)
{
    char out[16];
    CHECK_TEXT(quote("a\0b", 3, "s3cret", out, sizeof out), "a b");
}

static void a_full_stop_ends_no_part_of_a_sentence(void)
{
    CHECK_INT(quote_length("wrong."), 5);
    CHECK_INT(quote_length("wrong. \r\n"), 5);
    CHECK_INT(quote_length("5.1 is old"), 10);
    CHECK_INT(quote_length("..."), 0);
    CHECK_INT(quote_length(""), 0);
}

static const struct test tests[] = {
    {"one line of UTF-8, cut to the room, without the secret", servers_are_quoted},
    {"a zero byte does not end it", zero_bytes_do_not_end_it},
    {"a full stop ends no part of a sentence", a_full_stop_ends_no_part_of_a_sentence},
};

SUITE_MAIN("heroku quote", tests)
