/* SPDX-License-Identifier: MIT
 * Windows of time over both ends of daylight saving; and random schedules against another
 * implementation of time zones, which is that of libc. */
#include "core/memory.h"
#include "core/schedule.h"
#include "tests/support/suite.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { MON_FRI = 0x1F, FRI = 0x10, SAT = 0x20, SUN = 0x40 };

static int64_t utc(const char *text)
{
    struct tm tm = {0};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%SZ", &tm);
    CHECK(end != NULL && *end == '\0');
    return 1000 * (int64_t)timegm(&tm);
}

static int32_t day(const char *text)
{
    char *instant = memory_format("%sT00:00:00Z", text);
    int32_t result = (int32_t)(utc(instant) / 86400000);
    free(instant);
    return result;
}

static int32_t minute(const char *text)
{
    return atoi(text) * 60 + atoi(text + 3);
}

static struct schedule_entry *add(struct schedule *schedule, const char *zone, uint32_t days,
                                  const char *from, const char *to)
{
    struct error error = {""};
    schedule->entries =
        memory_resize(schedule->entries, schedule->n + 1, sizeof *schedule->entries);
    struct schedule_entry *entry = &schedule->entries[schedule->n++];
    *entry = (struct schedule_entry){.words = memory_format("%s-%s", from, to),
                                     .zone = zone_new(zone, &error),
                                     .from = minute(from),
                                     .to = minute(to),
                                     .days = days};
    CHECK_TEXT(error.text, "");
    return entry;
}

static void add_dates(struct schedule_entry *entry, const char *first, const char *last)
{
    entry->dates = memory_resize(entry->dates, entry->n_dates + 1, sizeof *entry->dates);
    entry->dates[entry->n_dates++] = (struct schedule_dates){day(first), day(last)};
}

/* ---- Windows ---- */

/* An instant, and whether a window is in force at it. */
struct instant {
    const char *at;
    bool is_in_force;
};

static void check_window(const char *zone, const char *from, const char *to,
                         const struct instant *instants, size_t n)
{
    struct schedule schedule = {NULL, 0};
    add(&schedule, zone, EVERY_DAY, from, to);
    for (size_t i = 0; i < n; i++) {
        bool is_in_force = schedule_at(&schedule, utc(instants[i].at)) == 0;
        if (is_in_force != instants[i].is_in_force)
            fprintf(stderr, "%s %s-%s at %s\n", zone, from, to, instants[i].at);
        CHECK_INT(is_in_force, instants[i].is_in_force);
    }
    schedule_fini(&schedule);
}

#define WINDOW(zone, from, to, ...)                             \
    check_window(zone, from, to, (struct instant[])__VA_ARGS__, \
                 sizeof((struct instant[])__VA_ARGS__) / sizeof(struct instant))

static void to_is_not_in_the_window(void)
{
    WINDOW("UTC", "08:00", "18:00",
           {{"2026-11-24T07:59:59Z", false},
            {"2026-11-24T08:00:00Z", true},
            {"2026-11-24T17:59:59Z", true},
            {"2026-11-24T18:00:00Z", false}});
    WINDOW("UTC", "00:00", "24:00",
           {{"2026-11-24T00:00:00Z", true}, {"2026-11-24T23:59:59Z", true}});
    WINDOW("UTC", "18:00", "00:00",
           {{"2026-11-24T17:59:59Z", false},
            {"2026-11-24T23:59:59Z", true},
            {"2026-11-25T00:00:00Z", false}});
}

static void zones_without_daylight_saving(void)
{
    WINDOW("America/Lima", "18:00", "20:00", /* a machine that has lost its clock */
           {{"1970-01-01T00:00:00Z", true}, {"1970-01-01T01:00:00Z", false}});
    WINDOW("Asia/Kolkata", "08:00", "18:00",
           {{"2026-07-01T02:29:59Z", false},
            {"2026-07-01T02:30:00Z", true},
            {"2026-01-01T12:29:59Z", true},
            {"2026-01-01T12:30:00Z", false}});
    WINDOW("Asia/Kathmandu", "00:00", "00:01",
           {{"2026-07-01T18:14:59Z", false},
            {"2026-07-01T18:15:00Z", true},
            {"2026-07-01T18:16:00Z", false}});
}

