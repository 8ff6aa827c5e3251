/* SPDX-License-Identifier: MIT
 * Each phase of a request ends at the deadline and at a cancel, whatever the other side does not
 * do; and closing never waits. */
#include "tests/plugin/heroku_stage.h"
#include "tests/support/suite.h"

#include "core/memory.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

enum { DEADLINE_MS = 10000, SHORT_MS = 300, FOREVER_MS = 600000 };

static const char *const worker[] = {"worker"};

static struct testhost *open_at(const char *api_url)
{
    char *error = NULL;
    char *options = memory_format("{app: myapp, token: " STAGE_TOKEN
                                  ", api_url: '%s', maintenance: ignore, dynos: no}",
                                  api_url);
    struct testhost *host = testhost_open("heroku-formation", options, &error);
    if (host == NULL) {
        fprintf(stderr, "heroku-formation does not open: %s\n", error);
        exit(EXIT_FAILURE);
    }
    free(options);
    return host;
}

/* ---- A look-up that never ends ---- */

static pthread_mutex_t lookup_lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t lookup_changed = PTHREAD_COND_INITIALIZER;
static int lookups;     /* that began */
static int is_released; /* whether they may end */

/* Stands in for the C library's, for the plugin's libcurl too: names below .test are not found
 * until the test lets go. */
int getaddrinfo(const char *node, const char *service, const struct addrinfo *hints,
                struct addrinfo **found)
{
    static const char ending[] = ".test";
    size_t length = strlen(node);
    (void)service;
    (void)hints;
    *found = NULL;
    if (length < sizeof ending || strcmp(node + length - strlen(ending), ending) != 0)
        return EAI_NONAME;
    pthread_mutex_lock(&lookup_lock);
    lookups++;
    pthread_cond_broadcast(&lookup_changed);
    while (!is_released)
        pthread_cond_wait(&lookup_changed, &lookup_lock);
    lookups--;
    pthread_cond_broadcast(&lookup_changed);
    pthread_mutex_unlock(&lookup_lock);
    return EAI_NONAME;
}

static void wait_for_lookup(void *unused)
{
    (void)unused;
    pthread_mutex_lock(&lookup_lock);
    while (lookups == 0)
        pthread_cond_wait(&lookup_changed, &lookup_lock);
    pthread_mutex_unlock(&lookup_lock);
}

/* Lets all go, and waits until they went. */
static void release_lookups(void)
{
    pthread_mutex_lock(&lookup_lock);
    is_released = 1;
    pthread_cond_broadcast(&lookup_changed);
    while (lookups > 0)
        pthread_cond_wait(&lookup_changed, &lookup_lock);
    is_released = 0;
    pthread_mutex_unlock(&lookup_lock);
}

/* ---- A port that takes no more connections ---- */

struct full {
    int listener;
    int guests[8];
    char url[64];
};

/* The kernel answers for a listener until its queue is full; then a connection just waits. */
static struct full fill_port(void)
{
    struct full full = {.listener = socket(AF_INET, SOCK_STREAM, 0)};
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr = {htonl(INADDR_LOOPBACK)}};
    socklen_t length = sizeof address;
    if (bind(full.listener, (struct sockaddr *)&address, sizeof address) < 0 ||
        listen(full.listener, 0) < 0 ||
        getsockname(full.listener, (struct sockaddr *)&address, &length) < 0)
        exit(EXIT_FAILURE);
    for (size_t i = 0; i < sizeof full.guests / sizeof *full.guests; i++) {
        full.guests[i] = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(full.guests[i], (struct sockaddr *)&address, sizeof address);
    }
    snprintf(full.url, sizeof full.url, "http://127.0.0.1:%d", ntohs(address.sin_port));
    return full;
}

static void empty_port(const struct full *full)
{
    for (size_t i = 0; i < sizeof full->guests / sizeof *full->guests; i++)
        close(full->guests[i]);
    close(full->listener);
}

/* ---- Deadlines ---- */

static void check_late(struct testhost *host, const char *says)
{
    CHECK_INT(testhost_read(host, worker, 1, SHORT_MS), DYN_LATE);
    CHECK_HAS(testhost_failure(host), says);
    CHECK_INT(testhost_value(host, 0, DYN_SIZE).doubt, KNOWN_NOT);
    testhost_close(host);
}

