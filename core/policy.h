/* SPDX-License-Identifier: MIT
 * The decision: rules, a reading, the present size, history and the time go in; a size and every
 * step that led to it come out. Reads no clock and does no I/O, so the same code runs live, in
 * tests and over recorded journals. */
#ifndef CORE_POLICY_H
#define CORE_POLICY_H

#include "core/text.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- What is measured ---- */

enum doubt { KNOWN_EXACT, KNOWN_AT_LEAST, KNOWN_NOT };

/* A value of a reading: not knowing is a value of its own and never becomes zero. */
struct value {
    int64_t number; /* meaningless if KNOWN_NOT */
    enum doubt doubt;
};

#define VALUE_UNKNOWN ((struct value){0, KNOWN_NOT})

/* What was measured for one group at one time. */
struct reading {
    int64_t at_ms;        /* when, on the clock of `now_ms` below; 0: never */
    struct value waiting; /* jobs */
    struct value latency; /* ms */
    struct value busy;    /* jobs */
};

/* ---- What a person wants ---- */

enum rule_kind { RULE_JOBS, RULE_LATENCY };

/* "At least this much: so many dynos". */
struct rule {
    enum rule_kind kind;
    int64_t at_least; /* jobs, or ms */
    int32_t dynos;
};

struct policy {
    struct rule *rules; /* in any order */
    size_t n_rules;
    int64_t per_dyno; /* one dyno for each so many waiting jobs; 0: no such vote */
    int32_t min;
    int32_t max;      /* INT32_MAX: none */
    int64_t stale_ms; /* a reading older than this is unknown */
    int64_t hold_ms;  /* nothing known: the size stays for so long ... */
    int32_t then;     /* ... then it is raised to this; -1: it stays */
};

/* A count at or past this changes no decision of the policy. 0: every count matters. */
int64_t policy_cap(const struct policy *policy);

/* Whether the policy looks at this. */
bool policy_wants_waiting(const struct policy *policy);
bool policy_wants_latency(const struct policy *policy);

/* ---- What is remembered between decisions of a pool ---- */

struct history {
    int64_t blind_since_ms; /* since when no metric could vote; 0: one could */
    int32_t crashed;        /* dynos that the platform last said have crashed; 0 also if it does
                             * not tell */
};

/* ---- What comes out ---- */

enum step_kind {
    STEP_JOBS,     /* a jobs rule voted */
    STEP_LATENCY,  /* a latency rule voted */
    STEP_PER_DYNO, /* per_dyno voted */
    STEP_BELOW,    /* below every rule: min */
    STEP_DOUBT,    /* a metric is in doubt: not lowered */
    STEP_HOLD,     /* nothing known: the size stays */
    STEP_THEN,     /* nothing known for as long as hold: raised */
    STEP_CRASHED,  /* half of the dynos or more have crashed: not raised */
    STEP_MIN,      /* raised to min */
    STEP_MAX       /* cut to max */
};

/* One step, in the order they were taken: votes first, of which the largest goes on. */
struct step {
    enum step_kind kind;
    int32_t before;    /* the number that it came upon; of a vote: the present size */
    int32_t after;     /* the number that it left; of a vote: the vote */
    int32_t rule;      /* of a vote: the index of the rule, -1: none of them */
    struct value seen; /* of a vote: the value looked at */
};

#define DECISION_STEPS 12

struct decision {
    int32_t size; /* wanted */
    struct step steps[DECISION_STEPS];
    size_t n_steps;
};

/* Whether so many dynos have crashed that more of them would do the same. */
bool policy_is_crashing(int32_t crashed, int32_t present);

/* Decides. `present` is the size that the platform reports, -1 if it is not known yet: then
 * nothing is known that could be lowered, and the caller must not apply. `now_ms` and
 * reading->at_ms are of one monotonic clock; `history` is changed. */
struct decision policy_decide(const struct policy *policy, struct history *history,
                              const struct reading *reading, int32_t present, int64_t now_ms);

/* "31 waiting, oldest 40 s; rule at_least 30: 15 dynos; max 10: 10": the decision for people, in
 * the brackets of a log line. */
void policy_explain(const struct policy *policy, const struct decision *decision,
                    const struct reading *reading, struct text *out);

#endif
