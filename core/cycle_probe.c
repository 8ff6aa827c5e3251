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

static int64_t pause_of(const struct line *line)
{
    return later(later(LEAST_MS, line->interval_ms / INTERVAL_SHARE),
                 line->took_ms * (TOOK_SHARE - 1));
}

/* It is not worth while beside the measures. */
static bool is_too_slow(const struct line *line)
{
    return pause_of(line) * 2 > line->interval_ms;
}

static int64_t next_ms(const struct line *line, int64_t now_ms)
{
    return line->cycle->options.once || is_too_slow(line) ? INT64_MAX : now_ms + pause_of(line);
}

void probe_plan(struct line *line, const struct pool *pool, int64_t now_ms)
{
    if (line->watch.fd < 0 && pool_sleeps(pool))
        line->probe_ms = earlier(line->probe_ms, next_ms(line, now_ms));
}

bool probe_start(struct line *line, struct crew *crew, int64_t now_ms)
{
    line->probe_ms = INT64_MAX;
    if (line->watch.fd >= 0)
        return false;
    struct dyn_group *groups = memory_new(line->n_seats, sizeof *groups);
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

void probe_finish(struct line *line, int64_t now_ms)
{
    line->is_probe = false;
    if (instance_code(line->instance) != DYN_OK)
        return;
    line->probe_ms = next_ms(line, now_ms);
    for (size_t i = 0; i < line->n_asked; i++)
        if (pool_wakes(line->asked[i]->pool, instance_answer(line->instance, i)))
            timers_set(&line->due, &line->asked[i]->due, now_ms);
}
