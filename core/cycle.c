/* SPDX-License-Identifier: MIT */
#include "core/cycle_inside.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/room.h"

#include <stdlib.h>
#include <string.h>

/* ---- Life ---- */

static bool open_instances(struct cycle *cycle, struct text *errors)
{
    bool are_open = true;
    for (size_t i = 0; i < cycle->settings->n_instances; i++) {
        struct error error = {0};
        struct line *line = &cycle->lines[i];
        line->instance = instance_open(&cycle->settings->instances[i], &error);
        if (line->instance == NULL) {
            text_add_format(errors, "%s\n", error.text);
            are_open = false;
        }
    }
    return are_open;
}

static void assign(struct line *line, struct pool *pool, size_t source)
{
    line->seats = memory_resize(line->seats, line->n_seats + 1, sizeof *line->seats);
    line->asked = memory_resize(line->asked, line->n_seats + 1, sizeof *line->asked);
    line->seats[line->n_seats++] = (struct seat){pool, source};
}

static bool name_busy(const struct cycle *cycle, const struct pool_spec *spec)
{
    for (size_t i = 0; i < spec->n_sources; i++)
        if (!instance_names_busy(cycle->lines[spec->sources[i]].instance))
            return false;
    return true;
}

static void start_pool(struct cycle *cycle, size_t i)
{
    const struct pool_spec *spec = &cycle->settings->pools[i];
    struct line *scaler = &cycle->lines[spec->scaler];
    int32_t limit = instance_limit(scaler->instance, spec->process);
    struct text text = {0};
    if (pool_explain_limit(spec, instance_name(scaler->instance), limit, &text))
        log_write(LOG_WARN, "dynomatic", "%s", text_chars(&text));
    text_fini(&text);
    struct pool *pool = &cycle->pools[i];
    pool_init(pool, spec, limit, name_busy(cycle, spec));
    if (cycle->options.once && cycle->journal == NULL) /* nothing will remember what it saw */
        pool->history = (struct history)HISTORY_NONE;
    for (size_t k = 0; k < spec->n_sources; k++)
        assign(&cycle->lines[spec->sources[k]], pool, k);
    assign(scaler, pool, 0);
}

static bool open_journal(struct cycle *cycle, struct text *errors)
{
    struct error error = {""};
    if (cycle->settings->journal.path == NULL)
        return true;
    cycle->journal = journal_open(&cycle->settings->journal, cycle->options.dry_run, &error);
    if (cycle->journal == NULL)
        text_add_format(errors, "%s\n", error.text);
    return cycle->journal != NULL;
}

struct cycle *cycle_new(struct settings *settings, struct cycle_options options,
                        struct text *errors)
{
    struct cycle *cycle = memory_new(1, sizeof *cycle);
    cycle->settings = settings;
    cycle->options = options;
    cycle->pools = memory_new(settings->n_pools, sizeof *cycle->pools);
    cycle->lines = memory_new(settings->n_instances, sizeof *cycle->lines);
    cycle->dice = 2463534242u;
    override_watch_init(&cycle->overrides, settings->state);
    bool are_open = open_instances(cycle, errors);
    if (!open_journal(cycle, errors) || !are_open) {
        cycle_free(cycle);
        return NULL;
    }
    for (size_t i = 0; i < settings->n_pools; i++)
        start_pool(cycle, i);
    return cycle;
}

void cycle_free(struct cycle *cycle)
{
    if (cycle == NULL || cycle_running(cycle) > 0)
        return;
    for (size_t i = 0; i < cycle->settings->n_instances; i++) {
        instance_close(cycle->lines[i].instance);
        free(cycle->lines[i].seats);
        free(cycle->lines[i].asked);
    }
    for (size_t i = 0; i < cycle->settings->n_pools; i++)
        if (cycle->pools[i].spec != NULL) /* else it was not started */
            pool_fini(&cycle->pools[i]);
    if (cycle->is_started && !cycle->options.dry_run)
        spending_write(&cycle->spending, cycle->spending.noted_ms);
    journal_close(cycle->journal);
    override_watch_fini(&cycle->overrides);
    settings_free(cycle->settings);
    free(cycle->lines);
    free(cycle->pools);
    free(cycle);
}

void cycle_inherit(struct cycle *cycle, const struct cycle *old, int64_t now_ms)
{
    int64_t utc_ms = now_ms + old->utc_ahead_ms;
    for (size_t i = 0; i < cycle->settings->n_pools; i++)
        for (size_t j = 0; j < old->settings->n_pools; j++)
            if (strcmp(cycle->settings->pools[i].name, old->settings->pools[j].name) == 0)
                pool_inherit(&cycle->pools[i], &old->pools[j], utc_ms);
    spending_inherit(&cycle->spending, &old->spending);
}

/* NULL for an instance of a configuration that was replaced while its call hung. */
static struct line *line_of(struct cycle *cycle, const struct instance *instance)
{
    for (size_t i = 0; i < cycle->settings->n_instances; i++)
        if (cycle->lines[i].instance == instance)
            return &cycle->lines[i];
    return NULL;
}

static struct line *scaler_of(struct cycle *cycle, const struct pool *pool)
{
    return &cycle->lines[pool->spec->scaler];
}

/* ---- Decide ---- */

