/* SPDX-License-Identifier: MIT
 * PostgreSQL, through libpq and never blocking but for its name lookup, which libpq has no other
 * way for.
 *
 * A question is one pipeline: BEGIN READ ONLY, settings for this transaction alone, the question,
 * COMMIT. That is one round trip, and leaves nothing behind on a connection that a pooler shares:
 * no SET, no prepared statement, no startup option. */
#include "shared/sql_pg.h"
#include "shared/quote.h"

#include <errno.h>
#include <inttypes.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>

/* The types of columns, fixed by PostgreSQL's catalog (pg_type.dat). */
enum { OID_TIMESTAMP = 1114, OID_TIMESTAMPTZ = 1184 };

/* ---- The URL ---- */

static const char *value_of(const PQconninfoOption *options, const char *keyword)
{
    for (const PQconninfoOption *o = options; o->keyword != NULL; o++)
        if (strcmp(o->keyword, keyword) == 0) {
            const char *value = o->val;
            if (value == NULL && o->envvar != NULL)
                value = getenv(o->envvar);
            return value != NULL ? value : o->compiled;
        }
    return NULL;
}

static char *place_of(const PQconninfoOption *options)
{
    const char *host = value_of(options, "host");
    const char *port = value_of(options, "port");
    const char *database = value_of(options, "dbname");
    char *place;
    int n = asprintf(&place, "%s:%s/%s", host != NULL ? host : "localhost",
                     port != NULL ? port : "5432", database != NULL ? database : "");
    return n < 0 ? NULL : place;
}

static void pg_close(struct sql *sql)
{
    struct pg *pg = sql->state;
    if (pg == NULL)
        return;
    PQfinish(pg->conn);
    PQconninfoFree(pg->options);
    free(pg->password);
    free(pg->events.channel);
    free(pg);
    sql->secret = NULL;
    sql->state = NULL;
}

static int32_t url_is_wrong(struct sql *sql)
{
    return sql_fail(
        sql, DYN_BROKEN,
        "url: not of the form postgres://USER:PASSWORD@HOST:5432/DATABASE; in user and "
        "password the characters @ : / ? # %% are written %%40 %%3A %%2F %%3F %%23 %%25");
}

/* What libpq says of a URL may quote the password, so it is not passed on. */
static int32_t pg_open(struct sql *sql, const char *url)
{
    if (!pg_url_is_clear(url))
        return url_is_wrong(sql);
    struct pg *pg = calloc(1, sizeof *pg);
    char *known = pg_known_url(sql->host, url);
    char *why = NULL;
    sql->state = pg;
    if (pg != NULL && known != NULL)
        pg->options = PQconninfoParse(known, &why);
    free(known);
    if (pg != NULL && pg->options != NULL)
        sql->place = place_of(pg->options);
    if (sql->place != NULL)
        return DYN_OK;
    pg_close(sql);
    if (why == NULL)
        return sql_fail(sql, DYN_RETRY, "out of memory");
    PQfreemem(why);
    return url_is_wrong(sql);
}

/* ---- Ending ---- */

void pg_drop(struct sql *sql)
{
    struct pg *pg = sql->state;
    sql->connection += pg->conn != NULL;
    PQfinish(pg->conn);
    pg->conn = NULL;
}

/* libpq asks for a cancel on a connection of its own, and blocks on it: so on a thread of its own,
 * which needs nothing of ours. */
static void *ask_to_stop(void *cancel)
{
    char why[256];
    PQcancel(cancel, why, sizeof why); /* if it fails, statement_timeout ends the statement */
    PQfreeCancel(cancel);
    return NULL;
}

/* The server goes on with what nobody waits for any more, unless it is told. */
static void stop_server(struct pg *pg)
{
    PGcancel *cancel = PQgetCancel(pg->conn);
    if (cancel == NULL)
        return;
    pthread_t thread;
    pthread_attr_t detached;
    pthread_attr_init(&detached);
    pthread_attr_setdetachstate(&detached, PTHREAD_CREATE_DETACHED);
    if (pthread_create(&thread, &detached, ask_to_stop, cancel) != 0)
        PQfreeCancel(cancel);
    pthread_attr_destroy(&detached);
}

