/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/control.h"

#include "core/memory.h"
#include "tests/fake-heroku/report.h"
#include "tests/fake-heroku/view.h"
#include "tests/fake-heroku/when.h"

#include <stdlib.h>
#include <string.h>

bool control_is(const struct request *request)
{
    return request->n_parts > 0 && strcmp(request->parts[0], "_fake") == 0;
}

static cJSON *body_of(const struct request *request, struct reply *reply)
{
    cJSON *json = cJSON_ParseWithOpts(text_chars(&request->body), NULL, true);
    if (json == NULL)
        reply_refuse(reply, 400, "bad_request", "The body must be JSON.");
    return json;
}

/* The app that the path names (/_fake/apps/NAME/...); NULL: the reply says that there is none. */
static struct app *app_of(const struct platform *platform, const struct request *request,
                          struct reply *reply)
{
    struct app *app = platform_app(platform, request->parts[2]);
    if (app == NULL)
        reply_refuse(reply, 404, "not_found", "There is no such app.");
    return app;
}

static struct formation *formation_of(const struct platform *platform,
                                      const struct request *request, struct reply *reply)
{
    const struct app *app = app_of(platform, request, reply);
    struct formation *formation = app != NULL ? app_formation(app, request->parts[4]) : NULL;
    if (app != NULL && formation == NULL)
        reply_refuse(reply, 404, "not_found", "The app has no such process type.");
    return formation;
}

/* ---- Reading ---- */

static void get_state(struct platform *platform, const struct request *request, struct reply *reply)
{
    (void)request;
    reply_json(reply, 200, report_state(platform));
}

static void get_summary(struct platform *platform, const struct request *request,
                        struct reply *reply)
{
    (void)request;
    reply_json(reply, 200, report_summary(platform));
}

static void get_history(struct platform *platform, const struct request *request,
                        struct reply *reply)
{
    (void)request;
    reply_json(reply, 200, report_history(platform));
}

/* ---- An actor behind the client's back ---- */

/* As a person, a deploy or the platform's own autoscaler would: read like a client's request, but
 * held to no limit. */
static void scale(struct app *app, struct formation *only, const struct request *request,
                  struct reply *reply)
{
    struct scaling scaling;
    if (scaling_read(&scaling, app, only, &request->body, reply) == 0) {
        scaling_apply(&scaling);
        reply_json(reply, 200, view_formations(app));
    }
    scaling_fini(&scaling);
}

static void patch_formations(struct platform *platform, const struct request *request,
                             struct reply *reply)
{
    struct app *app = app_of(platform, request, reply);
    if (app != NULL)
        scale(app, NULL, request, reply);
}

static void patch_formation(struct platform *platform, const struct request *request,
                            struct reply *reply)
{
    struct formation *formation = formation_of(platform, request, reply);
    if (formation != NULL)
        scale(app_of(platform, request, reply), formation, request, reply);
}

/* A release whose Procfile has one type more. */
static void put_formation(struct platform *platform, const struct request *request,
                          struct reply *reply)
{
    struct app *app = app_of(platform, request, reply);
    cJSON *body = app != NULL ? body_of(request, reply) : NULL;
    if (body == NULL)
        return;
    const char *command = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(body, "command"));
    const struct size *size = size_of_tier(app_tier(app));
    if (app_formation(app, request->parts[4]) != NULL) {
        reply_refuse(reply, 409, "conflict", "The app has that process type already.");
    } else {
        app_add(app, request->parts[4], command, size != NULL ? size : size_at(0));
        reply_json(reply, 201, view_formations(app));
    }
    cJSON_Delete(body);
}

static void delete_formation(struct platform *platform, const struct request *request,
                             struct reply *reply)
{
    struct formation *formation = formation_of(platform, request, reply);
    if (formation == NULL)
        return;
    struct app *app = app_of(platform, request, reply);
    app_remove(app, formation);
    reply_json(reply, 200, view_formations(app));
}

static void patch_app(struct platform *platform, const struct request *request, struct reply *reply)
{
    struct app *app = app_of(platform, request, reply);
    cJSON *body = app != NULL ? body_of(request, reply) : NULL;
    if (body == NULL)
        return;
    const cJSON *maintenance = cJSON_GetObjectItemCaseSensitive(body, "maintenance");
    if (cJSON_IsBool(maintenance)) {
        app->is_in_maintenance = cJSON_IsTrue(maintenance);
        app->changed_wall_us = when_wall_us();
        reply_json(reply, 200, view_app(app));
    } else {
        reply_refuse(reply, 422, "invalid_params", "maintenance must be true or false.");
    }
    cJSON_Delete(body);
}

