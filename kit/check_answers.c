/* SPDX-License-Identifier: MIT
 * Calls that succeed, and what they answer. Where the store cannot be asked, there is nothing to
 * learn, and these are skipped. */
#include "kit/check.h"

#include "core/memory.h"
#include "core/text.h"
#include "kit/host.h"
#include "kit/trial.h"

#include <inttypes.h>
#include <stdlib.h>

/* An instance that answers; its verb. Ends the check as skipped if it does not. */
static struct host *answering(const struct subject *subject, enum verb *verb)
{
    struct host *host = host_opened(subject);
    *verb = host_question(host->plugin);
    if (host_call(host, *verb, 1, HOST_TIMEOUT_MS) != DYN_OK)
        trial_skip("there is nothing to learn from: %s", host->failure);
    return host;
}

static void check_fault(const struct host *host, enum fault fault)
{
    if (host->faults[fault].text[0] != '\0')
        trial_fail("%s", host->faults[fault].text);
}

void check_none(const struct subject *subject)
{
    enum verb verb;
    struct host *host = answering(subject, &verb);
    host->faults[FAULT_INDEX].text[0] = '\0'; /* that was a call with one */
    if (host_call_with(host, verb, NULL, 0, HOST_TIMEOUT_MS) != DYN_OK)
        trial_fail("it answers one and fails with none: %s", host->failure);
    if (host_can(host, APPLY) && host_call_with(host, APPLY, NULL, 0, HOST_TIMEOUT_MS) != DYN_OK)
        trial_fail("apply() fails with nothing to change: %s", host->failure);
    check_fault(host, FAULT_INDEX);
}

/* What an element must have been told: a first value, or why it has none. */
static bool is_answered(const struct host *host, uint32_t i)
{
    int32_t metric = host->plugin->table.queue != NULL ? DYN_WAITING : DYN_SIZE;
    bool can = metric == DYN_SIZE || (host->plugin->queue.metrics & DYN_BIT(metric)) != 0;
    return !can || host->told[i].is_unknown || host->told[i].values[metric].doubt != KNOWN_NOT;
}

void check_many(const struct subject *subject)
{
    enum { MANY = 10000 };
    enum verb verb;
    struct host *host = answering(subject, &verb);
    if (verb == READ && host_call(host, verb, 2, HOST_TIMEOUT_MS) != DYN_OK)
        trial_skip("with these options it serves one pool: %s", host->failure);
    int32_t code = host_call(host, verb, MANY, subject->limit_ms / 2);
    if (code == DYN_LATE)
        return; /* a slow store may take too long; what matters is that it comes back */
    if (code != DYN_OK)
        trial_fail("it answers one and fails with %d: %s", MANY, host->failure);
    for (uint32_t i = 0; i < MANY; i++)
        if (!is_answered(host, i))
            trial_fail("element %" PRIu32 " of %d has no answer, and unknown() does not say why", i,
                       MANY);
}

void check_index(const struct subject *subject)
{
    static const uint32_t sizes[] = {1, 2, 7};
    enum verb verb;
    struct host *host = answering(subject, &verb);
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++)
        host_call(host, verb, sizes[i], HOST_TIMEOUT_MS);
    check_fault(host, FAULT_INDEX);
    check_fault(host, FAULT_CALLER);
}

/* A group that wants these. */
static struct dyn_group group_of(uint32_t metrics, int64_t cap)
{
    return (struct dyn_group){.name = "all", .metrics = metrics, .cap = cap};
}

/* Bits that no header has yet are wanted by the hosts of the future. */
void check_metrics(const struct subject *subject)
{
    enum verb verb;
    struct host *host = answering(subject, &verb);
    struct dyn_group group = group_of(UINT32_MAX, 0);
    if (verb == MEASURE && host_call_with(host, verb, &group, 1, HOST_TIMEOUT_MS) != DYN_OK)
        trial_fail("it fails when it is asked for a metric that it does not know: %s",
                   host->failure);
    check_fault(host, FAULT_VALUE);
}

/* How many jobs wait is what a pool lives by; other values may be unknown to a store as such. */
void check_answers(const struct subject *subject)
{
    enum verb verb;
    struct host *host = answering(subject, &verb);
    host_call(host, verb, verb == MEASURE ? 3 : 1, HOST_TIMEOUT_MS);
    for (uint32_t i = 0; i < host->n; i++)
        if (!is_answered(host, i))
            trial_fail("%s() put no %s for element %" PRIu32 ", and unknown() was not called",
                       verb_name(verb), verb == MEASURE ? "DYN_WAITING" : "DYN_SIZE", i);
}

static struct value count_to(struct host *host, int64_t cap)
{
    struct dyn_group group = group_of(DYN_BIT(DYN_WAITING), cap);
    host_ask(host, MEASURE, &group, 1);
    return host->told[0].values[DYN_WAITING];
}

/* A count may go on past the cap; one that stopped there must say so. */
void check_cap(const struct subject *subject)
{
    enum verb verb;
    struct host *host = answering(subject, &verb);
    struct value all = count_to(host, 0);
    if (all.doubt != KNOWN_EXACT || all.number < 2)
        trial_skip("fewer than 2 jobs wait");
    int64_t cap = all.number - 1;
    struct value some = count_to(host, cap);
    if (count_to(host, 0).number != all.number)
        trial_skip("the store changed while it was asked");
    if (some.doubt == KNOWN_EXACT && some.number < all.number)
        trial_fail("%" PRId64 " of %" PRId64
                   " jobs were put for all, without DYN_AT_LEAST, when the cap was %" PRId64,
                   some.number, all.number, cap);
    if (some.doubt == KNOWN_AT_LEAST && some.number < cap)
        trial_fail("%" PRId64 " jobs were put, which is less than the cap %" PRId64, some.number,
                   cap);
}

/* Topics are added, so one that no header has yet is asked for by the hosts of the future. */
void check_advice(const struct subject *subject)
{
    static const int32_t topics[] = {DYN_ADVICE_INDEXES, DYN_ADVICE_NOTIFY};
    enum verb verb;
    struct text said = {0};
    struct host *host = answering(subject, &verb);
    if (!host_can(host, ADVISE))
        return; /* it advises on nothing */
    for (size_t i = 0; i < sizeof topics / sizeof topics[0]; i++) {
        host->topic = topics[i];
        host_call(host, ADVISE, 0, HOST_TIMEOUT_MS);
    }
    check_fault(host, FAULT_TEXT);
    host->topic = INT32_MAX;
    host->said = &said;
    if (host_call(host, ADVISE, 0, HOST_TIMEOUT_MS) != DYN_OK)
        trial_fail("advise() fails on a topic that it does not know: %s", host->failure);
    if (said.length > 0)
        trial_fail("advise() says this on a topic that it does not know: %s", text_chars(&said));
}
