/* SPDX-License-Identifier: MIT */
#include "core/error.h"
#include "tests/support/suite.h"

#include <string.h>

static void it_notes_a_sentence_and_returns_minus_one(void)
{
    struct error error = {""};
    CHECK_INT(error_set(&error, "cannot open %s: %d", "queue.yml", 2), -1);
    CHECK_TEXT(error.text, "cannot open queue.yml: 2");
}

static void the_first_text_wins(void)
{
    struct error error = {""};
    error_set(&error, "cannot connect to db.example:5432: connection refused");
    CHECK_INT(error_set(&error, "cannot measure"), -1);
    CHECK_TEXT(error.text, "cannot connect to db.example:5432: connection refused");
}

static void nobody_has_to_ask_for_it(void)
{
    CHECK_INT(error_set(NULL, "cannot %s", "measure"), -1);
}

static void a_long_text_is_cut(void)
{
    char text[4096];
    struct error error = {""};
    memset(text, 'x', sizeof text);
    text[sizeof text - 1] = '\0';
    CHECK_INT(error_set(&error, "%s", text), -1);
    CHECK_INT(strlen(error.text), sizeof error.text - 1);
}

static const struct test tests[] = {
    {"it notes a sentence and returns -1", it_notes_a_sentence_and_returns_minus_one},
    {"the first text wins", the_first_text_wins},
    {"nobody has to ask for it", nobody_has_to_ask_for_it},
    {"a long text is cut", a_long_text_is_cut},
};
SUITE_MAIN("error", tests)