/* In the hour that is left out nothing is shown; what follows it is. */
static void windows_in_the_gap(void)
{
    WINDOW("Europe/Brussels", "02:30", "04:00",
           {{"2026-03-29T00:59:59Z", false},
            {"2026-03-29T01:00:00Z", true}, /* 03:00, right after 01:59:59 */
            {"2026-03-29T01:59:59Z", true},
            {"2026-03-29T02:00:00Z", false}});
    WINDOW("Europe/Brussels", "02:10", "02:50",
           {{"2026-03-28T01:10:00Z", true},
            {"2026-03-29T00:59:59Z", false},
            {"2026-03-29T01:10:00Z", false},
            {"2026-03-29T01:30:00Z", false},
            {"2026-03-30T00:10:00Z", true}});
    WINDOW("Europe/Brussels", "01:00", "02:30",
           {{"2026-03-29T00:59:59Z", true}, {"2026-03-29T01:00:00Z", false}});
    WINDOW("America/New_York", "02:30", "04:00",
           {{"2026-03-08T06:59:59Z", false},
            {"2026-03-08T07:00:00Z", true},
            {"2026-03-08T07:59:59Z", true},
            {"2026-03-08T08:00:00Z", false}});
    WINDOW("Australia/Lord_Howe", "02:15", "03:00",
           {{"2026-10-03T15:29:59Z", false},
            {"2026-10-03T15:30:00Z", true}, /* 02:30, right after 01:59:59 */
            {"2026-10-03T15:59:59Z", true},
            {"2026-10-03T16:00:00Z", false}});
}

/* The hour that comes twice counts twice. */
static void windows_in_the_repeat(void)
{
    WINDOW("Europe/Brussels", "02:15", "02:45",
           {{"2026-10-25T00:14:59Z", false},
            {"2026-10-25T00:15:00Z", true},
            {"2026-10-25T00:44:59Z", true},
            {"2026-10-25T00:45:00Z", false},
            {"2026-10-25T01:14:59Z", false},
            {"2026-10-25T01:15:00Z", true},
            {"2026-10-25T01:44:59Z", true},
            {"2026-10-25T01:45:00Z", false}});
    WINDOW("America/New_York", "01:30", "03:00",
           {{"2026-11-01T05:29:59Z", false},
            {"2026-11-01T05:30:00Z", true},
            {"2026-11-01T06:00:00Z", false}, /* 01:00 again */
            {"2026-11-01T06:30:00Z", true},
            {"2026-11-01T08:00:00Z", false}});
    WINDOW("Australia/Lord_Howe", "01:45", "02:15",
           {{"2026-04-04T14:44:59Z", false},
            {"2026-04-04T14:45:00Z", true},
            {"2026-04-04T15:00:00Z", false}, /* 01:30 again */
            {"2026-04-04T15:15:00Z", true},
            {"2026-04-04T15:45:00Z", false}});
}

static void windows_over_midnight_belong_to_the_day_they_start(void)
{
    struct schedule schedule = {NULL, 0};
    add(&schedule, "UTC", FRI, "22:00", "06:00");
    CHECK_INT(schedule_at(&schedule, utc("2026-11-27T05:00:00Z")), -1); /* Friday */
    CHECK_INT(schedule_at(&schedule, utc("2026-11-27T21:59:59Z")), -1);
    CHECK_INT(schedule_at(&schedule, utc("2026-11-27T22:00:00Z")), 0);
    CHECK_INT(schedule_at(&schedule, utc("2026-11-28T05:59:59Z")), 0);
    CHECK_INT(schedule_at(&schedule, utc("2026-11-28T06:00:00Z")), -1);
    CHECK_INT(schedule_at(&schedule, utc("2026-11-28T22:00:00Z")), -1);
    schedule_fini(&schedule);
}