static void look_up_ends_at_the_deadline(void)
{
    check_late(open_at("https://api.heroku.test"), "out of time while looking up the name");
    release_lookups();
}

static void connecting_ends_at_the_deadline(void)
{
    struct full full = fill_port();
    check_late(open_at(full.url), "out of time while connecting");
    empty_port(&full);
}

static void tls_ends_at_the_deadline(void)
{
    static const struct line lines[] = {{.raw = "", .then = SILENCE}};
    struct script *script = script_start(lines, 1);
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%d", script_port(script));
    check_late(open_at(url), "out of time while connecting");
    script_stop(script);
}

static void nothing_is_sent_past_the_deadline(void)
{
    static const struct line lines[] = {{.body = "[]"}};
    struct stage stage = stage_open("heroku-formation", lines, 1, "");
    CHECK_INT(stage_read(&stage, worker, 1, 0), DYN_LATE);
    CHECK_INT(script_connections(stage.script), 0);
    stage_close(&stage);
}

/* ---- Cancelling ---- */

struct canceller {
    struct testhost *host;
    void (*wait)(void *); /* until the call is where it should be cancelled */
    void *argument;
};

static void *cancel_later(void *user)
{
    const struct canceller *canceller = user;
    canceller->wait(canceller->argument);
    testhost_cancel(canceller->host);
    return NULL;
}

/* Without the cancel the call would go on for ten minutes. */
static void check_cancelled(struct canceller canceller, const char *says)
{
    pthread_t thread;
    if (pthread_create(&thread, NULL, cancel_later, &canceller) != 0)
        exit(EXIT_FAILURE);
    CHECK_INT(testhost_read(canceller.host, worker, 1, FOREVER_MS), DYN_LATE);
    CHECK_HAS(testhost_failure(canceller.host), says);
    pthread_join(thread, NULL);
    testhost_close(canceller.host);
}

static void wait_for_nothing(void *unused)
{
    (void)unused;
}

static void wait_for_request(void *script)
{
    script_wait(script, 1);
}

static void wait_for_connection(void *script)
{
    script_wait_connections(script, 1);
}

static void look_up_ends_when_cancelled(void)
{
    check_cancelled((struct canceller){open_at("https://api.heroku.test"), wait_for_lookup, NULL},
                    "cancelled while looking up the name");
    release_lookups();
}

static void connecting_ends_when_cancelled(void)
{
    struct full full = fill_port();
    check_cancelled((struct canceller){open_at(full.url), wait_for_nothing, NULL}, "cancelled");
    empty_port(&full);
}

static void tls_ends_when_cancelled(void)
{
    static const struct line lines[] = {{.raw = "", .then = SILENCE}};
    struct script *script = script_start(lines, 1);
    char url[64];
    snprintf(url, sizeof url, "https://127.0.0.1:%d", script_port(script));
    check_cancelled((struct canceller){open_at(url), wait_for_connection, script}, "cancelled");
    script_stop(script);
}

static void check_cancelled_reply(const struct line *line)
{
    struct script *script = script_start(line, 1);
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", script_port(script));
    check_cancelled((struct canceller){open_at(url), wait_for_request, script}, "cancelled");
    script_stop(script);
}

static void waiting_ends_when_cancelled(void)
{
    static const struct line line = {.raw = "", .then = SILENCE};
    check_cancelled_reply(&line);
}

static void answer_ends_when_cancelled(void)
{
    static const struct line line = {
        .headers = "Content-Length: 9\r\n", .body = "[", .then = SILENCE};
    check_cancelled_reply(&line);
}

static void cancelled_instance_works_again(void)
{
    static const struct line lines[] = {{.body = "[{\"type\":\"worker\",\"quantity\":2}]"}};
    struct stage stage = stage_open("heroku-formation", lines, 1, "");
    testhost_cancel(stage.host);
    CHECK_INT(stage_read(&stage, worker, 1, DEADLINE_MS), DYN_LATE);
    CHECK_INT(stage_read(&stage, worker, 1, DEADLINE_MS), DYN_OK);
    CHECK_INT(stage_size(&stage, 0), 2);
    stage_close(&stage);
}

/* ---- Troubles of connecting ---- */

