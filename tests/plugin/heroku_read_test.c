/* SPDX-License-Identifier: MIT
 * Reading a formation: every answer that a server can give, and what becomes of it. */
#include "tests/plugin/heroku_stage.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <string.h>

enum { LINES = 3, DEADLINE_MS = 10000, SHORT_MS = 300 };

#define LIST               "[{\"type\":\"web\",\"quantity\":1},{\"type\":\"worker\",\"quantity\":2}]"
#define JSON               "Content-Type: application/json\r\n"
#define ERROR(id, message) "{\"id\":\"" id "\",\"message\":\"" message "\"}"
#define HTML               "<!DOCTYPE html>\n<html><head><title>Application Error</title></head></html>"

/* What the server does -> what the back-end returns and says, which size it puts, how often it
 * asks. */
struct row {
    const char *name;
    struct line lines[LINES];
    int32_t code;
    const char *says; /* NULL: nothing */
    int64_t size;     /* of the worker; -1: not known */
    size_t calls;
    int64_t timeout_ms; /* 0: enough */
};

static const struct row good[] = {
    {"a list", {{.body = LIST}}, DYN_OK, NULL, 2, 1, 0},
    {"all fields of the schema",
     {{.headers = JSON,
       .body = "[{\"app\":{\"id\":\"01234567\",\"name\":\"myapp\"},\"command\":\"x\","
               "\"created_at\":\"2012-01-01T12:00:00Z\",\"id\":\"01234567\","
               "\"quantity\":2,\"size\":\"Standard-1X\",\"dyno_size\":{\"id\":\"1\","
               "\"name\":\"Standard-1X\"},\"type\":\"worker\",\"new\":[{}]}]"}},
     DYN_OK,
     NULL,
     2,
     1,
     0},
    {"no dynos is a size",
     {{.body = "[{\"type\":\"worker\",\"quantity\":0}]"}},
     DYN_OK,
     NULL,
     0,
     1,
     0},
    {"chunks",
     {{.headers = "Transfer-Encoding: chunked\r\n",
       .body = "8\r\n[{\"type\"\r\n1a\r\n:\"worker\",\"quantity\":2} ]\r\n0\r\n\r\n"}},
     DYN_OK,
     NULL,
     2,
     1,
     0},
    {"a body that ends with the connection",
     {{.body = LIST, .then = CLOSE}},
     DYN_OK,
     NULL,
     2,
     1,
     0},
    {"an object in place of a list",
     {{.body = "{\"type\":\"worker\",\"quantity\":2}"}},
     DYN_OK,
     NULL,
     2,
     1,
     0},
    {"two pages",
     {{.status = "206 Partial Content",
       .headers = "Next-Range: ]f1..; max=200\r\n",
       .body = "[{\"type\":\"web\",\"quantity\":1}]"},
      {.body = "[{\"type\":\"worker\",\"quantity\":2}]"}},
     DYN_OK,
     NULL,
     2,
     2,
     0},
    {"two pages with header names in lower case",
     {{.status = "206 Partial Content",
       .headers = "next-range:]f1..\r\n",
       .body = "[{\"type\":\"worker\",\"quantity\":2}]"},
      {.body = "[{\"type\":\"web\",\"quantity\":1}]"}},
     DYN_OK,
     NULL,
     2,
     2,
     0},
    {"a status that does not say that more comes",
     {{.headers = "Next-Range: ]f1..\r\n", .body = "[{\"type\":\"web\",\"quantity\":1}]"},
      {.body = "[{\"type\":\"worker\",\"quantity\":2}]"}},
     DYN_OK,
     NULL,
     2,
     2,
     0},
    {"1 MiB", {{.padding = 1 << 20, .body = LIST}}, DYN_OK, NULL, 2, 1, 0},
    {"a note before the answer",
     {{.raw = "HTTP/1.1 100 Continue\r\nNext-Range: a\r\n\r\nHTTP/1.1 200 OK\r\n"
              "Content-Length: 32\r\n\r\n[{\"type\":\"worker\",\"quantity\":2}]"}},
     DYN_OK,
     NULL,
     2,
     1,
     0},
};

