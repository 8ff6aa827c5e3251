/* SPDX-License-Identifier: MIT
 * Queue adapter for Sidekiq 5 to 8: lists, sorted sets and heartbeats in Redis, as Sidekiq's own
 * api.rb reads them. Due entries of the sets "schedule" and "retry" wait too: the poller that moves
 * them to their queue lives in the workers, so at zero dynos nobody else would see them.
 *
 * A measurement is one round trip where the queues are named and busy workers are not asked for,
 * and two otherwise. Payloads are untrusted: one that cannot be read still counts as a job. */
#include <config.h>

#include "shared/redis.h"
#include "shared/redis_detect.h"
#include "sidekiq_job.h"

#include <dynomatic/util.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct config {
    const char *url;
    const char *ca_file;
    const char *namespace;
    int32_t tls_verify;
};

static const struct dyn_option options[] = {
    {"url", NULL, NULL, "REDIS_URL", "the server: redis://, rediss:// (TLS) or unix://PATH",
     DYN_URL, DYN_REQUIRED, offsetof(struct config, url), 0},
    {"namespace", NULL, NULL, NULL, "what redis-namespace puts before each key, without the colon",
     DYN_TEXT, 0, offsetof(struct config, namespace), 0},
    {"ca_file", NULL, NULL, NULL, "file of the certificates to trust instead of the system's",
     DYN_TEXT, 0, offsetof(struct config, ca_file), 0},
    {"tls_verify", "yes", NULL, NULL,
     "whether a certificate must be signed by somebody trusted; Heroku Key-Value Store's is not",
     DYN_BOOLEAN, 0, offsetof(struct config, tls_verify), 0},
};

struct sidekiq {
    const struct dyn_host *host;
    const struct config *config;
    struct redis_options options;
    struct redis *redis;
};

enum { DUE_MOST = 1000, KEY_ROOM = 1024 };

/* ---- Life ---- */

static int32_t sidekiq_open(const struct dyn_host *host, const void *config, void **self)
{
    struct sidekiq *sidekiq = calloc(1, sizeof *sidekiq);
    if (sidekiq == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    sidekiq->host = host;
    sidekiq->config = config;
    sidekiq->options = (struct redis_options){sidekiq->config->url, sidekiq->config->ca_file,
                                              sidekiq->config->tls_verify != 0};
    int32_t code = redis_open(host, &sidekiq->options, &sidekiq->redis);
    if (code != DYN_OK) {
        free(sidekiq);
        return code;
    }
    *self = sidekiq;
    return DYN_OK;
}

static void sidekiq_close(void *self)
{
    struct sidekiq *sidekiq = self;
    if (sidekiq == NULL)
        return;
    redis_free(sidekiq->redis);
    free(sidekiq);
}

/* "NAMESPACE:" and the parts of a key. */
static const char *key(const struct sidekiq *sidekiq, char *out, const char *first,
                       const char *second)
{
    const char *space = sidekiq->config->namespace;
    bool has_space = space != NULL && space[0] != '\0';
    snprintf(out, KEY_ROOM, "%s%s%s%s", has_space ? space : "", has_space ? ":" : "", first,
             second);
    return out;
}

static int32_t run(const struct sidekiq *sidekiq, const struct dyn_call *call,
                   struct redis_pipe *pipe, struct redis_replies *replies)
{
    int32_t code = redis_run(sidekiq->redis, call, pipe, replies);
    return code == DYN_OK ? DYN_OK
                          : sidekiq->host->fail(sidekiq->host, code, redis_failure(sidekiq->redis));
}

/* ---- What is looked at ---- */

/* Queues by name, in the order of their commands; and processes, likewise. */
struct names {
    const char **at; /* of the groups, or of `found` */
    size_t n;
};

struct look {
    struct names queues;
    struct names processes;
    struct redis_replies found; /* holds discovered names; NULL: none were asked for */
    struct redis_replies replies;
    bool wants_all;   /* a group has no names */
    bool wants_named; /* a group has some */
    uint32_t metrics; /* of all groups */
    int64_t now_ms;
};

static bool has_name(const struct names *names, const char *name)
{
    for (size_t i = 0; i < names->n; i++)
        if (strcmp(names->at[i], name) == 0)
            return true;
    return false;
}

static bool add_name(struct names *names, const char *name)
{
    if (has_name(names, name))
        return true;
    const char **more = realloc(names->at, (names->n + 1) * sizeof *more);
    if (more == NULL)
        return false;
    names->at = more;
    names->at[names->n++] = name;
    return true;
}

static bool add_members(struct names *names, const redisReply *reply)
{
    for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++)
        if (reply->element[i]->type == REDIS_REPLY_STRING &&
            !add_name(names, reply->element[i]->str))
            return false;
    return true;
}

