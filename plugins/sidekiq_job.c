/* SPDX-License-Identifier: MIT */
#include "sidekiq_job.h"

#include "shared/json_member.h"

#include <stdlib.h>
#include <string.h>
#include <time.h>

/* Seconds up to Sidekiq 7, milliseconds from 8 on: in one list while an application is upgraded. */
static int64_t ms_of(double number)
{
    if (!(number > 0 && number < 1e15))
        return 0;
    return number > 1e11 ? (int64_t)number : (int64_t)(number * 1000);
}

/* A number, one in quotes, or "2026-11-24T03:00:00Z". 0: none of these. */
static int64_t time_of(const cJSON *item)
{
    if (cJSON_IsNumber(item))
        return ms_of(item->valuedouble);
    const char *text = cJSON_GetStringValue(item);
    if (text == NULL)
        return 0;
    char *end;
    double number = strtod(text, &end);
    if (end != text && *end == '\0')
        return ms_of(number);
    struct tm parts = {0};
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    return rest != NULL && rest[strlen(rest) > 0 ? strlen(rest) - 1 : 0] == 'Z'
               ? (int64_t)timegm(&parts) * 1000
               : 0;
}

static int64_t last_time(const redisReply *reply, const char *key)
{
    struct redis_text text = redis_text(reply);
    cJSON *item = json_last(text.end, text.n, key);
    int64_t ms = time_of(item);
    cJSON_Delete(item);
    return ms;
}

static char *first_text(const redisReply *reply, const char *key)
{
    struct redis_text text = redis_text(reply);
    cJSON *item = json_first(text.start, text.n, key);
    const char *value = cJSON_GetStringValue(item);
    char *copy = value != NULL ? strdup(value) : NULL;
    cJSON_Delete(item);
    return copy;
}

int64_t sidekiq_job_since(const redisReply *job)
{
    int64_t ms = last_time(job, "enqueued_at");
    return ms > 0 ? ms : last_time(job, "created_at");
}

char *sidekiq_queue(const redisReply *json)
{
    return first_text(json, "queue");
}

int64_t sidekiq_work_since(const redisReply *work)
{
    return last_time(work, "run_at");
}

char *sidekiq_host(const redisReply *info)
{
    return first_text(info, "hostname");
}
