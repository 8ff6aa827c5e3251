/* SPDX-License-Identifier: MIT
 * Queue adapter for Resque 1 to 3: lists in Redis, each pushed at its end and taken at its start.
 * Resque stores no time, so latency is known only where an Active Job payload or an extension adds
 * one; else it is at least for how long the oldest job has been seen to be the oldest.
 *
 * A measurement is two round trips: what exists, then what is in it. */
#include <config.h>

#include "shared/json_member.h"
#include "shared/redis.h"
#include "shared/redis_detect.h"
#include "shared/redis_heads.h"
#include "shared/transfer.h"

#include <dynomatic/util.h>

#include <cjson/cJSON.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct config {
    struct redis_config redis; /* stands first */
    const char *namespace;
    int32_t count_delayed;
    int32_t reserved;
};

static const struct dyn_option options[] = {
    REDIS_OPTIONS,
    {"namespace", "resque", NULL, NULL, "what Resque puts before each key, without the colon",
     DYN_TEXT, 0, offsetof(struct config, namespace), 0},
    {"count_delayed", "no", NULL, NULL,
     "whether jobs of resque-scheduler that are due wait: yes, if it runs in the scaled dynos",
     DYN_BOOLEAN, 0, offsetof(struct config, count_delayed), 0},
};

struct resque {
    const struct dyn_host *host;
    const struct config *config;
    struct redis *redis;
    struct redis_heads last; /* as the look before knew them */
    char prefix[];           /* of each key */
};

enum {
    TIMES_MOST = 1000,    /* in the schedule that are looked at */
    DUE_TIMES_MOST = 100, /* where jobs must be told by their queues */
    DUE_JOBS_MOST = 100,  /* of each of those times */
    GHOST_MS = 300000     /* Resque itself takes a worker for dead after so long without a sign */
};

/* ---- Life ---- */

