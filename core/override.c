/* SPDX-License-Identifier: MIT */
#include "core/override.h"

#include "core/memory.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TEXT_MOST = 500 /* bytes of a reason that a line of the log can show */ };

static const struct {
    const char *name;
    const char *state;
    const char *end; /* what a person does to it */
} words[OVERRIDE_KINDS] = {
    [OVERRIDE_HOLD] = {"hold", "held", "released"},
    [OVERRIDE_PAUSE] = {"pause", "paused", "resumed"},
};

const char *override_name(enum override_kind kind)
{
    return words[kind].name;
}

const char *override_state(enum override_kind kind)
{
    return words[kind].state;
}

/* ---- One ---- */

struct override override_copy(const struct override *override)
{
    struct override copy = *override;
    if (override->pool == NULL)
        return (struct override){0};
    copy.pool = memory_copy(override->pool);
    copy.who = memory_copy(override->who);
    copy.why = memory_copy(override->why);
    return copy;
}

void override_fini(struct override *override)
{
    free(override->pool);
    free(override->who);
    free(override->why);
    *override = (struct override){0};
}

bool override_is_same(const struct override *a, const struct override *b)
{
    if (a->pool == NULL || b->pool == NULL)
        return a->pool == b->pool;
    return strcmp(a->pool, b->pool) == 0 && a->kind == b->kind && a->size == b->size &&
           a->since_ms == b->since_ms && a->until_ms == b->until_ms &&
           strcmp(a->who, b->who) == 0 && strcmp(a->why, b->why) == 0;
}

void override_add_state(const struct override *override, struct text *out)
{
    text_add(out, words[override->kind].state);
    if (override->kind == OVERRIDE_HOLD)
        text_add_format(out, " at %" PRId32, override->size);
}

void override_add_end(const struct override *override, int64_t utc_ms, struct text *out)
{
    enum { DAY_MS = 86400000 };
    if (override->until_ms == OVERRIDE_ENDLESS) {
        text_add(out, words[override->kind].end);
        return;
    }
    bool is_today = override->until_ms / DAY_MS == utc_ms / DAY_MS;
    time_t seconds = (time_t)(override->until_ms / 1000);
    struct tm parts;
    char time[32];
    gmtime_r(&seconds, &parts);
    strftime(time, sizeof time, is_today ? "%H:%M:%S UTC" : "%Y-%m-%d %H:%M:%S UTC", &parts);
    text_add(out, time);
}

void override_add(const struct override *override, int64_t utc_ms, struct text *out)
{
    override_add_state(override, out);
    text_add(out, " until ");
    override_add_end(override, utc_ms, out);
    text_add_format(out, ", by %s", override->who);
    if (override->why[0] != '\0')
        text_add_format(out, ": %s", override->why);
}

bool override_is_text(const char *text)
{
    size_t length = strlen(text);
    if (length > TEXT_MOST || strpbrk(text, "\t\r\n") != NULL)
        return false;
    while (length > 0) {
        size_t n = text_character(text, length);
        if (n == 0)
            return false;
        text += n;
        length -= n;
    }
    return true;
}

/* ---- All of them ---- */

void override_list_fini(struct override_list *list)
{
    for (size_t i = 0; i < list->n; i++)
        override_fini(&list->all[i]);
    free(list->all);
    *list = (struct override_list){0};
}

static int compare(const struct override *override, const char *pool, enum override_kind kind)
{
    int order = strcmp(override->pool, pool);
    return order != 0 ? order : (int) override->kind - (int)kind;
}

/* Where it is, or would be: they are in the order of their pools, so that each pool finds its own
 * among as many as there may be. */
static size_t place_of(const struct override_list *list, const char *pool, enum override_kind kind)
{
    size_t from = 0;
    for (size_t to = list->n; from < to;) {
        size_t middle = from + (to - from) / 2;
        if (compare(&list->all[middle], pool, kind) < 0)
            from = middle + 1;
        else
            to = middle;
    }
    return from;
}

static bool is_at(const struct override_list *list, size_t i, const char *pool,
                  enum override_kind kind)
{
    return i < list->n && compare(&list->all[i], pool, kind) == 0;
}

const struct override *override_list_find(const struct override_list *list, const char *pool,
                                          enum override_kind kind, int64_t utc_ms)
{
    size_t i = place_of(list, pool, kind);
    return is_at(list, i, pool, kind) && list->all[i].until_ms > utc_ms ? &list->all[i] : NULL;
}

void override_list_put(struct override_list *list, struct override override)
{
    size_t i = place_of(list, override.pool, override.kind);
    if (is_at(list, i, override.pool, override.kind)) {
        override_fini(&list->all[i]);
    } else {
        list->all = memory_resize(list->all, list->n + 1, sizeof override);
        memmove(&list->all[i + 1], &list->all[i], (list->n - i) * sizeof override);
        list->n++;
    }
    list->all[i] = override;
}

bool override_list_remove(struct override_list *list, const char *pool, enum override_kind kind)
{
    size_t i = place_of(list, pool, kind);
    if (!is_at(list, i, pool, kind))
        return false;
    override_fini(&list->all[i]);
    list->n--;
    memmove(&list->all[i], &list->all[i + 1], (list->n - i) * sizeof list->all[i]);
    return true;
}

void override_list_expire(struct override_list *list, int64_t utc_ms)
{
    size_t n = 0;
    for (size_t i = 0; i < list->n; i++)
        if (list->all[i].until_ms <= utc_ms)
            override_fini(&list->all[i]);
        else
            list->all[n++] = list->all[i];
    list->n = n;
}
