/* SPDX-License-Identifier: MIT */
#include "sidekiq_look.h"

#include "sidekiq_job.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    DUE_MOST = 1000, /* entries of each set that are looked at */
    DUE_LEAST = 10
};

static bool wants(const struct look *look, uint32_t bits)
{
    return (look->metrics & bits) != 0;
}

static bool wants_waiting(const struct look *look)
{
    return wants(look, DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY));
}

static bool wants_processes(const struct look *look)
{
    return wants(look, DYN_BIT(DYN_BUSY) | DYN_BIT(DYN_WORKERS));
}

void look_fini(struct look *look)
{
    redis_heads_fini(&look->heads);
    free(look->queues);
    redis_replies_fini(&look->found);
    redis_replies_fini(&look->replies);
    *look = (struct look){0};
}

void look_rest(struct look *look)
{
    redis_replies_fini(&look->found);
    redis_replies_fini(&look->replies);
}

const redisReply *look_single(const struct look *look, size_t which)
{
    return look->at[which] != REDIS_NO_REPLY ? look->replies.at[look->at[which]] : NULL;
}

size_t look_n_processes(const struct look *look)
{
    const redisReply *set = look->found.n > 0 ? look->found.at[FOUND_PROCESSES] : NULL;
    return set != NULL && set->type == REDIS_REPLY_ARRAY ? set->elements : 0;
}

const char *look_process_name(const struct look *look, size_t process)
{
    return look->found.at[FOUND_PROCESSES]->element[process]->str;
}

const redisReply *look_process(const struct look *look, size_t process, size_t which)
{
    return look->replies.at[look->first_process + process * OF_A_PROCESS + which];
}

int64_t look_beat_ms(const struct look *look, size_t process)
{
    enum { LIFE_MS = 60000 }; /* which each heartbeat gives to its key */
    const redisReply *left = look_process(look, process, PROCESS_LEFT);
    bool is_known =
        left->type == REDIS_REPLY_INTEGER && left->integer > 0 && left->integer <= LIFE_MS;
    return look->now_ms - (is_known ? LIFE_MS - left->integer : LIFE_MS);
}

int64_t look_score(const redisReply *reply, size_t element)
{
    if (reply == NULL || reply->type != REDIS_REPLY_ARRAY || reply->elements < element + 2 ||
        reply->element[element + 1]->type != REDIS_REPLY_STRING)
        return -1;
    double score = strtod(reply->element[element + 1]->str, NULL);
    return score >= 0 && score < 1e14 ? (int64_t)(score * 1000) : -1;
}

/* ---- Names ---- */

static bool add_groups(struct look *look, const struct dyn_group *groups, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        look->wants_all |= groups[i].n_queues == 0;
        look->wants_named |= groups[i].n_queues > 0;
        look->metrics |= groups[i].metrics;
        for (uint32_t q = 0; q < groups[i].n_queues; q++)
            if (names_add(&look->heads.names, groups[i].queues[q]) == NAMES_NONE)
                return false;
    }
    return true;
}

static bool add_members(struct look *look, const redisReply *set)
{
    for (size_t i = 0; set->type == REDIS_REPLY_ARRAY && i < set->elements; i++)
        if (names_add(&look->heads.names, set->element[i]->str) == NAMES_NONE)
            return false;
    return true;
}

/* The first round trip: names that only the store knows. */
static int32_t discover(struct redis *redis, const char *prefix, const struct dyn_call *call,
                        struct look *look, bool *has_memory)
{
    struct redis_pipe pipe = {.prefix = prefix};
    redis_add_key(&pipe, "SMEMBERS", "queues", "", NULL);
    redis_add_key(&pipe, "SMEMBERS", "paused", "", NULL);
    redis_hush(redis, &pipe);
    redis_add_key(&pipe, "SMEMBERS", "processes", "", NULL);
    int32_t code = redis_run(redis, call, &pipe, &look->found);
    if (code != DYN_OK || !look->wants_all)
        return code;
    const redisReply *paused = look->found.at[FOUND_PAUSED];
    look->has_paused = paused->type == REDIS_REPLY_ARRAY && paused->elements > 0;
    *has_memory = add_members(look, look->found.at[FOUND_QUEUES]);
    return DYN_OK;
}

