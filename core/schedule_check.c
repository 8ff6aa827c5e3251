/* SPDX-License-Identifier: MIT
 * Entries that can never come into force, which nobody can have meant. */
#include "core/schedule.h"

#include <string.h>

bool schedule_entry_can_match(const struct schedule_entry *entry)
{
    struct schedule_entry whole = *entry;
    whole.from = 0;
    whole.to = MINUTES_A_DAY;
    for (size_t i = 0; i < entry->n_dates; i++) {
        int64_t first = entry->dates[i].first;
        for (int64_t day = first; day < first + DAYS_A_WEEK; day++)
            if (schedule_entry_shows(&whole, day, 0))
                return true;
    }
    return entry->n_dates == 0;
}

static bool are_of_one_zone(const struct schedule_entry *a, const struct schedule_entry *b)
{
    return a->zone != NULL && b->zone != NULL &&
           strcmp(zone_name(a->zone), zone_name(b->zone)) == 0;
}

/* Whether one of the first n entries is in force, on any date, when the clock in the zone of `like`
 * shows this. */
static bool is_taken(const struct schedule *schedule, size_t n, const struct schedule_entry *like,
                     int64_t day, int32_t minute)
{
    for (size_t i = 0; i < n; i++) {
        const struct schedule_entry *entry = &schedule->entries[i];
        if (entry->n_dates == 0 && are_of_one_zone(entry, like) &&
            schedule_entry_shows(entry, day, minute))
            return true;
    }
    return false;
}

/* Whether the entries before entry i that are in the zone of `like` are in force whenever it is. In
 * another zone than its own they must be in force at all times, since those clocks show another
 * time. It is enough to look at each edge in a week: between two of them nothing changes. */
static bool is_hidden_by(const struct schedule *schedule, size_t i,
                         const struct schedule_entry *like)
{
    struct schedule_entry hidden = schedule->entries[i];
    bool is_own = are_of_one_zone(&hidden, like);
    hidden.n_dates = 0;
    for (int64_t day = 0; day < DAYS_A_WEEK; day++)
        for (size_t edge = 0; edge <= 2 * i + 2; edge++) {
            const struct schedule_entry *entry = &schedule->entries[edge / 2 % (i + 1)];
            int32_t minute = edge % 2 == 0 ? entry->from : entry->to;
            if (edge == 2 * i + 2)
                minute = 0;
            if (minute < MINUTES_A_DAY && (!is_own || schedule_entry_shows(&hidden, day, minute)) &&
                !is_taken(schedule, i, like, day, minute))
                return false;
        }
    return true;
}

bool schedule_is_hidden(const struct schedule *schedule, size_t i)
{
    for (size_t k = 0; k < i; k++)
        if (is_hidden_by(schedule, i, &schedule->entries[k]))
            return true;
    return false;
}
