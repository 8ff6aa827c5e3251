/* SPDX-License-Identifier: MIT
 * A pool on a false clock: what the policy decides is there at once, and nothing fails but what is
 * asked to. */
#include "core/explain.h"

#include "core/memory.h"
#include "core/number.h"

#include <stdlib.h>

enum { HOUR_MS = 3600000, MOST_CHANGES = 100000 };
static const int64_t horizon_ms = INT64_C(400) * 86400000; /* past every duration of a file */

static const struct load no_load = {0, 0};

struct run {
    struct clockwork clockwork;
    struct history history;
    struct decision decision; /* the last one */
    int64_t now_ms;
    int32_t size;
};

/* What is measured from now on. */
struct scene {
    struct value waiting;
    int64_t written_ms; /* these jobs were, and none of them is taken; 0: their age is latency_ms */
    int64_t latency_ms;
};

static struct value latency_in(const struct scene *scene, int64_t now_ms)
{
    if (scene->waiting.doubt == KNOWN_NOT)
        return VALUE_UNKNOWN;
    int64_t age_ms = scene->written_ms > 0 ? now_ms - scene->written_ms : scene->latency_ms;
    return (struct value){scene->waiting.number > 0 ? age_ms : 0, KNOWN_EXACT};
}

/* Decides after so many intervals in which nothing else is measured. */
static void decide_after(struct run *run, const struct scene *scene, int64_t intervals)
{
    run->now_ms += intervals * run->clockwork.interval_ms;
    bool is_known = scene->waiting.doubt != KNOWN_NOT;
    struct inputs inputs = {
        .reading = {run->now_ms, scene->waiting, latency_in(scene, run->now_ms),
                    is_known ? (struct value){0, KNOWN_EXACT} : VALUE_UNKNOWN, VALUE_UNKNOWN},
        .now_ms = run->now_ms,
        .present = run->size,
        .names_busy = run->clockwork.names_busy,
    };
    run->decision = policy_decide(run->clockwork.policy, &run->history, &inputs);
    run->size = run->decision.size;
}

/* A pool that has this size, which it wants, under the load that was until now. */
static struct run run_of(const struct clockwork *clockwork, int32_t size, struct load load)
{
    struct run run = {.clockwork = *clockwork, .history = HISTORY_NONE, .size = size};
    struct scene calm = {{load.waiting, KNOWN_EXACT}, 0, load.latency_ms};
    decide_after(&run, &calm, 1);
    return run;
}

/* ---- To the next change ---- */

static bool is_same(const struct decision *a, const struct decision *b)
{
    if (a->size != b->size || a->n_steps != b->n_steps)
        return false;
    for (size_t i = 0; i < a->n_steps; i++)
        if (a->steps[i].kind != b->steps[i].kind || a->steps[i].rule != b->steps[i].rule ||
            a->steps[i].after != b->steps[i].after)
            return false;
    return true;
}

/* Goes on by so many intervals if what is decided then is the same for the same reasons. */
static bool skips(struct run *run, const struct scene *scene, int64_t intervals)
{
    struct run later = *run;
    decide_after(&later, scene, intervals);
    if (!is_same(&later.decision, &run->decision))
        return false;
    *run = later;
    return true;
}

/* Goes on to the next decision that is another one, or to the horizon: false. Where one load lasts,
 * decisions that are the same have none between them that differs, so that most need not be made.
 */
static bool go_to_next(struct run *run, const struct scene *scene)
{
    int64_t intervals = 1;
    while (skips(run, scene, intervals)) {
        intervals *= 2;
        if (intervals > horizon_ms / run->clockwork.interval_ms)
            return false;
    }
    for (; intervals > 1; intervals /= 2)
        skips(run, scene, intervals / 2);
    decide_after(run, scene, 1);
    return true;
}

static void note_change(struct course *course, int64_t at_ms, int32_t size)
{
    course->all = memory_resize(course->all, course->n + 1, sizeof *course->all);
    course->all[course->n++] = (struct change){at_ms, size};
}

/* All changes under one load, from now on. */
static struct course follow(struct run *run, const struct scene *scene)
{
    struct course course = {0};
    int64_t begun_ms = run->now_ms;
    int32_t before = run->size;
    decide_after(run, scene, 1);
    do {
        if (run->size != before)
            note_change(&course, run->now_ms - begun_ms, run->size);
        before = run->size;
    } while (course.n < MOST_CHANGES && go_to_next(run, scene));
    return course;
}

struct course course_up(const struct clockwork *clockwork, int32_t size, int64_t waiting)
{
    struct run run = run_of(clockwork, size, no_load);
    return follow(&run, &(struct scene){{waiting, KNOWN_EXACT}, run.now_ms, 0});
}

struct course course_down(const struct clockwork *clockwork, int32_t size, int64_t waiting)
{
    struct run run = run_of(clockwork, size, no_load);
    struct course up = follow(&run, &(struct scene){{waiting, KNOWN_EXACT}, run.now_ms, 0});
    free(up.all);
    return follow(&run, &(struct scene){{0, KNOWN_EXACT}, 0, 0});
}

