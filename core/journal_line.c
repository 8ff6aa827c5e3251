/* SPDX-License-Identifier: MIT */
#include "core/journal_line.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static const char *const step_names[] = {
    [STEP_JOBS] = "jobs",
    [STEP_LATENCY] = "latency",
    [STEP_PER_DYNO] = "per_dyno",
    [STEP_BOOTING] = "booting",
    [STEP_BELOW] = "below",
    [STEP_DOUBT] = "doubt",
    [STEP_HOLD] = "hold",
    [STEP_THEN] = "then",
    [STEP_CRASHED] = "crashed",
    [STEP_WAKE] = "wake",
    [STEP_DUE] = "due",
    [STEP_LINGER] = "linger",
    [STEP_MIN] = "min",
    [STEP_MAX] = "max",
    [STEP_UP_AFTER] = "up_after",
    [STEP_UP_STEP] = "up_step",
    [STEP_DOWN_AFTER] = "down_after",
    [STEP_DOWN_STEP] = "down_step",
    [STEP_DRIFT] = "drift",
    [STEP_BUSY] = "busy",
    [STEP_LIMIT] = "limit",
    [STEP_BY_HAND] = "by_hand",
    [STEP_PAUSED] = "paused",
    [STEP_UNPROTECTED] = "unprotected",
};

bool journal_step_kind(const char *name, enum step_kind *kind)
{
    for (size_t i = 0; i < sizeof step_names / sizeof step_names[0]; i++)
        if (step_names[i] != NULL && strcmp(step_names[i], name) == 0) {
            *kind = (enum step_kind)i;
            return true;
        }
    return false;
}

static const char *const kind_names[] = {
    [JOURNAL_DECISION] = "decision", [JOURNAL_DRY_RUN] = "dry_run",
    [JOURNAL_SHADOW] = "shadow",     [JOURNAL_SHADOW_DRY_RUN] = "shadow_dry_run",
    [JOURNAL_APPLIED] = "applied",   [JOURNAL_START] = "start",
};

enum journal_kind journal_kind(const char *name)
{
    for (size_t i = 0; i < sizeof kind_names / sizeof kind_names[0]; i++)
        if (kind_names[i] != NULL && strcmp(kind_names[i], name) == 0)
            return (enum journal_kind)i;
    return JOURNAL_OTHER;
}

bool journal_is_shadow(enum journal_kind kind)
{
    return kind == JOURNAL_SHADOW || kind == JOURNAL_SHADOW_DRY_RUN;
}

bool journal_is_decision(enum journal_kind kind)
{
    return kind == JOURNAL_DECISION || kind == JOURNAL_DRY_RUN || journal_is_shadow(kind);
}

/* ---- Writing ---- */

void journal_time(int64_t utc_ms, struct text *out)
{
    time_t s = (time_t)(utc_ms / 1000);
    struct tm parts;
    char chars[32];
    gmtime_r(&s, &parts);
    strftime(chars, sizeof chars, "%Y-%m-%dT%H:%M:%S", &parts);
    text_add_format(out, "%s.%03dZ", chars, (int)(utc_ms % 1000));
}

static void add_text(const char *text, struct text *out)
{
    static const char hex[] = "0123456789abcdef";
    text_add(out, "\"");
    for (const unsigned char *c = (const unsigned char *)text; *c != '\0'; c++) {
        char escaped[] = {'\\', 'u', '0', '0', hex[*c >> 4], hex[*c & 15], '\0'};
        char plain[] = {'\\', (char)*c, '\0'};
        text_add(out, *c < 0x20 ? escaped : *c == '"' || *c == '\\' ? plain : plain + 1);
    }
    text_add(out, "\"");
}

static void begin(int64_t utc_ms, enum journal_kind kind, struct text *out)
{
    text_add(out, "{\"at\":\"");
    journal_time(utc_ms, out);
    text_add_format(out, "\",\"kind\":\"%s\"", kind_names[kind]);
}

static void add_named(const char *key, const char *text, struct text *out)
{
    text_add_format(out, ",\"%s\":", key);
    add_text(text, out);
}

/* 25, {"at_least":25} or null. */
static void add_value(const char *key, struct value value, struct text *out)
{
    text_add_format(out, ",\"%s\":", key);
    if (value.doubt == KNOWN_NOT)
        text_add(out, "null");
    else
        text_add_format(out, value.doubt == KNOWN_EXACT ? "%" PRId64 : "{\"at_least\":%" PRId64 "}",
                        value.number);
}

