/* SPDX-License-Identifier: MIT
 * Changing a formation: what is sent, and what becomes of every answer. */
#include "tests/plugin/heroku_stage.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { LINES = 4, DEADLINE_MS = 10000, SHORT_MS = 300 };

#define LIST                                                                   \
    "[{\"type\":\"web\",\"quantity\":1},{\"type\":\"worker\",\"quantity\":2}," \
    "{\"type\":\"clock\",\"quantity\":1}]"
#define WORKER(n)          "[{\"type\":\"worker\",\"quantity\":" #n "}]"
#define ERROR(id, message) "{\"id\":\"" id "\",\"message\":\"" message "\"}"
#define LIMIT(limit, asked)                                                                 \
    "{\"id\":\"cannot_run_above_limit\",\"message\":\"Cannot run more.\",\"limit\":" #limit \
    ",\"size\":" #asked "}"

/* Two workers run and the back-end knows it; five are asked for. */
struct row {
    const char *name;
    struct line lines[LINES];
    int32_t code;
    const char *says; /* NULL: nothing */
    int64_t size;     /* -1: not known */
    size_t calls;     /* for the change alone */
    int is_known;     /* afterwards, so that the same change again makes no request */
    int64_t timeout_ms;
};

static const struct row taken[] = {
    {"the type alone", {{.body = WORKER(5)}}, DYN_OK, NULL, 5, 1, 1, 0},
    {"all types of the app",
     {{.body = "[{\"type\":\"web\",\"quantity\":1},{\"type\":\"worker\",\"quantity\":5}]"}},
     DYN_OK,
     NULL,
     5,
     1,
     1,
     0},
    {"an object", {{.body = "{\"type\":\"worker\",\"quantity\":5}"}}, DYN_OK, NULL, 5, 1, 1, 0},
    {"202", {{.status = "202 Accepted", .body = WORKER(5)}}, DYN_OK, NULL, 5, 1, 1, 0},
    {"another number than was asked for", {{.body = WORKER(4)}}, DYN_OK, NULL, 4, 1, 0, 0},
};

static const struct row untold[] = {
    {"another type",
     {{.body = "[{\"type\":\"web\",\"quantity\":1}]"}},
     DYN_OK,
     "does not tell how many \"worker\"",
     -1,
     1,
     0,
     0},
    {"no type", {{.body = "[]"}}, DYN_OK, "does not tell how many \"worker\"", -1, 1, 0, 0},
    {"a quantity in quotes", {{.body = WORKER("5")}}, DYN_OK, "does not tell", -1, 1, 0, 0},
    {"half a list", {{.body = "[{\"type\":\"worker\","}}, DYN_RETRY, "cut short", -1, 1, 0, 0},
    {"nothing", {{.body = ""}}, DYN_RETRY, "the answer is empty", -1, 1, 0, 0},
};

