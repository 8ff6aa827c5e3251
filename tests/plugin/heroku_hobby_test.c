/* SPDX-License-Identifier: MIT
 * A list of one-dyno types as one pool: which of them start and stop. */
#include "tests/plugin/heroku_stage.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { DEADLINE_MS = 10000, NAMES = 4 };

#define OPTIONS           ", worker_names: [worker1, worker2, worker3, worker4]"
#define TYPE(n, quantity) "{\"type\":\"worker" #n "\",\"quantity\":" #quantity "}"
#define ALL(a, b, c, d)                                                                        \
    "[{\"type\":\"web\",\"quantity\":1}," TYPE(1, a) "," TYPE(2, b) "," TYPE(3, c) "," TYPE(4, \
                                                                                            d) "]"

/* What the platform has -> the size. */
struct told {
    const char *list;
    int64_t size;
    const char *says; /* NULL: nothing */
};

static const struct told told[] = {
    {ALL(1, 1, 0, 0), 2, NULL},
    {ALL(0, 0, 0, 0), 0, NULL},
    {ALL(0, 1, 0, 1), 2, NULL}, /* not the first two */
    {ALL(3, 0, 0, 0), 1, NULL}, /* a type counts as one, however many of it run */
    {"[" TYPE(1, 1) "," TYPE(4, 1) "]", 2, "no process type \"worker2\"; it has: worker1, worker4"},
    {"[{\"type\":\"web\",\"quantity\":1}]", -1, "no process type \"worker1\"; it has: web"},
    {"[]", -1, "it has: none"},
    {ALL(1, "1", 0, 0), -1, "does not tell how many \"worker2\""},
};

static void size_is_how_many_of_the_list_run(void)
{
    static const char *const names[] = {"cheap"};
    for (size_t i = 0; i < sizeof told / sizeof *told; i++) {
        const struct line line = {.body = told[i].list};
        const char *name = told[i].list;
        struct stage stage = stage_open("heroku-hobby", &line, 1, OPTIONS);
        suite_check_int(stage_read(&stage, names, 1, DEADLINE_MS), DYN_OK, name, __FILE__,
                        __LINE__);
        suite_check_int(stage_size(&stage, 0), told[i].size, name, __FILE__, __LINE__);
        suite_check_has(stage_said(&stage), told[i].says != NULL ? told[i].says : "", name,
                        __FILE__, __LINE__);
        suite_check_int(told[i].says == NULL, stage_said(&stage)[0] == '\0', name, __FILE__,
                        __LINE__);
        stage_close(&stage);
    }
}

/* What runs, and the size that is wanted -> what is sent ("" for nothing), answered as told. */
struct scaling {
    const char *list;
    int32_t wanted;
    const char *keep[2];
    uint32_t n_keep;
    const char *sent;
    const char *answer;
    int64_t size;
    const char *says; /* NULL: nothing */
};

#define STOP(n)  TYPE(n, 0)
#define START(n) TYPE(n, 1)

