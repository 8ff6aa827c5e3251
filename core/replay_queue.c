/* SPDX-License-Identifier: MIT
 * The queue of a closed loop. Jobs that wait or run are one quantity N, of which as much runs as
 * there are dynos at work: N changes by what comes, less what runs / service time. What comes is
 * chosen so that the recorded N follow from the recorded sizes. */
#include "core/replay.h"

#include "core/memory.h"
#include "core/policy_window.h"

#include <stdlib.h>

static double smaller(double a, double b)
{
    return a < b ? a : b;
}

static double greater(double a, double b)
{
    return a > b ? a : b;
}

static bool is_known(struct value value)
{
    return value.doubt != KNOWN_NOT;
}

/* ---- What was recorded ---- */

/* How many jobs a dyno ran at once when it ran most. */
static double jobs_a_dyno(const struct replay_pool *pool)
{
    double most = 1;
    for (size_t i = 0; i < pool->n; i++) {
        const struct replay_sample *sample = &pool->samples[i];
        if (is_known(sample->reading.busy) && sample->present > 0)
            most = greater(most, (double)sample->reading.busy.number / sample->present);
    }
    return most;
}

/* Unknown numbers stay as they were. Where it is not recorded who is busy, all are while jobs wait.
 */
static void read_loads(struct replay_queue *queue)
{
    const struct replay_pool *pool = queue->pool;
    struct replay_load load = {0, 0, false};
    struct window booted = {0};
    int32_t present = 0;
    for (size_t i = 0; i < pool->n; i++) {
        const struct replay_sample *sample = &pool->samples[i];
        present = sample->present >= 0 ? sample->present : present;
        int32_t at_work = window_least(&booted, present, queue->boot_ms, sample->at_ms);
        load.is_exact = sample->reading.waiting.doubt == KNOWN_EXACT;
        if (is_known(sample->reading.waiting))
            load.waiting = (double)sample->reading.waiting.number;
        if (is_known(sample->reading.busy))
            load.busy = (double)sample->reading.busy.number;
        else if (!queue->knows_busy)
            load.busy = load.waiting > 0 ? at_work * queue->jobs_a_dyno : 0;
        queue->loads[i] = load;
    }
}

static double jobs_at(const struct replay_queue *queue, size_t i)
{
    return queue->loads[i].waiting + queue->loads[i].busy;
}

static double span_ms(const struct replay_queue *queue, size_t i)
{
    return (double)(replay_until_ms(queue->pool, i) - queue->pool->samples[i].at_ms);
}

/* Time that dynos worked on jobs from sample i to the next. */
static double work_ms(const struct replay_queue *queue, size_t i)
{
    return (queue->loads[i].busy + queue->loads[i + 1].busy) / 2 * span_ms(queue, i);
}

/* Whether the numbers of jobs at sample i and the next tell what happened in between. */
static bool are_exact(const struct replay_queue *queue, size_t i)
{
    return queue->loads[i].is_exact && queue->loads[i + 1].is_exact &&
           !queue->pool->samples[i + 1].is_first;
}

/* ---- How long a job runs ---- */

/* Whether jobs wait from sample i to the next, and how old the oldest is. */
static bool is_aged(const struct replay_queue *queue, size_t i)
{
    return i + 1 < queue->pool->n && are_exact(queue, i) && queue->loads[i].waiting > 0 &&
           queue->loads[i + 1].waiting > 0 && is_known(queue->pool->samples[i].reading.latency);
}

/* By the age of the oldest: all others that wait came within it, which tells how many come in a
 * while; and as many were served, but for those by which the number has changed. A while is as long
 * as jobs wait without a break. */
static double service_by_latency(const struct replay_queue *queue)
{
    double worked_ms = 0;
    double served = 0;
    for (size_t i = 0; i + 1 < queue->pool->n; i++) {
        double others = 0; /* times how long they waited so many */
        double ages = 0;
        double all_ms = 0;
        double busy_ms = 0;
        size_t first = i;
        for (; is_aged(queue, i); i++) {
            double ms = span_ms(queue, i);
            others += (queue->loads[i].waiting - 1) * ms;
            ages += (double)queue->pool->samples[i].reading.latency.number * ms;
            busy_ms += work_ms(queue, i);
            all_ms += ms;
        }
        if (ages <= 0)
            continue;
        served += others / ages * all_ms + jobs_at(queue, first) - jobs_at(queue, i);
        worked_ms += busy_ms;
    }
    return served >= 1 ? worked_ms / served : 0;
}