static void dates_are_days_of_the_zone(void)
{
    struct schedule schedule = {NULL, 0};
    struct schedule_entry *entry = add(&schedule, "Asia/Tokyo", EVERY_DAY, "00:00", "24:00");
    add_dates(entry, "2026-12-24", "2026-12-26");
    add_dates(entry, "2027-01-01", "2027-01-01");
    CHECK_INT(schedule_at(&schedule, utc("2026-12-23T14:59:59Z")), -1);
    CHECK_INT(schedule_at(&schedule, utc("2026-12-23T15:00:00Z")), 0);
    CHECK_INT(schedule_at(&schedule, utc("2026-12-26T14:59:59Z")), 0);
    CHECK_INT(schedule_at(&schedule, utc("2026-12-26T15:00:00Z")), -1);
    CHECK_INT(schedule_at(&schedule, utc("2027-01-01T00:00:00Z")), 0);
    CHECK(!schedule_entry_is_past(entry, utc("2027-01-01T14:59:59Z")));
    CHECK(schedule_entry_is_past(entry, utc("2027-01-01T15:00:00Z")));
    schedule_fini(&schedule);
}

static void a_last_night_is_past_the_day_after(void)
{
    struct schedule schedule = {NULL, 0};
    struct schedule_entry *entry = add(&schedule, "UTC", EVERY_DAY, "22:00", "06:00");
    CHECK(!schedule_entry_is_past(entry, utc("2027-01-02T00:00:00Z"))); /* no dates: never */
    add_dates(entry, "2027-01-01", "2027-01-01");
    CHECK_INT(schedule_at(&schedule, utc("2027-01-02T05:59:59Z")), 0);
    CHECK(!schedule_entry_is_past(entry, utc("2027-01-02T05:59:59Z")));
    CHECK(schedule_entry_is_past(entry, utc("2027-01-03T00:00:00Z")));
    schedule_fini(&schedule);
}

static void the_first_that_matches_wins(void)
{
    struct schedule schedule = {NULL, 0};
    add_dates(add(&schedule, "UTC", EVERY_DAY, "00:00", "24:00"), "2026-12-25", "2026-12-25");
    add(&schedule, "UTC", MON_FRI, "08:00", "18:00");
    add(&schedule, "UTC", SAT | SUN, "08:00", "18:00");
    CHECK_INT(schedule_at(&schedule, utc("2026-12-24T12:00:00Z")), 1);
    CHECK_INT(schedule_at(&schedule, utc("2026-12-25T12:00:00Z")), 0);
    CHECK_INT(schedule_at(&schedule, utc("2026-12-26T12:00:00Z")), 2);
    CHECK_INT(schedule_at(&schedule, utc("2026-12-26T18:00:00Z")), -1);
    schedule_fini(&schedule);
    CHECK_INT(schedule_at(&schedule, 0), -1);
    CHECK(schedule_next(&schedule, 0) == INT64_MAX);
}

/* ---- Zones ---- */

static void refusals_tell_what_to_write(void)
{
    static const char *const refused[] = {"",          "Europe",           "CET-1CEST", "+02:00",
                                          "Brussels3", "../../etc/passwd", "zone.tab",  "europe",
                                          "/etc",      "No/Where"};
    for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
        struct error error = {""};
        struct zone *zone = zone_new(refused[i], &error);
        CHECK(zone == NULL);
        CHECK_HAS(error.text, "there is no such time zone");
        zone_free(zone);
    }
    struct error error = {""};
    CHECK(zone_new("Europe/Brusels", &error) == NULL);
    CHECK_TEXT(error.text, "there is no such time zone; did you mean \"Europe/Brussels\"?");
}

static void without_tzdata_there_is_utc(void)
{
    struct error error = {""};
    setenv("TZDIR", "/nowhere", 1);
    CHECK(zone_new("Europe/Brussels", &error) == NULL);
    struct zone *zone = zone_new("UTC", &error);
    unsetenv("TZDIR");
    CHECK_TEXT(error.text,
               "the system's time zones cannot be read (/nowhere: No such file or directory): "
               "install tzdata, or leave out zone for UTC");
    CHECK(zone != NULL && zone_ahead_s(zone, 1795478400) == 0);
    zone_free(zone);
    zone_free(NULL);
}

