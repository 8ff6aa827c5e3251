/* SPDX-License-Identifier: MIT */
#include "core/cycle_inside.h"
#include "core/log.h"

#include <inttypes.h>
#include <stddef.h>

enum { HANGS_MS = 1000 }; /* a call that is so much past its deadline does not keep the contract */

/* At a time that has passed. */
void line_wake(struct line *line)
{
    timers_set(&line->cycle->steps, &line->step, 0);
}

int64_t line_blocked_until(const struct line *line)
{
    return line->blocked.place != 0
               ? line->blocked.at_ms + instance_spec(line->instance)->timeout_ms + HANGS_MS
               : INT64_MAX;
}

/* All threads are busy for so long that this line's own call would be over: one more it is. */
static bool has_waited(const struct line *line, struct crew *crew, int64_t now_ms)
{
    if (now_ms < line_blocked_until(line))
        return false;
    log_write(LOG_WARN, instance_name(line->instance),
              "has waited %" PRId64 " s for a thread, since all are in calls: one more is started",
              (now_ms - line->blocked.at_ms) / 1000);
    crew_note_hang(crew);
    return true;
}

bool line_has_room(struct line *line, struct crew *crew, int64_t now_ms)
{
    struct timers *blocked = &line->cycle->blocked;
    bool has_room = crew_has_room(crew) || has_waited(line, crew, now_ms);
    if (has_room)
        timers_set(blocked, &line->blocked, INT64_MAX);
    else if (line->blocked.place == 0)
        timers_set(blocked, &line->blocked, now_ms);
    return has_room;
}

struct line *line_unblock(struct cycle *cycle)
{
    struct timer *first = timers_take(&cycle->blocked, INT64_MAX - 1);
    return first != NULL ? (struct line *)((char *)first - offsetof(struct line, blocked)) : NULL;
}

void line_start(struct line *line, struct crew *crew, int64_t now_ms)
{
    watch_end(line);
    line->is_running = true;
    line->hangs = false;
    line->started_ms = now_ms;
    line->deadline_ms = now_ms + instance_spec(line->instance)->timeout_ms;
    crew_submit(crew, line->instance, line->deadline_ms);
}

int64_t line_watch(struct line *line, struct crew *crew, int64_t now_ms)
{
    int64_t hangs_ms = line->deadline_ms + HANGS_MS;
    if (line->hangs)
        return INT64_MAX;
    if (now_ms < hangs_ms)
        return hangs_ms;
    line->hangs = true;
    crew_note_hang(crew);
    log_write(LOG_ERROR, instance_name(line->instance),
              "%s hangs: not back %" PRId64 " s after its deadline; its pools stay as they are",
              call_name(instance_call(line->instance)), (int64_t)HANGS_MS / 1000);
    return INT64_MAX;
}

int64_t line_next(const struct cycle *cycle, const struct line *line, enum call_kind call)
{
    return cycle->options.once && line->has_failed ? INT64_MAX : line->paces[call].next_ms;
}

/* Whether the platform of these pools takes no change now. */
static void note_stuck(const struct line *line)
{
    bool is_stuck = line->paces[CALL_READ].failing_since_ms != 0 ||
                    line->paces[CALL_APPLY].failing_since_ms != 0;
    if (instance_spec(line->instance)->kind == INSTANCE_QUEUE)
        return;
    for (size_t i = 0; i < line->n_seats; i++)
        pool_set_stuck(line->seats[i].pool, is_stuck);
}

void line_note_outcome(struct cycle *cycle, struct line *line, int64_t now_ms)
{
    int32_t code = instance_code(line->instance);
    struct pace *pace = &line->paces[instance_call(line->instance)];
    int64_t was_failing_since_ms = pace->failing_since_ms;
    const char *name = instance_name(line->instance);
    cycle->dice = cycle->dice * 1664525u + 1013904223u;
    if (line->hangs)
        log_write(LOG_WARN, name, "%s is back", call_name(instance_call(line->instance)));
    line->is_running = false;
    line->hangs = false;
    line->has_failed = line->has_failed || code != DYN_OK;
    switch (pace_note(pace, code, now_ms - line->started_ms, now_ms, cycle->dice >> 8)) {
    case PACE_FAILS:
        log_write(code == DYN_BROKEN ? LOG_ERROR : LOG_WARN, name, "%s",
                  instance_failure(line->instance));
        break;
    case PACE_WELL_AGAIN:
        log_write(LOG_INFO, name, "well again after %" PRId64 " s",
                  (now_ms - was_failing_since_ms) / 1000);
        break;
    case PACE_QUIET:
        if (code != DYN_OK)
            log_write(LOG_DEBUG, name, "%s", instance_failure(line->instance));
        break;
    }
    note_stuck(line);
}
