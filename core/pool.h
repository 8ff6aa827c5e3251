/* SPDX-License-Identifier: MIT
 * One pool as it runs: what was measured, what the platform says, what is wanted. Told of each by
 * the cycle; decides; logs what changed. */
#ifndef CORE_POOL_H
#define CORE_POOL_H

#include "core/drift.h"
#include "core/hand.h"
#include "core/instance.h"
#include "core/past.h"
#include "core/policy.h"
#include "core/settings.h"

#include <stdbool.h>

/* What the platform did not take as it was asked. */
struct refused {
    int32_t size;     /* -1: nothing */
    int64_t until_ms; /* it is not asked for that again before */
    int64_t gap_ms;   /* the last pause until that, doubled each time */
    bool is_growth;   /* then no other size above the present one is asked for either */
};

/* A store that is measured for a pool. */
struct source {
    struct reading reading;
    char *trouble;        /* why values are missing, as last logged; NULL: they are not */
    int64_t asked_due_ms; /* when it was last asked when the next job is due; 0: never */
    int64_t due_pause_ms; /* it is not asked for that again before */
    bool asks_due;        /* the measure that runs asks for that */
    char **busy;          /* host names of the workers that are busy with its jobs */
    size_t n_busy;
    int64_t busy_ms; /* when they were named; 0: they are not known */
};

/* The busy workers that a shrink spares. */
struct spared {
    const char **hosts; /* of the apply call that runs; the sources' */
    size_t n;
    int64_t again_ms; /* held back by them, a shrink is not tried before */
    int64_t total;    /* dynos that were kept for them, so far */
};

/* What the schedule says, by the clock on the wall. */
struct timetable {
    int64_t from_ms; /* since when, and until when, as far as is known */
    int64_t until_ms;
    int32_t entry; /* in force, -1: none */
};

/* The last decision that is in the journal. */
struct journaled {
    int64_t at_ms; /* 0: none is */
    uint64_t digest;
    int32_t present;
};

/* A decision, and what it went by. */
struct decided {
    struct inputs inputs;
    struct history before; /* as it was then */
    struct decision decision;
    bool has_learned; /* how long a dyno boots */
};

struct room;

struct pool {
    const struct pool_spec *spec;
    struct room *shared; /* with other pools; NULL: nothing is */
    int32_t held;        /* as that has it: dynos that it has or is about to have; -1: not known */
    const struct policy *policy; /* the one in force, cut to what the back-end can run: */
    struct policy *cut;          /* the spec's and those of its schedule; NULL: they fit */
    int32_t limit;               /* what it can run */
    struct timetable timetable;
    int32_t room;           /* the most that what pools share leaves for it */
    const char *room_of;    /* what that is; NULL: nothing */
    struct source *sources; /* spec->n_sources */
    struct value waiting;   /* in all of them, at the last decision */
    struct past *past;      /* its history */
    struct journaled journaled;
    int32_t size;       /* the platform's; -1: not known */
    int32_t crashed;    /* of them: have crashed, as last told */
    bool is_crashing;   /* so many that nothing is added, as last logged */
    int64_t crashes_ms; /* when that was told */
    bool names_busy;    /* the adapter can name busy workers */
    int32_t wanted;     /* to be applied; -1: nothing is */
    bool spares_busy;   /* it is less, and busy workers must be kept */
    char *why;          /* it is wanted, for the log */
    struct spared spared;
    int32_t applying;   /* asked for by the apply call that runs */
    char *applying_why; /* likewise */
    int32_t told;       /* dry run: the size last told; -1: none */
    struct refused refused;
    bool is_limited;    /* what pools share holds it, as last logged */
    bool is_stuck;      /* its platform takes no change now: pool_set_stuck() */
    char *size_trouble; /* why the size is not known or not as wanted, as last logged */
    struct hand hand;
    struct drift drift;
    struct pool *shadow; /* decides beside it (core/shadow.h); NULL: it has none */
};

/* Starts a pool of a scaler that can run `limit` workers of it (INT32_MAX: any number), and of an
 * adapter that can name busy workers or not. */
void pool_init(struct pool *pool, const struct pool_spec *spec, int32_t limit, bool names_busy);
void pool_fini(struct pool *pool);

/* Carries over what outlasts a new configuration, which comes at utc_ms. */
void pool_inherit(struct pool *pool, const struct pool *old, int64_t utc_ms);

/* Puts in force what the schedule says at utc_ms. Returns how long that holds at least,
 * INT64_MAX: for ever. */
int64_t pool_follow_schedule(struct pool *pool, int64_t utc_ms);

/* What was measured of a source at now_ms, in took_ms; answer NULL: nothing could be. */
void pool_take_reading(struct pool *pool, size_t source, const struct answer *answer,
                       int64_t took_ms, int64_t now_ms);

/* Whether its platform takes no change now. */
void pool_set_stuck(struct pool *pool, bool is_stuck);

/* Whether anything was measured yet. */
bool pool_is_measured(const struct pool *pool);

/* Its queues, with nothing that is wanted of them. Its strings are the spec's. */
struct dyn_group pool_group(const struct pool *pool);

/* What its decisions go by, for those who tell of events. */
struct dyn_group pool_watched(const struct pool *pool);

/* Whether it has no dynos and, as far as is known, no job that would wake it; then what to ask for
 * that, and whether the answer is yes. */
bool pool_sleeps(const struct pool *pool);
struct dyn_group pool_probe(const struct pool *pool);
bool pool_wakes(const struct pool *pool, const struct answer *answer);

/* What is to be measured of a source from now_ms on. */
struct dyn_group pool_start_measure(struct pool *pool, size_t source, int64_t now_ms);

/* Whether a source must name its busy workers before what is wanted is applied. */
bool pool_asks_busy(const struct pool *pool, size_t source, int64_t now_ms);

/* The host names of its busy workers, the pool's from then on. */
void pool_take_busy(struct pool *pool, size_t source, char **hosts, size_t n, int64_t now_ms);

/* Whether what is wanted may be applied. */
bool pool_is_ready(const struct pool *pool, int64_t now_ms);

/* What the platform says at now_ms, unasked. */
void pool_take_size(struct pool *pool, const struct answer *answer, int64_t now_ms);

/* `wanted` goes to the platform: it becomes `applying`. The result is good until the call is over.
 */
struct dyn_change pool_start_apply(struct pool *pool);

/* What the platform made of `applying`; answer NULL: not known, so the size is not known either. A
 * size that was not taken as asked is asked for again after gap_ms, twice that, ... 5 minutes. */
void pool_take_applied(struct pool *pool, const struct answer *answer, int64_t now_ms,
                       int64_t gap_ms);

/* Logs what was decided now, once, instead of applying it. */
void pool_tell_dry_run(struct pool *pool, const struct decided *decided);

/* Whether it was measured, and has the size that was decided for it (or was told, if dry_run). */
bool pool_is_settled(const struct pool *pool, bool is_dry_run);

/* Decides on what is known, `room` included; sets `wanted`. */
void pool_decide(struct pool *pool, int64_t now_ms, struct decided *decided);

/* What was decided now, for people; the caller frees it. */
char *pool_explain(const struct pool *pool, const struct decided *decided);

/* "worker: rules ask for up to 15 dynos, heroku-hobby can run 4: 4 it is", or false. */
bool pool_explain_limit(const struct pool_spec *spec, const char *scaler, int32_t limit,
                        struct text *out);

#endif
