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
#include "shared/transfer.h"
#include "sidekiq_job.h"
#include "sidekiq_look.h"
#include "sidekiq_waited.h"

#include <dynomatic/util.h>

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

struct config {
    struct redis_config redis; /* stands first */
    const char *namespace;
};

static const struct dyn_option options[] = {
    REDIS_OPTIONS,
    {"namespace", NULL, NULL, NULL, "what redis-namespace puts before each key, without the colon",
     DYN_TEXT, 0, offsetof(struct config, namespace), 0},
};

struct sidekiq {
    const struct dyn_host *host;
    struct redis *redis;
    const char *space; /* the namespace, "" for none; the configuration's */
    struct look last;  /* the look before */
    struct waited waited;
    char prefix[]; /* of each key */
};

/* ---- Life ---- */

static int32_t sidekiq_open(const struct dyn_host *host, const void *config_ptr, void **self)
{
    const struct config *config = config_ptr;
    const char *space = config->namespace != NULL ? config->namespace : "";
    size_t room = strlen(space) + sizeof ":";
    struct sidekiq *sidekiq = calloc(1, sizeof *sidekiq + room);
    if (sidekiq == NULL)
        return host->fail(host, DYN_RETRY, "out of memory");
    sidekiq->host = host;
    sidekiq->space = space;
    snprintf(sidekiq->prefix, room, "%s%s", space, space[0] != '\0' ? ":" : "");
    int32_t code = redis_open(host, &config->redis, &sidekiq->redis);
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
    look_fini(&sidekiq->last);
    waited_fini(&sidekiq->waited);
    free(sidekiq);
}

static int32_t fail(const struct sidekiq *sidekiq, int32_t code)
{
    return sidekiq->host->fail(sidekiq->host, code, redis_failure(sidekiq->redis));
}

/* ---- What waits ---- */

/* What is found of one group. */
struct sum {
    uint32_t group; /* which, from 1 on */
    int64_t waiting;
    int64_t age_ms;
    bool is_more_waiting; /* there may be more */
    bool is_more_age;
    struct redis_untold untold;
};

static void add_since(struct sum *sum, const struct look *look, int64_t since_ms)
{
    if (since_ms > 0 && look->now_ms - since_ms > sum->age_ms)
        sum->age_ms = look->now_ms - since_ms;
}

static void add_due(struct sum *sum, const struct look *look, const struct queue *queue)
{
    sum->waiting += queue->due;
    add_since(sum, look, queue->due_since_ms);
}

static void add_queue(struct sum *sum, const struct look *look, size_t which, bool has_due)
{
    struct queue *queue = &look->queues[which];
    if (queue->is_paused || queue->summed == sum->group)
        return;
    queue->summed = sum->group;
    if (queue->wrong != NULL)
        sum->untold =
            (struct redis_untold){queue->wrong, "", "queue:", names_at(&look->heads.names, which)};
    sum->waiting += queue->length;
    add_since(sum, look, look->heads.at[which].since_ms);
    sum->is_more_age |= queue->length > 0 && look->heads.at[which].since_ms == 0;
    if (has_due)
        add_due(sum, look, queue);
}

/* All that is due in a set. */
static void add_set(struct sum *sum, const struct look *look, size_t which)
{
    int64_t since_ms = look_score(look_single(look, SCHEDULE_ENTRIES + which), 0);
    const redisReply *due = look_single(look, SCHEDULE_DUE + which);
    sum->waiting += due->type == REDIS_REPLY_INTEGER ? due->integer : 0;
    add_since(sum, look, since_ms);
}

static void check_set(struct sum *sum, const struct look *look, const char *set, size_t which)
{
    const redisReply *due = look_single(look, SCHEDULE_DUE + which);
    if (due->type != REDIS_REPLY_INTEGER)
        sum->untold = (struct redis_untold){due, "", "", set};
}