static void with_dyno(struct platform *platform, const struct request *request, struct reply *reply,
                      void (*what)(struct app *, struct dyno *))
{
    struct app *app = app_of(platform, request, reply);
    struct dyno *dyno = app != NULL ? app_dyno(app, request->parts[4]) : NULL;
    if (dyno != NULL) {
        what(app, dyno);
        reply_json(reply, 202, view_dynos(app));
    } else if (app != NULL) {
        reply_refuse(reply, 404, "not_found", "The app has no such dyno.");
    }
}

static void crash(struct app *app, struct dyno *dyno)
{
    (void)app;
    dyno_crash(dyno, when_ms());
}

static void post_crash(struct platform *platform, const struct request *request,
                       struct reply *reply)
{
    with_dyno(platform, request, reply, crash);
}

static void post_restart(struct platform *platform, const struct request *request,
                         struct reply *reply)
{
    with_dyno(platform, request, reply, app_restart);
}

/* ---- The rate limit, faults, the end ---- */

static void set_number(const cJSON *body, const char *name, double *number)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(body, name);
    if (cJSON_IsNumber(item) && item->valuedouble >= 0)
        *number = item->valuedouble;
}

static void patch_rate_limit(struct platform *platform, const struct request *request,
                             struct reply *reply)
{
    struct bucket *bucket = &platform->owner->bucket;
    cJSON *body = body_of(request, reply);
    if (body == NULL)
        return;
    (void)bucket_left(bucket, when_ms()); /* what was before follows the rates of before */
    set_number(body, "remaining", &bucket->left);
    set_number(body, "size", &bucket->size);
    set_number(body, "per_second", &bucket->per_second);
    set_number(body, "drain_per_second", &bucket->drain_per_second);
    cJSON_Delete(body);
    reply_json(reply, 200, report_rate_limit(platform));
}

static void get_faults(struct platform *platform, const struct request *request,
                       struct reply *reply)
{
    (void)request;
    reply_json(reply, 200, faults_json(&platform->faults));
}

static void post_fault(struct platform *platform, const struct request *request,
                       struct reply *reply)
{
    struct error error = {0};
    cJSON *body = body_of(request, reply);
    if (body == NULL)
        return;
    if (faults_add_json(&platform->faults, body, when_ms(), &error) < 0)
        reply_refuse(reply, 422, "invalid_params", error.text);
    else
        reply_json(reply, 201, faults_json(&platform->faults));
    cJSON_Delete(body);
}

static void delete_faults(struct platform *platform, const struct request *request,
                          struct reply *reply)
{
    (void)request;
    faults_clear(&platform->faults);
    reply_json(reply, 200, faults_json(&platform->faults));
}

static void post_stop(struct platform *platform, const struct request *request, struct reply *reply)
{
    (void)request;
    platform->is_told_to_stop = true;
    reply_json(reply, 202, cJSON_CreateObject());
}

static const struct {
    const char *method;
    const char *path;
    void (*answer)(struct platform *, const struct request *, struct reply *);
} routes[] = {
    {"GET", "/_fake/state", get_state},
    {"GET", "/_fake/summary", get_summary},
    {"GET", "/_fake/history", get_history},
    {"PATCH", "/_fake/apps/*", patch_app},
    {"PATCH", "/_fake/apps/*/formation", patch_formations},
    {"PATCH", "/_fake/apps/*/formation/*", patch_formation},
    {"PUT", "/_fake/apps/*/formation/*", put_formation},
    {"DELETE", "/_fake/apps/*/formation/*", delete_formation},
    {"POST", "/_fake/apps/*/dynos/*/crash", post_crash},
    {"POST", "/_fake/apps/*/dynos/*/restart", post_restart},
    {"PATCH", "/_fake/rate-limit", patch_rate_limit},
    {"GET", "/_fake/faults", get_faults},
    {"POST", "/_fake/faults", post_fault},
    {"DELETE", "/_fake/faults", delete_faults},
    {"POST", "/_fake/stop", post_stop},
};

void control_answer(struct platform *platform, const struct request *request, struct reply *reply)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].method, request->method) == 0 && request_is(request, routes[i].path)) {
            routes[i].answer(platform, request, reply);
            return;
        }
    reply_refuse(reply, 404, "not_found",
                 "There is no such control path: dynomatic-fake-heroku(1) lists them.");
}
