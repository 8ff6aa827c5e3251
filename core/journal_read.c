/* SPDX-License-Identifier: MIT */
#include "core/journal_read.h"

#include "core/memory.h"

#include <stdlib.h>
#include <string.h>

/* A member of an object, and how it is read into what. */
struct member {
    const char *key;
    void (*read)(struct json_scan *scan, void *at);
    size_t offset;
};

static void read_members(struct json_scan *scan, const struct member *members, size_t n,
                         void *object)
{
    for (json_enter(scan, '{'); json_next(scan, '}');) {
        struct json_key key = json_key(scan);
        size_t i = 0;
        while (i < n && !json_key_is(key, members[i].key))
            i++;
        if (i < n)
            members[i].read(scan, (char *)object + members[i].offset);
        else
            json_skip(scan);
    }
}

/* "2026-11-24T15:00:00.123Z" has digits where this has zeroes, and else the same. */
static bool is_time(const char *text)
{
    static const char form[] = "0000-00-00T00:00:00";
    size_t i = 0;
    while (form[i] != '\0' &&
           (form[i] == '0' ? text[i] >= '0' && text[i] <= '9' : text[i] == form[i]))
        i++;
    return form[i] == '\0';
}

static int64_t two(const char *digits)
{
    return (digits[0] - '0') * 10 + digits[1] - '0';
}

/* Days since 1970-01-01 of the calendar; years begin in March, so that the odd day is the last. */
static int64_t day_of(int64_t year, int64_t month, int64_t day)
{
    int64_t years = month > 2 ? year : year - 1;
    int64_t days = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;
    return years * 365 + years / 4 - years / 100 + years / 400 + days - 719468;
}

int64_t journal_parse_time(const char *text)
{
    if (!is_time(text))
        return -1;
    int64_t day = day_of(two(text) * 100 + two(text + 2), two(text + 5), two(text + 8));
    int64_t s = day * 86400 + two(text + 11) * 3600 + two(text + 14) * 60 + two(text + 17);
    const char *rest = text + 19;
    int64_t ms = 0;
    if (*rest == '.')
        for (int64_t unit = 100; *++rest >= '0' && *rest <= '9'; unit /= 10)
            ms += (*rest - '0') * unit;
    return strcmp(rest, "Z") == 0 ? s * 1000 + ms : -1;
}

static void read_whole(struct json_scan *scan, void *at)
{
    *(int64_t *)at = json_whole(scan);
}

static void read_size(struct json_scan *scan, void *at)
{
    *(int32_t *)at = json_peek(scan) == 'n' ? -1 : 0;
    *(int32_t *)at += (int32_t)json_whole(scan);
}

static void read_truth(struct json_scan *scan, void *at)
{
    *(bool *)at = json_whole(scan) != 0;
}

static void read_kind(struct json_scan *scan, void *at)
{
    char name[20];
    json_string(scan, name, sizeof name);
    *(enum journal_kind *)at = journal_kind(name);
}

static void read_time(struct json_scan *scan, void *at)
{
    char time[40];
    json_string(scan, time, sizeof time);
    *(int64_t *)at = journal_parse_time(time);
    scan->is_bad = scan->is_bad || *(int64_t *)at < 0;
}

static void read_name(struct json_scan *scan, void *at)
{
    json_string(scan, at, JOURNAL_NAME);
}

static void read_why(struct json_scan *scan, void *at)
{
    *(struct json_key *)at = json_quoted(scan);
}

bool journal_why(const struct journal_decision *line, struct text *out)
{
    if (line->why.chars == NULL)
        return false;
    char *words = memory_new(line->why.length + 1, 1);
    struct json_scan scan = json_scan(line->why.chars - 1, line->why.length + 2);
    json_string(&scan, words, line->why.length + 1);
    text_add(out, words);
    free(words);
    return true;
}

static void read_hash(struct json_scan *scan, void *at)
{
    json_string(scan, at, 17);
}

static void read_value(struct json_scan *scan, void *at)
{
    static const struct member members[] = {
        {"at_least", read_whole, offsetof(struct value, number)}};
    struct value *value = at;
    char c = json_peek(scan);
    *value = (struct value){0, c == '{' ? KNOWN_AT_LEAST : c == 'n' ? KNOWN_NOT : KNOWN_EXACT};
    if (c == '{')
        read_members(scan, members, 1, value);
    else
        value->number = json_whole(scan);
}

static void read_reading(struct json_scan *scan, void *at)
{
    static const struct member members[] = {
        {"at", read_whole, offsetof(struct reading, at_ms)},
        {"waiting", read_value, offsetof(struct reading, waiting)},
        {"latency", read_value, offsetof(struct reading, latency)},
        {"busy", read_value, offsetof(struct reading, busy)},
        {"next_due", read_value, offsetof(struct reading, next_due)},
    };
    read_members(scan, members, sizeof members / sizeof members[0], at);
}

/* [1234,5]: a time and a size. */
static void read_pair(struct json_scan *scan, int64_t *time_ms, int32_t *size)
{
    json_enter(scan, '[');
    *time_ms = json_next(scan, ']') ? json_whole(scan) : 0;
    *size = json_next(scan, ']') ? (int32_t)json_whole(scan) : 0;
    scan->is_bad = json_next(scan, ']') || scan->is_bad;
}

static void read_stride(struct json_scan *scan, void *at)
{
    struct stride *stride = at;
    read_pair(scan, &stride->since_ms, &stride->from);
}

