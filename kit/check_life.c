/* SPDX-License-Identifier: MIT
 * The life of an instance: load, open, close, again and again, and two at once. */
#include "kit/check.h"

#include "core/memory.h"
#include "kit/allocation.h"
#include "kit/exercise.h"
#include "kit/host.h"
#include "kit/syscalls.h"
#include "kit/trial.h"

#include <dynomatic/util.h>
#include <inttypes.h>
#include <limits.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

void check_load(const struct subject *subject)
{
    struct error error = {""};
    trial_doing("load()");
    if (subject_load(subject, &error) == NULL)
        trial_fail("%s", error.text);
}

void check_open(const struct subject *subject)
{
    struct host *host = host_new(subject, 0, HOST_OF_TODAY);
    int32_t code = host_open(host);
    if (host->faults[FAULT_TEXT].text[0] != '\0')
        trial_fail("%s", host->faults[FAULT_TEXT].text);
    if (code != DYN_OK)
        trial_fail("with these options it says: %s", host->failure);
    if (host->self == NULL)
        trial_fail("open() returned DYN_OK and left *self NULL");
    host_close(host);
}

void check_open_io(const struct subject *subject)
{
    struct host *host = host_new(subject, 0, HOST_OF_TODAY);
    syscalls_forbid_io();
    host_open(host);
}

void check_close_null(const struct subject *subject)
{
    const struct plugin *plugin = host_plugin(subject);
    trial_doing("close(NULL)");
    plugin->table.close(NULL);
}

/* ---- Leaks ---- */

enum { WINDOWS = 5, ROUNDS = 40, SHARE = 2 * WINDOWS /* of the time there is */ };

/* Opens, asks and closes; the number of rounds for which there was time. */
static long live(const struct subject *subject, long rounds)
{
    int64_t end_ns = dyn_now_ns() + subject->limit_ms * 1000000 / SHARE;
    long n = 0;
    do {
        struct host *host = host_opened(subject);
        host_call(host, host_question(host->plugin), 2, HOST_TIMEOUT_MS);
        if (host_can(host, WATCH))
            host_call(host, WATCH, 2, HOST_TIMEOUT_MS);
        host_close(host);
        n++;
    } while (n < rounds && dyn_now_ns() < end_ns);
    return n;
}

/* A thread that was told to end may take a moment. */
static long threads_after(long before)
{
    int64_t end_ns = dyn_now_ns() + (int64_t)2 * 1000000000;
    long now;
    do
        now = host_entries("/proc/self/task");
    while (now > before && dyn_now_ns() < end_ns);
    return now;
}

/* Blocks of memory that each round leaves behind, at the least: libraries keep what they need once,
 * and grow their tables now and then, so the window in which the least was kept decides. */
static long blocks_lost(const struct subject *subject, long *rounds)
{
    long least = LONG_MAX;
    for (int window = 0; window < WINDOWS; window++) {
        long before = allocation_live();
        long n = live(subject, ROUNDS);
        long lost = (allocation_live() - before) / n;
        least = lost < least ? lost : least;
        *rounds += n;
    }
    return least;
}

void check_leaks(const struct subject *subject)
{
    long rounds = live(subject, ROUNDS / 2);
    long descriptors = host_entries("/proc/self/fd");
    long threads = host_entries("/proc/self/task");
    long blocks = blocks_lost(subject, &rounds);
    long more = host_entries("/proc/self/fd") - descriptors;
    if (more > 0)
        trial_fail("after %ld times open() and close() there are %ld descriptors more", rounds,
                   more);
    more = threads_after(threads) - threads;
    if (more > 0)
        trial_fail("after %ld times open() and close() there are %ld threads more", rounds, more);
    if (blocks > 0)
        trial_fail("each open() and close() leaves %ld blocks of memory behind", blocks);
    if (!allocation_is_ours())
        trial_note("memory was not counted: this dynomatic is built with a sanitizer");
}

/* ---- Two at once ---- */

/* What an instance was told: the first value of the first element, -1 if there is none. */
struct said {
    int32_t code;
    int64_t value;
};

/* An instance that asks over and over on a thread of its own. */
struct asker {
    struct host *host;
    pthread_t thread;
    uint32_t n;
    struct said first; /* when it was alone */
    struct said other; /* the first that differed, or again the first */
};

static struct said ask(const struct asker *asker)
{
    struct host *host = asker->host;
    bool is_queue = host->plugin->table.queue != NULL;
    int32_t code = host_call(host, host_question(host->plugin), asker->n, HOST_TIMEOUT_MS);
    struct value value = host->told[0].values[is_queue ? DYN_WAITING : DYN_SIZE];
    return (struct said){code, value.doubt == KNOWN_NOT ? -1 : value.number};
}

static bool are_same(struct said a, struct said b)
{
    return a.code == b.code && a.value == b.value;
}

static void *ask_often(void *argument)
{
    struct asker *asker = argument;
    asker->other = asker->first;
    for (int i = 0; i < 50 && are_same(asker->other, asker->first); i++)
        asker->other = ask(asker);
    return NULL;
}

static void check_caller(const struct host *host)
{
    if (host->faults[FAULT_CALLER].text[0] != '\0')
        trial_fail("%s: is there a static that both use?", host->faults[FAULT_CALLER].text);
}

/* A store may change while it is asked: then the first answer is not that of an instance alone any
 * more. */
static void check_asker(const struct asker *asker)
{
    check_caller(asker->host);
    if (!are_same(asker->other, asker->first) && are_same(ask(asker), asker->first))
        trial_fail("an instance alone returns %s and tells %" PRId64
                   ", and with another beside it %s and %" PRId64,
                   code_name(asker->first.code), asker->first.value, code_name(asker->other.code),
                   asker->other.value);
}

void check_two_at_once(const struct subject *subject)
{
    struct asker askers[2] = {{.host = host_opened(subject), .n = 1},
                              {.host = host_opened(subject), .n = 3}};
    for (int i = 0; i < 2; i++)
        askers[i].first = ask(&askers[i]);
    check_caller(askers[0].host);
    check_caller(askers[1].host);
    for (int i = 0; i < 2; i++)
        if (pthread_create(&askers[i].thread, NULL, ask_often, &askers[i]) != 0)
            trial_skip("there is no thread to be had");
    for (int i = 0; i < 2; i++)
        pthread_join(askers[i].thread, NULL);
    check_asker(&askers[0]);
    check_asker(&askers[1]);
}

/* ---- Hosts of other ages ---- */

static void live_in(const struct subject *subject, enum host_age age, const char *which)
{
    struct host *today = host_opened(subject);
    enum verb verb = host_question(today->plugin);
    int32_t code = host_call(today, verb, 2, HOST_TIMEOUT_MS);
    struct host *host = host_new(subject, 0, age);
    if (host_open(host) != DYN_OK || host->self == NULL)
        trial_fail("it does not open in a host of a%s header: %s", which, host->failure);
    if (host_call(host, verb, 2, HOST_TIMEOUT_MS) != code)
        trial_fail("it fails in a host of a%s header: %s", which, host->failure);
    host_close(host);
}

void check_old_host(const struct subject *subject)
{
    live_in(subject, HOST_OF_OLD, "n older");
}

void check_new_host(const struct subject *subject)
{
    live_in(subject, HOST_TO_COME, " newer");
}
