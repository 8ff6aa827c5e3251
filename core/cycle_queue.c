/* SPDX-License-Identifier: MIT
 * A store: measured when its pools are due, and asked who is busy before one of them shrinks. */
#include "core/cycle_inside.h"
#include "core/log.h"
#include "core/memory.h"

#include <inttypes.h>
#include <stdlib.h>

enum { SLOW_SHARE = 5 }; /* looks take at most one in so many of the time */

struct source *source_of(const struct seat *seat)
{
    return &seat->pool->sources[seat->source];
}

/* ---- When ---- */

/* Pools of one interval are due at the same instants, so that they are measured together. */
static int64_t next_turn(const struct line *line, const struct pool *pool, int64_t now_ms)
{
    int64_t interval_ms = pool->spec->interval_ms;
    int64_t phase_ms = line->phase_ms % interval_ms;
    return ((now_ms - phase_ms) / interval_ms + 1) * interval_ms + phase_ms;
}

/* A pool is due: what its schedule says now holds until it is due again, so that what is measured
 * is what the decision goes by. It is due also when the schedule says something else. */
static void take_turn(struct line *line, struct seat *seat, int64_t now_ms)
{
    int64_t left_ms = pool_follow_schedule(seat->pool, now_ms + line->cycle->utc_ahead_ms);
    int64_t due_ms = next_turn(line, seat->pool, now_ms);
    if (left_ms < due_ms - now_ms)
        due_ms = now_ms + left_ms;
    timers_set(&line->due, &seat->due, line->cycle->options.once ? INT64_MAX : due_ms);
}

/* What the store told of may concern any of them. */
static void make_all_due(struct line *line, int64_t now_ms)
{
    for (size_t i = 0; i < line->n_seats; i++)
        if (line->seats[i].due.place != 0)
            timers_set(&line->due, &line->seats[i].due, now_ms);
}

/* Not before a store that is slow has rested, nor before the pause after a failure. */
static int64_t may_measure(const struct line *line)
{
    return later(line_next(line->cycle, line, CALL_MEASURE), line->rest_ms);
}

/* ---- Measure ---- */

static void start_measure(struct line *line, struct crew *crew, int64_t now_ms)
{
    struct dyn_group *groups = memory_new(line->n_seats, sizeof *groups);
    struct timer *due;
    if (watch_take(line, now_ms) || line->is_overdue)
        make_all_due(line, now_ms);
    line->is_overdue = false;
    line->n_asked = 0;
    while ((due = timers_take(&line->due, now_ms)) != NULL)
        line->asked[line->n_asked++] = (struct seat *)due;
    for (size_t i = 0; i < line->n_asked; i++) {
        struct seat *seat = line->asked[i];
        take_turn(line, seat, now_ms);
        groups[i] = pool_start_measure(seat->pool, seat->source, now_ms);
    }
    instance_prepare_measure(line->instance, groups, line->n_asked);
    free(groups);
    watch_prepare(line, now_ms);
    line_start(line, crew, now_ms);
}

static void tell_slow(struct line *line, int64_t pause_ms, int64_t now_ms)
{
    enum { WELL_MS = 60000 }; /* then it is slow no more */
    bool was_slow = line->slow_ms != 0;
    bool is_slow = line->usual_ms + pause_ms > line->interval_ms;
    if (is_slow)
        line->slow_ms = now_ms;
    if (is_slow && !was_slow)
        log_write(LOG_WARN, instance_name(line->instance),
                  "a look takes %" PRId64 " ms: it is asked each %" PRId64
                  " ms at most, to leave the store time for others",
                  line->usual_ms, line->usual_ms + pause_ms);
    else if (was_slow && now_ms - line->slow_ms >= WELL_MS) {
        log_write(LOG_INFO, instance_name(line->instance),
                  "a look takes %" PRId64 " ms: it is asked each interval again", line->usual_ms);
        line->slow_ms = 0;
    }
}

/* A store that is slow is looked at less often, but so that no reading grows too old by that. */
static void rest(struct line *line, int64_t now_ms)
{
    int64_t took_ms = now_ms - line->started_ms;
    line->usual_ms = earlier(took_ms, line->took_ms);
    line->took_ms = took_ms;
    int64_t most_ms = later(0, line->stale_ms - line->usual_ms - line->interval_ms);
    int64_t pause_ms = earlier(line->usual_ms * (SLOW_SHARE - 1), most_ms);
    line->rest_ms = now_ms + pause_ms;
    tell_slow(line, pause_ms, now_ms);
}

void queue_finish_measure(struct cycle *cycle, struct line *line, int64_t now_ms)
{
    bool is_ok = instance_code(line->instance) == DYN_OK;
    if (line->is_probe) {
        probe_finish(line, now_ms);
        return;
    }
    if (is_ok)
        rest(line, now_ms);
    probe_postpone(line, now_ms);
    watch_begin(line, now_ms);
    for (size_t i = 0; i < line->n_asked; i++) {
        const struct seat *seat = line->asked[i];
        pool_take_reading(seat->pool, seat->source,
                          is_ok ? instance_answer(line->instance, i) : NULL,
                          now_ms - line->started_ms, now_ms);
        cycle_decide(cycle, seat->pool, now_ms);
    }
}

