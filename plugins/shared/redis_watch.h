/* SPDX-License-Identifier: MIT
 * Being told of writes, by CLIENT TRACKING (Redis 6): once a connection has read a key, the server
 * says when that is written, to another connection, the listener; once, and again only after the
 * key was read again. So it limits itself, and the reading that is measured is all that keeps it
 * going. What the listener is told is never read, only that it is: a look tells the rest. The
 * descriptor turns readable also when one of the two connections is lost: then nothing would be
 * told any more. */
#ifndef PLUGINS_SHARED_REDIS_WATCH_H
#define PLUGINS_SHARED_REDIS_WATCH_H

#include "shared/redis_connection.h"

struct redis_watch {
    struct redis_connection listener;
    int events;          /* an epoll set of both connections; 0: it is not on */
    int64_t again_ns;    /* not to be begun before */
    uint32_t n_measured; /* groups, since the last watch() */
    bool has_taken;      /* events, since the last watch() */
    char why[1600];      /* it is not on; "": it never was */
};

/* Makes the descriptor readable at once, since what was read until now is not watched. The listener
 * is connected, to the same server as `first`. On failure the text is the listener's; if `first`
 * has failed it is disconnected. */
int32_t redis_watch_begin(struct redis_watch *watch, struct redis_connection *first,
                          const struct dyn_call *call);

/* It cannot be begun, for this reason: it is tried again after a while, or if that lasts
 * (DYN_BROKEN) not before the first connection is another one. */
void redis_watch_refuse(struct redis_watch *watch, int32_t code, const char *why);
bool redis_watch_may_begin(const struct redis_watch *watch);

/* At the start of measure(), of n groups: takes the events off the descriptor. */
void redis_watch_take(struct redis_watch *watch, const struct dyn_call *call, uint32_t n);

/* After it: events that were taken, but not answered for all n groups, come again. */
void redis_watch_go_on(struct redis_watch *watch, const struct dyn_call *call, uint32_t n);

int redis_watch_fd(const struct redis_watch *watch); /* -1: it is not on */

/* How events come, or why none do. */
const char *redis_watch_text(const struct redis_watch *watch);

/* Once the first connection is gone; it may be begun again. */
void redis_watch_fini(struct redis_watch *watch);

#endif
