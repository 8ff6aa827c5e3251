/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/fault.h"
#include "tests/fake-heroku/when.h"
#include "tests/support/suite.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* Whether a request at this time is struck. */
static int strikes(struct faults *faults, const char *method, const char *target, int64_t now_ms)
{
    struct request request;
    request_init(&request, target);
    request.method = memory_copy(method);
    const struct fault *fault = faults_strike(faults, &request, now_ms);
    request_fini(&request);
    return fault != NULL;
}

static struct faults rules(const char *text)
{
    struct faults faults = {0};
    struct error error = {0};
    CHECK_INT(faults_add_text(&faults, text, 1000, &error), 0);
    CHECK_TEXT(error.text, "");
    return faults;
}

static void by_method_and_path(void)
{
    struct faults faults = rules("status=500 method=patch path=/apps/*/formation");
    CHECK(strikes(&faults, "PATCH", "/apps/x/formation", 1000));
    CHECK(strikes(&faults, "PATCH", "/apps/x/formation?a=b", 1000));
    CHECK(!strikes(&faults, "GET", "/apps/x/formation", 1000));
    CHECK(!strikes(&faults, "PATCH", "/apps/x/formation/worker", 1000));
    faults_fini(&faults);
}

static void by_call(void)
{
    struct faults faults = rules("reset=before method=PATCH call=2-3");
    const int wanted[] = {0, 1, 1, 0};
    for (size_t i = 0; i < 4; i++) {
        CHECK_INT(strikes(&faults, "PATCH", "/x", 1000), wanted[i]);
        CHECK(!strikes(&faults, "GET", "/x", 1000)); /* not counted */
    }
    CHECK_INT(faults.at[0]->hits, 2);
    CHECK_INT(faults.at[0]->calls, 4);
    faults_fini(&faults);
}

static void from_a_call_on(void)
{
    struct faults faults = rules("hang call=2-");
    const int wanted[] = {0, 1, 1, 1};
    for (size_t i = 0; i < 4; i++)
        CHECK_INT(strikes(&faults, "GET", "/x", 1000), wanted[i]);
    faults_fini(&faults);
}

static void by_time(void)
{
    struct faults faults = rules("delay=2s after=10s until=20s");
    CHECK(!strikes(&faults, "GET", "/x", 1000 + 9999));
    CHECK(strikes(&faults, "GET", "/x", 1000 + 10000));
    CHECK(strikes(&faults, "GET", "/x", 1000 + 19999));
    CHECK(!strikes(&faults, "GET", "/x", 1000 + 20000));
    CHECK_INT(faults.at[0]->delay_ms, 2000);
    faults_fini(&faults);
}

static void by_chance(void)
{
    struct faults faults = rules("status=500 probability=0.25 seed=42");
    int hits = 0;
    for (int i = 0; i < 10000; i++)
        hits += strikes(&faults, "GET", "/x", 1000);
    CHECK(hits > 2300 && hits < 2700); /* the same each time: the seed is given */
    faults_fini(&faults);
}

static void the_first_wins(void)
{
    struct faults faults = rules("status=500 call=1");
    CHECK_INT(faults_add_text(&faults, "status=501", 1000, NULL), 0);
    CHECK(strikes(&faults, "GET", "/x", 1000));
    CHECK(strikes(&faults, "GET", "/x", 1000));
    CHECK_INT(faults.at[0]->hits, 1);
    CHECK_INT(faults.at[1]->hits, 1);
    CHECK_INT(faults.at[1]->calls, 2); /* each counts what passes it */
    faults_fini(&faults);
}

static void texts_may_be_quoted(void)
{
    struct faults faults = rules("status=503, id=unavailable message='Not now, later' method=GET");
    CHECK_TEXT(faults.at[0]->id, "unavailable");
    CHECK_TEXT(faults.at[0]->message, "Not now, later");
    CHECK_TEXT(faults.at[0]->method, "GET");
    faults_fini(&faults);
}

static void check_refused(const char *text, const char *why)
{
    struct faults faults = {0};
    struct error error = {0};
    CHECK_INT(faults_add_text(&faults, text, 0, &error), -1);
    CHECK_HAS(error.text, why);
    CHECK_INT(faults.n, 0);
    faults_fini(&faults);
}

static void nonsense_is_refused(void)
{
    check_refused("", "it does nothing");
    check_refused("method=GET", "it does nothing");
    check_refused("status=600", "from 200 to 599");
    check_refused("status=", "from 200 to 599");
    check_refused("status=5x", "from 200 to 599");
    check_refused("status=500 call=0", "call takes a number");
    check_refused("status=500 call=3-2", "call takes a number");
    check_refused("status=500 call=3-x", "call takes a number");
    check_refused("status=500 probability=1.1", "from 0 to 1");
    check_refused("status=500 delay=2", "a duration");
    check_refused("reset=yes", "before or after");
    check_refused("statsu=500", "did you mean \"status\"?");
    check_refused("zzzzzz=1", "no key of a fault");
}

static const struct test tests[] = {
    {"a rule strikes by method and path", by_method_and_path},
    {"by the number of the call", by_call},
    {"from a call on", from_a_call_on},
    {"in a window of time", by_time},
    {"by chance", by_chance},
    {"the first rule that matches wins", the_first_wins},
    {"texts may be quoted", texts_may_be_quoted},
    {"nonsense is refused, with why", nonsense_is_refused},
};

SUITE_MAIN("fault", tests)
