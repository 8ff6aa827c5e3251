/* SPDX-License-Identifier: MIT
 * The inside of cycle.h, shared by its files: cycle.c (life, decisions, the way round),
 * cycle_call.c (what every call has in common), cycle_queue.c (stores), cycle_watch.c (their
 * events), cycle_probe.c (pools that sleep), cycle_scaler.c (platforms).
 *
 * Nothing here is looked through for what is due: each line waits in a heap until its next step,
 * and each pool in its store's. Whatever lets a line do something sooner calls line_wake(). */
#ifndef CORE_CYCLE_INSIDE_H
#define CORE_CYCLE_INSIDE_H

#include "core/cycle.h"
#include "core/journal.h"
#include "core/number.h"
#include "core/override_watch.h"
#include "core/pace.h"
#include "core/pool.h"
#include "core/room.h"
#include "core/spending.h"
#include "core/timer.h"

/* A pool at an instance. */
struct seat {
    struct timer due; /* stands first; at a queue instance: when it is measured next */
    struct pool *pool;
    size_t source; /* at a queue instance: which of the pool's sources that is */
};

/* A store's events, and how often it is looked at because of them. */
struct watch {
    int fd;           /* in the cycle's epoll set; -1: none */
    bool is_on;       /* it was told of events after the last measure that was well */
    bool is_told;     /* of something that was not looked at yet */
    int64_t again_ms; /* not looked at because of events before */
    int64_t gap_ms;   /* between two such looks, 0: it was quiet */
    int64_t retry_ms; /* it is not watched before, since that failed */
    char *how;        /* they come, or why they do not, as last logged; NULL: never */
    int64_t how_ms;   /* when that was */
};

/* An instance, the pools it serves, and when it is called. */
struct line {
    struct timer step; /* stands first; when it is stepped next */
    struct cycle *cycle;
    struct instance *instance;
    struct seat *seats;
    size_t n_seats;
    struct seat **asked; /* those that the call is about, in its order */
    size_t n_asked;
    bool is_running;
    bool is_probe;        /* the measure that runs */
    bool wants_change;    /* scalers: a pool may want another size */
    bool wants_names;     /* stores: a pool may wait for the names of the busy */
    struct timer blocked; /* since when it waits for a thread */
    bool hangs;
    bool has_failed; /* in this life; with `once` it is not called again */
    int64_t started_ms;
    int64_t deadline_ms;
    struct pace paces[CALL_APPLY + 1]; /* by kind: a token may read what it may not change */
    int64_t read_due_ms;               /* scalers */
    int64_t wanted_since_ms;           /* scalers: since when a change waits; 0: none does */

    /* Of stores: */
    struct timers due;   /* the seats */
    int64_t interval_ms; /* the shortest of its pools */
    int64_t stale_ms;    /* likewise, after which a reading is too old */
    int64_t phase_ms;    /* by how much it is measured after the others */
    int64_t took_ms;     /* the last measure */
    int64_t usual_ms;    /* the shorter of the last two, since a single slow one says nothing */
    int64_t rest_ms;     /* not measured before, since it is slow */
    int64_t slow_ms;     /* when it was last slow, as logged; 0: it is well */
    bool is_overdue;     /* was due when it could not be measured, and is measured once it can */
    struct watch watch;
    int64_t probe_ms;      /* when pools of none are asked for next; INT64_MAX: there is none */
    int64_t probe_took_ms; /* the last one */
};

struct cycle {
    struct settings *settings;
    struct cycle_options options;
    struct pool *pools;      /* n_pools of the settings */
    struct room *room;       /* of what they share */
    struct line *lines;      /* n_instances of the settings, in their order */
    struct timers steps;     /* of the lines */
    struct timers blocked;   /* those that wait for a thread, the longest first */
    int events_fd;           /* an epoll set of what the stores tell */
    int64_t utc_ahead_ms;    /* of the clock that now_ms is of */
    struct journal *journal; /* NULL: none is kept */
    struct spending spending;
    bool is_started;
    struct override_watch overrides;
    int64_t hands_ms; /* when something that was said by hand may end */
    uint32_t dice;
};

/* ---- cycle.c ---- */

/* Decides for a pool on what is known, and remembers at its scaler that a change waits. */
void cycle_decide(struct cycle *cycle, struct pool *pool, int64_t now_ms);

/* Lets the stores of a pool name their busy workers, if it waits for that. */
void cycle_ask_names(struct cycle *cycle, const struct pool *pool, int64_t now_ms);

/* ---- cycle_call.c ---- */

/* Has it stepped as soon as can be. */
void line_wake(struct line *line);

/* Whether a call can start at once; if not, the line is stepped when one can. */
bool line_has_room(struct line *line, struct crew *crew, int64_t now_ms);

/* Until when it waits for a thread at most; INT64_MAX: it does not. */
int64_t line_blocked_until(const struct line *line);

/* The one that has waited longest, which now may try; NULL if there is none. */
struct line *line_unblock(struct cycle *cycle);

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

int64_t queue_step(struct line *line, struct crew *crew, int64_t now_ms);
void queue_finish_measure(struct cycle *cycle, struct line *line, int64_t now_ms);
struct source *source_of(const struct seat *seat);
void queue_finish_workers(struct line *line, int64_t now_ms);

/* ---- cycle_watch.c ---- */

/* Has the call that was prepared followed by a watch, if the store can tell of events. */
void watch_prepare(struct line *line, int64_t now_ms);

/* At the start of a measure: what it tells of is taken. Whether it was anything. */
bool watch_take(struct line *line, int64_t now_ms);

/* Before a call: the descriptor is the plugin's. After one: it is waited for again. */
void watch_end(struct line *line);
void watch_begin(struct line *line, int64_t now_ms);

/* From when on it is to be measured because of events, INT64_MAX: there are none. */
int64_t watch_due(const struct line *line);
void watch_fini(struct line *line);

/* ---- cycle_probe.c: a store that does not tell of events is asked more often, and for less, about
 * pools of no dynos ---- */

/* Whether there is one to ask about: then the call was started. */
bool probe_start(struct line *line, struct crew *crew, int64_t now_ms);
void probe_finish(struct line *line, int64_t now_ms);

/* After a measure, which may have been of others than those that sleep. */
void probe_postpone(struct line *line, int64_t now_ms);

/* After a decision: whether there is something to probe for. */
void probe_plan(struct line *line, const struct pool *pool, int64_t now_ms);

int64_t scaler_step(struct cycle *cycle, struct line *line, struct crew *crew, int64_t now_ms);
void scaler_finish_read(struct cycle *cycle, struct line *line, int64_t now_ms);
void scaler_finish_apply(struct cycle *cycle, struct line *line, int64_t now_ms);

#endif
