/* SPDX-License-Identifier: MIT */
#include "shared/redis_connection.h"

#include "shared/quote.h"
#include "shared/transfer.h"

#include <dynomatic/util.h>
#include <hiredis/read.h>
#include <stdlib.h>
#include <string.h>

/* ---- Commands and replies ---- */

enum {
    WORDS_MOST = 12,
    HEADER_ROOM = 24 /* "$" and the length of a word, with its end of a line */
};

/* Room for so many bytes more; NULL: none. */
static char *make_room(struct redis_pipe *pipe, size_t length)
{
    if (pipe->room - pipe->length < length) {
        size_t room = (pipe->length + length) * 2;
        char *more = realloc(pipe->bytes, room);
        if (more == NULL)
            return NULL;
        pipe->bytes = more;
        pipe->room = room;
    }
    return pipe->bytes + pipe->length;
}

/* The next command does not make the server tell of what it reads. */
static void put_hush(struct redis_pipe *pipe)
{
    static const char hush[] = "*3\r\n$6\r\nCLIENT\r\n$7\r\nCACHING\r\n$2\r\nNO\r\n";
    char *end = pipe->is_broken ? NULL : make_room(pipe, sizeof hush - 1);
    pipe->is_broken = end == NULL;
    if (end == NULL)
        return;
    memcpy(end, hush, sizeof hush - 1);
    pipe->length += sizeof hush - 1;
}

/* "*3\r\n" or "$12\r\n" */
static char *put_header(char *end, char kind, size_t number)
{
    char digits[HEADER_ROOM];
    size_t n = 0;
    do {
        digits[n++] = (char)('0' + number % 10);
        number /= 10;
    } while (number > 0);
    *end++ = kind;
    while (n > 0)
        *end++ = digits[--n];
    return mempcpy(end, "\r\n", 2);
}

/* Writes a command as the protocol has it; the second word may be preceded by two other parts.
 * hiredis' own formatter takes memory for each command, which at a thousand queues is half of a
 * look. */
static void put_command(struct redis_pipe *pipe, const char *const parts[2], const char **words,
                        size_t n)
{
    size_t lengths[WORDS_MOST];
    size_t n_parts[2] = {strlen(parts[0]), strlen(parts[1])};
    if (pipe->is_hushed)
        put_hush(pipe);
    size_t length = HEADER_ROOM + n_parts[0] + n_parts[1];
    for (size_t i = 0; i < n; i++) {
        lengths[i] = strlen(words[i]);
        length += lengths[i] + HEADER_ROOM;
    }
    char *end = pipe->is_broken ? NULL : make_room(pipe, length);
    pipe->is_broken = end == NULL;
    if (end == NULL)
        return;
    end = put_header(end, '*', n);
    for (size_t i = 0; i < n; i++) {
        bool has_parts = i == 1;
        end = put_header(end, '$', lengths[i] + (has_parts ? n_parts[0] + n_parts[1] : 0));
        if (has_parts)
            end = mempcpy(mempcpy(end, parts[0], n_parts[0]), parts[1], n_parts[1]);
        end = mempcpy(mempcpy(end, words[i], lengths[i]), "\r\n", 2);
    }
    pipe->length = (size_t)(end - pipe->bytes);
    pipe->n++;
}

/* The words up to NULL, behind those that are there; returns how many there are then. */
static size_t take_words(const char **words, size_t n, va_list *args)
{
    const char *word;
    while (n < WORDS_MOST && (word = va_arg(*args, const char *)) != NULL)
        words[n++] = word;
    return n;
}

void redis_add(struct redis_pipe *pipe, const char *command, ...)
{
    static const char *const none[] = {"", ""};
    const char *words[WORDS_MOST] = {command};
    va_list args;
    va_start(args, command);
    size_t n = take_words(words, 1, &args);
    va_end(args);
    put_command(pipe, none, words, n);
}

void redis_add_key(struct redis_pipe *pipe, const char *command, const char *first,
                   const char *second, ...)
{
    const char *parts[] = {pipe->prefix != NULL ? pipe->prefix : "", first};
    const char *words[WORDS_MOST] = {command, second};
    va_list args;
    va_start(args, second);
    size_t n = take_words(words, 2, &args);
    va_end(args);
    put_command(pipe, parts, words, n);
}

