/* SPDX-License-Identifier: MIT
 * A Redis server as an adapter sees it: a pipeline of commands is one round trip, within a call's
 * deadline. Plain, over TLS and over a UNIX socket by one code path: libcurl makes the connection,
 * hiredis writes commands and reads replies.
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

#include <dynomatic/plugin.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

struct redis;

struct redis_options {
    const char *url;
    const char *ca_file; /* NULL: the system's certificates */
    bool verifies;       /* the certificate of a server that is reached over TLS */
};

/* Makes *redis of redis://USER:PASSWORD@HOST:PORT/DATABASE, rediss:// (TLS), unix://PATH?db=N. Does
 * no I/O; the options and their texts live until redis_free(). Returns DYN_OK, or what
 * host->fail() returned.  [main] */
int32_t redis_open(const struct dyn_host *host, const struct redis_options *options,
                   struct redis **redis);
void redis_free(struct redis *redis); /* takes NULL */

const char *redis_place(const struct redis *redis); /* "db.example:6379/0", for texts */
const char *redis_failure(const struct redis *redis);

/* Commands to be sent together; {0} is none. */
struct redis_pipe {
    char *bytes;
    size_t length;
    size_t n;
    bool is_broken; /* memory was gone: redis_run() fails */
};

/* Adds a command of texts, ended by NULL. */
void redis_add(struct redis_pipe *pipe, const char *command, ...) __attribute__((sentinel));

struct redis_replies {
    redisReply **at;
    size_t n;
};

/* Sends the pipeline, empties it, and waits for all replies. A reply may be an error by itself. */
int32_t redis_run(struct redis *redis, const struct dyn_call *call, struct redis_pipe *pipe,
                  struct redis_replies *replies);
void redis_replies_fini(struct redis_replies *replies);

/* What an error among the replies means for the whole: DYN_OK for one that concerns its key only
 * (WRONGTYPE), else DYN_RETRY or DYN_BROKEN, which redis_failure() then tells. */
int32_t redis_judge(struct redis *redis, const redisReply *reply);

/* Why a reply tells nothing of what `key` was asked for, such as one of another type. Goes as
 * redis_failure() does: until the next text. */
const char *redis_untold(struct redis *redis, const char *key, const redisReply *reply);

/* The server's time in ms since 1970, as known from its last TIME; every pipeline asks for it. */
int64_t redis_now_ms(const struct redis *redis);

#endif