static const struct row unknown[] = {
    {"a type that the app lacks",
     {{.body = "[{\"type\":\"web\",\"quantity\":1},"
               "{\"type\":\"clock\",\"quantity\":1}]"}},
     DYN_OK,
     "the Procfile of \"myapp\" has no process type \"worker\"; it has: web, clock",
     -1,
     1,
     0},
    {"case counts",
     {{.body = "[{\"type\":\"Worker\",\"quantity\":1}]"}},
     DYN_OK,
     "it has: Worker",
     -1,
     1,
     0},
    {"an app without types",
     {{.body = "[]"}},
     DYN_OK,
     "it has: none, so the app was not deployed",
     -1,
     1,
     0},
    {"a name that would end the line",
     {{.body = "[{\"type\":\"a\\nb" STAGE_TOKEN "\",\"quantity\":1}]"}},
     DYN_OK,
     "it has: a b***",
     -1,
     1,
     0},
    {"a quantity in quotes",
     {{.body = "[{\"type\":\"worker\",\"quantity\":\"2\"}]"}},
     DYN_OK,
     "does not tell how many \"worker\"",
     -1,
     1,
     0},
    {"half a dyno",
     {{.body = "[{\"type\":\"worker\",\"quantity\":1.5}]"}},
     DYN_OK,
     "does not tell",
     -1,
     1,
     0},
    {"fewer than none",
     {{.body = "[{\"type\":\"worker\",\"quantity\":-1}]"}},
     DYN_OK,
     "does not tell",
     -1,
     1,
     0},
    {"more than there are",
     {{.body = "[{\"type\":\"worker\",\"quantity\":1e300}]"}},
     DYN_OK,
     "does not tell",
     -1,
     1,
     0},
    {"null",
     {{.body = "[{\"type\":\"worker\",\"quantity\":null}]"}},
     DYN_OK,
     "does not tell",
     -1,
     1,
     0},
    {"no quantity", {{.body = "[{\"type\":\"worker\"}]"}}, DYN_OK, "does not tell", -1, 1, 0},
    {"told twice, and not the same",
     {{.body = "[{\"type\":\"worker\",\"quantity\":1},{\"type\":\"worker\",\"quantity\":2}]"}},
     DYN_OK,
     "does not tell",
     -1,
     1,
     0},
};

static const struct row senseless[] = {
    {"half a list",
     {{.body = "[{\"type\":\"worker\",\"quantity\":2}"}},
     DYN_RETRY,
     "the answer is not JSON, or cut short",
     -1,
     1,
     0},
    {"a list with something behind it", {{.body = LIST "<html>"}}, DYN_RETRY, "not JSON", -1, 1, 0},
    {"nothing", {{.body = ""}}, DYN_RETRY, "the answer is empty", -1, 1, 0},
    {"plain text",
     {{.headers = "Content-Type: text/plain\r\n", .body = "ok"}},
     DYN_RETRY,
     "not JSON",
     -1,
     1,
     0},
    {"an object of another kind",
     {{.body = "{\"a\":1}"}},
     DYN_RETRY,
     "not a list of process types",
     -1,
     1,
     0},
    {"a list of another kind",
     {{.body = "[1]"}},
     DYN_RETRY,
     "not a list of process types",
     -1,
     1,
     0},
    {"nested without end",
     {{.body = "[[[[[[[[[[[[[[[[[[[[[[[[[[[[["}},
     DYN_RETRY,
     "not JSON",
     -1,
     1,
     0},
    {"more than 2 MiB",
     {{.padding = 3 << 20, .body = LIST}},
     DYN_RETRY,
     "more than 2 MiB",
     -1,
     1,
     0},
    {"a part that does not say where it goes on",
     {{.status = "206 Partial Content", .body = LIST}},
     DYN_RETRY,
     "does not say where it goes on",
     -1,
     1,
     0},
    {"pages without end",
     {{.headers = "Next-Range: ]f1..\r\n", .body = LIST}},
     DYN_RETRY,
     "a list without an end",
     -1,
     100,
     0},
    {"no content",
     {{.status = "204 No Content"}},
     DYN_RETRY,
     "204: an answer without a meaning",
     -1,
     1,
     0},
    {"not modified, unasked",
     {{.status = "304 Not Modified"}},
     DYN_RETRY,
     "304: an answer",
     -1,
     1,
     0},
    {"no HTTP",
     {{.raw = "SSH-2.0-OpenSSH_9.2\r\n", .then = CLOSE}},
     DYN_BROKEN,
     "HTTP/0.9",
     -1,
     1,
     0},
    {"a redirect, which would take the token along",
     {{.status = "302 Found", .headers = "Location: http://127.0.0.1:1/\r\n"}},
     DYN_BROKEN,
     "302: a redirect, which is not followed",
     -1,
     1,
     0},
};

