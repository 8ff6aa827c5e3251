/* SPDX-License-Identifier: MIT */
#include "shared/redis_watch.h"

#include <dynomatic/util.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* From one beginning to the next: a server that hangs up on every listener is not called without
 * end. */
static const int64_t pause_ns = INT64_C(1000000000);
static const int64_t refused_ns = 10 * INT64_C(1000000000); /* and after a refusal */

static int32_t fail(struct redis_watch *watch, int32_t code, const char *format, ...)
    DYN_PRINTF(3, 4);
static int32_t fail(struct redis_watch *watch, int32_t code, const char *format, ...)
{
    struct redis_connection *listener = &watch->listener;
    char text[900];
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    snprintf(listener->failure, sizeof listener->failure, "%s: %s", listener->place, text);
    return code;
}

/* ---- Beginning ---- */

/* A command that got another reply than it gets where it works. */
static int32_t refuse(struct redis_watch *watch, const char *command, const redisReply *reply)
{
    const char *said =
        reply->type == REDIS_REPLY_ERROR ? reply->str : "the reply is of another kind";
    if (redis_is_error(reply, "ERR unknown") || redis_is_error(reply, "ERR Unknown"))
        return fail(watch, DYN_BROKEN, "it does not know %s, which Redis has from 6.0 on: %s",
                    command, said);
    return fail(watch, DYN_BROKEN, "it refuses %s: %s", command, said);
}

/* Tells the listener's number at the server. */
static int32_t subscribe(struct redis_watch *watch, const struct dyn_call *call, long long *id)
{
    struct redis_pipe pipe = {0};
    struct redis_replies replies = {NULL, 0};
    redis_add(&pipe, "CLIENT", "ID", NULL);
    redis_add(&pipe, "SUBSCRIBE", "__redis__:invalidate", NULL);
    int32_t code = redis_talk(&watch->listener, call, &pipe, &replies);
    if (code == DYN_OK && replies.at[0]->type != REDIS_REPLY_INTEGER)
        code = refuse(watch, "CLIENT ID", replies.at[0]);
    else if (code == DYN_OK && replies.at[1]->type != REDIS_REPLY_ARRAY)
        code = refuse(watch, "SUBSCRIBE", replies.at[1]);
    if (code == DYN_OK)
        *id = replies.at[0]->integer;
    redis_pipe_fini(&pipe);
    redis_replies_fini(&replies);
    return code;
}

/* OPTOUT: of what is read all is watched that CLIENT CACHING NO does not precede. That is tried
 * too, before a command that reads nothing. */
static int32_t track(struct redis_watch *watch, struct redis_connection *first,
                     const struct dyn_call *call, long long id)
{
    struct redis_pipe pipe = {0};
    struct redis_replies replies = {NULL, 0};
    char number[24];
    snprintf(number, sizeof number, "%lld", id);
    redis_add(&pipe, "CLIENT", "TRACKING", "ON", "REDIRECT", number, "OPTOUT", NULL);
    redis_add(&pipe, "CLIENT", "CACHING", "NO", NULL);
    redis_add(&pipe, "TIME", NULL);
    int32_t code = redis_talk(first, call, &pipe, &replies);
    if (code != DYN_OK) {
        memcpy(watch->listener.failure, first->failure, sizeof first->failure);
        redis_disconnect(first);
    } else if (replies.at[0]->type != REDIS_REPLY_STATUS)
        code = refuse(watch, "CLIENT TRACKING", replies.at[0]);
    else if (replies.at[1]->type != REDIS_REPLY_STATUS)
        code = refuse(watch, "CLIENT CACHING", replies.at[1]);
    redis_pipe_fini(&pipe);
    redis_replies_fini(&replies);
    return code;
}

/* Makes the descriptor readable: by an answer that is not waited for. */
static int32_t prod(struct redis_watch *watch, const struct dyn_call *call)
{
    struct redis_pipe pipe = {0};
    redis_add(&pipe, "PING", NULL);
    int32_t code = redis_send(&watch->listener, call, &pipe);
    redis_pipe_fini(&pipe);
    return code;
}

static int32_t gather(struct redis_watch *watch, const struct redis_connection *first)
{
    struct epoll_event event = {.events = EPOLLIN};
    int events = epoll_create1(EPOLL_CLOEXEC);
    bool are_in = events >= 0 &&
                  epoll_ctl(events, EPOLL_CTL_ADD, watch->listener.fd, &event) == 0 &&
                  epoll_ctl(events, EPOLL_CTL_ADD, first->fd, &event) == 0;
    if (!are_in) {
        const char *why = strerrordesc_np(errno);
        if (events >= 0)
            close(events);
        return fail(watch, DYN_RETRY, "no set of descriptors: %s", why);
    }
    watch->events = events;
    return DYN_OK;
}

int32_t redis_watch_begin(struct redis_watch *watch, struct redis_connection *first,
                          const struct dyn_call *call)
{
    long long id = 0;
    watch->again_ns = dyn_now_ns() + pause_ns;
    int32_t code = subscribe(watch, call, &id);
    if (code == DYN_OK)
        code = track(watch, first, call, id);
    if (code == DYN_OK)
        code = prod(watch, call);
    if (code == DYN_OK)
        code = gather(watch, first);
    watch->has_taken = false;
    return code;
}

/* ---- Ending ---- */

static void leave(struct redis_watch *watch)
{
    if (watch->events > 0)
        close(watch->events);
    watch->events = 0;
}

static void stop(struct redis_watch *watch, const char *why)
{
    redis_disconnect(&watch->listener);
    leave(watch);
    snprintf(watch->why, sizeof watch->why, "%s", why);
}

void redis_watch_refuse(struct redis_watch *watch, int32_t code, const char *why)
{
    stop(watch, why);
    watch->again_ns = code == DYN_BROKEN ? INT64_MAX : dyn_now_ns() + refused_ns;
}

bool redis_watch_may_begin(const struct redis_watch *watch)
{
    return dyn_now_ns() >= watch->again_ns;
}

void redis_watch_fini(struct redis_watch *watch)
{
    redis_disconnect(&watch->listener);
    leave(watch);
    *watch = (struct redis_watch){0};
}

/* ---- Events ---- */

void redis_watch_take(struct redis_watch *watch, const struct dyn_call *call, uint32_t n)
{
    bool has_come = false;
    if (watch->events > 0 && redis_discard(&watch->listener, call, &has_come) != DYN_OK)
        stop(watch, watch->listener.failure);
    watch->has_taken |= has_come;
    watch->n_measured = n;
}

void redis_watch_go_on(struct redis_watch *watch, const struct dyn_call *call, uint32_t n)
{
    bool is_owed = watch->has_taken && watch->n_measured < n;
    watch->has_taken = false;
    if (is_owed && prod(watch, call) != DYN_OK)
        stop(watch, watch->listener.failure);
}

int redis_watch_fd(const struct redis_watch *watch)
{
    return watch->events > 0 ? watch->events : -1;
}

const char *redis_watch_text(const struct redis_watch *watch)
{
    return watch->events > 0 ? "CLIENT TRACKING, by a connection of its own" : watch->why;
}