static void look_fini(struct look *look)
{
    free(look->queues.at);
    free(look->processes.at);
    redis_replies_fini(&look->found);
    redis_replies_fini(&look->replies);
}

static bool add_groups(struct look *look, const struct dyn_group *groups, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++) {
        look->wants_all |= groups[i].n_queues == 0;
        look->wants_named |= groups[i].n_queues > 0;
        look->metrics |= groups[i].metrics;
        for (uint32_t q = 0; q < groups[i].n_queues; q++)
            if (!add_name(&look->queues, groups[i].queues[q]))
                return false;
    }
    return true;
}

static bool wants_busy(const struct look *look)
{
    return (look->metrics & (DYN_BIT(DYN_BUSY) | DYN_BIT(DYN_WORKERS))) != 0;
}

/* The first round trip: names that only the store knows. */
static int32_t discover(const struct sidekiq *sidekiq, const struct dyn_call *call,
                        struct look *look)
{
    struct redis_pipe pipe = {0};
    char name[KEY_ROOM];
    redis_add(&pipe, "SMEMBERS", key(sidekiq, name, "queues", ""), NULL);
    redis_add(&pipe, "SMEMBERS", key(sidekiq, name, "processes", ""), NULL);
    int32_t code = run(sidekiq, call, &pipe, &look->found);
    if (code != DYN_OK)
        return code;
    bool is_whole = (!look->wants_all || add_members(&look->queues, look->found.at[0])) &&
                    add_members(&look->processes, look->found.at[1]);
    return is_whole ? DYN_OK : sidekiq->host->fail(sidekiq->host, DYN_RETRY, "out of memory");
}

/* ---- The second round trip: its commands, and where their replies are ---- */

enum { OF_A_QUEUE = 2, OF_A_PROCESS = 3 };

enum {
    PAUSED,
    SCHEDULE_DUE, /* how many */
    RETRY_DUE,
    SCHEDULE_FIRST, /* the first entry with its score */
    RETRY_FIRST,
    SCHEDULE_LATER, /* how many */
    RETRY_LATER,
    SCHEDULE_NEXT, /* the first entry of those with its score */
    RETRY_NEXT,
    DEAD,
    SCHEDULE_ENTRIES, /* those that are due, up to DUE_MOST */
    RETRY_ENTRIES,
    SINGLE_REPLIES
};

static const redisReply *single(const struct look *look, size_t which)
{
    return look->replies.at[which];
}

static const redisReply *of_queue(const struct look *look, size_t queue, size_t which)
{
    return look->replies.at[SINGLE_REPLIES + queue * OF_A_QUEUE + which];
}

static const redisReply *of_process(const struct look *look, size_t process, size_t which)
{
    return look->replies
        .at[SINGLE_REPLIES + look->queues.n * OF_A_QUEUE + process * OF_A_PROCESS + which];
}

static void add_singles(const struct sidekiq *sidekiq, const struct look *look,
                        struct redis_pipe *pipe)
{
    char paused[KEY_ROOM], schedule[KEY_ROOM], retry[KEY_ROOM], dead[KEY_ROOM];
    char now[40], later[48];
    char most[16];
    key(sidekiq, paused, "paused", "");
    key(sidekiq, schedule, "schedule", "");
    key(sidekiq, retry, "retry", "");
    key(sidekiq, dead, "dead", "");
    snprintf(now, sizeof now, "%" PRId64 ".%03" PRId64, look->now_ms / 1000, look->now_ms % 1000);
    snprintf(later, sizeof later, "(%s", now);
    snprintf(most, sizeof most, "%d", look->wants_named ? DUE_MOST : 0);
    redis_add(pipe, "SMEMBERS", paused, NULL);
    redis_add(pipe, "ZCOUNT", schedule, "-inf", now, NULL);
    redis_add(pipe, "ZCOUNT", retry, "-inf", now, NULL);
    redis_add(pipe, "ZRANGE", schedule, "0", "0", "WITHSCORES", NULL);
    redis_add(pipe, "ZRANGE", retry, "0", "0", "WITHSCORES", NULL);
    redis_add(pipe, "ZCOUNT", schedule, later, "+inf", NULL);
    redis_add(pipe, "ZCOUNT", retry, later, "+inf", NULL);
    redis_add(pipe, "ZRANGEBYSCORE", schedule, later, "+inf", "WITHSCORES", "LIMIT", "0", "1",
              NULL);
    redis_add(pipe, "ZRANGEBYSCORE", retry, later, "+inf", "WITHSCORES", "LIMIT", "0", "1", NULL);
    redis_add(pipe, "ZCARD", dead, NULL);
    redis_add(pipe, "ZRANGEBYSCORE", schedule, "-inf", now, "LIMIT", "0", most, NULL);
    redis_add(pipe, "ZRANGEBYSCORE", retry, "-inf", now, "LIMIT", "0", most, NULL);
}

