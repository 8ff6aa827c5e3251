/* SPDX-License-Identifier: MIT
 * Jobs one by one, and the workers of a pool that run them: what a script only says of a queue,
 * this works out. Jobs come at random distances and run from half to one and a half of their usual
 * time, by dice that always fall the same. */
#ifndef TESTS_SIM_WORK_H
#define TESTS_SIM_WORK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { WORK_MOST_JOBS = 20000, WORK_MOST_WORKERS = 64 };

struct work {
    bool is_on;
    double a_minute;  /* jobs that come */
    int64_t runs_ms;  /* one job */
    int64_t boots_ms; /* a worker, before its first job */
    int64_t now_ms;
    int64_t size;
    uint64_t dice;
    int64_t waiting[WORK_MOST_JOBS]; /* when each came, the oldest first */
    size_t n_waiting;
    struct {
        int64_t ready_ms; /* when it has booted */
        int64_t until_ms; /* it runs a job until then; 0: none, */
        int64_t came_ms;  /* which came then */
    } workers[WORK_MOST_WORKERS];
};

void work_begin(struct work *work, int64_t now_ms, int64_t size);

/* Goes on until now_ms. */
void work_go(struct work *work, int64_t now_ms);

/* The number of workers from now on: the last ones are stopped, and their jobs wait again. */
void work_resize(struct work *work, int64_t size);

int64_t work_busy(const struct work *work);
int64_t work_latency_ms(const struct work *work);

#endif