void redis_pipe_fini(struct redis_pipe *pipe)
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

bool redis_is_error(const redisReply *reply, const char *words)
{
    size_t n = strlen(words);
    return reply->type == REDIS_REPLY_ERROR && reply->len >= n && memcmp(reply->str, words, n) == 0;
}

struct redis_text redis_text(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STRING)
        return (struct redis_text){"", "", 0, 0};
    if (reply->len != REDIS_TEXT_CUT)
        return (struct redis_text){reply->str, reply->str, reply->len, reply->len};
    size_t length = strtoull(reply->str + REDIS_TEXT_MOST, NULL, 10);
    return (struct redis_text){reply->str, reply->str + REDIS_TEXT_PART, REDIS_TEXT_PART, length};
}

/* ---- Failing ---- */

static int32_t fail(struct redis_connection *connection, int32_t code, const char *format, ...)
    DYN_PRINTF(3, 4);
static int32_t fail(struct redis_connection *connection, int32_t code, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(connection->failure, sizeof connection->failure, format, args);
    va_end(args);
    return code;
}

/* The advice is for what the server does not answer. */
static int32_t late(struct redis_connection *connection, const struct dyn_call *call,
                    const char *advice)
{
    if (dyn_ms_left(call) != 0)
        return fail(connection, DYN_LATE, "%s: the call was cancelled", connection->place);
    return fail(connection, DYN_LATE, "%s: no answer within the time allowed%s", connection->place,
                advice);
}

static int32_t lost(struct redis_connection *connection, const char *why)
{
    return fail(connection, DYN_RETRY, "%s: the connection is lost: %s", connection->place, why);
}

/* ---- Connecting ---- */

#define NO_TLS "; check host and port in the URL: without TLS it begins with redis://"

/* Curl's own words on a connection that was refused repeat host and port. */
static const char *text_of(const struct redis_connection *connection, CURLcode code)
{
    long number = 0;
    curl_easy_getinfo(connection->easy, CURLINFO_OS_ERRNO, &number);
    if (code == CURLE_COULDNT_CONNECT && number != 0)
        return strerror((int)number);
    return connection->curl_text[0] != '\0' ? connection->curl_text : curl_easy_strerror(code);
}

static const char *advice_for(CURLcode code, const struct redis_address *address)
{
    switch (code) {
    case CURLE_COULDNT_RESOLVE_HOST:
        return "; check the host in the URL";
    case CURLE_COULDNT_CONNECT:
        return address->socket == NULL
                   ? "; check host and port in the URL, and whether the server runs"
                   : "; check the path in the URL, and whether the server runs";
    case CURLE_SSL_CONNECT_ERROR:
        return NO_TLS;
    default:
        return "";
    }
}

static int32_t fail_to_connect(struct redis_connection *connection, CURLcode code,
                               const struct redis_address *address)
{
    const char *text = text_of(connection, code);
    if (code == CURLE_PEER_FAILED_VERIFICATION)
        return fail(connection, DYN_BROKEN,
                    "cannot connect to %s: %s; where the server signs its certificate by itself, "
                    "as Heroku Key-Value Store does: tls_verify: no",
                    connection->place, text);
    bool is_lasting = code == CURLE_SSL_CACERT_BADFILE || code == CURLE_URL_MALFORMAT;
    return fail(connection, is_lasting ? DYN_BROKEN : DYN_RETRY, "cannot connect to %s: %.*s%s",
                connection->place, quote_length(text), text, advice_for(code, address));
}