static const struct scaling scalings[] = {
    {ALL(0, 0, 0, 0), 2, {NULL}, 0, START(1) "," START(2), "[" START(1) "," START(2) "]", 2, NULL},
    {ALL(1, 1, 0, 0), 1, {NULL}, 0, STOP(2), "[" STOP(2) "]", 1, NULL},
    {ALL(1, 1, 0, 0), 2, {NULL}, 0, "", NULL, 2, NULL},
    {ALL(1, 1, 1, 1),
     0,
     {NULL},
     0,
     STOP(4) "," STOP(3) "," STOP(2) "," STOP(1),
     ALL(0, 0, 0, 0),
     0,
     NULL},
    /* what runs in another's place stays until there are too many: a start may be refused */
    {ALL(0, 0, 1, 1), 3, {NULL}, 0, START(1), "[" START(1) "]", 3, NULL},
    {ALL(0, 1, 1, 0), 2, {NULL}, 0, "", NULL, 2, NULL},
    {ALL(0, 1, 1, 0), 1, {NULL}, 0, STOP(3), "[" STOP(3) "]", 1, NULL},
    {ALL(3, 0, 0, 0), 1, {NULL}, 0, "", NULL, 1, NULL}, /* runs, and that is enough */
    {ALL(1, 2, 0, 0), 1, {NULL}, 0, STOP(2), "[" STOP(2) "]", 1, NULL},
    /* as many as there are */
    {ALL(1, 0, 0, 0),
     9,
     {NULL},
     0,
     START(2) "," START(3) "," START(4),
     ALL(1, 1, 1, 1),
     4,
     "worker_names has 4 names"},
    /* types that the app lacks are passed over */
    {"[" TYPE(1, 0) "," TYPE(3, 0) "]",
     2,
     {NULL},
     0,
     START(1) "," START(3),
     "[" TYPE(1, 1) "," TYPE(3, 1) "]",
     2,
     "no process type \"worker2\""},
    {"[" TYPE(1, 1) "," TYPE(3, 1) "]",
     1,
     {NULL},
     0,
     STOP(3),
     "[" STOP(3) "]",
     1,
     "no process type \"worker2\""},
    /* who must not be stopped */
    {ALL(1, 1, 1, 0), 1, {"worker3.1"}, 1, STOP(2) "," STOP(1), ALL(0, 0, 1, 0), 1, NULL},
    {ALL(1, 1, 1, 0),
     0,
     {"worker3.1"},
     1,
     STOP(2) "," STOP(1),
     ALL(0, 0, 1, 0),
     1,
     "worker3.1 must"},
    {ALL(1, 1, 1, 0), 0, {"worker3.1", "worker1.1"}, 2, STOP(2), "[" STOP(2) "]", 2, "and others"},
    {ALL(1, 1, 1, 0), 1, {"web.1"}, 1, STOP(3) "," STOP(2), ALL(1, 0, 0, 0), 1, NULL},
    {ALL(1, 1, 1, 0), 1, {"worker3-abc-12345"}, 1, "", NULL, 3, "must not be stopped"},
    {ALL(0, 0, 1, 0), 1, {"10.0.0.1"}, 1, "", NULL, 1, NULL},
    {ALL(0, 0, 1, 0), 2, {"10.0.0.1"}, 1, START(1), "[" START(1) "]", 2, NULL},
    /* where a quantity is not told, nothing is stopped for it */
    {ALL(1, "x", 0, 0), 1, {NULL}, 0, "", NULL, -1, "does not tell how many \"worker2\""},
    {ALL(1, "x", 0, 0), 2, {NULL}, 0, START(2), "[" START(2) "]", 2, NULL},
    /* an answer that does not tell of all */
    {ALL(0, 0, 0, 0),
     2,
     {NULL},
     0,
     START(1) "," START(2),
     "[" START(1) "]",
     -1,
     "does not tell how many \"worker2\""},
};

static void try_scaling(const struct scaling *scaling, const char *name)
{
    const struct line lines[] = {{.body = scaling->list}, {.body = scaling->answer}};
    struct dyn_change change = {"cheap", scaling->keep, scaling->n_keep, scaling->wanted};
    char body[512];
    snprintf(body, sizeof body, "{\"updates\":[%s]}", scaling->sent);
    struct stage stage = stage_open("heroku-hobby", lines, 2, OPTIONS);
    suite_check_int(stage_apply(&stage, &change, 1, DEADLINE_MS), DYN_OK, name, __FILE__, __LINE__);
    suite_check_text(stage_body(&stage, 1), scaling->sent[0] != '\0' ? body : "", name, __FILE__,
                     __LINE__);
    suite_check_int(stage_size(&stage, 0), scaling->size, name, __FILE__, __LINE__);
    suite_check_has(stage_said(&stage), scaling->says != NULL ? scaling->says : "", name, __FILE__,
                    __LINE__);
    suite_check_int(scaling->says == NULL, stage_said(&stage)[0] == '\0', name, __FILE__, __LINE__);
    stage_close(&stage);
}

static void first_start_first_and_stop_last(void)
{
    char name[32];
    for (size_t i = 0; i < sizeof scalings / sizeof *scalings; i++) {
        snprintf(name, sizeof name, "scaling %zu", i);
        try_scaling(&scalings[i], name);
    }
}

/* A worker that was killed leaves its name on its job. The platform is asked whether it is there.
 */