static int32_t resque_open(const struct dyn_host *host, const void *config_ptr, void **self)
{
    const struct config *config = config_ptr;
    const char *space = config->namespace != NULL ? config->namespace : "";
    size_t room = strlen(space) + sizeof ":";
    struct resque *resque = calloc(1, sizeof *resque + room);
    if (resque == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    resque->host = host;
    resque->config = config;
    snprintf(resque->prefix, room, "%s%s", space, space[0] != '\0' ? ":" : "");
    int32_t code = redis_open(host, &config->redis, &resque->redis);
    if (code != DYN_OK) {
        free(resque);
        return code;
    }
    *self = resque;
    return DYN_OK;
}

static void resque_close(void *self)
{
    struct resque *resque = self;
    if (resque == NULL)
        return;
    redis_free(resque->redis);
    redis_heads_fini(&resque->last);
    free(resque);
}

static int32_t run(const struct resque *resque, const struct dyn_call *call,
                   struct redis_pipe *pipe, struct redis_replies *replies)
{
    int32_t code = redis_run(resque->redis, call, pipe, replies);
    return code == DYN_OK ? DYN_OK
                          : resque->host->fail(resque->host, code, redis_failure(resque->redis));
}

/* ---- Which queues a group has ---- */

/* As Resque's workers take them: shell patterns, and ! before those to leave out. A list of
 * exclusions alone leaves out of nothing. */
static bool serves(const struct dyn_group *group, const char *queue)
{
    bool is_in = group->n_queues == 0;
    for (uint32_t i = 0; i < group->n_queues; i++)
        if (group->queues[i][0] != '!')
            is_in |= fnmatch(group->queues[i], queue, FNM_PERIOD) == 0;
    for (uint32_t i = 0; i < group->n_queues; i++)
        if (group->queues[i][0] == '!' && fnmatch(group->queues[i] + 1, queue, FNM_PERIOD) == 0)
            return false;
    return is_in;
}

/* Whether a group has names only, so that they need not be held against each queue. */
static bool is_plain(const struct dyn_group *group)
{
    for (uint32_t i = 0; i < group->n_queues; i++)
        if (strpbrk(group->queues[i], "!*?[\\") != NULL)
            return false;
    return group->n_queues > 0;
}

static bool is_repeated(const struct dyn_group *group, uint32_t at)
{
    for (uint32_t i = 0; i < at; i++)
        if (strcmp(group->queues[i], group->queues[at]) == 0)
            return true;
    return false;
}

/* ---- What is looked at ---- */

/* The first round trip. */
enum { QUEUES, PAUSE, WORKERS, HEARTBEATS, DUE_TIMES, LATER_TIMES, FAILED, FAILED_QUEUES, FIRSTS };

struct look {
    struct redis_heads heads; /* with the names of the queues */
    struct redis_replies first;
    struct redis_replies second;
    size_t at_queues; /* where the replies for each begin in the second */
    size_t at_workers;
    size_t at_due;      /* how many jobs, for each due time */
    size_t at_due_jobs; /* those jobs, if a group has queues */
    size_t at_later;
    size_t at_failed;
    uint32_t metrics;  /* of all groups */
    bool wants_named;  /* a group has queues */
    bool has_more_due; /* more is due than was looked at */
    int64_t now_ms;
};

static void look_fini(struct look *look)
{
    redis_heads_fini(&look->heads);
    redis_replies_fini(&look->first);
    redis_replies_fini(&look->second);
}

static bool wants(uint32_t metrics, uint32_t bits)
{
    return (metrics & bits) != 0;
}

static const redisReply *first_of(const struct look *look, size_t which)
{
    return which < look->first.n ? look->first.at[which] : NULL;
}

static size_t size_of(const struct look *look, size_t which)
{
    const redisReply *reply = first_of(look, which);
    return reply != NULL && reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

static const char *name_of(const struct look *look, size_t which, size_t i)
{
    const redisReply *element = look->first.at[which]->element[i];
    return element->type == REDIS_REPLY_STRING ? element->str : "";
}

static int32_t look_first(const struct resque *resque, const struct dyn_call *call,
                          struct look *look)
{
    struct redis_pipe pipe = {.prefix = resque->prefix};
    char now[24];
    char later[32];
    char due_most[16];
    char later_most[16];
    bool wants_due = resque->config->count_delayed == 1;
    look->now_ms = redis_now_ms(resque->redis);
    snprintf(now, sizeof now, "%" PRId64, look->now_ms / 1000);
    snprintf(later, sizeof later, "(%s", now);
    snprintf(due_most, sizeof due_most, "%d",
             !wants_due          ? 0
             : look->wants_named ? DUE_TIMES_MOST
                                 : TIMES_MOST);
    snprintf(later_most, sizeof later_most, "%d",
             wants(look->metrics, DYN_BIT(DYN_SCHEDULED)) ? TIMES_MOST : 1);
    redis_add_key(&pipe, "SMEMBERS", "", "queues", NULL);
    redis_add_key(&pipe, "GET", "", "pause-all-workers", NULL);
    redis_hush(resque->redis, &pipe); /* what runs, is due later or failed needs nobody at once */
    redis_add_key(&pipe, "SMEMBERS", "", "workers", NULL);
    redis_add_key(&pipe, "HGETALL", "", "workers:heartbeat", NULL);
    redis_add_key(&pipe, "ZRANGEBYSCORE", "", "delayed_queue_schedule", "-inf", now, "LIMIT", "0",
                  due_most, NULL);
    redis_add_key(&pipe, "ZRANGEBYSCORE", "", "delayed_queue_schedule", later, "+inf", "LIMIT", "0",
                  later_most, NULL);
    redis_add_key(&pipe, "LLEN", "", "failed", NULL);
    redis_add_key(&pipe, "SMEMBERS", "", "failed_queues", NULL);
    return run(resque, call, &pipe, &look->first);
}

/* Marks those of the queues that a group serves. */
static void mark(const struct names *queues, const struct dyn_group *group, bool *marks)
{
    bool plain = is_plain(group);
    for (uint32_t i = 0; plain && i < group->n_queues; i++) {
        size_t queue = names_find(queues, group->queues[i]);
        if (queue != NAMES_NONE)
            marks[queue] = true;
    }
    for (size_t i = 0; !plain && i < queues->n; i++)
        marks[i] |= serves(group, names_at(queues, i));
}

/* Those of the groups that want one of these metrics, or 0: of all groups. NULL: out of memory. */
static bool *marks_of(const struct names *queues, const struct dyn_group *groups, uint32_t n,
                      uint32_t metrics)
{
    bool *marks = calloc(queues->n + 1, sizeof *marks);
    for (uint32_t i = 0; marks != NULL && i < n; i++)
        if (metrics == 0 || wants(groups[i].metrics, metrics))
            mark(queues, &groups[i], marks);
    return marks;
}

/* One that no group serves is not looked at, and so not watched. */
static bool name_queues(const struct dyn_group *groups, uint32_t n, struct look *look)
{
    struct names all = {0};
    bool has_memory = true;
    for (size_t i = 0; has_memory && i < size_of(look, QUEUES); i++)
        has_memory = names_add(&all, name_of(look, QUEUES, i)) != NAMES_NONE;
    bool *marks = has_memory ? marks_of(&all, groups, n, 0) : NULL;
    has_memory &= marks != NULL;
    for (size_t i = 0; has_memory && i < all.n; i++)
        if (marks[i])
            has_memory = names_add(&look->heads.names, names_at(&all, i)) != NAMES_NONE;
    free(marks);
    names_fini(&all);
    return has_memory;
}

static bool make_heads(const struct resque *resque, const struct dyn_group *groups, uint32_t n,
                       struct look *look)
{
    struct redis_heads *heads = &look->heads;
    if (!name_queues(groups, n, look) || !redis_heads_make(heads, &resque->last))
        return false;
    bool *marks = marks_of(&heads->names, groups, n, DYN_BIT(DYN_LATENCY));
    for (size_t i = 0; marks != NULL && i < heads->names.n; i++)
        heads->at[i].is_wanted = marks[i];
    free(marks);
    return marks != NULL;
}

/* A command for each element of a set of the first; returns where their replies begin. */
static size_t add_each(const struct look *look, struct redis_pipe *pipe, size_t which,
                       const char *command, const char *before)
{
    size_t at = pipe->n;
    for (size_t i = 0; i < size_of(look, which); i++)
        redis_add_key(pipe, command, before, name_of(look, which, i), NULL);
    return at;
}

static void add_due_jobs(struct look *look, struct redis_pipe *pipe)
{
    char last[16];
    snprintf(last, sizeof last, "%d", DUE_JOBS_MOST - 1);
    look->at_due_jobs = pipe->n;
    for (size_t i = 0; look->wants_named && i < size_of(look, DUE_TIMES); i++)
        redis_add_key(pipe, "LRANGE", "delayed:", name_of(look, DUE_TIMES, i), "0", last, NULL);
}

static int32_t look_second(const struct resque *resque, const struct dyn_call *call,
                           struct look *look)
{
    struct redis_pipe pipe = {.prefix = resque->prefix};
    look->at_queues = pipe.n;
    for (size_t i = 0; i < look->heads.names.n; i++)
        redis_add_key(&pipe, "LLEN", "queue:", names_at(&look->heads.names, i), NULL);
    redis_heads_add(&look->heads, resque->last.turn, "0", "1", &pipe);
    redis_hush(resque->redis, &pipe);
    look->at_workers = pipe.n;
    if (wants(look->metrics, DYN_BIT(DYN_BUSY) | DYN_BIT(DYN_WORKERS)))
        add_each(look, &pipe, WORKERS, "GET", "worker:");
    look->at_due = add_each(look, &pipe, DUE_TIMES, "LLEN", "delayed:");
    add_due_jobs(look, &pipe);
    look->at_later = add_each(look, &pipe, LATER_TIMES, "LLEN", "delayed:");
    look->at_failed = add_each(look, &pipe, FAILED_QUEUES, "LLEN", "");
    return run(resque, call, &pipe, &look->second);
}

static int64_t since_of(const redisReply *job);

static int64_t length_at(const struct look *look, size_t reply)
{
    const redisReply *length = look->second.at[reply];
    return length->type == REDIS_REPLY_INTEGER ? length->integer : 0;
}

static void note(struct look *look)
{
    size_t most = look->wants_named ? DUE_TIMES_MOST : TIMES_MOST;
    for (size_t i = 0; i < look->heads.names.n; i++)
        redis_head_note(&look->heads.at[i], &look->second, length_at(look, look->at_queues + i),
                        look->now_ms, since_of);
    look->has_more_due = size_of(look, DUE_TIMES) >= most;
    for (size_t i = 0; look->wants_named && i < size_of(look, DUE_TIMES); i++)
        look->has_more_due |= length_at(look, look->at_due + i) > DUE_JOBS_MOST;
}

static int32_t look_at(struct resque *resque, const struct dyn_call *call,
                       const struct dyn_group *groups, uint32_t n, struct look *look)
{
    for (uint32_t i = 0; i < n; i++) {
        look->metrics |= groups[i].metrics;
        look->wants_named |= groups[i].n_queues > 0;
    }
    int32_t code = redis_reach(resque->redis, call);
    if (code != DYN_OK)
        return resque->host->fail(resque->host, code, redis_failure(resque->redis));
    code = look_first(resque, call, look);
    if (code == DYN_OK && !make_heads(resque, groups, n, look))
        return resque->host->fail(resque->host, DYN_RETRY, "out of memory");
    if (code == DYN_OK)
        code = look_second(resque, call, look);
    if (code == DYN_OK)
        note(look);
    return code;
}

/* ---- Payloads ---- */

/* "2026-11-24T03:00:00Z" and its like, in ms since 1970; 0: it is none. */
static int64_t instant_of(const char *text)
{
    struct tm parts = {0};
    const char *rest = text != NULL ? strptime(text, "%Y-%m-%dT%H:%M:%S", &parts) : NULL;
    if (rest == NULL)
        return 0;
    if (*rest == '.')
        rest += 1 + strspn(rest + 1, "0123456789");
    int64_t s = timegm(&parts);
    int hours = 0;
    int minutes = 0;
    if ((*rest == '+' || *rest == '-') && sscanf(rest + 1, "%2d:%2d", &hours, &minutes) >= 1)
        s -= (int64_t)(*rest == '+' ? 1 : -1) * (hours * 3600L + minutes * 60L);
    return s * 1000;
}

static int64_t instant_in(const cJSON *object, const char *key)
{
    return instant_of(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key)));
}

