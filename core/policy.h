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
    int64_t at_ms;         /* when, on the clock of `now_ms` below; 0: never */
    struct value waiting;  /* jobs */
    struct value latency;  /* ms */
    struct value busy;     /* jobs */
    struct value next_due; /* when, on that clock; unknown also if nothing is to come */
};

/* ---- What a person wants ---- */

enum rule_kind { RULE_JOBS, RULE_LATENCY };

/* "At least this much: so many dynos". */
struct rule {
    enum rule_kind kind;
    int64_t at_least; /* jobs, or ms */
    int32_t dynos;
    int64_t
        release_below; /* once in force it stays so until there is less than this; 0: at_least */
};

#define POLICY_MOST_RULES 64

/* How a size goes up, or down. */
struct ramp {
    int64_t after_ms; /* wanted for so long without a break */
    int64_t every_ms; /* in each so long ... */
    int32_t step;     /* ... by at most so many dynos; 0: any number */
    bool is_percent;  /* the step is one in a hundred of the size that it starts from */
};

/* Which workers a shrink spares. */
enum protect {
    PROTECT_IDLE, /* the busy ones; where they cannot be told, all while any is busy */
    PROTECT_ALL,  /* all while any is busy */
    PROTECT_NONE
};

struct policy {
    struct rule *rules; /* in any order; POLICY_MOST_RULES at most */
    size_t n_rules;
    int64_t per_dyno; /* one dyno for each so many waiting jobs; 0: no such vote */
    int32_t min;
    int32_t max;      /* INT32_MAX: none */
    int64_t stale_ms; /* a reading older than this is unknown */
    int64_t hold_ms;  /* nothing known: the size stays for so long ... */
    int32_t then;     /* ... then it is raised to this; -1: it stays */
    struct ramp up;
    struct ramp down;
    enum protect protect;
    int64_t protect_ms; /* a shrink waits no longer than this for the busy; 0: for ever */
    int64_t linger_ms;  /* the last dyno stays for so long after there was work */
    int64_t boot_ms;    /* from the order of a dyno to its first job; -1: as it was seen to take */
    int64_t wake;       /* so many waiting jobs wake a pool of none; 0: only its rules do */
    bool counts_busy;   /* jobs that run count with those that wait */
};

/* The sizes of a policy that says nothing: grows at once, shrinks at once, knows no more than its
 * rules. Settings and tests begin with it. */
#define POLICY_PLAIN                                                             \
    {                                                                            \
        .max = INT32_MAX, .then = -1, .stale_ms = 10000, .protect = PROTECT_NONE \
    }

/* A count of waiting jobs at or past this changes no decision of the policy. 0: every count
 * matters. */
int64_t policy_cap(const struct policy *policy);

/* The least number of waiting jobs by which a pool of none gets a dyno; INT64_MAX: no number does.
 */
int64_t policy_wakes_at(const struct policy *policy);

/* Whether the policy looks at this, when so many dynos are there; where the adapter names the
 * workers that are busy. */
bool policy_wants_waiting(const struct policy *policy);
bool policy_wants_latency(const struct policy *policy);
bool policy_wants_busy(const struct policy *policy, bool names_busy);
bool policy_wants_next_due(const struct policy *policy, int32_t present);

/* ---- What is remembered between decisions of a pool ---- */

/* Sizes that were wanted, each until when, of which the greatest (or the least) within some time
 * is asked for. Those that an other one outdoes are not kept; the oldest stands first. */
#define WINDOW_SIZES 32
struct window {
    struct {
        int64_t until_ms;
        int32_t size;
    } wanted[WINDOW_SIZES];
    uint32_t n;
};

/* A ramp's step: where it began. */
struct stride {
    int64_t since_ms; /* 0: none was made */
    int32_t from;
};

/* All zeroes: to be begun with where more decisions will follow. */
struct history {
    int64_t blind_since_ms; /* since when no metric could vote; 0: one could */
    uint64_t in_force;      /* bit i: rule i is, and has release_below */
    struct stride up_stride;
    struct stride down_stride;
    int32_t present;       /* at the last decision; -1: not known */
    bool has_past;         /* false: what runs at the first decision counts as wanted until then */
    int64_t worked_ms;     /* when a job last waited or ran; 0: never */
    int64_t busy_since_ms; /* since when a shrink waits for busy workers; 0: none does */
    int64_t grown_ms;      /* when the present size last rose; 0: it did not */
    int64_t woken_ms;      /* it rose from none, and no job was taken yet; 0: else */
    int64_t woken_waiting; /* then so many jobs wait */
    int64_t learned_boot_ms; /* as last seen; 0: never */
    int64_t drift_until_ms;  /* what somebody else has set stays until then */
    struct window up;        /* last, for past.h */
    struct window down;
};

