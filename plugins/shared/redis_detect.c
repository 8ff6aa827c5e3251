/* SPDX-License-Identifier: MIT */
#include "shared/redis_detect.h"

#include "shared/json_member.h"

#include <dynomatic/util.h>

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NAMES_SHOWN "10"   /* of the queues */
#define SCANNED     "1000" /* keys that are looked at in one go for another namespace */

enum {
    KEY_ROOM = 1024,
    JOBS_READ = 3, /* of that many queues the first job */
    DAYS = 31,     /* for which counts of a day are looked for */
    SCANS_MOST = 10,
    SPACES_MOST = 5,
    CURSOR_ROOM = 24,
    EVIDENCE_ROOM = 320,
    PROOF = 95,
    GOOD = 90,
    HINT = 60,
    ELSEWHERE = 20 /* keys that the options do not name */
};

/* The first round trip; a count of jobs for each of some days follows. */
enum { PROCESSES, WORKERS, STAT, SCHEDULE, RETRY, DEAD, N_QUEUES, QUEUES, SIZE, FIRST_DAY };

/* What is known of a namespace. */
struct look {
    const struct dyn_host *host;
    struct redis *redis;
    const struct dyn_call *call;
    enum redis_library library;
    const char *space;
    struct redis_replies replies;
    char day[sizeof "2026-11-24"]; /* of which there is a count of jobs; "": none */
    bool has_jid;                  /* a job as Sidekiq writes it */
    bool has_plain;                /* a job as Resque writes it */
};

static const char *key(const char *space, char *out, const char *first, const char *second)
{
    bool has_space = space != NULL && space[0] != '\0';
    snprintf(out, KEY_ROOM, "%s%s%s%s", has_space ? space : "", has_space ? ":" : "", first,
             second);
    return out;
}

static int32_t run(const struct look *look, struct redis_pipe *pipe, struct redis_replies *replies)
{
    int32_t code = redis_run(look->redis, look->call, pipe, replies);
    return code == DYN_OK ? DYN_OK : look->host->fail(look->host, code, redis_failure(look->redis));
}

/* A key of another type is not the library's. */
static int64_t count_of(const struct redis_replies *replies, size_t i)
{
    return replies->at[i]->type == REDIS_REPLY_INTEGER ? replies->at[i]->integer : 0;
}

static bool is_there(const struct look *look, size_t i)
{
    return count_of(&look->replies, i) > 0;
}

/* ---- Looking ---- */

/* "2026-11-24", so many days ago, in UTC as Sidekiq counts. */
static void day_of(const struct redis *redis, int ago, char out[sizeof "2026-11-24"])
{
    time_t at = (time_t)(redis_now_ms(redis) / 1000) - (time_t)ago * 86400;
    struct tm day;
    gmtime_r(&at, &day);
    strftime(out, sizeof "2026-11-24", "%Y-%m-%d", &day);
}

static int32_t look_at_keys(struct look *look)
{
    static const char *const exist[] = {"processes", "workers", "stat:processed"};
    static const char *const sets[] = {"schedule", "retry", "dead"};
    struct redis_pipe pipe = {0};
    char name[KEY_ROOM];
    char day[sizeof look->day];
    for (size_t i = 0; i < DYN_COUNT(exist); i++)
        redis_add(&pipe, "EXISTS", key(look->space, name, exist[i], ""), NULL);
    for (size_t i = 0; i < DYN_COUNT(sets); i++)
        redis_add(&pipe, "ZCARD", key(look->space, name, sets[i], ""), NULL);
    redis_add(&pipe, "SCARD", key(look->space, name, "queues", ""), NULL);
    redis_add(&pipe, "SRANDMEMBER", key(look->space, name, "queues", ""), NAMES_SHOWN, NULL);
    redis_add(&pipe, "DBSIZE", NULL);
    for (int i = 0; i < DAYS; i++) {
        day_of(look->redis, i - 1, day); /* the worker's clock may be ahead */
        redis_add(&pipe, "EXISTS", key(look->space, name, "stat:processed:", day), NULL);
    }
    int32_t code = run(look, &pipe, &look->replies);
    for (int i = DAYS - 1; i >= 0 && code == DYN_OK; i--)
        if (is_there(look, FIRST_DAY + (size_t)i))
            day_of(look->redis, i - 1, look->day);
    return code;
}

