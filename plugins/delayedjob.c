/* SPDX-License-Identifier: MIT
 * Queue adapter for Delayed Job with Active Record: one table, on PostgreSQL, MySQL, MariaDB or
 * SQLite. What each state of a row means is told in dynomatic-delayedjob(7); how it is asked, in
 * delayedjob_query.h.
 */
#include <config.h>

#include "delayedjob_query.h"

#include <dynomatic/plugin.h>
#include <dynomatic/util.h>

#include <stdlib.h>
#include <string.h>

enum {
    FENCE_LEAST = 2000,   /* rows looked at for one count of all queues */
    FENCE_QUEUES = 10000, /* and for the counts of several queues, which share it */
    EXACT_SHARE = 100,    /* an exact count may take one part in so many of the time */
    DOUBTS_BEFORE_ADVICE = 10
};

struct config {
    const char *url;
    const char *table;
    int64_t max_run_time_ms;
    int64_t min_priority;
    int64_t max_priority;
};

struct delayedjob {
    const struct dyn_host *host;
    struct sql *sql;
    struct jobs jobs;
    bool is_looked_up; /* what `jobs` says of the table is so */
    bool has_advised;
    unsigned doubts;        /* measures in a row that left a doubt */
    int64_t exact_after_ns; /* no exact count before */
};

/* ---- Life ---- */

static void delayedjob_close(void *self)
{
    struct delayedjob *dj = self;
    if (dj == NULL)
        return;
    sql_free(dj->sql);
    free(dj);
}

