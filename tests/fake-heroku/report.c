/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/report.h"

#include "tests/fake-heroku/when.h"

#include <math.h>
#include <string.h>

static double thousandths(double number)
{
    return round(number * 1000) / 1000;
}

static void add_time(cJSON *json, const char *name, int64_t wall_us)
{
    char room[WHEN_SIZE];
    if (wall_us > 0)
        cJSON_AddStringToObject(json, name, when_log(wall_us, room));
    else
        cJSON_AddNullToObject(json, name);
}

cJSON *report_rate_limit(struct platform *platform)
{
    struct bucket *bucket = &platform->owner->bucket;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "remaining", (double)bucket_left(bucket, when_ms()));
    cJSON_AddNumberToObject(json, "size", bucket->size);
    cJSON_AddNumberToObject(json, "per_second", bucket->per_second);
    cJSON_AddNumberToObject(json, "drain_per_second", bucket->drain_per_second);
    return json;
}

/* ---- State ---- */

static cJSON *formation_state(const struct formation *formation)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "id", formation->id);
    cJSON_AddStringToObject(json, "type", formation->type);
    cJSON_AddNumberToObject(json, "quantity", formation->quantity);
    cJSON_AddStringToObject(json, "size", formation->size->name);
    cJSON_AddStringToObject(json, "command", formation->command);
    return json;
}

static cJSON *dyno_state(const struct dyno *dyno, int64_t now_ms)
{
    static const char *const ends[] = {NULL, "exited", "killed"};
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "id", dyno->id);
    cJSON_AddStringToObject(json, "name", dyno->name);
    cJSON_AddStringToObject(json, "type", dyno->type);
    cJSON_AddStringToObject(json, "size", dyno->size->name);
    cJSON_AddStringToObject(json, "state", dyno_state_name(dyno));
    if (dyno->process != NULL)
        cJSON_AddNumberToObject(json, "pid", process_pid(dyno->process));
    else
        cJSON_AddNullToObject(json, "pid");
    add_time(json, "created_at", dyno->made_wall_us);
    add_time(json, "stopped_at", dyno->stop_wall_us);
    add_time(json, "gone_at", dyno->gone_wall_us);
    if (dyno->end == DYNO_LIVES)
        cJSON_AddNullToObject(json, "end");
    else
        cJSON_AddStringToObject(json, "end", ends[dyno->end]);
    cJSON_AddNumberToObject(json, "crashes", dyno->all_crashes);
    cJSON_AddNumberToObject(json, "seconds", thousandths(dyno_seconds(dyno, now_ms)));
    return json;
}

static cJSON *app_state(const struct app *app, int64_t now_ms)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "id", app->id);
    cJSON_AddStringToObject(json, "name", app->name);
    cJSON_AddBoolToObject(json, "maintenance", app->is_in_maintenance);
    cJSON_AddStringToObject(json, "tier", app_tier(app));
    cJSON *formations = cJSON_AddArrayToObject(json, "formation");
    for (size_t i = 0; i < app->n_formations; i++)
        cJSON_AddItemToArray(formations, formation_state(app->formations[i]));
    cJSON *dynos = cJSON_AddArrayToObject(json, "dynos");
    for (size_t i = 0; i < app->n_dynos; i++)
        if (app->dynos[i]->state != DYNO_GONE)
            cJSON_AddItemToArray(dynos, dyno_state(app->dynos[i], now_ms));
    return json;
}

cJSON *report_state(struct platform *platform)
{
    int64_t now_ms = when_ms();
    cJSON *json = cJSON_CreateObject();
    add_time(json, "now", when_wall_us());
    cJSON *apps = cJSON_AddArrayToObject(json, "apps");
    for (size_t i = 0; i < platform->n_apps; i++)
        cJSON_AddItemToArray(apps, app_state(platform->apps[i], now_ms));
    cJSON_AddItemToObject(json, "rate_limit", report_rate_limit(platform));
    cJSON_AddItemToObject(json, "faults", faults_json(&platform->faults));
    return json;
}

/* ---- Summary ---- */

static cJSON *counts_json(const struct counts *counts)
{
    cJSON *json = cJSON_CreateObject();
    for (size_t i = 0; i < counts->n; i++)
        cJSON_AddNumberToObject(json, counts->at[i].name, (double)counts->at[i].n);
    return json;
}

/* Adds to the member of this name: types of two apps that are called the same count together. */
static void add_to(cJSON *json, const char *member, double number)
{
    cJSON *item = cJSON_GetObjectItemCaseSensitive(json, member);
    if (item != NULL)
        cJSON_SetNumberValue(item, item->valuedouble + number);
    else
        cJSON_AddNumberToObject(json, member, number);
}

static void add_tally(cJSON *json, const struct app *app, const struct tally *tally)
{
    double seconds = thousandths(app_seconds(app, tally, when_ms()));
    add_to(cJSON_GetObjectItem(json, "dyno_seconds"), tally->type, seconds);
    add_to(cJSON_GetObjectItem(json, "max_quantity"), tally->type, tally->most_wanted);
    add_to(cJSON_GetObjectItem(json, "max_dynos"), tally->type, tally->most_dynos);
    add_to(cJSON_GetObjectItem(json, "started"), tally->type, tally->started);
    add_to(json, "crashes", app_crashes(app, tally));
    add_to(json, "kills", tally->kills);
}

cJSON *report_summary(struct platform *platform)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "seconds", (double)(when_ms() - platform->started_ms) / 1000);
    cJSON_AddNumberToObject(json, "requests", (double)platform->requests);
    cJSON_AddItemToObject(json, "by_method", counts_json(&platform->by_method));
    cJSON_AddItemToObject(json, "by_status", counts_json(&platform->by_status));
    cJSON_AddObjectToObject(json, "dyno_seconds");
    cJSON_AddObjectToObject(json, "max_quantity");
    cJSON_AddObjectToObject(json, "max_dynos");
    cJSON_AddObjectToObject(json, "started");
    cJSON_AddNumberToObject(json, "crashes", 0);
    cJSON_AddNumberToObject(json, "kills", 0);
    for (size_t i = 0; i < platform->n_apps; i++)
        for (size_t j = 0; j < platform->apps[i]->n_tallies; j++)
            add_tally(json, platform->apps[i], platform->apps[i]->tallies[j]);
    cJSON_AddItemToObject(json, "rate_limit", report_rate_limit(platform));
    return json;
}

/* ---- History ---- */

static void add_dynos(cJSON *list, const struct app *app, struct dyno *const *dynos, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        cJSON *json = dyno_state(dynos[i], when_ms());
        cJSON_AddStringToObject(json, "app", app->name);
        cJSON_AddItemToArray(list, json);
    }
}

cJSON *report_history(struct platform *platform)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < platform->n_apps; i++) {
        const struct app *app = platform->apps[i];
        add_dynos(list, app, app->past, app->n_past);
        add_dynos(list, app, app->dynos, app->n_dynos);
    }
    return list;
}