static bool configure(struct redis_connection *connection, const struct redis_address *address)
{
    char url[600];
    char to[80];
    CURL *easy = connection->easy;
    const char *host = address->socket == NULL ? address->host : "localhost";
    bool is_ipv6 = strchr(host, ':') != NULL;
    snprintf(url, sizeof url, "%s://%s%s%s:%u", address->is_tls ? "https" : "http",
             is_ipv6 ? "[" : "", host, is_ipv6 ? "]" : "", address->port);
    curl_easy_setopt(easy, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(easy, CURLOPT_CONNECT_ONLY, 1L);
    curl_easy_setopt(easy, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(easy, CURLOPT_SSL_ENABLE_ALPN, 0L);
    curl_easy_setopt(easy, CURLOPT_TCP_KEEPALIVE, 1L);
    curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, connection->curl_text);
#if LIBCURL_VERSION_NUM >= 0x075700
    curl_easy_setopt(easy, CURLOPT_QUICK_EXIT, 1L);
#endif
    if (address->ip != NULL) {
        bool is_ip6 = strchr(address->ip, ':') != NULL;
        snprintf(to, sizeof to, "::%s%s%s:%u", is_ip6 ? "[" : "", address->ip, is_ip6 ? "]" : "",
                 address->port);
        connection->to = curl_slist_append(NULL, to);
        curl_easy_setopt(easy, CURLOPT_CONNECT_TO, connection->to);
    }
    if (address->socket != NULL)
        curl_easy_setopt(easy, CURLOPT_UNIX_SOCKET_PATH, address->socket);
    if (address->ca_file != NULL)
        curl_easy_setopt(easy, CURLOPT_CAINFO, address->ca_file);
    if (!address->verifies) {
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYPEER, 0L);
        curl_easy_setopt(easy, CURLOPT_SSL_VERIFYHOST, 0L);
    }
    return curl_easy_setopt(easy, CURLOPT_URL, url) == CURLE_OK;
}

/* Runs libcurl until the connection stands, TLS included. */
static int32_t drive(struct redis_connection *connection, const struct dyn_call *call,
                     const struct redis_address *address)
{
    CURLcode result = CURLE_OK;
    const char *why = NULL;
    int32_t code = transfer_run(connection->multi, call, &result, &why);
    if (code != DYN_OK)
        return code == DYN_LATE
                   ? late(connection, call,
                          address->is_tls
                              ? NO_TLS
                              : "; check host and port in the URL, and what stands between")
                   : fail(connection, code, "%s: %s", connection->place, why);
    if (result != CURLE_OK)
        return fail_to_connect(connection, result, address);
    curl_easy_getinfo(connection->easy, CURLINFO_ACTIVESOCKET, &connection->fd);
    return DYN_OK;
}

int32_t redis_connect(struct redis_connection *connection, const struct dyn_call *call,
                      const struct redis_address *address)
{
    connection->multi = curl_multi_init();
    connection->easy = curl_easy_init();
    connection->reader = redisReaderCreate();
    connection->sieve = (struct redis_sieve){0};
    connection->curl_text[0] = '\0';
    if (connection->multi == NULL || connection->easy == NULL || connection->reader == NULL ||
        !configure(connection, address) ||
        curl_multi_add_handle(connection->multi, connection->easy) != CURLM_OK)
        return fail(connection, DYN_RETRY, "out of memory");
    return drive(connection, call, address);
}

const char *redis_ip(const struct redis_connection *connection)
{
    char *ip = NULL;
    curl_easy_getinfo(connection->easy, CURLINFO_PRIMARY_IP, &ip);
    return ip;
}

void redis_disconnect(struct redis_connection *connection)
{
    if (connection->multi != NULL && connection->easy != NULL)
        curl_multi_remove_handle(connection->multi, connection->easy);
    curl_easy_cleanup(connection->easy);
    curl_multi_cleanup(connection->multi);
    curl_slist_free_all(connection->to);
    connection->to = NULL;
    connection->easy = NULL;
    connection->multi = NULL;
    if (connection->reader != NULL)
        redisReaderFree(connection->reader);
    connection->reader = NULL;
}

/* ---- Bytes ---- */

static int32_t wait_for(struct redis_connection *connection, const struct dyn_call *call,
                        short events)
{
    int ready = dyn_wait(call, connection->fd, events);
    if (ready > 0)
        return DYN_OK;
    return ready == 0 ? late(connection, call, "")
                      : fail(connection, DYN_RETRY, "%s: cannot wait for the connection",
                             connection->place);
}