static int32_t delayedjob_open(const struct dyn_host *host, const void *options, void **self)
{
    const struct config *config = options;
    if (config->min_priority != DYN_ABSENT && config->max_priority != DYN_ABSENT &&
        config->min_priority > config->max_priority)
        return host->fail(host, DYN_BROKEN, "min_priority is above max_priority, so no job counts");
    struct delayedjob *dj = calloc(1, sizeof *dj);
    if (dj == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    dj->host = host;
    dj->jobs.table = config->table;
    dj->jobs.max_run_time_ms = config->max_run_time_ms;
    dj->jobs.min_priority = config->min_priority;
    dj->jobs.max_priority = config->max_priority;
    int32_t code = sql_open(host, config->url, &dj->sql);
    if (code != DYN_OK) {
        delayedjob_close(dj);
        return code;
    }
    *self = dj;
    return DYN_OK;
}

/* ---- The table ---- */

static int32_t fail(const struct delayedjob *dj, int32_t code)
{
    return dj->host->fail(dj->host, code, sql_failure(dj->sql));
}

/* The first column that every version of the library has and this table has not; NULL: none. */
static const char *missing_column(const struct sql_table *table)
{
    static const char *const columns[] = {"priority",  "attempts",  "handler",  "run_at",
                                          "locked_at", "locked_by", "failed_at"};
    for (size_t i = 0; i < sizeof columns / sizeof columns[0]; i++)
        if (!sql_table_has_column(table, columns[i]))
            return columns[i];
    return NULL;
}

static void note_table(struct delayedjob *dj, const struct sql_table *table)
{
    dj->jobs.run_at = sql_table_type(table, "run_at");
    dj->jobs.locked_at = sql_table_type(table, "locked_at");
    dj->jobs.has_queue = sql_table_has_column(table, "queue");
    dj->jobs.has_index = sql_table_has_index(table, "priority,run_at");
    dj->is_looked_up = true;
    if (!dj->jobs.has_index)
        dyn_logf(
            dj->host, DYN_WARN,
            "table %s has no index on (priority, run_at), which Delayed Job's migration makes: "
            "each look reads the whole table",
            dj->jobs.table);
}

static int32_t look_up(struct delayedjob *dj, const struct dyn_call *call)
{
    struct sql_table table;
    int32_t code = sql_look(dj->sql, call, dj->jobs.table, &table);
    if (code != DYN_OK)
        return fail(dj, code);
    const char *missing = missing_column(&table);
    if (!sql_table_exists(&table))
        code = dyn_failf(dj->host, DYN_BROKEN,
                         "%s has no table %s: run the application's migrations, or name its table "
                         "with the option table",
                         sql_place(dj->sql), dj->jobs.table);
    else if (missing != NULL)
        code = dyn_failf(dj->host, DYN_BROKEN,
                         "table %s of %s has no column %s, so it is not Delayed Job's: name the "
                         "right one with the option table",
                         dj->jobs.table, sql_place(dj->sql), missing);
    else
        note_table(dj, &table);
    sql_table_fini(&table);
    return code;
}

/* Asks a statement, which it frees. What stays broken may be that the table has changed. */
static int32_t ask(struct delayedjob *dj, const struct dyn_call *call, char *text,
                   bool walks_indexes, struct sql_rows *rows)
{
    struct sql_query query = {.text = text, .walks_indexes = walks_indexes};
    *rows = (struct sql_rows){0};
    if (text == NULL)
        return DYN_RETRY;
    int32_t code = sql_ask(dj->sql, call, &query, rows);
    free(text);
    if (code == DYN_BROKEN)
        dj->is_looked_up = false;
    return code;
}

/* ---- Answers ---- */

/* What is known of one queue, or of all that a group has. */
struct tally {
    int64_t counts[DYN_NEXT_DUE + 1]; /* by metric; the ages not */
    int64_t latency_ms;               /* -1: no job seen that waits */
    int64_t next_due_ms;              /* -1: no job seen that is due later */
};

struct lane {
    const char *queue; /* the answer's; NULL: unnamed */
    struct tally tally;
};

struct answer {
    struct sql_rows rows;
    struct lane *queues; /* sorted by name */
    size_t n_queues;
    struct tally all;
    bool has_more_newest; /* the fence was reached, so more may wait */
    bool has_more_oldest; /* likewise, so older ones may wait ... */
    int64_t unseen_ms;    /* ... of this age at most; INT64_MAX: not known */
    int64_t enough;       /* so many waiting jobs ended the count; 0: none did */
    bool has_queue;
};

static const struct tally nothing = {{0}, -1, -1};

static void add(struct tally *sum, const struct tally *more)
{
    for (size_t i = 0; i < sizeof sum->counts / sizeof sum->counts[0]; i++)
        sum->counts[i] += more->counts[i];
    if (more->latency_ms > sum->latency_ms)
        sum->latency_ms = more->latency_ms;
    if (more->next_due_ms >= 0 && (sum->next_due_ms < 0 || more->next_due_ms < sum->next_due_ms))
        sum->next_due_ms = more->next_due_ms;
}

/* An age of a cell, -1 for none. Clocks differ: what is not yet due is due now. */
static int64_t age_in(const struct sql_rows *rows, size_t row, size_t column)
{
    if (column >= rows->n_columns || sql_cell(rows, row, column) == NULL)
        return -1;
    int64_t ms = sql_integer(rows, row, column, 0);
    return ms > 0 ? ms : 0;
}

static struct tally tally_in(const struct sql_rows *rows, size_t row)
{
    static const struct {
        int metric;
        size_t column;
    } counts[] = {{DYN_WAITING, COLUMN_WAITING},
                  {DYN_BUSY, COLUMN_BUSY},
                  {DYN_SCHEDULED, COLUMN_SCHEDULED},
                  {DYN_RETRYING, COLUMN_RETRYING},
                  {DYN_FAILED, COLUMN_FAILED}};
    struct tally tally = nothing;
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++)
        if (counts[i].column < rows->n_columns)
            tally.counts[counts[i].metric] = sql_integer(rows, row, counts[i].column, 0);
    tally.latency_ms = age_in(rows, row, COLUMN_LATENCY);
    tally.next_due_ms = age_in(rows, row, COLUMN_NEXT_DUE);
    return tally;
}

static void take_edge(struct answer *answer, size_t row)
{
    bool has_more = sql_integer(&answer->rows, row, COLUMN_WAITING, 0) != 0;
    if (strcmp(sql_cell(&answer->rows, row, COLUMN_PART), PART_NEWEST) == 0) {
        answer->has_more_newest = has_more;
        return;
    }
    int64_t unseen_ms = age_in(&answer->rows, row, COLUMN_LATENCY);
    answer->has_more_oldest = has_more || unseen_ms >= 0;
    answer->unseen_ms = unseen_ms >= 0 ? unseen_ms : INT64_MAX;
}

