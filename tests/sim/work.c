/* SPDX-License-Identifier: MIT */
#include "tests/sim/work.h"

#include <string.h>

enum { TICK_MS = 100 };

/* From 0 to 1. */
static double roll(struct work *work)
{
    work->dice ^= work->dice << 13;
    work->dice ^= work->dice >> 7;
    work->dice ^= work->dice << 17;
    return (double)(work->dice >> 11) / (double)(1ull << 53);
}

void work_begin(struct work *work, int64_t now_ms, int64_t size)
{
    if (work->is_on)
        return;
    work->is_on = true;
    work->dice = 88172645463325252u;
    work->now_ms = now_ms;
    work->size = size;
}

static void come(struct work *work)
{
    double jobs = work->a_minute * TICK_MS / 60000;
    for (; roll(work) < jobs; jobs -= 1)
        if (work->n_waiting < WORK_MOST_JOBS)
            work->waiting[work->n_waiting++] = work->now_ms;
}

static void start_job(struct work *work, size_t worker)
{
    work->workers[worker].came_ms = work->waiting[0];
    work->workers[worker].until_ms =
        work->now_ms + (int64_t)((double)work->runs_ms * (0.5 + roll(work)));
    memmove(work->waiting, work->waiting + 1, --work->n_waiting * sizeof *work->waiting);
}

static void run_workers(struct work *work)
{
    for (size_t i = 0; i < (size_t)work->size; i++) {
        if (work->workers[i].until_ms != 0 && work->workers[i].until_ms <= work->now_ms)
            work->workers[i].until_ms = 0;
        if (work->workers[i].until_ms == 0 && work->workers[i].ready_ms <= work->now_ms &&
            work->n_waiting > 0)
            start_job(work, i);
    }
}

void work_go(struct work *work, int64_t now_ms)
{
    for (; work->is_on && work->now_ms < now_ms; work->now_ms += TICK_MS) {
        come(work);
        run_workers(work);
    }
}

static void stop(struct work *work, size_t worker)
{
    if (work->workers[worker].until_ms != 0 && work->n_waiting < WORK_MOST_JOBS) {
        memmove(work->waiting + 1, work->waiting, work->n_waiting++ * sizeof *work->waiting);
        work->waiting[0] = work->workers[worker].came_ms;
    }
    work->workers[worker].until_ms = 0;
}

void work_resize(struct work *work, int64_t size)
{
    size = size < WORK_MOST_WORKERS ? size : WORK_MOST_WORKERS;
    for (int64_t i = work->size; i < size; i++)
        work->workers[i].ready_ms = work->now_ms + work->boots_ms;
    for (int64_t i = size; i < work->size; i++)
        stop(work, (size_t)i);
    work->size = size;
}

int64_t work_busy(const struct work *work)
{
    int64_t busy = 0;
    for (size_t i = 0; i < (size_t)work->size; i++)
        busy += work->workers[i].until_ms != 0;
    return busy;
}

int64_t work_latency_ms(const struct work *work)
{
    return work->n_waiting > 0 ? work->now_ms - work->waiting[0] : 0;
}