static int32_t read_store(const struct sidekiq *sidekiq, const struct dyn_call *call,
                          struct look *look)
{
    struct redis_pipe pipe = {0};
    char name[KEY_ROOM];
    bool wants_age = (look->metrics & DYN_BIT(DYN_LATENCY)) != 0;
    look->now_ms = redis_now_ms(sidekiq->redis);
    add_singles(sidekiq, look, &pipe);
    for (size_t i = 0; i < look->queues.n; i++) {
        key(sidekiq, name, "queue:", look->queues.at[i]);
        redis_add(&pipe, "LLEN", name, NULL);
        redis_add(&pipe, wants_age ? "LINDEX" : "EXISTS", name, wants_age ? "-1" : NULL, NULL);
    }
    for (size_t i = 0; i < look->processes.n; i++) {
        const char *process = look->processes.at[i];
        redis_add(&pipe, "HMGET", key(sidekiq, name, process, ""), "busy", "info", NULL);
        redis_add(&pipe, "HVALS", key(sidekiq, name, process, ":work"), NULL);
        redis_add(&pipe, "HVALS", key(sidekiq, name, process, ":workers"), NULL);
    }
    return run(sidekiq, call, &pipe, &look->replies);
}

static int32_t look_at(const struct sidekiq *sidekiq, const struct dyn_call *call,
                       const struct dyn_group *groups, uint32_t n, struct look *look)
{
    if (!add_groups(look, groups, n))
        return sidekiq->host->fail(sidekiq->host, DYN_RETRY, "out of memory");
    int32_t code = look->wants_all || wants_busy(look) ? discover(sidekiq, call, look) : DYN_OK;
    return code == DYN_OK ? read_store(sidekiq, call, look) : code;
}

/* ---- Answering ---- */

static bool serves(const struct dyn_group *group, const char *queue)
{
    for (uint32_t i = 0; i < group->n_queues; i++)
        if (strcmp(group->queues[i], queue) == 0)
            return true;
    return group->n_queues == 0;
}

static bool is_paused(const struct look *look, const char *queue)
{
    const redisReply *paused = single(look, PAUSED);
    for (size_t i = 0; paused->type == REDIS_REPLY_ARRAY && i < paused->elements; i++)
        if (paused->element[i]->type == REDIS_REPLY_STRING &&
            strcmp(paused->element[i]->str, queue) == 0)
            return true;
    return false;
}

/* What is found of one group. */
struct sum {
    int64_t waiting;
    int64_t age_ms;
    bool is_more_waiting; /* there may be more */
    bool is_more_age;
    const redisReply *wrong; /* a reply that tells nothing; NULL: all tell */
};

static void add_age(struct sum *sum, int64_t age_ms)
{
    if (age_ms > sum->age_ms)
        sum->age_ms = age_ms;
}

static int64_t number_of(struct sum *sum, const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_INTEGER)
        return reply->integer;
    sum->wrong = reply;
    return 0;
}

static void add_queue(const struct look *look, size_t queue, struct sum *sum)
{
    int64_t length = number_of(sum, of_queue(look, queue, 0));
    const redisReply *oldest = of_queue(look, queue, 1);
    sum->waiting += length;
    if (length == 0 || oldest->type != REDIS_REPLY_STRING)
        return;
    struct sidekiq_job job = sidekiq_job_read(oldest->str, oldest->len);
    if (job.since_ms > 0)
        add_age(sum, look->now_ms - job.since_ms);
    else
        sum->is_more_age = true; /* how old it is cannot be told */
    sidekiq_job_fini(&job);
}

/* The score of the first of entries, in ms; -1: there is none. */
static int64_t score_of(const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_ARRAY || reply->elements < 2 ||
        reply->element[1]->type != REDIS_REPLY_STRING)
        return -1;
    double score = strtod(reply->element[1]->str, NULL);
    return score >= 0 && score < 1e14 ? (int64_t)(score * 1000) : -1;
}

