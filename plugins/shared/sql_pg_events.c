/* SPDX-License-Identifier: MIT
 * LISTEN, on the one connection that there is: its socket is the descriptor.
 *
 * The gate works by the lock that says whether to notify. An insert takes it shared until its
 * transaction ends, and notifies if it cannot: in the trigger's WHEN, since to enter a function
 * costs more than the lock does. So nobody notifies while no session holds it exclusively, nor
 * while this program does not run. A session that gets it knows that every insert that did not
 * notify has ended, and finds it by looking once more; all later ones notify. */
#include "shared/sql_pg.h"

#include <stdlib.h>
#include <string.h>

enum { IDLE_WAKES = 20 }; /* in IDLE_TIME_NS */
#define SECOND_NS INT64_C(1000000000)
static const int64_t IDLE_TIME_NS = 10 * SECOND_NS;
static const int64_t LOOK_EVERY_NS = 300 * SECOND_NS; /* at the trigger */
static const int64_t FIRST_PAUSE_NS = SECOND_NS;
static const int64_t LAST_PAUSE_NS = 60 * SECOND_NS;

void pg_note_notifications(struct pg *pg)
{
    PGnotify *notification;
    while ((notification = PQnotifies(pg->conn)) != NULL) {
        pg->events.is_told = true;
        PQfreemem(notification);
    }
}

/* What libpq has read is in no socket any more; a connection that has ended is an event as well. */
static void read_socket(struct pg *pg)
{
    if (PQconsumeInput(pg->conn) == 0)
        pg->events.is_told = true;
    pg_note_notifications(pg);
}

void pg_take_events(struct sql *sql)
{
    struct pg *pg = sql->state;
    if (pg->conn != NULL)
        read_socket(pg);
    pg->events.was_told = pg->events.is_told;
    pg->events.is_told = false;
}

/* ---- The trigger ---- */

enum { FOUND_STANDBY, FOUND_PID, FOUND_CHANNEL, FOUND_GATE };

/* Says in events->why what keeps from listening; false if something does. A pooler makes up the
 * process id that a connection is told at its start: behind one, LISTEN and the lock would stay
 * with a session that is given to others. */
static bool can_listen(struct pg *pg, const char *table, const struct sql_rows *rows)
{
    char *why = pg->events.why;
    size_t room = sizeof pg->events.why;
    why[0] = '\0';
    if (sql_cell(rows, 0, FOUND_CHANNEL) == NULL)
        snprintf(why, room, "no trigger on %.100s: `dynomatic sql notify` prints it", table);
    else if (sql_integer(rows, 0, FOUND_STANDBY, 1) != 0)
        snprintf(why, room, "a standby server cannot LISTEN");
    else if (sql_integer(rows, 0, FOUND_PID, 0) != PQbackendPID(pg->conn))
        snprintf(why, room,
                 "a pooler stands before the server, and LISTEN needs a connection of its own");
    return why[0] == '\0';
}

static void note_found(struct sql *sql, const char *table, const struct sql_rows *rows)
{
    struct pg *pg = sql->state;
    struct pg_events *events = &pg->events;
    bool can = can_listen(pg, table, rows);
    const char *channel = can ? sql_cell(rows, 0, FOUND_CHANNEL) : NULL;
    const char *gate = can ? sql_cell(rows, 0, FOUND_GATE) : "";
    bool had_one = events->channel != NULL;
    if (had_one && channel != NULL && strcmp(events->channel, channel) == 0 &&
        strcmp(events->gate, gate) == 0)
        return;
    free(events->channel);
    events->channel = channel != NULL ? strdup(channel) : NULL;
    snprintf(events->gate, sizeof events->gate, "%s", gate);
    if (had_one)
        pg_drop(sql); /* which ends what the session listened to and held */
}