static void want_heads(struct look *look, const struct dyn_group *groups, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        if ((groups[i].metrics & DYN_BIT(DYN_LATENCY)) == 0)
            continue;
        for (size_t q = 0; q < look->heads.names.n && groups[i].n_queues == 0; q++)
            look->heads.at[q].is_wanted = true;
        for (uint32_t q = 0; q < groups[i].n_queues; q++)
            look->heads.at[names_find(&look->heads.names, groups[i].queues[q])].is_wanted = true;
    }
}

/* One for each name, with what the look before knew. */
static bool make_queues(struct look *look, const struct look *last)
{
    look->queues = calloc(look->heads.names.n + 1, sizeof *look->queues);
    return look->queues != NULL && redis_heads_make(&look->heads, &last->heads);
}

/* ---- The second round trip ---- */

/* The next command's reply is this one. */
static void expect(struct look *look, size_t which, const struct redis_pipe *pipe)
{
    look->at[which] = pipe->n;
}

/* What is due in a set: how many, and as many entries as are needed. */
static void add_due(struct look *look, struct redis_pipe *pipe, const char *set, size_t which,
                    const char *now)
{
    char most[24];
    size_t n = look->wants_entries ? look->due_most : wants(look, DYN_BIT(DYN_LATENCY));
    snprintf(most, sizeof most, "%zu", n);
    expect(look, SCHEDULE_DUE + which, pipe);
    redis_add_key(pipe, "ZCOUNT", "", set, "-inf", now, NULL);
    if (n == 0)
        return;
    expect(look, SCHEDULE_ENTRIES + which, pipe);
    redis_add_key(pipe, "ZRANGEBYSCORE", "", set, "-inf", now, "WITHSCORES", "LIMIT", "0", most,
                  NULL);
}

/* The rest of a set, which is told of all queues together. */
static void add_later(struct look *look, struct redis_pipe *pipe, const char *set, size_t which,
                      const char *later)
{
    if (wants(look, DYN_BIT(DYN_SCHEDULED) | DYN_BIT(DYN_RETRYING))) {
        expect(look, SCHEDULE_LATER + which, pipe);
        redis_add_key(pipe, "ZCOUNT", "", set, later, "+inf", NULL);
    }
    if (wants(look, DYN_BIT(DYN_NEXT_DUE))) {
        expect(look, SCHEDULE_NEXT + which, pipe);
        redis_add_key(pipe, "ZRANGEBYSCORE", "", set, later, "+inf", "WITHSCORES", "LIMIT", "0",
                      "1", NULL);
    }
}

static void add_sets(struct look *look, struct redis_pipe *pipe)
{
    static const char *const sets[] = {"schedule", "retry"};
    char later[48];
    snprintf(later, sizeof later, "(%" PRId64 ".%03" PRId64, look->now_ms / 1000,
             look->now_ms % 1000);
    for (size_t which = 0; which < 2 && wants_waiting(look); which++)
        add_due(look, pipe, sets[which], which, later + 1);
    for (size_t which = 0; which < 2 && look->wants_all; which++)
        add_later(look, pipe, sets[which], which, later);
    if (look->wants_all && wants(look, DYN_BIT(DYN_FAILED))) {
        expect(look, DEAD, pipe);
        redis_add_key(pipe, "ZCARD", "", "dead", NULL);
    }
}

static void add_queues(struct look *look, struct redis_pipe *pipe, size_t turn)
{
    if (look->found.n == 0) {
        expect(look, PAUSED, pipe);
        redis_add_key(pipe, "SMEMBERS", "", "paused", NULL);
    }
    look->first_queue = pipe->n;
    for (size_t i = 0; i < look->heads.names.n; i++)
        redis_add_key(pipe, "LLEN", "queue:", names_at(&look->heads.names, i), NULL);
    redis_heads_add(&look->heads, turn, "-1", NULL, pipe);
}

static void add_processes(struct look *look, struct redis_pipe *pipe)
{
    look->first_process = pipe->n;
    for (size_t i = 0; i < look_n_processes(look); i++) {
        const char *process = look_process_name(look, i);
        redis_add_key(pipe, "HMGET", "", process, "busy", "info", NULL);
        redis_add_key(pipe, "HVALS", process, ":work", NULL);
        redis_add_key(pipe, "HVALS", process, ":workers", NULL);
        redis_add_key(pipe, "PTTL", "", process, NULL);
    }
}

/* ---- What the replies tell ---- */