/* Active Job's one argument, which stands last in the payload, tells when it was enqueued. Where
 * the payload lacks its middle, that argument's end is all there is of it. */
static int64_t active_job_since(struct redis_text text)
{
    size_t n = text.n;
    cJSON *args = json_last(text.end, n, "args");
    int64_t since_ms = instant_in(cJSON_GetArrayItem(args, 0), "enqueued_at");
    bool is_cut = text.length > text.n;
    cJSON_Delete(args);
    if (!is_cut || n < 2 || memcmp(text.end + n - 2, "]}", 2) != 0)
        return since_ms;
    cJSON *item = json_last(text.end, n - 2, "enqueued_at");
    since_ms = instant_of(cJSON_GetStringValue(item));
    cJSON_Delete(item);
    return since_ms;
}

/* When a job came into its queue, in ms since 1970, by an extension's "timestamp" or by Active Job;
 * 0: not told, as by Resque itself. */
static int64_t since_of(const redisReply *job)
{
    struct redis_text text = redis_text(job);
    cJSON *stamp = json_last(text.end, text.n, "timestamp");
    bool has_stamp = cJSON_IsNumber(stamp) && stamp->valuedouble > 0 && stamp->valuedouble < 1e11;
    int64_t since_ms = has_stamp ? (int64_t)(stamp->valuedouble * 1000) : active_job_since(text);
    cJSON_Delete(stamp);
    return since_ms;
}