static void unknown_name_is_tried_again(void)
{
    struct testhost *host = open_at("https://nowhere.invalid");
    CHECK_INT(testhost_read(host, worker, 1, DEADLINE_MS), DYN_RETRY);
    CHECK_HAS(testhost_failure(host), "cannot read the formation of \"myapp\" at https://nowhere.");
    CHECK_HAS(testhost_failure(host), "resolve host");
    testhost_close(host);
}

static void refused_connection_is_tried_again(void)
{
    static const struct line lines[] = {{.body = "[]"}};
    struct stage stage = stage_open("heroku-formation", lines, 1, "");
    script_stop(stage.script); /* nobody listens there now */
    stage.script = NULL;
    CHECK_INT(stage_read(&stage, worker, 1, DEADLINE_MS), DYN_RETRY);
    CHECK_HAS(stage_said(&stage), "Failed to connect");
    stage_close(&stage);
}

/* ---- Proxies ---- */

static void plain_address_never_goes_through_a_proxy(void)
{
    static const struct line lines[] = {{.body = "[{\"type\":\"worker\",\"quantity\":2}]"}};
    struct script *proxy = script_start(lines, 1);
    struct stage stage = stage_open("heroku-formation", lines, 1, "");
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", script_port(proxy));
    setenv("http_proxy", url, 1);
    CHECK_INT(stage_read(&stage, worker, 1, DEADLINE_MS), DYN_OK);
    unsetenv("http_proxy");
    CHECK_INT(script_calls(stage.script), 1);
    CHECK_INT(script_connections(proxy), 0);
    stage_close(&stage);
    script_stop(proxy);
}

/* The proxy is asked for a tunnel, and sees the name of the API only. */
static void proxy_never_sees_the_token(void)
{
    static const struct line lines[] = {{.status = "403 Forbidden"}};
    struct script *proxy = script_start(lines, 1);
    struct testhost *host = open_at("https://api.heroku.invalid");
    char url[64];
    snprintf(url, sizeof url, "http://127.0.0.1:%d", script_port(proxy));
    setenv("https_proxy", url, 1);
    CHECK_INT(testhost_read(host, worker, 1, DEADLINE_MS), DYN_RETRY);
    unsetenv("https_proxy");
    CHECK_INT(script_calls(proxy), 1);
    CHECK_HAS(script_request(proxy, 0), "CONNECT api.heroku.invalid:443 HTTP/1.1\r\n");
    CHECK(strstr(script_request(proxy, 0), "stage-token") == NULL);
    testhost_close(host);
    script_stop(proxy);
}

/* libcurl quotes the URL of a proxy that it does not understand. */
static void proxys_password_is_not_shown(void)
{
    static const char *const urls[] = {"ftp://user:hunter2@127.0.0.1:1",
                                       "user:hunter2@127.0.0.1:99999",
                                       "http://user:hunter2@proxy host.invalid:1"};
    for (size_t i = 0; i < sizeof urls / sizeof urls[0]; i++) {
        struct testhost *host = open_at("https://api.heroku.invalid");
        setenv("https_proxy", urls[i], 1);
        CHECK_INT(testhost_read(host, worker, 1, DEADLINE_MS), DYN_RETRY);
        unsetenv("https_proxy");
        CHECK(strstr(testhost_failure(host), "hunter2") == NULL);
        testhost_close(host);
    }
}

static const struct test tests[] = {
    {"a look-up ends at the deadline", look_up_ends_at_the_deadline},
    {"connecting ends at the deadline", connecting_ends_at_the_deadline},
    {"TLS ends at the deadline", tls_ends_at_the_deadline},
    {"nothing is sent past the deadline", nothing_is_sent_past_the_deadline},
    {"a look-up ends when cancelled", look_up_ends_when_cancelled},
    {"connecting ends when cancelled", connecting_ends_when_cancelled},
    {"TLS ends when cancelled", tls_ends_when_cancelled},
    {"waiting for the answer ends when cancelled", waiting_ends_when_cancelled},
    {"an answer that comes in ends when cancelled", answer_ends_when_cancelled},
    {"a cancelled instance works again", cancelled_instance_works_again},
    {"a name that is not found is tried again", unknown_name_is_tried_again},
    {"a refused connection is tried again", refused_connection_is_tried_again},
    {"a plain address never goes through a proxy", plain_address_never_goes_through_a_proxy},
    {"a proxy never sees the token", proxy_never_sees_the_token},
    {"a proxy's password is not shown", proxys_password_is_not_shown},
};

SUITE_MAIN("heroku wire", tests)