/* Asks a question whose only value is a table. */
static int32_t ask_of(struct sql *sql, const struct dyn_call *call, const char *text,
                      const char *table, struct sql_rows *rows)
{
    char *name = pg_quoted_name(table);
    const char *value = name;
    struct sql_query query = {.text = text, .values = &value, .n_values = 1};
    if (name == NULL)
        return sql_fail(sql, DYN_RETRY, "out of memory");
    int32_t code = sql_ask(sql, call, &query, rows);
    free(name);
    return code;
}

static int32_t find_trigger(struct sql *sql, const struct dyn_call *call, const char *table)
{
    static const char text[] =
        "SELECT pg_is_in_recovery()::int, pg_backend_pid(), a.channel, a.gate"
        " FROM (SELECT) s LEFT JOIN (SELECT"
        " convert_from(substring(t.tgargs FOR n.n - 1), getdatabaseencoding()) AS channel,"
        " encode(substring(t.tgargs FROM n.n + 1 FOR octet_length(t.tgargs) - n.n - 1),"
        " 'escape') AS gate"
        " FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid"
        " CROSS JOIN LATERAL position('\\x00'::bytea IN t.tgargs) n(n)"
        " WHERE t.tgrelid = to_regclass($1) AND p.proname = 'dynomatic_notify'"
        " AND t.tgnargs = 2 AND t.tgenabled IN ('O', 'A') AND t.tgtype & 4 <> 0"
        " LIMIT 1) a ON true";
    struct pg *pg = sql->state;
    struct sql_rows rows = {0};
    int32_t code = ask_of(sql, call, text, table, &rows);
    if (code != DYN_OK)
        return code;
    note_found(sql, table, &rows);
    pg->events.look_after_ns = dyn_now_ns() + LOOK_EVERY_NS;
    sql_rows_fini(&rows);
    return DYN_OK;
}

/* ---- The session ---- */

/* A process that is stopped, or a machine that is gone, would keep the gate open for hours, and all
 * who insert would pay: so the server ends a session that is silent for a minute. That is an event,
 * after which another one begins. What the role has set lower stays, and what an old server does
 * not know is left out. */
static int32_t limit_session(struct sql *sql, const struct dyn_call *call)
{
    struct sql_rows rows;
    struct sql_query query = {
        .text = "SELECT set_config(s.name, v.most::text, false) FROM pg_settings s JOIN (VALUES"
                " ('idle_session_timeout', 60000), ('tcp_user_timeout', 60000),"
                " ('tcp_keepalives_idle', 30), ('tcp_keepalives_interval', 10),"
                " ('tcp_keepalives_count', 3)) v(name, most) USING (name)"
                " WHERE CASE WHEN s.vartype = 'integer'"
                " THEN s.setting::bigint NOT BETWEEN 1 AND v.most END",
    };
    int32_t code = sql_ask(sql, call, &query, &rows);
    if (code == DYN_OK)
        sql_rows_fini(&rows);
    return code;
}

static int32_t listen_on(struct sql *sql, const struct dyn_call *call)
{
    struct pg *pg = sql->state;
    struct sql_rows none;
    char text[160];
    char *channel = PQescapeIdentifier(pg->conn, pg->events.channel, strlen(pg->events.channel));
    snprintf(text, sizeof text, "LISTEN %s", channel != NULL ? channel : "");
    PQfreemem(channel);
    struct sql_query query = {.text = text};
    int32_t code = limit_session(sql, call);
    if (code == DYN_OK)
        code = sql_ask(sql, call, &query, &none);
    if (code != DYN_OK)
        return code;
    sql_rows_fini(&none);
    pg->events.is_listening = true;
    pg->events.is_told = true; /* what was committed before was not told */
    return DYN_OK;
}

/* Leaves the gate shut, twice as long each time. */
static void leave_alone(struct pg_events *events)
{
    events->pause_ns = events->pause_ns == 0 ? FIRST_PAUSE_NS : 2 * events->pause_ns;
    if (events->pause_ns > LAST_PAUSE_NS)
        events->pause_ns = LAST_PAUSE_NS;
    events->open_after_ns = dyn_now_ns() + events->pause_ns;
    events->idle_wakes = 0;
}