/* Waits for the socket: DYN_OK with *ready, DYN_LATE, or DYN_RETRY. */
static int32_t wait_for(struct sql *sql, const struct dyn_call *call, short events, int *ready)
{
    struct pg *pg = sql->state;
    *ready = dyn_wait(call, PQsocket(pg->conn), events);
    if (*ready > 0)
        return DYN_OK;
    return *ready == 0 ? sql_late(sql, call)
                       : sql_fail(sql, DYN_RETRY, "%s: cannot wait for the connection: %s",
                                  sql->place, strerror(errno));
}

/* ---- Connecting ---- */

static void be_quiet(void *arg, const char *message)
{
    (void)arg;
    (void)message;
}

/* The URL's parameters, with the hosts that are left, and after them ours, which win. */
static PGconn *start(const PQconninfoOption *options, const struct pg_hosts *hosts)
{
    const char *const ours[][2] = {
        {"host", hosts->names},
        {"hostaddr", hosts->addresses},
        {"port", hosts->ports},
        {"client_encoding", "UTF8"},
        {"fallback_application_name", "dynomatic"},
    };
    size_t n = 0;
    while (options[n].keyword != NULL)
        n++;
    const char **keywords = calloc(n + DYN_COUNT(ours) + 1, sizeof *keywords);
    const char **values = calloc(n + DYN_COUNT(ours) + 1, sizeof *values);
    PGconn *conn = NULL;
    if (keywords != NULL && values != NULL) {
        for (size_t i = 0; i < n; i++) {
            keywords[i] = options[i].keyword;
            values[i] = options[i].val;
        }
        for (size_t i = 0; i < DYN_COUNT(ours); i++) {
            keywords[n + i] = ours[i][0];
            values[n + i] = ours[i][1];
        }
        conn = PQconnectStartParams(keywords, values, 0);
    }
    free(keywords);
    free(values);
    return conn;
}

static int32_t connection_failed(struct sql *sql)
{
    struct pg *pg = sql->state;
    struct pg_refusal refusal = pg_refusal_of(PQerrorMessage(pg->conn));
    if (PQconnectionNeedsPassword(pg->conn))
        refusal.code = DYN_BROKEN;
    return sql_fail(sql, refusal.code, "cannot connect to %s: %.*s%s%s", sql->place,
                    quote_length(refusal.text), refusal.text, refusal.advice != NULL ? "; " : "",
                    refusal.advice != NULL ? refusal.advice : "");
}

static int32_t finish_connecting(struct sql *sql, const struct dyn_call *call)
{
    struct pg *pg = sql->state;
    PostgresPollingStatusType next = PGRES_POLLING_WRITING;
    while (PQstatus(pg->conn) != CONNECTION_BAD) {
        int ready;
        int32_t code =
            wait_for(sql, call, next == PGRES_POLLING_READING ? POLLIN : POLLOUT, &ready);
        if (code != DYN_OK)
            return code;
        next = PQconnectPoll(pg->conn);
        if (next == PGRES_POLLING_OK)
            return DYN_OK;
        if (next == PGRES_POLLING_FAILED)
            break;
    }
    return connection_failed(sql);
}

static int32_t connect_to_one(struct sql *sql, const struct dyn_call *call,
                              const struct pg_hosts *hosts)
{
    struct pg *pg = sql->state;
    pg_drop(sql);
    pg->conn = start(pg->options, hosts);
    if (pg->conn == NULL)
        return sql_fail(sql, DYN_RETRY, "out of memory");
    free(pg->password);
    pg->password = PQpass(pg->conn) != NULL ? strdup(PQpass(pg->conn)) : NULL;
    sql->secret = pg->password;
    PQsetNoticeProcessor(pg->conn, be_quiet, NULL);
    PQsetErrorVerbosity(pg->conn, PQERRORS_VERBOSE); /* so that the SQLSTATE is told */
    int32_t code = finish_connecting(sql, call);
    if (code != DYN_OK)
        return code;
    if (PQsetnonblocking(pg->conn, 1) != 0 || PQenterPipelineMode(pg->conn) != 1)
        return connection_failed(sql);
    return DYN_OK;
}

/* The call with the part of its time that one of n may take. */
static struct dyn_call share_of(const struct dyn_call *call, size_t n)
{
    int64_t now_ns = dyn_now_ns();
    struct dyn_call share = *call;
    if (call->deadline_ns > now_ns)
        share.deadline_ns = now_ns + (call->deadline_ns - now_ns) / (int64_t)n;
    return share;
}