static const struct row refused[] = {
    {"bad request",
     {{.status = "400 Bad Request", .body = ERROR("bad_request", "No.")}},
     DYN_BROKEN,
     "400 bad_request, \"No.\": a fault of this program",
     -1,
     1,
     0},
    {"a wrong token",
     {{.status = "401 Unauthorized",
       .body = ERROR("unauthorized", "Invalid credentials provided.")}},
     DYN_BROKEN,
     "401 unauthorized, \"Invalid credentials provided.\": the token is missing, wrong, expired or "
     "revoked: make one with \"heroku authorizations:create -s read,write\"",
     -1,
     1,
     0},
    {"an unpaid account",
     {{.status = "402 Payment Required", .body = ERROR("delinquent", "Pay.")}},
     DYN_BROKEN,
     "the account has unpaid invoices",
     -1,
     1,
     0},
    {"somebody else's app",
     {{.status = "403 Forbidden",
       .headers = "Oauth-Scope: identity\r\nOAUTH-SCOPE-ACCEPTED: global read write\r\n"
                  "Request-Id: 1a,2b\r\n",
       .body = ERROR("forbidden", "You do not have access to the app myapp.")}},
     DYN_BROKEN,
     "give the token's account access to the app, and the token the scopes read and write; the "
     "token "
     "has the scope \"identity\", this takes one of \"global read write\" (Request-Id 1a,2b)",
     -1,
     1,
     0},
    {"somebody else's app, with a scope that would do",
     {{.status = "403 Forbidden",
       .headers = "Oauth-Scope: global\r\nOauth-Scope-Accepted: global read write\r\n"
                  "Request-Id: 1a\r\n",
       .body = ERROR("forbidden", "You do not have access to the app myapp.")}},
     DYN_BROKEN,
     "give the token's account access to the app, and the token the scopes read and write "
     "(Request-Id 1a)",
     -1,
     1,
     0},
    {"a suspended app",
     {{.status = "403 Forbidden", .body = ERROR("suspended", "No.")}},
     DYN_BROKEN,
     "the account or the app is suspended",
     -1,
     1,
     0},
    {"a second factor",
     {{.status = "403 Forbidden", .body = ERROR("two_factor", "Which?")}},
     DYN_BROKEN,
     "a second factor is asked for",
     -1,
     1,
     0},
    {"no such app",
     {{.status = "404 Not Found",
       .body =
           "{\"resource\":\"app\",\"id\":\"not_found\",\"message\":\"Couldn't find that app.\"}"}},
     DYN_BROKEN,
     "the token's account has no app of this name",
     -1,
     1,
     0},
    {"no such app, without the resource",
     {{.status = "404 Not Found", .body = ERROR("not_found", "Couldn't find that app.")}},
     DYN_BROKEN,
     "the token's account has no app of this name",
     -1,
     1,
     0},
    {"a missing version, with error in place of message",
     {{.status = "406 Not Acceptable",
       .body = "{\"id\":\"missing_version\",\"error\":\"Please specify a version.\\n\"}"}},
     DYN_BROKEN,
     "406 missing_version, \"Please specify a version.\": a fault of this program",
     -1,
     1,
     0},
    {"a conflict",
     {{.status = "409 Conflict", .body = ERROR("conflict", "Busy.")}},
     DYN_RETRY,
     "409 conflict, \"Busy.\"",
     -1,
     1,
     0},
    {"gone", {{.status = "410 Gone"}}, DYN_BROKEN, "410: this part of the API is gone", -1, 1, 0},
    {"a status that nobody foresaw",
     {{.status = "418 Teapot", .body = "short and stout"}},
     DYN_BROKEN,
     "418, \"short and stout\"",
     -1,
     1,
     0},
    {"unverified",
     {{.status = "422 Unprocessable", .body = ERROR("verification_needed", "Pay.")}},
     DYN_BROKEN,
     "give the account billing details",
     -1,
     1,
     0},
    {"the rate limit, in two lines",
     {{.status = "429 Too Many Requests",
       .body = ERROR("rate_limit", "Your account reached the API rate limit\\nPlease wait")}},
     DYN_RETRY,
     "\"Your account reached the API rate limit Please wait\": all programs and people",
     -1,
     1,
     0},
    {"an error inside",
     {{.status = "500 Internal Server Error"}},
     DYN_RETRY,
     "500: Heroku has trouble",
     -1,
     1,
     0},
    {"a proxy's page",
     {{.status = "502 Bad Gateway",
       .headers = "Via: kong/2.8\r\nContent-Type: text/html\r\n",
       .body = HTML}},
     DYN_RETRY,
     "502, a web page instead of the API's JSON: Heroku has trouble",
     -1,
     1,
     0},
    {"unavailable",
     {{.status = "503 Service Unavailable", .body = ERROR("maintenance", "Soon.")}},
     DYN_RETRY,
     "503 maintenance, \"Soon.\"",
     -1,
     1,
     0},
    {"1 MiB of words",
     {{.status = "503 Service Unavailable", .padding = 1 << 20, .body = "sorry"}},
     DYN_RETRY,
     "503, \"sorry\"",
     -1,
     1,
     0},
    {"a message that is not a text",
     {{.status = "503 Service Unavailable", .body = "{\"id\":3,\"message\":{}}"}},
     DYN_RETRY,
     "503, \"{\"id\":3,\"message\":{}}\"",
     -1,
     1,
     0},
    {"the token, sent back",
     {{.status = "401 Unauthorized",
       .headers = "Request-Id: " STAGE_TOKEN "\r\n",
       .body = ERROR(STAGE_TOKEN, "Bearer " STAGE_TOKEN " is no token of ours.")}},
     DYN_BROKEN,
     "401 ***, \"Bearer *** is no token of ours.\"",
     -1,
     1,
     0},
    {"the token, sent back in plain words",
     {{.status = "500 Sorry", .body = STAGE_TOKEN}},
     DYN_RETRY,
     "500, \"***\"",
     -1,
     1,
     0},
};