static int32_t open_gate(struct sql *sql, const struct dyn_call *call)
{
    struct pg_events *events = &((struct pg *)sql->state)->events;
    struct sql_rows rows;
    const char *value = events->gate;
    struct sql_query query = {
        .text = "SELECT pg_try_advisory_lock($1::bigint)::int",
        .values = &value,
        .n_values = 1,
    };
    int32_t code = sql_ask(sql, call, &query, &rows);
    if (code != DYN_OK)
        return code;
    events->is_open = rows.n_rows == 1 && sql_integer(&rows, 0, 0, 0) != 0;
    sql_rows_fini(&rows);
    events->is_told |= events->is_open; /* what was committed before did not notify */
    return DYN_OK;
}

static int32_t shut_gate(struct sql *sql, const struct dyn_call *call)
{
    struct pg_events *events = &((struct pg *)sql->state)->events;
    struct sql_rows rows;
    struct sql_query query = {.text = "SELECT pg_advisory_unlock_all()"};
    int32_t code = sql_ask(sql, call, &query, &rows);
    if (code != DYN_OK)
        return code;
    sql_rows_fini(&rows);
    events->is_open = false;
    return DYN_OK;
}

/* Jobs for later, or of queues that nobody here reads, are told like any others: when many of them
 * come, telling costs more than it gives. */
static void note_wake(struct pg_events *events, bool is_idle)
{
    int64_t now_ns = dyn_now_ns();
    if (!is_idle)
        events->pause_ns = 0;
    if (!is_idle || now_ns - events->idle_since_ns > IDLE_TIME_NS) {
        events->idle_since_ns = now_ns;
        events->idle_wakes = 0;
    }
    events->idle_wakes += is_idle && events->is_open && events->was_told;
    events->was_told = false;
    if (events->idle_wakes >= IDLE_WAKES)
        leave_alone(events);
}

/* It is tried again each time, for one round trip, until it opens. */
static int32_t turn_gate(struct sql *sql, const struct dyn_call *call, bool is_idle)
{
    struct pg_events *events = &((struct pg *)sql->state)->events;
    note_wake(events, is_idle);
    bool is_wanted = is_idle && dyn_now_ns() >= events->open_after_ns;
    if (is_wanted == events->is_open)
        return DYN_OK;
    return is_wanted ? open_gate(sql, call) : shut_gate(sql, call);
}

/* With the session went what it listened to and held. */
static void note_session(struct sql *sql)
{
    struct pg_events *events = &((struct pg *)sql->state)->events;
    if (events->connection == sql->connection)
        return;
    events->connection = sql->connection;
    events->look_after_ns = 0;
    events->is_listening = false;
    events->is_open = false;
}

/* Whoever is idle and does not hold the gate itself is not told: an open transaction may have
 * inserted without a word, and another process may shut the gate at any time. */
static void tell_why_shut(const struct pg_events *events, struct sql_watch *watch)
{
    if (dyn_now_ns() < events->open_after_ns)
        sql_say_how(watch, "%d of its events in %d s came to nothing, so it pauses for up to %d s",
                    IDLE_WAKES, (int)(IDLE_TIME_NS / SECOND_NS), (int)(LAST_PAUSE_NS / SECOND_NS));
    else
        sql_say_how(watch, "another session holds the trigger's lock: a transaction that inserts "
                           "has not ended, or another dynomatic is told");
}

/* Another session was begun on the way, for another trigger or because the last one had ended: what
 * is noted by now may be of either. So it ends, and the next watch begins anew. */
static bool is_lost(const struct sql *sql)
{
    const struct pg *pg = sql->state;
    return pg->events.connection != sql->connection;
}