static const struct row refused[] = {
    {"mixed tiers",
     {{.status = "422 Unprocessable Entity",
       .body = ERROR("invalid_params", "Cannot use the following dyno types in the same app: Basic "
                                       "and Standard-1X")}},
     DYN_OK,
     "422 invalid_params, \"Cannot use the following dyno types in the same app: Basic and "
     "Standard-1X\": Eco and Basic dynos mix with no other size",
     -1,
     1,
     0,
     0},
    {"above a limit that is not told as a number",
     {{.status = "422 Unprocessable Entity",
       .body = ERROR("invalid_params",
                     "Cannot update to more than 1 Hobby size dynos per process type.")}},
     DYN_OK,
     "or for Eco and Basic dynos use the back-end heroku-hobby",
     -1,
     1,
     0,
     0},
    {"a type that is gone",
     {{.status = "404 Not Found",
       .body = ERROR("not_found", "Couldn't find that process type (worker).")}},
     DYN_OK,
     "404 not_found, \"Couldn't find that process type (worker).\": the app's Procfile does not",
     -1,
     1,
     0,
     0},
    {"never deployed",
     {{.status = "422 Unprocessable Entity",
       .body = ERROR("invalid_params", "App must be deployed before dynos can be scaled.")}},
     DYN_OK,
     "deploy the app first",
     -1,
     1,
     0,
     0},
    {"no words", {{.status = "422 Unprocessable Entity"}}, DYN_OK, ": 422", -1, 1, 0, 0},
    {"an app that is gone",
     {{.status = "404 Not Found",
       .body = "{\"resource\":\"app\",\"id\":\"not_found\",\"message\":\"Couldn't find it.\"}"}},
     DYN_BROKEN,
     "no app of this name",
     -1,
     1,
     0,
     0},
    {"a token that may only read",
     {{.status = "403 Forbidden",
       .headers = "Oauth-Scope: read\r\nOauth-Scope-Accepted: global write write-protected\r\n",
       .body = ERROR("forbidden", "No.")}},
     DYN_BROKEN,
     "the token has the scope \"read\", this takes one of \"global write write-protected\"",
     -1,
     1,
     0,
     0},
    {"a conflict", {{.status = "409 Conflict"}}, DYN_RETRY, "409", -1, 1, 0, 0},
    {"the rate limit", {{.status = "429 Too Many Requests"}}, DYN_RETRY, "429", -1, 1, 1, 0},
    {"a proxy's page",
     {{.status = "503 X", .body = "<html>"}},
     DYN_RETRY,
     "a web page",
     -1,
     1,
     0,
     0},
};

static const struct row limited[] = {
    {"above a limit",
     {{.status = "422 Unprocessable Entity", .body = LIMIT(4, 5)}, {.body = WORKER(4)}},
     DYN_OK,
     "422 cannot_run_above_limit, \"Cannot run more.\": lower max",
     4,
     2,
     0,
     0},
    {"above a limit that other types share",
     {{.status = "422 Unprocessable Entity", .body = LIMIT(5, 7)}, {.body = WORKER(3)}},
     DYN_OK,
     "cannot_run_above_limit",
     3,
     2,
     0,
     0},
    {"above a limit that is reached already",
     {{.status = "422 Unprocessable Entity", .body = LIMIT(2, 5)}},
     DYN_OK,
     "cannot_run_above_limit",
     -1,
     1,
     0,
     0},
    {"above a limit below what runs",
     {{.status = "422 Unprocessable Entity", .body = LIMIT(1, 5)}},
     DYN_OK,
     "cannot_run_above_limit",
     -1,
     1,
     0,
     0},
    {"above a limit that is none",
     {{.status = "422 Unprocessable Entity", .body = LIMIT(100, 5)}},
     DYN_OK,
     "cannot_run_above_limit",
     -1,
     1,
     0,
     0},
    {"refused at the limit too",
     {{.status = "422 Unprocessable Entity", .body = LIMIT(4, 5)},
      {.status = "422 Unprocessable Entity", .body = LIMIT(3, 5)}},
     DYN_OK,
     "cannot_run_above_limit",
     -1,
     2,
     0,
     0},
    {"lost at the limit",
     {{.status = "422 Unprocessable Entity",
       .headers = "Connection: close\r\n",
       .body = LIMIT(4, 5),
       .then = CLOSE},
      {.raw = "", .then = CLOSE}},
     DYN_RETRY,
     "Empty reply",
     -1,
     2,
     0,
     0},
};

/* Each on a connection of its own, see play(). */
static const struct row broken[] = {
    {"taken, then reset", {{.raw = "", .then = RESET}}, DYN_RETRY, "reset", -1, 1, 0, 0},
    {"no answer", {{.raw = "", .then = SILENCE}}, DYN_LATE, "out of time", -1, 1, 0, SHORT_MS},
    {"half an answer",
     {{.headers = "Content-Length: 99\r\n", .body = "[", .then = SILENCE}},
     DYN_LATE,
     "out of time",
     -1,
     1,
     0,
     SHORT_MS},
};

