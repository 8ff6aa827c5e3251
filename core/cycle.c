/* SPDX-License-Identifier: MIT */
#include "core/cycle.h"

#include "core/journal.h"
#include "core/log.h"
#include "core/memory.h"
#include "core/override_watch.h"
#include "core/pace.h"
#include "core/pool.h"
#include "core/room.h"
#include "core/spending.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

enum {
    GATHER_MS =
        100, /* a change waits so long for the other pools of its app, to go in one request */
    HANGS_MS = 1000 /* a call that is so much past its deadline does not keep the contract */
};

/* A pool at an instance. */
struct seat {
    struct pool *pool;
    size_t source; /* at a queue instance: which of the pool's sources that is */
};

/* An instance, the pools it serves, and when it is called. */
struct line {
    struct instance *instance;
    struct seat *seats;
    size_t n_seats;
    struct seat *asked; /* those that the call is about, in its order */
    size_t n_asked;
    bool is_running;
    bool hangs;
    bool has_failed; /* in this life; with `once` it is not called again */
    int64_t started_ms;
    int64_t deadline_ms;
    struct pace paces[CALL_APPLY + 1]; /* by kind: a token may read what it may not change */
    int64_t read_due_ms;               /* scalers */
    int64_t wanted_since_ms;           /* scalers: since when a change waits; 0: none does */
};

struct cycle {
    struct settings *settings;
    struct cycle_options options;
    struct pool *pools;      /* n_pools of the settings */
    struct line *lines;      /* n_instances of the settings, in their order */
    int64_t utc_ahead_ms;    /* of the clock that now_ms is of */
    struct journal *journal; /* NULL: none is kept */
    struct spending spending;
    bool is_started;
    struct override_watch overrides;
    uint32_t dice;
};

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
    if (cycle->options.once)
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
    cycle->journal = journal_open(&cycle->settings->journal, &error);
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
        pool_fini(&cycle->pools[i]);
    if (cycle->is_started)
        spending_write(&cycle->spending, cycle->spending.noted_ms);
    journal_close(cycle->journal);
    override_watch_fini(&cycle->overrides);
    settings_free(cycle->settings);
    free(cycle->lines);
    free(cycle->pools);
    free(cycle);
}