/* ---- For people ---- */

static void check_explanation(const struct schedule *schedule, const char *at, const char *expected)
{
    struct text text = {0};
    schedule_explain(schedule, utc(at), &text);
    CHECK_TEXT(text_chars(&text), expected);
    text_fini(&text);
}

static void explanations_tell_the_next_change(void)
{
    struct schedule schedule = {NULL, 0};
    add(&schedule, "Europe/Brussels", MON_FRI, "08:00", "18:00");
    check_explanation(&schedule, "2026-11-24T10:00:00Z",
                      "08:00-18:00 is in force until Tue 2026-11-24 18:00 Europe/Brussels "
                      "(Tue 2026-11-24 17:00 UTC), then none");
    check_explanation(&schedule, "2026-11-27T17:00:00Z",
                      "none of its entries is in force until Mon 2026-11-30 08:00 Europe/Brussels "
                      "(Mon 2026-11-30 07:00 UTC), then 08:00-18:00");
    add(&schedule, "UTC", EVERY_DAY, "00:00", "24:00");
    check_explanation(&schedule, "2026-11-24T17:30:00Z",
                      "00:00-24:00 is in force until Wed 2026-11-25 07:00 UTC, then 08:00-18:00");
    schedule_fini(&schedule);
}

static void check_past(const struct schedule *schedule, const char *at, const char *expected)
{
    struct text text = {0};
    CHECK_INT(schedule_explain_past(schedule, utc(at), &text), expected[0] != '\0');
    CHECK_TEXT(text_chars(&text), expected);
    text_fini(&text);
}

static void dates_that_are_over_are_told(void)
{
    struct schedule schedule = {NULL, 0};
    add_dates(add(&schedule, "UTC", EVERY_DAY, "00:00", "12:00"), "2025-12-24", "2025-12-25");
    add(&schedule, "UTC", EVERY_DAY, "00:00", "24:00");
    add_dates(add(&schedule, "UTC", EVERY_DAY, "22:00", "06:00"), "2026-01-01", "2026-01-01");
    check_past(&schedule, "2025-12-25T23:59:59Z", "");
    check_past(&schedule, "2026-01-02T10:00:00Z", "the dates are over of schedule 00:00-12:00");
    check_past(&schedule, "2026-01-03T00:00:00Z",
               "the dates are over of schedule 00:00-12:00; 22:00-06:00");
    schedule_fini(&schedule);
}

static void what_never_changes_is_told(void)
{
    struct schedule schedule = {NULL, 0};
    add(&schedule, "UTC", EVERY_DAY, "00:00", "24:00");
    check_explanation(&schedule, "2026-11-24T17:30:00Z",
                      "00:00-24:00 is in force, and no other within a year");
    schedule_fini(&schedule);
}

/* ---- Against libc ---- */

static const char *const odd_zones[] = {
    "UTC",
    "Europe/Brussels",
    "Europe/Dublin", /* winter time is the one that is "saved" */
    "America/New_York",
    "America/Havana", /* at midnight */
    "America/Santiago",
    "America/Nuuk", /* at -1 o'clock */
    "America/St_Johns",
    "Africa/Cairo",
    "Africa/Casablanca", /* by the moon, from tables */
    "Asia/Kolkata",
    "Asia/Kathmandu",
    "Asia/Gaza",
    "Asia/Tehran",
    "Asia/Beirut",
    "Antarctica/Troll",    /* by two hours */
    "Australia/Lord_Howe", /* by half an hour */
    "Australia/Adelaide",
    "Pacific/Chatham",
    "Pacific/Apia",
    "Etc/GMT-14",
};
enum { N_ZONES = sizeof odd_zones / sizeof odd_zones[0] };

static uint64_t dice = 88172645463325252u;

static int64_t roll(int64_t n)
{
    dice ^= dice << 13;
    dice ^= dice >> 7;
    dice ^= dice << 17;
    return (int64_t)(dice % (uint64_t)n);
}

