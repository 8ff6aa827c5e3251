/* SPDX-License-Identifier: MIT */
#include "core/journal.h"

#include "core/journal_file.h"
#include "core/journal_read.h"
#include "core/log.h"
#include "core/memory.h"

#include <glib.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* What is read of its end, in which each pool has its last line. */
enum { TAIL_BYTES = 4 * 1024 * 1024, TAIL_BYTES_A_POOL = 4096 };

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

static bool is_news(const struct journal *journal, const struct pool *pool,
                    const struct decided *decided)
{
    const struct journaled *last = &pool->journaled;
    return last->at_ms == 0 || decided->inputs.now_ms - last->at_ms >= journal->every_ms ||
           last->present != decided->inputs.present || decided->has_learned ||
           last->digest != journal_digest(&decided->decision);
}

static enum journal_kind kind_of(const struct journal *journal, const struct pool *pool)
{
    if (pool->spec->is_shadow)
        return journal->is_dry_run ? JOURNAL_SHADOW_DRY_RUN : JOURNAL_SHADOW;
    return journal->is_dry_run ? JOURNAL_DRY_RUN : JOURNAL_DECISION;
}

void journal_decided(struct journal *journal, struct pool *pool, const struct decided *decided,
                     int64_t utc_ms)
{
    if (journal == NULL || !is_news(journal, pool, decided))
        return;
    struct journal_decision decision = {
        .utc_ms = utc_ms,
        .kind = kind_of(journal, pool),
        .inputs = decided->inputs,
        .history = decided->before,
        .decision = decided->decision,
    };
    struct text line = {0};
    char *why = pool_explain(pool, decided);
    snprintf(decision.pool, sizeof decision.pool, "%s", pool->spec->name);
    journal_hash(pool->policy, decision.policy);
    journal_line_decision(&decision, why, &line);
    add(journal, &line, utc_ms);
    pool->journaled = (struct journaled){decided->inputs.now_ms, journal_digest(&decided->decision),
                                         decided->inputs.present};
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

/* A pool or a shadow, and whether it has its history. */
struct recalled {
    struct pool *pool;
    bool is_taken;
};

/* What is restored, and by which clock. */
struct recall {
    struct recalled *all;
    GHashTable *by_name; /* of pools to theirs, that of a shadow after that of its pool */
    size_t n;
    size_t n_taken;
    int64_t every_ms;
    int64_t now_ms;
    int64_t utc_ahead_ms;
};

/* Of a pool, or of its shadow; NULL if there is none. */
static struct recalled *find(const struct recall *recall, const char *name, bool is_shadow)
{
    struct recalled *recalled = g_hash_table_lookup(recall->by_name, name);
    if (recalled == NULL || !is_shadow)
        return recalled;
    return recalled->pool->shadow != NULL ? recalled + 1 : NULL;
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

/* The past after the line's decision, by the clock that goes now. What was not written after it was
 * like it. */
static void take_history(const struct recall *recall, struct pool *pool,
                         struct journal_decision *line, int64_t at_ms)
{
    char hash[sizeof line->policy];
    struct history *history = &line->history;
    int64_t silent_ms = recall->now_ms - at_ms;
    if (silent_ms > recall->every_ms)
        silent_ms = recall->every_ms;
    pool_follow_schedule(pool, line->utc_ms);
    journal_hash(pool->policy, hash);
    if (strcmp(hash, line->policy) != 0)
        history->in_force = 0; /* which is by the numbers of other rules */
    policy_decide(pool->policy, history, &line->inputs);
    if (history->worked_ms == line->inputs.now_ms && silent_ms > 0)
        history->worked_ms += silent_ms;
    shift_history(history, at_ms - line->inputs.now_ms, recall->now_ms, pool->spec->respect_ms);
    past_keep(&pool->past, history);
    pool->crashed = line->inputs.crashed;
    pool->crashes_ms = at_ms;
}

/* A change that was decided may have been asked for, and one without an answer may come yet. */
static void take_change(struct pool *pool, int32_t asked, int64_t at_ms)
{
    if (pool->drift.lost < 0)
        drift_take_applied(&pool->drift, asked, -1, at_ms);
}

/* What the platform had, and may have yet. A shadow's takes each size at once. */
static void take_present(struct recalled *recalled, const struct journal_decision *line,
                         int64_t at_ms)
{
    struct pool *pool = recalled->pool;
    int32_t present = line->inputs.present;
    if (pool->spec->is_shadow && pool->size < 0 && present >= 0)
        pool->size = line->decision.size;
    if (pool->spec->is_shadow)
        return;
    if (present >= 0 && present != line->decision.size && !recalled->is_taken)
        take_change(pool, line->decision.size, at_ms);
    if (pool->drift.known < 0)
        pool->drift.known = present;
}

static void take_decision(struct recall *recall, struct recalled *recalled,
                          struct journal_decision *line)
{
    int64_t at_ms = line->utc_ms - recall->utc_ahead_ms;
    take_present(recalled, line, at_ms);
    if (recalled->is_taken)
        return;
    take_history(recall, recalled->pool, line, at_ms);
    recalled->is_taken = true;
    recall->n_taken++;
}

/* Takes a line, of which the last comes first. Returns when it was written, -1: it is no such line.
 */
static int64_t take_line(struct recall *recall, const char *chars, size_t length)
{
    struct journal_decision line;
    enum journal_kind kind = journal_read(chars, length, &line);
    struct recalled *recalled = find(recall, line.pool, kind == JOURNAL_SHADOW);
    if (kind != JOURNAL_DECISION && kind != JOURNAL_SHADOW && kind != JOURNAL_APPLIED)
        return -1;
    if (recalled != NULL && kind != JOURNAL_APPLIED)
        take_decision(recall, recalled, &line);
    else if (recalled != NULL && line.decision.size < 0)
        take_change(recalled->pool, line.asked, line.utc_ms - recall->utc_ahead_ms);
    return line.utc_ms;
}

/* Until every pool has its history, and no line is of use for what the platform may do yet. */
static void take_lines(struct recall *recall, const char *begin, const char *end)
{
    enum { LOOK_BACK_MS = 600000 };
    int64_t earliest_ms = recall->now_ms + recall->utc_ahead_ms - LOOK_BACK_MS;
    int64_t at_ms = INT64_MAX;
    while (end > begin && (recall->n_taken < recall->n || at_ms >= earliest_ms)) {
        const char *before = memrchr(begin, '\n', (size_t)(end - begin));
        const char *line = before != NULL ? before + 1 : begin;
        int64_t taken_ms = take_line(recall, line, (size_t)(end - line));
        at_ms = taken_ms >= 0 ? taken_ms : at_ms;
        end = before != NULL ? before : begin;
    }
}

static void read_tail(const char *path, size_t n_pools, struct text *lines)
{
    struct error error = {""};
    size_t most_bytes = TAIL_BYTES + n_pools * TAIL_BYTES_A_POOL;
    if (journal_file_tail(path, most_bytes, lines, &error) != 0)
        log_write(LOG_WARN, "journal", "%s: nothing is remembered of it", error.text);
}

void journal_restore(const struct journal *journal, struct pool *pools, size_t n, int64_t now_ms,
                     int64_t utc_ahead_ms)
{
    struct text lines = {0};
    if (journal == NULL)
        return;
    char *before = journal_file_before(journal->path, 1);
    read_tail(before, n, &lines); /* the file may have begun right now */
    read_tail(journal->path, n, &lines);
    struct recall recall = {
        .all = memory_new(2 * n, sizeof *recall.all),
        .by_name = g_hash_table_new(g_str_hash, g_str_equal),
        .every_ms = journal->every_ms,
        .now_ms = now_ms,
        .utc_ahead_ms = utc_ahead_ms,
    };
    for (size_t i = 0; i < n; i++) {
        g_hash_table_insert(recall.by_name, pools[i].spec->name, &recall.all[recall.n]);
        recall.all[recall.n++].pool = &pools[i];
        if (pools[i].shadow != NULL)
            recall.all[recall.n++].pool = pools[i].shadow;
    }
    const char *begin = text_chars(&lines);
    if (lines.length > 0)
        take_lines(&recall, begin, begin + lines.length - 1);
    g_hash_table_destroy(recall.by_name);
    free(recall.all);
    free(before);
    text_fini(&lines);
}