/* ---- Answering ---- */

static bool is_paused(const struct look *look)
{
    const redisReply *reply = look->first.at[PAUSE];
    if (reply->type != REDIS_REPLY_STRING)
        return false;
    const char *word = reply->str + strspn(reply->str, " \t\r\n");
    return strncasecmp(word, "true", 4) == 0 && word[4 + strspn(word + 4, " \t\r\n")] == '\0';
}

struct sum {
    int64_t waiting;
    int64_t age_ms;
    bool has_unknown_age;
    struct redis_untold untold;
};

static void add_age(struct sum *sum, int64_t age_ms)
{
    sum->age_ms = age_ms > sum->age_ms ? age_ms : sum->age_ms;
}

static void add_queue(const struct look *look, size_t queue, struct sum *sum)
{
    const redisReply *length = look->second.at[look->at_queues + queue];
    int64_t since_ms = look->heads.at[queue].since_ms;
    if (length->type != REDIS_REPLY_INTEGER) {
        sum->untold =
            (struct redis_untold){length, "", "queue:", names_at(&look->heads.names, queue)};
        return;
    }
    sum->waiting += length->integer;
    if (length->integer == 0)
        return;
    sum->has_unknown_age |= since_ms == 0;
    add_age(sum, look->now_ms - (since_ms > 0 ? since_ms : look->heads.at[queue].seen_ms));
}

