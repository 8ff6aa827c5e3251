/* SPDX-License-Identifier: MIT
 * Whose change a size is. */
#include "core/drift.h"

#include "tests/support/suite.h"

static void the_first_size_is_nobodys(void)
{
    struct drift drift = DRIFT_NONE;
    CHECK_INT(drift_take_size(&drift, 3, 1), DRIFT_NOT);
    CHECK_INT(drift_take_size(&drift, 3, 2), DRIFT_NOT);
}

static void what_was_not_asked_for(void)
{
    struct drift drift = DRIFT_NONE;
    drift_take_size(&drift, 3, 1);
    drift_take_applied(&drift, 5, 5, 2);
    CHECK_INT(drift_take_size(&drift, 5, 3), DRIFT_NOT);
    CHECK_INT(drift_take_size(&drift, 4, 4), DRIFT_OTHERS);
    CHECK_INT(drift_take_size(&drift, 4, 5), DRIFT_NOT);
}

/* What the platform took, not what it was asked for. */
static void less_than_asked_for(void)
{
    struct drift drift = DRIFT_NONE;
    drift_take_size(&drift, 3, 1);
    drift_take_applied(&drift, 10, 8, 2);
    CHECK_INT(drift_take_size(&drift, 8, 3), DRIFT_NOT);
}

static void an_answer_that_was_lost(void)
{
    struct drift drift = DRIFT_NONE;
    drift_take_size(&drift, 3, 1);
    drift_take_applied(&drift, 5, -1, 1000);
    CHECK_INT(drift_take_size(&drift, 3, 2000), DRIFT_NOT);
    drift_take_applied(&drift, 2, 2, 3000);
    CHECK_INT(drift_take_size(&drift, 5, 100000), DRIFT_LATE);
    CHECK_INT(drift_take_size(&drift, 2, 100001), DRIFT_OTHERS);
    CHECK_INT(drift_take_size(&drift, 5, 100002), DRIFT_OTHERS); /* it came once already */
}

static void nobody_waits_for_ever(void)
{
    struct drift drift = DRIFT_NONE;
    drift_take_size(&drift, 3, 1);
    drift_take_applied(&drift, 5, -1, 1000);
    CHECK_INT(drift_take_size(&drift, 5, 1000 + 600000), DRIFT_OTHERS);
}

static void somebody_else_meanwhile(void)
{
    struct drift drift = DRIFT_NONE;
    drift_take_size(&drift, 3, 1);
    drift_take_applied(&drift, 5, -1, 1000);
    CHECK_INT(drift_take_size(&drift, 6, 2000), DRIFT_OTHERS);
}

/* At a limit, or at workers that are busy. */
static void a_platform_that_stops_short(void)
{
    struct drift drift = DRIFT_NONE;
    drift_take_size(&drift, 1, 1);
    drift_take_applied(&drift, 12, -1, 1000);
    CHECK_INT(drift_take_size(&drift, 8, 2000), DRIFT_LATE);
    drift_take_applied(&drift, 2, -1, 3000);
    CHECK_INT(drift_take_size(&drift, 5, 4000), DRIFT_LATE);
    drift_take_applied(&drift, 9, -1, 5000);
    CHECK_INT(drift_take_size(&drift, 4, 6000), DRIFT_OTHERS); /* the other way */
}

static const struct test tests[] = {
    {"the first size is nobody's change", the_first_size_is_nobodys},
    {"a size that was not asked for is somebody else's", what_was_not_asked_for},
    {"less than was asked for is the platform's answer", less_than_asked_for},
    {"a change without an answer may be done late", an_answer_that_was_lost},
    {"a platform may stop short of what was asked for", a_platform_that_stops_short},
    {"after ten minutes it is not ours any more", nobody_waits_for_ever},
    {"somebody else may change it while an answer is lost", somebody_else_meanwhile},
};

SUITE_MAIN("drift", tests)
