/* SPDX-License-Identifier: MIT */
#include "delayedjob_query.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* One statement being written. */
struct draft {
    FILE *out;
    const struct sql *sql;
    const struct jobs *jobs;
    const struct question *question;
};

/* ---- Conditions on a row d ---- */

static void put_now(const struct draft *draft)
{
    sql_put_now(draft->out, draft->sql, draft->jobs->run_at, 0);
}

/* The instant before which a lock is stale. */
static void put_stale(const struct draft *draft)
{
    sql_put_now(draft->out, draft->sql, draft->jobs->locked_at, -draft->jobs->max_run_time_ms);
}

/* A job that a worker may take once it is due. */
static void put_is_free(const struct draft *draft)
{
    fputs("d.failed_at IS NULL AND (d.locked_at IS NULL OR d.locked_at < ", draft->out);
    put_stale(draft);
    fputs(")", draft->out);
}

static void put_is_waiting(const struct draft *draft)
{
    put_is_free(draft);
    fputs(" AND d.run_at <= ", draft->out);
    put_now(draft);
}

static void put_is_busy(const struct draft *draft)
{
    fputs("d.failed_at IS NULL AND d.locked_at >= ", draft->out);
    put_stale(draft);
}

static void put_is_later(const struct draft *draft)
{
    fputs("d.failed_at IS NULL AND d.locked_at IS NULL AND d.run_at > ", draft->out);
    put_now(draft);
}

static void put_is_scheduled(const struct draft *draft)
{
    put_is_later(draft);
    fputs(" AND d.attempts = 0", draft->out);
}

static void put_is_retrying(const struct draft *draft)
{
    put_is_later(draft);
    fputs(" AND d.attempts > 0", draft->out);
}

static void put_is_failed(const struct draft *draft)
{
    fputs("d.failed_at IS NOT NULL", draft->out);
}

static void put_from(const struct draft *draft)
{
    fputs(" FROM ", draft->out);
    sql_put_name(draft->out, draft->jobs->table);
    fputs(" d", draft->out);
}

/* " WHERE d.priority >= 1 AND d.priority <= 5", or nothing; the first word is the caller's. */
static void put_priorities(const struct draft *draft, const char *keyword)
{
    if (draft->jobs->min_priority != DYN_ABSENT) {
        fprintf(draft->out, " %s d.priority >= %" PRId64, keyword, draft->jobs->min_priority);
        keyword = "AND";
    }
    if (draft->jobs->max_priority != DYN_ABSENT)
        fprintf(draft->out, " %s d.priority <= %" PRId64, keyword, draft->jobs->max_priority);
}

/* ---- Values ---- */

static const char no_age[] = "NULLIF(0, 0)"; /* a NULL that has the type of an age */

/* The rows of which a condition is true, counted. */
static void put_count(const struct draft *draft, void (*put_is)(const struct draft *))
{
    fputs("count(CASE WHEN ", draft->out);
    put_is(draft);
    fputs(" THEN 1 END)", draft->out);
}

/* The age of the first run_at of which a condition is true. */
static void put_age(const struct draft *draft, void (*put_is)(const struct draft *))
{
    sql_begin_age(draft->out, draft->sql, draft->jobs->run_at, 0);
    fputs("min(CASE WHEN ", draft->out);
    put_is(draft);
    fputs(" THEN d.run_at END)", draft->out);
    sql_end_age(draft->out, draft->sql);
}

/* Whoever asks for an age asks whether there is one. */
static bool is_asked(const struct draft *draft, int32_t metric)
{
    uint32_t metrics = draft->question->metrics;
    return (metrics & DYN_BIT(metric)) != 0 ||
           (metric == DYN_WAITING && (metrics & DYN_BIT(DYN_LATENCY)) != 0);
}