/* libpq goes on to the next host when one refuses, and leaves it to its caller to see that one
 * never answers: that one is left out. So libpq still finds what target_session_attrs asks for. */
static int32_t connect_to(struct sql *sql, const struct dyn_call *call)
{
    struct pg *pg = sql->state;
    struct pg_hosts hosts;
    int32_t code = DYN_OK;
    if (!pg_hosts_init(&hosts, value_of(pg->options, "host"), value_of(pg->options, "hostaddr"),
                       value_of(pg->options, "port")))
        code = sql_fail(sql, DYN_RETRY, "out of memory");
    for (bool goes_on = code == DYN_OK; goes_on;) {
        struct dyn_call share = share_of(call, hosts.n);
        code = connect_to_one(sql, &share, &hosts);
        goes_on = code == DYN_LATE && !dyn_is_over(call) &&
                  pg_hosts_leave_out(&hosts, PQhost(pg->conn), PQport(pg->conn));
    }
    pg_hosts_fini(&hosts);
    return code;
}

/* ---- Asking ---- */

/* The places in the pipeline. */
enum { AT_BEGIN, AT_SETTINGS, AT_QUESTION, AT_COMMIT };

static bool send_one(PGconn *conn, const char *text, size_t n, const char *const *values)
{
    return PQsendQueryParams(conn, text, (int)n, NULL, values, NULL, NULL, 0) == 1;
}

/* JIT costs more than it gives on a statement that takes a millisecond. */
static bool send_all(PGconn *conn, const struct dyn_call *call, const struct sql_query *query)
{
    char timeout[24];
    snprintf(timeout, sizeof timeout, "%" PRId32, sql_server_ms(call));
    const char *value = timeout;
    const char *settings =
        query->walks_indexes
            ? "SELECT set_config('statement_timeout', $1, true), set_config('jit', 'off', true),"
              " set_config('enable_seqscan', 'off', true),"
              " set_config('enable_bitmapscan', 'off', true)"
            : "SELECT set_config('statement_timeout', $1, true), set_config('jit', 'off', true)";
    return send_one(conn, "BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY", 0, NULL) &&
           send_one(conn, settings, 1, &value) &&
           send_one(conn, query->text, query->n_values, query->values) &&
           send_one(conn, "COMMIT", 0, NULL) && PQpipelineSync(conn) == 1;
}

static int32_t flush(struct sql *sql, const struct dyn_call *call)
{
    struct pg *pg = sql->state;
    while (PQflush(pg->conn) == 1) {
        int ready;
        int32_t code = wait_for(sql, call, POLLIN | POLLOUT, &ready);
        if (code != DYN_OK)
            return code;
        if ((ready & POLLIN) != 0)
            PQconsumeInput(pg->conn);
    }
    return DYN_OK; /* if the connection is lost, what was received tells why */
}

/* The next result; NULL between two, as libpq has it. */
static int32_t next_result(struct sql *sql, const struct dyn_call *call, PGresult **result)
{
    struct pg *pg = sql->state;
    while (PQisBusy(pg->conn)) {
        int ready;
        int32_t code = wait_for(sql, call, POLLIN, &ready);
        if (code != DYN_OK)
            return code;
        if (PQconsumeInput(pg->conn) == 0)
            break; /* the result says why */
        pg_note_notifications(pg);
    }
    *result = PQgetResult(pg->conn);
    return DYN_OK;
}

static int32_t take_rows(struct sql *sql, const PGresult *result, struct sql_rows *rows)
{
    int n_columns = PQnfields(result);
    const char **cells = calloc((size_t)n_columns + 1, sizeof *cells);
    bool is_ok = cells != NULL;
    rows->n_columns = (size_t)n_columns;
    for (int row = 0; is_ok && row < PQntuples(result); row++) {
        for (int i = 0; i < n_columns; i++)
            cells[i] = PQgetisnull(result, row, i) ? NULL : PQgetvalue(result, row, i);
        is_ok = sql_rows_add(rows, cells);
    }
    free(cells);
    return is_ok ? DYN_OK : sql_fail(sql, DYN_RETRY, "out of memory");
}

