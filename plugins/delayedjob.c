/* SPDX-License-Identifier: MIT
 * Queue adapter for Delayed Job with Active Record: one table, on PostgreSQL, MySQL, MariaDB or
 * SQLite. What each state of a row means is told in dynomatic-delayedjob(7); how it is asked, in
 * delayedjob_query.h.
 */
#include <config.h>

#include "delayedjob_advice.h"
#include "delayedjob_answer.h"

#include <dynomatic/plugin.h>
#include <dynomatic/util.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    FENCE_LEAST = 2000,   /* rows looked at for one count of all queues */
    FENCE_QUEUES = 10000, /* and for the counts of several queues, which share it */
    EXACT_SHARE = 100,    /* an exact count may take one part in so many of the time */
    DOUBTS_BEFORE_WARNING = 10
};
static const int64_t LOOK_EVERY_NS = INT64_C(600) * 1000000000; /* at the table, for a migration */

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
    unsigned connection;   /* on which the table was looked up */
    int64_t look_after_ns; /* what `jobs` says of it holds until then */
    bool has_told_index;   /* that it is missing */
    bool has_warned;
    unsigned doubts;        /* measures in a row that left a doubt */
    int64_t exact_after_ns; /* no exact count before */
    struct answer answer;   /* of the last measure, for the watch after it */
    bool is_idle;           /* by it, nothing waits */
};

/* ---- Life ---- */