static void tell_how(struct sql *sql, bool is_idle, struct sql_watch *watch)
{
    struct pg *pg = sql->state;
    sql_say_how(watch, "LISTEN on %s", pg->events.channel);
    if (is_lost(sql)) {
        pg_drop(sql);
        watch->fd = sql_ready_fd(sql);
        return;
    }
    if (is_idle && !pg->events.is_open) {
        tell_why_shut(&pg->events, watch);
        return;
    }
    read_socket(pg);
    watch->fd = pg->events.is_told ? sql_ready_fd(sql) : PQsocket(pg->conn);
}

static int32_t ready_session(struct sql *sql, const struct dyn_call *call, const char *table,
                             bool is_idle)
{
    struct pg_events *events = &((struct pg *)sql->state)->events;
    int32_t code = DYN_OK;
    if (dyn_now_ns() >= events->look_after_ns)
        code = find_trigger(sql, call, table);
    if (code == DYN_OK && events->channel != NULL && !is_lost(sql) && !events->is_listening)
        code = listen_on(sql, call);
    if (code == DYN_OK && events->channel != NULL && !is_lost(sql))
        code = turn_gate(sql, call, is_idle);
    return code;
}

int32_t pg_watch(struct sql *sql, const struct dyn_call *call, const char *table, bool is_idle,
                 struct sql_watch *watch)
{
    struct pg_events *events = &((struct pg *)sql->state)->events;
    note_session(sql);
    int32_t code = ready_session(sql, call, table, is_idle);
    if (code != DYN_OK || events->channel == NULL)
        sql_say_how(watch, "%s", events->why);
    else
        tell_how(sql, is_idle, watch);
    return code;
}

/* ---- The trigger, for a person ---- */

/* The names of channels end at 63 bytes, and pg_notify() fails for longer ones, and with it the
 * insert: so a long table has its number there. */
static const char facts[] =
    "SELECT f.nspname::text, f.relname::text, current_setting('server_version_num'),"
    " current_setting('max_prepared_transactions'), f.channel, f.gate,"
    " (SELECT max((t.tgargs = convert_to(f.channel, getdatabaseencoding()) || '\\x00' ||"
    " convert_to(f.gate::text, getdatabaseencoding()) || '\\x00')::int)"
    " FROM pg_trigger t JOIN pg_proc p ON p.oid = t.tgfoid WHERE t.tgrelid = f.oid"
    " AND p.proname = 'dynomatic_notify' AND t.tgenabled IN ('O', 'A'))"
    " FROM (SELECT c.oid, n.nspname, c.relname,"
    " CASE WHEN octet_length(n.nspname || c.relname) <= 52"
    " THEN format('dynomatic:%s.%s', n.nspname, c.relname) ELSE 'dynomatic:' || c.oid END channel,"
    " hashtextextended(format('dynomatic:%s.%s', n.nspname, c.relname), 0) & "
    "x'7fffffffffff'::bigint gate FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace"
    " WHERE c.oid = to_regclass($1)) f";
enum {
    FACT_SCHEMA,
    FACT_TABLE,
    FACT_VERSION,
    FACT_PREPARED,
    FACT_CHANNEL,
    FACT_GATE,
    FACT_IS_SAME /* as the trigger that is there; NULL: there is none */
};
enum { VERSION_14 = 140000 };

static const char function_body[] = "() RETURNS trigger LANGUAGE plpgsql AS $dynomatic$\n"
                                    "BEGIN\n"
                                    "  PERFORM pg_catalog.pg_notify(TG_ARGV[0], '');\n"
                                    "  RETURN NULL;\n"
                                    "END\n"
                                    "$dynomatic$;\n";

static void put_literal(FILE *out, const char *text)
{
    putc('\'', out);
    for (; *text != '\0'; text++) {
        if (*text == '\'')
            putc('\'', out);
        putc(*text, out);
    }
    putc('\'', out);
}

