/* SPDX-License-Identifier: MIT */
#include "core/cycle_inside.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/shadow.h"

#include <errno.h>
#include <glib.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <unistd.h>

/* ---- Life ---- */

static bool open_instances(struct cycle *cycle, struct text *errors)
{
    bool are_open = true;
    for (size_t i = 0; i < cycle->settings->n_instances; i++) {
        struct error error = {0};
        struct line *line = &cycle->lines[i];
        *line = (struct line){.cycle = cycle,
                              .instance = instance_open(&cycle->settings->instances[i], &error),
                              .interval_ms = INT64_MAX,
                              .stale_ms = INT64_MAX,
                              .watch = {.fd = -1},
                              .probe_ms = INT64_MAX};
        if (line->instance == NULL) {
            text_add_format(errors, "%s\n", error.text);
            are_open = false;
            continue;
        }
        instance_set_owner(line->instance, line);
        line_wake(line);
    }
    return are_open;
}

/* Seats must not move, since timers do not: so they are counted before they are taken. */
static void make_seats(struct cycle *cycle)
{
    const struct settings *settings = cycle->settings;
    size_t *n = memory_new(settings->n_instances, sizeof *n);
    for (size_t i = 0; i < settings->n_pools; i++) {
        for (size_t k = 0; k < settings->pools[i].n_sources; k++)
            n[settings->pools[i].sources[k]]++;
        n[settings->pools[i].scaler]++;
    }
    for (size_t i = 0; i < settings->n_instances; i++) {
        cycle->lines[i].seats = memory_new(n[i], sizeof(struct seat));
        cycle->lines[i].asked = memory_new(n[i], sizeof(struct seat *));
    }
    free(n);
}

static void take_seat(struct line *line, struct pool *pool, size_t source)
{
    struct seat *seat = &line->seats[line->n_seats++];
    *seat = (struct seat){.pool = pool, .source = source};
    if (instance_spec(line->instance)->kind == INSTANCE_SCALER)
        return;
    timers_set(&line->due, &seat->due, 0);
    line->interval_ms = earlier(line->interval_ms, pool->spec->interval_ms);
    line->stale_ms = earlier(line->stale_ms, pool->spec->policy.stale_ms);
}

/* Many stores are not asked all at once: some at a time, spread over the interval. */
static void spread(struct cycle *cycle)
{
    enum { AT_ONCE = 16 };
    size_t n = 0;
    for (size_t i = 0; i < cycle->settings->n_instances; i++)
        n += cycle->settings->instances[i].kind == INSTANCE_QUEUE;
    int64_t turns = (int64_t)(n + AT_ONCE - 1) / AT_ONCE;
    for (size_t i = 0, at = 0; i < cycle->settings->n_instances; i++)
        if (cycle->settings->instances[i].kind == INSTANCE_QUEUE)
            cycle->lines[i].phase_ms =
                (int64_t)(at++ / AT_ONCE) * cycle->lines[i].interval_ms / turns;
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
    if (spec->shadow != NULL && cycle->journal == NULL)
        log_write(LOG_WARN, spec->name, "nobody sees what its shadow decides without a journal");
    struct pool *pool = &cycle->pools[i];
    pool_init(pool, spec, limit, name_busy(cycle, spec));
    pool->shared = cycle->room;
    struct history none = HISTORY_NONE;
    if (cycle->options.once && cycle->journal == NULL) /* nothing will remember what it saw */
        past_keep(&pool->past, &none);
    for (size_t k = 0; k < spec->n_sources; k++)
        take_seat(&cycle->lines[spec->sources[k]], pool, k);
    take_seat(scaler, pool, 0);
}

static bool open_events(struct cycle *cycle, struct text *errors)
{
    cycle->events_fd = epoll_create1(EPOLL_CLOEXEC);
    if (cycle->events_fd < 0)
        text_add_format(errors, "cannot make a set of descriptors: %s\n", strerror(errno));
    return cycle->events_fd >= 0;
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
    cycle->room = room_new(settings);
    cycle->lines = memory_new(settings->n_instances, sizeof *cycle->lines);
    cycle->dice = 2463534242u;
    override_watch_init(&cycle->overrides, settings->state);
    bool are_open = open_instances(cycle, errors);
    if (!open_events(cycle, errors) || !open_journal(cycle, errors) || !are_open) {
        cycle_free(cycle);
        return NULL;
    }
    make_seats(cycle);
    for (size_t i = 0; i < settings->n_pools; i++)
        start_pool(cycle, i);
    spread(cycle);
    return cycle;
}

