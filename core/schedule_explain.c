/* SPDX-License-Identifier: MIT
 * What a schedule says now and next, for people. */
#include "core/schedule.h"

#include <inttypes.h>
#include <time.h>

/* ---- An entry ---- */

const char *const schedule_weekdays[DAYS_A_WEEK] = {"mon", "tue", "wed", "thu",
                                                    "fri", "sat", "sun"};

/* The days as "mon-thu,sat"; nothing for all of them. */
static void add_day_words(uint32_t days, struct text *out)
{
    const char *comma = "";
    for (size_t day = 0; day < DAYS_A_WEEK && days != EVERY_DAY; day++) {
        size_t last = day;
        if ((days >> day & 1) == 0)
            continue;
        while (last + 1 < DAYS_A_WEEK && (days >> (last + 1) & 1) != 0)
            last++;
        text_add_format(out, "%s%s", comma, schedule_weekdays[day]);
        comma = ",";
        if (last > day)
            text_add_format(out, "%s%s", last > day + 1 ? "-" : ",", schedule_weekdays[last]);
        day = last;
    }
}

static void add_date(int32_t day, struct text *out)
{
    char date[16];
    time_t s = (time_t)day * 86400;
    struct tm tm;
    strftime(date, sizeof date, "%F", gmtime_r(&s, &tm));
    text_add(out, date);
}

static void add_date_words(const struct schedule_entry *entry, struct text *out)
{
    enum { MOST = 3 };
    for (size_t i = 0; i < entry->n_dates && i < MOST; i++) {
        text_add(out, i > 0 ? "," : entry->days != EVERY_DAY ? " " : "");
        add_date(entry->dates[i].first, out);
        if (entry->dates[i].last == entry->dates[i].first)
            continue;
        text_add(out, "..");
        add_date(entry->dates[i].last, out);
    }
    if (entry->n_dates > MOST)
        text_add(out, ",...");
}

void schedule_entry_explain(const struct schedule_entry *entry, struct text *out)
{
    bool is_whole_day = entry->from == 0 && entry->to == MINUTES_A_DAY;
    size_t before = out->length;
    add_day_words(entry->days, out);
    add_date_words(entry, out);
    if (!is_whole_day)
        text_add_format(out, "%s%02d:%02d-%02d:%02d", out->length > before ? " " : "",
                        entry->from / 60, entry->from % 60, entry->to / 60, entry->to % 60);
    if (out->length == before)
        text_add(out, "always");
}

/* ---- All of them ---- */

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

bool schedule_explain_past(const struct schedule *schedule, int64_t utc_ms, struct text *out)
{
    bool has_past = false;
    for (size_t i = 0; i < schedule->n; i++) {
        const struct schedule_entry *entry = &schedule->entries[i];
        if (!schedule_entry_is_past(entry, utc_ms))
            continue;
        text_add(out, has_past ? "; " : "the dates are over of schedule ");
        text_add(out, entry->words);
        has_past = true;
    }
    return has_past;
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