static void put_trigger(FILE *out, const struct sql_rows *rows, const char *table,
                        const char *function)
{
    const char *create = "CREATE OR REPLACE TRIGGER";
    fprintf(out, "BEGIN;\nSET LOCAL lock_timeout = '2s';\nCREATE OR REPLACE FUNCTION %s%s",
            function, function_body);
    if (sql_integer(rows, 0, FACT_VERSION, 0) < VERSION_14) {
        fprintf(out, "DROP TRIGGER IF EXISTS dynomatic_notify ON %s;\n", table);
        create = "CREATE TRIGGER";
    }
    const char *gate = sql_cell(rows, 0, FACT_GATE);
    fprintf(out,
            "%s dynomatic_notify AFTER INSERT ON %s FOR EACH STATEMENT\n"
            "  WHEN (NOT pg_catalog.pg_try_advisory_xact_lock_shared(%s))\n"
            "  EXECUTE FUNCTION %s(",
            create, table, gate, function);
    put_literal(out, sql_cell(rows, 0, FACT_CHANNEL));
    fprintf(out,
            ", '%s');\n"
            "COMMIT;\n"
            "-- To remove it; the function only with the last trigger that uses it:\n"
            "-- DROP TRIGGER dynomatic_notify ON %s;\n"
            "-- DROP FUNCTION %s();\n",
            gate, table, function);
}

/* "schema.name" as a person's client takes it, for free(). */
static char *plain_name(const struct sql *sql, const char *schema, const char *name)
{
    char *joined = NULL;
    char *plain = NULL;
    size_t length;
    FILE *out =
        asprintf(&joined, "%s.%s", schema, name) < 0 ? NULL : open_memstream(&plain, &length);
    if (out != NULL) {
        sql_put_plain_name(out, sql, joined);
        if (fclose(out) != 0) {
            free(plain);
            plain = NULL;
        }
    }
    free(joined);
    return plain;
}

static void put_remarks(FILE *out, const struct sql_rows *rows)
{
    int64_t is_same = sql_integer(rows, 0, FACT_IS_SAME, -1);
    if (is_same > 0)
        fputs("-- The trigger is there already; to run this again changes nothing.\n", out);
    if (is_same == 0)
        fputs(
            "-- A trigger is there already, but with another channel or lock, as after a change of "
            "the\n"
            "-- table's name: to run this mends it.\n",
            out);
    fputs("-- Tells of new jobs by NOTIFY, but only while a dynomatic finds none waiting: then it\n"
          "-- holds the lock that is tried here. Else an insert costs that try. To be run by the\n"
          "-- owner of the table; in a Rails migration, which is a transaction already, without\n"
          "-- BEGIN and COMMIT: execute <<~'SQL' ... SQL\n"
          "-- Inserts queue behind it while it waits for transactions that have written to the "
          "table:\n"
          "-- so it gives up after two seconds; then try again.\n",
          out);
    if (sql_integer(rows, 0, FACT_PREPARED, 0) > 0)
        fputs("-- This server allows PREPARE TRANSACTION, which fails after an insert that "
              "notified.\n",
              out);
}

static int32_t put_notify(FILE *out, struct sql *sql, const struct sql_rows *rows)
{
    const char *schema = sql_cell(rows, 0, FACT_SCHEMA);
    char *table = plain_name(sql, schema, sql_cell(rows, 0, FACT_TABLE));
    char *function = plain_name(sql, schema, "dynomatic_notify");
    bool is_ok = table != NULL && function != NULL;
    if (is_ok) {
        put_remarks(out, rows);
        put_trigger(out, rows, table, function);
    }
    free(table);
    free(function);
    return is_ok ? DYN_OK : sql_fail(sql, DYN_RETRY, "out of memory");
}

int32_t pg_put_notify(FILE *out, struct sql *sql, const struct dyn_call *call, const char *table)
{
    struct sql_rows rows = {0};
    int32_t code = ask_of(sql, call, facts, table, &rows);
    if (code != DYN_OK)
        return code;
    code = rows.n_rows == 1 ? put_notify(out, sql, &rows)
                            : sql_fail(sql, DYN_BROKEN, "%s has no table %s", sql->place, table);
    sql_rows_fini(&rows);
    return code;
}