/* One of the columns of values, by the rows d. */
static void put_value(const struct draft *draft, int32_t metric)
{
    static void (*const conditions[])(const struct draft *) = {
        [DYN_WAITING] = put_is_waiting,   [DYN_LATENCY] = put_is_waiting,
        [DYN_BUSY] = put_is_busy,         [DYN_SCHEDULED] = put_is_scheduled,
        [DYN_RETRYING] = put_is_retrying, [DYN_FAILED] = put_is_failed,
        [DYN_NEXT_DUE] = put_is_later,
    };
    bool is_age = metric == DYN_LATENCY || metric == DYN_NEXT_DUE;
    if (!is_asked(draft, metric)) {
        fputs(is_age ? no_age : "0", draft->out);
        return;
    }
    if (metric == DYN_NEXT_DUE)
        fputs("-", draft->out); /* its age is under 0 */
    (is_age ? put_age : put_count)(draft, conditions[metric]);
}

static void put_group_by(const struct draft *draft)
{
    if (draft->question->by_queue)
        fputs(" GROUP BY d.queue", draft->out);
}

static const char *queue_column(const struct draft *draft)
{
    return draft->question->by_queue ? "d.queue" : "NULL";
}

/* ---- The bounded question ---- */

/* The priorities, where SELECT DISTINCT steps over equal ones in the index. */
static void put_distinct(const struct draft *draft)
{
    fputs("SELECT DISTINCT d.priority", draft->out);
    put_from(draft);
    put_priorities(draft, "WHERE");
}

/* The priorities, each found by one step in the index. */
static void put_steps(const struct draft *draft)
{
    FILE *out = draft->out;
    if (!sql_joins_by_range(draft->sql)) {
        fputs("WITH step(priority) AS (", out);
        put_distinct(draft);
        fputs("),\n", out);
        return;
    }
    fputs("WITH RECURSIVE step(priority) AS (SELECT (SELECT min(d.priority)", out);
    put_from(draft);
    put_priorities(draft, "WHERE");
    fputs(") UNION ALL SELECT (SELECT min(d.priority)", out);
    put_from(draft);
    fputs(" WHERE d.priority > step.priority", out);
    put_priorities(draft, "AND");
    fputs(") FROM step WHERE step.priority IS NOT NULL),\n", out);
}

static bool has_bounds(const struct jobs *jobs)
{
    return jobs->min_priority != DYN_ABSENT || jobs->max_priority != DYN_ABSENT;
}

/* Whether due jobs may be in no lane: past the fence, or without a priority, which old tables
 * allow. */
static void put_is_beside(const struct draft *draft)
{
    fprintf(draft->out, "count(*) >= %" PRId64, draft->question->fence);
    if (has_bounds(draft->jobs))
        return; /* what has no priority is within no bounds */
    fputs(" OR EXISTS (SELECT 1", draft->out);
    put_from(draft);
    fputs(" WHERE d.priority IS NULL AND d.run_at <= ", draft->out);
    put_now(draft);
    fputs(")", draft->out);
}

/* The lanes are the priorities; `share` is how many rows each may have of the fence. */
static void put_lanes(const struct draft *draft)
{
    FILE *out = draft->out;
    int64_t fence = draft->question->fence;
    put_steps(draft);
    fprintf(out,
            "lane(priority) AS (SELECT priority FROM step WHERE priority IS NOT NULL LIMIT %" PRId64
            "),\n"
            "share(n) AS (SELECT CASE WHEN count(*) > 1 THEN %" PRId64 " / count(*) ELSE %" PRId64
            " END FROM lane),\n"
            "beside(is_so) AS (SELECT CASE WHEN ",
            fence, fence, fence);
    put_is_beside(draft);
    fputs(" THEN 1 ELSE 0 END FROM lane)\n", out);
}

static bool is_newest(const char *part)
{
    return strcmp(part, PART_NEWEST) == 0;
}

static void put_lane_rows(const struct draft *draft, const char *columns)
{
    fprintf(draft->out, "SELECT %s", columns);
    put_from(draft);
    fputs(" WHERE d.priority = lane.priority AND d.run_at <= ", draft->out);
    put_now(draft);
}

/* The rows of a part within the fence, in brackets. Newest first a lane may have the whole fence,
 * which is only there to end it; oldest first its share, so that the oldest of each lane are seen.
 * Where a lane's rows cannot be cut by themselves the lanes follow one another up to the fence. */
