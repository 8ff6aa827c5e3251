/* SPDX-License-Identifier: MIT
 * Queue adapter for Resque 1 to 3: lists in Redis, each pushed at its end and taken at its start.
 * Resque stores no time, so latency is known only where an Active Job payload or an extension adds
 * one.
 *
 * A measurement is two round trips: what exists, then what is in it. */
#include <config.h>

#include "shared/redis.h"
#include "shared/redis_detect.h"

#include <dynomatic/util.h>

#include <cjson/cJSON.h>
#include <fnmatch.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <time.h>

struct config {
    const char *url;
    const char *namespace;
    const char *ca_file;
    int32_t tls_verify;
    int32_t count_delayed;
};

static const struct dyn_option options[] = {
    {"url", NULL, NULL, "REDIS_URL", "the server: redis://, rediss:// (TLS) or unix://PATH",
     DYN_URL, DYN_REQUIRED, offsetof(struct config, url), 0},
    {"namespace", "resque", NULL, NULL, "what Resque puts before each key, without the colon",
     DYN_TEXT, 0, offsetof(struct config, namespace), 0},
    {"count_delayed", "no", NULL, NULL,
     "whether jobs of resque-scheduler that are due wait: yes, if it runs in the scaled dynos",
     DYN_BOOLEAN, 0, offsetof(struct config, count_delayed), 0},
    {"ca_file", NULL, NULL, NULL, "file of the certificates to trust instead of the system's",
     DYN_TEXT, 0, offsetof(struct config, ca_file), 0},
    {"tls_verify", "yes", NULL, NULL,
     "whether a certificate must be signed by somebody trusted; Heroku Key-Value Store's is not",
     DYN_BOOLEAN, 0, offsetof(struct config, tls_verify), 0},
};

struct resque {
    const struct dyn_host *host;
    const struct config *config;
    struct redis_options options;
    struct redis *redis;
};

enum {
    KEY_ROOM = 1024,
    BUCKETS_MOST = 1000, /* times in the schedule that are looked at */
    GHOST_MS = 300000    /* Resque itself takes a worker for dead after so long without a sign */
};

/* ---- Life ---- */