static void add_queues(const struct look *look, const struct dyn_group *group, struct sum *sum)
{
    bool plain = is_plain(group);
    for (uint32_t i = 0; plain && i < group->n_queues; i++) {
        size_t queue = names_find(&look->heads.names, group->queues[i]);
        if (queue != NAMES_NONE && !is_repeated(group, i))
            add_queue(look, queue, sum);
    }
    for (size_t queue = 0; !plain && queue < look->heads.names.n; queue++)
        if (serves(group, names_at(&look->heads.names, queue)))
            add_queue(look, queue, sum);
}

static bool is_of(const redisReply *job, const struct dyn_group *group)
{
    struct redis_text text = redis_text(job);
    cJSON *item = json_last(text.end, text.n, "queue");
    const char *queue = cJSON_GetStringValue(item);
    bool is = queue != NULL && serves(group, queue);
    cJSON_Delete(item);
    return is;
}

static int64_t count_due(const struct look *look, const struct dyn_group *group, size_t time)
{
    if (group->n_queues == 0)
        return length_at(look, look->at_due + time);
    const redisReply *jobs = look->second.at[look->at_due_jobs + time];
    int64_t n = 0;
    for (size_t i = 0; jobs->type == REDIS_REPLY_ARRAY && i < jobs->elements; i++)
        n += is_of(jobs->element[i], group);
    return n;
}

/* Jobs of resque-scheduler that are due. */
static void add_due(const struct look *look, const struct dyn_group *group, struct sum *sum)
{
    for (size_t i = 0; i < size_of(look, DUE_TIMES); i++) {
        int64_t n = count_due(look, group, i);
        sum->waiting += n;
        if (n > 0)
            add_age(sum, look->now_ms - strtoll(name_of(look, DUE_TIMES, i), NULL, 10) * 1000);
    }
}

/* Whether a worker has given no sign for so long that it is dead; without any it may be of an old
 * version, and lives. */
static bool is_ghost(const struct look *look, const char *worker)
{
    const redisReply *beats = look->first.at[HEARTBEATS];
    for (size_t i = 0; beats->type == REDIS_REPLY_ARRAY && i + 1 < beats->elements; i += 2)
        if (strcmp(beats->element[i]->str, worker) == 0) {
            int64_t beat_ms = instant_of(beats->element[i + 1]->str);
            return beat_ms > 0 && look->now_ms - beat_ms > GHOST_MS;
        }
    return false;
}

/* What a worker runs for a group; NULL: nothing. */
static const redisReply *work_of(const struct look *look, size_t worker,
                                 const struct dyn_group *group)
{
    const redisReply *work = look->second.at[look->at_workers + worker];
    struct redis_text text = redis_text(work);
    if (text.n == 0 || is_ghost(look, name_of(look, WORKERS, worker)))
        return NULL;
    cJSON *queue = json_first(text.start, text.n, "queue");
    const char *name = cJSON_GetStringValue(queue);
    bool is_ours = group->n_queues == 0 || (name != NULL && serves(group, name));
    cJSON_Delete(queue);
    return is_ours ? work : NULL;
}

