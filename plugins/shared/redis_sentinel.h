/* SPDX-License-Identifier: MIT
 * Redis Sentinel: servers beside Redis that know which of several is the master. */
#ifndef PLUGINS_SHARED_REDIS_SENTINEL_H
#define PLUGINS_SHARED_REDIS_SENTINEL_H

#include "shared/redis_connection.h"
#include "shared/redis_url.h"

struct sentinels {
    struct redis_url *at; /* NULL: there are none */
    size_t n;
    size_t first; /* is asked first: it answered last */
    const char *user;
    const char *password;
};

/* Reads HOST:PORT (26379) of each. Returns NULL, or what is wrong, as a constant; in both cases
 * sentinels_fini() frees it. */
const char *sentinels_read(const struct dyn_list *texts, struct sentinels *sentinels);
void sentinels_fini(struct sentinels *sentinels);

/* Asks one after the other where the master is, each for its part of the time that is left.
 * `like` tells about TLS. Returns DYN_OK with *host (the caller frees it) and *port, or else with
 * the text in connection->failure; the connection is free again in both cases. */
int32_t sentinels_ask(struct sentinels *sentinels, const struct dyn_call *call,
                      struct redis_connection *connection, const struct redis_address *like,
                      const char *master, char **host, unsigned *port);

#endif
