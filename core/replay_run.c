/* SPDX-License-Identifier: MIT */
#include "core/number.h"
#include "core/replay.h"

#include "core/memory.h"

#include <math.h>
#include <stdlib.h>

enum { STEP_LEAST_MS = 1000 };

struct run {
    const struct replay_pool *pool;
    enum replay_policy policy;
    int64_t bound_ms;
    int64_t delay_ms;
    struct replay_result *result;
    struct replay_flow flow; /* of no queue where the recorded readings are taken */
    struct history history;
    size_t in_force;  /* the policy, */
    int64_t until_ms; /* and until when */
    int32_t size;     /* the platform's, -1: not known yet */
    int32_t ordered;  /* -1: nothing is */
    int64_t taken_ms; /* when the platform takes that */
};

static bool is_simulated(const struct run *run)
{
    return run->flow.queue != NULL;
}

/* ---- What is seen ---- */

static struct value jobs(double number)
{
    return (struct value){llround(number), KNOWN_EXACT};
}

static struct reading see(struct run *run, size_t i, int64_t now_ms)
{
    const struct replay_sample *sample = &run->pool->samples[i];
    struct reading reading = sample->reading;
    reading.at_ms += reading.at_ms != 0 ? now_ms - sample->at_ms : 0;
    if (!is_simulated(run))
        return reading;
    reading.at_ms = now_ms;
    reading.waiting = jobs(run->flow.load.waiting);
    reading.busy = jobs(run->flow.load.busy);
    reading.latency = (struct value){replay_flow_latency_ms(&run->flow, now_ms), KNOWN_EXACT};
    return reading;
}

/* ---- Sizes ---- */

static void set_size(struct run *run, int32_t size)
{
    if (run->size >= 0) {
        run->result->n_up += size > run->size;
        run->result->n_down += size < run->size;
    }
    run->size = size;
    run->result->largest = greater(run->result->largest, size);
}

static void follow_schedule(struct run *run, int64_t now_ms)
{
    if (now_ms < run->until_ms)
        return;
    size_t before = run->in_force;
    run->in_force = replay_in_force(run->pool, now_ms);
    run->until_ms = schedule_next(&run->pool->spec->schedule, now_ms);
    if (run->pool->policies[before].rules != run->pool->policies[run->in_force].rules)
        run->history.in_force = 0; /* which is by their numbers */
}

/* The workers that a platform keeps since they are busy: those that run, a dyno each job's share.
 */
static int32_t spare(const struct run *run, const struct decision *decision,
                     const struct reading *reading)
{
    double at_once = is_simulated(run) ? run->flow.queue->jobs_a_dyno : 1;
    if (!decision->spares_busy || reading->busy.doubt == KNOWN_NOT)
        return decision->size;
    double busy = ceil((double)reading->busy.number / at_once);
    return greater(decision->size, smaller(run->size, (int32_t)busy));
}

static void decide(struct run *run, size_t i, const struct reading *reading, int64_t now_ms)
{
    const struct replay_sample *sample = &run->pool->samples[i];
    struct inputs inputs = {
        .reading = *reading,
        .now_ms = now_ms,
        .present = run->size,
        .names_busy = sample->names_busy,
        .room = sample->room,
        .room_of = sample->room < INT32_MAX ? "what pools share" : NULL,
    };
    follow_schedule(run, now_ms);
    if (run->ordered >= 0 && now_ms >= run->taken_ms) {
        set_size(run, run->ordered);
        inputs.present = run->size;
        run->ordered = -1;
    }
    struct decision decision =
        policy_decide(&run->pool->policies[run->in_force], &run->history, &inputs);
    int32_t wanted = spare(run, &decision, reading);
    if (wanted == run->size || run->ordered >= 0)
        return;
    if (run->delay_ms == 0) {
        set_size(run, wanted);
        return;
    }
    run->ordered = wanted;
    run->taken_ms = now_ms + run->delay_ms;
}

static void take_size(struct run *run, size_t i)
{
    int32_t present = run->pool->samples[i].present;
    bool is_own = run->policy == REPLAY_DECIDED && run->size >= 0;
    if (!is_own && present >= 0 && present != run->size)
        set_size(run, present);
}