static void note_paused(struct look *look)
{
    const redisReply *set =
        look->found.n > 0 ? look->found.at[FOUND_PAUSED] : look_single(look, PAUSED);
    for (size_t i = 0; set->type == REDIS_REPLY_ARRAY && i < set->elements; i++) {
        size_t which = names_find(&look->heads.names, set->element[i]->str);
        if (which != NAMES_NONE)
            look->queues[which].is_paused = true;
    }
}

static void note_queue(struct look *look, size_t which)
{
    struct queue *queue = &look->queues[which];
    const redisReply *length = look->replies.at[look->first_queue + which];
    if (length->type == REDIS_REPLY_INTEGER)
        queue->length = length->integer;
    else
        queue->wrong = length;
    redis_head_note(&look->heads.at[which], &look->replies, queue->length, look->now_ms,
                    sidekiq_job_since);
}

/* Due entries by the queue in their payload. */
static size_t note_entries(struct look *look, size_t which)
{
    const redisReply *entries = look_single(look, SCHEDULE_ENTRIES + which);
    const redisReply *due = look_single(look, SCHEDULE_DUE + which);
    size_t bytes = 0;
    for (size_t i = 0; entries->type == REDIS_REPLY_ARRAY && i + 1 < entries->elements; i += 2) {
        char *name = sidekiq_queue(entries->element[i]);
        size_t number = name != NULL ? names_find(&look->heads.names, name) : NAMES_NONE;
        struct queue *queue = number != NAMES_NONE ? &look->queues[number] : &look->others;
        int64_t since_ms = look_score(entries, i);
        if (queue->due++ == 0 || since_ms < queue->due_since_ms)
            queue->due_since_ms = since_ms;
        bytes += redis_text(entries->element[i]).length;
        free(name);
    }
    look->has_more_due |=
        due->type == REDIS_REPLY_INTEGER && due->integer > (int64_t)look->due_most;
    return bytes;
}

/* Entries are read whole, so fewer are asked for where they are large. */
static void note_due(struct look *look)
{
    size_t bytes = note_entries(look, 0) + note_entries(look, 1);
    size_t n = 0;
    for (size_t i = 0; i < look->heads.names.n; i++)
        n += (size_t)look->queues[i].due;
    n += (size_t)look->others.due;
    size_t fit = bytes > 0 ? n * (REDIS_BYTES_MOST / 2) / bytes : DUE_MOST;
    look->next_due_most = fit > DUE_MOST ? DUE_MOST : fit < DUE_LEAST ? DUE_LEAST : fit;
}

static int32_t read_store(struct redis *redis, const char *prefix, const struct dyn_call *call,
                          const struct look *last, struct look *look)
{
    struct redis_pipe pipe = {.prefix = prefix};
    look->now_ms = redis_now_ms(redis);
    look->wants_entries = look->wants_named || look->has_paused;
    look->due_most = last->next_due_most > 0 ? last->next_due_most : DUE_MOST;
    for (size_t which = 0; which < N_SINGLES; which++)
        look->at[which] = REDIS_NO_REPLY;
    if (wants_waiting(look))
        add_queues(look, &pipe, last->heads.turn);
    redis_hush(redis, &pipe); /* what is due later, given up or runs needs nobody at once */
    add_sets(look, &pipe);
    if (wants_processes(look))
        add_processes(look, &pipe);
    int32_t code = redis_run(redis, call, &pipe, &look->replies);
    if (code != DYN_OK || !wants_waiting(look))
        return code;
    note_paused(look);
    for (size_t i = 0; i < look->heads.names.n; i++)
        note_queue(look, i);
    if (look->wants_entries)
        note_due(look);
    return DYN_OK;
}

int32_t look_at(struct redis *redis, const char *prefix, const struct dyn_call *call,
                const struct dyn_group *groups, uint32_t n, const struct look *last,
                struct look *look)
{
    bool has_memory = add_groups(look, groups, n);
    int32_t code = redis_reach(redis, call);
    if (look->is_of_workers)
        look->metrics = DYN_BIT(DYN_WORKERS);
    if (code == DYN_OK && has_memory && (look->wants_all || wants_processes(look)))
        code = discover(redis, prefix, call, look, &has_memory);
    if (code != DYN_OK)
        return code;
    if (!has_memory || !make_queues(look, last))
        return redis_out_of_memory(redis);
    want_heads(look, groups, n);
    return read_store(redis, prefix, call, last, look);
}
