/* SPDX-License-Identifier: MIT */
#include "core/spending.h"

#include "core/journal_file.h"
#include "core/log.h"
#include "core/state_file.h"

#include <cjson/cJSON.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#define NAME "spending.json"
enum {
    WRITE_MS = 60000,
    HOUR_MS = 3600000,
    GAP_MS = 20 * 60000, /* a longer time without a look says nothing of what ran */
    MOST_BYTES = 4096
};

static int32_t month_of(int64_t utc_ms)
{
    time_t s = (time_t)(utc_ms / 1000);
    struct tm parts;
    gmtime_r(&s, &parts);
    return 12 * (parts.tm_year + 1900) + parts.tm_mon;
}

static bool has_budget(const struct spending *spending)
{
    return spending->settings != NULL && spending->settings->budget.dyno_hours > 0;
}

/* ---- The file ---- */

static void take(struct spending *spending, const char *chars)
{
    cJSON *json = cJSON_Parse(chars);
    const cJSON *month = cJSON_GetObjectItemCaseSensitive(json, "month");
    const cJSON *dyno_ms = cJSON_GetObjectItemCaseSensitive(json, "dyno_ms");
    const cJSON *ran = cJSON_GetObjectItemCaseSensitive(json, "dynos");
    const cJSON *until = cJSON_GetObjectItemCaseSensitive(json, "until_ms");
    int year;
    int number;
    if (cJSON_IsString(month) && sscanf(month->valuestring, "%d-%d", &year, &number) == 2 &&
        12 * year + number - 1 == spending->month && cJSON_IsNumber(dyno_ms) &&
        dyno_ms->valuedouble >= 0 && dyno_ms->valuedouble < 9e15)
        spending->dyno_ms = (int64_t)dyno_ms->valuedouble;
    if (cJSON_IsNumber(until) && until->valuedouble > 0 && until->valuedouble < 9e15)
        spending->noted_ms = (int64_t)until->valuedouble;
    if (cJSON_IsNumber(ran) && ran->valuedouble > 0 && ran->valuedouble < 1e9)
        spending->dynos = (int64_t)ran->valuedouble;
    cJSON_Delete(json);
}

void spending_inherit(struct spending *spending, const struct spending *old)
{
    const struct settings *settings = spending->settings;
    *spending = *old;
    spending->settings = settings;
    spending->told = 0; /* of another budget, maybe */
}

void spending_init(struct spending *spending, const struct settings *settings, int64_t utc_ms)
{
    bool is_carried = spending->noted_ms != 0;
    spending->settings = settings;
    if (!has_budget(spending) || is_carried)
        return;
    spending->month = month_of(utc_ms);
    if (settings->state == NULL)
        return;
    struct text path = {0};
    struct text chars = {0};
    struct error error = {""};
    text_add_format(&path, "%s/" NAME, settings->state);
    if (journal_file_tail(text_chars(&path), MOST_BYTES, &chars, &error) != 0)
        log_write(LOG_WARN, "budget", "%s: it counts from now on", error.text);
    take(spending, text_chars(&chars));
    text_fini(&path);
    text_fini(&chars);
}

void spending_write(struct spending *spending, int64_t utc_ms)
{
    struct text text = {0};
    struct error error = {""};
    const char *folder = has_budget(spending) ? spending->settings->state : NULL;
    if (folder == NULL)
        return;
    spending->written_ms = utc_ms;
    text_add_format(&text,
                    "{\"month\":\"%04d-%02d\",\"dyno_ms\":%" PRId64 ",\"until_ms\":%" PRId64
                    ",\"dynos\":%" PRId64 "}\n",
                    spending->month / 12, spending->month % 12 + 1, spending->dyno_ms,
                    spending->noted_ms, spending->dynos);
    state_file_make_folder(folder);
    int result = state_file_replace(folder, NAME, &text, &error);
    if (result != 0 && !spending->is_failing)
        log_write(LOG_ERROR, "budget", "%s; a restart will count from the last that is there",
                  error.text);
    spending->is_failing = result != 0;
    text_fini(&text);
}

/* ---- Counting ---- */

/* What runs of a pool, or did when that was last known; -1: it never was. */
static int32_t dynos_of(const struct pool *pool)
{
    if (pool->size >= 0)
        return pool->size;
    struct history history = past_open(pool->past);
    return history.has_past ? history.present : -1;
}

/* What runs; -1 where the size of a pool was never known. */
static int64_t count_dynos(const struct pool *pools, size_t n)
{
    int64_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        int32_t dynos = dynos_of(&pools[i]);
        if (dynos < 0)
            return -1;
        sum += dynos;
    }
    return sum;
}

static void tell(struct spending *spending)
{
    const struct budget *budget = &spending->settings->budget;
    int64_t most_ms = budget->dyno_hours * HOUR_MS;
    int32_t reached = spending->dyno_ms >= most_ms           ? 100
                      : spending->dyno_ms >= most_ms / 5 * 4 ? 80
                                                             : 0;
    if (reached <= spending->told)
        return;
    spending->told = reached;
    log_write(reached == 100 ? LOG_ERROR : LOG_WARN, "budget",
              "%" PRId64 " of this month's %" PRId64 " dyno-hours are used%s",
              spending->dyno_ms / HOUR_MS, budget->dyno_hours,
              reached < 100  ? ""
              : budget->caps ? ": nothing more is started until the month is over"
                             : "");
}

void spending_note(struct spending *spending, const struct pool *pools, size_t n, int64_t utc_ms)
{
    int64_t since_ms = spending->noted_ms;
    if (!has_budget(spending) || (since_ms != 0 && utc_ms - since_ms < 1000 && utc_ms >= since_ms))
        return;
    bool has_gap = since_ms == 0 || utc_ms < since_ms || utc_ms - since_ms > GAP_MS;
    if (month_of(utc_ms) != spending->month) {
        spending->month = month_of(utc_ms);
        spending->dyno_ms = 0;
        spending->told = 0;
    }
    if (!has_gap)
        spending->dyno_ms += spending->dynos * (utc_ms - since_ms);
    int64_t dynos = count_dynos(pools, n);
    if (dynos >= 0)
        spending->dynos = dynos;
    spending->noted_ms = utc_ms;
    tell(spending);
    if (utc_ms - spending->written_ms >= WRITE_MS || utc_ms < spending->written_ms)
        spending_write(spending, utc_ms);
}

bool spending_is_over(const struct spending *spending)
{
    return has_budget(spending) && spending->settings->budget.caps &&
           spending->dyno_ms >= spending->settings->budget.dyno_hours * HOUR_MS;
}
