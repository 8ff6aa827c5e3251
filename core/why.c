/* SPDX-License-Identifier: MIT */
#include "core/why.h"

#include "core/journal_read.h"
#include "core/memory.h"
#include "core/moment.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- Taking lines ---- */

bool why_is_shadow(const struct why *why)
{
    return why->decision.kind == JOURNAL_SHADOW;
}

static struct why *find(const struct why_list *list, const char *pool, bool is_shadow)
{
    for (size_t i = 0; i < list->n; i++)
        if (strcmp(list->pools[i]->decision.pool, pool) == 0 &&
            why_is_shadow(list->pools[i]) == is_shadow)
            return list->pools[i];
    return NULL;
}

static bool is_before(const struct why *why, const struct journal_decision *decision)
{
    int order = strcmp(why->decision.pool, decision->pool);
    return order < 0 || (order == 0 && journal_is_shadow(decision->kind));
}

static struct why *add(struct why_list *list, const struct journal_decision *decision)
{
    struct why *why = memory_new(1, sizeof *why);
    size_t i = list->n++;
    list->pools = memory_resize(list->pools, list->n, sizeof(struct why *));
    for (; i > 0 && !is_before(list->pools[i - 1], decision); i--)
        list->pools[i] = list->pools[i - 1];
    list->pools[i] = why;
    return why;
}

/* Both lines of one instant come, one by one: what is so only between them never was. */
static void compare(struct why *shadow, int64_t utc_ms)
{
    struct apart *apart = &shadow->apart;
    bool is_apart = shadow->decision.decision.size != shadow->live->decision.decision.size;
    if (apart->first_ms == 0)
        *apart = (struct apart){is_apart, utc_ms, utc_ms, utc_ms};
    if (is_apart == apart->is_apart)
        return;
    bool is_back = apart->since_ms == utc_ms;
    int64_t since_ms = is_back ? apart->before_ms : utc_ms;
    apart->before_ms = apart->since_ms;
    apart->since_ms = since_ms;
    apart->is_apart = is_apart;
}

/* NULL if the line does not say why. */
static char *words_of(const struct journal_decision *line)
{
    struct text words = {0};
    return journal_why(line, &words) ? text_take(&words) : NULL;
}

static void take_decision(struct why_list *list, const struct journal_decision *decision)
{
    bool is_shadow = journal_is_shadow(decision->kind);
    struct why *why = find(list, decision->pool, is_shadow);
    bool is_first = why == NULL;
    if (is_first)
        why = add(list, decision);
    if (is_first || why->decision.decision.size != decision->decision.size) {
        why->since_ms = decision->utc_ms;
        why->is_from_first = is_first;
    }
    why->decision = *decision;
    if (decision->inputs.room_of != NULL) { /* which points into the other one */
        why->decision.inputs.room_of = why->decision.limit;
        why->decision.decision.room_of = why->decision.limit;
    }
    free(why->words);
    why->words = words_of(decision);
    if (why->words == NULL)
        why->words = memory_copy("");
    struct why *live = is_shadow ? find(list, decision->pool, false) : why;
    struct why *shadow = is_shadow ? why : find(list, decision->pool, true);
    if (live == NULL || shadow == NULL)
        return;
    shadow->live = live;
    compare(shadow, decision->utc_ms);
}

static void take_applied(struct why_list *list, const struct journal_decision *line)
{
    struct why *why = find(list, line->pool, false);
    if (why == NULL)
        return;
    why->applied = (struct answered){line->utc_ms, line->asked, line->decision.size};
    free(why->refusal);
    why->refusal = words_of(line);
    free(why->applied_words);
    why->applied_words = memory_copy(why->words);
}

bool why_take(struct why_list *list, const struct journal_decision *line, int64_t until_ms)
{
    bool is_decision = line->kind == JOURNAL_DECISION || line->kind == JOURNAL_SHADOW;
    if (!is_decision && line->kind != JOURNAL_APPLIED)
        return true;
    if (line->utc_ms > until_ms)
        return false;
    if (is_decision)
        take_decision(list, line);
    else
        take_applied(list, line);
    return true;
}

void why_list_fini(struct why_list *list)
{
    for (size_t i = 0; i < list->n; i++) {
        free(list->pools[i]->words);
        free(list->pools[i]->refusal);
        free(list->pools[i]->applied_words);
        free(list->pools[i]);
    }
    free(list->pools);
    *list = (struct why_list){0};
}

