/* SPDX-License-Identifier: MIT */
#include "shared/redis.h"

#include "shared/quote.h"
#include "shared/redis_sentinel.h"
#include "shared/redis_url.h"
#include "shared/redis_watch.h"

#include <dynomatic/util.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct redis {
    const struct dyn_host *host;
    const struct redis_config *config;
    struct redis_url url;
    struct sentinels sentinels; /* where there are some, the URL's host is the master's name */
    char *place;
    char *master; /* the host that the sentinels told; NULL: it is the URL's */
    unsigned port;
    struct redis_connection connection;
    struct redis_watch watch; /* of what this connection reads */
    int64_t ahead_ms;         /* of the server's clock */
    char failure[1024];
};

/* ---- Life ---- */

static char *place_of(const struct redis *redis)
{
    const struct redis_url *url = &redis->url;
    char *place = NULL;
    int n = url->socket != NULL ? asprintf(&place, "%s", url->socket)
            : redis->sentinels.n > 0
                ? asprintf(&place, "the master %s", url->host)
                : asprintf(&place, "%s:%u/%u", url->host, url->port, url->database);
    return n < 0 ? NULL : place;
}

/* Reads the options. NULL, or what is wrong, with the option's name. */
static const char *read_config(struct redis *redis, const char **option)
{
    const struct redis_config *config = redis->config;
    *option = "url";
    const char *why = redis_url_read(config->url, 6379, &redis->url);
    if (why == NULL && config->sentinels.n > 0) {
        *option = "sentinels";
        redis->sentinels.user = config->sentinel_username;
        redis->sentinels.password = config->sentinel_password;
        why = redis->url.host == NULL ? "the url must have the master's name in place of the host"
                                      : sentinels_read(&config->sentinels, &redis->sentinels);
    }
    return why;
}

/* What is watched is what this connection reads. */
static void disconnect(struct redis *redis)
{
    redis_disconnect(&redis->connection);
    redis_watch_fini(&redis->watch);
}

