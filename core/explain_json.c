/* SPDX-License-Identifier: MIT
 * Promises for programs. What has no bound, or never comes, is null. */
#include "core/explain.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>

/* A double would round past 2^53. */
static cJSON *json_of_number(int64_t number)
{
    char digits[24];
    snprintf(digits, sizeof digits, "%" PRId64, number);
    return cJSON_CreateRaw(digits);
}

static void add_number(cJSON *object, const char *key, int64_t number)
{
    cJSON_AddItemToObject(object, key, json_of_number(number));
}

static void add_bounded(cJSON *object, const char *key, int64_t number, int64_t no_bound)
{
    if (number == no_bound)
        cJSON_AddNullToObject(object, key);
    else
        add_number(object, key, number);
}

static cJSON *json_of_sizes(const int32_t *sizes)
{
    cJSON *array = cJSON_CreateArray();
    for (size_t i = 0; i < 2; i++)
        cJSON_AddItemToArray(array,
                             sizes[i] == INT32_MAX ? cJSON_CreateNull() : json_of_number(sizes[i]));
    return array;
}

static void add_ranges(cJSON *object, const char *key, const struct ranges *ranges)
{
    cJSON *array = cJSON_AddArrayToObject(object, key);
    for (size_t i = 0; i < ranges->n; i++) {
        const struct range *range = &ranges->all[i];
        cJSON *item = cJSON_CreateObject();
        add_number(item, "from", range->from);
        add_bounded(item, "to", range->to, INT64_MAX);
        cJSON_AddItemToObject(item, "rising", json_of_sizes(range->rising));
        cJSON_AddItemToObject(item, "falling", json_of_sizes(range->falling));
        cJSON_AddItemToArray(array, item);
    }
}

static void fill_view(cJSON *object, const struct view *view)
{
    add_number(object, "least", view->least);
    add_bounded(object, "most", view->most, INT32_MAX);
    add_ranges(object, "by_waiting", &view->by_jobs);
    add_ranges(object, "by_latency_ms", &view->by_latency);
}

static void add_course(cJSON *object, const char *key, const struct course *course)
{
    cJSON *array = cJSON_AddArrayToObject(object, key);
    for (size_t i = 0; i < course->n; i++) {
        cJSON *item = cJSON_CreateObject();
        add_number(item, "after_ms", course->all[i].at_ms);
        add_number(item, "dynos", course->all[i].size);
        cJSON_AddItemToArray(array, item);
    }
}

static void add_reaction(cJSON *object, const struct promise *promise)
{
    if (promise->decided_ms < 0) {
        cJSON_AddNullToObject(object, "reacts");
        return;
    }
    cJSON *reacts = cJSON_AddObjectToObject(object, "reacts");
    add_number(reacts, "waiting", promise->first_waiting);
    add_number(reacts, "decided_ms", promise->decided_ms);
    add_number(reacts, "ordered_ms", promise->ordered_ms);
    add_number(reacts, "first_job_ms", promise->ordered_ms + promise->boot_ms);
    add_number(reacts, "boot_ms", promise->boot_ms);
    cJSON_AddBoolToObject(reacts, "boot_is_assumed", promise->spec->policy.boot_ms < 0);
}

static void add_schedule(cJSON *object, const struct promise *promise)
{
    cJSON *array = cJSON_AddArrayToObject(object, "schedule");
    for (size_t i = 1; i < promise->n_views; i++) {
        cJSON *entry = cJSON_CreateObject();
        cJSON_AddStringToObject(entry, "entry", promise->views[i].words);
        fill_view(entry, &promise->views[i]);
        cJSON_AddItemToArray(array, entry);
    }
}

static void add_week(cJSON *object, const struct promise *promise)
{
    cJSON *array = cJSON_AddArrayToObject(object, "week");
    for (size_t i = 0; i < promise->week.n; i++) {
        const struct week_window *window = &promise->week.all[i];
        struct text when = {0};
        cJSON *item = cJSON_CreateObject();
        schedule_entry_explain(&window->when, &when);
        cJSON_AddStringToObject(item, "when", text_chars(&when));
        cJSON_AddStringToObject(item, "zone", zone_name(promise->week.zone));
        add_bounded(item, "entry", window->entry, -1);
        add_number(item, "minutes", window->minutes);
        cJSON_AddItemToArray(array, item);
        text_fini(&when);
    }
}