void cycle_free(struct cycle *cycle)
{
    if (cycle == NULL || cycle_running(cycle) > 0)
        return;
    for (size_t i = 0; i < cycle->settings->n_instances; i++) {
        watch_fini(&cycle->lines[i]);
        instance_close(cycle->lines[i].instance);
        timers_fini(&cycle->lines[i].due);
        free(cycle->lines[i].seats);
        free(cycle->lines[i].asked);
    }
    timers_fini(&cycle->steps);
    timers_fini(&cycle->blocked);
    if (cycle->events_fd >= 0)
        close(cycle->events_fd);
    for (size_t i = 0; i < cycle->settings->n_pools; i++)
        if (cycle->pools[i].spec != NULL) /* else it was not started */
            pool_fini(&cycle->pools[i]);
    if (cycle->is_started && !cycle->options.dry_run)
        spending_write(&cycle->spending, cycle->spending.noted_ms);
    journal_close(cycle->journal);
    override_watch_fini(&cycle->overrides);
    room_free(cycle->room);
    settings_free(cycle->settings);
    free(cycle->lines);
    free(cycle->pools);
    free(cycle);
}

void cycle_inherit(struct cycle *cycle, const struct cycle *old, int64_t now_ms)
{
    int64_t utc_ms = now_ms + old->utc_ahead_ms;
    GHashTable *by_name = g_hash_table_new(g_str_hash, g_str_equal);
    for (size_t i = 0; i < old->settings->n_pools; i++)
        g_hash_table_insert(by_name, old->settings->pools[i].name, &old->pools[i]);
    for (size_t i = 0; i < cycle->settings->n_pools; i++) {
        const struct pool *before = g_hash_table_lookup(by_name, cycle->settings->pools[i].name);
        if (before != NULL)
            pool_inherit(&cycle->pools[i], before, utc_ms);
    }
    g_hash_table_destroy(by_name);
    spending_inherit(&cycle->spending, &old->spending);
}

/* NULL for an instance of a configuration that was replaced while its call hung. */
static struct line *line_of(const struct cycle *cycle, const struct instance *instance)
{
    struct line *line = instance_owner(instance);
    return line->cycle == cycle ? line : NULL;
}

static struct line *scaler_of(struct cycle *cycle, const struct pool *pool)
{
    return &cycle->lines[pool->spec->scaler];
}

/* ---- Decide ---- */

static void decide_beside(struct cycle *cycle, const struct pool *pool, int64_t now_ms)
{
    struct decided decided;
    if (pool->shadow == NULL)
        return;
    shadow_decide(pool->shadow, pool, now_ms, &decided);
    journal_decided(cycle->journal, pool->shadow, &decided, now_ms + cycle->utc_ahead_ms);
}

void cycle_ask_names(struct cycle *cycle, const struct pool *pool, int64_t now_ms)
{
    for (size_t k = 0; k < pool->spec->n_sources; k++) {
        struct line *queue = &cycle->lines[pool->spec->sources[k]];
        if (!pool_asks_busy(pool, k, now_ms))
            continue;
        queue->wants_names = true;
        line_wake(queue);
    }
}

/* Lets those have their turn whom the decision concerns. */
static void wake_for(struct cycle *cycle, const struct pool *pool, int64_t now_ms)
{
    struct line *scaler = scaler_of(cycle, pool);
    bool is_wanted = pool->wanted >= 0;
    if (is_wanted && scaler->wanted_since_ms == 0)
        scaler->wanted_since_ms = now_ms;
    scaler->wants_change |= is_wanted;
    if (is_wanted)
        line_wake(scaler);
    for (size_t k = 0; k < pool->spec->n_sources; k++)
        probe_plan(&cycle->lines[pool->spec->sources[k]], pool, now_ms);
}

void cycle_decide(struct cycle *cycle, struct pool *pool, int64_t now_ms)
{
    pool->room = room_of(cycle->room, pool, &pool->room_of);
    if (spending_is_over(&cycle->spending)) {
        pool->room = 0;
        pool->room_of = "budget";
    }
    struct decided decided;
    pool_decide(pool, now_ms, &decided);
    journal_decided(cycle->journal, pool, &decided, now_ms + cycle->utc_ahead_ms);
    decide_beside(cycle, pool, now_ms);
    if (cycle->options.dry_run)
        pool_tell_dry_run(pool, &decided);
    wake_for(cycle, pool, now_ms);
}

/* ---- By hand ---- */

