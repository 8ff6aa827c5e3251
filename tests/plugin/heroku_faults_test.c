/* SPDX-License-Identifier: MIT
 * Every fault of the platform at every call of three cycles: whatever goes wrong, no size goes
 * down, no size is told that is not so, nothing of the token is said, other process types stay as
 * they are, few calls are made, and once the fault is over the sizes are as wanted. */
#include "core/memory.h"
#include "tests/support/child.h"
#include "tests/support/suite.h"
#include "tests/support/testhost.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

#define TOKEN      "HRKU-AAfaults-test-token-never-to-be-seen"
#define NEVER_SEEN "never-to-be-seen"

enum {
    CALLS = 13,     /* the fault strikes each of these in turn; more are never made */
    SHORT_MS = 250, /* for a call that may hang */
    ENOUGH_MS = 10000,
    CALLS_MOST = 21, /* in three cycles: sizes, app and dynos are read, and four changes tried */
};

static const char *const faults[] = {
    "reset=before",
    "reset=after",
    "hang",
    "delay=10s",
    "slow=30s",
    "cut=0",
    "cut=20",
    "pad=1048576",
    "shape=other",
    "chunked",
    "headers=lower",
    "status=200 body=''",
    "status=200 body='well' type=text/plain",
    "status=200 body='[]'",
    "status=200 body='[{\"type\":\"worker\"}]'",
    "status=200 body='[{\"type\":\"worker\",\"quantity\":\"0\"}]'",
    "status=206 body='[]'",
    "status=304",
    "status=400 id=bad_request message='What?'",
    "status=401 id=unauthorized message='Invalid credentials provided.'",
    "status=402 id=delinquent message='Pay.'",
    "status=403 id=forbidden message='You do not have access to the app myapp.'",
    "status=403 id=suspended message='Suspended.'",
    "status=403 id=two_factor message='A second factor is required.'",
    "status=404 id=not_found message='No such thing.'",
    "status=406 id=not_acceptable message='No.'",
    "status=409 id=conflict message='Busy.'",
    "status=410 id=gone message='Gone.'",
    "status=412",
    "status=422 id=verification_needed message='Verify.'",
    "status=422 id=invalid_params message='Two\nlines.'",
    "status=422 body='{\"id\":\"cannot_run_above_limit\",\"limit\":1,\"size\":5}'",
    "status=429 id=rate_limit message='Wait.'",
    "status=500 body='{\"id\":\"server_error\",\"error\":\"Oh.\"}'",
    "status=502 body='<html>Bad Gateway</html>' type=text/html",
    "status=503 id=unavailable message='Later.'",
    "status=503 body='<html>Later</html>' type=text/html",
};
enum { FAULTS = sizeof faults / sizeof faults[0] };

/* The fake platform with the app, and the back-end as its client. */
struct stage {
    char *folder;
    pid_t pid;
    struct testhost *host;
    const char *row; /* for messages */
    int64_t worker;  /* the true sizes, as the platform's log had them last */
    int64_t mailer;
};

static struct stage open_stage(const char *row)
{
    struct stage stage = {child_make_folder(), 0, NULL, row, 2, 1};
    char *program = memory_format("%s/dynomatic-fake-heroku", getenv("top_builddir"));
    const char *argv[] = {program,       "--port",      "0",       "--port-file", "port",
                          "--log",       "log",         "--token", TOKEN,         "--app",
                          "myapp",       "--formation", "web=1",   "--formation", "worker=2",
                          "--formation", "mailer=1",    "--fault", row,           NULL};
    stage.pid = child_start(argv, stage.folder, "output");
    char *error = NULL;
    char *options = memory_format("{app: myapp, token: " TOKEN ", api_url: 'http://127.0.0.1:%ld'}",
                                  child_number_after(stage.folder, "port", ""));
    stage.host = testhost_open("heroku-formation", options, &error);
    if (stage.host == NULL)
        fprintf(stderr, "heroku-formation does not open: %s\n", error);
    free(options);
    free(program);
    return stage;
}