static int compare_names(const char *a, const char *b)
{
    if (a == NULL || b == NULL)
        return (a != NULL) - (b != NULL);
    return strcmp(a, b);
}

static int compare_lanes(const void *a, const void *b)
{
    return compare_names(((const struct lane *)a)->queue, ((const struct lane *)b)->queue);
}

/* Sorts the rows of an answer; false if memory is gone. */
static bool sort_out(struct answer *answer)
{
    answer->all = nothing;
    answer->queues = calloc(answer->rows.n_rows + 1, sizeof *answer->queues);
    if (answer->queues == NULL)
        return false;
    for (size_t row = 0; row < answer->rows.n_rows; row++) {
        if (sql_integer(&answer->rows, row, COLUMN_IS_EDGE, 0) != 0) {
            take_edge(answer, row);
            continue;
        }
        struct lane *lane = &answer->queues[answer->n_queues++];
        lane->queue = sql_cell(&answer->rows, row, COLUMN_QUEUE);
        lane->tally = tally_in(&answer->rows, row);
        add(&answer->all, &lane->tally);
    }
    qsort(answer->queues, answer->n_queues, sizeof *answer->queues, compare_lanes);
    return true;
}

static void answer_fini(struct answer *answer)
{
    free(answer->queues);
    sql_rows_fini(&answer->rows);
    *answer = (struct answer){0};
}

/* Adds the rows of one queue, of which each part of the answer has one. */
static void add_queue(struct tally *sum, const struct answer *answer, const char *queue)
{
    size_t low = 0;
    size_t high = answer->n_queues;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (compare_names(answer->queues[middle].queue, queue) < 0)
            low = middle + 1;
        else
            high = middle;
    }
    for (; low < answer->n_queues && compare_names(answer->queues[low].queue, queue) == 0; low++)
        add(sum, &answer->queues[low].tally);
}

static bool is_named_before(const struct dyn_group *group, uint32_t i)
{
    for (uint32_t j = 0; j < i; j++)
        if (strcmp(group->queues[j], group->queues[i]) == 0)
            return true;
    return false;
}

static struct tally tally_of(const struct answer *answer, const struct dyn_group *group)
{
    if (group->n_queues == 0)
        return answer->all;
    struct tally tally = nothing;
    for (uint32_t i = 0; i < group->n_queues; i++)
        if (!is_named_before(group, i))
            add_queue(&tally, answer, group->queues[i]);
    return tally;
}

/* Whether more jobs may wait than were counted, and whether that can matter. */
static bool is_waiting_in_doubt(const struct answer *answer, const struct dyn_group *group,
                                const struct tally *tally)
{
    return answer->has_more_newest && tally->counts[DYN_WAITING] < group->cap;
}

/* Rows that were not looked at are no older than unseen_ms. */
static bool is_latency_in_doubt(const struct answer *answer, const struct tally *tally)
{
    return answer->has_more_oldest && tally->latency_ms < answer->unseen_ms;
}

static bool is_wanted(const struct dyn_group *group, int32_t metric)
{
    return (group->metrics & DYN_BIT(metric)) != 0;
}

static bool is_in_doubt(const struct answer *answer, const struct dyn_group *groups, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        struct tally tally = tally_of(answer, &groups[i]);
        if ((is_wanted(&groups[i], DYN_WAITING) &&
             is_waiting_in_doubt(answer, &groups[i], &tally)) ||
            (is_wanted(&groups[i], DYN_LATENCY) && is_latency_in_doubt(answer, &tally)))
            return true;
    }
    return false;
}

