/* SPDX-License-Identifier: MIT
 * The week as a schedule has it: windows of a day that come on several days are told once. */
#include "core/explain.h"

#include "core/memory.h"

enum { MINUTE_S = 60, DAY_S = 86400 };

static int64_t floor_div(int64_t a, int64_t b)
{
    return a / b - (a % b < 0);
}

static const struct zone *zone_of(const struct schedule *schedule)
{
    for (size_t i = 0; i < schedule->n; i++)
        if (schedule->entries[i].n_dates == 0)
            return schedule->entries[i].zone;
    return schedule->entries[0].zone;
}

/* What the clock shows. */
static int64_t clock_s(const struct schedule *schedule, int64_t utc_ms)
{
    int64_t utc_s = floor_div(utc_ms, 1000);
    return utc_s + zone_ahead_s(zone_of(schedule), utc_s);
}

static int64_t weekday_of(int64_t day)
{
    int64_t monday = day + 3; /* 1970-01-01 was a Thursday */
    return monday - DAYS_A_WEEK * floor_div(monday, DAYS_A_WEEK);
}

static struct week_window *window_of(struct week *week, int32_t from, int32_t to, int32_t entry)
{
    for (size_t i = 0; i < week->n; i++) {
        struct week_window *window = &week->all[i];
        if (window->when.from == from && window->when.to == to && window->entry == entry)
            return window;
    }
    week->all = memory_resize(week->all, week->n + 1, sizeof *week->all);
    week->all[week->n] = (struct week_window){.when = {.from = from, .to = to}, .entry = entry};
    return &week->all[week->n++];
}

/* The end of the day, or when another entry comes into force before. */
static int64_t end_of(const struct schedule *schedule, int64_t utc_ms)
{
    int64_t day = floor_div(clock_s(schedule, utc_ms), DAY_S);
    int32_t entry = schedule_at(schedule, utc_ms);
    int64_t next_ms = schedule_next(schedule, utc_ms);
    while (schedule_at(schedule, next_ms) == entry &&
           floor_div(clock_s(schedule, next_ms), DAY_S) == day)
        next_ms = schedule_next(schedule, next_ms);
    return next_ms;
}

static void add_window(struct week *week, const struct schedule *schedule, int64_t utc_ms,
                       int64_t end_ms)
{
    int64_t first_s = clock_s(schedule, utc_ms);
    int64_t last_s = clock_s(schedule, end_ms);
    int64_t day = floor_div(first_s, DAY_S);
    int64_t to = last_s - day * DAY_S;
    int32_t from_minute = (int32_t)((first_s - day * DAY_S) / MINUTE_S);
    int32_t to_minute = to > DAY_S ? MINUTES_A_DAY : (int32_t)(to / MINUTE_S);
    struct week_window *window =
        window_of(week, from_minute, to_minute, schedule_at(schedule, utc_ms));
    window->when.days |= 1u << weekday_of(day);
    window->minutes += to_minute - from_minute; /* as the clock shows them, so that a week is one */
}

/* The instant of the Monday's midnight before. Where clocks were set since, the zone is asked
 * again. */
static int64_t monday_ms(const struct schedule *schedule, int64_t utc_ms)
{
    int64_t now_s = clock_s(schedule, utc_ms);
    int64_t monday_s = (floor_div(now_s, DAY_S) - weekday_of(floor_div(now_s, DAY_S))) * DAY_S;
    int64_t guess_ms = utc_ms - (now_s - monday_s) * 1000;
    return guess_ms - (clock_s(schedule, guess_ms) - monday_s) * 1000;
}

struct week week_of(const struct schedule *schedule, int64_t utc_ms)
{
    struct week week = {0};
    if (schedule->n == 0)
        return week;
    week.zone = zone_of(schedule);
    int64_t at_ms = monday_ms(schedule, utc_ms - utc_ms % 1000);
    int64_t monday = floor_div(clock_s(schedule, at_ms), DAY_S);
    while (floor_div(clock_s(schedule, at_ms), DAY_S) < monday + DAYS_A_WEEK) {
        int64_t end_ms = end_of(schedule, at_ms);
        add_window(&week, schedule, at_ms, end_ms);
        at_ms = end_ms;
    }
    return week;
}
