/* SPDX-License-Identifier: MIT
 * The inside of cycle.h, shared by its files: cycle.c (life, decisions, the way round),
 * cycle_call.c (what every call has in common), cycle_queue.c (stores), cycle_scaler.c (platforms).
 */
#ifndef CORE_CYCLE_INSIDE_H
#define CORE_CYCLE_INSIDE_H

#include "core/cycle.h"
#include "core/journal.h"
#include "core/number.h"
#include "core/override_watch.h"
#include "core/pace.h"
#include "core/pool.h"
#include "core/spending.h"

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

/* ---- cycle.c ---- */

/* Decides for a pool on what is known, and remembers at its scaler that a change waits. */
void cycle_decide(struct cycle *cycle, struct pool *pool, int64_t now_ms);

/* ---- cycle_call.c ---- */

/* Starts the call that was prepared. */
void line_start(struct line *line, struct crew *crew, int64_t now_ms);

/* While a call runs. Returns when to look again. */
int64_t line_watch(struct line *line, struct crew *crew, int64_t now_ms);

/* From when on this call may be made. */
int64_t line_next(const struct cycle *cycle, const struct line *line, enum call_kind call);

/* How the call went, for the pace and the log. */
void line_note_outcome(struct cycle *cycle, struct line *line, int64_t now_ms);

/* ---- cycle_queue.c, cycle_scaler.c: start what is due, and return when to come back; take what
 * was answered ---- */

int64_t queue_step(struct cycle *cycle, struct line *line, struct crew *crew, int64_t now_ms);
void queue_finish_measure(struct cycle *cycle, struct line *line, int64_t now_ms);
void queue_finish_workers(struct line *line, int64_t now_ms);

int64_t scaler_step(struct cycle *cycle, struct line *line, struct crew *crew, int64_t now_ms);
void scaler_finish_read(struct cycle *cycle, struct line *line, int64_t now_ms);
void scaler_finish_apply(struct cycle *cycle, struct line *line, int64_t now_ms);

#endif
