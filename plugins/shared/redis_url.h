/* SPDX-License-Identifier: MIT */
#ifndef PLUGINS_SHARED_REDIS_URL_H
#define PLUGINS_SHARED_REDIS_URL_H

#include <stdbool.h>

struct redis_url {
    char *user;     /* NULL: none */
    char *password; /* NULL: none */
    char *host;     /* NULL: a socket */
    char *socket;   /* NULL: a host */
    unsigned port;
    unsigned database;
    bool is_tls;
};

/* redis://, rediss://, unix://PATH, HOST:PORT; `port` is that of one without. Returns NULL, or what
 * is wrong, as a constant; in both cases redis_url_fini() frees it. */
const char *redis_url_read(const char *text, unsigned port, struct redis_url *url);
void redis_url_fini(struct redis_url *url);

#endif
