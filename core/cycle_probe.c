/* SPDX-License-Identifier: MIT
 * A pool of no dynos makes the first job wait for a whole interval, where the store does not tell
 * of it by an event. So between two measures the store is asked whether any job waits for such
 * pools: a count that ends at the first one. */
#include "core/cycle_inside.h"
#include "core/memory.h"

#include <stdlib.h>

enum {
    INTERVAL_SHARE = 5, /* so many probes an interval, */
    LEAST_MS = 100,     /* not faster than this, */
    TOOK_SHARE = 50     /* and for at most one in so many of the time */
};

static int64_t pause_for(const struct line *line, int64_t took_ms)
{
    return later(later(LEAST_MS, line->interval_ms / INTERVAL_SHARE), took_ms * (TOOK_SHARE - 1));
}

static int64_t next_ms(const struct line *line, int64_t now_ms)
{
    bool is_worth = pause_for(line, line->usual_ms) * 2 <= line->interval_ms;
    int64_t pause_ms = pause_for(line, later(line->usual_ms, line->probe_took_ms));
    return is_worth && !line->cycle->options.once ? now_ms + pause_ms : INT64_MAX;
}

void probe_plan(struct line *line, const struct pool *pool, int64_t now_ms)
{
    bool is_failing = line->paces[CALL_MEASURE].failing_since_ms != 0;
    if (line->probe_ms != INT64_MAX || line->watch.fd >= 0 || is_failing || !pool_sleeps(pool))
        return;
    line->probe_ms = next_ms(line, now_ms);
    line_wake(line);
}

bool probe_start(struct line *line, struct crew *crew, int64_t now_ms)
{
    struct dyn_group *groups = memory_new(line->n_seats, sizeof *groups);
    line->probe_ms = INT64_MAX;
    line->n_asked = 0;
    for (size_t i = 0; i < line->n_seats; i++) {
        if (!pool_sleeps(line->seats[i].pool))
            continue;
        groups[line->n_asked] = pool_probe(line->seats[i].pool);
        line->asked[line->n_asked++] = &line->seats[i];
    }
    bool is_worth = line->n_asked > 0;
    if (is_worth) {
        instance_prepare_measure(line->instance, groups, line->n_asked);
        line_start(line, crew, now_ms);
        line->is_probe = true;
    }
    free(groups);
    return is_worth;
}

void probe_postpone(struct line *line, int64_t now_ms)
{
    bool is_failing = line->paces[CALL_MEASURE].failing_since_ms != 0;
    if (line->probe_ms != INT64_MAX)
        line->probe_ms = is_failing ? INT64_MAX : next_ms(line, now_ms);
}

void probe_finish(struct line *line, int64_t now_ms)
{
    line->is_probe = false;
    line->probe_took_ms = now_ms - line->started_ms;
    if (instance_code(line->instance) != DYN_OK)
        return;
    for (size_t i = 0; i < line->n_asked; i++) {
        struct seat *seat = line->asked[i];
        if (pool_wakes(seat->pool, instance_answer(line->instance, i)))
            timers_set(&line->due, &seat->due, now_ms);
        else if (pool_sleeps(seat->pool))
            line->probe_ms = next_ms(line, now_ms);
    }
}
