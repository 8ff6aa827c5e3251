/* SPDX-License-Identifier: MIT
 * The back-ends of Heroku against the fake platform: its rules decide, and its log tells what was
 * sent. */
#include "tests/support/child.h"
#include "tests/support/suite.h"
#include "tests/support/testhost.h"

#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

enum { DEADLINE_MS = 10000, WORDS = 20 };

#define TOKEN      "HRKU-AAfake-test-token-never-to-be-seen"
#define READER     "HRKU-AAfake-test-reader-never-to-be-seen"
#define NEVER_SEEN "never-to-be-seen"

/* A platform with one app, and the plugin under test as its client. */
struct platform {
    char *folder;
    pid_t pid;
    long port;
};

/* Starts the fake with these further arguments, ended by NULL. */
static struct platform start(const char *const *more)
{
    struct platform platform = {child_make_folder(), 0, 0};
    char *program = memory_format("%s/dynomatic-fake-heroku", getenv("top_builddir"));
    const char *argv[WORDS + 12] = {program, "--port",  "0",   "--port-file",       "port", "--log",
                                    "log",   "--token", TOKEN, "--read-only-token", READER};
    size_t n = 11;
    for (size_t i = 0; more[i] != NULL && i < WORDS; i++)
        argv[n++] = more[i];
    platform.pid = child_start(argv, platform.folder, "output");
    platform.port = child_number_after(platform.folder, "port", "");
    CHECK(platform.port > 0);
    free(program);
    return platform;
}

static void stop(struct platform *platform)
{
    int status = child_stop(platform->pid);
    CHECK(WIFEXITED(status) && WEXITSTATUS(status) == 0);
    child_remove_folder(platform->folder);
    free(platform->folder);
}

static struct testhost *client(const struct platform *platform, const char *plugin, const char *app,
                               const char *token, const char *more)
{
    char *error = NULL;
    char *options = memory_format("{app: %s, token: %s, api_url: 'http://127.0.0.1:%ld'%s}", app,
                                  token, platform->port, more);
    struct testhost *host = testhost_open(plugin, options, &error);
    if (host == NULL) {
        fprintf(stderr, "%s does not open: %s\n", plugin, error);
        exit(EXIT_FAILURE);
    }
    free(options);
    return host;
}

static struct testhost *formation(const struct platform *platform)
{
    return client(platform, "heroku-formation", "myapp", TOKEN, "");
}

static void finish(struct testhost *host)
{
    CHECK_TEXT(testhost_breaches(host), "");
    CHECK(strstr(testhost_failure(host), NEVER_SEEN) == NULL);
    CHECK(strstr(testhost_logs(host), NEVER_SEEN) == NULL);
    testhost_close(host);
}

/* The size of a type as somebody else sees it; -1: not known. */
static int64_t quantity(const struct platform *platform, const char *type)
{
    struct testhost *host = formation(platform);
    CHECK_INT(testhost_read(host, &type, 1, DEADLINE_MS), DYN_OK);
    struct value value = testhost_value(host, 0, DYN_SIZE);
    finish(host);
    return value.doubt == KNOWN_EXACT ? value.number : -1;
}

static int64_t size(const struct testhost *host, size_t i)
{
    struct value value = testhost_value(host, i, DYN_SIZE);
    return value.doubt == KNOWN_EXACT ? value.number : -1;
}

/* How often the fake's log has this. */
static int logged(const struct platform *platform, const char *text)
{
    char *log = child_file(platform->folder, "log");
    int n = 0;
    for (const char *at = log; (at = strstr(at, text)) != NULL; at += strlen(text))
        n++;
    free(log);
    return n;
}

/* ---- Sizes ---- */