static void add_number(const char *key, int64_t number, struct text *out)
{
    if (number != 0)
        text_add_format(out, ",\"%s\":%" PRId64, key, number);
}

static void add_window(const char *key, const struct window *window, struct text *out)
{
    text_add_format(out, ",\"%s\":[", key);
    for (uint32_t i = 0; i < window->n; i++)
        text_add_format(out, "%s[%" PRId64 ",%" PRId32 "]", i > 0 ? "," : "",
                        window->wanted[i].until_ms, window->wanted[i].size);
    text_add(out, "]");
}

static void add_stride(const char *key, const struct stride *stride, struct text *out)
{
    if (stride->since_ms != 0)
        text_add_format(out, ",\"%s\":[%" PRId64 ",%" PRId32 "]", key, stride->since_ms,
                        stride->from);
}

/* What is zero is left out. */
static void add_history(const struct history *history, struct text *out)
{
    text_add_format(out, ",\"history\":{\"present\":%" PRId32,
                    history->has_past ? history->present : -2);
    add_number("blind_since", history->blind_since_ms, out);
    if (history->in_force != 0)
        text_add_format(out, ",\"in_force\":\"%" PRIx64 "\"", history->in_force);
    add_window("up", &history->up, out);
    add_window("down", &history->down, out);
    add_stride("up_stride", &history->up_stride, out);
    add_stride("down_stride", &history->down_stride, out);
    add_number("worked", history->worked_ms, out);
    add_number("busy_since", history->busy_since_ms, out);
    add_number("grown", history->grown_ms, out);
    add_number("woken", history->woken_ms, out);
    add_number("woken_waiting", history->woken_waiting, out);
    add_number("learned_boot", history->learned_boot_ms, out);
    add_number("drift_until", history->drift_until_ms, out);
    text_add(out, "}");
}

static void add_inputs(const struct inputs *inputs, struct text *out)
{
    const struct reading *reading = &inputs->reading;
    text_add_format(out, ",\"now\":%" PRId64 ",\"present\":%" PRId32, inputs->now_ms,
                    inputs->present);
    add_number("crashed", inputs->crashed, out);
    add_number("names_busy", inputs->names_busy, out);
    if (inputs->room_of != NULL) {
        text_add_format(out, ",\"room\":%" PRId32, inputs->room);
        add_named("room_of", inputs->room_of, out);
    }
    text_add_format(out, ",\"reading\":{\"at\":%" PRId64, reading->at_ms);
    add_value("waiting", reading->waiting, out);
    add_value("latency", reading->latency, out);
    add_value("busy", reading->busy, out);
    add_value("next_due", reading->next_due, out);
    text_add(out, "}");
}

static void add_steps(const struct decision *decision, struct text *out)
{
    text_add(out, ",\"steps\":[");
    for (size_t i = 0; i < decision->n_steps; i++) {
        const struct step *step = &decision->steps[i];
        text_add_format(out, "%s{\"step\":\"%s\",\"before\":%" PRId32 ",\"after\":%" PRId32,
                        i > 0 ? "," : "", step_names[step->kind], step->before, step->after);
        if (step->rule >= 0)
            text_add_format(out, ",\"rule\":%" PRId32, step->rule);
        if (step->seen.doubt != KNOWN_NOT)
            add_value("seen", step->seen, out);
        text_add(out, "}");
    }
    text_add(out, "]");
}

void journal_line_decision(const struct journal_decision *line, const char *why, struct text *out)
{
    begin(line->utc_ms, line->kind, out);
    add_named("pool", line->pool, out);
    text_add_format(out, ",\"policy\":\"%s\"", line->policy);
    add_inputs(&line->inputs, out);
    add_history(&line->history, out);
    add_steps(&line->decision, out);
    text_add_format(out, ",\"size\":%" PRId32, line->decision.size);
    add_number("spares_busy", line->decision.spares_busy, out);
    add_named("why", why, out);
    text_add(out, "}\n");
}

void journal_line_applied(int64_t utc_ms, const char *pool, int32_t asked, int32_t size,
                          const char *why, struct text *out)
{
    begin(utc_ms, JOURNAL_APPLIED, out);
    add_named("pool", pool, out);
    text_add_format(out, ",\"asked\":%" PRId32, asked);
    if (size >= 0)
        text_add_format(out, ",\"size\":%" PRId32, size);
    else
        text_add(out, ",\"size\":null");
    if (why != NULL)
        add_named("why", why, out);
    text_add(out, "}\n");
}

void journal_line_start(int64_t utc_ms, const char *path, struct text *out)
{
    begin(utc_ms, JOURNAL_START, out);
    add_named("file", path, out);
    text_add(out, "}\n");
}