static void who_is_gone_holds_nobody_up(void)
{
    static const struct line lines[] = {
        {.body = ALL(1, 1, 0, 0)}, {.body = ALL(1, 1, 0, 0)}, {.body = "[" STOP(2) "]"}};
    static const char *const keep[] = {"worker4.1"};
    static const struct dyn_change change = {"cheap", keep, 1, 1};
    struct stage stage = stage_open("heroku-hobby", lines, 3, OPTIONS);
    CHECK_INT(stage_apply(&stage, &change, 1, DEADLINE_MS), DYN_OK);
    CHECK_TEXT(stage_body(&stage, 2), "{\"updates\":[" STOP(2) "]}");
    CHECK_INT(stage_size(&stage, 0), 1);
    stage_close(&stage);
}

/* ---- Refusals ---- */

static void refused_type_is_named(void)
{
    static const struct line lines[] = {
        {.body = ALL(0, 0, 0, 0)},
        {.status = "422 Unprocessable Entity", .body = "{\"id\":\"invalid_params\"}"},
        {.body = "[" START(1) "]"},
        {.status = "422 Unprocessable Entity",
         .body = "{\"id\":\"cannot_run_above_limit\",\"message\":\"Cannot run more than 2 Eco size "
                 "dynos.\",\"limit\":2,\"size\":3}"},
        {.body = ALL(1, 0, 0, 0)}};
    static const char *const names[] = {"cheap"};
    static const struct dyn_change change = {.name = "cheap", .size = 2};
    struct stage stage = stage_open("heroku-hobby", lines, 5, OPTIONS);
    CHECK_INT(stage_apply(&stage, &change, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(stage_size(&stage, 0), -1);
    CHECK_HAS(stage_said(&stage), "worker2: http://127.0.0.1:");
    CHECK_HAS(stage_said(&stage), "Cannot run more than 2 Eco size dynos.");
    CHECK_INT(script_calls(stage.script), 4);
    CHECK_INT(stage_read(&stage, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(stage_size(&stage, 0), 1);
    stage_close(&stage);
}

static void failure_is_a_failure(void)
{
    static const struct line lines[] = {{.body = ALL(1, 1, 0, 0)}, {.status = "503 Sorry"}};
    static const struct dyn_change change = {.name = "cheap", .size = 1};
    struct stage stage = stage_open("heroku-hobby", lines, 2, OPTIONS);
    CHECK_INT(stage_apply(&stage, &change, 1, DEADLINE_MS), DYN_RETRY);
    CHECK_INT(stage_size(&stage, 0), -1);
    CHECK_HAS(stage_said(&stage), "503");
    stage_close(&stage);
}

static void two_pools_cannot_share_a_list(void)
{
    static const struct line lines[] = {{.body = ALL(1, 1, 0, 0)}};
    static const char *const names[] = {"cheap", "free"};
    static const struct dyn_change changes[] = {{.name = "cheap", .size = 1},
                                                {.name = "free", .size = 2}};
    struct stage stage = stage_open("heroku-hobby", lines, 1, OPTIONS);
    CHECK_INT(stage_read(&stage, names, 2, DEADLINE_MS), DYN_BROKEN);
    CHECK_HAS(stage_said(&stage), "the pools \"cheap\" and \"free\" share the worker_names");
    CHECK_INT(stage_apply(&stage, changes, 2, DEADLINE_MS), DYN_BROKEN);
    CHECK_INT(script_calls(stage.script), 0);
    stage_close(&stage);
}

static void limit_is_the_length_of_the_list(void)
{
    static const struct line lines[] = {{.body = "[]"}};
    struct stage stage = stage_open("heroku-hobby", lines, 1, OPTIONS);
    CHECK_INT(testhost_limit(stage.host, "cheap"), NAMES);
    CHECK_INT(script_calls(stage.script), 0);
    stage_close(&stage);
}

static const struct test tests[] = {
    {"the size is how many of the list run", size_is_how_many_of_the_list_run},
    {"the first of the list start first and stop last", first_start_first_and_stop_last},
    {"who is gone holds nobody up", who_is_gone_holds_nobody_up},
    {"a refused type is named", refused_type_is_named},
    {"a failure is a failure", failure_is_a_failure},
    {"two pools cannot share a list", two_pools_cannot_share_a_list},
    {"the limit is the length of the list", limit_is_the_length_of_the_list},
};

SUITE_MAIN("heroku hobby", tests)