/* Of all queues. Only where some are paused must due entries be told by their queues. */
static void add_all(struct sum *sum, const struct look *look)
{
    const redisReply *names = look->found.at[FOUND_QUEUES];
    bool has_due = look->has_paused;
    if (names->type != REDIS_REPLY_ARRAY)
        sum->untold = (struct redis_untold){names, "", "", "queues"};
    for (size_t i = 0; i < look->heads.names.n; i++)
        add_queue(sum, look, i, has_due);
    if (has_due)
        add_due(sum, look, &look->others);
    else
        for (size_t which = 0; which < 2; which++)
            add_set(sum, look, which);
    sum->is_more_waiting = has_due && look->has_more_due;
}

static void add_named(struct sum *sum, const struct look *look, const struct dyn_group *group)
{
    for (uint32_t i = 0; i < group->n_queues; i++)
        add_queue(sum, look, names_find(&look->heads.names, group->queues[i]), true);
    sum->is_more_waiting = look->has_more_due;
    sum->is_more_age |= look->has_more_due;
}

static struct sum sum_up(const struct look *look, const struct dyn_group *group, uint32_t index)
{
    struct sum sum = {.group = index + 1};
    check_set(&sum, look, "schedule", 0);
    check_set(&sum, look, "retry", 1);
    if (group->n_queues == 0)
        add_all(&sum, look);
    else
        add_named(&sum, look, group);
    return sum;
}

static const char *sentence(const struct sidekiq *sidekiq, struct redis_untold untold)
{
    untold.prefix = sidekiq->prefix;
    return redis_untold_text(sidekiq->redis, &untold);
}

static void put_waiting(struct sidekiq *sidekiq, const struct look *look,
                        const struct dyn_group *group, uint32_t index)
{
    const struct dyn_host *host = sidekiq->host;
    struct sum sum = sum_up(look, group, index);
    if (sum.untold.reply != NULL) {
        host->unknown(host, index, sentence(sidekiq, sum.untold));
        return;
    }
    if (sum.waiting > 0)
        waited_note(&sidekiq->waited, group->name, look->now_ms);
    host->put(host, index, DYN_WAITING, sum.waiting, sum.is_more_waiting ? DYN_AT_LEAST : 0);
    if ((group->metrics & DYN_BIT(DYN_LATENCY)) != 0)
        host->put(host, index, DYN_LATENCY, sum.age_ms, sum.is_more_age ? DYN_AT_LEAST : 0);
}

/* ---- What runs ---- */

static bool serves(const struct dyn_group *group, const char *queue)
{
    for (uint32_t i = 0; i < group->n_queues; i++)
        if (strcmp(group->queues[i], queue) == 0)
            return true;
    return group->n_queues == 0;
}

/* A process counts only while its heartbeat is there. */
static bool is_alive(const struct look *look, size_t process)
{
    const redisReply *reply = look_process(look, process, PROCESS_STATE);
    return reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
           reply->element[0]->type == REDIS_REPLY_STRING;
}

/* What a process runs for a group. */
struct work {
    uint32_t n_jobs;
    int64_t since_ms; /* of the job that runs longest; 0: not told */
    char *queue;      /* of that job */
};

static void add_work(struct work *work, const redisReply *record, const struct dyn_group *group)
{
    char *queue = sidekiq_queue(record);
    int64_t since_ms = sidekiq_work_since(record);
    if (queue == NULL || !serves(group, queue)) {
        free(queue);
        return;
    }
    if (work->n_jobs++ > 0 && since_ms >= work->since_ms) {
        free(queue);
        return;
    }
    free(work->queue);
    work->queue = queue;
    work->since_ms = since_ms;
}

/* By the process' records of its jobs; the caller frees the queue. */
static struct work work_of(const struct look *look, size_t process, const struct dyn_group *group)
{
    struct work work = {0};
    for (size_t which = PROCESS_WORK; which < OF_A_PROCESS; which++) {
        const redisReply *records = look_process(look, process, which);
        for (size_t i = 0; records->type == REDIS_REPLY_ARRAY && i < records->elements; i++)
            add_work(&work, records->element[i], group);
    }
    return work;
}

