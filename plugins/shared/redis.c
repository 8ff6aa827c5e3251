/* SPDX-License-Identifier: MIT */
#include "shared/redis.h"

#include "shared/quote.h"
#include "shared/redis_url.h"
#include "shared/transfer.h"

#include <dynomatic/util.h>
#include <hiredis/read.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

struct redis {
    const struct dyn_host *host;
    const struct redis_options *options;
    struct redis_url url;
    char *place;
    CURLM *multi;
    CURL *easy; /* NULL: not connected */
    curl_socket_t fd;
    redisReader *reader;
    int64_t ahead_ms; /* of the server's clock */
    char curl_text[CURL_ERROR_SIZE];
    char failure[1024];
};

/* ---- Life ---- */

static char *place_of(const struct redis_url *url)
{
    char *place = NULL;
    int n = url->socket != NULL ? asprintf(&place, "%s", url->socket)
                                : asprintf(&place, "%s:%u/%u", url->host, url->port, url->database);
    return n < 0 ? NULL : place;
}

int32_t redis_open(const struct dyn_host *host, const struct redis_options *options,
                   struct redis **redis)
{
    *redis = NULL;
    struct redis *made = calloc(1, sizeof *made);
    if (made == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    made->host = host;
    made->options = options;
    const char *why = redis_url_read(options->url, &made->url);
    if (why == NULL)
        made->place = place_of(&made->url);
    if (made->place != NULL) {
        *redis = made;
        return DYN_OK;
    }
    redis_free(made);
    return why != NULL ? dyn_failf(host, DYN_BROKEN, "url: %s", why)
                       : host->fail(host, DYN_RETRY, "out of memory");
}

static void drop(struct redis *redis)
{
    if (redis->multi != NULL && redis->easy != NULL)
        curl_multi_remove_handle(redis->multi, redis->easy);
    curl_easy_cleanup(redis->easy);
    curl_multi_cleanup(redis->multi);
    redis->easy = NULL;
    redis->multi = NULL;
    if (redis->reader != NULL)
        redisReaderFree(redis->reader);
    redis->reader = NULL;
}

void redis_free(struct redis *redis)
{
    if (redis == NULL)
        return;
    drop(redis);
    redis_url_fini(&redis->url);
    free(redis->place);
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

static int32_t fail(struct redis *redis, int32_t code, const char *format, ...) DYN_PRINTF(3, 4);
static int32_t fail(struct redis *redis, int32_t code, const char *format, ...)
{
    char text[sizeof redis->failure];
    const char *secret = redis->url.password != NULL ? redis->url.password : "";
    va_list args;
    va_start(args, format);
    vsnprintf(text, sizeof text, format, args);
    va_end(args);
    quote(text, strlen(text), secret, redis->failure, sizeof redis->failure);
    return code;
}

static int32_t late(struct redis *redis, const struct dyn_call *call)
{
    return fail(redis, DYN_LATE, "%s: %s", redis->place,
                dyn_ms_left(call) == 0 ? "no answer within the time allowed"
                                       : "the call was cancelled");
}

static bool begins(const redisReply *reply, const char *word)
{
    size_t n = strlen(word);
    return reply->len >= n && memcmp(reply->str, word, n) == 0;
}

int32_t redis_judge(struct redis *redis, const redisReply *reply)
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
        {"CLUSTERDOWN", DYN_RETRY, ""},
        {"LOADING", DYN_RETRY, ""},
        {"MASTERDOWN", DYN_RETRY, ""},
        {"BUSY", DYN_RETRY, ""},
        {"ERR max number of clients", DYN_RETRY, ""},
    };
    if (reply == NULL || reply->type != REDIS_REPLY_ERROR)
        return DYN_OK;
    for (size_t i = 0; i < DYN_COUNT(known); i++)
        if (begins(reply, known[i].word))
            return fail(redis, known[i].code, "%s: %s%s", redis->place, reply->str,
                        known[i].advice);
    return DYN_OK;
}

const char *redis_untold(struct redis *redis, const char *key, const redisReply *reply)
{
    fail(redis, DYN_OK, "%s: the key %s: %s", redis->place, key,
         reply->type == REDIS_REPLY_ERROR ? reply->str : "the reply is of an unknown kind");
    return redis->failure;
}

/* ---- Commands ---- */

static void append(struct redis_pipe *pipe, const char *bytes, size_t length)
{
    char *more = realloc(pipe->bytes, pipe->length + length);
    if (more == NULL) {
        pipe->is_broken = true;
        return;
    }
    memcpy(more + pipe->length, bytes, length);
    pipe->bytes = more;
    pipe->length += length;
    pipe->n++;
}

void redis_add(struct redis_pipe *pipe, const char *command, ...)
{
    enum { WORDS_MOST = 10 };
    const char *words[WORDS_MOST];
    int n = 0;
    va_list args;
    va_start(args, command);
    for (const char *word = command; word != NULL && n < WORDS_MOST; word = va_arg(args, char *))
        words[n++] = word;
    va_end(args);
    char *bytes = NULL;
    int length = (int)redisFormatCommandArgv(&bytes, n, words, NULL);
    if (length < 0 || bytes == NULL)
        pipe->is_broken = true;
    else
        append(pipe, bytes, (size_t)length);
    redisFreeCommand(bytes);
}

