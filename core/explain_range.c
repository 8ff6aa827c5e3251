/* SPDX-License-Identifier: MIT
 * Which load has which size: the policy is asked at each number where its answer may change. */
#include "core/explain.h"

#include "core/memory.h"

#include <stdlib.h>

static const struct load top = {INT64_MAX, INT64_MAX};

/* ---- Sizes ---- */

/* The policy without what takes time. */
static struct policy at_once(const struct policy *policy)
{
    struct policy fast = *policy;
    fast.up = (struct ramp){0};
    fast.down = (struct ramp){0};
    fast.linger_ms = 0;
    fast.protect = PROTECT_NONE;
    fast.boot_ms = 0;
    return fast;
}

static int32_t decide(const struct policy *policy, struct history *history, struct load load,
                      int32_t present)
{
    struct inputs inputs = {
        .reading = {1,
                    {load.waiting, KNOWN_EXACT},
                    {load.latency_ms, KNOWN_EXACT},
                    {0, KNOWN_EXACT},
                    VALUE_UNKNOWN},
        .now_ms = 1,
        .present = present,
    };
    return policy_decide(policy, history, &inputs).size;
}

int32_t settled_size(const struct policy *policy, struct load load, const struct load *before)
{
    struct policy fast = at_once(policy);
    struct history history = HISTORY_NONE;
    int32_t present = before != NULL ? decide(&fast, &history, *before, 0) : 0;
    return decide(&fast, &history, load, present);
}

int64_t most_waiting(const struct policy *policy)
{
    enum { DYNOS = 10 }; /* where there is no max */
    int64_t most = policy_cap(policy);
    if (most == 0)
        most = policy->per_dyno * DYNOS;
    for (size_t i = 0; i < policy->n_rules; i++)
        if (policy->rules[i].kind == RULE_JOBS && policy->rules[i].at_least > most)
            most = policy->rules[i].at_least;
    return most;
}

struct load load_of(enum rule_kind kind, int64_t number)
{
    return kind == RULE_JOBS ? (struct load){number, 0} : (struct load){1, number};
}

/* ---- Numbers where a size may change ---- */

struct numbers {
    int64_t *all;
    size_t n;
};

static void add_number(struct numbers *numbers, int64_t number)
{
    numbers->all = memory_resize(numbers->all, numbers->n + 1, sizeof *numbers->all);
    numbers->all[numbers->n++] = number;
}

/* The first dynos, and the last one: all between differ by one. */
static void add_per_dyno(struct numbers *numbers, const struct policy *policy)
{
    enum { FIRST = 3 };
    for (int32_t dynos = 0; dynos < FIRST && dynos < policy->max; dynos++)
        add_number(numbers, policy->per_dyno * dynos + 1);
    if (policy->max < INT32_MAX && policy->max > FIRST)
        add_number(numbers, policy->per_dyno * (policy->max - 1) + 1);
}

static int compare(const void *a, const void *b)
{
    int64_t left = *(const int64_t *)a;
    int64_t right = *(const int64_t *)b;
    return left < right ? -1 : left > right;
}

static struct numbers numbers_of(const struct policy *policy, enum rule_kind kind)
{
    struct numbers numbers = {0};
    add_number(&numbers, 0);
    for (size_t i = 0; i < policy->n_rules; i++) {
        const struct rule *rule = &policy->rules[i];
        if (rule->kind != kind)
            continue;
        add_number(&numbers, rule->at_least);
        add_number(&numbers, rule->release_below);
    }
    if (kind == RULE_JOBS) {
        add_number(&numbers, 1);
        add_number(&numbers, policy->wake);
    }
    if (kind == RULE_JOBS && policy->per_dyno > 0)
        add_per_dyno(&numbers, policy);
    qsort(numbers.all, numbers.n, sizeof *numbers.all, compare);
    return numbers;
}

/* ---- Ranges ---- */

static struct range range_of(const struct policy *policy, enum rule_kind kind, int64_t from,
                             int64_t to)
{
    struct load first = load_of(kind, from);
    struct load last = load_of(kind, to);
    return (struct range){
        .from = from,
        .to = to,
        .rising = {settled_size(policy, first, NULL), settled_size(policy, last, NULL)},
        .falling = {settled_size(policy, first, &top), settled_size(policy, last, &top)},
    };
}

/* Whether the second goes on as the first is all along. */
static bool is_same(const struct range *a, const struct range *b)
{
    return a->rising[0] == b->rising[1] && a->rising[0] == a->rising[1] &&
           a->falling[0] == b->falling[1] && a->falling[0] == a->falling[1];
}

static void add_range(struct ranges *ranges, struct range range)
{
    struct range *last = ranges->n > 0 ? &ranges->all[ranges->n - 1] : NULL;
    if (last != NULL && is_same(last, &range)) {
        last->to = range.to;
        return;
    }
    ranges->all = memory_resize(ranges->all, ranges->n + 1, sizeof *ranges->all);
    ranges->all[ranges->n++] = range;
}

struct ranges ranges_of(const struct policy *policy, enum rule_kind kind)
{
    struct ranges ranges = {0};
    struct numbers numbers = numbers_of(policy, kind);
    for (size_t i = 0; i < numbers.n; i++) {
        int64_t next = i + 1 < numbers.n ? numbers.all[i + 1] : INT64_MAX;
        int64_t to = next == INT64_MAX ? INT64_MAX : next - 1;
        if (numbers.all[i] < next)
            add_range(&ranges, range_of(policy, kind, numbers.all[i], to));
    }
    free(numbers.all);
    return ranges;
}
