/* SPDX-License-Identifier: MIT */
#include "core/schedule.h"

#include <stdlib.h>

enum { MINUTE_S = 60, DAY_S = 86400 };

/* ---- What the clock on the wall shows ---- */

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static int64_t clock_s(const struct schedule_entry *entry, int64_t utc_s)
{
    return utc_s + zone_ahead_s(entry->zone, utc_s);
}

/* ---- One entry ---- */

static bool is_weekday(const struct schedule_entry *entry, int64_t day)
{
    int64_t monday = day + 3; /* 1970-01-01 was a Thursday */
    return (entry->days >> (monday - 7 * floor_div(monday, 7)) & 1) != 0;
}

static bool begins_on(const struct schedule_entry *entry, int64_t day)
{
    bool is_date = entry->n_dates == 0;
    for (size_t i = 0; i < entry->n_dates && !is_date; i++)
        is_date = entry->dates[i].first <= day && day <= entry->dates[i].last;
    return is_date && is_weekday(entry, day);
}

bool schedule_entry_shows(const struct schedule_entry *entry, int64_t day, int32_t minute)
{
    if (entry->from < entry->to)
        return entry->from <= minute && minute < entry->to && begins_on(entry, day);
    return (minute >= entry->from && begins_on(entry, day)) ||
           (minute < entry->to && begins_on(entry, day - 1));
}

static bool is_in_force(const struct schedule_entry *entry, int64_t utc_s)
{
    int64_t second = clock_s(entry, utc_s);
    int64_t day = floor_div(second, DAY_S);
    return schedule_entry_shows(entry, day, (int32_t)((second - day * DAY_S) / MINUTE_S));
}

/* A window over midnight that began on the last day ends on the next. */
bool schedule_entry_is_past(const struct schedule_entry *entry, int64_t utc_ms)
{
    int64_t today = floor_div(clock_s(entry, floor_div(utc_ms, 1000)), DAY_S);
    for (size_t i = 0; i < entry->n_dates; i++)
        if (entry->dates[i].last + (entry->from >= entry->to) >= today)
            return false;
    return entry->n_dates > 0;
}

/* The next time at which its clock shows the window's edge or a new day, or is set. */
static int64_t next_edge(const struct schedule_entry *entry, int64_t utc_s)
{
    int64_t second = clock_s(entry, utc_s);
    second -= DAY_S * floor_div(second, DAY_S);
    int64_t next = DAY_S;
    const int32_t edges[] = {entry->from * MINUTE_S, entry->to * MINUTE_S};
    for (size_t i = 0; i < sizeof edges / sizeof edges[0]; i++)
        if (edges[i] > second && edges[i] < next)
            next = edges[i];
    return zone_next_change(entry->zone, utc_s, utc_s + next - second);
}

/* ---- All of them ---- */

int32_t schedule_at(const struct schedule *schedule, int64_t utc_ms)
{
    for (size_t i = 0; i < schedule->n; i++)
        if (is_in_force(&schedule->entries[i], floor_div(utc_ms, 1000)))
            return (int32_t)i;
    return -1;
}

int64_t schedule_next(const struct schedule *schedule, int64_t utc_ms)
{
    int64_t next_ms = INT64_MAX;
    for (size_t i = 0; i < schedule->n; i++) {
        int64_t edge_ms = 1000 * next_edge(&schedule->entries[i], floor_div(utc_ms, 1000));
        next_ms = edge_ms < next_ms ? edge_ms : next_ms;
    }
    return next_ms;
}

void schedule_fini(struct schedule *schedule)
{
    for (size_t i = 0; i < schedule->n; i++) {
        struct schedule_entry *entry = &schedule->entries[i];
        zone_free(entry->zone);
        free(entry->dates);
        free(entry->words);
    }
    free(schedule->entries);
    *schedule = (struct schedule){NULL, 0};
}