static const int64_t first_s = 1388534400;               /* 2014 */
static const int64_t span_s = INT64_C(46) * 365 * 86400; /* to 2060, past all tables */

/* The one zone that GLib 2.74 gets wrong, after the last year that tzdata has in its tables. */
static int64_t random_instant(const char *zone)
{
    bool is_limited = strcmp(zone, "Europe/Dublin") == 0;
    return first_s + roll(is_limited ? INT64_C(22) * 365 * 86400 : span_s);
}

/* Where libc has the clocks set in the next 40 days, if it does. */
static int64_t near_a_change(int64_t s)
{
    enum { STEP_S = 21600 };
    struct tm tm;
    time_t at = s;
    long ahead = localtime_r(&at, &tm)->tm_gmtoff;
    for (int i = 0; i < 40 * 4 && localtime_r(&at, &tm)->tm_gmtoff == ahead; i++)
        at += STEP_S;
    return at - STEP_S + roll(2 * STEP_S);
}

static void random_schedule(struct schedule *schedule, const char *zone)
{
    for (int64_t i = roll(4); i >= 0; i--) {
        struct schedule_entry *entry =
            add(schedule, zone, 1 + (uint32_t)roll(EVERY_DAY), "00:00", "24:00");
        entry->from = (int32_t)roll(roll(2) == 0 ? 240 : MINUTES_A_DAY);
        entry->to = (int32_t)(1 + roll(roll(2) == 0 ? 240 : MINUTES_A_DAY));
        if (roll(2) != 0)
            continue;
        int32_t day = (int32_t)((first_s + roll(span_s)) / 86400);
        entry->dates = memory_new(1, sizeof *entry->dates);
        entry->dates[0] = (struct schedule_dates){day, day + (int32_t)roll(10000)};
        entry->n_dates = 1;
    }
}

static bool is_day_of(const struct schedule_entry *entry, const struct tm *tm, int days_before)
{
    struct tm noon = {.tm_year = tm->tm_year,
                      .tm_mon = tm->tm_mon,
                      .tm_mday = tm->tm_mday - days_before,
                      .tm_hour = 12};
    time_t s = timegm(&noon);
    int32_t number = (int32_t)(s / 86400);
    gmtime_r(&s, &noon);
    return (entry->days >> (noon.tm_wday + 6) % 7 & 1) != 0 &&
           (entry->n_dates == 0 ||
            (entry->dates[0].first <= number && number <= entry->dates[0].last));
}

static int32_t model_at(const struct schedule *schedule, int64_t s)
{
    struct tm tm;
    time_t at = s;
    localtime_r(&at, &tm);
    int32_t now = tm.tm_hour * 60 + tm.tm_min;
    for (size_t i = 0; i < schedule->n; i++) {
        const struct schedule_entry *entry = &schedule->entries[i];
        bool is_over_midnight = entry->to <= entry->from;
        if ((now >= entry->from && (is_over_midnight || now < entry->to) &&
             is_day_of(entry, &tm, 0)) ||
            (is_over_midnight && now < entry->to && is_day_of(entry, &tm, 1)))
            return (int32_t)i;
    }
    return -1;
}

static int complaints;

static void compare(const struct schedule *schedule, const char *zone, int64_t s)
{
    int32_t got = schedule_at(schedule, 1000 * s + 999);
    int32_t wanted = model_at(schedule, s);
    if (got == wanted || complaints++ > 10)
        return;
    fprintf(stderr, "%s at %lld: %d, by libc %d\n", zone, (long long)s, (int)got, (int)wanted);
}

/* Between an instant and schedule_next() nothing changes. */
static void check_next(const struct schedule *schedule, const char *zone, int64_t s)
{
    int64_t next_ms = schedule_next(schedule, 1000 * s + 999);
    int32_t now = model_at(schedule, s);
    bool is_good = next_ms > 1000 * s + 999 && next_ms <= 1000 * (s + 86400 + 7200);
    int64_t next_s = next_ms / 1000;
    for (int64_t at = s; at < next_s && is_good; at += 1 + roll(600))
        is_good = model_at(schedule, at) == now;
    is_good = is_good && model_at(schedule, next_s - 1) == now;
    if (!is_good && complaints++ < 10)
        fprintf(stderr, "%s: after %lld something changes before %lld\n", zone, (long long)s,
                (long long)next_ms);
}