static void empty(struct redis_pipe *pipe)
{
    free(pipe->bytes);
    *pipe = (struct redis_pipe){0};
}

void redis_replies_fini(struct redis_replies *replies)
{
    for (size_t i = 0; i < replies->n; i++)
        if (replies->at[i] != NULL)
            freeReplyObject(replies->at[i]);
    free(replies->at);
    *replies = (struct redis_replies){NULL, 0};
}

/* ---- Bytes ---- */

static int32_t wait_for(struct redis *redis, const struct dyn_call *call, short events)
{
    int ready = dyn_wait(call, redis->fd, events);
    return ready > 0 ? DYN_OK
           : ready == 0
               ? late(redis, call)
               : fail(redis, DYN_RETRY, "%s: cannot wait for the connection", redis->place);
}

static int32_t lost(struct redis *redis, const char *why)
{
    return fail(redis, DYN_RETRY, "%s: the connection is lost: %s", redis->place, why);
}

static int32_t send_all(struct redis *redis, const struct dyn_call *call, const char *bytes,
                        size_t length)
{
    for (size_t sent = 0; sent < length;) {
        size_t n = 0;
        CURLcode code = curl_easy_send(redis->easy, bytes + sent, length - sent, &n);
        int32_t result = code == CURLE_AGAIN ? wait_for(redis, call, POLLOUT) : DYN_OK;
        if (code != CURLE_OK && code != CURLE_AGAIN)
            result = lost(redis, curl_easy_strerror(code));
        if (result != DYN_OK)
            return result;
        sent += n;
    }
    return DYN_OK;
}

static int32_t receive_some(struct redis *redis, const struct dyn_call *call)
{
    char bytes[16384];
    size_t n = 0;
    for (;;) {
        CURLcode code = curl_easy_recv(redis->easy, bytes, sizeof bytes, &n);
        if (code == CURLE_OK && n > 0)
            break;
        if (code == CURLE_OK)
            return lost(redis, "the server closed it");
        if (code != CURLE_AGAIN)
            return lost(redis, curl_easy_strerror(code));
        int32_t result = wait_for(redis, call, POLLIN);
        if (result != DYN_OK)
            return result;
    }
    if (redisReaderFeed(redis->reader, bytes, n) != REDIS_OK)
        return fail(redis, DYN_RETRY, "%s: %s", redis->place, redis->reader->errstr);
    return DYN_OK;
}

static int32_t read_reply(struct redis *redis, const struct dyn_call *call, redisReply **reply)
{
    void *got = NULL;
    for (;;) {
        if (redisReaderGetReply(redis->reader, &got) != REDIS_OK)
            return fail(redis, DYN_BROKEN, "%s does not answer as Redis does: %s", redis->place,
                        redis->reader->errstr);
        if (got != NULL)
            break;
        int32_t code = receive_some(redis, call);
        if (code != DYN_OK)
            return code;
    }
    *reply = got;
    return DYN_OK;
}

/* ---- Connecting ---- */

static int32_t fail_to_connect(struct redis *redis, CURLcode code)
{
    const char *text = redis->curl_text[0] != '\0' ? redis->curl_text : curl_easy_strerror(code);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return fail(redis, DYN_BROKEN,
                    "cannot connect to %s: %s; where the server signs its certificate by itself, "
                    "as Heroku Key-Value Store does: tls_verify: no",
                    redis->place, text);
    bool is_lasting = code == CURLE_SSL_CACERT_BADFILE || code == CURLE_URL_MALFORMAT;
    return fail(redis, is_lasting ? DYN_BROKEN : DYN_RETRY, "cannot connect to %s: %s",
                redis->place, text);
}

static bool configure(struct redis *redis)
{
    const struct redis_url *url = &redis->url;
    char address[512];
    CURL *easy = redis->easy;
    bool is_ipv6 = url->host != NULL && strchr(url->host, ':') != NULL;
    snprintf(address, sizeof address, "%s://%s%s%s:%u", url->is_tls ? "https" : "http",
             is_ipv6 ? "[" : "", url->host != NULL ? url->host : "localhost", is_ipv6 ? "]" : "",
             url->port);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, redis->curl_text);
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    if (url->socket != NULL)
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, url->socket);
    if (redis->options->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, redis->options->ca_file);
    if (!redis->options->verifies) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    return curl_easy_setopt(easy, CURLOPT_URL, address) == CURLE_OK;
}

/* Runs libcurl until the connection stands, TLS included. */
static int32_t drive(struct redis *redis, const struct dyn_call *call)
{
    CURLcode result = CURLE_OK;
    const char *why = NULL;
    int32_t code = transfer_run(redis->multi, call, &result, &why);
    if (code != DYN_OK)
        return code == DYN_LATE ? late(redis, call)
                                : fail(redis, code, "%s: %s", redis->place, why);
    if (result != CURLE_OK)
        return fail_to_connect(redis, result);
    curl_easy_getinfo(redis->easy, CURLINFO_ACTIVESOCKET, &redis->fd);
    return DYN_OK;
}

