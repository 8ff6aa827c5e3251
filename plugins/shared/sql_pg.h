/* SPDX-License-Identifier: MIT
 * The parts of the PostgreSQL dialect; for sql_pg*.c only. */
#ifndef PLUGINS_SHARED_SQL_PG_H
#define PLUGINS_SHARED_SQL_PG_H

#include "shared/sql_driver.h"

#include <libpq-fe.h>
#include <stdbool.h>
#include <stddef.h>

/* False if the URL has an @ where none may stand: then a part of a password that was not written in
 * %XX would be taken for a host or a database, and shown. */
bool pg_url_is_clear(const char *url);

/* A copy of a clear URL without the parameters that libpq does not know, which it would refuse:
 * people paste the application's URL. Those that are not Rails' are logged. NULL if memory is gone.
 */
char *pg_known_url(const struct dyn_host *host, const char *url);

/* The servers of a URL, which may name several: libpq's lists, in the order to try. */
struct pg_hosts {
    char *names;     /* NULL: none */
    char *addresses; /* NULL: none */
    char *ports;     /* NULL: none */
    size_t n;
};

/* Copies the lists, each NULL if there is none. False if memory is gone. */
bool pg_hosts_init(struct pg_hosts *hosts, const char *names, const char *addresses,
                   const char *ports);
void pg_hosts_fini(struct pg_hosts *hosts);

/* Takes the server that PQhost() and PQport() name off the lists; false if no other one is left. */
bool pg_hosts_leave_out(struct pg_hosts *hosts, const char *host, const char *port);

/* Why the server, or libpq, does not do what was asked. */
struct pg_refusal {
    int32_t code;       /* DYN_LATE, DYN_RETRY, DYN_BROKEN */
    const char *advice; /* what to do about it; NULL: nothing */
    char text[512];     /* its words */
};

/* Of the five characters of an SQLSTATE; without text. NULL: none came, so the connection broke. */
struct pg_refusal pg_refusal_of_state(const char *state);

/* Of PQerrorMessage() of a connection that failed, with PQERRORS_VERBOSE. */
struct pg_refusal pg_refusal_of(const char *message);

/* ---- Events ---- */

/* What a session is told, and tells. The trigger on the table notifies only while a session holds
 * an advisory lock, the gate, since NOTIFY makes commits wait for one another. The session that
 * holds it opens the gate: while nothing waits. */
struct pg_events {
    char *channel;         /* that the trigger notifies; NULL: there is none to listen on */
    char gate[24];         /* the lock's number, as the trigger has it */
    char why[200];         /* without channel: why */
    int64_t look_after_ns; /* what is known of the trigger holds until then */
    unsigned connection;   /* the rest is of this one */
    bool is_listening;
    bool is_told;          /* since pg_take_events() */
    bool is_open;          /* this session holds the gate */
    int64_t open_after_ns; /* not opened before */
    int64_t pause_ns;      /* how long it was left alone the last time; 0: not lately */
    bool was_told;         /* so that the last measure was taken */
    unsigned idle_wakes;   /* measures that found nothing though they were told ... */
    int64_t idle_since_ns; /* ... since then */
};

struct pg {
    PQconninfoOption *options; /* of the URL */
    char *password;            /* of the URL or of libpq's other sources; NULL: none */
    PGconn *conn;              /* NULL: not connected */
    struct pg_events events;
};

/* Ends the session, if there is one; the next question begins another. */
void pg_drop(struct sql *sql);

/* A table's name as sql_put_name() writes it, for free(). NULL if memory is gone. */
char *pg_quoted_name(const char *name);

int32_t pg_watch(struct sql *sql, const struct dyn_call *call, const char *table, bool is_idle,
                 struct sql_watch *watch);
void pg_take_events(struct sql *sql);
int32_t pg_put_notify(FILE *out, struct sql *sql, const struct dyn_call *call, const char *table);

/* Notes the notifications that libpq has read, and frees them, so that they never pile up. */
void pg_note_notifications(struct pg *pg);

#endif
