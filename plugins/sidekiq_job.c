/* SPDX-License-Identifier: MIT */
#include "sidekiq_job.h"

#include <cjson/cJSON.h>
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

static char *text_of(const cJSON *object, const char *key)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    return text != NULL ? strdup(text) : NULL;
}

struct sidekiq_job sidekiq_job_read(const char *json, size_t length)
{
    cJSON *root = cJSON_ParseWithLength(json, length);
    struct sidekiq_job job = {text_of(root, "queue"), 0};
    job.since_ms = time_of(cJSON_GetObjectItemCaseSensitive(root, "enqueued_at"));
    if (job.since_ms == 0)
        job.since_ms = time_of(cJSON_GetObjectItemCaseSensitive(root, "created_at"));
    cJSON_Delete(root);
    return job;
}

void sidekiq_job_fini(struct sidekiq_job *job)
{
    free(job->queue);
}

struct sidekiq_work sidekiq_work_read(const char *json, size_t length)
{
    cJSON *root = cJSON_ParseWithLength(json, length);
    struct sidekiq_work work = {text_of(root, "queue"), 0};
    work.since_ms = time_of(cJSON_GetObjectItemCaseSensitive(root, "run_at"));
    cJSON_Delete(root);
    return work;
}

void sidekiq_work_fini(struct sidekiq_work *work)
{
    free(work->queue);
    *work = (struct sidekiq_work){NULL, 0};
}

char *sidekiq_host_read(const char *json, size_t length)
{
    cJSON *root = cJSON_ParseWithLength(json, length);
    char *host = text_of(root, "hostname");
    cJSON_Delete(root);
    return host;
}
