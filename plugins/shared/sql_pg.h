/* SPDX-License-Identifier: MIT
 * What PostgreSQL's URLs, lists of hosts and refusals mean; for sql_pg.c only. */
#ifndef PLUGINS_SHARED_SQL_PG_H
#define PLUGINS_SHARED_SQL_PG_H

#include <dynomatic/plugin.h>

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

#endif