/* The middle of a large payload is not there. Both members stand near its start or its end. */
static bool has_member(const redisReply *reply, const char *key)
{
    cJSON *value = json_first(reply->str, reply->len, key);
    if (value == NULL)
        value = json_last(reply->str, reply->len, key);
    bool is_text = cJSON_IsString(value);
    cJSON_Delete(value);
    return is_text;
}

static void note_job(struct look *look, const redisReply *reply)
{
    if (reply->type != REDIS_REPLY_STRING)
        return;
    bool has_jid = has_member(reply, "jid");
    look->has_jid |= has_jid;
    look->has_plain |= !has_jid && has_member(reply, "class");
}

static size_t n_names(const struct look *look)
{
    const redisReply *names = look->replies.at[QUEUES];
    return names->type == REDIS_REPLY_ARRAY ? names->elements : 0;
}

/* A job of some queues and of each set, where no key has told yet whose they are. A payload has any
 * size, so as few as possible are read. */
static int32_t look_at_jobs(struct look *look)
{
    static const char *const sets[] = {"schedule", "retry", "dead"};
    struct redis_pipe pipe = {0};
    struct redis_replies jobs = {NULL, 0};
    char name[KEY_ROOM];
    if (is_there(look, PROCESSES) || is_there(look, WORKERS) || look->day[0] != '\0')
        return DYN_OK;
    for (size_t i = 0; i < n_names(look) && i < JOBS_READ; i++)
        redis_add(&pipe, "LRANGE",
                  key(look->space, name, "queue:", look->replies.at[QUEUES]->element[i]->str), "0",
                  "0", NULL);
    for (size_t i = 0; i < DYN_COUNT(sets); i++)
        redis_add(&pipe, "ZRANGE", key(look->space, name, sets[i], ""), "0", "0", NULL);
    int32_t code = run(look, &pipe, &jobs);
    for (size_t i = 0; code == DYN_OK && i < jobs.n; i++)
        if (jobs.at[i]->type == REDIS_REPLY_ARRAY && jobs.at[i]->elements == 1)
            note_job(look, jobs.at[i]->element[0]);
    redis_replies_fini(&jobs);
    return code;
}

/* ---- Telling ---- */

static int compare(const void *a, const void *b)
{
    return strcmp((*(redisReply *const *)a)->str, (*(redisReply *const *)b)->str);
}

/* "; queues: default, mail and 12 more" */
static void add_queues(const struct look *look, FILE *out)
{
    redisReply *names = look->replies.at[QUEUES];
    size_t n = n_names(look);
    if (n == 0)
        return;
    qsort(names->element, n, sizeof(redisReply *), compare);
    for (size_t i = 0; i < n; i++)
        fprintf(out, "%s%.100s", i > 0 ? ", " : "; queues: ", names->element[i]->str);
    int64_t n_more = count_of(&look->replies, N_QUEUES) - (int64_t)n;
    if (n_more > 0)
        fprintf(out, " and %" PRId64 " more", n_more);
}

static int32_t tell_found(const struct look *look, int32_t percent, const char *evidence)
{
    char *text = NULL;
    size_t length;
    FILE *out = open_memstream(&text, &length);
    if (out == NULL)
        return look->host->fail(look->host, DYN_RETRY, "out of memory");
    fputs(evidence, out);
    add_queues(look, out);
    if (fclose(out) == 0)
        look->host->found(look->host, percent, text);
    free(text);
    return DYN_OK;
}

static const char shared[] = "processes of Sidekiq and workers of Resque, with the same keys";

