/* SPDX-License-Identifier: MIT
 * One look into a store of Sidekiq's for all groups of a call: what its queues, sets and processes
 * hold, in one round trip where the names are known, and two otherwise. */
#ifndef PLUGINS_SIDEKIQ_LOOK_H
#define PLUGINS_SIDEKIQ_LOOK_H

#include "shared/redis.h"
#include "shared/redis_heads.h"

/* What is known of one queue. */
struct queue {
    int64_t length;
    int64_t due;             /* entries of the sets that are due and belong to it */
    int64_t due_since_ms;    /* of the first of those; 0: there is none */
    const redisReply *wrong; /* instead of its length; NULL: it is known */
    bool is_paused;
    uint32_t summed; /* into which group last, from 1 on; 0: none */
};

/* Single commands of a look. */
enum {
    PAUSED,       /* if names were not asked for */
    SCHEDULE_DUE, /* how many entries */
    RETRY_DUE,
    SCHEDULE_ENTRIES, /* the first of those, each with its score */
    RETRY_ENTRIES,
    SCHEDULE_LATER, /* how many of the rest */
    RETRY_LATER,
    SCHEDULE_NEXT, /* the first of those with its score */
    RETRY_NEXT,
    DEAD,
    N_SINGLES
};

struct look {
    struct redis_heads heads; /* with the names of the queues */
    struct queue *queues;     /* one for each name */
    struct queue others;      /* due entries of no queue that has a name here */
    uint32_t metrics;         /* of all groups */
    bool is_of_workers;       /* nothing but processes is looked at */
    bool wants_all;           /* a group has no names */
    bool wants_named;         /* a group has some */
    bool wants_entries;       /* due ones, to tell their queues */
    bool has_paused;          /* there are paused queues, and a group has no names */
    bool has_more_due;        /* more entries are due than were looked at */
    size_t due_most;          /* entries that are looked at in each set */
    size_t next_due_most;     /* in the next look */
    int64_t now_ms;
    size_t at[N_SINGLES]; /* their replies; REDIS_NO_REPLY: not asked for */
    size_t first_queue;   /* its reply */
    size_t first_process;
    struct redis_replies found; /* n 0: names were not asked for */
    struct redis_replies replies;
};

enum { FOUND_QUEUES, FOUND_PAUSED, FOUND_PROCESSES };

/* The replies for a process. */
enum { PROCESS_STATE, PROCESS_WORK, PROCESS_WORKERS, PROCESS_LEFT, OF_A_PROCESS };

/* Looks; `last` is the look before, or {0}, and is taken for what it knows of oldest jobs. Returns
 * DYN_OK, or a code whose text is redis_failure()'s; look_fini() frees it in both cases. */
int32_t look_at(struct redis *redis, const char *prefix, const struct dyn_call *call,
                const struct dyn_group *groups, uint32_t n, const struct look *last,
                struct look *look);
void look_fini(struct look *look);

/* Frees all but what the next look takes over. */
void look_rest(struct look *look);

/* NULL: it was not asked for. */
const redisReply *look_single(const struct look *look, size_t which);

/* Processes in the set; 0 if that cannot be read. */
size_t look_n_processes(const struct look *look);
const char *look_process_name(const struct look *look, size_t process);
const redisReply *look_process(const struct look *look, size_t process, size_t which);

/* When a process last told what it runs, by the clock of now_ms; long ago if that is not known. */
int64_t look_beat_ms(const struct look *look, size_t process);

/* The score of an entry that came with it, at `element`, in ms; -1: there is none. */
int64_t look_score(const redisReply *reply, size_t element);

#endif
