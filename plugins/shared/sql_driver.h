/* SPDX-License-Identifier: MIT
 * Behind sql.h: what a dialect is, and what the dialects share. For sql*.c only. */
#ifndef PLUGINS_SHARED_SQL_DRIVER_H
#define PLUGINS_SHARED_SQL_DRIVER_H

#include "shared/sql.h"

#include <dynomatic/util.h>

struct sql_driver {
    const char *create_index;
    char quote; /* of names, in a session that nobody has told anything */
    bool has_lateral;
    bool has_partial_indexes;
    bool joins_by_range;

    /* Reads the URL: sets sql->place and sql->state, or returns what sql_fail() did, with nothing
     * left in sql->state. */
    int32_t (*open)(struct sql *sql, const char *url);

    /* Drops the connection and frees sql->state, if there is one. */
    void (*close)(struct sql *sql);

    int32_t (*ask)(struct sql *sql, const struct dyn_call *call, const struct sql_query *query,
                   struct sql_rows *rows);

    /* The rows of sql_look(): 'column', name, number of an enum sql_type; 'index', the names of its
     * columns with commas between, 0; 'partial', likewise, a text that its condition stands in;
     * 'invalid', the name of an index that is none; 'schema', its name, 1 if the table is
     * partitioned. */
    int32_t (*look)(struct sql *sql, const struct dyn_call *call, const char *name,
                    struct sql_rows *rows);

    /* One row: the estimate's members, NULL for what is not known. NULL: it has no statistics. */
    int32_t (*look_size)(struct sql *sql, const struct dyn_call *call, const char *name,
                         const char *column, struct sql_rows *rows);

    const char *why_untold; /* instead of the next two: why it cannot tell of new rows */
    int32_t (*watch)(struct sql *sql, const struct dyn_call *call, const char *table, bool is_idle,
                     struct sql_watch *watch);
    void (*take_events)(struct sql *sql);
    int32_t (*put_notify)(FILE *out, struct sql *sql, const struct dyn_call *call,
                          const char *table); /* NULL: nothing is to be run */

    void (*put_now)(FILE *out, enum sql_type type, int64_t shift_ms);
    void (*begin_age)(FILE *out, enum sql_type type, int64_t shift_ms);
    const char *end_age;
};

extern const struct sql_driver sql_pg;
extern const struct sql_driver sql_sqlite;
extern const struct sql_driver sql_mysql;

/* Once, before any connection. */
int32_t sql_mysql_load(const struct dyn_host *host);

struct sql {
    const struct sql_driver *driver;
    const struct dyn_host *host;
    char *place;
    const char *secret;  /* never shown; the driver's, NULL: there is none */
    void *state;         /* the driver's */
    unsigned connection; /* the driver adds one when it drops one */
    int ready_fd;        /* of sql_ready_fd(); -1: none yet */
    char failure[1024];
};

/* Notes why something failed, as one line without the secret; returns `code`. */
int32_t sql_fail(struct sql *sql, int32_t code, const char *format, ...) DYN_PRINTF(3, 4);

/* Notes that the call is over: out of time, or cancelled. Returns DYN_LATE. */
int32_t sql_late(struct sql *sql, const struct dyn_call *call);

/* A descriptor that is always readable, for an event that is known already; -1: none can be made.
 * Lives as long as `sql`. */
int sql_ready_fd(struct sql *sql);

/* Says in `watch` why there is no descriptor, or how it comes to be readable. */
void sql_say_how(struct sql_watch *watch, const char *format, ...) DYN_PRINTF(2, 3);

/* How long the server may take, from 1 ms on: it ends the statement a little before the call is
 * over, so that its word still arrives and nothing is left behind. */
int32_t sql_server_ms(const struct dyn_call *call);

/* Copies a row of n_columns texts (NULL: SQL's NULL) to the end. False if memory is gone. */
bool sql_rows_add(struct sql_rows *rows, const char *const *cells);

/* Whether a parameter of a URL has this name; and one of Rails' database configuration, of which
 * nothing concerns a reader of one table. */
bool sql_is_named(const char *text, size_t length, const char *name);
bool sql_is_of_rails(const char *text, size_t length);

/* Writes "+1.500", for a language's seconds. */
void sql_put_seconds(FILE *out, int64_t ms);

/* The length of the part of a name that stands before the dot; 0: it has no schema. */
size_t sql_schema_length(const char *name);

#endif