static void sizes_are_read_and_set_in_one_request(void)
{
    static const char *const arguments[] = {
        "--app",         "myapp",    "--formation", "web=2:Standard-1X",
        "--formation",   "worker=0", "--formation", "mailer=3",
        "--batch-reply", "all",      NULL};
    static const char *const names[] = {"worker", "mailer"};
    static const struct dyn_change changes[] = {{.name = "worker", .size = 10},
                                                {.name = "mailer", .size = 0}};
    struct platform platform = start(arguments);
    struct testhost *host = formation(&platform);
    CHECK_INT(testhost_read(host, names, 2, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 0);
    CHECK_INT(size(host, 1), 3);
    CHECK_INT(testhost_apply(host, changes, 2, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 10);
    CHECK_INT(size(host, 1), 0);
    CHECK_INT(testhost_apply(host, changes, 2, DEADLINE_MS), DYN_OK);
    finish(host);
    CHECK_INT(quantity(&platform, "worker"), 10);
    CHECK_INT(quantity(&platform, "mailer"), 0);
    CHECK_INT(quantity(&platform, "web"), 2);
    CHECK_INT(logged(&platform, "\"PATCH\""), 1);
    CHECK_INT(logged(&platform, NEVER_SEEN), 0);
    stop(&platform);
}

#define NAMES ", worker_names: [worker1, worker2, worker3]"

static void list_runs_from_its_beginning(void)
{
    static const char *const arguments[] = {
        "--app",       "myapp",           "--formation", "web=1:Basic",
        "--formation", "worker1=0:Basic", "--formation", "worker2=0:Basic",
        "--formation", "worker3=1:Basic", NULL};
    static const char *const names[] = {"cheap"};
    static const struct dyn_change change = {.name = "cheap", .size = 2};
    struct platform platform = start(arguments);
    struct testhost *host = client(&platform, "heroku-hobby", "myapp", TOKEN, NAMES);
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 1);
    CHECK_INT(testhost_apply(host, &change, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 2);
    finish(host);
    CHECK_INT(quantity(&platform, "worker1"), 1);
    CHECK_INT(quantity(&platform, "worker2"), 0);
    CHECK_INT(quantity(&platform, "worker3"), 1); /* nothing is stopped to start another */
    CHECK_INT(logged(&platform, "\"PATCH\""), 1);
    stop(&platform);
}

/* A list in parts is read to its end, each time. */
static void parts_make_a_list(void)
{
    static const char *const arguments[] = {"--app",       "myapp",    "--formation", "web=1",
                                            "--formation", "worker=2", "--formation", "mailer=3",
                                            "--page",      "1",        NULL};
    static const char *const names[] = {"worker", "mailer"};
    struct platform platform = start(arguments);
    struct testhost *host = formation(&platform);
    for (int i = 0; i < 2; i++) {
        CHECK_INT(testhost_read(host, names, 2, DEADLINE_MS), DYN_OK);
        CHECK_INT(size(host, 0), 2);
        CHECK_INT(size(host, 1), 3);
    }
    CHECK_INT(logged(&platform, "\"status\":206"), 4);
    CHECK_INT(logged(&platform, "\"status\":304"), 0);
    finish(host);
    stop(&platform);
}

/* ---- Limits of the platform ---- */

static void limit_of_a_size_is_reached(void)
{
    static const char *const arguments[] = {"--app", "myapp", "--formation",
                                            "worker=1:Performance-L", NULL};
    static const struct dyn_change change = {.name = "worker", .size = 12};
    struct platform platform = start(arguments);
    struct testhost *host = formation(&platform);
    CHECK_INT(testhost_apply(host, &change, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 10);
    CHECK_HAS(testhost_unknown(host, 0), "cannot_run_above_limit");
    finish(host);
    CHECK_INT(quantity(&platform, "worker"), 10);
    stop(&platform);
}

static void limit_of_the_app_counts_other_types(void)
{
    static const char *const arguments[] = {"--app",       "myapp",    "--formation", "web=4",
                                            "--formation", "worker=1", NULL};
    static const struct dyn_change change = {.name = "worker", .size = 120};
    struct platform platform = start(arguments);
    struct testhost *host = formation(&platform);
    CHECK_INT(testhost_apply(host, &change, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 96);
    finish(host);
    CHECK_INT(quantity(&platform, "worker"), 96);
    CHECK_INT(quantity(&platform, "web"), 4);
    stop(&platform);
}

static void eco_app_runs_what_it_can(void)
{
    static const char *const arguments[] = {
        "--app",       "myapp",         "--formation", "web=1:Eco",
        "--formation", "worker1=0:Eco", "--formation", "worker2=0:Eco",
        "--formation", "worker3=0:Eco", NULL};
    static const struct dyn_change change = {.name = "cheap", .size = 3};
    static const char *const names[] = {"cheap"};
    struct platform platform = start(arguments);
    struct testhost *host = client(&platform, "heroku-hobby", "myapp", TOKEN, NAMES);
    CHECK_INT(testhost_apply(host, &change, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), -1);
    CHECK_HAS(testhost_unknown(host, 0), "Cannot run more than 2 Eco size dynos.");
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 1);
    finish(host);
    CHECK_INT(quantity(&platform, "web"), 1);
    stop(&platform);
}

/* ---- Refusals ---- */

static const char *const small_app[] = {"--app", "myapp", "--formation", "worker=2", NULL};

static void reader_cannot_scale(void)
{
    static const char *const names[] = {"worker"};
    static const struct dyn_change change = {.name = "worker", .size = 0};
    struct platform platform = start(small_app);
    struct testhost *host = client(&platform, "heroku-formation", "myapp", READER, "");
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 2);
    CHECK_INT(testhost_apply(host, &change, 1, DEADLINE_MS), DYN_BROKEN);
    CHECK_HAS(testhost_failure(host), "the token has the scope \"read\"");
    finish(host);
    CHECK_INT(quantity(&platform, "worker"), 2);
    stop(&platform);
}

static void strangers_are_told_what_to_do(void)
{
    static const char *const names[] = {"worker"};
    struct platform platform = start(small_app);
    struct testhost *host = client(&platform, "heroku-formation", "myapp", "HRKU-AAother", "");
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_BROKEN);
    CHECK_HAS(testhost_failure(host), "401 unauthorized");
    CHECK_HAS(testhost_failure(host), "(Request-Id ");
    finish(host);
    host = client(&platform, "heroku-formation", "otherapp", TOKEN, "");
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_BROKEN);
    CHECK_HAS(testhost_failure(host), "Couldn't find that app.\": the token's account has no app");
    finish(host);
    stop(&platform);
}

