/* SPDX-License-Identifier: MIT */
#include "core/moment.h"

#include "tests/support/suite.h"

#include <stdlib.h>
#include <time.h>

static const int64_t noon_ms = 1795521600000; /* 2026-11-24 12:00 UTC */

/* Seconds before noon, INT64_MAX if it is refused. */
static int64_t before_noon(const char *text)
{
    int64_t utc_ms;
    struct error error = {""};
    if (moment_parse(text, noon_ms, &utc_ms, &error) != 0) {
        CHECK_HAS(error.text, text);
        return INT64_MAX;
    }
    return (noon_ms - utc_ms) / 1000;
}

static void set_zone(const char *zone)
{
    setenv("TZ", zone, 1);
    tzset();
}

static void times_are_read(void)
{
    set_zone("UTC");
    CHECK_INT(before_noon("5m ago"), 300);
    CHECK_INT(before_noon("2d ago"), 172800);
    CHECK_INT(before_noon("10:30"), 5400);
    CHECK_INT(before_noon("10:30:10"), 5390);
    CHECK_INT(before_noon("12:30"), 84600); /* yesterday's */
    CHECK_INT(before_noon("2026-11-24T11:00Z"), 3600);
    CHECK_INT(before_noon("2026-11-24 11:00"), 3600);
    CHECK_INT(before_noon("2026-11-24T11:00:59.123Z"), 3541);
}

static void clocks_here_are_meant(void)
{
    set_zone("CET-1");
    CHECK_INT(before_noon("12:30"), 1800);
    CHECK_INT(before_noon("11:30Z"), 1800);
    CHECK_INT(before_noon("2026-11-24 12:30"), 1800);
    CHECK_INT(before_noon("2026-11-24T11:30Z"), 1800);
    struct text text = {0};
    moment_add(noon_ms, &text);
    CHECK_TEXT(text_chars(&text), "2026-11-24 13:00:00 CET");
    text_fini(&text);
}

static void else_is_refused(void)
{
    static const char *const none[] = {
        "",       "noon",    "5 ago",   "ago",        "25:00",
        "10:30x", "-1m ago", "10:30ZZ", "2026-11-24", "2026-13-01T10:00Z"};
    set_zone("UTC");
    for (size_t i = 0; i < sizeof none / sizeof none[0]; i++)
        CHECK_INT(before_noon(none[i]), INT64_MAX);
}

static const struct test tests[] = {
    {"times are read", times_are_read},
    {"times without a Z are of the clocks here", clocks_here_are_meant},
    {"what is no time is refused", else_is_refused},
};

SUITE_MAIN("moment", tests)