static const struct row broken[] = {
    {"a reset", {{.raw = "", .then = RESET}}, DYN_RETRY, "reset", -1, 1, 0},
    {"a close without an answer", {{.raw = "", .then = CLOSE}}, DYN_RETRY, "Empty reply", -1, 1, 0},
    {"a close within the headers",
     {{.raw = "HTTP/1.1 200 OK\r\nConte", .then = CLOSE}},
     DYN_RETRY,
     "the answer is empty",
     -1,
     1,
     0},
    {"a close within the body",
     {{.headers = "Content-Length: 99\r\n",
       .body = "[{\"type\":\"worker\",\"quantity\":2}]",
       .then = CLOSE}},
     DYN_RETRY,
     "67 bytes remaining",
     -1,
     1,
     0},
    {"no answer",
     {{.raw = "", .then = SILENCE}},
     DYN_LATE,
     "out of time while waiting for the answer",
     -1,
     1,
     SHORT_MS},
    {"a body that stops coming",
     {{.headers = "Content-Length: 99\r\n", .body = "[{\"type\":", .then = SILENCE}},
     DYN_LATE,
     "out of time while the answer came in",
     -1,
     1,
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

static void try_row(const struct row *row)
{
    static const char *const names[] = {"worker"};
    struct stage stage = stage_open("heroku-formation", row->lines, count_lines(row->lines), "");
    int32_t code =
        stage_read(&stage, names, 1, row->timeout_ms != 0 ? row->timeout_ms : DEADLINE_MS);
    suite_check_int(code, row->code, row->name, __FILE__, __LINE__);
    if (row->says != NULL)
        suite_check_has(stage_said(&stage), row->says, row->name, __FILE__, __LINE__);
    else
        suite_check_text(stage_said(&stage), "", row->name, __FILE__, __LINE__);
    if (code != DYN_OK)
        suite_check_has(stage_said(&stage),
                        "cannot read the formation of \"myapp\" at http://127.0", row->name,
                        __FILE__, __LINE__);
    suite_check_int(stage_size(&stage, 0), row->size, row->name, __FILE__, __LINE__);
    suite_check_int((int64_t)script_calls(stage.script), (int64_t)row->calls, row->name, __FILE__,
                    __LINE__);
    stage_close(&stage);
}

#define TRY(rows)                                             \
    for (size_t i = 0; i < sizeof(rows) / sizeof(*rows); i++) \
    try_row(&(rows)[i])

static void good_lists_are_sizes(void)
{
    TRY(good);
}

static void doubtful_entries_are_unknown(void)
{
    TRY(unknown);
}

static void other_answers_are_failures(void)
{
    TRY(senseless);
}

static void refusals_say_what_to_do(void)
{
    TRY(refused);
}

static void broken_connections_are_failures(void)
{
    TRY(broken);
}

/* ---- What is asked ---- */

static void request_is_as_documented(void)
{
    static const struct line lines[] = {{.body = LIST}};
    static const char *const names[] = {"worker"};
    struct stage stage = stage_open("heroku-formation", lines, 1, "");
    CHECK_INT(stage_read(&stage, names, 1, DEADLINE_MS), DYN_OK);
    const char *request = script_request(stage.script, 0);
    CHECK(strncmp(request, "GET /apps/myapp/formation HTTP/1.1\r\n", 36) == 0);
    CHECK_HAS(request, "\r\nAccept: application/vnd.heroku+json; version=3\r\n");
    CHECK_HAS(request, "\r\nAuthorization: Bearer " STAGE_TOKEN "\r\n");
    CHECK_HAS(request, "\r\nUser-Agent: dynomatic/");
    CHECK(strstr(request, "Content-Type") == NULL);
    stage_close(&stage);
}

static void next_page_is_asked_for_by_its_range(void)
{
    static const struct line lines[] = {{.status = "206 Partial Content",
                                         .headers = "Next-Range: ]f1..; max=200\r\n",
                                         .body = "[]"},
                                        {.body = LIST}};
    static const char *const names[] = {"worker", "web", "nobody"};
    struct stage stage = stage_open("heroku-formation", lines, 2, "");
    CHECK_INT(stage_read(&stage, names, 3, DEADLINE_MS), DYN_OK);
    CHECK_INT(stage_size(&stage, 0), 2);
    CHECK_INT(stage_size(&stage, 1), 1);
    CHECK_INT(stage_size(&stage, 2), -1);
    CHECK(strstr(script_request(stage.script, 0), "Range:") == NULL);
    CHECK_HAS(script_request(stage.script, 1), "\r\nRange: ]f1..; max=200\r\n");
    stage_close(&stage);
}

static void connection_is_kept(void)
{
    static const struct line lines[] = {{.body = LIST}};
    static const char *const names[] = {"worker"};
    struct stage stage = stage_open("heroku-formation", lines, 1, "");
    for (int i = 0; i < 5; i++)
        CHECK_INT(stage_read(&stage, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(script_calls(stage.script), 5);
    CHECK_INT(script_connections(stage.script), 1);
    stage_close(&stage);
}

static void lost_connection_is_made_again(void)
{
    static const struct line lines[] = {{.body = LIST},
                                        {.raw = "", .then = SILENCE},
                                        {.body = "[{\"type\":\"worker\",\"quantity\":7}]"}};
    static const char *const names[] = {"worker"};
    struct stage stage = stage_open("heroku-formation", lines, 3, "");
    CHECK_INT(stage_read(&stage, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(stage_read(&stage, names, 1, SHORT_MS), DYN_LATE);
    CHECK_INT(stage_read(&stage, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(stage_size(&stage, 0), 7);
    CHECK_INT(script_connections(stage.script), 2);
    stage_close(&stage);
}

static void warnings_are_passed_on_once(void)
{
    static const struct line lines[] = {
        {.headers = "x-heroku-warning: This app is old.\r\n", .body = LIST}};
    static const char *const names[] = {"worker"};
    struct stage stage = stage_open("heroku-formation", lines, 1, "");
    stage_read(&stage, names, 1, DEADLINE_MS);
    stage_read(&stage, names, 1, DEADLINE_MS);
    CHECK_TEXT(testhost_logs(stage.host), "warn: Heroku warns: This app is old.\n");
    stage_close(&stage);
}

static void long_list_of_types_is_cut(void)
{
    static const char *const names[] = {"worker"};
    char list[8192] = "[";
    for (int i = 0; i < 200; i++)
        sprintf(list + strlen(list), "{\"type\":\"type%d\",\"quantity\":0},", i);
    list[strlen(list) - 1] = ']';
    const struct line line = {.body = list};
    struct stage stage = stage_open("heroku-formation", &line, 1, "");
    CHECK_INT(stage_read(&stage, names, 1, DEADLINE_MS), DYN_OK);
    CHECK_HAS(stage_said(&stage), "type9, type10");
    CHECK_HAS(stage_said(&stage), "...");
    CHECK(strlen(stage_said(&stage)) < 600);
    stage_close(&stage);
}

static const struct test tests[] = {
    {"a good list tells sizes", good_lists_are_sizes},
    {"an entry in doubt is unknown, and never a number", doubtful_entries_are_unknown},
    {"an answer that is no list is a failure", other_answers_are_failures},
    {"a refusal says what it is and what to do", refusals_say_what_to_do},
    {"a broken connection is a failure", broken_connections_are_failures},
    {"the request is as documented", request_is_as_documented},
    {"the next page is asked for by its range", next_page_is_asked_for_by_its_range},
    {"the connection is kept", connection_is_kept},
    {"a lost connection is made again", lost_connection_is_made_again},
    {"a long list of types is cut", long_list_of_types_is_cut},
    {"a warning of the platform is passed on once", warnings_are_passed_on_once},
};

SUITE_MAIN("heroku read", tests)