/* What was said is for each pool to take, and what it said before may end now. */
static void obey_each(struct cycle *cycle, const struct override_list *news, int64_t now_ms)
{
    enum { REMIND_MS = 60000 }; /* they also tell now and then that they are still in force */
    int64_t utc_ms = now_ms + cycle->utc_ahead_ms;
    int64_t left_ms = REMIND_MS;
    for (size_t i = 0; i < cycle->settings->n_pools; i++) {
        struct pool *pool = &cycle->pools[i];
        bool has_changed = news != NULL && hand_take(&pool->hand, news, utc_ms);
        has_changed |= hand_tick(&pool->hand, utc_ms, now_ms);
        pool->hand.is_in_doubt = cycle->overrides.trouble != NULL;
        if (has_changed && pool_is_measured(pool))
            cycle_decide(cycle, pool, now_ms);
        left_ms = earlier(left_ms, hand_left_ms(&pool->hand, utc_ms));
    }
    cycle->hands_ms = now_ms + left_ms;
}

/* Looks for what people have said. Returns when to come back because of it. */
static int64_t obey(struct cycle *cycle, int64_t now_ms)
{
    struct override_list list;
    bool was_in_doubt = cycle->overrides.trouble != NULL;
    bool is_news = override_watch_look(&cycle->overrides, &list, now_ms);
    bool is_in_doubt = cycle->overrides.trouble != NULL;
    if (is_news || is_in_doubt != was_in_doubt || now_ms >= cycle->hands_ms)
        obey_each(cycle, is_news ? &list : NULL, now_ms);
    override_list_fini(&list);
    return cycle->options.once ? INT64_MAX : cycle->hands_ms;
}

/* ---- From outside ---- */

void cycle_set_clock(struct cycle *cycle, int64_t utc_ahead_ms)
{
    enum { SET_MS = 1000 }; /* a clock that runs is not set */
    if (llabs(utc_ahead_ms - cycle->utc_ahead_ms) > SET_MS)
        cycle->hands_ms = 0;
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

static void step(struct line *line, struct crew *crew, int64_t now_ms)
{
    bool is_queue = instance_spec(line->instance)->kind == INSTANCE_QUEUE;
    int64_t next_ms =
        is_queue ? queue_step(line, crew, now_ms) : scaler_step(line->cycle, line, crew, now_ms);
    timers_set(&line->cycle->steps, &line->step, later(next_ms, now_ms + 1));
}

int64_t cycle_step(struct cycle *cycle, struct crew *crew, int64_t now_ms)
{
    struct timer *due;
    struct line *line;
    if (!cycle->is_started)
        start(cycle, now_ms + cycle->utc_ahead_ms);
    spending_note(&cycle->spending, cycle->pools, cycle->settings->n_pools,
                  now_ms + cycle->utc_ahead_ms);
    int64_t hands_ms = obey(cycle, now_ms);
    while ((due = timers_take(&cycle->steps, now_ms)) != NULL)
        step((struct line *)due, crew, now_ms);
    while (crew_has_room(crew) && (line = line_unblock(cycle)) != NULL)
        step(line, crew, now_ms);
    return earlier(hands_ms, timers_next(&cycle->steps));
}

/* A platform's call is over: stores that waited for that, for whichever pool, may ask who is busy.
 */
static void wake_stores(struct line *scaler)
{
    for (size_t i = 0; i < scaler->n_seats; i++) {
        const struct pool_spec *spec = scaler->seats[i].pool->spec;
        for (size_t k = 0; k < spec->n_sources; k++)
            if (scaler->cycle->lines[spec->sources[k]].wants_names)
                line_wake(&scaler->cycle->lines[spec->sources[k]]);
    }
}

/* A store's call is over: a change that waited for more may go. */
static void wake_scalers(struct line *queue)
{
    for (size_t i = 0; i < queue->n_asked; i++) {
        struct line *scaler = scaler_of(queue->cycle, queue->asked[i]->pool);
        if (scaler->wants_change)
            line_wake(scaler);
    }
}

void cycle_finish(struct cycle *cycle, struct instance *instance, int64_t now_ms)
{
    struct line *line = line_of(cycle, instance);
    if (line == NULL)
        return;
    line_note_outcome(cycle, line, now_ms);
    line_wake(line);
    if (instance_spec(instance)->kind == INSTANCE_QUEUE)
        wake_scalers(line);
    else
        wake_stores(line);
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
    instance_forget(instance);
}

void cycle_cancel(struct cycle *cycle)
{
    for (size_t i = 0; i < cycle->settings->n_instances; i++)
        if (cycle->lines[i].is_running)
            instance_cancel(cycle->lines[i].instance);
}

void cycle_abandon(struct cycle *cycle, struct crew *crew)
{
    for (size_t i = 0; i < cycle->settings->n_instances; i++)
        if (cycle->lines[i].is_running && !cycle->lines[i].hangs)
            crew_note_hang(crew);
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
