/* SPDX-License-Identifier: MIT
 * Calls that fail: at a server that refuses or never answers, cancelled, late, without memory. */
#include "kit/check.h"

#include "core/memory.h"
#include "kit/allocation.h"
#include "kit/exercise.h"
#include "kit/host.h"
#include "kit/server.h"
#include "kit/trial.h"

#include <dynomatic/util.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

/* An instance that leads to this port, or else, where no URL leads anywhere, to where it always
 * does: *port is 0 then. */
static struct host *host_at(const struct subject *subject, int *port)
{
    struct host *host = host_opened_at(subject, *port);
    if (host != NULL)
        return host;
    *port = 0;
    return host_opened(subject);
}

/* ---- Why ---- */

static void check_text(const struct host *host)
{
    if (host->faults[FAULT_TEXT].text[0] != '\0')
        trial_fail("%s", host->faults[FAULT_TEXT].text);
}

void check_failures(const struct subject *subject)
{
    int port;
    server_refusing(&port);
    struct host *host = host_at(subject, &port);
    for (int verb = 0; verb < N_VERBS; verb++) {
        if (!exercise_may(host, (enum verb)verb, port))
            continue;
        host_call(host, (enum verb)verb, 1, HOST_TIMEOUT_MS);
        host_call(host, (enum verb)verb, 1, 0);
        host_cancel(host);
        host_call(host, (enum verb)verb, 1, HOST_TIMEOUT_MS);
    }
    check_text(host);
}

void check_hidden(const struct subject *subject)
{
    struct text said = {0};
    struct host *host = host_opened(subject);
    size_t n;
    char **secrets = subject_secrets(host->plugin, host->config, &n);
    exercise(subject, &said);
    for (size_t i = 0; i < n; i++)
        if (strlen(secrets[i]) >= 4 && strstr(text_chars(&said), secrets[i]) != NULL)
            trial_fail("a text that it gave to the host has a secret of its options");
    if (n == 0)
        trial_skip("the options have no secret");
}

/* ---- Time ---- */

enum { DEADLINE_MS = 500, GRACE_MS = 1000 /* as the host has it */ };

static void check_verb(struct host *host, enum verb verb)
{
    int64_t start_ns = dyn_now_ns();
    int32_t code = host_call(host, verb, 1, DEADLINE_MS);
    int64_t ms = (dyn_now_ns() - start_ns) / 1000000;
    if (ms > DEADLINE_MS + GRACE_MS)
        trial_fail("%s() had %d ms, and came back after %" PRId64 " ms", verb_name(verb),
                   DEADLINE_MS, ms);
    if (ms >= DEADLINE_MS && code != DYN_OK && code != DYN_LATE)
        trial_fail("%s() was out of time and returned %s: %s", verb_name(verb), code_name(code),
                   host->failure);
}

void check_deadline(const struct subject *subject)
{
    int port;
    server_silent(&port);
    for (int verb = 0; verb < N_VERBS; verb++) {
        struct host *host = host_at(subject, &port);
        if (exercise_may(host, (enum verb)verb, port))
            check_verb(host, (enum verb)verb);
        host_close(host);
    }
    if (port == 0)
        trial_note("no option is a URL with a host, so no server was silent");
}

/* ---- Cancel ---- */

struct waiting {
    struct host *host;
    enum verb verb;
    int32_t code;
    int over_fd; /* readable once the call is over */
};

/* Its deadline is past the limit of the check. */
static void *wait_long(void *argument)
{
    struct waiting *waiting = argument;
    uint64_t one = 1;
    waiting->code =
        host_call(waiting->host, waiting->verb, 1, waiting->host->subject->limit_ms * 10);
    if (write(waiting->over_fd, &one, sizeof one) < 0)
        trial_skip("there is no room in a descriptor");
    return NULL;
}

