/* SPDX-License-Identifier: MIT
 * What the platform does not run: too many dynos, and sizes that do not go together. */
#include "tests/fake-heroku/scaling.h"

#include <string.h>

const struct limits limits_of_the_platform = {.app = 100, .type = 10, .single = 1, .eco = 2};

static struct wish after(const struct scaling *scaling, struct formation *formation)
{
    for (size_t i = 0; i < scaling->n; i++)
        if (scaling->wishes[i].formation == formation)
            return scaling->wishes[i];
    return (struct wish){formation, formation->quantity, formation->size, false};
}

static int refuse(struct reply *reply, int limit, int wanted, cJSON *refusal)
{
    cJSON_AddStringToObject(
        refusal, "url", "https://devcenter.heroku.com/articles/dyno-size#default-scaling-limits");
    cJSON_AddNumberToObject(refusal, "limit", limit);
    cJSON_AddNumberToObject(refusal, "size", wanted);
    reply_json(reply, 422, refusal);
    return -1;
}

static int type_limit(const struct limits *limits, const struct size *size)
{
    if (size->family == FAMILY_ECO || size->family == FAMILY_BASIC)
        return limits->single;
    if (size->family == FAMILY_PRIVATE || (size->family == FAMILY_COMMON && size->is_dedicated))
        return limits->type;
    return 0;
}

/* Only what grows is held to a limit: a client may always go down. */
static int check_type(const struct wish *wish, const struct limits *limits, struct reply *reply)
{
    int limit = type_limit(limits, wish->size);
    bool grows = wish->quantity > wish->formation->quantity || wish->size != wish->formation->size;
    if (limit == 0 || wish->quantity <= limit || !grows)
        return 0;
    return refuse(reply, limit, wish->quantity,
                  reply_refusal("cannot_run_above_limit",
                                "Cannot update to more than %d %s size dynos per process type.",
                                limit, wish->size->name));
}

/* All dynos after the change; of one family only, or of all (-1). */
static int total(const struct scaling *scaling, int family)
{
    int sum = 0;
    for (size_t i = 0; i < scaling->app->n_formations; i++) {
        struct wish wish = after(scaling, scaling->app->formations[i]);
        if (family < 0 || (int)wish.size->family == family)
            sum += wish.quantity;
    }
    return sum;
}

static int check_total(const struct scaling *scaling, int limit, int family, const char *what,
                       struct reply *reply)
{
    const struct scaling before = {.app = scaling->app};
    int sum = total(scaling, family);
    if (limit == 0 || sum <= limit || sum <= total(&before, family))
        return 0;
    return refuse(
        reply, limit, sum,
        reply_refusal("cannot_run_above_limit", "Cannot run more than %d %sdynos.", limit, what));
}

/* Sizes that an app was configured with may stay as they are: only a size that is asked for is
 * refused, for a type that runs beside another that runs. */
static int check_mix(const struct scaling *scaling, struct reply *reply)
{
    for (size_t i = 0; i < scaling->n; i++) {
        const struct wish *wish = &scaling->wishes[i];
        for (size_t j = 0; wish->names_size && wish->quantity > 0 && j < scaling->app->n_formations;
             j++) {
            struct wish other = after(scaling, scaling->app->formations[j]);
            if (other.size->family == wish->size->family || other.quantity == 0)
                continue;
            reply_json(reply, 422,
                       reply_refusal("invalid_params",
                                     "Cannot use the following dyno types in the same app: %s and "
                                     "%s",
                                     wish->size->name, other.size->name));
            return -1;
        }
    }
    return 0;
}

int scaling_check(const struct scaling *scaling, const struct limits *limits, struct reply *reply)
{
    if (check_mix(scaling, reply) < 0)
        return -1;
    for (size_t i = 0; i < scaling->n; i++)
        if (check_type(&scaling->wishes[i], limits, reply) < 0)
            return -1;
    if (check_total(scaling, limits->eco, FAMILY_ECO, "Eco size ", reply) < 0)
        return -1;
    return check_total(scaling, limits->app, -1, "", reply);
}