/* ---- Reading ---- */

int64_t journal_parse_time(const char *text)
{
    struct tm parts = {0};
    int ms = 0;
    const char *rest = strptime(text, "%Y-%m-%dT%H:%M:%S", &parts);
    if (rest != NULL && *rest == '.' && strlen(rest) >= 4) {
        ms = atoi(rest + 1);
        rest += 4;
    }
    if (rest == NULL || strcmp(rest, "Z") != 0)
        return -1;
    return (int64_t)timegm(&parts) * 1000 + ms;
}

static int64_t whole(const cJSON *number)
{
    double value = cJSON_IsNumber(number) ? number->valuedouble : 0;
    return value >= 9.2e18 ? INT64_MAX : value <= -9.2e18 ? INT64_MIN : (int64_t)value;
}

static int64_t get_number(const cJSON *object, const char *key)
{
    return whole(cJSON_GetObjectItemCaseSensitive(object, key));
}

static struct value get_value(const cJSON *object, const char *key)
{
    const cJSON *item = cJSON_GetObjectItemCaseSensitive(object, key);
    const cJSON *at_least = cJSON_GetObjectItemCaseSensitive(item, "at_least");
    if (cJSON_IsNumber(at_least))
        return (struct value){whole(at_least), KNOWN_AT_LEAST};
    if (cJSON_IsNumber(item))
        return (struct value){whole(item), KNOWN_EXACT};
    return VALUE_UNKNOWN;
}

static void get_text(const cJSON *object, const char *key, char *out, size_t room)
{
    const char *text = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, key));
    snprintf(out, room, "%s", text != NULL ? text : "");
}

static void get_window(const cJSON *object, const char *key, struct window *window)
{
    const cJSON *pair;
    cJSON_ArrayForEach(pair, cJSON_GetObjectItemCaseSensitive(object, key))
    {
        if (window->n == WINDOW_SIZES)
            break;
        window->wanted[window->n].until_ms = whole(cJSON_GetArrayItem(pair, 0));
        window->wanted[window->n++].size = (int32_t)whole(cJSON_GetArrayItem(pair, 1));
    }
}

static struct stride get_stride(const cJSON *object, const char *key)
{
    const cJSON *pair = cJSON_GetObjectItemCaseSensitive(object, key);
    return (struct stride){whole(cJSON_GetArrayItem(pair, 0)),
                           (int32_t)whole(cJSON_GetArrayItem(pair, 1))};
}

static void get_history(const cJSON *line, struct history *history)
{
    const cJSON *object = cJSON_GetObjectItemCaseSensitive(line, "history");
    char in_force[20];
    int64_t present = get_number(object, "present");
    *history = (struct history){0};
    history->has_past = present != -2;
    history->present = history->has_past ? (int32_t)present : 0;
    history->blind_since_ms = get_number(object, "blind_since");
    get_text(object, "in_force", in_force, sizeof in_force);
    history->in_force = strtoull(in_force, NULL, 16);
    get_window(object, "up", &history->up);
    get_window(object, "down", &history->down);
    history->up_stride = get_stride(object, "up_stride");
    history->down_stride = get_stride(object, "down_stride");
    history->worked_ms = get_number(object, "worked");
    history->busy_since_ms = get_number(object, "busy_since");
    history->grown_ms = get_number(object, "grown");
    history->woken_ms = get_number(object, "woken");
    history->woken_waiting = get_number(object, "woken_waiting");
    history->learned_boot_ms = get_number(object, "learned_boot");
    history->drift_until_ms = get_number(object, "drift_until");
}

static void get_inputs(const cJSON *line, struct journal_decision *decision)
{
    const cJSON *reading = cJSON_GetObjectItemCaseSensitive(line, "reading");
    get_text(line, "room_of", decision->limit, sizeof decision->limit);
    decision->inputs = (struct inputs){
        .reading = {get_number(reading, "at"), get_value(reading, "waiting"),
                    get_value(reading, "latency"), get_value(reading, "busy"),
                    get_value(reading, "next_due")},
        .now_ms = get_number(line, "now"),
        .present = (int32_t)get_number(line, "present"),
        .crashed = (int32_t)get_number(line, "crashed"),
        .names_busy = get_number(line, "names_busy") != 0,
        .room = (int32_t)get_number(line, "room"),
        .room_of = decision->limit[0] != '\0' ? decision->limit : NULL,
    };
}