static int32_t make_connection(struct redis *redis, const struct dyn_call *call)
{
    redis->multi = curl_multi_init();
    redis->easy = curl_easy_init();
    redis->reader = redisReaderCreate();
    redis->curl_text[0] = '\0';
    if (redis->multi == NULL || redis->easy == NULL || redis->reader == NULL || !configure(redis) ||
        curl_multi_add_handle(redis->multi, redis->easy) != CURLM_OK)
        return fail(redis, DYN_RETRY, "out of memory");
    return drive(redis, call);
}

/* ---- Talking ---- */

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

static int32_t talk(struct redis *redis, const struct dyn_call *call, const struct redis_pipe *pipe,
                    struct redis_replies *replies)
{
    replies->at = calloc(pipe->n, sizeof *replies->at);
    if (replies->at == NULL || pipe->is_broken)
        return fail(redis, DYN_RETRY, "out of memory");
    int32_t code = send_all(redis, call, pipe->bytes, pipe->length);
    while (code == DYN_OK && replies->n < pipe->n) {
        code = read_reply(redis, call, &replies->at[replies->n]);
        replies->n += code == DYN_OK;
    }
    return code;
}

/* What a new connection needs before anything else: the answers to the first of these count. */
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
    redis_add(pipe, "CLIENT", "SETNAME", "dynomatic", NULL); /* it may be forbidden */
    redis_add(pipe, "TIME", NULL);
}

/* Sets *has_no_user if the server may know the password, but not the user. */
static int32_t greet(struct redis *redis, const struct dyn_call *call, const char *user,
                     bool *has_no_user)
{
    struct redis_pipe pipe = {0};
    struct redis_replies replies = {NULL, 0};
    add_greeting(redis, user, &pipe);
    int32_t code = talk(redis, call, &pipe, &replies);
    for (size_t i = 0; code == DYN_OK && i + 2 < replies.n; i++) {
        code = redis_judge(redis, replies.at[i]);
        if (code == DYN_OK && replies.at[i]->type == REDIS_REPLY_ERROR)
            code = fail(redis, DYN_BROKEN, "%s: %s", redis->place, replies.at[i]->str);
    }
    if (code == DYN_OK)
        note_time(redis, replies.at[replies.n - 1]);
    else if (replies.n > 0 && replies.at[0]->type == REDIS_REPLY_ERROR)
        *has_no_user = begins(replies.at[0], "WRONGPASS") ||
                       begins(replies.at[0], "ERR wrong number of arguments for 'auth'");
    empty(&pipe);
    redis_replies_fini(&replies);
    return code;
}

/* A URL may have a user where the server has none: Heroku's older ones have "h", and before Redis 6
 * there were no users. Then the password alone is tried; if that is wrong too, what counts is what
 * was said first. */
static int32_t introduce(struct redis *redis, const struct dyn_call *call)
{
    bool has_no_user = false;
    char first[sizeof redis->failure];
    int32_t code = greet(redis, call, redis->url.user, &has_no_user);
    if (!has_no_user || redis->url.user == NULL)
        return code;
    memcpy(first, redis->failure, sizeof first);
    code = greet(redis, call, NULL, &has_no_user);
    if (code == DYN_BROKEN)
        memcpy(redis->failure, first, sizeof first);
    return code;
}

static int32_t run_once(struct redis *redis, const struct dyn_call *call,
                        const struct redis_pipe *pipe, struct redis_replies *replies)
{
    int32_t code = DYN_OK;
    *replies = (struct redis_replies){NULL, 0};
    if (redis->easy == NULL) {
        code = make_connection(redis, call);
        if (code == DYN_OK)
            code = introduce(redis, call);
    }
    if (code == DYN_OK)
        code = talk(redis, call, pipe, replies);
    if (code != DYN_OK) {
        drop(redis);
        redis_replies_fini(replies);
    }
    return code;
}

/* A connection that lay idle may be gone without a word: then there is one more try. */
int32_t redis_run(struct redis *redis, const struct dyn_call *call, struct redis_pipe *pipe,
                  struct redis_replies *replies)
{
    bool was_idle = redis->easy != NULL;
    redis_add(pipe, "TIME", NULL);
    int32_t code = run_once(redis, call, pipe, replies);
    if (code == DYN_RETRY && was_idle)
        code = run_once(redis, call, pipe, replies);
    empty(pipe);
    if (code != DYN_OK)
        return code;
    note_time(redis, replies->at[replies->n - 1]);
    for (size_t i = 0; i < replies->n && code == DYN_OK; i++)
        code = redis_judge(redis, replies->at[i]);
    if (code != DYN_OK) {
        drop(redis);
        redis_replies_fini(replies);
    }
    return code;
}