/* ---- Words ---- */

bool why_is_vote(enum step_kind kind)
{
    return kind == STEP_JOBS || kind == STEP_LATENCY || kind == STEP_PER_DYNO ||
           kind == STEP_BOOTING || kind == STEP_BELOW;
}

/* The length without ": 5" or ": 5 dynos" at the end. */
static size_t without_size(const char *words, size_t length)
{
    size_t end = length;
    while (end > 0 && strchr("dynos ", words[end - 1]) != NULL)
        end--;
    size_t digits = end;
    while (digits > 0 && words[digits - 1] >= '0' && words[digits - 1] <= '9')
        digits--;
    bool is_size =
        digits < end && digits > 2 && words[digits - 1] == ' ' && words[digits - 2] == ':';
    return is_size ? digits - 2 : length;
}

/* The words of a decision are what was seen, and then each step, set apart by "; ". Those of the
 * last step may hold that themselves. */
void why_add_words(const struct why *why, int32_t i, struct text *out)
{
    const char *words = why->words;
    for (int32_t skip = -1; skip < i; skip++) {
        const char *next = strstr(words, "; ");
        if (next == NULL)
            return;
        words = next + 2;
    }
    bool is_last = i + 1 >= (int32_t)why->decision.decision.n_steps;
    const char *end = strstr(words, is_last ? "; schedule " : "; ");
    size_t length = end != NULL ? (size_t)(end - words) : strlen(words);
    text_add_n(out, words, i >= 0 ? without_size(words, length) : length);
}

static void add_moment(int64_t utc_ms, int64_t now_ms, struct text *out)
{
    moment_add(utc_ms, out);
    text_add(out, ", ");
    text_add_ms(out, now_ms > utc_ms ? now_ms - utc_ms : 0);
    text_add(out, " ago");
}

/* What only would be is told so. */
static void add_head(const struct why *why, struct text *out)
{
    const struct journal_decision *line = &why->decision;
    int32_t size = line->decision.size;
    int32_t present = line->inputs.present;
    bool is_shadow = why_is_shadow(why);
    text_add_format(out, "%s%s: %" PRId32 " %s %s wanted, ", line->pool,
                    is_shadow ? ", shadow" : "", size, size == 1 ? "dyno" : "dynos",
                    is_shadow   ? "would be"
                    : size == 1 ? "is"
                                : "are");
    if (present < 0)
        text_add(out, "and how many run was not known\n");
    else
        text_add_format(out, "%s%" PRId32 " %s%s\n", present == size ? "and " : "", present,
                        is_shadow ? "would run" : "ran", present == size ? " already" : "");
}

static void add_step(const struct why *why, size_t i, struct text *out)
{
    const struct step *step = &why->decision.decision.steps[i];
    struct text sizes = {0};
    if (why_is_vote(step->kind))
        text_add_format(&sizes, "%" PRId32, step->after);
    else
        text_add_format(&sizes, "%" PRId32 " -> %" PRId32, step->before, step->after);
    text_add_format(out, "  %-9s%-11s", why_is_vote(step->kind) ? "vote" : "step",
                    text_chars(&sizes));
    why_add_words(why, (int32_t)i, out);
    text_add(out, "\n");
    text_fini(&sizes);
}

static void add_schedule(const struct why *why, struct text *out)
{
    const char *last = NULL;
    for (const char *found = why->words; (found = strstr(found, "; schedule ")) != NULL; found++)
        last = found;
    if (last != NULL)
        text_add_format(out, "  schedule %s\n", last + strlen("; schedule "));
}

static void add_applied(const struct why *why, int64_t now_ms, struct text *out)
{
    const struct answered *applied = &why->applied;
    if (applied->utc_ms == 0) {
        text_add(out, "  asked    nothing yet, as far as the journal goes back\n");
        return;
    }
    text_add_format(out, "  asked    %" PRId32 ": ", applied->asked);
    if (applied->size >= 0)
        text_add_format(out, "the platform ran %" PRId32, applied->size);
    else
        text_add(out, "what the platform ran then is not known");
    if (why->refusal != NULL)
        text_add_format(out, ": %s", why->refusal);
    text_add(out, " (");
    add_moment(applied->utc_ms, now_ms, out);
    text_add_format(out, ")\n           for: %s\n", why->applied_words);
}