/* ---- What else the platform tells ---- */

static int64_t dynos(const struct testhost *host, int32_t state)
{
    struct value value = testhost_value(host, 0, state);
    return value.doubt == KNOWN_EXACT ? value.number : -1;
}

static void what_runs_is_told(void)
{
    static const char *const booting[] = {"--app",        "myapp", "--formation", "worker=3",
                                          "--boot-delay", "1h",    NULL};
    static const char *const names[] = {"worker"};
    struct platform platform = start(booting);
    struct testhost *host = formation(&platform);
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 3);
    CHECK_INT(dynos(host, DYN_UP), 0);
    CHECK_INT(dynos(host, DYN_STARTING), 3);
    CHECK_INT(dynos(host, DYN_CRASHED), 0);
    finish(host);
    host = client(&platform, "heroku-formation", "myapp", TOKEN, ", dynos: no");
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 3);
    CHECK_INT(dynos(host, DYN_STARTING), -1);
    finish(host);
    CHECK_INT(logged(&platform, "/apps/myapp/dynos\""), 1);
    stop(&platform);
}

static void what_runs_of_a_list_is_told(void)
{
    static const char *const arguments[] = {"--app",           "myapp",           "--formation",
                                            "worker1=1:Basic", "--formation",     "worker2=1:Basic",
                                            "--formation",     "worker3=0:Basic", NULL};
    static const char *const names[] = {"cheap"};
    struct platform platform = start(arguments);
    struct testhost *host = client(&platform, "heroku-single", "myapp", TOKEN, NAMES);
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 2);
    CHECK_INT(dynos(host, DYN_UP), 2);
    CHECK_INT(dynos(host, DYN_CRASHED), 0);
    finish(host);
    stop(&platform);
}