static void put_group(const struct delayedjob *dj, const struct answer *answer,
                      const struct dyn_group *group, uint32_t i)
{
    static const int32_t counts[] = {DYN_BUSY, DYN_SCHEDULED, DYN_RETRYING, DYN_FAILED};
    const struct dyn_host *host = dj->host;
    if (group->n_queues > 0 && !answer->has_queue) {
        host->unknown(host, i,
                      "the table has no column queue, which came with Delayed Job 3: leave out "
                      "queues, then all jobs count");
        return;
    }
    struct tally tally = tally_of(answer, group);
    int64_t waiting = tally.counts[DYN_WAITING];
    bool has_more = answer->has_more_newest || (answer->enough > 0 && waiting >= answer->enough);
    if (is_wanted(group, DYN_WAITING))
        host->put(host, i, DYN_WAITING, waiting, has_more ? DYN_AT_LEAST : 0);
    if (is_wanted(group, DYN_LATENCY))
        host->put(host, i, DYN_LATENCY, tally.latency_ms > 0 ? tally.latency_ms : 0,
                  is_latency_in_doubt(answer, &tally) ? DYN_AT_LEAST : 0);
    for (size_t c = 0; c < sizeof counts / sizeof counts[0]; c++)
        if (is_wanted(group, counts[c]))
            host->put(host, i, counts[c], tally.counts[counts[c]], 0);
    if (is_wanted(group, DYN_NEXT_DUE) && tally.next_due_ms >= 0)
        host->put(host, i, DYN_NEXT_DUE, tally.next_due_ms, 0);
}

/* ---- Measure ---- */

/* The question that answers all groups; bounded if no group wants more than it can tell. */
static struct question question_of(const struct delayedjob *dj, const struct dyn_group *groups,
                                   uint32_t n, bool *is_bounded)
{
    struct question question = {0};
    int64_t cap = 0;
    *is_bounded = dj->jobs.has_index;
    for (uint32_t i = 0; i < n; i++) {
        question.metrics |= groups[i].metrics & (DYN_BIT(DYN_NEXT_DUE + 1) - 1);
        question.by_queue |= groups[i].n_queues > 0 && dj->jobs.has_queue;
        *is_bounded = *is_bounded && groups[i].cap > 0;
        cap = groups[i].cap > cap ? groups[i].cap : cap;
    }
    if ((question.metrics & ~(DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY))) != 0)
        *is_bounded = false;
    if (cap > INT64_MAX / 4)
        *is_bounded = false;
    question.fence = question.by_queue ? FENCE_QUEUES : FENCE_LEAST;
    if (*is_bounded && 2 * cap > question.fence)
        question.fence = 2 * cap;
    question.enough = question.by_queue ? 0 : cap;
    return question;
}

static int32_t ask_for(struct delayedjob *dj, const struct dyn_call *call,
                       const struct question *question, bool is_bounded, struct answer *answer)
{
    *answer = (struct answer){.has_queue = dj->jobs.has_queue};
    char *text = is_bounded ? query_bounded(dj->sql, &dj->jobs, question)
                            : query_whole(dj->sql, &dj->jobs, question);
    int32_t code = ask(dj, call, text, is_bounded, &answer->rows);
    if (code != DYN_OK)
        return code;
    answer->enough = is_bounded ? question->enough : 0;
    return sort_out(answer) ? DYN_OK : DYN_RETRY;
}

/* The index that an exact count needs, which nobody makes but the application's owners. */
static void write_index(const struct delayedjob *dj, char *out, size_t room)
{
    const char *create = sql_create_index(dj->sql);
    const char *table = dj->jobs.table;
    if (sql_has_partial_indexes(dj->sql))
        snprintf(out, room, "%s ON %s (run_at) WHERE failed_at IS NULL", create, table);
    else
        snprintf(out, room, "%s waiting ON %s (failed_at, run_at)", create, table);
}

static void advise(struct delayedjob *dj)
{
    char index[256];
    if (dj->has_advised || ++dj->doubts < DOUBTS_BEFORE_ADVICE)
        return;
    dj->has_advised = true;
    write_index(dj, index, sizeof index);
    dyn_logf(
        dj->host, DYN_WARN,
        "many due jobs of table %s have failed or are locked, so that a quick look cannot count "
        "those that wait; the exact count is taken less often. Deleting old failed jobs helps, "
        "and so does: %s",
        dj->jobs.table, index);
}

/* Replaces an answer that leaves a doubt by an exact one, as often as its cost allows. Without it
 * the doubtful answer stands, and nothing shrinks on that. */