void cycle_inherit(struct cycle *cycle, const struct cycle *old)
{
    for (size_t i = 0; i < cycle->settings->n_pools; i++)
        for (size_t j = 0; j < old->settings->n_pools; j++)
            if (strcmp(cycle->settings->pools[i].name, old->settings->pools[j].name) == 0)
                pool_inherit(&cycle->pools[i], &old->pools[j]);
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

static int64_t earlier(int64_t a, int64_t b)
{
    return a < b ? a : b;
}

static int64_t later(int64_t a, int64_t b)
{
    return a > b ? a : b;
}

/* ---- What every call has in common ---- */

static void start_call(struct line *line, struct crew *crew, int64_t now_ms)
{
    line->is_running = true;
    line->hangs = false;
    line->started_ms = now_ms;
    line->deadline_ms = now_ms + instance_spec(line->instance)->timeout_ms;
    crew_submit(crew, line->instance, line->deadline_ms);
}

/* While a call runs. Returns when to look again. */
static int64_t watch_call(struct line *line, int64_t now_ms)
{
    int64_t hangs_ms = line->deadline_ms + HANGS_MS;
    if (line->hangs)
        return INT64_MAX;
    if (now_ms < hangs_ms)
        return hangs_ms;
    line->hangs = true;
    log_write(LOG_ERROR, instance_name(line->instance),
              "%s hangs: not back %" PRId64 " s after its deadline; its pools stay as they are",
              call_name(instance_call(line->instance)), (int64_t)HANGS_MS / 1000);
    return INT64_MAX;
}

/* From when on this call may be made. */
static int64_t next_call(const struct cycle *cycle, const struct line *line, enum call_kind call)
{
    return cycle->options.once && line->has_failed ? INT64_MAX : line->paces[call].next_ms;
}

/* How the call went, for the pace and the log. */
static void note_outcome(struct cycle *cycle, struct line *line, int64_t now_ms)
{
    int32_t code = instance_code(line->instance);
    struct pace *pace = &line->paces[instance_call(line->instance)];
    int64_t was_failing_since_ms = pace->failing_since_ms;
    const char *name = instance_name(line->instance);
    cycle->dice = cycle->dice * 1664525u + 1013904223u;
    if (line->hangs)
        log_write(LOG_WARN, name, "%s is back", call_name(instance_call(line->instance)));
    line->is_running = false;
    line->hangs = false;
    line->has_failed = line->has_failed || code != DYN_OK;
    switch (pace_note(pace, code, now_ms - line->started_ms, now_ms, cycle->dice >> 8)) {
    case PACE_FAILS:
        log_write(code == DYN_BROKEN ? LOG_ERROR : LOG_WARN, name, "%s",
                  instance_failure(line->instance));
        break;
    case PACE_WELL_AGAIN:
        log_write(LOG_INFO, name, "well again after %" PRId64 " s",
                  (now_ms - was_failing_since_ms) / 1000);
        break;
    case PACE_QUIET:
        if (code != DYN_OK)
            log_write(LOG_DEBUG, name, "%s", instance_failure(line->instance));
        break;
    }
}

/* ---- Measure ---- */

static void decide(struct cycle *cycle, struct pool *pool, int64_t now_ms)
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

static struct source *source_of(const struct seat *seat)
{
    return &seat->pool->sources[seat->source];
}

/* Pools of one interval are due at the same instants, so that they are measured together. */
static void plan_next(const struct cycle *cycle, const struct seat *seat, int64_t now_ms)
{
    int64_t interval_ms = seat->pool->spec->interval_ms;
    source_of(seat)->due_ms =
        cycle->options.once ? INT64_MAX : (now_ms / interval_ms + 1) * interval_ms;
}

/* A pool is due: what its schedule says now holds until it is due again, so that what is measured
 * is what the decision goes by. It is due also when the schedule says something else. */
static void take_turn(const struct cycle *cycle, const struct seat *seat, int64_t now_ms)
{
    int64_t left_ms = pool_follow_schedule(seat->pool, now_ms + cycle->utc_ahead_ms);
    plan_next(cycle, seat, now_ms);
    struct source *source = source_of(seat);
    if (left_ms < source->due_ms - now_ms && !cycle->options.once)
        source->due_ms = now_ms + left_ms;
}

static void start_measure(struct cycle *cycle, struct line *line, struct crew *crew, int64_t now_ms)
{
    struct dyn_group *groups = memory_new(line->n_seats, sizeof *groups);
    line->n_asked = 0;
    for (size_t i = 0; i < line->n_seats; i++) {
        const struct seat *seat = &line->seats[i];
        if (source_of(seat)->due_ms > now_ms)
            continue;
        take_turn(cycle, seat, now_ms);
        groups[line->n_asked] = pool_group(seat->pool, seat->source, now_ms);
        line->asked[line->n_asked++] = *seat;
    }
    instance_prepare_measure(line->instance, groups, line->n_asked);
    free(groups);
    start_call(line, crew, now_ms);
}

static bool asks_busy(const struct line *line, int64_t now_ms)
{
    for (size_t i = 0; i < line->n_seats; i++)
        if (pool_asks_busy(line->seats[i].pool, line->seats[i].source, now_ms))
            return true;
    return false;
}

/* Who is busy, before a pool shrinks. */
static void start_workers(struct line *line, struct crew *crew, int64_t now_ms)
{
    struct dyn_group *groups = memory_new(line->n_seats, sizeof *groups);
    line->n_asked = 0;
    for (size_t i = 0; i < line->n_seats; i++) {
        const struct seat *seat = &line->seats[i];
        if (!pool_asks_busy(seat->pool, seat->source, now_ms))
            continue;
        groups[line->n_asked] = pool_group(seat->pool, seat->source, now_ms);
        line->asked[line->n_asked++] = *seat;
    }
    instance_prepare_workers(line->instance, groups, line->n_asked);
    free(groups);
    start_call(line, crew, now_ms);
}

static void finish_workers(struct line *line, int64_t now_ms)
{
    if (instance_code(line->instance) != DYN_OK)
        return; /* nobody is stopped */
    for (size_t i = 0; i < line->n_asked; i++) {
        size_t n;
        char **hosts = instance_take_busy(line->instance, i, &n);
        pool_take_busy(line->asked[i].pool, line->asked[i].source, hosts, n, now_ms);
    }
}

/* Nobody can be asked: what is known grows old, and the policy says what follows from that. */
static void decide_unmeasured(struct cycle *cycle, struct line *line, int64_t now_ms)
{
    for (size_t i = 0; i < line->n_seats; i++) {
        const struct seat *seat = &line->seats[i];
        if (source_of(seat)->due_ms > now_ms)
            continue;
        take_turn(cycle, seat, now_ms);
        decide(cycle, seat->pool, now_ms);
    }
}

static int64_t next_due(const struct line *line)
{
    int64_t due_ms = INT64_MAX;
    for (size_t i = 0; i < line->n_seats; i++)
        due_ms = earlier(due_ms, source_of(&line->seats[i])->due_ms);
    return due_ms;
}

static int64_t step_queue(struct cycle *cycle, struct line *line, struct crew *crew, int64_t now_ms)
{
    int64_t due_ms = next_due(line);
    if (line->is_running && now_ms < line->deadline_ms)
        return line->deadline_ms; /* pools that are due meanwhile wait for it */
    if (due_ms <= now_ms && !line->is_running && next_call(cycle, line, CALL_MEASURE) <= now_ms) {
        start_measure(cycle, line, crew, now_ms);
        return line->deadline_ms;
    }
    if (due_ms <= now_ms)
        decide_unmeasured(cycle, line, now_ms);
    int64_t next_ms = next_due(line);
    if (line->is_running)
        return earlier(next_ms, watch_call(line, now_ms));
    bool is_failing = line->paces[CALL_MEASURE].failing_since_ms != 0; /* it would fail, too */
    if (is_failing || cycle->options.dry_run || !asks_busy(line, now_ms))
        return next_ms;
    int64_t workers_ms = next_call(cycle, line, CALL_WORKERS);
    if (workers_ms > now_ms)
        return earlier(next_ms, workers_ms);
    start_workers(line, crew, now_ms);
    return line->deadline_ms;
}

static void finish_measure(struct cycle *cycle, struct line *line, int64_t now_ms)
{
    bool is_ok = instance_code(line->instance) == DYN_OK;
    for (size_t i = 0; i < line->n_asked; i++) {
        const struct seat *seat = &line->asked[i];
        pool_take_reading(seat->pool, seat->source,
                          is_ok ? instance_answer(line->instance, i) : NULL, now_ms);
        decide(cycle, seat->pool, now_ms);
    }
}

/* ---- Read ---- */

static void start_read(struct line *line, struct crew *crew, int64_t now_ms)
{
    const char **names = memory_new(line->n_seats, sizeof *names);
    for (size_t i = 0; i < line->n_seats; i++) {
        line->asked[i] = line->seats[i];
        names[i] = line->seats[i].pool->spec->process;
    }
    line->n_asked = line->n_seats;
    instance_prepare_read(line->instance, names, line->n_asked);
    free(names);
    start_call(line, crew, now_ms);
}

static void finish_read(struct cycle *cycle, struct line *line, int64_t now_ms)
{
    if (instance_code(line->instance) != DYN_OK)
        return; /* what was known stays; asked again when the pace allows */
    line->read_due_ms =
        cycle->options.once ? INT64_MAX : now_ms + instance_spec(line->instance)->read_every_ms;
    for (size_t i = 0; i < line->n_asked; i++) {
        struct pool *pool = line->asked[i].pool;
        pool_take_size(pool, instance_answer(line->instance, i), now_ms);
        if (pool_is_measured(pool))
            decide(cycle, pool, now_ms);
    }
}

/* ---- Apply ---- */

static void start_apply(struct line *line, struct crew *crew, int64_t now_ms)
{
    struct dyn_change *changes = memory_new(line->n_seats, sizeof *changes);
    line->n_asked = 0;
    for (size_t i = 0; i < line->n_seats; i++) {
        struct pool *pool = line->seats[i].pool;
        if (!pool_is_ready(pool, now_ms))
            continue;
        changes[line->n_asked] = pool_start_apply(pool);
        line->asked[line->n_asked++] = line->seats[i];
    }
    line->wanted_since_ms = 0;
    instance_prepare_apply(line->instance, changes, line->n_asked);
    free(changes);
    start_call(line, crew, now_ms);
}

static void finish_apply(struct cycle *cycle, struct line *line, int64_t now_ms)
{
    int32_t code = instance_code(line->instance);
    bool is_ok = code == DYN_OK;
    bool is_lost = code == DYN_RETRY || code == DYN_LATE; /* a read would be, too */
    int64_t gap_ms = instance_spec(line->instance)->read_every_ms;
    for (size_t i = 0; i < line->n_asked; i++) {
        struct pool *pool = line->asked[i].pool;
        const struct answer *answer = is_ok ? instance_answer(line->instance, i) : NULL;
        int32_t asked = pool->applying;
        pool_take_applied(pool, answer, now_ms, gap_ms);
        journal_applied(cycle->journal, pool, asked, pool->size,
                        is_ok ? answer->unknown : instance_failure(line->instance),
                        now_ms + cycle->utc_ahead_ms);
        if (pool->size < 0) /* any part may have been applied */
            line->read_due_ms = is_lost ? line->paces[CALL_APPLY].next_ms : now_ms;
        decide(cycle, pool, now_ms); /* what is known may have changed meanwhile */
    }
}

static bool is_change_wanted(const struct line *line, int64_t now_ms)
{
    for (size_t i = 0; i < line->n_seats; i++)
        if (pool_is_ready(line->seats[i].pool, now_ms))
            return true;
    return false;
}

/* Whether a measure runs that may add to the change. */
static bool is_more_coming(const struct cycle *cycle, const struct line *line)
{
    for (size_t i = 0; i < line->n_seats; i++) {
        const struct pool_spec *spec = line->seats[i].pool->spec;
        for (size_t k = 0; k < spec->n_sources; k++)
            if (cycle->lines[spec->sources[k]].is_running)
                return true;
    }
    return false;
}

static void tell_dry_run(const struct line *line)
{
    for (size_t i = 0; i < line->n_seats; i++)
        pool_tell_dry_run(line->seats[i].pool);
}

/* When what is wanted goes to the platform: not while its sizes cannot be read. */
static int64_t apply_due(struct cycle *cycle, struct line *line, int64_t now_ms)
{
    if (!is_change_wanted(line, now_ms)) {
        line->wanted_since_ms = 0;
        return INT64_MAX;
    }
    if (line->paces[CALL_READ].failing_since_ms != 0)
        return INT64_MAX;
    int64_t gathered_ms =
        is_more_coming(cycle, line) ? line->wanted_since_ms + GATHER_MS : line->wanted_since_ms;
    return later(gathered_ms, next_call(cycle, line, CALL_APPLY));
}

static int64_t step_scaler(struct cycle *cycle, struct line *line, struct crew *crew,
                           int64_t now_ms)
{
    if (line->is_running)
        return now_ms < line->deadline_ms ? line->deadline_ms : watch_call(line, now_ms);
    int64_t read_ms = later(line->read_due_ms, next_call(cycle, line, CALL_READ));
    if (read_ms <= now_ms) {
        start_read(line, crew, now_ms);
        return line->deadline_ms;
    }
    if (cycle->options.dry_run) {
        tell_dry_run(line);
        return read_ms;
    }
    int64_t apply_ms = apply_due(cycle, line, now_ms);
    if (apply_ms <= now_ms) {
        start_apply(line, crew, now_ms);
        return line->deadline_ms;
    }
    return earlier(read_ms, apply_ms);
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
            decide(cycle, pool, now_ms);
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

void cycle_restore(struct cycle *cycle)
{
    journal_restore(cycle->journal, cycle->pools, cycle->settings->n_pools, cycle->utc_ahead_ms);
}

static void start(struct cycle *cycle, int64_t utc_ms)
{
    journal_started(cycle->journal, cycle->settings->path, utc_ms);
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
        next_ms = earlier(next_ms, is_queue ? step_queue(cycle, line, crew, now_ms)
                                            : step_scaler(cycle, line, crew, now_ms));
    }
    return next_ms;
}

void cycle_finish(struct cycle *cycle, struct instance *instance, int64_t now_ms)
{
    struct line *line = line_of(cycle, instance);
    if (line == NULL)
        return;
    note_outcome(cycle, line, now_ms);
    switch (instance_call(instance)) {
    case CALL_MEASURE:
        finish_measure(cycle, line, now_ms);
        break;
    case CALL_WORKERS:
        finish_workers(line, now_ms);
        break;
    case CALL_READ:
        finish_read(cycle, line, now_ms);
        break;
    case CALL_APPLY:
        finish_apply(cycle, line, now_ms);
        break;
    case CALL_NAMES: /* of dynomatic init alone */
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