static void eco_dynos_are_warned_of_once(void)
{
    static const char *const arguments[] = {"--app",         "myapp",         "--formation",
                                            "worker1=0:Eco", "--formation",   "worker2=0:Eco",
                                            "--formation",   "worker3=0:Eco", NULL};
    static const char *const names[] = {"cheap"};
    struct platform platform = start(arguments);
    struct testhost *host = client(&platform, "heroku-hobby", "myapp", TOKEN, NAMES);
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    const char *warning = strstr(testhost_logs(host), "only two run at once");
    CHECK(warning != NULL);
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK(warning == NULL || strstr(warning + 1, "only two run at once") == NULL);
    finish(host);
    stop(&platform);
}

static void nothing_grows_in_maintenance(void)
{
    static const char *const arguments[] = {"--app",    "myapp",         "--formation",
                                            "worker=2", "--maintenance", NULL};
    static const char *const names[] = {"worker"};
    static const struct dyn_change grow = {.name = "worker", .size = 5};
    static const struct dyn_change shrink = {.name = "worker", .size = 1};
    struct platform platform = start(arguments);
    struct testhost *host = formation(&platform);
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_HAS(testhost_logs(host), "\"myapp\" is in maintenance mode");
    CHECK_INT(testhost_apply(host, &grow, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 2);
    CHECK_HAS(testhost_unknown(host, 0), "maintenance: hold");
    CHECK_INT(logged(&platform, "\"PATCH\""), 0);
    CHECK_INT(testhost_apply(host, &shrink, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 1);
    finish(host);
    host = client(&platform, "heroku-formation", "myapp", TOKEN, ", maintenance: ignore");
    CHECK_INT(testhost_apply(host, &grow, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 5);
    finish(host);
    stop(&platform);
}

static void an_unchanged_list_is_not_sent_again(void)
{
    static const char *const names[] = {"worker"};
    static const struct dyn_change change = {.name = "worker", .size = 5};
    struct platform platform = start(small_app);
    struct testhost *host = formation(&platform);
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 2);
    CHECK_INT(logged(&platform, "\"status\":304"), 1);
    CHECK_INT(testhost_apply(host, &change, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 5);
    CHECK_INT(logged(&platform, "\"status\":304"), 1);
    finish(host);
    stop(&platform);
}

/* ---- The account's calls ---- */

static void few_calls_are_kept_for_growth(void)
{
    static const char *const arguments[] = {"--app",        "myapp",     "--formation", "worker=2",
                                            "--rate-limit", "4500:0:50", NULL};
    static const char *const names[] = {"worker"};
    static const struct dyn_change shrink = {.name = "worker", .size = 1};
    static const struct dyn_change grow = {.name = "worker", .size = 5};
    struct platform platform = start(arguments);
    struct testhost *host = formation(&platform);
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    int calls = logged(&platform, "\"method\"");
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 2);
    CHECK_INT(testhost_apply(host, &shrink, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 2);
    CHECK_HAS(testhost_unknown(host, 0), "kept for growth");
    CHECK_INT(logged(&platform, "\"method\""), calls);
    CHECK_INT(testhost_apply(host, &grow, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 5);
    CHECK_INT(logged(&platform, "\"method\""), calls + 1);
    finish(host);
    stop(&platform);
}

/* Formation, app and dynos are read; the fourth call is one too many. */
static void a_429_changes_nothing_and_is_not_hammered(void)
{
    static const char *const arguments[] = {"--app",         "myapp",        "--formation",
                                            "worker=2",      "--rate-limit", "3:0",
                                            "--retry-after", "seconds",      NULL};
    static const char *const names[] = {"worker"};
    static const struct dyn_change grow = {.name = "worker", .size = 5};
    struct platform platform = start(arguments);
    struct testhost *host = formation(&platform);
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(testhost_apply(host, &grow, 1, DEADLINE_MS), DYN_RETRY);
    CHECK_HAS(testhost_failure(host), "429 rate_limit");
    int calls = logged(&platform, "\"method\"");
    CHECK_INT(calls, 4);
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 2);
    CHECK_INT(testhost_apply(host, &grow, 1, DEADLINE_MS), DYN_RETRY);
    CHECK_HAS(testhost_failure(host), "used up: asked again in");
    CHECK_INT(logged(&platform, "\"method\""), calls);
    finish(host);
    stop(&platform);
}

/* ---- Faults ---- */

static void lost_answer_is_settled_by_the_next_read(void)
{
    static const char *const arguments[] = {
        "--app", "myapp", "--formation", "worker=2", "--fault", "reset=after method=PATCH call=1",
        NULL};
    static const char *const names[] = {"worker"};
    static const struct dyn_change change = {.name = "worker", .size = 5};
    struct platform platform = start(arguments);
    struct testhost *host = formation(&platform);
    int32_t code = testhost_apply(host, &change, 1, DEADLINE_MS);
    CHECK(code == DYN_OK || code == DYN_RETRY); /* libcurl may have sent it again */
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(size(host, 0), 5);
    finish(host);
    stop(&platform);
}

static void unavailable_platform_changes_nothing(void)
{
    static const char *const arguments[] = {
        "--app", "myapp", "--formation", "worker=2", "--fault", "status=503 method=PATCH", NULL};
    static const struct dyn_change change = {.name = "worker", .size = 0};
    struct platform platform = start(arguments);
    struct testhost *host = formation(&platform);
    CHECK_INT(testhost_apply(host, &change, 1, DEADLINE_MS), DYN_RETRY);
    CHECK_INT(size(host, 0), -1);
    finish(host);
    CHECK_INT(quantity(&platform, "worker"), 2);
    stop(&platform);
}

static void spent_account_is_asked_again_later(void)
{
    static const char *const arguments[] = {"--app",        "myapp",    "--formation", "worker=2",
                                            "--rate-limit", "10:0:0.5", NULL};
    static const char *const names[] = {"worker"};
    struct platform platform = start(arguments);
    struct testhost *host = formation(&platform);
    CHECK_INT(testhost_read(host, names, 1, DEADLINE_MS), DYN_RETRY);
    CHECK_HAS(testhost_failure(host), "429 rate_limit, \"Your account reached the API rate limit");
    finish(host);
    stop(&platform);
}

static const struct test tests[] = {
    {"sizes are read, and set in one request", sizes_are_read_and_set_in_one_request},
    {"parts make a list", parts_make_a_list},
    {"a list runs from its beginning", list_runs_from_its_beginning},
    {"the limit of a size is reached", limit_of_a_size_is_reached},
    {"the limit of the app counts other types", limit_of_the_app_counts_other_types},
    {"an Eco app runs what it can", eco_app_runs_what_it_can},
    {"a token that may only read cannot scale", reader_cannot_scale},
    {"strangers are told what to do", strangers_are_told_what_to_do},
    {"what runs is told", what_runs_is_told},
    {"what runs of a list is told", what_runs_of_a_list_is_told},
    {"Eco dynos are warned of, once", eco_dynos_are_warned_of_once},
    {"nothing grows in maintenance", nothing_grows_in_maintenance},
    {"an unchanged list is not sent again", an_unchanged_list_is_not_sent_again},
    {"few calls are kept for growth", few_calls_are_kept_for_growth},
    {"a 429 changes nothing and is not hammered", a_429_changes_nothing_and_is_not_hammered},
    {"a lost answer is settled by the next read", lost_answer_is_settled_by_the_next_read},
    {"an unavailable platform changes nothing", unavailable_platform_changes_nothing},
    {"a spent account is asked again later", spent_account_is_asked_again_later},
};

SUITE_MAIN("heroku fake", tests)