static void ask_exactly(struct delayedjob *dj, const struct dyn_call *call,
                        const struct question *question, struct answer *answer)
{
    int64_t began_ns = dyn_now_ns();
    struct answer exact;
    advise(dj);
    if (began_ns < dj->exact_after_ns)
        return;
    bool is_ok = ask_for(dj, call, question, false, &exact) == DYN_OK;
    int64_t now_ns = dyn_now_ns();
    dj->exact_after_ns = now_ns + (now_ns - began_ns) * EXACT_SHARE;
    if (!is_ok) {
        answer_fini(&exact);
        return;
    }
    answer_fini(answer);
    *answer = exact;
}

static int32_t delayedjob_measure(void *self, const struct dyn_call *call,
                                  const struct dyn_group *groups, uint32_t n)
{
    struct delayedjob *dj = self;
    int32_t code = dj->is_looked_up && n > 0 ? DYN_OK : look_up(dj, call);
    if (code != DYN_OK || n == 0)
        return code;
    bool is_bounded;
    struct question question = question_of(dj, groups, n, &is_bounded);
    struct answer answer;
    code = ask_for(dj, call, &question, is_bounded, &answer);
    if (code != DYN_OK) {
        answer_fini(&answer);
        return fail(dj, code);
    }
    if (is_in_doubt(&answer, groups, n))
        ask_exactly(dj, call, &question, &answer);
    else
        dj->doubts = 0;
    for (uint32_t i = 0; i < n; i++)
        put_group(dj, &answer, &groups[i], i);
    answer_fini(&answer);
    return DYN_OK;
}

/* ---- Workers ---- */

/* The NAME of a locked_by such as "prefix host:NAME pid:4", for free(); NULL if it has none. */
static char *host_in(const char *locked_by)
{
    const char *name = locked_by != NULL ? strstr(locked_by, "host:") : NULL;
    if (name == NULL)
        return NULL;
    name += strlen("host:");
    const char *end = strstr(name, " pid:");
    return strndup(name, end != NULL ? (size_t)(end - name) : strlen(name));
}

static bool is_of_group(const struct dyn_group *group, const char *queue)
{
    if (group->n_queues == 0)
        return true;
    for (uint32_t i = 0; i < group->n_queues; i++)
        if (queue != NULL && strcmp(group->queues[i], queue) == 0)
            return true;
    return false;
}

/* Tells each group of a worker that is busy with one of its queues. */
static int32_t put_workers(const struct delayedjob *dj, const struct sql_rows *rows, size_t row,
                           const struct dyn_group *groups, uint32_t n)
{
    char *name = host_in(sql_cell(rows, row, WORKER_NAME));
    if (name == NULL)
        return dyn_failf(dj->host, DYN_BROKEN, "a job is locked by \"%.100s\", which names no host",
                         sql_cell(rows, row, WORKER_NAME) != NULL ? sql_cell(rows, row, WORKER_NAME)
                                                                  : "");
    struct dyn_worker worker = {
        .busy_ms = age_in(rows, row, WORKER_BUSY),
        .host = name,
        .id = sql_cell(rows, row, WORKER_NAME),
        .queue = sql_cell(rows, row, WORKER_QUEUE),
        .n_jobs = (uint32_t)sql_integer(rows, row, WORKER_JOBS, 1),
    };
    for (uint32_t i = 0; i < n; i++)
        if (is_of_group(&groups[i], worker.queue))
            dj->host->put_worker(dj->host, i, &worker);
    free(name);
    return DYN_OK;
}

static int32_t delayedjob_workers(void *self, const struct dyn_call *call,
                                  const struct dyn_group *groups, uint32_t n)
{
    struct delayedjob *dj = self;
    struct sql_rows rows;
    int32_t code = dj->is_looked_up ? DYN_OK : look_up(dj, call);
    if (code != DYN_OK)
        return code;
    code = ask(dj, call, query_workers(dj->sql, &dj->jobs), false, &rows);
    if (code != DYN_OK)
        return fail(dj, code);
    for (size_t row = 0; row < rows.n_rows && code == DYN_OK; row++)
        code = put_workers(dj, &rows, row, groups, n);
    sql_rows_fini(&rows);
    return code;
}

/* ---- Detect ---- */