/* Cancels it once it hangs at the server, or, where there is none, before it begins. */
static void cancel_verb(struct host *host, enum verb verb, int server)
{
    struct waiting waiting = {host, verb, DYN_OK, eventfd(0, EFD_CLOEXEC)};
    struct pollfd events[2] = {{waiting.over_fd, POLLIN, 0}, {server, POLLIN, 0}};
    pthread_t thread;
    if (server < 0)
        host_cancel(host);
    if (pthread_create(&thread, NULL, wait_long, &waiting) != 0)
        trial_skip("there is no thread to be had");
    poll(events, 2, (int)host->subject->limit_ms / 2);
    host_cancel(host);
    int64_t start_ns = dyn_now_ns();
    pthread_join(thread, NULL);
    int64_t ms = (dyn_now_ns() - start_ns) / 1000000;
    close(waiting.over_fd);
    if (ms > GRACE_MS)
        trial_fail("%s() came back %" PRId64 " ms after it was cancelled", verb_name(verb), ms);
    if (waiting.code != DYN_OK && waiting.code != DYN_LATE && waiting.code != DYN_RETRY)
        trial_fail("%s() was cancelled and returned %s: %s", verb_name(verb),
                   code_name(waiting.code), host->failure);
}

void check_cancel(const struct subject *subject)
{
    for (int verb = 0; verb < N_VERBS; verb++) {
        int port;
        int server = server_silent(&port);
        struct host *host = host_at(subject, &port);
        if (exercise_may(host, (enum verb)verb, port))
            cancel_verb(host, (enum verb)verb, port > 0 ? server : -1);
        host_close(host);
        close(server);
    }
}

/* ---- Memory ---- */

static int32_t metric_of(const struct host *host)
{
    return host->plugin->table.queue != NULL ? DYN_WAITING : DYN_SIZE;
}

/* What it tells when there is memory. */
static struct value ask_once(const struct subject *subject)
{
    struct host *host = host_opened(subject);
    bool is_answered = host_call(host, host_question(host->plugin), 1, HOST_TIMEOUT_MS) == DYN_OK;
    struct value value = is_answered ? host->told[0].values[metric_of(host)] : VALUE_UNKNOWN;
    host_close(host);
    return value;
}

static bool differ(struct value a, struct value b)
{
    return a.doubt == KNOWN_EXACT && b.doubt == KNOWN_EXACT && a.number != b.number;
}

/* A store may change while it is asked: then *right is what it tells now. */
static void check_told(const struct subject *subject, long nth, struct value told,
                       struct value *right)
{
    struct value now = differ(told, *right) ? ask_once(subject) : *right;
    if (differ(told, *right) && !differ(now, *right))
        trial_fail("when allocation %ld failed, it told %" PRId64 " instead of %" PRId64, nth,
                   told.number, right->number);
    *right = now;
}

/* Opens, asks and closes, with one allocation failing. True if one did. */
static bool live_without(const struct subject *subject, long nth, struct value *right)
{
    struct host *host = host_new(subject, 0, HOST_OF_TODAY);
    allocation_fail(nth, host->plugin->path);
    int32_t code = host_open(host);
    if (code == DYN_OK && host->self == NULL)
        trial_fail("open() returned DYN_OK and left *self NULL when allocation %ld failed", nth);
    if (code == DYN_OK)
        code = host_call(host, host_question(host->plugin), 1, HOST_TIMEOUT_MS);
    long n = allocation_counted();
    allocation_fail(0, NULL);
    if (host->faults[FAULT_TEXT].text[0] != '\0')
        trial_fail("when allocation %ld failed, %s", nth, host->faults[FAULT_TEXT].text);
    if (code == DYN_OK)
        check_told(subject, nth, host->told[0].values[metric_of(host)], right);
    host_close(host);
    return n >= nth;
}

void check_allocations(const struct subject *subject)
{
    if (!allocation_is_ours())
        trial_skip("this dynomatic is built with a sanitizer, which allocates by itself");
    struct value right = ask_once(subject);
    int64_t end_ns = dyn_now_ns() + subject->limit_ms * 1000000 / 2;
    long nth = 1;
    while (live_without(subject, nth, &right)) {
        if (dyn_now_ns() > end_ns) {
            trial_note("there was time for the first %ld allocations", nth);
            return;
        }
        nth++;
    }
    trial_note("%ld allocations", nth - 1);
}
