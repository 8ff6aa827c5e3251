/* SPDX-License-Identifier: MIT */
#include "core/pace.h"
#include "tests/support/suite.h"

#include <dynomatic/plugin.h>

enum { DICE_MIDDLE = 500 }; /* no jitter: exactly the pause */

static void a_well_instance_is_called_at_the_usual_pace(void)
{
    struct pace pace = {0};
    CHECK_INT(pace_note(&pace, DYN_OK, 5, 1000, 0), PACE_QUIET);
    CHECK_INT(pace.next_ms, 0);
    CHECK_INT(pace.failing_since_ms, 0);
}

static void pauses_double_up_to_a_minute(void)
{
    struct pace pace = {0};
    int64_t now_ms = 1000;
    static const int64_t pauses[] = {1000, 2000, 4000, 8000, 16000, 32000, 60000, 60000};
    for (size_t i = 0; i < sizeof pauses / sizeof pauses[0]; i++) {
        pace_note(&pace, DYN_RETRY, 5, now_ms, DICE_MIDDLE);
        CHECK_INT(pace.next_ms - now_ms, pauses[i]);
        now_ms = pace.next_ms;
    }
}

static void broken_is_asked_again_slowly(void)
{
    struct pace pace = {0};
    pace_note(&pace, DYN_BROKEN, 5, 1000, DICE_MIDDLE);
    CHECK_INT(pace.next_ms - 1000, 10 * 1000);
    for (int i = 0; i < 20; i++)
        pace_note(&pace, DYN_BROKEN, 5, 2000, DICE_MIDDLE);
    CHECK_INT(pace.next_ms - 2000, 300 * 1000);
}

static void jitter_stays_within_a_quarter(void)
{
    for (uint32_t dice = 0; dice < 5000; dice++) {
        struct pace pace = {0};
        pace_note(&pace, DYN_RETRY, 5, 1000, dice);
        CHECK(pace.next_ms >= 1000 + 750 && pace.next_ms <= 1000 + 1250);
    }
    struct pace low = {0};
    struct pace high = {0};
    pace_note(&low, DYN_RETRY, 5, 1000, 0);
    pace_note(&high, DYN_RETRY, 5, 1000, 1000);
    CHECK_INT(high.next_ms - low.next_ms, 500);
}

static void a_late_call_pauses_as_long_as_it_took(void)
{
    struct pace pace = {0};
    pace_note(&pace, DYN_LATE, 5000, 10000, DICE_MIDDLE);
    CHECK_INT(pace.next_ms, 15000);
    CHECK_INT(pace.pause_ms, 0);
    pace_note(&pace, DYN_LATE, 3600 * 1000, 10000, DICE_MIDDLE);
    CHECK_INT(pace.next_ms, 70000); /* but not longer than a minute */
}

static void one_success_does_not_forget_the_pause(void)
{
    struct pace pace = {0};
    for (int i = 0; i < 4; i++)
        pace_note(&pace, DYN_RETRY, 5, 1000, DICE_MIDDLE);
    pace_note(&pace, DYN_OK, 5, 10000, DICE_MIDDLE);
    CHECK_INT(pace.next_ms, 0);
    pace_note(&pace, DYN_RETRY, 5, 11000, DICE_MIDDLE);
    CHECK_INT(pace.next_ms - 11000, 16000);
}

static void a_minute_of_health_forgets_it(void)
{
    struct pace pace = {0};
    for (int i = 0; i < 4; i++)
        pace_note(&pace, DYN_RETRY, 5, 1000, DICE_MIDDLE);
    pace_note(&pace, DYN_OK, 5, 10000, DICE_MIDDLE);
    pace_note(&pace, DYN_OK, 5, 70000, DICE_MIDDLE);
    pace_note(&pace, DYN_RETRY, 5, 71000, DICE_MIDDLE);
    CHECK_INT(pace.next_ms - 71000, 1000);
}

static void failing_is_news_once_and_every_ten_minutes(void)
{
    struct pace pace = {0};
    CHECK_INT(pace_note(&pace, DYN_RETRY, 5, 1000, 0), PACE_FAILS);
    CHECK_INT(pace_note(&pace, DYN_RETRY, 5, 2000, 0), PACE_QUIET);
    CHECK_INT(pace_note(&pace, DYN_BROKEN, 5, 3000, 0), PACE_FAILS);
    CHECK_INT(pace_note(&pace, DYN_BROKEN, 5, 602999, 0), PACE_QUIET);
    CHECK_INT(pace_note(&pace, DYN_BROKEN, 5, 603000, 0), PACE_FAILS);
    CHECK_INT(pace.failing_since_ms, 1000);
    CHECK_INT(pace_note(&pace, DYN_OK, 5, 604000, 0), PACE_WELL_AGAIN);
    CHECK_INT(pace_note(&pace, DYN_OK, 5, 605000, 0), PACE_QUIET);
}

static const struct test tests[] = {
    {"a well instance is called at the usual pace", a_well_instance_is_called_at_the_usual_pace},
    {"pauses double up to a minute", pauses_double_up_to_a_minute},
    {"broken is asked again slowly", broken_is_asked_again_slowly},
    {"jitter stays within a quarter", jitter_stays_within_a_quarter},
    {"a late call pauses as long as it took", a_late_call_pauses_as_long_as_it_took},
    {"one success does not forget the pause", one_success_does_not_forget_the_pause},
    {"a minute of health forgets it", a_minute_of_health_forgets_it},
    {"failing is news once and every ten minutes", failing_is_news_once_and_every_ten_minutes},
};
SUITE_MAIN("pace", tests)
