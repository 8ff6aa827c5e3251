/* SPDX-License-Identifier: MIT
 * What the file promises of a pool before it runs: sizes, times, changes, risks, found by running
 * the policy itself on a false clock. Its files: explain.c (all of a pool), explain_range.c (which
 * load has which size), explain_run.c (the false clock), explain_risk.c (what nobody may have
 * meant), explain_week.c (the schedule), explain_text.c and explain_json.c (for people, for
 * programs). */
#ifndef CORE_EXPLAIN_H
#define CORE_EXPLAIN_H

#include "core/instance.h"
#include "core/policy.h"
#include "core/prices.h"
#include "core/settings.h"

#include <stdbool.h>

/* ---- Loads and sizes ---- */

/* A load that lasts. */
struct load {
    int64_t waiting;
    int64_t latency_ms;
};

/* Numbers of jobs (or of ms) that have one size, or sizes that grow from the first number to the
 * last. */
struct range {
    int64_t from;
    int64_t to;         /* included; INT64_MAX: and more */
    int32_t rising[2];  /* the sizes at both ends while the load rises; INT32_MAX: no bound */
    int32_t falling[2]; /* and while it falls from more than any rule asks for */
};

struct ranges {
    struct range *all;
    size_t n;
};

/* The ranges of waiting jobs that are not old, and of the age of a single one. */
struct ranges ranges_of(const struct policy *policy, enum rule_kind kind);

/* The load that a number of a kind means there. */
struct load load_of(enum rule_kind kind, int64_t number);

/* The size that the policy comes to under a load. With `before` it was under that one until then,
 * so that rules with release_below may stay in force. */
int32_t settled_size(const struct policy *policy, struct load load, const struct load *before);

/* So many jobs that, once they are old, the policy wants all that it may; without max, some. */
int64_t most_waiting(const struct policy *policy);

/* ---- On a false clock ---- */

/* A size, and when it is decided. */
struct change {
    int64_t at_ms;
    int32_t size;
};

struct course {
    struct change *all;
    size_t n;
};

/* How a pool is decided: its policy, how often, and whether its busy workers have names. */
struct clockwork {
    const struct policy *policy;
    int64_t interval_ms;
    bool names_busy;
};

/* So many jobs come to a pool of this size, right after it was measured, and nobody takes them:
 * which sizes are decided when. */
struct course course_up(const struct clockwork *clockwork, int32_t size, int64_t waiting);

/* All those jobs are done, after the pool had time to reach its size under them. */
struct course course_down(const struct clockwork *clockwork, int32_t size, int64_t waiting);

/* The store cannot be asked any more. */
struct course course_blind(const struct clockwork *clockwork, int32_t size);

/* The changes in an hour under a load that goes through these loads, one each time it is measured,
 * up until the pool has followed it, down until it has, and up again. */
int32_t changes_an_hour(const struct clockwork *clockwork, const struct load *loads, size_t n);

/* The most of them that are found: through all loads that have a size of their own, or the lesser
 * ones; to their ends, or back earlier. Those of jobs and of latency are not mixed. */
int32_t most_changes_an_hour(const struct clockwork *clockwork, const struct ranges *by_jobs,
                             const struct ranges *by_latency);

/* ---- The schedule ---- */

/* One window of the week, at the same time of one or more days. */
struct week_window {
    struct schedule_entry when; /* days, from and to in the zone of the week */
    int32_t entry;              /* in force; -1: none */
    int32_t minutes;            /* a week */
};

/* The week that has utc_ms in it, from Monday to Sunday, whole. n 0: no schedule. */
struct week {
    const struct zone *zone; /* of the first entry that comes every week, or else of the first */
    struct week_window *all;
    size_t n;
};

struct week week_of(const struct schedule *schedule, int64_t utc_ms);

/* ---- All of a pool ---- */

/* One policy of a pool: its own, or that of an entry of the schedule. */
struct view {
    const char *words;    /* of the entry; NULL: the pool's own */
    struct policy policy; /* cut to what the back-end can run */
    int32_t least;        /* size, without any load */
    int32_t most;         /* INT32_MAX: no bound */
    struct ranges by_jobs;
    struct ranges by_latency;
    bool is_own; /* of rules or per_dyno of its own */
};

struct promise {
    const struct settings *settings;
    const struct pool_spec *spec;
    const char *scaler;
    bool names_busy;
    struct view *views; /* the pool's own, then one for each entry of the schedule */
    size_t n_views;
    struct week week;
    int64_t first_waiting; /* the fewest jobs that change the size; 0: none do */
    int64_t decided_ms;    /* after these jobs came, where all answer at once; -1: never */
    int64_t ordered_ms;    /* the platform has the order, where every call takes its timeout */
    int64_t gather_ms;     /* of that: for other stores of the same app */
    int64_t measure_ms;    /* the timeout of the slowest store */
    int64_t apply_ms;      /* the platform's */
    int64_t boot_ms;       /* assumed, unless the file has it */
    struct course up;
    struct course down;
    struct course blind;
    int32_t changes_an_hour;
    char **risks;
    size_t n_risks;
    struct promise *shadow; /* of the pool's shadow; NULL: it has none */
};

/* Of a pool, whose adapters and back-end were opened, and of its shadow; `utc_ms` is now. */
struct promise *promise_new(const struct settings *settings, const struct pool_spec *spec,
                            struct instance *scaler, bool names_busy, int64_t utc_ms);
void promise_free(struct promise *promise);

/* Adds what nobody may have meant to its risks, of a back-end that can run `limit` of its dynos. */
void promise_find_risks(struct promise *promise, const struct clockwork *clockwork, int32_t limit);

enum bound { AT_LEAST, AT_MOST };

/* Dollars (or hours) a month at its least or most size, as the week has it, of which one dyno has
 * so many; -1: no bound. */
double promise_cost(const struct promise *promise, enum bound bound, double of_one);

/* The same of all pools. */
double promises_cost(struct promise *const *promises, size_t n, enum bound bound, double of_one);

/* Hours a month, as prices go. */
enum { MONTH_HOURS = 720 };

/* ---- What pools share ---- */

/* What the pools have of limit i at their least and at their most size; most -1: no bound. */
struct shares {
    int64_t least;
    int64_t most;
};
struct shares shares_of(struct promise *const *promises, size_t n, size_t limit);

/* ---- Printing ---- */

void explain_text(const struct settings *settings, struct promise *const *promises,
                  const struct price *price, bool is_bold, struct text *out);
void explain_json(const struct settings *settings, struct promise *const *promises,
                  const struct price *price, struct text *out);

#endif