static int64_t count_busy(const struct look *look, const struct dyn_group *group)
{
    int64_t busy = 0;
    for (size_t i = 0; i < size_of(look, WORKERS); i++)
        busy += work_of(look, i, group) != NULL;
    return busy;
}

static int64_t sum_of(const struct look *look, size_t which, size_t at)
{
    int64_t sum = 0;
    for (size_t i = 0; i < size_of(look, which); i++)
        sum += length_at(look, at + i);
    return sum;
}

/* What is stored of all queues together: for some of them it stays unknown. */
static void put_whole(const struct resque *resque, const struct look *look, uint32_t index)
{
    const struct dyn_host *host = resque->host;
    uint32_t flags = size_of(look, LATER_TIMES) >= TIMES_MOST ? DYN_AT_LEAST : 0;
    const redisReply *failed = look->first.at[FAILED];
    if (wants(look->metrics, DYN_BIT(DYN_SCHEDULED)) &&
        look->first.at[LATER_TIMES]->type == REDIS_REPLY_ARRAY)
        host->put(host, index, DYN_SCHEDULED, sum_of(look, LATER_TIMES, look->at_later), flags);
    if (size_of(look, FAILED_QUEUES) > 0)
        host->put(host, index, DYN_FAILED, sum_of(look, FAILED_QUEUES, look->at_failed), 0);
    else if (failed->type == REDIS_REPLY_INTEGER)
        host->put(host, index, DYN_FAILED, failed->integer, 0);
    if (size_of(look, LATER_TIMES) > 0) {
        int64_t next_ms = strtoll(name_of(look, LATER_TIMES, 0), NULL, 10) * 1000 - look->now_ms;
        host->put(host, index, DYN_NEXT_DUE, next_ms > 0 ? next_ms : 0, 0);
    }
}

/* An age that no job tells is not known; one that only some tell is at least that. */
static void put_latency(const struct resque *resque, const struct sum *sum, uint32_t index)
{
    if (sum->has_unknown_age && sum->age_ms == 0)
        return;
    resque->host->put(resque->host, index, DYN_LATENCY, sum->age_ms,
                      sum->has_unknown_age ? DYN_AT_LEAST : 0);
}

static const char *sentence(const struct resque *resque, struct redis_untold untold)
{
    untold.prefix = resque->prefix;
    return redis_untold_text(resque->redis, &untold);
}

/* What cannot be read of a set; nothing if it can. */
static struct redis_untold untold_of(const struct look *look, size_t which, const char *set)
{
    const redisReply *reply = first_of(look, which);
    bool is_told = reply == NULL || reply->type == REDIS_REPLY_ARRAY;
    return is_told ? (struct redis_untold){0} : (struct redis_untold){reply, "", "", set};
}

/* A set of workers that cannot be read leaves it open who is busy. */
static void put_busy(const struct resque *resque, const struct look *look,
                     const struct dyn_group *group, uint32_t index)
{
    struct redis_untold untold = untold_of(look, WORKERS, "workers");
    if (untold.reply == NULL)
        resque->host->put(resque->host, index, DYN_BUSY, count_busy(look, group), 0);
    else
        resque->host->unknown(resque->host, index, sentence(resque, untold));
}

static void answer(const struct resque *resque, const struct look *look,
                   const struct dyn_group *group, uint32_t index)
{
    const struct dyn_host *host = resque->host;
    struct sum sum = {.untold = untold_of(look, QUEUES, "queues")};
    if (!is_paused(look)) {
        add_queues(look, group, &sum);
        add_due(look, group, &sum);
    }
    if (sum.untold.reply != NULL)
        host->unknown(host, index, sentence(resque, sum.untold));
    else {
        host->put(host, index, DYN_WAITING, sum.waiting, look->has_more_due ? DYN_AT_LEAST : 0);
        put_latency(resque, &sum, index);
    }
    if (wants(group->metrics, DYN_BIT(DYN_BUSY)))
        put_busy(resque, look, group, index);
    if (group->n_queues == 0)
        put_whole(resque, look, index);
}

