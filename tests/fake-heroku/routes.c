/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/routes.h"

#include "tests/fake-heroku/protocol.h"
#include "tests/fake-heroku/view.h"
#include "tests/fake-heroku/when.h"

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* As captured on replies of the platform. */
#define READ  "global read read-protected write write-protected"
#define WRITE "global write write-protected"

static struct app *app_of(const struct platform *platform, const struct request *request)
{
    return platform_app(platform, request->parts[1]);
}

static const char *id_of(const cJSON *item)
{
    const char *id = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(item, "id"));
    return id != NULL ? id : "";
}

/* Keeps of a list in the order of ids the part that the request's Range begins, "]ID..": the next
 * `most` behind that id. */
static void cut_list(const struct request *request, struct reply *reply, cJSON *list, long most)
{
    const char *range = headers_find(&request->headers, "Range");
    const char *after = range != NULL ? strchr(range, ']') : NULL;
    size_t length = after != NULL ? strcspn(++after, ".") : 0;
    while (after != NULL && list->child != NULL && strncmp(id_of(list->child), after, length) <= 0)
        cJSON_DeleteItemFromArray(list, 0);
    if (cJSON_GetArraySize(list) <= most)
        return;
    while (cJSON_GetArraySize(list) > most)
        cJSON_DeleteItemFromArray(list, (int)most);
    char next[128];
    snprintf(next, sizeof next, "]%s..; max=%ld", id_of(cJSON_GetArrayItem(list, (int)most - 1)),
             most);
    headers_add(&reply->headers, "Next-Range", next);
}

/* A list with the headers that lists have. */
static void reply_list(struct reply *reply, cJSON *list)
{
    headers_add(&reply->headers, "Accept-Ranges", "id, type");
    reply_json(reply, 200, list);
}

/* Likewise, in parts if the platform is told so. */
static void reply_part(const struct platform *platform, const struct request *request,
                       struct reply *reply, cJSON *list)
{
    if (platform->page > 0)
        cut_list(request, reply, list, platform->page);
    bool is_part = headers_find(&reply->headers, "Next-Range") != NULL;
    reply_list(reply, list);
    reply->status = is_part ? 206 : 200;
}

static void get_account(struct platform *platform, const struct request *request,
                        struct reply *reply)
{
    reply_json(reply, 200, view_account(protocol_account(platform, request)));
}

static void get_rate_limits(struct platform *platform, const struct request *request,
                            struct reply *reply)
{
    struct bucket *bucket = &protocol_account(platform, request)->bucket;
    cJSON *json = cJSON_CreateObject();
    cJSON_AddNumberToObject(json, "remaining", (double)bucket_left(bucket, when_ms()));
    reply_json(reply, 200, json);
}

static void get_quota(struct platform *platform, const struct request *request, struct reply *reply)
{
    const struct account *account = protocol_account(platform, request);
    if (strcmp(request->parts[1], account->id) == 0)
        reply_json(reply, 200, view_quota(account));
    else
        reply_refuse(reply, 404, "not_found", "Couldn't find that account.");
}

static void get_apps(struct platform *platform, const struct request *request, struct reply *reply)
{
    const struct account *account = protocol_account(platform, request);
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < platform->n_apps; i++)
        if (platform->apps[i]->owner == account)
            cJSON_AddItemToArray(list, view_app(platform->apps[i]));
    reply_list(reply, list);
}

static void get_app(struct platform *platform, const struct request *request, struct reply *reply)
{
    reply_json(reply, 200, view_app(app_of(platform, request)));
}

static void get_formations(struct platform *platform, const struct request *request,
                           struct reply *reply)
{
    reply_part(platform, request, reply, view_formations(app_of(platform, request)));
}

static void get_formation(struct platform *platform, const struct request *request,
                          struct reply *reply)
{
    const struct app *app = app_of(platform, request);
    const struct formation *formation = app_formation(app, request->parts[3]);
    if (formation != NULL)
        reply_json(reply, 200, view_formation(app, formation));
    else
        scaling_refuse_type(reply, request->parts[3]);
}

static bool scale(const struct platform *platform, struct scaling *scaling, struct app *app,
                  struct formation *only, const struct request *request, struct reply *reply)
{
    if (scaling_read(scaling, app, only, &request->body, reply) < 0 ||
        scaling_check(scaling, &platform->limits, reply) < 0)
        return false;
    scaling_apply(scaling);
    return true;
}

static cJSON *view_scaled(const struct scaling *scaling)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < scaling->n; i++)
        cJSON_AddItemToArray(list, view_formation(scaling->app, scaling->wishes[i].formation));
    return list;
}

static void patch_formations(struct platform *platform, const struct request *request,
                             struct reply *reply)
{
    struct app *app = app_of(platform, request);
    struct scaling scaling;
    if (scale(platform, &scaling, app, NULL, request, reply))
        reply_list(reply,
                   platform->replies_all_types ? view_formations(app) : view_scaled(&scaling));
    scaling_fini(&scaling);
}

static void patch_formation(struct platform *platform, const struct request *request,
                            struct reply *reply)
{
    struct app *app = app_of(platform, request);
    struct formation *formation = app_formation(app, request->parts[3]);
    struct scaling scaling;
    if (formation == NULL) {
        scaling_refuse_type(reply, request->parts[3]);
        return;
    }
    if (scale(platform, &scaling, app, formation, request, reply))
        reply_json(reply, 200, view_formation(app, formation));
    scaling_fini(&scaling);
}

static void get_dynos(struct platform *platform, const struct request *request, struct reply *reply)
{
    reply_list(reply, view_dynos(app_of(platform, request)));
}

static void get_dyno(struct platform *platform, const struct request *request, struct reply *reply)
{
    const struct app *app = app_of(platform, request);
    const struct dyno *dyno = app_dyno(app, request->parts[3]);
    if (dyno != NULL)
        reply_json(reply, 200, view_dyno(app, dyno));
    else
        reply_refuse(reply, 404, "not_found", "Couldn't find that dyno.");
}

static void get_sizes(struct platform *platform, const struct request *request, struct reply *reply)
{
    (void)platform;
    (void)request;
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < size_count(); i++)
        cJSON_AddItemToArray(list, view_size(size_at(i)));
    reply_list(reply, list);
}

static const struct route routes[] = {
    {"GET", "/account", "global identity", false, false, get_account},
    {"GET", "/account/rate-limits", READ " identity", false, true, get_rate_limits},
    {"GET", "/accounts/*/actions/get-quota", "global identity", false, false, get_quota},
    {"GET", "/apps", READ, false, false, get_apps},
    {"GET", "/apps/*", READ, true, false, get_app},
    {"GET", "/apps/*/formation", READ, true, false, get_formations},
    {"GET", "/apps/*/formation/*", READ, true, false, get_formation},
    {"PATCH", "/apps/*/formation", WRITE, true, false, patch_formations},
    {"PATCH", "/apps/*/formation/*", WRITE, true, false, patch_formation},
    {"GET", "/apps/*/dynos", READ, true, false, get_dynos},
    {"GET", "/apps/*/dynos/*", READ, true, false, get_dyno},
    {"GET", "/apps/*/available-dyno-sizes", READ, true, false, get_sizes},
    {"GET", "/dyno-sizes", READ, false, false, get_sizes},
};

const struct route *route_find(const char *method, const struct request *request)
{
    for (size_t i = 0; i < sizeof routes / sizeof routes[0]; i++)
        if (strcmp(routes[i].method, method) == 0 && request_is(request, routes[i].path))
            return &routes[i];
    return NULL;
}
