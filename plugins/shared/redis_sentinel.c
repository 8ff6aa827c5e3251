/* SPDX-License-Identifier: MIT */
#include "shared/redis_sentinel.h"

#include <dynomatic/util.h>
#include <stdlib.h>
#include <string.h>

const char *sentinels_read(const struct dyn_list *texts, struct sentinels *sentinels)
{
    sentinels->at = texts->n > 0 ? calloc(texts->n, sizeof *sentinels->at) : NULL;
    if (texts->n > 0 && sentinels->at == NULL)
        return "out of memory";
    for (size_t i = 0; i < texts->n; i++) {
        sentinels->n = i + 1;
        const char *why = redis_url_read(texts->items[i], 26379, &sentinels->at[i]);
        if (why != NULL || sentinels->at[i].host == NULL || sentinels->at[i].password != NULL)
            return "not of the form HOST:26379";
    }
    return NULL;
}

void sentinels_fini(struct sentinels *sentinels)
{
    for (size_t i = 0; i < sentinels->n; i++)
        redis_url_fini(&sentinels->at[i]);
    free(sentinels->at);
    *sentinels = (struct sentinels){0};
}

static int32_t fail(struct redis_connection *connection, int32_t code, const char *text)
{
    snprintf(connection->failure, sizeof connection->failure, "%s: %s", connection->place, text);
    return code;
}

/* What the last of a sentinel's replies tells. */
static int32_t read_answer(struct redis_connection *connection, const redisReply *reply,
                           char **host, unsigned *port)
{
    if (reply->type == REDIS_REPLY_NIL)
        return fail(connection, DYN_BROKEN,
                    "it knows no master of this name; the name stands in the URL in place of the "
                    "host");
    if (reply->type == REDIS_REPLY_ERROR)
        return fail(connection,
                    redis_is_error(reply, "LOADING") || redis_is_error(reply, "IDONTKNOW")
                        ? DYN_RETRY
                        : DYN_BROKEN,
                    reply->str);
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 ||
        reply->element[0]->type != REDIS_REPLY_STRING ||
        reply->element[1]->type != REDIS_REPLY_STRING)
        return fail(connection, DYN_BROKEN, "it does not answer as a sentinel does");
    *port = (unsigned)strtoul(reply->element[1]->str, NULL, 10);
    *host = strdup(reply->element[0]->str);
    return *host != NULL ? DYN_OK : fail(connection, DYN_RETRY, "out of memory");
}

static int32_t ask(const struct sentinels *sentinels, const struct dyn_call *call,
                   struct redis_connection *connection, const char *master, char **host,
                   unsigned *port)
{
    struct redis_pipe pipe = {0};
    struct redis_replies replies = {NULL, 0};
    if (sentinels->password != NULL && sentinels->user != NULL)
        redis_add(&pipe, "AUTH", sentinels->user, sentinels->password, NULL);
    else if (sentinels->password != NULL)
        redis_add(&pipe, "AUTH", sentinels->password, NULL);
    redis_add(&pipe, "SENTINEL", "get-master-addr-by-name", master, NULL);
    int32_t code = redis_talk(connection, call, &pipe, &replies);
    if (code == DYN_OK && replies.at[0]->type == REDIS_REPLY_ERROR)
        code = fail(connection, DYN_BROKEN, replies.at[0]->str);
    if (code == DYN_OK)
        code = read_answer(connection, replies.at[replies.n - 1], host, port);
    redis_pipe_fini(&pipe);
    redis_replies_fini(&replies);
    return code;
}

/* One that does not answer must not use up the time of the others and of the master. */
static struct dyn_call part_of(const struct dyn_call *call, size_t parts)
{
    struct dyn_call part = *call;
    int64_t now_ns = dyn_now_ns();
    part.deadline_ns = now_ns + (call->deadline_ns - now_ns) / (int64_t)parts;
    return part;
}

int32_t sentinels_ask(struct sentinels *sentinels, const struct dyn_call *call,
                      struct redis_connection *connection, const struct redis_address *like,
                      const char *master, char **host, unsigned *port)
{
    int32_t code = DYN_LATE;
    for (size_t i = 0; i < sentinels->n; i++) {
        size_t which = (sentinels->first + i) % sentinels->n;
        const struct redis_url *url = &sentinels->at[which];
        struct redis_address address = *like;
        struct dyn_call part = part_of(call, sentinels->n - i + 1);
        address.host = url->host;
        address.port = url->port;
        snprintf(connection->place, sizeof connection->place, "the sentinel %s:%u", url->host,
                 url->port);
        code = redis_connect(connection, &part, &address);
        if (code == DYN_OK)
            code = ask(sentinels, &part, connection, master, host, port);
        redis_disconnect(connection);
        if (code == DYN_OK)
            sentinels->first = which;
        if (code == DYN_OK || dyn_is_over(call))
            return code;
    }
    return code == DYN_LATE ? DYN_RETRY : code;
}