static void as_libc_has_it(void)
{
    enum { SCHEDULES = 60, INSTANTS = 20 };
    for (size_t z = 0; z < N_ZONES; z++) {
        setenv("TZ", odd_zones[z], 1);
        tzset();
        for (int i = 0; i < SCHEDULES; i++) {
            struct schedule schedule = {NULL, 0};
            random_schedule(&schedule, odd_zones[z]);
            for (int k = 0; k < INSTANTS; k++) {
                int64_t s = random_instant(odd_zones[z]);
                compare(&schedule, odd_zones[z], s);
                compare(&schedule, odd_zones[z], near_a_change(s));
            }
            check_next(&schedule, odd_zones[z], random_instant(odd_zones[z]));
            check_next(&schedule, odd_zones[z], near_a_change(random_instant(odd_zones[z])));
            schedule_fini(&schedule);
        }
    }
    unsetenv("TZ");
    tzset();
    CHECK_INT(complaints, 0);
}

/* ---- Hidden entries ---- */

/* Minute for minute of a week. */
static bool is_hidden(const struct schedule *schedule, size_t i)
{
    for (int64_t at = 0; at < INT64_C(7) * MINUTES_A_DAY; at++) {
        int32_t minute = (int32_t)(at % MINUTES_A_DAY);
        bool is_taken = false;
        for (size_t k = 0; k < i && !is_taken; k++)
            is_taken = schedule_entry_shows(&schedule->entries[k], at / MINUTES_A_DAY, minute);
        if (!is_taken && schedule_entry_shows(&schedule->entries[i], at / MINUTES_A_DAY, minute))
            return false;
    }
    return true;
}

static void hidden_entries_are_found(void)
{
    int n_hidden = 0;
    for (int turn = 0; turn < 1000; turn++) {
        struct schedule schedule = {NULL, 0};
        for (int i = 0; i < 4; i++) {
            struct schedule_entry *entry = add(&schedule, "UTC", EVERY_DAY, "00:00", "24:00");
            entry->days = 1 + (uint32_t)roll(EVERY_DAY);
            entry->from = (int32_t)(6 * 60 * roll(4));
            entry->to = (int32_t)(6 * 60 * (1 + roll(4)));
        }
        for (size_t i = 0; i < schedule.n; i++) {
            bool expected = is_hidden(&schedule, i);
            CHECK_INT(schedule_is_hidden(&schedule, i), expected);
            n_hidden += expected;
        }
        schedule_fini(&schedule);
    }
    CHECK(n_hidden > 100);
}

static const struct test tests[] = {
    {"from is in the window, to is not", to_is_not_in_the_window},
    {"zones without daylight saving", zones_without_daylight_saving},
    {"a window in the hour left out begins after it", windows_in_the_gap},
    {"a window in the hour that comes twice comes twice", windows_in_the_repeat},
    {"a window over midnight belongs to the day it starts",
     windows_over_midnight_belong_to_the_day_they_start},
    {"dates are days of the zone", dates_are_days_of_the_zone},
    {"the last night is past the day after", a_last_night_is_past_the_day_after},
    {"the first that matches wins", the_first_that_matches_wins},
    {"a refused zone tells what to write", refusals_tell_what_to_write},
    {"without tzdata there is UTC", without_tzdata_there_is_utc},
    {"the next change is told in both clocks", explanations_tell_the_next_change},
    {"what never changes is told", what_never_changes_is_told},
    {"dates that are over are told", dates_that_are_over_are_told},
    {"random schedules are as libc has them", as_libc_has_it},
    {"hidden entries are found", hidden_entries_are_found},
};
SUITE_MAIN("schedule", tests)