static void put_walk(const struct draft *draft, const char *part, const char *columns)
{
    FILE *out = draft->out;
    fputs("(", out);
    if (sql_has_lateral(draft->sql)) {
        fputs("SELECT d.* FROM lane CROSS JOIN LATERAL (", out);
        put_lane_rows(draft, columns);
        if (is_newest(part))
            fprintf(out, " ORDER BY d.run_at DESC LIMIT %" PRId64, draft->question->fence);
        else
            fputs(" ORDER BY d.run_at LIMIT (SELECT n FROM share)", out);
        fputs(") d", out);
    } else if (sql_joins_by_range(draft->sql)) {
        fprintf(out, "SELECT %s FROM lane CROSS JOIN ", columns);
        sql_put_name(out, draft->jobs->table);
        fputs(" d WHERE d.priority = lane.priority AND d.run_at <= ", out);
        put_now(draft);
    } else {
        fprintf(out, "SELECT %s", columns);
        put_from(draft);
        fprintf(out, " WHERE d.priority IN (%s) AND d.run_at <= ", draft->question->priorities);
        put_now(draft);
        fputs(" ORDER BY d.priority, d.run_at", out); /* else it reads the table */
    }
    fprintf(out, " LIMIT %" PRId64 ")", draft->question->fence);
}

/* The age of the first row that is not looked at, oldest first. */
static void put_unseen(const struct draft *draft)
{
    if (!sql_has_lateral(draft->sql)) {
        fputs(no_age, draft->out);
        return;
    }
    fputs("CASE WHEN (SELECT is_so FROM beside) = 0 THEN (SELECT ", draft->out);
    sql_begin_age(draft->out, draft->sql, draft->jobs->run_at, 0);
    fputs("min(d.run_at)", draft->out);
    sql_end_age(draft->out, draft->sql);
    fputs(" FROM lane CROSS JOIN LATERAL (", draft->out);
    put_lane_rows(draft, "d.run_at");
    fputs(" ORDER BY d.run_at LIMIT 1 OFFSET (SELECT n FROM share)) d) END", draft->out);
}

/* Whether more was due than looked at: needs the index only. */
static void put_edge(const struct draft *draft, const char *part)
{
    fprintf(draft->out,
            "SELECT '%s', 1, NULL, CASE WHEN (SELECT is_so FROM beside) = 1 OR "
            "(SELECT count(*) FROM ",
            part);
    put_walk(draft, part, "d.run_at");
    fprintf(draft->out, " d) >= %" PRId64 " THEN 1 ELSE 0 END, ", draft->question->fence);
    if (is_newest(part))
        fputs(no_age, draft->out);
    else
        put_unseen(draft);
}

static void put_newest(const struct draft *draft)
{
    FILE *out = draft->out;
    const char *queue = draft->question->by_queue ? "d.queue, " : "";
    fprintf(out, "SELECT '%s' AS part, 0 AS is_edge, %s AS queue, count(*) AS waiting, %s AS age",
            PART_NEWEST, queue_column(draft), no_age);
    fprintf(out, " FROM (SELECT %s1 AS one FROM ", queue);
    char columns[64];
    snprintf(columns, sizeof columns, "%sd.failed_at, d.locked_at", queue);
    put_walk(draft, PART_NEWEST, columns);
    fputs(" d WHERE ", out);
    put_is_free(draft);
    if (draft->question->enough > 0)
        fprintf(out, " LIMIT %" PRId64, draft->question->enough);
    fputs(") d", out);
    put_group_by(draft);
    fputs("\nUNION ALL ", out);
    put_edge(draft, PART_NEWEST);
}

static void put_oldest(const struct draft *draft)
{
    FILE *out = draft->out;
    const char *queue = draft->question->by_queue ? "d.queue, " : "";
    char columns[64];
    snprintf(columns, sizeof columns, "%sd.run_at, d.failed_at, d.locked_at", queue);
    fprintf(out, "SELECT '%s' AS part, 0 AS is_edge, %s AS queue, count(*) AS waiting, ",
            PART_OLDEST, queue_column(draft));
    sql_begin_age(out, draft->sql, draft->jobs->run_at, 0);
    fputs("min(d.run_at)", out);
    sql_end_age(out, draft->sql);
    fputs(" AS age FROM ", out);
    put_walk(draft, PART_OLDEST, columns);
    fputs(" d WHERE ", out);
    put_is_free(draft);
    put_group_by(draft);
    fputs("\nUNION ALL ", out);
    put_edge(draft, PART_OLDEST);
}

