/* SPDX-License-Identifier: MIT
 * What stores say of a pool. */
#include "core/memory.h"
#include "core/number.h"
#include "core/pool_inside.h"
#include "core/reading.h"
#include "core/shadow.h"

#include <stdlib.h>

enum {
    ASK_DUE_MS = 10000, /* how often to ask when the next job is due, */
    ASK_DUE_SHARE = 100 /* for at most one in so many of the time: some stores read all for it */
};

/* ---- Measure ---- */

/* Where a pool has no dynos, a job that is due soon wakes it. */
static bool asks_next_due(const struct pool *pool, const struct source *source, int64_t now_ms)
{
    bool is_time =
        source->asked_due_ms == 0 || now_ms - source->asked_due_ms >= source->due_pause_ms;
    return is_time && pool->size >= 0 && policy_wants_next_due(pool->policy, pool->size);
}

struct dyn_group pool_group(const struct pool *pool)
{
    const struct pool_spec *spec = pool->spec;
    return (struct dyn_group){
        .cap = policy_cap(pool->policy),
        .name = spec->name,
        .queues = (const char *const *)spec->queues,
        .n_queues = (uint32_t)spec->n_queues,
    };
}

struct dyn_group pool_watched(const struct pool *pool)
{
    struct dyn_group group = pool_group(pool);
    group.metrics = DYN_BIT(DYN_WAITING); /* a pool of none wakes by it, whatever its rules are */
    if (policy_wants_latency(pool->policy))
        group.metrics |= DYN_BIT(DYN_LATENCY);
    if (policy_wants_busy(pool->policy, pool->names_busy))
        group.metrics |= DYN_BIT(DYN_BUSY);
    return group;
}

/* That, and what its shadow looks at. */
static struct dyn_group group_of_both(const struct pool *pool)
{
    struct dyn_group group = pool_watched(pool);
    if (pool->shadow == NULL)
        return group;
    struct dyn_group shadow = pool_watched(pool->shadow);
    return shadow_widen(group, &shadow);
}

struct dyn_group pool_start_measure(struct pool *pool, size_t source_index, int64_t now_ms)
{
    struct source *source = &pool->sources[source_index];
    struct dyn_group group = group_of_both(pool);
    source->asks_due = asks_next_due(pool, source, now_ms);
    if (source->asks_due) {
        group.metrics |= DYN_BIT(DYN_NEXT_DUE);
        source->asked_due_ms = now_ms;
    }
    return group;
}

/* As the time that it means. Until it is asked for again, the last answer holds. */
static struct value next_due(const struct source *source, const struct answer *answer,
                             int64_t now_ms)
{
    if (!source->asks_due || answer == NULL)
        return source->reading.next_due;
    struct value due = answer_value(answer, DYN_NEXT_DUE);
    due.number = due.number > INT64_MAX - now_ms ? INT64_MAX : due.number + now_ms;
    return due;
}

/* The pool is told no more than it would be without its shadow. */
static void take_reading(struct pool *pool, size_t source, struct reading reading)
{
    if (pool->shadow != NULL) {
        struct dyn_group own = pool_watched(pool);
        struct dyn_group asked = group_of_both(pool);
        pool->shadow->sources[source].reading = reading;
        reading = shadow_narrow(reading, &own, &asked);
    }
    pool->sources[source].reading = reading;
}

void pool_take_reading(struct pool *pool, size_t source_index, const struct answer *answer,
                       int64_t took_ms, int64_t now_ms)
{
    struct source *source = &pool->sources[source_index];
    if (source->asks_due)
        source->due_pause_ms =
            took_ms * ASK_DUE_SHARE > ASK_DUE_MS ? took_ms * ASK_DUE_SHARE : ASK_DUE_MS;
    struct reading reading = READING_NONE;
    reading.at_ms = now_ms;
    reading.next_due = next_due(source, answer, now_ms);
    if (answer != NULL) {
        reading.waiting = answer_value(answer, DYN_WAITING);
        reading.latency = answer_value(answer, DYN_LATENCY);
        reading.busy = answer_value(answer, DYN_BUSY);
        pool_note_trouble(pool, &source->trouble, answer->unknown);
    }
    take_reading(pool, source_index, reading);
}

bool pool_is_measured(const struct pool *pool)
{
    for (size_t i = 0; i < pool->spec->n_sources; i++)
        if (pool->sources[i].reading.at_ms != 0)
            return true;
    return false;
}

struct reading pool_reading(const struct pool *pool, int64_t now_ms)
{
    size_t n = pool->spec->n_sources;
    struct reading one = pool->sources[0].reading;
    if (n == 1)
        return one;
    struct reading *all = memory_new(n, sizeof *all);
    for (size_t i = 0; i < n; i++)
        all[i] = pool->sources[i].reading;
    struct reading whole = reading_join(all, n, pool->policy->stale_ms, now_ms);
    free(all);
    return whole;
}

/* ---- Asleep ---- */

static bool wakes(const struct pool *pool, struct value waiting)
{
    return waiting.doubt != KNOWN_NOT && waiting.number >= policy_wakes_at(pool->policy);
}

bool pool_sleeps(const struct pool *pool)
{
    bool is_at_rest = pool->size == 0 && pool->wanted < 0 && pool->applying < 0;
    bool is_free = !hand_is(&pool->hand, OVERRIDE_HOLD) && !hand_is(&pool->hand, OVERRIDE_PAUSE);
    bool can_wake = policy_wakes_at(pool->policy) < INT64_MAX;
    return is_at_rest && is_free && can_wake && !wakes(pool, pool->waiting);
}

struct dyn_group pool_probe(const struct pool *pool)
{
    struct dyn_group group = pool_group(pool);
    group.cap = policy_wakes_at(pool->policy);
    group.metrics = DYN_BIT(DYN_WAITING);
    return group;
}

bool pool_wakes(const struct pool *pool, const struct answer *answer)
{
    return wakes(pool, answer_value(answer, DYN_WAITING));
}