static void add_apart(const struct why *why, int64_t now_ms, struct text *out)
{
    const struct apart *apart = &why->apart;
    if (why->live == NULL) {
        text_add(out, "  live     not known, as far as the journal goes back\n");
        return;
    }
    text_add_format(out, "  %-9slive %" PRId32 ", shadow %" PRId32 ", since %s",
                    apart->is_apart ? "differs" : "agrees", why->live->decision.decision.size,
                    why->decision.decision.size,
                    apart->since_ms == apart->first_ms ? "both are known, " : "");
    add_moment(apart->since_ms, now_ms, out);
    text_add(out, "\n");
}

void why_add(const struct why *why, int64_t now_ms, struct text *out)
{
    const struct journal_decision *line = &why->decision;
    add_head(why, out);
    text_add(out, "  decided  ");
    add_moment(line->utc_ms, now_ms, out);
    text_add(out, why->is_from_first ? "\n  since    the journal's first line, " : "\n  since    ");
    add_moment(why->since_ms, now_ms, out);
    text_add(out, "\n  seen     ");
    why_add_words(why, -1, out);
    text_add(out, "\n");
    for (size_t i = 0; i < line->decision.n_steps; i++)
        add_step(why, i, out);
    add_schedule(why, out);
    (why_is_shadow(why) ? add_apart : add_applied)(why, now_ms, out);
}

/* ---- For programs ---- */

static void add_time(cJSON *object, const char *key, int64_t utc_ms)
{
    struct text time = {0};
    journal_time(utc_ms, &time);
    cJSON_AddStringToObject(object, key, text_chars(&time));
    text_fini(&time);
}

static cJSON *json_of_step(const struct why *why, size_t i)
{
    const struct step *step = &why->decision.decision.steps[i];
    struct text words = {0};
    cJSON *object = cJSON_CreateObject();
    why_add_words(why, (int32_t)i, &words);
    cJSON_AddBoolToObject(object, "is_vote", why_is_vote(step->kind));
    cJSON_AddNumberToObject(object, "before", step->before);
    cJSON_AddNumberToObject(object, "after", step->after);
    cJSON_AddStringToObject(object, "why", text_chars(&words));
    text_fini(&words);
    return object;
}

static void add_size(cJSON *object, const char *key, int32_t size)
{
    if (size >= 0)
        cJSON_AddNumberToObject(object, key, size);
    else
        cJSON_AddNullToObject(object, key);
}

static void add_applied_json(cJSON *object, const struct why *why)
{
    if (why->applied.utc_ms == 0) {
        cJSON_AddNullToObject(object, "applied");
        return;
    }
    cJSON *applied = cJSON_AddObjectToObject(object, "applied");
    add_time(applied, "at", why->applied.utc_ms);
    cJSON_AddNumberToObject(applied, "asked", why->applied.asked);
    add_size(applied, "size", why->applied.size);
    if (why->refusal != NULL)
        cJSON_AddStringToObject(applied, "why", why->refusal);
    cJSON_AddStringToObject(applied, "for", why->applied_words);
}

static void add_apart_json(cJSON *object, const struct why *why)
{
    if (why->live == NULL) {
        cJSON_AddNullToObject(object, "live");
        return;
    }
    cJSON *live = cJSON_AddObjectToObject(object, "live");
    cJSON_AddNumberToObject(live, "size", why->live->decision.decision.size);
    cJSON_AddBoolToObject(live, "differs", why->apart.is_apart);
    add_time(live, "since", why->apart.since_ms);
    cJSON_AddBoolToObject(live, "since_is_first", why->apart.since_ms == why->apart.first_ms);
}

cJSON *why_json(const struct why *why)
{
    cJSON *object = cJSON_CreateObject();
    cJSON_AddStringToObject(object, "pool", why->decision.pool);
    add_time(object, "at", why->decision.utc_ms);
    add_time(object, "since", why->since_ms);
    cJSON_AddBoolToObject(object, "since_is_first", why->is_from_first);
    cJSON_AddNumberToObject(object, "size", why->decision.decision.size);
    add_size(object, "present", why->decision.inputs.present);
    cJSON_AddStringToObject(object, "why", why->words);
    cJSON *steps = cJSON_AddArrayToObject(object, "steps");
    for (size_t i = 0; i < why->decision.decision.n_steps; i++)
        cJSON_AddItemToArray(steps, json_of_step(why, i));
    (why_is_shadow(why) ? add_apart_json : add_applied_json)(object, why);
    return object;
}
