/* SPDX-License-Identifier: MIT
 * What nobody may have meant: rules that change nothing, jumps, gaps, sizes that flap. */
#include "core/explain.h"

#include "core/memory.h"
#include "core/pool.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    FLAPS_AN_HOUR = 30, /* more changes than this cost more starts than they spare dynos */
    JUMP_DYNOS = 10
};

struct finder {
    struct promise *promise;
    const struct view *view;
    const struct clockwork *clockwork;
};

static void add_risk(const struct finder *finder, struct text *words)
{
    struct promise *promise = finder->promise;
    struct text risk = {0};
    if (finder->view->words != NULL)
        text_add_format(&risk, "while %s: ", finder->view->words);
    text_add(&risk, text_chars(words));
    text_fini(words);
    promise->risks = memory_resize(promise->risks, promise->n_risks + 1, sizeof *promise->risks);
    promise->risks[promise->n_risks++] = text_take(&risk);
}

static void add_number(enum rule_kind kind, int64_t number, struct text *out)
{
    if (kind == RULE_JOBS)
        text_add_format(out, "%" PRId64 " waiting", number);
    else {
        text_add(out, "an oldest job of ");
        text_add_ms(out, number);
    }
}

/* ---- Rules that can never win ---- */

static bool is_equal(const struct ranges *a, const struct ranges *b)
{
    bool is = a->n == b->n;
    for (size_t i = 0; i < a->n && is; i++)
        is = memcmp(&a->all[i], &b->all[i], sizeof a->all[i]) == 0;
    return is;
}

/* Whether all sizes are the same without rule i. What wakes a pool is left out of both, or a rule
 * for the first job would seem to do nothing. */
static bool is_idle(const struct policy *policy, size_t i)
{
    struct policy with = *policy;
    with.wake = 0;
    struct policy without = with;
    without.n_rules--;
    without.rules = memory_new(policy->n_rules, sizeof *without.rules);
    memcpy(without.rules, policy->rules, i * sizeof *policy->rules);
    memcpy(without.rules + i, policy->rules + i + 1,
           (policy->n_rules - i - 1) * sizeof *policy->rules);
    struct ranges all = ranges_of(&with, policy->rules[i].kind);
    struct ranges fewer = ranges_of(&without, policy->rules[i].kind);
    bool is = is_equal(&all, &fewer);
    free(all.all);
    free(fewer.all);
    free(without.rules);
    return is;
}

static void find_idle_rules(const struct finder *finder)
{
    const struct policy *policy = &finder->view->policy;
    for (size_t i = 0; i < policy->n_rules; i++) {
        struct text words = {0};
        if (!is_idle(policy, i))
            continue;
        text_add(&words, "the rule for ");
        add_number(policy->rules[i].kind, policy->rules[i].at_least, &words);
        text_add_format(&words,
                        ", dynos %" PRId32 ", never wins: every size is the same without it",
                        policy->rules[i].dynos);
        add_risk(finder, &words);
    }
}

/* ---- Jumps and gaps ---- */

static void find_jumps(const struct finder *finder, enum rule_kind kind,
                       const struct ranges *ranges)
{
    const struct view *view = finder->view;
    for (size_t i = 1; i < ranges->n; i++) {
        int32_t from = ranges->all[i - 1].rising[1];
        int32_t to = ranges->all[i].rising[0];
        bool is_jump = to - from >= JUMP_DYNOS && to - from > (view->most - view->least) / 2;
        struct text words = {0};
        if (!is_jump || (view->policy.up.step > 0 && !view->policy.up.is_percent &&
                         view->policy.up.step < to - from))
            continue;
        text_add_format(&words, "a jump from %" PRId32 " to %" PRId32 " dynos at ", from, to);
        add_number(kind, ranges->all[i].from, &words);
        add_risk(finder, &words);
    }
}

/* The first number of jobs that has more dynos than there are jobs, past min. */
static void find_surplus(const struct finder *finder)
{
    const struct ranges *ranges = &finder->view->by_jobs;
    for (size_t i = 1; i < ranges->n; i++) {
        const struct range *range = &ranges->all[i];
        struct text words = {0};
        if (range->rising[0] <= range->from || range->rising[0] <= finder->view->policy.min)
            continue;
        text_add_format(&words, "more dynos than jobs: %" PRId32 " for %" PRId64 " waiting",
                        range->rising[0], range->from);
        add_risk(finder, &words);
        return;
    }
}