static int32_t tell_sidekiq(const struct look *look, bool *is_told)
{
    char counted[64];
    *is_told = true;
    if (is_there(look, PROCESSES) && is_there(look, WORKERS))
        return tell_found(look, HINT, shared);
    snprintf(counted, sizeof counted, "a count of the jobs of %s, as Sidekiq keeps it", look->day);
    if (is_there(look, PROCESSES))
        return tell_found(look, PROOF, "a set of processes, as Sidekiq keeps it");
    if (look->day[0] != '\0')
        return tell_found(look, PROOF, counted);
    if (look->has_jid)
        return tell_found(look, PROOF, "jobs with a jid, as Sidekiq writes them");
    bool has_sets = is_there(look, SCHEDULE) || is_there(look, RETRY) || is_there(look, DEAD);
    bool is_resque = is_there(look, WORKERS) || look->has_plain;
    if (n_names(look) > 0 && has_sets && !is_resque)
        return tell_found(look, GOOD, "jobs for later or given up, as Sidekiq keeps them");
    if (n_names(look) > 0 && is_there(look, STAT) && !is_resque)
        return tell_found(look, HINT, "queues and a count of jobs, but no process and no job");
    *is_told = false;
    return DYN_OK;
}

static int32_t tell_resque(const struct look *look, bool *is_told)
{
    bool is_sidekiq = is_there(look, PROCESSES) || look->day[0] != '\0' || look->has_jid;
    bool has_space = look->space != NULL && look->space[0] != '\0';
    *is_told = true;
    if (is_there(look, PROCESSES) && is_there(look, WORKERS))
        return tell_found(look, HINT, shared);
    if (is_there(look, WORKERS))
        return tell_found(look, PROOF, "a set of workers, as Resque keeps it");
    if (n_names(look) > 0 && has_space && !is_sidekiq)
        return tell_found(look, GOOD, "a set of queues in Resque's namespace");
    if (look->has_plain && !is_sidekiq)
        return tell_found(look, GOOD, "jobs without a jid, as Resque writes them");
    *is_told = false;
    return DYN_OK;
}

/* ---- Other namespaces ---- */

/* The namespace in "resque:app:queues", cut out of it; NULL if it is that of another library, or
 * the one that was looked at. */
static const char *space_in(const struct look *look, redisReply *name)
{
    size_t end = strlen(":queues");
    if (name->type != REDIS_REPLY_STRING || name->len <= end)
        return NULL;
    name->str[name->len - end] = '\0';
    bool is_known = look->space != NULL && strcmp(name->str, look->space) == 0;
    return is_known || strcmp(name->str, "rq") == 0 ? NULL : name->str;
}

/* Whose a namespace is, where its workers do not tell, its name does. */
static bool is_ours(enum redis_library library, const char *space, bool has_processes,
                    bool has_workers)
{
    bool is_named_so = strncmp(space, "resque", 6) == 0;
    if (library == REDIS_SIDEKIQ)
        return has_processes || (!has_workers && !is_named_so);
    return has_workers || (!has_processes && is_named_so);
}

/* Writes the evidence for the first of them that is the library's. */
static int32_t find_ours(const struct look *look, const char *const *spaces, size_t n,
                         char evidence[EVIDENCE_ROOM])
{
    struct redis_pipe pipe = {0};
    struct redis_replies replies;
    char name[KEY_ROOM];
    for (size_t i = 0; i < n; i++) {
        redis_add(&pipe, "SCARD", key(spaces[i], name, "queues", ""), NULL);
        redis_add(&pipe, "EXISTS", key(spaces[i], name, "processes", ""), NULL);
        redis_add(&pipe, "EXISTS", key(spaces[i], name, "workers", ""), NULL);
    }
    int32_t code = run(look, &pipe, &replies);
    if (code != DYN_OK)
        return code;
    for (size_t i = 0; i < n && evidence[0] == '\0'; i++)
        if (count_of(&replies, 3 * i) > 0 &&
            is_ours(look->library, spaces[i], count_of(&replies, 3 * i + 1) > 0,
                    count_of(&replies, 3 * i + 2) > 0))
            snprintf(evidence, EVIDENCE_ROOM,
                     "a set of queues in a namespace that the file must name: namespace: "
                     "\"%.200s\"",
                     spaces[i]);
    redis_replies_fini(&replies);
    return DYN_OK;
}

