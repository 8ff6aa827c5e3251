/* SPDX-License-Identifier: MIT
 * A store: measured when its pools are due, and asked who is busy before one of them shrinks. */
#include "core/cycle_inside.h"
#include "core/memory.h"

#include <stdlib.h>

/* ---- Measure ---- */

static struct source *source_of(const struct seat *seat)
{
    return &seat->pool->sources[seat->source];
}

/* Pools of one interval are due at the same instants, so that they are measured together. */
static void plan_next(const struct cycle *cycle, const struct seat *seat, int64_t now_ms)
{
    int64_t interval_ms = seat->pool->spec->interval_ms;
    source_of(seat)->due_ms =
        cycle->options.once ? INT64_MAX : (now_ms / interval_ms + 1) * interval_ms;
}

/* A pool is due: what its schedule says now holds until it is due again, so that what is measured
 * is what the decision goes by. It is due also when the schedule says something else. */
static void take_turn(const struct cycle *cycle, const struct seat *seat, int64_t now_ms)
{
    int64_t left_ms = pool_follow_schedule(seat->pool, now_ms + cycle->utc_ahead_ms);
    plan_next(cycle, seat, now_ms);
    struct source *source = source_of(seat);
    if (left_ms < source->due_ms - now_ms && !cycle->options.once)
        source->due_ms = now_ms + left_ms;
}

static void start_measure(struct cycle *cycle, struct line *line, struct crew *crew, int64_t now_ms)
{
    struct dyn_group *groups = memory_new(line->n_seats, sizeof *groups);
    line->n_asked = 0;
    for (size_t i = 0; i < line->n_seats; i++) {
        const struct seat *seat = &line->seats[i];
        if (source_of(seat)->due_ms > now_ms)
            continue;
        take_turn(cycle, seat, now_ms);
        groups[line->n_asked] = pool_start_measure(seat->pool, seat->source, now_ms);
        line->asked[line->n_asked++] = *seat;
    }
    instance_prepare_measure(line->instance, groups, line->n_asked);
    free(groups);
    line_start(line, crew, now_ms);
}

/* The names are old by the time that a call to the platform ends, so that is waited for. */
static bool asks_busy(const struct cycle *cycle, const struct line *line, int64_t now_ms)
{
    for (size_t i = 0; i < line->n_seats; i++) {
        const struct seat *seat = &line->seats[i];
        if (!cycle->lines[seat->pool->spec->scaler].is_running &&
            pool_asks_busy(seat->pool, seat->source, now_ms))
            return true;
    }
    return false;
}

/* Who is busy, before a pool shrinks. */
static void start_workers(struct line *line, struct crew *crew, int64_t now_ms)
{
    struct dyn_group *groups = memory_new(line->n_seats, sizeof *groups);
    line->n_asked = 0;
    for (size_t i = 0; i < line->n_seats; i++) {
        const struct seat *seat = &line->seats[i];
        if (!pool_asks_busy(seat->pool, seat->source, now_ms))
            continue;
        groups[line->n_asked] = pool_group(seat->pool);
        line->asked[line->n_asked++] = *seat;
    }
    instance_prepare_workers(line->instance, groups, line->n_asked);
    free(groups);
    line_start(line, crew, now_ms);
}

void queue_finish_workers(struct line *line, int64_t now_ms)
{
    if (instance_code(line->instance) != DYN_OK)
        return; /* nobody is stopped */
    for (size_t i = 0; i < line->n_asked; i++) {
        size_t n;
        char **hosts = instance_take_busy(line->instance, i, &n);
        pool_take_busy(line->asked[i].pool, line->asked[i].source, hosts, n, now_ms);
    }
}

/* Nobody can be asked: what is known grows old, and the policy says what follows from that. */
static void decide_unmeasured(struct cycle *cycle, struct line *line, int64_t now_ms)
{
    for (size_t i = 0; i < line->n_seats; i++) {
        const struct seat *seat = &line->seats[i];
        if (source_of(seat)->due_ms > now_ms)
            continue;
        take_turn(cycle, seat, now_ms);
        cycle_decide(cycle, seat->pool, now_ms);
    }
}

static int64_t next_due(const struct line *line)
{
    int64_t due_ms = INT64_MAX;
    for (size_t i = 0; i < line->n_seats; i++)
        due_ms = earlier(due_ms, source_of(&line->seats[i])->due_ms);
    return due_ms;
}

int64_t queue_step(struct cycle *cycle, struct line *line, struct crew *crew, int64_t now_ms)
{
    int64_t due_ms = next_due(line);
    if (line->is_running && now_ms < line->deadline_ms)
        return line->deadline_ms; /* pools that are due meanwhile wait for it */
    if (due_ms <= now_ms && !line->is_running && line_next(cycle, line, CALL_MEASURE) <= now_ms) {
        start_measure(cycle, line, crew, now_ms);
        return line->deadline_ms;
    }
    if (due_ms <= now_ms)
        decide_unmeasured(cycle, line, now_ms);
    int64_t next_ms = next_due(line);
    if (line->is_running)
        return earlier(next_ms, line_watch(line, crew, now_ms));
    bool is_failing = line->paces[CALL_MEASURE].failing_since_ms != 0; /* it would fail, too */
    if (is_failing || cycle->options.dry_run || !asks_busy(cycle, line, now_ms))
        return next_ms;
    int64_t workers_ms = line_next(cycle, line, CALL_WORKERS);
    if (workers_ms > now_ms)
        return earlier(next_ms, workers_ms);
    start_workers(line, crew, now_ms);
    return line->deadline_ms;
}

void queue_finish_measure(struct cycle *cycle, struct line *line, int64_t now_ms)
{
    bool is_ok = instance_code(line->instance) == DYN_OK;
    for (size_t i = 0; i < line->n_asked; i++) {
        const struct seat *seat = &line->asked[i];
        pool_take_reading(seat->pool, seat->source,
                          is_ok ? instance_answer(line->instance, i) : NULL,
                          now_ms - line->started_ms, now_ms);
        cycle_decide(cycle, seat->pool, now_ms);
    }
}