int32_t redis_open(const struct dyn_host *host, const struct redis_config *config,
                   struct redis **redis)
{
    *redis = NULL;
    struct redis *made = calloc(1, sizeof *made);
    if (made == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    made->host = host;
    made->config = config;
    const char *option;
    const char *why = read_config(made, &option);
    if (why == NULL)
        made->place = place_of(made);
    if (made->place != NULL) {
        *redis = made;
        return DYN_OK;
    }
    redis_free(made);
    return why != NULL ? dyn_failf(host, DYN_BROKEN, "%s: %s", option, why)
                       : host->fail(host, DYN_RETRY, "out of memory");
}

void redis_free(struct redis *redis)
{
    if (redis == NULL)
        return;
    disconnect(redis);
    redis_url_fini(&redis->url);
    sentinels_fini(&redis->sentinels);
    free(redis->place);
    free(redis->master);
    free(redis);
}

const char *redis_place(const struct redis *redis)
{
    return redis->place;
}

const char *redis_failure(const struct redis *redis)
{
    return redis->failure;
}

int64_t redis_now_ms(const struct redis *redis)
{
    struct timespec now;
    clock_gettime(CLOCK_REALTIME, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + redis->ahead_ms;
}

/* ---- Failing ---- */

/* The text of a failure, without the passwords that a server may have quoted. */
static int32_t fail(struct redis *redis, int32_t code, const char *format, ...) DYN_PRINTF(3, 4);
static int32_t fail(struct redis *redis, int32_t code, const char *format, ...)
{
    char text[2048];
    char masked[2048];
    const char *password = redis->url.password != NULL ? redis->url.password : "";
    const char *second =
        redis->config->sentinel_password != NULL ? redis->config->sentinel_password : "";
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    quote(text, strlen(text), password, masked, sizeof masked);
    quote(masked, strlen(masked), second, redis->failure, sizeof redis->failure);
    return code;
}

/* What a connection said. */
static int32_t pass_on(struct redis *redis, const struct redis_connection *connection, int32_t code)
{
    return fail(redis, code, "%s", connection->failure);
}

/* What an error among the replies means for the whole: DYN_OK for one that concerns its key only.
 */
static int32_t judge(struct redis *redis, const redisReply *reply)
{
    static const struct {
        const char *word;
        int32_t code;
        const char *advice;
    } known[] = {
        {"NOAUTH", DYN_BROKEN, "; the server wants a password, which the URL has not"},
        {"WRONGPASS", DYN_BROKEN, "; check user and password in the URL"},
        {"ERR invalid password", DYN_BROKEN, "; check the password in the URL"},
        {"NOPERM", DYN_BROKEN, "; the user in the URL lacks the right to read"},
        {"ERR DB index", DYN_BROKEN, "; check the number of the database in the URL"},
        {"MOVED", DYN_BROKEN, "; it is part of a cluster, whose parts cannot be read as one"},
        {"READONLY", DYN_RETRY, ""},
        {"CLUSTERDOWN", DYN_RETRY, ""},
        {"LOADING", DYN_RETRY, ""},
        {"MASTERDOWN", DYN_RETRY, ""},
        {"BUSY", DYN_RETRY, ""},
        {"ERR max number of clients", DYN_RETRY, ""},
    };
    for (size_t i = 0; i < DYN_COUNT(known); i++)
        if (redis_is_error(reply, known[i].word))
            return fail(redis, known[i].code, "%s: %.*s%s", redis->place, quote_length(reply->str),
                        reply->str, known[i].advice);
    return DYN_OK;
}

int32_t redis_out_of_memory(struct redis *redis)
{
    return fail(redis, DYN_RETRY, "out of memory");
}

const char *redis_untold_text(struct redis *redis, const struct redis_untold *untold)
{
    const redisReply *reply = untold->reply;
    fail(redis, DYN_OK, "%s: the key %s%s%s: %s", redis->place, untold->prefix, untold->first,
         untold->second,
         reply->type == REDIS_REPLY_ERROR ? reply->str : "the reply is of an unknown kind");
    return redis->failure;
}

/* The difference of the clocks; a server that does not tell its time has ours. */
static void note_time(struct redis *redis, const redisReply *reply)
{
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_STRING)
        return;
    int64_t ms = strtoll(reply->element[0]->str, NULL, 10) * 1000 +
                 strtoll(reply->element[1]->str, NULL, 10) / 1000;
    redis->ahead_ms = 0;
    redis->ahead_ms = ms - redis_now_ms(redis);
}

/* ---- Connecting ---- */

static int32_t talk(struct redis *redis, struct redis_connection *connection,
                    const struct dyn_call *call, const struct redis_pipe *pipe,
                    struct redis_replies *replies)
{
    int32_t code = redis_talk(connection, call, pipe, replies);
    return code == DYN_OK ? DYN_OK : pass_on(redis, connection, code);
}

/* What a new connection needs before anything else. The last two may be forbidden. */
static void add_greeting(const struct redis *redis, const char *user, struct redis_pipe *pipe)
{
    const struct redis_url *url = &redis->url;
    char database[16];
    snprintf(database, sizeof database, "%u", url->database);
    if (url->password != NULL && user != NULL)
        redis_add(pipe, "AUTH", user, url->password, NULL);
    else if (url->password != NULL)
        redis_add(pipe, "AUTH", url->password, NULL);
    if (url->database != 0)
        redis_add(pipe, "SELECT", database, NULL);
    redis_add(pipe, "CLIENT", "SETNAME", "dynomatic", NULL);
    redis_add(pipe, "TIME", NULL);
}

/* What a server that does not even answer the greeting may be. */
static int32_t advise(struct redis *redis, const struct redis_connection *connection, int32_t code)
{
    bool may_want_tls = !redis->url.is_tls && redis->url.socket == NULL && code != DYN_LATE;
    return fail(redis, code, "%s%s", connection->failure,
                may_want_tls ? "; check host and port in the URL: with TLS it begins with rediss://"
                             : "");
}

/* Sets *has_no_user if the server may know the password, but not the user. */
static int32_t greet(struct redis *redis, struct redis_connection *connection,
                     const struct dyn_call *call, const char *user, bool *has_no_user)
{
    struct redis_pipe pipe = {0};
    struct redis_replies replies = {NULL, 0};
    add_greeting(redis, user, &pipe);
    int32_t code = talk(redis, connection, call, &pipe, &replies);
    if (code != DYN_OK && replies.n == 0)
        code = advise(redis, connection, code);
    for (size_t i = 0; code == DYN_OK && i < replies.n; i++) {
        bool may_fail = i + 2 >= replies.n;
        if (!may_fail || redis_is_error(replies.at[i], "NOAUTH"))
            code = judge(redis, replies.at[i]);
        if (code == DYN_OK && !may_fail && replies.at[i]->type == REDIS_REPLY_ERROR)
            code = fail(redis, DYN_BROKEN, "%s: %s", redis->place, replies.at[i]->str);
    }
    if (code == DYN_OK)
        note_time(redis, replies.at[replies.n - 1]);
    else if (replies.n > 0)
        *has_no_user = redis_is_error(replies.at[0], "WRONGPASS") ||
                       redis_is_error(replies.at[0], "ERR wrong number of arguments for 'auth'");
    redis_pipe_fini(&pipe);
    redis_replies_fini(&replies);
    return code;
}

/* A URL may have a user where the server has none: Heroku's older ones have "h", and before Redis 6
 * there were no users. Then the password alone is tried; if that is wrong too, what counts is what
 * was said first. */
static int32_t introduce(struct redis *redis, struct redis_connection *connection,
                         const struct dyn_call *call)
{
    bool has_no_user = false;
    char first[sizeof redis->failure];
    int32_t code = greet(redis, connection, call, redis->url.user, &has_no_user);
    if (!has_no_user || redis->url.user == NULL)
        return code;
    memcpy(first, redis->failure, sizeof first);
    code = greet(redis, connection, call, NULL, &has_no_user);
    if (code == DYN_BROKEN)
        memcpy(redis->failure, first, sizeof first);
    return code;
}

static struct redis_address address_of(const struct redis *redis)
{
    return (struct redis_address){
        .host = redis->master != NULL ? redis->master : redis->url.host,
        .socket = redis->url.socket,
        .port = redis->port,
        .is_tls = redis->url.is_tls,
        .verifies = redis->config->tls_verify != 0,
        .ca_file = redis->config->ca_file,
    };
}

static int32_t connect_to(struct redis *redis, struct redis_connection *connection,
                          const struct dyn_call *call, const struct redis_address *address)
{
    int32_t code = redis_connect(connection, call, address);
    return code == DYN_OK ? introduce(redis, connection, call) : pass_on(redis, connection, code);
}

static int32_t find_master(struct redis *redis, const struct dyn_call *call)
{
    struct redis_connection *connection = &redis->connection;
    struct redis_address like = address_of(redis);
    int32_t code = sentinels_ask(&redis->sentinels, call, connection, &like, redis->url.host,
                                 &redis->master, &redis->port);
    if (code != DYN_OK)
        return pass_on(redis, connection, code);
    snprintf(connection->place, sizeof connection->place, "%s at %s:%u", redis->place,
             redis->master, redis->port);
    return DYN_OK;
}

static int32_t connect_to_master(struct redis *redis, const struct dyn_call *call)
{
    struct redis_connection *connection = &redis->connection;
    int32_t code = DYN_OK;
    snprintf(connection->place, sizeof connection->place, "%s", redis->place);
    free(redis->master);
    redis->master = NULL;
    redis->port = redis->url.port;
    if (redis->sentinels.n > 0)
        code = find_master(redis, call);
    struct redis_address address = address_of(redis);
    return code == DYN_OK ? connect_to(redis, connection, call, &address) : code;
}

int32_t redis_reach(struct redis *redis, const struct dyn_call *call)
{
    if (redis->connection.easy != NULL)
        return DYN_OK;
    int32_t code = connect_to_master(redis, call);
    if (code != DYN_OK)
        disconnect(redis);
    return code;
}

/* ---- Talking ---- */

/* What every pipeline asks beside the adapter's own: the time; and whether this is the master
 * still, where that may change. */
static size_t add_own(const struct redis *redis, struct redis_pipe *pipe)
{
    redis_add(pipe, "TIME", NULL);
    if (redis->sentinels.n == 0)
        return 1;
    redis_add(pipe, "ROLE", NULL);
    return 2;
}

/* A server that does not tell its role is believed. */
static int32_t check_role(struct redis *redis, const redisReply *reply)
{
    bool is_other = reply->type == REDIS_REPLY_ARRAY && reply->elements > 0 &&
                    reply->element[0]->type == REDIS_REPLY_STRING &&
                    strcmp(reply->element[0]->str, "master") != 0;
    return is_other ? fail(redis, DYN_RETRY, "%s: it is not the master any more",
                           redis->connection.place)
                    : DYN_OK;
}

static int32_t run_once(struct redis *redis, const struct dyn_call *call,
                        const struct redis_pipe *pipe, size_t n_own, struct redis_replies *replies)
{
    int32_t code = redis_reach(redis, call);
    *replies = (struct redis_replies){NULL, 0};
    if (code == DYN_OK)
        code = talk(redis, &redis->connection, call, pipe, replies);
    for (size_t i = 0; code == DYN_OK && i + n_own < replies->n; i++)
        code = judge(redis, replies->at[i]);
    if (code == DYN_OK && n_own == 2)
        code = check_role(redis, replies->at[replies->n - 1]);
    if (code != DYN_OK) {
        disconnect(redis);
        redis_replies_fini(replies);
    }
    return code;
}

/* A connection that lay idle may be gone without a word, or to a server that is not the master any
 * more: then there is one more try. */
int32_t redis_run(struct redis *redis, const struct dyn_call *call, struct redis_pipe *pipe,
                  struct redis_replies *replies)
{
    bool was_idle = redis->connection.easy != NULL;
    size_t n_own = add_own(redis, pipe);
    int32_t code = run_once(redis, call, pipe, n_own, replies);
    if (code == DYN_RETRY && was_idle)
        code = run_once(redis, call, pipe, n_own, replies);
    redis_pipe_fini(pipe);
    if (code == DYN_OK)
        note_time(redis, replies->at[replies->n - n_own]);
    return code;
}

/* ---- Watching ---- */

void redis_take_events(struct redis *redis, const struct dyn_call *call, uint32_t n)
{
    redis_watch_take(&redis->watch, call, n);
}

void redis_hush(const struct redis *redis, struct redis_pipe *pipe)
{
    pipe->is_hushed = redis_watch_fd(&redis->watch) >= 0;
    pipe->n_loud = pipe->n;
}

/* By a second connection to the server that the first has come to: the sentinels, or the name of
 * the host, may lead to another one. */
static int32_t begin_watch(struct redis *redis, const struct dyn_call *call)
{
    struct redis_watch *watch = &redis->watch;
    struct redis_connection *listener = &watch->listener;
    int32_t code = redis_reach(redis, call);
    if (code != DYN_OK)
        return code;
    struct redis_address address = address_of(redis);
    address.ip = address.socket == NULL ? redis_ip(&redis->connection) : NULL;
    memcpy(listener->place, redis->connection.place, sizeof listener->place);
    code = connect_to(redis, listener, call, &address);
    if (code == DYN_OK) {
        code = redis_watch_begin(watch, &redis->connection, call);
        if (code != DYN_OK)
            pass_on(redis, listener, code);
    }
    if (code != DYN_OK)
        redis_watch_refuse(watch, code, redis->failure);
    return code;
}

int32_t redis_watch(struct redis *redis, const struct dyn_call *call, uint32_t n, int32_t *fd)
{
    const struct dyn_host *host = redis->host;
    struct redis_watch *watch = &redis->watch;
    int32_t code = DYN_OK;
    *fd = -1;
    if (redis_watch_fd(watch) >= 0)
        redis_watch_go_on(watch, call, n);
    else if (redis_watch_may_begin(watch))
        code = begin_watch(redis, call);
    if (redis->connection.easy == NULL)
        disconnect(redis);
    if (redis->connection.easy == NULL || code == DYN_LATE)
        return host->fail(host, code, redis->failure);
    if (DYN_HAS(host, advise))
        host->advise(host, redis_watch_text(watch));
    *fd = redis_watch_fd(watch);
    return DYN_OK;
}