static int32_t tell_nothing(const struct look *look)
{
    const char *library = look->library == REDIS_SIDEKIQ ? "Sidekiq" : "Resque";
    const char *place = redis_place(look->redis);
    if (count_of(&look->replies, SIZE) == 0)
        return dyn_failf(look->host, DYN_NO, "%s is empty, which tells nothing of %s", place,
                         library);
    return dyn_failf(look->host, DYN_NO, "%s has no keys of %s", place, library);
}

/* The namespaces among some keys; the first one stays as it is. Returns how many there are. */
static size_t spaces_in(const struct look *look, const redisReply *names, const char **spaces,
                        size_t n)
{
    for (size_t i = 0; i < names->elements && n < SPACES_MOST; i++)
        if ((spaces[n] = space_in(look, names->element[i])) != NULL)
            n++;
    return n;
}

/* Looks at some of the keys, and moves the cursor on, to "0" at the end. */
static int32_t scan(const struct look *look, char cursor[CURSOR_ROOM], char evidence[EVIDENCE_ROOM])
{
    struct redis_pipe pipe = {0};
    struct redis_replies replies;
    const char *spaces[SPACES_MOST] = {""};
    bool has_space = look->space != NULL && look->space[0] != '\0';
    redis_add(&pipe, "SCAN", cursor, "MATCH", "*:queues", "COUNT", SCANNED, NULL);
    int32_t code = run(look, &pipe, &replies);
    if (code != DYN_OK)
        return code;
    const redisReply *reply = replies.at[0];
    snprintf(cursor, CURSOR_ROOM, "0");
    if (reply->type == REDIS_REPLY_ARRAY && reply->elements == 2 &&
        reply->element[0]->type == REDIS_REPLY_STRING &&
        reply->element[1]->type == REDIS_REPLY_ARRAY) {
        snprintf(cursor, CURSOR_ROOM, "%s", reply->element[0]->str);
        size_t n = spaces_in(look, reply->element[1], spaces, has_space ? 1 : 0);
        if (n > 0)
            code = find_ours(look, spaces, n, evidence);
    }
    redis_replies_fini(&replies);
    return code;
}

/* Keys of a namespace that is not the one of the options are a hint: the file must name it. */
static int32_t look_elsewhere(const struct look *look)
{
    char cursor[CURSOR_ROOM] = "0";
    char evidence[EVIDENCE_ROOM] = "";
    int32_t code = DYN_OK;
    for (int i = 0; i < SCANS_MOST && code == DYN_OK && evidence[0] == '\0'; i++) {
        code = scan(look, cursor, evidence);
        if (strcmp(cursor, "0") == 0)
            break;
    }
    if (code != DYN_OK)
        return code;
    if (evidence[0] == '\0')
        return tell_nothing(look);
    look->host->found(look->host, ELSEWHERE, evidence);
    return DYN_OK;
}

int32_t redis_detect(const struct dyn_host *host, struct redis *redis, const struct dyn_call *call,
                     enum redis_library library, const char *space)
{
    struct look look = {
        .host = host, .redis = redis, .call = call, .library = library, .space = space};
    bool is_told = false;
    int32_t code = look_at_keys(&look);
    if (code == DYN_OK)
        code = look_at_jobs(&look);
    if (code == DYN_OK)
        code =
            library == REDIS_SIDEKIQ ? tell_sidekiq(&look, &is_told) : tell_resque(&look, &is_told);
    if (code == DYN_OK && !is_told)
        code = look_elsewhere(&look);
    redis_replies_fini(&look.replies);
    return code;
}
