/* SPDX-License-Identifier: MIT */
#include "core/journal.h"

#include "core/journal_file.h"
#include "core/journal_line.h"
#include "core/log.h"
#include "core/memory.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TAIL_BYTES = 4 * 1024 * 1024 }; /* in which each pool has its last line */

struct journal {
    char *path;
    struct journal_file *file;
    int64_t every_ms;
    bool is_dry_run;
    bool is_failing; /* as was logged */
};

/* ---- Writing ---- */

static void add(struct journal *journal, const struct text *line, int64_t utc_ms)
{
    struct error error = {""};
    int result = journal_file_add(journal->file, text_chars(line), line->length, utc_ms, &error);
    if (result != 0 && !journal->is_failing)
        log_write(LOG_ERROR, "journal", "%s; its lines are lost until that works, scaling goes on",
                  error.text);
    else if (result == 0 && journal->is_failing)
        log_write(LOG_INFO, "journal", "%s can be written again", journal->path);
    journal->is_failing = result != 0;
}

struct journal *journal_open(const struct journal_spec *spec, bool is_dry_run, struct error *error)
{
    struct journal_file *file = journal_file_open(spec->path, spec->limits, error);
    if (file == NULL)
        return NULL;
    struct journal *journal = memory_new(1, sizeof *journal);
    journal->path = memory_copy(spec->path);
    journal->file = file;
    journal->every_ms = spec->every_ms;
    journal->is_dry_run = is_dry_run;
    return journal;
}

void journal_started(struct journal *journal, const char *path, int64_t utc_ms)
{
    if (journal == NULL)
        return;
    struct text line = {0};
    journal_line_start(utc_ms, path, &line);
    add(journal, &line, utc_ms);
    text_fini(&line);
}

void journal_close(struct journal *journal)
{
    if (journal == NULL)
        return;
    journal_file_close(journal->file);
    free(journal->path);
    free(journal);
}

/* Whether two decisions took the same steps to the same sizes, whatever they saw. */
static bool are_alike(const struct decision *a, const struct decision *b)
{
    bool are_alike = a->size == b->size && a->n_steps == b->n_steps;
    for (size_t i = 0; i < a->n_steps && are_alike; i++)
        are_alike = a->steps[i].kind == b->steps[i].kind && a->steps[i].rule == b->steps[i].rule &&
                    a->steps[i].after == b->steps[i].after;
    return are_alike;
}

static bool is_news(const struct journal *journal, const struct pool *pool, int64_t now_ms)
{
    const struct journaled *last = &pool->journaled;
    return last->at_ms == 0 || now_ms - last->at_ms >= journal->every_ms ||
           last->present != pool->inputs.present || !are_alike(&last->decision, &pool->decision);
}

void journal_decided(struct journal *journal, struct pool *pool, int64_t utc_ms)
{
    if (journal == NULL || !is_news(journal, pool, pool->inputs.now_ms))
        return;
    struct journal_decision decision = {
        .utc_ms = utc_ms,
        .is_dry_run = journal->is_dry_run,
        .inputs = pool->inputs,
        .history = pool->before,
        .decision = pool->decision,
    };
    struct text line = {0};
    char *why = pool_explain(pool);
    snprintf(decision.pool, sizeof decision.pool, "%s", pool->spec->name);
    journal_hash(&pool->policy, decision.policy);
    journal_line_decision(&decision, why, &line);
    add(journal, &line, utc_ms);
    pool->journaled = (struct journaled){pool->inputs.now_ms, pool->inputs.present, pool->decision};
    text_fini(&line);
    free(why);
}

void journal_applied(struct journal *journal, const struct pool *pool, int32_t asked, int32_t size,
                     const char *why, int64_t utc_ms)
{
    if (journal == NULL)
        return;
    struct text line = {0};
    journal_line_applied(utc_ms, pool->spec->name, asked, size, why, &line);
    add(journal, &line, utc_ms);
    text_fini(&line);
}