static int64_t count_busy(const struct look *look, const struct dyn_group *group)
{
    int64_t busy = 0;
    for (size_t i = 0; i < look_n_processes(look); i++) {
        if (!is_alive(look, i))
            continue;
        if (group->n_queues == 0) {
            busy += strtoll(look_process(look, i, PROCESS_STATE)->element[0]->str, NULL, 10);
            continue;
        }
        struct work work = work_of(look, i, group);
        busy += work.n_jobs;
        free(work.queue);
    }
    return busy;
}

/* What cannot be read of the processes: their set, or one of them; it is not idle for that. */
static struct redis_untold untold_of(const struct look *look)
{
    const redisReply *set = look->found.at[FOUND_PROCESSES];
    if (set->type != REDIS_REPLY_ARRAY)
        return (struct redis_untold){set, "", "", "processes"};
    for (size_t i = 0; i < look_n_processes(look); i++)
        for (size_t which = 0; which < OF_A_PROCESS; which++)
            if (look_process(look, i, which)->type == REDIS_REPLY_ERROR)
                return (struct redis_untold){look_process(look, i, which), "", "",
                                             look_process_name(look, i)};
    return (struct redis_untold){0};
}

static void put_busy(const struct sidekiq *sidekiq, const struct look *look,
                     const struct dyn_group *group, uint32_t index)
{
    const struct dyn_host *host = sidekiq->host;
    struct redis_untold untold = untold_of(look);
    if (untold.reply != NULL)
        host->unknown(host, index, sentence(sidekiq, untold));
    else
        host->put(host, index, DYN_BUSY, count_busy(look, group), 0);
}

/* ---- What the sets hold for later ---- */

static void put_count(const struct sidekiq *sidekiq, uint32_t index, int32_t metric,
                      const redisReply *reply)
{
    if (reply != NULL && reply->type == REDIS_REPLY_INTEGER)
        sidekiq->host->put(sidekiq->host, index, metric, reply->integer, 0);
}

/* It is of all queues: for some of them it stays unknown. */
static void put_sets(const struct sidekiq *sidekiq, const struct look *look, uint32_t index)
{
    put_count(sidekiq, index, DYN_SCHEDULED, look_single(look, SCHEDULE_LATER));
    put_count(sidekiq, index, DYN_RETRYING, look_single(look, RETRY_LATER));
    put_count(sidekiq, index, DYN_FAILED, look_single(look, DEAD));
    int64_t schedule_ms = look_score(look_single(look, SCHEDULE_NEXT), 0);
    int64_t retry_ms = look_score(look_single(look, RETRY_NEXT), 0);
    int64_t next_ms =
        schedule_ms < 0 || (retry_ms >= 0 && retry_ms < schedule_ms) ? retry_ms : schedule_ms;
    if (next_ms >= 0)
        sidekiq->host->put(sidekiq->host, index, DYN_NEXT_DUE,
                           next_ms > look->now_ms ? next_ms - look->now_ms : 0, 0);
}

/* ---- Answering ---- */

static void answer(struct sidekiq *sidekiq, const struct look *look, const struct dyn_group *group,
                   uint32_t index)
{
    if ((group->metrics & (DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY))) != 0)
        put_waiting(sidekiq, look, group, index);
    if ((group->metrics & DYN_BIT(DYN_BUSY)) != 0)
        put_busy(sidekiq, look, group, index);
    if (group->n_queues == 0)
        put_sets(sidekiq, look, index);
}

