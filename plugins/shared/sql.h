/* SPDX-License-Identifier: MIT
 * An SQL database as an adapter sees it: one place, asked one read-only question at a time, within
 * a deadline. This room knows dialects; adapters know tables. A call costs one round trip, and one
 * more where the connection must be made first.
 *
 *     struct sql_query query = {.text = "SELECT count(*) FROM t WHERE queue = $1",
 *                               .values = names, .n_values = 1};
 *     struct sql_rows rows;
 *     int32_t code = sql_ask(sql, call, &query, &rows);
 *     if (code != DYN_OK)
 *         return host->fail(host, code, sql_failure(sql));
 *     ... sql_integer(&rows, 0, 0, -1) ...
 *     sql_rows_fini(&rows);
 *
 * Everything but sql_open() is [instance]. What fails returns a code of the contract, and
 * sql_failure() then holds the sentence, without the password; only sql_open() calls host->fail()
 * itself, so that an adapter can do without an answer. After a failure the connection is dropped,
 * and the next question makes a new one. */
#ifndef PLUGINS_SHARED_SQL_H
#define PLUGINS_SHARED_SQL_H

#include <dynomatic/plugin.h>

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

struct sql;

/* ---- A place ---- */

/* The plugin's load().  [main] */
int32_t sql_load(const struct dyn_host *host);

/* Makes *sql of a URL, by its scheme: postgres, postgresql; mysql2, mysql, trilogy, mariadb;
 * sqlite3, sqlite. Does no I/O.
 * Parameters of the URL that only Rails knows are left out; others that are left out are logged.
 * `host` must live until sql_free(). Returns DYN_OK, or what host->fail() returned, with *sql NULL.
 * [main] */
int32_t sql_open(const struct dyn_host *host, const char *url, struct sql **sql);

/* Drops the connection, without blocking, and frees. Takes NULL. */
void sql_free(struct sql *sql);

/* What it is, for texts: "db.example:5432/app", or a file. */
const char *sql_place(const struct sql *sql);

/* The number of the connection, which is another one after each that ended. What was learnt on an
 * earlier one may be so no more. */
unsigned sql_connection(const struct sql *sql);

/* Why the last function failed. */
const char *sql_failure(const struct sql *sql);

/* ---- Questions ---- */

struct sql_query {
    const char *text;          /* one SELECT; values stand in it as $1, $2, ... */
    const char *const *values; /* of $1 ...: texts, NULL for SQL's NULL */
    size_t n_values;
    bool walks_indexes; /* it is written to walk indexes: the planner is kept from reading whole
                         * tables, whatever it believes of their size */
};

/* An answer: cells are texts, row after row; NULL for SQL's NULL. */
struct sql_rows {
    char **cells;
    size_t n_rows;
    size_t n_columns;
};

/* Asks, in a read-only transaction of its own that the server itself ends by the call's deadline.
 * On DYN_OK the rows are the caller's, for sql_rows_fini(); else there are none. */
int32_t sql_ask(struct sql *sql, const struct dyn_call *call, const struct sql_query *query,
                struct sql_rows *rows);

void sql_rows_fini(struct sql_rows *rows);

/* A cell, NULL for SQL's NULL; and a cell as a whole number, `absent` for NULL and for what is
 * none. */
const char *sql_cell(const struct sql_rows *rows, size_t row, size_t column);
int64_t sql_integer(const struct sql_rows *rows, size_t row, size_t column, int64_t absent);

/* ---- Tables ---- */

enum sql_type {
    SQL_OTHER,
    SQL_TIMESTAMP,  /* an instant without a time zone: the zone is the application's habit */
    SQL_TIMESTAMPTZ /* an instant */
};

/* What is known of a table; a view counts as one. */
struct sql_table {
    struct sql_rows facts;
};

/* Looks a table up. `name` is "table" or "schema.table", spelt as it is stored. A table that is not
 * there is found as one without columns. The caller frees it by sql_table_fini(). */