/* ---- Restoring ---- */

/* The index of a pool; n if there is none of this name. */
static size_t find_pool(const struct pool *pools, size_t n, const char *name)
{
    size_t i = 0;
    while (i < n && strcmp(pools[i].spec->name, name) != 0)
        i++;
    return i;
}

/* A time of the clock that the line was written by, as the clock of now has it; 0 stays 0. One that
 * lies ahead, since a clock was set back, is now. */
static void shift(int64_t *time_ms, int64_t by_ms, int64_t now_ms)
{
    if (*time_ms == 0)
        return;
    int64_t shifted_ms = *time_ms + by_ms < now_ms ? *time_ms + by_ms : now_ms;
    *time_ms = shifted_ms != 0 ? shifted_ms : 1;
}

static void shift_window(struct window *window, int64_t by_ms, int64_t now_ms)
{
    for (uint32_t i = 0; i < window->n; i++)
        shift(&window->wanted[i].until_ms, by_ms, now_ms);
}

static void shift_history(struct history *history, int64_t by_ms, int64_t now_ms,
                          int64_t respect_ms)
{
    shift(&history->blind_since_ms, by_ms, now_ms);
    shift_window(&history->up, by_ms, now_ms);
    shift_window(&history->down, by_ms, now_ms);
    shift(&history->up_stride.since_ms, by_ms, now_ms);
    shift(&history->down_stride.since_ms, by_ms, now_ms);
    shift(&history->worked_ms, by_ms, now_ms);
    shift(&history->busy_since_ms, by_ms, now_ms);
    shift(&history->grown_ms, by_ms, now_ms);
    shift(&history->woken_ms, by_ms, now_ms);
    shift(&history->drift_until_ms, by_ms, now_ms + respect_ms);
}

/* The history after the line's decision, by the clock that goes now. */
static void take_line(struct pool *pool, struct journal_decision *line, int64_t now_ms,
                      int64_t utc_ahead_ms)
{
    char hash[sizeof line->policy];
    pool_follow_schedule(pool, line->utc_ms);
    journal_hash(&pool->policy, hash);
    if (strcmp(hash, line->policy) != 0)
        line->history.in_force = 0; /* which is by the numbers of other rules */
    policy_decide(&pool->policy, &line->history, &line->inputs);
    shift_history(&line->history, line->utc_ms - line->inputs.now_ms - utc_ahead_ms, now_ms,
                  pool->spec->respect_ms);
    pool->history = line->history;
}

/* The last decision of each pool, as the lines have it; utc_ms 0: there is none. */
static void find_last(const struct pool *pools, size_t n, const char *lines,
                      struct journal_decision *last)
{
    const char *end;
    for (const char *line = lines; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        struct journal_decision decision;
        cJSON *json = cJSON_ParseWithLength(line, (size_t)(end - line));
        size_t i = journal_read_decision(json, &decision) ? find_pool(pools, n, decision.pool) : n;
        if (i < n) {
            last[i] = decision;
            last[i].inputs.room_of = decision.inputs.room_of != NULL ? last[i].limit : NULL;
        }
        cJSON_Delete(json);
    }
}

void journal_restore(const struct journal *journal, struct pool *pools, size_t n, int64_t now_ms,
                     int64_t utc_ahead_ms)
{
    struct text lines = {0};
    struct error error = {""};
    if (journal == NULL)
        return;
    if (journal_file_tail(journal->path, TAIL_BYTES, &lines, &error) != 0)
        log_write(LOG_WARN, "journal", "%s: nothing is remembered", error.text);
    struct journal_decision *last = memory_new(n, sizeof *last);
    find_last(pools, n, text_chars(&lines), last);
    for (size_t i = 0; i < n; i++)
        if (last[i].utc_ms != 0)
            take_line(&pools[i], &last[i], now_ms, utc_ahead_ms);
    free(last);
    text_fini(&lines);
}
