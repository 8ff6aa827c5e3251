/* SPDX-License-Identifier: MIT */
#include "tests/fake-heroku/scaling.h"

#include "core/memory.h"

#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { QUANTITY_MOST = 1000000 };

void scaling_refuse_type(struct reply *reply, const char *type)
{
    cJSON *json = reply_refusal("not_found", "Couldn't find that process type (%s).", type);
    cJSON_AddStringToObject(json, "resource", "formation");
    reply_json(reply, 404, json);
}

static int refuse(struct reply *reply, cJSON *refusal)
{
    reply_json(reply, 422, refusal);
    return -1;
}

static int refuse_quantity(struct reply *reply, const char *type, const cJSON *item)
{
    char *text = cJSON_PrintUnformatted(item);
    cJSON *refusal =
        reply_refusal("invalid_params", "Invalid quantity for %s: %s is not a number of dynos.",
                      type, text != NULL ? text : "that");
    free(text);
    return refuse(reply, refusal);
}

/* "2", "+1" or "-1" as a number, with `now` as what the relative ones start from. */
static int parse_quantity(const char *text, int now, double *quantity)
{
    bool is_relative = *text == '+' || *text == '-';
    const char *digits = text + is_relative;
    size_t length = strspn(digits, "0123456789");
    if (length == 0 || length > 9 || digits[length] != '\0')
        return -1;
    double number = strtod(text, NULL);
    *quantity = is_relative ? now + number : number;
    return 0;
}

static int read_quantity(struct wish *wish, const cJSON *item, struct reply *reply)
{
    double quantity = 0;
    if (cJSON_IsNumber(item))
        quantity = item->valuedouble;
    else if (!cJSON_IsString(item) ||
             parse_quantity(item->valuestring, wish->quantity, &quantity) < 0)
        return refuse_quantity(reply, wish->formation->type, item);
    if (!(quantity >= 0) || quantity > QUANTITY_MOST || quantity != floor(quantity))
        return refuse_quantity(reply, wish->formation->type, item);
    wish->quantity = (int)quantity;
    return 0;
}

/* A size is a name, or an object with a name or an id. */
static const char *size_name(const cJSON *item)
{
    if (cJSON_IsObject(item)) {
        const cJSON *name = cJSON_GetObjectItemCaseSensitive(item, "name");
        item = name != NULL ? name : cJSON_GetObjectItemCaseSensitive(item, "id");
    }
    return cJSON_IsString(item) ? item->valuestring : NULL;
}

static int read_size(struct wish *wish, const cJSON *item, struct reply *reply)
{
    const char *name = size_name(item);
    const struct size *size = name != NULL ? size_find(name) : NULL;
    if (size != NULL) {
        wish->size = size;
        wish->names_size = true;
        return 0;
    }
    char *names = size_names();
    cJSON *refusal =
        reply_refusal("invalid_params", "No such size as %s. Available dyno sizes are %s.",
                      name != NULL ? name : "that", names);
    free(names);
    return refuse(reply, refusal);
}

static int read_member(struct wish *wish, const cJSON *item, struct reply *reply)
{
    if (strcmp(item->string, "quantity") == 0)
        return read_quantity(wish, item, reply);
    if (strcmp(item->string, "size") == 0 || strcmp(item->string, "dyno_size") == 0)
        return read_size(wish, item, reply);
    return refuse(reply, reply_refusal("invalid_params", "%s is not a parameter of a formation.",
                                       item->string));
}

/* The wish for this formation: what was asked before in the same request, else what is. */
static struct wish *wish_for(struct scaling *scaling, struct formation *formation)
{
    for (size_t i = 0; i < scaling->n; i++)
        if (scaling->wishes[i].formation == formation)
            return &scaling->wishes[i];
    scaling->wishes = memory_resize(scaling->wishes, scaling->n + 1, sizeof *scaling->wishes);
    struct wish *wish = &scaling->wishes[scaling->n++];
    *wish = (struct wish){formation, formation->quantity, formation->size, false};
    return wish;
}

/* Members but `type`, which the caller has read. */
static int read_one(struct scaling *scaling, struct formation *formation, const cJSON *object,
                    bool is_batch, struct reply *reply)
{
    struct wish *wish = wish_for(scaling, formation);
    const cJSON *item;
    cJSON_ArrayForEach(item, object)
    {
        if (is_batch && strcmp(item->string, "type") == 0)
            continue;
        if (read_member(wish, item, reply) < 0)
            return -1;
    }
    return 0;
}

static int read_update(struct scaling *scaling, const cJSON *update, struct reply *reply)
{
    const cJSON *type = cJSON_GetObjectItemCaseSensitive(update, "type");
    if (!cJSON_IsObject(update) || !cJSON_IsString(type))
        return refuse(reply, reply_refusal("invalid_params", "Each update needs a type."));
    struct formation *formation = app_formation(scaling->app, type->valuestring);
    if (formation != NULL)
        return read_one(scaling, formation, update, true, reply);
    if (scaling->app->n_formations > 0)
        scaling_refuse_type(reply, type->valuestring);
    else
        reply_refuse(reply, 422, "invalid_params",
                     "App must be deployed before dynos can be scaled.");
    return -1;
}

static int read_updates(struct scaling *scaling, const cJSON *body, struct reply *reply)
{
    const cJSON *updates = cJSON_GetObjectItemCaseSensitive(body, "updates");
    const cJSON *item;
    cJSON_ArrayForEach(item, body)
    {
        if (strcmp(item->string, "updates") != 0)
            return refuse(reply, reply_refusal("invalid_params", "%s is not a parameter here.",
                                               item->string));
    }
    if (!cJSON_IsArray(updates))
        return refuse(reply, reply_refusal("invalid_params", "updates must be an array."));
    cJSON_ArrayForEach(item, updates)
    {
        if (read_update(scaling, item, reply) < 0)
            return -1;
    }
    return 0;
}

int scaling_read(struct scaling *scaling, struct app *app, struct formation *only,
                 const struct text *body, struct reply *reply)
{
    *scaling = (struct scaling){.app = app};
    cJSON *json = cJSON_ParseWithOpts(text_chars(body), NULL, true);
    int result = -1;
    if (json == NULL)
        reply_refuse(reply, 400, "bad_request", "Unable to parse the request body as JSON.");
    else if (!cJSON_IsObject(json))
        reply_refuse(reply, 422, "invalid_params", "The request body must be an object.");
    else if (only != NULL)
        result = read_one(scaling, only, json, false, reply);
    else
        result = read_updates(scaling, json, reply);
    cJSON_Delete(json);
    return result;
}

void scaling_apply(const struct scaling *scaling)
{
    for (size_t i = 0; i < scaling->n; i++)
        app_scale(scaling->app, scaling->wishes[i].formation, scaling->wishes[i].quantity,
                  scaling->wishes[i].size);
}

void scaling_fini(struct scaling *scaling)
{
    free(scaling->wishes);
    *scaling = (struct scaling){0};
}
