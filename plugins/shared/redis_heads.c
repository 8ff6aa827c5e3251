/* SPDX-License-Identifier: MIT */
#include "shared/redis_heads.h"

#include <stdlib.h>

enum { USUAL = 512 }; /* expected of one that was never seen */

bool redis_heads_make(struct redis_heads *heads, const struct redis_heads *last)
{
    heads->at = calloc(heads->names.n + 1, sizeof *heads->at);
    for (size_t i = 0; heads->at != NULL && i < heads->names.n; i++) {
        size_t before = names_find(&last->names, names_at(&heads->names, i));
        if (before != NAMES_NONE)
            heads->at[i] = last->at[before];
        heads->at[i].reply = heads->at[i].next = REDIS_NO_REPLY;
        heads->at[i].is_wanted = false;
    }
    return heads->at != NULL;
}

void redis_heads_add(struct redis_heads *heads, size_t turn, const char *index, const char *next,
                     struct redis_pipe *pipe)
{
    size_t bytes = 0;
    heads->turn = turn < heads->names.n ? turn : 0;
    for (size_t i = 0, start = heads->turn; i < heads->names.n; i++) {
        size_t which = (start + i) % heads->names.n;
        struct redis_head *head = &heads->at[which];
        if (!head->is_wanted)
            continue;
        size_t expected = head->bytes > 0 ? head->bytes : USUAL;
        if (bytes > 0 && bytes + expected > REDIS_BYTES_MOST) {
            heads->turn = which;
            return;
        }
        bytes += expected;
        head->reply = pipe->n;
        redis_add_key(pipe, "LINDEX", "queue:", names_at(&heads->names, which), index, NULL);
        if (next == NULL || head->bytes == 0 || head->since_ms > 0)
            continue;
        head->next = pipe->n;
        redis_add_key(pipe, "LINDEX", "queue:", names_at(&heads->names, which), next, NULL);
    }
}

static const redisReply *reply_at(const struct redis_replies *replies, size_t at)
{
    return at != REDIS_NO_REPLY ? replies->at[at] : NULL;
}

/* FNV-1a of what is there of a payload; 0: there is none. */
static uint64_t print_of(const redisReply *job)
{
    uint64_t print = 14695981039346656037u;
    if (job == NULL || job->type != REDIS_REPLY_STRING)
        return 0;
    for (size_t i = 0; i < job->len; i++)
        print = (print ^ (unsigned char)job->str[i]) * 1099511628211u;
    return print;
}

/* Of one that does not tell its time. */
static void recognize(struct redis_head *head, const redisReply *job, const redisReply *next,
                      int64_t now_ms)
{
    uint64_t print = print_of(job);
    if (print != head->print || print == print_of(next))
        head->seen_ms = now_ms;
    head->print = print;
}

void redis_head_note(struct redis_head *head, const struct redis_replies *replies, int64_t length,
                     int64_t now_ms, int64_t (*since_of)(const redisReply *job))
{
    const redisReply *job = reply_at(replies, head->reply);
    if (length == 0 || (job != NULL && job->type != REDIS_REPLY_STRING)) {
        *head = (struct redis_head){.reply = head->reply, .next = head->next};
        return;
    }
    if (job == NULL)
        return;
    head->bytes = redis_text(job).length + 1;
    head->since_ms = since_of(job);
    if (head->since_ms == 0)
        recognize(head, job, reply_at(replies, head->next), now_ms);
}

void redis_heads_fini(struct redis_heads *heads)
{
    names_fini(&heads->names);
    free(heads->at);
    *heads = (struct redis_heads){0};
}
