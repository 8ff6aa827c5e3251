/* SPDX-License-Identifier: MIT */
#include "core/explain.h"

#include "core/cycle.h"
#include "core/memory.h"
#include "core/number.h"
#include "core/pool.h"

#include <stdlib.h>

/* ---- Views ---- */

static struct view view_of(const struct pool_spec *spec, int32_t entry, int32_t limit)
{
    static const struct load none = {0, 0};
    static const struct load all = {INT64_MAX, INT64_MAX};
    struct view view = {.policy = entry < 0 ? spec->policy : spec->scheduled[entry]};
    struct policy *policy = &view.policy;
    policy->max = policy->max < limit ? policy->max : limit;
    policy->min = policy->min < limit ? policy->min : limit;
    view.words = entry < 0 ? NULL : spec->schedule.entries[entry].words;
    view.is_own = policy->rules != spec->policy.rules || policy->per_dyno != spec->policy.per_dyno;
    view.least = settled_size(policy, none, NULL);
    view.most = settled_size(policy, all, NULL);
    view.by_jobs = ranges_of(policy, RULE_JOBS);
    if (policy_wants_latency(policy))
        view.by_latency = ranges_of(policy, RULE_LATENCY);
    return view;
}

static void add_views(struct promise *promise, int32_t limit)
{
    const struct pool_spec *spec = promise->spec;
    promise->n_views = spec->schedule.n + 1;
    promise->views = memory_new(promise->n_views, sizeof *promise->views);
    for (size_t i = 0; i < promise->n_views; i++)
        promise->views[i] = view_of(spec, (int32_t)i - 1, limit);
}

/* ---- Times ---- */

static int64_t slowest_measure(const struct settings *settings, const struct pool_spec *spec)
{
    int64_t most_ms = 0;
    for (size_t i = 0; i < spec->n_sources; i++)
        most_ms = later(most_ms, settings->instances[spec->sources[i]].timeout_ms);
    return most_ms;
}

/* A change waits for other stores only where there are some. */
static int64_t gather_of(const struct settings *settings, const struct pool_spec *spec)
{
    for (size_t i = 0; i < settings->n_pools; i++) {
        const struct pool_spec *other = &settings->pools[i];
        for (size_t k = 0; k < other->n_sources && other->scaler == spec->scaler; k++)
            if (other->sources[k] != spec->sources[0])
                return CYCLE_GATHER_MS;
    }
    return 0;
}

/* The fewest jobs that ask for another size, at once or once they are old. */
static int64_t first_waiting(const struct view *view)
{
    static const struct load old = {1, INT64_MAX};
    for (size_t i = 0; i < view->by_jobs.n; i++)
        if (view->by_jobs.all[i].rising[0] > view->least)
            return view->by_jobs.all[i].from;
    return settled_size(&view->policy, old, NULL) > view->least ? 1 : 0;
}

/* When the first change is decided; -1: never. */
static int64_t first_change(const struct promise *promise, const struct clockwork *clockwork)
{
    struct course course = course_up(clockwork, promise->views[0].least, promise->first_waiting);
    int64_t at_ms = course.n > 0 ? course.all[0].at_ms : -1;
    free(course.all);
    return at_ms;
}

/* Where every call takes its timeout, a store is looked at only so often; and each call waits for
 * the one that runs. */
static void add_reaction(struct promise *promise, const struct clockwork *clockwork)
{
    struct clockwork slow = *clockwork;
    slow.interval_ms = later(clockwork->interval_ms, promise->measure_ms);
    promise->decided_ms = -1;
    promise->first_waiting = first_waiting(&promise->views[0]);
    if (promise->first_waiting == 0)
        return;
    promise->decided_ms = first_change(promise, clockwork);
    promise->ordered_ms = first_change(promise, &slow) + promise->measure_ms + promise->gather_ms +
                          2 * promise->apply_ms;
}

static void add_courses(struct promise *promise, const struct clockwork *clockwork)
{
    const struct view *own = &promise->views[0];
    int64_t waiting = most_waiting(&own->policy);
    add_reaction(promise, clockwork);
    promise->up = course_up(clockwork, own->least, waiting);
    promise->down = course_down(clockwork, own->least, waiting);
    promise->blind = course_blind(clockwork, own->least);
    promise->changes_an_hour = most_changes_an_hour(clockwork, &own->by_jobs, &own->by_latency);
}