/* ---- What is added up ---- */

static void add_up(struct run *run, const struct reading *reading, int64_t step_ms)
{
    struct replay_result *result = run->result;
    bool is_none = reading->waiting.doubt == KNOWN_EXACT && reading->waiting.number == 0;
    bool is_other = run->policy == REPLAY_DECIDED && !is_simulated(run);
    result->run_ms += step_ms;
    result->capped_ms += reading->waiting.doubt == KNOWN_AT_LEAST ? step_ms : 0;
    result->dyno_ms += run->size > 0 ? run->size * step_ms : 0;
    if (is_other || (!is_none && reading->latency.doubt == KNOWN_NOT))
        result->unknown_ms += step_ms;
    else if (!is_none && reading->latency.number > run->bound_ms)
        result->late_ms += step_ms;
}

static void note_error(struct run *run, size_t i)
{
    struct value recorded = run->pool->samples[i].reading.waiting;
    if (!is_simulated(run) || recorded.doubt != KNOWN_EXACT)
        return;
    double error = fabs(run->flow.load.waiting - (double)recorded.number);
    run->result->error_sum += error;
    run->result->worst_error = fmax(run->result->worst_error, error);
    run->result->n_errors++;
}

static int64_t number_of(struct value value)
{
    return value.doubt != KNOWN_NOT ? value.number : -1;
}

static void note_point(struct run *run, size_t i, const struct reading *reading)
{
    run->result->points[i] =
        (struct replay_point){number_of(reading->waiting), number_of(reading->latency), run->size};
}

/* ---- Sample by sample ---- */

static void run_sample(struct run *run, size_t i)
{
    const struct replay_sample *sample = &run->pool->samples[i];
    int64_t interval_ms = run->pool->spec->interval_ms;
    int64_t most_ms = interval_ms > STEP_LEAST_MS ? interval_ms : STEP_LEAST_MS;
    int64_t until_ms = replay_until_ms(run->pool, i);
    int64_t now_ms = sample->at_ms;
    bool is_steady = run->policy == REPLAY_RECORDED && !is_simulated(run);
    if (is_simulated(run) && sample->is_first)
        replay_flow_begin(&run->flow, i);
    note_error(run, i);
    take_size(run, i);
    do {
        struct reading reading = see(run, i, now_ms);
        int64_t left_ms = until_ms - now_ms;
        int64_t step_ms = left_ms < most_ms || is_steady ? left_ms : most_ms;
        if (run->policy == REPLAY_DECIDED)
            decide(run, i, &reading, now_ms);
        if (now_ms == sample->at_ms)
            note_point(run, i, &reading);
        add_up(run, &reading, step_ms);
        if (is_simulated(run))
            replay_flow_go(&run->flow, i, now_ms, step_ms, greater(run->size, 0));
        now_ms += step_ms;
    } while (now_ms < until_ms);
    if (i + 1 < run->pool->n)
        run->result->left_out_ms += run->pool->samples[i + 1].at_ms - until_ms;
}

/* The first that was recorded; where none was, the least that there may be. */
static int32_t first_size(const struct replay_pool *pool)
{
    for (size_t i = 0; i < pool->n; i++)
        if (pool->samples[i].present >= 0)
            return pool->samples[i].present;
    return pool->policies[replay_in_force(pool, pool->samples[0].at_ms)].min;
}

void replay_run(const struct replay_pool *pool, enum replay_policy policy,
                const struct replay_queue *queue, int64_t bound_ms, struct replay_result *result)
{
    struct run run = {
        .pool = pool,
        .policy = policy,
        .bound_ms = bound_ms,
        .delay_ms = replay_delay_ms(pool),
        .result = result,
        .flow.queue = queue,
        .size = -1,
        .ordered = -1,
    };
    *result = (struct replay_result){.largest = -1,
                                     .points = memory_new(pool->n, sizeof *result->points)};
    if (policy == REPLAY_DECIDED && pool->n > 0)
        set_size(&run, first_size(pool));
    for (size_t i = 0; i < pool->n; i++)
        run_sample(&run, i);
}

void replay_result_fini(struct replay_result *result)
{
    free(result->points);
}
