/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/view.h"

#include "core/memory.h"
#include "tests/fake-heroku/when.h"

#include <stdlib.h>
#include <string.h>

static void add_time(cJSON *json, const char *name, int64_t wall_us)
{
    char room[WHEN_SIZE];
    cJSON_AddStringToObject(json, name, when_api(wall_us, room));
}

static void add_reference(cJSON *json, const char *member, const char *id, const char *name)
{
    cJSON *reference = cJSON_AddObjectToObject(json, member);
    cJSON_AddStringToObject(reference, "id", id);
    cJSON_AddStringToObject(reference, "name", name);
}

/* A reference to something that has a name only: the id is made of it. */
static void add_named(cJSON *json, const char *member, const char *name)
{
    char id[UUID_SIZE];
    uuid_of(member, name, id);
    add_reference(json, member, id, name);
}

cJSON *view_app(const struct app *app)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "id", app->id);
    cJSON_AddStringToObject(json, "name", app->name);
    cJSON_AddBoolToObject(json, "maintenance", app->is_in_maintenance);
    cJSON_AddStringToObject(json, "process_tier", app_tier(app));
    add_named(json, "generation", app_is_fir(app) ? "fir" : "cedar");
    cJSON *owner = cJSON_AddObjectToObject(json, "owner");
    cJSON_AddStringToObject(owner, "id", app->owner->id);
    cJSON_AddStringToObject(owner, "email", app->owner->email);
    add_named(json, "region", "us");
    add_named(json, "stack", "heroku-24");
    add_named(json, "build_stack", "heroku-24");
    cJSON_AddNullToObject(json, "space");
    cJSON_AddNullToObject(json, "team");
    cJSON_AddNullToObject(json, "organization");
    cJSON_AddNullToObject(json, "archived_at");
    add_time(json, "created_at", app->made_wall_us);
    add_time(json, "released_at", app->made_wall_us);
    add_time(json, "updated_at", app->changed_wall_us);
    return json;
}

cJSON *view_formation(const struct app *app, const struct formation *formation)
{
    cJSON *json = cJSON_CreateObject();
    add_reference(json, "app", app->id, app->name);
    cJSON_AddStringToObject(json, "command", formation->command);
    add_time(json, "created_at", formation->made_wall_us);
    char id[UUID_SIZE];
    uuid_of("size", formation->size->name, id);
    add_reference(json, "dyno_size", id, formation->size->name);
    cJSON_AddStringToObject(json, "id", formation->id);
    cJSON_AddNumberToObject(json, "quantity", formation->quantity);
    cJSON_AddStringToObject(json, "size", formation->size->name);
    cJSON_AddStringToObject(json, "type", formation->type);
    add_time(json, "updated_at", formation->changed_wall_us);
    return json;
}

static int by_id(const void *a, const void *b)
{
    const struct formation *const *one = a;
    const struct formation *const *other = b;
    return strcmp((*one)->id, (*other)->id);
}

cJSON *view_formations(const struct app *app)
{
    cJSON *list = cJSON_CreateArray();
    struct formation **sorted = memory_new(app->n_formations, sizeof *sorted);
    for (size_t i = 0; i < app->n_formations; i++)
        sorted[i] = app->formations[i];
    qsort(sorted, app->n_formations, sizeof *sorted, by_id);
    for (size_t i = 0; i < app->n_formations; i++)
        cJSON_AddItemToArray(list, view_formation(app, sorted[i]));
    free(sorted);
    return list;
}

cJSON *view_dyno(const struct app *app, const struct dyno *dyno)
{
    cJSON *json = cJSON_CreateObject();
    char id[UUID_SIZE];
    add_reference(json, "app", app->id, app->name);
    cJSON_AddNullToObject(json, "attach_url");
    cJSON_AddStringToObject(json, "command", dyno->command);
    add_time(json, "created_at", dyno->made_wall_us);
    cJSON_AddStringToObject(json, "id", dyno->id);
    cJSON_AddStringToObject(json, "name", dyno->name);
    cJSON *release = cJSON_AddObjectToObject(json, "release");
    uuid_of("release", app->name, id);
    cJSON_AddStringToObject(release, "id", id);
    cJSON_AddNumberToObject(release, "version", 1);
    cJSON_AddStringToObject(json, "size", dyno->size->name);
    cJSON_AddStringToObject(json, "state", dyno_state_name(dyno));
    cJSON_AddStringToObject(json, "type", dyno->type);
    add_time(json, "updated_at", dyno->state_wall_us);
    return json;
}

cJSON *view_dynos(const struct app *app)
{
    cJSON *list = cJSON_CreateArray();
    for (size_t i = 0; i < app->n_dynos; i++)
        if (app->dynos[i]->state != DYNO_GONE)
            cJSON_AddItemToArray(list, view_dyno(app, app->dynos[i]));
    return list;
}

cJSON *view_size(const struct size *size)
{
    cJSON *json = cJSON_CreateObject();
    char id[UUID_SIZE];
    uuid_of("size", size->name, id);
    cJSON_AddStringToObject(json, "id", id);
    cJSON_AddStringToObject(json, "name", size->name);
    cJSON_AddNumberToObject(json, "memory", size->memory_gb);
    cJSON_AddNumberToObject(json, "compute", size->compute);
    cJSON_AddBoolToObject(json, "dedicated", size->is_dedicated);
    cJSON_AddNumberToObject(json, "dyno_units", size->compute);
    cJSON_AddBoolToObject(json, "private_space_only", size->family == FAMILY_PRIVATE);
    add_named(json, "generation", size->family == FAMILY_FIR ? "fir" : "cedar");
    cJSON *cost = cJSON_AddObjectToObject(json, "cost");
    cJSON_AddNumberToObject(cost, "cents", size->dollars * 100);
    cJSON_AddStringToObject(cost, "unit", "month");
    return json;
}

cJSON *view_account(const struct account *account)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "id", account->id);
    cJSON_AddStringToObject(json, "email", account->email);
    cJSON_AddNullToObject(json, "name");
    cJSON_AddBoolToObject(json, "verified", true);
    cJSON_AddBoolToObject(json, "two_factor_authentication", false);
    cJSON_AddNullToObject(json, "delinquent_at");
    cJSON_AddNullToObject(json, "suspended_at");
    return json;
}

cJSON *view_quota(const struct account *account)
{
    cJSON *json = cJSON_CreateObject();
    cJSON_AddStringToObject(json, "account_uuid", account->id);
    cJSON_AddNumberToObject(json, "account_quota", 1000 * 3600);
    cJSON_AddNumberToObject(json, "quota_used", 0);
    cJSON_AddArrayToObject(json, "apps");
    return json;
}