static void read_window(struct json_scan *scan, void *at)
{
    struct window *window = at;
    window->n = 0;
    for (json_enter(scan, '['); json_next(scan, ']'); window->n++) {
        scan->is_bad = window->n == WINDOW_SIZES;
        if (!scan->is_bad)
            read_pair(scan, &window->wanted[window->n].until_ms, &window->wanted[window->n].size);
    }
}

static void read_present(struct json_scan *scan, void *at)
{
    struct history *history = at;
    int64_t present = json_whole(scan);
    history->has_past = present != -2;
    history->present = history->has_past ? (int32_t)present : 0;
}

static void read_rules(struct json_scan *scan, void *at)
{
    char in_force[20];
    json_string(scan, in_force, sizeof in_force);
    *(uint64_t *)at = strtoull(in_force, NULL, 16);
}

static void read_history(struct json_scan *scan, void *at)
{
    static const struct member members[] = {
        {"present", read_present, 0},
        {"blind_since", read_whole, offsetof(struct history, blind_since_ms)},
        {"in_force", read_rules, offsetof(struct history, in_force)},
        {"up", read_window, offsetof(struct history, up)},
        {"down", read_window, offsetof(struct history, down)},
        {"up_stride", read_stride, offsetof(struct history, up_stride)},
        {"down_stride", read_stride, offsetof(struct history, down_stride)},
        {"worked", read_whole, offsetof(struct history, worked_ms)},
        {"busy_since", read_whole, offsetof(struct history, busy_since_ms)},
        {"grown", read_whole, offsetof(struct history, grown_ms)},
        {"woken", read_whole, offsetof(struct history, woken_ms)},
        {"woken_waiting", read_whole, offsetof(struct history, woken_waiting)},
        {"learned_boot", read_whole, offsetof(struct history, learned_boot_ms)},
        {"drift_until", read_whole, offsetof(struct history, drift_until_ms)},
    };
    read_members(scan, members, sizeof members / sizeof members[0], at);
}

static void read_step_kind(struct json_scan *scan, void *at)
{
    char name[32];
    json_string(scan, name, sizeof name);
    scan->is_bad = !journal_step_kind(name, at) || scan->is_bad;
}

static void read_steps(struct json_scan *scan, void *at)
{
    static const struct member members[] = {
        {"step", read_step_kind, offsetof(struct step, kind)},
        {"before", read_size, offsetof(struct step, before)},
        {"after", read_size, offsetof(struct step, after)},
        {"rule", read_size, offsetof(struct step, rule)},
        {"seen", read_value, offsetof(struct step, seen)},
    };
    struct decision *decision = at;
    decision->n_steps = 0;
    for (json_enter(scan, '['); json_next(scan, ']'); decision->n_steps++) {
        struct step *step = &decision->steps[decision->n_steps];
        if (decision->n_steps == DECISION_STEPS) {
            scan->is_bad = true;
            return;
        }
        *step = (struct step){.rule = -1, .seen = VALUE_UNKNOWN};
        read_members(scan, members, sizeof members / sizeof members[0], step);
    }
}

/* The history's and the steps' room is not cleared beyond what is read. */
static void clear(struct journal_decision *line)
{
    line->kind = JOURNAL_BAD;
    line->utc_ms = -1;
    line->pool[0] = line->policy[0] = line->limit[0] = '\0';
    line->inputs =
        (struct inputs){.reading = {0, VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN, VALUE_UNKNOWN}};
    memset(&line->history, 0, offsetof(struct history, up));
    line->history.up.n = line->history.down.n = 0;
    memset(&line->history.up_stride, 0, sizeof line->history - offsetof(struct history, up_stride));
    line->decision.size = -1;
    line->decision.n_steps = 0;
    line->decision.spares_busy = false;
    line->asked = -1;
    line->why = (struct json_key){NULL, 0};
}

enum journal_kind journal_read(const char *chars, size_t length, struct journal_decision *line)
{
#define AT(member) offsetof(struct journal_decision, member)
    static const struct member members[] = {
        {"at", read_time, AT(utc_ms)},
        {"pool", read_name, AT(pool)},
        {"policy", read_hash, AT(policy)},
        {"now", read_whole, AT(inputs.now_ms)},
        {"present", read_size, AT(inputs.present)},
        {"crashed", read_size, AT(inputs.crashed)},
        {"names_busy", read_truth, AT(inputs.names_busy)},
        {"room", read_size, AT(inputs.room)},
        {"room_of", read_name, AT(limit)},
        {"reading", read_reading, AT(inputs.reading)},
        {"history", read_history, AT(history)},
        {"steps", read_steps, AT(decision)},
        {"size", read_size, AT(decision.size)},
        {"spares_busy", read_truth, AT(decision.spares_busy)},
        {"asked", read_size, AT(asked)},
        {"why", read_why, AT(why)},
        {"kind", read_kind, AT(kind)},
    };
#undef AT
    struct json_scan scan = json_scan(chars, length);
    clear(line);
    read_members(&scan, members, sizeof members / sizeof members[0], line);
    line->inputs.room_of = line->limit[0] != '\0' ? line->limit : NULL;
    line->decision.room_of = line->inputs.room_of;
    bool is_whole = json_is_over(&scan) && line->utc_ms >= 0;
    if (journal_is_decision(line->kind))
        is_whole = is_whole && line->inputs.now_ms > 0 && line->decision.size >= 0;
    if (!is_whole)
        line->kind = JOURNAL_BAD;
    return line->kind;
}