static int32_t sidekiq_measure(void *self, const struct dyn_call *call,
                               const struct dyn_group *groups, uint32_t n)
{
    struct sidekiq *sidekiq = self;
    struct look look = {0};
    redis_take_events(sidekiq->redis, call, n);
    int32_t code = look_at(sidekiq->redis, sidekiq->prefix, call, groups, n, &sidekiq->last, &look);
    if (code != DYN_OK) {
        look_fini(&look);
        return fail(sidekiq, code);
    }
    for (uint32_t i = 0; i < n; i++)
        answer(sidekiq, &look, &groups[i], i);
    look_rest(&look);
    look_fini(&sidekiq->last);
    sidekiq->last = look;
    return DYN_OK;
}

/* Of the queues, of what queues there are, and of what is paused: a queue that goes on. */
static int32_t sidekiq_watch(void *self, const struct dyn_call *call,
                             const struct dyn_group *groups, uint32_t n, int32_t *fd)
{
    const struct sidekiq *sidekiq = self;
    (void)groups;
    return redis_watch(sidekiq->redis, call, n, fd);
}

static void put_worker(const struct sidekiq *sidekiq, const struct look *look, size_t process,
                       const struct dyn_group *group, uint32_t index)
{
    struct work work = work_of(look, process, group);
    char *host = sidekiq_host(look_process(look, process, PROCESS_STATE)->element[1]);
    bool has_since = work.since_ms > 0 && work.since_ms <= look->now_ms;
    struct dyn_worker worker = {
        .busy_ms = has_since ? look->now_ms - work.since_ms : DYN_ABSENT,
        .host = host != NULL ? host : look_process_name(look, process),
        .id = look_process_name(look, process),
        .queue = work.queue,
        .n_jobs = work.n_jobs,
    };
    bool may_be_busy = waited_at(&sidekiq->waited, group->name) >= look_beat_ms(look, process);
    if (work.n_jobs > 0 || may_be_busy)
        sidekiq->host->put_worker(sidekiq->host, index, &worker);
    free(host);
    free(work.queue);
}

static void put_workers(const struct sidekiq *sidekiq, const struct look *look,
                        const struct dyn_group *groups, uint32_t n)
{
    for (uint32_t i = 0; i < n; i++)
        for (size_t process = 0; process < look_n_processes(look); process++)
            if (is_alive(look, process))
                put_worker(sidekiq, look, process, &groups[i], i);
}

static int32_t sidekiq_workers(void *self, const struct dyn_call *call,
                               const struct dyn_group *groups, uint32_t n)
{
    const struct sidekiq *sidekiq = self;
    struct look none = {0};
    struct look look = {.is_of_workers = true};
    int32_t code = look_at(sidekiq->redis, sidekiq->prefix, call, groups, n, &none, &look);
    struct redis_untold untold = {0};
    if (code == DYN_OK)
        untold = untold_of(&look);
    else
        fail(sidekiq, code);
    if (untold.reply != NULL)
        code = sidekiq->host->fail(sidekiq->host, DYN_RETRY, sentence(sidekiq, untold));
    if (code == DYN_OK)
        put_workers(sidekiq, &look, groups, n);
    look_fini(&look);
    return code;
}

/* ---- Detection ---- */

static int32_t sidekiq_detect(void *self, const struct dyn_call *call)
{
    const struct sidekiq *sidekiq = self;
    return redis_detect(sidekiq->host, sidekiq->redis, call, REDIS_SIDEKIQ, sidekiq->space);
}

static const struct dyn_queue queue = {
    .size = sizeof queue,
    .metrics = DYN_BIT(DYN_WAITING) | DYN_BIT(DYN_LATENCY) | DYN_BIT(DYN_BUSY) |
               DYN_BIT(DYN_SCHEDULED) | DYN_BIT(DYN_RETRYING) | DYN_BIT(DYN_FAILED) |
               DYN_BIT(DYN_NEXT_DUE),
    .measure = sidekiq_measure,
    .detect = sidekiq_detect,
    .watch = sidekiq_watch,
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
    .load = transfer_load,
    .open = sidekiq_open,
    .close = sidekiq_close,
    .queue = &queue,
};