static void close_stage(struct stage *stage)
{
    CHECK_TEXT(testhost_breaches(stage->host), "");
    testhost_close(stage->host);
    int status = child_stop(stage->pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    child_remove_folder(stage->folder);
    free(stage->folder);
}

/* The last number behind this in the log, or what it was before. */
static int64_t last_of(const char *log, const char *key, int64_t before)
{
    for (const char *at = log; (at = strstr(at, "\"after\":")) != NULL;) {
        const char *number = strstr(at, key);
        if (number != NULL)
            before = strtoll(number + strlen(key), NULL, 10);
        at++;
    }
    return before;
}

static int count_of(const char *log, const char *text)
{
    int n = 0;
    for (const char *at = log; (at = strstr(at, text)) != NULL; at += strlen(text))
        n++;
    return n;
}

static void expect(const struct stage *stage, bool is_true, const char *what)
{
    suite_check_has(is_true ? what : "", what, stage->row, __FILE__, __LINE__);
}

/* A size that is told is so. */
static void check_told(const struct stage *stage, size_t index, int64_t truth)
{
    struct value told = testhost_value(stage->host, index, DYN_SIZE);
    if (told.doubt != KNOWN_NOT)
        suite_check_int(told.number, truth, stage->row, __FILE__, __LINE__);
}

/* After each call: what became of the platform, and what was said. */
static void check_call(struct stage *stage, int32_t code, size_t worker, size_t mailer)
{
    char *log = child_file(stage->folder, "log");
    int64_t now_worker = last_of(log, "\"worker\":", stage->worker);
    int64_t now_mailer = last_of(log, "\"mailer\":", stage->mailer);
    expect(stage, now_worker >= stage->worker && now_mailer >= stage->mailer, "no size goes down");
    expect(stage, last_of(log, "\"web\":", 1) == 1, "web stays as it is");
    expect(stage, count_of(log, NEVER_SEEN) == 0, "the log of requests has no token");
    stage->worker = now_worker;
    stage->mailer = now_mailer;
    free(log);
    check_told(stage, worker, stage->worker);
    check_told(stage, mailer, stage->mailer);
    const char *said = testhost_failure(stage->host);
    expect(stage, (code == DYN_OK) == (said[0] == '\0'),
           "a failure says why, and nothing else does");
    expect(stage, code >= DYN_OK && code <= DYN_BROKEN, "a code of the contract");
    expect(stage, strstr(said, NEVER_SEEN) == NULL && strchr(said, '\n') == NULL,
           "one line without the token");
    expect(stage, strstr(testhost_logs(stage->host), NEVER_SEEN) == NULL, "no token is logged");
}

static const char *const names[] = {"worker", "mailer"};

static void cycle(struct stage *stage, int32_t worker, int32_t mailer, int64_t timeout_ms)
{
    const struct dyn_change changes[] = {{.name = "mailer", .size = mailer},
                                         {.name = "worker", .size = worker}};
    int32_t code = testhost_read(stage->host, names, 2, timeout_ms);
    check_call(stage, code, 0, 1);
    if (code != DYN_OK)
        return; /* as the host: nothing is applied to what is not known */
    code = testhost_apply(stage->host, changes, 2, timeout_ms);
    check_call(stage, code, 1, 0);
}

static bool may_hang(const char *fault)
{
    return strstr(fault, "hang") != NULL || strstr(fault, "0s") != NULL;
}

/* Whether so many calls were made that the fault struck. */
static bool play(const char *fault, int call)
{
    char *row = memory_format("%s call=%d", fault, call);
    int64_t timeout_ms = may_hang(fault) ? SHORT_MS : ENOUGH_MS;
    struct stage stage = open_stage(row);
    cycle(&stage, 5, 1, timeout_ms);
    cycle(&stage, 5, 3, timeout_ms);
    cycle(&stage, 8, 3, timeout_ms);
    char *log = child_file(stage.folder, "log");
    int calls = count_of(log, "\"method\":");
    bool has_struck = count_of(log, "\"fault\":") > 0;
    expect(&stage, calls <= CALLS_MOST, "few calls");
    free(log);
    if (strstr(fault, "429") == NULL) { /* after which the platform is left alone for a second */
        cycle(&stage, 8, 3, ENOUGH_MS);
        suite_check_int(stage.worker, 8, row, __FILE__, __LINE__);
        suite_check_int(stage.mailer, 3, row, __FILE__, __LINE__);
    }
    close_stage(&stage);
    free(row);
    return has_struck;
}

static void every_fault_at_every_call(void)
{
    for (size_t i = 0; i < FAULTS; i++) {
        int struck = 0;
        for (int call = 1; call <= CALLS; call++)
            struck += play(faults[i], call);
        int least = may_hang(faults[i]) ? 3 : 11; /* what is late is not followed by an apply */
        suite_check_int(struck >= least, 1, faults[i], __FILE__, __LINE__);
    }
}

static const struct test tests[] = {
    {"every fault at every call", every_fault_at_every_call},
};
SUITE_MAIN("heroku_faults", tests)