/* Due entries of a set, for a group of all queues. */
static void add_due(const struct look *look, size_t count, size_t first, struct sum *sum)
{
    int64_t due = number_of(sum, single(look, count));
    sum->waiting += due;
    int64_t score_ms = score_of(single(look, first));
    if (due > 0 && score_ms >= 0)
        add_age(sum, look->now_ms - score_ms);
}

/* Due entries of a set that belong to the group's queues. Their age is that of the set's first one
 * at most, so it is told as at least 0. */
static void add_due_named(const struct look *look, const struct dyn_group *group, size_t count,
                          size_t entries, struct sum *sum)
{
    const redisReply *due = single(look, entries);
    for (size_t i = 0; due->type == REDIS_REPLY_ARRAY && i < due->elements; i++) {
        struct sidekiq_job job = sidekiq_job_read(due->element[i]->str, due->element[i]->len);
        if (job.queue != NULL && serves(group, job.queue) && !is_paused(look, job.queue)) {
            sum->waiting++;
            sum->is_more_age = true;
        }
        sidekiq_job_fini(&job);
    }
    if (number_of(sum, single(look, count)) > DUE_MOST)
        sum->is_more_waiting = sum->is_more_age = true;
}

static struct sum sum_up(const struct look *look, const struct dyn_group *group)
{
    struct sum sum = {0};
    for (size_t i = 0; i < look->queues.n; i++)
        if (serves(group, look->queues.at[i]) && !is_paused(look, look->queues.at[i]))
            add_queue(look, i, &sum);
    if (group->n_queues == 0) {
        add_due(look, SCHEDULE_DUE, SCHEDULE_FIRST, &sum);
        add_due(look, RETRY_DUE, RETRY_FIRST, &sum);
    } else {
        add_due_named(look, group, SCHEDULE_DUE, SCHEDULE_ENTRIES, &sum);
        add_due_named(look, group, RETRY_DUE, RETRY_ENTRIES, &sum);
    }
    return sum;
}

/* The jobs that a process runs for a group, by its records of work; the process itself counts only
 * while its heartbeat is there. */
static bool is_alive(const struct look *look, size_t process)
{
    const redisReply *reply = of_process(look, process, 0);
    return reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
           reply->element[0]->type == REDIS_REPLY_STRING;
}

static uint32_t count_work(const struct look *look, size_t process, const struct dyn_group *group,
                           struct sidekiq_work *longest)
{
    uint32_t n = 0;
    for (size_t which = 1; which < OF_A_PROCESS; which++) {
        const redisReply *reply = of_process(look, process, which);
        for (size_t i = 0; reply->type == REDIS_REPLY_ARRAY && i < reply->elements; i++) {
            struct sidekiq_work work =
                sidekiq_work_read(reply->element[i]->str, reply->element[i]->len);
            bool is_of_group = work.queue != NULL && serves(group, work.queue);
            bool is_longest = is_of_group && (n == 0 || work.since_ms < longest->since_ms);
            n += is_of_group;
            if (is_longest) {
                sidekiq_work_fini(longest);
                *longest = work;
            } else
                sidekiq_work_fini(&work);
        }
    }
    return n;
}

static int64_t count_busy(const struct look *look, const struct dyn_group *group)
{
    int64_t busy = 0;
    for (size_t i = 0; i < look->processes.n; i++) {
        struct sidekiq_work longest = {0};
        if (!is_alive(look, i))
            continue;
        busy += group->n_queues == 0 ? strtoll(of_process(look, i, 0)->element[0]->str, NULL, 10)
                                     : count_work(look, i, group, &longest);
        sidekiq_work_fini(&longest);
    }
    return busy;
}

static void put_count(const struct sidekiq *sidekiq, uint32_t index, int32_t metric,
                      const redisReply *reply)
{
    if (reply->type == REDIS_REPLY_INTEGER)
        sidekiq->host->put(sidekiq->host, index, metric, reply->integer, 0);
}

/* What the sets tell is of all queues: for some of them it stays unknown. */
static void put_sets(const struct sidekiq *sidekiq, const struct look *look, uint32_t index)
{
    put_count(sidekiq, index, DYN_SCHEDULED, single(look, SCHEDULE_LATER));
    put_count(sidekiq, index, DYN_RETRYING, single(look, RETRY_LATER));
    put_count(sidekiq, index, DYN_FAILED, single(look, DEAD));
    int64_t schedule_ms = score_of(single(look, SCHEDULE_NEXT));
    int64_t retry_ms = score_of(single(look, RETRY_NEXT));
    int64_t next_ms =
        schedule_ms < 0 || (retry_ms >= 0 && retry_ms < schedule_ms) ? retry_ms : schedule_ms;
    if (next_ms >= 0)
        sidekiq->host->put(sidekiq->host, index, DYN_NEXT_DUE,
                           next_ms > look->now_ms ? next_ms - look->now_ms : 0, 0);
}