/* A fall of the number of jobs, from where it was greatest to where none waits. */
struct fall {
    double jobs;
    double worked_ms;
};

/* By the great falls, as if nothing came meanwhile: what came then makes it too long, so that the
 * shortest counts. */
static double service_by_falls(const struct replay_queue *queue)
{
    struct fall fall = {0, 0};
    double greatest = 0;
    double least_ms = 0;
    double peak = 0;
    for (size_t i = 0; i + 1 < queue->pool->n; i++) {
        if (jobs_at(queue, i) >= peak || !are_exact(queue, i)) {
            peak = jobs_at(queue, i);
            fall.worked_ms = 0;
        }
        fall.worked_ms += work_ms(queue, i);
        fall.jobs = peak - jobs_at(queue, i + 1);
        if (queue->loads[i + 1].waiting > 0 || peak <= 0)
            continue;
        bool is_greater = fall.jobs > 2 * greatest;
        bool is_great = fall.jobs >= 1 && 2 * fall.jobs >= greatest;
        double service_ms = is_great ? fall.worked_ms / fall.jobs : 0;
        if (is_great && (is_greater || least_ms <= 0 || service_ms < least_ms))
            least_ms = service_ms;
        greatest = is_great ? greater(greatest, fall.jobs) : greatest;
        peak = 0;
    }
    return least_ms;
}

/* The next sample at which it is known how many jobs there are, or may be taken as if. */
static size_t next_exact(const struct replay_queue *queue, size_t i)
{
    for (i++; i + 1 < queue->pool->n; i++)
        if (queue->loads[i].is_exact || queue->pool->samples[i].is_first)
            break;
    return i;
}

/* Arrivals that are poured into the time between samples, from the left to the right. */
struct pour {
    size_t sample;
    int64_t at_ms;
    double jobs; /* so far */
};

/* Goes on until a time at which so many jobs have come, evenly. */
static void pour(struct replay_queue *queue, struct pour *pour, int64_t until_ms, double jobs)
{
    double more = greater(jobs - pour->jobs, 0);
    double rate = until_ms > pour->at_ms ? more / (double)(until_ms - pour->at_ms) : 0;
    while (pour->at_ms < until_ms) {
        int64_t end_ms = queue->pool->samples[pour->sample + 1].at_ms;
        int64_t to_ms = end_ms < until_ms ? end_ms : until_ms;
        queue->arrivals[pour->sample] += rate * (double)(to_ms - pour->at_ms);
        pour->jobs += rate * (double)(to_ms - pour->at_ms);
        pour->at_ms = to_ms;
        pour->sample += to_ms == end_ms;
    }
}

/* Jobs that came from sample i to j. Where the age of the oldest is known in between, so is how
 * many had come before it: as many as were served since, less those that had waited. */
static void spread(struct replay_queue *queue, size_t i, size_t j, double jobs)
{
    const struct replay_sample *samples = queue->pool->samples;
    struct pour so_far = {i, samples[i].at_ms, 0};
    double served = -queue->loads[i].waiting;
    for (size_t k = i + 1; k < j; k++) {
        struct value latency = samples[k].reading.latency;
        served += work_ms(queue, k - 1) / queue->service_ms;
        if (is_known(latency) && served > 0)
            pour(queue, &so_far, samples[k].at_ms - latency.number, smaller(served, jobs));
    }
    pour(queue, &so_far, samples[j].at_ms, jobs);
}

/* What seems to be less than nothing, since jobs were seen to go later than they went, is taken
 * from what comes next. */