static void delayedjob_close(void *self)
{
    struct delayedjob *dj = self;
    if (dj == NULL)
        return;
    answer_fini(&dj->answer);
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

/* A statement that could not be made was not asked, so the database has nothing to say of it. */
static int32_t fail(const struct delayedjob *dj, int32_t code)
{
    const char *why = sql_failure(dj->sql);
    return dj->host->fail(dj->host, code, why[0] != '\0' ? why : "out of memory");
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
    dj->connection = sql_connection(dj->sql);
    dj->look_after_ns = dyn_now_ns() + LOOK_EVERY_NS;
    if (!dj->jobs.has_index && !dj->has_told_index)
        dyn_logf(
            dj->host, DYN_WARN,
            "table %s has no index on (priority, run_at), which Delayed Job's migration makes: "
            "each look reads the whole table",
            dj->jobs.table);
    dj->has_told_index = !dj->jobs.has_index;
}

static bool is_looked_up(const struct delayedjob *dj)
{
    return dj->connection == sql_connection(dj->sql) && dyn_now_ns() < dj->look_after_ns;
}

/* On DYN_OK the table is the caller's, for sql_table_fini(). */
static int32_t look_at(struct delayedjob *dj, const struct dyn_call *call, struct sql_table *table)
{
    int32_t code = sql_look(dj->sql, call, dj->jobs.table, table);
    if (code != DYN_OK)
        return fail(dj, code);
    const char *missing = missing_column(table);
    if (!sql_table_exists(table))
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
        note_table(dj, table);
    if (code != DYN_OK)
        sql_table_fini(table);
    return code;
}

static int32_t look_up(struct delayedjob *dj, const struct dyn_call *call)
{
    struct sql_table table;
    int32_t code = look_at(dj, call, &table);
    if (code == DYN_OK)
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
        dj->look_after_ns = 0;
    return code;
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

/* "0, 1": the priorities of the table, for free(). */
static int32_t ask_priorities(struct delayedjob *dj, const struct dyn_call *call,
                              const struct question *question, char **list)
{
    struct sql_rows rows;
    size_t length;
    int32_t code = ask(dj, call, query_priorities(dj->sql, &dj->jobs, question), true, &rows);
    FILE *out = code == DYN_OK ? open_memstream(list, &length) : NULL;
    if (out != NULL) {
        fputs("NULL", out); /* since a list must not be empty */
        for (size_t row = 0; row < rows.n_rows; row++)
            if (sql_cell(&rows, row, 0) != NULL)
                fprintf(out, ", %" PRId64, sql_integer(&rows, row, 0, 0));
    }
    sql_rows_fini(&rows);
    if (code == DYN_OK && (out == NULL || fclose(out) != 0))
        code = DYN_RETRY;
    return code;
}

static int32_t ask_bounded(struct delayedjob *dj, const struct dyn_call *call,
                           const struct question *question, struct answer *answer)
{
    struct question bounded = *question;
    char *list = NULL;
    int32_t code = DYN_OK;
    if (!sql_joins_by_range(dj->sql))
        code = ask_priorities(dj, call, question, &list);
    bounded.priorities = list;
    if (code == DYN_OK)
        code = ask(dj, call, query_bounded(dj->sql, &dj->jobs, &bounded), true, &answer->rows);
    free(list);
    answer->enough = question->enough;
    return code;
}

static int32_t ask_for(struct delayedjob *dj, const struct dyn_call *call,
                       const struct question *question, bool is_bounded, struct answer *answer)
{
    *answer = (struct answer){
        .has_queue = dj->jobs.has_queue,
        .is_of_waiting = (question->metrics & (DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY))) != 0,
        .is_by_queue = question->by_queue,
    };
    int32_t code =
        is_bounded ? ask_bounded(dj, call, question, answer)
                   : ask(dj, call, query_whole(dj->sql, &dj->jobs, question), false, &answer->rows);
    if (code != DYN_OK)
        return code;
    return answer_read(answer) ? DYN_OK : DYN_RETRY;
}

static void warn_of_doubt(struct delayedjob *dj)
{
    if (dj->has_warned || ++dj->doubts < DOUBTS_BEFORE_WARNING)
        return;
    dj->has_warned = true;
    dyn_logf(dj->host, DYN_WARN,
             "many due jobs of table %s have failed, are locked or have no priority, so that they "
             "are counted exactly, and less often; `dynomatic sql indexes` prints what helps",
             dj->jobs.table);
}

/* Replaces an answer that leaves a doubt by an exact one, as often as its cost allows. Without it
 * the doubtful answer stands, and nothing shrinks on that. */
static void ask_exactly(struct delayedjob *dj, const struct dyn_call *call,
                        const struct question *question, struct answer *answer)
{
    int64_t began_ns = dyn_now_ns();
    struct answer exact;
    warn_of_doubt(dj);
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
    bool was_looked_up = is_looked_up(dj);
    sql_take_events(dj->sql);
    int32_t code = was_looked_up && n > 0 ? DYN_OK : look_up(dj, call);
    if (code != DYN_OK || n == 0)
        return code;
    bool is_bounded;
    struct question question = question_of(dj, groups, n, &is_bounded);
    struct answer answer;
    code = ask_for(dj, call, &question, is_bounded, &answer);
    if (code != DYN_OK) {
        answer_fini(&answer);
        if (code == DYN_BROKEN && was_looked_up)
            return delayedjob_measure(dj, call, groups, n); /* which looks the table up again */
        return fail(dj, code);
    }
    if (answer_is_in_doubt(&answer, groups, n))
        ask_exactly(dj, call, &question, &answer);
    else
        dj->doubts = 0;
    for (uint32_t i = 0; i < n; i++)
        answer_put(&answer, dj->host, &groups[i], i);
    answer_fini(&dj->answer);
    dj->answer = answer;
    return DYN_OK;
}

/* ---- Watch ---- */

static int32_t delayedjob_watch(void *self, const struct dyn_call *call,
                                const struct dyn_group *groups, uint32_t n, int32_t *fd)
{
    struct delayedjob *dj = self;
    struct sql_watch watch;
    *fd = -1;
    dj->is_idle = answer_is_idle(&dj->answer, groups, n, dj->is_idle);
    int32_t code = sql_watch(dj->sql, call, dj->jobs.table, dj->is_idle, &watch);
    if (code != DYN_OK)
        return fail(dj, code);
    *fd = watch.fd;
    if (DYN_HAS(dj->host, advise))
        dj->host->advise(dj->host, watch.how);
    return DYN_OK;
}

/* ---- Advice ---- */

static int32_t put_indexes(FILE *out, struct delayedjob *dj, const struct dyn_call *call,
                           const struct sql_table *table)
{
    struct advice advice = {.sql = dj->sql, .jobs = &dj->jobs, .table = table};
    int32_t code = sql_look_size(dj->sql, call, dj->jobs.table, "failed_at", &advice.estimate);
    if (code == DYN_OK)
        advice_put_indexes(out, &advice);
    return code;
}

/* Hands a text over line by line. */
static void tell_lines(const struct dyn_host *host, char *text)
{
    char *line;
    while ((line = strsep(&text, "\n")) != NULL && (text != NULL || line[0] != '\0'))
        host->advise(host, line);
}

static int32_t put_advice(struct delayedjob *dj, const struct dyn_call *call, int32_t topic,
                          const struct sql_table *table)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return dj->host->fail(dj->host, DYN_RETRY, "out of memory");
    int32_t code = topic == DYN_ADVICE_INDEXES ? put_indexes(out, dj, call, table)
                                               : sql_put_notify(out, dj->sql, call, dj->jobs.table);
    if (fclose(out) != 0 && code == DYN_OK)
        code = DYN_RETRY;
    if (code == DYN_OK)
        tell_lines(dj->host, text);
    free(text);
    return code == DYN_OK ? DYN_OK : fail(dj, code);
}

static int32_t delayedjob_advise(void *self, const struct dyn_call *call, int32_t topic)
{
    struct delayedjob *dj = self;
    struct sql_table table;
    if (topic != DYN_ADVICE_INDEXES && topic != DYN_ADVICE_NOTIFY)
        return DYN_OK;
    int32_t code = look_at(dj, call, &table);
    if (code != DYN_OK)
        return code;
    code = put_advice(dj, call, topic, &table);
    sql_table_fini(&table);
    return code;
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
    int64_t busy_ms = answer_age(rows, row, WORKER_BUSY);
    struct dyn_worker worker = {
        .busy_ms = busy_ms < AGELESS ? busy_ms : DYN_ABSENT,
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
    bool was_looked_up = is_looked_up(dj);
    int32_t code = was_looked_up ? DYN_OK : look_up(dj, call);
    if (code != DYN_OK)
        return code;
    code = ask(dj, call, query_workers(dj->sql, &dj->jobs), false, &rows);
    if (code == DYN_BROKEN && was_looked_up)
        return delayedjob_workers(dj, call, groups, n); /* which looks the table up again */
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
    .watch = delayedjob_watch,
    .workers = delayedjob_workers,
    .advise = delayedjob_advise,
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