static void answer(const struct sidekiq *sidekiq, const struct look *look,
                   const struct dyn_group *group, uint32_t index)
{
    const struct dyn_host *host = sidekiq->host;
    struct sum sum = sum_up(look, group);
    if (sum.wrong != NULL)
        host->unknown(host, index,
                      sum.wrong->type == REDIS_REPLY_ERROR ? sum.wrong->str
                                                           : "a key is of an unknown type");
    else {
        host->put(host, index, DYN_WAITING, sum.waiting, sum.is_more_waiting ? DYN_AT_LEAST : 0);
        host->put(host, index, DYN_LATENCY, sum.age_ms, sum.is_more_age ? DYN_AT_LEAST : 0);
    }
    if (wants_busy(look))
        host->put(host, index, DYN_BUSY, count_busy(look, group), 0);
    if (group->n_queues == 0)
        put_sets(sidekiq, look, index);
}

static int32_t sidekiq_measure(void *self, const struct dyn_call *call,
                               const struct dyn_group *groups, uint32_t n)
{
    const struct sidekiq *sidekiq = self;
    struct look look = {0};
    int32_t code = look_at(sidekiq, call, groups, n, &look);
    for (uint32_t i = 0; i < n && code == DYN_OK; i++)
        answer(sidekiq, &look, &groups[i], i);
    look_fini(&look);
    return code;
}

/* ---- Workers ---- */

static void put_worker(const struct sidekiq *sidekiq, const struct look *look, size_t process,
                       const struct dyn_group *group, uint32_t index)
{
    struct sidekiq_work longest = {0};
    uint32_t n = count_work(look, process, group, &longest);
    const redisReply *info = of_process(look, process, 0)->element[1];
    char *host = info->type == REDIS_REPLY_STRING ? sidekiq_host_read(info->str, info->len) : NULL;
    int64_t since_ms = longest.since_ms;
    struct dyn_worker worker = {
        .busy_ms = since_ms > 0 && since_ms <= look->now_ms ? look->now_ms - since_ms : DYN_ABSENT,
        .host = host != NULL ? host : look->processes.at[process],
        .id = look->processes.at[process],
        .queue = longest.queue,
        .n_jobs = n,
    };
    if (n > 0)
        sidekiq->host->put_worker(sidekiq->host, index, &worker);
    free(host);
    sidekiq_work_fini(&longest);
}

static int32_t sidekiq_workers(void *self, const struct dyn_call *call,
                               const struct dyn_group *groups, uint32_t n)
{
    const struct sidekiq *sidekiq = self;
    struct look look = {.metrics = DYN_BIT(DYN_WORKERS)};
    int32_t code = look_at(sidekiq, call, groups, n, &look);
    for (uint32_t i = 0; i < n && code == DYN_OK; i++)
        for (size_t p = 0; p < look.processes.n; p++)
            if (is_alive(&look, p))
                put_worker(sidekiq, &look, p, &groups[i], i);
    look_fini(&look);
    return code;
}

/* ---- Detection ---- */

static int32_t sidekiq_detect(void *self, const struct dyn_call *call)
{
    const struct sidekiq *sidekiq = self;
    return redis_detect(sidekiq->host, sidekiq->redis, call, REDIS_SIDEKIQ,
                        sidekiq->config->namespace);
}

static const struct dyn_queue queue = {
    .size = sizeof queue,
    .metrics = DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY) | DYN_BIT(DYN_BUSY) |
               DYN_BIT(DYN_SCHEDULED) | DYN_BIT(DYN_RETRYING) | DYN_BIT(DYN_FAILED) |
               DYN_BIT(DYN_NEXT_DUE),
    .measure = sidekiq_measure,
    .detect = sidekiq_detect,
    .workers = sidekiq_workers,
};

DYN_EXPORT const struct dyn_plugin dynomatic_plugin = {
    .size = sizeof dynomatic_plugin,
    .abi = DYN_ABI,
    .name = "sidekiq",
    .version = PACKAGE_VERSION,
    .summary = "counts Sidekiq's jobs in Redis",
    .options = options,
    .n_options = DYN_COUNT(options),
    .option_size = sizeof(struct dyn_option),
    .config_size = sizeof(struct config),
    .load = redis_load,
    .open = sidekiq_open,
    .close = sidekiq_close,
    .queue = &queue,
};