static int32_t send_all(struct redis_connection *connection, const struct dyn_call *call,
                        const char *bytes, size_t length)
{
    for (size_t sent = 0; sent < length;) {
        size_t n = 0;
        CURLcode code = curl_easy_send(connection->easy, bytes + sent, length - sent, &n);
        int32_t result = code == CURLE_AGAIN ? wait_for(connection, call, POLLOUT) : DYN_OK;
        if (code != CURLE_OK && code != CURLE_AGAIN)
            result = lost(connection, curl_easy_strerror(code));
        if (result != DYN_OK)
            return result;
        sent += n;
    }
    return DYN_OK;
}

/* What has come; *n 0: nothing. */
static int32_t take_some(struct redis_connection *connection, char *bytes, size_t room, size_t *n)
{
    CURLcode code = curl_easy_recv(connection->easy, bytes, room, n);
    if (code == CURLE_OK && *n == 0)
        return lost(connection, "the server closed it");
    if (code == CURLE_AGAIN)
        *n = 0;
    return code == CURLE_OK || code == CURLE_AGAIN ? DYN_OK
                                                   : lost(connection, curl_easy_strerror(code));
}

static int32_t receive_some(struct redis_connection *connection, const struct dyn_call *call)
{
    char bytes[16384];
    size_t n = 0;
    int32_t code = take_some(connection, bytes, sizeof bytes, &n);
    while (code == DYN_OK && n == 0) {
        code = wait_for(connection, call, POLLIN);
        if (code == DYN_OK)
            code = take_some(connection, bytes, sizeof bytes, &n);
    }
    if (code != DYN_OK)
        return code;
    if (redis_sieve_feed(&connection->sieve, connection->reader, bytes, n) != REDIS_OK)
        return fail(connection, DYN_RETRY, "%s: %s", connection->place, connection->reader->errstr);
    return DYN_OK;
}

static int32_t read_reply(struct redis_connection *connection, const struct dyn_call *call,
                          redisReply **reply)
{
    void *got = NULL;
    for (;;) {
        if (redisReaderGetReply(connection->reader, &got) != REDIS_OK)
            return fail(connection, DYN_BROKEN, "%s does not answer as Redis does: %s",
                        connection->place, connection->reader->errstr);
        if (got != NULL)
            break;
        int32_t code = receive_some(connection, call);
        if (code != DYN_OK)
            return code;
    }
    *reply = got;
    return DYN_OK;
}

static int32_t skip_reply(struct redis_connection *connection, const struct dyn_call *call)
{
    redisReply *reply = NULL;
    int32_t code = read_reply(connection, call, &reply);
    if (reply != NULL)
        freeReplyObject(reply);
    return code;
}

int32_t redis_talk(struct redis_connection *connection, const struct dyn_call *call,
                   const struct redis_pipe *pipe, struct redis_replies *replies)
{
    *replies = (struct redis_replies){calloc(pipe->n, sizeof(redisReply *)), 0};
    if (replies->at == NULL || pipe->is_broken)
        return fail(connection, DYN_RETRY, "out of memory");
    int32_t code = send_all(connection, call, pipe->bytes, pipe->length);
    while (code == DYN_OK && replies->n < pipe->n) {
        if (pipe->is_hushed && replies->n >= pipe->n_loud)
            code = skip_reply(connection, call);
        if (code == DYN_OK)
            code = read_reply(connection, call, &replies->at[replies->n]);
        replies->n += code == DYN_OK;
    }
    return code;
}

int32_t redis_send(struct redis_connection *connection, const struct dyn_call *call,
                   const struct redis_pipe *pipe)
{
    return pipe->is_broken ? fail(connection, DYN_RETRY, "out of memory")
                           : send_all(connection, call, pipe->bytes, pipe->length);
}

int32_t redis_discard(struct redis_connection *connection, const struct dyn_call *call,
                      bool *has_come)
{
    char bytes[16384];
    size_t n = 1;
    int32_t code = DYN_OK;
    *has_come = false;
    while (code == DYN_OK && n > 0 && !dyn_is_over(call)) {
        code = take_some(connection, bytes, sizeof bytes, &n);
        *has_come |= code == DYN_OK && n > 0;
    }
    return code;
}
