/* SPDX-License-Identifier: MIT
 * A set of names against a plain list. */
#include "plugins/shared/names.h"
#include "tests/support/suite.h"

#include <stdio.h>

enum { MOST = 5000 };

static void empty_set_has_nothing(void)
{
    struct names names = {0};
    CHECK(names_find(&names, "a") == NAMES_NONE);
    names_fini(&names);
    names_fini(&names);
}

static void texts_are_numbered_as_they_come(void)
{
    struct names names = {0};
    char text[16];
    for (size_t i = 0; i < MOST; i++) {
        snprintf(text, sizeof text, "q%zu", i * 7919 % MOST);
        CHECK(names_find(&names, text) == NAMES_NONE);
        CHECK_INT(names_add(&names, text), i);
        CHECK_INT(names_add(&names, text), i);
    }
    CHECK_INT(names.n, MOST);
    for (size_t i = 0; i < MOST; i++) {
        snprintf(text, sizeof text, "q%zu", i * 7919 % MOST);
        CHECK_INT(names_find(&names, text), i);
        CHECK_TEXT(names_at(&names, i), text);
    }
    CHECK_INT(names_add(&names, ""), MOST);
    CHECK(names_find(&names, "q") == NAMES_NONE);
    names_fini(&names);
}

static const struct test tests[] = {
    {"an empty set has nothing", empty_set_has_nothing},
    {"texts are numbered as they come", texts_are_numbered_as_they_come},
};

SUITE_MAIN("names", tests)