static int32_t question_failed(struct sql *sql, const PGresult *result)
{
    const char *state = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    const char *primary = PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY);
    struct pg_refusal refusal = pg_refusal_of_state(state);
    ((struct pg *)sql->state)->is_ended = state != NULL && strncmp(state, "57P", 3) == 0;
    const char *text = primary != NULL ? primary : PQresultErrorMessage(result);
    return sql_fail(sql, refusal.code, "%s: %.*s%s%s", sql->place, quote_length(text), text,
                    refusal.advice != NULL ? "; " : "",
                    refusal.advice != NULL ? refusal.advice : "");
}

/* One result of the pipeline; the first failure counts, those after it follow from it. */
static int32_t take_result(struct sql *sql, const PGresult *result, int place,
                           struct sql_rows *rows)
{
    switch (PQresultStatus(result)) {
    case PGRES_TUPLES_OK:
        return place == AT_QUESTION ? take_rows(sql, result, rows) : DYN_OK;
    case PGRES_COMMAND_OK:
    case PGRES_PIPELINE_SYNC:
    case PGRES_PIPELINE_ABORTED:
        return DYN_OK;
    default:
        return question_failed(sql, result);
    }
}

static int32_t receive(struct sql *sql, const struct dyn_call *call, struct sql_rows *rows)
{
    struct pg *pg = sql->state;
    int32_t code = DYN_OK;
    bool is_end = false;
    for (int place = AT_BEGIN; code == DYN_OK && !is_end;) {
        PGresult *result;
        code = next_result(sql, call, &result);
        if (code != DYN_OK)
            return code;
        if (result == NULL) {
            place++;
            is_end = PQstatus(pg->conn) == CONNECTION_BAD;
            continue;
        }
        is_end = PQresultStatus(result) == PGRES_PIPELINE_SYNC;
        code = take_result(sql, result, place, rows);
        PQclear(result);
    }
    if (code == DYN_OK && PQstatus(pg->conn) == CONNECTION_BAD)
        code = sql_fail(sql, DYN_RETRY, "%s: the connection was lost", sql->place);
    return code;
}

static int32_t ask_once(struct sql *sql, const struct dyn_call *call, const struct sql_query *query,
                        struct sql_rows *rows)
{
    struct pg *pg = sql->state;
    pg->is_ended = false;
    if (!send_all(pg->conn, call, query))
        return sql_fail(sql, DYN_RETRY, "%s: %s", sql->place, PQerrorMessage(pg->conn));
    int32_t code = flush(sql, call);
    if (code == DYN_OK)
        code = receive(sql, call, rows);
    if (code == DYN_LATE && dyn_is_over(call)) /* else it was the server that ended it */
        stop_server(pg);
    return code;
}

/* A connection that lay idle may have died meanwhile, which shows only when it is used: then the
 * question, which changes nothing, is asked once more on a new one. */
static int32_t pg_ask(struct sql *sql, const struct dyn_call *call, const struct sql_query *query,
                      struct sql_rows *rows)
{
    struct pg *pg = sql->state;
    if (pg->conn != NULL) {
        int32_t code = ask_once(sql, call, query, rows);
        if (code == DYN_OK)
            return DYN_OK;
        bool is_lost = PQstatus(pg->conn) == CONNECTION_BAD || pg->is_ended;
        pg_drop(sql);
        sql_rows_fini(rows);
        if (!is_lost || dyn_is_over(call))
            return code;
    }
    int32_t code = connect_to(sql, call);
    if (code == DYN_OK)
        code = ask_once(sql, call, query, rows);
    if (code != DYN_OK)
        pg_drop(sql);
    return code;
}

char *pg_quoted_name(const char *name)
{
    char *quoted = NULL;
    size_t length;
    FILE *out = open_memstream(&quoted, &length);
    if (out == NULL)
        return NULL;
    sql_put_name(out, name);
    if (fclose(out) == 0)
        return quoted;
    free(quoted);
    return NULL;
}