/* Nobody can be asked: what is known grows old, and the policy says what follows from that. */
static void decide_unmeasured(struct line *line, int64_t now_ms)
{
    struct timer *due;
    while ((due = timers_take(&line->due, now_ms)) != NULL) {
        struct seat *seat = (struct seat *)due;
        take_turn(line, seat, now_ms);
        cycle_decide(line->cycle, seat->pool, now_ms);
        line->is_overdue = line->paces[CALL_MEASURE].failing_since_ms == 0;
    }
}

/* ---- Who is busy, before a pool shrinks ---- */

/* The names are old by the time that a call to the platform ends, so that is waited for. */
static bool is_platform_busy(const struct line *line, const struct pool *pool)
{
    return line->cycle->lines[pool->spec->scaler].is_running;
}

static void start_workers(struct line *line, struct crew *crew, int64_t now_ms)
{
    struct dyn_group *groups = memory_new(line->n_seats, sizeof *groups);
    line->n_asked = 0;
    for (size_t i = 0; i < line->n_seats; i++) {
        struct seat *seat = &line->seats[i];
        if (!pool_asks_busy(seat->pool, seat->source, now_ms))
            continue;
        groups[line->n_asked] = pool_group(seat->pool);
        line->asked[line->n_asked++] = seat;
    }
    instance_prepare_workers(line->instance, groups, line->n_asked);
    free(groups);
    watch_prepare(line, now_ms);
    line_start(line, crew, now_ms);
}

void queue_finish_workers(struct line *line, int64_t now_ms)
{
    watch_begin(line, now_ms);
    if (instance_code(line->instance) != DYN_OK)
        return; /* nobody is stopped */
    for (size_t i = 0; i < line->n_asked; i++) {
        struct seat *seat = line->asked[i];
        size_t n;
        char **hosts = instance_take_busy(line->instance, i, &n);
        pool_take_busy(seat->pool, seat->source, hosts, n, now_ms);
        line_wake(&line->cycle->lines[seat->pool->spec->scaler]);
    }
}

/* When names are to be asked for; INT64_MAX: not now. */
static int64_t workers_due(struct line *line, int64_t now_ms)
{
    bool is_failing = line->paces[CALL_MEASURE].failing_since_ms != 0; /* it would fail, too */
    bool is_wanted = false;
    bool can_be = false;
    for (size_t i = 0; i < line->n_seats && line->wants_names && !can_be; i++) {
        const struct seat *seat = &line->seats[i];
        bool asks = pool_asks_busy(seat->pool, seat->source, now_ms);
        is_wanted |= asks;
        can_be = asks && !is_platform_busy(line, seat->pool);
    }
    line->wants_names = is_wanted;
    return can_be && !is_failing ? line_next(line->cycle, line, CALL_WORKERS) : INT64_MAX;
}

/* ---- The way round ---- */

static int64_t measure_due(const struct line *line)
{
    int64_t due_ms = line->is_overdue ? 0 : timers_next(&line->due);
    return later(earlier(due_ms, watch_due(line)), may_measure(line));
}

/* Starts the most urgent call that is due. Whether there is one; *next_ms is when there will be. */
static bool start(struct line *line, struct crew *crew, int64_t *next_ms, int64_t now_ms)
{
    int64_t measure_ms = measure_due(line);
    int64_t workers_ms = workers_due(line, now_ms);
    int64_t probe_ms = later(line->probe_ms, may_measure(line));
    *next_ms = earlier(measure_ms, earlier(workers_ms, probe_ms));
    if (*next_ms > now_ms)
        return false;
    if (!line_has_room(line, crew, now_ms)) {
        *next_ms = line_blocked_until(line);
        return false;
    }
    if (measure_ms <= now_ms)
        start_measure(line, crew, now_ms);
    else if (workers_ms <= now_ms)
        start_workers(line, crew, now_ms);
    else if (!probe_start(line, crew, now_ms)) {
        *next_ms = earlier(measure_ms, workers_ms);
        return false;
    }
    return true;
}

int64_t queue_step(struct line *line, struct crew *crew, int64_t now_ms)
{
    int64_t next_ms;
    if (line->is_running && now_ms < line->deadline_ms)
        return line->deadline_ms; /* pools that are due meanwhile wait for it */
    if (line->is_running)
        next_ms = line_watch(line, crew, now_ms);
    else if (start(line, crew, &next_ms, now_ms))
        return line->deadline_ms;
    if (line->cycle->options.once && line->blocked.place != 0)
        return next_ms; /* its only turn comes with a thread */
    decide_unmeasured(line, now_ms);
    return earlier(timers_next(&line->due), next_ms);
}
