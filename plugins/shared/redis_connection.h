/* SPDX-License-Identifier: MIT
 * One connection to a server that speaks Redis' protocol: plain, over TLS or over a UNIX socket by
 * one code path, since libcurl makes it; hiredis writes commands and reads replies. Every wait ends
 * at the call's deadline or when the host cancels.
 *
 * All of it is [instance]. What fails leaves its text in `failure`, and the connection useless. */
#ifndef PLUGINS_SHARED_REDIS_CONNECTION_H
#define PLUGINS_SHARED_REDIS_CONNECTION_H

#include "shared/redis_sieve.h"

#include <curl/curl.h>
#include <dynomatic/plugin.h>
#include <hiredis/hiredis.h>
#include <stdbool.h>
#include <stddef.h>

struct redis_address {
    const char *host;
    const char *socket; /* NULL: host and port */
    unsigned port;
    bool is_tls;
    bool verifies;       /* the server's certificate */
    const char *ip;      /* of the host, where it is known already; NULL: it is looked up */
    const char *ca_file; /* NULL: the system's certificates */
};

struct redis_connection {
    CURLM *multi;
    CURL *easy; /* NULL: not connected */
    struct curl_slist *to;
    curl_socket_t fd;
    redisReader *reader;
    struct redis_sieve sieve; /* in front of the reader */
    char place[600];          /* "db.example:6379/0", for texts; the owner's */
    char curl_text[CURL_ERROR_SIZE];
    char failure[1600];
};

/* Commands to be sent together; {0} is none. */
struct redis_pipe {
    const char *prefix; /* of each key; NULL: none */
    char *bytes;
    size_t length;
    size_t room;
    size_t n;
    size_t n_loud;  /* commands before it is hushed */
    bool is_hushed; /* each further command is preceded by one that keeps CLIENT TRACKING off it */
    bool is_broken; /* memory was gone: it cannot be sent */
};

/* Adds a command of texts, ended by NULL. */
void redis_add(struct redis_pipe *pipe, const char *command, ...) __attribute__((sentinel));

/* Adds a command to a key, which is the prefix and two texts, and its further texts, ended by NULL.
 */
void redis_add_key(struct redis_pipe *pipe, const char *command, const char *first,
                   const char *second, ...) __attribute__((sentinel));
void redis_pipe_fini(struct redis_pipe *pipe);

struct redis_replies {
    redisReply **at;
    size_t n;
};

void redis_replies_fini(struct redis_replies *replies);

/* Connects, TLS included. Returns DYN_OK, DYN_LATE, DYN_RETRY or DYN_BROKEN. */
int32_t redis_connect(struct redis_connection *connection, const struct dyn_call *call,
                      const struct redis_address *address);

/* The address that a connection has come to; lives as long as that. */
const char *redis_ip(const struct redis_connection *connection);

/* Never blocks; of one that is not connected, nothing. */
void redis_disconnect(struct redis_connection *connection);

/* Sends the pipeline and waits for all replies. A reply may be an error by itself. */
int32_t redis_talk(struct redis_connection *connection, const struct dyn_call *call,
                   const struct redis_pipe *pipe, struct redis_replies *replies);

/* Sends the pipeline, and waits for no reply. */
int32_t redis_send(struct redis_connection *connection, const struct dyn_call *call,
                   const struct redis_pipe *pipe);

/* Throws away what has come, without waiting for more, until neither the socket nor TLS holds any.
 * *has_come: there was something. */
int32_t redis_discard(struct redis_connection *connection, const struct dyn_call *call,
                      bool *has_come);

/* A text as it came: of one that is longer than REDIS_TEXT_MOST only both ends, so that what a
 * stranger stored takes no memory to speak of; else they are the same. */
struct redis_text {
    const char *start;
    const char *end; /* where the last part begins */
    size_t n;        /* bytes of each part */
    size_t length;   /* of the whole */
};

/* Of a reply that is no text: empty. */
struct redis_text redis_text(const redisReply *reply);

/* Whether a reply is an error that begins with these words. */
bool redis_is_error(const redisReply *reply, const char *words);

#endif
