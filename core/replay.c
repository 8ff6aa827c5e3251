/* SPDX-License-Identifier: MIT */
#include "core/replay.h"

#include "core/memory.h"
#include "core/number.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* ---- Life ---- */

void replay_pool_init(struct replay_pool *pool, const struct pool_spec *spec, int32_t limit)
{
    size_t n = 1 + spec->schedule.n;
    *pool = (struct replay_pool){.spec = spec, .is_started = true};
    pool->policies = memory_new(n, sizeof *pool->policies);
    pool->hashes = memory_new(n, sizeof *pool->hashes);
    for (size_t i = 0; i < n; i++) {
        struct policy *policy = &pool->policies[i];
        *policy = i > 0 ? spec->scheduled[i - 1] : spec->policy;
        policy->max = smaller(policy->max, limit);
        policy->min = smaller(policy->min, limit);
        journal_hash(policy, pool->hashes[i]);
    }
}

void replay_pool_fini(struct replay_pool *pool)
{
    free(pool->policies);
    free(pool->hashes);
    free(pool->samples);
    text_fini(&pool->first);
}

/* ---- Decisions that are made again ---- */

size_t replay_in_force(const struct replay_pool *pool, int64_t utc_ms)
{
    int32_t entry = schedule_at(&pool->spec->schedule, utc_ms);
    return entry >= 0 ? (size_t)entry + 1 : 0;
}

/* The policy that made a decision: the one in force, unless its time had just come. NULL: it is of
 * another file. */
static const struct policy *policy_of(const struct replay_pool *pool,
                                      const struct journal_decision *line)
{
    size_t in_force = replay_in_force(pool, line->utc_ms);
    if (strcmp(pool->hashes[in_force], line->policy) == 0)
        return &pool->policies[in_force];
    for (size_t i = 0; i <= pool->spec->schedule.n; i++)
        if (strcmp(pool->hashes[i], line->policy) == 0)
            return &pool->policies[i];
    return NULL;
}

static bool is_same_value(struct value a, struct value b)
{
    return a.doubt == b.doubt && (a.doubt == KNOWN_NOT || a.number == b.number);
}

static bool is_same_step(const struct step *a, const struct step *b)
{
    return a->kind == b->kind && a->before == b->before && a->after == b->after &&
           a->rule == b->rule && is_same_value(a->seen, b->seen);
}

/* Steps past those of the policy are of people, who hold and pause. They began from its size. */
static bool is_by_hand(const struct decision *decision, size_t n_steps, int32_t size)
{
    const struct step *step = &decision->steps[n_steps];
    bool is_hand =
        step->kind == STEP_BY_HAND || step->kind == STEP_PAUSED || step->kind == STEP_DOUBT;
    return decision->n_steps == n_steps + 1 && is_hand && step->before == size;
}

static bool is_same(const struct decision *recorded, const struct decision *made)
{
    bool is_same = recorded->n_steps >= made->n_steps;
    for (size_t i = 0; i < made->n_steps && is_same; i++)
        is_same = is_same_step(&recorded->steps[i], &made->steps[i]);
    if (recorded->n_steps == made->n_steps)
        return is_same && recorded->size == made->size &&
               recorded->spares_busy == made->spares_busy;
    return is_same && is_by_hand(recorded, made->n_steps, made->size);
}

static void explain_difference(const struct policy *policy, const struct journal_decision *line,
                               const struct decision *made, struct text *out)
{
    journal_time(line->utc_ms, out);
    text_add_format(out, ": recorded %" PRId32 " (", line->decision.size);
    policy_explain(policy, &line->decision, &line->inputs.reading, out);
    text_add_format(out, "), made again %" PRId32 " (", made->size);
    policy_explain(policy, made, &line->inputs.reading, out);
    text_add(out, ")");
}

static void decide_again(struct replay_pool *pool, const struct journal_decision *line)
{
    const struct policy *policy = policy_of(pool, line);
    struct history history = line->history;
    if (policy == NULL) {
        pool->n_foreign++;
        return;
    }
    struct decision made = policy_decide(policy, &history, &line->inputs);
    if (is_same(&line->decision, &made))
        pool->n_same++;
    else if (pool->n_different++ == 0)
        explain_difference(policy, line, &made, &pool->first);
}