static size_t count_lines(const struct line *lines)
{
    static const struct line none;
    size_t n = 1;
    while (n < LINES && memcmp(&lines[n], &none, sizeof none) != 0)
        n++;
    return n;
}

/* A formation to be read on a connection of its own, then the row's lines, then the truth. */
static size_t play(struct line *out, const struct row *row)
{
    size_t n = count_lines(row->lines);
    out[0] = (struct line){.headers = "Connection: close\r\n", .body = LIST, .then = CLOSE};
    memcpy(out + 1, row->lines, n * sizeof *out);
    out[n + 1] = (struct line){.body = LIST};
    return n + 2;
}

static void try_row(const struct row *row)
{
    static const char *const names[] = {"worker"};
    static const struct dyn_change change = {.name = "worker", .size = 5};
    struct line lines[LINES + 2];
    struct stage stage = stage_open("heroku-formation", lines, play(lines, row), "");
    CHECK_INT(stage_read(&stage, names, 1, DEADLINE_MS), DYN_OK);
    int32_t code =
        stage_apply(&stage, &change, 1, row->timeout_ms != 0 ? row->timeout_ms : DEADLINE_MS);
    size_t calls = script_calls(stage.script) - 1;
    suite_check_int(code, row->code, row->name, __FILE__, __LINE__);
    suite_check_has(stage_said(&stage), row->says != NULL ? row->says : "", row->name, __FILE__,
                    __LINE__);
    suite_check_int(row->says == NULL, stage_said(&stage)[0] == '\0', row->name, __FILE__,
                    __LINE__);
    suite_check_int(stage_size(&stage, 0), row->size, row->name, __FILE__, __LINE__);
    suite_check_int((int64_t)calls, (int64_t)row->calls, row->name, __FILE__, __LINE__);
    stage_apply(&stage, &change, 1, SHORT_MS);
    suite_check_int(script_calls(stage.script) == calls + 1, row->is_known, row->name, __FILE__,
                    __LINE__);
    stage_close(&stage);
}

#define TRY(rows)                                             \
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) \
    try_row(&(rows)[i])

static void accepted_size_is_what_the_platform_says(void)
{
    TRY(taken);
}

static void untold_size_is_unknown(void)
{
    TRY(untold);
}

static void refusal_is_told_and_no_size(void)
{
    TRY(refused);
}

static void limit_is_tried_once(void)
{
    TRY(limited);
}

static void broken_change_is_forgotten(void)
{
    TRY(broken);
}

/* ---- What is sent ---- */

static void one_request_for_all_that_differ(void)
{
    static const struct line lines[] = {
        {.body = LIST},
        {.body = "[{\"type\":\"clock\",\"quantity\":3},{\"type\":\"worker\",\"quantity\":5}]"}};
    static const char *const names[] = {"worker", "web", "clock"};
    static const struct dyn_change changes[] = {
        {.name = "worker", .size = 5}, {.name = "web", .size = 1}, {.name = "clock", .size = 3}};
    struct stage stage = stage_open("heroku-formation", lines, 2, "");
    CHECK_INT(stage_read(&stage, names, 3, DEADLINE_MS), DYN_OK);
    CHECK_INT(stage_apply(&stage, changes, 3, DEADLINE_MS), DYN_OK);
    CHECK_INT(script_calls(stage.script), 2);
    CHECK(strncmp(script_request(stage.script, 1), "PATCH /apps/myapp/formation HTTP/1.1\r\n",
                  38) == 0);
    CHECK_HAS(script_request(stage.script, 1), "\r\nContent-Type: application/json\r\n");
    CHECK_TEXT(stage_body(&stage, 1), "{\"updates\":[{\"type\":\"worker\",\"quantity\":5},"
                                      "{\"type\":\"clock\",\"quantity\":3}]}");
    CHECK_INT(stage_size(&stage, 0), 5);
    CHECK_INT(stage_size(&stage, 1), 1);
    CHECK_INT(stage_size(&stage, 2), 3);
    stage_close(&stage);
}

