/* SPDX-License-Identifier: MIT
 * A Redis server as an adapter sees it: a pipeline of commands is one round trip, within a call's
 * deadline.
 *
 *     struct redis_pipe pipe = {0};
 *     redis_add(&pipe, "LLEN", "queue:mail", NULL);
 *     struct redis_replies replies;
 *     int32_t code = redis_run(redis, call, &pipe, &replies);
 *     if (code != DYN_OK)
 *         return host->fail(host, code, redis_failure(redis));
 *     ... replies.at[0]->integer ...
 *     redis_replies_fini(&replies);
 *
 * The plugin's load() is transfer_load(). Everything but redis_open() is [instance]. After a
 * failure the connection is dropped, and the next pipeline makes a new one. */
#ifndef PLUGINS_SHARED_REDIS_H
#define PLUGINS_SHARED_REDIS_H

#include "shared/redis_connection.h"

/* The options that every adapter on Redis has. It stands first in the adapter's own config struct,
 * so that the rows below fit there too. */
struct redis_config {
    const char *url;
    const char *ca_file;
    const char *sentinel_username;
    const char *sentinel_password;
    struct dyn_list sentinels;
    int32_t tls_verify;
    int32_t reserved;
};

/* clang-format off */
#define REDIS_OPTIONS                                                                             \
    {.name = "url", .env = "REDIS_URL", .type = DYN_URL, .flags = DYN_REQUIRED,                   \
     .help = "the server: redis://, rediss:// (TLS) or unix://PATH",                              \
     .offset = offsetof(struct redis_config, url)},                                               \
    {.name = "ca_file", .type = DYN_TEXT,                                                         \
     .help = "file of the certificates to trust instead of the system's",                         \
     .offset = offsetof(struct redis_config, ca_file)},                                           \
    {.name = "tls_verify", .standard = "yes", .type = DYN_BOOLEAN,                                \
     .help = "whether a certificate must be signed by somebody trusted; Heroku Key-Value "        \
             "Store's is not",                                                                    \
     .offset = offsetof(struct redis_config, tls_verify)},                                        \
    {.name = "sentinels", .type = DYN_LIST,                                                       \
     .help = "HOST:26379 of each Redis Sentinel; the host in the URL is then the master's name",  \
     .offset = offsetof(struct redis_config, sentinels)},                                         \
    {.name = "sentinel_username", .type = DYN_TEXT,                                               \
     .help = "user at the sentinels, if they have users",                                         \
     .offset = offsetof(struct redis_config, sentinel_username)},                                 \
    {.name = "sentinel_password", .type = DYN_TEXT, .flags = DYN_SECRET,                          \
     .help = "password at the sentinels, if they want one",                                       \
     .offset = offsetof(struct redis_config, sentinel_password)}
/* clang-format on */

struct redis;

/* Does no I/O; the options and their texts live until redis_free(). Returns DYN_OK, or what
 * host->fail() returned.  [main] */
int32_t redis_open(const struct dyn_host *host, const struct redis_config *config,
                   struct redis **redis);
void redis_free(struct redis *redis); /* takes NULL */

const char *redis_place(const struct redis *redis); /* "db.example:6379/0", for texts */
const char *redis_failure(const struct redis *redis);

/* Connects, if it is not; for those who need the server's time before they ask. Returns DYN_OK, or
 * a code whose text is redis_failure()'s. */
int32_t redis_reach(struct redis *redis, const struct dyn_call *call);

/* Sends the pipeline, empties it, and waits for all replies. A reply may be an error by itself, if
 * that concerns its key only (WRONGTYPE). */
int32_t redis_run(struct redis *redis, const struct dyn_call *call, struct redis_pipe *pipe,
                  struct redis_replies *replies);

/* Being told of writes, by redis_watch.h. At the start of measure(), of n groups: takes the events
 * off the descriptor. */
void redis_take_events(struct redis *redis, const struct dyn_call *call, uint32_t n);

/* The adapter's watch(), for its n groups: whatever key measure() has read since makes *fd readable
 * when it is written, unless the pipeline was hushed before it was read. */
int32_t redis_watch(struct redis *redis, const struct dyn_call *call, uint32_t n, int32_t *fd);

/* What is added to the pipeline from now on is not watched. */
void redis_hush(const struct redis *redis, struct redis_pipe *pipe);

/* For what the caller has no memory for: DYN_RETRY, with its text. */
int32_t redis_out_of_memory(struct redis *redis);

/* A reply that tells nothing, such as one of another type, with the parts of its key. */
struct redis_untold {
    const redisReply *reply; /* NULL: all is told */
    const char *prefix;
    const char *first;
    const char *second;
};

/* The sentence for it. Lives as redis_failure() does: until the next one. */
const char *redis_untold_text(struct redis *redis, const struct redis_untold *untold);

/* The server's time in ms since 1970, as known from its last TIME; every connection and every
 * pipeline asks for it. */
int64_t redis_now_ms(const struct redis *redis);

#endif