static int32_t resque_open(const struct dyn_host *host, const void *config, void **self)
{
    struct resque *resque = calloc(1, sizeof *resque);
    if (resque == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    resque->host = host;
    resque->config = config;
    resque->options = (struct redis_options){resque->config->url, resque->config->ca_file,
                                             resque->config->tls_verify != 0};
    int32_t code = redis_open(host, &resque->options, &resque->redis);
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
    free(resque);
}

static const char *key(const struct resque *resque, char *out, const char *first,
                       const char *second)
{
    const char *space = resque->config->namespace;
    bool has_space = space != NULL && space[0] != '\0';
    snprintf(out, KEY_ROOM, "%s%s%s%s", has_space ? space : "", has_space ? ":" : "", first,
             second);
    return out;
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

/* ---- What is looked at ---- */

/* The first round trip. */
enum { QUEUES, WORKERS, HEARTBEATS, PAUSE, DUE_TIMES, LATER_TIMES, FAILED, FAILED_QUEUES, FIRSTS };

/* The second: these for each queue, one for each worker, each due and each later time, each queue
 * of failures. */
enum { LENGTH, HEAD, OF_A_QUEUE };

struct look {
    struct redis_replies first;
    struct redis_replies second;
    bool wants_delayed;
    int64_t now_ms;
};

static void look_fini(struct look *look)
{
    redis_replies_fini(&look->first);
    redis_replies_fini(&look->second);
}

static size_t size_of(const struct look *look, size_t which)
{
    const redisReply *reply = look->first.at[which];
    return reply->type == REDIS_REPLY_ARRAY ? reply->elements : 0;
}

static const char *name_of(const struct look *look, size_t which, size_t i)
{
    const redisReply *element = look->first.at[which]->element[i];
    return element->type == REDIS_REPLY_STRING ? element->str : "";
}

static const redisReply *of_queue(const struct look *look, size_t queue, size_t which)
{
    return look->second.at[queue * OF_A_QUEUE + which];
}

static const redisReply *of_worker(const struct look *look, size_t worker)
{
    return look->second.at[size_of(look, QUEUES) * OF_A_QUEUE + worker];
}

static const redisReply *of_time(const struct look *look, size_t which, size_t i)
{
    size_t before = which == LATER_TIMES ? size_of(look, DUE_TIMES) : 0;
    return look->second
        .at[size_of(look, QUEUES) * OF_A_QUEUE + size_of(look, WORKERS) + before + i];
}

static const redisReply *of_failed(const struct look *look, size_t i)
{
    return look->second.at[size_of(look, QUEUES) * OF_A_QUEUE + size_of(look, WORKERS) +
                           size_of(look, DUE_TIMES) + size_of(look, LATER_TIMES) + i];
}

static int32_t look_first(const struct resque *resque, const struct dyn_call *call,
                          struct look *look)
{
    struct redis_pipe pipe = {0};
    char name[KEY_ROOM];
    char now[24];
    char later[32];
    char most[16];
    look->now_ms = redis_now_ms(resque->redis);
    snprintf(now, sizeof now, "%" PRId64, look->now_ms / 1000);
    snprintf(later, sizeof later, "(%s", now);
    snprintf(most, sizeof most, "%d", BUCKETS_MOST);
    redis_add(&pipe, "SMEMBERS", key(resque, name, "queues", ""), NULL);
    redis_add(&pipe, "SMEMBERS", key(resque, name, "workers", ""), NULL);
    redis_add(&pipe, "HGETALL", key(resque, name, "workers:heartbeat", ""), NULL);
    redis_add(&pipe, "GET", key(resque, name, "pause-all-workers", ""), NULL);
    key(resque, name, "delayed_queue_schedule", "");
    redis_add(&pipe, "ZRANGEBYSCORE", name, "-inf", now, "LIMIT", "0",
              look->wants_delayed ? most : "0", NULL);
    redis_add(&pipe, "ZRANGEBYSCORE", name, later, "+inf", "LIMIT", "0", most, NULL);
    redis_add(&pipe, "LLEN", key(resque, name, "failed", ""), NULL);
    redis_add(&pipe, "SMEMBERS", key(resque, name, "failed_queues", ""), NULL);
    return run(resque, call, &pipe, &look->first);
}

static int32_t look_second(const struct resque *resque, const struct dyn_call *call,
                           struct look *look)
{
    struct redis_pipe pipe = {0};
    char name[KEY_ROOM];
    for (size_t i = 0; i < size_of(look, QUEUES); i++) {
        key(resque, name, "queue:", name_of(look, QUEUES, i));
        redis_add(&pipe, "LLEN", name, NULL);
        redis_add(&pipe, "LINDEX", name, "0", NULL);
    }
    for (size_t i = 0; i < size_of(look, WORKERS); i++)
        redis_add(&pipe, "GET", key(resque, name, "worker:", name_of(look, WORKERS, i)), NULL);
    for (size_t i = 0; i < size_of(look, DUE_TIMES); i++)
        redis_add(&pipe, "LRANGE", key(resque, name, "delayed:", name_of(look, DUE_TIMES, i)), "0",
                  "-1", NULL);
    for (size_t i = 0; i < size_of(look, LATER_TIMES); i++)
        redis_add(&pipe, "LLEN", key(resque, name, "delayed:", name_of(look, LATER_TIMES, i)),
                  NULL);
    for (size_t i = 0; i < size_of(look, FAILED_QUEUES); i++)
        redis_add(&pipe, "LLEN", key(resque, name, name_of(look, FAILED_QUEUES, i), ""), NULL);
    return run(resque, call, &pipe, &look->second);
}

static int32_t look_at(const struct resque *resque, const struct dyn_call *call, struct look *look)
{
    look->wants_delayed = resque->config->count_delayed == 1;
    int32_t code = look_first(resque, call, look);
    return code == DYN_OK ? look_second(resque, call, look) : code;
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

/* When a job came into its queue, in ms since 1970, by an extension's "timestamp" or by Active Job;
 * 0: not told, as by Resque itself. */
static int64_t since_of(const redisReply *payload)
{
    cJSON *root = cJSON_ParseWithLength(payload->str, payload->len);
    const cJSON *stamp = cJSON_GetObjectItemCaseSensitive(root, "timestamp");
    const cJSON *argument = cJSON_GetArrayItem(cJSON_GetObjectItemCaseSensitive(root, "args"), 0);
    int64_t since_ms = 0;
    if (cJSON_IsNumber(stamp) && stamp->valuedouble > 0 && stamp->valuedouble < 1e11)
        since_ms = (int64_t)(stamp->valuedouble * 1000);
    else
        since_ms = instant_of(
            cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(argument, "enqueued_at")));
    cJSON_Delete(root);
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
    const redisReply *wrong; /* a reply that tells nothing; NULL: all tell */
};

static void add_queue(const struct look *look, size_t queue, struct sum *sum)
{
    const redisReply *length = of_queue(look, queue, LENGTH);
    const redisReply *head = of_queue(look, queue, HEAD);
    if (length->type != REDIS_REPLY_INTEGER) {
        sum->wrong = length;
        return;
    }
    sum->waiting += length->integer;
    if (length->integer == 0 || head->type != REDIS_REPLY_STRING)
        return;
    int64_t since_ms = since_of(head);
    int64_t age_ms = since_ms > 0 && since_ms < look->now_ms ? look->now_ms - since_ms : 0;
    sum->has_unknown_age |= since_ms == 0;
    sum->age_ms = age_ms > sum->age_ms ? age_ms : sum->age_ms;
}

/* Jobs of resque-scheduler that are due, by the queue in their payload. */
static void add_due(const struct look *look, const struct dyn_group *group, struct sum *sum)
{
    for (size_t i = 0; i < size_of(look, DUE_TIMES); i++) {
        const redisReply *jobs = of_time(look, DUE_TIMES, i);
        int64_t age_ms = look->now_ms - strtoll(name_of(look, DUE_TIMES, i), NULL, 10) * 1000;
        for (size_t j = 0; jobs->type == REDIS_REPLY_ARRAY && j < jobs->elements; j++) {
            cJSON *job = cJSON_ParseWithLength(jobs->element[j]->str, jobs->element[j]->len);
            const char *queue =
                cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(job, "queue"));
            bool is_ours = group->n_queues == 0 || (queue != NULL && serves(group, queue));
            sum->waiting += is_ours;
            if (is_ours && age_ms > sum->age_ms)
                sum->age_ms = age_ms;
            cJSON_Delete(job);
        }
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

/* What a worker runs for a group, as JSON; NULL: nothing. The caller deletes it. */
static cJSON *work_of(const struct look *look, size_t worker, const struct dyn_group *group)
{
    const redisReply *reply = of_worker(look, worker);
    if (reply->type != REDIS_REPLY_STRING || reply->len == 0 ||
        is_ghost(look, name_of(look, WORKERS, worker)))
        return NULL;
    cJSON *work = cJSON_ParseWithLength(reply->str, reply->len);
    const char *queue = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(work, "queue"));
    if (work != NULL && (group->n_queues == 0 || (queue != NULL && serves(group, queue))))
        return work;
    cJSON_Delete(work);
    return NULL;
}

static int64_t count_busy(const struct look *look, const struct dyn_group *group)
{
    int64_t busy = 0;
    for (size_t i = 0; i < size_of(look, WORKERS); i++) {
        cJSON *work = work_of(look, i, group);
        busy += work != NULL;
        cJSON_Delete(work);
    }
    return busy;
}

static int64_t sum_of(const struct look *look, size_t which,
                      const redisReply *(*of)(const struct look *, size_t))
{
    int64_t sum = 0;
    for (size_t i = 0; i < size_of(look, which); i++)
        sum += of(look, i)->type == REDIS_REPLY_INTEGER ? of(look, i)->integer : 0;
    return sum;
}

static const redisReply *of_later(const struct look *look, size_t i)
{
    return of_time(look, LATER_TIMES, i);
}

/* What is stored of all queues together: for some of them it stays unknown. */
static void put_whole(const struct resque *resque, const struct look *look, uint32_t index)
{
    const struct dyn_host *host = resque->host;
    uint32_t flags = size_of(look, LATER_TIMES) >= BUCKETS_MOST ? DYN_AT_LEAST : 0;
    const redisReply *failed = look->first.at[FAILED];
    host->put(host, index, DYN_SCHEDULED, sum_of(look, LATER_TIMES, of_later), flags);
    if (size_of(look, FAILED_QUEUES) > 0)
        host->put(host, index, DYN_FAILED, sum_of(look, FAILED_QUEUES, of_failed), 0);
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

static void answer(const struct resque *resque, const struct look *look,
                   const struct dyn_group *group, uint32_t index)
{
    const struct dyn_host *host = resque->host;
    struct sum sum = {0};
    for (size_t i = 0; i < size_of(look, QUEUES) && !is_paused(look); i++)
        if (serves(group, name_of(look, QUEUES, i)))
            add_queue(look, i, &sum);
    if (!is_paused(look))
        add_due(look, group, &sum);
    if (sum.wrong != NULL)
        host->unknown(host, index,
                      sum.wrong->type == REDIS_REPLY_ERROR ? sum.wrong->str
                                                           : "a key is of an unknown type");
    else {
        host->put(host, index, DYN_WAITING, sum.waiting,
                  size_of(look, DUE_TIMES) >= BUCKETS_MOST ? DYN_AT_LEAST : 0);
        put_latency(resque, &sum, index);
    }
    host->put(host, index, DYN_BUSY, count_busy(look, group), 0);
    if (group->n_queues == 0)
        put_whole(resque, look, index);
}

static int32_t resque_measure(void *self, const struct dyn_call *call,
                              const struct dyn_group *groups, uint32_t n)
{
    const struct resque *resque = self;
    struct look look = {0};
    int32_t code = look_at(resque, call, &look);
    for (uint32_t i = 0; i < n && code == DYN_OK; i++)
        answer(resque, &look, &groups[i], i);
    look_fini(&look);
    return code;
}

/* ---- Workers ---- */

/* An id is HOST:PID:QUEUES. */
static void put_worker(const struct resque *resque, const struct look *look, size_t i,
                       const cJSON *work, uint32_t index)
{
    const char *id = name_of(look, WORKERS, i);
    char host[256];
    snprintf(host, sizeof host, "%.*s", (int)strcspn(id, ":"), id);
    int64_t since_ms =
        instant_of(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(work, "run_at")));
    struct dyn_worker worker = {
        .busy_ms = since_ms > 0 && since_ms <= look->now_ms ? look->now_ms - since_ms : DYN_ABSENT,
        .host = host,
        .id = id,
        .queue = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(work, "queue")),
        .n_jobs = 1,
    };
    resque->host->put_worker(resque->host, index, &worker);
}

static int32_t resque_workers(void *self, const struct dyn_call *call,
                              const struct dyn_group *groups, uint32_t n)
{
    const struct resque *resque = self;
    struct look look = {0};
    int32_t code = look_at(resque, call, &look);
    for (uint32_t i = 0; i < n && code == DYN_OK; i++)
        for (size_t w = 0; w < size_of(&look, WORKERS); w++) {
            cJSON *work = work_of(&look, w, &groups[i]);
            if (work != NULL)
                put_worker(resque, &look, w, work, i);
            cJSON_Delete(work);
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
    .load = redis_load,
    .open = resque_open,
    .close = resque_close,
    .queue = &queue,
};
