/* SPDX-License-Identifier: MIT
 * A schedule: a list of windows of time, of which the first that matches is in force. Told the
 * time, in UTC since 1970.
 *
 * An entry is in force while the clock on a wall in its zone shows a time in its window. So where
 * clocks are set forward, a window that begins in the hour left out begins right after it; where
 * they are set back, a window in the repeated hour comes twice. */
#ifndef CORE_SCHEDULE_H
#define CORE_SCHEDULE_H

#include "core/text.h"
#include "core/zone.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { MINUTES_A_DAY = 1440, DAYS_A_WEEK = 7, EVERY_DAY = 0x7F };

/* "mon" to "sun". */
extern const char *const schedule_weekdays[DAYS_A_WEEK];

/* From one day to another, both included, in days since 1970-01-01. */
struct schedule_dates {
    int32_t first;
    int32_t last;
};

struct schedule_entry {
    char *words; /* for people: "mon-fri 08:00-18:00: min 4" */
    struct zone *zone;
    int32_t from;  /* the window's first minute of the day */
    int32_t to;    /* and the one at which it is over: of the next day, if not past `from` */
    uint32_t days; /* on which it begins: a bit each, Monday's the lowest */
    struct schedule_dates *dates; /* on which it begins, too; n_dates 0: on all */
    size_t n_dates;
};

struct schedule {
    struct schedule_entry *entries;
    size_t n;
};

void schedule_fini(struct schedule *schedule);

/* ---- An entry ---- */

/* Whether the entry is in force while the clock in its zone shows this day and minute of it. */
bool schedule_entry_shows(const struct schedule_entry *entry, int64_t day, int32_t minute);

/* Whether the days on which it begins are all over. */
bool schedule_entry_is_past(const struct schedule_entry *entry, int64_t utc_ms);

/* Its window, for people: "mon-fri 08:00-18:00". */
void schedule_entry_explain(const struct schedule_entry *entry, struct text *out);

/* Whether one of its dates is on one of its days. */
bool schedule_entry_can_match(const struct schedule_entry *entry);

/* ---- All of them ---- */

/* Whether entry i is found never to be in force because those before it are whenever it matches.
 * Those of single dates are passed over. */
bool schedule_is_hidden(const struct schedule *schedule, size_t i);

/* The index of the entry in force, -1 if none is. */
int32_t schedule_at(const struct schedule *schedule, int64_t utc_ms);

/* The first instant after utc_ms at which another entry may be in force; INT64_MAX without entries.
 */
int64_t schedule_next(const struct schedule *schedule, int64_t utc_ms);

/* Whether there are entries whose dates are all over; then which: "the dates are over of schedule
 * 2025-12-24: min 4". */
bool schedule_explain_past(const struct schedule *schedule, int64_t utc_ms, struct text *out);

/* "mon-fri 08:00-18:00: min 4 is in force until Tue 2026-11-24 18:00 Europe/Brussels (17:00 UTC),
 * then none": what is in force, and the next change. */
void schedule_explain(const struct schedule *schedule, int64_t utc_ms, struct text *out);

#endif