static int32_t resque_measure(void *self, const struct dyn_call *call,
                              const struct dyn_group *groups, uint32_t n)
{
    struct resque *resque = self;
    struct look look = {0};
    redis_take_events(resque->redis, call, n);
    int32_t code = look_at(resque, call, groups, n, &look);
    for (uint32_t i = 0; i < n && code == DYN_OK; i++)
        answer(resque, &look, &groups[i], i);
    if (code == DYN_OK) {
        redis_heads_fini(&resque->last);
        resque->last = look.heads;
        look.heads = (struct redis_heads){0};
    }
    look_fini(&look);
    return code;
}

/* Of the queues, of what queues there are, and of whether all are paused. */
static int32_t resque_watch(void *self, const struct dyn_call *call, const struct dyn_group *groups,
                            uint32_t n, int32_t *fd)
{
    const struct resque *resque = self;
    (void)groups;
    return redis_watch(resque->redis, call, n, fd);
}

/* ---- Workers ---- */

/* An id is HOST:PID:QUEUES. */
static void put_worker(const struct resque *resque, const struct look *look, size_t worker,
                       const redisReply *work, uint32_t index)
{
    const char *id = name_of(look, WORKERS, worker);
    struct redis_text text = redis_text(work);
    cJSON *queue = json_first(text.start, text.n, "queue");
    cJSON *run_at = json_first(text.start, text.n, "run_at");
    int64_t since_ms = instant_of(cJSON_GetStringValue(run_at));
    char host[256];
    snprintf(host, sizeof host, "%.*s", (int)strcspn(id, ":"), id);
    struct dyn_worker busy = {
        .busy_ms = since_ms > 0 && since_ms <= look->now_ms ? look->now_ms - since_ms : DYN_ABSENT,
        .host = host,
        .id = id,
        .queue = cJSON_GetStringValue(queue),
        .n_jobs = 1,
    };
    resque->host->put_worker(resque->host, index, &busy);
    cJSON_Delete(queue);
    cJSON_Delete(run_at);
}

static int32_t resque_workers(void *self, const struct dyn_call *call,
                              const struct dyn_group *groups, uint32_t n)
{
    struct resque *resque = self;
    struct look look = {.metrics = DYN_BIT(DYN_WORKERS)};
    int32_t code = look_at(resque, call, groups, n, &look);
    struct redis_untold untold = {0};
    if (code == DYN_OK)
        untold = untold_of(&look, WORKERS, "workers");
    if (untold.reply != NULL)
        code = resque->host->fail(resque->host, DYN_RETRY, sentence(resque, untold));
    for (uint32_t i = 0; i < n && code == DYN_OK; i++)
        for (size_t worker = 0; worker < size_of(&look, WORKERS); worker++) {
            const redisReply *work = work_of(&look, worker, &groups[i]);
            if (work != NULL)
                put_worker(resque, &look, worker, work, i);
        }
    look_fini(&look);
    return code;
}

/* ---- Detection ---- */

static int32_t resque_detect(void *self, const struct dyn_call *call)
{
    const struct resque *resque = self;
    return redis_detect(resque->host, resque->redis, call, REDIS_RESQUE, resque->config->namespace);
}

static const struct dyn_queue queue = {
    .size = sizeof queue,
    .metrics = DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY) | DYN_BIT(DYN_BUSY) |
               DYN_BIT(DYN_SCHEDULED) | DYN_BIT(DYN_FAILED) | DYN_BIT(DYN_NEXT_DUE),
    .measure = resque_measure,
    .detect = resque_detect,
    .watch = resque_watch,
    .workers = resque_workers,
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = sizeof dynomatic_plugin,
    .abi = DYN_ABI,
    .name = "resque",
    .version = PACKAGE_VERSION,
    .summary = "counts Resque's jobs in Redis",
    .options = options,
    .n_options = DYN_COUNT(options),
    .option_size = sizeof(struct dyn_option),
    .config_size = sizeof(struct config),
    .load = transfer_load,
    .open = resque_open,
    .close = resque_close,
    .queue = &queue,
};