/* "; queues: default, mail": for people, so that not to know them is no failure. */
static void add_queues(struct delayedjob *dj, const struct dyn_call *call, FILE *out)
{
    struct sql_rows rows;
    const char *before = "; queues: ";
    if (ask(dj, call, query_queues(dj->sql, &dj->jobs), false, &rows) != DYN_OK)
        return;
    if (rows.n_rows == 0)
        fputs("; it has no rows", out);
    for (size_t row = 0; row < rows.n_rows; row++) {
        const char *queue = sql_cell(&rows, row, 0);
        if (queue == NULL)
            continue;
        fprintf(out, "%s%.100s", before, queue);
        before = ", ";
    }
    sql_rows_fini(&rows);
}

static int32_t tell_found(struct delayedjob *dj, const struct dyn_call *call)
{
    char *evidence = NULL;
    size_t length;
    FILE *out = open_memstream(&evidence, &length);
    if (out == NULL)
        return dj->host->fail(dj->host, DYN_RETRY, "out of memory");
    fprintf(out,
            "table %s with priority, attempts, handler, run_at, locked_at, locked_by, failed_at",
            dj->jobs.table);
    add_queues(dj, call, out);
    if (fclose(out) == 0)
        dj->host->found(dj->host, 95, evidence); /* it may be left over from another library */
    free(evidence);
    return DYN_OK;
}

static int32_t delayedjob_detect(void *self, const struct dyn_call *call)
{
    struct delayedjob *dj = self;
    struct sql_table table;
    int32_t code = sql_look(dj->sql, call, dj->jobs.table, &table);
    if (code != DYN_OK)
        return fail(dj, code);
    bool is_mine = sql_table_exists(&table) && missing_column(&table) == NULL;
    dj->jobs.has_queue = sql_table_has_column(&table, "queue");
    sql_table_fini(&table);
    if (is_mine)
        return tell_found(dj, call);
    return dyn_failf(dj->host, DYN_NO, "%s has no table %s of Delayed Job", sql_place(dj->sql),
                     dj->jobs.table);
}

/* ---- The plugin ---- */

static const struct dyn_option options[] = {
    {"url", NULL, NULL, "DATABASE_URL",
     "the database: postgres://USER:PASSWORD@HOST/NAME, mysql2://..., or sqlite3:PATH", DYN_URL,
     DYN_REQUIRED, offsetof(struct config, url), 0},
    {"table", "delayed_jobs", NULL, NULL, "the table, where needed with its schema: SCHEMA.TABLE",
     DYN_TEXT, 0, offsetof(struct config, table), 0},
    {"max_run_time", "4h", "1s..", NULL,
     "Delayed::Worker.max_run_time: a lock that is older counts as left behind", DYN_DURATION, 0,
     offsetof(struct config, max_run_time_ms), 0},
    {"min_priority", NULL, "-2147483648..2147483647", NULL,
     "count only jobs of this priority and above, as the workers' --min-priority", DYN_INTEGER, 0,
     offsetof(struct config, min_priority), 0},
    {"max_priority", NULL, "-2147483648..2147483647", NULL,
     "count only jobs of this priority and below, as the workers' --max-priority", DYN_INTEGER, 0,
     offsetof(struct config, max_priority), 0},
};

static const struct dyn_queue queue = {
    .size = sizeof queue,
    .metrics = DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY) | DYN_BIT(DYN_BUSY) |
               DYN_BIT(DYN_SCHEDULED) | DYN_BIT(DYN_RETRYING) | DYN_BIT(DYN_FAILED) |
               DYN_BIT(DYN_NEXT_DUE),
    .measure = delayedjob_measure,
    .detect = delayedjob_detect,
    .workers = delayedjob_workers,
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = sizeof dynomatic_plugin,
    .abi = DYN_ABI,
    .name = "delayedjob",
    .version = PACKAGE_VERSION,
    .summary = "counts Delayed Job's jobs in PostgreSQL, MySQL or SQLite",
    .options = options,
    .n_options = DYN_COUNT(options),
    .option_size = sizeof(struct dyn_option),
    .config_size = sizeof(struct config),
    .load = sql_load,
    .open = delayedjob_open,
    .close = delayedjob_close,
    .queue = &queue,
};
