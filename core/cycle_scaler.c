/* SPDX-License-Identifier: MIT
 * A platform: read now and then, and changed when its pools want it, all of them in one request. */
#include "core/cycle_inside.h"
#include "core/memory.h"

#include <stdlib.h>

/* ---- Read ---- */

static void start_read(struct line *line, struct crew *crew, int64_t now_ms)
{
    const char **names = memory_new(line->n_seats, sizeof *names);
    for (size_t i = 0; i < line->n_seats; i++) {
        line->asked[i] = &line->seats[i];
        names[i] = line->seats[i].pool->spec->process;
    }
    line->n_asked = line->n_seats;
    instance_prepare_read(line->instance, names, line->n_asked);
    free(names);
    line_start(line, crew, now_ms);
}

void scaler_finish_read(struct cycle *cycle, struct line *line, int64_t now_ms)
{
    if (instance_code(line->instance) != DYN_OK)
        return; /* what was known stays; asked again when the pace allows */
    line->read_due_ms =
        cycle->options.once ? INT64_MAX : now_ms + instance_spec(line->instance)->read_every_ms;
    for (size_t i = 0; i < line->n_asked; i++) {
        struct pool *pool = line->asked[i]->pool;
        pool_take_size(pool, instance_answer(line->instance, i), now_ms);
        if (pool_is_measured(pool))
            cycle_decide(cycle, pool, now_ms);
    }
}

/* ---- Apply ---- */

static void start_apply(struct line *line, struct crew *crew, int64_t now_ms)
{
    struct dyn_change *changes = memory_new(line->n_seats, sizeof *changes);
    line->n_asked = 0;
    for (size_t i = 0; i < line->n_seats; i++) {
        struct pool *pool = line->seats[i].pool;
        if (!pool_is_ready(pool, now_ms))
            continue;
        changes[line->n_asked] = pool_start_apply(pool);
        line->asked[line->n_asked++] = &line->seats[i];
    }
    line->wanted_since_ms = 0;
    instance_prepare_apply(line->instance, changes, line->n_asked);
    free(changes);
    line_start(line, crew, now_ms);
}

void scaler_finish_apply(struct cycle *cycle, struct line *line, int64_t now_ms)
{
    int32_t code = instance_code(line->instance);
    bool is_ok = code == DYN_OK;
    bool is_lost = code == DYN_RETRY || code == DYN_LATE; /* a read would be, too */
    int64_t gap_ms = instance_spec(line->instance)->read_every_ms;
    for (size_t i = 0; i < line->n_asked; i++) {
        struct pool *pool = line->asked[i]->pool;
        const struct answer *answer = is_ok ? instance_answer(line->instance, i) : NULL;
        int32_t asked = pool->applying;
        pool_take_applied(pool, answer, now_ms, gap_ms);
        journal_applied(cycle->journal, pool, asked, pool->size,
                        is_ok ? answer->unknown : instance_failure(line->instance),
                        now_ms + cycle->utc_ahead_ms);
        if (pool->size < 0) /* any part may have been applied */
            line->read_due_ms = is_lost ? line->paces[CALL_APPLY].next_ms : now_ms;
        cycle_decide(cycle, pool, now_ms); /* what is known may have changed meanwhile */
    }
}

/* Whether one is ready. Those that are not wait for the names of the busy, which may have grown old
 * since they were told. */
static bool is_change_wanted(struct line *line, int64_t now_ms)
{
    bool is_ready = false;
    bool is_wanted = false;
    for (size_t i = 0; i < line->n_seats && line->wants_change; i++) {
        struct pool *pool = line->seats[i].pool;
        if (pool->wanted < 0)
            continue;
        is_wanted = true;
        is_ready |= pool_is_ready(pool, now_ms);
        cycle_ask_names(line->cycle, pool, now_ms);
    }
    line->wants_change = is_wanted;
    return is_ready;
}

/* Whether a measure runs that may add to the change. */
static bool is_more_coming(const struct cycle *cycle, const struct line *line)
{
    for (size_t i = 0; i < line->n_seats; i++) {
        const struct pool_spec *spec = line->seats[i].pool->spec;
        for (size_t k = 0; k < spec->n_sources; k++)
            if (cycle->lines[spec->sources[k]].is_running)
                return true;
    }
    return false;
}

/* When what is wanted goes to the platform: not while its sizes cannot be read. */
static int64_t apply_due(struct cycle *cycle, struct line *line, int64_t now_ms)
{
    if (!is_change_wanted(line, now_ms)) {
        line->wanted_since_ms = 0;
        return INT64_MAX;
    }
    if (line->paces[CALL_READ].failing_since_ms != 0)
        return INT64_MAX;
    int64_t gathered_ms = is_more_coming(cycle, line) ? line->wanted_since_ms + CYCLE_GATHER_MS
                                                      : line->wanted_since_ms;
    return later(gathered_ms, line_next(cycle, line, CALL_APPLY));
}

int64_t scaler_step(struct cycle *cycle, struct line *line, struct crew *crew, int64_t now_ms)
{
    if (line->is_running)
        return now_ms < line->deadline_ms ? line->deadline_ms : line_watch(line, crew, now_ms);
    int64_t read_ms = later(line->read_due_ms, line_next(cycle, line, CALL_READ));
    if (read_ms <= now_ms) {
        if (!line_has_room(line, crew, now_ms))
            return line_blocked_until(line);
        start_read(line, crew, now_ms);
        return line->deadline_ms;
    }
    if (cycle->options.dry_run)
        return read_ms;
    int64_t apply_ms = apply_due(cycle, line, now_ms);
    if (apply_ms <= now_ms) {
        if (!line_has_room(line, crew, now_ms))
            return earlier(read_ms, line_blocked_until(line));
        start_apply(line, crew, now_ms);
        return line->deadline_ms;
    }
    return earlier(read_ms, apply_ms);
}