int32_t sql_look(struct sql *sql, const struct dyn_call *call, const char *name,
                 struct sql_table *table);
void sql_table_fini(struct sql_table *table);

bool sql_table_exists(const struct sql_table *table);
bool sql_table_has_column(const struct sql_table *table, const char *name);
/* SQLite's columns have no types of time: there each one counts as SQL_TIMESTAMP. */
enum sql_type sql_table_type(const struct sql_table *table, const char *column);
/* Whether a whole index (no partial one) starts with these columns, as in "priority,run_at". */
bool sql_table_has_index(const struct sql_table *table, const char *columns);
/* Whether there is an index of exactly these columns of the rows that `where` is true of, as in
 * "failed_at IS NULL". */
bool sql_table_has_partial(const struct sql_table *table, const char *columns, const char *where);

/* Whether an index of this name is there, but left invalid by a build that failed. */
bool sql_table_has_invalid(const struct sql_table *table, const char *index);
/* The schema that it was found in; NULL: it has none. */
const char *sql_table_schema(const struct sql_table *table);
bool sql_table_is_partitioned(const struct sql_table *table);

/* What the database's statistics say, without counting; under 0: not known. */
struct sql_estimate {
    int64_t rows;
    int64_t nulls; /* of them, without a value in the column */
};
int32_t sql_look_size(struct sql *sql, const struct dyn_call *call, const char *name,
                      const char *column, struct sql_estimate *estimate);

/* ---- Events ---- */

/* How a place tells that something was written to a table. */
struct sql_watch {
    int32_t fd;    /* turns readable then; open until the next call; -1: it cannot tell */
    char how[256]; /* "LISTEN on CHANNEL"; without a descriptor, why there is none */
};

/* Readies the place to tell of new rows of a table. Where telling has a price for those who write,
 * they pay it only while `is_idle`: while nothing waits that would be looked at again anyway. What
 * was written since sql_take_events() makes the descriptor readable, too. Asks nothing as long as
 * nothing changes. */
int32_t sql_watch(struct sql *sql, const struct dyn_call *call, const char *table, bool is_idle,
                  struct sql_watch *watch);

/* Takes off what was told so far: whoever asks after that knows of it. Never blocks. */
void sql_take_events(struct sql *sql);

/* Writes the lines that a person runs at this place so that it tells of new rows of a table. */
int32_t sql_put_notify(FILE *out, struct sql *sql, const struct dyn_call *call, const char *table);

/* ---- Writing a question ---- */

/* "schema"."table", quoted, of a name as sql_look() takes it. */
void sql_put_name(FILE *out, const char *name);

/* schema.table, for a person's client: quoted only where it must be. */
void sql_put_plain_name(FILE *out, const struct sql *sql, const char *name);

/* The database's present instant, moved by so many ms, to compare with a column of this type. A
 * SQL_TIMESTAMP is taken to be in UTC. */
void sql_put_now(FILE *out, const struct sql *sql, enum sql_type type, int64_t shift_ms);

/* Whole ms from an instant of this type until sql_put_now(); NULL for NULL, and for what is no
 * instant; no whole number for one without end. The instant is written between the two. */
void sql_begin_age(FILE *out, const struct sql *sql, enum sql_type type, int64_t shift_ms);
void sql_end_age(FILE *out, const struct sql *sql);

/* Whether a subquery in FROM may look at the tables before it (LATERAL). */
bool sql_has_lateral(const struct sql *sql);

/* Whether an index may be of some rows only (WHERE). */
bool sql_has_partial_indexes(const struct sql *sql);

/* Whether a join can walk a range of an index's second column for each value of its first; else it
 * reads all of them, and only constants make ranges. */
bool sql_joins_by_range(const struct sql *sql);

/* The words that add an index of this table while the application runs, as far as that can be, up
 * to its name: "CREATE INDEX CONCURRENTLY IF NOT EXISTS". */
const char *sql_create_index(const struct sql *sql, const struct sql_table *table);

#endif
