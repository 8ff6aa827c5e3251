/* SPDX-License-Identifier: MIT
 * The oldest job of each of many queues. Redis sends it with its whole payload, so they take turns
 * where they are expected to be large, and what is known of one is kept until its next turn. */
#ifndef PLUGINS_SHARED_REDIS_HEADS_H
#define PLUGINS_SHARED_REDIS_HEADS_H

#include "shared/names.h"
#include "shared/redis_connection.h"

enum { REDIS_BYTES_MOST = 1024 * 1024 }; /* expected of payloads, in a look */

struct redis_head {
    size_t bytes;     /* of its payload; 0: none was seen */
    int64_t since_ms; /* when it came into its queue; 0: not told */
    int64_t seen_ms;  /* since when it is known to be the oldest */
    uint64_t print;   /* of its payload, to know it again */
    size_t reply;     /* in this look; REDIS_NO_REPLY: it was not its turn */
    size_t next;      /* the reply with the job behind it, likewise */
    bool is_wanted;
};

#define REDIS_NO_REPLY SIZE_MAX

struct redis_heads {
    struct names names;    /* of the queues */
    struct redis_head *at; /* one for each name */
    size_t turn;           /* the queue that the next look begins with */
};

/* Once the names are there: makes the heads, with what the look before knew. False: out of memory.
 */
bool redis_heads_make(struct redis_heads *heads, const struct redis_heads *last);

/* Asks for those that are wanted and whose turn it is, LINDEX queue:NAME with this index; and where
 * they do not tell their time for those behind them, if that has an index. */
void redis_heads_add(struct redis_heads *heads, size_t turn, const char *index, const char *next,
                     struct redis_pipe *pipe);

/* Notes the reply of a head whose turn it was, by the adapter's reading of its time; a queue that
 * is empty has none. One that looks like the job behind it cannot be known again. */
void redis_head_note(struct redis_head *head, const struct redis_replies *replies, int64_t length,
                     int64_t now_ms, int64_t (*since_of)(const redisReply *job));

void redis_heads_fini(struct redis_heads *heads);

#endif
