/* SPDX-License-Identifier: MIT
 * What a schedule says now and next, for people. */
#include "core/schedule.h"

#include <inttypes.h>
#include <time.h>

static const int64_t year_ms = INT64_C(366) * 86400000;

/* The first instant at which another entry is in force, INT64_MAX if none is within a year. */
static int64_t next_change(const struct schedule *schedule, int64_t utc_ms)
{
    int32_t now = schedule_at(schedule, utc_ms);
    int64_t next_ms = schedule_next(schedule, utc_ms);
    while (next_ms < utc_ms + year_ms && schedule_at(schedule, next_ms) == now)
        next_ms = schedule_next(schedule, next_ms);
    return next_ms < utc_ms + year_ms ? next_ms : INT64_MAX;
}

static void add_clock(int64_t s, const char *zone, struct text *out)
{
    char clock[64];
    time_t time = s;
    struct tm tm;
    strftime(clock, sizeof clock, "%a %F %H:%M", gmtime_r(&time, &tm));
    text_add_format(out, "%s %s", clock, zone);
}

/* An instant as the clock in the zone shows it, and as UTC. */
static void add_instant(const struct zone *zone, int64_t utc_ms, struct text *out)
{
    int64_t utc_s = utc_ms / 1000;
    int32_t ahead_s = zone_ahead_s(zone, utc_s);
    add_clock(utc_s + ahead_s, zone_name(zone), out);
    if (ahead_s == 0)
        return;
    text_add(out, " (");
    add_clock(utc_s, "UTC", out);
    text_add(out, ")");
}

void schedule_explain(const struct schedule *schedule, int64_t utc_ms, struct text *out)
{
    int32_t now = schedule_at(schedule, utc_ms);
    int64_t next_ms = next_change(schedule, utc_ms);
    int32_t next = next_ms == INT64_MAX ? -1 : schedule_at(schedule, next_ms);
    text_add(out, now >= 0 ? schedule->entries[now].words : "none of its entries");
    text_add(out, " is in force");
    if (next_ms == INT64_MAX) {
        text_add(out, ", and no other within a year");
        return;
    }
    text_add(out, " until ");
    add_instant(schedule->entries[now >= 0 ? now : next].zone, next_ms, out);
    text_add_format(out, ", then %s", next >= 0 ? schedule->entries[next].words : "none");
}