/* to_regclass() finds what the search path finds, and gives NULL for what is not there. */
static int32_t pg_look(struct sql *sql, const struct dyn_call *call, const char *name,
                       struct sql_rows *rows)
{
    char *quoted = pg_quoted_name(name);
    if (quoted == NULL)
        return sql_fail(sql, DYN_RETRY, "out of memory");
    const char *value = quoted;
    struct sql_query query = {
        .text = "SELECT 'column', a.attname::text, CASE a.atttypid WHEN 1114 THEN '1'"
                " WHEN 1184 THEN '2' ELSE '0' END FROM pg_attribute a"
                " WHERE a.attrelid = to_regclass($1) AND a.attnum > 0 AND NOT a.attisdropped"
                " UNION ALL "
                "SELECT CASE WHEN i.indpred IS NULL THEN 'index' ELSE 'partial' END, (SELECT "
                "string_agg(coalesce(a.attname, '()'), ',' ORDER BY k.n)"
                " FROM unnest(i.indkey::int2[]) WITH ORDINALITY k(attnum, n)"
                " LEFT JOIN pg_attribute a ON a.attrelid = i.indrelid AND a.attnum = k.attnum),"
                " coalesce(pg_get_expr(i.indpred, i.indrelid), '0') FROM pg_index i"
                " WHERE i.indrelid = to_regclass($1) AND i.indisvalid"
                " UNION ALL "
                "SELECT 'invalid', c.relname::text, NULL FROM pg_index i"
                " JOIN pg_class c ON c.oid = i.indexrelid"
                " WHERE i.indrelid = to_regclass($1) AND NOT i.indisvalid"
                " UNION ALL "
                "SELECT 'schema', n.nspname::text, (c.relkind = 'p')::int::text FROM pg_class c"
                " JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = to_regclass($1)",
        .values = &value,
        .n_values = 1,
    };
    int32_t code = pg_ask(sql, call, &query, rows);
    free(quoted);
    return code;
}

/* Autovacuum keeps both: the rows as of this second, the share of NULLs as of its last analysis. */
static int32_t pg_look_size(struct sql *sql, const struct dyn_call *call, const char *name,
                            const char *column, struct sql_rows *rows)
{
    char *quoted = pg_quoted_name(name);
    const char *values[] = {quoted, column};
    struct sql_query query = {
        .text = "SELECT CASE WHEN c.reltuples >= 0 OR t.n_live_tup > 0 THEN t.n_live_tup END,"
                " round(t.n_live_tup * s.null_frac)::bigint"
                " FROM pg_class c JOIN pg_stat_all_tables t ON t.relid = c.oid"
                " LEFT JOIN pg_stats s ON s.schemaname = t.schemaname AND s.tablename = t.relname"
                " AND s.attname = $2 AND NOT s.inherited WHERE c.oid = to_regclass($1)",
        .values = values,
        .n_values = 2,
    };
    if (quoted == NULL)
        return sql_fail(sql, DYN_RETRY, "out of memory");
    int32_t code = pg_ask(sql, call, &query, rows);
    free(quoted);
    return code;
}

/* ---- Dialect ---- */

/* now() has a zone: compared with a column that has none it would be turned into the session's. */
static void pg_put_now(FILE *out, enum sql_type type, int64_t shift_ms)
{
    fputs(type == SQL_TIMESTAMP ? "(now() AT TIME ZONE 'utc'" : "(now()", out);
    if (shift_ms != 0) {
        fputs(" + interval '", out);
        sql_put_seconds(out, shift_ms);
        fputs(" seconds'", out);
    }
    putc(')', out);
}

/* No cast: of an instant without end the epoch is infinite, which no integer is. */
static void pg_begin_age(FILE *out, enum sql_type type, int64_t shift_ms)
{
    fputs("floor(1000 * (extract(epoch FROM ", out);
    pg_put_now(out, type, shift_ms);
    fputs(") - extract(epoch FROM ", out);
}

const struct sql_driver sql_pg = {
    .create_index = "CREATE INDEX CONCURRENTLY IF NOT EXISTS",
    .quote = '"',
    .has_lateral = true,
    .has_partial_indexes = true,
    .joins_by_range = true,
    .open = pg_open,
    .close = pg_close,
    .ask = pg_ask,
    .look = pg_look,
    .look_size = pg_look_size,
    .watch = pg_watch,
    .take_events = pg_take_events,
    .put_notify = pg_put_notify,
    .put_now = pg_put_now,
    .begin_age = pg_begin_age,
    .end_age = ")))",
};