/* ---- Life ---- */

struct promise *promise_new(const struct settings *settings, const struct pool_spec *spec,
                            struct instance *scaler, bool names_busy, int64_t utc_ms)
{
    static const struct history no_history = HISTORY_NONE;
    struct promise *promise = memory_new(1, sizeof *promise);
    promise->settings = settings;
    promise->spec = spec;
    promise->scaler = instance_name(scaler);
    promise->names_busy = names_busy;
    int32_t limit = instance_limit(scaler, spec->process);
    add_views(promise, limit);
    promise->week = week_of(&spec->schedule, utc_ms);
    promise->measure_ms = slowest_measure(settings, spec);
    promise->gather_ms = gather_of(settings, spec);
    promise->apply_ms = settings->instances[spec->scaler].timeout_ms;
    promise->boot_ms = policy_boot_ms(&spec->policy, &no_history);
    struct clockwork clockwork = {&promise->views[0].policy, spec->interval_ms, names_busy};
    add_courses(promise, &clockwork);
    promise_find_risks(promise, &clockwork, limit);
    if (spec->shadow != NULL)
        promise->shadow = promise_new(settings, spec->shadow, scaler, names_busy, utc_ms);
    return promise;
}

void promise_free(struct promise *promise)
{
    if (promise == NULL)
        return;
    for (size_t i = 0; i < promise->n_views; i++) {
        free(promise->views[i].by_jobs.all);
        free(promise->views[i].by_latency.all);
    }
    for (size_t i = 0; i < promise->n_risks; i++)
        free(promise->risks[i]);
    free(promise->risks);
    free(promise->views);
    free(promise->week.all);
    free(promise->up.all);
    free(promise->down.all);
    free(promise->blind.all);
    promise_free(promise->shadow);
    free(promise);
}

/* ---- Sums ---- */

static int32_t size_at(const struct view *view, enum bound bound)
{
    return bound == AT_MOST ? view->most : view->least;
}

/* What one dyno costs for the part of the week in which the view is in force. */
double promise_cost(const struct promise *promise, enum bound bound, double of_one)
{
    double dyno_minutes = 0;
    double minutes = 0;
    const struct view *own = &promise->views[0];
    int32_t size = size_at(own, bound);
    if (promise->week.n == 0)
        return size == INT32_MAX ? -1 : size * of_one;
    for (size_t i = 0; i < promise->week.n; i++) {
        const struct week_window *window = &promise->week.all[i];
        const struct view *view = &promise->views[window->entry + 1];
        size = size_at(view, bound);
        if (size == INT32_MAX)
            return -1;
        dyno_minutes += (double)size * window->minutes;
        minutes += window->minutes;
    }
    return dyno_minutes / minutes * of_one;
}

double promises_cost(struct promise *const *promises, size_t n, enum bound bound, double of_one)
{
    double sum = 0;
    for (size_t i = 0; i < n; i++) {
        double cost = promise_cost(promises[i], bound, of_one);
        if (cost < 0)
            return -1;
        sum += cost;
    }
    return sum;
}

/* At any time of its schedule. */
static int32_t size_ever(const struct promise *promise, enum bound bound)
{
    int32_t size = size_at(&promise->views[0], bound);
    for (size_t i = 1; i < promise->n_views; i++) {
        int32_t other = size_at(&promise->views[i], bound);
        bool is_past = bound == AT_MOST ? other > size : other < size;
        size = is_past ? other : size;
    }
    return size;
}

static void add_use(struct shares *shares, const struct promise *promise, int64_t amount)
{
    int32_t most = size_ever(promise, AT_MOST);
    shares->least += amount * size_ever(promise, AT_LEAST);
    shares->most = most == INT32_MAX || shares->most < 0 ? -1 : shares->most + amount * most;
}

struct shares shares_of(struct promise *const *promises, size_t n, size_t limit)
{
    struct shares shares = {0, 0};
    for (size_t i = 0; i < n; i++)
        for (size_t k = 0; k < promises[i]->spec->n_uses; k++) {
            const struct use *use = &promises[i]->spec->uses[k];
            if (use->limit == limit)
                add_use(&shares, promises[i], use->amount);
        }
    return shares;
}