static bool get_step(const cJSON *object, struct step *step)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, "step"));
    const cJSON *rule = cJSON_GetObjectItemCaseSensitive(object, "rule");
    size_t kind = 0;
    while (kind < sizeof step_names / sizeof step_names[0] &&
           (name == NULL || step_names[kind] == NULL || strcmp(step_names[kind], name) != 0))
        kind++;
    *step = (struct step){
        .kind = (enum step_kind)kind,
        .before = (int32_t)get_number(object, "before"),
        .after = (int32_t)get_number(object, "after"),
        .rule = cJSON_IsNumber(rule) ? (int32_t)whole(rule) : -1,
        .seen = get_value(object, "seen"),
    };
    return kind < sizeof step_names / sizeof step_names[0];
}

static bool get_decision(const cJSON *line, struct decision *decision)
{
    const cJSON *item;
    *decision = (struct decision){.size = (int32_t)get_number(line, "size"),
                                  .spares_busy = get_number(line, "spares_busy") != 0};
    cJSON_ArrayForEach(item, cJSON_GetObjectItemCaseSensitive(line, "steps"))
    {
        if (decision->n_steps == DECISION_STEPS ||
            !get_step(item, &decision->steps[decision->n_steps++]))
            return false;
    }
    return cJSON_IsNumber(cJSON_GetObjectItemCaseSensitive(line, "size"));
}

static enum journal_kind get_kind(const cJSON *line)
{
    const char *name = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, "kind"));
    return name != NULL ? journal_kind(name) : JOURNAL_BAD;
}

static int64_t get_at(const cJSON *line)
{
    const char *at = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, "at"));
    return at != NULL ? journal_parse_time(at) : -1;
}

bool journal_read_applied(const cJSON *line, struct journal_applied *applied)
{
    const cJSON *asked = cJSON_GetObjectItemCaseSensitive(line, "asked");
    const cJSON *size = cJSON_GetObjectItemCaseSensitive(line, "size");
    if (get_kind(line) != JOURNAL_APPLIED || !cJSON_IsNumber(asked))
        return false;
    applied->utc_ms = get_at(line);
    get_text(line, "pool", applied->pool, sizeof applied->pool);
    applied->asked = (int32_t)whole(asked);
    applied->size = cJSON_IsNumber(size) ? (int32_t)whole(size) : -1;
    applied->why = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(line, "why"));
    return applied->utc_ms >= 0;
}

bool journal_read_decision(const cJSON *line, struct journal_decision *decision)
{
    decision->kind = get_kind(line);
    if (decision->kind != JOURNAL_DECISION && decision->kind != JOURNAL_SHADOW)
        return false;
    decision->utc_ms = get_at(line);
    get_text(line, "pool", decision->pool, sizeof decision->pool);
    get_text(line, "policy", decision->policy, sizeof decision->policy);
    get_history(line, &decision->history);
    get_inputs(line, decision);
    bool is_whole = get_decision(line, &decision->decision);
    decision->decision.room_of = decision->inputs.room_of;
    return is_whole && decision->utc_ms >= 0 && decision->inputs.now_ms > 0;
}

/* ---- Hash ---- */

static void mix(uint64_t *hash, int64_t number)
{
    for (int i = 0; i < 8; i++) { /* FNV-1a */
        *hash ^= (uint64_t)number >> (8 * i) & 0xFF;
        *hash *= 1099511628211u;
    }
}

static void mix_ramp(uint64_t *hash, const struct ramp *ramp)
{
    mix(hash, ramp->after_ms);
    mix(hash, ramp->every_ms);
    mix(hash, ramp->step);
    mix(hash, ramp->is_percent);
}

void journal_hash(const struct policy *policy, char hash[17])
{
    uint64_t sum = 14695981039346656037u;
    for (size_t i = 0; i < policy->n_rules; i++) {
        mix(&sum, policy->rules[i].kind);
        mix(&sum, policy->rules[i].at_least);
        mix(&sum, policy->rules[i].dynos);
        mix(&sum, policy->rules[i].release_below);
    }
    mix(&sum, policy->per_dyno);
    mix(&sum, policy->min);
    mix(&sum, policy->max);
    mix(&sum, policy->stale_ms);
    mix(&sum, policy->hold_ms);
    mix(&sum, policy->then);
    mix_ramp(&sum, &policy->up);
    mix_ramp(&sum, &policy->down);
    mix(&sum, policy->protect);
    mix(&sum, policy->protect_ms);
    mix(&sum, policy->linger_ms);
    mix(&sum, policy->boot_ms);
    mix(&sum, policy->wake);
    mix(&sum, policy->counts_busy);
    snprintf(hash, 17, "%016" PRIx64, sum);
}