/* Jobs that wait with nobody to take them. */
static void find_gap(const struct finder *finder)
{
    const struct policy *policy = &finder->view->policy;
    const struct load old = {1, INT64_MAX};
    const struct ranges *ranges = &finder->view->by_jobs;
    struct text words = {0};
    int64_t to = -1;
    for (size_t i = 0; i < ranges->n && ranges->all[i].rising[1] == 0; i++)
        to = ranges->all[i].to;
    if (to < 1)
        return;
    if (to == INT64_MAX)
        text_add(&words, "any number of");
    else
        text_add_format(&words, "%s%" PRId64, to > 1 ? "1 to " : "", to);
    text_add_format(&words, " waiting job%s no dyno", to == 1 ? " has" : "s have");
    text_add(&words, settled_size(policy, old, NULL) > 0 ? " until the oldest is old enough"
                                                         : ", however long they wait");
    add_risk(finder, &words);
}

/* ---- Times ---- */

/* Whether a rule begins at this number, so that it could be released later. */
static bool is_of_rule(const struct policy *policy, enum rule_kind kind, int64_t number)
{
    for (size_t i = 0; i < policy->n_rules; i++)
        if (policy->rules[i].kind == kind && policy->rules[i].at_least == number)
            return true;
    return false;
}

static void tell_flapping(const struct finder *finder, enum rule_kind kind, int64_t edge,
                          int32_t changes)
{
    struct text words = {0};
    text_add(&words, "flaps: a load that goes to and fro at ");
    add_number(kind, edge, &words);
    text_add_format(&words, " changes the size up to %" PRId32 " times an hour: ", changes);
    if (is_of_rule(&finder->view->policy, kind, edge))
        text_add(&words, "give the rule a release_below, or ");
    else
        text_add(&words, "give ");
    text_add(&words, "scale_down a longer after");
    add_risk(finder, &words);
}

/* The changes an hour at the edge of each range, of which the worst is told. */
static void find_flapping(const struct finder *finder, enum rule_kind kind,
                          const struct ranges *ranges)
{
    struct clockwork clockwork = *finder->clockwork;
    int32_t worst = FLAPS_AN_HOUR;
    int64_t edge = 0;
    clockwork.policy = &finder->view->policy;
    for (size_t i = 1; i < ranges->n; i++) {
        int64_t from = ranges->all[i].from;
        const struct load loads[] = {load_of(kind, from - 1), load_of(kind, from)};
        int32_t changes = changes_an_hour(&clockwork, loads, 2);
        edge = changes > worst ? from : edge;
        worst = changes > worst ? changes : worst;
    }
    if (edge > 0)
        tell_flapping(finder, kind, edge, worst);
}

/* A dyno that is stopped before it took a job was for nothing. */
static void find_early_stop(const struct finder *finder)
{
    const struct promise *promise = finder->promise;
    struct text words = {0};
    if (promise->down.n == 0 || promise->down.all[0].at_ms >= promise->boot_ms ||
        promise->up.n == 0)
        return;
    text_add(&words, "a dyno may be stopped ");
    text_add_ms(&words, promise->down.all[0].at_ms);
    text_add(&words, " after it was ordered, which is before its first job: it takes ");
    text_add_ms(&words, promise->boot_ms);
    text_add(&words, " to boot");
    add_risk(finder, &words);
}

static void find_no_bound(const struct finder *finder)
{
    struct text words = {0};
    if (finder->view->most < INT32_MAX)
        return;
    text_add(&words, "no max: per_dyno asks for any number of dynos");
    add_risk(finder, &words);
}

/* What the back-end can run by its options. */
static void find_limit(const struct finder *finder, int32_t limit)
{
    const struct promise *promise = finder->promise;
    struct text words = {0};
    struct text named = {0};
    if (pool_explain_limit(promise->spec, promise->scaler, limit, &named)) {
        text_add(&words, text_chars(&named) + strlen(promise->spec->name) + strlen(": "));
        add_risk(finder, &words);
    }
    text_fini(&named);
}

static void find_in_view(const struct finder *finder)
{
    const struct view *view = finder->view;
    find_idle_rules(finder);
    find_gap(finder);
    find_surplus(finder);
    find_jumps(finder, RULE_JOBS, &view->by_jobs);
    find_jumps(finder, RULE_LATENCY, &view->by_latency);
    find_flapping(finder, RULE_JOBS, &view->by_jobs);
    find_flapping(finder, RULE_LATENCY, &view->by_latency);
    find_no_bound(finder);
}

void promise_find_risks(struct promise *promise, const struct clockwork *clockwork, int32_t limit)
{
    struct finder finder = {promise, &promise->views[0], clockwork};
    find_in_view(&finder);
    find_early_stop(&finder);
    find_limit(&finder, limit);
    for (size_t i = 1; i < promise->n_views; i++) {
        finder.view = &promise->views[i];
        if (finder.view->is_own)
            find_in_view(&finder);
    }
}
