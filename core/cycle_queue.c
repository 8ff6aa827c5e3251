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

/* ---- Measure ---- */

static void start_measure(struct line *line, struct crew *crew, int64_t now_ms)
{
    struct dyn_group *groups = memory_new(line->n_seats, sizeof *groups);
    struct timer *due;
    if (watch_take(line, now_ms))
        make_all_due(line, now_ms);
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
    watch_prepare(line);
    line_start(line, crew, now_ms);
}

/* A store that is slow is looked at less often. A single slow look, such as a rare exact count,
 * says nothing yet. */
static void rest(struct line *line, int64_t now_ms)
{
    int64_t took_ms = now_ms - line->started_ms;
    int64_t usual_ms = earlier(took_ms, line->took_ms);
    int64_t needs_ms = usual_ms * SLOW_SHARE;
    line->took_ms = took_ms;
    line->rest_ms = now_ms + usual_ms * (SLOW_SHARE - 1);
    bool was_slow = line->is_slow;
    line->is_slow = needs_ms > (was_slow ? line->interval_ms / 2 : line->interval_ms);
    if (line->is_slow && !was_slow)
        log_write(LOG_WARN, instance_name(line->instance),
                  "a look takes %" PRId64 " ms: it is asked each %" PRId64
                  " ms at most, so that it has four fifths of the time for others",
                  usual_ms, needs_ms);
    else if (was_slow && !line->is_slow)
        log_write(LOG_INFO, instance_name(line->instance),
                  "a look takes %" PRId64 " ms: it is asked each interval again", usual_ms);
}

/* From when on the store may be measured. */
static int64_t may_measure(const struct line *line)
{
    return later(line_next(line->cycle, line, CALL_MEASURE), line->rest_ms);
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
    watch_begin(line, now_ms);
    for (size_t i = 0; i < line->n_asked; i++) {
        const struct seat *seat = line->asked[i];
        pool_take_reading(seat->pool, seat->source,
                          is_ok ? instance_answer(line->instance, i) : NULL,
                          now_ms - line->started_ms, now_ms);
        cycle_decide(cycle, seat->pool, now_ms);
        probe_plan(line, seat->pool, now_ms);
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
    line_start(line, crew, now_ms);
}

void queue_finish_workers(struct line *line, int64_t now_ms)
{
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
    for (size_t i = 0; i < line->n_seats && line->wants_call && !can_be; i++) {
        const struct seat *seat = &line->seats[i];
        bool asks = pool_asks_busy(seat->pool, seat->source, now_ms);
        is_wanted |= asks;
        can_be = asks && !is_platform_busy(line, seat->pool);
    }
    line->wants_call = is_wanted;
    return can_be && !is_failing && !line->cycle->options.dry_run
               ? line_next(line->cycle, line, CALL_WORKERS)
               : INT64_MAX;
}

/* ---- The way round ---- */

static int64_t measure_due(const struct line *line)
{
    return later(earlier(timers_next(&line->due), watch_due(line)), may_measure(line));
}

static int64_t probe_due(const struct line *line)
{
    return later(line->probe_ms, may_measure(line));
}

static bool is_call_due(struct line *line, int64_t now_ms)
{
    return measure_due(line) <= now_ms || workers_due(line, now_ms) <= now_ms ||
           probe_due(line) <= now_ms;
}

/* The most urgent one. Whether it was started after all. */
static bool start(struct line *line, struct crew *crew, int64_t now_ms)
{
    if (measure_due(line) <= now_ms)
        start_measure(line, crew, now_ms);
    else if (workers_due(line, now_ms) <= now_ms)
        start_workers(line, crew, now_ms);
    else
        return probe_start(line, crew, now_ms);
    return true;
}

int64_t queue_step(struct line *line, struct crew *crew, int64_t now_ms)
{
    if (line->is_running && now_ms < line->deadline_ms)
        return line->deadline_ms; /* pools that are due meanwhile wait for it */
    if (!line->is_running && is_call_due(line, now_ms)) {
        if (!line_has_room(line, crew))
            return INT64_MAX;
        if (start(line, crew, now_ms))
            return line->deadline_ms;
    }
    decide_unmeasured(line, now_ms);
    if (line->is_running)
        return earlier(timers_next(&line->due), line_watch(line, crew, now_ms));
    int64_t told_ms = later(watch_due(line), may_measure(line));
    int64_t ask_ms = earlier(workers_due(line, now_ms), probe_due(line));
    return earlier(timers_next(&line->due), earlier(told_ms, ask_ms));
}