/* ---- What is known at one time ---- */

struct inputs {
    struct reading reading;
    int64_t now_ms;  /* of one monotonic clock with reading.at_ms, and over 0 */
    int32_t present; /* the size that the platform reports; -1: not known yet */
    int32_t crashed; /* of them: dynos that the platform says have crashed; 0 also if it does not
                        tell */
    bool names_busy; /* the adapter can name the workers that are busy */
    int32_t room;    /* the most that what pools share leaves for this one */
    const char *room_of; /* what is shared and leaves so little; NULL: nothing is */
};

/* ---- What comes out ---- */

enum step_kind {
    STEP_JOBS,       /* a jobs rule voted */
    STEP_LATENCY,    /* a latency rule voted */
    STEP_PER_DYNO,   /* per_dyno voted */
    STEP_BOOTING,    /* a latency rule voted, held back while what was ordered still boots */
    STEP_BELOW,      /* below every rule: min */
    STEP_DOUBT,      /* a metric is in doubt: not lowered */
    STEP_HOLD,       /* nothing known: the size stays */
    STEP_THEN,       /* nothing known for as long as hold: raised */
    STEP_CRASHED,    /* half of the dynos or more have crashed: not raised */
    STEP_WAKE,       /* jobs wait and none would run: one */
    STEP_DUE,        /* a job is due before a dyno would be there: one */
    STEP_LINGER,     /* the last one stays a while */
    STEP_MIN,        /* raised to min */
    STEP_MAX,        /* cut to max */
    STEP_UP_AFTER,   /* not wanted for long enough, so raised less */
    STEP_UP_STEP,    /* raised by a step at most */
    STEP_DOWN_AFTER, /* wanted until lately, so lowered less */
    STEP_DOWN_STEP,  /* lowered by a step at most */
    STEP_DRIFT,      /* somebody else has set it, which is respected */
    STEP_BUSY,       /* not lowered while workers are busy */
    STEP_LIMIT,      /* not raised, or less, for what other pools have of something shared */
    STEP_BY_HAND,    /* held by hand; seen: the size that was asked for */
    STEP_PAUSED,     /* paused by hand */
    STEP_UNPROTECTED /* lowered although workers are or may be busy: for long enough they were
                        spared */
};

/* One step, in the order they were taken: votes first, of which the largest goes on. */
struct step {
    enum step_kind kind;
    int32_t before;    /* the number that it came upon; of a vote: the present size */
    int32_t after;     /* the number that it left; of a vote: the vote */
    int32_t rule;      /* of a vote: the index of the rule, -1: none of them */
    struct value seen; /* of a vote: the value looked at */
};

#define DECISION_STEPS 20

struct decision {
    int32_t size;        /* wanted */
    bool spares_busy;    /* it is less than the present size, and busy workers must be kept */
    const char *room_of; /* the inputs' */
    struct step steps[DECISION_STEPS];
    size_t n_steps;
};

/* For a single decision, which has no past to wait for. */
#define HISTORY_NONE                    \
    {                                   \
        .has_past = true, .present = -1 \
    }

/* Whether so many dynos have crashed that more of them would do the same. */
bool policy_is_crashing(int32_t crashed, int32_t present);

/* Decides; `history` is changed. Where the present size is not known, nothing is known that could
 * be lowered, and the caller must not apply. */
struct decision policy_decide(const struct policy *policy, struct history *history,
                              const struct inputs *inputs);

/* How long a dyno takes to its first job, as far as is known. */
int64_t policy_boot_ms(const struct policy *policy, const struct history *history);

/* "31 waiting, oldest 40 s; rule at_least 30: 15 dynos; max 10: 10": the decision for people, in
 * the brackets of a log line. */
void policy_explain(const struct policy *policy, const struct decision *decision,
                    const struct reading *reading, struct text *out);

#endif
