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

uint64_t journal_digest(const struct decision *decision)
{
    uint64_t digest = 14695981039346656037u;
    mix(&digest, decision->size);
    for (size_t i = 0; i < decision->n_steps; i++) {
        mix(&digest, decision->steps[i].kind);
        mix(&digest, decision->steps[i].rule);
        mix(&digest, decision->steps[i].after);
    }
    return digest;
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
