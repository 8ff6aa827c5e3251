/* SPDX-License-Identifier: MIT
 * Events of stores: what turns a descriptor readable makes the pools of that store due at once. The
 * interval stays as the safety net, so an event may be missed, and is never more than a hint. */
#include "core/cycle_inside.h"
#include "core/log.h"
#include "core/memory.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>

/* The first event is looked at at once, and what follows it soon, since a first job seldom comes
 * alone; while events go on, the gaps double. */
enum {
    LEAST_GAP_MS = 5,
    MOST_GAP_MS = 100, /* or so large a part of the interval, if that is more: */
    INTERVAL_SHARE = 10,
    TOOK_SHARE = 10,  /* looks because of events take so large a part of the time at most */
    RETRY_MS = 60000, /* a watch that failed must not cost each measure */
    LOST_MS = 2000    /* one that told and tells no more may do so again soon */
};

static int64_t most_gap(const struct line *line)
{
    return later(MOST_GAP_MS, line->interval_ms / INTERVAL_SHARE);
}

static bool can_watch(const struct line *line)
{
    return !line->cycle->options.once && instance_spec(line->instance)->watches &&
           instance_can_watch(line->instance);
}

void watch_prepare(struct line *line, int64_t now_ms)
{
    if (!can_watch(line) || now_ms < line->watch.retry_ms)
        return;
    struct dyn_group *groups = memory_new(line->n_seats, sizeof *groups);
    for (size_t i = 0; i < line->n_seats; i++)
        groups[i] = pool_watched(line->seats[i].pool);
    instance_then_watch(line->instance, groups, line->n_seats);
    free(groups);
}

void watch_end(struct line *line)
{
    if (line->watch.fd >= 0)
        epoll_ctl(line->cycle->events_fd, EPOLL_CTL_DEL, line->watch.fd, NULL);
    line->watch.fd = -1;
}

/* Some stores change their mind with each transaction of others. */
static void tell(struct line *line, const char *how, int64_t now_ms)
{
    enum { TELL_MS = 60000 };
    struct watch *watch = &line->watch;
    const char *state = watch->fd >= 0 ? "told of new jobs" : "not told of new jobs";
    char *text = memory_format("%s%s%s", state, how[0] != '\0' ? ": " : "", how);
    bool is_told =
        watch->how != NULL ? strcmp(watch->how, text) == 0 : watch->fd < 0 && how[0] == '\0';
    if (is_told || (watch->how != NULL && now_ms - watch->how_ms < TELL_MS)) {
        free(text);
        return;
    }
    log_write(LOG_INFO, instance_name(line->instance), "%s", text);
    free(watch->how);
    watch->how = text;
    watch->how_ms = now_ms;
}

/* What cannot be waited for is no harm, and told. Once told, a descriptor is silent until it is
 * taken off and set again, whatever the plugin makes of it meanwhile. */
static const char *listen_to(struct line *line)
{
    struct watch *watch = &line->watch;
    struct epoll_event event = {.events = EPOLLIN | EPOLLONESHOT, .data.ptr = line};
    watch->fd = instance_watch_fd(line->instance);
    if (watch->fd < 0 || epoll_ctl(line->cycle->events_fd, EPOLL_CTL_ADD, watch->fd, &event) == 0)
        return instance_advice(line->instance);
    watch->fd = -1;
    return strerrordesc_np(errno);
}

/* A call that fails may have lost what it was to take, so that is looked at as soon as can be. */
void watch_begin(struct line *line, int64_t now_ms)
{
    struct watch *watch = &line->watch;
    watch->again_ms = now_ms + later(watch->gap_ms, line->usual_ms * (TOOK_SHARE - 1));
    if (!can_watch(line) || now_ms < watch->retry_ms)
        return;
    if (instance_code(line->instance) != DYN_OK) {
        watch->is_told |= watch->is_on;
        return;
    }
    if (instance_watch_failed(line->instance))
        watch->retry_ms = now_ms + RETRY_MS;
    bool was_on = watch->is_on;
    tell(line, listen_to(line), now_ms);
    watch->is_on = watch->fd >= 0;
    if (watch->is_on) {
        line->probe_ms = INT64_MAX;
    } else if (was_on) {
        watch->is_told = true;
        watch->again_ms = later(watch->again_ms, now_ms + LOST_MS);
    }
}

bool watch_take(struct line *line, int64_t now_ms)
{
    struct watch *watch = &line->watch;
    bool was_told = watch->is_told;
    bool was_quiet = now_ms - watch->again_ms > watch->gap_ms;
    if (was_quiet)
        watch->gap_ms = 0;
    if (was_told)
        watch->gap_ms = later(LEAST_GAP_MS, earlier(watch->gap_ms * 2, most_gap(line)));
    watch->is_told = false;
    return was_told;
}

int64_t watch_due(const struct line *line)
{
    return line->watch.is_told ? line->watch.again_ms : INT64_MAX;
}

void watch_fini(struct line *line)
{
    watch_end(line);
    free(line->watch.how);
}

/* ---- From outside ---- */

int cycle_events_fd(const struct cycle *cycle)
{
    return cycle->events_fd;
}

void cycle_take_events(struct cycle *cycle)
{
    enum { AT_ONCE = 64 };
    struct epoll_event events[AT_ONCE];
    int n = epoll_wait(cycle->events_fd, events, AT_ONCE, 0);
    for (int i = 0; i < n; i++) {
        struct line *line = events[i].data.ptr;
        watch_end(line); /* until it was measured */
        line->watch.is_told = true;
        line_wake(line);
    }
}