static void put_bounded(const struct draft *draft)
{
    put_lanes(draft);
    if ((draft->question->metrics & DYN_BIT(DYN_WAITING)) != 0)
        put_newest(draft);
    if ((draft->question->metrics & DYN_BIT(DYN_LATENCY)) == 0)
        return;
    if ((draft->question->metrics & DYN_BIT(DYN_WAITING)) != 0)
        fputs("\nUNION ALL ", draft->out);
    put_oldest(draft);
}

/* ---- The whole question ---- */

/* What decides is asked of the rows that may count only, so that a partial index can answer. */
static bool is_of_waiting_only(const struct draft *draft)
{
    return (draft->question->metrics & ~(DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY))) == 0;
}

static void put_whole(const struct draft *draft)
{
    const char *keyword = "WHERE";
    fprintf(draft->out, "SELECT '%s', 0, %s", PART_ALL, queue_column(draft));
    for (int32_t metric = DYN_WAITING; metric <= DYN_NEXT_DUE; metric++) {
        fputs(", ", draft->out);
        put_value(draft, metric);
    }
    put_from(draft);
    if (is_of_waiting_only(draft)) {
        fputs(" WHERE ", draft->out);
        put_is_waiting(draft);
        keyword = "AND";
    }
    put_priorities(draft, keyword);
    put_group_by(draft);
}

static void put_workers(const struct draft *draft)
{
    FILE *out = draft->out;
    fprintf(out, "SELECT d.locked_by, %s, count(*), ", draft->jobs->has_queue ? "d.queue" : "NULL");
    sql_begin_age(out, draft->sql, draft->jobs->locked_at, 0);
    fputs("min(d.locked_at)", out);
    sql_end_age(out, draft->sql);
    put_from(draft);
    fputs(" WHERE ", out);
    put_is_busy(draft);
    put_priorities(draft, "AND");
    fprintf(out, " GROUP BY d.locked_by%s ORDER BY 1, 4 DESC",
            draft->jobs->has_queue ? ", d.queue" : "");
}

static void put_queues(const struct draft *draft)
{
    fprintf(draft->out, "SELECT DISTINCT s.queue FROM (SELECT %s",
            draft->jobs->has_queue ? "d.queue" : "NULL AS queue");
    put_from(draft);
    fputs(" LIMIT 1000) s ORDER BY 1 LIMIT 10", draft->out);
}

/* ---- From outside ---- */

static char *write_draft(const struct sql *sql, const struct jobs *jobs,
                         const struct question *question, void (*put)(const struct draft *))
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return NULL;
    put(&(struct draft){out, sql, jobs, question});
    if (fclose(out) == 0)
        return text;
    free(text);
    return NULL;
}

static void put_distinct_lanes(const struct draft *draft)
{
    put_distinct(draft);
    fprintf(draft->out, " LIMIT %" PRId64, draft->question->fence);
}

char *query_priorities(const struct sql *sql, const struct jobs *jobs,
                       const struct question *question)
{
    return write_draft(sql, jobs, question, put_distinct_lanes);
}

char *query_bounded(const struct sql *sql, const struct jobs *jobs, const struct question *question)
{
    return write_draft(sql, jobs, question, put_bounded);
}

char *query_whole(const struct sql *sql, const struct jobs *jobs, const struct question *question)
{
    return write_draft(sql, jobs, question, put_whole);
}

char *query_workers(const struct sql *sql, const struct jobs *jobs)
{
    return write_draft(sql, jobs, NULL, put_workers);
}

char *query_queues(const struct sql *sql, const struct jobs *jobs)
{
    return write_draft(sql, jobs, NULL, put_queues);
}
