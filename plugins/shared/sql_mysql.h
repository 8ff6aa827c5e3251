/* SPDX-License-Identifier: MIT
 * The parts of the MySQL dialect: for sql_mysql*.c only. */
#ifndef PLUGINS_SHARED_SQL_MYSQL_H
#define PLUGINS_SHARED_SQL_MYSQL_H

#include "shared/sql_driver.h"

enum mysql_tls {
    MYSQL_TLS_NONE,
    MYSQL_TLS_ANY,     /* whoever signed the certificate */
    MYSQL_TLS_VERIFIED /* its signature and its name are checked */
};

struct mysql_url {
    char *user;
    char *password; /* NULL: none */
    char *host;
    char *database;
    char *socket; /* NULL: none */
    char *ca;     /* a file; NULL: the system's */
    unsigned port;
    enum mysql_tls tls;
};

/* Reads mysql2://USER:PASSWORD@HOST:PORT/DATABASE?PARAMETERS, as Rails writes it. Returns DYN_OK,
 * or what sql_fail() did; in both cases mysql_url_fini() frees it. */
int32_t mysql_url_read(struct sql *sql, const char *text, struct mysql_url *url);
void mysql_url_fini(struct mysql_url *url);

#endif