/* To the hundredth; less than nothing is no bound. */
static void add_cents(cJSON *object, const char *key, double sum)
{
    char number[32];
    snprintf(number, sizeof number, "%.2f", sum);
    if (sum < 0)
        cJSON_AddNullToObject(object, key);
    else
        cJSON_AddRawToObject(object, key, number);
}

static cJSON *json_of_pool(const struct promise *promise, const struct price *price)
{
    static const char *const protects[] = {"idle", "all", "none"};
    const struct policy *policy = &promise->spec->policy;
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "pool", promise->spec->name);
    cJSON_AddStringToObject(object, "scaler", promise->scaler);
    cJSON_AddStringToObject(object, "process", promise->spec->process);
    fill_view(object, &promise->views[0]);
    add_reaction(object, promise);
    add_course(object, "rises", &promise->up);
    add_course(object, "falls", &promise->down);
    add_number(object, "changes_an_hour", promise->changes_an_hour);
    add_course(object, "blind", &promise->blind);
    cJSON_AddStringToObject(object, "protect", protects[policy->protect]);
    cJSON_AddBoolToObject(object, "names_busy", promise->names_busy);
    add_schedule(object, promise);
    add_week(object, promise);
    cJSON *cost = cJSON_AddObjectToObject(object, "dollars_a_month");
    add_cents(cost, "least", promise_cost(promise, AT_LEAST, price->a_month));
    add_cents(cost, "most", promise_cost(promise, AT_MOST, price->a_month));
    cJSON *risks = cJSON_AddArrayToObject(object, "beware");
    for (size_t i = 0; i < promise->n_risks; i++)
        cJSON_AddItemToArray(risks, cJSON_CreateString(promise->risks[i]));
    if (promise->shadow != NULL)
        cJSON_AddItemToObject(object, "shadow", json_of_pool(promise->shadow, price));
    return object;
}

static cJSON *json_of_limit(const struct limit *limit, struct shares shares)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "limit", limit->name);
    add_number(object, "total", limit->total);
    add_number(object, "least", shares.least);
    add_bounded(object, "most", shares.most, -1);
    cJSON_AddBoolToObject(object, "is_enough", shares.most >= 0 && shares.most <= limit->total);
    return object;
}

static void add_budget(cJSON *object, const struct settings *settings,
                       struct promise *const *promises)
{
    size_t n = settings->n_pools;
    cJSON *item = cJSON_AddObjectToObject(object, "dyno_hours_a_month");
    add_bounded(item, "budget", settings->budget.dyno_hours, 0);
    add_cents(item, "least", promises_cost(promises, n, AT_LEAST, MONTH_HOURS));
    add_cents(item, "most", promises_cost(promises, n, AT_MOST, MONTH_HOURS));
}

static void add_price(cJSON *object, const struct price *price)
{
    cJSON *item = cJSON_AddObjectToObject(object, "price");
    cJSON_AddStringToObject(item, "size", price->size);
    add_cents(item, "dollars_a_month", price->a_month);
    cJSON_AddStringToObject(item, "date", price->date);
    cJSON_AddStringToObject(item, "source", price->source);
}

void explain_json(const struct settings *settings, struct promise *const *promises,
                  const struct price *price, struct text *out)
{
    cJSON *object = cJSON_CreateObject();
    cJSON *pools = cJSON_AddArrayToObject(object, "pools");
    for (size_t i = 0; i < settings->n_pools; i++)
        cJSON_AddItemToArray(pools, json_of_pool(promises[i], price));
    cJSON *limits = cJSON_AddArrayToObject(object, "limits");
    for (size_t i = 0; i < settings->n_limits; i++)
        cJSON_AddItemToArray(
            limits, json_of_limit(&settings->limits[i], shares_of(promises, settings->n_pools, i)));
    add_budget(object, settings, promises);
    add_price(object, price);
    char *chars = cJSON_Print(object);
    text_add_format(out, "%s\n", chars);
    cJSON_free(chars);
    cJSON_Delete(object);
}