static void infer_arrivals(struct replay_queue *queue)
{
    double owed = 0;
    size_t j;
    for (size_t i = 0; i + 1 < queue->pool->n; i = j) {
        double served = 0;
        j = next_exact(queue, i);
        for (size_t k = i; k < j; k++)
            served += work_ms(queue, k) / queue->service_ms;
        double grown = queue->pool->samples[j].is_first ? 0 : jobs_at(queue, j) - jobs_at(queue, i);
        double came = served + grown - owed;
        owed = greater(-came, 0);
        spread(queue, i, j, greater(came, 0));
        queue->inexact_ms +=
            j > i + 1 ? queue->pool->samples[j].at_ms - queue->pool->samples[i].at_ms : 0;
    }
}

const char *replay_queue_init(struct replay_queue *queue, const struct replay_pool *pool,
                              int64_t boot_ms)
{
    struct history learned = {.learned_boot_ms = pool->learned_boot_ms};
    *queue = (struct replay_queue){.pool = pool, .jobs_a_dyno = jobs_a_dyno(pool)};
    queue->boot_ms = boot_ms >= 0 ? boot_ms : policy_boot_ms(&pool->policies[0], &learned);
    bool knows_size = false;
    for (size_t i = 0; i < pool->n; i++) {
        queue->knows_busy |= is_known(pool->samples[i].reading.busy);
        knows_size |= pool->samples[i].present >= 0;
    }
    if (!knows_size && !queue->knows_busy)
        return "neither sizes nor busy jobs were recorded";
    queue->loads = memory_new(pool->n, sizeof *queue->loads);
    queue->arrivals = memory_new(pool->n, sizeof *queue->arrivals);
    read_loads(queue);
    queue->service_ms = service_by_latency(queue);
    queue->knows_latency = queue->service_ms > 0;
    if (!queue->knows_latency)
        queue->service_ms = service_by_falls(queue);
    if (queue->service_ms <= 0)
        return "it was not recorded how jobs that waited were served";
    infer_arrivals(queue);
    return NULL;
}

void replay_queue_fini(struct replay_queue *queue)
{
    free(queue->loads);
    free(queue->arrivals);
}

/* ---- The flow ---- */

void replay_flow_begin(struct replay_flow *flow, size_t i)
{
    flow->jobs = jobs_at(flow->queue, i);
    flow->load = flow->queue->loads[i];
    flow->came = flow->load.waiting;
    flow->oldest = i;
    flow->oldest_sum = flow->came;
}

void replay_flow_go(struct replay_flow *flow, size_t i, int64_t now_ms, int64_t step_ms,
                    int32_t size)
{
    const struct replay_queue *queue = flow->queue;
    double span = span_ms(queue, i);
    double came = span > 0 ? queue->arrivals[i] * (double)step_ms / span : 0;
    double room = window_least(&flow->booted, size, queue->boot_ms, now_ms) * queue->jobs_a_dyno;
    double part = (double)step_ms / queue->service_ms;
    flow->came += came;
    flow->jobs += came;
    flow->jobs -= smaller(flow->jobs, smaller(flow->jobs, room) * part);
    flow->load.busy = smaller(flow->jobs, room);
    flow->load.waiting = flow->jobs - flow->load.busy;
}

/* What is left of jobs counts as one from a half on, and not as the oldest before: a hundredth that
 * no dyno is there for would be old. */
#define A_JOB 0.5

int64_t replay_flow_latency_ms(struct replay_flow *flow, int64_t now_ms)
{
    const struct replay_queue *queue = flow->queue;
    double gone = flow->came - flow->load.waiting + A_JOB;
    if (flow->load.waiting < A_JOB)
        return 0;
    while (flow->oldest + 1 < queue->pool->n && queue->pool->samples[flow->oldest].at_ms < now_ms &&
           flow->oldest_sum + queue->arrivals[flow->oldest] <= gone)
        flow->oldest_sum += queue->arrivals[flow->oldest++];
    double arrivals = queue->arrivals[flow->oldest];
    double part = arrivals > 0 ? greater(0, smaller(1, (gone - flow->oldest_sum) / arrivals)) : 0;
    double came_ms =
        (double)queue->pool->samples[flow->oldest].at_ms + part * span_ms(queue, flow->oldest);
    return came_ms < (double)now_ms ? now_ms - (int64_t)came_ms : 0;
}
