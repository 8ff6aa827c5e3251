/* SPDX-License-Identifier: MIT
 * A recording under policies of a file: taken in line by line, each decision made again on the way;
 * then run as a whole under the file's policies.
 *
 * Files: replay.c (taking in, deciding again), replay_run.c (running), replay_queue.c (the queue of
 * a closed loop), replay_shadow.c (a pool beside its shadow). */
#ifndef CORE_REPLAY_H
#define CORE_REPLAY_H

#include "core/journal_line.h"
#include "core/settings.h"

/* ---- A recording ---- */

/* A line that was recorded, which holds until the next. All times are UTC. */
struct replay_sample {
    int64_t at_ms;
    struct reading reading;
    int32_t present; /* -1: not known */
    int32_t room;    /* that other pools leave, INT32_MAX: all */
    bool names_busy;
    bool is_first; /* after a start of the program */
};

struct replay_pool {
    const struct pool_spec *spec;
    struct policy *policies; /* [0] the pool's own, then the schedule's, cut to what its platform
                                can run */
    char (*hashes)[17];      /* theirs */
    struct replay_sample *samples;
    size_t n;
    size_t n_room;
    /* decisions that were made again */
    int64_t n_same;
    int64_t n_different;
    int64_t n_foreign; /* not made again: they are of other policies */
    struct text first; /* the first that came out otherwise, for people */
    /* changes that were recorded */
    int64_t decided_ms; /* when a change that the platform has not answered was first wanted; 0:
                           none is */
    int64_t delays_ms;  /* from that to the answer, all of them */
    int64_t n_delays;
    int64_t n_spared;   /* dynos that were kept since they were busy, */
    int32_t spared_now; /* and how many of them now; a shrink that waits is one, however long */
    bool spares_busy;   /* the last decision leaves that to the platform */
    int64_t learned_boot_ms;
    bool is_started; /* the next line is the first after a start */
};

/* Platforms that can run no more than `limit` (INT32_MAX: any number). */
void replay_pool_init(struct replay_pool *pool, const struct pool_spec *spec, int32_t limit);
void replay_pool_fini(struct replay_pool *pool);

/* Takes in a line of the pool's, or a start of the program. */
void replay_take(struct replay_pool *pool, const struct journal_decision *line);

/* The index of the policy in force. */
size_t replay_in_force(const struct replay_pool *pool, int64_t utc_ms);

/* From the decision to the platform's answer, as recorded; 0 if nothing was. */
int64_t replay_delay_ms(const struct replay_pool *pool);

/* Until when what was recorded at sample i holds: until the next, but no longer than a minute where
 * the program was started anew in between, since nobody knows when it had ended. */
int64_t replay_until_ms(const struct replay_pool *pool, size_t i);

/* ---- A queue ---- */

/* Jobs that wait, and that run. */
struct replay_load {
    double waiting;
    double busy;
    bool is_exact; /* the number that wait */
};

/* What is made of a recording to simulate the queue that it is of. */
struct replay_queue {
    const struct replay_pool *pool;
    double service_ms;  /* of one job */
    double jobs_a_dyno; /* at once */
    int64_t boot_ms;
    bool knows_busy;
    bool knows_latency;        /* so that service_ms is by the age of the oldest job */
    struct replay_load *loads; /* at each sample, as recorded or taken for it */
    double *arrivals;          /* jobs that came from that sample to the next */
    int64_t inexact_ms;        /* in which it was not recorded exactly how many wait */
};

/* boot_ms -1: as is known, 30 s if it is not. NULL, or why the recording does not tell enough; then
 * too it is freed with replay_queue_fini(). */
const char *replay_queue_init(struct replay_queue *queue, const struct replay_pool *pool,
                              int64_t boot_ms);
void replay_queue_fini(struct replay_queue *queue);

/* The queue while it is simulated. Jobs are a fluid: no job is looked at by itself. */
struct replay_flow {
    const struct replay_queue *queue;
    struct window booted; /* sizes that were ordered: the least within boot_ms is at work */
    double jobs;          /* that wait or run */
    struct replay_load load;
    double came;       /* all arrivals so far */
    size_t oldest;     /* the sample after which the oldest job that waits came, */
    double oldest_sum; /* and the arrivals before that sample */
};

/* Begins at a sample, with what was recorded there. */
void replay_flow_begin(struct replay_flow *flow, size_t i);

/* Goes on for step_ms from now_ms, within sample i's time, with so many dynos ordered. */
void replay_flow_go(struct replay_flow *flow, size_t i, int64_t now_ms, int64_t step_ms,
                    int32_t size);

/* The age of the oldest job that waits. */
int64_t replay_flow_latency_ms(struct replay_flow *flow, int64_t now_ms);

/* ---- A run ---- */

enum replay_policy { REPLAY_RECORDED, REPLAY_DECIDED };

/* Jobs and their age at a sample, with the size; -1: not known. */
struct replay_point {
    int64_t waiting;
    int64_t latency_ms;
    int64_t size;
};

struct replay_result {
    int64_t n_up;
    int64_t n_down;
    int64_t dyno_ms;
    int64_t late_ms;     /* with a job waiting longer than the bound */
    int64_t unknown_ms;  /* in which that is not known */
    int64_t capped_ms;   /* in which jobs were counted only as far as it mattered */
    int64_t run_ms;      /* all in all, */
    int64_t left_out_ms; /* without this, in which nothing was recorded */
    int32_t largest;
    double error_sum; /* of simulated against recorded numbers of waiting jobs */
    double worst_error;
    int64_t n_errors;            /* that were added up */
    struct replay_point *points; /* pool->n */
};

/* Runs the pool's recording: with the recorded sizes, or with what its policies decide; with the
 * recorded readings, or (queue not NULL) with the simulated queue's. bound_ms: longer than this is
 * late. Freed with replay_result_fini(). */
void replay_run(const struct replay_pool *pool, enum replay_policy policy,
                const struct replay_queue *queue, int64_t bound_ms, struct replay_result *result);
void replay_result_fini(struct replay_result *result);

/* ---- A shadow ---- */

/* A time in which a shadow had another size than its pool, and both where that was most so. */
struct replay_stretch {
    int64_t from_ms; /* UTC */
    int64_t until_ms;
    int32_t live;
    int32_t shadow;
};

enum { REPLAY_STRETCHES = 3 };

/* What both had, for as long as both were recorded; how long jobs would have waited for the shadow
 * is not known. */
struct replay_beside {
    struct replay_result live;
    struct replay_result shadow;                      /* points: its sizes at the pool's samples */
    int64_t apart_ms;                                 /* with other sizes, */
    int64_t n_stretches;                              /* in so many stretches, */
    struct replay_stretch greatest[REPLAY_STRETCHES]; /* of which these are the greatest */
    size_t n_greatest;
};

/* Both have samples: a shadow is taken in as a pool with the spec's shadow for a spec. Freed with
 * replay_result_fini() of the shadow's result. */
void replay_compare(const struct replay_pool *live, const struct replay_pool *shadow,
                    struct replay_beside *beside);

#endif