static void nothing_is_sent_for_what_is_so(void)
{
    static const struct line lines[] = {{.body = LIST}};
    static const struct dyn_change change = {.name = "worker", .size = 2};
    struct stage stage = stage_open("heroku-formation", lines, 1, "");
    CHECK_INT(stage_apply(&stage, &change, 1, DEADLINE_MS), DYN_OK); /* has to ask first */
    CHECK_INT(stage_apply(&stage, &change, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(stage_size(&stage, 0), 2);
    CHECK_TEXT(stage_said(&stage), "");
    CHECK_INT(script_calls(stage.script), 1);
    stage_close(&stage);
}

static void missing_type_does_not_hold_up_others(void)
{
    static const struct line lines[] = {{.body = LIST}, {.body = WORKER(0)}};
    static const struct dyn_change changes[] = {{.name = "mailer", .size = 5},
                                                {.name = "worker", .size = 0}};
    struct stage stage = stage_open("heroku-formation", lines, 2, "");
    CHECK_INT(stage_apply(&stage, changes, 2, DEADLINE_MS), DYN_OK);
    CHECK_TEXT(stage_body(&stage, 1), "{\"updates\":[{\"type\":\"worker\",\"quantity\":0}]}");
    CHECK_INT(stage_size(&stage, 0), -1);
    CHECK_HAS(stage_said(&stage), "no process type \"mailer\"; it has: web, worker, clock");
    CHECK_INT(stage_size(&stage, 1), 0);
    stage_close(&stage);
}

static void refused_batch_is_sent_one_by_one(void)
{
    static const struct line lines[] = {
        {.body = LIST},
        {.status = "422 Unprocessable Entity", .body = ERROR("invalid_params", "One is bad.")},
        {.body = WORKER(5)},
        {.status = "422 Unprocessable Entity", .body = ERROR("invalid_params", "This one.")}};
    static const struct dyn_change changes[] = {{.name = "worker", .size = 5},
                                                {.name = "clock", .size = 9}};
    struct stage stage = stage_open("heroku-formation", lines, 4, "");
    CHECK_INT(stage_apply(&stage, changes, 2, DEADLINE_MS), DYN_OK);
    CHECK_INT(script_calls(stage.script), 4);
    CHECK_TEXT(stage_body(&stage, 2), "{\"updates\":[{\"type\":\"worker\",\"quantity\":5}]}");
    CHECK_TEXT(stage_body(&stage, 3), "{\"updates\":[{\"type\":\"clock\",\"quantity\":9}]}");
    CHECK_INT(stage_size(&stage, 0), 5);
    CHECK_INT(stage_size(&stage, 1), -1);
    CHECK_HAS(testhost_unknown(stage.host, 1), "422 invalid_params, \"This one.\"");
    stage_close(&stage);
}

static void lost_batch_fails_as_a_whole(void)
{
    static const struct line lines[] = {
        {.body = LIST},
        {.status = "422 Unprocessable Entity", .body = ERROR("invalid_params", "One is bad.")},
        {.body = WORKER(5)},
        {.status = "500 Internal Server Error"}};
    static const struct dyn_change changes[] = {{.name = "worker", .size = 5},
                                                {.name = "clock", .size = 9}};
    struct stage stage = stage_open("heroku-formation", lines, 4, "");
    CHECK_INT(stage_apply(&stage, changes, 2, DEADLINE_MS), DYN_RETRY);
    CHECK_INT(stage_size(&stage, 0), -1);
    CHECK_HAS(stage_said(&stage), "cannot change the formation of \"myapp\"");
    stage_close(&stage);
}

static void newer_answers_replace_older_ones(void)
{
    static const struct line lines[] = {{.body = LIST}, {.body = WORKER(5)}, {.body = LIST}};
    static const char *const names[] = {"worker"};
    static const struct dyn_change change = {.name = "worker", .size = 5};
    struct stage stage = stage_open("heroku-formation", lines, 3, "");
    stage_read(&stage, names, 1, DEADLINE_MS);
    stage_apply(&stage, &change, 1, DEADLINE_MS);
    stage_apply(&stage, &change, 1, DEADLINE_MS);
    CHECK_INT(script_calls(stage.script), 2);
    stage_read(&stage, names, 1, DEADLINE_MS); /* somebody set it back to 2 */
    CHECK_INT(stage_size(&stage, 0), 2);
    stage_apply(&stage, &change, 1, DEADLINE_MS);
    CHECK_INT(script_calls(stage.script), 4);
    stage_close(&stage);
}

/* libcurl sends again what a kept connection swallowed. The server may have done it already;
 * quantities are absolute, so that twice is once. */
static void change_is_sent_again_when_the_kept_connection_died(void)
{
    static const struct line lines[] = {
        {.body = LIST}, {.raw = "", .then = CLOSE}, {.body = WORKER(5)}};
    static const struct dyn_change change = {.name = "worker", .size = 5};
    struct stage stage = stage_open("heroku-formation", lines, 3, "");
    CHECK_INT(stage_apply(&stage, &change, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(stage_size(&stage, 0), 5);
    CHECK_INT(script_calls(stage.script), 3);
    CHECK_TEXT(stage_body(&stage, 2), stage_body(&stage, 1));
    stage_close(&stage);
}

/* ---- Who must not be stopped ---- */

struct spared {
    const char *keep[3];
    uint32_t n_keep;
    int32_t wanted; /* of 5 workers */
    int32_t sent;   /* -1: nothing is */
};

static const struct spared spareds[] = {
    {{NULL}, 0, 1, 1},
    {{"worker.3"}, 1, 1, 3},
    {{"worker.1"}, 1, 1, 1},
    {{"worker.1"}, 1, 0, 1},
    {{"worker.2", "worker.4", "worker.3"}, 3, 1, 4},
    {{"worker.5"}, 1, 1, -1},
    {{"worker.3"}, 1, 4, 4},
    {{"worker.3"}, 1, 9, 9},
    {{"worker.12"}, 1, 1, 1}, /* gone, as the platform says when it is asked again */
    {{"worker.12", "worker.4"}, 2, 1, 4},
    {{"clock.4"}, 1, 1, 1}, /* another type's, which this change does not touch */
    {{"worker-23z34x56y-w78k9"}, 1, 1, -1},
    {{"ip-10-0-0-1.ec2.internal"}, 1, 1, -1},
    {{"mailer.1"}, 1, 1, -1},
    {{"worker."}, 1, 1, -1},
    {{"worker.0"}, 1, 1, -1},
    {{"worker.1x"}, 1, 1, -1},
    {{"worker.99999999999999"}, 1, 1, -1},
    {{""}, 1, 1, -1},
    {{"elsewhere"}, 1, 9, 9},
};

static void try_spared(const struct spared *spared)
{
    static const struct line lines[] = {
        {.body = "[{\"type\":\"worker\",\"quantity\":5},{\"type\":\"clock\",\"quantity\":1}]"},
        {.body = "[{\"type\":\"worker\",\"quantity\":5},{\"type\":\"clock\",\"quantity\":1}]"}};
    const char *name = spared->n_keep > 0 ? spared->keep[0] : "nobody";
    struct dyn_change change = {"worker", spared->keep, spared->n_keep, spared->wanted};
    char body[64];
    snprintf(body, sizeof body, "\"quantity\":%d}", spared->sent);
    struct stage stage = stage_open("heroku-formation", lines, 2, "");
    suite_check_int(stage_apply(&stage, &change, 1, DEADLINE_MS), DYN_OK, name, __FILE__, __LINE__);
    if (spared->sent < 0) {
        suite_check_int((int64_t)script_calls(stage.script), 1, name, __FILE__, __LINE__);
        suite_check_int(stage_size(&stage, 0), 5, name, __FILE__, __LINE__);
        suite_check_has(stage_said(&stage), "must not be stopped", name, __FILE__, __LINE__);
    } else {
        size_t last = script_calls(stage.script) - 1;
        suite_check_has(stage_body(&stage, last), body, name, __FILE__, __LINE__);
    }
    stage_close(&stage);
}

static void kept_workers_are_spared(void)
{
    for (size_t i = 0; i < sizeof spareds / sizeof *spareds; i++)
        try_spared(&spareds[i]);
}

/* On Cedar a dyno's host name is its id, which the list of dynos tells. */
static void a_host_name_may_be_a_dynos_id(void)
{
    static const struct line lines[] = {
        {.body = "[{\"type\":\"worker\",\"quantity\":5}]"},
        {.body = "[{\"id\":\"01234567-89ab-cdef-0123-456789abcdef\",\"name\":\"worker.3\","
                 "\"type\":\"worker\",\"state\":\"up\"},"
                 "{\"id\":7,\"name\":\"worker.5\",\"type\":\"worker\",\"state\":\"up\"}]"},
        {.body = "[{\"type\":\"worker\",\"quantity\":3}]"},
        {.body = "[{\"type\":\"worker\",\"quantity\":3}]"},
        {.body = "[{\"id\":\"01234567-89ab-cdef-0123-456789abcdef\",\"name\":\"worker.3\","
                 "\"type\":\"worker\",\"state\":\"up\"}]"},
        {.body = "[{\"type\":\"worker\",\"quantity\":2}]"},
    };
    static const char *const names[] = {"worker"};
    static const char *const keep[] = {"01234567-89ab-cdef-0123-456789abcdef"};
    static const char *const gone[] = {"76543210-89ab-cdef-0123-456789abcdef"};
    static const struct dyn_change spares = {"worker", keep, 1, 1};
    static const struct dyn_change forgets = {"worker", gone, 1, 2};
    struct stage stage = stage_open("heroku-formation", lines, 6, ", dynos: yes");
    CHECK_INT(stage_read(&stage, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(stage_apply(&stage, &spares, 1, DEADLINE_MS), DYN_OK);
    CHECK_HAS(stage_body(&stage, 2), "\"quantity\":3}");
    CHECK_INT(stage_size(&stage, 0), 3);
    CHECK_INT(stage_apply(&stage, &forgets, 1, DEADLINE_MS),
              DYN_OK); /* asked for again: not there */
    CHECK_INT(script_calls(stage.script), 6);
    CHECK_HAS(stage_body(&stage, 5), "\"quantity\":2}");
    stage_close(&stage);
}

static void no_limit_is_known_beforehand(void)
{
    static const struct line lines[] = {{.body = LIST}};
    struct stage stage = stage_open("heroku-formation", lines, 1, "");
    CHECK(testhost_limit(stage.host, "worker") < 0);
    CHECK_INT(script_calls(stage.script), 0);
    stage_close(&stage);
}

static const struct test tests[] = {
    {"a host name may be a dyno's id", a_host_name_may_be_a_dynos_id},
    {"the accepted size is what the platform says", accepted_size_is_what_the_platform_says},
    {"a size that is not told is unknown", untold_size_is_unknown},
    {"a refusal is told, and no size", refusal_is_told_and_no_size},
    {"a limit is tried once, if it is growth", limit_is_tried_once},
    {"after a broken change nothing is known", broken_change_is_forgotten},
    {"one request for all that differ", one_request_for_all_that_differ},
    {"nothing is sent for what is so already", nothing_is_sent_for_what_is_so},
    {"a missing type does not hold up the others", missing_type_does_not_hold_up_others},
    {"a refused batch is sent one by one", refused_batch_is_sent_one_by_one},
    {"a batch that is lost half way fails as a whole", lost_batch_fails_as_a_whole},
    {"newer answers replace older ones", newer_answers_replace_older_ones},
    {"a change is sent again when the kept connection died",
     change_is_sent_again_when_the_kept_connection_died},
    {"workers that must be kept are spared", kept_workers_are_spared},
    {"no limit is known beforehand", no_limit_is_known_beforehand},
};

SUITE_MAIN("heroku scale", tests)