/* ---- What is kept of the recording ---- */

/* A time of the clock that the line was written by; 0 stays 0. */
static int64_t to_utc(int64_t time_ms, const struct journal_decision *line)
{
    return time_ms != 0 ? time_ms + line->utc_ms - line->inputs.now_ms : 0;
}

/* A clock that was set back shows times that there were already; they are as one. */
static void keep(struct replay_pool *pool, const struct journal_decision *line)
{
    if (pool->n == pool->n_room) {
        pool->n_room = 2 * pool->n_room + 64;
        pool->samples = memory_resize(pool->samples, pool->n_room, sizeof *pool->samples);
    }
    int64_t last_ms = pool->n > 0 ? pool->samples[pool->n - 1].at_ms : 0;
    struct replay_sample *sample = &pool->samples[pool->n++];
    *sample = (struct replay_sample){
        .at_ms = line->utc_ms > last_ms ? line->utc_ms : last_ms,
        .reading = line->inputs.reading,
        .present = line->inputs.present,
        .room = line->inputs.room_of != NULL ? line->inputs.room : INT32_MAX,
        .names_busy = line->inputs.names_busy,
        .is_first = pool->is_started,
    };
    pool->is_started = false;
    sample->reading.at_ms = to_utc(sample->reading.at_ms, line);
    sample->reading.next_due.number = to_utc(sample->reading.next_due.number, line);
}

/* A shrink that the busy hold back counts once, not with each line that says so. */
static int32_t spared_by(const struct decision *decision)
{
    for (size_t i = 0; i < decision->n_steps; i++)
        if (decision->steps[i].kind == STEP_BUSY)
            return decision->steps[i].after - decision->steps[i].before;
    return 0;
}

static void note_spared(struct replay_pool *pool, int32_t n)
{
    if (n > pool->spared_now)
        pool->n_spared += n - pool->spared_now;
    pool->spared_now = n;
}

static void take_decision(struct replay_pool *pool, const struct journal_decision *line)
{
    const struct decision *decision = &line->decision;
    bool is_change =
        line->inputs.present >= 0 && decision->size >= 0 && decision->size != line->inputs.present;
    if (!is_change)
        pool->decided_ms = 0;
    else if (pool->decided_ms == 0)
        pool->decided_ms = line->utc_ms;
    if (line->history.learned_boot_ms > 0)
        pool->learned_boot_ms = line->history.learned_boot_ms;
    if (!decision->spares_busy)
        note_spared(pool, spared_by(decision));
    keep(pool, line);
}

/* A back-end keeps more than was asked for where they are busy. */
static void take_applied(struct replay_pool *pool, const struct journal_decision *line)
{
    int32_t size = line->decision.size;
    if (pool->decided_ms != 0 && size >= 0) {
        pool->delays_ms += line->utc_ms - pool->decided_ms;
        pool->n_delays++;
        pool->decided_ms = 0;
    }
    note_spared(pool, size > line->asked && pool->spares_busy ? size - line->asked : 0);
}

void replay_take(struct replay_pool *pool, const struct journal_decision *line)
{
    if (line->kind == JOURNAL_START)
        pool->is_started = true;
    if (line->kind == JOURNAL_APPLIED)
        take_applied(pool, line);
    if (!journal_is_decision(line->kind))
        return;
    if (line->policy[0] != '\0')
        decide_again(pool, line);
    pool->spares_busy = line->decision.spares_busy;
    take_decision(pool, line);
}

int64_t replay_delay_ms(const struct replay_pool *pool)
{
    return pool->n_delays > 0 ? pool->delays_ms / pool->n_delays : 0;
}

int64_t replay_until_ms(const struct replay_pool *pool, size_t i)
{
    enum { MOST_MS = 60000 };
    if (i + 1 == pool->n)
        return pool->samples[i].at_ms;
    int64_t next_ms = pool->samples[i + 1].at_ms;
    int64_t most_ms = pool->samples[i].at_ms + MOST_MS;
    return pool->samples[i + 1].is_first && next_ms > most_ms ? most_ms : next_ms;
}
