/* SPDX-License-Identifier: MIT
 * The questions that are put to a table of Delayed Job, as SQL.
 *
 * What decides must be cheap on a table of any size and any mix, with the one index that the
 * library makes, (priority, run_at). So the bounded question looks at a limited number of rows, the
 * fence: it steps from one priority (a lane) to the next, and inside each walks a range of run_at.
 * Within the fence the planner does not see failed_at and the lock, for which it would read the
 * whole table; they are tested outside. The price is that the answer may be "at least", and the
 * edges tell when. The whole question has no fence, and no edges. */
#ifndef PLUGINS_DELAYEDJOB_QUERY_H
#define PLUGINS_DELAYEDJOB_QUERY_H

#include "shared/sql.h"

/* The table as it is, and what is asked of it whoever asks. */
struct jobs {
    const char *table; /* as in sql_look() */
    int64_t max_run_time_ms;
    int64_t min_priority; /* DYN_ABSENT: none */
    int64_t max_priority; /* DYN_ABSENT: none */
    enum sql_type run_at;
    enum sql_type locked_at;
    bool has_queue; /* the column came with version 3 */
    bool has_index; /* (priority, run_at) */
};

struct question {
    uint32_t metrics; /* bits of the values wanted */
    int64_t fence;    /* bounded: rows to look at for each part */
    int64_t enough; /* bounded: so many waiting jobs are enough; 0: never. Only without by_queue */
    bool by_queue;  /* a row for each queue; else one for all of them */
    const char *priorities; /* bounded, and the database needs them as constants: "0, 1"; or NULL */
};

/* What a row of the answer is about. */
#define PART_NEWEST "newest" /* due jobs, the last due first: waiting */
#define PART_OLDEST "oldest" /* due jobs, the first due first: latency */
#define PART_ALL    "all"    /* all jobs: all values */

/* The columns. A row that is an edge tells of its part whether there may be more than was seen
 * (waiting: 1 or 0): the fence was reached, or a job has no priority; and as latency the age of the
 * first row that was not looked at, if that is known: the others are no older. */
enum {
    COLUMN_PART,
    COLUMN_IS_EDGE,
    COLUMN_QUEUE,
    COLUMN_WAITING, /* of PART_OLDEST: the jobs seen, so that an age of NULL is not taken for none
                     */
    COLUMN_LATENCY, /* ms; NULL: no such job, or none that has an age */
    COLUMN_BUSY,    /* this and the next: of PART_ALL only */
    COLUMN_SCHEDULED,
    COLUMN_RETRYING,
    COLUMN_FAILED,
    COLUMN_NEXT_DUE /* ms; NULL: no such job */
};

/* The priorities, a row for each; NULL too. For where sql_joins_by_range() is false: there only
 * constants make a range of run_at inside of each, so that they are asked for first. */
char *query_priorities(const struct sql *sql, const struct jobs *jobs,
                       const struct question *question);

/* The bounded question: DYN_WAITING and DYN_LATENCY within the fence. NULL if memory is gone. The
 * caller frees it. */
char *query_bounded(const struct sql *sql, const struct jobs *jobs,
                    const struct question *question);

/* The whole question: all values, of all rows. */
char *query_whole(const struct sql *sql, const struct jobs *jobs, const struct question *question);

/* The statement that names who is busy: locked_by, queue, jobs, ms of the longest; sorted by
 * locked_by, the longest first. Reads the whole table. */
enum { WORKER_NAME, WORKER_QUEUE, WORKER_JOBS, WORKER_BUSY };
char *query_workers(const struct sql *sql, const struct jobs *jobs);

/* The statement that names some queues, of a limited number of rows; a row each, NULL for unnamed
 * jobs. */
char *query_queues(const struct sql *sql, const struct jobs *jobs);

#endif
