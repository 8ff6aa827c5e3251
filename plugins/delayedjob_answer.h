/* SPDX-License-Identifier: MIT
 * What the rows of an answer say of each group. */
#ifndef PLUGINS_DELAYEDJOB_ANSWER_H
#define PLUGINS_DELAYEDJOB_ANSWER_H

#include "delayedjob_query.h"

/* The age of an instant without end, and of what is no instant: some databases store both. It is
 * above all ages, since such an instant hides the others from min(). */
#define AGELESS INT64_MAX

/* What is known of one queue, or of all that a group has. */
struct tally {
    int64_t counts[DYN_NEXT_DUE + 1]; /* by metric; the ages not */
    int64_t latency_ms;               /* -1: no job seen that waits; AGELESS */
    int64_t next_due_ms;              /* -1: no job seen that is due later; AGELESS */
};

struct queue_tally {
    const char *name; /* in `rows`; NULL: unnamed */
    struct tally tally;
};

struct answer {
    struct sql_rows rows;
    struct queue_tally *queues; /* sorted by name */
    size_t n_queues;
    struct tally all;
    bool has_more_newest; /* the fence was reached, so more may wait */
    bool has_more_oldest; /* likewise, so older ones may wait ... */
    int64_t unseen_ms;    /* ... of this age at most; AGELESS: not known */
    int64_t enough;       /* so many waiting jobs ended the count; 0: none did */
    bool has_queue;
    bool is_of_waiting; /* it tells whether jobs wait ... */
    bool is_by_queue;   /* ... in each queue */
};

/* Sorts the rows of an answer; false if memory is gone. */
bool answer_read(struct answer *answer);
void answer_fini(struct answer *answer);

/* Whether an exact answer could tell a group what this one does not. */
bool answer_is_in_doubt(const struct answer *answer, const struct dyn_group *groups, uint32_t n);

/* Whether it is sure that no job of these groups waits; `was_idle` if this answer was to another
 * question. */
bool answer_is_idle(const struct answer *answer, const struct dyn_group *groups, uint32_t n,
                    bool was_idle);

/* Puts what is known of element i. */
void answer_put(const struct answer *answer, const struct dyn_host *host,
                const struct dyn_group *group, uint32_t i);

/* An age of a cell, -1 for none, AGELESS. Clocks differ: what is not yet due is due now. */
int64_t answer_age(const struct sql_rows *rows, size_t row, size_t column);

#endif