void cycle_decide(struct cycle *cycle, struct pool *pool, int64_t now_ms)
{
    struct line *scaler = scaler_of(cycle, pool);
    pool->room =
        room_of(cycle->settings, cycle->pools, (size_t)(pool - cycle->pools), &pool->room_of);
    if (spending_is_over(&cycle->spending)) {
        pool->room = 0;
        pool->room_of = "budget";
    }
    pool_decide(pool, now_ms);
    journal_decided(cycle->journal, pool, now_ms + cycle->utc_ahead_ms);
    if (pool->wanted >= 0 && scaler->wanted_since_ms == 0)
        scaler->wanted_since_ms = now_ms;
}

/* ---- By hand ---- */

/* Looks for what people have said. Returns when to come back because of it. */
static int64_t obey(struct cycle *cycle, int64_t now_ms)
{
    int64_t utc_ms = now_ms + cycle->utc_ahead_ms;
    struct override_list list;
    bool is_news = override_watch_look(&cycle->overrides, &list, now_ms);
    int64_t left_ms = INT64_MAX;
    for (size_t i = 0; i < cycle->settings->n_pools; i++) {
        struct pool *pool = &cycle->pools[i];
        bool has_changed = is_news && hand_take(&pool->hand, &list, utc_ms);
        has_changed |= hand_tick(&pool->hand, utc_ms, now_ms);
        pool->hand.is_in_doubt = cycle->overrides.trouble != NULL;
        if (has_changed && pool_is_measured(pool))
            cycle_decide(cycle, pool, now_ms);
        left_ms = earlier(left_ms, hand_left_ms(&pool->hand, utc_ms));
    }
    override_list_fini(&list);
    return cycle->options.once || left_ms == INT64_MAX ? INT64_MAX : now_ms + left_ms;
}

/* ---- From outside ---- */

void cycle_set_clock(struct cycle *cycle, int64_t utc_ahead_ms)
{
    cycle->utc_ahead_ms = utc_ahead_ms;
}

void cycle_restore(struct cycle *cycle, int64_t now_ms)
{
    journal_restore(cycle->journal, cycle->pools, cycle->settings->n_pools, now_ms,
                    cycle->utc_ahead_ms);
}

static void start(struct cycle *cycle, int64_t utc_ms)
{
    journal_started(cycle->journal, cycle->settings->path, utc_ms);
    if (!cycle->options.dry_run)
        spending_init(&cycle->spending, cycle->settings, utc_ms);
    cycle->is_started = true;
}

int64_t cycle_step(struct cycle *cycle, struct crew *crew, int64_t now_ms)
{
    if (!cycle->is_started)
        start(cycle, now_ms + cycle->utc_ahead_ms);
    spending_note(&cycle->spending, cycle->pools, cycle->settings->n_pools,
                  now_ms + cycle->utc_ahead_ms);
    int64_t next_ms = obey(cycle, now_ms);
    for (size_t i = 0; i < cycle->settings->n_instances; i++) {
        struct line *line = &cycle->lines[i];
        bool is_queue = instance_spec(line->instance)->kind == INSTANCE_QUEUE;
        next_ms = earlier(next_ms, is_queue ? queue_step(cycle, line, crew, now_ms)
                                            : scaler_step(cycle, line, crew, now_ms));
    }
    return next_ms;
}

void cycle_finish(struct cycle *cycle, struct instance *instance, int64_t now_ms)
{
    struct line *line = line_of(cycle, instance);
    if (line == NULL)
        return;
    line_note_outcome(cycle, line, now_ms);
    switch (instance_call(instance)) {
    case CALL_MEASURE:
        queue_finish_measure(cycle, line, now_ms);
        break;
    case CALL_WORKERS:
        queue_finish_workers(line, now_ms);
        break;
    case CALL_READ:
        scaler_finish_read(cycle, line, now_ms);
        break;
    case CALL_APPLY:
        scaler_finish_apply(cycle, line, now_ms);
        break;
    case CALL_NAMES: /* of commands alone */
    case CALL_WATCH:
    case CALL_ADVISE:
    case CALL_NONE:
        break;
    }
}

void cycle_cancel(struct cycle *cycle)
{
    for (size_t i = 0; i < cycle->settings->n_instances; i++)
        if (cycle->lines[i].is_running)
            instance_cancel(cycle->lines[i].instance);
}

size_t cycle_running(const struct cycle *cycle)
{
    size_t running = 0;
    for (size_t i = 0; i < cycle->settings->n_instances; i++)
        running += cycle->lines[i].is_running;
    return running;
}

char *cycle_running_names(const struct cycle *cycle)
{
    struct text names = {0};
    for (size_t i = 0; i < cycle->settings->n_instances; i++)
        if (cycle->lines[i].is_running)
            text_add_format(&names, "%s%s (%s)", names.length > 0 ? ", " : "",
                            instance_name(cycle->lines[i].instance),
                            call_name(instance_call(cycle->lines[i].instance)));
    return text_take(&names);
}

bool cycle_is_settled(const struct cycle *cycle)
{
    for (size_t i = 0; i < cycle->settings->n_instances; i++)
        if (cycle->lines[i].has_failed)
            return false;
    for (size_t i = 0; i < cycle->settings->n_pools; i++)
        if (!pool_is_settled(&cycle->pools[i], cycle->options.dry_run))
            return false;
    return true;
}