struct course course_blind(const struct clockwork *clockwork, int32_t size)
{
    struct run run = run_of(clockwork, size, no_load);
    return follow(&run, &(struct scene){VALUE_UNKNOWN, 0, 0});
}

/* ---- To and fro ---- */

/* A load that goes to and fro through a list of loads, to the next one each time it is measured. */
struct swing {
    const struct load *loads;
    size_t n;
    size_t at;
    bool is_rising;
    int32_t turns[2]; /* after so many changes down (up) it turns, if not before; 0: only then */
    int32_t changes;  /* since it turned */
    int32_t bottom;   /* the sizes at its ends, at which it turns */
    int32_t top;
};

static struct swing swing_of(const struct policy *policy, const struct load *loads, size_t n)
{
    return (struct swing){.loads = loads,
                          .n = n,
                          .is_rising = true,
                          .bottom = settled_size(policy, loads[0], NULL),
                          .top = settled_size(policy, loads[n - 1], NULL)};
}

static const struct load *next_load(struct swing *swing)
{
    if (swing->is_rising && swing->at + 1 < swing->n)
        swing->at++;
    else if (!swing->is_rising && swing->at > 0)
        swing->at--;
    return &swing->loads[swing->at];
}

static void note_size(struct swing *swing, int32_t size, bool is_change)
{
    int32_t turns = swing->turns[swing->is_rising];
    swing->changes += is_change;
    bool is_end = swing->is_rising ? size >= swing->top : size <= swing->bottom;
    if (!is_end && (turns == 0 || swing->changes < turns))
        return;
    swing->is_rising = !swing->is_rising;
    swing->changes = 0;
}

static int32_t swing_an_hour(const struct clockwork *clockwork, struct swing *swing)
{
    struct run run = run_of(clockwork, swing->bottom, swing->loads[0]);
    int64_t end_ms = run.now_ms + HOUR_MS;
    int32_t changes = 0;
    while (run.now_ms < end_ms) {
        int32_t before = run.size;
        const struct load *load = next_load(swing);
        struct scene scene = {{load->waiting, KNOWN_EXACT}, 0, load->latency_ms};
        decide_after(&run, &scene, 1);
        changes += run.size != before;
        note_size(swing, run.size, run.size != before);
    }
    return changes;
}

int32_t changes_an_hour(const struct clockwork *clockwork, const struct load *loads, size_t n)
{
    struct swing swing = swing_of(clockwork->policy, loads, n);
    return swing_an_hour(clockwork, &swing);
}

/* ---- The worst of them ---- */

enum { MOST_LOADS = 1000 };

struct climb {
    struct load loads[MOST_LOADS];
    int32_t size; /* under the last of them */
    size_t n;
};

static void add_load(struct climb *climb, const struct policy *policy, struct load load)
{
    int32_t size = settled_size(policy, load, NULL);
    if (climb->n == MOST_LOADS || (climb->n > 0 && size <= climb->size))
        return;
    climb->loads[climb->n++] = load;
    climb->size = size;
}

/* Each load that has a size of its own. Between the ends of a range each size is one dyno more. */
static void add_loads(struct climb *climb, const struct policy *policy, enum rule_kind kind,
                      const struct ranges *ranges)
{
    for (size_t i = 0; i < ranges->n; i++) {
        const struct range *range = &ranges->all[i];
        int64_t n = (int64_t)range->rising[1] - range->rising[0];
        for (int64_t k = 0; k <= n && k < MOST_LOADS; k++)
            add_load(climb, policy, load_of(kind, range->from + k * policy->per_dyno));
    }
}

/* Through these loads: from end to end, and no further down (up) than one change, two, four ... */
static int32_t most_of_swings(const struct clockwork *clockwork, const struct load *loads, size_t n)
{
    int32_t most = changes_an_hour(clockwork, loads, n);
    struct swing swing = swing_of(clockwork->policy, loads, n);
    for (int32_t turns = 1; turns < swing.top - swing.bottom; turns *= 2)
        for (int direction = 0; direction < 2; direction++) {
            struct swing shorter = swing;
            shorter.turns[direction] = turns;
            most = greater(most, swing_an_hour(clockwork, &shorter));
        }
    return most;
}

int32_t most_changes_an_hour(const struct clockwork *clockwork, const struct ranges *by_jobs,
                             const struct ranges *by_latency)
{
    struct climb *climb = memory_new(1, sizeof *climb);
    int32_t most = 0;
    add_loads(climb, clockwork->policy, RULE_JOBS, by_jobs);
    add_loads(climb, clockwork->policy, RULE_LATENCY, by_latency);
    for (size_t n = 2; n <= climb->n; n = 2 * n > climb->n && n < climb->n ? climb->n : 2 * n)
        most = greater(most, most_of_swings(clockwork, climb->loads, n));
    free(climb);
    return most;
}
